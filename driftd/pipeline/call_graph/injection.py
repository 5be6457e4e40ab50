"""What containers of dependency injection pass where a type is asked for: by annotations, registrations and providers.

Their names are data from the packs.  A class that is passed is one that instances are made of.
"""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from driftd.pipeline.call_graph.entities import NONE, Entity, Is
from driftd.pipeline.call_graph.flows import provided_key
from driftd.pipeline.call_graph.place import Place
from driftd.pipeline.call_graph.unions import union
from driftd.pipeline.facts.model import Kind
from driftd.pipeline.production import is_test

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from driftd.pipeline.call_graph.entities import Entities
    from driftd.pipeline.call_graph.resolve import Resolver, Site
    from driftd.pipeline.facts.model import Call, Import, Value


def _pack(name: str) -> dict[str, Any]:
    return tomllib.loads((files("driftd.pipeline.packs") / "injection" / name).read_text("utf-8"))


def _names(what: str) -> frozenset[str]:
    return frozenset(name for framework in _pack("containers.toml").values() for name in framework.get(what, ()))


BEANS: Final = _names("made")  # annotations of classes, by their full names
REGISTERING: Final = _names("register")  # methods that are given the classes to make
_PROVIDERS: Final = _pack("providers.toml")
_PACKAGES: Final = frozenset(_PROVIDERS["objects"]["packages"])
_EXAMPLES: Final[list[str]] = _PROVIDERS["objects"]["examples"]
_ASKED: Final = frozenset(_PROVIDERS["objects"]["asked"])
_CLASSES: Final = frozenset(_PROVIDERS["objects"]["classes"])
_FACTORIES: Final = frozenset(_PROVIDERS["objects"]["factories"])
_VALUES: Final = frozenset(_PROVIDERS["objects"]["values"])
_MAKERS: Final = frozenset(_PROVIDERS["methods"]["annotations"])
_MAKER_NAMES: Final = frozenset(name.rpartition(".")[2] for name in _MAKERS)
ASKING: Final = frozenset(_PROVIDERS["objects"]["asking"])
REGISTERING_TYPES: Final[dict[str, list[str]]] = _PROVIDERS["calls"]


def may_provide(imports: Iterable[Import]) -> bool:
    """Whether a file imports something whose modules have providers."""
    return any(each.module in _PACKAGES for each in imports)


