"""ECMAScript's objects: what their properties hold, own ones and those of their prototypes, and what `this` is.

Objects that are written out or made by the language's constructors are told apart by where they are made (`OBJECT`);
functions and classes are objects too, with the prototype (`PROTO`) and the instances (`MADE`) of each function.
What the library makes of values is a `BUNDLE`: an object that nobody writes to.

Keys: a name has a quote before it, an element of an array is its position, "" is a key that is not known.  `<` and `>`
before a key mark a getter and a setter, "..." are sources whose properties are copied.  Collections hold their elements
under "", "each" being where they come from; maps hold "key", "value", keys that are literals, and "pairs"; promises hold
"value" and "reason".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from driftd.pipeline.call_graph.containers import POSITIONS
from driftd.pipeline.call_graph.entities import BUILTIN, NONE, UNKNOWN, Entity, Is
from driftd.pipeline.call_graph.fixtures import Fixtures
from driftd.pipeline.call_graph.flows import object_key
from driftd.pipeline.call_graph.library import CALLING, METHODS, NAMESPACES, PLAIN_METHODS
from driftd.pipeline.call_graph.lookup import opaque
from driftd.pipeline.call_graph.members import bound
from driftd.pipeline.call_graph.place import Place
from driftd.pipeline.call_graph.unions import union
from driftd.pipeline.modules import ECMASCRIPT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from driftd.pipeline.bindings import Binding
    from driftd.pipeline.call_graph.entities import Entities
    from driftd.pipeline.faces import ClassFace, FunctionFace
    from driftd.pipeline.project import Project

PROTO: Final = "'__proto__"
THIS: Final = "this"
ARGUMENTS: Final = "arguments"
SPECIAL: Final = frozenset({THIS, ARGUMENTS, "super"})  # names that the scope itself gives a meaning
_DEEPEST: Final = 3  # bundles within bundles
_WIDEST: Final = 16  # entities under one key of a bundle


class Objects(Fixtures):
    """Properties of objects."""

    def __init__(self, project: Project) -> None:
        super().__init__(project)
        self._ecmascript: dict[str, bool] = {}

    def is_ecmascript(self, path: str) -> bool:
        """Whether a file is in a language of the family."""
        found = self._ecmascript.get(path)
        if found is None:
            file = self._project.file(path)
            found = self._ecmascript[path] = file is not None and file.language in ECMASCRIPT
        return found

    # -- attributes --

    def attribute(self, owner: Entity, name: str) -> Entities:
        """Return what `owner.name` can be."""
        what = owner.what
        if what in OBJECTS:
            return self._object_attribute(owner, name)
        if (what is Is.FUNCTION or what is Is.METHOD) and self.is_ecmascript(owner.file):
            return self._function_attribute(owner, name)
        if what is Is.CLASS and name == "prototype" and self.is_ecmascript(owner.file):
            return (Entity(Is.PROTO, owner.file, ~owner.number),)
        if what is Is.ARGUMENTS and name == "callee" and owner.extra == ARGUMENTS:
            return (Entity(Is.FUNCTION, owner.file, owner.number),)
        if what is Is.BUILTIN:
            if owner.file in NAMESPACES:
                return (Entity(Is.BUILTIN, f"{owner.file}.{name}"),)
            if owner.file == "module" and name == "exports" and isinstance(owner.extra, str):
                return (Entity(Is.MODULE, owner.extra),)
        return super().attribute(owner, name)

    def _object_attribute(self, owner: Entity, name: str) -> Entities:
        found = self.property(owner, f"'{name}")
        if found:
            return self.bind_all(found, owner)
        if name in METHODS.get(self.kind_of(owner), _NO_METHODS):
            return (Entity(Is.ACTION, name, -1, owner),)
        if name in PLAIN_METHODS:
            return (BUILTIN,)
        if owner.what is Is.PROTO and name == "constructor":
            if owner.number >= 0:
                return (Entity(Is.FUNCTION, owner.file, owner.number),)
            return (Entity(Is.CLASS, owner.file, ~owner.number),)
        return NONE

    def _function_attribute(self, owner: Entity, name: str) -> Entities:
        if name in CALLING:
            return (Entity(Is.ACTION, name, -1, owner),)
        plain = Entity(Is.FUNCTION, owner.file, owner.number)
        if name == "prototype":
            return (Entity(Is.PROTO, owner.file, owner.number),)
        found = self.property(plain, f"'{name}")
        return self.bind_all(found, plain) if found else (BUILTIN,) if name in _OF_FUNCTIONS else NONE

    def bind_all(self, entities: Entities, owner: Entity) -> Entities:
        """Return methods of an object: what is called through it has it as `this`."""
        if owner.what is Is.BUNDLE:
            return entities
        return tuple([bound(e, owner) if self._takes_this(e) else e for e in entities])

    def _takes_this(self, entity: Entity) -> bool:
        if entity.what is not Is.FUNCTION:
            return False
        face = self.face(entity)
        return face is not None and face.uses_this and not face.is_arrow

    def face(self, function: Entity) -> FunctionFace | None:
        """Return the face of a function and take note of it."""
        interface = self.interface(function.file)
        if interface is None or function.number >= len(interface.functions):
            return None
        face = interface.functions[function.number]
        self.look_at(function.file, face.qualified_name)
        return face

    # -- properties --

    def property(self, owner: Entity, key: str, receiver: Entity | None = None) -> Entities:
        """Return what an object has under a key: itself, or else the next of its prototypes that has it."""
        receiver = receiver or owner
        return self.remember(
            ("property", owner, key, receiver if receiver != owner else None),
            lambda: self._property(owner, key, receiver),
        )

    def _property(self, owner: Entity, key: str, receiver: Entity) -> Entities:
        if owner.what not in _WITH_PROPERTIES:
            found = self.attribute(owner, key[1:])
            return tuple([e._replace(what=Is.FUNCTION, extra=None) if e.what is Is.METHOD else e for e in found])
        own = self.held(owner, key)
        getters = self.held(owner, f"<{key}")
        if getters:
            own = union([own, self.result(tuple([bound(e, receiver) for e in getters if e.what in _FUNCTIONS]))])
        if own:
            return own
        return union([self.property(proto, key, receiver) for proto in self.prototypes(owner) if proto != owner])

    def setters(self, owner: Entity, key: str) -> Entities:
        """Return the functions that run when a property is assigned."""
        if owner.what not in _WITH_PROPERTIES:
            return NONE
        own = self.held(owner, f">{key}")
        if own:
            return own
        return self.remember(
            ("setters", owner, key),
            lambda: union([self.setters(proto, key) for proto in self.prototypes(owner) if proto != owner]),
        )

    def prototypes(self, owner: Entity) -> Entities:
        """Return what an object inherits from directly."""
        what = owner.what
        if what is Is.MADE:
            own: Entities = (Entity(Is.PROTO, owner.file, owner.number),)
            replaced = self.held(owner, PROTO)
            return replaced or own
        if what is Is.PROTO and owner.number >= 0:
            function = Entity(Is.FUNCTION, owner.file, owner.number)
            return union([self.held(function, "'prototype"), self.held(owner, PROTO)])
        return self.held(owner, PROTO)

    def held(self, owner: Entity, key: str | None) -> Entities:
        """Return what an object holds itself under a key; None for any."""
        what = owner.what
        if what is Is.BUNDLE:
            entries: tuple[tuple[str, Entities], ...] = owner.extra
            return union([held for at, held in entries if _matches(at, key, owner.file == "object")])
        return self.remember(("held", owner, key), lambda: self._held(owner, key))

    def _held(self, owner: Entity, key: str | None) -> Entities:
        found: list[Entities] = []
        loose: list[
            Entities
        ] = []  # what is there under a key that is not known: a name that is there itself comes first
        kind = "object"
        named = key is not None and key[:1] == "'"
        if owner.what is Is.OBJECT:
            display = self.display(owner)
            if display is None:
                return (UNKNOWN,)
            kind = display.kind
            start = owner.extra if isinstance(owner.extra, int) else 0
            place = Place(owner.file, display.scope)
            for at, item in display.entries:
                if at == "..." and (key is None or named):
                    found.append(self.copied(self.value(item, place), key))
                elif at == "each" and (key is None or key.isdecimal()):
                    found.append(self.elements(self.value(item, place)))
                elif _matches(_shifted(at, start), key, kind == "object"):
                    (loose if named and not at else found).append(self.value(item, place))
        elif named and key is not None:
            found.append(self._declared(owner, key[1:]))
        for at, held in self.written(owner).items():
            if at == "..." and (key is None or named):
                found.append(self.copied(held, key))
            elif _matches(at, key, kind == "object"):
                (loose if named and not at else found).append(held)
        return union(found) or union(loose)

    def copied(self, sources: Entities, key: str | None) -> Entities:
        """Return what copying the properties of objects gives under a key."""
        found: list[Entities] = []
        for source in sources:
            if source.what in _WITH_PROPERTIES:
                getters = self.held(source, f"<{key}") if key is not None else NONE
                called = self.result(tuple([bound(e, source) for e in getters if e.what in _FUNCTIONS]))
                found.append(union([self.held(source, key), called if getters else NONE]))
            elif source.what is Is.MODULE:
                found.append(self.attribute(source, key[1:]) if key is not None else (UNKNOWN,))
            elif source.what is not Is.BUILTIN:
                found.append((UNKNOWN,))
        return union(found)

    def _declared(self, owner: Entity, name: str) -> Entities:
        """Return what is assigned to a property where the function is defined."""
        if owner.number < 0:
            cls = Entity(Is.INSTANCE, owner.file, ~owner.number)
            return tuple([e._replace(what=Is.FUNCTION, extra=None) if e.what is Is.METHOD else e
                          for e in self.attribute(cls, name) if e.what is not Is.UNKNOWN])  # fmt: skip
        face = self.face(owner)
        if face is None:
            return NONE
        prefix = "this." if owner.what is Is.MADE else "prototype." if owner.what is Is.PROTO else ""
        bindings = face.members.get(prefix + name, ())
        receiver = owner if owner.what is Is.MADE else None
        return union([self.value(binding, Place(owner.file, owner.number, receiver)) for binding in bindings])

    def written(self, owner: Entity) -> Mapping[str, Entities]:
        """Return what flows into the properties of an object, by key."""
        key = self.object_key(owner)
        if not key:
            return _NOTHING
        self.note_flow(key)
        return self.flows.objects(key)

    def object_key(self, owner: Entity) -> str:
        """Return the key of an object's properties; "" for one that nothing flows into."""
        naming = self.names.of(owner.file) if owner.what in _WRITTEN else None
        if naming is None:
            return ""
        if owner.what is Is.OBJECT:
            name = naming.displays.get(owner.number)
            return "" if name is None else object_key(owner.file, "object", name)
        if owner.number < 0:
            return ""  # properties of a class's prototype are those of its instances
        return object_key(owner.file, str(owner.what), naming.functions[owner.number])

    # -- containers --

    def kind_of(self, entity: Entity) -> str:
        """Return what an object is for the methods that it has."""
        what = entity.what
        if what is Is.OBJECT:
            display = self.display(entity)
            return "object" if display is None else display.kind
        if what is Is.BUNDLE:
            return entity.file
        if what is Is.ARGUMENTS or what is Is.TYPED:
            return "array"
        return "iterator" if what is Is.GENERATOR else "object"

    def items(self, container: Entity, key: str | None) -> Entities:
        """Return what a container can hold under a key; None for any."""
        what = container.what
        if what is Is.OBJECT or what is Is.BUNDLE:
            kind = self.kind_of(container)
            if kind == "array":
                return self.held(container, key)
            if key is not None and key[:1] == "'":
                return self.bind_all(self.property(container, key), container)
            if kind == "object" and key is not None:
                return self.property(container, key) or self.elements((container,))
            return self.held(container, None) if kind == "object" else self.elements((container,))
        if what is Is.ARGUMENTS and container.extra == ARGUMENTS:
            return self._arguments(container, key)
        if what in _KEYED and self.is_ecmascript(container.file):
            return self.attribute(container, key[1:]) if key is not None and key[:1] == "'" else (UNKNOWN,)
        return super().items(container, key)

    def _arguments(self, container: Entity, key: str | None) -> Entities:
        face = self.face(container)
        if face is None:
            return NONE
        numbers = range(POSITIONS) if key is None else (int(key),) if key.isdecimal() else ()
        params = [p for p in face.params if p[:1] != "*"]
        count = len(params)
        names = [params[i] if i < count else f"*{ARGUMENTS}#{i - count}" for i in numbers]
        return union([self.passed(container.file, container.number, name) for name in names])

    def _elements(self, container: Entity) -> Entities:
        what = container.what
        if what is Is.OBJECT or what is Is.BUNDLE:
            return self.remember(("elements", container), lambda: self._object_elements(container))
        if what is Is.INSTANCE and self.is_ecmascript(container.file):
            return self._iterated(self.attribute(container, "[Symbol.iterator]"), container)
        return super()._elements(container)

    def _object_elements(self, container: Entity) -> Entities:
        kind = self.kind_of(container)
        if kind == "map":
            row = (("0", self.keys_of(container)), ("1", self.values_of(container)))
            return (self.bundle("array", row),)
        if kind != "object":
            return self.held(container, None)
        return self._iterated(self.property(container, "'@@iterator"), container)

    def _iterated(self, makers: Entities, owner: Entity) -> Entities:
        """Return what the iterators that functions make give."""
        iterators = self.result(tuple([bound(e, owner) if e.what is Is.FUNCTION else e for e in makers]))
        found: list[Entities] = []
        for iterator in iterators:
            if iterator == owner or iterator.what is Is.OBJECT or iterator.what is Is.INSTANCE:
                steps = self.result(self.known_functions(self.attribute(iterator, "next")))
                found.append(self.attributes(steps, "value") if steps else NONE)
            else:
                found.append(self.elements((iterator,)))
        return union(found)

    def known_functions(self, entities: Entities) -> Entities:
        """Return the functions among entities."""
        return tuple([e for e in entities if e.what in _FUNCTIONS])

    def keys_of(self, container: Entity) -> Entities:
        """Return the keys of a map."""
        return union([self.held(container, "key"), self._pairs(container, "0")])

    def values_of(self, container: Entity) -> Entities:
        """Return the values of a map."""
        return self.remember(("values", container), lambda: self._values_of(container))

    def _values_of(self, container: Entity) -> Entities:
        return union([self.held(container, "value"), self.held(container, None), self._pairs(container, "1")])

    def _pairs(self, container: Entity, position: str) -> Entities:
        rows = self.elements(self.held(container, "pairs"))
        return union([self.items(row, position) for row in rows if row.what in {Is.OBJECT, Is.BUNDLE}])

    def bundle(self, kind: str, entries: Iterable[tuple[str, Entities]]) -> Entity:
        """Return an object of known content."""
        kept: list[tuple[str, Entities]] = []
        depth = 0
        for key, entities in entries:
            shallow = [UNKNOWN if e.what is Is.BUNDLE and e.number >= _DEEPEST else e for e in entities[:_WIDEST]]
            depth = max([depth, *[e.number for e in shallow if e.what is Is.BUNDLE]])
            if shallow:
                kept.append((key, tuple(dict.fromkeys(shallow))))
        return Entity(Is.BUNDLE, kind, depth + 1, tuple(kept))

    def rest(self, container: Entity, start: int) -> Entity:
        """Return what is left of an array from a position on."""
        if container.what is Is.OBJECT and self.kind_of(container) == "array":
            before = container.extra if isinstance(container.extra, int) else 0
            return container._replace(extra=before + start)
        numbered = [(str(i - start), self.items(container, str(i))) for i in range(start, POSITIONS)]
        if container.what is Is.ARGUMENTS and start >= 0:
            return self.bundle("array", numbered)
        return self.bundle("array", (("", self.elements((container,))),))

    # -- this --

    def special(self, path: str, scope: int, name: str, receiver: Entity | None = None) -> Entities:
        """Return what `this`, `super` or `arguments` means in a scope, given the `this` of a call if it is known."""
        interface = self.interface(path)
        if interface is None:
            return (UNKNOWN,)
        at = scope
        while at > 0 and interface.functions[at].is_arrow:
            at = interface.functions[at].scope
        if at != scope:
            receiver = None
        if at == 0:
            return (Entity(Is.MODULE, path),) if name == THIS else (UNKNOWN,)
        if name == ARGUMENTS:
            return (Entity(Is.ARGUMENTS, path, at, ARGUMENTS),) if at > 0 else (UNKNOWN,)
        outer = at if at < 0 else interface.functions[at].scope
        is_static: bool | None = None if at < 0 else interface.functions[at].kind == "static_method"
        if outer < 0 and interface.classes[~outer].kind == "class":
            if name == THIS and receiver is not None:
                return (receiver,)
            return self._of_class(path, ~outer, name, receiver, is_static=is_static)
        if name == THIS and receiver is not None:
            return (receiver,)
        if at < 0:
            return (UNKNOWN,)
        function = Entity(Is.FUNCTION, path, at)
        homes = self.homes(function)
        if name == "super":
            return tuple([Entity(Is.SUPER, path, -1, e) for e in homes if e.what is Is.OBJECT]) or (UNKNOWN,)
        return union([homes, self.passed(path, at, THIS)]) or (UNKNOWN,)

    def _of_class(
        self, path: str, number: int, name: str, receiver: Entity | None, *, is_static: bool | None
    ) -> Entities:
        if name == "super":
            kind = Is.CLASS if is_static or (receiver is not None and receiver.what is Is.CLASS) else Is.INSTANCE
            owner = receiver if receiver is not None and receiver.what in _CLASSES else Entity(kind, path, number)
            both = (owner, Entity(Is.CLASS, path, number)) if is_static is None and receiver is None else (owner,)
            return tuple([Entity(Is.SUPER, path, number, e) for e in both])
        if is_static is None:
            return (Entity(Is.CLASS, path, number), Entity(Is.INSTANCE, path, number))
        kind = Is.CLASS if is_static else Is.INSTANCE
        return tuple([Entity(kind, e.file, e.number) for e in self.in_use(path, number)])

    def homes(self, function: Entity) -> Entities:
        """Return what `this` is in a function by where it is written: an object, or the instances of a prototype."""
        return self.remember(("homes", function.file, function.number), lambda: self._homes(function))

    def _homes(self, function: Entity) -> Entities:
        face = self.face(function)
        if face is None:
            return NONE
        if not face.homes:
            return (Entity(Is.MADE, function.file, function.number),) if face.members else NONE
        found: list[Entity] = []
        for home in self.value(face.homes[0], Place(function.file, face.scope)):
            if home.what is Is.PROTO:
                made = Entity(Is.MADE, home.file, home.number)
                found.append(made if home.number >= 0 else Entity(Is.INSTANCE, home.file, ~home.number))
            elif home.what in _HOMES:
                found.append(home)
        return tuple(found)

    def after(self, owner: Entity, name: str) -> Entities:
        """Return what `super.name` is."""
        if not self.is_ecmascript(owner.file):
            return super().after(owner, name)
        receiver: Entity = owner.extra
        if owner.number < 0:
            return union([self.bind_all(self.property(p, f"'{name}"), receiver) for p in self.prototypes(receiver)])
        line = self.lineage(owner.file, owner.number)
        found = self._first(line[1:], name, receiver)
        return tuple([e for e in found if e.what is not Is.UNKNOWN]) if receiver.what is Is.CLASS else found

    # -- classes --

    def inherited(self, base: Entity, name: str, owner: Entity, *, stored: bool) -> Entities:
        """Return what a class that extends a function gets from it; only what it stores on instances if wanted."""
        if stored:
            made = Entity(Is.MADE, base.file, base.number)
            return self.bind_all(self.held(made, f"'{name}"), owner) if owner.what is Is.INSTANCE else NONE
        kind = Is.MADE if owner.what is Is.INSTANCE else Is.FUNCTION
        return self.bind_all(self.property(Entity(kind, base.file, base.number), f"'{name}", owner), owner)

    def base_entity(self, entity: Entity) -> Entity:
        """Return a base of a class: a class, a function, or that nothing is known of it."""
        if entity.what is Is.FUNCTION and self.is_ecmascript(entity.file):
            return entity
        return opaque(entity)

    def is_hidden(self, function: FunctionFace, owner: Entity, cls: ClassFace) -> bool:
        """Whether a member of a class is one of instances and asked of the class, or the other way round."""
        if cls.kind != "class":
            return False
        return (function.kind == "static_method") != (owner.what is Is.CLASS)

    def object_value(self, binding: Binding, place: Place) -> Entities:
        """Return what an expression stands for that only ECMAScript has."""
        raise NotImplementedError


