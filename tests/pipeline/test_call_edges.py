"""What a call resolves to.  Each test is a small workspace and all of its edges."""

from __future__ import annotations

import pytest

from driftd.pipeline.call_graph.memory import HEIGHT_LIMIT
from driftd.pipeline.stages.call_edges import CallEdges, resolution_rate
from tests.pipeline.in_memory import project_of, shown


def edges(files: dict[str, str] | str) -> list[str]:
    project = project_of({"m.py": files} if isinstance(files, str) else files)
    return shown(project, CallEdges().run(project, project.everything()).rows)


def outcomes(files: dict[str, str] | str) -> dict[str, int]:
    project = project_of({"m.py": files} if isinstance(files, str) else files)
    stage = CallEdges()
    stage.run(project, project.everything())
    return stage.statistics()[""]


class TestSameFile:
    """Bare names that the file itself binds."""

    def test_a_bare_name_means_the_function_of_the_module(self) -> None:
        """A call belongs to the function it stands in, top-level code to `<module>`."""
        found = edges("""
            def f(): pass
            def g():
                f()
            g()
        """)
        assert found == ["m.py:g -> m.py:f 3 same_file 0.95", "m.py:<module> -> m.py:g 4 same_file 0.95"]

    def test_a_parameter_or_a_local_hides_the_function(self) -> None:
        """The innermost scope decides: what is passed in or assigned is not the module's function."""
        found = edges("""
            def f(): pass
            def by_parameter(f): f()
            def by_loop(xs):
                for f in xs:
                    f()
            def by_comprehension(xs): return [f() for f in xs]
            def by_import():
                from os import path as f
                f()
            def by_error():
                try: pass
                except E as f:
                    f()
        """)
        assert found == []

    def test_a_comprehension_hides_a_name_only_inside(self) -> None:
        """A comprehension variable is gone after it."""
        found = edges("""
            def f(): pass
            def g(xs):
                ys = [f() for f in xs]
                f()
        """)
        assert found == ["m.py:g -> m.py:f 4 same_file 0.95"]

    def test_methods_do_not_see_the_names_of_their_class(self) -> None:
        """A class body is a scope for itself only."""
        found = edges("""
            class A:
                def f(self): pass
                f(None)
                def g(self):
                    f()
        """)
        assert found == ["m.py:<module> -> m.py:A.f 3 same_file 0.95"]

    def test_nested_functions_are_found_outwards(self) -> None:
        """A nested function sees its siblings and the enclosing functions."""
        found = edges("""
            def outer():
                def one(): pass
                def two():
                    one()
                two()
        """)
        assert found == [
            "m.py:outer.two -> m.py:outer.one 4 same_file 0.95",
            "m.py:outer -> m.py:outer.two 5 same_file 0.95",
        ]

    def test_an_alias_is_followed(self) -> None:
        """`g = f` makes g another name of f."""
        found = edges("""
            def f(): pass
            g = f
            def h():
                k = g
                k()
        """)
        assert found == ["m.py:h -> m.py:f 5 same_file 0.95"]

    def test_a_later_unconditional_binding_replaces_an_earlier_one(self) -> None:
        """Of two definitions the last counts; of two in branches each may, and they share the confidence."""
        found = edges("""
            def f(): pass
            def f(): pass
            if x:
                def g(): pass
            else:
                def g(): pass
            def h():
                f()
                g()
        """)
        first, second, third = found
        assert first == "m.py:h -> m.py:f 8 same_file 0.95"
        assert second == third == "m.py:h -> m.py:g 9 same_file 0.475"

    def test_the_ids_of_equal_names_differ_by_their_order(self) -> None:
        """The edge goes to the second `f`, which has ordinal 1."""
        project = project_of({"m.py": "def f(): pass\ndef f(): pass\nf()\n"})
        (edge,) = CallEdges().run(project, project.everything()).rows
        assert project.function(edge.callee_id) == ("m.py", 2)  # type: ignore[attr-defined]

    @pytest.mark.parametrize("where", ["function", "module"])
    def test_names_that_are_assigned_each_other_end(self, where: str) -> None:
        """Each binding is worked out once per question: fifteen names that may each be any other take no time."""
        names = [f"n{i}" for i in range(15)]
        assigns = [f"if c: {one} = {other}" for one in names for other in names if one != other]
        lines = ["for c in cs:", *(f"    {line}" for line in assigns), "    n0()", "    n7()"]
        if where == "function":
            lines = ["def g(cs):", *(f"    {line}" for line in ["n14 = f", *lines])]
        else:
            lines = ["n14 = f", *lines]
        found = edges("\n".join(["def f(): pass", *lines]) + "\n")
        assert [line.split(" ")[2] for line in found] == ["m.py:f", "m.py:f"]

    def test_a_lambda_is_called_by_who_calls_its_name(self) -> None:
        """What a lambda calls belongs to the lambda."""
        found = edges("""
            def f(): pass
            g = lambda: f()
            g()
        """)
        assert [line.split(" ", 1)[1] for line in found] == [
            "-> m.py:f 2 same_file 0.95",
            "-> m.py:<lambda> 3 same_file 0.95",
        ]

    def test_a_global_statement_binds_the_module_name(self) -> None:
        """What a function assigns to a global is a value of the module's name."""
        found = edges("""
            def f(): pass
            handler = None
            def install():
                global handler
                handler = f
            def g(): handler()
        """)
        assert found == ["m.py:g -> m.py:f 6 same_file 0.95"]


