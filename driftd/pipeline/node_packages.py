"""What a bare ECMAScript specifier means: tsconfig `paths`, packages of the workspace, `#imports`.

`candidates` gives paths without a promise that a file is there, best first; the module index asks which of them is.
Output that a package names (`dist/index.js`) is mapped to its source: by `outDir` and `rootDir` where a config says
so, else by the customary folder names.

Deliberately not done: `rootDirs`, `typesVersions`, packages that are installed.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final

import msgspec

from driftd.pipeline.manifests import NodePackage, TypeScriptConfig, joined

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from driftd.pipeline.manifests import Manifest

_CONFIGS: Final = ("tsconfig.json", "jsconfig.json")
_MANIFESTS: Final = ("package.json", "pnpm-workspace.yaml")
_DEEPEST: Final = 8  # configs that extend each other, aliases that lead to aliases
# Conditions that point at sources come first, then those that every tool knows.
_CONDITIONS: Final = ("source", "development", "types", "import", "module", "node", "default", "browser", "require")
_OUTPUTS: Final = frozenset({"dist", "lib", "build", "out", "es", "esm", "cjs"})
_SOURCES: Final = ("src", "lib", "source")


class NodePackages:
    """The configs and packages of the workspace."""

    def __init__(self) -> None:
        self._packages: dict[str, NodePackage] = {}  # path of the manifest -> what it says
        self._configs: dict[str, TypeScriptConfig] = {}
        self._named: dict[str, set[str]] = {}  # package name -> folders

    def __bool__(self) -> bool:
        """Whether there is anything to look into."""
        return bool(self._packages or self._configs)

    def put(self, path: str, manifest: Manifest | None) -> bool:
        """Take a manifest in, or out if it is None; tell whether that changes anything."""
        old: Manifest | None = self._packages.pop(path, None) or self._configs.pop(path, None)
        folder = _parent(path)
        if isinstance(old, NodePackage) and old.name:
            self._named[old.name].discard(folder)
        if isinstance(manifest, NodePackage):
            self._packages[path] = manifest
            if manifest.name:
                self._named.setdefault(manifest.name, set()).add(folder)
        elif isinstance(manifest, TypeScriptConfig):
            self._configs[path] = manifest
        return old != (manifest if isinstance(manifest, NodePackage | TypeScriptConfig) else None)

    def candidates(self, folder: str, specifier: str) -> Iterator[str]:
        """Yield the paths that a specifier of a file in the folder can mean."""
        yield from self._candidates(folder, specifier, 0)

    def _candidates(self, folder: str, specifier: str, depth: int) -> Iterator[str]:
        if depth > _DEEPEST:
            return
        if specifier.startswith("#"):
            yield from self._internal(folder, specifier, depth)
            return
        config = self._config_of(folder)
        if config:
            yield from self._mapped(config, specifier)
        name, _, rest = specifier.partition("/")
        if name.startswith("@") and rest:
            scoped, _, rest = rest.partition("/")
            name = f"{name}/{scoped}"
        for package in self._visible(folder, name):
            yield from self._entries(package, rest)

    # -- tsconfig --

    def _config_of(self, folder: str) -> str:
        for at in _upwards(folder):
            for name in _CONFIGS:
                path = f"{at}/{name}" if at else name
                if path in self._configs:
                    return path
        return ""

    def _mapped(self, config: str, specifier: str) -> Iterator[str]:
        for path in (config, *self._referenced(config)):
            paths, base = self._aliases(path)
            found = _best(paths[0], specifier) if paths is not None else None
            if found is not None and paths is not None:
                targets, star = found
                yield from (joined(paths[1], target.replace("*", star)) for target in targets)
            if base is not None:
                yield joined(base, specifier)

    def _referenced(self, config: str) -> Iterator[str]:
        # A config that only refers to others (`files: []`) means what they say.
        own = self._configs[config]
        if own.paths is None and own.base is None:
            for reference in own.references:
                target = joined(_parent(config), reference)
                path = target if target in self._configs else f"{target}/tsconfig.json"
                if path in self._configs:
                    yield path

    def _aliases(self, config: str) -> tuple[tuple[tuple[tuple[str, tuple[str, ...]], ...], str] | None, str | None]:
        """Return `paths` with the folder they are relative to, and the folder of `baseUrl`."""
        paths: tuple[tuple[tuple[str, tuple[str, ...]], ...], str] | None = None
        base: str | None = None
        for path in self._chain(config):
            own, folder = self._configs[path], _parent(path)
            if base is None and own.base is not None:
                base = joined(folder, own.base.removeprefix("${configDir}/"))
            if paths is None and own.paths is not None:
                paths = (own.paths, folder)
        if paths is not None and base is not None:
            paths = (paths[0], base)
        return paths, base

    def _chain(self, config: str) -> list[str]:
        """Return the config and those it extends, in the order in which they count."""
        found: list[str] = []
        queue = [config]
        while queue and len(found) < _DEEPEST:
            path = queue.pop(0)
            if path in found:
                continue
            found.append(path)
            for extended in reversed(self._configs[path].extends):
                queue.extend(self._extended(_parent(path), extended)[:1])
        return found

    def _extended(self, folder: str, extended: str) -> list[str]:
        if extended.startswith("."):
            bases = [joined(folder, extended)]
        else:
            name, _, rest = extended.partition("/")
            if name.startswith("@"):
                scoped, _, rest = rest.partition("/")
                name = f"{name}/{scoped}"
            bases = [f"{at}/{rest}".strip("/") for at in self._visible(folder, name)]
        names = [name for base in bases for name in (base, f"{base}.json", f"{base}/tsconfig.json")]
        return [name for name in names if name in self._configs]

    # -- packages --

    def _visible(self, folder: str, name: str) -> Iterator[str]:
        """Yield the folders of packages of this name that code in the folder gets: linked, of its workspace, itself."""
        for at in _upwards(folder):
            own = self._packages.get(_below(at, "package.json"))
            if own is None:
                continue
            for linked, target in own.links:
                if linked == name:
                    yield joined(at, target)
            break
        for package in sorted(self._named.get(name, ()), key=lambda p: (-_shared(p, folder), p)):
            if _is_within(folder, package) or any(
                _is_within(folder, root) and self._is_member(root, package) for root in _upwards(package)
            ):
                yield package

    def _is_member(self, root: str, package: str) -> bool:
        manifests = [m for name in _MANIFESTS if (m := self._packages.get(_below(root, name))) is not None]
        patterns = [pattern for manifest in manifests for pattern in manifest.members]
        inner = package[len(root) :].strip("/")
        excluded = any(_matches(inner, pattern[1:]) for pattern in patterns if pattern.startswith("!"))
        return not excluded and any(_matches(inner, pattern) for pattern in patterns if not pattern.startswith("!"))

    def _entries(self, package: str, rest: str) -> Iterator[str]:
        manifest = self._packages.get(_below(package, "package.json"))
        if manifest is None:
            yield joined(package, rest)
            return
        if manifest.exports:
            targets = _exported(msgspec.json.decode(manifest.exports), f"./{rest}" if rest else ".")
        elif rest:
            targets = [rest]
        else:
            targets = [*manifest.entries, "index"]
        for target in targets:
            yield from self._sources(package, target)
        if not rest:
            yield joined(package, "src/index")

    def _sources(self, package: str, target: str) -> Iterator[str]:
        """Yield where the source of a package's file can be: itself, or what it was made from."""
        path = joined(package, target)
        out = self._output(package)
        if out is not None and _is_within(path, out[0]):
            yield _stem(joined(out[1], path[len(out[0]) :].lstrip("/")))
        inner = path[len(package) :].strip("/").split("/")
        if inner[0] == "lib":  # output or sources: what is there
            yield path
        if inner[0] in _OUTPUTS and len(inner) > 1:
            below = inner[2:] if inner[1] in _OUTPUTS and len(inner) > 2 else inner[1:]  # dist/esm/…
            for source in _SOURCES:
                if source != inner[0]:
                    yield _stem(joined(package, "/".join((source, *below))))
            if below[0] in _SOURCES:
                yield _stem(joined(package, "/".join(below)))
        yield path
        yield _stem(path)

    def _output(self, package: str) -> tuple[str, str] | None:
        out: str | None = None
        root: str | None = None
        config = next((c for name in _BUILDS if (c := _below(package, name)) in self._configs), "")
        for path in self._chain(config) if config else ():
            own, folder = self._configs[path], _parent(path)
            if out is None and own.out is not None:
                out = joined(folder, own.out)
            if root is None and own.root is not None:
                root = joined(folder, own.root)
        return None if out is None or not out else (out, root if root is not None else f"{package}/src".lstrip("/"))

    def _internal(self, folder: str, specifier: str, depth: int) -> Iterator[str]:
        for at in _upwards(folder):
            own = self._packages.get(_below(at, "package.json"))
            if own is None:
                continue
            for target in _exported(msgspec.json.decode(own.imports), specifier) if own.imports else ():
                if target.startswith("."):
                    yield from self._sources(at, target)
                else:
                    yield from self._candidates(folder, target, depth + 1)
            return


