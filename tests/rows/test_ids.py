"""Identity: stable across processes, different for different things."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from driftd.rows.ids import fingerprint, function_id, function_ids, json_text


def test_ids_are_the_same_in_every_process() -> None:
    """The hashes are part of the stored data: whoever changes these values makes all that is stored stale."""
    assert function_id("a", "b", 0) == 2340752858934698512
    assert fingerprint("a", "b") == "42de60bac299d468"


@given(st.text(), st.text(), st.integers(0, 1000))
def test_function_id_fits_sqlite(file: str, name: str, ordinal: int) -> None:
    """A function's id is never negative and has at most 63 bits."""
    assert 0 <= function_id(file, name, ordinal) < 1 << 63


def test_functions_of_a_file_lie_together() -> None:
    """Ids of one file have their highest 16 bits in common, and equal names are told apart by their order."""
    ids = function_ids("a", ("b", "b", "c"))
    assert ids == (2340752858934698512, 2340841612617825239, 2340876763903121901)
    assert ids == (function_id("a", "b", 0), function_id("a", "b", 1), function_id("a", "c", 0))
    assert {one >> 47 for one in ids} == {0x40F8}
    assert function_id("b", "b", 0) >> 47 == 0x8472


@given(st.lists(st.text()), st.lists(st.text()))
def test_fingerprint_knows_where_a_part_ends(one: list[str], other: list[str]) -> None:
    """Two lists of parts have one fingerprint exactly when they are equal."""
    assert (fingerprint(*one) == fingerprint(*other)) == (one == other)


def test_fingerprint_has_sixteen_hex_digits() -> None:
    """A fingerprint is 16 hex digits, whatever its parts."""
    assert len(fingerprint()) == 16
    assert int(fingerprint(1, None, b"x"), 16) >= 0


def test_json_text_is_compact_and_sorted() -> None:
    """Equal data gives equal text."""
    assert json_text({"b": [1, 2], "a": None}) == '{"a":null,"b":[1,2]}'
    assert json_text(("x",)) == '["x"]'
