"""What resolving a file gave, by stretch of it, as it is sent between processes and kept: encoded."""

from __future__ import annotations

import zlib
from array import array
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

import msgspec

from driftd.pipeline.call_graph.flows import Contributions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_MOST_REMEMBERED: Final = 200_000
REST: Final = -1  # the stretches that read no flow, together
Hashes: TypeAlias = bytes  # of keys, four bytes each


class Stretch(NamedTuple):
    """What resolving a stretch of a file gave: its edges encoded, how its call sites fared, what it read and handed on.

    `reads` are the hashes of the places; see `key_hash`.
    """

    edges: bytes
    outcomes: bytes
    reads: Hashes
    flows: Contributions
    external: bytes

    def after(self, before: Stretch) -> Stretch:
        """Return what is true now, given what was before."""
        return self if self.edges else before._replace(reads=self.reads)


def as_before(reads: Hashes) -> Stretch:
    """Return a stretch that gives what it gave before, and reads other places."""
    return Stretch(b"", b"", reads, {}, b"")


class Resolved(NamedTuple):
    """What resolving a file, or stretches of it, gave; stretches that were asked for and are not there are as before.

    `seen` are the hashes of what was looked at, flows left out, if that was to be noted; `reads` those of the flows that
    any stretch read.
    `lookups` are the keys of module lookups that the process had not asked before, if that was to be noted.
    `ticket` is under what the process has the file open for later rounds, 0 if it has not.  None was resolved where
    the file was to be known by a ticket and is not: `stretches` is None then.
    """

    path: str
    stretches: dict[int, Stretch] | None
    seen: Hashes = b""
    reads: Hashes = b""
    ticket: int = 0
    lookups: tuple[str, ...] = ()


class RestingFlows(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A resting result of which only what it hands on is decoded."""

    flows: dict[str, tuple[bytes, ...]]


class RestingResult(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A resting result."""

    flows: msgspec.Raw
    stretches: dict[int, Stretch]


class Job(NamedTuple):
    """A file to resolve, or stretches of it (None: all), by its facts or by the ticket under which a process has it."""

    path: str
    facts: bytes
    ticket: int
    groups: list[int] | None


def key_hash(key: str) -> int:
    """Return what a key is known by, the same in every process.

    Whoever shares it by chance is resolved again for nothing.
    """
    return zlib.crc32(key.encode(errors="surrogatepass"))


class KeyHashes(dict[str, int]):
    """What keys are known by, remembered: of those that files look at, nine in ten are ones that others look at, too."""

    def __missing__(self, key: str) -> int:
        if len(self) >= _MOST_REMEMBERED:
            self.clear()
        number = self[key] = key_hash(key)
        return number


def hashes(keys: Iterable[str], hash_of: Callable[[str], int] = key_hash) -> Hashes:
    """Return what keys are known by; `hash_of` is `key_hash`, or something that remembers what that said."""
    return as_hashes(map(hash_of, keys))


def as_hashes(numbers: Iterable[int]) -> Hashes:
    """Return hashes as they are sent and kept."""
    return array("I", numbers).tobytes()


def numbers(packed: Hashes) -> array[int]:
    """Return hashes as numbers."""
    return array("I", packed)


encode: Final = msgspec.msgpack.Encoder().encode
decode_jobs: Final = msgspec.msgpack.Decoder(list[Job]).decode
decode_resolved: Final = msgspec.msgpack.Decoder(list[Resolved]).decode
decode_flows: Final = msgspec.msgpack.Decoder(RestingFlows).decode
decode_result: Final = msgspec.msgpack.Decoder(RestingResult).decode
decode_shared: Final = msgspec.msgpack.Decoder(tuple[int, bytes, dict[str, tuple[bytes, ...]], bool]).decode
decode_outcomes: Final = msgspec.msgpack.Decoder(dict[str, int]).decode
decode_rows: Final = msgspec.msgpack.Decoder(list[tuple[Any, ...]]).decode
