"""What languages' own and well-known libraries declare, as data from the packs: where a name without a path comes from."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from driftd.pipeline.parsed import toml

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Library(NamedTuple):
    """What is known of the libraries of a family of languages.

    declares: by package, namespace or module the names that it declares; whole: those of which all names are known
    heads: the first names of all of them
    implicit: by language the packages that need no import
    within: by module the modules that an import of it brings along
    plain: by package the types of the language's own data, calls of which are calls of built-ins (`*` for the beginning)
    functions, classes: what no package declares
    namespaces: C++ namespaces by the beginnings of the headers that bring them
    headers: beginnings of C headers with their library; prefixes: how all names of a module, or of a library, begin
    """

    declares: Mapping[str, frozenset[str]]
    whole: frozenset[str] = frozenset()
    heads: frozenset[str] = frozenset()
    implicit: Mapping[str, tuple[str, ...]] = {}
    within: Mapping[str, tuple[str, ...]] = {}
    plain: Mapping[str, tuple[str, ...]] = {}
    functions: frozenset[str] = frozenset()
    classes: frozenset[str] = frozenset()
    namespaces: Mapping[str, tuple[str, ...]] = {}
    headers: tuple[tuple[str, str], ...] = ()
    prefixes: Mapping[str, tuple[str, ...]] = {}

    def home(self, modules: Sequence[str], language: str, name: str) -> str:
        """Return which of the modules that a file takes everything from declares a name; "" if that is not sure.

        It is the one that is known to, or else the only one of which it is not known that it does not.
        """
        declares = self.declares
        brought = [*modules, *[inner for module in modules for inner in self.within.get(module, ())]]
        confirmed = [m for m in dict.fromkeys(brought) if name in declares.get(m, ())]
        if confirmed:
            return confirmed[0] if len(confirmed) == 1 else ""
        for module in self.implicit.get(language, ()):
            if name in declares[module]:
                return module
        if not name[:1].isupper() or "_" in name:
            return ""  # no name of a type
        open_ = [m for m in dict.fromkeys(modules) if m not in self.whole and name.startswith(self.prefixes.get(m, ""))]
        return open_[0] if len(open_) == 1 else ""

    def is_plain(self, module: str, name: str) -> bool:
        """Whether a type is plain data of the language."""
        return any(name == each or (each[:1] == "*" and name.endswith(each[1:])) for each in self.plain.get(module, ()))

    def namespace_of(self, symbol: str, others: Sequence[str]) -> str:
        """Return the longest known namespace, or other one, that a full name begins with; "" if there is none."""
        at = symbol
        while "." in at:
            at = at.rpartition(".")[0]
            if at in self.declares or at in others:
                return at
        return ""

    def is_type(self, symbol: str) -> bool:
        """Whether a full name is that of a known type."""
        namespace, _, name = symbol.rpartition(".")
        return name in self.declares.get(namespace, ())


@cache
def library(family: str) -> Library | None:
    """Return what is known of the libraries of a family of languages, if anything is."""
    if family not in _PACKS:
        return None
    pack = _read(_PACKS[family])
    if family == "c":
        return _of_c(pack)
    if family == "php":
        return Library({}, functions=_names(pack["functions"]), classes=_names(pack["classes"]))
    if family == "ruby":
        core = {"ruby": _names(pack["core"])}
        return Library(core, functions=_names(pack["kernel"]), classes=_names(pack["plain"]))
    whole = {module: _names(text) for module, text in pack["whole"].items()}
    declares = whole | {module: _names(text) for module, text in pack["partial"].items()}
    for module in pack.get("c", ()):
        declares[module] = _names(_read(_PACKS["c"])["libc"])
    implicit = {language: tuple(modules) for language, modules in pack["implicit"].items()}
    within = {module: tuple(inner) for module, inner in pack.get("within", {}).items()}
    prefixes = {module: tuple(found.split()) for module, found in pack.get("prefixes", {}).items()}
    plain = {module: tuple(found.split()) for module, found in pack["plain"].items()}
    heads = frozenset([module.partition(".")[0] for module in declares])
    return Library(declares, frozenset(whole), heads, implicit, within, plain, prefixes=prefixes)


def _of_c(pack: Mapping[str, Any]) -> Library:
    libraries = pack["libraries"]
    return Library(
        {"std": _names(pack["std"])},
        functions=_names(pack["libc"]),
        namespaces={name: tuple(headers) for name, headers in pack["namespaces"].items()},
        headers=tuple([(header, name) for name, found in libraries.items() for header in found["headers"]]),
        prefixes={name: tuple(found["functions"].split()) for name, found in libraries.items()},
    )


def _read(name: str) -> dict[str, Any]:
    return toml((files("driftd.pipeline.packs") / "libraries" / f"{name}.toml").read_text("utf-8"))


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_PACKS: Final = {"jvm": "jvm", "csharp": "dotnet", "swift": "swift", "c": "c", "php": "php", "ruby": "ruby"}
