"""The socket and its connections: who may connect, what runs side by side, what ends what."""

# ruff: noqa: ASYNC240 - a stat in a test may block

from __future__ import annotations

import asyncio
import json
import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from driftd.errors import RefusedError
from driftd.rpc.dispatch import decode, nesting
from driftd.rpc.framing import Framing
from driftd.rpc.limits import Limits
from driftd.rpc.protocol import Problem
from driftd.rpc.server import serve

from .rpc_fakes import FakeDaemon
from .rpc_harness import PATIENCE_S, Client, Served, serving


def request(method: str, request_id: Any, **params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "method": method, "params": params, "id": request_id}


# who may connect


async def test_only_the_owner_can_open_the_socket(served: Served) -> None:
    """The socket is 0600 in a 0700 folder."""
    assert stat.S_IMODE(served.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(served.path.parent.stat().st_mode) == 0o700


async def test_a_stale_socket_is_replaced(where: Path) -> None:
    """What a killed daemon left behind does not keep the next one from starting."""
    where.parent.mkdir(mode=0o755)
    with socket.socket(socket.AF_UNIX) as old:
        old.bind(str(where))
    async with serving(where) as server, server.client() as client:
        assert (await client.call("ping"))["result"] == "pong"


async def test_a_file_in_the_way_is_left_alone(where: Path) -> None:
    """What stands at the path and is not a socket is refused, not removed."""
    where.parent.mkdir()
    where.write_text("mine")
    with pytest.raises(RefusedError, match="is not a socket"):
        await serve(FakeDaemon(), where)
    assert where.read_text() == "mine"


async def test_a_path_that_is_too_long_is_refused(tmp_path: Path) -> None:
    """The kernel takes 107 bytes; more is an error that says so."""
    with pytest.raises(RefusedError, match="at most 107 bytes"):
        await serve(FakeDaemon(), tmp_path / ("x" * 120))


async def test_a_socket_that_is_not_ours_any_more_is_left(where: Path) -> None:
    """At the end the path is removed only if it is still the one that was bound."""
    daemon = FakeDaemon()
    async with anyio.create_task_group() as tasks:

        async def run(*, task_status: Any) -> None:
            await serve(daemon, where, stop=daemon.stop, task_status=task_status)

        await tasks.start(run)
        where.rename(where.with_name("old"))
        where.write_text("another's")
        daemon.stop.set()
    assert where.read_text() == "another's"


async def test_an_inherited_socket_is_served_and_not_removed(where: Path) -> None:
    """A listening socket that systemd passes in is used as it is; its path is not ours to remove."""
    where.parent.mkdir()
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(where))
    listener.listen()
    daemon = FakeDaemon()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(lambda: serve(daemon, listener, stop=daemon.stop))
        async with Served(where, daemon).client() as client:
            assert (await client.call("ping"))["result"] == "pong"
        daemon.stop.set()
    assert where.exists()
    assert listener.fileno() == -1


async def test_other_users_are_refused(where: Path, framing: Framing) -> None:
    """A peer of another user id is told -32014 and not served."""
    async with serving(where, uid_of=lambda _: os.geteuid() + 1) as server, server.client(framing) as client:
        answer = await client.call("ping")
        assert answer["error"]["code"] == -32014
        assert await client.ended()
    assert server.daemon.asked == []


async def test_too_many_connections(where: Path, framing: Framing) -> None:
    """One connection too many is told -32014 in its own framing; a free place is given to the next."""
    async with serving(where, max_connections=1) as server:
        async with server.client() as first:
            await first.call("ping")
            async with server.client(framing) as second:
                assert (await second.call("ping"))["error"]["code"] == -32014
            assert (await first.call("ping"))["result"] == "pong"
            await first.send({"jsonrpc": "2.0", "method": "nothing"})
            first.writer.write_eof()
            assert await first.ended()
        async with server.client(framing) as third:
            assert (await third.call("ping"))["result"] == "pong"


