"""What feedback does to a pattern's confidence: one table, read by scoring and by retention.

The numbers are the plan's (gap 2): a fix says that the finding was right, a dismissal that it was wrong, a suppression
says neither, an escalation that it was more than right.  A dismissal because nobody will fix it, or because it is
reported already, does not say that it was wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class Effect(NamedTuple):
    """What is added to the parameters of the Beta posterior."""

    alpha: float
    beta: float


EFFECTS: Final[Mapping[str, Effect]] = {
    "dismiss": Effect(0.0, 0.5),
    "fix": Effect(1.0, 0.0),
    "suppress": Effect(0.0, 0.0),
    "escalate": Effect(1.5, 0.0),
}
NEUTRAL_REASONS: Final = frozenset({"wont_fix", "duplicate"})
NEUTRAL: Final = Effect(0.0, 0.0)


def effect_of(action: str, dismissal_reason: str | None) -> Effect:
    """Return what one feedback adds; KeyError for an action that there is not."""
    if action == "dismiss" and dismissal_reason in NEUTRAL_REASONS:
        return NEUTRAL
    return EFFECTS[action]
