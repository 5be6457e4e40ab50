"""The commands that ask the call graph."""

from __future__ import annotations

from pathlib import Path

import click

from driftd.cli.client import ask
from driftd.cli.lists import Page, list_options, print_list
from driftd.cli.options import Command, json_option, workspace_argument
from driftd.cli.output import note_as_of, print_document, print_json

_COLUMNS = ("depth", "qualified_name", "file", "line", "call_site", "resolution", "confidence", "path")
_DEPTH = click.IntRange(min=1)


def _neighbours(method: str, about: str) -> click.Command:
    def command(root: Path, page: Page, function: str, depth: int | None) -> int:
        return print_list(root, method, {"function": function, "depth": depth}, _COLUMNS, page)

    decorated = workspace_argument(list_options(command))
    decorated = click.option("--depth", type=_DEPTH, help="How many calls away; 1 is the direct ones.")(decorated)
    decorated = click.argument("function")(decorated)
    return click.command(
        method,
        cls=Command,
        help=f"{about}\n\nFUNCTION is an id, a qualified name or FILE:LINE.",
        examples=(f"driftd {method} OrderService.place", f"driftd {method} api/orders.py:42 ~/src/shop --depth 3"),
    )(decorated)


callers = _neighbours("callers", "List what calls FUNCTION, directly or through others, with the paths.")
callees = _neighbours("callees", "List what FUNCTION calls, directly or through others, with the paths.")


@click.command(
    "call-graph",
    cls=Command,
    examples=(
        "driftd call-graph",
        "driftd call-graph --function OrderService.place --depth 2",
    ),
)
@workspace_argument
@click.option("--function", help="Show the neighbourhood of this one: an id, a qualified name or FILE:LINE.")
@click.option("--depth", type=_DEPTH, help="How far the neighbourhood reaches.")
@json_option
def call_graph(root: Path, function: str | None, depth: int | None, as_json: bool) -> int:
    """Show the totals of the call graph, or the neighbourhood of one function.

    The resolution rate says which share of the calls could be led to a function of the workspace, by strategy.
    """
    asked = {"function": function, "depth": depth}
    result = ask(root, "call_graph", {name: value for name, value in asked.items() if value is not None})
    if as_json:
        print_json(result)
    else:
        print_document({name: value for name, value in result.items() if name != "as_of"})
        note_as_of(result)
    return 0
