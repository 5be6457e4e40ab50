"""The run loop: what starts a run, and how much of it there is.

Everything that can start work ends in one `_Pending`: change sets of the watcher, requests of clients, doubts.  One run
is under way and one is pending, whatever happens meanwhile; the cause of each is kept, so that the log and
`scan_history` can say why a run ran.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import anyio

from driftd.config import Settings
from driftd.daemon.engine import Engine
from driftd.daemon.report import Progress, RunReport
from driftd.errors import BusyError, DriftdError
from driftd.logs import Logger

log = Logger("driftd.loop")

STARTUP = "startup"  # the cause of a process's first run, which is recorded whatever it finds

# After a run that failed (a full disk, an unreadable root) the next try waits this long, doubling up to the last.
RETRY_FIRST_S = 1.0
RETRY_LAST_S = 60.0


@dataclass(slots=True, eq=False)
class _Request:
    """A client that waits for a run."""

    progress: Progress
    done: anyio.Event = field(default_factory=anyio.Event)
    report: RunReport | None = None
    error: BaseException | None = None


@dataclass(slots=True)
class _Pending:
    """What the next run has to do."""

    paths: set[str] = field(default_factory=set)
    rescan: bool = False
    full: bool = False
    judged: bool = False  # people said something that findings follow from
    causes: dict[str, None] = field(default_factory=dict)  # an ordered set
    requests: list[_Request] = field(default_factory=list)
    last_change: int = 0

    @property
    def is_empty(self) -> bool:
        return not (self.paths or self.rescan or self.full or self.judged or self.requests)


class RunLoop:
    """Feeds the engine; every public method may be called while a run is under way."""

    def __init__(
        self,
        engine: Engine,
        *,
        on_start: Callable[[str], None],
        on_end: Callable[[RunReport], None],
        on_progress: Progress,
    ) -> None:
        """`on_start` hears each run's cause, `on_end` its report; none of them may block."""
        self._engine = engine
        self._on_start = on_start
        self._on_progress = on_progress
        self._on_end = on_end
        self._pending = _Pending()
        self._running: _Pending | None = None
        self._wake = anyio.Event()
        self._settled = anyio.Event()
        self._changes = 0  # numbers every change that was announced
        self._current_until = 0  # all changes up to this number are in the model
        self._retry_s = RETRY_FIRST_S
        self._closing = False
        self._new_settings: Settings | None = None
        self.trouble: str | None = None  # why the last run failed, until one succeeds

    @property
    def pending(self) -> int:
        """Return how many announced changes are not in the model yet (a rescan counts as one)."""
        return sum(len(work.paths) + work.rescan for work in (self._pending, self._running) if work is not None)

    def configure(self, settings: Settings) -> None:
        """Let the engine take other settings before the next run, which looks at everything again."""
        self._new_settings = settings
        self.changed((), rescan=True, cause="configuration")

    def changed(self, paths: Iterable[str], *, rescan: bool, cause: str) -> None:
        """Announce changes on disk: paths of files or directories, or that anything may have changed."""
        pending = self._pending
        pending.paths.update(paths)
        pending.rescan |= rescan
        pending.causes[cause] = None
        self._changes += 1
        pending.last_change = self._changes
        self._wake.set()

    def judged(self, cause: str) -> None:
        """Announce that people said something: what follows for other findings is worked out soon."""
        self._pending.judged = True
        self.changed((), rescan=False, cause=cause)

    async def request(self, paths: Iterable[str] | None, *, full: bool, progress: Progress) -> RunReport:
        """Run for a client and return the report; joins the pending run if there is one."""
        if self._closing:
            raise BusyError("the daemon is shutting down", hint="start it again with: driftd serve")
        request = _Request(progress)
        pending = self._pending
        if paths is None:
            pending.rescan = True
        else:
            pending.paths.update(paths)
        pending.full |= full
        pending.causes["request"] = None
        pending.requests.append(request)
        self._wake.set()
        try:
            await request.done.wait()
        finally:  # a client that went away stops hearing of progress; the run itself is everybody's
            if request in pending.requests:
                pending.requests.remove(request)
        if request.error is not None:
            raise request.error
        assert request.report is not None  # noqa: S101 - done is set after one of the two
        return request.report

    async def settled(self) -> None:
        """Wait until every change that was announced before this call is in the model."""
        goal = self._changes
        if self._current_until < goal:
            self._wake.set()  # what a cancelled run left waits for nothing else any more
        while self._current_until < goal:
            await self._settled.wait()

    async def idle(self) -> None:
        """Wait until no run is under way."""
        while self._running is not None:
            await self._settled.wait()

    def cancel(self) -> bool:
        """Cancel the run that is under way; False if there is none."""
        if self._running is None:
            return False
        self._engine.cancel()
        return True

    async def run(self) -> None:
        """Take what is pending, run it, tell who waits; until `close`."""
        while True:
            await self._wake.wait()
            if self._closing:
                return
            self._wake = anyio.Event()
            work, self._pending = self._pending, _Pending()
            if work.is_empty:
                self._current_until = max(self._current_until, work.last_change)
                self._announce_settled()
                continue
            self._running = work
            try:
                await self._run(work)
            finally:
                self._running = None
                self._announce_settled()
            if self._pending.is_empty:
                await self._engine.settle()

    def close(self) -> None:
        """Stop after the run under way, which is cancelled; those who wait get BusyError."""
        self._closing = True
        self._engine.cancel()
        self._wake.set()
        refusal = BusyError("the daemon is shutting down", hint="start it again with: driftd serve")
        for work in (self._pending, self._running):
            for request in work.requests if work is not None else ():
                request.error = refusal
                request.done.set()

    async def _run(self, work: _Pending) -> None:
        if self._new_settings is not None:
            settings, self._new_settings = self._new_settings, None
            await self._engine.configure(settings)
        cause = ", ".join(work.causes)
        rescan = work.rescan or any(self._engine.scanner.affects_rules(path) for path in work.paths)
        self._on_start(cause)
        try:
            report = await self._engine.run(
                trigger=cause,
                paths=None if rescan or work.full else frozenset(work.paths),
                full=work.full,
                record_always=bool(work.requests) or STARTUP in work.causes,
                progress=lambda stage, done, total: self._tell(work.requests, stage, done, total),
            )
        except Exception as error:  # noqa: BLE001 - one run's failure, a bug's too, must not end the service
            self._fail(work, error)
            await self._back_off()
            return
        self.trouble = None
        self._retry_s = RETRY_FIRST_S
        if report.status == "cancelled":
            # Whoever cancelled does not want it now; the next change or the next reconcile sees what was left out.
            self._carry_over(work)
        else:
            self._current_until = max(self._current_until, work.last_change)
        self._on_end(report)
        for request in work.requests:
            request.report = report
            request.done.set()

    def _fail(self, work: _Pending, error: Exception) -> None:
        expected = isinstance(error, DriftdError | OSError)
        log.error("run failed", cause=", ".join(work.causes), error=str(error), exc_info=None if expected else error)
        self.trouble = f"the last run failed: {error if expected else repr(error)}"
        for request in work.requests:
            request.error = error
            request.done.set()
        work.requests = []
        self._carry_over(work)

    def _carry_over(self, work: _Pending) -> None:
        """Give the next run what this one left undone; a whole comparison, since nobody knows how far it came."""
        self._pending.rescan = True
        self._pending.full |= work.full and not work.requests
        self._pending.causes["unfinished"] = None
        self._pending.last_change = max(self._pending.last_change, work.last_change)

    async def _back_off(self) -> None:
        """Wait before trying again what failed; a request of a client does not wait."""
        with anyio.move_on_after(self._retry_s):
            await self._wake.wait()
        self._retry_s = min(self._retry_s * 2, RETRY_LAST_S)
        self._wake.set()

    def _announce_settled(self) -> None:
        self._settled.set()
        self._settled = anyio.Event()

    def _tell(self, requests: Iterable[_Request], stage: str, done: int, total: int) -> None:
        self._on_progress(stage, done, total)
        for request in requests:
            request.progress(stage, done, total)
