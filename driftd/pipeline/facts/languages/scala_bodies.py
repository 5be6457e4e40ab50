"""What the bodies of Scala functions say: the forms of expressions, and the readers of calls, assignments and regions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from tree_sitter import Node

from driftd.pipeline.facts.languages.declared import values as form
from driftd.pipeline.facts.languages.declared.file import File
from driftd.pipeline.facts.languages.declared.language import (
    IF,
    WHILE,
    AssignKind,
    Binding,
    BindingReader,
    CallParts,
    CallReader,
    HandlerParts,
    HandlerReader,
    RegionForm,
    RegionReader,
    RegionSeed,
)
from driftd.pipeline.facts.languages.declared.values import UNKNOWN, Lowering
from driftd.pipeline.facts.model import Arg, Kind, LiteralContext, Value

_OPERATORS = frozenset({b"to", b"until", b"by", b"eq", b"ne", b"max", b"min"})
_COMPARISONS = frozenset({"==", "!=", "<=", ">=", "===", "=!="})


def end_of(file: File, node: Node) -> int:
    """Return where code ends whose block ends by its indentation: there the grammar goes on to what follows."""
    if not file.data[node.end_byte - 1 : node.end_byte].isspace():
        return 0
    last: Node | None = node
    end = 0
    while last is not None:
        end = last.end_byte
        children = [child for child in last.children if child.end_byte > child.start_byte]
        last = next((child for child in reversed(children) if child.type not in _COMMENTS), None)
    return end


def child_of(node: Node, kind: str) -> Node | None:
    """Return the first child of a type."""
    for child in node.children:
        if child.type == kind:
            return child
    return None


def word(file: File, node: Node) -> str:
    """Return the name that an identifier is."""
    return file.text(node).strip("`")


def type_name(text: str) -> str:
    """Return a written type without its arguments."""
    return text.partition("[")[0].strip()


def is_infix_call(data: bytes, node: Node) -> bool:
    """Tell whether an infix expression calls a function by its name."""
    name = node.child(1)
    return name is not None and name.type == "identifier" and data[name.start_byte : name.end_byte] not in _OPERATORS


def clauses(node: Node) -> list[Node]:
    """Return the cases of a `try`'s `catch`."""
    clause = child_of(node, "catch_clause")
    if clause is None:
        return []
    inside = [each for each in clause.children if each.type in {"case_block", "indented_cases"}]
    return [each for block in inside for each in block.children if each.type == "case_clause"]


def _parts_of_case(file: File, node: Node) -> tuple[Node | None, list[Node]]:
    """Return the pattern and the statements of a case."""
    statements = [each for each in node.children_by_field_name("body") if each.kind_id not in file.tables.silent]
    return file.field(node, "pattern"), statements


# Values


def _infix(low: Lowering, node: Node, context: LiteralContext, name: str, depth: int) -> Value:
    if node.id in low.calls:
        return form.call(low, node, context, name, depth)
    sign = low.field(node, "operator")
    text = low.text(sign) if sign is not None else ""
    use: LiteralContext = "comparison" if text in form.COMPARISONS else "operation"
    values = low.values(
        [each for each in (low.field(node, "left"), low.field(node, "right")) if each is not None], use, "", depth + 1
    )
    return Value(Kind.OPERATION, text, -1, values)


def _boolean(low: Lowering, node: Node, _context: LiteralContext, _name: str, _depth: int) -> Value:
    return Value(Kind.CONSTANT, "true" if low.data.startswith(b"true", node.start_byte) else "false")


def _interpolated(low: Lowering, node: Node, context: LiteralContext, name: str, depth: int) -> Value:
    index = low.literals.get(node.id)
    inside = child_of(node, "interpolated_string")
    if index is None or inside is None:
        return UNKNOWN
    low.contexts[index] = (context, name)
    parts = [child for child in inside.children if child.type == "interpolation"]
    items = tuple(low.value((low.operands(part) or [part])[-1], "other", "", depth + 1) for part in parts)
    return Value(Kind.TEMPLATE if items else Kind.STRING, "", index, items)


def _instance(low: Lowering, node: Node, context: LiteralContext, name: str, depth: int) -> Value:
    if node.id in low.classes and node.id not in low.calls:
        return form.class_(low, node, context, name, depth)
    return form.call(low, node, context, name, depth)


def _generic(low: Lowering, node: Node, _context: LiteralContext, _name: str, depth: int) -> Value:
    """Lower what is applied as `f[T](x)`; `Show[T]` and `f[T]` alone are neither the object nor the function."""
    if node.parent is None or node.parent.type not in _APPLYING:
        return UNKNOWN
    return low.value(low.field(node, "function"), depth=depth + 1)


