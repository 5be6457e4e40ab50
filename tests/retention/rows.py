"""Rows of any table, made from what a test says and otherwise from nothing in particular."""

from __future__ import annotations

import sqlite3
import types
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec

from driftd.rows.declare import NO_DEFAULT, Row, Table, row_values, table_of
from driftd.rows.enforcement import FeedbackRow
from driftd.rows.facts import FileMetadataRow, FunctionRow
from driftd.rows.patterns import PatternConfidenceRow
from driftd.rows.registry import TABLES
from driftd.store import sql

R = TypeVar("R", bound=Row)

DAY = 86_400
NOW = 1_800_000_000
LIVE, GONE = "live.py", "gone.py"
_ANY: dict[Any, Any] = {int: 1, float: 0.5, str: "x", bytes: b"x", bool: False}


def days_ago(days: float) -> int:
    return NOW - round(days * DAY)


def a(row: type[R], **values: Any) -> R:
    """Return a row with these values; the other columns have their default, or something of their type."""
    hints = get_type_hints(row, include_extras=True)
    filled = {
        field.name: _something(hints[field.name])
        for field in msgspec.structs.fields(row)
        if field.default is NO_DEFAULT and field.name not in values
    }
    stamps = {
        column.name: NOW for column in table_of(row).columns if column.stamp and column.name not in {*values, *filled}
    }
    return row(**{**filled, **stamps, **values})


def _something(annotation: Any) -> Any:
    if get_origin(annotation) is Annotated:
        annotation, mark, *_ = get_args(annotation)
        if getattr(mark, "value", "") == "json":
            return "[]"
    if get_origin(annotation) in {Union, types.UnionType}:
        return None
    if get_origin(annotation) is Literal:
        return get_args(annotation)[0]
    return _ANY[annotation]


def insert(connection: sqlite3.Connection, *rows: Row) -> list[Any]:
    """Insert rows as they are and return their keys."""
    keys = []
    for row in rows:
        table = table_of(type(row))
        cursor = connection.execute(sql.insert(table, NOW), row_values(row))
        keys.append(cursor.lastrowid if table.auto_id else key_of(table, row_values(row)))
    return keys


def key_of(table: Table, values: Any) -> Any:
    key = tuple(values[table.names.index(name)] for name in table.key)
    return key[0] if len(key) == 1 else key


def keys(connection: sqlite3.Connection, row: type[Row]) -> set[Any]:
    """Return the keys of all rows of a table."""
    table = table_of(row)
    return {key_of(table, values) for values in connection.execute(sql.select(table))}


def counts(connection: sqlite3.Connection) -> dict[str, int]:
    names = [table_of(row).name for row in TABLES]
    return {name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in names}


def a_world(connection: sqlite3.Connection) -> None:
    """Put in a tracked file with a function, and a function whose file is gone."""
    insert(
        connection,
        a(FileMetadataRow, path=LIVE, language="python", content_hash=b"live"),
        a(FunctionRow, id=1, file=LIVE),
        a(FunctionRow, id=2, file=LIVE),
    )


def a_verdict(violation: str, pattern: str = "p", **more: Any) -> FeedbackRow:
    return a(FeedbackRow, violation_id=violation, pattern_id=pattern, **more)


def a_pattern(pattern: str, alpha: float = 3.0, beta: float = 2.0, **more: Any) -> PatternConfidenceRow:
    return a(
        PatternConfidenceRow,
        pattern_id=pattern,
        alpha=alpha,
        beta=beta,
        posterior_mean=alpha / (alpha + beta),
        sites=4,
        **more,
    )
