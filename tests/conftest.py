"""Fixtures that every test shares."""

from __future__ import annotations

import pytest


@pytest.fixture
def anyio_backend() -> str:
    """Run async tests on asyncio: aiosqlite and the daemon need it."""
    return "asyncio"
