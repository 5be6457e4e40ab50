"""What a call does to which table, by what its receiver is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from driftd.pipeline.data.expressions import Expr, Form
from driftd.pipeline.data.linking import Declared
from driftd.pipeline.data.mappers import MAPPERS, is_of_method, mapped
from driftd.pipeline.data.things import Things

if TYPE_CHECKING:
    from collections.abc import Iterator

    from driftd.pipeline.data.models import Models
    from driftd.pipeline.data.shapes import Touch
    from driftd.pipeline.data.thing import Thing


class Access(NamedTuple):
    """One operation on one table; `framework` is None for a driver."""

    table: str
    operation: str
    framework: str | None
    confidence: float


class Accesses:
    """Evaluates the calls of one file."""

    def __init__(self, models: Models, path: str) -> None:
        self._linker = models.linker
        self._path = path
        self._language = models.linker.project[path].language
        self._things = Things(models, path)

    def of(self, touch: Touch) -> list[Access]:
        """Return what the outermost call of a chain that is known to do something does, the chain considered."""
        call, left = touch.call, touch.below
        if self._language in MAPPERS and is_of_method(self._linker, self._path, call.positional[-1].text):
            return []
        while not (found := list(dict.fromkeys(self._of(call)))) and left:
            left -= 1
            below = call.callee
            while below.form in _BETWEEN:
                below = below.items[0]
            if below.form is not Form.CALL:
                break
            call = below
        return found

    def mapped(self) -> Iterator[tuple[int, int, Access]]:
        """Yield (function, line, access) of the methods whose statements stand in files of their own."""
        for function, line, framework, operation, table in mapped(self._linker, self._path):
            confidence = _PARSED if table != "unknown" else _UNSURE
            yield function, line, Access(table, operation, framework, confidence)

    def _of(self, call: Expr) -> Iterator[Access]:
        callee = call.callee
        receiver, method = None, ""
        if callee.form is Form.MEMBER:
            method, receiver = callee.text, callee.items[0]
        elif callee.form is Form.NAME and "." in callee.text:
            head, _, method = callee.text.rpartition(".")
            receiver = Expr(Form.NAME, head)
        thing = None
        if receiver is not None:
            thing = self._things.of(self._path, receiver)
            if thing is None:
                thing = self._things.by_argument(self._path, method, receiver, call)
        if thing is None:
            statement = self._things.statement(self._path, call)
            if statement is not None and statement.operation == "raw_query" and not statement.pack.sessions:
                yield from self._run(call, statement)  # where no session runs it, the statement runs itself
            elif statement is not None:
                yield from self._on(statement, statement.operation)
        else:
            yield from self._method(call, thing, method)

    def _method(self, call: Expr, thing: Thing, method: str) -> Iterator[Access]:
        operation = thing.pack.operation(thing.role, method)
        if operation is not None and thing.role == "relation":
            yield Access(thing.between or "unknown", operation, thing.pack.name, thing.confidence)
            return
        if operation is None and thing.role in ("relation", "reverse"):
            operation = thing.pack.operation("query", method)
        if (
            thing.role in ("query", "statement", "result")
            and thing.operation not in ("", "select", "join")
            and (operation is None or operation == "select")
        ):
            operation = thing.operation  # what was built does the work: `.update().where()`
        if operation is None:
            return
        if operation == "transaction":
            yield Access("", operation, thing.pack.name, thing.confidence)
        elif operation == "raw_query":
            yield from self._run(call, thing)
        elif thing.role == "session" and thing.tables:
            yield from self._on(thing, operation)
        elif thing.role == "session":
            for arg in call.positional[:1]:
                yield from self._of_arguments(arg, operation, thing)
        else:
            yield from self._on(thing, operation)

    def _on(self, thing: Thing, operation: str) -> Iterator[Access]:
        for table in thing.tables:
            confidence = thing.confidence if table != "unknown" else min(thing.confidence, _UNSURE)
            yield Access(table, operation or "select", thing.pack.name, confidence)

    def _of_arguments(self, arg: Expr, operation: str, session: Thing) -> Iterator[Access]:
        for one in arg.items if arg.form is Form.LIST else (arg,):
            thing = self._things.of(self._path, one)
            if thing is not None and thing.tables:
                yield from self._on(thing._replace(confidence=min(thing.confidence, session.confidence)), operation)
            else:
                yield Access("unknown", operation, session.pack.name, _UNSURE)

    def _run(self, call: Expr, thing: Thing) -> Iterator[Access]:
        """Yield what executing the first argument does: a statement of the framework, or SQL."""
        args = call.positional
        if not args:
            return
        sql = next((found for arg in args[:3] if (found := self._sql(arg)) is not None), None)
        statement = self._things.of(self._path, args[0]) if sql is None else None
        if statement is not None and statement.role in ("query", "statement", "class"):
            weaker = min(statement.confidence, thing.confidence)
            yield from self._on(
                statement._replace(confidence=weaker, tables=statement.tables or ("unknown",)), statement.operation
            )
            return
        package = thing.pack.package
        is_driver = thing.pack.is_driver or (package and not self._sees(package))
        framework = None if is_driver else thing.pack.name
        if sql is None:
            yield Access(thing.tables[0] if thing.tables else "unknown", "raw_query", framework, _UNSURE)
        for touched in () if sql is None else sql.names:
            operation, _, table = touched.partition(" ")
            yield Access(table, operation, framework, _PARSED if table != "unknown" else _UNSURE)

    def _sees(self, package: str) -> bool:
        """Whether the file takes everything from a package."""
        return package in self._linker.facts[self._path].stars or package in self._linker.usings(self._path)

    def _sql(self, arg: Expr) -> Expr | None:
        """Return the SQL that an argument is: also within `text("select …")` and `"select …".format(…)`."""
        if arg.form is Form.SQL:
            return arg
        if arg.form is Form.CALL and arg.callee.form is Form.MEMBER and arg.callee.text == "format":
            return self._sql(arg.callee.items[0])
        if arg.form is Form.CALL and arg.positional:
            return self._sql(arg.positional[0])
        if arg.form is Form.NAME:
            meaning = self._linker.name(self._path, arg.text)
            value = self._linker.declared(meaning) if isinstance(meaning, Declared) and not meaning.rest else None
            return value if value is not None and value.form is Form.SQL else None
        return None


_BETWEEN: Final = frozenset({Form.MEMBER, Form.ELEMENT, Form.CONTEXT})
_UNSURE: Final = 0.5
_PARSED: Final = 0.85
