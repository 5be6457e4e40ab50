"""What an expression is to a framework: a model, a query, an object, a session, a client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from driftd.pipeline.data.expressions import OTHER, Expr, Form, last_name
from driftd.pipeline.data.generated import edge_of, generated
from driftd.pipeline.data.linking import ClassAt, Declared, Symbol
from driftd.pipeline.data.packs import SESSION_METHODS, Pack, Receiver, built_by, named_sessions, packs, packs_of
from driftd.pipeline.data.registry import back_key, label_key, mapped_key
from driftd.pipeline.data.sensitivity import words_of
from driftd.pipeline.data.thing import Thing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from driftd.pipeline.data.linking import Meaning
    from driftd.pipeline.data.model import Relation
    from driftd.pipeline.data.models import Models


class Things:
    """Evaluates the expressions of one file, and of others that those lead to."""

    def __init__(self, models: Models, path: str) -> None:
        self.models = models
        self.linker = models.linker
        self._path = path
        self._busy: set[str] = set()
        self._names: dict[tuple[str, str], Thing | None] = {}
        self._symbols: dict[tuple[str, str], Thing | None] = {}

    def of(self, path: str, expr: Expr, depth: int = 0) -> Thing | None:
        """Return what an expression is to a framework, or None."""
        form = expr.form
        if depth > _DEPTH:
            return None
        if form is Form.NAME:
            return self._of_name(path, expr.text)
        if form is Form.MEMBER:
            return self._of_member(path, expr, depth)
        if form is Form.CALL:
            return self._of_call(path, expr, depth)
        if form in (Form.ELEMENT, Form.CONTEXT):
            inner = self.of(path, expr.items[0], depth + 1)
            if inner is not None and form is Form.ELEMENT and inner.role in _MANY:
                return inner._replace(role="instance", operation="", between="")
            return inner
        if form is Form.LIST:
            found = [thing for item in expr.items if (thing := self.of(path, item, depth + 1)) is not None]
            return found[0]._replace(role="result") if len(found) == 1 and found[0].role == "instance" else None
        if form is Form.INSTANCE:
            return self._instance(path, expr.text)
        if form is Form.SELF and expr.text:
            at = self.linker.class_named(path, expr.text)
            return None if at is None else self._of_class(at, "class" if "class" in expr.names else "instance")
        return None

    def tables(self, path: str, args: tuple[Expr, ...]) -> tuple[str, ...]:
        """Return the tables of what is handed over: models, their columns, lists of them."""
        found: list[str] = []
        for arg in args:
            if arg.form is Form.LIST:
                found.extend(self.tables(path, arg.items))
                continue
            thing = self.of(path, arg)
            if thing is None and arg.form is Form.NAME and "." in arg.text:  # select(User.name)
                thing = self.of(path, Expr(Form.NAME, arg.text.rpartition(".")[0]))
            if thing is None and arg.form is Form.CALL:  # func.count(User.id)
                found.extend(self.tables(path, arg.positional))
            elif thing is not None:
                found.extend(thing.tables)
        return tuple(dict.fromkeys(found))

    def by_argument(self, path: str, method: str, receiver: Expr | None, call: Expr) -> Thing | None:
        """Return the session that an unknown receiver must be, given a model or a statement of such a framework."""
        if not call.positional or receiver is None:
            return None
        words = named_sessions(self.linker.project[path].language).get(method, _NO_WORDS)
        is_named = not words.isdisjoint(words_of(last_name(receiver)))
        if method not in SESSION_METHODS and not is_named:
            return None
        given = self.of(path, call.positional[0])
        if given is None or not given.pack.session_words:
            return None
        operation = given.pack.operation("session", method)
        if method in SESSION_METHODS:
            fits = given.role == "class" if method == "query" else given.role in ("statement", "query")
        else:
            fits = given.role == "class" if operation == "select" else given.role in ("instance", "result")
        if not fits:
            return None
        return Thing("session", given.pack, (), "", _NAMED if is_named else _GUESSED)

    def statement(self, path: str, call: Expr) -> Thing | None:
        """Return the statement that a function such as `select(User)` builds."""
        callee = call.callee
        if callee.form is not Form.NAME:
            return None
        meaning = self.linker.name(path, callee.text)
        if not isinstance(meaning, Symbol):
            return None
        built = built_by(self.linker.project[path].language, meaning.text)
        if built is None:
            return None
        pack, operation = built
        if pack.rule == "django":  # get_object_or_404 gives an object
            found = self.of(path, call.positional[0]) if call.positional else None
            return None if found is None or not found.tables else found._replace(role="instance", operation=operation)
        tables = self.tables(path, call.positional)
        return Thing("statement", pack, tables, operation)

    # -- names

    def _of_name(self, path: str, dotted: str) -> Thing | None:
        key = (path, dotted)
        if key not in self._names:
            self._names[key] = self._by_name(path, dotted)
        return self._names[key]

    def _by_name(self, path: str, dotted: str) -> Thing | None:
        meaning = self.linker.name(path, dotted)
        if isinstance(meaning, ClassAt):
            nested = self.linker.nested(meaning._replace(rest=()))
            found = None if nested is None else self._of_class(nested, "class")
            return self._below(found, meaning.rest)
        if isinstance(meaning, Symbol):
            return self._of_symbol(path, meaning.text)
        if isinstance(meaning, Declared):
            return self._of_declared(meaning)
        return None

    def _below(self, thing: Thing | None, names: tuple[str, ...]) -> Thing | None:
        for name in names:
            thing = None if thing is None else self._attribute(thing, name)
        return thing

    def _of_class(self, at: ClassAt, role: Receiver) -> Thing | None:
        pack = self.models.pack_of(at)
        if pack is None:
            kept = self._kept_by(at) if role == "instance" else None
            if kept is not None:
                return kept
            symbol = self.linker.symbol_of(at)
            if symbol is None or role == "class":
                return None
            return self._of_form(at) or self._of_symbol(at.file, f"{symbol}()")
        model = self.models.of_class(at)
        if model is not None and model.is_abstract:
            return Thing(role, pack, (), "", pack.confidence, at)
        table = None if model is None else model.table
        return Thing(role, pack, (table or "unknown",), "", pack.confidence, at)

    def _of_form(self, at: ClassAt) -> Thing | None:
        """Return what an object of a class is that writes the model that its `Meta` names."""
        above = self.linker.ancestors(at)
        for pack in packs_of(self.linker.project[at.file].language):
            if any(isinstance(one, Symbol) and pack.has("model_forms", one.text) for one in above):
                for one in above:
                    value = self._value(one, "Meta", "model") if isinstance(one, ClassAt) else None
                    if value is not None:
                        model = self.of(*value)
                        return None if model is None else model._replace(role="form")
        return None

    def _kept_by(self, at: ClassAt) -> Thing | None:
        """Return the queries that a repository is for: `interface Owners extends JpaRepository<Owner, Long>`."""
        known = packs_of(self.linker.project[at.file].language)
        for pack in known:
            if pack.repository_options:
                return self._repository_of(at)
        if not any(pack.derived for pack in known):
            return None
        for one in self.linker.ancestors(at):
            if not isinstance(one, ClassAt):
                continue
            for call in self.linker.shape(one).body:
                base = self.linker.name(one.file, call.callee.text)
                for pack in known if isinstance(base, Symbol) and call.positional else ():
                    if isinstance(base, Symbol) and pack.has("repositories", base.text):
                        return Thing("query", pack, self.tables(one.file, call.positional[:1]) or ("unknown",))
        return None

    def _repository_of(self, at: ClassAt) -> Thing | None:
        """Return the queries that a repository is for that a model names: `repositoryClass: UserRepository::class`."""
        language = self.linker.project[at.file].language
        for entry in self.linker.all_registered(mapped_key(language, f"repository {self.linker.shape(at).name}")):
            model = self.linker.class_named(entry.file, entry.model)
            if model is not None and self.linker.name(entry.file, entry.between) == at:
                return self._of_class(model, "query")
        return None

    def _value(self, at: ClassAt, *names: str) -> tuple[str, Expr] | None:
        """Return the value of an attribute of a class, or of a class in it, and the file that it stands in."""
        *outer, name = names
        nested = self.linker.nested(at._replace(rest=tuple(outer)))
        for attribute in () if nested is None else self.linker.shape(nested).attributes:
            if attribute.name == name and attribute.value is not None:
                return at.file, attribute.value
        return None

    def _of_declared(self, at: Declared) -> Thing | None:
        model = self.models.of_declared(at._replace(rest=()))
        if model is not None and model.table:
            pack = packs()[model.framework]
            return Thing("class", pack, (model.table,), "", pack.confidence, at)
        value = self.linker.declared(at)
        if value is None or value.form not in _EVALUATED or at.file + at.name in self._busy:
            return None
        self._busy.add(at.file + at.name)
        found = self.of(at.file, value)
        self._busy.discard(at.file + at.name)
        return self._below(found, at.rest)

    def _of_symbol(self, path: str, symbol: str) -> Thing | None:
        key = (self.linker.project[path].language, symbol)
        if key not in self._symbols:
            self._symbols[key] = self._by_symbol(path, symbol, key[0])
        return self._symbols[key]

    def _by_symbol(self, path: str, symbol: str, language: str) -> Thing | None:
        bare = symbol.removesuffix("()")
        for pack in packs_of(language):
            if bare in pack.models:
                role: Receiver = "class" if bare == symbol else "instance"
                return Thing(role, pack, (pack.models[bare],), "", pack.confidence)
            if symbol in pack.settable_models:
                return self._labelled(pack, symbol, "class")
            if bare in pack.settable_models:
                return self._labelled(pack, bare, "instance")
            if pack.has("sessions", symbol) or pack.has("sessions", bare):
                return Thing("session", pack)
            if pack.has("clients", symbol) or pack.has("clients", bare):
                return Thing("client", pack)
        head, _, last = bare.rpartition(".")
        below = self._of_symbol(path, head) if head else None
        if below is not None and (below.role in ("session", "client") or bare == symbol):
            return self._attribute(below, last)
        return None

    def _generated(self, path: str, meaning: Meaning | None) -> Thing | None:
        """Return what a name of a generated package is: a client, or an object of a model."""
        found = generated(self.linker, path, meaning)
        if found is None:
            return None
        pack, schemas, name = found
        if pack.has("clients", name):
            return Thing("client", pack, between=schemas)
        return self._of_schema(schemas, name.rpartition(".")[2], "instance")

    def _of_schema(self, schemas: str, name: str, role: Receiver) -> Thing | None:
        at = self.linker.of_full_name(f"{schemas}.{name}")
        return self._of_class(at, role) if isinstance(at, ClassAt) else None

    # -- attributes

    def _of_member(self, path: str, expr: Expr, depth: int) -> Thing | None:
        inner = self.of(path, expr.items[0], depth + 1)
        found = None if inner is None else self._attribute(inner, expr.text)
        if found is None:
            found = self._of_member_of_class(path, expr.items[0], expr.text, depth)
        if found is None and inner is None:
            meaning = self.linker.value(path, expr)
            return self._of_symbol(path, meaning.text) if isinstance(meaning, Symbol) else None
        return found

    def _of_member_of_class(
        self, path: str, of: Expr, name: str, depth: int, *, is_called: bool = False
    ) -> Thing | None:
        """Return what an attribute, a property or a method of a class of the workspace gives."""
        at = self._class_of(path, of)
        for one in self.linker.ancestors(at) if at is not None else ():
            if isinstance(one, ClassAt) and not (one == at and "super" in of.names):
                value = self._value(one, name)
                if value is None and not is_called:
                    found = self._typed(one, name)
                    if found is not None:
                        return found
                if value is not None:
                    file, expr = value
                    if (expr.form is Form.FUNCTION and expr.text != "property") is not is_called:
                        return None
                    if expr.form is Form.FUNCTION:
                        expr = expr.items[0]
                    return self.of(file, expr, depth + 2)
        return None

    def _typed(self, at: ClassAt, name: str) -> Thing | None:
        """Return what a field of a class is by its type."""
        types = (a.annotation for a in self.linker.shape(at).attributes if a.name == name and a.annotation)
        return next((found for one in types if (found := self._instance(at.file, one)) is not None), None)

    def _class_of(self, path: str, expr: Expr) -> ClassAt | None:
        while expr.form is Form.CONTEXT:
            expr = expr.items[0]
        if expr.form is Form.SELF:
            return self.linker.class_named(path, expr.text)
        if expr.form is Form.INSTANCE:
            meaning = self.linker.name(path, expr.text.strip("\"'*"))
        elif expr.form is Form.CALL and expr.callee.form is Form.NAME:
            meaning = self.linker.name(path, expr.callee.text)
        else:
            return None
        return meaning if isinstance(meaning, ClassAt) and not meaning.rest else None

    def _attribute(self, thing: Thing, name: str) -> Thing | None:
        """Return what an attribute of something is."""
        role, pack = thing.role, thing.pack
        if "ruby" in pack.languages and (role == "class" or role in _MANY):  # what is read is called
            return self._after(self._path, thing, name, _NO_ARGUMENTS)
        if role == "class":
            if name == "class":  # Java's `Owner.class`
                return thing
            if name in _QUERIES or self._is_manager(thing, name):
                return thing._replace(role="query")
            if pack.rule != "django" and name in _COLUMNS:
                return thing
            return None
        if role == "instance":
            return thing._replace(role="class") if name in ("__class__", "class") else self._related(thing, name)
        if pack.name == "prisma" and role == "session":
            return self._delegate(thing, name)
        if role == "client" and name == "manager" and pack.name == "typeorm":
            return thing._replace(role="session")
        if pack.generates and role == "client":
            return self._of_schema(thing.between, name, "class")
        if role in ("client", "session"):
            return thing if name in _SAME_CLIENT else None
        if role == "form" and name in ("instance", "Meta"):
            return thing._replace(role="instance")
        return thing if name in ("c", "columns") else None

    def _delegate(self, client: Thing, name: str) -> Thing | None:
        """Return what `prisma.user` is: queries on the model `User` of the nearest schema."""
        if name.startswith("$"):
            return None
        for schema in self.linker.schemas(self._path):
            for index, shape in enumerate(self.linker.facts[schema].shapes):
                if shape.name[:1].lower() + shape.name[1:] == name:
                    model = self.models.of_class(ClassAt(schema, index))
                    if model is not None and model.table:
                        return Thing("query", client.pack, (model.table,), "", client.pack.confidence)
        return None

    def _is_scope(self, thing: Thing, name: str) -> bool:
        """Whether a class or one above names a query so: `scope :recent, -> { … }`."""
        return any(
            thing.pack.body_calls.get(call.callee.text) == "query" and named(call) == (name,)
            for one in (self.linker.ancestors(thing.model) if isinstance(thing.model, ClassAt) else ())
            if isinstance(one, ClassAt)
            for call in self.linker.shape(one).body
        )

    def _is_manager(self, thing: Thing, name: str) -> bool:
        """Whether an attribute of a model class gives queries: what it is assigned descends from a manager."""
        if not isinstance(thing.model, ClassAt):
            return False
        for one in self.linker.ancestors(thing.model):
            value = self._value(one, name) if isinstance(one, ClassAt) else None
            if value is not None:
                file, expr = value
                if expr.form is not Form.CALL:
                    return False
                if last_name(expr.callee) in _MANAGER_MAKERS:
                    return True
                symbol = self.models.symbol(file, expr.callee)
                return symbol is not None and thing.pack.has("managers", symbol)
        return False

    # -- relations

    def _related(self, thing: Thing, name: str) -> Thing | None:
        """Return what an attribute of an object leads to: by a relation of its own, or of another model back to it."""
        for label, relations in self._models_of(thing):
            for relation in relations:
                if relation.name == name:
                    return self._along(thing.pack, relation)
            for target in (label, *self._settings_that_mean(thing.pack, label)):
                back = self.linker.registered(back_key(target, name))
                at = None if back is None else self.linker.class_named(back.file, back.model)
                if back is not None and at is not None:
                    source = self._of_class(at, "instance")
                    return None if source is None else self._through(source, back.kind, back.between, "reverse")
        return None

    def _models_of(self, thing: Thing) -> Iterator[tuple[str, tuple[Relation, ...]]]:
        for one in self.linker.ancestors(thing.model) if isinstance(thing.model, ClassAt) else ():
            model = self.models.of_class(one) if isinstance(one, ClassAt) else None
            if model is not None and model.label:
                yield model.label, model.relations

    def _along(self, pack: Pack, relation: Relation) -> Thing | None:
        target = self._labelled(pack, relation.target, "instance")
        return None if target is None else self._through(target, relation.kind, relation.between, "instance")

    def _through(self, target: Thing, kind: str, between: str, single: Receiver) -> Thing | None:
        if kind == "many":
            if between.startswith("="):
                through = self._labelled(target.pack, between[1:], "class")
                between = through.tables[0] if through is not None and through.tables else ""
            return target._replace(role="relation", between=between)
        if kind == "generic":
            return target._replace(role="query")
        return target._replace(role="instance" if kind == "one" else single)

    def _labelled(self, pack: Pack, label: str, role: Receiver) -> Thing | None:
        """Return the model that a label or a symbol means."""
        if label in pack.models:
            return Thing(role, pack, (pack.models[label],), "", pack.confidence)
        if label in pack.settable_models:
            label = self._set_by(*pack.settable_models[label])
        entry = self.linker.registered(label_key(label))
        at = None if entry is None else self.linker.class_named(entry.file, entry.model)
        if at is not None:
            return self._of_class(at, role)
        table = next((table for symbol, table in pack.models.items() if _label_of(symbol) == label), None)
        return None if table is None else Thing(role, pack, (table,), "", pack.confidence)

    def _settings_that_mean(self, pack: Pack, label: str) -> Iterator[str]:
        for symbol, setting in pack.settable_models.items():
            if self._set_by(*setting) == label:
                yield symbol

    def _set_by(self, setting: str, default: str) -> str:
        entry = self.linker.registered(label_key(setting))
        return default if entry is None else entry.model.lower()

    # -- calls

    def _of_call(self, path: str, call: Expr, depth: int) -> Thing | None:
        callee = call.callee
        statement = self.statement(path, call)
        if statement is not None:
            return statement
        if callee.form is Form.NAME:
            found = self._of_named_call(path, call, depth)
            if found is not None:
                return found
            head, _, method = callee.text.rpartition(".")
            receiver = Expr(Form.NAME, head) if head else None
        elif callee.form is Form.MEMBER:
            method, receiver = callee.text, callee.items[0]
        else:
            return None
        thing = None if receiver is None else self.of(path, receiver, depth + 1)
        if thing is None:
            thing = self.by_argument(path, method, receiver, call)
        found = None if thing is None else self._after(path, thing, method, call)
        if found is None and receiver is not None:
            found = self._of_member_of_class(path, receiver, method, depth, is_called=True)
        if found is None and thing is None:
            meaning = self.linker.value(path, call)
            return self._of_symbol(path, meaning.text) if isinstance(meaning, Symbol) else None
        return found

    def _of_named_call(self, path: str, call: Expr, depth: int) -> Thing | None:
        meaning = self.linker.name(path, call.callee.text)
        if isinstance(meaning, ClassAt):
            return None if meaning.rest else self._of_class(meaning, "instance")
        if isinstance(meaning, Declared) and not meaning.rest:
            value = self.linker.declared(meaning)
            if value is not None and value.form is Form.FUNCTION:
                return self.of(meaning.file, value.items[0], depth + 2) if value.items else None
            made = self._of_declared(meaning)
            if made is not None and made.role == "class":
                return made._replace(role="instance")
        if named(call):
            built = self.of(path, call.callee, depth + 1)
            if built is not None and built.pack.name == "knex" and built.role == "session":
                return Thing("query", built.pack, named(call))  # knex("users")
        if not isinstance(meaning, Symbol):
            return None
        result = Symbol(f"{meaning.text}()")
        return self._of_symbol(path, result.text) or self._generated(path, result)

    def _after(self, path: str, thing: Thing, method: str, call: Expr) -> Thing | None:
        """Return what calling a method gives: a chain goes on with the same tables."""
        pack, role = thing.pack, thing.role
        if method in pack.gives_session and role in ("session", "client"):
            return thing
        if method in pack.makes_query and role == "session":
            return Thing("query", pack)
        if method in pack.session_of and role == "query":
            return Thing("session", pack)
        if pack.generates and isinstance(thing.model, ClassAt):
            model = self.models.of_class(thing.model)
            edge = None if model is None else edge_of(model, method)
            if edge is not None:
                target = self._labelled(pack, edge.target, "instance")
                return None if target is None else target._replace(role="query")
        if role in ("session", "client"):
            return self._after_session(path, thing, method, call)
        operation = pack.operation(role, method) or (pack.operation("query", method) if role in _MANY else "") or ""
        if role == "query" and method in ("from", "into") and pack.name in ("drizzle", "knex"):
            tables = self.tables(path, call.positional[:1]) if pack.name == "drizzle" else named(call)
            return thing._replace(tables=(*thing.tables, *tables), operation=thing.operation or "select")
        if pack.makes_query and role == "query" and not thing.tables and call.positional:
            made = self.tables(path, call.positional[:1])  # `->from(User::class, 'u')`, `->delete(User::class)`
            if made:
                return thing._replace(tables=made, operation=operation)
        if role == "form":
            return thing._replace(role="instance") if operation else None
        if role == "instance":
            is_relation = method in pack.to_many or method in pack.to_one  # `$this->hasMany(Post::class)`
            tables = self.tables(path, call.positional[:1]) if is_relation else ()
            return Thing("query", pack, tables, "", pack.confidence) if tables else None
        if (method in _ONE and "python" in pack.languages) or method in pack.gives_one:
            return thing._replace(role="instance", operation="", between="")
        if role == "class" and not operation and method not in _PASSING and not self._is_scope(thing, method):
            return None
        if role == "result":
            return thing
        if method in pack.gives_all:
            return thing._replace(role="result", operation="", between="")
        if method in _JOINS:
            joined = named(call) if pack.name == "knex" else self.tables(path, call.positional[:1])
            tables = tuple(dict.fromkeys((*thing.tables, *joined)))
            return thing._replace(role="query", tables=tables, operation=thing.operation or "select")
        kept = thing.operation if thing.operation not in ("", "select") and operation != "upsert" else operation
        if operation == "insert" and pack.rule == "django":
            return thing._replace(role="instance", operation="", between="")
        return thing._replace(role="query", operation=kept, between="")

    def _after_session(self, path: str, thing: Thing, method: str, call: Expr) -> Thing | None:
        pack, role = thing.pack, thing.role
        if pack.name in ("drizzle", "knex") and method in _BUILDERS:
            if pack.name == "drizzle" or method in ("from", "into", "table"):
                tables = self.tables(path, call.positional[:1]) if pack.name == "drizzle" else named(call)
            else:
                tables = ()
            return Thing("query", pack, tables, _BUILDERS[method] if pack.name == "drizzle" else "")
        if method in _REPOSITORY_MAKERS and call.positional:
            tables = self.tables(path, call.positional[:1])
            return Thing("query", pack, tables) if tables else None
        if method in ("query", "select_from", "table") and call.positional:
            tables = self.tables(path, call.positional) or (named(call) if method == "table" else ())
            return Thing("query", pack, tables or ("unknown",), "select", thing.confidence)
        if pack.rule == "gorm" and role == "session":
            return self._after_gorm(path, thing, method, call)
        operation = pack.operation(role, method)
        inner = self.of(path, call.positional[0]) if operation in ("raw_query", "select") and call.positional else None
        if operation == "raw_query":
            if inner is None:
                return self._of_sql(pack, call.positional)
            return inner._replace(role="instance" if method == "scalar" else "result")
        if operation == "select":
            return None if inner is None else inner._replace(role="instance")
        return thing if method in _SAME_CLIENT else None

    def _after_gorm(self, path: str, thing: Thing, method: str, call: Expr) -> Thing | None:
        """Return what a method of `*gorm.DB` gives: another one, that may know its model."""
        if thing.pack.operation("session", method) == "raw_query":
            return self._of_sql(thing.pack, call.positional) or thing
        if method == "Model":
            return thing._replace(tables=self.tables(path, call.positional[:1]))
        return thing._replace(tables=named(call)) if method == "Table" else thing

    def _of_sql(self, pack: Pack, args: tuple[Expr, ...]) -> Thing | None:
        """Return what executing SQL gives."""
        sql = next((arg for arg in args[:3] if arg.form is Form.SQL), None)
        if sql is None:
            return None
        tables = tuple([touched.partition(" ")[2] for touched in sql.names])
        return Thing("result", pack, tables, sql.names[0].partition(" ")[0])

    def _instance(self, path: str, annotation: str) -> Thing | None:
        """Return what an object of an annotated type is; a union with None and a string count as the type."""
        name = annotation.strip().strip("\"'").replace(" ", "")
        if self.linker.project[path].language == "go":
            name = name.lstrip("*[]&")  # a pointer or a slice of it
        for wrapper in _WRAPPERS:
            if name.startswith(f"{wrapper}["):
                name = name[len(wrapper) + 1 : -1].partition(",")[0]
        parts = [part for part in name.split("|") if part not in ("None", "null", "undefined")]
        if len(parts) != 1:
            return None
        name, _, inner = parts[0].replace("<", "[").replace(">", "]").partition("[")
        meaning = self.linker.name(path, name)
        made = self._generated(path, meaning)
        if made is not None:
            return made
        if isinstance(meaning, ClassAt) and not meaning.rest:
            return self._of_class(meaning, "instance")
        if isinstance(meaning, Symbol):
            for pack in packs_of(self.linker.project[path].language):
                if inner and (pack.has("managers", meaning.text) or pack.has("repositories", meaning.text)):
                    model = self._instance(path, inner.removesuffix("]"))
                    return None if model is None else model._replace(role="query")
            return self._of_symbol(path, f"{meaning.text}()")
        return None


def named(call: Expr) -> tuple[str, ...]:
    """Return the table that a first argument names: `"users as u"` is `users`."""
    first = next(iter(call.positional), None)
    return (first.text.split()[0],) if first is not None and first.form is Form.TEXT and first.text.strip() else ()


def _label_of(symbol: str) -> str:
    """Return the label of a package's model: that of `django.contrib.auth.models.User` is `auth.user`."""
    parts = symbol.lower().split(".")
    return f"{parts[-3]}.{parts[-1]}" if len(parts) > len(("app", "models", "name")) - 1 else symbol


