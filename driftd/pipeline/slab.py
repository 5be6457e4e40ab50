"""Many small byte strings in one block of memory.

A large change frees about as much as it keeps.  What is kept in small pieces lies scattered among what is freed, and
the holes between them go back to nobody; a block is large enough to be given back by itself.
"""

from __future__ import annotations

from array import array
from collections import Counter
from itertools import accumulate
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

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


class Laid(Protocol):
    """What can lie in a slab, as the same number of pieces as its like."""

    @property
    def slab(self) -> Slab | None: ...

    def pieces(self) -> Sequence[bytes]: ...

    def lay(self, slab: Slab, number: int) -> None:
        """Have everything lie in a slab, from this piece on."""
        ...


def lay(records: Iterable[Laid]) -> None:
    """Put records into slabs, one after the other."""
    for record, slab, number in _slabs(records):
        record.lay(slab, number)


def tidy(records: Collection[Laid], pieces: int) -> None:
    """Put into slabs what lies by itself, or in a slab of which more than an eighth is of no use any more."""
    used = Counter(id(record.slab) for record in records)
    lay([r for r in records if r.slab is None or 8 * pieces * used[id(r.slab)] < 7 * len(r.slab)])


def _slabs(records: Iterable[Laid]) -> Iterator[tuple[Laid, Slab, int]]:
    owners: list[tuple[Laid, int]] = []
    pieces: list[bytes] = []
    size = 0
    for owner in records:
        own = owner.pieces()
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
