"""When sweeps run: on time, on demand, after much was deleted, and a light one at the end.

One sweep at a time.  What a sweep did is recorded in `workspace_events`, which is also where the next process finds out
when the last one was: a daemon that is restarted every day sweeps every day, and one that slept for a week sweeps when
it wakes.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any, Final, Literal

import anyio
import msgspec

from driftd.errors import BusyError, DriftdError
from driftd.logs import Logger
from driftd.retention.clockguard import ClockGuard
from driftd.retention.growth import EVENT, Growth, growth
from driftd.retention.policy import Policy
from driftd.retention.rules import rules
from driftd.retention.sweep import Progress, Report, no_progress, sweep
from driftd.rows.ids import json_text
from driftd.rows.workspace import WorkspaceEventRow
from driftd.store.commands import Append

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from driftd.clock import Clock
    from driftd.config import Settings
    from driftd.store.store import Store

log = Logger("driftd.retention")

DEGRADED: Final = "degraded"

# Between two looks at the time of day: timers stand still while the machine sleeps.
CHECK_S: Final = 300.0
# A database that was never swept: not before the first analysis has had its time.
FIRST_S: Final = 600
RETRY_S: Final = 3600  # after a failure or a doubted clock
SETTLE_S: Final = 600  # between two sweeps that nobody asked for by name
JITTER: Final = 0.1  # of the interval: the daemons of one machine should not all sweep at once
# At the end: a sweep is worth it if the last is older than this, and must not take longer than that.
LIGHT_AFTER_S: Final = 3600
LIGHT_S: Final = 2.0

Topic = Literal["gc.finished", "degraded"]

_LAST: Final = "SELECT created_at, details FROM workspace_events WHERE event_type = ? ORDER BY id DESC LIMIT 40"


async def _at_once() -> None:
    """Wait for nothing."""


def _to_nobody(topic: Topic, payload: Mapping[str, object]) -> None:
    """Tell nobody."""


class Janitor:
    """Sweeps one store; every public method may be called while a sweep is under way."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        clock: Clock,
        *,
        idle: Callable[[], Awaitable[None]] = _at_once,
        publish: Callable[[Topic, Mapping[str, object]], None] = _to_nobody,
    ) -> None:
        """`idle` returns when no run is under way; `publish` tells whoever listens, and does not wait."""
        self._store = store
        self._settings = settings
        self._clock = clock
        self._idle = idle
        self._publish = publish
        self._guard = ClockGuard(store, clock)
        self._lock = anyio.Lock()
        self._wake = anyio.Event()
        self._under_way: anyio.CancelScope | None = None
        self._due = clock.now() + FIRST_S
        self._last: dict[str, Any] | None = None
        self._swept_at: int | None = None
        self._samples: list[tuple[int, int]] = []
        self._danger: str | None = None
        self._failure: str | None = None
        self._told: str | None = None  # what listeners have heard last
        self._closing = False

    @property
    def trouble(self) -> str | None:
        """Return why the file may not stay as small as it should, or None."""
        return self._failure or self._danger

    @property
    def policy(self) -> Policy:
        """What the configuration says."""
        return Policy.of(self._settings)

    def configure(self, settings: Settings) -> None:
        """Take other settings from the next sweep on."""
        self._settings = settings
        if self._swept_at is not None:
            self._due = self._next(self._swept_at)

    async def restore(self) -> None:
        """Find out when the last sweep was, and note the time down."""
        for at, details in await self._store.reader.fetch(_LAST, (EVENT,)):
            known = _decoded(details)
            if self._swept_at is None and not known.get("refused"):
                self._swept_at, self._last = at, {"at": at, **known}
            if isinstance(known.get("bytes_after"), int):
                self._samples.append((at, known["bytes_after"]))
        if self._swept_at is not None:
            self._due = max(self._next(self._swept_at), self._clock.now() + FIRST_S)
        await self._guard.check()

    async def run(self) -> None:
        """Sweep whenever it is time, until cancelled."""
        await self._carefully(self.restore)
        while True:
            with anyio.move_on_after(CHECK_S):
                await self._wake.wait()
            self._wake = anyio.Event()
            if self._clock.now() >= self._due:
                await self._idle()
                await self._carefully(self._sweep_on_time)

    def removed(self, files: int, total: int) -> None:
        """Hear how many files a run took out of the model; many of them leave much to give back."""
        if files >= max(100, total // 20):
            earliest = (self._swept_at or 0) + SETTLE_S
            self._due = min(self._due, max(self._clock.now(), earliest))
            self._wake.set()

    async def gc(self, policy: Policy, *, dry_run: bool = False, progress: Progress = no_progress) -> Report:
        """Sweep now, for whoever asked."""
        return await self._sweep(policy, trigger="request", dry_run=dry_run, progress=progress)

    async def light(self, seconds: float = LIGHT_S) -> None:
        """Sweep for a moment before the end, if the last sweep is long ago; what is under way is broken off."""
        self._closing = True
        if self._under_way is not None:
            self._under_way.cancel()
        wanted = self._settings.retention.on_shutdown and seconds > 0
        if not wanted or (self._swept_at is not None and 0 <= self._clock.now() - self._swept_at < LIGHT_AFTER_S):
            return
        await self._carefully(lambda: self._sweep(self.policy, trigger="shutdown", seconds=seconds))

    async def status(self) -> dict[str, object]:
        """Return what `status` says of retention."""
        return {
            "last_sweep": self._last,
            "next_sweep_at": self._due,
            "trouble": self.trouble,
            "growth": (await self._growth()).as_dict(),
        }

    async def _growth(self) -> Growth:
        size, _ = await self._store.reader.size()
        return growth(self._samples, size, self.policy.max_bytes)

    def _next(self, last: int) -> int:
        interval = self._settings.retention.interval_s()
        return last + interval + round(interval * JITTER * random.random())  # noqa: S311 - no secret depends on it

    async def _carefully(self, act: Callable[[], Awaitable[object]]) -> None:
        """Do something that may fail without ending the daemon; it is tried again."""
        try:
            await act()
        except DriftdError as error:
            if self._closing:
                log.info("sweep broken off", why=str(error))
                return
            log.error("sweep failed", error=str(error))
            self._failure = f"the last sweep failed: {error}"
            self._due = self._clock.now() + RETRY_S
            self._publish("degraded", {"reason": self._failure})

    async def _sweep_on_time(self) -> None:
        report = await self._sweep(self.policy, trigger="timer")
        if report.refused:
            self._due = self._clock.now() + RETRY_S

    async def _sweep(
        self,
        policy: Policy,
        *,
        trigger: str,
        dry_run: bool = False,
        progress: Progress = no_progress,
        seconds: float | None = None,
    ) -> Report:
        async with self._lock:
            now = self._clock.now()
            doubt = await self._guard.check()
            if doubt is not None:
                report = Report(dry_run, trigger, policy.binds(now), refused=doubt)
                for rule in rules():
                    report.add(rule, 0)
                report.bytes_before, _ = await self._store.reader.size()
                report.bytes_after = report.bytes_before
            else:
                report = Report(dry_run, trigger, policy.binds(now))
                with anyio.CancelScope() as self._under_way:
                    report = await sweep(
                        self._store,
                        policy,
                        now,
                        dry_run=dry_run,
                        trigger=trigger,
                        progress=progress,
                        seconds=seconds,
                    )
                if self._under_way.cancelled_caught:
                    raise BusyError("the sweep was broken off", hint="the daemon is shutting down")
            if not dry_run:
                await self._record(report, now)
            return report

    async def _record(self, report: Report, now: int) -> None:
        ((files,),) = await self._store.reader.fetch("SELECT count(*) FROM file_metadata")
        details = {
            "trigger": report.trigger,
            "deleted": {f"{table}: {reason}": rows for (table, reason), rows in sorted(report.counts.items()) if rows},
            "total_deleted": report.total,
            "folded": report.folded,
            "pages_freed": report.pages_freed,
            "bytes_before": report.bytes_before,
            "bytes_after": report.bytes_after,
            "files": files,
            "duration_ms": report.duration_ms,
            "gave_way": report.gave_way,
            "over_bytes": report.over_bytes,
            "refused": report.refused,
            "unfinished": report.unfinished,
        }
        await self._note(EVENT, details, now)
        log.info("sweep finished", **{name: value for name, value in details.items() if name != "deleted"})
        self._publish("gc.finished", details)
        self._last = {"at": now, **details}
        self._failure = None
        if report.refused is None:
            self._swept_at = now
            self._due = self._next(now)
            self._samples = [*self._samples, (now, report.bytes_after)][-200:]
        await self._warn(report, now)

    async def _warn(self, report: Report, now: int) -> None:
        """Say that a bound is in danger or that more went than the tiers say, when that is news."""
        self._danger = growth(self._samples, report.bytes_after, self.policy.max_bytes).danger
        reasons = [report.refused, self._danger]
        if report.gave_way:
            reasons.append(f"the database was larger than retention.max_db_mb: gone are {'; '.join(report.gave_way)}")
        reason = "; ".join(text for text in reasons if text)
        if reason and reason != self._told:
            await self._note(DEGRADED, {"reason": reason}, now)
            self._publish("degraded", {"reason": reason})
        self._told = reason

    async def _note(self, event: str, details: Mapping[str, object], now: int) -> None:
        row = WorkspaceEventRow(event_type=event, details=json_text(details), created_at=now)
        await self._store.writer.submit(Append(WorkspaceEventRow, (row,)))


def _decoded(details: str | None) -> dict[str, Any]:
    try:
        known = msgspec.json.decode(details or "{}")
    except msgspec.DecodeError:
        return {}
    return known if isinstance(known, dict) else {}
