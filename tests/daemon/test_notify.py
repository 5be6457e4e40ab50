"""What systemd is told, and what is taken from it: sd_notify(3), sd_listen_fds(3), sd_watchdog_enabled(3)."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from driftd.daemon.notify import listen_fds, notify, watchdog_interval

VARIABLES = ("NOTIFY_SOCKET", "LISTEN_PID", "LISTEN_FDS", "WATCHDOG_USEC", "WATCHDOG_PID")


@pytest.fixture(autouse=True)
def _without_systemd(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def manager() -> Iterator[socket.socket]:
    """Return a datagram socket that listens as the service manager does."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.settimeout(10)
        yield channel


def test_a_state_arrives_as_one_datagram(
    manager: socket.socket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Several states are one message, separated by newlines."""
    path = tmp_path / "notify"
    manager.bind(str(path))
    monkeypatch.setenv("NOTIFY_SOCKET", str(path))
    notify("READY=1\nSTATUS=watching größe")
    assert manager.recv(4096).decode() == "READY=1\nSTATUS=watching größe"


def test_an_abstract_socket_is_named_with_an_at_sign(manager: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    """The leading `@` stands for the NUL byte of the abstract namespace."""
    name = f"driftd-test-{os.getpid()}"
    manager.bind(f"\0{name}")
    monkeypatch.setenv("NOTIFY_SOCKET", f"@{name}")
    notify("STOPPING=1")
    assert manager.recv(4096) == b"STOPPING=1"


@pytest.mark.parametrize("address", ["", "relative", "/nowhere/at/all"])
def test_a_manager_that_does_not_listen_is_ignored(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A daemon works the same without systemd, or with one that has gone away."""
    monkeypatch.setenv("NOTIFY_SOCKET", address)
    notify("READY=1")


def test_a_manager_that_does_not_read_blocks_nobody(
    manager: socket.socket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full queue drops the message instead of stopping the daemon."""
    path = tmp_path / "notify"
    manager.bind(str(path))
    monkeypatch.setenv("NOTIFY_SOCKET", str(path))
    for _ in range(2000):
        notify("WATCHDOG=1\n" + "x" * 1000)
    assert manager.recv(4096).startswith(b"WATCHDOG=1")


def test_no_sockets_are_passed_without_systemd() -> None:
    """Nothing set means nothing passed."""
    assert listen_fds() == []


def test_sockets_for_another_process_are_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """LISTEN_PID names whom they are for; a child that inherited the variables leaves them alone."""
    monkeypatch.setenv("LISTEN_PID", str(os.getpid() + 1))
    monkeypatch.setenv("LISTEN_FDS", "1")
    assert listen_fds() == []


def test_a_passed_socket_accepts_connections(tmp_path: Path) -> None:
    """A process started with a listening socket as descriptor 3 serves on it, and its children do not inherit it."""
    program = (
        "import os; os.environ['LISTEN_PID'] = str(os.getpid())\n"
        "from driftd.daemon.notify import listen_fds\n"
        "(listener,) = listen_fds()\n"
        "assert not listener.get_inheritable()\n"
        "connection, _ = listener.accept()\n"
        "connection.sendall(b'served')\n"
        "connection.close(); listener.close()\n"
    )
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        launch = f'exec 3<&{listener.fileno()}; exec {sys.executable} -c "$PROGRAM"'
        with subprocess.Popen(
            ["/bin/bash", "-c", launch],
            pass_fds=(listener.fileno(),),
            env={**os.environ, "LISTEN_FDS": "1", "PROGRAM": program, "PYTHONPATH": str(Path(__file__).parents[2])},
        ) as process:
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(30)
                client.connect(str(path))
                assert client.recv(100) == b"served"
            assert process.wait(30) == 0


@pytest.mark.parametrize(
    ("usec", "pid", "expected"),
    [
        (None, None, None),
        ("60000000", None, 30.0),
        ("60000000", "own", 30.0),
        ("60000000", "other", None),
        ("0", None, None),
    ],
)
def test_the_watchdog_is_fed_at_half_its_time(
    usec: str | None, pid: str | None, expected: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of WATCHDOG_USEC, as sd_watchdog_enabled(3) recommends, and only for the process it is meant for."""
    if usec is not None:
        monkeypatch.setenv("WATCHDOG_USEC", usec)
    if pid is not None:
        monkeypatch.setenv("WATCHDOG_PID", str(os.getpid() + (pid == "other")))
    assert watchdog_interval() == expected
