"""Places in a file, and what was found at them: plain records, apart from the compiled modules that fill them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

if TYPE_CHECKING:
    from driftd.pipeline.detect.patterns import NamePattern
    from driftd.pipeline.detect.rules import Match, Rule
    from driftd.pipeline.facts.model import Call, Handler, Value


class Place(msgspec.Struct, frozen=True, gc=False):
    """Something that a match is about: a call, a value, or both; `column` 0 is not known."""

    line: int
    column: int
    end_line: int
    scope: int
    region: int
    name: str = ""
    call: Call | None = None
    value: Value | None = None
    number: int = -1  # of the call
    handler: Handler | None = None


class Candidate(NamedTuple):
    """A pattern of a match, with the rule that it belongs to."""

    pattern: NamePattern
    rule: Rule
    match: Match


class Found(NamedTuple):
    """A place that a rule found."""

    rule: Rule
    place: Place
