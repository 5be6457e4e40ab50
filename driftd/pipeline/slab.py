"""Many small byte strings in one block of memory.

A large change frees about as much as it keeps.  What is kept in small pieces lies scattered among what is freed, and
the holes between them go back to nobody; a block is large enough to be given back by itself.
"""

from __future__ import annotations

from array import array
from itertools import accumulate
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

T = TypeVar("T")

SIZE: Final = 256 * 1024  # bytes; far from the size up to which blocks share memory with others


class Slab:
    """Byte strings by number."""

    __slots__ = ("_data", "_ends")

    def __init__(self, pieces: Iterable[bytes]) -> None:
        pieces = tuple(pieces)
        self._data = b"".join(pieces)
        self._ends = array("Q", accumulate(map(len, pieces), initial=0))

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._ends) - 1

    def __getitem__(self, number: int) -> bytes:
        """Return one of them."""
        return self._data[self._ends[number] : self._ends[number + 1]]


def slabs(records: Iterable[tuple[T, Sequence[bytes]]]) -> Iterator[tuple[T, Slab, int]]:
    """Put the pieces of records together, some records a slab; yield each with its slab and its first piece's number."""
    owners: list[tuple[T, int]] = []
    pieces: list[bytes] = []
    size = 0
    for owner, own in records:
        owners.append((owner, len(pieces)))
        pieces += own
        size += sum(map(len, own))
        if size >= SIZE:
            slab = Slab(pieces)
            yield from ((one, slab, number) for one, number in owners)
            owners, pieces, size = [], [], 0
    if owners:
        slab = Slab(pieces)
        yield from ((one, slab, number) for one, number in owners)