class TestClasses:
    """Constructors, methods, inheritance."""

    def test_a_class_call_runs_the_nearest_constructor(self) -> None:
        """`__init__` of the class or of its nearest base; a class without one has no edge."""
        found = edges("""
            class A:
                def __init__(self): pass
            class B(A): pass
            class C: pass
            A(); B(); C()
        """)
        assert found == ["m.py:<module> -> m.py:A.__init__ 5 constructor 0.85"]
        assert outcomes("class C: pass\nC()\n") == {"implicit_constructor": 1}

    def test_self_and_cls_reach_own_and_inherited_methods(self) -> None:
        """The first parameter of a method is its instance, of a class method its class, whatever it is called."""
        found = edges("""
            class Base:
                def one(this): pass
            class A(Base):
                def two(this):
                    this.one()
                    def inner(): this.two()
                @classmethod
                def three(kind):
                    kind.four()
                    kind().two()
                @staticmethod
                def four(x): x.two()
        """)
        assert found == [
            "m.py:A.two -> m.py:Base.one 5 method_call 0.9",
            "m.py:A.two.inner -> m.py:A.two 6 method_call 0.9",
            "m.py:A.three -> m.py:A.four 9 method_call 0.9",
            "m.py:A.three -> m.py:A.two 10 type_inferred 0.8",
        ]

    def test_members_are_looked_up_in_c3_order(self) -> None:
        """In a diamond the common base comes last."""
        found = edges("""
            class Top:
                def m(self): pass
            class Left(Top): pass
            class Right(Top):
                def m(self): pass
            class Bottom(Left, Right):
                def go(self):
                    self.m()
                    super().go2()
                    super().m()
        """)
        assert found == [
            "m.py:Bottom.go -> m.py:Right.m 8 method_call 0.9",
            "m.py:Bottom.go -> m.py:Right.m 10 method_call 0.9",
        ]

    def test_a_cycle_of_bases_ends(self) -> None:
        """Nonsense in, nothing out, and no hang."""
        found = edges("""
            class A(B):
                def m(self): self.n(); self.k()
            class B(A):
                def n(self): self.m()
        """)
        assert found == ["m.py:A.m -> m.py:B.n 2 method_call 0.9", "m.py:B.n -> m.py:A.m 4 method_call 0.9"]

    def test_a_base_from_another_file_is_followed(self) -> None:
        """The hierarchy crosses files, packages and aliases."""
        found = edges({
            "app/__init__.py": "from .base import Base as Model",
            "app/base.py": "class Base:\n    def __init__(self): pass\n    def save(self): pass\n",
            "app/user.py": "import app\nclass User(app.Model):\n    def go(self):\n        self.save()\nUser().save()\n",
        })  # fmt: skip
        assert found == [
            "app/user.py:User.go -> app/base.py:Base.save 4 method_call 0.9",
            "app/user.py:<module> -> app/base.py:Base.__init__ 5 constructor 0.85",
            "app/user.py:<module> -> app/base.py:Base.save 5 type_inferred 0.8",
        ]

    def test_an_alias_in_a_class_body_is_a_method(self) -> None:
        """`second = first` in a class body."""
        found = edges("""
            class A:
                def first(self): pass
                second = first
                def go(self): self.second()
        """)
        assert found == ["m.py:A.go -> m.py:A.first 4 method_call 0.9"]

    def test_what_a_library_base_defines_is_external(self) -> None:
        """A member that no class of the workspace has may come from the library."""
        text = """
            import unittest
            class T(unittest.TestCase):
                def test(self): self.assertEqual(1, 1)
        """
        assert edges(text) == []
        assert outcomes(text) == {"external": 1}


