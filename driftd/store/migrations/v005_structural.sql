-- How a module hangs together with the others (R. C. Martin's package metrics).
CREATE TABLE "coupling_metrics" (
    "module" TEXT PRIMARY KEY NOT NULL,
    "ce" INTEGER NOT NULL,
    "ca" INTEGER NOT NULL,
    "instability" REAL NOT NULL,
    "abstractness" REAL NOT NULL,
    "distance" REAL NOT NULL,
    "zone" TEXT NOT NULL CHECK ("zone" = 'main_sequence' OR "zone" = 'zone_of_pain' OR "zone" = 'zone_of_uselessness'),
    "updated_at" INTEGER NOT NULL DEFAULT (unixepoch())
) STRICT;
CREATE INDEX "ix_coupling_metrics_zone" ON "coupling_metrics" ("zone");

-- Modules that import each other in a circle.
CREATE TABLE "coupling_cycles" (
    "id" TEXT PRIMARY KEY NOT NULL,
    "members" TEXT NOT NULL,
    "break_suggestions" TEXT NOT NULL DEFAULT '[]',
    "created_at" INTEGER NOT NULL DEFAULT (unixepoch()),
    "last_seen_at" INTEGER NOT NULL DEFAULT (unixepoch()),
    "resolved_at" INTEGER
) STRICT;

-- A rule about the architecture that every analysis verifies.
CREATE TABLE "constraints" (
    "id" TEXT PRIMARY KEY NOT NULL,
    "description" TEXT NOT NULL,
    "invariant_type" TEXT NOT NULL CHECK ("invariant_type" = 'must_exist' OR "invariant_type" = 'must_not_exist' OR "invariant_type" = 'must_precede' OR "invariant_type" = 'must_follow' OR "invariant_type" = 'must_colocate' OR "invariant_type" = 'must_separate' OR "invariant_type" = 'data_flow' OR "invariant_type" = 'naming_convention' OR "invariant_type" = 'dependency_direction' OR "invariant_type" = 'layer_boundary' OR "invariant_type" = 'size_limit' OR "invariant_type" = 'complexity_limit'),
    "target" TEXT NOT NULL,
    "scope" TEXT,
    "source" TEXT NOT NULL CHECK ("source" = 'manual' OR "source" = 'synthesized' OR "source" = 'frozen'),
    "enabled" INTEGER NOT NULL DEFAULT 1 CHECK ("enabled" BETWEEN 0 AND 1),
    "created_at" INTEGER NOT NULL DEFAULT (unixepoch()),
    "updated_at" INTEGER NOT NULL DEFAULT (unixepoch())
) STRICT;
CREATE INDEX "ix_constraints_invariant_type" ON "constraints" ("invariant_type");
CREATE INDEX "ix_constraints_source" ON "constraints" ("source");

-- What one run found about one constraint.
CREATE TABLE "constraint_verifications" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT,
    "constraint_id" TEXT NOT NULL REFERENCES "constraints" ("id"),
    "passed" INTEGER NOT NULL CHECK ("passed" BETWEEN 0 AND 1),
    "violations" TEXT NOT NULL DEFAULT '[]',
    "verified_at" INTEGER NOT NULL DEFAULT (unixepoch())
) STRICT;
CREATE INDEX "ix_constraint_verifications_constraint_id" ON "constraint_verifications" ("constraint_id");
CREATE INDEX "ix_constraint_verifications_verified_at" ON "constraint_verifications" ("verified_at");

