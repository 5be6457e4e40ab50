"""Conventions: what a project, or a directory of it, does so regularly that the next place can be expected to.

| kind | when |
|---|---|
| contested | the two most usual ways are within 15 points of each other (means of a Dirichlet posterior, all parameters 1) |
| emerging | it is rising |
| legacy | it is falling, or has not been seen for 90 days |
| universal | it is decisive, and at least 80 % of the files in which the question arises follow it |
| project_specific | otherwise |

A directory has a convention of its own where it goes another way than the project, or where the project goes none.
One that is decisive in five files is promoted to approved; a person's rejection stays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from driftd.pipeline.patterns.beta import beta_quantile
from driftd.pipeline.patterns.tallies import DECISIVE, Tally
from driftd.rows.ids import json_text
from driftd.rows.patterns import ConventionRow

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from driftd.pipeline.learned import Learned, Seen
    from driftd.rows.patterns import ConventionCategory, Momentum, PromotionStatus

LEAST_SITES: Final = 5
LEAST_FILES: Final = 2
DOMINANT: Final = 0.60
CONTESTED: Final = 0.15
UNIVERSAL: Final = 0.80
PROMOTED_FILES: Final = 5
EXPIRY_S: Final = 90 * 86400
_WINDOW: Final = 10  # looks that momentum is about
_CHANGE: Final = 0.10  # of the mean share, over the window


class Convention(NamedTuple):
    """One way of answering a question in a scope."""

    alternative: str
    scope: str  # "" is the project
    share: float
    sites: int
    is_contested: bool
    is_decisive: bool
    file_share: float
    files: int


def conventions(scopes: Mapping[str, Tally]) -> Iterator[Convention]:
    """Yield the conventions about one question; `scopes` are its counts by directory."""
    project = scopes.get("")
    if project is None:
        return
    everywhere = list(_of("", project))
    yield from everywhere
    usual = everywhere[0].alternative if everywhere and not everywhere[0].is_contested else None
    for scope, tally in scopes.items():
        if scope:
            yield from (one for one in _of(scope, tally) if one.alternative != usual and not one.is_contested)


def _of(scope: str, tally: Tally) -> Iterator[Convention]:
    total, files = tally.total, tally.files.total()
    if total < LEAST_SITES or files < LEAST_FILES:
        return
    ranked = sorted(tally.sites, key=lambda one: (-tally.sites[one], one))
    count = len(ranked)
    means = [(1 + tally.sites[one]) / (count + total) for one in ranked]
    is_contested = count > 1 and means[0] - means[1] <= CONTESTED
    for alternative in ranked[:2] if is_contested else ranked[:1]:
        share = tally.sites[alternative] / total
        if not is_contested and share < DOMINANT:
            return
        yield Convention(
            alternative,
            scope,
            share,
            total,
            is_contested,
            beta_quantile(0.05, 1 + tally.sites[alternative], 1 + total - tally.sites[alternative]) >= DECISIVE,
            tally.files[alternative] / files,
            tally.files[alternative],
        )


def kind_of(convention: Convention, momentum: Momentum) -> ConventionCategory:
    """Return what sort of convention it is."""
    if convention.is_contested:
        return "contested"
    if momentum == "rising":
        return "emerging"
    if momentum == "falling":
        return "legacy"
    if convention.is_decisive and convention.file_share >= UNIVERSAL:
        return "universal"
    return "project_specific"


def momentum_of(history: Sequence[Seen]) -> Momentum:
    """Return where a pattern is heading: the line of least squares through the shares of the last ten looks.

    It rises or falls where it moves by more than a tenth of the mean share over that time.
    """
    shares = [seen.followed / seen.sites for seen in history[-_WINDOW:] if seen.sites]
    count = len(shares)
    if count < 2:
        return "stable"
    mean, centre = sum(shares) / count, (count - 1) / 2
    if mean == 0:
        return "stable"
    slope = sum((i - centre) * (share - mean) for i, share in enumerate(shares)) / sum(
        (i - centre) ** 2 for i in range(count)
    )
    change = slope * (count - 1) / mean
    return "rising" if change > _CHANGE else "falling" if change < -_CHANGE else "stable"


def row_of(pattern: str, convention: Convention, tally: Tally, momentum: Momentum, learned: Learned) -> ConventionRow:
    """Return the row of a convention that is there now."""
    scope = f"directory:{convention.scope}" if convention.scope else "project"
    known = learned.conventions.get((pattern, scope))
    status: PromotionStatus = known.promotion_status if known is not None else "discovered"
    if status == "expired":
        status = "discovered"
    if status == "discovered" and convention.is_decisive and convention.files >= PROMOTED_FILES:
        status = "approved"
    return ConventionRow(
        pattern_id=pattern,
        category=kind_of(convention, momentum),
        scope=scope,
        dominance_ratio=round(convention.share, 4),
        promotion_status=status,
        last_seen=learned.now,
        expires_at=learned.now + EXPIRY_S if status == "discovered" else None,
        sites=convention.sites,
        alternatives=json_text(dict(tally.sites)),
    )


def given_up(row: ConventionRow) -> ConventionRow:
    """Return the row of a convention that no longer holds: it is remembered, with what became of it."""
    return msgspec.structs.replace(
        row, id=None, sites=0, dominance_ratio=0.0, alternatives=json_text({}), category="legacy"
    )


def expired(learned: Learned, held: Collection[tuple[str, str]]) -> Iterator[ConventionRow]:
    """Yield the conventions whose time is over: not held for 90 days, and neither approved nor rejected."""
    for known, row in learned.conventions.items():
        is_due = row.promotion_status == "discovered" and row.expires_at is not None and row.expires_at <= learned.now
        if is_due and known not in held:
            yield msgspec.structs.replace(given_up(row), promotion_status="expired", expires_at=None)
