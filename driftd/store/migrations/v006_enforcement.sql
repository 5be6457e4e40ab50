-- A place that breaks a rule.
CREATE TABLE "violations" (
    "id" TEXT PRIMARY KEY NOT NULL,
    "file" TEXT NOT NULL,
    "line" INTEGER NOT NULL,
    "column_num" INTEGER,
    "end_line" INTEGER,
    "end_column" INTEGER,
    "severity" TEXT NOT NULL CHECK ("severity" = 'error' OR "severity" = 'warning' OR "severity" = 'info' OR "severity" = 'hint'),
    "pattern_id" TEXT NOT NULL,
    "rule_id" TEXT NOT NULL,
    "message" TEXT NOT NULL,
    "quick_fix_strategy" TEXT CHECK ("quick_fix_strategy" = 'add_import' OR "quick_fix_strategy" = 'rename' OR "quick_fix_strategy" = 'extract_function' OR "quick_fix_strategy" = 'wrap_in_try_catch' OR "quick_fix_strategy" = 'add_type_annotation' OR "quick_fix_strategy" = 'add_test' OR "quick_fix_strategy" = 'add_documentation' OR "quick_fix_strategy" = 'use_parameterized_query'),
    "quick_fix_description" TEXT,
    "cwe_id" INTEGER,
    "owasp_category" TEXT,
    "suppressed" INTEGER NOT NULL DEFAULT 0 CHECK ("suppressed" BETWEEN 0 AND 1),
    "suppression_source" TEXT CHECK ("suppression_source" = 'inline' OR "suppression_source" = 'user'),
    "is_new" INTEGER NOT NULL DEFAULT 0 CHECK ("is_new" BETWEEN 0 AND 1),
    "created_at" INTEGER NOT NULL DEFAULT (unixepoch()),
    "last_seen_at" INTEGER NOT NULL DEFAULT (unixepoch()),
    "resolved_at" INTEGER
) STRICT;
CREATE INDEX "ix_violations_file" ON "violations" ("file");
CREATE INDEX "ix_violations_severity" ON "violations" ("severity");
CREATE INDEX "ix_violations_pattern_id" ON "violations" ("pattern_id");
CREATE INDEX "ix_violations_rule_id" ON "violations" ("rule_id");
CREATE INDEX "ix_violations_cwe_id" ON "violations" ("cwe_id");

-- What one gate said in one run.
CREATE TABLE "gate_results" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT,
    "run_id" INTEGER NOT NULL,
    "gate_id" TEXT NOT NULL,
    "status" TEXT NOT NULL CHECK ("status" = 'passed' OR "status" = 'failed' OR "status" = 'warned' OR "status" = 'skipped' OR "status" = 'errored'),
    "passed" INTEGER NOT NULL CHECK ("passed" BETWEEN 0 AND 1),
    "score" REAL NOT NULL,
    "summary" TEXT NOT NULL,
    "violation_count" INTEGER NOT NULL DEFAULT 0,
    "warning_count" INTEGER NOT NULL DEFAULT 0,
    "execution_time_ms" INTEGER NOT NULL DEFAULT 0,
    "details" TEXT,
    "error" TEXT,
    "run_at" INTEGER NOT NULL DEFAULT (unixepoch())
) STRICT;
CREATE INDEX "ix_gate_results_gate_id_id" ON "gate_results" ("gate_id", "id");
CREATE INDEX "ix_gate_results_run_at" ON "gate_results" ("run_at");
CREATE INDEX "ix_gate_results_run_id" ON "gate_results" ("run_id");

-- The health of the project after one run.
CREATE TABLE "audit_snapshots" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT,
    "run_id" INTEGER NOT NULL,
    "health_score" REAL NOT NULL,
    "avg_confidence" REAL NOT NULL,
    "approval_ratio" REAL NOT NULL,
    "compliance_rate" REAL NOT NULL,
    "cross_validation_rate" REAL NOT NULL,
    "duplicate_free_rate" REAL NOT NULL,
    "pattern_count" INTEGER NOT NULL DEFAULT 0,
    "category_scores" TEXT,
    "scan_root" TEXT DEFAULT '',
    "total_files" INTEGER,
    "created_at" INTEGER NOT NULL DEFAULT (unixepoch())
) STRICT;
CREATE INDEX "ix_audit_snapshots_created_at" ON "audit_snapshots" ("created_at");
CREATE INDEX "ix_audit_snapshots_run_id" ON "audit_snapshots" ("run_id");

