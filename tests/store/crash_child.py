"""Writes without end and prints each number once it is acknowledged; killed by test_store_crash."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from driftd.rows.workspace import WorkspaceEventRow
from driftd.store.commands import Append
from driftd.store.store import Store


async def main(path: Path) -> None:
    async with Store.open(path) as store:

        async def write(lane: int) -> None:
            number = lane
            while True:
                rows = [WorkspaceEventRow(event_type=f"{number}") for _ in range(5)]
                await store.writer.submit(Append(WorkspaceEventRow, rows), durable=number % 7 == 0)
                sys.stdout.write(f"{number}\n")
                sys.stdout.flush()
                number += 8

        await asyncio.gather(*(write(lane) for lane in range(8)))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
