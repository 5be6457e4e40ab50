"""A process with a worker pool, for the test that kills it: prints the workers' ids, then waits for its end."""

from __future__ import annotations

import asyncio

from driftd.daemon.tasks import Task
from driftd.daemon.workers import PoolSettings, WorkerPool
from tests.daemon.worker_entries import misbehave


async def main() -> None:
    pool = WorkerPool(PoolSettings(workers=2, file_timeout_s=600, max_file_size=1000), entry=misbehave)
    pool.start()
    [_ async for _ in pool.run([Task("fine.py", b"", "python", 1)])]
    assert pool._pool is not None
    print(*pool._pool.ids, flush=True)
    [_ async for _ in pool.run([Task("hang.py", b"", "python", 1)])]


if __name__ == "__main__":
    asyncio.run(main())
