"""What people said, when it grows old: its effect moves into the pattern's stored prior, and only then it goes.

Feedback of the medium tier may go when a pattern's row can take its effect, and when it is not what decides over a
violation that is still open.  Feedback that takes earlier feedback back goes together with it, or neither goes.
"""
# ruff: noqa: S608 - no value is put into a statement that is not of this module's own making

from __future__ import annotations

from typing import TYPE_CHECKING, Final, get_args

from driftd.rows.enforcement import DismissalReason, FeedbackAction
from driftd.rows.feedback_effect import effect_of

if TYPE_CHECKING:
    import sqlite3

IN_KEYS: Final = "IN (SELECT value FROM json_each(:keys))"


def _may_go(alias: str) -> str:
    """Return the condition that one verdict, looked at alone, is old and not needed any more."""
    stands = "n.undoes IS NULL AND NOT EXISTS (SELECT 1 FROM feedback AS b WHERE b.undoes = n.id)"
    return (
        f"({alias}.created_at < :medium "
        f"AND EXISTS (SELECT 1 FROM pattern_confidence AS p WHERE p.pattern_id = {alias}.pattern_id) "
        f"AND (NOT EXISTS (SELECT 1 FROM violations AS v WHERE v.id = {alias}.violation_id AND v.resolved_at IS NULL) "
        f"OR EXISTS (SELECT 1 FROM feedback AS n WHERE n.violation_id = {alias}.violation_id AND n.id > {alias}.id "
        f"AND {stands})))"
    )


def folds(alias: str) -> str:
    """Return the condition that a verdict may go, and whatever takes it back or is taken back by it as well."""
    undone = "EXISTS (SELECT 1 FROM feedback AS w WHERE w.undoes = {0}.id)"
    in_the_way = f"(NOT {_may_go('{0}')} OR {undone})"  # of a chain of taking back: it stays
    return (
        f"({_may_go(alias)} "
        f"AND NOT EXISTS (SELECT 1 FROM feedback AS u WHERE u.undoes = {alias}.id AND {in_the_way.format('u')}) "
        f"AND ({alias}.undoes IS NULL "
        f"OR NOT EXISTS (SELECT 1 FROM feedback AS g WHERE g.id = {alias}.undoes) "
        f"OR EXISTS (SELECT 1 FROM feedback AS r WHERE r.id = {alias}.undoes AND r.undoes IS NULL AND {_may_go('r')} "
        f"AND NOT EXISTS (SELECT 1 FROM feedback AS s WHERE s.undoes = r.id AND {in_the_way.format('s')}))))"
    )


def _effect(alias: str, part: int) -> str:
    """Return what a verdict adds to alpha (0) or beta (1), from the one table of effects."""
    cases = []
    for action in get_args(FeedbackAction):
        plain = effect_of(action, None)[part]
        special = {reason: effect_of(action, reason)[part] for reason in get_args(DismissalReason)}
        cases += [
            f"WHEN {alias}.action = '{action}' AND {alias}.dismissal_reason = '{reason}' THEN {effect}"
            for reason, effect in special.items()
            if effect != plain
        ]
        cases.append(f"WHEN {alias}.action = '{action}' THEN {plain}")
    return f"(CASE {' '.join(cases)} ELSE 0.0 END)"


def _net(part: int) -> str:
    """Return what a verdict `f` adds; one that takes `r` back adds the opposite of that."""
    return f"CASE WHEN f.undoes IS NULL THEN {_effect('f', part)} WHEN r.id IS NULL THEN 0.0 ELSE -{_effect('r', part)} END"


_FOLD: Final = (
    "UPDATE pattern_confidence AS p SET feedback_alpha = p.feedback_alpha + e.alpha, "
    "feedback_beta = p.feedback_beta + e.beta "
    f"FROM (SELECT f.pattern_id AS pattern_id, sum({_net(0)}) AS alpha, sum({_net(1)}) AS beta "
    f"FROM feedback AS f LEFT JOIN feedback AS r ON r.id = f.undoes WHERE f.id {IN_KEYS} GROUP BY f.pattern_id) AS e "
    "WHERE e.pattern_id = p.pattern_id AND (e.alpha <> 0 OR e.beta <> 0)"
)


def fold(connection: sqlite3.Connection, keys: str) -> int:
    """Move the effect of these verdicts (a JSON array of ids) into their patterns' priors; return how many patterns."""
    return max(0, connection.execute(_FOLD, {"keys": keys}).rowcount)
