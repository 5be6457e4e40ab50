"""The sweep: finds what may go, deletes it in slices, gives the pages back, and says what it did.

It is one command to whoever asks for it and many to the writer.  What may go is found first, on a connection of its
own and as of one moment.  Up to `SLICE_ROWS` rows are then deleted in one transaction; more of them in slices that take
about `SLICE_S` each, between which the writer serves everybody else.  Each slice looks at its rows again, and leaves a
consistent database: conditions do not depend on what other slices delete, and feedback is folded in the transaction
that deletes it.
"""

from __future__ import annotations

import sqlite3
import time
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import anyio
import msgspec

from driftd.errors import BusyError
from driftd.retention import verdicts
from driftd.retention.find import Finder, Found, chosen, delete_statement, finding
from driftd.retention.rules import Reason, Rule, pressure, rules
from driftd.rows.declare import Tier, table_of
from driftd.rows.ids import json_text
from driftd.rows.registry import TABLES
from driftd.store.commands import Call, Checkpoint, IncrementalVacuum
from driftd.store.connect import AUTOCHECKPOINT_PAGES, Db, connect_checkpointer, open_db
from driftd.store.sql import quoted

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence

    from driftd.retention.policy import Policy
    from driftd.store.store import Store

Progress: TypeAlias = "Callable[[str, int, int], None]"
"""Hears a stage, how many steps of it are done, and of how many; must not wait and not raise."""

SLICE_ROWS: Final = 2000
SLICE_S: Final = 0.02
_FEWEST, _MOST = 200, 20_000  # rows in a slice, whatever it takes
VACUUM_PAGES: Final = 500  # in one step
_TOUCHED_AT_ONCE: Final = 250
# While much is deleted the log is moved into the file beside the writer, so often: nobody waits for that but the sweep.
_CHECKPOINT_S: Final = 0.3


class Deleted(msgspec.Struct, frozen=True):
    """How many rows of one table went for one reason."""

    table: str
    tier: Tier
    reason: Reason | None  # None: nothing of this table ever goes
    rows: int


class Report(msgspec.Struct):
    """What a sweep did, or would do."""

    dry_run: bool
    trigger: str
    binds: Mapping[str, int]
    counts: dict[tuple[str, Reason], int] = {}
    folded: int = 0  # feedback whose effect went into a pattern's prior
    slices: int = 0
    pages_freed: int = 0
    bytes_before: int = 0
    bytes_after: int = 0
    wal_truncated: bool = False
    duration_ms: int = 0
    gave_way: list[str] = []  # steps that were taken because the file was too large
    over_bytes: int = 0  # that the file is larger than it may be
    refused: str | None = None  # why nothing was deleted
    unfinished: bool = False  # its time was up

    @property
    def total(self) -> int:
        """All rows that went."""
        return sum(self.counts.values())

    def tables(self) -> list[Deleted]:
        """Return the counts of every table, those that never lose a row included."""
        found = []
        for row in TABLES:
            table = table_of(row)
            reasons = [reason for name, reason in self.counts if name == table.name]
            found += [Deleted(table.name, table.tier, reason, self.counts[table.name, reason]) for reason in reasons]
            if not reasons:
                found.append(Deleted(table.name, table.tier, None, 0))
        return found

    def as_dict(self) -> dict[str, Any]:
        """Return the report as the RPC interface shows it."""
        return {
            "dry_run": self.dry_run,
            "total_deleted": self.total,
            "tables": [
                {"table": item.table, "tier": item.tier.value, "deleted": item.rows, "reason": item.reason}
                for item in self.tables()
            ],
            "folded": self.folded,
            "pages_freed": self.pages_freed,
            "bytes_before": self.bytes_before,
            "bytes_after": self.bytes_after,
            "wal_truncated": self.wal_truncated,
            "duration_ms": self.duration_ms,
            "slices": self.slices,
            "cutoffs": {tier.value: self.binds[tier.value] for tier in Tier if tier.timed},
            "gave_way": self.gave_way,
            "over_bytes": self.over_bytes,
            "refused": self.refused,
            "unfinished": self.unfinished,
        }

    def add(self, rule: Rule, rows: int) -> None:
        """Count rows that went by a rule."""
        key = (rule.table.name, rule.reason)
        self.counts[key] = self.counts.get(key, 0) + rows


