"""A file says the same of itself fresh from the parser, where equal values are one object, and out of the cache."""

from __future__ import annotations

from driftd.pipeline.data.expressions import Expr
from driftd.pipeline.data.facts import data_facts_of
from driftd.pipeline.digest import digest_of
from driftd.pipeline.facts.codec import decode, encode
from driftd.pipeline.facts.languages import registry
from driftd.pipeline.facts.model import FileFacts

QUERIES = b"""\
from shop.models import Author, Book

def books():
    qs = Author.objects.filter(name="a")
    return [list(a.books.all()) for a in qs]

def readers():
    qs = Book.objects.all()
    return [list(b.readers.all()) for b in qs]
"""


def beginning(expr: Expr) -> str:
    """Return the name that a chain of calls and members begins with."""
    return beginning(expr.items[0]) if expr.items else expr.text


def test_a_variable_is_that_of_its_function() -> None:
    """Two functions loop over a `qs` of their own: each loop is over what that function put there, by line."""
    facts = registry.adapter_of("python").extract(QUERIES, "python")

    assert {touch.line: beginning(touch.call) for touch in data_facts_of(facts).touches} == {
        4: "Author.objects.filter",
        5: "Author.objects.filter",
        8: "Book.objects.all",
        9: "Book.objects.all",
    }


def test_parsed_and_decoded_facts_have_one_digest() -> None:
    """What the workers send with a fresh file is what a later process makes of the stored facts, byte for byte."""
    facts = registry.adapter_of("python").extract(QUERIES, "python")
    encoded = encode(facts)

    fresh = digest_of("shop/queries.py", "python", facts, encoded)

    assert digest_of("shop/queries.py", "python", decode(encoded, FileFacts), encoded) == fresh
