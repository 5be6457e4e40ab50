"""The one writer: a task, a connection, a bounded queue.

What is queued is drained into one transaction; each submission of several runs in a savepoint of its own, so a bad
one fails alone.  A whole batch is one hop to the connection's thread.  A submitter's await ends when its transaction is
committed, and cancelling the submitter neither loses nor halves what it submitted.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections import Counter, deque
from typing import TYPE_CHECKING, Final, TypeAlias

import anyio
import msgspec

from driftd.errors import ClosedError, DriftdError, StoreError, UsageError
from driftd.store import apply, typed
from driftd.store.commands import (
    Barrier,
    Checkpoint,
    CheckpointMode,
    Command,
    DropCache,
    IncrementalVacuum,
    Maintenance,
    Optimize,
    Result,
    weight,
)
from driftd.store.connect import wal_bytes
from driftd.store.failures import is_corrupt, store_error

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from driftd.clock import Clock
    from driftd.store.connect import Db
    from driftd.store.journal import Journal

QUEUE_SIZE: Final = 256  # submissions; beyond it submitters wait
BATCH_ROWS: Final = 20_000
BATCH_SECONDS: Final = 0.5  # of one transaction, unless what a person typed waits
# Of quiet before the log is moved into the file: that waits for the disk, and a save that came meanwhile would wait too.
IDLE_SECONDS: Final = 5.0
IDLE_RETRY_SECONDS: Final = 30.0  # between tries while a reader holds the log
WAL_LIMIT: Final = 4 * 1024 * 1024  # bytes of log worth moving
# SQLite begins the log anew at 32 MiB: one that is longer by more than a transaction is kept from it by a reader.
WAL_LONG: Final = 48 * 1024 * 1024
TRY_SECONDS: Final = 5.0  # between two looks whether that is so

_Outcome: TypeAlias = "list[Result] | Exception"


class _Submission(msgspec.Struct, eq=False):
    commands: tuple[Command, ...]
    durable: bool
    rows: int
    maintenance: bool
    done: asyncio.Future[list[Result]]

    def settle(self, outcome: _Outcome) -> None:
        """Tell the submitter, unless it stopped listening."""
        if self.done.done():
            return
        if isinstance(outcome, Exception):
            self.done.set_exception(outcome)
        else:
            self.done.set_result(outcome)


class WriterStats(msgspec.Struct, frozen=True):
    """What the writer has done and what waits for it.

    `queued` submissions are accepted, `waiting` ones wait for a place in the queue.  `wal_starved_since` is the time
    since when readers keep the log from being moved into the database, None while nothing does.
    """

    queued: int
    waiting: int
    transactions: int
    errors: int
    written: Mapping[str, int]
    deleted: Mapping[str, int]
    wal_bytes: int
    wal_starved_since: int | None
    last_error: str | None


class _Counters(msgspec.Struct):
    transactions: int = 0
    errors: int = 0
    written: Counter[str] = msgspec.field(default_factory=Counter)
    deleted: Counter[str] = msgspec.field(default_factory=Counter)
    last_error: str | None = None

    def add(self, outcome: _Outcome) -> None:
        if isinstance(outcome, Exception):
            self.errors += 1
            self.last_error = str(outcome)
            return
        for result in outcome:
            for table, (written, deleted) in result.tables.items():
                self.written[table] += written
                self.deleted[table] += deleted


class Writer:
    """Puts submissions into the database, one batch at a time."""

    def __init__(
        self,
        db: Db,
        path: Path,
        clock: Clock,
        *,
        queue_size: int = QUEUE_SIZE,
        on_damage: Callable[[], None] | None = None,
        journal: Journal | None = None,
    ) -> None:
        """Take the connection of a database; with its `journal`, what people typed is in there before it is committed."""
        self._db = db
        self._journal = journal
        self._on_damage = on_damage
        self._path = path
        self._clock = clock
        self._queue: asyncio.Queue[_Submission | None] = asyncio.Queue(queue_size)  # None only wakes the task
        self._left: list[_Submission] = []  # of the last batch, when its time was up
        self._urgent: deque[_Submission] = deque()  # what people typed: it goes first
        self._waiting = 0
        self._closing = False
        self._running = False
        self._stopped = asyncio.Event()
        self._counters = _Counters()
        self._wal_bytes = 0
        self._starved_since: int | None = None
        self.on_starved: Callable[[], None] = lambda: None  # hears when readers begin to hold the log
        self._starved_from = 0.0  # the same on the clock that never goes back
        self._tried_at = -TRY_SECONDS

    async def submit(self, *commands: Command, durable: bool = False) -> list[Result]:
        """Have the commands carried out, all or none, and return their results when they are committed.

        `durable` waits until the disk has them, and goes before everything that is not: for what a person typed, who waits.
        The others wait while the queue is full.  Maintenance is submitted alone.  Raises StoreError or UsageError if this submission failed, ClosedError after `close`.
        """
        if self._closing:
            raise ClosedError("the store is closed", hint="nothing of this was written")
        maintenance = any(isinstance(command, Maintenance) for command in commands)
        if maintenance and len(commands) > 1:
            raise UsageError("maintenance runs outside of transactions: submit it alone")
        done: asyncio.Future[list[Result]] = asyncio.get_running_loop().create_future()
        submission = _Submission(commands, durable, sum(map(weight, commands)), maintenance, done)
        if durable and not maintenance:
            self._urgent.append(submission)
            if self._queue.empty():
                self._queue.put_nowait(None)
            if self._stopped.is_set():
                self._refuse_queued()
            return await done
        self._waiting += 1
        try:
            await self._queue.put(submission)
        finally:
            self._waiting -= 1
            self._wake_if_closing()
        if self._stopped.is_set():  # the task ended while this waited for its place
            self._refuse_queued()
        return await done

    async def barrier(self) -> None:
        """Return when everything submitted before is committed."""
        await self.submit(Barrier())

    async def run(self) -> None:
        """Write until `close`; cancelling it writes what is queued, then ends."""
        if self._running:
            raise RuntimeError("the writer runs once")
        if self._stopped.is_set():  # closed before it began
            return
        self._running = True
        try:
            while not self._drained():
                batch = await self._next_batch()
                if batch:
                    with anyio.CancelScope(shield=True):
                        await self._write(batch)
        finally:
            self._closing = True
            with anyio.CancelScope(shield=True):
                await self._drain()
                self._stopped.set()
                self._refuse_queued()

    async def close(self) -> None:
        """Refuse what comes from now on, write what is queued, and wait until that is done."""
        self._closing = True
        if not self._running:
            self._stopped.set()
            self._refuse_queued()
        self._wake_if_closing()
        await self._stopped.wait()

    def stats(self) -> WriterStats:
        """Return what was done so far."""
        return WriterStats(
            queued=self._queue.qsize() + len(self._left) + len(self._urgent),
            waiting=self._waiting,
            transactions=self._counters.transactions,
            errors=self._counters.errors,
            written=dict(self._counters.written),
            deleted=dict(self._counters.deleted),
            wal_bytes=self._wal_bytes,
            wal_starved_since=self._starved_since,
            last_error=self._counters.last_error,
        )

    def starved_s(self) -> float:
        """Return for how many seconds readers have kept the log from being moved, whatever the wall clock says."""
        return 0.0 if self._starved_since is None else self._clock.monotonic() - self._starved_from

    def _drained(self) -> bool:
        return self._closing and not (self._left or self._waiting or self._urgent) and self._queue.empty()

    def _wake_if_closing(self) -> None:
        if self._closing and self._queue.empty():
            self._queue.put_nowait(None)

    def _refuse_queued(self) -> None:
        refusal = ClosedError("the store closed before this was written", hint="nothing of this was written")
        while self._urgent:
            self._urgent.popleft().settle(refusal)
        while not self._queue.empty():
            if submission := self._queue.get_nowait():
                submission.settle(refusal)

    async def _next_batch(self) -> list[_Submission]:
        """Return what to write together: at least one submission, or none to have another look."""
        if self._urgent:
            return self._take_urgent()
        first = self._left.pop(0) if self._left else await self._first()
        if first is None or first.maintenance:
            return [first] if first else []
        batch = [first]
        rows = first.rows
        while rows < BATCH_ROWS:
            following = self._left.pop(0) if self._left else None
            if following is None and not self._queue.empty():
                following = self._queue.get_nowait()
            if following is None:
                break
            if following.maintenance:
                self._left.insert(0, following)
                break
            batch.append(following)
            rows += following.rows
        return batch

    def _take_urgent(self) -> list[_Submission]:
        batch = [self._urgent.popleft()]
        rows = batch[0].rows
        while self._urgent and rows < BATCH_ROWS:
            batch.append(self._urgent.popleft())
            rows += batch[-1].rows
        return batch

    def _is_pressed(self) -> bool:
        """Tell whether what a person typed waits; asked on the connection's thread."""
        return bool(self._urgent)

    async def _first(self) -> _Submission | None:
        """Return the next of the queue; while the log is long, move it into the file when nothing comes for a while."""
        if not self._queue.empty():
            return self._queue.get_nowait()
        if self._wal_bytes <= WAL_LIMIT:
            return await self._queue.get()
        quiet = IDLE_SECONDS if self._starved_since is None else IDLE_RETRY_SECONDS
        try:
            async with asyncio.timeout(quiet):
                return await self._queue.get()
        except TimeoutError:
            with anyio.CancelScope(shield=True):
                try:
                    await self._checkpoint("TRUNCATE")
                except Exception as error:  # noqa: BLE001 - nobody asked for it, so nobody but the counters can be told
                    self._count(store_error(error, "moving the log into the file", self._path))
                    self._note_starved()
            return None

    async def _drain(self) -> None:
        while self._left or self._urgent or not self._queue.empty():
            await self._write(await self._next_batch())

    async def _write(self, batch: Sequence[_Submission]) -> None:
        if not batch:
            return
        if batch[0].maintenance:
            await self._maintain(batch[0])
            return
        try:
            pressed = self._is_pressed if not batch[0].durable else _never
            written = await self._db.run(_write_batch, batch, self._clock.now(), self._path, self._journal, pressed)
        except Exception as error:  # noqa: BLE001 - whatever it is, the submitters must hear of it and the task lives on
            written = _Written([store_error(error, "writing", self._path) for _ in batch], 0, self._wal_bytes)
        outcomes = written.outcomes
        self._wal_bytes = written.wal_bytes
        self._counters.transactions += written.transactions
        self._left[:0] = batch[len(outcomes) :]
        for submission, outcome in zip(batch, outcomes, strict=False):
            self._count(outcome)
            submission.settle(outcome)
        await self._look_at_log()

    def _count(self, outcome: _Outcome) -> None:
        self._counters.add(outcome)
        if self._on_damage is not None and isinstance(outcome, Exception) and is_corrupt(outcome):
            self._on_damage()

    async def _maintain(self, submission: _Submission) -> None:
        (command,) = submission.commands
        outcome: _Outcome
        try:
            if isinstance(command, Checkpoint):
                outcome = [Result(value=await self._checkpoint(command.mode))]
            elif isinstance(command, IncrementalVacuum | Optimize | DropCache):
                outcome = [await self._db.run(apply.maintain, command)]
            else:
                outcome = UsageError(f"{command!r} is no maintenance")
        except Exception as error:  # noqa: BLE001 - the submitter gets it, the task lives on
            outcome = store_error(error, type(command).__name__, self._path)
        self._count(outcome)
        submission.settle(outcome)

    async def _checkpoint(self, mode: CheckpointMode) -> bool:
        """Move the log into the file and note since when that was not possible."""
        complete, self._wal_bytes = await self._db.run(_checkpoint, mode, self._path)
        if complete:
            self._starved_since = None
        else:
            self._note_starved()
        return complete

    def _note_starved(self) -> None:
        if self._starved_since is None:
            self._starved_since = self._clock.now()
            self._starved_from = self._clock.monotonic()
            self.on_starved()

    async def _look_at_log(self) -> None:
        """Find out, also while writes keep coming, whether readers hold a log that has become long."""
        now = self._clock.monotonic()
        if self._wal_bytes >= WAL_LONG and now - self._tried_at >= TRY_SECONDS:
            self._tried_at = now
            try:
                await self._checkpoint("RESTART")
            except Exception as error:  # noqa: BLE001 - as above
                self._count(store_error(error, "moving the log into the file", self._path))


