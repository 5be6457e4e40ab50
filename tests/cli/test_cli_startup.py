"""A command that only asks the daemon starts fast: it imports the standard library and click."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.fake_daemon import FakeDaemon, driftd

FORBIDDEN = {
    "asyncio",
    "structlog",
    "msgspec",
    "aiosqlite",
    "anyio",
    "jsonrpcserver",
    "watchfiles",
    "tree_sitter",
    "rustworkx",
    "numpy",
    "sqlite3",
    "multiprocessing",
    "importlib.metadata",
}


def imported(stderr: str) -> set[str]:
    """Return the modules that `-X importtime` reports, with their parent packages."""
    names = {line.rpartition("|")[2].strip() for line in stderr.splitlines() if line.startswith("import time:")}
    return names | {name.partition(".")[0] for name in names}


@pytest.mark.parametrize(
    "arguments",
    [
        ("call", "ping"),
        ("status",),
        ("functions",),
        ("data-access",),
        ("callers", "f"),
        ("sync",),
        ("socket-path",),
        ("--help",),
    ],
    ids=lambda arguments: arguments[0],
)
def test_a_thin_command_imports_no_library_but_click(
    arguments: tuple[str, ...], workspace: Path, daemon: FakeDaemon
) -> None:
    """None of the daemon's libraries is imported by a command that talks to the socket."""
    page = {"items": [{"name": "f"}], "next": None, "total": 1}
    function = {"id": 1, "qualified_name": "f", "file": "a.py", "line": 1}
    daemon.answers |= {
        "status": lambda _p: {"pid": 1},
        "functions": lambda _p: page,
        "callers": lambda _p: {"function": function, "items": [], "next": None, "total": 0},
        "data_access": lambda _p: page,
        "sync": lambda _p: {"run_id": 1},
    }
    where = () if arguments == ("--help",) else (workspace,)
    done = driftd(*arguments, *where, python=("-X", "importtime"))
    assert done.returncode == 0, done.stderr
    assert "click" in imported(done.stderr)
    assert imported(done.stderr) & FORBIDDEN == set()


def test_help_imports_no_command(workspace: Path) -> None:
    """`driftd --help` prints every command without importing one."""
    done = driftd("--help", cwd=workspace, python=("-X", "importtime"))
    loaded = {name for name in imported(done.stderr) if name.startswith("driftd.cli.")}
    assert loaded == {"driftd.cli.app"}
