"""The language adapter for Go, on the engine of `declared`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from tree_sitter import Node

from driftd.pipeline.facts.languages.declared import values as form
from driftd.pipeline.facts.languages.declared.adapter import DeclaredAdapter
from driftd.pipeline.facts.languages.declared.file import File
from driftd.pipeline.facts.languages.declared.language import (
    IF,
    AssignKind,
    Binding,
    BindingReader,
    CallParts,
    CallReader,
    ClassParts,
    FunctionParts,
    HandlerParts,
    HandlerReader,
    Language,
    RegionReader,
    RegionSeed,
    update,
)
from driftd.pipeline.facts.languages.declared.values import UNKNOWN, Lowering
from driftd.pipeline.facts.languages.ecmascript_text import unescaped
from driftd.pipeline.facts.model import (
    Arg,
    Base,
    Call,
    ClassKind,
    Import,
    Kind,
    LiteralContext,
    Member,
    Param,
    Value,
    Visibility,
)

_NAMED_TYPES = frozenset({"type_identifier", "qualified_type", "generic_type"})
_VERSION = re.compile(r"v\d+")
_ERROR_NAME = re.compile(r"(?:^|[._])e$|(?:^|[._])(?:\w*_)?[eE]rr(?:or)?s?\d*$|[a-z0-9]Err(?:or)?s?\d*$")
_ERROR_TEST = re.compile(r"(?:^|\.)(?:Is|As|AsType|Is[A-Z]\w*)$")
_NEW_ERROR = re.compile(
    r"(?:^|\.)(?:Errorf|New\w*Err(?:or)?f?|Wrapf?|WithMessagef?|WithStack|Join|Err[A-Z]\w*|\w*Error)$|^errors\.\w+$"
)
_RECOVERED = re.compile(rb"(\w+)\s*:?=\s*$")
_TYPE = re.compile(rb"\btype[ \t]+$")
_LONG_ESCAPE = re.compile(r"\\U([0-9A-Fa-f]{8})")
_INTEGER = re.compile(r"(?<=[0-9a-fA-F])i$")


class Go(Language):
    """Go 1.0 to 1.25.

    What starts with an upper-case letter is public and exported, everything else `internal` (visible in its package).
    - A struct embeds what it has as "mixin" bases, an interface "extends"; an alias extends what it is another name of.
    - The value of a struct's member is its tag.
    - `&x` and `*x` are looked through; `T{…}` of a named type is a construction with named arguments, of a list or a
      map a LIST or DICT.
    - A receiver and named results are declared with their types; a type switch declares its variable anew, with its
      type, in every case that has one type.
    - Errors are values: a condition that compares something named like an error with nil, or asks `errors.Is` or
      `errors.As` of it, makes an `error_check`; it raises if it returns an error.  Panics are raises, and a function
      that calls `recover` is a `rescue`.
    """

    name = "go"
    suffixes: ClassVar[Mapping[str, str]] = {".go": "go"}
    grammar = "tree_sitter_go"
    query = "go.scm"

    keywords = "nil true false iota _"
    silent = "type_arguments type_parameter_list label_name"
    bindable = "func_literal"
    doc_markers = ("//", "/*")
    explicit_doc_markers = ()
    directives = re.compile(r"//(?:[a-z0-9]+:[a-z0-9]|line |export |extern )")
    docs_touch = True

    forms: ClassVar[Mapping[str, form.Form]]
    calls: ClassVar[Mapping[str, CallReader]]
    assigns: ClassVar[Mapping[str, BindingReader]]
    regions: ClassVar[Mapping[str, RegionReader]]
    handlers: ClassVar[Mapping[str, HandlerReader]]

    def prepare(self, file: File) -> None:
        captured, data = file.captured, file.data
        calls = captured.get("call", ())
        if b"panic(" in data:
            captured["raise.call"] = [node for node in calls if data.startswith(b"panic(", node.start_byte)]
        if b"recover()" in data:
            captured["handler.recover"] = [node for node in calls if data.startswith(b"recover()", node.start_byte)]
        captured["call.literal"] = [
            node
            for node in captured.get("call.literal", ())
            if (type_ := file.field(node, "type")) is not None and type_.type in _NAMED_TYPES
        ]

    def begin(self, _file: File, node: Node) -> int:
        return node.start_byte

    # Outline

    def package(self, file: File, node: Node) -> str:
        operands = file.low.operands(node)
        return file.text(operands[0]) if operands else ""

    def imports(self, file: File, node: Node, _variant: str) -> Iterable[Import]:
        path, name = file.field(node, "path"), file.field(node, "name")
        if path is None:
            return
        module = file.text(path)[1:-1]
        alias = file.text(name) if name is not None else _default_alias(module)
        line = file.line(node.start_byte)
        if alias == ".":
            yield Import(module, "*", "", line, 0)
        else:
            yield Import(module, "", "" if alias == "_" else alias, line, 0)

    def function(self, file: File, node: Node, variant: str, _scope: int) -> FunctionParts:
        parameters, body = file.field(node, "parameters"), file.field(node, "body")
        result = file.optional_text(file.field(node, "result"))
        name = file.field(node, "name")
        if variant == "lambda" or name is None:
            return FunctionParts("<lambda>", "lambda", node, parameters, result, body)
        text = file.text(name)
        return FunctionParts(
            text,
            "method" if variant == "method" else "function",
            name,
            parameters,
            result,
            body,
            visibility=_visibility(text),
            receiver=_receiver(file, node),
            is_exported=text[:1].isupper(),
            is_abstract=node.type == "method_elem",
        )

    def params(self, file: File, node: Node) -> Iterable[Param]:
        type_ = file.optional_text(file.field(node, "type"))
        names = [file.text(name) for name in node.children_by_field_name("name")]
        for name in names or ["_"]:
            yield Param(name, type_, None, "rest" if node.type == "variadic_parameter_declaration" else "positional")

    def class_(self, file: File, node: Node, _variant: str, _scope: int) -> ClassParts:
        name, type_ = file.field(node, "name"), file.field(node, "type")
        text = file.text(name) if name is not None else ""
        kind: ClassKind = "type_alias"
        bases: tuple[Base, ...] = ()
        if type_ is not None:
            if type_.type == "struct_type":
                kind, bases = "struct", tuple(_embedded(file, type_))
            elif type_.type == "interface_type":
                kind, bases = "interface", tuple(_extended(file, type_))
            elif node.type == "type_alias" and type_.type in _NAMED_TYPES:
                bases = (Base(file.low.value(type_), "extends"),)
        word = _TYPE.search(file.data, max(node.start_byte - 64, 0), node.start_byte)  # a doc comment ends before it
        return ClassParts(
            text,
            kind,
            name or node,
            bases,
            visibility=_visibility(text),
            is_exported=text[:1].isupper(),
            anchor=word.start() if word is not None else -1,
        )

    def members(self, file: File, node: Node, _variant: str, _scope: int) -> Iterable[Member]:
        type_, tag = file.field(node, "type"), file.field(node, "tag")
        names = node.children_by_field_name("name")
        if type_ is None:
            return
        line, text = file.line(node.start_byte), file.text(type_)
        if not names:  # embedded
            names = [type_]
            text = "*" * (b"*" in file.data[node.start_byte : type_.start_byte]) + text
        for name in names:
            called = file.text(name) if name is not type_ else _type_name(file, type_).rpartition(".")[2]
            value = file.low.value(tag, "annotation", called) if tag is not None else None
            at = file.line(name.start_byte) if name is not type_ else line
            yield Member(called, at, text, value, _visibility(called))

    # Texts

    def string(self, text: str) -> str:
        if text[:1] == "`":
            return text[1:-1].replace("\r", "")
        return unescaped(_LONG_ESCAPE.sub(r"\\u{\1}", text[1:-1]))

    def number(self, text: str) -> str:
        return super().number(_INTEGER.sub("", text))

    # Errors

    def is_error(self, value: Value, calls: Sequence[Call]) -> bool:
        last = value.items[-1] if value.kind is Kind.TUPLE and value.items else value
        if last.kind is Kind.PATH:
            return bool(_ERROR_NAME.search(last.text)) or last.text.rpartition(".")[2].startswith(("Err", "err"))
        if last.kind is Kind.CALL and last.ref >= 0:
            return bool(_NEW_ERROR.search(calls[last.ref].callee.text))
        return False


def _visibility(name: str) -> Visibility:
    return "public" if name[:1].isupper() else "internal"


def _default_alias(module: str) -> str:
    """Return the name that a package most likely has, by its path: its last part that is no version."""
    parts = module.split("/")
    if len(parts) > 1 and _VERSION.fullmatch(parts[-1]):
        parts.pop()
    name, _, version = parts[-1].rpartition(".")
    name = name if name and _VERSION.fullmatch(version) else parts[-1]
    return name.removeprefix("go-").removesuffix("-go").removesuffix(".go").replace("-", "_")


def _receiver(file: File, node: Node) -> str:
    """Return the receiver's type without pointer and type arguments."""
    list_ = file.field(node, "receiver") if node.type == "method_declaration" else None
    for child in file.low.operands(list_) if list_ is not None else ():
        type_ = file.field(child, "type")
        if type_ is not None:
            return _type_name(file, type_)
    return ""


