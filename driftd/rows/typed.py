"""What people typed: the rows, and columns of rows, that no analysis could make again.

A table of which whole rows are a person's names no columns; of the others only `columns` are, and the rest of the row
is an analysis's.  The store journals every change of these and rebuilds them when the database is lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from driftd.rows.advanced import MigrationCorrectionRow, MigrationModuleRow, MigrationProjectRow
from driftd.rows.declare import Row, Table, table_of
from driftd.rows.enforcement import FeedbackRow, ViolationRow
from driftd.rows.patterns import ConventionRow, PatternConfidenceRow, PatternStatusRow
from driftd.rows.structural import ConstraintRow


class Typed(msgspec.Struct, frozen=True):
    """How to tell what a person typed in one table.

    `match` are the columns that find a row again.  A row in which every column of `derived` has one of the values there
    is an analysis's alone; without `derived`, every row is a person's.
    """

    table: Table
    match: tuple[str, ...]
    columns: tuple[str, ...]
    derived: Mapping[str, tuple[Any, ...]]

    @property
    def name(self) -> str:
        """The table's name."""
        return self.table.name


def _typed(
    row: type[Row],
    *columns: str,
    match: tuple[str, ...] = (),
    derived: Mapping[str, tuple[Any, ...]] | None = None,
) -> Typed:
    table = table_of(row)
    return Typed(table, match or table.key, columns, derived or {})


# In an order in which no row refers to one that comes later.
TYPED: Final[tuple[Typed, ...]] = (
    _typed(MigrationProjectRow),
    _typed(MigrationModuleRow),
    _typed(MigrationCorrectionRow),
    _typed(ConstraintRow, derived={"source": ("synthesized",), "enabled": (1,)}),
    _typed(PatternStatusRow, derived={"approved_by": (None, "auto")}),
    # Analyses hand out the ids of conventions anew, so a convention is found by what it is about.
    _typed(
        ConventionRow,
        "promotion_status",
        match=("pattern_id", "scope"),
        derived={"promotion_status": ("discovered", "expired")},
    ),
    _typed(ViolationRow, "suppressed", "suppression_source", derived={"suppression_source": (None, "inline")}),
    _typed(FeedbackRow),
    # The effect of feedback whose rows have aged out is nowhere else.
    _typed(
        PatternConfidenceRow,
        "feedback_alpha",
        "feedback_beta",
        derived={"feedback_alpha": (0.0,), "feedback_beta": (0.0,)},
    ),
)

TYPED_BY_NAME: Final[Mapping[str, Typed]] = {typed.name: typed for typed in TYPED}
