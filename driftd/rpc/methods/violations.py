"""`violations`, `explain`, `baseline`: what is wrong, why, and what of it is new."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from driftd.rows.enforcement import Severity
from driftd.rpc.method import Method, NoParams, Params, Session
from driftd.rpc.methods.feedback import Name
from driftd.rpc.methods.lists import After, Limit
from driftd.rpc.results import BaselineResult, ExplainResult, ListResult, QuickFixResult
from driftd.rpc.service import Filter


class ViolationsParams(Params, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Parameters of `violations`."""

    file: Annotated[str | None, Meta(description="Only those in this file.")] = None
    severity: Annotated[Severity | None, Meta(description="error, warning, info, hint.")] = None
    rule: Annotated[str | None, Meta(description="Only those of this rule: its id, with or without its category.")] = (
        None
    )
    pattern: Annotated[str | None, Meta(description="Only those that break this pattern.")] = None
    category: Annotated[str | None, Meta(description="Only those of this area: security, errors, testing …")] = None
    cwe: Annotated[int | None, Meta(description="Only those of this weakness, by its CWE number.")] = None
    status: Annotated[
        Literal["open", "suppressed", "resolved", "all"], Meta(description="Which ones: those that nobody silenced.")
    ] = "open"
    is_new: Annotated[bool | None, Meta(description="Is it missing in the baseline?")] = None
    limit: Limit = 100
    after: After = None


class ViolationParams(Params, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which violation."""

    violation_id: Annotated[Name, Meta(description="Its id, or the beginning of it (at least 4 characters).")]


async def violations(session: Session, params: ViolationsParams) -> object:
    """List violations."""
    given = msgspec.structs.asdict(params)
    filters: dict[str, Filter] = {
        name: value for name, value in given.items() if value is not None and name not in {"limit", "after"}
    }
    as_of = await session.service.as_of()
    page = await session.service.violations(filters, params.limit, params.after)
    return ListResult(items=page.items, next=page.next, total=page.total, as_of=as_of)


async def explain(session: Session, params: ViolationParams) -> object:
    """Explain a violation."""
    as_of = await session.service.as_of()
    return {**await session.service.explain(params.violation_id), "as_of": as_of}


async def quick_fix(session: Session, params: ViolationParams) -> object:
    """Return the edits for a violation."""
    as_of = await session.service.as_of()
    return {**await session.service.quick_fix(params.violation_id), "as_of": as_of}


async def baseline(session: Session, _params: NoParams) -> object:
    """Write the baseline."""
    as_of = await session.service.as_of()
    return {**await session.service.write_baseline(), "as_of": as_of}


VIOLATIONS = Method(
    "violations",
    "Lists violations, worst first and of equals the surest first.  `*` in a text stands for anything.",
    ViolationsParams,
    ListResult,
    violations,
)
EXPLAIN = Method(
    "explain",
    "Tells of a violation what it is, why, how sure that is and from what, what to do, and who does it right.",
    ViolationParams,
    ExplainResult,
    explain,
)
QUICK_FIX = Method(
    "quick_fix",
    "Gives the edits that remove a violation from its file as it is now, where that is certain.",
    ViolationParams,
    QuickFixResult,
    quick_fix,
)
BASELINE = Method(
    "baseline",
    "Writes the ids of all violations of now into a file; later ones are new.",
    NoParams,
    BaselineResult,
    baseline,
)
