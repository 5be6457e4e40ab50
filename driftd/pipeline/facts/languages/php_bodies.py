"""What the code of a PHP file does: its expressions as values, its calls, assignments, regions and handlers.

The tables of `php.Php`, and the functions in them.
"""

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
    assignment,
    update,
)
from driftd.pipeline.facts.languages.declared.values import UNKNOWN, Lowering
from driftd.pipeline.facts.model import (
    Arg,
    Kind,
    LiteralContext,
    Value,
)

_ESCAPE = re.compile(
    r"\\(?:(?P<single>[nrtvef\\$])|(?P<quote>[\"`])|(?P<octal>[0-7]{1,3})|x(?P<hex>[0-9A-Fa-f]{1,2})|u\{(?P<code>[0-9A-Fa-f]+)\})"
)
_SINGLE = {"n": "\n", "r": "\r", "t": "\t", "v": "\v", "e": "\x1b", "f": "\f"}
_RAW_ESCAPE = re.compile(r"\\([\\'])")
_HEREDOC = re.compile(r"<<<[ \t]*(['\"]?)(\w+)\1\r?\n(.*?)(?:\r?\n)?([ \t]*)\2\Z", re.DOTALL)
_DYNAMIC = re.compile(rb"->\s*\$")  # a member that is named by a variable


def plain_name(file: File, node: Node) -> str:
    """Return the name of a variable without its `$`."""
    return file.text(node).replace("$", "")


def attribute_name(file: File, node: Node) -> Value:
    """Return the name of an attribute as an access path."""
    operands = file.low.operands(node)
    return file.low.value(operands[0]) if operands else UNKNOWN


def constants(file: File, node: Node) -> Iterable[tuple[Node, Node]]:
    """Return names and values of what a `const` declares."""
    for element in node.children:
        if element.type == "const_element":
            parts = file.low.operands(element)
            if len(parts) == 2:
                yield parts[0], parts[1]


def _unescaped(text: str, quote: str) -> str:
    """Return what stands between double quotes: an escape that is none stays, as do braces around a substitution not."""
    if "{{}}" in text:
        text = text.replace("{{}}", "{}")
    if "\\" not in text:
        return text

    def character(match: re.Match[str]) -> str:
        if match["single"]:
            return _SINGLE.get(match["single"], match["single"])
        if match["quote"]:
            return match["quote"] if match["quote"] == quote else match[0]
        code = int(match["octal"], 8) & 0xFF if match["octal"] else int(match["hex"] or match["code"], 16)
        return chr(code) if code <= 0x10FFFF and not 0xD800 <= code < 0xE000 else "\ufffd"

    return _ESCAPE.sub(character, text)


def string_text(text: str) -> str:
    """Return what a string literal, a heredoc or a nowdoc stands for."""
    if text.startswith("<<<"):
        found = _HEREDOC.match(text)
        if found is None:
            return text
        quote, _, body, margin = found.groups()
        if margin:
            body = "\n".join(line.removeprefix(margin) for line in body.split("\n"))
        return body if quote == "'" else _unescaped(body, "")
    text = text.removeprefix("b").removeprefix("B")
    if text.startswith("'"):
        return _RAW_ESCAPE.sub(r"\1", text[1:-1]) if "\\" in text else text[1:-1]
    return _unescaped(text[1:-1], text[:1])


# Values


def _path(low: Lowering, node: Node, end: int) -> Value | None:
    """Return the access path up to `end`; a member that a variable names is in none."""
    start = node.start_byte
    found = low.paths.get(low.data[start:end])
    if found is not None or _DYNAMIC.search(low.data, start, end):
        return found
    return low.path(start, end)


def _access(low: Lowering, owner: Value, name: Node | None, depth: int) -> Value:
    if name is None:
        return UNKNOWN
    if name.type == "name":
        return low.access(owner, low.text(name))
    return Value(Kind.INDEX, "", -1, (owner, low.value(name, "index", "", depth + 1)))


def _member(low: Lowering, node: Node, _context: LiteralContext, _name: str, depth: int) -> Value:
    whole = _path(low, node, node.end_byte)
    if whole is not None:
        return whole
    return _access(low, low.value(low.field(node, "object"), "other", "", depth + 1), low.field(node, "name"), depth)


