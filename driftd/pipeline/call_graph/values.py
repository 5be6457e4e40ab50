"""What expressions give: evaluates bindings in a place, follows calls, attributes, containers and flows.

A `Place` is where an expression stands: a scope of a file, with what its `self` is known to be.  Names are looked up
from there in what the interface keeps; the resolver of a file asks from a `Site`, where the file's own tables and the
line decide (see `resolve`).  What a function returns does not depend on its call, except for a parameter that it
returns as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from driftd.pipeline.bindings import Binding, Means
from driftd.pipeline.call_graph.callbacks import PASSES
from driftd.pipeline.call_graph.containers import sliced
from driftd.pipeline.call_graph.entities import BUILTIN, CALLABLE, NONE, UNKNOWN, Entity, Is
from driftd.pipeline.call_graph.fixtures import is_injected
from driftd.pipeline.call_graph.injection import ASKING
from driftd.pipeline.call_graph.library import NAMESPACES
from driftd.pipeline.call_graph.natives import Natives
from driftd.pipeline.call_graph.objects import OBJECTS, SPECIAL
from driftd.pipeline.call_graph.outcomes import MOST_TARGETS
from driftd.pipeline.call_graph.place import Place
from driftd.pipeline.call_graph.unions import union
from driftd.pipeline.expressions import place_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from driftd.pipeline.call_graph.entities import Entities


class Symbols(Natives):
    """Answers questions about one state of the project; make a new one for each."""

    # -- expressions --

    def evaluate(self, path: str, binding: Binding) -> Entities:
        """Return what a binding of the module's code can stand for."""
        return self.value(binding, Place(path, 0))

    def value(self, binding: Binding, place: Place) -> Entities:  # one case per means
        """Return what an expression can stand for in a place."""
        means = binding.means
        if means is Means.PATH:
            return self.path(binding.text, place)
        if means is Means.RESULT:
            return self._call(binding, place)
        if means is Means.IMPORT:
            return self.imported(place.path, binding.text, binding.name)
        if means is Means.FUNCTION:
            return self.function(place.path, binding.ref)
        if means is Means.CLASS:
            return (Entity(Is.CLASS, place.path, binding.ref),)
        if means is Means.NOTHING:
            return NONE
        if means is Means.OPAQUE:
            return (UNKNOWN,)
        if means is Means.LITERAL:
            return (Entity(Is.CONSTANT, binding.text),) if binding.text else (BUILTIN,)
        if means is Means.PARAM:
            return self.parameter(binding, place)
        if means is Means.RECEIVER or means is Means.OWN_CLASS:
            return self._receivers(binding, place)
        if means is Means.TYPED:
            return self._typed_value(binding, place)
        if means is Means.MEMBER:
            return self.attributes(self.value(binding.items[0], place), binding.text)
        if means is Means.ITEM:
            return self._item(binding, place)
        if means is Means.ELEMENT:
            found = self.value(binding.items[0], place)
            if binding.text == "values":
                found = self.attributes(found, "values")
                found = self.result(found)
            return self.elements(found)
        if means is Means.DISPLAY:
            return (Entity(Is.DISPLAY, place.path, binding.ref),)
        if means is Means.ANY:
            return union([self.value(item, place) for item in binding.items])
        if means is Means.IN:
            return self.value(binding.items[0], Place(place.path, binding.ref, place.receiver))
        if means is Means.ENTERED:
            return self.entered(self.value(binding.items[0], place))
        if means is Means.REST:
            found = self.value(binding.items[0], place)
            if self.is_ecmascript(place.path):
                return tuple([self.rest(e, binding.ref) for e in found])
            return tuple([sliced(e, binding.ref) for e in found])
        return self.object_value(binding, place)

    def path(self, text: str, place: Place) -> Entities:
        """Return what an access path can stand for."""
        found = self.bound_path(text, place)
        return found if found is not None else (self.unbound(place.path, text.partition(".")[0]),)

    def bound_path(self, text: str, place: Place) -> Entities | None:
        """Return what an access path can stand for; None if nothing binds its first name."""
        if "." not in text:
            return place.look_up(self, text)
        names: list[str] = []
        owner = text
        while "." in owner and not place.binds(self, owner):
            owner, _, name = owner.rpartition(".")
            names.append(name)
        owners = place.look_up(self, owner)
        if owners is None:
            unbound = self.unbound(place.path, owner)
            if unbound is UNKNOWN:
                return None
            owners = (unbound,)
        for name in reversed(names):
            owners = self.attributes(owners, name)
        return owners

    def binds(self, path: str, scope: int, text: str) -> bool:
        """Whether the scope or the module assigns to an access path itself."""
        interface = self.interface(path)
        if interface is None:
            return False
        return text in interface.names or (scope > 0 and text in interface.functions[scope].locals)

    def in_scope(self, path: str, scope: int, name: str, receiver: Entity | None) -> Entities | None:
        """Return what a name means to code of a scope that runs at any time; None if nothing binds it."""
        interface = self.interface(path)
        if interface is None:
            return None
        if name in SPECIAL and self.is_ecmascript(path):
            return self.special(path, scope, name, receiver)
        at = scope
        while at:
            if at < 0:
                cls = interface.classes[~at]
                if at == scope and (cls.kind != "class" or not self.is_ecmascript(path)):
                    self.look_at(path, cls.qualified_name)
                    bindings = cls.names.get(name)
                    if bindings:
                        return self._local(path, at, name, bindings, receiver)
                at = cls.scope
                continue
            face = interface.functions[at]
            self.look_at(path, face.qualified_name)
            bindings = face.locals.get(name)
            if bindings:
                return self._local(path, at, name, bindings, receiver)
            at = face.scope
        return self.in_module(path, name) or None

    def _local(
        self, path: str, scope: int, name: str, bindings: Sequence[Binding], receiver: Entity | None
    ) -> Entities:
        place = Place(path, scope, receiver)
        if len(bindings) == 1 and bindings[0].means in _IMMEDIATE:
            return self.value(bindings[0], place)
        return self.remember(
            ("local", path, scope, name, receiver),
            lambda: union([self.value(binding, place) for binding in bindings]),
        )

    def function(self, path: str, number: int) -> Entities:
        """Return what the name of a function stands for: what its decorators make of it."""
        interface = self.interface(path)
        if interface is None or not interface.functions[number].wraps:
            return (Entity(Is.FUNCTION, path, number),)
        return self.remember(("wrapped", path, number), lambda: self._wrapped(path, number))

    def _wrapped(self, path: str, number: int) -> Entities:
        interface = self.interface(path)
        if interface is None:
            return NONE
        face = interface.functions[number]
        self.look_at(path, face.qualified_name)
        place = Place(path, face.scope)
        found: Entities = (Entity(Is.FUNCTION, path, number),)
        for binding in reversed(face.wraps):
            found = self.decorated(self.value(binding, place), found)
        return found

    def decorated(self, decorators: Entities, wrapped: Entities) -> Entities:
        """Return what decorators make of what they are given; the same where nothing is known of them.

        A wrapper of which it is not known that it calls what it wraps stands for both.
        """
        given = self.result(decorators, lambda _name, position: wrapped if position == 0 else NONE)
        usable = tuple([e for e in given if self._is_usable(e)])
        if not usable or any(e in usable for e in wrapped) or all(self._gets(d, wrapped) for d in decorators):
            return usable or wrapped
        return union([usable, wrapped])

    def _is_usable(self, made: Entity) -> bool:
        if made.what is Is.INSTANCE:
            return any(e.what is Is.METHOD for e in self.attribute(made, "__call__"))
        return made.what in CALLABLE

    def _gets(self, decorator: Entity, wrapped: Entities) -> bool:
        """Whether it is known that what is wrapped flows into the decorator."""
        runs = self.constructor(decorator) if decorator.what is Is.CLASS else (decorator,)
        for run in runs:
            interface = self.interface(run.file) if run.what in {Is.FUNCTION, Is.METHOD} else None
            if interface is None:
                return False
            offset = int(decorator.what is Is.CLASS) or self.offset(run)
            params = interface.functions[run.number].params
            passed = self.passed(run.file, run.number, params[offset]) if offset < len(params) else NONE
            if not any((e.file, e.number) == (w.file, w.number) for e in passed for w in wrapped):
                return False
        return bool(runs)

    # -- places that others fill --

    def parameter(self, binding: Binding, place: Place) -> Entities:
        """Return what a parameter can be: what it is declared as, its default, and what is passed to it."""
        path, function = place.path, binding.ref
        if not binding.items and not binding.name and binding.text[:1] != "*":
            interface = self.interface(path)
            if interface is not None and not is_injected(interface.functions[function]):
                marked = binding.text in interface.functions[function].params
                if marked:
                    return self.passed(path, function, binding.text) or (UNKNOWN,)
        receiver = place.receiver if place.scope == function else None
        return self.remember(
            ("parameter", path, function, binding.text, receiver), lambda: self._parameter(binding, path, receiver)
        )

    def _parameter(self, binding: Binding, path: str, receiver: Entity | None) -> Entities:
        interface = self.interface(path)
        if interface is None:
            return NONE
        face = interface.functions[binding.ref]
        marked = next((p for p in face.params if p.lstrip("*=") == binding.text), binding.text)
        if marked.startswith("*"):
            return (Entity(Is.ARGUMENTS, path, binding.ref, marked),)
        outer = Place(path, face.scope)
        groups = [self.value(item, outer) for item in binding.items]
        groups.append(self.passed(path, binding.ref, binding.text))
        if is_injected(face):
            groups.append(self.injected(Entity(Is.FUNCTION, path, binding.ref, receiver), face, binding.text))
        if binding.name:
            groups.append(self.typed(binding.name, outer))
        return union(groups) or (UNKNOWN,)

    def _item(self, binding: Binding, place: Place) -> Entities:
        name = place_name(binding)
        if name and place.binds(self, name):
            found = place.look_up(self, name)
            if found:
                return found
        containers = self.value(binding.items[0], place)
        keys = [e.file for e in self.value(binding.items[1], place) if e.what is Is.CONSTANT]
        if not keys:
            return union([self.items(container, None) for container in containers])
        return union([self.items(container, key) for container in containers for key in keys])

    def _typed_value(self, binding: Binding, place: Place) -> Entities:
        given = [self.value(item, place) for item in binding.items]
        return union([*given, self.typed(binding.text, place)]) or (UNKNOWN,)

    def _receivers(self, binding: Binding, place: Place) -> Entities:
        as_class = binding.means is Means.OWN_CLASS
        receiver = place.receiver
        if receiver is not None and receiver.what in {Is.INSTANCE, Is.CLASS}:
            kind = Is.CLASS if as_class else receiver.what
            return (Entity(kind, receiver.file, receiver.number),)
        kind = Is.CLASS if as_class else Is.INSTANCE
        return tuple([Entity(kind, e.file, e.number) for e in self.in_use(place.path, binding.ref)])

    # -- calls --

    def _call(self, binding: Binding, place: Place) -> Entities:
        items = binding.items
        if self.is_ecmascript(place.path):
            return self._ecmascript_call(binding, place)
        if binding.text:
            if binding.text == "super" and self._is_python(place.path):
                return self.super_of(place)
            callees = self.path(binding.text, place)
        else:
            callees = self.value(items[0], place)
        if len(items) < 2:  # only what is called
            return self.result(callees, _nothing)
        arguments = items[1:]

        def argument(name: str, position: int) -> Entities:
            for item in arguments:
                if item.means is Means.KEYWORD and item.text == name:
                    return self.value(item.items[0], place)
            if 0 <= position < len(arguments) and arguments[position].means is not Means.KEYWORD:
                return self.value(arguments[position], place)
            return NONE

        if any(callee.file in _IMPORTING for callee in callees):
            names = [e.file[1:] for e in argument("name", 0) if e.what is Is.CONSTANT and e.file[:1] == "'"]
            return union([self.imported(place.path, name, "") for name in names]) or (UNKNOWN,)
        return self.result(callees, argument)

    def _ecmascript_call(self, binding: Binding, place: Place) -> Entities:
        callees, argument = self.parts(binding, place)
        if len(callees) > MOST_TARGETS:
            return (UNKNOWN,)
        if binding.text in _REQUIRING and all(callee.what in _UNBOUND for callee in callees):
            names = [e.file[1:] for e in argument("", 0) if e.what is Is.CONSTANT and e.file[:1] == "'"]
            dynamic = binding.text == "import"
            found = union([self.imported(place.path, name, "*" if dynamic else "") for name in names]) or (UNKNOWN,)
            return (self.promise(found),) if dynamic else found
        if len(callees) == 1 and callees[0].what is Is.EXTERNAL and callees[0].file in ASKING:
            asked = tuple([Entity(Is.INSTANCE, e.file, e.number) for e in argument("", 0) if e.what is Is.CLASS])
            return asked or (UNKNOWN,)
        if binding.name == "new":
            return union([self.made(callee, argument) for callee in callees])
        return self.result(callees, argument if len(binding.items) > 1 else _nothing)

    def made(self, callee: Entity, argument: Callable[[str, int], Entities]) -> Entities:
        """Return what `new` makes: an instance, and what the constructor returns instead."""
        if callee.what is Is.METHOD:
            callee = Entity(Is.FUNCTION, callee.file, callee.number)
        if callee.what is Is.FUNCTION:
            instance = Entity(Is.MADE, callee.file, callee.number)
            runs: Entities = (callee,)
        elif callee.what is Is.CLASS:
            instance = Entity(Is.INSTANCE, callee.file, callee.number)
            classes = [cls for cls in self.lineage(callee.file, callee.number) if cls.what is Is.CLASS]
            runs = tuple([e for cls in classes for e in self.constructor(cls) if e.what is Is.FUNCTION])
        else:
            return self._result(callee, argument)
        given = [self.result((run,)) for run in dict.fromkeys(runs) if self._gives(run)]
        return ((instance, *[e for e in union(given) if e.what in _OBJECTS])) if given else (instance,)

    def _gives(self, function: Entity) -> bool:
        face = self.face(function)
        return face is not None and bool(face.gives)

    def generated(self, generator: Entity) -> Entities:
        """Return what a generator function returns in the end."""
        face = self.face(Entity(Is.FUNCTION, generator.file, generator.number))
        if face is None:
            return NONE
        receiver = generator.extra if isinstance(generator.extra, Entity) else None
        place = Place(generator.file, generator.number, receiver)
        return union([self.value(binding, place) for binding in face.gives])

    def super_of(self, place: Place) -> Entities:
        """Return what `super()` is for code of a place."""
        interface = self.interface(place.path)
        scope = place.scope
        while interface is not None and scope > 0:
            scope = interface.functions[scope].scope
        return (Entity(Is.SUPER, place.path, ~scope, place.receiver),) if scope < 0 else (UNKNOWN,)

    def result(self, callees: Entities, argument: Callable[[str, int], Entities] | None = None) -> Entities:
        """Return what calling any of the entities can give; `argument` gives arguments by name and position."""
        if len(callees) == 1:
            return self._result(callees[0], argument)
        return union([self._result(callee, argument) for callee in callees])

    def _result(self, callee: Entity, argument: Callable[[str, int], Entities] | None) -> Entities:
        what = callee.what
        if what is Is.CLASS:
            return (Entity(Is.INSTANCE, callee.file, callee.number),)
        if what is Is.FUNCTION or what is Is.METHOD:
            if what is Is.METHOD and self.is_ecmascript(callee.file):
                face = self.face(callee)
                if face is not None and not face.gives_by_this and not face.is_generator:
                    callee = Entity(Is.FUNCTION, callee.file, callee.number)
            found = self.remember(("result", callee.file, callee.number, callee.extra), lambda: self._returned(callee))
            if argument is not None:
                found = self._with_argument(callee, found, argument)
            return found or (UNKNOWN,)
        if what is Is.INSTANCE:
            called = self.attribute(callee, "__call__")
            return self.result(called, argument) if called and called[0].what is Is.METHOD else (UNKNOWN,)
        if what is Is.EXTERNAL or what is Is.BUILTIN:
            return self._library_result(callee, argument)
        if what is Is.ACTION:
            owner = callee.extra
            if isinstance(owner, Entity) and (owner.what in OBJECTS or self.is_ecmascript(owner.file)):
                return self.native_result(callee, argument or _nothing)
            return self._action_result(callee)
        return (UNKNOWN,)

    def _returned(self, callee: Entity) -> Entities:
        path, number = callee.file, callee.number
        interface = self.interface(path)
        if interface is None:
            return (UNKNOWN,)
        face = interface.functions[number]
        self.look_at(path, face.qualified_name)
        if face.is_generator:
            return (Entity(Is.GENERATOR, path, number, callee.extra),)
        receiver = callee.extra if isinstance(callee.extra, Entity) else None
        place = Place(path, number, receiver)
        found = union([self.value(binding, place) for binding in face.gives])
        if face.is_async:
            declared = (
                self.typed(face.returns, Place(path, face.scope))
                if face.returns and UNKNOWN in (found or (UNKNOWN,))
                else NONE
            )
            return (self.promise(union([found, declared])),)
        if found and UNKNOWN not in found and not any(e.what in _VAGUE for e in found):
            return found
        useful = tuple([e for e in found if e.what is not Is.UNKNOWN and e.what not in _VAGUE])
        if not face.returns:
            return found
        if face.returns.strip("'\"") in _SELVES and face.scope < 0:
            return (receiver or Entity(Is.INSTANCE, path, ~face.scope),)
        declared = self.typed(face.returns, Place(path, face.scope))
        return union([useful, declared]) or found

    def _with_argument(self, callee: Entity, found: Entities, argument: Callable[[str, int], Entities]) -> Entities:
        """Add the argument of a parameter that the function returns as it is."""
        interface = self.interface(callee.file)
        if interface is None:
            return found
        face = interface.functions[callee.number]
        offset = self.offset(callee)
        for binding in face.gives:
            if binding.means is not Means.PATH:
                continue
            bound = face.locals.get(binding.text, ())
            if not any(b.means is Means.PARAM for b in bound):
                continue
            position = next((i for i, p in enumerate(face.params) if p == binding.text), -1)
            given = argument(binding.text, position - offset)
            # What other calls pass does not come back from this one.
            others = set(self.passed(callee.file, callee.number, binding.text))
            found = union([given, tuple([e for e in found if e not in others and e.what is not Is.UNKNOWN])])
        return found

    def unimplemented(self, functions: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
        """Return those of the functions that only stand for what subclasses implement, unless all of them do."""
        abstract = []
        others = False
        for path, number in functions:
            interface = self.interface(path)
            face = None if interface is None else interface.functions[number]
            if face is not None:
                self.look_at(path, face.qualified_name)
            if face is not None and face.is_abstract:
                abstract.append((path, number))
            else:
                others = True
        return abstract if others else []

    def offset(self, callee: Entity) -> int:
        """Return how many parameters a call does not name: 1 for a bound method."""
        return int(callee.what is Is.METHOD and self._is_python(callee.file))

    def _is_python(self, path: str) -> bool:
        file = self._project.file(path)
        return file is not None and file.language == "python"

    def _library_result(self, callee: Entity, argument: Callable[[str, int], Entities] | None) -> Entities:
        if callee.file == "getattr" and argument is not None:
            names = [e.file[1:] for e in argument("", 1) if e.what is Is.CONSTANT and e.file[:1] == "'"]
            return union([self.attributes(argument("", 0), name) for name in names]) or (UNKNOWN,)
        if callee.what is Is.BUILTIN and argument is not None and callee.file.partition(".")[0] in NAMESPACES:
            return self.language_result(callee, argument)
        passes = PASSES.get(callee.file) if argument is not None else None
        if passes is None or argument is None:
            if callee.what is not Is.EXTERNAL:
                return (BUILTIN,)
            name = callee.file
            if "()" in name:  # what a call gave is followed one step, then only its package is known
                name = callee.extra if isinstance(callee.extra, str) else name.partition(".")[0].removesuffix("()")
            return (Entity(Is.EXTERNAL, f"{name}()", extra=callee.extra),)
        how, position = passes
        if callee.file == "functools.partial" or how == "same":
            return argument("", position) or (BUILTIN,)
        if how == "call":
            given = self.result(argument("dependency", position))
            return union([self.elements((e,)) if e.what is Is.GENERATOR else (e,) for e in given])
        if how == "element":
            return self.elements(argument("", position))
        if how == "mapped":
            given = union([argument("", 0), argument("", 1)])
            return (Entity(Is.BAG, "", -1, self.result(tuple([e for e in given if e.what in CALLABLE]))),)
        if how == "pairs":
            inner = Entity(Is.BAG, "1", -1, self.elements(argument("", position)))
            return (Entity(Is.BAG, "", -1, (inner,)),)
        if how == "rows":
            columns = [self.elements(argument("", i)) for i in range(3)]
            rows = tuple([Entity(Is.BAG, str(i), -1, column) for i, column in enumerate(columns)])
            return (Entity(Is.BAG, "", -1, (Entity(Is.BAG, "rows", -1, rows),)),)
        return (BUILTIN,)

    def entered(self, managers: Entities) -> Entities:
        """Return what `with` binds: what `__enter__` returns, or what a generator yields."""
        found: list[Entities] = []
        for manager in managers:
            if manager.what is Is.GENERATOR:
                found.append(self.elements((manager,)))
            elif manager.what is Is.INSTANCE:
                enter = [e for n in ("__enter__", "__aenter__") for e in self.attribute(manager, n)]
                entered = self.result(tuple([e for e in enter if e.what is Is.METHOD]))
                found.append(tuple([e for e in entered if e.what is not Is.UNKNOWN]) or (manager,))
            else:
                found.append((manager,))
        return union(found)


def _nothing(_name: str, _position: int) -> Entities:
    return NONE


_UNBOUND: Final = frozenset({Is.BUILTIN, Is.UNKNOWN})
_REQUIRING: Final = frozenset({"import", "require"})
_OBJECTS: Final = OBJECTS | {Is.FUNCTION, Is.METHOD, Is.CLASS}
_IMPORTING: Final = frozenset({"importlib.import_module", "__import__"})
_IMMEDIATE: Final = frozenset(
    {Means.FUNCTION, Means.CLASS, Means.PARAM, Means.RECEIVER, Means.OWN_CLASS, Means.NOTHING}
)
_VAGUE: Final = frozenset({Is.EXTERNAL, Is.BUILTIN, Is.CONSTANT})
_SELVES: Final = frozenset({"Self", "this", "typing.Self", "t.Self", "te.Self"})
