"""What one file says about data: classes that may be models, what its names mean, and calls that may touch a database.

Worked out where the file is parsed.  Nothing is decided here: what a name means depends on other files, so expressions
are kept in a small form (`Expr`) that `linking` evaluates.  Local variables are already replaced by what is assigned to
them, so an expression speaks only of names of the module, of parameters with a type, and of `self`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from driftd.pipeline.data.expressions import OTHER, Expr, Form, last_name, root_of
from driftd.pipeline.data.mappers import marked_functions, methods_of, statements_of, touching
from driftd.pipeline.data.packs import (
    SESSION_METHODS,
    body_calls,
    built_by,
    declaring_methods,
    named_sessions,
    package_of,
    packages_known,
    telling_methods,
    untelling_types,
    watched_beginnings,
    watched_methods,
)
from driftd.pipeline.data.reduction import Reduction
from driftd.pipeline.data.sensitivity import words_of
from driftd.pipeline.data.shapes import Attribute, DataFacts, Declarations, Imported, Mark, Shape, Touch
from driftd.pipeline.data.tables_made import tables_made, tables_mapped, tables_of_macros
from driftd.pipeline.facts.model import Kind, owner_function

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from driftd.pipeline.facts.model import Class, Decorator, FileFacts, Value


def data_facts_of(facts: FileFacts) -> DataFacts:
    """Return what the file says about data."""
    reduction = Reduction(facts)
    declarations = _declarations(facts, reduction)
    known = packages_known(facts.language)
    mentions = facts.language not in GATED or any(package_of(i.module) in known for i in facts.outline.imports)
    return DataFacts(declarations, tuple(_touches(facts, declarations, reduction)), mentions)


def _declarations(facts: FileFacts, reduction: Reduction) -> Declarations:
    declaring = declaring_methods(facts.language)
    telling = telling_methods(facts.language)
    outline = facts.outline
    bodies = _bodies(facts, reduction)
    methods: dict[int, list[int]] = {}
    for number, function in enumerate(outline.functions):
        if number and function.scope < 0:
            methods.setdefault(~function.scope, []).append(number)
    returned = {
        (f"{function.receiver}.{function.name}" if function.receiver else function.name): expr
        for number, function in enumerate(outline.functions)
        if number and function.scope == 0 and (expr := _told(facts, number, reduction, telling)) is not None
    }
    return Declarations(
        shapes=tuple(
            [
                _shape(facts, number, methods.get(number, ()), reduction, bodies.get(number, ()))
                for number in range(len(outline.classes))
            ]
        ),
        imports=tuple(
            [
                Imported(i.module, i.name, i.alias)
                for i in outline.imports
                if i.alias and i.module and i.module.partition(".")[0] not in _UNSEEN
            ]
        ),
        names={**returned, **dict(_names(facts, reduction)), **tables_of_macros(facts), **statements_of(facts)},
        exports=dict(_exports(facts, reduction)) if facts.language != "python" else {},
        stars=tuple(
            [i.module for i in outline.imports if i.name == "*" and not i.alias]
            + [e.source for e in outline.exports if e.name == "*" and e.source]
        ),
        statements=tuple(
            [
                reduction.call(index)
                for index, call in enumerate(facts.bodies.calls)
                if call.scope == 0 and call.callee.text.rpartition(".")[2] in declaring
            ]
        ),
        package=outline.package if facts.language in PACKAGED else "",
        columns=tables_made(facts),
        mapped=tables_mapped(facts),
    )


def _names(facts: FileFacts, reduction: Reduction) -> Iterator[tuple[str, Expr]]:
    done = set()
    for assign in facts.bodies.assigns:
        value = assign.value
        if assign.scope != 0 or assign.kind not in _BINDING or assign.target.kind != Kind.PATH:
            continue
        name = assign.target.text
        if value is None:
            if assign.annotation and _names_class(assign.annotation) and name not in done:
                done.add(name)
                yield name, Expr(Form.INSTANCE, assign.annotation)
            continue
        if value.kind in _TELLING and name not in done:
            done.add(name)
            expr = reduction.of(value)
            if expr.form not in (Form.OTHER, Form.CONSTANT):
                yield name, expr


def _told(facts: FileFacts, number: int, reduction: Reduction, telling: frozenset[str]) -> Expr | None:
    """Return what calling a function gives, in full where that says what a model is."""
    function = facts.outline.functions[number]
    if function.receiver and function.name in telling:
        return reduction.function(number)
    return _result(facts, number, reduction)


def _result(facts: FileFacts, number: int, reduction: Reduction) -> Expr | None:
    """Return what calling a function gives: the type that it declares, else what it returns, if that tells anything."""
    function = facts.outline.functions[number]
    declared = function.return_type or ""
    is_told = _names_class(declared) and declared.rpartition(".")[2].strip("?") not in untelling_types(facts.language)
    if is_told and not function.is_generator:
        return Expr(Form.FUNCTION, "", (Expr(Form.INSTANCE, declared),))
    found = reduction.function(number)
    if found.items and found.items[0].form is Form.TEXT and function.receiver:
        return found  # Go's `func (User) TableName() string`
    if not found.items or found.items[0].form not in _RESULTS:
        return None
    return found if root_of(found.items[0]).form in (Form.NAME, Form.INSTANCE, Form.SELF) else None


def _names_class(type_name: str) -> bool:
    last = type_name.strip("\"'*[]").partition("[")[0].rpartition(".")[2]
    return last[:1].isupper() and last not in _UNTELLING


def _exports(facts: FileFacts, reduction: Reduction) -> Iterator[tuple[str, Expr]]:
    for export in facts.outline.exports:
        if export.source:
            if export.name != "*":
                yield export.name, Expr(Form.IMPORT, export.source, (), (export.local or "*",))
        elif export.local:
            yield export.name, Expr(Form.NAME, export.local)
        elif export.value is not None:
            yield export.name, reduction.of(export.value)


def _bodies(facts: FileFacts, reduction: Reduction) -> dict[int, list[Expr]]:
    """Return, by class, the calls in it that a pack reads, and those that construct a base."""
    told = body_calls(facts.language)
    found: dict[int, list[Expr]] = {}
    for number, cls in enumerate(facts.outline.classes):
        for base in cls.bases:
            if base.value.kind == Kind.PATH and base.value.items:  # `extends JpaRepository<Owner, Long>`
                types = tuple([reduction.of(item) for item in base.value.items])
                made = Expr(Form.CALL, "", (Expr(Form.NAME, base.value.text), *types), ("",) * len(types))
                found.setdefault(number, []).append(made)
    if not told and facts.language != "kotlin":
        return found
    classes = facts.outline.classes
    for index, call in enumerate(facts.bodies.calls):
        if call.scope < 0:
            method = call.callee.text
            if method in told or any(base.value.text == method for base in classes[~call.scope].bases):
                found.setdefault(~call.scope, []).append(reduction.call(index))
    return found


def _shape(
    facts: FileFacts, number: int, numbers: Iterable[int], reduction: Reduction, body: Iterable[Expr] = ()
) -> Shape:
    cls = facts.outline.classes[number]
    return Shape(
        name=cls.name,
        qualified_name=cls.qualified_name,
        line=cls.line,
        around=~cls.scope if cls.scope < 0 else -1,
        bases=tuple(_bases(cls, reduction)),
        attributes=(
            *_members(facts, cls, reduction),
            *_assigned(facts, number, reduction),
            *_computed(facts, numbers, reduction),
        ),
        marks=tuple([_mark(d, reduction) for d in cls.decorators]),
        kind=cls.kind,
        body=tuple(body),
        methods=tuple(methods_of(facts, numbers)) if cls.kind == "interface" else (),
        is_abstract=cls.is_abstract and facts.language == "php",
    )


def _bases(cls: Class, reduction: Reduction) -> Iterator[Expr]:
    """Yield the bases; a class is an object of its metaclass, as if that were called."""
    for base in cls.bases:
        expr = reduction.of(base.value)
        yield expr if base.relation != "metaclass" else Expr(Form.CALL, "", (expr,))


def _members(facts: FileFacts, cls: Class, reduction: Reduction) -> Iterator[Attribute]:
    for member in cls.members:
        if member.is_static and facts.language in PACKAGED and cls.kind != "object":
            continue  # a constant of the class is no column
        value = None if member.value is None else reduction.of(member.value)
        if facts.language == "go" and member.value is not None and member.value.kind == Kind.STRING:
            value = Expr(Form.TEXT, facts.texts.literals[member.value.ref].value)  # a tag, however long
        if value is not None and value.form in _CONTAINERS and facts.language == "python":
            value = OTHER  # a field is no list, and neither is a name of a table
        marks = tuple([_mark(d, reduction) for d in member.decorators])
        yield Attribute(member.name, member.annotation or "", value, marks)


def _assigned(facts: FileFacts, number: int, reduction: Reduction) -> Iterator[Attribute]:
    """Yield what a class in Ruby sets of itself: `self.table_name = "people"`."""
    if facts.language == "ruby":
        for assign in facts.bodies.assigns:
            if assign.scope == ~number and assign.value is not None and assign.target.text.startswith("self."):
                yield Attribute(assign.target.text.removeprefix("self."), "", reduction.of(assign.value))


def _computed(facts: FileFacts, methods: Iterable[int], reduction: Reduction) -> Iterator[Attribute]:
    """Yield what methods give: those that stand for an attribute (`declared_attr`) as if they were one."""
    for at in methods:
        function = facts.outline.functions[at]
        names = {part for decorator in function.decorators for part in decorator.name.split(".")}
        if not names.isdisjoint(_DECLARED):
            returned = reduction.function(at)
            if returned.items:
                yield Attribute(function.name, function.return_type or "", returned.items[0])
        elif function.name in _TOLD_BY_METHODS and (told := reduction.function(at)).items:
            yield Attribute(function.name, "", told.items[0])
        elif (result := _result(facts, at, reduction)) is not None:
            is_read = function.kind == "getter" or not names.isdisjoint(_PROPERTIES)
            yield Attribute(function.name, "", msgspec.structs.replace(result, text="property") if is_read else result)


def _mark(decorator: Decorator, reduction: Reduction) -> Mark:
    return Mark(decorator.name, None if decorator.call < 0 else reduction.call(decorator.call))


def _touches(facts: FileFacts, declarations: Declarations, whole: Reduction) -> Iterator[Touch]:
    """Yield the outermost calls of chains that start with something another file or a type can explain."""
    methods = watched_methods(facts.language)
    calls = facts.bodies.calls
    beginnings = watched_beginnings(facts.language)
    candidates = [
        index
        for index, call in enumerate(calls)
        if (method := _method_of(call.callee)) in methods or (beginnings and method.startswith(beginnings))
    ]
    marked = marked_functions(facts)
    yield from (Touch(*found) for found in touching(facts, marked))
    if marked:
        candidates = [index for index in candidates if index not in marked]
    if not candidates:
        return
    inner = {below for index in candidates for below in _calls_below(facts, index)}
    if facts.language == "rust":  # `delete(users.filter(…))` reads nothing
        bound_as = {i.alias: f"{i.module}.{i.name}" for i in facts.outline.imports}
        for index in candidates:
            name = calls[index].callee.text
            built = built_by("rust", bound_as.get(name, name))
            if built is not None and built[1] in _WRITING:
                inner |= {arg.value.ref for arg in calls[index].args}
    reduction = Reduction(facts, lean=True, tables=whole.tables)
    sessions = named_sessions(facts.language)
    bound = {i.alias for i in declarations.imports} | {s.name for s in declarations.shapes}
    bound.update(declarations.names, declarations.exports)
    anything = bool(declarations.stars) or facts.language in PACKAGED
    for index in candidates:
        if index not in inner:
            call = calls[index]
            expr = reduction.call(index, call.scope, call.line)
            if _may_be_known(expr, bound, sessions, anything=anything):
                below = sum(1 for _ in _calls_below(facts, index))
                yield Touch(owner_function(facts.outline, call.scope), call.line, expr, below)


def _method_of(callee: Value) -> str:
    return callee.text.rpartition(".")[2] if callee.kind in _NAMING else ""


def _calls_below(facts: FileFacts, index: int) -> Iterator[int]:
    """Yield the calls that the chain of a call goes through: of `a().b().c()` the first two."""
    below = facts.bodies.calls[index].callee
    while True:
        while below.kind in _THROUGH and below.items:
            below = below.items[0]
        if below.kind != Kind.CALL:
            return
        yield below.ref
        below = facts.bodies.calls[below.ref].callee


def _may_be_known(expr: Expr, bound: set[str], sessions: Mapping[str, frozenset[str]], *, anything: bool) -> bool:
    root = root_of(expr)
    if root.form is Form.NAME:
        if anything or root.text.partition(".")[0] in bound:
            return True
    elif root.form not in _NOTHING:
        return True
    # A model or a statement handed to a session says that the receiver is one, whatever it is called.
    while expr.form in (Form.CALL, Form.MEMBER, Form.ELEMENT, Form.CONTEXT):
        if expr.form is Form.CALL and expr.callee.form in (Form.MEMBER, Form.NAME):
            method = expr.callee.text.rpartition(".")[2]
            words = sessions.get(method)
            if method in SESSION_METHODS or (words and not words.isdisjoint(words_of(_receiver(expr.callee)))):
                for arg in expr.items[1:]:
                    if arg.form not in _NOTHING and (
                        (head := root_of(arg)).form is not Form.NAME or anything or head.text.partition(".")[0] in bound
                    ):
                        return True
        expr = expr.items[0]
    return False


def _receiver(callee: Expr) -> str:
    if callee.form is Form.MEMBER:
        return last_name(callee.items[0])
    return callee.text.rpartition(".")[0].rpartition(".")[2]


# Languages whose names are found by package: one that the file names, or (Go) its folder.
PACKAGED: Final = frozenset({"java", "go", "ruby", "php", "csharp", "rust", "kotlin", "mybatis"})
# Languages in which a framework is known by its imports alone: where no file has one, nothing is to be found.
GATED: Final = {"python": "python", "javascript": "ecmascript", "typescript": "ecmascript", "tsx": "ecmascript"}
_WRITING: Final = frozenset({"update", "delete"})
_BINDING: Final = frozenset({"assign", "declare"})
_TELLING: Final = frozenset(
    {Kind.CALL, Kind.PATH, Kind.MEMBER, Kind.CLASS, Kind.AWAIT, Kind.CAST, Kind.STRING, Kind.OPERATION, Kind.INDEX,
     Kind.FUNCTION, Kind.CONDITIONAL}
)  # fmt: skip
_CONTAINERS: Final = frozenset({Form.LIST, Form.DICT, Form.FUNCTION})
_NOTHING: Final = frozenset({Form.OTHER, Form.TEXT, Form.CONSTANT, Form.DICT, Form.FUNCTION, Form.PARAMETER, Form.SQL})
_RESULTS: Final = frozenset({Form.CALL, Form.MEMBER, Form.ELEMENT, Form.INSTANCE, Form.NAME, Form.CONTEXT})
_UNTELLING: Final = frozenset({"None", "Any", "Dict", "List", "Tuple", "Set", "Union", "Iterable", "Self", "Callable"})
_PROPERTIES: Final = frozenset({"property", "cached_property", "hybrid_property"})
_NAMING: Final = frozenset({Kind.PATH, Kind.MEMBER})
_THROUGH: Final = frozenset({Kind.AWAIT, Kind.CAST, Kind.MEMBER, Kind.INDEX})
_TOLD_BY_METHODS: Final = frozenset({"table_name_prefix"})
_DECLARED: Final = frozenset({"declared_attr", "directive"})
# Modules of the standard library that no project has one of its own of, and that no pack speaks of.
_UNSEEN: Final = frozenset(
    {
        "__future__", "abc", "argparse", "ast", "asyncio", "base64", "collections", "contextlib", "copy", "csv", "dataclasses",
        "datetime", "decimal", "enum", "functools", "hashlib", "importlib", "inspect", "io", "itertools", "json", "logging",
        "math", "operator", "os", "pathlib", "pickle", "random", "re", "shutil", "subprocess", "sys", "tempfile", "textwrap",
        "threading", "time", "traceback", "typing", "unittest", "urllib", "uuid", "warnings", "zoneinfo", "typing_extensions",
    }
)  # fmt: skip
