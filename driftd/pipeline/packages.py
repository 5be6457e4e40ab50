"""Which files declare a name in a package: the map for languages whose names are found by package, not by path.

A file declares what it binds at its top level and in its namespaces, except for imports.  Every question has a key;
`settle` says which keys have another answer than before, so that whoever remembers its keys knows when to look again.
"""

from __future__ import annotations

import itertools
from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

from driftd.pipeline.bindings import Means
from driftd.pipeline.dialects import DIALECTS
from driftd.pipeline.interface import EXTENDS
from driftd.pipeline.manifests import Crate, GoModule, joined

if TYPE_CHECKING:
    from collections.abc import Iterator

    from driftd.pipeline.faces import ClassFace, Interface
    from driftd.pipeline.manifests import Manifest


class Spot(NamedTuple):
    """Where a name is declared: in a file, directly or in the namespace of this qualified name."""

    path: str
    namespace: str = ""


def declared_key(family: str, package: str, name: str) -> str:
    """Return the key of who declares a name in a package."""
    return f"\2d{family}\0{package}\0{name}"


def package_key(family: str, package: str) -> str:
    """Return the key of whether there is a package, or one below it."""
    return f"\2p{family}\0{package}"


def extension_key(family: str, name: str) -> str:
    """Return the key of the files that extend a type of this name."""
    return f"\2x{family}\0{name}"


def methods_key(family: str, package: str, name: str) -> str:
    """Return the key of the methods that a package declares for a type, outside of the type."""
    return f"\2t{family}\0{package}\0{name}"


def interface_key(family: str, method: str) -> str:
    """Return the key of the interfaces that want a method."""
    return f"\2i{family}\0{method}"


def beside_key(family: str, name: str) -> str:
    """Return the key of the functions of a name that are called as methods of a type, but stand beside it."""
    return f"\2e{family}\0{name}"


def heirs_key(family: str, name: str) -> str:
    """Return the key of the classes that name a base so."""
    return f"\2b{family}\0{name}"


def member_key(family: str, owner: str, name: str) -> str:
    """Return the key of the files in which a type that is open everywhere gets a member of a name."""
    return f"\2o{family}\0{owner}\0{name}"


def based_key(family: str, owner: str) -> str:
    """Return the key of the files in which a type that is open everywhere gets a base."""
    return f"\2h{family}\0{owner}"


def usings_key(folder: str) -> str:
    """Return the key of what the files of a folder take in for the whole project (C#'s `global using`)."""
    return f"\2u{folder}"


def folder_key(folder: str) -> str:
    """Return the key of which files a Go package has."""
    return f"\2g{folder}"


def file_key(path: str) -> str:
    """Return the key of whether there is a file."""
    return f"\2f{path}"


INJECTING: Final = frozenset({"jvm", "csharp", "php"})  # languages in which containers make instances
GO_MODULES: Final = "\2mgo"
CRATES: Final = "\2mrust"


class PackageIndex:
    """All packages of the workspace.  Feed it with `put`, then `settle` once."""

    def __init__(self) -> None:
        self._keys: dict[str, frozenset[tuple[str, str]]] = {}  # file -> (key, namespace) it declares
        self._spots: dict[str, set[Spot]] = {}
        self._folders: dict[str, set[str]] = {}  # Go packages
        self._packages: Counter[str] = Counter()
        self._manifests: dict[str, Manifest] = {}
        self._changed: set[str] = set()

    def put(self, path: str, language: str, interface: Interface | None) -> None:
        """Replace what a file declares; None takes it out."""
        dialect = DIALECTS.get(language)
        old = self._keys.pop(path, None)
        if dialect is None and old is None:
            return
        new = frozenset(_declared(path, language, interface)) if dialect is not None and interface is not None else None
        before, after = old or frozenset[tuple[str, str]](), new or frozenset[tuple[str, str]]()
        if new is not None:
            self._keys[path] = new
        for key, namespace in before - after:
            self._take(key, Spot(path, namespace))
        for key, namespace in after - before:
            self._give(key, Spot(path, namespace))
        if (old is None) != (new is None):
            self._changed.add(file_key(path))
            if dialect is not None and dialect.family == "go":
                folder = path.rpartition("/")[0] or "."
                files = self._folders.setdefault(folder, set())
                (files.discard if new is None else files.add)(path)
                if not files:
                    del self._folders[folder]
                self._changed.add(folder_key(folder))

    def configure(self, path: str, manifest: Manifest | None) -> None:
        """Take in what a manifest says about packages."""
        old = self._manifests.pop(path, None)
        if manifest is not None:
            self._manifests[path] = manifest
        if old != manifest:
            if isinstance(old, GoModule) or isinstance(manifest, GoModule):
                self._changed.add(GO_MODULES)
            if isinstance(old, Crate) or isinstance(manifest, Crate):
                self._changed.add(CRATES)

    def settle(self) -> set[str]:
        """Return the keys whose answer may have changed since the last call."""
        changed, self._changed = self._changed, set()
        return changed

    def spots(self, key: str) -> list[Spot]:
        """Return where what a key asks for is declared, in a fixed order."""
        return sorted(self._spots.get(key, ()))

    def is_package(self, key: str) -> bool:
        """Whether there is the package of a key, or one below it."""
        return self._packages[key] > 0

    def has_file(self, path: str) -> bool:
        """Whether there is a file of these languages."""
        return path in self._keys

    def files_of(self, folder: str) -> list[str]:
        """Return the files of a Go package in a fixed order."""
        return sorted(self._folders.get(folder, ()))

    def go_folder(self, module: str) -> str | None:
        """Return the folder that a Go import path means, if it is in the workspace."""
        best: tuple[int, str] | None = None
        for path, manifest in sorted(self._manifests.items()):
            if not isinstance(manifest, GoModule):
                continue
            folder = path.rpartition("/")[0]
            if module == manifest.path or module.startswith(f"{manifest.path}/"):
                inner = joined(folder, module[len(manifest.path) :].lstrip("/"))
                if best is None or len(manifest.path) > best[0]:
                    best = (len(manifest.path), inner)
        return None if best is None else best[1]

    def crate_of(self, path: str) -> tuple[str, Crate] | None:
        """Return the folder and manifest of the crate that a file belongs to."""
        folder = path
        while folder:
            folder = folder.rpartition("/")[0]
            manifest = self._manifests.get(f"{folder}/Cargo.toml" if folder else "Cargo.toml")
            if isinstance(manifest, Crate):
                return folder, manifest
        return None

    def crates(self, name: str) -> list[tuple[str, Crate]]:
        """Return the crates of a name with their folders."""
        return [
            (path.rpartition("/")[0], manifest)
            for path, manifest in sorted(self._manifests.items())
            if isinstance(manifest, Crate) and manifest.name == name
        ]

    def _give(self, key: str, spot: Spot) -> None:
        spots = self._spots.setdefault(key, set())
        self._changed.add(key)
        spots.add(spot)
        for package in _above(key):
            self._packages[package] += 1
            if self._packages[package] == 1:
                self._changed.add(package)

    def _take(self, key: str, spot: Spot) -> None:
        spots = self._spots[key]
        self._changed.add(key)
        spots.discard(spot)
        if not spots:
            del self._spots[key]
        for package in _above(key):
            self._packages[package] -= 1
            if not self._packages[package]:
                del self._packages[package]
                self._changed.add(package)


