"""The systemd units: what they promise, and that systemd accepts them."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections import defaultdict
from pathlib import Path

import pytest

UNITS = Path(__file__).parents[2] / "systemd"


def parse(name: str) -> dict[str, dict[str, list[str]]]:
    """Return section -> key -> values, in order; a unit file may repeat a key."""
    sections: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    section = ""
    for line in (UNITS / name).read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line and not line.startswith(("#", ";")):
            key, equals, value = line.partition("=")
            assert equals, line
            assert key.isidentifier(), line
            sections[section][key].append(value)
    return sections


SERVICE = parse("driftd@.service")["Service"]
SOCKET = parse("driftd@.socket")["Socket"]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("Type", "notify"),
        ("NotifyAccess", "main"),
        ("Restart", "on-failure"),
        ("ProtectSystem", "strict"),
        ("ProtectHome", "read-only"),
        ("NoNewPrivileges", "yes"),
        ("RestrictAddressFamilies", "AF_UNIX"),
        ("UMask", "0077"),
    ],
)
def test_the_service_is_supervised_and_confined(key: str, value: str) -> None:
    """systemd waits for readiness, restarts what failed, and lets the daemon write to the workspace only."""
    assert SERVICE[key] == [value]


def test_the_service_serves_its_instance() -> None:
    """The instance name, unescaped, is the workspace: served, writable, and the working directory."""
    (command,) = SERVICE["ExecStart"]
    assert command.split()[1:] == ["serve", "%f"]
    assert command.startswith(":"), "a `$` in the path is not a variable"
    assert SERVICE["ReadWritePaths"][0].split()[0] == "%f"
    assert SERVICE["WorkingDirectory"] == ["%f"]


def test_a_workspace_under_tmp_is_not_hidden() -> None:
    """PrivateTmp would replace the folder that the workspace may lie in."""
    assert "PrivateTmp" not in SERVICE


def test_what_trying_again_does_not_mend_is_not_tried_again() -> None:
    """The exit codes of usage and configuration (2) and of refusals (3) do not restart the service."""
    assert SERVICE["RestartPreventExitStatus"] == ["2 3"]


def test_the_limits_are_set() -> None:
    """A watchdog, a memory limit below which it is slowed first, and a limit of processes."""
    assert int(SERVICE["WatchdogSec"][0]) > 0
    high, most = (int(SERVICE[key][0].removesuffix("G")) for key in ("MemoryHigh", "MemoryMax"))
    assert 0 < high < most
    assert int(SERVICE["TasksMax"][0]) > 0


def test_the_socket_is_where_clients_look(tmp_path: Path) -> None:
    """`driftd socket-path` and the unit name the same file, private to the user."""
    from driftd.watch.workspace import socket_path

    (listen,) = SOCKET["ListenStream"]
    assert Path(listen.replace("%f", "/w")) == socket_path(Path("/w"))
    assert (SOCKET["SocketMode"], SOCKET["DirectoryMode"]) == (["0600"], ["0700"])
    assert SOCKET["Accept"] == ["no"]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed here")
@pytest.mark.parametrize("name", ["driftd@.service", "driftd@.socket"])
def test_systemd_accepts_the_unit(name: str, tmp_path: Path) -> None:
    """`systemd-analyze verify` finds no unknown key, bad value or missing program."""
    program = tmp_path / ".local" / "bin" / "driftd"
    program.parent.mkdir(parents=True)
    program.touch(mode=0o700)
    for unit in UNITS.iterdir():
        shutil.copy(unit, tmp_path)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--user", str(tmp_path / name)],
        env={**os.environ, "HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
