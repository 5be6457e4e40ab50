"""Reads snippets with the ECMAScript adapter and writes values as short text, so that tests state whole facts."""

from __future__ import annotations

from textwrap import dedent

from driftd.pipeline.facts.languages.ecmascript import ADAPTER
from driftd.pipeline.facts.model import FileFacts, Function, Kind, Value, kind_name

_LITERALS = frozenset({Kind.STRING, Kind.NUMBER, Kind.REGEX})


def facts(code: str, language: str = "typescript") -> FileFacts:
    """Return the facts of a snippet, its common indentation and first newline removed."""
    return ADAPTER.extract(dedent(code).removeprefix("\n").encode(), language)


def function(found: FileFacts, name: str) -> Function:
    """Return the one function with this qualified name."""
    (match,) = [each for each in found.outline.functions if each.qualified_name == name]
    return match


def show(value: Value | None, found: FileFacts) -> str:
    """Write a value as source-like text: `(op a b)` for operators, `f(x)` for calls, `[…]`, `{k: v}`."""
    if value is None:
        return "-"
    kind, text = value.kind, value.text
    items = [show(item, found) for item in value.items]
    if kind in _LITERALS:
        literal = found.texts.literals[value.ref]
        return repr(literal.value) if kind is Kind.STRING else literal.raw
    if kind is Kind.TEMPLATE:
        return f"`{found.texts.literals[value.ref].value}`" + (f"%({', '.join(items)})" if items else "")
    if kind is Kind.CALL:
        return show_call(found, value.ref)
    if kind is Kind.FUNCTION:
        return f"<{found.outline.functions[value.ref].qualified_name}>"
    if kind is Kind.CLASS:
        return f"<class {found.outline.classes[value.ref].qualified_name}>"
    if kind is Kind.LIST:
        return f"[{', '.join(items)}]"
    if kind is Kind.DICT:
        pairs = zip(items[::2], items[1::2], strict=True)
        return "{" + ", ".join(f"{key}: {item}" for key, item in pairs) + "}"
    if kind is Kind.MEMBER:
        return f"{items[0]}.{text}" if items else f".{text}"
    if kind is Kind.INDEX:
        return f"{items[0]}[{items[1]}]"
    if kind in {Kind.PATH, Kind.CONSTANT}:
        return text
    if kind is Kind.SPREAD:
        return f"...{''.join(items)}"
    if kind is Kind.UNKNOWN and not items:
        return "?"
    head = " ".join(part for part in (kind_name(kind), text) if part)
    return f"({' '.join([head, *items])})"


def show_call(found: FileFacts, index: int) -> str:
    """Write a call as `callee(arguments)`, a construction with `new` before it."""
    call = found.bodies.calls[index]
    args = [f"{arg.name}={show(arg.value, found)}" if arg.name else show(arg.value, found) for arg in call.args]
    return f"{'new ' if call.is_new else ''}{show(call.callee, found)}({', '.join(args)})"


def calls(found: FileFacts) -> list[str]:
    """Write all calls."""
    return [show_call(found, index) for index in range(len(found.bodies.calls))]


def assigns(found: FileFacts) -> list[str]:
    """Write all assignments as `kind [declares] target = value`."""
    return [
        " ".join(
            part for part in (fact.kind, fact.declares, show(fact.target, found), "=", show(fact.value, found)) if part
        )
        for fact in found.bodies.assigns
    ]


def functions(found: FileFacts) -> list[tuple[str, str, int, int]]:
    """Return qualified name, kind and lines of all functions but the module."""
    return [(each.qualified_name, each.kind, each.line, each.end_line) for each in found.outline.functions[1:]]
