"""What the workers make of a run's files, from the moment the first of them is heard of.

A workspace that nothing is known of takes a while to list.  What is listed is not yet sure to be examined, so files
that are heard of early are only read ahead: their outcomes wait here until the scan has said what is to be analysed.
"""

from __future__ import annotations

import math
from contextlib import aclosing
from typing import TYPE_CHECKING, Final, Self

import anyio
from anyio import from_thread

from driftd.daemon.tasks import Outcome, Task
from driftd.daemon.workers import Feed, WorkerPool

if TYPE_CHECKING:
    import os
    from collections.abc import AsyncIterator, Callable, Iterable, Sequence
    from types import TracebackType

    from anyio.abc import TaskGroup

# How many files are handed from the scanning thread to the event loop at a time.
_BATCH: Final = 64


class Extraction:
    """Feeds the workers of one run and keeps what they return in order of completion; an async context manager.

    Leaving the context abandons what has not started.
    """

    def __init__(self, pool: WorkerPool, *, ahead: float = math.inf) -> None:
        """Start nothing yet; `ahead` chunks of outcomes may wait to be taken, then the workers wait."""
        self._pool = pool
        self._feed = Feed()
        self._given: set[str] = set()
        self._send, self._receive = anyio.create_memory_object_stream[list[Outcome]](ahead)
        self._group: TaskGroup

    async def __aenter__(self) -> Self:
        """Start to wait for tasks."""
        self._group = anyio.create_task_group()
        await self._group.__aenter__()
        self._group.start_soon(self._run)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        """Abandon what is left."""
        self._group.cancel_scope.cancel()
        try:
            return await self._group.__aexit__(kind, error, trace)
        finally:
            self._send.close()
            self._receive.close()

    def reader_ahead(self, task_of: Callable[[str, os.stat_result], Task | None]) -> ReadAhead:
        """Return what a scanning thread tells of files that it hears of; `task_of` returns None for other files."""
        return ReadAhead(self._add, task_of)

    async def outcomes(self, tasks: Sequence[Task]) -> AsyncIterator[list[Outcome]]:
        """Yield the outcomes of these tasks, and no others, in chunks; to be called once."""
        self._add(task for task in tasks if task.path not in self._given)
        self._feed.close()
        wanted = {task.path for task in tasks}
        everything = wanted >= self._given
        async for chunk in self._receive:
            yield chunk if everything else [outcome for outcome in chunk if outcome.path in wanted]

    def _add(self, tasks: Iterable[Task]) -> None:
        tasks = tuple(tasks)
        self._given.update(task.path for task in tasks)
        self._feed.put(tasks)

    async def _run(self) -> None:
        with self._send:
            async with aclosing(self._pool.run_feed(self._feed)) as chunks:
                async for chunk in chunks:
                    await self._send.send(chunk)


class ReadAhead:
    """Collects files in the scanning thread and hands them to the event loop in batches."""

    def __init__(
        self, add: Callable[[Sequence[Task]], None], task_of: Callable[[str, os.stat_result], Task | None]
    ) -> None:
        """Take where tasks go; both are called as said."""
        self._add = add
        self._task_of = task_of
        self._batch: list[Task] = []

    def __call__(self, path: str, status: os.stat_result) -> None:
        """Hear of a file; in the scanning thread.  What does not fill a batch is left for later."""
        task = self._task_of(path, status)
        if task is not None:
            self._batch.append(task)
            if len(self._batch) == _BATCH:
                from_thread.run_sync(self._add, self._batch)
                self._batch = []
