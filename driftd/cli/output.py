"""How answers look: one JSON document, or text for people.

Text is laid out from the document alone: a mapping becomes aligned lines, a list of mappings a table, and a unit is
read off the end of a key (`_ms`, `_s`, `bytes`, `_at`), so that a new column or method needs no code here.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TextIO

BOLD, DIM, RED, YELLOW, GREEN = "1", "2", "31", "33", "32"
CELL_LIMIT = 60  # characters of one cell on a terminal; elsewhere nothing is cut


def print_json(document: Any) -> None:
    """Print one JSON document: indented on a terminal, on one line elsewhere."""
    indent = 2 if is_terminal(sys.stdout) else None
    ascii_only = (sys.stdout.encoding or "").lower().replace("-", "") != "utf8"
    text = json.dumps(document, indent=indent, ensure_ascii=ascii_only)
    # A lone surrogate (a file name that is not UTF-8) cannot be encoded; its JSON escape can.
    print(text.encode("utf-8", "backslashreplace").decode("utf-8"))


def print_document(document: Mapping[str, Any], *, indent: str = "") -> None:
    """Print a mapping as aligned lines, nested mappings indented below their key."""
    width = max((len(key) for key, value in document.items() if not _is_nested(value)), default=0)
    for key, value in document.items():
        if not _is_nested(value):
            print(f"{indent}{key:<{width}}  {plain(cell(key, value))}")
            continue
        print(f"{indent}{paint(plain(key), BOLD)}")
        if isinstance(value, list):
            print_table(value, indent=indent + "  ")
        elif all(isinstance(part, Mapping) for part in value.values()):
            print_table([{"name": name, **part} for name, part in value.items()], indent=indent + "  ")
        else:
            print_document(value, indent=indent + "  ")


def print_table(items: Sequence[Mapping[str, Any]], columns: Iterable[str] = (), *, indent: str = "") -> None:
    """Print mappings as a table of `columns`, without those that no item has; of all columns where none is named."""
    present = dict.fromkeys(key for item in items for key in item)
    names = [name for name in columns if name in present] or list(present)
    limit = CELL_LIMIT if is_terminal(sys.stdout) else None
    rows = [[_cut(plain(cell(name, item.get(name))), limit) for name in names] for item in items]
    numeric = [all(isinstance(item.get(name), int | float | None) for item in items) for name in names]
    widths = [max(len(name), *(len(row[i]) for row in rows)) if rows else len(name) for i, name in enumerate(names)]

    def line(cells: Sequence[str]) -> str:
        aligned = (
            text.rjust(width) if right else text.ljust(width)
            for text, width, right in zip(cells, widths, numeric, strict=True)
        )
        return (indent + "  ".join(aligned)).rstrip()

    print(paint(line(names), BOLD))
    for row in rows:
        print(line(row))


def cell(key: str, value: Any) -> str:
    """Return `value` as text, with the unit that its key names."""
    if value is None or value == "":
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return " > ".join(cell("", item) for item in value) or "-"
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False) if value else "-"
    if isinstance(value, float):
        value = round(value, 3)
    if isinstance(value, int | float):
        if key.endswith("_ms"):
            return duration(value / 1000)
        if key.endswith("_s"):
            return duration(value)
        if key == "bytes" or key.endswith("_bytes") or key.startswith("bytes_"):
            return size(value)
        if key.endswith("_at"):
            return moment(value)
    return str(value)


def duration(seconds: float) -> str:
    """Return a length of time in the unit that reads best."""
    if seconds < 1:
        return f"{seconds * 1000:.3g} ms"
    if seconds < 60:
        return f"{seconds:.3g} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min"


def size(count: float) -> str:
    """Return a number of bytes in the binary unit that reads best."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if count < 1024:
            return f"{count:.4g} {unit}"
        count /= 1024
    return f"{count:.4g} TiB"


def moment(timestamp: float) -> str:
    """Return unix seconds as local time."""
    import time

    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(timestamp))


def counted(number: int, noun: str) -> str:
    """Return "1 file", "2 files"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def paint(text: str, code: str, stream: TextIO | None = None) -> str:
    """Return `text` coloured for `stream` (standard output if not given) where that is a terminal and wants it."""
    out = stream or sys.stdout
    plain_wanted = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return text if plain_wanted or not is_terminal(out) else f"\x1b[{code}m{text}\x1b[0m"


def note(message: str) -> None:
    """Print a remark beside the answer, on standard error."""
    print(f"driftd: {message}", file=sys.stderr)


def note_as_of(result: Any) -> None:
    """Say on standard error what the answer's `as_of` admits: changes not in it, files not examined, degradation."""
    as_of = result.get("as_of") if isinstance(result, dict) else None
    if not isinstance(as_of, dict):
        return
    if as_of.get("run_id", 0) is None:
        note("there is no analysis yet (run: driftd analyze)")
    if as_of.get("pending"):
        changes = counted(as_of["pending"], "saved change")
        note(f"not yet in this answer: {changes} (wait for them: driftd sync)")
    if as_of.get("unexamined"):
        note(f"not in this answer: {counted(as_of['unexamined'], 'file')} that could not be examined")
    if as_of.get("degraded"):
        reason = as_of["degraded"] if isinstance(as_of["degraded"], str) else "see: driftd status"
        note(f"the daemon is degraded: {reason}")


def log_errors_only() -> None:
    """Have an analysis in this process log errors, and nothing less: that is in what the command prints."""
    import logging

    from driftd.logs import configure_later

    def configure() -> None:
        from driftd.daemon import logging as log_setup

        log_setup.configure("error")

    configure_later(configure, logging.ERROR)


def is_terminal(stream: TextIO | None) -> bool:
    """Return whether `stream` is open and a terminal."""
    return stream is not None and not stream.closed and stream.isatty()


def plain(text: str) -> str:
    r"""Return `text` with control characters escaped (`\x1b`): file names and source text are not ours to trust."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def _is_nested(value: Any) -> bool:
    """Return whether `value` is a mapping, or a list of mappings, with something in it."""
    return bool(value) and isinstance(value[0] if isinstance(value, list) else value, Mapping)


def _cut(text: str, limit: int | None) -> str:
    return text if limit is None or len(text) <= limit else text[: limit - 1] + "…"
