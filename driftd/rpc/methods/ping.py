"""`ping`: whether the daemon answers."""

from __future__ import annotations

from typing import Literal

from driftd.rpc.method import Method, NoParams, Session


async def ping(_session: Session, _params: NoParams) -> object:
    """Answer."""
    return "pong"


METHOD = Method("ping", "Answers `pong`.", NoParams, Literal["pong"], ping)
