"""Identity that survives editing: stable hashes for functions and findings, and one spelling for JSON columns."""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from typing import Any, Final

import msgspec

_FILE_BITS: Final = 16
_BITS: Final = 63 - _FILE_BITS  # of what tells the functions of a file apart
_encode: Final = msgspec.json.Encoder(order="sorted").encode
_EMPTY: Final = blake2b(digest_size=8)  # copied: to make one takes three times as long as to hash a name


def short_hash(data: bytes) -> bytes:
    """Return the 8-byte blake2b digest of some bytes."""
    digest = _EMPTY.copy()
    digest.update(data)
    return digest.digest()


def function_id(file: str, qualified_name: str, ordinal: int) -> int:
    """Return the id of a function: 63 bits of hashes, never negative, so it fits SQLite's INTEGER.

    `ordinal` counts the functions of the same qualified name in the file, in source order, from 0.
    The highest 16 bits are the file's: what is stored by function lies together where it is of one file, and is read
    and replaced together.  The other 47 tell 50,000 functions of one file apart with a probability of 0.99999.
    """
    return _range_of(file) | _within(file, qualified_name, ordinal)


def _range_of(file: str) -> int:
    """Return where the ids of a file's functions begin."""
    digest = short_hash(file.encode("utf-8", "surrogatepass"))
    return int.from_bytes(digest[: _FILE_BITS // 8], "big") << _BITS


def _within(file: str, qualified_name: str, ordinal: int) -> int:
    text = f"{file}\0{qualified_name}\0{ordinal}".encode("utf-8", "surrogatepass")
    return int.from_bytes(short_hash(text), "big") & (1 << _BITS) - 1


@lru_cache(maxsize=4)  # two ask for those of a file, one soon after the other
def function_ids(path: str, qualified_names: tuple[str, ...]) -> tuple[int, ...]:
    """Return the ids of a file's functions, given in source order: equal names are told apart by their order."""
    start = _range_of(path)
    seen: dict[str, int] = {}
    ids = []
    for name in qualified_names:
        ordinal = seen.get(name, 0)
        seen[name] = ordinal + 1
        ids.append(start | _within(path, name, ordinal))
    return tuple(ids)


def fingerprint(*parts: object) -> str:
    """Return 16 hex digits that identify the parts: equal parts in equal order, and only those, give equal digits.

    Each part is hashed as its text with its length in front, so ("ab", "c") and ("a", "bc") differ.
    """
    digest = _EMPTY.copy()
    for part in parts:
        text = str(part).encode("utf-8", "surrogatepass")
        digest.update(b"%d:" % len(text))
        digest.update(text)
    return digest.hexdigest()


def json_text(obj: Any) -> str:
    """Return compact JSON with sorted keys, so that equal data gives equal text."""
    return _encode(obj).decode()
