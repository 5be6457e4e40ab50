"""A daemon of a few lines of test code, and a way to run the real command line."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[2]

Answer = Callable[[dict[str, Any]], Any]


class Fault(Exception):  # noqa: N818  (not an error of the test)
    """What a handler raises to make the fake daemon answer with this JSON-RPC error."""

    def __init__(self, code: int, message: str, **data: Any) -> None:
        super().__init__(message)
        self.error = {"code": code, "message": message, "data": data}


@dataclass
class FakeDaemon:
    """Answers newline-delimited JSON-RPC on the workspace's socket with `answers[method](params)`.

    `before` holds notifications that are sent before the answer of a method; a method in `hangs_up` is answered by
    closing the connection.
    """

    root: Path
    answers: dict[str, Answer] = field(default_factory=dict)
    before: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    hangs_up: set[str] = field(default_factory=set)
    requests: list[dict[str, Any]] = field(default_factory=list)

    def asked(self, method: str) -> list[dict[str, Any]]:
        """Return the parameters of each call of `method`, in order."""
        return [request.get("params", {}) for request in self.requests if request["method"] == method]

    def serve(self, listener: socket.socket) -> None:
        """Serve one connection after the other until `listener` is shut down."""
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with contextlib.suppress(ConnectionError), connection, connection.makefile("rwb") as stream:
                for line in stream:
                    if not self._answer(json.loads(line), stream):
                        break

    def _answer(self, request: dict[str, Any], stream: Any) -> bool:
        self.requests.append(request)
        method = request["method"]
        if method in self.hangs_up:
            return False
        reply: dict[str, Any] = {"jsonrpc": "2.0", "id": request["id"]}
        try:
            reply["result"] = self.answers[method](request.get("params", {}))
        except KeyError:
            reply["error"] = {"code": -32601, "message": f"Method not found: {method}"}
        except Fault as fault:
            reply["error"] = fault.error
        for message in [*self.before.get(method, []), reply]:
            stream.write(json.dumps(message).encode() + b"\n")
        stream.flush()
        return True


def socket_of(workspace: Path) -> Path:
    """Return the socket's path, in a folder that exists."""
    from driftd.watch.workspace import socket_path

    path = socket_path(workspace)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    return path


def driftd(
    *arguments: str | Path,
    cwd: Path = REPOSITORY,
    stdin: str = "",
    env: dict[str, str] | None = None,
    python: tuple[str, ...] = (),
) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own."""
    return subprocess.run(
        [sys.executable, *python, "-m", "driftd", *map(str, arguments)],
        cwd=cwd,
        input=stdin,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), **(env or {})},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
