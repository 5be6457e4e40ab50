"""`driftd status`: what the daemon knows and how it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from driftd.cli.client import ask
from driftd.cli.options import Command, json_option, workspace_argument
from driftd.cli.output import note_as_of, print_document, print_json

COUNTS_BY_TABLE = ("rows", "deleted")


@click.command(
    cls=Command,
    examples=(
        "driftd status",
        "driftd status --json | jq .db.rows",
    ),
)
@workspace_argument
@json_option
def status(root: Path, as_json: bool) -> int:
    """Show the daemon's health, database, writer, watcher, languages and last run."""
    result = ask(root, "status")
    if as_json:
        print_json(result)
    else:
        print_document({name: _without_zeros(part) for name, part in result.items() if name != "as_of"})
        note_as_of(result)
    return 0


def _without_zeros(part: Any) -> Any:
    """Return `part` with only the tables that have something in its counts, at any depth."""
    if not isinstance(part, dict):
        return part
    return {
        name: {table: count for table, count in value.items() if count}
        if name in COUNTS_BY_TABLE and isinstance(value, dict)
        else _without_zeros(value)
        for name, value in part.items()
    }
