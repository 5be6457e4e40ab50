"""The language adapter for Kotlin, on the engine of `declared`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import ClassVar

from tree_sitter import Node, Parser, Tree

from driftd.pipeline.facts.languages import kotlin_bodies as bodies
from driftd.pipeline.facts.languages.declared.adapter import DeclaredAdapter
from driftd.pipeline.facts.languages.declared.file import File
from driftd.pipeline.facts.languages.declared.language import (
    ClassParts,
    FunctionParts,
    Language,
    Modifiers,
    damage,
    patient_parse,
)
from driftd.pipeline.facts.languages.declared.outline import decorators
from driftd.pipeline.facts.languages.ecmascript_text import unescaped
from driftd.pipeline.facts.languages.kotlin_bodies import GENERIC, TYPES, VALUES, child_of, type_text, word
from driftd.pipeline.facts.model import Base, ClassKind, FunctionKind, Import, Kind, Member, Param, Value, Visibility

_JUMP = re.compile(rb"\b(break|continue)\b")
_IT = re.compile(rb"\bit\b")
_ODD_NAME = re.compile(
    rb"\b(?:(?:in|is|as)(?=\d)|(?:get|set|field)(?=[ \t]*=)|(?:data|external|final|infix|inner|open|operator|value)(?=\())"
)
_UNENDED = re.compile(rb"(?<=[^\s{;,])(?<!->) (?=\})")
_STRAY_AT_START = re.compile(rb"(?m)^[ \t]*[^\s\w\"'(){}\[\]@/*!+.,:;<=>?&|%-]+")
_STRAY = re.compile(rb"[^\s\w\"'(){}\[\]@/*!+.,:;<=>?&|%-]+")
_MAX_SEARCHED = 64  # places in a lambda where `it` may be its own
_KINDS: dict[str, ClassKind] = {"enum": "enum", "annotation": "annotation", "data": "record"}
_NONE = Modifiers()


class Kotlin(Language):
    """Kotlin 1.0 to 2.2.

    What has no modifier is public; a local function is private.
    - An extension is a method with a receiver, an extension property's accessors likewise.
    - An accessor with a body is a getter or setter named after its property.
    - A primary constructor with parameters is a function; those with `val` or `var` are members as well.
    - A data class is a record; a companion is an object, named `Companion` if it has no name.
    - A base that is called is extended, another one implemented; an object expression is an anonymous class.
    - A lambda after the parentheses is the last argument; the one parameter that a lambda does not name is `it`.
    - What is called between its operands (`a shouldBe b`) is a call, but for the operators of the standard library.
    - Nothing says that a call is a construction, but for bases, delegations and enum entries.
    """

    name = "kotlin"
    suffixes: ClassVar[Mapping[str, str]] = {".kt": "kotlin", ".kts": "kotlin"}
    grammar = "tree_sitter_kotlin"
    query = "kotlin.scm"

    identifier = r"(?:[A-Za-z_\x80-\xff][\w\x80-\xff]*|`[^`\n]+`)"
    separators = (".", "?.", "!!.", "::")
    sigils = "`"
    soft_keywords = (
        "actual annotation data delegate dynamic enum expect external field file final get init inner open operator"
        " out param property receiver set setparam value"
    )
    keywords = "true false null break continue _"
    comments = "line_comment block_comment"
    silent = (
        "modifiers type_arguments type_parameters label annotation parameter_modifiers type_modifiers use_site_target"
        " type_constraints string_content escape_sequence"
    )
    substitutions = "interpolation"
    bindable = "lambda_literal anonymous_function"

    forms = bodies.FORMS
    arguments = bodies.ARGUMENTS
    calls = bodies.CALLS
    assigns = bodies.ASSIGNS
    regions = bodies.REGIONS
    handlers = bodies.HANDLERS

    def parse(self, parser: Parser, data: bytes) -> Tree:
        """Parse a file; if there are errors, without what the grammar cannot read though it is sound.

        It takes some names for keywords, and wants a line end or semicolon behind the last member of a class.
        """
        tree = _parse(parser, data)
        if tree.root_node.has_error:
            plain = _ODD_NAME.sub(lambda match: b"x" + match.group()[1:], data)
            second = _parse(parser, _UNENDED.sub(b";", plain))
            if damage(second.root_node) < damage(tree.root_node):
                return second
        return tree

    def prepare(self, file: File) -> None:
        captured = file.captured
        members = {node.id for node in captured.get("field", ())}
        properties = captured.get("assign.property", ())
        accessors = captured.setdefault("function.accessor", [])
        for node in properties:
            for child in node.children:
                if child.type in {"getter", "setter"} and child_of(child, "function_body") is not None:
                    accessors.append(child)
                    file.notes[child.id] = node
        captured["assign.property"] = [node for node in properties if node.id not in members]
        _find_calls(file)
        _find_classes(file)
        _find_jumps(file, captured.pop("expression.root", []))

    def begin(self, file: File, node: Node) -> int:
        kind = node.type
        inside = child_of(node, "class_body") if kind == "object_literal" else file.field(node, "name")
        if inside is not None:
            return inside.start_byte
        first = node.child(0)
        return first.end_byte if first is not None and first.type == "modifiers" else node.start_byte

    def holes(self, file: File, node: Node) -> Iterable[tuple[int, int]]:
        return bodies.holes(file.data, node)

    def returned(self, file: File, node: Node) -> list[Node]:
        label = file.field(node, "label")
        return [each for each in file.low.operands(node) if label is None or each.id != label.id]

    # Outline

    def package(self, file: File, node: Node) -> str:
        operands = file.low.operands(node)
        return file.low.value(operands[-1]).text if operands else ""

    def imports(self, file: File, node: Node, _variant: str) -> Iterable[Import]:
        operands = file.low.operands(node)
        path = file.low.value(operands[0]).text if operands else ""
        if not path:
            return
        line = file.line(node.start_byte)
        if any(child.type == "*" for child in node.children):
            yield Import(path, "*", "", line, 0)
        else:
            module, _, name = path.rpartition(".")
            alias = word(file, operands[1]) if len(operands) > 1 else name
            yield Import(module or name, name if module else "", alias, line, 0)

    def function(self, file: File, node: Node, variant: str, scope: int) -> FunctionParts:
        if variant == "lambda":
            return _lambda(file, node)
        if variant == "accessor":
            return _accessor(file, node)
        modifiers = _modifiers(file, node)
        words = modifiers.words
        visibility = _visibility(words)
        if variant in {"constructor", "primary"}:
            at, name = _class_name(file, scope)
            keyword = child_of(node, "constructor")
            written = child_of(node, "function_value_parameters" if variant == "constructor" else "class_parameters")
            return FunctionParts(
                name,
                "constructor",
                keyword or at or node,
                written,
                body=child_of(node, "block"),
                modifiers=modifiers,
                visibility=visibility,
                is_exported=visibility == "public",
                params=_params(file, written),
            )
        name_node, written = file.field(node, "name"), child_of(node, "function_value_parameters")
        receiver, type_ = _around(file, node, name_node, written)
        body = child_of(node, "function_body")
        kind: FunctionKind = "method" if scope < 0 or receiver else "function"
        if scope > 0:
            visibility = "private"
        in_interface = scope < 0 and _is_interface(file.class_node(scope))
        block, result = _body(file, body)
        return FunctionParts(
            word(file, name_node) if name_node is not None else "",
            kind,
            name_node or node,
            written,
            type_,
            block,
            result,
            modifiers,
            visibility,
            receiver,
            is_exported=visibility == "public",
            is_async="suspend" in words,
            is_abstract="abstract" in words or (in_interface and body is None),
            params=_params(file, written),
        )

    def class_(self, file: File, node: Node, variant: str, scope: int) -> ClassParts:
        if variant == "entry":
            owner = file.notes[node.id]
            at, base = child_of(owner, "identifier") or owner, file.class_node(scope)
            extended = file.field(base, "name") if base is not None else None
            bases = (Base(file.low.value(extended), "extends"),) if extended is not None else ()
            return ClassParts(
                word(file, at), "class", at, bases, visibility="private", anchor=owner.start_byte
            )  # fmt: skip
        found = tuple(_bases(file, node))
        if variant == "anonymous":
            return ClassParts("<anonymous>", "class", node, found, visibility="private")
        modifiers = _modifiers(file, node)
        words = modifiers.words
        name = file.field(node, "type" if variant == "type_alias" else "name")
        kind: ClassKind = "object" if variant == "object" else "class"
        if variant == "type_alias":
            kind = "type_alias"
            aliased = [child for child in node.children if child.type in TYPES]
            found = tuple(Base(file.low.value(each), "extends") for each in aliased if each.type == "user_type")
        elif _is_interface(node):
            kind = "interface"
        else:
            kind = next((_KINDS[each] for each in _KINDS if variant == "class" and each in words), kind)
        visibility = _visibility(words)
        return ClassParts(
            word(file, name) if name is not None else "Companion" if variant == "object" else "",
            kind,
            name or child_of(node, "companion") or node,
            found,
            modifiers,
            visibility,
            visibility == "public",
            bool(words & {"abstract", "sealed"}),
        )

    def members(self, file: File, node: Node, variant: str, scope: int) -> Iterable[Member]:
        modifiers = _modifiers(file, node)
        marks, visibility = decorators(file, modifiers.decorators), _visibility(modifiers.words)
        if variant == "enum":
            name = child_of(node, "identifier")
            if name is not None:
                made = Value(Kind.CALL, "", file.low.calls[node.id]) if node.id in file.low.calls else None
                yield Member(word(file, name), file.line(name.start_byte), None, made, "public", True, True, marks)
            return
        keyword = next((child.type for child in node.children if child.type in {"val", "var"}), "")
        declared = node if variant == "parameter" else child_of(node, "variable_declaration")
        name = child_of(declared, "identifier") if declared is not None else None
        if not keyword or declared is None or name is None:
            return
        text = word(file, name)
        value = bodies.initial(file, node) if variant == "" else None
        if value is not None and value.kind_id in file.tables.bindable:
            file.bound[value.id] = text
        lowered = file.low.value(value, "assignment", text) if value is not None else None
        is_static = file.class_variant(scope) == "object"
        yield Member(
            text, file.line(name.start_byte), type_text(file, declared), lowered, visibility, is_static,
            keyword == "val", marks,
        )  # fmt: skip

    def decorator(self, file: File, node: Node) -> tuple[str, int]:
        made = child_of(node, "constructor_invocation")
        named = child_of(made if made is not None else node, "user_type")
        return (
            file.low.value(named).text if named is not None else "",
            file.low.calls.get(made.id, -1) if made is not None else -1,
        )

    # Texts

    def string(self, text: str) -> str:
        return text[3:-3] if text.startswith('"""') else unescaped(text[1:-1])


