"""Values as short source-like text, for rows that show a default or a constant to a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from driftd.pipeline.facts.model import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from driftd.pipeline.facts.model import LiteralFact, Value

_BRACKETS = {Kind.LIST: "[]", Kind.TUPLE: "()", Kind.SET: "{}"}
_ELLIPSIS = "…"
_CONSTANTS = {
    "python": {"true": "True", "false": "False", "null": "None", "ellipsis": "..."},
}


def source_text(value: Value, literals: Sequence[LiteralFact], language: str, limit: int = 200) -> str:
    """Return a value much as it was written, at most `limit` characters; what is not kept in the facts is `…`."""
    text = _text(value, literals, _CONSTANTS.get(language, {}), 0, limit)
    return text if len(text) <= limit else text[: limit - 1] + _ELLIPSIS


def _text(value: Value, literals: Sequence[LiteralFact], words: dict[str, str], depth: int, limit: int) -> str:
    kind = value.kind
    if kind == Kind.PATH or (kind == Kind.MEMBER and not value.items):
        return value.text
    if kind == Kind.CONSTANT:
        return words.get(value.text, value.text)
    if kind in {Kind.STRING, Kind.NUMBER, Kind.TEMPLATE, Kind.REGEX} and 0 <= value.ref < len(literals):
        literal = literals[value.ref]
        return literal.raw or (literal.value if kind != Kind.STRING else _quoted(literal))
    if depth > 3:
        return _ELLIPSIS
    if kind in _BRACKETS:
        opening, closing = _BRACKETS[kind]
        items = _joined([(item,) for item in value.items], "", literals, words, depth, limit)
        comma = "," if kind == Kind.TUPLE and len(value.items) == 1 else ""
        return f"{opening}{items}{comma}{closing}"
    if kind == Kind.DICT:
        pairs = list(zip(value.items[::2], value.items[1::2], strict=False))
        return f"{{{_joined(pairs, ': ', literals, words, depth, limit)}}}"
    if kind == Kind.OPERATION and value.items:
        inner = [_text(item, literals, words, depth + 1, limit) for item in value.items]
        space = " " if value.text.isalpha() else ""
        return f"{value.text}{space}{inner[0]}" if len(inner) == 1 else f" {value.text} ".join(inner)
    if kind == Kind.CAST and value.items:
        return _text(value.items[0], literals, words, depth + 1, limit)
    return _ELLIPSIS


def _quoted(literal: LiteralFact) -> str:
    text = repr(literal.value)
    return f"b{text}" if literal.kind == "bytes" else text


def _joined(
    groups: Sequence[tuple[Value, ...]],
    between: str,
    literals: Sequence[LiteralFact],
    words: dict[str, str],
    depth: int,
    limit: int,
) -> str:
    done: list[str] = []
    length = 0
    for group in groups:
        if length > limit:
            break
        done.append(between.join([_text(item, literals, words, depth + 1, limit) for item in group]))
        length += len(done[-1])
    return ", ".join(done)
