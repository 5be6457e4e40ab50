"""From a declaration to SQL text.  Pure: nothing here touches a database.

Identifiers come from declarations only and are always quoted; values are always bound, except the writer's time, which
is an int of its own making.
"""
# ruff: noqa: S608 - identifiers come from declarations, values are bound

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from driftd.rows.declare import NO_DEFAULT, Column, Row, Table, table_of

if TYPE_CHECKING:
    from collections.abc import Iterable


def quoted(name: str) -> str:
    """Return an identifier as SQL."""
    return '"' + name.replace('"', '""') + '"'


def comma(names: Iterable[str]) -> str:
    """Return identifiers separated by commas."""
    return ", ".join(map(quoted, names))


def matches(names: Iterable[str]) -> str:
    """Return the condition that each column equals a bound value."""
    return " AND ".join(f"{quoted(name)} = ?" for name in names)


IN_FILES = "IN (SELECT value FROM json_each(?))"
"""The condition that a column is one of a JSON array of values: one bound parameter, whatever their number."""


def create_table(table: Table) -> str:
    """Return the CREATE TABLE text that a migration starts from."""
    lines = [f"    {_column(table, column)}" for column in table.columns]
    if len(table.key) > 1:
        lines.append(f"    PRIMARY KEY ({comma(table.key)})")
    lines.extend(f"    UNIQUE ({comma(columns)})" for columns in table.unique)
    options = "STRICT, WITHOUT ROWID" if table.without_rowid else "STRICT"
    return f"CREATE TABLE {quoted(table.name)} (\n" + ",\n".join(lines) + f"\n) {options};"


def create_indexes(table: Table) -> list[str]:
    """Return one CREATE INDEX text for each declared index."""
    return [
        *(
            f"CREATE INDEX {quoted(index_name(table, columns))} ON {quoted(table.name)} ({comma(columns)});"
            for columns in table.indexes
        ),
        *(
            f"CREATE INDEX {quoted(index_name(table, (column,)))} ON {quoted(table.name)} ({quoted(column)}) "
            f"WHERE {quoted(column)} IS NOT NULL;"
            for column in table.partial
        ),
    ]


def index_name(table: Table, columns: tuple[str, ...]) -> str:
    """Return the name of an index: `ix_TABLE_COLUMNS`."""
    return "_".join(("ix", table.name, *columns))


def migration(version: int, tables: Iterable[type[Row]]) -> str:
    """Return the text that a new migration starts from: every table declared for that version."""
    blocks = [
        "\n".join([f"-- {table.doc}", create_table(table), *create_indexes(table)])
        for table in map(table_of, tables)
        if table.migration == version
    ]
    return "\n\n".join(blocks) + "\n"


@cache
def _insert(table: Table, rows: int, *, conflict: bool) -> str:
    places = ", ".join("coalesce(nullif(?, 0), {now})" if column.stamp else "?" for column in table.columns)
    values = ", ".join([f"({places})"] * rows)
    # A row that is refused ends the submission, which is undone as a whole.  Without OR FAIL, SQLite copies each page
    # that a statement of several rows touches, so as to undo that statement alone: half of what inserting takes.
    text = f"INSERT OR FAIL INTO {quoted(table.name)} ({comma(table.names)}) VALUES {values}"
    if not conflict:
        return text
    kept = {*table.identity, *table.key, table.first_seen, *table.guarded}
    sets = ", ".join(_set(table, name) for name in table.names if name not in kept)
    action = f"DO UPDATE SET {sets}" if sets else "DO NOTHING"
    targets = dict.fromkeys((table.identity, table.key))
    return text + "".join(f" ON CONFLICT ({comma(target)}) {action}" for target in targets)


def _set(table: Table, name: str) -> str:
    if name == "last_seen_at":  # a clock that was set back unsees nothing
        return f'"last_seen_at" = max({quoted(table.name)}."last_seen_at", excluded."last_seen_at")'
    return f"{quoted(name)} = excluded.{quoted(name)}"


def insert(table: Table, now: int, rows: int = 1) -> str:
    """Return an INSERT of so many whole rows; a stamp of 0 becomes `now`."""
    return _insert(table, rows, conflict=False).replace("{now}", str(int(now)))


def upsert(table: Table, now: int) -> str:
    """Return an INSERT that updates the row it meets: not its identity, when it was first seen, or guarded columns.

    Of one row: a statement that updates two large rows which it has just inserted looks for the second one's overflow
    pages among the first one's (SQLite 3.40.1), and calls the database malformed.
    """
    return _insert(table, 1, conflict=True).replace("{now}", str(int(now)))


@cache
def select(table: Table, *, by_file: bool = False) -> str:
    """Return a SELECT of whole rows: all of them, or those of a bound JSON array of files."""
    where = f" WHERE {of_files(table)}" if by_file and table.file else ""
    return f"SELECT {comma(table.names)} FROM {quoted(table.name)}{where}"


def of_files(table: Table) -> str:
    """Return the condition that a row is about one of a bound JSON array of files."""
    if table.by_function is None:
        return f"{quoted(table.file or '')} {IN_FILES}"
    return f"{quoted(table.by_function)} IN (SELECT {quoted('id')} FROM {quoted('functions')} WHERE {quoted('file')} {IN_FILES})"


@cache
def delete(table: Table) -> str:
    """Return a DELETE of one row by its key."""
    return f"DELETE FROM {quoted(table.name)} WHERE {matches(table.key)}"


def update(table: Table, columns: Iterable[str]) -> str:
    """Return an UPDATE of some columns of one row by its key."""
    sets = ", ".join(f"{quoted(column)} = ?" for column in columns)
    return f"UPDATE {quoted(table.name)} SET {sets} WHERE {matches(table.key)}"


def _column(table: Table, column: Column) -> str:
    parts = [quoted(column.name), column.sql_type]
    if table.key == (column.name,):
        parts.append("PRIMARY KEY")
        if column.auto:
            parts.append("AUTOINCREMENT")
    if not column.nullable:
        parts.append("NOT NULL")
    if (default := default_text(column)) is not None:
        parts.append(f"DEFAULT {default}")
    if column.boolean:
        parts.append(f"CHECK ({quoted(column.name)} BETWEEN 0 AND 1)")
    if column.enum:
        # Not IN: SQLite would build its list anew for every row, which doubles the cost of an insert.
        parts.append(f"CHECK ({' OR '.join(f'{quoted(column.name)} = {literal(value)}' for value in column.enum)})")
    if column.references:
        other, _, key = column.references.partition(".")
        parts.append(f"REFERENCES {quoted(other)} ({quoted(key)})")
    return " ".join(parts)


def default_text(column: Column) -> str | None:
    """Return a column's default as SQL, or None where it has none."""
    if column.stamp:
        return "(unixepoch())"
    if column.auto or column.default is NO_DEFAULT or column.default is None:
        return None
    return literal(column.default)


def literal(value: Any) -> str:
    """Return a value of a declaration as SQL."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, bytes):
        return f"x'{value.hex()}'"
    return repr(value)
