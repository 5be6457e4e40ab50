"""A server with a fake daemon on a real Unix socket, and a client for either framing."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio

from driftd.rpc.framing import Framing
from driftd.rpc.limits import Limits
from driftd.rpc.server import peer_uid, serve

from .rpc_fakes import FakeDaemon

# far beyond what a test takes: a hang fails with the place it hangs at
PATIENCE_S = 20


class Client:
    """A client that speaks bytes or JSON."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, framing: Framing) -> None:
        self.reader, self.writer, self.framing = reader, writer, framing

    async def send(self, *messages: Any) -> None:
        for message in messages:
            self.writer.write(
                self.framing.wrap(message if isinstance(message, bytes) else json.dumps(message).encode())
            )
        await self.writer.drain()

    async def receive(self) -> Any:
        """Return the next message, None at the end of the stream."""
        with anyio.fail_after(PATIENCE_S):
            if self.framing is Framing.NEWLINE:
                line = await self.reader.readline()
                return json.loads(line) if line else None
            head = await self.reader.readuntil(b"\r\n\r\n")
            return json.loads(await self.reader.readexactly(int(head.split(b":")[1])))

    async def call(self, method: str, params: Any = None, request_id: Any = 1) -> Any:
        """Return the answer to a request."""
        request = {"jsonrpc": "2.0", "method": method, "id": request_id}
        await self.send(request if params is None else {**request, "params": params})
        return await self.receive()

    async def ended(self) -> bool:
        """Return whether the server closes the connection without another word."""
        with anyio.fail_after(PATIENCE_S):
            try:
                return await self.reader.read() == b""
            except ConnectionResetError:  # closed with bytes of ours unread
                return True


class Served:
    """A running server."""

    def __init__(self, path: Path, daemon: FakeDaemon) -> None:
        self.path, self.daemon = path, daemon

    @asynccontextmanager
    async def client(self, framing: Framing = Framing.NEWLINE) -> AsyncIterator[Client]:
        reader, writer = await asyncio.open_unix_connection(str(self.path), limit=64 * 1024 * 1024)
        try:
            yield Client(reader, writer, framing)
        finally:
            writer.close()
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                await writer.wait_closed()


@asynccontextmanager
async def serving(
    path: Path, daemon: FakeDaemon | None = None, uid_of: Any = peer_uid, **limits: Any
) -> AsyncIterator[Served]:
    """Serve a fake daemon at `path`; afterwards no task may be left."""
    daemon = daemon or FakeDaemon()
    before = asyncio.all_tasks()
    async with anyio.create_task_group() as tasks:

        async def run(*, task_status: Any) -> None:
            await serve(
                daemon,
                path,
                Limits(**{"grace_s": 0.05, "farewell_s": 0.05, **limits}),
                stop=daemon.stop,
                uid_of=uid_of,
                task_status=task_status,
            )

        await tasks.start(run)
        yield Served(path, daemon)
        daemon.stop.set()
    assert not path.exists()  # noqa: ASYNC240 - one stat
    assert {task for task in asyncio.all_tasks() - before if "TestRunner" not in repr(task.get_coro())} == set()
    gc.collect()  # an unclosed socket shows here
