"""All tables, in the order of their migrations."""

from __future__ import annotations

from driftd.rows.advanced import (
    ContextCacheRow,
    DecisionRow,
    MigrationCorrectionRow,
    MigrationModuleRow,
    MigrationProjectRow,
    SimulationRow,
)
from driftd.rows.call_graph import (
    CallEdgeRow,
    DataAccessRow,
    ExternalCallRow,
)
from driftd.rows.declare import Row, table_of
from driftd.rows.enforcement import (
    AuditSnapshotRow,
    DegradationAlertRow,
    FeedbackRow,
    GateResultRow,
    HealthTrendRow,
    PolicyResultRow,
    ViolationRow,
)
from driftd.rows.facts import (
    FileMetadataRow,
    FunctionRow,
    ParseCacheRow,
    ScanHistoryRow,
)
from driftd.rows.graph import (
    ErrorGapRow,
    ImpactScoreRow,
    ReachabilityCacheRow,
    TaintFlowRow,
    TestCoverageRow,
    TestQualityRow,
)
from driftd.rows.patterns import (
    BoundaryRow,
    ConventionRow,
    DetectionRow,
    OutlierRow,
    PatternConfidenceRow,
    PatternStatusRow,
)
from driftd.rows.structural import (
    ConstantRow,
    ConstraintRow,
    ConstraintVerificationRow,
    ContractMismatchRow,
    ContractRow,
    CouplingCycleRow,
    CouplingMetricRow,
    CryptoFindingRow,
    DecompositionDecisionRow,
    DnaGeneRow,
    DnaMutationRow,
    EnvVariableRow,
    OwaspFindingRow,
    SecretRow,
    WrapperRow,
)
from driftd.rows.workspace import (
    WorkspaceEventRow,
)

TABLES: tuple[type[Row], ...] = (
    FileMetadataRow,
    ParseCacheRow,
    FunctionRow,
    ScanHistoryRow,
    CallEdgeRow,
    DataAccessRow,
    DetectionRow,
    BoundaryRow,
    PatternConfidenceRow,
    OutlierRow,
    ConventionRow,
    ReachabilityCacheRow,
    TaintFlowRow,
    ErrorGapRow,
    ImpactScoreRow,
    TestCoverageRow,
    TestQualityRow,
    CouplingMetricRow,
    CouplingCycleRow,
    ConstraintRow,
    ConstraintVerificationRow,
    ContractRow,
    ContractMismatchRow,
    ConstantRow,
    SecretRow,
    EnvVariableRow,
    WrapperRow,
    DnaGeneRow,
    DnaMutationRow,
    CryptoFindingRow,
    OwaspFindingRow,
    DecompositionDecisionRow,
    ViolationRow,
    GateResultRow,
    AuditSnapshotRow,
    HealthTrendRow,
    FeedbackRow,
    PolicyResultRow,
    DegradationAlertRow,
    SimulationRow,
    DecisionRow,
    ContextCacheRow,
    MigrationProjectRow,
    MigrationModuleRow,
    MigrationCorrectionRow,
    PatternStatusRow,
    WorkspaceEventRow,
    ExternalCallRow,
)

BY_NAME: dict[str, type[Row]] = {table_of(row).name: row for row in TABLES}
