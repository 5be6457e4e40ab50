"""The fixtures of these tests: a workspace, and a fake daemon for it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.fake_daemon import FakeDaemon, socket_of


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """Return an empty workspace."""
    root = tmp_path / "shop"
    (root / ".drift").mkdir(parents=True, mode=0o700)
    return root


@pytest.fixture
def daemon(workspace: Path) -> Iterator[FakeDaemon]:
    """Run a fake daemon for `workspace`, with an answer to `ping`."""
    fake = FakeDaemon(workspace, {"ping": lambda _params: "pong"})
    path = socket_of(workspace)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(path))
        path.chmod(0o600)
        listener.listen()
        thread = threading.Thread(target=fake.serve, args=(listener,))
        thread.start()
        yield fake
        listener.shutdown(socket.SHUT_RDWR)  # wakes the accept
        thread.join()
    path.unlink()
