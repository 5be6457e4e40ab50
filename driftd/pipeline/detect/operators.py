"""What operators and methods make of constants, where it is safe and cheap to work out."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class _Same:
    """A value that is the same every time and is not worked out."""

    def __repr__(self) -> str:
        return "SAME"


SAME: Final = _Same()
Constant = str | int | float | bool | _Same | tuple["Constant", ...] | None


def apply_operator(text: str, given: Sequence[Constant]) -> Constant:
    """Return the result of an operator on constants."""
    if len(given) == 1:
        one = given[0]
        if text == "not":
            known = truth(one)
            return SAME if known is None else not known
        return -one if text == "-" and isinstance(one, int | float) else SAME
    found = given[0]
    for other in given[1:]:
        found = _binary(text, found, other)
    return found


def _binary(text: str, left: Constant, right: Constant) -> Constant:
    if isinstance(left, str) and isinstance(right, str):
        if text in {"+", "+="}:
            return left + right if len(left) + len(right) < _LONGEST else SAME
        if text in _MEMBERSHIP:
            return (left in right) is (text == "in")
    apply = _COMPARING.get(text)
    if apply is not None and (text in {"==", "!="} or isinstance(left, str) is isinstance(right, str)):
        try:
            return bool(apply(left, right))
        except TypeError:
            return SAME
    arithmetic = _ARITHMETIC.get(text)
    if arithmetic is not None and isinstance(left, int | float) and isinstance(right, int | float):
        try:
            return arithmetic(left, right)
        except (ArithmeticError, ValueError):
            return SAME
    return SAME


def apply_method(method: str, given: Sequence[Constant]) -> Constant:
    """Return what a method of a string gives for constants; SAME for one that is not worked out."""
    base, *args = given
    if isinstance(base, str):
        if method in _UNCHANGED:
            return base
        if method in _PLAIN and not args:
            return str(getattr(base, method)())
        if method in _TESTING and len(args) == 1 and isinstance(args[0], str):
            return bool(getattr(base, method)(args[0]))
        if method == "replace" and len(args) == _PAIR and isinstance(args[0], str) and isinstance(args[1], str):
            return base.replace(args[0], args[1])
    return SAME


def substituted(text: str, given: Sequence[Constant]) -> Constant:
    """Return a template with constants in its places."""
    pieces = text.split("{}")
    if len(pieces) != len(given) + 1 or not all(isinstance(one, str | int) for one in given):
        return SAME
    return "".join([piece + str(one) for piece, one in zip(pieces, [*given, ""], strict=True)])


def truth(value: Constant) -> bool | None:
    """Return whether a constant counts as true; None where it is not known."""
    return None if value is SAME else bool(value)


def number_of(text: str) -> Constant:
    """Return the number that is written."""
    text = text.replace("_", "")
    try:
        return int(text, 0)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        return SAME


_LONGEST: Final = 10_000
_PAIR: Final = 2
_MEMBERSHIP: Final = frozenset({"in", "not in"})
_UNCHANGED: Final = frozenset({"encode", "decode", "format_map"})
_PLAIN: Final = frozenset({"lower", "upper", "strip", "lstrip", "rstrip", "title", "capitalize", "casefold"})
_TESTING: Final = frozenset({"startswith", "endswith"})
_COMPARING: Final[dict[str, Callable[[Any, Any], object]]] = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
_ARITHMETIC: Final[dict[str, Callable[[Any, Any], float]]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "//": operator.floordiv,
    "%": operator.mod, "|": lambda a, b: int(a) | int(b), "&": lambda a, b: int(a) & int(b),
}  # fmt: skip
