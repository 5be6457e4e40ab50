"""The lists: one table each, with filters that look at columns of it.  A new list is one entry of `listing.LISTS`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec
from msgspec import UNSET, Meta, UnsetType

from driftd.rpc.listing import LISTS, Kind, Listing
from driftd.rpc.method import Method, Params, Session
from driftd.rpc.results import ListResult
from driftd.rpc.service import Filter

Limit = Annotated[int, Meta(ge=1, le=1000, description="Items of the page at most.")]
After = Annotated[str | None, Meta(description="`next` of the page before; null or absent for the first page.")]

_PAGING: tuple[tuple[str, Any, Any], ...] = (("limit", Limit, 100), ("after", After, None))

TYPE_OF: Final[Mapping[Kind, Any]] = {
    Kind.TEXT: str,
    Kind.NULLABLE: str | None,
    Kind.FLAG: bool,
    Kind.INTEGER: int,
    Kind.FUNCTION: int | str,
}


def _method(name: str, listing: Listing) -> Method[Any]:
    async def call(session: Session, params: Any) -> object:
        given: dict[str, Filter] = {}
        for one, filter_ in listing.filters.items():
            value = getattr(params, one)
            if value is UNSET:
                continue
            if filter_.kind is Kind.FUNCTION:
                value = await session.service.function_id(function_named(value))
            given[filter_.column or one] = value
        # before the page: an answer may hold more than it says, never less
        as_of = await session.service.as_of()
        page = await session.service.page(listing.table, given, params.limit, params.after)
        return ListResult(items=page.items, next=page.next, total=page.total, as_of=as_of)

    fields = [
        (one, Annotated[TYPE_OF[filter_.kind], Meta(description=filter_.meaning)] | UnsetType, UNSET)
        for one, filter_ in listing.filters.items()
    ]
    params = msgspec.defstruct(
        f"{name.title().replace('_', '')}Params",
        [*fields, *_PAGING],
        bases=(Params,),
        frozen=True,
        kw_only=True,
        forbid_unknown_fields=True,
    )
    return Method(name, f"Lists {listing.items} (table `{listing.table}`).", params, ListResult, call)


def function_named(function: int | str) -> int | str:
    """Return an id that came as a string of digits as the number it is."""
    return int(function) if isinstance(function, str) and function.isascii() and function.isdecimal() else function


METHODS: tuple[Method[Any], ...] = tuple(_method(name, listing) for name, listing in LISTS.items())
