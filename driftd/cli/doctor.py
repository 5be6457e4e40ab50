"""`driftd doctor`: checks everything the daemon depends on, and says what to do about what it finds.

It changes nothing: it only tries whether the lock is free, and opens the database read-only.  A check is a
function from the workspace to findings; one that raises is reported as failed, and the others go on.
"""

from __future__ import annotations

import fcntl
import os
import platform
import shutil
import sqlite3
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import click

from driftd.cli import doctor_store
from driftd.cli.client import RpcError, ask
from driftd.cli.finding import Finding
from driftd.cli.options import Command, json_option, workspace_argument
from driftd.cli.output import GREEN, RED, YELLOW, counted, paint, plain, print_json, size
from driftd.errors import DriftdError, NoDaemonError
from driftd.watch.workspace import Layout, refuse_place, socket_path

FAILED = 1
PING_TIMEOUT_S = 5.0
OLDEST_SQLITE = (3, 37, 0)  # STRICT tables
# A run of a large workspace writes some hundred MiB of WAL before the checkpoint.
LOW_DISK, FULL_DISK = 1024**3, 100 * 1024**2
# A language of which fewer calls are led to a function is hardly understood; with few calls that says nothing.
POOR_RATE, ENOUGH_CALLS = 0.3, 200
COMPILED = "driftd.pipeline.call_graph.resolve"  # one of the modules that an installation compiles
GRAMMARS = {
    **dict.fromkeys(
        [
            f"tree_sitter_{name}"
            for name in [
                "python",
                "javascript",
                "java",
                "go",
                "c",
                "cpp",
                "c_sharp",
                "kotlin",
                "ruby",
                "rust",
                "scala",
                "swift",
            ]
        ],
        ("language",),
    ),
    "tree_sitter_php": ("language_php",),
    "tree_sitter_typescript": ("language_typescript", "language_tsx"),
}


@click.command(cls=Command, examples=("driftd doctor ~/src/shop",))
@workspace_argument
@json_option
def doctor(root: Path, as_json: bool) -> int:
    """Check socket, lock, database and its growth, languages, watch limits, grammars, compiled modules, configuration, disk, SQLite.

    Each line says ok, warn or fail, and what to do.  The exit code is 1 if a check failed.
    """
    findings = list(examine(root))
    if as_json:
        print_json([finding._asdict() for finding in findings])
    else:
        colours = {"ok": GREEN, "warn": YELLOW, "fail": RED}
        width = max(len(finding.check) for finding in findings)
        for check, level, detail, hint in findings:
            advice = f" ({hint})" if hint else ""
            print(f"{paint(f'{level:<4}', colours[level])}  {check:<{width}}  {plain(detail + advice)}")
    return FAILED if any(finding.level == "fail" for finding in findings) else 0


def examine(root: Path) -> Iterator[Finding]:
    """Yield what each check finds."""
    for name, check in CHECKS.items():
        try:
            yield from check(root)
        except DriftdError as error:
            yield Finding(name, "fail", error.detail, error.hint)
        except Exception as error:  # noqa: BLE001  (a check that breaks is itself a finding)
            yield Finding(name, "fail", f"{type(error).__name__}: {error}", "the check itself failed")


def _folder(root: Path) -> Iterator[Finding]:
    try:
        refuse_place(root)
    except DriftdError as error:
        yield Finding("workspace", "warn", error.detail, error.hint)
        return
    folder = Layout(root).drift
    if not folder.exists():
        yield Finding("workspace", "ok", f"{root}, not analysed yet", "start: driftd serve, or once: driftd analyze")
        return
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        yield Finding("workspace", "fail", f"{folder} cannot be written", "correct its owner or its permissions")
    elif (mode := stat.S_IMODE(folder.stat().st_mode)) & 0o077:
        yield Finding("workspace", "warn", f"{folder} is open to others ({mode:04o})", f"chmod 700 {folder}")
    else:
        yield Finding("workspace", "ok", str(root))


def _configuration(root: Path) -> Iterator[Finding]:
    from driftd.config import load

    try:
        load(root)
    except DriftdError as error:
        yield Finding("configuration", "fail", error.detail, error.hint)
    else:
        yield Finding("configuration", "ok", "valid")


def _daemon(root: Path) -> Iterator[Finding]:
    """Compare who answers at the socket with who holds the lock."""
    path = socket_path(root)
    holder = _lock_holder(Layout(root).lock)
    try:
        ask(root, "ping", timeout_s=PING_TIMEOUT_S)
    except NoDaemonError as error:
        if holder is not None:
            yield Finding(
                "daemon", "fail", f"process {holder} holds the lock, but nothing answers", "starting? else end it"
            )
        elif isinstance(error.__cause__, PermissionError):
            yield Finding("daemon", "fail", error.detail, error.hint)
        else:
            yield Finding("daemon", "ok", "not running", "driftd serve")
            if path.exists():
                yield Finding("socket", "warn", f"{path} is left from a daemon that died", "driftd serve replaces it")
        return
    except RpcError as error:
        yield Finding("daemon", "fail", f"answers ping with an error: {error.detail}", "another version? driftd stop")
        return
    except DriftdError as error:
        yield Finding("daemon", "fail", error.detail, f"its log says why; it may have to be ended: pid {holder}")
        return
    yield Finding("daemon", "ok", f"answers at {path}")
    if holder is None:
        yield Finding("lock", "warn", "the daemon does not hold it", "restart the daemon: driftd stop, driftd serve")
    if path.stat().st_mode & 0o077:
        yield Finding("socket", "warn", f"{path} is open to others", f"chmod 600 {path}")


