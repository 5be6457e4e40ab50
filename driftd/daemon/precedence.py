"""Precedence of what people type over what computes, within one process.

Threads of one interpreter share its lock.  A feedback takes it some forty times, and against an analysis it waits each
time: 20 to 200 ms for what takes 3 alone.  So whoever computes asks now and then whether somebody waits, and stands
still for that long, but goes on for as long before it does so again: it gets at least half of the time.

Before a message is read nobody knows that somebody waits.  Who waits for the lock wakes up when it is let go, finds it
taken again by a thread that let go for a moment only (as one that lists files does each time it looks at one), and
asks for it only after 5 ms without such an awakening: a message was seen 40 to 70 ms late.  So who computes sleeps now
and then for long enough that another thread can take the lock.
"""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# The longest that one who computes stands still: what people type may itself wait, for a disk or for the writer.
PATIENCE_S: Final = 0.05

# From the arrival of a message until somebody has read what it is, and from an answer until it is sent.
MOMENT_S: Final = 0.002

# So many steps of what computes, and the sleep after them: a thread that is woken needs some 50 µs.
STEPS: Final = 32
BREATH_S: Final = 0.0001


class Precedence:
    """Who has it, and who gives way: several threads compute, one event loop answers."""

    def __init__(
        self,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        *,
        is_idle: bool = False,
    ) -> None:
        """Start with nobody waiting; `monotonic` is a clock in seconds.  `is_idle`: nobody ever will."""
        self._monotonic = monotonic
        self._sleep = sleep
        self._is_idle = is_idle
        self._steps = 0  # of all threads, roughly
        self._holders = 0
        self._released = threading.Event()
        self._until: float | None = None  # the end of a moment; only `taken` must never be overlooked
        self._goes_on_until = -1.0

    def announce(self) -> None:
        """Have it for a moment: a message came, of which it is not known yet what it is.  On the event loop."""
        self._until = self._monotonic() + MOMENT_S

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Have it while a person's call is answered, and a moment longer.  On the event loop; several at a time may."""
        self._holders += 1
        self._released.clear()
        try:
            yield
        finally:
            self._holders -= 1
            self.announce()
            if not self._holders:
                self._released.set()

    def give_way(self) -> None:
        """Stand still while somebody has it, `PATIENCE_S` at most; in a thread that computes, before each step."""
        if not self._holders and self._until is None:
            self._steps += 1
            if self._steps >= STEPS and not self._is_idle:
                self._steps = 0
                self._sleep(BREATH_S)
            return
        begun = now = self._monotonic()
        if begun < self._goes_on_until:
            return
        while now < begun + PATIENCE_S:
            until = self._until
            if self._holders:
                self._released.wait(begun + PATIENCE_S - now)
            elif until is not None and now < until:
                self._sleep(until - now)
            else:
                self._until = None
                break
            now = self._monotonic()
        self._goes_on_until = now + (now - begun)
