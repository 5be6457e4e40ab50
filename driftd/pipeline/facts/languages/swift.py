"""The language adapter for Swift, on the engine of `declared`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import ClassVar

from tree_sitter import Node

from driftd.pipeline.facts.languages.declared.adapter import DeclaredAdapter
from driftd.pipeline.facts.languages.declared.file import File
from driftd.pipeline.facts.languages.declared.language import ClassParts, FunctionParts, Language, Modifiers
from driftd.pipeline.facts.languages.declared.outline import decorators
from driftd.pipeline.facts.languages.ecmascript_text import unescaped
from driftd.pipeline.facts.languages.swift_bodies import ASSIGNS, HANDLERS, REGIONS, declared, mutability
from driftd.pipeline.facts.languages.swift_values import CALLS, FORMS, suffix_start
from driftd.pipeline.facts.model import Base, ClassKind, FunctionKind, Import, Member, Param, Value, Visibility

_KINDS: dict[str, ClassKind] = {"struct": "struct", "enum": "enum", "extension": "extension", "protocol": "interface"}
_VISIBILITIES: dict[str, Visibility] = {"public": "public", "open": "public", "internal": "internal",
                                        "package": "internal", "fileprivate": "private", "private": "private"}  # fmt: skip
_DYING = (b"fatalError(", b"preconditionFailure(")
_IMPORTED_KINDS = frozenset({"struct", "class", "enum", "protocol", "func", "let", "var", "typealias"})
_STRING = re.compile(r'(#*)("""|")(.*)\2\1', re.DOTALL)
_INDENT = re.compile(r"^[ \t]*", re.MULTILINE)
_NONE = Modifiers()


