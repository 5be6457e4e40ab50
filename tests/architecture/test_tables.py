"""Declarations, migrations and the schema page agree, and no table escapes retention."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from driftd.rows.declare import Row, Tier, Write, table_of
from driftd.rows.registry import BY_NAME, TABLES
from driftd.store import migrate, sql
from driftd.store.document import document

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def migrated() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as connection:
        for step in migrate.migrations():
            connection.executescript(step.sql)
        yield connection


@pytest.fixture(scope="module")
def rendered() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as connection:
        for row in TABLES:
            declared = table_of(row)
            connection.executescript("\n".join([sql.create_table(declared), *sql.create_indexes(declared)]))
        yield connection


def names(connection: sqlite3.Connection) -> set[str]:
    return {
        name
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        if not name.startswith("sqlite_")
    }


def shape(connection: sqlite3.Connection, table: str) -> dict[str, object]:
    """Everything SQLite knows about a table."""
    indexes = {
        (origin, bool(unique), tuple(column for _, _, column in connection.execute(f"PRAGMA index_info('{name}')")))
        for _, name, unique, origin, _ in connection.execute(f"PRAGMA index_list('{table}')")
    }
    (text,) = connection.execute("SELECT sql FROM sqlite_master WHERE name = ?", (table,)).fetchone()
    return {
        "columns": connection.execute(f"PRAGMA table_xinfo('{table}')").fetchall(),
        "indexes": indexes,
        "references": connection.execute(f"PRAGMA foreign_key_list('{table}')").fetchall(),
        "options": [row[3:6] for row in connection.execute(f"PRAGMA table_list('{table}')")],
        "checks": text.count("CHECK"),
        "autoincrement": "AUTOINCREMENT" in text,
    }


def test_every_table_is_declared_and_migrated(migrated: sqlite3.Connection) -> None:
    """The migrations make the declared tables and no others: 45 of the plan, two of the daemon's own, calls that leave the workspace."""
    assert names(migrated) == set(BY_NAME)
    assert len(BY_NAME) == len(TABLES) == 48


@pytest.mark.parametrize("row", TABLES)
def test_declaration_is_what_is_migrated(
    row: type[Row], migrated: sqlite3.Connection, rendered: sqlite3.Connection
) -> None:
    """Columns, types, defaults, checks, keys, indexes and references of a migrated table are the declared ones."""
    name = table_of(row).name
    assert shape(migrated, name) == shape(rendered, name)


@pytest.mark.parametrize("row", TABLES)
def test_enums_are_checked(row: type[Row], migrated: sqlite3.Connection) -> None:
    """Every value of an enum column stands in the CHECK of the migrated table."""
    declared = table_of(row)
    (text,) = migrated.execute("SELECT sql FROM sqlite_master WHERE name = ?", (declared.name,)).fetchone()
    for column in declared.columns:
        for value in column.enum:
            assert f"\"{column.name}\" = '{value}'" in text


@pytest.mark.parametrize("row", TABLES)
def test_every_table_is_strict_and_documented(row: type[Row], migrated: sqlite3.Connection) -> None:
    """Tables are STRICT, and table and columns say what they mean."""
    declared = table_of(row)
    (strict,) = migrated.execute(
        "SELECT strict FROM pragma_table_list WHERE name = ? AND schema = 'main'", (declared.name,)
    ).fetchone()
    assert strict
    assert declared.doc
    assert [column.name for column in declared.columns if not column.doc] == []


def test_tables_are_registered_in_the_order_of_their_migrations() -> None:
    """The registry follows the migrations, so that what is referred to comes before what refers to it."""
    versions = [table_of(row).migration for row in TABLES]
    assert versions == sorted(versions)
    assert {version: versions.count(version) for version in versions} == {
        1: 4,
        2: 4,
        3: 3,
        4: 6,
        5: 15,
        6: 7,
        7: 6,
        8: 2,
        9: 1,
    }


def test_tiers_are_those_of_the_plan() -> None:
    """Each tier holds the tables that the plan puts there, data_access with the functions it belongs to."""
    tiers = {tier: {name for name, row in BY_NAME.items() if table_of(row).tier is tier} for tier in Tier}
    assert tiers == {
        Tier.CURRENT: {
            "file_metadata",
            "functions",
            "call_edges",
            "external_calls",
            "data_access",
            "coupling_metrics",
            "constraints",
            "contracts",
            "wrappers",
            "dna_genes",
            "constants",
            "env_variables",
            "impact_scores",
            "reachability_cache",
            "pattern_confidence",
        },
        Tier.SHORT: {
            "detections",
            "outliers",
            "violations",
            "gate_results",
            "error_gaps",
            "taint_flows",
            "crypto_findings",
            "owasp_findings",
            "secrets",
            "degradation_alerts",
            "policy_results",
        },
        Tier.MEDIUM: {
            "scan_history",
            "audit_snapshots",
            "health_trends",
            "feedback",
            "constraint_verifications",
            "contract_mismatches",
            "dna_mutations",
            "coupling_cycles",
            "test_coverage",
            "test_quality",
            "decomposition_decisions",
            "workspace_events",
        },
        Tier.LONG: {"parse_cache", "context_cache", "simulations", "decisions"},
        Tier.PERMANENT: {
            "boundaries",
            "conventions",
            "migration_projects",
            "migration_modules",
            "migration_corrections",
            "pattern_status",
        },
    }


def test_findings_are_the_eleven_tracked_tables() -> None:
    """Findings have a text id, a first sight, a last sight and an end."""
    findings = [table_of(row) for row in TABLES if table_of(row).write is Write.FINDING]
    assert {table.name for table in findings} == {
        "detections",
        "outliers",
        "violations",
        "error_gaps",
        "taint_flows",
        "crypto_findings",
        "owasp_findings",
        "secrets",
        "contract_mismatches",
        "dna_mutations",
        "coupling_cycles",
    }
    for table in findings:
        assert table.column("id").sql_type == "TEXT"
        assert table.age == "resolved_at"
        assert {"last_seen_at", "resolved_at", table.first_seen} <= set(table.names)


def test_schema_page_is_current() -> None:
    """docs/schema.md is what `python -m driftd.store.document` writes."""
    assert (ROOT / "docs/schema.md").read_text(encoding="utf-8") == document()
