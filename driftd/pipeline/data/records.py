"""Models of active records: Rails' ActiveRecord and Laravel's Eloquent, whose columns stand in schemas and migrations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from driftd.pipeline.data.expressions import Expr, Form
from driftd.pipeline.data.inflection import plural, singular, underscored
from driftd.pipeline.data.linking import ClassAt, Symbol
from driftd.pipeline.data.model import Field, Model, Relation
from driftd.pipeline.data.registry import mapped_key, table_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from driftd.pipeline.data.models import Models
    from driftd.pipeline.data.packs import Pack


def activerecord(models: Models, at: ClassAt, pack: Pack) -> Model:
    """Follow `ActiveRecord::ModelSchema`: the table that a class or one above names, else by its own name."""
    shape = models.linker.shape(at)
    is_abstract = shape.name == "ApplicationRecord" or any(_says(models, at, name) for name in _ABSTRACT)
    table = None if is_abstract else _table(models, at, pack)
    fields = list(_columns(models, table)) or [
        Field(name) for call in shape.body if pack.body_calls.get(call.callee.text) == "field" for name in _names(call)
    ]
    return Model(
        pack.name, shape.qualified_name, table, tuple(fields), pack.confidence, shape.line, is_abstract,
        _label(pack, at, models), tuple(_relations(models, at, pack)),
    )  # fmt: skip


def _table(models: Models, at: ClassAt, pack: Pack) -> str | None:
    linker = models.linker
    for one in linker.ancestors(at):
        if not isinstance(one, ClassAt):
            continue
        explicit = _value(models, one, "table_name")
        if explicit is not None:
            return explicit.text if explicit.form is Form.TEXT else None
        if one != at and models.pack_of(one) is pack:
            above = models.of_class(one)
            if above is not None and not above.is_abstract:
                return above.table  # single-table inheritance
    shape = linker.shape(at)
    return _prefix(models, at) + plural(underscored(shape.name.rpartition(".")[2]))


def _prefix(models: Models, at: ClassAt) -> str:
    """Return what a namespace puts before its tables: a method of the module, or an isolated engine."""
    linker = models.linker
    around = linker.shape(at).qualified_name.split(".")[:-1]
    for end in range(len(around), 0, -1):
        name = ".".join(around[:end])
        module = linker.name(at.file, name)
        stated = _value(models, module, "table_name_prefix") if isinstance(module, ClassAt) else None
        if stated is not None and stated.form is Form.TEXT:
            return stated.text
        if linker.registered(mapped_key("ruby", name)) is not None:
            return f"{underscored(name.replace('.', '_'))}_"
    return ""


def _relations(models: Models, at: ClassAt, pack: Pack) -> Iterator[Relation]:
    for call in models.linker.shape(at).body:
        kind = pack.body_calls.get(call.callee.text)
        names = _names(call)
        if kind not in ("generic", "foreign") or not names or call.named("polymorphic") is not None:
            continue
        of = call.named("class_name")
        name = of.text if of is not None and of.form is Form.TEXT else camelized(names[0], kind)
        target = models.linker.name(at.file, name.removeprefix("::").replace("::", "."))
        if isinstance(target, ClassAt) and not target.rest:
            yield Relation(names[0], kind, _label(pack, target, models))


def eloquent(models: Models, at: ClassAt, pack: Pack) -> Model:
    """Follow Eloquent's `Model::getTable`: `$table` of the class or one above, else the plural of its name."""
    shape = models.linker.shape(at)
    table: str | None = plural(underscored(shape.name))
    for one in models.linker.ancestors(at):
        explicit = _value(models, one, "table") if isinstance(one, ClassAt) else None
        if explicit is not None:
            table = explicit.text if explicit.form is Form.TEXT else None
            break
    if shape.is_abstract:
        table = None
    names = dict.fromkeys(name for attribute in _LISTS for name in _listed(_value(models, at, attribute)))
    fields = list(_columns(models, table))
    known = {field.name for field in fields}
    fields.extend(Field(name) for name in names if name not in known and name != "*")
    return Model(pack.name, shape.qualified_name, table, tuple(fields), pack.confidence, shape.line, shape.is_abstract)


def exposed(models: Models, at: ClassAt, pack: Pack) -> Model | None:
    """Read a table object of Exposed: the name that its base is given, else its own without `Table`."""
    shape = models.linker.shape(at)
    if shape.kind != "object":
        return None
    texts = [arg.text for call in shape.body for arg in call.positional if arg.form is Form.TEXT]
    table = texts[0] if texts else shape.name.removesuffix("Table") or shape.name
    above = [one.text for one in models.linker.ancestors(at) if isinstance(one, Symbol)]
    names = dict.fromkeys(name for symbol in above for name in pack.implied_fields.get(symbol, ()))
    fields = {a.name: Field(a.name, _root_call(a.value)) for a in shape.attributes if a.value and _root_call(a.value)}
    fields = {**{name: Field(name) for name in names}, **fields}
    return Model(pack.name, shape.qualified_name, table, tuple(fields.values()), pack.confidence, shape.line)


def _root_call(value: Expr) -> str:
    """Return the function that a chain of calls starts with: `varchar` of `varchar("a", 5).nullable()`."""
    while value.form is Form.CALL and value.callee.form is Form.MEMBER:
        value = value.callee.items[0]
    is_column = value.form is Form.CALL and value.callee.form is Form.NAME and "." not in value.callee.text
    return value.callee.text if is_column and value.positional and value.positional[0].form is Form.TEXT else ""


def _columns(models: Models, table: str | None) -> Iterator[Field]:
    """Yield the columns that schemas and migrations give a table."""
    done = set()
    for entry in models.linker.all_registered(table_key(table)) if table else ():
        for line in entry.between.splitlines():
            name, _, kind = line.partition("\t")
            if name not in done:
                done.add(name)
                yield Field(name, kind)


def _label(pack: Pack, at: ClassAt, models: Models) -> str:
    return f"{pack.name}:{models.linker.shape(at).qualified_name}"


def _listed(value: Expr | None) -> tuple[str, ...]:
    if value is None:
        return ()
    if value.form is Form.DICT:
        return tuple([name for name in value.names if name])
    return tuple([item.text for item in value.items if item.form is Form.TEXT]) if value.form is Form.LIST else ()


def _names(call: Expr) -> tuple[str, ...]:
    """Return the names that a declaration is given; `has_secure_password` names its column itself."""
    if call.callee.text == "has_secure_password":
        return ("password_digest",)
    return tuple([arg.text for arg in call.positional if arg.form is Form.TEXT])


def _value(models: Models, at: ClassAt, name: str) -> Expr | None:
    nested = models.linker.nested(at)
    attributes = () if nested is None else models.linker.shape(nested).attributes
    return next((a.value for a in attributes if a.name == name and a.value is not None), None)


def _says(models: Models, at: ClassAt, name: str) -> bool:
    value = _value(models, at, name)
    return value is not None and value.text == "true"


def camelized(name: str, kind: str) -> str:
    """Return the class that a relation's name means: `line_items` is `LineItem`."""
    word = singular(name) if kind == "generic" else name
    return "".join(part[:1].upper() + part[1:] for part in word.split("_"))


RULES: Final[dict[str, Callable[[Models, ClassAt, Pack], Model | None]]] = {
    "activerecord": activerecord,
    "eloquent": eloquent,
    "exposed": exposed,
}
_ABSTRACT: Final = ("abstract_class",)
_LISTS: Final = ("fillable", "hidden", "casts")
