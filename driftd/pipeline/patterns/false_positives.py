"""How often findings of a pattern or of a detector were false, by what people did about them in a window of time.

    rate = dismissals that are not neutral / all actions          over those of the window that nobody took back

With fewer than 10 actions there is no rate.  From 10 % on it is worth an alert; above 20 % findings are one step less
severe; above 20 % for 30 days on end the pattern is disabled.  How long it has been so follows from the actions
themselves: the rate changes when one comes and when one leaves the window, never in between.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from driftd.rows.feedback_effect import NEUTRAL_REASONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

DAY: Final = 86_400
FEWEST: Final = 10  # actions
ALERT: Final = 0.10
TOO_MANY: Final = 0.20
SUSTAINED: Final = 30 * DAY

# One author who dismisses so much, of so many patterns, in so short a time, was hardly looking.
BURST_DISMISSALS: Final = 10
BURST_PATTERNS: Final = 3
BURST_SECONDS: Final = 600


class Action(msgspec.Struct, frozen=True):
    """One feedback: `number` is its id, `undoes` that of the one it takes back."""

    number: int
    at: int
    pattern: str
    detector: str
    action: str
    reason: str | None = None
    author: str | None = None
    undoes: int | None = None

    @property
    def is_false(self) -> bool:
        """Whether it says that the finding was wrong."""
        return self.action == "dismiss" and self.reason not in NEUTRAL_REASONS


class Rate(msgspec.Struct, frozen=True):
    """What became of the findings of one pattern or detector; `above_since`: since when too many are false on end."""

    actions: int
    false: int
    above_since: int | None = None

    @property
    def share(self) -> float | None:
        """The rate, None where there are too few actions to have one."""
        return self.false / self.actions if self.actions >= FEWEST else None

    @property
    def alerts(self) -> bool:
        """Whether somebody should know."""
        return self.share is not None and self.share >= ALERT

    @property
    def downgrades(self) -> bool:
        """Whether findings are one step less severe."""
        return self.share is not None and self.share > TOO_MANY

    def disables(self, now: int) -> bool:
        """Whether findings are not raised any more."""
        return self.above_since is not None and now - self.above_since >= SUSTAINED


def standing(actions: Iterable[Action]) -> list[Action]:
    """Return the actions that were not taken back, in order of their ids."""
    ordered = sorted(actions, key=lambda one: one.number)
    undone = {one.undoes for one in ordered}
    return [one for one in ordered if one.undoes is None and one.number not in undone]


def rate_of(actions: Sequence[Action], window: int, now: int) -> Rate:
    """Return the rate at `now` over standing actions; one counts from its second on for `window` seconds."""
    steps: dict[int, list[tuple[int, int]]] = {}
    for one in actions:
        if one.at <= now:
            steps.setdefault(one.at, []).append((1, one.is_false))
            if one.at + window <= now:
                steps.setdefault(one.at + window, []).append((-1, -one.is_false))
    rate = Rate(0, 0)
    for at in sorted(steps):
        count = rate.actions + sum(change for change, _ in steps[at])
        false = rate.false + sum(change for _, change in steps[at])
        after = Rate(count, false)
        since = (rate.above_since if rate.above_since is not None else at) if after.downgrades else None
        rate = Rate(count, false, since)
    return rate


def burst(actions: Sequence[Action], author: str | None) -> list[Action]:
    """Return the newest dismissals of an author where they are a burst, else []; `actions` are in order of time.

    Neutral ones count as well: whoever clicks everything away gives any reason.
    """
    own = [one for one in actions if one.action == "dismiss" and one.undoes is None and one.author == author]
    recent = [one for one in own if own[-1].at - one.at <= BURST_SECONDS]
    is_burst = len(recent) >= BURST_DISMISSALS and len({one.pattern for one in recent}) >= BURST_PATTERNS
    return recent if is_burst else []