class _Written(msgspec.Struct, frozen=True):
    """What became of the first submissions of a batch."""

    outcomes: list[_Outcome]
    transactions: int
    wal_bytes: int


def _checkpoint(connection: sqlite3.Connection, mode: CheckpointMode, path: Path) -> tuple[bool, int]:
    connection.execute("PRAGMA busy_timeout = 100")  # a reader's snapshot can last; the queue must not
    try:
        complete = bool(apply.maintain(connection, Checkpoint(mode)).value)
        if mode == "TRUNCATE":
            apply.maintain(connection, DropCache())  # after much was written: the cached pages are not needed now
    finally:
        connection.execute("PRAGMA busy_timeout = 5000")
    return complete, wal_bytes(path)


def _never() -> bool:
    return False


def _write_batch(
    connection: sqlite3.Connection,
    batch: Sequence[_Submission],
    now: int,
    path: Path,
    journal: Journal | None,
    pressed: Callable[[], bool],
) -> _Written:
    """Write the first submissions of the batch, as many as the time allows, and return one outcome for each of them.

    On the connection's thread.  If the transaction is lost as a whole, each submission gets one of its own.
    """
    _set_synchronous(connection, full=any(submission.durable for submission in batch))
    together = _together(connection, batch, now, path, journal, pressed)
    if together is not None:
        return _Written(together, int(any(map(_succeeded, together))), wal_bytes(path))
    alone: list[_Outcome] = []
    for submission in batch:
        outcome = _together(connection, [submission], now, path, journal, _never)
        alone.append(outcome[0] if outcome else StoreError(f"{path}: the transaction was lost"))
    return _Written(alone, sum(map(_succeeded, alone)), wal_bytes(path))


