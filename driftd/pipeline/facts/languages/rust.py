"""The language adapter for Rust, on the engine of `declared`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from tree_sitter import Node, Parser, Tree

from driftd.pipeline.facts.languages import rust_macros, rust_tokens
from driftd.pipeline.facts.languages.declared.adapter import DeclaredAdapter
from driftd.pipeline.facts.languages.declared.file import File
from driftd.pipeline.facts.languages.declared.language import ClassParts, FunctionParts, Language, Modifiers
from driftd.pipeline.facts.languages.declared.outline import decorators
from driftd.pipeline.facts.languages.ecmascript_text import comment_text, unescaped
from driftd.pipeline.facts.languages.rust_bodies import ASSIGNS, HANDLERS, REGIONS, unwraps
from driftd.pipeline.facts.languages.rust_values import ARGUMENTS, CALLS, FORMS, attribute_of, tail
from driftd.pipeline.facts.model import (
    Base,
    Call,
    ClassKind,
    Decorator,
    Export,
    FunctionKind,
    Import,
    Kind,
    Member,
    Param,
    Value,
    Visibility,
)

_PANICS = re.compile(rb"(?:\w+\s*::\s*)*(?:panic|unreachable|todo|unimplemented)\s*!").match
_SPACE = re.compile(rb"\s*")
_SUFFIX = re.compile(r"_?(?:[iu](?:8|16|32|64|128|size)|f(?:16|32|64|128))$")
_HEX_SUFFIX = re.compile(r"_?[iu](?:8|16|32|64|128|size)$")
_LITERAL = re.compile(r'(?:b|c|br|cr|r)?(#*)["\'](.*)["\']\1', re.DOTALL)
_CONTINUED = re.compile(r"\\\r?\n\s*")
_NAMED_TYPES = frozenset({"type_identifier", "scoped_type_identifier", "generic_type"})
_OWNERS = frozenset({"extension", "trait"})
_MAX_WRAPPED = 20  # references and pointers around a type
_NONE = Modifiers()


class Rust(Language):
    """Rust 2015 to 2024.

    - An `impl` is an extension named after its type, without type arguments; the trait is its base.
    - A function of an `impl` or trait is a method if it takes `self`, a static method otherwise.
    - `pub` is public and exported, a wider or narrower `pub(…)` internal, everything else private to its module;
      what a trait or the `impl` of one declares is as visible as the trait, which for the latter is taken for public.
    - `mod x;` imports `self.x`, with a `path` attribute that path; a `use` that is visible outside is an export, too.
    - References are looked through; a pattern binds the names in it to what is matched, without its constructors.
    - Macros are calls, and so are calls within their arguments, as far as tokens tell (`rust_tokens`); macros that
      only wrap items are read through (`rust_macros`).  Attributes are decorators.
    - Errors are values: `Err(e)` matched, `Ok(…)` that does not match, `is_err()`, `unwrap()` and `expect()` are
      error checks, which raise if they return an `Err`; `?` propagates.  A panic is a raise.
    """

    name = "rust"
    suffixes: ClassVar[Mapping[str, str]] = {".rs": "rust"}
    grammar = "tree_sitter_rust"
    query = "rust.scm"

    identifier = r"[A-Za-z_\x80-\xff][\w\x80-\xff]*+(?<!\bawait)"
    separators = (".", "::")
    soft_keywords = "default union raw auto gen macro_rules block expr ident item lifetime literal meta pat path stmt tt ty vis"  # fmt: skip
    keywords = "self Self super crate move dyn mut _"
    comments = "line_comment block_comment"
    silent = "type_arguments type_parameters label lifetime mutable_specifier visibility_modifier attribute_item where_clause"  # fmt: skip
    blocks = "block unit_expression"
    bindable = "closure_expression"
    doc_markers = ("///", "/**")
    explicit_doc_markers = ("///", "/**", "//!", "/*!")
    opening_doc_markers = ("//!", "/*!")
    directives = re.compile(r"////")
    log = re.compile(
        r"(?:^|\.)(?:log|tracing|slog|logger)\.\w+$|(?:^|\.)(?:trace|debug|info|warn|error|log|e?println|e?print|dbg)$"
    )

    forms = FORMS
    arguments = ARGUMENTS
    calls = CALLS
    assigns = ASSIGNS
    regions = REGIONS
    handlers = HANDLERS

    def parse(self, parser: Parser, data: bytes) -> Tree:
        return rust_macros.parse(parser, data)

    def prepare(self, file: File) -> None:
        captured, data = file.captured, file.data
        modules = captured.get("class.namespace", [])
        captured["class.namespace"] = [node for node in modules if file.field(node, "body") is not None]
        captured["import.module"] = [node for node in modules if file.field(node, "body") is None]
        exports = captured.get("export", [])
        captured["export"] = [node for node in exports if _visibility(node) != "private"]
        captured["awaited"] = [child for node in captured.get("awaited", ()) if (child := node.child(0)) is not None]
        trees: list[Node] = []
        for node in captured.get("call.macro", ()):
            tree = node.child(node.child_count - 1)
            if tree is not None and tree.type == "token_tree":
                trees.append(tree)
        trees += _attributes(file)
        captured["call.tokens"] = [call for tree in trees for call in rust_tokens.find_calls(file, tree)]
        captured["raise.call"] = [node for node in captured.get("call.macro", ()) if _PANICS(data, node.start_byte)]
        if b".unwrap()" in data or b".expect(" in data:
            captured["handler.unwrap"] = [
                node
                for node in captured.get("call", ())
                if data.endswith((b".unwrap()", b'")'), 0, node.end_byte) and unwraps(file, node)
            ]
        if b'b"' in data or b"b'" in data or b"br" in data:
            strings = captured.get("literal.string", [])
            captured["literal.bytes"] = [node for node in strings if data[node.start_byte] == 98]
            captured["literal.string"] = [node for node in strings if data[node.start_byte] != 98]

    def begin(self, _file: File, node: Node) -> int:
        return node.start_byte

    # Outline

    def imports(self, file: File, node: Node, variant: str) -> Iterable[Import]:
        start = node.start_byte
        line, scope = file.line(start), file.state(start)[0]
        name = file.field_text(node, "name")
        if variant == "module":
            yield Import(_path_attribute(file, node) or f"self.{name}", "", name, line, scope)
        elif variant == "crate":
            alias = file.field_text(node, "alias") or name
            yield Import(name, "", alias if alias != "_" else "", line, scope)
        else:
            for path, taken, alias, at in _uses(file, node):
                yield Import(path, taken, alias, file.line(at), scope)

    def exports(self, file: File, node: Node, _variant: str) -> Iterable[Export]:
        for path, taken, alias, at in _uses(file, node):
            if taken == "*":
                yield Export("*", "", path, file.line(at))
            elif alias:
                yield Export(alias, taken or path, path if taken else "", file.line(at))

    def function(self, file: File, node: Node, variant: str, scope: int) -> FunctionParts:
        parameters, body = file.field(node, "parameters"), file.field(node, "body")
        result = file.optional_text(file.field(node, "return_type"))
        if variant == "lambda":
            value = tail(file, body) if body is not None and body.type == "block" else body
            params = tuple(_closure_params(file, parameters)) if parameters is not None else ()
            is_async = any(child.type == "async" for child in node.children)
            return FunctionParts("<lambda>", "lambda", node, parameters, result, body, value, params=params, is_async=is_async)  # fmt: skip
        name = file.field(node, "name")
        owner = file.class_variant(scope)
        kind: FunctionKind = "function"
        if owner in _OWNERS:
            takes_self = parameters is not None and any(_is_self(child) for child in parameters.children)
            kind = "method" if takes_self else "static_method"
        visibility = _visibility(node, file, scope)
        return FunctionParts(
            file.text(name) if name is not None else "",
            kind,
            name or node,
            parameters,
            result,
            body,
            tail(file, body) if result is not None else None,
            _modifiers(file, node),
            visibility,
            is_exported=visibility == "public",
            is_async=any(child.type == "function_modifiers" and b"async" in file.data[child.start_byte : child.end_byte]
                         for child in node.children),
            is_abstract=owner == "trait" and body is None,
            anchor=_anchor(file, node),
        )  # fmt: skip

    def params(self, file: File, node: Node) -> Iterable[Param]:
        kind = node.type
        if kind == "self_parameter":
            text = file.text(node)
            yield Param("self", text if text != "self" else None, None, "positional")
        elif kind == "variadic_parameter":
            yield Param(file.field_text(node, "pattern") or "...", None, None, "rest")
        elif kind == "parameter":
            pattern = file.field(node, "pattern")
            type_ = file.optional_text(file.field(node, "type"))
            if pattern is not None:
                yield Param(file.text(pattern), type_, None, "positional", self._marks(file, node))
        elif node.is_named:  # of a function type or an old trait: types only
            yield Param("_", file.text(node), None, "positional")

    def class_(self, file: File, node: Node, variant: str, scope: int) -> ClassParts:
        name = file.field(node, "name")
        kind: ClassKind = variant  # type: ignore[assignment]  # the query's variants are kinds
        bases: tuple[Base, ...] = ()
        text = file.text(name) if name is not None else ""
        if variant == "extension":
            type_, trait = file.field(node, "type"), file.field(node, "trait")
            text = _type_name(file, type_) if type_ is not None else ""
            name = type_
            if trait is not None and not any(child.type == "!" for child in node.children):
                bases = (Base(file.low.value(trait), "implements"),)
        elif variant == "trait":
            bases = tuple(_bounds(file, node))
        elif variant == "type_alias":
            type_ = file.field(node, "type")
            if type_ is not None and type_.type in _NAMED_TYPES:
                bases = (Base(file.low.value(type_), "extends"),)
        visibility = _visibility(node, file, scope) if variant != "extension" else "internal"
        return ClassParts(
            text,
            kind,
            name or node,
            bases,
            _modifiers(file, node),
            visibility,
            visibility == "public",
            variant == "trait" or node.type == "associated_type",
            _anchor(file, node),
        )

    def members(self, file: File, node: Node, variant: str, scope: int) -> Iterable[Member]:
        if variant == "const":
            name = file.field(node, "name")
            if name is None or file.class_variant(scope) not in _OWNERS or file.state(node.start_byte)[0] != scope:
                return
            value = file.field(node, "value")
            lowered = file.low.value(value, "assignment", file.text(name)) if value is not None else None
            written = file.optional_text(file.field(node, "type"))
            yield Member(file.text(name), file.line(name.start_byte), written, lowered, _visibility(node, file, scope),
                         is_static=True, is_readonly=True, decorators=self._marks(file, node))  # fmt: skip
        elif variant == "variant":
            name, value, body = file.field(node, "name"), file.field(node, "value"), file.field(node, "body")
            if name is not None:
                lowered = file.low.value(value, "enum", file.text(name)) if value is not None else None
                yield Member(file.text(name), file.line(name.start_byte), file.optional_text(body), lowered, "public",
                             is_static=True, is_readonly=True, decorators=self._marks(file, node))  # fmt: skip
        elif node.type == "ordered_field_declaration_list":
            yield from _positions(file, node)
        else:
            for child in node.children:
                name, type_ = file.field(child, "name"), file.field(child, "type")
                if child.type == "field_declaration" and name is not None:
                    yield Member(file.text(name), file.line(name.start_byte), file.optional_text(type_), None,
                                 _visibility(child), decorators=self._marks(file, child))  # fmt: skip

    def _marks(self, file: File, node: Node) -> tuple[Decorator, ...]:
        return decorators(file, _modifiers(file, node).decorators)

    def decorator(self, file: File, node: Node) -> tuple[str, int]:
        attribute = attribute_of(node)
        path = attribute.child(0) if attribute is not None else None
        return file.low.value(path).text, file.low.calls.get(node.id, -1)

    # Texts

    def string(self, text: str) -> str:
        match = _LITERAL.fullmatch(text)
        if match is None:
            return text
        if "r" in text[:2] and text[0] not in "\"'":
            return match.group(2)
        return unescaped(_CONTINUED.sub("", match.group(2)))

    def number(self, text: str) -> str:
        suffix = _HEX_SUFFIX if text[:2] in {"0x", "0X"} else _SUFFIX
        return super().number(suffix.sub("", text))

    def comment(self, text: str) -> str:
        if text.startswith("//"):
            return text[2:].lstrip("/!").strip()
        if text.startswith("/*!"):
            text = text[:2] + text[3:]
        return comment_text(text)

    # Errors

    def is_error(self, value: Value, calls: Sequence[Call]) -> bool:
        return value.kind is Kind.CALL and calls[value.ref].callee.text.rpartition(".")[2] == "Err"


# Attributes and modifiers


def _attributes(file: File) -> list[Node]:
    """Note which attribute stands before which byte, keep those with arguments as calls, and return their tokens."""
    items = sorted(file.captured.get("call.decorator", ()), key=lambda node: node.start_byte)
    data, trees, called = file.data, list[Node](), list[Node]()
    ends: dict[int, int] = {}
    if items:
        ends = {node.start_byte: node.end_byte for node in file.captured.get("comment", ())}
    for item in items:
        at = _SPACE.match(data, item.end_byte).end()  # type: ignore[union-attr]  # it always matches
        while at in ends:
            at = _SPACE.match(data, ends[at]).end()  # type: ignore[union-attr]
        file.notes[~at] = item
        attribute = attribute_of(item)
        last = attribute.child(attribute.child_count - 1) if attribute is not None else None
        if attribute is not None and last is not None and attribute.child_count > 1:
            called.append(item)
            file.notes[item.id] = last
            if last.type == "token_tree":
                trees.append(last)
    file.captured["call.decorator"] = called
    return trees


def _modifiers(file: File, node: Node) -> Modifiers:
    item = file.notes.get(~node.start_byte)
    if item is None:
        return _NONE
    found: list[Node] = []
    while item is not None:
        found.append(item)
        item = file.notes.get(~item.start_byte)
    return Modifiers(frozenset(), tuple(reversed(found)))


def _anchor(file: File, node: Node) -> int:
    """Return the byte that a doc comment may end before: attributes stand on either side of it."""
    for at in (node, *reversed(_modifiers(file, node).decorators)):
        before = file.data[max(at.start_byte - 400, 0) : at.start_byte].rstrip()
        line = before[before.rfind(b"\n") + 1 :].lstrip()
        if line.startswith(b"///") or before.endswith(b"*/"):
            return at.start_byte
    return at.start_byte


def _path_attribute(file: File, node: Node) -> str:
    """Return the path that `#[path = "…"]` gives a module."""
    for item in _modifiers(file, node).decorators:
        attribute = attribute_of(item)
        value = file.field(attribute, "value") if attribute is not None else None
        if value is not None and attribute is not None and file.text(attribute).startswith("path"):
            path = file.language.string(file.text(value))
            return path if path.startswith((".", "/")) else f"./{path}"
    return ""


def _visibility(node: Node, file: File | None = None, scope: int = 0) -> Visibility:
    first = node.child(0)
    if first is not None and first.type == "visibility_modifier":
        if first.child_count == 1:
            return "public"
        return "private" if any(child.type == "self" for child in first.children) else "internal"
    owner = file.class_node(scope) if file is not None else None
    if owner is not None and owner.type == "trait_item":
        return _visibility(owner)
    if owner is not None and owner.type == "impl_item" and owner.child_by_field_name("trait") is not None:
        return "public"
    return "private"


# Types, parameters, fields


def _type_name(file: File, type_: Node) -> str:
    """Return the name of a type without references, pointers and type arguments."""
    for _ in range(_MAX_WRAPPED):
        inner = file.field(type_, "type") or file.field(type_, "trait")
        if type_.type in {"type_identifier", "scoped_type_identifier", "primitive_type"} or inner is None:
            break
        type_ = inner
    text = file.low.value(type_).text
    return text or " ".join(file.text(type_).split())


def _bounds(file: File, trait: Node) -> Iterable[Base]:
    bounds = file.field(trait, "bounds")
    for bound in file.low.operands(bounds) if bounds is not None else ():
        if bound.type in _NAMED_TYPES:
            yield Base(file.low.value(bound), "extends")


def _is_self(node: Node) -> bool:
    if node.type == "self_parameter":
        return True
    pattern = node.child_by_field_name("pattern") if node.type == "parameter" else None
    return pattern is not None and pattern.type == "self"


def _closure_params(file: File, parameters: Node) -> Iterable[Param]:
    for child in parameters.children:
        if child.type == "parameter":
            yield from file.language.params(file, child)
        elif child.is_named or child.type == "_":
            yield Param(file.text(child), None, None, "positional")


def _positions(file: File, fields: Node) -> Iterable[Member]:
    """Read the fields of a tuple struct, which are named by their numbers."""
    visibility: Visibility = "private"
    marks: list[Node] = []
    number = 0
    for child in fields.children:
        kind = child.type
        if kind == "visibility_modifier":
            visibility = "public" if child.child_count == 1 else "internal"
        elif kind == "attribute_item":
            marks.append(child)
        elif child.is_named and child.kind_id not in file.tables.comments:
            yield Member(str(number), file.line(child.start_byte), file.text(child), None, visibility,
                         decorators=decorators(file, marks))  # fmt: skip
            number, visibility, marks = number + 1, "private", []


# Imports


def _uses(file: File, declaration: Node) -> Iterable[tuple[str, str, str, int]]:
    """Return path, what is taken from it, local name and place of everything that a `use` binds."""
    argument = file.field(declaration, "argument")
    stack: list[tuple[str, Node]] = [("", argument)] if argument is not None else []
    while stack:
        prefix, node = stack.pop()
        kind = node.type
        if kind == "scoped_use_list":
            path, listed = file.field(node, "path"), file.field(node, "list")
            inner = _joined(prefix, file.low.value(path).text) if path is not None else prefix
            if listed is not None:
                stack.append((inner, listed))
        elif kind == "use_list":
            stack += [(prefix, child) for child in reversed(file.low.operands(node))]
        elif kind == "use_wildcard":
            operands = file.low.operands(node)
            path_text = _joined(prefix, file.low.value(operands[0]).text) if operands else prefix
            yield path_text, "*", "", node.start_byte
        else:
            name = file.field(node, "path") if kind == "use_as_clause" else node
            alias = file.field_text(node, "alias") if kind == "use_as_clause" else ""
            text = file.low.value(name).text
            if text == "self" and prefix:
                text = ""
            path_text = _joined(prefix, text)
            last = path_text.rpartition(".")[2]
            bound = "" if alias == "_" else alias or last
            if not text or "." not in path_text:
                yield path_text, "", bound, node.start_byte
            else:
                yield path_text.rpartition(".")[0], last, bound, node.start_byte


def _joined(prefix: str, path: str) -> str:
    return f"{prefix}.{path}" if prefix and path else prefix or path


ADAPTER = DeclaredAdapter(Rust())
