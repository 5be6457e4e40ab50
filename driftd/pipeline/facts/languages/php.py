"""The language adapter for PHP, on the engine of `declared`."""

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
    Modifiers,
    RegionReader,
)
from driftd.pipeline.facts.languages.declared.outline import decorators
from driftd.pipeline.facts.languages.php_bodies import (
    ARGUMENTS,
    ASSIGNS,
    CALLS,
    FORMS,
    HANDLERS,
    REGIONS,
    attribute_name,
    constants,
    is_reference,
    plain_name,
    string_text,
)
from driftd.pipeline.facts.model import (
    Base,
    ClassKind,
    FunctionKind,
    Import,
    Member,
    Param,
    Visibility,
)

_VISIBILITIES: dict[str, Visibility] = {"public": "public", "protected": "protected", "private": "private"}
_FLAGS = {
    "abstract_modifier": "abstract",
    "static_modifier": "static",
    "readonly_modifier": "readonly",
    "final_modifier": "final",
}
_FILE = re.compile(
    rb"(?:require|include)(?:_once)?\s*\(?\s*"
    rb"(?:(?P<here>__DIR__|dirname\s*\(\s*__FILE__\s*\))\s*\.\s*|(?P<above>dirname\s*\(\s*__DIR__\s*\))\s*\.\s*)?"
    rb"(?P<quote>['\"])(?P<path>[^'\"$\\]+)(?P=quote)\s*\)?",
    re.IGNORECASE,
)
_YIELD_FROM = re.compile(rb"yield\s+from\b", re.IGNORECASE)
_SUBSTITUTIONS = (
    "variable_name dynamic_variable_name member_access_expression nullsafe_member_access_expression"
    " subscript_expression member_call_expression nullsafe_member_call_expression function_call_expression"
    " scoped_call_expression scoped_property_access_expression class_constant_access_expression"
)