def _exported(tree: Any, subpath: str) -> list[str]:
    """Return the targets of a subpath in an `exports` or `imports` tree, best first."""
    if not isinstance(tree, dict) or not any(str(key)[:1] in {".", "#"} for key in tree):
        return list(_targets(tree, "")) if subpath == "." else []
    if subpath in tree:
        return list(_targets(tree[subpath], ""))
    patterns = [(key, targets) for key, targets in tree.items() if "*" in key or key.endswith("/")]
    for key, targets in sorted(patterns, key=lambda p: (-len(p[0].partition("*")[0]), -len(p[0]))):
        head, star, tail = key.partition("*")
        if subpath.startswith(head) and subpath.endswith(tail) and len(subpath) >= len(head) + len(tail):
            inner = subpath[len(head) : len(subpath) - len(tail)]
            found = list(_targets(targets, inner if star else ""))
            return found if star else [target + inner for target in found]
    return []


def _targets(tree: Any, star: str) -> Iterator[str]:
    if isinstance(tree, str):
        yield tree.replace("*", star)
    elif isinstance(tree, list):
        for item in tree:
            yield from _targets(item, star)
    elif isinstance(tree, dict):
        known = [c for c in _CONDITIONS if c in tree]
        own = [c for c in tree if c not in _CONDITIONS]  # a condition of the project's own points at its sources
        for condition in (*own, *known):
            yield from _targets(tree[condition], star)


