"""How far an analysis is, on standard error: a bar on a terminal, one line a stage elsewhere."""

from __future__ import annotations

import os
import shutil
import sys
import time
from typing import Self

BAR_WIDTH = 24
REDRAW_S = 0.05  # a terminal need not see more; drawing would cost more than the work


class Progress:
    """Callable as (stage, done, total); a context manager that removes its bar at the end."""

    def __init__(self) -> None:
        self._stage = ""
        self._drawn_at = 0.0
        self._interactive = sys.stderr is not None and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._interactive and self._drawn_at:
            self._write("\r\x1b[K")

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Show that `done` of `total` steps of `stage` are done; a `total` of 0 means that nobody knows."""
        is_new = stage != self._stage
        self._stage = stage
        if not self._interactive:
            if is_new:
                self._write(f"driftd: {stage}{f', {total} to do' if total else ''}\n")
            return
        now = time.monotonic()
        if is_new or done >= total or now - self._drawn_at >= REDRAW_S:
            self._drawn_at = now
            width = shutil.get_terminal_size().columns - 1
            self._write("\r" + _bar(stage, done, total)[:width] + "\x1b[K")

    def _write(self, text: str) -> None:
        sys.stderr.write(text)
        sys.stderr.flush()


def _bar(stage: str, done: int, total: int) -> str:
    if total <= 0:
        return f"{stage} {done or '…'}"
    filled = BAR_WIDTH * min(done, total) // total
    return f"[{'#' * filled}{'.' * (BAR_WIDTH - filled)}] {stage} {done}/{total}"
