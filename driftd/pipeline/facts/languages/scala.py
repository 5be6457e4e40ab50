"""The language adapter for Scala, on the engine of `declared`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

from tree_sitter import Node

from driftd.pipeline.facts.languages import scala_bodies as bodies
from driftd.pipeline.facts.languages.declared.adapter import DeclaredAdapter
from driftd.pipeline.facts.languages.declared.file import File
from driftd.pipeline.facts.languages.declared.language import (
    ClassParts,
    FunctionParts,
    Language,
    Modifiers,
)
from driftd.pipeline.facts.languages.declared.outline import decorators
from driftd.pipeline.facts.languages.ecmascript_text import unescaped
from driftd.pipeline.facts.languages.scala_bodies import child_of, end_of, type_name, word
from driftd.pipeline.facts.model import Base, ClassKind, Import, Member, Param, Visibility

_NONE = Modifiers()
_BLOCKS = frozenset({"block", "indented_block"})


class Scala(Language):
    """Scala 2 and 3.

    What has no modifier is public, `private[p]` is internal, a local function is private.
    - A case class is a record: its parameters are members; of another class those with `val` or `var`.
    - The first base is extended, the others are mixed in; a `given` with a body is an object.
    - A method of an `extension` has the extended type as its receiver.
    - `a map f` is a call; what is between operands and no word is an operation.
    - The last expression of a function is returned, unless its type is `Unit`.
    """

    name = "scala"
    suffixes: ClassVar[Mapping[str, str]] = {".scala": "scala", ".sc": "scala"}
    grammar = "tree_sitter_scala"
    query = "scala.scm"

    identifier = r"(?:[A-Za-z_\x80-\xff][\w\x80-\xff]*|`[^`\n]+`)"
    separators = (".", "#")
    sigils = "`"
    soft_keywords = "as cap derives extension only rd update uses using"
    keywords = "this super null _ inline opaque open transparent infix end"
    comments = "comment block_comment"
    silent = "annotation modifiers type_arguments type_parameters guard interpolated_string"
    blocks = "block indented_block case_clause unit throw_expression call_expression"
    substitutions = "interpolation"
    bindable = "lambda_expression"

    forms = bodies.FORMS
    calls = bodies.CALLS
    assigns = bodies.ASSIGNS
    regions = bodies.REGIONS
    handlers = bodies.HANDLERS

    def prepare(self, file: File) -> None:
        captured = file.captured
        members = {node.id for node in captured.get("field", ())}
        captured["assign.value"] = [node for node in captured.get("assign.value", ()) if node.id not in members]
        named = {node.id for node in captured.pop("expression.named", ())}
        captured["assign"] = [node for node in captured.get("assign", ()) if node.id not in named]
        captured["call.infix"] = [
            node for node in captured.get("call.infix", ()) if bodies.is_infix_call(file.data, node)
        ]
        captured["class.given"] = [
            node for node in captured.get("class.given", ()) if child_of(node, "with_template_body") is not None
        ]
        for node in captured.pop("expression.extension", ()):
            for child in node.children:
                for each in child.children if child.type in {"template_body", "block", "indented_block"} else [child]:
                    if each.type == "function_definition":
                        file.notes[each.id] = node
        functions = captured.setdefault("function.primary", [])
        for kind in ("class", "trait", "enum"):
            for node in captured.get(f"class.{kind}", ()):
                first = child_of(node, "class_parameters")
                if first is not None and first.named_child_count:
                    functions.append(first)
                    file.notes[first.id] = node
        clauses = captured.get("region.case", [])
        caught = {clause.id for node in captured.get("handler.try", ()) for clause in bodies.clauses(node)}
        captured["region.case"] = [node for node in clauses if node.id not in caught]
        captured["region.handler"] = [node for node in clauses if node.id in caught]

    def begin(self, file: File, node: Node) -> int:
        if node.type == "instance_expression":
            body = child_of(node, "template_body")
            return body.start_byte if body is not None else node.start_byte
        return super().begin(file, node)

    def holes(self, file: File, node: Node) -> Iterable[tuple[int, int]]:
        inside = child_of(node, "interpolated_string")
        return super().holes(file, inside) if inside is not None else ()

    # Outline

    def package(self, file: File, _node: Node) -> str:
        return ".".join(file.low.value(each[3]).text for each in file.ordered("package"))

    def imports(self, file: File, node: Node, _variant: str) -> Iterable[Import]:
        line, scope = file.line(node.start_byte), file.state(node.start_byte)[0]
        path: list[str] = []
        bound = False
        for child in [*node.children, None]:
            kind = child.type if child is not None else ","
            if child is None or kind == ",":
                if len(path) > 1 and not bound:
                    yield Import(".".join(path[:-1]), path[-1], path[-1], line, scope)
                path, bound = [], False
            elif kind in {"identifier", "operator_identifier"}:
                path.append(word(file, child))
            elif kind in {"namespace_wildcard", "as_renamed_identifier", "namespace_selectors"}:
                bound = True
                listed = file.low.operands(child) if kind == "namespace_selectors" else [child]
                for each in listed:
                    yield from _selected(file, each, ".".join(path), line, scope)

    def function(self, file: File, node: Node, variant: str, scope: int) -> FunctionParts:
        if variant == "lambda":
            written = file.field(node, "parameters")
            body = node.children[-1]
            return FunctionParts(
                "<lambda>",
                "lambda",
                node,
                written,
                body=body,
                result=_result(file, body),
                params=_bound(file, written),
                end=end_of(file, node),
            )
        if variant == "primary":
            owner = file.notes[node.id]
            at = file.field(owner, "name") or owner
            lists = [child for child in owner.children if child.type == "class_parameters"]
            return FunctionParts(
                word(file, at), "constructor", at, node, modifiers=_modifiers(file, owner, after=at),
                is_exported=True, anchor=node.start_byte, params=_params(file, lists),
            )  # fmt: skip
        modifiers = _modifiers(file, node)
        visibility = _visibility(modifiers.words)
        named, block = file.field(node, "name"), file.field(node, "body")
        text = word(file, named) if named is not None else ""
        is_constructor = text == "this"
        owner_node = file.class_node(scope)
        if is_constructor and owner_node is not None:
            text = word(file, file.field(owner_node, "name") or owner_node)
        if scope > 0:
            visibility = "private"
        lists = [child for child in node.children if child.type == "parameters"]
        type_ = file.optional_text(file.field(node, "return_type"))
        receiver = ""
        extended = file.notes.get(node.id)
        if extended is not None:
            first = next((each for each in extended.children if each.type == "parameters"), None)
            params = _params(file, [first]) if first is not None else ()
            receiver = type_name(params[0].annotation or "") if params else ""
        returns = type_ != "Unit" and not is_constructor and child_of(node, "=") is not None
        return FunctionParts(
            text,
            "constructor" if is_constructor else "method" if scope < 0 or receiver else "function",
            named or node,
            lists[0] if lists else None,
            type_,
            block,
            _result(file, block) if returns else None,
            modifiers,
            visibility,
            receiver,
            is_exported=visibility == "public",
            is_abstract=node.type == "function_declaration",
            params=_params(file, lists),
            end=end_of(file, node),
        )

    def class_(self, file: File, node: Node, variant: str, _scope: int) -> ClassParts:
        if variant == "anonymous":
            return ClassParts("<anonymous>", "class", node, tuple(_made(file, node)), visibility="private")
        modifiers = _modifiers(file, node)
        name = file.field(node, "name")
        kind: ClassKind = "object" if variant == "given" else variant  # type: ignore[assignment]  # a kind of class
        if variant == "class" and child_of(node, "case") is not None:
            kind = "record"
        visibility = _visibility(modifiers.words)
        bases = tuple(_bases(file, child_of(node, "extends_clause")))
        if variant == "given":
            type_ = file.field(node, "return_type")
            bases = (Base(file.low.value(type_), "implements"),) if type_ is not None else ()
        elif variant == "type_alias":
            type_ = file.field(node, "type")
            bases = (Base(file.low.value(type_), "extends"),) if type_ is not None and type_.is_named else ()
        return ClassParts(
            word(file, name) if name is not None else "<anonymous>",
            kind,
            name or node,
            bases,
            modifiers,
            visibility,
            visibility == "public",
            bool(modifiers.words & {"abstract", "sealed"}),
        )

    def members(self, file: File, node: Node, variant: str, scope: int) -> Iterable[Member]:
        modifiers = _modifiers(file, node)
        marks, visibility = decorators(file, modifiers.decorators), _visibility(modifiers.words)
        type_ = file.optional_text(file.field(node, "type"))
        if variant == "":
            pattern, value = file.field(node, "pattern") or file.field(node, "name"), file.field(node, "value")
            if value is not None and value.type == "wildcard":
                value = None
            fixed = node.type.startswith("val")
            names = [pattern] if pattern is not None and pattern.type == "identifier" else []
            for name in names or (file.low.operands(pattern) if pattern is not None else []):
                if name.type != "identifier":
                    continue
                text = word(file, name)
                if value is not None and value.kind_id in file.tables.bindable:
                    file.bound[value.id] = text
                lowered = file.low.value(value, "assignment", text) if value is not None and names else None
                is_static = file.class_variant(scope) == "object"
                yield Member(text, file.line(name.start_byte), type_, lowered, visibility, is_static, fixed, marks)
            return
        name_node = file.field(node, "name")
        if name_node is None:
            return
        text, line = word(file, name_node), file.line(name_node.start_byte)
        if variant == "enum":
            yield Member(text, line, None, None, "public", is_static=True, is_readonly=True)
            return
        keyword = next((child.type for child in node.children if child.type in {"val", "var"}), "")
        owner = file.class_node(scope)
        if keyword or (owner is not None and child_of(owner, "case") is not None):
            yield Member(text, line, type_, None, visibility, is_readonly=keyword != "var", decorators=marks)

    # Texts

    def string(self, text: str) -> str:
        text = text[text.find('"') :] if not text.startswith("'") else text
        if text.startswith('"""'):
            return text[3:-3]
        return unescaped(text[1:-1])


