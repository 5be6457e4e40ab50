"""Models: classes that are one by what their bases mean, with their tables and fields by the framework's own rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from driftd.pipeline.data import declarative, ecmascript, efcore, generated, gorm, records, rust
from driftd.pipeline.data.django import django
from driftd.pipeline.data.expressions import Expr, Form
from driftd.pipeline.data.jpa import doctrine, jpa
from driftd.pipeline.data.linking import SCHEMA_SUFFIX, ClassAt, Declared, Symbol
from driftd.pipeline.data.model import Field
from driftd.pipeline.data.packs import packs_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from driftd.pipeline.data.linking import Linker
    from driftd.pipeline.data.model import Model
    from driftd.pipeline.data.packs import Pack
    from driftd.pipeline.data.shapes import Attribute


class Models:
    """The models of a project, worked out on demand."""

    def __init__(self, linker: Linker) -> None:
        self.linker = linker

    def of_file(self, path: str) -> list[Model]:
        """Return the models that a file declares, in source order."""
        facts = self.linker.facts[path]
        found = [model for index in range(len(facts.shapes)) if (model := self.of_class(ClassAt(path, index)))]
        mapped = {call.positional[1].text for call in self.mappings(path).values() if len(call.positional) > 1}
        found.extend(
            model
            for name, value in facts.names.items()
            if value.form is Form.CALL and name not in mapped and (model := self.of_declared(Declared(path, name)))
        )
        found.extend(
            model
            for name, value in facts.exports.items()
            if value.form is Form.CALL and (model := self.of_declared(Declared(path, f"export {name}")))
        )
        return sorted(found, key=lambda model: (model.line, model.name))

    def of_class(self, at: ClassAt) -> Model | None:
        """Return the model that a class is, or None."""
        pack = self.pack_of(at)
        return (
            None if pack is None else self.linker.once(("model", at), lambda: _RULES[pack.rule](self, at, pack), None)
        )

    def of_declared(self, at: Declared) -> Model | None:
        """Return the model that a value is (`users = Table("users", …)`), or None."""
        return self.linker.once(("declared", at), lambda: self._of_declared(at), None)

    def _of_declared(self, at: Declared) -> Model | None:
        call = self.linker.declared(at)
        if call is None or call.form is not Form.CALL:
            return None
        symbol = self.symbol(at.file, call.callee, called=False)
        for pack in packs_of(self.linker.project[at.file].language) if symbol else ():
            if pack.has("tables", symbol or ""):
                if pack.rule == "sqlalchemy":
                    return declarative.table_call(self, at.name, call, pack, at.file)
                return ecmascript.declared(self, at, call, pack)
        return None

    def table_of(self, path: str, expr: Expr) -> Model | None:
        """Return the table that an expression names: `users` or `User.table`, declared in this file or another."""
        if expr.form is not Form.NAME:
            return None
        if expr.text in self.linker.facts[path].names:
            return self.of_declared(Declared(path, expr.text))
        meaning = self.linker.name(path, expr.text)
        return self.of_declared(meaning) if isinstance(meaning, Declared) and not meaning.rest else None

    def mappings(self, path: str) -> dict[str, Expr]:
        """Return the calls of a file that make a class a model, by the class as written."""
        if not self.linker.facts[path].statements:
            return {}
        return self.linker.once(("mappings", path), lambda: self._mappings(path), {})

    def _mappings(self, path: str) -> dict[str, Expr]:
        found = {}
        language = self.linker.project[path].language
        for call in self.linker.facts[path].statements:
            symbol = self.symbol(path, call.callee, called=False) if call.positional else None
            if symbol is not None and any(pack.has("mappings", symbol) for pack in packs_of(language)):
                found[call.positional[0].text] = call
        return found

    def pack_of(self, at: ClassAt) -> Pack | None:
        """Return the framework whose model base the class has as an ancestor, or whose decorator it has."""
        facts = self.linker.facts[at.file]
        shape = facts.shapes[at.number]
        if not (shape.bases or shape.marks or facts.statements or at.file.endswith(_WITHOUT_BASES)):
            return None  # most classes
        return self.linker.once(("pack", at), lambda: self._pack_of(at), None)

    def _pack_of(self, at: ClassAt) -> Pack | None:
        linker = self.linker
        language = linker.project[at.file].language
        if language == "prisma":
            return packs_of("prisma")[0]
        if linker.shape(at).marks:
            for pack in packs_of(language):
                if pack.model_marks and ecmascript.mark_of(self, at, "model_marks", pack) is not None:
                    return pack
        if linker.shape(at).qualified_name in self.mappings(at.file):
            return next(pack for pack in packs_of(language) if pack.mappings)
        for pack in packs_of(language):
            if pack.tags and gorm.is_tagged(self, at, pack):
                return pack
            if pack.sets and efcore.is_in_set(self, at):
                return pack
        for one in linker.ancestors(at):
            if isinstance(one, Symbol):
                for pack in packs_of(language):
                    if one.text in pack.models or pack.has("bases", one.text):
                        return pack
        return None

    def is_context(self, symbol: str) -> bool:
        """Whether a symbol is a base of contexts, whose sets say what their models are."""
        return any(pack.sets and pack.has("sessions", symbol) for pack in packs_of("csharp"))

    def column(self, path: str, attribute: Attribute, pack: Pack) -> Field | None:
        """Return the column that an attribute is, or None."""
        value = attribute.value
        if value is not None and value.form is Form.CALL:
            symbol = self.symbol(path, value.callee)
            if symbol is None or pack.has("not_fields", symbol) or pack.has("relations", symbol):
                return None
            if pack.has("fields", symbol):
                return Field(attribute.name, _type_of(attribute, symbol))
            last = symbol.removesuffix("()").rpartition(".")[2]
            if pack.loose_fields and last.endswith(pack.loose_fields):
                return Field(attribute.name, last, 0.8)
            return None
        return declarative.declarative_column(self, path, attribute, pack)

    def symbol(self, path: str, expr: Expr, *, called: bool = True) -> str | None:
        """Return the symbol that an expression means, or that a class it means descends from."""
        meaning = self.linker.value(path, expr)
        if isinstance(meaning, Symbol):
            return meaning.text
        if isinstance(meaning, ClassAt) and called:
            nested = self.linker.nested(meaning)
            return None if nested is None else self.linker.symbol_of(nested)
        return None


def _type_of(attribute: Attribute, symbol: str) -> str:
    """Return the type of a column: the field class where that says it, else its first argument that names a type."""
    last = symbol.rpartition(".")[2]
    if attribute.annotation:
        return attribute.annotation
    if attribute.value is not None and last in _TYPED_BY_ARGUMENT:
        for arg in attribute.value.positional:
            if arg.form in (Form.NAME, Form.CALL):
                return (arg.callee if arg.form is Form.CALL else arg).text.rpartition(".")[2]
    return last


_RULES: Final[dict[str, Callable[[Models, ClassAt, Pack], Model | None]]] = {
    "django": django,
    "jpa": jpa,
    "doctrine": doctrine,
    "gorm": gorm.gorm,
    "ent": generated.schema,
    "efcore": efcore.efcore,
    **records.RULES,
    "seaorm": rust.seaorm,
    **declarative.RULES,
    **ecmascript.RULES,
}
_WITHOUT_BASES: Final = (SCHEMA_SUFFIX, ".go", ".cs")
_TYPED_BY_ARGUMENT: Final = frozenset({"Column", "mapped_column", "deferred", "Required", "Optional", "PrimaryKey"})
