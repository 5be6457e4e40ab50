"""Tables of v002, v003 and v008 about patterns: where they occur, how sure they are, what a person said about them."""

from typing import Literal

from driftd.rows.declare import AutoId, OptionalJson, Row, Stamp, Tier, Write, table

PatternCategory = Literal[
    "api",
    "auth",
    "components",
    "config",
    "contracts",
    "data_access",
    "documentation",
    "errors",
    "logging",
    "performance",
    "security",
    "structural",
    "styling",
    "testing",
    "types",
    "accessibility",
]
DetectionMethod = Literal["ast_visitor", "string_regex", "toml_pattern", "learning_deviation", "semantic"]
Sensitivity = Literal["pii", "credentials", "financial", "health"]
ConfidenceTier = Literal["established", "emerging", "tentative", "uncertain"]
Momentum = Literal["rising", "stable", "falling"]
Significance = Literal["critical", "high", "moderate", "low"]
OutlierMethod = Literal["z_score", "grubbs", "generalized_esd", "iqr", "mad", "rule_based"]
ConventionCategory = Literal["universal", "project_specific", "emerging", "legacy", "contested"]
PromotionStatus = Literal["discovered", "approved", "rejected", "expired"]
ApprovalStatus = Literal["discovered", "approved", "ignored"]


@table(
    "detections",
    key=("id",),
    write=Write.FINDING,
    tier=Tier.SHORT,
    age="resolved_at",
    file="file",
    migration=2,
    indexes=(("file",), ("pattern_id",), ("category",), ("confidence",)),
    first_seen="created_at",
)
class DetectionRow(Row, frozen=True, kw_only=True):
    """One occurrence of a pattern.

    id: fingerprint; survives editing
    pattern_id: the pattern; a learned deviation ends in `/deviation`, `/rare` …
    category: which of the 16 areas the pattern belongs to
    detection_method: how it was found
    cwe_ids: CWE numbers separated by commas, or NULL
    owasp: OWASP category such as `A03:2021`, or NULL
    matched_text: the code, at most 200 code points, secrets masked
    """

    id: str
    file: str
    line: int
    column_num: int
    pattern_id: str
    category: PatternCategory
    confidence: float
    detection_method: DetectionMethod
    cwe_ids: str | None = None
    owasp: str | None = None
    matched_text: str | None = None
    created_at: Stamp = 0
    last_seen_at: Stamp = 0
    resolved_at: int | None = None


@table(
    "boundaries",
    key=("id",),
    write=Write.REPLACE,
    tier=Tier.PERMANENT,
    file="file",
    migration=2,
    indexes=(("file",), ("framework",), ("sensitivity",)),
    kept_because="where sensitive data lives is learned knowledge; rows go only with their file",
)
class BoundaryRow(Row, frozen=True, kw_only=True):
    """A data model, or one field of it, and how sensitive that is.

    framework: name of the ORM
    model_name: class, struct or schema of the model
    table_name: physical table, where stated or derivable
    field_name: NULL on the row of the model itself
    sensitivity: which kind of sensitive data the field holds, or NULL
    """

    id: AutoId = None
    file: str
    framework: str
    model_name: str
    table_name: str | None = None
    field_name: str | None = None
    sensitivity: Sensitivity | None = None
    confidence: float
    created_at: Stamp = 0


