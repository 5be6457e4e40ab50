"""The commands that ask the call graph."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from driftd.cli.client import ask
from driftd.cli.lists import Page, fetch, list_options, print_list
from driftd.cli.options import Command, json_option, workspace_argument
from driftd.cli.output import note, note_as_of, print_document, print_json
from driftd.cli.tree import print_external, print_tree

_COLUMNS = ("depth", "qualified_name", "file", "line", "call_site", "resolution", "confidence", "path")
_DEPTH = click.IntRange(min=1)


def _search_options(command: Callable[..., int]) -> Callable[..., Any]:
    """Give a command the options that say how far a search goes and which edges it follows."""
    decorated: Callable[..., Any] = command
    for option in (
        click.option("--fuzzy", is_flag=True, help="Follow edges that rest on a name alone as well."),
        click.option(
            "--min-confidence",
            type=click.FloatRange(0, 1),
            metavar="FROM_0_TO_1",
            help="Follow only edges that are at least this sure; 0.5 if not given.",
        ),
        click.option("--depth", type=_DEPTH, help="How many calls away; 1, the direct ones, if not given."),
    ):
        decorated = option(decorated)
    return decorated


def _neighbours(method: str, about: str) -> click.Command:
    def command(root: Path, page: Page, function: str, flat: bool, **given: Any) -> int:
        params = {"function": function, **_given(given)}
        if page.as_json or flat or page.after is not None:
            return print_list(root, method, params, _COLUMNS, page)
        result = fetch(root, method, params, page)
        print_tree(result["function"], result["items"], is_recursive=result.get("is_recursive", False))
        print_external(result.get("external", ()))
        _note_rest(result)
        note_as_of(result)
        return 0

    decorated = workspace_argument(list_options(_search_options(command)))
    decorated = click.option("--flat", is_flag=True, help="Print a table with a path a line, not a tree.")(decorated)
    decorated = click.argument("function")(decorated)
    return click.command(
        method,
        cls=Command,
        help=f"{about}\n\nFUNCTION is an id, a qualified name or FILE:LINE.  Edges that are not sure are left out unless "
        "--min-confidence or --fuzzy say otherwise.",
        examples=(
            f"driftd {method} OrderService.place",
            f"driftd {method} api/orders.py:42 ~/src/shop --depth 3",
            f"driftd {method} OrderService.place --depth 5 --all --json | jq -r '.items[].path | join(\" > \")'",
        ),
    )(decorated)


callers = _neighbours("callers", "Show what calls FUNCTION, directly or through others, as a tree.")
callees = _neighbours("callees", "Show what FUNCTION calls, directly or through others, as a tree.")


@click.command(
    "call-graph",
    cls=Command,
    examples=(
        "driftd call-graph",
        "driftd call-graph --function OrderService.place --depth 2",
        "driftd call-graph --json | jq .entry_points_by_reason",
    ),
)
@workspace_argument
@click.option("--function", help="Show the neighbourhood of this one: an id, a qualified name or FILE:LINE.")
@_search_options
@json_option
def call_graph(root: Path, function: str | None, as_json: bool, **given: Any) -> int:
    """Show the totals of the call graph, or the neighbourhood of one function.

    The resolution rate says which share of the calls that go to code of the workspace could be led to a function.
    Entry points are the functions that a framework, a shell or a test runner calls: routes, commands, tasks, tests.
    """
    result = ask(root, "call_graph", ({} if function is None else {"function": function}) | _given(given))
    if as_json:
        print_json(result)
        return 0
    if function is None:
        print_document({name: value for name, value in result.items() if name != "as_of"})
    else:
        for side, title in (("callers", "called by"), ("callees", "calls")):
            reason = result.get("entry_point")
            shown = f"{title}, entry point: {reason}" if reason and side == "callers" else title
            print_tree(result["function"], result[side], title=shown, is_recursive=result.get("is_recursive", False))
        print_external(result.get("external", ()))
        if result.get("truncated"):
            note("there is more (page through it: driftd callers, driftd callees)")
    note_as_of(result)
    return 0


@click.command(
    "entry-points",
    cls=Command,
    examples=(
        "driftd entry-points --reason route",
        "driftd entry-points --framework django --file 'shop/*'",
        "driftd entry-points --all --json | jq -r '.items[].reason' | sort | uniq -c",
    ),
)
@workspace_argument
@click.option("--reason", help="route, command, task, signal, hook, main, test, fixture, component, export.")
@click.option("--framework", help="flask, django, pytest, express …")
@click.option("--file", help="Only functions of this file; * stands for anything.")
@list_options
def entry_points(root: Path, page: Page, **given: Any) -> int:
    """List the functions that a framework, a shell or a test runner calls, with the reason.

    They are found by decorators, base classes, registrations and conventions of names, followed through imports.
    """
    columns = ("function", "reason", "framework", "file", "line", "said_at")
    return print_list(root, "entry_points", _given(given), columns, page)


def _given(options: dict[str, Any]) -> dict[str, Any]:
    """Return what was said on the command line."""
    return {name: value for name, value in options.items() if value is not None and value is not False}


def _note_rest(result: dict[str, Any]) -> None:
    shown, total = len(result["items"]), result.get("total")
    if result.get("next") is not None:
        note(f"{shown} of {total} shown, the nearest ones (everything: --all)")
    if result.get("truncated"):
        note(f"the search ended after {total} functions (less of it: --depth, --min-confidence)")
