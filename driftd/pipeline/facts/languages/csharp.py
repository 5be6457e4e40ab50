"""The language adapter for C#, on the engine of `declared`."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from operator import attrgetter
from typing import ClassVar

from tree_sitter import Node, Parser, Tree

from driftd.pipeline.facts.languages import csharp_bodies as bodies
from driftd.pipeline.facts.languages.csharp_bodies import declarations, declarators, modifiers, word
from driftd.pipeline.facts.languages.declared.adapter import DeclaredAdapter
from driftd.pipeline.facts.languages.declared.file import File
from driftd.pipeline.facts.languages.declared.language import (
    ClassParts,
    FunctionParts,
    Language,
    Modifiers,
    damage,
)
from driftd.pipeline.facts.languages.declared.outline import decorators
from driftd.pipeline.facts.languages.declared.values import UNKNOWN
from driftd.pipeline.facts.languages.ecmascript_text import unescaped
from driftd.pipeline.facts.model import (
    Base,
    FunctionKind,
    Import,
    Kind,
    Member,
    Param,
    Value,
    Visibility,
)

_START = attrgetter("start_byte")
_TYPES = ("class", "struct", "record")
_INTERFACE_NAME = re.compile(r"(?:^|\.)I[A-Z]\w*$")
_STRING = re.compile(r'([$@]*)("{3,}|")')
_LONG_ESCAPE = re.compile(r"\\U([0-9A-Fa-f]{8})")
_DIRECTIVE = re.compile(rb"\s*#\s*(if|elif|else|endif)\b")
_BRACES = re.compile(r"\{\{|\}\}")


class CSharp(Language):
    """C# 1 to 13.

    What has no modifier is private in a class, public in an interface, `internal` otherwise; a local function is
    private, `private protected` and `protected internal` are protected, `file` is private.
    - An accessor with a body is a getter or setter named after its property (an indexer is `this[]`); those of an
      event are methods (`add_Changed`).  Every property is a member as well.
    - A primary constructor is a function on the class's line.  Its parameters are members: public properties of a
      record, private ones of a class.
    - Syntax does not tell a base class from an interface: what is named `I…` is implemented, as is what follows the
      first, and all that a struct has.
    - `new T { A = 1 }` is a construction with the named argument `A`.
    - An extension method is what it is declared as: a static method whose first parameter's type starts with `this`.
    - The only block namespace around all types is the package; other block namespaces are classes.
    - `using a.b` takes everything (`*`), `using X = a.b` the name `b`.
    """

    name = "csharp"
    revision = 2
    suffixes: ClassVar[Mapping[str, str]] = {".cs": "csharp", ".csx": "csharp"}
    grammar = "tree_sitter_c_sharp"
    query = "csharp.scm"

    identifier = r"@?[A-Za-z_\x80-\xff][\w\x80-\xff]*"
    separators = (".", "?.", "->", "::")
    sigils = "@"
    soft_keywords = (
        "Cdecl Fastcall Stdcall Thiscall add alias annotations ascending assembly by checksum descending disable"
        " enable equals field file from group hidden into join let managed method module notnull on param property"
        " record remove required restore scoped select type typevar unmanaged warning warnings"
    )
    keywords = (
        "bool byte char decimal double dynamic float int long nint null nuint object sbyte short string uint ulong"
        " ushort void region endregion nullable pragma _"
    )
    words = "this base"
    silent = (
        "modifier attribute_list type_argument_list type_parameter_list interpolation_brace interpolation_start"
        " interpolation_quote string_content interpolation_format_clause interpolation_alignment_clause"
        " preproc_region preproc_endregion preproc_pragma preproc_line preproc_nullable preproc_define preproc_undef"
    )
    substitutions = "interpolation"
    bindable = "lambda_expression anonymous_method_expression"
    doc_markers = ("///", "/**")
    explicit_doc_markers = ("///", "/**")

    forms = bodies.FORMS
    arguments = bodies.ARGUMENTS
    calls = bodies.CALLS
    assigns = bodies.ASSIGNS
    handlers = bodies.HANDLERS
    regions = bodies.REGIONS

    def parse(self, parser: Parser, data: bytes) -> Tree:
        """Parse a file; if conditional compilation tears its statements apart, only the first of every branches."""
        tree = parser.parse(data)
        if tree.root_node.has_error and b"#if" in data:
            second = parser.parse(_without_branches(data))
            if damage(second.root_node) < damage(tree.root_node):
                return second
        return tree

    def prepare(self, file: File) -> None:
        captured = file.captured
        _find_accessors(file)
        _find_primary_constructors(file)
        _find_package(file)
        inner: set[int] = set()
        for node in captured.pop("expression.initializer", ()):
            inner.update([child.id for child in node.children if child.type == "assignment_expression"])
        if inner:
            captured["assign"] = [node for node in captured["assign"] if node.id not in inner]
        if b"nameof" in file.data:
            data = file.data
            captured["call"] = [
                node for node in captured.get("call", ()) if not data.startswith(b"nameof(", node.start_byte)
            ]
        awaited = captured.get("awaited", ())
        if awaited and b"ConfigureAwait" in file.data:
            captured["awaited"] = [*awaited, *(task for node in awaited for task in _configured(file, node))]

    def begin(self, file: File, node: Node) -> int:
        start = file.field(node, "name") or file.field(node, "parameters")
        return node.start_byte if start is None or node.type == "lambda_expression" else start.start_byte

    # Outline

    def package(self, file: File, node: Node) -> str:
        name = file.field(node, "name") if node.type == "file_scoped_namespace_declaration" else node
        return file.low.value(name).text

    def imports(self, file: File, node: Node, variant: str) -> Iterable[Import]:
        line, scope = file.line(node.start_byte), file.state(node.start_byte)[0]
        alias = file.field(node, "name")
        if variant == "extern":
            if alias is not None:
                yield Import(file.text(alias), "", file.text(alias), line, scope)
            return
        operands = file.low.operands(node)
        path = file.low.value(operands[-1]) if operands else UNKNOWN
        if path.kind is not Kind.PATH:
            return
        if alias is None:
            yield Import(path.text, "*", "", line, scope)
        else:
            module, _, name = path.text.rpartition(".")
            yield Import(module or name, name if module else "", word(file, alias), line, scope)

    def function(self, file: File, node: Node, variant: str, scope: int) -> FunctionParts:
        if variant == "primary":
            owner = file.notes[node.id]
            name = file.field(owner, "name") or owner
            return FunctionParts(
                word(file, name), "constructor", name, node, params=_params(file, node), visibility="public",
                is_exported=_visibility(file, modifiers(file, owner).words, scope) == "public", anchor=node.start_byte,
            )  # fmt: skip
        if variant in {"accessor", "getter"}:
            return _accessor(file, node, scope)
        body, parameters = file.field(node, "body"), file.field(node, "parameters")
        found = modifiers(file, node)
        words = found.words
        if variant == "lambda":
            if body is None and node.children and node.children[-1].type == "block":
                body = node.children[-1]
            result = None if body is None or body.type == "block" else body
            return FunctionParts(
                "<lambda>", "lambda", node, parameters, file.optional_text(file.field(node, "type")), body, result,
                found, params=_params(file, parameters), is_async="async" in words,
                is_generator=_yields(file, node),
            )  # fmt: skip
        text, kind, type_ = _named(file, node, variant, words)
        visibility = _visibility(file, words, scope)
        if variant == "local":
            visibility = "private"
        elif variant == "destructor":
            visibility = "protected"
        elif any(child.type == "explicit_interface_specifier" for child in node.children):
            visibility = "public"
        return FunctionParts(
            text,
            kind,
            file.field(node, "name") or parameters or node,
            parameters,
            type_,
            body,
            _arrow(file, body) if type_ not in {None, "void"} else None,
            found,
            visibility,
            is_exported=visibility == "public",
            is_async="async" in words,
            is_generator=_yields(file, node),
            is_abstract="abstract" in words or (body is None and file.class_variant(scope) == "interface"),
            params=_params(file, parameters),
        )

    def class_(self, file: File, node: Node, variant: str, scope: int) -> ClassParts:
        name = file.field(node, "name")
        found = modifiers(file, node)
        visibility: Visibility = "public" if variant == "namespace" else _visibility(file, found.words, scope)
        return ClassParts(
            file.low.value(name).text if name is not None else "",
            variant,  # type: ignore[arg-type]  # the query's variants are kinds
            name or node,
            tuple(_bases(file, node, variant)),
            found,
            visibility,
            visibility == "public",
            "abstract" in found.words,
        )

    def members(self, file: File, node: Node, variant: str, scope: int) -> Iterable[Member]:
        found = modifiers(file, node)
        words, marks = found.words, decorators(file, found.decorators)
        visibility = _visibility(file, words, scope)
        static, fixed = bool(words & {"static", "const"}), bool(words & {"readonly", "const"})
        name, value = file.field(node, "name"), file.field(node, "value")
        if variant == "":
            for declaration in declarations(node):
                type_ = file.optional_text(file.field(declaration, "type"))
                for target, initial in declarators(file, declaration):
                    yield Member(
                        word(file, target), file.line(target.start_byte), type_, _initial(file, target, initial),
                        visibility, static, fixed, marks,
                    )  # fmt: skip
        elif name is None:
            return
        elif variant == "enum":
            lowered = file.low.value(value, "enum", file.text(name)) if value is not None else None
            yield Member(word(file, name), file.line(name.start_byte), None, lowered, "public", True, True, marks)
        elif variant == "parameter":
            of = file.class_variant(scope)
            owner = file.class_node(scope)
            fixed = of == "record" and (
                owner is None
                or not any(child.type == "struct" for child in owner.children)
                or "readonly" in modifiers(file, owner).words
            )
            yield Member(
                word(file, name), file.line(name.start_byte), file.optional_text(file.field(node, "type")), None,
                "public" if of == "record" else "private", is_readonly=fixed, decorators=marks,
            )  # fmt: skip
        else:
            if any(child.type == "explicit_interface_specifier" for child in node.children):
                visibility = "public"
            accessors = file.field(node, "accessors")
            if value is not None and value.type == "arrow_expression_clause":
                value = None
                fixed = True
            elif node.type == "property_declaration":
                fixed = not any(
                    file.field_text(each, "name") == "set" for each in (accessors.children if accessors else ())
                )
            yield Member(
                word(file, name), file.line(name.start_byte), file.optional_text(file.field(node, "type")),
                _initial(file, name, value), visibility, static, fixed, marks,
            )  # fmt: skip

    # Texts

    def string(self, text: str) -> str:
        opening = _STRING.match(text)
        if opening is None:
            return _unescaped(text[1:-1])
        prefix, quote = opening.groups()
        if text.endswith(("u8", "U8")):
            text = text[:-2]
        if len(quote) > 2 and "@" not in prefix:
            return _raw(text[opening.end() : -len(quote)])
        text = text[len(prefix) + 1 : -1]
        text = text.replace('""', '"') if "@" in prefix else _unescaped(text)
        return _BRACES.sub(lambda match: match.group()[0], text) if "$" in prefix else text


# Preparation


def _without_branches(data: bytes) -> bytes:
    """Blank the directives of conditional compilation, and all branches but the first of each."""
    lines = data.split(b"\n")
    skipping: list[bool] = []  # for each open `#if`: whether the branch is left out
    for number, line in enumerate(lines):
        directive = _DIRECTIVE.match(line)
        word = directive.group(1) if directive is not None else b""
        if word == b"if":
            skipping.append(False)
        elif word == b"endif" and skipping:
            skipping.pop()
        elif word and skipping:
            skipping[-1] = True
        if word or any(skipping):
            lines[number] = b" " * len(line)
    return b"\n".join(lines)


def _find_accessors(file: File) -> None:
    """Make functions of what properties, indexers and events do."""
    captured = file.captured
    accessors = captured.setdefault("function.accessor", [])
    getters = captured.setdefault("function.getter", [])
    for node in [*captured.get("field.property", ()), *captured.pop("field.indexer", ())]:
        value, listed = file.field(node, "value"), file.field(node, "accessors")
        if value is not None and value.type == "arrow_expression_clause":
            getters.append(value)
            file.notes[value.id] = node
        for each in listed.children if listed is not None else ():
            if each.type == "accessor_declaration" and file.field(each, "body") is not None:
                accessors.append(each)
                file.notes[each.id] = node


def _find_primary_constructors(file: File) -> None:
    captured = file.captured
    functions = captured.setdefault("function.primary", [])
    fields = captured.setdefault("field.parameter", [])
    for kind in _TYPES:
        for node in captured.get(f"class.{kind}", ()):
            for child in node.children:
                if child.type == "parameter_list" and child.named_child_count:
                    functions.append(child)
                    file.notes[child.id] = node
                    fields += [each for each in child.children if each.type == "parameter"]


def _find_package(file: File) -> None:
    """Take a namespace that holds all that the file declares for its package."""
    captured = file.captured
    namespaces = captured.get("class.namespace")
    if not namespaces or "package" in captured:
        return
    first = min(namespaces, key=_START)
    name = file.field(first, "name")
    start, end = first.start_byte, first.end_byte
    declared = (node for kind, nodes in captured.items() if kind.startswith(("class.", "function.")) for node in nodes)
    if name is not None and all(start <= node.start_byte < end for node in declared):
        captured["package"] = [name]
        captured["class.namespace"] = [node for node in namespaces if node.id != first.id]


def _configured(file: File, node: Node) -> Iterable[Node]:
    """Return the task's call of `task().ConfigureAwait(…)`."""
    function = file.field(node, "function")
    if function is not None and function.type == "member_access_expression":
        owner = file.field(function, "expression")
        is_call = owner is not None and owner.type == "invocation_expression"
        if owner is not None and is_call and file.field_text(function, "name") == "ConfigureAwait":
            yield owner