async def test_a_peer_without_credentials_is_not_served(where: Path) -> None:
    """A client whose user cannot be told is closed, and the server goes on."""

    def unknown(_: socket.socket) -> int:
        raise OSError("no credentials")

    async with serving(where, uid_of=unknown) as server:
        for _ in range(2):
            async with server.client() as client:
                assert await client.ended()


# limits


async def test_over_long_messages(where: Path) -> None:
    """Too long a line is -32014 and skipped; too long a body is -32014 and the end."""
    async with serving(where, max_frame_bytes=4096) as server:
        async with server.client() as client:
            await client.send(b"[" + b" " * 100_000)
            assert (await client.receive())["error"]["code"] == -32014
            assert (await client.call("ping"))["result"] == "pong"
        async with server.client(Framing.HEADERS) as client:
            client.writer.write(b"Content-Length: 4097\r\n\r\n")
            assert (await client.receive())["error"]["code"] == -32014
            assert await client.ended()


async def test_an_unknown_first_byte_ends_the_connection(served: Served) -> None:
    """What is neither JSON nor a header is -32700, in newline framing, and the end."""
    async with served.client() as client:
        await client.send(b"GET / HTTP/1.1")
        assert (await client.receive())["error"]["code"] == -32700
        assert await client.ended()


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (b"[" * 100_000, -32014),
        (b'{"a":' * 129 + b"1" + b"}" * 129, -32014),
        (b'{"a":NaN}', -32700),
        (b"[Infinity]", -32700),
        (b"[-Infinity]", -32700),
        (b'["\xff"]', -32700),
        (b'["\\ud800"]', -32700),
        (b"[1e999]", -32700),
        (b"{} {}", -32700),
        (b"\xef\xbb\xbf{}", -32700),
        (b"", -32700),
    ],
)
def test_what_does_not_decode(frame: bytes, code: int) -> None:
    """Text that is not JSON is -32700, text nested too deeply -32014."""
    problem = decode(frame, 128)
    assert isinstance(problem, Problem)
    assert problem.code == code


@pytest.mark.parametrize(
    ("text", "depth"), [(b"1", 0), (b"[]", 1), (b'[[{}],"[[[[",{"[\\"[": [1]}]', 3), (b"[],[],[]", 1), (b'["\\', 1)]
)
def test_nesting(text: bytes, depth: int) -> None:
    """Brackets in strings do not count."""
    assert nesting(text) == depth


def test_many_brackets_that_are_not_deep() -> None:
    """The limit is on depth, not on the number of brackets."""
    assert decode(b"[" + b"[]," * 1000 + b"[]]", 2) == [[]] * 1001


async def test_too_large_a_batch(where: Path) -> None:
    """A batch over the limit is one -32014, and none of it is carried out."""
    async with serving(where, max_batch=2) as server, server.client() as client:
        await client.send([request("status", number) for number in range(3)])
        assert (await client.receive())["error"]["code"] == -32014
        assert server.daemon.asked == []


# side by side


async def test_requests_run_side_by_side(served: Served) -> None:
    """A quick request is answered before a slow one that came first."""
    async with served.client() as client:
        await client.send(request("analyze", "slow"), request("ping", "quick"))
        assert (await client.receive())["id"] == "quick"
        served.daemon.release.set()
        assert (await client.receive())["id"] == "slow"


async def test_requests_in_flight_are_bounded(where: Path) -> None:
    """At the limit the connection is not read from; a batch larger than the limit is still answered whole."""
    async with serving(where, max_in_flight=3) as server, server.client() as client:
        await client.send([request("analyze", number) for number in range(10)])
        await server.daemon.until(lambda: server.daemon.analyzing == 3)
        server.daemon.release.set()
        answers = await client.receive()
    assert sorted(answer["id"] for answer in answers) == list(range(10))
    assert server.daemon.most_analyzing == 3


