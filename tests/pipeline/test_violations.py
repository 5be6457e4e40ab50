"""The stage `violations`: from faults and what people said of them to rows; edits amount to a fresh build."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftd.pipeline.detect.marks import Fault
from driftd.pipeline.detect.severity import milder, severity_of
from driftd.pipeline.learned import Learned
from driftd.pipeline.project import Change, Project
from driftd.pipeline.stages.violations import Violations, violation_of
from driftd.rows.declare import table_of
from driftd.rows.enforcement import ViolationRow
from driftd.rows.feedback_effect import Effect
from tests.pipeline.in_memory import entries, project_of

HASH = "import hashlib\ndef f(x):\n    return hashlib.md5(x)\n"
NAMES = table_of(ViolationRow).names


def rows_of(project: Project, stage: Violations, change: Change) -> dict[str, list[dict[str, Any]]]:
    """Return the rows that a run gives, by the files that it answers for."""
    findings = stage.run(project, change)
    rows: dict[str, list[dict[str, Any]]] = {path: [] for path in findings.files or ()}
    for values in findings.values[ViolationRow]:
        row = dict(zip(NAMES, values, strict=True))
        rows[str(row["file"])].append(row)
    return rows


def fresh_rows(project: Project) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of all files."""
    return rows_of(project, Violations(), project.everything())


def only(files: dict[str, str], learned: Learned = Learned()) -> dict[str, Any] | None:  # noqa: B008 - frozen
    """Return the violation of python/weak-hash, None if there is none."""
    project = project_of(files)
    project.learned = learned
    found = fresh_rows(project)
    hashes = [row for rows in found.values() for row in rows if row["pattern_id"] == "python/weak-hash"]
    assert len(hashes) <= 1
    return hashes[0] if hashes else None


@pytest.mark.parametrize(
    ("category", "cwes", "stated", "deviation", "severity"),
    [
        ("security", (328,), None, 0.0, "warning"),  # a weakness is a warning at least
        ("security", (1004, 79), None, 0.0, "error"),  # the worst of all of them
        ("styling", (502,), None, 0.0, "error"),  # whatever the category
        ("security", (79,), "info", 0.0, "info"),  # a rule knows whether it finds the weakness or where it could be
        ("security", (), "info", 0.0, "info"),  # without one, what the rule says
        ("security", (), None, 0.0, "error"),
        ("errors", (), None, 0.0, "warning"),
        ("documentation", (), None, 9.0, "info"),
        ("styling", (), None, 3.1, "warning"),
        ("styling", (), None, 3.0, "info"),
    ],
)
def test_severity(category: str, cwes: tuple[int, ...], stated: Any, deviation: float, severity: str) -> None:
    """By what is stated, by weakness, by category, by deviation."""
    assert severity_of(category, cwes, stated, deviation) == severity


def test_one_step_down() -> None:
    """There is nothing below a hint."""
    assert [milder(one) for one in ("error", "warning", "info", "hint")] == ["warning", "info", "hint", "hint"]


def test_what_people_said_decides() -> None:
    """Silenced by a person or a comment, downgraded, not raised, new or not: each by itself."""
    plain = only({"a.py": HASH})
    assert plain is not None
    assert (plain["severity"], plain["suppressed"], plain["is_new"], plain["confidence"]) == (
        "warning",
        False,
        False,
        0.8,
    )
    number = plain["id"]

    def having(**learned: Any) -> dict[str, Any] | None:
        return only({"a.py": HASH}, Learned(**learned))

    dismissed = having(dismissed=frozenset({number}))
    assert dismissed is not None
    assert (dismissed["suppressed"], dismissed["suppression_source"]) == (True, "user")
    downgraded = having(downgraded=frozenset({"python/weak-hash"}))
    assert downgraded is not None
    assert downgraded["severity"] == "info"
    for switched_off in ("python/weak-hash", "security", "security/python/weak-hash"):
        assert having(disabled_rules=frozenset({switched_off})) is None
    assert having(ignored=frozenset({"python/weak-hash"})) is None
    assert having(disabled=frozenset({"python/weak-hash"})) is None
    known, new = having(baseline=frozenset({number})), having(baseline=frozenset())
    assert known is not None
    assert new is not None
    assert (known["is_new"], new["is_new"]) == (False, True)
    doubted = having(feedback={"python/weak-hash": Effect(0.0, 2.5)})
    assert doubted is not None
    assert doubted["confidence"] == pytest.approx(6.4 / 10.5, abs=1e-15)


