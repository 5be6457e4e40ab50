"""What binds names in Rust, what decides about code, and what handles errors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tree_sitter import Node

from driftd.pipeline.facts.languages.declared.file import File
from driftd.pipeline.facts.languages.declared.language import (
    IF,
    WHILE,
    AssignKind,
    Binding,
    BindingReader,
    HandlerParts,
    HandlerReader,
    RegionForm,
    RegionReader,
    RegionSeed,
    assignment,
)
from driftd.pipeline.facts.languages.rust_values import tail
from driftd.pipeline.facts.model import Kind, Value

_NAMES = frozenset({"identifier", "shorthand_field_identifier"})
_OWNERS = frozenset({"extension", "trait"})
_MAX_NAMES = 100  # that one pattern binds
_MAX_CONDITIONS = 16


# Patterns


def _names(file: File, pattern: Node) -> list[Value]:
    """Return the names that a pattern binds; a constant, as every name that starts with a capital, is none."""
    found: list[Value] = []
    stack = [pattern]
    while stack and len(found) < _MAX_NAMES:
        node = stack.pop()
        kind = node.type
        if kind in _NAMES:
            if not 65 <= file.data[node.start_byte] <= 90:
                found.append(file.low.value(node))
        elif kind == "or_pattern":
            stack += file.low.operands(node)[:1]
        elif kind in {"tuple_struct_pattern", "struct_pattern"}:
            stack += reversed(file.low.operands(node)[1:])
        elif kind == "field_pattern":
            inner = file.field(node, "pattern") or file.field(node, "name")
            if inner is not None:
                stack.append(inner)
        elif kind == "match_pattern":
            stack += file.low.operands(node)[:1]
        elif kind.endswith("_pattern"):
            stack += reversed(file.low.operands(node))
    return found


def _target(file: File, pattern: Node) -> Value | None:
    """Return what a pattern binds, as the target of an assignment."""
    for _ in range(_MAX_CONDITIONS):
        if pattern.type not in {"match_pattern", "mut_pattern", "ref_pattern", "reference_pattern"}:
            break
        pattern = (file.low.operands(pattern) or [pattern])[0]
    if pattern.type in {"tuple_pattern", "slice_pattern"}:
        items: list[Value] = []
        for child in pattern.children:
            if child.type == "_":
                items.append(Value(Kind.PATH, "_"))
            elif child.is_named and child.kind_id not in file.tables.silent:
                items.append(_joined(_names(file, child)) or Value(Kind.UNKNOWN))
        return Value(Kind.TUPLE if pattern.type == "tuple_pattern" else Kind.LIST, "", -1, tuple(items))
    if pattern.type == "struct_pattern":
        pairs: list[Value] = []
        for child in file.low.operands(pattern)[1:]:
            name, inner = file.field(child, "name"), file.field(child, "pattern")
            bound = _joined(_names(file, inner or child))
            if name is not None and bound is not None:
                pairs += (file.low.value(name), bound)
        return Value(Kind.DICT, "", -1, tuple(pairs)) if pairs else None
    return _joined(_names(file, pattern))


def _joined(names: list[Value]) -> Value | None:
    if len(names) > 1:
        return Value(Kind.TUPLE, "", -1, tuple(names))
    return names[0] if names else None


def _is_mutable(node: Node) -> bool:
    return any(child.type in {"mutable_specifier", "mut_pattern"} for child in node.children)


# Assignments


def _let(file: File, node: Node) -> Iterable[Binding]:
    pattern, value = file.field(node, "pattern"), file.field(node, "value")
    if pattern is None:
        return
    is_name = pattern.type == "identifier"
    target = file.low.value(pattern) if is_name else _target(file, pattern)
    if target is None and pattern.type == "_":
        target = Value(Kind.PATH, "_")
    if target is not None:
        type_ = file.optional_text(file.field(node, "type"))
        declares = "let" if value is None or _is_mutable(node) else "const"
        yield Binding(node, target, value, "declare" if value is None else "assign", type_, declares)


def _matched(file: File, pattern: Node, value: Node | Value | None) -> Iterable[Binding]:
    target = _target(file, pattern)
    if target is not None:
        kind: AssignKind = "catch" if _error_pattern(file, pattern) is not None else "assign"
        yield Binding(pattern, target, value, kind, None, "let" if _is_mutable(pattern) else "const")


def _condition(file: File, node: Node) -> Iterable[Binding]:
    pattern = file.field(node, "pattern")
    return _matched(file, pattern, file.field(node, "value")) if pattern is not None else ()


def _arms(file: File, node: Node) -> list[Node]:
    body = file.field(node, "body")
    return [arm for arm in file.low.operands(body) if arm.type == "match_arm"] if body is not None else []


def _match(file: File, node: Node) -> Iterable[Binding]:
    subject = file.low.value(file.field(node, "value"))
    for arm in _arms(file, node):
        pattern = file.field(arm, "pattern")
        if pattern is not None:
            yield from _matched(file, pattern, subject)


def _for(file: File, node: Node) -> Iterable[Binding]:
    pattern = file.field(node, "pattern")
    target = _target(file, pattern) if pattern is not None else None
    if pattern is not None and target is not None:
        yield Binding(pattern, target, file.field(node, "value"), "for", None, "const")


def _const(file: File, node: Node) -> Iterable[Binding]:
    """Read a constant or a static; those of a trait or its `impl` are members."""
    name, value = file.field(node, "name"), file.field(node, "value")
    if name is None or file.class_variant(file.state(node.start_byte)[0]) in _OWNERS:
        return
    type_ = file.optional_text(file.field(node, "type"))
    declares = "let" if _is_mutable(node) else "const"
    yield Binding(node, name, value, "assign" if value is not None else "declare", type_, declares)


ASSIGNS: Mapping[str, BindingReader] = {
    "": assignment(),
    "let": _let,
    "condition": _condition,
    "match": _match,
    "for": _for,
    "const": _const,
}


# Regions


def _case(file: File, node: Node) -> Iterable[RegionSeed]:
    """Read an arm: what decides is the pattern's constructor, or the pattern."""
    pattern = file.field(node, "pattern")
    operands = file.low.operands(pattern) if pattern is not None else []
    yield RegionSeed("case", node.start_byte, node.end_byte, node.start_byte, operands[0] if operands else None)


