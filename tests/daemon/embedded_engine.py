"""An engine in this process, driven from synchronous tests: one event loop and one worker pool for all of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any

from anyio.from_thread import BlockingPortal, start_blocking_portal

from driftd.clock import SystemClock
from driftd.config import Settings
from driftd.daemon.engine import Engine, Progress, RunReport, no_progress
from driftd.daemon.verify import differences
from driftd.daemon.workers import PoolSettings, WorkerPool
from driftd.store.store import Store

SETTINGS = Settings()


class Bench:
    """What the engines of one test module share; starting processes takes longer than most steps."""

    def __init__(self, portal: BlockingPortal, pool: WorkerPool) -> None:
        self.portal = portal
        self.pool = pool

    def engine(self, root: Path, store: Store) -> Engine:
        """Return an engine that has restored what `store` holds."""
        engine = Engine(root, store, SETTINGS, SystemClock())
        engine.pool = self.pool
        self.portal.call(engine.restore)
        return engine

    def store(self, path: Path) -> AbstractContextManager[Store]:
        return self.portal.wrap_async_context_manager(Store.open(path, SystemClock()))

    def run(
        self,
        engine: Engine,
        paths: Collection[str] | None = None,
        *,
        full: bool = False,
        progress: Progress = no_progress,
    ) -> RunReport:
        async def run() -> RunReport:
            return await engine.run(trigger="request", paths=paths, full=full, progress=progress)

        return self.portal.call(run)

    def differences(self, root: Path, live: Store, scratch: Path) -> list[dict[str, Any]]:
        """Return how `live` differs from an analysis of `root` from nothing."""
        scratch.unlink(missing_ok=True)
        with self.store(scratch) as fresh:
            self.run(self.engine(root, fresh))
            return self.portal.call(differences, live.reader, fresh.reader)


@contextmanager
def bench() -> Iterator[Bench]:
    """Start an event loop in a thread, and two workers."""
    with ExitStack() as stack:
        portal = stack.enter_context(start_blocking_portal("asyncio"))
        pool = WorkerPool(PoolSettings(workers=2, file_timeout_s=30, max_file_size=SETTINGS.scan.max_file_size))
        stack.callback(lambda: portal.call(pool.close))
        yield Bench(portal, pool)