def _static(low: Lowering, node: Node, _context: LiteralContext, _name: str, depth: int) -> Value:
    """Lower `A::$b` and `A::B`."""
    whole = _path(low, node, node.end_byte)
    if whole is not None:
        return whole
    operands = low.operands(node)
    if len(operands) != 2:
        return UNKNOWN
    owner = low.value(operands[0], "other", "", depth + 1)
    name = low.tables.path_text(low.data[operands[1].start_byte : operands[1].end_byte])
    return low.access(owner, name) if name.isidentifier() else Value(Kind.INDEX, "", -1, (owner, UNKNOWN))


def _call(low: Lowering, node: Node, context: LiteralContext, name: str, depth: int) -> Value:
    """Lower a call, or the function that `f(...)` refers to."""
    index = low.calls.get(node.id)
    if index is not None:
        return Value(Kind.CALL, "", index)
    if node.type == "function_call_expression":
        return low.value(low.field(node, "function"), context, name, depth + 1)
    owner = low.field(node, "scope" if node.type == "scoped_call_expression" else "object")
    return _access(low, low.value(owner, "other", "", depth + 1), low.field(node, "name"), depth)


def _index(low: Lowering, node: Node, _context: LiteralContext, _name: str, depth: int) -> Value:
    """Lower `a[k]`, and `a[]`, whose key is the next one."""
    operands = low.operands(node)
    owner = low.value(operands[0], "other", "", depth + 1) if operands else UNKNOWN
    key = low.value(operands[1], "index", "", depth + 1) if len(operands) > 1 else UNKNOWN
    return Value(Kind.INDEX, "", -1, (owner, key))


def _boolean(low: Lowering, node: Node, _context: LiteralContext, _name: str, _depth: int) -> Value:
    return Value(Kind.CONSTANT, low.text(node).lower())


def _array(low: Lowering, node: Node, _context: LiteralContext, name: str, depth: int) -> Value:
    """Lower `[…]` and `array(…)`: a DICT if anything in it has a key."""
    entries = low.operands(node)
    pairs = [low.operands(entry) for entry in entries]
    depth += 1
    if not any(len(pair) == 2 for pair in pairs):
        return Value(Kind.LIST, "", -1, low.values(entries, "element", name, depth))
    items: list[Value] = []
    for entry, pair in zip(entries, pairs, strict=True):
        if len(pair) == 2:
            key = low.value(pair[0], "key", "", depth)
            use = low.text(pair[0])[1:-1] if key.kind is Kind.STRING else key.text.rpartition(".")[2]
            items += (key, low.value(pair[1], "property", use, depth))
        else:
            value = low.value(entry, "element", name, depth)
            key = Value(Kind.SPREAD, "...") if value.kind is Kind.SPREAD else UNKNOWN
            items += (key, value.items[0] if value.kind is Kind.SPREAD and value.items else value)
    return Value(Kind.DICT, "", -1, tuple(items))


def _pattern(low: Lowering, node: Node, _context: LiteralContext, _name: str, depth: int) -> Value:
    """Lower what an array is taken apart into; a place that is left out is UNKNOWN."""
    items: list[Value] = []
    is_keyed, last = any(child.type == "=>" for child in node.children), ","
    depth += 1
    for child in node.children:
        kind = child.type
        if child.is_named and kind != "comment":
            items.append(low.value(child, "key" if is_keyed else "other", "", depth))
        elif kind == "," and last == "," and not is_keyed:
            items.append(UNKNOWN)
        elif kind in {"(", "["}:
            kind = ","
        last = kind
    if is_keyed:
        return Value(Kind.DICT, "", -1, tuple(items)) if len(items) % 2 == 0 else UNKNOWN
    return Value(Kind.LIST, "", -1, tuple(items))


def _element(low: Lowering, node: Node, context: LiteralContext, name: str, depth: int) -> Value:
    """Lower an element of an array, or what is yielded: `key => value` is a tuple."""
    operands = low.operands(node)
    if len(operands) == 1:
        return low.value(operands[0], context, name, depth + 1)
    return Value(Kind.TUPLE, "", -1, low.values(operands, context, name, depth + 1))


def _template(low: Lowering, node: Node, context: LiteralContext, name: str, depth: int) -> Value:
    index = low.literals.get(node.id)
    if index is None:
        return UNKNOWN
    low.contexts[index] = (context, name)
    substitutions = low.tables.substitutions
    parts = [child for child in low.contents.get(node.id, node).children if child.kind_id in substitutions]
    return Value(Kind.TEMPLATE if parts else Kind.STRING, "", index, low.values(parts, "other", "", depth + 1))


