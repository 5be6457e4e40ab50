"""What names and expressions can stand for, and sets of it.

An answer is a tuple of entities in a fixed order, each once; an empty one means that nothing is known to be there.
"""

from __future__ import annotations

import builtins
from enum import IntEnum
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable


class Is(IntEnum):
    """What an entity is."""

    FUNCTION = 0
    CLASS = 1
    INSTANCE = 2  # of the class `file`, `number`
    MODULE = 3  # file
    FOLDER = 4  # a namespace package: file = its folder
    EXTERNAL = 5  # file = dotted name of something of another package
    BUILTIN = 6  # file = name of a built-in function or class, "" for an instance of one
    UNKNOWN = 7  # cannot be followed
    METHOD = 8  # a function with its first parameter bound: extra = what it is bound to
    GENERATOR = 9  # what calling the generator function gives; extra = what the function is bound to, if anything
    DISPLAY = 10  # a container that is written out; extra = the view of it: a position where it starts, or a word
    BAG = 11  # a container of known content: extra = entities
    CONSTANT = 12  # a short literal: file = the key that it is
    ARGUMENTS = 13  # the rest parameter `extra` of a function
    SUPER = 14  # `super()`: the class whose code says so; extra = the instance
    ACTION = 15  # a method of a container: extra = (container, name)
    REQUEST = 17  # pytest's `request` in the fixture function
    PACKAGE = 30  # file = its dotted name, or its folder; extra = the family of languages
    TYPED = 16  # an instance of a built-in generic: file = where the annotation stands, extra = (scope, annotation)


class Entity(NamedTuple):
    """What a name can stand for.  `number` is the index of a function or a class in its file."""

    what: Is
    file: str = ""
    number: int = -1
    extra: object = None


Entities: TypeAlias = "tuple[Entity, ...]"

UNKNOWN: Final = Entity(Is.UNKNOWN)
MANY: Final = Entity(Is.UNKNOWN, "many")  # more than `MOST` things flow in
BUILTIN: Final = Entity(Is.BUILTIN)
NONE: Final[Entities] = ()
MOST: Final = 5  # entities that flow into one place; with more of them nothing is said

CALLABLE: Final = frozenset({Is.FUNCTION, Is.METHOD, Is.CLASS, Is.INSTANCE})

PYTHON_BUILTINS: Final = frozenset(dir(builtins)) | {"__file__", "__name__", "__path__"}
ECMASCRIPT_GLOBALS: Final = frozenset(
    [
        "AbortController", "Array", "ArrayBuffer", "BigInt", "Blob", "Boolean", "Buffer", "Bun", "DataView",
        "Date", "Deno", "Error", "EvalError", "Event", "EventTarget", "File", "FileReader", "FormData",
        "Function", "Headers", "Infinity", "Int16Array", "Int32Array", "Int8Array", "Intl", "JSON", "Map", "Math",
        "NaN", "Number", "Object", "Promise", "Proxy", "RangeError", "ReferenceError", "Reflect", "RegExp",
        "Request", "Response", "Set", "SharedArrayBuffer", "String", "Symbol", "SyntaxError", "TextDecoder",
        "TextEncoder", "TypeError", "URIError", "URL", "URLSearchParams", "Uint16Array", "Uint32Array",
        "Uint8Array", "WeakMap", "WeakRef", "WeakSet", "WebSocket", "Worker", "XMLHttpRequest", "alert", "atob",
        "btoa", "cancelAnimationFrame", "clearImmediate", "clearInterval", "clearTimeout", "confirm", "console",
        "crypto", "decodeURI", "decodeURIComponent", "document", "encodeURI", "encodeURIComponent", "escape",
        "eval", "fetch", "global", "globalThis", "history", "isFinite", "isNaN", "localStorage", "location",
        "navigator", "parseFloat", "parseInt", "performance", "process", "prompt", "queueMicrotask",
        "requestAnimationFrame", "require", "self", "sessionStorage", "setImmediate", "setInterval", "setTimeout",
        "structuredClone", "undefined", "unescape", "window",
    ]
)  # fmt: skip


def union(groups: Iterable[Entities]) -> Entities:
    """Return the entities of all groups, each once, in the order of first appearance."""
    found: Entities = NONE
    for group in groups:
        if not found:
            found = group
        elif group and group != found:
            found = tuple(dict.fromkeys(found + group))
    return found


def known(entities: Entities) -> Entities:
    """Return the entities without the unknown ones."""
    return tuple([e for e in entities if e.what is not Is.UNKNOWN]) if UNKNOWN in entities else entities


def merge(lines: list[list[Entity]]) -> list[Entity]:
    """Return the C3 linearisation; where the order is inconsistent, the first head goes on."""
    result: list[Entity] = []
    while lines:
        head = next(
            (line[0] for line in lines if not any(line[0] in other[1:] for other in lines)),
            lines[0][0],
        )
        result.append(head)
        lines = [rest for line in lines if (rest := [e for e in line if e != head])]
    return result
