"""The writer: atomic submissions, failures that stay alone, nothing lost by cancelling, closing or a full disk."""
# ruff: noqa: ASYNC240 - nothing else runs in a test's loop

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftd.clock import FakeClock
from driftd.errors import ClosedError, StoreError, UsageError
from driftd.rows.enforcement import FeedbackRow
from driftd.rows.facts import FileMetadataRow, FunctionRow
from driftd.rows.workspace import WorkspaceEventRow
from driftd.store import writer as writer_module
from driftd.store.commands import (
    Append,
    Barrier,
    Call,
    Checkpoint,
    Command,
    Delete,
    IncrementalVacuum,
    Optimize,
    Replace,
    Upsert,
)
from driftd.store.connect import connect_reader, connect_writer, open_db
from driftd.store.failures import is_corrupt
from driftd.store.store import Store
from driftd.store.writer import Writer
from tests.store.rows import a_feedback, a_file, a_function, empty_database


def event(name: str) -> Append:
    return Append(WorkspaceEventRow, [WorkspaceEventRow(event_type=name)])


async def events(store: Store) -> list[str]:
    return [name for (name,) in await store.reader.fetch("SELECT event_type FROM workspace_events ORDER BY id")]


def poison() -> Command:
    """A command that SQLite refuses: a NULL where there may be none."""
    return Append(WorkspaceEventRow, [(None, None, None, 0)])


class Gate:
    """Holds the writer's thread inside a command until it is opened."""

    def __init__(self) -> None:
        self.entered = threading.Event()
        self.opened = threading.Event()

    def command(self) -> Call:
        def wait(connection: sqlite3.Connection, now: int) -> None:
            self.entered.set()
            assert self.opened.wait(30)

        return Call(wait)

    async def reached(self) -> None:
        await anyio.to_thread.run_sync(self.entered.wait)


async def test_submission_is_readable_when_its_await_ends(store: Store) -> None:
    """What is acknowledged is committed: a reader sees it at once, and the results say what was done."""
    first, second = await store.writer.submit(event("start"), Upsert(FileMetadataRow, [a_file("a"), a_file("b")]))
    assert (first.ids, second.written) == ((1,), 2)
    assert await events(store) == ["start"]
    assert (await store.reader.counts())["file_metadata"] == 2


async def test_stamps_are_the_clocks(store: Store, clock: FakeClock) -> None:
    """A time of 0 becomes the injected clock's."""
    clock.advance(234)
    await store.writer.submit(event("start"))
    assert await store.reader.fetch("SELECT created_at FROM workspace_events") == [(1234,)]


async def test_submission_is_all_or_nothing(store: Store) -> None:
    """If one command of a submission fails, none of it is written."""
    with pytest.raises(StoreError, match=r"Append of WorkspaceEventRow.*NOT NULL"):
        await store.writer.submit(event("lost"), poison())
    assert await events(store) == []


async def test_bad_submission_fails_alone(store: Store) -> None:
    """In one transaction the bad submission's submitter gets the error, the neighbours commit, the writer lives on."""
    gate = Gate()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(store.writer.submit, gate.command())
        await gate.reached()
        waiting = [
            asyncio.ensure_future(store.writer.submit(command)) for command in (event("one"), poison(), event("two"))
        ]
        await anyio.wait_all_tasks_blocked()
        assert store.writer.stats().queued == 3
        gate.opened.set()
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    assert [isinstance(outcome, StoreError) for outcome in outcomes] == [False, True, False]
    assert await events(store) == ["one", "two"]
    stats = store.writer.stats()
    assert (stats.transactions, stats.errors, stats.written["workspace_events"]) == (2, 1, 2)
    assert "NOT NULL" in (stats.last_error or "")


@pytest.mark.parametrize("neighbours", [0, 1])
async def test_nothing_is_left_of_the_rows_before_the_one_that_is_refused(store: Store, neighbours: int) -> None:
    """Rows go in 20 a statement, which keeps what came before a refused one; the submission is undone all the same."""
    good = [a_function("a.py", f"f{number}") for number in range(44)]
    bad = a_function("a.py", "f44", kind="nonsense")
    gate = Gate()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(store.writer.submit, gate.command())
        await gate.reached()
        commands: list[Command] = [
            Upsert(FileMetadataRow, [a_file("a.py")]),
            Replace(FunctionRow, ("a.py",), [*good, bad]),
        ]
        waiting = [asyncio.ensure_future(store.writer.submit(*commands))]
        waiting += [asyncio.ensure_future(store.writer.submit(event("beside"))) for _ in range(neighbours)]
        await anyio.wait_all_tasks_blocked()
        gate.opened.set()
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)

    assert isinstance(outcomes[0], StoreError)
    assert "CHECK constraint failed: kind" in str(outcomes[0])
    assert await events(store) == ["beside"] * neighbours
    counts = await store.reader.counts()
    assert (counts["functions"], counts["file_metadata"]) == (0, 0)


