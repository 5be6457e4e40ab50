r"""Whether a regular expression takes exponential time on some input.

Only what is certain counts: a repetition whose body can match one character any number of times in more than one way
(`(a+)+`, `(\w+\s?)*`, `([a-z]+.)+`, `(a|[a-c])*`), with something behind it that can fail.  Then a long run of that
character is tried in all of its divisions.  Polynomial ones, such as `a*a*b`, are not told.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple

Chars = frozenset[int]
_ALL: Final[Chars] = frozenset(range(128))
_DIGITS: Final[Chars] = frozenset(range(48, 58))
_WORDS: Final[Chars] = frozenset(i for i in range(128) if chr(i).isalnum() or i == ord("_"))
_SPACES: Final[Chars] = frozenset(map(ord, " \t\n\r\f\v"))
_CLASSES: Final = {
    "d": _DIGITS, "D": _ALL - _DIGITS, "w": _WORDS, "W": _ALL - _WORDS, "s": _SPACES, "S": _ALL - _SPACES,
}  # fmt: skip
_CONTROLS: Final = {"n": 10, "r": 13, "t": 9, "f": 12, "v": 11, "0": 0}
_FLAGS: Final = re.compile(r"^\(\?[a-z]+\)")
_SCOPED_FLAGS: Final = re.compile(r"\?[ims]+:")  # none that changes what is a character of the expression
_LONGEST: Final = 2000
_MANY: Final = 1 << 20


compiled: Final = lru_cache(maxsize=4096)(re.compile)  # an eighth of the time that `re` takes to look in its own memory


class Node(NamedTuple):
    """A part of an expression; what of the fields counts depends on its kind: set, seq, alt, repeat, end, other."""

    kind: str
    chars: Chars = frozenset()
    parts: tuple[Node, ...] = ()
    least: int = 1
    most: int = 1


class _UnreadableError(ValueError):
    """Something that is not read: then nothing is said."""


@lru_cache(maxsize=1024)
def is_exponential(source: str) -> bool:
    """Return whether an expression is certain to take exponential time on some input; `/…/flags` or its source."""
    if source[:1] == "/" and source.rfind("/") > 0:
        source = source[1 : source.rfind("/")]
    if len(source) > _LONGEST:
        return False
    try:
        tree = _Reader(source).read()
    except (_UnreadableError, IndexError, RecursionError):
        return False
    return _has_bad(tree, can_fail=False)


@lru_cache(maxsize=1024)
def shortest_match(source: str) -> int:
    """Return how many characters every match of an expression has at least; 0 where it is not read."""
    try:
        return _shortest(_Reader(_FLAGS.sub("", source)).read())
    except (_UnreadableError, IndexError, RecursionError):
        return 0


def _shortest(node: Node) -> int:
    if node.kind == "set":
        return 1
    if node.kind == "repeat":
        return node.least * _shortest(node.parts[0])
    if node.kind == "alt":
        return min(map(_shortest, node.parts))
    return sum(map(_shortest, node.parts))


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def read(self) -> Node:
        found = self._alternatives()
        if self.at < len(self.text):
            raise _UnreadableError
        return found

    def _alternatives(self) -> Node:
        found = [self._sequence()]
        while self._peek() == "|":
            self.at += 1
            found.append(self._sequence())
        return found[0] if len(found) == 1 else Node("alt", parts=tuple(found))

    def _sequence(self) -> Node:
        found: list[Node] = []
        while self._peek() not in {"", "|", ")"}:
            found.append(self._repeated(self._atom()))
        return found[0] if len(found) == 1 else Node("seq", parts=tuple(found))

    def _peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def _repeated(self, node: Node) -> Node:
        sign = self._peek()
        if sign in {"*", "+", "?"}:
            self.at += 1
            least, most = {"*": (0, _MANY), "+": (1, _MANY), "?": (0, 1)}[sign]
        elif sign == "{" and (end := self.text.find("}", self.at)) > 0 and self.text[self.at + 1].isdigit():
            low, comma, high = self.text[self.at + 1 : end].partition(",")
            if not low.isdigit() or (high and not high.isdigit()):
                raise _UnreadableError
            self.at = end + 1
            least, most = int(low), int(high) if high else _MANY if comma else int(low)
        else:
            return node
        if self._peek() == "?":
            self.at += 1
        return Node("repeat", parts=(node,), least=least, most=most)

    def _atom(self) -> Node:
        char = self.text[self.at]
        self.at += 1
        if char == "(":
            return self._group()
        if char == "[":
            return Node("set", self._class())
        if char == "\\":
            return self._escape()
        if char == ".":
            return Node("set", _ALL - {10, 13})
        if char == "$":
            return Node("end")
        if char == "^":
            return Node("other")
        return Node("set", frozenset([ord(char)]))

    def _group(self) -> Node:
        looks = False
        if self._peek() == "?":
            rest = self.text[self.at : self.at + 3]
            looks = rest[:2] in {"?=", "?!"} or rest in {"?<=", "?<!"}
            if rest[:2] in {"?:", "?=", "?!"}:
                self.at += 2
            elif rest in {"?<=", "?<!"}:
                self.at += 3
            elif rest[:2] == "?<":
                self.at = self.text.index(">", self.at) + 1
            elif (flags := _SCOPED_FLAGS.match(self.text, self.at)) is not None:
                self.at = flags.end()
            else:
                raise _UnreadableError
        found = self._alternatives()
        if self._peek() != ")":
            raise _UnreadableError
        self.at += 1
        return Node("other") if looks else found

    def _escape(self) -> Node:
        char = self.text[self.at]
        self.at += 1
        if char in _CLASSES:
            return Node("set", _CLASSES[char])
        if char in _CONTROLS:
            return Node("set", frozenset([_CONTROLS[char]]))
        if char in "bB":
            return Node("other")
        if char.isalnum():
            raise _UnreadableError  # a reference to a group, a property of Unicode …
        return Node("set", frozenset([ord(char)]))

    def _class(self) -> Chars:
        negated = self._peek() == "^"
        self.at += negated
        found: set[int] = set()
        while self._peek() != "]":
            first = self._member()
            if self._peek() == "-" and self.text[self.at + 1] != "]" and len(first) == 1:
                self.at += 1
                last = self._member()
                if len(last) != 1:
                    raise _UnreadableError
                found.update(range(min(first), min(min(last) + 1, 128)))
            else:
                found |= first
        self.at += 1
        return _ALL - found if negated else frozenset(found)

    def _member(self) -> Chars:
        char = self.text[self.at]
        self.at += 1
        return frozenset([ord(char)]) if char != "\\" else self._escape().chars or frozenset([8])


def _has_bad(node: Node, *, can_fail: bool) -> bool:
    """Return whether a repetition in a node is bad; `can_fail` says whether what follows the node may not match."""
    if node.kind == "repeat":
        if node.most >= _MANY and can_fail and _is_ambiguous(node.parts[0]):
            return True
        return _has_bad(node.parts[0], can_fail=can_fail)
    if node.kind == "alt":
        return any(_has_bad(part, can_fail=can_fail) for part in node.parts)
    if node.kind == "seq":
        for part in reversed(node.parts):
            if _has_bad(part, can_fail=can_fail):
                return True
            can_fail = can_fail or part.kind == "end" or not _is_nullable(part)
    return False


def _is_nullable(node: Node) -> bool:
    if node.kind == "set":
        return False
    if node.kind == "repeat":
        return node.least == 0 or _is_nullable(node.parts[0])
    if node.kind == "alt":
        return any(map(_is_nullable, node.parts))
    return all(map(_is_nullable, node.parts))


def _is_ambiguous(body: Node) -> bool:
    """Return whether a run of one character can be divided among repetitions of a body in more than one way."""
    if body.kind == "alt":
        single = [part.chars for part in body.parts if part.kind == "set"]
        if any(one & other for i, one in enumerate(single) for other in single[i + 1 :]):
            return True
        return any(_is_ambiguous(part) for part in body.parts)
    parts = body.parts if body.kind == "seq" else (body,)
    for i, part in enumerate(parts):
        if part.kind != "repeat" or part.most < _MANY:
            continue
        common = _single(part.parts[0])
        for j, other in enumerate(parts):
            if j != i and not _is_nullable(other):
                common &= _single(other.parts[0] if other.kind == "repeat" else other)
            elif other.kind in {"end", "other"}:
                common = frozenset()
        if common:
            return True
    return False


def _single(node: Node) -> Chars:
    """Return the characters that a node matches alone."""
    if node.kind == "set":
        return node.chars
    if node.kind == "alt":
        return frozenset().union(*map(_single, node.parts))
    if node.kind == "repeat":
        return _single(node.parts[0]) if node.least <= 1 else frozenset()
    if node.kind == "seq":
        needed = [part for part in node.parts if not _is_nullable(part)]
        return _single(needed[0]) if len(needed) == 1 else frozenset()
    return frozenset()
