"""A sweep of millions of rows, and what others notice of it.

    python benchmarks/bench_sweep.py [--rows 2000000]

Findings that ended long ago are deleted while verdicts are written, each waiting for the disk as one that a person
typed does, and pages are read.  The bar: the 99th percentile of a verdict stays below 250 ms, and no read fails.
"""

from __future__ import annotations

import argparse
import resource
import sqlite3
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import anyio

from driftd.clock import SystemClock
from driftd.errors import DriftdError
from driftd.retention.policy import Policy
from driftd.retention.sweep import sweep
from driftd.rows.enforcement import FeedbackRow, ViolationRow
from driftd.rows.patterns import DetectionRow, PatternConfidenceRow
from driftd.store import migrate
from driftd.store.commands import Append, Update
from driftd.store.connect import connect_writer
from driftd.store.store import Store

BAR_MS = 250.0
DAY = 86_400
EVERY_S = 0.01  # between two verdicts of the one who types, who is quick

_FILL = """
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :rows)
    INSERT INTO detections (id, file, line, column_num, pattern_id, category, confidence, detection_method,
        matched_text, created_at, last_seen_at, resolved_at)
    SELECT lower(hex(randomblob(8))), printf('src/package%d/module%d.py', i / 40 % 97, i / 40 % 1999), i % 900, 1,
        printf('errors/pattern-%d', i % 211), 'errors', 0.8, 'ast_visitor', printf('except Exception: pass  # %d', i),
        :long_ago, :long_ago, iif(i % 10 = 0, NULL, :long_ago)
    FROM n
"""


def fill(path: Path, rows: int) -> None:
    """Make a database with that many findings that ended 40 days ago, and a ninth as many that are true."""
    now = int(time.time())
    with closing(connect_writer(path)) as connection:
        migrate.upgrade(connection, path)
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("BEGIN")
        connection.execute(
            "INSERT INTO file_metadata (path, file_size, mtime_secs, mtime_nanos, last_scanned_at) "
            "SELECT DISTINCT printf('src/package%d/module%d.py', value % 97, value % 1999), 1, 1, 0, ? "
            "FROM (WITH RECURSIVE n (value) AS (SELECT 0 UNION ALL SELECT value + 1 FROM n WHERE value < 200000) "
            "SELECT value FROM n)",
            (now,),
        )
        connection.execute(_FILL, {"rows": rows * 10 // 9, "long_ago": now - 40 * DAY})
        connection.execute(
            "INSERT INTO pattern_confidence (pattern_id, alpha, beta, posterior_mean, credible_interval_low, "
            "credible_interval_high, tier, sites) VALUES ('p', 3, 2, 0.6, 0.2, 0.9, 'emerging', 9)"
        )
        connection.executemany(
            "INSERT INTO violations (id, file, line, severity, pattern_id, rule_id, message) "
            "VALUES (?, 'src/package0/module0.py', 1, 'warning', 'p', 'r', 'm')",
            [(str(at),) for at in range(1000)],
        )
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


class Load:
    """Writes verdicts and reads pages until told to stop, and takes the time of each."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.verdicts: list[float] = []
        self.reads: list[float] = []
        self.failed = 0

    async def write(self) -> None:
        number = 0
        while True:
            number += 1
            key = str(number % 1000)
            row = FeedbackRow(violation_id=key, pattern_id="p", detector_id="r", action="dismiss")
            began = time.perf_counter()
            await self._store.writer.submit(
                Append(FeedbackRow, (row,)),
                Update(ViolationRow, (key,), {"suppressed": 1, "suppression_source": "user"}),
                Update(PatternConfidenceRow, ("p",), {"beta": 2.0 + number / 2}),
                durable=True,
            )
            self.verdicts.append((time.perf_counter() - began) * 1000)
            await anyio.sleep(EVERY_S)

    async def read(self) -> None:
        after: str | None = None
        while True:
            began = time.perf_counter()
            try:
                page = await self._store.reader.page(DetectionRow, {"resolved_at": None}, 100, after)
                after = page.next
                await self._store.reader.get(PatternConfidenceRow, "p")
            except DriftdError as error:
                self.failed += 1
                print(f"a read failed: {error}")
            self.reads.append((time.perf_counter() - began) * 1000)
            await anyio.sleep(EVERY_S)


def percentiles(values: list[float]) -> str:
    ordered = sorted(values)

    def at(share: float) -> float:
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]

    return f"n {len(ordered)}, median {at(0.5):.1f} ms, p99 {at(0.99):.1f} ms, max {ordered[-1]:.1f} ms"


async def measure(path: Path, seconds: float) -> int:
    async with Store.open(path, SystemClock()) as store:
        quiet, busy = Load(store), Load(store)
        for load in (quiet, busy):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(load.write)
                tasks.start_soon(load.read)
                if load is quiet:
                    await anyio.sleep(seconds)
                else:
                    report = await sweep(store, Policy(), int(time.time()), progress=_Longest())
                tasks.cancel_scope.cancel()
    print(f"without a sweep: verdicts {percentiles(quiet.verdicts)}")
    print(f"                 reads    {percentiles(quiet.reads)}")
    print(f"with a sweep:    verdicts {percentiles(busy.verdicts)}")
    print(f"                 reads    {percentiles(busy.reads)}, failed {busy.failed}")
    seconds = report.duration_ms / 1000
    print(
        f"sweep: {report.total:,} rows in {seconds:.1f} s ({report.total / seconds:,.0f} a second), "
        f"{report.slices} slices, {report.pages_freed:,} pages given back, "
        f"{report.bytes_before / 2**20:.0f} -> {report.bytes_after / 2**20:.0f} MiB"
    )
    print(f"memory at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")
    p99 = sorted(busy.verdicts)[int(0.99 * len(busy.verdicts))]
    met = p99 < BAR_MS and not busy.failed
    print(f"{'met' if met else 'NOT met'}: p99 {p99:.1f} ms of {BAR_MS:.0f}, {busy.failed} failed reads")
    return 0 if met else 1


class _Longest:
    """Prints each stage as it begins."""

    def __init__(self) -> None:
        self._stage = ""
        self._began = time.perf_counter()

    def __call__(self, stage: str, _done: int, total: int) -> None:
        if stage != self._stage:
            print(f"  {time.perf_counter() - self._began:6.1f} s: {stage} {total or ''}", flush=True)
            self._stage = stage


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=2_000_000, help="rows to delete")
    parser.add_argument("--seconds", type=float, default=10.0, help="of load without a sweep")
    parser.add_argument("--database", type=Path, help="keep the database here, and use it if it is there")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path: Path = options.database or Path(folder) / "drift.db"
        if not path.exists():
            began = time.perf_counter()
            fill(path, options.rows)
            print(f"filled in {time.perf_counter() - began:.1f} s: {path.stat().st_size / 2**20:.0f} MiB")
        arguments: tuple[Any, ...] = (path, options.seconds)
        return anyio.run(measure, *arguments)


if __name__ == "__main__":
    print(f"SQLite {sqlite3.sqlite_version}")
    sys.exit(main())
