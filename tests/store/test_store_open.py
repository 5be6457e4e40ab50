"""The store as a whole: it opens, closes, passes exceptions on as they are, and leaves one file."""
# ruff: noqa: ASYNC240 - nothing else runs in a test's loop

from __future__ import annotations

import threading
from pathlib import Path

import anyio
import pytest

from driftd.errors import StoreError, UsageError
from driftd.rows.workspace import WorkspaceEventRow
from driftd.store.commands import Append
from driftd.store.connect import quarantine
from driftd.store.failures import is_corrupt
from driftd.store.store import Store


async def test_first_and_second_opening(path: Path) -> None:
    """A new database starts at no version; closing leaves one file without a log; reopening finds its rows."""
    async with Store.open(path) as store:
        assert store.schema_before == 0
        await store.writer.submit(Append(WorkspaceEventRow, [WorkspaceEventRow(event_type="start")]))
    assert [file.name for file in path.parent.iterdir()] == ["drift.db"]
    async with Store.open(path) as store:
        assert store.schema_before == 13
        assert (await store.reader.counts())["workspace_events"] == 1


async def test_exception_of_the_body_comes_out_as_it_is(path: Path) -> None:
    """What the body raises is not wrapped, and every thread ends."""
    before = set(threading.enumerate())
    with pytest.raises(UsageError, match="by hand"):  # noqa: PT012 - the body is the point
        async with Store.open(path) as store:
            await store.writer.barrier()
            workers = [thread for thread in threading.enumerate() if thread not in before]
            raise UsageError("by hand")
    assert len(workers) == 3  # the writer and two readers
    for thread in workers:
        thread.join()  # hangs if it was not told to end


async def test_cancelled_opening_leaves_nothing_open(path: Path) -> None:
    """A store whose opening is cancelled leaves no thread behind."""
    threads = {thread for thread in threading.enumerate() if "_connection_worker" in thread.name}
    with anyio.CancelScope() as scope:
        scope.cancel()
        async with Store.open(path):
            pytest.fail("it cannot open")
    assert {thread for thread in threading.enumerate() if "_connection_worker" in thread.name} == threads


async def test_missing_folder_is_named(tmp_path: Path) -> None:
    """The folder of the database is not made here."""
    with pytest.raises(StoreError, match="nowhere"):
        async with Store.open(tmp_path / "nowhere" / "drift.db"):
            pass


async def test_damaged_page_is_found_and_put_aside(path: Path) -> None:
    """Damage inside the file is told from other failures; put aside, it makes room for a new database."""
    async with Store.open(path) as store:
        rows = [WorkspaceEventRow(event_type="x" * 500) for _ in range(500)]
        await store.writer.submit(Append(WorkspaceEventRow, rows))
    content = bytearray(path.read_bytes())
    content[4096 * 20 :] = b"\xa5" * (len(content) - 4096 * 20)
    path.write_bytes(content)
    with pytest.raises(StoreError) as caught:
        async with Store.open(path) as store:
            await store.reader.fetch("SELECT sum(length(event_type)) FROM workspace_events")
    assert is_corrupt(caught.value)
    assert quarantine(path, 5).read_bytes()[: 4096 * 2][4096:] == content[4096 : 4096 * 2]
    async with Store.open(path) as store:
        assert store.schema_before == 0
