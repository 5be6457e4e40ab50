"""Strings that are put together: their text, and the parts of it that are not the same every time."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from driftd.pipeline.facts.model import Kind, Value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from driftd.pipeline.detect.judging import Judge
    from driftd.pipeline.facts.model import FileFacts


@lru_cache(maxsize=4096)
def path_value(text: str) -> Value:
    """Return the value that an access path is."""
    return Value(Kind.PATH, text)


_JOINING: Final = frozenset({"+", "%", ".", "<<", "||", "&"})
_FORMATTING: Final = frozenset({"format", "join", "concat", "sprintf", "Format", "Sprintf", "formatted"})


def built_text(judge: Judge, value: Value, scope: int, line: int, depth: int = 6) -> str | None:
    """Return the constant text of a string that is put together, `{}` for what is not constant; None for others.

    A name is followed to the one value that the file gives it in the same function.
    """
    kind = value.kind
    if kind == Kind.TEMPLATE:
        if judge.names.is_constant(value, scope, line):
            return None
        return judge.facts.texts.literals[value.ref].value if value.ref >= 0 else "{}"
    if depth == 0:
        return None
    if kind == Kind.OPERATION and value.text in _JOINING and len(value.items) >= 2:
        parts = [_part(judge, item, scope, line, depth - 1) for item in value.items]
        has_text = any(text.replace("{}", "") for text, _ in parts)
        return "".join(text for text, _ in parts) if has_text and any(dynamic for _, dynamic in parts) else None
    if kind == Kind.CALL:
        call = judge.names.calls[value.ref]
        callee = call.callee
        if callee.kind == Kind.MEMBER and callee.text in _FORMATTING and callee.items and call.args:
            text = judge.names.text(callee.items[0], scope, line)
            dynamic = any(not judge.names.is_constant(arg.value, scope, line) for arg in call.args)
            return text if text is not None and dynamic else None
        if callee.text.rpartition(".")[2] in _FORMATTING and len(call.args) > 1:
            text = judge.names.text(call.args[0].value, scope, line)
            dynamic = any(not judge.names.is_constant(arg.value, scope, line) for arg in call.args[1:])
            return text if text is not None and dynamic else None
        if callee.kind == Kind.PATH and callee.text.rpartition(".")[2] in _FORMATTING and call.args:
            text = judge.names.text(path_value(callee.text.rpartition(".")[0]), scope, line)
            dynamic = any(not judge.names.is_constant(arg.value, scope, line) for arg in call.args)
            return text if text is not None and dynamic else None
        return None
    if kind == Kind.PATH and "." not in value.text:
        given = assigned(judge.facts, value.text, scope, line)
        return None if given is None else built_text(judge, given, scope, line, depth - 2 if depth > 2 else 0)
    if kind in {Kind.CAST, Kind.AWAIT, Kind.NAMED} and value.items:
        return built_text(judge, value.items[-1] if kind == Kind.NAMED else value.items[0], scope, line, depth - 1)
    if kind == Kind.CONDITIONAL and len(value.items) == 3:
        for item in value.items[1:]:
            found = built_text(judge, item, scope, line, depth - 1)
            if found is not None:
                return found
    return None


def dynamic_parts(judge: Judge, value: Value, scope: int, line: int, depth: int = 6) -> Iterator[Value]:
    """Yield the parts of a string that is put together which are not the same every time."""
    if depth == 0 or judge.names.is_constant(value, scope, line):
        return
    kind = value.kind
    inner: tuple[Value, ...] = ()
    if kind == Kind.OPERATION and value.text == "*" and judge.names.is_constant(value.items[0], scope, line):
        return  # the same text, some number of times
    if kind in _PARTED or (kind == Kind.OPERATION and value.text in _JOINING):
        inner = value.items
    elif kind == Kind.COMPREHENSION:
        inner = value.items[:1]
    elif kind == Kind.DICT:
        inner = value.items[1::2]
    elif kind == Kind.CALL:
        call = judge.names.calls[value.ref]
        if call.callee.text.rpartition(".")[2] in _FORMATTING:
            inner = tuple(arg.value for arg in call.args)
    elif kind == Kind.PATH and depth == _WHOLE:
        given = built_name(judge, value, scope, line)
        if given is not None:
            inner = (given,)
    elif kind == Kind.CONDITIONAL:
        inner = value.items[1:]
    if not inner:
        yield value
    for item in inner:
        yield from dynamic_parts(judge, item, scope, line, depth - 1)


def built_name(judge: Judge, value: Value, scope: int, line: int) -> Value | None:
    """Return the string that a local name was given up to a line, if that is put together."""
    if value.kind != Kind.PATH or "." in value.text:
        return None
    given = assigned(judge.facts, value.text, scope, line)
    return given if given is not None and built_text(judge, given, scope, line) is not None else None


_PARTED: Final = frozenset({Kind.TEMPLATE, Kind.TUPLE, Kind.LIST, Kind.SPREAD})
_WHOLE: Final = 6  # the depth at which the string itself is looked at


def _part(judge: Judge, value: Value, scope: int, line: int, depth: int) -> tuple[str, bool]:
    """Return the text of a part of a string, and whether something in it is not constant."""
    text = judge.names.text(value, scope, line)
    if text is not None:
        return text, False
    inner = built_text(judge, value, scope, line, depth)
    if inner is not None:
        return inner, True
    return "{}", not judge.names.is_constant(value, scope, line)


def assigned(facts: FileFacts, name: str, scope: int, line: int) -> Value | None:
    """Return the one value that a function gives to a name before a line."""
    found = None
    for assign in facts.bodies.assigns:
        if (
            assign.scope == scope
            and assign.line <= line
            and assign.target.kind == Kind.PATH
            and assign.target.text == name
        ):
            if assign.kind == "augmented":
                return assign.value if found is None else found
            found = assign.value
    return found
