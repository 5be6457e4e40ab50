"""Finds the functions that are called from outside, and why: `entry_points` is a function of the project.

Decorators, bases and calls are followed through imports, assignments and return values, never matched by spelling; only
conventions go by names, because that is what a convention is.  Where a framework's own sources are in the workspace, its
symbols are named as they would be imported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

from driftd.pipeline.bindings import Means
from driftd.pipeline.call_graph.declared import Declared
from driftd.pipeline.call_graph.entities import Entity, Is
from driftd.pipeline.call_graph.place import Place
from driftd.pipeline.digest import STARTS
from driftd.pipeline.entry_points.packs import REASONS, Globs, packs_of
from driftd.pipeline.modules import ECMASCRIPT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from driftd.pipeline.bindings import Binding
    from driftd.pipeline.call_graph.entities import Entities
    from driftd.pipeline.entry_points.packs import (
        Bases,
        Decorators,
        Exports,
        Guards,
        Marks,
        Markup,
        Names,
        Reason,
        Registrations,
    )
    from driftd.pipeline.entry_points.starts import Handover, StartFacts
    from driftd.pipeline.project import Project, SourceFile

R = TypeVar("R", "Bases", "Decorators", "Marks", "Registrations")


class EntryPoint(NamedTuple):
    """A function that `framework` calls for a reason, and where that is said: line 0 where it is by the function itself.

    `file` and `name` are the function's own, `function` its id.
    """

    function: int
    reason: Reason
    framework: str
    file: str
    name: str
    said_in: str
    line: int


def entry_points(project: Project) -> list[EntryPoint]:
    """Return everything that is called from outside, once for each reason, framework and function, in a fixed order."""
    symbols = Declared(project)
    methods = _Methods(project)
    found: dict[tuple[int, Reason, str], EntryPoint] = {}
    for path in sorted(project):
        for point in _Finder(project, project[path], symbols, methods).run():
            found.setdefault(point[:3], point)
    order = {reason: number for number, reason in enumerate(REASONS)}
    return sorted(found.values(), key=lambda p: (p.file, p.name, order[p.reason], p.framework, p.function))


def main_reasons(points: Iterable[EntryPoint]) -> dict[int, Reason]:
    """Return for each function the first of its reasons."""
    order = {reason: number for number, reason in enumerate(REASONS)}
    found: dict[int, Reason] = {}
    for point in points:
        known = found.get(point.function)
        if known is None or order[point.reason] < order[known]:
            found[point.function] = point.reason
    return found


class _Rules:
    """The rules of one language, by symbol where they have one."""

    def __init__(self, language: str) -> None:
        packs = packs_of(language)
        self.decorators = _BySymbol([(pack.name, rule) for pack in packs for rule in pack.decorators])
        self.registrations = _BySymbol([(pack.name, rule) for pack in packs for rule in pack.registrations])
        self.bases = _BySymbol([(pack.name, rule) for pack in packs for rule in pack.bases])
        self.marks = _BySymbol([(pack.name, rule) for pack in packs for rule in pack.marks])
        self.names: list[tuple[str, Names]] = [(pack.name, rule) for pack in packs for rule in pack.names]
        self.exports: list[tuple[str, Exports]] = [(pack.name, rule) for pack in packs for rule in pack.exports]
        self.guards: list[tuple[str, Guards]] = [(pack.name, rule) for pack in packs for rule in pack.guards]
        self.markup: list[tuple[str, Markup]] = [(pack.name, rule) for pack in packs for rule in pack.markup]


class _BySymbol(dict[str, "tuple[tuple[str, R], ...]"]):
    """Which rules, with the names of their frameworks, speak of a symbol; remembered."""

    def __init__(self, rules: Sequence[tuple[str, R]]) -> None:
        super().__init__()
        self._rules: list[tuple[Globs, str, R]] = [(Globs(rule.symbols, "."), name, rule) for name, rule in rules]

    def __missing__(self, symbol: str) -> tuple[tuple[str, R], ...]:
        found = self[symbol] = tuple([(name, rule) for globs, name, rule in self._rules if symbol in globs])
        return found


_RULES: Final[dict[str, _Rules]] = {}
_GLOBS: Final[dict[tuple[tuple[str, ...], str], Globs]] = {}


def _globs(globs: tuple[str, ...], separator: str) -> Globs:
    found = _GLOBS.get((globs, separator))
    if found is None:
        found = _GLOBS[globs, separator] = Globs(globs, separator)
    return found


class _Methods(dict[str, "dict[int, list[tuple[int, str]]]"]):
    """The methods of the classes of files, by the number of the class: their own numbers and names; remembered."""

    def __init__(self, project: Project) -> None:
        super().__init__()
        self._project = project

    def __missing__(self, path: str) -> dict[int, list[tuple[int, str]]]:
        found: dict[int, list[tuple[int, str]]] = {}
        for number, face in enumerate(self._project[path].interface.functions):
            if number and face.scope < 0:  # the scope of <module> means no class
                found.setdefault(~face.scope, []).append((number, face.name))
        self[path] = found
        return found


class _Finder:
    """Looks at one file."""

    def __init__(self, project: Project, file: SourceFile, symbols: Declared, methods: _Methods) -> None:
        self.project = project
        self.methods = methods
        self.file = file
        self.path = file.path
        self.symbols = symbols
        self.interface = file.interface
        rules = _RULES.get(file.language)
        if rules is None:
            rules = _RULES[file.language] = _Rules(file.language)
        self.rules = rules

    def run(self) -> Iterator[EntryPoint]:
        """Yield what this file makes known, functions of other files among them."""
        facts = self.file.part(STARTS)
        yield from self._decorated()
        yield from self._of_classes(facts)
        for handover in facts.handovers:
            yield from self._handed_over(handover)
        yield from self._named()
        yield from self._exported(facts)
        for framework, rule in self.rules.guards:
            if (rule.left, rule.right) in facts.guards:
                yield self._point(self.path, 0, rule.reason, framework)

    def _point(self, path: str, number: int, reason: Reason, framework: str, line: int = 0) -> EntryPoint:
        file = self.project[path]
        name = file.interface.functions[number].qualified_name
        return EntryPoint(file.function_ids[number], reason, framework, path, name, self.path, line)

    # -- decorators --

    def _decorated(self) -> Iterator[EntryPoint]:
        for number, face in enumerate(self.interface.functions):
            for binding in face.wraps:
                for symbol in self._symbols(binding, Place(self.path, face.scope)):
                    for framework, rule in self.rules.decorators[symbol]:
                        yield self._point(self.path, number, rule.reason, framework)

    def _symbols(self, binding: Binding, place: Place) -> Iterator[str]:
        """Yield what a decorator is called; of one with arguments, what makes it."""
        if binding.text and binding.means in _NAMED:
            yield from self._symbols_of_path(binding.text, place)

    def _symbols_of_path(self, text: str, place: Place) -> Iterator[str]:
        owner, _, name = text.rpartition(".")
        owners = self.symbols.bound_path(owner or name, place)
        if owners is None:
            yield from self._unbound(text, place.path)
        elif owner:
            yield from self._members(owners, name)
        else:
            for entity in owners:
                yield from self._names(entity)

    def _unbound(self, text: str, path: str) -> Iterator[str]:
        """Yield what a name may be that nothing in the file binds."""
        yield f"global.{text}"
        # It may come from any of the packages that everything is taken from; only what a pack knows counts.
        for module in self.project[path].interface.stars:
            yield f"{module}.{text}"

    def _members(self, owners: Entities, name: str) -> Iterator[str]:
        """Yield what `name` of some objects is called."""
        for owner in owners:
            if owner.what is Is.EXTERNAL:
                yield f"{_imported(owner)}.{name}"
                continue
            if owner.what is Is.FUNCTION:
                # What a framework's decorator has made of a function has members of that framework: `@cli.command()`.
                face = self.project[owner.file].interface.functions[owner.number]
                for binding in face.wraps:
                    for symbol in self._symbols(binding, Place(owner.file, face.scope)):
                        yield f"{symbol.partition('.')[0]}.{name}"
                continue
            for entity in self.symbols.attribute(owner, name):
                for symbol in self._names(entity):
                    # The base of a class that is not of this workspace stands for its members.
                    inherited = entity.what is Is.EXTERNAL and not symbol.endswith(f".{name}")
                    yield f"{symbol}.{name}" if inherited else symbol

    def _names(self, entity: Entity) -> Iterator[str]:
        """Yield how something would be imported."""
        if entity.what is Is.EXTERNAL:
            yield _imported(entity)
        elif entity.what in _DEFINED:
            file = self.project[entity.file]
            if file.language not in ECMASCRIPT:
                of_class = entity.what is Is.CLASS
                face = file.interface.classes[entity.number] if of_class else file.interface.functions[entity.number]
                yield f"{_module_name(file)}.{face.qualified_name}"

    # -- classes --

    def _of_classes(self, facts: StartFacts) -> Iterator[EntryPoint]:
        marks: dict[int, list[str]] = {}
        for number, name in facts.marks:
            marks.setdefault(number, []).append(name)
        for number, face in enumerate(self.interface.classes):
            if face.bases:
                yield from self._inheriting(number)
            for name in marks.get(number, ()):
                for symbol in self._symbols_of_path(name, Place(self.path, face.scope)):
                    for framework, rule in self.rules.marks[symbol]:
                        yield from self._methods(
                            Entity(Is.CLASS, self.path, number), rule.methods, rule.reason, framework
                        )

    def _inheriting(self, number: int) -> Iterator[EntryPoint]:
        below: list[Entity] = []
        for cls in self.symbols.lineage(self.path, number):
            for symbol in self._names(cls) if below else ():
                for framework, rule in self.rules.bases[symbol]:
                    for one in below:
                        yield from self._methods(one, rule.methods, rule.reason, framework)
            if cls.what is Is.CLASS:
                below.append(cls)
                for symbol in self._open_bases(cls):
                    for framework, rule in self.rules.bases[symbol]:
                        for one in below:
                            yield from self._methods(one, rule.methods, rule.reason, framework)

    def _open_bases(self, cls: Entity) -> Iterator[str]:
        """Yield what the bases of a class may be that nothing in its file binds."""
        face = self.project[cls.file].interface.classes[cls.number]
        place = Place(cls.file, face.scope)
        for base in face.bases:
            if base.means == Means.PATH and self.symbols.bound_path(base.text.partition(".")[0], place) is None:
                yield from self._unbound(base.text, cls.file)

    def _methods(
        self, cls: Entity, methods: tuple[str, ...], reason: Reason, framework: str, line: int = 0
    ) -> Iterator[EntryPoint]:
        globs = _globs(methods, ".")
        hidden: tuple[int, ...] | None = None
        for number, name in self.methods[cls.file].get(cls.number, ()):
            if name not in globs:
                continue
            if name not in methods:  # what is not public is called only where a framework is known to call it
                if hidden is None:
                    hidden = self.project[cls.file].part(STARTS).hidden
                if number in hidden:
                    continue
            yield self._point(cls.file, number, reason, framework, line)

    # -- calls --

    def _handed_over(self, handover: Handover) -> Iterator[EntryPoint]:
        place = Place(self.path, 0)
        callee = handover.callee
        if callee.means is Means.PATH and not handover.name:
            symbols = list(self._symbols_of_path(callee.text, place))
        elif callee.means is Means.PATH and self.symbols.bound_path(callee.text, place) is None:
            symbols = [f"global.{callee.text}.{handover.name}"]
        else:
            found = self.symbols.value(callee, place)
            if handover.name:
                symbols = list(self._members(found, handover.name))
            else:
                symbols = [symbol for entity in found for symbol in self._names(entity)]
        for symbol in symbols:
            for framework, rule in self.rules.registrations[symbol]:
                if not rule.files or self.path in _globs(rule.files, "/"):
                    yield from self._registered(handover, rule, framework)

    def _registered(self, handover: Handover, rule: Registrations, framework: str) -> Iterator[EntryPoint]:
        for argument in handover.arguments:
            if rule.arguments and (argument.name or argument.position) not in rule.arguments:
                continue
            for binding in argument.what:
                for entity in self.symbols.value(binding, Place(self.path, 0)):
                    if entity.what is Is.FUNCTION or entity.what is Is.METHOD:
                        yield self._point(entity.file, entity.number, rule.reason, framework, handover.line)
                    elif entity.what is Is.CLASS and rule.methods:
                        yield from self._methods(entity, rule.methods, rule.reason, framework, handover.line)

    # -- conventions --

    def _named(self) -> Iterator[EntryPoint]:
        for framework, rule in self.rules.names:
            if rule.files and self.path not in _globs(rule.files, "/"):
                continue
            names = _globs(rule.names, ".")
            for number, face in enumerate(self.interface.functions):
                if (
                    number
                    and face.kind != "lambda"
                    and face.qualified_name in names
                    and _takes(face.params, rule.parameters)
                ):
                    yield self._point(self.path, number, rule.reason, framework)

    def _exported(self, facts: StartFacts) -> Iterator[EntryPoint]:
        for framework, rule in self.rules.exports:
            if self.path in _globs(rule.files, "/"):
                names = _globs(rule.names, ".")
                for name in self._exports():
                    if name in names:
                        yield from self._export(name, rule, framework)
        if facts.markup and self.rules.markup:
            marked = set(facts.markup)
            for entity in self._exported_functions():
                if entity.file == self.path and entity.number in marked:
                    for framework, markup in self.rules.markup:
                        yield self._point(self.path, entity.number, markup.reason, framework)

    def _exports(self) -> list[str]:
        interface = self.interface
        if interface.exports is not None:
            return list(interface.exports)
        if interface.public is not None:
            return sorted(interface.public)
        return [name for name in interface.names if not name.startswith("_") and "." not in name and "[" not in name]

    def _exported_functions(self) -> Iterator[Entity]:
        for name in self._exports():
            for entity in self.symbols.member(self.path, name):
                if entity.what is Is.FUNCTION:
                    yield entity

    def _export(self, name: str, rule: Exports, framework: str) -> Iterator[EntryPoint]:
        for entity in self.symbols.member(self.path, name):
            if entity.what is Is.FUNCTION:
                yield self._point(entity.file, entity.number, rule.reason, framework)
            elif entity.what is Is.CLASS and rule.methods:
                yield from self._methods(entity, rule.methods, rule.reason, framework)


def _takes(params: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    return not wanted or (
        len(params) == len(wanted)
        and all(param.lstrip("*=") in _globs((glob,), ".") for param, glob in zip(params, wanted, strict=True))
    )


def _module_name(file: SourceFile) -> str:
    path = file.path[len(file.home) + 1 :] if file.home else file.path
    return path.rpartition(".")[0].removesuffix("/__init__").replace("/", ".")


_NAMED: Final = frozenset({Means.PATH, Means.RESULT})
_DEFINED: Final = frozenset({Is.FUNCTION, Is.METHOD, Is.CLASS})


def _imported(external: Entity) -> str:
    """Return the name of something external with what its calls give left out: `express().get` as `express.get`."""
    return external.file.replace("()", "")
