"""`driftd gc`: what it asks for, what it prints, and its exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.cli.fake_daemon import FakeDaemon, driftd

REPORT: dict[str, Any] = {
    "dry_run": False,
    "total_deleted": 3,
    "tables": [
        {"table": "feedback", "tier": "medium", "deleted": 2, "reason": "age"},
        {"table": "functions", "tier": "current", "deleted": 1, "reason": "untracked"},
        {"table": "violations", "tier": "short", "deleted": 0, "reason": "age"},
    ],
    "folded": 2,
    "bytes_before": 2048,
    "bytes_after": 1024,
    "duration_ms": 12,
    "gave_way": [],
    "over_bytes": 0,
    "refused": None,
}


def test_what_went_is_shown_by_table(workspace: Path, daemon: FakeDaemon) -> None:
    """Only tables that lost rows, with tier and reason, and what it did to the file."""
    daemon.answers["gc"] = lambda _params: REPORT
    done = driftd("gc", workspace)
    assert done.returncode == 0
    assert done.stdout == (
        f"{workspace}: 3 rows deleted, in 12 ms\n"
        "\n"
        "table      tier     deleted  reason\n"
        "feedback   medium         2  age\n"
        "functions  current        1  untracked\n"
        "\n"
        "the database took 2 KiB and takes 1 KiB\n"
        "2 verdicts live on in the confidence of their patterns\n"
    )


def test_options_are_the_parameters_of_the_method(workspace: Path, daemon: FakeDaemon) -> None:
    """What was said on the command line is asked for, and nothing else."""
    daemon.answers["gc"] = lambda params: {**REPORT, "dry_run": params["dry_run"]}
    done = driftd("gc", workspace, "--dry-run", "--retention-days", "9", "--short-days", "3", "--json")
    assert json.loads(done.stdout)["dry_run"] is True
    assert daemon.asked("gc") == [
        {"retention_days": 9, "short_days": 3, "dry_run": True, "progress_token": "driftd-gc"}
    ]


def test_a_refused_sweep_is_exit_code_3(workspace: Path, daemon: FakeDaemon) -> None:
    """Nothing was deleted although it was asked for: that is no success."""
    daemon.answers["gc"] = lambda _params: {**REPORT, "total_deleted": 0, "tables": [], "refused": "the clock is odd"}
    done = driftd("gc", workspace)
    assert done.returncode == 3
    assert "driftd: nothing was deleted: the clock is odd\n" in done.stderr


def test_a_bound_that_does_not_hold_is_said(workspace: Path, daemon: FakeDaemon) -> None:
    """What else went because the file was too large, and what it still is too large."""
    daemon.answers["gc"] = lambda _params: {**REPORT, "gave_way": ["the log"], "over_bytes": 2048}
    stderr = driftd("gc", workspace).stderr
    assert "larger than retention.max_db_mb, so these went too: the log" in stderr
    assert "still 2 KiB larger than retention.max_db_mb" in stderr


def test_without_a_database_there_is_nothing_to_clean(workspace: Path) -> None:
    """No daemon and no analysis yet."""
    done = driftd("gc", workspace)
    assert done.returncode == 1
    assert "has no database (analyse it first: driftd analyze)" in done.stderr
