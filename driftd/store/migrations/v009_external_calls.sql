-- A function that calls something outside of the workspace; calls of built-ins are not listed.
CREATE TABLE "external_calls" (
    "file" TEXT NOT NULL,
    "caller_id" INTEGER NOT NULL,
    "symbol" TEXT NOT NULL,
    "package" TEXT NOT NULL,
    "call_site_line" INTEGER NOT NULL,
    "calls" INTEGER NOT NULL,
    PRIMARY KEY ("file", "caller_id", "symbol")
) STRICT, WITHOUT ROWID;

