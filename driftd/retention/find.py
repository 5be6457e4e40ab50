"""Finding what may go, on a connection of its own: neither the writer nor who reads has to wait for it."""
# ruff: noqa: S608 - identifiers come from declarations, values are bound

from __future__ import annotations

import sqlite3
import time
from array import array
from contextlib import asynccontextmanager
from functools import partial
from threading import Event
from typing import TYPE_CHECKING, Any, Final, TypeVar

import anyio
import msgspec

from driftd.errors import BusyError
from driftd.retention.rules import Rule, in_use
from driftd.rows.ids import json_text
from driftd.store.connect import Db, connect_reader, open_db
from driftd.store.failures import store_error
from driftd.store.sql import comma, quoted

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from driftd.rows.declare import Table

T = TypeVar("T")

_STEPS: Final = 10_000  # of SQLite's virtual machine between two looks at the clock
_AT_ONCE: Final = 10_000  # rows


class Found(msgspec.Struct, frozen=True):
    """Rows that a rule found: row ids, or keys of several columns.  `groups` are ends of what must go together."""

    rule: Rule
    keys: Sequence[Any]
    groups: Sequence[int] | None = None

    def pieces(self, start: int, size: int) -> tuple[int, str]:
        """Return where a piece of about `size` rows from `start` on ends, and its keys as a JSON array."""
        end = min(len(self.keys), start + size)
        while self.groups is not None and end < len(self.keys) and self.groups[end] == self.groups[end - 1]:
            end += 1
        return end, json_text(list(self.keys[start:end]))


class Finder:
    """A read-only connection with a deadline; made by `finding`."""

    def __init__(self, db: Db, path: Path, stop: Event, until: float | None) -> None:
        self._db = db
        self._path = path
        self._stop = stop
        self._until = until

    async def rules(self, rules: Iterable[Rule], binds: Mapping[str, int]) -> list[Found]:
        """Return what each rule finds, all as of one moment."""
        return await self._run(_find, tuple(rules), binds)

    async def old_facts(self, binds: Mapping[str, int]) -> Sequence[int]:
        """Return the cached facts in use that were noted as used a week ago or earlier."""
        statement = f"SELECT t.rowid FROM parse_cache AS t WHERE t.last_used_at < :week AND {in_use('t')}"
        return await self._run(_keys, statement, binds)

    async def rows(self, statement: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> list[tuple[Any, ...]]:
        """Return all rows of a SELECT."""
        return await self._run(_rows, statement, parameters)

    async def _run(self, function: Callable[..., T], *args: Any) -> T:
        try:
            return await self._db.run(_timed, self._stop, self._until, function, args)
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT:
                raise BusyError("finding what may go took too long", hint="it goes on with the next sweep") from error
            raise store_error(error, "finding what may go", self._path) from error


@asynccontextmanager
async def finding(path: Path, seconds: float | None = None) -> AsyncIterator[Finder]:
    """Open a connection; whoever is cancelled does not wait for its queries, nor does anybody after `seconds`."""
    stop = Event()
    db = await open_db(partial(connect_reader, path))
    try:
        yield Finder(db, path, stop, None if seconds is None else time.monotonic() + seconds)
    finally:
        stop.set()
        with anyio.CancelScope(shield=True):
            await db.close()


def find_statement(rule: Rule, earlier: Sequence[Rule]) -> str:
    """Return the query for the keys of a rule's rows, without those that earlier rules of the table claim."""
    table = rule.table
    condition = " AND ".join([f"({rule.where})", *(f"(({other.where}) IS NOT TRUE)" for other in earlier)])
    if table.name == "feedback":  # what takes back stands beside what it takes back
        return (
            f"SELECT t.rowid, coalesce(t.undoes, t.id) FROM {quoted(table.name)} AS t WHERE {condition} ORDER BY 2, 1"
        )
    key = ", ".join(f"t.{quoted(name)}" for name in table.key) if table.without_rowid else "t.rowid"
    return f"SELECT {key} FROM {quoted(table.name)} AS t WHERE {condition}"


def chosen(table: Table) -> str:
    """Return the condition that a row is one of those whose keys are bound as a JSON array."""
    if not table.without_rowid:
        return "t.rowid IN (SELECT value FROM json_each(:keys))"
    parts = ", ".join(f"json_extract(value, '$[{place}]')" for place in range(len(table.key)))
    return f"({comma(table.key)}) IN (SELECT {parts} FROM json_each(:keys))"


def delete_statement(rule: Rule) -> str:
    """Return the statement that deletes chosen rows for which the rule still holds."""
    table = rule.table
    # By the keys, whatever index the rule could use.
    hint = "" if table.without_rowid else " NOT INDEXED"
    return f"DELETE FROM {quoted(table.name)} AS t{hint} WHERE {chosen(table)} AND ({rule.still})"


def _find(connection: sqlite3.Connection, rules: Sequence[Rule], binds: Mapping[str, int]) -> list[Found]:
    connection.execute("BEGIN")
    try:
        (files,) = connection.execute("SELECT count(*) FROM (SELECT 1 FROM file_metadata LIMIT 1)").fetchone()
        found = []
        earlier: dict[str, list[Rule]] = {}
        for rule in rules:
            if rule.needs_files and not files:
                continue
            before = earlier.setdefault(rule.table.name, [])
            statement = find_statement(rule, before)
            before.append(rule)
            if rule.table.name == "feedback":
                rows = connection.execute(statement, binds).fetchall()
                found.append(Found(rule, [key for key, _ in rows], [group for _, group in rows]))
            elif rule.table.without_rowid:
                found.append(Found(rule, connection.execute(statement, binds).fetchall()))
            else:
                found.append(Found(rule, _keys(connection, statement, binds)))
        return found
    finally:
        connection.execute("COMMIT")


def _keys(connection: sqlite3.Connection, statement: str, binds: Mapping[str, int]) -> Sequence[int]:
    keys = array("q")
    for rows in _batches(connection.execute(statement, binds)):
        keys.extend([key for (key,) in rows])
    return keys


def _batches(cursor: sqlite3.Cursor) -> Iterator[list[tuple[int]]]:
    while rows := cursor.fetchmany(_AT_ONCE):
        yield rows


def _rows(
    connection: sqlite3.Connection, statement: str, parameters: Sequence[Any] | Mapping[str, Any]
) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = connection.execute(statement, parameters).fetchall()
    return found


def _timed(
    connection: sqlite3.Connection, stop: Event, until: float | None, function: Callable[..., T], args: Sequence[Any]
) -> T:
    def over() -> bool:
        return stop.is_set() or (until is not None and time.monotonic() > until)

    connection.set_progress_handler(over, _STEPS)
    try:
        return function(connection, *args)
    finally:
        connection.set_progress_handler(None, 0)
