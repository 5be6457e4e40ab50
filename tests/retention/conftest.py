"""A migrated database, and the store over it."""

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
from tests.retention.rows import NOW


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "drift.db"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOW)


@pytest.fixture
def connection(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(connect_writer(path)) as opened:
        migrate.upgrade(opened, path)
        yield opened


@pytest.fixture
async def store(connection: sqlite3.Connection, path: Path, clock: FakeClock) -> AsyncIterator[Store]:
    """The store over the database that `connection` has made and can look into."""
    async with Store.open(path, clock) as opened:
        yield opened
