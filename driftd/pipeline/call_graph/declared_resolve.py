"""Resolves the calls of files in languages with declared types and packages.

What differs from the general resolver: a bare name in a method may be a member of the class, of several functions of
one name the arguments choose, and a value of a declared type stands for the classes in use that extend it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from driftd.pipeline.bindings import Means
from driftd.pipeline.call_graph.declared import DECLARED, Declared
from driftd.pipeline.call_graph.entities import NONE, Entity, Is
from driftd.pipeline.call_graph.flows import parameter_key, subclasses_key
from driftd.pipeline.call_graph.globals import OBJECT_MEMBERS
from driftd.pipeline.call_graph.handover import Handover
from driftd.pipeline.call_graph.implicit import Implicit
from driftd.pipeline.call_graph.injection import BEANS, REGISTERING, REGISTERING_TYPES, Providing
from driftd.pipeline.call_graph.library_types import APPLYING
from driftd.pipeline.call_graph.outcomes import (
    BUILTIN_CALL,
    CONFIDENCE,
    DYNAMIC,
    EXTERNAL,
    IMPLICIT,
    LOCAL_VALUE,
    MISSING_MEMBER,
    MOST_TARGETS,
    POLYMORPHIC,
    RESOLVED,
    UNKNOWN_NAME,
    UNKNOWN_RECEIVER,
    Outcome,
    Target,
)
from driftd.pipeline.call_graph.overloads import Chooser
from driftd.pipeline.call_graph.resolve import Resolver, Site
from driftd.pipeline.call_graph.resolve import resolve_file as resolve_with
from driftd.pipeline.dialects import DIALECTS
from driftd.pipeline.facts.model import Kind, Value
from driftd.pipeline.scopes import reaching

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from driftd.pipeline.call_graph.entities import Entities
    from driftd.pipeline.call_graph.outcomes import Part
    from driftd.pipeline.facts.model import Call
    from driftd.pipeline.project import Project, SourceFile
    from driftd.rows.call_graph import Resolution


MOST_OVERLOADS: Final = 1  # that the arguments may leave: each further one would be a wrong edge


def resolve_file(
    project: Project, file: SourceFile, symbols: Declared, groups: Collection[int] | None = None
) -> tuple[dict[int, Part], set[str]]:
    """Resolve the calls of a file as its language does (see `resolve.resolve_file`)."""
    return resolve_with(project, file, symbols, groups, DeclaredResolver if file.language in DIALECTS else Resolver)


def resolver_of(project: Project, file: SourceFile, symbols: Declared) -> Resolver:
    """Return what resolves the calls of a file; `close` it."""
    if file.language in DIALECTS:
        return DeclaredResolver(project, file, symbols)
    return Resolver(project, file, symbols)


class DeclaredResolver(Resolver):
    """Answers for the calls of one file."""

    def __init__(self, project: Project, file: SourceFile, symbols: Declared) -> None:
        super().__init__(project, file, symbols)
        self.declared = symbols
        self.language = file.language
        self.dialect = DIALECTS[file.language]
        self.passes_receiver = False
        self.handover = DeclaredHandover(self)
        self.chooser = Chooser(self)
        decorators = [each.decorators for each in self.functions]
        decorators += [each.decorators for each in self.classes]
        decorators += [each.decorators for cls in self.classes for each in cls.members]
        decorators += [each.decorators for function in self.functions for each in function.params]
        found = [d.call for group in decorators for d in group if d.call >= 0]
        self.annotations = {id(self.calls[call]) for call in found}
        self.asked: dict[tuple[int, str], tuple[Entities, str, bool]] = {}
        self.around: dict[int, Entity | None] = {}
        self.own = file.interface

    def hidden(self, _implicit: Implicit, of_scope: Sequence[int]) -> dict[int, list[tuple[Any, ...]]]:
        """Return what is to be done besides the calls: taking in the classes that others make instances of."""
        found: dict[int, list[tuple[Any, ...]]] = {}
        for number, cls in enumerate(self.classes):
            known = cls.name == "<anonymous>" or cls.kind == "object" or self.is_constant(number)
            # A Go type needs no construction: its zero value is an instance.
            if known or cls.decorators or (self.dialect.family == "go" and cls.kind != "interface"):
                found.setdefault(of_scope[cls.scope], []).append((self.made, number))
        providing = Providing(self)
        if self.dialect.family == "jvm":
            for number in providing.makers():
                found.setdefault(of_scope[number], []).append((providing.made_by, number))
        registering = REGISTERING_TYPES.get(self.language, ())
        for call in self.calls if registering else ():
            if call.callee.text.rpartition(".")[2] in registering:
                found.setdefault(of_scope[call.scope], []).append((providing.registered, call))
        return found

    def made(self, number: int) -> None:
        """Take in that instances of a class are made, if its annotations say so or nobody else can."""
        cls = self.classes[number]
        known = cls.name == "<anonymous>" or cls.kind == "object" or self.is_constant(number)
        if known or self.dialect.family == "go" or self.is_bean(number):
            self.handover.instance(Entity(Is.CLASS, self.path, number))

    def is_constant(self, number: int) -> bool:
        """Whether a class is the body of an enum's constant."""
        cls = self.classes[number]
        return cls.scope < 0 and self.classes[~cls.scope].kind == "enum" and cls.visibility == "private"

    def is_bean(self, number: int) -> bool:
        """Whether a framework makes instances of a class and passes them where they are asked for."""
        return self.declared.is_marked(Entity(Is.CLASS, self.path, number), BEANS)

    def forget(self) -> None:
        """Start anew."""
        super().forget()
        self.asked.clear()

    def group(self, calls: Iterable[Call]) -> None:
        """Resolve the calls of a stretch."""
        outcomes = self.outcomes
        for call in calls:
            if id(call) in self.annotations:
                continue  # it is data
            found = self.call(call)
            outcomes[found.outcome] = outcomes.get(found.outcome, 0) + 1
            if found.targets:
                self.put(call.scope, found.targets, call.line)
            if found.external is not None and self.names(call, found.external):
                self.leave(call.scope, found.external, call.line)
            if found.hands_over:
                self.handover.call(call, found)

    def names(self, call: Call, external: Entity) -> bool:
        """Whether a call names what it calls; otherwise it calls a value, and what is external is the value's type."""
        name = call.callee.text.rpartition(".")[2]
        if name in self.dialect.supers or name in self.dialect.receivers or external.file.rpartition(".")[2] == name:
            return True
        return any(b.means in _NAMING for b in self.own.names.get(name, ()))

    def leave(self, scope: int, external: Entity, line: int) -> None:
        """Take in a call to a function of another package, if it is sure which."""
        package = self.declared.package_outside(self.path, external)
        if package:
            symbol = external.file
            if self.dialect.new:  # an instance bears the name of its class
                symbol = symbol.replace(f".{self.dialect.new}.", ".")
            super().leave(scope, Entity(Is.EXTERNAL, symbol, extra=package), line)

    # -- calls --

    def call(self, call: Call) -> Outcome:
        """Return where a call goes."""
        callee = call.callee
        if callee.kind == Kind.PATH:
            owner, dot, name = callee.text.rpartition(".")
            if not dot or self.bound_whole(call.scope, callee.text):
                return self.bare(call, callee.text)
            owners, how, is_unbound = self.owners(call, owner)
            if is_unbound:
                return Outcome((), UNKNOWN_NAME)
            return self.of_member(call, owners, name, how)
        if callee.kind == Kind.MEMBER:
            place = Site(self, call.scope, call.line, call.region)
            owners = self.value(callee.items[0], place) if callee.items else NONE
            return self.of_member(call, owners, callee.text, "")
        if callee.kind == Kind.CLASS:
            return self.chosen(call, (Entity(Is.CLASS, self.path, callee.ref),), "constructor", DYNAMIC)
        return super().call(call)

    def owners(self, call: Call, text: str) -> tuple[Entities, str, bool]:
        """Return what a call's owner can be, how its members are found, and whether nothing binds it."""
        key = (call.scope, text)
        known = self.asked.get(key)
        if known is not None:
            return known
        self.flow = False
        place = Site(self, call.scope, call.line, call.region)
        found = self.declared.bound_path(text.removeprefix("global."), place)
        if found is None:
            unbound = self.declared.unbound(self.path, text.partition(".")[0])
            found = None if unbound.what is Is.UNKNOWN else (unbound,)
            if found is None and self.dialect.family == "rust":
                found = (Entity(Is.EXTERNAL, text),)  # what is bound nowhere is a crate
        words = self.dialect.receivers | self.dialect.supers | self.dialect.own
        answer = (found or NONE, "method_call" if text in words else "", found is None)
        if not self.flow:
            self.asked[key] = answer
        return answer

    def bare(self, call: Call, text: str) -> Outcome:
        """Return where a call of a bare name goes."""
        cls = self.class_around(call.scope)
        if cls is not None and text in self.dialect.supers:
            return self.of_super(call, cls)
        if cls is not None and call.is_new and text in self.dialect.receivers:
            return self.chosen(call, (cls,), "constructor", IMPLICIT)
        found = self.look_up(call.scope, text, call.line, call.region)
        # What a `using` of C++ names may be meant for one more of the name, but nothing says so.
        taken = self.dialect.family == "c" and found and any(e.what is Is.EXTERNAL for e in found)
        if not taken and (not found or not any(e.what in _CALLED for e in found)):
            found = self.declared.methods_around(self.path, call.scope, text) or found
        if found is None:
            unbound = self.declared.unbound(self.path, text)
            if unbound.what is Is.BUILTIN:
                external = self.declared.of_language(self.path, cls, text)
                return Outcome((), BUILTIN_CALL, (unbound,), external=external)
            inherits = cls is not None and self.dialect.implicit_receiver and self.has_unknown_base(cls)
            is_type = text[:1].isupper() and (call.is_new or self.dialect.family != "csharp")
            if inherits and cls is not None and not is_type:
                given = self.declared.inherited_from_outside(cls, text)
                # A known function may have the name as well; in C# a bare name that is called is none of a package.
                both = unbound.what is Is.EXTERNAL and unbound.extra and self.dialect.family != "csharp"
                external = given[0] if given and given[0].what is Is.EXTERNAL and not both else None
                return Outcome((), EXTERNAL, (unbound,) if unbound.what is Is.EXTERNAL else NONE, True, external)
            if unbound.what is Is.EXTERNAL:
                if not is_type and self.dialect.family == "csharp":
                    unbound = self.declared.of_static_using(self.path, text)
                return Outcome((), EXTERNAL, (unbound,), hands_over=True, external=unbound)
            return Outcome((), UNKNOWN_NAME)
        methods = [e for e in found if e.what is Is.METHOD]
        if methods and len(methods) == len(found) and isinstance(methods[0].extra, Entity):
            return self.of_member(call, (methods[0].extra,), text, "method_call")
        if self.dialect.family == "c":  # nothing says that another file's function is meant, but that it fits
            beside = [e for e in found if e.what in _FUNCTIONS and e.file != self.path]
            fitting = {*self.chooser.taking(call, beside)}
            found = tuple([e for e in found if e not in beside or e in fitting])
            if not found:
                return Outcome((), EXTERNAL)
        return self.chosen(call, found, "", LOCAL_VALUE)

    def has_unknown_base(self, cls: Entity) -> bool:
        """Whether a class inherits from something that is not of the workspace."""
        return any(base.what is not Is.CLASS for base in self.declared.lineage(cls.file, cls.number))

    def of_super(self, call: Call, cls: Entity) -> Outcome:
        """Return where `super(…)` goes: to the next constructor, or the overridden method where that is meant."""
        function = self.functions[call.scope] if call.scope > 0 else None
        own = {cls, *self.declared.pieces(cls)}
        line = [base for base in self.declared.lineage(cls.file, cls.number) if base not in own]
        if self.dialect.family == "ruby" and function is not None:
            found = self.declared.after(Entity(Is.SUPER, cls.file, cls.number), function.name)
            return self.chosen(call, found, "method_call", EXTERNAL if not found else MISSING_MEMBER)
        return self.chosen(call, tuple(line[:1]), "constructor", IMPLICIT)

    def of_member(self, call: Call, owners: Entities, name: str, how: str) -> Outcome:
        """Return where a call of a member goes."""
        outcomes = []
        for owner in owners:
            found = self.declared.called_member(owner, name)
            if not any(e.what in _CALLED for e in found):
                beside = self.declared.extensions(self.path, owner, name)
                found = tuple(self.chooser.taking(call, beside)) or found
            strategy = how or _STRATEGIES.get(owner.what, "import_based")
            reason = MISSING_MEMBER if owner.what in _HAVING_MEMBERS else UNKNOWN_RECEIVER
            chosen = self.chosen(call, found, strategy, reason)
            outcomes.append(chosen)
            if owner.what is Is.INSTANCE and owner.extra == DECLARED and self.declared.dispatches(owner):
                outcomes.extend(self.overriding(call, owner, name, chosen))
        joined = self.join(outcomes)
        if joined.external is not None and not joined.targets and self.declared.may_extend(self.path, name):
            joined = Outcome(
                joined.targets, joined.outcome, joined.callees, joined.hands_over
            )  # or one of them is meant
        if self.dialect.overloads and sum(t.how not in _BY_TYPE for t in joined.targets) > MOST_OVERLOADS:
            return Outcome((), POLYMORPHIC)
        if not joined.targets and joined.outcome in _OPEN and name in OBJECT_MEMBERS.get(self.dialect.family, ()):
            return Outcome(joined.targets, EXTERNAL, joined.callees, joined.hands_over, joined.external)
        return joined

    def overriding(self, call: Call, owner: Entity, name: str, chosen: Outcome) -> Iterable[Outcome]:
        """Yield where the call goes in classes in use that may stand behind a declared type."""
        known = {(t.function.file, t.function.number) for t in chosen.targets}
        provided = self.declared.provided(owner.file, owner.number)
        in_use = tuple(dict.fromkeys((*self.declared.in_use(owner.file, owner.number)[1:], *provided)))
        if not in_use and known:
            heir = self.declared.sole_heir(Entity(Is.CLASS, owner.file, owner.number))
            if heir is not None and all(self.declared.is_abstract(t.function) for t in chosen.targets):
                found = self.declared.called_member(Entity(Is.INSTANCE, heir.file, heir.number), name)
                yield self.chosen(call, found, "di_injection", MISSING_MEMBER)  # whoever passes it is no code here
            return
        for cls in in_use:
            if not self.may_reach(cls) or (self.dialect.family == "c" and not self.only_abstract(chosen)):
                continue
            found = self.declared.called_member(Entity(Is.INSTANCE, cls.file, cls.number), name)
            is_passed = cls in provided or self.declared.is_marked(cls, BEANS)
            how = "di_injection" if is_passed else "virtual_dispatch"
            outcome = self.chosen(call, found, how, MISSING_MEMBER)
            if outcome.targets and any((t.function.file, t.function.number) not in known for t in outcome.targets):
                yield outcome

    def only_abstract(self, outcome: Outcome) -> bool:
        """Whether an outcome leads to nothing but what subclasses implement."""
        targets = outcome.targets
        return bool(targets) and all(self.declared.is_abstract(target.function) for target in targets)

    def may_reach(self, cls: Entity) -> bool:
        """Whether instances of a class may come to the file: those of tests stay among them, unnamed ones in theirs."""
        if cls.file == self.path or not is_test(cls.file):
            return True
        face = self.declared.class_face(cls)
        return is_test(self.path) and face is not None and face.name != "<anonymous>"

    def chosen(self, call: Call, entities: Entities, how: str, reason: str) -> Outcome:
        """Return where a call of any of the entities goes, given its arguments."""
        targets: list[tuple[Entity, Resolution]] = []
        left: list[Entity] = []
        implicit = False
        for entity in entities:
            if entity.what is Is.CLASS:
                runs = self.declared.constructor(entity)
                functions = self.chooser.choose(call, [r for r in runs if r.what is Is.FUNCTION])
                if self.dialect.overloads and len(functions) > MOST_OVERLOADS:
                    return Outcome((), POLYMORPHIC, (entity,), hands_over=True)
                targets.extend((run, "constructor") for run in functions)
                implicit = implicit or not functions
                left.extend(r for r in runs if r.what is not Is.FUNCTION)
            elif entity.what not in _FUNCTIONS:
                left.append(entity)
        functions = self.chooser.choose(call, [e for e in entities if e.what in _FUNCTIONS])
        for function in functions:
            strategy = how or ("same_file" if function.file == self.path else "import_based")
            targets.append((function, strategy))  # type: ignore[arg-type]  # how is "" or a Resolution
        kept = (*functions, *[e for e in entities if e.what not in _FUNCTIONS])
        if not targets:
            if implicit and not left:
                return Outcome((), IMPLICIT, kept, hands_over=True)
            other = self.outcome(tuple(left), how, reason)
            return Outcome(other.targets, other.outcome, kept, bool(kept), other.external)
        distinct = {(e.file, e.number): (e, strategy) for e, strategy in reversed(targets)}
        overloaded = self.dialect.overloads and len(functions) > MOST_OVERLOADS
        if overloaded or len(distinct) > MOST_TARGETS:
            return Outcome((), POLYMORPHIC)
        share = len(distinct)
        found = tuple([Target(e, s, round(CONFIDENCE[s] / share, 4)) for e, s in reversed(distinct.values())])
        return Outcome(found, RESOLVED, kept, hands_over=True)

    # -- names --

    def look_up(self, scope: int, name: str, line: int, region: int) -> Entities | None:
        """Return what a name means in a scope; None if nothing binds it."""
        word = self.declared.word(self.dialect, self.class_around(scope), name, None)
        if word is not None:
            return word
        if self.scopes.comprehensions:
            binding = self.in_comprehension(name, region)
            if binding is not None:
                self.flow = True
                return self.of(scope, binding, line, self.regions[region].parent)
        at = scope
        while at:
            if at < 0:
                found = self.declared.in_class(self.dialect, Entity(Is.CLASS, self.path, ~at), name)
                if found:
                    return found
                at = self.classes[~at].scope
                continue
            sites = self.scopes.functions[at].get(name)
            if sites:
                if at == scope:
                    return self.among(at, sites, line, region)
                return self.all_of(at, reaching(sites), line, region)
            if self.dialect.family == "c":
                beside = self.declared.class_beside(self.dialect, self.path, at)
                found = self.declared.in_class(self.dialect, beside, name) if beside is not None else NONE
                if found:
                    return found
            at = self.functions[at].scope
        sites = self.scopes.functions[0].get(name)
        if sites and len(sites) > 1 and scope == 0 and sites[0].binding.means not in _DEFINITIONS:
            return self.among(0, sites, line, region)
        return self.declared.in_module(self.path, name) or None

    def class_around(self, scope: int) -> Entity | None:
        """Return the type whose code stands in a scope."""
        if scope not in self.around:
            self.around[scope] = self.declared.class_around(self.path, scope)
        return self.around[scope]

    def receiver(self, scope: int) -> Entity | None:
        """Return the class whose code stands in the scope."""
        return self.class_around(scope)

    def is_receiver(self, scope: int, text: str) -> bool:
        """Whether a name is the object whose method runs."""
        return text in self.dialect.receivers and self.class_around(scope) is not None


