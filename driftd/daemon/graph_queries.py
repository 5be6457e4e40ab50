"""Questions about the call graph, answered from `functions` and `call_edges`: bounded breadth-first search in SQL steps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from driftd.errors import NotFoundError, UsageError
from driftd.rpc.service import Direction, Neighbours, Search
from driftd.store.reader import Reader

_COLUMNS = "f.id, f.file, f.name, f.qualified_name, f.kind, f.language, f.line, f.end_line"
_NAMES = ("id", "file", "name", "qualified_name", "kind", "language", "line", "end_line")

# One IN (…) per step; a level of the search with more nodes takes several statements.
_BATCH = 500

# A search that meets more functions than this says so instead of filling the daemon's memory.
MAX_NEIGHBOURS = 20_000

# With a whole neighbourhood, only the nearest ones of each side are shown; `callers` and `callees` page through all.
MAX_NEIGHBOURHOOD = 500

MAX_CANDIDATES_SHOWN = 10
MAX_PACKAGES = 25


async def resolve_function(reader: Reader, function: str | int) -> dict[str, Any]:
    """Return the one function meant by an id, a qualified name or `file:line`.

    Raises NotFoundError where nothing is meant, UsageError where several are.
    """
    text = str(function)
    if text.lstrip("-").isdigit():
        rows = await _functions(reader, "f.id = ?", [int(text)])
    else:
        rows = await _functions(reader, "f.qualified_name = ? ORDER BY f.file, f.line", [text])
        file, colon, line = text.rpartition(":")
        if not rows and colon and line.isdigit():
            # The innermost one around the line: it starts last; the module is around everything.
            rows = await _functions(
                reader,
                "f.file = ? AND f.line <= ? AND f.end_line >= ? ORDER BY f.kind = 'module', f.line DESC, f.end_line, "
                "f.column_num DESC LIMIT 1",
                [file, int(line), int(line)],
            )
    if not rows:
        namesakes = await _functions(reader, "f.name = ? ORDER BY f.file, f.line", [text])
        hint = f"did you mean {_candidates(namesakes)}?" if namesakes else "name an id, a qualified name or file:line"
        raise NotFoundError(f"no function {text!r}", hint=hint)
    if len(rows) > 1:
        raise UsageError(
            f"{len(rows)} functions are called {text!r}: {_candidates(rows)}", hint="name one as file:line or by its id"
        )
    return rows[0]


def _candidates(rows: Sequence[Mapping[str, Any]]) -> str:
    shown = ", ".join(f"{row['qualified_name']} ({row['file']}:{row['line']})" for row in rows[:MAX_CANDIDATES_SHOWN])
    return shown if len(rows) <= MAX_CANDIDATES_SHOWN else f"{shown} and {len(rows) - MAX_CANDIDATES_SHOWN} more"


async def neighbours(
    reader: Reader, function: str | int, direction: Direction, search: Search, limit: int, after: str | None
) -> Neighbours:
    """Return a page of the functions within reach, nearest first, each with a shortest path and the edge it ends with."""
    start = await resolve_function(reader, function)
    found = await _search(reader, start, direction, search)
    offset = offset_of(after)
    page = found.items[offset : offset + limit]
    following = offset + len(page)
    return Neighbours(
        external=await external_calls(reader, start) if direction == "callees" else [],
        function=start,
        items=page,
        next=str(following) if following < len(found.items) else None,
        total=len(found.items),
        truncated=found.truncated,
        is_recursive=found.is_recursive,
    )


async def neighbourhood(reader: Reader, function: str | int, search: Search) -> dict[str, Any]:
    """Return one function with the nearest of its callers and callees."""
    start = await resolve_function(reader, function)
    callers = await _search(reader, start, "callers", search)
    callees = await _search(reader, start, "callees", search)
    sides = (callers, callees)
    return {
        "external": await external_calls(reader, start),
        "function": start,
        "callers": callers.items[:MAX_NEIGHBOURHOOD],
        "callees": callees.items[:MAX_NEIGHBOURHOOD],
        "is_recursive": callees.is_recursive,
        "truncated": any(side.truncated or len(side.items) > MAX_NEIGHBOURHOOD for side in sides),
    }


async def external_calls(reader: Reader, function: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what a function itself calls of other packages, in the order of its lines."""
    rows = await reader.fetch(
        "SELECT symbol, package, call_site_line, calls FROM external_calls WHERE file = ? AND caller_id = ? "
        "ORDER BY call_site_line, symbol",
        [function["file"], function["id"]],
    )
    return [dict(zip(("symbol", "package", "call_site_line", "calls"), row, strict=True)) for row in rows]


