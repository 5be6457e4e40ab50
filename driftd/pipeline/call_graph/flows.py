"""What flows from one file's calls into places of any file: parameters, fields, containers, subclasses in use.

A file contributes to places; what a place holds is the union over all files, and nothing is said of a place into which
more than `MOST` things flow.  Contributions outlive a change of the project, so they name functions, classes and
containers instead of numbering them.  Keys of places are strings, so that they can be depended on like names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

import msgspec

from driftd.pipeline.call_graph.entities import MOST, Entity, Is
from driftd.pipeline.interface import Naming

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from driftd.pipeline.call_graph.entities import Entities
    from driftd.pipeline.project import Project

# An entity without numbers, encoded: what it is, file, qualified name, ordinal, extra.
Named: TypeAlias = bytes
Contributions: TypeAlias = dict[str, tuple[Named, ...]]

FLOW_MARK: Final = "\1"
_MOST_FIELDS: Final = 64  # of one name, over all classes
_FUNCTIONS: Final = frozenset({Is.FUNCTION, Is.METHOD, Is.GENERATOR, Is.MADE})
_DISPLAYS: Final = frozenset({Is.DISPLAY, Is.OBJECT, Is.SETTLER})
_WHOLE: Final = frozenset({Is.MODULE, Is.CONSTANT})
_FOLLOWED: Final = frozenset(
    {
        Is.FUNCTION, Is.METHOD, Is.CLASS, Is.INSTANCE, Is.GENERATOR, Is.DISPLAY, Is.MODULE, Is.CONSTANT, Is.OBJECT,
        Is.BUNDLE, Is.MADE, Is.PROTO, Is.SETTLER,
    }
)  # fmt: skip


def parameter_key(path: str, function: tuple[str, int], name: str) -> str:
    """Return the key of a parameter."""
    return f"{FLOW_MARK}p{path}\0{function[0]}\0{function[1]}\0{name}"


def field_key(name: str) -> str:
    """Return the key of what code outside of a class assigns to an attribute of this name, of whatever class."""
    return f"{FLOW_MARK}f{name}"


def subclasses_key(path: str, cls: tuple[str, int]) -> str:
    """Return the key of the classes that are made instances of and have this class in their lineage."""
    return f"{FLOW_MARK}s{path}\0{cls[0]}\0{cls[1]}"


def provided_key(path: str, cls: tuple[str, int]) -> str:
    """Return the key of the classes of which containers pass instances where this class is asked for."""
    return f"{FLOW_MARK}d{path}\0{cls[0]}\0{cls[1]}"


def items_key(path: str, display: tuple[str, int], key: str) -> str:
    """Return the key of what is put into a container under a key; "*" is what is put into it under any."""
    return f"{FLOW_MARK}i{path}\0{display[0]}\0{display[1]}\0{key}"


def object_key(path: str, kind: str, name: tuple[str, int]) -> str:
    """Return the key of what flows into the properties of an object of ECMAScript."""
    return f"{FLOW_MARK}o{path}\0{kind}\0{name[0]}\0{name[1]}"


def module_key(path: str, name: str) -> str:
    """Return the key of what is assigned to a module's name from outside."""
    return f"{FLOW_MARK}m{path}\0{name}"