async def test_any_exception_reaches_its_submitter(store: Store) -> None:
    """A failing Call, or rows of the wrong length, are errors of that submission only."""

    def fail(connection: sqlite3.Connection, now: int) -> None:
        raise ZeroDivisionError("by hand")

    with pytest.raises(StoreError, match="by hand"):
        await store.writer.submit(Call(fail))
    with pytest.raises(StoreError):
        await store.writer.submit(Append(FeedbackRow, [(1, 2)]))
    with pytest.raises(StoreError):
        await store.writer.submit(Append(FeedbackRow, [(None, "\ud800", "p", "d", "fix", None, None, None, 0)]))
    with pytest.raises(UsageError):
        await store.writer.submit(Checkpoint(), event("x"))
    await store.writer.submit(event("alive"))
    assert await events(store) == ["alive"]


async def test_call_that_ends_the_transaction_hurts_nobody_else(store: Store) -> None:
    """A Call that breaks the rules and commits fails; what waits beside it is written."""

    def commit(connection: sqlite3.Connection, now: int) -> None:
        connection.execute("COMMIT")

    gate = Gate()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(store.writer.submit, gate.command())
        await gate.reached()
        waiting = [
            asyncio.ensure_future(store.writer.submit(command))
            for command in (event("one"), Call(commit), event("two"))
        ]
        await anyio.wait_all_tasks_blocked()
        gate.opened.set()
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    assert isinstance(outcomes[1], StoreError)
    assert set(await events(store)) == {"one", "two"}


async def test_cancelled_submitter_loses_nothing(store: Store) -> None:
    """Once a command is queued it is carried out, whether its submitter waits or not."""
    gate = Gate()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(store.writer.submit, gate.command())
        await gate.reached()
        waiting = asyncio.ensure_future(store.writer.submit(event("kept"), event("whole")))
        await anyio.wait_all_tasks_blocked()
        waiting.cancel()
        await anyio.wait_all_tasks_blocked()
        gate.opened.set()
    await store.writer.barrier()
    assert waiting.cancelled()
    assert await events(store) == ["kept", "whole"]


async def test_full_queue_makes_submitters_wait(path: Path) -> None:
    """Beyond the queue's bound submitters wait; one that gives up there was never accepted."""
    gate = Gate()
    async with Store.open(path, queue_size=1) as store, anyio.create_task_group() as tasks:
        tasks.start_soon(store.writer.submit, gate.command())
        await gate.reached()
        waiting = [asyncio.ensure_future(store.writer.submit(event(str(number)))) for number in range(3)]
        await anyio.wait_all_tasks_blocked()
        assert (store.writer.stats().queued, store.writer.stats().waiting) == (1, 2)
        waiting[1].cancel()
        await anyio.wait_all_tasks_blocked()
        gate.opened.set()
        await asyncio.gather(*waiting, return_exceptions=True)
        assert await events(store) == ["0", "2"]


@pytest.mark.parametrize("queue_size", [1, 100])
async def test_close_writes_what_is_queued(path: Path, queue_size: int) -> None:
    """Closing drains: everything submitted before is written, also what waited for a place; after it nothing is taken."""
    gate = Gate()
    async with Store.open(path, queue_size=queue_size) as store:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(store.writer.submit, gate.command())
            await gate.reached()
            waiting = [asyncio.ensure_future(store.writer.submit(event(str(number)))) for number in range(5)]
            await anyio.wait_all_tasks_blocked()
            closing = asyncio.ensure_future(store.writer.close())
            await anyio.wait_all_tasks_blocked()
            with pytest.raises(ClosedError):
                await store.writer.submit(event("late"))
            gate.opened.set()
        await asyncio.gather(closing, *waiting)
        assert sorted(await events(store)) == ["0", "1", "2", "3", "4"]
        await store.writer.close()


