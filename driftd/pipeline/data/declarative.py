"""Tables and columns of Python models that are declared as classes or as `Table(…)`: all frameworks but Django."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from driftd.pipeline.data.expressions import Form
from driftd.pipeline.data.linking import ClassAt, Symbol
from driftd.pipeline.data.model import Field, Model

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from driftd.pipeline.data.expressions import Expr
    from driftd.pipeline.data.models import Models
    from driftd.pipeline.data.packs import Pack
    from driftd.pipeline.data.shapes import Attribute


def sqlalchemy(models: Models, at: ClassAt, pack: Pack) -> Model | None:
    """Follow `sqlalchemy.orm.decl_base`; a class without table whose parent has one shares that (single table)."""
    mapping = models.mappings(at.file).get(models.linker.shape(at).qualified_name)
    if mapping is not None:
        return _mapped(models, at, mapping, pack)
    table = _sqlalchemy_table(models, at, pack)
    is_abstract = _says(models, at, "__abstract__")
    fields = list(_columns(models, at, pack))
    if table is None and not fields:
        return None
    return _model(models, at, pack, None if is_abstract else table, fields, is_abstract=is_abstract or table is None)


def _mapped(models: Models, at: ClassAt, mapping: Expr, pack: Pack) -> Model | None:
    """Return the model that `map_imperatively(User, users)` makes: the class's name, the table's columns."""
    table = models.table_of(at.file, mapping.positional[1]) if len(mapping.positional) > 1 else None
    if table is None:
        return None
    return _model(models, at, pack, table.table, list(table.fields))


def _sqlalchemy_table(models: Models, at: ClassAt, pack: Pack) -> str | None:
    return models.linker.once(("table", at), lambda: _find_sqlalchemy_table(models, at, pack), None)


def _find_sqlalchemy_table(models: Models, at: ClassAt, pack: Pack) -> str | None:
    linker = models.linker
    name = linker.shape(at).name
    if _says(models, at, "__abstract__"):
        return None
    flask = False
    for one in linker.ancestors(at):
        if isinstance(one, Symbol):
            flask = flask or one.text.startswith("flask_sqlalchemy.")
            continue
        for attribute in linker.shape(one).attributes:
            if attribute.name == "__tablename__" and attribute.value is not None:
                return named_after(attribute.value, name)
            if attribute.name == "__table__" and attribute.value is not None:
                return _first_text(attribute.value)
        if one != at and _is_flask_table(models, one, pack):
            return _sqlalchemy_table(models, one, pack)
    if flask and _has_key(models, at, pack):
        return snake(name)
    return None


def _is_flask_table(models: Models, at: ClassAt, pack: Pack) -> bool:
    if models.pack_of(at) is not pack or _says(models, at, "__abstract__"):
        return False
    return _has_key(models, at, pack)


def _has_key(models: Models, at: ClassAt, pack: Pack) -> bool:
    return any(
        attribute.value is not None and (key := attribute.value.named("primary_key")) is not None and key.text == "true"
        for one in _parts(models, at, pack)
        for attribute in models.linker.shape(one).attributes
        if attribute.value is not None and attribute.value.form is Form.CALL
    )


def sqlmodel(models: Models, at: ClassAt, pack: Pack) -> Model | None:
    """Follow `sqlmodel.main`: a table has a primary key; without one the class is a schema that models share."""
    fields = list(_columns(models, at, pack))
    if not fields:
        return None
    explicit = next(
        (
            named_after(attribute.value, models.linker.shape(at).name)
            for one in models.linker.ancestors(at)
            if isinstance(one, ClassAt)
            for attribute in models.linker.shape(one).attributes
            if attribute.name == "__tablename__" and attribute.value is not None
        ),
        None,
    )
    is_table = _has_key(models, at, pack)
    table = (explicit or models.linker.shape(at).name.lower()) if is_table else None
    return _model(models, at, pack, table, fields, is_abstract=not is_table)


def peewee(models: Models, at: ClassAt, pack: Pack) -> Model | None:
    """Follow `peewee.Metadata`: `table_name`, else the class name in lower case; without a column it is a base."""
    fields = list(_columns(models, at, pack))
    explicit = _option(models, at, "table_name", "db_table")
    if not fields and not explicit:
        return None
    name = models.linker.shape(at).name
    legacy = next(
        (
            value
            for one in models.linker.ancestors(at)
            if isinstance(one, ClassAt) and (value := _option(models, one, "legacy_table_names")) is not None
        ),
        "true",
    )
    return _model(models, at, pack, explicit or (name.lower() if legacy == "true" else snake(name)), fields)


def tortoise(models: Models, at: ClassAt, pack: Pack) -> Model | None:
    """Follow `tortoise.models.ModelMeta`: `Meta.table`, else the class name in lower case."""
    is_abstract = _option(models, at, "abstract") == "true"
    fields = list(_columns(models, at, pack))
    table = None if is_abstract else _option(models, at, "table") or models.linker.shape(at).name.lower()
    return _model(models, at, pack, table, fields, is_abstract=is_abstract)


def pony(models: Models, at: ClassAt, pack: Pack) -> Model | None:
    """Follow `pony.orm.core.EntityMeta`: `_table_`, else the class name; sub-entities share the root's table."""
    linker = models.linker
    fields = [
        field
        for attribute in linker.shape(at).attributes
        if (field := models.column(at.file, attribute, pack)) is not None
    ]
    root = [one for one in linker.ancestors(at) if isinstance(one, ClassAt)][-1]
    explicit = _text_of(models, root, "_table_")
    return _model(models, at, pack, explicit or linker.shape(root).name, fields)


