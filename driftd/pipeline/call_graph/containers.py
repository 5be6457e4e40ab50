"""What containers hold and iteration gives: displays, generators, iterators, rest parameters, annotated collections."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from driftd.pipeline.call_graph.callbacks import TRANSPARENT_METHODS
from driftd.pipeline.call_graph.entities import BUILTIN, NONE, UNKNOWN, Entity, Is
from driftd.pipeline.call_graph.flows import items_key, parameter_key
from driftd.pipeline.call_graph.lookup import opaque
from driftd.pipeline.call_graph.members import Members
from driftd.pipeline.call_graph.place import Place
from driftd.pipeline.call_graph.unions import union
from driftd.pipeline.interface import display_key
from driftd.pipeline.scopes import annotation_paths

if TYPE_CHECKING:
    from collections.abc import Sequence

    from driftd.pipeline.bindings import Display
    from driftd.pipeline.call_graph.entities import Entities
    from driftd.pipeline.project import Project

POSITIONS: Final = 4  # of a rest parameter that are told apart


class Containers(Members):
    """Content of containers."""

    def __init__(self, project: Project) -> None:
        super().__init__(project)
        self.own_displays: tuple[str, Sequence[Display]] = ("", ())  # of the file that is being resolved

    def display(self, entity: Entity) -> Display | None:
        """Return the content of a container that is written out."""
        path, displays = self.own_displays
        interface = self.interface(entity.file)
        found = None if interface is None else interface.displays.get(entity.number)
        if found is None:
            return displays[entity.number] if entity.file == path and entity.number < len(displays) else None
        if interface is not None:
            scope = found.scope
            owner = interface.functions[scope] if scope >= 0 else interface.classes[~scope]
            self.look(display_key(entity.file, owner.qualified_name))
        return found

    def items(self, container: Entity, key: str | None) -> Entities:
        """Return what a container can hold under a key; None for any."""
        what = container.what
        if what is Is.BAG:
            content: Entities = container.extra
            if container.file == "rows":
                row = next((e for e in content if e.file == key), None)
                return NONE if row is None else row.extra
            return content if key is None or not container.file or key == container.file else NONE
        if what is Is.ARGUMENTS:
            return self._rest_items(container, key)
        if what is Is.GENERATOR or what is Is.TYPED or what is Is.INSTANCE:
            return self.elements((container,)) if what is not Is.INSTANCE else self._got_item(container)
        if what is not Is.DISPLAY:
            return (UNKNOWN,)
        if container.extra == "pair":
            return NONE if key == "0" else self.items(container._replace(extra=None), None)
        return self.remember(("items", container, key), lambda: self._displayed(container, key))

    def _displayed(self, container: Entity, key: str | None) -> Entities:
        display = self.display(container)
        if display is None:
            return (UNKNOWN,)
        if isinstance(container.extra, int):
            key = str(int(key) + container.extra) if key is not None and key.isdecimal() else None
        place = Place(container.file, display.scope)
        found = [self.value(item, place) for at, item in display.entries if key is None or not at or at == key]
        found.append(self._added(container, key))
        return union(found)

    def _added(self, container: Entity, key: str | None) -> Entities:
        naming = self.names.of(container.file)
        name = None if naming is None else naming.displays.get(container.number)
        if name is None:
            return NONE
        if key is None:
            return self.flow(items_key(container.file, name, "*"))
        return union([self.flow(items_key(container.file, name, key)), self.flow(items_key(container.file, name, ""))])

    def _rest_items(self, container: Entity, key: str | None) -> Entities:
        name = str(container.extra)
        if name.startswith("**"):
            return self.passed(container.file, container.number, f"{name}#{key[1:]}") if key else NONE
        if key is not None and key.isdecimal() and int(key) < POSITIONS:
            return self.passed(container.file, container.number, f"{name}#{key}")
        return union([self.passed(container.file, container.number, f"{name}#{i}") for i in range(POSITIONS)])

    def _got_item(self, container: Entity) -> Entities:
        found = tuple([e for e in self.attribute(container, "__getitem__") if e.what is Is.METHOD])
        return self.result(found) if found else (UNKNOWN,)

    def elements(self, containers: Entities) -> Entities:
        """Return what iterating over any of the containers can give."""
        return union([self._elements(container) for container in containers])

    def _elements(self, container: Entity) -> Entities:
        what = container.what
        if what is Is.GENERATOR:
            return self.remember(
                ("yields", container.file, container.number, container.extra), lambda: self._yielded(container)
            )
        if what is Is.INSTANCE:
            iterators = self.result(tuple([e for e in self.attribute(container, "__iter__") if e.what is Is.METHOD]))
            found = [self.attribute(i, "__next__") for i in iterators if i.what is Is.INSTANCE]
            inner = [self._elements(i) for i in iterators if i.what is not Is.INSTANCE]
            return union([self.result(tuple([e for g in found for e in g if e.what is Is.METHOD])), *inner])
        if what is Is.TYPED:
            return self._typed_element(container)
        if what is Is.DISPLAY:
            if container.extra == "items":
                return (container._replace(extra="pair"),)
            display = self.display(container)
            if display is not None and display.is_mapping and container.extra != "values":
                return NONE
            return self.items(container._replace(extra=None), None)
        return self.items(container, None) if what in _CONTAINERS else (UNKNOWN,)

    def _yielded(self, generator: Entity) -> Entities:
        interface = self.interface(generator.file)
        if interface is None:
            return NONE
        face = interface.functions[generator.number]
        self.look_at(generator.file, face.qualified_name)
        receiver = generator.extra if isinstance(generator.extra, Entity) else None
        place = Place(generator.file, generator.number, receiver)
        found = union([self.value(binding, place) for binding in face.yields])
        if face.returns and (not found or UNKNOWN in found):
            declared = self.typed(face.returns, Place(generator.file, face.scope))
            inner = self.elements(tuple([e for e in declared if e.what is Is.TYPED]))
            found = union([tuple([e for e in found if e is not UNKNOWN]), inner])
        return found

    def _action_result(self, action: Entity) -> Entities:
        container: Entity = action.extra
        how = TRANSPARENT_METHODS.get(action.file)
        if how is None:
            if container.what is Is.GENERATOR and action.file in {"__next__", "send"}:
                return self.elements((container,))
            return (BUILTIN,)
        if how == "same":
            return (container,)
        if how == "content":
            return self.items(container, None)
        return (container._replace(extra=how),) if container.what is Is.DISPLAY else (container,)

    def passed(self, path: str, function: int, name: str) -> Entities:
        """Return what calls pass to a parameter."""
        naming = self.names.of(path)
        return self.flow(parameter_key(path, naming.functions[function], name)) if naming is not None else NONE

    def typed(self, annotation: str, place: Place) -> Entities:
        """Return the instances that an annotation admits in a place."""
        found: list[Entities] = []
        for text in annotation_paths(annotation):
            for entity in self.path(text, place):
                if entity.what is Is.CLASS:
                    found.append((Entity(Is.INSTANCE, entity.file, entity.number),))
                elif entity.what is Is.EXTERNAL or entity.what is Is.BUILTIN:
                    inner = element_annotation(annotation) if entity.file.rpartition(".")[2] in _GENERICS else ""
                    found.append((Entity(Is.TYPED, place.path, place.scope, inner),) if inner else (opaque(entity),))
                else:
                    found.append((opaque(entity),))
        return union(found)

    def _typed_element(self, container: Entity) -> Entities:
        return self.typed(str(container.extra), Place(container.file, container.number))


def element_annotation(annotation: str) -> str:
    """Return what a container of this type holds, as an annotation; "" if that is not said."""
    text = annotation.strip().strip("'\"")
    name, bracket, rest = text.partition("[")
    if not bracket or not rest.endswith("]"):
        return ""
    inner = rest[:-1].strip()
    if name.rpartition(".")[2] in _WRAPPING:
        return element_annotation(inner)
    depth = 0
    for at, char in enumerate(inner):
        depth += (char in "[(") - (char in "])")
        if char == "," and depth == 0:
            return inner[:at].strip()
    return inner


def sliced(entity: Entity, start: int) -> Entity:
    """Return what is left of a container from a position on."""
    if entity.what is not Is.DISPLAY or entity.extra not in {None, 0}:
        return entity
    return entity._replace(extra=start) if start > 0 else entity


_CONTAINERS: Final = frozenset({Is.DISPLAY, Is.BAG, Is.ARGUMENTS, Is.GENERATOR, Is.TYPED})
_GENERICS: Final = frozenset(
    ["list", "List", "tuple", "Tuple", "set", "Set", "frozenset", "FrozenSet", "Sequence", "Iterable", "Iterator",
     "Collection", "Generator", "AsyncIterator", "AsyncIterable", "AsyncGenerator", "deque", "Deque", "MutableSequence",
     "Array", "ReadonlyArray"]
)  # fmt: skip
_WRAPPING: Final = frozenset(["Optional", "Annotated", "Final", "ClassVar"])