class TestTypes:
    """Values whose class is evident."""

    def test_a_variable_has_the_class_it_was_made_from(self) -> None:
        """In a function, at module level, by `with`, by a walrus."""
        found = edges("""
            class A:
                def m(self): pass
            a = A()
            def f():
                x = A()
                x.m()
                a.m()
                with A() as y:
                    y.m()
                if (z := A()):
                    z.m()
        """)
        assert found == [f"m.py:f -> m.py:A.m {line} type_inferred 0.8" for line in (6, 7, 9, 11)]

    def test_annotations_name_the_class(self) -> None:
        """Of parameters, variables, results; in quotes, optional, as a union."""
        found = edges("""
            from typing import Optional
            class A:
                def m(self) -> "B": pass
            class B:
                def m(self): pass
            def f(a: A, b: "Optional[A]", c: A | None, d: list[A]):
                a.m()
                b.m()
                c.m()
                d.m()
                a.m().m()
            def g(x: A | B):
                x.m()
        """)
        assert found == [
            *(f"m.py:f -> m.py:A.m {line} type_inferred 0.8" for line in (7, 8, 9, 11)),
            "m.py:f -> m.py:B.m 11 type_inferred 0.8",
            "m.py:g -> m.py:A.m 13 type_inferred 0.4",
            "m.py:g -> m.py:B.m 13 type_inferred 0.4",
        ]

    def test_fields_of_self_have_types(self) -> None:
        """What a method stores on self is known to the other methods and to other files."""
        found = edges({
            "repo.py": "class Repo:\n    def save(self): pass\n",
            "service.py": """
                from repo import Repo
                class Service:
                    cache: Repo
                    def __init__(self, repo: Repo):
                        self.repo = repo
                        self.other = Repo()
                    def go(self):
                        self.repo.save()
                        self.other.save()
                        self.cache.save()
            """,
            "main.py": "from service import Service\ns = Service(None)\ns.repo.save()\n",
        })  # fmt: skip
        assert found == [
            "main.py:<module> -> service.py:Service.__init__ 2 constructor 0.85",
            "main.py:<module> -> repo.py:Repo.save 3 type_inferred 0.8",
            *(f"service.py:Service.go -> repo.py:Repo.save {line} type_inferred 0.8" for line in (8, 9, 10)),
        ]

    def test_the_binding_that_reaches_the_call_counts(self) -> None:
        """A straight-line reassignment replaces; one in a branch adds, and they share the confidence."""
        found = edges("""
            class A:
                def m(self): pass
            class B:
                def m(self): pass
            def f(c):
                x = A()
                x.m()
                x = B()
                x.m()
                if c:
                    x = A()
                x.m()
        """)
        assert found == [
            "m.py:f -> m.py:A.m 7 type_inferred 0.8",
            "m.py:f -> m.py:B.m 9 type_inferred 0.8",
            "m.py:f -> m.py:A.m 12 type_inferred 0.4",
            "m.py:f -> m.py:B.m 12 type_inferred 0.4",
        ]

    def test_a_property_has_the_type_it_returns(self) -> None:
        """Reading a property gives what its getter is annotated with."""
        found = edges("""
            class A:
                def m(self): pass
            class B:
                @property
                def a(self) -> A: pass
                def go(self): self.a.m()
        """)
        assert found == ["m.py:B.go -> m.py:A.m 6 type_inferred 0.8"]

    def test_a_method_of_that_name_somewhere_is_not_enough(self) -> None:
        """A receiver of unknown type gives no edge, even if only one class has the method."""
        assert edges("class A:\n    def very_special(self): pass\ndef f(x): x.very_special()\n") == []