def is_test(path: str) -> bool:
    """Whether a file is code of tests, by where it stands and what it is called."""
    *folders, name = path.split("/")
    stem = name.partition(".")[0]
    return not _TEST_FOLDERS.isdisjoint(folders) or stem.endswith(("Test", "Tests", "_test", "Spec", "_spec", "IT"))


class DeclaredHandover(Handover):
    """Collects what flows out of the calls of one stretch of a file."""

    def __init__(self, resolver: DeclaredResolver) -> None:
        super().__init__(resolver)
        self.declared = resolver.declared

    def instance(self, cls: Entity) -> None:
        """Take in that instances of a class are made."""
        self.made.add(cls)
        whole = self.declared.whole(cls)
        for base in self.declared.supertypes(whole):
            naming = self.names.of(base.file) if base != whole else None
            if naming is not None:
                self.add(subclasses_key(base.file, naming.classes[base.number]), (whole,))

    def arguments(self, function: Entity, offset: int, call: Call) -> None:
        """Let the arguments of a call flow into parameters; a declared type says more than what is passed."""
        interface = self.declared.interface(function.file)
        types = interface.functions[function.number].types if interface is not None else ()
        if not all(types) or any(arg.value.kind in _REFERRING or "." in arg.value.text for arg in call.args):
            super().arguments(function, offset, call)

    def call(self, call: Call, outcome: Outcome) -> None:
        """Take in what a call hands over; a container that is told of a class makes instances of it."""
        super().call(call, outcome)
        if call.callee.text.rpartition(".")[2] in REGISTERING:
            named = [arg.value.text.removesuffix(".class") for arg in call.args if arg.value.text.endswith(".class")]
            found = [self.resolver.value(Value(Kind.PATH, name), self.site(call)) for name in named]
            classes = [tuple([e for e in entities if e.what is Is.CLASS]) for entities in found]
            if classes:  # what is asked for, then what is passed
                Providing(self.resolver).provide(classes[0], classes[-1])

    def action(self, action: Entity, call: Call) -> None:
        """Take in what a method of a collection passes to the functions that it is given."""
        super().action(action, call)
        container = action.extra
        if not isinstance(container, Entity) or container.what is not Is.TYPED or action.file not in APPLYING:
            return
        inside = tuple([e for e in self.declared.elements((container,)) if e.what is Is.INSTANCE])
        for arg in call.args:
            if arg.value.kind not in {Kind.FUNCTION, Kind.PATH}:
                continue
            runs = [e for e in self.value(arg, call) if e.what in _FUNCTIONS]
            if arg.value.kind == Kind.PATH:  # `User::save` is called by the collection
                self.resolver.run_implicitly(call.scope, tuple(runs), "callback", call.line)
            for run in runs:
                plan = self.plan(run)
                naming = self.names.of(run.file)
                if plan is not None and naming is not None and len(plan.params) == 1:
                    self.add(parameter_key(run.file, naming.functions[run.number], plan.params[0]), inside)


