"""Resolves the calls of one file: for each call the functions it can run, how they were found, and what was looked at.

Names are looked up as the language does: comprehension, function, enclosing functions, module; a class body only by
code standing in it.  Of several bindings of a local name those count that can reach the call.  A name that is found
nowhere gives no edge: there is no guessing by name.  Values that flow through containers, arguments or callbacks are
not followed here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from driftd.pipeline.call_graph.symbols import BUILTIN, NONE, UNKNOWN, Entity, Is, union
from driftd.pipeline.facts.model import Kind
from driftd.pipeline.interface import Means, bind, reaching
from driftd.pipeline.modules import ECMASCRIPT
from driftd.rows.call_graph import CallEdgeRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from driftd.pipeline.call_graph.symbols import Entities, Symbols
    from driftd.pipeline.facts.model import Call, Value
    from driftd.pipeline.interface import Binding, Site, Table
    from driftd.pipeline.project import Project, SourceFile
    from driftd.rows.call_graph import Resolution

CONFIDENCE: Final[dict[Resolution, float]] = {
    "same_file": 0.95,
    "method_call": 0.90,
    "constructor": 0.85,
    "type_inferred": 0.80,
    "import_based": 0.75,
}

# Why a call has no edge.  The first three are no gaps: there is no function of the project to point to.
IMPLICIT: Final = "implicit_constructor"
EXTERNAL: Final = "external"
BUILTIN_CALL: Final = "builtin"
UNKNOWN_NAME: Final = "unknown_name"
LOCAL_VALUE: Final = "local_value"
UNKNOWN_RECEIVER: Final = "unknown_receiver"
MISSING_MEMBER: Final = "missing_member"
DYNAMIC: Final = "dynamic"
RESOLVED: Final = "resolved"


@dataclass(frozen=True, slots=True)
class Resolved:
    """The edges of a file, how its call sites fared (by outcome), and what the answers depend on (see `symbols`)."""

    edges: list[CallEdgeRow]
    outcomes: dict[str, int]
    seen: set[str] = field(repr=False)


class _Target(NamedTuple):
    function: int
    how: Resolution
    confidence: float


class _Outcome(NamedTuple):
    targets: tuple[_Target, ...]
    outcome: str


def resolve_file(project: Project, file: SourceFile, symbols: Symbols) -> Resolved:
    """Resolve all calls and decorator applications of a file."""
    seen = symbols.watch()
    seen.add(file.path)
    edges, outcomes = _Resolver(project, file, symbols).run()
    return Resolved(edges, outcomes, seen)


class _Resolver:
    def __init__(self, project: Project, file: SourceFile, symbols: Symbols) -> None:
        facts = file.all_facts()
        self.project = project
        self.path = file.path
        self.ids = file.function_ids
        self.symbols = symbols
        self.ecmascript = file.language in ECMASCRIPT
        self.outline = facts.outline
        self.functions = facts.outline.functions
        self.classes = facts.outline.classes
        self.calls = facts.bodies.calls
        self.regions = facts.bodies.regions
        self.scopes = bind(facts)
        # Answers by scope and text, and by the scope that binds the first name and text; only those that do not
        # depend on the place within the scope.
        self.known: dict[tuple[int, str], _Outcome] = {}
        self.shared: dict[tuple[object, str], _Outcome] = {}
        self.places: dict[tuple[int, str], object] = {}
        self.flow = False  # whether the answer being worked out depends on the place within its scope
        # What bindings stand for: for good, and those cut short by a cycle for one question.  Each binding is worked
        # out once per question at most; without that, branches that assign each other's names cost exponential time.
        self.settled: dict[tuple[int, int], Entities] = {}
        self.partial: dict[tuple[int, int], Entities] = {}
        self.cuts = 0
        self.budget = _BUDGET
        self.busy: set[tuple[int, int]] = set()
        self.depth = 0

    def run(self) -> tuple[list[CallEdgeRow], dict[str, int]]:
        edges: dict[tuple[int, int, int], CallEdgeRow] = {}
        outcomes: dict[str, int] = {}
        ids, path, known = self.ids, self.path, self.known
        for call in self.calls:
            callee, scope = call.callee, call.scope
            found = known.get((scope, callee.text)) if callee.kind == Kind.PATH and not call.is_new else None
            if found is None:
                found = self.call(call)
            outcomes[found.outcome] = outcomes.get(found.outcome, 0) + 1
            if found.targets:
                _put(edges, ids[scope if scope >= 0 else self.owner(scope)], found.targets, call.line, path)
        decorated = [(f.scope, f.decorators) for f in self.functions if f.decorators]
        decorated += [(c.scope, c.decorators) for c in self.classes if c.decorators]
        for scope, decorators in decorated:
            for decorator in decorators:
                if decorator.call < 0:
                    found = self.named(scope, decorator.name, decorator.line, -1)
                    outcomes[found.outcome] = outcomes.get(found.outcome, 0) + 1
                    targets = [t._replace(how="decorator") for t in found.targets]
                    _put(edges, ids[self.owner(scope)], targets, decorator.line, path)
        return list(edges.values()), outcomes

    # -- calls --

    def call(self, call: Call) -> _Outcome:
        """Return where a call goes."""
        callee = call.callee
        if callee.kind == Kind.PATH:
            return self.named(call.scope, callee.text, call.line, call.region)
        if callee.kind == Kind.MEMBER:
            owners = self.value(callee.items[0], call)
            if owners == (_SUPER,):
                return self.outcome(self.super_member(call.scope, callee.text), "method_call", MISSING_MEMBER)
            return self.member(owners, callee.text, is_receiver=False)
        if callee.kind == Kind.FUNCTION:
            return self.outcome((Entity(Is.FUNCTION, self.path, callee.ref),), "same_file", DYNAMIC)
        return _Outcome((), DYNAMIC)

    def named(self, scope: int, text: str, line: int, region: int) -> _Outcome:
        """Return where a call of an access path goes."""
        key = (scope, text)
        found = self.known.get(key)
        if found is not None:
            return found
        head = text.partition(".")[0]
        if self.scopes.comprehensions and self.in_comprehension(head, region):
            return self.work_out(scope, text, line, region)
        place = self.place(scope, head)
        found = self.shared.get((place, text))
        if found is None:
            self.flow = False
            found = self.work_out(scope, text, line, region)
            if self.flow:
                return found
            if place is not None:
                self.shared[place, text] = found
        self.known[key] = found
        return found

    def place(self, scope: int, head: str) -> object:
        """Return what binds a name seen from a scope: equal places give equal answers.  None if that is not known."""
        key = (scope, head)
        try:
            return self.places[key]
        except KeyError:
            place = self.places[key] = self.find_place(scope, head)
            return place

    def find_place(self, scope: int, head: str) -> object:
        if self.ecmascript and head in {"this", "super"}:
            return self.receiver(scope)
        at = scope
        if at < 0:
            if head in self.scopes.classes[~at]:
                return at if len(self.scopes.classes[~at][head]) == 1 else None
            at = self.enclosing(at)
        while at > 0:
            sites = self.scopes.functions[at].get(head)
            if sites:
                binding = sites[0].binding
                if len(sites) > 1 and at == scope:
                    return None  # only this scope's own code is looked at by place
                is_receiver = len(sites) == 1 and binding.means in {Means.RECEIVER, Means.OWN_CLASS}
                return binding if is_receiver else at
            at = self.enclosing(at)
        # The module sees a name of several bindings otherwise from its own code than from functions.
        return 0 if scope or len(self.scopes.functions[0].get(head, ())) < 2 else None

    def work_out(self, scope: int, text: str, line: int, region: int) -> _Outcome:
        owner_text, dot, name = text.rpartition(".")
        if not dot or self.bound_whole(scope, text):
            if text == "super" and self.ecmascript:
                cls = self.receiver(scope)
                bases = self.symbols.lineage(cls.file, cls.number)[1:2] if cls else NONE
                return self.outcome(bases, "constructor", UNKNOWN_NAME)
            entities = self.look_up(scope, text, line, region)
            if entities is None:
                unbound = self.symbols.unbound(self.path, text)
                return _Outcome((), BUILTIN_CALL if unbound is BUILTIN else UNKNOWN_NAME)
            return self.outcome(entities, "", LOCAL_VALUE)
        if owner_text == "super" and self.ecmascript:
            return self.outcome(self.super_member(scope, name), "method_call", MISSING_MEMBER)
        owners = self.evaluate(scope, owner_text, line, region)
        if owners is None:
            return _Outcome((), UNKNOWN_NAME)
        return self.member(owners, name, is_receiver=self.is_receiver(scope, owner_text))

    def member(self, owners: Entities, name: str, *, is_receiver: bool) -> _Outcome:
        """Return where a call of a member goes."""
        outcomes = []
        for owner in owners:
            what = owner.what
            if what is Is.INSTANCE:
                how: Resolution = "method_call" if is_receiver else "type_inferred"
            elif what is Is.CLASS:
                how = "method_call"
            else:
                how = "import_based"
            found = self.symbols.attribute(owner, name)
            reason = UNKNOWN_RECEIVER if what in {Is.UNKNOWN, Is.FUNCTION} else MISSING_MEMBER
            outcomes.append(self.outcome(found, how, reason))
        return _join(outcomes)

    def outcome(self, entities: Entities, how: Resolution | str, reason: str) -> _Outcome:
        """Turn what is called into the functions that run."""
        targets: list[tuple[Entity, Resolution]] = []
        outcome = ""
        open_ends = 0
        for entity in entities:
            what = entity.what
            if what is Is.FUNCTION:
                targets.append((entity, how or ("same_file" if entity.file == self.path else "import_based")))  # type: ignore[arg-type]  # how is "" or a Resolution
            elif what is Is.CLASS:
                for run in self.symbols.constructor(entity):
                    if run.what is Is.FUNCTION:
                        targets.append((run, "constructor"))
                    else:
                        outcome, open_ends = _name_of(run, reason), 1
                if not targets and not outcome:
                    outcome = IMPLICIT
            elif what is Is.INSTANCE:
                called = self.symbols.attribute(entity, "__call__")
                targets.extend((run, "type_inferred") for run in called if run.what is Is.FUNCTION)
            else:
                outcome, open_ends = _name_of(entity, reason), 1
        if not targets:
            return _Outcome((), outcome or reason)
        share = len(targets) + open_ends
        return _Outcome(
            tuple(
                [_Target(self.id_of(e), strategy, round(CONFIDENCE[strategy] / share, 4)) for e, strategy in targets]
            ),
            RESOLVED,
        )

    def id_of(self, function: Entity) -> int:
        if function.file == self.path:
            return self.ids[function.number]
        return self.project[function.file].function_ids[function.number]

    # -- values --

    def value(self, value: Value, call: Call, depth: int = 0) -> Entities:
        """Return what an expression can stand for."""
        kind = value.kind
        if kind == Kind.PATH:
            return self.evaluate(call.scope, value.text, call.line, call.region) or (UNKNOWN,)
        if depth > _DEPTH:
            return (UNKNOWN,)
        if kind == Kind.CALL:
            inner = self.calls[value.ref]
            callee = inner.callee
            if callee.kind == Kind.PATH and callee.text == "super" and not self.ecmascript:
                return (_SUPER,)
            if callee.kind == Kind.MEMBER:
                owners = self.value(callee.items[0], inner, depth + 1)
                if owners == (_SUPER,):
                    return self.symbols.result(self.super_member(inner.scope, callee.text))
                return self.symbols.result(self.symbols.attributes(owners, callee.text))
            return self.symbols.result(self.value(callee, inner, depth + 1))
        if kind == Kind.MEMBER:
            return self.symbols.attributes(self.value(value.items[0], call, depth + 1), value.text)
        if kind == Kind.AWAIT and value.items:
            return self.value(value.items[0], call, depth + 1)
        if kind == Kind.CAST:
            return self.typed(call.scope, value.text, call.line, call.region) or (UNKNOWN,)
        if kind in _LITERALS:
            return (BUILTIN,)
        return (UNKNOWN,)

    def evaluate(self, scope: int, text: str, line: int, region: int) -> Entities | None:
        """Return what an access path can stand for; None if nothing binds its first name."""
        if "." not in text:
            found = self.look_up(scope, text, line, region)
            return self.unbound(text) if found is None else found
        owner_text, _, name = text.rpartition(".")
        if self.bound_whole(scope, text):
            return self.look_up(scope, text, line, region)
        names = [name]
        while "." in owner_text and not self.bound_whole(scope, owner_text):
            owner_text, _, name = owner_text.rpartition(".")
            names.append(name)
        owners = self.look_up(scope, owner_text, line, region)
        if owners is None:
            owners = self.unbound(owner_text)
            if owners is None:
                return None
        for name in reversed(names):
            owners = self.symbols.attributes(owners, name)
        return owners

    def unbound(self, name: str) -> Entities | None:
        return (BUILTIN,) if self.symbols.unbound(self.path, name) is BUILTIN else None

    def look_up(self, scope: int, name: str, line: int, region: int) -> Entities | None:
        """Return what a name means in a scope; None if nothing binds it."""
        if self.ecmascript and name == "this":
            cls = self.receiver(scope)
            return (Entity(Is.INSTANCE, cls.file, cls.number),) if cls else (UNKNOWN,)
        if self.scopes.comprehensions and self.in_comprehension(name, region):
            self.flow = True
            return (UNKNOWN,)
        at = scope
        if at < 0:
            sites = self.scopes.classes[~at].get(name)
            if sites and not self.ecmascript:
                return self.among(at, sites, line, region)
            at = self.enclosing(at)
        while at > 0:
            sites = self.scopes.functions[at].get(name)
            if sites:
                if at == scope:
                    return self.among(at, sites, line, region)
                return self.all_of(at, reaching(sites), line, region)
            at = self.enclosing(at)
        sites = self.scopes.functions[0].get(name)
        if sites and len(sites) > 1 and scope == 0:
            return self.among(0, sites, line, region)
        return self.symbols.in_module(self.path, name) or None

    def among(self, scope: int, sites: Sequence[Site], line: int, region: int) -> Entities:
        """Return what a name bound at these sites of the scope can mean at a place in it."""
        if len(sites) == 1:
            return self.of(scope, sites[0].binding, sites[0].line, sites[0].region)
        self.flow = True
        found = union([self.of(scope, s.binding, s.line, s.region) for s in self.visible(sites, line, region)])
        self.flow = True
        return found or (UNKNOWN,)

    def visible(self, sites: Sequence[Site], line: int, region: int) -> Sequence[Site]:
        """Return the sites that can reach a place: what surely ran later hides what ran before."""
        around = {-1}
        loop = -1  # the outermost loop around the place
        while region >= 0:
            around.add(region)
            if self.regions[region].kind == "loop":
                loop = region
            region = self.regions[region].parent
        reach: list[Site] = []
        for site in sites:
            if site.line < line:
                if site.region in around:
                    reach = [site]
                else:
                    reach.append(site)
            elif site.region == -2 or (loop >= 0 and site.line <= self.regions[loop].end_line):
                reach.append(site)
        return reach or sites

    def all_of(self, scope: int, bindings: Iterable[Binding], line: int, region: int) -> Entities:
        return union([self.of(scope, binding, line, region) for binding in bindings]) or (UNKNOWN,)

    def of(self, scope: int, binding: Binding, line: int, region: int) -> Entities:
        """Return what a binding of a local name stands for, given the place of the binding."""
        means = binding.means
        if means not in _EVALUATED:
            found = self.symbols.evaluate(self.path, binding)
            return found or (UNKNOWN,)
        key = (scope, id(binding))
        known = self.settled.get(key)
        if known is not None:
            return known
        self.budget -= 1
        if self.budget < 0:
            return (UNKNOWN,)
        if not self.busy:
            self.partial.clear()  # a new question
        known = NONE if key in self.busy or len(self.busy) > _DEPTH else self.partial.get(key)
        if known is not None:
            self.cuts += 1
            self.flow = True  # an answer cut short is not remembered
            return known
        flow, cuts = self.flow, self.cuts
        self.busy.add(key)
        try:
            found = self.work_out_binding(scope, binding, line, region)
        finally:
            self.busy.discard(key)
        if self.cuts == cuts:
            self.settled[key] = found
            self.flow = flow  # it depends on the binding's place, not on the asker's
        else:
            self.partial[key] = found
        return found

    def work_out_binding(self, scope: int, binding: Binding, line: int, region: int) -> Entities:
        # A binding is evaluated before it takes effect, on its last line at the latest.
        if binding.means is Means.TYPED:
            return self.typed(scope, binding.text, line, region) or (UNKNOWN,)
        callees = self.evaluate(scope, binding.text, line, region)
        if callees is None:
            return (UNKNOWN,)
        if binding.means is Means.RESULT:
            return self.symbols.result(callees)
        return self.symbols.entered(callees) if binding.means is Means.ENTERED else callees

    def typed(self, scope: int, annotation: str, line: int, region: int) -> Entities:
        # Parameters are not in scope of their own annotations.
        outer = self.enclosing(scope) if scope > 0 else scope

        def find(text: str) -> Entities:
            inside = text.partition(".")[0] in self.table(scope)
            found = self.evaluate(scope, text, line, region) if inside else None
            return found or self.evaluate(outer, text, line, region) or (UNKNOWN,)

        return self.symbols.typed(self.path, annotation, find)

    # -- scopes --

    def table(self, scope: int) -> Table:
        return self.scopes.functions[scope] if scope >= 0 else self.scopes.classes[~scope]

    def owner(self, scope: int) -> int:
        """Return the function that runs code standing in the scope."""
        while scope < 0:
            scope = self.classes[~scope].scope
        return scope

    def enclosing(self, scope: int) -> int:
        """Return the next function outwards; class bodies are no scopes for what is in them."""
        return self.owner(self.functions[scope].scope if scope >= 0 else scope)

    def bound_whole(self, scope: int, text: str) -> bool:
        """Whether the scope or the module assigns to the access path itself (`api.get = …`)."""
        if text in self.scopes.functions[0]:
            return True
        if text in self.table(scope):
            self.flow = True  # so that no other scope gets this answer
            return True
        return False

    def in_comprehension(self, name: str, region: int) -> bool:
        while region >= 0:
            names = self.scopes.comprehensions.get(region)
            if names and name in names:
                return True
            region = self.regions[region].parent
        return False

    def receiver(self, scope: int) -> Entity | None:
        """Return the class whose code stands in the scope: arrow functions and nested functions belong to it too."""
        while scope > 0:
            outer = self.functions[scope].scope
            if outer < 0:
                return Entity(Is.CLASS, self.path, ~outer)
            if self.ecmascript and self.functions[scope].kind != "lambda":
                return None
            scope = outer
        return Entity(Is.CLASS, self.path, ~scope) if scope < 0 else None

    def is_receiver(self, scope: int, text: str) -> bool:
        if self.ecmascript:
            return text == "this"
        while scope > 0:
            sites = self.scopes.functions[scope].get(text)
            if sites:
                return sites[0].binding.means in {Means.RECEIVER, Means.OWN_CLASS}
            scope = self.functions[scope].scope
        return False

    def super_member(self, scope: int, name: str) -> Entities:
        cls = self.receiver(scope)
        return self.symbols.after(cls, name, start=cls) if cls else NONE


_SUPER: Final = Entity(Is.UNKNOWN, "super")
_DEPTH: Final = 24
_BUDGET: Final = 200_000  # bindings looked into per file, about a second; only generated code comes near
_EVALUATED: Final = frozenset({Means.PATH, Means.RESULT, Means.TYPED, Means.ENTERED})
_LITERALS: Final = frozenset(
    {
        Kind.STRING,
        Kind.NUMBER,
        Kind.TEMPLATE,
        Kind.LIST,
        Kind.TUPLE,
        Kind.SET,
        Kind.DICT,
        Kind.COMPREHENSION,
        Kind.REGEX,
    }
)
# With several owners the most telling outcome counts.
_RANK: Final = (RESOLVED, IMPLICIT, EXTERNAL, BUILTIN_CALL, MISSING_MEMBER, UNKNOWN_RECEIVER, LOCAL_VALUE, UNKNOWN_NAME)


def _join(outcomes: Sequence[_Outcome]) -> _Outcome:
    if len(outcomes) == 1:
        return outcomes[0]
    if not outcomes:
        return _Outcome((), UNKNOWN_RECEIVER)
    targets = tuple(
        [t._replace(confidence=round(t.confidence / len(outcomes), 4)) for o in outcomes for t in o.targets]
    )
    return _Outcome(targets, min((o.outcome for o in outcomes), key=_RANK.index))


def _name_of(entity: Entity, reason: str) -> str:
    if entity.what is Is.EXTERNAL:
        return EXTERNAL
    return BUILTIN_CALL if entity.what is Is.BUILTIN else reason


def _put(
    edges: dict[tuple[int, int, int], CallEdgeRow], caller: int, targets: Sequence[_Target], line: int, path: str
) -> None:
    for function, how, confidence in targets:
        key = (caller, function, line)
        present = edges.get(key)
        if present is None or present.confidence < confidence:
            edges[key] = CallEdgeRow(
                caller_id=caller,
                callee_id=function,
                call_site_line=line,
                resolution=how,
                confidence=confidence,
                file=path,
            )
