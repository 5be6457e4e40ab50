"""When sweeps run, what is recorded of them, and what listeners hear."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

import anyio
import msgspec
import pytest

from driftd.clock import FakeClock
from driftd.config import RetentionSettings, Settings
from driftd.errors import BusyError
from driftd.retention import janitor as module
from driftd.retention.growth import growth
from driftd.retention.janitor import Janitor
from driftd.retention.policy import MIB
from driftd.rows.enforcement import HealthTrendRow
from driftd.store.store import Store
from tests.retention.rows import DAY, NOW, a, days_ago, insert

HOUR = 3600


class Heard:
    """What a janitor told its listeners, and a way to wait for it."""

    def __init__(self) -> None:
        self.events: list[tuple[str, Mapping[str, Any]]] = []
        self._news = anyio.Event()

    def publish(self, topic: str, payload: Mapping[str, Any]) -> None:
        self.events.append((topic, payload))
        self._news.set()

    async def until(self, topics: list[str]) -> None:
        while [topic for topic, _ in self.events] != topics:
            self._news = anyio.Event()
            await self._news.wait()


def a_janitor(store: Store, clock: FakeClock, heard: Heard, **retention: Any) -> Janitor:
    settings = Settings(retention=RetentionSettings(**retention))
    return Janitor(store, settings, clock, publish=heard.publish)


def sweeps(connection: sqlite3.Connection) -> list[dict[str, Any]]:
    found = connection.execute("SELECT details FROM workspace_events WHERE event_type = 'sweep' ORDER BY id")
    return [msgspec.json.decode(details) for (details,) in found]


async def test_sweeps_come_when_they_are_due(
    connection: sqlite3.Connection, store: Store, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first ten minutes after the start, the next a day and up to a tenth of one later."""
    monkeypatch.setattr(module, "CHECK_S", 0.001)
    heard = Heard()
    janitor = a_janitor(store, clock, heard)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(janitor.run)
        clock.advance(10 * 60)
        await heard.until(["gc.finished"])
        status = await janitor.status()
        next_at = status["next_sweep_at"]
        assert isinstance(next_at, int)
        assert DAY <= next_at - clock.now() <= DAY * 1.1
        clock.advance(next_at - clock.now() - 1)
        await anyio.wait_all_tasks_blocked()
        assert len(sweeps(connection)) == 1
        clock.advance(1)
        await heard.until(["gc.finished"] * 2)
        tasks.cancel_scope.cancel()
    assert [sweep["trigger"] for sweep in sweeps(connection)] == ["timer", "timer"]


async def test_the_next_process_goes_on_with_the_schedule(
    connection: sqlite3.Connection, store: Store, clock: FakeClock
) -> None:
    """A daemon that is restarted within the day sweeps a day after the last sweep, not a day after its start."""
    first = a_janitor(store, clock, Heard())
    await first.gc(first.policy)
    clock.advance(5 * HOUR)
    second = a_janitor(store, clock, Heard())
    await second.restore()
    due = (await second.status())["next_sweep_at"]
    assert isinstance(due, int)
    assert NOW + DAY <= due <= NOW + DAY * 1.1
    clock.advance(5 * DAY)  # long overdue: soon, but not in the middle of the start
    third = a_janitor(store, clock, Heard())
    await third.restore()
    assert (await third.status())["next_sweep_at"] == clock.now() + 600


async def test_many_removed_files_bring_the_sweep_forward(store: Store, clock: FakeClock) -> None:
    """A hundred files and a twentieth of all: there is much to give back."""
    janitor = a_janitor(store, clock, Heard())
    await janitor.gc(janitor.policy)
    clock.advance(HOUR)
    for files, total, soon in ((99, 100, False), (100, 2001, True)):
        janitor.removed(files, total - 1 if soon else total)
        assert ((await janitor.status())["next_sweep_at"] == clock.now()) is soon
    janitor.removed(100, 100_000)
    assert (await janitor.status())["next_sweep_at"] == clock.now()


async def test_the_light_sweep_is_for_those_that_did_not_sweep_lately(
    connection: sqlite3.Connection, store: Store, clock: FakeClock
) -> None:
    """At the end of a daemon, unless one ran within the hour or nobody wants it."""
    await a_janitor(store, clock, Heard(), on_shutdown=False).light()
    assert sweeps(connection) == []
    janitor = a_janitor(store, clock, Heard())
    await janitor.light()
    assert [sweep["trigger"] for sweep in sweeps(connection)] == ["shutdown"]
    clock.advance(HOUR - 1)
    await janitor.light()
    assert len(sweeps(connection)) == 1
    clock.advance(1)
    await janitor.light()
    assert len(sweeps(connection)) == 2


