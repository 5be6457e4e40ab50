"""Tables of v006: enforcement — violations, gates, policy, audit, trends, alerts, and what people said about them."""

from typing import Literal

from driftd.rows.declare import AutoId, OptionalJson, Row, Stamp, Tier, Write, table

Severity = Literal["error", "warning", "info", "hint"]
GateStatus = Literal["passed", "failed", "warned", "skipped", "errored"]
FeedbackAction = Literal["dismiss", "fix", "suppress", "escalate"]
DismissalReason = Literal["false_positive", "wont_fix", "not_applicable", "duplicate"]
QuickFixStrategy = Literal[
    "add_import",
    "rename",
    "extract_function",
    "wrap_in_try_catch",
    "add_type_annotation",
    "add_test",
    "add_documentation",
    "use_parameterized_query",
]


@table(
    "violations",
    key=("id",),
    write=Write.FINDING,
    tier=Tier.SHORT,
    age="resolved_at",
    file="file",
    migration=6,
    indexes=(("file",), ("severity",), ("pattern_id",), ("rule_id",), ("cwe_id",)),
    first_seen="created_at",
)
class ViolationRow(Row, frozen=True, kw_only=True):
    """A place that breaks a rule.

    id: fingerprint; survives editing
    file: path relative to the workspace; empty for a finding about the whole project
    severity: after suppression, false-positive rate and ramp-up were taken into account
    pattern_id: pattern, constraint, or the gate's own constant
    rule_id: `category/pattern`, `constraint/ID`, `security/CWE-n` …
    quick_fix_strategy, quick_fix_description: how it could be fixed
    owasp_category: such as `A03:2021-Injection`
    suppressed: whether a comment or a person silenced it
    suppression_source: who did
    is_new: whether the baseline does not hold it
    confidence: how sure it is that somebody would want to know of it
    detector_id: the rule, or the question about conventions, that found it
    quick_fix_edits: array of {line, column, end_line, end_column, new_text}: applied together, they fix it
    code_hash: hash of the rule and of the flagged code, wherever that stands: what moved keeps it, what was changed does not
    """

    id: str
    file: str
    line: int
    column_num: int | None = None
    end_line: int | None = None
    end_column: int | None = None
    severity: Severity
    pattern_id: str
    rule_id: str
    message: str
    quick_fix_strategy: QuickFixStrategy | None = None
    quick_fix_description: str | None = None
    cwe_id: int | None = None
    owasp_category: str | None = None
    suppressed: bool = False
    suppression_source: Literal["inline", "user"] | None = None
    is_new: bool = False
    created_at: Stamp = 0
    last_seen_at: Stamp = 0
    resolved_at: int | None = None
    confidence: float | None = None
    detector_id: str | None = None
    quick_fix_edits: OptionalJson = None
    code_hash: str | None = None


@table(
    "gate_results",
    key=("id",),
    write=Write.APPEND,
    tier=Tier.SHORT,
    age="run_at",
    migration=6,
    indexes=(("gate_id", "id"), ("gate_id", "run_at"), ("run_at",), ("run_id",)),
    series=("gate_id",),
    thinned=True,
)
class GateResultRow(Row, frozen=True, kw_only=True):
    """What one gate said in one run.

    gate_id: pattern-compliance, constraint-verification, security-boundaries, test-coverage, error-handling, regression
    status: what it said; `skipped` is without data and never a pass
    passed: whether it lets the change through
    score: 0 to 100
    summary: a sentence for people
    violation_count, warning_count: how many it counted
    execution_time_ms: how long it took
    details: object, the gate's own figures
    error: why it could not say anything
    run_at: when it ran
    """

    id: AutoId = None
    run_id: int
    gate_id: str
    status: GateStatus
    passed: bool
    score: float
    summary: str
    violation_count: int = 0
    warning_count: int = 0
    execution_time_ms: int = 0
    details: OptionalJson = None
    error: str | None = None
    run_at: Stamp = 0