# Preparation


def _parse(parser: Parser, data: bytes) -> Tree:
    """Parse a file without what the grammar's scanner cannot get over, if there is such."""
    tree = patient_parse(parser, data)
    for stray in (_STRAY_AT_START, _STRAY):
        if tree is None:
            data = stray.sub(lambda match: b" " * len(match.group()), data)
            tree = patient_parse(parser, data)
    return tree if tree is not None else parser.parse(b"\n" * data.count(b"\n"))


def _find_calls(file: File) -> None:
    """Make one call of `f(x) { … }`, and calls of what only look like comparisons."""
    captured, data = file.captured, file.data
    calls = captured.get("call", [])
    inner: set[int] = set()
    for node in calls:
        if not data.startswith(b"}", node.end_byte - 1):
            continue
        first, last = node.child(0), node.child(node.child_count - 1)
        if first is None or last is None or last.type != "annotated_lambda" or first.type != "call_expression":
            continue
        written = first.child(first.child_count - 1)
        if written is not None and written.type == "value_arguments":
            inner.add(first.id)
            file.notes[node.id] = first
    if inner:
        captured["call"] = [node for node in calls if node.id not in inner]
    compared = captured.pop("call.generic", [])
    if GENERIC.search(data):
        captured["call.generic"] = [node for node in compared if bodies.is_generic_call(data, node)]
    captured["call.infix"] = [node for node in captured.get("call.infix", ()) if bodies.is_infix_call(data, node)]
    entries = captured.get("field.enum", ())
    captured["call.enum"] = [node for node in entries if child_of(node, "value_arguments") is not None]


