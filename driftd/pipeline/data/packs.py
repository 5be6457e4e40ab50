"""Framework packs: what a framework calls its model bases, fields and operations, as data beside the code.

A symbol is written as imported: `django.db.models.Model`; `()` stands for the result of a call
(`sqlalchemy.orm.declarative_base()`), and a `*` for anything.
"""

import pkgutil
import re
from collections.abc import Iterable, Sequence
from fnmatch import translate
from functools import cache
from typing import Final, Literal

import msgspec

from driftd.pipeline.parsed import toml

PACKS: Final = ("django", "sqlalchemy", "sqlmodel", "peewee", "tortoise", "pony", "prisma", "typeorm", "sequelize",
         "mongoose", "drizzle", "knex", "jpa", "springdata", "springjdbc", "mybatis", "gorm", "ent", "gosql", "activerecord", "eloquent", "efcore", "dapper", "doctrine", "exposed", "diesel", "seaorm", "sqlx", "drivers")  # fmt: skip

# A model or a statement handed to one of these says that the receiver is a session, whatever it is called.
SESSION_METHODS: Final = frozenset({"query", "execute", "scalars", "scalar", "exec"})

Receiver = Literal[
    "class", "query", "instance", "session", "client", "statement", "result", "relation", "reverse", "form"
]


