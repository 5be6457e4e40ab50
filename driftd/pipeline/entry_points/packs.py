"""Entry point packs: by which decorators, calls, bases and conventions a framework finds the functions it calls.

A symbol is written as imported (`flask.Flask.route`); `**.` stands for any part of the way there, which for a method
leaves its class open (`flask.**.route`), and `*` for anything within a name.  `global.it` is a name that nothing in
the file binds.  Files are globs of paths, names globs of qualified names; in neither does `*` go beyond a part, and at
the start of a name it leaves out those with an underscore, which are nobody else's business.
"""

import re
from functools import cache
from importlib.resources import files
from typing import Final, Literal

import msgspec

from driftd.pipeline.parsed import toml

Reason = Literal["route", "command", "task", "signal", "hook", "main", "test", "fixture", "component", "export"]

# Where a function is several things, the first one says what it is.
REASONS: Final[tuple[Reason, ...]] = (
    "route", "command", "task", "signal", "hook", "main", "test", "fixture", "component", "export",
)  # fmt: skip


class Decorators(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Functions with one of these decorators."""

    symbols: tuple[str, ...]
    reason: Reason


class Registrations(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Functions that are handed to one of these: by the positions and names in `arguments`, by any if there are none.

    Of a class that is handed over those `methods` count; `files` limits where such calls are looked for.
    """

    symbols: tuple[str, ...]
    reason: Reason
    arguments: tuple[int | str, ...] = ()
    methods: tuple[str, ...] = ()
    files: tuple[str, ...] = ()


class Bases(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Methods of classes with one of these among their ancestors."""

    symbols: tuple[str, ...]
    methods: tuple[str, ...]
    reason: Reason


class Marks(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Methods of classes with one of these decorators."""

    symbols: tuple[str, ...]
    methods: tuple[str, ...]
    reason: Reason


class Names(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Functions that are called so, in files that are called so; `parameters` are globs, all of them in this order."""

    names: tuple[str, ...]
    reason: Reason
    files: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()


class Exports(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What files of these names export under these names; of a class those `methods`."""

    files: tuple[str, ...]
    reason: Reason
    names: tuple[str, ...] = ("*",)
    methods: tuple[str, ...] = ()


class Guards(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Top-level code of a file that runs a part only if `left` equals `right`, or calls `left` where `right` is `()`."""

    left: str
    right: str
    reason: Reason


class Markup(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Exported functions that return markup."""

    reason: Reason


class Example(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Files and all that is called from outside in them, as `file:qualified name reason`: run as a test."""

    files: dict[str, str]
    found: tuple[str, ...]


class Pack(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One framework, or the conventions of one language."""

    name: str
    languages: tuple[str, ...]
    decorators: tuple[Decorators, ...] = ()
    registrations: tuple[Registrations, ...] = ()
    bases: tuple[Bases, ...] = ()
    marks: tuple[Marks, ...] = ()
    names: tuple[Names, ...] = ()
    exports: tuple[Exports, ...] = ()
    guards: tuple[Guards, ...] = ()
    markup: tuple[Markup, ...] = ()
    examples: tuple[Example, ...] = ()


@cache
def packs() -> dict[str, Pack]:
    """Return all packs by name; raises ValueError naming the pack that is not sound."""
    found: dict[str, Pack] = {}
    folder = files("driftd.pipeline.packs").joinpath("entry_points")
    for resource in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if not resource.name.endswith(".toml"):
            continue
        try:
            pack = msgspec.convert(toml(resource.read_text(encoding="utf-8")), Pack)
        except (ValueError, msgspec.ValidationError) as error:
            raise ValueError(f"the entry point pack {resource.name} is not sound: {error}") from error
        found[pack.name] = pack
    return found


@cache
def packs_of(language: str) -> tuple[Pack, ...]:
    """Return the packs of a language."""
    return tuple([pack for pack in packs().values() if language in pack.languages])


@cache
def watched_calls(language: str) -> frozenset[str]:
    """Return the last names of everything that functions are handed to in some framework of the language."""
    return frozenset(
        symbol.rpartition(".")[2]
        for pack in packs_of(language)
        for rule in pack.registrations
        for symbol in rule.symbols
    )


@cache
def watched_guards(language: str) -> frozenset[tuple[str, str]]:
    """Return both sides of the comparisons that tell whether a file is run."""
    return frozenset((rule.left, rule.right) for pack in packs_of(language) for rule in pack.guards)


class Globs:
    """Whether texts match any of some globs of dotted or slashed parts; `**` and the separator stand for any parts."""

    def __init__(self, globs: tuple[str, ...], separator: str) -> None:
        """Take what separates the parts."""
        self._known: dict[str, bool] = {}
        self._pattern = re.compile("|".join(_translated(glob, separator) for glob in globs) or "(?!)", re.DOTALL)

    def __contains__(self, text: str) -> bool:
        found = self._known.get(text)
        if found is None:
            found = self._known[text] = self._pattern.fullmatch(text) is not None
        return found


def _translated(glob: str, separator: str) -> str:
    part = f"[^{re.escape(separator)}]*"
    pieces = re.split(rf"(\*\*{re.escape(separator)}|\*)", glob)
    marks = {f"**{separator}": f"(?:.*{re.escape(separator)})?", "*": part}
    start = "(?!_)" if glob.startswith("*") and separator == "." else ""
    return f"(?:{start}{''.join(marks.get(piece, re.escape(piece)) for piece in pieces)})"
