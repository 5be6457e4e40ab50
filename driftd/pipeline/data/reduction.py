"""From the facts of a file to `Expr`s, with local variables replaced by what is assigned to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from driftd.pipeline.data.expressions import OTHER, Expr, Form
from driftd.pipeline.data.packs import factory_methods
from driftd.pipeline.data.sql import may_be_sql, statements
from driftd.pipeline.facts.model import Kind

if TYPE_CHECKING:
    from driftd.pipeline.facts.model import FileFacts, Value

    # Line, value, kind of assignment, annotation, scope, and a number of its own: two may have one value in common.
    Local = tuple[int, "Value | None", str, str, int, int]
    # Of local variables by scope and name, of fields by class and name, and what functions return.
    Tables = tuple[dict[int, dict[str, list[Local]]], dict[tuple[int, str], Local], dict[int, Value]]


class Reduction:
    """Reduces the expressions of one file.

    `lean` leaves out what the calls that touch data are not judged by: keyword arguments, objects and functions that
    are handed over, long texts that are no SQL.  What is assigned to a variable is repeated wherever it is read, so
    that matters.
    """

    def __init__(self, facts: FileFacts, *, lean: bool = False, tables: Tables | None = None) -> None:
        """`tables` are those of another reduction of the same file."""
        self._facts = facts
        self._lean = lean
        self._is_python = facts.language == "python"
        self._binding = _LOCAL | {"augmented"} if facts.language == "ruby" else _LOCAL  # `@user ||= User.find(1)`
        self._factories = factory_methods(facts.language)
        self._is_ruby = facts.language == "ruby"
        self._has_errors = facts.language == "go"
        self._has_implicit_this = facts.language in _IMPLICIT_THIS
        self.tables: Tables = ({}, {}, {}) if tables is None else tables
        self._locals, self._fields, self._returns = self.tables
        self._known: dict[int, Expr] = {}
        self._busy: set[int] = set()
        if tables is None:
            self._collect()

    def of(self, value: Value, scope: int = 0, line: int = 0, depth: int = 0) -> Expr:
        """Return the expression that stands in `scope` at `line`."""
        kind = value.kind
        if depth > DEPTH or kind in _NEVER:
            return OTHER
        if kind == Kind.PATH:
            return self._path(value.text, scope, line, depth)
        if kind == Kind.CALL:
            return self.call(value.ref, scope, line, depth)
        if kind in (Kind.STRING, Kind.TEMPLATE):
            return self._text(self._facts.texts.literals[value.ref].value)
        if kind == Kind.CONSTANT:
            return Expr(Form.CONSTANT, value.text)
        if kind == Kind.MEMBER and value.items:
            return Expr(Form.MEMBER, value.text, (self.of(value.items[0], scope, line, depth + 1),))
        if kind in _SAME:
            return self.of(value.items[0], scope, line, depth + 1)
        if kind == Kind.INDEX:
            return self._index(value, scope, line, depth)
        if kind in _SEQUENCES:
            items = [self.of(item, scope, line, depth + ASIDE) for item in value.items[:WIDTH]]
            return Expr(Form.LIST, "", tuple(dict.fromkeys(items)))
        if kind == Kind.COMPREHENSION and value.text != "dict" and value.items:
            return Expr(Form.LIST, "", (self.of(value.items[0], scope, line, depth + 1),))
        if kind == Kind.DICT:
            return OTHER if self._lean else self._dict(value, scope, line, depth)
        if kind == Kind.FUNCTION:
            return OTHER if self._lean else self.function(value.ref, depth)
        if kind == Kind.CLASS:
            return Expr(Form.CLASS, self._facts.outline.classes[value.ref].qualified_name)
        if kind == Kind.CONDITIONAL and len(value.items) == _TERNARY:
            either = self.of(value.items[1], scope, line, depth + 1)
            return either if either.form not in _EMPTY else self.of(value.items[2], scope, line, depth + 1)
        if kind == Kind.OPERATION and value.text in _CHOICES and value.items:
            called = next((item for item in value.items if item.kind == Kind.CALL), value.items[0])
            return self.of(called, scope, line, depth + 1)
        if kind == Kind.OPERATION and value.text in _JOINING and value.items:
            return self._operation(value, scope, line, depth)
        return OTHER

    def call(self, index: int, scope: int = 0, line: int = 0, depth: int = 0) -> Expr:
        """Return a call of the file as an expression."""
        call = self._facts.bodies.calls[index]
        if call.callee.text == "super" and self._is_python and (of := self._super(scope)) is not None:
            return of
        items = [self.of(call.callee, scope, line, depth + 1)]
        if self._factories and items[0].form is Form.MEMBER and items[0].text in self._factories:
            made = items[0].items[0].text.partition("<")[2].removesuffix(">")
            return Expr(Form.INSTANCE, made) if made else OTHER
        names = []
        for arg in call.args:
            if arg.name and (self._lean or (self._is_python and arg.name not in _READ)):
                continue
            names.append(arg.name)
            items.append(self.of(arg.value, scope, line, depth + ASIDE))
        if self._lean:
            while len(names) > 1 and items[-1].form in _EMPTY:
                names.pop()
                items.pop()
        return Expr(Form.CALL, "", tuple(items), tuple(names))

    def function(self, number: int, depth: int = 0) -> Expr:
        """Return a function of the file; what it returns is its item, if it returns anything that is something."""
        returned = self._returns.get(number)
        if returned is None:
            return Expr(Form.FUNCTION)
        return Expr(Form.FUNCTION, "", (self.of(returned, number, _END, depth + 1),))

    def _text(self, text: str) -> Expr:
        touched = statements(text) if may_be_sql(text) else ()
        if touched:
            return Expr(Form.SQL, "", (), tuple([f"{operation} {table}" for operation, table in touched]))
        return Expr(Form.TEXT, text) if len(text) <= LONGEST_NAME else OTHER

    def _index(self, value: Value, scope: int, line: int, depth: int) -> Expr:
        """`a[0]` is one of what a holds; `Annotated[Session, …]` is Session."""
        of, *keys = value.items
        if of.kind == Kind.PATH and of.text.rpartition(".")[2] == "Annotated" and keys:
            inner = keys[0].items[0] if keys[0].kind == Kind.TUPLE and keys[0].items else keys[0]
            return self.of(inner, scope, line, depth + 1)
        if len(keys) > 1:  # a slice
            return self.of(of, scope, line, depth + 1)
        return Expr(Form.ELEMENT, "", (self.of(of, scope, line, depth + 1),))

    def _operation(self, value: Value, scope: int, line: int, depth: int) -> Expr:
        parts = [self.of(item, scope, line, depth + ASIDE) for item in value.items]
        if value.text == "%" or parts[0].form is Form.SQL:
            return parts[0] if parts[0].form in _TEXTS else OTHER
        if value.text == "+" and parts[0].form is Form.TEXT:
            joined = "".join(part.text if part.form is Form.TEXT else "{}" for part in parts)
            return self._text(joined) if "{}" not in joined or may_be_sql(joined) else OTHER
        return OTHER if value.text == "+" else parts[0]  # two queries combined

    def _dict(self, value: Value, scope: int, line: int, depth: int) -> Expr:
        names, items = [], []
        for key, item in zip(value.items[: 2 * WIDTH : 2], value.items[1 : 2 * WIDTH : 2], strict=False):
            if key.kind in (Kind.MEMBER, Kind.PATH):
                names.append(key.text)
            elif key.kind == Kind.STRING:
                names.append(self._facts.texts.literals[key.ref].value)
            else:
                names.append("")
            items.append(self.of(item, scope, line, depth + 1))
        return Expr(Form.DICT, "", tuple(items), tuple(names))

    def _path(self, text: str, scope: int, line: int, depth: int) -> Expr:
        if scope == 0:
            return Expr(Form.NAME, text)
        head, _, rest = text.partition(".")
        found = self._local(head, scope, line, depth)
        if found is None and self._is_ruby and not head[:1].isupper() and (own := self._implicit(scope)) is not None:
            found = own if head == "self" else Expr(Form.MEMBER, head, (own,))
        if found is None:
            return Expr(Form.NAME, text)
        if found.form is Form.SELF and rest:
            attribute, _, rest = rest.partition(".")
            field = self._field(found, attribute, scope, depth)
            found = field if field is not None else Expr(Form.MEMBER, attribute, (found,))
        for part in rest.split(".") if rest else ():
            found = Expr(Form.MEMBER, part, (found,))
        return found

    def _local(self, name: str, scope: int, line: int, depth: int) -> Expr | None:
        functions, classes = self._facts.outline.functions, self._facts.outline.classes
        while scope != 0:
            if scope < 0:
                if self._has_implicit_this and (field := self._field_of(~scope, name, depth)) is not None:
                    return field
                scope = classes[~scope].scope
                continue
            function = functions[scope]
            sites = self._locals.get(scope, _NO_SITES).get(name)
            if sites:
                before = [site for site in sites if site[0] <= line]
                site = before[-1] if before else sites[0]
                # `x = x.filter()` reads the x before it.
                if before and site[0] == line and site[1] is not None and len(before) > 1:
                    site = before[-2]
                return self._assigned(site, depth)
            if function.scope < 0 and name in _SELVES:
                cls = classes[~function.scope].qualified_name
                if name == "this" or (function.params and function.params[0].name == name):
                    return Expr(Form.SELF, cls, (), ("class",) if name == "cls" else ())
            for param in function.params:
                if param.name == name:
                    return self._parameter(name, param.annotation, param.default)
            line, scope = _END, function.scope
        return Expr(Form.SELF, "") if name == "this" else None

    def _implicit(self, scope: int) -> Expr | None:
        """Return the object or class whose method a bare name calls, in a language where that needs no receiver."""
        functions, classes = self._facts.outline.functions, self._facts.outline.classes
        while scope > 0 and functions[scope].scope >= 0:
            scope = functions[scope].scope
        if scope <= 0:
            return None
        function = functions[scope]
        is_class = function.kind in ("static_method", "class_method", "lambda")
        return Expr(Form.SELF, classes[~function.scope].qualified_name, (), ("class",) if is_class else ())

    def _parameter(self, name: str, annotation: str | None, default: Value | None) -> Expr:
        if annotation:
            return Expr(Form.INSTANCE, annotation)
        if default is not None and default.kind == Kind.PATH:
            return self.of(default)
        return Expr(Form.PARAMETER, name)

    def _super(self, scope: int) -> Expr | None:
        functions, classes = self._facts.outline.functions, self._facts.outline.classes
        while scope > 0 and functions[scope].scope >= 0:
            scope = functions[scope].scope
        if scope <= 0 or functions[scope].scope >= 0:
            return None
        return Expr(Form.SELF, classes[~functions[scope].scope].qualified_name, (), ("super",))

    def _assigned(self, site: Local, depth: int) -> Expr:
        line, value, kind, annotation, scope, number = site
        if value is None or number in self._busy:
            return Expr(Form.INSTANCE, annotation) if annotation else OTHER
        found = self._known.get(number)
        if found is None:
            self._busy.add(number)
            found = self.of(value, scope, line, depth + 1)
            self._busy.discard(number)
            if not self._busy:  # nothing around it was cut short
                self._known[number] = found
        if kind == "for":
            return Expr(Form.ELEMENT, "", (found,))
        if kind == "with":
            return Expr(Form.CONTEXT, "", (found,))
        if found.form in _EMPTY and annotation:
            return Expr(Form.INSTANCE, annotation)
        return found

    def _field(self, cls: Expr, name: str, scope: int, depth: int) -> Expr | None:
        outline = self._facts.outline
        at = scope
        while at > 0 and outline.functions[at].scope >= 0:
            at = outline.functions[at].scope
        index = ~outline.functions[at].scope if at > 0 and outline.functions[at].scope < 0 else -1
        return None if index < 0 or not cls.text else self._field_of(index, name, depth)

    def _field_of(self, index: int, name: str, depth: int) -> Expr | None:
        outline = self._facts.outline
        site = self._fields.get((index, name))
        if site is not None and (self._is_python or not self._is_typed(index, name)):
            return self._assigned(site, depth)
        for member in outline.classes[index].members:
            if member.name == name and member.annotation:
                return Expr(Form.INSTANCE, member.annotation)
        if not self._is_python:  # TypeScript's parameter properties
            for function in outline.functions:
                if function.scope == ~index and function.kind == "constructor":
                    for param in function.params:
                        if param.name == name and param.annotation:
                            return Expr(Form.INSTANCE, param.annotation)
        return None

    def _is_typed(self, index: int, name: str) -> bool:
        """Whether a field is declared with a type that names a class: that says more than what one method assigns."""
        members = self._facts.outline.classes[index].members
        return any(
            m.name == name and (m.annotation or "").lstrip("?*").rpartition(".")[2][:1].isupper() for m in members
        )

    def _collect(self) -> None:
        functions = self._facts.outline.functions
        binding, has_errors, path = self._binding, self._has_errors, Kind.PATH
        for number, assign in enumerate(self._facts.bodies.assigns):
            scope = assign.scope
            if scope <= 0:
                continue
            target = assign.target
            if has_errors and target.kind == Kind.TUPLE and assign.kind in _ASSIGNING and target.items:
                target = target.items[0]  # `user, err := …`
            if target.kind != path or assign.kind not in binding:
                continue
            local = (assign.line, assign.value, assign.kind, assign.annotation or "", scope, number)
            head, _, attribute = target.text.partition(".")
            if not attribute:
                self._locals.setdefault(scope, {}).setdefault(head, []).append(local)
            elif head in _SELVES and "." not in attribute and functions[scope].scope < 0:
                self._fields.setdefault((~functions[scope].scope, attribute), local)
        for returned in self._facts.bodies.returns:
            if returned.value is not None and returned.kind == "return" and returned.value.kind != Kind.CONSTANT:
                self._returns.setdefault(returned.scope, returned.value)


DEPTH: Final = 48
ASIDE: Final = 4  # what is handed over counts for more than the chain itself: it may branch
WIDTH: Final = 200
LONGEST_NAME: Final = 100
_END: Final = 1 << 40
_TERNARY: Final = 3
_EMPTY: Final = frozenset({Form.OTHER, Form.CONSTANT, Form.PARAMETER})
_TEXTS: Final = frozenset({Form.TEXT, Form.SQL})
_NO_SITES: Final[dict[str, list[Local]]] = {}
_NEVER: Final = frozenset({Kind.NUMBER, Kind.UNKNOWN, Kind.REGEX, Kind.MARKUP})
_SAME: Final = frozenset({Kind.AWAIT, Kind.CAST, Kind.NAMED})
_SEQUENCES: Final = frozenset({Kind.LIST, Kind.TUPLE, Kind.SET})
_CHOICES: Final = frozenset({"or", "||", "??"})
_JOINING: Final = frozenset({"+", "%", "|", "&"})
_IMPLICIT_THIS: Final = frozenset({"java", "csharp", "kotlin"})
_SELVES: Final = frozenset({"self", "cls", "this"})
_ASSIGNING: Final = frozenset({"assign", "declare"})
_LOCAL: Final = frozenset({"assign", "declare", "for", "with", "named"})
# The keyword arguments that a rule or a pack reads; in ECMAScript options are objects, which are kept whole.
_READ: Final = frozenset(
    {"primary_key", "through", "to", "name", "key", "db_table", "db_column", "column_name", "related_name", "cls", "model",
     "table_name", "to_field", "model_name", "class_", "backref", "relation", "secondary"}
)  # fmt: skip
