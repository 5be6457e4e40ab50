"""A digest holds what a file contributes to the project in parts, each of which is read by itself."""

from __future__ import annotations

import pytest

from driftd.pipeline import digest as parts
from driftd.pipeline.digest import digest_of
from driftd.pipeline.facts.codec import encode
from driftd.pipeline.facts.languages import registry
from driftd.rows.ids import function_id

CODE = b"""import os
from django.db import connection
LIMIT = 7

def first():
    connection.cursor().execute("SELECT name FROM users")
    return os.environ["HOME"], LIMIT

def first(x): return eval(x)
"""


@pytest.fixture(scope="module")
def digest() -> bytes:
    """That of `app/a.py`."""
    facts = registry.adapter_of("python").extract(CODE, "python")
    return digest_of("app/a.py", "python", facts, encode(facts))


def test_each_part_says_what_it_is_there_for(digest: bytes) -> None:
    """Whatever its place in the digest: every one that this file has something for."""
    names = ["<module>", "first", "first"]
    assert [f.qualified_name for f in parts.NAMES.of(digest).functions] == names
    assert [f.qualified_name for f in parts.INTERFACE.of(digest).functions] == names
    assert [(c.name, c.line) for c in parts.CONSTANTS.of(digest).constants] == [("LIMIT", 3)]
    assert "LIMIT" in parts.CONSTANTS.of(digest).references
    assert [(a.name, a.line) for a in parts.ENVIRONMENT.of(digest).reads] == [("HOME", 7)]
    assert [touch.line for touch in parts.TOUCHES.of(digest)] == [6]
    assert parts.MENTIONS_DATA.of(digest) is True
    assert parts.MANIFEST.of(digest) is None
    assert [(row[4], row[2]) for row in parts.MARKS.of(digest).rows] == [("python/exec-use", 9)]


def test_the_second_function_of_a_name_has_an_id_of_its_own(digest: bytes) -> None:
    """Ids are parallel to the functions, and those that `functions.id` has."""
    assert parts.FUNCTION_IDS.of(digest) == (
        function_id("app/a.py", "<module>", 0),
        function_id("app/a.py", "first", 0),
        function_id("app/a.py", "first", 1),
    )


def test_parts_fill_the_digest_without_a_gap(digest: bytes) -> None:
    """One begins where the one before it ends, and the last one ends with the digest."""
    every = sorted(
        {part.number: part for part in vars(parts).values() if isinstance(part, parts.Part)}.values(),
        key=lambda part: part.number,
    )
    assert [part.number for part in every] == list(range(10))
    assert digest.endswith(b"".join(bytes(part.encoded(digest)) for part in every))
    assert len(digest) == 40 + sum(len(part.encoded(digest)) for part in every)
