-- One tracked file: what it was when it was last looked at, and how far its analysis got.
CREATE TABLE "file_metadata" (
    "path" TEXT PRIMARY KEY NOT NULL,
    "language" TEXT,
    "file_size" INTEGER NOT NULL,
    "content_hash" BLOB NOT NULL DEFAULT x'',
    "mtime_secs" INTEGER NOT NULL,
    "mtime_nanos" INTEGER NOT NULL,
    "ctime_secs" INTEGER NOT NULL DEFAULT 0,
    "ctime_nanos" INTEGER NOT NULL DEFAULT 0,
    "inode" INTEGER NOT NULL DEFAULT 0,
    "last_scanned_at" INTEGER NOT NULL,
    "scan_duration_us" INTEGER,
    "pattern_count" INTEGER NOT NULL DEFAULT 0,
    "function_count" INTEGER NOT NULL DEFAULT 0,
    "error_count" INTEGER NOT NULL DEFAULT 0,
    "error" TEXT,
    "skip_reason" TEXT,
    "analyzer" TEXT
) STRICT;
CREATE INDEX "ix_file_metadata_language" ON "file_metadata" ("language");
CREATE INDEX "ix_file_metadata_last_scanned_at" ON "file_metadata" ("last_scanned_at");
CREATE INDEX "ix_file_metadata_content_hash" ON "file_metadata" ("content_hash");

-- The facts of one content in one language: what a start restores without parsing anything.
CREATE TABLE "parse_cache" (
    "cache_key" BLOB PRIMARY KEY NOT NULL,
    "content_hash" BLOB NOT NULL,
    "language" TEXT NOT NULL,
    "extractor" TEXT NOT NULL,
    "facts" BLOB NOT NULL,
    "size" INTEGER NOT NULL,
    "created_at" INTEGER NOT NULL DEFAULT (unixepoch()),
    "last_used_at" INTEGER NOT NULL DEFAULT (unixepoch())
) STRICT;
CREATE INDEX "ix_parse_cache_content_hash" ON "parse_cache" ("content_hash");
CREATE INDEX "ix_parse_cache_last_used_at" ON "parse_cache" ("last_used_at");

-- A function, method or lambda, or the top-level code of a file (`<module>`).
CREATE TABLE "functions" (
    "id" INTEGER PRIMARY KEY NOT NULL,
    "file" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "qualified_name" TEXT NOT NULL,
    "kind" TEXT NOT NULL CHECK ("kind" = 'module' OR "kind" = 'function' OR "kind" = 'method' OR "kind" = 'constructor' OR "kind" = 'static_method' OR "kind" = 'class_method' OR "kind" = 'getter' OR "kind" = 'setter' OR "kind" = 'lambda'),
    "language" TEXT NOT NULL,
    "line" INTEGER NOT NULL,
    "column_num" INTEGER NOT NULL,
    "end_line" INTEGER NOT NULL,
    "parameter_count" INTEGER NOT NULL DEFAULT 0,
    "parameters" TEXT NOT NULL DEFAULT '[]',
    "return_type" TEXT,
    "decorators" TEXT NOT NULL DEFAULT '[]',
    "doc" TEXT,
    "visibility" TEXT NOT NULL DEFAULT 'public' CHECK ("visibility" = 'public' OR "visibility" = 'protected' OR "visibility" = 'private' OR "visibility" = 'internal'),
    "is_exported" INTEGER NOT NULL DEFAULT 0 CHECK ("is_exported" BETWEEN 0 AND 1),
    "is_async" INTEGER NOT NULL DEFAULT 0 CHECK ("is_async" BETWEEN 0 AND 1),
    "is_generator" INTEGER NOT NULL DEFAULT 0 CHECK ("is_generator" BETWEEN 0 AND 1),
    "is_abstract" INTEGER NOT NULL DEFAULT 0 CHECK ("is_abstract" BETWEEN 0 AND 1),
    "body_hash" BLOB NOT NULL DEFAULT x'',
    "signature_hash" BLOB NOT NULL DEFAULT x''
) STRICT;
CREATE INDEX "ix_functions_file" ON "functions" ("file");
CREATE INDEX "ix_functions_name" ON "functions" ("name");
CREATE INDEX "ix_functions_qualified_name" ON "functions" ("qualified_name");

-- One run: appended when it starts, updated once when it ends.
CREATE TABLE "scan_history" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT,
    "started_at" INTEGER NOT NULL,
    "completed_at" INTEGER,
    "root_path" TEXT NOT NULL,
    "trigger" TEXT NOT NULL,
    "total_files" INTEGER,
    "added_files" INTEGER,
    "modified_files" INTEGER,
    "removed_files" INTEGER,
    "unchanged_files" INTEGER,
    "failed_files" INTEGER,
    "skipped_files" INTEGER,
    "duration_ms" INTEGER,
    "status" TEXT NOT NULL DEFAULT 'running' CHECK ("status" = 'running' OR "status" = 'completed' OR "status" = 'partial' OR "status" = 'cancelled' OR "status" = 'failed'),
    "error" TEXT,
    "stages" TEXT
) STRICT;
CREATE INDEX "ix_scan_history_started_at" ON "scan_history" ("started_at");