def _find_classes(file: File) -> None:
    captured = file.captured
    entries = captured.setdefault("class.entry", [])
    for node in captured.get("field.enum", ()):
        body = child_of(node, "class_body")
        if body is not None:
            entries.append(body)
            file.notes[body.id] = node
    constructors = captured.get("function.primary", ())
    captured["function.primary"] = [
        node for node in constructors if (written := child_of(node, "class_parameters")) and written.named_child_count
    ]


def _find_jumps(file: File, roots: list[Node]) -> None:
    """Find `break` and `continue`, which the grammar takes for names."""
    for match in _JUMP.finditer(file.data) if roots else ():
        node = roots[0].descendant_for_byte_range(match.start(), match.end())
        if node is not None and node.type in {"identifier", "label"}:
            file.captured.setdefault(f"jump.{match.group(1).decode()}", []).append(node)


# Outline


def _modifiers(file: File, node: Node) -> Modifiers:
    """Return the modifiers and annotations before a declaration."""
    first = node.child(0)
    if first is None or first.type != "modifiers":
        return _NONE
    return _listed(file, first)


def _listed(file: File, first: Node) -> Modifiers:
    words: list[str] = []
    marks: list[Node] = []
    for child in first.children:
        if child.type == "annotation":
            marks.append(child)
        else:
            words.append(file.text(child))
    return Modifiers(frozenset(words), tuple(marks))