class Php(Language):
    r"""PHP 5.3 to 8.5.

    - `$this->a::$b` is `this.a.b`; `parent::f`, `self::f`, `static::f` and `Foo::class` keep their words: `parent.f`.
      What is named by a variable is an index: `$o->$name` is `o[name]`.
    - `f(...)` is no call but a reference to `f`; `a ?: b` is an operation.
    - What has no modifier is public.  A hook of a property is a getter or setter with the property's name.
    - A trait that a class uses is a "mixin" base.  A promoted parameter is a member as well.
    - The one namespace of a file is its package; of several that have braces each is a class of kind "namespace".
    - `use A\B as C` imports `B` from `A`; `require` of a path that is written out imports it, `__DIR__ . '/x'` as `./x`.
    - Every case of a `match` is a region, and so is every `elseif`, beside that of its `if`.
    """

    name = "php"
    suffixes: ClassVar[Mapping[str, str]] = {".php": "php", ".phtml": "php"}
    grammar = "tree_sitter_php"
    grammar_entry = "language_php"
    query = "php.scm"

    identifier = r"\$?[A-Za-z_\x80-\xff][\w\x80-\xff]*"
    separators = ("->", "?->", "::", "\\")
    sigils = "$"
    soft_keywords = "and clone default empty enum exit from include isset list match or print readonly require unset"
    keywords = "$this var void iterable self parent static null true false NULL TRUE FALSE __DIR__ __FILE__ __CLASS__"
    silent = "empty_statement reference_modifier"
    blocks = "compound_statement colon_block"
    substitutions = _SUBSTITUTIONS
    bindable = "anonymous_function arrow_function"
    line_markers = ("//", "#")
    log = re.compile(
        Language.log.pattern + r"|(?:^|\.)(?:error_log|trigger_error|syslog|print_r|var_dump|report)$", re.IGNORECASE
    )

    forms: ClassVar[Mapping[str, form.Form]] = FORMS
    arguments: ClassVar[Mapping[str, ArgumentReader]] = ARGUMENTS
    calls: ClassVar[Mapping[str, CallReader]] = CALLS
    assigns: ClassVar[Mapping[str, BindingReader]] = ASSIGNS
    regions: ClassVar[Mapping[str, RegionReader]] = REGIONS
    handlers: ClassVar[Mapping[str, HandlerReader]] = HANDLERS

    def prepare(self, file: File) -> None:
        captured, data = file.captured, file.data
        if (attributes := captured.get("call.decorator")) is not None:
            captured["call.decorator"] = [node for node in attributes if file.field(node, "parameters") is not None]
        if b"(...)" in data:
            for variant in ("call", "call.member", "call.scoped"):
                captured[variant] = [node for node in captured.get(variant, ()) if not is_reference(file, node)]
        if (files := captured.get("import.file")) is not None:
            captured["import.file"] = [node for node in files if _required(data, node) is not None]
        if (yields := captured.get("return.yield")) is not None:
            delegated = [node for node in yields if _YIELD_FROM.match(data, node.start_byte)]
            found = {node.id for node in delegated}
            captured["return.yield"] = [node for node in yields if node.id not in found]
            captured["return.yield_from"] = delegated
        plain, filled = captured.setdefault("literal.string", []), list[Node]()
        for node in captured.get("literal.template", ()):
            if data.find(b"$", node.start_byte, node.end_byte) < 0:
                plain.append(node)
                continue
            filled.append(node)
            body = file.field(node, "value") if node.type == "heredoc" else None
            if body is not None:
                file.contents[node.id] = body
        captured["literal.template"] = filled
        if (namespaces := captured.get("package")) is not None:
            blocks = [node for node in namespaces if file.field(node, "body") is not None]
            names = [name for node in namespaces if (name := file.field(node, "name")) is not None]
            if len(blocks) > 1:
                captured["class.namespace"], captured["package"] = blocks, []
            elif blocks:
                captured["package"] = names

    def begin(self, file: File, node: Node) -> int:
        inside = file.field(node, "body" if node.type in {"anonymous_class", "namespace_definition"} else "name")
        return node.start_byte if inside is None else inside.start_byte

    # Outline

    def package(self, file: File, node: Node) -> str:
        name = file.field(node, "name") if node.type == "namespace_definition" else node
        return file.low.value(name).text if name is not None else ""

    def imports(self, file: File, node: Node, variant: str) -> Iterable[Import]:
        start = node.start_byte
        line, scope = file.line(start), file.state(start)[0]
        if variant == "file":
            path = _required(file.data, node)
            parent = node.parent
            if path is not None:
                inside = parent is not None and parent.type != "expression_statement"
                yield Import(path, "", "", line, scope, is_dynamic=inside)
            return
        prefix, clauses = "", node.children
        for child in node.children:
            if child.type == "namespace_name":
                prefix = f"{file.low.value(child).text}."
            elif child.type == "namespace_use_group":
                clauses = child.children
        for clause in clauses:
            if clause.type != "namespace_use_clause":
                continue
            named = next((each for each in clause.children if each.type in {"name", "qualified_name"}), None)
            if named is None:
                continue
            module, _, name = (prefix + file.low.value(named).text).rpartition(".")
            yield Import(module, name, file.field_text(clause, "alias") or name, file.line(clause.start_byte), scope)

    def function(self, file: File, node: Node, variant: str, scope: int) -> FunctionParts:
        body, parameters = file.field(node, "body"), file.field(node, "parameters")
        result = None if body is None or body.kind_id in file.tables.blocks else body
        returned = file.optional_text(file.field(node, "return_type")) if variant != "hook" else None
        generates = _yields(file, node)
        if variant == "lambda":
            modifiers = _modifiers(file, node)
            return FunctionParts(
                "<lambda>", "lambda", node, parameters, returned, body, result, modifiers, is_generator=generates
            )
        if variant == "hook":
            return _hook(file, node, parameters, body, result)
        name = file.field(node, "name")
        text = file.text(name) if name is not None else ""
        modifiers = _modifiers(file, node)
        kind: FunctionKind = "function"
        if variant == "method":
            kind = "static_method" if "static" in modifiers.words else "method"
            kind = "constructor" if text.lower() == "__construct" else kind
        visibility = _visibility(modifiers.words)
        return FunctionParts(
            text,
            kind,
            name or node,
            parameters,
            returned,
            body,
            modifiers=modifiers,
            visibility=visibility,
            is_exported=visibility == "public",
            is_generator=generates,
            is_abstract="abstract" in modifiers.words or (body is None and file.class_variant(scope) == "interface"),
        )

    def params(self, file: File, node: Node) -> Iterable[Param]:
        name = file.field(node, "name")
        if name is None:
            return
        text = plain_name(file, name)
        default = file.field(node, "default_value")
        yield Param(
            text,
            file.optional_text(file.field(node, "type")),
            file.low.value(default, "default", text) if default is not None else None,
            "rest" if node.type == "variadic_parameter" else "positional",
            decorators(file, _attributes(file, node)),
        )

    def class_(self, file: File, node: Node, variant: str, _scope: int) -> ClassParts:
        if variant == "anonymous":
            bases = tuple(_bases(file, node, variant))
            return ClassParts(
                "<anonymous>", "class", node, bases, _modifiers(file, node), "private", anchor=node.start_byte
            )
        name = file.field(node, "name")
        kind: ClassKind = variant  # type: ignore[assignment]  # the query's other variants are kinds
        modifiers = _modifiers(file, node)
        return ClassParts(
            file.low.value(name).text if name is not None else "",
            kind,
            name or node,
            tuple(_bases(file, node, variant)),
            modifiers,
            is_exported=True,
            is_abstract="abstract" in modifiers.words,
        )

    def members(self, file: File, node: Node, variant: str, scope: int) -> Iterable[Member]:
        modifiers = _modifiers(file, node)
        words, marks = modifiers.words, decorators(file, modifiers.decorators)
        visibility = _visibility(words)
        type_ = file.optional_text(file.field(node, "type"))
        static, final, use = "static" in words, "readonly" in words, "assignment"
        if variant == "const":
            found: list[tuple[Node | None, Node | None]] = [*constants(file, node)]
            static = final = True
        elif variant == "":
            found = [
                (file.field(element, "name"), file.field(element, "default_value"))
                for element in node.children
                if element.type == "property_element"
            ]
        elif variant == "enum":
            found = [(file.field(node, "name"), file.field(node, "value"))]
            static = final = True
            use = "enum"
        else:
            found = [(file.field(node, "name"), file.field(node, "default_value"))]
            use = "default"
        owner = file.class_node(scope)
        final = final or (owner is not None and "readonly" in _modifiers(file, owner).words)
        for name, value in found:
            if name is None:
                continue
            text = plain_name(file, name)
            lowered = file.low.value(value, use, text) if value is not None else None  # type: ignore[arg-type]  # one of three words
            yield Member(text, file.line(name.start_byte), type_, lowered, visibility, static, final, marks)

    def decorator(self, file: File, node: Node) -> tuple[str, int]:
        return attribute_name(file, node).text, file.low.calls.get(node.id, -1)

    # Texts

    def string(self, text: str) -> str:
        return string_text(text)

    def mentioned(self, file: File) -> Iterable[str]:
        """Return the promoted parameters that are read as members: they are declared twice with one word."""
        for node in file.captured.get("field.promoted", ()):
            name = file.field(node, "name")
            if name is not None and f"->{(text := plain_name(file, name))}".encode() in file.data:
                yield text

    def declared(self, file: File) -> Iterable[str]:
        """Return the names that are bound by what is no declaration: `$x = 1` reads nothing."""
        left = file.tables.fields["left"]
        for node in file.captured.get("assign", ()):
            target = node.child_by_field_id(left)
            if target is not None and target.type == "variable_name" and node.type != "augmented_assignment_expression":
                yield plain_name(file, target)


