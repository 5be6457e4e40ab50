"""Models: classes that are one by what their bases mean, with their tables and fields by the framework's own rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from driftd.pipeline.data import declarative, ecmascript
from driftd.pipeline.data.expressions import Expr, Form
from driftd.pipeline.data.linking import ClassAt, Declared, Symbol
from driftd.pipeline.data.model import Field, Model
from driftd.pipeline.data.packs import packs_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from driftd.pipeline.data.facts import Attribute
    from driftd.pipeline.data.linking import Linker
    from driftd.pipeline.data.packs import Pack


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
            model for name in facts.names if name not in mapped and (model := self.of_declared(Declared(path, name)))
        )
        found.extend(
            model
            for name, value in facts.exports.items()
            if value.form is Form.CALL and (model := self.of_declared(Declared(path, f"export {name}")))
        )
        return sorted(found, key=lambda model: (model.line, model.name))

    def of_class(self, at: ClassAt) -> Model | None:
        """Return the model that a class is, or None."""
        return self.linker.once(("model", at), lambda: self._of_class(at), None)

    def _of_class(self, at: ClassAt) -> Model | None:
        pack = self.pack_of(at)
        return None if pack is None else _RULES[pack.rule](self, at, pack)

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
        return self.linker.once(("mappings", path), lambda: self._mappings(path), {})

    def _mappings(self, path: str) -> dict[str, Expr]:
        found = {}
        for call in self.linker.facts[path].statements:
            if call.positional and (symbol := self.symbol(path, call.callee, called=False)) is not None:
                if any(pack.has("mappings", symbol) for pack in packs_of(self.linker.project[path].language)):
                    found[call.positional[0].text] = call
        return found

    def pack_of(self, at: ClassAt) -> Pack | None:
        """Return the framework whose model base the class has as an ancestor, or whose decorator it has."""
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
        if linker.facts[at.file].statements and linker.shape(at).qualified_name in self.mappings(at.file):
            return next(pack for pack in packs_of(language) if pack.mappings)
        for one in linker.ancestors(at):
            if isinstance(one, Symbol):
                for pack in packs_of(language):
                    if one.text in pack.models or pack.has("bases", one.text):
                        return pack
        return None

    # -- Django

    def django(self, at: ClassAt, pack: Pack) -> Model | None:
        """Follow `django.db.models.base.ModelBase` and `Options.contribute_to_class`.

        A model of a table that Django does not manage counts only in its app's `models`: elsewhere it describes what
        is not the application's own, as the catalogues of a database (`gis.db.backends.*.models`).
        """
        shape = self.linker.shape(at)
        if self._own(self._meta(at), "managed") == "false" and not self._in_models(at.file):
            return None
        fields, relations = self._columns(at, pack)
        is_abstract = self._own(self._meta(at), "abstract") == "true"
        table = None if is_abstract else self.django_table(at, pack)
        if not is_abstract and self._own(self._meta(at), "proxy") != "true":
            fields.extend(self._implied(at, pack))
        return Model(
            pack.name, shape.qualified_name, table, tuple(fields), pack.confidence, shape.line, is_abstract,
            self._django_relations(relations, table),
        )  # fmt: skip

    def _implied(self, at: ClassAt, pack: Pack) -> Iterator[Field]:
        """Yield the columns that a base adds to the first class with a table, declared by nobody."""
        above = self.linker.ancestors(at)
        for symbol, names in pack.implied_fields.items():
            if Symbol(symbol) in above and not any(
                one != at
                and isinstance(one, ClassAt)
                and self.pack_of(one) is pack
                and self._own(self._meta(one), "abstract") != "true"
                and Symbol(symbol) in self.linker.ancestors(one)
                for one in above
            ):
                yield from (Field(name) for name in names)

    def django_table(self, at: ClassAt, pack: Pack) -> str | None:
        """Return the table of a model that is not abstract."""
        return self.linker.once(("table", at), lambda: self._django_table(at, pack), None)

    def _django_table(self, at: ClassAt, pack: Pack) -> str | None:
        if self._django_option(at, "proxy", own=True) == "true":
            for base in self.linker.bases(at):
                if isinstance(base, ClassAt) and self.pack_of(base) is pack:
                    if self._own(self._meta(base), "abstract") == "true":
                        continue
                    return self.django_table(base, pack)
                if isinstance(base, Symbol) and base.text in pack.models:
                    return pack.models[base.text]
            return None
        explicit = self._django_option(at, "db_table")
        if explicit is not None:
            return explicit or None
        label = self._django_option(at, "app_label")
        if label is None:
            label = self.app_label(at.file)
        return f"{label}_{self.linker.shape(at).name.lower()}" if label else None

    def _in_models(self, path: str) -> bool:
        app = self._app(path)[1]
        below = path[len(app) :].lstrip("/")
        return below.partition("/")[0].partition(".")[0] == "models"

    def app_label(self, path: str) -> str:
        """Return the label of the app that a Python file belongs to.

        That is the nearest package around it with an `AppConfig` or migrations, else the one with the module `models`.
        """
        return self._app(path)[0]

    def _app(self, path: str) -> tuple[str, str]:
        """Return the label and the folder of the app around a file."""
        linker = self.linker
        folder = path.rpartition("/")[0]
        outer = folder
        while outer:
            lookup = linker.project.modules.below(outer, "apps")
            linker.seen.add(lookup.key)
            if lookup.found is not None and not lookup.found.is_folder:
                label = self._configured_label(lookup.found.path)
                if label is not None:
                    return label or outer.rpartition("/")[2], outer
            migrations = linker.project.modules.below(outer, "migrations")
            linker.seen.add(migrations.key)
            if migrations.found is not None:
                return outer.rpartition("/")[2], outer
            outer = outer.rpartition("/")[0]
        parts = folder.split("/")
        if "models" in parts:
            parts = parts[: len(parts) - 1 - parts[::-1].index("models")]
        return parts[-1] if parts else "", "/".join(parts)

    def _configured_label(self, path: str) -> str | None:
        linker = self.linker
        linker.seen.add(path)
        facts = linker.facts.of(path)
        if facts is None:
            return None
        for index, shape in enumerate(facts.shapes):
            symbols = [s.text for s in linker.ancestors(ClassAt(path, index)) if isinstance(s, Symbol)]
            if any(symbol in _APP_CONFIGS for symbol in symbols):
                texts = {a.name: a.value.text for a in shape.attributes if a.value and a.value.form is Form.TEXT}
                if "label" in texts:
                    return texts["label"]
                return texts.get("name", "").rpartition(".")[2]
        return None

    def _meta(self, at: ClassAt) -> ClassAt | None:
        return self.linker.nested(ClassAt(at.file, at.number, ("Meta",)))

    def _own(self, meta: ClassAt | None, name: str) -> str | None:
        """Return an option that the class itself states: "" if as something that cannot be told."""
        if meta is None:
            return None
        for attribute in self.linker.shape(meta).attributes:
            if attribute.name == name and attribute.value is not None:
                value = attribute.value
                if value.form in (Form.TEXT, Form.CONSTANT):
                    return value.text
                if value.form is Form.NAME:
                    return self._text(meta.file, value.text) or ""
                return ""
        return None

    def _text(self, path: str, name: str) -> str | None:
        meaning = self.linker.name(path, name)
        value = self.linker.facts[path].names.get(name)
        if value is not None and value.form is Form.TEXT:
            return value.text
        if isinstance(meaning, Declared) and not meaning.rest:
            value = self.linker.facts[meaning.file].names.get(meaning.name)
            if value is not None and value.form is Form.TEXT:
                return value.text
        return None

    def _django_option(self, at: ClassAt, name: str, *, own: bool = False, depth: int = 0) -> str | None:
        meta = self._meta(at)
        if meta is not None:
            for one in self.linker.ancestors(meta):
                if isinstance(one, ClassAt):
                    found = self._own(one, name)
                    if found is not None:
                        return found
            return None
        if own or depth > 20:
            return None
        for base in self.linker.bases(at):
            if isinstance(base, ClassAt) and self._own(self._meta(base), "abstract") == "true":
                found = self._django_option(base, name, depth=depth + 1)
                if found is not None or self._meta(base) is not None:
                    return found
        return None

    def _django_relations(self, relations: dict[str, Expr], table: str | None) -> dict[str, tuple[str, str]]:
        found = {}
        for name, call in relations.items():
            through = call.named("through")
            target = call.positional[0] if call.positional else call.named("to")
            between = call.named("db_table")
            joined = f"{table}_{name}" if table and through is None else ""
            if between is not None and between.form is Form.TEXT:
                joined = between.text
            found[name] = ("" if target is None else target.text, joined)
        return found

    # -- columns of all frameworks

    def _columns(self, at: ClassAt, pack: Pack) -> tuple[list[Field], dict[str, Expr]]:
        """Return the columns that the class itself declares, and its relations with a table between."""
        fields: dict[str, Field] = {}
        relations: dict[str, Expr] = {}
        for attribute in self.linker.shape(at).attributes:
            field = self.column(at.file, attribute, pack)
            if field is not None:
                fields[attribute.name] = field
                value = attribute.value
                if value is not None and pack.has("to_many", self._callee_symbol(at.file, value) or ""):
                    relations[attribute.name] = value
        return list(fields.values()), relations

    def column(self, path: str, attribute: Attribute, pack: Pack) -> Field | None:
        """Return the column that an attribute is, or None."""
        value = attribute.value
        if value is not None and value.form is Form.CALL:
            symbol = self._callee_symbol(path, value)
            if symbol is None or pack.has("not_fields", symbol) or pack.has("relations", symbol):
                return None
            if pack.has("fields", symbol):
                return Field(attribute.name, _type_of(attribute, symbol))
            last = symbol.removesuffix("()").rpartition(".")[2]
            if pack.loose_fields and last.endswith(pack.loose_fields):
                return Field(attribute.name, last, 0.8)
            return None
        return declarative.declarative_column(self, path, attribute, pack)

    def _callee_symbol(self, path: str, call: Expr) -> str | None:
        return self.symbol(path, call.callee)

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
    "django": Models.django,
    **declarative.RULES,
    **ecmascript.RULES,
}
_APP_CONFIGS: Final = frozenset({"django.apps.AppConfig", "django.apps.config.AppConfig"})
_TYPED_BY_ARGUMENT: Final = frozenset({"Column", "mapped_column", "deferred", "Required", "Optional", "PrimaryKey"})
