"""However a workspace of a language with packages came to be what it is, its edges are those of a fresh build."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from driftd.pipeline.project import Project
from driftd.pipeline.stages.call_edges import CallEdges
from tests.pipeline.in_memory import Table, entries, entry, project_of

if TYPE_CHECKING:
    from collections.abc import Mapping

NAMES = ("A", "B", "C", "f", "g")
names = st.sampled_from(NAMES)
packages = st.sampled_from(("p", "p.q", "r"))

JAVA_PATHS = ("p/A.java", "p/B.java", "p/q/C.java", "r/A.java", "x.java")


@st.composite
def java_file(draw: st.DrawFn) -> str:
    """Draw a file with a few classes that extend and call each other."""
    lines = [f"package {draw(packages)};"]
    for _ in range(draw(st.integers(0, 2))):
        lines.append(
            draw(
                st.sampled_from(
                    (
                        f"import {draw(packages)}.{draw(names)};",
                        f"import {draw(packages)}.*;",
                        f"import static {draw(packages)}.{draw(names)}.{draw(names)};",
                        f"import static {draw(packages)}.{draw(names)}.*;",
                    )
                )
            )
        )
    for _ in range(draw(st.integers(1, 2))):
        one, two, three = draw(names), draw(names), draw(names)
        head = draw(
            st.sampled_from(
                (f"class {one} extends {two}", f"interface {one}", f"class {one} implements {two}", f"class {one}")
            )
        )
        members = draw(
            st.lists(
                st.sampled_from((
                    f"{two} {three};",
                    f"{two} {three}() {{ return new {three}(); }}",
                    f"void {three}(int x) {{ {two}.{one}(); this.{two}.{three}(); {two}(1); }}",
                    f"static {three} {two}(String s, {one} a) {{ a.{three}(); {two} b = new {two}(s); b.{one}(); }}",
                    f"{one}() {{ super(); {three}(); }}",
                    f"{one}(int x) {{ this(); {three}().{two}(1); }}",
                    f"@{two} {three} {two} = new {three}() {{ void {one}() {{ {two}(); }} }};",
                    f"void {two}(java.util.List<{three}> xs) {{ for ({three} x : xs) {{ x.{one}(); }} xs.forEach(y -> y.{two}()); }}",
                    f"@org.springframework.context.annotation.Bean {two} {three}() {{ return new {one}(); }}",
                    f"void g() {{ {draw(packages)}.{two}.{three}(); super.{one}(); }}",
                    f"class {two} {{ void {three}() {{ {one}(); }} }}",
                )),
                max_size=4,
            )
        )  # fmt: skip
        lines.append(f"{head} {{\n" + "\n".join(members) + "\n}")
    return "\n".join(lines) + "\n"


GO_PATHS = ("go.mod", "a.go", "b.go", "p/a.go", "p/b.go", "p/q/a.go", "p/b_windows.go")


@st.composite
def go_file(draw: st.DrawFn) -> str:
    """Draw a file with types, methods beside them, and calls between packages."""
    name = st.sampled_from(("A", "B", "C", "F", "g"))
    lines = [f"package {draw(st.sampled_from(('p', 'q', 'main', 'p_test')))}"]
    for _ in range(draw(st.integers(0, 2))):
        path = draw(st.sampled_from(("m/p", "m/p/q", "m", "fmt")))
        lines.append(f"import {draw(st.sampled_from(('', '. ', 'x ')))}{chr(34)}{path}{chr(34)}")
    for _ in range(draw(st.integers(1, 4))):
        one, two, three = draw(name), draw(name), draw(name)
        lines.append(
            draw(
                st.sampled_from((
                    f"type {one} struct {{ {two}; x *{three} }}",
                    f"type {one} interface {{ {two}() {three}; {three}() }}",
                    f"func (r *{one}) {two}() {three} {{ r.{three}(); return r.x.{two}() }}",
                    f"func (r {one}) {three}() {{ r.x.{two}(); {two}() }}",
                    f"func {one}(a {two}) (*{three}, error) {{ a.{three}(); v, err := {one}(a); v.{two}(); return v, err }}",
                    f"var {one} = {two}{{}}",
                    f"func g() {{ p.{one}(); q.{two}.{three}(); x.{one}{{}}.{two}(); for _, v := range []{one}{{}} {{ v.{two}() }} }}",
                    f"func {one}(f func()) {{ f(); {two}(func() {{ {three}() }}) }}",
                ))
            )
        )  # fmt: skip
    return "\n".join(lines) + "\n"


go_mods = st.sampled_from(("module m\n", "module n\n"))


def _go(paths: tuple[str, ...]) -> st.SearchStrategy[dict[str, str]]:
    return st.fixed_dictionaries({}, optional={p: go_mods if p == "go.mod" else go_file() for p in paths})


# What files of further languages may consist of, and manifests: <1> to <3> are names, <p> is a package.
PIECES: Mapping[str, tuple[str, ...]] = {
    ".kt": (
        "import <p>.<1>", "import <p>.*", "class <1> : <2>() { fun <3>() { <2>(); this.<1>() } }", "object <1> { fun <2>() = <3>() }",
        "fun <1>.<2>(x: <3>) { x.<1>(); <2>() }", "fun <1>(x: <2>, h: () -> <3>) { h(); x.<3>() }", "interface <1> { fun <2>(): <3> }",
        "val <1> = <2>()", "fun <1>() { <2>.<3>(); <1> { it.<2>() } }",
    ),
    ".scala": (
        "import <p>.{<1>, <2>}", "import <p>._", "class <1> extends <2> { def <3>() = { <2>(); this.<1>() } }", "object <1> { def <2>() = <3>() }",
        "trait <1> { def <2>(): <3> = new <3>() }", "class <2>(x: <1>) { def g() = x.<3>() }",
    ),
    ".cs": (
        "using <p>;", "global using <p>;", "using static <p>.<1>;", "namespace <p> { class <1> : <2> { void <3>() { <2>(); this.<1>(); } } }",
        "namespace <p> { partial class <1> { <2> x; void <2>() { x.<3>(); new <3>(); } } }",
        "static class X { static void <1>(this <2> x) { x.<3>(); x.<1>(); } }", "interface <1> { void <2>(<3> x); }",
        "class Y { void g(S s) { s.AddScoped<<1>, <2>>(); s.AddSingleton<<3>>(x => new <1>()); s.AddTransient(typeof(<2>), typeof(<1>)); } }",
        "using System;", "class <1> : Exception, <2> { void <3>() { Random.<2>(); <1>.<3>(); <2>(); base.<1>(); System.<3>.<1>(); } }",
    ),
    ".php": (
        "use <q>\\<1>;", "use function <q>\\<1>;", "class <1> extends <2> { function <3>() { $this-><2>(); parent::<3>(); } }",
        "trait <1> { function <2>() { self::<3>(); new <3>(); } }", "class <1> { use <2>; function __construct(private <3> $x) { $this->x-><2>(); } }",
        "function <1>(<2> $x) { $x-><3>(); <2>(); <1>::<3>(); }", "$app->bind(<1>::class, <2>::class);",
    ),
    ".rs": (
        "use crate::<1>::<2>;", "use super::*;", "mod <1>;", "pub struct <1> { x: <2> }", "impl <1> { pub fn <2>(&self) { self.x.<3>(); Self::<2>(); } }",
        "impl <1> for <2> { fn <3>(&self) { self.<1>(); } }", "pub trait <1> { fn <2>(&self) -> <3>; }", "pub fn <1>(x: <2>) { x.<3>(); <2>(); crate::<3>::<1>(); }",
    ),
    ".rb": (
        "class <1> < <2>\n  def <3>\n    <2>.new.<3>\n    super\n  end\nend", "module <1>\n  def <2>(x)\n    x.<3>\n    <3>()\n  end\nend",
        "class <1>\n  include <2>\n  def g\n    @x = <3>.new\n    @x.<2>\n  end\nend", "def <1>(x)\n  <2>(x)\n  yield\nend", "<1> { |x| x.<2> }",
        "module <1>\n  class <2>\n    def self.<3>\n      <1>.<3>\n    end\n  end\nend", "<1> = <2>.new\n<1>.<3>",
    ),
    ".c": (
        '#include "<1>.h"', "#include <openssl/md5.h>", "int <1>(void) { rand(); MD5_<2>(0); <3>.<1>(); }", "static int <1>(int x) { return <2>(x); }", "void <1>(void) { <2>(); <3>(<1>); }", "struct <1> { int (*<2>)(int); };", "struct <1> <2> = { <3> };",
        "void g(struct <1> *x) { x-><2>(1); }", "#define <1>(x) <2>(x)",
    ),
    ".cpp": (
        '#include "<1>.h"', "using namespace <1>;", "namespace <1> { void <2>() { <3>(); } }", "class <1> : public <2> { void <3>(); <2> x; };", "void <1>::<2>() { x.<3>(); <2>(); }",
        "void <1>(<2> &x) { x.<3>(); <1>::<3>(); }", "class <1> { int <2>(); int <3>(); <2> y; };", "int <1>::<2>() { return <3>() + y.<1>(); }",
        "int <1>::<2>() const { return <3>(); }", "struct <1> { int <2>() { return 1; } int <2>() const { return 2; } void <3>(<1> &&x) { x.<2>(); std::move(x).<2>(); } };",
        "auto <1> = <2>();", "namespace <1> { auto <2> = <3>(); }",
    ),
    ".swift": (
        "class <1>: <2> { func <3>() { self.<2>(); super.<3>() } }", "extension <1> { func <2>(x: <3>) { x.<1>(); <2>(x: x) } }", "protocol <1> { func <2>() -> <3> }",
        "import Foundation", "import <1>", "class <1>: <2> { func g() { Date.<3>(); rand(); <1>(); self.<3>() } }", "struct <1> { let x: <2>; func g() { x.<3>() } }", "func <1>(x: <2>, h: () -> <3>) { h().<1>(); x.<3>() }",
    ),
    ".ts": (
        'import { <1>, <2> as <3> } from "<m>";', 'import * as <1> from "<m>";', 'export * from "<m>";', "export function <1>(x: <2>) { x.<3>(); <2>(); return <3>; }",
        "export class <1> extends <2> { x: <3>; <3>() { this.x.<2>(); super.<3>(); } }", 'export { <1> } from "<m>";', "<1>.<2>(<3>);",
        'import { Module } from "@nestjs/common";\n@Module({ providers: [{ provide: <1>, useClass: <2> }, { provide: "x", useFactory: () => new <3>() }] })\nclass M {}',
        "export abstract class <1> implements <2> { constructor(private x: <2>) { x.<3>(); } }",
    ),
    "package.json": ('{"name": "pkg", "main": "p/B.ts"}', '{"name": "other", "exports": {".": "./A.ts", "./x": "./p/A.ts"}}', '{"workspaces": ["p", "q/*"]}', '{"imports": {"#x": "./A.ts"}}'),
    "tsconfig.json": ('{"compilerOptions": {"baseUrl": "."}}', '{"compilerOptions": {"paths": {"@/*": ["./p/*"]}}}', '{"compilerOptions": {"paths": {"@/*": ["./*"], "pkg": ["A.ts"]}}}', "{}"),
    "Cargo.toml": ('[package]\nname = "a"\n', '[package]\nname = "b"\n[lib]\npath = "A.rs"\n', ""),
}  # fmt: skip
PLACES = ("A", "B", "p/A", "p/B", "p/q/C", "src/lib")
SPECIFIERS = ("./A", "../A", "@/A", "@/B", "pkg", "other", "other/x", "#x", "p/A")
HEADS = {".kt": "package <p>\n", ".scala": "package <p>\n", ".php": "<?php\nnamespace <q>;\n"}


@st.composite
def mixed_step(draw: st.DrawFn, suffixes: tuple[str, ...]) -> dict[str, str | None]:
    """Draw new texts for, or the removal of, a few files of some languages."""
    step: dict[str, str | None] = {}
    for _ in range(draw(st.integers(1, 5))):
        suffix = draw(st.sampled_from(suffixes))
        manifest = not suffix.startswith(".")
        place = draw(st.sampled_from(("", "p/", "p/q/"))) if manifest else draw(st.sampled_from(PLACES))
        if draw(st.integers(0, 5)) == 0:
            step[place + suffix] = None
            continue
        pieces = draw(st.lists(st.sampled_from(PIECES[suffix]), min_size=1, max_size=1 if manifest else 4))
        text = HEADS.get(suffix, "") + "\n".join(pieces) + "\n"
        for slot, choices in (
            *((f"<{n}>", NAMES) for n in (1, 2, 3)), ("<p>", ("p", "p.q", "r")), ("<q>", ("P", "P\\Q")), ("<m>", SPECIFIERS)
        ):  # fmt: skip
            while slot in text:  # each place a name of its own
                text = text.replace(slot, draw(st.sampled_from(choices)), 1)
        step[place + suffix] = text
    return step


def _check(start: Mapping[str, str], steps: list[dict[str, str | None]]) -> None:
    project = Project()
    table = Table(CallEdges())
    files: dict[str, str] = {}
    for step in [dict[str, str | None](start), *steps]:
        changes = {path: None if text is None else entry(path, text) for path, text in step.items()}
        change = project.apply(changes)
        for path, text in step.items():
            if text is None:
                files.pop(path, None)
            else:
                files[path] = text
        fresh, again = project_of(files), Table(CallEdges())
        table.take(project, change)
        again.take(fresh, fresh.everything())
        assert table.rows() == again.rows()
        edges, new = table.stage, again.stage
        assert isinstance(edges, CallEdges)
        assert isinstance(new, CallEdges)
        assert edges.statistics() == new.statistics()
        for path in files:
            assert edges.depends_on(path) == new.depends_on(path), path
        if len(step) % 2:  # what rests is encoded and moved, and says the same
            project.rest()
            edges.rest()


# Two classes take names from each other: what one means must not depend on which is asked first.
CIRCLE = {"p/A.java": "package r;\nclass C extends B {\nB A;\n@B A B = new A() { void C() { B(); } };\n}\n"}
CIRCLE_CLOSED: dict[str, str | None] = {
    "p/B.java": "package p;\nimport static r.C.*;\nimport p.*;\nclass B extends A {\nA A() { return new A(); }\n}\n"
}

java_edits = st.lists(st.dictionaries(st.sampled_from(JAVA_PATHS), st.none() | java_file(), min_size=1, max_size=3), max_size=5)  # fmt: skip
go_edits = st.lists(
    st.tuples(_go(GO_PATHS), st.sets(st.sampled_from(GO_PATHS), max_size=2)).map(
        lambda step: {**dict.fromkeys(step[1]), **step[0]}
    ),
    max_size=5,
)


@given(st.dictionaries(st.sampled_from(JAVA_PATHS), java_file(), max_size=len(JAVA_PATHS)), java_edits)
@example(CIRCLE, [CIRCLE_CLOSED])
@settings(max_examples=120, deadline=None)
def test_java_edits_lead_to_the_edges_of_a_fresh_build(
    start: dict[str, str], steps: list[dict[str, str | None]]
) -> None:
    """Random classes in random packages under random edits, moves and removals."""
    _check(start, steps)


# A file that is built on another system gets imports, which may call themselves whatever another file asks it for.
IMPORTING: list[dict[str, str | None]] = [
    {
        "a.go": "package p\ntype A struct { A; x *A }\n",
        "p/b_windows.go": "package p\ntype A struct { A; x *A }\n",
        "p/q/a.go": "package p\ntype A struct { A; x *A }\n",
        "p/b.go": "package p\ntype C struct { B; x *A }\n",
    },
    {
        "p/b_windows.go": "package p\ntype B struct { A; x *A }\ntype B struct { A; x *A }\nfunc (r F) F() { r.x.A(); A() }\n"
    },
    {
        "p/b_windows.go": 'package p\nimport "m/p"\ntype B struct { A; x *A }\ntype B struct { A; x *A }\n'
        "func (r F) F() { r.x.A(); A() }\n"
    },
]


def test_an_import_that_calls_itself_otherwise_is_seen_by_other_files() -> None:
    """What `build` gives is told by its file's imports; `use.go` is resolved again when one of them is `other`."""
    files = {
        "go.mod": "module m\n",
        "q/q.go": "package other\ntype T struct {}\nfunc (t T) Do() {}\n",
        "p/build.go": "package p\nfunc build() other.T { return nil }\n",
        "p/use.go": "package p\nfunc use() { build().Do() }\n",
    }
    changed = {"p/build.go": 'package p\nimport "m/q"\nfunc build() other.T { return nil }\n'}
    project = project_of(files)
    table, again = Table(CallEdges()), Table(CallEdges())
    table.take(project, project.everything())
    assert len(table.rows()["p/use.go"]) == 1
    table.take(project, project.apply(entries(changed)))
    fresh = project_of(files | changed)
    again.take(fresh, fresh.everything())

    assert table.rows() == again.rows()
    assert len(table.rows()["p/use.go"]) == 2


