"""The commands that list rows: paging, filters, the table, the remarks beside it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.fake_daemon import FakeDaemon, driftd

FRESH = {"run_id": 7, "finished_at": 1_800_000_000, "pending": 0, "degraded": None, "unexamined": 0}


def pages(total: int, **as_of: Any) -> Any:
    """Return the answer function of a list with `total` functions named f0, f1 …"""

    def answer(params: dict[str, Any]) -> dict[str, Any]:
        start = int(params.get("after", 0))
        end = min(start + params["limit"], total)
        items = [
            {"id": i, "qualified_name": f"f{i}", "kind": "function", "file": "a.py", "line": i}
            for i in range(start, end)
        ]
        return {"items": items, "next": str(end) if end < total else None, "total": total, "as_of": FRESH | as_of}

    return answer


def test_a_list_is_a_table_of_the_columns_that_matter(workspace: Path, daemon: FakeDaemon) -> None:
    """Numbers stand right, text left, under the column's name; nothing is said on stderr about a complete answer."""
    daemon.answers["functions"] = pages(11)
    done = driftd("functions", workspace)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0] == "qualified_name  kind      file  line"
    assert lines[1] == "f0              function  a.py     0"
    assert lines[11] == "f10             function  a.py    10"
    assert len(lines) == 12


def test_filters_and_paging_are_sent_as_parameters(workspace: Path, daemon: FakeDaemon) -> None:
    """What was not given is not sent."""
    daemon.answers["functions"] = pages(5)
    driftd("functions", workspace, "--file", "a.py", "--kind", "method", "--limit", "2", "--after", "2")
    driftd("functions", workspace)
    assert daemon.asked("functions") == [
        {"file": "a.py", "kind": "method", "limit": 2, "after": "2"},
        {"limit": 100},
    ]


def test_a_list_that_goes_on_says_how_to_get_the_rest(workspace: Path, daemon: FakeDaemon) -> None:
    """The remark is on stderr, so that stdout is only the table."""
    daemon.answers["functions"] = pages(5)
    done = driftd("functions", workspace, "--limit", "2")
    assert done.stderr == "driftd: 2 of 5 shown (go on: --after 2; everything: --all)\n"


def test_all_puts_the_pages_together(workspace: Path, daemon: FakeDaemon) -> None:
    """--all --json is one document with every item, however many pages that took."""
    daemon.answers["functions"] = pages(2500)
    done = driftd("functions", workspace, "--all", "--json")
    document = json.loads(done.stdout)
    assert [item["id"] for item in document["items"]] == list(range(2500))
    assert (document["next"], document["total"]) == (None, 2500)
    assert [asked.get("after") for asked in daemon.asked("functions")] == [None, "1000", "2000"]


@pytest.mark.parametrize(
    ("as_of", "said"),
    [
        ({"pending": 2}, "not yet in this answer: 2 saved changes (wait for them: driftd sync)"),
        ({"unexamined": 3}, "not in this answer: 3 files that could not be examined"),
        ({"degraded": "the disk is full"}, "the daemon is degraded: the disk is full"),
        ({"run_id": None}, "there is no analysis yet"),
    ],
)
def test_what_the_answer_does_not_cover_is_said(
    as_of: dict[str, Any], said: str, workspace: Path, daemon: FakeDaemon
) -> None:
    """A list that is not the whole truth never looks as if it were."""
    daemon.answers["functions"] = pages(1, **as_of)
    done = driftd("functions", workspace)
    assert done.returncode == 0
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_nothing_found_is_said(workspace: Path, daemon: FakeDaemon) -> None:
    """An empty list prints no header, and says so on stderr."""
    daemon.answers["functions"] = pages(0)
    done = driftd("functions", workspace)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "driftd: nothing found\n")