# Outline


def _visibility(file: File, words: frozenset[str], scope: int) -> Visibility:
    if "public" in words:
        return "public"
    if "protected" in words:
        return "protected"
    if "private" in words or "file" in words:
        return "private"
    if "internal" in words:
        return "internal"
    around = file.class_variant(scope)
    return "public" if around == "interface" else "private" if around in _TYPES else "internal"


def _named(file: File, node: Node, variant: str, words: frozenset[str]) -> tuple[str, FunctionKind, str | None]:
    """Return name, kind and result of a declared function."""
    name = file.field(node, "name")
    text = word(file, name) if name is not None else ""
    if variant == "constructor":
        return text, "constructor", None
    if variant == "destructor":
        return f"~{text}", "method", None
    kind: FunctionKind = "static_method" if "static" in words else "method"
    if variant == "method":
        return text, kind, file.optional_text(file.field(node, "returns"))
    type_ = file.optional_text(file.field(node, "type"))
    if variant == "operator":
        return f"operator {file.field_text(node, 'operator')}", kind, type_
    if variant == "conversion":
        return f"operator {type_}", kind, type_
    return text, "function", type_


def _accessor(file: File, node: Node, scope: int) -> FunctionParts:
    """Read `get`, `set`, `init`, `add` and `remove`, and the arrow of a property that has only a getter."""
    owner = file.notes[node.id]
    found, own = modifiers(file, owner), modifiers(file, node)
    keyword = file.field(node, "name")
    text = file.text(keyword) if keyword is not None else "get"
    named = file.field(owner, "name")
    name = word(file, named) if named is not None else "this[]"
    kind: FunctionKind = "getter" if text == "get" else "setter"
    if text in {"add", "remove"}:
        name, kind = f"{text}_{name}", "method"
    type_ = file.field_text(owner, "type")
    body = node if keyword is None else file.field(node, "body")
    keys = file.field(owner, "parameters")
    params = _params(file, keys)
    if text != "get":
        params = (*params, Param("value", type_, None, "positional"))
    visibility = _visibility(file, own.words or found.words, scope)
    if any(child.type == "explicit_interface_specifier" for child in owner.children):
        visibility = "public"
    return FunctionParts(
        name,
        kind,
        keyword or named or keys or node,
        keys,
        type_ if text == "get" else None,
        body,
        _arrow(file, body) if text == "get" else None,
        Modifiers(found.words, (*found.decorators, *own.decorators)),
        visibility,
        is_exported=visibility == "public",
        is_generator=_yields(file, node),
        anchor=owner.start_byte,
        params=params,
    )