def _visibility(words: frozenset[str]) -> Visibility:
    if "private" in words:
        return "private"
    if "protected" in words:
        return "protected"
    return "internal" if "internal" in words else "public"


def _is_interface(node: Node | None) -> bool:
    return node is not None and child_of(node, "interface") is not None


def _class_name(file: File, scope: int) -> tuple[Node | None, str]:
    owner = file.class_node(scope)
    name = file.field(owner, "name") if owner is not None else None
    return name, word(file, name) if name is not None else ""


def _around(file: File, node: Node, name: Node | None, written: Node | None) -> tuple[str, str | None]:
    """Return the receiver before the name and the type after the parameters."""
    receiver, type_ = "", None
    for child in node.children:
        if child.type in TYPES:
            if name is not None and child.end_byte <= name.start_byte:
                receiver = _receiver(file, child)
            elif written is not None and child.start_byte >= written.end_byte:
                type_ = file.text(child)
    return receiver, type_


def _receiver(file: File, node: Node) -> str:
    """Return a type without type arguments and question mark."""
    while node.type in {"nullable_type", "parenthesized_type", "non_nullable_type"}:
        inner = next((child for child in node.children if child.type in TYPES), None)
        if inner is None:
            break
        node = inner
    return file.low.value(node).text or file.text(node)


def _body(file: File, body: Node | None) -> tuple[Node | None, Node | None]:
    """Return the block or expression of a function, and what it evaluates to if it is an expression."""
    operands = file.low.operands(body) if body is not None else []
    if not operands:
        return None, None
    return operands[-1], None if operands[-1].type == "block" else operands[-1]


