"""Opening the database file: connections, their settings, and how a damaged file is put aside.

Private names of aiosqlite are used here and nowhere else; its minor version is pinned for that.
"""

from __future__ import annotations

import os
import sqlite3
from typing import TYPE_CHECKING, Any, Final, ParamSpec, TypeVar
from urllib.parse import quote

import aiosqlite
import anyio
import anyio.to_thread

from driftd.errors import StoreError
from driftd.store.failures import store_error

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

P = ParamSpec("P")
T = TypeVar("T")

SIDE_FILES: Final = ("-wal", "-shm")
_INCREMENTAL: Final = 2
_COMMON: Final = """
    PRAGMA busy_timeout = 5000;
    PRAGMA temp_store = MEMORY;
    PRAGMA mmap_size = 33554432;
"""
AUTOCHECKPOINT_PAGES: Final = 8000
_WRITER: Final = f"""
    PRAGMA foreign_keys = ON;
    PRAGMA synchronous = NORMAL;
    PRAGMA cache_size = -32000;  -- a first analysis touches every page of several indexes again and again
    PRAGMA wal_autocheckpoint = {AUTOCHECKPOINT_PAGES};  -- 32 MB: a hot page moves to the file once, not once per 4 MB of log
    PRAGMA journal_size_limit = 67108864;
    PRAGMA secure_delete = FAST;  -- what is deleted is overwritten where its page is written anyway, not page by page
"""
_READER: Final = """
    PRAGMA query_only = ON;
    PRAGMA cache_size = -2000;
"""


# Nothing is to be adapted, but where sqlite3 finds no adapter for NULL or bytes, it makes and catches an exception for
# every such value: two fifths of what it takes to insert a row.  These change nothing.
sqlite3.register_adapter(type(None), {}.get)  # type: ignore[arg-type]  # None for None
sqlite3.register_adapter(bytes, bytes)


class Db(aiosqlite.Connection):
    """A connection on a thread of its own; a hop there costs about 50 µs, so one hop does a whole batch."""

    async def run(self, fn: Callable[..., T], *args: Any) -> T:
        """Call `fn(connection, *args)` on the connection's thread.

        Cancelling the caller does not stop the thread: whoever must know the outcome awaits this shielded.
        """
        result: T = await self._execute(fn, self._conn, *args)  # type: ignore[no-untyped-call]  # aiosqlite's own
        return result


async def open_db(connector: Callable[[], sqlite3.Connection]) -> Db:
    """Start a connection's thread and open the connection on it; if that fails or is cancelled, both are gone after."""
    opened: list[sqlite3.Connection] = []

    def connect() -> sqlite3.Connection:
        opened.append(connector())
        return opened[0]

    db = Db(connect, iter_chunk_size=64)
    try:
        await db
    except BaseException:  # aiosqlite tells the thread to stop, and neither waits nor closes what was opened meanwhile
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(db._thread.join)  # noqa: SLF001 - there is no public way to wait for it
        for connection in opened:
            connection.close()
        raise
    return db


def connect_writer(path: Path) -> sqlite3.Connection:
    """Open the database for writing, made if it does not exist, with mode 0600; StoreError if it cannot be used."""
    try:
        fresh = _claim(path)
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=256)
    except (OSError, sqlite3.Error) as error:
        raise store_error(error, "opening", path) from error
    try:
        connection.executescript(_COMMON)
        if fresh:
            connection.executescript(f"PRAGMA auto_vacuum = {_INCREMENTAL};")  # before WAL, or it stays 0
        (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
        connection.executescript(_WRITER)
        _assert_settings(connection, path, mode)
    except sqlite3.Error as error:
        connection.close()
        raise store_error(error, "opening", path) from error
    except BaseException:
        connection.close()
        raise
    return connection


def connect_reader(path: Path) -> sqlite3.Connection:
    """Open the database read-only; StoreError if it does not exist or cannot be used."""
    # On a read-only file system the log's index cannot be made; without a log nobody needs it.
    frozen = "" if os.access(path.parent, os.W_OK) or wal_bytes(path) else "&immutable=1"
    try:
        connection = sqlite3.connect(
            f"file:{quote(os.fspath(path))}?mode=ro{frozen}",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=256,
        )
    except sqlite3.Error as error:
        raise store_error(error, "opening read-only", path) from error
    try:
        connection.executescript(_COMMON + _READER)
    except sqlite3.Error as error:
        connection.close()
        raise store_error(error, "opening read-only", path) from error
    return connection


def connect_checkpointer(path: Path) -> sqlite3.Connection:
    """Open a connection that moves the log into the file while the writer goes on; it changes nothing else."""
    try:
        connection = sqlite3.connect(
            f"file:{quote(os.fspath(path))}?mode=rw", uri=True, isolation_level=None, check_same_thread=False
        )
        connection.executescript("PRAGMA busy_timeout = 0; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0;")
    except sqlite3.Error as error:
        raise store_error(error, "opening for checkpoints", path) from error
    return connection


def quarantine(path: Path, now: int, kind: str = "damaged") -> Path:
    """Move a database and its side files aside and return its new path, `NAME.KIND-NOW`.

    No connection may be open.  A name that is taken already gets a number.
    """
    target = path.with_name(f"{path.name}.{kind}-{now}")
    number = 1
    while target.exists():
        number += 1
        target = path.with_name(f"{path.name}.{kind}-{now}-{number}")
    # The log goes first: a database without its log is older but whole, a log without its database is nothing, and a
    # log beside a new database would be played into it.
    for suffix in SIDE_FILES:
        side = path.with_name(path.name + suffix)
        if side.exists():
            side.rename(target.with_name(target.name + suffix))
    path.rename(target)
    return target


def wal_bytes(path: Path) -> int:
    """Return the size of the write-ahead log, 0 where there is none."""
    try:
        return path.with_name(path.name + "-wal").stat().st_size
    except FileNotFoundError:
        return 0


def _claim(path: Path) -> bool:
    """Make the file if need be, close it to others, and tell whether it is empty."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        status = os.fstat(descriptor)
        if status.st_mode & 0o077:
            os.fchmod(descriptor, 0o600)
        return status.st_size == 0
    finally:
        os.close(descriptor)


def _assert_settings(connection: sqlite3.Connection, path: Path, journal_mode: str) -> None:
    """Check what SQLite only promises to try, and turn a database of another making to incremental vacuum, once."""
    if journal_mode != "wal":
        raise StoreError(f"{path}: no write-ahead log here, only {journal_mode}", hint="keep it on a local disk")
    if connection.execute("PRAGMA auto_vacuum").fetchone() == (_INCREMENTAL,):
        return
    connection.executescript(f"PRAGMA auto_vacuum = {_INCREMENTAL}; VACUUM;")
    if connection.execute("PRAGMA auto_vacuum").fetchone() != (_INCREMENTAL,):
        raise StoreError(f"{path}: cannot be turned to incremental vacuum", hint="move it away and analyse anew")