def no_progress(stage: str, done: int, total: int) -> None:
    """Ignore progress."""


async def sweep(
    store: Store,
    policy: Policy,
    now: int,
    *,
    dry_run: bool = False,
    trigger: str = "request",
    progress: Progress = no_progress,
    seconds: float | None = None,
    slice_rows: int = SLICE_ROWS,
) -> Report:
    """Delete what may go as of `now` and return what that was; a dry run changes nothing.

    With `seconds` it ends about then, unfinished: what it has not come to, the next one finds.  Cancelled, it ends
    between two slices.  StoreError if the database cannot be read or written.
    """
    return await _Sweep(
        store, policy, now, Report(dry_run, trigger, policy.binds(now)), progress, seconds, slice_rows
    ).run()


class _Sweep:
    def __init__(
        self,
        store: Store,
        policy: Policy,
        now: int,
        report: Report,
        progress: Progress,
        seconds: float | None,
        slice_rows: int,
    ) -> None:
        self._store = store
        self._policy = policy
        self._now = now
        self._report = report
        self._progress = progress
        self._seconds = seconds
        self._slice_rows = slice_rows
        self._started = time.monotonic()

    async def run(self) -> Report:
        report = self._report
        report.bytes_before, _ = await self._store.reader.size()
        every = rules()
        for rule in every:
            report.add(rule, 0)
        async with finding(self._store.path, self._seconds) as finder:
            try:
                await self._sweep(finder, every)
            except BusyError:
                if self._seconds is None:
                    raise
                report.unfinished = True
        if self._policy.max_bytes:
            report.over_bytes = max(0, report.bytes_after - self._policy.max_bytes)
        report.duration_ms = round((time.monotonic() - self._started) * 1000)
        return report

    async def _sweep(self, finder: Finder, every: Sequence[Rule]) -> None:
        report = self._report
        self._progress("find", 0, 0)
        found = await finder.rules(every, report.binds)
        report.bytes_after = report.bytes_before
        if report.dry_run:
            for each in found:
                report.add(each.rule, len(each.keys))
            return
        await self._delete(found)
        await self._touch(await finder.old_facts(report.binds))
        await self._give_back()
        await self._give_way(finder)

    def _is_late(self) -> bool:
        if self._seconds is not None and time.monotonic() - self._started > self._seconds:
            self._report.unfinished = True
        return self._report.unfinished

    async def _delete(self, found: Sequence[Found]) -> None:
        total = sum(len(each.keys) for each in found)
        if total <= self._slice_rows:
            await self._delete_slices(found, total, None)
            return
        async with _checkpointing(self._store) as checkpoint:
            await self._delete_slices(found, total, checkpoint)

    async def _delete_slices(self, found: Sequence[Found], total: int, checkpoint: _Checkpoints | None) -> None:
        slices = _Slices(found)
        done = 0
        rows = min(total, self._slice_rows)
        while not self._is_late():
            self._progress("delete", done, total)
            pieces = slices.next(rows)
            if not pieces:
                return
            (result,) = await self._store.writer.submit(Call(partial(_delete_pieces, pieces, self._report.binds)))
            counts, folded, took = result.value
            for piece, count in zip(pieces, counts, strict=True):
                self._report.add(piece.rule, count)
                done += piece.rows
            self._report.folded += folded
            self._report.slices += 1
            if checkpoint is not None:
                await checkpoint.when_due()
            if self._slice_rows == SLICE_ROWS:
                rows = min(_MOST, max(_FEWEST, round(rows * min(2.0, SLICE_S / max(took, 1e-6)))))

    async def _touch(self, keys: Sequence[int]) -> None:
        """Note that cached facts are in use, once a week: the least recently used go first."""
        for start in range(0, len(keys), _TOUCHED_AT_ONCE):
            if self._is_late():
                return
            some = json_text(list(keys[start : start + _TOUCHED_AT_ONCE]))
            await self._store.writer.submit(Call(partial(_note_use, some, self._now)))

    async def _give_back(self) -> None:
        """Give free pages back to the file system, a step at a time, and cut the log."""
        _, free = await self._store.reader.size()
        total = free
        async with _checkpointing(self._store) as checkpoint:
            while free and not self._is_late():
                self._progress("vacuum", total - free, total)
                (result,) = await self._store.writer.submit(IncrementalVacuum(VACUUM_PAGES))
                if result.value <= 0:
                    break
                self._report.pages_freed += result.value
                free -= result.value
                await checkpoint.when_due()
        (result,) = await self._store.writer.submit(Checkpoint("TRUNCATE"))
        self._report.wal_truncated = bool(result.value)
        self._report.bytes_after, _ = await self._store.reader.size()

    async def _give_way(self, finder: Finder) -> None:
        """Delete more, in the stated order, as long as the file is larger than it may be."""
        limit = self._policy.max_bytes
        for step in pressure() if limit else ():
            if self._report.bytes_after <= limit or self._is_late():
                return
            found = await finder.rules(step.rules, self._report.binds)
            if any(each.keys for each in found):
                self._report.gave_way.append(step.name)
                await self._delete(found)
                await self._give_back()


