"""However a workspace came to be what it is, the rows about data are those of a fresh build."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from driftd.pipeline.project import Project
from driftd.pipeline.stages.data import Data
from driftd.rows.patterns import BoundaryRow
from tests.pipeline.in_memory import Table, entries, project_of, rows_of

PATHS = (
    "a.py",
    "b.py",
    "p/__init__.py",
    "p/apps.py",
    "p/models.py",
    "p/migrations/__init__.py",
    "s.prisma",
    "w.ts",
    "j/A.java",
    "j/k/B.java",
    "j/mapper/m.xml",
    "j/mapper/n.xml",
    "g/m/a.go",
    "g/m/b.go",
    "g/r.go",
    "g/schema/a.go",
    "g/schema/b.go",
    "r/a.rb",
    "r/b.rb",
    "h/a.php",
    "h/b.php",
    "c/a.cs",
    "c/b.cs",
    "c/d/e.cs",
    "s/schema.rs",
    "s/cake.rs",
    "s/main.rs",
)
STATEMENTS = (
    "from django.db import models",
    "from django.db.models import *",
    "from p.models import *",
    "from p.models import A",
    "from p import A, B",
    "from .models import A as B",
    "from a import A",
    "from b import B",
    "class A(models.Model):\n    email = models.EmailField()\n    bs = models.ManyToManyField('B')",
    "class A(Model):\n    class Meta:\n        abstract = True\n        app_label = 'x'",
    "class B(A):\n    name = models.CharField()",
    "class B(A):\n    class Meta:\n        proxy = True",
    "class A(B): pass",
    "class C(B):\n    class Meta:\n        db_table = NAME",
    "A = B()",
    "A = B",
    "B = A.objects",
    "NAME = 'table'",
    "def f(x: A):\n    x.save()\n    x.bs.add(1)",
    "def f():\n    return A.objects.filter().delete()",
    "def g():\n    for b in B.objects.all(): b.delete()",
    "from django.apps import AppConfig\nclass P(AppConfig):\n    label = 'q'",
    "class D(models.Model):\n    a = models.ForeignKey('p.A', related_name='ds')\n    b = models.OneToOneField(B)",
    "class D(A):\n    c = models.ManyToManyField('q.B', related_name='%(class)s_back')",
    "def h(x: A, y: B):\n    x.ds.all()\n    x.d.save()\n    y.d_back.add(x)",
    "AUTH_USER_MODEL = 'p.A'",
    "from django.contrib.auth import get_user_model\ndef u(): get_user_model().objects.all()",
    "def made():\n    return B.objects.all()",
    "def m():\n    made().delete()",
    "class E(A):\n    def save(self):\n        super().save()\n        self.all().delete()\n    def all(self):\n        return B.objects.all()",
)
PRISMA = ("model A {\n  id Int\n}", 'model A {\n  id Int\n  b B\n  @@map("as")\n}', "model B {\n  id Int\n}")
JAVA = (
    "package j;\nimport jakarta.persistence.*;\n@Entity class A { String email; @ManyToOne B b; }",
    'package j;\nimport jakarta.persistence.*;\n@Entity @Table(name = "t") class B extends A { int n; }',
    "package j.k;\nimport jakarta.persistence.*;\nimport j.A;\n@Entity class B extends A {}",
    "package j;\ninterface M { int f(); }",
    'package j;\nimport org.apache.ibatis.annotations.Select;\ninterface M {\n@Select("select * from e") int g(); int f(); }',
    "package j.k;\ninterface M { int g();\n int f(); }",
    "package j.k;\nimport jakarta.persistence.*;\nimport j.*;\nclass S { EntityManager em; void f() { em.find(B.class, 1); em.remove(new A()); } }",
)
MAPPERS = (
    '<mapper namespace="j.M"><select id="f">select * from a</select><delete id="g">delete from b</delete></mapper>',
    '<mapper namespace="j.M"><select id="f">select * from c</select></mapper>',
    '<mapper namespace="j.k.M">\n<select id="f">select * from d</select></mapper>',
    "<mapper",
)
GO = (
    'package schema\nimport "entgo.io/ent"\nimport "entgo.io/ent/schema/edge"\ntype A struct { ent.Schema }\nfunc (A) Edges() []ent.Edge { return []ent.Edge{edge.To("bs", B.Type)} }',
    'package schema\nimport "entgo.io/ent"\nimport "entgo.io/ent/schema/field"\ntype A struct { ent.Schema }\nfunc (A) Fields() []ent.Field { return []ent.Field{field.Int("n")} }',
    'package schema\nimport "entgo.io/ent"\ntype B struct { ent.Schema }\nfunc (B) Mixin() []ent.Mixin { return []ent.Mixin{A{}} }',
    'package r\nimport "x.y/g"\nfunc F(c *g.Client, a *g.A) {\n\tx, err := c.A.Query().Only(d)\n\tx.QueryBs().All(d)\n\tc.B.Delete().Exec(d)\n\ta.QueryBs().All(d)\n}',
    "package g\ntype Client struct { A *AClient }",
    'package m\nimport "gorm.io/gorm"\ntype A struct {\n\tgorm.Model\n\tB B\n}',
    'package m\ntype B struct {\n\tA\n\tN int `gorm:"x"`\n}',
    'package m\ntype B struct { N int }\nfunc (B) TableName() string { return "bs_" }',
    'package r\nimport "gorm.io/gorm"\nimport "x.y/g/m"\nfunc F(db *gorm.DB, b m.B) {\n\tdb.Find(&b)\n\tdb.Create(&m.A{})\n}',
)
RUBY = (
    "class A < ApplicationRecord\n  has_many :bs\nend",
    "module M\n  class B < A\n  end\nend",
    "class B < ActiveRecord::Base\n  self.table_name = 't'\nend\nclass S\n  def f\n    A.find(1).bs.create\n    M::B.first\n  end\nend",
    "ActiveRecord::Schema.define do\n  create_table 't' do |t|\n    t.string 'email'\n  end\nend",
    "module M\n  class E < Rails::Engine\n    isolate_namespace M\n  end\n  class B < ActiveRecord::Base; end\nend",
)
PHP = (
    "<?php\nnamespace h;\nuse Doctrine\\ORM\\Mapping as ORM;\n#[ORM\\Entity(repositoryClass: R::class)]\nclass E { #[ORM\\Id] private int $id; }",
    "<?php\nnamespace h;\nclass R { function f() { return $this->findAll(); } }\nclass S { function g(R $r) { $r->findBy([]); } }",
    "<?php\nnamespace h;\nuse Illuminate\\Database\\Eloquent\\Model;\nclass A extends Model { protected $fillable = ['email']; }",
    "<?php\nnamespace h;\nclass B extends A { function f() { A::first(); $this->hasMany(B::class)->get(); } }",
    "<?php\nuse Illuminate\\Support\\Facades\\Schema;\nSchema::create('as', function ($t) { $t->string('name'); });",
)
CSHARP = (
    'namespace C;\nclass K { void Configure(EntityTypeBuilder<A> a, M m) { a.ToTable("as_"); m.Entity<B>().ToTable("bs", "s"); } }',
    "global using Microsoft.EntityFrameworkCore;\nglobal using C;",
    "class Y : DbContext { DbSet<A> As { get; set; } }\nclass T { Y _y; void F() { _y.As.ToList(); } }",
    "using Microsoft.EntityFrameworkCore;\nnamespace C;\nclass X : DbContext { DbSet<A> As { get; set; } DbSet<B> Bs { get; set; } }",
    "namespace C;\nclass A { public string Email { get; set; } }\nclass B : A { }",
    "namespace C.D;\nclass A { public int N { get; set; } }\nclass S { X _x; void F() { _x.As.Add(new A()); _x.Bs.ToList(); } }",
)
RUST = (
    "diesel::table! { users (id) { id -> Integer, } }",
    '#[derive(DeriveEntityModel)]\n#[sea_orm(table_name = "cakes")]\npub struct Model { pub id: i32 }',
    "use crate::schema::users;\nuse crate::cake;\nfn f() { users::table.load(c); cake::Entity::find().all(d); diesel::delete(users::table); }",
)
SCRIPTS = (
    'import { PrismaClient } from "@prisma/client";\nconst p = new PrismaClient();\nexport const f = () => p.a.count();',
)

texts = st.lists(st.sampled_from(STATEMENTS), max_size=6).map("\n".join)
schemas = st.sampled_from(PRISMA)
scripts = st.sampled_from(SCRIPTS)
BY_SUFFIX = {"prisma": schemas, "ts": scripts, "py": texts, "java": st.sampled_from(JAVA), "go": st.sampled_from(GO),
             "rb": st.sampled_from(RUBY), "php": st.sampled_from(PHP), "cs": st.sampled_from(CSHARP), "rs": st.sampled_from(RUST),
             "xml": st.sampled_from(MAPPERS)}  # fmt: skip


@st.composite
def edits(draw: st.DrawFn) -> dict[str, str | None]:
    """Draw a change of one to four files."""
    changed: dict[str, str | None] = {}
    for path in draw(st.lists(st.sampled_from(PATHS), min_size=1, max_size=4, unique=True)):
        kind = BY_SUFFIX[path.rpartition(".")[2]]
        changed[path] = draw(st.none() | kind)
    return changed


@given(steps=st.lists(edits(), min_size=1, max_size=8))
@example([{"g/schema/a.go": GO[0]}, {"g/schema/a.go": None}])  # the only file that imports a framework goes
@settings(max_examples=300, deadline=None)
def test_edits_lead_to_the_rows_of_a_fresh_build(steps: list[dict[str, str | None]]) -> None:
    """Random files under random edits and removals, circular definitions among them."""
    project, table, files = Project(), Table(Data()), dict[str, str]()
    for step in steps:
        for path, text in step.items():
            if text is None:
                files.pop(path, None)
            else:
                files[path] = text
        changes = {path: None for path, text in step.items() if text is None}
        change = project.apply({**entries({p: t for p, t in step.items() if t is not None}), **changes})
        table.take(project, change)
        fresh = Table(Data())
        fresh_project = project_of(files)
        fresh.take(fresh_project, fresh_project.everything())
        assert table.rows() == fresh.rows()


def test_a_changed_body_reaches_no_other_file() -> None:
    """Only what a file declares matters to others."""
    files = {
        "p/models.py": "from django.db import models\nclass A(models.Model): pass\ndef f(): return 1",
        "b.py": "from p.models import A\nclass B(A): pass",
    }
    project, stage = project_of(files), Data()
    stage.run(project, project.everything())
    change = project.apply(entries({"p/models.py": files["p/models.py"].replace("1", "2")}))
    assert stage.run(project, change).files == frozenset({"p/models.py"})
    change = project.apply(entries({"p/models.py": "from django.db import models\nclass A: pass"}))
    assert stage.run(project, change).files == frozenset({"p/models.py", "b.py"})


def test_only_what_descends_from_a_framework_is_a_model() -> None:
    """A class that is spelled like one is none."""
    files = {"models.py": "class models:\n    class Model: pass\nclass A(models.Model):\n    email = 1"}
    assert rows_of(Data(), files) == []


def test_an_imported_package_gives_its_modules() -> None:
    """`import a.b` binds `a`, from which `a.b.C` is taken."""
    files = {
        "p/__init__.py": "",
        "p/models.py": "import django.db.models\nclass A(django.db.models.Model): pass",
        "b.py": "import p.models\nclass B(p.models.A): pass",
    }
    rows = [row for row in rows_of(Data(), files) if isinstance(row, BoundaryRow)]
    assert [(row.file, row.model_name) for row in rows] == [("b.py", "B"), ("p/models.py", "A")]
