"""What the code of a Ruby file does: its expressions as values, its calls, assignments, regions and handlers.

The tables of `ruby.Ruby`, and the functions in them.
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
from driftd.pipeline.facts.languages.declared.values import NULL, UNKNOWN, Lowering
from driftd.pipeline.facts.model import Arg, Kind, LiteralContext, Value

_CLAUSES = frozenset({"rescue", "else", "ensure"})
_BLOCKS = frozenset({"then", "else", "begin", "body_statement", "block_body", "parenthesized_statements", "ensure"})
NO_VALUES = frozenset({"assignment", "operator_assignment", "return", "while", "until", "for", "while_modifier",
                        "until_modifier", "method", "singleton_method", "class", "module", "singleton_class", "break",
                        "next", "redo", "retry", "alias", "undef", "heredoc_body"})  # fmt: skip
_HEREDOC = re.compile(r"<<([~-]?)(['\"`]?)(\w+)\2\n(.*?)[ \t]*\3\Z", re.DOTALL)
_ESCAPE = re.compile(
    r"\\(?:u\{([0-9A-Fa-f ]+)\}|u([0-9A-Fa-f]{4})|x([0-9A-Fa-f]{1,2})|([0-7]{1,3})|(\r?\n)|(.))", re.DOTALL
)
_SINGLE = {
    "n": "\n",
    "t": "\t",
    "r": "\r",
    "s": " ",
    "e": "\x1b",
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "v": "\v",
    "0": "\0",
}
_RAW_ESCAPE = re.compile(r"\\([\\'])")
_REGEX = re.compile(r"/(.*)/[a-z]*\Z|%r(?:\{(.*)\}|\((.*)\)|\[(.*)\]|<(.*)>|(\W)(.*)\6)[a-z]*\Z", re.DOTALL)
_PERCENT = re.compile(r"%([qQIWiwsx]?)(?:\{(.*)\}|\((.*)\)|\[(.*)\]|<(.*)>|(\W)(.*)\6)\Z", re.DOTALL)
_PROC = (b"lambda", b"proc", b"Proc.new")
_SELF = Value(Kind.PATH, "self")
_MAX_PATTERN = 200


# Texts


def string_text(text: str) -> str:
    """Return what a string, symbol, regular expression or heredoc stands for."""
    first = text[:1]
    if first in {'"', "`"}:
        return _unescaped(text[1:-1])
    if first == "'":
        return _raw(text[1:-1])
    if first == ":" and len(text) > 1:
        return _unescaped(text[2:-1]) if text[1] == '"' else _raw(text[2:-1]) if text[1] == "'" else text[1:]
    if first == "?" and len(text) > 1:
        return _unescaped(text[1:])
    if text.startswith("<<"):
        return _heredoc(text)
    if first in {"/", "%"}:
        found = _REGEX.match(text)
        if found is not None:
            return next((group for group in (*found.groups()[:5], found[7]) if group is not None), "")
        found = _PERCENT.match(text)
        if found is not None:
            kind, *bodies, _, last = found.groups()
            body = next((group for group in (*bodies, last) if group is not None), "")
            return body.replace("\\\\", "\\") if kind in {"q", "s"} else _unescaped(body)
    return _unescaped(text)


def _raw(text: str) -> str:
    return _RAW_ESCAPE.sub(r"\1", text) if "\\" in text else text


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(_character, text) if "\\" in text else text


def _character(match: re.Match[str]) -> str:
    several, four, two, octal, line_end, single = match.groups()
    if line_end is not None:
        return ""
    if single is not None:
        return _SINGLE.get(single, single)
    codes = [int(code, 16) for code in (several or four or two or "").split()] or [int(octal or "0", 8)]
    return "".join(chr(c) if c <= 0x10FFFF and not 0xD800 <= c < 0xE000 else "\ufffd" for c in codes)


def _heredoc(text: str) -> str:
    found = _HEREDOC.match(text)
    if found is None:
        return ""
    squiggle, quote, _, body = found.groups()
    if squiggle == "~":
        lines = body.split("\n")
        margin = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
        body = "\n".join([line[margin:] if line.strip() else line[margin:].lstrip(" \t") for line in lines])
    return body if quote == "'" else _unescaped(body)


# Values


def _path(low: Lowering, start: int, end: int) -> Value | None:
    """Return the access path that the byte range is; `@x` is `self.x`."""
    text = low.data[start:end]
    found = low.paths.get(text)
    if found is not None or not text.startswith(b"@"):
        return found or low.path(start, end)
    if not low.tables.is_path(text):
        return None
    low.paths[text] = found = Value(Kind.PATH, f"self.{low.tables.path_text(text)}")
    return found


def _variable(low: Lowering, node: Node, _context: LiteralContext, _name: str, _depth: int) -> Value:
    """Lower `@x` and `@@x`."""
    return _path(low, node.start_byte, node.end_byte) or UNKNOWN


def _identifier(low: Lowering, node: Node, _context: LiteralContext, _name: str, _depth: int) -> Value:
    """Lower a name: a call if nothing binds it."""
    index = low.calls.get(node.id)
    if index is not None:
        return Value(Kind.CALL, "", index)
    return form.path(low, node, "other", "", 0)


def _call(low: Lowering, node: Node, _context: LiteralContext, _name: str, depth: int) -> Value:
    """Lower a call, or the access path that an assignment changes."""
    index = low.calls.get(node.id)
    if index is not None:
        return Value(Kind.CALL, "", index)
    method = low.field(node, "method")
    return _member(low, node, method, depth) if method is not None else UNKNOWN


def _member(low: Lowering, node: Node, method: Node, depth: int) -> Value:
    """Return what is called: everything up to the name of the method."""
    whole = _path(low, node.start_byte, method.end_byte)
    if whole is not None:
        return whole
    receiver = low.field(node, "receiver")
    name = low.text(method)
    if receiver is None:
        return Value(Kind.PATH, name)
    return low.access(low.value(receiver, "other", "", depth + 1), name)


def _resolution(low: Lowering, node: Node, _context: LiteralContext, _name: str, depth: int) -> Value:
    whole = _path(low, node.start_byte, node.end_byte)
    if whole is not None:
        return whole
    scope, name = low.field(node, "scope"), low.field(node, "name")
    if name is None:
        return UNKNOWN
    if scope is None:
        return Value(Kind.PATH, low.text(name))
    return low.access(low.value(scope, "other", "", depth + 1), low.text(name))


def _hash(low: Lowering, node: Node, _context: LiteralContext, _name: str, depth: int) -> Value:
    items: list[Value] = []
    for child in low.operands(node):
        if child.type == "pair":
            items += _pair(low, child, depth + 1)
        else:
            items += (Value(Kind.SPREAD, "**"), low.value(child, "property", "", depth + 1))
    return Value(Kind.DICT, "", -1, tuple(items))


def _pair(low: Lowering, node: Node, depth: int) -> tuple[Value, Value]:
    """Return key and value of a pair; `x:` has the value of `x`."""
    key, value = low.field(node, "key"), low.field(node, "value")
    if key is None:
        return UNKNOWN, UNKNOWN
    name = string_text(low.text(key)) if key.type in {"simple_symbol", "string"} else low.text(key)
    lowered_key = Value(Kind.MEMBER, name) if key.type == "hash_key_symbol" else low.value(key, "key", "", depth)
    if value is None:
        return lowered_key, Value(Kind.PATH, name)
    return lowered_key, low.value(value, "property", name, depth)


def last_value(low: Lowering, node: Node | None, context: LiteralContext, name: str, depth: int) -> Value:
    """Lower the last of some statements; an assignment that comes last is not taken for their value."""
    for _ in range(form.MAX_DEPTH):
        if node is None:
            return NULL
        if node.type not in _BLOCKS:
            break
        operands = [child for child in low.operands(node) if child.type not in _CLAUSES]
        node = operands[-1] if operands else None
    if node is None or node.type in NO_VALUES:
        return UNKNOWN
    return low.value(node, context, name, depth + 1)


def _statements(low: Lowering, node: Node, context: LiteralContext, name: str, depth: int) -> Value:
    operands = low.operands(node)
    if len(operands) == 1 and operands[0].type in NO_VALUES:  # `(x = f())`
        return low.value(operands[0], context, name, depth + 1)
    return last_value(low, node, context, name, depth)


def _if(low: Lowering, node: Node, context: LiteralContext, name: str, depth: int) -> Value:
    """Lower `if`, `unless` and their modifiers, as what they give."""
    kind = node.type
    test = low.value(low.field(node, "condition"), "other", "", depth + 1)
    if kind.endswith("_modifier"):
        yes, no = last_value(low, low.field(node, "body"), context, name, depth + 1), NULL
    else:
        yes = last_value(low, low.field(node, "consequence"), context, name, depth + 1)
        no = last_value(low, low.field(node, "alternative"), context, name, depth + 1)
    if kind.startswith("unless"):
        yes, no = no, yes
    return Value(Kind.CONDITIONAL, "", -1, (test, yes, no))


def _case_value(low: Lowering, node: Node, context: LiteralContext, name: str, depth: int) -> Value:
    """Lower a `case` to its subject and its results."""
    subject = low.value(low.field(node, "value"), "other", "", depth + 1)
    results = [
        last_value(low, child if child.type == "else" else low.field(child, "body"), context, name, depth + 1)
        for child in node.children
        if child.type in {"when", "in_clause", "else"}
    ]
    return Value(Kind.UNKNOWN, "", -1, (subject, *results))


def _rescued(low: Lowering, node: Node, context: LiteralContext, name: str, depth: int) -> Value:
    parts = [low.value(low.field(node, field), context, name, depth + 1) for field in ("body", "handler")]
    return Value(Kind.OPERATION, "rescue", -1, tuple(parts))


def _several(low: Lowering, node: Node, context: LiteralContext, name: str, depth: int) -> Value:
    """Lower what follows `return` or `yield`."""
    operands = low.operands(node)
    if len(operands) == 1:
        return low.value(operands[0], context, name, depth + 1)
    return Value(Kind.TUPLE, "", -1, low.values(operands, context, name, depth + 1))


def _yield(low: Lowering, node: Node, _context: LiteralContext, _name: str, depth: int) -> Value:
    lists = low.operands(node)
    return Value(Kind.YIELD, "", -1, low.values(low.operands(lists[0]), depth=depth + 1) if lists else ())


_template, _literal = form.template("interpolation"), form.literal(Kind.STRING)


def _string(low: Lowering, node: Node, context: LiteralContext, name: str, depth: int) -> Value:
    if low.data.find(b"#", node.start_byte, node.end_byte) >= 0:
        return _template(low, node, context, name, depth)
    return _literal(low, node, context, name, depth)


def _super(low: Lowering, node: Node, _context: LiteralContext, _name: str, _depth: int) -> Value:
    index = low.calls.get(node.id)
    return Value(Kind.PATH, "super") if index is None else Value(Kind.CALL, "", index)


FORMS: Mapping[str, form.Form] = {
    "constant self global_variable file line encoding hash_key_symbol operator setter": form.path,
    "identifier": _identifier,
    "instance_variable class_variable": _variable,
    "super": _super,
    "call": _call,
    "scope_resolution": _resolution,
    "element_reference": form.index,
    "lambda method singleton_method": form.function,
    "forward_argument": form.fixed(Kind.SPREAD, "..."),
    "string delimited_symbol subshell": _string,
    "heredoc_beginning": form.template("interpolation"),
    "simple_symbol bare_string bare_symbol character": form.literal(Kind.STRING),
    "regex": form.literal(Kind.REGEX),
    "integer float": form.literal(Kind.NUMBER),
    "rational complex": form.unwrap,
    "chained_string": form.items(Kind.OPERATION, "operation", "+"),
    "true": form.constant("true"),
    "false": form.constant("false"),
    "nil": form.constant("null"),
    "array string_array symbol_array": form.items(Kind.LIST),
    "right_assignment_list": form.items(Kind.LIST, "assignment"),
    "left_assignment_list destructured_left_assignment": form.items(Kind.TUPLE, "other"),
    "rest_assignment splat_argument splat_parameter": form.one(Kind.SPREAD, "*"),
    "hash_splat_argument": form.one(Kind.SPREAD, "**"),
    "hash": _hash,
    "binary unary range": form.operation,
    "conditional": form.conditional("condition", "consequence", "alternative"),
    "if unless elsif if_modifier unless_modifier": _if,
    "case case_match": _case_value,
    "rescue_modifier": _rescued,
    "parenthesized_statements begin": _statements,
    "assignment operator_assignment": form.assignment(),
    "argument_list": _several,
    "yield": _yield,
    "in pattern exception_variable": form.first,
    "match_pattern test_pattern": form.unknown,
}


# Calls


def _keyword(low: Lowering, node: Node, context: Literal["argument", "decorator"]) -> Arg:
    """Read `name: value` and `:name => value`; with any other key it is a hash."""
    key, value = low.field(node, "key"), low.field(node, "value")
    if key is None or key.type not in {"hash_key_symbol", "simple_symbol"}:
        return Arg(Value(Kind.DICT, "", -1, _pair(low, node, 1)))
    if key.type == "simple_symbol":
        low.value(key, "key")
    name = low.text(key).lstrip(":")
    return Arg(low.value(value, context, name) if value is not None else Value(Kind.PATH, name), name)


def _block(low: Lowering, node: Node, _context: Literal["argument", "decorator"]) -> Arg:
    """Read the block that is given to a call, as the argument `&`."""
    index = low.functions.get(node.id)
    return Arg(Value(Kind.FUNCTION, "", index) if index is not None else UNKNOWN, "&")


def _block_argument(low: Lowering, node: Node, context: Literal["argument", "decorator"]) -> Arg:
    operands = low.operands(node)
    return Arg(low.value(operands[0], context) if operands else UNKNOWN, "&")


ARGUMENTS: Mapping[str, ArgumentReader] = {
    "pair": _keyword,
    "block do_block": _block,
    "block_argument": _block_argument,
}


def _plain_call(file: File, node: Node) -> CallParts | None:
    low, data, fields = file.low, file.data, file.tables.fields
    child = node.child_by_field_id
    start, end = node.start_byte, node.end_byte
    method = child(fields["method"])
    if method is None:  # `f.(x)`
        receiver, args = child(fields["receiver"]), child(fields["arguments"])
        if receiver is None or args is None:
            return None
        return CallParts(low.access(low.value(receiver), "call"), args, args.start_byte)
    place, stop = method.start_byte, method.end_byte
    given: Node | list[Node] | None = child(fields["arguments"]) if stop < end else None
    if data[end - 1] in b"}d" and stop < end:
        block = child(fields["block"])
        if block is not None and block.id in low.functions:  # no body of a class that is made
            given = [*given.children, block] if isinstance(given, Node) else [block]
    optional = place > start and data[place - 2] == 38  # `&.`
    if data[place:stop] == b"new":
        if place == start:
            return CallParts(_SELF, given, place, is_new=True)
        receiver = child(fields["receiver"])
        if receiver is None:
            return None
        whole = _path(low, receiver.start_byte, receiver.end_byte)
        return CallParts(whole or low.value(receiver), given, place, True, optional)
    callee = low.paths.get(data[start:stop]) or _member(low, node, method, 0)
    return CallParts(callee, given, place, False, optional)


def _bare(file: File, node: Node) -> CallParts:
    return CallParts(form.path(file.low, node, "other", "", 0), None, node.start_byte)


CALLS: Mapping[str, CallReader] = {"": _plain_call, "bare": _bare, "super": _bare}


# Assignments


def _assignment(file: File, node: Node) -> Iterable[Binding]:
    left, right = file.field(node, "left"), file.field(node, "right")
    if left is None:
        return
    if node.type == "operator_assignment":
        yield Binding(node, left, right, "augmented")
        return
    if left.type == "left_assignment_list" and right is not None and right.type == "right_assignment_list":
        targets, values = file.low.operands(left), file.low.operands(right)
        if len(targets) == len(values) and not any(
            each.type in {"rest_assignment", "splat_argument"} for each in (*targets, *values)
        ):
            for target, value in zip(targets, values, strict=True):
                yield Binding(target, target, value)
            return
    if right is not None and right.type == "call" and file.data.startswith(_PROC, right.start_byte):
        block = file.field(right, "block")
        if block is not None and block.id in file.low.functions:
            file.bound[block.id] = file.low.value(left).text
    yield Binding(node, left, right, declares="const" if left.type == "constant" else "")


def _caught(file: File, node: Node) -> tuple[str, ...]:
    list_ = file.field(node, "exceptions")
    if list_ is None:
        return ()
    found: list[str] = []
    for each in file.low.operands(list_):
        value = file.low.value(each)
        while value.kind is Kind.SPREAD and value.items:
            value = value.items[0]
        found.append(value.text or file.text(each))
    return tuple(found)


def _rescue_variable(file: File, node: Node) -> Iterable[Binding]:
    variable = file.field(node, "variable")
    operands = file.low.operands(variable) if variable is not None else []
    if operands:
        yield Binding(operands[0], operands[0], None, "catch", " | ".join(_caught(file, node)) or None)


def _for_variable(file: File, node: Node) -> Iterable[Binding]:
    pattern, value = file.field(node, "pattern"), file.field(node, "value")
    if pattern is not None:
        inside = file.low.operands(value) if value is not None else []
        yield Binding(pattern, pattern, inside[0] if inside else None, "for")


def _pattern_variables(file: File, node: Node) -> Iterable[Binding]:
    """Read the names that a pattern binds."""
    pattern = file.field(node, "pattern")
    queue = [pattern] if pattern is not None else []
    found: list[Node] = []
    for _ in range(_MAX_PATTERN):
        if not queue:
            break
        part = queue.pop()
        if part.type == "identifier":
            found.append(part)
        elif part.type == "keyword_pattern":
            key, value = file.field(part, "key"), file.field(part, "value")
            if value is not None:
                queue.append(value)
            elif key is not None:
                found.append(key)
        elif part.type not in {"variable_reference_pattern", "expression_reference_pattern", "call"}:
            queue += [child for child in part.children if child.is_named]
    found.sort(key=lambda each: each.start_byte)
    for each in found:
        yield Binding(each, Value(Kind.PATH, file.text(each)), None, "declare")


ASSIGNS: Mapping[str, BindingReader] = {
    "": _assignment,
    "rescue": _rescue_variable,
    "for": _for_variable,
    "pattern": _pattern_variables,
}


# Regions and handlers


def _branch(file: File, node: Node) -> Iterable[RegionSeed]:
    inside = file.field(node, "body" if node.type.endswith("_modifier") else "consequence")
    if inside is not None:
        yield RegionSeed("branch", inside.start_byte, inside.end_byte, node.start_byte, file.field(node, "condition"))


def _for_region(file: File, node: Node) -> Iterable[RegionSeed]:
    body, value = file.field(node, "body"), file.field(node, "value")
    if body is not None:
        inside = file.low.operands(value) if value is not None else []
        yield RegionSeed("loop", body.start_byte, node.end_byte, node.start_byte, inside[0] if inside else None)


def _each(file: File, node: Node) -> Iterable[RegionSeed]:
    """Read a block that is run for each of what it is called on: all of it is in a loop."""
    call = file.notes.get(node.id)
    parameters = file.field(node, "parameters")
    start = parameters.end_byte if parameters is not None else node.start_byte + 1
    if call is not None and start < node.end_byte:
        yield RegionSeed("loop", start, node.end_byte, node.start_byte, file.field(call, "receiver"))


def _cases(file: File, node: Node) -> Iterable[RegionSeed]:
    for child in node.children:
        kind = child.type
        if kind in {"when", "in_clause", "else"}:
            value = file.field(child, "pattern") if kind != "else" else None
            yield RegionSeed("case", child.start_byte, child.end_byte, child.start_byte, value)


def _try(_file: File, node: Node) -> Iterable[RegionSeed]:
    """Read a body with clauses: what stands before the first of them is tried."""
    clause = next((child for child in node.children if child.type in _CLAUSES), None)
    if clause is not None and clause.start_byte > node.start_byte:
        yield RegionSeed("try", node.start_byte, clause.start_byte, node.start_byte)


def _rescue(file: File, node: Node) -> Iterable[HandlerParts]:
    body = file.field(node, "body") or node.child(0)
    start = node.parent or node
    variable = file.field(node, "variable")
    named = file.low.operands(variable) if variable is not None else []
    name = file.text(named[0]) if named else ""
    yield HandlerParts("rescue", node, body, start, _caught(file, node), name)


def _rescue_modifier(file: File, node: Node) -> Iterable[HandlerParts]:
    handler = file.field(node, "handler")
    if handler is not None:
        yield HandlerParts("rescue", handler, handler, node)


REGIONS: Mapping[str, RegionReader] = {
    "if": _branch,
    "else": (RegionForm("else"),),
    "while": WHILE,
    "for": _for_region,
    "each": _each,
    "case": _cases,
    "try": _try,
    "handler": (RegionForm("handler"),),
    "finally": (RegionForm("finally"),),
}
HANDLERS: Mapping[str, HandlerReader] = {"rescue": _rescue, "modifier": _rescue_modifier}
