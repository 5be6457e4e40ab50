"""What one file says about data: classes that may be models, what its names mean, and calls that may touch a database.

Worked out where the file is parsed.  Nothing is decided here: what a name means depends on other files, so expressions
are kept in a small form (`Expr`) that `linking` evaluates.  Local variables are already replaced by what is assigned to
them, so an expression speaks only of names of the module, of parameters with a type, and of `self`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from driftd.pipeline.data.expressions import Expr, Form, Reduction
from driftd.pipeline.facts.model import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from driftd.pipeline.facts.model import Class, Decorator, FileFacts


class Mark(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A decorator and its arguments."""

    name: str
    call: Expr | None


class Attribute(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An attribute of a class."""

    name: str
    annotation: str
    value: Expr | None
    marks: tuple[Mark, ...] = ()
    is_static: bool = False


class Shape(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A class.  `around` is the index of the class that it stands in, or -1; `line` is its own."""

    name: str
    qualified_name: str
    line: int
    around: int
    bases: tuple[Expr, ...]
    attributes: tuple[Attribute, ...]
    marks: tuple[Mark, ...]
    kind: str = "class"


class Imported(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What an import binds: `name` of `module`; "" is the module itself, "*" its namespace."""

    module: str
    name: str
    alias: str


class Touch(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A call that may read or write data: `function` is the index of the function it stands in."""

    function: int
    line: int
    call: Expr


class DataFacts(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a file says about data; `names` are values of the module's names, `exports` outside names by inside ones."""

    shapes: tuple[Shape, ...] = ()
    imports: tuple[Imported, ...] = ()
    names: dict[str, Expr] = {}
    exports: dict[str, Expr] = {}
    stars: tuple[str, ...] = ()
    statements: tuple[Expr, ...] = ()  # calls at the top level that declare: `User.init(…)`
    touches: tuple[Touch, ...] = ()

    def declarations(self) -> tuple[object, ...]:
        """Return what other files can depend on: all but the calls in functions."""
        return (self.shapes, self.imports, self.names, self.exports, self.stars, self.statements)


def data_facts_of(facts: FileFacts) -> DataFacts:
    """Return what the file says about data."""
    reduction = Reduction(facts)
    names: dict[str, Expr] = {}
    for assign in facts.bodies.assigns:
        if (
            assign.scope == 0
            and assign.value is not None
            and assign.kind in _BINDING
            and assign.target.kind == Kind.PATH
            and assign.value.kind in _TELLING
        ):
            names.setdefault(assign.target.text, reduction.of(assign.value))
    return DataFacts(
        shapes=tuple([_shape(cls, reduction) for cls in facts.outline.classes]),
        imports=tuple([Imported(i.module, i.name, i.alias) for i in facts.outline.imports if i.alias and i.module]),
        names=names,
        exports=dict(_exports(facts, reduction)) if facts.language != "python" else {},
        stars=tuple(
            [i.module for i in facts.outline.imports if i.name == "*" and not i.alias]
            + [e.source for e in facts.outline.exports if e.name == "*" and e.source]
        ),
        statements=tuple(
            [
                reduction.call(index)
                for index, call in enumerate(facts.bodies.calls)
                if call.scope == 0 and call.callee.text.rpartition(".")[2] in _DECLARING
            ]
        ),
        touches=tuple([Touch(*touch) for touch in reduction.touches()]),
    )


def _exports(facts: FileFacts, reduction: Reduction) -> Iterator[tuple[str, Expr]]:
    for export in facts.outline.exports:
        if export.source:
            if export.name != "*":
                yield export.name, Expr(Form.IMPORT, export.source, (), (export.local or "*",))
        elif export.local:
            yield export.name, Expr(Form.NAME, export.local)
        elif export.value is not None:
            yield export.name, reduction.of(export.value)


def _shape(cls: Class, reduction: Reduction) -> Shape:
    return Shape(
        name=cls.name,
        qualified_name=cls.qualified_name,
        line=cls.line,
        around=~cls.scope if cls.scope < 0 else -1,
        bases=tuple([reduction.of(base.value) for base in cls.bases if base.relation != "metaclass"]),
        attributes=tuple(
            [
                Attribute(
                    member.name,
                    member.annotation or "",
                    None if member.value is None else reduction.of(member.value),
                    tuple([_mark(d, reduction) for d in member.decorators]),
                    member.is_static,
                )
                for member in cls.members
            ]
            + reduction.computed(cls)
        ),
        marks=tuple([_mark(d, reduction) for d in cls.decorators]),
        kind=cls.kind,
    )


def _mark(decorator: Decorator, reduction: Reduction) -> Mark:
    return Mark(decorator.name, None if decorator.call < 0 else reduction.call(decorator.call))


_BINDING: Final = frozenset({"assign", "declare"})
_TELLING: Final = frozenset(
    {Kind.CALL, Kind.PATH, Kind.MEMBER, Kind.CLASS, Kind.AWAIT, Kind.CAST, Kind.STRING, Kind.OPERATION}
)
_DECLARING: Final = frozenset({"init"})