def _conditional(low: Lowering, node: Node, context: LiteralContext, name: str, depth: int) -> Value:
    """Lower `a ? b : c`, and `a ?: b` as an operation."""
    parts = [low.field(node, field) for field in ("condition", "body", "alternative")]
    depth += 1
    values = tuple([low.value(part, context, name, depth) for part in parts if part is not None])
    if len(values) == 3:
        return Value(Kind.CONDITIONAL, "", -1, values)
    return Value(Kind.OPERATION, "?:", -1, values)


def _match(low: Lowering, node: Node, context: LiteralContext, name: str, depth: int) -> Value:
    """Lower a `match` to its subject and its results."""
    body = low.field(node, "body")
    arms = [low.field(arm, "return_expression") for arm in low.operands(body)] if body is not None else []
    results = [low.value(arm, context, name, depth + 1) for arm in arms]
    subject = low.value(low.field(node, "condition"), "other", "", depth + 1)
    return Value(Kind.UNKNOWN, "", -1, (subject, *results))


FORMS: Mapping[str, form.Form] = {
    "name variable_name qualified_name relative_name namespace_name relative_scope": form.path,
    "member_access_expression nullsafe_member_access_expression": _member,
    "scoped_property_access_expression class_constant_access_expression": _static,
    "subscript_expression": _index,
    "function_call_expression member_call_expression nullsafe_member_call_expression scoped_call_expression": _call,
    "object_creation_expression attribute": form.call,
    "anonymous_function arrow_function": form.function,
    "anonymous_class": form.class_,
    "string nowdoc": form.literal(Kind.STRING),
    "encapsed_string heredoc shell_command_expression": _template,
    "integer float": form.literal(Kind.NUMBER),
    "boolean": _boolean,
    "null": form.constant("null"),
    "array_creation_expression": _array,
    "array_element_initializer": _element,
    "list_literal": _pattern,
    "pair": form.items(Kind.TUPLE, "other"),
    "variadic_unpacking": form.one(Kind.SPREAD, "..."),
    "binary_expression unary_op_expression update_expression clone_expression": form.operation,
    "conditional_expression": _conditional,
    "cast_expression": form.cast("type", "value"),
    "assignment_expression reference_assignment_expression augmented_assignment_expression": form.assignment(),
    "parenthesized_expression": form.unwrap,
    "error_suppression_expression": form.last,
    "by_ref named_type optional_type": form.first,
    "yield_expression": form.one(Kind.YIELD),
    "match_expression": _match,
    "throw_expression echo_statement print_intrinsic exit_statement sequence_expression dynamic_variable_name"
    " require_expression require_once_expression include_expression include_once_expression": form.unknown,
}


# Calls


def _argument(low: Lowering, node: Node, context: Literal["argument", "decorator"]) -> Arg:
    if node.child_count == 1:
        return Arg(low.value(node.child(0), context))
    operands = low.operands(node)
    key = low.field(node, "name")
    name = low.text(key) if key is not None else ""
    return Arg(low.value(operands[-1], context, name), name) if operands else Arg(UNKNOWN)


def is_reference(file: File, node: Node) -> bool:
    """Tell whether a call is `f(...)`, which only refers to the function."""
    args = file.field(node, "arguments")
    return args is not None and file.data.startswith(b"(...)", args.start_byte)


def _plain_call(file: File, node: Node) -> CallParts | None:
    target, args = file.field(node, "function"), file.field(node, "arguments")
    if target is None or args is None:
        return None
    return CallParts(file.low.value(target), args, args.start_byte)


def _called_on(field: str) -> CallReader:
    """Return the reader of a call of a member of what is in `field`."""

    def read(file: File, node: Node) -> CallParts | None:
        low = file.low
        args, name = file.field(node, "arguments"), file.field(node, "name")
        if args is None or name is None:
            return None
        place = args.start_byte
        callee = _path(low, node, place) if name.type == "name" else None
        if callee is None:
            callee = _access(low, low.value(file.field(node, field)), name, 0)
        return CallParts(callee, args, place, is_optional=node.type == "nullsafe_member_call_expression")

    return read


