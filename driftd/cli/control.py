"""The commands that make the daemon do something: catch up, stop."""

from __future__ import annotations

import os
import select
from pathlib import Path

import click

from driftd.cli.client import Client, ask
from driftd.cli.options import Command, json_option, workspace_argument
from driftd.cli.output import note_as_of, print_document, print_json
from driftd.errors import BusyError

# The daemon limits a `sync` itself; this is the time its answer may take on top of that.
ANSWER_MARGIN_S = 10.0


@click.command(cls=Command, examples=("git pull && driftd sync && driftd functions --file api/orders.py",))
@workspace_argument
@click.option("--timeout", type=click.FloatRange(min=0), default=60.0, show_default=True, metavar="SECONDS")
@json_option
def sync(root: Path, timeout: float, as_json: bool) -> int:
    """Wait until everything that was saved before this call is in the model."""
    result = ask(root, "sync", {"timeout_s": timeout}, timeout_s=timeout + ANSWER_MARGIN_S)
    if as_json:
        print_json(result)
    else:
        as_of = result.get("as_of", result)
        print_document(as_of)
        note_as_of({"as_of": as_of})
    return 0


@click.command(cls=Command, examples=("driftd stop ~/src/shop",))
@workspace_argument
@click.option("--timeout", type=click.FloatRange(min=0), default=60.0, show_default=True, metavar="SECONDS")
@json_option
def stop(root: Path, timeout: float, as_json: bool) -> int:
    """Shut the daemon down cleanly, and wait until its process is gone.

    It finishes what it was writing, cleans up and closes the database first.  The exit code is 4 if no daemon runs.
    """
    with Client(root) as client:
        pid = int(client.call("status")["pid"])
        process = _open_process(pid)
        try:
            client.call("shutdown")
            gone = client.wait_closed(timeout) if process is None else _wait_exit(process, timeout)
        finally:
            if process is not None:
                os.close(process)
    if not gone:
        raise BusyError(f"the daemon (pid {pid}) has not stopped within {timeout:g} s", hint="its log says why")
    if as_json:
        print_json({"stopped": True, "pid": pid})
    else:
        print(f"stopped (pid {pid})")
    return 0


def _open_process(pid: int) -> int | None:
    """Return a descriptor that becomes readable when the process ends; None if it is not to be seen from here.

    It is opened before the shutdown is asked for, so that it cannot be that of a later process with the same id.
    """
    try:
        return os.pidfd_open(pid)
    except OSError:
        return None


def _wait_exit(process: int, timeout_s: float) -> bool:
    poll = select.poll()
    poll.register(process, select.POLLIN)
    return bool(poll.poll(timeout_s * 1000))
