"""driftd: a daemon that keeps a live model of a codebase in one SQLite file."""
