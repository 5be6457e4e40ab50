"""`shutdown`: ask the daemon to stop."""

from __future__ import annotations

from driftd.rpc.method import Method, NoParams, Session
from driftd.rpc.results import ShutdownResult


async def shutdown(session: Session, _params: NoParams) -> object:
    """Ask the daemon to stop."""
    await session.service.shutdown()
    return ShutdownResult(stopping=True)


METHOD = Method(
    "shutdown",
    "Drains, runs the light retention, checkpoints and exits.  The answer comes before that is done.",
    NoParams,
    ShutdownResult,
    shutdown,
)
