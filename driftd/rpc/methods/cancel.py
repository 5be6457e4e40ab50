"""`cancel`: end a request of this connection, or a run."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from driftd.errors import UsageError
from driftd.rpc.method import Method, Params, Session
from driftd.rpc.results import CancelResult


class CancelParams(Params, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Parameters of `cancel`; exactly one is given."""

    id: Annotated[
        int | float | str | None, Meta(description="Id of a request on this connection; it is answered -32012.")
    ] = None
    run_id: Annotated[int | None, Meta(description="Id of a run, which ends for all who wait for it.")] = None


async def cancel(session: Session, params: CancelParams) -> object:
    """Cancel what the parameters name."""
    if (params.id is None) == (params.run_id is None):
        raise UsageError("cancel takes exactly one of id and run_id", hint="id: a request; run_id: a run")
    if params.run_id is not None:
        return CancelResult(cancelled=await session.service.cancel_run(params.run_id))
    return CancelResult(cancelled=session.cancel(params.id))


METHOD = Method("cancel", "Cancels a request in flight, or a run.", CancelParams, CancelResult, cancel)