def test_a_comment_silences_what_the_project_finds_as_well() -> None:
    """A departure is silenced by its question or its category, and the comment is of use; another one is not."""
    project = project_of(
        {"a.py": "x = 1  # driftd: ignore[naming]\ny = 2  # driftd: ignore[structural] so\nz = 3  # drift-ignore a\n"}
    )
    project.departures = {
        "a.py": (
            Fault("d1", "python/naming", 1, 1, 1, "info", "structural", "m", 0.9, pattern="python/naming/snake"),
            Fault("d2", "python/naming", 2, 1, 2, "info", "structural", "m", 0.9, pattern="python/naming/snake"),
        )
    }
    found = fresh_rows(project)["a.py"]
    assert [(row["line"], row["rule_id"], row["suppression_source"]) for row in found] == [
        (1, "structural/python/naming/snake", "inline"),
        (2, "structural/python/naming/snake", "inline"),
        (3, "driftd/unused-suppression", None),
    ]


def test_the_pattern_of_a_departure_carries_its_feedback() -> None:
    """Its confidence is worth eight judged findings; feedback on the pattern adds to them."""
    fault = Fault("d", "q", 1, 1, 1, "info", "structural", "m", 0.9, pattern="q/a")
    row = violation_of("a.py", fault, Learned(feedback={"q/a": Effect(2.0, 0.0), "q": Effect(0.0, 9.0)}))
    assert row is not None
    assert row.confidence == pytest.approx((7.2 + 2) / 10, abs=1e-15)
    assert (row.pattern_id, row.detector_id, row.rule_id) == ("q/a", "q", "structural/q/a")


TEXTS = (
    HASH,
    HASH + "x = hashlib.sha1(y)\n",
    "import hashlib\n# driftd: ignore[weak-hash] a checksum\nhashlib.md5(b'')\n",
    "a = 1  # driftd: ignore[errors] nothing\n",
    "a = 1\n",
)
DEPARTURES = (
    (),
    (Fault("d1", "python/q", 1, 1, 1, "info", "structural", "m", 0.9, pattern="python/q/a"),),
    (Fault("d2", "python/q", 2, 1, 2, "info", "errors", "m", 0.7, pattern="python/q/b"),),
)
PATHS = ("a.py", "b.py", "c/d.py")
IDS = tuple(row["id"] for path in PATHS for text in TEXTS for row in fresh_rows(project_of({path: text}))[path])
SUBJECTS = ("python/weak-hash", "python/q", "python/q/a", "driftd/unused-suppression", "security", "errors")
steps = st.one_of(
    st.tuples(st.just("save"), st.sampled_from(PATHS), st.sampled_from([*TEXTS, None])),
    st.tuples(st.just("depart"), st.sampled_from(PATHS), st.sampled_from(DEPARTURES)),
    st.tuples(st.just("learn"), st.sampled_from(["dismissed", "baseline"]), st.frozensets(st.sampled_from(IDS))),
    st.tuples(
        st.just("learn"),
        st.sampled_from(["ignored", "downgraded", "disabled", "disabled_rules"]),
        st.frozensets(st.sampled_from(SUBJECTS), max_size=2),
    ),
    st.tuples(st.just("learn"), st.just("baseline"), st.none()),
    st.tuples(
        st.just("learn"),
        st.just("feedback"),
        st.dictionaries(st.sampled_from(SUBJECTS), st.just(Effect(0.0, 0.5)), max_size=2),
    ),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(steps, max_size=12))
def test_any_history_gives_what_a_fresh_build_gives(history: list[tuple[str, str, Any]]) -> None:
    """Whatever was saved, departed from, said: the rows are those of a stage that knows only the end."""
    project, stage, kept = Project(), Violations(), dict[str, list[dict[str, Any]]]()
    learned = Learned()
    for what, name, value in history:
        change = Change()
        if what == "save":
            change = project.apply({name: None} if value is None else entries({name: value}))
            if value is None:
                project.departures.pop(name, None)
        elif what == "depart" and name in project:
            project.departures[name] = value
        elif what == "learn":
            learned = msgspec.structs.replace(learned, **{name: value})
        project.learned = learned
        kept.update(rows_of(project, stage, change))
    fresh = fresh_rows(project)
    assert {path: rows for path, rows in kept.items() if rows} == {path: rows for path, rows in fresh.items() if rows}