_DEPTH: Final = 60
_NO_ARGUMENTS: Final = Expr(Form.CALL, "", (OTHER,))
_GUESSED: Final = 0.7
_NAMED: Final = 0.8
_NO_WORDS: Final[frozenset[str]] = frozenset()
_EVALUATED: Final = frozenset({Form.CALL, Form.MEMBER, Form.INSTANCE})
_MANY: Final = frozenset({"query", "result", "relation", "reverse"})
_BUILDERS: Final = {
    "select": "select", "selectDistinct": "select", "selectDistinctOn": "select", "insert": "insert", "update": "update",
    "delete": "delete", "from": "", "into": "", "table": "", "with": "", "distinct": "", "columns": "", "first": "",
}  # fmt: skip
_REPOSITORY_MAKERS: Final = frozenset({"getRepository", "getTreeRepository", "withRepository"})
_PASSING: Final = frozenset({"createQueryBuilder", "scope", "unscoped"})
_JOINS: Final = frozenset(
    {"join", "outerjoin", "join_from", "select_from", "leftJoin", "innerJoin", "rightJoin", "fullJoin", "outerJoin"}
)
_QUERIES: Final = frozenset({"objects", "_default_manager", "_base_manager", "query"})
_COLUMNS: Final = frozenset({"c", "columns", "__table__"})
_MANAGER_MAKERS: Final = frozenset({"as_manager"})
_SAME_CLIENT: Final = frozenset(
    {"cursor", "connect", "connection", "begin", "session", "engine", "begin_nested", "acquire", "bind"}
)
_ONE: Final = frozenset(
    {
        "get", "first", "last", "earliest", "latest", "one", "one_or_none", "create", "aget", "afirst", "acreate",
        "get_or_none", "first_or_404", "get_or_404", "get_by_id", "scalar_one", "scalar_one_or_none",
    }
)  # fmt: skip
_WRAPPERS: Final = ("Optional", "typing.Optional", "Annotated", "typing.Annotated")
