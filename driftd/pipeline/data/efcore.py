"""EF Core entities: classes that a context has a set of, or that name their table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from driftd.pipeline.data.expressions import Form
from driftd.pipeline.data.linking import ClassAt, Symbol
from driftd.pipeline.data.model import Field, Model
from driftd.pipeline.data.registry import Entry, mapped_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from driftd.pipeline.data.models import Models
    from driftd.pipeline.data.packs import Pack
    from driftd.pipeline.data.shapes import Attribute


def efcore(models: Models, at: ClassAt, pack: Pack) -> Model | None:
    """Follow EF Core's conventions: `[Table]`, else the name of the set; an entity below another is in its table."""
    shape = models.linker.shape(at)
    fields = tuple(dict.fromkeys(_columns(models, at, pack)))
    return Model(pack.name, shape.qualified_name, _table(models, at, pack), fields, pack.confidence, shape.line)


def is_in_set(models: Models, at: ClassAt) -> bool:
    """Whether a context has a set of the class, or gives it a table."""
    return _set_of(models, at) is not None or bool(_mapped(models, at))


def _mapped(models: Models, at: ClassAt) -> str:
    """Return the table that a context or a configuration gives a class."""
    entries = models.linker.all_registered(mapped_key("csharp", f"table {models.linker.shape(at).name}"))
    return next((entry.kind for entry in entries if models.linker.name(entry.file, entry.model) == at), "")


def _set_of(models: Models, at: ClassAt) -> Entry | None:
    linker = models.linker
    for entry in linker.all_registered(mapped_key("csharp", linker.shape(at).name)):
        context = linker.class_named(entry.file, entry.model)
        if context is None or linker.name(entry.file, entry.between) != at:
            continue
        if any(isinstance(one, Symbol) and models.is_context(one.text) for one in linker.ancestors(context)):
            return entry
    return None


def _table(models: Models, at: ClassAt, pack: Pack) -> str:
    mapped = _mapped(models, at)
    if mapped:
        return mapped
    for mark in models.linker.shape(at).marks:
        meaning = models.linker.name(at.file, mark.name)
        if isinstance(meaning, Symbol) and pack.has("table_marks", meaning.text) and mark.call is not None:
            first = next(iter(mark.call.positional), None)
            if first is not None and first.form is Form.TEXT:
                return first.text
    for one in models.linker.bases(at):
        if isinstance(one, ClassAt) and models.pack_of(one) is pack:
            return _table(models, one, pack)
    entry = _set_of(models, at)
    return models.linker.shape(at).name if entry is None else entry.kind


def _columns(models: Models, at: ClassAt, pack: Pack) -> Iterator[Field]:
    """Yield the columns, those of classes above included; another entity and collections of them are relations."""
    for base in models.linker.bases(at):
        if isinstance(base, ClassAt) and models.pack_of(base) is not pack:
            yield from _columns(models, base, pack)
    for attribute in models.linker.shape(at).attributes:
        if attribute.name[:1].isupper() and attribute.annotation and not _is_left_out(models, at, attribute, pack):
            yield Field(attribute.name, attribute.annotation)


def _is_left_out(models: Models, at: ClassAt, attribute: Attribute, pack: Pack) -> bool:
    kind = attribute.annotation.rstrip("?")
    if kind.partition("<")[0].rpartition(".")[2] in _COLLECTIONS:
        return True
    if any(mark.name.rpartition(".")[2] in pack.not_field_marks for mark in attribute.marks):
        return True
    meaning = models.linker.name(at.file, kind)
    return isinstance(meaning, ClassAt) and not meaning.rest and models.pack_of(meaning) is pack


_COLLECTIONS: Final = frozenset(
    {"ICollection", "IList", "List", "IEnumerable", "HashSet", "ISet", "Collection", "IReadOnlyCollection"}
)
