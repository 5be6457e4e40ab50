"""`call_graph`, `callers` and `callees`: who calls whom."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from driftd.rpc.method import Method, Params, Session
from driftd.rpc.methods.lists import After, Limit, function_named
from driftd.rpc.results import CallGraphResult, NeighboursResult
from driftd.rpc.service import Direction, Search

Function = Annotated[
    int | str,
    Meta(
        description="Id, qualified name, or `file:line`.  An id may be a string of digits: "
        "it has up to 63 bits, more than a number of JavaScript holds."
    ),
]
Depth = Annotated[int, Meta(ge=1, le=50, description="Calls to follow at most.")]


MinConfidence = Annotated[
    Annotated[float, Meta(ge=0, le=1)] | None,
    Meta(description="Edges less sure than this (0 to 1) are not followed; 0.5 by default, 0 with `fuzzy`."),
]
Fuzzy = Annotated[bool, Meta(description="Follows edges that rest on a name alone as well.")]


class CallGraphParams(Params, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Parameters of `call_graph`."""

    function: Function | None = None
    depth: Depth = 1
    min_confidence: MinConfidence = None
    fuzzy: Fuzzy = False


class NeighboursParams(Params, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Parameters of `callers` and `callees`."""

    function: Function
    depth: Depth = 1
    limit: Limit = 100
    after: After = None
    min_confidence: MinConfidence = None
    fuzzy: Fuzzy = False


async def call_graph(session: Session, params: CallGraphParams) -> object:
    """Describe the call graph, or one function's place in it."""
    function = None if params.function is None else function_named(params.function)
    as_of = await session.service.as_of()
    return {**await session.service.call_graph(function, _search(params)), "as_of": as_of}


def _neighbours(name: Direction, summary: str) -> Method[Any]:
    async def call(session: Session, params: NeighboursParams) -> object:
        as_of = await session.service.as_of()
        found = await session.service.neighbours(
            function_named(params.function), name, _search(params), params.limit, params.after
        )
        return NeighboursResult(**msgspec.structs.asdict(found), as_of=as_of)

    return Method(name, summary, NeighboursParams, NeighboursResult, call)


def _search(params: CallGraphParams | NeighboursParams) -> Search:
    least = params.min_confidence
    if least is None:
        least = 0.0 if params.fuzzy else Search().min_confidence
    return Search(depth=params.depth, min_confidence=least, fuzzy=params.fuzzy)


CALL_GRAPH = Method(
    "call_graph",
    "Gives totals, entry points by reason and resolution rates; with `function`, its neighbourhood.",
    CallGraphParams,
    CallGraphResult,
    call_graph,
)
CALLERS = _neighbours("callers", "Lists the functions that call a function, directly or through others, with paths.")
CALLEES = _neighbours("callees", "Lists the functions that a function calls, directly or through others, with paths.")
