"""`entry_points`: what a framework, a shell or a test runner calls."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from driftd.rpc.method import Method, Params, Session
from driftd.rpc.methods.lists import After, Limit
from driftd.rpc.results import EntryPointsResult


class EntryPointsParams(Params, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Parameters of `entry_points`."""

    file: Annotated[str | None, Meta(description="Only functions of this file.")] = None
    reason: Annotated[
        str | None,
        Meta(description="route, command, task, signal, hook, main, test, fixture, component, export."),
    ] = None
    framework: Annotated[str | None, Meta(description="flask, django, pytest, express …")] = None
    limit: Limit = 100
    after: After = None


async def entry_points(session: Session, params: EntryPointsParams) -> object:
    """List entry points."""
    named = {"file": params.file, "reason": params.reason, "framework": params.framework}
    as_of = await session.service.as_of()
    page = await session.service.entry_points(
        {name: wanted for name, wanted in named.items() if wanted is not None}, params.limit, params.after
    )
    return EntryPointsResult(items=page.items, next=page.next, total=page.total, as_of=as_of)


METHOD = Method(
    "entry_points",
    "Lists the functions that are called from outside the code, with the reason.  `*` in a filter stands for anything.",
    EntryPointsParams,
    EntryPointsResult,
    entry_points,
)
