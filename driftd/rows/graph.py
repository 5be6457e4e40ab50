"""Tables of v004: what follows from the call graph — reachability, taint, error handling, impact and tests."""

from typing import Literal

from driftd.rows.declare import Json, OptionalJson, Row, Stamp, Tier, Write, table

Level = Literal["critical", "high", "medium", "low"]
TaintSource = Literal[
    "user_input", "environment", "database", "network", "file_system", "command_line", "deserialization"
]
GapType = Literal[
    "empty_catch",
    "swallowed_error",
    "generic_catch",
    "unhandled",
    "unhandled_async",
    "missing_middleware",
    "inconsistent_pattern",
]
DeadCodeReason = Literal["no_callers", "no_entry_path"]
DeadCodeExclusion = Literal[
    "entry_point",
    "event_handler",
    "reflection_target",
    "dependency_injection",
    "test_utility",
    "framework_hook",
    "decorator_target",
    "interface_impl",
    "conditional_compilation",
    "dynamic_import",
]


@table(
    "reachability_cache",
    key=("source_node", "direction"),
    write=Write.UPSERT,
    tier=Tier.CURRENT,
    migration=4,
    function_ids=("source_node",),
    kept_because="it goes with the function it starts from",
)
class ReachabilityCacheRow(Row, frozen=True, kw_only=True):
    """What a function reaches, or what reaches it.

    source_node: `functions.id` where the search starts
    direction: along the calls or against them
    reachable_set: sorted array of `functions.id`, the source left out
    sensitivity: how sensitive the reached data is
    computed_at: when it was last computed
    """

    source_node: int
    direction: Literal["forward", "inverse"]
    reachable_set: Json
    sensitivity: Level
    computed_at: Stamp = 0


@table(
    "taint_flows",
    key=("id",),
    write=Write.FINDING,
    tier=Tier.SHORT,
    age="resolved_at",
    file="sink_file",
    migration=4,
    indexes=(("source_file",), ("sink_file",), ("cwe_id",)),
    first_seen="created_at",
)
class TaintFlowRow(Row, frozen=True, kw_only=True):
    """A way on which data from outside reaches a dangerous place.

    id: fingerprint; survives editing
    source_file, source_line: where the data comes in
    source_type: where it comes from
    sink_file, sink_line: where it arrives
    sink_type: what the dangerous place does: sql_query, os_command …
    is_sanitized: whether something on the way makes it safe for this sink
    path: array of hops {file, line, column, function, description}
    """

    id: str
    source_file: str
    source_line: int
    source_type: TaintSource
    sink_file: str
    sink_line: int
    sink_type: str
    cwe_id: int | None = None
    is_sanitized: bool = False
    path: Json
    confidence: float
    created_at: Stamp = 0
    last_seen_at: Stamp = 0
    resolved_at: int | None = None


@table(
    "error_gaps",
    key=("id",),
    write=Write.FINDING,
    tier=Tier.SHORT,
    age="resolved_at",
    file="file",
    migration=4,
    indexes=(("file",), ("gap_type",), ("severity",)),
    first_seen="created_at",
    function_ids=("function_id",),
)
class ErrorGapRow(Row, frozen=True, kw_only=True):
    """A place where an error is lost or not handled.

    id: fingerprint; survives editing
    gap_type: what is missing
    error_type: name of the exception's type, or NULL
    propagation_chain: array of {file, function, line, handles_error, propagates_error}, or NULL
    """

    id: str
    file: str
    line: int
    function_id: int
    gap_type: GapType
    error_type: str | None = None
    propagation_chain: OptionalJson = None
    framework: str | None = None
    cwe_id: int | None = None
    severity: Literal["critical", "high", "medium", "low", "info"]
    created_at: Stamp = 0
    last_seen_at: Stamp = 0
    resolved_at: int | None = None


@table(
    "impact_scores",
    key=("function_id",),
    write=Write.REPLACE,
    tier=Tier.CURRENT,
    migration=4,
    indexes=(("risk_score",), ("is_dead_code",)),
    function_ids=("function_id",),
    kept_because="it goes with its function",
)
class ImpactScoreRow(Row, frozen=True, kw_only=True):
    """What a change of a function puts at risk.

    blast_radius: distinct functions that call it, directly or not
    risk_score: 0 to 1
    is_dead_code: whether nothing uses it and no exclusion applies
    dead_code_reason: why it looks dead
    exclusion_category: why it is not called dead although nothing calls it
    """

    function_id: int
    blast_radius: int
    risk_score: float
    is_dead_code: bool = False
    dead_code_reason: DeadCodeReason | None = None
    exclusion_category: DeadCodeExclusion | None = None
    updated_at: Stamp = 0


@table(
    "test_coverage",
    key=("test_function_id", "source_function_id"),
    write=Write.REPLACE,
    tier=Tier.MEDIUM,
    age="updated_at",
    file="file",
    migration=4,
    indexes=(("source_function_id",), ("file",)),
    function_ids=("test_function_id", "source_function_id"),
    without_rowid=True,
)
class TestCoverageRow(Row, frozen=True, kw_only=True):
    """A test that reaches a function.

    test_function_id, source_function_id: `functions.id` of the test and of what it covers
    coverage_type: `direct` calls it, `transitive` reaches it deeper, `dynamic` is from a coverage report
    file: the test's file
    """

    __test__ = False  # not a test class, whatever pytest thinks of the name

    test_function_id: int
    source_function_id: int
    coverage_type: Literal["direct", "transitive", "dynamic"]
    file: str
    updated_at: Stamp = 0


@table(
    "test_quality",
    key=("function_id",),
    write=Write.REPLACE,
    tier=Tier.MEDIUM,
    age="updated_at",
    migration=4,
    indexes=(("overall_score",),),
    function_ids=("function_id",),
)
class TestQualityRow(Row, frozen=True, kw_only=True):
    """How good a test is; every dimension is 0 to 1, NULL where it is unknown.

    function_id: `functions.id` of the test
    coverage_breadth: functions covered of those in the tested module
    coverage_depth: tests per covered function
    assertion_density: assertions per test
    mock_ratio: near 1 where about a third of the calls are mocked
    isolation: 1 = it leaves no trace and needs no order
    freshness: falls when the source changes and the test does not
    stability: 1 - flip rate in the imported run history
    overall_score: weighted mean of the known dimensions
    smells: array of smell ids
    """

    __test__ = False  # not a test class, whatever pytest thinks of the name

    function_id: int
    coverage_breadth: float | None = None
    coverage_depth: float | None = None
    assertion_density: float | None = None
    mock_ratio: float | None = None
    isolation: float | None = None
    freshness: float | None = None
    stability: float | None = None
    overall_score: float
    smells: Json = "[]"
    updated_at: Stamp = 0
