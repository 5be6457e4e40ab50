"""The server under test, and the two framings."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from driftd.rpc.framing import Framing

from .rpc_harness import Served, serving


@pytest.fixture
def where(tmp_path: Path) -> Path:
    """Where the socket will be."""
    return tmp_path / "run" / "d.sock"


@pytest.fixture
async def served(where: Path) -> AsyncIterator[Served]:
    """A server with a fake daemon."""
    async with serving(where) as server:
        yield server


@pytest.fixture(params=list(Framing), ids=lambda framing: framing.value)
def framing(request: pytest.FixtureRequest) -> Framing:
    """Each framing in turn."""
    chosen: Framing = request.param
    return chosen
