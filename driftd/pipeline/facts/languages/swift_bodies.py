"""What binds names in Swift, what decides about code, and what handles errors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tree_sitter import Node

from driftd.pipeline.facts.languages.declared.file import File
from driftd.pipeline.facts.languages.declared.language import (
    Binding,
    BindingReader,
    HandlerParts,
    HandlerReader,
    RegionForm,
    RegionReader,
    RegionSeed,
    assignment,
)
from driftd.pipeline.facts.model import Kind, Value

_MAX_NAMES = 50  # that one pattern binds


def mutability(file: File, node: Node) -> str:
    """Return "let" or "var"."""
    word = next((child for child in node.children if child.type == "value_binding_pattern"), None)
    return file.field_text(word, "mutability") if word is not None else "var"


def declared(file: File, node: Node) -> list[tuple[Node, str | None, Node | None, int]]:
    """Return name, type, value and place of everything that a property declaration declares."""
    found: list[tuple[Node, str | None, Node | None, int]] = []
    assigned = False
    for child in node.children:
        kind = child.type
        if kind == "pattern":
            found.append((file.field(child, "bound_identifier") or child, None, None, child.start_byte))
        elif kind == "type_annotation" and found:
            name, _, value, at = found[-1]
            found[-1] = (name, file.text(child).removeprefix(":").strip(), value, at)
        elif assigned and found:
            name, type_, _, at = found[-1]
            found[-1] = (name, type_, child, at)
        assigned = kind == "="
    return found


# Assignments


def _property(file: File, node: Node) -> Iterable[Binding]:
    """Read local and global variables; those of a class are members."""
    if file.state(node.start_byte)[0] < 0:
        return
    declares = "const" if mutability(file, node) == "let" else "let"
    for name, type_, value, _ in declared(file, node):
        target: Node | Value = name if name.type == "simple_identifier" else _pattern(file, name)
        yield Binding(name, target, value, "assign" if value is not None else "declare", type_, declares)


def _pattern(file: File, pattern: Node) -> Value:
    """Return the names in a pattern."""
    names: list[Value] = []
    stack = [pattern]
    while stack and len(names) < _MAX_NAMES:
        node = stack.pop()
        bound = file.field(node, "bound_identifier") if node.type == "pattern" else None
        if bound is not None:
            names.append(file.low.value(bound))
            continue
        dotted = any(child.type == "." for child in node.children)
        for child in reversed(node.children):
            if child.type == "pattern":
                stack.append(child)
            elif child.type == "simple_identifier" and not dotted:
                names.append(file.low.value(child))
    if len(names) == 1:
        return names[0]
    return Value(Kind.TUPLE, "", -1, tuple(names))


def _condition(file: File, node: Node) -> Iterable[Binding]:
    """Read `if let x = y, let z`, of which the latter is `z` itself."""
    children = node.children
    for index, child in enumerate(children):
        following = children[index + 1] if index + 1 < len(children) else None
        if child.type == "{":
            break
        if child.type != "value_binding_pattern" or following is None or following.type != "simple_identifier":
            continue
        value: Node | None = following
        for at in range(index + 2, min(index + 6, len(children))):
            if children[at].type in {",", "{", "else"}:
                break
            if children[at].type == "=" and at + 1 < len(children):
                value = children[at + 1]
                break
        declares = "const" if file.field_text(child, "mutability") == "let" else "let"
        yield Binding(following, following, value, "assign", None, declares)


def _for(file: File, node: Node) -> Iterable[Binding]:
    item = file.field(node, "item")
    if item is not None:
        target = _pattern(file, item)
        if target.text or target.items:
            yield Binding(item, target, file.field(node, "collection"), "for", None, "const")


def _caught(file: File, clause: Node) -> tuple[tuple[str, ...], str]:
    """Return the types that a clause catches, and the name of the error: `error`, if none is written."""
    pattern = file.field(clause, "error")
    if pattern is None:
        return (), "error"
    bound, types = "", list[str]()
    stack = [pattern]
    while stack:
        node = stack.pop()
        name = file.field(node, "bound_identifier")
        if name is not None:
            bound = file.text(name)
        for child in reversed(node.children):
            if child.type == "pattern":
                stack.append(child)
            elif child.type == "user_type":
                member = child.next_sibling
                last = member.next_sibling if member is not None and member.type == "." else None
                types.append(file.low.value(child).text + (f".{file.text(last)}" if last is not None else ""))
    return tuple(types), bound


def _catch(file: File, node: Node) -> Iterable[Binding]:
    types, name = _caught(file, node)
    if file.field(node, "error") is not None and name:
        yield Binding(node, Value(Kind.PATH, name), None, "catch", " | ".join(types) or None, "const")


ASSIGNS: Mapping[str, BindingReader] = {
    "": assignment("target", "result"),
    "property": _property,
    "condition": _condition,
    "for": _for,
    "catch": _catch,
}


# Regions and handlers


def _blocks(node: Node) -> list[tuple[int, int, bool]]:
    """Return the braces of a statement as byte ranges, and whether they follow an `else`."""
    found: list[tuple[int, int, bool]] = []
    start, after = -1, False
    for child in node.children:
        kind = child.type
        if kind == "else":
            after = True
        elif kind == "{":
            start = child.start_byte
        elif kind == "}" and start >= 0:
            found.append((start, child.end_byte, after))
            start = -1
        elif kind == "if_statement" and after:
            found.append((child.start_byte, child.end_byte, True))
    return found


def _test(node: Node) -> Node | None:
    """Return the first condition that is an expression."""
    for child in node.children_by_field_name("condition"):
        if child.is_named and child.type not in {"value_binding_pattern", "pattern"}:
            return child
    return None


def _if(_file: File, node: Node) -> Iterable[RegionSeed]:
    for start, end, follows in _blocks(node):
        if follows:
            yield RegionSeed("else", start, end, start)
        else:
            yield RegionSeed("branch", start, end, node.start_byte, _test(node))


def _while(_file: File, node: Node) -> Iterable[RegionSeed]:
    yield RegionSeed("loop", node.start_byte, node.end_byte, node.start_byte, _test(node))


def _loop(file: File, node: Node) -> Iterable[RegionSeed]:
    for start, end, _ in _blocks(node)[:1]:
        yield RegionSeed("loop", start, end, node.start_byte, file.field(node, "collection"))


def _case(_file: File, node: Node) -> Iterable[RegionSeed]:
    first = next((child for child in node.children if child.type == "switch_pattern"), None)
    pattern = first.child(0) if first is not None else None
    value = next((child for child in pattern.children if child.is_named), None) if pattern is not None else None
    yield RegionSeed("case", node.start_byte, node.end_byte, node.start_byte, value)


def _do(_file: File, node: Node) -> Iterable[RegionSeed]:
    if any(child.type == "catch_block" for child in node.children):
        for start, end, _ in _blocks(node)[:1]:
            yield RegionSeed("try", start, end, node.start_byte)


def _catches(file: File, node: Node) -> Iterable[HandlerParts]:
    for clause in node.children:
        if clause.type == "catch_block":
            types, name = _caught(file, clause)
            body = next((child for child in clause.children if child.type == "statements"), clause)
            yield HandlerParts("try_catch", clause, body, node, types, name)


def _tries(file: File, node: Node) -> Iterable[HandlerParts]:
    """Read `try`, which hands errors on where no `do` catches them, and `try!`, which dies of them."""
    sign = file.data[node.start_byte + 3 : node.start_byte + 4]
    if sign == b"!":
        yield HandlerParts("error_check", node, None, node)
    if sign in b"!?":
        return
    region = file.state(node.start_byte)[1]
    while region >= 0:
        seed, _, region = file.regions[region]
        if seed.kind == "try":
            return
    yield HandlerParts("propagate", node, None, node)


REGIONS: Mapping[str, RegionReader] = {
    "if": _if,
    "while": _while,
    "for": _loop,
    "case": _case,
    "do": _do,
    "handler": (RegionForm("handler"),),
}
HANDLERS: Mapping[str, HandlerReader] = {"do": _catches, "try": _tries}
