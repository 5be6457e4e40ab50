"""Questions about the call graph, answered from `functions` and `call_edges`: bounded breadth-first search in SQL steps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from driftd.errors import NotFoundError, UsageError
from driftd.rpc.service import Direction, Page
from driftd.store.reader import Reader

_COLUMNS = "f.id, f.file, f.name, f.qualified_name, f.kind, f.language, f.line, f.end_line"
_NAMES = ("id", "file", "name", "qualified_name", "kind", "language", "line", "end_line")

# One IN (…) per step; a level of the search with more nodes takes several statements.
_BATCH = 500

# A search that meets more functions than this says so instead of filling the daemon's memory.
MAX_NEIGHBOURS = 20_000

MAX_CANDIDATES_SHOWN = 5


async def resolve_function(reader: Reader, function: str | int) -> dict[str, Any]:
    """Return the one function meant by an id, a qualified name or `file:line`.

    Raises NotFoundError where nothing is meant, UsageError where several are.
    """
    text = str(function)
    if text.lstrip("-").isdigit():
        rows = await _functions(reader, "f.id = ?", [int(text)])
    else:
        rows = await _functions(reader, "f.qualified_name = ?", [text])
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
        raise NotFoundError(f"no function {text!r}", hint="name an id, a qualified name or file:line")
    if len(rows) > 1:
        places = ", ".join(f"{row['file']}:{row['line']}" for row in rows[:MAX_CANDIDATES_SHOWN])
        more = f" and {len(rows) - MAX_CANDIDATES_SHOWN} more" if len(rows) > MAX_CANDIDATES_SHOWN else ""
        raise UsageError(f"{len(rows)} functions are called {text!r}: {places}{more}", hint="name one as file:line")
    return rows[0]


async def neighbours(
    reader: Reader, function: str | int, direction: Direction, depth: int, limit: int, after: str | None
) -> Page:
    """Return a page of the functions within `depth` calls, nearest first, each with a shortest path and its edge."""
    start = await resolve_function(reader, function)
    items = await _search(reader, start, direction, depth)
    offset = _offset(after)
    page = items[offset : offset + limit]
    following = offset + len(page)
    return Page(items=page, next=str(following) if following < len(items) else None, total=len(items))


async def neighbourhood(reader: Reader, function: str | int, depth: int) -> dict[str, Any]:
    """Return one function with its callers and callees within `depth` calls."""
    start = await resolve_function(reader, function)
    return {
        "function": start,
        "callers": await _search(reader, start, "callers", depth),
        "callees": await _search(reader, start, "callees", depth),
    }


async def totals(reader: Reader) -> dict[str, Any]:
    """Return the size of the graph and what its edges rest on; entry points are what nothing in the workspace calls."""
    ((functions, entry_points),) = await reader.fetch(
        "SELECT count(*), sum(NOT EXISTS (SELECT 1 FROM call_edges e WHERE e.callee_id = f.id)) FROM functions f", []
    )
    by_strategy = await reader.fetch(
        "SELECT resolution, count(*), avg(confidence) FROM call_edges GROUP BY resolution ORDER BY 2 DESC", []
    )
    return {
        "functions": functions,
        "edges": sum(count for _, count, _ in by_strategy),
        "entry_points": entry_points or 0,
        "edges_by_resolution": {
            name: {"edges": count, "confidence": round(confidence, 3)} for name, count, confidence in by_strategy
        },
    }


async def _search(reader: Reader, start: Mapping[str, Any], direction: Direction, depth: int) -> list[dict[str, Any]]:
    near, far = ("callee_id", "caller_id") if direction == "callers" else ("caller_id", "callee_id")
    paths: dict[int, list[str]] = {start["id"]: [start["qualified_name"]]}
    found: list[dict[str, Any]] = []
    level = [start["id"]]
    for distance in range(1, depth + 1):
        following: list[int] = []
        for batch in _batches(level):
            marks = ",".join("?" * len(batch))
            rows = await reader.fetch(
                f"SELECT e.{near}, e.call_site_line, e.resolution, e.confidence, e.file, {_COLUMNS} "  # noqa: S608
                f"FROM call_edges e JOIN functions f ON f.id = e.{far} WHERE e.{near} IN ({marks}) "
                "ORDER BY f.qualified_name, f.file, e.call_site_line",
                batch,
            )
            for origin, line, resolution, confidence, file, *columns in rows:
                item = dict(zip(_NAMES, columns, strict=True))
                if item["id"] in paths:
                    continue
                paths[item["id"]] = [*paths[origin], item["qualified_name"]]
                following.append(item["id"])
                found.append(
                    {
                        **item,
                        "depth": distance,
                        "path": paths[item["id"]],
                        "call_site": f"{file}:{line}",
                        "resolution": resolution,
                        "confidence": confidence,
                    }
                )
                if len(found) >= MAX_NEIGHBOURS:
                    return found
        if not following:
            break
        level = following
    return found


async def _functions(reader: Reader, where: str, values: list[Any]) -> list[dict[str, Any]]:
    rows = await reader.fetch(f"SELECT {_COLUMNS} FROM functions f WHERE {where}", values)  # noqa: S608
    return [dict(zip(_NAMES, row, strict=True)) for row in rows]


def _batches(ids: list[int]) -> Iterable[list[int]]:
    return (ids[start : start + _BATCH] for start in range(0, len(ids), _BATCH))


def _offset(after: str | None) -> int:
    if after is None:
        return 0
    if not after.isdigit():
        raise UsageError(f"after: {after!r} is no key of an earlier page", hint="pass the `next` of the page before")
    return int(after)
