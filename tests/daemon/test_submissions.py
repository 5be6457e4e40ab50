"""What a run stores is cut into pieces between which what a person typed can go in."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from driftd.daemon.submissions import ALONE, AMONG_OTHERS, Portion, slices, submissions
from driftd.rows.call_graph import CallEdgeRow
from driftd.rows.declare import Row
from driftd.rows.enforcement import ViolationRow
from driftd.rows.patterns import BoundaryRow
from driftd.store.commands import Append, Replace, Track

FILES = st.lists(st.integers(0, 600), max_size=60)


@given(FILES, st.integers(1, 8), st.integers(1, 700))
def test_pieces_have_all_files_in_order_and_are_small(rows: list[int], most: int, most_rows: int) -> None:
    """At most so many files, and more rows than are stored at once only where a single file has them."""
    pieces = list(slices(range(len(rows)), rows.__getitem__, most, most_rows))

    assert [file for piece in pieces for file in piece] == list(range(len(rows)))
    assert all(1 <= len(piece) <= most for piece in pieces)
    assert all(len(piece) == 1 or sum(rows[file] for file in piece) <= most_rows for piece in pieces)


def test_pieces_are_as_large_as_they_may_be() -> None:
    """Each piece would be too large with the next file: 300 rows, or two files."""
    assert list(slices([200, 100, 1, 299, 301, 0, 0, 0], lambda rows: rows, 2, 300)) == [
        [200, 100],
        [1, 299],
        [301],
        [0, 0],
        [0],
    ]


def test_findings_are_not_cut_where_one_can_move() -> None:
    """Of a violation that left one file for another, both ends are seen in one submission; edges are cut by rows."""
    files = {"a.py", "z.py"}
    edges = [(n, n, 1, "same_file", 0.95, "a.py" if n < 200 else "z.py") for n in range(202)]
    violations = [(str(n), "a.py" if n < 200 else "z.py") for n in range(202)]

    (commands,) = submissions({ViolationRow: violations}, files)
    cut = [one for (one,) in submissions({CallEdgeRow: edges}, files)]

    assert [(one.files, len(one.rows)) for one in commands if isinstance(one, Track)] == [(files, 202)]
    assert [(one.files, len(one.rows)) for one in cut if isinstance(one, Replace)] == [({"a.py"}, 200), ({"z.py"}, 2)]


def test_where_nobody_else_waits_for_the_writer_more_is_stored_together() -> None:
    """Of 202 rows the daemon makes two submissions, so that what people type goes in between, `analyze` one."""
    edges = [(n, n, 1, "same_file", 0.95, "a.py" if n < 200 else "z.py") for n in range(202)]
    files = {"a.py", "z.py"}

    cut = {portion: len([*submissions({CallEdgeRow: edges}, files, portion)]) for portion in (AMONG_OTHERS, ALONE)}

    assert cut == {Portion(6, 150, 200): 2, Portion(600, 600, 6_000): 1}


def test_what_is_new_is_added_without_a_look_at_what_is_there() -> None:
    """Tables of findings are still tracked, and those that hand out ids replaced; all others only get the rows."""
    edges = [(1, 2, 1, "same_file", 0.95, "a.py")]
    by_table: dict[type[Row], list[tuple[object, ...]]] = {CallEdgeRow: [*edges], ViolationRow: [], BoundaryRow: []}

    ((added, tracked, replaced),) = submissions(by_table, {"a.py"}, are_new=True)

    assert added == Append(CallEdgeRow, edges)
    assert tracked == Track(ViolationRow, {"a.py"}, [])
    assert replaced == Replace(BoundaryRow, {"a.py"}, [])