-- The endpoints that one file provides or consumes.
CREATE TABLE "contracts" (
    "id" TEXT PRIMARY KEY NOT NULL,
    "paradigm" TEXT NOT NULL CHECK ("paradigm" = 'rest' OR "paradigm" = 'graphql' OR "paradigm" = 'grpc' OR "paradigm" = 'asyncapi' OR "paradigm" = 'trpc' OR "paradigm" = 'websocket' OR "paradigm" = 'event_driven'),
    "source_file" TEXT NOT NULL,
    "framework" TEXT NOT NULL,
    "confidence" REAL NOT NULL,
    "endpoints" TEXT NOT NULL,
    "created_at" INTEGER NOT NULL DEFAULT (unixepoch()),
    "updated_at" INTEGER NOT NULL DEFAULT (unixepoch())
) STRICT;
CREATE INDEX "ix_contracts_paradigm" ON "contracts" ("paradigm");
CREATE INDEX "ix_contracts_source_file" ON "contracts" ("source_file");
CREATE INDEX "ix_contracts_framework" ON "contracts" ("framework");

-- A consumer and a provider that disagree.
CREATE TABLE "contract_mismatches" (
    "id" TEXT PRIMARY KEY NOT NULL,
    "backend_endpoint" TEXT NOT NULL,
    "frontend_call" TEXT NOT NULL,
    "mismatch_type" TEXT NOT NULL CHECK ("mismatch_type" = 'field_missing' OR "mismatch_type" = 'type_mismatch' OR "mismatch_type" = 'required_optional' OR "mismatch_type" = 'enum_value' OR "mismatch_type" = 'nested_shape' OR "mismatch_type" = 'array_scalar' OR "mismatch_type" = 'nullable'),
    "severity" TEXT NOT NULL CHECK ("severity" = 'critical' OR "severity" = 'high' OR "severity" = 'medium' OR "severity" = 'low'),
    "message" TEXT NOT NULL,
    "created_at" INTEGER NOT NULL DEFAULT (unixepoch()),
    "last_seen_at" INTEGER NOT NULL DEFAULT (unixepoch()),
    "resolved_at" INTEGER
) STRICT;
CREATE INDEX "ix_contract_mismatches_mismatch_type" ON "contract_mismatches" ("mismatch_type");

-- A named constant, or a number that should have a name.
CREATE TABLE "constants" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT,
    "name" TEXT NOT NULL,
    "value" TEXT NOT NULL,
    "file" TEXT NOT NULL,
    "line" INTEGER NOT NULL,
    "column_num" INTEGER NOT NULL,
    "is_used" INTEGER NOT NULL DEFAULT 1 CHECK ("is_used" BETWEEN 0 AND 1),
    "language" TEXT NOT NULL,
    "is_named" INTEGER NOT NULL DEFAULT 1 CHECK ("is_named" BETWEEN 0 AND 1),
    "created_at" INTEGER NOT NULL DEFAULT (unixepoch())
) STRICT;
CREATE INDEX "ix_constants_file" ON "constants" ("file");
CREATE INDEX "ix_constants_is_used" ON "constants" ("is_used");

-- A credential in the code; its clear value is nowhere stored.
CREATE TABLE "secrets" (
    "id" TEXT PRIMARY KEY NOT NULL,
    "pattern_name" TEXT NOT NULL,
    "redacted_value" TEXT NOT NULL,
    "file" TEXT NOT NULL,
    "line" INTEGER NOT NULL,
    "severity" TEXT NOT NULL CHECK ("severity" = 'critical' OR "severity" = 'high' OR "severity" = 'medium' OR "severity" = 'low' OR "severity" = 'info' OR "severity" = 'false_positive' OR "severity" = 'suppressed'),
    "entropy" REAL NOT NULL,
    "confidence" REAL NOT NULL,
    "cwe_ids" TEXT NOT NULL,
    "created_at" INTEGER NOT NULL DEFAULT (unixepoch()),
    "last_seen_at" INTEGER NOT NULL DEFAULT (unixepoch()),
    "resolved_at" INTEGER
) STRICT;
CREATE INDEX "ix_secrets_pattern_name" ON "secrets" ("pattern_name");
CREATE INDEX "ix_secrets_file" ON "secrets" ("file");
CREATE INDEX "ix_secrets_severity" ON "secrets" ("severity");

