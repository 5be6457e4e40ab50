"""What a name of a module or a class means across files: evaluates the bindings of interfaces.

Answers are sets of entities in a fixed order (see `memory` for what makes them a function of the project).  What an
expression gives, what a call returns and what containers hold is in `values`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from driftd.pipeline.bindings import Means
from driftd.pipeline.call_graph.entities import ECMASCRIPT_GLOBALS, NONE, PYTHON_BUILTINS, UNKNOWN, Entity, Is
from driftd.pipeline.call_graph.memory import Memory
from driftd.pipeline.call_graph.place import Place
from driftd.pipeline.call_graph.unions import merge, union
from driftd.pipeline.interface import definition_key, name_key
from driftd.pipeline.modules import ECMASCRIPT

if TYPE_CHECKING:
    from collections.abc import Callable

    from driftd.pipeline.bindings import Binding
    from driftd.pipeline.call_graph.entities import Entities
    from driftd.pipeline.faces import ClassFace, Interface
    from driftd.pipeline.modules import Lookup
    from driftd.pipeline.project import Project


class Modules(Memory):
    """Names of modules, imports, exports and the lineage of classes."""

    def __init__(self, project: Project) -> None:
        super().__init__()
        self._project = project
        self._faces: dict[Entity, tuple[ClassFace, str]] = {}

    # -- what the classes built on this one answer --

    def evaluate(self, path: str, binding: Binding) -> Entities:
        """Return what a binding of the module's code can stand for."""
        return self.value(binding, Place(path, 0))

    def value(self, binding: Binding, place: Place) -> Entities:
        """Return what an expression can stand for in a place."""
        raise NotImplementedError

    def path(self, text: str, place: Place) -> Entities:
        """Return what an access path can stand for."""
        raise NotImplementedError

    def in_scope(self, path: str, scope: int, name: str, receiver: Entity | None) -> Entities | None:
        """Return what a name means to code of a scope that runs at any time; None if nothing binds it."""
        raise NotImplementedError

    def binds(self, path: str, scope: int, text: str) -> bool:
        """Whether the scope or the module assigns to an access path itself."""
        raise NotImplementedError

    def function(self, path: str, number: int) -> Entities:
        """Return what the name of a function stands for: what its decorators make of it."""
        raise NotImplementedError

    def result(self, callees: Entities, argument: Callable[[str, int], Entities] | None = None) -> Entities:
        """Return what calling any of the entities can give; `argument` gives arguments by name and position."""
        raise NotImplementedError

    def requested(self, request: Entity) -> Entities:
        """Return what `request.param` can be."""
        raise NotImplementedError

    def attributes(self, owners: Entities, name: str) -> Entities:
        """Return what `name` can be on any of the owners; an owner without it counts as unknown."""
        raise NotImplementedError

    def attribute(self, owner: Entity, name: str) -> Entities:
        """Return what `owner.name` can be."""
        raise NotImplementedError

    # -- names --

    def in_module(self, path: str, name: str) -> Entities:
        """Return what `name` means in the module's own code; () if the module does not bind it."""
        key = ("name", path, name)
        known = self._recall(key)
        return known if known is not None else self._work_out(key, lambda: self._in_module(path, name))

    def member(self, path: str, name: str) -> Entities:
        """Return what others get as `name` from the module; () if it has nothing of that name."""
        key = ("member", path, name)
        known = self._recall(key)
        return known if known is not None else self._work_out(key, lambda: self._member(path, name))

    def lineage(self, path: str, index: int) -> Entities:
        """Return the class and its bases in the order in which Python looks members up, external bases included."""
        return self.remember(("lineage", path, index), lambda: self._lineage(path, index))

    def constructor(self, cls: Entity) -> Entities:
        """Return the functions that `cls(…)` runs; () if no class of its lineage defines one."""
        return self.remember(("new", cls.file, cls.number), lambda: self._constructor(cls))

    def unbound(self, path: str, name: str) -> Entity:
        """Return what a name is that no scope of the file binds."""
        file = self._project.file(path)
        names = PYTHON_BUILTINS
        if file is not None and file.language in ECMASCRIPT:
            if name == "exports":
                return Entity(Is.MODULE, path)
            if name == "module":
                return Entity(Is.BUILTIN, name, -1, path)
            names = ECMASCRIPT_GLOBALS
        return Entity(Is.BUILTIN, name) if name in names else UNKNOWN

    def imported(self, path: str, module: str, name: str) -> Entities:
        """Return what an import in the file binds."""
        file = self._project.file(path)
        language = file.language if file is not None else "python"
        lookup = self._project.modules.look_up(path, language, module)
        self.look(lookup.key)
        if lookup.found is None:
            return (external(lookup.package, module, name),) if lookup.package else (UNKNOWN,)
        target = self.found(lookup)
        if name in {"", "*"}:
            return self._whole(lookup.found.path, target) if not name and language in ECMASCRIPT else target
        if name == "default" and language in ECMASCRIPT:
            return self._default(lookup.found.path)
        return self.attributes(target, name)

    # -- steps --

    def _in_module(self, path: str, name: str) -> Entities:
        interface = self.interface(path, name)
        if interface is None:
            return NONE
        bindings = interface.names.get(name)
        if bindings is not None:
            if len(bindings) == 1:
                return self.evaluate(path, bindings[0]) or (UNKNOWN,)
            return union(self.evaluate(path, binding) for binding in bindings) or (UNKNOWN,)
        return self._from_stars(path, name) if interface.exports is None else NONE

    def _member(self, path: str, name: str) -> Entities:
        interface = self.interface(path)
        if interface is None:
            return NONE
        if interface.exports is not None:
            return self._exported(path, interface, name)
        own = self.in_module(path, name)
        if own:
            return own
        if path.endswith(("/__init__.py", "/__init__.pyi")) or path in {"__init__.py", "__init__.pyi"}:
            return self.found(self.below(path.rpartition("/")[0], name))
        return NONE

    def _exported(self, path: str, interface: Interface, name: str) -> Entities:
        exports = interface.exports or {}
        self.look(name_key(path, name))
        bindings = exports.get(name)
        if bindings is not None:
            return union(self.evaluate(path, binding) for binding in bindings) or (UNKNOWN,)
        if name != "default":
            found = self._from_stars(path, name)
            if found:
                return found
        self.look(name_key(path, "export="))
        whole = exports.get("export=")
        if whole is None:
            return NONE
        return self.attributes(union(self.evaluate(path, binding) for binding in whole), name)

    def _default(self, path: str) -> Entities:
        interface = self.interface(path, "default")
        self.look(name_key(path, "export="))
        exports = (interface.exports if interface is not None else None) or {}
        if "default" in exports:
            return self.member(path, "default")
        whole = exports.get("export=")
        if whole is not None:
            return union(self.evaluate(path, binding) for binding in whole) or (UNKNOWN,)
        return (Entity(Is.MODULE, path),)

    def _whole(self, path: str, module: Entities) -> Entities:
        """Return what `require` gives: what the module exports as a whole, if that can be called, else the module."""
        interface = self.interface(path, "export=")
        exports = (interface.exports if interface is not None else None) or {}
        whole = union([self.evaluate(path, binding) for binding in exports.get("export=", ())])
        callable_ = tuple(e for e in whole if e.what in {Is.FUNCTION, Is.CLASS})
        if len(exports) > 1 or not callable_:
            return callable_ + module
        return callable_

    def _from_stars(self, path: str, name: str) -> Entities:
        # Breadth first over the modules that stars lead to; the first that binds the name is the one.
        visited, queue = {path}, [path]
        for at in queue:
            interface = self.interface(at, name)
            if interface is None:
                continue
            if at != path:
                own = interface.names if interface.exports is None else interface.exports
                if name in own and (interface.exports is not None or _is_public(interface, name)):
                    return self.member(at, name)
            file = self._project.file(at)
            for module in interface.stars:
                lookup = self._project.modules.look_up(at, file.language if file else "", module)
                self.look(lookup.key)
                if lookup.found is not None and lookup.found.path not in visited:
                    visited.add(lookup.found.path)
                    queue.append(lookup.found.path)
        return NONE

    def _constructor(self, cls: Entity) -> Entities:
        line = self.lineage(cls.file, cls.number)
        file = self._project.file(cls.file)
        names = ("constructor",) if file is not None and file.language in ECMASCRIPT else ("__init__", "__new__")
        for base in line:
            if base.what is not Is.CLASS:
                return (base,)
            face = self.class_face(base)
            for name in names if face is not None else ():
                for binding in face.names.get(name, ()) if face is not None else ():
                    if binding.means is Means.FUNCTION:
                        return (Entity(Is.FUNCTION, base.file, binding.ref),)
        return NONE

    def _lineage(self, path: str, index: int) -> Entities:
        cls = Entity(Is.CLASS, path, index)
        face = self.class_face(cls)
        if face is None:
            return NONE
        bases = list(dict.fromkeys(e for b in face.bases for e in self._base(path, face, b) if e != cls))
        lines = [list(self.lineage(b.file, b.number)) if b.what is Is.CLASS else [b] for b in bases]
        return (cls, *(base for base in merge([line for line in (*lines, bases) if line]) if base != cls))

    def _base(self, path: str, face: ClassFace, binding: Binding) -> Entities:
        scope = face.scope
        head, *rest = binding.text.split(".") if binding.means is Means.PATH else ("",)
        while scope < 0 and head:
            # A class nested in a class sees the names of the enclosing body first.
            enclosing = Entity(Is.CLASS, path, ~scope)
            outer = self.class_face(enclosing)
            if outer is None:
                break
            if head in outer.names and head != face.name:
                owners = self.attribute(enclosing, head)
                for name in rest:
                    owners = self.attributes(owners, name)
                return self._classes(owners)
            scope = outer.scope
        return self._classes(self.evaluate(path, binding))

    def _classes(self, entities: Entities) -> Entities:
        return tuple(
            e if e.what is Is.CLASS else self.base_entity(e)
            for e in entities
            if e.what is not Is.EXTERNAL or e.file.partition(".")[0] not in _MARKERS
        )

    def base_entity(self, entity: Entity) -> Entity:
        """Return what a base of a class is, if it is no class: nothing is known of it."""
        return opaque(entity)

    def below(self, folder: str, name: str) -> Lookup:
        lookup = self._project.modules.below(folder, name)
        self.look(lookup.key)
        return lookup

    def found(self, lookup: Lookup) -> Entities:
        found = lookup.found
        if found is None:
            return NONE
        return (Entity(Is.FOLDER if found.is_folder else Is.MODULE, found.path),)

    def class_face(self, cls: Entity) -> ClassFace | None:
        found = self._faces.get(cls)
        if found is None:
            interface = self.interface(cls.file)
            if interface is None:
                return None
            face = interface.classes[cls.number]
            found = self._faces[cls] = (face, definition_key(cls.file, face.qualified_name))
        face, key = found
        if self.takes_notes:
            seen = self._frames[-1].seen
            seen.add(cls.file)
            seen.add(key)
        return face

    def look_at(self, path: str, qualified_name: str) -> None:
        """Take note of a class or a function of a file."""
        if self.takes_notes:
            self.look(definition_key(path, qualified_name))

    def interface(self, path: str, name: str | None = None) -> Interface | None:
        """Return a file's interface and take note of it: that it is there, and of the one name asked for.

        Whoever reads a class or a function of it takes note of that as well, so that nothing but what was read counts.
        """
        if self.takes_notes:
            self.look(path)
            if name is not None:
                self.look(name_key(path, name))
        file = self._project.file(path)
        return None if file is None else file.interface


def external(package: str, module: str, name: str) -> Entity:
    """Return what is imported from a module of another package."""
    module = module if module.startswith(package) else package
    of = None if package == module.partition(".")[0] else package
    return Entity(Is.EXTERNAL, module if name in {"", "*", "default"} else f"{module}.{name}", extra=of)


_MARKERS: Final = frozenset({"abc", "typing", "typing_extensions"})  # bases from these bring no members to call


def opaque(entity: Entity) -> Entity:
    """Return what is left of an entity of which no member is known."""
    return entity if entity.what in {Is.EXTERNAL, Is.BUILTIN} else UNKNOWN


def _is_public(interface: Interface, name: str) -> bool:
    return name in interface.public if interface.public is not None else not name.startswith("_")
