-- How sure a pattern is: a Beta posterior over its occurrences, its outliers and the feedback on it.
CREATE TABLE "pattern_confidence" (
    "pattern_id" TEXT PRIMARY KEY NOT NULL,
    "alpha" REAL NOT NULL,
    "beta" REAL NOT NULL,
    "posterior_mean" REAL NOT NULL,
    "credible_interval_low" REAL NOT NULL,
    "credible_interval_high" REAL NOT NULL,
    "tier" TEXT NOT NULL CHECK ("tier" = 'established' OR "tier" = 'emerging' OR "tier" = 'tentative' OR "tier" = 'uncertain'),
    "momentum" TEXT NOT NULL DEFAULT 'stable' CHECK ("momentum" = 'rising' OR "momentum" = 'stable' OR "momentum" = 'falling'),
    "last_updated" INTEGER NOT NULL DEFAULT (unixepoch()),
    "feedback_alpha" REAL NOT NULL DEFAULT 0.0,
    "feedback_beta" REAL NOT NULL DEFAULT 0.0
) STRICT;
CREATE INDEX "ix_pattern_confidence_tier" ON "pattern_confidence" ("tier");

-- A place that departs from a pattern.
CREATE TABLE "outliers" (
    "id" TEXT PRIMARY KEY NOT NULL,
    "pattern_id" TEXT NOT NULL,
    "file" TEXT NOT NULL,
    "line" INTEGER NOT NULL,
    "deviation_score" REAL NOT NULL,
    "significance" TEXT NOT NULL CHECK ("significance" = 'critical' OR "significance" = 'high' OR "significance" = 'moderate' OR "significance" = 'low'),
    "method" TEXT NOT NULL CHECK ("method" = 'z_score' OR "method" = 'grubbs' OR "method" = 'generalized_esd' OR "method" = 'iqr' OR "method" = 'mad' OR "method" = 'rule_based'),
    "created_at" INTEGER NOT NULL DEFAULT (unixepoch()),
    "last_seen_at" INTEGER NOT NULL DEFAULT (unixepoch()),
    "resolved_at" INTEGER
) STRICT;
CREATE INDEX "ix_outliers_pattern_id" ON "outliers" ("pattern_id");
CREATE INDEX "ix_outliers_file" ON "outliers" ("file");

-- A convention of the project, of a directory or of a package.
CREATE TABLE "conventions" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT,
    "pattern_id" TEXT NOT NULL,
    "category" TEXT NOT NULL CHECK ("category" = 'universal' OR "category" = 'project_specific' OR "category" = 'emerging' OR "category" = 'legacy' OR "category" = 'contested'),
    "scope" TEXT NOT NULL DEFAULT 'project',
    "dominance_ratio" REAL NOT NULL,
    "promotion_status" TEXT NOT NULL DEFAULT 'discovered' CHECK ("promotion_status" = 'discovered' OR "promotion_status" = 'approved' OR "promotion_status" = 'rejected' OR "promotion_status" = 'expired'),
    "discovered_at" INTEGER NOT NULL DEFAULT (unixepoch()),
    "last_seen" INTEGER NOT NULL DEFAULT (unixepoch()),
    "expires_at" INTEGER,
    UNIQUE ("pattern_id", "scope")
) STRICT;
CREATE INDEX "ix_conventions_category" ON "conventions" ("category");
CREATE INDEX "ix_conventions_promotion_status" ON "conventions" ("promotion_status");
