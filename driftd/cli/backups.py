"""`driftd backup`, `restore`, `export` and `import`: copies of the database, and of what people typed into it.

With a daemon they are its methods of the same names; without one they work on the files themselves.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import click

from driftd.cli.client import ask
from driftd.cli.options import PATH, Command, json_option, workspace_argument
from driftd.cli.output import counted, note, print_json, size
from driftd.errors import NoDaemonError, NotFoundError, RefusedError
from driftd.watch.workspace import Layout

TIMEOUT_S = 600.0  # a large database on a slow disk


@click.command(cls=Command, examples=("driftd backup", "driftd backup --to /mnt/backups/shop.db"))
@workspace_argument
@click.option("--to", "target", type=PATH, metavar="FILE", help="Write it there, not to the folder that is rotated.")
@json_option
def backup(root: Path, target: Path | None, as_json: bool) -> int:
    """Copy the database, while it is in use or not, and check the copy.

    Without --to the copy goes to .drift/backups, where the newest four of them are kept, and 500 MB in all.
    """
    file = None if target is None else str(target.absolute())
    try:
        result = ask(root, "backup", {"file": file}, timeout_s=TIMEOUT_S)
    except NoDaemonError:
        from driftd.store import backup as backups

        path = _database(root)
        if target is None:
            made = backups.make(path, "user_requested", int(time.time()), slim=False)
            result = {"file": str(made.path), "bytes": made.size}
        else:
            backups.copy(path, target.absolute())
            result = {"file": file, "bytes": target.stat().st_size}
    return _say(result, f"{result['file']} ({size(result['bytes'])}), checked", as_json=as_json)


@click.command(cls=Command, examples=("driftd restore .drift/backups/000012-scheduled-20260101T030000Z.db",))
@click.argument("file", type=PATH)
@workspace_argument
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def restore(root: Path, file: Path, yes: bool, as_json: bool) -> int:
    """Let a backup take the place of the database, which is backed up and put aside.

    What people typed since the backup is then not in the database; `driftd export` beforehand and `driftd import`
    afterwards bring it in.  What the backup leaves out, or what changed since, is analysed at the next start.
    """
    if not yes:
        if not sys.stdin.isatty():
            raise RefusedError("the database as it is would be replaced", hint="say so with --yes")
        click.confirm(f"Replace the database of {root} by {file}?", abort=True)
    source = str(file.absolute())
    try:
        result = ask(root, "restore", {"file": source, "confirm": "DELETE"}, timeout_s=TIMEOUT_S)
    except NoDaemonError:
        from driftd.daemon.backups import restore_without_daemon

        result = restore_without_daemon(root, Path(source))
    return _say(result, f"restored {source}; the database as it was: {result['kept']}", as_json=as_json)


@click.command(cls=Command, examples=("driftd export > typed.jsonl", "driftd export --to typed.jsonl"))
@workspace_argument
@click.option("--to", "target", type=PATH, metavar="FILE", help="Write it there, not to standard output.")
def export(root: Path, target: Path | None) -> int:
    """Write what people typed as lines of JSON: feedback, approvals, constraints, migrations, dismissals."""
    from contextlib import closing

    from driftd.store import exchange
    from driftd.store.connect import connect_reader

    path = _database(root)
    if target is not None:
        rows = exchange.write(path, target.absolute(), int(time.time()))
        note(f"{target}: {counted(rows, 'row')}")
        return 0
    with closing(connect_reader(path)) as connection:
        connection.execute("BEGIN")
        for line in exchange.export(connection, int(time.time())):
            print(line)
    return 0


@click.command("import", cls=Command, examples=("driftd import typed.jsonl",))
@click.argument("file", type=PATH)
@workspace_argument
@json_option
def merge(root: Path, file: Path, as_json: bool) -> int:
    """Merge what `driftd export` wrote, of this or of another checkout of the project.

    A row that is there stays as it is unless the other one is newer; to import the same file again changes nothing.
    """
    source = str(file.absolute())
    try:
        result = ask(root, "import", {"file": source}, timeout_s=TIMEOUT_S)
    except NoDaemonError:
        from driftd.daemon.backups import merge_without_daemon

        result = merge_without_daemon(root, Path(source))
    merged = ", ".join(f"{number} in {table}" for table, number in result["merged"].items()) or "nothing new"
    return _say(result, f"{counted(result['read'], 'row')} read, merged: {merged}", as_json=as_json)


def _database(root: Path) -> Path:
    path = Layout(root).database
    if not path.exists():
        raise NotFoundError(f"{root} has no database yet", hint=f"driftd analyze {root}")
    return path


def _say(result: Any, text: str, *, as_json: bool) -> int:
    if as_json:
        print_json(result)
    else:
        print(text)
    return 0
