"""SIGKILL at any instruction: what was acknowledged is there, what was not is whole or absent."""
# ruff: noqa: ASYNC220 - nothing else runs in a test's loop

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from driftd.store.store import Store
from tests.store.kept import kept, said

CHILD = Path(__file__).with_name("crash_child.py")
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("lines", [1, 40, 300])
async def test_killed_writer_keeps_what_it_acknowledged(path: Path, lines: int) -> None:
    """After kill -9 mid-writes the database is sound, holds every acknowledged submission, and none of them in part."""
    command = [sys.executable, str(CHILD), str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}) as child:
        assert child.stdout is not None
        acknowledged = [child.stdout.readline() for _ in range(lines)]
        child.kill()
        rest = child.stdout.read()
    done = {line.strip() for line in acknowledged} | {line for line in rest.split("\n")[:-1] if line}
    assert len(done) >= lines
    async with Store.open(path) as store:
        assert await store.reader.integrity() == []
        found = Counter(name for (name,) in await store.reader.fetch("SELECT event_type FROM workspace_events"))
    assert done <= set(found)
    assert set(found.values()) == {5}


@pytest.mark.parametrize("left", ["the database", "only the journal"])
@pytest.mark.parametrize("lines", [1, 25, 90])
async def test_killed_amid_feedback_nothing_acknowledged_is_missing(tmp_path: Path, lines: int, left: str) -> None:
    """After kill -9 every acknowledged feedback is there, even if nothing but the journal is."""
    command = [sys.executable, "-m", "tests.store.typing_child", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}) as child:
        assert child.stdout is not None
        acknowledged = [child.stdout.readline() for _ in range(lines)]
        child.kill()
        rest = child.stdout.read()
    done = {line.strip() for line in acknowledged} | {line for line in rest.split("\n")[:-1] if line}
    if left == "only the journal":
        for name in ("drift.db", "drift.db-wal", "drift.db-shm"):
            (tmp_path / ".drift" / name).unlink()
    async with kept(tmp_path) as store:
        assert await store.reader.integrity() == []
        found = await said(store)
    assert len(done) >= lines
    assert done <= set(found)
    assert len(found) <= len(done) + 1
