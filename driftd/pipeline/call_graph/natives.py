"""What methods of ECMAScript's arrays, collections, promises, generators and functions give, and pass to callbacks.

Which names do what is data in `library`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from driftd.pipeline.bindings import Means
from driftd.pipeline.call_graph import library
from driftd.pipeline.call_graph.entities import BUILTIN, CALLABLE, NONE, UNKNOWN, Entity, Is
from driftd.pipeline.call_graph.members import bound
from driftd.pipeline.call_graph.objects import OBJECTS, THIS, Objects
from driftd.pipeline.call_graph.unions import union

if TYPE_CHECKING:
    from collections.abc import Callable

    from driftd.pipeline.bindings import Binding
    from driftd.pipeline.call_graph.entities import Entities
    from driftd.pipeline.call_graph.place import Place

    Argument: TypeAlias = Callable[[str, int], Entities]


class Natives(Objects):
    """Results and callbacks of the library."""

    def object_value(self, binding: Binding, place: Place) -> Entities:
        """Return what an expression stands for that only ECMAScript has."""
        means = binding.means
        if means is Means.OBJECT:
            return (Entity(Is.OBJECT, place.path, binding.ref),)
        if means is Means.SETTLER:
            return (Entity(Is.SETTLER, place.path, binding.ref, binding.text),)
        if means is Means.AWAITED:
            return self.settled(self.value(binding.items[0], place))
        if means is Means.GIVEN:
            callees, argument = self.parts(binding.items[0], place)
            return union([self.given(c, int(binding.text), str(binding.ref), argument) for c in callees])
        return (UNKNOWN,)

    def parts(self, call: Binding, place: Place) -> tuple[Entities, Argument]:
        """Return what a call calls, and a function that gives its arguments by position."""
        items = call.items
        callees = self.path(call.text, place) if call.text else self.value(items[0], place)
        arguments = items[1:]
        known: dict[int, Entities] = {}  # each is worked out once, however many callees ask

        def argument(_name: str, position: int) -> Entities:
            if not 0 <= position < len(arguments):
                return NONE
            found = known.get(position)
            if found is None:
                found = known[position] = self.value(arguments[position], place)
            return found

        return callees, argument

    def called(self, callees: Entities) -> Entities:
        """Return what runs: `f.call` and `f.apply` run `f`."""
        if not any(e.what is Is.ACTION for e in callees):
            return callees
        return tuple(
            [
                Entity(Is.FUNCTION, e.extra.file, e.extra.number)
                if e.what is Is.ACTION and e.file in _RUNNING and isinstance(e.extra, Entity)
                else e
                for e in callees
            ]
        )

    # -- promises --

    def typed(self, annotation: str, place: Place) -> Entities:
        """Return the instances that an annotation admits in a place; a promise is one of what it is a promise of."""
        name, angle, inner = annotation.strip().partition("<")
        if angle and name in _PROMISES and inner.endswith(">") and self.is_ecmascript(place.path):
            return (self.promise(super().typed(inner[:-1], place)),)
        return super().typed(annotation, place)

    def settled(self, entities: Entities) -> Entities:
        """Return what awaiting gives."""
        if not any(self._is_promise(e) for e in entities):
            return entities
        return union([self.fulfilled(e) if self._is_promise(e) else (e,) for e in entities])

    def _is_promise(self, entity: Entity) -> bool:
        return entity.what in {Is.OBJECT, Is.BUNDLE} and self.kind_of(entity) == "promise"

    def fulfilled(self, promise: Entity) -> Entities:
        """Return the value of a promise."""
        return self.remember(("fulfilled", promise), lambda: self.settled(self.held(promise, "value")))

    def rejected(self, promise: Entity) -> Entities:
        """Return the reason of a promise: its own, or that of the promise it was resolved with."""
        if promise.what is Is.BUNDLE:
            return self.held(promise, "reason")
        return self.remember(("rejected", promise), lambda: self._rejected(promise))

    def _rejected(self, promise: Entity) -> Entities:
        inner = [self.rejected(e) for e in self.held(promise, "value") if self._is_promise(e)]
        return union([self.held(promise, "reason"), *inner])

    def promise(self, value: Entities, reason: Entities = NONE) -> Entity:
        """Return a promise of values; promises among them are looked into."""
        reasons = [self.rejected(e) for e in value if self._is_promise(e)]
        return self.bundle("promise", (("value", self.settled(value)), ("reason", union([reason, *reasons]))))

    def _chained(self, name: str, owner: Entity, argument: Argument) -> Entities:
        value, reason = self.fulfilled(owner), self.rejected(owner)
        if name == "then":
            done, failed = _callable(argument("", 0)), _callable(argument("", 1))
        elif name == "catch":
            done, failed = NONE, _callable(argument("", 0))
        else:
            done = failed = NONE
        given = union([self.result(done) if done else value, self.result(failed) if failed else NONE])
        return (self.promise(given, NONE if failed else reason),)

    # -- results --

    def native_result(self, action: Entity, argument: Argument) -> Entities:
        """Return what a method of an object of the language gives."""
        owner: Entity = action.extra
        name = action.file
        if name in library.CALLING:
            return self._called_with(name, owner, argument)
        kind = self.kind_of(owner)
        if kind == "promise":
            return self._chained(name, owner, argument)
        if kind == "map" and name == "get":
            keys = [e.file for e in argument("", 0) if e.what is Is.CONSTANT and e.file[:1] == "'"]
            if not keys:
                return self.values_of(owner)
            return union([self.held(owner, key) for key in keys] + [self.held(owner, "value"), self._pairs(owner, "1")])
        if (kind == "map" and name == "set") or name in {"add", *library.SAME, "__defineGetter__"}:
            return (owner,)
        return self._array_result(name, kind, owner, argument)

    def _array_result(self, name: str, kind: str, owner: Entity, argument: Argument) -> Entities:
        if name in library.ELEMENT:
            return self.elements((owner,))
        if name == "map":
            return (self.bundle("array", (("", self.result(_callable(argument("", 0)))),)),)
        if name == "flatMap":
            return (self.bundle("array", (("", self._flattened(self.result(_callable(argument("", 0))), 1)),)),)
        if name == "flat":
            depth = next((int(e.file) for e in argument("", 0) if e.file.isdecimal()), 1)
            return (self.bundle("array", (("", self._flattened(self.elements((owner,)), depth)),)),)
        if name in library.REDUCE:
            initial = argument("", 1)
            return union([self.result(_callable(argument("", 0))), initial or self.elements((owner,))])
        if name == "concat":
            added = [self._flattened(argument("", i), 1) for i in range(4)]
            return (self.bundle("array", (("", union([self.elements((owner,)), *added])),)),)
        if name in library.ARRAY or name in {"values", "@@iterator", "toArray", "take", "drop", "keys", "entries"}:
            return (self._view(name, kind, owner),)
        if name in {"next", "return"} and kind == "iterator":
            return (self._step(owner),)
        return (BUILTIN,)

    def _view(self, name: str, kind: str, owner: Entity) -> Entity:
        result = "array" if name in library.ARRAY or name == "toArray" else "iterator"
        if kind == "map" and name in {"keys", "values"}:
            return self.bundle(result, (("", self.keys_of(owner) if name == "keys" else self.values_of(owner)),))
        found = self.elements((owner,))
        if name == "entries" and kind != "map":
            row = (("0", found if kind == "set" else (BUILTIN,)), ("1", found))
            found = (self.bundle("array", row),)
        elif name == "keys" and kind != "set":
            found = (BUILTIN,)
        return self.bundle(result, (("", found),))

    def _flattened(self, entities: Entities, depth: int) -> Entities:
        found: list[Entities] = []
        for entity in entities:
            if entity.what in {Is.OBJECT, Is.BUNDLE} and depth > 0 and self.kind_of(entity) == "array":
                found.append(self._flattened(self.elements((entity,)), depth - 1))
            else:
                found.append((entity,))
        return union(found)

    def _step(self, iterator: Entity) -> Entity:
        """Return what `next()` gives."""
        value = self.elements((iterator,))
        face = self.face(Entity(Is.FUNCTION, iterator.file, iterator.number)) if iterator.what is Is.GENERATOR else None
        if face is not None:
            value = union([value, self.generated(iterator)])
        step = self.bundle("object", (("'value", value),))
        return self.promise((step,)) if face is not None and face.is_async else step

    def generated(self, generator: Entity) -> Entities:
        """Return what a generator function returns in the end."""
        raise NotImplementedError

    def _called_with(self, name: str, owner: Entity, argument: Argument) -> Entities:
        this = argument("", 0)
        function = Entity(Is.FUNCTION, owner.file, owner.number)
        binds = 0 < len(this) <= _FEW and self._takes_this(function)
        callees = tuple([bound(function, e) for e in this]) if binds else (function,)
        if name == "bind":
            return callees
        if name == "call":
            return self.result(callees, lambda given, position: argument(given, position + 1))
        spread = argument("", 1)
        return self.result(callees, lambda _, position: union([self.items(e, str(position)) for e in spread]))

    def language_result(self, callee: Entity, argument: Argument) -> Entities:
        """Return what a function of the language gives."""
        name = callee.file
        first = argument("", 0)
        space, _, method = name.partition(".")
        if space == "Promise" and method:
            return (self._combined(method, first),)
        if name == "Array.from":
            function = _callable(argument("", 1))
            return (self.bundle("array", (("", self.result(function) if function else self.elements(first)),)),)
        if name == "Array.of":
            return (self.bundle("array", [(str(i), argument("", i)) for i in range(4)]),)
        if name == "Object.getPrototypeOf":
            return union([self.prototypes(e) for e in first if e.what in OBJECTS])
        if name in {"Object.values", "Object.entries"}:
            found = self.copied(tuple([e for e in first if e.what in OBJECTS]), None)
            if method == "entries":
                found = (self.bundle("array", (("0", (BUILTIN,)), ("1", found))),)
            return (self.bundle("array", (("", found),)),)
        if name == "Object.fromEntries":
            rows = self.elements(first)
            return (self.bundle("object", (("", union([self.items(row, "1") for row in rows])),)),)
        if name == "Object.assign" or name in _GIVING_BACK:
            return first or (BUILTIN,)
        if name == "Reflect.apply":
            spread = argument("", 2)
            return self.result(first, lambda _, position: union([self.items(e, str(position)) for e in spread]))
        if name == "Reflect.construct":
            return self.result(first)
        return (BUILTIN,)

    def _combined(self, method: str, given: Entities) -> Entity:
        if method == "resolve":
            return self.promise(given)
        if method == "reject":
            return self.promise(NONE, given)
        held = self.elements(given)
        reasons = union([self.rejected(e) for e in held if self._is_promise(e)])
        value = self.settled(held)
        if method == "all":
            rows = [(str(i), self.settled(union([self.items(g, str(i)) for g in given]))) for i in range(_TUPLE)]
            return self.promise((self._array_of(given, rows, value),), reasons)
        if method == "allSettled":
            outcome = self.bundle("object", (("'value", value), ("'reason", reasons)))
            return self.promise((self.bundle("array", (("", (outcome,)),)),))
        return self.promise(value, reasons if method == "race" else NONE)

    def _array_of(self, given: Entities, rows: list[tuple[str, Entities]], value: Entities) -> Entity:
        """Return what `Promise.all` gives: a value for each place, where the places are known."""
        known = all(e.what is Is.OBJECT and not self.written(e) for e in given)
        display = self.display(given[0]) if known and len(given) == 1 else None
        if display is not None and len(display.entries) <= _TUPLE and all(at.isdecimal() for at, _ in display.entries):
            return self.bundle("array", rows)
        return self.bundle("array", (("", value),))

    # -- callbacks --

    def given(self, callee: Entity, position: int, which: str, argument: Argument) -> Entities:
        """Return what a function of the library passes to the callback in a position: to a parameter or as `this`."""
        if callee.what is Is.BUILTIN:
            return self._given_by_language(callee.file, position, which, argument)
        if callee.what is not Is.ACTION or not isinstance(callee.extra, Entity):
            return NONE
        owner, name = callee.extra, callee.file
        kind = self.kind_of(owner)
        if kind == "promise":
            if which != "0" or name not in {"then", "catch"}:
                return NONE
            return self.rejected(owner) if name == "catch" or position == 1 else self.fulfilled(owner)
        if position != 0 or kind == "object":
            return NONE
        if name in library.EACH:
            if which == THIS:
                return argument("", 1)
            if kind == "map":
                return self.values_of(owner) if which == "0" else self.keys_of(owner) if which == "1" else (owner,)
            second = self.elements((owner,)) if kind == "set" else NONE
            return self.elements((owner,)) if which == "0" else second if which == "1" else _only(owner, which, "2")
        if name in library.REDUCE:
            if which == "0":
                results = self.result(_callable(argument("", 0)))
                return union([argument("", 1) or self.elements((owner,)), results])
            return self.elements((owner,)) if which == "1" else _only(owner, which, "3")
        return self.elements((owner,)) if name in library.COMPARE and which in {"0", "1"} else NONE

    def _given_by_language(self, name: str, position: int, which: str, argument: Argument) -> Entities:
        if name == "Array.from" and position == 1:
            return argument("", 2) if which == THIS else self.elements(argument("", 0)) if which == "0" else NONE
        start = library.TIMERS.get(name)
        return argument("", start + int(which)) if start is not None and not position and which != THIS else NONE


def _only(owner: Entity, which: str, wanted: str) -> Entities:
    return (owner,) if which == wanted else NONE


def _callable(entities: Entities) -> Entities:
    return tuple([e for e in entities if e.what in CALLABLE])


_RUNNING: Final = frozenset({"apply", "call"})
_FEW: Final = 2  # receivers that are told apart
_PROMISES: Final = frozenset({"Promise", "PromiseLike"})
_TUPLE: Final = 8
_GIVING_BACK: Final = frozenset(
    [
        "Object.defineProperty",
        "Object.defineProperties",
        "Object.freeze",
        "Object.seal",
        "Object.setPrototypeOf",
        "Object",
    ]
)
