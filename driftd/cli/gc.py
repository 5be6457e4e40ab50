"""`driftd gc`: delete what is old and no longer current, and give the space back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from driftd.cli.client import Client
from driftd.cli.options import Command, json_option, workspace_argument
from driftd.cli.output import (
    BOLD,
    counted,
    duration,
    log_errors_only,
    note,
    note_as_of,
    paint,
    print_json,
    print_table,
    size,
)
from driftd.cli.progress import Progress
from driftd.errors import NoDaemonError, RefusedError

REFUSED = 3


@click.command(
    cls=Command,
    examples=(
        "driftd gc --dry-run                  # what would go, and why",
        "driftd gc --retention-days 14        # all timed tiers, for this once",
        "driftd gc --short-days 7 --json | jq .total_deleted",
    ),
)
@workspace_argument
@click.option("--dry-run", is_flag=True, help="Count what would go; change nothing.")
@click.option("--retention-days", type=click.IntRange(1, 36_500), help="Days of every timed tier that is not named.")
@click.option("--short-days", type=click.IntRange(1, 36_500), help="Days of the short tier (findings, gate results).")
@click.option("--medium-days", type=click.IntRange(1, 36_500), help="Days of the medium tier (trends, feedback).")
@click.option("--long-days", type=click.IntRange(1, 36_500), help="Days of the long tier (caches, simulations).")
@json_option
def gc(root: Path, dry_run: bool, as_json: bool, **days: int | None) -> int:
    """Delete what is older than its tier and no longer current, and give the space back to the disk.

    What is still true stays however old it is, and so does what people typed; docs/retention.md has the rules.  The
    daemon does it if one runs, else this process.  The exit code is 3 if nothing was deleted because the clock cannot
    be right.
    """
    given = {name: value for name, value in days.items() if value is not None}
    with Progress() as progress:
        result = _gc(root, given, dry_run=dry_run, progress=progress)
    if as_json:
        print_json(result)
    else:
        print_summary(root, result)
        note_as_of(result)
    if result.get("refused"):
        note(f"nothing was deleted: {result['refused']}")
        return REFUSED
    return 0


def print_summary(root: Path, result: dict[str, Any]) -> None:
    """Print what went, table by table, and what that did to the file."""
    went = "would go" if result["dry_run"] else "deleted"
    took = duration(result["duration_ms"] / 1000)
    print(f"{paint(str(root), BOLD)}: {counted(result['total_deleted'], 'row')} {went}, in {took}")
    tables = [item for item in result["tables"] if item["deleted"]]
    if tables:
        print()
        print_table(tables, ("table", "tier", "deleted", "reason"))
        print()
    if result["dry_run"]:
        print(f"the database takes {size(result['bytes_before'])}")
        return
    print(f"the database took {size(result['bytes_before'])} and takes {size(result['bytes_after'])}")
    if result.get("folded"):
        print(f"{counted(result['folded'], 'verdict')} live on in the confidence of their patterns")
    for step in result.get("gave_way", ()):
        note(f"the database was larger than retention.max_db_mb, so these went too: {step}")
    if result.get("over_bytes"):
        note(f"the database is still {size(result['over_bytes'])} larger than retention.max_db_mb")


def _gc(root: Path, days: dict[str, int], *, dry_run: bool, progress: Progress) -> dict[str, Any]:
    """Return the result of the daemon, or of this process where no daemon answers."""

    def show(method: str, params: dict[str, Any]) -> None:
        if method == "$/progress":
            progress(str(params.get("stage", "")), int(params.get("done", 0)), int(params.get("total", 0)))

    try:
        with Client(root) as client:
            params = {**days, "dry_run": dry_run, "progress_token": "driftd-gc"}
            result = client.call("gc", params, timeout_s=None, notify=show)
    except NoDaemonError:
        from driftd.daemon.embedded import gc as run_here

        log_errors_only()
        return run_here(root, days, dry_run=dry_run, progress=progress)
    if not isinstance(result, dict):
        raise RefusedError("the daemon's answer to gc is not a report", hint="is it another version of driftd?")
    return result
