"""Slabs: many small byte strings in one block, each found again by its number."""

from __future__ import annotations

from collections.abc import Sequence

from driftd.pipeline.slab import SIZE, Slab, lay, tidy


class Record:
    """Something of two pieces."""

    def __init__(self, *pieces: bytes) -> None:
        self.own: tuple[bytes, ...] = pieces
        self.slab: Slab | None = None
        self.number = 0

    def pieces(self) -> Sequence[bytes]:
        slab = self.slab
        return self.own if slab is None else (slab[self.number], slab[self.number + 1])

    def lay(self, slab: Slab, number: int) -> None:
        self.slab, self.number, self.own = slab, number, ()


def test_every_piece_is_found_by_its_number() -> None:
    """Empty ones too."""
    slab = Slab([b"one", b"", b"three"])
    assert (len(slab), slab[0], slab[1], slab[2]) == (3, b"one", b"", b"three")


def test_records_lie_together_up_to_the_size_of_a_block() -> None:
    """A record is never divided, and one that fills a block is the last in it."""
    records = [Record(b"a", b"b"), Record(b"c" * SIZE, b""), Record(b"d", b"e")]
    expected = [record.pieces() for record in records]
    lay(records)
    assert [record.pieces() for record in records] == expected
    assert records[0].slab is records[1].slab is not records[2].slab


def test_a_block_is_left_when_more_than_an_eighth_of_it_is_gone() -> None:
    """Of sixteen records two may be gone; with the third, those that are left move."""
    records = [Record(bytes([number]), b"x") for number in range(16)]
    lay(records)
    before = records[-1].slab
    tidy(records[2:], 2)
    assert records[-1].slab is before
    tidy(records[3:], 2)
    moved = records[-1].slab
    assert moved is not None
    assert moved is not before
    assert len(moved) == 26
    assert [record.pieces() for record in records[3:]] == [(bytes([number]), b"x") for number in range(3, 16)]


def test_what_lies_by_itself_is_put_into_a_block() -> None:
    """What lies well stays where it is."""
    old, new = Record(b"old", b""), Record(b"new", b"")
    lay([old])
    slab = old.slab
    tidy([old, new], 2)
    assert old.slab is slab
    assert new.slab is not None
    assert new.pieces() == (b"new", b"")
