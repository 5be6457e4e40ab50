"""Every query and every delete of a sweep goes by an index."""

from __future__ import annotations

import re
import sqlite3

import pytest

from driftd.retention.find import delete_statement, find_statement
from driftd.retention.policy import Policy
from driftd.retention.rules import Rule, pressure, rules
from driftd.rows.declare import Tier
from tests.retention.rows import NOW

BINDS = {**Policy().binds(NOW), "keys": "[]"}

# What is asked of every row of a table, because the answer is elsewhere: whether its function, its file or its content
# is still there.  It is a scan of an index that holds what is asked for, or of a table with few and short rows.
ASKED_OF_EVERY_ROW = {
    "call_edges",
    "external_calls",
    "data_access",
    "test_coverage",
    "test_quality",
    "impact_scores",
    "reachability_cache",
    "pattern_confidence",
}


def plan(connection: sqlite3.Connection, statement: str) -> list[str]:
    return [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", BINDS)]


def scans(steps: list[str]) -> list[str]:
    """Return the tables that are read from end to end without an index."""
    return [
        match[1]
        for step in steps
        if (match := re.match(r"SCAN (\w+)", step)) and "USING" not in step and "VIRTUAL TABLE" not in step
    ]


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: f"{rule.table.name}-{rule.reason}")
def test_what_may_go_is_found_by_an_index(connection: sqlite3.Connection, rule: Rule) -> None:
    """The row that is asked about comes from an index, and so does whatever is asked about it."""
    earlier = [other for other in rules()[: rules().index(rule)] if other.table is rule.table]
    found = scans(plan(connection, find_statement(rule, earlier)))
    inner = [name for name in found if name != "t"]
    # Results of inner queries; the cache of facts is ranked as a whole, by the index that holds time and size.
    assert set(inner) <= {"d", "r", "c", "u"}
    if rule.table.name != "parse_cache":
        assert set(inner) <= {"d"}
    assert "t" not in found or rule.table.name in ASKED_OF_EVERY_ROW


@pytest.mark.parametrize(
    "rule",
    [*rules(), *(rule for step in pressure() for rule in step.rules)],
    ids=lambda rule: f"{rule.table.name}-{rule.reason}",
)
def test_rows_are_deleted_by_their_keys(connection: sqlite3.Connection, rule: Rule) -> None:
    """A slice costs what its rows cost, whatever the size of the table."""
    steps = plan(connection, delete_statement(rule))
    assert any(re.match(r"SEARCH t(able)? USING|SEARCH t USING", step) for step in steps), steps
    assert "t" not in scans(steps)


def test_timed_tables_are_indexed_by_age() -> None:
    """What a time-based tier looks for first has an index of its own."""
    for rule in rules():
        table = rule.table
        if rule.reason == "age" and table.tier is not Tier.CURRENT and table.name not in ASKED_OF_EVERY_ROW:
            leading = {index[0] for index in table.indexes} | set(table.partial)
            assert table.age in leading, table.name
