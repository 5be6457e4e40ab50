"""GORM models: structs that embed `gorm.Model`, bear its tags, or name their table."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from driftd.pipeline.data.declarative import snake
from driftd.pipeline.data.expressions import Form
from driftd.pipeline.data.inflection import plural
from driftd.pipeline.data.linking import ClassAt, Symbol
from driftd.pipeline.data.model import Field, Model

if TYPE_CHECKING:
    from collections.abc import Iterator

    from driftd.pipeline.data.models import Models
    from driftd.pipeline.data.packs import Pack
    from driftd.pipeline.data.shapes import Attribute


def gorm(models: Models, at: ClassAt, pack: Pack) -> Model:
    """Follow GORM's `NamingStrategy`: what `TableName` returns, else the plural of the name in snake case."""
    shape = models.linker.shape(at)
    fields = dict.fromkeys(_columns(models, at, pack))
    return Model(pack.name, shape.qualified_name, _table(models, at), tuple(fields), pack.confidence, shape.line)


def is_tagged(models: Models, at: ClassAt, pack: Pack) -> bool:
    """Whether a struct has a tag of the framework, or says what its table is called."""
    attributes = models.linker.shape(at).attributes
    return any(_tag(attribute, pack) is not None for attribute in attributes) or _stated(models, at) is not None


def _table(models: Models, at: ClassAt) -> str:
    return _stated(models, at) or plural(snake(models.linker.shape(at).name))


def _stated(models: Models, at: ClassAt) -> str | None:
    made = models.linker.facts[at.file].names.get(f"{models.linker.shape(at).qualified_name}.TableName")
    if made is None or made.form is not Form.FUNCTION or not made.items or made.items[0].form is not Form.TEXT:
        return None
    return made.items[0].text


def _columns(models: Models, at: ClassAt, pack: Pack) -> Iterator[Field]:
    """Yield the columns, those of embedded structs included; another model is a relation, and so is a list."""
    for base in models.linker.bases(at):
        if isinstance(base, Symbol):
            yield from (Field(name) for name in pack.implied_fields.get(base.text, ()))
        elif base != at:
            yield from _columns(models, base, pack)
    embedded = {base.text.rpartition(".")[2] for base in models.linker.shape(at).bases}
    for attribute in models.linker.shape(at).attributes:
        name, type_name = attribute.name, attribute.annotation.lstrip("*")
        if name in embedded or not name[:1].isupper() or _tag(attribute, pack) == "-":
            continue
        if type_name.startswith(("[]", "map[")) and type_name not in _BYTES and not _tag(attribute, pack):
            continue
        meaning = models.linker.name(at.file, type_name.lstrip("[]*"))
        if not isinstance(meaning, ClassAt) or models.pack_of(meaning) is not pack:
            yield Field(name, attribute.annotation)


def _tag(attribute: Attribute, pack: Pack) -> str | None:
    value = attribute.value
    if value is None or value.form is not Form.TEXT:
        return None
    return next((text for key, text in _TAG.findall(value.text) if key in pack.tags), None)


_TAG: Final = re.compile(r'(\w+):"([^"]*)"')
_BYTES: Final = frozenset({"[]byte", "[]uint8"})
