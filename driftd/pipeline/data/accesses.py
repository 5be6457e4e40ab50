"""What a call does to which table, by what its receiver is: a model, a query, an object, a session, a client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from driftd.pipeline.data.expressions import Expr, Form
from driftd.pipeline.data.linking import ClassAt, Declared, Symbol
from driftd.pipeline.data.packs import SESSION_METHODS, built_by, packs, packs_of
from driftd.pipeline.data.sql import statements

if TYPE_CHECKING:
    from collections.abc import Iterator

    from driftd.pipeline.data.models import Models
    from driftd.pipeline.data.packs import Pack, Receiver


class Access(NamedTuple):
    """One operation on one table; `framework` is None for a driver."""

    table: str
    operation: str
    framework: str | None
    confidence: float


class Thing(NamedTuple):
    """What an expression is to a framework: `tables` are those of the models in it."""

    role: Receiver
    pack: Pack
    tables: tuple[str, ...] = ()
    operation: str = ""  # of a statement or query: what it does when it runs
    confidence: float = 0.85
    model: ClassAt | Declared | None = None


class Accesses:
    """Evaluates the calls of a project."""

    def __init__(self, models: Models) -> None:
        self.models = models
        self.linker = models.linker
        self._path = ""
        self._busy: set[str] = set()
        self._names: dict[tuple[str, str], Thing | None] = {}
        self._symbols: dict[tuple[str, str], Thing | None] = {}

    def of(self, path: str, call: Expr) -> list[Access]:
        """Return what the outermost call of a chain does, the chain considered; empty if nothing is known of it."""
        self._path = path
        found = self._operation(path, call)
        return list(dict.fromkeys(found))

    def _operation(self, path: str, call: Expr) -> Iterator[Access]:
        callee = call.callee
        if callee.form is Form.MEMBER:
            method, receiver = callee.text, callee.items[0]
        elif callee.form is Form.NAME and "." in callee.text:
            head, _, method = callee.text.rpartition(".")
            receiver = Expr(Form.NAME, head)
        else:
            statement = self._statement(path, call)
            if statement is not None:
                yield from self._accesses(statement, statement.operation)
            return
        thing = self.thing(path, receiver) or self._by_argument(path, method, call)
        if thing is None:
            statement = self._statement(path, call)
            if statement is not None:
                yield from self._accesses(statement, statement.operation)
            return
        operation = thing.pack.operation(thing.role, method)
        if (
            thing.role in ("query", "statement")
            and thing.operation not in ("", "select", "join")
            and (operation is None or operation == "select")
        ):
            operation = thing.operation  # what was built does the work: `.update().where()`
        if operation is None:
            return
        if operation == "transaction":
            yield Access("", operation, thing.pack.name, thing.confidence)
        elif operation == "raw_query":
            yield from self._run(path, call, thing)
        elif thing.role == "session":
            for arg in call.positional[:1]:
                yield from self._of_arguments(path, arg, operation, thing)
        else:
            yield from self._accesses(thing, operation)

    def _accesses(self, thing: Thing, operation: str) -> Iterator[Access]:
        for table in thing.tables:
            yield Access(table, operation or "select", thing.pack.name, thing.confidence)

    def _of_arguments(self, path: str, arg: Expr, operation: str, session: Thing) -> Iterator[Access]:
        for one in arg.items if arg.form is Form.LIST else (arg,):
            thing = self.thing(path, one)
            if thing is not None and thing.tables:
                yield from (Access(t, operation, thing.pack.name, thing.confidence) for t in thing.tables)
            else:
                yield Access("unknown", operation, session.pack.name, 0.5)

    def _run(self, path: str, call: Expr, thing: Thing) -> Iterator[Access]:
        """Yield what executing the first argument does: a statement of the framework, or SQL."""
        args = call.positional
        if not args:
            return
        statement = self.thing(path, args[0])
        if statement is not None and statement.role in ("query", "statement", "class"):
            weaker = min(statement.confidence, thing.confidence)
            yield from self._accesses(statement._replace(confidence=weaker), statement.operation)
            return
        text = self._sql(path, args[0])
        framework = None if thing.pack.name == "drivers" else thing.pack.name
        if text is None:
            yield Access(thing.tables[0] if thing.tables else "unknown", "raw_query", framework, 0.5)
            return
        found = statements(text)
        if not found:
            yield Access("unknown", "raw_query", framework, 0.5)
        for operation, table in found:
            yield Access(table, operation, framework, 0.85)

    def _sql(self, path: str, arg: Expr) -> str | None:
        if arg.form is Form.TEXT:
            return arg.text
        if arg.form is Form.CALL and arg.positional:  # text("select …")
            return self._sql(path, arg.positional[0])
        if arg.form is Form.NAME:
            meaning = self.linker.name(path, arg.text)
            if isinstance(meaning, Declared) and not meaning.rest:
                value = self.linker.facts[meaning.file].names.get(meaning.name)
                if value is not None and value.form is Form.TEXT:
                    return value.text
        return None

    # -- what an expression is

    def thing(self, path: str, expr: Expr, depth: int = 0) -> Thing | None:
        """Return what an expression is to a framework, or None."""
        form = expr.form
        if depth > _DEPTH:
            return None
        if form is Form.NAME:
            return self._of_name(path, expr.text)
        if form is Form.MEMBER:
            return self._of_member(path, expr, depth)
        if form is Form.CALL:
            return self._of_call(path, expr, depth)
        if form in (Form.ELEMENT, Form.CONTEXT):
            inner = self.thing(path, expr.items[0], depth + 1)
            if inner is None:
                return None
            if form is Form.ELEMENT and inner.role == "query":
                return inner._replace(role="instance", operation="")
            return inner
        if form is Form.INSTANCE:
            return self._instance(path, expr.text)
        if form is Form.SELF and expr.text:
            at = self.linker.class_named(path, expr.text)
            return None if at is None else self._of_class(at, "class" if expr.names else "instance")
        return None

    def _of_name(self, path: str, dotted: str) -> Thing | None:
        key = (path, dotted)
        if key not in self._names:
            self._names[key] = self._by_name(path, dotted)
        return self._names[key]

    def _by_name(self, path: str, dotted: str) -> Thing | None:
        meaning = self.linker.name(path, dotted)
        if isinstance(meaning, ClassAt):
            return self._below_class(meaning)
        if isinstance(meaning, Symbol):
            return self._of_symbol(path, meaning.text)
        if isinstance(meaning, Declared):
            return self._of_declared(meaning)
        return None

    def _below_class(self, at: ClassAt) -> Thing | None:
        nested = self.linker.nested(at._replace(rest=()))
        found = None if nested is None else self._of_class(nested, "class")
        for part in at.rest:
            found = None if found is None else self._attribute(found, part)
        return found

    def _of_class(self, at: ClassAt, role: Receiver) -> Thing | None:
        pack = self.models.pack_of(at)
        if pack is None:
            symbol = self.linker.symbol_of(at)
            return None if symbol is None or role == "class" else self._of_symbol(at.file, f"{symbol}()")
        model = self.models.of_class(at)
        table = None if model is None else model.table
        return Thing(role, pack, (table or "unknown",), "", pack.confidence, at)

    def _of_declared(self, at: Declared) -> Thing | None:
        model = self.models.of_declared(at._replace(rest=()))
        if model is not None and model.table:
            pack = packs()[model.framework]
            return Thing("class", pack, (model.table,), "", pack.confidence, at)
        value = self.linker.declared(at)
        if value is None or value.form is not Form.CALL:
            return None
        if at.file + at.name in self._busy:
            return None
        self._busy.add(at.file + at.name)
        found = self.thing(at.file, value)
        self._busy.discard(at.file + at.name)
        for part in at.rest:
            found = None if found is None else self._attribute(found, part)
        return found

    def _of_symbol(self, path: str, symbol: str) -> Thing | None:
        language = self.linker.project[path].language
        key = (language, symbol)
        if "prisma" in symbol:
            return self._by_symbol(path, symbol, language)
        if key not in self._symbols:
            self._symbols[key] = self._by_symbol(path, symbol, language)
        return self._symbols[key]

    def _by_symbol(self, path: str, symbol: str, language: str) -> Thing | None:
        bare = symbol.removesuffix("()")
        for pack in packs_of(language):
            if bare in pack.models:
                role: Receiver = "class" if bare == symbol else "instance"
                return Thing(role, pack, (pack.models[bare],), "", pack.confidence)
            if pack.has("sessions", symbol) or pack.has("sessions", bare):
                return Thing("session", pack)
            if pack.has("clients", symbol) or pack.has("clients", bare):
                return Thing("client", pack)
        if "." in symbol.removesuffix("()"):
            head = symbol.removesuffix("()")
            head, _, last = head.rpartition(".")
            below = self._of_symbol(path, head)
            if below is not None and (below.role in ("session", "client") or bare == symbol):
                return self._attribute(below, last)
        return None

    def _of_member(self, path: str, expr: Expr, depth: int) -> Thing | None:
        inner = self.thing(path, expr.items[0], depth + 1)
        if inner is not None:
            return self._attribute(inner, expr.text)
        meaning = self.linker.value(path, expr)
        return self._of_symbol(path, meaning.text) if isinstance(meaning, Symbol) else None

    def _attribute(self, thing: Thing, name: str) -> Thing | None:
        """Return what an attribute of something is."""
        role, pack = thing.role, thing.pack
        if role == "class":
            if name in _QUERIES or self._is_manager(thing, name):
                return thing._replace(role="query")
            if pack.name != "django" and name in ("c", "columns", "__table__"):
                return thing
            return None
        if role == "instance":
            relation = self._relation(thing, name)
            if relation is not None:
                return relation
            if name == "__class__":
                return thing._replace(role="class")
            return None
        if pack.name == "prisma" and role == "session":
            return self._delegate(thing, name)
        if role == "client" and name == "manager" and pack.name == "typeorm":
            return thing._replace(role="session")
        if role in ("client", "session"):
            return thing if name in _SAME_CLIENT else None
        return thing if name in ("c", "columns") else None

    def _delegate(self, client: Thing, name: str) -> Thing | None:
        """Return what `prisma.user` is: queries on the model `User` of the nearest schema."""
        if name.startswith("$"):
            return None
        for schema in self.linker.schemas(self._path):
            for index, shape in enumerate(self.linker.facts[schema].shapes):
                if shape.name[:1].lower() + shape.name[1:] == name:
                    model = self.models.of_class(ClassAt(schema, index))
                    if model is not None and model.table:
                        return Thing("query", client.pack, (model.table,), "", client.pack.confidence)
        return None

    def _is_manager(self, thing: Thing, name: str) -> bool:
        """Whether an attribute of a model class gives queries: what it is assigned descends from a manager."""
        if not isinstance(thing.model, ClassAt):
            return False
        for one in self.linker.ancestors(thing.model):
            if isinstance(one, ClassAt):
                for attribute in self.linker.shape(one).attributes:
                    if attribute.name == name and attribute.value is not None:
                        value = attribute.value
                        if value.form is not Form.CALL:
                            return False
                        if value.callee.form is Form.MEMBER and value.callee.text in _MANAGER_MAKERS:
                            return True
                        if value.callee.form is Form.NAME and value.callee.text.endswith(".as_manager"):
                            return True
                        symbol = self.models.symbol(one.file, value.callee)
                        return symbol is not None and thing.pack.has("managers", symbol)
        return False

    def _relation(self, thing: Thing, name: str) -> Thing | None:
        """Return what a many-to-many attribute of an object gives: rows of the table between."""
        if not isinstance(thing.model, ClassAt):
            return None
        for one in self.linker.ancestors(thing.model):
            if isinstance(one, ClassAt):
                model = self.models.of_class(one)
                if model is not None and name in model.relations:
                    between = model.relations[name][1]
                    if not between and model.is_abstract and thing.tables:
                        between = f"{thing.tables[0]}_{name}"
                    return thing._replace(role="query", tables=(between,), model=None) if between else None
        return None

    def _of_call(self, path: str, call: Expr, depth: int) -> Thing | None:
        callee = call.callee
        statement = self._statement(path, call)
        if statement is not None:
            return statement
        if callee.form is Form.NAME:
            meaning = self.linker.name(path, callee.text)
            if isinstance(meaning, ClassAt) and not meaning.rest:
                return self._of_class(meaning, "instance")
            if isinstance(meaning, Declared) and not meaning.rest:
                made = self._of_declared(meaning)
                if made is not None and made.role == "class":
                    return made._replace(role="instance")
            if _named(call):
                built = self.thing(path, callee, depth + 1)
                if built is not None and built.pack.name == "knex" and built.role == "session":
                    return Thing("query", built.pack, _named(call))  # knex("users")
            if isinstance(meaning, Symbol):
                found = self._of_symbol(path, f"{meaning.text}()")
                if found is not None:
                    return found
            head, _, method = callee.text.rpartition(".")
            receiver = Expr(Form.NAME, head) if head else None
        elif callee.form is Form.MEMBER:
            method, receiver = callee.text, callee.items[0]
        else:
            return None
        thing = None if receiver is None else self.thing(path, receiver, depth + 1)
        if thing is None:
            thing = self._by_argument(path, method, call)
        if thing is None:
            meaning = self.linker.value(path, call)
            return self._of_symbol(path, meaning.text) if isinstance(meaning, Symbol) else None
        return self._after(path, thing, method, call)

    def _after(self, path: str, thing: Thing, method: str, call: Expr) -> Thing | None:
        """Return what calling a method gives: a chain goes on with the same tables."""
        pack, role = thing.pack, thing.role
        if role in ("session", "client"):
            if pack.name in ("drizzle", "knex") and method in _BUILDERS:
                if pack.name == "drizzle" or method in ("from", "into", "table"):
                    tables = self._tables(path, call.positional[:1]) if pack.name == "drizzle" else _named(call)
                else:
                    tables = ()
                return Thing("query", pack, tables, _BUILDERS[method] if pack.name == "drizzle" else "")
            if method in _REPOSITORY_MAKERS and call.positional:
                tables = self._tables(path, call.positional[:1])
                return Thing("query", pack, tables) if tables else None
            if method in ("query", "select_from", "table") and call.positional:
                tables = self._tables(path, call.positional)
                return Thing("query", pack, tables or ("unknown",), "select", thing.confidence)
            if pack.operation(role, method) == "raw_query" and call.positional:
                inner = self.thing(path, call.positional[0])
                return inner._replace(role="query") if inner is not None and inner.tables else None
            if pack.operation(role, method) == "select" and call.positional:
                inner = self.thing(path, call.positional[0])
                return inner._replace(role="instance") if inner is not None else None
            return thing if method in _SAME_CLIENT else None
        operation = pack.operation(role, method) or ""
        if role == "query" and method in ("from", "into") and pack.name in ("drizzle", "knex"):
            tables = self._tables(path, call.positional[:1]) if pack.name == "drizzle" else _named(call)
            return thing._replace(tables=(*thing.tables, *tables), operation=thing.operation or "select")
        if method in _ONE and "python" in pack.languages:
            return thing._replace(role="instance", operation="")
        if role == "class" and not operation and method not in _PASSING:
            return None
        if role == "instance":
            return None
        if method in _JOINS:
            joined = _named(call) if pack.name == "knex" else self._tables(path, call.positional[:1])
            tables = (*thing.tables, *joined)
            return thing._replace(
                role="query", tables=tuple(dict.fromkeys(tables)), operation=thing.operation or "select"
            )
        kept = thing.operation if thing.operation not in ("", "select") else operation
        if operation == "insert" and pack.name == "django":
            return thing._replace(role="instance", operation="")
        return thing._replace(role="query", operation=kept)

    def _by_argument(self, path: str, method: str, call: Expr) -> Thing | None:
        """Return the session that an unknown receiver must be, given a model or a statement of such a framework."""
        if method not in SESSION_METHODS or not call.positional:
            return None
        given = self.thing(path, call.positional[0])
        if given is None or not given.pack.sessions or "python" not in given.pack.languages:
            return None
        fits = given.role == "class" if method == "query" else given.role in ("statement", "query")
        return Thing("session", given.pack, (), "", _GUESSED) if fits else None

    def _statement(self, path: str, call: Expr) -> Thing | None:
        """Return the statement that a function such as `select(User)` builds."""
        callee = call.callee
        if callee.form is not Form.NAME:
            return None
        meaning = self.linker.name(path, callee.text)
        if not isinstance(meaning, Symbol):
            return None
        built = built_by(self.linker.project[path].language, meaning.text)
        if built is None:
            return None
        pack, operation = built
        if pack.name == "django":  # get_object_or_404 gives an object
            found = self.thing(path, call.positional[0]) if call.positional else None
            return None if found is None or not found.tables else found._replace(role="instance", operation=operation)
        tables = self._tables(path, call.positional)
        return Thing("statement", pack, tables, operation) if tables else None

    def _tables(self, path: str, args: tuple[Expr, ...]) -> tuple[str, ...]:
        found: list[str] = []
        for arg in args:
            if arg.form is Form.LIST:
                found.extend(self._tables(path, arg.items))
                continue
            thing = self.thing(path, arg)
            if thing is None and arg.form is Form.NAME and "." in arg.text:  # select(User.name)
                thing = self.thing(path, Expr(Form.NAME, arg.text.rpartition(".")[0]))
            if thing is not None:
                found.extend(thing.tables)
        return tuple(dict.fromkeys(found))

    def _instance(self, path: str, annotation: str) -> Thing | None:
        """Return what an object of an annotated type is; a union with None and a string count as the type."""
        name = annotation.strip().strip("\"'").replace(" ", "")
        for wrapper in _WRAPPERS:
            if name.startswith(f"{wrapper}["):
                name = name[len(wrapper) + 1 : -1].partition(",")[0]
        parts = [part for part in name.split("|") if part not in ("None", "null", "undefined")]
        if len(parts) != 1:
            return None
        name, _, inner = parts[0].replace("<", "[").replace(">", "]").partition("[")
        meaning = self.linker.name(path, name)
        if isinstance(meaning, ClassAt) and not meaning.rest:
            return self._of_class(meaning, "instance")
        if isinstance(meaning, Symbol):
            for pack in packs_of(self.linker.project[path].language):
                if inner and (pack.has("managers", meaning.text) or pack.has("repositories", meaning.text)):
                    model = self._instance(path, inner.removesuffix("]"))
                    return None if model is None else model._replace(role="query")
            return self._of_symbol(path, f"{meaning.text}()")
        return None


def _named(call: Expr) -> tuple[str, ...]:
    """Return the table that a first argument names: `"users as u"` is `users`."""
    first = next(iter(call.positional), None)
    return (first.text.split()[0],) if first is not None and first.form is Form.TEXT and first.text.strip() else ()


_DEPTH: Final = 14
_GUESSED: Final = 0.7
_BUILDERS: Final = {
    "select": "select", "selectDistinct": "select", "selectDistinctOn": "select", "insert": "insert", "update": "update",
    "delete": "delete", "from": "", "into": "", "table": "", "with": "", "distinct": "", "columns": "", "first": "",
}  # fmt: skip
_REPOSITORY_MAKERS: Final = frozenset({"getRepository", "getTreeRepository", "withRepository"})
_PASSING: Final = frozenset({"createQueryBuilder", "scope", "unscoped"})
_JOINS: Final = frozenset(
    {"join", "outerjoin", "join_from", "leftJoin", "innerJoin", "rightJoin", "fullJoin", "outerJoin"}
)
_QUERIES: Final = frozenset({"objects", "_default_manager", "_base_manager", "query"})
_MANAGER_MAKERS: Final = frozenset({"as_manager"})
_SAME_CLIENT: Final = frozenset(
    {"cursor", "connect", "connection", "begin", "session", "engine", "begin_nested", "acquire", "bind"}
)
_ONE: Final = frozenset(
    {
        "get", "first", "last", "earliest", "latest", "one", "one_or_none", "create", "aget", "afirst", "acreate",
        "get_or_none", "first_or_404", "get_or_404", "get_by_id", "scalar_one", "scalar_one_or_none",
    }
)  # fmt: skip
_WRAPPERS: Final = ("Optional", "typing.Optional", "Annotated", "typing.Annotated")
