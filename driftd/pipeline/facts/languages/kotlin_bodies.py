"""What the bodies of Kotlin functions say: the forms of expressions, and the readers of calls, assignments and regions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Literal

from tree_sitter import Node

from driftd.pipeline.facts.languages.declared import values as form
from driftd.pipeline.facts.languages.declared.file import File
from driftd.pipeline.facts.languages.declared.language import (
    WHILE,
    ArgumentReader,
    Binding,
    BindingReader,
    CallParts,
    CallReader,
    HandlerParts,
    HandlerReader,
    RegionForm,
    RegionReader,
    RegionSeed,
    assignment,
)
from driftd.pipeline.facts.languages.declared.values import UNKNOWN, Lowering
from driftd.pipeline.facts.model import Arg, Kind, LiteralContext, Value

TYPES = frozenset({"user_type", "nullable_type", "function_type", "parenthesized_type", "non_nullable_type"})
_BINDING = frozenset({"variable_declaration", "multi_variable_declaration"})
_OPERATORS = frozenset({b"to", b"until", b"downTo", b"step", b"shl", b"shr", b"ushr", b"and", b"or", b"xor"})
_CONSTANTS = {word: Value(Kind.CONSTANT, word.decode()) for word in (b"true", b"false", b"null")}
_BARE_NAME = re.compile(rb"[A-Za-z_]\w*")
GENERIC = re.compile(rb"<\s*[A-Z][\w.]*\??\s*>[({]|<\s*[A-Z][\w.]*\??\s*> \{")


def child_of(node: Node, kind: str) -> Node | None:
    """Return the first child of a type."""
    for child in node.children:
        if child.type == kind:
            return child
    return None


def word(file: File, node: Node) -> str:
    """Return the name that an identifier is."""
    return file.text(node).strip("`")


def type_text(file: File, node: Node) -> str | None:
    """Return the type that is written in a declaration."""
    for child in node.children:
        if child.type in TYPES:
            return file.text(child)
    return None


def initial(file: File, node: Node) -> Node | None:
    """Return what stands behind the `=` or the `by` of a declaration."""
    is_next = False
    for child in node.children:
        if child.type == "property_delegate":
            return next(iter(file.low.operands(child)), None)
        if is_next and child.kind_id not in file.tables.silent:
            return child
        is_next = is_next or child.type == "="
    return None


def is_generic_call(data: bytes, node: Node) -> bool:
    """Tell whether `f < T > (x)` is a call with a type argument, which the grammar takes for two comparisons."""
    left, right = node.child(0), node.child(node.child_count - 1)
    if left is None or right is None or left.type != "binary_expression":
        return False
    if right.type not in {"parenthesized_expression", "lambda_literal"}:
        return False
    callee = left.child(0)
    return callee is not None and bool(GENERIC.match(data, callee.end_byte, right.start_byte + 1))


def is_infix_call(data: bytes, node: Node) -> bool:
    """Tell whether an infix expression calls a function, not an operator of the standard library."""
    name = node.child(1)
    return name is not None and data[name.start_byte : name.end_byte] not in _OPERATORS


def holes(data: bytes, node: Node) -> Iterable[tuple[int, int]]:
    """Return the byte ranges of the substitutions in a string: `${x}` is a node, `$x` only sometimes."""
    if data.find(b"$", node.start_byte, node.end_byte) < 0:
        return
    previous = b""
    for child in node.children:
        if child.type == "interpolation":
            yield child.start_byte, child.end_byte
        elif child.type == "string_content":
            text = data[child.start_byte : child.end_byte]
            name = _BARE_NAME.match(text) if previous == b"$" else None
            if name is not None:
                yield child.start_byte - 1, child.start_byte + name.end()
            previous = text
            continue
        previous = b""


# Values


def _identifier(low: Lowering, node: Node, context: LiteralContext, name: str, depth: int) -> Value:
    constant = _CONSTANTS.get(low.data[node.start_byte : node.end_byte])
    return constant if constant is not None else form.path(low, node, context, name, depth)


def _navigation(low: Lowering, node: Node, _context: LiteralContext, _name: str, depth: int) -> Value:
    whole = low.path(node.start_byte, node.end_byte)
    if whole is not None:
        return whole
    operands = low.operands(node)
    if len(operands) != 2:
        return UNKNOWN
    last = operands[1]
    return low.access(
        low.value(operands[0], "other", "", depth + 1), low.tables.path_text(low.data[last.start_byte : last.end_byte])
    )


def _type(low: Lowering, node: Node, _context: LiteralContext, _name: str, _depth: int) -> Value:
    """Lower a named type; its type arguments are dropped."""
    whole = low.path(node.start_byte, node.end_byte)
    if whole is not None:
        return whole
    names = [low.tables.path_text(low.data[each.start_byte : each.end_byte]) for each in low.operands(node)]
    return Value(Kind.PATH, ".".join(names))


def _binary(low: Lowering, node: Node, context: LiteralContext, name: str, depth: int) -> Value:
    if node.id in low.calls:
        return form.call(low, node, context, name, depth)
    return form.operation(low, node, context, name, depth)


def _infix(low: Lowering, node: Node, context: LiteralContext, name: str, depth: int) -> Value:
    if node.id in low.calls:
        return form.call(low, node, context, name, depth)
    operands = low.operands(node)
    if len(operands) != 3:
        return UNKNOWN
    values = low.values((operands[0], operands[2]), "operation", "", depth + 1)
    return Value(Kind.OPERATION, low.text(operands[1]), -1, values)


def _unary(low: Lowering, node: Node, context: LiteralContext, name: str, depth: int) -> Value:
    """Lower an operator; `x!!` is looked through."""
    if low.data[node.end_byte - 2 : node.end_byte] == b"!!":
        return low.value(low.field(node, "argument"), context, name, depth + 1)
    return form.operation(low, node, context, name, depth)


def _if(low: Lowering, node: Node, context: LiteralContext, name: str, depth: int) -> Value:
    test, yes, no = _branches(low, node)
    if yes is None or no is None:
        return UNKNOWN
    depth += 1
    values = (
        low.value(test, depth=depth),
        low.value(yes, context, name, depth),
        low.value(no, context, name, depth),
    )
    return Value(Kind.CONDITIONAL, "", -1, values)


def _outcomes(low: Lowering, node: Node, context: LiteralContext, name: str, depth: int) -> Value:
    """Lower a `when` or `try`: its values are those of its branches."""
    parts = [child for child in low.operands(node) if child.type not in {"when_subject", "finally_block"}]
    return Value(Kind.UNKNOWN, "", -1, low.values(parts, context, name, depth + 1))


def _string(low: Lowering, node: Node, context: LiteralContext, name: str, depth: int) -> Value:
    index = low.literals.get(node.id)
    if index is None:
        return UNKNOWN
    low.contexts[index] = (context, name)
    if low.data.find(b"$", node.start_byte, node.end_byte) < 0:
        return Value(Kind.STRING, "", index)
    items: list[Value] = []
    nodes = {child.start_byte: child for child in node.children if child.type == "interpolation"}
    for start, end in holes(low.data, node):
        whole = nodes.get(start)
        if whole is None:
            items.append(Value(Kind.PATH, low.data[start + 1 : end].decode("utf-8", "replace")))
        else:
            items.append(low.value((low.operands(whole) or [whole])[-1], "other", "", depth + 1))
    return Value(Kind.TEMPLATE if items else Kind.STRING, "", index, tuple(items))


FORMS: Mapping[str, form.Form] = {
    "identifier": _identifier,
    "qualified_identifier": form.path,
    "user_type": _type,
    "navigation_expression": _navigation,
    "this_expression": form.fixed(Kind.PATH, "this"),
    "super_expression": form.fixed(Kind.PATH, "super"),
    "call_expression constructor_invocation": form.call,
    "callable_reference annotated_lambda annotated_expression labeled_expression block when_entry catch_block": form.last,
    "lambda_literal anonymous_function": form.function,
    "object_literal": form.class_,
    "string_literal multiline_string_literal": _string,
    "character_literal": form.literal(Kind.STRING),
    "number_literal float_literal": form.literal(Kind.NUMBER),
    "binary_expression": _binary,
    "infix_expression": _infix,
    "unary_expression": _unary,
    "in_expression is_expression range_expression type_test range_test": form.operation,
    "as_expression": form.cast("right", "left"),
    "index_expression": form.index,
    "collection_literal": form.items(Kind.LIST),
    "parenthesized_expression when_subject nullable_type": form.last,
    "if_expression": _if,
    "when_expression try_expression": _outcomes,
    "spread_expression": form.one(Kind.SPREAD, "*"),
    "variable_declaration": form.first,
    "multi_variable_declaration": form.items(Kind.TUPLE),
    "throw_expression return_expression": form.unknown,
}
_STATEMENTS = {"variable_declaration", "multi_variable_declaration", "user_type", "qualified_identifier", "when_entry",
               "catch_block", "when_subject", "nullable_type", "throw_expression", "return_expression", "type_test",
               "range_test", "constructor_invocation", "block", "annotated_lambda"}  # fmt: skip
VALUES = frozenset({kind for kinds in FORMS for kind in kinds.split()} - _STATEMENTS)
"""The node types that are a value where they end a lambda."""


# Calls


def _argument(low: Lowering, node: Node, context: Literal["argument", "decorator"]) -> Arg:
    children = node.children
    if len(children) == 1:
        return Arg(low.value(children[0], context))
    operands = low.operands(node)
    if not operands:
        return Arg(UNKNOWN)
    name = low.text(operands[0]) if len(operands) > 1 and child_of(node, "=") is not None else ""
    return Arg(low.value(operands[-1], context, name), name)


def _called(file: File, node: Node) -> CallParts | None:
    """Read a call; a lambda behind the parentheses is its last argument."""
    low = file.low
    merged = file.notes.get(node.id)
    children = node.children if merged is None else merged.children
    callee, written = children[0], children[-1]
    if callee.id == written.id:
        return None
    args: Node | list[Node] = written
    if merged is not None:
        args = [*written.children, node.children[-1]]
    elif written.type == "annotated_lambda":
        args = [written]
    start, end = callee.start_byte, callee.end_byte
    found = low.path(start, end)
    if found is not None:
        return CallParts(found, args, end - 1, False, b"?." in low.data[start:end])
    is_optional = callee.type == "navigation_expression" and child_of(callee, "?.") is not None
    return CallParts(low.value(callee), args, end - 1, False, is_optional)


def _generic(file: File, node: Node) -> CallParts:
    """Read `f<T>(x)` that is written as two comparisons."""
    left, right = node.children[0], node.children[-1]
    callee = left.children[0]
    args: Node | list[Node] = [right] if right.type == "lambda_literal" else right
    return CallParts(file.low.value(callee), args, callee.end_byte - 1)


def _between(file: File, node: Node) -> CallParts | None:
    operands = file.low.operands(node)
    if len(operands) != 3:
        return None
    owner, name, arg = operands
    callee = file.low.access(file.low.value(owner), file.text(name).strip("`"))
    return CallParts(callee, (arg,), name.start_byte)


def _construction(file: File, node: Node) -> CallParts | None:
    type_, args = child_of(node, "user_type"), child_of(node, "value_arguments")
    return CallParts(file.low.value(type_), args, node.start_byte, is_new=True) if type_ is not None else None


def _delegation(_file: File, node: Node) -> CallParts | None:
    """Read `: this(…)` and `: super(…)` of a constructor."""
    callee = Value(Kind.PATH, node.children[0].type)
    return CallParts(callee, child_of(node, "value_arguments"), node.start_byte, is_new=True)


def _annotation(file: File, node: Node) -> CallParts | None:
    type_, args = child_of(node, "user_type"), child_of(node, "value_arguments")
    return CallParts(file.low.value(type_), args, node.start_byte) if type_ is not None else None


def _entry(file: File, node: Node) -> CallParts | None:
    owner = file.class_node(file.state(node.start_byte)[0])
    name = file.field(owner, "name") if owner is not None else None
    if name is None:
        return None
    return CallParts(file.low.value(name), child_of(node, "value_arguments"), node.start_byte, is_new=True)


ARGUMENTS: Mapping[str, ArgumentReader] = {"value_argument": _argument}
CALLS: Mapping[str, CallReader] = {
    "": _called,
    "generic": _generic,
    "infix": _between,
    "new": _construction,
    "constructor": _delegation,
    "decorator": _annotation,
    "enum": _entry,
}


# Assignments


def _property(file: File, node: Node) -> Iterable[Binding]:
    target = next((child for child in node.children if child.type in _BINDING), None)
    value = initial(file, node)
    if target is None or (value is None and child_of(node, "getter") is not None):
        return
    declares = "const" if child_of(node, "val") is not None else "let"
    kind: Literal["declare", "assign"] = "declare" if value is None else "assign"
    type_ = type_text(file, target) if target.type == "variable_declaration" else None
    yield Binding(target, target, value, kind, type_, declares)


def _update(file: File, node: Node) -> Iterable[Binding]:
    sign = file.field(node, "operator")
    target = file.field(node, "argument")
    if sign is not None and target is not None and sign.type in {"++", "--"}:
        yield Binding(node, target, None, "augmented")


def _for(file: File, node: Node) -> Iterable[Binding]:
    target, value, _ = _loop_parts(file, node)
    if target is not None:
        type_ = type_text(file, target) if target.type == "variable_declaration" else None
        yield Binding(target, target, value, "for", type_, "const")


def _catch(file: File, node: Node) -> Iterable[Binding]:
    name = child_of(node, "identifier")
    if name is not None:
        yield Binding(node, name, None, "catch", type_text(file, node), "const")


def _subject(file: File, node: Node) -> Iterable[Binding]:
    """Read `when (val x = …)`."""
    target, value = child_of(node, "variable_declaration"), initial(file, node)
    if target is not None:
        yield Binding(target, target, value, "assign", type_text(file, target), "const")


ASSIGNS: Mapping[str, BindingReader] = {
    "": assignment(),
    "property": _property,
    "update": _update,
    "for": _for,
    "catch": _catch,
    "subject": _subject,
}


# Regions and handlers


def _branches(low: Lowering, node: Node) -> tuple[Node | None, Node | None, Node | None]:
    """Return condition, consequence and alternative of an `if`."""
    test = low.field(node, "condition")
    yes = no = None
    is_else = False
    for child in node.children:
        if child.type == "else":
            is_else = True
        elif test is not None and child.start_byte >= test.end_byte and child.kind_id not in low.tables.silent:
            if is_else:
                no = child
            else:
                yes = child
    return test, yes, no


def _loop_parts(file: File, node: Node) -> tuple[Node | None, Node | None, Node | None]:
    """Return variable, iterable and body of a `for`."""
    target = next((child for child in node.children if child.type in _BINDING), None)
    after = [child for child in file.low.operands(node) if target is not None and child.start_byte >= target.end_byte]
    return target, after[0] if after else None, after[1] if len(after) > 1 else None


def _test(file: File, node: Node) -> Iterable[RegionSeed]:
    test, yes, no = _branches(file.low, node)
    if yes is not None:
        yield RegionSeed("branch", yes.start_byte, yes.end_byte, node.start_byte, test)
    if no is not None:
        yield RegionSeed("else", no.start_byte, no.end_byte, no.start_byte)


def _loop(file: File, node: Node) -> Iterable[RegionSeed]:
    _, value, body = _loop_parts(file, node)
    if body is not None:
        yield RegionSeed("loop", body.start_byte, body.end_byte, node.start_byte, value)


def _case(file: File, node: Node) -> Iterable[RegionSeed]:
    yield RegionSeed("case", node.start_byte, node.end_byte, node.start_byte, file.field(node, "condition"))


def _try(_file: File, node: Node) -> Iterable[RegionSeed]:
    body = child_of(node, "block")
    if body is not None:
        yield RegionSeed("try", body.start_byte, body.end_byte, node.start_byte)


def _catches(file: File, node: Node) -> Iterable[HandlerParts]:
    for clause in node.children:
        body = child_of(clause, "block") if clause.type == "catch_block" else None
        if body is not None:
            name, type_ = child_of(clause, "identifier"), type_text(file, clause)
            caught = (type_,) if type_ is not None else ()
            yield HandlerParts("try_catch", clause, body, node, caught, word(file, name) if name is not None else "")


REGIONS: Mapping[str, RegionReader] = {
    "if": _test,
    "while": WHILE,
    "for": _loop,
    "case": _case,
    "try": _try,
    "handler": (RegionForm("handler"),),
    "finally": (RegionForm("finally"),),
}
HANDLERS: Mapping[str, HandlerReader] = {"try": _catches}
