"""Precedence of what people type over what computes, within one process.

Threads of one interpreter share its lock.  A feedback takes it some forty times, and against an analysis it waits each
time: 20 to 200 ms for what takes 3 alone.  So whoever computes asks now and then whether somebody waits, and stands
still for that long, but goes on for as long before it does so again: it gets at least half of the time.
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


class Precedence:
    """Who has it, and who gives way: several threads compute, one event loop answers."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Start with nobody waiting; `monotonic` is a clock in seconds."""
        self._monotonic = monotonic
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
        """Stand still while somebody has it, `PATIENCE_S` at most; in a thread that computes."""
        if not self._holders and self._until is None:
            return
        begun = now = self._monotonic()
        if begun < self._goes_on_until:
            return
        while now < begun + PATIENCE_S:
            until = self._until
            if self._holders:
                self._released.wait(begun + PATIENCE_S - now)
            elif until is not None and now < until:
                time.sleep(until - now)
            else:
                self._until = None
                break
            now = self._monotonic()
        self._goes_on_until = now + (now - begun)
