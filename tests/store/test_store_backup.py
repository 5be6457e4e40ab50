"""Backups: whole, checked, few."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import anyio
import pytest

from driftd.clock import FakeClock
from driftd.errors import StoreError
from driftd.rows.workspace import WorkspaceEventRow
from driftd.store import backup
from driftd.store.backup import backups
from driftd.store.commands import Append, Checkpoint, Delete, IncrementalVacuum
from driftd.store.safekeeping import restore
from tests.store.kept import (
    analyse,
    database,
    file_size_limited,
    integrity,
    kept,
    said,
    say,
    spoil,
    type_everything,
    typed_rows,
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "a.py").touch()
    return tmp_path


def count(path: Path, table: str) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


async def test_a_backup_is_taken_while_others_write(root: Path) -> None:
    """It is the database of one moment: as many rows of feedback as were there when it began, or more."""
    async with kept(root) as store:
        await say(store, *(f"before{number}" for number in range(20)))
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(say, store, *(f"meanwhile{number}" for number in range(200)))
            made = await store.back_up("scheduled")
    assert integrity(made.path) == ["ok"]
    assert 20 <= count(made.path, "feedback") <= 220
    assert made.path.stat().st_mode & 0o777 == 0o600


async def test_an_automatic_backup_leaves_out_what_an_analysis_makes(root: Path) -> None:
    """Files, functions and caches are not in it; what people typed and the history are."""
    async with kept(root) as store:
        await analyse(store, root)
        await type_everything(store)
        slim = await store.back_up("scheduled", slim=True)
        full = await store.back_up("user_requested", slim=False)
    assert [count(slim.path, table) for table in ("file_metadata", "feedback", "scan_history")] == [0, 1, 1]
    assert [count(full.path, table) for table in ("file_metadata", "feedback", "scan_history")] == [1, 1, 1]


async def test_each_reason_keeps_so_many(root: Path) -> None:
    """Of scheduled ones 7, of those before something destructive 5, of those asked for 4; names sort by age."""
    clock = FakeClock()
    reasons: tuple[backup.Reason, ...] = ("scheduled", "pre_destructive", "user_requested")
    async with kept(root, clock) as store:
        for _ in range(9):
            for reason in reasons:
                await store.back_up(reason)
                clock.advance(-5000)  # a clock that goes back changes nothing
        found = backups(store.path)
    assert [backup.reason for backup in found].count("scheduled") == 7
    assert [backup.reason for backup in found].count("pre_destructive") == 5
    assert [backup.reason for backup in found].count("user_requested") == 4
    numbers = [backup.number for backup in found]
    assert numbers == sorted(numbers, reverse=True)
    assert numbers[0] == 27


async def test_all_of_them_keep_within_a_size(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest go first; the newest two stay whatever they take."""
    async with kept(root) as store:
        size = (await store.back_up("scheduled")).size
        monkeypatch.setattr(backup, "MAX_BYTES", 3 * size + size // 2)
        for _ in range(4):
            await store.back_up("scheduled")
        assert [made.number for made in backups(store.path)] == [5, 4, 3]
        monkeypatch.setattr(backup, "MAX_BYTES", 10)
        await store.back_up("scheduled")
        assert [made.number for made in backups(store.path)] == [6, 5]


async def test_a_backup_of_a_damaged_database_is_none(root: Path) -> None:
    """A copy that is not sound does not come to be, and does not push a good one out."""
    async with kept(root) as store:
        await say(store, "v")
        good = await store.back_up("scheduled")
    spoil(database(root), 20, 3)
    with pytest.raises(StoreError):
        backup.make(database(root), "scheduled", 2000, slim=True)
    assert [made.path for made in backups(database(root))] == [good.path]
    assert sorted(path.name for path in backup.folder_of(database(root)).iterdir()) == [good.path.name]


async def test_a_full_disk_leaves_no_half_of_one(root: Path) -> None:
    """A copy that does not fit is refused with a hint; no file of it stays, and the journal is as it was."""
    async with kept(root) as store:
        await say(store, "v")
        with file_size_limited(100 * 1024), pytest.raises(StoreError, match="full"):
            await store.back_up("scheduled")
        assert list(backup.folder_of(database(root)).iterdir()) == []
        await say(store, "later")
    database(root).unlink()
    async with kept(root) as store:
        assert await said(store) == ["v", "later"]


async def test_a_full_disk_does_not_spoil_the_vacuum(root: Path) -> None:
    """Where free pages cannot be given back, that is refused; what is written afterwards is written."""
    async with kept(root) as store:
        for number in range(40):
            row = WorkspaceEventRow(event_type=f"{number}", details='"' + "x" * 60_000 + '"')
            await store.writer.submit(Append(WorkspaceEventRow, [row]))
        await store.writer.submit(Checkpoint("TRUNCATE"))
        await store.writer.submit(Delete(WorkspaceEventRow, range(1, 41)))
        await store.writer.submit(Checkpoint("TRUNCATE"))
        with file_size_limited(4096), pytest.raises(StoreError, match="full"):
            await store.writer.submit(IncrementalVacuum(0))
        await say(store, "v")
        (freed,) = await store.writer.submit(IncrementalVacuum(0))
        assert freed.value > 500
        assert await store.reader.integrity() == []
        assert await said(store) == ["v"]


async def test_a_restored_backup_is_what_counts(root: Path) -> None:
    """What was typed after it is not in the database, nor does the journal bring it back; all that was is put aside."""
    async with kept(root) as store:
        await analyse(store, root)
        await type_everything(store)
        before = await typed_rows(store)
        made = await store.back_up("user_requested", slim=False)
        await say(store, "mistake")
    put_aside = restore(database(root), made.path, 3000)
    for _ in range(2):
        async with kept(root) as store:
            assert await typed_rows(store) == before
        (root / ".drift" / "drift.db.closed").unlink()
    assert put_aside is not None
    assert count(put_aside, "feedback") == 2


async def test_a_damaged_backup_is_not_restored(root: Path) -> None:
    """It is refused before anything is touched."""
    async with kept(root) as store:
        await say(store, "v")
        made = await store.back_up("user_requested", slim=False)
    spoil(made.path)
    with pytest.raises(StoreError, match="damaged"):
        backup.require_sound(made.path)
    with pytest.raises(StoreError):
        restore(database(root), made.path, 3000)
    async with kept(root) as store:
        assert await said(store) == ["v"]
        assert store.recovery.as_dict() == {}
