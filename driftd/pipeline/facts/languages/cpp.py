"""The language adapter for C++, on the engine of `declared`."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from typing import ClassVar

from tree_sitter import Node

from driftd.pipeline.facts.languages import c_family
from driftd.pipeline.facts.languages.c_family import (
    CFamily,
    end_of,
    is_name_of,
    return_type,
    specifiers,
    type_text,
    walk,
)
from driftd.pipeline.facts.languages.declared import values as form
from driftd.pipeline.facts.languages.declared.adapter import DeclaredAdapter
from driftd.pipeline.facts.languages.declared.file import File
from driftd.pipeline.facts.languages.declared.language import (
    Binding,
    CallParts,
    ClassParts,
    FunctionParts,
    HandlerParts,
    HandlerReader,
    RegionForm,
)
from driftd.pipeline.facts.languages.declared.values import Lowering
from driftd.pipeline.facts.model import Base, FunctionKind, Import, Kind, LiteralContext, Value, Visibility

_CASTS = (b"static_cast", b"reinterpret_cast", b"const_cast", b"dynamic_cast")
_OPERATORS = (b"noexcept(", b"typeid(")
_TELLING = frozenset({"const", "&", "&&"})
_PURE = re.compile(rb"=\s*0\s*;\s*$")
_HAS_ANONYMOUS = 0  # the note that a file has namespaces without names
_CLASSES = frozenset({"class", "struct", "union"})
_INSIDE = frozenset({"preproc_if", "preproc_ifdef", "preproc_else", "preproc_elif", "preproc_elifdef"})
_MAX_PARENTS = 6


class Cpp(CFamily):
    """C++98 to C++23.

    - A function is what has a body, what is defaulted, or purely virtual (then it is abstract): other declarations are
      none.  One that is defined outside of its class has that as its receiver; if its name is the class's own, it is a
      constructor.  A destructor is the method `~T`.
    - What is `static` outside of a class, or in a namespace without a name, is private to its file.  A namespace
      without a name adds nothing to the names in it.
    - `#include "x"` imports everything of `./x`, `#include <x>` of `x`; a `using` declaration or directive and a
      namespace alias import as well.
    - Template arguments are dropped; `&x` and `*x` are looked through; `a->b` and `a::b` are `a.b`.
    - `new T(…)`, `T{…}`, `T x(…)` and `T x{…}` are constructions, and so is the initializer of a base; that of a
      member is an assignment.
    """

    name = "cpp"
    suffixes: ClassVar[Mapping[str, str]] = dict.fromkeys(
        (".cc", ".cpp", ".cxx", ".c++", ".hh", ".hpp", ".hxx", ".h++", ".ipp", ".tpp", ".inl"), "cpp"
    )
    grammar = "tree_sitter_cpp"
    query = "cpp.scm"
    keywords = f"{CFamily.keywords} this auto nullptr"
    silent = f"{CFamily.silent} template_argument_list template_parameter_list access_specifier virtual_specifier"
    bindable = "lambda_expression"

    calls = c_family.CALLS
    assigns = c_family.ASSIGNS
    regions = c_family.REGIONS
    arguments = c_family.ARGUMENTS
    handlers: ClassVar[Mapping[str, HandlerReader]]

    def prepare(self, file: File) -> None:
        super().prepare(file)
        captured, data = file.captured, file.data
        spaces = captured.get("class.namespace", [])
        captured["class.namespace"] = [node for node in spaces if file.field(node, "name") is not None]
        if len(captured["class.namespace"]) < len(spaces):
            file.notes[_HAS_ANONYMOUS] = spaces[0]
        captured["function"] = [
            node for node in captured.get("function", ()) if not _is_deleted(node) and not _is_torn(file, node)
        ]
        awaited = captured.get("awaited", ())
        captured["awaited"] = [child for node in awaited if (child := file.field(node, "argument")) is not None]
        fields = captured.get("field", [])
        captured["function.pure"] = [node for node in fields if _PURE.search(data, max(node.end_byte - 16, 0), node.end_byte)
                                     and _declares_function(file, node)]  # fmt: skip
        unevaluated = captured.pop("unevaluated", [])
        if b"typeid" in data or b"noexcept" in data:
            unevaluated += [n for n in captured.get("call", ()) if data.startswith(_OPERATORS, n.start_byte)]
        spared = [(n.start_byte, n.end_byte) for n in unevaluated if n.child_count > 1]
        if spared:  # what only its type is asked of does not run
            captured["call"] = _outside_of(spared, captured.get("call", []))
        if b"_cast" in data:
            captured["call"] = [
                node for node in captured.get("call", ()) if not data.startswith(_CASTS, node.start_byte)
            ]
        made = captured.setdefault("call.variable", [])
        for node in captured.get("assign.declaration", ()):
            type_ = file.field(node, "type")
            if type_ is None or type_.type not in c_family.NAMED_TYPES:
                continue
            for child in node.children_by_field_name("declarator"):
                value = file.field(child, "value") if child.type == "init_declarator" else None
                if value is not None and value.type in {"argument_list", "initializer_list"} and value.prev_sibling is not None and value.prev_sibling.type != "=":  # fmt: skip
                    made.append(child)
                    file.notes[child.id] = type_
        initializers = captured.get("call.base", [])
        captured["assign.member"] = [node for node in initializers if _is_member(data, node)]
        captured["call.base"] = [node for node in initializers if not _is_member(data, node)]
        for variant in _CLASSES:
            for node in captured.get(f"class.{variant}", ()):
                _note_access(file, node)

    # Outline

    def imports(self, file: File, node: Node, variant: str) -> Iterable[Import]:
        if not variant:
            yield from super().imports(file, node, variant)
            return
        scope = file.state(node.start_byte)[0]
        if file.class_variant(scope) in _CLASSES:
            return  # it takes over members of a base
        line = file.line(node.start_byte)
        operands = file.low.operands(node)
        path = file.low.value(operands[-1]).text if operands else ""
        if not path:
            return
        if variant == "alias":
            yield Import(path, "", file.field_text(node, "name"), line, scope)
        elif any(child.type == "namespace" for child in node.children):
            yield Import(path, "*", "", line, scope)
        elif "." in path:
            module, _, name = path.rpartition(".")
            yield Import(module, name, name, line, scope)

    def function(self, file: File, node: Node, variant: str, scope: int) -> FunctionParts:
        body = file.field(node, "body")
        outer = file.field(node, "declarator")
        name, declarator = walk(file, outer)
        parameters = file.field(declarator, "parameters") if declarator is not None else None
        if variant == "lambda":
            trailing = next((child for child in outer.children if child.type == "trailing_return_type"), None) if outer is not None else None  # fmt: skip
            returned = file.text(trailing).removeprefix("->").strip() if trailing is not None else None
            return FunctionParts("<lambda>", "lambda", node, parameters, returned, body, end=end_of(file, body))
        words = specifiers(file, node)
        in_class = file.class_variant(scope) in _CLASSES
        path, receiver = _qualified(file, name), ""
        if name is not None and name.type == "qualified_identifier":
            receiver, _, path = path.rpartition(".")
        owner = receiver.rpartition(".")[2]
        if in_class and not receiver and (node_ := file.class_node(scope)) is not None:
            owner = _bare(file.field_text(node_, "name"))
        kind: FunctionKind = "method" if in_class or receiver else "function"
        if path and path == owner:
            kind = "constructor"
        elif in_class and ("static" in words or "friend" in words):
            kind = "static_method"
        visibility: Visibility = "public"
        if in_class:
            visibility = self.access(file, node, scope)
        elif "static" in words or _is_anonymous(file, node):
            visibility = "private"
        if name is not None and name.type == "operator_cast":
            cast = file.field(name, "declarator")
            parameters = file.field(cast, "parameters") if cast is not None else None
        at = name
        while at is not None and at.type == "qualified_identifier":
            at = file.field(at, "name")
        return FunctionParts(
            path,
            kind,
            at or name or node,
            parameters,
            return_type(file, node, name),
            body,
            visibility=visibility,
            receiver=receiver,
            is_exported=visibility == "public",
            is_async=False,
            is_abstract=variant == "pure",
            anchor=_anchor(node),
            end=end_of(file, body),
            qualifiers=_qualifiers(node, declarator),
        )

    def class_(self, file: File, node: Node, variant: str, scope: int) -> ClassParts:
        parts = super().class_(file, node, variant, scope)
        clause = next((child for child in node.children if child.type == "base_class_clause"), None)
        bases = parts.bases
        if clause is not None:
            bases = tuple(Base(file.low.value(child), "extends") for child in file.low.operands(clause)
                          if child.type in c_family.NAMED_TYPES)  # fmt: skip
        visibility: Visibility = "public"
        if file.class_variant(scope) in _CLASSES:
            visibility = self.access(file, node, scope)
        elif variant != "namespace" and _is_anonymous(file, node):
            visibility = "private"
        anchor = parts.anchor if parts.anchor >= 0 else _anchor(node)
        is_abstract = any(
            node.start_byte <= pure.start_byte < node.end_byte for pure in file.captured["function.pure"][:200]
        )
        return parts._replace(bases=bases, visibility=visibility, is_exported=visibility == "public", anchor=anchor,
                              is_abstract=variant in _CLASSES and is_abstract)  # fmt: skip

    def access(self, file: File, node: Node, scope: int) -> Visibility:
        specifier = file.notes.get(~node.start_byte)
        if specifier is None:
            return "private" if file.class_variant(scope) == "class" else "public"
        word = file.text(specifier).strip()
        return word if word in {"private", "protected"} else "public"  # type: ignore[return-value]  # one of these


def _outside_of(ranges: list[tuple[int, int]], nodes: list[Node]) -> list[Node]:
    """Return the nodes that start in none of the ranges."""
    ranges.sort()
    starts, ends, end = [start for start, _ in ranges], list[int](), 0
    for _, each in ranges:  # those that lie in another one end with it
        end = max(end, each)
        ends.append(end)
    kept = []
    for node in nodes:
        at = bisect_right(starts, node.start_byte) - 1
        if at < 0 or ends[at] <= node.start_byte:
            kept.append(node)
    return kept


def _is_deleted(node: Node) -> bool:
    last = node.child(node.child_count - 1)
    return last is not None and last.type in {"delete_method_clause", "try_statement"}


def _is_torn(file: File, node: Node) -> bool:
    """Whether what looks like a function has no parameters: the body of a class that macros or directives tear apart."""
    declarator = file.field(node, "declarator")
    return declarator is not None and declarator.type in {"identifier", "type_identifier", "field_identifier"}


def _declares_function(file: File, node: Node) -> bool:
    name, function = walk(file, file.field(node, "declarator"))
    return name is not None and function is not None and is_name_of(file, function, name)


def _is_member(data: bytes, initializer: Node) -> bool:
    """Tell an initializer of a member from one of a base, which is a type and so starts with a capital or has scopes."""
    first = initializer.child(0)
    return first is not None and first.type == "field_identifier" and not 65 <= data[first.start_byte] <= 90


def _note_access(file: File, class_: Node) -> None:
    """Note the access specifier before every member, by the byte that it starts at."""
    body = file.field(class_, "body")
    stack = [iter(body.children)] if body is not None else []
    current: Node | None = None
    while stack:
        child = next(stack[-1], None)
        if child is None:
            stack.pop()
        elif child.type == "access_specifier":
            current = child
        elif child.type in _INSIDE:
            stack.append(iter(child.children))
        elif current is not None and child.is_named:
            file.notes[~child.start_byte] = current
            if child.type == "template_declaration":
                inner = child.child(child.child_count - 1)
                if inner is not None:
                    file.notes[~inner.start_byte] = current


def _qualified(file: File, name: Node | None) -> str:
    """Return a function's name with the scopes it is written with, without template arguments."""
    parts: list[str] = []
    while name is not None and name.type == "qualified_identifier":
        scope = file.field(name, "scope")
        if scope is not None:
            parts.append(_bare(file.text(scope)))
        name = file.field(name, "name")
    if name is None:
        return ".".join(parts)
    if name.type == "operator_cast":
        last = " ".join(file.text(name).partition("(")[0].split())
    elif name.type == "template_function":
        last = file.field_text(name, "name")
    else:
        last = "".join(file.text(name).split()) if name.type == "operator_name" else file.text(name)
    if name.type == "operator_name" and last[8:9].isalpha():
        last = f"operator {last[8:]}"  # new, delete, co_await
    return ".".join([*parts, last])


