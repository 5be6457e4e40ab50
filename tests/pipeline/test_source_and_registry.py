"""Positions in a source text, and which language a file is of by its name."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from driftd.pipeline.facts.languages import registry
from driftd.pipeline.facts.source import Source


@given(st.text(alphabet="ab\n\r\x0b\x0cü€", max_size=40))
def test_a_position_counts_newlines_and_code_points(text: str) -> None:
    """Only a line feed ends a line; a column counts code points, from 1."""
    source = Source(text.encode())

    for index in range(len(text)):
        before = text[:index]
        expected = (before.count("\n") + 1, index - (before.rfind("\n") + 1) + 1)
        assert source.position(len(before.encode())) == expected
        assert source.line(len(before.encode())) == expected[0]


def test_a_last_newline_ends_the_last_line() -> None:
    """Text after the last newline is a line of its own, nothing after it is none; the empty text has one line."""
    assert [Source(data).line_count for data in (b"", b"a", b"a\n", b"a\nb", b"\n\n")] == [1, 1, 1, 2, 2]


def test_the_registry_agrees_with_the_adapters() -> None:
    """The suffixes that the scanner knows without importing a grammar are those that the adapters read."""
    for suffix, language in registry.SUFFIXES.items():
        adapter = registry.adapter_of(language)
        assert adapter.suffixes.get(suffix, language) == language
        assert language in adapter.languages
    read = {s: name for language in registry.MODULES for s, name in registry.adapter_of(language).suffixes.items()}
    assert {suffix: read[suffix] for suffix in registry.SUFFIXES if suffix in read} == {
        suffix: language for suffix, language in registry.SUFFIXES.items() if suffix in read
    }
    assert read.keys() <= registry.SUFFIXES.keys()


def test_env_files_are_known_by_their_names() -> None:
    """`.env` and its family have no suffix that says so."""
    names = [".env", ".env.local", "deploy/.env.production", "a.py", "b.TSX", "c.txt", "Makefile"]
    assert [registry.language_of(name) for name in names] == ["dotenv"] * 3 + ["python", "tsx", None, None]
