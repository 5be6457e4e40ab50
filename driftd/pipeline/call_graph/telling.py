"""Which files' rows are handed on while other files are still resolved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from driftd.pipeline.call_graph.results import differ
from driftd.pipeline.call_graph.stretches import key_hash, numbers

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from driftd.pipeline.call_graph.results import Result

FINISHED: Final = 300  # files that a round leaves as they are, of which the rows are handed on together
LATE: Final = 0.4  # the share of the first round's files that are left when most of what flows is known


class Told(NamedTuple):
    """Files whose rows are to be handed on: for the first time, and once more."""

    new: list[str]
    corrected: list[str]


class Telling:
    """What of a large change was handed on already, and what is next.

    Storing takes as long as resolving, so rows are handed on as soon as they are likely to be right.  In the first round
    that are, towards its end, those of files that read no place into which something was found to flow; in each further
    one those that it leaves as they are, or finds.  The few files of which the last one finds something else are handed
    on once more.
    """

    def __init__(self, files: Collection[str]) -> None:
        """Take the files that are to be handed on, sooner or later."""
        self._files = files
        self._told: dict[str, Result | None] = {}
        self._results: Mapping[str, Result] = {}
        self._ready: list[str] = []
        self._number = -1
        self._is_last = False
        self._count = self._left = 0
        self._touched: set[str] = set()
        self._places: set[int] = set()  # their hashes

    def begin(
        self, number: int, count: int, rest: Iterable[str], results: Mapping[str, Result], *, is_last: bool
    ) -> None:
        """Begin a round that resolves `count` files and leaves `rest` as they are; `results` are what it will fill."""
        self._number, self._is_last = number, is_last
        self._count = self._left = count
        self._ready = sorted(rest, reverse=True) if number else []
        self._results = results

    def after(self, paths: Collection[str], touched: set[str]) -> Told:
        """Return what is next, once some files were resolved; `touched` are the places that anything flows into."""
        self._left -= len(paths)
        own = [path for path in paths if path in self._files]
        if self._number == 0:
            self._ready += own
            if self._left > LATE * self._count:
                return Told([], [])
            self._places.update(map(key_hash, touched - self._touched))
            self._touched |= touched
            own = []
        some = self._ready[-FINISHED:]
        del self._ready[-FINISHED:]
        if self._number == 0:
            some = [path for path in some if self._places.isdisjoint(numbers(self._results[path].reads))]
        return self._take([*some, *own])

    def rest(self) -> Told:
        """Return what is left after the last round."""
        return self._take(sorted(self._files))

    def _take(self, paths: Iterable[str]) -> Told:
        told = Told([], [])
        for path in paths:
            result = self._results.get(path)
            if path not in self._told:
                told.new.append(path)
            elif self._is_last and differ(result, self._told[path]):
                told.corrected.append(path)
            else:
                continue
            self._told[path] = result
        return told
