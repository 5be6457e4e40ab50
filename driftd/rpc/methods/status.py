"""`status`: what the daemon is and how it fares."""

from __future__ import annotations

from driftd.rpc.method import Method, NoParams, Session
from driftd.rpc.results import StatusResult


async def status(session: Session, _params: NoParams) -> object:
    """Report on the daemon."""
    as_of = await session.service.as_of()
    return {**await session.service.status(), "as_of": as_of}


METHOD = Method(
    "status", "Tells what the daemon is, what it stores and writes, and how it fares.", NoParams, StatusResult, status
)
