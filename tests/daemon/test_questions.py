"""What the model answers about calls and data: a real daemon on a small shop, hand-checked answers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.fake_daemon import driftd
from tests.daemon.harness import Client, Daemon, RpcError, daemon, write_tree

SHOP = {
    "shop/__init__.py": "",
    "shop/models.py": """\
from django.db import models


class User(models.Model):
    email = models.EmailField()
    nickname = models.CharField(max_length=9)


class Order(models.Model):
    user = models.ForeignKey(User, on_delete=models.CASCADE)

    class Meta:
        db_table = "orders"
""",
    "shop/service.py": """\
from shop.models import Order, User


def pay(order):
    charge(order)
    Order.objects.create(user=order.user)


def charge(order):
    if order.retries:
        pay(order)
    find(order)


def find(order):
    return User.objects.filter(email=order.email)
""",
    "shop/views.py": """\
from shop.service import charge, pay


class Checkout:
    def post(self, request):
        pay(request.order)


class Retry:
    def post(self, request):
        charge(request.order)


def text(name):
    eval("find()")


def find():
    return None
""",
    "shop/urls.py": """\
from django.urls import path

from shop import views

urlpatterns = [path("", views.text)]
""",
    "tests/test_shop.py": """\
from shop.service import pay


def test_pay():
    pay(None)
