"""Turn a stream of changed paths and doubts into few change sets.

Pure: times come in as arguments (seconds of one monotonic clock), nothing sleeps and nothing is read.  It does not
decide what a change means: a path is a place to look at, and a rescan asks to compare the whole workspace by stat.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

import msgspec


class Cause(StrEnum):
    """Why a change set was emitted; later members win when two are merged."""

    FILES = "files"
    DIRECTORIES = "directories"
    POLL = "poll"
    RECONCILE = "reconcile"
    SYNC = "sync"
    GIT = "git"
    BURST = "burst"
    STALL = "stall"
    OVERFLOW = "overflow"
    RESTART = "restart"
    ROOT_REPLACED = "root_replaced"
    START = "start"
    DRIFT_DELETED = "drift_deleted"
    ROOT_GONE = "root_gone"


_RANK = {cause: rank for rank, cause in enumerate(Cause)}


class ChangeSet(msgspec.Struct, frozen=True):
    """Where to look: workspace-relative POSIX paths of files or directories (then their whole subtree).

    With `rescan` every file of the workspace is to be compared; `paths` is then only a hint and may be incomplete.
    """

    paths: frozenset[str] = frozenset()
    rescan: bool = False
    cause: Cause = Cause.FILES


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """How long changes are gathered, in seconds, and how many are named one by one."""

    step: float = 0.020
    settle: float = 0.400
    latest: float = 2.0
    max_paths: int = 2_000
    # Distinct events of one burst after which the kernel's queue may have overflowed unseen.
    doubt_events: int = 4_000


class Backoff:
    """Delays that double with each repetition and start again after a calm time."""

    def __init__(self, first: float, longest: float) -> None:
        self._first = first
        self._longest = longest
        self._delay = 0.0
        self._free_at = 0.0

    def next(self, now: float) -> float:
        """Return how many seconds to wait before acting: 0 the first time and after calm."""
        if now >= self._free_at + 2 * self._delay:
            self._delay = 0.0
        start = max(now, self._free_at) if self._delay else now
        self._delay = min(self._longest, max(self._first, 2 * self._delay))
        self._free_at = start + self._delay
        return start - now


# Up to this many distinct paths are one person's save: they are passed on without a further wait.
_SINGLE_SAVE = 8

# Sets that name a path again so few steps later come back to back: a program rewrites it without a pause, and nobody
# waits for each set.  Different files one after the other are saves that somebody does wait for.
_BACK_TO_BACK = 5


class Coalescer:
    """Gathers paths and demands for a rescan until they are due.

    A save is due at once (its source already waited one quiet step).  The larger a burst, the longer the quiet
    time it must show, up to `settle`; sets that name the same path back to back double it too, so that a file written
    all day long costs `1 / settle` sets a second.  `latest` bounds every wait.  What is held is bounded by
    `max_paths`: a larger burst is a rescan.
    """

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._doubts = Backoff(1.0, 60.0)
        self._paths: set[str] = set()
        self._cause = Cause.FILES
        self._events = 0
        self._burst = False
        self._first: float | None = None
        self._last = 0.0
        self._rescan: Cause | None = None
        self._rescan_at = 0.0
        self._rescan_since = 0.0
        self._flush = False
        self._streak = 0
        self._taken_at = float("-inf")
        self._taken: frozenset[str] = frozenset()

    @property
    def pending(self) -> bool:
        """Whether anything waits to be taken."""
        return bool(self._paths) or self._rescan is not None

    def add(self, paths: Iterable[str], now: float, *, events: int = 0, cause: Cause = Cause.FILES) -> None:
        """Note changed paths; `events` is how many distinct events the source reported with them."""
        before = len(self._paths)
        self._paths.update(paths)
        if not self._paths:
            return
        self._first = now if self._first is None else self._first
        self._last = now
        self._events += max(events, len(self._paths) - before)
        self._cause = max(self._cause, cause, key=_RANK.__getitem__)
        if len(self._paths) > self._pace.max_paths:
            self._paths.clear()
            self._burst = True
            self.demand(Cause.BURST, now)
        if self._events >= self._pace.doubt_events:
            self._events = 0
            self.doubt(Cause.OVERFLOW, now)

    def demand(self, cause: Cause, now: float, *, delay: float = 0.0) -> None:
        """Ask for a rescan, `delay` seconds from now; a further demand may postpone it, up to `latest`."""
        if self._rescan is None:
            self._rescan, self._rescan_at, self._rescan_since = cause, now + delay, now
            return
        self._rescan = max(self._rescan, cause, key=_RANK.__getitem__)
        self._rescan_at = max(self._rescan_at, min(now + delay, self._rescan_since + self._pace.latest))

    def doubt(self, cause: Cause, now: float) -> None:
        """Ask for a rescan because events may be lost; repetitions wait longer and longer, up to a minute."""
        if self._rescan is not None and _RANK[self._rescan] >= _RANK[cause]:
            return
        self.demand(cause, now)
        self._rescan_at = max(self._rescan_at, now + self._doubts.next(now))

    def flush(self) -> None:
        """Make everything that is pending due at once."""
        self._flush = self.pending

    def due_in(self, now: float, *, held: bool = False) -> float | None:
        """Return the seconds until `take` should be called, 0 when it should be now, None when nothing waits.

        `held` says that a tool is known to be in the middle of a large change: the full settling time applies.
        """
        if not self.pending:
            return None
        if self._flush:
            return 0.0
        settled = self._settled_at(held=held)
        due = settled if self._paths else float("inf")
        if self._rescan is not None:
            due = min(due, max(self._rescan_at, settled))
        return max(0.0, due - now)

    def take(self, now: float) -> ChangeSet:
        """Return everything that is due as one change set and forget it."""
        if self._first is not None:
            self._streak = self._streak + 1 if self._back_to_back(self._first) else 0
            self._taken_at = now
            self._taken = frozenset(self._paths)
        rescan, cause = False, self._cause
        if self._rescan is not None and (self._flush or self._rescan_at <= now):
            rescan, cause, self._rescan = True, self._rescan, None
        changes = ChangeSet(frozenset(self._paths), rescan, cause)
        self._paths.clear()
        self._first, self._events, self._cause = None, 0, Cause.FILES
        self._burst = self._flush = False
        return changes

    def _settled_at(self, *, held: bool) -> float:
        if self._first is None:
            return float("-inf")
        pace, count = self._pace, len(self._paths)
        large = self._burst or held or count > _SINGLE_SAVE
        quiet = 0.0
        if self._burst or held:
            quiet = pace.settle
        elif large:
            quiet = min(pace.settle, pace.step * count / _SINGLE_SAVE)
        if self._back_to_back(self._first):
            # Past 16 doublings the exponent would only grow; `settle` is the cap long before.
            quiet = max(quiet, min(pace.settle, pace.step * 2 ** min(self._streak + 1, 16)))
        return min(self._last + quiet, self._first + (pace.latest if large else pace.settle))

    def _back_to_back(self, first: float) -> bool:
        soon = first <= self._taken_at + _BACK_TO_BACK * self._pace.step
        return soon and (self._burst or not self._taken.isdisjoint(self._paths))