def _selected(file: File, node: Node, module: str, line: int, scope: int) -> Iterable[Import]:
    if node.type == "namespace_wildcard":
        yield Import(module, "*", "", line, scope)
    elif node.type in {"identifier", "operator_identifier"}:
        yield Import(module, word(file, node), word(file, node), line, scope)
    else:
        name, alias = file.field(node, "name"), file.field(node, "alias")
        if name is not None and alias is not None and alias.type != "wildcard":
            yield Import(module, word(file, name), word(file, alias), line, scope)


def _modifiers(file: File, node: Node, after: Node | None = None) -> Modifiers:
    """Return the modifiers and annotations before a declaration, or those `after` its name, of its constructor."""
    words: list[str] = []
    marks: list[Node] = []
    name = file.field(node, "name") or file.field(node, "pattern")
    for child in node.children:
        if after is not None and child.start_byte < after.end_byte:
            continue
        if after is None and name is not None and child.start_byte >= name.start_byte:
            break
        if child.type == "annotation":
            marks.append(child)
        elif child.type == "modifiers":
            words += [file.text(each) for each in child.children]
    return Modifiers(frozenset(words), tuple(marks)) if words or marks else _NONE


def _visibility(words: frozenset[str]) -> Visibility:
    for each in words:
        if each.startswith("private"):
            return "internal" if "[" in each and "this" not in each else "private"
        if each.startswith("protected"):
            return "protected"
    return "public"


