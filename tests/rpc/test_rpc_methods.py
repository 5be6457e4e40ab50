"""What each method asks of the daemon and answers, and the reference made from the same types."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from driftd.errors import BusyError
from driftd.pipeline.patterns.about import about_pattern
from driftd.rows.declare import table_of
from driftd.rows.registry import BY_NAME
from driftd.rpc.discover import page
from driftd.rpc.listing import LISTS, Kind
from driftd.rpc.methods.registry import METHODS
from driftd.rpc.service import Days, Search

from .rpc_fakes import FakeDaemon
from .rpc_harness import Served, serving

AS_OF = {"run_id": 7, "finished_at": 1_800_000_000, "pending": 2, "degraded": None, "unexamined": 1}
REFERENCE = Path(__file__).parents[2] / "docs" / "rpc.md"


@pytest.mark.parametrize(
    ("method", "params", "asked"),
    [
        ("sync", {"timeout_s": 1.5}, ("sync", 1.5)),
        ("scan", {"paths": ["a"]}, ("scan", ("a",))),
        ("functions", {}, ("page", "functions", {}, 100, None)),
        (
            "functions",
            {"file": "a.py", "is_async": True, "limit": 5, "after": "k0"},
            ("page", "functions", {"file": "a.py", "is_async": True}, 5, "k0"),
        ),
        ("files", {"language": None}, ("page", "file_metadata", {"language": None}, 100, None)),
        ("env_variables", {"name": "HOME"}, ("page", "env_variables", {"name": "HOME"}, 100, None)),
        (
            "boundaries",
            {"model": "User", "sensitivity": None, "table": "u*"},
            ("page", "boundaries", {"model_name": "User", "sensitivity": None, "table_name": "u*"}, 100, None),
        ),
        (
            "data_access",
            {"function": "Service.pay", "operation": "insert"},
            ("page", "data_access", {"function_id": 42, "operation": "insert"}, 100, None),
        ),
        ("call_graph", {}, ("call_graph", None, Search(depth=1, min_confidence=0.5, fuzzy=False))),
        (
            "callers",
            {"function": str(2**62), "depth": 3, "min_confidence": 0.9},
            ("neighbours", 2**62, "callers", Search(depth=3, min_confidence=0.9), 100, None),
        ),
        (
            "callees",
            {"function": "a.py:3", "fuzzy": True},
            ("neighbours", "a.py:3", "callees", Search(min_confidence=0.0, fuzzy=True), 100, None),
        ),
        ("entry_points", {"reason": "route"}, ("entry_points", {"reason": "route"}, 100, None)),
        ("cancel", {"run_id": 7}, ("cancel_run", 7)),
        ("gc", {}, ("gc", Days(), False)),
        ("gc", {"retention_days": 7, "dry_run": True}, ("gc", Days(retention_days=7), True)),
        (
            "gc",
            {"short_days": 1, "medium_days": 2, "long_days": 3},
            ("gc", Days(short_days=1, medium_days=2, long_days=3), False),
        ),
    ],
)
async def test_asks_the_service(served: Served, method: str, params: Any, asked: tuple[Any, ...]) -> None:
    """Each method asks one thing of the daemon, and its answer has the documented shape."""
    async with served.client() as client:
        answer = await client.call(method, params)
    assert served.daemon.asked == [asked]
    declared = next(m for m in METHODS if m.name == method).result
    if method != "call_graph":
        msgspec.convert(answer["result"], declared)
    if method != "cancel":
        assert answer["result"]["as_of"] == AS_OF


@pytest.mark.parametrize(
    ("method", "params", "detail"),
    [
        ("functions", {"fil": "a.py"}, "Object contains unknown field `fil`"),
        ("functions", {"limit": "9"}, "Expected `int`, got `str` - at `$.limit`"),
        ("functions", {"limit": 1001}, "Expected `int` <= 1000 - at `$.limit`"),
        ("functions", {"limit": 0}, "Expected `int` >= 1 - at `$.limit`"),
        ("functions", {"file": None}, "Expected `str`, got `null` - at `$.file`"),
        ("callers", {"function": 1, "min_confidence": 2}, "Expected `float` <= 1.0 - at `$.min_confidence`"),
        ("gc", {"retention_days": 0}, "Expected `int` >= 1 - at `$.retention_days`"),
        ("gc", {"short_days": "7"}, "Expected `int | null`, got `str` - at `$.short_days`"),
        ("callers", {}, "Object missing required field `function`"),
        ("ping", [1], "ping takes at most 0 parameters, 1 were given"),
        ("subscribe", {"topics": ["x"]}, "Invalid enum value 'x' - at `$.topics[0]`"),
        ("cancel", {}, "cancel takes exactly one of id and run_id"),
        ("ping", {"ctx": 1, "call": 2, "self": 3}, "Object contains unknown field `ctx`"),
    ],
)
async def test_wrong_parameters_are_named(served: Served, method: str, params: Any, detail: str) -> None:
    """A wrong parameter is -32602, with its name."""
    async with served.client() as client:
        error = (await client.call(method, params))["error"]
    assert (error["code"], error["data"]["detail"]) == (-32602, detail)


async def test_known_errors_have_their_code(served: Served) -> None:
    """An error that driftd raises on purpose has the code of its class, and kind, detail and hint."""
    served.daemon.sync_error = ExceptionGroup("one of a task group", [BusyError("a run is going on", hint="wait")])
    async with served.client() as client:
        found = await client.call("callers", {"function": "nobody"})
        busy = await client.call("sync")
    data = {"kind": "not_found", "detail": "no function is named nobody", "hint": "functions lists them"}
    assert found["error"] == {"code": -32010, "message": "Not found", "data": data}
    assert busy["error"]["code"] == -32011
    assert busy["error"]["data"] == {"kind": "busy", "detail": "a run is going on", "hint": "wait"}


async def test_unexpected_errors_stay_inside(served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    """The text of an unexpected exception goes to the log, under an id that the client gets."""
    served.daemon.sync_error = ValueError("secret /path")
    async with served.client() as client:
        answer = await client.call("sync")
        assert (await client.call("ping"))["result"] == "pong"
    assert answer["error"]["code"] == -32603
    assert "secret" not in str(answer)
    log_id = answer["error"]["data"]["hint"].removeprefix("log id ")
    logged = "".join(capsys.readouterr())
    assert log_id in logged
    assert "secret /path" in logged


@pytest.mark.parametrize("value", [{"health": object()}, {"health": "\ud800"}, {("a",): 1}])
async def test_a_result_that_json_cannot_carry(served: Served, value: Any) -> None:
    """It is -32603 with the id of the request, and the connection goes on."""
    served.daemon.status_result = value
    async with served.client() as client:
        answer = await client.call("status", request_id="s")
        assert (answer["error"]["code"], answer["id"]) == (-32603, "s")
        assert (await client.call("ping"))["result"] == "pong"


async def test_shutdown_is_answered(where: Path) -> None:
    """`shutdown` asks the daemon to stop; the answer is sent before the connection ends."""
    daemon = FakeDaemon()
    async with serving(where, daemon) as server, server.client() as client:
        assert (await client.call("shutdown"))["result"] == {"stopping": True}
        assert await client.ended()
    assert daemon.asked == [("shutdown",)]


async def test_discover(served: Served) -> None:
    """`rpc.discover` names every method, with the schema of each parameter."""
    async with served.client() as client:
        document = (await client.call("rpc.discover"))["result"]
    assert [method["name"] for method in document["methods"]] == [method.name for method in METHODS]
    callers = next(method for method in document["methods"] if method["name"] == "callers")
    assert [(param["name"], param["required"]) for param in callers["params"]] == [
        ("function", True),
        ("depth", False),
        ("limit", False),
        ("after", False),
        ("min_confidence", False),
        ("fuzzy", False),
    ]
    assert callers["result"]["schema"] == {"$ref": "#/components/schemas/NeighboursResult"}
    assert "NeighboursResult" in document["components"]["schemas"]


def test_reference_is_current() -> None:
    """docs/rpc.md is what `python -m driftd.rpc.discover` prints."""
    assert REFERENCE.read_text(encoding="utf-8") == page(METHODS)


def test_method_names_are_unique() -> None:
    """No method hides another."""
    names = [method.name for method in METHODS]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("name", LISTS)
def test_a_list_looks_at_columns(name: str) -> None:
    """A filter looks at a column of the list's table, which holds what the filter takes; null only where it can be."""
    table = table_of(BY_NAME[LISTS[name].table])
    for one, filter_ in LISTS[name].filters.items():
        column = table.column(filter_.column or one)
        is_text = filter_.kind in {Kind.TEXT, Kind.NULLABLE}
        assert (column.sql_type, column.boolean) == ("TEXT" if is_text else "INTEGER", filter_.kind is Kind.FLAG)
        assert column.nullable or filter_.kind is not Kind.NULLABLE


@pytest.mark.parametrize("name", [name for name in LISTS if LISTS[name].shown])
def test_a_list_shows_columns(name: str) -> None:
    """What is shown is a column of the table, the name of the function that one refers to, or what a pattern is in words."""
    table = table_of(BY_NAME[LISTS[name].table])
    said = set(about_pattern("", 0)) if "pattern_id" in table.key else set()
    named = {column.removesuffix("_id") for column in table.function_ids if column.endswith("_id")}
    assert set(LISTS[name].shown) <= named.union(table.names, said)
