"""Reads through macros that only wrap items (`cfg_unix! { pub fn f() {} }`): the grammar sees mere tokens in them.

Their name and braces are blanked out and the file is parsed again; where that gives errors, the macro stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from tree_sitter import Node, Parser, Tree

_MAY_WRAP = re.compile(rb"^[ \t]*[\w:]+![ \t\n]*\{", re.MULTILINE).search
_WRAPS_ITEMS = re.compile(
    rb"(?:\s|//[^\n]*|/\*[^*]*\*+(?:[^/*][^*]*\*+)*/|#!?\[(?:[^\[\]]|\[[^\]]*\])*\])*"
    rb"(?:pub\b|(?:(?:async|unsafe|const)\s+)*fn\b|(?:struct|enum|union|impl|mod|use|trait|type)\s|impl<"
    rb"|macro_rules!|const\s+\w+\s*:|static\s+(?!ref\b)\w)"
).match
_BODIES = frozenset({"mod_item", "impl_item", "trait_item", "foreign_mod_item"})
_PASSES = 3  # macros in macros
_MAX_ERRORS = 200


def parse(parser: Parser, data: bytes) -> Tree:
    """Parse a file with its item macros read through."""
    tree = parser.parse(data)
    if _MAY_WRAP(data) is None:
        return tree
    text, refused = data, set[int]()
    for _ in range(_PASSES):
        found = [each for each in _wrappers(tree.root_node, text) if each[0] not in refused]
        if not found:
            break
        known = set(_errors(tree.root_node))
        opened = parser.parse(_without(text, found))
        errors = [error for error in _errors(opened.root_node) if error not in known]
        bad = {start for start, _, end in found if any(start <= error < end for error in errors)}
        if bad or errors:
            refused |= bad
            found = [each for each in found if each[0] not in bad]
            opened = parser.parse(_without(text, found))
            if not bad or any(error not in known for error in _errors(opened.root_node)):
                break
        text, tree = _without(text, found), opened
    return tree


def _wrappers(root: Node, data: bytes) -> Iterable[tuple[int, int, int]]:
    """Return start, end of the opening brace, and end of the macros in the place of items that wrap items."""
    stack = [root]
    while stack:
        for child in stack.pop().children:
            kind = child.type
            if kind in _BODIES:
                body = child.child_by_field_name("body")
                if body is not None:
                    stack.append(body)
                continue
            macro = child.child(0) if kind == "expression_statement" else child
            if macro is None or macro.type != "macro_invocation":
                continue
            tokens = macro.child(macro.child_count - 1)
            if tokens is None or data[tokens.start_byte : tokens.start_byte + 1] != b"{":
                continue
            if _WRAPS_ITEMS(data, tokens.start_byte + 1, tokens.end_byte - 1):
                yield macro.start_byte, tokens.start_byte + 1, tokens.end_byte


def _without(data: bytes, wrappers: Iterable[tuple[int, int, int]]) -> bytes:
    text = bytearray(data)
    for start, inside, end in wrappers:
        text[start:inside] = bytes(byte if byte == 10 else 32 for byte in text[start:inside])
        text[end - 1] = 32
    return bytes(text)


def _errors(root: Node) -> list[int]:
    """Return where the first errors of a tree start."""
    found: list[int] = []
    stack = [root] if root.has_error else []
    while stack and len(found) < _MAX_ERRORS:
        node = stack.pop()
        if node.is_error or node.is_missing:
            found.append(node.start_byte)
        else:
            stack += [child for child in node.children if child.has_error]
    return found
