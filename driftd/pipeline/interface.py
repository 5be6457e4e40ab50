"""What other files can see of a file, as data that is comparable: equal interfaces resolve equally.

`bind` reads the bindings of a file into name tables, one per function and class; `interface_of` reduces them to the
module's and the classes' names.  Nothing here depends on lines, so an edit of a body leaves the interface equal.
Nothing is evaluated: a binding says how a value would be found (`call_graph.symbols` does that).
"""

from __future__ import annotations

import re
from enum import IntEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from driftd.pipeline.facts.model import Kind
from driftd.pipeline.modules import ECMASCRIPT

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from driftd.pipeline.facts.model import Assign, Call, Class, FileFacts, Function, Outline, Region, Value


class Means(IntEnum):
    """How the value of a name is found."""

    NOTHING = 0  # bound, but to no value a call could go to: None, a declaration
    OPAQUE = 1  # bound to something that is not followed
    FUNCTION = 2  # ref = index into functions
    CLASS = 3  # ref = index into classes
    IMPORT = 4  # text = module as written, name = what is taken from it ("" or "*": the module itself)
    PATH = 5  # text = access path
    RESULT = 6  # text = access path of what is called
    TYPED = 7  # text = annotation
    RECEIVER = 8  # ref = class whose instance this is
    OWN_CLASS = 9  # ref = class that this is
    ENTERED = 10  # text = access path whose call's result is entered by `with`
    LITERAL = 11  # a value of a type of the language itself


