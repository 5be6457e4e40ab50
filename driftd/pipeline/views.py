"""Narrow readings of encoded FileFacts: structs with the same positions, of which the unread ones stay raw bytes.

A view decodes several times faster than the whole, because msgspec skips what is declared `Raw` or stands after the
last declared field.  Nothing here is ever encoded.  The fields stand in the order of `facts.model`, which a test checks.
"""

from __future__ import annotations

from typing import Any, Final, TypeVar

import msgspec

from driftd.pipeline.facts.model import Decorator, Export, Import, Value

T = TypeVar("T")

_EMPTY: Final = msgspec.Raw(b"\x90")  # an empty array


class ValueHead(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A value whose items are decoded only when `parts` asks for them."""

    kind: int
    text: str = ""
    ref: int = -1
    items: msgspec.Raw = _EMPTY


_decode_heads: Final = msgspec.msgpack.Decoder(tuple[ValueHead, ...]).decode


def parts(value: ValueHead) -> tuple[ValueHead, ...]:
    """Return the items of a value, one level deep."""
    return _decode_heads(value.items)


class ParamView(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Name and type of a parameter."""

    name: str
    annotation: str | None


class FunctionView(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a caller or a scope must know of a function."""

    name: str
    qualified_name: str
    kind: str
    line: int
    column: int
    end_line: int
    scope: int
    params: tuple[ParamView, ...] = ()
    return_type: str | None = None
    decorators: tuple[Decorator, ...] = ()


class BaseView(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One entry of a class's heritage."""

    value: ValueHead
    relation: str


class MemberView(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A declared attribute of a class."""

    name: str
    line: int
    annotation: str | None
    value: ValueHead | None


class ClassView(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Heritage, members and place of a class."""

    name: str
    qualified_name: str
    kind: str
    line: int
    column: int
    end_line: int
    scope: int
    bases: tuple[BaseView, ...] = ()
    members: tuple[MemberView, ...] = ()
    decorators: tuple[Decorator, ...] = ()


class OutlineView(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The outline without documentation, hashes and flags."""

    functions: tuple[FunctionView, ...]
    classes: tuple[ClassView, ...]
    imports: tuple[Import, ...]
    exports: tuple[Export, ...]


class AssignView(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A binding of a name."""

    target: Value
    value: ValueHead | None
    line: int
    column: int
    scope: int
    region: int
    kind: str = "assign"
    annotation: str | None = None
    declares: str = ""


class RegionView(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Place and kind of a region."""

    kind: str
    line: int
    end_line: int
    scope: int
    parent: int


class CallView(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Whom a call calls, and where."""

    callee: Value
    args: msgspec.Raw
    line: int
    column: int
    end_line: int
    scope: int
    region: int
    is_new: bool = False


class _BindingBodies(msgspec.Struct, frozen=True, array_like=True, gc=False):
    calls: tuple[msgspec.Raw, ...]
    assigns: tuple[AssignView, ...]
    returns: msgspec.Raw
    raises: msgspec.Raw
    handlers: msgspec.Raw
    regions: tuple[RegionView, ...]


class BindingView(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What binds names: the outline and the assignments.  Calls are undecoded, one by one."""

    language: str
    line_count: int
    outline: OutlineView
    bodies: _BindingBodies


class _CallBodies(msgspec.Struct, frozen=True, array_like=True, gc=False):
    calls: tuple[CallView, ...]
    assigns: msgspec.Raw
    returns: msgspec.Raw
    raises: msgspec.Raw
    handlers: msgspec.Raw
    regions: tuple[RegionView, ...]


class ResolveView(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What resolving the calls of a file takes, given what its names are bound to."""

    language: str
    line_count: int
    outline: OutlineView
    bodies: _CallBodies


class NamesView(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The identifiers a file reads."""

    language: str
    line_count: int
    outline: msgspec.Raw
    bodies: msgspec.Raw
    texts: msgspec.Raw
    names: tuple[str, ...]


def decode(encoded: bytes, kind: type[T]) -> T:
    """Decode facts as a view; decoders are made once per type.  Raises msgspec.DecodeError."""
    decoder = _DECODERS.get(kind)
    if decoder is None:
        decoder = _DECODERS[kind] = msgspec.msgpack.Decoder(kind)
    decoded: T = decoder.decode(encoded)
    return decoded


_DECODERS: Final[dict[Any, msgspec.msgpack.Decoder[Any]]] = {}