class TestImports:
    """Names from other files."""

    @pytest.mark.parametrize(
        ("statement", "call"),
        [
            ("from pkg.mod import f", "f()"),
            ("from pkg.mod import f as g", "g()"),
            ("import pkg.mod", "pkg.mod.f()"),
            ("import pkg.mod as m", "m.f()"),
            ("from pkg import mod", "mod.f()"),
            ("from pkg import f", "f()"),
            ("from pkg.mod import *", "f()"),
            ("from pkg import *", "f()"),
            ("from .mod import f", "f()"),
            ("from . import mod", "mod.f()"),
            ("from ..pkg.mod import f", "f()"),
        ],
    )
    def test_every_form_of_import(self, statement: str, call: str) -> None:
        """Absolute, relative, of a module, of a name, of everything, through the package's `__init__`."""
        found = edges({
            "src/pkg/__init__.py": "from .mod import f",
            "src/pkg/mod.py": "def f(): pass",
            "src/pkg/user.py": f"{statement}\n{call}\n",
        })  # fmt: skip
        assert found == ["src/pkg/user.py:<module> -> src/pkg/mod.py:f 2 import_based 0.75"]

    def test_a_private_name_does_not_come_with_a_star(self) -> None:
        """Without `__all__` a star leaves out names with an underscore; with it, it takes what is listed."""
        found = edges({
            "a.py": "def f(): pass\ndef _g(): pass\n",
            "b.py": "__all__ = ['_g']\ndef f(): pass\ndef _g(): pass\n",
            "by_a.py": "from a import *\nf()\n_g()\n",
            "by_b.py": "from b import *\nf()\n_g()\n",
        })  # fmt: skip
        assert found == [
            "by_a.py:<module> -> a.py:f 2 import_based 0.75",
            "by_b.py:<module> -> b.py:_g 3 import_based 0.75",
        ]

    def test_files_that_import_each_other(self) -> None:
        """Cycles of re-exports end, with the definition if there is one."""
        found = edges({
            "a.py": "from b import f, g\nfrom b import *\ndef h(): pass\n",
            "b.py": "from a import g, h\nfrom a import *\ndef f(): pass\n",
            "c.py": "from a import f, g, h\nimport b\nf()\ng()\nh()\nb.h()\nb.nothing()\n",
        })  # fmt: skip
        assert found == [
            "c.py:<module> -> b.py:f 3 import_based 0.75",
            "c.py:<module> -> a.py:h 5 import_based 0.75",
            "c.py:<module> -> a.py:h 6 import_based 0.75",
        ]

    def test_a_fallback_import_offers_both(self) -> None:
        """`try: import … except ImportError: def …` can mean either."""
        found = edges({
            "fast.py": "def f(): pass",
            "m.py": """
                try:
                    from fast import f
                except ImportError:
                    def f(): pass
                def g(): f()
            """,
        })  # fmt: skip
        assert found == ["m.py:g -> fast.py:f 5 import_based 0.375", "m.py:g -> m.py:f 5 same_file 0.475"]

    def test_a_namespace_package_needs_no_init(self) -> None:
        """Folders without `__init__.py` are packages too."""
        found = edges({"ns/deep/mod.py": "def f(): pass", "main.py": "import ns.deep.mod\nns.deep.mod.f()\n"})
        assert found == ["main.py:<module> -> ns/deep/mod.py:f 2 import_based 0.75"]

    def test_a_library_is_external_and_a_missing_submodule_is_not(self) -> None:
        """What is not of the workspace is counted as such; what should be there but is not stays unresolved."""
        counts = outcomes(
            {"app/__init__.py": "", "m.py": "import os\nfrom app.gone import f\nos.getcwd()\nf()\nlen([])\n"}
        )
        assert counts == {"external": 1, "local_value": 1, "builtin": 1}
        assert resolution_rate(counts) == 0.0

    def test_a_module_inside_of_a_package_does_not_hide_a_library(self) -> None:
        """Imports are absolute: `import types` beside a `types.py` of one's own package is the library's."""
        counts = outcomes(
            {"app/__init__.py": "", "app/types.py": "def f(): pass", "app/m.py": "import types\ntypes.f()\n"}
        )
        assert counts == {"external": 1}

    def test_of_two_packages_of_one_name_the_nearer_counts(self) -> None:
        """In a workspace of several projects each sees its own `app`."""
        found = edges({
            "one/app/__init__.py": "def f(): pass",
            "two/app/__init__.py": "def f(): pass",
            "two/tests/check.py": "import app\napp.f()\n",
        })  # fmt: skip
        assert found == ["two/tests/check.py:<module> -> two/app/__init__.py:f 2 import_based 0.75"]

    def test_a_chain_longer_than_the_limit_ends_without_an_edge(self) -> None:
        """Names are followed up to a fixed number of steps, so that no input exhausts the stack."""
        short, long = HEIGHT_LIMIT // 2, HEIGHT_LIMIT * 3
        text = (
            "def a0(): pass\n" + "".join(f"a{i} = a{i - 1}\n" for i in range(1, long)) + f"a{short}()\na{long - 1}()\n"
        )
        assert edges(text) == [f"m.py:<module> -> m.py:a0 {long + 1} same_file 0.95"]