def table_call(models: Models, name: str, call: Expr, pack: Pack, path: str) -> Model | None:
    """Return the table that a call such as `Table("users", metadata, Column("id", Integer))` declares."""
    table = _first_text(call)
    if table is None:
        return None
    fields = []
    for item in call.positional[1:]:
        if item.form is Form.CALL and models.symbol(path, item.callee, called=False) in _COLUMNS:
            key = item.named("key")
            column = key.text if key is not None and key.form is Form.TEXT else _first_text(item)
            if column:
                fields.append(Field(column, _type_text(item.positional[1:])))
    return Model(pack.name, name, table, tuple(fields), pack.confidence)


def declarative_column(models: Models, path: str, attribute: Attribute, pack: Pack) -> Field | None:
    """Return the column of an attribute that is one by its annotation alone: `name: Mapped[str]`, SQLModel's `x: int`."""
    annotation = attribute.annotation
    if not annotation or attribute.name.startswith("__") or (attribute.value is not None and _is_call(attribute.value)):
        return None
    if pack.rule == "sqlmodel":
        head = annotation.partition("[")[0].rpartition(".")[2]
        return None if head == "ClassVar" or attribute.name == "model_config" else Field(attribute.name, annotation)
    meaning = models.linker.name(path, annotation.partition("[")[0].strip())
    if isinstance(meaning, Symbol) and pack.has("annotations", meaning.text):
        return Field(attribute.name, annotation.partition("[")[2].removesuffix("]"))
    return None


def snake(name: str) -> str:
    """Return a class name as Flask-SQLAlchemy's `camel_to_snake_case` writes it: `HTTPRequest` is `http_request`."""
    return _CAMEL.sub(r"_\1", name).lower().lstrip("_")


def named_after(value: Expr, name: str) -> str | None:
    """Return the text of an expression in which `cls.__name__` is `name`; None where it is not plain."""
    if value.form is Form.TEXT:
        return None if "{}" in value.text else value.text
    if value.form is Form.MEMBER and value.text == "__name__" and value.items[0].form is Form.SELF:
        return name
    if value.form is Form.CALL and value.callee.form is Form.MEMBER and value.callee.text == "lower":
        of = named_after(value.callee.items[0], name)
        return None if of is None else of.lower()
    return None


