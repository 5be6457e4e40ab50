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

LARGEST_PAGE = 1000  # the most a method returns at once
DEFAULT_LIMIT = 100


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
    result = _fetch(root, method, {name: value for name, value in filters.items() if value is not None}, page)
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


def list_command(
    method: str, filters: dict[str, str], columns: tuple[str, ...], *, about: str, example: str
) -> click.Command:
    """Return the command for a method that lists rows.

    `filters` maps each parameter that filters to its help text; one that asks a yes-or-no question is a switch.
    """

    def command(root: Path, page: Page, **given: Any) -> int:
        return print_list(root, method, given, columns, page)

    decorated = workspace_argument(list_options(command))
    for name, text in reversed(filters.items()):
        option = name.replace("_", "-")
        if text.endswith("?"):
            decorated = click.option(f"--{option}/--no-{option}", name, default=None, help=text)(decorated)
        else:
            decorated = click.option(f"--{option}", name, metavar=name.upper(), help=text)(decorated)
    name = method.replace("_", "-")
    examples = (example, f"driftd {name} --all --json")
    return click.command(name, cls=Command, help=about, examples=examples)(decorated)


def _fetch(root: Path, method: str, params: dict[str, Any], page: Page) -> dict[str, Any]:
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


functions = list_command(
    "functions",
    {
        "file": "Only those of this file.",
        "name": "Only those of this name.",
        "qualified_name": "Only those of this name with its classes: Service.pay.",
        "kind": "function, method, constructor, lambda, module …",
        "language": "python, typescript, tsx, javascript …",
        "visibility": "public, protected, private, internal.",
        "is_exported": "Can other files import it?",
        "is_async": "Is it declared async?",
    },
    ("qualified_name", "kind", "file", "line", "end_line", "parameter_count", "is_exported", "is_async"),
    about="List functions and methods, with one <module> row for the top-level code of each file.",
    example="driftd functions --file api/orders.py",
)
constants = list_command(
    "constants",
    {
        "file": "Only those of this file.",
        "name": "Only those of this name.",
        "language": "python, typescript …",
        "is_named": "Is it a named constant, not a magic number?",
        "is_used": "Does anything refer to it?",
    },
    ("name", "value", "is_named", "is_used", "file", "line"),
    about="List named constants and magic numbers, with whether anything uses them.",
    example="driftd constants --name MAX_RETRIES",
)
env_variables = list_command(
    "env_variables",
    {
        "file": "Only those read in this file.",
        "name": "Only this variable.",
        "framework_prefix": "Only those with the prefix of this framework: Vite, Next.js …",
        "has_default": "Does the access have a fallback?",
        "defined_in_env": "Does an env file of the project define it?",
    },
    ("name", "access_method", "has_default", "defined_in_env", "framework_prefix", "file", "line"),
    about="List where environment variables are read, with whether they have a default or are defined anywhere.",
    example="driftd env --name DATABASE_URL",
)
scan_history = list_command(
    "scan_history",
    {"status": "completed, partial, cancelled, failed, running.", "trigger": "What started it: startup, watch …"},
    (
        "id",
        "started_at",
        "trigger",
        "status",
        "total_files",
        "added_files",
        "modified_files",
        "removed_files",
        "unchanged_files",
        "duration_ms",
        "error",
    ),
    about="List past scans with what each of them found changed.",
    example="driftd scan-history --limit 5",
)