def _succeeded(outcome: _Outcome) -> bool:
    return not isinstance(outcome, Exception)


def _together(
    connection: sqlite3.Connection,
    batch: Sequence[_Submission],
    now: int,
    path: Path,
    journal: Journal | None,
    pressed: Callable[[], bool],
) -> list[_Outcome] | None:
    """Write submissions in one transaction, fewer where somebody `pressed`; None if it was lost with more than one.

    What it changes of what people typed is in the journal before it is committed, and out again if that fails.
    """
    try:
        connection.execute("BEGIN IMMEDIATE")
    except sqlite3.Error as error:
        return [store_error(error, "beginning a transaction", path) for _ in batch]
    outcomes: list[_Outcome] = []
    size_before: int | None = None  # of the journal
    until = time.monotonic() + BATCH_SECONDS
    try:
        for submission in batch:
            outcomes.append(_one(connection, submission, now, path, is_alone=len(batch) == 1))
            if not connection.in_transaction:  # SQLite rolled it back, as on a full disk
                return outcomes if len(outcomes) == 1 else None
            if time.monotonic() > until or pressed():
                break
        if journal is not None and (changes := typed.collect(connection)):
            size_before = journal.append(changes, now)
        connection.execute("COMMIT")
    except BaseException as error:
        _roll_back(connection)
        if journal is not None and size_before is not None:
            journal.retract(size_before)
        if isinstance(error, StoreError):
            return [error] if len(outcomes) == 1 else None
        if isinstance(error, sqlite3.Error):
            return [store_error(error, "committing", path)] if len(outcomes) == 1 else None
        raise
    return outcomes


