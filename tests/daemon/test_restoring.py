"""A start takes the facts of files from the cache, and analyses again what it does not have."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from driftd.daemon import engine
from driftd.daemon.embedded import analyze
from driftd.pipeline.facts.codec import compress


def ask(root: Path, statement: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    with sqlite3.connect(root / ".drift" / "drift.db") as connection:
        found = connection.execute(statement, values).fetchall()
    connection.close()
    return found


@pytest.mark.parametrize("many", [1, engine.LARGE_RUN], ids=["in the workers", "here"])
@pytest.mark.parametrize("damaged", [b"", b"no facts", compress(b"\x93\x01")], ids=["empty", "bytes", "other facts"])
def test_damaged_facts_are_made_again(
    tmp_path: Path, damaged: bytes, many: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file of which the cached facts cannot be read is parsed, and the cache holds its facts then; the rest stays."""
    monkeypatch.setattr(engine, "LARGE_RUN", many)
    for name in ("a", "b", "c"):
        (tmp_path / f"{name}.py").write_text(f"def {name}(): pass\n")
        os.utime(tmp_path / f"{name}.py", (1, 1))
    analyze(tmp_path, full=True, force=True)
    before = ask(tmp_path, "SELECT content_hash, facts FROM parse_cache ORDER BY 1")
    functions = ask(tmp_path, "SELECT id, name FROM functions ORDER BY 1")
    ask(
        tmp_path,
        "UPDATE parse_cache SET facts = ? "
        "WHERE content_hash = (SELECT content_hash FROM file_metadata WHERE path = 'b.py')",
        (damaged,),
    )

    report = analyze(tmp_path, full=False, force=True)

    assert report["rows"]["parse_cache"] == 1
    assert ask(tmp_path, "SELECT content_hash, facts FROM parse_cache ORDER BY 1") == before
    assert ask(tmp_path, "SELECT id, name FROM functions ORDER BY 1") == functions
