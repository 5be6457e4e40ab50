"""How values become text."""

from __future__ import annotations

from typing import Any

import pytest

from driftd.cli.output import cell, duration, plain, print_document, print_table, size


@pytest.mark.parametrize(
    ("key", "value", "text"),
    [
        ("name", None, "-"),
        ("name", "", "-"),
        ("is_async", True, "yes"),
        ("is_async", False, "no"),
        ("duration_ms", 0, "0 ms"),
        ("duration_ms", 1500, "1.5 s"),
        ("uptime_s", 61, "1 min 1 s"),
        ("db_bytes", 1536, "1.5 KiB"),
        ("bytes_before", 5, "5 B"),
        ("confidence", 0.123456, "0.123"),
        ("path", ["a", "b"], "a > b"),
        ("path", [], "-"),
        ("factors", {"a": 1}, '{"a": 1}'),
        ("line", 1000, "1000"),
    ],
)
def test_a_value_is_shown_with_the_unit_its_key_names(key: str, value: Any, text: str) -> None:
    """The end of the key says what a number measures."""
    assert cell(key, value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.0004, "0.4 ms"), (0.25, "250 ms"), (59.94, "59.9 s"), (90, "1 min 30 s"), (7260, "2 h 1 min")],
)
def test_durations_are_in_the_unit_that_reads_best(seconds: float, text: str) -> None:
    """Three significant digits below a minute, whole units above."""
    assert duration(seconds) == text


@pytest.mark.parametrize(("count", "text"), [(0, "0 B"), (1023, "1023 B"), (1024, "1 KiB"), (2**41, "2 TiB")])
def test_sizes_are_binary(count: int, text: str) -> None:
    """A kibibyte is 1024 bytes."""
    assert size(count) == text


def test_control_characters_are_escaped_and_other_scripts_are_not() -> None:
    """Nothing that moves a cursor or starts a new line gets through."""
    assert plain("a\nb\x1b[2J\x7f") == r"a\nb\x1b[2J\x7f"
    assert plain("größe 大小") == "größe 大小"


def test_columns_that_no_item_has_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    """An older or newer daemon with other columns is still shown."""
    print_table([{"a": 1, "b": "x"}, {"a": 22}], ("a", "gone", "b"))
    assert capsys.readouterr().out == " a  b\n 1  x\n22  -\n"
    print_table([{"new": "y"}], ("a", "b"))
    assert capsys.readouterr().out == "new\ny\n"


def test_a_document_nests_by_indentation(capsys: pytest.CaptureFixture[str]) -> None:
    """A mapping is lines, a list of mappings a table, both under their key; empty ones are a dash."""
    print_document({"x": 1, "deep": {"y": 2}, "list": [{"n": "a"}], "none": {}, "nothing": []})
    assert capsys.readouterr().out == "x        1\ndeep\n  y  2\nlist\n  n\n  a\nnone     -\nnothing  -\n"
