"""The store as one thing: schema brought up to date, writer running, readers open; closed in the right order."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import TYPE_CHECKING, Final

import anyio

from driftd.clock import Clock, SystemClock
from driftd.store import migrate
from driftd.store.apply import maintain
from driftd.store.commands import Checkpoint, DropCache, Optimize
from driftd.store.connect import connect_writer, open_db
from driftd.store.reader import DEADLINE, Reader, open_reader
from driftd.store.writer import QUEUE_SIZE, Writer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path


class Store:
    """An open database.  `schema_before` is the schema version it had, 0 if it was made just now."""

    def __init__(self, path: Path, writer: Writer, reader: Reader, schema_before: int) -> None:
        self.path: Final = path
        self.writer: Final = writer
        self.reader: Final = reader
        self.schema_before: Final = schema_before

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        path: Path,
        clock: Clock | None = None,
        *,
        queue_size: int = QUEUE_SIZE,
        deadline: float = DEADLINE,
        on_damage: Callable[[], None] | None = None,
    ) -> AsyncIterator[Store]:
        """Open the database at `path`, made if it does not exist; its folder must.

        The writer runs in a task of this context, even while the body is being cancelled, until the context ends: then
        it writes what is queued, moves the log into the file and closes.  Raises SchemaTooNewError for a newer
        database, which stays untouched, and StoreError if it cannot be used (`failures.is_corrupt` tells why).
        `on_damage` is called whenever a query or a submission finds the open file damaged; both fail as well.
        """
        before = 0

        def connect() -> sqlite3.Connection:
            nonlocal before
            migrate.refuse_newer(path)
            connection = connect_writer(path)
            try:
                before = migrate.upgrade(connection, path)
            except BaseException:
                connection.close()
                raise
            return connection

        stack = AsyncExitStack()
        try:
            db = await open_db(connect)
            stack.push_async_callback(db.close)
            stack.push_async_callback(db.run, _finish)
            reader = await open_reader(path, stack, deadline=deadline, on_damage=on_damage)
            writer = Writer(db, path, clock or SystemClock(), queue_size=queue_size, on_damage=on_damage)
            # A task of its own, not one of a task group: it must outlive the cancellation of the body, and a group
            # would wrap whatever the body raises.
            task = asyncio.get_running_loop().create_task(writer.run(), name="writer")
            stack.push_async_callback(asyncio.wait_for, task, None)
            stack.push_async_callback(writer.close)
            yield cls(path, writer, reader, before)
        finally:
            with anyio.CancelScope(shield=True):
                await stack.aclose()

    async def rest(self) -> None:
        """Let go of cached pages: after much was written they are tens of megabytes that nobody needs."""
        await self.writer.submit(DropCache())
        await self.reader.rest()


def _finish(connection: sqlite3.Connection) -> None:
    """Leave the file as small and as ready as can be; what is not possible now, the next start does."""
    with suppress(sqlite3.Error):
        maintain(connection, Optimize())
        maintain(connection, Checkpoint("TRUNCATE"))