async def test_an_id_in_flight_cannot_be_used_again(served: Served) -> None:
    """A second request with the id of one in flight is -32600 with id null; later the id is free."""
    async with served.client() as client:
        await client.send(request("analyze", 5))
        answer = await client.call("ping", request_id=5.0)
        assert (answer["error"]["code"], answer["id"]) == (-32600, None)
        served.daemon.release.set()
        assert (await client.receive())["result"]["run_id"] == 8
        assert (await client.call("ping", request_id=5))["result"] == "pong"


async def test_a_hundred_clients_at_once(served: Served, framing: Framing) -> None:
    """Each gets its own answers."""

    async def ask(number: int) -> None:
        async with served.client(framing) as client:
            for step in range(5):
                assert (await client.call("ping", request_id=f"{number}.{step}"))["id"] == f"{number}.{step}"

    async with anyio.create_task_group() as tasks:
        for number in range(100):
            tasks.start_soon(ask, number)


async def test_a_client_that_does_not_read_holds_nobody_up(where: Path) -> None:
    """Others are answered meanwhile; the one that does not read is dropped after the time-out."""
    daemon = FakeDaemon(status_result={"health": "x" * 1_000_000})
    async with serving(where, daemon, write_timeout_s=0.2, max_queued_bytes=1000) as server:
        stuck = socket.socket(socket.AF_UNIX)
        stuck.connect(str(where))
        stuck.setblocking(False)
        with stuck:
            stuck.send(b"".join(json.dumps(request("status", number)).encode() + b"\n" for number in range(20)))
            async with server.client() as client:
                for number in range(20):
                    assert (await client.call("ping", request_id=number))["id"] == number
            await _closed(stuck)
    assert daemon.analyzing == 0


async def _closed(client: socket.socket) -> None:
    """Return when the server has closed the connection, without having read a byte before."""
    import select

    loop = asyncio.get_running_loop()
    closed = asyncio.Event()
    with select.epoll() as watch:
        watch.register(client.fileno(), select.EPOLLET)
        loop.add_reader(watch.fileno(), closed.set)
        with anyio.fail_after(PATIENCE_S):
            await closed.wait()
        loop.remove_reader(watch.fileno())


# cancelling


async def test_cancel_a_request(served: Served) -> None:
    """The request is answered -32012, and its handler has ended; another connection's ids are not known."""
    async with served.client() as client, served.client() as other:
        await client.send(request("analyze", "a"))
        await served.daemon.until(lambda: served.daemon.analyzing == 1)
        assert (await other.call("cancel", {"id": "a"}))["result"] == {"cancelled": False}
        await client.send(request("cancel", 2, id="a"))
        answers = {answer["id"]: answer for answer in [await client.receive(), await client.receive()]}
        assert answers[2]["result"] == {"cancelled": True}
        assert answers["a"]["error"]["code"] == -32012
        assert served.daemon.cancelled == 1
        assert (await client.call("cancel", {"id": "a"}))["result"] == {"cancelled": False}


async def test_closing_cancels_requests(served: Served) -> None:
    """Nobody waits for the requests of a client that is gone, also when it is not being read from."""
    async with served.client() as client:
        await client.send(*[request("analyze", number) for number in range(100)])
        await served.daemon.until(lambda: served.daemon.analyzing == Limits().max_in_flight)
    await served.daemon.until(lambda: served.daemon.analyzing == 0)
    assert served.daemon.cancelled >= Limits().max_in_flight


async def test_notifications_outlive_their_sender(served: Served) -> None:
    """Who sends a notification and leaves does not undo it."""
    async with served.client() as client:
        await client.send({"jsonrpc": "2.0", "method": "analyze"})
    await served.daemon.until(lambda: ("analyze", None, False) in served.daemon.asked)
    served.daemon.release.set()
    await served.daemon.until(lambda: ("analyzed",) in served.daemon.asked)
    assert served.daemon.cancelled == 0


