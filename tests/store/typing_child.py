"""Gives feedback without end, amid other writes, and prints each violation once it is acknowledged; is killed."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from driftd.rows.workspace import WorkspaceEventRow
from driftd.store.commands import Append
from tests.store.kept import kept, say


async def main(root: Path) -> None:
    async with kept(root) as store:

        async def give() -> None:
            number = 0
            while True:
                await say(store, f"v{number}")
                sys.stdout.write(f"v{number}\n")
                sys.stdout.flush()
                number += 1
                if number % 20 == 0:
                    await store.begin_journal_anew()

        async def analyse() -> None:
            while True:
                await store.writer.submit(Append(WorkspaceEventRow, [WorkspaceEventRow(event_type="x")] * 20))

        await asyncio.gather(give(), analyse())


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
