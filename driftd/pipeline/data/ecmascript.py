"""Tables and columns of TypeScript and JavaScript models: decorated classes, declaring calls, and Prisma schemas."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from driftd.pipeline.data.expressions import Expr, Form
from driftd.pipeline.data.inflection import plural
from driftd.pipeline.data.linking import ClassAt, Declared, Symbol
from driftd.pipeline.data.model import Field, Model

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from driftd.pipeline.data.models import Models
    from driftd.pipeline.data.packs import Pack
    from driftd.pipeline.data.shapes import Mark, Shape


def typeorm(models: Models, at: ClassAt, pack: Pack) -> Model | None:
    """Follow TypeORM's `DefaultNamingStrategy`: the decorator's name, else the class name in snake case."""
    shape = models.linker.shape(at)
    mark = mark_of(models, at, "model_marks", pack)
    fields = list(_decorated(models, at, pack))
    if mark is None:
        return None
    table = _table_of_mark(mark) or _snake(shape.name)
    if mark.name.endswith("ChildEntity"):
        for one in models.linker.ancestors(at):
            if isinstance(one, ClassAt) and one != at and (above := mark_of(models, one, "model_marks", pack)):
                table = _table_of_mark(above) or _snake(models.linker.shape(one).name)
    return _model(pack, shape, table, fields)


def sequelize(models: Models, at: ClassAt, pack: Pack) -> Model | None:
    """Follow `Model.init` and `@Table`: `tableName`, else the plural of the model's name, as `underscored` says."""
    linker = models.linker
    shape = linker.shape(at)
    mark = mark_of(models, at, "model_marks", pack)
    if mark is not None:
        options = next((a for a in mark.call.positional if a.form is Form.DICT), _EMPTY) if mark.call else _EMPTY
        return _model(pack, shape, _sequelize_table(shape.name, options), list(_decorated(models, at, pack)))
    for call in linker.facts[at.file].statements:
        callee, args = call.callee, call.positional
        named = callee.form is Form.NAME and callee.text in (f"{shape.name}.init", "this.init", "super.init")
        if named and args and args[0].form is Form.DICT:
            options = args[1] if len(args) > 1 and args[1].form is Form.DICT else _EMPTY
            table = _sequelize_table(_option(options, "modelName") or shape.name, options)
            return _model(pack, shape, table, [_field(n, v) for n, v in _entries(args[0])])
    return None


def _sequelize_table(name: str, options: Expr) -> str:
    explicit = _option(options, "tableName")
    if explicit:
        return explicit
    if _option(options, "freezeTableName") == "true":
        return name
    return _snake(plural(name)) if _option(options, "underscored") == "true" else plural(name)


def mongoose(models: Models, at: ClassAt, pack: Pack) -> Model | None:
    """Read NestJS's `@Schema()` classes: the collection is the option's, else the plural of the lower-cased name."""
    shape = models.linker.shape(at)
    mark = mark_of(models, at, "model_marks", pack)
    if mark is None:
        return None
    options = next((a for a in mark.call.positional if a.form is Form.DICT), _EMPTY) if mark.call else _EMPTY
    table = _option(options, "collection") or plural(shape.name.lower())
    return _model(pack, shape, table, list(_decorated(models, at, pack)))


def prisma(_models: Models, at: ClassAt, pack: Pack) -> Model | None:
    """Read a model of a Prisma schema: `@@map`, else its name; fields whose type is a model are no columns."""
    shapes = _models.linker.facts[at.file].shapes
    shape = shapes[at.number]
    if shape.kind != "class":
        return None
    names = {s.name for s in shapes if s.kind == "class"}
    for path in _models.linker.schemas(at.file):
        names.update(s.name for s in _models.linker.facts[path].shapes if s.kind == "class")
    table = next((_mark_text(mark) for mark in shape.marks if mark.name == "map"), "") or shape.name
    fields = [
        Field(a.name, a.annotation.rstrip("?[]"))
        for a in shape.attributes
        if a.annotation and a.annotation.rstrip("?[]") not in names
    ]
    return _model(pack, shape, table, fields)


def declared(models: Models, at: Declared, call: Expr, pack: Pack) -> Model | None:
    """Return the model that a call declares: `pgTable`, `sequelize.define`, `mongoose.model`."""
    args = call.positional
    if not args or args[0].form is not Form.TEXT:
        return None
    name = args[0].text
    if pack.name in ("drizzle", "diesel"):
        columns = args[1] if len(args) > 1 else _EMPTY
        if columns.form is Form.FUNCTION and columns.items:
            columns = columns.items[0]
        return Model(pack.name, at.name, name, tuple(_drizzle(columns)), pack.confidence)
    if pack.name == "sequelize":
        options = args[2] if len(args) > 2 and args[2].form is Form.DICT else _EMPTY
        fields = [_field(n, v) for n, v in _entries(args[1])] if len(args) > 1 else []
        return Model(pack.name, name, _sequelize_table(name, options), tuple(fields), pack.confidence)
    return _mongoose_model(models, at, args, pack)