def _bare(name: str) -> str:
    return name.partition("<")[0].strip()


def _qualifiers(node: Node, declarator: Node | None) -> str:
    """Return what tells overloads apart besides parameters: `const`, `&` and `&&` of a method, and being a template."""
    parent = node.parent
    words = ["friend"] if parent is not None and parent.type == "friend_declaration" else []
    if words and parent is not None:
        parent = parent.parent
    if parent is not None and parent.type == "template_declaration":
        words.append("template")
    for child in declarator.children if declarator is not None else ():
        if child.type in {"type_qualifier", "ref_qualifier"}:
            word = child.children[0].type if child.children else ""
            if word in _TELLING:
                words.append(word)
    return " ".join(words)


def _anchor(node: Node) -> int:
    """Return where the doc comment of a declaration ends: before `template <…>`, if that precedes it."""
    at = node.parent
    start = node.start_byte
    for _ in range(_MAX_PARENTS):
        if at is None or at.type not in {"template_declaration", "declaration", "field_declaration", "type_definition"}:
            break
        start, at = at.start_byte, at.parent
    return start


def _is_anonymous(file: File, node: Node) -> bool:
    """Tell whether something stands in a namespace without a name."""
    if _HAS_ANONYMOUS not in file.notes:
        return False
    at = node.parent
    for _ in range(_MAX_PARENTS):
        if at is None:
            return False
        if at.type == "namespace_definition":
            return file.field(at, "name") is None
        at = at.parent
    return False


