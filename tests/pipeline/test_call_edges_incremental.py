"""However a workspace came to be what it is, its rows are those of a fresh build."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from driftd.pipeline.call_graph import distribution
from driftd.pipeline.call_graph.stretches import decode_outcomes
from driftd.pipeline.project import Project
from driftd.pipeline.stages import call_edges
from driftd.pipeline.stages.call_edges import CallEdges
from driftd.pipeline.stages.constants import Constants
from driftd.pipeline.stages.env_variables import EnvVariables
from driftd.rows.call_graph import CallEdgeRow
from driftd.rows.declare import row_values
from tests.pipeline.in_memory import Elsewhere, Table, entries, entry, name_of, project_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from driftd.pipeline.stage import ProjectStage

PATHS = (
    "a.py",
    "b.py",
    "p/__init__.py",
    "p/a.py",
    "p/b.py",
    "p/q/__init__.py",
    "p/q/a.py",
    "src/p/a.py",
    "src/r.py",
    "conftest.py",
)
MODULES = ("a", "b", "p", "p.a", "p.b", "p.q", "p.q.a", "r", ".", ".a", ".b", "..", "..a", ".q", "os")
NAMES = ("f", "g", "A", "B", "a", "q", "X_Y")

names = st.sampled_from(NAMES)
modules = st.sampled_from(MODULES)


@st.composite
def statements(draw: st.DrawFn) -> str:
    """Draw one top-level statement out of those that bind or call."""
    one, other, third = draw(names), draw(names), draw(names)
    module = draw(modules)
    plain = module if not module.startswith(".") else "p.a"
    return draw(
        st.sampled_from((
            f"from {module} import {one}",
            f"from {module} import {one} as {other}",
            f"from {module} import *",
            f"import {plain}",
            f"import {plain} as {one}",
            f"def {one}(): {other}()",
            f"def {one}(x: {other}) -> {third}: x.{third}()",
            f"class {one}({other}):\n    def __init__(self): self.{third} = {other}()\n    def {third}(self): self.{third}.{other}(); super().{third}()",
            f"class {one}:\n    {other} = {third}\n    def {third}(self): self.{other}()",
            f"{one} = {other}",
            f"{one} = {other}()",
            f"{one} = {other}.{third}",
            f"{one}()",
            f"{one}.{other}()",
            f"{one}().{other}()",
            f"{plain}.{one}()",
            f"{plain}.{one}.{other}()",
            f"@{one}\ndef {other}(): pass",
            f"def {one}(x, *a, y={other}, **k):\n    x()\n    return {third}(x, *a, y=y, **k)",
            f"def {one}(x):\n    def g(*a): return x(*a)\n    return g",
            f"def {one}():\n    yield {other}\n    return {third}",
            f"{one}({other}, {third}())",
            f"{one}({other}, y={third})({one})",
            f"{one}.{other} = {third}",
            f"{one}().{other} = {third}",
            f"{one} = {{'k': {other}, 1: [{third}]}}",
            f"{one}['k']({other})",
            f"{one}.append({other})",
            f"for {one} in {other}: {one}.{third}({other})",
            f"class {one}({other}):\n    {third} = {other}\n    def g(self, x): self.f = x; return self.{third}(self.f)",
            f"class {one}:\n    def f(self): return self\n    def g(self): raise NotImplementedError",
            f"def test_{one}({other}): {other}.{third}()",
            "__all__ = ['f', 'A']",
            "X_Y = 3600",
        ))
    )  # fmt: skip


texts = st.lists(statements(), max_size=6).map("\n".join)
edits = st.lists(st.dictionaries(st.sampled_from(PATHS), st.none() | texts, min_size=1, max_size=4), max_size=7)


@given(st.dictionaries(st.sampled_from(PATHS), texts, max_size=len(PATHS)), edits)
@settings(max_examples=150, deadline=None)
def test_edits_lead_to_the_rows_of_a_fresh_build(start: dict[str, str], steps: list[dict[str, str | None]]) -> None:
    """Random files under random edits, renames and removals: rows and counts equal those of a new project."""
    project = Project()
    tables = [Table(CallEdges()), Table(Constants())]
    files: dict[str, str] = {}
    for step in [dict[str, str | None](start), *steps]:
        changes = {path: None if text is None else entry(path, text) for path, text in step.items()}
        change = project.apply(changes)
        for path, text in step.items():
            if text is None:
                files.pop(path, None)
            else:
                files[path] = text
        fresh = project_of(files)
        for table in tables:
            table.take(project, change)
            again = Table(type(table.stage)())
            again.take(fresh, fresh.everything())
            assert table.rows() == again.rows()
        edges, new = tables[0].stage, CallEdges()
        assert isinstance(edges, CallEdges)
        new.run(fresh, fresh.everything())
        assert edges.statistics() == new.statistics()
        assert all(edges.depends_on(path) == new.depends_on(path) for path in files)
        if len(step) % 2:  # what rests is encoded and moved, and says the same
            project.rest()
            edges.rest()


SCRIPTS = ("a.js", "b.js", "lib/index.js", "c.ts")
SOURCES = ("./a", "./b", "./lib", "./c", "fs")


@st.composite
def script_statements(draw: st.DrawFn) -> str:
    """Draw one top-level statement of ECMAScript: objects, prototypes, patterns, callbacks, promises, modules."""
    one, other, third = draw(names), draw(names), draw(names)
    source = draw(st.sampled_from(SOURCES))
    return draw(
        st.sampled_from((
            f"const {{ {one}, {other}: {third} }} = require('{source}');",
            f"var {one} = require('{source}');",
            f"module.exports = {{ {one}, {other}() {{ this.{one}(); }} }};",
            f"exports.{one} = {other};",
            f"exports.{one} = function (x) {{ x(); return x; }};",
            f"function {one}(x, {{ {other} }}, ...r) {{ x(); {other}(); r[0](); return this; }}",
            f"function {one}(x) {{ this.{other} = x; }}",
            f"function {one}() {{ arguments[0](); return arguments[1]; }}",
            f"{one}.prototype.{other} = function (k, v) {{ this[k] = v; this.{third}(); }};",
            f"{one}.prototype = {{ {other}() {{ return this.{third}; }} }};",
            f"{one}.{other} = function () {{ this.{third}(); }};",
            f"var {one} = {{ {other}: {third}, get {third}() {{ return this.{other}; }}, set g(v) {{ v(); }} }};",
            f"var {one} = {{ __proto__: {other}, {third}() {{ super.{third}(); }}, ...{other} }};",
            f"Object.setPrototypeOf({one}, {other});",
            f"Object.assign({one}, {other}, {{ {third}() {{}} }});",
            f"Object.defineProperty({one}, '{other}', {{ value: {third} }});",
            f"var {one} = Object.create({other}, {{ {third}: {{ get() {{ return this; }} }} }});",
            f"class {one} extends {other} {{ #p = {third}; static s = {third}; {third}() {{ super.{third}(); this.#p(); }} }}",
            f"class {one} {{ constructor(x) {{ this.{other} = x; }} *{third}() {{ yield this.{other}; }} static g() {{ this.s(); }} }}",
            f"var {one} = new {other}({third});",
            f"{one}({other}, {{ {third} }}, {third});",
            f"{one}.{other}('f', {third});",
            f"{one}.call({other}, {third}); {one}.apply({other}, [{third}]);",
            f"var {one} = {other}.bind({third});",
            f"var {one} = [{other}, ...{third}]; {one}.push({other});",
            f"{one}.map((x, i, a) => {{ x(); return a; }}).forEach({other});",
            f"var {one} = {other}.reduce((m, x) => x, {third});",
            f"for (const {{ {one} }} of {other}) {{ {one}(); }}",
            f"var {one} = new Map([['k', {other}]]); {one}.set('f', {third});",
            f"{one}.get('f')();",
            f"var {one} = new Promise((done, fail) => {{ done({other}); fail({third}); }});",
            f"{one}.then({other}, (e) => e()).finally({third});",
            f"async function {one}(x) {{ const v = await x; v(); return {other}(); }}",
            f"const [{one} = {other}, ...rest] = {third};",
            f"({{ {one}, ...rest }} = {other});",
            f"{one}.{other} = {third};",
            f"{one}[{other}] = {third};",
            f"{one}.{other}();",
            f"{one}();",
            f"{one}.on('f', {other}); setTimeout({other}, 1, {third});",
        ))
    )  # fmt: skip


scripts = st.lists(script_statements(), max_size=7).map("\n".join)
script_edits = st.lists(
    st.dictionaries(st.sampled_from(SCRIPTS), st.none() | scripts, min_size=1, max_size=3), max_size=6
)


@given(st.dictionaries(st.sampled_from(SCRIPTS), scripts, max_size=len(SCRIPTS)), script_edits)
@settings(max_examples=100, deadline=None)
def test_edits_of_scripts_lead_to_the_rows_of_a_fresh_build(
    start: dict[str, str], steps: list[dict[str, str | None]]
) -> None:
    """The same for ECMAScript's objects, callbacks and promises."""
    project, table = Project(), Table(CallEdges())
    files: dict[str, str] = {}
    for step in [dict[str, str | None](start), *steps]:
        change = project.apply({path: None if text is None else entry(path, text) for path, text in step.items()})
        for path, text in step.items():
            if text is None:
                files.pop(path, None)
            else:
                files[path] = text
        fresh = project_of(files)
        table.take(project, change)
        new = CallEdges()
        again = Table(new)
        again.take(fresh, fresh.everything())
        assert table.rows() == again.rows()
        edges = table.stage
        assert isinstance(edges, CallEdges)
        assert edges.statistics() == new.statistics()
        assert all(edges.depends_on(path) == new.depends_on(path) for path in files)
        if len(step) % 2:  # what rests is encoded and moved, and says the same
            project.rest()
            edges.rest()


