-- What a sweep looks for: findings that ended, rows by series and time, feedback that takes other feedback back.

CREATE INDEX "ix_detections_resolved_at" ON "detections" ("resolved_at") WHERE "resolved_at" IS NOT NULL;
CREATE INDEX "ix_outliers_resolved_at" ON "outliers" ("resolved_at") WHERE "resolved_at" IS NOT NULL;
CREATE INDEX "ix_violations_resolved_at" ON "violations" ("resolved_at") WHERE "resolved_at" IS NOT NULL;
CREATE INDEX "ix_error_gaps_resolved_at" ON "error_gaps" ("resolved_at") WHERE "resolved_at" IS NOT NULL;
CREATE INDEX "ix_taint_flows_resolved_at" ON "taint_flows" ("resolved_at") WHERE "resolved_at" IS NOT NULL;
CREATE INDEX "ix_crypto_findings_resolved_at" ON "crypto_findings" ("resolved_at") WHERE "resolved_at" IS NOT NULL;
CREATE INDEX "ix_owasp_findings_resolved_at" ON "owasp_findings" ("resolved_at") WHERE "resolved_at" IS NOT NULL;
CREATE INDEX "ix_secrets_resolved_at" ON "secrets" ("resolved_at") WHERE "resolved_at" IS NOT NULL;
CREATE INDEX "ix_contract_mismatches_resolved_at" ON "contract_mismatches" ("resolved_at") WHERE "resolved_at" IS NOT NULL;
CREATE INDEX "ix_dna_mutations_resolved_at" ON "dna_mutations" ("resolved_at") WHERE "resolved_at" IS NOT NULL;
CREATE INDEX "ix_coupling_cycles_resolved_at" ON "coupling_cycles" ("resolved_at") WHERE "resolved_at" IS NOT NULL;
CREATE INDEX "ix_feedback_undoes" ON "feedback" ("undoes") WHERE "undoes" IS NOT NULL;

CREATE INDEX "ix_scan_history_root_path_status_started_at" ON "scan_history" ("root_path", "status", "started_at");
CREATE INDEX "ix_gate_results_gate_id_run_at" ON "gate_results" ("gate_id", "run_at");
CREATE INDEX "ix_audit_snapshots_scan_root_created_at" ON "audit_snapshots" ("scan_root", "created_at");
CREATE INDEX "ix_policy_results_policy_name_run_at" ON "policy_results" ("policy_name", "run_at");
CREATE INDEX "ix_decomposition_decisions_created_at" ON "decomposition_decisions" ("created_at");
DROP INDEX "ix_constraint_verifications_constraint_id";
CREATE INDEX "ix_constraint_verifications_constraint_id_verified_at" ON "constraint_verifications" ("constraint_id", "verified_at");
DROP INDEX "ix_simulations_task_category";
CREATE INDEX "ix_simulations_task_category_created_at" ON "simulations" ("task_category", "created_at");
DROP INDEX "ix_decisions_category";
CREATE INDEX "ix_decisions_category_created_at" ON "decisions" ("category", "created_at");
DROP INDEX "ix_workspace_events_event_type";
CREATE INDEX "ix_workspace_events_event_type_created_at" ON "workspace_events" ("event_type", "created_at");
DROP INDEX "ix_parse_cache_last_used_at";
CREATE INDEX "ix_parse_cache_last_used_at_size" ON "parse_cache" ("last_used_at", "size");