_NAMING: Final = frozenset({Means.IMPORT, Means.PATH})
_DEFINITIONS: Final = frozenset({Means.FUNCTION, Means.CLASS, Means.IMPORT})
_TEST_FOLDERS: Final = frozenset(
    ["test", "tests", "testing", "spec", "specs", "jvmTest", "commonTest", "androidTest", "testFixtures", "Tests"]
)
_BY_TYPE: Final = frozenset({"virtual_dispatch", "di_injection"})
_OPEN: Final = frozenset({MISSING_MEMBER, UNKNOWN_RECEIVER, DYNAMIC})
_REFERRING: Final = frozenset({Kind.FUNCTION, Kind.LIST, Kind.DICT})
_CALLED: Final = frozenset({Is.FUNCTION, Is.METHOD, Is.CLASS})
_FUNCTIONS: Final = frozenset({Is.FUNCTION, Is.METHOD})
_HAVING_MEMBERS: Final = frozenset({Is.INSTANCE, Is.CLASS, Is.PACKAGE, Is.MODULE, Is.SUPER})
_STRATEGIES: Final[dict[int, str]] = {
    Is.INSTANCE: "type_inferred",
    Is.TYPED: "type_inferred",
    Is.CLASS: "method_call",
    Is.SUPER: "method_call",
    Is.METHOD: "callback",
    Is.FUNCTION: "callback",
}