@table(
    "pattern_confidence",
    key=("pattern_id",),
    write=Write.UPSERT,
    tier=Tier.CURRENT,
    migration=3,
    indexes=(("tier",),),
    volatile=("momentum", "history", "seen_at"),
    guarded=("feedback_alpha", "feedback_beta"),
    kept_because="one row a pattern; its stored prior carries feedback that has aged out",
)
class PatternConfidenceRow(Row, frozen=True, kw_only=True):
    """How sure a pattern is: a Beta posterior over its occurrences, its outliers and the feedback on it.

    alpha, beta: parameters of the posterior, at least 0.01
    posterior_mean: alpha / (alpha + beta)
    credible_interval_low, credible_interval_high: 95 %, equal tails
    tier: the band the mean falls into
    momentum: where it is heading
    last_updated: when it was last scored
    feedback_alpha, feedback_beta: net effect of feedback whose rows have aged out
    kind: `choice` is one way among several that the code could have gone, `rule` a check for a fault
    category: which of the 16 areas it belongs to
    sites: places where the question arises now; for a rule, places that it found
    followed: those of them that the pattern holds for
    prior_alpha, prior_beta: what was believed before anything was seen
    factors: object, each factor's share of the posterior
    history: array of [time, sites, followed], oldest first, thinned
    seen_at: when a place of it was last seen
    """

    pattern_id: str
    alpha: float
    beta: float
    posterior_mean: float
    credible_interval_low: float
    credible_interval_high: float
    tier: ConfidenceTier
    momentum: Momentum = "stable"
    last_updated: Stamp = 0
    feedback_alpha: float = 0.0
    feedback_beta: float = 0.0
    kind: Literal["choice", "rule"] = "rule"
    category: PatternCategory | None = None
    sites: int = 0
    followed: int = 0
    prior_alpha: float = 1.0
    prior_beta: float = 1.0
    factors: OptionalJson = None
    history: OptionalJson = None
    seen_at: int | None = None


@table(
    "outliers",
    key=("id",),
    write=Write.FINDING,
    tier=Tier.SHORT,
    age="resolved_at",
    file="file",
    migration=3,
    indexes=(("pattern_id",), ("file",)),
    first_seen="created_at",
)
class OutlierRow(Row, frozen=True, kw_only=True):
    """A place that departs from a pattern.

    id: fingerprint; survives editing
    deviation_score: 0 to 1
    significance: the band the score falls into
    method: the statistical test that found it
    expected: what the pattern would have there
    actual: what is there
    scope: where the pattern was measured: `project`, `directory:DIR`
    """

    id: str
    pattern_id: str
    file: str
    line: int
    deviation_score: float
    significance: Significance
    method: OutlierMethod
    created_at: Stamp = 0
    last_seen_at: Stamp = 0
    resolved_at: int | None = None
    expected: str | None = None
    actual: str | None = None
    scope: str | None = None


@table(
    "conventions",
    key=("id",),
    write=Write.UPSERT,
    tier=Tier.PERMANENT,
    migration=3,
    indexes=(("category",), ("promotion_status",)),
    unique=(("pattern_id", "scope"),),
    volatile=("expires_at",),
    first_seen="discovered_at",
    kept_because="a convention is learned knowledge; expiring is a status",
)
class ConventionRow(Row, frozen=True, kw_only=True):
    """A convention of the project, of a directory or of a package.

    category: what sort of convention it is
    scope: `project`, `directory:DIR` or `package:NAME`
    dominance_ratio: share among the alternatives, 0 to 1
    promotion_status: what became of it
    discovered_at: when it was first seen
    last_seen: when it was last confirmed
    expires_at: when it expires unless seen or approved; NULL = never
    sites: places where the question arises in this scope
    alternatives: object, how many places go which way
    """

    id: AutoId = None
    pattern_id: str
    category: ConventionCategory
    scope: str = "project"
    dominance_ratio: float
    promotion_status: PromotionStatus = "discovered"
    discovered_at: Stamp = 0
    last_seen: Stamp = 0
    expires_at: int | None = None
    sites: int = 0
    alternatives: OptionalJson = None


@table(
    "pattern_status",
    key=("pattern_id",),
    write=Write.UPSERT,
    tier=Tier.PERMANENT,
    migration=8,
    indexes=(("status",),),
    kept_because="a person's approval is never cleaned up",
)
class PatternStatusRow(Row, frozen=True, kw_only=True):
    """What a person, or the audit, decided about a pattern.

    status: what was decided
    approved_by: `auto` or `user`; a user's decision always wins
    approved_at: when it was decided
    confidence_at_approval: posterior mean at that time
    reason: why
    """

    pattern_id: str
    status: ApprovalStatus = "discovered"
    approved_by: Literal["auto", "user"] | None = None
    approved_at: int | None = None
    confidence_at_approval: float | None = None
    reason: str | None = None
    updated_at: Stamp = 0