def _mongoose_model(models: Models, at: Declared, args: tuple[Expr, ...], pack: Pack) -> Model | None:
    name = args[0].text
    schema = _value_of(models, at.file, args[1]) if len(args) > 1 else None
    columns, options = _EMPTY, _EMPTY
    if schema is not None and schema.form is Form.CALL and schema.positional:
        columns = schema.positional[0]
        if len(schema.positional) > 1 and schema.positional[1].form is Form.DICT:
            options = schema.positional[1]
    explicit = args[2].text if len(args) > 2 and args[2].form is Form.TEXT else _option(options, "collection")
    fields = [_field(n, v) for n, v in _entries(columns)]
    return Model(pack.name, name, explicit or plural(name.lower()), tuple(fields), pack.confidence)


def _value_of(models: Models, path: str, expr: Expr) -> Expr | None:
    if expr.form is Form.CALL:
        return expr
    if expr.form is Form.NAME:
        meaning = models.linker.name(path, expr.text)
        if isinstance(meaning, Declared):
            return models.linker.facts[meaning.file].names.get(meaning.name)
        return models.linker.facts[path].names.get(expr.text)
    return None


def mark_of(models: Models, at: ClassAt, kind: str, pack: Pack) -> Mark | None:
    """Return the decorator of a class that is in one of the pack's lists."""
    for mark in models.linker.shape(at).marks:
        if _means(models, at.file, mark, kind, pack):
            return mark
    return None


def _means(models: Models, path: str, mark: Mark, kind: str, pack: Pack) -> bool:
    if not mark.name:
        return False
    meaning = models.linker.name(path, mark.name)
    return isinstance(meaning, Symbol) and pack.has(kind, meaning.text)


def _decorated(models: Models, at: ClassAt, pack: Pack) -> Iterator[Field]:
    done = set()
    for one in models.linker.ancestors(at):
        if not isinstance(one, ClassAt):
            continue
        for attribute in models.linker.shape(one).attributes:
            if attribute.name in done or not attribute.marks:
                continue
            kinds = [kind for mark in attribute.marks for kind in _MARKS if _means(models, one.file, mark, kind, pack)]
            if "field_marks" in kinds:
                done.add(attribute.name)
                yield Field(attribute.name, attribute.annotation)


def _drizzle(columns: Expr) -> Iterator[Field]:
    for name, entry in _entries(columns):
        value = entry
        while value.form is Form.CALL and value.callee.form is Form.MEMBER:  # serial("id").primaryKey()
            value = value.callee.items[0]
        if value.form is Form.CALL:
            yield Field(name, value.callee.text.rpartition(".")[2])
        else:
            yield Field(name, "", 0.9)


def _field(name: str, value: Expr) -> Field:
    kind = value.named("type") if value.form is Form.DICT else value
    if kind is not None and kind.form is Form.CALL:
        kind = kind.callee
    return Field(name, "" if kind is None else kind.text.rpartition(".")[2])


def _entries(columns: Expr) -> Iterator[tuple[str, Expr]]:
    if columns.form is Form.DICT:
        for name, value in zip(columns.names, columns.items, strict=True):
            if name:
                yield name, value


def _option(options: Expr, name: str) -> str:
    found = options.named(name) if options.form is Form.DICT else None
    return found.text if found is not None and found.form in (Form.TEXT, Form.CONSTANT) else ""


def _table_of_mark(mark: Mark) -> str:
    if mark.call is None:
        return ""
    for arg in mark.call.positional:
        if arg.form is Form.TEXT:
            return arg.text
        if arg.form is Form.DICT:
            return _option(arg, "name") or _option(arg, "tableName") or _option(arg, "collection")
    return ""


def _mark_text(mark: Mark) -> str:
    if mark.call is None:
        return ""
    named = mark.call.named("name")
    first = next(iter(mark.call.positional), named)
    return first.text if first is not None and first.form is Form.TEXT else ""


def _model(pack: Pack, shape: Shape, table: str | None, fields: list[Field]) -> Model:
    return Model(pack.name, shape.qualified_name, table, tuple(fields), pack.confidence, shape.line)


def _snake(name: str) -> str:
    """Return a name as TypeORM's `snakeCase` writes it."""
    once = re.sub(r"([A-Z])([A-Z])([a-z])", r"\1_\2\3", name)
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", once).lower()


RULES: Final[dict[str, Callable[[Models, ClassAt, Pack], Model | None]]] = {
    "typeorm": typeorm,
    "sequelize": sequelize,
    "mongoose": mongoose,
    "prisma": prisma,
}
_EMPTY: Final = Expr(Form.DICT)
_MARKS: Final = ("field_marks",)