# Values


def _call(low: Lowering, node: Node, context: LiteralContext, name: str, depth: int) -> Value:
    """Lower a call, or a cast that looks like one."""
    index = low.calls.get(node.id)
    if index is not None:
        return Value(Kind.CALL, "", index)
    function, args = low.field(node, "function"), low.field(node, "arguments")
    types = low.field(function, "arguments") if function is not None else None
    text = low.text(types)[1:-1].strip() if types is not None else ""
    return Value(
        Kind.CAST, text, -1, low.values(low.operands(args)[:1] if args is not None else (), context, name, depth + 1)
    )


def _member_of(low: Lowering, node: Node, _context: LiteralContext, _name: str, depth: int) -> Value:
    """Lower `a.b` and `a->b<T>`."""
    whole = low.path(node.start_byte, node.end_byte)
    if whole is not None:
        return whole
    owner = low.value(low.field(node, "argument"), depth=depth + 1)
    name = low.value(low.field(node, "field"), depth=depth + 1).text
    return low.access(owner, name) if name else owner


Cpp.forms = {
    **c_family.FORMS,
    "field_expression": _member_of,
    "call_expression": _call,
    "namespace_identifier this auto": form.path,
    "qualified_identifier nested_namespace_specifier": c_family.scoped,
    "template_type template_function template_method": form.field("name"),
    "destructor_name operator_name": form.path,
    "dependent_type dependent_name": form.last,
    "class_specifier": form.field("name"),
    "lambda_expression": form.function,
    "new_expression": form.call,
    "delete_expression condition_clause": form.last,
    "co_await_expression": form.one(Kind.AWAIT),
    "user_defined_literal": form.first,
    "raw_string_literal": form.literal(Kind.STRING),
    "parameter_pack_expansion": form.one(Kind.SPREAD, "..."),
    "subscript_argument_list": form.first,
    "fold_expression requires_expression": form.unknown,
}


