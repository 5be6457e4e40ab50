"""Lists as people read them: by file and line, with the names of the functions that rows refer to by id."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from driftd.pipeline.patterns.about import about_pattern
from driftd.rows.declare import Row, Table, Write, table_of
from driftd.rows.patterns import PatternConfidenceRow
from driftd.rpc.service import Filter, Page
from driftd.store.reader import Matching, Reader

# Where a row stands in its file, by the names that tables have for it.
_LINES = ("line", "call_site_line")

# One IN (…) for the ids of a page; a page has at most twice as many.
_BATCH = 500


async def page(reader: Reader, row: type[Row], filters: Mapping[str, Filter], limit: int, after: str | None) -> Page:
    """Return one page of a table; `*` in a text of `filters` stands for anything.  Of findings, those that are true."""
    table = table_of(row)
    wanted = {name: _wanted(table, name, value) for name, value in filters.items()}
    if table.write is Write.FINDING:
        wanted.setdefault("resolved_at", None)
    found = await reader.page(row, wanted, limit, after, along=_reading_order(table))
    await _name_functions(reader, table, found.items)
    if row is PatternConfidenceRow:
        for item in found.items:
            item.update(about_pattern(item["pattern_id"], item["sites"] - item["followed"]))
    return Page(items=found.items, next=found.next, total=found.total)


def _wanted(table: Table, name: str, value: Filter) -> Filter | Matching:
    is_pattern = isinstance(value, str) and "*" in value and not table.column(name).enum
    return Matching(str(value)) if is_pattern else value


def _reading_order(table: Table) -> tuple[str, ...]:
    """Return file and line where rows have them; keys are mostly hashes, whose order means nothing."""
    if table.file is None or table.key[0] == table.file or table.column(table.file).nullable:
        return ()
    line = next((name for name in _LINES if name in table.names and not table.column(name).nullable), None)
    return (table.file,) if line is None else (table.file, line)


async def _name_functions(reader: Reader, table: Table, items: list[dict[str, Any]]) -> None:
    """Put `caller` beside `caller_id`: the qualified name, None for a function that has just gone."""
    columns = [name for name in table.function_ids if name.endswith("_id")]
    if not (columns and items):
        return
    names = await _names(reader, {item[column] for item in items for column in columns})
    for item in items:
        for column in columns:
            item[column.removesuffix("_id")] = names.get(item[column])


async def _names(reader: Reader, ids: Iterable[int]) -> dict[int, str]:
    wanted = sorted(ids)
    names: dict[int, str] = {}
    for start in range(0, len(wanted), _BATCH):
        batch = wanted[start : start + _BATCH]
        marks = ",".join("?" * len(batch))
        names.update(await reader.fetch(f"SELECT id, qualified_name FROM functions WHERE id IN ({marks})", batch))  # noqa: S608
    return names