def _creation(file: File, node: Node) -> CallParts | None:
    args: Node | None = None
    made: Node | None = None
    for child in file.low.operands(node):
        if child.type == "arguments":
            args = child
        elif made is None:
            made = child
    if made is None:
        return None
    if made.type == "anonymous_class":
        args = next((child for child in made.children if child.type == "arguments"), None)
    elif args is None and made.type == "name" and file.text(made) == "static":
        return CallParts(file.low.value(made), None, node.start_byte, is_new=True)
    return CallParts(file.low.value(made), args, node.start_byte, is_new=True)


def _attribute(file: File, node: Node) -> CallParts:
    return CallParts(attribute_name(file, node), file.field(node, "parameters"), node.start_byte)


ARGUMENTS: Mapping[str, ArgumentReader] = {"argument": _argument}
CALLS: Mapping[str, CallReader] = {
    "": _plain_call,
    "member": _called_on("object"),
    "scoped": _called_on("scope"),
    "new": _creation,
    "decorator": _attribute,
}


# Assignments


def _foreach(file: File, node: Node) -> Iterable[Binding]:
    operands = file.low.operands(node)
    if len(operands) > 1:
        yield Binding(operands[1], operands[1], operands[0], "for")


def _catch(file: File, node: Node) -> Iterable[Binding]:
    name = file.field(node, "name")
    if name is not None:
        yield Binding(name, name, None, "catch", " | ".join(_caught(file, node)))


def _static_variable(file: File, node: Node) -> Iterable[Binding]:
    name, value = file.field(node, "name"), file.field(node, "value")
    if name is not None:
        yield Binding(node, name, value, "assign" if value is not None else "declare")


def _each(kind: AssignKind) -> BindingReader:
    """Return the reader of a statement that does `kind` to all its operands."""

    def read(file: File, node: Node) -> Iterable[Binding]:
        for operand in file.low.operands(node):
            yield Binding(operand, operand, None, kind)

    return read


def _constant(file: File, node: Node) -> Iterable[Binding]:
    """Read a constant outside of a class."""
    if file.state(node.start_byte)[0] >= 0:
        for name, value in constants(file, node):
            yield Binding(name, name, value, "assign", None, "const")


ASSIGNS: Mapping[str, BindingReader] = {
    "": assignment(),
    "update": update,
    "foreach": _foreach,
    "catch": _catch,
    "static": _static_variable,
    "global": _each("global"),
    "unset": _each("delete"),
    "const": _constant,
}


# Regions and handlers


def _foreach_region(file: File, node: Node) -> Iterable[RegionSeed]:
    body, operands = file.field(node, "body"), file.low.operands(node)
    start = node.start_byte
    if operands:
        inside = body.start_byte if body is not None else operands[-1].end_byte
        yield RegionSeed("loop", inside, node.end_byte, start, operands[0])


def _case(file: File, node: Node) -> Iterable[RegionSeed]:
    value: Node | None = None
    if node.type == "case_statement":
        value = file.field(node, "value")
    elif node.type == "match_conditional_expression":
        conditions = file.field(node, "conditional_expressions")
        value = next(iter(file.low.operands(conditions)), None) if conditions is not None else None
    yield RegionSeed("case", node.start_byte, node.end_byte, node.start_byte, value)


def _caught(file: File, clause: Node) -> tuple[str, ...]:
    types = file.field(clause, "type")
    return tuple(file.low.value(each).text for each in file.low.operands(types)) if types is not None else ()


def _catches(file: File, node: Node) -> Iterable[HandlerParts]:
    for clause in node.children:
        if clause.type == "catch_clause" and (body := file.field(clause, "body")) is not None:
            name = file.field(clause, "name")
            text = plain_name(file, name) if name is not None else ""
            yield HandlerParts("try_catch", clause, body, node, _caught(file, clause), text)


REGIONS: Mapping[str, RegionReader] = {
    "if": (RegionForm("branch", "body", "condition"),),
    "else": (RegionForm("else"),),
    "while": WHILE,
    "for": (RegionForm("loop", "", "condition", after="initialize"),),
    "foreach": _foreach_region,
    "case": _case,
    "try": (RegionForm("try", "body"),),
    "handler": (RegionForm("handler"),),
    "finally": (RegionForm("finally"),),
}
HANDLERS: Mapping[str, HandlerReader] = {"try": _catches}
