"""`driftd socket-path`."""

from __future__ import annotations

from pathlib import Path

import click

from driftd.cli.options import Command, json_option, workspace_argument
from driftd.cli.output import print_json


@click.command("socket-path", cls=Command, examples=('nc -U "$(driftd socket-path)"',))
@workspace_argument
@json_option
def socket_path(root: Path, as_json: bool) -> int:
    """Print the path of the daemon's socket, whether or not a daemon runs."""
    from driftd.watch.workspace import socket_path as path_of

    path = str(path_of(root))
    if as_json:
        print_json({"socket": path})
    else:
        print(path)
    return 0