def _lambda(file: File, node: Node) -> FunctionParts:
    written = child_of(node, "function_value_parameters")
    if node.type == "anonymous_function":
        block, result = _body(file, child_of(node, "function_body"))
        _, type_ = _around(file, node, None, written)
        return FunctionParts("<lambda>", "lambda", node, written, type_, block, result, params=_params(file, written))
    named = child_of(node, "lambda_parameters")
    params: tuple[Param, ...] = ()
    if named is not None:
        params = tuple(
            Param(
                file.text(child) if child.type == "multi_variable_declaration" else word(file, child.children[0]),
                type_text(file, child),
                None,
                "positional",
            )
            for child in file.low.operands(named)
        )
    elif _uses_it(file, node):
        params = (Param("it", None, None, "positional"),)
    operands = [child for child in file.low.operands(node) if child.type != "lambda_parameters"]
    result = operands[-1] if operands and operands[-1].type in VALUES else None
    return FunctionParts("<lambda>", "lambda", node, named, body=node, result=result, params=params)


def _uses_it(file: File, node: Node) -> bool:
    index = file.low.functions[node.id]
    for number, match in enumerate(_IT.finditer(file.data, node.start_byte, node.end_byte)):
        if number > _MAX_SEARCHED:
            break
        if file.state(match.start())[0] == index:
            return True
    return False


def _accessor(file: File, node: Node) -> FunctionParts:
    owner = file.notes[node.id]
    declared = child_of(owner, "variable_declaration")
    name = child_of(declared, "identifier") if declared is not None else None
    receiver, _ = _around(file, owner, declared, None)
    modifiers, own = _modifiers(file, owner), _modifiers(file, node)
    visibility = _visibility(own.words or modifiers.words)
    type_ = type_text(file, declared) if declared is not None else None
    block, result = _body(file, child_of(node, "function_body"))
    is_getter = node.type == "getter"
    value = child_of(node, "identifier")
    params = (Param(word(file, value), type_, None, "positional"),) if value is not None else ()
    return FunctionParts(
        word(file, name) if name is not None else "",
        "getter" if is_getter else "setter",
        child_of(node, "get" if is_getter else "set") or node,
        None,
        (type_text(file, node) or type_) if is_getter else None,
        block,
        result if is_getter else None,
        Modifiers(modifiers.words, own.decorators),
        visibility,
        receiver,
        is_exported=visibility == "public",
        anchor=owner.start_byte,
        params=params,
    )


def _params(file: File, written: Node | None) -> tuple[Param, ...]:
    """Read parameters, of a function (whose modifiers and defaults stand beside them) or of a class."""
    found: list[Param] = []
    outer = _NONE
    for child in written.children if written is not None else ():
        kind = child.type
        if kind == "parameter_modifiers":
            outer = _listed(file, child)
        elif kind in {"parameter", "class_parameter"}:
            name = child_of(child, "identifier")
            modifiers = outer if kind == "parameter" else _modifiers(file, child)
            outer = _NONE
            text = word(file, name) if name is not None else ""
            default = bodies.initial(file, child)
            found.append(
                Param(
                    text,
                    type_text(file, child),
                    file.low.value(default, "default", text) if default is not None else None,
                    "rest" if "vararg" in modifiers.words else "positional",
                    decorators(file, modifiers.decorators),
                )
            )
        elif found and child.kind_id not in file.tables.silent:
            last = found[-1]
            default_value = file.low.value(child, "default", last.name)
            found[-1] = Param(last.name, last.annotation, default_value, last.kind, last.decorators)
    return tuple(found)


def _bases(file: File, node: Node) -> Iterable[Base]:
    listed = child_of(node, "delegation_specifiers")
    plain = "extends" if _is_interface(node) else "implements"
    for each in file.low.operands(listed) if listed is not None else ():
        for base in file.low.operands(each):
            if base.type == "constructor_invocation":
                yield Base(file.low.value(child_of(base, "user_type")), "extends")
            elif base.type == "user_type":
                yield Base(file.low.value(base), plain)  # type: ignore[arg-type]  # one of two words
            elif base.type == "explicit_delegation":
                yield Base(file.low.value(child_of(base, "user_type")), "implements")


ADAPTER = DeclaredAdapter(Kotlin())