def _arrow(file: File, body: Node | None) -> Node | None:
    """Return the expression of an expression body."""
    operands = file.low.operands(body) if body is not None and body.type == "arrow_expression_clause" else []
    return operands[-1] if operands else None


def _yields(file: File, node: Node) -> bool:
    """Tell whether a `yield` stands in the function itself."""
    found = file.captured.get("return.yield")
    if not found:
        return False
    index, end = file.low.functions[node.id], node.end_byte
    for each in found[bisect_left(found, node.start_byte, key=_START) :]:
        if each.start_byte >= end:
            break
        if file.state(each.start_byte)[0] == index:
            return True
    return False


def _params(file: File, written: Node | None) -> tuple[Param, ...]:
    if written is None:
        return ()
    if written.type == "implicit_parameter":
        return (Param(word(file, written), None, None, "positional"),)
    found: list[Param] = []
    marks: list[Node] = []
    type_: str | None = None
    for place, child in enumerate(written.children):
        kind = child.type
        if kind == "parameter":
            name = file.field(child, "name")
            if name is None:
                continue
            attributes = decorators(file, modifiers(file, child).decorators)
            of = file.optional_text(file.field(child, "type"))
            if of is not None and any(each.type == "modifier" and file.text(each) == "this" for each in child.children):
                of = f"this {of}"
            default = child.children[-1] if any(each.type == "=" for each in child.children) else None
            text = word(file, name)
            lowered = file.low.value(default, "default", text) if default is not None else None
            found.append(Param(text, of, lowered, "positional", attributes))
        elif kind == "attribute_list":  # of what follows: the parts of a `params` stand in the list itself
            marks += [each for each in child.children if each.type == "attribute"]
        elif child.is_named:
            part = written.field_name_for_child(place)
            if part == "type":
                type_ = file.text(child)
            elif part == "name":
                found.append(Param(word(file, child), type_, None, "rest", decorators(file, marks)))
    return tuple(found)


