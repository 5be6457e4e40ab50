"""What other files can see of a file, as data that is comparable: equal interfaces resolve equally.

`interface_of` reduces a file's name tables to what can be asked from outside: the names of the module and of its
classes, what its functions return, and the local names that this takes.  Nothing here depends on lines, so an edit
that only moves code leaves the interface equal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from driftd.pipeline.binder import Binder
from driftd.pipeline.bindings import OPAQUE, Binding, Means
from driftd.pipeline.declared_binder import DeclaredBinder
from driftd.pipeline.dialects import DIALECTS
from driftd.pipeline.ecmascript_binder import EcmaScriptBinder
from driftd.pipeline.expressions import TELLING, place_name
from driftd.pipeline.faces import ClassFace, FunctionFace, Interface
from driftd.pipeline.facts.model import Kind
from driftd.pipeline.modules import ECMASCRIPT
from driftd.pipeline.scopes import settled
from driftd.pipeline.type_names import canonical, form

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from driftd.pipeline.bindings import Display, Settled
    from driftd.pipeline.facts.model import Class, Decorator, FileFacts, Function, Outline
    from driftd.pipeline.scopes import Scopes


def binder_of(facts: FileFacts) -> Binder:
    """Return what reads the name tables of a file."""
    if facts.language in ECMASCRIPT:
        return EcmaScriptBinder(facts)
    return DeclaredBinder(facts) if facts.language in DIALECTS else Binder(facts)


def bind(facts: FileFacts) -> Scopes:
    """Return the name tables of a file."""
    return binder_of(facts).run()


def interface_of(outline: Outline, scopes: Scopes, language: str) -> Interface:
    """Return what other files can see of a file with these name tables."""
    ecmascript = language in ECMASCRIPT
    declared = language in DIALECTS
    dialect = language if declared else ""
    names = settled(scopes.functions[0])
    classes = tuple(
        [
            ClassFace(
                name=c.name,
                qualified_name=c.qualified_name,
                kind=c.kind,
                scope=c.scope,
                bases=_declared_bases(c, language) if declared else _bases(c, outline, scopes),
                names=settled(scopes.classes[i]),
                fields=settled(scopes.fields[i]),
                marks=tuple([d.name for d in c.decorators]) if declared else (),
            )
            for i, c in enumerate(outline.classes)
        ]
    )
    exports = scopes.exported if ecmascript else None
    wraps = {
        i: (*_wraps(f.decorators), *scopes.decorations.get(i, ()))
        for i, f in enumerate(outline.functions)
        if f.decorators
    }
    needed = _Needed(outline, scopes)
    needed.take(0, (b for bindings in names.values() for b in bindings))
    for i, cls in enumerate(classes):
        needed.take(0, cls.bases)
        needed.take(~i, (b for table in (cls.names, cls.fields) for bindings in table.values() for b in bindings))
    for scope, wrapped in wraps.items():
        needed.take(outline.functions[scope].scope, wrapped)
    for results in (scopes.results, scopes.yields):
        for scope, bindings in results.items():
            needed.take(scope, bindings)
    members = {i: settled(table) for i, table in scopes.members.items()}
    if ecmascript:
        _take_objects(needed, outline, scopes, exports or {}, members)
    stars = tuple(
        [
            i.module
            for i in reversed(outline.imports)
            if i.name == "*" and not i.alias and (i.scope == 0 or _in_namespace(outline, i.scope))
        ]
    )
    return Interface(
        functions=tuple(
            [
                _face(i, f, scopes, needed.locals.get(i, {}), wraps.get(i, ()), members.get(i, {}), dialect)
                for i, f in enumerate(outline.functions)
            ]
        ),
        classes=classes,
        names=names,
        exports=exports,
        stars=stars + tuple([e.source for e in reversed(outline.exports) if e.name == "*" and e.source])
        if ecmascript
        else stars,
        public=None if ecmascript else _public(outline, names),
        displays=needed.displays,
        package=outline.package,
    )


def _in_namespace(outline: Outline, scope: int) -> bool:
    """Whether a scope is a namespace of C#; its `using` directives are taken for the file's."""
    return scope < 0 and outline.classes[~scope].kind == "namespace"


def _take_objects(
    needed: _Needed, outline: Outline, scopes: Scopes, exports: Settled, members: dict[int, Settled]
) -> None:
    """Take in what objects, prototypes and callbacks of an ECMAScript file mention."""
    needed.take(0, (b for bindings in exports.values() for b in bindings))
    for index, home in scopes.homes.items():
        needed.take(outline.functions[index].scope, (home,))
    for own in members.values():
        needed.take(0, (b for bindings in own.values() for b in bindings))
    for index, table in enumerate(scopes.functions):
        params = [s.binding for sites in table.values() for s in sites if s.binding.means is Means.PARAM]
        needed.take(index, (b for b in params if b.items))
    # What is handed over by calls must have a name.
    for number, display in enumerate(scopes.displays):
        if display.entries or display.kind != "array":
            needed.take(display.scope, (Binding(Means.OBJECT, number),))