async def totals(reader: Reader) -> dict[str, Any]:
    """Return the size of the graph and what its edges rest on; `uncalled` are those that nothing in it calls."""
    ((functions, uncalled),) = await reader.fetch(
        "SELECT count(*), sum(NOT EXISTS (SELECT 1 FROM call_edges e WHERE e.callee_id = f.id)) FROM functions f", []
    )
    by_strategy = await reader.fetch(
        "SELECT resolution, count(*), avg(confidence) FROM call_edges GROUP BY resolution ORDER BY 2 DESC", []
    )
    packages = await reader.fetch(
        "SELECT package, sum(calls) FROM external_calls GROUP BY package ORDER BY 2 DESC, 1 LIMIT ?", [MAX_PACKAGES]
    )
    return {
        "packages": dict(packages),
        "functions": functions,
        "edges": sum(count for _, count, _ in by_strategy),
        "uncalled": uncalled or 0,
        "edges_by_resolution": {
            name: {"edges": count, "confidence": round(confidence, 3)} for name, count, confidence in by_strategy
        },
    }


@dataclass(slots=True)
class _Found:
    """What a search found; `is_recursive` if it came back to where it began, `truncated` if it was given up."""

    items: list[dict[str, Any]] = field(default_factory=list)
    is_recursive: bool = False
    truncated: bool = False


async def _search(reader: Reader, start: Mapping[str, Any], direction: Direction, search: Search) -> _Found:
    paths: dict[int, list[str]] = {start["id"]: [start["qualified_name"]]}
    found = _Found()
    level = [start["id"]]
    for distance in range(1, search.depth + 1):
        following: list[int] = []
        for origin, line, resolution, confidence, file, *columns in await _edges(reader, level, direction, search):
            item = dict(zip(_NAMES, columns, strict=True))
            number = item["id"]
            if number in paths:
                found.is_recursive = found.is_recursive or number == start["id"]
                continue
            if len(found.items) == MAX_NEIGHBOURS:
                found.truncated = True
                return found
            paths[number] = [*paths[origin], item["qualified_name"]]
            following.append(number)
            found.items.append(
                {
                    **item,
                    "depth": distance,
                    "via_id": origin,
                    "path": paths[number],
                    "call_site": f"{file}:{line}",
                    "resolution": resolution,
                    "confidence": confidence,
                }
            )
        if not following:
            break
        level = following
    return found


async def _edges(reader: Reader, level: list[int], direction: Direction, search: Search) -> list[tuple[Any, ...]]:
    """Return the edges of some functions with what they lead to: by name and place of that, the surest edge first."""
    near, far = ("callee_id", "caller_id") if direction == "callers" else ("caller_id", "callee_id")
    rows: list[tuple[Any, ...]] = []
    for batch in _batches(level):
        marks = ",".join("?" * len(batch))
        rows += await reader.fetch(
            f"SELECT e.{near}, e.call_site_line, e.resolution, e.confidence, e.file, {_COLUMNS} "  # noqa: S608
            f"FROM call_edges e JOIN functions f ON f.id = e.{far} WHERE e.{near} IN ({marks}) "
            f"AND e.confidence >= ?{'' if search.fuzzy else _NOT_FUZZY}",
            [*batch, search.min_confidence],
        )
    rows.sort(key=lambda row: (row[8], row[6], row[5], -row[3], row[1]))  # name, file, id; confidence, line
    return rows


_NOT_FUZZY = " AND e.resolution <> 'fuzzy'"


async def _functions(reader: Reader, where: str, values: list[Any]) -> list[dict[str, Any]]:
    rows = await reader.fetch(f"SELECT {_COLUMNS} FROM functions f WHERE {where}", values)  # noqa: S608
    return [dict(zip(_NAMES, row, strict=True)) for row in rows]


def _batches(ids: list[int]) -> Iterable[list[int]]:
    return (ids[start : start + _BATCH] for start in range(0, len(ids), _BATCH))


def offset_of(after: str | None) -> int:
    """Return where a page of a list that is held in memory starts."""
    if after is None:
        return 0
    if not after.isdigit():
        raise UsageError(f"after: {after!r} is no key of an earlier page", hint="pass the `next` of the page before")
    return int(after)