class TestDecorators:
    """Applying a decorator is a call by the enclosing code."""

    def test_with_and_without_arguments(self) -> None:
        """`@d` and `@d()` run `d` where the definition stands."""
        found = edges("""
            def d(f): return f
            @d
            def f(): pass
            class A:
                @d(1)
                def m(self): pass
        """)
        assert found == ["m.py:<module> -> m.py:d 2 decorator 0.95", "m.py:<module> -> m.py:d 5 same_file 0.95"]


class TestEcmaScript:
    """TypeScript and JavaScript."""

    def test_hoisting_and_arrow_functions(self) -> None:
        """Function declarations are called before they stand; arrows by the name they are bound to."""
        found = edges({"m.ts": "f();\nfunction f() { g(); }\nconst g = () => { f(); };\n"})
        assert found == [
            "m.ts:<module> -> m.ts:f 1 same_file 0.95",
            "m.ts:f -> m.ts:g 2 same_file 0.95",
            "m.ts:g -> m.ts:f 3 same_file 0.95",
        ]

    def test_classes_this_and_super(self) -> None:
        """`new`, `this.m()`, `super()` and `super.m()`; arrow functions keep `this`."""
        found = edges({
            "base.ts": "export class Base { constructor() {} m() {} }\n",
            "m.ts": (
                'import { Base } from "./base";\n'
                "class A extends Base {\n"
                "  constructor() { super(); }\n"
                "  go() { this.m(); }\n"
                "  m() { super.m(); }\n"
                "}\n"
                "new A();\n"
            ),
        })  # fmt: skip
        assert found == [
            "m.ts:A.constructor -> base.ts:Base.constructor 3 constructor 0.85",
            "m.ts:A.go -> m.ts:A.m 4 method_call 0.9",
            "m.ts:A.m -> base.ts:Base.m 5 method_call 0.9",
            "m.ts:<module> -> m.ts:A.constructor 7 constructor 0.85",
        ]

    @pytest.mark.parametrize(
        ("statement", "call"),
        [
            ('import { f } from "./lib";', "f();"),
            ('import { f as g } from "./lib/index.js";', "g();"),
            ('import * as lib from "./lib";', "lib.f();"),
            ('import d from "./lib";', "d();"),
            ('import { f } from "./barrel";', "f();"),
            ('import { renamed } from "./barrel";', "renamed();"),
        ],
    )
    def test_every_form_of_import(self, statement: str, call: str) -> None:
        """Named, renamed, namespace, default, through `export *` and through a renaming re-export."""
        found = edges({
            "lib/index.ts": "export function f() {}\nexport default f;\n",
            "barrel.ts": 'export * from "./lib";\nexport { f as renamed } from "./lib";\n',
            "m.ts": f"{statement}\n{call}\n",
        })  # fmt: skip
        assert found == ["m.ts:<module> -> lib/index.ts:f 2 import_based 0.75"]

    @pytest.mark.parametrize(
        ("exported", "statement", "call"),
        [
            ("module.exports = { f };", 'const { f } = require("./lib");', "f();"),
            ("module.exports = { f };", 'const lib = require("./lib");', "lib.f();"),
            ("exports.f = f;", 'const lib = require("./lib");', "lib.f();"),
            ("module.exports = f;", 'const f = require("./lib");', "f();"),
        ],
    )
    def test_commonjs(self, exported: str, statement: str, call: str) -> None:
        """`module.exports` as an object or a function, `exports.x`, and `require` of each."""
        found = edges({"lib.js": f"function f() {{}}\n{exported}\n", "m.js": f"{statement}\n{call}\n"})
        assert found == ["m.js:<module> -> lib.js:f 2 import_based 0.75"]

    def test_typed_members_and_parameters(self) -> None:
        """A field's or a parameter's annotation names its class."""
        found = edges({
            "m.ts": (
                "class Repo { save() {} }\n"
                "class Service {\n"
                "  private repo: Repo;\n"
                "  other = new Repo();\n"
                "  go(r: Repo) { this.repo.save(); this.other.save();\n"
                "    r.save(); }\n"
                "}\n"
            )
        })  # fmt: skip
        assert found == [f"m.ts:Service.go -> m.ts:Repo.save {line} type_inferred 0.8" for line in (5, 6)]

    def test_a_bare_specifier_is_external(self) -> None:
        """A package is not of the workspace, whatever its functions are called."""
        files = {
            "react.ts": "export function useState() {}",
            "m.ts": 'import { useState } from "react";\nuseState();\n',
        }
        assert edges(files) == []
        assert outcomes(files) == {"external": 1}
