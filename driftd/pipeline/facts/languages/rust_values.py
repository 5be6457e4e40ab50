"""What expressions and calls of Rust are."""

from __future__ import annotations

from collections.abc import Mapping

from tree_sitter import Node

from driftd.pipeline.facts.languages import rust_tokens
from driftd.pipeline.facts.languages.declared import values as form
from driftd.pipeline.facts.languages.declared.file import File
from driftd.pipeline.facts.languages.declared.language import ArgumentReader, CallParts, CallReader, named_argument
from driftd.pipeline.facts.languages.declared.values import UNKNOWN, Lowering
from driftd.pipeline.facts.model import Arg, Kind, LiteralContext, Value

_NO_VALUES = frozenset({"return_expression", "break_expression", "continue_expression", "loop_expression",
                        "while_expression", "for_expression"})  # fmt: skip
_MAX_ARMS = 16  # of a `match` whose value is followed


def _scoped(low: Lowering, node: Node, _context: LiteralContext, _name: str, depth: int) -> Value:
    """Lower `a::b`; type arguments within are dropped."""
    whole = low.path(node.start_byte, node.end_byte)
    if whole is not None:
        return whole
    owner, name = low.field(node, "path"), low.field(node, "name")
    if name is None:
        return UNKNOWN
    if owner is None:
        return low.value(name)
    return low.access(low.value(owner, depth=depth + 1), low.text(name))


def _unary(low: Lowering, node: Node, context: LiteralContext, name: str, depth: int) -> Value:
    if low.data[node.start_byte] == 42:  # `*`
        return form.last(low, node, context, name, depth)
    return form.operation(low, node, context, name, depth)


def _last_expression(low: Lowering, block: Node) -> Node | None:
    """Return the expression that a block ends in, which is its value."""
    operands = low.operands(block)
    last = operands[-1] if operands else None
    if last is not None and last.type == "expression_statement":
        end = last.child(last.child_count - 1)
        last = last.child(0) if end is not None and end.type != ";" else None
    return last if last is not None and last.kind_id in low.forms and last.type not in _NO_VALUES else None


def tail(file: File, block: Node | None) -> Node | None:
    """Return the expression that a block ends in."""
    return _last_expression(file.low, block) if block is not None else None


def _block(low: Lowering, node: Node, context: LiteralContext, name: str, depth: int) -> Value:
    inner = next((child for child in node.children if child.type == "block"), node)
    last = _last_expression(low, inner)
    return low.value(last, context, name, depth + 1) if last is not None else UNKNOWN


def _if(low: Lowering, node: Node, context: LiteralContext, name: str, depth: int) -> Value:
    depth += 1
    other = low.field(node, "alternative")
    return Value(Kind.CONDITIONAL, "", -1, (
        low.value(low.field(node, "condition"), depth=depth),
        low.value(low.field(node, "consequence"), context, name, depth),
        form.first(low, other, context, name, depth) if other is not None else UNKNOWN,
    ))  # fmt: skip


def _match(low: Lowering, node: Node, context: LiteralContext, name: str, depth: int) -> Value:
    """Lower a `match` to a chain of conditionals, whose tests are what is matched."""
    body = low.field(node, "body")
    arms = [arm for arm in low.operands(body) if arm.type == "match_arm"] if body is not None else []
    subject = low.value(low.field(node, "value"), depth=depth + 1)
    values = [low.value(low.field(arm, "value"), context, name, depth + 1) for arm in arms]
    if not values or len(values) > _MAX_ARMS or depth > form.MAX_DEPTH // 2:
        return Value(Kind.UNKNOWN, "", -1, (subject, *values[:_MAX_ARMS]))
    whole = values.pop()
    while values:
        whole = Value(Kind.CONDITIONAL, "", -1, (subject, values.pop(), whole))
    return whole


def _let(low: Lowering, node: Node, _context: LiteralContext, _name: str, depth: int) -> Value:
    """Lower the condition `let pattern = value`."""
    pattern = low.field(node, "pattern")
    value = low.value(low.field(node, "value"), depth=depth + 1)
    return Value(Kind.OPERATION, "let", -1, (low.value(pattern, "comparison", "", depth + 1), value))


def _boolean(low: Lowering, node: Node, _context: LiteralContext, _name: str, _depth: int) -> Value:
    return Value(Kind.CONSTANT, low.text(node))


