"""What people typed, followed through every change and put back where it is missing.

Temporary triggers on the writer's connection note each row that a statement changes, whichever command it belongs to:
they are part of the same transaction, so a savepoint that is rolled back takes its notes along.  Nothing here knows of
files: the journal keeps what this module collects and gives it back.
"""
# ruff: noqa: S608 - identifiers come from declarations, values are bound or literals of declarations

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

import msgspec

from driftd.rows.typed import TYPED, TYPED_BY_NAME, Typed
from driftd.store import sql

Key: TypeAlias = tuple[Any, ...]
Record: TypeAlias = dict[str, Any]
State: TypeAlias = dict[str, dict[Key, Record | None]]
"""By table, what is known of each row: its values, or None where it was deleted."""

CHUNK: Final = 2000  # rows read and written together


class Change(msgspec.Struct, array_like=True, frozen=True):
    """Rows of one table as they are after a change, and the keys of those that are gone."""

    table: str
    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    gone: list[tuple[Any, ...]]


def install(connection: sqlite3.Connection) -> None:
    """Note from now on what this connection changes of what people typed."""
    # An INSERT OR REPLACE deletes without saying so unless this is on.
    statements = [
        "PRAGMA recursive_triggers = ON",
        "CREATE TEMP TABLE IF NOT EXISTS typed_changes (tab INTEGER NOT NULL, one, two)",
    ]
    for number, typed in enumerate(TYPED):
        name, place = typed.name, f"main.{sql.quoted(typed.name)}"

        def note(alias: str, number: int = number, typed: Typed = typed) -> str:
            keys = [f"{alias}.{sql.quoted(column)}" for column in typed.match]
            return f"INSERT INTO typed_changes VALUES ({number}, {', '.join([*keys, 'NULL'][:2])});"

        watched = dict.fromkeys((*typed.match, *(typed.columns or typed.table.names)))
        differs = " OR ".join(f"OLD.{sql.quoted(column)} IS NOT NEW.{sql.quoted(column)}" for column in watched)
        new, old = is_typed(typed, "NEW."), is_typed(typed, "OLD.")
        for event, condition, body in (
            ("INSERT", new, note("NEW")),
            ("UPDATE", f"({old} OR {new}) AND ({differs})", note("OLD") + note("NEW")),
            ("DELETE", old, note("OLD")),
        ):
            trigger = sql.quoted(f"typed_{event.lower()}_{name}")
            statements.append(
                f"CREATE TEMP TRIGGER IF NOT EXISTS {trigger} AFTER {event} ON {place} "
                f"WHEN {condition} BEGIN {body} END"
            )
    for statement in statements:
        connection.execute(statement)


def is_typed(typed: Typed, prefix: str = "") -> str:
    """Return the condition that a row holds something a person typed."""
    if not typed.derived:
        return "1"
    parts = []
    for column, values in typed.derived.items():
        equal = " OR ".join(f"{prefix}{sql.quoted(column)} IS {sql.literal(value)}" for value in values)
        parts.append(f"({equal})")
    return f"NOT ({' AND '.join(parts)})"


def collect(connection: sqlite3.Connection) -> list[Change]:
    """Return what the open transaction has changed, as it is now, and forget the notes of it."""
    noted = connection.execute("SELECT DISTINCT tab, one, two FROM temp.typed_changes ORDER BY tab").fetchall()
    if not noted:
        return []
    connection.execute("DELETE FROM temp.typed_changes")
    keys: dict[int, list[Key]] = {}
    for number, *key in noted:
        keys.setdefault(number, []).append(tuple(key[: len(TYPED[number].match)]))
    return [_as_it_is(connection, TYPED[number], wanted) for number, wanted in keys.items()]


def _as_it_is(connection: sqlite3.Connection, typed: Typed, keys: Iterable[Key]) -> Change:
    statement = f"{sql.select(typed.table)} WHERE {sql.matches(typed.match)}"
    rows: list[tuple[Any, ...]] = []
    gone: list[tuple[Any, ...]] = []
    for key in keys:
        found = connection.execute(statement, key).fetchone()
        if found is None:
            gone.append(key)
        else:
            rows.append(found)
    return Change(typed.name, typed.table.names, rows, gone)


def everything(connection: sqlite3.Connection) -> Iterator[Change]:
    """Yield all that people typed, a bounded number of rows at a time."""
    for typed in TYPED:
        cursor = connection.execute(f"{sql.select(typed.table)} WHERE {is_typed(typed)}")
        while rows := cursor.fetchmany(CHUNK):
            yield Change(typed.name, typed.table.names, rows, [])


