"""What can be asked of the writer: each command is a value, applied whole or not at all.

`rows` are rows of the table, or sequences of values in column order; a stamp of 0 becomes the time of the write.
Nothing here touches a database: `store.apply` does what these say.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import msgspec

from driftd.rows.declare import Row

if TYPE_CHECKING:
    import sqlite3

Values: TypeAlias = Sequence[Any]
Rows: TypeAlias = Sequence[Row] | Sequence[Values]
Key: TypeAlias = Any
"""The value of a key of one column, or a tuple for one of several."""

CheckpointMode: TypeAlias = Literal["PASSIVE", "FULL", "RESTART", "TRUNCATE"]


class Replace(msgspec.Struct, frozen=True):
    """Make `rows` all the rows that the table has about `files`.  Only rows that differ are written."""

    table: type[Row]
    files: Collection[str]
    rows: Rows


class ReplaceAll(msgspec.Struct, frozen=True):
    """Make `rows` all the rows of the table.  Only rows that differ are written."""

    table: type[Row]
    rows: Rows


class Upsert(msgspec.Struct, frozen=True):
    """Insert rows, or update the ones of the same identity; when a row was first seen stays."""

    table: type[Row]
    rows: Rows


class Append(msgspec.Struct, frozen=True):
    """Insert rows; the result's `ids` are the ids handed out, in order."""

    table: type[Row]
    rows: Rows


class Update(msgspec.Struct, frozen=True):
    """Set some columns of the rows with these keys; a key that is not there changes nothing."""

    table: type[Row]
    keys: Collection[Key]
    values: Mapping[str, Any]


class Delete(msgspec.Struct, frozen=True):
    """Delete the rows with these keys."""

    table: type[Row]
    keys: Collection[Key]


class Track(msgspec.Struct, frozen=True):
    """Make `rows` the findings that are true now about `files`, or about everything where `files` is None.

    New ones are inserted, vanished ones resolved, returning ones reopened, the others touched; when one was first seen
    stays.  A new finding whose content equals that of a vanished one in the same file, but for place and id, is the
    same finding under a new id (its function or its file was renamed): it keeps its row and its feedback.
    """

    table: type[Row]
    files: Collection[str] | None
    rows: Rows
    now: int | None = None  # the writer's clock where None


class DropFiles(msgspec.Struct, frozen=True):
    """Forget files that are gone: delete their rows everywhere, and rows about their functions; resolve findings."""

    paths: Collection[str]


class RenameFile(msgspec.Struct, frozen=True):
    """Carry the findings of `old` over to `new` and forget `old` otherwise.

    The findings keep their ids until `Track` meets them again under the new path's.
    """

    old: str
    new: str


class Call(msgspec.Struct, frozen=True):
    """Call `fn(connection, now)` within the submission; the result's `value` is what it returns.

    `fn` begins and ends no transaction, and can be called twice: again where the first transaction was lost.
    """

    fn: Callable[[sqlite3.Connection, int], Any]


class Checkpoint(msgspec.Struct, frozen=True):
    """Move the log into the database file; the result's `value` is whether all of it could be moved."""

    mode: CheckpointMode = "PASSIVE"


class IncrementalVacuum(msgspec.Struct, frozen=True):
    """Give up to `pages` free pages back (0 = all); the result's `value` is how many.

    The file itself shrinks at the next checkpoint.
    """

    pages: int = 1000


class Optimize(msgspec.Struct, frozen=True):
    """Let SQLite renew the statistics that its planner needs."""


class DropCache(msgspec.Struct, frozen=True):
    """Let go of the pages that the connection holds in memory."""


class Barrier(msgspec.Struct, frozen=True):
    """Do nothing: a submission of it resolves when everything submitted before is committed."""


Change: TypeAlias = (
    Replace | ReplaceAll | Upsert | Append | Update | Delete | Track | DropFiles | RenameFile | Call | Barrier
)
Maintenance: TypeAlias = Checkpoint | IncrementalVacuum | Optimize | DropCache
Command: TypeAlias = Change | Maintenance


class Result(msgspec.Struct, frozen=True):
    """What a command did.

    `written` and `deleted` count rows, `tables` the same by table; `changed` of the written were there before with
    another content, where they were replaced.  `ids` are the ids handed out by Append; `opened`,
    `resolved` and `renamed` (old id to new) are what Track found; `value` is the answer of Call and of maintenance.
    """

    written: int = 0
    deleted: int = 0
    changed: int = 0
    tables: Mapping[str, tuple[int, int]] = {}
    ids: tuple[int, ...] = ()
    opened: tuple[str, ...] = ()
    resolved: tuple[str, ...] = ()
    renamed: Mapping[str, str] = {}
    value: Any = None


def weight(command: Command) -> int:
    """Return about how many rows a command is about."""
    match command:
        case Replace() | ReplaceAll() | Upsert() | Append() | Track():
            return max(1, len(command.rows))
        case Update() | Delete():
            return max(1, len(command.keys))
        case DropFiles():
            return max(1, 100 * len(command.paths))
        case RenameFile():
            return 100
        case _:
            return 1
