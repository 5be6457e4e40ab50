"""A daemon that remembers what it was asked, and waits where a test wants it to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import anyio

from driftd.errors import NotFoundError
from driftd.rpc.service import AsOf, Days, Direction, Filter, Neighbours, Page, Progress, Search, Subscriber, Topic

AS_OF = AsOf(run_id=7, finished_at=1_800_000_000, pending=2, degraded=None, unexamined=1)
FILES = {"total": 3, "added": 1, "modified": 0, "removed": 0, "unchanged": 2, "failed": 0}


@dataclass
class FakeSubscription:
    daemon: FakeDaemon
    topics: frozenset[Topic]
    subscriber: Subscriber

    def close(self) -> None:
        if self in self.daemon.subscriptions:
            self.daemon.subscriptions.remove(self)


@dataclass
class FakeBackups:
    """Remembers what it was asked; there are no files."""

    asked: list[tuple[Any, ...]]

    async def make(self, file: str | None) -> dict[str, object]:
        self.asked.append(("backup", file))
        return {"file": file or "/backups/1.db", "bytes": 4096}

    async def restore(self, file: str) -> dict[str, object]:
        self.asked.append(("restore", file))
        return {"file": file, "kept": "/backups/2.db"}

    async def export(self, file: str) -> dict[str, object]:
        self.asked.append(("export", file))
        return {"file": file, "rows": 3}

    async def merge(self, file: str) -> dict[str, object]:
        self.asked.append(("import", file))
        return {"file": file, "read": 3, "merged": {"feedback": 1}}


@dataclass
class FakeDaemon:
    """`analyze` waits for `release`, `sync` fails as `sync_error` says; the rest answers at once."""

    asked: list[tuple[Any, ...]] = field(default_factory=list)
    subscriptions: list[FakeSubscription] = field(default_factory=list)
    analyzing: int = 0
    most_analyzing: int = 0
    cancelled: int = 0
    sync_error: Exception | None = None
    status_result: Any = None
    _changed: anyio.Event = field(default_factory=anyio.Event)
    release: anyio.Event = field(default_factory=anyio.Event)
    stop: anyio.Event = field(default_factory=anyio.Event)

    async def until(self, condition: Any) -> None:
        """Return when `condition()` holds; it is looked at whenever something was asked."""
        while not condition():
            self._changed = anyio.Event()
            await self._changed.wait()

    def emit(self, topic: Topic, payload: Mapping[str, object]) -> None:
        for subscription in list(self.subscriptions):
            if topic in subscription.topics:
                subscription.subscriber(topic, payload)

    def _note(self, *what: Any) -> None:
        self.asked.append(what)
        self._changed.set()

    @property
    def backups(self) -> FakeBackups:
        return FakeBackups(self.asked)

    def message_arrived(self) -> None:
        """Give way to nobody: nothing computes."""

    async def as_of(self) -> AsOf:
        return AS_OF

    async def status(self) -> dict[str, object]:
        self._note("status")
        return self.status_result if self.status_result is not None else {"health": "ok"}

    async def page(self, table: str, filters: Mapping[str, Filter], limit: int, after: str | None) -> Page:
        self._note("page", table, dict(filters), limit, after)
        return Page(items=[{"id": 1}], next="k1", total=9)

    async def analyze(self, paths: tuple[str, ...] | None, full: bool, progress: Progress) -> dict[str, object]:
        self.analyzing += 1
        self.most_analyzing = max(self.most_analyzing, self.analyzing)
        progress("scan", 1, 3)
        self._note("analyze", paths, full)
        try:
            await self.release.wait()
        except BaseException:
            self.cancelled += 1
            raise
        finally:
            self.analyzing -= 1
            self._note("analyzed")
        return {"run_id": 8, "files": FILES, "rows": {"functions": 4}, "stages": [], "duration_ms": 5}

    async def scan(self, paths: tuple[str, ...] | None, progress: Progress) -> dict[str, object]:
        self._note("scan", paths)
        progress("scan", 3, 3)
        return {"files": FILES, "added": ["a.py"], "modified": [], "removed": []}

    async def gc(self, days: Days, dry_run: bool, progress: Progress) -> dict[str, object]:
        self._note("gc", days, dry_run)
        progress("find", 0, 0)
        return {
            "dry_run": dry_run,
            "total_deleted": 2,
            "tables": [{"table": "feedback", "tier": "medium", "deleted": 2, "reason": "age"}],
            "folded": 2,
            "pages_freed": 0,
            "bytes_before": 4096,
            "bytes_after": 4096,
            "wal_truncated": True,
            "duration_ms": 1,
            "cutoffs": {"short": 1, "medium": 1, "long": 1},
            "gave_way": [],
            "over_bytes": 0,
            "refused": None,
            "unfinished": False,
        }

    async def cancel_run(self, run_id: int) -> bool:
        self._note("cancel_run", run_id)
        return run_id == 7

    async def sync(self, timeout_s: float) -> AsOf:
        self._note("sync", timeout_s)
        if self.sync_error is not None:
            raise self.sync_error
        return AS_OF

    async def function_id(self, function: str | int) -> int:
        if function == "nobody":
            raise NotFoundError("no function is named nobody", hint="functions lists them")
        return 42

    async def call_graph(self, function: str | int | None, search: Search) -> dict[str, object]:
        self._note("call_graph", function, search)
        return {"total_functions": 4}

    async def entry_points(self, filters: Mapping[str, str], limit: int, after: str | None) -> Page:
        self._note("entry_points", dict(filters), limit, after)
        return Page(items=[], next=None, total=0)

    async def neighbours(
        self, function: str | int, direction: Direction, search: Search, limit: int, after: str | None
    ) -> Neighbours:
        self._note("neighbours", function, direction, search, limit, after)
        if function == "nobody":
            raise NotFoundError("no function is named nobody", hint="functions lists them")
        return Neighbours(function={"id": 1}, items=[], next=None, total=0, truncated=False, is_recursive=False)

    async def feedback(self, **said: str | int | None) -> dict[str, object]:
        self._note("feedback", said)
        return {"feedback_id": 1}

    def feedback_stats(self) -> list[dict[str, object]]:
        self._note("feedback_stats")
        return []

    async def set_pattern_status(self, pattern: str, status: str, reason: str | None) -> dict[str, object]:
        self._note("set_pattern_status", pattern, status, reason)
        return {"pattern_id": pattern}

    async def violations(self, filters: Mapping[str, Filter], limit: int, after: str | None) -> Page:
        self._note("violations", dict(filters), limit, after)
        return Page(items=[], next=None, total=0)

    async def explain(self, violation: str) -> dict[str, object]:
        self._note("explain", violation)
        return {"what": "it is wrong"}

    async def quick_fix(self, violation: str) -> dict[str, object]:
        self._note("quick_fix", violation)
        return {"edits": []}

    async def write_baseline(self) -> dict[str, object]:
        self._note("write_baseline")
        return {"path": ".drift/baseline.json", "violations": 0}

    def subscribe(self, topics: frozenset[Topic], subscriber: Subscriber) -> FakeSubscription:
        subscription = FakeSubscription(self, topics, subscriber)
        self.subscriptions.append(subscription)
        return subscription

    async def shutdown(self) -> None:
        self._note("shutdown")
        self.stop.set()
