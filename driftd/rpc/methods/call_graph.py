"""`call_graph`, `callers` and `callees`: who calls whom."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta

from driftd.rpc.method import Method, Params, Session
from driftd.rpc.methods.lists import After, Limit
from driftd.rpc.results import CallGraphResult, ListResult
from driftd.rpc.service import Direction

Function = Annotated[
    int | str,
    Meta(
        description="Id, qualified name, or `file:line`.  An id may be a string of digits: "
        "it has up to 63 bits, more than a number of JavaScript holds."
    ),
]
Depth = Annotated[int, Meta(ge=1, le=50, description="Calls to follow at most.")]


class CallGraphParams(Params, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Parameters of `call_graph`."""

    function: Function | None = None
    depth: Depth = 1


class NeighboursParams(Params, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Parameters of `callers` and `callees`."""

    function: Function
    depth: Depth = 1
    limit: Limit = 100
    after: After = None


async def call_graph(session: Session, params: CallGraphParams) -> object:
    """Describe the call graph, or one function's place in it."""
    function = None if params.function is None else _function(params.function)
    as_of = await session.service.as_of()
    return {**await session.service.call_graph(function, params.depth), "as_of": as_of}


def _neighbours(name: Direction, summary: str) -> Method[Any]:
    async def call(session: Session, params: NeighboursParams) -> object:
        as_of = await session.service.as_of()
        page = await session.service.neighbours(
            _function(params.function), name, params.depth, params.limit, params.after
        )
        return ListResult(items=page.items, next=page.next, total=page.total, as_of=as_of)

    return Method(name, summary, NeighboursParams, ListResult, call)


def _function(function: int | str) -> int | str:
    return int(function) if isinstance(function, str) and function.isascii() and function.isdecimal() else function


CALL_GRAPH = Method(
    "call_graph",
    "Gives totals, entry points and resolution rate by strategy; with `function`, its neighbourhood.",
    CallGraphParams,
    CallGraphResult,
    call_graph,
)
CALLERS = _neighbours("callers", "Lists the functions that call a function, directly or through others, with paths.")
CALLEES = _neighbours("callees", "Lists the functions that a function calls, directly or through others, with paths.")
