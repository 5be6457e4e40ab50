"""The language adapter for Java, on the engine of `declared`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import ClassVar

from tree_sitter import Node

from driftd.pipeline.facts.languages.declared import values as form
from driftd.pipeline.facts.languages.declared.adapter import DeclaredAdapter
from driftd.pipeline.facts.languages.declared.file import File
from driftd.pipeline.facts.languages.declared.language import (
    IF,
    WHILE,
    ArgumentReader,
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
    Modifiers,
    RegionForm,
    RegionReader,
    RegionSeed,
    assignment,
    call,
    construction,
    named_argument,
    update,
)
from driftd.pipeline.facts.languages.declared.outline import decorators
from driftd.pipeline.facts.languages.ecmascript_text import unescaped
from driftd.pipeline.facts.model import Base, ClassKind, Import, Kind, Member, Param, Value, Visibility

_VISIBILITIES: dict[str, Visibility] = {"public": "public", "protected": "protected", "private": "private"}
_INTERFACES = frozenset({"interface", "annotation"})
_KINDS: dict[str, ClassKind] = {"anonymous": "class"}
_NONE = Modifiers()


class Java(Language):
    """Java 8 to 21.

    A method has its name's line, an anonymous class the name `<anonymous>` (a constant's body the constant's name).
    What has no modifier is `internal` (visible in its package), a member of an interface public.
    `Type::method` is the access path `Type.method`; `this(…)` and `super(…)` are constructions.
    """

    name = "java"
    suffixes: ClassVar[Mapping[str, str]] = {".java": "java"}
    grammar = "tree_sitter_java"
    query = "java.scm"

    identifier = r"[A-Za-z_$\x80-\xff][\w$\x80-\xff]*"
    separators = (".", "::")
    soft_keywords = (
        "module open opens exports requires uses provides to with transitive record sealed permits when yield"
    )
    keywords = "this super null void var"
    comments = "line_comment block_comment"
    silent = "type_arguments modifiers dimensions"
    blocks = "block constructor_body"
    bindable = "lambda_expression"

    forms: ClassVar[Mapping[str, form.Form]] = {
        "identifier type_identifier scoped_identifier scoped_type_identifier this super": form.path,
        "field_access": form.member("object", "field"),
        "array_access": form.index,
        "method_invocation object_creation_expression annotation": form.call,
        "lambda_expression": form.function,
        "method_reference class_literal": form.path,
        "string_literal character_literal": form.literal(Kind.STRING),
        "decimal_integer_literal hex_integer_literal octal_integer_literal binary_integer_literal"
        " decimal_floating_point_literal hex_floating_point_literal": form.literal(Kind.NUMBER),
        "true": form.constant("true"),
        "false": form.constant("false"),
        "null_literal": form.constant("null"),
        "binary_expression unary_expression update_expression instanceof_expression": form.operation,
        "ternary_expression": form.conditional("condition", "consequence", "alternative"),
        "cast_expression": form.cast("type", "value"),
        "assignment_expression": form.assignment(),
        "array_creation_expression": form.field("value"),
        "array_initializer element_value_array_initializer": form.items(Kind.LIST),
        "parenthesized_expression": form.unwrap,
        "generic_type": form.first,
        "annotated_type labeled_statement": form.last,
        "yield_statement assert_statement switch_expression marker_annotation type_pattern": form.unknown,
    }
    arguments: ClassVar[Mapping[str, ArgumentReader]] = {"element_value_pair": named_argument("key", "value")}

    def prepare(self, file: File) -> None:
        captured = file.captured
        bodies = captured.setdefault("class.anonymous", [])
        for node in captured.get("call.new", ()):
            last = node.child(node.child_count - 1)
            if last is not None and last.type == "class_body":
                bodies.append(last)
                file.notes[last.id] = node
        calls = captured.setdefault("call.enum", [])
        for node in captured.get("field.enum", ()):
            body = file.field(node, "body")
            if body is not None:
                bodies.append(body)
                file.notes[body.id] = node
            if file.field(node, "arguments") is not None:
                calls.append(node)

    # Outline

    def package(self, file: File, node: Node) -> str:
        operands = file.low.operands(node)
        return file.low.value(operands[-1]).text if operands else ""

    def imports(self, file: File, node: Node, _variant: str) -> Iterable[Import]:
        path = ""
        star = static = False
        for child in node.children:
            kind = child.type
            star, static = star or kind == "asterisk", static or kind == "static"
            if kind in {"identifier", "scoped_identifier"}:
                path = file.low.value(child).text
        if not path:
            return
        line, scope = file.line(node.start_byte), 0
        if star:
            yield Import(path, "*", "", line, scope)
        else:
            module, _, name = path.rpartition(".")
            yield Import(module, name, name, line, scope)

    def function(self, file: File, node: Node, variant: str, scope: int) -> FunctionParts:
        body = file.field(node, "body")
        parameters = file.field(node, "parameters")
        if variant == "lambda":
            result = None if body is None or body.type == "block" else body
            names = None
            if parameters is not None and parameters.type == "identifier":
                names = (Param(file.text(parameters), None, None, "positional"),)
            return FunctionParts("<lambda>", "lambda", node, parameters, body=body, result=result, params=names)
        name = file.field(node, "name")
        default = file.field(node, "value") if body is None else None  # of an annotation's element
        if default is not None and name is not None:
            file.low.value(default, "default", file.text(name))
        modifiers = _modifiers(node)
        words = modifiers.words
        in_interface = file.class_variant(scope) in _INTERFACES
        visibility = _visibility(words, "public" if in_interface else "internal")
        if variant == "constructor":
            if file.class_variant(scope) == "enum":
                visibility = "private"
            if parameters is None:  # a compact one has the record's
                owner = file.class_node(scope)
                parameters = file.field(owner, "parameters") if owner is not None else None
        return FunctionParts(
            file.text(name) if name is not None else "",
            "constructor" if variant == "constructor" else "static_method" if "static" in words else "method",
            name or node,
            parameters,
            file.optional_text(file.field(node, "type")) if variant == "method" else None,
            body,
            modifiers=modifiers,
            visibility=visibility,
            is_exported=visibility == "public",
            is_abstract="abstract" in words or (in_interface and body is None),
        )

    def params(self, file: File, node: Node) -> Iterable[Param]:
        kind = node.type
        if kind == "identifier":  # of a lambda
            yield Param(file.text(node), None, None, "positional")
        elif kind == "formal_parameter":
            name = file.field(node, "name")
            if name is not None:
                type_ = file.optional_text(file.field(node, "type"))
                marks = decorators(file, _modifiers(node).decorators)
                yield Param(file.text(name), type_, None, "positional", marks)
        elif kind == "spread_parameter":
            of, *rest = file.low.operands(node) or [node]
            for child in rest:
                name = file.field(child, "name") if child.type == "variable_declarator" else None
                if name is not None:
                    marks = decorators(file, _modifiers(node).decorators)
                    yield Param(file.text(name), file.text(of), None, "rest", marks)

    def class_(self, file: File, node: Node, variant: str, scope: int) -> ClassParts:
        if variant == "anonymous":
            owner = file.notes[node.id]
            if owner.type == "enum_constant":
                constant, enum = file.field(owner, "name") or owner, file.class_node(scope)
                base = file.field(enum, "name") if enum is not None else None
                bases = (Base(file.low.value(base), "extends"),) if base is not None else ()
                return ClassParts(
                    file.text(constant), "class", constant, bases, visibility="private", anchor=owner.start_byte
                )
            bases = (Base(file.low.value(file.field(owner, "type")), "extends"),)
            return ClassParts("<anonymous>", "class", owner, bases, visibility="private", anchor=owner.start_byte)
        name = file.field(node, "name")
        modifiers = _modifiers(node)
        in_interface = file.class_variant(scope) in _INTERFACES
        visibility = _visibility(modifiers.words, "public" if in_interface else "internal")
        return ClassParts(
            file.text(name) if name is not None else "",
            _KINDS.get(variant, variant),  # type: ignore[arg-type]  # the query's variants are kinds
            name or node,
            tuple(_bases(file, node, variant)),
            modifiers,
            visibility,
            visibility == "public",
            "abstract" in modifiers.words,
        )

    def members(self, file: File, node: Node, variant: str, scope: int) -> Iterable[Member]:
        modifiers = _modifiers(node)
        words, found = modifiers.words, decorators(file, modifiers.decorators)
        type_ = file.optional_text(file.field(node, "type"))
        if variant == "":
            in_interface = file.class_variant(scope) in _INTERFACES
            visibility = _visibility(words, "public" if in_interface else "internal")
            static, final = in_interface or "static" in words, in_interface or "final" in words
            for declarator in node.children_by_field_name("declarator"):
                name, value = file.field(declarator, "name"), file.field(declarator, "value")
                if name is None:
                    continue
                text = file.text(name)
                if value is not None and value.kind_id in file.tables.bindable:
                    file.bound[value.id] = text
                lowered = file.low.value(value, "assignment", text) if value is not None else None
                yield Member(text, file.line(name.start_byte), type_, lowered, visibility, static, final, found)
            return
        name = file.field(node, "name")
        if name is None:
            return
        made = Value(Kind.CALL, "", file.low.calls[node.id]) if node.id in file.low.calls else None
        line = file.line(name.start_byte)
        if variant == "enum":
            yield Member(
                file.text(name), line, None, made, "public", is_static=True, is_readonly=True, decorators=found
            )
        else:
            yield Member(file.text(name), line, type_, None, "private", is_readonly=True, decorators=found)

    # Texts

    def string(self, text: str) -> str:
        return _text_block(text) if text.startswith('"""') else unescaped(text[1:-1])

    # Bodies

    calls: ClassVar[Mapping[str, CallReader]]
    assigns: ClassVar[Mapping[str, BindingReader]]
    handlers: ClassVar[Mapping[str, HandlerReader]]
    regions: ClassVar[Mapping[str, RegionReader]]


