"""What names of files, packages and imports mean in languages whose names are found by package (see `dialects`).

Everything is looked up in the package index, and every question put to it is noted by its key.
"""

from __future__ import annotations

from posixpath import normpath
from typing import TYPE_CHECKING, Final

from driftd.pipeline.bindings import Means
from driftd.pipeline.call_graph.entities import NONE, UNKNOWN, Entity, Is
from driftd.pipeline.call_graph.place import Place
from driftd.pipeline.call_graph.unions import union
from driftd.pipeline.call_graph.values import Symbols
from driftd.pipeline.dialects import DIALECTS
from driftd.pipeline.interface import imports_key
from driftd.pipeline.packages import (
    CRATES,
    GO_MODULES,
    based_key,
    declared_key,
    extension_key,
    file_key,
    folder_key,
    member_key,
    namespaces,
    package_key,
    package_of,
    target_of,
    usings_key,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from driftd.pipeline.bindings import Binding
    from driftd.pipeline.call_graph.entities import Entities
    from driftd.pipeline.dialects import Dialect
    from driftd.pipeline.faces import ClassFace, Interface
    from driftd.pipeline.packages import Spot
    from driftd.pipeline.project import Project


class DeclaredPackages(Symbols):
    """Names of files, packages and imports."""

    def __init__(self, project: Project) -> None:
        super().__init__(project)
        self._dialects: dict[str, Dialect | None] = {}

    def dialect(self, path: str) -> Dialect | None:
        """Return how names are looked up in a file; None for Python, ECMAScript and what is no file."""
        if path in self._dialects:
            return self._dialects[path]
        file = self._project.file(path)
        found = self._dialects[path] = None if file is None else DIALECTS.get(file.language)
        return found

    # -- files --

    def _in_module(self, path: str, name: str) -> Entities:
        dialect = self.dialect(path)
        if dialect is None:
            return super()._in_module(path, name)
        interface = self.interface(path, name)
        if interface is None:
            return NONE
        own = self._bound(path, 0, interface.names.get(name, ()))
        if own:
            package = self.package_at(path, 0)
            if own[0].what is Is.FUNCTION and dialect.overloads:
                return union([own, self.declared(dialect, package, name, path)])
            return (self.whole(own[0]), *own[1:]) if own[0].what is Is.CLASS else own
        return self._visible(path, dialect, interface, name)

    def _bound(self, path: str, scope: int, bindings: Sequence[Binding]) -> Entities:
        if not bindings:
            return NONE
        classes = [b for b in bindings if b.means is Means.CLASS]
        if classes:  # a class counts before what else bears its name
            found = tuple([Entity(Is.CLASS, path, b.ref) for b in classes])
            dialect, face = self.dialect(path), self.class_face(found[0])
            if dialect is not None and dialect.package == "declared" and face is not None and face.kind == "namespace":
                return (Entity(Is.PACKAGE, self.package_at(path, ~found[0].number), -1, dialect.family),)
            return found
        return union([self.value(binding, Place(path, scope)) for binding in bindings]) or (UNKNOWN,)

    def _visible(self, path: str, dialect: Dialect, interface: Interface, name: str) -> Entities:
        """Return what a name that the file does not bind itself means in it."""
        if dialect.package == "file":
            child = self._child(path, name)
            if child:
                return child
        else:
            package = self.package_at(path, 0)
            for at in _outwards(package) if dialect.outward else (package,):
                found = self.declared(dialect, at, name, path)
                if found:
                    return found
        for module in interface.stars:
            found = self._starred(path, dialect, module, name)
            if found:
                return found
        if dialect.family == "csharp":
            for module in self.usings(path):
                found = self._starred(path, dialect, module, name)
                if found:
                    return found
        if dialect.family == "go":
            return self._by_own_name(path, interface, name)
        if dialect.package == "target" and package and self._in_several(dialect, name):
            return NONE
        return self.declared(dialect, "", name, path) if dialect.global_fallback else NONE

    def usings(self, path: str) -> list[str]:
        """Return the packages that a whole project takes everything from: its files are in or below their folder."""
        found: dict[str, None] = {}
        folder = path
        while folder:
            folder = folder.rpartition("/")[0]
            key = usings_key(folder)
            self.look(key)
            found.update((spot.namespace, None) for spot in self._project.packages.spots(key))
        return list(found)

    def _in_several(self, dialect: Dialect, name: str) -> bool:
        """Whether more than one module has a name: one that passes it on from another does not say from which."""
        key = declared_key(dialect.family, "", name)
        self.look(key)
        return len({target_of(spot.path) for spot in self._project.packages.spots(key)}) > 1

    def _starred(self, path: str, dialect: Dialect, module: str, name: str) -> Entities:
        # Modules may take everything from each other: each is asked once.
        key = ("starred", path, module, name)
        return self.remember(key, lambda: self._from_all(path, dialect, module, name))

    def _from_all(self, path: str, dialect: Dialect, module: str, name: str) -> Entities:
        found = []
        for owner in self.absolute(path, dialect, module):
            if owner.what is Is.PACKAGE:
                found.append(self.declared(dialect, owner.file, name, path))
            elif owner.what is Is.CLASS or owner.what is Is.MODULE:
                found.append(tuple([e for e in self.attribute(owner, name) if e.what in _KNOWN]))
        return union(found)

    def in_file(self, path: str, name: str) -> Entities:
        """Return a member of a module that is a file."""
        if name in {"self", "crate", "super"}:
            return self.absolute(path, DIALECTS["rust"], name)
        return self.in_module(path, name)

    # -- packages --

    def package_at(self, path: str, scope: int) -> str:
        """Return the package of code in a scope: the file's, with the namespaces around it."""
        interface = self.interface(path)
        file = self._project.file(path)
        if interface is None or file is None:
            return ""
        package = package_of(path, file.language, interface)
        while scope > 0:
            scope = interface.functions[scope].scope
        while scope < 0 and interface.classes[~scope].kind != "namespace":
            scope = interface.classes[~scope].scope
        inner = interface.classes[~scope].qualified_name if scope < 0 else ""
        return f"{package}.{inner}".strip(".") if inner else package

    def declared(self, dialect: Dialect, package: str, name: str, path: str) -> Entities:
        """Return what the package declares under a name, as code of the file `path` sees it."""
        family = dialect.family
        found = self.remember(("declared", family, package, name), lambda: self._declared_in(family, package, name))
        if family == "c":
            found = self._linked(found, path)
        if len(found) < 2:
            return found
        classes = [e for e in found if e.what is Is.CLASS]
        if not classes:
            return found if family != "c" else self._nearest(found, path)
        if dialect.pieces:
            return (classes[0],)
        return self._nearest(tuple(classes), path)

    def _linked(self, entities: Entities, path: str) -> Entities:
        """Leave out the functions that only code of another source can call; a header's are included."""
        kept = []
        for entity in entities:
            if entity.what is Is.FUNCTION and entity.file != path and not entity.file.endswith(_HEADERS):
                interface = self.interface(entity.file)
                if interface is not None:
                    face = interface.functions[entity.number]
                    self.look_at(entity.file, face.qualified_name)
                    if face.is_local:
                        continue
            kept.append(entity)
        return entities if len(kept) == len(entities) else tuple(kept)

    def _nearest(self, entities: Entities, path: str) -> Entities:
        """Leave those whose files are nearest to a file: equal names stand in separate programs."""
        near = max(_shared(e.file, path) for e in entities)
        return tuple([e for e in entities if _shared(e.file, path) == near])

    def _declared_in(self, family: str, package: str, name: str) -> Entities:
        key = declared_key(family, package, name)
        self.look(key)
        spots = self._project.packages.spots(key)
        if family == "go" and len(spots) > 1:  # alternatives for other builds
            built = [spot for spot in spots if (face := self.interface(spot.path)) is not None and face.is_default]
            spots = built or spots
        if _OF_FAMILY[family].package == "global":
            return self._first_declared(spots, name)
        return union([self._at(spot, name) for spot in spots])

    def _first_declared(self, spots: Sequence[Spot], name: str) -> Entities:
        """Return the first declaration of a type that is open everywhere, or all of what is no type."""
        found: list[Entities] = []
        for spot in spots:
            here = self._at(spot, name)
            if here and here[0].what is Is.CLASS and not found:
                return here[:1]
            found.append(here)
        return union(found)

    def _at(self, spot: Spot, name: str) -> Entities:
        interface = self.interface(spot.path, name)
        if interface is None:
            return NONE
        if not spot.namespace:
            bindings = [b for b in interface.names.get(name, ()) if b.means is not Means.IMPORT]
            if bindings:
                return self._bound(spot.path, 0, bindings)
            named = [i for i, c in enumerate(interface.classes) if c.qualified_name == name and c.kind != "extension"]
            return tuple([Entity(Is.CLASS, spot.path, i) for i in named])
        found = []
        for index, cls in namespaces(interface):
            if cls.qualified_name == spot.namespace:
                face = self.class_face(Entity(Is.CLASS, spot.path, index)) or cls
                bindings = [*face.names.get(name, ()), *face.fields.get(name, ())]
                found.append(self._bound(spot.path, ~index, bindings))
        return union(found)

    def in_namespace(self, dialect: Dialect, piece: Entity, face: ClassFace, name: str) -> Entities:
        """Return what a name means to code in a namespace: what is there, here and in other files."""
        return self.remember(("space", piece, name), lambda: self._in_namespace(dialect, piece, face, name))

    def _in_namespace(self, dialect: Dialect, piece: Entity, face: ClassFace, name: str) -> Entities:
        own = self._bound(piece.file, ~piece.number, face.names.get(name, ()) or face.fields.get(name, ()))
        package = self.package_at(piece.file, ~piece.number)
        if own and not (own[0].what is Is.FUNCTION and dialect.overloads):
            return own
        levels = list(_outwards(package)) if dialect.outward else [package]
        enclosing = self.package_at(piece.file, face.scope)
        for at in levels[: len(package.split(".")) - len(enclosing.split(".") if enclosing else ())]:
            found = union([own, self.declared(dialect, at, name, piece.file)]) if at else own
            if found:
                return found
        return own

    def in_package(self, package: Entity, name: str) -> Entities:
        """Return a member of a package: what it declares, or a package in it."""
        family = str(package.extra)
        dialect = _OF_FAMILY[family]
        found = self.declared(dialect, package.file, name, package.file)
        if found:
            return found
        if family == "go":
            return NONE
        inner = f"{package.file}.{name}"
        if self.is_package(dialect, inner):
            return (Entity(Is.PACKAGE, inner, -1, family),)
        return (self.of_package(family, inner),)

    def of_package(self, family: str, name: str) -> Entity:
        """Return what a package of the workspace has not declared."""
        raise NotImplementedError

    def is_package(self, dialect: Dialect, name: str) -> bool:
        """Whether there is a package of a name, or one below it."""
        key = package_key(dialect.family, name)
        self.look(key)
        return self._project.packages.is_package(key)

    # -- imports --

    def imported(self, path: str, module: str, name: str) -> Entities:
        """Return what an import in the file binds."""
        dialect = self.dialect(path)
        if dialect is None:
            return super().imported(path, module, name)
        whole = f"{module}.{name}" if name and name != "*" else module
        if dialect.family == "go":
            return self._go_package(module)
        if dialect.family == "rust" and whole.startswith("self.") and whole.count(".") == 1:
            child = self._child(path, whole[len("self.") :])  # `mod name;`
            if child:
                return child
        found = self.absolute(path, dialect, whole)
        if found:
            return found
        return (self.external_import(path, whole),)

    def external_import(self, path: str, whole: str) -> Entity:
        """Return what an import binds that is not of the workspace."""
        raise NotImplementedError

    def absolute(self, path: str, dialect: Dialect, dotted: str) -> Entities:
        """Return what a full name means, seen from a file; () if it is not of the workspace."""
        if dialect.family == "rust":
            return self.remember(("path", path, dotted), lambda: self._rust_path(path, dotted))
        if dialect.family == "go":
            return self._go_package(dotted)
        names = dotted.strip(".").split(".")
        depth = 0
        while depth < len(names) and self.is_package(dialect, ".".join(names[: depth + 1])):
            depth += 1
        if depth == len(names):
            return (Entity(Is.PACKAGE, ".".join(names), -1, dialect.family),)
        for at in range(depth, -1, -1):
            found = self.declared(dialect, ".".join(names[:at]), names[at], path) if at or depth == 0 else NONE
            for name in names[at + 1 :] if found else ():
                found = self.attributes(found, name)
            if found:
                return found
        return NONE

    # -- Go --

    def _go_package(self, module: str) -> Entities:
        self.look(GO_MODULES)
        folder = self._project.packages.go_folder(module)
        if folder is not None and self.is_package(DIALECTS["go"], folder or "."):
            return (Entity(Is.PACKAGE, folder or ".", -1, "go"),)
        return (Entity(Is.EXTERNAL, module, extra=module),)

    def _by_own_name(self, path: str, interface: Interface, name: str) -> Entities:
        """Return the imported package that calls itself by a name other than the last of its path."""
        self.look(imports_key(path))
        for bindings in interface.names.values():
            for binding in bindings:
                if binding.means is not Means.IMPORT or binding.name:
                    continue
                for package in self._go_package(binding.text):
                    if package.what is Is.PACKAGE and self._calls_itself(package.file) == name:
                        return (package,)
        for module in interface.stars:
            for package in self._go_package(module):
                if package.what is Is.PACKAGE:
                    found = self.declared(DIALECTS["go"], package.file, name, path)
                    if found:
                        return found
        return NONE

    def _calls_itself(self, folder: str) -> str:
        self.look(folder_key(folder))
        for path in self._project.packages.files_of(folder):
            interface = self.interface(path)
            if interface is not None and not interface.package.endswith("_test"):
                return interface.package
        return ""

    # -- Rust --

    def _rust_path(self, path: str, dotted: str) -> Entities:
        names = dotted.split(".")
        head, rest = names[0], names[1:]
        if head == "crate":
            at: Entities = self._roots(path)
        elif head == "self":
            at = (Entity(Is.MODULE, path),)
        elif head == "super":
            at = self._rust_parent(path)
            while rest and rest[0] == "super":
                at = union([self._rust_parent(e.file) for e in at])
                rest = rest[1:]
        else:
            at = self.crate(head)
            if not at:
                interface = self.interface(path, head)
                own = [b for b in interface.names.get(head, ()) if b.means is not Means.IMPORT] if interface else []
                at = self._bound(path, 0, own) if own else self._child(path, head)
        for name in rest:
            at = union([tuple([e for e in self.attribute(owner, name) if e.what in _KNOWN]) for owner in at])
        return at

    def _roots(self, path: str) -> Entities:
        self.look(CRATES)
        crate = self._project.packages.crate_of(path)
        if crate is None:
            folder = path
            while folder:  # a tree without a manifest: the nearest root above
                folder = folder.rpartition("/")[0]
                for name in ("lib.rs", "main.rs"):
                    root = f"{folder}/{name}".lstrip("/")
                    if self._has(root):
                        return (Entity(Is.MODULE, root),)
            return NONE
        folder, manifest = crate
        inner = path[len(folder) :].lstrip("/")
        top = inner.partition("/")[0]
        if top in _TARGETS or inner.startswith("src/bin/") or inner in manifest.roots:
            parts = inner.split("/")
            base = 2 if inner.startswith("src/bin/") else 1
            own = "/".join(parts[: base + 1])
            for root in (own if own.endswith(".rs") else f"{own}/main.rs",):
                full = f"{folder}/{root}".lstrip("/")
                if self._has(full):
                    return (Entity(Is.MODULE, full),)
        names = [manifest.library] if manifest.library else []
        found = [f"{folder}/{name}".lstrip("/") for name in (*names, "src/lib.rs", "src/main.rs")]
        return tuple([Entity(Is.MODULE, root) for root in dict.fromkeys(found) if self._has(root)])

    def crate(self, name: str) -> Entities:
        """Return the crates of the workspace that bear a name."""
        self.look(CRATES)
        found = []
        for folder, manifest in self._project.packages.crates(name):
            root = f"{folder}/{manifest.library or 'src/lib.rs'}".lstrip("/")
            if self._has(root):
                found.append(Entity(Is.MODULE, root))
        return tuple(found)

    def _child(self, path: str, name: str) -> Entities:
        folder, _, base = path.rpartition("/")
        if base not in {"lib.rs", "main.rs", "mod.rs"} and not self._is_root(path):
            folder = path[: -len(".rs")]
        for inner in (f"{name}.rs", f"{name}/mod.rs"):
            child = f"{folder}/{inner}".lstrip("/")
            if self._has(child) and child != path:
                return (Entity(Is.MODULE, child),)
        return NONE

    def _is_root(self, path: str) -> bool:
        return any(e.file == path for e in self._roots(path))

    def _rust_parent(self, path: str) -> Entities:
        folder, _, base = path.rpartition("/")
        if base == "mod.rs":
            folder = folder.rpartition("/")[0]
        for name in (f"{folder}.rs", f"{folder}/mod.rs", f"{folder}/lib.rs", f"{folder}/main.rs"):
            parent = normpath(name.lstrip("/"))
            if parent != path and self._has(parent):
                return (Entity(Is.MODULE, parent),)
        return NONE

    def _has(self, path: str) -> bool:
        self.look(file_key(path))
        return self._project.packages.has_file(path)

    # -- pieces --

    def whole(self, piece: Entity) -> Entity:
        """Return the type that a piece of one adds to; the first declaration where all are equal."""
        dialect = self.dialect(piece.file)
        if dialect is None or not dialect.pieces:
            return piece
        found = self.remember(("whole", piece), lambda: (self._complete(dialect, piece),))
        return found[0] if found else piece

    def _complete(self, dialect: Dialect, piece: Entity) -> Entity:
        face = self.class_face(piece)
        if face is None:
            return piece
        if face.kind == "extension":
            for entity in self.path(face.name, Place(piece.file, face.scope)):
                if entity.what is Is.CLASS and entity != piece:
                    return entity
            return piece
        if dialect.package == "file" or face.kind == "namespace":
            return piece
        return next(iter(self._same(dialect, piece, face)), piece)

    def pieces(self, cls: Entity) -> Entities:
        """Return the other declarations that a type is put together from."""
        dialect = self.dialect(cls.file)
        if dialect is None or not dialect.pieces:
            return NONE
        return self.remember(("pieces", cls), lambda: self._pieces(dialect, cls))

    def _pieces(self, dialect: Dialect, cls: Entity) -> Entities:
        face = self.class_face(cls)
        if face is None or face.kind in {"extension", "namespace"}:
            return NONE
        if dialect.package == "global":  # those that have members are asked for by name (see `holders`)
            based = self._in_files(based_key(dialect.family, face.qualified_name), face.qualified_name)
            others = tuple([e for e in based if e != cls])
            return union([others, tuple(self._extensions(dialect, cls, face))])
        same = () if dialect.package == "file" else self._same(dialect, cls, face)
        return union([tuple([e for e in same if e != cls]), tuple(self._extensions(dialect, cls, face))])

    def _in_files(self, key: str, qualified_name: str) -> Entities:
        self.look(key)
        found = []
        for spot in self._project.packages.spots(key):
            interface = self.interface(spot.path)
            for index, other in enumerate(interface.classes if interface is not None else ()):
                if other.qualified_name == qualified_name and other.kind != "extension":
                    found.append(Entity(Is.CLASS, spot.path, index))
        return tuple(found)

    def holders(self, cls: Entity, name: str) -> Entities:
        """Return the declarations of a class that may have a member of a name: itself, or where it is open elsewhere."""
        dialect, face = self.dialect(cls.file), self.class_face(cls)
        if dialect is None or face is None or dialect.package != "global" or face.kind == "extension":
            return (cls,)
        found = self._in_files(member_key(dialect.family, face.qualified_name, name), face.qualified_name)
        return (cls, *[e for e in found if e != cls]) if cls in found else found

    def _same(self, dialect: Dialect, cls: Entity, face: ClassFace) -> Entities:
        """Return all declarations of a type's full name, in a fixed order."""
        package, name = self.package_at(cls.file, face.scope), face.name
        if dialect.package == "global":
            package, name = "", face.qualified_name
        elif self._is_nested(cls, face):
            return (cls,)
        found = self.remember(
            ("declared", dialect.family, package, name), lambda: self._declared_in(dialect.family, package, name)
        )
        if dialect.family == "c":  # elsewhere the name is that of another program's class
            found = tuple([e for e in found if e.file == cls.file])
        return tuple([e for e in found if e.what is Is.CLASS]) or (cls,)

    def _is_nested(self, cls: Entity, face: ClassFace) -> bool:
        interface = self.interface(cls.file)
        scope = face.scope
        while interface is not None and scope < 0:
            if interface.classes[~scope].kind != "namespace":
                return True
            scope = interface.classes[~scope].scope
        return scope > 0

    def _extensions(self, dialect: Dialect, cls: Entity, face: ClassFace) -> Iterator[Entity]:
        key = extension_key(dialect.family, face.name)
        self.look(key)
        for spot in self._project.packages.spots(key):
            interface = self.interface(spot.path)
            for index, other in enumerate(interface.classes if interface is not None else ()):
                if other.kind == "extension" and other.name.rpartition(".")[2] == face.name:
                    piece = Entity(Is.CLASS, spot.path, index)
                    if self.whole(piece) == cls:
                        yield piece


def _outwards(package: str) -> Iterator[str]:
    while package:
        yield package
        package = package.rpartition(".")[0]
    yield ""


def _shared(one: str, other: str) -> int:
    count = 0
    for left, right in zip(one.split("/"), other.split("/"), strict=False):
        if left != right:
            break
        count += 1
    return count


_OF_FAMILY: Final = {d.family: d for d in reversed(DIALECTS.values())}
_KNOWN: Final = frozenset({Is.FUNCTION, Is.METHOD, Is.CLASS, Is.INSTANCE, Is.MODULE, Is.PACKAGE, Is.TYPED})
_HEADERS: Final = (".h", ".hh", ".hpp", ".hxx", ".inc", ".inl", ".ipp", ".tcc")
_TARGETS: Final = frozenset({"tests", "examples", "benches"})
