"""The worker pool alone: a worker that crashes, hangs or fails costs its file, and nothing else."""

from __future__ import annotations

import os
import select
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator

import anyio
import anyio.to_thread
import msgspec
import pytest

from driftd.daemon.tasks import Outcome, Task
from driftd.daemon.workers import CHUNK_FILES, PoolSettings, WorkerPool
from tests.daemon.worker_entries import misbehave, name_process, own_niceness


@pytest.fixture
async def pool() -> AsyncIterator[WorkerPool]:
    """Two workers that do what the files' names say; a file may take 0.5 s."""
    made = WorkerPool(PoolSettings(workers=2, file_timeout_s=0.5, max_file_size=1000), entry=misbehave)
    yield made
    await made.close()


def tasks(*bad: str) -> list[Task]:
    """Return tasks for 100 good files and the bad ones among them, in several chunks."""
    names = [f"good{number}.py" for number in range(100)]
    for place, name in enumerate(bad):
        names.insert(place * 40 + 7, name)
    return [Task(name, name.encode(), "python", 1) for name in names]


async def outcomes(pool: WorkerPool, todo: list[Task]) -> dict[str, Outcome]:
    """Return the outcomes by path, after checking that every task has exactly one."""
    made = [outcome async for chunk in pool.run(todo) for outcome in chunk]
    assert Counter(outcome.path for outcome in made) == Counter(task.path for task in todo)
    return {outcome.path: outcome for outcome in made}


def errors(made: dict[str, Outcome]) -> dict[str, str]:
    return {path: outcome.error for path, outcome in made.items() if outcome.error is not None}


async def test_a_crash_costs_its_file(pool: WorkerPool) -> None:
    """The files that kill their worker are named, each with that reason; their neighbours are analysed."""
    found = errors(await outcomes(pool, tasks("crash1.py", "crash2.py", "crash3.py")))

    assert found == dict.fromkeys(
        ("crash1.py", "crash2.py", "crash3.py"), "not analysed: the worker process died on it"
    )


async def test_renewed_processes_are_others_and_count_as_no_failure(pool: WorkerPool) -> None:
    """After a large run the processes are replaced, with all that they remember; the pool goes on."""
    assert errors(await outcomes(pool, tasks())) == {}
    before = pool._pool.ids if pool._pool is not None else frozenset()

    await pool.renew()

    assert errors(await outcomes(pool, tasks())) == {}
    after = pool._pool.ids if pool._pool is not None else frozenset()
    assert before
    assert after
    assert not before & after
    assert pool.restarts == 0


