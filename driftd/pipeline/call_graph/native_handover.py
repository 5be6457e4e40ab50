"""What the calls and assignments of an ECMAScript file hand over: `this`, properties, callbacks of the library.

Arguments of plain calls go the way that they go in every language (see `handover`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from driftd.pipeline.call_graph import library
from driftd.pipeline.call_graph.containers import POSITIONS
from driftd.pipeline.call_graph.entities import NONE, Entity, Is
from driftd.pipeline.call_graph.flows import field_key
from driftd.pipeline.call_graph.objects import PROTO, THIS
from driftd.pipeline.call_graph.unions import union
from driftd.pipeline.facts.model import Kind, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from driftd.pipeline.bindings import Write
    from driftd.pipeline.call_graph.entities import Entities
    from driftd.pipeline.call_graph.handover import Handover
    from driftd.pipeline.call_graph.resolve import Resolver
    from driftd.pipeline.call_graph.values import Symbols
    from driftd.pipeline.facts.model import Call


class NativeHandover:
    """Collects what flows because of ECMAScript's object model and its library."""

    def __init__(self, handover: Handover) -> None:
        self.handover = handover
        self.symbols: Symbols = handover.symbols
        self.resolver: Resolver = handover.resolver
        self._numbers: dict[int, int] = {}

    # -- calls --

    def call(self, call: Call, callees: Entities) -> None:
        """Take in what a call hands over besides its arguments."""
        for callee in callees:
            what = callee.what
            if what is Is.METHOD:
                if isinstance(callee.extra, Entity) and not call.is_new:
                    self.this(callee, (callee.extra,))
            elif what is Is.ACTION:
                self._action(callee, call)
            elif what is Is.SETTLER:
                promise = Entity(Is.OBJECT, callee.file, callee.number)
                self.put(promise, str(callee.extra), self._argument(call, 0))
            elif what is Is.BUILTIN and callee.file:
                self._language(callee, call)

    def this(self, function: Entity, owners: Entities) -> None:
        """Let `this` flow into a function, unless where it is written says the same."""
        if function.what not in _FUNCTIONS or not owners:
            return
        face = self.symbols.face(function)
        plan = self.handover.plan(function)
        if face is None or plan is None or face.is_arrow or face.scope < 0 or not face.uses_this:
            return
        homes = self.symbols.homes(function) if face.homes else NONE
        self.handover.add(plan.prefix + THIS, tuple([e for e in owners if e.what in _OWNERS and e not in homes]))

    def _action(self, action: Entity, call: Call) -> None:
        owner: Entity = action.extra
        name = action.file
        if name in library.CALLING:
            self._called_with(name, owner, call)
            return
        kind = self.symbols.kind_of(owner)
        if kind == "map" and name == "set":
            key = self.resolver.binder.key(call.args[0].value) if call.args else ""
            self.put(owner, key if key[:1] == "'" else "value", self._argument(call, 1))
            self.put(owner, "key", self._argument(call, 0))
        elif kind == "set" and name == "add":
            self.put(owner, "", self._argument(call, 0))
        elif kind == "array" and name in library.ADDING:
            self.put(owner, "", self._pushed(call, library.ADDING[name]))
        elif name in _DEFINING and len(call.args) > 1:
            key = self.resolver.binder.key(call.args[0].value)
            self.put(owner, _DEFINING[name] + key, self._argument(call, 1))
        if name in library.CALLBACK_METHODS:
            self._callbacks(action, call)

    def _pushed(self, call: Call, start: int) -> Entities:
        place = self.handover.site(call)
        found: list[Entities] = []
        for position, arg in enumerate(call.args[start:], start):
            if arg.value.kind == Kind.SPREAD and arg.value.items:
                found.append(self.symbols.elements(self.resolver.value(arg.value.items[0], place)))
            else:
                found.append(self._argument(call, position))
        return union(found)

    def _called_with(self, name: str, owner: Entity, call: Call) -> None:
        function = Entity(Is.FUNCTION, owner.file, owner.number)
        plan = self.handover.plan(function)
        if plan is None:
            return
        self.this(function, self._argument(call, 0))
        if name != "apply":
            for position in range(1, len(call.args)):
                self._pass(function, position - 1, self._argument(call, position))
            return
        for container in self._argument(call, 1):
            for position in range(POSITIONS):
                self._pass(function, position, self.symbols.items(container, str(position)))

    def _pass(self, function: Entity, position: int, given: Entities) -> None:
        """Let values flow into a parameter by its position."""
        plan = self.handover.plan(function) if given and function.what in _FUNCTIONS else None
        if plan is None:
            return
        if position < plan.rest:
            self.handover.add(plan.prefix + plan.params[position], given)
        elif plan.rest < len(plan.params) and position - plan.rest < POSITIONS:
            self.handover.add(f"{plan.prefix}{plan.params[plan.rest]}#{position - plan.rest}", given)

    def _callbacks(self, callee: Entity, call: Call) -> None:
        """Let what a function of the library passes to callbacks flow into their parameters."""
        for position, arg in enumerate(call.args[:3]):
            if arg.value.kind not in _REFERRING:
                continue
            found = self._argument(call, position)
            if arg.value.kind != Kind.FUNCTION and (callee.what is Is.ACTION or position == 0):
                functions = tuple([e for e in found if e.what in _FUNCTIONS])
                self.resolver.run_implicitly(call.scope, functions, "callback", call.line)
            for function in found:
                if function.what not in _FUNCTIONS:
                    continue
                plan = self.handover.plan(function)
                argument = self._arguments(call)
                this = self.symbols.given(callee, position, THIS, argument)
                if this:
                    self.this(function, this)
                if plan is None or arg.value.kind == Kind.FUNCTION:
                    continue  # it knows by itself what it is given
                for which in range(min(len(plan.params), POSITIONS)):
                    self._pass(function, which, self.symbols.given(callee, position, str(which), argument))

    def _arguments(self, call: Call) -> Callable[[str, int], Entities]:
        return lambda _name, position: self._argument(call, position)

    def _argument(self, call: Call, position: int) -> Entities:
        if position >= len(call.args):
            return NONE
        return self.handover.value(call.args[position], call)

    # -- functions of the language --

    def _language(self, callee: Entity, call: Call) -> None:
        name = callee.file
        if name == "Promise" and call.is_new:
            self._executor(call)
        elif name == "Object.assign":
            sources = union([self._argument(call, i) for i in range(1, len(call.args))])
            for target in self._argument(call, 0):
                self.put(target, "...", sources)
        elif name == "Object.setPrototypeOf":
            self._inherit(self._argument(call, 0), self._argument(call, 1))
        elif name in {"Object.defineProperty", "Reflect.defineProperty"} and len(call.args) > 2:
            place = self.handover.site(call)
            keys = self.symbols.value(self.resolver.binder.at(call.scope, call.args[1].value), place)
            for key in [e.file for e in keys if e.what is Is.CONSTANT]:
                self._define(self._argument(call, 0), key, self._argument(call, 2))
        elif name == "Object.defineProperties":
            for described in self._argument(call, 1):
                display = self.symbols.display(described) if described.what is Is.OBJECT else None
                for key in {at for at, _ in display.entries if at[:1] == "'"} if display is not None else ():
                    self._define(self._argument(call, 0), key, self.symbols.held(described, key))
        elif name in library.TIMERS or name == "Array.from":
            self._callbacks(callee, call)
        elif name == "Reflect.apply":
            spread = self._argument(call, 2)
            for function in self._argument(call, 0):
                self.this(function, self._argument(call, 1))
                for position in range(POSITIONS):
                    self._pass(function, position, union([self.symbols.items(e, str(position)) for e in spread]))

    def _inherit(self, owners: Entities, prototypes: Entities) -> None:
        for owner in owners:
            self.put(owner, PROTO, prototypes)

    def _define(self, owners: Entities, key: str, descriptors: Entities) -> None:
        """Let a property descriptor take effect."""
        for descriptor in descriptors:
            for mark, part in _PARTS.items():
                found = self.symbols.property(descriptor, part) if descriptor.what in _DESCRIBING else NONE
                for owner in owners if found else ():
                    self.put(owner, mark + key, found)

    def _executor(self, call: Call) -> None:
        """Let what settles a new promise flow into its executor."""
        if not self._numbers:
            self._numbers = {id(c): number for number, c in enumerate(self.resolver.calls)}
        made = self.resolver.value(Value(Kind.CALL, "", self._numbers[id(call)]), self.handover.site(call))
        for promise in made:
            if promise.what is Is.OBJECT and call.args and call.args[0].value.kind != Kind.FUNCTION:
                for function in self._argument(call, 0):
                    for position, how in enumerate(("value", "reason")):
                        self._pass(function, position, (Entity(Is.SETTLER, promise.file, promise.number, how),))

    # -- properties --

    def put(self, owner: Entity, key: str, value: Entities) -> None:
        """Let a value flow into a property of an object."""
        value = tuple([e for e in value if e.what is not Is.CONSTANT])
        if not value:
            return
        if owner.what is Is.METHOD:
            owner = Entity(Is.FUNCTION, owner.file, owner.number)
        elif owner.what is Is.OBJECT and owner.extra is not None:
            owner = owner._replace(extra=None)
        at = self.symbols.object_key(owner)
        if at:
            self.handover.objects.setdefault(at, {}).update(dict.fromkeys((key, entity) for entity in value))
            return
        if key[:1] == "'":
            static = owner.what is Is.CLASS
            if owner.what is Is.PROTO:
                owner = Entity(Is.INSTANCE, owner.file, ~owner.number)
            if owner.what is Is.INSTANCE or static:
                place = self.handover.fields.setdefault(field_key(f"static {key[1:]}" if static else key[1:]), {})
                place.update(dict.fromkeys((owner, entity) for entity in value))

    def write(self, owners: Entities, name: str, write: Write, value: Entities) -> None:
        """Let a value flow into a property or an item that is assigned to; a setter takes it instead."""
        keys: Iterable[str] = (f"'{name}",) if name else self.handover.keys(write)
        for owner in owners:
            for key in keys:
                setters = self.symbols.setters(owner, key) if key[:1] == "'" else NONE
                for setter in setters:
                    self._pass(setter, 0, value)
                    self.this(setter, (owner,))
                if not setters and not (owner.what is Is.MADE and self._is_declared(owner, key[1:])):
                    self.put(owner, key, value)

    def _is_declared(self, owner: Entity, name: str) -> bool:
        face = self.symbols.face(owner)
        return face is not None and f"this.{name}" in face.members


_REFERRING: Final = frozenset({Kind.PATH, Kind.MEMBER, Kind.FUNCTION, Kind.CALL, Kind.INDEX, Kind.CONDITIONAL})
_FUNCTIONS: Final = frozenset({Is.FUNCTION, Is.METHOD})
_OWNERS: Final = frozenset({Is.OBJECT, Is.MADE, Is.FUNCTION, Is.METHOD, Is.INSTANCE, Is.CLASS, Is.MODULE})
_DESCRIBING: Final = frozenset({Is.OBJECT, Is.BUNDLE})
_PARTS: Final = {"": "'value", "<": "'get", ">": "'set"}
_DEFINING: Final = {"__defineGetter__": "<", "__defineSetter__": ">"}
