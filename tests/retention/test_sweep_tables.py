"""What a sweep deletes, table by table: rows on both sides of every cut-off."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from driftd.retention.policy import Policy
from driftd.retention.rules import rules, rules_of
from driftd.retention.sweep import sweep
from driftd.rows.advanced import (
    ContextCacheRow,
    DecisionRow,
    MigrationCorrectionRow,
    MigrationModuleRow,
    MigrationProjectRow,
    SimulationRow,
)
from driftd.rows.call_graph import CallEdgeRow, DataAccessRow, ExternalCallRow
from driftd.rows.declare import Row, Tier, Write, table_of
from driftd.rows.enforcement import (
    AuditSnapshotRow,
    DegradationAlertRow,
    FeedbackRow,
    GateResultRow,
    HealthTrendRow,
    PolicyResultRow,
    ViolationRow,
)
from driftd.rows.facts import FileMetadataRow, FunctionRow, ParseCacheRow, ScanHistoryRow
from driftd.rows.graph import (
    ErrorGapRow,
    ImpactScoreRow,
    ReachabilityCacheRow,
    TaintFlowRow,
    TestCoverageRow,
    TestQualityRow,
)
from driftd.rows.patterns import (
    BoundaryRow,
    ConventionRow,
    DetectionRow,
    OutlierRow,
    PatternConfidenceRow,
    PatternStatusRow,
)
from driftd.rows.registry import TABLES
from driftd.rows.structural import (
    ConstantRow,
    ConstraintRow,
    ConstraintVerificationRow,
    ContractMismatchRow,
    ContractRow,
    CouplingCycleRow,
    CouplingMetricRow,
    CryptoFindingRow,
    DecompositionDecisionRow,
    DnaGeneRow,
    DnaMutationRow,
    EnvVariableRow,
    OwaspFindingRow,
    SecretRow,
    WrapperRow,
)
from driftd.rows.workspace import WorkspaceEventRow
from driftd.store.store import Store
from tests.retention.rows import (
    DAY,
    GONE,
    LIVE,
    NOW,
    a,
    a_pattern,
    a_verdict,
    a_world,
    counts,
    days_ago,
    insert,
    keys,
)

FOREVER = 400  # days


@dataclass(frozen=True)
class Seed:
    """Rows of one table: those that a sweep leaves and those that it takes."""

    kept: tuple[Row, ...]
    deleted: tuple[Row, ...] = ()


def of_files(row: type[Row], file: str = "file", **values: Any) -> Seed:
    """Rows of a tracked file are kept, those of another go."""
    return Seed((a(row, **{file: LIVE}, **values),), (a(row, **{file: GONE}, **values),))


def findings(row: type[Row], days: int, *, file: str | None = "file", **values: Any) -> Seed:
    """A finding goes when it ended longer than `days` ago, or when its file is gone as long; never while it is true."""
    seen = str(table_of(row).first_seen)

    def one(key: str, where: str = LIVE, **more: Any) -> Row:
        place = {file: where} if file else {}
        stamps = {seen: days_ago(FOREVER), "last_seen_at": days_ago(FOREVER)}
        return a(row, **{"id": key, **place, **stamps, **values, **more})

    kept = [one("true"), one("ended", resolved_at=days_ago(days)), one("ended today", resolved_at=NOW)]
    deleted = [one("ended long ago", resolved_at=days_ago(days) - 1)]
    if file:
        kept.append(one("strange and young", GONE, **{seen: days_ago(days)}))
        deleted.append(one("strange", GONE))
    return Seed(tuple(kept), tuple(deleted))


def series(row: type[Row], days: int, one: Callable[[int, str], Row]) -> Seed:
    """The newest row of each series stays however old it is; the others go with their tier."""
    return Seed(
        (one(days_ago(days), "a"), one(days_ago(1), "a"), one(days_ago(FOREVER), "b")),
        (one(days_ago(days) - 1, "a"), one(days_ago(FOREVER), "a"), one(days_ago(FOREVER + 1), "b")),
    )


def _coverage(test: int, source: int, file: str = LIVE) -> Row:
    return a(TestCoverageRow, test_function_id=test, source_function_id=source, file=file)


SEEDS: dict[type[Row], Seed] = {
    FileMetadataRow: Seed((a(FileMetadataRow, path="old.py", last_scanned_at=days_ago(FOREVER)),)),
    ParseCacheRow: Seed(
        (
            a(
                ParseCacheRow,
                cache_key=b"1",
                content_hash=b"live",
                language="python",
                size=100,
                created_at=days_ago(FOREVER),
                last_used_at=days_ago(FOREVER),
            ),
            a(ParseCacheRow, cache_key=b"2", content_hash=b"spare", size=20, last_used_at=days_ago(365)),
        ),
        (a(ParseCacheRow, cache_key=b"3", content_hash=b"dead", size=20, last_used_at=days_ago(365) - 1),),
    ),
    FunctionRow: Seed((a(FunctionRow, id=3, file=LIVE),), (a(FunctionRow, id=8, file=GONE),)),
    ScanHistoryRow: series(ScanHistoryRow, 90, lambda at, key: a(ScanHistoryRow, started_at=at, root_path=key)),
    CallEdgeRow: Seed(
        (a(CallEdgeRow, caller_id=1, callee_id=2, file=LIVE),),
        (
            a(CallEdgeRow, caller_id=1, callee_id=9, file=LIVE),
            a(CallEdgeRow, caller_id=9, callee_id=1, file=LIVE),
            a(CallEdgeRow, caller_id=1, callee_id=8, file=LIVE),  # whose file is gone
            a(CallEdgeRow, caller_id=2, callee_id=1, file=GONE),
        ),
    ),
    DataAccessRow: Seed(
        (a(DataAccessRow, function_id=1, file=LIVE),),
        (a(DataAccessRow, function_id=9, file=LIVE), a(DataAccessRow, function_id=2, file=GONE)),
    ),
    DetectionRow: findings(DetectionRow, 30),
    BoundaryRow: Seed((a(BoundaryRow, file=GONE, created_at=days_ago(FOREVER)), a(BoundaryRow, file=LIVE))),
    PatternConfidenceRow: Seed(
        (
            a_pattern("p", last_updated=days_ago(FOREVER)),
            a(PatternConfidenceRow, pattern_id="folded", feedback_beta=0.5, last_updated=days_ago(FOREVER)),
            a(PatternConfidenceRow, pattern_id="approved", last_updated=days_ago(FOREVER)),
            a(PatternConfidenceRow, pattern_id="young", last_updated=days_ago(365)),
        ),
        (a(PatternConfidenceRow, pattern_id="unused", last_updated=days_ago(FOREVER)),),
    ),
    OutlierRow: findings(OutlierRow, 30, pattern_id="p"),
    ConventionRow: Seed((a(ConventionRow, discovered_at=days_ago(FOREVER), last_seen=days_ago(FOREVER)),)),
    ReachabilityCacheRow: Seed(
        (a(ReachabilityCacheRow, source_node=1, computed_at=days_ago(FOREVER)),),
        (a(ReachabilityCacheRow, source_node=9),),
    ),
    TaintFlowRow: Seed(
        findings(TaintFlowRow, 30, file="sink_file", source_file=LIVE).kept,
        (
            *findings(TaintFlowRow, 30, file="sink_file", source_file=LIVE).deleted,
            a(TaintFlowRow, id="no source", sink_file=LIVE, source_file=GONE, created_at=days_ago(FOREVER)),
        ),
    ),
    ErrorGapRow: findings(ErrorGapRow, 30),
    ImpactScoreRow: Seed(
        (a(ImpactScoreRow, function_id=1, updated_at=days_ago(FOREVER)),), (a(ImpactScoreRow, function_id=9),)
    ),
    TestCoverageRow: Seed((_coverage(1, 2),), (_coverage(1, 9), _coverage(9, 1), _coverage(2, 1, GONE))),
    TestQualityRow: Seed(
        (
            a(TestQualityRow, function_id=1, updated_at=days_ago(FOREVER)),
            a(TestQualityRow, function_id=9, updated_at=days_ago(90)),
        ),
        (a(TestQualityRow, function_id=10, updated_at=days_ago(90) - 1),),
    ),
    CouplingMetricRow: Seed((a(CouplingMetricRow, updated_at=days_ago(FOREVER)),)),
    CouplingCycleRow: findings(CouplingCycleRow, 90, file=None),
    ConstraintRow: Seed(tuple(a(ConstraintRow, id=key, created_at=days_ago(FOREVER)) for key in "ab")),
    ConstraintVerificationRow: series(
        ConstraintVerificationRow, 90, lambda at, key: a(ConstraintVerificationRow, constraint_id=key, verified_at=at)
    ),
    ContractRow: Seed(
        (a(ContractRow, id="1", source_file=LIVE, created_at=days_ago(FOREVER)),),
        (a(ContractRow, id="2", source_file=GONE),),
    ),
    ContractMismatchRow: findings(ContractMismatchRow, 90, file=None),
    ConstantRow: of_files(ConstantRow, created_at=days_ago(FOREVER)),
    SecretRow: findings(SecretRow, 30),
    EnvVariableRow: of_files(EnvVariableRow, created_at=days_ago(FOREVER)),
    WrapperRow: of_files(WrapperRow, created_at=days_ago(FOREVER)),
    DnaGeneRow: Seed((a(DnaGeneRow, updated_at=days_ago(FOREVER)),)),
    DnaMutationRow: findings(DnaMutationRow, 90),
    CryptoFindingRow: findings(CryptoFindingRow, 30),
    OwaspFindingRow: findings(OwaspFindingRow, 30),
    DecompositionDecisionRow: Seed(
        tuple(
            a(DecompositionDecisionRow, dna_profile_hash=key, created_at=days_ago(at))
            for key, at in (("new 1", 1), ("new 2", 1), ("90 days", 90))
        ),
        (a(DecompositionDecisionRow, dna_profile_hash="old", created_at=days_ago(90) - 1),),
    ),
    ViolationRow: Seed(
        (
            *findings(ViolationRow, 30).kept,
            a(ViolationRow, id="whole project", file="", created_at=days_ago(FOREVER)),
            a(ViolationRow, id="judged", file=LIVE, resolved_at=days_ago(FOREVER)),
        ),
        findings(ViolationRow, 30).deleted,
    ),
    GateResultRow: series(GateResultRow, 30, lambda at, key: a(GateResultRow, gate_id=key, run_at=at)),
    AuditSnapshotRow: series(AuditSnapshotRow, 90, lambda at, key: a(AuditSnapshotRow, scan_root=key, created_at=at)),
    HealthTrendRow: series(HealthTrendRow, 90, lambda at, key: a(HealthTrendRow, metric_name=key, recorded_at=at)),
    FeedbackRow: Seed(
        (
            a_verdict("judged", created_at=days_ago(90)),
            a_verdict("true", created_at=days_ago(FOREVER)),  # the newest word on what is still open
            a_verdict("forgotten", "no such pattern", created_at=days_ago(FOREVER)),
        ),
        (
            a_verdict("judged", created_at=days_ago(90) - 1),
            a_verdict("forgotten", created_at=days_ago(FOREVER)),
        ),
    ),
    PolicyResultRow: series(PolicyResultRow, 30, lambda at, key: a(PolicyResultRow, policy_name=key, run_at=at)),
    DegradationAlertRow: Seed(
        (
            a(DegradationAlertRow, alert_type="a", created_at=days_ago(FOREVER)),
            a(DegradationAlertRow, alert_type="b", created_at=days_ago(FOREVER), resolved_at=days_ago(30)),
        ),
        (
            a(DegradationAlertRow, alert_type="a", created_at=days_ago(FOREVER + 1)),
            a(DegradationAlertRow, alert_type="b", created_at=days_ago(FOREVER), resolved_at=days_ago(30) - 1),
        ),
    ),
    SimulationRow: Seed(
        (
            a(SimulationRow, task_category="fix_bug", created_at=days_ago(365)),
            a(SimulationRow, task_category="refactor", created_at=days_ago(FOREVER)),
        ),
        (a(SimulationRow, task_category="fix_bug", created_at=days_ago(365) - 1),),
    ),
    DecisionRow: Seed(
        (
            a(DecisionRow, source="1", category="a", created_at=days_ago(365)),
            a(DecisionRow, source="2", category="b", created_at=days_ago(FOREVER)),
        ),
        (a(DecisionRow, source="3", category="a", created_at=days_ago(365) - 1),),
    ),
    ContextCacheRow: Seed(
        (a(ContextCacheRow, created_at=days_ago(365)),), (a(ContextCacheRow, created_at=days_ago(365) - 1),)
    ),
    MigrationProjectRow: Seed((a(MigrationProjectRow, id=1, created_at=days_ago(FOREVER)),)),
    MigrationModuleRow: Seed((a(MigrationModuleRow, id=1, project_id=1, created_at=days_ago(FOREVER)),)),
    MigrationCorrectionRow: Seed((a(MigrationCorrectionRow, module_id=1, created_at=days_ago(FOREVER)),)),
    PatternStatusRow: Seed((a(PatternStatusRow, pattern_id="approved", updated_at=days_ago(FOREVER)),)),
    WorkspaceEventRow: series(
        WorkspaceEventRow, 90, lambda at, key: a(WorkspaceEventRow, event_type=key, created_at=at)
    ),
    ExternalCallRow: Seed(
        (a(ExternalCallRow, file=LIVE, caller_id=1),),
        (a(ExternalCallRow, file=LIVE, caller_id=9), a(ExternalCallRow, file=GONE, caller_id=1)),
    ),
}


def seed(connection: sqlite3.Connection) -> tuple[dict[type[Row], set[Any]], dict[type[Row], set[Any]]]:
    """Fill every table; return the keys that a sweep must leave and those that it must take."""
    a_world(connection)
    kept: dict[type[Row], set[Any]] = {}
    deleted: dict[type[Row], set[Any]] = {}
    for row in TABLES:  # in the order of the foreign keys
        # What is to go comes first: where two rows are of the same second, the later one is the newer.
        deleted[row] = set(insert(connection, *SEEDS[row].deleted))
        insert(connection, *SEEDS[row].kept)
        kept[row] = keys(connection, row) - deleted[row]
    return kept, deleted


def test_every_table_is_seeded() -> None:
    """No table is left out, and every rule has rows that it must take."""
    assert set(SEEDS) == set(TABLES)
    by_size = {"parse_cache", "context_cache"}  # tests of their own
    without = {rule.table.name for rule in rules() if not SEEDS[rule.table.row].deleted}
    assert without <= by_size


async def test_a_sweep_takes_exactly_what_is_old_and_not_current(connection: sqlite3.Connection, store: Store) -> None:
    """Table by table, on both sides of every cut-off; what is still true stays, 400 days old or not."""
    kept, deleted = seed(connection)
    report = await sweep(store, Policy(), NOW)
    assert {row.__name__: keys(connection, row) for row in TABLES} == {row.__name__: kept[row] for row in TABLES}
    taken = {item.table: 0 for item in report.tables()}
    for item in report.tables():
        taken[item.table] += item.rows
    assert taken == {table_of(row).name: len(deleted[row]) for row in TABLES}
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


async def test_a_dry_run_counts_what_the_sweep_then_takes(connection: sqlite3.Connection, store: Store) -> None:
    """Same tables, same reasons, same numbers; and the dry run leaves everything where it is."""
    seed(connection)
    before = counts(connection)
    dry = await sweep(store, Policy(), NOW, dry_run=True)
    assert counts(connection) == before
    wet = await sweep(store, Policy(), NOW)
    assert dry.counts == wet.counts
    assert dry.total == wet.total == sum(before.values()) - sum(counts(connection).values())


async def test_a_second_sweep_finds_nothing(connection: sqlite3.Connection, store: Store) -> None:
    """A sweep takes all there is to take: what it leaves does not depend on how often it runs."""
    seed(connection)
    await sweep(store, Policy(), NOW)
    assert (await sweep(store, Policy(), NOW)).total == 0


async def test_slices_take_what_one_transaction_takes(connection: sqlite3.Connection, store: Store) -> None:
    """A sweep row by row ends where one in a single transaction ends."""
    kept, _ = seed(connection)
    report = await sweep(store, Policy(), NOW, slice_rows=1)
    assert {row.__name__: keys(connection, row) for row in TABLES} == {row.__name__: kept[row] for row in TABLES}
    assert report.slices > 50


async def test_without_files_nothing_is_called_untracked(connection: sqlite3.Connection, store: Store) -> None:
    """No tracked file at all means that a first scan failed, not that everything is gone."""
    insert(connection, a(FunctionRow, id=1, file=GONE), a(ConstantRow, file=GONE), a(CallEdgeRow, file=GONE))
    assert (await sweep(store, Policy(), NOW)).total == 0


def test_rules_are_what_the_tiers_say() -> None:
    """Permanent tables have no rule, current ones none by time, timed ones one by age; findings two at most."""
    for table in map(table_of, TABLES):
        reasons = [rule.reason for rule in rules_of(table)]
        if table.tier is Tier.PERMANENT:
            assert reasons == []
        elif table.tier is Tier.CURRENT:
            assert set(reasons) <= {"untracked", "orphan", "unused"}
        elif table.name != "test_coverage":  # without a function it covers nothing, however young
            assert reasons[0] == "age"
        if table.write is Write.FINDING:
            assert set(reasons) <= {"age", "untracked"}


@pytest.mark.parametrize(
    ("ages_in_seconds", "kept"),
    [
        ([10, 20, 30], [10, 20, 30]),  # all of a day
        ([DAY + 3600 * 5 + at for at in (100, 200, 300)], [DAY + 3600 * 5 + 100]),  # one an hour
        ([DAY * 8 + 3600 * at for at in (1, 2, 3)], [DAY * 8 + 3600]),  # one a day
        ([DAY * at for at in range(9, 20)], [DAY * at for at in range(9, 20)]),  # a daily one stays
    ],
)
async def test_trends_are_thinned(
    connection: sqlite3.Connection, store: Store, ages_in_seconds: list[int], kept: list[int]
) -> None:
    """All of a day, then the last of each hour for a week, then the last of each day, each metric by itself."""
    noon = NOW - NOW % DAY + DAY // 2  # so that hours and days of the clock are those of the ages
    for age in sorted(ages_in_seconds, reverse=True):
        insert(connection, *(a(HealthTrendRow, metric_name=name, recorded_at=noon - age) for name in "ab"))
    await sweep(store, Policy(), noon)
    found = connection.execute("SELECT metric_name, ? - recorded_at FROM health_trends ORDER BY 1, 2", (noon,))
    assert found.fetchall() == [(name, age) for name in "ab" for age in kept]


async def test_a_thinned_series_of_a_year_of_minutes_is_bounded(connection: sqlite3.Connection, store: Store) -> None:
    """A value every ten minutes for 100 days: 145 of the last day, 144 or so hourly ones, 83 or so daily ones."""
    connection.executemany(
        "INSERT INTO health_trends (metric_name, metric_value, recorded_at) VALUES ('m', 1.0, ?)",
        [(NOW - 600 * at,) for at in range(100 * 144, -1, -1)],
    )
    await sweep(store, Policy(), NOW)
    (rows,) = connection.execute("SELECT count(*) FROM health_trends").fetchone()
    assert 145 + 144 + 82 <= rows <= 145 + 146 + 85
