"""Heritage beyond what classes say: structural interfaces, functions beside their types, containers and sole heirs.

For languages with declared types and packages (see `dialects`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from driftd.pipeline.bindings import Means
from driftd.pipeline.call_graph.declared_outside import DeclaredOutside
from driftd.pipeline.call_graph.entities import NONE, Entity, Is
from driftd.pipeline.call_graph.overloads import agreement, simple_names
from driftd.pipeline.call_graph.place import Place
from driftd.pipeline.call_graph.unions import union
from driftd.pipeline.interface import EXTENDS
from driftd.pipeline.packages import INJECTING, beside_key, heirs_key, interface_key, methods_key

if TYPE_CHECKING:
    from driftd.pipeline.call_graph.entities import Entities
    from driftd.pipeline.faces import FunctionFace


class DeclaredHeritage(DeclaredOutside):
    """Which types stand for which others."""

    def extensions(self, path: str, owner: Entity, name: str) -> Entities:
        """Return the functions of a name that a file can call as methods of the owner, though they stand beside it."""
        dialect = self.dialect(path)
        if dialect is None or dialect.family not in _EXTENDING:
            return NONE
        key = beside_key(dialect.family, name)
        self.look(key)
        spots = self._project.packages.spots(key)
        if not spots:
            return NONE
        types = self.type_names(owner)
        interface = self.interface(path)
        ambiguous = interface is not None and "System.Linq" in interface.stars
        found = []
        for spot in spots if types else ():
            interface = self.interface(spot.path)
            for number, face in enumerate(interface.functions if interface is not None else ()):
                if face.qualified_name != spot.namespace or not self._sees(path, spot.path, face.scope, name):
                    continue
                self.look_at(spot.path, face.qualified_name)
                first = face.types[0] if face.types[:1] and face.types[0].startswith(EXTENDS) else ""
                receiver = first.removeprefix(EXTENDS) or spot.namespace.rpartition(".")[0]
                if ambiguous and receiver.startswith("IEnumerable"):
                    continue  # the library has one, too
                if agreement(receiver, types, is_rest=False) > 0:
                    found.append(Entity(Is.METHOD, spot.path, number, owner))
        return tuple(found)

    def may_extend(self, path: str, name: str) -> bool:
        """Whether there are functions of a name that are called as methods of types that they stand beside."""
        dialect = self.dialect(path)
        if dialect is None or dialect.family not in _EXTENDING:
            return False
        key = beside_key(dialect.family, name)
        self.look(key)
        return bool(self._project.packages.spots(key))

    def type_names(self, entity: Entity) -> frozenset[str]:
        """Return the simple names of an entity's type and of what it extends; empty if that is not known."""
        if entity.what is Is.INSTANCE:
            line = self.lineage(entity.file, entity.number)
            faces = [self.class_face(cls) for cls in line if cls.what is Is.CLASS]
            names = {face.name for face in faces if face is not None}
            return frozenset(names | {cls.file.rpartition(".")[2] for cls in line if cls.what is Is.EXTERNAL})
        if entity.what is Is.TYPED:
            return simple_names(str(entity.extra))
        if entity.what is Is.EXTERNAL or (entity.what is Is.BUILTIN and entity.file):
            owner, _, name = entity.file.rpartition(".")
            if owner.rpartition(".")[2][:1].isupper():
                return frozenset()  # a member of a type, not a type
            return frozenset([name])
        return frozenset()

    def _sees(self, path: str, other: str, scope: int, name: str) -> bool:
        """Whether code of a file can name what is in a scope of another without its package."""
        interface = self.interface(path, name)
        package = self.package_at(other, scope)
        if interface is None or package == self.package_at(path, 0) or package in interface.stars:
            return True
        dialect = self.dialect(path)
        if dialect is not None and dialect.family == "csharp" and package in self.usings(path):
            return True
        if dialect is not None and dialect.outward and self.package_at(path, 0).startswith(f"{package}."):
            return True
        named = interface.names.get(name, ())
        return any(b.means is Means.IMPORT and b.text == package for b in named)

    def supertypes(self, cls: Entity) -> Entities:
        """Return the types whose instances a class's instances are."""
        line = tuple([base for base in self.lineage(cls.file, cls.number) if base.what is Is.CLASS])
        dialect = self.dialect(cls.file)
        if dialect is None or dialect.family != "go":
            return line
        return self.remember(("supertypes", cls), lambda: union([line, self._satisfied(line)]))

    def _satisfied(self, line: Entities) -> Entities:
        """Return the interfaces all of whose methods the types of a lineage have together."""
        packages = self._project.packages
        methods: set[str] = set()
        for cls in line:
            face = self.class_face(cls)
            if face is not None:
                key = methods_key("go", self.package_at(cls.file, 0), face.name)
                self.look(key)
                methods.update(spot.namespace for spot in packages.spots(key))
        found: dict[Entity, None] = {}
        for method in sorted(methods):
            key = interface_key("go", method)
            self.look(key)
            for spot in packages.spots(key):
                interface = self.interface(spot.path)
                for index, other in enumerate(interface.classes if interface is not None else ()):
                    if other.qualified_name == spot.namespace:
                        found[Entity(Is.CLASS, spot.path, index)] = None
        return tuple([e for e in found if self._wanted(e) <= methods])

    def _wanted(self, interface: Entity) -> set[str]:
        names: set[str] = set()
        for cls in self.lineage(interface.file, interface.number):
            face = self.class_face(cls) if cls.what is Is.CLASS else None
            if face is None:
                return {""}  # nothing is known to satisfy it
            names.update(name for name, bindings in face.names.items() if bindings[0].means is Means.FUNCTION)
        return names

    def sole_heir(self, cls: Entity) -> Entity | None:
        """Return the class that alone implements one of which no instance is made where it can be seen."""
        dialect, face = self.dialect(cls.file), self.class_face(cls)
        if dialect is None or face is None or dialect.family not in INJECTING:
            return None
        found = self.remember(("heir", cls), lambda: self._heirs(dialect.family, cls, face.name))
        return found[0] if len(found) == 1 else None

    def _heirs(self, family: str, cls: Entity, name: str) -> Entities:
        key = heirs_key(family, name)
        self.look(key)
        found = []
        for spot in self._project.packages.spots(key):
            interface = self.interface(spot.path)
            for number, other in enumerate(interface.classes if interface is not None else ()):
                heir = Entity(Is.CLASS, spot.path, number)
                if other.qualified_name == spot.namespace and cls in self.lineage(spot.path, number):
                    found.append(heir)
        return tuple(found)

    def dispatches(self, owner: Entity) -> bool:
        """Whether a method called on a value of a declared type may be that of another type."""
        dialect, face = self.dialect(owner.file), self.class_face(Entity(Is.CLASS, owner.file, owner.number))
        if dialect is None or face is None:
            return False
        return dialect.family not in _STATIC or face.kind in {"interface", "trait"}

    def is_marked(self, cls: Entity, marks: frozenset[str]) -> bool:
        """Whether a class has one of the annotations, given by their full names."""
        face = self.class_face(cls)
        if face is None or not face.marks:
            return False
        if not marks.isdisjoint(face.marks):
            return True
        place = Place(cls.file, face.scope)
        found = [e.file for name in face.marks for e in self.path(name, place) if e.what is Is.EXTERNAL]
        return any(name in marks for name in found)


def is_same(one: FunctionFace, other: FunctionFace) -> bool:
    """Whether two functions of a class have nothing that tells them apart."""
    alike = one.types == other.types and one.forms == other.forms
    return alike and not (one.forms and (one.scope != other.scope or "template" in one.forms[0]))


def overrides(types: tuple[str, ...], others: tuple[str, ...]) -> bool:
    """Whether parameters of these types can be those of an overridden function; a type variable is any type."""
    return len(types) == len(others) and all(
        one.partition("[")[0] == other.partition("[")[0] or not one or not other or _is_variable(other)
        for one, other in zip(types, others, strict=True)
    )


def _is_variable(name: str) -> bool:
    return len(name) <= 2 or (name[:1] == "T" and name[1:2].isupper())


_STATIC: Final = frozenset({"go", "rust"})  # only interfaces and traits stand for other types
_EXTENDING: Final = frozenset({"jvm", "csharp"})
