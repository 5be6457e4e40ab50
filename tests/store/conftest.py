"""A real database file for every test, and rows to put into it."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from driftd.clock import FakeClock
from driftd.store import migrate
from driftd.store.connect import connect_writer
from driftd.store.store import Store


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "drift.db"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(1000)


@pytest.fixture
async def store(path: Path, clock: FakeClock) -> AsyncIterator[Store]:
    async with Store.open(path, clock) as opened:
        yield opened


@pytest.fixture
def connection(path: Path) -> Iterator[sqlite3.Connection]:
    """A migrated database without a writer task: for what commands do, not for how they are queued."""
    with closing(connect_writer(path)) as opened:
        migrate.upgrade(opened, path)
        yield opened
