"""The command line as a process: signals, closed pipes, terminals, stopping another process."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.cli.fake_daemon import REPOSITORY, FakeDaemon, driftd


class Gate:
    """An answer that says when it was asked and waits until it may answer."""

    def __init__(self, result: Any) -> None:
        self.asked = threading.Event()
        self.open = threading.Event()
        self._result = result

    def __call__(self, _params: object) -> Any:
        self.asked.set()
        assert self.open.wait(30)
        return self._result


def start(*arguments: str | Path, **streams: Any) -> subprocess.Popen[bytes]:
    """Start the command line without waiting for it."""
    env = {**os.environ, "PYTHONPATH": str(REPOSITORY), **streams.pop("env", {})}
    # A shell without job control has its background commands ignore the signal, and what they start as well.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return subprocess.Popen([sys.executable, "-m", "driftd", *map(str, arguments)], env=env, **streams)
    finally:
        signal.signal(signal.SIGINT, before)


def read_terminal(descriptor: int) -> str:
    """Return everything that was written to a pseudo-terminal whose other end is closed."""
    data = b""
    while True:
        try:
            chunk = os.read(descriptor, 4096)
        except OSError:  # how Linux reports the end
            break
        if not chunk:
            break
        data += chunk
    os.close(descriptor)
    return data.decode()


def test_an_interrupt_is_130_and_one_line(workspace: Path, daemon: FakeDaemon) -> None:
    """Ctrl-C during a call ends it without a traceback."""
    gate = daemon.answers["slow"] = Gate("late")
    with start("call", "slow", workspace, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert gate.asked.wait(30)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    gate.open.set()
    assert (process.returncode, out, err) == (130, b"", b"driftd: interrupted\n")


def test_a_reader_that_has_enough_is_no_error(workspace: Path, daemon: FakeDaemon) -> None:
    """With stdout closed early (`| head`) nothing is printed, and the exit code is the shell's for SIGPIPE, no verdict."""
    gate = daemon.answers["big"] = Gate("x" * 100_000)
    reader, writer = os.pipe()
    with start("call", "big", workspace, stdout=writer, stderr=subprocess.PIPE) as process:
        os.close(writer)
        assert gate.asked.wait(30)
        os.close(reader)
        gate.open.set()
        _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (141, b"")


@pytest.mark.parametrize(("no_color", "coloured"), [("", True), ("1", False)])
def test_a_terminal_gets_colour_unless_no_color_is_set(
    no_color: str, coloured: bool, workspace: Path, daemon: FakeDaemon
) -> None:
    """The table's header is bold on a terminal; NO_COLOR switches that off."""
    item = {"name": "MAX", "value": "x" * 80, "file": "a.py", "line": 1}
    daemon.answers["constants"] = lambda _params: {"items": [item], "next": None, "total": 1}
    ours, theirs = pty.openpty()
    env = {"NO_COLOR": no_color, "TERM": "xterm"}
    with start("constants", workspace, stdout=theirs, stderr=subprocess.DEVNULL, env=env) as process:
        os.close(theirs)
        shown = read_terminal(ours)
    assert process.returncode == 0
    assert ("\x1b[1mname" in shown) is coloured
    assert "x" * 59 + "…" in shown, "on a terminal a long cell is cut"


def test_a_terminal_gets_a_bar_that_is_gone_at_the_end(workspace: Path, daemon: FakeDaemon) -> None:
    """Progress is drawn on one line and cleared before the summary."""
    daemon.answers["analyze"] = lambda _params: {"run_id": 1}
    daemon.before["analyze"] = [
        {"jsonrpc": "2.0", "method": "$/progress", "params": {"stage": "parse", "done": done, "total": 4}}
        for done in (1, 4)
    ]
    ours, theirs = pty.openpty()
    with start("analyze", workspace, stdout=subprocess.DEVNULL, stderr=theirs, env={"TERM": "xterm"}) as process:
        os.close(theirs)
        shown = read_terminal(ours)
    assert process.returncode == 0
    assert shown == ("\r[######..................] parse 1/4\x1b[K\r[########################] parse 4/4\x1b[K\r\x1b[K")


def test_stop_waits_until_the_process_is_gone(workspace: Path, daemon: FakeDaemon) -> None:
    """It returns when the daemon's process has ended, not when the daemon has answered."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as victim:
        assert victim.stdin is not None
        daemon.answers["status"] = lambda _params: {"pid": victim.pid}
        daemon.answers["shutdown"] = lambda _params: victim.stdin.close() if victim.stdin else None
        done = driftd("stop", workspace)
        assert (done.returncode, done.stdout, done.stderr) == (0, f"stopped (pid {victim.pid})\n", "")
        victim.stdin = None
        victim.wait(0)  # raises if it still ran
    assert [request["method"] for request in daemon.requests] == ["status", "shutdown"]


def test_stop_says_when_the_daemon_does_not_end(workspace: Path, daemon: FakeDaemon) -> None:
    """A process that goes on is exit code 3 after the time-out."""
    daemon.answers["status"] = lambda _params: {"pid": os.getpid()}
    daemon.answers["shutdown"] = lambda _params: None
    done = driftd("stop", workspace, "--timeout", "0")
    assert (done.returncode, done.stdout) == (3, "")
    assert f"the daemon (pid {os.getpid()}) has not stopped within 0 s" in done.stderr


def test_sync_passes_its_time_limit_and_prints_what_the_model_covers(workspace: Path, daemon: FakeDaemon) -> None:
    """The limit is the daemon's to keep; the answer is the run that the model stands at."""
    daemon.answers["sync"] = lambda _params: {"run_id": 7, "pending": 0, "unexamined": 2, "degraded": None}
    done = driftd("sync", workspace, "--timeout", "5")
    assert daemon.asked("sync") == [{"timeout_s": 5.0}]
    assert done.stdout.splitlines() == ["run_id      7", "pending     0", "unexamined  2", "degraded    -"]
    assert done.stderr == "driftd: not in this answer: 2 files that could not be examined\n"


def test_status_shows_what_it_is_told_with_units(workspace: Path, daemon: FakeDaemon) -> None:
    """Durations and sizes are readable, and empty tables left out; --json prints all of it, with plain numbers."""
    rows = {"functions": 12, "secrets": 0}
    status = {"pid": 12, "uptime_s": 3725.5, "db": {"bytes": 1536, "rows": rows}, "health": "ok"}
    daemon.answers["status"] = lambda _params: status
    assert driftd("status", workspace).stdout == (
        "pid       12\nuptime_s  1 h 2 min\ndb\n  bytes  1.5 KiB\n  rows\n    functions  12\nhealth    ok\n"
    )
    assert driftd("status", workspace, "--json").stdout == (
        '{"pid": 12, "uptime_s": 3725.5, "db": {"bytes": 1536, "rows": {"functions": 12, "secrets": 0}}, "health": "ok"}\n'
    )
