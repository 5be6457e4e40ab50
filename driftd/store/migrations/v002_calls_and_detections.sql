-- One resolved call site.
CREATE TABLE "call_edges" (
    "caller_id" INTEGER NOT NULL,
    "callee_id" INTEGER NOT NULL,
    "call_site_line" INTEGER NOT NULL,
    "resolution" TEXT NOT NULL CHECK ("resolution" = 'same_file' OR "resolution" = 'method_call' OR "resolution" = 'di_injection' OR "resolution" = 'import_based' OR "resolution" = 'export_based' OR "resolution" = 'fuzzy' OR "resolution" = 'constructor' OR "resolution" = 'type_inferred' OR "resolution" = 'virtual_dispatch' OR "resolution" = 'callback' OR "resolution" = 'decorator'),
    "confidence" REAL NOT NULL,
    "file" TEXT NOT NULL,
    PRIMARY KEY ("caller_id", "callee_id", "call_site_line")
) STRICT, WITHOUT ROWID;
CREATE INDEX "ix_call_edges_callee_id" ON "call_edges" ("callee_id");
CREATE INDEX "ix_call_edges_file" ON "call_edges" ("file");

-- One place where a function reads or writes a table of a database.
CREATE TABLE "data_access" (
    "function_id" INTEGER NOT NULL,
    "table_name" TEXT NOT NULL,
    "operation" TEXT NOT NULL CHECK ("operation" = 'select' OR "operation" = 'insert' OR "operation" = 'update' OR "operation" = 'delete' OR "operation" = 'upsert' OR "operation" = 'count' OR "operation" = 'aggregate' OR "operation" = 'join' OR "operation" = 'transaction' OR "operation" = 'migration' OR "operation" = 'raw_query' OR "operation" = 'unknown'),
    "line" INTEGER NOT NULL,
    "framework" TEXT,
    "confidence" REAL NOT NULL DEFAULT 0.8,
    "file" TEXT NOT NULL,
    PRIMARY KEY ("function_id", "table_name", "operation", "line")
) STRICT, WITHOUT ROWID;
CREATE INDEX "ix_data_access_table_name" ON "data_access" ("table_name");
CREATE INDEX "ix_data_access_file" ON "data_access" ("file");

-- One occurrence of a pattern.
CREATE TABLE "detections" (
    "id" TEXT PRIMARY KEY NOT NULL,
    "file" TEXT NOT NULL,
    "line" INTEGER NOT NULL,
    "column_num" INTEGER NOT NULL,
    "pattern_id" TEXT NOT NULL,
    "category" TEXT NOT NULL CHECK ("category" = 'api' OR "category" = 'auth' OR "category" = 'components' OR "category" = 'config' OR "category" = 'contracts' OR "category" = 'data_access' OR "category" = 'documentation' OR "category" = 'errors' OR "category" = 'logging' OR "category" = 'performance' OR "category" = 'security' OR "category" = 'structural' OR "category" = 'styling' OR "category" = 'testing' OR "category" = 'types' OR "category" = 'accessibility'),
    "confidence" REAL NOT NULL,
    "detection_method" TEXT NOT NULL CHECK ("detection_method" = 'ast_visitor' OR "detection_method" = 'string_regex' OR "detection_method" = 'toml_pattern' OR "detection_method" = 'learning_deviation' OR "detection_method" = 'semantic'),
    "cwe_ids" TEXT,
    "owasp" TEXT,
    "matched_text" TEXT,
    "created_at" INTEGER NOT NULL DEFAULT (unixepoch()),
    "last_seen_at" INTEGER NOT NULL DEFAULT (unixepoch()),
    "resolved_at" INTEGER
) STRICT;
CREATE INDEX "ix_detections_file" ON "detections" ("file");
CREATE INDEX "ix_detections_pattern_id" ON "detections" ("pattern_id");
CREATE INDEX "ix_detections_category" ON "detections" ("category");
CREATE INDEX "ix_detections_confidence" ON "detections" ("confidence");

-- A data model, or one field of it, and how sensitive that is.
CREATE TABLE "boundaries" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT,
    "file" TEXT NOT NULL,
    "framework" TEXT NOT NULL,
    "model_name" TEXT NOT NULL,
    "table_name" TEXT,
    "field_name" TEXT,
    "sensitivity" TEXT CHECK ("sensitivity" = 'pii' OR "sensitivity" = 'credentials' OR "sensitivity" = 'financial' OR "sensitivity" = 'health'),
    "confidence" REAL NOT NULL,
    "created_at" INTEGER NOT NULL DEFAULT (unixepoch())
) STRICT;
CREATE INDEX "ix_boundaries_file" ON "boundaries" ("file");
CREATE INDEX "ix_boundaries_framework" ON "boundaries" ("framework");
CREATE INDEX "ix_boundaries_sensitivity" ON "boundaries" ("sensitivity");