def test_control_characters_of_the_code_do_not_reach_the_terminal(workspace: Path, daemon: FakeDaemon) -> None:
    """An escape sequence in a file name is shown, not obeyed."""
    item = {"qualified_name": "f", "kind": "function", "file": "a\x1b]0;owned\x07.py", "line": 1}
    daemon.answers["functions"] = lambda _params: {"items": [item], "next": None, "total": 1}
    done = driftd("functions", workspace)
    assert "\x1b" not in done.stdout
    assert r"a\x1b]0;owned\x07.py" in done.stdout


@pytest.mark.parametrize(
    ("command", "method", "sent"),
    [
        (("callers", "Service.pay", "--depth", "2"), "callers", {"function": "Service.pay", "depth": 2, "limit": 100}),
        (("callees", "a.py:42"), "callees", {"function": "a.py:42", "limit": 100}),
        (("callers", "4611686018427387904"), "callers", {"function": "4611686018427387904", "limit": 100}),
        (
            ("callers", "f", "--fuzzy", "--min-confidence", "0.3"),
            "callers",
            {"function": "f", "fuzzy": True, "min_confidence": 0.3, "limit": 100},
        ),
        (
            ("boundaries", "--model", "User", "--field", "-", "--sensitivity", "pii"),
            "boundaries",
            {"model": "User", "field": None, "sensitivity": "pii", "limit": 100},
        ),
        (
            ("data-access", "--function", "a.py:4", "--table", "ord*", "--framework", "-"),
            "data_access",
            {"function": "a.py:4", "table": "ord*", "framework": None, "limit": 100},
        ),
        (("env", "--name", "HOME"), "env_variables", {"name": "HOME", "limit": 100}),
        (("env_variables",), "env_variables", {"limit": 100}),
        (("constants", "--file", "a.py"), "constants", {"file": "a.py", "limit": 100}),
        (("constants", "--no-is-used", "--is-named"), "constants", {"is_used": False, "is_named": True, "limit": 100}),
        (("scan-history", "--limit", "3"), "scan_history", {"limit": 3}),
    ],
)
def test_each_command_asks_the_method_of_its_name(
    command: tuple[str, ...], method: str, sent: dict[str, Any], workspace: Path, daemon: FakeDaemon
) -> None:
    """A yes-or-no filter has both answers, and is not sent where it was not given; underscores and the short alias are understood."""
    daemon.answers[method] = lambda _params: {"items": [{"depth": 1}], "next": None, "total": 1}
    done = driftd(*command, "--json", cwd=workspace)
    assert done.returncode == 0, done.stderr
    assert daemon.asked(method) == [sent]


START = {"id": 1, "qualified_name": "pay", "file": "shop/pay.py", "line": 3}


def edge(number: int, name: str, via: int, **more: Any) -> dict[str, Any]:
    """Return an item of `callers` or `callees`; each stands in line 10 * its number of a.py and calls two lines below."""
    line = 10 * number
    known = {"file": "a.py", "line": line, "call_site": f"a.py:{line + 2}", "resolution": "import_based"}
    return {"id": number, "qualified_name": name, "via_id": via, "depth": 1, "confidence": 0.95, **known, **more}


def neighbours(*items: dict[str, Any], **more: Any) -> Any:
    return lambda _params: (
        {
            "function": START,
            "items": list(items),
            "next": None,
            "total": len(items),
            "truncated": False,
            "is_recursive": False,
            "as_of": FRESH,
        }
        | more
    )


TREE = neighbours(
    edge(2, "handle", 1),
    edge(3, "retry", 1, confidence=0.75, resolution="callback", call_site="b.py:9"),
    edge(4, "main", 2),
    edge(5, "cron", 2),
    edge(6, "<module>", 4),
)


