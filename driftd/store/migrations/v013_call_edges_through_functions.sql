-- The edges of a file are found through its functions; nothing else asked this index, which was a tenth of the database.
DROP INDEX "ix_call_edges_file";