@given(_go(GO_PATHS), go_edits)
@example({}, IMPORTING)
@settings(max_examples=120, deadline=None)
def test_go_edits_lead_to_the_edges_of_a_fresh_build(start: dict[str, str], steps: list[dict[str, str | None]]) -> None:
    """Random types and functions in the folders of a module whose path changes."""
    _check(start, steps)


@pytest.mark.parametrize(
    "suffixes",
    [
        (".kt", ".scala"), (".cs",), (".php",), (".rs", "Cargo.toml"), (".rb",), (".c", ".cpp"), (".swift",),
        (".ts", "package.json", "tsconfig.json"), tuple(PIECES),
    ],
    ids=" ".join,
)  # fmt: skip
@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_edits_of_any_language_lead_to_the_edges_of_a_fresh_build(
    suffixes: tuple[str, ...], data: st.DataObject
) -> None:
    """Random pieces of code in random files, manifests among them: nothing of an earlier state is left."""
    steps = data.draw(st.lists(mixed_step(suffixes), min_size=2, max_size=6))
    _check({}, steps)


FILES = {
    "a/Repo.java": "package a;\npublic class Repo { public void save() {} }\n",
    "a/User.java": "package a;\nclass User { Repo repo; void go() { repo.save(); } }\n",
    "b/Other.java": "package b;\nimport a.Repo;\nclass Other { void go(Repo r) { r.save(); } }\n",
    "b/Plain.java": "package b;\nclass Plain { void go() { Missing.call(); } }\n",
}


