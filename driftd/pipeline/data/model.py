"""What a model is."""

from __future__ import annotations

import msgspec


class Field(msgspec.Struct, frozen=True):
    """A column: its attribute and its type as the framework or the language names it."""

    name: str
    type: str = ""
    confidence: float = 1.0


class Relation(msgspec.Struct, frozen=True):
    """What an attribute of a model leads to.

    kind: "foreign" (many rows have one target), "one", "many" (through a table between), "generic"
    target: label of the model, or the symbol of a setting that names it
    accessor: the attribute by which the target leads back, "" for none
    between: the table between; `=` and a label for the table of a model
    """

    name: str
    kind: str
    target: str
    accessor: str = ""
    between: str = ""


class Model(msgspec.Struct, frozen=True):
    """A model; `table` is None for an abstract one, and where it cannot be told.

    label: what others name it by in strings, if the framework has such names
    """

    framework: str
    name: str
    table: str | None
    fields: tuple[Field, ...]
    confidence: float
    line: int = 0
    is_abstract: bool = False
    label: str = ""
    relations: tuple[Relation, ...] = ()