def _above(key: str) -> Iterator[str]:
    """Yield the keys of the packages that a declaration proves."""
    if key[1] != "d":
        return
    family, package, _ = key[2:].split("\0")
    while package:
        yield package_key(family, package)
        if family == "go":  # a folder, and only the one itself
            return
        package = package.rpartition(".")[0]


def package_of(path: str, language: str, interface: Interface) -> str:
    """Return the package of a file: what it declares, or its folder."""
    kind = DIALECTS[language].package
    if kind == "folder":
        folder = path.rpartition("/")[0] or "."
        return f"{folder} test" if interface.package.endswith("_test") else folder
    if kind == "target":
        return target_of(path)
    return interface.package if kind == "declared" else ""


def target_of(path: str) -> str:
    """Return the name of the module that a file is of: its folder's in the folder of sources; "" if there is none."""
    folders = path.split("/")[:-1]
    for above, name in itertools.pairwise(folders):
        if above in _SOURCES:
            return name
    return ""


_SOURCES: Final = frozenset({"Sources", "Tests"})


def namespaces(interface: Interface) -> Iterator[tuple[int, ClassFace]]:
    """Yield the namespaces of a file that stand in nothing but namespaces."""
    open_ = set[int]()
    for index, cls in enumerate(interface.classes):
        if cls.kind == "namespace" and (cls.scope == 0 or ~cls.scope in open_):
            open_.add(index)
            yield index, cls


def _declared(path: str, language: str, interface: Interface) -> Iterator[tuple[str, str]]:
    dialect = DIALECTS[language]
    family = dialect.family
    for cls in interface.classes:
        if cls.kind == "extension":
            yield extension_key(family, cls.name.rpartition(".")[2]), ""
        elif dialect.package == "global":
            if cls.scope:
                yield declared_key(family, "", cls.qualified_name), ""
            for name in (*cls.names, *cls.fields):
                yield member_key(family, cls.qualified_name, name), ""
            if cls.bases:
                yield based_key(family, cls.qualified_name), ""
    if family in INJECTING:
        for cls in interface.classes:
            for base in cls.bases:
                yield heirs_key(family, base.text.rpartition(".")[2]), cls.qualified_name
    if family == "csharp":
        # A file of nothing but `using`s would be for nothing if they were not global.
        if not interface.classes and len(interface.functions) == 1 and not interface.package:
            for module in interface.stars:
                yield usings_key(path.rpartition("/")[0]), module
        for function in interface.functions:
            if function.types[:1] and function.types[0].startswith(EXTENDS):
                yield beside_key(family, function.name), function.qualified_name
    elif family == "jvm":
        for name in interface.names:
            if "." in name:
                yield beside_key(family, name.rpartition(".")[2]), name
    if family == "go":
        for cls in interface.classes:
            if cls.kind == "interface":
                for name in cls.names:
                    yield interface_key(family, name), cls.qualified_name
    if dialect.package == "file":
        return
    package = package_of(path, language, interface)
    for name, bindings in interface.names.items():
        if any(binding.means is not Means.IMPORT for binding in bindings):
            yield declared_key(family, package, name), ""
            if package and dialect.package == "target":
                yield declared_key(family, "", name), ""
            if family == "go" and "." in name:
                owner, _, method = name.partition(".")
                yield methods_key(family, package, owner), method
    for _, space in namespaces(interface):
        inside = f"{package}.{space.qualified_name}" if package else space.qualified_name
        for name in (*space.names, *space.fields):
            yield declared_key(family, inside, name), space.qualified_name
