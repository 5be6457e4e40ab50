"""The store as one thing: schema brought up to date, writer running, readers open; closed in the right order."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import AsyncExitStack, asynccontextmanager, closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

import anyio
import anyio.to_thread

from driftd.clock import Clock, SystemClock
from driftd.errors import StoreError
from driftd.store import backup, exchange, migrate, safekeeping, typed
from driftd.store.apply import maintain
from driftd.store.commands import Call, Checkpoint, DropCache, Optimize
from driftd.store.connect import SIDE_FILES, Db, connect_reader, connect_writer, open_db
from driftd.store.failures import is_corrupt
from driftd.store.journal import Draft, Journal
from driftd.store.reader import DEADLINE, Reader, open_reader
from driftd.store.writer import QUEUE_SIZE, Writer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable


T = TypeVar("T")


class Store:
    """An open database.

    `schema_before` is the schema version it had, 0 if it was made just now; `recovery` what was found and done when it
    was opened; `journal` where what people typed is kept besides, None for a database that is not a workspace's own.
    """

    def __init__(
        self,
        path: Path,
        db: Db,
        writer: Writer,
        reader: Reader,
        schema_before: int,
        clock: Clock,
        journal: Journal | None,
        recovery: safekeeping.Recovery,
        on_damage: Callable[[], None],
    ) -> None:
        self.path: Final = path
        self.writer: Final = writer
        self.reader: Final = reader
        self.schema_before: Final = schema_before
        self.journal: Final = journal
        self.recovery: Final = recovery
        self._db = db
        self._clock = clock
        self._on_damage = on_damage
        self._identities = _identities(path)

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
        workspace: Path | None = None,
        carried: safekeeping.Carried | None = None,
    ) -> AsyncIterator[Store]:
        """Open the database at `path`, made if it does not exist; its folder must.

        The database of a `workspace` is kept safe: what people type is journaled, a damaged, foreign or missing file is
        replaced by what was kept of it, and so is what was `carried` over from a file that is gone.  Any other one is
        opened as it is.

        The writer runs in a task of this context, even while the body is being cancelled, until the context ends: then
        it writes what is queued, moves the log into the file and closes.  Raises SchemaTooNewError for a newer
        database, which stays untouched, and StoreError if it cannot be used (`failures.is_corrupt` tells why).
        `on_damage` is called whenever a query or a submission finds the open file damaged; both fail as well.
        """
        clock = clock or SystemClock()
        opened: list[safekeeping.Opened] = []
        before = 0
        is_sound = True

        def connect() -> sqlite3.Connection:
            nonlocal before
            if workspace is not None:
                opened.append(safekeeping.open_kept(path, workspace, clock.now(), carried))
                before = opened[0].schema_before
                return opened[0].connection
            migrate.refuse_newer(path)
            connection = connect_writer(path)
            try:
                before = migrate.upgrade(connection, path)
            except BaseException:
                connection.close()
                raise
            return connection

        def damaged() -> None:
            nonlocal is_sound
            is_sound = False
            if on_damage is not None:
                on_damage()

        stack = AsyncExitStack()
        try:
            db = await open_db(connect)
            kept = opened[0] if opened else None
            journal = kept.journal if kept else None
            if journal is not None:
                identity = _identity(path)
                stack.callback(lambda: safekeeping.leave_mark(path, identity) if is_sound else None)
                stack.callback(journal.close)
            stack.push_async_callback(db.close)
            stack.push_async_callback(db.run, _finish)
            reader = await open_reader(path, stack, deadline=deadline, on_damage=damaged)
            writer = Writer(db, path, clock, queue_size=queue_size, on_damage=damaged, journal=journal)
            # A task of its own, not one of a task group: it must outlive the cancellation of the body, and a group
            # would wrap whatever the body raises.
            task = asyncio.get_running_loop().create_task(writer.run(), name="writer")
            stack.push_async_callback(asyncio.wait_for, task, None)
            stack.push_async_callback(writer.close)
            recovery = kept.recovery if kept else safekeeping.Recovery()
            yield cls(path, db, writer, reader, before, clock, journal, recovery, damaged)
        finally:
            with anyio.CancelScope(shield=True):
                await stack.aclose()

    async def rest(self) -> None:
        """Let go of cached pages: after much was written they are tens of megabytes that nobody needs."""
        await self.writer.submit(DropCache())
        await self.reader.rest()

    def disturbed(self) -> str | None:
        """Return what became of the open files on the disk, None while they are the ones that were opened."""
        for path, identity in self._identities.items():
            now = _identity(path)
            if identity is None:  # SQLite makes the log when it needs it
                self._identities[path] = now
            elif now != identity:
                return f"{path.name} was {'deleted' if now is None else 'replaced'}"
        if self.journal is not None and not self.journal.is_there():
            return f"{self.journal.path.name} was deleted or replaced"
        return None

    async def carry(self) -> safekeeping.Carried:
        """Return what people typed, read through the open file even if that is gone from the disk."""
        return await self._db.run(_carry)

    async def back_up(self, reason: backup.Reason, *, slim: bool = True) -> backup.Backup:
        """Add a checked backup to the folder, then begin the journal anew."""
        self._require_undisturbed()
        made = await self._copied(lambda: backup.make(self.path, reason, self._clock.now(), slim=slim))
        await self.begin_journal_anew()
        return made

    async def back_up_to(self, target: Path) -> None:
        """Write a checked copy of the database to `target`."""
        await self._copied(lambda: backup.copy(self.path, target))

    async def _copied(self, make: Callable[[], T]) -> T:
        """Make a copy in another thread; that it is found damaged means that the database is."""
        try:
            return await anyio.to_thread.run_sync(make)
        except StoreError as error:
            if is_corrupt(error):
                self._on_damage()
            raise

    async def begin_journal_anew(self) -> None:
        """Let the journal begin with what people typed so far, which leaves out what it says of rows twice.

        Writes go on meanwhile: the draft is made from a snapshot, and what is journaled since is put behind it.
        """
        journal = self.journal
        if journal is None:
            return
        since = await self._db.run(lambda _: journal.size)  # between two transactions
        draft = await anyio.to_thread.run_sync(self._draft, journal)
        try:
            self._require_undisturbed()  # else the draft could be made from another file
            await self._db.run(lambda _: journal.adopt(draft, since))
        except BaseException:
            draft.discard()
            raise

    def _require_undisturbed(self) -> None:
        if what := self.disturbed():
            raise StoreError(f"{self.path}: {what}", hint="the daemon starts over by itself: try again")

    def _draft(self, journal: Journal) -> Draft:
        draft = Draft(journal.path, journal.lineage, self._clock.now())
        try:
            with closing(connect_reader(self.path)) as connection:
                connection.execute("BEGIN")
                draft.add(typed.everything(connection))
        except BaseException as error:
            draft.discard()
            if isinstance(error, sqlite3.Error):
                raise StoreError(f"{self.path}: beginning the journal anew: {error}") from error
            raise
        return draft

    async def export(self, target: Path) -> int:
        """Write what people typed to `target` as lines of JSON; return how many rows."""
        return await anyio.to_thread.run_sync(lambda: exchange.write(self.path, target, self._clock.now()))

    async def merge(self, records: list[tuple[str, dict[str, object]]]) -> dict[str, int]:
        """Merge rows of an export; return the rows added or changed, by table."""
        (result,) = await self.writer.submit(
            Call(lambda connection, _: exchange.merge(connection, records)), durable=True
        )
        merged: dict[str, int] = result.value
        return merged


def _identities(path: Path) -> dict[Path, tuple[int, int] | None]:
    """Return which files a database and its log are on the disk."""
    return {file: _identity(file) for file in (path, *(path.with_name(path.name + suffix) for suffix in SIDE_FILES))}


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _carry(connection: sqlite3.Connection) -> safekeeping.Carried:
    return safekeeping.Carried(backup.lineage_of(connection), tuple(typed.everything(connection)))


def _finish(connection: sqlite3.Connection) -> None:
    """Leave the file as small and as ready as can be; what is not possible now, the next start does."""
    with suppress(sqlite3.Error):
        maintain(connection, Optimize())
        maintain(connection, Checkpoint("TRUNCATE"))
