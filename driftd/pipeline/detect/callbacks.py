"""What a function does, as far as rules ask: nothing at all, or give the same constant every time.

A certificate check that returns true without looking, or a trust manager with an empty body, is one that accepts
everything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from driftd.pipeline.facts.model import Kind

if TYPE_CHECKING:
    from driftd.pipeline.facts.model import FileFacts, Value


def does_nothing(facts: FileFacts, function: int) -> bool:
    """Return whether a function neither calls, assigns nor raises, and returns nothing but a constant."""
    if function <= 0 or facts.outline.functions[function].is_abstract:
        return False
    bodies = facts.bodies
    return not (
        any(one.scope == function for many in (bodies.calls, bodies.raises, bodies.regions) for one in many)
        or any(one.scope == function and one.kind != "declare" for one in bodies.assigns)
        or any(r.scope == function and r.value is not None and not _is_plain(r.value) for r in bodies.returns)
    )


def always_gives(facts: FileFacts, value: Value, constant: str) -> bool:
    """Return whether a value is a function that returns this constant, wherever it returns."""
    if value.kind == Kind.PATH:
        numbers = [i for i, f in enumerate(facts.outline.functions) if i and f.name == value.text.rpartition(".")[2]]
        if len(numbers) != 1:
            return False
        number = numbers[0]
    elif value.kind == Kind.FUNCTION:
        number = value.ref
    else:
        return False
    given = [r.value for r in facts.bodies.returns if r.scope == number]
    return bool(given) and all(v is not None and v.kind == Kind.CONSTANT and v.text == constant for v in given)


def _is_plain(value: Value) -> bool:
    return value.kind in _PLAIN or (value.kind == Kind.LIST and not value.items)


_PLAIN: Final = frozenset({Kind.CONSTANT, Kind.NUMBER, Kind.STRING})
