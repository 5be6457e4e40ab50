"""Prove that the database stays small: a year of daily analyses of a real project, its history replayed.

    python -m benchmarks.chaos_retention REPOSITORY [--days 400] [--per-day 1]

REPOSITORY is a git directory.  Every simulated day some commits are checked out one after the other, each as a save
would be, then the day's sweep runs; people give verdicts on what is found.  The clock is injected.  After each sweep:
every pattern's posterior is what it was before, and so is what its feedback adds up to; at the end: the size of day 60
is at most twice that of day 1, that of the last day at most 1.15 times that of day 60, and nothing that is open is lost.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from functools import partial
from pathlib import Path

import anyio

from driftd.clock import FakeClock
from driftd.config import Settings
from driftd.daemon import feedback as writing
from driftd.daemon.embedded import analyse_into
from driftd.daemon.engine import Engine
from driftd.daemon.judgements import _give
from driftd.daemon.logging import configure
from driftd.retention.janitor import Janitor
from driftd.rows.enforcement import AuditSnapshotRow, GateResultRow, HealthTrendRow, PolicyResultRow
from driftd.rows.feedback_effect import effect_of
from driftd.store.commands import Append, Call
from driftd.store.space import table_bytes
from driftd.store.store import Store

DAY = 86_400
FIRST, LAST = 2.0, 1.15  # bars
VERDICTS_A_DAY = 4
GATES = ("pattern-compliance", "constraint-verification", "security-boundaries", "test-coverage", "regression")


class Year:
    """One workspace, its store and its engine, and what is looked at every day."""

    def __init__(self, root: Path, repository: Path, commits: list[str], seed: int) -> None:
        self.root = root
        self.repository = repository
        self.commits = commits
        self.random = random.Random(seed)
        self.clock = FakeClock()
        self.sizes: dict[int, int] = {}
        self.faults: list[str] = []
        self.folded = 0
        self.deleted = 0
        self.verdicts = 0
        self.runs = 0
        self.fresh = 0

    async def live(self, days: int, per_day: int) -> None:
        settings = Settings()
        path = self.root.parent / "drift.db"
        async with Store.open(path, self.clock) as store:
            engine = Engine(self.root, store, settings, self.clock)
            janitor = Janitor(store, settings, self.clock)
            try:
                await engine.restore()
                await janitor.restore()
                for day in range(1, days + 1):
                    for at in range(per_day):
                        number = (day - 1) * per_day + at
                        self.check_out(self.commits[min(number, len(self.commits) - 1)])
                        report = await engine.run(trigger="save", record_always=False)
                        self.runs += 1
                        await self.judge(store, report.run_id)
                        self.clock.advance(DAY / per_day)
                    await self.speak(store)
                    await self.sweep(store, janitor, day)
            finally:
                await engine.close()
        fresh = self.root.parent / "fresh.db"
        await analyse_into(self.root, fresh, settings, self.clock)
        self.fresh = fresh.stat().st_size
        with closing(sqlite3.connect(path)) as database:
            sizes, _ = table_bytes(database)
            print("largest: " + ", ".join(f"{name} {size / 1024:.0f} KB" for name, size in list(sizes.items())[:8]))
            rows = {name: database.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in sizes}
            print("rows: " + ", ".join(f"{name} {count}" for name, count in rows.items() if count))

    def check_out(self, commit: str) -> None:
        subprocess.run(
            [
                "git",
                f"--git-dir={self.repository}",
                f"--work-tree={self.root}",
                "checkout",
                "-q",
                "-f",
                commit,
                "--",
                ".",
            ],
            check=True,
        )
        listed = subprocess.run(
            ["git", f"--git-dir={self.repository}", "ls-tree", "-r", "--name-only", "-z", commit],
            check=True,
            capture_output=True,
        ).stdout
        wanted = {name.decode() for name in listed.split(b"\0") if name}
        for file in self.root.rglob("*"):
            if file.is_file() and str(file.relative_to(self.root)) not in wanted:
                file.unlink()

    async def judge(self, store: Store, run: int) -> None:
        """Append what gates, policy and audit append in every run, where no stage does it yet."""
        commands = [
            Append(
                GateResultRow,
                [
                    GateResultRow(
                        run_id=run, gate_id=gate, status="passed", passed=True, score=99.0, summary="fine " * 20
                    )
                    for gate in GATES
                ],
            ),
            Append(
                PolicyResultRow,
                [
                    PolicyResultRow(
                        run_id=run,
                        policy_name="standard",
                        aggregation_mode="threshold",
                        overall_passed=True,
                        overall_score=90.0,
                        gate_count=5,
                        gates_passed=5,
                        gates_failed=0,
                    )
                ],
            ),
            Append(
                AuditSnapshotRow,
                [
                    AuditSnapshotRow(
                        run_id=run,
                        health_score=80.0,
                        avg_confidence=0.5,
                        approval_ratio=0.1,
                        compliance_rate=0.9,
                        cross_validation_rate=0.5,
                        duplicate_free_rate=1.0,
                    )
                ],
            ),
            Append(HealthTrendRow, [HealthTrendRow(metric_name=f"gate:{gate}", metric_value=99.0) for gate in GATES]),
        ]
        await store.writer.submit(*commands)

    async def speak(self, store: Store) -> None:
        """Give some verdicts on violations, as the daemon does."""
        found = await store.reader.fetch("SELECT id FROM violations WHERE resolved_at IS NULL ORDER BY id")
        for _ in range(VERDICTS_A_DAY if found else 0):
            given = writing.Given(
                violation=self.random.choice(found)[0],
                action=self.random.choice(("dismiss", "fix", "suppress", "escalate")),
                author="somebody",
            )
            await store.writer.submit(Call(partial(_give, given=given, silenced_inline=lambda *_: False)), durable=True)
            self.verdicts += 1

    async def sweep(self, store: Store, janitor: Janitor, day: int) -> None:
        before = await self.state(store)
        dry = await janitor.gc(janitor.policy, dry_run=True)
        report = await janitor.gc(janitor.policy)
        after = await self.state(store)
        self.sizes[day] = report.bytes_after
        self.folded += report.folded
        self.deleted += report.total
        if report.refused:
            self.faults.append(f"day {day}: {report.refused}")
        counted = {key: rows for key, rows in dry.counts.items() if key[0] != "workspace_events"}
        if counted != {key: rows for key, rows in report.counts.items() if key[0] != "workspace_events"}:
            self.faults.append(f"day {day}: the dry run counted something else")
        for what in before:
            if before[what] != after[what]:
                self.faults.append(f"day {day}: {what} changed")
        if day in {1, 2, 30} or day % 20 == 0:
            print(
                f"day {day:3}: {report.bytes_after / 2**20:6.2f} MiB, {report.total} rows went, {report.folded} folded",
                flush=True,
            )

    async def state(self, store: Store) -> dict[str, object]:
        """Return what no sweep may change."""
        fetch = store.reader.fetch
        beliefs = await fetch("SELECT pattern_id, alpha, beta, posterior_mean FROM pattern_confidence ORDER BY 1")
        sums = {
            pattern: (alpha, beta)
            for pattern, alpha, beta in await fetch(
                "SELECT pattern_id, feedback_alpha, feedback_beta FROM pattern_confidence"
            )
        }
        for pattern, action, reason in await fetch("SELECT pattern_id, action, dismissal_reason FROM feedback"):
            alpha, beta = sums.get(pattern, (0.0, 0.0))
            effect = effect_of(action, reason)
            sums[pattern] = (alpha + effect.alpha, beta + effect.beta)
        return {
            "a posterior": beliefs,
            "what feedback adds up to": sums,
            "an open violation": await fetch(
                "SELECT id, suppressed FROM violations WHERE resolved_at IS NULL ORDER BY 1"
            ),
            "an open detection": await fetch("SELECT id FROM detections WHERE resolved_at IS NULL ORDER BY 1"),
            "a function": await fetch("SELECT count(*), sum(id % 1000003) FROM functions"),
            "a call": await fetch("SELECT count(*), sum(caller_id % 1000003) FROM call_edges"),
        }

    def verdict(self, days: int) -> int:
        """Print what came out; returns 1 if a bar is missed."""
        middle = min(60, days)
        first, sixty, last = self.sizes[1], self.sizes[middle], self.sizes[days]
        print(
            f"{self.runs} analyses, {self.verdicts} verdicts, {self.folded} folded, {self.deleted} rows deleted; "
            f"day 1 {first / 2**20:.2f}, day {middle} {sixty / 2**20:.2f} ({sixty / first:.2f} of day 1), "
            f"day {days} {last / 2**20:.2f} MiB ({last / sixty:.3f} of day {middle})"
        )
        print(f"an analysis of the last day's files from nothing: {self.fresh / 2**20:.2f} MiB")
        for fault in self.faults[:20]:
            print(f"FAULT {fault}")
        met = not self.faults and sixty <= FIRST * first and last <= LAST * sixty
        print("met" if met else "NOT met")
        return 0 if met else 1


def history(repository: Path, number: int) -> list[str]:
    """Return the newest commits of the main line, oldest first."""
    found = subprocess.run(
        ["git", f"--git-dir={repository}", "log", "--first-parent", f"--max-count={number}", "--format=%H"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    return found[::-1]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("repository", type=Path)
    parser.add_argument("--days", type=int, default=400)
    parser.add_argument("--per-day", type=int, default=1, help="commits a day")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    configure("error", "console")
    with tempfile.TemporaryDirectory() as folder:
        bare = Path(folder) / "repository"
        shutil.copytree(options.repository, bare)
        root = Path(folder) / "w"
        root.mkdir()
        year = Year(root, bare, history(bare, options.days * options.per_day), options.seed)
        began = time.perf_counter()
        anyio.run(year.live, options.days, options.per_day)
        print(f"{time.perf_counter() - began:.0f} s")
        return year.verdict(options.days)


if __name__ == "__main__":
    sys.exit(main())
