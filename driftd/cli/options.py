"""What the commands share: the WORKSPACE argument, the --json flag, and help that ends with examples."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from driftd.daemon.isolation import import_nothing_from
from driftd.errors import UsageError
from driftd.watch.workspace import find_workspace, real_directory

PATH = click.Path(path_type=Path)


class Command(click.Command):
    """A command whose help ends with `examples`, printed as they stand."""

    def __init__(self, *args: Any, examples: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.examples = examples

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  (click's)
        """Write the examples."""
        with formatter.section("Examples"):
            for example in self.examples:
                formatter.write(f"{'':{formatter.current_indent}}{example}\n")


def resolve_workspace(given: Path | None) -> Path:
    """Return the workspace: the folder that was given, else the nearest parent of the current one that is one.

    Raises UsageError where there is no such folder.
    """
    if given is not None:
        root = real_directory(given)
    else:
        try:
            root = find_workspace(Path.cwd())
        except FileNotFoundError:
            raise UsageError("the current folder does not exist any more", hint="name the workspace") from None
    import_nothing_from(root)
    return root


def workspace_argument(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the argument [WORKSPACE], resolved, as `root`."""
    return click.argument(
        "root",
        metavar="[WORKSPACE]",
        required=False,
        type=PATH,
        callback=lambda _context, _parameter, value: resolve_workspace(value),
    )(command)


def json_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the flag --json, as `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of text.")(command)
