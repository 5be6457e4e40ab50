"""`driftd serve`: the daemon in the foreground."""

from __future__ import annotations

from pathlib import Path

import click

from driftd.cli.options import Command, workspace_argument


@click.command(
    cls=Command,
    examples=(
        "driftd serve ~/src/shop",
        'systemctl --user start "driftd@$(systemd-escape --path ~/src/shop).service"',
    ),
)
@workspace_argument
@click.option("--force", is_flag=True, help="Serve a folder that is refused as a workspace (/, the home folder).")
def serve(root: Path, force: bool) -> int:
    """Run the daemon in the foreground until SIGTERM, SIGINT or `driftd stop`.

    It is ready when the socket accepts connections; under systemd it says so (Type=notify) and takes the socket from
    driftd@.socket if that is used.  There is one daemon for each workspace.
    """
    from driftd.daemon import forkserver

    forkserver.start()
    from driftd.daemon.app import serve as run_daemon

    return run_daemon(root, force=force)