def _matches(at: str, key: str | None, by_name: bool) -> bool:
    """Whether what stands under `at` can be found under a key; `by_name` if a key that is not known can be a name."""
    if key is None:
        return at[:1] not in _MARKS and at not in _APART
    return at == key or (not at and (key.isdecimal() or (by_name and key[:1] == "'" and key not in _KNOWN_NAMES)))


def _shifted(at: str, start: int) -> str:
    if not start or not at.isdecimal():
        return at
    return str(int(at) - start) if int(at) >= start else _BEFORE


OBJECTS: Final = frozenset({Is.OBJECT, Is.BUNDLE, Is.MADE, Is.PROTO})
_WITH_PROPERTIES: Final = OBJECTS | {Is.FUNCTION}
_WRITTEN: Final = frozenset({Is.OBJECT, Is.MADE, Is.PROTO, Is.FUNCTION})
_HOMES: Final = frozenset({Is.OBJECT, Is.MADE, Is.FUNCTION, Is.CLASS, Is.INSTANCE, Is.MODULE})
_FUNCTIONS: Final = frozenset({Is.FUNCTION, Is.METHOD})
_CLASSES: Final = frozenset({Is.CLASS, Is.INSTANCE})
_KEYED: Final = frozenset({Is.FUNCTION, Is.METHOD, Is.CLASS, Is.INSTANCE, Is.MADE, Is.PROTO, Is.MODULE})
_APART: Final = frozenset({"...", "each", "pairs", "key", "value", "reason", PROTO})
_MARKS: Final = frozenset("<>")
_KNOWN_NAMES: Final = frozenset({PROTO, "'prototype"} | {f"'{name}" for name in PLAIN_METHODS})
_BEFORE: Final = "<"  # stands before what is left of an array
_OF_FUNCTIONS: Final = frozenset({"length", "name", "toString"})
_NO_METHODS: Final[frozenset[str]] = frozenset()
_NOTHING: Final[dict[str, tuple[Entity, ...]]] = {}
