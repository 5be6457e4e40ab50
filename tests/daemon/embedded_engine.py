"""An engine in this process, driven from synchronous tests: one event loop and one worker pool for all of them."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from anyio.from_thread import BlockingPortal, start_blocking_portal

from driftd.clock import SystemClock
from driftd.config import Settings
from driftd.daemon.engine import Engine
from driftd.daemon.feedback import Given, give, set_status
from driftd.daemon.learning import Learning
from driftd.daemon.report import Progress, RunReport, no_progress
from driftd.daemon.verify import differences
from driftd.daemon.workers import PoolSettings, WorkerPool
from driftd.pipeline.digest import MARKS
from driftd.store.commands import Call
from driftd.store.store import Store

SETTINGS = Settings()


class Bench:
    """What the engines of one test module share; starting processes takes longer than most steps."""

    def __init__(self, portal: BlockingPortal, pool: WorkerPool) -> None:
        self.portal = portal
        self.pool = pool

    def engine(self, root: Path, store: Store, learning: Learning | None = None) -> Engine:
        """Return an engine that has restored what `store` holds; `learning` is what people said, if not there."""
        engine = Engine(root, store, SETTINGS, SystemClock(), learning)
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

    def judge(self, engine: Engine, store: Store, number: int, action: str) -> bool:
        """Say something about one of the violations that are there, as a person would; False where there is none."""

        async def say() -> bool:
            rows = await store.reader.fetch(
                "SELECT id, pattern_id FROM violations WHERE resolved_at IS NULL ORDER BY id"
            )
            if not rows:
                return False
            violation, pattern = rows[number % len(rows)]
            command = (
                Call(partial(_decide, pattern=pattern, status=action))
                if action in _STATUSES
                else Call(partial(_give, given=Given(violation, action), engine=engine))
            )
            (result,) = await store.writer.submit(command, durable=True)
            if action in _STATUSES:
                await engine.learning.decided(pattern, action, result.value["approved_at"])
            else:
                await engine.learning.heard(result.value)
            return True

        return self.portal.call(say)

    def differences(self, root: Path, live: Store, scratch: Path) -> list[dict[str, Any]]:
        """Return how `live` differs from an analysis of `root` from nothing."""
        scratch.unlink(missing_ok=True)
        with self.store(scratch) as fresh:
            self.run(self.engine(root, fresh, Learning(root, live.reader, None, SETTINGS, SystemClock())))
            return self.portal.call(differences, live.reader, fresh.reader)


_STATUSES = frozenset({"approved", "ignored", "discovered"})


def _give(connection: sqlite3.Connection, now: int, given: Given, engine: Engine) -> Any:
    def silenced(path: str, violation: str) -> bool:
        file = engine.project.file(path)
        return file is not None and any(f.id == violation and f.suppressed for f in file.part(MARKS).faults)

    return give(connection, now, given, silenced)


def _decide(connection: sqlite3.Connection, now: int, pattern: str, status: Any) -> Any:
    return set_status(connection, now, pattern, status, None, is_rule=True)


@contextmanager
def bench() -> Iterator[Bench]:
    """Start an event loop in a thread, and two workers."""
    with ExitStack() as stack:
        portal = stack.enter_context(start_blocking_portal("asyncio"))
        pool = WorkerPool(PoolSettings(workers=2, file_timeout_s=30, max_file_size=SETTINGS.scan.max_file_size))
        stack.callback(lambda: portal.call(pool.close))
        yield Bench(portal, pool)
