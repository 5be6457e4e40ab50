"""What a pattern is, in words."""

from __future__ import annotations

from typing import Any

from driftd.pipeline.detect.marks import UNUSED_CONFIDENCE, UNUSED_SUPPRESSION
from driftd.pipeline.detect.registry import rules_by_id
from driftd.pipeline.patterns.confidence import rule_prior
from driftd.pipeline.patterns.questions import questions
from driftd.rows.patterns import PatternCategory

_OTHERS = {"function-length": ("How long are functions?", "functions of ordinary length")}


def nature_of(pattern: str) -> tuple[str, PatternCategory | None, tuple[float, float]]:
    """Return of a pattern by its id whether it is a choice or a rule, its category, and its prior."""
    name, _, alternative = pattern.partition("/")[2].partition("/")
    if name in _OTHERS:
        return "choice", "structural", (1.0, 1.0)
    question = questions().get(name)
    if question is not None and alternative:
        return "choice", question.category, (1.0, 1.0)
    if pattern == UNUSED_SUPPRESSION:
        return "rule", "documentation", rule_prior(UNUSED_CONFIDENCE)
    rule = rules_by_id().get(pattern)
    return ("rule", None, (1.0, 1.0)) if rule is None else ("rule", rule.category, rule_prior(rule.confidence))


def about_pattern(pattern: str, departs: int) -> dict[str, Any]:
    """Return `title`, `question` (None for a rule) and `departs`: in how many places the question is answered otherwise.

    What a rule finds departs from nothing.
    """
    _, _, rest = pattern.partition("/")
    name, _, alternative = rest.partition("/")
    if name in _OTHERS:
        question, title = _OTHERS[name]
        return {"title": title, "question": question, "departs": departs}
    known = questions().get(name)
    if known is not None and alternative:
        return {"title": known.label(alternative), "question": known.title, "departs": departs}
    rule = rules_by_id().get(pattern)
    return {"title": rule.message if rule is not None else pattern, "question": None, "departs": 0}
