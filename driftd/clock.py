"""The one source of time.  A clock is injected wherever time matters, so that a year is simulated in seconds."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """What driftd asks of time."""

    def now(self) -> int:
        """Return the current UTC time in whole unix seconds."""
        ...

    def monotonic(self) -> float:
        """Return seconds of a clock that never goes back, for durations only."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> int:
        """Return the current UTC time in whole unix seconds."""
        return int(time.time())

    def monotonic(self) -> float:
        """Return seconds of `time.monotonic`."""
        return time.monotonic()


class FakeClock:
    """A clock that moves only when told to; for tests and simulations."""

    def __init__(self, start: int = 1_800_000_000) -> None:
        self._now = float(start)

    def now(self) -> int:
        """Return the time that was set, in whole unix seconds."""
        return int(self._now)

    def monotonic(self) -> float:
        """Return the time that was set, in seconds."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Move the clock forward by `seconds`."""
        self._now += seconds
