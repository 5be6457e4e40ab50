"""`gc`: delete what is older than its tier and no longer current."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from driftd.rpc.method import Method, Params, Session
from driftd.rpc.methods.runs import ProgressToken
from driftd.rpc.results import GcResult
from driftd.rpc.service import Days

_DAYS = Meta(ge=1, le=36_500)


class GcParams(Params, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Parameters of `gc`."""

    retention_days: Annotated[
        Annotated[int, _DAYS] | None, Meta(description="Days of every timed tier that is not named.")
    ] = None
    short_days: Annotated[Annotated[int, _DAYS] | None, Meta(description="Days of the short tier.")] = None
    medium_days: Annotated[Annotated[int, _DAYS] | None, Meta(description="Days of the medium tier.")] = None
    long_days: Annotated[Annotated[int, _DAYS] | None, Meta(description="Days of the long tier.")] = None
    dry_run: Annotated[bool, Meta(description="Counts what would go and changes nothing.")] = False
    progress_token: ProgressToken = None


async def gc(session: Session, params: GcParams) -> object:
    """Clean up."""
    days = Days(
        retention_days=params.retention_days,
        short_days=params.short_days,
        medium_days=params.medium_days,
        long_days=params.long_days,
    )
    result = await session.service.gc(days, params.dry_run, session.progress(params.progress_token))
    return {**result, "as_of": await session.service.as_of()}


METHOD = Method(
    "gc",
    "Deletes what is older than its tier and no longer current, and gives the space back.",
    GcParams,
    GcResult,
    gc,
)
