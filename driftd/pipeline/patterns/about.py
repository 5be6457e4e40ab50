"""What a pattern is, in words."""

from __future__ import annotations

from typing import Any

from driftd.pipeline.detect.registry import rules_by_id
from driftd.pipeline.patterns.questions import questions

_OTHERS = {"function-length": ("How long are functions?", "functions of ordinary length")}


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
