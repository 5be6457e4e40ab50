"""What the adapters of C and C++ share: declarators, values, calls, bindings, regions.

A declarator is read from the outside to the name in it; the type of a parameter, member or variable is what is written
of it without the name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from tree_sitter import Node, Parser, Tree

from driftd.pipeline.facts.languages import c_macros
from driftd.pipeline.facts.languages.declared import values as form
from driftd.pipeline.facts.languages.declared.file import File
from driftd.pipeline.facts.languages.declared.language import (
    IF,
    WHILE,
    ArgumentReader,
    Binding,
    BindingReader,
    CallParts,
    CallReader,
    ClassParts,
    FunctionParts,
    Language,
    RegionForm,
    RegionReader,
    RegionSeed,
    assignment,
    call,
    update,
)
from driftd.pipeline.facts.languages.declared.values import Lowering
from driftd.pipeline.facts.languages.ecmascript_text import comment_text, unescaped
from driftd.pipeline.facts.model import Arg, Base, Import, Kind, LiteralContext, Member, Param, Value, Visibility

_STRING = re.compile(r'(?:u8|[uUL])?(R?)["\'](.*)["\']', re.DOTALL)
_TYPEDEF = re.compile(rb"\btypedef\s+$")
_SPECIFIERS = frozenset({"storage_class_specifier", "attribute_specifier", "attribute_declaration",
                         "ms_declspec_modifier", "virtual", "explicit_function_specifier", "inline",
                         "extension_expression", "__extension__", "virtual_function_specifier"})  # fmt: skip
_EVALUATED = frozenset({"constexpr", "consteval", "constinit"})
_NAMES = frozenset({"identifier", "field_identifier", "type_identifier", "qualified_identifier", "destructor_name",
                    "operator_name", "operator_cast", "template_function", "structured_binding_declarator"})  # fmt: skip
NAMED_TYPES = frozenset({"type_identifier", "qualified_identifier", "template_type", "struct_specifier",
                         "union_specifier", "enum_specifier", "class_specifier", "dependent_type"})  # fmt: skip
_MAX_DECLARATOR = 40  # levels


class CFamily(Language):
    """What C and C++ have in common."""

    separators = (".", "->", "::")
    silent = "type_qualifier storage_class_specifier statement_identifier attribute_specifier"
    blocks = "compound_statement"
    keywords = "true false NULL define undef include ifdef ifndef elif endif defined pragma"
    doc_markers = ("/*", "//")
    explicit_doc_markers = ("/**", "///", "//!", "/*!")
    docs_touch = True

    def parse(self, parser: Parser, data: bytes) -> Tree:
        return c_macros.parse(parser, data)

    def prepare(self, file: File) -> None:
        captured = file.captured
        for variant in ("class.struct", "class.union", "class.enum", "class.class"):
            if variant in captured:
                captured[variant] = [node for node in captured[variant] if file.field(node, "body") is not None]
        aliases: list[Node] = []
        for node in captured.get("class.type_alias", ()):
            type_ = file.field(node, "type")
            name = declared_name(file, node)
            if name is None or type_ is None:
                continue
            own = file.field(type_, "name") if type_.type.endswith("_specifier") else None
            if type_.type in {"struct_specifier", "union_specifier", "enum_specifier"} and own is None:
                file.notes[type_.id] = name
            elif own is None or file.text(own) != file.text(name):
                aliases.append(node)
        captured["class.type_alias"] = aliases

    def begin(self, file: File, node: Node) -> int:
        if node.type == "type_definition":
            declarator = file.field(node, "declarator")
            return declarator.start_byte if declarator is not None else node.end_byte
        if node.type in {"function_definition", "lambda_expression", "field_declaration"}:
            return node.start_byte
        inside = file.field(node, "name") or file.field(node, "body")
        return inside.start_byte if inside is not None else node.start_byte

    # Outline

    def imports(self, file: File, node: Node, _variant: str) -> Iterable[Import]:
        path = file.field(node, "path")
        if path is not None and path.type in {"system_lib_string", "string_literal"}:
            name = file.text(path)[1:-1]
            module = name if path.type == "system_lib_string" or name.startswith((".", "/")) else f"./{name}"
            yield Import(module, "*", "", file.line(node.start_byte), file.state(node.start_byte)[0])

    def function(self, file: File, node: Node, _variant: str, _scope: int) -> FunctionParts:
        outer = file.field(node, "declarator")
        name, declarator = walk(file, outer)
        parameters = file.field(declarator, "parameters") if declarator is not None else None
        words = specifiers(file, node)
        visibility: Visibility = "private" if "static" in words else "public"
        return FunctionParts(
            file.text(name) if name is not None else "",
            "function",
            name or node,
            parameters,
            return_type(file, node, name),
            body := file.field(node, "body"),
            visibility=visibility,
            is_exported=visibility == "public",
            end=end_of(file, body),
        )

    def params(self, file: File, node: Node) -> Iterable[Param]:
        kind = node.type
        if kind == "identifier":  # in the oldest style
            yield Param(file.text(node), None, None, "positional")
        elif kind == "variadic_parameter":
            yield Param("...", None, None, "rest")
        elif kind in {"parameter_declaration", "optional_parameter_declaration", "variadic_parameter_declaration"}:
            declarator = file.field(node, "declarator")
            name, _ = walk(file, declarator)
            type_ = type_text(file, node, declarator, name)
            if type_ == "void" and name is None:
                return
            default = file.field(node, "default_value") if kind == "optional_parameter_declaration" else None
            text = file.text(name) if name is not None else "_"
            value = file.low.value(default, "default", text) if default is not None else None
            rest = kind == "variadic_parameter_declaration"
            yield Param(text, type_, value, "rest" if rest else "positional")

    def class_(self, file: File, node: Node, variant: str, _scope: int) -> ClassParts:
        bases: tuple[Base, ...] = ()
        if variant == "type_alias":
            name, type_ = declared_name(file, node), file.field(node, "type")
            if type_ is not None and type_.type == "type_descriptor":
                type_ = file.field(type_, "type")
            if type_ is not None and type_.type in NAMED_TYPES and (base := file.low.value(type_)).text:
                bases = (Base(base, "extends"),)
        else:
            name = file.field(node, "name") or file.notes.get(node.id)
        word = _TYPEDEF.search(file.data, max(node.start_byte - 64, 0), node.start_byte)
        return ClassParts(
            file.low.value(name).text if name is not None else "<anonymous>",
            variant,  # type: ignore[arg-type]  # the query's variants are kinds
            name or node,
            bases,
            is_exported=True,
            anchor=word.start() if word is not None else -1,
        )

    def members(self, file: File, node: Node, variant: str, scope: int) -> Iterable[Member]:
        if variant == "enum":
            name, value = file.field(node, "name"), file.field(node, "value")
            if name is not None:
                lowered = file.low.value(value, "enum", file.text(name)) if value is not None else None
                yield Member(file.text(name), file.line(name.start_byte), None, lowered, "public", True, True)
            return
        for declarator in node.children_by_field_name("declarator"):
            sign = declarator.next_sibling
            default = sign.next_sibling if sign is not None and sign.type == "=" else None
            name, function = walk(file, declarator)
            if name is None or (function is not None and is_name_of(file, function, name)):
                continue
            words = specifiers(file, node)
            text = file.text(name)
            made = file.low.value(default, "assignment", text) if default is not None else None
            yield Member(text, file.line(name.start_byte), type_text(file, node, declarator, name), made,
                         self.access(file, node, scope), "static" in words,
                         bool(words & {"const", "constexpr"}))  # fmt: skip

    def access(self, _file: File, _node: Node, _scope: int) -> Visibility:
        """Return the visibility of what is declared in a class."""
        return "public"

    # Texts

    def string(self, text: str) -> str:
        match = _STRING.fullmatch(text)
        if match is None:
            return text
        if match.group(1):
            return match.group(2).partition("(")[2].rpartition(")")[0]
        return unescaped(match.group(2))

    def number(self, text: str) -> str:
        return super().number(text.replace("'", ""))

    def comment(self, text: str) -> str:
        if text.startswith(("//!", "/*!")):
            text = text[:2] + text[3:]
        if text[2:3] == "<" or text[2:4] in {"/<", "*<"}:  # about what stands before it
            text = text[:2] + text[3:].lstrip("<")
        return comment_text(text)


# Declarators


def walk(file: File, declarator: Node | None) -> tuple[Node | None, Node | None]:
    """Return the name in a declarator, and the innermost function declarator around it."""
    function: Node | None = None
    for _ in range(_MAX_DECLARATOR):
        if declarator is None:
            break
        kind = declarator.type
        if kind in _NAMES:
            return declarator, function
        if kind in {"function_declarator", "abstract_function_declarator"}:
            function = declarator
        inner = file.field(declarator, "declarator")
        if inner is None:
            inner = next((child for child in declarator.children
                          if child.type in _NAMES or child.type.endswith("declarator")), None)  # fmt: skip
        declarator = inner
    return None, function


def is_name_of(file: File, function: Node, name: Node) -> bool:
    """Tell whether a declarator declares a function of that name, and not a pointer to one."""
    inner = file.field(function, "declarator")
    return inner is not None and inner.id == name.id


def declared_name(file: File, node: Node) -> Node | None:
    """Return the name that a typedef or alias declares."""
    return file.field(node, "name") if node.type == "alias_declaration" else walk(file, file.field(node, "declarator"))[0]  # fmt: skip


def specifiers(file: File, node: Node) -> frozenset[str]:
    """Return the words before a declaration: static, const, virtual."""
    words: set[str] = set()
    for child in node.children:
        if child.type in {"storage_class_specifier", "type_qualifier", "explicit_function_specifier"}:
            words.add(file.text(child))
        elif child.type == "virtual":
            words.add("virtual")
        elif child.type.endswith("declarator"):
            break
    return frozenset(words)


def _first_of_type(node: Node) -> Node:
    for child in node.children:
        kind = child.type
        if kind == "type_qualifier":
            word = child.child(0)
            if word is not None and word.type in _EVALUATED:
                continue
        if kind not in _SPECIFIERS and kind != "comment":
            return child
    return node


def type_text(file: File, node: Node, declarator: Node | None, name: Node | None) -> str | None:
    """Return the type that a declaration gives a name, as written: without the name."""
    start = _first_of_type(node).start_byte
    data = file.data
    type_ = file.field(node, "type")
    body = file.field(type_, "body") if type_ is not None and type_.type.endswith("_specifier") else None
    if type_ is None or type_.type == "placeholder_type_specifier":
        return None
    if body is not None:  # the type is declared here
        named = file.field(type_, "name")
        before = (
            type_.type.partition("_")[0].encode() + b" " + (data[named.start_byte : named.end_byte] if named else b"")
        )
        start = type_.end_byte
    else:
        before = b""
    if declarator is None:
        end = type_.end_byte
        return _spaced(before + data[start:end])
    if declarator.type == "init_declarator":
        inner = file.field(declarator, "declarator")
        declarator = inner if inner is not None else declarator
    # Of several declarators only the own one counts.
    head = data[start : type_.end_byte] if body is None else b""
    qualifiers = (
        data[type_.end_byte : declarator.start_byte]
        if b"," not in data[type_.end_byte : declarator.start_byte]
        else b""
    )
    if name is None:
        return _spaced(before + head + qualifiers + data[declarator.start_byte : declarator.end_byte])
    shape = data[declarator.start_byte : name.start_byte] + data[name.end_byte : declarator.end_byte]
    return _spaced(before + head + qualifiers + b" " + shape)


def return_type(file: File, node: Node, name: Node | None) -> str | None:
    """Return the type of what a function returns, None for what has none (a constructor)."""
    type_ = file.field(node, "type")
    if type_ is None or name is None:
        return None
    outer = file.field(node, "declarator")
    _, function = walk(file, outer)
    trailing = next((child for child in function.children if child.type == "trailing_return_type"), None) if function is not None else None  # fmt: skip
    if trailing is not None:
        return file.text(trailing).removeprefix("->").strip()
    start = _first_of_type(node).start_byte
    if type_.type.endswith("_specifier") and file.field(type_, "body") is not None:
        start = type_.end_byte
    return _spaced(file.data[start : name.start_byte]) or None


def _spaced(text: bytes) -> str:
    return " ".join(text.decode("utf-8", "replace").split())


# Values


def scoped(low: Lowering, node: Node, _context: LiteralContext, _name: str, depth: int) -> Value:
    """Lower `a::b`; template arguments within are dropped."""
    whole = low.path(node.start_byte, node.end_byte)
    if whole is not None:
        return whole
    owner, name = low.field(node, "scope"), low.field(node, "name")
    inner = low.value(name, depth=depth + 1)
    if owner is None or not inner.text:
        return inner
    return low.access(low.value(owner, depth=depth + 1), inner.text)


def _pointer(low: Lowering, node: Node, context: LiteralContext, name: str, depth: int) -> Value:
    """Look through `&x` and `*x`."""
    return low.value(low.field(node, "argument"), context, name, depth + 1)


def _concatenated(low: Lowering, node: Node, context: LiteralContext, name: str, depth: int) -> Value:
    return Value(Kind.OPERATION, "+", -1, low.values(low.operands(node), context, name, depth + 1))


def _braces(low: Lowering, node: Node, _context: LiteralContext, name: str, depth: int) -> Value:
    """Lower `{1, 2}` to a list, `{.a = 1}` to a dict."""
    operands = low.operands(node)
    if not any(operand.type == "initializer_pair" for operand in operands):
        return Value(Kind.LIST, "", -1, low.values(operands, "element", name, depth + 1))
    items: list[Value] = []
    for operand in operands:
        key, value = low.field(operand, "designator"), low.field(operand, "value")
        inner = (low.operands(key) or [key])[0] if key is not None else None
        used = low.text(inner) if inner is not None else ""
        items += (low.value(inner, "key", "", depth + 1), low.value(value or operand, "property", used, depth + 1))
    return Value(Kind.DICT, "", -1, tuple(items))


def _compound(low: Lowering, node: Node, context: LiteralContext, name: str, depth: int) -> Value:
    index = low.calls.get(node.id)
    return Value(Kind.CALL, "", index) if index is not None else low.value(low.field(node, "value"), context, name, depth + 1)  # fmt: skip


FORMS: Mapping[str, form.Form] = {
    "identifier type_identifier field_identifier primitive_type sized_type_specifier statement_identifier": form.path,
    "field_expression": form.member("argument", "field"),
    "subscript_expression": form.index,
    "call_expression": form.call,
    "compound_literal_expression": _compound,
    "parenthesized_expression": form.unwrap,
    "pointer_expression": _pointer,
    "struct_specifier union_specifier enum_specifier": form.field("name"),
    "type_descriptor": form.field("type"),
    "binary_expression unary_expression update_expression": form.operation,
    "conditional_expression": form.conditional("condition", "consequence", "alternative"),
    "assignment_expression": form.assignment(),
    "cast_expression": form.cast("type", "value"),
    "comma_expression": form.last,
    "initializer_list": _braces,
    "concatenated_string": _concatenated,
    "string_literal char_literal": form.literal(Kind.STRING),
    "number_literal": form.literal(Kind.NUMBER),
    "true": form.constant("true"),
    "false": form.constant("false"),
    "null": form.constant("null"),
    "sizeof_expression alignof_expression offsetof_expression generic_expression": form.unknown,
}


# Calls


def _named(low: Lowering, node: Node, _context: str) -> Arg:
    key, value = low.field(node, "designator"), low.field(node, "value")
    name = low.text(key).lstrip(".") if key is not None else ""
    return Arg(low.value(value, "argument", name), name)


def literal_of(file: File, node: Node) -> CallParts | None:
    """Read `(struct p){ .x = 1 }` and `T{1}`."""
    type_, value = file.field(node, "type"), file.field(node, "value")
    if type_ is None:
        return None
    return CallParts(file.low.value(type_), value, node.start_byte, is_new=True)


ARGUMENTS: Mapping[str, ArgumentReader] = {"initializer_pair": _named}
CALLS: Mapping[str, CallReader] = {"": call(), "literal": literal_of}


# Assignments


def declaration(file: File, node: Node) -> Iterable[Binding]:
    """Read the variables of a declaration; prototypes are none."""
    declarators = node.children_by_field_name("declarator")
    words = specifiers(file, node) if declarators else frozenset[str]()
    for declarator in declarators:
        name, function = walk(file, declarator)
        if name is None or (function is not None and is_name_of(file, function, name)):
            continue
        value = file.field(declarator, "value") if declarator.type == "init_declarator" else None
        target: Node | Value = name
        if name.type == "structured_binding_declarator":
            target = Value(Kind.TUPLE, "", -1, file.low.values(file.low.operands(name)))
        inner = file.field(declarator, "declarator") if declarator.type == "init_declarator" else declarator
        is_pointer = inner is not None and inner.type == "pointer_declarator"
        declares = "const" if words & {"const", "constexpr"} and not is_pointer else "let"
        yield Binding(declarator, target, initial(file, declarator, value), "assign" if value is not None else "declare",
                      type_text(file, node, declarator, name), declares)  # fmt: skip


def initial(file: File, declarator: Node, value: Node | None) -> Node | Value | None:
    """Return the initial value: a construction, if it is one."""
    index = file.low.calls.get(declarator.id)
    if index is not None:
        return Value(Kind.CALL, "", index)
    if value is not None and value.type == "argument_list":  # int x(1)
        return next(iter(file.low.operands(value)), None)
    return value


ASSIGNS: Mapping[str, BindingReader] = {"": assignment(), "update": update, "declaration": declaration}


# Regions


def _case(file: File, node: Node) -> Iterable[RegionSeed]:
    yield RegionSeed("case", node.start_byte, node.end_byte, node.start_byte, file.field(node, "value"))


REGIONS: Mapping[str, RegionReader] = {
    "if": IF,
    "while": WHILE,
    "for": (RegionForm("loop", "", "condition", after="initializer"),),
    "case": _case,
}


def end_of(file: File, body: Node | None) -> int:
    """Return where a body ends by its braces, if the grammar has no reading of what is in it (macros); 0 if it has."""
    if body is None or not body.has_error or file.data[body.start_byte] != 123:
        return 0
    depth = 0
    for token in _BRACES.finditer(file.data, body.start_byte, body.start_byte + _LONGEST):
        text = token.group()
        if text == b"{":
            depth += 1
        elif text == b"}":
            depth -= 1
            if not depth:
                return token.end()
        elif text.endswith((b"else", b"elif")):  # alternatives may each open the same brace
            return 0
    return 0


_LONGEST = 100_000  # of a body, in bytes
_BRACES = re.compile(
    rb"""//[^\n]*|/\*.*?\*/|R"([^()\\\s]*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|(?<!\w)\d(?:'?[\w.])*|'(?:\\.|[^'\\\n])+'"""
    rb"""|[{}]|^[ \t]*\#[ \t]*(?:else|elif)""",
    re.DOTALL | re.MULTILINE,
)
