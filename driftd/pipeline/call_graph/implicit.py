"""What the language runs without a call being written: decorators, loops, `with`, `raise` of a class, `eval`.

Applying a decorator is a call by the enclosing code.  Iterating runs `__iter__` and `__next__`, `with` runs `__enter__`
and `__exit__`, raising a class makes an instance of it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from driftd.pipeline.call_graph.callbacks import INJECTING
from driftd.pipeline.call_graph.entities import Entity, Is
from driftd.pipeline.call_graph.fixtures import is_injected
from driftd.pipeline.call_graph.flows import parameter_key
from driftd.pipeline.call_graph.injection import Providing, may_provide
from driftd.pipeline.call_graph.outcomes import Target
from driftd.pipeline.call_graph.unions import union
from driftd.pipeline.facts.model import Kind, Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from driftd.pipeline.call_graph.entities import Entities
    from driftd.pipeline.call_graph.resolve import Resolver
    from driftd.pipeline.facts.model import Decorator

_Step: TypeAlias = tuple[Any, ...]  # a method and its arguments
_CALLED_NAME: Final = re.compile(r"([^\W\d][\w.]*)\s*\(")


class Implicit:
    """Adds the edges of a file that no call stands for."""

    def __init__(self, resolver: Resolver) -> None:
        self.resolver = resolver
        self.symbols = resolver.symbols

    def grouped(self, groups: Sequence[int]) -> dict[int, list[_Step]]:
        """Return what is to be done for each stretch of the file, given the stretch of each scope."""
        resolver = self.resolver
        found: dict[int, list[_Step]] = {}
        for number, function in enumerate(resolver.functions):
            if function.decorators:
                what = Entity(Is.FUNCTION, resolver.path, number)
                step: _Step = (self.decorated, function.scope, function.decorators, what)
                found.setdefault(groups[function.scope], []).append(step)
        for number, cls in enumerate(resolver.classes):
            if cls.decorators:
                step = (self.decorated, cls.scope, cls.decorators, Entity(Is.CLASS, resolver.path, number))
                found.setdefault(groups[cls.scope], []).append(step)
        if resolver.ecmascript:
            if may_provide(resolver.outline.imports):
                found.setdefault(0, []).append((Providing(resolver).modules,))
            return found
        self.tested(groups, found)
        for region in resolver.regions:
            value = region.value
            if value is not None and value.kind in _EVALUATED:
                run = self.entered if region.kind == "with" else self.iterated if region.kind in _LOOPS else None
                if run is not None:
                    # The iterable is evaluated around the loop.
                    step = (run, region.scope, value, region.line, region.parent)
                    found.setdefault(groups[region.scope], []).append(step)
        for raised in resolver.facts.bodies.raises:
            if raised.value is not None and raised.value.kind == Kind.PATH:
                step = (self.raised, raised.scope, raised.value, raised.line, raised.region)
                found.setdefault(groups[raised.scope], []).append(step)
        for call in resolver.calls:
            if call.callee.text in _EVALUATING and call.args and call.args[0].value.kind == Kind.STRING:
                step = (self.evaluated, call.scope, call.args[0].value, call.line, call.region)
                found.setdefault(groups[call.scope], []).append(step)
        return found

    def tested(self, groups: Sequence[int], found: dict[int, list[_Step]]) -> None:
        """Add what pytest does: it makes instances of test classes, and calls the fixtures that parameters name."""
        resolver = self.resolver
        is_test_file = is_test_path(resolver.path)
        faces = resolver.project[resolver.path].interface.functions
        for number, cls in enumerate(resolver.classes):
            if is_test_file and cls.name.startswith("Test"):
                found.setdefault(groups[cls.scope], []).append((self.collected, number))
        for number, face in enumerate(faces):
            if any(p.default is not None and p.default.kind == Kind.CALL for p in resolver.functions[number].params):
                found.setdefault(groups[number], []).append((self.depended, number))
            if face.params and is_injected(face) and (is_test_file or face.wraps):
                found.setdefault(groups[number], []).append((self.injected, number))

    def collected(self, number: int) -> None:
        """Take in that instances of a test class are made."""
        self.resolver.handover.instance(Entity(Is.CLASS, self.resolver.path, number))

    def depended(self, number: int) -> None:
        """Add edges from a function to the dependencies that a framework calls for its parameters."""
        resolver = self.resolver
        function = resolver.functions[number]
        for param in function.params:
            if param.default is None or param.default.kind != Kind.CALL:
                continue
            call = resolver.calls[param.default.ref]
            place = resolver.site(call.scope, call.line, call.region)
            callees = resolver.value(call.callee, place) if call.args and call.callee.kind == Kind.PATH else ()
            if any(callee.file in INJECTING for callee in callees):
                found = resolver.value(call.args[0].value, place)
                resolver.run_implicitly(number, found, "di_injection", call.line)

    def injected(self, number: int) -> None:
        """Add edges from a test or a fixture to the fixtures that it asks for."""
        resolver, symbols = self.resolver, self.symbols
        face = resolver.project[resolver.path].interface.functions[number]
        function = Entity(Is.FUNCTION, resolver.path, number)
        for param in face.params[face.scope < 0 and face.kind != "static_method" :]:
            found = symbols.fixtures(function, face, param.lstrip("=")) if param[:1] != "*" else ()
            if found:
                resolver.run_implicitly(number, found, "di_injection", resolver.functions[number].line)

    def run(self, steps: Iterable[_Step]) -> None:
        """Do what is to be done for a stretch."""
        for step, *given in steps:
            step(*given)

    def decorated(self, scope: int, decorators: Sequence[Decorator], what: Entity) -> None:
        """Add the calls of decorators, the innermost first, and hand over what each is given."""
        resolver = self.resolver
        given: Entities = (what,)
        for decorator in reversed(decorators):
            if not decorator.name:
                continue
            if decorator.call < 0:
                found = resolver.named(scope, decorator.name, decorator.line, -1)
                resolver.outcomes[found.outcome] = resolver.outcomes.get(found.outcome, 0) + 1
                resolver.put(
                    scope, [Target(t.function, "decorator", t.confidence) for t in found.targets], decorator.line
                )
                if found.external is not None:
                    resolver.leave(scope, found.external, decorator.line)
                applied = found.callees
            else:
                made = self.at(scope, Value(Kind.CALL, "", decorator.call), decorator.line, -1)
                applied = tuple([e for e in made if e.what in _APPLIED])
                if applied:
                    resolver.run_implicitly(scope, applied, "decorator", decorator.line)
            self.hand_over(applied, given)
            given = self.symbols.decorated(applied, given)

    def hand_over(self, decorators: Entities, given: Entities) -> None:
        """Let what is decorated flow into the decorators' first parameter."""
        for decorator in decorators:
            for run in self.symbols.constructor(decorator) if decorator.what is Is.CLASS else (decorator,):
                if run.what is Is.INSTANCE:
                    self.hand_over(self.symbols.attribute(run, "__call__"), given)
                if run.what is not Is.FUNCTION and run.what is not Is.METHOD:
                    continue
                naming = self.symbols.names.of(run.file)
                file = self.resolver.project.file(run.file)
                if naming is None or file is None:
                    continue
                params = file.interface.functions[run.number].params
                offset = self.symbols.offset(run) or int(decorator.what is Is.CLASS)
                if offset < len(params) and params[offset][0] not in "*=":
                    key = parameter_key(run.file, naming.functions[run.number], params[offset])
                    self.resolver.handover.add(key, given)

    def iterated(self, scope: int, value: Value, line: int, region: int) -> None:
        """Add what iterating runs."""
        symbols = self.symbols
        for entity in self.at(scope, value, line, region):
            if entity.what is Is.INSTANCE:
                starts = [e for n in ("__iter__", "__aiter__") for e in symbols.attribute(entity, n)]
                if not any(e.what is Is.METHOD for e in starts):
                    starts = list(symbols.attribute(entity, "__getitem__"))
                self.runs(scope, tuple(starts), line)
                iterators = symbols.result(tuple([e for e in starts if e.what is Is.METHOD]))
                steps = [symbols.attribute(i, "__next__") for i in iterators if i.what is Is.INSTANCE]
                steps += [symbols.attribute(i, "__anext__") for i in iterators if i.what is Is.INSTANCE]
                self.runs(scope, union(steps), line)

    def entered(self, scope: int, value: Value, line: int, region: int) -> None:
        """Add what `with` runs."""
        for entity in self.at(scope, value, line, region):
            if entity.what is Is.INSTANCE:
                for name in ("__enter__", "__exit__", "__aenter__", "__aexit__"):
                    self.runs(scope, self.symbols.attribute(entity, name), line)

    def raised(self, scope: int, value: Value, line: int, region: int) -> None:
        """Add what raising a class runs."""
        found = tuple([e for e in self.at(scope, value, line, region) if e.what is Is.CLASS])
        if found:
            self.resolver.run_implicitly(scope, found, "constructor", line)
            for cls in found:
                self.resolver.handover.instance(cls)

    def evaluated(self, scope: int, value: Value, line: int, region: int) -> None:
        """Add what a text given to `eval` or `exec` calls by name."""
        text = self.resolver.facts.texts.literals[value.ref].value if value.ref >= 0 else ""
        for name in dict.fromkeys(_CALLED_NAME.findall(text)):
            found = self.resolver.named(scope, name, line, region)
            self.resolver.put(scope, [Target(t.function, "fuzzy", 0.4) for t in found.targets], line)

    def at(self, scope: int, value: Value, line: int, region: int) -> Entities:
        """Return what an expression can stand for at a place."""
        return self.resolver.value(value, self.resolver.site(scope, line, region))

    def runs(self, scope: int, entities: Entities, line: int) -> None:
        """Add methods that are run."""
        found = tuple([e for e in entities if e.what is Is.METHOD])
        if found:
            self.resolver.run_implicitly(scope, found, "type_inferred", line)


def is_test_path(path: str) -> bool:
    """Whether pytest looks for tests in a file."""
    name = path.rpartition("/")[2]
    return name.startswith("test_") or name.endswith("_test.py") or name in {"tests.py", "conftest.py"}


_LOOPS: Final = frozenset({"loop", "comprehension"})
_EVALUATING: Final = frozenset({"eval", "exec"})
_APPLIED: Final = frozenset({Is.FUNCTION, Is.METHOD, Is.CLASS, Is.INSTANCE})
_EVALUATED: Final = frozenset({Kind.PATH, Kind.CALL, Kind.MEMBER, Kind.INDEX})
