"""What people typed, as lines of JSON: to take along, to look at, and to merge into another database of the project.

Merging goes by what a row says, not by its id: ids of two databases mean different things.  A row that is there already
stays as it is unless the other one is newer, so merging the same lines again changes nothing.
"""
# ruff: noqa: S608 - identifiers come from declarations, values are bound

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import msgspec

from driftd.errors import UsageError
from driftd.rows.ids import json_text
from driftd.rows.typed import TYPED, TYPED_BY_NAME, Typed
from driftd.store import backup, sql, typed
from driftd.store.connect import connect_reader
from driftd.store.failures import store_error

FORMAT: Final = "driftd-export-1"

# What makes two rows of a table the same, where ids are handed out by the database.
_SAME: Final[Mapping[str, tuple[str, ...]]] = {
    "migration_projects": ("name",),
    "migration_modules": ("project_id", "module_name"),
    "migration_corrections": ("module_id", "section", "original_text", "corrected_text", "created_at"),
    "feedback": ("violation_id", "action", "dismissal_reason", "reason", "author", "created_at"),
}
# Columns that hold the id of another row that people typed.
_REFERS: Final[Mapping[str, Mapping[str, str]]] = {
    "migration_modules": {"project_id": "migration_projects"},
    "migration_corrections": {"module_id": "migration_modules"},
    "feedback": {"undoes": "feedback"},
}


def export(connection: sqlite3.Connection, now: int) -> Iterator[str]:
    """Yield a line that says what this is, then one for each row."""
    yield json_text({"format": FORMAT, "lineage": backup.lineage_of(connection), "exported_at": now})
    for change in typed.everything(connection):
        for row in change.rows:
            yield json_text({"table": change.table, "row": dict(zip(change.columns, row, strict=True))})


def write(database: Path, target: Path, now: int) -> int:
    """Write an export of the database to `target`, which comes to be only when it is complete; return its rows."""
    unfinished = target.with_name(target.name + ".tmp")
    rows = -1  # the first line is none
    try:
        with (
            closing(connect_reader(database)) as connection,
            os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file,
        ):
            connection.execute("BEGIN")
            for line in export(connection, now):
                file.write(line + "\n")
                rows += 1
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(target)
    except (OSError, sqlite3.Error) as error:
        unfinished.unlink(missing_ok=True)
        raise store_error(error, f"exporting to {target}", database) from error
    return rows


def read(lines: Iterable[str], source: str) -> list[tuple[str, dict[str, Any]]]:
    """Return the table and the values of each line of an export; UsageError, naming the line, where it is none."""
    records = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            document = msgspec.json.decode(line)
            if number == 1:
                if document["format"] != FORMAT:
                    raise UsageError(f"{source}: format {document['format']!r}", hint=f"this driftd reads {FORMAT}")
                continue
            record = _checked(document["table"], document["row"])
        except (msgspec.DecodeError, KeyError, TypeError, AttributeError, ValueError) as error:
            raise UsageError(
                f"{source}, line {number}: not a line of an export: {error}", hint="driftd export writes them"
            ) from None
        records.append((document["table"], record))
    return records


def read_file(path: Path) -> list[tuple[str, dict[str, Any]]]:
    """Return what an export holds; UsageError if it is none, StoreError if it cannot be read."""
    try:
        with path.open(encoding="utf-8") as file:
            return read(file, str(path))
    except OSError as error:
        raise store_error(error, "importing", path) from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: not an export: {error}", hint="driftd export writes them") from error


def _checked(table: str, row: Mapping[str, Any]) -> dict[str, Any]:
    known = TYPED_BY_NAME[table]
    names = set(known.table.names)
    if strange := set(row) - names:
        raise ValueError(f"{table} has no column {min(strange)}")
    for column in known.table.columns:
        if column.name in row:
            value = row[column.name]
            if not isinstance(value, int | float | str | None) or (
                value is None and not (column.nullable or column.auto)
            ):
                raise ValueError(f"{table}.{column.name} cannot be {value!r}")
        elif not (column.auto or column.nullable or sql.default_text(column) is not None):
            raise ValueError(f"{table} lacks {column.name}")
    return dict(row)


