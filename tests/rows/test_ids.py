"""Identity: stable across processes, different for different things."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from driftd.rows.ids import fingerprint, function_id, json_text


def test_ids_are_the_same_in_every_process() -> None:
    """The hashes are part of the stored data: these values never change."""
    assert function_id("a", "b", 0) == 5064023258610295312
    assert fingerprint("a", "b") == "42de60bac299d468"


@given(st.text(), st.text(), st.integers(0, 1000))
def test_function_id_fits_sqlite(file: str, name: str, ordinal: int) -> None:
    """A function's id is never negative and has at most 63 bits."""
    assert 0 <= function_id(file, name, ordinal) < 1 << 63


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
