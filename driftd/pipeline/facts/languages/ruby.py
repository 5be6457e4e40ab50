"""The language adapter for Ruby, on the engine of `declared`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import ClassVar

from tree_sitter import Node

from driftd.pipeline.facts.languages.declared import values as form
from driftd.pipeline.facts.languages.declared.adapter import DeclaredAdapter
from driftd.pipeline.facts.languages.declared.file import File
from driftd.pipeline.facts.languages.declared.language import (
    ArgumentReader,
    BindingReader,
    CallReader,
    ClassParts,
    FunctionParts,
    HandlerReader,
    Language,
    RegionReader,
)
from driftd.pipeline.facts.languages.ruby_bodies import (
    ARGUMENTS,
    ASSIGNS,
    CALLS,
    FORMS,
    HANDLERS,
    NO_VALUES,
    REGIONS,
    string_text,
)
from driftd.pipeline.facts.languages.ruby_context import REQUIRED, VISIBILITIES, Context
from driftd.pipeline.facts.model import Base, ClassKind, FunctionKind, Import, Kind, Member, Param, Visibility

_MIXINS = frozenset({b"include", b"extend", b"prepend"})
_MADE: dict[bytes, ClassKind] = {b"Struct.new": "struct", b"Data.define": "struct", b"Module.new": "mixin_module"}
_CLAUSES = frozenset({"rescue", "else", "ensure"})
_SYMBOL = re.compile(rb"(?<![\w:]):([A-Za-z_]\w*[?!]?)")


class Ruby(Language):
    """Ruby 1.9 to 3.4.

    - `@x` and `@@x` are `self.x`, `A::B` and `a&.b` are `A.B` and `a.b`; a global keeps its `$`.
    - Every message is a call, with parentheses or without; a chain without arguments is an access path in the callee of
      the calls behind it.  A bare name is a call unless something in the method around it binds the name.
    - `A.new` constructs `A`; a bare `new` constructs `self`.
    - A block is a `<lambda>`, and the argument `&` of its call, as is what is given as `&block`.  The parameter `&block`
      is keyword-only.  A block that the standard library runs for each element (`each`, `map`, `times`) is a loop.
    - `def self.x` and what stands in `class << self` or behind `module_function` are static methods; a `def` in no class
      is a function.  `define_method(:x) { … }` is a method.
    - `X = Struct.new(:a) do … end` is a struct with its members, `Class.new(B)` a class.
    - `include`, `extend` and `prepend` mix in.  Macros (`has_many :x`, `private :y`) are calls in the class's scope;
      members are what `attr_*` names, constants and class variables.
    - The last expression of a method or block is returned, unless it is an assignment or a loop.
    - `yield` is a return of kind "yield", with what is handed to the block; there are no generators.
    - Symbols are strings, and read the names that they spell.
    """

    name = "ruby"
    suffixes: ClassVar[Mapping[str, str]] = {".rb": "ruby", ".rake": "ruby", ".gemspec": "ruby", ".ru": "ruby"}
    grammar = "tree_sitter_ruby"
    query = "ruby.scm"

    identifier = r"(?:@@?|\$)?[A-Za-z_\x80-\xff][\w\x80-\xff]*(?:[?!](?!=))?"
    separators = (".", "&.", "::")
    sigils = "@"
    keywords = "self nil true false super __FILE__ __LINE__ __END__ __method__ _"
    silent = "empty_statement heredoc_body escape_sequence"
    blocks = "then body_statement block_body do else ensure begin"
    substitutions = "interpolation"
    bindable = "lambda"
    doc_markers = ("#", "=begin")
    explicit_doc_markers = ()
    directives = re.compile(r"#\s*(?:frozen_string_literal|encoding|coding|typed|warn_indent|rubocop)\b|#!|#\s*:nodoc:")
    docs_touch = True
    line_markers = ("#",)
    log = re.compile(Language.log.pattern + r"|(?:^|\.)(?:puts|pp|p)$", re.IGNORECASE)

    forms: ClassVar[Mapping[str, form.Form]] = FORMS
    arguments: ClassVar[Mapping[str, ArgumentReader]] = ARGUMENTS
    calls: ClassVar[Mapping[str, CallReader]] = CALLS
    assigns: ClassVar[Mapping[str, BindingReader]] = ASSIGNS
    regions: ClassVar[Mapping[str, RegionReader]] = REGIONS
    handlers: ClassVar[Mapping[str, HandlerReader]] = HANDLERS

    def prepare(self, file: File) -> None:
        Context(file).run()

    def begin(self, file: File, node: Node) -> int:
        kind = node.type
        if kind in {"method", "singleton_method", "class", "module"}:
            name = file.field(node, "name")
            return node.start_byte if name is None else name.start_byte
        if kind == "call":  # a class that is made
            inside = file.field(node, "arguments") or file.field(node, "block")
            return node.end_byte - 1 if inside is None else inside.start_byte
        return node.start_byte

    # Outline

    def imports(self, file: File, node: Node, _variant: str) -> Iterable[Import]:
        found = REQUIRED.fullmatch(file.data, node.start_byte, node.end_byte)
        if found is None:
            return
        path, name = found["path"].decode("utf-8", "replace"), (found["name"] or b"").decode("utf-8", "replace")
        if found["how"] == b"require_relative" and not path.startswith("."):
            path = f"./{path}"
        yield Import(path, name, name, file.line(node.start_byte), file.state(node.start_byte)[0])

    def function(self, file: File, node: Node, variant: str, scope: int) -> FunctionParts:
        parameters, body = file.field(node, "parameters"), file.field(node, "body")
        if variant == "lambda" and body is not None:  # its body is a block
            body = file.field(body, "body")
        result = _result(file, body)
        if variant == "lambda" or (variant == "block" and not _is_definition(file, node)):
            return FunctionParts("<lambda>", "lambda", node, parameters, body=body, result=result)
        name = file.notes[node.id] if variant == "block" else file.field(node, "name")
        text = file.text(name) if name is not None else ""
        kind: FunctionKind = "method" if _in_class(file, scope) else "function"
        visibility: Visibility = "public"
        receiver, anchor = "", -1
        if variant == "block":
            text = string_text(text)
        else:
            visibility, anchor = _visibility(file, node)
            if variant == "static_method":
                kind = "static_method"
                owner = file.field(node, "object")
                outer = file.class_node(scope)
                if owner is not None and owner.type != "self":
                    named = file.field(outer, "name") if outer is not None and outer.type != "call" else None
                    if named is None or file.text(named) != file.text(owner):
                        receiver = file.low.value(owner).text
            elif -node.id in file.notes:
                kind = "static_method"
            elif text == "initialize" and kind == "method":
                kind = "constructor"
            elif name is not None and name.type == "setter" and kind == "method":
                kind = "setter"
        return FunctionParts(
            text,
            kind,
            name or node,
            parameters,
            body=body,
            result=result,
            visibility=visibility,
            receiver=receiver,
            is_exported=visibility == "public",
            anchor=anchor,
        )

    def params(self, file: File, node: Node) -> Iterable[Param]:
        kind, low = node.type, file.low
        if kind == "identifier":
            if node.id not in file.notes:  # of a variable of the block, which stands behind a semicolon
                yield Param(file.text(node), None, None, "positional")
        elif kind == "destructured_parameter":
            yield Param(file.text(node), None, None, "positional")
        elif kind == "optional_parameter":
            name, value = file.field_text(node, "name"), file.field(node, "value")
            yield Param(name, None, low.value(value, "default", name), "positional")
        elif kind == "keyword_parameter":
            name, value = file.field_text(node, "name"), file.field(node, "value")
            default = low.value(value, "default", name) if value is not None else None
            yield Param(name, None, default, "keyword_only")
        elif kind == "splat_parameter":
            yield Param(file.field_text(node, "name") or "*", None, None, "rest")
        elif kind == "hash_splat_parameter":
            yield Param(file.field_text(node, "name") or "**", None, None, "keyword_rest")
        elif kind == "block_parameter":
            yield Param(file.field_text(node, "name") or "&", None, None, "keyword_only")
        elif kind == "forward_parameter":
            yield Param("...", None, None, "rest")

    def class_(self, file: File, node: Node, variant: str, _scope: int) -> ClassParts:
        if variant == "made":
            return _made(file, node)
        name = file.field(node, "name")
        bases: list[Base] = []
        superclass = file.field(node, "superclass") if variant == "class" else None
        for each in file.low.operands(superclass) if superclass is not None else ():
            value = file.low.value(each)
            bases.append(Base(value.items[0] if value.kind is Kind.INDEX else value, "extends"))
        bases += _mixins(file, file.field(node, "body"))
        kind: ClassKind = "class" if variant == "class" else "mixin_module"
        text = file.low.value(name).text if name is not None else ""
        return ClassParts(text, kind, name or node, tuple(bases), is_exported=True)

    def members(self, file: File, node: Node, variant: str, _scope: int) -> Iterable[Member]:
        low, line = file.low, file.line(node.start_byte)
        visibility, _ = _visibility(file, node)
        if variant == "attribute":
            word, args = file.field_text(node, "method"), file.field(node, "arguments")
            static = -node.id in file.notes
            for each in low.operands(args) if args is not None else ():
                if each.type in {"simple_symbol", "string"} and file.state(node.start_byte)[0] < 0:
                    at = file.line(each.start_byte)
                    name = string_text(file.text(each))
                    yield Member(name, at, None, None, visibility, static, word == "attr_reader")
        elif variant == "made":
            yield Member(string_text(file.text(node)), line, None, None)
        elif file.state(node.start_byte)[0] < 0:  # not in a method
            left, value = file.field(node, "left"), file.field(node, "right")
            if left is None or node.type == "operator_assignment":
                return
            name = file.text(left).lstrip("@")
            lowered = low.value(value, "assignment", name) if value is not None else None
            constant = left.type == "constant"
            if not constant:
                visibility = "private"
            yield Member(name, line, None, lowered, visibility, is_static=True, is_readonly=constant)

    # Texts

    def string(self, text: str) -> str:
        return string_text(text)

    def comment(self, text: str) -> str:
        if text.startswith("=begin"):
            return text[6:].rsplit("=end", 1)[0].strip()
        return text.lstrip("#").strip()

    def declared(self, file: File) -> Iterable[str]:
        """Return the names that are bound by what is no declaration: `x = 1` reads nothing."""
        left = file.tables.fields["left"]
        for node in file.captured.get("assign", ()):
            target = node.child_by_field_id(left)
            if target is not None and node.type == "assignment" and target.type in _NAMES:
                yield file.text(target).lstrip("@")

    def mentioned(self, file: File) -> Iterable[str]:
        return {name.decode() for name in _SYMBOL.findall(file.data)}


_NAMES = frozenset({"identifier", "instance_variable", "class_variable"})


def _result(file: File, body: Node | None) -> Node | None:
    """Return the last expression of a body."""
    if body is None:
        return None
    if body.type in {"body_statement", "block_body"}:
        operands = [child for child in file.low.operands(body) if child.type not in _CLAUSES]
        if not operands:
            return None
        body = operands[-1]
    return None if body.type in NO_VALUES or body.kind_id not in file.low.forms else body


def _is_definition(file: File, block: Node) -> bool:
    named = file.notes.get(block.id)
    return named is not None and named.type in {"simple_symbol", "string"}


def _in_class(file: File, scope: int) -> bool:
    while scope > 0:
        scope = file.function_scopes[scope]
    return scope < 0


def _visibility(file: File, node: Node) -> tuple[Visibility, int]:
    """Return who sees a method or member, and where `private def` starts, if it is written so."""
    word = file.notes.get(node.id)
    if word is None:
        return "public", -1
    data = file.data
    text = data[word.start_byte : word.end_byte]
    between = data[word.end_byte : node.start_byte]
    anchor = word.start_byte if word.end_byte <= node.start_byte and not between.strip(b" \t(") else -1
    visible = text.partition(b"_")[0]
    return (visible.decode() if visible in VISIBILITIES else "public"), anchor  # type: ignore[return-value]


def _mixins(file: File, body: Node | None) -> Iterable[Base]:
    data = file.data
    for child in body.children if body is not None else ():
        if child.type != "call":
            continue
        method, args = file.field(child, "method"), file.field(child, "arguments")
        if method is None or args is None or method.start_byte != child.start_byte:
            continue
        if data[method.start_byte : method.end_byte] in _MIXINS:
            for each in file.low.operands(args):
                value = file.low.value(each)
                if value.kind is Kind.PATH and each.type != "self":
                    yield Base(value, "mixin")


def _made(file: File, node: Node) -> ClassParts:
    """Read `X = Struct.new(…)` and the like."""
    name, args, block = file.notes[node.id], file.field(node, "arguments"), file.field(node, "block")
    end = args.start_byte if args is not None else block.start_byte if block is not None else node.end_byte
    word = file.data[node.start_byte : end].strip().lstrip(b":")
    kind = _MADE.get(word, "class")
    bases: list[Base] = []
    if word == b"Class.new" and args is not None:
        bases = [Base(file.low.value(each), "extends") for each in file.low.operands(args)[:1]]
    bases += _mixins(file, file.field(block, "body") if block is not None else None)
    return ClassParts(file.text(name), kind, name, tuple(bases), is_exported=True, anchor=name.start_byte)


ADAPTER = DeclaredAdapter(Ruby())
