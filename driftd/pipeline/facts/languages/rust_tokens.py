"""What can be told of the arguments of Rust's macros, which the grammar leaves as trees of tokens.

A name before parentheses is a call, `name!` before any bracket a macro's; commas part arguments.  What is no plain
expression is UNKNOWN, with the names, literals and calls in it as its items.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from tree_sitter import Node

from driftd.pipeline.facts.languages.declared.file import File
from driftd.pipeline.facts.languages.declared.values import UNKNOWN, Lowering
from driftd.pipeline.facts.model import Arg, Kind, Value

_NAMES = frozenset({"identifier", "self", "super", "crate", "primitive_type"})
_LITERALS = frozenset({"string_literal", "raw_string_literal", "char_literal", "integer_literal", "float_literal"})
_DECLARING = frozenset({"fn", "struct", "enum", "union", "trait", "mod", "macro_rules"})
_PREFIXES = frozenset({"&", "*", "mut", "mutable_specifier"})
_KEYWORDS = frozenset({"move", "dyn"})  # that the grammar reads as names within tokens
_TYPE_ARGUMENTS = re.compile(rb"::\s*<.*>(?=\s*(?:::|$))", re.DOTALL)
_MAX_DEPTH = 40  # of brackets within an argument


def find_calls(file: File, tree: Node) -> Iterable[Node]:
    """Find the calls within a tree of tokens.

    Each is represented by its first name or, after another call, by its own; `file.notes` leads from it to its
    arguments, from the arguments to it, and under the negated id to the call whose result it is a method of.
    """
    stack = [tree]
    while stack:
        first: Node | None = None  # of the names that stand before
        last: Node | None = None
        called: Node | None = None  # the call whose result those names are members of
        joined = banged = declares = False
        angle = 0
        for child in stack.pop().children:
            kind = child.type
            if angle:  # in the type arguments of `::<T>`
                angle += (kind == "<") - kind.count(">") * (kind in {">", ">>"})
                angle = max(angle, 0)
                if kind == "token_tree":
                    stack.append(child)
            elif kind in _NAMES and (joined or file.text(child) not in _KEYWORDS):
                if not joined:
                    first = called = None
                last, first = child, first or child
                joined = banged = False
            elif kind == "token_tree":
                stack.append(child)
                if last is not None and first is not None and not declares and not joined:
                    if banged or file.data[child.start_byte] == 40:
                        name = first if called is None else last
                        file.notes[name.id], file.notes[child.id] = child, name
                        if called is not None:
                            file.notes[-name.id] = called
                        called, first, last = name, None, None
                        yield name
                    else:
                        first = last = called = None
                elif file.data[child.start_byte] == 123:
                    first = last = called = None
                joined = banged = declares = False
            elif kind in {".", "::"}:
                joined = True
            elif kind == "<" and joined:
                angle, joined = 1, False
            elif kind == "!" and last is not None and child.start_byte == last.end_byte:
                banged = True
            elif kind in {"await", "integer_literal"} and joined:
                joined = False
            elif kind != "?":
                first = last = called = None
                joined = banged = False
                declares = kind in _DECLARING


def callee(low: Lowering, start: int, end: int) -> Value:
    """Return what stands before the arguments of a call, without type arguments and the mark of a macro."""
    text = low.data[start:end].rstrip().removesuffix(b"!")
    if b"<" in text:
        text = _TYPE_ARGUMENTS.sub(b"", text)
    awaited, _, name = text.rpartition(b".await.")
    if awaited:
        owner = Value(Kind.AWAIT, "", -1, (Value(Kind.PATH, low.tables.path_text(awaited)),))
        return Value(Kind.MEMBER, low.tables.path_text(name), -1, (owner,))
    return Value(Kind.PATH, low.tables.path_text(text))


def arguments(low: Lowering, notes: dict[int, Node], tree: Node, depth: int = 0) -> tuple[Arg, ...]:
    """Return the arguments in a tree of tokens."""
    found: list[Arg] = []
    group: list[Node] = []
    children = tree.children
    for child in children[1:]:
        if child.type in {",", ";"} or child.id == children[-1].id:
            if group:
                found.append(_argument(low, notes, group, depth))
            group = []
        elif child.kind_id not in low.tables.comments:
            group.append(child)
    return tuple(found)


def _argument(low: Lowering, notes: dict[int, Node], tokens: list[Node], depth: int) -> Arg:
    name = ""
    if len(tokens) > 2 and tokens[1].type == "=" and tokens[0].type in _NAMES:
        name, tokens = low.text(tokens[0]), tokens[2:]
    return Arg(_value(low, notes, tokens, name, depth), name)


def _value(low: Lowering, notes: dict[int, Node], tokens: list[Node], name: str, depth: int) -> Value:
    at = 0
    while at < len(tokens) - 1 and tokens[at].type in _PREFIXES:
        at += 1
    items: list[Value] = []
    start: Node | None = None  # of the access path that is being read
    end = tokens[at]
    joined = False  # to what stands before
    plain = True  # nothing but one expression so far
    begun: dict[int, tuple[int, bool]] = {}  # where a name starts a path: how many items there are, and `plain`

    def flush() -> None:
        nonlocal start
        if start is not None:
            items.append(_path(low, start, end))
        start = None

    for token in tokens[at:]:
        kind = token.type
        if kind in _NAMES or (kind == "integer_literal" and joined):
            if start is None or not joined:
                flush()
                start = token
                begun[token.id] = (max(len(items) - joined, 0), plain)
            end, joined = token, False
        elif kind == "token_tree":
            call = notes.get(token.id)
            index = low.calls.get(call.id) if call is not None else None
            if index is not None and call is not None:
                kept, plain = begun.get(call.id, (len(items), plain))
                del items[kept:]
                start = None
                items.append(Value(Kind.CALL, "", index))
            elif depth < _MAX_DEPTH:
                flush()
                items.append(_bracketed(low, notes, token, depth + 1))
        elif kind in {".", "::"}:
            joined = True
        elif kind in _LITERALS:
            flush()
            items.append(low.value(token, "argument", name))
        elif kind == "boolean_literal":
            flush()
            items.append(low.value(token))
        elif kind == "await":
            joined = False
        elif kind not in {"?", "!"}:
            flush()
            plain = joined = False
    if start is not None and start.id in begun and begun[start.id][0] < len(items):  # a member of what stands before
        items[-1] = low.access(items[-1], low.text(end))
    else:
        flush()
    if plain and len(items) == 1:
        return items[0]
    return Value(Kind.UNKNOWN, "", -1, tuple(items)) if items else UNKNOWN


def _path(low: Lowering, start: Node, end: Node) -> Value:
    found = low.path(start.start_byte, end.end_byte)
    if found is not None:
        return found
    return Value(Kind.PATH, low.tables.path_text(low.data[start.start_byte : end.end_byte]))


def _bracketed(low: Lowering, notes: dict[int, Node], tree: Node, depth: int) -> Value:
    """Lower what stands in brackets that belong to no call."""
    values = tuple([arg.value for arg in arguments(low, notes, tree, depth)])
    opening = low.data[tree.start_byte]
    if opening == 91:
        return Value(Kind.LIST, "", -1, values)
    if opening == 40:
        return values[0] if len(values) == 1 else Value(Kind.TUPLE, "", -1, values)
    return Value(Kind.UNKNOWN, "", -1, values)