def _attributes(file: File, node: Node) -> tuple[Node, ...]:
    list_ = file.field(node, "attributes")
    if list_ is None:
        return ()
    return tuple(attribute for group in file.low.operands(list_) for attribute in file.low.operands(group))


def _modifiers(file: File, node: Node) -> Modifiers:
    words: set[str] = set()
    for child in node.children:
        kind = child.type
        if kind in _FLAGS:
            words.add(_FLAGS[kind])
        elif kind == "visibility_modifier" and child.child_count == 1:  # `private(set)` has more
            words.add(file.text(child).lower())
        elif kind in {"name", "formal_parameters", "declaration_list"}:
            break
    return Modifiers(frozenset(words), _attributes(file, node))


def _visibility(words: frozenset[str]) -> Visibility:
    for word in words:
        if word in _VISIBILITIES:
            return _VISIBILITIES[word]
    return "public"


def _hook(file: File, node: Node, parameters: Node | None, body: Node | None, result: Node | None) -> FunctionParts:
    """Read `get` or `set` of a property."""
    list_ = node.parent
    owner = list_.parent if list_ is not None else None
    word = next((child for child in node.children if child.type == "name"), node)
    if owner is None:
        return FunctionParts("", "getter", word, parameters, body=body)
    element = owner
    if owner.type == "property_declaration":
        element = next((child for child in owner.children if child.type == "property_element"), owner)
    name = file.field(element, "name")
    visibility = _visibility(_modifiers(file, owner).words)
    sets = file.text(word).lower() == "set"
    return FunctionParts(
        plain_name(file, name) if name is not None else "",
        "setter" if sets else "getter",
        word,
        parameters,
        None if sets else file.optional_text(file.field(owner, "type")),
        body,
        None if sets else result,
        visibility=visibility,
        is_exported=visibility == "public",
        is_abstract=body is None,
    )


def _yields(file: File, node: Node) -> bool:
    """Tell whether the function itself yields, not one within it."""
    start, end = node.start_byte, node.end_byte
    if file.data.find(b"yield", start, end) < 0:
        return False
    index = file.low.functions.get(node.id, -1)
    for at, _, _, _, variant in file.ordered("return"):
        if start <= at < end and variant and file.state(at)[0] == index:
            return True
    return False


def _bases(file: File, node: Node, variant: str) -> Iterable[Base]:
    low = file.low
    used: list[Base] = []
    for child in node.children:
        kind = child.type
        if kind == "base_clause":
            for base in low.operands(child):
                yield Base(low.value(base), "extends")
        elif kind == "class_interface_clause":
            for base in low.operands(child):
                yield Base(low.value(base), "implements")
        elif kind in {"declaration_list", "enum_declaration_list"} and variant != "interface":
            for declaration in child.children:
                if declaration.type == "use_declaration":
                    used += [
                        Base(low.value(each), "mixin")
                        for each in low.operands(declaration)
                        if each.type in {"name", "qualified_name"}
                    ]
    yield from used


def _required(data: bytes, node: Node) -> str | None:
    """Return the path that a `require` names, or None if it is computed."""
    found = _FILE.fullmatch(data, node.start_byte, node.end_byte)
    if found is None:
        return None
    path = found["path"].decode("utf-8", "replace")
    if found["here"]:
        return f"./{path.lstrip('/')}"
    return f"../{path.lstrip('/')}" if found["above"] else path


ADAPTER = DeclaredAdapter(Php())
