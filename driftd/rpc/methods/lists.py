"""The lists: one table each, with filters that are columns of it.  A new list is one entry of `_LISTS`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from driftd.rpc.method import Method, Params, Session
from driftd.rpc.results import ListResult

Limit = Annotated[int, Meta(ge=1, le=1000, description="Items of the page at most.")]
After = Annotated[str | None, Meta(description="`next` of the page before; null or absent for the first page.")]

_PAGING: tuple[tuple[str, Any, Any], ...] = (("limit", Limit, 100), ("after", After, None))

# method: (table, filters with the types of their columns, what an item is)
_LISTS: Mapping[str, tuple[str, Mapping[str, Any], str]] = {
    "files": (
        "file_metadata",
        {"path": str, "language": str | None, "skip_reason": str | None, "error": str | None},
        "tracked files",
    ),
    "functions": (
        "functions",
        {
            "file": str,
            "name": str,
            "qualified_name": str,
            "kind": str,
            "language": str,
            "visibility": str,
            "is_exported": bool,
            "is_async": bool,
        },
        "functions, methods, lambdas and top-level code",
    ),
    "scan_history": ("scan_history", {"status": str, "trigger": str}, "runs"),
    "call_edges": (
        "call_edges",
        {"caller_id": int, "callee_id": int, "resolution": str},
        "calls from one function to another",
    ),
    "constants": (
        "constants",
        {"file": str, "name": str, "language": str, "is_named": bool, "is_used": bool},
        "named constants and magic numbers",
    ),
    "env_variables": (
        "env_variables",
        {
            "file": str,
            "name": str,
            "has_default": bool,
            "defined_in_env": bool,
            "framework_prefix": str | None,
        },
        "places that read an environment variable",
    ),
}


def _method(name: str, table: str, filters: Mapping[str, Any], items: str) -> Method[Any]:
    async def call(session: Session, params: Any) -> object:
        given = {column: getattr(params, column) for column in filters if getattr(params, column) is not UNSET}
        # before the page: an answer may hold more than it says, never less
        as_of = await session.service.as_of()
        page = await session.service.page(table, given, params.limit, params.after)
        return ListResult(items=page.items, next=page.next, total=page.total, as_of=as_of)

    fields = [(column, kind | UnsetType, UNSET) for column, kind in filters.items()]
    params = msgspec.defstruct(
        f"{name.title().replace('_', '')}Params",
        [*fields, *_PAGING],
        bases=(Params,),
        frozen=True,
        kw_only=True,
        forbid_unknown_fields=True,
    )
    return Method(name, f"Lists {items} (table `{table}`).", params, ListResult, call)


TABLE_OF: Mapping[str, str] = {name: table for name, (table, _, _) in _LISTS.items()}
FILTERS_OF: Mapping[str, Mapping[str, Any]] = {name: filters for name, (_, filters, _) in _LISTS.items()}
METHODS: tuple[Method[Any], ...] = tuple(_method(name, *entry) for name, entry in _LISTS.items())
