"""The table of commands, and what a command line that cannot be carried out says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click
import pytest

from driftd.cli.app import ALIASES, COMMANDS
from driftd.cli.app import driftd as group
from driftd.cli.graph import _COLUMNS
from driftd.cli.options import Command
from driftd.rpc.listing import LISTS
from tests.cli.fake_daemon import FakeDaemon, Fault, driftd


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_of_the_table_exists_and_explains_itself(name: str) -> None:
    """Each entry leads to a command of that name, whose help has a text and examples of that very command."""
    command = group.get_command(click.Context(group), name)
    assert isinstance(command, Command)
    assert command.name == name
    assert command.help
    assert command.examples
    known = {name, *(alias for alias, target in ALIASES.items() if target == name)}
    assert any(f"driftd {spelling}" in example for spelling in known for example in command.examples) or (
        name == "socket-path" and "socket-path" in command.examples[0]
    )


@pytest.mark.parametrize("name", [name for name, listing in LISTS.items() if listing.shown])
def test_a_list_that_is_shown_is_a_command(name: str) -> None:
    """Each list with columns for people is a command, with one option a filter."""
    command = group.get_command(click.Context(group), name)
    assert command is not None
    shared = {"root", "limit", "after", "every", "as_json"}
    assert {parameter.name for parameter in command.params} - shared == set(LISTS[name].filters)


def test_neighbours_show_what_the_call_graph_answers() -> None:
    """The table of callers and callees shows distance, place, strategy and path."""
    assert {"depth", "qualified_name", "file", "line", "resolution", "path"} <= set(_COLUMNS)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("frobnicate",), "driftd: there is no command 'frobnicate' (see: driftd --help)\n"),
        (("statsu",), "driftd: there is no command 'statsu' (did you mean status?)\n"),
        (("status", "--frob"), "driftd: No such option '--frob' (see: driftd status --help)\n"),
        (("call",), "driftd: Missing argument 'METHOD' (see: driftd call --help)\n"),
        (("status", "missing"), "driftd: workspace missing does not exist (name an existing folder)\n"),
        (("functions", "--limit", "0"), None),
        (("functions", "--limit", "1001"), None),
        (("call", "ping", "{"), None),
        (("call", "ping", "3"), None),
        (("call", "ping", "a=1", "[2]"), None),
        (("call", "ping", "/", ".."), None),
    ],
)
def test_a_wrong_command_line_is_one_line_and_exit_code_2(
    arguments: tuple[str, ...], said: str | None, workspace: Path
) -> None:
    """Usage errors go to stderr as one line that says what to do, and never reach a daemon."""
    done = driftd(*arguments, cwd=workspace)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("driftd: ")
    assert done.stderr.count("\n") == 1
    assert said is None or done.stderr == said


@pytest.mark.parametrize("command", ["status", "functions", "call-graph", "sync", "stop", "scan-history"])
def test_without_a_daemon_the_exit_code_is_4(command: str, workspace: Path) -> None:
    """A command that needs the daemon says how to start one."""
    done = driftd(command, workspace)
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr == f"driftd: no daemon answers for {workspace} (start one: driftd serve {workspace})\n"


def test_the_workspace_defaults_to_the_nearest_parent_that_is_one(workspace: Path) -> None:
    """From a folder deep inside, the parent with `.drift/` is meant."""
    inside = workspace / "src" / "api"
    inside.mkdir(parents=True)
    done = driftd("socket-path", cwd=inside)
    assert done.stdout == driftd("socket-path", workspace).stdout


@pytest.mark.parametrize(
    ("code", "kind", "expected"),
    [
        (-32602, "usage", 2),
        (-32010, "not_found", 1),
        (-32011, "busy", 3),
        (-32012, "cancelled", 130),
        (-32013, "store", 1),
        (-32014, "refused", 3),
        (-32603, "internal", 70),
        (-32000, None, 1),
    ],
)
def test_an_error_answer_decides_the_exit_code(
    code: int, kind: str | None, expected: int, workspace: Path, daemon: FakeDaemon
) -> None:
    """A thin command exits with the code of the error's kind and prints its detail and hint."""

    def fail(_params: object) -> None:
        raise Fault(code, "short", kind=kind, detail="nothing is called f", hint="list them: driftd functions")

    daemon.answers["callers"] = fail
    done = driftd("callers", "f", workspace)
    assert (done.returncode, done.stdout) == (expected, "")
    assert done.stderr == "driftd: nothing is called f (list them: driftd functions)\n"


def test_a_daemon_that_hangs_up_is_reported_as_busy(workspace: Path, daemon: FakeDaemon) -> None:
    """A connection that closes before the answer is exit code 3, not an answer."""
    daemon.hangs_up.add("status")
    done = driftd("status", workspace)
    assert (done.returncode, done.stdout) == (3, "")
    assert "closed the connection before it answered status" in done.stderr


def test_an_error_inside_driftd_is_never_0_and_shows_its_traceback_only_when_asked(
    workspace: Path, daemon: FakeDaemon
) -> None:
    """An answer that no command expects is an internal error: one line, 70; DRIFTD_DEBUG adds the traceback."""
    daemon.answers["functions"] = lambda _params: "not a list"
    quiet = driftd("functions", workspace)
    assert (quiet.returncode, quiet.stderr.count("\n")) == (70, 1)
    assert quiet.stderr.startswith("driftd: internal error: ")
    loud = driftd("functions", workspace, env={"DRIFTD_DEBUG": "1"})
    assert loud.returncode == 70
    assert "Traceback (most recent call last)" in loud.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script_for_the_shell(shell: str) -> None:
    """The script calls driftd back through click's variable."""
    done = driftd("completion", shell)
    assert done.returncode == 0, done.stderr
    assert f"_DRIFTD_COMPLETE={shell}_complete" in done.stdout


def test_completion_offers_the_commands(workspace: Path) -> None:
    """What the completion script asks for is answered with the commands that fit."""
    env = {"_DRIFTD_COMPLETE": "bash_complete", "COMP_WORDS": "driftd call", "COMP_CWORD": "1"}
    done = driftd(cwd=workspace, env=env)
    assert done.stdout.split() == ["plain,callers", "plain,callees", "plain,call-graph", "plain,call"]


def test_the_module_is_importable_without_running() -> None:
    """Worker processes import the main module under another name; that must not run a command."""
    done = subprocess.run([sys.executable, "-c", "import driftd.__main__"], capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