def _modifiers(node: Node) -> Modifiers:
    first = node.child(0)
    if first is None or first.type != "modifiers":
        return _NONE
    words: list[str] = []
    found: list[Node] = []
    for child in first.children:
        kind = child.type
        if kind in {"annotation", "marker_annotation"}:
            found.append(child)
        else:
            words.append(kind)
    return Modifiers(frozenset(words), tuple(found))


def _visibility(words: frozenset[str], default: Visibility) -> Visibility:
    for word in words:
        if word in _VISIBILITIES:
            return _VISIBILITIES[word]
    return default


def _bases(file: File, node: Node, variant: str) -> Iterable[Base]:
    for child in node.children:
        kind = child.type
        if kind == "superclass":
            for base in file.low.operands(child):
                yield Base(_applied(file, base), "extends")
        elif kind in {"super_interfaces", "extends_interfaces"}:
            for listed in file.low.operands(child):
                for base in file.low.operands(listed):
                    yield Base(_applied(file, base), "extends" if variant == "interface" else "implements")


def _applied(file: File, base: Node) -> Value:
    """Return a base: the path of its name, with its type arguments as items where they are paths themselves."""
    value = file.low.value(base)
    args = next((child for child in base.children if child.type == "type_arguments"), None)
    if args is None or value.kind != Kind.PATH:
        return value
    items = [file.low.value(arg) for arg in args.named_children]
    return Value(Kind.PATH, value.text, items=tuple([item for item in items if item.kind == Kind.PATH]))


