"""Stages run in the order of their needs, and the failure of one costs nobody else anything."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from driftd.pipeline.call_graph import distribution, telling
from driftd.pipeline.project import Change, Project
from driftd.pipeline.runner import Runner, merged
from driftd.pipeline.stage import Findings, in_order, joined
from driftd.pipeline.stages.call_edges import CallEdges
from driftd.rows.call_graph import CallEdgeRow
from driftd.rows.declare import Row, row_values
from driftd.rows.facts import FunctionRow
from tests.pipeline.in_memory import Elsewhere, entry, project_of


@dataclass
class Stage:
    """A stage that records what it was given, and fails as often as it is told."""

    name: str
    needs: tuple[str, ...] = ()
    tables: tuple[type[Row], ...] = ()
    failures: int = 0
    given: list[Change] = field(default_factory=list)

    def run(self, project: Project, change: Change) -> Findings:
        self.given.append(change)
        if self.failures:
            self.failures -= 1
            raise RuntimeError(f"{self.name} is broken")
        return Findings(files=change.changed)


def changed(*paths: str) -> Change:
    return Change(changed=frozenset(paths))


def test_a_stage_follows_what_it_needs() -> None:
    """Needs come first; otherwise the declared order stays."""
    stages = [Stage("c", needs=("b",)), Stage("a"), Stage("b", needs=("a",)), Stage("d")]
    assert [stage.name for stage in in_order(stages)] == ["a", "b", "c", "d"]


@pytest.mark.parametrize(
    ("stages", "message"),
    [
        ([Stage("a"), Stage("a")], "share a name"),
        ([Stage("a", needs=("x",))], "needs x, which does not exist"),
        ([Stage("a", needs=("b",)), Stage("b", needs=("a",))], "form a cycle"),
        ([Stage("a", tables=(FunctionRow,)), Stage("b", tables=(FunctionRow,))], "written by a and by b"),
    ],
)
def test_contradicting_declarations_are_refused(stages: list[Stage], message: str) -> None:
    """Two of a name, an unmet need, a cycle, two writers of a table."""
    with pytest.raises(ValueError, match=message):
        in_order(stages)


def test_a_failed_stage_is_reported_and_its_dependants_wait() -> None:
    """The others go on; what depends on the failed one is not run on half a model."""
    broken, dependant, other = Stage("broken", failures=1), Stage("dependant", needs=("broken",)), Stage("other")
    runner = Runner([broken, dependant, other], lambda: 0.0)

    reports = {report.name: report for report in runner.run(Project(), changed("a.py"))}

    assert "RuntimeError: broken is broken" in str(reports["broken"].error)
    assert reports["dependant"].error == "not run: it needs broken, which failed"
    assert reports["other"].error is None
    assert dependant.given == []


def test_what_a_stage_missed_comes_with_the_next_change() -> None:
    """A failure leaves no hole: the next run gets both changes as one."""
    broken, dependant = Stage("broken", failures=1), Stage("dependant", needs=("broken",))
    runner = Runner([broken, dependant], lambda: 0.0)
    list(runner.run(Project(), changed("a.py")))

    list(runner.run(Project(), changed("b.py")))
    list(runner.run(Project(), changed("c.py")))

    assert broken.given == [changed("a.py"), changed("a.py", "b.py"), changed("c.py")]
    assert dependant.given == [changed("a.py", "b.py"), changed("c.py")]


def test_a_cancelled_run_owes_the_stages_it_did_not_reach() -> None:
    """Cancelling between stages loses nothing."""
    first, second = Stage("first"), Stage("second")
    runner = Runner([first, second], lambda: 0.0)
    list(runner.run(Project(), changed("a.py"), cancelled=lambda: bool(first.given)))

    list(runner.run(Project(), changed("b.py")))

    assert second.given == [changed("a.py", "b.py")]


def test_a_stage_that_is_cancelled_half_way_is_owed_the_change() -> None:
    """Wherever resolving breaks off, no rows are reported, and the next run gives those of a fresh build."""
    files = {f"m{n}.py": f"from m{(n + 1) % 6} import f as g\ndef f(h=g):\n    h(g)\n" for n in range(6)}
    for asked in range(20):
        left = iter(range(asked))
        stage = CallEdges(cancelled=lambda left=left: next(left, None) is None)  # type: ignore[misc]
        runner = Runner([stage], lambda: 0.0)
        project = project_of(files)
        first = list(runner.run(project, project.everything()))
        assert runner.is_behind == (not first)
        stage.cancelled = None
        change = project.apply({"m3.py": None, "m4.py": entry("m4.py", "def f(): f()\n")})
        (report,) = runner.run(project, change)
        assert report.findings is not None
        fresh = CallEdges()
        expected = fresh.run(project, project.everything())
        again = stage.run(project, project.everything())
        assert set(again.rows) == set(expected.rows)
        assert stage.statistics() == fresh.statistics()
        if not first:
            assert set(report.findings.rows) == set(expected.rows)
            assert report.findings.files == frozenset(files)


def test_merging_two_changes_keeps_what_is_true_at_the_end() -> None:
    """A file that came back is changed, one that went is removed, whatever happened to it before."""
    earlier = Change(changed=frozenset({"a", "b"}), removed=frozenset({"c", "d"}))
    later = Change(changed=frozenset({"c"}), removed=frozenset({"b"}))

    assert merged(earlier, later) == Change(changed=frozenset({"a", "c"}), removed=frozenset({"d", "b"}))


def test_other_processes_resolve_to_the_same_edges(monkeypatch: pytest.MonkeyPatch) -> None:
    """Against a snapshot, chunk by chunk, a project has the edges and the statistics that it has in one process."""
    project = project_of({
        "a.py": "def f(): pass\nclass A:\n    def m(self): f()\n",
        "b.py": "from a import A, f\ndef g():\n    A().m()\n    f()\n",
        "p/__init__.py": "from b import g\n",
        "p/c.py": "from p import g\ng()\n",
    })  # fmt: skip
    here = CallEdges()
    rows = here.run(project, project.everything()).rows
    monkeypatch.setattr(distribution, "MANY_FILES", 1)
    monkeypatch.setattr(distribution, "CHUNK", 2)
    elsewhere = Elsewhere()
    there = CallEdges(elsewhere)
    values = there.run(project, project.everything()).values[CallEdgeRow]

    assert [len(trip.chunks) for trip in elsewhere.trips] == [2]
    assert sorted(map(tuple, values)) == sorted(map(row_values, rows))
    assert len(values) == 4  # m→f, g→m, g→f, and the module of c→g; A has no constructor
    assert there.statistics() == here.statistics()
    assert all(there.depends_on(path) == here.depends_on(path) for path in project)


def test_a_stage_tells_of_finished_files_while_it_goes_on_with_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """In parts, each file is in one of them, and together they are what the stage finds as a whole."""
    files = {f"plain{n}.py": "def f(): pass\nf()\n" for n in range(3)} | {
        "a.py": "from b import give\ndef called(): pass\ngive(called)\n",
        "b.py": "def give(taken): taken()\n",
    }
    project = project_of(files)
    whole = CallEdges().run(project, project.everything())
    monkeypatch.setattr(telling, "FINISHED", 1)
    for name in ("MANY_FILES", "CHUNK"):
        monkeypatch.setattr(distribution, name, 1)
    stage = CallEdges()

    *parts, last = Runner([stage], lambda: 0.0).run(project, project.everything(), in_parts=True)

    assert [part.goes_on for part in parts] == [True] * len(parts)
    assert not last.goes_on
    found = [report.findings for report in [*parts, last] if report.findings is not None]
    told = [sorted(one.files or ()) for one in found]
    assert sorted(path for paths in told for path in paths) == sorted(files)
    assert len(parts) >= 1
    edges = [tuple(row) for one in found for row in one.values.get(CallEdgeRow, ())]
    edges += [row_values(row) for one in found for row in one.rows]
    assert sorted(edges) == sorted(map(row_values, whole.rows))
    assert len(edges) == 5
    fresh = CallEdges()
    fresh.run(project, project.everything())
    assert all(stage.depends_on(path) == fresh.depends_on(path) for path in project)


def test_without_leave_a_stage_reports_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever replaces whole tables wants all rows at once."""
    monkeypatch.setattr(telling, "FINISHED", 1)
    for name in ("MANY_FILES", "CHUNK"):
        monkeypatch.setattr(distribution, name, 1)
    project = project_of({f"m{n}.py": "def f(): pass\nf()\n" for n in range(4)})

    (report,) = Runner([CallEdges()], lambda: 0.0).run(project, project.everything())

    assert report.findings is not None
    assert report.findings.files == frozenset(project)
    assert len(report.findings.values[CallEdgeRow]) == 4


