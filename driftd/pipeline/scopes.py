"""The name tables of one file while they are filled and read, and what their bindings amount to.

Apart from `bindings`, whose structs a compiled module must not declare.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from driftd.pipeline.bindings import Binding, Display, Settled, Site, Table, Write


class Scopes:
    """The name tables of one file.

    `functions[i]` and `classes[i]` are parallel to the outline, as are `fields` (what is stored on instances).
    `comprehensions` are by region: their variables.  `writes` are places that are assigned through something else than
    a name of the scope: (scope, line, region, object, attribute, key, value), `attribute` set or else `key`.
    """

    __slots__ = (
        "abstract", "classes", "comprehensions", "decorations", "displays", "exported", "fields", "functions", "homes", "keyed",
        "members", "outer", "results", "uses_arguments",
        "writes", "yields",
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
        # ECMAScript only:
        self.homes: dict[int, Binding] = {}  # function -> the object that it is written into
        self.members: dict[
            int, Table
        ] = {}  # function -> "name" of itself, "prototype.name", "this.name" of its instances
        self.exported: Settled | None = None
        self.uses_arguments = False  # whether a function can read all its arguments without a parameter for them


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
