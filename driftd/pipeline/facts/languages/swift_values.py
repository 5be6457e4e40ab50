"""What expressions and calls of Swift are."""

from __future__ import annotations

from collections.abc import Mapping

from tree_sitter import Node

from driftd.pipeline.facts.languages.declared import values as form
from driftd.pipeline.facts.languages.declared.file import File
from driftd.pipeline.facts.languages.declared.language import CallParts, CallReader
from driftd.pipeline.facts.languages.declared.values import UNKNOWN, Lowering
from driftd.pipeline.facts.model import Arg, Kind, LiteralContext, Value


def _navigation(low: Lowering, node: Node, _context: LiteralContext, _name: str, depth: int) -> Value:
    whole = low.path(node.start_byte, node.end_byte)
    if whole is not None:
        return whole
    suffix = low.field(node, "suffix")
    last = low.field(suffix, "suffix") if suffix is not None else None
    owner = low.value(low.field(node, "target"), depth=depth + 1)
    return low.access(owner, low.text(last)) if last is not None else owner


def _prefix(low: Lowering, node: Node, context: LiteralContext, name: str, depth: int) -> Value:
    """Lower an operator; `&x` is looked through, `.x` is a member of something unwritten."""
    first = low.data[node.start_byte]
    target = low.field(node, "target")
    if first == 46 and target is not None:
        return Value(Kind.MEMBER, low.text(target), -1, (UNKNOWN,))
    if first == 38:
        return low.value(target, context, name, depth + 1)
    return Value(Kind.OPERATION, chr(first), -1, (low.value(target, "operation", "", depth + 1),))


def _call_value(low: Lowering, node: Node, _context: LiteralContext, _name: str, depth: int) -> Value:
    """Lower a call, or a subscript, which the grammar takes for one."""
    index = low.calls.get(node.id)
    if index is not None:
        return Value(Kind.CALL, "", index)
    suffix = node.child(node.child_count - 1)
    args = (
        next((child for child in suffix.children if child.type == "value_arguments"), None)
        if suffix is not None
        else None
    )
    keys = (
        [low.field(child, "value") for child in args.children if child.type == "value_argument"]
        if args is not None
        else []
    )
    owner = low.value(node.child(0), depth=depth + 1)
    return Value(Kind.INDEX, "", -1, (owner, *(low.value(key, "index", "", depth + 1) for key in keys)))


def _dictionary(low: Lowering, node: Node, _context: LiteralContext, _name: str, depth: int) -> Value:
    keys, values = node.children_by_field_name("key"), node.children_by_field_name("value")
    items: list[Value] = []
    for key, value in zip(keys, values, strict=False):
        items += (
            low.value(key, "key", "", depth + 1),
            low.value(value, "property", low.text(key).strip('"'), depth + 1),
        )
    return Value(Kind.DICT, "", -1, tuple(items))


def _tuple(low: Lowering, node: Node, context: LiteralContext, name: str, depth: int) -> Value:
    values = low.values(node.children_by_field_name("value"), context, name, depth + 1)
    return values[0] if len(values) == 1 else Value(Kind.TUPLE, "", -1, values)


def _try(low: Lowering, node: Node, context: LiteralContext, name: str, depth: int) -> Value:
    return low.value(low.field(node, "expr"), context, name, depth + 1)


def _boolean(low: Lowering, node: Node, _context: LiteralContext, _name: str, _depth: int) -> Value:
    return Value(Kind.CONSTANT, low.text(node))


def _type(low: Lowering, node: Node, _context: LiteralContext, _name: str, _depth: int) -> Value:
    """Lower a type to its name, without type arguments."""
    names = [low.text(child) for child in node.children if child.type == "type_identifier"]
    return Value(Kind.PATH, ".".join(names))


FORMS: Mapping[str, form.Form] = {
    "simple_identifier type_identifier identifier self_expression super_expression": form.path,
    "user_type": _type,
    "navigation_expression": _navigation,
    "prefix_expression": _prefix,
    "postfix_expression": form.field("target"),
    "directly_assignable_expression": form.first,
    "call_expression": _call_value,
    "constructor_expression macro_invocation": form.call,
    "lambda_literal": form.function,
    "additive_expression multiplicative_expression comparison_expression equality_expression conjunction_expression"
    " disjunction_expression bitwise_operation infix_expression range_expression nil_coalescing_expression"
    " open_end_range_expression open_start_range_expression check_expression": form.operation,
    "ternary_expression": form.conditional("condition", "if_true", "if_false"),
    "try_expression": _try,
    "await_expression": form.one(Kind.AWAIT),
    "as_expression": form.cast("name", "expr"),
    "assignment": form.assignment("target", "result"),
    "array_literal": form.items(Kind.LIST),
    "dictionary_literal": _dictionary,
    "tuple_expression": _tuple,
    "line_string_literal multi_line_string_literal": form.template("interpolated_expression"),
    "raw_string_literal": form.literal(Kind.STRING),
    "regex_literal": form.literal(Kind.REGEX),
    "integer_literal hex_literal bin_literal oct_literal real_literal": form.literal(Kind.NUMBER),
    "boolean_literal": _boolean,
    "nil_literal": form.constant("null"),
    "key_path_expression selector_expression": lambda _low, _node, _context, _name, _depth: UNKNOWN,
}


# Calls


def suffix_start(node: Node) -> int:
    """Return where the arguments of a call start."""
    suffix = node.child(node.child_count - 1)
    return suffix.start_byte if suffix is not None else node.start_byte


def _arguments(low: Lowering, suffix: Node) -> tuple[Arg, ...]:
    """Return the arguments of a call and the closures that trail it."""
    found: list[Arg] = []
    label = ""
    for child in suffix.children:
        kind = child.type
        if kind == "value_arguments":
            for argument in child.children:
                if argument.type == "value_argument":
                    name, value = low.field(argument, "name"), low.field(argument, "value")
                    text = low.text(name) if name is not None else ""
                    found.append(Arg(low.value(value, "argument", text), text))
        elif kind == "simple_identifier":
            label = low.text(child)
        elif kind == "lambda_literal":
            found.append(Arg(low.value(child), label))
            label = ""
    return tuple(found)


def _call(file: File, node: Node) -> CallParts | None:
    low, callee, suffix = file.low, node.child(0), node.child(node.child_count - 1)
    if callee is None or suffix is None or suffix.type != "call_suffix":
        return None
    start = suffix.start_byte
    path = low.path(node.start_byte, start)
    # A closure that trails the callee is a function of its own: the call stands before it.
    place = start if low.data[start] != 123 else callee.end_byte - 1
    return CallParts(path if path is not None else low.value(callee), _arguments(low, suffix), place)


def _new(file: File, node: Node) -> CallParts | None:
    type_, suffix = file.field(node, "constructed_type"), node.child(node.child_count - 1)
    if type_ is None or suffix is None:
        return None
    return CallParts(file.low.value(type_), _arguments(file.low, suffix), node.start_byte, is_new=True)


def _attribute(file: File, node: Node) -> CallParts | None:
    operands = file.low.operands(node)
    if not operands:
        return None
    return CallParts(file.low.value(operands[0]), operands[1:], node.start_byte)


CALLS: Mapping[str, CallReader] = {"": _call, "new": _new, "decorator": _attribute}
