"""A real daemon in a real process, and a plain client of its socket."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

START_TIMEOUT_S = 60.0


class RpcError(Exception):
    """The daemon answered with an error."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(json.dumps(error))
        self.code: int = error["code"]
        self.data: dict[str, Any] = error.get("data") or {}


class Client:
    """Newline-delimited JSON-RPC; notifications that arrive before an answer are kept in `notifications`."""

    def __init__(self, path: Path, timeout_s: float = 60.0) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(timeout_s)
        self._socket.connect(str(path))
        self._file = self._socket.makefile("rwb")
        self._next_id = 0
        self.notifications: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._file.close()
        self._socket.close()

    def send(self, method: str, **params: Any) -> int:
        """Send a request without waiting for the answer; returns its id."""
        self._next_id += 1
        self._file.write(
            json.dumps({"jsonrpc": "2.0", "id": self._next_id, "method": method, "params": params}).encode() + b"\n"
        )
        self._file.flush()
        return self._next_id

    def read(self) -> dict[str, Any]:
        """Return the next message, whatever it is."""
        line = self._file.readline()
        if not line:
            raise ConnectionError("the daemon closed the connection")
        message: dict[str, Any] = json.loads(line)
        return message

    def answer(self, request: int) -> Any:
        """Return the result of a request that was sent."""
        while True:
            message = self.read()
            if message.get("id") == request:
                if "error" in message:
                    raise RpcError(message["error"])
                return message["result"]
            self.notifications.append(message)

    def call(self, method: str, **params: Any) -> Any:
        """Send a request and return its result; raises RpcError."""
        return self.answer(self.send(method, **params))

    def event(self, topic: str) -> dict[str, Any]:
        """Return the next event of a topic, from those that came already or still will."""
        while True:
            for index, message in enumerate(self.notifications):
                if message.get("method") == "event" and message["params"]["topic"] == topic:
                    params: dict[str, Any] = self.notifications.pop(index)["params"]
                    return params
            self.notifications.append(self.read())

    def items(self, method: str, **params: Any) -> list[dict[str, Any]]:
        """Return every item of a list, page by page."""
        items: list[dict[str, Any]] = []
        after: str | None = None
        while True:
            page = self.call(method, limit=1000, **({"after": after} if after else {}), **params)
            items += page["items"]
            after = page["next"]
            if after is None:
                return items


class Daemon:
    """A running `driftd serve`; ready when it said so to its service manager, which is this test."""

    def __init__(self, root: Path, environ: Mapping[str, str] | None = None) -> None:
        self.root = root
        self._notify_path = root.parent / f"notify-{root.name}-{os.getpid()}.sock"
        self._notify_path.unlink(missing_ok=True)
        self._notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._notify.bind(str(self._notify_path))
        self._log = (root.parent / f"{root.name}.log").open("ab")
        self.log_path = Path(self._log.name)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "driftd", "serve", str(root)],
            stdout=subprocess.DEVNULL,
            stderr=self._log,
            env={**os.environ, "NOTIFY_SOCKET": str(self._notify_path), **(environ or {})},
        )
        self.states: list[str] = []

    def wait_for(self, state: str) -> str:
        """Return the notification that begins with `state` once it has come."""
        while True:
            for line in self.states:
                if line.startswith(state):
                    self.states.remove(line)
                    return line
            if not self._said_something():
                raise RuntimeError(f"no {state} in time:\n{self.log_path.read_text()[-3000:]}")
            try:
                self.states += self._notify.recv(65536, socket.MSG_DONTWAIT).decode().splitlines()
            except BlockingIOError:
                code = self.process.wait()
                raise RuntimeError(f"the daemon ended with {code}:\n{self.log_path.read_text()[-3000:]}") from None

    def _said_something(self) -> bool:
        """Wait until there is a notification or the daemon has ended; False if neither comes in time."""
        if self.process.poll() is not None:
            return True
        ended = os.pidfd_open(self.process.pid)
        try:
            return bool(select.select([self._notify.fileno(), ended], [], [], START_TIMEOUT_S)[0])
        finally:
            os.close(ended)

    @property
    def socket_path(self) -> Path:
        from driftd.watch.workspace import socket_path

        return socket_path(self.root)

    def client(self, timeout_s: float = 60.0) -> Client:
        return Client(self.socket_path, timeout_s)

    def again(self) -> subprocess.CompletedProcess[str]:
        """Try to start another daemon on the same workspace and return how that ended."""
        return subprocess.run(
            [sys.executable, "-m", "driftd", "serve", str(self.root)],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def verify(self) -> str:
        """Return what `driftd verify` prints."""
        return subprocess.run(
            [sys.executable, "-m", "driftd", "verify", str(self.root)],
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        ).stdout

    def stop(self) -> int:
        """End the daemon as a service manager does and return its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)

    def kill(self) -> None:
        """End the daemon as a power cut does."""
        self.process.kill()
        self.process.wait(30)

    def release(self) -> None:
        """Free what the harness itself holds."""
        if self.process.poll() is None:
            self.kill()
        self._notify.close()
        self._notify_path.unlink(missing_ok=True)
        self._log.close()


@contextmanager
def daemon(root: Path, environ: Mapping[str, str] | None = None) -> Iterator[Daemon]:
    """Start a daemon on `root`, wait until it is ready, and leave no process behind."""
    running = Daemon(root, environ)
    try:
        running.wait_for("READY=1")
        yield running
    finally:
        running.release()


def write_tree(root: Path, files: Mapping[str, str]) -> Path:
    """Create `root` with the given files and return it."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root
