"""The constants one file declares, the numbers in it that should have a name, and the names it refers to.

Named constants: Python's upper-case or Final names of a module that are bound once, ECMAScript's top-level `const`
with a literal or frozen value, and enum members.  Magic numbers: numbers in the code of functions of production files
that stand in a comparison, an operation, a return or as a lone positional argument, without those whose meaning is
plain; each once per file.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from driftd.pipeline.facts.model import FileFacts, Kind, LiteralFact, Value
from driftd.pipeline.modules import ECMASCRIPT
from driftd.pipeline.production import is_migration, is_test
from driftd.pipeline.rendering import source_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class Constant(NamedTuple):
    """A row of the table, but for whether it is used: `always_used` says that this cannot be counted."""

    name: str
    value: str
    line: int
    column: int
    is_named: bool
    always_used: bool


def constants_of(path: str, facts: FileFacts) -> list[Constant]:
    """Return the named constants and the magic numbers of a file, by place."""
    public = _entry_names(path, facts)
    if facts.language in ECMASCRIPT:
        found = list(_ecmascript_constants(facts, public))
    else:
        found = list(_python_constants(facts, public))
    found.extend(_enum_members(facts))
    if not is_test(path) and not is_migration(path):
        found.extend(_magic_numbers(facts))
    return sorted(found, key=lambda c: (c.line, c.column, c.name))


def references_of(facts: FileFacts) -> frozenset[str]:
    """Return the names that the file refers to: reads, names looked up by string, re-exports."""
    names = set(facts.names)
    names.update(
        literal.value
        for literal in facts.texts.literals
        if literal.kind == "string" and literal.context != "docstring" and _LOOKED_UP.fullmatch(literal.value)
    )
    names.update(imported.name for imported in facts.outline.imports if imported.alias and imported.alias in names)
    names.update(export.local for export in facts.outline.exports if export.source and export.local)
    return frozenset(names)


def masked(name: str, value: str) -> str:
    """Return the value, or asterisks where the name says that it is a secret."""
    if _SECRET.search(name) is None or value in _EMPTY_VALUES:
        return value
    return "*" * 8


def suggested_name(number: str, context: str = "") -> str | None:
    """Return the name that a well-known number should have; `context` is what it is compared with or stands for.

    A status code or a port is one only where the context says so.
    """
    name = _SUGGESTIONS.get(number)
    if name is not None and name.startswith("HTTP_"):
        return name if _STATUS.search(context) else None
    if name == "PORT":
        return name if "port" in context.lower() else None
    return name


def _python_constants(facts: FileFacts, public: frozenset[str]) -> Iterator[Constant]:
    bound: dict[str, int] = {}
    for assign in facts.bodies.assigns:
        if assign.scope == 0:
            for name in _names(assign.target):
                bound[name] = bound.get(name, 0) + 1
    for assign in facts.bodies.assigns:
        target, value = assign.target, assign.value
        if assign.scope != 0 or target.kind != Kind.PATH or value is None or assign.kind not in {"assign", "declare"}:
            continue
        name = target.text
        is_final = (assign.annotation or "").rpartition(".")[2].startswith("Final")
        if bound[name] != 1 or "." in name or not (is_final or _UPPER.fullmatch(name)) or name.startswith("__"):
            continue
        if value.kind == Kind.CALL and _callee(facts, value).rpartition(".")[2] in _TYPE_FACTORIES:
            continue
        yield Constant(name, _shown(facts, value, name), assign.line, assign.column, True, name in public)


def _ecmascript_constants(facts: FileFacts, public: frozenset[str]) -> Iterator[Constant]:
    for assign in facts.bodies.assigns:
        target, value = assign.target, assign.value
        if assign.scope != 0 or assign.declares != "const" or target.kind != Kind.PATH or value is None:
            continue
        name = target.text
        if "." not in name and _is_fixed(facts, value, is_upper=_UPPER.fullmatch(name) is not None):
            yield Constant(name, _shown(facts, value, name), assign.line, assign.column, True, name in public)


def _is_fixed(facts: FileFacts, value: Value, *, is_upper: bool) -> bool:
    kind = value.kind
    if kind == Kind.CAST and value.items:
        return _is_fixed(facts, value.items[0], is_upper=is_upper or value.text == "const")
    if kind in {Kind.STRING, Kind.NUMBER, Kind.REGEX}:
        return True
    if kind == Kind.CONSTANT:
        return value.text in {"true", "false"} or is_upper
    if kind == Kind.TEMPLATE:
        return not value.items
    if kind == Kind.OPERATION:
        return all(_is_fixed(facts, item, is_upper=False) for item in value.items)
    if kind == Kind.CALL:
        return _callee(facts, value) == "Object.freeze"
    return is_upper and kind in {Kind.LIST, Kind.DICT}


def _enum_members(facts: FileFacts) -> Iterator[Constant]:
    for cls in facts.outline.classes:
        bases = {base.value.text.rpartition(".")[2] for base in cls.bases}
        if cls.kind != "enum" and bases.isdisjoint(_ENUM_BASES):
            continue
        for member in cls.members:
            if member.name.startswith("_") or (member.value is None and facts.language == "python"):
                continue
            # Members are reached by iteration and by value, so that nothing can be said about a single one's use.
            text = ""
            if member.value is not None:
                text = _shown(facts, member.value, member.name)
            yield Constant(member.name, text, member.line, 1, True, True)


def _magic_numbers(facts: FileFacts) -> Iterator[Constant]:
    literals = [literal for literal in facts.texts.literals if literal.kind == "number"]
    arguments: dict[int, int] = {}
    for literal in literals:
        if literal.context == "argument":
            arguments[literal.line] = arguments.get(literal.line, 0) + 1
    seen: set[str] = set()
    for literal in sorted(literals, key=lambda each: (each.line, each.column)):
        if literal.scope <= 0 or literal.context not in _MAGIC_CONTEXTS or literal.value in seen:
            continue
        if literal.context == "argument" and (literal.name or arguments[literal.line] > 1):
            continue  # a keyword names it; several are coordinates, colours, dates, versions
        if _UPPER.fullmatch(literal.name):
            continue
        if _is_plain(literal):
            continue
        seen.add(literal.value)
        raw = literal.raw or literal.value
        yield Constant(suggested_name(raw, literal.name) or raw, raw, literal.line, literal.column, False, True)


def _is_plain(literal: LiteralFact) -> bool:
    raw = (literal.raw or literal.value).replace("_", "").lower().rstrip("nlj")
    if raw.startswith(("0x", "0b", "0o")):
        return len(raw) >= 8 or _power_of_two(int(raw, 0)) or int(raw, 0) <= _SMALL
    try:
        number = float(raw)
    except ValueError:
        return True
    if number in _PLAIN or (number == int(number) and number <= _SMALL):
        return True
    return literal.context == "operation" and number == int(number) and _power_of_two(int(number))


def _power_of_two(number: int) -> bool:
    return number > 0 and number & (number - 1) == 0


def _shown(facts: FileFacts, value: Value, name: str) -> str:
    if value.kind == Kind.CALL:
        text = f"{_callee(facts, value)}(…)"
    else:
        text = source_text(value, facts.texts.literals, facts.language)
    return masked(name, text)


def _callee(facts: FileFacts, value: Value) -> str:
    return facts.bodies.calls[value.ref].callee.text


def _names(target: Value) -> Sequence[str]:
    if target.kind == Kind.PATH:
        return (target.text,)
    return [name for item in target.items for name in _names(item)]


def _entry_names(path: str, facts: FileFacts) -> frozenset[str]:
    stem = path.rpartition("/")[2].partition(".")[0]
    if stem not in {"__init__", "index"}:
        return frozenset()
    if stem == "__init__" and not facts.outline.exports:
        return frozenset(
            name for a in facts.bodies.assigns if a.scope == 0 for name in _names(a.target) if not name.startswith("_")
        )
    return frozenset(name for export in facts.outline.exports for name in (export.local, export.name) if name)


_UPPER: Final = re.compile(r"_?[A-Z][A-Z0-9_]*[A-Z0-9]")
_LOOKED_UP: Final = re.compile(r"[A-Za-z_]\w{1,79}")
_TYPE_FACTORIES: Final = frozenset({"TypeVar", "ParamSpec", "TypeVarTuple", "NewType", "namedtuple", "NamedTuple"})
_ENUM_BASES: Final = frozenset(
    {"Enum", "IntEnum", "StrEnum", "Flag", "IntFlag", "ReprEnum", "Choices", "TextChoices", "IntegerChoices"}
)
_MAGIC_CONTEXTS: Final = frozenset({"argument", "comparison", "operation", "return"})
_PLAIN: Final = frozenset({0.0, 0.5, 1.0, 2.0, 100.0, 1000.0})
_SMALL: Final = 10  # counts and digits explain themselves
_STATUS: Final = re.compile(r"status|code|http", re.IGNORECASE)
_SUGGESTIONS: Final = {
    "200": "HTTP_OK",
    "201": "HTTP_CREATED",
    "204": "HTTP_NO_CONTENT",
    "301": "HTTP_MOVED_PERMANENTLY",
    "302": "HTTP_FOUND",
    "304": "HTTP_NOT_MODIFIED",
    "400": "HTTP_BAD_REQUEST",
    "401": "HTTP_UNAUTHORIZED",
    "403": "HTTP_FORBIDDEN",
    "404": "HTTP_NOT_FOUND",
    "500": "HTTP_INTERNAL_SERVER_ERROR",
    "3000": "PORT",
    "3001": "PORT",
    "4000": "PORT",
    "5000": "PORT",
    "8000": "PORT",
    "8080": "PORT",
    "24": "HOURS_PER_DAY",
    "60": "SECONDS_PER_MINUTE",
    "365": "DAYS_PER_YEAR",
    "1440": "MINUTES_PER_DAY",
    "3600": "SECONDS_PER_HOUR",
    "86400": "SECONDS_PER_DAY",
    "1024": "BYTES_PER_KB",
    "1048576": "BYTES_PER_MB",
    "255": "MAX_BYTE",
    "4096": "PAGE_SIZE",
    "65535": "MAX_UINT16",
}
_SECRET: Final = re.compile(
    r"(private|secret|encryption|signing|master|api|access)_?key|password|passwd|(^|_)pwd($|_)|connection_string"
    r"|database_url|(access|auth|bearer|refresh|session|id)_?token|bearer|(webhook|client|jwt|session)_?secret"
    r"|(^|_)(secret|token)$",
    re.IGNORECASE,
)
_EMPTY_VALUES: Final = frozenset({"''", '""', "None", "null", "True", "False", "true", "false", "[]", "()", "{}"})