""",
}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """A daemon that has analysed the shop."""
    with daemon(write_tree(tmp_path_factory.mktemp("questions") / "w", SHOP)) as started:
        with started.client() as client:
            client.call("sync", timeout_s=60)
        yield started


@pytest.fixture
def client(running: Daemon) -> Iterator[Client]:
    """A connection to it."""
    with running.client() as connected:
        yield connected


def test_functions_come_by_file_and_line(client: Client) -> None:
    """The order is that of the code, and a star in a filter stands for anything."""
    found = [(item["file"], item["qualified_name"]) for item in client.items("functions", file="shop/[sv]*")]
    assert found == []
    found = [(item["file"], item["qualified_name"]) for item in client.items("functions", file="shop/s*")]
    assert found == [
        ("shop/service.py", "<module>"),
        ("shop/service.py", "pay"),
        ("shop/service.py", "charge"),
        ("shop/service.py", "find"),
    ]
    posts = client.items("functions", qualified_name="*.post", kind="method")
    assert [item["qualified_name"] for item in posts] == ["Checkout.post", "Retry.post"]


def test_boundaries_are_models_and_fields(client: Client) -> None:
    """A model has one row of its own and one for each field; null asks for the rows without a value."""
    models = client.items("boundaries", field=None)
    assert [(item["model_name"], item["table_name"]) for item in models] == [("User", "shop_user"), ("Order", "orders")]
    (field,) = client.items("boundaries", model="User", sensitivity="pii")
    assert (field["field_name"], field["framework"], field["file"]) == ("email", "django", "shop/models.py")
    with pytest.raises(RpcError) as error:
        client.call("boundaries", sensitivity="secret")
    assert error.value.code == -32602
    assert "pii" in error.value.data["hint"]


def test_data_access_names_the_function(client: Client) -> None:
    """An access has the name of its function beside the id, and is found by function, table and operation."""
    found = client.items("data_access")
    shown = [
        (i["function"], i["operation"], i["table_name"], i["framework"], f"{i['file']}:{i['line']}") for i in found
    ]
    assert shown == [
        ("pay", "insert", "orders", "django", "shop/service.py:6"),
        ("find", "select", "shop_user", "django", "shop/service.py:16"),
    ]
    assert client.items("data_access", function="shop/service.py:15") == found[1:]
    assert client.items("data_access", table="ord*", operation="insert") == found[:1]
    page = client.call("data_access", limit=1)
    assert (page["items"], page["total"], page["as_of"]["pending"]) == (found[:1], 2, 0)
    assert client.call("data_access", limit=1, after=page["next"])["items"] == found[1:]


def paths(items: list[dict[str, Any]]) -> list[str]:
    return [" > ".join(item["path"]) for item in items]


def test_callers_have_paths_and_end_at_cycles(client: Client) -> None:
    """Each function comes once, with a shortest path; `pay` and `charge` call each other, which ends the search."""
    page = client.call("callers", function="shop/service.py:15", depth=9)
    assert page["function"]["qualified_name"] == "find"
    assert paths(page["items"]) == [
        "find > charge",
        "find > charge > Retry.post",
        "find > charge > pay",
        "find > charge > pay > Checkout.post",
        "find > charge > pay > test_pay",
    ]
    assert [item["call_site"] for item in page["items"]] == [
        "shop/service.py:12", "shop/views.py:11", "shop/service.py:5", "shop/views.py:6", "tests/test_shop.py:5",
    ]  # fmt: skip
    assert (page["total"], page["truncated"], page["is_recursive"]) == (5, False, False)
    assert client.call("callees", function="pay", depth=9)["is_recursive"]
    assert paths(client.items("callers", function="pay", depth=9, min_confidence=0.9)) == ["pay > charge"]


def test_uncertain_edges_are_followed_only_on_demand(client: Client) -> None:
    """What rests on a name in a text given to `eval` is a call only for who asks for guesses."""
    assert paths(client.items("callees", function="text")) == []
    (guess,) = client.items("callees", function="text", fuzzy=True)
    assert (guess["qualified_name"], guess["file"], guess["resolution"]) == ("find", "shop/views.py", "fuzzy")
    assert paths(client.items("callees", function="text", min_confidence=0.1)) == []


@pytest.mark.parametrize(
    ("function", "code", "detail", "hint"),
    [
        (
            "find",
            -32602,
            "2 functions are called 'find': find (shop/service.py:15), find (shop/views.py:18)",
            "name one as file:line or by its id",
        ),
        (
            "post",
            -32010,
            "no function 'post'",
            "did you mean Checkout.post (shop/views.py:5), Retry.post (shop/views.py:10)?",
        ),
        ("nothing", -32010, "no function 'nothing'", "name an id, a qualified name or file:line"),
    ],
)
def test_a_name_that_is_not_one_function_is_explained(
    client: Client, function: str, code: int, detail: str, hint: str
) -> None:
    """Several functions of a qualified name are listed, and so are those of a name that is only the end of one."""
    with pytest.raises(RpcError) as error:
        client.call("callees", function=function)
    assert (error.value.code, error.value.data["detail"], error.value.data["hint"]) == (code, detail, hint)


def test_the_call_graph_as_a_whole(client: Client) -> None:
    """Totals, and how the calls of each language fared; what leaves the workspace is not unresolved."""
    graph = client.call("call_graph")
    assert (graph["functions"], graph["edges"], graph["uncalled"]) == (14, 7, 10)
    assert (graph["entry_points"], graph["entry_points_by_reason"]) == (2, {"route": 1, "test": 1})
    python = graph["languages"]["python"]
    assert python["resolved"] == 6
    assert python["calls"] == python["resolved"] + python["elsewhere"] + python["unresolved"]
    assert python["unresolved"] == sum(graph["unresolved"].values())
    assert graph["edges_by_resolution"]["same_file"]["edges"] == 3


def test_entry_points_have_reasons(client: Client) -> None:
    """A view is one because the table of routes says so, in a line of its own; a test because of its name."""
    found = client.items("entry_points")
    shown = [(i["function"], f"{i['file']}:{i['line']}", i["reason"], i["framework"], i["said_at"]) for i in found]
    assert shown == [
        ("text", "shop/views.py:14", "route", "django", "shop/urls.py:5"),
        ("test_pay", "tests/test_shop.py:4", "test", "pytest", None),
    ]
    assert client.items("entry_points", reason="test", file="tests/*") == found[1:]
    assert client.call("call_graph", function="text")["entry_point"] == "route"
    assert client.call("call_graph", function="charge")["entry_point"] is None


def test_entry_points_follow_a_change(tmp_path: Path) -> None:
    """Where the table of routes no longer names a view, it is no entry point any more."""
    root = write_tree(tmp_path / "w", SHOP)
    with daemon(root) as started, started.client() as client:
        client.call("sync", timeout_s=60)
        assert [item["function"] for item in client.items("entry_points", reason="route")] == ["text"]
        (root / "shop/urls.py").write_text("urlpatterns = []\n")
        client.call("sync", timeout_s=60)
        assert client.items("entry_points", reason="route") == []


def test_status_says_how_well_each_language_is_understood(client: Client, running: Daemon) -> None:
    """Files, functions and the calls that could not be resolved, for each language; `doctor` says the same in words."""
    python = client.call("status")["languages"]["python"]
    graph = client.call("call_graph")["languages"]["python"]
    assert (python["files"], python["functions"], python["failed"], python["with_syntax_errors"]) == (6, 8, 0, 0)
    assert (python["calls"], python["unresolved"]) == (graph["calls"], graph["unresolved"])
    done = driftd("doctor", running.root)
    rate = f"{python['resolution_rate']:.0%}"
    assert f"language       python: 6 files, {rate} of the calls into the workspace resolved" in done.stdout


def test_the_tree_in_the_terminal(running: Daemon) -> None:
    """The command shows what the method answers."""
    done = driftd("callees", "Checkout.post", running.root, "--depth", "5")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        "Checkout.post  shop/views.py:5\n"
        "└── pay  shop/service.py:4  import_based 0.75, shop/views.py:6\n"
        "    └── charge  shop/service.py:9  same_file, line 5\n"
        "        └── find  shop/service.py:15  same_file, line 12\n"
    )