def _one(connection: sqlite3.Connection, submission: _Submission, now: int, path: Path, *, is_alone: bool) -> _Outcome:
    """Carry out one submission; a failure leaves no trace of it.

    It has a savepoint, for which SQLite copies every page that it touches, unless it `is_alone` in its transaction.
    """
    command: Command | None = None
    try:
        if not is_alone:
            connection.execute("SAVEPOINT submission")
        results = []
        for command in submission.commands:
            results.append(_change(connection, command, now))
        if not is_alone:
            connection.execute("RELEASE submission")
        elif not connection.in_transaction:
            raise sqlite3.OperationalError("a command ended the transaction")  # noqa: TRY301 - as RELEASE does
    except Exception as error:  # noqa: BLE001 - the submitter gets it, the neighbours go on
        if is_alone:
            _roll_back(connection)
        elif connection.in_transaction:
            connection.execute("ROLLBACK TO submission")
            connection.execute("RELEASE submission")
        if isinstance(error, DriftdError):
            return error
        return store_error(error, _describe(command), path)
    return results


def _change(connection: sqlite3.Connection, command: Command, now: int) -> Result:
    assert not isinstance(command, Maintenance)  # noqa: S101 - submit has seen to it
    return apply.change(connection, command, now)


def _describe(command: Command | None) -> str:
    table = getattr(command, "table", None)
    name = type(command).__name__
    return f"{name} of {table.__name__}" if isinstance(table, type) else name


def _set_synchronous(connection: sqlite3.Connection, *, full: bool) -> None:
    """Choose whether a commit waits for the disk; has an effect only between transactions."""
    connection.execute("PRAGMA synchronous = FULL" if full else "PRAGMA synchronous = NORMAL")


def _roll_back(connection: sqlite3.Connection) -> None:
    """Roll back if there is something to: SQLite may have done so, and a second one would hide the real error."""
    if connection.in_transaction:
        connection.execute("ROLLBACK")
