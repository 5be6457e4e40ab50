"""What ECMAScript's own library does with the functions and values it is given, as data.

Keyed by the name of a method for values that are known to be arrays, collections, promises, generators or functions,
and by the dotted name for functions of the language and of the platform.
"""

from __future__ import annotations

from typing import Final

# Methods of arrays (and of iterators) that call their first argument with (element, position, array).
EACH: Final = frozenset(
    ["every", "filter", "find", "findIndex", "findLast", "findLastIndex", "flatMap", "forEach", "map", "some"]
)
REDUCE: Final = frozenset(["reduce", "reduceRight"])
COMPARE: Final = frozenset(["sort", "toSorted"])
PROMISE: Final = frozenset(["then", "catch", "finally"])
CALLING: Final = frozenset(["apply", "bind", "call"])
TIMERS: Final[dict[str, int]] = {"setTimeout": 2, "setInterval": 2, "setImmediate": 1}  # position of the first argument

# Methods of arrays by what they give.
SAME: Final = frozenset(["copyWithin", "fill", "reverse", "sort"])
ELEMENT: Final = frozenset(["at", "find", "findLast", "pop", "shift"])
ARRAY: Final = frozenset(["concat", "filter", "slice", "splice", "toReversed", "toSorted", "toSpliced", "with"])
# Methods that add, by the position of the first argument that is added.
ADDING: Final[dict[str, int]] = {"fill": 0, "push": 0, "splice": 2, "unshift": 0}

ARRAY_METHODS: Final = (
    EACH | REDUCE | COMPARE | SAME | ELEMENT | ARRAY | frozenset(ADDING)
    | {"@@iterator", "entries", "flat", "includes", "indexOf", "join", "keys", "lastIndexOf", "toString", "values"}
)  # fmt: skip
METHODS: Final[dict[str, frozenset[str]]] = {
    "array": frozenset(ARRAY_METHODS),
    "iterator": frozenset(EACH | REDUCE | {"@@iterator", "drop", "next", "return", "take", "throw", "toArray"}),
    "map": frozenset(["@@iterator", "clear", "delete", "entries", "forEach", "get", "has", "keys", "set", "values"]),
    "set": frozenset(["@@iterator", "add", "clear", "delete", "entries", "forEach", "has", "keys", "values"]),
    "promise": PROMISE,
    "object": frozenset(["__defineGetter__", "__defineSetter__"]),
}
# What every object has and nobody follows.
PLAIN_METHODS: Final = frozenset(
    ["hasOwnProperty", "isPrototypeOf", "propertyIsEnumerable", "toLocaleString", "toString", "valueOf", "length", "size",
     "description", "clear", "delete", "has"]
)  # fmt: skip

# Functions of the language that are told apart by name.
NAMESPACES: Final = frozenset(["Array", "Function", "Object", "Promise", "Reflect"])

# Functions of the language that hand on what they are given.
HANDING: Final = frozenset(TIMERS) | {
    "Array.from", "Object.assign", "Object.defineProperties", "Object.defineProperty", "Object.setPrototypeOf", "Promise",
    "Reflect.apply", "Reflect.defineProperty",
}  # fmt: skip

CALLBACK_METHODS: Final = EACH | REDUCE | COMPARE | PROMISE | frozenset(TIMERS) | {"from"}
# Calls whose arguments matter for what they give.
TAKING_ARGUMENTS: Final = (
    CALLBACK_METHODS | CALLING
    | {"all", "allSettled", "any", "concat", "entries", "fromEntries", "get", "getPrototypeOf", "import", "of", "race",
       "reject", "require", "resolve", "values", "with", "assign", "flat", "construct"}
)  # fmt: skip
