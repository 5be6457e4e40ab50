"""Feedback at the database: the exact posterior after any history, what time makes of it, and what a new process knows."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from driftd.clock import FakeClock
from driftd.config import Settings
from driftd.daemon.feedback import Given, Outcome, catch_up, give, set_status
from driftd.daemon.learning import Learning
from driftd.errors import NotFoundError, UsageError
from driftd.pipeline.patterns.false_positives import DAY
from driftd.retention.verdicts import fold
from driftd.rows.declare import row_values, table_of
from driftd.rows.enforcement import ViolationRow
from driftd.rows.ids import json_text
from driftd.rows.patterns import PatternConfidenceRow
from driftd.store import migrate, sql
from driftd.store.commands import Call, Track
from driftd.store.connect import connect_writer
from driftd.store.store import Store

# Of rules that are known, with the confidence that was measured of them; of a choice nothing is.
PRIORS = {
    "python/weak-hash": (6.4, 1.6),
    "python/unsafe-yaml": (6.16, 1.84),
    "python/function-naming/snake_case": (1.0, 1.0),
}


def a_violation(number: str, pattern: str, **more: Any) -> ViolationRow:
    values = {"file": "a.py", "line": 1, "severity": "warning", "rule_id": f"security/{pattern}", "message": number}
    detector = pattern.rpartition("/")[0] if pattern.count("/") > 1 else pattern
    return ViolationRow(id=number, pattern_id=pattern, detector_id=detector, **{**values, **more})


VIOLATIONS = {f"{name}{n}" * 4: pattern for name, pattern in zip("abc", PRIORS, strict=True) for n in range(2)}


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """A database with two violations of each of three patterns."""
    path = tmp_path / "drift.db"
    with closing(connect_writer(path)) as opened:
        migrate.upgrade(opened, path)
        violations = table_of(ViolationRow)
        for number, pattern in VIOLATIONS.items():
            opened.execute(sql.insert(violations, 1), row_values(a_violation(number, pattern)))
        yield opened


def _give(connection: sqlite3.Connection, now: int, given: Given) -> Outcome:
    return give(connection, now, given, lambda _file, _id: False)


def say(connection: sqlite3.Connection, at: int = 1, **what: Any) -> Outcome:
    return _give(connection, at, Given(**what))


def stored(connection: sqlite3.Connection, pattern: str) -> tuple[float, float, float]:
    found: tuple[float, float, float] = connection.execute(
        "SELECT alpha, beta, posterior_mean FROM pattern_confidence WHERE pattern_id = ?", (pattern,)
    ).fetchone()
    return found


def silenced(connection: sqlite3.Connection) -> set[str]:
    return {
        number
        for (number,) in connection.execute("SELECT id FROM violations WHERE suppression_source = 'user'").fetchall()
    }


EFFECTS = {
    ("dismiss", None): (0.0, 0.5),
    ("dismiss", "false_positive"): (0.0, 0.5),
    ("dismiss", "not_applicable"): (0.0, 0.5),
    ("dismiss", "wont_fix"): (0.0, 0.0),
    ("dismiss", "duplicate"): (0.0, 0.0),
    ("fix", None): (1.0, 0.0),
    ("suppress", None): (0.0, 0.0),
    ("escalate", None): (1.5, 0.0),
}
histories = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(sorted(VIOLATIONS)), st.sampled_from(sorted(EFFECTS, key=str))),
        st.tuples(st.just("undo"), st.integers(0, 20)),
        st.tuples(st.just("forget"), st.just(0)),
    ),
    max_size=25,
)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(histories)
def test_the_posterior_is_the_prior_and_everything_that_was_said(
    connection: sqlite3.Connection, history: list[tuple[str, Any]]
) -> None:
    """Whatever was said, taken back, and aged out, in any order; and the last word about each violation holds."""
    connection.execute("SAVEPOINT example")
    sums = {pattern: list(prior) for pattern, prior in PRIORS.items()}
    words: list[tuple[int, str, tuple[str, str | None]]] = []  # standing feedback
    for what, value in history:
        if what == "forget":  # retention folds everything into the patterns' rows
            rows = [number for (number,) in connection.execute("SELECT id FROM feedback")]
            fold(connection, json_text(rows))
            connection.execute("DELETE FROM feedback")
            words = []
            continue
        if what == "undo":
            if not words:
                continue
            number, violation, kind = words.pop(value % len(words))
            outcome = say(connection, undo=number)
            sign = -1
        else:
            violation, kind = what, value
            outcome = say(connection, violation=violation, action=kind[0], dismissal_reason=kind[1])
            assert outcome.row.id is not None
            words.append((outcome.row.id, violation, kind))
            sign = 1
        pattern = VIOLATIONS[violation]
        alpha, beta = sums[pattern]
        assert outcome.before.mean == pytest.approx(alpha / (alpha + beta), abs=1e-12)
        sums[pattern] = [alpha + sign * EFFECTS[kind][0], beta + sign * EFFECTS[kind][1]]
        alpha, beta = sums[pattern]
        assert outcome.after.mean == pytest.approx(alpha / (alpha + beta), abs=1e-12)
        assert stored(connection, pattern) == pytest.approx((alpha, beta, alpha / (alpha + beta)), abs=1e-12)
        last = [said[0] for _, about, said in words if about == violation]
        assert (violation in silenced(connection)) is (bool(last) and last[-1] in {"dismiss", "suppress"})
    connection.execute("ROLLBACK TO example")
    connection.execute("RELEASE example")


def test_the_beginning_of_an_id_is_enough_if_it_means_one(connection: sqlite3.Connection) -> None:
    """At least four characters; several that begin so are told apart by more."""
    assert say(connection, violation="a0a0", action="fix").row.violation_id == "a0a0a0a0"
    connection.execute(sql.insert(table_of(ViolationRow), 1), row_values(a_violation("a0a0ffff", "python/weak-hash")))
    with pytest.raises(UsageError, match="several violations begin with 'a0a0'"):
        say(connection, violation="a0a0", action="fix")
    assert say(connection, violation="a0a0f", action="fix").row.violation_id == "a0a0ffff"
    with pytest.raises(NotFoundError):
        say(connection, violation="b1b", action="fix")


def test_what_was_said_while_an_analysis_ran_stands(connection: sqlite3.Connection) -> None:
    """The analysis writes what it knew before; then what was said since is put right: posterior and silence."""
    first = say(connection, violation="a0a0a0a0", action="dismiss")
    before = connection.execute(sql.select(table_of(PatternConfidenceRow))).fetchall()
    second = say(connection, violation="a1a1a1a1", action="dismiss")
    third = say(connection, undo=first.row.id)
    right = stored(connection, "python/weak-hash"), silenced(connection)

    for row in before:  # what an analysis that knew only the first writes
        connection.execute(sql.upsert(table_of(PatternConfidenceRow), 5), row)
    connection.execute("UPDATE violations SET suppressed = 1, suppression_source = 'user' WHERE id = 'a0a0a0a0'")
    connection.execute("UPDATE violations SET suppressed = 0, suppression_source = NULL WHERE id = 'a1a1a1a1'")
    assert (stored(connection, "python/weak-hash"), silenced(connection)) != right
    assert first.row.id is not None
    catch_up(connection, 6, first.row.id)
    assert (stored(connection, "python/weak-hash"), silenced(connection)) == right
    assert (second.suppressed, third.suppressed) == (True, False)


def test_what_has_aged_out_is_no_analysis_to_write(connection: sqlite3.Connection) -> None:
    """An upsert of a pattern leaves the sum of what has aged out alone."""
    say(connection, violation="a0a0a0a0", action="fix")
    fold(connection, "[1]")
    row = connection.execute(sql.select(table_of(PatternConfidenceRow))).fetchone()
    names = table_of(PatternConfidenceRow).names
    emitted = [0.0 if name.startswith("feedback_") else value for name, value in zip(names, row, strict=True)]
    connection.execute(sql.upsert(table_of(PatternConfidenceRow), 5), emitted)
    assert connection.execute("SELECT feedback_alpha, feedback_beta FROM pattern_confidence").fetchone() == (1.0, 0.0)


# -- the clock ---------------------------------------------------------------------------------------------------------


class Loop:
    """A store with violations, a clock, and the learning of an engine."""

    def __init__(self, store: Store, clock: FakeClock, root: Path) -> None:
        self.store, self.clock, self.root = store, clock, root
        self.events: list[Any] = []
        self.learning = self.process()

    def process(self) -> Learning:
        learning = Learning(self.root, self.store.reader, self.store.writer, Settings(), self.clock)
        learning.on_alert = self.events.append
        return learning

    async def say(self, violation: str, action: str = "dismiss", times: int = 1, **more: Any) -> None:
        for _ in range(times):
            given = Given(violation, action, **more)
            call = partial(_give, given=given)
            (result,) = await self.store.writer.submit(Call(call), durable=True)
            await self.learning.heard(result.value)

    async def decide(self, pattern: str, status: Any) -> None:
        call = Call(lambda connection, now: set_status(connection, now, pattern, status, None, is_rule=True))
        (result,) = await self.store.writer.submit(call, durable=True)
        await self.learning.decided(pattern, status, result.value["approved_at"])

    async def rows(self, statement: str) -> list[tuple[Any, ...]]:
        return await self.store.reader.fetch(statement)


@pytest.fixture
async def loop(tmp_path: Path) -> Any:
    clock = FakeClock(1_000_000)
    async with Store.open(tmp_path / "drift.db", clock) as store:
        await store.writer.submit(Track(ViolationRow, None, [a_violation(n, p) for n, p in VIOLATIONS.items()]))
        made = Loop(store, clock, tmp_path)
        await made.learning.load()
        yield made


async def test_a_pattern_is_disabled_after_thirty_days_and_enabled_by_a_person(loop: Loop) -> None:
    """Ten false ones a week: downgraded at once, disabled on day 30, by `auto`, told of; a person's word begins anew."""
    for week in range(5):
        await loop.say("a0a0a0a0", times=10)
        assert (await loop.learning.before_run()).learned.downgraded == {"python/weak-hash"}
        loop.clock.advance((7 if week < 4 else 2) * DAY - 1)
        learned = (await loop.learning.before_run()).learned
        assert learned.disabled == frozenset()
        loop.clock.advance(1)
    learned = (await loop.learning.before_run()).learned
    assert learned.disabled == {"python/weak-hash"}
    assert await loop.rows("SELECT pattern_id, status, approved_by FROM pattern_status") == [
        ("python/weak-hash", "ignored", "auto")
    ]
    ((details,),) = await loop.rows("SELECT details FROM workspace_events WHERE event_type = 'pattern_disabled'")
    assert details == '{"pattern_id":"python/weak-hash"}'
    assert {event["alert_type"] for event in loop.events} == {"false_positive_increase", "pattern_disabled"}
    assert next(s["state"] for s in loop.learning.statistics() if s["kind"] == "pattern") == "disabled"

    loop.clock.advance(90 * DAY)  # nobody says anything of what is not shown: it stays as it is
    again = loop.process()
    await again.load()
    assert (await again.before_run()).learned.disabled == {"python/weak-hash"}

    loop.learning = again
    await loop.decide("python/weak-hash", "discovered")
    learned = (await again.before_run()).learned
    assert (learned.disabled, learned.downgraded) == (frozenset(), frozenset())


