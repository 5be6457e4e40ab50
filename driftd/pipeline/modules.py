"""Which file a module name means: the map between import statements and files of the workspace.

Python names are looked up below source roots: the parents of topmost packages (found by their `__init__.py` chains),
`src` folders, the workspace itself and the folders above the importing file; a folder without `__init__.py` is a
namespace package.  ECMAScript sources are relative paths with the usual suffixes and index files; anything else is an
external package unless a config or a package of the workspace says what it is (see `node_packages`).

Every lookup has a key.  After files came or went, `settle` says which of the keys asked so far have another answer
now, so that whoever remembers its keys knows exactly when to look again.  What is asked of a copy in another process has
to be asked here as well: see `asked_since`.  There is no file access here.
"""

from __future__ import annotations

from collections import Counter
from itertools import islice
from posixpath import normpath
from typing import TYPE_CHECKING, Final, NamedTuple

from driftd.pipeline.node_packages import NodePackages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from driftd.pipeline.manifests import Manifest

ECMASCRIPT: Final = frozenset({"javascript", "typescript", "tsx"})
_ES_SUFFIXES: Final = (".ts", ".tsx", ".d.ts", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs")
# TypeScript sources import each other under the name of their output.
_OUTPUT_SUFFIXES: Final = {".js": (".ts", ".tsx", ".d.ts"), ".jsx": (".tsx",), ".mjs": (".mts",), ".cjs": (".cts",)}
_PYTHON_SUFFIXES: Final = (".py", ".pyi", ".pyw")


class Found(NamedTuple):
    """What a module name means: a file, or a folder that is a namespace package."""

    path: str
    is_folder: bool = False


# The answer for a submodule that a package of this workspace lacks: it is missing, not external.
_MISSING: Final = Found("")


class Lookup(NamedTuple):
    """The answer to a module name.  `package` is set instead of `found` where the module is not of this workspace."""

    key: str
    found: Found | None
    package: str = ""


class ModuleIndex:
    """All module names of the workspace.  Feed it with `add` and `remove`, then `settle` once."""

    def __init__(self) -> None:
        self._node = NodePackages()
        self._node_moved = False
        self._derived: dict[str, set[str]] = {}  # key of a path -> keys of bare specifiers that asked for it
        self._files: set[str] = set()
        self._folders: Counter[str] = Counter()  # folder -> Python files in it or below
        self._roots_by_top: dict[str, set[str]] = {}  # top-level name -> source roots that offer it
        self._packages: dict[str, set[str]] = {}  # folder -> names of the packages in it
        self._answers: dict[str, Found | None] = {}
        self._keys_by_name: dict[str, set[str]] = {}
        self._homes: dict[str, str] = {}  # folder -> the root its files import from
        self._touched: set[str] = set()
        self._packages_moved = False

    def add(self, path: str) -> None:
        """Take a file in."""
        self._files.add(path)
        self._touch(path, 1)

    def remove(self, path: str) -> None:
        """Take a file out."""
        self._files.discard(path)
        self._touch(path, -1)

    def configure(self, path: str, manifest: Manifest | None) -> None:
        """Take in what a manifest says, or that it says nothing any more."""
        self._node_moved = self._node.put(path, manifest) or self._node_moved

    def settle(self) -> tuple[frozenset[str], bool]:
        """Return the keys whose answer changed since the last call, and whether homes may have changed."""
        moved, self._packages_moved = self._packages_moved, False
        touched, self._touched = self._touched, set()
        if moved:
            self._homes.clear()
        changed = set()
        for key in {key for name in touched for key in self._keys_by_name.get(name, ())}:
            answer = self._answer(key)
            if answer != self._answers[key]:
                self._answers[key] = answer
                changed.add(key)
        node_moved, self._node_moved = self._node_moved, False
        if node_moved:
            bare = {key for key in self._answers if key.startswith(_BARE)}
        else:
            bare = {user for key in changed for user in self._derived.get(key, ())}
        for key in bare:
            answer = self._answer(key)
            if answer != self._answers[key]:
                self._answers[key] = answer
                changed.add(key)
        return frozenset(changed), moved

    def home(self, path: str) -> str:
        """Return the folder from which a Python file's absolute imports start: the parent of its topmost package."""
        folder = _parent(path)
        home = self._homes.get(folder)
        if home is None:
            home = folder
            while home and f"{home}/__init__.py" in self._files:
                home = _parent(home)
            self._homes[folder] = home
        return home

    def look_up(self, importer: str, language: str, module: str) -> Lookup:
        """Return what `module`, as written in the file `importer`, means."""
        if language in ECMASCRIPT:
            return self._look_up_ecmascript(importer, module)
        if module.startswith("."):
            name = module.lstrip(".")
            folder = _parent(importer)
            for _ in range(len(module) - len(name) - 1):
                folder = _parent(folder)
            return self.below(folder, name)
        key = f"abs\0{self.home(importer)}\0{module}"
        found = self._ask(key)
        if found is None:
            return Lookup(key, None, module.partition(".")[0])
        return Lookup(key, None if found == _MISSING else found)

    def below(self, folder: str, name: str) -> Lookup:
        """Return the Python module `name` (dotted; "" is the package itself) below a folder."""
        key = f"rel\0{folder}\0{name}"
        return Lookup(key, self._ask(key))

    def asked_since(self, count: int) -> tuple[str, ...]:
        """Return the keys that were asked after the first `count`."""
        return tuple(islice(reversed(self._answers), len(self._answers) - count))

    def ask(self, keys: Iterable[str]) -> None:
        """Be asked what a copy was, so that `settle` says when it has another answer."""
        for key in keys:
            self._ask(key)

    def _look_up_ecmascript(self, importer: str, specifier: str) -> Lookup:
        if specifier.startswith((".", "/")):
            path = specifier.lstrip("/") if specifier.startswith("/") else f"{_parent(importer)}/{specifier}"
            key = f"es\0{normpath(path.lstrip('/')) if path else ''}"
            return Lookup(key, self._ask(key))
        key = f"{_BARE}{_parent(importer)}\0{specifier}"
        found = self._ask(key)
        if found is not None:
            return Lookup(key, found)
        scope, _, rest = specifier.partition("/")
        package = f"{scope}/{rest.partition('/')[0]}" if scope.startswith("@") and rest else scope
        return Lookup(key, None, package)

    def _ask(self, key: str) -> Found | None:
        try:
            return self._answers[key]
        except KeyError:
            answer = self._answers[key] = self._answer(key)
            for name in _names_of(key):
                self._keys_by_name.setdefault(name, set()).add(key)
            return answer

    def _answer(self, key: str) -> Found | None:
        kind, _, rest = key.partition("\0")
        if kind == "es":
            return self._ecmascript_file(rest)
        folder, _, name = rest.partition("\0")
        if kind == "bare":
            return self._bare(key, folder, name)
        if kind == "rel":
            return self._python_module(folder, name)
        namespace: Found | None = None
        for root in self._roots(folder, name.partition(".")[0]):
            found = self._python_module(root, name)
            if found is not None and not found.is_folder:
                return found
            namespace = namespace or found
        if namespace is None and "." in name and self._answer(f"abs\0{folder}\0{name.partition('.')[0]}") is not None:
            return _MISSING
        return namespace

    def _bare(self, key: str, folder: str, specifier: str) -> Found | None:
        for path in self._node.candidates(folder, specifier) if self._node else ():
            inner = f"es\0{path or '.'}"
            self._derived.setdefault(inner, set()).add(key)
            found = self._ask(inner)
            if found is not None:
                return found
        return None

    def _roots(self, home: str, top: str) -> Iterator[str]:
        folder = home
        while True:
            yield folder
            yield f"{folder}/src" if folder else "src"
            if not folder:
                break
            folder = _parent(folder)
        # Elsewhere only real packages count, the nearest first.
        yield from sorted(self._roots_by_top.get(top, ()), key=lambda root: (-_shared(root, home), root))

    def _python_module(self, root: str, name: str) -> Found | None:
        path = "/".join(part for part in (root, name.replace(".", "/")) if part)
        package = f"{path}/__init__.py" if path else "__init__.py"
        if package in self._files:
            return Found(package)
        if name:
            for suffix in _PYTHON_SUFFIXES:
                if path + suffix in self._files:
                    return Found(path + suffix)
        if f"{path}/__init__.pyi" in self._files:
            return Found(f"{path}/__init__.pyi")
        return Found(path, is_folder=True) if self._folders.get(path) else None

    def _ecmascript_file(self, path: str) -> Found | None:
        files = self._files
        if path in files:
            return Found(path)
        for suffix in _ES_SUFFIXES:
            if path + suffix in files:
                return Found(path + suffix)
        stem, dot, suffix = path.rpartition(".")
        for other in _OUTPUT_SUFFIXES.get(dot + suffix, ()):
            if stem + other in files:
                return Found(stem + other)
        folder = "" if path == "." else f"{path}/"
        for suffix in _ES_SUFFIXES:
            if f"{folder}index{suffix}" in files:
                return Found(f"{folder}index{suffix}")
        return None

    def _touch(self, path: str, step: int) -> None:
        folder, _, base = path.rpartition("/")
        self._touched.update(folder.split("/"))
        self._touched.update(base[:at] for at, char in enumerate(base) if char == ".")
        self._touched.add(base)
        if not base.endswith(_PYTHON_SUFFIXES):
            return
        at: str = folder
        while True:
            self._folders[at] += step
            if not at:
                break
            at = _parent(at)
        if base == "__init__.py":
            self._packages_moved = True
            self._touched.add("")
            self._move_package(folder, step)

    def _move_package(self, folder: str, step: int) -> None:
        # Only a topmost package offers itself to the whole workspace: one whose parent has no `__init__.py`.
        if not folder:
            return
        parent, _, name = folder.rpartition("/")
        siblings = self._packages.setdefault(parent, set())
        if step > 0:
            siblings.add(name)
        else:
            siblings.discard(name)
        self._offer(name, parent, step > 0 and f"{parent}/__init__.py" not in self._files)
        for child in self._packages.get(folder, ()):
            self._offer(child, folder, step < 0)

    def _offer(self, name: str, root: str, offers: bool) -> None:
        roots = self._roots_by_top.setdefault(name, set())
        change: Callable[[str], None] = roots.add if offers else roots.discard
        change(root)
        self._touched.add(name)


_BARE: Final = "bare\0"


def _names_of(key: str) -> Iterator[str]:
    # A file can only change the answer if its path has one of these names as a folder, stem or whole base name.
    kind, _, rest = key.partition("\0")
    if kind == "bare":  # settled by what it is derived from
        return
    if kind == "es":
        base = rest.rpartition("/")[2]
        yield base
        yield base.rpartition(".")[0] or base
        if rest == ".":
            yield "index"
        return
    folder, _, name = rest.partition("\0")
    yield name.partition(".")[0] if name else folder.rpartition("/")[2]
    if not name:
        yield "__init__"


def _parent(path: str) -> str:
    return path.rpartition("/")[0]


def _shared(one: str, other: str) -> int:
    count = 0
    for left, right in zip(one.split("/"), other.split("/"), strict=False):
        if left != right:
            break
        count += 1
    return count
