"""What is bounded by size: cached facts, the log of contexts, and the file as a whole."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from driftd.retention.policy import MIB, Policy
from driftd.retention.rules import pressure
from driftd.retention.sweep import sweep
from driftd.rows.advanced import ContextCacheRow
from driftd.rows.declare import table_of
from driftd.rows.enforcement import FeedbackRow, GateResultRow, HealthTrendRow, ViolationRow
from driftd.rows.facts import FileMetadataRow, ParseCacheRow
from driftd.rows.patterns import DetectionRow
from driftd.store.store import Store
from tests.retention.rows import DAY, LIVE, NOW, a, a_pattern, a_verdict, a_world, counts, days_ago, insert


def facts(name: str, size: int, used: int = NOW, **more: Any) -> ParseCacheRow:
    values = {"content_hash": name.encode(), "language": "python", "created_at": used, **more}
    return a(ParseCacheRow, cache_key=name.encode(), size=size, facts=b"x" * size, last_used_at=used, **values)


def files(names: Sequence[str]) -> list[FileMetadataRow]:
    return [a(FileMetadataRow, path=name, language="python", content_hash=name.encode()) for name in names]


def left(connection: sqlite3.Connection) -> list[str]:
    return [key.decode() for (key,) in connection.execute("SELECT cache_key FROM parse_cache ORDER BY cache_key")]


async def test_facts_that_no_file_has_may_take_half_of_those_in_use(
    connection: sqlite3.Connection, store: Store
) -> None:
    """100 bytes are in use, so 50 are spared for a branch to come back to: the most recently used."""
    insert(connection, *files(["a", "b"]), facts("a", 60, days_ago(500)), facts("b", 40))
    insert(connection, facts("s1", 30, days_ago(3)), facts("s2", 20, days_ago(2)), facts("s3", 10, days_ago(1)))
    report = await sweep(store, Policy(), NOW)
    assert report.counts["parse_cache", "size"] == 1
    assert left(connection) == ["a", "b", "s2", "s3"]


async def test_facts_in_use_go_last_and_only_beyond_the_limit(connection: sqlite3.Connection, store: Store) -> None:
    """With room for 80 bytes, what no file has goes first, then the least recently used."""
    insert(connection, *files(["a", "b"]), facts("a", 60, days_ago(2)), facts("b", 40, days_ago(1)))
    insert(connection, facts("spare", 5))
    await sweep(store, Policy(cache_bytes=80), NOW)
    assert left(connection) == ["b"]


async def test_facts_of_an_older_extractor_are_not_in_use(connection: sqlite3.Connection, store: Store) -> None:
    """The same content read by a newer driftd: the older facts are spare, and go when they are too many."""
    insert(connection, *files(["a"]), facts("a", 60, days_ago(400)), facts("n", 60, content_hash=b"a"))
    await sweep(store, Policy(), NOW)
    assert left(connection) == ["n"]


async def test_use_is_noted_once_a_week(connection: sqlite3.Connection, store: Store) -> None:
    """Facts of tracked files were used just now; their time is written when it is a week old, not every day."""
    insert(
        connection,
        *files(["a", "b"]),
        facts("a", 6, days_ago(8)),
        facts("b", 4, days_ago(6)),
        facts("s", 1, days_ago(9)),
    )
    await sweep(store, Policy(), NOW)
    found = connection.execute("SELECT cache_key, last_used_at FROM parse_cache ORDER BY 1").fetchall()
    assert found == [(b"a", NOW), (b"b", days_ago(6)), (b"s", days_ago(9))]


async def test_the_log_of_contexts_keeps_the_newest(connection: sqlite3.Connection, store: Store) -> None:
    """Beyond its number of rows the oldest deliveries go."""
    insert(connection, *(a(ContextCacheRow, session_id=str(age), created_at=days_ago(age)) for age in range(9)))
    report = await sweep(store, Policy(context_rows=4), NOW)
    assert report.counts["context_cache", "size"] == 5
    assert connection.execute("SELECT session_id FROM context_cache ORDER BY 1").fetchall() == [(k,) for k in "0123"]


async def test_pages_are_given_back(connection: sqlite3.Connection, store: Store) -> None:
    """After a sweep the file has no free pages, the log is empty, and the report tells the sizes of before and after."""
    insert(connection, *files(["a"]), facts("a", 10), *(facts(f"s{at}", 20_000) for at in range(50)))
    report = await sweep(store, Policy(), NOW)
    assert connection.execute("PRAGMA freelist_count").fetchone() == (0,)
    assert report.pages_freed >= 200
    assert report.bytes_before - report.bytes_after == 4096 * report.pages_freed
    assert store.path.stat().st_size == report.bytes_after
    assert report.wal_truncated
    assert store.path.with_name("drift.db-wal").stat().st_size == 0


def filled(connection: sqlite3.Connection) -> None:
    """Rows that are all young: a sweep by the tiers leaves every one of them."""
    a_world(connection)
    insert(connection, a_pattern("p"), *(a_verdict("open", reason="x" * 2000) for _ in range(20)))
    insert(connection, *(a(ViolationRow, id=f"v{at}", file=LIVE, message="x" * 2000) for at in range(20)))
    insert(connection, *files(["a"]), facts("a", 100_000), facts("s", 40_000))
    insert(connection, *(a(ContextCacheRow, session_id="x" * 2000) for _ in range(20)))
    insert(
        connection,
        *(a(DetectionRow, id=f"d{at}", file=LIVE, matched_text="x" * 2000, resolved_at=NOW) for at in range(20)),
        *(
            a(GateResultRow, gate_id="g", summary="x" * 2000, run_at=NOW - NOW % DAY - DAY * day + at)
            for day in range(20)
            for at in (0, 1)
        ),
    )


async def test_a_file_that_is_too_large_gives_way_in_order(connection: sqlite3.Connection, store: Store) -> None:
    """What can be computed again and what is over go first; verdicts and what is true stay, and it is said."""
    filled(connection)
    before = counts(connection)
    report = await sweep(store, Policy(max_bytes=1), NOW)
    assert report.gave_way == [step.name for step in pressure()]
    after = counts(connection)
    assert (after["parse_cache"], after["context_cache"], after["detections"], after["gate_results"]) == (0, 0, 0, 1)
    assert {name: after[name] for name in ("violations", "feedback", "file_metadata", "functions")} == {
        name: before[name] for name in ("violations", "feedback", "file_metadata", "functions")
    }
    assert report.over_bytes == report.bytes_after - 1


async def test_giving_way_ends_when_the_file_fits(connection: sqlite3.Connection, store: Store) -> None:
    """The first step that helps is the last."""
    filled(connection)
    first = await sweep(store, Policy(), NOW)
    assert first.gave_way == []
    report = await sweep(store, Policy(max_bytes=first.bytes_after - 30_000), NOW)
    assert report.gave_way == ["cached facts of contents that no file has"]
    assert report.over_bytes == 0
    assert (await sweep(store, Policy(max_bytes=MIB * 100), NOW)).total == 0


async def test_a_row_that_became_current_again_stays(connection: sqlite3.Connection, store: Store) -> None:
    """What was found is looked at again when it is deleted: a finding that came back meanwhile is not."""
    a_world(connection)
    insert(connection, *(a(DetectionRow, id=str(at), file=LIVE, resolved_at=days_ago(40)) for at in range(3)))

    def reopen(stage: str, _done: int, _total: int) -> None:
        if stage == "delete":
            connection.execute("UPDATE detections SET resolved_at = NULL WHERE id = '1'")

    report = await sweep(store, Policy(), NOW, progress=reopen)
    assert report.counts["detections", "age"] == 2
    assert connection.execute("SELECT id FROM detections").fetchall() == [("1",)]


async def test_a_sweep_whose_time_is_up_ends_unfinished(connection: sqlite3.Connection, store: Store) -> None:
    """What it has not come to, the next one finds."""
    insert(connection, *(a(HealthTrendRow, metric_name="m", recorded_at=days_ago(200 + at)) for at in range(9)))
    report = await sweep(store, Policy(), NOW, seconds=0.0)
    assert report.unfinished
    assert (await sweep(store, Policy(), NOW)).total + report.total == 8


def test_verdicts_are_no_step_of_giving_way() -> None:
    """What people typed goes by no pressure."""
    tables = {rule.table.name for step in pressure() for rule in step.rules}
    typed = {table_of(FeedbackRow).name, "pattern_status", "constraints", "conventions"}
    assert not tables & (typed | {"migration_projects", "migration_modules", "migration_corrections"})
