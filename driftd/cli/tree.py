"""A part of the call graph as a tree in the terminal: one line a function, indented below what leads to it."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from driftd.cli.output import BOLD, DIM, paint, plain

SURE = 0.8  # an edge that is at least this sure is shown without its confidence
_UNICODE = ("├── ", "└── ", "│   ", "    ")
_ASCII = ("|-- ", "`-- ", "|   ", "    ")


def print_tree(
    start: Mapping[str, Any], items: Sequence[Mapping[str, Any]], *, title: str = "", is_recursive: bool = False
) -> None:
    """Print what is within reach of a function, each below the function before it on its path.

    The items are in order of distance, so that the first ones of them are a tree as well.
    """
    below: dict[object, list[Mapping[str, Any]]] = {}
    for item in items:
        below.setdefault(item.get("via_id"), []).append(item)
    marks = [text for text, holds in ((title, title), ("recursive", is_recursive)) if holds]
    head = f"{paint(plain(str(start['qualified_name'])), BOLD)}  {_place(start)}"
    print(head + (paint(f"  {', '.join(marks)}", DIM) if marks else ""))
    if not items:
        print(f"{_branches()[1]}{paint('nothing', DIM)}")
    for line in _lines(start.get("id"), below):
        print(line)


def print_external(calls: Sequence[Mapping[str, Any]]) -> None:
    """Print what a function calls of other packages, below its tree."""
    for call in calls:
        times = f", {call['calls']} times" if call["calls"] > 1 else ""
        where = plain(f"{call['package']}, line {call['call_site_line']}{times}")
        print(f"{plain(str(call['symbol']))}  {paint(f'outside: {where}', DIM)}")


def _lines(start: object, below: Mapping[object, Sequence[Mapping[str, Any]]]) -> Iterator[str]:
    middle, last, beside, under = _branches()
    # A stack and no recursion: a path may be longer than Python's own.
    waiting = [(item, "", index == 0) for index, item in enumerate(reversed(below.get(start, ())))]
    while waiting:
        item, indent, is_last = waiting.pop()
        yield f"{indent}{last if is_last else middle}{_described(item)}"
        deeper = indent + (under if is_last else beside)
        children = below.get(item["id"], ())
        waiting += [(child, deeper, index == 0) for index, child in enumerate(reversed(children))]


def _described(item: Mapping[str, Any]) -> str:
    """Return a function with the call that leads to it: where it stands, how it was resolved, how sure that is."""
    confidence = item.get("confidence")
    sureness = f" {confidence:.2f}" if isinstance(confidence, int | float) and confidence < SURE else ""
    how = f"{item.get('resolution', '')}{sureness}"
    site = str(item.get("call_site") or "")
    file, _, line = site.rpartition(":")
    # A call in the file that the line names already needs no second path.
    at = f"line {line}" if file == item.get("file") else site
    return f"{plain(str(item['qualified_name']))}  {_place(item)}  {paint(plain(f'{how}, {at}'), DIM)}"


def _place(function: Mapping[str, Any]) -> str:
    return plain(f"{function.get('file', '')}:{function.get('line', '')}")


def _branches() -> tuple[str, str, str, str]:
    try:
        "".join(_UNICODE).encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return _ASCII
    return _UNICODE
