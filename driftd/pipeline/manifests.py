"""What manifests say about module names, reduced to what lookups read; equal manifests mean the same.

`manifest_of` turns the facts of a manifest into one of the structs below.  Paths in them are as written, relative to
the manifest's folder.
"""

from __future__ import annotations

from posixpath import normpath
from typing import TYPE_CHECKING, Any, Final

import msgspec

from driftd.pipeline.facts.model import Kind

if TYPE_CHECKING:
    from driftd.pipeline.facts.model import FileFacts, Value

LANGUAGES: Final = frozenset({"json", "toml", "gomod", "yaml"})


class NodePackage(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """A `package.json`.

    entries: `source`, `types`, `module`, `main` and the like, best first
    exports, imports: as written, JSON encoded; "" if there are none
    members: patterns of the folders of a workspace's packages
    links: dependencies that are folders: name and path
    """

    name: str
    entries: tuple[str, ...] = ()
    exports: str = ""
    imports: str = ""
    members: tuple[str, ...] = ()
    links: tuple[tuple[str, str], ...] = ()


class TypeScriptConfig(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """A `tsconfig.json` or `jsconfig.json`; None for what is not said."""

    extends: tuple[str, ...] = ()
    base: str | None = None
    paths: tuple[tuple[str, tuple[str, ...]], ...] | None = None
    out: str | None = None
    root: str | None = None
    references: tuple[str, ...] = ()


class PhpPackage(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """A `composer.json`: namespaces and the folders of their files."""

    prefixes: tuple[tuple[str, str], ...] = ()


class GoModule(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """A `go.mod`: the path under which the folder is imported."""

    path: str
    replaced: tuple[tuple[str, str], ...] = ()


class Crate(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """A `Cargo.toml` with a package; `roots` are the files that its targets start from, as far as they are named."""

    name: str
    library: str = ""
    roots: tuple[str, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()


Manifest = NodePackage | TypeScriptConfig | PhpPackage | GoModule | Crate


def manifest_of(path: str, facts: FileFacts) -> Manifest | None:
    """Return what a file says as a manifest, or None."""
    if facts.language not in LANGUAGES:
        return None
    data = {a.target.text: _plain(a.value, facts) for a in facts.bodies.assigns}
    name = path.rpartition("/")[2]
    if name == "package.json":
        return _node(data)
    if name == "composer.json":
        return _php(data)
    if name == "Cargo.toml":
        return _crate(data)
    if name == "go.mod":
        replaced = tuple((k, v) for k, v in _strings(data.get("replace")).items() if v.startswith("."))
        return GoModule(_text(data.get("module")), replaced) if data.get("module") else None
    if name == "pnpm-workspace.yaml":
        return NodePackage("", members=_texts(data.get("packages")))
    return _typescript(data)


def _node(data: dict[str, Any]) -> NodePackage:
    members = data.get("workspaces")
    if isinstance(members, dict):
        members = members.get("packages")
    links: dict[str, str] = {}
    for kind in ("dependencies", "devDependencies", "peerDependencies", "optionalDependencies"):
        for name, version in _strings(data.get(kind)).items():
            protocol, colon, target = version.partition(":")
            if colon and protocol in {"file", "link", "portal"}:
                links[name] = target
    return NodePackage(
        name=_text(data.get("name")),
        entries=tuple([e for key in _ENTRIES if (e := _text(data.get(key)))]),
        exports=_json(data.get("exports")),
        imports=_json(data.get("imports")),
        members=_texts(members),
        links=tuple(sorted(links.items())),
    )


def _typescript(data: dict[str, Any]) -> TypeScriptConfig:
    options = data.get("compilerOptions")
    options = options if isinstance(options, dict) else {}
    extends = data.get("extends")
    paths = options.get("paths")
    return TypeScriptConfig(
        extends=(extends,) if isinstance(extends, str) else _texts(extends),
        base=_text(options.get("baseUrl")) or None,
        paths=tuple((k, _texts(v)) for k, v in paths.items()) if isinstance(paths, dict) else None,
        out=_text(options.get("outDir")) or None,
        root=_text(options.get("rootDir")) or None,
        references=tuple([_text(r.get("path")) for r in _list(data.get("references")) if isinstance(r, dict)]),
    )


def _php(data: dict[str, Any]) -> PhpPackage:
    found: list[tuple[str, str]] = []
    for section in ("autoload", "autoload-dev"):
        autoload = data.get(section)
        prefixes = autoload.get("psr-4") if isinstance(autoload, dict) else None
        for prefix, folders in prefixes.items() if isinstance(prefixes, dict) else ():
            names = (folders,) if isinstance(folders, str) else _texts(folders)
            found.extend((prefix.strip("\\").replace("\\", "."), folder) for folder in names)
    return PhpPackage(tuple(found))


def _crate(data: dict[str, Any]) -> Crate | None:
    package = data.get("package")
    if not isinstance(package, dict) or not package.get("name"):
        return None
    name = _text(package["name"])
    library = data.get("lib")
    library = library if isinstance(library, dict) else {}
    roots = [
        _text(target.get("path"))
        for kind in ("bin", "example", "test", "bench")
        for target in _list(data.get(kind))
        if isinstance(target, dict) and target.get("path")
    ]
    renamed = {
        alias: _text(spec["package"])
        for kind in ("dependencies", "dev-dependencies", "build-dependencies")
        for alias, spec in (data.get(kind) or {}).items()
        if isinstance(spec, dict) and spec.get("package")
    }
    return Crate(
        name=_identifier(_text(library.get("name")) or name),
        library=_text(library.get("path")),
        roots=tuple(roots),
        renamed=tuple(sorted((_identifier(alias), _identifier(to)) for alias, to in renamed.items())),
    )


def joined(folder: str, path: str) -> str:
    """Return a path of a manifest as one of the workspace; "" is the workspace itself, `..` what is above it."""
    whole = normpath(f"{folder}/{path}" if folder else path)
    return "" if whole == "." else whole.lstrip("/")


def _identifier(name: str) -> str:
    return name.replace("-", "_")


def _plain(value: Value | None, facts: FileFacts) -> Any:
    if value is None:
        return None
    if value.kind == Kind.STRING:
        return facts.texts.literals[value.ref].value
    if value.kind == Kind.LIST:
        return [_plain(item, facts) for item in value.items]
    if value.kind == Kind.DICT:
        return {
            str(_plain(key, facts)): _plain(item, facts)
            for key, item in zip(value.items[::2], value.items[1::2], strict=True)
        }
    return {"true": True, "false": False}.get(value.text)


def _text(data: object) -> str:
    return data if isinstance(data, str) else ""


def _list(data: object) -> list[Any]:
    return data if isinstance(data, list) else []


def _texts(data: object) -> tuple[str, ...]:
    return tuple([item for item in _list(data) if isinstance(item, str)])


def _strings(data: object) -> dict[str, str]:
    return {k: v for k, v in data.items() if isinstance(v, str)} if isinstance(data, dict) else {}


def _json(data: object) -> str:
    return "" if data is None else msgspec.json.encode(data).decode()


# Fields that name a package's entry, those that may point at sources first.
_ENTRIES: Final = ("source", "types", "typings", "module", "main", "browser")
