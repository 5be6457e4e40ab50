"""Statements of methods that have no body: in annotations of an interface, or in a file beside it (MyBatis).

A method does what its statement does.  That of a file belongs to the method of the interface that its namespace and its
id name; where there is none (`session.selectList("shop.find")`), to the file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from driftd.pipeline.data.expressions import OTHER, Expr, Form
from driftd.pipeline.data.packs import mappers_of, statement_marks
from driftd.pipeline.data.registry import Entry, class_key, mapped_key
from driftd.pipeline.data.sql import statements
from driftd.pipeline.facts.dynamic_sql import renditions_of_text
from driftd.pipeline.facts.model import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from driftd.pipeline.data.linking import Linker
    from driftd.pipeline.data.shapes import Declarations
    from driftd.pipeline.facts.model import Call, FileFacts, Value


# -- in the file


def methods_of(facts: FileFacts, numbers: Iterable[int]) -> Iterator[tuple[str, int, int]]:
    """Yield the methods of an interface as (name, number, line) in a language whose statements may stand elsewhere."""
    if mappers_of(facts.language) and facts.language not in MAPPERS:
        functions = facts.outline.functions
        yield from ((functions[number].name, number, functions[number].line) for number in numbers)


def marked_functions(facts: FileFacts) -> dict[int, int]:
    """Return the functions whose annotations may hold their statement, by the number of the annotation's call."""
    marks = statement_marks(facts.language)
    return {
        decorator.call: number
        for number, function in enumerate(facts.outline.functions if marks else ())
        for decorator in function.decorators
        if decorator.call >= 0 and decorator.name.rpartition(".")[2] in marks
    }


def statements_of(facts: FileFacts) -> dict[str, Expr]:
    """Return what the statements of a mapper do, by their ids; variants for several databases are put together."""
    found: dict[str, Expr] = {}
    for call in facts.bodies.calls if facts.language in MAPPERS else ():
        name = _id(facts, call)
        names = (*(found[name].names if name in found else ()), *_does(_texts(facts, call)).names)
        found[name] = Expr(Form.SQL, "", (), tuple(dict.fromkeys(names)))
    return found


def touching(facts: FileFacts, marked: dict[int, int]) -> Iterator[tuple[int, int, Expr]]:
    """Yield (function, line, call) of each statement that a file has."""
    for index, number in marked.items():
        call = facts.bodies.calls[index]
        if call.args:
            yield number, call.line, _call(call, _does(renditions_of_text(_written(facts, call))))
    for call in facts.bodies.calls if facts.language in MAPPERS else ():
        yield 0, call.line, _call(call, _does(_texts(facts, call)), Expr(Form.TEXT, _id(facts, call)))


def _call(call: Call, *args: Expr) -> Expr:
    return Expr(Form.CALL, "", (Expr(Form.NAME, call.callee.text), *args), ("",) * len(args))


def _does(texts: Iterable[str]) -> Expr:
    """Return what a statement does: the first of the texts that it can become and that can be read says it."""
    touched = next((found for text in texts if (found := statements(text))), ())
    return Expr(Form.SQL, "", (), tuple([f"{operation} {table}" for operation, table in touched])) if touched else OTHER


def _id(facts: FileFacts, call: Call) -> str:
    return facts.texts.literals[call.args[0].value.ref].value


def _texts(facts: FileFacts, call: Call) -> list[str]:
    return [facts.texts.literals[arg.value.ref].value for arg in call.args if not arg.name]


def _written(facts: FileFacts, call: Call) -> str:
    return " ".join(_text(facts, arg.value) for arg in call.args if arg.name in ("", "value"))


def _text(facts: FileFacts, value: Value) -> str:
    """Return a text that is put together from constants of the class."""
    if value.kind in (Kind.STRING, Kind.TEMPLATE):
        return facts.texts.literals[value.ref].value
    if value.kind in (Kind.LIST, Kind.TUPLE):
        return " ".join(_text(facts, item) for item in value.items)
    if value.kind == Kind.OPERATION and value.text == "+":
        return "".join(_text(facts, item) for item in value.items)
    if value.kind == Kind.PATH:
        name = value.text.rpartition(".")[2]
        for cls in facts.outline.classes:
            for member in cls.members:
                if member.name == name and member.value is not None and member.value.kind == Kind.STRING:
                    return _text(facts, member.value)
    return "_p"


# -- in the project


def told_statements(path: str, facts: Declarations, language: str) -> dict[str, Entry]:
    """Return what a mapper tells of the interface that it names."""
    if language not in MAPPERS or not facts.package:
        return {}
    lines = [f"{name}\t{touched}" for name, value in facts.names.items() for touched in value.names or ("",)]
    return {mapped_key(language, facts.package): Entry(path, facts.package, "statements", "\n".join(lines))}


def mapped(linker: Linker, path: str) -> Iterator[tuple[int, int, str, str, str]]:
    """Yield (function, line, framework, operation, table) of methods whose statements stand in mappers."""
    language = linker.project[path].language
    for pack in () if language in MAPPERS else mappers_of(language):
        facts = linker.facts[path]
        for shape in facts.shapes:
            name = f"{facts.package}.{shape.qualified_name}" if facts.package else shape.qualified_name
            for entry in linker.all_registered(mapped_key(pack.mappers, name)) if shape.methods else ():
                lines = [line.partition("\t") for line in entry.between.splitlines()]
                for method, number, at in shape.methods:
                    for touched in [touched for named, _, touched in lines if named == method]:
                        operation, _, table = touched.partition(" ")
                        yield number, at, pack.name, operation or "raw_query", table or "unknown"


def is_of_method(linker: Linker, path: str, name: str) -> bool:
    """Whether a statement of a mapper belongs to a method of an interface, which has it then."""
    full = linker.facts[path].package
    entry = linker.registered(class_key(full))
    at = None if entry is None else linker.class_named(entry.file, entry.model)
    return at is not None and any(method == name for method, _, _ in linker.shape(at).methods)


MAPPERS: Final = frozenset({"mybatis"})  # languages of files that hold nothing but statements
