"""Django models: tables, columns and relations as `ModelBase`, `Options` and the related managers have them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from driftd.pipeline.data.expressions import Form
from driftd.pipeline.data.linking import ClassAt, Declared, Symbol
from driftd.pipeline.data.model import Field, Model, Relation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from driftd.pipeline.data.expressions import Expr
    from driftd.pipeline.data.models import Models
    from driftd.pipeline.data.packs import Pack


class App(NamedTuple):
    """An app: its label and the folder of its package."""

    label: str
    folder: str


def django(models: Models, at: ClassAt, pack: Pack) -> Model | None:
    """Follow `django.db.models.base.ModelBase` and `Options.contribute_to_class`.

    A model of a table that Django does not manage counts only in its app's `models`: elsewhere it describes what
    is not the application's own, as the catalogues of a database (`gis.db.backends.*.models`).
    """
    shape = models.linker.shape(at)
    own = _Options(models, at)
    if own.stated("managed") == "false" and not _is_in_models(models, at.file):
        return None
    fields = [field for attribute in shape.attributes if (field := models.column(at.file, attribute, pack)) is not None]
    is_abstract = own.is_abstract
    table = None if is_abstract else table_of(models, at, pack)
    if not is_abstract and own.stated("proxy") != "true":
        fields.extend(_implied(models, at, pack))
    return Model(
        pack.name,
        shape.qualified_name,
        table,
        tuple(dict.fromkeys(fields)),
        pack.confidence,
        shape.line,
        is_abstract,
        "" if is_abstract else label_of(models, at),
        () if is_abstract else tuple(_relations(models, at, pack, table)),
    )


def table_of(models: Models, at: ClassAt, pack: Pack) -> str | None:
    """Return the table of a model that is not abstract."""
    return models.linker.once(("table", at), lambda: _table_of(models, at, pack), None)


def label_of(models: Models, at: ClassAt) -> str:
    """Return the label of a model that is not abstract: `shop.order`."""
    label = _Options(models, at).inherited("app_label")
    if label is None:
        label = _app(models, at.file).label
    return f"{label}.{models.linker.shape(at).name.lower()}"


def _table_of(models: Models, at: ClassAt, pack: Pack) -> str | None:
    options = _Options(models, at)
    if options.stated("proxy", with_bases=True) == "true":
        for base in models.linker.bases(at):
            if isinstance(base, Symbol) and base.text in pack.models:
                return pack.models[base.text]
            if isinstance(base, ClassAt) and models.pack_of(base) is pack and not _Options(models, base).is_abstract:
                return table_of(models, base, pack)
        return None
    explicit = options.inherited("db_table")
    if explicit is not None:
        return explicit or None
    label, _, name = label_of(models, at).rpartition(".")
    return f"{label}_{name}" if label else None


def _implied(models: Models, at: ClassAt, pack: Pack) -> Iterator[Field]:
    """Yield the columns that a base adds to the first class with a table, declared by nobody."""
    above = models.linker.ancestors(at)
    for symbol, names in pack.implied_fields.items():
        if Symbol(symbol) in above and not any(
            one != at
            and isinstance(one, ClassAt)
            and models.pack_of(one) is pack
            and not _Options(models, one).is_abstract
            and Symbol(symbol) in models.linker.ancestors(one)
            for one in above
        ):
            yield from (Field(name) for name in names)


# -- relations


def _relations(models: Models, at: ClassAt, pack: Pack, table: str | None) -> Iterator[Relation]:
    """Yield what the attributes of a model that is not abstract lead to, those of its abstract bases included."""
    done = set()
    for one in models.linker.ancestors(at):
        if not isinstance(one, ClassAt) or (one != at and not _Options(models, one).is_abstract):
            continue
        for attribute in models.linker.shape(one).attributes:
            value = attribute.value
            if value is None or value.form is not Form.CALL or attribute.name in done:
                continue
            symbol = models.symbol(one.file, value.callee)
            kind = "" if symbol is None else _kind_of(pack, symbol)
            target = _target(models, one, at, value) if kind else ""
            if target:
                done.add(attribute.name)
                accessor = "" if kind == "generic" else _accessor(models, at, value, kind)
                between = _between(models, one, at, value, f"{table}_{attribute.name}") if kind == "many" else ""
                yield Relation(attribute.name, kind, target, accessor, between)


def _kind_of(pack: Pack, symbol: str) -> str:
    if pack.has("to_many", symbol):
        return "many"
    if pack.has("to_one", symbol):
        return "one" if "OneToOne" in symbol else "foreign"
    return "generic" if pack.has("generic_relations", symbol) else ""


def _target(models: Models, at: ClassAt, concrete: ClassAt, call: Expr) -> str:
    """Return the label of the model that a relation leads to, or the symbol that settings choose it by."""
    to = call.positional[0] if call.positional else call.named("to")
    return "" if to is None else _label(models, at, concrete, to)


def _label(models: Models, at: ClassAt, concrete: ClassAt, to: Expr) -> str:
    if to.form is Form.TEXT:
        if to.text == "self":
            return label_of(models, concrete)
        return to.text.lower() if "." in to.text else f"{label_of(models, at).rpartition('.')[0]}.{to.text.lower()}"
    meaning = models.linker.value(at.file, to)
    if isinstance(meaning, Symbol):
        return meaning.text
    if isinstance(meaning, ClassAt) and not meaning.rest:
        return label_of(models, meaning)
    return ""


def _accessor(models: Models, at: ClassAt, call: Expr, kind: str) -> str:
    """Return the attribute by which the target leads back, "" for none."""
    name = models.linker.shape(at).name.lower()
    given = call.named("related_name")
    if given is None:
        return name if kind == "one" else f"{name}_set"
    if given.form is not Form.TEXT or given.text.endswith("+"):
        return ""
    label = label_of(models, at).rpartition(".")[0]
    return given.text.replace("%(class)s", name).replace("%(app_label)s", label)


def _between(models: Models, at: ClassAt, concrete: ClassAt, call: Expr, default: str) -> str:
    """Return the table between, or the label of the model that stands between."""
    explicit, through = call.named("db_table"), call.named("through")
    if through is not None:
        return "=" + _label(models, at, concrete, through)
    return explicit.text if explicit is not None and explicit.form is Form.TEXT else default


# -- options and apps


class _Options:
    """What `class Meta` of a model says."""

    def __init__(self, models: Models, at: ClassAt) -> None:
        self._models = models
        self._at = at
        self._meta = models.linker.nested(ClassAt(at.file, at.number, ("Meta",)))

    @property
    def is_abstract(self) -> bool:
        """Whether the model has no table."""
        return self.stated("abstract") == "true"

    def stated(self, name: str, *, with_bases: bool = False) -> str | None:
        """Return what `Meta` itself says, or one that it inherits from; "" where that cannot be told."""
        if self._meta is None:
            return None
        for one in self._models.linker.ancestors(self._meta) if with_bases else (self._meta,):
            if isinstance(one, ClassAt):
                for attribute in self._models.linker.shape(one).attributes:
                    if attribute.name == name and attribute.value is not None:
                        return self._text(one.file, attribute.value)
        return None

    def inherited(self, name: str, depth: int = 0) -> str | None:
        """Return what `Meta` says, and where there is none, that of the nearest abstract base."""
        if self._meta is not None:
            return self.stated(name, with_bases=True)
        for base in self._models.linker.bases(self._at) if depth < _DEPTH else ():
            if isinstance(base, ClassAt):
                options = _Options(self._models, base)
                if options.is_abstract:
                    return options.inherited(name, depth + 1)
        return None

    def _text(self, path: str, value: Expr) -> str:
        if value.form in (Form.TEXT, Form.CONSTANT):
            return value.text
        if value.form is Form.NAME:
            meaning = self._models.linker.name(path, value.text)
            if isinstance(meaning, Declared) and not meaning.rest:
                named = self._models.linker.declared(meaning)
                return named.text if named is not None and named.form is Form.TEXT else ""
        return ""


def _is_in_models(models: Models, path: str) -> bool:
    below = path[len(_app(models, path).folder) :].lstrip("/")
    return below.partition("/")[0].partition(".")[0] == "models"


def _app(models: Models, path: str) -> App:
    """Return the app that a file belongs to.

    That is the nearest package around it with an `AppConfig` or migrations, else the one with the module `models`.
    """
    folder = path.rpartition("/")[0]
    return models.linker.once(("app", folder), lambda: _find_app(models, folder), App("", ""))


def _find_app(models: Models, folder: str) -> App:
    linker = models.linker
    outer = folder
    while outer:
        lookup = linker.project.modules.below(outer, "apps")
        linker.seen.add(lookup.key)
        if lookup.found is not None and not lookup.found.is_folder:
            label = _configured_label(models, lookup.found.path)
            if label is not None:
                return App(label or outer.rpartition("/")[2], outer)
        migrations = linker.project.modules.below(outer, "migrations")
        linker.seen.add(migrations.key)
        if migrations.found is not None:
            return App(outer.rpartition("/")[2], outer)
        outer = outer.rpartition("/")[0]
    parts = folder.split("/")
    if "models" in parts:
        parts = parts[: len(parts) - 1 - parts[::-1].index("models")]
    return App(parts[-1] if parts else "", "/".join(parts))


def _configured_label(models: Models, path: str) -> str | None:
    linker = models.linker
    linker.seen.add(path)
    facts = linker.facts.of(path)
    for index, shape in enumerate(facts.shapes if facts is not None else ()):
        if any(isinstance(s, Symbol) and s.text in _APP_CONFIGS for s in linker.ancestors(ClassAt(path, index))):
            texts = {a.name: a.value.text for a in shape.attributes if a.value and a.value.form is Form.TEXT}
            return texts["label"] if "label" in texts else texts.get("name", "").rpartition(".")[2]
    return None


_DEPTH: Final = 20
_APP_CONFIGS: Final = frozenset({"django.apps.AppConfig", "django.apps.config.AppConfig"})
