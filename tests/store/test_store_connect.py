"""Connections: settings that hold, files that are closed to others, damage that is put aside."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from driftd.errors import StoreError
from driftd.store.connect import connect_reader, connect_writer, quarantine, wal_bytes


def pragma(connection: sqlite3.Connection, name: str) -> object:
    return connection.execute(f"PRAGMA {name}").fetchone()[0]


def test_writer_settings(path: Path) -> None:
    """The writer works with a log, references, incremental vacuum and bounded memory."""
    with closing(connect_writer(path)) as connection:
        assert {name: pragma(connection, name) for name in ("journal_mode", "auto_vacuum", "foreign_keys")} == {
            "journal_mode": "wal",
            "auto_vacuum": 2,
            "foreign_keys": 1,
        }
        assert pragma(connection, "synchronous") == 1
        assert pragma(connection, "busy_timeout") == 5000
        assert pragma(connection, "temp_store") == 2
        assert pragma(connection, "cache_size") == -32000
        assert pragma(connection, "wal_autocheckpoint") == 8000
        assert pragma(connection, "journal_size_limit") == 64 * 1024 * 1024


def test_files_are_the_owners_alone(path: Path) -> None:
    """Database and log have mode 0600, also where a database was open to others before."""
    path.touch(0o644)
    with closing(connect_writer(path)) as connection:
        connection.execute("CREATE TABLE t (x INTEGER) STRICT")
        for suffix in ("", "-wal", "-shm"):
            assert path.with_name(path.name + suffix).stat().st_mode & 0o777 == 0o600
        assert wal_bytes(path) > 0
    assert wal_bytes(path) == 0


def test_reader_cannot_write(path: Path) -> None:
    """A reader's connection refuses every write."""
    with closing(connect_writer(path)) as writer:
        writer.execute("CREATE TABLE t (x INTEGER) STRICT")
        with closing(connect_reader(path)) as reader, pytest.raises(sqlite3.OperationalError, match="readonly"):
            reader.execute("INSERT INTO t VALUES (1)")


def test_reader_makes_no_database(path: Path) -> None:
    """Reading a database that is not there is a StoreError and makes no file."""
    with pytest.raises(StoreError, match="read-only"):
        connect_reader(path)
    assert not path.exists()


def test_foreign_database_becomes_incremental(path: Path) -> None:
    """A database that another program made without incremental vacuum is turned to it, once."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE t (x INTEGER)")
    with closing(connect_writer(path)) as connection:
        assert pragma(connection, "auto_vacuum") == 2


def test_quarantine_moves_everything_aside(path: Path) -> None:
    """A damaged database leaves with its side files under a name with the time; a second one gets another name."""
    for _ in range(2):
        for suffix in ("", "-wal", "-shm"):
            path.with_name(path.name + suffix).write_text(suffix)
        quarantine(path, 77)
    assert {file.name: file.read_text() for file in path.parent.iterdir()} == {
        f"drift.db.damaged-77{number}{suffix}": suffix for number in ("", "-2") for suffix in ("", "-wal", "-shm")
    }
