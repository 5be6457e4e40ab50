"""The daemon in the foreground: what is started, in which order it stops, and what each signal means.

One task group owns everything that lives long.  Stopping goes from the outside in: no new requests, no new events,
no new run, then what is queued is written, the log is checkpointed, and the socket and the lock go last.
"""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from enum import Enum
from functools import partial
from pathlib import Path
from typing import NoReturn

import anyio
import anyio.abc
import msgspec

from driftd.clock import Clock, SystemClock
from driftd.config import SECTIONS, Settings, load
from driftd.daemon import logging as log_setup
from driftd.daemon import memory, notify
from driftd.daemon.engine import Engine
from driftd.daemon.events import EventHub
from driftd.daemon.guard import Guard
from driftd.daemon.loop import STARTUP, RunLoop
from driftd.daemon.report import RunReport
from driftd.daemon.service import DaemonService, last_run_summary
from driftd.errors import ConfigError, DriftdError, RefusedError, StoreError
from driftd.logs import Logger
from driftd.retention.janitor import LIGHT_S, Janitor
from driftd.rows.ids import json_text
from driftd.rows.workspace import WorkspaceEventRow
from driftd.rpc.limits import Limits
from driftd.rpc.server import serve as serve_rpc
from driftd.store.commands import Append
from driftd.store.failures import is_corrupt
from driftd.store.safekeeping import Carried, put_aside, restore
from driftd.store.store import Store
from driftd.watch.watcher import Cause, ChangeSet, Watcher, WatchOptions
from driftd.watch.workspace import Layout, acquire_lock

log = Logger("driftd")

# SIGTERM must end within 5 s: the run is cancelled at once; clients and what is queued get these.
STOP_S = 3.0
DRAIN_S = 1.5
UNTIL_DRAIN_S = 3.3  # the light clean-up gets what is left of this
RPC_GRACE_S = 1.0

# Watching thousands of folders takes a tenth of a second; where it does not come about, the first run goes ahead.
WATCH_START_S = 5.0

# How often the daemon looks whether its own folder is still there, besides the watcher's word.
INTACT_CHECK_S = 2.0

# More changed paths than this are looked for by one comparison of everything.
MAX_PENDING_PATHS = 5000

# A request goes from thread to thread several times, and each time waits this long at most for one that computes:
# with Python's 5 ms, feedback during an analysis took a third longer.
SWITCH_INTERVAL_S = 0.001


# A database that is damaged so often within so many seconds is not made anew once more.
MAX_DAMAGES = 5
DAMAGES_S = 600.0


class End(Enum):
    """Why the daemon stopped serving."""

    ASKED = "asked"
    RESTART = "restart"  # its folder or its lock was taken away: begin again from nothing
    RELOAD = "reload"  # settings changed that only a new start can take
    DAMAGED = "damaged"  # the database file is damaged: put it aside and analyse anew
    TAKEN = "taken"  # the database or its log was deleted or replaced: begin again with what is there
    RESTORE = "restore"  # somebody asked for a backup to take the place of the database
    ROOT_GONE = "root_gone"


# Sections of the configuration that a running daemon takes; any other one makes it begin again.
TAKEN_RUNNING = frozenset({"scan", "analysis", "log", "retention", "detection", "feedback", "enforcement"})


def serve(root: Path, *, force: bool = False) -> int:
    """Serve the workspace until a signal or a client ends it; returns the exit code.

    Raises DriftdError for what keeps the daemon from starting: configuration, a refused place, another daemon.
    """
    root = root.resolve()
    settings = load(root)
    log_setup.configure(settings.log.level, settings.log.format)
    memory.keep_little()
    memory.after_imports()
    os.chdir("/")  # a daemon keeps no folder busy, and ignore rules from outside are resolved against it
    try:
        return anyio.run(partial(_serve, root, settings, force=force))
    except BaseExceptionGroup as group:
        expected = [error for error in _leaves(group) if isinstance(error, DriftdError)]
        if len(expected) < len(list(_leaves(group))):
            raise  # a bug: all of it is of interest
        raise expected[0] from group


