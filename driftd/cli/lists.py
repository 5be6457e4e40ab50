"""The commands that list rows: each is the method of the same name with its filters as options, shown as a table."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from driftd.cli.client import Client
from driftd.cli.options import Command, json_option, workspace_argument
from driftd.cli.output import note, note_as_of, print_json, print_table
from driftd.rpc.listing import LISTS, Kind

LARGEST_PAGE = 1000  # the most a method returns at once
DEFAULT_LIMIT = 100
NOTHING = "-"  # as a table shows it: a filter for the rows that have no value


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list to print, and how."""

    limit: int
    after: str | None
    every: bool
    as_json: bool


def list_options(command: Callable[..., int]) -> Callable[..., Any]:
    """Give a command --limit, --after, --all and --json, as one `page`."""

    @functools.wraps(command)
    def with_page(*, limit: int, after: str | None, every: bool, as_json: bool, **given: Any) -> int:
        return command(page=Page(limit, after, every, as_json), **given)

    decorated: Callable[..., Any] = json_option(with_page)
    for option in (
        click.option("--all", "every", is_flag=True, help="Print all items, whatever --limit says."),
        click.option("--after", metavar="KEY", help="Go on where an earlier answer ended (its `next`)."),
        click.option("--limit", type=click.IntRange(1, LARGEST_PAGE), default=DEFAULT_LIMIT, show_default=True),
    ):
        decorated = option(decorated)
    return decorated


def print_list(root: Path, method: str, filters: dict[str, Any], columns: tuple[str, ...], page: Page) -> int:
    """Ask `method` for a list and print it; where the list goes on, say on standard error how to get the rest."""
    result = fetch(root, method, filters, page)
    if page.as_json:
        print_json(result)
        return 0
    items, rest = result["items"], result.get("next")
    if items:
        print_table(items, columns)
    else:
        note("nothing found")
    if rest is not None:
        note(f"{len(items)} of {result.get('total')} shown (go on: --after {rest}; everything: --all)")
    note_as_of(result)
    return 0


def list_command(method: str) -> click.Command:
    """Return the command for a list: its filters are options, and one that asks a yes-or-no question is a switch."""
    listing = LISTS[method]

    def command(root: Path, page: Page, **given: Any) -> int:
        filters = {
            name: None if value == NOTHING and listing.filters[name].kind is Kind.NULLABLE else value
            for name, value in given.items()
            if value is not None
        }
        return print_list(root, method, filters, listing.shown, page)

    decorated = workspace_argument(list_options(command))
    for name, filter_ in reversed(tuple(listing.filters.items())):
        option, meaning = name.replace("_", "-"), filter_.meaning
        if filter_.kind is Kind.FLAG:
            decorated = click.option(f"--{option}/--no-{option}", name, default=None, help=meaning)(decorated)
            continue
        kind = click.INT if filter_.kind is Kind.INTEGER else click.STRING
        decorated = click.option(f"--{option}", name, type=kind, metavar=name.upper(), help=meaning)(decorated)
    name = method.replace("_", "-")
    about = (
        f"{listing.about}\n\nIn the text of a filter, * stands for anything: --file 'api/*'; a dash stands for none."
    )
    examples = (*listing.examples, f"driftd {name} --all --json")
    return click.command(name, cls=Command, help=about, examples=examples)(decorated)


def fetch(root: Path, method: str, params: dict[str, Any], page: Page) -> dict[str, Any]:
    """Return one page, or all pages put together: the last answer with the items of all of them."""
    items: list[Any] = []
    after = page.after
    with Client(root) as client:
        while True:
            part = {"limit": LARGEST_PAGE if page.every else page.limit} | ({} if after is None else {"after": after})
            result: dict[str, Any] = client.call(method, params | part)
            items += result.get("items", [])
            after = result.get("next")
            if after is None or not page.every:
                return {**result, "items": items}


functions = list_command("functions")
external_calls = list_command("external_calls")
boundaries = list_command("boundaries")
data_access = list_command("data_access")
patterns = list_command("patterns")
confidence = list_command("confidence")
outliers = list_command("outliers")
conventions = list_command("conventions")
detections = list_command("detections")
feedback_history = list_command("feedback_history")
pattern_statuses = list_command("pattern_statuses")
alerts = list_command("alerts")
constants = list_command("constants")
env_variables = list_command("env_variables")
scan_history = list_command("scan_history")
