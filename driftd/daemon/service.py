"""The daemon as the RPC methods see it: reads through readers, writes through the run loop, and says how fresh it is."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import lru_cache
from importlib.metadata import version
from typing import Any

import anyio
import msgspec

from driftd.clock import Clock
from driftd.daemon import entry_queries, graph_queries, list_queries
from driftd.daemon.backups import Backups
from driftd.daemon.engine import Engine
from driftd.daemon.events import EventHub, Listener
from driftd.daemon.feedback import Given
from driftd.daemon.guard import Guard
from driftd.daemon.judgements import Judgements, checked
from driftd.daemon.loop import RunLoop
from driftd.errors import BusyError, NotFoundError, RefusedError
from driftd.pipeline.call_graph.outcomes import BUILTIN_CALL, EXTERNAL, IMPLICIT, RESOLVED
from driftd.pipeline.entry_points.finding import main_reasons
from driftd.pipeline.facts.languages.capabilities import capabilities
from driftd.pipeline.stages.call_edges import resolution_rate
from driftd.retention.janitor import Janitor
from driftd.rows.patterns import ApprovalStatus
from driftd.rows.registry import BY_NAME
from driftd.rpc.service import AsOf, Days, Direction, Filter, Neighbours, Page, Progress, Search, Subscriber, Topic
from driftd.store.connect import wal_bytes
from driftd.store.migrate import schema_version
from driftd.store.store import Store
from driftd.watch.watcher import State, Watcher

_SYNC_ROUNDS = 3

# A scan answer names the paths that changed; more of them than this are only counted.
MAX_PATHS_SHOWN = 1000

# How long the sizes of the tables are good enough.
SIZES_S = 60.0


class DaemonService:
    """Implements `rpc.service.Service` over one workspace."""

    def __init__(
        self,
        engine: Engine,
        store: Store,
        loop: RunLoop,
        watcher: Watcher,
        janitor: Janitor,
        hub: EventHub,
        clock: Clock,
        stop: Callable[[], None],
    ) -> None:
        """`stop` asks the daemon to shut down and returns at once."""
        self._janitor = janitor
        self._engine = engine
        self._store = store
        self._loop = loop
        self._watcher = watcher
        self._hub = hub
        self._clock = clock
        self._stop = stop
        self._judgements = Judgements(engine, store, loop, hub, clock)
        self._started = clock.monotonic()
        self._counted: tuple[int, dict[str, int], dict[str, dict[str, object]]] | None = None
        self._sizes: tuple[float, list[dict[str, object]]] | None = None
        self.guard: Guard | None = None
        self.backups = Backups(store)

    def message_arrived(self) -> None:
        """Hear that a client sent something; what computes stands still until it is known what that is."""
        self._engine.precedence.announce()

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
            self._janitor.trouble,
            self.guard.reason if self.guard is not None else None,
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
            "version": _version(),
            "pid": os.getpid(),
            "uptime_s": round(self._clock.monotonic() - self._started, 3),
            "db": await self._database(),
            "writer": self._writer(),
            "safekeeping": await self.backups.status(),
            "watcher": msgspec.to_builtins(self._watcher.status()),
            "workers": {"processes": self._engine.pool.size, "restarts": self._engine.pool.restarts},
            "languages": await self._languages(),
            "retention": await self._janitor.status(),
            "last_run": last.as_dict() if last else None,
            "current_run": {"run_id": current.run_id, "trigger": current.trigger} if current else None,
            "health": "degraded" if degraded else "ok",
            "as_of": msgspec.to_builtins(await self.as_of()),
        }

    async def _database(self) -> dict[str, object]:
        size, free_pages = await self._store.reader.size()
        rows = await self._row_counts()
        return {
            "path": str(self._store.path),
            "bytes": size,
            "wal_bytes": wal_bytes(self._store.path),
            "free_pages": free_pages,
            "schema_version": schema_version(),
            "bytes_per_file": size // rows["file_metadata"] if rows["file_metadata"] else None,
            "rows": rows,
            "tables": await self._table_bytes(),
        }

    async def _table_bytes(self) -> list[dict[str, object]]:
        """Return the sizes of the tables that have any, again after a while: it means to look at the whole file."""
        now = self._clock.monotonic()
        if self._sizes is None or now - self._sizes[0] > SIZES_S:
            sizes, _ = await self._store.reader.table_bytes()
            self._sizes = (now, [{"table": name, "bytes": size} for name, size in sizes.items() if size])
        return self._sizes[1]

    async def _row_counts(self) -> dict[str, int]:
        return (await self._counts())[0]

    async def _languages(self) -> dict[str, dict[str, object]]:
        """Return what there is of each language: its files, what is read of them, and how its calls fared."""
        (_, files), statistics, reads = await self._counts(), self._engine.call_statistics(), capabilities()
        return {
            name: {**known, "reads": list(reads.get(name, ())), **_rates(statistics.get(name, {}))}
            for name, known in files.items()
        }

    async def _counts(self) -> tuple[dict[str, int], dict[str, dict[str, object]]]:
        """Count rows and files, again only after something was written: `status` is asked far more often than that."""
        transactions = self._store.writer.stats().transactions
        if self._counted is None or self._counted[0] != transactions:
            files = await self._store.reader.fetch(_FILES_BY_LANGUAGE)
            by_language = {name: dict(zip(_FILE_COUNTS, counts, strict=True)) for name, *counts in files}
            self._counted = (transactions, await self._store.reader.counts(), by_language)
        return self._counted[1:]

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
        return await list_queries.page(self._store.reader, BY_NAME[table], filters, limit, after)

    async def function_id(self, function: str | int) -> int:
        """Return the id of the one function that is meant."""
        found: int = (await graph_queries.resolve_function(self._store.reader, function))["id"]
        return found

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

    async def gc(self, days: Days, dry_run: bool, progress: Progress) -> dict[str, object]:
        """Clean up now, with other days for this once where `days` names any."""
        policy = self._janitor.policy.overridden(
            retention_days=days.retention_days,
            short_days=days.short_days,
            medium_days=days.medium_days,
            long_days=days.long_days,
        )
        return (await self._janitor.gc(policy, dry_run=dry_run, progress=progress)).as_dict()

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
                # What was announced meanwhile may be about the same changes: a run that came upon new directories has
                # them looked at once more when they are watched.  Somebody else's saves are not waited for without end.
                for _ in range(_SYNC_ROUNDS):
                    await self._loop.settled()
                    if not self._loop.pending:
                        break
        except TimeoutError:
            raise BusyError(
                f"the model was not current within {timeout_s:g} s ({self._loop.pending} changes are waiting)",
                hint="raise timeout_s, or ask `status` what the daemon is doing",
            ) from None
        return await self.as_of()

    async def call_graph(self, function: str | int | None, search: Search) -> dict[str, object]:
        """Return totals, or the neighbourhood of one function."""
        points = await self._engine.entry_points()
        if function is not None:
            found = await graph_queries.neighbourhood(self._store.reader, function, search)
            found["entry_point"] = None if points is None else main_reasons(points).get(found["function"]["id"])
            return found
        statistics = self._engine.call_statistics()
        everything = statistics.pop("", {})
        return {
            **await graph_queries.totals(self._store.reader),
            **entry_queries.counts(points),
            "resolution_rate": round(resolution_rate(everything), 4),
            "unresolved": _unresolved(everything),
            "languages": {language: _calls(outcomes) for language, outcomes in sorted(statistics.items())},
        }

    async def entry_points(self, filters: Mapping[str, str], limit: int, after: str | None) -> Page:
        """Return what is called from outside."""
        points = await self._engine.entry_points()
        if points is None:
            raise BusyError("the workspace is being analysed for the first time", hint="wait for it: driftd sync")
        return await entry_queries.page(self._store.reader, points, filters, limit, after)

    async def neighbours(
        self, function: str | int, direction: Direction, search: Search, limit: int, after: str | None
    ) -> Neighbours:
        """Return the functions that reach `function` or that it reaches."""
        return await graph_queries.neighbours(self._store.reader, function, direction, search, limit, after)

    async def feedback(self, *, violation: str, action: str, undo: int | None, **more: str | None) -> dict[str, object]:
        """Store what a person says about a violation."""
        return await self._judgements.feedback(checked(Given(violation, action, undo=undo, **more)))

    def feedback_stats(self) -> list[dict[str, object]]:
        """Return how often findings were false."""
        return self._judgements.feedback_stats()

    async def set_pattern_status(self, pattern: str, status: ApprovalStatus, reason: str | None) -> dict[str, object]:
        """Store what a person decided about a pattern."""
        return await self._judgements.set_pattern_status(pattern, status, reason)

    async def violations(self, filters: Mapping[str, Filter], limit: int, after: str | None) -> Page:
        """Return a page of violations."""
        return await self._judgements.violations(filters, limit, after)

    async def explain(self, violation: str) -> dict[str, object]:
        """Return everything there is to say about a violation."""
        return await self._judgements.explain(violation)

    async def quick_fix(self, violation: str) -> dict[str, object]:
        """Return the edits that remove a violation."""
        return await self._judgements.quick_fix(violation)

    async def write_baseline(self) -> dict[str, object]:
        """Write the ids of all violations into the baseline's file."""
        return await self._judgements.write_baseline()

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


