"""Which regular expressions take exponential time, and which only look so."""

from __future__ import annotations

import pytest

from driftd.pipeline.detect.regexes import is_exponential


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