async def test_cancelling_the_writer_writes_what_is_queued(
    path: Path, clock: FakeClock, connection: sqlite3.Connection
) -> None:
    """A cancelled writer task ends only when what it had accepted is written, and takes nothing afterwards."""
    gate = Gate()
    db = await open_db(partial(connect_writer, path))
    try:
        writer = Writer(db, path, clock)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(writer.run)
            holding = asyncio.ensure_future(writer.submit(gate.command()))
            await gate.reached()
            waiting = asyncio.ensure_future(writer.submit(event("kept")))
            await anyio.wait_all_tasks_blocked()
            tasks.cancel_scope.cancel()
            gate.opened.set()
        await asyncio.gather(holding, waiting)
        with pytest.raises(ClosedError):
            await writer.submit(event("late"))
    finally:
        await db.close()
    assert connection.execute("SELECT event_type FROM workspace_events").fetchall() == [("kept",)]


async def test_body_under_cancellation_can_still_write(path: Path) -> None:
    """A daemon that is being cancelled still writes its last words before the store closes."""
    with anyio.CancelScope() as scope:
        async with Store.open(path) as store:
            scope.cancel()
            try:
                await anyio.sleep_forever()
            finally:
                with anyio.CancelScope(shield=True):
                    await store.writer.submit(event("stop"), durable=True)
    async with Store.open(path) as store:
        assert await events(store) == ["stop"]


async def test_store_closed_at_once(path: Path) -> None:
    """A store whose context ends before its writer had a turn closes cleanly."""
    async with Store.open(path):
        pass
    assert [file.name for file in path.parent.iterdir()] == ["drift.db"]


async def test_full_disk_is_named_and_survived(store: Store) -> None:
    """When SQLite can write no more, each submission that needs room fails with a hint; small ones and readers go on."""
    (((pages,),),) = [await store.reader.fetch("PRAGMA page_count")]
    await store.writer.submit(event("before"))
    await store.writer._db.run(lambda connection: connection.execute(f"PRAGMA max_page_count = {pages + 3}").fetchall())
    big = [WorkspaceEventRow(event_type="x" * 3000) for _ in range(50)]
    gate = Gate()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(store.writer.submit, gate.command())
        await gate.reached()
        commands = (event("small"), Append(WorkspaceEventRow, big), Barrier())
        waiting = [asyncio.ensure_future(store.writer.submit(command)) for command in commands]
        await anyio.wait_all_tasks_blocked()
        gate.opened.set()
    small, full, barrier = await asyncio.gather(*waiting, return_exceptions=True)
    assert isinstance(full, StoreError)
    assert "disk is full" in full.hint
    assert not is_corrupt(full)
    assert not isinstance(small, BaseException)
    assert not isinstance(barrier, BaseException)
    assert await events(store) == ["before", "small"]
    await store.writer._db.run(lambda connection: connection.execute("PRAGMA max_page_count = 100000").fetchall())
    await store.writer.submit(Append(WorkspaceEventRow, big))
    assert len(await events(store)) == 52


async def test_lock_of_another_program_is_named(store: Store, path: Path) -> None:
    """While another program holds the write lock, a submission fails with a hint instead of waiting for ever."""
    await store.writer._db.run(lambda connection: connection.execute("PRAGMA busy_timeout = 1").fetchall())
    other = sqlite3.connect(path, isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError) as caught:
            await store.writer.submit(event("x"))
        assert "another program" in caught.value.hint
    finally:
        other.close()
    await store.writer.submit(event("y"))


async def test_durable_submissions_wait_for_the_disk(store: Store) -> None:
    """`durable` commits with synchronous=FULL, the next one with NORMAL again."""
    modes = []

    def note(connection: sqlite3.Connection, now: int) -> None:
        modes.append(connection.execute("PRAGMA synchronous").fetchone()[0])

    await store.writer.submit(Call(note), durable=True)
    await store.writer.submit(Call(note))
    assert modes == [2, 1]


async def test_maintenance_runs_through_the_queue(store: Store, path: Path) -> None:
    """Vacuum gives back as many pages as it is told to, a checkpoint shrinks the file, both outside transactions."""
    rows = [WorkspaceEventRow(event_type="x" * 500) for _ in range(2000)]
    (result,) = await store.writer.submit(Append(WorkspaceEventRow, rows))
    await store.writer.submit(Checkpoint("TRUNCATE"))
    large = path.stat().st_size
    await store.writer.submit(Delete(WorkspaceEventRow, result.ids))
    (freed,) = await store.writer.submit(IncrementalVacuum(100))
    assert freed.value == 100
    (rest,) = await store.writer.submit(IncrementalVacuum(0))
    assert rest.value > 50
    (moved,) = await store.writer.submit(Checkpoint("TRUNCATE"))
    assert moved.value is True
    assert path.stat().st_size < large / 2
    await store.writer.submit(Optimize())
    assert store.writer.stats().wal_bytes == 0


