"""What names and expressions can stand for, and sets of it.

An answer is a tuple of entities in a fixed order, each once; an empty one means that nothing is known to be there.
"""

from __future__ import annotations

import builtins
from typing import Any, Final, TypeAlias

import msgspec


class Is:
    """What an entity is; plain numbers, as in `facts.model.Kind`."""

    FUNCTION: Final = 0
    CLASS: Final = 1
    INSTANCE: Final = 2  # of the class `file`, `number`
    MODULE: Final = 3  # file
    FOLDER: Final = 4  # a namespace package: file = its folder
    EXTERNAL: Final = 5  # file = dotted name of something of another package, `f()` for what f gives; extra: package
    BUILTIN: Final = 6  # file = name of a built-in function or class, "" for an instance of one
    UNKNOWN: Final = 7  # cannot be followed
    METHOD: Final = 8  # a function with its first parameter bound: extra = what it is bound to
    GENERATOR: Final = (
        9  # what calling the generator function gives; extra = what the function is bound to, if anything
    )
    DISPLAY: Final = (
        10  # a container that is written out; extra = the view of it: a position where it starts, or a word
    )
    BAG: Final = 11  # a container of known content: extra = entities
    CONSTANT: Final = 12  # a short literal: file = the key that it is
    ARGUMENTS: Final = 13  # the rest parameter `extra` of a function
    SUPER: Final = 14  # `super()`: the class whose code says so; extra = the instance
    ACTION: Final = 15  # a method of a container: extra = (container, name)
    REQUEST: Final = 17  # pytest's `request` in the fixture function
    OBJECT: Final = 18  # an ECMAScript object by where it is made: number = its display; extra = where its rest starts
    BUNDLE: Final = (
        19  # one that the library makes: file = its kind, number = how deep it is, extra = keys with entities
    )
    MADE: Final = 20  # what `new` makes of a function
    PROTO: Final = 21  # the prototype of a function, or of a class where `number` is ~ its index
    SETTLER: Final = 22  # what settles the promise `number`: extra = "value" or "reason"
    PACKAGE: Final = 30  # file = its dotted name, or its folder; extra = the family of languages
    TYPED: Final = (
        16  # an instance of a built-in generic: file = where the annotation stands, extra = (scope, annotation)
    )


class Entity(msgspec.Struct, frozen=True, gc=False):
    """What a name can stand for.  `number` is the index of a function or a class in its file.

    A struct, because it is made in a third of the time that a named tuple takes.
    """

    what: int
    file: str = ""
    number: int = -1
    extra: Any = None

    def _replace(self, **changes: Any) -> Entity:
        """Return the entity with other fields, as a named tuple does."""
        return msgspec.structs.replace(self, **changes)


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
