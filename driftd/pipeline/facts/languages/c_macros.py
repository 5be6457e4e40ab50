"""Parses C and C++ with the macros out of the way that the grammars cannot read.

Brackets of `extern "C"` that only C++ sees are blanked out, and so are the words in capitals between `class` and the name
of a class, with which it would be read as a function.  Where there still are errors, words in capitals that stand
near them where no expression does (before a declaration, after a parameter list, alone on a line) are blanked out as
well, and the file is parsed again; that holds if it has fewer errors.
"""

from __future__ import annotations

import re

from tree_sitter import Node, Parser, Tree

_GUARDED = re.compile(
    rb"^[ \t]*#[ \t]*if[^\n]*__cplusplus[^\n]*\n(?P<inside>\s*(?:extern\s*\"C\"\s*\{?|\}[^\n#]*)\s*)\n[ \t]*#[ \t]*endif",
    re.MULTILINE,
)
_WORD = rb"[A-Z][A-Z0-9_]{2,}"
_ARGUMENTS = rb"(?:[ \t]*\((?:[^()\n]|\((?:[^()\n]|\([^()\n]*\))*\))*\))?"
_ALONE = re.compile(rb"^[ \t]*(" + _WORD + _ARGUMENTS + rb")[ \t]*;?[ \t]*$")
_BEFORE = re.compile(rb"(?<![\w.>\"])(?<![=(,?:|&+*/-] )(" + _WORD + _ARGUMENTS + rb")(?=\s+[A-Za-z_~:])")
_AFTER = re.compile(rb"(?<=[)\w])\s+(" + _WORD + _ARGUMENTS + rb")\s*(?=[{;:]|$)")
_VARIADIC = re.compile(rb"\bva_arg[ \t]*\([^,()]+,[^,()*]*([* \t]+)\)")
_STATEMENT = re.compile(rb"^[ \t]*(?:return|case|goto|throw|else)\b|^[ \t]*#")
_MARKED = re.compile(
    rb"\b(?:class|struct|union)\s+((?:" + _WORD + _ARGUMENTS + rb"\s+)+)"
    rb"[A-Za-z_]\w*(?:<[^<>{};]*>)?(?:\s+final)?\s*(?::(?!:)|\{[ \t]*(?:$|\}|//|/\*))",
    re.MULTILINE,
)
_PASSES = 3
_MAX_ERRORS = 300
_MAX_LINES = 3  # of an error that are looked at, and as many before it


def parse(parser: Parser, data: bytes) -> Tree:
    """Parse a file, reading past the macros that would make it an error."""
    text = _GUARDED.sub(_blanked, data) if b"__cplusplus" in data else data
    text = _MARKED.sub(_unmarked, text)
    tree = parser.parse(text)
    for _ in range(_PASSES):
        errors = _errors(tree.root_node)
        if not errors:
            break
        opened = _without_macros(text, errors)
        if opened == text:
            break
        other = parser.parse(opened)
        left = _errors(other.root_node)
        if _weight(left) >= _weight(errors):
            break
        text, tree = opened, other
    return tree


def _blanked(match: re.Match[bytes]) -> bytes:
    whole, start = match.group(), match.start()
    inside = slice(match.start("inside") - start, match.end("inside") - start)
    return whole[: inside.start] + re.sub(rb"\S", b" ", whole[inside]) + whole[inside.stop :]


def _unmarked(match: re.Match[bytes]) -> bytes:
    whole, start = match.group(), match.start()
    mark = slice(match.start(1) - start, match.end(1) - start)
    return whole[: mark.start] + re.sub(rb"\S", b" ", whole[mark]) + whole[mark.stop :]


def _errors(root: Node) -> list[tuple[int, int, int]]:
    """Return line, last line and bytes of the first errors of a tree."""
    found: list[tuple[int, int, int]] = []
    stack = [root] if root.has_error else []
    while stack and len(found) < _MAX_ERRORS:
        node = stack.pop()
        if node.is_error or node.is_missing:
            found.append((node.start_point.row, node.end_point.row, node.end_byte - node.start_byte))
        if not node.is_missing:
            stack += [child for child in node.children if child.has_error]
    return found


def _weight(errors: list[tuple[int, int, int]]) -> int:
    return sum(10 + min(size, 1000) for _, _, size in errors)


def _without_macros(text: bytes, errors: list[tuple[int, int, int]]) -> bytes:
    lines = text.split(b"\n")
    near: set[int] = set()
    for first, last, _ in errors:
        near.update(range(max(first - _MAX_LINES, 0), min(last + 1, first + _MAX_LINES, len(lines))))
    for number in near:
        line = lines[number]
        if _STATEMENT.match(line):
            continue
        spans = [match.span(1) for form in (_ALONE, _BEFORE, _AFTER, _VARIADIC) for match in form.finditer(line)]
        if spans:
            blanked = bytearray(line)
            for start, end in spans:
                blanked[start:end] = b" " * (end - start)
            lines[number] = bytes(blanked)
    return b"\n".join(lines)