async def test_an_alert_ends_when_its_reason_leaves_the_window(loop: Loop) -> None:
    """It is one row for as long as it lasts, is told of once, and has an end."""
    await loop.say("a0a0a0a0", times=10)
    await loop.say("a1a1a1a1", times=5)
    assert await loop.rows("SELECT count(*), count(resolved_at) FROM degradation_alerts") == [(2, 0)]
    assert len(loop.events) == 2
    loop.clock.advance(30 * DAY)
    learned = (await loop.learning.before_run()).learned
    assert learned.downgraded == frozenset()
    assert await loop.rows("SELECT DISTINCT resolved_at FROM degradation_alerts") == [(loop.clock.now(),)]


async def test_an_approved_pattern_is_left_alone(loop: Loop) -> None:
    """Neither a step down nor an alert; when it is discovered again, only what is said from then on counts."""
    await loop.decide("python/weak-hash", "approved")
    loop.clock.advance(1)
    await loop.say("a0a0a0a0", times=12)
    assert (await loop.learning.before_run()).learned.downgraded == frozenset()
    assert await loop.rows("SELECT * FROM degradation_alerts WHERE message LIKE 'pattern%'") == []
    await loop.decide("python/weak-hash", "discovered")
    loop.clock.advance(1)
    await loop.say("a0a0a0a0", times=9)
    assert (await loop.learning.before_run()).learned.downgraded == frozenset()
    await loop.say("a0a0a0a0")
    assert (await loop.learning.before_run()).learned.downgraded == {"python/weak-hash"}


