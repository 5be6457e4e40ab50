"""`driftd analyze`: one analysis, by the running daemon or in this process, and its summary."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click

from driftd.cli.client import Client
from driftd.cli.options import Command, json_option, workspace_argument
from driftd.cli.output import (
    BOLD,
    RED,
    YELLOW,
    counted,
    duration,
    log_errors_only,
    note,
    paint,
    plain,
    print_json,
    print_table,
)
from driftd.cli.progress import Progress
from driftd.errors import BusyError, NoDaemonError, RefusedError

# A daemon that is starting holds the lock before it answers, and one that stops holds it after: wait that long.
HANDOVER_S = 10.0
HANDOVER_STEP_S = 0.1
INCOMPLETE = 3
SHOWN_PROBLEMS = 20


@click.command(
    cls=Command,
    examples=(
        "driftd analyze",
        "driftd analyze ~/src/shop --full",
        "driftd analyze --json | jq .files",
    ),
)
@workspace_argument
@click.option("--full", is_flag=True, help="Analyse every file again, whatever the cache holds.")
@click.option("--path", "paths", multiple=True, metavar="FILE", help="Look only at this file or folder; repeatable.")
@click.option("--force", is_flag=True, help="Analyse a folder that is refused as a workspace (/, the home folder).")
@json_option
def analyze(root: Path, full: bool, paths: tuple[str, ...], force: bool, as_json: bool) -> int:
    """Make the analysis of WORKSPACE current and print a summary.

    The daemon does it if one runs, else this process.  The exit code is 0 whatever the analysis finds, files that it
    could not read included (the summary names them); it is 3 if a part of the analysis itself failed.
    """
    with Progress() as progress:
        result = _analyze(root, full=full, paths=paths, force=force, progress=progress)
    if as_json:
        print_json(result)
    else:
        print_summary(root, result)
    failed = [stage["name"] for stage in result.get("stages", []) if stage.get("error")]
    if failed:
        note(f"incomplete: {', '.join(failed)} failed and kept the rows of the last good run")
    elif result.get("status") in ("failed", "cancelled"):
        note(f"incomplete: the run was {result['status']}: {result.get('error') or 'no reason given'}")
    else:
        return 0
    return INCOMPLETE


def print_summary(root: Path, result: dict[str, Any]) -> None:
    """Print what a run did: files, rows of each table, stages with their durations, problems."""
    files = result.get("files", {})
    rows = {table: count for table, count in result.get("rows", {}).items() if count}
    took = duration(result.get("duration_ms", 0) / 1000)
    print(f"{paint(plain(str(root)), BOLD)}: analysed in {took} (run {result.get('run_id')})")
    changes = ", ".join(f"{files.get(kind, 0)} {kind}" for kind in ("added", "modified", "removed", "unchanged"))
    print(f"\n{counted(files.get('total', 0), 'file')}: {changes}")
    if files.get("failed"):
        print(paint(f"{counted(files['failed'], 'file')} could not be examined", RED))
    print(f"\n{counted(sum(rows.values()), 'row')} written" + (":" if rows else ": nothing has changed"))
    for table, count in sorted(rows.items()):
        print(f"  {table:<{max(map(len, rows))}}  {count:>8}")
    if result.get("stages"):
        print()
        print_table(result["stages"], ("name", "duration_ms", "rows", "error"))
    _print_problems(result.get("problems", []))


def _print_problems(problems: list[dict[str, Any]]) -> None:
    if not problems:
        return
    print(paint(f"\n{counted(len(problems), 'problem')}", YELLOW))
    for problem in problems[:SHOWN_PROBLEMS]:
        place = ":".join(str(problem[key]) for key in ("file", "line") if problem.get(key))
        print(plain(f"  {place or problem.get('stage') or 'run'}: {problem.get('message', '')}"))
    if len(problems) > SHOWN_PROBLEMS:
        print(f"  and {len(problems) - SHOWN_PROBLEMS} more (all of them: --json)")


def _analyze(root: Path, *, full: bool, paths: tuple[str, ...], force: bool, progress: Progress) -> dict[str, Any]:
    """Return the result of the daemon's run, or of one in this process where no daemon answers."""
    deadline = time.monotonic() + HANDOVER_S
    while True:
        try:
            return _by_daemon(root, full=full, paths=paths, progress=progress)
        except NoDaemonError:
            pass  # so this process does it
        from driftd.daemon import forkserver

        forkserver.start()
        from driftd.daemon.embedded import analyze as run_here

        log_errors_only()
        try:
            return run_here(root, full=full, force=force, paths=paths, progress=progress)
        except BusyError:
            if time.monotonic() >= deadline:
                raise
        time.sleep(HANDOVER_STEP_S)


def _by_daemon(root: Path, *, full: bool, paths: tuple[str, ...], progress: Progress) -> dict[str, Any]:
    def show(method: str, params: dict[str, Any]) -> None:
        if method == "$/progress":
            progress(str(params.get("stage", "")), int(params.get("done", 0)), int(params.get("total", 0)))

    with Client(root) as client:
        params = {"full": full, "paths": list(paths) or None, "progress_token": "driftd-analyze"}
        given = {key: value for key, value in params.items() if value}
        result = client.call("analyze", given, timeout_s=None, notify=show)
    if not isinstance(result, dict):
        raise RefusedError("the daemon's answer to analyze is not a report", hint="is it another version of driftd?")
    return result
