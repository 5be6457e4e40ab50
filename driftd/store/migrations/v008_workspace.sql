-- What a person, or the audit, decided about a pattern.
CREATE TABLE "pattern_status" (
    "pattern_id" TEXT PRIMARY KEY NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'discovered' CHECK ("status" = 'discovered' OR "status" = 'approved' OR "status" = 'ignored'),
    "approved_by" TEXT CHECK ("approved_by" = 'auto' OR "approved_by" = 'user'),
    "approved_at" INTEGER,
    "confidence_at_approval" REAL,
    "reason" TEXT,
    "updated_at" INTEGER NOT NULL DEFAULT (unixepoch())
) STRICT;
CREATE INDEX "ix_pattern_status_status" ON "pattern_status" ("status");

-- Something that happened to the daemon.
CREATE TABLE "workspace_events" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT,
    "event_type" TEXT NOT NULL,
    "details" TEXT,
    "created_at" INTEGER NOT NULL DEFAULT (unixepoch())
) STRICT;
CREATE INDEX "ix_workspace_events_event_type" ON "workspace_events" ("event_type");
CREATE INDEX "ix_workspace_events_created_at" ON "workspace_events" ("created_at");
