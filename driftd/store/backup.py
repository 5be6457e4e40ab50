"""Backups: made online from a snapshot, checked, rotated, and few.

An automatic backup leaves out what an analysis makes again, which is nearly all of the database: it keeps what people
typed, and the history.  Names sort by age, whatever the clock says: `000042-scheduled-20261126T013015Z.db`.
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal

import msgspec

from driftd.errors import StoreError
from driftd.rows.declare import Write, table_of
from driftd.rows.facts import FileMetadataRow, ParseCacheRow
from driftd.rows.graph import ReachabilityCacheRow
from driftd.rows.registry import TABLES
from driftd.store import sql
from driftd.store.connect import SIDE_FILES, connect_reader
from driftd.store.failures import store_error
from driftd.store.journal import sync_folder

FOLDER: Final = "backups"
Reason = Literal["schema_migration", "pre_destructive", "scheduled", "user_requested"]
KEPT: Final[Mapping[str, int]] = {"schema_migration": 5, "pre_destructive": 5, "scheduled": 7, "user_requested": 4}
MAX_BYTES: Final = 500 * 1024 * 1024
ALWAYS_KEPT: Final = 2  # the newest, whatever they take
STEP_PAGES: Final = 1000

_NAME: Final = re.compile(r"(\d{6,})-([a-z_]+)-(\w+)\.db")


class Backup(msgspec.Struct, frozen=True):
    """One backup of the folder."""

    path: Path
    number: int
    reason: str
    size: int
    made_at: int


def folder_of(database: Path) -> Path:
    """Return where the backups of a database are."""
    return database.with_name(FOLDER)


def backups(database: Path) -> list[Backup]:
    """Return the backups of a database, newest first."""
    found = []
    with suppress(FileNotFoundError, NotADirectoryError):
        for path in folder_of(database).iterdir():
            if match := _NAME.fullmatch(path.name):
                status = path.stat()
                found.append(Backup(path, int(match[1]), match[2], status.st_size, int(status.st_mtime)))
    return sorted(found, key=lambda backup: -backup.number)


def make(database: Path, reason: Reason, now: int, *, slim: bool) -> Backup:
    """Add a backup to the folder, checked, and remove what the rotation no longer keeps; StoreError if it fails.

    `slim` leaves out what an analysis makes again.  Reads through a connection of its own, so it disturbs no writer.
    """
    folder = folder_of(database)
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        newest = backups(database)[:1]
        number = newest[0].number + 1 if newest else 1
        stamp = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%SZ")
        path = folder / f"{number:06}-{reason}-{stamp}.db"
        copy(database, path, slim=slim)
        os.utime(path, (now, now))
        rotate(database)
        status = path.stat()
    except OSError as error:
        raise store_error(error, "backing up", database) from error
    return Backup(path, number, reason, status.st_size, int(status.st_mtime))


def copy(database: Path, target: Path, *, slim: bool = False) -> None:
    """Copy the database as it is now to `target`, which comes to be only when the copy is found sound."""
    unfinished = target.with_name(target.name + ".tmp")
    _remove(unfinished)
    try:
        os.close(os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        with closing(connect_reader(database)) as source, closing(sqlite3.connect(unfinished)) as made:
            # Without a snapshot the copy would begin again whenever somebody writes.
            source.execute("BEGIN")
            source.execute("SELECT count(*) FROM sqlite_schema").fetchone()
            source.backup(made, pages=STEP_PAGES)
            made.execute("PRAGMA journal_mode = DELETE")
            _require_sound_copy(made)
            if slim:
                _slim(made)
                _require_sound_copy(made)
        descriptor = os.open(unfinished, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        unfinished.replace(target)
        sync_folder(target.parent)
    except (sqlite3.Error, OSError) as error:
        raise store_error(error, "backing up", database) from error
    finally:
        _remove(unfinished)


def check(path: Path) -> list[str]:
    """Return what is wrong with a database file, at most a few sentences; an empty list if nothing is."""
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
            return _faults(connection)
    except sqlite3.Error as error:
        return [str(error)]


def rotate(database: Path) -> list[Path]:
    """Remove the backups beyond the numbers of `KEPT` and beyond `MAX_BYTES`, oldest first; return them."""
    removed = []
    counts: dict[str, int] = {}
    total = 0
    for index, backup in enumerate(backups(database)):
        counts[backup.reason] = counts.get(backup.reason, 0) + 1
        total += backup.size
        too_many = counts[backup.reason] > KEPT.get(backup.reason, 1)
        if index >= ALWAYS_KEPT and (too_many or total > MAX_BYTES):
            backup.path.unlink(missing_ok=True)
            total -= backup.size
            removed.append(backup.path)
    for leftover in folder_of(database).glob("*.tmp*"):
        leftover.unlink(missing_ok=True)
    return removed


def lineage_of(connection: sqlite3.Connection) -> int:
    """Return the number that a database keeps through all its copies; 0 where it has none."""
    (number,) = connection.execute("PRAGMA application_id").fetchone()
    return int(number)


def require_sound(path: Path) -> None:
    """Raise StoreError if `path` is no sound database."""
    if not path.is_file():
        raise StoreError(f"{path}: there is no such file", hint="name a backup: driftd doctor lists them")
    if faults := check(path):
        raise StoreError(f"{path}: it is damaged: {faults[0]}", hint="choose another backup: driftd doctor lists them")


def _faults(connection: sqlite3.Connection) -> list[str]:
    return [text for (text,) in connection.execute("PRAGMA integrity_check(5)") if text != "ok"]


def _require_sound_copy(made: sqlite3.Connection) -> None:
    if faults := _faults(made):
        error = sqlite3.DatabaseError(f"the copy is damaged: {faults[0]}")
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT  # so is what it was made from
        raise error


def _slim(connection: sqlite3.Connection) -> None:
    """Delete what an analysis makes again."""
    for name in _derived():
        connection.execute(f"DELETE FROM {sql.quoted(name)}")  # noqa: S608 - a declared name
    connection.commit()
    connection.execute("VACUUM")


def _derived() -> Iterator[str]:
    caches = (FileMetadataRow, ParseCacheRow, ReachabilityCacheRow)
    for row in TABLES:
        table = table_of(row)
        if table.write is Write.REPLACE or row in caches:
            yield table.name


def _remove(path: Path) -> None:
    for suffix in ("", "-journal", *SIDE_FILES):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