def _bases(file: File, node: Node, variant: str) -> Iterable[Base]:
    listed = next((child for child in node.children if child.type == "base_list"), None)
    if listed is None or variant == "enum":
        return
    is_struct = variant == "struct" or any(child.type == "struct" for child in node.children)
    types = [child for child in file.low.operands(listed) if child.type != "argument_list"]
    for place, child in enumerate(types):
        value = file.low.value(file.field(child, "type") or child)
        if variant == "interface":
            yield Base(value, "extends")
        elif place or is_struct or _INTERFACE_NAME.search(value.text):
            yield Base(value, "implements")
        else:
            yield Base(value, "extends")


def _initial(file: File, name: Node, value: Node | None) -> Value | None:
    if value is None:
        return None
    if value.kind_id in file.tables.bindable:
        file.bound[value.id] = word(file, name)
    return file.low.value(value, "assignment", word(file, name))


# Texts


def _unescaped(text: str) -> str:
    if "\\U" in text:
        text = _LONG_ESCAPE.sub(lambda match: chr(min(int(match.group(1), 16), 0x10FFFF)), text)
    return unescaped(text)


def _raw(text: str) -> str:
    """Return what a raw string stands for: the margin of its last line does not count, nor do its outer line ends."""
    if "\n" not in text:
        return text
    *lines, margin = text.replace("\r\n", "\n").split("\n")[1:]
    return "\n".join(line.removeprefix(margin) for line in lines)


ADAPTER = DeclaredAdapter(CSharp())
