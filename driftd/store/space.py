"""How much of the file each table takes, its indexes included."""
# ruff: noqa: S608 - identifiers come from declarations

from __future__ import annotations

import sqlite3
from typing import Final

from driftd.rows.declare import table_of
from driftd.rows.registry import TABLES
from driftd.store.sql import quoted

_EXACT: Final = (
    "SELECT s.tbl_name, sum(d.pgsize) FROM dbstat AS d JOIN sqlite_schema AS s ON s.name = d.name "
    "WHERE d.aggregate = TRUE GROUP BY s.tbl_name"
)
_SAMPLE: Final = 200  # rows
_OVERHEAD: Final = 1.6  # what keys, indexes and half-empty pages add to the bare values, roughly


def table_bytes(connection: sqlite3.Connection) -> tuple[dict[str, int], bool]:
    """Return the bytes of every declared table, largest first, and whether they are exact.

    Exact needs SQLite's `dbstat`; without it they are estimated from some rows.
    """
    names = [table_of(row).name for row in TABLES]
    try:
        found = dict(connection.execute(_EXACT).fetchall())
        exact = True
    except sqlite3.OperationalError:
        found = {name: _estimate(connection, name) for name in names}
        exact = False
    sizes = {name: int(found.get(name, 0)) for name in names}
    return dict(sorted(sizes.items(), key=lambda item: (-item[1], item[0]))), exact


def _estimate(connection: sqlite3.Connection, name: str) -> int:
    rows = connection.execute(f"SELECT * FROM {quoted(name)} LIMIT {_SAMPLE}").fetchall()
    if not rows:
        return 0
    (count,) = connection.execute(f"SELECT count(*) FROM {quoted(name)}").fetchone()
    values = sum(len(value) if isinstance(value, str | bytes) else 4 for row in rows for value in row)
    return int(values / len(rows) * count * _OVERHEAD)
