"""Feedback that ages out leaves its effect behind: no pattern's posterior moves because of a sweep."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from hypothesis import given, settings
from hypothesis import strategies as st

from driftd.clock import FakeClock
from driftd.retention.policy import Policy
from driftd.retention.sweep import Report, sweep
from driftd.rows.enforcement import FeedbackRow, ViolationRow
from driftd.rows.feedback_effect import effect_of
from driftd.rows.patterns import PatternConfidenceRow
from driftd.store import migrate
from driftd.store.commands import ReplaceAll, Upsert
from driftd.store.connect import connect_writer
from driftd.store.store import Store
from tests.retention.rows import LIVE, NOW, a, a_pattern, a_verdict, a_world, days_ago, insert, keys

OLD = days_ago(91)


def believed(connection: sqlite3.Connection) -> dict[str, tuple[float, float]]:
    """Return what feedback adds to each pattern's alpha and beta: the stored part and that of the rows."""
    sums = {
        pattern: [alpha, beta]
        for pattern, alpha, beta in connection.execute(
            "SELECT pattern_id, feedback_alpha, feedback_beta FROM pattern_confidence"
        )
    }
    rows = {
        key: (pattern, action, reason, undoes)
        for key, pattern, action, reason, undoes in connection.execute(
            "SELECT id, pattern_id, action, dismissal_reason, undoes FROM feedback"
        )
    }
    for pattern, action, reason, undoes in rows.values():
        sign = 1.0
        if undoes is not None:
            if undoes not in rows:
                continue
            _, action, reason, _ = rows[undoes]  # noqa: PLW2901
            sign = -1.0
        total = sums.setdefault(pattern, [0.0, 0.0])
        effect = effect_of(action, reason)
        total[0] += sign * effect.alpha
        total[1] += sign * effect.beta
    return {pattern: (alpha, beta) for pattern, (alpha, beta) in sums.items()}


async def test_each_action_leaves_its_effect(connection: sqlite3.Connection, store: Store) -> None:
    """Two fixes, five dismissals (one will not be fixed), a suppression, an escalation: alpha + 3.5, beta + 2."""
    insert(
        connection,
        a_pattern("p"),
        *(a_verdict("v", action="fix", created_at=OLD) for _ in range(2)),
        *(a_verdict("v", action="dismiss", created_at=OLD) for _ in range(4)),
        a_verdict("v", action="dismiss", dismissal_reason="wont_fix", created_at=OLD),
        a_verdict("v", action="suppress", created_at=OLD),
        a_verdict("v", action="escalate", created_at=OLD),
    )
    before = connection.execute("SELECT alpha, beta, posterior_mean FROM pattern_confidence").fetchall()
    report = await sweep(store, Policy(), NOW)
    assert report.folded == report.counts["feedback", "age"] == 9
    assert keys(connection, FeedbackRow) == set()
    assert connection.execute("SELECT feedback_alpha, feedback_beta FROM pattern_confidence").fetchall() == [(3.5, 2.0)]
    assert connection.execute("SELECT alpha, beta, posterior_mean FROM pattern_confidence").fetchall() == before


async def test_what_is_taken_back_goes_with_what_takes_it_back(connection: sqlite3.Connection, store: Store) -> None:
    """A dismissal of 100 days ago that was taken back 80 days ago stays with it; ten days later both go, for nothing."""
    insert(connection, a_pattern("p"))
    (dismissed,) = insert(connection, a_verdict("v", action="dismiss", created_at=days_ago(100)))
    (undone,) = insert(connection, a_verdict("v", action="dismiss", undoes=dismissed, created_at=days_ago(80)))
    assert (await sweep(store, Policy(), NOW)).total == 0
    assert keys(connection, FeedbackRow) == {dismissed, undone}
    assert (await sweep(store, Policy(), days_ago(-11), slice_rows=1)).folded == 2
    assert connection.execute("SELECT feedback_alpha, feedback_beta FROM pattern_confidence").fetchall() == [(0.0, 0.0)]


async def test_a_chain_of_taking_back_stays(connection: sqlite3.Connection, store: Store) -> None:
    """What takes back something that takes something back is not of our making, and nobody guesses at its effect."""
    insert(connection, a_pattern("p"))
    (first,) = insert(connection, a_verdict("v", created_at=OLD))
    (second,) = insert(connection, a_verdict("v", undoes=first, created_at=OLD))
    insert(connection, a_verdict("v", undoes=second, created_at=OLD))
    assert (await sweep(store, Policy(), NOW)).total == 0


@pytest.mark.parametrize(
    ("resolved", "actions", "kept"),
    [
        (None, ["fix", "dismiss"], [2]),  # the newest word on an open violation
        (None, ["fix", "dismiss", "undo 2"], [1, 2, 3]),  # taken back: the one before stands
        (None, ["dismiss", "undo 1", "fix"], [3]),
        (OLD, ["fix", "dismiss"], []),
    ],
)
async def test_the_verdict_that_stands_on_an_open_violation_stays(
    connection: sqlite3.Connection, store: Store, resolved: int | None, actions: list[str], kept: list[int]
) -> None:
    """However old it is: it says what became of the violation."""
    a_world(connection)
    insert(connection, a_pattern("p"), a(ViolationRow, id="v", file=LIVE, resolved_at=resolved))
    for action in actions:
        undoes = int(action[5:]) if action.startswith("undo") else None
        insert(connection, a_verdict("v", action=action if undoes is None else "fix", undoes=undoes, created_at=OLD))
    await sweep(store, Policy(), NOW)
    assert keys(connection, FeedbackRow) == set(kept)