# Calls and assignments


def _new(file: File, node: Node) -> CallParts | None:
    type_ = file.field(node, "type")
    if type_ is None:
        return None
    return CallParts(file.low.value(type_), file.field(node, "arguments"), node.start_byte, is_new=True)


def _variable(file: File, node: Node) -> CallParts | None:
    """Read `T x(1)` and `T x{1}`."""
    return CallParts(file.low.value(file.notes.get(node.id)), file.field(node, "value"), node.start_byte, is_new=True)


def _base(file: File, node: Node) -> CallParts | None:
    operands = file.low.operands(node)
    if len(operands) < 2:
        return None
    return CallParts(file.low.value(operands[0]), operands[-1], node.start_byte, is_new=True)


def _member(file: File, node: Node) -> Iterable[Binding]:
    """Read the initializer of a member."""
    operands = file.low.operands(node)
    if len(operands) > 1:
        values = file.low.operands(operands[-1])
        target = Value(Kind.PATH, f"this.{file.text(operands[0])}")
        yield Binding(node, target, values[0] if len(values) == 1 else operands[-1] if not values else None)


def _range(file: File, node: Node) -> Iterable[Binding]:
    declarator = file.field(node, "declarator")
    name, _ = walk(file, declarator)
    if name is None:
        return
    target: Node | Value = name
    if name.type == "structured_binding_declarator":
        target = Value(Kind.TUPLE, "", -1, file.low.values(file.low.operands(name)))
    declares = "const" if "const" in specifiers(file, node) else "let"
    yield Binding(node, target, file.field(node, "right"), "for", type_text(file, node, declarator, name), declares)


