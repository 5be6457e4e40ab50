"""TypeScript that tree-sitter-typescript 0.23.2 cannot read, rewritten to what it can, byte for byte in place.

The rewritten text has the same length and the same meaning to every fact: only the parser sees it, the facts are cut
from the original.  What the grammar misses:
- type arguments of a tagged template (``sql<Row>`…` ``), which it reads as comparisons without noticing;
- variance annotations of type parameters (`<in out T>`);
- the end of a type member before a line that starts with type parameters (`a: A` newline `<B>(b: B): C`);
- an escaped backtick in a template literal type.

What cannot be mistaken for anything else is rewritten at once, the rest only when the parser has found an error.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_TAGGED = re.compile(rb"(?<=[\w$)\]])<[A-Za-z{\[](?:[^`<>()=]|<[^`<>()=]*>){0,2000}>(?=`)")
_VARIANCE_HINTS = [
    re.compile(start + rb"\s*(?:in|out)\s").search for start in (b"<", b",", b"/")
]  # literals are found fast
_VARIANCE = re.compile(
    rb"([<,](?:\s|/\*(?:[^*]|\*(?!/)){0,400}\*/){0,20})(in\s+out|in|out)"
    rb"(?=\s+(?!(?:as|in|of|instanceof|satisfies)\b)[A-Za-z_$])"
)
_GENERIC_LINE = re.compile(rb"\n[ \t]*[ \t](?=<[A-Za-z\r\n])")
_NOT_IN_TAG = (b"`", b"(", b")", b"=")
_ESCAPED = re.compile(rb"\\.")
_MAX_COMMENTS = 32
_WORD = re.compile(rb"[A-Za-z_$][\w$]*")
_ENDS_MEMBER = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_$>])}")


def prepared(data: bytes, *, markup: bool) -> tuple[bytes, frozenset[bytes]]:
    """Return `data` without what the grammar is known to misread, and the names that were blanked.

    `markup` tells that the file is TSX, where a line may start with an element.
    """
    names: set[bytes] = set()

    def blanked(match: re.Match[bytes]) -> bytes:
        names.update(_WORD.findall(match[0]))
        return _blank(match[0])

    data = _without_tags(data, blanked)
    if any(hint(data) for hint in _VARIANCE_HINTS):
        data = _VARIANCE.sub(lambda match: match[1] + _blank(match[2]), data)
    if not markup:
        data = _with_member_ends(data, documented=True)
    return data, frozenset(names)


def _without_tags(data: bytes, blanked: Callable[[re.Match[bytes]], bytes]) -> bytes:
    """Blank the type arguments of tagged templates; only looked for where one can end, back to what cannot be in one."""
    patched: bytearray | None = None
    after = 0
    end = data.find(b">`")
    while end >= 0:
        start = max(after, *[data.rfind(other, 0, end) + 1 for other in _NOT_IN_TAG])
        match = _TAGGED.search(data, start, end + 2)
        if match is not None:
            patched = patched if patched is not None else bytearray(data)
            patched[match.start() : match.end()] = blanked(match)
            after = match.end()
        end = data.find(b">`", end + 2)
    return bytes(patched) if patched is not None else data


def repaired(data: bytes) -> bytes:
    """Return `data`, which has syntax errors, with type members ended and escaped backticks blanked."""
    if b"\\`" in data:
        data = _ESCAPED.sub(lambda match: b"  " if match[0] == b"\\`" else match[0], data)
    return _with_member_ends(data, documented=False)


def _with_member_ends(data: bytes, *, documented: bool) -> bytes:
    """Put a semicolon before every line that starts with `<` where a type member ended before; into the indentation.

    With `documented`, only where a JSDoc comment stands between: no expression goes on after one.
    """
    patched: bytearray | None = None
    for match in _GENERIC_LINE.finditer(data):
        end, saw_doc = _code_end(data, match.start())
        if (
            end
            and (saw_doc or not documented)
            and data[end - 1] in _ENDS_MEMBER
            and data[max(end - 2, 0) : end] != b"=>"
        ):
            patched = patched if patched is not None else bytearray(data)
            patched[match.end() - 1] = 0x3B
    return bytes(patched) if patched is not None else data


def _code_end(data: bytes, end: int) -> tuple[int, bool]:
    """Return where the code before `end` ends, comments and white space left out, and whether one was a JSDoc block."""
    saw_doc = False
    for _ in range(_MAX_COMMENTS):
        while end > 0 and data[end - 1] in b" \t\r\n":
            end -= 1
        line_start = data.rfind(b"\n", 0, end) + 1
        if data.startswith(b"*/", end - 2):
            start = data.rfind(b"/*", 0, end - 2)
            saw_doc = saw_doc or data.startswith(b"/**", start)
            end = max(start, 0)
        elif data[line_start : line_start + 200].lstrip().startswith(b"//"):
            end = line_start
        else:
            return end, saw_doc
    return 0, saw_doc


def _blank(text: bytes) -> bytes:
    return bytes(byte if byte in b"\r\n" else 0x20 for byte in text)
