"""The pool of worker processes that read and parse files, and its supervision.

Parsing holds the GIL, so the daemon never parses in its own process.  A worker that crashes or hangs costs its
file only: the pool is replaced, the files that were under way are tried again ever more alone until the culprit
stands by itself, and that one is reported with its error.

Workers do no I/O but reading the file they are told to read; they log nothing (diagnostics are data).
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
import sys
import tempfile
import threading
import time
from collections import deque
from concurrent.futures import CancelledError, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeVar

import anyio
import anyio.to_thread
import msgspec

from driftd.daemon import forkserver
from driftd.daemon.tasks import Outcome, Task, call_shared, initialise, run_chunk, warm
from driftd.errors import BusyError, RefusedError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Sequence

# One by one costs 1.25 times the time of chunks of 32; chunks much larger leave a worker idle at the end.
CHUNK_FILES = 32
CHUNK_BYTES = 400_000

# A chunk of `map` takes a second at most; one that takes this long hangs.
MAP_TIMEOUT_S = 120.0
CANCEL_POLL_S = 0.2
MAP_AHEAD = 8  # items a worker that are sent ahead: results come in order, and homes are uneven
DISCARD_TIMEOUT_S = 3.0

T = TypeVar("T")

PROBE_TIMEOUT_S = 60.0  # for a process to start and import; a loaded machine takes seconds


_outcomes = msgspec.msgpack.Decoder(list[Outcome])
_encode = msgspec.msgpack.Encoder().encode


@dataclass(frozen=True, slots=True)
class PoolSettings:
    """How many processes, how long one file may take, the largest file that is read (bytes), and the rules of its own.

    `niceness` is how much less of the processor than others the processes want (see nice(2)).
    """

    workers: int
    file_timeout_s: float
    max_file_size: int
    rules: bytes = field(default=b"", repr=False)
    niceness: int = 0


class Feed:
    """Tasks that become known while others run already; for one event loop.

    Of what waits, the longest come first: a worker that gets one at the end keeps all others waiting.
    """

    def __init__(self) -> None:
        """Start empty and open."""
        self._waiting: list[Task] = []
        self._news: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.is_open = True

    def __bool__(self) -> bool:
        """Whether a task waits."""
        return bool(self._waiting)

    def put(self, tasks: Iterable[Task]) -> None:
        """Add tasks."""
        self._waiting.extend(tasks)
        self._waiting.sort(key=_size)
        self._tell()

    def close(self) -> None:
        """Say that no more tasks follow."""
        self.is_open = False
        self._tell()

    def take(self) -> list[Task]:
        """Return a chunk of tasks that is worth its round trip and does not keep a worker long; at least one waits."""
        chunk = [self._waiting.pop()]
        size = chunk[0].size
        while self._waiting and len(chunk) < CHUNK_FILES and size + self._waiting[-1].size <= CHUNK_BYTES:
            chunk.append(self._waiting.pop())
            size += chunk[-1].size
        return chunk

    def news(self) -> asyncio.Future[None]:
        """Return what is done once something was added, or no more follows, after this call."""
        if self._news.done():
            self._news = self._news.get_loop().create_future()
        return self._news

    def _tell(self) -> None:
        if not self._news.done():
            self._news.set_result(None)


def _size(task: Task) -> int:
    return task.size


class WorkerPool:
    """Runs tasks in worker processes; outcomes come in the order in which they are ready."""

    def __init__(self, settings: PoolSettings, *, entry: Callable[[bytes, int], bytes] | None = None) -> None:
        """Start nothing yet: the processes start with `start` or with the first tasks."""
        self._settings = settings
        self._entry = entry or run_chunk
        self._pool: _Processes | None = None
        self._starting: asyncio.Future[None] | None = None
        self._closed = False
        self._reason = ""
        self.restarts = 0

    @property
    def size(self) -> int:
        """Return how many worker processes there are at most."""
        return self._settings.workers

    def start(self) -> None:
        """Start the worker processes without waiting for them, so that they warm up while files are looked for.

        The process that they are forked from answers when it has imported what they need, so a thread waits for it.
        """
        self._starting = asyncio.get_running_loop().run_in_executor(None, self._executor().start)

    async def run(self, tasks: Iterable[Task]) -> AsyncGenerator[list[Outcome], None]:
        """Yield the outcomes of all tasks, chunk by chunk; see `run_feed`."""
        feed = Feed()
        feed.put(tasks)
        feed.close()
        async for outcomes in self.run_feed(feed):
            yield outcomes

    async def run_feed(self, feed: Feed) -> AsyncGenerator[list[Outcome], None]:
        """Yield the outcomes of the feed's tasks, chunk by chunk, until it is closed; every task has exactly one.

        Leaving the loop early abandons what has not started; what runs ends by itself.
        """
        running: dict[asyncio.Future[bytes], list[Task]] = {}
        # Two chunks a worker keep it busy and leave little to abandon on cancel.
        width = self._settings.workers * 2
        suspects: deque[list[Task]] = deque()
        await self._started()
        try:
            while feed or running or suspects or feed.is_open:
                if suspects and not running:
                    chunk = suspects.popleft()
                    for outcomes in await self._alone(chunk):
                        yield outcomes
                    continue
                while feed and len(running) < width and not suspects:
                    chunk = feed.take()
                    running[self._submit(chunk)] = chunk
                awaited: set[asyncio.Future[Any]] = {*running, feed.news()} if feed.is_open else {*running}
                done, _ = await asyncio.wait(
                    awaited,
                    timeout=self._deadline(running.values()) if running else None,
                    return_when=asyncio.FIRST_COMPLETED,
                )
                if not done:  # a worker hangs: nobody knows which, so all under way become suspects
                    suspects.extend(running.values())
                    await self._replace()
                    await asyncio.wait(running)
                    for future in running:
                        _is_lost(future)  # retrieves the exception, which is expected here
                    running.clear()
                    continue
                for future in [future for future in running if future in done]:
                    chunk = running.pop(future)
                    if _is_lost(future):
                        suspects.append(chunk)
                        if self._pool is not None:
                            await self._replace()
                    elif future.exception() is not None:  # the worker lives, one of the files is at fault
                        suspects.append(chunk)
                    else:
                        yield _outcomes.decode(future.result())
        finally:
            for future in running:
                future.cancel()

    def map(
        self,
        function: Callable[[bytes, bytes], bytes],
        shared: bytes,
        items: Iterable[bytes],
        cancelled: Callable[[], bool] = lambda: False,
        homes: Sequence[int] = (),
        keepers: Sequence[int] = (),
    ) -> Iterator[bytes]:
        """Call `function(shared, item)` for every item in the workers (see `pipeline.stage.Mapper`).

        Items are taken as they are needed, so that few of them are in memory at a time.  Blocks, so it is called from
        a thread; no `run` may be under way.  Ends early, and soon, when it is `cancelled`.
        """
        with tempfile.NamedTemporaryFile(prefix="driftd-", suffix=".shared") as file:
            file.write(shared)
            file.flush()
            digest = hashlib.sha256(shared).digest()
            running: deque[Future[bytes]] = deque()
            try:
                for number, item in enumerate(items):
                    home = homes[number] if homes else None
                    keeper = keepers[number] if keepers else 0
                    work = partial(call_shared, function, file.name, digest, item)
                    running.append(self._executor().submit(home, work, keeper=keeper))
                    if len(running) > self._settings.workers * MAP_AHEAD:
                        if not _ends(running[0], cancelled):
                            return
                        yield running.popleft().result()
                while running and _ends(running[0], cancelled):
                    yield running.popleft().result()
            except (BrokenProcessPool, CancelledError, TimeoutError, RuntimeError):
                pool, self._pool = self._pool, None  # the next use makes a new one
                self.restarts += 1
                if pool is not None:
                    pool.kill()
                    pool.shutdown(wait=False)
            finally:
                for future in running:
                    future.cancel()

    async def call(self, function: Callable[[bytes], bytes], payload: bytes) -> bytes:
        """Call a function of a module in a worker, beside whatever runs there; BusyError if none answers in time."""
        await self._started()
        try:
            future = asyncio.wrap_future(self._executor().submit(None, function, payload))
            async with asyncio.timeout(self._settings.file_timeout_s):
                return await future
        except TimeoutError:
            await self._replace()
        except BrokenProcessPool:
            pass
        raise BusyError("the worker process did not answer", hint="ask again")

    async def renew(self) -> None:
        """Replace the processes, none of which may be under way with anything.

        After a large run they hold hundreds of megabytes of what is known of that state of the project, and the next
        task of each would wait until the garbage collector has walked over it.
        """
        await self._discard()
        if not self._closed:
            self.start()

    async def close(self) -> None:
        """End the processes at once; what they were doing is lost, which is fine: nothing they do is stored."""
        self._closed = True
        await self._discard()

    def _executor(self) -> _Processes:
        if self._closed:
            raise RuntimeError("the worker pool is closed")
        if self._pool is None:
            self._pool = _Processes(self._settings.workers, self._settings.rules, self._settings.niceness)
        return self._pool

    def _submit(self, chunk: list[Task]) -> asyncio.Future[bytes]:
        payload = _encode(chunk)
        future: Future[bytes]
        try:
            future = self._executor().submit(None, self._entry, payload, self._settings.max_file_size)
        except BrokenProcessPool as broken:
            future = Future()
            future.set_exception(broken)
        return asyncio.wrap_future(future)

    def _deadline(self, chunks: Iterable[Sequence[Task]]) -> float:
        # All chunks under way share the workers, so the time of the longest queue counts, not that of one chunk.
        return self._settings.file_timeout_s * (1 + max((len(chunk) for chunk in chunks), default=0) / CHUNK_FILES)

    async def _probe(self) -> None:
        """Make sure that workers can live at all, before files are blamed for their deaths."""
        future = asyncio.wrap_future(self._executor().submit(None, warm))
        try:
            async with asyncio.timeout(PROBE_TIMEOUT_S):
                await future
        except (BrokenProcessPool, TimeoutError) as error:
            await self._replace()
            raise RefusedError(
                "the worker processes cannot start",
                hint="memory or process limits? `driftd doctor` looks for the cause",
            ) from error

    async def _alone(self, chunk: list[Task]) -> list[list[Outcome]]:
        """Run a suspected chunk with nothing beside it; if it fails again, its files one by one."""
        await self._probe()
        first = await self._attempt(chunk)
        if first is not None:
            return [first]
        if len(chunk) == 1:
            return [[self._failure(chunk[0])]]
        results = []
        for task in chunk:
            single = await self._attempt([task])
            results.append(single if single is not None else [self._failure(task)])
        return results

    async def _attempt(self, chunk: list[Task]) -> list[Outcome] | None:
        future = self._submit(chunk)
        self._reason = "the worker process died on it"
        try:
            async with asyncio.timeout(self._deadline([chunk])):
                return _outcomes.decode(await future)
        except TimeoutError:
            self._reason = f"it took more than {self._settings.file_timeout_s:g} s"
            await self._replace()
        except BrokenProcessPool:
            await self._replace()
        except asyncio.CancelledError:
            if not future.cancelled():  # this task is cancelled, not the chunk
                raise
        except Exception as error:  # noqa: BLE001 - it came from the worker: an outcome that cannot be sent
            self._reason = f"{type(error).__name__}: {error}"
        return None

    def _failure(self, task: Task) -> Outcome:
        return Outcome(task.path, task.language, error=f"not analysed: {self._reason}")

    async def _replace(self) -> None:
        self.restarts += 1
        await self._discard()

    async def _started(self) -> None:
        """Wait until the processes that `start` starts are there, or cannot be: whoever gives them work hears why."""
        starting = self._starting
        if starting is not None:
            await asyncio.wait([starting])
            starting.exception()
            self._starting = None

    async def _discard(self) -> None:
        with anyio.move_on_after(DISCARD_TIMEOUT_S, shield=True):  # what is being started would not be found below
            await self._started()
        pool, self._pool = self._pool, None
        if pool is None:
            return
        pool.kill()
        with anyio.move_on_after(DISCARD_TIMEOUT_S):
            await anyio.to_thread.run_sync(partial(pool.shutdown, wait=True), abandon_on_cancel=True)


class _Processes:
    """Worker processes with a queue for each, so that work can go to the one that did what it builds on."""

    def __init__(self, count: int, rules: bytes, niceness: int) -> None:
        context = forkserver.context()
        self._lanes = [
            ProcessPoolExecutor(1, mp_context=context, initializer=initialise, initargs=(rules, niceness))
            for _ in range(count)
        ]
        self._given: list[list[Future[Any]]] = [[] for _ in self._lanes]
        self._homes: dict[int, int] = {}

    @property
    def ids(self) -> frozenset[int]:
        """Return the ids of the processes that run."""
        return frozenset(process for lane in self._lanes for process in list(getattr(lane, "_processes", None) or {}))

    def start(self) -> None:
        """Have each process started and make ready; returns when they are forked."""
        for _ in self._lanes:
            self.submit(None, warm)

    def submit(self, home: int | None, function: Callable[..., T], *args: object, keeper: int = 0) -> Future[T]:
        """Give work to the process with the least to do, or to the one that had work of this home before: it has it open.

        Work of a home that is new goes to its `keeper`, if that is one of the processes, whatever else that has to do.
        """
        self._given = [[future for future in given if not future.done()] for given in self._given]
        loads = [len(given) for given in self._given]
        at = least = loads.index(min(loads))
        if home is not None:
            at = self._homes[home] if home in self._homes else self._lane_of(keeper, least)
            self._homes[home] = at
        with _no_main_module():
            future = self._lanes[at].submit(function, *args)
        self._given[at].append(future)
        return future

    def _lane_of(self, process: int, otherwise: int) -> int:
        for number, lane in enumerate(self._lanes):
            if process and process in (getattr(lane, "_processes", None) or ()):
                return number
        return otherwise

    def kill(self) -> None:
        """Kill the processes."""
        for lane in self._lanes:
            _kill(lane)

    def shutdown(self, *, wait: bool) -> None:
        """Give up what waits, and wait for the threads that look after the processes."""
        for lane in self._lanes:
            lane.shutdown(wait=wait, cancel_futures=True)


def _ends(future: Future[bytes], cancelled: Callable[[], bool]) -> bool:
    """Wait for a future; False if it is cancelled before.  Raises TimeoutError for one that hangs."""
    deadline = time.monotonic() + MAP_TIMEOUT_S
    while not cancelled():
        if wait([future], CANCEL_POLL_S).done:
            return True
        if time.monotonic() > deadline:
            raise TimeoutError
    return False


def _kill(pool: ProcessPoolExecutor) -> None:
    """Kill the processes of a pool; two private names of the standard library are used, and here only.

    Our end of the results' pipe is closed first: a worker that dies in the middle of an answer would leave the pool's
    own thread waiting for the rest of it, for as long as anybody could still write there.
    """
    results = getattr(pool, "_result_queue", None)
    if results is not None:
        results._writer.close()  # noqa: SLF001 - see above
    for process in list(getattr(pool, "_processes", None) or {}):
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)


@contextmanager
def _no_main_module() -> Iterator[None]:
    """Hide `__main__` while a worker is started: it would be imported there, at its cost and with its effects."""
    with _starting_one:
        main = sys.modules["__main__"]
        sys.modules["__main__"] = ModuleType("__main__")
        try:
            yield
        finally:
            sys.modules["__main__"] = main


_starting_one = threading.Lock()  # or one thread would take the other's empty module for the real one


def _is_lost(future: asyncio.Future[bytes]) -> bool:
    """Tell whether a chunk went down with its pool; raises nothing."""
    return future.cancelled() or isinstance(future.exception(), BrokenProcessPool)
