"""The daemon as the RPC methods see it: reads through readers, writes through the run loop, and says how fresh it is."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import Any

import anyio
import msgspec

from driftd.clock import Clock
from driftd.daemon import graph_queries
from driftd.daemon.engine import Engine
from driftd.daemon.events import EventHub, Listener
from driftd.daemon.loop import RunLoop
from driftd.errors import BusyError, NotFoundError, RefusedError
from driftd.pipeline.facts.languages.capabilities import capabilities
from driftd.pipeline.stages.call_edges import resolution_rate
from driftd.rows.registry import BY_NAME
from driftd.rpc.service import AsOf, Direction, Filter, Page, Progress, Subscriber, Topic
from driftd.store.migrate import schema_version
from driftd.store.store import Store
from driftd.watch.watcher import State, Watcher

# A scan answer names the paths that changed; more of them than this are only counted.
MAX_PATHS_SHOWN = 1000


class DaemonService:
    """Implements `rpc.service.Service` over one workspace."""

    def __init__(
        self,
        engine: Engine,
        store: Store,
        loop: RunLoop,
        watcher: Watcher,
        hub: EventHub,
        clock: Clock,
        stop: Callable[[], None],
    ) -> None:
        """`stop` asks the daemon to shut down and returns at once."""
        self._engine = engine
        self._store = store
        self._loop = loop
        self._watcher = watcher
        self._hub = hub
        self._clock = clock
        self._stop = stop
        self._started = clock.monotonic()
        self._counted: tuple[int, dict[str, int]] | None = None

    async def as_of(self) -> AsOf:
        """Return which analysis the answers come from, and what it does not cover."""
        last = self._engine.last
        return AsOf(
            run_id=last.run_id if last else None,
            finished_at=last.finished_at if last else None,
            pending=self._loop.pending,
            degraded=self.degraded(),
            unexamined=self._engine.unexamined,
        )

    def degraded(self) -> str | None:
        """Return why the model may be behind or incomplete, or None."""
        watcher = self._watcher.status()
        reasons = [
            self._loop.trouble,
            watcher.reason if watcher.state is State.DEGRADED else None,
            *(
                f"stage {stage['name']} failed in the last run"
                for stage in (self._engine.last.stages if self._engine.last else ())
                if stage["error"]
            ),
        ]
        return "; ".join(reason for reason in reasons if reason) or None

    async def status(self) -> dict[str, object]:
        """Return how the daemon is."""
        last = self._engine.last
        current = self._engine.current
        degraded = self.degraded()
        return {
            "workspace": str(self._engine.root),
            "version": version("driftd"),
            "pid": os.getpid(),
            "uptime_s": round(self._clock.monotonic() - self._started, 3),
            "db": await self._database(),
            "writer": self._writer(),
            "watcher": msgspec.to_builtins(self._watcher.status()),
            "languages": self._languages(),
            "workers": {"processes": self._engine.pool.size, "restarts": self._engine.pool.restarts},
            "last_run": last.as_dict() if last else None,
            "current_run": {"run_id": current.run_id, "trigger": current.trigger} if current else None,
            "health": "degraded" if degraded else "ok",
            "as_of": msgspec.to_builtins(await self.as_of()),
        }

    def _languages(self) -> dict[str, object]:
        """Count the files in each language of the workspace, and say which kinds of facts are read in it."""
        reads = capabilities()
        return {
            language: {"files": count, "reads": list(reads.get(language, ()))}
            for language, count in sorted(self._engine.languages().items())
        }

    async def _database(self) -> dict[str, object]:
        size, free_pages = await self._store.reader.size()
        return {
            "path": str(self._store.path),
            "bytes": size,
            "free_pages": free_pages,
            "schema_version": schema_version(),
            "rows": await self._row_counts(),
        }

    async def _row_counts(self) -> dict[str, int]:
        """Count the rows, again only after something was written: `status` is asked far more often than that."""
        transactions = self._store.writer.stats().transactions
        if self._counted is None or self._counted[0] != transactions:
            self._counted = (transactions, await self._store.reader.counts())
        return self._counted[1]

    def _writer(self) -> dict[str, object]:
        stats = self._store.writer.stats()
        return {
            "queued": stats.queued,
            "waiting": stats.waiting,
            "transactions": stats.transactions,
            "rows": stats.written,
            "deleted": stats.deleted,
            "errors": stats.errors,
            "last_error": stats.last_error,
            "wal_bytes": stats.wal_bytes,
            "wal_starved_since": stats.wal_starved_since,
        }

    async def page(self, table: str, filters: Mapping[str, Filter], limit: int, after: str | None) -> Page:
        """Return one page of a table."""
        page = await self._store.reader.page(BY_NAME[table], filters, limit, after)
        return Page(items=page.items, next=page.next, total=page.total)

    async def analyze(self, paths: tuple[str, ...] | None, full: bool, progress: Progress) -> dict[str, object]:
        """Make the analysis current and return the run's report."""
        chosen = None if paths is None else [self._inside(path) for path in paths]
        return (await self._loop.request(chosen, full=full, progress=progress)).as_dict()

    async def scan(self, paths: tuple[str, ...] | None, progress: Progress) -> dict[str, object]:
        """Compare the disk with the model and change nothing."""
        progress("scan", 0, 0)
        result = await self._engine.scan(None if paths is None else frozenset(self._inside(path) for path in paths))
        groups = {
            "added": [file.path for file in result.added],
            "modified": [file.path for file in result.modified],
            "renamed": [file.path for file in result.renamed],
            "removed": list(result.removed),
            "unreadable": [file.path for file in result.errors],
        }
        return {
            "files": {
                "total": result.total,
                "unchanged": result.unchanged,
                **{name: len(group) for name, group in groups.items()},
            },
            "paths": {name: group[:MAX_PATHS_SHOWN] for name, group in groups.items() if group},
            "complete": result.complete,
        }

    async def cancel_run(self, run_id: int) -> bool:
        """Cancel the run with this id for everyone."""
        current = self._engine.current
        return current is not None and current.run_id == run_id and self._loop.cancel()

    async def sync(self, timeout_s: float) -> AsOf:
        """Return when everything saved before the call is in the model."""
        try:
            with anyio.fail_after(timeout_s):
                # False: the watcher cannot vouch for itself and has asked for a comparison with the disk, which is
                # then among the announced changes.
                await self._watcher.sync(timeout_s)
                await self._loop.settled()
        except TimeoutError:
            raise BusyError(
                f"the model was not current within {timeout_s:g} s ({self._loop.pending} changes are waiting)",
                hint="raise timeout_s, or ask `status` what the daemon is doing",
            ) from None
        return await self.as_of()

    async def call_graph(self, function: str | int | None, depth: int) -> dict[str, object]:
        """Return totals, or the neighbourhood of one function."""
        if function is not None:
            return await graph_queries.neighbourhood(self._store.reader, function, depth)
        statistics = self._engine.call_statistics()
        return {
            **await graph_queries.totals(self._store.reader),
            "resolution_rate": round(resolution_rate(statistics.get("", {})), 4),
            "calls": {language or "all": counts for language, counts in statistics.items()},
        }

    async def neighbours(
        self, function: str | int, direction: Direction, depth: int, limit: int, after: str | None
    ) -> Page:
        """Return the functions that reach `function` or that it reaches."""
        return await graph_queries.neighbours(self._store.reader, function, direction, depth, limit, after)

    def subscribe(self, topics: frozenset[Topic], subscriber: Subscriber) -> Listener:
        """Tell `subscriber` each later event of `topics`."""
        return self._hub.subscribe(topics, subscriber)

    async def shutdown(self) -> None:
        """Ask the daemon to stop."""
        self._stop()

    def _inside(self, path: str) -> str:
        """Return a path as driftd calls it; raises for one that leads out of the workspace or that is not there."""
        absolute = os.path.normpath(self._engine.root / path)
        relative = os.path.relpath(absolute, self._engine.root)
        if relative == ".." or relative.startswith("../"):
            raise RefusedError(f"{path} is outside the workspace", hint=f"paths are relative to {self._engine.root}")
        known = self._engine.knows(relative)
        if not (known or os.path.lexists(absolute)):
            raise NotFoundError(f"{path} does not exist", hint=f"paths are relative to {self._engine.root}")
        return "" if relative == "." else relative


def last_run_summary(report: Mapping[str, Any]) -> dict[str, object]:
    """Return what an event says of a finished run."""
    return {
        "run_id": report["run_id"],
        "status": report["status"],
        "trigger": report["trigger"],
        "files": report["files"],
        "rows": report["rows"],
        "duration_ms": report["duration_ms"],
    }