def _face(
    index: int,
    function: Function,
    scopes: Scopes,
    local_names: Settled,
    wraps: tuple[Binding, ...],
    members: Settled,
    declared: str,
) -> FunctionFace:
    return FunctionFace(
        name=function.name,
        qualified_name=function.qualified_name,
        kind=function.kind,
        scope=function.scope,
        returns=canonical(declared, function.return_type) or None if declared else function.return_type,
        params=_params(function, scopes),
        gives=tuple(dict.fromkeys(scopes.results.get(index, ()))),
        yields=tuple(dict.fromkeys(scopes.yields.get(index, ()))),
        locals=local_names,
        wraps=wraps,
        is_generator=function.is_generator,
        is_abstract=function.is_abstract or index in scopes.abstract,
        keyed=tuple([p.name for p in function.params if (index, p.name) in scopes.keyed]) if scopes.keyed else (),
        is_arrow=function.is_arrow,
        is_async=function.is_async and scopes.exported is not None,
        uses_this=function.uses_this,
        gives_by_this=function.uses_this and _depends_on_this(index, scopes, local_names),
        homes=(scopes.homes[index],) if index in scopes.homes else (),
        members=members,
        types=_types(function, declared) if declared else (),
        labels=tuple([p.label for p in function.params]) if declared == "swift" else (),
        is_local=function.visibility == "private" and declared in _LINKED,
        forms=(function.qualifiers, *[form(p.annotation) for p in function.params]) if declared in _LINKED else (),
    )


_LINKED: Final = frozenset({"c", "cpp"})


def _types(function: Function, language: str) -> tuple[str, ...]:
    found = [f"{'?' * (p.default is not None)}{canonical(language, p.annotation)}" for p in function.params]
    if language == "csharp" and found and (function.params[0].annotation or "").lstrip().startswith("this "):
        found[0] = EXTENDS + found[0]
    return tuple(found)


EXTENDS: Final = "this "  # before the first type of a function that is called as a method of that type


def _depends_on_this(index: int, scopes: Scopes, local_names: Settled) -> bool:
    queue = [*scopes.results.get(index, ()), *scopes.yields.get(index, ())]
    queue += [binding for bindings in local_names.values() for binding in bindings]
    while queue:
        binding = queue.pop()
        if binding.text.partition(".")[0] in _RECEIVERS:
            return True
        queue += binding.items
    return False


_RECEIVERS: Final = frozenset({"this", "super"})


def _params(function: Function, scopes: Scopes) -> tuple[str, ...]:
    params = tuple([_PARAM_MARKS.get(p.kind, "") + p.name for p in function.params])
    if scopes.uses_arguments and not function.is_arrow and not any(p[:1] == "*" for p in params):
        return (*params, "*arguments")
    return params


_PARAM_MARKS: Final = {"rest": "*", "keyword_rest": "**", "keyword_only": "="}


class _Needed:
    """Collects the local names and the displays that bindings mention, directly or by what these mean."""

    def __init__(self, outline: Outline, scopes: Scopes) -> None:
        self.outline = outline
        self.scopes = scopes
        self.locals: dict[int, Settled] = {}
        self.displays: dict[int, Display] = {}

    def take(self, scope: int, bindings: Iterable[Binding]) -> None:
        """Take in what bindings that stand in the scope mention."""
        queue = [(scope, binding) for binding in bindings if binding.means not in _CLOSED]
        while queue:
            at, binding = queue.pop()
            means = binding.means
            if means is Means.PATH or (means is Means.RESULT and binding.text):
                if at:
                    queue.extend(self._names(at, binding.text))
            elif means is Means.IN:
                at = binding.ref
            elif means is Means.PARAM:
                at = self.outline.functions[binding.ref].scope
            elif means is Means.DISPLAY or means is Means.OBJECT or means is Means.SETTLER:
                if binding.ref not in self.displays:
                    display = self.displays[binding.ref] = self.scopes.displays[binding.ref]
                    queue.extend((display.scope, item) for _, item in display.entries)
            elif means is Means.ITEM and at > 0:
                name = place_name(binding)
                if name:
                    queue.extend(self._names(at, name))
            if binding.items:
                queue.extend([(at, item) for item in binding.items if item.means not in _CLOSED])

    def _names(self, scope: int, text: str) -> Iterator[tuple[int, Binding]]:
        head = text.partition(".")[0].partition("[")[0]
        names = (head,) if head == text else (head, text)
        while scope != 0:
            if scope < 0:
                scope = self.outline.classes[~scope].scope
                continue
            table = self.scopes.functions[scope]
            found = False
            for name in names:
                sites = table.get(name)
                if sites:
                    found = True
                    mine = self.locals.setdefault(scope, {})
                    if name not in mine:
                        bindings = mine[name] = settled({name: sites})[name]
                        yield from ((scope, binding) for binding in bindings)
            if found:
                return
            scope = self.outline.functions[scope].scope


