"""The SQLite file: knows rows, not where they come from."""