def test_what_a_later_round_finds_otherwise_is_told_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """`last` is told of while nothing is known to flow into it, and corrected once two hand-overs have brought it."""
    files = {
        "last.py": "def last(c): c()\n",
        "mid.py": "from last import last\ndef middle(b): last(b)\n",
        "top.py": "from mid import middle\ndef f(): pass\nmiddle(f)\n",
        "plain.py": "def g(): pass\ng()\n",
    }
    project = project_of(files)
    whole = CallEdges().run(project, project.everything())
    monkeypatch.setattr(telling, "FINISHED", 4)
    monkeypatch.setattr(distribution, "MANY_FILES", 1)
    monkeypatch.setattr(distribution, "CHUNK", 1)

    parts = list(CallEdges().stream(project, project.everything()))

    assert [(sorted(part.files or ()), part.corrects) for part in parts] == [
        (["last.py", "mid.py", "plain.py"], False),
        (["top.py"], False),
        (["last.py"], True),
        ([], False),
    ]
    told = [row for part in parts[:2] for row in part.values[CallEdgeRow]]
    corrected = parts[2].values[CallEdgeRow]
    assert sorted(str(row[5]) for row in told) == ["mid.py", "plain.py", "top.py"]
    assert [row[5] for row in corrected] == ["last.py"]
    together = joined(parts)
    edges = [*map(tuple, together.values[CallEdgeRow]), *map(row_values, together.rows)]
    assert sorted(edges) == sorted(map(row_values, whole.rows))