async def test_a_pool_that_is_closed_while_it_starts_leaves_no_process(
    pool: WorkerPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What `start` is about to start is waited for and ended; the program's own main module is in its place after."""
    main = sys.modules["__main__"]
    pool.start()
    processes = pool._pool
    assert processes is not None
    started: set[int] = set()
    kill = processes.kill

    def kill_known() -> None:
        started.update(processes.ids)
        kill()

    monkeypatch.setattr(processes, "kill", kill_known)
    await pool.close()

    assert len(started) == 2
    assert all(map(_has_ended, started))
    assert sys.modules["__main__"] is main


async def test_tasks_wait_for_processes_that_are_being_started(pool: WorkerPool) -> None:
    """They are run by these, not by others beside them."""
    pool.start()
    made = await outcomes(pool, tasks())
    assert errors(made) == {}
    assert pool._pool is not None
    assert {outcome.size for outcome in made.values()} <= pool._pool.ids
    assert len(pool._pool.ids) == 2


def _has_ended(process: int) -> bool:
    try:
        with open(f"/proc/{process}/stat", encoding="ascii") as file:  # noqa: PTH123
            return file.read().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


async def test_a_hang_costs_its_file(pool: WorkerPool) -> None:
    """A file that takes too long is named with the time it had; its neighbours are analysed."""
    found = errors(await outcomes(pool, tasks("hang.py")))

    assert found == {"hang.py": "not analysed: it took more than 0.5 s"}


async def test_an_error_of_a_worker_costs_its_file(pool: WorkerPool) -> None:
    """What a chunk's function lets escape is charged to the file that causes it; the worker lives on."""
    found = errors(await outcomes(pool, tasks("raise.py", "raise2.py")))

    assert found == dict.fromkeys(("raise.py", "raise2.py"), "not analysed: ValueError: this one cannot be encoded")
    assert pool.restarts == 0


async def test_crash_hang_and_error_together(pool: WorkerPool) -> None:
    """Each culprit gets its own reason, and afterwards the pool works as before."""
    found = errors(await outcomes(pool, tasks("crash.py", "hang.py", "raise.py")))
    again = errors(await outcomes(pool, tasks()))

    assert found == {
        "crash.py": "not analysed: the worker process died on it",
        "hang.py": "not analysed: it took more than 0.5 s",
        "raise.py": "not analysed: ValueError: this one cannot be encoded",
    }
    assert again == {}


async def test_leaving_early_abandons_the_rest(pool: WorkerPool) -> None:
    """Who stops listening gets nothing more, and the next tasks are run as usual."""
    run = pool.run([Task(f"{number}.py", b"", "python", 1) for number in range(CHUNK_FILES * 8)])
    first = await anext(run)
    await run.aclose()

    assert len(first) == CHUNK_FILES
    assert errors(await outcomes(pool, tasks())) == {}


async def test_workers_that_are_killed_between_runs_are_replaced(pool: WorkerPool) -> None:
    """A worker that the kernel took (out of memory) while idle costs no file at all."""
    before = await outcomes(pool, tasks())
    os.kill(before["good0.py"].size, 9)

    assert errors(await outcomes(pool, tasks())) == {}


async def test_items_of_one_home_go_to_the_process_that_had_it(pool: WorkerPool) -> None:
    """Results come in order; whoever did the items of a home gets those of a later call: it has them open."""
    items = [b"%d" % number for number in range(8)]

    def one_call() -> list[tuple[int, bytes, bytes]]:
        decode = msgspec.msgpack.Decoder(tuple[int, bytes, bytes]).decode
        return [decode(made) for made in pool.map(name_process, b"shared", items, homes=[0, 1] * 4)]

    first = await anyio.to_thread.run_sync(one_call)
    second = await anyio.to_thread.run_sync(one_call)

    assert [(shared, item) for _, shared, item in first] == [(b"shared", item) for item in items]
    assert len({process for process, _, _ in first}) == 2
    assert [process for process, _, _ in second] == [process for process, _, _ in first]


@pytest.mark.parametrize("niceness", [0, 3])
async def test_workers_give_way_as_far_as_they_are_told(niceness: int) -> None:
    """A daemon's workers leave the processor to the daemon, which answers questions meanwhile."""
    pool = WorkerPool(PoolSettings(workers=1, file_timeout_s=30, max_file_size=1000, niceness=niceness))
    try:
        assert int(await pool.call(own_niceness, b"")) == os.getpriority(os.PRIO_PROCESS, 0) + niceness
    finally:
        await pool.close()


def test_workers_end_with_a_killed_parent() -> None:
    """When the daemon is killed with SIGKILL its workers end too, a hanging one as well."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.daemon.pool_child"], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        workers = [os.pidfd_open(int(pid)) for pid in parent.stdout.readline().split()]
        parent.kill()
    poll = select.poll()
    for worker in workers:
        poll.register(worker, select.POLLIN)
    ended: set[int] = set()
    while len(ended) < len(workers):
        ready = poll.poll(30_000)
        assert ready, "a worker outlives its parent"
        for descriptor, _ in ready:
            ended.add(descriptor)
            poll.unregister(descriptor)
    for worker in workers:
        os.close(worker)

    assert len(ended) == 2


def test_a_killed_parent_leaves_no_warning() -> None:
    """Python's resource tracker cleans up after it, and what it says of that would only frighten."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.daemon.pool_child"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        assert len(parent.stdout.readline().split()) == 2
        parent.kill()
        _, said = parent.communicate()  # until nobody is left who could say something
    assert said == ""
