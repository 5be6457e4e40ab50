"""What the calls of a file hand over to other places: arguments, fields, items, classes in use; and callbacks.

Arguments go to the parameters of the functions that a call was resolved to, by position and name.  What a function of
a library does with its arguments is data (`callbacks`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from driftd.pipeline.call_graph import callbacks
from driftd.pipeline.call_graph.containers import POSITIONS
from driftd.pipeline.call_graph.entities import MOST, Entity, Is
from driftd.pipeline.call_graph.flows import (
    field_key,
    items_key,
    module_key,
    pair,
    parameter_key,
    property_pair,
    subclasses_key,
)
from driftd.pipeline.call_graph.native_handover import NativeHandover
from driftd.pipeline.facts.model import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from driftd.pipeline.bindings import Write
    from driftd.pipeline.call_graph.entities import Entities
    from driftd.pipeline.call_graph.flows import Contributions
    from driftd.pipeline.call_graph.outcomes import Outcome
    from driftd.pipeline.call_graph.resolve import Resolver, Site
    from driftd.pipeline.call_graph.values import Symbols
    from driftd.pipeline.facts.model import Arg, Call, Value


class _Plan(NamedTuple):
    """Where the arguments of a function go."""

    prefix: str  # of the keys of its parameters
    params: tuple[str, ...]
    keyed: tuple[str, ...]
    rest: int  # position of the first parameter that takes the rest, or that can only be named


class Handover:
    """Collects what flows out of the calls of one stretch of a file."""

    def __init__(self, resolver: Resolver) -> None:
        self.resolver: Resolver = resolver
        self.symbols: Symbols = resolver.symbols
        self.names = resolver.symbols.names
        self.found: dict[str, dict[Entity, None]] = {}
        self.fields: dict[str, dict[tuple[Entity, Entity], None]] = {}  # by attribute: object and value
        self.objects: dict[str, dict[tuple[str, Entity], None]] = {}  # by object: key of a property and value
        self.made: set[Entity] = set()
        self.natives = NativeHandover(self) if resolver.ecmascript else None

    def forget(self) -> None:
        """Start anew."""
        self.found = {}
        self.fields = {}
        self.objects = {}
        self.made.clear()

    def contributions(self) -> Contributions:
        """Return what was collected, without numbers."""
        named = self.names.named
        result: Contributions = {}
        for key, entities in self.found.items():
            names = {name for name in map(named, entities) if name is not None}
            if names:
                # One more than is followed is as good as all of them.
                result[key] = tuple(sorted(names)[: MOST + 1])
        for key, pairs in self.fields.items():
            both = [(named(owner), named(value)) for owner, value in pairs]
            kept = {pair(owner, value) for owner, value in both if owner is not None and value is not None}
            if kept:
                result[key] = tuple(sorted(kept))
        for key, properties in self.objects.items():
            values = [(at, named(value)) for at, value in properties]
            kept = {property_pair(at, value) for at, value in values if value is not None}
            if kept:
                result[key] = tuple(sorted(kept))
        return result

    def call(self, call: Call, outcome: Outcome) -> None:
        """Take in what a call hands over."""
        args = call.args
        if self.natives is not None:
            self.natives.call(call, outcome.callees)
        for callee in outcome.callees:
            what = callee.what
            if what is Is.FUNCTION or what is Is.METHOD:
                if args:
                    self.arguments(callee, self.symbols.offset(callee), call)
            elif what is Is.CLASS:
                if callee not in self.made:
                    self.instance(callee)
                if args:
                    for run in self.symbols.constructor(callee):
                        if run.what is Is.FUNCTION:
                            self.arguments(run, int(self.resolver.passes_receiver), call)
            elif what is Is.ACTION:
                if self.natives is None:
                    self.action(callee, call)
            elif what is Is.INSTANCE:
                for run in self.symbols.attribute(callee, "__call__"):
                    if run.what is Is.METHOD and args:
                        self.arguments(run, 1, call)
            elif args and (what is Is.EXTERNAL or what is Is.BUILTIN):
                self.library(callee, call)
        if self.natives is None and args and not outcome.targets and call.callee.kind in {Kind.PATH, Kind.MEMBER}:
            method = callbacks.CALLING_METHODS.get(call.callee.text.rpartition(".")[2])
            if method is not None and (call.callee.kind == Kind.MEMBER or "." in call.callee.text):
                self.called(method, call)

    def instance(self, cls: Entity) -> None:
        """Take in that instances of a class are made."""
        self.made.add(cls)
        for base in self.symbols.lineage(cls.file, cls.number):
            naming = self.names.of(base.file) if base.what is Is.CLASS and base != cls else None
            if naming is not None:
                self.add(subclasses_key(base.file, naming.classes[base.number]), (cls,))

    def add(self, key: str, entities: Entities) -> None:
        """Let entities flow into a place."""
        if entities:
            place = self.found.get(key)
            if place is None:
                self.found[key] = dict.fromkeys(entities)
            elif len(place) <= 2 * MOST:
                place.update(dict.fromkeys(entities))

    def plan(self, function: Entity) -> _Plan | None:
        """Return where the arguments of a function go."""
        plans = self.names.plans
        key = (function.file, function.number)
        plan = plans.get(key)
        if plan is None:
            naming = self.names.of(function.file)
            file = self.resolver.project.file(function.file)
            if naming is None or file is None:
                return None
            face = file.interface.functions[function.number]
            rest = next((i for i, p in enumerate(face.params) if p[:1] in _MARKS), len(face.params))
            prefix = parameter_key(function.file, naming.functions[function.number], "")
            plan = plans[key] = _Plan(prefix, face.params, face.keyed, rest)
        return plan  # type: ignore[return-value]  # nothing else is put there

    def arguments(self, function: Entity, offset: int, call: Call) -> None:
        """Let the arguments of a call flow into the parameters of a function."""
        plan = self.plan(function)
        if plan is None or not plan.params:
            return
        prefix, params, keyed, rest = plan
        position = offset
        place = self.site(call)
        unfollowed = _UNFOLLOWED if self.natives is None else _NEVER_FOLLOWED
        for arg in call.args:
            value, name = arg.value, arg.name
            kind = value.kind
            if kind in unfollowed or (kind in _MADE and self.is_data(value, call)) or (kind in _LITERAL and not keyed):
                position += not name
                continue
            if kind == Kind.SPREAD:
                for param, given in self.spread(params, position, value, call):
                    self.add(prefix + param, given)
                continue
            if name:
                if name in params or f"={name}" in params:
                    target = name
                elif params[-1][:2] == "**":
                    target = f"{params[-1]}#{name}"
                else:
                    continue
            else:
                at, position = position, position + 1
                if at < rest:
                    target = params[at]
                elif rest < len(params) and params[rest][0] == "*" and params[rest][:2] != "**":
                    if at - rest >= POSITIONS:
                        continue
                    target = f"{params[rest]}#{at - rest}"
                else:
                    continue
            found = self.value(arg, call, place)
            if found:
                kept = found if target in keyed else tuple([e for e in found if e.what is not Is.CONSTANT])
                self.add(prefix + target, kept)

    def is_data(self, value: Value, call: Call) -> bool:
        """Whether an object or array that is written out holds nothing that is followed."""
        made = self.resolver.binder.at(call.scope, value) if value.items else None
        return made is None or made.ref < 0 or not self.resolver.scopes.displays[made.ref].entries

    def spread(
        self, params: tuple[str, ...], position: int, value: Value, call: Call
    ) -> Iterator[tuple[str, Entities]]:
        """Yield what `*args` and `**kwargs` pass where it is known which of them goes where."""
        found = self.resolver.value(value.items[0], self.site(call)) if value.items else ()
        symbols = self.symbols
        for container in found:
            if container.what not in _SPREAD:
                continue
            if value.text == "**":
                for param in params:
                    name = param.lstrip("=")
                    if not name.startswith("*"):
                        yield name, symbols.items(container, f"'{name}")
                continue
            for i in range(POSITIONS):
                at = position + i
                given = symbols.items(container, str(i))
                if at < len(params) and params[at][0] not in "*=":
                    yield params[at], given
                elif at < len(params) and params[at].startswith("*") and not params[at].startswith("**"):
                    yield f"{params[at]}#0", given

    def site(self, call: Call) -> Site:
        return self.resolver.site(call.scope, call.line, call.region)

    def value(self, arg: Arg, call: Call, place: Site | None = None) -> Entities:
        """Return what is followed of an argument."""
        found = self.resolver.value(arg.value, place or self.site(call))
        if len(found) == 1:
            return found if found[0].what in _HANDED else ()
        return tuple([e for e in found if e.what in _HANDED])

    # -- libraries --

    def library(self, callee: Entity, call: Call) -> None:
        """Take in what a function of a library calls or puts somewhere."""
        called = callbacks.CALLS.get(callee.file)
        if called is not None:
            self.called(called, call)
        elif callee.file == "setattr" and len(call.args) == 3:  # object, name, value
            place = self.site(call)
            name = self.resolver.binder.key(call.args[1].value)
            if name:
                self.write(
                    self.resolver.value(call.args[0].value, place), name[1:], None, self.value(call.args[2], call)
                )
        method = callbacks.PROTOCOLS.get(callee.file)
        if method is not None and call.args and call.args[0].value.kind not in _PLAIN:
            owners = self.resolver.value(call.args[0].value, self.site(call))
            found = [e for o in owners if o.what is Is.INSTANCE for e in self.symbols.attribute(o, method)]
            self.resolver.run_implicitly(call.scope, tuple(found), "type_inferred", call.line)

    def called(self, called: callbacks.Called, call: Call) -> None:
        """Take in that arguments of a call are called."""
        for position, arg in enumerate(call.args):
            wanted = arg.name in called.keywords if arg.name else position in called.positions
            if not (wanted or called.anything) or arg.value.kind in _PLAIN:
                continue
            found = self.value(arg, call)
            if called.anything:
                found = tuple([e for e in found if e.what in {Is.FUNCTION, Is.METHOD, Is.CLASS}])
            self.resolver.run_implicitly(call.scope, found, "callback", call.line)

    def action(self, action: Entity, call: Call) -> None:
        """Take in what a method of a container puts into it."""
        adding = callbacks.ADDING_METHODS.get(action.file)
        container: Entity = action.extra
        if adding is None or not call.args or container.what is not Is.DISPLAY:
            return
        position, is_container = adding
        if position >= len(call.args):
            return
        found = self.value(call.args[position], call)
        if is_container:
            for source in found:
                display = self.symbols.display(source) if source.what is Is.DISPLAY else None
                for key in {key for key, _ in display.entries} if display is not None else ():
                    self.put(container, key, self.symbols.items(source, key or None))
        else:
            key = "" if action.file != "setdefault" else self.resolver.binder.key(call.args[0].value)
            self.put(container, key, found)

    # -- writes --

    def writes(self, writes: Iterable[Write]) -> None:
        """Take in what is assigned to attributes and items of other objects."""
        symbols = self.symbols
        for write in writes:
            place = self.resolver.site(write.scope, write.line, write.region)
            value = tuple(
                [e for e in symbols.value(write.value, place) if e.what in _HANDED and e.what is not Is.CONSTANT]
            )
            if value and self.natives is not None:
                self.natives.write(symbols.value(write.target, place), write.name, write, value)
            elif value:
                self.write(symbols.value(write.target, place), write.name, write, value)

    def write(self, owners: Entities, name: str, write: Write | None, value: Entities) -> None:
        """Let a value flow into an attribute, or an item if `name` is empty."""
        for owner in owners:
            what = owner.what
            if name and what is Is.MODULE:
                self.add(module_key(owner.file, name), value)
            elif name and (what is Is.INSTANCE or what is Is.CLASS):
                place = self.fields.setdefault(field_key(name), {})
                place.update(dict.fromkeys((owner, entity) for entity in value))
            elif not name and what is Is.DISPLAY and write is not None:
                for key in self.keys(write):
                    self.put(owner, key, value)

    def keys(self, write: Write) -> set[str]:
        """Return the keys under which an item is written."""
        if write.key is None:
            return {""}
        found = self.symbols.value(write.key, self.resolver.site(write.scope, write.line, write.region))
        return {e.file for e in found if e.what is Is.CONSTANT} or {""}

    def put(self, container: Entity, key: str, value: Entities) -> None:
        """Let a value flow into a container."""
        naming = self.names.of(container.file)
        name = None if naming is None else naming.displays.get(container.number)
        if name is not None:
            self.add(items_key(container.file, name, key), value)
            self.add(items_key(container.file, name, "*"), value)


_PLAIN: Final = frozenset({Kind.TEMPLATE, Kind.REGEX, Kind.UNKNOWN})
# Containers that are written out among the arguments are known to nobody else.
_UNFOLLOWED: Final = frozenset(
    {
        Kind.TEMPLATE,
        Kind.REGEX,
        Kind.UNKNOWN,
        Kind.CONSTANT,
        Kind.LIST,
        Kind.TUPLE,
        Kind.SET,
        Kind.DICT,
        Kind.COMPREHENSION,
        Kind.YIELD,
    }
)
_NEVER_FOLLOWED: Final = _UNFOLLOWED - {Kind.LIST, Kind.DICT}
_MADE: Final = frozenset({Kind.LIST, Kind.DICT})
_SPREAD: Final = frozenset({Is.ARGUMENTS, Is.DISPLAY, Is.OBJECT, Is.BUNDLE})
_LITERAL: Final = frozenset({Kind.STRING, Kind.NUMBER})
_MARKS: Final = frozenset({"*", "="})
_HANDED: Final = frozenset(
    {
        Is.FUNCTION, Is.METHOD, Is.CLASS, Is.INSTANCE, Is.GENERATOR, Is.DISPLAY, Is.MODULE, Is.CONSTANT, Is.OBJECT,
        Is.BUNDLE, Is.MADE, Is.PROTO, Is.SETTLER,
    }
)  # fmt: skip
