"""The thin client of the daemon's socket: newline-delimited JSON-RPC, one request at a time.

Standard library only and blocking, so that a command which asks the daemon starts in a few milliseconds.  It does not
start a daemon and does not try again: what to do without one is the command's decision.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self

from driftd.cli import INTERNAL_ERROR
from driftd.errors import BusyError, DriftdError, NoDaemonError
from driftd.watch.workspace import socket_path

ANSWER_TIMEOUT_S = 60.0  # a read takes milliseconds; this long means the daemon hangs

Notify = Callable[[str, dict[str, Any]], None]


class RpcError(DriftdError):
    """The daemon answered with a JSON-RPC error; the exit code follows from its kind."""

    def __init__(self, code: int, message: str, data: object) -> None:
        details = data if isinstance(data, dict) else {}
        detail, hint = details.get("detail"), details.get("hint")
        super().__init__(str(detail) if detail else message, hint=str(hint) if hint else "")
        self.code = code
        self.message = message
        self.data = data
        self.exit_code = _exit_code(code, details.get("kind"))


class Client:
    """One connection to the daemon of a workspace; a context manager.

    Raises NoDaemonError if nothing answers at the socket.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(ANSWER_TIMEOUT_S)
        try:
            self._socket.connect(str(socket_path(root)))
        except OSError as error:
            self._socket.close()
            raise _unreachable(root, error) from error
        self._lines = self._socket.makefile("rb")
        self._last_id = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._lines.close()
        self._socket.close()

    def call(
        self,
        method: str,
        params: dict[str, Any] | list[Any] | None = None,
        *,
        timeout_s: float | None = ANSWER_TIMEOUT_S,
        notify: Notify | None = None,
    ) -> Any:
        """Return the result of `method`; notifications that arrive before it go to `notify` as (method, params).

        `timeout_s` limits each wait for data, None waits for ever.  Raises RpcError for an error answer, BusyError if
        the daemon does not answer in time or closes the connection.
        """
        self._last_id += 1
        request: dict[str, Any] = {"jsonrpc": "2.0", "id": self._last_id, "method": method}
        if params:
            request["params"] = params
        self._socket.settimeout(timeout_s)
        try:
            self._socket.sendall(json.dumps(request).encode() + b"\n")
            for message in self._messages():
                if message.get("id") == self._last_id or ("error" in message and message.get("id") is None):
                    return _result(message)
                if notify is not None and "method" in message:
                    notify(message["method"], message.get("params") or {})
        except TimeoutError:
            raise BusyError(
                f"the daemon of {self._root} did not answer {method} within {timeout_s:g} s", hint="see: driftd doctor"
            ) from None
        except ConnectionError:
            pass  # reported as what it means, below
        raise BusyError(
            f"the daemon of {self._root} closed the connection before it answered {method}",
            hint="it may be shutting down; its log says more",
        )

    def wait_closed(self, timeout_s: float) -> bool:
        """Return whether the daemon closes this connection within `timeout_s`."""
        self._socket.settimeout(timeout_s)
        try:
            for _ in self._lines:
                pass
        except TimeoutError:
            return False
        except ConnectionError:
            pass
        return True

    def _messages(self) -> Iterator[dict[str, Any]]:
        for line in self._lines:
            try:
                message = json.loads(line)
            except ValueError:
                message = None
            if not isinstance(message, dict):
                raise DriftdError(
                    f"what listens at {socket_path(self._root)} does not speak JSON-RPC: it sent {line[:60]!r}",
                    hint="stop it, then start driftd serve",
                )
            yield message


def ask(root: Path, method: str, params: dict[str, Any] | None = None, *, timeout_s: float = ANSWER_TIMEOUT_S) -> Any:
    """Return the result of one call on a connection of its own."""
    with Client(root) as client:
        return client.call(method, params, timeout_s=timeout_s)


def _result(message: dict[str, Any]) -> Any:
    error = message.get("error")
    if isinstance(error, dict):
        raise RpcError(int(error.get("code", -32603)), str(error.get("message", "")), error.get("data"))
    return message.get("result")


def _unreachable(root: Path, error: OSError) -> DriftdError:
    if isinstance(error, PermissionError):
        return NoDaemonError(f"the daemon of {root} belongs to another user", hint="run this as that user")
    return NoDaemonError(f"no daemon answers for {root}", hint=f"start one: driftd serve {root}")


def _exit_code(code: int, kind: object) -> int:
    """Return what `driftd.errors` fixes for the kind; requests that were formed wrongly are usage errors."""
    if code in (-32700, -32600, -32601, -32602):
        return 2
    classes = list(DriftdError.__subclasses__())
    for cls in classes:
        if cls.kind == kind and cls is not RpcError:
            return cls.exit_code
        classes += cls.__subclasses__()
    return INTERNAL_ERROR if code == -32603 else 1