def _result(file: File, body: Node | None) -> Node | None:
    """Return the last expression of a body, if it ends in one."""
    if body is None or body.type not in _BLOCKS:
        return body if body is not None and body.type in bodies.VALUES else None
    operands = file.low.operands(body)
    return operands[-1] if operands and operands[-1].type in bodies.VALUES else None


def _params(file: File, lists: list[Node]) -> tuple[Param, ...]:
    found: list[Param] = []
    for child in [child for each in lists for child in each.children]:
        name = file.field(child, "name") if child.type in {"parameter", "class_parameter"} else None
        if name is None:
            continue
        text, type_, default = word(file, name), file.field(child, "type"), file.field(child, "default_value")
        is_rest = type_ is not None and type_.type == "repeated_parameter_type"
        annotation = file.optional_text(file.field(type_, "type") if is_rest and type_ is not None else type_)
        value = file.low.value(default, "default", text) if default is not None else None
        marks = decorators(file, _modifiers(file, child).decorators)
        found.append(Param(text, annotation, value, "rest" if is_rest else "positional", marks))
    return tuple(found)


def _bound(file: File, written: Node | None) -> tuple[Param, ...]:
    """Return the parameters of a lambda."""
    if written is None:
        return ()
    if written.type != "bindings":
        return (Param(word(file, written), None, None, "positional"),)
    return tuple(
        Param(file.field_text(each, "name"), file.optional_text(file.field(each, "type")), None, "positional")
        for each in file.low.operands(written)
    )


def _bases(file: File, clause: Node | None) -> Iterable[Base]:
    types = [each for each in file.low.operands(clause) if each.type != "arguments"] if clause is not None else []
    for place, each in enumerate(types):
        yield Base(file.low.value(each), "mixin" if place else "extends")


def _made(file: File, node: Node) -> Iterable[Base]:
    """Return the bases of `new A(…) with B { … }`."""
    types = [each for each in file.low.operands(node) if each.type not in {"arguments", "template_body"}]
    if types and types[0].type == "compound_type":
        types = [each for each in file.low.operands(types[0]) if each.type != "refinement"]
    for place, each in enumerate(types):
        yield Base(file.low.value(each), "mixin" if place else "extends")


ADAPTER = DeclaredAdapter(Scala())
