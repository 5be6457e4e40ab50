"""What one file says about entry points, worked out where it is parsed: calls that hand functions over, and a few marks.

Nothing is decided here: what is called and what is handed over are kept as bindings, closed over the local names of the
function that they stand in, so that they can be evaluated from outside (see `finding`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from driftd.pipeline.bindings import Binding, Means
from driftd.pipeline.entry_points.packs import watched_calls, watched_guards
from driftd.pipeline.entry_points.starts import Handed, Handover, StartFacts
from driftd.pipeline.expressions import Expressions
from driftd.pipeline.facts.model import Kind
from driftd.pipeline.scopes import reaching

if TYPE_CHECKING:
    from collections.abc import Iterator

    from driftd.pipeline.facts.model import Call, FileFacts, Function, Value
    from driftd.pipeline.scopes import Scopes


def start_facts_of(facts: FileFacts, scopes: Scopes) -> StartFacts:
    """Return what a file with these name tables says."""
    watched = _watched(facts)
    reading = _Reading(facts, scopes)
    handovers = []
    for call in facts.bodies.calls:
        callee = call.callee
        if call.args and callee.text.rpartition(".")[2] in watched and callee.kind in _NAMING:
            arguments = tuple(reading.handed(call))
            if arguments:
                handovers.append(reading.handover(call, arguments))
    return StartFacts(
        tuple(handovers),
        tuple([(i, d.name) for i, cls in enumerate(facts.outline.classes) for d in cls.decorators if d.name]),
        tuple(_guards(facts)),
        tuple(dict.fromkeys(r.scope for r in facts.bodies.returns if r.value is not None and _is_markup(r.value))),
        tuple([i for i, f in enumerate(facts.outline.functions) if i and f.scope < 0 and _is_hidden(f)]),
    )


def _watched(facts: FileFacts) -> frozenset[str]:
    """Return the last names of calls to look at: those of frameworks, and what the file imports them as."""
    watched = watched_calls(facts.language)
    return watched.union(
        i.alias for i in facts.outline.imports if i.name in watched or i.module.rpartition(".")[2] in watched
    )


def _guards(facts: FileFacts) -> Iterator[tuple[str, str]]:
    watched = watched_guards(facts.language)
    for region in facts.bodies.regions:
        value = region.value
        if region.scope == 0 and region.kind == "branch" and value is not None and value.text in _EQUALS:
            sides = [_side(item, facts) for item in value.items]
            for pair in (tuple(sides), tuple(reversed(sides))):
                if pair in watched:
                    yield pair[0], pair[1]
    if any(right == CALLED for _, right in watched):
        found = {call.callee.text for call in facts.bodies.calls if call.scope == 0}
        yield from ((name, CALLED) for name in sorted(found) if (name, CALLED) in watched)


def _side(value: Value, facts: FileFacts) -> str:
    return facts.texts.literals[value.ref].value if value.kind == Kind.STRING and value.ref >= 0 else value.text


def _is_markup(value: Value) -> bool:
    if value.kind == Kind.MARKUP:
        return True
    alternatives = value.kind == Kind.CONDITIONAL or (value.kind == Kind.OPERATION and value.text in _EITHER)
    return alternatives and any(_is_markup(item) for item in value.items)


def _is_hidden(function: Function) -> bool:
    return function.visibility in _HIDDEN or function.kind == "constructor"


class _Reading:
    """Reads the calls of one file."""

    def __init__(self, facts: FileFacts, scopes: Scopes) -> None:
        self.facts = facts
        self.scopes = scopes
        self.functions = facts.outline.functions
        self.classes = facts.outline.classes
        self._expressions: Expressions | None = None

    def handed(self, call: Call) -> Iterator[Handed]:
        """Yield the arguments that may hold functions."""
        for position, arg in enumerate(call.args):
            found = tuple([self.closed(call.scope, b) for b in self._leaves(arg.value, _DEPTH)])
            if found:
                yield Handed(-1 if arg.name else position, arg.name, found)

    def handover(self, call: Call, arguments: tuple[Handed, ...]) -> Handover:
        callee = call.callee
        if callee.kind == Kind.PATH:
            owner, _, name = callee.text.rpartition(".")
            whole = Binding(Means.PATH, -1, owner or name)
            return Handover(call.line, self.closed(call.scope, whole), name if owner else "", arguments)
        if self._expressions is None:
            self._expressions = Expressions(self.facts)
        owner_of = self._expressions.at(call.scope, callee.items[0])
        return Handover(call.line, self.closed(call.scope, owner_of), callee.text, arguments)

    def _leaves(self, value: Value, depth: int) -> Iterator[Binding]:
        """Yield what may be a function in an expression: in containers, and in what wraps it (`login_required(view)`)."""
        kind = value.kind
        if kind == Kind.PATH:
            yield Binding(Means.PATH, -1, value.text)
        elif kind == Kind.FUNCTION:
            yield Binding(Means.FUNCTION, value.ref)
        elif kind == Kind.CLASS:
            yield Binding(Means.CLASS, value.ref)
        elif depth and kind == Kind.CALL:
            for arg in self.facts.bodies.calls[value.ref].args:
                yield from self._leaves(arg.value, depth - 1)
        elif depth and kind in _HOLDING:
            for item in value.items[1::2] if kind == Kind.DICT else value.items:
                yield from self._leaves(item, depth - 1)

    def closed(self, scope: int, binding: Binding, depth: int = 4) -> Binding:
        """Return a binding that means the same from the module: local names are replaced by what they are bound to."""
        means = binding.means
        if means is Means.PATH or (means is Means.RESULT and binding.text):
            head, *rest = binding.text.split(".")
            found = self._bound(scope, head, depth)
            if found is None:
                return Binding(means, -1, binding.text)
            for name in rest:
                found = Binding(Means.MEMBER, -1, name, "", (found,))
            return found if means is Means.PATH else Binding(Means.RESULT, -1, "", "", (found,))
        if means is Means.MEMBER or means is Means.RESULT or means is Means.TYPED:
            inner = binding.items[:1]
            return Binding(means, -1, binding.text, "", tuple([self.closed(scope, one, depth) for one in inner]))
        return binding if means in _ALIKE else _UNKNOWN

    def _method(self, scope: int, name: str) -> Binding | None:
        """Return the method that a bare name means in the code of its class."""
        numbers = (i for i, f in enumerate(self.functions) if i and f.scope == scope and f.name == name)
        return next((Binding(Means.FUNCTION, number) for number in numbers), None)

    def _bound(self, scope: int, name: str, depth: int) -> Binding | None:
        """Return what a local name is bound to; None for a name that no function around binds."""
        at = scope
        while at != 0:
            if at < 0:
                own = self._method(at, name) if self.facts.language in _IMPLICIT_RECEIVER else None
                if own is not None:
                    return own
                at = self.classes[~at].scope
                continue
            sites = self.scopes.functions[at].get(name)
            if sites:
                last = reaching(sites)[-1]
                return self.closed(at, last, depth - 1) if depth else _UNKNOWN
            at = self.functions[at].scope
        return None


CALLED: Final = "()"  # stands for the right side where top-level code counts because of a call in it
_UNKNOWN: Final = Binding(Means.OPAQUE)
_IMPLICIT_RECEIVER: Final = frozenset({"swift", "scala", "java", "kotlin", "csharp"})
_DEPTH: Final = 3
_NAMING: Final = frozenset({Kind.PATH, Kind.MEMBER})
_HOLDING: Final = frozenset({Kind.LIST, Kind.TUPLE, Kind.DICT, Kind.SPREAD, Kind.CAST, Kind.AWAIT, Kind.NAMED})
_HIDDEN: Final = frozenset({"private", "protected"})
_EQUALS: Final = frozenset({"==", "==="})
_EITHER: Final = frozenset({"and", "or", "&&", "||", "??"})
_ALIKE: Final = frozenset(
    {Means.FUNCTION, Means.CLASS, Means.IMPORT, Means.RECEIVER, Means.OWN_CLASS, Means.PARAM, Means.NOTHING}
)