class Swift(Language):
    """Swift 5 to 6.

    - An `extension` is named after its type; what it, a struct or an enum conforms to it "implements".  The first name
      that a class inherits from is taken for its superclass.  A protocol is an interface, an actor a class.
    - A computed property is a getter and a setter with its name; its observers are setters.
    - Parameters have the names they have inside, arguments those that the call writes.  A closure that trails a call
      is an argument of it, and `$0` its parameter without being declared.
    - What has no modifier is `internal`; `public` and `open` are exported; what a protocol requires is as visible as it.
    - `a?.b` and `a!.b` are `a.b`; `.b` alone is a member of what the compiler knows.
    - `try` propagates, unless a `do` with `catch` is around it; `try!` raises; `fatalError()` is a raise.
    """

    name = "swift"
    suffixes: ClassVar[Mapping[str, str]] = {".swift": "swift"}
    grammar = "tree_sitter_swift"
    query = "swift.scm"

    identifier = r"[A-Za-z_$\x80-\xff][\w$\x80-\xff]*"
    separators = (".", "?.", "!.")
    keywords = "self super nil true false _ catch default else throw throws rethrows try where as is in some any"
    comments = "comment multiline_comment"
    silent = (
        "modifiers type_arguments type_parameters value_binding_pattern pattern where_clause where_keyword"
        " catch_keyword throw_keyword try_operator as_operator bang throws else"
    )
    blocks = "statements function_body catch_block"
    substitutions = "interpolated_expression"
    bindable = "lambda_literal"
    doc_markers = ("///", "/**")
    explicit_doc_markers = ("///", "/**")

    forms = FORMS
    calls = CALLS
    assigns = ASSIGNS
    regions = REGIONS
    handlers = HANDLERS

    def prepare(self, file: File) -> None:
        captured, data = file.captured, file.data
        captured["function.getter"] = [
            node
            for node in captured.get("function.getter", ())
            if _braced(node) is not None
            and not (
                node.type == "computed_property" and any(child.type.startswith("computed_") for child in node.children)
            )
        ]
        captured["function.setter"] = [
            node for node in captured.get("function.setter", ()) if _braced(node) is not None
        ]
        captured["call"] = [node for node in captured.get("call", ()) if data[suffix_start(node)] != 91]
        captured["call.decorator"] = [node for node in captured.get("call.decorator", ()) if node.child_count > 2]
        captured["awaited"] = [
            child for node in captured.get("awaited", ()) if (child := file.field(node, "expr")) is not None
        ]
        texts = captured.get("literal.template", [])
        captured["literal.template"] = [
            node for node in texts if data.find(b"\\(", node.start_byte, node.end_byte) >= 0
        ]
        captured.setdefault("literal.string", []).extend(
            node for node in texts if data.find(b"\\(", node.start_byte, node.end_byte) < 0
        )
        transfers = captured.pop("return", [])
        for fact, word in (
            ("return", "return"),
            ("raise", "throw_keyword"),
            ("jump.break", "break"),
            ("jump.continue", "continue"),
        ):
            captured[fact] = [node for node in transfers if (first := node.child(0)) is not None and first.type == word]
        captured["raise.call"] = [node for node in captured["call"] if data.startswith(_DYING, node.start_byte)]

    # Outline

    def imports(self, file: File, node: Node, _variant: str) -> Iterable[Import]:
        name = next((child for child in node.children if child.type == "identifier"), None)
        if name is None:
            return
        path, line = file.low.value(name).text, file.line(node.start_byte)
        if any(child.type in _IMPORTED_KINDS for child in node.children):
            module, _, last = path.rpartition(".")
            yield Import(module, last, last, line, 0)
        else:
            yield Import(path, "*", "", line, 0)

    def function(self, file: File, node: Node, variant: str, scope: int) -> FunctionParts:
        if variant == "lambda":
            return _lambda(file, node)
        if variant in {"getter", "setter"}:
            return _accessor(file, node, variant)
        name = file.field(node, "name")
        if variant == "deinit":
            name = next((child for child in node.children if child.type == "deinit"), None)
        modifiers = _modifiers(node)
        owner = file.class_node(scope)
        body = file.field(node, "body")
        kind: FunctionKind = "function" if owner is None else "method"
        if variant == "constructor":
            kind = "constructor"
        elif (owner is not None and modifiers.words & {"static", "class"}) or (
            owner is not None and any(child.type == "class" for child in node.children)
        ):
            kind = "static_method"
        visibility = _visibility(modifiers, owner)
        returned = _returned(file, node)
        return FunctionParts(
            "deinit" if variant == "deinit" else file.text(name) if name is not None else "",
            kind,
            name or node,
            None,
            returned,
            body,
            _single(file, body) if returned is not None else None,
            modifiers,
            visibility,
            is_exported=visibility == "public",
            is_async=any(child.type == "async" for child in node.children),
            is_abstract=body is None and owner is not None and owner.type == "protocol_declaration",
            params=tuple(_params(file, node)),
            signature=_signature(file, node),
        )

    def class_(self, file: File, node: Node, variant: str, scope: int) -> ClassParts:
        name = file.field(node, "name")
        modifiers = _modifiers(node)
        visibility = _visibility(modifiers, file.class_node(scope))
        word = file.field_text(node, "declaration_kind")
        kind: ClassKind = "type_alias" if variant else _KINDS.get(word, "class")
        bases: list[Base] = []
        if variant:
            type_ = node.child(node.child_count - 1)
            if node.type == "typealias_declaration" and type_ is not None and type_.type == "user_type":
                bases.append(Base(file.low.value(type_), "extends"))
        for child in node.children:
            inherited = file.field(child, "inherits_from") if child.type == "inheritance_specifier" else None
            if inherited is not None:
                extends = kind == "interface" or (kind == "class" and word == "class" and not bases)
                bases.append(Base(file.low.value(inherited), "extends" if extends else "implements"))
        return ClassParts(
            file.low.value(name).text if name is not None else "",
            kind,
            name or node,
            tuple(bases),
            modifiers,
            visibility,
            visibility == "public",
            kind == "interface" or node.type == "associatedtype_declaration",
        )

    def members(self, file: File, node: Node, variant: str, scope: int) -> Iterable[Member]:
        if file.state(node.start_byte)[0] != scope:
            return  # a local variable of a method
        modifiers = _modifiers(node)
        found = decorators(file, modifiers.decorators)
        if variant == "case":
            yield from _cases(file, node)
            return
        visibility = _visibility(modifiers, file.class_node(scope))
        static = bool(modifiers.words & {"static", "class"})
        for name, type_, value, _ in declared(file, node):
            text = file.text(name)
            lowered = file.low.value(value, "assignment", text) if value is not None else None
            if value is not None and value.kind_id in file.tables.bindable:
                file.bound[value.id] = text
            yield Member(text, file.line(name.start_byte), type_, lowered, visibility, static,
                         mutability(file, node) == "let", found)  # fmt: skip

    def decorator(self, file: File, node: Node) -> tuple[str, int]:
        type_ = next((child for child in node.children if child.type == "user_type"), None)
        return file.low.value(type_).text if type_ is not None else "", file.low.calls.get(node.id, -1)

    # Texts

    def string(self, text: str) -> str:
        match = _STRING.fullmatch(text)
        if match is None:
            return text
        hashes, quote, inner = match.groups()
        if quote == '"""':
            lines = inner.split("\n")
            margin = len(lines[-1]) if not lines[-1].strip() else 0
            inner = "\n".join(line[margin:] if not line[:margin].strip() else line for line in lines[1:-1])
        return inner if hashes else unescaped(inner.replace("\\({})", "{}"))


# Declarations


def _modifiers(node: Node) -> Modifiers:
    words: list[str] = []
    found: list[Node] = []
    for part in node.children:
        if part.type != "modifiers":
            continue
        for child in part.children:
            if child.type == "attribute":
                found.append(child)
            elif child.child_count <= 1 and child.text is not None:
                words.append(child.text.decode("utf-8", "replace"))
    return Modifiers(frozenset(words), tuple(found)) if words or found else _NONE


def _visibility(modifiers: Modifiers, owner: Node | None) -> Visibility:
    for word in modifiers.words:
        if word in _VISIBILITIES:
            return _VISIBILITIES[word]
    if owner is not None and owner.type == "protocol_declaration":
        return _visibility(_modifiers(owner), None)
    return "internal"