FILES = {
    "lib.py": "def f(): pass\n",
    "hub.py": "from lib import f\n",
    "user.py": "from hub import f\ndef g(): f()\n",
    "other.py": "def h(): pass\nh()\n",
    "missing.py": "import later\nlater.f()\n",
}


@pytest.mark.parametrize(
    ("path", "text", "again"),
    [
        ("lib.py", "def f():\n    return 1\n", {"lib.py"}),
        ("lib.py", "def f(): pass\ndef k(): pass\n", {"lib.py"}),
        ("lib.py", "def k(): pass\ndef f(): pass\n", {"lib.py"}),
        ("lib.py", "class f: pass\n", {"lib.py", "user.py"}),
        ("lib.py", "from elsewhere import *\n", {"lib.py", "user.py"}),
        ("hub.py", None, {"hub.py", "user.py"}),
        ("other.py", "h()\n", {"other.py"}),
        ("later.py", "def f(): pass\n", {"later.py", "missing.py"}),
        ("unrelated.py", "def f(): pass\n", {"unrelated.py"}),
    ],
)
def test_only_what_can_be_affected_is_resolved_again(path: str, text: str | None, again: set[str]) -> None:
    """A changed body or unrelated name: its file.  A name that means something else: those that looked it up too."""
    project, stage = project_of(FILES), CallEdges()
    stage.run(project, project.everything())
    change = project.apply({path: None if text is None else entry(path, text)})
    assert stage.run(project, change).files == frozenset(again)


