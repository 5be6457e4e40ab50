"""Declarations: what a row class says about its table, and which declarations are refused."""

from __future__ import annotations

from typing import Any, Literal

import pytest

from driftd.rows.declare import AutoId, Json, Row, Stamp, Tier, Write, row_values, table, table_of


@table("samples", key=("id",), write=Write.APPEND, tier=Tier.SHORT, age="made_at", migration=1, indexes=(("kind",),))
class SampleRow(Row, frozen=True, kw_only=True):
    """A sample.

    kind: which of two
    data: array of numbers,
        in order
    """

    id: AutoId = None
    kind: Literal["good", "bad"]
    data: Json = "[]"
    share: float | None = None
    is_new: bool = False
    made_at: Stamp = 0


def test_columns_follow_from_annotations() -> None:
    """Type, NULL, JSON, enum and default of a column come from its field."""
    columns = {column.name: column for column in table_of(SampleRow).columns}
    assert [(name, column.sql_type, column.nullable) for name, column in columns.items()] == [
        ("id", "INTEGER", True),
        ("kind", "TEXT", False),
        ("data", "TEXT", False),
        ("share", "REAL", True),
        ("is_new", "INTEGER", False),
        ("made_at", "INTEGER", False),
    ]
    assert columns["id"].auto
    assert columns["kind"].enum == ("good", "bad")
    assert columns["data"].json
    assert columns["is_new"].boolean
    assert columns["made_at"].stamp


def test_meanings_come_from_the_docstring() -> None:
    """Lines `column: text` of the docstring document columns; what stands before documents the table."""
    declared = table_of(SampleRow)
    assert declared.doc == "A sample."
    assert declared.column("kind").doc == "which of two"
    assert declared.column("data").doc == "array of numbers, in order"


def test_written_but_not_true_is_volatile() -> None:
    """Handed out ids and times of writing are left out of comparisons."""
    assert table_of(SampleRow).volatile == {"id", "made_at"}


def test_row_values_are_in_column_order() -> None:
    """`row_values` gives what a statement binds."""
    assert row_values(SampleRow(kind="good", share=0.5)) == (None, "good", "[]", 0.5, False, 0)


def test_undeclared_row_is_refused() -> None:
    """A row class without a declaration has no table."""

    class Plain(Row, frozen=True):
        x: int

    with pytest.raises(TypeError, match="Plain is not declared"):
        table_of(Plain)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"key": ("nope",)}, "key names"),
        ({"key": ()}, "has a key"),
        ({"age": "nope"}, "age names"),
        ({"file": "nope"}, "file names"),
        ({"indexes": (("nope",),)}, "indexes names"),
        ({"unique": (("nope",),)}, "unique names"),
        ({"volatile": ("nope",)}, "volatile names"),
        ({"tier": Tier.LONG}, "needs an age column"),
        ({"kept_because": ""}, "say kept_because"),
        ({"write": Write.FINDING}, "a finding has"),
        ({"references": {"nope": "other.id"}}, "references names"),
        ({"series": ("nope",)}, "series names"),
        ({"series": ("name",)}, "a series needs an age column"),
        ({"thinned": True}, "only a series is thinned"),
        ({"partial": ("nope",)}, "partial names"),
        ({"guarded": ("nope",)}, "guarded names"),
    ],
)
def test_wrong_declarations_are_refused(arguments: dict[str, Any], message: str) -> None:
    """A declaration that contradicts its row class, or says too little about retention, fails at import."""

    class WrongRow(Row, frozen=True):
        name: str

    good: dict[str, Any] = {
        "key": ("name",),
        "write": Write.UPSERT,
        "tier": Tier.CURRENT,
        "kept_because": "it is a test",
        "migration": 1,
    }
    with pytest.raises(ValueError, match=message):
        table("wrong", **(good | arguments))(WrongRow)


def test_column_types_are_limited() -> None:
    """A field whose type SQLite cannot hold is refused."""

    class ListRow(Row, frozen=True):
        names: list[str]

    with pytest.raises(TypeError, match="has no column type"):
        table("lists", key=("names",), write=Write.UPSERT, tier=Tier.CURRENT, kept_because="x", migration=1)(ListRow)