def _type_name(file: File, type_: Node) -> str:
    return file.low.value(type_).text or file.text(type_).lstrip("*")


def _embedded(file: File, struct: Node) -> Iterable[Base]:
    for list_ in file.low.operands(struct):
        for declaration in file.low.operands(list_):
            type_ = file.field(declaration, "type")
            if type_ is not None and file.field(declaration, "name") is None:
                yield Base(file.low.value(type_), "mixin")


def _extended(file: File, interface: Node) -> Iterable[Base]:
    for element in file.low.operands(interface):
        types = file.low.operands(element) if element.type == "type_elem" else []
        if len(types) == 1 and types[0].type in _NAMED_TYPES:
            yield Base(file.low.value(types[0]), "extends")


# Values


def _unary(low: Lowering, node: Node, context: LiteralContext, name: str, depth: int) -> Value:
    """Lower an operator; taking an address and following it are looked through."""
    if low.data[node.start_byte] in b"&*":
        return low.value(low.field(node, "operand"), context, name, depth + 1)
    return form.operation(low, node, context, name, depth)


def _expressions(low: Lowering, node: Node, context: LiteralContext, name: str, depth: int) -> Value:
    if node.child_count == 1:
        return low.value(node.child(0), context, name, depth + 1)
    return Value(Kind.TUPLE, "", -1, low.values(low.operands(node), context, name, depth + 1))