FORMS: Mapping[str, form.Form] = {
    "identifier type_identifier field_identifier shorthand_field_identifier primitive_type self super crate metavariable": form.path,
    "scoped_identifier scoped_type_identifier": _scoped,
    "field_expression": form.member("value", "field"),
    "index_expression": form.index,
    "call_expression struct_expression macro_invocation": form.call,
    "closure_expression": form.function,
    "generic_type generic_function generic_type_with_turbofish bracketed_type qualified_type dynamic_type"
    " abstract_type bounded_type try_expression": form.first,
    "reference_type pointer_type": form.field("type"),
    "reference_expression": form.field("value"),
    "unary_expression": _unary,
    "negative_literal": form.operation,
    "binary_expression range_expression let_chain": form.operation,
    "let_condition": _let,
    "parenthesized_expression": form.unwrap,
    "await_expression": form.one(Kind.AWAIT),
    "type_cast_expression": form.cast("type", "value"),
    "assignment_expression compound_assignment_expr": form.assignment(),
    "array_expression": form.items(Kind.LIST),
    "tuple_expression unit_expression": form.items(Kind.TUPLE),
    "block unsafe_block async_block const_block try_block gen_block": _block,
    "if_expression": _if,
    "match_expression": _match,
    "yield_expression": form.one(Kind.YIELD),
    "string_literal raw_string_literal char_literal": form.literal(Kind.STRING),
    "integer_literal float_literal": form.literal(Kind.NUMBER),
    "boolean_literal": _boolean,
    "return_expression break_expression continue_expression loop_expression while_expression for_expression":
        lambda _low, _node, _context, _name, _depth: UNKNOWN,
    "match_pattern captured_pattern mut_pattern ref_pattern reference_pattern tuple_struct_pattern struct_pattern"
    " generic_pattern": form.first,
    "or_pattern tuple_pattern range_pattern": form.items(Kind.TUPLE, "comparison"),
    "slice_pattern": form.items(Kind.LIST, "comparison"),
}  # fmt: skip


# Calls


def attribute_of(item: Node) -> Node | None:
    """Return the attribute in `#[…]`."""
    return next((child for child in item.children if child.type == "attribute"), None)


def _call(file: File, node: Node) -> CallParts | None:
    args = file.field(node, "arguments")
    if args is None:
        return None
    place = args.start_byte
    callee = file.low.path(node.start_byte, place)
    return CallParts(callee if callee is not None else file.low.value(file.field(node, "function")), args, place)


def _struct(file: File, node: Node) -> CallParts | None:
    name, body = file.field(node, "name"), file.field(node, "body")
    if name is None:
        return None
    return CallParts(file.low.value(name), body, node.start_byte, is_new=True)


def _macro(file: File, node: Node) -> CallParts | None:
    name, tree = file.field(node, "macro"), node.child(node.child_count - 1)
    if name is None or tree is None:
        return None
    args = rust_tokens.arguments(file.low, file.notes, tree) if tree.type == "token_tree" else ()
    return CallParts(file.low.value(name), args, tree.start_byte)


def _tokens(file: File, node: Node) -> CallParts | None:
    """Read a call within the arguments of a macro."""
    tree, owner, low = file.notes[node.id], file.notes.get(-node.id), file.low
    if owner is not None:
        index = low.calls.get(owner.id, -1)
        callee = Value(Kind.MEMBER, low.text(node), -1, (Value(Kind.CALL, "", index),))
    else:
        callee = rust_tokens.callee(low, node.start_byte, tree.start_byte)
    return CallParts(callee, rust_tokens.arguments(low, file.notes, tree), tree.start_byte)


def _decorator(file: File, node: Node) -> CallParts | None:
    attribute, last = attribute_of(node), file.notes.get(node.id)
    path = attribute.child(0) if attribute is not None else None
    if path is None or last is None:
        return None
    args = (
        rust_tokens.arguments(file.low, file.notes, last)
        if last.type == "token_tree"
        else (Arg(file.low.value(last, "decorator")),)
    )
    return CallParts(file.low.value(path), args, node.start_byte)


def _shorthand(low: Lowering, node: Node, _context: str) -> Arg:
    name = (low.operands(node) or [node])[-1]
    return Arg(low.value(name), low.text(name))


def _base(low: Lowering, node: Node, _context: str) -> Arg:
    return Arg(form.one(Kind.SPREAD, "..")(low, node, "argument", "", 0))


ARGUMENTS: Mapping[str, ArgumentReader] = {
    "field_initializer": named_argument("field", "value"),
    "shorthand_field_initializer": _shorthand,
    "base_field_initializer": _base,
}
CALLS: Mapping[str, CallReader] = {
    "": _call,
    "new": _struct,
    "macro": _macro,
    "tokens": _tokens,
    "decorator": _decorator,
}