_FILE_COUNTS = ("files", "functions", "failed", "with_syntax_errors")
_FILES_BY_LANGUAGE = (
    "SELECT language, count(*), sum(function_count), sum(error IS NOT NULL), sum(error_count > 0) FROM file_metadata "
    "WHERE language IS NOT NULL AND skip_reason IS NULL GROUP BY language ORDER BY 2 DESC, 1"
)
_NO_GAPS = (RESOLVED, IMPLICIT, EXTERNAL, BUILTIN_CALL)


def _unresolved(outcomes: Mapping[str, int]) -> dict[str, int]:
    """Return the calls by why they lead nowhere; those that leave the workspace are no gaps."""
    return {reason: count for reason, count in outcomes.items() if reason not in _NO_GAPS}


def _rates(outcomes: dict[str, int]) -> dict[str, object]:
    return {name: value for name, value in _calls(outcomes).items() if name in _RATES} if outcomes else {}


_RATES = ("calls", "unresolved", "resolution_rate")


def _calls(outcomes: dict[str, int]) -> dict[str, object]:
    """Return how the calls of one language fared; `elsewhere` are those that leave the workspace."""
    missing = sum(_unresolved(outcomes).values())
    return {
        "calls": sum(outcomes.values()),
        "resolved": outcomes.get(RESOLVED, 0),
        "elsewhere": sum(outcomes.get(outcome, 0) for outcome in _NO_GAPS[1:]),
        "unresolved": missing,
        "resolution_rate": round(resolution_rate(outcomes), 4),
    }


@lru_cache(maxsize=1)
def _version() -> str:
    """Return driftd's version; to find it is to look through all that is installed."""
    return version("driftd")


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
