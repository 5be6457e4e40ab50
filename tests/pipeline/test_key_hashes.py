"""What is looked at is known by a hash that is the same in every process."""

from __future__ import annotations

import zlib
from array import array

import pytest

from driftd.pipeline.call_graph import stretches
from driftd.pipeline.call_graph.stretches import KeyHashes, hashes, key_hash, numbers


def test_remembered_hashes_are_the_same() -> None:
    """The first time, again, and after so many that all are forgotten; a lone surrogate of a file name is a key too."""
    keys = ["pkg/a.py", "name\0f", "odd\udcff.py"]
    expected = [
        zlib.crc32(b"pkg/a.py"),
        zlib.crc32(b"name\0f"),
        zlib.crc32("odd\udcff.py".encode(errors="surrogatepass")),
    ]
    hash_of = KeyHashes().__getitem__
    assert list(numbers(hashes(keys))) == expected
    assert [list(numbers(hashes(keys, hash_of))) for _ in range(2)] == [expected, expected]


def test_only_so_many_hashes_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that resolves a large project does not keep all keys of it."""
    monkeypatch.setattr(stretches, "_MOST_REMEMBERED", 3)
    known = KeyHashes()
    packed = hashes("abcdef", known.__getitem__)
    assert array("I", packed) == array("I", map(key_hash, "abcdef"))
    assert sorted(known) == ["d", "e", "f"]
