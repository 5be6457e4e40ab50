"""`sync`: wait until the model holds everything saved so far."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from driftd.rpc.method import Method, Params, Session
from driftd.rpc.results import SyncResult


class SyncParams(Params, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Parameters of `sync`."""

    timeout_s: Annotated[float, Meta(ge=0, le=3600, description="Seconds to wait at most, then -32011.")] = 60.0


async def sync(session: Session, params: SyncParams) -> object:
    """Wait for the model."""
    return SyncResult(as_of=await session.service.sync(params.timeout_s))


METHOD = Method("sync", "Returns when everything saved before the call is in the model.", SyncParams, SyncResult, sync)