class Binding(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One way a name gets a value."""

    means: Means
    ref: int = -1
    text: str = ""
    name: str = ""


NOTHING: Final = Binding(Means.NOTHING)
OPAQUE: Final = Binding(Means.OPAQUE)
LITERAL: Final = Binding(Means.LITERAL)


class Site(NamedTuple):
    """A binding where it stands: it holds from the line after `line`; `region` as in the facts, -2 if elsewhere."""

    line: int
    region: int
    binding: Binding


Table = dict[str, list[Site]]
_NOT_YET: Final = -3  # the region is worked out only where a name has several bindings


class FunctionFace(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a caller in another file can know of a function."""

    name: str
    qualified_name: str
    kind: str
    scope: int
    returns: str | None


class ClassFace(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Heritage and names of a class.  `names` are bound in its body, `fields` on its instances."""

    name: str
    qualified_name: str
    kind: str
    scope: int
    bases: tuple[Binding, ...]
    names: dict[str, tuple[Binding, ...]]
    fields: dict[str, tuple[Binding, ...]]


class Interface(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What other files can see of a file.

    `names` are the module's; `exports` the exported ones where the language has export syntax, else None.  `stars` are
    the modules everything is taken from, the last one first.  `public` is what a star import takes, None for every
    name without a leading underscore.
    """

    functions: tuple[FunctionFace, ...]
    classes: tuple[ClassFace, ...]
    names: dict[str, tuple[Binding, ...]]
    exports: dict[str, tuple[Binding, ...]] | None
    stars: tuple[str, ...]
    public: frozenset[str] | None


class Scopes:
    """The name tables of one file: `functions[i]` and `classes[i]` parallel to the outline, comprehensions by region."""

    __slots__ = ("classes", "comprehensions", "fields", "functions", "outer")

    def __init__(self, functions: int, classes: int) -> None:
        self.functions: list[Table] = [{} for _ in range(functions)]
        self.classes: list[Table] = [{} for _ in range(classes)]
        self.fields: list[Table] = [{} for _ in range(classes)]
        self.comprehensions: dict[int, set[str]] = {}
        self.outer: dict[int, dict[str, bool]] = {}  # function -> names it declares global (True) or nonlocal


def bind(facts: FileFacts) -> Scopes:
    """Return the name tables of a file."""
    return _Binder(facts).run(facts.bodies.assigns)


def interface_of(outline: Outline, scopes: Scopes, language: str) -> Interface:
    """Return what other files can see of a file with these name tables."""
    functions = tuple(
        [FunctionFace(f.name, f.qualified_name, f.kind, f.scope, f.return_type) for f in outline.functions]
    )
    classes = tuple(
        [
            ClassFace(
                name=c.name,
                qualified_name=c.qualified_name,
                kind=c.kind,
                scope=c.scope,
                bases=_bases(c, outline, scopes),
                names=settled(scopes.classes[i]),
                fields=settled(scopes.fields[i]),
            )
            for i, c in enumerate(outline.classes)
        ]
    )
    names = settled(scopes.functions[0])
    ecmascript = language in ECMASCRIPT
    stars = tuple([i.module for i in reversed(outline.imports) if i.name == "*" and not i.alias and i.scope == 0])
    return Interface(
        functions=functions,
        classes=classes,
        names=names,
        exports=_exports(outline) if ecmascript else None,
        stars=stars + tuple([e.source for e in reversed(outline.exports) if e.name == "*" and e.source])
        if ecmascript
        else stars,
        public=None if ecmascript else _public(outline, names),
    )


def name_key(path: str, name: str) -> str:
    """Return the key of what a file binds or exports as `name`."""
    return f"{path}\0{name}"


def definition_key(path: str, qualified_name: str) -> str:
    """Return the key of the classes and functions of this name in a file: heritage, names, result type."""
    return f"{path}\0\0{qualified_name}"


def shape(interface: Interface) -> tuple[object, ...]:
    """Return what decides how a file's names are looked up at all; it changes far less often than the names."""
    exports = interface.exports
    return (
        exports is None,
        exports is not None and len(exports) > 1,
        interface.stars,
        interface.public,
        frozenset(name for name in interface.names if "." in name),
    )


def changed_keys(path: str, old: Interface, new: Interface) -> set[str]:
    """Return the keys of what differs between two interfaces of a file with the same shape."""
    before, after = _contents(path, old), _contents(path, new)
    return {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}


def _contents(path: str, interface: Interface) -> dict[str, list[object]]:
    """Return the interface by key, with definitions named instead of numbered: a number moves with every insertion."""
    functions = _numbered(f.qualified_name for f in interface.functions)
    classes = _numbered(c.qualified_name for c in interface.classes)

    def named(bindings: Iterable[Binding]) -> list[object]:
        return [_named(binding, functions, classes) for binding in bindings]

    def place(scope: int) -> object:
        return functions[scope] if scope >= 0 else classes[~scope]

    contents: dict[str, list[object]] = {}
    for table in (interface.names, interface.exports or {}):
        for name, bindings in table.items():
            contents.setdefault(name_key(path, name), []).append((table is interface.names, named(bindings)))
    for index, function in enumerate(interface.functions):
        if index:
            face = (function.kind, place(function.scope), function.returns)
            contents.setdefault(definition_key(path, function.qualified_name), []).append(face)
    for cls in interface.classes:
        tables = [{name: named(bindings) for name, bindings in t.items()} for t in (cls.names, cls.fields)]
        contents.setdefault(definition_key(path, cls.qualified_name), []).append(
            (cls.kind, place(cls.scope), named(cls.bases), tables)
        )
    return contents


def _numbered(names: Iterable[str]) -> list[tuple[str, int]]:
    seen: dict[str, int] = {}
    found = []
    for name in names:
        seen[name] = ordinal = seen.get(name, -1) + 1
        found.append((name, ordinal))
    return found


def _named(binding: Binding, functions: Sequence[tuple[str, int]], classes: Sequence[tuple[str, int]]) -> object:
    if binding.means is Means.FUNCTION:
        return (binding.means, functions[binding.ref])
    if binding.means in {Means.CLASS, Means.OWN_CLASS, Means.RECEIVER}:
        return (binding.means, classes[binding.ref])
    return binding


def settled(table: Table) -> dict[str, tuple[Binding, ...]]:
    """Return what each name of a table can mean to code that runs after the table's own code."""
    return {
        name: (sites[0].binding,) if len(sites) == 1 else _distinct(reaching(sites)) for name, sites in table.items()
    }


def reaching(sites: Sequence[Site]) -> list[Binding]:
    """Return the bindings that can hold at the end: the last unconditional one and what may replace it."""
    start = next((i for i in range(len(sites) - 1, -1, -1) if sites[i].region == -1), 0)
    return [site.binding for site in sites[start:]]


def _distinct(bindings: Iterable[Binding]) -> tuple[Binding, ...]:
    return tuple(dict.fromkeys(bindings))


class _Binder:
    """Fills the tables: definitions first, then what is assigned, in source order."""

    def __init__(self, facts: FileFacts) -> None:
        self.outline = facts.outline
        self.regions: Sequence[Region] = facts.bodies.regions
        self.calls: Sequence[Call] = facts.bodies.calls
        self.ecmascript = facts.language in ECMASCRIPT
        self.scopes = Scopes(len(self.outline.functions), len(self.outline.classes))

    def run(self, assigns: Sequence[Assign]) -> Scopes:
        for i, function in enumerate(self.outline.functions):
            self._params(i, function)
        for i, function in enumerate(self.outline.functions):
            if i and function.kind != "lambda" and function.name and not _is_second_face(function):
                self._define(function, Binding(Means.FUNCTION, i))
        for i, cls in enumerate(self.outline.classes):
            if cls.name:
                self._define(cls, Binding(Means.CLASS, i))
            for member in cls.members:
                for binding in self._values(member.value, member.annotation):
                    fields = self.scopes.fields if self.ecmascript else self.scopes.classes
                    _add(fields[i], member.name, Site(member.line, -1, binding))
        for imported in self.outline.imports:
            if imported.alias and not imported.is_dynamic:
                module, name = imported.module, imported.name
                if not name and not self.ecmascript and module.partition(".")[0] == imported.alias:
                    module = imported.alias  # `import a.b` binds a
                site = Site(imported.line, _NOT_YET, Binding(Means.IMPORT, -1, module, name))
                _add(self._table(imported.scope), imported.alias, site)
        for assign in assigns:
            self._assign(assign)
        for scope, table in enumerate(self.scopes.functions):
            self._order(scope, table)
        for index, table in enumerate(self.scopes.classes):
            self._order(~index, table)
        return self.scopes

    def _order(self, scope: int, table: Table) -> None:
        for sites in table.values():
            if len(sites) > 1:
                sites[:] = [
                    s if s.region != _NOT_YET else s._replace(region=self._region_at(s.line, scope)) for s in sites
                ]
                sites.sort(key=_site_line)

    def _table(self, scope: int) -> Table:
        return self.scopes.functions[scope] if scope >= 0 else self.scopes.classes[~scope]

    def _define(self, what: Function | Class, binding: Binding) -> None:
        # ECMAScript hoists function declarations; a Python definition holds from its line on.
        hoisted = self.ecmascript and binding.means is Means.FUNCTION
        _add(self._table(what.scope), what.name, Site(0 if hoisted else what.line, _NOT_YET, binding))

    def _params(self, index: int, function: Function) -> None:
        table = self.scopes.functions[index]
        for position, param in enumerate(function.params):
            binding = Binding(Means.TYPED, -1, param.annotation) if param.annotation else OPAQUE
            if position == 0 and function.scope < 0 and not self.ecmascript:
                if function.kind == "class_method" or function.name in _IMPLICIT_CLASS_METHODS:
                    binding = Binding(Means.OWN_CLASS, ~function.scope)
                elif function.kind in _INSTANCE_KINDS:
                    binding = Binding(Means.RECEIVER, ~function.scope)
            if param.name.isidentifier():
                table[param.name] = [Site(0, -1, binding)]
            else:
                for name in _identifiers(param.name):
                    table[name] = [Site(0, -1, OPAQUE)]

    def _region_at(self, line: int, scope: int) -> int:
        found = -1
        for i, region in enumerate(self.regions):
            if region.line > line:
                break
            if line <= region.end_line and region.scope == scope and region.kind != "with":
                found = i
        return found

    def _assign(self, assign: Assign) -> None:
        kind, target = assign.kind, assign.target
        if kind in {"global", "nonlocal"}:
            if target.kind == Kind.PATH and assign.scope > 0:
                self.scopes.outer.setdefault(assign.scope, {})[target.text] = kind == "global"
            return
        if target.kind == Kind.PATH:
            self._assign_path(assign, target.text)
        elif target.kind in _PATTERNS:
            values = assign.value.items if assign.value and assign.value.kind in {Kind.TUPLE, Kind.LIST} else ()
            paired = kind == "assign" and len(values) == len(target.items)
            for i, item in enumerate(target.items):
                if paired and item.kind == Kind.PATH:
                    for binding in self._values(values[i], None):
                        self._bind_name(assign, item.text, binding)
                else:
                    for name in _target_names(item):
                        self._bind_name(assign, name, OPAQUE)

    def _assign_path(self, assign: Assign, text: str) -> None:
        if assign.kind in {"augmented", "delete"}:
            bindings: Sequence[Binding] = (NOTHING,)
        elif assign.kind in {"for", "catch"}:
            bindings = (OPAQUE,)
        elif assign.kind == "with":
            bindings = self._entered(assign.value)
        else:
            bindings = self._values(assign.value, assign.annotation)
        for binding in bindings:
            self._bind_name(assign, text, binding)

    def _bind_name(self, assign: Assign, text: str, binding: Binding) -> None:
        head, dot, rest = text.partition(".")
        if dot:
            self._bind_attribute(assign, text, head, rest, binding)
            return
        scope, region = assign.scope, assign.region
        if assign.kind == "for" and region >= 0 and self.regions[region].kind == "comprehension":
            self.scopes.comprehensions.setdefault(region, set()).add(text)
            return
        line = assign.line
        if assign.kind not in {"for", "with", "catch", "named"} and assign.value is not None:
            # A call over several lines binds the name when it ends.
            if assign.value.kind == Kind.CALL:
                line = max(line, self.calls[assign.value.ref].end_line)
        else:
            line -= 1  # it already holds on its own line
        outer = self.scopes.outer.get(scope)
        if assign.declares and any(s.binding.means is Means.IMPORT for s in self._table(scope).get(text, ())):
            return  # `const x = require(…)`: the import says more
        if outer and text in outer:
            scope, region = (0 if outer[text] else self._declaring(scope, text)), -2
        elif self.ecmascript and not assign.declares and scope >= 0 and text not in self.scopes.functions[scope]:
            scope, region = self._declaring(scope, text), -2
        _add(self._table(scope), text, Site(line, region, binding))

    def _declaring(self, scope: int, name: str) -> int:
        while scope:
            scope = self.outline.functions[scope].scope
            while scope < 0:
                scope = self.outline.classes[~scope].scope
            if name in self.scopes.functions[scope]:
                return scope
        return 0

    def _bind_attribute(self, assign: Assign, text: str, head: str, rest: str, binding: Binding) -> None:
        cls = self._receiver_class(assign.scope, head)
        if cls < 0:
            _add(self._table(assign.scope), text, Site(assign.line, assign.region, binding))
        elif "." not in rest:
            translated = self._outside(assign.scope, binding)
            _add(self.scopes.fields[cls], rest, Site(assign.line, -2, translated))

    def _receiver_class(self, scope: int, head: str) -> int:
        if scope < 0:
            return -1
        if self.ecmascript:
            if head != "this":
                return -1
            functions = self.outline.functions
            while scope > 0 and functions[scope].kind == "lambda":
                scope = functions[scope].scope
                if scope < 0:
                    return -1
            return ~functions[scope].scope if scope > 0 and functions[scope].scope < 0 else -1
        sites = self.scopes.functions[scope].get(head)
        if sites and sites[0].binding.means in {Means.RECEIVER, Means.OWN_CLASS}:
            return sites[0].binding.ref
        return -1

    def _outside(self, scope: int, binding: Binding) -> Binding:
        """Return the binding as code outside of the function would have to say it."""
        if binding.means not in {Means.PATH, Means.RESULT, Means.ENTERED}:
            return binding
        head, dot, _ = binding.text.partition(".")
        at = scope
        while at > 0:
            sites = self.scopes.functions[at].get(head)
            if sites:
                first = sites[0].binding
                if len(sites) == 1 and not dot:
                    if binding.means is Means.PATH and first.means not in {Means.PATH, Means.RESULT, Means.ENTERED}:
                        return first
                    if binding.means is Means.RESULT and first.means is Means.CLASS:
                        return Binding(Means.RECEIVER, first.ref)
                return OPAQUE
            at = self.outline.functions[at].scope
            while at < 0:
                at = self.outline.classes[~at].scope
        return binding

    def _entered(self, value: Value | None) -> Sequence[Binding]:
        if value is not None and value.kind == Kind.CALL:
            callee = self.calls[value.ref].callee
            if callee.kind == Kind.PATH:
                return (Binding(Means.ENTERED, -1, callee.text),)
        return (OPAQUE,)

    def _values(self, value: Value | None, annotation: str | None) -> Sequence[Binding]:
        if annotation and annotation_paths(annotation):
            return (Binding(Means.TYPED, -1, annotation),)
        if value is None:
            return (NOTHING,)
        return self._of_value(value, 0)

    def _of_value(self, value: Value, depth: int) -> Sequence[Binding]:
        kind = value.kind
        if kind == Kind.CALL:
            callee = self.calls[value.ref].callee
            return (Binding(Means.RESULT, -1, callee.text),) if callee.kind == Kind.PATH else (OPAQUE,)
        if kind == Kind.PATH:
            return (Binding(Means.PATH, -1, value.text),)
        if kind == Kind.FUNCTION:
            return (Binding(Means.FUNCTION, value.ref),)
        if kind == Kind.CLASS:
            return (Binding(Means.CLASS, value.ref),)
        if kind == Kind.CONSTANT and value.text in {"null", "undefined"}:
            return (NOTHING,)
        if kind in _LITERAL_KINDS:
            return (LITERAL,)
        if depth > 4:
            return (OPAQUE,)
        if kind in {Kind.AWAIT, Kind.NAMED}:
            return [b for item in value.items for b in self._of_value(item, depth + 1)] or (OPAQUE,)
        if kind == Kind.CAST:
            return (Binding(Means.TYPED, -1, value.text),) if annotation_paths(value.text) else (OPAQUE,)
        if kind == Kind.CONDITIONAL:
            return [b for item in value.items[1:] for b in self._of_value(item, depth + 1)]
        if kind == Kind.OPERATION and value.text in {"or", "||", "??"}:
            return [b for item in value.items for b in self._of_value(item, depth + 1)]
        return (OPAQUE,)


_LITERAL_KINDS: Final = frozenset(
    {Kind.STRING, Kind.NUMBER, Kind.TEMPLATE, Kind.LIST, Kind.TUPLE, Kind.SET, Kind.COMPREHENSION, Kind.REGEX}
)
_PATTERNS: Final = frozenset({Kind.TUPLE, Kind.LIST, Kind.DICT, Kind.SPREAD})
_INSTANCE_KINDS: Final = frozenset({"method", "constructor", "getter", "setter"})
_IMPLICIT_CLASS_METHODS: Final = frozenset({"__new__", "__init_subclass__", "__class_getitem__"})
_IDENTIFIER: Final = re.compile(r"[^\W\d][\w$]*|\$[\w$]*")
_identifiers: Final = _IDENTIFIER.findall


def _site_line(site: Site) -> int:
    return site.line


def _add(table: Table, name: str, site: Site) -> None:
    sites = table.get(name)
    if sites is None:
        table[name] = [site]
    elif site.binding is NOTHING:
        return
    elif sites[0].binding is NOTHING:
        sites[0] = site
    else:
        sites.append(site)


def _is_second_face(function: Function) -> bool:
    """Whether a function stands beside the one that its name means: an overload's signature, a setter."""
    return function.kind == "setter" or any(d.name.rpartition(".")[2] == "overload" for d in function.decorators)


def _target_names(value: Value) -> Iterable[str]:
    stack = [value]
    while stack:
        item = stack.pop()
        if item.kind == Kind.PATH:
            yield item.text
        elif item.kind in _PATTERNS:
            stack.extend(item.items)
        elif item.kind == Kind.OPERATION and item.text == "=":
            stack.append(item.items[0])  # the rest is its default


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
                binding = alone if settled_here else OPAQUE
                break
            at = outline.functions[at].scope if at > 0 else outline.classes[~at].scope
        found.append(binding)
    return tuple(found)


_STANDALONE: Final = frozenset({Means.CLASS, Means.IMPORT})


def _exports(outline: Outline) -> dict[str, tuple[Binding, ...]]:
    found: dict[str, list[Binding]] = {}
    for export in outline.exports:
        if export.name == "*":
            continue
        found.setdefault(export.name, []).append(_exported(export.local, export.source, export.value))
        if export.name == "export=" and export.value is not None and export.value.kind == Kind.DICT:
            items = export.value.items
            for key, value in zip(items[::2], items[1::2], strict=False):
                if key.kind == Kind.PATH:
                    found.setdefault(key.text, []).append(_exported("", "", value))
    return {name: tuple(dict.fromkeys(bindings)) for name, bindings in found.items()}


def _exported(local: str, source: str, value: Value | None) -> Binding:
    if source:
        return Binding(Means.IMPORT, -1, source, local or "*")
    if local:
        return Binding(Means.PATH, -1, local)
    if value is not None:
        if value.kind == Kind.FUNCTION:
            return Binding(Means.FUNCTION, value.ref)
        if value.kind == Kind.CLASS:
            return Binding(Means.CLASS, value.ref)
        if value.kind == Kind.PATH:
            return Binding(Means.PATH, -1, value.text)
    return OPAQUE


def _public(outline: Outline, names: dict[str, tuple[Binding, ...]]) -> frozenset[str] | None:
    return frozenset(e.name for e in outline.exports) if "__all__" in names and outline.exports else None


@lru_cache(maxsize=8192)
def annotation_paths(text: str) -> tuple[str, ...]:
    """Return the access paths of the classes whose instances an annotation admits; () if it says nothing usable.

    None, null and undefined are left out; Optional, Union, Annotated, Promise and the like are looked into.
    """
    text = text.strip()
    if text[:1] in {"'", '"'} and text[-1:] == text[:1]:
        text = text[1:-1].strip()
    choices = _split(text, "|")
    if len(choices) > 1:
        return tuple(dict.fromkeys(path for choice in choices for path in annotation_paths(choice)))
    match = _ANNOTATION.fullmatch(text)
    if match is None or text.endswith("[]"):
        return ()
    path, arguments = match["path"], match["arguments"]
    last = path.rpartition(".")[2]
    if arguments is not None and last in _WRAPPERS:
        inner = _split(arguments, ",")
        if last == "Annotated":
            inner = inner[:1]
        elif last == "Coroutine":
            inner = inner[-1:]
        return tuple(dict.fromkeys(path for choice in inner for path in annotation_paths(choice)))
    return () if last in _NO_CLASS else (path,)


_ANNOTATION: Final = re.compile(r"(?P<path>[^\W\d][\w$]*(?:\.[\w$]+)*)(?:[\[<](?P<arguments>.*)[\]>])?", re.DOTALL)
_WRAPPERS: Final = frozenset(
    {"Optional", "Union", "Annotated", "Final", "ClassVar", "Awaitable", "Coroutine", "Promise", "Readonly", "Required",
     "Partial", "NonNullable", "Mapped", "PromiseLike"}
)  # fmt: skip
_NO_CLASS: Final = frozenset(
    {"None", "null", "undefined", "void", "any", "Any", "unknown", "never", "object", "type", "Type"}
)


def _split(text: str, separator: str) -> list[str]:
    if separator not in text:
        return [text]
    pieces, depth, start = [], 0, 0
    for at, char in enumerate(text):
        if char in "[<({":
            depth += 1
        elif char in "]>)}":
            depth -= 1
        elif char == separator and depth == 0:
            pieces.append(text[start:at])
            start = at + 1
    pieces.append(text[start:])
    return [piece for piece in (p.strip() for p in pieces) if piece]