def test_neighbours_are_a_tree(workspace: Path, daemon: FakeDaemon) -> None:
    """Each function stands below the one before it on its path, with how the call was resolved, how sure that is where
    it is not very sure, and where the call stands: only a line where that is in the file that is named already.
    """
    daemon.answers["callers"] = TREE
    done = driftd("callers", "pay", workspace, "--depth", "3")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        "pay  shop/pay.py:3\n"
        "├── handle  a.py:20  import_based, line 22\n"
        "│   ├── main  a.py:40  import_based, line 42\n"
        "│   │   └── <module>  a.py:60  import_based, line 62\n"
        "│   └── cron  a.py:50  import_based, line 52\n"
        "└── retry  a.py:30  callback 0.75, b.py:9\n"
    )


def test_a_tree_is_drawn_with_what_the_output_can_show(workspace: Path, daemon: FakeDaemon) -> None:
    """Without Unicode the branches are ASCII."""
    daemon.answers["callers"] = neighbours(edge(2, "handle", 1), edge(3, "main", 2))
    done = driftd("callers", "pay", workspace, env={"PYTHONIOENCODING": "ascii"})
    assert done.stdout.splitlines()[1:] == [
        "`-- handle  a.py:20  import_based, line 22",
        "    `-- main  a.py:30  import_based, line 32",
    ]


def test_a_tree_says_what_it_leaves_out(workspace: Path, daemon: FakeDaemon) -> None:
    """A function that reaches itself is marked; what was not shown or not looked at is said on stderr."""
    daemon.answers["callees"] = neighbours(edge(2, "f", 1), next="1", total=9, truncated=True, is_recursive=True)
    done = driftd("callees", "pay", workspace)
    assert done.stdout.splitlines()[0] == "pay  shop/pay.py:3  recursive"
    assert done.stderr == (
        "driftd: 1 of 9 shown, the nearest ones (everything: --all)\n"
        "driftd: the search ended after 9 functions (less of it: --depth, --min-confidence)\n"
    )
    daemon.answers["callees"] = neighbours()
    assert driftd("callees", "pay", workspace).stdout == "pay  shop/pay.py:3\n└── nothing\n"


def test_neighbours_show_their_path(workspace: Path, daemon: FakeDaemon) -> None:
    """--flat is a table, in which the functions between are shown in order."""
    item = {"depth": 2, "qualified_name": "main", "file": "a.py", "line": 1, "path": ["pay", "handle", "main"]}
    daemon.answers["callers"] = lambda _params: {"items": [item], "next": None, "total": 1}
    assert driftd("callers", "pay", workspace, "--flat").stdout.splitlines()[1] == (
        "    2  main            a.py     1  pay > handle > main"
    )


def test_a_neighbourhood_has_both_directions(workspace: Path, daemon: FakeDaemon) -> None:
    """`call-graph --function` shows who calls it, then what it calls."""
    daemon.answers["call_graph"] = lambda _params: {
        "function": START,
        "callers": [edge(2, "main", 1)],
        "callees": [],
        "as_of": FRESH,
    }
    done = driftd("call-graph", workspace, "--function", "pay", "--fuzzy")
    assert done.stdout.splitlines() == [
        "pay  shop/pay.py:3  called by",
        "└── main  a.py:20  import_based, line 22",
        "pay  shop/pay.py:3  calls",
        "└── nothing",
    ]
    assert daemon.asked("call_graph") == [{"function": "pay", "fuzzy": True}]


def test_call_graph_totals_are_lines_and_strategies_a_table(workspace: Path, daemon: FakeDaemon) -> None:
    """A mapping of mappings becomes one row each."""
    daemon.answers["call_graph"] = lambda _params: {
        "functions": 12,
        "edges": 3,
        "resolution": {"same_file": {"edges": 2, "confidence": 0.95}, "import_based": {"edges": 1, "confidence": 0.75}},
        "as_of": FRESH,
    }
    assert driftd("call-graph", workspace).stdout == (
        "functions  12\n"
        "edges      3\n"
        "resolution\n"
        "  name          edges  confidence\n"
        "  same_file         2        0.95\n"
        "  import_based      1        0.75\n"
    )
