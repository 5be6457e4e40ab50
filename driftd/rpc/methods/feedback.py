"""`feedback`, `feedback_stats`, `set_pattern_status`: what people say about findings, and what follows from it."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from driftd.rows.enforcement import DismissalReason, FeedbackAction
from driftd.rows.patterns import ApprovalStatus
from driftd.rpc.method import Method, NoParams, Params, Session
from driftd.rpc.results import FeedbackResult, FeedbackStatsResult, PatternStatusResult

Text = Annotated[str, Meta(max_length=4000)]
Name = Annotated[str, Meta(min_length=1, max_length=400)]


class FeedbackParams(Params, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Parameters of `feedback`: an action on a violation, or which feedback to undo."""

    violation_id: Annotated[
        Name | None, Meta(description="Id of the violation, or the beginning of it (at least 4 characters).")
    ] = None
    action: Annotated[
        FeedbackAction | None,
        Meta(
            description="`dismiss`: it is wrong (or will not be fixed: see dismissal_reason); `fix`: it was right and is "
            "fixed; `suppress`: silence it, saying neither; `escalate`: it is right and worse than it looks."
        ),
    ] = None
    dismissal_reason: Annotated[
        DismissalReason | None,
        Meta(description="Why it is dismissed; `wont_fix` and `duplicate` leave the pattern's confidence as it is."),
    ] = None
    reason: Annotated[Text | None, Meta(description="In your own words.")] = None
    author: Annotated[Text | None, Meta(description="Who says so.")] = None
    undo: Annotated[
        int | None, Meta(description="Id of the feedback to take back; alone, or with reason and author.")
    ] = None


class SetPatternStatusParams(Params, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Parameters of `set_pattern_status`."""

    pattern_id: Annotated[Name, Meta(description="The pattern, or the detector.")]
    status: Annotated[
        ApprovalStatus,
        Meta(
            description="`approved`: its findings are raised whatever feedback says; `ignored`: never; `discovered`: as "
            "feedback says, which is counted anew from now on."
        ),
    ]
    reason: Annotated[Text | None, Meta(description="In your own words.")] = None


async def feedback(session: Session, params: FeedbackParams) -> object:
    """Say something about a violation."""
    return await session.service.feedback(
        violation=params.violation_id or "",
        action=params.action or "",
        dismissal_reason=params.dismissal_reason,
        reason=params.reason,
        author=params.author,
        undo=params.undo,
    )


async def feedback_stats(session: Session, _params: NoParams) -> object:
    """Return how often findings were false."""
    as_of = await session.service.as_of()
    return FeedbackStatsResult(items=session.service.feedback_stats(), as_of=as_of)


async def set_pattern_status(session: Session, params: SetPatternStatusParams) -> object:
    """Decide about a pattern."""
    return await session.service.set_pattern_status(params.pattern_id, params.status, params.reason)


FEEDBACK = Method(
    "feedback",
    "Stores what a person says about a violation, and re-scores its pattern at once.",
    FeedbackParams,
    FeedbackResult,
    feedback,
)
FEEDBACK_STATS = Method(
    "feedback_stats",
    "Tells how many findings of each pattern and detector were false, and what follows from that.",
    NoParams,
    FeedbackStatsResult,
    feedback_stats,
)
SET_PATTERN_STATUS = Method(
    "set_pattern_status",
    "Approves or ignores a pattern, or leaves it to feedback again; a person's word always wins.",
    SetPatternStatusParams,
    PatternStatusResult,
    set_pattern_status,
)