class _Checkpoints:
    """Moves the log into the file now and then, on a connection of its own."""

    def __init__(self, db: Db) -> None:
        self._db = db
        self._last = time.monotonic()

    async def when_due(self) -> None:
        if time.monotonic() - self._last >= _CHECKPOINT_S:
            await self._db.run(_checkpoint)
            self._last = time.monotonic()


@asynccontextmanager
async def _checkpointing(store: Store) -> AsyncIterator[_Checkpoints]:
    """Leave checkpoints to the sweep: in a commit, everybody would wait for the disk."""
    db = await open_db(partial(connect_checkpointer, store.path))
    try:
        await store.writer.submit(Call(partial(_checkpoint_every, 0)))
        yield _Checkpoints(db)
    finally:
        with anyio.CancelScope(shield=True):
            await db.close()
            await store.writer.submit(Call(partial(_checkpoint_every, AUTOCHECKPOINT_PAGES)))


def _checkpoint(connection: sqlite3.Connection) -> None:
    with suppress(sqlite3.OperationalError):  # somebody else does the same
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)")


class _Piece(msgspec.Struct, frozen=True):
    rule: Rule
    keys: str
    rows: int


class _Slices:
    """Cuts what was found into slices, across rules."""

    def __init__(self, found: Sequence[Found]) -> None:
        self._left: Iterator[Found] = iter([each for each in found if each.keys])
        self._current = next(self._left, None)
        self._at = 0

    def next(self, rows: int) -> list[_Piece]:
        """Return the next pieces, about `rows` rows of them; none at the end."""
        pieces: list[_Piece] = []
        while self._current is not None and rows > 0:
            end, keys = self._current.pieces(self._at, rows)
            pieces.append(_Piece(self._current.rule, keys, end - self._at))
            rows -= end - self._at
            self._at = end
            if end == len(self._current.keys):
                self._current, self._at = next(self._left, None), 0
        return pieces


def _delete_pieces(
    pieces: Sequence[_Piece], binds: Mapping[str, int], connection: sqlite3.Connection, _now: int
) -> tuple[list[int], int, float]:
    """Delete on the writer's thread; return the rows of each piece, how many verdicts were folded, and the time."""
    started = time.monotonic()
    counts = []
    folded = 0
    for piece in pieces:
        parameters: dict[str, Any] = {**binds, "keys": piece.keys}
        if piece.rule.table.name == "feedback":
            statement = f"SELECT t.id FROM feedback AS t WHERE {chosen(piece.rule.table)} AND ({piece.rule.still})"  # noqa: S608
            keys = json_text([key for (key,) in connection.execute(statement, parameters)])
            verdicts.fold(connection, keys)
            statement = f"DELETE FROM feedback WHERE id {verdicts.IN_KEYS}"  # noqa: S608
            count = max(0, connection.execute(statement, {"keys": keys}).rowcount)
            folded += count
        else:
            count = max(0, connection.execute(delete_statement(piece.rule), parameters).rowcount)
        counts.append(count)
    return counts, folded, time.monotonic() - started


def _note_use(keys: str, now: int, connection: sqlite3.Connection, _now: int) -> None:
    connection.execute(
        f"UPDATE {quoted('parse_cache')} SET last_used_at = ? WHERE rowid IN (SELECT value FROM json_each(?))",  # noqa: S608
        (now, keys),
    )


def _checkpoint_every(pages: int, connection: sqlite3.Connection, _now: int) -> None:
    connection.execute(f"PRAGMA wal_autocheckpoint = {int(pages)}")
