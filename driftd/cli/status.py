"""`driftd status`: what the daemon knows and how it is."""

from __future__ import annotations

from pathlib import Path

import click

from driftd.cli.client import ask
from driftd.cli.options import Command, json_option, workspace_argument
from driftd.cli.output import note_as_of, print_document, print_json


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
    """Show the daemon's health, database, writer, watcher and last run."""
    result = ask(root, "status")
    if as_json:
        print_json(result)
    else:
        print_document(result)
        note_as_of(result)
    return 0
