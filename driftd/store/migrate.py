"""Bringing a database to the current schema: numbered SQL files, forward only, each in one transaction with its number.

A newer database is refused and left as it is; an older one is backed up first.
"""

from __future__ import annotations

import os
import re
import sqlite3
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Final

import msgspec

from driftd.errors import SchemaTooNewError, StoreError
from driftd.store.connect import SIDE_FILES, connect_reader, wal_bytes
from driftd.store.failures import store_error

KEPT_BACKUPS: Final = 3
_FOLDER: Final = Path(__file__).with_name("migrations")
_MAGIC: Final = b"SQLite format 3\0"
_HEADER_BYTES: Final = 100
_VERSION_AT: Final = 60  # offset of user_version in the header of a database file


class Migration(msgspec.Struct, frozen=True):
    """One step of the schema."""

    version: int
    name: str
    sql: str


@cache
def migrations() -> tuple[Migration, ...]:
    """Return all migrations in order; RuntimeError where a number is missing."""
    found = [
        Migration(int(match[1]), match[2], file.read_text(encoding="utf-8"))
        for file in sorted(_FOLDER.iterdir())
        if (match := re.fullmatch(r"v(\d{3})_(\w+)\.sql", file.name))
    ]
    if [step.version for step in found] != list(range(1, len(found) + 1)):
        raise RuntimeError(f"{_FOLDER}: the migrations are not numbered 1, 2, 3 …")
    return tuple(found)


def schema_version() -> int:
    """Return the version that this code works with."""
    return migrations()[-1].version


def refuse_newer(path: Path) -> None:
    """Raise SchemaTooNewError if the database at `path` is newer than this code, without touching it.

    StoreError if the file is no database; nothing where it is missing or empty.
    """
    try:
        with path.open("rb") as file:
            header = file.read(_HEADER_BYTES)
    except FileNotFoundError:
        return
    except OSError as error:
        raise store_error(error, "opening", path) from error
    if not header:
        return
    if not header.startswith(_MAGIC):
        damaged = sqlite3.DatabaseError("file is not a database")
        damaged.sqlite_errorcode = sqlite3.SQLITE_NOTADB
        raise store_error(damaged, "opening", path) from damaged
    _check(path, int.from_bytes(header[_VERSION_AT : _VERSION_AT + 4], "big"))
    if wal_bytes(path):  # the number may stand in the log only; a read-only connection leaves the log alone
        with closing(connect_reader(path)) as connection:
            _check(path, _version(connection, path))


def upgrade(connection: sqlite3.Connection, path: Path) -> int:
    """Apply what is missing and return the version the database had.

    An existing database is backed up before; StoreError, and the last complete version stays, if a step fails.
    """
    before = _version(connection, path)
    _check(path, before)
    missing = migrations()[before:]
    if missing and before:
        back_up(connection, path, before)
    for step in missing:
        try:
            connection.executescript(f"BEGIN IMMEDIATE;\n{step.sql}\nPRAGMA user_version = {step.version};\nCOMMIT;")
        except sqlite3.Error as error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise store_error(error, f"migrating to v{step.version:03} ({step.name})", path) from error
    if missing:
        connection.executescript("PRAGMA incremental_vacuum;")  # of indexes that went
    return before


def back_up(connection: sqlite3.Connection, path: Path, version: int) -> Path:
    """Copy the database to `NAME.vVERSION.bak` beside it, check the copy, keep the newest three, return its path."""
    target = path.with_name(f"{path.name}.v{version}.bak")
    unfinished = target.with_name(target.name + ".tmp")
    unfinished.unlink(missing_ok=True)
    os.close(os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        with closing(sqlite3.connect(unfinished)) as copy:
            connection.backup(copy)
            (verdict,) = copy.execute("PRAGMA integrity_check(1)").fetchone()
        if verdict != "ok":
            raise StoreError(f"{path}: its backup is damaged: {verdict}", hint="run `driftd doctor`")
        unfinished.replace(target)
    except sqlite3.Error as error:
        raise store_error(error, "backing up before an upgrade", path) from error
    finally:
        for suffix in ("", *SIDE_FILES):
            unfinished.with_name(unfinished.name + suffix).unlink(missing_ok=True)
    backups = sorted(path.parent.glob(f"{path.name}.v*.bak"), key=lambda file: (file.stat().st_mtime_ns, file.name))
    for old in backups[:-KEPT_BACKUPS]:
        old.unlink()
    return target


def _version(connection: sqlite3.Connection, path: Path) -> int:
    try:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
    except sqlite3.Error as error:
        raise store_error(error, "reading the schema's version", path) from error
    return int(version)


def _check(path: Path, version: int) -> None:
    if version > schema_version():
        raise SchemaTooNewError(
            f"{path}: its schema is v{version:03}, this driftd knows up to v{schema_version():03}",
            hint="update driftd, or move the file away to analyse anew",
        )
