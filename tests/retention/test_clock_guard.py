"""Nothing is deleted on a clock that cannot be right."""

from __future__ import annotations

import sqlite3

import pytest

from driftd.clock import FakeClock, SystemClock
from driftd.config import Settings
from driftd.retention.clockguard import UNVOUCHED, Moment, doubt, judge
from driftd.retention.janitor import Janitor
from driftd.rows.enforcement import HealthTrendRow
from driftd.rows.facts import ScanHistoryRow
from driftd.store.store import Store
from tests.retention.rows import DAY, NOW, a, days_ago, insert

YEAR = 365 * DAY
BEFORE = Moment(wall=NOW - DAY, boot="b", since_boot=1000.0)


@pytest.mark.parametrize(
    ("wall", "boot", "since_boot", "steady_since"),
    [
        (NOW, "b", 1000.0 + DAY, 0),  # a day later, by both clocks
        (NOW + YEAR, "b", 1000.0 + DAY + YEAR, 0),  # a year later, by both: the machine slept
        (NOW + 10 * YEAR, "b", 1000.0 + DAY, NOW + 10 * YEAR),  # set ten years ahead
        (NOW - YEAR, "b", 1000.0 + DAY, NOW - YEAR),  # set back a year
        (NOW + 3600, "b", 1000.0 + DAY, 0),  # set within a day: a time zone, a slow battery
        (NOW, "c", 10.0, 0),  # started again meanwhile
        (NOW - DAY + UNVOUCHED, "c", 10.0, 0),
        (NOW - DAY + UNVOUCHED + 1, "c", 10.0, NOW - DAY + UNVOUCHED + 1),  # off for long, or set wrong: nobody knows
        (NOW - YEAR, "c", 10.0, NOW - YEAR),
    ],
)
def test_jumps_are_told_from_time_that_passed(wall: int, boot: str, since_boot: float, steady_since: int) -> None:
    """The boot clock vouches within a boot; across boots a step back, or more than thirty days, is doubted."""
    assert judge(BEFORE, NOW, wall, boot, since_boot).steady_since == steady_since


@pytest.mark.parametrize(
    ("newest", "steady_since"), [(0, 0), (NOW - YEAR, 0), (NOW, 0), (NOW + DAY, 0), (NOW + DAY + 1, NOW)]
)
def test_without_a_noted_moment_only_later_rows_speak_against_a_time(newest: int, steady_since: int) -> None:
    """A database that no sweep has seen yet: all that is known is that its rows were written before now."""
    assert judge(None, newest, NOW, "b", 5.0).steady_since == steady_since


def test_a_jump_is_forgiven_after_a_day_and_later_rows_after_a_week() -> None:
    """An even run is what a right clock has; later times in the database need a longer one."""
    jumped = Moment(NOW, "b", 0.0, steady_since=NOW)
    assert doubt(jumped, NOW) is not None
    assert doubt(Moment(NOW + DAY, "b", 0.0, NOW), NOW) is None
    assert doubt(Moment(NOW + DAY, "b", 0.0, NOW), NOW + YEAR) is not None
    assert doubt(Moment(NOW + 7 * DAY, "b", 0.0, NOW), NOW + YEAR) is None
    assert judge(jumped, NOW, NOW + DAY, "b", float(DAY)).steady_since == NOW


async def swept(store: Store, clock: FakeClock, table: str = "health_trends") -> tuple[int, str | None]:
    janitor = Janitor(store, Settings(), clock)
    report = await janitor.gc(janitor.policy)
    return sum(rows for (name, _), rows in report.counts.items() if name == table), report.refused


@pytest.mark.parametrize("jump", [10 * YEAR, -YEAR])
async def test_a_clock_that_was_set_deletes_nothing_for_a_day(
    connection: sqlite3.Connection, store: Store, clock: FakeClock, jump: int
) -> None:
    """Ten years ahead or a year back: every row is there until the clock has run evenly, and what is old then goes."""
    insert(connection, *(a(HealthTrendRow, metric_name="m", recorded_at=days_ago(age)) for age in (95, 94, 10, 1)))
    janitor = Janitor(store, Settings(), clock)
    await janitor.restore()
    clock.jump(jump)
    total, refused = await swept(store, clock)
    assert (total, refused is not None) == (0, True)
    assert connection.execute("SELECT count(*) FROM health_trends").fetchone() == (4,)
    clock.jump(-jump)  # set right again: an hour later nobody knows yet, a day later they do
    clock.advance(3600)
    assert (await swept(store, clock))[1] is not None
    clock.advance(DAY)
    assert await swept(store, clock) == (2, None)


async def test_a_machine_that_slept_for_a_year_sweeps_when_it_wakes(
    connection: sqlite3.Connection, store: Store, clock: FakeClock
) -> None:
    """The boot clock counts what was slept, so the time is believed."""
    insert(connection, *(a(ScanHistoryRow, root_path="/w", started_at=days_ago(age)) for age in (3, 2)))
    assert await swept(store, clock, "scan_history") == (0, None)
    clock.advance(YEAR)
    assert await swept(store, clock, "scan_history") == (1, None)


def test_the_machine_has_a_boot_clock() -> None:
    """Its id stays, and it runs."""
    clock = SystemClock()
    (boot, first), (again, second) = clock.boot(), clock.boot()
    assert boot == again
    assert 0 < first <= second
