"""What is known from people and from earlier runs: an analysis gets it, and never asks the database for it.

The daemon reads it from its tables before a run, and keeps it current when feedback arrives (`daemon/learning.py`).
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from driftd.rows.feedback_effect import NEUTRAL, Effect
from driftd.rows.patterns import ConventionRow


class Seen(msgspec.Struct, frozen=True):
    """One earlier look at a pattern: when, in how many places the question arose, and how many followed it."""

    at: int
    sites: int
    followed: int


class Learned(msgspec.Struct, frozen=True):
    """All of it.

    now: the time of the run, unix seconds
    feedback: what feedback on each pattern amounts to, rows that have aged out included
    dismissed: ids of violations that a person dismissed or suppressed, and has not taken back
    ignored: patterns that a person ignores; approved: those that a person approved
    conventions: those that are known, by pattern and scope
    downgraded: patterns and detectors whose findings are one step less severe, for their false positives
    disabled: those whose findings are not raised any more, for the same reason
    baseline: ids of the violations that are not new; None where there is no baseline
    history: earlier looks at each pattern, oldest first
    last_seen: when a place of a pattern was last there
    disabled_rules: rules and categories that the configuration switches off
    """

    now: int = 0
    feedback: Mapping[str, Effect] = {}
    dismissed: frozenset[str] = frozenset()
    ignored: frozenset[str] = frozenset()
    approved: frozenset[str] = frozenset()
    conventions: Mapping[tuple[str, str], ConventionRow] = {}
    downgraded: frozenset[str] = frozenset()
    disabled: frozenset[str] = frozenset()
    baseline: frozenset[str] | None = None
    history: Mapping[str, tuple[Seen, ...]] = {}
    last_seen: Mapping[str, int] = {}
    disabled_rules: frozenset[str] = frozenset()

    def effect(self, pattern: str) -> Effect:
        """Return what feedback adds to a pattern's posterior."""
        return self.feedback.get(pattern, NEUTRAL)


NOTHING_LEARNED = Learned()