def test_what_reads_a_place_that_something_flows_into_is_told_a_round_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """When most files were resolved once, the others are right already; `taking` gets its function in the next round."""
    monkeypatch.setattr(distribution, "MANY_FILES", 1)
    monkeypatch.setattr(distribution, "CHUNK", 1)
    project = project_of({
        "giving.py": "from taking import take\ndef f(): pass\ntake(f)\n",
        "plain.py": "def g(): pass\ng()\n",
        "taking.py": "def take(c): c()\n",
    })  # fmt: skip

    parts = list(CallEdges().stream(project, project.everything()))

    assert [(sorted(part.files or ()), len(part.values.get(CallEdgeRow, ())), part.corrects) for part in parts] == [
        (["giving.py", "plain.py"], 2, False),
        (["taking.py"], 1, False),
        ([], 0, False),
    ]


def test_what_corrects_takes_the_place_of_what_was_told() -> None:
    """Joined, the rows of the corrected files are there once."""
    edge = (1, 2, 3, "same_file", 0.95)
    parts = [
        Findings(values={CallEdgeRow: [(*edge, "a"), (*edge, "b")]}, files=frozenset("ab")),
        Findings(values={CallEdgeRow: [(4, *edge[1:], "a")]}, files=frozenset("a"), corrects=True),
    ]
    assert joined(parts).values == {CallEdgeRow: [(*edge, "b"), (4, *edge[1:], "a")]}
    assert joined(parts).files == frozenset("ab")