@table(
    "audit_snapshots",
    key=("id",),
    write=Write.APPEND,
    tier=Tier.MEDIUM,
    age="created_at",
    migration=6,
    indexes=(("created_at",), ("scan_root", "created_at"), ("run_id",)),
    series=("scan_root",),
    thinned=True,
)
class AuditSnapshotRow(Row, frozen=True, kw_only=True):
    """The health of the project after one run.

    health_score: 0 to 100
    avg_confidence, approval_ratio, compliance_rate, cross_validation_rate, duplicate_free_rate: its factors, 0 to 1
    pattern_count: patterns it rests on
    category_scores: object, score by category
    scan_root: what the run examined; only equal ones are compared
    total_files: files it examined
    created_at: when it was taken
    """

    id: AutoId = None
    run_id: int
    health_score: float
    avg_confidence: float
    approval_ratio: float
    compliance_rate: float
    cross_validation_rate: float
    duplicate_free_rate: float
    pattern_count: int = 0
    category_scores: OptionalJson = None
    scan_root: str | None = ""
    total_files: int | None = None
    created_at: Stamp = 0


@table(
    "health_trends",
    key=("id",),
    write=Write.APPEND,
    tier=Tier.MEDIUM,
    age="recorded_at",
    migration=6,
    indexes=(("metric_name", "recorded_at"), ("recorded_at",)),
    series=("metric_name",),
    thinned=True,
)
class HealthTrendRow(Row, frozen=True, kw_only=True):
    """One value of one metric at one time.

    metric_name: health_score, avg_confidence, violation_count, gate:ID …
    metric_value: in the metric's own unit
    recorded_at: when it was taken
    """

    id: AutoId = None
    metric_name: str
    metric_value: float
    recorded_at: Stamp = 0


@table(
    "feedback",
    key=("id",),
    write=Write.APPEND,
    tier=Tier.MEDIUM,
    age="created_at",
    migration=6,
    indexes=(("violation_id",), ("pattern_id",), ("detector_id",), ("action",), ("created_at",)),
    partial=("undoes",),
)
class FeedbackRow(Row, frozen=True, kw_only=True):
    """What a person did about a violation.

    violation_id: `violations.id`
    pattern_id: the violation's pattern at that time
    detector_id: the violation's rule at that time
    action: what was done
    dismissal_reason: why it was dismissed
    reason: in the person's own words
    author: who it was
    created_at: when it was said
    undoes: the earlier feedback that this takes back
    """

    id: AutoId = None
    violation_id: str
    pattern_id: str
    detector_id: str
    action: FeedbackAction
    dismissal_reason: DismissalReason | None = None
    reason: str | None = None
    author: str | None = None
    created_at: Stamp = 0
    undoes: int | None = None


@table(
    "policy_results",
    key=("id",),
    write=Write.APPEND,
    tier=Tier.SHORT,
    age="run_at",
    migration=6,
    indexes=(("run_at",), ("policy_name", "run_at"), ("run_id",)),
    series=("policy_name",),
    thinned=True,
)
class PolicyResultRow(Row, frozen=True, kw_only=True):
    """What the policy made of all gates in one run.

    policy_name: strict, standard, lenient or custom
    aggregation_mode: how the gates were combined
    overall_passed: whether the policy lets the change through
    overall_score: 0 to 100
    gate_count, gates_passed, gates_failed: gates that had data, and how they went
    details: object, the policy's own figures
    run_at: when it was evaluated
    """

    id: AutoId = None
    run_id: int
    policy_name: str
    aggregation_mode: Literal["all_must_pass", "any_must_pass", "weighted", "threshold"]
    overall_passed: bool
    overall_score: float
    gate_count: int
    gates_passed: int
    gates_failed: int
    details: OptionalJson = None
    run_at: Stamp = 0


@table(
    "degradation_alerts",
    key=("id",),
    write=Write.APPEND,
    tier=Tier.SHORT,
    age="created_at",
    migration=6,
    indexes=(("alert_type", "created_at"), ("created_at",)),
    series=("alert_type",),
)
class DegradationAlertRow(Row, frozen=True, kw_only=True):
    """Something that got worse between two runs; one row as long as it lasts.

    alert_type: health_drop, confidence_drop, false_positive_increase, duplicate_increase …
    current_value, previous_value: what was compared
    delta: current minus previous
    created_at: when it began
    resolved_at: when it had recovered; NULL while it lasts
    """

    id: AutoId = None
    alert_type: str
    severity: Literal["warning", "critical"]
    message: str
    current_value: float
    previous_value: float
    delta: float
    created_at: Stamp = 0
    resolved_at: int | None = None
