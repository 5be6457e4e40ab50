"""What a model is."""

from __future__ import annotations

import msgspec


class Field(msgspec.Struct, frozen=True):
    """A column: its attribute and its type as the framework or the language names it."""

    name: str
    type: str = ""
    confidence: float = 1.0


class Model(msgspec.Struct, frozen=True):
    """A model; `table` is None for an abstract one, and where it cannot be told.

    relations: attribute -> (model as written, table between, or "")
    """

    framework: str
    name: str
    table: str | None
    fields: tuple[Field, ...]
    confidence: float
    line: int = 0
    is_abstract: bool = False
    relations: dict[str, tuple[str, str]] = {}
