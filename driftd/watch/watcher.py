"""Notice every save in a workspace and hand it on as few change sets.

Watches exactly the directories it is told to (ignored trees cost nothing) with inotify through the watchfiles
library, and emits where to look; it reads no file, applies no ignore rule and compares nothing: the scanner does.

The library and the kernel lose events silently, so nothing here depends on every event arriving:

1. A directory is covered by a live source or it is polled; `status` says so.
2. A directory that becomes covered is reported as changed after its watch stands, so nothing falls in between.
3. A watch is trusted only until its directory, or one above it, was reported as created, moved or deleted.
4. Every doubt (a burst, a stall, a source that failed, a replaced root) ends in a rescan, and one comes from time
   to time without any doubt.
5. What waits for a slow consumer is bounded: sets merge, and a large one becomes a rescan.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import stat
from collections.abc import Awaitable, Callable, Iterable
from enum import StrEnum
from pathlib import Path

import anyio
import anyio.to_thread
import msgspec
from anyio.abc import TaskGroup

from driftd.clock import Clock, SystemClock
from driftd.watch.coalesce import Backoff, Cause, ChangeSet, Coalescer, Pace
from driftd.watch.cookies import Cookie, Cookies
from driftd.watch.limits import InotifyLimits, read_limits
from driftd.watch.source import Established, MakeNotify, RawEvents, Source, open_notify

__all__ = ["Cause", "ChangeSet", "State", "WatchOptions", "WatchStatus", "Watcher"]

_DRIFT = ".drift"
# Of watchfiles.Change: all but `modified` say that the entry itself came or went.
_MODIFIED, _DELETED = 2, 3
_GIT_FILES = frozenset({"HEAD", "index", "packed-refs", "exclude"})
_GIT_LOCK_S = 60.0  # an index.lock that stays longer is the leftover of a crash
_CLOCK_JUMP_S = 60.0


class WatchOptions(msgspec.Struct, frozen=True, kw_only=True):
    """The settings of a watcher."""

    step_ms: int = 20
    settle_ms: int = 400
    latest_ms: int = 2_000
    max_paths: int = 2_000
    doubt_events: int = 4_000
    reconcile_interval_s: float = 300.0
    poll_interval_s: float = 2.0
    tick_s: float = 1.0
    retry_first_s: float = 5.0
    retry_longest_s: float = 300.0
    fence_s: float = 5.0  # for a source that is to end: until then it has reported everything, or all is doubted
    # More sources than this are merged; each costs an inotify instance (128 a user) and 0.3 % of a core.
    max_sources: int = 4
    polling: bool = False


class State(StrEnum):
    """How far the watcher can be relied on."""

    STARTING = "starting"
    WATCHING = "watching"
    DEGRADED = "degraded"
    STOPPED = "stopped"


class WatchStatus(msgspec.Struct, frozen=True):
    """What `status` shows; `backend` is inotify, poll, or mixed where only a part could be watched."""

    state: State
    backend: str
    directories: int
    reason: str | None
    events: int
    rescans: int


Emit = Callable[[ChangeSet], Awaitable[None]]


class Watcher:
    """Watches one workspace from `run` until `stop`; all methods belong to the event loop's thread.

    `git_directory` is where HEAD and index lie; None means `root/.git` if that is a directory.
    """

    def __init__(
        self,
        root: Path,
        *,
        options: WatchOptions | None = None,
        clock: Clock | None = None,
        git_directory: Path | None = None,
        make_notify: MakeNotify = open_notify,
    ) -> None:
        # The library logs every set at INFO, which would itself become an event where a log lies in the workspace.
        logging.getLogger("watchfiles").setLevel(logging.WARNING)
        self._options = options or WatchOptions()
        self._clock = clock or SystemClock()
        self._make_notify = make_notify
        self._root = os.fspath(root)
        self._prefix = self._root + "/"
        self._drift = self._prefix + _DRIFT
        self._cookie_directory = self._drift + "/cookies"
        self._git = os.fspath(git_directory) if git_directory else self._prefix + ".git"
        self._cookies = Cookies(Path(self._cookie_directory))
        # What waits to be emitted.
        self._coalescer = Coalescer(self._pace(InotifyLimits()))
        self._notices: list[Cause] = []
        self._ripe: list[Cookie] = []
        # What is to be watched, as absolute paths: the kept directories and those of git.
        self._directories: frozenset[str] = frozenset()
        self._kept = frozenset({self._root})
        self._wanted = self._kept
        # Who watches it, and what cannot be watched until an event or a scan brings news of it.
        self._covered: dict[str, Source] = {}
        self._absent: set[str] = set()
        self._denied: set[str] = set()
        self._unwatchable: dict[str, str] = {}
        self._sources: set[Source] = set()
        self._retiring: set[Source] = set()
        self._fenced: set[Source] = set()
        self._building: Source | None = None
        self._replaced_meanwhile: set[str] = set()
        self._rescan_when_built: Cause | None = Cause.START
        self._fully_built = asyncio.Event()
        self._epoch = 0  # how often something was found that is still to be watched
        self._refusal: str | None = None
        self._retry_at = 0.0
        self._retry_delay = 0.0
        self._breaks = Backoff(1.0, 60.0)
        self._refences = Backoff(1.0, 60.0)
        self._refence_at: float | None = None
        self._state = State.STARTING
        self._stopping = asyncio.Event()
        self._wake_delivery = asyncio.Event()
        self._wake_maintenance = asyncio.Event()
        # What is looked at from time to time, because nothing reports it reliably.
        self._look_wanted = True
        self._root_went = False
        self._drift_went = False
        self._last_look: _Look | None = None
        self._git_busy_until = 0.0
        self._poll_at = 0.0
        self._poll_cost = 0.0
        self._reconcile_at = 0.0
        self._clock_offset: float | None = None
        self._events = 0
        self._rescans = 0

    def set_directories(self, directories: Iterable[str]) -> None:
        """Watch exactly these directories (workspace-relative, "" is the root); returns at once.

        Those not watched before are reported as changed as soon as they are, because something may have happened
        in them in between.  Call it after every scan, also with what is watched already.
        """
        directories = frozenset(directories)
        self._absent.clear()
        if directories != self._directories:  # mostly they are as they were, and there are thousands
            self._directories = directories
            self._kept = frozenset(self._absolute(directory) for directory in directories) | {self._root}
        for directory in self._kept:
            if not directory.isascii() and not _is_text(directory):
                self._unwatchable[directory] = _undecodable(directory)
        self._want(self._git_directories())
        self._wake_maintenance.set()

    async def run(self, emit: Emit) -> None:
        """Watch and hand change sets to `emit`, one at a time, until `stop` is called.

        The first one is a rescan with the cause `start`: it comes when everything is watched, so whatever was
        scanned before is brought up to date.  An exception of `emit` ends the watcher and travels on, in a group.
        """
        self._coalescer = Coalescer(self._pace(await anyio.to_thread.run_sync(read_limits)))
        self._reconcile_at = self._clock.monotonic() + self._options.reconcile_interval_s
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._deliver, emit)
                tasks.start_soon(self._maintain, tasks)
                await self._stopping.wait()
                tasks.cancel_scope.cancel()
        finally:
            self.stop()
            with anyio.CancelScope(shield=True):
                for source in list(self._sources):
                    await source.wait_ended()
            self._state = State.STOPPED

    def stop(self) -> None:
        """End `run` within a step; change sets not yet emitted are dropped, and waiting `sync` calls return False."""
        self._stopping.set()
        self._fully_built.set()
        for source in self._sources:
            source.stop()
        self._spoil_cookies()

    async def sync(self, timeout_s: float) -> bool:
        """Return True when everything saved before the call has been handed to `emit`, and `emit` returned.

        Where that cannot be proved with a cookie (directories are polled, `.drift` is gone, time ran out), a
        rescan is emitted at once instead and the answer is False.
        """
        if self._stopping.is_set():
            return False
        with anyio.move_on_after(timeout_s):
            if await self._sync():
                return True
        self._demand(Cause.SYNC)
        self._coalescer.flush()
        return False

    def status(self) -> WatchStatus:
        """Describe how the workspace is being watched."""
        reason = self._reason()
        degraded = self._state is State.WATCHING and reason is not None
        backend = "inotify"
        if self._options.polling or (reason and not self._covered):
            backend = "poll"
        elif reason:
            backend = "mixed"
        return WatchStatus(
            State.DEGRADED if degraded else self._state,
            backend,
            len(self._covered),
            reason,
            self._events,
            self._rescans,
        )

    # What the sources report.  Each call runs on the event loop, in the order things happened.

    def on_ready(self, source: Source, established: Established) -> None:
        """Rely on the source for its directories, and have the scanner look at those not covered before."""
        self._building = None
        self._absent |= established.absent - {self._cookie_directory}
        self._denied |= established.denied
        if self._cookie_directory in established.watched:
            self._fenced.add(source)
        fresh = set()
        for directory in established.watched & self._wanted:
            # Its watch may stand on what was there before: it stays uncovered and is built once more.
            if _is_under(directory, self._replaced_meanwhile):
                continue
            if directory not in self._covered:
                fresh.add(directory)
            self._covered[directory] = source
        self._retry_delay = 0.0
        if self._rescan_when_built is not None:
            self._demand(self._rescan_when_built)
            self._rescan_when_built = None
        else:
            self._report(fresh & self._kept, Cause.DIRECTORIES)
        if self._state is State.STARTING:
            self._state = State.WATCHING
        self._update_built()
        self._wake_maintenance.set()

    def on_events(self, source: Source, events: RawEvents) -> None:
        """Sort raw events into changed paths, cookies, and signs that a watch can no longer be relied on."""
        self._events += len(events)
        paths: list[str] = []
        cookies: list[str] = []
        replaced: set[str] = set()
        lock_kinds: set[int] = set()
        wanted, kept, prefix = self._wanted, self._kept, len(self._prefix)
        inside_git, lock = self._git + "/", self._git + "/index.lock"
        for kind, path in events:
            parent, _, name = path.rpartition("/")
            if parent == self._cookie_directory:
                cookies.append(name)
                continue
            if path in wanted and (kind != _MODIFIED or path in self._denied):
                replaced.add(path)
            if path == self._git:
                self._look_soon()
            elif path == lock:
                lock_kinds.add(kind)
            elif path.startswith(inside_git):
                self._on_git(name)
            elif path == self._drift:
                if kind != _MODIFIED:
                    self._on_drift(went=kind == _DELETED)
            elif path == self._cookie_directory:
                if kind != _MODIFIED:
                    self._lose_cookies()
            elif parent in kept:
                paths.append(path[prefix:])
        if paths:
            self._coalescer.add(paths, self._clock.monotonic(), events=len(paths))
        if replaced:
            self._distrust(replaced)
        if lock_kinds:
            # While a git command rewrites the work tree, changes are gathered as they would be in a burst.
            now = self._clock.monotonic()
            self._git_busy_until = 0.0 if _DELETED in lock_kinds else now + _GIT_LOCK_S
        for name in cookies:
            self._ripen(self._cookies.report(name, source))
        self._wake_delivery.set()

    def on_stall(self, source: Source) -> None:  # noqa: ARG002 - the whole process stood still, not this source
        """Doubt what was reported: the kernel's queue may have overflowed meanwhile."""
        self._doubt(Cause.STALL)

    def on_ended(self, source: Source, error: BaseException | None, advice: str) -> None:
        """Give up what the source covered; if it failed, a rescan finds what it still had to report."""
        self._sources.discard(source)
        self._retiring.discard(source)
        self._fenced.discard(source)
        was_ready = source is not self._building
        if not was_ready:
            self._building = None
        for directory in [directory for directory, cover in self._covered.items() if cover is source]:
            del self._covered[directory]
        if error is not None and not self._stopping.is_set():
            self._on_failure(error, advice, was_ready=was_ready)
        # After the rescan is asked for: a cookie that waited for this source is answered behind it.
        for cookie in self._cookies.forget(source):
            self._ripen(cookie)
        self._update_built()
        self._wake_maintenance.set()

    # Delivery

    async def _deliver(self, emit: Emit) -> None:
        while True:
            self._wake_delivery.clear()
            if self._notices:
                await emit(ChangeSet(cause=self._notices.pop(0)))
                continue
            now = self._clock.monotonic()
            wait = self._coalescer.due_in(now, held=now < self._git_busy_until)
            if wait == 0 or (wait is None and self._ripe):
                await self._deliver_set(emit)
                continue
            with anyio.move_on_after(wait):
                await self._wake_delivery.wait()

    async def _deliver_set(self, emit: Emit) -> None:
        """Emit what is due, then answer the cookies that were seen before it was taken."""
        ripe, self._ripe = self._ripe, []
        now = self._clock.monotonic()
        try:
            if self._coalescer.pending:
                changes = self._coalescer.take(now)
                if changes.rescan:
                    self._rescans += 1
                    self._reconcile_at = now + self._options.reconcile_interval_s
                await emit(changes)
                if changes.cause is Cause.POLL:
                    self._poll_cost = self._clock.monotonic() - now
        except BaseException:
            for cookie in ripe:
                cookie.spoil()
            raise
        for cookie in ripe:
            cookie.delivered.set()

    def _report(self, directories: Iterable[str], cause: Cause) -> None:
        """Have the scanner look at whole directories."""
        topmost = {path for path in directories if path.rpartition("/")[0] not in directories}
        if self._root in topmost:
            self._demand(cause)
        elif topmost:
            self._coalescer.add({path[len(self._prefix) :] for path in topmost}, self._clock.monotonic(), cause=cause)
            self._wake_delivery.set()

    def _demand(self, cause: Cause, *, delay: float = 0.0) -> None:
        self._coalescer.demand(cause, self._clock.monotonic(), delay=delay)
        self._wake_delivery.set()

    def _doubt(self, cause: Cause) -> None:
        self._coalescer.doubt(cause, self._clock.monotonic())
        self._wake_delivery.set()

    def _notice(self, cause: Cause) -> None:
        if cause not in self._notices:
            self._notices.append(cause)
        self._wake_delivery.set()

    # Coverage: which directory is watched by which source

    async def _maintain(self, tasks: TaskGroup) -> None:
        await anyio.to_thread.run_sync(self._cookies.prepare)
        tick_at = self._clock.monotonic()
        while True:
            self._wake_maintenance.clear()
            if self._look_wanted or self._clock.monotonic() >= tick_at:
                self._look_wanted = False
                tick_at = self._clock.monotonic() + self._options.tick_s
                await self._look()
            self._build_missing()
            self._merge_sources(tasks)
            self._update_built()
            with anyio.move_on_after(tick_at - self._clock.monotonic()):
                await self._wake_maintenance.wait()

    def _build_missing(self) -> None:
        if self._options.polling:
            self._state = State.WATCHING
            if self._rescan_when_built is not None:
                self._demand(self._rescan_when_built)
                self._rescan_when_built = None
        elif self._building is None and self._clock.monotonic() >= self._retry_at:
            missing = self._uncovered().difference(self._unwatchable)
            if missing:
                self._open(missing)

    def _merge_sources(self, tasks: TaskGroup) -> None:
        """Close sources that nothing depends on, and replace many small ones by one."""
        if self._building is not None:
            return
        serving: dict[Source, set[str]] = {source: set() for source in self._sources - self._retiring}
        for directory, source in self._covered.items():
            serving[source].add(directory)
        for source in [source for source, directories in serving.items() if not directories]:
            del serving[source]
            self._retiring.add(source)
            if source not in self._fenced:
                # It cannot prove that it reported everything.
                self._doubt(Cause.RESTART)
            tasks.start_soon(self._retire, source)
        if len(serving) <= self._options.max_sources or self._clock.monotonic() < self._retry_at:
            return
        largest = max(serving, key=lambda source: len(serving[source]))
        # The largest is left alone unless most of what it watches is of no use any more.
        if 2 * len(serving[largest]) >= len(largest.directories):
            del serving[largest]
        self._open(set[str]().union(*serving.values()))

    def _open(self, directories: set[str]) -> None:
        source = Source(
            directories | {self._cookie_directory},
            make=self._make_notify,
            listener=self,
            clock=self._clock,
            # The library answers after one to two of its steps: so a save comes through after `step_ms` on average.
            step_ms=max(1, self._options.step_ms * 2 // 3),
            debounce_ms=self._options.settle_ms,
        )
        self._sources.add(source)
        self._building, self._replaced_meanwhile = source, set()
        source.start()

    async def _retire(self, source: Source) -> None:
        """Close a source after it reported everything it had to."""
        if source in self._fenced:
            heard = False
            with anyio.move_on_after(self._options.fence_s):
                heard = await self._exchange_cookie({source}, deliver=False)
            if not heard:
                self._doubt(Cause.RESTART)
        source.stop()
        await source.wait_ended()

    def _want(self, git: frozenset[str]) -> None:
        """Bring what is wanted up to date with the kept directories and those of git."""
        self._wanted = self._kept | git
        for directory in self._covered.keys() - self._wanted:
            del self._covered[directory]
        for directory in self._unwatchable.keys() - self._wanted:
            del self._unwatchable[directory]
        self._absent &= self._wanted
        self._denied &= self._wanted
        self._update_built()

    def _uncovered(self) -> set[str]:
        """Return the wanted directories that could be looked into and are not watched."""
        return set(self._wanted.difference(self._covered, self._absent, self._denied))

    def _distrust(self, replaced: set[str]) -> None:
        """Stop relying on the watches of directories that came or went, and of all below them."""
        self._replaced_meanwhile |= replaced
        for directory in [directory for directory in self._covered if _is_under(directory, replaced)]:
            del self._covered[directory]
        self._absent = {directory for directory in self._absent if not _is_under(directory, replaced)}
        self._denied = {directory for directory in self._denied if not _is_under(directory, replaced)}
        if self._root in replaced:
            self._root_went = True
            self._look_wanted = True
        self._update_built()
        self._wake_maintenance.set()

    def _rebuild(self, cause: Cause) -> None:
        """Watch everything anew, then rescan; the old sources end when the new one stands."""
        self._rescan_when_built = cause
        self._retry_at = 0.0
        self._distrust(set(self._wanted) - {self._root})
        self._covered.pop(self._root, None)
        self._absent.discard(self._root)
        self._replaced_meanwhile.add(self._root)
        self._update_built()
        self._wake_maintenance.set()

    def _on_failure(self, error: BaseException, advice: str, *, was_ready: bool) -> None:
        now = self._clock.monotonic()
        offender = _undecodable_parent(error)
        if offender in self._wanted:
            self._unwatchable[offender] = _undecodable(offender)
        elif was_ready:
            # It ran and broke: build again at once, but later and later if that repeats.
            self._retry_at = now + self._breaks.next(now)
            self._refusal = advice
        else:
            options = self._options
            self._retry_delay = min(options.retry_longest_s, max(options.retry_first_s, 2 * self._retry_delay))
            self._retry_at = now + self._retry_delay
            self._refusal = advice
        self._poll_at = now
        if self._state is State.STARTING:
            self._state = State.WATCHING
        if self._rescan_when_built is not None:
            # What waits for the watches must not wait for the limit to be raised.
            self._demand(self._rescan_when_built)
            self._rescan_when_built = None
        elif was_ready:
            self._doubt(Cause.RESTART)

    def _update_built(self) -> None:
        """Tell `sync` whether all that can be watched now is watched."""
        able = not self._stopping.is_set() and not self._options.polling and self._clock.monotonic() >= self._retry_at
        if self._building is not None or (able and self._uncovered().difference(self._unwatchable)):
            self._epoch += self._fully_built.is_set()
            self._fully_built.clear()
        else:
            self._fully_built.set()

    def _reliable(self) -> bool:
        fenced = bool(self._fenced) and self._fenced >= self._sources - self._retiring
        return fenced and not self._stopping.is_set() and not self._options.polling and not self._uncovered()

    def _reason(self) -> str | None:
        if self._refusal is not None and self._uncovered().difference(self._unwatchable):
            return self._refusal
        return next(iter(self._unwatchable.values()), None)

    # Cookies

    async def _sync(self) -> bool:
        # `emit` may have been looking into a new directory, not yet watched, when the call came.  The first cookie
        # ends that; the second one follows the report of what it found.
        for _ in range(2):
            while not self._fully_built.is_set():  # when this goes on, it may be cleared again
                await self._fully_built.wait()
            epoch = self._epoch
            if not self._reliable() or not await self._exchange_cookie(self._fenced, deliver=True):
                return False
            if epoch == self._epoch:
                break
        return True

    async def _exchange_cookie(self, sources: set[Source], *, deliver: bool) -> bool:
        """Return True when `sources` reported all that happened before, and, with `deliver`, it was emitted."""
        cookie = self._cookies.issue(sources, deliver=deliver)
        try:
            await anyio.to_thread.run_sync(cookie.create)
            await (cookie.delivered if deliver else cookie.seen).wait()
        except OSError:
            return False
        finally:
            self._cookies.drop(cookie)
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(cookie.remove)
        return cookie.valid

    def _ripen(self, cookie: Cookie | None) -> None:
        """Let a complete cookie be answered as soon as what was reported before it is emitted."""
        if cookie is not None and cookie.deliver:
            self._coalescer.flush()
            self._ripe.append(cookie)
            self._wake_delivery.set()

    def _lose_cookies(self) -> None:
        """Rely on no source for `sync` after the cookie directory was deleted; the next look restores it."""
        self._fenced.clear()
        self._spoil_cookies()

    def _spoil_cookies(self) -> None:
        self._cookies.fail()
        for cookie in self._ripe:
            cookie.spoil()
        self._ripe.clear()

    # Looking at what is not reported reliably

    def _look_soon(self) -> None:
        self._look_wanted = True
        self._wake_maintenance.set()

    async def _look(self) -> None:
        """Compare the root, `.drift` and git's directory with what they were, and do what is due by time."""
        unwatchable = tuple(self._unwatchable)
        self._drift_went = False
        look = await anyio.to_thread.run_sync(_look_at, self._root, self._drift, self._git, unwatchable)
        if self._drift_went:
            # It went while the look was under way: what was seen may be the old one.
            look = msgspec.structs.replace(look, drift=None)
        known, self._last_look = self._last_look, look
        self._consider_root(known, look)
        self._consider_drift(known, look)
        self._want(look.git)
        for directory in look.watchable:
            self._unwatchable.pop(directory, None)
        if look.drift is not None:
            await self._restore_cookies()
        self._do_what_is_due()

    async def _restore_cookies(self) -> None:
        """Have every source watch the cookie directory: where one does not, only new sources can."""
        now = self._clock.monotonic()
        if self._fenced >= self._sources - self._retiring - {self._building}:
            self._refence_at = None
        elif self._refence_at is None:
            self._refence_at = now + self._refences.next(now)
        if self._refence_at is not None and now >= self._refence_at:
            self._refence_at = None
            if await anyio.to_thread.run_sync(self._cookies.prepare):
                self._rebuild(Cause.RESTART)

    def _consider_root(self, known: _Look | None, look: _Look) -> None:
        went, self._root_went = self._root_went, False
        if look.root is None:
            if known is None or known.root is not None:
                self._notice(Cause.ROOT_GONE)
            self._covered.clear()
        elif known is not None and (went or look.root != known.root):
            self._lose_cookies()
            self._rebuild(Cause.ROOT_REPLACED)

    def _consider_drift(self, known: _Look | None, look: _Look) -> None:
        if known is not None and known.drift is not None and look.drift != known.drift:
            self._notice(Cause.DRIFT_DELETED)
            self._lose_cookies()

    def _do_what_is_due(self) -> None:
        now = self._clock.monotonic()
        offset = self._clock.now() - now
        if self._clock_offset is not None and abs(offset - self._clock_offset) > _CLOCK_JUMP_S:
            # The machine slept: a shared file system may have changed meanwhile.
            self._doubt(Cause.STALL)
        self._clock_offset = offset
        if now >= self._reconcile_at:
            self._reconcile_at = now + self._options.reconcile_interval_s
            self._demand(Cause.RECONCILE)
        if now >= self._poll_at and (self._options.polling or self._reason() is not None):
            self._poll()

    def _poll(self) -> None:
        """Have the scanner look where nothing is watched: it keeps already what polling would compare with.

        The library's own polling would hold a second copy of every file's state, and would report no less late.
        """
        # A look may take at most a tenth of the time.
        self._poll_at = self._clock.monotonic() + max(self._options.poll_interval_s, 10 * self._poll_cost)
        if self._last_look is None or self._last_look.root is None:
            return
        uncovered = self._uncovered()
        if uncovered <= self._kept:
            self._report(uncovered, Cause.POLL)
        else:
            self._demand(Cause.POLL)

    def _on_drift(self, *, went: bool) -> None:
        if went and self._last_look is not None and self._last_look.drift is not None:
            # Told here and not by comparison: a new one may stand in its place, even with the same inode number.
            self._drift_went = True
            self._last_look = msgspec.structs.replace(self._last_look, drift=None)
            self._notice(Cause.DRIFT_DELETED)
            self._lose_cookies()
        self._look_soon()

    def _on_git(self, name: str) -> None:
        if name in _GIT_FILES:
            # A git command writes several of them: one look when it is through.
            self._demand(Cause.GIT, delay=self._options.settle_ms / 1000)
        elif name == "info":
            self._look_soon()

    # Paths

    def _absolute(self, relative: str) -> str:
        return self._prefix + relative if relative else self._root

    def _git_directories(self) -> frozenset[str]:
        return self._last_look.git if self._last_look is not None else frozenset()

    def _pace(self, limits: InotifyLimits) -> Pace:
        options = self._options
        return Pace(
            step=options.step_ms / 1000,
            settle=options.settle_ms / 1000,
            latest=options.latest_ms / 1000,
            max_paths=options.max_paths,
            # One file written is up to four kernel events, and the library hides how many there were.
            doubt_events=min(options.doubt_events, (limits.max_queued_events or 16_384) // 4),
        )


class _Look(msgspec.Struct, frozen=True):
    """What stood on the disk: identities (device, inode) of directories, None for one that is not there."""

    root: tuple[int, int] | None
    drift: tuple[int, int] | None
    git: frozenset[str]
    watchable: tuple[str, ...]


def _look_at(root: str, drift: str, git: str, unwatchable: tuple[str, ...]) -> _Look:
    """Look at the disk; runs in a thread.  `watchable` are those of `unwatchable` that have become usable."""
    return _Look(
        _identity(root),
        _identity(drift),
        frozenset(path for path in (git, git + "/info") if _identity(path) is not None),
        tuple(directory for directory in unwatchable if not _has_undecodable_name(directory)),
    )


def _identity(directory: str) -> tuple[int, int] | None:
    try:
        found = os.stat(directory)  # noqa: PTH116 - a Path gains nothing here
    except OSError:
        return None
    return (found.st_dev, found.st_ino) if stat.S_ISDIR(found.st_mode) else None


def _is_under(directory: str, roots: set[str]) -> bool:
    """Say whether `directory` or one above it is in `roots`."""
    while directory:
        if directory in roots:
            return True
        directory = directory.rpartition("/")[0]
    return False


def _is_text(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def _has_undecodable_name(directory: str) -> bool:
    if not _is_text(directory):
        return True
    try:
        return any(not _is_text(name) for name in os.listdir(directory))  # noqa: PTH208 - names only
    except OSError:
        return False


def _undecodable(directory: str) -> str:
    shown = directory.encode(errors="backslashreplace").decode()
    return f"{shown} has, or holds, a name that is not UTF-8 and cannot be watched; it is polled until that is renamed"


def _undecodable_parent(error: BaseException) -> str:
    """Return the directory of the name that broke a source: one that is not UTF-8 ends the library's instance."""
    found = re.fullmatch(r'Unable to decode path "(.+)/[^/]*" to string', str(error))
    return found[1] if found else ""
