"""Migrations: from every version, all or nothing, never backwards, never without a backup."""
# ruff: noqa: ASYNC240 - nothing else runs in a test's loop

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from driftd.errors import SchemaTooNewError, StoreError
from driftd.store import migrate
from driftd.store.connect import connect_writer
from driftd.store.failures import is_corrupt
from driftd.store.store import Store

NEWEST = 13


def schema(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    return connection.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()


def make(path: Path, version: int) -> None:
    """Make a database of an old version with a row in it."""
    with closing(connect_writer(path)) as connection:
        for step in migrate.migrations()[:version]:
            connection.executescript(step.sql)
        connection.execute(f"PRAGMA user_version = {version}")
        connection.execute("INSERT INTO scan_history (started_at, root_path, \"trigger\") VALUES (1, '.', 'startup')")


@pytest.mark.parametrize("version", range(1, NEWEST))
def test_every_version_ends_at_the_newest(path: Path, tmp_path: Path, version: int) -> None:
    """From any intermediate version the schema becomes the newest, and rows stay."""
    make(path, version)
    fresh = tmp_path / "fresh.db"
    with closing(connect_writer(fresh)) as new, closing(connect_writer(path)) as old:
        assert migrate.upgrade(new, fresh) == 0
        assert migrate.upgrade(old, path) == version
        assert schema(old) == schema(new)
        assert old.execute("PRAGMA user_version").fetchone() == (NEWEST,)
        assert old.execute("SELECT count(*) FROM scan_history").fetchone() == (1,)


def test_current_database_is_left_alone(path: Path) -> None:
    """Opening a current database applies nothing and backs up nothing."""
    make(path, NEWEST)
    with closing(connect_writer(path)) as connection:
        assert migrate.upgrade(connection, path) == NEWEST
    assert [file.name for file in path.parent.iterdir()] == ["drift.db"]


def test_upgrade_is_backed_up(path: Path) -> None:
    """Before an upgrade the old database is copied beside it, readable by its owner only."""
    make(path, 3)
    with closing(connect_writer(path)) as connection:
        migrate.upgrade(connection, path)
    backup = path.with_name("drift.db.v3.bak")
    assert backup.stat().st_mode & 0o777 == 0o600
    with closing(sqlite3.connect(backup)) as copy:
        assert copy.execute("PRAGMA user_version").fetchone() == (3,)
        assert copy.execute("SELECT count(*) FROM scan_history").fetchone() == (1,)
    assert not list(path.parent.glob("*.tmp*"))


def test_three_backups_are_kept(path: Path) -> None:
    """Of the backups the newest three stay."""
    make(path, 1)
    with closing(connect_writer(path)) as connection:
        for version in range(1, 6):
            migrate.back_up(connection, path, version)
    assert {file.name for file in path.parent.glob("*.bak")} == {f"drift.db.v{version}.bak" for version in (3, 4, 5)}


def test_failed_step_leaves_the_last_complete_version(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A step that fails half way is undone with its number; the steps before it stay."""
    good, *_ = migrate.migrations()
    bad = migrate.Migration(2, "bad", "CREATE TABLE half (x INTEGER) STRICT; CREATE TABLE half (x INTEGER) STRICT;")
    monkeypatch.setattr(migrate, "migrations", lambda: (good, bad))
    with closing(connect_writer(path)) as connection:
        with pytest.raises(StoreError, match=r"migrating to v002 \(bad\)"):
            migrate.upgrade(connection, path)
        assert not connection.in_transaction
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)
        assert "half" not in dict(schema(connection))


@pytest.mark.parametrize("in_log", [False, True])
async def test_newer_database_is_refused_untouched(path: Path, tmp_path: Path, in_log: bool) -> None:
    """A database of a newer driftd is refused, and not a byte of it or of its log changes."""
    make(path, NEWEST)
    source = path
    if in_log:  # as a killed daemon leaves it: the number stands in the log, not yet in the file
        source = tmp_path / "live" / "drift.db"
        source.parent.mkdir()
        path.rename(source)
    with closing(connect_writer(source)) as newer:
        newer.execute(f"PRAGMA user_version = {NEWEST + 1}")
        if in_log:
            for suffix in ("", "-wal"):
                path.with_name(path.name + suffix).write_bytes(source.with_name(source.name + suffix).read_bytes())
    before = {file.name: file.read_bytes() for file in path.parent.glob("drift.db*") if not file.name.endswith("-shm")}
    assert ("drift.db-wal" in before) == in_log
    with pytest.raises(SchemaTooNewError, match=f"v{NEWEST:03}"):
        async with Store.open(path):
            pass
    after = {file.name: file.read_bytes() for file in path.parent.glob("drift.db*") if not file.name.endswith("-shm")}
    assert after == before


@pytest.mark.parametrize("content", [b"not a database at all, but long enough to look at" * 100, b"SQLite format 3\0x"])
async def test_damaged_database_is_named(path: Path, content: bytes) -> None:
    """What is no database is a StoreError that names the file and tells that it is damaged."""
    path.write_bytes(content)
    with pytest.raises(StoreError, match=r"drift\.db") as caught:
        async with Store.open(path):
            pass
    assert is_corrupt(caught.value)
    assert caught.value.hint
    assert path.read_bytes() == content


async def test_unreadable_database_is_a_store_error(path: Path) -> None:
    """A path that cannot be opened is a StoreError with a hint, not corruption."""
    path.mkdir()
    with pytest.raises(StoreError) as caught:
        async with Store.open(path):
            pass
    assert not is_corrupt(caught.value)