def merge(connection: sqlite3.Connection, records: Iterable[tuple[str, Mapping[str, Any]]]) -> dict[str, int]:
    """Merge rows of another database; return the rows added or changed, by table.  A transaction must be open."""
    by_table: dict[str, list[dict[str, Any]]] = {}
    for table, record in records:
        by_table.setdefault(table, []).append(dict(record))
    changed: dict[str, int] = {}
    ids: dict[str, dict[Any, Any]] = {}  # by table, from an id there to the one here
    for known in TYPED:
        rows = by_table.get(known.name, [])
        if known.table.auto_id and not known.columns:
            rows.sort(key=lambda row: row.get("id") or 0)
        number = sum(_merge(connection, known, row, ids) for row in rows)
        if number:
            changed[known.name] = number
    return changed


def _merge(connection: sqlite3.Connection, known: Typed, record: dict[str, Any], ids: dict[str, dict[Any, Any]]) -> int:
    for column, other in _REFERS.get(known.name, {}).items():
        if record.get(column) is not None:
            record[column] = ids.get(other, {}).get(record[column])
            if record[column] is None and not known.table.column(column).nullable:
                return 0  # what it belongs to was not brought along
    same = _SAME.get(known.name, known.match)
    there = record.pop("id", None) if known.table.auto_id else None
    here = _find(connection, known, same, record)
    if here is None:
        typed.insert(connection, known, record)
        number = 1
        here = _find(connection, known, same, record) if known.table.auto_id else None
    else:
        number = _PREFERENCE.get(known.name, _newer)(connection, known, same, record, here)
    if there is not None and here is not None:
        ids.setdefault(known.name, {})[there] = here["id"]
    return number


def _find(
    connection: sqlite3.Connection, known: Typed, same: tuple[str, ...], record: Mapping[str, Any]
) -> dict[str, Any] | None:
    where = " AND ".join(f"{sql.quoted(name)} IS ?" for name in same)
    found = connection.execute(
        f"{sql.select(known.table)} WHERE {where} LIMIT 1", [record.get(name) for name in same]
    ).fetchone()
    return None if found is None else dict(zip(known.table.names, found, strict=True))


_Merge = Callable[[sqlite3.Connection, Typed, tuple[str, ...], dict[str, Any], dict[str, Any]], int]


def _newer(
    connection: sqlite3.Connection, known: Typed, same: tuple[str, ...], record: dict[str, Any], here: dict[str, Any]
) -> int:
    """Take the row of the two that was changed last, where the table says when that was."""
    if known.columns or record.get("updated_at", 0) <= here.get("updated_at", 0):
        return 0
    return _set(connection, known, same, record, [name for name in record if name not in same])


def _word(
    connection: sqlite3.Connection, known: Typed, same: tuple[str, ...], record: dict[str, Any], here: dict[str, Any]
) -> int:
    """Take a person's word where there is none yet."""
    if any(here[column] not in values for column, values in known.derived.items()):
        return 0
    if all(here[name] == record.get(name) for name in known.columns):
        return 0
    return _set(connection, known, same, record, [name for name in known.columns if name in record])


def _approval(
    connection: sqlite3.Connection, known: Typed, same: tuple[str, ...], record: dict[str, Any], here: dict[str, Any]
) -> int:
    """Take a person's decision over an audit's, and the later of two."""
    if here["approved_by"] == "user":
        return _newer(connection, known, same, record, here)
    return _set(connection, known, same, record, [name for name in record if name not in same])


def _set(
    connection: sqlite3.Connection, known: Typed, same: tuple[str, ...], record: dict[str, Any], columns: list[str]
) -> int:
    sets = ", ".join(f"{sql.quoted(name)} = ?" for name in columns)
    where = " AND ".join(f"{sql.quoted(name)} IS ?" for name in same)
    values = [record[name] for name in (*columns, *same)]
    return connection.execute(f"UPDATE {sql.quoted(known.name)} SET {sets} WHERE {where}", values).rowcount


_PREFERENCE: Final[Mapping[str, _Merge]] = {
    "conventions": _word,
    "violations": _word,
    "pattern_confidence": _word,
    "pattern_status": _approval,
}
