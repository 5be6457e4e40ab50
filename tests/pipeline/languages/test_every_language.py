"""What holds for every language on the engine of `declared`, shown on the sample of its test file."""

from __future__ import annotations

import importlib
import random
from functools import partial
from pathlib import Path
from typing import Protocol

import msgspec
import pytest

from driftd.pipeline.facts.languages import registry
from driftd.pipeline.facts.languages.declared.adapter import DeclaredAdapter
from driftd.pipeline.facts.model import FileFacts, owner_function

LANGUAGES = [name for name in registry.MODULES if isinstance(registry.adapter_of(name), DeclaredAdapter)]
pytestmark = pytest.mark.parametrize("language", LANGUAGES)


class Placed(Protocol):
    @property
    def line(self) -> int: ...
    @property
    def scope(self) -> int: ...


def sample(language: str) -> bytes:
    module = importlib.import_module(f"tests.pipeline.languages.test_{language}")
    text: str = module.SAMPLE
    return text.encode()


def extract(language: str, data: bytes) -> FileFacts:
    """Return the facts, having checked that every index in them is one, and that they can be stored."""
    facts = registry.adapter_of(language).extract(data, language)
    outline, bodies = facts.outline, facts.bodies
    functions, classes = len(outline.functions), len(outline.classes)
    owner = partial(owner_function, outline)
    assert outline.functions[0].kind == "module"
    rows: list[Placed] = [
        *outline.functions[1:],
        *outline.classes,
        *bodies.calls,
        *bodies.assigns,
        *bodies.regions,
        *bodies.handlers,
    ]
    for row in rows:
        assert -classes <= row.scope < functions
        assert 0 <= owner(row.scope) < functions
        assert 1 <= row.line <= facts.line_count
    for index, region in enumerate(bodies.regions):
        assert -1 <= region.parent < index
        assert region.parent < 0 or owner(bodies.regions[region.parent].scope) == owner(region.scope)
    places: list[tuple[int, int]] = [(each.scope, each.region) for each in bodies.calls]
    places += [(each.scope, each.region) for each in bodies.assigns]
    places += [(each.scope, each.region) for each in bodies.returns]
    places += [(each.scope, each.region) for each in bodies.raises]
    places += [(each.scope, each.region) for each in bodies.handlers]
    for scope, at in places:
        assert -1 <= at < len(bodies.regions)
        assert at < 0 or owner(bodies.regions[at].scope) == owner(scope)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(facts), type=FileFacts) == facts
    return facts


def test_the_sample_is_sound(language: str) -> None:
    """Every language has a sample without errors, with functions, calls, literals and names; reading is repeatable."""
    facts = extract(language, sample(language))
    assert facts.errors == ()
    assert len(facts.outline.functions) > 3
    assert facts.bodies.calls
    assert facts.texts.literals
    assert facts.names
    assert extract(language, sample(language)) == facts


def test_line_ends_and_byte_order_marks_do_not_matter(language: str) -> None:
    """The same names stand on the same lines."""
    data = sample(language)
    lines = [[(f.qualified_name, f.line, f.column) for f in extract(language, each).outline.functions]
             for each in (data, b"\xef\xbb\xbf" + data, data.replace(b"\n", b"\r\n"))]  # fmt: skip
    assert lines[0] == lines[1] == lines[2]


@pytest.mark.parametrize("seed", range(4))
def test_no_damage_makes_it_raise(language: str, seed: int) -> None:
    """Cut off, with parts removed, doubled or replaced, a file still has facts that fit together."""
    data = sample(language)
    chance = random.Random(seed)
    for _ in range(60):
        start, length = chance.randrange(len(data)), chance.randrange(1, 40)
        middle = chance.choice([b"", b"{", b")", b"(", b"}", b'"', b"\xff\x00", b"x", data[start : start + length] * 2])
        extract(language, data[:start] + middle + data[start + length :])
    for end in range(0, len(data), max(len(data) // 40, 1)):
        extract(language, data[:end])


@pytest.mark.parametrize(
    "code",
    ["(" * 3000, "{" * 3000, "[" * 3000, "f(" * 3000, "a." * 3000 + "b", "f()." * 3000 + "g()", "x = " * 3000 + "1",
     "1 + " * 3000 + "1", "-" * 3000 + "1", "if (x) { " * 1000, "class A { " * 500, "\n" * 3000, "f(x);" * 3000],
)  # fmt: skip
def test_deep_nesting_does_not_make_it_recurse(language: str, code: str) -> None:
    """As a whole file and in the middle of one."""
    extract(language, code.encode())
    data = sample(language)
    middle = data.index(b"\n", len(data) // 2)
    extract(language, data[:middle] + code.encode() + data[middle:])


def test_the_files_of_a_language_lie_together(language: str) -> None:
    """A language is one adapter file, one query file and one test file, all named after it."""
    folder = Path(registry.__file__).parent
    assert (folder / f"{registry.MODULES[language]}.scm").is_file()
    assert Path(__file__).with_name(f"test_{language}.py").is_file()