class Providing:
    """Takes in what the code of one file tells a container."""

    def __init__(self, resolver: Resolver) -> None:
        self.resolver = resolver
        self.symbols = resolver.symbols

    def provide(self, asked: Entities, passed: Entities) -> None:
        """Take in that a container passes instances of some classes where others are asked for."""
        resolver = self.resolver
        classes = tuple([Entity(Is.CLASS, e.file, e.number) for e in passed if e.what in _OF_CLASSES])
        for cls in classes:
            resolver.handover.instance(cls)
        for service in asked:
            naming = self.symbols.names.of(service.file) if service.what is Is.CLASS else None
            if naming is not None:
                resolver.handover.add(provided_key(service.file, naming.classes[service.number]), classes)

    def supertypes(self, passed: Entities) -> Entities:
        """Return the classes and interfaces as which instances can be asked for."""
        lines = [self.symbols.lineage(e.file, e.number) for e in passed if e.what in _OF_CLASSES]
        return tuple([e for e in union(lines) if e.what is Is.CLASS])

    # -- objects of modules --

    def modules(self) -> None:
        """Take in the providers that a file writes out; those of tests are for tests."""
        resolver = self.resolver
        name = resolver.path.rpartition("/")[2]
        if is_test(resolver.path) or any(part in name for part in _EXAMPLES):
            return
        for asked, how, value, site in self._written():
            passed = resolver.value(value, site)
            if how in _FACTORIES:
                passed = self.symbols.result(passed)
            token = resolver.value(asked, site) if asked.kind == Kind.PATH else NONE
            classes = tuple([e for e in token if e.what is Is.CLASS])
            self.provide(classes or self.supertypes(passed), passed)

    def _written(self) -> Iterator[tuple[Value, str, Value, Site]]:
        """Yield what is asked for, how it is provided, what is passed and where that is written."""
        resolver = self.resolver
        bodies = resolver.facts.bodies
        for call in bodies.calls:
            for arg in call.args:
                yield from self._inside(arg.value, resolver.site(call.scope, call.line, call.region))
        for assign in bodies.assigns:
            if assign.value is not None:
                yield from self._inside(assign.value, resolver.site(assign.scope, assign.line, assign.region))
        for returned in bodies.returns:
            if returned.value is not None:
                yield from self._inside(returned.value, resolver.site(returned.scope, returned.line, returned.region))

    def _inside(self, value: Value, site: Site) -> Iterator[tuple[Value, str, Value, Site]]:
        if value.kind == Kind.DICT:
            items = value.items
            pairs = {items[at].text: items[at + 1] for at in range(0, len(items) - 1, 2)}
            asked = next((pairs[name] for name in _ASKED if name in pairs), None)
            for how, passed in pairs.items() if asked is not None else ():
                if how in _CLASSES or how in _FACTORIES or how in _VALUES:
                    yield asked, how, passed, site  # type: ignore[misc]  # it is not None where there are pairs
        if value.kind in _NESTING:
            for item in value.items:
                yield from self._inside(item, site)

    # -- methods --

    def makers(self) -> list[int]:
        """Return the functions that may be annotated as making what is passed."""
        return [
            number
            for number, function in enumerate(self.resolver.functions)
            if function.decorators and any(d.name.rpartition(".")[2] in _MAKER_NAMES for d in function.decorators)
        ]

    def made_by(self, number: int) -> None:
        """Take in what an annotated method makes: it is passed where its declared type or one above is asked for."""
        resolver = self.resolver
        function = resolver.functions[number]
        place = Place(resolver.path, function.scope)
        if not any(self._is_maker(decorator.name, place) for decorator in function.decorators):
            return
        declared = self.symbols.typed(function.return_type, place) if function.return_type else NONE
        asked = tuple([Entity(Is.CLASS, e.file, e.number) for e in declared if e.what is Is.INSTANCE])
        passed = [
            resolver.value(returned.value, resolver.site(number, returned.line, returned.region))
            for returned in resolver.facts.bodies.returns
            if returned.scope == number and returned.value is not None
        ]
        made = tuple([e for e in union(passed) if e.what is Is.INSTANCE])
        self.provide(union([asked, self.supertypes(made)]), made)

    def _is_maker(self, name: str, place: Place) -> bool:
        if name.rpartition(".")[2] not in _MAKER_NAMES:
            return False
        if name in _MAKERS or any(e.file in _MAKERS for e in self.symbols.path(name, place) if e.what is Is.EXTERNAL):
            return True
        interface = self.symbols.interface(place.path)
        return interface is not None and any(f"{package}.{name}" in _MAKERS for package in interface.stars)

    # -- calls --

    def registered(self, call: Call) -> None:
        """Take in a registration by types: what is asked for, then what is passed; one type alone is both."""
        resolver = self.resolver
        site = resolver.site(call.scope, call.line, call.region)
        types = call.callee.items if call.callee.kind == Kind.PATH else call.callee.items[1:]
        given = [resolver.value(value, site) for value in (*types, *[arg.value for arg in call.args])]
        known = [self.symbols.result(found) if _makes(found) else found for found in given]
        classes = [tuple([e for e in found if e.what in _OF_CLASSES]) for found in known]
        kept = [found for found in classes if found]
        if kept:
            self.provide(kept[0], kept[1] if len(kept) > 1 else kept[0])


def _makes(found: Entities) -> bool:
    return any(e.what is Is.FUNCTION or e.what is Is.METHOD for e in found)


_OF_CLASSES: Final = frozenset({Is.CLASS, Is.INSTANCE})
_NESTING: Final = frozenset({Kind.DICT, Kind.LIST, Kind.SPREAD, Kind.CONDITIONAL, Kind.CAST, Kind.OPERATION})