_CLOSED: Final = frozenset({Means.NOTHING, Means.OPAQUE, Means.LITERAL, Means.IMPORT, Means.FUNCTION, Means.CLASS})


def _wraps(decorators: Sequence[Decorator]) -> tuple[Binding, ...]:
    return tuple(
        [
            Binding(Means.PATH if d.call < 0 else Means.RESULT, -1, d.name) if d.name else OPAQUE
            for d in decorators
            if d.name.rpartition(".")[2] not in TRANSPARENT
            and not (d.call >= 0 and d.name.rpartition(".")[2] in TELLING)
        ]
    )


# Decorators after which a name still means the function, or means it in a way that its kind says.
TRANSPARENT: Final = frozenset(
    [
        "abstractclassmethod", "abstractmethod", "abstractproperty", "abstractstaticmethod", "asynccontextmanager",
        "cache", "cached_property", "classmethod", "contextmanager", "deleter", "final", "getter", "lru_cache",
        "overload", "override", "property", "setter", "singledispatch", "staticmethod", "total_ordering", "wraps",
    ]
)  # fmt: skip


def name_key(path: str, name: str) -> str:
    """Return the key of what a file binds or exports as `name`."""
    return f"{path}\0{name}"


def definition_key(path: str, qualified_name: str) -> str:
    """Return the key of the classes and functions of this name in a file: heritage, names, result type."""
    return f"{path}\0\0{qualified_name}"


def imports_key(path: str) -> str:
    """Return the key of what a file imports without saying as what: in Go each may bind any name, its package says which."""
    return f"{path}\0\0\0"


def shape(interface: Interface) -> tuple[object, ...]:
    """Return what decides how a file's names are looked up at all; it changes far less often than the names."""
    exports = interface.exports
    return (
        exports is None,
        exports is not None and len(exports) > 1,
        interface.stars,
        interface.public,
        interface.package,
        interface.is_default,
        frozenset(name for name in interface.names if "." in name or "[" in name),
    )


def changed_keys(path: str, old: Interface, new: Interface) -> set[str]:
    """Return the keys of what differs between two interfaces of a file with the same shape."""
    before, after = _contents(path, old), _contents(path, new)
    return {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}


def display_key(path: str, scope: str) -> str:
    """Return the key of the containers that are written out in the class or function of this name."""
    return f"{path}\0\0{scope}[]"


def _contents(path: str, interface: Interface) -> dict[str, list[object]]:
    """Return the interface by key, with definitions named instead of numbered: a number moves with every insertion."""
    names = Naming(interface)
    # No functions of its own: compiled, they and what they close over are a cycle, and nobody collects in a large run.
    named, table = names.bindings, names.table
    contents: dict[str, list[object]] = {}
    for exported in (interface.names, interface.exports or {}):
        for name, bindings in exported.items():
            contents.setdefault(name_key(path, name), []).append((exported is interface.names, named(bindings)))
    if interface.package:
        bound = [binding for bindings in interface.names.values() for binding in bindings]
        contents[imports_key(path)] = [[b.text for b in bound if b.means is Means.IMPORT and not b.name]]
    for index, function in enumerate(interface.functions):
        if index:
            face = (
                function.kind, names.place(function.scope), function.returns, function.params, named(function.gives),
                named(function.yields), table(function.locals), named(function.wraps), function.is_generator,
                function.is_abstract, function.keyed, function.is_arrow, function.is_async, named(function.homes),
                table(function.members), function.uses_this, function.gives_by_this, function.types,
                function.labels, function.is_local, function.forms,
            )  # fmt: skip
            contents.setdefault(definition_key(path, function.qualified_name), []).append(face)
    for cls in interface.classes:
        contents.setdefault(definition_key(path, cls.qualified_name), []).append(
            (cls.kind, names.place(cls.scope), named(cls.bases), table(cls.names), table(cls.fields), cls.marks)
        )
    for number, display in interface.displays.items():
        contents.setdefault(display_key(path, names.place(display.scope)[0]), []).append(
            (names.displays[number], names.display(number))
        )
    return contents