async def test_closing_the_sending_half_waits_for_answers(served: Served) -> None:
    """As `nc -N` does it: the last line needs no newline, what was asked is answered, then comes the end."""
    async with served.client() as client:
        await client.send(request("analyze", 1))
        client.writer.write(json.dumps(request("ping", 2)).encode())
        client.writer.write_eof()
        assert (await client.receive())["id"] == 2
        served.daemon.release.set()
        assert (await client.receive())["result"]["run_id"] == 8
        assert await client.ended()


# notifications to the client


async def test_progress(served: Served) -> None:
    """With a token, progress comes before the answer; without one it does not come."""
    served.daemon.release.set()
    async with served.client() as client:
        await client.send(request("analyze", 1, progress_token="t"))
        progress = {"token": "t", "stage": "scan", "done": 1, "total": 3}
        assert await client.receive() == {"jsonrpc": "2.0", "method": "$/progress", "params": progress}
        assert (await client.receive())["id"] == 1
        assert (await client.call("analyze", request_id=2))["id"] == 2


async def test_subscriptions(served: Served) -> None:
    """Events of the topics subscribed to come as notifications, to those who asked; closing ends it."""
    async with served.client() as client, served.client() as other:
        assert (await client.call("subscribe", {"topics": ["degraded"]}))["result"] == {"topics": ["degraded"]}
        topics = (await client.call("subscribe", {"topics": ["gc.finished"]}))["result"]["topics"]
        assert topics == ["degraded", "gc.finished"]
        served.daemon.emit("analysis.started", {"run_id": 1})
        served.daemon.emit("degraded", {"reason": "polling", "topic": "overruled"})
        event = {"jsonrpc": "2.0", "method": "event", "params": {"reason": "polling", "topic": "degraded"}}
        assert await client.receive() == event
        served.daemon.emit("gc.finished", {"bad": object()})  # logged, not raised at the daemon
        assert (await client.call("unsubscribe", {"topics": ["degraded"]}))["result"] == {"topics": ["gc.finished"]}
        assert (await other.call("ping"))["result"] == "pong"
        assert len((await other.call("subscribe"))["result"]["topics"]) == 6
        assert (await client.call("unsubscribe"))["result"] == {"topics": []}
        assert len(served.daemon.subscriptions) == 1
    await anyio.wait_all_tasks_blocked()
    assert served.daemon.subscriptions == []


async def test_lost_events_are_counted(where: Path) -> None:
    """A subscriber that does not keep up is told how many events it lost, where they are missing."""
    async with serving(where, max_queued_notifications=10) as server, server.client() as client:
        await client.call("subscribe")
        for number in range(25):  # at once: the sender has no chance meanwhile
            server.daemon.emit("findings.changed", {"number": number})
        got = [(await client.receive())["params"] for _ in range(11)]
        assert [event["number"] for event in got[:10]] == list(range(10))
        assert got[10] == {"topic": "lagged", "dropped": 15}
        server.daemon.emit("findings.changed", {"number": 25})
        assert (await client.receive())["params"]["number"] == 25


# the end


async def test_stopping_gives_requests_a_grace(where: Path) -> None:
    """A request that ends within the grace is answered; nobody new can connect meanwhile."""
    async with serving(where, grace_s=10) as server, server.client() as client:
        await client.send(request("analyze", 1))
        await server.daemon.until(lambda: server.daemon.analyzing == 1)
        server.daemon.stop.set()
        await anyio.wait_all_tasks_blocked()
        assert not where.exists()
        server.daemon.release.set()
        assert (await client.receive())["result"]["run_id"] == 8
        assert await client.ended()


async def test_stopping_refuses_the_rest(where: Path, framing: Framing) -> None:
    """What is in flight after the grace is answered -32011, a batch as a whole."""
    async with (
        serving(where, max_in_flight=2, grace_s=0, farewell_s=PATIENCE_S) as server,
        server.client(framing) as client,
    ):
        await client.send([request("analyze", number) for number in range(5)])
        await server.daemon.until(lambda: server.daemon.analyzing == 2)
        server.daemon.stop.set()
        answers = await client.receive()
    assert [answer["error"]["code"] for answer in answers] == [-32011] * 5