_INDENT = re.compile(r"^[ \t]*", re.MULTILINE)


def _text_block(text: str) -> str:
    """Return what a text block stands for: the common indentation and the first line end do not count."""
    lines = text[3:-3].split("\n")[1:]
    widths = [len(line) - len(line.lstrip()) for line in lines if line.strip()]
    if lines and not lines[-1].strip():
        widths.append(len(lines[-1]))
    margin = min(widths, default=0)
    return unescaped("\n".join(line[margin:].rstrip() for line in lines))


# Calls


def _delegation(file: File, node: Node) -> CallParts | None:
    """Read `this(…)` and `super(…)`."""
    args, target = file.field(node, "arguments"), file.field(node, "constructor")
    if args is None or target is None:
        return None
    return CallParts(file.low.value(target), args, args.start_byte, is_new=True)


def _annotation(file: File, node: Node) -> CallParts | None:
    args, name = file.field(node, "arguments"), file.field(node, "name")
    if args is None or name is None:
        return None
    return CallParts(file.low.value(name), args, node.start_byte)


def _enum_constant(file: File, node: Node) -> CallParts | None:
    owner = file.class_node(file.state(node.start_byte)[0])
    name = file.field(owner, "name") if owner is not None else None
    if name is None:
        return None
    return CallParts(file.low.value(name), file.field(node, "arguments"), node.start_byte, is_new=True)