class Naming:
    """Names for what an interface numbers: (qualified name, how many of that name stand before it)."""

    def __init__(self, interface: Interface) -> None:
        self._interface = interface
        self.functions = _numbered(f.qualified_name for f in interface.functions)
        self.classes = _numbered(c.qualified_name for c in interface.classes)
        numbers = sorted(interface.displays)
        places = _numbered(repr(self.place(interface.displays[n].scope)) for n in numbers)
        self.displays = dict(zip(numbers, places, strict=True))

    def place(self, scope: int) -> tuple[str, int]:
        """Return the name of a scope."""
        return self.functions[scope] if scope >= 0 else self.classes[~scope]

    def display(self, number: int) -> object:
        """Return what a display holds."""
        display = self._interface.displays[number]
        return (display.is_mapping, [(key, self.binding(item)) for key, item in display.entries])

    def table(self, table: Settled) -> dict[str, list[object]]:
        """Return the bindings of each name without numbers."""
        return {name: self.bindings(bindings) for name, bindings in table.items()}

    def bindings(self, bindings: Iterable[Binding]) -> list[object]:
        """Return bindings without numbers."""
        return [self.binding(binding) for binding in bindings]

    def binding(self, binding: Binding) -> object:
        """Return a binding without numbers."""
        means = binding.means
        if means in _NUMBERLESS and not binding.items:
            return binding
        ref: object = binding.ref
        if means is Means.FUNCTION or means is Means.PARAM:
            ref = self.functions[binding.ref]
        elif means in _CLASSES:
            ref = self.classes[binding.ref]
        elif means is Means.IN:
            ref = self.place(binding.ref)
        elif means in _DISPLAYS:
            ref = self.displays[binding.ref], () if means is Means.SETTLER else self.display(binding.ref)
        return (means, ref, binding.text, binding.name, [self.binding(item) for item in binding.items])


def _numbered(names: Iterable[str]) -> list[tuple[str, int]]:
    seen: dict[str, int] = {}
    found = []
    for name in names:
        seen[name] = ordinal = seen.get(name, -1) + 1
        found.append((name, ordinal))
    return found


_DISPLAYS: Final = frozenset({Means.DISPLAY, Means.OBJECT, Means.SETTLER})
_CLASSES: Final = frozenset({Means.CLASS, Means.OWN_CLASS, Means.RECEIVER})
_NUMBERLESS: Final = frozenset(
    {Means.NOTHING, Means.OPAQUE, Means.IMPORT, Means.PATH, Means.RESULT, Means.TYPED, Means.LITERAL}
)


def _bases(cls: Class, outline: Outline, scopes: Scopes) -> tuple[Binding, ...]:
    found = []
    for base in cls.bases:
        if base.relation == "metaclass":
            continue
        value = base.value
        if value.text == "object":
            continue
        if value.kind == Kind.INDEX:  # Generic[T], Base[int]
            value = value.items[0]
        if value.kind != Kind.PATH:
            found.append(OPAQUE)
            continue
        binding = Binding(Means.PATH, -1, value.text)
        at = cls.scope
        head = value.text.partition(".")[0]
        while at != 0:
            table = scopes.functions[at] if at > 0 else scopes.classes[~at]
            sites = table.get(head)
            if sites:
                alone = sites[0].binding
                settled_here = len(sites) == 1 and head == value.text and alone.means in _STANDALONE
                binding = alone if settled_here else Binding(Means.IN, cls.scope, "", "", (binding,))
                break
            at = outline.functions[at].scope if at > 0 else outline.classes[~at].scope
        found.append(binding)
    return tuple(found)


def _declared_bases(cls: Class, language: str) -> tuple[Binding, ...]:
    """Return the bases as paths: these languages know them by their names alone."""
    found = []
    for base in sorted(cls.bases, key=lambda b: _ORDER.get(b.relation, 1)):
        value = base.value
        while value.kind in {Kind.INDEX, Kind.CALL} and value.items:
            value = value.items[0]
        text = canonical(language, value.text).partition("[")[0] if value.kind == Kind.PATH else ""
        found.append(Binding(Means.PATH, -1, text) if text else OPAQUE)
    return tuple(found)


_ORDER: Final = {"mixin": 0, "extends": 1, "implements": 2}
_STANDALONE: Final = frozenset({Means.CLASS, Means.IMPORT})


def _public(outline: Outline, names: dict[str, tuple[Binding, ...]]) -> frozenset[str] | None:
    return frozenset(e.name for e in outline.exports) if "__all__" in names and outline.exports else None
