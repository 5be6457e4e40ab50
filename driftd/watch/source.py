"""One inotify instance of the watchfiles library and the thread that reads it.

It watches an explicit list of directories, none of them recursively, and hands over raw events.  It does not know
what they mean, does not retry, and does not outlive `stop`.

Why the library's low-level class and not `awatch`: an instance must be known to be established before another is
closed, must be built off the event loop's task, and must never run into the library's time-out, which clears
events that arrive in that very moment (`timeout_ms=0` avoids it).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from collections.abc import Callable, Iterable
from typing import Protocol, TypeAlias

import anyio
import anyio.to_thread
import msgspec
from watchfiles._rust_notify import RustNotify

from driftd.clock import Clock
from driftd.watch.limits import explain, read_limits

RawEvents: TypeAlias = set[tuple[int, str]]

# A directory may vanish between the look at it and the watch on it; so many times in a row it is no accident.
_ATTEMPTS = 10

# The library looks at the stop event every step, and so does who waits for the event loop; a longer gap means that the
# process stood still (suspended, stopped, starved) while the kernel's queue filled.
_STALL_S = 1.0


class Notify(Protocol):
    """What is used of the library's class."""

    def watch(self, debounce_ms: int, step_ms: int, timeout_ms: int, stop_event: StopEvent) -> RawEvents | str:
        """Block until events came, or return 'stop'."""
        ...

    def close(self) -> None:
        """Release the inotify instance."""
        ...


class StopEvent(Protocol):
    """What the library asks of a stop event."""

    def is_set(self) -> bool: ...


MakeNotify: TypeAlias = Callable[[list[str]], Notify]


def open_notify(directories: list[str]) -> Notify:
    """Watch `directories`; raises OSError or WatchfilesRustInternalError where the kernel refuses."""
    # ignore_permission_denied would swallow every other error too, the exhausted watch limit among them.
    return RustNotify(directories, False, False, 300, False, False)


class Established(msgspec.Struct, frozen=True):
    """What became of the directories a source was asked to watch."""

    watched: frozenset[str]
    absent: frozenset[str]
    denied: frozenset[str]


class Listener(Protocol):
    """Whom a source reports to; every call is made on the event loop, in the order things happened."""

    def on_ready(self, source: Source, established: Established) -> None: ...
    def on_events(self, source: Source, events: RawEvents) -> None: ...
    def on_stall(self, source: Source) -> None: ...
    def on_ended(self, source: Source, error: BaseException | None, advice: str) -> None: ...


class Source:
    """A thread with one inotify instance; `on_ended` is always the last thing it reports.

    Directories that do not exist or may not be read are left out and named in `on_ready`.
    """

    def __init__(
        self,
        directories: Iterable[str],
        *,
        make: MakeNotify,
        listener: Listener,
        clock: Clock,
        step_ms: int,
        debounce_ms: int,
    ) -> None:
        self.directories = frozenset(directories)
        self.ready = asyncio.Event()
        self.ended = asyncio.Event()
        self._make = make
        self._listener = listener
        self._clock = clock
        self._step_ms = step_ms
        self._debounce_ms = debounce_ms
        self._stop = threading.Event()
        self._taken = threading.Event()
        self._loop = asyncio.get_running_loop()
        self._beat = clock.monotonic()
        self._thread = threading.Thread(target=self._read, name="driftd-watch", daemon=True)

    def start(self) -> None:
        """Start the thread, which builds the instance and then reads it."""
        self._thread.start()

    def stop(self) -> None:
        """Ask the thread to end; it does within a step, and events not yet handed over are dropped."""
        self._stop.set()

    async def wait_ended(self) -> None:
        """Return when the thread has ended and its inotify instance is closed."""
        await self.ended.wait()
        await anyio.to_thread.run_sync(self._thread.join)

    def is_set(self) -> bool:
        """Answer the library's question whether to stop, and use it as the heartbeat of this process."""
        self._tick()
        return self._stop.is_set()

    def _read(self) -> None:
        try:
            notify, established = _establish(self._make, self.directories)
        except Exception as refusal:  # noqa: BLE001 - whatever the library raises travels to the listener
            self._post(self._end, refusal, explain(refusal, len(self.directories), read_limits()))
            return
        error: BaseException | None = None
        # Before it is said that the watches stand: from then on, every moment lies between two beats.
        self._beat = self._clock.monotonic()
        try:
            self._post(self._be_ready, established)
            self._pump(notify)
        except Exception as failure:  # noqa: BLE001 - as above
            error = failure
        finally:
            notify.close()
            self._post(self._end, error, f"watching was interrupted: {error}")

    def _pump(self, notify: Notify) -> None:
        while not self._stop.is_set():
            events = notify.watch(self._debounce_ms, self._step_ms, 0, self)
            if events == "stop":
                return
            if isinstance(events, str):
                raise TypeError(f"the watch library returned {events!r}")
            self._taken.clear()
            self._post(self._hand_over, events)
            # One set under way at a time: while the event loop is busy the library merges what follows.
            while not self._taken.wait(_STALL_S / 2) and not self._stop.is_set():
                self._tick()

    def _tick(self) -> None:
        """Report a stall if the last beat is too long ago."""
        now = self._clock.monotonic()
        if now - self._beat > _STALL_S:
            self._post(self._listener.on_stall, self)
        self._beat = now

    def _be_ready(self, established: Established) -> None:
        self._listener.on_ready(self, established)
        self.ready.set()

    def _hand_over(self, events: RawEvents) -> None:
        self._taken.set()
        self._listener.on_events(self, events)

    def _end(self, error: BaseException | None, advice: str) -> None:
        self._listener.on_ended(self, error, advice)
        self.ready.set()
        self.ended.set()

    def _post(self, function: Callable[..., None], *arguments: object) -> None:
        # A loop that is closed already has nobody left to tell.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(function, *arguments)


def _establish(make: MakeNotify, directories: Iterable[str]) -> tuple[Notify, Established]:
    # Parents first: a child that is replaced after its parent is watched is reported by the parent.
    wanted = sorted(directories)
    denied: set[str] = set()
    for attempt in range(_ATTEMPTS):
        present = [path for path in wanted if os.path.isdir(path)]  # noqa: PTH112 - thousands, a Path each is slow
        watched = [path for path in present if os.access(path, os.R_OK)]
        denied = set(present).difference(watched)
        try:
            notify = make(watched)
        except (FileNotFoundError, PermissionError):
            if attempt == _ATTEMPTS - 1:
                raise
            continue
        return notify, Established(frozenset(watched), frozenset(wanted).difference(present), frozenset(denied))
    raise AssertionError("the last attempt returns or raises")
