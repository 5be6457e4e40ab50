"""The Unix socket: who may connect, how many at once, and how it all ends.

The caller holds the workspace's lock: nobody else binds, replaces or removes the socket meanwhile.
"""

from __future__ import annotations

import asyncio
import os
import select
import socket
import stat
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Self

import anyio
import anyio.abc

from driftd import logkeys
from driftd.errors import RefusedError
from driftd.logs import Logger
from driftd.rpc.connection import Connection
from driftd.rpc.dispatch import Dispatcher
from driftd.rpc.framing import Decoder
from driftd.rpc.limits import Limits
from driftd.rpc.methods.registry import METHODS
from driftd.rpc.protocol import REFUSED, Problem, error
from driftd.rpc.service import Service

_log = Logger(__name__)

# connections that may wait to be accepted; the kernel caps it at net.core.somaxconn
_BACKLOG: Final = 1024
# refused clients that are told so; further ones are closed at once
_MAX_REFUSALS: Final = 16
# seconds a refused client has to show its framing, and to take the answer
_REFUSAL_TIMEOUT_S: Final = 1.0
# seconds before accepting again when there are no file descriptors left: one may be free by then
_ACCEPT_PAUSE_S: Final = 0.1
_CREDENTIALS: Final = struct.Struct("3i")  # struct ucred: pid, uid, gid


def peer_uid(client: socket.socket) -> int:
    """Return the user id of the process at the other end, as it was when it connected."""
    credentials = client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    _, uid, _ = _CREDENTIALS.unpack(credentials)
    return int(uid)


async def serve(
    service: Service,
    where: Path | socket.socket,
    limits: Limits | None = None,
    *,
    stop: anyio.Event | None = None,
    uid_of: Callable[[socket.socket], int] = peer_uid,
    task_status: anyio.abc.TaskStatus[None] = anyio.TASK_STATUS_IGNORED,
) -> None:
    """Serve `service` until `stop` is set; started when clients can connect.

    `where` is the path to bind, or a listening socket that was handed over (systemd), which is closed at the end but
    not removed.  After `stop` nobody new is accepted, requests in flight get `grace_s` seconds, what is then left is
    answered -32011, and the socket is gone when this returns.  A cancellation skips the grace.
    Raises RefusedError where the path cannot be bound safely.
    """
    server = _Server(service, limits or Limits(), uid_of)
    with _Listener(where) as listener, server.watching_hang_ups():
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(server.accept_all, listener.socket)
            task_status.started()
            await (stop or anyio.Event()).wait()
            server.accepting.cancel()
            listener.remove()
            await server.stop_connections()
            tasks.cancel_scope.cancel()


