"""Questions about entry points, answered from what the engine found in the facts; only their lines are in the database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import translate
from functools import lru_cache
from re import Pattern
from re import compile as compile_pattern
from typing import Any

from driftd.daemon.graph_queries import offset_of
from driftd.pipeline.entry_points.finding import EntryPoint, main_reasons
from driftd.pipeline.entry_points.packs import REASONS
from driftd.rpc.service import Page
from driftd.store.reader import Reader


def counts(points: Sequence[EntryPoint] | None) -> dict[str, Any]:
    """Return how many functions are called from outside and why, each counted once; None if that is not known yet."""
    if points is None:
        return {"entry_points": None, "entry_points_by_reason": None}
    found = Counter(main_reasons(points).values())
    by_reason = {reason: found[reason] for reason in REASONS if found[reason]}
    return {"entry_points": sum(by_reason.values()), "entry_points_by_reason": by_reason}


async def page(
    reader: Reader, points: Iterable[EntryPoint], filters: Mapping[str, str], limit: int, after: str | None
) -> Page:
    """Return a page of the entry points that match all filters, by file and name."""
    found = [p for p in points if all(_matches(str(getattr(p, name)), wanted) for name, wanted in filters.items())]
    start = offset_of(after)
    shown = found[start : start + limit]
    marks = ",".join("?" * len(shown))
    lines = dict(
        await reader.fetch(f"SELECT id, line FROM functions WHERE id IN ({marks})", [p.function for p in shown])  # noqa: S608
    )
    items = [
        {
            "function_id": point.function,
            "function": point.name,
            "file": point.file,
            "line": lines.get(point.function),
            "reason": point.reason,
            "framework": point.framework,
            "said_at": f"{point.said_in}:{point.line}" if point.line else None,
        }
        for point in shown
    ]
    following = start + len(shown)
    return Page(items=items, next=str(following) if following < len(found) else None, total=len(found))


def _matches(text: str, wanted: str) -> bool:
    return text == wanted if "*" not in wanted else _pattern(wanted).match(text) is not None


@lru_cache(maxsize=64)
def _pattern(glob: str) -> Pattern[str]:
    plain = "".join(f"[{char}]" if char in "?[" else char for char in glob)
    return compile_pattern(translate(plain))
