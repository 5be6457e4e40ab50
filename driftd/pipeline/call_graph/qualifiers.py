"""Which of C++'s overloads a call means that differ in `const`, `&` and `&&` only.

What a call does not say of its object or its arguments leaves all of them: there is no edge then, not a guess.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from driftd.pipeline.call_graph.entities import Is
from driftd.pipeline.facts.model import Kind
from driftd.pipeline.type_names import IS_CONST, without_arguments

if TYPE_CHECKING:
    from collections.abc import Sequence

    from driftd.pipeline.call_graph.declared_resolve import DeclaredResolver
    from driftd.pipeline.call_graph.entities import Entity
    from driftd.pipeline.faces import FunctionFace
    from driftd.pipeline.facts.model import Assign, Call, Function, Value

RVALUE: Final = "&&"
LVALUE: Final = "&"
CONST: Final = "const"


class Qualifiers:
    """Answers for the calls of one file."""

    def __init__(self, resolver: DeclaredResolver) -> None:
        self.resolver = resolver
        self.declarations: dict[tuple[int, str], list[Assign]] | None = None

    def fitting(
        self, call: Call, functions: Sequence[tuple[Entity, FunctionFace]]
    ) -> Sequence[tuple[Entity, FunctionFace]]:
        """Leave the functions that the object and the arguments of a call fit; all where that is not known."""
        if len({_of_object(face) for _, face in functions}) > 1:
            known = self.of_object(call)
            if known is not None:
                ranked = [(_rank(known, _of_object(face)), pair) for pair in functions for face in (pair[1],)]
                best = min(rank for rank, _ in ranked)
                functions = [pair for rank, pair in ranked if rank == best]
        for position, arg in enumerate(call.args):
            if len(functions) < 2 or arg.name:
                break
            known = self.category(arg.value, call)
            if known is not None:
                ranked = [(_taking(known, face, position), pair) for pair in functions for face in (pair[1],)]
                best = min(rank for rank, _ in ranked)
                functions = [pair for rank, pair in ranked if rank == best]
        return functions

    def category(self, value: Value, call: Call) -> str | None:
        """Return whether an argument is a name of something (`&`) or something without one (`&&`)."""
        if value.kind in _MADE:
            return RVALUE
        if value.kind == Kind.PATH:
            return LVALUE
        if value.kind == Kind.CALL and value.ref >= 0:
            return RVALUE if self.is_made(self.resolver.calls[value.ref], call) else None
        return None

    def is_made(self, inner: Call, call: Call) -> bool:
        """Whether what a call gives is new, or given away."""
        text = inner.callee.text
        if inner.callee.kind != Kind.PATH:
            return False
        if inner.is_new or text in _MOVING:
            return True
        found = self.resolver.declared.bound_path(text, self.resolver.site(call.scope, call.line, call.region))
        return bool(found) and all(e.what is Is.CLASS for e in found or ())

    def of_object(self, call: Call) -> str | None:
        """Return what the object of a call is: `const`, "" or `&&`; None if that is not known."""
        callee = call.callee
        if callee.kind == Kind.PATH:
            owner = callee.text.rpartition(".")[0]
            if owner in {"", "this"}:
                return self.own(call.scope)
            owner = owner.removeprefix("this.")
            return None if "." in owner else self.named(call.scope, owner)
        if callee.kind == Kind.MEMBER and callee.items and callee.items[0].kind == Kind.CALL:
            return RVALUE if self.is_made(self.resolver.calls[callee.items[0].ref], call) else None
        return None

    def own(self, scope: int) -> str | None:
        """Return what the object is whose method runs."""
        functions = self.resolver.functions
        while scope > 0 and functions[scope].kind == "lambda":
            scope = functions[scope].scope
        if scope <= 0:
            return None
        return CONST if CONST in functions[scope].qualifiers.split() else ""

    def named(self, scope: int, name: str) -> str | None:
        """Return what a parameter, a variable or a field is."""
        at = scope
        functions = self.resolver.functions
        while at > 0:
            function: Function = functions[at]
            for param in function.params:
                if param.name == name:
                    return pointee(param.annotation)
            declared = self.declared().get((at, name), ())
            if len(declared) == 1:
                return self.variable(declared[0])
            if declared:
                return None
            at = function.scope
        return self.field(scope, name)

    def variable(self, assign: Assign) -> str | None:
        """Return what a variable is by its declaration."""
        if assign.annotation is not None:
            return pointee(assign.annotation)
        value = assign.value
        if value is not None and value.kind == Kind.CALL and self.resolver.calls[value.ref].is_new:
            return CONST if assign.declares == "const" else ""
        return CONST if assign.declares == "const" else None

    def field(self, scope: int, name: str) -> str | None:
        """Return what a field of the class is whose code stands in the scope, if the file shows the class."""
        cls = self.resolver.class_around(scope)
        if cls is None or cls.file != self.resolver.path:
            return None
        for member in self.resolver.classes[cls.number].members:
            if member.name == name and member.annotation:
                held = pointee(member.annotation)
                if held == "" and not _POINTING.search(member.annotation) and "mutable" not in member.annotation:
                    return self.own(scope)
                return held
        return None

    def declared(self) -> dict[tuple[int, str], list[Assign]]:
        """Return the declarations of variables by scope and name."""
        if self.declarations is None:
            found = self.declarations = {}
            for assign in self.resolver.facts.bodies.assigns:
                if assign.declares and assign.target.kind == Kind.PATH:
                    found.setdefault((assign.scope, assign.target.text), []).append(assign)
        return self.declarations


def pointee(annotation: str | None) -> str | None:
    """Return whether what is reached through a name of a type is `const`; None if the type does not say."""
    if not annotation or _DEDUCED.search(annotation):
        return None
    smart = _POINTING.search(annotation)
    if smart is not None and smart[0] != "*":
        return CONST if annotation[smart.end() :].lstrip().startswith(CONST) else ""
    plain = without_arguments(annotation)
    if "*" in plain:
        plain = plain[: plain.index("*")]
    return CONST if IS_CONST.search(plain) else ""


def _of_object(face: FunctionFace) -> str:
    return " ".join(word for word in face.forms[0].split() if word != "template") if face.forms else ""


def _rank(known: str, qualifiers: str) -> int:
    """Return how far a method is from being the one for an object: 0 is nearest."""
    const, rvalue = CONST in qualifiers, RVALUE in qualifiers
    if known == RVALUE:
        return int(const) + 2 * (not rvalue)
    if rvalue:
        return 9
    return 0 if const == (known == CONST) else 1 if const else 9


def _taking(known: str, face: FunctionFace, position: int) -> int:
    """Return how far a parameter is from being the one for an argument: 0 is nearest."""
    taken = face.forms[position + 1] if position + 1 < len(face.forms) else ""
    if known == LVALUE:
        return 9 if taken == RVALUE and "template" not in face.forms[0] else 0
    return 9 if taken == LVALUE else int(taken == "const &")


_MADE: Final = frozenset({Kind.STRING, Kind.TEMPLATE, Kind.NUMBER, Kind.OPERATION, Kind.FUNCTION, Kind.CONSTANT})
_MOVING: Final = frozenset({"std.move", "move"})
_DEDUCED: Final = re.compile(r"\bauto\b|\bdecltype\b")
_POINTING: Final = re.compile(r"\*|\b(?:unique_ptr|shared_ptr|weak_ptr|optional_ptr)\s*<")