def _languages(root: Path) -> Iterator[Finding]:
    """Say of each language how much of it there is and how well it is understood; the daemon knows most of that."""
    try:
        known = ask(root, "status", timeout_s=PING_TIMEOUT_S).get("languages") or {}
    except DriftdError:  # the check of the daemon has said why
        yield Finding("language", "ok", "not known: no daemon answers")
        return
    if not known:
        yield Finding("language", "ok", "none analysed yet")
    for name, counts in known.items():
        detail = f"{name}: {counted(counts['files'], 'file')}"
        rate = counts.get("resolution_rate")
        if rate is not None:
            detail += f", {rate:.0%} of the calls into the workspace resolved"
        if counts.get("with_syntax_errors"):
            detail += f", {counts['with_syntax_errors']} with syntax errors"
        if counts.get("failed"):
            yield Finding("language", "warn", f"{detail}, {counts['failed']} failed", "driftd call files shows why")
        elif rate is not None and rate < POOR_RATE and counts.get("calls", 0) >= ENOUGH_CALLS:
            yield Finding("language", "warn", detail, "driftd call-graph shows why")
        else:
            yield Finding("language", "ok", detail)


def _watches(root: Path) -> Iterator[Finding]:
    import time

    from driftd.config import load
    from driftd.watch.ignore import Rules
    from driftd.watch.limits import read_limits
    from driftd.watch.tree import Tree

    limit = read_limits().max_user_watches
    if limit is None:
        yield Finding(
            "watch limit", "warn", "this kernel does not tell", "if changes go unnoticed: watch.polling = true"
        )
        return
    tree = Tree(Rules(str(root), load(root).scan))
    tree.begin(time.time_ns())
    tree.refresh(rebuild=True)
    needed = len(tree.directories())
    detail = f"{needed} folders to watch, of {limit} that one user may watch"
    advice = f"sudo sysctl fs.inotify.max_user_watches={max(2 * limit, 2 * needed)}"
    if needed >= limit:
        yield Finding("watch limit", "fail", detail, advice)
    elif needed > limit // 2:
        yield Finding("watch limit", "warn", detail, advice)
    else:
        yield Finding("watch limit", "ok", detail)


def _grammars(_root: Path) -> Iterator[Finding]:
    from importlib import import_module
    from importlib.metadata import version

    from tree_sitter import Language, Parser

    for module, functions in GRAMMARS.items():
        name = module.replace("_", "-")
        try:
            grammar = import_module(module)
            for function in functions:
                Parser(Language(getattr(grammar, function)())).parse(b"")
            yield Finding("grammar", "ok", f"{name} {version(name)}")
        except Exception as error:  # noqa: BLE001  (a grammar is a shared library: whatever it raises, it is unusable)
            yield Finding("grammar", "fail", f"{name}: {error}", "install driftd again")


def _compiled(_root: Path) -> Iterator[Finding]:
    from importlib.machinery import ExtensionFileLoader
    from importlib.util import find_spec

    spec = find_spec(COMPILED)
    if spec is not None and isinstance(spec.loader, ExtensionFileLoader):
        yield Finding("compiled", "ok", "analyses run compiled")
    else:
        yield Finding(
            "compiled",
            "warn",
            "analyses are interpreted, which takes half as long again",
            "with a C compiler at hand, and DRIFTD_PURE not set, install driftd again",
        )


def _disk(root: Path) -> Iterator[Finding]:
    free = shutil.disk_usage(root).free
    detail = f"{size(free)} free"
    if free < FULL_DISK:
        yield Finding("disk", "fail", detail, "make room: the database cannot grow")
    elif free < LOW_DISK:
        yield Finding("disk", "warn", detail, "make room soon")
    else:
        yield Finding("disk", "ok", detail)


def _versions(_root: Path) -> Iterator[Finding]:
    found = f"SQLite {sqlite3.sqlite_version}, Python {platform.python_version()}"
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        oldest = ".".join(map(str, OLDEST_SQLITE))
        yield Finding("versions", "fail", found, f"driftd needs SQLite {oldest}: use a newer Python build")
    else:
        yield Finding("versions", "ok", found)


CHECKS: dict[str, Callable[[Path], Iterator[Finding]]] = {
    "workspace": _folder,
    "configuration": _configuration,
    "daemon": _daemon,
    "database": doctor_store.database,
    "space": doctor_store.space,
    "journal": doctor_store.kept,
    "clock": doctor_store.clock,
    "language": _languages,
    "watch limit": _watches,
    "grammar": _grammars,
    "compiled": _compiled,
    "disk": _disk,
    "versions": _versions,
}


def _lock_holder(path: Path) -> str | None:
    """Return the id of the process that holds the lock, as its file says; None if nobody does."""
    try:
        with path.open("rb") as file:
            try:
                # Shared and for an instant: two doctors do not disturb each other, and a daemon hardly ever.
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return file.read(32).decode("ascii", "replace").strip() or "unknown"
    except FileNotFoundError:
        pass
    return None
