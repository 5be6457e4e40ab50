"""The one source of time.  A clock is injected wherever time matters, so that a year is simulated in seconds."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Protocol


class Clock(Protocol):
    """What driftd asks of time."""

    def now(self) -> int:
        """Return the current UTC time in whole unix seconds."""
        ...

    def monotonic(self) -> float:
        """Return seconds of a clock that never goes back, for durations only."""
        ...

    def boot(self) -> tuple[str, float]:
        """Return which start of the machine this is, and the seconds since it, those asleep included."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> int:
        """Return the current UTC time in whole unix seconds."""
        return int(time.time())

    def monotonic(self) -> float:
        """Return seconds of `time.monotonic`."""
        return time.monotonic()

    def boot(self) -> tuple[str, float]:
        """Return the kernel's id of this boot and CLOCK_BOOTTIME; an id of "" where the kernel tells none."""
        try:
            boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        except OSError:
            boot = ""
        return boot, time.clock_gettime(time.CLOCK_BOOTTIME)


class FakeClock:
    """A clock that moves only when told to; for tests and simulations."""

    def __init__(self, start: int = 1_800_000_000) -> None:
        self._now = float(start)
        self._elapsed = float(start)
        self.boot_id = "fake"

    def now(self) -> int:
        """Return the time that was set, in whole unix seconds."""
        return int(self._now)

    def monotonic(self) -> float:
        """Return the time that has passed since the start, which it begins with, in seconds."""
        return self._elapsed

    def boot(self) -> tuple[str, float]:
        """Return `boot_id` and the time that has passed."""
        return self.boot_id, self._elapsed

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass."""
        self._now += seconds
        self._elapsed += seconds

    def jump(self, seconds: float) -> None:
        """Set the time of day to another one; no time passes."""
        self._now += seconds