def _composite(low: Lowering, node: Node, context: LiteralContext, name: str, depth: int) -> Value:
    index = low.calls.get(node.id)
    if index is not None:
        return Value(Kind.CALL, "", index)
    return low.value(low.field(node, "body"), context, name, depth + 1)


def _elements(low: Lowering, node: Node, _context: LiteralContext, name: str, depth: int) -> Value:
    """Lower the braces of a list or a map."""
    operands = low.operands(node)
    if not any(operand.type == "keyed_element" for operand in operands):
        return Value(Kind.LIST, "", -1, low.values(operands, "element", name, depth + 1))
    items: list[Value] = []
    for operand in operands:
        key, value = low.field(operand, "key"), low.field(operand, "value")
        lowered = low.value(key, "key", "", depth + 1)
        use = low.text(key).strip('"`') if key is not None else ""
        items += (lowered, low.value(value if value is not None else operand, "property", use, depth + 1))
    return Value(Kind.DICT, "", -1, tuple(items))


Go.forms = {
    "identifier blank_identifier field_identifier package_identifier type_identifier qualified_type iota dot": form.path,
    "selector_expression": form.member("operand", "field"),
    "index_expression slice_expression": form.index,
    "call_expression type_conversion_expression": form.call,
    "composite_literal": _composite,
    "literal_value": _elements,
    "literal_element": form.only,
    "parenthesized_expression parenthesized_type type_constraint type_elem": form.unwrap,
    "generic_type type_instantiation_expression pointer_type": form.first,
    "func_literal": form.function,
    "unary_expression": _unary,
    "binary_expression": form.operation,
    "expression_list": _expressions,
    "type_assertion_expression": form.cast("type", "operand"),
    "variadic_argument": form.one(Kind.SPREAD, "..."),
    "interpreted_string_literal raw_string_literal rune_literal": form.literal(Kind.STRING),
    "int_literal float_literal imaginary_literal": form.literal(Kind.NUMBER),
    "true": form.constant("true"),
    "false": form.constant("false"),
    "nil": form.constant("null"),
    "send_statement receive_statement": form.unknown,
}


# Calls


def _call(file: File, node: Node) -> CallParts | None:
    low = file.low
    args = file.field(node, "arguments")
    if args is None:
        return None
    place = args.start_byte
    callee = low.path(node.start_byte, place)
    return CallParts(callee if callee is not None else low.value(file.field(node, "function")), args, place)