-- A place that reads an environment variable.
CREATE TABLE "env_variables" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT,
    "name" TEXT NOT NULL,
    "file" TEXT NOT NULL,
    "line" INTEGER NOT NULL,
    "access_method" TEXT NOT NULL,
    "has_default" INTEGER NOT NULL DEFAULT 0 CHECK ("has_default" BETWEEN 0 AND 1),
    "defined_in_env" INTEGER NOT NULL DEFAULT 0 CHECK ("defined_in_env" BETWEEN 0 AND 1),
    "framework_prefix" TEXT,
    "created_at" INTEGER NOT NULL DEFAULT (unixepoch())
) STRICT;
CREATE INDEX "ix_env_variables_name" ON "env_variables" ("name");
CREATE INDEX "ix_env_variables_file" ON "env_variables" ("file");

-- A function that wraps a primitive of a framework.
CREATE TABLE "wrappers" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT,
    "name" TEXT NOT NULL,
    "file" TEXT NOT NULL,
    "line" INTEGER NOT NULL,
    "category" TEXT NOT NULL CHECK ("category" = 'state_management' OR "category" = 'data_fetching' OR "category" = 'form_handling' OR "category" = 'routing' OR "category" = 'authentication' OR "category" = 'error_boundary' OR "category" = 'caching' OR "category" = 'styling' OR "category" = 'animation' OR "category" = 'accessibility' OR "category" = 'logging' OR "category" = 'api_client' OR "category" = 'middleware' OR "category" = 'testing' OR "category" = 'internationalization' OR "category" = 'other'),
    "wrapped_primitives" TEXT NOT NULL,
    "framework" TEXT NOT NULL,
    "confidence" REAL NOT NULL,
    "is_multi_primitive" INTEGER NOT NULL DEFAULT 0 CHECK ("is_multi_primitive" BETWEEN 0 AND 1),
    "is_exported" INTEGER NOT NULL DEFAULT 0 CHECK ("is_exported" BETWEEN 0 AND 1),
    "usage_count" INTEGER NOT NULL DEFAULT 0,
    "created_at" INTEGER NOT NULL DEFAULT (unixepoch())
) STRICT;
CREATE INDEX "ix_wrappers_file" ON "wrappers" ("file");
CREATE INDEX "ix_wrappers_category" ON "wrappers" ("category");
CREATE INDEX "ix_wrappers_framework" ON "wrappers" ("framework");

-- A question of style that the project answers one way or another.
CREATE TABLE "dna_genes" (
    "gene_id" TEXT PRIMARY KEY NOT NULL,
    "name" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "dominant_allele" TEXT,
    "alleles" TEXT NOT NULL,
    "confidence" REAL NOT NULL,
    "consistency" REAL NOT NULL,
    "exemplars" TEXT NOT NULL DEFAULT '[]',
    "updated_at" INTEGER NOT NULL DEFAULT (unixepoch())
) STRICT;

-- A file that answers a question of style in another way than the project.
CREATE TABLE "dna_mutations" (
    "id" TEXT PRIMARY KEY NOT NULL,
    "file" TEXT NOT NULL,
    "line" INTEGER NOT NULL,
    "gene_id" TEXT NOT NULL,
    "expected" TEXT NOT NULL,
    "actual" TEXT NOT NULL,
    "impact" TEXT NOT NULL CHECK ("impact" = 'high' OR "impact" = 'medium' OR "impact" = 'low'),
    "code" TEXT NOT NULL,
    "suggestion" TEXT NOT NULL,
    "detected_at" INTEGER NOT NULL DEFAULT (unixepoch()),
    "resolved" INTEGER NOT NULL DEFAULT 0 CHECK ("resolved" BETWEEN 0 AND 1),
    "last_seen_at" INTEGER NOT NULL DEFAULT (unixepoch()),
    "resolved_at" INTEGER
) STRICT;
CREATE INDEX "ix_dna_mutations_file" ON "dna_mutations" ("file");
CREATE INDEX "ix_dna_mutations_gene_id" ON "dna_mutations" ("gene_id");
CREATE INDEX "ix_dna_mutations_impact" ON "dna_mutations" ("impact");
CREATE INDEX "ix_dna_mutations_resolved" ON "dna_mutations" ("resolved");

