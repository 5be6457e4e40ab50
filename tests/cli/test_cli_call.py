"""`driftd call`: what is sent, what is printed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.fake_daemon import FakeDaemon, Fault, driftd


@pytest.mark.parametrize(
    ("words", "stdin", "sent"),
    [
        ((), "", {}),
        (('{"limit": 5}',), "", {"limit": 5}),
        (("[1, 2]",), "", [1, 2]),
        (("-",), '{"file": "a.py"}', {"file": "a.py"}),
        (
            ("limit=5", "file=a.py", "full=true", "name=x=y"),
            "",
            {"limit": 5, "file": "a.py", "full": True, "name": "x=y"},
        ),
        (('paths=["a.py"]', "after=null"), "", {"paths": ["a.py"], "after": None}),
        (("function=api/orders.py:42",), "", {"function": "api/orders.py:42"}),
    ],
)
def test_params_are_json_or_pairs(
    words: tuple[str, ...], stdin: str, sent: Any, workspace: Path, daemon: FakeDaemon
) -> None:
    """One document is sent as it is; a pair's value is JSON where it can be, text otherwise."""
    daemon.answers["echo"] = lambda params: params
    done = driftd("call", "echo", *words, "-w", workspace, stdin=stdin)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == sent


@pytest.mark.parametrize("place", ["option", "first", "last", "current folder"])
def test_the_workspace_may_stand_anywhere(place: str, workspace: Path, daemon: FakeDaemon) -> None:
    """A folder among the words is the workspace, since no parameter looks like one."""
    arguments: dict[str, tuple[str | Path, ...]] = {
        "option": ("--workspace", workspace, "call_me", "a=1"),
        "first": ("call_me", workspace, "a=1"),
        "last": ("call_me", "a=1", workspace),
        "current folder": ("call_me", "a=1"),
    }
    daemon.answers["call_me"] = lambda params: params
    done = driftd("call", *arguments[place], cwd=workspace)
    assert (done.returncode, done.stdout, done.stderr) == (0, '{"a": 1}\n', "")


def test_an_rpc_error_is_printed_as_json_on_stderr(workspace: Path, daemon: FakeDaemon) -> None:
    """Exit code 1 whatever the error, with code, message and data for scripts to read."""

    def refuse(_params: object) -> None:
        raise Fault(-32014, "refused", kind="refused", detail="outside the workspace", hint="")

    daemon.answers["analyze"] = refuse
    done = driftd("call", "analyze", 'paths=["/etc"]', workspace)
    assert (done.returncode, done.stdout) == (1, "")
    assert json.loads(done.stderr) == {
        "code": -32014,
        "message": "refused",
        "data": {"kind": "refused", "detail": "outside the workspace", "hint": ""},
    }


def test_without_a_daemon_there_is_no_answer(workspace: Path) -> None:
    """No daemon is 4, so that a script can tell it from an error answer."""
    assert driftd("call", "ping", workspace).returncode == 4


def test_a_socket_left_by_a_dead_daemon_is_no_daemon(workspace: Path) -> None:
    """A socket file that nobody listens on is the same as none."""
    import socket

    from tests.cli.fake_daemon import socket_of

    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(socket_of(workspace)))
    assert driftd("call", "ping", workspace).returncode == 4


def test_text_that_is_not_utf_8_survives(workspace: Path, daemon: FakeDaemon) -> None:
    """A lone surrogate in the answer, and a terminal without UTF-8, give JSON that reads back the same."""
    daemon.answers["odd"] = lambda _params: {"file": "caf\u00e9 \udcff \u2026"}
    for encoding in ("utf-8", "ascii"):
        done = driftd("call", "odd", workspace, env={"PYTHONIOENCODING": encoding})
        assert (done.returncode, done.stderr) == (0, "")
        assert json.loads(done.stdout) == {"file": "caf\u00e9 \udcff \u2026"}