def _conversion(file: File, node: Node) -> CallParts | None:
    """Read `F[T](x)`, which may be a conversion as well as a call: the grammar cannot tell."""
    type_, operand = file.field(node, "type"), file.field(node, "operand")
    if type_ is None or operand is None:
        return None
    return CallParts(file.low.value(type_), (operand,), node.end_byte - 1)


def _literal(file: File, node: Node) -> CallParts | None:
    """Read `T{…}` of a named type."""
    type_, body = file.field(node, "type"), file.field(node, "body")
    if type_ is None or body is None:
        return None
    return CallParts(file.low.value(type_), body, node.start_byte, is_new=True)


def _keyed(low: Lowering, node: Node, _context: str) -> Arg:
    key, value = low.field(node, "key"), low.field(node, "value")
    name = low.text(key) if key is not None else ""
    return Arg(low.value(value, "argument", name) if value is not None else UNKNOWN, name)


Go.arguments = {"keyed_element": _keyed}
Go.calls = {"": _call, "conversion": _conversion, "literal": _literal}


# Assignments


def _pairs(file: File, at: Node, targets: list[Node], values: list[Node], kind: AssignKind, type_: str | None, declares: str) -> Iterable[Binding]:  # fmt: skip
    """Bind targets to values one by one, or all of them to the one value that has several."""
    if len(targets) == len(values):
        for target, value in zip(targets, values, strict=True):
            yield Binding(target, target, value, kind, type_, declares)
    elif not values:
        for target in targets:
            yield Binding(target, target, None, "declare", type_, declares)
    elif len(targets) > 1 and len(values) == 1:
        yield Binding(at, Value(Kind.TUPLE, "", -1, file.low.values(targets)), values[0], kind, type_, declares)


def _listed(file: File, node: Node, field: str) -> list[Node]:
    found = file.field(node, field)
    if found is None:
        return []
    return file.low.operands(found) if found.type == "expression_list" else [found]


def _short(file: File, node: Node) -> Iterable[Binding]:
    return _pairs(file, node, _listed(file, node, "left"), _listed(file, node, "right"), "assign", None, "let")


def _plain(file: File, node: Node) -> Iterable[Binding]:
    kind: AssignKind = "assign" if file.field_text(node, "operator") == "=" else "augmented"
    return _pairs(file, node, _listed(file, node, "left"), _listed(file, node, "right"), kind, None, "")


def _specified(declares: str) -> BindingReader:
    """Return the reader of a `var` or `const` specification."""

    def read(file: File, node: Node) -> Iterable[Binding]:
        names, values = node.children_by_field_name("name"), _listed(file, node, "value")
        names = [name for name in names if name.is_named]
        return _pairs(file, node, names, values, "assign", file.optional_text(file.field(node, "type")), declares)

    return read


def _range(file: File, node: Node) -> Iterable[Binding]:
    targets, values = _listed(file, node, "left"), _listed(file, node, "right")
    declares = "let" if any(child.type == ":=" for child in node.children) else ""
    return _pairs(file, node, targets, values, "for", None, declares) if targets else ()


def _received(file: File, node: Node) -> Iterable[Binding]:
    """Read `case value, ok := <-channel`."""
    targets, values = _listed(file, node, "left"), _listed(file, node, "right")
    declares = "let" if any(child.type == ":=" for child in node.children) else ""
    return _pairs(file, node, targets, values, "assign", None, declares) if targets else ()


def _switched(file: File, node: Node) -> Iterable[Binding]:
    """Read `switch alias := value.(type)`: the alias is declared anew in every case that has one type."""
    names, value = _listed(file, node, "alias"), file.field(node, "value")
    if not names:
        return
    yield Binding(names[0], names[0], value, "assign", None, "let")
    for case in node.children:
        if case.type == "type_case":
            types = case.children_by_field_name("type")
            types = [type_ for type_ in types if type_.is_named]
            if len(types) == 1 and types[0].type != "nil":
                yield Binding(case, names[0], value, "assign", file.text(types[0]), "let")


def _signature(file: File, node: Node) -> Iterable[Binding]:
    """Read the receiver and the named results, which are variables of the function."""
    lists = [file.field(node, "receiver") if node.type == "method_declaration" else None, file.field(node, "result")]
    for list_ in lists:
        if list_ is None or list_.type != "parameter_list":
            continue
        for declaration in file.low.operands(list_):
            type_ = file.optional_text(file.field(declaration, "type"))
            for name in declaration.children_by_field_name("name"):
                if name.is_named:
                    yield Binding(name, name, None, "declare", type_, "let")