async def _serve(root: Path, settings: Settings, *, force: bool) -> int:
    inherited = notify.listen_fds()
    carried: Carried | None = None
    damages: list[float] = []
    clock = SystemClock()
    while True:
        daemon = Daemon(root, settings, clock, inherited=inherited[0] if inherited else None)
        daemon.carried = carried
        end = await daemon.run(force=force)
        carried = daemon.carried
        if end is End.ASKED:
            return 0
        if end is End.ROOT_GONE:
            raise RefusedError(f"{root} is gone", hint="start driftd again when the workspace is back")
        if end is End.DAMAGED:
            damages = [moment for moment in damages if clock.monotonic() - moment < DAMAGES_S] + [clock.monotonic()]
            if len(damages) >= MAX_DAMAGES:
                raise StoreError(
                    f"{root}: its database was damaged {len(damages)} times in {DAMAGES_S:.0f} s",
                    hint="the disk or the memory of this machine fails: check the system's log",
                )
        log.warning("starting over", why=end.value, workspace=str(root))
        settings = daemon.settings


class Daemon:
    """One life of the daemon: from taking the lock to giving it back."""

    def __init__(self, root: Path, settings: Settings, clock: Clock, *, inherited: socket.socket | None = None) -> None:
        """Take the settings that are in force; SIGHUP reads them again.  `inherited` is systemd's listening socket."""
        self.root = root
        self.settings = settings
        self._clock = clock
        self._inherited = inherited
        self._stop = anyio.Event()
        self._end = End.ASKED
        self._interrupts = 0
        self._loop: RunLoop | None = None
        self._janitor: Janitor | None = None
        self.carried: Carried | None = None  # from the life before this one, and to the one after
        self._restore: Path | None = None

    async def run(self, *, force: bool) -> End:
        """Serve until something ends it, and say what; everything it opened is closed afterwards."""
        layout = Layout(self.root)
        layout.ensure(force=force)
        sys.setswitchinterval(SWITCH_INTERVAL_S)
        with acquire_lock(layout) as lock:
            try:
                async with (
                    Store.open(
                        layout.database,
                        self._clock,
                        queue_size=self.settings.store.queue_size,
                        on_damage=lambda: self._finish(End.DAMAGED),
                        workspace=layout.root,
                        carried=self.carried,
                    ) as store,
                    anyio.create_task_group() as tasks,
                ):
                    await tasks.start(self._signals)
                    await self._serve(layout, store, lambda: layout.intact() and lock.held())
                    self.carried = await self._carry(store) if self._end in {End.RESTART, End.TAKEN} else None
                    tasks.cancel_scope.cancel()
            except (StoreError, BaseExceptionGroup) as error:
                if not any(map(is_corrupt, _leaves(error))):
                    raise
                self._finish(End.DAMAGED)
            if self._end is End.DAMAGED and layout.database.exists():
                aside = put_aside(layout.database, self._clock.now(), "damaged")
                log.error("the database was damaged and is put aside", file=str(aside))
            if self._end is End.RESTORE and self._restore is not None:
                self._take_backup(layout.database, self._restore)
        return self._end

    def _take_backup(self, database: Path, file: Path) -> None:
        try:
            aside = restore(database, file, self._clock.now())
            log.warning("a backup took the place of the database", backup=str(file), aside=str(aside))
        except StoreError as error:
            log.error("the backup was not restored, the database is as it was", error=str(error))

    async def _carry(self, store: Store) -> Carried | None:
        """Take along what people typed: the open file still has it, whatever became of its name."""
        try:
            return await store.carry()
        except (StoreError, sqlite3.Error) as error:
            log.warning("the open database could not be read; the journal has what was typed", error=str(error))
            return None

    async def _serve(self, layout: Layout, store: Store, intact: Callable[[], bool]) -> None:
        engine = Engine(layout.root, store, self.settings, self._clock, gives_way=True)
        hub = EventHub()
        watcher = self._watcher(layout)
        loop = RunLoop(
            engine,
            on_start=lambda cause: hub.publish("analysis.started", {"trigger": cause}),
            on_end=lambda report: self._run_ended(report, hub, janitor),
            on_progress=lambda stage, done, total: hub.publish(
                "analysis.progress", {"stage": stage, "done": done, "total": total}
            ),
        )
        engine.on_directories = watcher.set_directories
        janitor = Janitor(store, self.settings, self._clock, idle=loop.idle, publish=hub.publish)
        self._loop, self._janitor = loop, janitor
        guard = Guard(
            store,
            self._clock,
            lambda payload: hub.publish("degraded", payload),
            wal_limit=self.settings.store.wal_limit_mb << 20,
        )
        engine.learning.on_alert = partial(hub.publish, "degraded")
        service = DaemonService(engine, store, loop, watcher, janitor, hub, self._clock, self._stop.set)
        service.guard = guard
        service.backups.on_restore = self._asked_to_restore
        hang_up, hung_up = anyio.Event(), anyio.Event()

        async def answer(*, task_status: anyio.abc.TaskStatus[None]) -> None:
            where = layout.socket if self._inherited is None else self._inherited.dup()
            await serve_rpc(service, where, _limits(self.settings), stop=hang_up, task_status=task_status)
            hung_up.set()

        async with _closing(engine), anyio.create_task_group() as inner:
            await inner.start(answer)
            await self._record_start(store)
            notify.notify(f"READY=1\nSTATUS=analysing {self.root}")
            log.info("serving", workspace=str(self.root), socket=str(layout.socket))
            inner.start_soon(self._analyse, engine, loop, watcher)
            inner.start_soon(self._watch_over, intact)
            inner.start_soon(guard.run, lambda: self._finish(End.TAKEN))
            inner.start_soon(self._feed_watchdog)
            inner.start_soon(janitor.run)
            await self._stop.wait()
            stopping = self._clock.monotonic()
            notify.notify("STOPPING=1")
            log.info("stopping", why=self._end.value)
            watcher.stop()
            loop.close()  # whoever waits for a run hears it before the socket closes
            hang_up.set()
            with anyio.move_on_after(STOP_S, shield=True):
                await loop.idle()
                await hung_up.wait()
            if self._end is End.ASKED:
                left = UNTIL_DRAIN_S - (self._clock.monotonic() - stopping)
                with anyio.move_on_after(max(0.0, left), shield=True):
                    await janitor.light(min(LIGHT_S, left))
            with anyio.move_on_after(DRAIN_S, shield=True):
                await self._record_stop(store)
            inner.cancel_scope.cancel()

    async def _analyse(self, engine: Engine, loop: RunLoop, watcher: Watcher) -> None:
        """Restore the model, watch, run once, then whenever something changes.

        The first run waits for the watches: what is saved while it runs is noticed, and no second one has to look
        for it.
        """
        loop.changed((), rescan=True, cause=STARTUP)
        await engine.restore()
        watching = anyio.Event()
        async with anyio.create_task_group() as tasks:
            await engine.find_directories()
            tasks.start_soon(watcher.run, partial(self._changed, loop, watching))
            with anyio.move_on_after(WATCH_START_S):
                await watching.wait()
            tasks.start_soon(loop.run)

    async def _changed(self, loop: RunLoop, watching: anyio.Event, changes: ChangeSet) -> None:
        watching.set()
        if changes.cause is Cause.ROOT_GONE:
            self._finish(End.ROOT_GONE)
        elif changes.cause is Cause.DRIFT_DELETED:
            self._finish(End.RESTART)
        else:
            loop.changed(
                changes.paths,
                rescan=changes.rescan or len(changes.paths) > MAX_PENDING_PATHS,
                cause=STARTUP if changes.cause is Cause.START else str(changes.cause),
            )

    def _run_ended(self, report: RunReport, hub: EventHub, janitor: Janitor) -> None:
        if not report.run_id:
            return
        summary = last_run_summary(report.as_dict())
        log.info("run finished", **summary)
        hub.publish("analysis.finished", summary)
        janitor.removed(report.files.get("removed", 0), report.files.get("total", 0))
        notify.notify(f"STATUS=current as of run {report.run_id}, {report.files.get('total', 0)} files")

    async def _watch_over(self, intact: Callable[[], bool]) -> None:
        """Notice that .drift or the lock was taken away even where the watcher does not."""
        while True:
            await anyio.sleep(INTACT_CHECK_S)
            if not intact():
                self._finish(End.RESTART)
                return

    async def _feed_watchdog(self) -> None:
        interval = notify.watchdog_interval()
        while interval is not None:
            notify.notify("WATCHDOG=1")
            await anyio.sleep(interval)

    async def _signals(self, *, task_status: anyio.abc.TaskStatus[None]) -> None:
        with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT, signal.SIGHUP) as signals:
            task_status.started()
            async for number in signals:
                if number == signal.SIGHUP:
                    self._reload()
                elif number == signal.SIGINT and self._interrupts:
                    _die()
                else:
                    self._interrupts += number == signal.SIGINT
                    self._finish(End.ASKED)

    def _reload(self) -> None:
        """Read the configuration again; one that is wrong is reported and the old one stays."""
        try:
            settings = load(self.root)
        except ConfigError as error:
            log.error("configuration not reloaded", error=str(error))
            return
        before, self.settings = self.settings, settings
        changed = {name for name in SECTIONS if getattr(before, name) != getattr(settings, name)}
        log_setup.configure(settings.log.level, settings.log.format)
        log.info("configuration reloaded", changed=sorted(changed))
        if changed - TAKEN_RUNNING:
            self._finish(End.RELOAD)
            return
        if self._janitor is not None:
            self._janitor.configure(settings)
        if changed & {"scan", "analysis", "detection", "feedback", "enforcement"} and self._loop is not None:
            self._loop.configure(settings)
        elif self._loop is not None:
            self._loop.changed((), rescan=True, cause="configuration")  # the workspace's own rules are read anew

    def _finish(self, end: End) -> None:
        if not self._stop.is_set():
            self._end = end
            self._stop.set()

    def _asked_to_restore(self, file: Path) -> None:
        self._restore = file
        self._finish(End.RESTORE)

    async def _record_start(self, store: Store) -> None:
        """Record the start, and what the opening of the database came upon; a full disk does not keep it from serving."""
        found = store.recovery.as_dict()
        if found:
            log.warning("the database was not as it was left", **found)
        try:
            await self._record(store, "start", {"pid": os.getpid()})
            if found:
                await self._record(store, "recovery", found)
        except StoreError as error:
            log.warning("the start was not recorded", error=str(error))

    async def _record_stop(self, store: Store) -> None:
        try:
            await self._record(store, "stop", {"why": self._end.value})
        except DriftdError as error:  # the disk is full or the file is gone; what was acknowledged is written
            log.warning("the stop was not recorded", error=str(error))

    async def _record(self, store: Store, what: str, details: dict[str, object]) -> None:
        row = WorkspaceEventRow(event_type=what, details=json_text(details), created_at=self._clock.now())
        await store.writer.submit(Append(WorkspaceEventRow, (row,)))

    def _watcher(self, layout: Layout) -> Watcher:
        watch = self.settings.watch
        return Watcher(
            layout.root,
            options=WatchOptions(
                step_ms=watch.step_ms,
                settle_ms=watch.debounce_ms,
                reconcile_interval_s=watch.reconcile_interval_s,
                polling=watch.polling,
            ),
            clock=self._clock,
        )


def _limits(settings: Settings) -> Limits:
    return Limits(**msgspec.structs.asdict(settings.rpc), grace_s=RPC_GRACE_S, farewell_s=RPC_GRACE_S)


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _leaves(inner)
    else:
        yield error


@asynccontextmanager
async def _closing(engine: Engine) -> AsyncIterator[None]:
    try:
        yield
    finally:
        with anyio.CancelScope(shield=True):
            await engine.close()


def _die() -> NoReturn:
    """End at once: a person pressed Ctrl-C twice; the database recovers by itself."""
    os._exit(130)
