"""Carrying out commands on a connection, within the transaction that the caller has begun.

Every function here runs on the writer's thread and does its work in few statements: what is in a table about a file is
read once, compared in memory, and only what differs is written.
"""
# ruff: noqa: S608 - identifiers come from declarations, values are bound

from __future__ import annotations

import sqlite3
from itertools import chain
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

from driftd.errors import UsageError
from driftd.rows.declare import Row, Table, Write, row_values, table_of
from driftd.rows.enforcement import FeedbackRow, ViolationRow
from driftd.rows.facts import FunctionRow
from driftd.rows.ids import json_text
from driftd.rows.registry import TABLES
from driftd.store import sql
from driftd.store.commands import (
    Append,
    Barrier,
    Call,
    Change,
    Checkpoint,
    Delete,
    DropCache,
    DropFiles,
    IncrementalVacuum,
    Maintenance,
    Optimize,
    RenameFile,
    Replace,
    ReplaceAll,
    Result,
    Rows,
    Track,
    Update,
    Upsert,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    Values = Sequence[Any]

_PLACE: Final = frozenset({"line", "column_num", "end_line", "end_column", "source_line", "sink_line"})
_VERDICT: Final = frozenset(
    {"suppressed", "suppression_source", "is_new", "severity", "confidence", "deviation_score", "significance",
     "quick_fix_edits"}
)  # fmt: skip
"""Columns of a finding that may change while it stays the same finding, besides its place."""
_RECENTLY: Final = 86_400  # seconds
_AT_ONCE: Final = 20  # rows in a statement; what does not fill one goes row by row


def change(connection: sqlite3.Connection, command: Change, now: int) -> Result:
    """Carry out a command that changes rows; an open transaction or savepoint is expected."""
    match command:
        case Replace(table, files, rows):
            return _replace(connection, table_of(table), frozenset(files), _values(rows), now)
        case ReplaceAll(table, rows):
            return _replace(connection, table_of(table), None, _values(rows), now)
        case Upsert(table, rows):
            return _upsert(connection, table_of(table), _values(rows), now)
        case Append(table, rows):
            return _append(connection, table_of(table), _values(rows), now)
        case Update():
            return _update(connection, command)
        case Delete(table, keys):
            return _delete(connection, table_of(table), keys)
        case Track(table, files, rows):
            scope = None if files is None else frozenset(files)
            moment = now if command.now is None else command.now
            return _track(connection, table_of(table), scope, _values(rows), moment)
        case DropFiles(paths):
            return _drop_files(connection, paths, now)
        case RenameFile(old, new):
            return _rename_file(connection, old, new)
        case Call(fn):
            before = connection.total_changes
            value = fn(connection, now)
            return Result(written=connection.total_changes - before, value=value)
        case Barrier():
            return Result()


def maintain(connection: sqlite3.Connection, command: Maintenance) -> Result:
    """Carry out maintenance, outside of any transaction."""
    match command:
        case Checkpoint(mode):
            busy, in_log, moved = connection.execute(f"PRAGMA wal_checkpoint({mode})").fetchone()
            return Result(value=not busy and in_log == moved)
        case IncrementalVacuum(pages):
            (before,) = connection.execute("PRAGMA freelist_count").fetchone()
            # Only executescript steps the statement to its end; execute would free a single page.
            connection.executescript(f"PRAGMA incremental_vacuum({max(0, int(pages))});")
            (after,) = connection.execute("PRAGMA freelist_count").fetchone()
            return Result(value=before - after)
        case Optimize():
            connection.executescript("PRAGMA analysis_limit = 400; PRAGMA optimize;")
            return Result()
        case DropCache():
            connection.execute("PRAGMA shrink_memory")
            return Result()


def _values(rows: Rows) -> Sequence[Values]:
    if rows and isinstance(rows[0], Row):
        return list(map(row_values, rows))
    return rows  # type: ignore[return-value]  # the first row speaks for all


def _getter(table: Table, columns: Iterable[str]) -> Callable[[Values], tuple[Any, ...]]:
    """Return a function that takes these columns out of a row's values, always as a tuple."""
    places = [table.names.index(column) for column in columns]
    if len(places) == 1:
        place = places[0]
        return lambda row: (row[place],)
    return itemgetter(*places)


def _content(table: Table) -> tuple[str, ...]:
    """Return the columns that say what is true; two rows that agree in them are not rewritten."""
    return tuple(name for name in table.names if name not in table.volatile)


def _within(table: Table, files: frozenset[str], rows: Sequence[Values]) -> None:
    if table.file is None:
        raise UsageError(f"{table.name} has no file column", hint="replace or track the whole table")
    place = table.names.index(table.file)
    if strange := {row[place] for row in rows} - files:
        raise UsageError(f"{table.name}: rows about {sorted(strange)[:3]}, which the command does not name")


def _existing(connection: sqlite3.Connection, table: Table, files: frozenset[str] | None) -> list[Values]:
    if files is None:
        return connection.execute(sql.select(table)).fetchall()
    return connection.execute(sql.select(table, by_file=True), (json_text(list(files)),)).fetchall()


def _counted(table: Table, written: int, deleted: int = 0, **more: Any) -> Result:
    return Result(written=written, deleted=deleted, tables={table.name: (written, deleted)}, **more)


def _replace(
    connection: sqlite3.Connection, table: Table, files: frozenset[str] | None, rows: Sequence[Values], now: int
) -> Result:
    if table.write is Write.FINDING:
        raise UsageError(f"{table.name} holds findings, which are not replaced", hint="track them")
    if files is not None:
        _within(table, files, rows)
    existing = _existing(connection, table, files)
    if not existing:
        _insert(connection, table, rows, now)
        return _counted(table, len(rows))
    content_of = _getter(table, _content(table))
    if table.auto_id:
        added, changed, gone = _differences_by_content(table, content_of, existing, rows)
    else:
        added, changed, gone = _differences_by_key(table, content_of, existing, rows)
    connection.executemany(sql.delete(table), gone)
    if table.row is FunctionRow:
        _delete_through(connection, gone)
    connection.executemany(sql.upsert(table, now), changed)
    _insert(connection, table, added, now)
    return _counted(table, len(added) + len(changed), len(gone), changed=len(changed))


def _insert(connection: sqlite3.Connection, table: Table, rows: Sequence[Values], now: int) -> None:
    """Insert rows, many with one statement.

    sqlite3 lets go of the interpreter's lock for each statement, and where another thread computes, it is milliseconds
    until it has it again.
    """
    whole = len(rows) - len(rows) % _AT_ONCE
    if whole:
        several = (tuple(chain.from_iterable(rows[at : at + _AT_ONCE])) for at in range(0, whole, _AT_ONCE))
        connection.executemany(sql.insert(table, now, _AT_ONCE), several)
    connection.executemany(sql.insert(table, now), rows[whole:])


def _delete_through(connection: sqlite3.Connection, functions: Sequence[Values]) -> None:
    """Delete what is found through functions that are gone: nothing else would find it any more."""
    for table in map(table_of, TABLES):
        if table.by_function is not None and functions:
            where = f"{sql.quoted(table.by_function)} = ?"
            connection.executemany(f"DELETE FROM {sql.quoted(table.name)} WHERE {where}", functions)


def _differences_by_content(
    table: Table, content_of: Callable[[Values], tuple[Any, ...]], existing: Sequence[Values], rows: Sequence[Values]
) -> tuple[list[Values], list[Values], list[Values]]:
    key_of = _getter(table, table.key)
    kept: dict[tuple[Any, ...], list[Values]] = {}
    for row in existing:
        kept.setdefault(content_of(row), []).append(key_of(row))
    added = []
    for row in rows:
        equals = kept.get(content_of(row))
        if equals:
            equals.pop()
        else:
            added.append(row)
    return added, [], [key for keys in kept.values() for key in keys]


def _differences_by_key(
    table: Table, content_of: Callable[[Values], tuple[Any, ...]], existing: Sequence[Values], rows: Sequence[Values]
) -> tuple[list[Values], list[Values], list[Values]]:
    key_of = _getter(table, table.key)
    kept = {key_of(row): content_of(row) for row in existing}
    added = []
    changed = []
    for row in rows:
        before = kept.pop(key_of(row), None)
        if before is None:
            added.append(row)  # a key given twice ends here too, and the insert refuses it
        elif before != content_of(row):
            changed.append(row)
    return added, changed, list(kept)


def _upsert(connection: sqlite3.Connection, table: Table, rows: Sequence[Values], now: int) -> Result:
    connection.executemany(sql.upsert(table, now), rows)
    return _counted(table, len(rows))


def _append(connection: sqlite3.Connection, table: Table, rows: Sequence[Values], now: int) -> Result:
    if not table.auto_id:
        _insert(connection, table, rows, now)
        return _counted(table, len(rows))
    statement = sql.insert(table, now)
    ids = tuple(connection.execute(statement, row).lastrowid or 0 for row in rows)
    return _counted(table, len(rows), ids=ids)


def _keys(keys: Collection[Any]) -> list[Values]:
    return [key if isinstance(key, tuple | list) else (key,) for key in keys]


def _update(connection: sqlite3.Connection, command: Update) -> Result:
    table = table_of(command.table)
    if unknown := set(command.values) - set(table.names):
        raise UsageError(f"{table.name} has no column {sorted(unknown)}")
    values = tuple(command.values.values())
    if not values:
        return Result()
    cursor = connection.executemany(sql.update(table, command.values), ((*values, *key) for key in _keys(command.keys)))
    return _counted(table, max(0, cursor.rowcount))


def _delete(connection: sqlite3.Connection, table: Table, keys: Collection[Any]) -> Result:
    cursor = connection.executemany(sql.delete(table), _keys(keys))
    return _counted(table, 0, max(0, cursor.rowcount))


def _track(
    connection: sqlite3.Connection, table: Table, files: frozenset[str] | None, rows: Sequence[Values], now: int
) -> Result:
    if table.write is not Write.FINDING:
        raise UsageError(f"{table.name} holds no findings", hint="replace or upsert its rows")
    if files is not None:
        _within(table, files, rows)
    id_of = itemgetter(table.names.index(table.key[0]))
    content_of = _getter(table, _content(table))
    resolved_at = table.names.index("resolved_at")
    known = {id_of(row): row for row in _existing(connection, table, files)}
    incoming = {id_of(row): row for row in rows}
    if len(incoming) != len(rows):
        raise UsageError(f"{table.name}: two findings have one id: {_first_twice(map(id_of, rows))}")

    added = [row for key, row in incoming.items() if key not in known]
    vanished = [row for key, row in known.items() if row[resolved_at] is None and key not in incoming]
    renamed = _moved(table, vanished, added) if added and vanished else {}
    if added and table.row is ViolationRow:
        taken = set(renamed.values())
        renamed |= _resettled(connection, table, known, [row for row in added if id_of(row) not in taken], now)
    taken = set(renamed.values())
    changed = [
        row
        for key, row in incoming.items()
        if key in taken
        or (key in known and (known[key][resolved_at] is not None or content_of(known[key]) != content_of(row)))
    ]
    reopened = [id_of(row) for row in changed if id_of(row) in known and known[id_of(row)][resolved_at] is not None]
    opened = [id_of(row) for row in added if id_of(row) not in taken]
    resolved = [id_of(row) for row in vanished if id_of(row) not in renamed]

    _carry_over(connection, table, renamed)
    alive = _enlivened(table, now, _silenced_by_a_person(table, known, renamed))
    fresh = (row for row in added if id_of(row) not in taken)
    connection.executemany(sql.upsert(table, now), [alive(row) for row in (*changed, *fresh)])
    _resolve(connection, table, resolved, now)
    _touch(connection, table, files, now)
    return _counted(
        table,
        len(changed) + len(opened) + len(resolved),
        opened=(*opened, *reopened),
        resolved=tuple(resolved),
        renamed=renamed,
    )


def _first_twice(ids: Iterable[Any]) -> Any:
    seen = set()
    return next((key for key in ids if key in seen or seen.add(key)), None)  # type: ignore[func-returns-value]


def _moved(table: Table, vanished: Sequence[Values], added: Sequence[Values]) -> dict[str, str]:
    """Pair vanished findings with new ones of equal content, in the order of their lines; return old id to new."""
    columns = [name for name in _content(table) if name not in table.key and name not in _PLACE | _VERDICT]
    likeness = _getter(table, columns)
    id_of = itemgetter(table.names.index(table.key[0]))
    lines = [table.names.index(name) for name in table.names if name in _PLACE]

    def in_order(row: Values) -> tuple[Any, ...]:
        return (*(row[place] or 0 for place in lines), id_of(row))

    waiting: dict[tuple[Any, ...], list[str]] = {}
    for row in sorted(vanished, key=in_order, reverse=True):
        waiting.setdefault(likeness(row), []).append(id_of(row))
    pairs = {}
    for row in sorted(added, key=in_order):
        if same := waiting.get(likeness(row)):
            pairs[same.pop()] = id_of(row)
    return pairs


def _resettled(
    connection: sqlite3.Connection, table: Table, known: dict[str, Values], added: Sequence[Values], now: int
) -> dict[str, str]:
    """Pair findings that a person silenced in files that are gone with new ones of the same code; old id to new.

    A file that is renamed and edited at once is one that went and one that came.  It has its folder or its name still,
    went within the last day, and the code is in one place of either.
    """
    place = {name: table.names.index(name) for name in ("id", "file", "code_hash", "pattern_id", "resolved_at")}
    source = table.names.index("suppression_source")
    gone = [
        row
        for row in known.values()
        if row[source] == "user" and row[place["code_hash"]] and (row[place["resolved_at"]] or 0) > now - _RECENTLY
    ]
    if not gone:
        return {}
    files = json_text(sorted({row[place["file"]] for row in gone}))
    there = {
        path for (path,) in connection.execute(f"SELECT path FROM file_metadata WHERE path {sql.IN_FILES}", (files,))
    }

    def by_code(rows: Iterable[Values]) -> dict[tuple[Any, Any], list[Values]]:
        found: dict[tuple[Any, Any], list[Values]] = {}
        for row in rows:
            found.setdefault((row[place["code_hash"]], row[place["pattern_id"]]), []).append(row)
        return found

    came = by_code(added)
    pairs = {}
    for code, rows in by_code(row for row in gone if row[place["file"]] not in there).items():
        new = came.get(code, [])
        if len(rows) == len(new) == 1 and _is_akin(rows[0][place["file"]], new[0][place["file"]]):
            pairs[rows[0][place["id"]]] = new[0][place["id"]]
    return pairs


def _is_akin(one: str, other: str) -> bool:
    """Tell whether two paths have the folder or the name in common."""
    (folder, _, name), (other_folder, _, other_name) = one.rpartition("/"), other.rpartition("/")
    return folder == other_folder or name == other_name


def _carry_over(connection: sqlite3.Connection, table: Table, renamed: dict[str, str]) -> None:
    if not renamed:
        return
    pairs = [(new, old) for old, new in renamed.items()]
    key = table.key[0]
    connection.executemany(sql.update(table, (key,)), pairs)
    if table.row is ViolationRow:
        feedback = sql.quoted(table_of(FeedbackRow).name)
        connection.executemany(f"UPDATE {feedback} SET violation_id = ? WHERE violation_id = ?", pairs)


def _silenced_by_a_person(table: Table, known: dict[str, Values], renamed: dict[str, str]) -> frozenset[str]:
    """Return the new ids of findings that a person silenced under their old ones: the analysis has not heard of them."""
    if table.row is not ViolationRow:
        return frozenset()
    source = table.names.index("suppression_source")
    return frozenset(new for old, new in renamed.items() if known[old][source] == "user")


def _enlivened(table: Table, now: int, silenced: frozenset[str]) -> Callable[[Values], list[Any]]:
    """Return a function that gives a row's values as those of a finding that is true now."""
    changes: dict[int, Any] = {}
    for name, value in ((table.first_seen, now), ("last_seen_at", now), ("resolved_at", None), ("resolved", 0)):
        if name in table.names:
            changes[table.names.index(name)] = value
    key = table.names.index(table.key[0])
    decided = (("suppressed", 1), ("suppression_source", "user")) if silenced else ()
    verdict: dict[int, Any] = {table.names.index(name): value for name, value in decided}

    def alive(row: Values) -> list[Any]:
        values = list(row)
        for place, value in changes.items():
            values[place] = value
        if silenced and values[key] in silenced:
            for place, value in verdict.items():
                values[place] = value
        return values

    return alive


def _resolve(connection: sqlite3.Connection, table: Table, ids: Iterable[str], now: int) -> None:
    flag = ", resolved = 1" if "resolved" in table.names else ""
    connection.executemany(
        # Not before it was last seen, even if the clock was set back meanwhile.
        f"UPDATE {sql.quoted(table.name)} SET resolved_at = max(?, last_seen_at){flag} WHERE {sql.matches(table.key)}",
        [(now, key) for key in ids],
    )


def _touch(connection: sqlite3.Connection, table: Table, files: frozenset[str] | None, now: int) -> None:
    """Note that every open finding of the scope was seen: one statement, whatever their number."""
    statement = f"UPDATE {sql.quoted(table.name)} SET last_seen_at = ?1 WHERE resolved_at IS NULL AND last_seen_at < ?1"
    if files is None or table.file is None:
        connection.execute(statement, (now,))
    else:
        in_files = f" AND {sql.quoted(table.file)} IN (SELECT value FROM json_each(?2))"
        connection.execute(statement + in_files, (now, json_text(list(files))))


class _Tally:
    """Counts what statements over several tables did."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._tables: dict[str, tuple[int, int]] = {}

    def run(self, table: Table, statement: str, parameters: Values, *, deletes: bool) -> None:
        count = max(0, self._connection.execute(statement, parameters).rowcount)
        written, deleted = self._tables.get(table.name, (0, 0))
        self._tables[table.name] = (written, deleted + count) if deletes else (written + count, deleted)

    def result(self) -> Result:
        return Result(
            written=sum(written for written, _ in self._tables.values()),
            deleted=sum(deleted for _, deleted in self._tables.values()),
            tables=self._tables,
        )


def _drop_files(connection: sqlite3.Connection, paths: Collection[str], now: int) -> Result:
    tally = _Tally(connection)
    files = json_text(sorted(paths))
    for table in map(table_of, TABLES):
        if table.file is not None and table.write is Write.FINDING:
            flag = ", resolved = 1" if "resolved" in table.names else ""
            where = f"resolved_at IS NULL AND {sql.quoted(table.file)} {sql.IN_FILES}"
            statement = f"UPDATE {sql.quoted(table.name)} SET resolved_at = max(?, last_seen_at){flag} WHERE {where}"
            tally.run(table, statement, (now, files), deletes=False)
    _forget(connection, tally, files)
    return tally.result()


def _rename_file(connection: sqlite3.Connection, old: str, new: str) -> Result:
    tally = _Tally(connection)
    for table in map(table_of, TABLES):
        if table.write is not Write.FINDING:
            continue
        for column in table.names:
            if column in {table.file, "source_file"}:
                name = sql.quoted(column)
                statement = f"UPDATE {sql.quoted(table.name)} SET {name} = ? WHERE {name} = ?"
                tally.run(table, statement, (new, old), deletes=False)
    _forget(connection, tally, json_text([old]))
    return tally.result()


def _forget(connection: sqlite3.Connection, tally: _Tally, files: str) -> None:
    """Delete every row about the files but findings, and the rows elsewhere that are about their functions."""
    functions = table_of(FunctionRow)
    statement = f"SELECT id FROM {sql.quoted(functions.name)} WHERE {sql.quoted('file')} {sql.IN_FILES}"
    gone = json_text([key for (key,) in connection.execute(statement, (files,))])
    for table in map(table_of, TABLES):
        if table.write is Write.FINDING:
            continue
        if table.file is not None and table.by_function is None:
            where = f"{sql.quoted(table.file)} {sql.IN_FILES}"
            tally.run(table, f"DELETE FROM {sql.quoted(table.name)} WHERE {where}", (files,), deletes=True)
        if gone != "[]" and table is not functions:
            for column in table.function_ids:
                where = f"{sql.quoted(column)} {sql.IN_FILES}"
                tally.run(table, f"DELETE FROM {sql.quoted(table.name)} WHERE {where}", (gone,), deletes=True)
