"""The bytes of one file as an adapter sees them: slices, and offsets as lines and columns."""

from __future__ import annotations

import re
from bisect import bisect_right
from hashlib import blake2b
from itertools import accumulate


class Source:
    """UTF-8 source text with O(log lines) positions.  Offsets are bytes; lines and columns start at 1."""

    __slots__ = ("_ascii", "_line_starts", "data")

    def __init__(self, data: bytes) -> None:
        r"""Take UTF-8 text whose lines end in `\n` (an adapter that reads other encodings transcodes first)."""
        self.data = data
        # `splitlines` ends lines at a lone carriage return as well, which is none here.
        lines = data.splitlines(keepends=True) if b"\r" not in data else re.findall(rb"[^\n]*\n|[^\n]+\Z", data)
        starts = [0, *accumulate(map(len, lines))]
        if not data.endswith(b"\n") and data:
            starts.pop()
        self._line_starts = starts
        self._ascii = data.isascii()

    @property
    def line_count(self) -> int:
        """Return the number of lines (text after the last newline counts as one)."""
        return len(self._line_starts) - (self._line_starts[-1] == len(self.data) and len(self._line_starts) > 1)

    def line(self, offset: int) -> int:
        """Return the line of the byte at `offset`."""
        return bisect_right(self._line_starts, offset)

    def position(self, offset: int) -> tuple[int, int]:
        """Return line and column (in code points) of the byte at `offset`."""
        line = bisect_right(self._line_starts, offset)
        start = self._line_starts[line - 1]
        if self._ascii:
            return line, offset - start + 1
        return line, len(self.data[start:offset].decode("utf-8", "replace")) + 1

    def text(self, start: int, end: int) -> str:
        """Return the text of the byte range."""
        return self.data[start:end].decode("utf-8", "replace")


def short_hash(data: bytes) -> bytes:
    """Return the 8-byte blake2b digest used for body and signature hashes."""
    return blake2b(data, digest_size=8).digest()
