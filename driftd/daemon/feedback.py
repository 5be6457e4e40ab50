"""What a person says about a violation, as one write: the row, the pattern's new posterior, whether it stays silenced.

The functions here run on the writer's thread, within a submission (`store.commands.Call`): they read and write one
state of the database, so a posterior always is that of the feedback that is stored.  The rows of `feedback` and what of
them has aged out (`feedback_alpha`, `feedback_beta`) are the truth; nothing is added to a sum.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import msgspec

from driftd.errors import NotFoundError, UsageError
from driftd.pipeline.patterns.about import nature_of
from driftd.pipeline.patterns.confidence import Posterior, counted, factors, posterior
from driftd.pipeline.patterns.false_positives import Action, standing
from driftd.rows.declare import row_values, table_of
from driftd.rows.enforcement import FeedbackRow
from driftd.rows.feedback_effect import Effect, effect_of
from driftd.rows.ids import json_text
from driftd.rows.patterns import PatternConfidenceRow, PatternStatusRow
from driftd.store import sql

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from driftd.rows.patterns import ApprovalStatus

SHORTEST_PREFIX: Final = 4
SILENCING: Final = frozenset({"dismiss", "suppress"})


class Given(msgspec.Struct, frozen=True):
    """What was said: an action on a violation, named by its id or the beginning of it; or which feedback to undo."""

    violation: str = ""
    action: str = ""
    dismissal_reason: str | None = None
    reason: str | None = None
    author: str | None = None
    undo: int | None = None


class Outcome(msgspec.Struct, frozen=True):
    """What a feedback did; `effect` is what all feedback on the pattern amounts to now."""

    row: FeedbackRow
    before: Posterior
    after: Posterior
    effect: Effect
    suppressed: bool
    suppression_source: str | None
    was_suppressed: bool


def give(
    connection: sqlite3.Connection,
    now: int,
    given: Given,
    silenced_inline: Callable[[str, str], bool],
) -> Outcome:
    """Store a feedback and what follows from it at once; raises NotFoundError or UsageError, and then nothing is stored.

    `silenced_inline(file, id)` says whether a comment silences a violation.
    """
    row = _undoing(connection, given) if given.undo is not None else _about(connection, given)
    stored = _ensure_pattern(connection, now, row.pattern_id)
    folded = (stored.feedback_alpha, stored.feedback_beta)
    said = actions(connection, "pattern_id", row.pattern_id)
    before = score(stored, total_effect(folded, said))
    row = _append(connection, now, row)
    effect = total_effect(folded, [*said, action_of(row)])
    after = score(stored, effect)
    _write_score(connection, now, stored, effect)
    was, suppressed, source = _silence(connection, row.violation_id, silenced_inline)
    return Outcome(row, before, after, effect, suppressed, source, was)


def catch_up(connection: sqlite3.Connection, now: int, since: int) -> None:
    """Let what was said after feedback `since` stand, where an analysis that had not heard of it wrote over it."""
    newer = connection.execute("SELECT violation_id, pattern_id FROM feedback WHERE id > ?", (since,)).fetchall()
    for pattern in {pattern for _, pattern in newer}:
        stored = _pattern(connection, pattern)
        if stored is not None:
            _write_score(connection, now, stored, effect_on(connection, pattern))
    for violation in {violation for violation, _ in newer}:
        if is_dismissed(connection, violation):
            connection.execute(_SUPPRESS, (1, "user", violation))
        else:  # a comment that silences it has been written by the analysis, a person's word from before has not
            connection.execute(_TAKE_BACK, (violation,))


def score(stored: PatternConfidenceRow, effect: Effect) -> Posterior:
    """Return the posterior of a pattern with the effect of all its feedback."""
    evidence = counted(stored.kind, stored.sites, stored.followed)
    return posterior((stored.prior_alpha, stored.prior_beta), *evidence, effect)


def effect_on(connection: sqlite3.Connection, pattern: str) -> Effect:
    """Return what all feedback on a pattern amounts to, what has aged out included."""
    folded = connection.execute(
        "SELECT feedback_alpha, feedback_beta FROM pattern_confidence WHERE pattern_id = ?", (pattern,)
    ).fetchone() or (0.0, 0.0)
    return total_effect(folded, actions(connection, "pattern_id", pattern))


def total_effect(folded: tuple[float, float], said: Iterable[Action]) -> Effect:
    """Return the sum of what has aged out and of the actions that nobody took back."""
    effects = [effect_of(one.action, one.reason) for one in standing(said)]
    return Effect(folded[0] + sum(e.alpha for e in effects), folded[1] + sum(e.beta for e in effects))


def action_of(row: FeedbackRow) -> Action:
    """Return a stored row as what rates and effects are made of."""
    assert row.id is not None  # noqa: S101 - it is stored
    return Action(
        row.id,
        row.created_at,
        row.pattern_id,
        row.detector_id,
        row.action,
        row.dismissal_reason,
        row.author,
        row.undoes,
    )


def is_dismissed(connection: sqlite3.Connection, violation: str) -> bool:
    """Return whether the last word about a violation that was not taken back silences it."""
    said = standing(actions(connection, "violation_id", violation))
    return bool(said) and said[-1].action in SILENCING


def actions(connection: sqlite3.Connection, column: str, value: str) -> list[Action]:
    """Return the feedback about a violation, a pattern or a detector.

    As one row: after each row the writer's thread would wait for the interpreter's lock, and an analysis holds that.
    """
    statement = (
        f"SELECT json_group_array(json_array({ACTION_COLUMNS})) FROM feedback "  # noqa: S608 - see sql
        f"WHERE {sql.quoted(column)} = ?"
    )
    (text,) = connection.execute(statement, (value,)).fetchone()
    return [Action(*values) for values in msgspec.json.decode(text)]


def set_status(
    connection: sqlite3.Connection, now: int, pattern: str, status: ApprovalStatus, reason: str | None, *, is_rule: bool
) -> dict[str, Any]:
    """Store what a person decided about a pattern; NotFoundError where nothing is known of it."""
    stored = _pattern(connection, pattern)
    known = is_rule or stored is not None
    if not known and not connection.execute(_KNOWN, (pattern,)).fetchone():
        raise NotFoundError(f"there is no pattern {pattern!r}", hint="driftd violations and driftd patterns name them")
    earlier = connection.execute("SELECT status FROM pattern_status WHERE pattern_id = ?", (pattern,)).fetchone()
    confidence = None if stored is None else stored.posterior_mean
    row = PatternStatusRow(
        pattern_id=pattern,
        status=status,
        approved_by="user",
        approved_at=now,
        confidence_at_approval=confidence,
        reason=reason,
        updated_at=now,
    )
    connection.execute(sql.upsert(table_of(PatternStatusRow), now), row_values(row))
    previous = earlier[0] if earlier else "discovered"
    return {
        "pattern_id": pattern,
        "previous_status": previous,
        "status": status,
        "approved_at": now,
        "confidence": confidence,
    }


# -- the steps of `give` ----------------------------------------------------------------------------------------------


def _about(connection: sqlite3.Connection, given: Given) -> FeedbackRow:
    violation, pattern, detector = find_violation(connection, given.violation)
    return FeedbackRow(
        violation_id=violation,
        pattern_id=pattern,
        detector_id=detector,
        action=given.action,  # type: ignore[arg-type]  # the CHECK of the table and the method's parameters see to it
        dismissal_reason=given.dismissal_reason,  # type: ignore[arg-type]
        reason=given.reason,
        author=given.author,
    )


def find_violation(connection: sqlite3.Connection, text: str) -> tuple[str, str, str]:
    """Return id, pattern and detector of the violation that is meant: an id, or the beginning of exactly one."""
    found = connection.execute(f"{_VIOLATION} WHERE id = ?", (text,)).fetchall()
    if not found and len(text) >= SHORTEST_PREFIX:
        found = connection.execute(
            f"{_VIOLATION} WHERE id >= ? AND id < ? LIMIT 2", (text, text + "\U0010ffff")
        ).fetchall()
    if not found:
        raise NotFoundError(f"there is no violation {text!r}", hint="driftd violations lists them")
    if len(found) > 1:
        raise UsageError(f"several violations begin with {text!r}", hint="write more of its id")
    violation, pattern, detector, rule = found[0]
    return violation, pattern or rule, detector or rule


def _undoing(connection: sqlite3.Connection, given: Given) -> FeedbackRow:
    found = connection.execute(f"{sql.select(_FEEDBACK)} WHERE id = ?", (given.undo,)).fetchone()
    if found is None:
        raise NotFoundError(f"there is no feedback {given.undo}", hint="driftd feedback-history lists it")
    target = FeedbackRow(**dict(zip(_FEEDBACK.names, found, strict=True)))
    if target.undoes is not None:
        raise UsageError(
            f"feedback {given.undo} takes feedback {target.undoes} back, and cannot be taken back itself",
            hint="give that feedback again",
        )
    if connection.execute("SELECT 1 FROM feedback WHERE undoes = ?", (given.undo,)).fetchone():
        raise UsageError(
            f"feedback {given.undo} has been taken back already", hint="driftd feedback-history shows by which"
        )
    return FeedbackRow(
        violation_id=target.violation_id,
        pattern_id=target.pattern_id,
        detector_id=target.detector_id,
        action=target.action,
        dismissal_reason=target.dismissal_reason,
        reason=given.reason,
        author=given.author,
        undoes=target.id,
    )


def _ensure_pattern(connection: sqlite3.Connection, now: int, pattern: str) -> PatternConfidenceRow:
    stored = _pattern(connection, pattern)
    if stored is not None:
        return stored
    kind, category, prior = nature_of(pattern)
    first = posterior(prior, 0, 0, (0.0, 0.0))
    stored = PatternConfidenceRow(
        pattern_id=pattern,
        alpha=first.alpha,
        beta=first.beta,
        posterior_mean=first.mean,
        credible_interval_low=first.interval[0],
        credible_interval_high=first.interval[1],
        tier=first.tier,
        last_updated=now,
        kind=kind,  # type: ignore[arg-type]  # one of the two
        category=category,
        prior_alpha=prior[0],
        prior_beta=prior[1],
    )
    connection.execute(sql.insert(_CONFIDENCE, now), row_values(stored))
    return stored


def _pattern(connection: sqlite3.Connection, pattern: str) -> PatternConfidenceRow | None:
    found = connection.execute(f"{sql.select(_CONFIDENCE)} WHERE pattern_id = ?", (pattern,)).fetchone()
    return None if found is None else PatternConfidenceRow(**dict(zip(_CONFIDENCE.names, found, strict=True)))


def _append(connection: sqlite3.Connection, now: int, row: FeedbackRow) -> FeedbackRow:
    number = connection.execute(sql.insert(_FEEDBACK, now), row_values(row)).lastrowid
    found = connection.execute(f"{sql.select(_FEEDBACK)} WHERE id = ?", (number,)).fetchone()
    return FeedbackRow(**dict(zip(_FEEDBACK.names, found, strict=True)))


def _write_score(connection: sqlite3.Connection, now: int, stored: PatternConfidenceRow, effect: Effect) -> None:
    scored = score(stored, effect)
    low, high = scored.interval
    evidence = counted(stored.kind, stored.sites, stored.followed)
    shares = json_text(factors((stored.prior_alpha, stored.prior_beta), *evidence, effect))
    values = (scored.alpha, scored.beta, scored.mean, low, high, scored.tier, shares, now, stored.pattern_id)
    connection.execute(_SCORE, values)


def _silence(
    connection: sqlite3.Connection, violation: str, silenced_inline: Callable[[str, str], bool]
) -> tuple[bool, bool, str | None]:
    """Write whether a violation is silenced now, and return whether it was, is, and by whom."""
    found = connection.execute("SELECT file, suppressed FROM violations WHERE id = ?", (violation,)).fetchone()
    if found is None:  # it has aged out; what was said of it has not
        return False, False, None
    file, was = found
    source = "user" if is_dismissed(connection, violation) else "inline" if silenced_inline(file, violation) else None
    connection.execute(_SUPPRESS, (source is not None, source, violation))
    return bool(was), source is not None, source


_FEEDBACK: Final = table_of(FeedbackRow)
_CONFIDENCE: Final = table_of(PatternConfidenceRow)
ACTION_COLUMNS: Final = "id, created_at, pattern_id, detector_id, action, dismissal_reason, author, undoes"
_VIOLATION: Final = "SELECT id, pattern_id, detector_id, rule_id FROM violations"
_SUPPRESS: Final = "UPDATE violations SET suppressed = ?, suppression_source = ? WHERE id = ?"
_TAKE_BACK: Final = (
    "UPDATE violations SET suppressed = 0, suppression_source = NULL WHERE id = ? AND suppression_source = 'user'"
)
_SCORE: Final = (
    "UPDATE pattern_confidence SET alpha = ?, beta = ?, posterior_mean = ?, credible_interval_low = ?, "
    "credible_interval_high = ?, tier = ?, factors = ?, last_updated = ? WHERE pattern_id = ?"
)
_KNOWN: Final = (
    "SELECT 1 FROM violations WHERE pattern_id = ?1 OR detector_id = ?1 "
    "UNION ALL SELECT 1 FROM detections WHERE pattern_id = ?1 UNION ALL SELECT 1 FROM pattern_status WHERE pattern_id = ?1 "
    "LIMIT 1"
)
