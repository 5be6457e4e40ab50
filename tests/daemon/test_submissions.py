"""What a run stores is cut into pieces between which what a person typed can go in."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from driftd.daemon.submissions import STORED_ROWS, slices, submissions
from driftd.rows.call_graph import CallEdgeRow
from driftd.rows.enforcement import ViolationRow
from driftd.store.commands import Replace, Track

FILES = st.lists(st.integers(0, 2 * STORED_ROWS), max_size=60)


@given(FILES, st.integers(1, 8))
def test_pieces_have_all_files_in_order_and_are_small(rows: list[int], most: int) -> None:
    """At most so many files, and more rows than are stored at once only where a single file has them."""
    pieces = list(slices(range(len(rows)), rows.__getitem__, most))

    assert [file for piece in pieces for file in piece] == list(range(len(rows)))
    assert all(1 <= len(piece) <= most for piece in pieces)
    assert all(len(piece) == 1 or sum(rows[file] for file in piece) <= STORED_ROWS for piece in pieces)


def test_pieces_are_as_large_as_they_may_be() -> None:
    """Each piece would be too large with the next file: 300 rows, or two files."""
    assert STORED_ROWS == 300
    assert list(slices([200, 100, 1, 299, 301, 0, 0, 0], lambda rows: rows, 2)) == [
        [200, 100],
        [1, 299],
        [301],
        [0, 0],
        [0],
    ]


def test_findings_are_not_cut_where_one_can_move() -> None:
    """Of a violation that left one file for another, both ends are seen in one submission; edges are cut by rows."""
    files = {"a.py", "z.py"}
    edges = [(n, n, 1, "same_file", 0.95, "a.py" if n < 300 else "z.py") for n in range(302)]
    violations = [(str(n), "a.py" if n < 300 else "z.py") for n in range(302)]

    (commands,) = submissions({ViolationRow: violations}, files)
    cut = [one for (one,) in submissions({CallEdgeRow: edges}, files)]

    assert [(one.files, len(one.rows)) for one in commands if isinstance(one, Track)] == [(files, 302)]
    assert [(one.files, len(one.rows)) for one in cut if isinstance(one, Replace)] == [({"a.py"}, 300), ({"z.py"}, 2)]