async def test_reader_that_holds_the_log_is_reported(store: Store, path: Path, clock: FakeClock) -> None:
    """While a reader's snapshot keeps the log from being moved, stats say since when; then no more."""
    await store.writer.submit(event("one"))
    reader = connect_reader(path)
    try:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM workspace_events").fetchall()
        await store.writer.submit(event("two"))
        clock.advance(5)
        for _ in range(2):
            (blocked,) = await store.writer.submit(Checkpoint("TRUNCATE"))
            assert blocked.value is False
            assert store.writer.stats().wal_starved_since == 1005
            clock.advance(5)
    finally:
        reader.close()
    (moved,) = await store.writer.submit(Checkpoint("TRUNCATE"))
    assert moved.value is True
    assert store.writer.stats().wal_starved_since is None


async def test_quiet_writer_empties_a_long_log(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When nothing comes for a while and the log is long, it is moved into the database."""
    monkeypatch.setattr(writer_module, "IDLE_SECONDS", 0.0)
    monkeypatch.setattr(writer_module, "WAL_LIMIT", 1000)
    done = asyncio.Event()
    inner: Callable[..., object] = writer_module.Writer._checkpoint

    async def observed(self: object, mode: str) -> object:
        try:
            return await inner(self, mode)  # type: ignore[misc]  # the method it stands for
        finally:
            done.set()

    monkeypatch.setattr(writer_module.Writer, "_checkpoint", observed)
    async with Store.open(path) as store:
        await store.writer.submit(event("x"))
        await done.wait()
        assert store.writer.stats().wal_bytes == 0


async def test_slow_batch_is_cut(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """When a batch has used up its time, the rest waits for the next transaction, in order."""
    monkeypatch.setattr(writer_module, "BATCH_SECONDS", -1.0)
    gate = Gate()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(store.writer.submit, gate.command())
        await gate.reached()
        for number in range(3):
            tasks.start_soon(store.writer.submit, event(str(number)))
        await anyio.wait_all_tasks_blocked()
        gate.opened.set()
    assert await events(store) == ["0", "1", "2"]
    assert store.writer.stats().transactions == 4


async def test_runs_once(store: Store) -> None:
    """The store runs its writer; nobody else does."""
    await store.writer.barrier()
    with pytest.raises(RuntimeError, match="runs once"):
        await store.writer.run()


names = st.sampled_from("abcde")
operations = st.one_of(
    st.tuples(st.just("put"), names, st.integers(0, 9)),
    st.tuples(st.just("drop"), names, st.just(0)),
    st.tuples(st.just("poison"), names, st.just(0)),
)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.lists(operations, min_size=1, max_size=3), max_size=12))
def test_writer_agrees_with_a_dict(submissions: list[list[tuple[str, str, int]]]) -> None:
    """Whatever is submitted at once, the table holds what a dict does that skips every submission with poison."""

    def command(kind: str, name: str, line: int) -> Command:
        if kind == "put":
            return Upsert(FunctionRow, [a_function("a", name, line=line)])
        if kind == "drop":
            return Delete(FunctionRow, [a_function("a", name).id])
        return poison()

    model: dict[str, int] = {}
    for submission in submissions:
        if any(kind == "poison" for kind, _, _ in submission):
            continue
        for kind, name, line in submission:
            if kind == "put":
                model[name] = line
            else:
                model.pop(name, None)

    async def check() -> None:
        with TemporaryDirectory() as folder:
            async with Store.open(empty_database(Path(folder) / "d.db"), queue_size=4) as store:
                outcomes = await asyncio.gather(
                    *(store.writer.submit(*(command(*step) for step in steps)) for steps in submissions),
                    return_exceptions=True,
                )
                stored = dict(await store.reader.fetch("SELECT name, line FROM functions"))
        assert stored == model
        poisoned = [any(kind == "poison" for kind, _, _ in steps) for steps in submissions]
        assert [isinstance(outcome, StoreError) for outcome in outcomes] == poisoned

    asyncio.run(check())


async def test_feedback_is_counted_by_table(store: Store) -> None:
    """Stats count rows written by table, and only what was committed."""
    await store.writer.submit(Append(FeedbackRow, [a_feedback("v"), a_feedback("w")]), durable=True)
    with pytest.raises(StoreError):
        await store.writer.submit(Append(FeedbackRow, [a_feedback("x")]), poison())
    assert store.writer.stats().written == {"feedback": 2}
