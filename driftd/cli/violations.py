"""The commands that show violations: the list, and everything there is to say about one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from driftd.cli.client import ask
from driftd.cli.lists import Page, fetch, list_options
from driftd.cli.options import Command, json_option, workspace_argument
from driftd.cli.output import BOLD, DIM, GREEN, RED, YELLOW, note, note_as_of, paint, plain, print_json, print_table

_COLOURS = {"error": RED, "warning": YELLOW, "info": GREEN, "hint": DIM}
SHORT_ID = 8  # digits of an id that are shown: they are enough to name one


@click.command(
    cls=Command,
    examples=(
        "driftd violations --severity error",
        "driftd violations --category security --file 'api/*'",
        "driftd violations --rule python/weak-hash --status all --json",
        "driftd violations --is-new",
    ),
)
@workspace_argument
@click.option("--file", help="Only those in this file; * stands for anything.")
@click.option("--severity", type=click.Choice(["error", "warning", "info", "hint"]))
@click.option("--rule", help="Only those of this rule, with or without its category.")
@click.option("--pattern", help="Only those that break this pattern.")
@click.option("--category", help="Only those of this area: security, errors, testing …")
@click.option("--cwe", type=int, help="Only those of this weakness.")
@click.option("--status", type=click.Choice(["open", "suppressed", "resolved", "all"]), help="open, if not given.")
@click.option("--is-new/--no-is-new", default=None, help="Is it missing in the baseline?")
@list_options
def violations(root: Path, page: Page, **given: Any) -> int:
    """List violations, worst first and of equals the surest first.

    A line has the place, the severity, the message, the rule, and in brackets the beginning of the id, which is enough
    for `driftd explain` and `driftd dismiss`.
    """
    result = fetch(root, "violations", {name: value for name, value in given.items() if value is not None}, page)
    if page.as_json:
        print_json(result)
        return 0
    for item in result["items"]:
        print(line_of(item))
    if not result["items"]:
        note("nothing found")
    if result.get("next") is not None:
        note(
            f"{len(result['items'])} of {result.get('total')} shown (go on: --after {result['next']}; everything: --all)"
        )
    note_as_of(result)
    return 0


def line_of(item: dict[str, Any]) -> str:
    """Return a violation in one line, in the form that editors and terminals can follow."""
    severity = paint(item["severity"], _COLOURS[item["severity"]])
    place = f"{plain(item['file'])}:{item['line']}:{item['column_num'] or 1}"
    state = "".join(
        f" {word}"
        for word, holds in (
            ("(new)", item["is_new"]),
            (f"(silenced: {item['suppression_source']})", item["suppressed"]),
            ("(resolved)", item["resolved_at"] is not None),
        )
        if holds
    )
    return f"{place}: {severity}: {plain(item['message'])} {item['rule_id']} [{item['id'][:SHORT_ID]}]{state}"


@click.command(cls=Command, examples=("driftd explain 3f2a91c0", "driftd explain 3f2a91c0 --json | jq .confidence"))
@click.argument("violation_id")
@workspace_argument
@json_option
def explain(root: Path, violation_id: str, as_json: bool) -> int:
    """Say of a violation what it is, why, how sure that is and from what, what to do, and where it is done right."""
    found = ask(root, "explain", {"violation_id": violation_id})
    if as_json:
        print_json(found)
        return 0
    violation = found["violation"]
    print(line_of(violation))
    for title, text in (
        ("code", found["code"]),
        ("in", found["function"]),
        ("why", found["why"]),
        ("what to do", found["what_to_do"]),
        ("edit", f"driftd quickfix {violation['id'][:SHORT_ID]} --apply" if found["quick_fix"]["edits"] else None),
        ("sure", _sureness(found["confidence"])),
        ("silence it with", found["silence_with"]),
        ("id", violation["id"]),
    ):
        if text:
            print(f"  {paint(title, BOLD)}: {plain(str(text))}")
    for title, items in (("done right here", found["similar"]), ("said so far", found["feedback"])):
        if items:
            print(f"  {paint(title, BOLD)}")
            print_table(items, _SHOWN[title], indent="    ")
    note_as_of(found)
    return 0


@click.command(cls=Command, examples=("driftd quickfix 3f2a91c0", "driftd quickfix 3f2a91c0 --apply"))
@click.argument("violation_id")
@workspace_argument
@click.option("--apply", is_flag=True, help="Change the file.")
@json_option
def quickfix(root: Path, violation_id: str, apply: bool, as_json: bool) -> int:
    """Show the edit that removes a violation, or apply it; the exit code is 1 where there is none.

    It is proven before it is offered: with it the finding is gone, nothing new is found, and the file parses as before.
    """
    found = ask(root, "quick_fix", {"violation_id": violation_id})
    if apply and found["edits"]:
        _apply(root, found)
    if as_json:
        print_json({**found, "applied": apply and bool(found["edits"])})
    elif found["edits"]:
        for edit in found["edits"]:
            place = f"{plain(found['file'])}:{edit['line']}:{edit['column']}"
            what = (
                "inserted" if (edit["line"], edit["column"]) == (edit["end_line"], edit["end_column"]) else "changed to"
            )
            print(f"{place}: {'taken out' if not edit['new_text'] else what + ': ' + plain(edit['new_text'])}")
        note(f"say that it was right: driftd fix {found['violation_id'][:SHORT_ID]}" if apply else "apply it: --apply")
    else:
        note(f"there is no edit: {found['reason']}")
        if found["description"]:
            print(found["description"])
    return 0 if found["edits"] else 1


def _apply(root: Path, found: dict[str, Any]) -> None:
    """Change the file that the edits were made for; it is replaced as a whole, with its mode."""
    import hashlib
    import shutil
    import tempfile

    from msgspec import convert

    from driftd.errors import RefusedError
    from driftd.pipeline.fixes import TextEdit, applied

    path = root / found["file"]
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != found["content_hash"]:
        raise RefusedError(f"{found['file']} has just been changed", hint="try again")
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        file.write(applied(data, convert(found["edits"], list[TextEdit])))
    shutil.copymode(path, file.name)
    Path(file.name).replace(path)


_SHOWN = {
    "done right here": ("file", "line", "calls", "function"),
    "said so far": ("id", "created_at", "action", "dismissal_reason", "reason", "author", "undoes"),
}


def _sureness(confidence: dict[str, Any]) -> str:
    value = confidence["value"]
    if "shares" not in confidence:
        return f"{value:.0%}, {confidence['from']}"
    parts = ", ".join(f"{name} {good:g} : {bad:g}" for name, (good, bad) in confidence["shares"].items() if good or bad)
    low, high = confidence["interval"]
    return (
        f"{value:.0%} (pattern {confidence['mean']:.0%}, 95 % interval {low:.0%} to {high:.0%}; for : against: {parts})"
    )
