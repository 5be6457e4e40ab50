"""Reading: two read-only connections, one for pages and one for what scans, each query with a deadline.

More connections would be slower: Python hands the interpreter lock over for every row.
"""
# ruff: noqa: S608 - identifiers come from declarations, values are bound

from __future__ import annotations

import sqlite3
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from contextlib import AsyncExitStack
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec

from driftd.errors import ClosedError, UsageError
from driftd.rows.declare import Column, Row, Table, Write, table_of
from driftd.rows.ids import fingerprint
from driftd.rows.registry import TABLES
from driftd.store import sql
from driftd.store.apply import maintain
from driftd.store.commands import DropCache
from driftd.store.connect import Db, connect_reader, open_db
from driftd.store.failures import is_corrupt, store_error
from driftd.store.space import table_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

R = TypeVar("R", bound=Row)
T = TypeVar("T")

DEADLINE: Final = 10.0  # seconds for one query
LONG_DEADLINE: Final = 120.0  # for what reads a whole table
MAX_LIMIT: Final = 1000
_STEPS: Final = 10_000  # of SQLite's virtual machine between two looks at the clock
_PYTHON: Final[Mapping[str, tuple[type, ...]]] = {
    "INTEGER": (int,),
    "REAL": (int, float),
    "TEXT": (str,),
    "BLOB": (bytes,),
}


class Matching(msgspec.Struct, frozen=True):
    """A filter for a text column: a text in which `*` stands for anything."""

    text: str

    @property
    def pattern(self) -> str:
        """The same as SQLite's GLOB has it, where `?` and `[` mean something too."""
        return "".join(f"[{char}]" if char in "?[" else char for char in self.text)


class Page(msgspec.Struct, frozen=True):
    """Some rows as dicts, the cursor of the next page (None at the end), and how many rows match in all."""

    items: list[dict[str, Any]]
    next: str | None
    total: int


