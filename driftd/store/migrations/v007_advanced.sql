-- An estimate that was asked for.
CREATE TABLE "simulations" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT,
    "task_category" TEXT NOT NULL CHECK ("task_category" = 'add_feature' OR "task_category" = 'fix_bug' OR "task_category" = 'refactor' OR "task_category" = 'migrate_framework' OR "task_category" = 'add_test' OR "task_category" = 'security_fix' OR "task_category" = 'performance_optimization' OR "task_category" = 'dependency_update' OR "task_category" = 'api_change' OR "task_category" = 'database_migration' OR "task_category" = 'config_change' OR "task_category" = 'documentation' OR "task_category" = 'infrastructure'),
    "task_description" TEXT NOT NULL,
    "approach_count" INTEGER NOT NULL,
    "recommended_approach" TEXT,
    "p10_effort" REAL NOT NULL,
    "p50_effort" REAL NOT NULL,
    "p90_effort" REAL NOT NULL,
    "details" TEXT,
    "created_at" INTEGER NOT NULL DEFAULT (unixepoch())
) STRICT;
CREATE INDEX "ix_simulations_task_category" ON "simulations" ("task_category");
CREATE INDEX "ix_simulations_created_at" ON "simulations" ("created_at");

-- A decision that the history or a record of the project tells of.
CREATE TABLE "decisions" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT,
    "category" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "source" TEXT NOT NULL,
    "commit_sha" TEXT,
    "confidence" REAL NOT NULL,
    "related_patterns" TEXT,
    "author" TEXT,
    "files_changed" TEXT,
    "committed_at" INTEGER,
    "created_at" INTEGER NOT NULL DEFAULT (unixepoch()),
    UNIQUE ("source", "category")
) STRICT;
CREATE INDEX "ix_decisions_category" ON "decisions" ("category");
CREATE INDEX "ix_decisions_commit_sha" ON "decisions" ("commit_sha");
CREATE INDEX "ix_decisions_created_at" ON "decisions" ("created_at");

-- What was delivered in which conversation; not the text itself.
CREATE TABLE "context_cache" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT,
    "session_id" TEXT NOT NULL,
    "intent" TEXT NOT NULL CHECK ("intent" = 'fix_bug' OR "intent" = 'add_feature' OR "intent" = 'understand_code' OR "intent" = 'security_audit' OR "intent" = 'generate_spec'),
    "depth" TEXT NOT NULL CHECK ("depth" = 'overview' OR "depth" = 'standard' OR "depth" = 'deep'),
    "token_count" INTEGER NOT NULL,
    "content_hash" TEXT NOT NULL,
    "created_at" INTEGER NOT NULL DEFAULT (unixepoch())
) STRICT;
CREATE INDEX "ix_context_cache_session_id_content_hash" ON "context_cache" ("session_id", "content_hash");
CREATE INDEX "ix_context_cache_intent" ON "context_cache" ("intent");
CREATE INDEX "ix_context_cache_created_at" ON "context_cache" ("created_at");

-- A migration from one language or framework to another.
CREATE TABLE "migration_projects" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT,
    "name" TEXT NOT NULL,
    "source_language" TEXT NOT NULL,
    "target_language" TEXT NOT NULL,
    "source_framework" TEXT,
    "target_framework" TEXT,
    "status" TEXT NOT NULL DEFAULT 'active' CHECK ("status" = 'active' OR "status" = 'paused' OR "status" = 'completed' OR "status" = 'abandoned'),
    "created_at" INTEGER NOT NULL DEFAULT (unixepoch()),
    UNIQUE ("name")
) STRICT;
CREATE INDEX "ix_migration_projects_status" ON "migration_projects" ("status");

-- One module of a migration.
CREATE TABLE "migration_modules" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT,
    "project_id" INTEGER NOT NULL REFERENCES "migration_projects" ("id"),
    "module_name" TEXT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'pending' CHECK ("status" = 'pending' OR "status" = 'spec_generated' OR "status" = 'spec_reviewed' OR "status" = 'spec_approved' OR "status" = 'rebuilding' OR "status" = 'rebuilt' OR "status" = 'verified' OR "status" = 'complete'),
    "spec_content" TEXT,
    "created_at" INTEGER NOT NULL DEFAULT (unixepoch()),
    "updated_at" INTEGER NOT NULL DEFAULT (unixepoch()),
    UNIQUE ("project_id", "module_name")
) STRICT;
CREATE INDEX "ix_migration_modules_status" ON "migration_modules" ("status");

-- What a person corrected in a module's specification.
CREATE TABLE "migration_corrections" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT,
    "module_id" INTEGER NOT NULL REFERENCES "migration_modules" ("id"),
    "section" TEXT NOT NULL,
    "original_text" TEXT NOT NULL,
    "corrected_text" TEXT NOT NULL,
    "reason" TEXT,
    "created_at" INTEGER NOT NULL DEFAULT (unixepoch())
) STRICT;
CREATE INDEX "ix_migration_corrections_module_id" ON "migration_corrections" ("module_id");
