"""Which files are tests and fixtures: most analyses look at production code only."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

_FOLDERS: Final = frozenset(
    {"tests", "test", "benches", "benchmarks", "test-fixtures", "__tests__", "__mocks__", "fixtures", "testdata", "e2e",
     "cypress", "playwright"}
)  # fmt: skip
_NAME: Final = re.compile(
    r".*_test\.(rs|ts|js|py|go|java|rb|kt|cs|php)"
    r"|.*\.(test|spec)\.([mc]?[tj]s|tsx|jsx)"
    r"|(vitest|jest\.config|karma\.conf|cypress\.config|playwright\.config|pytest\.ini|setup\.test|setuptest).*"
    r"|conftest\.py|test_.*\.py|tests\.py|.*test\.java|.*tests\.cs|.*_spec\.rb"
)


@lru_cache(maxsize=16384)
def is_test(path: str) -> bool:
    """Return whether a file is a test or a fixture, by its path."""
    folder, _, name = path.lower().rpartition("/")
    folders = folder.split("/")
    return (
        not _FOLDERS.isdisjoint(folders)
        or _NAME.fullmatch(name) is not None
        or (name.endswith(".rb") and "spec" in folders)
    )


_SHOWING: Final = frozenset(
    {"examples", "example", "docs", "doc", "documentation", "samples", "demo", "demos", "tutorials"}
)


@lru_cache(maxsize=16384)
def is_illustration(path: str) -> bool:
    """Return whether a file shows how something is used, by its path: nobody runs it for its own sake."""
    return not _SHOWING.isdisjoint(path.lower().split("/")[:-1])


def is_migration(path: str) -> bool:
    """Return whether a file is a database migration, by its path."""
    return not {"migrations", "alembic", "migrate"}.isdisjoint(path.lower().split("/")[:-1])
