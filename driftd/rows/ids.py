"""Identity that survives editing: stable hashes for functions and findings, and one spelling for JSON columns."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any, Final

import msgspec

_MASK_63: Final = (1 << 63) - 1
_encode: Final = msgspec.json.Encoder(order="sorted").encode


def function_id(file: str, qualified_name: str, ordinal: int) -> int:
    """Return the id of a function: 63 bits of a hash, never negative, so it fits SQLite's INTEGER.

    `ordinal` counts the functions of the same qualified name in the file, in source order, from 0.
    """
    text = f"{file}\0{qualified_name}\0{ordinal}".encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "big") & _MASK_63


def fingerprint(*parts: object) -> str:
    """Return 16 hex digits that identify the parts: equal parts in equal order, and only those, give equal digits.

    Each part is hashed as its text with its length in front, so ("ab", "c") and ("a", "bc") differ.
    """
    digest = blake2b(digest_size=8)
    for part in parts:
        text = str(part).encode("utf-8", "surrogatepass")
        digest.update(b"%d:" % len(text))
        digest.update(text)
    return digest.hexdigest()


def json_text(obj: Any) -> str:
    """Return compact JSON with sorted keys, so that equal data gives equal text."""
    return _encode(obj).decode()