def _pattern(low: Lowering, node: Node, context: LiteralContext, name: str, depth: int) -> Value:
    """Lower a pattern with a type to the type."""
    return low.value(low.field(node, "type"), context, name, depth + 1)


FORMS: Mapping[str, form.Form] = {
    "identifier type_identifier operator_identifier stable_identifier stable_type_identifier package_identifier"
    " wildcard": form.path,
    "field_expression": form.member("value", "field"),
    "call_expression annotation": form.call,
    "instance_expression": _instance,
    "generic_function": _generic,
    "generic_type": form.field("type"),
    "applied_constructor_type compound_type annotated_type": form.first,
    "lambda_expression": form.function,
    "string character_literal": form.literal(Kind.STRING),
    "interpolated_string_expression": _interpolated,
    "integer_literal floating_point_literal": form.literal(Kind.NUMBER),
    "boolean_literal": _boolean,
    "null_literal": form.constant("null"),
    "infix_expression": _infix,
    "prefix_expression": form.operation,
    "if_expression": form.conditional("condition", "consequence", "alternative"),
    "parenthesized_expression block indented_block postfix_expression": form.last,
    "ascription_expression method_value": form.first,
    "tuple_expression tuple_pattern": form.items(Kind.TUPLE),
    "vararg": form.one(Kind.SPREAD, "*"),
    "assignment_expression": form.assignment(),
    "typed_pattern case_class_pattern": _pattern,
    "alternative_pattern capture_pattern match_expression try_expression for_expression case_block case_clause"
    " throw_expression return_expression unit": form.unknown,
}
_APPLYING = frozenset({"call_expression", "infix_expression"})
_STATEMENTS = {"throw_expression", "return_expression", "typed_pattern", "case_class_pattern", "alternative_pattern",
               "capture_pattern", "tuple_pattern", "case_clause", "unit", "package_identifier", "block",
               "indented_block", "assignment_expression", "wildcard"}  # fmt: skip
VALUES = frozenset({kind for kinds in FORMS for kind in kinds.split()} - _STATEMENTS)
"""The node types that are a value where they end a function."""


# Calls


def _args(file: File, node: Node | None) -> list[Arg]:
    low = file.low
    if node is None:
        return []
    if node.type != "arguments":
        return [Arg(low.value(node, "argument"))]
    return [_arg(low, each) for each in low.operands(node)]


def _arg(low: Lowering, node: Node, context: Literal["argument", "decorator"] = "argument") -> Arg:
    if node.type == "assignment_expression":
        key = low.field(node, "left")
        name = low.text(key) if key is not None else ""
        return Arg(low.value(low.field(node, "right"), context, name), name)
    return Arg(low.value(node, context))


def _called(file: File, node: Node) -> CallParts | None:
    low = file.low
    function, args = file.field(node, "function"), file.field(node, "arguments")
    if function is None:
        return None
    start, end = function.start_byte, function.end_byte
    callee = low.path(start, end)
    is_new = callee is not None and callee.text == "this"  # of another constructor
    return CallParts(callee if callee is not None else low.value(function), _args(file, args), end - 1, is_new)


def _between(file: File, node: Node) -> CallParts | None:
    left, name, right = file.field(node, "left"), file.field(node, "operator"), file.field(node, "right")
    if name is None:
        return None
    return CallParts(file.low.access(file.low.value(left), word(file, name)), _args(file, right), name.start_byte)


def _creation(file: File, node: Node) -> CallParts | None:
    args = file.field(node, "arguments")
    operands = [each for each in file.low.operands(node) if each.type not in {"arguments", "template_body"}]
    if not operands:
        return None
    type_ = operands[0]
    if type_.type == "compound_type":
        type_ = file.field(type_, "base") or type_
    if type_.type == "applied_constructor_type":
        args = child_of(type_, "arguments")
    return CallParts(file.low.value(type_), _args(file, args), node.start_byte, is_new=True)


def _base(file: File, node: Node) -> CallParts | None:
    type_ = next((each for each in file.low.operands(node) if each.type != "arguments"), None)
    if type_ is None:
        return None
    return CallParts(file.low.value(type_), _args(file, child_of(node, "arguments")), node.start_byte, is_new=True)


