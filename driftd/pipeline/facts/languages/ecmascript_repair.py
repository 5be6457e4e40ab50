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

_TAGGED = re.compile(rb"(?<=[\w$)\]])<[A-Za-z{\[](?:[^`<>()=]|<[^`<>()=]*>){0,2000}>(?=`)")
_VARIANCE_HINT = re.compile(rb"[<,/]\s*(?:in|out)\s").search
_VARIANCE = re.compile(
    rb"(?<=[<,])((?:\s|/\*(?:[^*]|\*(?!/)){0,400}\*/){0,20})(in\s+out|in|out)"
    rb"(?=\s+(?!(?:as|in|of|instanceof|satisfies)\b)[A-Za-z_$])"
)
_DOCUMENTED_MEMBER = re.compile(rb"\*/[ \t\r]*\n[ \t]*[ \t](?=<[A-Za-z\r\n])")
_MEMBER_END = re.compile(
    rb"(?<=[\w>\])}])(?<!=>)"
    rb"((?:[ \t\r]*\n(?:[ \t]*(?://[^\n]*|/\*(?:[^*]|\*(?!/)){0,20000}\*/[ \t\r]*(?=\n)))?){1,6}[ \t]*)"
    rb"[ \t](?=<[A-Za-z\r\n])"
)
_ESCAPED = re.compile(rb"\\.")
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

    if b">`" in data:
        data = _TAGGED.sub(blanked, data)
    if _VARIANCE_HINT(data):
        data = _VARIANCE.sub(lambda match: match[1] + _blank(match[2]), data)
    if not markup and (ends := _documented_member_ends(data)):
        patched = bytearray(data)
        for end in ends:
            patched[end] = 0x3B
        data = bytes(patched)
    return data, frozenset(names)


def repaired(data: bytes) -> bytes:
    """Return `data`, which has syntax errors, with type members ended and escaped backticks blanked."""
    if b"\\`" in data:
        data = _ESCAPED.sub(lambda match: b"  " if match[0] == b"\\`" else match[0], data)
    return _MEMBER_END.sub(lambda match: match[1] + b";", data)


def _documented_member_ends(data: bytes) -> list[int]:
    """Return the byte before every `<` that starts a line after a JSDoc comment after the end of a type member."""
    found: list[int] = []
    for match in _DOCUMENTED_MEMBER.finditer(data):
        before = data.rfind(b"/**", 0, match.start()) - 1
        while before > 0 and data[before] in b" \t\r\n":
            before -= 1
        if before > 0 and data[before] in _ENDS_MEMBER and data[before - 1 : before + 1] != b"=>":
            found.append(match.end() - 1)
    return found


def _blank(text: bytes) -> bytes:
    return bytes(byte if byte in b"\r\n" else 0x20 for byte in text)
