"""The bytes of one file as an adapter sees them: slices, and offsets as lines and columns."""

from __future__ import annotations

from bisect import bisect_right
from typing import Final

_FAR: Final = 1 << 62
_NEAR: Final = 8  # lines that are looked through one by one


class Source:
    """UTF-8 source text with O(log lines) positions.  Offsets are bytes; lines and columns start at 1.

    Most questions are about the line that the last one was about, or one of the next.
    """

    __slots__ = ("_ascii", "_end", "_line", "_line_starts", "_start", "data")

    def __init__(self, data: bytes) -> None:
        r"""Take UTF-8 text whose lines end in `\n` (an adapter that reads other encodings transcodes first)."""
        self.data = data
        starts = [0]
        at = 0
        for line in data.split(b"\n"):
            at += len(line) + 1
            starts.append(at)
        starts.pop()  # after the last line feed stands another line, if only an empty one
        self._line_starts = starts
        self._ascii = data.isascii()
        self._line, self._start = 1, 0  # the line last asked for
        self._end = starts[1] if len(starts) > 1 else _FAR

    @property
    def line_count(self) -> int:
        """Return the number of lines (text after the last newline counts as one)."""
        return len(self._line_starts) - (self._line_starts[-1] == len(self.data) and len(self._line_starts) > 1)

    def line(self, offset: int) -> int:
        """Return the line of the byte at `offset`."""
        if not self._start <= offset < self._end:
            self._move(offset)
        return self._line

    def position(self, offset: int) -> tuple[int, int]:
        """Return line and column (in code points) of the byte at `offset`."""
        if not self._start <= offset < self._end:
            self._move(offset)
        if self._ascii:
            return self._line, offset - self._start + 1
        return self._line, len(self.data[self._start : offset].decode("utf-8", "replace")) + 1

    def _move(self, offset: int) -> None:
        """Go to the line of `offset`."""
        starts = self._line_starts
        line, count = self._line, len(starts)
        if offset >= self._end:
            last = min(line + _NEAR, count)
            line += 1
            while line < last and starts[line] <= offset:
                line += 1
        if offset < starts[line - 1] or (line < count and starts[line] <= offset):
            line = bisect_right(starts, offset)
        self._line = line
        self._start = starts[line - 1]
        self._end = starts[line] if line < count else _FAR

    def text(self, start: int, end: int) -> str:
        """Return the text of the byte range."""
        return self.data[start:end].decode("utf-8", "replace")
