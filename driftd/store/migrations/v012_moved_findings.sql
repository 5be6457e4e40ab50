-- How a violation that moved is told from one whose code was changed.

ALTER TABLE "violations" ADD COLUMN "code_hash" TEXT;