def _catch(file: File, node: Node) -> Iterable[Binding]:
    parameter = _caught(file, node)
    if parameter is not None:
        declarator = file.field(parameter, "declarator")
        name, _ = walk(file, declarator)
        if name is not None:
            yield Binding(name, name, None, "catch", type_text(file, parameter, declarator, name), "let")


# Handlers


def _caught(file: File, clause: Node) -> Node | None:
    parameters = file.field(clause, "parameters")
    return next(iter(file.low.operands(parameters)), None) if parameters is not None else None


def _catches(file: File, node: Node) -> Iterable[HandlerParts]:
    for clause in node.children:
        body = file.field(clause, "body") if clause.type == "catch_clause" else None
        if body is None:
            continue
        parameter = _caught(file, clause)
        name: Node | None = None
        caught: tuple[str, ...] = ()
        if parameter is not None and parameter.type == "parameter_declaration":
            name, _ = walk(file, file.field(parameter, "declarator"))
            type_ = file.low.value(file.field(parameter, "type")).text
            caught = (type_,) if type_ else ()
        yield HandlerParts("try_catch", clause, body, node, caught, file.text(name) if name is not None else "")


Cpp.calls = {**c_family.CALLS, "new": _new, "variable": _variable, "base": _base}
Cpp.assigns = {**c_family.ASSIGNS, "range": _range, "catch": _catch, "member": _member}
Cpp.regions = {
    **c_family.REGIONS,
    "range": (RegionForm("loop", "body", "right"),),
    "try": (RegionForm("try", "body"),),
    "handler": (RegionForm("handler"),),
}
Cpp.handlers = {"try": _catches}

ADAPTER = DeclaredAdapter(Cpp())