def _params(file: File, node: Node) -> Iterable[Param]:
    """Read the parameters, which are children of the function."""
    marks: list[Node] = []
    for index, child in enumerate(children := node.children):
        if child.type == "attribute":
            marks.append(child)
        if child.type != "parameter":
            continue
        name = file.field(child, "name")
        text = file.text(name) if name is not None else ""
        colon = next((each for each in child.children if each.type == ":"), None)
        written = (
            file.data[colon.end_byte : child.end_byte].decode("utf-8", "replace").strip() if colon is not None else None
        )
        rest = written is not None and written.endswith("...")
        label = _label(file, child, text) if node.type != "subscript_declaration" else ""
        default: Value | None = None
        if index + 2 < len(children) and children[index + 1].type == "=":
            default = file.low.value(children[index + 2], "default", text)
        yield Param(text, written[:-3].strip() if rest and written is not None else written, default,
                    "rest" if rest else "positional", decorators(file, marks), label=label)  # fmt: skip
        marks = []


def _label(file: File, parameter: Node, name: str) -> str:
    external = file.field(parameter, "external_name")
    return file.text(external) if external is not None else name


def _signature(file: File, node: Node) -> bytes:
    opening = next((child for child in node.children if child.type == "("), None)
    closing = next((child for child in reversed(node.children) if child.type == ")"), None)
    return file.data[opening.start_byte : closing.end_byte] if opening is not None and closing is not None else b""


def _returned(file: File, node: Node) -> str | None:
    arrow = False
    for child in node.children:
        if arrow:
            return file.text(child)
        arrow = child.type == "->"
    return None


def _braced(node: Node) -> Node | None:
    return next((child for child in node.children if child.type == "{"), None)


def _single(file: File, body: Node | None) -> Node | None:
    """Return the expression that is all of a body: its value."""
    statements = (
        next((child for child in body.children if child.type == "statements"), None) if body is not None else None
    )
    operands = file.low.operands(statements) if statements is not None else []
    return operands[0] if len(operands) == 1 and operands[0].kind_id in file.low.forms else None


def _lambda(file: File, node: Node) -> FunctionParts:
    type_ = file.field(node, "type")
    params: list[Param] = []
    returned: str | None = None
    if type_ is not None:
        returned = _returned(file, type_)
        stack = [type_]
        while stack:
            for child in reversed(stack.pop().children):
                if child.type == "lambda_parameter":
                    name = file.field(child, "name")
                    rest = file.text(child).partition(":")[2].strip()
                    params.insert(
                        0, Param(file.text(name) if name is not None else "", rest or None, None, "positional")
                    )
                elif child.type == "lambda_function_type_parameters":
                    stack.append(child)
    is_async = type_ is not None and any(child.type == "async" for child in type_.children)
    return FunctionParts("<lambda>", "lambda", node, None, returned, node, _single(file, node), params=tuple(params),
                         is_async=is_async, signature=file.data[type_.start_byte : type_.end_byte] if type_ is not None else b"")  # fmt: skip


def _accessor(file: File, node: Node, variant: str) -> FunctionParts:
    owner: Node | None = node
    for _ in range(4):
        owner = owner.parent if owner is not None else None
        if owner is None or owner.type in {"property_declaration", "subscript_declaration"}:
            break
    name, returned, params = node, None, tuple[Param, ...]()
    text, modifiers = "", _NONE
    if owner is not None and owner.type == "subscript_declaration":
        text, returned, params = "subscript", _returned(file, owner), tuple(_params(file, owner))
    elif owner is not None:
        for each, type_, _, at in declared(file, owner):
            if at <= node.start_byte:
                name, text, returned = each, file.text(each), type_
    if owner is not None:
        modifiers = _modifiers(owner)
    getter = variant == "getter"
    visibility = _visibility(modifiers, None)
    return FunctionParts(
        text,
        "getter" if getter else "setter",
        name if node.type == "computed_property" else _keyword(node),
        None,
        returned if getter else None,
        node,
        _single(file, node) if getter else None,
        visibility=visibility,
        is_exported=visibility == "public",
        params=params,
        signature=_signature(file, owner) if params and owner is not None else b"",
    )


def _keyword(accessor: Node) -> Node:
    """Return the `get` or `set` of an accessor, which attributes may precede."""
    return next((child for child in accessor.children if child.type.endswith("_specifier")), accessor)


def _cases(file: File, node: Node) -> Iterable[Member]:
    children = node.children
    for index, child in enumerate(children):
        if child.type != "simple_identifier":
            continue
        annotation, value = None, None
        following = children[index + 1] if index + 1 < len(children) else None
        if following is not None and following.type == "enum_type_parameters":
            annotation = file.text(following)
        elif following is not None and following.type == "=" and index + 2 < len(children):
            value = file.low.value(children[index + 2], "enum", file.text(child))
        yield Member(file.text(child), file.line(child.start_byte), annotation, value, "public", is_static=True, is_readonly=True)  # fmt: skip


ADAPTER = DeclaredAdapter(Swift())
