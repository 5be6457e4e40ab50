"""Reading ahead: files are extracted while the workspace is still being listed, and only the examined ones count."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import anyio.to_thread
import pytest

from driftd.daemon.embedded import analyze
from driftd.daemon.extraction import Extraction
from driftd.daemon.tasks import Task
from driftd.daemon.workers import CHUNK_BYTES, CHUNK_FILES, Feed, PoolSettings, WorkerPool
from tests.daemon.worker_entries import misbehave


@pytest.fixture
async def pool() -> AsyncIterator[WorkerPool]:
    """Two workers that do what the files' names say."""
    made = WorkerPool(PoolSettings(workers=2, file_timeout_s=5, max_file_size=1000), entry=misbehave)
    yield made
    await made.close()


def task(name: str, size: int = 1) -> Task:
    return Task(name, name.encode(), "python", size)


def hear_all(extraction: Extraction, paths: list[str], status: os.stat_result) -> None:
    """Tell of files as a scanning thread does; only Python is read ahead."""
    hear = extraction.reader_ahead(lambda path, _: task(path) if path.endswith(".py") else None)
    for path in paths:
        hear(path, status)


async def test_a_chunk_holds_the_longest_that_wait() -> None:
    """The longest first, up to the size of a chunk, whenever they were added."""
    feed = Feed()
    feed.put([task("small.py", 10), task("half.py", CHUNK_BYTES // 2)])
    feed.put([task("huge.py", CHUNK_BYTES * 2), task("most.py", CHUNK_BYTES - 10)])

    chunks = []
    while feed:
        chunks.append([taken.path for taken in feed.take()])

    assert chunks == [["huge.py"], ["most.py"], ["half.py", "small.py"]]


async def test_a_chunk_is_limited_in_files() -> None:
    """Many small files come in chunks of the usual length."""
    feed = Feed()
    feed.put(task(f"{number}.py") for number in range(CHUNK_FILES + 1))

    assert [len(feed.take()), len(feed.take())] == [CHUNK_FILES, 1]


async def test_news_are_told_once() -> None:
    """What was asked for before something was added is done then; what is asked for after waits for the next."""
    feed = Feed()
    before = feed.news()
    feed.put([task("a.py")])
    after = feed.news()

    assert (before.done(), after.done()) == (True, False)

    feed.close()

    assert after.done()


async def test_only_what_is_asked_for_comes_out(pool: WorkerPool) -> None:
    """Of files read ahead, those that the scan left out have no outcome; a file has one, heard of early or not."""
    status = await anyio.Path(__file__).stat()
    async with Extraction(pool) as extraction:
        heard = [f"good{number}.py" for number in range(100)]
        await anyio.to_thread.run_sync(hear_all, extraction, ["notes.txt", *heard], status)
        wanted = [*heard[::2], "late.py"]

        made = [
            outcome.path async for chunk in extraction.outcomes([task(path) for path in wanted]) for outcome in chunk
        ]

    assert sorted(made) == sorted(wanted)


async def test_leaving_early_abandons_the_rest(pool: WorkerPool) -> None:
    """Whoever leaves the context before the end is not held up by a worker that hangs."""
    status = await anyio.Path(__file__).stat()
    with anyio.fail_after(30):
        async with Extraction(pool) as extraction:
            await anyio.to_thread.run_sync(hear_all, extraction, ["hang.py"] * 64, status)


def test_what_is_listed_and_not_examined_leaves_no_rows(tmp_path: Path) -> None:
    """A virtual environment is listed before it is known to be one: nothing of it is stored."""
    (tmp_path / "app.py").write_text("def run(): pass\n")
    library = tmp_path / "env" / "lib"
    library.mkdir(parents=True)
    (library.parent / "pyvenv.cfg").write_text("home = /usr\n")
    for number in range(200):
        (library / f"module{number}.py").write_text("def hidden(): pass\n")
    os.utime(tmp_path / "app.py", (1, 1))

    report = analyze(tmp_path, full=True, force=True)

    assert report["files"]["added"] == 1
    with sqlite3.connect(tmp_path / ".drift" / "drift.db") as connection:
        assert connection.execute("SELECT DISTINCT file FROM functions").fetchall() == [("app.py",)]
        assert connection.execute("SELECT count(*) FROM parse_cache").fetchone() == (1,)
    connection.close()
