"""Reads the TOML of the packs: as it was parsed when driftd was installed, which is twenty times as fast as parsing it.

What was parsed is found by the hash of its text.  So it cannot be out of date: a pack that was edited since is not
found, and parsed where it is read.  `hatch_build.py` runs this file by itself, so it imports nothing of driftd.
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

NAME: Final = "parsed.msgpack"


def toml(text: str) -> dict[str, Any]:
    """Return what a TOML text holds, new with each call; ValueError if it is none."""
    known = _known().get(_key(text))
    if known is not None:
        found: dict[str, Any] = msgspec.msgpack.decode(known)
        return found
    import tomllib  # noqa: PLC0415 - mostly there is no need of it

    return tomllib.loads(text)


def write(packs: Path) -> Path:
    """Parse all TOML files below a folder and write what they hold into a file there, which is returned."""
    import tomllib  # noqa: PLC0415 - see above

    texts = [path.read_text(encoding="utf-8") for path in sorted(packs.rglob("*.toml"))]
    place = packs / NAME
    place.write_bytes(encode({_key(text): encode(tomllib.loads(text)) for text in texts}))
    return place


encode: Final = msgspec.msgpack.Encoder().encode


def _key(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


@cache
def _known() -> Mapping[bytes, bytes]:
    """Return what was parsed, encoded, by the key of its text; nothing where driftd runs from sources alone."""
    place = files("driftd.pipeline").joinpath("packs", NAME)
    try:
        return msgspec.msgpack.decode(place.read_bytes(), type=dict[bytes, bytes])
    except (OSError, msgspec.DecodeError):
        return {}
