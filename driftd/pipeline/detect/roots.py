"""The expressions of a file, each once, with where they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from driftd.pipeline.facts.model import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from driftd.pipeline.facts.model import FileFacts, Value

LITERALS: Final = frozenset({Kind.STRING, Kind.NUMBER, Kind.TEMPLATE, Kind.REGEX})


def first_literal(value: Value) -> int:
    """Return the first literal of an expression, -1 if there is none."""
    stack = [value]
    while stack:
        one = stack.pop()
        if one.kind in LITERALS and one.ref >= 0:
            return one.ref
        stack.extend(reversed(one.items))
    return -1


def roots(facts: FileFacts) -> Iterator[tuple[Value, int, int, int, int]]:
    """Yield each expression of a file once, with line, column (0 where it is not known), scope and region."""
    bodies, outline = facts.bodies, facts.outline
    for call in bodies.calls:
        yield call.callee, call.line, call.column, call.scope, call.region
        for arg in call.args:
            yield arg.value, call.line, call.column, call.scope, call.region
    for assign in bodies.assigns:
        if assign.value is not None:
            yield assign.value, assign.line, assign.column, assign.scope, assign.region
    for returned in bodies.returns:
        if returned.value is not None:
            yield returned.value, returned.line, 0, returned.scope, returned.region
    for raised in bodies.raises:
        if raised.value is not None:
            yield raised.value, raised.line, 0, raised.scope, raised.region
    for region in bodies.regions:
        if region.value is not None:
            yield region.value, region.line, 0, region.scope, region.parent
    for number, function in enumerate(outline.functions):
        for param in function.params:
            if param.default is not None:
                yield param.default, function.line, 0, function.scope if number else 0, -1
    for number, cls in enumerate(outline.classes):
        for member in cls.members:
            if member.value is not None:
                yield member.value, member.line, 0, ~number, -1
    for export in outline.exports:
        if export.value is not None:
            yield export.value, export.line, 0, 0, -1
