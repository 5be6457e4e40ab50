"""The proof that incremental and full analysis agree: analyse anew into a scratch database and compare, row by row.

Rows are compared by what the table's declaration calls true (`Reader.dump`); tables that are a log, one row a run or an
action, are not compared at all.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Any

import anyio

from driftd.clock import SystemClock
from driftd.config import load
from driftd.daemon import memory
from driftd.daemon.embedded import analyse_into
from driftd.daemon.learning import Learning
from driftd.errors import NotFoundError
from driftd.rows.declare import Write, table_of
from driftd.rows.facts import ParseCacheRow
from driftd.rows.patterns import PatternStatusRow
from driftd.rows.registry import TABLES
from driftd.store.reader import Reader, open_reader
from driftd.watch.workspace import Layout

# A cache may hold more or less than the truth; what it holds is checked by being used.  What people decided is given.
NOT_COMPARED = frozenset({table_of(ParseCacheRow).name, table_of(PatternStatusRow).name})

MAX_EXAMPLES = 20


def verify(root: Path) -> list[dict[str, Any]]:
    """Return what differs between the live database and an analysis from nothing; [] if they are equal.

    Each difference is {table, kind: "missing" | "extra", row}: `missing` rows are in the fresh analysis only.  A table
    with more than MAX_EXAMPLES differences ends with {table, kind: "more", count}.
    """
    memory.after_imports()
    layout = Layout(root)
    if not layout.database.exists():
        raise NotFoundError(f"{layout.database} does not exist", hint="run `driftd analyze` first")
    return anyio.run(partial(_verify, layout))


async def _verify(layout: Layout) -> list[dict[str, Any]]:
    settings = load(layout.root)
    async with AsyncExitStack() as stack:
        scratch = stack.enter_context(tempfile.TemporaryDirectory(prefix="driftd-verify-"))
        fresh = Path(scratch, "fresh.db")
        live, clock = await open_reader(layout.database, stack), SystemClock()
        # What people said is given, not made: both analyses know the same of it.
        learning = Learning(layout.root, live, None, settings, clock)
        await analyse_into(layout.root, fresh, settings, clock, learning=learning)
        return await differences(live, await open_reader(fresh, stack))


async def differences(live: Reader, made: Reader) -> list[dict[str, Any]]:
    """Return what differs between two analyses, as `verify` does; `made` is the one to trust."""
    found: list[dict[str, Any]] = []
    for row in TABLES:
        table = table_of(row)
        if table.write is Write.APPEND or table.name in NOT_COMPARED:
            continue
        columns = tuple(name for name in table.names if name not in table.volatile)
        have, want = Counter(await live.dump(row)), Counter(await made.dump(row))
        found += _differences(table.name, columns, have, want)
    return found


def _differences(
    table: str, columns: tuple[str, ...], have: Counter[tuple[Any, ...]], want: Counter[tuple[Any, ...]]
) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for kind, rows in (("missing", want - have), ("extra", have - want)):
        listed = sorted(rows.elements(), key=repr)
        found += [
            {"table": table, "kind": kind, "row": dict(zip(columns, map(_shown, row), strict=True))}
            for row in listed[:MAX_EXAMPLES]
        ]
        if len(listed) > MAX_EXAMPLES:
            found.append({"table": table, "kind": "more", "count": len(listed) - MAX_EXAMPLES})
    return found


def _shown(value: object) -> object:
    return value.hex() if isinstance(value, bytes) else value
