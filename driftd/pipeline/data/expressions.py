"""Expressions in the form that data analyses need."""

from __future__ import annotations

from typing import Final

import msgspec


class Form:
    """What an `Expr` is, in plain numbers as in `facts.model.Kind`; they are stored."""

    OTHER: Final = 0
    NAME: Final = 1  # text: a dotted path that starts with a name of the module
    TEXT: Final = 2  # text: a string
    CALL: Final = 3  # items: callee, arguments; names: of the arguments, "" for positional ones
    MEMBER: Final = 4  # text of the object items[0]
    LIST: Final = 5
    DICT: Final = 6  # names: keys, items: values
    FUNCTION: Final = 7  # items: what it returns, if that is one expression; text: "property" if it is read, not called
    CONSTANT: Final = 8  # text: "true", "false", "null" …
    ELEMENT: Final = 9  # one of what items[0] holds
    INSTANCE: Final = 10  # an object of the type that text, an annotation, names
    SELF: Final = 11  # text: qualified name of the class around; names: ("class",) for `cls`, ("super",) for `super()`
    IMPORT: Final = 12  # text: module; names: (what is taken from it,)
    CONTEXT: Final = 13  # what the context manager items[0] gives
    CLASS: Final = 14  # text: qualified name of a class of this file
    PARAMETER: Final = 15  # text: name of a parameter without type
    SQL: Final = 16  # a string that is SQL; names: what it does, as "operation table"


class Expr(msgspec.Struct, frozen=True, array_like=True, gc=False, omit_defaults=True):
    """An expression."""

    form: int
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


def root_of(expr: Expr) -> Expr:
    """Return what a chain of calls, members and elements starts with."""
    while expr.form in _CHAIN:
        expr = expr.items[0]
    return expr


def last_name(expr: Expr) -> str:
    """Return the last name of a path, of what is called, or of what an element is taken from."""
    while expr.form in (Form.CALL, Form.ELEMENT, Form.CONTEXT):
        expr = expr.items[0]
    return expr.text.rpartition(".")[2] if expr.form in _NAMED else ""


_NAMED: Final = frozenset({Form.NAME, Form.MEMBER, Form.PARAMETER})
_CHAIN: Final = frozenset({Form.CALL, Form.MEMBER, Form.ELEMENT, Form.CONTEXT})
