"""How often findings were false: the rate, since when it is too high, and what a burst is."""

from __future__ import annotations

import pytest

from driftd.pipeline.patterns.false_positives import DAY, Action, Rate, burst, rate_of, standing

WINDOW = 30 * DAY


def said(number: int, at: int, action: str = "dismiss", reason: str | None = None, **more: object) -> Action:
    return Action(number, at, "p", "d", action, reason, **more)  # type: ignore[arg-type]


def many(count: int, at: int, action: str = "dismiss", first: int = 1, reason: str | None = None) -> list[Action]:
    return [said(first + n, at, action, reason) for n in range(count)]


@pytest.mark.parametrize(
    ("false", "fixed", "share", "alerts", "downgrades"),
    [
        (9, 0, None, False, False),  # nine actions are too few to have a rate
        (1, 9, 0.1, True, False),
        (1, 10, 1 / 11, False, False),
        (2, 8, 0.2, True, False),  # above 20 %, not at
        (3, 9, 0.25, True, True),
        (10, 0, 1.0, True, True),
    ],
)
def test_the_rate_decides(false: int, fixed: int, share: float | None, alerts: bool, downgrades: bool) -> None:
    """From 10 actions on: an alert from 10 %, a step down above 20 %."""
    rate = rate_of([*many(false, 100), *many(fixed, 100, "fix", 50)], WINDOW, 200)
    assert (rate.share, rate.alerts, rate.downgrades) == (share, alerts, downgrades)


def test_neutral_dismissals_are_actions_and_not_false() -> None:
    """That nobody will fix it, or that it is known, says nothing against the finding."""
    rate = rate_of([*many(5, 0, reason="wont_fix"), *many(4, 0, reason="duplicate", first=6), said(10, 0)], WINDOW, 1)
    assert (rate.actions, rate.false, rate.share) == (10, 1, 0.1)
    assert rate_of(many(10, 0, reason="not_applicable"), WINDOW, 1).share == 1.0


def test_what_is_taken_back_never_was() -> None:
    """Neither the feedback nor what takes it back counts."""
    actions = [said(1, 0), said(2, 0, "fix"), said(3, 5, undoes=1)]
    assert [one.number for one in standing(actions)] == [2]


def test_the_window_slides() -> None:
    """An action counts from its second on for the length of the window."""
    actions = many(10, 1000)
    assert rate_of(actions, WINDOW, 999) == Rate(0, 0)
    assert rate_of(actions, WINDOW, 1000).share == 1.0
    assert rate_of(actions, WINDOW, 1000 + WINDOW - 1).share == 1.0
    assert rate_of(actions, WINDOW, 1000 + WINDOW) == Rate(0, 0)


def test_how_long_it_has_been_too_high_follows_from_the_actions() -> None:
    """It begins with the tenth action; ten fixes in between end it; one gap without evidence ends it."""
    weekly = [one for week in range(8) for one in many(10, week * 7 * DAY, first=week * 10 + 1)]
    assert rate_of(weekly, WINDOW, 49 * DAY).above_since == 0
    assert not rate_of(weekly, WINDOW, 30 * DAY - 1).disables(30 * DAY - 1)
    assert rate_of(weekly, WINDOW, 30 * DAY).disables(30 * DAY)

    better = [*weekly, *many(200, 20 * DAY, "fix", 500)]
    assert rate_of(better, WINDOW, 21 * DAY).above_since is None
    assert rate_of(better, WINDOW, 51 * DAY).above_since == 50 * DAY  # the fixes have left the window

    late = [*many(10, 0), *many(10, 31 * DAY, first=20)]
    assert rate_of(late, WINDOW, 32 * DAY).above_since == 31 * DAY


def test_a_burst_is_ten_dismissals_of_three_patterns_in_ten_minutes_by_one_author() -> None:
    """One less of anything is none."""
    quick = [Action(n, 60 * n, f"p{n % 3}", "d", "dismiss", None, "ana") for n in range(10)]
    assert burst(quick, "ana") == quick
    assert burst(quick[:9], "ana") == []
    assert burst([Action(n, 67 * n, f"p{n % 3}", "d", "dismiss", None, "ana") for n in range(10)], "ana") == []
    assert burst([Action(n, 60 * n, f"p{n % 2}", "d", "dismiss", None, "ana") for n in range(10)], "ana") == []
    assert burst([Action(n, 60 * n, f"p{n % 3}", "d", "fix", None, "ana") for n in range(10)], "ana") == []
    assert burst(quick, "bo") == []
