"""Which regular expressions take exponential time, and which only look so."""

from __future__ import annotations

import pytest

from driftd.pipeline.detect.regexes import is_exponential, shortest_match


@pytest.mark.parametrize(
    "source",
    [
        r"^(a+)+$",
        r"/^(\w+\s?)*$/i",
        r"^(([a-z])+.)+[A-Z]([a-z])+$",
        r"^(?:[a-z]*)*x",
        r"(a|[a-c])*z",
        r"^(?<name>\d+)+!",
        r"^((a+)b?)*$",
    ],
)
def test_exponential(source: str) -> None:
    """One character can be divided among the repetitions in many ways, and then something fails."""
    assert is_exponential(source)


@pytest.mark.parametrize(
    "source",
    [
        r"^[a-z]+$",
        r"^([0-9a-zA-Z+/]{4})*(([0-9a-zA-Z+/]{2}==)|([0-9a-zA-Z+/]{3}=))?$",  # the plus is a character
        r"^(\w+,)*$",  # the comma divides
        r"^(\d{3}-)+\d+$",
        r"(a+)+",  # nothing behind it can fail
        r"^(a|b)*$",
        r"^(\d+\.)+\d+$",
        r"^([a-z]+)\1+$",  # references are not read
        r"^(a{1,3})*$",  # not told: no repetition without an end in it
        "(",
        "",
    ],
)
def test_not_told(source: str) -> None:
    """What is linear, polynomial or not read."""
    assert not is_exponential(source)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("^(AKIA|ASIA)(?!.*EXAMPLE)[0-9A-Z]{16}$", 20),
        (r"(?i)^\s*(select|insert\s+into)\b", 6),
        ("a|bc|def", 1),
        ("(?i:ab)?c{2,5}", 2),
        (r"(?<=x)\w+[^a-z]*", 1),
        ("x*", 0),
        (r"(a)\1", 0),  # a reference is not read, so nothing is said
    ],
)
def test_shortest_match(source: str, expected: int) -> None:
    """Look-arounds and anchors take no characters, a repetition as often as it has to be there."""
    assert shortest_match(source) == expected