class _Server:
    """Accepts clients, and knows those that are connected."""

    def __init__(self, service: Service, limits: Limits, uid_of: Callable[[socket.socket], int]) -> None:
        self.accepting = anyio.CancelScope()
        self._service = service
        self._dispatcher = Dispatcher(METHODS)
        self._limits = limits
        self._uid_of = uid_of
        self._allowed = {os.geteuid(), 0}
        self._connections: dict[int, Connection] = {}  # by file descriptor
        self._refusals = 0
        self._accepted = 0
        self._all_gone = anyio.Event()
        self._hang_ups = select.epoll()

    async def accept_all(self, listener: socket.socket) -> None:
        """Accept clients until `accepting` is cancelled; the connections go on then."""
        loop = asyncio.get_running_loop()
        async with anyio.create_task_group() as tasks:
            with self.accepting:
                while True:
                    try:
                        client, _ = await loop.sock_accept(listener)
                    except ConnectionError:
                        continue  # it is gone already
                    except OSError as failure:
                        _log.warning("rpc.accept_failed", **{logkeys.ERROR: str(failure)})
                        await anyio.sleep(_ACCEPT_PAUSE_S)
                        continue
                    self._admit(client, tasks)

    def _admit(self, client: socket.socket, tasks: anyio.abc.TaskGroup) -> None:
        self._accepted += 1
        try:
            problem = self._objection(client)
        except OSError as failure:  # its credentials cannot be read: it is gone, or not one to serve
            _log.warning("rpc.peer_unknown", **{logkeys.ERROR: str(failure)})
            client.close()
            return
        if problem is None:
            connection = Connection(client, self._accepted, self._service, self._dispatcher, self._limits)
            self._connections[client.fileno()] = connection
            # no events asked for: hang-up is always reported, and only that
            self._hang_ups.register(client.fileno(), select.EPOLLET)
            tasks.start_soon(self._run, client.fileno(), connection)
        elif self._refusals < _MAX_REFUSALS:
            self._refusals += 1
            tasks.start_soon(self._refuse, client, problem)
        else:
            client.close()

    def _objection(self, client: socket.socket) -> Problem | None:
        uid = self._uid_of(client)
        if uid not in self._allowed:
            _log.warning("rpc.peer_refused", uid=uid)
            return Problem(REFUSED, "refused", f"user {uid} may not talk to this daemon", "connect as its own user")
        most = self._limits.max_connections
        if len(self._connections) >= most:
            _log.warning("rpc.too_many_connections", **{logkeys.COUNT: most})
            return Problem(REFUSED, "refused", f"there are {most} connections already", "raise rpc.max_connections")
        return None

    async def _run(self, descriptor: int, connection: Connection) -> None:
        try:
            await connection.run()
        except Exception:  # noqa: BLE001 - a bug of ours costs this client its connection, not the others theirs
            _log.exception("rpc.connection_failed")
        finally:
            # nothing was awaited since the socket was closed: its number is not in use again
            del self._connections[descriptor]
            if not self._connections:
                self._all_gone.set()

    async def _refuse(self, client: socket.socket, problem: Problem) -> None:
        """Tell a client why it is not served, in its own framing."""
        loop = asyncio.get_running_loop()
        try:
            with anyio.move_on_after(_REFUSAL_TIMEOUT_S):
                decoder = Decoder(self._limits)
                decoder.feed(await loop.sock_recv(client, 1))
                await loop.sock_sendall(client, decoder.framing.wrap(error(problem)))
        except OSError:
            pass  # it did not wait for the answer
        finally:
            self._refusals -= 1
            client.close()

    @contextmanager
    def watching_hang_ups(self) -> Iterator[None]:
        """Tell connections when their client is gone, also those that are not being read from."""
        loop = asyncio.get_running_loop()
        with self._hang_ups:
            loop.add_reader(self._hang_ups.fileno(), self._hung_up)
            try:
                yield
            finally:
                loop.remove_reader(self._hang_ups.fileno())

    def _hung_up(self) -> None:
        for descriptor, events in self._hang_ups.poll(0):
            if events & (select.EPOLLHUP | select.EPOLLERR) and descriptor in self._connections:
                self._connections[descriptor].hang_up()

    async def stop_connections(self) -> None:
        """End all connections: a grace for what is in flight, -32011 for the rest, and time to send that."""
        for connection in tuple(self._connections.values()):
            connection.stop()
        with anyio.move_on_after(self._limits.grace_s):
            await self._wait_until_all_gone()
        for connection in tuple(self._connections.values()):
            connection.refuse()
        with anyio.move_on_after(self._limits.farewell_s):
            await self._wait_until_all_gone()

    async def _wait_until_all_gone(self) -> None:
        while self._connections:
            self._all_gone = anyio.Event()
            await self._all_gone.wait()


class _Listener:
    """The listening socket, and the path that was made for it."""

    def __init__(self, where: Path | socket.socket) -> None:
        self._path = where if isinstance(where, Path) else None
        self.socket = _bind(where) if isinstance(where, Path) else where
        self._identity = _identity(self._path)
        self.socket.setblocking(False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()
        self.socket.close()

    def remove(self) -> None:
        """Remove the path, unless something else stands there by now; clients find no daemon from then on."""
        if self._path is not None and self._identity is not None and _identity(self._path) == self._identity:
            self._path.unlink()


def _identity(path: Path | None) -> tuple[int, int] | None:
    try:
        found = path.lstat() if path else None
    except FileNotFoundError:
        return None
    return (found.st_dev, found.st_ino) if found else None


def _bind(path: Path) -> socket.socket:
    """Return a socket listening at `path`, which nobody but its owner could open at any moment."""
    _make_private(path.parent)
    _remove_stale(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        before = os.umask(0o177)  # of the whole process, but nothing is awaited meanwhile
        try:
            listener.bind(os.fspath(path))
        finally:
            os.umask(before)
        listener.listen(_BACKLOG)
    except OSError as failure:
        listener.close()
        hint = "a socket's path has at most 107 bytes" if len(os.fsencode(path)) > 107 else ""
        raise RefusedError(f"cannot listen at {path}: {failure}", hint=hint) from failure
    return listener


def _make_private(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise RefusedError(
            f"{folder} is not a directory of the daemon's own user", hint="remove it, or change its owner"
        )
    if found.st_mode & 0o077:
        folder.chmod(0o700)


def _remove_stale(path: Path) -> None:
    """Remove what an earlier daemon left behind; whoever holds the lock knows that it is not in use."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(found.st_mode):
        raise RefusedError(f"{path} exists and is not a socket", hint="move it away")
    path.unlink()