-- One value of one metric at one time.
CREATE TABLE "health_trends" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT,
    "metric_name" TEXT NOT NULL,
    "metric_value" REAL NOT NULL,
    "recorded_at" INTEGER NOT NULL DEFAULT (unixepoch())
) STRICT;
CREATE INDEX "ix_health_trends_metric_name_recorded_at" ON "health_trends" ("metric_name", "recorded_at");
CREATE INDEX "ix_health_trends_recorded_at" ON "health_trends" ("recorded_at");

-- What a person did about a violation.
CREATE TABLE "feedback" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT,
    "violation_id" TEXT NOT NULL,
    "pattern_id" TEXT NOT NULL,
    "detector_id" TEXT NOT NULL,
    "action" TEXT NOT NULL CHECK ("action" = 'dismiss' OR "action" = 'fix' OR "action" = 'suppress' OR "action" = 'escalate'),
    "dismissal_reason" TEXT CHECK ("dismissal_reason" = 'false_positive' OR "dismissal_reason" = 'wont_fix' OR "dismissal_reason" = 'not_applicable' OR "dismissal_reason" = 'duplicate'),
    "reason" TEXT,
    "author" TEXT,
    "created_at" INTEGER NOT NULL DEFAULT (unixepoch())
) STRICT;
CREATE INDEX "ix_feedback_violation_id" ON "feedback" ("violation_id");
CREATE INDEX "ix_feedback_pattern_id" ON "feedback" ("pattern_id");
CREATE INDEX "ix_feedback_detector_id" ON "feedback" ("detector_id");
CREATE INDEX "ix_feedback_action" ON "feedback" ("action");
CREATE INDEX "ix_feedback_created_at" ON "feedback" ("created_at");

-- What the policy made of all gates in one run.
CREATE TABLE "policy_results" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT,
    "run_id" INTEGER NOT NULL,
    "policy_name" TEXT NOT NULL,
    "aggregation_mode" TEXT NOT NULL CHECK ("aggregation_mode" = 'all_must_pass' OR "aggregation_mode" = 'any_must_pass' OR "aggregation_mode" = 'weighted' OR "aggregation_mode" = 'threshold'),
    "overall_passed" INTEGER NOT NULL CHECK ("overall_passed" BETWEEN 0 AND 1),
    "overall_score" REAL NOT NULL,
    "gate_count" INTEGER NOT NULL,
    "gates_passed" INTEGER NOT NULL,
    "gates_failed" INTEGER NOT NULL,
    "details" TEXT,
    "run_at" INTEGER NOT NULL DEFAULT (unixepoch())
) STRICT;
CREATE INDEX "ix_policy_results_run_at" ON "policy_results" ("run_at");
CREATE INDEX "ix_policy_results_run_id" ON "policy_results" ("run_id");

-- Something that got worse between two runs; one row as long as it lasts.
CREATE TABLE "degradation_alerts" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT,
    "alert_type" TEXT NOT NULL,
    "severity" TEXT NOT NULL CHECK ("severity" = 'warning' OR "severity" = 'critical'),
    "message" TEXT NOT NULL,
    "current_value" REAL NOT NULL,
    "previous_value" REAL NOT NULL,
    "delta" REAL NOT NULL,
    "created_at" INTEGER NOT NULL DEFAULT (unixepoch()),
    "resolved_at" INTEGER
) STRICT;
CREATE INDEX "ix_degradation_alerts_alert_type_created_at" ON "degradation_alerts" ("alert_type", "created_at");
CREATE INDEX "ix_degradation_alerts_created_at" ON "degradation_alerts" ("created_at");
