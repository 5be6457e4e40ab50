"""From an error of SQLite to one that says what happened to which file and what to do about it."""

from __future__ import annotations

import errno
import sqlite3
from typing import TYPE_CHECKING, Final

from driftd.errors import StoreError

if TYPE_CHECKING:
    from pathlib import Path

_PRIMARY: Final = 0xFF  # an extended result code carries the primary one in its low byte
_CORRUPT: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_CONTRADICTS: Final = frozenset({sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_MISMATCH})
_FULL: Final = "the disk is full: free some space; what was acknowledged is safe, this was not written"
_HINTS: Final = {
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_BUSY: "another program holds a write lock on it: close it, then try again",
    sqlite3.SQLITE_LOCKED: "another program holds a write lock on it: close it, then try again",
    sqlite3.SQLITE_CORRUPT: "the file is damaged: restart the daemon, which moves it aside and analyses anew",
    sqlite3.SQLITE_NOTADB: "the file is damaged: restart the daemon, which moves it aside and analyses anew",
    sqlite3.SQLITE_CONSTRAINT: "the rows contradict the schema: this is a bug of the analysis that made them",
    sqlite3.SQLITE_MISMATCH: "the rows contradict the schema: this is a bug of the analysis that made them",
    sqlite3.SQLITE_IOERR: "the disk fails, is full or its quota is used up: check free space and the system's log",
    sqlite3.SQLITE_READONLY: "the file or its folder cannot be written: check owner and mode",
    sqlite3.SQLITE_CANTOPEN: "the file or its folder cannot be opened: check that it exists, its owner and its mode",
    sqlite3.SQLITE_INTERRUPT: "it took too long: ask for less, or narrow the filters",
}

_ERRNO_HINTS: Final = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EFBIG: _FULL,
    errno.EROFS: "the file system is read-only: make it writable",
    errno.EACCES: "the file or its folder cannot be opened: check that it exists, its owner and its mode",
    errno.EPERM: "the file or its folder cannot be opened: check that it exists, its owner and its mode",
    errno.ENOENT: "the file or its folder cannot be opened: check that it exists, its owner and its mode",
    errno.EIO: "the disk or its file system fails: check the system's log",
}


def store_error(error: Exception, doing: str, path: Path) -> StoreError:
    """Return the StoreError for `error`, met while `doing` something with the database at `path`."""
    hint = _HINTS.get(_code(error)) or _ERRNO_HINTS.get(getattr(error, "errno", None) or 0, "run `driftd doctor`")
    wrapped = StoreError(f"{path}: {doing}: {error}", hint=hint)
    wrapped.__cause__ = error
    return wrapped


def is_corrupt(error: BaseException | None) -> bool:
    """Tell whether an error, or what caused it, says that the database file is damaged."""
    return _says(error, _CORRUPT) or _cannot_be_decoded(error)


def _cannot_be_decoded(error: BaseException | None) -> bool:
    """Tell whether a text was no UTF-8: nothing but UTF-8 is ever written, so the page has changed since."""
    while error is not None:
        if isinstance(error, sqlite3.OperationalError) and str(error).startswith("Could not decode to UTF-8"):
            return True
        error = error.__cause__
    return False


def contradicts_schema(error: BaseException | None) -> bool:
    """Tell whether an error, or what caused it, says that the rows were wrong and not the database."""
    return _says(error, _CONTRADICTS)


def _says(error: BaseException | None, codes: frozenset[int]) -> bool:
    while error is not None:
        if _code(error) in codes:
            return True
        error = error.__cause__
    return False


def _code(error: BaseException) -> int:
    code = getattr(error, "sqlite_errorcode", None)
    return code & _PRIMARY if isinstance(code, int) else -1
