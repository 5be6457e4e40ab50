"""The commands with which people judge findings and patterns."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from driftd.cli.client import ask
from driftd.cli.options import Command, json_option, workspace_argument
from driftd.cli.output import note_as_of, print_json, print_table

_REASONS = ("false_positive", "wont_fix", "not_applicable", "duplicate")
_RATES = (
    "kind", "id", "actions", "false_positives", "rate", "state", "fix", "dismiss", "suppress", "escalate", "status",
)  # fmt: skip


def _who() -> str | None:
    """Return the name of who is logged in, if there is one."""
    from getpass import getuser

    try:
        return getuser()
    except (KeyError, OSError):
        return None


def _signed(command: Callable[..., int]) -> Callable[..., Any]:
    """Give a command --reason and --author."""
    decorated: Callable[..., Any] = json_option(command)
    decorated = click.option("--author", help="Who says so; you, if not given.")(decorated)
    return click.option("--reason", help="Why, in your own words.")(decorated)


def _action(action: str, about: str, *, reasons: bool = False) -> click.Command:
    def command(root: Path, violation_id: str, as_json: bool, **given: Any) -> int:
        params = {"violation_id": violation_id, "action": action, **_given(given)}
        return _say(root, params, as_json=as_json)

    decorated = workspace_argument(_signed(command))
    if reasons:
        decorated = click.option("--dismissal-reason", type=click.Choice(_REASONS), help="Why it is dismissed.")(
            decorated
        )
    decorated = click.argument("violation_id")(decorated)
    return click.command(
        action,
        cls=Command,
        help=f"{about}\n\nVIOLATION_ID is its id or the beginning of it, as `driftd violations` shows it.",
        examples=(f"driftd {action} 3f2a91c0", f"driftd {action} 3f2a91c0 --reason 'see the review' --author ana"),
    )(decorated)


dismiss = _action(
    "dismiss",
    "Say that a violation is none: it is silenced, and the pattern is less sure from now on.\n\n"
    "With --dismissal-reason wont_fix or duplicate the pattern stays as sure as it is.",
    reasons=True,
)
fix = _action("fix", "Say that a violation was right and is fixed: its pattern is surer from now on.")
suppress = _action("suppress", "Silence a violation without judging it: its pattern stays as sure as it is.")
escalate = _action("escalate", "Say that a violation is right, and worse than it looks: its pattern is much surer.")


@click.command(cls=Command, examples=("driftd feedback-history --limit 5", "driftd undo 17"))
@click.argument("feedback_id", type=int)
@workspace_argument
@_signed
def undo(root: Path, feedback_id: int, as_json: bool, **given: Any) -> int:
    """Take back what was said about a violation; the number is the one that it was answered with.

    What was taken back stays in the history, with what took it back beside it.
    """
    return _say(root, {"undo": feedback_id, **_given(given)}, as_json=as_json)


def _say(root: Path, params: dict[str, Any], *, as_json: bool) -> int:
    result = ask(root, "feedback", params)
    if as_json:
        print_json(result)
        return 0
    taken = f" takes {result['undoes']} back" if result["undoes"] else ""
    state = f"silenced ({result['suppression_source']})" if result["suppressed"] else "open"
    print(f"feedback {result['feedback_id']}{taken}: {result['action']} {result['violation_id']}, which is {state} now")
    before, after = result["confidence_before"], result["confidence_after"]
    change = f"{before:.3f} → {after:.3f}" if before != after else f"{after:.3f}, as before"
    print(f"pattern {result['pattern_id']}: confidence {change}")
    return 0


def _status(name: str, status: str, about: str) -> click.Command:
    def command(root: Path, pattern: str, as_json: bool, **given: Any) -> int:
        result = ask(root, "set_pattern_status", {"pattern_id": pattern, "status": status, **_given(given, sign=False)})
        if as_json:
            print_json(result)
        else:
            print(f"pattern {result['pattern_id']}: {result['previous_status']} → {result['status']}")
        return 0

    decorated = workspace_argument(json_option(command))
    decorated = click.option("--reason", help="Why, in your own words.")(decorated)
    decorated = click.argument("pattern")(decorated)
    examples = (f"driftd {name} python/weak-hash", f"driftd {name} python/weak-hash --reason 'as agreed'")
    return click.command(name, cls=Command, help=about, examples=examples)(decorated)


approve = _status("approve", "approved", "Raise the findings of PATTERN whatever feedback says of it.")
ignore = _status("ignore", "ignored", "Never raise the findings of PATTERN again.")
enable = _status(
    "enable",
    "discovered",
    "Leave PATTERN to feedback again, which is counted anew: undoes approve, ignore and disabling.",
)


@click.command(
    "feedback-stats", cls=Command, examples=("driftd feedback-stats", "driftd feedback-stats --json | jq '.items[0]'")
)
@workspace_argument
@json_option
def feedback_stats(root: Path, as_json: bool) -> int:
    """Show how many findings of each pattern and detector were false, and what follows from that.

    From 10 actions on: an alert at 10 %, one step less severe above 20 %, disabled after 30 days of that.  A pattern that
    is approved is left alone; `driftd enable` counts anew.
    """
    result = ask(root, "feedback_stats")
    if as_json:
        print_json(result)
        return 0
    print_table(result["items"], _RATES)
    note_as_of(result)
    return 0


@click.command(
    cls=Command, examples=("driftd baseline && git add -f .drift/baseline.json", "driftd violations --is-new")
)
@workspace_argument
@json_option
def baseline(root: Path, as_json: bool) -> int:
    """Write the ids of all violations of now into a file, so that later ones are new.

    The file is .drift/baseline.json unless `[enforcement] baseline` says otherwise.
    """
    result = ask(root, "baseline")
    if as_json:
        print_json(result)
        return 0
    print(f"{result['violations']} violations written to {result['path']}")
    note_as_of(result)
    return 0


def _given(options: dict[str, Any], *, sign: bool = True) -> dict[str, Any]:
    given = {name: value for name, value in options.items() if value is not None}
    if sign and "author" not in given and (name := _who()):
        given["author"] = name
    return given
