"""`driftd verify`: the proof that incremental and full analysis agree."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import click

from driftd.cli.client import ask
from driftd.cli.options import Command, json_option, workspace_argument
from driftd.cli.output import counted, log_errors_only, note, print_json, print_table
from driftd.errors import NoDaemonError

DIFFERENT = 1
SHOWN = 100


@click.command(cls=Command, examples=("driftd verify ~/src/shop",))
@workspace_argument
@json_option
def verify(root: Path, as_json: bool) -> int:
    """Rebuild the analysis from nothing in a scratch database and compare it with the live one.

    Every table is compared row by row, apart from columns that hold times.  The exit code is 0 if they are equal and
    1 if they differ.
    """
    from driftd.daemon.verify import verify as compare

    log_errors_only()
    with suppress(NoDaemonError):  # without a daemon, nothing can be under way
        ask(root, "sync")  # so that a file saved a moment ago is no difference
    differences = compare(root)
    if as_json:
        print_json({"equal": not differences, "differences": differences})
    elif differences:
        print_table(differences[:SHOWN])
        if len(differences) > SHOWN:
            note(f"{len(differences) - SHOWN} more (all of them: --json)")
        note(f"{counted(len(differences), 'difference')} between the live analysis and one made from nothing")
    else:
        print("equal: the live analysis is what one made from nothing gives")
    return DIFFERENT if differences else 0
