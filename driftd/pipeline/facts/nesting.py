"""Byte-range nesting: which of many properly nested ranges is the innermost one around an offset."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable


class Nesting:
    """Answers `at(offset)` in O(log n) for ranges that nest or are disjoint (as syntax nodes do)."""

    __slots__ = ("_starts", "_values")

    def __init__(self, ranges: Iterable[tuple[int, int, int]], outside: int) -> None:
        """Take (start, end, value) ranges, `end` exclusive; `outside` is the value where no range applies.

        Of equal ranges the one given last is the inner one.
        """
        starts, values = [0], [outside]
        stack: list[tuple[int, int]] = []  # (end, value) of the open ranges

        def close(until: int) -> None:
            while stack and stack[-1][0] <= until:
                end, _ = stack.pop()
                starts.append(end)
                values.append(stack[-1][1] if stack else outside)

        for start, end, value in sorted(ranges, key=lambda r: (r[0], -r[1])):
            close(start)
            stack.append((end, value))
            starts.append(start)
            values.append(value)
        close(1 << 62)
        self._starts = starts
        self._values = values

    def at(self, offset: int) -> int:
        """Return the value of the innermost range that holds the byte at `offset`."""
        return self._values[bisect_right(self._starts, offset) - 1]