def _annotation(file: File, node: Node) -> CallParts | None:
    name, args = file.field(node, "name"), child_of(node, "arguments")
    if name is None or args is None:
        return None
    low = file.low
    return CallParts(low.value(name), [_arg(low, each, "decorator") for each in low.operands(args)], node.start_byte)


CALLS: Mapping[str, CallReader] = {
    "": _called,
    "infix": _between,
    "new": _creation,
    "base": _base,
    "decorator": _annotation,
}


# Assignments


def _value(file: File, node: Node) -> Iterable[Binding]:
    target, value = file.field(node, "pattern") or file.field(node, "name"), file.field(node, "value")
    if target is not None:
        kind: AssignKind = "declare" if value is None or value.type == "wildcard" else "assign"
        declares = "const" if node.type.startswith("val") else "let"
        type_ = file.optional_text(file.field(node, "type"))
        yield Binding(target, target, value if kind == "assign" else None, kind, type_, declares)


def _assigned(file: File, node: Node) -> Iterable[Binding]:
    target = file.field(node, "left")
    if target is not None:
        yield Binding(node, target, file.field(node, "right"))


def _update(file: File, node: Node) -> Iterable[Binding]:
    """Read `x += 1`, which is written like any other operation."""
    sign, target = file.field_text(node, "operator"), file.field(node, "left")
    is_update = len(sign) > 1 and sign.endswith("=") and sign not in _COMPARISONS
    if is_update and target is not None and target.type in {"identifier", "field_expression"}:
        yield Binding(node, target, file.field(node, "right"), "augmented")


def _enumerator(file: File, node: Node) -> Iterable[Binding]:
    operands = file.low.operands(node)
    if len(operands) > 1:
        kind: AssignKind = "for" if child_of(node, "<-") is not None else "assign"
        yield Binding(operands[0], operands[0], operands[1], kind, None, "const")


def _typed(file: File, node: Node) -> Iterable[Binding]:
    """Read `case name: Type`."""
    name = file.field(node, "pattern")
    if name is not None and name.type == "identifier":
        caught = file.state(node.start_byte)[1]
        is_error = caught >= 0 and file.regions[caught][0].kind == "handler"
        kind: AssignKind = "catch" if is_error and file.regions[caught][0].value is None else "declare"
        yield Binding(name, name, None, kind, file.field_text(node, "type") or None, "const")


ASSIGNS: Mapping[str, BindingReader] = {
    "": _assigned,
    "value": _value,
    "update": _update,
    "enumerator": _enumerator,
    "pattern": _typed,
}


# Regions and handlers


def _loop(file: File, node: Node) -> Iterable[RegionSeed]:
    body, listed = file.field(node, "body"), child_of(node, "enumerators")
    if body is None:
        return
    first = next(iter(file.low.operands(listed)), None) if listed is not None else None
    parts = file.low.operands(first) if first is not None else []
    kind: Literal["comprehension", "loop"] = "comprehension" if child_of(node, "yield") is not None else "loop"
    yield RegionSeed(kind, body.start_byte, body.end_byte, node.start_byte, parts[1] if len(parts) > 1 else None)


def _case(file: File, node: Node) -> Iterable[RegionSeed]:
    pattern = file.field(node, "pattern")
    value = None if pattern is None or pattern.type == "wildcard" else pattern
    yield RegionSeed("case", node.start_byte, node.end_byte, node.start_byte, value)


def _catches(file: File, node: Node) -> Iterable[HandlerParts]:
    for clause in clauses(node):
        pattern, statements = _parts_of_case(file, clause)
        caught: tuple[str, ...] = ()
        name = ""
        if pattern is not None and pattern.type == "typed_pattern":
            types = file.field_text(pattern, "type")
            caught = tuple(each.strip() for each in types.split("|")) if types else ()
            name = file.field_text(pattern, "pattern")
        elif pattern is not None and pattern.type == "case_class_pattern":
            caught = (file.field_text(pattern, "type"),)
            name = file.field_text(pattern, "pattern")
        elif pattern is not None and pattern.type == "identifier":
            name = file.text(pattern)
        body = statements[0] if len(statements) == 1 else clause
        yield HandlerParts("try_catch", clause, body, node, caught, name.strip("_"))


REGIONS: Mapping[str, RegionReader] = {
    "if": IF,
    "while": WHILE,
    "for": _loop,
    "case": _case,
    "try": (RegionForm("try", "body"),),
    "handler": (RegionForm("handler"),),
    "finally": (RegionForm("finally"),),
}
HANDLERS: Mapping[str, HandlerReader] = {"try": _catches}
_COMMENTS = frozenset({"comment", "block_comment"})