@pytest.mark.parametrize(
    ("path", "text", "again"),
    [
        ("a/Repo.java", "package a;\npublic class Repo { public void save() { int x; } }\n", {"a/Repo.java"}),
        ("a/Repo.java", "package c;\npublic class Repo { public void save() {} }\n", {"a/Repo.java", "a/User.java", "b/Other.java"}),
        ("b/Missing.java", "package b;\nclass Missing { static void call() {} }\n", {"b/Missing.java", "b/Plain.java"}),
        ("c/Unrelated.java", "package c;\nclass Unrelated {}\n", {"c/Unrelated.java"}),
    ],
)  # fmt: skip
def test_only_what_can_be_affected_is_resolved_again(path: str, text: str, again: set[str]) -> None:
    """A class that moves affects who named it; a new one who could not find it."""
    project, stage = project_of(FILES), CallEdges()
    stage.run(project, project.everything())
    assert stage.run(project, project.apply(entries({path: text}))).files == frozenset(again)


def test_nothing_is_left_of_removed_files() -> None:
    """After everything is removed stage and project hold what new ones hold."""
    files = {**FILES, "go.mod": "module m\n", "p/a.go": "package p\nfunc f() { f() }\n"}
    project, kept = project_of(files), CallEdges()
    kept.run(project, project.everything())
    kept.run(project, project.apply(dict.fromkeys(files)))
    state, new = ({name: value for name, value in vars(one).items() if value} for one in (kept, CallEdges()))
    assert state == new
    packages = project.packages  # a compiled class has no __dict__
    values = {name: getattr(packages, name) for name in dir(packages) if not name.startswith("__")}
    assert {name: value for name, value in values.items() if value and not callable(value)} == {}