# Assignments


def _local(file: File, node: Node) -> Iterable[Binding]:
    type_ = file.field_text(node, "type") or None
    declares = "const" if "final" in _modifiers(node).words else "let"
    if type_ == "var":
        type_ = None
    for declarator in node.children_by_field_name("declarator"):
        name, value = file.field(declarator, "name"), file.field(declarator, "value")
        if name is not None:
            kind = "declare" if value is None else "assign"
            yield Binding(declarator, name, value, kind, type_, declares)  # type: ignore[arg-type]  # one of the two


def _catch(file: File, node: Node) -> Iterable[Binding]:
    name = file.field(node, "name")
    if name is not None:
        yield Binding(node, name, None, "catch", " | ".join(_caught(file, node)), "let")


def _instanceof(file: File, node: Node) -> Iterable[Binding]:
    """Read `value instanceof Type name`."""
    name = file.field(node, "name")
    if name is not None:
        yield Binding(name, name, file.field(node, "left"), "assign", file.field_text(node, "right") or None, "let")


def _type_pattern(file: File, node: Node) -> Iterable[Binding]:
    operands = file.low.operands(node)
    if len(operands) == 2:
        yield Binding(node, operands[1], None, "declare", file.text(operands[0]), "let")


def _variable(kind: AssignKind) -> BindingReader:
    """Return the reader of a declared name: of a loop, of a resource (which may be an expression instead)."""

    def read(file: File, node: Node) -> Iterable[Binding]:
        name = file.field(node, "name")
        if name is not None:
            type_ = file.field_text(node, "type")
            yield Binding(node, name, file.field(node, "value"), kind, None if type_ in {"", "var"} else type_, "let")

    return read


# Regions and handlers


def _case(file: File, node: Node) -> Iterable[RegionSeed]:
    label = node.child(0)
    values = file.low.operands(label) if label is not None and label.type == "switch_label" else []
    yield RegionSeed("case", node.start_byte, node.end_byte, node.start_byte, values[0] if values else None)


def _with(file: File, node: Node) -> Iterable[RegionSeed]:
    resources, body = file.field(node, "resources"), file.field(node, "body")
    if body is None:
        return
    start = node.start_byte
    if resources is not None:
        first = next(iter(file.low.operands(resources)), None)
        value = None
        if first is not None:
            value = file.field(first, "value") or next(iter(file.low.operands(first)), None)
        yield RegionSeed("with", resources.start_byte, body.end_byte, start, value)
    yield RegionSeed("try", body.start_byte, body.end_byte, start)


def _caught(file: File, parameter: Node) -> tuple[str, ...]:
    types = next((child for child in parameter.children if child.type == "catch_type"), None)
    return tuple(file.text(each) for each in file.low.operands(types)) if types is not None else ()


def _catches(file: File, node: Node) -> Iterable[HandlerParts]:
    for clause in node.children:
        if clause.type != "catch_clause":
            continue
        parameter = next((child for child in clause.children if child.type == "catch_formal_parameter"), None)
        caught = _caught(file, parameter) if parameter is not None else ()
        name = file.field_text(parameter, "name") if parameter is not None else ""
        body = file.field(clause, "body")
        if body is not None:
            yield HandlerParts("try_catch", clause, body, node, caught, name)


Java.calls = {
    "": call("name", owner="object"),
    "new": construction(),
    "constructor": _delegation,
    "decorator": _annotation,
    "enum": _enum_constant,
}
Java.assigns = {
    "": assignment(),
    "local": _local,
    "update": update,
    "for": _variable("for"),
    "with": _variable("with"),
    "catch": _catch,
    "instanceof": _instanceof,
    "pattern": _type_pattern,
}
Java.regions = {
    "if": IF,
    "while": WHILE,
    "for": (RegionForm("loop", "", "condition", after="init"),),
    "for_each": (RegionForm("loop", "body", "value"),),
    "case": _case,
    "try": (RegionForm("try", "body"),),
    "with": _with,
    "handler": (RegionForm("handler"),),
    "finally": (RegionForm("finally"),),
}
Java.handlers = {"try": _catches}

ADAPTER = DeclaredAdapter(Java())
