"""What the guard watches over: the log, the clock, the backups; what it cannot mend it says, by name."""
# ruff: noqa: ASYNC220 - nothing else runs in a test's loop

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from driftd.clock import FakeClock
from driftd.daemon.guard import BACKUP_S, FIRST_BACKUP_S, STARVED_S, Guard, is_due, readers
from driftd.rows.enforcement import FeedbackRow
from driftd.rows.workspace import WorkspaceEventRow
from driftd.store import backup
from driftd.store.commands import Append, Checkpoint, Update
from driftd.store.connect import connect_reader
from driftd.store.journal import GROWTH
from driftd.store.store import Store
from tests.store.kept import database, kept, said, say, spoil

MIB = 1 << 20
YEAR = 365 * 24 * 3600

HOLD = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN")
connection.execute("SELECT count(*) FROM workspace_events").fetchone()
print("reading", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def store(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Store]:
    async with kept(tmp_path, clock) as opened:
        yield opened


class Listener:
    """Hears what a guard tells."""

    def __init__(self) -> None:
        self.heard: list[str | None] = []

    def __call__(self, payload: Mapping[str, object]) -> None:
        reason = payload["reason"]
        assert reason is None or isinstance(reason, str)
        self.heard.append(reason)


def guard_of(store: Store, clock: FakeClock, listener: Listener, wal_limit: int = 64 * MIB) -> Guard:
    return Guard(store, clock, listener, wal_limit=wal_limit)


async def events(store: Store, kind: str) -> list[Any]:
    return await store.reader.fetch("SELECT details FROM workspace_events WHERE event_type = ?", (kind,))


async def write(store: Store, kib: int) -> None:
    """Let the log grow by about so much."""
    for _ in range(kib // 64):
        rows = [WorkspaceEventRow(event_type="x", details='"' + "y" * 60_000 + '"')]
        await store.writer.submit(Append(WorkspaceEventRow, rows))


async def test_a_reader_that_stays_is_named_after_ten_minutes(store: Store, clock: FakeClock) -> None:
    """Another process keeps a transaction open: its id and its name stand in the alarm, which ends with it."""
    listener = Listener()
    guard = guard_of(store, clock, listener)
    command = [sys.executable, "-c", HOLD, str(store.path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as reader:
        assert reader.stdout is not None
        reader.stdout.readline()
        await write(store, 128)
        await store.writer.submit(Checkpoint("TRUNCATE"))
        await guard.look()
        assert listener.heard == []
        clock.advance(STARVED_S)
        await guard.look()
        await guard.look()
        assert len(listener.heard) == 1
        assert f"process {reader.pid} (python" in str(listener.heard[0])
        assert len(await events(store, "degraded")) == 1
        reader.communicate("")
    await store.writer.submit(Checkpoint("TRUNCATE"))
    await guard.look()
    assert listener.heard[1:] == [None]


async def test_a_log_that_nears_its_bound_raises_the_alarm_before_it(store: Store, clock: FakeClock) -> None:
    """However short the reader has been at it: at half of what the log may take, it is named."""
    listener = Listener()
    guard = guard_of(store, clock, listener, wal_limit=4 * MIB)
    with closing(connect_reader(store.path)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM workspace_events").fetchone()
        while store.writer.stats().wal_bytes < MIB:
            await write(store, 256)
        await store.writer.submit(Checkpoint("TRUNCATE"))
        await guard.look()
        assert listener.heard == []
        while store.writer.stats().wal_bytes < 2 * MIB:
            await write(store, 64)
        await guard.look()
        assert store.writer.stats().wal_bytes < 4 * MIB
    assert len(listener.heard) == 1
    assert "a reader keeps an old transaction open" in str(listener.heard[0])


async def test_a_long_log_is_tried_under_load_too(
    store: Store, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is ever idle: that the log cannot be moved is found out all the same, and the guard is woken."""
    monkeypatch.setattr("driftd.store.writer.WAL_LONG", MIB)
    woken = []
    store.writer.on_starved = lambda: woken.append(1)
    with closing(connect_reader(store.path)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM workspace_events").fetchone()
        await write(store, 4096)
        assert store.writer.stats().wal_starved_since == clock.now()
    assert woken == [1]
    clock.advance(10)
    await write(store, 64)
    await store.writer.barrier()
    assert store.writer.stats().wal_starved_since is None


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("1: POSIX  ADVISORY  READ 1 {device} 124 124", True),
        ("1: POSIX  ADVISORY  READ 1 {device} 120 128", True),
        ("1: POSIX  ADVISORY  WRITE 1 {device} 120 120", False),  # the writer's
        ("1: POSIX  ADVISORY  READ 1 {device} 128 128", False),  # says only that it has the file open
        ("1: -> POSIX  ADVISORY  READ 1 00:00:1 124 124", False),
        ("1: FLOCK  ADVISORY  WRITE 1 {device} 0 EOF", False),
        ("nonsense", False),
    ],
)
async def test_readers_are_those_that_hold_a_read_lock(store: Store, tmp_path: Path, line: str, named: bool) -> None:
    """Of all locks of the system, those on the bytes that SQLite's readers lock, in this database's own file."""
    status = store.path.with_name("drift.db-shm").stat()
    device = f"{status.st_dev >> 8:02x}:{status.st_dev & 0xFF:02x}:{status.st_ino}"
    locks = tmp_path / "locks"
    locks.write_text(line.format(device=device) + "\n")
    assert bool(readers(store.path, locks)) is named


@pytest.mark.parametrize("jump", [-YEAR, 10 * YEAR])
async def test_a_clock_that_was_set_is_recorded(tmp_path: Path, jump: int) -> None:
    """The wall clock leaves the machine's own by a year or ten: once, as an event; a slow drift is none."""
    clock = FakeClock()
    async with kept(tmp_path, clock) as store:
        guard = guard_of(store, clock, Listener())
        clock.advance(3600)
        await guard.look()
        clock.jump(jump)
        await guard.look()
        await guard.look()
        assert await events(store, "clock_set") == [(f'{{"by_s":{jump}}}',)]


async def test_a_backup_is_made_once_a_day(store: Store, clock: FakeClock) -> None:
    """After the first minute, then daily; on a clock that was set back or forward it goes on."""
    guard = guard_of(store, clock, Listener())

    async def number(after: float) -> int:
        clock.advance(after)
        await guard.look()
        return len(backup.backups(store.path))

    await say(store, "v")
    assert await number(FIRST_BACKUP_S / 2) == 0
    assert await number(FIRST_BACKUP_S) == 1
    assert await number(BACKUP_S / 2) == 1
    assert await number(BACKUP_S / 2) == 2
    assert await number(BACKUP_S) == 3
    assert is_due(store.path, clock.now() - YEAR)
    assert is_due(store.path, clock.now() + 10 * YEAR)
    assert await number(30 * BACKUP_S) == 4
    for _ in range(10):
        await number(BACKUP_S)
    assert len(backup.backups(store.path)) == backup.KEPT["scheduled"]


async def test_a_backup_that_fails_is_told_and_tried_again(store: Store, clock: FakeClock) -> None:
    """Where the folder cannot be made the daemon is degraded, until it can."""
    listener = Listener()
    guard = guard_of(store, clock, listener)
    in_the_way = backup.folder_of(store.path)
    in_the_way.write_text("")
    clock.advance(FIRST_BACKUP_S)
    await guard.look()
    assert listener.heard[0] is not None
    assert listener.heard[0].startswith("no backup could be made")
    in_the_way.unlink()
    clock.advance(3600)
    await guard.look()
    assert listener.heard[1:] == [None]
    assert len(backup.backups(store.path)) == 1


async def test_damage_that_a_backup_comes_upon_is_reported(tmp_path: Path, clock: FakeClock) -> None:
    """The daily copy is checked as a whole, so damage that no query has met does not stay unnoticed."""
    found = []
    (tmp_path / ".drift").mkdir()
    async with Store.open(database(tmp_path), clock, workspace=tmp_path, on_damage=lambda: found.append(1)) as store:
        await say(store, "v")
        await write(store, 1024)
        await store.writer.submit(Checkpoint("TRUNCATE"))
        guard = guard_of(store, clock, Listener())
        spoil(store.path, store.path.stat().st_size // 4096 - 3, 2)
        clock.advance(FIRST_BACKUP_S)
        await guard.look()
        assert found
        assert backup.backups(store.path) == []
    async with kept(tmp_path, clock) as store:
        assert await said(store) == ["v"]


async def test_a_journal_that_has_grown_is_begun_anew(store: Store, clock: FakeClock) -> None:
    """Between two backups as well: it stays within about twice what it says and a mebibyte."""
    guard = guard_of(store, clock, Listener())
    clock.advance(FIRST_BACKUP_S)
    await guard.look()
    assert store.journal is not None
    await say(store, "v")
    for number in range(12):
        await store.writer.submit(Update(FeedbackRow, [1], {"reason": f"{number}" + "x" * 100_000}))
    assert store.journal.has_grown
    await store.writer.submit(Update(FeedbackRow, [1], {"reason": "x"}))
    await guard.look()
    assert store.journal.size < GROWTH // 4
    assert await said(store) == ["v"]