Go.assigns = {
    "": _plain,
    "short": _short,
    "var": _specified("let"),
    "const": _specified("const"),
    "update": update,
    "range": _range,
    "receive": _received,
    "switch": _switched,
    "signature": _signature,
}


# Regions and handlers


def _loop(file: File, node: Node) -> Iterable[RegionSeed]:
    """Read a `for`: what is ranged over and the initialiser run once, the rest every time."""
    body = file.field(node, "body")
    if body is None:
        return
    start, end = node.start_byte, node.end_byte
    head = next((child for child in file.low.operands(node) if child.id != body.id), None)
    if head is None:
        yield RegionSeed("loop", body.start_byte, end, start)
    elif head.type == "range_clause":
        yield RegionSeed("loop", body.start_byte, end, start, file.field(head, "right"))
    elif head.type == "for_clause":
        first = file.field(head, "initializer")
        inside = first.end_byte if first is not None else head.start_byte
        yield RegionSeed("loop", inside, end, start, file.field(head, "condition"))
    else:
        yield RegionSeed("loop", head.start_byte, end, start, head)


def _case(file: File, node: Node) -> Iterable[RegionSeed]:
    value: Node | None = None
    if node.type == "communication_case":
        value = file.field(node, "communication")
    elif node.type != "default_case":
        value = file.field(node, "type" if node.type == "type_case" else "value")
    yield RegionSeed("case", node.start_byte, node.end_byte, node.start_byte, value)


_MAX_CONDITIONS = 16


def _check(file: File, node: Node) -> Iterable[HandlerParts]:
    """Read `if err != nil`, `if err == nil … else` and `if errors.Is(err, …)`, each with more conditions or without."""
    condition = file.field(node, "condition")
    if condition is None or condition.type not in {"binary_expression", "call_expression"}:
        return
    queue, name, caught, is_nil = [condition], "", list[str](), False
    for _ in range(_MAX_CONDITIONS):
        if not queue:
            break
        part = queue.pop(0)
        kind = part.type
        if kind == "parenthesized_expression":
            queue[:0] = file.low.operands(part)
        elif kind == "binary_expression":
            sign = file.field_text(part, "operator")
            left, right = file.field(part, "left"), file.field(part, "right")
            if left is None or right is None:
                continue
            if sign == "&&" or (sign == "||" and not is_nil):
                queue[:0] = [left, right]
            elif sign in {"!=", "=="} and _is_error(file, left):
                if right.type == "nil":
                    name, is_nil = name or file.text(left), is_nil or sign == "=="
                elif sign == "==":
                    name = name or file.text(left)
                    caught.append(file.text(right))
        elif kind == "call_expression":
            tested = _tested(file, part)
            if tested is not None:
                name = name or tested[0]
                caught += tested[1]
    body = file.field(node, "alternative" if is_nil else "consequence")
    if name and body is not None and body.type == "block":
        yield HandlerParts("error_check", node, body, node, tuple(caught), name)


def _is_error(file: File, node: Node) -> bool:
    return node.type in {"identifier", "selector_expression"} and bool(_ERROR_NAME.search(file.text(node)))


def _tested(file: File, call: Node) -> tuple[str, tuple[str, ...]] | None:
    """Return the error that a call tests, and for what: `errors.Is(err, io.EOF)`, `os.IsNotExist(err)`."""
    function, args = file.field(call, "function"), file.field(call, "arguments")
    operands = file.low.operands(args) if args is not None else []
    if function is None or not operands or not _is_error(file, operands[0]):
        return None
    callee = file.text(function)
    if not _ERROR_TEST.search(callee):
        return None
    return file.text(operands[0]), (file.text(operands[1]).lstrip("&") if len(operands) > 1 else callee,)


def _rescue(file: File, node: Node) -> Iterable[HandlerParts]:
    """Read a call of `recover`: the function around it handles a panic."""
    index = file.state(node.start_byte)[0]
    body = file.field(file.functions[index - 1][3], "body") if index > 0 else None
    if body is None:
        return
    name = _RECOVERED.search(file.data, max(node.start_byte - 64, body.start_byte), node.start_byte)
    yield HandlerParts("rescue", body, body, body, (), name.group(1).decode() if name is not None else "")


Go.regions = {"if": IF, "for": _loop, "case": _case}
Go.handlers = {"check": _check, "recover": _rescue}

ADAPTER = DeclaredAdapter(Go())
