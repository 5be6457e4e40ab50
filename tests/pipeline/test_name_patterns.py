"""Patterns of dotted names: what each form means, and what it does not."""

from __future__ import annotations

import pytest

from driftd.pipeline.detect.patterns import pattern


@pytest.mark.parametrize(
    ("text", "meant", "others"),
    [
        ("hashlib.md5", ["hashlib.md5"], ["md5", "a.hashlib.md5", "hashlib.md5.new"]),
        (
            "*.execute",
            ["execute", "a.execute", "a.b.execute", "?.execute"],
            ["xexecute", ".execute", "execute.a", "a.executed"],
        ),
        ("**.execute", ["execute", "a.b.execute"], ["xexecute", ".execute"]),
        ("flask.**.route", ["flask.route", "flask.a.b.route"], ["route", "a.flask.route", "flask.xroute"]),
        ("flask.*.route", ["flask.a.route"], ["flask.route", "flask.a.b.route"]),
        ("os.exec*", ["os.exec", "os.execve"], ["os.exec.a", "exec"]),
        ("requests.**", ["requests.get", "requests.a.b"], ["requests", "requests."]),
    ],
)
def test_a_pattern_matches_what_it_means(text: str, meant: list[str], others: list[str]) -> None:
    """Dots divide: a star stands for a part, or something in it, and two for any number of parts."""
    matches = pattern(text).matches
    assert [name for name in [*meant, *others] if matches(name)] == meant
