"""Schemas from which a package is generated (ent): the schema says what the models are, the package how one gets at them.

The generated package need not be in the workspace: it stands in the folder around that of the schemas, and what its names
mean follows from the schemas.  In the pack `@` stands for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from driftd.pipeline.data.declarative import snake
from driftd.pipeline.data.expressions import Expr, Form
from driftd.pipeline.data.inflection import plural
from driftd.pipeline.data.linking import ClassAt, Symbol
from driftd.pipeline.data.model import Field, Model, Relation
from driftd.pipeline.data.packs import packs_of
from driftd.pipeline.data.registry import Entry, mapped_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from driftd.pipeline.data.linking import Linker, Meaning
    from driftd.pipeline.data.models import Models
    from driftd.pipeline.data.packs import Pack
    from driftd.pipeline.data.shapes import Declarations


def schema(models: Models, at: ClassAt, pack: Pack) -> Model:
    """Read a schema: its columns and edges are what its methods return, its table the plural of its name in snake case."""
    shape = models.linker.shape(at)
    fields = {field.name: field for field in _fields(models, at, pack)}
    implied = _implied(models, at, pack)
    return Model(
        pack.name, shape.qualified_name, _table(models, at, pack),
        (*(Field(name) for name in implied if name not in fields), *fields.values()),
        pack.confidence, shape.line, label=_label(models, at, pack), relations=tuple(_relations(models, at, pack)),
    )  # fmt: skip


def told_schemas(path: str, facts: Declarations, language: str) -> dict[str, Entry]:
    """Return the package that is generated from the schemas of a file."""
    for pack in packs_of(language):
        for base in [base for shape in facts.shapes for base in shape.bases] if pack.generates else ():
            head, _, last = base.text.rpartition(".")
            if any(i.alias == head and pack.has("bases", f"{i.module}.{last}") for i in facts.imports):
                *around, _ = path.split("/")[:-1] or [""]
                return {_key(language, "/".join(around)): Entry(path, "/".join(path.split("/")[:-1]), pack.name)}
    return {}


def generated(linker: Linker, path: str, meaning: Meaning | None) -> tuple[Pack, str, str] | None:
    """Return the framework, the package of the schemas and the name in the generated package that a name means."""
    language = linker.project[path].language
    made = [pack for pack in packs_of(language) if pack.generates]
    if not made or meaning is None:
        return None
    if isinstance(meaning, Symbol):
        head, _, name = meaning.text.rpartition(".")
        parts = head.split("/")
        folders = ["/".join(parts[at:]) for at in range(len(parts))]
    elif isinstance(meaning, ClassAt):
        folders, name = [meaning.file.rpartition("/")[0]], linker.shape(meaning).name
    else:
        folders, name = [meaning.file.rpartition("/")[0]], f"{meaning.name}()"
    for folder in folders:
        for below in (folder, folder.rpartition("/")[0]):  # `ent.Open`, `enttest.Open`
            entry = linker.registered(_key(language, below)) if below else None
            if entry is not None:
                inside = "@" if below == folder else f"@/{folder.rpartition('/')[2]}"
                return next(pack for pack in made if pack.name == entry.kind), f"={entry.model}", f"{inside}.{name}"
    return None


def edge_of(model: Model, method: str) -> Relation | None:
    """Return the edge that a generated method follows: `QueryPets` leads along `pets`."""
    name = method.removeprefix(_ALONG).lower()
    return next((r for r in model.relations if r.name.replace("_", "").lower() == name), None)


def _key(language: str, folder: str) -> str:
    return mapped_key(language, f"generated {folder}")


def _label(models: Models, at: ClassAt, pack: Pack) -> str:
    return f"{pack.name}:{at.file.rpartition('/')[0]}:{models.linker.shape(at).name}"


def _table(models: Models, at: ClassAt, pack: Pack) -> str:
    for one in _listed(models, at, "Annotations"):
        meaning = models.linker.name(at.file, one.callee.text) if one.form is Form.CALL else None
        if isinstance(meaning, Symbol) and pack.has("table_marks", meaning.text):
            named = one.named("Table") or next(iter(one.positional), None)
            if named is not None and named.form is Form.TEXT:
                return named.text
    return snake(plural(models.linker.shape(at).name))


def _fields(models: Models, at: ClassAt, pack: Pack) -> Iterator[Field]:
    for mixin in _mixins(models, at):
        if isinstance(mixin, ClassAt):
            yield from _fields(models, mixin, pack)
    for one in _listed(models, at, "Fields"):
        made, _ = _made(one)
        meaning = models.linker.name(at.file, made.callee.text) if made.form is Form.CALL else None
        if isinstance(meaning, Symbol) and pack.has("fields", meaning.text):
            name = next(iter(made.positional), None)
            if name is not None and name.form is Form.TEXT:
                yield Field(name.text, meaning.text.rpartition(".")[2])


def _implied(models: Models, at: ClassAt, pack: Pack) -> Iterator[str]:
    """Yield the columns that are there without being declared; an annotation may say that there are none."""
    found: dict[str, None] = {}
    for one in _listed(models, at, "Annotations"):
        meaning = models.linker.name(at.file, one.callee.text) if one.form is Form.CALL else None
        if isinstance(meaning, Symbol) and pack.has("not_field_marks", meaning.text):
            return
    for base in (*models.linker.bases(at), *_mixins(models, at)):
        if isinstance(base, Symbol):
            found.update(dict.fromkeys(pack.implied_fields.get(base.text, ())))
    yield from found


def _mixins(models: Models, at: ClassAt) -> Iterator[ClassAt | Symbol]:
    for one in _listed(models, at, "Mixin"):
        meaning = models.linker.name(at.file, one.callee.text) if one.form is Form.CALL else None
        if isinstance(meaning, Symbol) or (isinstance(meaning, ClassAt) and not meaning.rest and meaning != at):
            yield meaning


def _relations(models: Models, at: ClassAt, pack: Pack) -> Iterator[Relation]:
    for one in _listed(models, at, "Edges"):
        made, chained = _made(one)
        meaning = models.linker.name(at.file, made.callee.text) if made.form is Form.CALL else None
        args = made.positional if isinstance(meaning, Symbol) and pack.has("relations", meaning.text) else ()
        if len(args) > 1 and args[0].form is Form.TEXT and args[1].form is Form.NAME:
            target = models.linker.name(at.file, args[1].text.removesuffix(".Type"))
            if isinstance(target, ClassAt) and not target.rest:
                kind = "one" if "Unique" in chained else "generic"
                yield Relation(args[0].text, kind, _label(models, target, pack))


def _made(expr: Expr) -> tuple[Expr, list[str]]:
    """Return the call that a chain starts with, and the methods that follow it."""
    chained = []
    while expr.form is Form.CALL and expr.callee.form is Form.MEMBER:
        chained.append(expr.callee.text)
        expr = expr.callee.items[0]
    return expr, chained


def _listed(models: Models, at: ClassAt, method: str) -> tuple[Expr, ...]:
    """Return what the list holds that a method of a schema returns, also where it is appended to."""
    made = models.linker.facts[at.file].names.get(f"{models.linker.shape(at).qualified_name}.{method}")
    found = made.items[0] if made is not None and made.form is Form.FUNCTION and made.items else None
    if found is not None and found.form is Form.CALL and found.callee.text == "append" and found.positional:
        first, *others = found.positional
        return (*(first.items if first.form is Form.LIST else ()), *others)
    return found.items if found is not None and found.form is Form.LIST else ()


_ALONG: Final = "Query"
