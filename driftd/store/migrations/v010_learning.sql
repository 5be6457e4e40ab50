-- What patterns learn: where a pattern's confidence comes from, what an outlier departs from, how a violation is fixed.

ALTER TABLE "pattern_confidence" ADD COLUMN "kind" TEXT NOT NULL DEFAULT 'rule' CHECK ("kind" = 'choice' OR "kind" = 'rule');
ALTER TABLE "pattern_confidence" ADD COLUMN "category" TEXT CHECK ("category" = 'api' OR "category" = 'auth' OR "category" = 'components' OR "category" = 'config' OR "category" = 'contracts' OR "category" = 'data_access' OR "category" = 'documentation' OR "category" = 'errors' OR "category" = 'logging' OR "category" = 'performance' OR "category" = 'security' OR "category" = 'structural' OR "category" = 'styling' OR "category" = 'testing' OR "category" = 'types' OR "category" = 'accessibility');
ALTER TABLE "pattern_confidence" ADD COLUMN "sites" INTEGER NOT NULL DEFAULT 0;
ALTER TABLE "pattern_confidence" ADD COLUMN "followed" INTEGER NOT NULL DEFAULT 0;
ALTER TABLE "pattern_confidence" ADD COLUMN "prior_alpha" REAL NOT NULL DEFAULT 1.0;
ALTER TABLE "pattern_confidence" ADD COLUMN "prior_beta" REAL NOT NULL DEFAULT 1.0;
ALTER TABLE "pattern_confidence" ADD COLUMN "factors" TEXT;
ALTER TABLE "pattern_confidence" ADD COLUMN "history" TEXT;
ALTER TABLE "pattern_confidence" ADD COLUMN "seen_at" INTEGER;

ALTER TABLE "outliers" ADD COLUMN "expected" TEXT;
ALTER TABLE "outliers" ADD COLUMN "actual" TEXT;
ALTER TABLE "outliers" ADD COLUMN "scope" TEXT;

ALTER TABLE "conventions" ADD COLUMN "sites" INTEGER NOT NULL DEFAULT 0;
ALTER TABLE "conventions" ADD COLUMN "alternatives" TEXT;

ALTER TABLE "violations" ADD COLUMN "confidence" REAL;
ALTER TABLE "violations" ADD COLUMN "detector_id" TEXT;
ALTER TABLE "violations" ADD COLUMN "quick_fix_edits" TEXT;

ALTER TABLE "feedback" ADD COLUMN "undoes" INTEGER;