async def test_a_dismissed_violation_stays_dismissed(connection: sqlite3.Connection, store: Store) -> None:
    """It is the violation's own row that silences it, and that row stays as long as the violation is open."""
    a_world(connection)
    insert(
        connection,
        a_pattern("p"),
        a(ViolationRow, id="v", file=LIVE, suppressed=True, suppression_source="user", created_at=days_ago(400)),
        a_verdict("v", action="dismiss", created_at=days_ago(399)),
        a_verdict("v", action="dismiss", created_at=days_ago(398)),
    )
    await sweep(store, Policy(), NOW)
    assert connection.execute("SELECT suppressed, suppression_source FROM violations").fetchall() == [(1, "user")]
    assert keys(connection, FeedbackRow) == {2}


async def test_scoring_does_not_write_the_folded_part(connection: sqlite3.Connection, store: Store) -> None:
    """Who scores writes whole rows, perhaps from before the sweep: what was folded is retention's and stays."""
    insert(connection, a_pattern("p"), a_verdict("v", action="fix", created_at=OLD))
    await sweep(store, Policy(), NOW)
    await store.writer.submit(Upsert(PatternConfidenceRow, (a_pattern("p", alpha=9.0),)))
    await store.writer.submit(ReplaceAll(PatternConfidenceRow, (a_pattern("p", alpha=8.0),)))
    found = connection.execute("SELECT alpha, feedback_alpha FROM pattern_confidence").fetchall()
    assert found == [(8.0, 1.0)]


class Shared:
    """One open store for all examples: making a database takes longer than sweeping it."""

    def __init__(self, portal: BlockingPortal, store: Store, connection: sqlite3.Connection) -> None:
        self.portal = portal
        self.store = store
        self.connection = connection

    def sweep(self, medium: int, slice_rows: int) -> Report:
        return self.portal.call(self._sweep, medium, slice_rows)

    async def _sweep(self, medium: int, slice_rows: int) -> Report:
        return await sweep(self.store, Policy(medium_days=medium), NOW, slice_rows=slice_rows)


@pytest.fixture(scope="module")
def shared() -> Iterator[Shared]:
    # In memory where that is possible: every sweep waits for the disk, and a disk may be slow.
    memory = Path("/dev/shm")
    with ExitStack() as stack:
        folder = stack.enter_context(TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None))
        path = Path(folder) / "drift.db"
        connection = stack.enter_context(closing(connect_writer(path)))
        migrate.upgrade(connection, path)
        a_world(connection)
        portal = stack.enter_context(start_blocking_portal("asyncio"))
        store = stack.enter_context(portal.wrap_async_context_manager(Store.open(path, FakeClock(NOW))))
        yield Shared(portal, store, connection)


verdict = st.fixed_dictionaries(
    {
        "violation_id": st.sampled_from(["open", "ended", "unknown"]),
        "pattern_id": st.sampled_from(["p", "q", "without a row"]),
        "action": st.sampled_from(["dismiss", "fix", "suppress", "escalate"]),
        "dismissal_reason": st.sampled_from([None, "false_positive", "wont_fix", "duplicate"]),
        "created_at": st.integers(min_value=-200, max_value=0).map(lambda day: NOW + day * 86_400),
        "undoes": st.none() | st.integers(min_value=1, max_value=8),
    }
)


@settings(max_examples=60, deadline=None)
@given(verdicts=st.lists(verdict, max_size=12), slice_rows=st.sampled_from([1, 3, 2000]), medium=st.integers(31, 150))
def test_no_posterior_moves_whatever_people_said(
    shared: Shared, verdicts: list[dict[str, Any]], slice_rows: int, medium: int
) -> None:
    """After any feedback, in any order, taken back or not: stored part and rows together say what they said before."""
    connection = shared.connection
    connection.execute("BEGIN")
    for table in ("feedback", "violations", "pattern_confidence", "sqlite_sequence"):
        connection.execute(f"DELETE FROM {table}")
    insert(connection, a_pattern("p", feedback_alpha=0.5), a_pattern("q"))
    insert(
        connection,
        *(a(ViolationRow, id=key, file=LIVE, resolved_at=at) for key, at in (("open", None), ("ended", NOW))),
    )
    for place, values in enumerate(verdicts, start=1):
        undoes = values["undoes"] if values["undoes"] is not None and values["undoes"] < place else None
        insert(connection, a(FeedbackRow, **(values | {"undoes": undoes})))
    connection.execute("COMMIT")
    before = believed(connection)
    report = shared.sweep(medium, slice_rows)
    assert believed(connection) == before
    assert report.folded == len(verdicts) - len(keys(connection, FeedbackRow))
    assert shared.sweep(medium, slice_rows).total == 0
