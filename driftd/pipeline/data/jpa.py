"""Entities by annotations: Jakarta (formerly Java) Persistence, and Doctrine, which follows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from driftd.pipeline.data.expressions import Form
from driftd.pipeline.data.inflection import underscored
from driftd.pipeline.data.linking import ClassAt, Symbol
from driftd.pipeline.data.model import Field, Model

if TYPE_CHECKING:
    from collections.abc import Iterator

    from driftd.pipeline.data.models import Models
    from driftd.pipeline.data.packs import Pack
    from driftd.pipeline.data.shapes import Mark


def jpa(models: Models, at: ClassAt, pack: Pack) -> Model | None:
    """Follow JPA's defaults: `@Table(name)`, else the entity's name; a `@MappedSuperclass` has no table of its own."""
    shape = models.linker.shape(at)
    mark = _marked(models, at, pack, "model_marks")
    if mark is None:
        return None
    is_abstract = mark.name.endswith("MappedSuperclass")
    fields = tuple(_columns(models, at, pack))
    table = None if is_abstract else _table(models, at, pack)
    return Model(
        pack.name, shape.qualified_name, table, fields, pack.confidence, shape.line, is_abstract,
        "" if is_abstract else f"entity:{_name(models, at, pack)}",
    )  # fmt: skip


def doctrine(models: Models, at: ClassAt, pack: Pack) -> Model | None:
    """Follow Doctrine's defaults: `#[Table(name)]`, else the entity's name in snake case; a field says that it is one.

    Doctrine itself leaves names as they are; the strategy that Symfony sets, and nearly all projects use, is `underscore`.
    """
    model = jpa(models, at, pack)
    if model is None:
        return None
    fields = tuple(
        [
            Field(attribute.name, attribute.annotation)
            for attribute in models.linker.shape(at).attributes
            if any(_means(models, at, mark, pack, "field_marks") for mark in attribute.marks)
        ]
    )
    is_named = bool(_option(_marked(models, at, pack, "table_marks"), "name")) or model.table is None
    table = model.table if is_named else underscored(model.table or "")
    return msgspec.structs.replace(model, table=table, fields=fields)


def _table(models: Models, at: ClassAt, pack: Pack) -> str:
    """Return the table: an entity below another is in that one's, unless that says otherwise (`@Inheritance`)."""
    explicit = _option(_marked(models, at, pack, "table_marks"), "name")
    for one in models.linker.ancestors(at):
        if isinstance(one, ClassAt) and one != at and not explicit:
            above = _marked(models, one, pack, "model_marks")
            if above is not None and not above.name.endswith("MappedSuperclass"):
                strategy = _option(_marked(models, one, pack, "inheritance_marks"), "strategy")
                if strategy in ("", "SINGLE_TABLE"):
                    return _table(models, one, pack)
    return explicit or _name(models, at, pack)


def _name(models: Models, at: ClassAt, pack: Pack) -> str:
    return _option(_marked(models, at, pack, "model_marks"), "name") or models.linker.shape(at).name


def _columns(models: Models, at: ClassAt, pack: Pack) -> Iterator[Field]:
    for attribute in models.linker.shape(at).attributes:
        kinds = {kind for mark in attribute.marks for kind in _KINDS if _means(models, at, mark, pack, kind)}
        is_method = attribute.value is not None and attribute.value.form is Form.FUNCTION
        if not is_method and "relation_marks" not in kinds and "not_field_marks" not in kinds:
            yield Field(attribute.name, attribute.annotation)


def _marked(models: Models, at: ClassAt, pack: Pack, kind: str) -> Mark | None:
    return next((mark for mark in models.linker.shape(at).marks if _means(models, at, mark, pack, kind)), None)


def _means(models: Models, at: ClassAt, mark: Mark, pack: Pack, kind: str) -> bool:
    meaning = models.linker.name(at.file, mark.name)
    return isinstance(meaning, Symbol) and pack.has(kind, meaning.text)


def _option(mark: Mark | None, name: str) -> str:
    """Return an argument of an annotation: a text, or the last word of a constant."""
    value = None if mark is None or mark.call is None else mark.call.named(name)
    return "" if value is None else value.text.rpartition(".")[2] if value.form is Form.NAME else value.text


_KINDS = ("relation_marks", "not_field_marks")
