"""What the accuracy scripts share: running driftd, asking another interpreter, and comparing two sets."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import sqlite3
import subprocess
import sys
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any

Key = tuple[str, ...]


def parser_of(doc: str) -> argparse.ArgumentParser:
    """Return a parser with the options that every script has."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--keep", action="store_true", help="judge the drift.db that is there instead of analysing")
    parser.add_argument("--verbose", action="store_true", help="list what was missed and what was wrong")
    return parser


def analyse(workspace: Path) -> None:
    """Run driftd on the workspace: the command in DRIFTD, else this one."""
    command = shlex.split(os.environ.get("DRIFTD", f"{shlex.quote(sys.executable)} -m driftd"))
    subprocess.run([*command, "analyze", str(workspace), "--full"], check=True, stdout=subprocess.DEVNULL)


def rows_of(workspace: Path, query: str) -> list[tuple[Any, ...]]:
    """Return the rows of a query to the workspace's database."""
    database = sqlite3.connect(workspace / ".drift" / "drift.db")
    try:
        return database.execute(query).fetchall()
    finally:
        database.close()


def ask(command: list[str], script: str, folder: Path, environment: dict[str, str]) -> Any:
    """Return what a script that runs in another interpreter prints after `@@`, as JSON."""
    done = subprocess.run(
        [*command, script], cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("@@")]
    if not lines:
        sys.exit(f"the application could not be asked:\n{done.stderr[-2000:]}")
    return json.loads(lines[-1][2:])


def compare(kind: str, truth: AbstractSet[Key], found: AbstractSet[Key], *, verbose: bool) -> None:
    """Print precision and recall of `found`."""
    right = len(truth & found)
    precision = right / len(found) if found else 0.0
    recall = right / len(truth) if truth else 0.0
    print(f"{kind:<12} truth {len(truth):5} found {len(found):5}  precision {precision:.4f}  recall {recall:.4f}")
    if verbose:
        for word, items in (("missed", truth - found), ("wrong", found - truth)):
            for item in sorted(items):
                print(f"  {word} {' '.join(item)}")