REGIONS: Mapping[str, RegionReader] = {
    "if": IF,
    "while": WHILE,
    "loop": (RegionForm("loop", "body"),),
    "for": (RegionForm("loop", "body", "value"),),
    "case": _case,
    "let": (RegionForm("else", "alternative"),),
}


# Handlers


def unwraps(file: File, call: Node) -> bool:
    """Tell whether a call is `x.unwrap()` or `x.expect("…")`."""
    function = file.field(call, "function")
    return function is not None and file.field_text(function, "field") in {"unwrap", "expect"}


def _constructor(file: File, pattern: Node) -> str:
    """Return the last name of what a pattern takes apart: `Err`."""
    type_ = file.field(pattern, "type") if pattern.type == "tuple_struct_pattern" else None
    return file.low.value(type_).text.rpartition(".")[2] if type_ is not None else ""


def _error_pattern(file: File, pattern: Node) -> tuple[tuple[str, ...], str] | None:
    """Return the types and the name that `Err(…)` catches, or None for another pattern."""
    for _ in range(_MAX_CONDITIONS):
        if pattern.type not in {"match_pattern", "or_pattern", "reference_pattern", "ref_pattern"}:
            break
        operands = file.low.operands(pattern)
        if not operands:
            break
        pattern = operands[0]
    if _constructor(file, pattern) != "Err":
        return None
    inner = file.low.operands(pattern)[1:]
    if not inner:
        return (), ""
    queue, caught, name = inner[:1], list[str](), ""
    for _ in range(_MAX_CONDITIONS):
        if not queue:
            break
        part = queue.pop(0)
        kind = part.type
        if kind in {"or_pattern", "captured_pattern", "ref_pattern", "mut_pattern", "reference_pattern"}:
            queue[:0] = file.low.operands(part)
        elif kind == "identifier" and not 65 <= file.data[part.start_byte] <= 90:
            name = name or file.text(part)
        elif kind in {"tuple_struct_pattern", "struct_pattern", "scoped_identifier", "identifier"}:
            caught.append(file.low.value(part).text)
            names = _names(file, part)
            name = name or (names[0].text if len(names) == 1 else "")
    return tuple(each for each in caught if each), name


def _check(file: File, node: Node, body: Node, start: Node, caught: tuple[str, ...], name: str) -> HandlerParts:
    result = tail(file, body) if body.type == "block" else body
    is_call = result is not None and result.type == "call_expression"
    return HandlerParts("error_check", node, body, start, caught, name, result if is_call else None)


def _match_handlers(file: File, node: Node) -> Iterable[HandlerParts]:
    for arm in _arms(file, node):
        pattern, body = file.field(arm, "pattern"), file.field(arm, "value")
        error = _error_pattern(file, pattern) if pattern is not None else None
        if error is not None and body is not None:
            yield _check(file, arm, body, node, *error)


def _alternative(file: File, node: Node) -> Node | None:
    """Return the block of an `else`."""
    other = file.field(node, "alternative")
    if other is not None and other.type == "else_clause":
        other = next(iter(file.low.operands(other)), None)
    return other if other is not None and other.type == "block" else None


def _if_handlers(file: File, node: Node) -> Iterable[HandlerParts]:
    """Read `if let Err(e) = …`, `if let Ok(x) = … else`, `if ….is_err()` and `if ….is_ok() else`."""
    condition, body = file.field(node, "condition"), file.field(node, "consequence")
    if condition is None or body is None:
        return
    for part in file.low.operands(condition) if condition.type == "let_chain" else (condition,):
        pattern = file.field(part, "pattern") if part.type == "let_condition" else None
        if pattern is not None:
            error = _error_pattern(file, pattern)
            if error is not None:
                yield _check(file, node, body, node, *error)
                return
            passes = _constructor(file, pattern) == "Ok"
        else:
            function = file.field(part, "function") if part.type == "call_expression" else None
            tested = file.field_text(function, "field") if function is not None else ""
            if tested == "is_err":
                yield _check(file, node, body, node, (), "")
                return
            passes = tested == "is_ok"
        other = _alternative(file, node)
        if passes and other is not None:
            yield _check(file, node, other, node, (), "")
            return


def _let_handlers(file: File, node: Node) -> Iterable[HandlerParts]:
    """Read `let Ok(x) = … else`."""
    other = _alternative(file, node)
    pattern = file.field(node, "pattern") if other is not None else None
    if other is not None and pattern is not None and _constructor(file, pattern) == "Ok":
        yield _check(file, node, other, node, (), "")


def _propagate(_file: File, node: Node) -> Iterable[HandlerParts]:
    yield HandlerParts("propagate", node, None, node)


def _unwrap(_file: File, node: Node) -> Iterable[HandlerParts]:
    yield HandlerParts("error_check", node, None, node)


HANDLERS: Mapping[str, HandlerReader] = {
    "if": _if_handlers,
    "match": _match_handlers,
    "let": _let_handlers,
    "propagate": _propagate,
    "unwrap": _unwrap,
}