async def test_cancelling_the_server_ends_everything(where: Path) -> None:
    """Without a grace, but with no task, socket or path left."""
    daemon = FakeDaemon()
    async with anyio.create_task_group() as tasks:

        async def run(*, task_status: Any) -> None:
            await serve(daemon, where, task_status=task_status)

        await tasks.start(run)
        async with Served(where, daemon).client() as client:
            await client.send(request("analyze", 1))
            await daemon.until(lambda: daemon.analyzing == 1)
            tasks.cancel_scope.cancel()
    assert daemon.cancelled == 1
    assert not where.exists()


# malformed input

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)
_NAMES = st.sampled_from(["ping", "functions", "cancel", "subscribe", "callers", "sync", "", "rpc.x"])
_REQUESTS = st.fixed_dictionaries(
    {},
    optional={
        "jsonrpc": st.sampled_from(["2.0", "1.0", 2]),
        "method": _NAMES | _JSON,
        "params": _JSON,
        "id": st.sampled_from([1, "a", None, [], True]),
    },
)
_TEXTS = (_REQUESTS | st.lists(_REQUESTS, max_size=3) | _JSON).map(lambda value: json.dumps(value).encode())
_FRAMES = (
    st.binary(max_size=60)
    | _TEXTS
    | _TEXTS.flatmap(lambda text: st.integers(0, len(text)).map(lambda end: text[:end]))
    | st.sampled_from([b"[" * 2000, b'{"a":' * 300, b"NaN", b"Content-Length: 5\r\n\r\n", b"\x00" * 20])
)


def test_malformed_messages_do_no_harm(tmp_path: Path) -> None:
    """Whatever comes, every answer is JSON-RPC, the server goes on, and no task is left behind."""
    frames = 0

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(st.tuples(st.booleans(), st.lists(_FRAMES, min_size=18, max_size=24)), min_size=1, max_size=2))
    def attack(clients: list[tuple[bool, list[bytes]]]) -> None:
        nonlocal frames
        frames += sum(len(messages) for _, messages in clients)
        anyio.run(_attack, tmp_path / "d.sock", clients)

    attack()
    assert frames >= 1000


async def _attack(path: Path, clients: list[tuple[bool, list[bytes]]]) -> None:
    async with serving(path, max_frame_bytes=4096) as server:
        for raw, messages in clients:
            async with server.client() as client:
                await _throw(client, raw, messages)
        async with server.client() as client:
            assert (await client.call("ping"))["result"] == "pong"


async def _throw(client: Client, raw: bool, messages: list[bytes]) -> None:
    """Send all messages as they are, or as lines, and read every answer to the end."""
    try:
        client.writer.write(b"".join(messages) if raw else b"\n".join([b" ", *messages]))
        client.writer.write_eof()
        with anyio.fail_after(PATIENCE_S):
            answers = await client.reader.read()
    except ConnectionError:  # broken off with bytes of ours unread
        return
    for text in _framed(answers):
        answer = json.loads(text)
        for one in answer if isinstance(answer, list) else [answer]:
            assert one["jsonrpc"] == "2.0"
            assert one.get("method") == "event" or ("result" in one) != ("error" in one)


def _framed(answers: bytes) -> Iterator[bytes]:
    """Yield the messages of a stream in which each is a line, or has a header that counts its bytes."""
    while answers:
        if answers.startswith(b"Content-Length: "):
            header, _, answers = answers.partition(b"\r\n\r\n")
            length = int(header.removeprefix(b"Content-Length: "))
            text, answers = answers[:length], answers[length:]
        else:
            text, _, answers = answers.partition(b"\n")
        yield text
