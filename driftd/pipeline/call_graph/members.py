"""What attributes are: members of classes and their instances, of modules, of `super()`.

What is stored on instances is taken from the whole lineage, what is bound in class bodies from the first that has it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from driftd.pipeline.bindings import Means
from driftd.pipeline.call_graph.callbacks import SAME_FUNCTION
from driftd.pipeline.call_graph.entities import BUILTIN, NONE, UNKNOWN, Entity, Is
from driftd.pipeline.call_graph.flows import Flows, Names, field_key, module_key, provided_key, subclasses_key
from driftd.pipeline.call_graph.lookup import Modules
from driftd.pipeline.call_graph.place import Place
from driftd.pipeline.call_graph.unions import union

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from driftd.pipeline.bindings import Binding
    from driftd.pipeline.call_graph.entities import Entities
    from driftd.pipeline.faces import ClassFace, FunctionFace
    from driftd.pipeline.project import Project


class Members(Modules):
    """Attributes of everything."""

    def __init__(self, project: Project) -> None:
        super().__init__(project)
        self.names = Names(project)
        self.flows = Flows({}, self.names)

    def attribute(self, owner: Entity, name: str) -> Entities:
        """Return what `owner.name` can be."""
        what = owner.what
        if what is Is.INSTANCE or what is Is.CLASS:
            key = (owner, name)
            known = self._recall(key)
            return known if known is not None else self._work_out(key, lambda: self._class_member(owner, name))
        if what is Is.MODULE:
            return self._module_member(owner.file, name)
        if what is Is.EXTERNAL:
            return (owner._replace(file=f"{owner.file}.{name}") if owner.file.count(".") < _LONGEST else owner,)
        if what is Is.FOLDER:
            return self.found(self.below(owner.file, name))
        if what is Is.FUNCTION or what is Is.METHOD:
            return (owner,) if name in SAME_FUNCTION else (UNKNOWN,)
        if what is Is.SUPER:
            return self.after(owner, name)
        if what is Is.REQUEST and name == "param":
            return self.requested(owner)
        if what in _CONTAINERS:
            return (Entity(Is.ACTION, name, -1, owner),)
        if what is Is.BUILTIN or what is Is.CONSTANT:
            return (BUILTIN,)
        return (UNKNOWN,)

    def attributes(self, owners: Entities, name: str) -> Entities:
        """Return what `name` can be on any of the owners; an owner without it counts as unknown."""
        if len(owners) == 1:
            return self.attribute(owners[0], name) or (UNKNOWN,)
        return union([self.attribute(owner, name) or (UNKNOWN,) for owner in owners])

    def after(self, owner: Entity, name: str) -> Entities:
        """Return what `super().name` is."""
        start = Entity(Is.CLASS, owner.file, owner.number)
        receiver = owner.extra if isinstance(owner.extra, Entity) else None
        found: list[Entities] = []
        own = (receiver,) if receiver is not None else self.in_use(owner.file, owner.number)
        for cls in own:
            line = self.lineage(cls.file, cls.number)
            at = line.index(start) + 1 if start in line else 0
            instance = Entity(Is.INSTANCE, cls.file, cls.number)
            found.append(self._first(line[at:], name, instance, stored=False))
        return union(found)

    def _module_member(self, path: str, name: str) -> Entities:
        found = self.member(path, name)
        if not found and self.is_ecmascript(path):
            found = self.in_module(path, f"this.{name}")  # at the top of a CommonJS module `this` is what it exports
        written = self.flow(module_key(path, name))
        return union([found, written]) if written else found

    def _class_member(self, owner: Entity, name: str) -> Entities:
        return self._first(self.lineage(owner.file, owner.number), name, owner)

    def _first(self, line: Sequence[Entity], name: str, owner: Entity, *, stored: bool = True) -> Entities:
        """Return what the first class that has the name binds it to, with what is stored on instances if wanted."""
        missing: Entities = NONE
        on_class: Entities = NONE
        fields: list[Entities] = []
        instance = owner.what is Is.INSTANCE
        is_bound = False
        stored_as = name
        ecmascript = bool(line) and line[0].what is Is.CLASS and self.is_ecmascript(line[0].file)
        if ecmascript and not instance:
            stored_as = f"static {name}"
        key = field_key(stored_as)
        self.note_flow(key)
        written = self.flows.fields(key)
        for cls in line:
            if cls.what is not Is.CLASS:
                if ecmascript and cls.what is Is.FUNCTION:
                    fields.append(self.inherited(cls, name, owner, stored=is_bound))
                    continue
                missing = missing or (self.attribute(cls, name) if cls.what is Is.EXTERNAL else (cls,))
                continue
            face = self.class_face(cls)
            if face is None:
                continue
            bindings = face.names.get(stored_as, ()) or (face.names.get(name, ()) if ecmascript else ())
            if not is_bound and bindings:
                is_bound = True
                on_class = union([self._on_class(cls, face, name, binding, owner) for binding in bindings])
                is_bound = bool(on_class) or not ecmascript
            if stored and stored_as in face.fields:
                bindings = face.fields[stored_as]
                if not instance and not ecmascript:
                    bindings = tuple([b for b in bindings if b.means is Means.FUNCTION])
                place = Place(cls.file, ~cls.number, owner)
                values = [self.value(binding, place) for binding in bindings]
                fields.extend([self.bind_all(value, owner) for value in values] if ecmascript else values)
            if stored and written and (cls.file, cls.number) in written:
                fields.append(written[cls.file, cls.number])
        if not fields and on_class:
            return on_class
        found = union([*fields, on_class])
        if found:
            return found
        return (UNKNOWN,) if is_bound or fields else missing

    def is_ecmascript(self, path: str) -> bool:
        """Whether a file is in a language of the family."""
        raise NotImplementedError

    def inherited(self, base: Entity, name: str, owner: Entity, *, stored: bool) -> Entities:
        """Return what a class that extends a function gets from it."""
        raise NotImplementedError

    def bind_all(self, entities: Entities, owner: Entity) -> Entities:
        """Return methods of an object: what is called through it has it as `this`."""
        raise NotImplementedError

    def is_hidden(self, function: FunctionFace, owner: Entity, cls: ClassFace) -> bool:
        """Whether a member of a class is one of instances and asked of the class, or the other way round."""
        raise NotImplementedError

    def _on_class(self, cls: Entity, face: ClassFace, name: str, binding: Binding, owner: Entity) -> Entities:
        if binding.means is Means.FUNCTION:
            return self._method(cls, binding.ref, owner)
        head, *rest = binding.text.split(".") if binding.means is Means.PATH else ("",)
        if head == name:
            # `first = first` in a class body takes the module's, unless the body bound it before.
            others = [other for other in face.names[head] if other != binding]
            found = (
                union([self._on_class(cls, face, name, other, owner) for other in others])
                if others
                else self.in_scope(cls.file, face.scope, head, None) or (UNKNOWN,)
            )
            for part in rest:
                found = self.attributes(found, part)
            return found
        found = self.value(binding, Place(cls.file, ~cls.number, owner))
        if owner.what is not Is.INSTANCE or binding.means is Means.RESULT:
            return found
        return tuple([bound(e, owner) if e.what is Is.FUNCTION else e for e in found])

    def _method(self, cls: Entity, number: int, owner: Entity) -> Entities:
        interface = self.interface(cls.file)
        if interface is None:
            return NONE
        function = interface.functions[number]
        self.look_at(cls.file, function.qualified_name)
        instance = owner.what is Is.INSTANCE
        if self.is_ecmascript(cls.file):
            if self.is_hidden(function, owner, interface.classes[cls.number]):
                return NONE
            instance = True  # a class is the `this` of its static methods
        if instance and function.kind == "getter":
            return self.result((bound(Entity(Is.FUNCTION, cls.file, number), owner),))
        found = self.function(cls.file, number)
        if (function.kind == "static_method" and owner.what is Is.INSTANCE) or not (
            instance or function.kind == "class_method"
        ):
            return found
        return tuple([bound(e, owner) if e.what is Is.FUNCTION else e for e in found])

    def flow(self, key: str) -> Entities:
        """Return what flows into a place."""
        self.note_flow(key)
        return self.flows.read(key)

    def advance(self, flows: Flows, changed: Iterable[str]) -> None:
        """Answer from now on with other flows, which hold something else in the places `changed`."""
        self.flows = flows
        self.forget_readers(changed)

    def provided(self, path: str, cls: int) -> Entities:
        """Return the classes of which containers pass instances where this class is asked for."""
        naming = self.names.of(path)
        found = NONE if naming is None else self.flow(provided_key(path, naming.classes[cls]))
        return tuple([e for e in found if e.what is Is.CLASS]) if found else NONE

    def in_use(self, path: str, cls: int) -> Entities:
        """Return the class with those of its subclasses that instances are made of; only itself if they are many."""
        own = Entity(Is.CLASS, path, cls)
        naming = self.names.of(path)
        if naming is None:
            return (own,)
        found = self.flow(subclasses_key(path, naming.classes[cls]))
        if not found or found[0].what is not Is.CLASS:
            return (own,)
        return (own, *[e for e in found if e != own])


def bound(function: Entity, owner: Entity) -> Entity:
    """Return the function with its first parameter bound."""
    return Entity(Is.METHOD, function.file, function.number, owner)


_CONTAINERS: Final = frozenset({Is.DISPLAY, Is.BAG, Is.ARGUMENTS, Is.GENERATOR, Is.TYPED})
_LONGEST: Final = 8  # dots in the name of something external
