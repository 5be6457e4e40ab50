"""Where a value comes from, as far as its own expression shows.

The expression is followed into its parts: operands, substitutions, elements, what a name of the same function was last
given, and the receivers and arguments of functions that hand on what they get.  Nothing is followed from one function
into another: that is what taint analysis is for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from driftd.pipeline.detect.patterns import patterns
from driftd.pipeline.facts.model import Kind, Value

if TYPE_CHECKING:
    from driftd.pipeline.detect.names import Names

_DEPTH: Final = 8
_MOST: Final = 200  # parts of one expression
# What these give back holds what they got; the last part of their names.
_PASSING: Final = frozenset(
    {
        "toString", "trim", "toLowerCase", "toUpperCase", "concat", "slice", "substring", "substr", "split", "join", "replace",
        "replaceAll", "String", "format", "from", "decodeURIComponent", "decodeURI", "unescape", "normalize", "resolve", "parse",
        "stringify", "assign", "pop", "shift", "padStart", "padEnd", "repeat", "map", "strip", "lower", "upper", "encode",
        "decode", "str", "get", "loads", "unquote",
    }
)  # fmt: skip


def comes_from(names: Names, value: Value, scope: int, line: int, wanted: tuple[str, ...]) -> bool:
    """Return whether a value, or something that it is made of, resolves to one of the names."""
    found = patterns(wanted)
    facts = names.facts
    stack = [(value, scope, line, _DEPTH)]
    for _ in range(_MOST):
        if not stack:
            return False
        one, at, before, depth = stack.pop()
        kind = one.kind
        if kind in _NAMING and any(p.matches(n) for n in names.of(one, at, before) for p in found):
            return True
        if depth == 0:
            continue
        if kind == Kind.PATH:
            head = one.text.partition(".")[0]
            given = given_to(names, head, at, before)
            if given is not None:
                stack.append((*given, depth - 1))
        elif kind == Kind.CALL:
            call = facts.bodies.calls[one.ref]
            callee = call.callee
            called = names.callee(call)
            if any(p.matches(n) for n in called for p in found):
                return True
            if callee.text.rpartition(".")[2] in _PASSING or any(n.rpartition(".")[2] in _PASSING for n in called):
                stack += [(arg.value, call.scope, call.line, depth - 1) for arg in call.args]
                if callee.kind == Kind.MEMBER:
                    stack += [(item, call.scope, call.line, depth - 1) for item in callee.items]
                elif "." in callee.text:
                    owner = Value(Kind.PATH, callee.text.rpartition(".")[0])
                    stack.append((owner, call.scope, call.line, depth - 1))
        elif kind != Kind.FUNCTION:
            items = one.items[1:] if kind == Kind.CONDITIONAL else one.items
            stack += [(item, at, before, depth - 1) for item in items]
    return False


def given_to(names: Names, name: str, scope: int, line: int) -> tuple[Value, int, int] | None:
    """Return what the function, or one around it, gave to a name last before a line, and where."""
    functions = names.functions
    at = scope
    while at >= 0:
        found = None
        for assign in names.facts.bodies.assigns:
            if (
                assign.scope == at
                and (assign.line < line or at != scope)
                and assign.value is not None
                and _binds(assign.target, name)
            ):
                value = assign.value
                if assign.kind == "augmented" and found is not None:
                    value = Value(Kind.OPERATION, "+", -1, (found[0], value))
                found = (value, at, assign.line)
        if found is not None or at == 0:
            return found
        if any(param.name == name for param in functions[at].params):
            return None
        at = functions[at].scope
    return None


def _binds(target: Value, name: str) -> bool:
    if target.kind == Kind.PATH:
        return target.text == name
    return target.kind in {Kind.DICT, Kind.LIST, Kind.TUPLE} and any(_binds(item, name) for item in target.items)


_NAMING: Final = frozenset({Kind.PATH, Kind.MEMBER, Kind.INDEX})