async def test_a_detector_is_judged_over_all_its_patterns(loop: Loop) -> None:
    """Two alternatives of one question, five false findings each: the detector has ten."""
    rows = [
        a_violation("dddd", "python/function-naming/camelCase"),
        a_violation("eeee", "python/function-naming/snake_case"),
    ]
    await loop.store.writer.submit(
        Track(ViolationRow, {"a.py"}, [*rows, *(a_violation(n, p) for n, p in VIOLATIONS.items())])
    )
    await loop.say("dddd", times=5)
    await loop.say("eeee", times=4)
    assert (await loop.learning.before_run()).learned.downgraded == frozenset()
    await loop.say("eeee")
    assert (await loop.learning.before_run()).learned.downgraded == {"python/function-naming"}


async def test_a_new_process_knows_what_the_old_one_knew(loop: Loop) -> None:
    """After any of it: effects, dismissals, decisions, rates."""
    await loop.say("a0a0a0a0", times=11)
    await loop.say("a0a0a0a0", "escalate")
    await loop.say("a1a1a1a1", "suppress")
    await loop.say("b0b0b0b0", "fix", 3)
    await loop.say("b1b1b1b1", "dismiss", dismissal_reason="wont_fix")
    await loop.say("", "", undo=14)
    await loop.decide("python/unsafe-yaml", "ignored")
    known = (await loop.learning.before_run()).learned
    again = loop.process()
    await again.load()
    assert (await again.before_run()).learned == known
    assert known.dismissed == {"a1a1a1a1", "b1b1b1b1"}
    assert known.effect("python/weak-hash") == (1.5, 5.5)
    assert known.effect("python/unsafe-yaml") == (2.0, 0.0)
    assert known.ignored == {"python/unsafe-yaml"}


async def test_a_dismissal_moves_with_its_finding(loop: Loop) -> None:
    """Its file got another name: the database and the memory both have it under the new id, feedback too."""
    await loop.say("a0a0a0a0")
    moved = [a_violation("f" * 8, "python/weak-hash", message="a0a0a0a0", line=30)]
    (result,) = await loop.store.writer.submit(
        Track(ViolationRow, {"a.py"}, [*moved, *(a_violation(n, p) for n, p in VIOLATIONS.items() if n != "a0a0a0a0")])
    )
    loop.learning.renamed(result.renamed)
    assert result.renamed == {"a0a0a0a0": "ffffffff"}
    assert loop.learning.current.dismissed == {"ffffffff"}
    assert await loop.rows("SELECT id, suppressed FROM violations WHERE suppression_source = 'user'") == [
        ("ffffffff", 1)
    ]
    assert await loop.rows("SELECT violation_id FROM feedback") == [("ffffffff",)]
    again = loop.process()
    await again.load()
    assert again.current.dismissed == {"ffffffff"}
