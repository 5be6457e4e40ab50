"""Expressions in the form that data analyses need, with local variables replaced by what is assigned to them."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Final

import msgspec

from driftd.pipeline.data.packs import watched_methods
from driftd.pipeline.facts.model import Kind, owner_function

if TYPE_CHECKING:
    from collections.abc import Iterator

    from driftd.pipeline.data.facts import Attribute
    from driftd.pipeline.facts.model import Class, FileFacts, Value

    Local = tuple[int, "Value | None", str, str]  # line, value, kind of assignment, annotation


class Form(IntEnum):
    """What an `Expr` is.  The numbers are stored."""

    OTHER = 0
    NAME = 1  # text: a dotted path that starts with a name of the module
    TEXT = 2  # text: a string
    CALL = 3  # items: callee, arguments; names: of the arguments, "" for positional ones
    MEMBER = 4  # text of the object items[0]
    LIST = 5
    DICT = 6  # names: keys, items: values
    FUNCTION = 7  # items: what it returns, if that is one expression
    CONSTANT = 8  # text: "true", "false", "null" …
    ELEMENT = 9  # one of what items[0] holds
    INSTANCE = 10  # an object of the type that text, an annotation, names
    SELF = 11  # text: qualified name of the class around
    IMPORT = 12  # text: module; names: (what is taken from it,)
    CONTEXT = 13  # what the context manager items[0] gives
    CLASS = 14  # text: qualified name of a class of this file


class Expr(msgspec.Struct, frozen=True, array_like=True, gc=False, omit_defaults=True):
    """An expression."""

    form: Form
    text: str = ""
    items: tuple[Expr, ...] = ()
    names: tuple[str, ...] = ()

    @property
    def callee(self) -> Expr:
        """What a CALL calls."""
        return self.items[0]

    @property
    def positional(self) -> tuple[Expr, ...]:
        """The arguments of a CALL without name."""
        return tuple([arg for arg, name in zip(self.items[1:], self.names, strict=True) if not name])

    def named(self, name: str) -> Expr | None:
        """Return the argument of a CALL or the entry of a DICT with this name."""
        items = self.items[1:] if self.form is Form.CALL else self.items
        return next((item for item, its in zip(items, self.names, strict=False) if its == name), None)


OTHER: Final = Expr(Form.OTHER)
DEPTH: Final = 12
# A model or a statement handed to one of these says that the receiver is a session, whatever it is called.
SESSION_METHODS: Final = frozenset({"query", "execute", "scalars", "scalar", "exec"})
WIDTH: Final = 200


class Reduction:
    """Reduces the expressions of one file."""

    def __init__(self, facts: FileFacts) -> None:
        self._facts = facts
        self._locals: dict[int, dict[str, list[Local]]] | None = None
        self._fields: dict[tuple[int, str], Local] = {}
        self._returns: dict[int, Value] = {}
        self._busy: set[int] = set()

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
            return Expr(Form.TEXT, self._facts.texts.literals[value.ref].value)
        if kind == Kind.CONSTANT:
            return Expr(Form.CONSTANT, value.text)
        if kind == Kind.MEMBER and value.items:
            return Expr(Form.MEMBER, value.text, (self.of(value.items[0], scope, line, depth + 1),))
        if kind in _SAME:
            return self.of(value.items[0], scope, line, depth + 1)
        if kind == Kind.INDEX:
            return Expr(Form.ELEMENT, "", (self.of(value.items[0], scope, line, depth + 1),))
        if kind in _SEQUENCES:
            items = tuple([self.of(item, scope, line, depth + 1) for item in value.items[:WIDTH]])
            return Expr(Form.LIST, "", items)
        if kind == Kind.DICT:
            return self._dict(value, scope, line, depth)
        if kind == Kind.FUNCTION:
            returned = self._returned().get(value.ref)
            items = () if returned is None else (self.of(returned, value.ref, 1 << 40, depth + 1),)
            return Expr(Form.FUNCTION, "", items)
        if kind == Kind.CLASS:
            return Expr(Form.CLASS, self._facts.outline.classes[value.ref].qualified_name)
        if kind == Kind.OPERATION and value.text in _CHOICES and value.items:
            called = next((item for item in value.items if item.kind == Kind.CALL), value.items[0])
            return self.of(called, scope, line, depth + 1)
        if kind == Kind.OPERATION and value.text == "+":
            parts = [self.of(item, scope, line, depth + 1) for item in value.items]
            if parts and all(part.form is Form.TEXT for part in parts):
                return Expr(Form.TEXT, "".join(part.text for part in parts))
        return OTHER

    def call(self, index: int, scope: int = 0, line: int = 0, depth: int = 0) -> Expr:
        """Return a call of the file as an expression."""
        call = self._facts.bodies.calls[index]
        items = [self.of(call.callee, scope, line, depth + 1)]
        items += [self.of(arg.value, scope, line, depth + 1) for arg in call.args]
        return Expr(Form.CALL, "", tuple(items), tuple([arg.name for arg in call.args]))

    def computed(self, cls: Class) -> list[Attribute]:
        """Return what methods that stand for an attribute (`declared_attr`) return."""
        from driftd.pipeline.data.facts import Attribute  # noqa: PLC0415 - it builds on this module

        index = self._facts.outline.classes.index(cls)
        return [
            Attribute(f.name, f.return_type or "", self.of(returned), (), is_static=True)
            for number, f in enumerate(self._facts.outline.functions)
            if f.scope == ~index
            and number
            and any(d.name.rpartition(".")[2] in _DECLARED or "declared_attr" in d.name for d in f.decorators)
            and (returned := self._returned().get(number)) is not None
        ]

    def touches(self) -> Iterator[tuple[int, int, Expr]]:
        """Yield function, line and expression of the calls that may touch data: the whole chain of each."""
        methods = watched_methods(self._facts.language)
        calls = self._facts.bodies.calls
        candidates = []
        inner = set()
        for index, call in enumerate(calls):
            callee = call.callee
            if callee.kind == Kind.MEMBER:
                below = callee.items[0]
                while below.kind in _THROUGH and below.items:
                    below = below.items[0]
                if below.kind == Kind.CALL:
                    inner.add(below.ref)
                name = callee.text
            elif callee.kind == Kind.PATH:
                name = callee.text.rpartition(".")[2]
            else:
                continue
            if name in methods:
                candidates.append(index)
        for index in candidates:
            call = calls[index]
            if index in inner:
                continue
            expr = self.call(index, call.scope, call.line)
            if _has_root(expr):
                yield owner_function(self._facts.outline, call.scope), call.line, expr

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
                scope = classes[~scope].scope
                continue
            function = functions[scope]
            sites = self._scopes().get(scope, {}).get(name)
            if sites:
                before = [site for site in sites if site[0] <= line]
                site = before[-1] if before else sites[0]
                # `x = x.filter()` reads the x before it.
                if before and site[0] == line and site[1] is not None and len(before) > 1:
                    site = before[-2]
                return self._assigned(site, scope, depth)
            if function.scope < 0 and name in _SELVES:
                cls = classes[~function.scope].qualified_name
                if name != "this" and function.params and function.params[0].name == name:
                    return Expr(Form.SELF, cls)
                if name == "this":
                    return Expr(Form.SELF, cls)
            for param in function.params:
                if param.name == name:
                    return self._parameter(param.annotation, param.default)
            line, scope = 1 << 40, function.scope
        return Expr(Form.SELF, "") if name == "this" else None

    def _parameter(self, annotation: str | None, default: Value | None) -> Expr:
        if annotation:
            return Expr(Form.INSTANCE, annotation)
        if default is not None and default.kind == Kind.PATH:
            return self.of(default)
        return OTHER

    def _assigned(self, site: Local, scope: int, depth: int) -> Expr:
        line, value, kind, annotation = site
        if value is None or id(value) in self._busy:
            return Expr(Form.INSTANCE, annotation) if annotation else OTHER
        self._busy.add(id(value))
        found = self.of(value, scope, line, depth + 1)
        self._busy.discard(id(value))
        if kind == "for":
            return Expr(Form.ELEMENT, "", (found,))
        if kind == "with":
            return Expr(Form.CONTEXT, "", (found,))
        if found.form in (Form.OTHER, Form.CONSTANT) and annotation:
            return Expr(Form.INSTANCE, annotation)
        return found

    def _field(self, cls: Expr, name: str, scope: int, depth: int) -> Expr | None:
        outline = self._facts.outline
        self._scopes()
        at = scope
        while at > 0 and outline.functions[at].scope >= 0:
            at = outline.functions[at].scope
        index = ~outline.functions[at].scope if at > 0 and outline.functions[at].scope < 0 else -1
        if index < 0 or not cls.text:
            return None
        site = self._fields.get((index, name))
        if site is not None:
            return self._assigned(site[:4], self._field_scopes[(index, name)], depth)
        for member in outline.classes[index].members:
            if member.name == name and member.annotation:
                return Expr(Form.INSTANCE, member.annotation)
        for function in outline.functions:  # TypeScript's parameter properties
            if function.scope == ~index and function.kind == "constructor":
                for param in function.params:
                    if param.name == name and param.annotation and self._facts.language != "python":
                        return Expr(Form.INSTANCE, param.annotation)
        return None

    def _scopes(self) -> dict[int, dict[str, list[Local]]]:
        if self._locals is None:
            self._locals = {}
            self._field_scopes: dict[tuple[int, str], int] = {}
            functions = self._facts.outline.functions
            for assign in self._facts.bodies.assigns:
                scope, target = assign.scope, assign.target
                if scope <= 0 or target.kind != Kind.PATH or assign.kind not in _LOCAL:
                    continue
                local = (assign.line, assign.value, assign.kind, assign.annotation or "")
                head, _, attribute = target.text.partition(".")
                if not attribute:
                    self._locals.setdefault(scope, {}).setdefault(head, []).append(local)
                elif head in _SELVES and "." not in attribute and functions[scope].scope < 0:
                    key = (~functions[scope].scope, attribute)
                    if key not in self._fields:
                        self._fields[key] = local
                        self._field_scopes[key] = scope
        return self._locals

    def _returned(self) -> dict[int, Value]:
        if not self._returns:
            for returned in self._facts.bodies.returns:
                if returned.value is not None and returned.kind == "return":
                    self._returns.setdefault(returned.scope, returned.value)
        return self._returns


def _has_root(expr: Expr) -> bool:
    while expr.form in (Form.CALL, Form.MEMBER, Form.ELEMENT, Form.CONTEXT):
        is_session = expr.form is Form.CALL and expr.callee.form is Form.MEMBER and expr.callee.text in SESSION_METHODS
        if is_session and any(arg.form not in (Form.OTHER, Form.TEXT) for arg in expr.items[1:]):
            return True
        expr = expr.items[0]
    return expr.form is not Form.OTHER


_NEVER: Final = frozenset({Kind.NUMBER, Kind.UNKNOWN, Kind.COMPREHENSION, Kind.REGEX, Kind.MARKUP})
_SAME: Final = frozenset({Kind.AWAIT, Kind.CAST, Kind.NAMED})
_THROUGH: Final = frozenset({Kind.AWAIT, Kind.CAST, Kind.MEMBER, Kind.INDEX})
_SEQUENCES: Final = frozenset({Kind.LIST, Kind.TUPLE, Kind.SET})
_CHOICES: Final = frozenset({"or", "||", "??"})
_SELVES: Final = frozenset({"self", "cls", "this"})
_LOCAL: Final = frozenset({"assign", "declare", "for", "with", "named"})
_DECLARED: Final = frozenset({"declared_attr", "declared_attr.directive", "directive"})