@pytest.mark.parametrize("stage", [CallEdges, Constants, EnvVariables])
def test_nothing_is_left_of_removed_files(stage: Callable[[], ProjectStage]) -> None:
    """After everything is removed a stage holds what a new one holds: nothing."""
    files = {**FILES, "c.py": "import os\nLIMIT = 5\nos.getenv('A')\n", ".env": "A=1\n"}
    project, kept = project_of(files), stage()
    kept.run(project, project.everything())
    assert kept.run(project, project.apply(dict.fromkeys(files))).rows == []
    state, new = ({name: value for name, value in vars(one).items() if value} for one in (kept, stage()))
    assert state == new


def test_an_edge_goes_with_its_callee() -> None:
    """When the function is gone, the caller's file is answered for again, without the edge."""
    project, table = project_of({}), Table(CallEdges())
    table.take(project, project.apply(entries(FILES)))
    assert len(table.by_file["user.py"]) == 1
    table.take(project, project.apply(entries({"lib.py": ""})))
    assert "user.py" not in table.by_file


def test_how_calls_fared_is_counted_again_for_changed_files_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of fifty files one was saved: what is decoded is what that one gave before, and what it gives now."""
    files = {f"m{n}.py": "def f(): print()\nf()\n" for n in range(50)}
    project = project_of(files)
    edges = CallEdges()
    edges.run(project, project.everything())
    assert edges.statistics()[""] == {"builtin": 50, "resolved": 50}
    decoded = []

    def decode(outcomes: bytes) -> dict[str, int]:
        decoded.append(outcomes)
        return decode_outcomes(outcomes)

    monkeypatch.setattr(call_edges, "decode_outcomes", decode)
    change = project.apply({"m7.py": entry("m7.py", "def f(): len([])\nf()\nf()\n"), "m8.py": None})
    edges.run(project, change)

    assert edges.statistics() == {
        "": {"builtin": 49, "resolved": 50},
        "python": {"builtin": 49, "resolved": 50},
    }
    assert len(decoded) == 3


def test_what_flows_a_round_later_than_before_is_still_seen() -> None:
    """`f` reaches `take` by way of `via` now: after the second round the place holds what it held, after the first nothing."""
    before = {
        "lib.py": "def take(c): c()\n",
        "give.py": "from lib import take\ndef f(): pass\ntake(f)\n",
    }
    after = {
        "lib.py": "def take(c):\n    c()\n",
        "give.py": "from lib import take\ndef f(): pass\ndef via(h): take(h)\nvia(f)\n",
    }
    project = project_of(before)
    table, again = Table(CallEdges()), Table(CallEdges())
    table.take(project, project.everything())
    table.take(project, project.apply(entries(after)))
    fresh = project_of(after)
    again.take(fresh, fresh.everything())

    assert table.rows() == again.rows()
    assert [len(rows) for _, rows in sorted(table.rows().items())] == [2, 1]


@pytest.mark.parametrize(
    ("asking", "missing", "named"),
    [
        ("a.py", "b.py", {"a.py": "from b import g\ndef f(): g()\n", "b.py": "def g(): pass\n"}),
        (
            "a.ts",
            "b.ts",
            {"a.ts": "import { g } from './b';\nfunction f() { g(); }\n", "b.ts": "export function g() {}\n"},
        ),
        (
            "p/a.ts",
            "q/src/index.ts",
            {
                "package.json": '{"workspaces": ["p", "q"]}',
                "q/package.json": '{"name": "q", "main": "dist/index.js"}',
                "p/a.ts": "import { g } from 'q';\nfunction f() { g(); }\n",
                "q/src/index.ts": "export function g() {}\n",
            },
        ),
    ],
    ids=["python", "typescript", "package"],
)
def test_a_module_that_a_worker_missed_is_found_when_it_comes(
    asking: str, missing: str, named: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a large run looked up in other processes is asked again in this one when files come and go.

    Also where the other process looked it up before for a project of the same files that is no more.
    """
    for _ in range(2):
        table = Table(CallEdges(Elsewhere()))
        project = project_of({path: text for path, text in named.items() if path != missing})
        with monkeypatch.context() as patch:
            patch.setattr(distribution, "MANY_FILES", 1)
            values = table.stage.run(project, project.everything()).values
        assert values.get(CallEdgeRow, []) == []
    table.take(project, project.apply({missing: entry(missing, named[missing])}))

    assert [
        f"{name_of(project, row.caller_id)} -> {name_of(project, row.callee_id)}"
        for row in table.by_file[asking]
        if isinstance(row, CallEdgeRow)
    ] == [f"{asking}:f -> {missing}:g"]


