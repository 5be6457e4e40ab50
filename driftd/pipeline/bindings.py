"""How a name gets its value: bindings, and the tables of them that a file's scopes hold.

A binding is a small expression: it says how a value would be found, and is evaluated by `call_graph.symbols`.  Bindings
are data that is comparable and holds no lines, so that an edit which moves code leaves them equal.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import msgspec


class Means:
    """How the value of a name is found; plain numbers, as in `facts.model.Kind`."""

    NOTHING: Final = 0  # bound, but to no value a call could go to: None, a declaration
    OPAQUE: Final = 1  # bound to something that is not followed
    FUNCTION: Final = 2  # ref = index into functions
    CLASS: Final = 3  # ref = index into classes
    IMPORT: Final = 4  # text = module as written, name = what is taken from it ("" or "*": the module itself)
    PATH: Final = 5  # text = access path
    RESULT: Final = (
        6  # of a call: text = access path of what is called, or items[0] = what it is; further items = arguments
    )
    TYPED: Final = 7  # an instance of what the annotation `text` admits; items = the value, if there is one
    RECEIVER: Final = 8  # ref = class whose instance this is
    OWN_CLASS: Final = 9  # ref = class that this is
    ENTERED: Final = 10  # items = the context manager: what `with` binds
    LITERAL: Final = 11  # a value of a type of the language itself; text = what it is as a key, if it is short
    MEMBER: Final = 12  # text = attribute, items = the object
    ITEM: Final = 13  # items = the container and the key
    DISPLAY: Final = 14  # a list, tuple, set or dictionary that is written out: ref = index into displays
    ELEMENT: Final = 15  # items = what is iterated over
    ANY: Final = 16  # items = the alternatives
    PARAM: Final = 17  # ref = function, text = name, name = annotation, items = the default, if any
    IN: Final = 18  # items = a binding to be evaluated in the scope `ref`
    REST: Final = 19  # items = the sequence, ref = where the slice starts, -1 where that is not known
    KEYWORD: Final = 20  # a keyword argument: text = name, items = the value
    OBJECT: Final = 21  # an ECMAScript object that is made here: ref = index into displays
    GIVEN = (
        22  # what a library function passes to a callback: items[0] = the call, text = which argument, ref = parameter
    )
    SETTLER: Final = 23  # what settles the promise `ref`: text = "value" or "reason"
    AWAITED: Final = 24  # items = what is awaited


class Binding(msgspec.Struct, frozen=True, array_like=True, gc=False, omit_defaults=True):
    """One way a name gets a value."""

    means: int
    ref: int = -1
    text: str = ""
    name: str = ""
    items: tuple[Binding, ...] = ()


NOTHING: Final = Binding(Means.NOTHING)
OPAQUE: Final = Binding(Means.OPAQUE)
LITERAL: Final = Binding(Means.LITERAL)


class Display(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A container that is written out, with the scope it stands in.

    `entries` are keys with values: "" is a key that is not known, a position is its number, a string has a quote
    before it (see `key_of_text`).  `kind` is what ECMAScript makes of it: "object", "array", "map", "set", "promise";
    its further keys are in `call_graph.objects`.
    """

    scope: int
    is_mapping: bool
    entries: tuple[tuple[str, Binding], ...]
    kind: str = ""


class Site(NamedTuple):
    """A binding where it stands: it holds from the line after `line`; `region` as in the facts, -2 if elsewhere."""

    line: int
    region: int
    binding: Binding


Table = dict[str, list[Site]]
Settled = dict[str, tuple[Binding, ...]]


class Write(NamedTuple):
    """A place that is assigned through an object: an attribute (`name` set) or an item (`key` set)."""

    scope: int
    line: int
    region: int
    target: Binding
    name: str
    key: Binding | None
    value: Binding


def key_of_text(text: str) -> str:
    """Return the key of a string."""
    return f"'{text}"
