"""Positions in a source text, and which range is the innermost one around an offset."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from driftd.pipeline.facts.languages import registry
from driftd.pipeline.facts.nesting import Nesting
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


def test_the_innermost_range_counts() -> None:
    """Ranges are half open; of equal ones the later is the inner one."""
    nesting = Nesting([(2, 10, 1), (4, 6, 2), (4, 6, 3), (10, 12, 4)], outside=0)

    assert [nesting.at(offset) for offset in range(13)] == [0, 0, 1, 1, 3, 3, 1, 1, 1, 1, 4, 4, 0]


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 10)), max_size=6))
def test_nested_ranges_are_looked_up_as_by_trying_them_all(starts: list[tuple[int, int]]) -> None:
    """For ranges that nest, the answer is the shortest one that holds the offset."""
    ranges: list[tuple[int, int, int]] = []
    for value, (start, length) in enumerate(starts, 1):
        end = start + length
        if all(end <= s or start >= e or (s <= start and end <= e) or (start <= s and e <= end) for s, e, _ in ranges):
            ranges.append((start, end, value))
    nesting = Nesting(ranges, outside=0)

    for offset in range(45):
        around = [
            (end - start, -index, value) for index, (start, end, value) in enumerate(ranges) if start <= offset < end
        ]
        assert nesting.at(offset) == (min(around)[2] if around else 0)


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