@given(
    st.dictionaries(st.sampled_from(PATHS), texts, max_size=len(PATHS)),
    edits,
    st.lists(st.booleans(), min_size=7, max_size=7),
)
@example({"a.py": "from b import f\nf()\n"}, [{"b.py": "def f(): pass\n"}], [False] * 7)
@settings(max_examples=80, deadline=None)
def test_wherever_files_are_resolved_later_changes_are_seen(
    start: dict[str, str], steps: list[dict[str, str | None]], elsewhere: list[bool]
) -> None:
    """The first step, as at start, and some others are resolved in other processes; each leaves what a fresh build gives."""
    stage = CallEdges(Elsewhere())
    project = Project()
    files: dict[str, str] = {}
    rows: dict[str, list[str]] = {}
    for number, step in enumerate([dict[str, str | None](start), *steps]):
        change = project.apply({path: None if text is None else entry(path, text) for path, text in step.items()})
        files = {path: text for path, text in (files | step).items() if text is not None}
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(distribution, "MANY_FILES", 1 if not number or elsewhere[number - 1] else 1000)
            findings = stage.run(project, change)
        told: dict[str, list[str]] = {path: [] for path in findings.files or ()}
        for kind, values in findings.values.items():
            at = kind.__struct_fields__.index("file")
            for row in values:
                told[str(row[at])].append(repr(tuple(row)))
        for one in findings.rows:
            told[one.file].append(repr(row_values(one)))  # type: ignore[attr-defined]  # rows of both tables have it
        rows = {path: sorted(found) for path, found in (rows | told).items() if found}
        fresh = project_of(files)
        expected: dict[str, list[str]] = {}
        for one in CallEdges().run(fresh, fresh.everything()).rows:
            expected.setdefault(one.file, []).append(repr(row_values(one)))  # type: ignore[attr-defined]
        assert rows == {path: sorted(found) for path, found in expected.items()}


def test_processes_keep_nothing_of_bodies_that_are_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """What files show to others is the same, but the parameter is a B now: a process that knows the A starts over."""
    monkeypatch.setattr(distribution, "MANY_FILES", 1)
    text = "class A:\n    def go(self): pass\nclass B:\n    def go(self): pass\ndef f(x: A): x.go()\n"
    at = CallEdgeRow.__struct_fields__.index("callee_id")
    called = []
    for now in (text, text.replace("x: A", "x: B")):
        project = project_of({"m.py": now})
        findings = CallEdges(Elsewhere()).run(project, project.everything())
        callees = [values[at] for values in findings.values[CallEdgeRow]]
        called.append([name_of(project, callee) for callee in callees if isinstance(callee, int)])
    assert called == [["m.py:A.go"], ["m.py:B.go"]]