async def test_what_a_sweep_did_is_recorded(connection: sqlite3.Connection, store: Store, clock: FakeClock) -> None:
    """With counts by table and reason and the sizes before and after; a dry run leaves no record."""
    insert(connection, *(a(HealthTrendRow, metric_name="m", recorded_at=days_ago(age)) for age in (95, 94, 1)))
    heard = Heard()
    janitor = a_janitor(store, clock, heard)
    await janitor.gc(janitor.policy, dry_run=True)
    assert (sweeps(connection), heard.events) == ([], [])
    report = await janitor.gc(janitor.policy)
    (recorded,) = sweeps(connection)
    assert recorded["deleted"] == {"health_trends: age": 2}
    assert (recorded["bytes_before"], recorded["bytes_after"]) == (report.bytes_before, report.bytes_after)
    assert [topic for topic, _ in heard.events] == ["gc.finished"]
    assert (await janitor.status())["last_sweep"] == {"at": NOW, **recorded}


async def test_other_days_for_once(connection: sqlite3.Connection, store: Store, clock: FakeClock) -> None:
    """`retention_days` is for all timed tiers, unless one is named."""
    insert(connection, *(a(HealthTrendRow, metric_name="m", recorded_at=days_ago(age)) for age in (20, 10, 5)))
    janitor = a_janitor(store, clock, Heard())
    for days, expected in (
        ({"retention_days": 30}, 0),
        ({"retention_days": 30, "short_days": 1}, 0),
        ({"retention_days": 30, "medium_days": 15, "short_days": 15}, 1),
        ({"retention_days": 7}, 2),
    ):
        report = await janitor.gc(janitor.policy.overridden(**days), dry_run=True)
        assert report.total == expected, days


async def test_a_bound_that_is_passed_is_said_once(
    connection: sqlite3.Connection, store: Store, clock: FakeClock
) -> None:
    """An event, a record and the status say it; the same again is no news."""
    connection.execute("CREATE TABLE ballast AS SELECT randomblob(2000000) AS b")
    heard = Heard()
    janitor = a_janitor(store, clock, heard, max_db_mb=1)
    for _ in range(2):
        report = await janitor.gc(janitor.policy)
        assert report.over_bytes > MIB
    assert [topic for topic, _ in heard.events] == ["gc.finished", "degraded", "gc.finished"]
    assert "more than retention.max_db_mb = 1" in str(janitor.trouble)
    found = connection.execute("SELECT count(*) FROM workspace_events WHERE event_type = 'degraded'").fetchone()
    assert found == (1,)


async def test_a_sweep_under_way_is_broken_off_at_the_end(
    connection: sqlite3.Connection, store: Store, clock: FakeClock
) -> None:
    """Whoever asked for it hears why; what it has deleted is consistent, and one that ends is bounded in time."""
    insert(connection, *(a(HealthTrendRow, metric_name="m", recorded_at=days_ago(100 + at)) for at in range(100)))
    janitor = a_janitor(store, clock, Heard())
    started = anyio.Event()

    async def ask() -> None:
        with pytest.raises(BusyError, match="broken off"):
            await janitor.gc(janitor.policy, progress=lambda *_: started.set())

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ask)
        await started.wait()
        await janitor.light()
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


@pytest.mark.parametrize(
    ("samples", "now", "most", "per_day", "danger"),
    [
        ([], 10, 0, None, None),
        ([(0, 10)], 10, 0, None, None),
        ([(DAY * at, MIB * 10 + MIB * at) for at in range(10)], MIB * 20, 0, MIB, None),
        ([(DAY * at, MIB * 10 + MIB * at) for at in range(10)], MIB * 20, MIB * 30, MIB, "will reach"),
        ([(DAY * at, MIB * 10 + MIB * at) for at in range(10)], MIB * 20, MIB * 60, MIB, None),
        ([(DAY * at, MIB * 10) for at in range(10)], MIB * 10, MIB * 11, 0, "nearly"),
        ([(DAY * at, MIB * 10) for at in range(10)], MIB * 12, MIB * 11, 0, "more than"),
    ],
)
def test_growth(samples: list[tuple[int, int]], now: int, most: int, per_day: float | None, danger: str | None) -> None:
    """The slope of the samples, and whether the bound will be met within two weeks, or is near, or is passed."""
    found = growth(samples, now, most)
    assert found.bytes_per_day == (None if per_day is None else pytest.approx(per_day))
    assert (found.danger is None) if danger is None else (danger in str(found.danger))