def _best(paths: Iterable[tuple[str, tuple[str, ...]]], specifier: str) -> tuple[tuple[str, ...], str] | None:
    best: tuple[int, tuple[str, ...], str] | None = None
    for pattern, targets in paths:
        head, star, tail = pattern.partition("*")
        if not star:
            if pattern == specifier:
                return targets, ""
        elif specifier.startswith(head) and specifier.endswith(tail) and len(specifier) >= len(head) + len(tail):
            inner = specifier[len(head) : len(specifier) - len(tail)]
            if best is None or len(head) > best[0]:
                best = (len(head), targets, inner)
    return None if best is None else best[1:]


def _matches(folder: str, pattern: str) -> bool:
    """Whether a folder matches a pattern of workspace members: `*` is one name, `**` any number of them."""
    return _match_parts(folder.split("/"), pattern.removeprefix("./").strip("/").split("/"))


def _match_parts(names: list[str], patterns: list[str]) -> bool:
    if not patterns:
        return not names
    if patterns[0] == "**":
        return any(_match_parts(names[at:], patterns[1:]) for at in range(len(names) + 1))
    return bool(names) and fnmatchcase(names[0], patterns[0]) and _match_parts(names[1:], patterns[1:])


def _upwards(folder: str) -> Iterator[str]:
    while folder:
        yield folder
        folder = _parent(folder)
    yield ""


def _stem(path: str) -> str:
    base = path.rpartition("/")[2]
    for suffix in (".d.ts", ".d.mts", ".d.cts", ".js", ".mjs", ".cjs", ".jsx"):
        if base.endswith(suffix):
            return path[: -len(suffix)]
    return path


def _parent(path: str) -> str:
    return path.rpartition("/")[0]


def _below(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def _is_within(path: str, folder: str) -> bool:
    return not folder or path == folder or path.startswith(f"{folder}/")


def _shared(one: str, other: str) -> int:
    count = 0
    for left, right in zip(one.split("/"), other.split("/"), strict=False):
        if left != right:
            break
        count += 1
    return count


_BUILDS: Final = ("tsconfig.build.json", "tsconfig.lib.json", "tsconfig.json")
