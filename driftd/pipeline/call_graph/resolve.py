"""Resolves the calls of one file: for each call the functions it can run, how they were found, and what was looked at.

Names are looked up as the language does: comprehension, function, enclosing functions, module; a class body only by
code standing in it.  Of several bindings of a local name those count that can reach the call.  A name that is found
nowhere gives no edge: there is no guessing by name.  What the file's calls hand over to other places is collected on
the way (see `flows`); what the language runs without a call being written is in `implicit`.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from driftd.pipeline.bindings import Means
from driftd.pipeline.call_graph import callbacks, library
from driftd.pipeline.call_graph.entities import NONE, UNKNOWN, Entity, Is
from driftd.pipeline.call_graph.handover import Handover
from driftd.pipeline.call_graph.implicit import Implicit
from driftd.pipeline.call_graph.memory import Questions
from driftd.pipeline.call_graph.objects import SPECIAL
from driftd.pipeline.call_graph.outcomes import (
    BUILTIN_CALL,
    CONFIDENCE,
    DYNAMIC,
    IMPLICIT,
    LOCAL_VALUE,
    MANY_ALTERNATIVES,
    MISSING_MEMBER,
    MOST_TARGETS,
    POLYMORPHIC,
    RANK,
    RESOLVED,
    UNKNOWN_NAME,
    UNKNOWN_RECEIVER,
    Outcome,
    Part,
    Target,
    reason_of,
)
from driftd.pipeline.call_graph.place import Place
from driftd.pipeline.call_graph.unions import package_of, union
from driftd.pipeline.call_graph.values import Symbols
from driftd.pipeline.facts.model import Kind
from driftd.pipeline.modules import ECMASCRIPT
from driftd.pipeline.scopes import reaching

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from driftd.pipeline.bindings import Binding, Table, Write
    from driftd.pipeline.bindings import Site as BindingSite
    from driftd.pipeline.call_graph.entities import Entities
    from driftd.pipeline.call_graph.lookup import Modules
    from driftd.pipeline.call_graph.memory import Notes
    from driftd.pipeline.call_graph.outcomes import EdgeValues, ExternalValues
    from driftd.pipeline.facts.model import Call, Value
    from driftd.pipeline.project import Project, SourceFile
    from driftd.rows.call_graph import Resolution


class Site(Place):
    """A place in the file that is being resolved: its own tables and the line decide."""

    __slots__ = ("line", "region", "resolver")

    def __init__(self, resolver: Resolver, scope: int, line: int, region: int) -> None:
        super().__init__(resolver.path, scope)
        self.resolver = resolver
        self.line = line
        self.region = region

    def look_up(self, symbols: Modules, name: str) -> Entities | None:  # noqa: ARG002  # a place of a file of its own needs it
        """Return what a name means here; None if nothing binds it."""
        return self.resolver.look_up(self.scope, name, self.line, self.region)

    def binds(self, symbols: Modules, text: str) -> bool:  # noqa: ARG002  # a place of a file of its own needs it
        """Whether the scope or the module assigns to an access path itself."""
        return self.resolver.bound_whole(self.scope, text)


def resolve_file(
    project: Project,
    file: SourceFile,
    symbols: Any,
    groups: Collection[int] | None = None,
    resolver_type: type[Resolver] | None = None,
) -> tuple[dict[int, Part], set[str]]:
    """Resolve the calls of a file, or of some stretches of it, each named by its outermost function (0: the module).

    Returns also what all of that depends on, flows aside.
    """
    resolver = (resolver_type or Resolver)(project, file, symbols)
    try:
        return resolver.resolve(groups)
    finally:
        resolver.close()


class Resolver:
    """Answers for the calls of one file."""

    __deletable__ = ("handover",)  # for mypyc

    def __init__(self, project: Project, file: SourceFile, symbols: Symbols) -> None:
        self.binder = file.binder_for_calls()
        facts = self.binder.facts
        self.project = project
        self.path = file.path
        self.ids = file.function_ids
        self.symbols = symbols
        self.language = file.language
        self.ecmascript = file.language in ECMASCRIPT
        self.passes_receiver = not self.ecmascript  # whether a method's first parameter is its receiver
        self.facts = facts
        self.outline = facts.outline
        self.functions = facts.outline.functions
        self.classes = facts.outline.classes
        self.calls = facts.bodies.calls
        self.regions = facts.bodies.regions
        self.scopes = self.binder.scopes
        self.handover = Handover(self)
        self.by_stretch: _Stretches | None = None
        self.edges: dict[tuple[int, int, int], EdgeValues] = {}
        self.outcomes: dict[str, int] = {}
        self.external: dict[tuple[int, str], ExternalValues] = {}
        # Answers by scope and text, and by the scope that binds the first name and text; only those that do not
        # depend on the place within the scope.
        self.known: dict[tuple[int, str], Outcome] = {}
        self.shared: dict[tuple[object, str], tuple[Outcome, Notes | None]] = {}
        self.values: dict[tuple[int, str], Entities] = {}
        self.places: dict[tuple[int, str], object] = {}
        self.flow = False  # whether the answer being worked out depends on the place within its scope
        # What bindings stand for: for good, and those cut short by a cycle for one question.  Each binding is worked
        # out once per question at most; without that, branches that assign each other's names cost exponential time.
        self.settled: dict[tuple[int, int], Entities] = {}
        self.partial: dict[tuple[int, int], Entities] = {}
        self.cuts = 0
        self.budget = _BUDGET
        self.busy: set[tuple[int, int]] = set()
        self.questions: dict[int, Questions] = {}  # of stretches that read flows

    def close(self) -> None:
        """Let go of what refers back, so that nothing waits for the garbage collector."""
        del self.handover
        self.by_stretch = None
        self.questions = {}

    def resolve(
        self, groups: Collection[int] | None, moved: set[int] | None = None
    ) -> tuple[dict[int, Part], set[str]]:
        """Resolve the given stretches of the file, all by default; can be called again when other things flow.

        Given the places that hold something else than when they were resolved before, stretches of which all questions
        have the same answers as then are not resolved again.
        Returns also what all of that depends on, flows aside.
        """
        seen = self.symbols.watch()
        self.symbols.look(self.path)
        self.symbols.own_displays = (self.path, self.scopes.displays)
        self.shared.clear()
        same = {} if moved is None or groups is None else self.unchanged(groups, moved)
        found = self.run(groups if not same or groups is None else [group for group in groups if group not in same])
        return {**found, **same}, seen

    def unchanged(self, groups: Collection[int], moved: set[int]) -> dict[int, Part]:
        """Return those of the stretches that give what they gave before."""
        symbols = self.symbols
        found: dict[int, Part] = {}
        symbols.watch_flows()
        for group in groups:
            questions = self.questions.get(group)
            after = None if questions is None else symbols.ask_again(questions, moved)
            if after is not None:
                self.questions[group] = after[0]
                found[group] = Part([], {}, after[1] or set(), {}, [], is_same=True)
        return found

    def run(self, groups: Collection[int] | None) -> dict[int, Part]:
        """Resolve the given stretches of the file.

        What is remembered while one is resolved is used for another only with a note of what was looked at for it.
        """
        if self.by_stretch is None:
            self.by_stretch = self.stretches()
        implicit, calls, hidden, writes = self.by_stretch
        found: dict[int, Part] = {}
        for group in sorted(calls.keys() | hidden.keys() | writes.keys()) if groups is None else sorted(groups):
            notes = self.symbols.watch_flows()
            if group in calls:
                self.group(calls[group])
            if group in hidden:
                implicit.run(hidden[group])
            if group in writes:
                self.handover.writes(writes[group])
            found[group] = Part(
                list(self.edges.values()),
                self.outcomes,
                notes.reads,
                self.handover.contributions(),
                list(self.external.values()),
            )
            if notes.reads and notes.is_whole and self.symbols.asks_again:
                self.questions[group] = Questions(tuple(notes.asked), frozenset(notes.direct))
            else:
                self.questions.pop(group, None)
            self.forget()
        return found

    def stretches(self) -> _Stretches:
        """Return what there is to do, by stretch."""
        of_scope = self.group_of()
        calls: dict[int, list[Call]] = {}
        for call in self.calls:
            calls.setdefault(of_scope[call.scope], []).append(call)
        implicit = Implicit(self)
        hidden = self.hidden(implicit, of_scope)
        writes: dict[int, list[Write]] = {}
        for write in self.scopes.writes:
            writes.setdefault(of_scope[write.scope], []).append(write)
        return implicit, calls, hidden, writes

    def hidden(self, _implicit: Implicit, of_scope: Sequence[int]) -> dict[int, list[tuple[Any, ...]]]:
        """Return what is to be done besides the calls for each stretch of the file."""
        return _implicit.grouped(of_scope)

    def group(self, calls: Iterable[Call]) -> None:
        """Resolve the calls of a stretch."""
        outcomes, known, handover = self.outcomes, self.known, self.handover
        for call in calls:
            callee = call.callee
            found = known.get((call.scope, callee.text)) if callee.kind == Kind.PATH and not call.is_new else None
            if found is None:
                found = self.call(call)
            outcomes[found.outcome] = outcomes.get(found.outcome, 0) + 1
            if found.targets:
                self.put(call.scope, found.targets, call.line)
            if found.external is not None:
                self.leave(call.scope, found.external, call.line)
            if found.hands_over:
                handover.call(call, found)

    def forget(self) -> None:
        """Start anew."""
        self.edges, self.outcomes, self.external = {}, {}, {}
        self.known.clear()
        self.values.clear()
        self.settled.clear()
        self.partial.clear()
        self.budget = _BUDGET
        self.handover.forget()

    def group_of(self) -> list[int]:
        """Return per scope the outermost function around it, or itself; classes come last, so that ~index finds them."""
        functions, classes = self.functions, self.classes
        groups = [0] * (len(functions) + len(classes))
        for number, function in enumerate(functions):
            if number:
                groups[number] = groups[self.owner(function.scope)] or number
        for number in range(len(classes)):
            groups[~number] = groups[self.owner(~number)]
        return groups

    # -- calls --

    def call(self, call: Call) -> Outcome:
        """Return where a call goes."""
        callee = call.callee
        if callee.kind == Kind.PATH:
            return self.named(call.scope, callee.text, call.line, call.region)
        place = Site(self, call.scope, call.line, call.region)
        if callee.kind == Kind.MEMBER:
            return self.member(self.value(callee.items[0], place), callee.text, is_receiver=False)
        if callee.kind == Kind.FUNCTION:
            return self.outcome((Entity(Is.FUNCTION, self.path, callee.ref),), "same_file", DYNAMIC)
        if callee.kind in _FOLLOWED or (callee.kind == Kind.UNKNOWN and callee.items):
            return self.outcome(self.value(callee, place), "", DYNAMIC)
        return Outcome((), DYNAMIC)

    def named(self, scope: int, text: str, line: int, region: int) -> Outcome:
        """Return where a call of an access path goes."""
        key = (scope, text)
        found = self.known.get(key)
        if found is not None:
            return found
        head = text.partition(".")[0]
        if self.scopes.comprehensions and self.in_comprehension(head, region) is not None:
            return self.work_out(scope, text, line, region)
        place = self.place(scope, head)
        if place is None:
            self.flow = False
            found = self.work_out(scope, text, line, region)
            if not self.flow:
                self.known[key] = found
            return found
        shared = self.shared.get((place, text))
        if shared is None:
            self.flow = False
            shared = self.symbols.noted(lambda: self.work_out(scope, text, line, region))
            if self.flow:
                return shared[0]
            if not isinstance(place, int) or place <= 0:
                self.shared[place, text] = shared
        elif shared[1] is not None:
            self.symbols.note(shared[1])
        self.known[key] = shared[0]
        return shared[0]

    def place(self, scope: int, head: str) -> object:
        """Return what binds a name seen from a scope: equal places give equal answers.  None if that is not known."""
        key = (scope, head)
        if key in self.places:
            return self.places[key]
        place = self.places[key] = self.find_place(scope, head)
        return place

    def find_place(self, scope: int, head: str) -> object:
        if self.ecmascript and head in SPECIAL:
            return ("this", self.own_this(scope))
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

    def work_out(self, scope: int, text: str, line: int, region: int) -> Outcome:
        owner_text, dot, name = text.rpartition(".")
        if not dot or self.bound_whole(scope, text):
            if text == "super" and self.ecmascript:
                outer = self.own_this(scope)
                cls = self.functions[outer].scope if outer > 0 else outer
                bases = self.symbols.lineage(self.path, ~cls)[1:2] if cls < 0 else NONE
                return self.outcome(bases, "constructor", UNKNOWN_NAME)
            entities = self.look_up(scope, text, line, region)
            if entities is None:
                unbound = self.symbols.unbound(self.path, text)
                if unbound.what is not Is.BUILTIN:
                    return Outcome((), UNKNOWN_NAME)
                known = library.HANDING if self.ecmascript else callbacks.KNOWN
                return Outcome((), BUILTIN_CALL, (unbound,), text in known)
            return self.outcome(entities, "", LOCAL_VALUE)
        owners = self.symbols.bound_path(owner_text, Site(self, scope, line, region))
        if owners is None:
            owners = (self.symbols.unbound(self.path, owner_text),)
            if owners[0].what is Is.UNKNOWN:
                return Outcome((), UNKNOWN_NAME)
        return self.member(owners, name, is_receiver=self.is_receiver(scope, owner_text))

    def member(self, owners: Entities, name: str, *, is_receiver: bool) -> Outcome:
        """Return where a call of a member goes."""
        outcomes = []
        for position, owner in enumerate(owners):
            what = owner.what
            if what is Is.INSTANCE:
                if self.ecmascript and not is_receiver and (passed := self.passed(owner, name)):
                    outcomes.extend(passed)
                    continue
                how: Resolution = "method_call" if is_receiver else "type_inferred"
            elif what is Is.CLASS or what is Is.SUPER:
                how = "method_call"
            else:
                how = "import_based"
            if is_receiver and position:
                how = "virtual_dispatch"
            found = self.symbols.attribute(owner, name)
            reason = UNKNOWN_RECEIVER if what in _NO_RECEIVER else MISSING_MEMBER
            outcomes.append(self.outcome(found, how, reason))
        joined = self.join(outcomes)
        if not joined.targets and name in callbacks.CALLING_METHODS:
            return Outcome(joined.targets, joined.outcome, joined.callees, True, joined.external)
        return joined

    def passed(self, owner: Entity, name: str) -> list[Outcome]:
        """Return where a call of a member goes if containers pass instances of other classes for its owner's."""
        found = []
        for cls in self.symbols.provided(owner.file, owner.number):
            if cls.file != owner.file or cls.number != owner.number:
                instance = Entity(Is.INSTANCE, cls.file, cls.number)
                outcome = self.outcome(self.symbols.attribute(instance, name), "di_injection", MISSING_MEMBER)
                if outcome.targets:
                    found.append(outcome)
        return found

    def outcome(self, entities: Entities, how: Resolution | str, reason: str) -> Outcome:
        """Turn what is called into the functions that run."""
        called = self.symbols.called(entities) if self.ecmascript else entities
        targets: list[tuple[Entity, Resolution]] = []
        outcome = ""
        open_ends = 0
        external: Entity | None = None
        for entity in called:
            what = entity.what
            if what is Is.FUNCTION or what is Is.METHOD:
                targets.append((entity, how or ("same_file" if entity.file == self.path else "import_based")))  # type: ignore[arg-type]  # how is "" or a Resolution
            elif what is Is.CLASS:
                for run in self.symbols.constructor(entity):
                    if run.what is Is.FUNCTION:
                        targets.append((run, "constructor"))
                    else:
                        outcome, open_ends = reason_of(run, reason), 1
                        external = run if run.what is Is.EXTERNAL else external
                if not targets and not outcome:
                    outcome = IMPLICIT
            elif what is Is.INSTANCE:
                runs = self.symbols.attribute(entity, "__call__")
                targets.extend((run, "type_inferred") for run in runs if run.what is Is.METHOD)
            else:
                outcome, open_ends = reason_of(entity, reason), 1
                external = entity if what is Is.EXTERNAL else external
        if not targets:
            known = library.HANDING if self.ecmascript else callbacks.KNOWN
            hands = any(e.what in _HANDING or e.file in known for e in entities)
            return Outcome((), outcome or reason, entities if hands else NONE, hands, external)
        distinct = {(e.file, e.number): (e, strategy) for e, strategy in reversed(targets)}
        if len(distinct) > 1:
            for at in self.symbols.unimplemented(distinct):
                del distinct[at]
        if len(distinct) > MOST_TARGETS:
            return Outcome((), POLYMORPHIC)
        if self.ecmascript and len(distinct) >= MANY_ALTERNATIVES and self.are_alternatives(distinct):
            return Outcome((), POLYMORPHIC, entities, hands_over=True)
        share = len(distinct) + open_ends
        return Outcome(
            tuple([Target(e, s, round(CONFIDENCE[s] / share, 4)) for e, s in reversed(distinct.values())]),
            RESOLVED,
            entities,
            hands_over=True,
            external=external,
        )

    def are_alternatives(self, targets: Iterable[tuple[str, int]]) -> bool:
        """Whether many of the targets stand in one function of another file: a call of it gave one of them, not all."""
        around: Counter[tuple[str, int]] = Counter()
        for file, number in targets:
            interface = self.symbols.interface(file) if file != self.path else None
            if interface is None:
                continue
            parent = interface.functions[number].scope
            above = interface.functions[parent].scope if parent > 0 else 0
            around.update((file, scope) for scope in (parent, above) if scope > 0)
        return any(count >= MANY_ALTERNATIVES for count in around.values())

    def join(self, outcomes: Sequence[Outcome]) -> Outcome:
        """Put together what a member gives on several owners."""
        if len(outcomes) == 1:
            return outcomes[0]
        if not outcomes:
            return Outcome((), UNKNOWN_RECEIVER)
        best: dict[tuple[str, int], Target] = {}
        for outcome in outcomes:
            for target in outcome.targets:
                best.setdefault((target.function.file, target.function.number), target)
        if len(best) > 1:
            for at in self.symbols.unimplemented(best):
                del best[at]
        if len(best) > MOST_TARGETS:
            return Outcome((), POLYMORPHIC)
        open_ends = sum(not o.targets for o in outcomes)
        share = len(best) + open_ends
        targets = tuple([Target(t.function, t.how, round(CONFIDENCE[t.how] / share, 4)) for t in best.values()])
        callees = union([o.callees for o in outcomes])
        hands_over = any(o.hands_over for o in outcomes)
        external = next((o.external for o in outcomes if o.external is not None), None)
        return Outcome(targets, min((o.outcome for o in outcomes), key=RANK.index), callees, hands_over, external)

    def put(self, scope: int, targets: Iterable[Target], line: int) -> None:
        """Take in edges from code of a scope."""
        caller = self.ids[self.owner(scope)]
        edges = self.edges
        for target in targets:
            callee = self.id_of(target.function)
            confidence = target.confidence
            key = (caller, callee, line)
            present = edges.get(key)
            if present is None or present[4] < confidence:
                edges[key] = (caller, callee, line, target.how, confidence, self.path)

    def leave(self, scope: int, external: Entity, line: int) -> None:
        """Take in a call from code of a scope to a function of another package."""
        caller, symbol = self.ids[self.owner(scope)], external.file
        known = self.external.get((caller, symbol))
        if known is None:
            package = package_of(external, self.language)
            self.external[caller, symbol] = (self.path, caller, symbol, package, line, 1)
        else:
            self.external[caller, symbol] = (*known[:4], min(known[4], line), known[5] + 1)

    def run_implicitly(self, scope: int, entities: Entities, how: Resolution, line: int) -> None:
        """Take in that code of a scope runs what is given without a call of it being written."""
        found = self.outcome(tuple([e for e in entities if e.what in _RUNNABLE]), how, DYNAMIC)
        share = len(found.targets)
        self.put(scope, [Target(t.function, how, round(CONFIDENCE[how] / share, 4)) for t in found.targets], line)

    def id_of(self, function: Entity) -> int:
        if function.file == self.path:
            return self.ids[function.number]
        return self.project[function.file].function_ids[function.number]

    # -- values --

    def site(self, scope: int, line: int, region: int) -> Site:
        """Return a place in the file."""
        return Site(self, scope, line, region)

    def value(self, value: Value, place: Site) -> Entities:
        """Return what an expression can stand for."""
        if value.kind == Kind.PATH:
            key = (place.scope, value.text)
            found = self.values.get(key)
            if found is None:
                flow, self.flow = self.flow, False
                in_loop = self.scopes.comprehensions and self.in_comprehension(
                    value.text.partition(".")[0], place.region
                )
                found = self.symbols.path(value.text, place)
                if self.flow or in_loop:
                    self.flow = True
                else:
                    self.values[key] = found
                    self.flow = flow
            return found
        return self.symbols.value(self.binder.at(place.scope, value), place)

    def look_up(self, scope: int, name: str, line: int, region: int) -> Entities | None:
        """Return what a name means in a scope; None if nothing binds it."""
        if self.ecmascript and name in SPECIAL:
            return self.symbols.special(self.path, scope, name)
        if self.scopes.comprehensions:
            binding = self.in_comprehension(name, region)
            if binding is not None:
                self.flow = True
                return self.of(scope, binding, line, self.regions[region].parent)
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
        if "[" in name:
            return self.all_of(0, reaching(sites), line, region) if sites else None
        return self.symbols.in_module(self.path, name) or None

    def among(self, scope: int, sites: Sequence[BindingSite], line: int, region: int) -> Entities:
        """Return what a name bound at these sites of the scope can mean at a place in it."""
        if len(sites) == 1:
            return self.of(scope, sites[0].binding, sites[0].line, sites[0].region)
        self.flow = True
        found = union([self.of(scope, s.binding, s.line, s.region) for s in self.visible(sites, line, region)])
        self.flow = True
        return found or (UNKNOWN,)

    def visible(self, sites: Sequence[BindingSite], line: int, region: int) -> Sequence[BindingSite]:
        """Return the sites that can reach a place: what surely ran later hides what ran before."""
        around = {-1}
        loop = -1  # the outermost loop around the place
        while region >= 0:
            around.add(region)
            if self.regions[region].kind == "loop":
                loop = region
            region = self.regions[region].parent
        reach: list[BindingSite] = []
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
        if binding.means not in _EVALUATED:
            return self.symbols.value(binding, Site(self, scope, line, region)) or (UNKNOWN,)
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
            # A binding is evaluated before it takes effect, on its last line at the latest.
            found = self.symbols.value(binding, Site(self, scope, line, region)) or (UNKNOWN,)
        finally:
            self.busy.discard(key)
        if self.cuts == cuts:
            self.settled[key] = found
            self.flow = flow  # it depends on the binding's place, not on the asker's
        else:
            self.partial[key] = found
        return found

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

    def in_comprehension(self, name: str, region: int) -> Binding | None:
        """Return what a comprehension around the place binds a name to."""
        while region >= 0:
            names = self.scopes.comprehensions.get(region)
            if names and name in names:
                return names[name]
            region = self.regions[region].parent
        return None

    def own_this(self, scope: int) -> int:
        """Return the scope whose `this` code of a scope has: arrow functions have that of the code around them."""
        while scope > 0 and self.functions[scope].is_arrow:
            scope = self.functions[scope].scope
        return scope

    def is_receiver(self, scope: int, text: str) -> bool:
        if self.ecmascript:
            return text == "this"
        while scope > 0:
            sites = self.scopes.functions[scope].get(text)
            if sites:
                return sites[0].binding.means in {Means.RECEIVER, Means.OWN_CLASS}
            scope = self.functions[scope].scope
        return False


# What is done for the language itself, and by stretch: calls, what is run without being written, assignments.
_Stretches: TypeAlias = (
    "tuple[Implicit, dict[int, list[Call]], dict[int, list[tuple[Any, ...]]], dict[int, list[Write]]]"
)
_BUDGET: Final = 200_000  # bindings looked into per file, about a second; only generated code comes near
_DEPTH: Final = 16
_EVALUATED: Final = frozenset(
    {
        Means.PATH,
        Means.RESULT,
        Means.TYPED,
        Means.ENTERED,
        Means.MEMBER,
        Means.ITEM,
        Means.ELEMENT,
        Means.ANY,
        Means.IN,
        Means.REST,
    }
)
_HANDING: Final = frozenset({Is.CLASS, Is.ACTION, Is.INSTANCE, Is.SETTLER})
_FOLLOWED: Final = frozenset({Kind.CALL, Kind.INDEX, Kind.CONDITIONAL, Kind.OPERATION, Kind.AWAIT, Kind.NAMED})
_RUNNABLE: Final = frozenset({Is.FUNCTION, Is.METHOD, Is.CLASS})
_NO_RECEIVER: Final = frozenset({Is.UNKNOWN, Is.FUNCTION, Is.METHOD})