def salvage(connection: sqlite3.Connection) -> Iterator[Change]:
    """Yield what can still be read of a damaged database, row by row."""
    for typed in TYPED:
        rows = []
        try:
            present = {name for _, name, *_ in connection.execute(f"PRAGMA table_info({sql.quoted(typed.name)})")}
            columns = tuple(name for name in typed.table.names if name in present)
            if not {*typed.match, *typed.columns, *typed.derived} <= present:
                continue
            statement = f"SELECT {sql.comma(columns)} FROM {sql.quoted(typed.name)} WHERE {is_typed(typed)}"
            for row in connection.execute(statement):
                rows.append(row)  # noqa: PERF402 - what was read before the damage is kept
        except (sqlite3.Error, UnicodeDecodeError):
            if not rows:
                continue
        if rows:
            yield Change(typed.name, columns, rows, [])


def fold(changes: Iterable[Change], state: State | None = None) -> State:
    """Return what is known after all changes: the last word on each row."""
    known: State = {} if state is None else state
    for change in changes:
        typed = TYPED_BY_NAME.get(change.table)
        if typed is None or not set(typed.match) <= set(change.columns):
            continue  # of another version of driftd
        rows = known.setdefault(change.table, {})
        for key in change.gone:
            rows[tuple(key)] = None
        for values in change.rows:
            record = dict(zip(change.columns, values, strict=True))
            rows[tuple(record[column] for column in typed.match)] = record
    return known


def records(state: State) -> Iterator[tuple[str, Record]]:
    """Yield the rows of a state that are there, each with its table."""
    for table, rows in state.items():
        for record in rows.values():
            if record is not None:
                yield table, record


def put_back(connection: sqlite3.Connection, state: State, *, exact: bool = False) -> dict[str, int]:
    """Make what people typed in the database what `state` says of it; return the changed rows by table.

    For a database of the same history, in which an id means the same row.  With `exact` the state is all there is:
    what it does not know of goes.  A transaction must be open.
    """
    changed: dict[str, int] = {}
    connection.execute("PRAGMA defer_foreign_keys = ON")
    for typed in reversed(TYPED):
        known = state.get(typed.name, {})
        gone = [key for key, record in known.items() if record is None]
        if exact:
            columns = sql.comma(typed.match)
            statement = f"SELECT {columns} FROM {sql.quoted(typed.name)} WHERE {is_typed(typed)}"
            gone += [key for key in connection.execute(statement) if key not in known]
        _count(changed, typed, sum(_take_out(connection, typed, key) for key in gone))
    for typed in TYPED:
        records = [record for record in state.get(typed.name, {}).values() if record is not None]
        _count(changed, typed, sum(_put_in(connection, typed, record) for record in records))
    return changed


def _count(changed: dict[str, int], typed: Typed, number: int) -> None:
    if number:
        changed[typed.name] = changed.get(typed.name, 0) + number


def _take_out(connection: sqlite3.Connection, typed: Typed, key: Key) -> int:
    where = sql.matches(typed.match)
    if not typed.columns:
        return connection.execute(f"DELETE FROM {sql.quoted(typed.name)} WHERE {where}", key).rowcount
    sets = ", ".join(f"{sql.quoted(name)} = {_default(typed, name)}" for name in typed.columns)
    statement = f"UPDATE {sql.quoted(typed.name)} SET {sets} WHERE {where} AND {is_typed(typed)}"
    return connection.execute(statement, key).rowcount


def _default(typed: Typed, name: str) -> str:
    return sql.default_text(typed.table.column(name)) or "NULL"


def _put_in(connection: sqlite3.Connection, typed: Typed, record: Mapping[str, Any]) -> int:
    """Insert a row or give it back what a person typed of it; return whether that changed anything."""
    key = tuple(record[column] for column in typed.match)
    columns = [name for name in (typed.columns or typed.table.names) if name in record]
    values = tuple(record[name] for name in columns)
    found = connection.execute(
        f"SELECT {sql.comma(columns)} FROM {sql.quoted(typed.name)} WHERE {sql.matches(typed.match)}", key
    ).fetchone()
    if found is None:
        return insert(connection, typed, record)
    if found == values:
        return 0
    connection.execute(
        f"UPDATE {sql.quoted(typed.name)} SET {', '.join(f'{sql.quoted(name)} = ?' for name in columns)} "
        f"WHERE {sql.matches(typed.match)}",
        (*values, *key),
    )
    return 1


def insert(connection: sqlite3.Connection, typed: Typed, record: Mapping[str, Any]) -> int:
    """Insert a row with the columns that are known of it; its id only where the row is found by that."""
    left_out = typed.table.key if typed.table.auto_id and typed.match != typed.table.key else ()
    columns = [name for name in typed.table.names if name in record and name not in left_out]
    places = ", ".join("?" * len(columns))
    values: Sequence[Any] = [record[name] for name in columns]
    connection.execute(f"INSERT INTO {sql.quoted(typed.name)} ({sql.comma(columns)}) VALUES ({places})", values)
    return 1