def _model(
    models: Models, at: ClassAt, pack: Pack, table: str | None, fields: list[Field], *, is_abstract: bool = False
) -> Model:
    shape = models.linker.shape(at)
    return Model(pack.name, shape.qualified_name, table, tuple(fields), pack.confidence, shape.line, is_abstract)


def _columns(models: Models, at: ClassAt, pack: Pack) -> Iterator[Field]:
    done = set()
    for one in _parts(models, at, pack):
        for attribute in models.linker.shape(one).attributes:
            if attribute.name in done:
                continue
            field = models.column(one.file, attribute, pack)
            if field is not None or attribute.value is not None:  # a relationship hides a column of a mixin
                done.add(attribute.name)
            if field is not None:
                yield field
    for attribute in models.linker.shape(at).attributes:
        if attribute.name == "__table__" and attribute.value is not None and attribute.value.form is Form.CALL:
            table = table_call(models, "", attribute.value, pack, at.file)
            yield from () if table is None else table.fields


def _parts(models: Models, at: ClassAt, pack: Pack) -> Iterator[ClassAt]:
    """Yield a class and those above it whose columns are in its own table."""
    for one in models.linker.ancestors(at):
        if isinstance(one, ClassAt) and (one == at or not _has_own_table(models, one, pack)):
            yield one


def _has_own_table(models: Models, at: ClassAt, pack: Pack) -> bool:
    if pack.rule == "peewee":
        return False  # every subclass has a copy
    if pack.rule == "tortoise":
        return False
    if _says(models, at, "__abstract__") or models.pack_of(at) is not pack:
        return False
    if pack.rule == "sqlmodel":
        return _text_of(models, at, "__tablename__") is not None
    return any(a.name == "__tablename__" and a.value is not None and a.value.form is Form.TEXT
               for a in models.linker.shape(at).attributes)  # fmt: skip


def _says(models: Models, at: ClassAt, name: str) -> bool:
    return any(
        a.name == name and a.value is not None and a.value.text == "true" for a in models.linker.shape(at).attributes
    )


def _text_of(models: Models, at: ClassAt, name: str) -> str | None:
    for attribute in models.linker.shape(at).attributes:
        if attribute.name == name and attribute.value is not None and attribute.value.form is Form.TEXT:
            return attribute.value.text
    return None


def _option(models: Models, at: ClassAt, *names: str) -> str | None:
    meta = models.linker.nested(ClassAt(at.file, at.number, ("Meta",)))
    if meta is None:
        return None
    for attribute in models.linker.shape(meta).attributes:
        if attribute.name in names and attribute.value is not None:
            return attribute.value.text or None
    return None


def _first_text(call: Expr) -> str | None:
    if call.form is not Form.CALL:
        return None
    first = next(iter(call.positional), None) or call.named("name")
    return first.text if first is not None and first.form is Form.TEXT and first.text else None


def _type_text(args: tuple[Expr, ...]) -> str:
    for arg in args:
        if arg.form is Form.NAME:
            return arg.text
        if arg.form is Form.CALL:
            return arg.callee.text
    return ""


def _is_call(value: Expr) -> bool:
    return value.form is Form.CALL


RULES: Final[dict[str, Callable[[Models, ClassAt, Pack], Model | None]]] = {
    "sqlalchemy": sqlalchemy,
    "sqlmodel": sqlmodel,
    "peewee": peewee,
    "tortoise": tortoise,
    "pony": pony,
}
_COLUMNS: Final = frozenset({"sqlalchemy.Column", "sqlalchemy.schema.Column", "flask_sqlalchemy.SQLAlchemy().Column"})
_CAMEL: Final = re.compile(r"((?<=[a-z0-9])[A-Z]|(?!^)[A-Z](?=[a-z]))")