class Reader:
    """Reads the database; made by `open_reader`."""

    def __init__(
        self, path: Path, pages: Db, scans: Db, deadline: float, on_damage: Callable[[], None] | None = None
    ) -> None:
        self._path = path
        self._on_damage = on_damage
        self._pages = pages
        self._scans = scans
        self._deadline = deadline
        self._asked: dict[int, tuple[str, float]] = {}  # what is being read, and since when
        self._numbers = count()

    def busy(self, longer_than: float = 1.0) -> list[str]:
        """Return the queries that have been running for so many seconds, as people may read them."""
        now = time.monotonic()
        return [
            f"driftd's own query since {now - since:.0f} s ({what[:80]})"
            for what, since in self._asked.values()
            if now - since > longer_than
        ]

    async def get(self, row: type[R], key: Any) -> R | None:
        """Return the row with this key (a tuple where it has several columns), or None."""
        table = table_of(row)
        values = key if isinstance(key, tuple) else (key,)
        statement = f"{sql.select(table)} WHERE {sql.matches(table.key)}"
        found = await self._ask(self._pages, _fetch, statement, values)
        return _row(row, found[0]) if found else None

    async def rows(self, row: type[R], filters: Mapping[str, Any] | None = None) -> list[R]:
        """Return every row that matches, in the order of the key."""
        table = table_of(row)
        where, parameters = _where(table, filters or {})
        statement = f"{sql.select(table)}{where} ORDER BY {sql.comma(table.key)}"
        found = await self._ask(self._scans, _fetch, statement, parameters, seconds=LONG_DEADLINE)
        return [_row(row, values) for values in found]

    async def page(
        self,
        row: type[Row],
        filters: Mapping[str, Any] | None = None,
        limit: int = 100,
        after: str | None = None,
        order: str | None = None,
        along: tuple[str, ...] = (),
    ) -> Page:
        """Return up to `limit` rows (1 to 1000) that match every filter, from the cursor `after` on.

        A filter is a value, None for NULL, a list of values, or `Matching`.  `order` is a column, with `-` in front for
        descending; rows that are equal in it, and all rows without it, come in the order of the columns `along`, none
        of which is nullable, and then of the key.  In the items JSON columns
        are decoded, booleans are bool and bytes are hex.  UsageError for an unknown column, a value of the wrong type,
        or a cursor that is not from the same question.
        """
        if not 1 <= limit <= MAX_LIMIT:
            raise UsageError(f"limit is {limit}", hint=f"1 to {MAX_LIMIT}")
        plan = _Plan.make(table_of(row), filters or {}, order, along)
        start = None if after is None else plan.read_cursor(after)
        return await self._ask(self._pages, plan.run, limit, start)

    async def fetch(self, statement: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> list[tuple[Any, ...]]:
        """Return all rows of a SELECT."""
        return await self._ask(self._scans, _fetch, statement, parameters)

    async def counts(self) -> dict[str, int]:
        """Return how many rows each table has."""
        parts = [f"(SELECT count(*) FROM {sql.quoted(table_of(row).name)})" for row in TABLES]
        ((*counts,),) = await self._ask(self._scans, _fetch, f"SELECT {', '.join(parts)}", ())
        return {table_of(row).name: count for row, count in zip(TABLES, counts, strict=True)}

    async def dump(self, row: type[Row]) -> list[tuple[Any, ...]]:
        """Return what the table says, sorted, without volatile columns and resolved findings: two equal models agree."""
        table = table_of(row)
        columns = sql.comma(name for name in table.names if name not in table.volatile)
        where = " WHERE resolved_at IS NULL" if table.write is Write.FINDING else ""
        statement = f"SELECT {columns} FROM {sql.quoted(table.name)}{where} ORDER BY {columns}"
        return await self._ask(self._scans, _fetch, statement, (), seconds=LONG_DEADLINE)

    async def integrity(self) -> list[str]:
        """Return what is wrong with the database file; an empty list if nothing is."""
        found = await self._ask(self._scans, _fetch, "PRAGMA integrity_check(20)", (), seconds=LONG_DEADLINE)
        broken = await self._ask(self._scans, _fetch, "PRAGMA foreign_key_check", (), seconds=LONG_DEADLINE)
        faults = [text for (text,) in found if text != "ok"]
        return [*faults, *(f"{table}: row {rowid} refers to nothing in {other}" for table, rowid, other, _ in broken)]

    async def size(self) -> tuple[int, int]:
        """Return the bytes of the database's pages and how many of its pages are free."""
        ((pages, page_size, free),) = await self.fetch(
            "SELECT page_count, page_size, freelist_count FROM pragma_page_count, pragma_page_size, pragma_freelist_count"
        )
        return pages * page_size, free

    async def rest(self) -> None:
        """Let go of cached pages."""
        for db in (self._pages, self._scans):
            await self._ask(db, maintain, DropCache())

    async def table_bytes(self) -> tuple[dict[str, int], bool]:
        """Return the bytes of each table with its indexes, largest first, and whether they are exact."""
        return await self._ask(self._scans, table_bytes)

    async def _ask(self, db: Db, fn: Callable[..., T], *args: Any, seconds: float | None = None) -> T:
        number = next(self._numbers)
        self._asked[number] = (args[0] if args and isinstance(args[0], str) else "a page of a table", time.monotonic())
        try:
            return await db.run(_timed, fn, args, self._deadline if seconds is None else seconds)
        except sqlite3.Error as error:
            if self._on_damage is not None and is_corrupt(error):
                self._on_damage()
            raise store_error(error, "reading", self._path) from error
        except (OverflowError, UnicodeError) as error:
            raise UsageError(f"a value cannot be looked for: {error}") from error
        except ValueError as error:
            raise ClosedError(f"{self._path}: the store is closed") from error
        finally:
            del self._asked[number]


async def open_reader(
    path: Path, stack: AsyncExitStack, *, deadline: float = DEADLINE, on_damage: Callable[[], None] | None = None
) -> Reader:
    """Open the connections, to be closed by `stack`; StoreError if there is no database.

    `on_damage` is called when a query finds the file damaged.
    """
    pages = await open_db(partial(connect_reader, path))
    stack.push_async_callback(pages.close)
    scans = await open_db(partial(connect_reader, path))
    stack.push_async_callback(scans.close)
    return Reader(path, pages, scans, deadline, on_damage)


class _Plan(msgspec.Struct, frozen=True):
    """One question: which rows, in which order.  `order` is None where only the columns of `key` order."""

    table: Table
    where: str
    parameters: tuple[Any, ...]
    order: Column | None
    descending: bool
    key: tuple[str, ...]  # the table's, after the columns to read along
    token: str  # says which question a cursor belongs to

    @classmethod
    def make(cls, table: Table, filters: Mapping[str, Any], order: str | None, along: tuple[str, ...]) -> _Plan:
        where, parameters = _where(table, filters)
        column = None
        if order is not None:
            column = _column(table, order.removeprefix("-"), "order")
        if column is not None and table.key == (column.name,) and not order.startswith("-"):  # type: ignore[union-attr]  # a column has an order
            column = None
        descending = order is not None and order.startswith("-")
        key = (*(_column(table, name, "order").name for name in along), *table.key)
        token = fingerprint(table.name, sorted(filters.items()), order, *along)
        return cls(table, where, parameters, column, descending, key, token)

    def read_cursor(self, text: str) -> list[Any]:
        """Return the position that a cursor holds: the order column's value, if there is one, and the key's."""
        try:
            token, *position = msgspec.msgpack.decode(urlsafe_b64decode(text.encode()), type=list[Any])
        except (ValueError, TypeError, msgspec.DecodeError):
            raise UsageError("`after` is no cursor", hint="pass the `next` of the page before, or nothing") from None
        expected = len(self.key) + (self.order is not None)
        if token != self.token or len(position) != expected:
            raise UsageError("`after` belongs to another question", hint="keep filters and order, or start anew")
        return position

    def run(self, connection: sqlite3.Connection, limit: int, start: list[Any] | None) -> Page:
        """Read one page and the total in one snapshot; on the connection's thread."""
        name = sql.quoted(self.table.name)
        where, parameters = self._from(start)
        sorting = sql.comma(self.key)
        if self.order is not None:
            sorting = f"{sql.quoted(self.order.name)}{' DESC' if self.descending else ''}, {sorting}"
        connection.execute("BEGIN")
        try:
            ((total,),) = _fetch(connection, f"SELECT count(*) FROM {name}{self.where}", self.parameters)
            statement = f"{sql.select(self.table)}{where} ORDER BY {sorting} LIMIT ?"
            found = _fetch(connection, statement, (*parameters, limit + 1))
        finally:
            if connection.in_transaction:
                connection.execute("COMMIT")
        following = self._cursor(found[limit - 1]) if len(found) > limit else None
        return Page(_items(self.table, found[:limit]), following, total)

    def _from(self, start: list[Any] | None) -> tuple[str, tuple[Any, ...]]:
        """Return the condition for the rows that match and come after the position."""
        if start is None:
            return self.where, self.parameters
        key = start if self.order is None else start[1:]
        places = ", ".join("?" * len(key))
        beyond = f"({sql.comma(self.key)}) > ({places})"
        parameters = tuple(key)
        if self.order is not None:
            beyond, parameters = self._beyond(start[0], beyond, parameters)
        joint = " AND " if self.where else " WHERE "
        return f"{self.where}{joint}({beyond})", (*self.parameters, *parameters)

    def _beyond(self, value: Any, beyond_key: str, key: tuple[Any, ...]) -> tuple[str, tuple[Any, ...]]:
        """Return the condition for what comes after `value` in the order column; NULL sorts before everything."""
        assert self.order is not None  # noqa: S101 - the caller has looked
        name = sql.quoted(self.order.name)
        if value is None:
            rest = "" if self.descending else f" OR {name} IS NOT NULL"
            return f"({name} IS NULL AND {beyond_key}){rest}", key
        farther = f"{name} < ? OR {name} IS NULL" if self.descending else f"{name} > ?"
        return f"{farther} OR ({name} = ? AND {beyond_key})", (value, value, *key)

    def _cursor(self, row: tuple[Any, ...]) -> str:
        columns = self.key if self.order is None else (self.order.name, *self.key)
        position = [row[self.table.names.index(name)] for name in columns]
        return urlsafe_b64encode(msgspec.msgpack.encode([self.token, *position])).decode()


def _timed(connection: sqlite3.Connection, fn: Callable[..., T], args: tuple[Any, ...], seconds: float) -> T:
    """Call `fn` with a deadline, on the connection's thread."""
    until = time.monotonic() + seconds
    connection.set_progress_handler(lambda: time.monotonic() > until, _STEPS)
    try:
        return fn(connection, *args)
    finally:
        connection.set_progress_handler(None, 0)


def _fetch(
    connection: sqlite3.Connection, statement: str, parameters: Sequence[Any] | Mapping[str, Any]
) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = connection.execute(statement, parameters).fetchall()
    return found


def _column(table: Table, name: str, what: str) -> Column:
    try:
        return table.column(name)
    except KeyError:
        raise UsageError(
            f"{what} {name!r}: {table.name} has no such column", hint=f"one of {', '.join(table.names)}"
        ) from None


def _where(table: Table, filters: Mapping[str, Any]) -> tuple[str, tuple[Any, ...]]:
    conditions = []
    parameters: list[Any] = []
    for name, wanted in filters.items():
        column = _column(table, name, "filter")
        if wanted is None:
            conditions.append(f"{sql.quoted(name)} IS NULL")
        elif isinstance(wanted, list | tuple | set | frozenset):
            conditions.append(f"{sql.quoted(name)} IN ({', '.join('?' * len(wanted))})")
            parameters.extend(_checked(column, value) for value in wanted)
        elif isinstance(wanted, Matching) and not column.enum:
            _checked(column, wanted.text)
            conditions.append(f"{sql.quoted(name)} GLOB ?")
            parameters.append(wanted.pattern)
        else:
            conditions.append(f"{sql.quoted(name)} = ?")
            parameters.append(_checked(column, wanted))
    return (" WHERE " + " AND ".join(conditions) if conditions else ""), tuple(parameters)


def _checked(column: Column, value: Any) -> Any:
    if not isinstance(value, _PYTHON[column.sql_type]):
        raise UsageError(f"filter {column.name!r}: {value!r} is not {column.sql_type.lower()}")
    if column.enum and value not in column.enum:
        raise UsageError(f"filter {column.name!r}: {value!r}", hint=f"one of {', '.join(column.enum)}")
    if isinstance(value, int) and not -(1 << 63) <= value < 1 << 63:
        raise UsageError(f"filter {column.name!r}: {value!r} is too large")
    return value


def _items(table: Table, found: Sequence[tuple[Any, ...]]) -> list[dict[str, Any]]:
    names = table.names
    items = [dict(zip(names, values, strict=True)) for values in found]
    for column in table.columns:
        convert = _converter(column)
        if convert is not None:
            name = column.name
            for item in items:
                if item[name] is not None:
                    item[name] = convert(item[name])
    return items


def _converter(column: Column) -> Callable[[Any], Any] | None:
    if column.json:
        return _decoded
    if column.boolean:
        return bool
    return bytes.hex if column.sql_type == "BLOB" else None


def _decoded(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text  # not of our making; shown as it stands


def _row(row: type[R], values: tuple[Any, ...]) -> R:
    table = table_of(row)
    return row(
        **{
            column.name: bool(value) if column.boolean and value is not None else value
            for column, value in zip(table.columns, values, strict=True)
        }
    )