-- Cryptography used in a way that does not protect.
CREATE TABLE "crypto_findings" (
    "id" TEXT PRIMARY KEY NOT NULL,
    "file" TEXT NOT NULL,
    "line" INTEGER NOT NULL,
    "category" TEXT NOT NULL CHECK ("category" = 'weak_hash' OR "category" = 'deprecated_cipher' OR "category" = 'hardcoded_key' OR "category" = 'ecb_mode' OR "category" = 'static_iv' OR "category" = 'insufficient_key_len' OR "category" = 'disabled_tls' OR "category" = 'insecure_random' OR "category" = 'jwt_confusion' OR "category" = 'plaintext_password' OR "category" = 'weak_kdf' OR "category" = 'missing_encryption' OR "category" = 'cert_pinning_bypass' OR "category" = 'nonce_reuse'),
    "description" TEXT NOT NULL,
    "code" TEXT NOT NULL,
    "confidence" REAL NOT NULL,
    "cwe_id" INTEGER NOT NULL,
    "owasp" TEXT NOT NULL,
    "remediation" TEXT NOT NULL,
    "language" TEXT NOT NULL,
    "created_at" INTEGER NOT NULL DEFAULT (unixepoch()),
    "last_seen_at" INTEGER NOT NULL DEFAULT (unixepoch()),
    "resolved_at" INTEGER
) STRICT;
CREATE INDEX "ix_crypto_findings_file" ON "crypto_findings" ("file");
CREATE INDEX "ix_crypto_findings_category" ON "crypto_findings" ("category");
CREATE INDEX "ix_crypto_findings_cwe_id" ON "crypto_findings" ("cwe_id");

-- A security finding of any detector, placed in the OWASP and CWE catalogues.
CREATE TABLE "owasp_findings" (
    "id" TEXT PRIMARY KEY NOT NULL,
    "detector" TEXT NOT NULL,
    "file" TEXT NOT NULL,
    "line" INTEGER NOT NULL,
    "description" TEXT NOT NULL,
    "severity" REAL NOT NULL,
    "cwes" TEXT NOT NULL,
    "owasp_categories" TEXT NOT NULL,
    "confidence" REAL NOT NULL,
    "remediation" TEXT,
    "created_at" INTEGER NOT NULL DEFAULT (unixepoch()),
    "last_seen_at" INTEGER NOT NULL DEFAULT (unixepoch()),
    "resolved_at" INTEGER
) STRICT;
CREATE INDEX "ix_owasp_findings_detector" ON "owasp_findings" ("detector");
CREATE INDEX "ix_owasp_findings_file" ON "owasp_findings" ("file");
CREATE INDEX "ix_owasp_findings_severity" ON "owasp_findings" ("severity");

-- A proposal to cut the project differently.
CREATE TABLE "decomposition_decisions" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT,
    "dna_profile_hash" TEXT NOT NULL,
    "adjustment" TEXT NOT NULL,
    "confidence" REAL NOT NULL,
    "dna_similarity" REAL NOT NULL,
    "narrative" TEXT NOT NULL,
    "source_dna_hash" TEXT NOT NULL DEFAULT '',
    "applied_weight" REAL NOT NULL,
    "created_at" INTEGER NOT NULL DEFAULT (unixepoch()),
    UNIQUE ("dna_profile_hash", "adjustment", "source_dna_hash")
) STRICT;
CREATE INDEX "ix_decomposition_decisions_dna_profile_hash" ON "decomposition_decisions" ("dna_profile_hash");
CREATE INDEX "ix_decomposition_decisions_source_dna_hash" ON "decomposition_decisions" ("source_dna_hash");