class Example(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Files and what is to be found in them: the specification of a pack, run as a test.

    models: `file: Model table` with `-` for no table; fields: `Model.field`; accesses: `function operation table`
    """

    files: dict[str, str]
    models: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    accesses: tuple[str, ...] = ()


class Pack(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One framework.

    bases: symbols of which a subclass is a model
    models: models of packages that projects use or build on, and their tables
    fields: symbols whose call, as the value of a class attribute, is a column; `annotations` those that, as a type, are
    loose_fields: last words that make a field out of a class of a package outside of the workspace
    not_fields, relations: symbols that look like fields but are no column of the table
    to_one, to_many, generic_relations: fields whose first argument is another model
    settable_models: symbols that stand for the model that a setting names: the setting and its default
    model_forms: bases of classes that write the model that their `Meta` names
    model_marks: decorators of models; field_marks: of columns; relation_marks, not_field_marks: of what is none
    table_marks, inheritance_marks: decorators that say a model's table, and in whose table it is
    tags: keys of struct tags that only models have
    tables: functions whose call declares a table: name first, then columns
    mappings: functions whose call makes a class, its first argument, a model; declaring: methods of a model that do
    implied_fields: columns that the framework adds to the first class with a table below a base
    managers: symbols of classes that give queries; query_calls: calls that do, model as first argument
    sessions, clients: symbols of objects through which queries run; session_words: words in the names of sessions
    body_calls: calls in the body of a class that say something of the model, and what: a relation or a field
    sets: types of a context's properties whose type argument is a model
    gives_one: methods of models and queries that give one object
    package: what a file imports where the framework, not its driver, runs the SQL
    derived: what methods of repositories do whose names begin so
    gives_all: methods that give what a query found: what is done with that is no access any more
    factory_methods: methods that make an object of their receiver's type argument
    statement_marks: annotations of methods that hold their statement, and what a file of `mappers` calls its statements
    mappers: language of files that hold statements of methods of interfaces
    columns_made: columns that methods of a table's builder make without being given their names; `*` is what they are given
    untelling: types of results that say less than what is returned
    table_calls: methods that give the entity of a builder its table; builders: their types; entity_calls: what makes one
    repository_options: arguments of marks of models that name the class of their repository
    makes_query: methods of sessions that give a query of nothing yet; session_of: methods of repositories that give a session
    table_makers: calls with a block that make a table, in files that import or name one of `schemas`
    no_columns: methods of the block that make no column; macros: macros that declare tables
    entity_names: what an entity is called in the module that is named after it; table_names: what a table is
    table_options: arguments of marks that name the table
    is_driver: whether it runs SQL for others, no framework itself
    generates: whether a package is generated from the models, through which one gets at them
    telling: methods of models whose result says what the model is
    gives_session: methods of sessions and clients that give one as well
    operations: receiver -> operation -> methods
    """

    name: str
    languages: tuple[str, ...]
    confidence: float
    rule: str
    bases: tuple[str, ...] = ()
    models: dict[str, str] = {}
    fields: tuple[str, ...] = ()
    annotations: tuple[str, ...] = ()
    loose_fields: tuple[str, ...] = ()
    not_fields: tuple[str, ...] = ()
    relations: tuple[str, ...] = ()
    to_one: tuple[str, ...] = ()
    to_many: tuple[str, ...] = ()
    generic_relations: tuple[str, ...] = ()
    settable_models: dict[str, tuple[str, str]] = {}
    model_forms: tuple[str, ...] = ()
    model_marks: tuple[str, ...] = ()
    field_marks: tuple[str, ...] = ()
    relation_marks: tuple[str, ...] = ()
    not_field_marks: tuple[str, ...] = ()
    table_marks: tuple[str, ...] = ()
    inheritance_marks: tuple[str, ...] = ()
    tags: frozenset[str] = frozenset()
    tables: tuple[str, ...] = ()
    mappings: tuple[str, ...] = ()
    declaring: tuple[str, ...] = ()
    implied_fields: dict[str, tuple[str, ...]] = {}
    managers: tuple[str, ...] = ()
    query_calls: dict[str, str] = {}
    sessions: tuple[str, ...] = ()
    session_words: frozenset[str] = frozenset()
    clients: tuple[str, ...] = ()
    repositories: tuple[str, ...] = ()
    inherits_fields: bool = True
    body_calls: dict[str, str] = {}
    sets: tuple[str, ...] = ()
    gives_one: frozenset[str] = frozenset()
    package: str = ""
    derived: dict[str, str] = {}
    gives_all: frozenset[str] = frozenset()
    factory_methods: frozenset[str] = frozenset()
    statement_marks: tuple[str, ...] = ()
    mappers: str = ""
    columns_made: dict[str, tuple[str, ...]] = {}
    untelling: frozenset[str] = frozenset()
    table_calls: tuple[str, ...] = ()
    builders: tuple[str, ...] = ()
    entity_calls: tuple[str, ...] = ()
    repository_options: tuple[str, ...] = ()
    makes_query: frozenset[str] = frozenset()
    session_of: frozenset[str] = frozenset()
    table_makers: frozenset[str] = frozenset()
    schemas: frozenset[str] = frozenset()
    no_columns: frozenset[str] = frozenset()
    macros: frozenset[str] = frozenset()
    entity_names: frozenset[str] = frozenset()
    table_names: frozenset[str] = frozenset()
    table_options: tuple[str, ...] = ()
    is_driver: bool = False
    generates: bool = False
    telling: frozenset[str] = frozenset()
    gives_session: frozenset[str] = frozenset()
    operations: dict[Receiver, dict[str, tuple[str, ...]]] = {}
    examples: tuple[Example, ...] = ()

    def operation(self, receiver: Receiver, method: str) -> str | None:
        """Return what a method does, or None."""
        found = _operations(self.name).get((receiver, method))
        if found is None and self.derived and receiver == "query":
            return next((known for prefix, known in self.derived.items() if method.startswith(prefix)), None)
        return found

    def has(self, kind: str, symbol: str) -> bool:
        """Whether a symbol belongs to one of the lists of symbols."""
        matcher = _MATCHERS.get((self.name, kind))
        if matcher is None:
            matcher = _MATCHERS[self.name, kind] = _Matcher(getattr(self, kind))
        return matcher[symbol]


class _Matcher(dict[str, bool]):
    """Whether symbols are in a list, remembered."""

    def __init__(self, symbols: Iterable[str]) -> None:
        super().__init__((symbol, True) for symbol in symbols if "*" not in symbol)
        patterns = [translate(symbol) for symbol in symbols if "*" in symbol]
        self._patterns = re.compile("|".join(patterns)) if patterns else None

    def __missing__(self, symbol: str) -> bool:
        found = self[symbol] = self._patterns is not None and self._patterns.match(symbol) is not None
        return found


_MATCHERS: Final[dict[tuple[str, str], _Matcher]] = {}


@cache
def packs() -> dict[str, Pack]:
    """Return all packs by name; raises ValueError naming the pack that is not sound."""
    found = {}
    for name in PACKS:
        data = pkgutil.get_data("driftd.pipeline.packs", f"{name}.toml")
        if data is None:
            raise ValueError(f"the framework pack {name}.toml is missing: install driftd again")
        try:
            pack = msgspec.convert(toml(data.decode()), Pack)
        except (ValueError, msgspec.ValidationError) as error:
            raise ValueError(f"the framework pack {name}.toml is not sound: {error}") from error
        found[pack.name] = pack
    return found


@cache
def packs_of(language: str) -> tuple[Pack, ...]:
    """Return the packs of a language."""
    return tuple([pack for pack in packs().values() if language in pack.languages])


@cache
def watched_methods(language: str) -> frozenset[str]:
    """Return the names of all methods that do something in some framework of the language."""
    methods = {
        method
        for pack in packs_of(language)
        for by_operation in pack.operations.values()
        for methods in by_operation.values()
        for method in methods
    }
    functions = {known.rpartition(".")[2] for pack in packs_of(language) for known in pack.query_calls}
    return frozenset(methods | functions)


@cache
def watched_beginnings(language: str) -> tuple[str, ...]:
    """Return what names of methods of repositories begin with."""
    return tuple([prefix for pack in packs_of(language) for prefix in pack.derived])


@cache
def named_sessions(language: str) -> dict[str, frozenset[str]]:
    """Return the methods of sessions that are told by their name, and the words that tell them."""
    found: dict[str, frozenset[str]] = {}
    for pack in packs_of(language):
        for methods in pack.operations.get("session", {}).values() if pack.session_words else ():
            found.update((method, found.get(method, frozenset()) | pack.session_words) for method in methods)
    return found


@cache
def body_calls(language: str) -> frozenset[str]:
    """Return the names of calls in the bodies of classes that say something of a model."""
    return frozenset(name for pack in packs_of(language) for name in pack.body_calls)


@cache
def factory_methods(language: str) -> frozenset[str]:
    """Return the names of methods that make an object of their receiver's type argument."""
    return frozenset(name for pack in packs_of(language) for name in pack.factory_methods)


@cache
def statement_marks(language: str) -> frozenset[str]:
    """Return the last names of annotations that hold the statement of a method."""
    return frozenset(symbol.rpartition(".")[2] for pack in packs_of(language) for symbol in pack.statement_marks)


@cache
def entity_names(language: str) -> frozenset[str]:
    """Return what entities are called in modules that are named after them."""
    return frozenset(name for pack in packs_of(language) for name in pack.entity_names)


@cache
def table_names(language: str) -> frozenset[str]:
    """Return what tables are called in modules that are named after them."""
    return frozenset(name for pack in packs_of(language) for name in pack.table_names)


@cache
def untelling_types(language: str) -> frozenset[str]:
    """Return the names of types of results that say less than what is returned."""
    return frozenset(name for pack in packs_of(language) for name in pack.untelling)


@cache
def telling_methods(language: str) -> frozenset[str]:
    """Return the names of methods whose result says what a model is."""
    return frozenset(name for pack in packs_of(language) for name in pack.telling)


@cache
def mappers_of(language: str) -> tuple[Pack, ...]:
    """Return the packs of a language in which statements of methods may stand in files of their own."""
    return tuple([pack for pack in packs_of(language) if pack.mappers])


@cache
def settings_read() -> frozenset[str]:
    """Return the names of settings that choose a model."""
    return frozenset(setting for pack in packs().values() for setting, _ in pack.settable_models.values())


@cache
def declaring_methods(language: str) -> frozenset[str]:
    """Return the last names of calls that declare a model when they stand at the top level."""
    return frozenset(
        symbol.rpartition(".")[2] for pack in packs_of(language) for symbol in (*pack.mappings, *pack.declaring)
    )


@cache
def is_known(symbol: str) -> bool:
    """Whether any pack speaks of the symbol."""
    return _all_known()[symbol]


@cache
def _all_known() -> _Matcher:
    return _Matcher(tuple(symbol for name in packs() for symbol in _symbols(name)))


@cache
def packages_known(language: str) -> frozenset[str]:
    """Return the packages of which some pack of the language knows a symbol."""
    return frozenset(package_of(symbol) for pack in packs_of(language) for symbol in _symbols(pack.name))


@cache
def package_of(symbol: str) -> str:
    """Return the package of a symbol or of a module: `@prisma/client` of `@prisma/client.PrismaClient`."""
    scope, slash, rest = symbol.partition("/") if symbol.startswith("@") else ("", "", symbol)
    return scope + slash + rest.partition("/")[0].partition(".")[0]


@cache
def table_of(symbol: str) -> str | None:
    """Return the table of a model of a package, or None."""
    return next((pack.models[symbol] for pack in packs().values() if symbol in pack.models), None)


@cache
def declares_table(symbol: str) -> bool:
    """Whether calling the symbol declares a table in some framework."""
    return any(pack.has("tables", symbol) for pack in packs().values())


@cache
def built_by(language: str, symbol: str) -> tuple[Pack, str] | None:
    """Return the framework of whose statements or queries a function is one that builds them, and what those do."""
    for pack in packs_of(language):
        for known, operation in pack.query_calls.items():
            if _Matcher((known,))[symbol]:
                return pack, operation
        if pack.has("statement_marks", symbol):
            return pack, "raw_query"
    return None


@cache
def _symbols(name: str) -> tuple[str, ...]:
    pack = packs()[name]
    lists: Sequence[tuple[str, ...]] = (
        pack.bases, tuple(pack.models), pack.fields, pack.annotations, pack.not_fields, pack.relations, pack.to_one, pack.to_many,
        pack.generic_relations, tuple(pack.settable_models), pack.model_forms, pack.model_marks,
        pack.field_marks, pack.relation_marks, pack.not_field_marks, pack.table_marks,
        pack.inheritance_marks, pack.tables, pack.mappings, pack.managers, pack.sessions,
        tuple(pack.implied_fields), pack.clients, pack.repositories, pack.sets, tuple(pack.query_calls),
        pack.statement_marks,
    )  # fmt: skip
    return tuple([symbol for symbols in lists for symbol in symbols])


@cache
def _operations(name: str) -> dict[tuple[str, str], str]:
    return {
        (receiver, method): operation
        for receiver, by_operation in packs()[name].operations.items()
        for operation, methods in by_operation.items()
        for method in methods
    }
