"""No module is imported from the workspace, whatever lies there: real processes in a hostile folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import driftd
from tests.daemon.harness import write_tree

HOME = Path(driftd.__file__).parents[1]
SCRIPT = "import sys; from driftd.cli import main; sys.exit(main())"
TRAP = "import os\nopen(os.environ['TRAP'], 'a').write(__file__ + '\\n')\nraise SystemExit('a module of the workspace ran')\n"
# What the program, the process that workers are forked from, the workers and multiprocessing's own processes import.
HOSTILE = ("msgspec.py", "click.py", "tree_sitter.py", "selectors.py", "socket.py", "pickle.py", "driftd/__init__.py")


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A workspace with one file of its own, and a trap in place of each module that driftd needs."""
    return write_tree(tmp_path / "w", {"own.py": "def f():\n    return 1\n", **dict.fromkeys(HOSTILE, TRAP)})


def analyze(
    *arguments: str, cwd: Path, python_path: str, program: tuple[str, ...], trap: Path
) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    """Run `driftd analyze` in a folder; return how it ended and the traps that were sprung."""
    done = subprocess.run(
        [sys.executable, *program, "analyze", *arguments, "--json"],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": python_path, "TRAP": str(trap), "PYTHONSAFEPATH": ""},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    return done, trap.read_text().splitlines() if trap.exists() else []


@pytest.fixture
def program(tmp_path: Path) -> tuple[str, ...]:
    """The program as it is installed: a script whose folder Python puts on the path in place of the current one."""
    script = tmp_path / "bin" / "driftd"
    script.parent.mkdir()
    script.write_text(SCRIPT)
    return (str(script),)


@pytest.mark.parametrize("more", ["", ":", ":.", ":{workspace}"], ids=["plain", "empty entry", "dot", "named"])
def test_nothing_of_the_current_folder_is_imported(
    hostile: Path, program: tuple[str, ...], more: str, tmp_path: Path
) -> None:
    """Neither the command nor a process that it starts takes a module from the workspace it stands in."""
    path = f"{HOME}{more.format(workspace=hostile)}"
    done, sprung = analyze(cwd=hostile, python_path=path, program=program, trap=tmp_path / "sprung")
    assert (sprung, done.returncode) == ([], 0), done.stderr
    files = json.loads(done.stdout)["files"]
    assert (files["added"], files["failed"]) == (len(HOSTILE) + 1, 0)


def test_nothing_of_a_workspace_that_is_named_is_imported(
    hostile: Path, program: tuple[str, ...], tmp_path: Path
) -> None:
    """A workspace that is named on the command line and in PYTHONPATH is not imported from either.

    What a command needs to read its arguments comes before that: that is no trap here.
    """
    for name in ("click.py", "socket.py", "selectors.py"):
        (hostile / name).unlink()
    done, sprung = analyze(
        str(hostile),
        cwd=tmp_path / "bin",
        python_path=f"{HOME}:{hostile}",
        program=program,
        trap=tmp_path / "sprung",
    )
    assert (sprung, done.returncode) == ([], 0), done.stderr


def test_a_checkout_of_driftd_runs_from_its_own_folder(tmp_path: Path) -> None:
    """Where driftd itself lies on the path by the current folder, it stays there: `python -m driftd` in a checkout."""
    write_tree(tmp_path / "w", {"own.py": "def f():\n    return 1\n"})
    done, _ = analyze(str(tmp_path / "w"), cwd=HOME, python_path="", program=("-m", "driftd"), trap=tmp_path / "sprung")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["files"]["failed"] == 0
