"""The examples of the JSON-RPC 2.0 specification, and what it demands besides, in both framings."""

from __future__ import annotations

import json
from typing import Any

import pytest

from driftd.rpc.framing import Framing
from driftd.rpc.service import Search

from .rpc_harness import Served


def code(answer: Any) -> int:
    number: int = answer["error"]["code"]
    return number


async def test_named_and_positional_parameters(served: Served, framing: Framing) -> None:
    """Parameters by position mean the same as by name, in the order of the fields."""
    async with served.client(framing) as client:
        named = await client.call("callers", {"function": "a.f", "depth": 2}, 1)
        positional = await client.call("callers", ["a.f", 2], 2)
    assert named["id"] == 1
    assert positional["id"] == 2
    assert named["result"] == positional["result"]
    assert served.daemon.asked == [("neighbours", "a.f", "callers", Search(depth=2), 100, None)] * 2


async def test_notification_has_no_answer(served: Served, framing: Framing) -> None:
    """A request without an id is carried out and never answered, also when it fails."""
    async with served.client(framing) as client:
        await client.send(
            {"jsonrpc": "2.0", "method": "sync", "params": [1]},
            {"jsonrpc": "2.0", "method": "foobar"},
            {"jsonrpc": "2.0", "method": "sync", "params": {"wrong": 1}},
        )
        assert await client.call("ping", request_id="last") == {"jsonrpc": "2.0", "result": "pong", "id": "last"}
        await served.daemon.until(lambda: ("sync", 1.0) in served.daemon.asked)


async def test_unknown_method(served: Served, framing: Framing) -> None:
    """An unknown method is -32601, with the id of the request."""
    async with served.client(framing) as client:
        answer = await client.call("pin", request_id="1")
    assert (code(answer), answer["id"]) == (-32601, "1")
    assert answer["error"]["data"]["hint"] == "did you mean ping?"


async def test_invalid_json(served: Served, framing: Framing) -> None:
    """A message that is not JSON is -32700 with id null, and the connection goes on."""
    async with served.client(framing) as client:
        await client.send(b'{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]')
        answer = await client.receive()
        assert (code(answer), answer["id"]) == (-32700, None)
        assert (await client.call("ping"))["result"] == "pong"


async def test_invalid_request(served: Served, framing: Framing) -> None:
    """JSON that is no request is -32600 with id null."""
    async with served.client(framing) as client:
        await client.send({"jsonrpc": "2.0", "method": 1, "params": "bar"})
        answer = await client.receive()
    assert (code(answer), answer["id"]) == (-32600, None)


async def test_batch_of_invalid_json(served: Served, framing: Framing) -> None:
    """A batch that is not JSON is one -32700, not an array."""
    async with served.client(framing) as client:
        await client.send(b'[{"jsonrpc": "2.0", "method": "sum", "id": "1"}, {"jsonrpc": "2.0", "method"]')
        answer = await client.receive()
    assert (code(answer), answer["id"]) == (-32700, None)


async def test_empty_batch(served: Served, framing: Framing) -> None:
    """An empty array is one -32600, not an array."""
    async with served.client(framing) as client:
        await client.send([])
        answer = await client.receive()
    assert (code(answer), answer["id"]) == (-32600, None)


@pytest.mark.parametrize("size", [1, 3])
async def test_batch_of_invalid_requests(served: Served, framing: Framing, size: int) -> None:
    """Each invalid element of a batch has its own -32600."""
    async with served.client(framing) as client:
        await client.send(list(range(size)))
        answers = await client.receive()
    assert [(code(answer), answer["id"]) for answer in answers] == [(-32600, None)] * size


async def test_mixed_batch(served: Served, framing: Framing) -> None:
    """A bad element spoils nothing; notifications are left out of the array."""
    async with served.client(framing) as client:
        await client.send(
            [
                {"jsonrpc": "2.0", "method": "ping", "id": "1"},
                {"jsonrpc": "2.0", "method": "sync", "params": [7]},
                {"jsonrpc": "2.0", "method": "call_graph", "params": ["f", 23], "id": "2"},
                {"foo": "boo"},
                {"jsonrpc": "2.0", "method": "foo.get", "params": {"name": "myself"}, "id": "5"},
                {"jsonrpc": "2.0", "method": "status", "id": 9},
            ]
        )
        answers = await client.receive()
    outcomes = {answer["id"]: answer["error"]["code"] if "error" in answer else "result" for answer in answers}
    assert len(answers) == 5
    assert outcomes == {"1": "result", "2": "result", None: -32600, "5": -32601, 9: "result"}
    assert ("sync", 7.0) in served.daemon.asked


async def test_batch_of_notifications(served: Served, framing: Framing) -> None:
    """A batch of nothing but notifications has no answer at all."""
    async with served.client(framing) as client:
        await client.send([{"jsonrpc": "2.0", "method": "status"}, {"jsonrpc": "2.0", "method": "sync"}])
        assert (await client.call("ping", request_id=3))["id"] == 3


@pytest.mark.parametrize("request_id", [0, -5, 1.5, "", "x", 2**62, None])
async def test_ids_come_back_as_they_were(served: Served, request_id: Any) -> None:
    """An id is a string, a number or null, and null is not the same as none."""
    async with served.client() as client:
        assert await client.call("ping", request_id=request_id) == {
            "jsonrpc": "2.0",
            "result": "pong",
            "id": request_id,
        }


@pytest.mark.parametrize(
    ("message", "request_id"),
    [
        ({"jsonrpc": "2.0", "method": "ping", "id": True}, None),
        ({"jsonrpc": "2.0", "method": "ping", "id": [1]}, None),
        ({"jsonrpc": "1.0", "method": "ping", "id": 4}, 4),
        ({"method": "ping", "id": 4}, 4),
        ({"jsonrpc": "2.0", "id": 4}, 4),
        ({"jsonrpc": "2.0", "method": "ping", "params": "x", "id": 4}, 4),
        ({"jsonrpc": "2.0", "method": "ping", "params": None, "id": 4}, 4),
        (3, None),
        ("ping", None),
    ],
)
async def test_what_is_no_request(served: Served, message: Any, request_id: Any) -> None:
    """A wrong member is -32600; the id comes back where it can be told."""
    async with served.client() as client:
        await client.send(b" " + json.dumps(message).encode())
        answer = await client.receive()
    assert (code(answer), answer["id"]) == (-32600, request_id)


async def test_further_members_are_ignored(served: Served) -> None:
    """Members that the specification does not name do no harm."""
    async with served.client() as client:
        await client.send({"jsonrpc": "2.0", "method": "ping", "id": 1, "trace": "on"})
        assert (await client.receive())["result"] == "pong"
