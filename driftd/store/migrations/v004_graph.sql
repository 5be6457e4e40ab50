-- What a function reaches, or what reaches it.
CREATE TABLE "reachability_cache" (
    "source_node" INTEGER NOT NULL,
    "direction" TEXT NOT NULL CHECK ("direction" = 'forward' OR "direction" = 'inverse'),
    "reachable_set" TEXT NOT NULL,
    "sensitivity" TEXT NOT NULL CHECK ("sensitivity" = 'critical' OR "sensitivity" = 'high' OR "sensitivity" = 'medium' OR "sensitivity" = 'low'),
    "computed_at" INTEGER NOT NULL DEFAULT (unixepoch()),
    PRIMARY KEY ("source_node", "direction")
) STRICT;

-- A way on which data from outside reaches a dangerous place.
CREATE TABLE "taint_flows" (
    "id" TEXT PRIMARY KEY NOT NULL,
    "source_file" TEXT NOT NULL,
    "source_line" INTEGER NOT NULL,
    "source_type" TEXT NOT NULL CHECK ("source_type" = 'user_input' OR "source_type" = 'environment' OR "source_type" = 'database' OR "source_type" = 'network' OR "source_type" = 'file_system' OR "source_type" = 'command_line' OR "source_type" = 'deserialization'),
    "sink_file" TEXT NOT NULL,
    "sink_line" INTEGER NOT NULL,
    "sink_type" TEXT NOT NULL,
    "cwe_id" INTEGER,
    "is_sanitized" INTEGER NOT NULL DEFAULT 0 CHECK ("is_sanitized" BETWEEN 0 AND 1),
    "path" TEXT NOT NULL,
    "confidence" REAL NOT NULL,
    "created_at" INTEGER NOT NULL DEFAULT (unixepoch()),
    "last_seen_at" INTEGER NOT NULL DEFAULT (unixepoch()),
    "resolved_at" INTEGER
) STRICT;
CREATE INDEX "ix_taint_flows_source_file" ON "taint_flows" ("source_file");
CREATE INDEX "ix_taint_flows_sink_file" ON "taint_flows" ("sink_file");
CREATE INDEX "ix_taint_flows_cwe_id" ON "taint_flows" ("cwe_id");

-- A place where an error is lost or not handled.
CREATE TABLE "error_gaps" (
    "id" TEXT PRIMARY KEY NOT NULL,
    "file" TEXT NOT NULL,
    "line" INTEGER NOT NULL,
    "function_id" INTEGER NOT NULL,
    "gap_type" TEXT NOT NULL CHECK ("gap_type" = 'empty_catch' OR "gap_type" = 'swallowed_error' OR "gap_type" = 'generic_catch' OR "gap_type" = 'unhandled' OR "gap_type" = 'unhandled_async' OR "gap_type" = 'missing_middleware' OR "gap_type" = 'inconsistent_pattern'),
    "error_type" TEXT,
    "propagation_chain" TEXT,
    "framework" TEXT,
    "cwe_id" INTEGER,
    "severity" TEXT NOT NULL CHECK ("severity" = 'critical' OR "severity" = 'high' OR "severity" = 'medium' OR "severity" = 'low' OR "severity" = 'info'),
    "created_at" INTEGER NOT NULL DEFAULT (unixepoch()),
    "last_seen_at" INTEGER NOT NULL DEFAULT (unixepoch()),
    "resolved_at" INTEGER
) STRICT;
CREATE INDEX "ix_error_gaps_file" ON "error_gaps" ("file");
CREATE INDEX "ix_error_gaps_gap_type" ON "error_gaps" ("gap_type");
CREATE INDEX "ix_error_gaps_severity" ON "error_gaps" ("severity");

-- What a change of a function puts at risk.
CREATE TABLE "impact_scores" (
    "function_id" INTEGER PRIMARY KEY NOT NULL,
    "blast_radius" INTEGER NOT NULL,
    "risk_score" REAL NOT NULL,
    "is_dead_code" INTEGER NOT NULL DEFAULT 0 CHECK ("is_dead_code" BETWEEN 0 AND 1),
    "dead_code_reason" TEXT CHECK ("dead_code_reason" = 'no_callers' OR "dead_code_reason" = 'no_entry_path'),
    "exclusion_category" TEXT CHECK ("exclusion_category" = 'entry_point' OR "exclusion_category" = 'event_handler' OR "exclusion_category" = 'reflection_target' OR "exclusion_category" = 'dependency_injection' OR "exclusion_category" = 'test_utility' OR "exclusion_category" = 'framework_hook' OR "exclusion_category" = 'decorator_target' OR "exclusion_category" = 'interface_impl' OR "exclusion_category" = 'conditional_compilation' OR "exclusion_category" = 'dynamic_import'),
    "updated_at" INTEGER NOT NULL DEFAULT (unixepoch())
) STRICT;
CREATE INDEX "ix_impact_scores_risk_score" ON "impact_scores" ("risk_score");
CREATE INDEX "ix_impact_scores_is_dead_code" ON "impact_scores" ("is_dead_code");

-- A test that reaches a function.
CREATE TABLE "test_coverage" (
    "test_function_id" INTEGER NOT NULL,
    "source_function_id" INTEGER NOT NULL,
    "coverage_type" TEXT NOT NULL CHECK ("coverage_type" = 'direct' OR "coverage_type" = 'transitive' OR "coverage_type" = 'dynamic'),
    "file" TEXT NOT NULL,
    "updated_at" INTEGER NOT NULL DEFAULT (unixepoch()),
    PRIMARY KEY ("test_function_id", "source_function_id")
) STRICT, WITHOUT ROWID;
CREATE INDEX "ix_test_coverage_source_function_id" ON "test_coverage" ("source_function_id");
CREATE INDEX "ix_test_coverage_file" ON "test_coverage" ("file");

-- How good a test is; every dimension is 0 to 1, NULL where it is unknown.
CREATE TABLE "test_quality" (
    "function_id" INTEGER PRIMARY KEY NOT NULL,
    "coverage_breadth" REAL,
    "coverage_depth" REAL,
    "assertion_density" REAL,
    "mock_ratio" REAL,
    "isolation" REAL,
    "freshness" REAL,
    "stability" REAL,
    "overall_score" REAL NOT NULL,
    "smells" TEXT NOT NULL DEFAULT '[]',
    "updated_at" INTEGER NOT NULL DEFAULT (unixepoch())
) STRICT;
CREATE INDEX "ix_test_quality_overall_score" ON "test_quality" ("overall_score");