class Names:
    """The names of all interfaces of one state of the project, made on demand."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._names: dict[str, Naming | None] = {}
        self._numbers: dict[tuple[str, str], dict[tuple[str, int], int]] = {}
        self.plans: dict[tuple[str, int], object] = {}  # what `handover` keeps of functions

    def of(self, path: str) -> Naming | None:
        """Return the names of a file, or None if there is no such file."""
        if path in self._names:
            return self._names[path]
        file = self._project.file(path)
        naming = self._names[path] = None if file is None else Naming(file.interface)
        return naming

    def named(self, entity: Entity) -> Named | None:
        """Return an entity without numbers, or None for one that is not followed from file to file."""
        parts = self._parts(entity)
        return None if parts is None else _encode(parts)

    def _parts(self, entity: Entity) -> tuple[Any, ...] | None:
        what, path, number, extra = entity.what, entity.file, entity.number, entity.extra
        if what not in _FOLLOWED:
            return None
        if what in _WHOLE:
            return (what, path, "", 0, None)
        if what is Is.BUNDLE:
            entries: tuple[tuple[str, Entities], ...] = extra
            held = [(key, [p for p in map(self._parts, entities) if p is not None]) for key, entities in entries]
            return (what, path, "", number, held)
        naming = self.of(path)
        if naming is None:
            return None
        if what in _FUNCTIONS:
            bound = self._parts(extra) if isinstance(extra, Entity) else None
            return (what, path, *naming.functions[number], bound)
        if what is Is.PROTO:
            name = naming.functions[number] if number >= 0 else naming.classes[~number]
            return (what, path, *name, number >= 0)
        if what in _DISPLAYS:
            place = naming.displays.get(number)
            return None if place is None else (what, path, *place, extra)
        return (what, path, *naming.classes[number], None)

    def entity(self, named: Named) -> Entity | None:
        """Return what a name stands for now, or None if it is gone."""
        return self._entity(_decode(named))

    def pair(self, named: Named) -> tuple[Entity | None, Entity | None]:
        """Return what two names that were put together stand for now."""
        one, other = _decode(named)
        return self.entity(one), self.entity(other)

    def _entity(self, parts: Sequence[Any]) -> Entity | None:
        what, path, name, ordinal, extra = parts
        if what in _WHOLE:
            return Entity(what, path)
        if what == Is.BUNDLE:
            held = tuple([(key, tuple([e for e in map(self._entity, parts) if e is not None])) for key, parts in extra])
            return Entity(Is.BUNDLE, path, ordinal, held)
        kind = "functions" if what in _FUNCTIONS else "displays" if what in _DISPLAYS else "classes"
        if what == Is.PROTO:
            found = self._numbered(path, "functions" if extra else "classes").get((name, ordinal))
            return None if found is None else Entity(Is.PROTO, path, found if extra else ~found)
        number = self._numbered(path, kind).get((name, ordinal))
        if number is None:
            return None
        return Entity(what, path, number, self._entity(extra) if isinstance(extra, list) else extra)

    def _numbered(self, path: str, kind: str) -> dict[tuple[str, int], int]:
        key = (path, kind)
        numbers = self._numbers.get(key)
        if numbers is None:
            naming = self.of(path)
            if naming is None:
                numbers = {}
            elif kind == "displays":
                numbers = {name: number for number, name in naming.displays.items()}
            else:
                numbers = {name: number for number, name in enumerate(getattr(naming, kind))}
            self._numbers[key] = numbers
        return numbers


class Flows:
    """What places hold, read by key."""

    def __init__(self, content: Mapping[str, tuple[Named, ...]], names: Names) -> None:
        self._content = content
        self._names = names
        self._read: dict[str, Entities] = {}
        self._fields: dict[str, dict[tuple[str, int], Entities]] = {}
        self._objects: dict[str, dict[str, Entities]] = {}

    def read(self, key: str) -> Entities:
        """Return what a place holds."""
        found = self._read.get(key)
        if found is None:
            named = self._content.get(key, ())
            found = tuple([e for e in map(self._names.entity, named) if e is not None])
            self._read[key] = found
        return found

    def fields(self, key: str) -> dict[tuple[str, int], Entities]:
        """Return what is assigned to attributes of one name, by class."""
        found = self._fields.get(key)
        if found is None:
            found = self._fields[key] = {}
            for named in self._content.get(key, ()):
                cls, entity = self._names.pair(named)
                if cls is not None and entity is not None:
                    at = (cls.file, cls.number)
                    found[at] = (*found.get(at, ()), entity)
        return found

    def objects(self, key: str) -> Mapping[str, Entities]:
        """Return what flows into an object's properties, by the key of the property."""
        found = self._objects.get(key)
        if found is None:
            found = self._objects[key] = {}
            for named in self._content.get(key, ()):
                at, value = _decode(named)
                entity = self._names.entity(value)
                if entity is not None:
                    found[at] = (*found.get(at, ()), entity)
        return found


def property_pair(key: str, value: Named) -> Named:
    """Put the key of a property and the name of its value together."""
    return _encode((key, value))


def merged(key: str, groups: Iterable[tuple[Named, ...]]) -> tuple[Named, ...]:
    """Return the union of contributions to one place in a fixed order; nothing if it is more than is followed."""
    found = {named for group in groups for named in group}
    return () if len(found) > (MOST if key[1] not in "fo" else _MOST_FIELDS) else tuple(sorted(found))


def add_flows(flows: Contributions, more: Contributions) -> None:
    """Add what another stretch hands on."""
    for key, named in more.items():
        flows[key] = flows[key] + named if key in flows else named


def pair(one: Named, other: Named) -> Named:
    """Put two names together."""
    return _encode((one, other))


_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder().decode
