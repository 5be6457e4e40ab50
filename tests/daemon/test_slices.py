"""What a run stores is cut into pieces between which what a person typed can go in."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from driftd.daemon import engine

FILES = st.lists(st.integers(0, 2 * engine.STORED_ROWS), max_size=60)


@given(FILES, st.integers(1, 8))
def test_pieces_have_all_files_in_order_and_are_small(rows: list[int], most: int) -> None:
    """At most so many files, and more rows than are stored at once only where a single file has them."""
    pieces = list(engine._slices(range(len(rows)), rows.__getitem__, most))

    assert [file for piece in pieces for file in piece] == list(range(len(rows)))
    assert all(1 <= len(piece) <= most for piece in pieces)
    assert all(len(piece) == 1 or sum(rows[file] for file in piece) <= engine.STORED_ROWS for piece in pieces)


def test_pieces_are_as_large_as_they_may_be() -> None:
    """Each piece would be too large with the next file: 300 rows, or two files."""
    assert engine.STORED_ROWS == 300
    assert list(engine._slices([200, 100, 1, 299, 301, 0, 0, 0], lambda rows: rows, 2)) == [
        [200, 100],
        [1, 299],
        [301],
        [0, 0],
        [0],
    ]
