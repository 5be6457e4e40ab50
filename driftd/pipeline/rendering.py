"""Values as short source-like text, for rows that show a default or a constant to a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from driftd.pipeline.facts.model import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from driftd.pipeline.facts.model import Call, LiteralFact, Value


def source_text(
    value: Value,
    literals: Sequence[LiteralFact],
    language: str,
    limit: int = 200,
    calls: Sequence[Call] = (),
) -> str:
    """Return a value much as it was written, at most `limit` characters; what is not kept in the facts is `…`.

    Calls are written out where `calls` are given.  How the code was laid out and quoted makes no difference.
    """
    text = _Renderer(literals, language, limit, calls).text(value, 0)
    return text if len(text) <= limit else text[: limit - 1] + _ELLIPSIS


class _Renderer:
    def __init__(self, literals: Sequence[LiteralFact], language: str, limit: int, calls: Sequence[Call] = ()) -> None:
        self.literals = literals
        self.calls = calls
        self.words = _WORDS.get(language, {})
        self.limit = limit

    def text(self, value: Value, depth: int) -> str:
        kind, items = value.kind, value.items
        if kind == Kind.PATH or (kind == Kind.MEMBER and not items):
            return value.text
        if kind == Kind.CONSTANT:
            return self.words.get(value.text, value.text)
        if kind in _LITERALS and 0 <= value.ref < len(self.literals):
            literal = self.literals[value.ref]
            return literal.raw or (literal.value if kind != Kind.STRING else _quoted(literal))
        if depth > (_DEEPEST if self.calls else _DEPTH):
            return _ELLIPSIS
        if self.calls:
            written = self.structure(value, depth)
            if written is not None:
                return written
        if kind in _BRACKETS:
            opening, closing = _BRACKETS[kind]
            comma = "," if kind == Kind.TUPLE and len(items) == 1 else ""
            return f"{opening}{self.joined(((item,) for item in items), '', depth)}{comma}{closing}"
        if kind == Kind.DICT:
            return f"{{{self.joined(zip(items[::2], items[1::2], strict=False), ': ', depth)}}}"
        if kind == Kind.OPERATION and items:
            inner = [self.text(item, depth + 1) for item in items]
            space = " " if value.text.isalpha() else ""
            return f"{value.text}{space}{inner[0]}" if len(inner) == 1 else f" {value.text} ".join(inner)
        if kind == Kind.CAST and items:
            return self.text(items[0], depth + 1)
        return _ELLIPSIS

    def structure(self, value: Value, depth: int) -> str | None:
        """Render what only matters where calls are written out; None for what the rest knows better."""
        kind, items = value.kind, value.items
        if kind == Kind.CALL and 0 <= value.ref < len(self.calls):
            call = self.calls[value.ref]
            given = ", ".join(
                [
                    f"{a.name}={self.text(a.value, depth + 1)}" if a.name else self.text(a.value, depth + 1)
                    for a in call.args
                ]
            )
            return f"{'new ' if call.is_new else ''}{self.text(call.callee, depth + 1)}({given})"
        if kind == Kind.MEMBER:
            return f"{self.text(items[0], depth + 1)}.{value.text}"
        if kind == Kind.INDEX:
            return f"{self.text(items[0], depth + 1)}[{', '.join([self.text(i, depth + 1) for i in items[1:]])}]"
        if kind in {Kind.AWAIT, Kind.SPREAD} and items:
            return f"{value.text or 'await '}{self.text(items[0], depth + 1)}"
        if kind == Kind.NAMED and items:
            return f"{value.text}={self.text(items[0], depth + 1)}"
        if kind == Kind.CONDITIONAL:
            return " ? ".join([self.text(item, depth + 1) for item in items])
        if kind == Kind.MARKUP:
            return f"<{value.text} {' '.join([self.text(item, depth + 1) for item in items])}>"
        return None

    def joined(self, groups: Iterable[tuple[Value, ...]], between: str, depth: int) -> str:
        """Render entries until there are more than will be shown."""
        done: list[str] = []
        length = 0
        for group in groups:
            if length > self.limit:
                break
            done.append(between.join([self.text(item, depth + 1) for item in group]))
            length += len(done[-1])
        return ", ".join(done)


def _quoted(literal: LiteralFact) -> str:
    text = repr(literal.value)
    return f"b{text}" if literal.kind == "bytes" else text


_ELLIPSIS: Final = "…"
_DEPTH: Final = 3
_DEEPEST: Final = 8
_LITERALS: Final = frozenset({Kind.STRING, Kind.NUMBER, Kind.TEMPLATE, Kind.REGEX})
_BRACKETS: Final = {Kind.LIST: ("[", "]"), Kind.TUPLE: ("(", ")"), Kind.SET: ("{", "}")}
_WORDS: Final = {"python": {"true": "True", "false": "False", "null": "None", "ellipsis": "..."}}
