"""How a name gets its value: bindings, and the tables of them that a file's scopes hold.

A binding is a small expression: it says how a value would be found, and is evaluated by `call_graph.symbols`.  Bindings
are data that is comparable and holds no lines, so that an edit which moves code leaves them equal.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence


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
    before it (see `key_of_text`).
    """

    scope: int
    is_mapping: bool
    entries: tuple[tuple[str, Binding], ...]


class Site(NamedTuple):
    """A binding where it stands: it holds from the line after `line`; `region` as in the facts, -2 if elsewhere."""

    line: int
    region: int
    binding: Binding


Table = dict[str, list[Site]]
Settled = dict[str, tuple[Binding, ...]]


class Scopes:
    """The name tables of one file.

    `functions[i]` and `classes[i]` are parallel to the outline, as are `fields` (what is stored on instances).
    `comprehensions` are by region: their variables.  `writes` are places that are assigned through something else than
    a name of the scope: (scope, line, region, object, attribute, key, value), `attribute` set or else `key`.
    """

    __slots__ = (
        "abstract", "classes", "comprehensions", "decorations", "displays", "fields", "functions", "keyed", "outer", "results", "writes",
        "yields",
    )  # fmt: skip

    def __init__(self, functions: int, classes: int) -> None:
        self.functions: list[Table] = [{} for _ in range(functions)]
        self.classes: list[Table] = [{} for _ in range(classes)]
        self.fields: list[Table] = [{} for _ in range(classes)]
        self.comprehensions: dict[int, dict[str, Binding]] = {}
        self.outer: dict[int, dict[str, bool]] = {}  # function -> names it declares global (True) or nonlocal
        self.displays: list[Display] = []
        self.keyed: set[tuple[int, str]] = set()  # names that are used as keys, by function
        self.results: dict[int, list[Binding]] = {}  # function -> what it returns
        self.yields: dict[int, list[Binding]] = {}
        self.abstract: set[int] = set()  # functions that only say that a subclass must implement them
        self.decorations: dict[int, list[Binding]] = {}  # function -> decorators whose arguments say what is passed
        self.writes: list[Write] = []


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


def settled(table: Table) -> Settled:
    """Return what each name of a table can mean to code that runs after the table's own code."""
    return {
        name: (sites[0].binding,) if len(sites) == 1 else tuple(dict.fromkeys(reaching(sites)))
        for name, sites in table.items()
    }


def reaching(sites: Sequence[Site]) -> list[Binding]:
    """Return the bindings that can hold at the end: the last unconditional one and what may replace it."""
    start = next((i for i in range(len(sites) - 1, -1, -1) if sites[i].region == -1), 0)
    return [site.binding for site in sites[start:]]


@lru_cache(maxsize=8192)
def annotation_paths(text: str) -> tuple[str, ...]:
    """Return the access paths of the classes whose instances an annotation admits; () if it says nothing usable.

    None, null and undefined are left out; Optional, Union, Annotated, Promise and the like are looked into.
    """
    text = text.strip()
    if text[:1] in {"'", '"'} and text[-1:] == text[:1]:
        text = text[1:-1].strip()
    choices = _split(text, "|")
    if len(choices) > 1:
        return tuple(dict.fromkeys(path for choice in choices for path in annotation_paths(choice)))
    match = _ANNOTATION.fullmatch(text)
    if match is None or text.endswith("[]"):
        return ()
    path, arguments = match["path"], match["arguments"]
    last = path.rpartition(".")[2]
    if arguments is not None and last in _WRAPPERS:
        inner = _split(arguments, ",")
        if last == "Annotated":
            inner = inner[:1]
        elif last == "Coroutine":
            inner = inner[-1:]
        return tuple(dict.fromkeys(path for choice in inner for path in annotation_paths(choice)))
    return () if last in _NO_CLASS else (path,)


_ANNOTATION: Final = re.compile(r"(?P<path>[^\W\d][\w$]*(?:\.[\w$]+)*)(?:[\[<](?P<arguments>.*)[\]>])?", re.DOTALL)
_WRAPPERS: Final = frozenset(
    {"Optional", "Union", "Annotated", "Final", "ClassVar", "Awaitable", "Coroutine", "Promise", "Readonly", "Required",
     "Partial", "NonNullable", "Mapped", "PromiseLike"}
)  # fmt: skip
_NO_CLASS: Final = frozenset(
    {"None", "null", "undefined", "void", "any", "Any", "unknown", "never", "object", "type", "Type"}
)


def _split(text: str, separator: str) -> list[str]:
    if separator not in text:
        return [text]
    pieces, depth, start = [], 0, 0
    for at, char in enumerate(text):
        if char in "[<({":
            depth += 1
        elif char in "]>)}":
            depth -= 1
        elif char == separator and depth == 0:
            pieces.append(text[start:at])
            start = at + 1
    pieces.append(text[start:])
    return [piece for piece in (p.strip() for p in pieces) if piece]
