"""What is being stored beside the rest of a run."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import anyio
import msgspec
from anyio.abc import TaskGroup


class Stored(msgspec.Struct):
    """What has been stored of a stage's findings, its parts that are being stored, and how long it took once it ended."""

    rows: int = 0
    error: str | None = None
    under_way: list[anyio.Event] = []
    took_ms: float | None = None


class Commits:
    """What is being stored beside the rest of a run, in tasks of one group: where one fails, the run does."""

    def __init__(self, group: TaskGroup) -> None:
        self._group = group
        self._ended: list[anyio.Event] = []

    def start(self, store: Callable[..., Awaitable[None]], *args: object) -> None:
        """Call `store` in a task."""
        ended = anyio.Event()
        self._ended.append(ended)
        self._group.start_soon(self._store, ended, store, *args)

    async def _store(self, ended: anyio.Event, store: Callable[..., Awaitable[None]], *args: object) -> None:
        await store(*args)
        ended.set()

    async def wait(self, *, but: int = 0) -> None:
        """Return when all are through that were started, but the last few."""
        for ended in self._ended[: max(0, len(self._ended) - but)]:
            await ended.wait()
