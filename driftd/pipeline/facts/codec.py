"""Encoded facts and digests: msgpack through typed decoders that are made once per type."""

from __future__ import annotations

from typing import Any, Final, TypeVar

import msgspec

T = TypeVar("T")

encode: Final = msgspec.msgpack.Encoder().encode
encode_into: Final = msgspec.msgpack.Encoder().encode_into

_DECODERS: Final[dict[Any, msgspec.msgpack.Decoder[Any]]] = {}


def decode(encoded: bytes, kind: type[T]) -> T:
    """Decode msgpack as `kind`; raises msgspec.DecodeError for bytes that are something else."""
    decoder = _DECODERS.get(kind)
    if decoder is None:
        decoder = _DECODERS[kind] = msgspec.msgpack.Decoder(kind)
    decoded: T = decoder.decode(encoded)
    return decoded
