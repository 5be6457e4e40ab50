"""The analysis in the calling process, for `driftd analyze` without a daemon and for `verify`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import anyio

from driftd.clock import Clock, SystemClock
from driftd.config import Settings, load
from driftd.daemon import memory
from driftd.daemon.engine import Engine
from driftd.daemon.learning import Learning
from driftd.daemon.report import no_progress
from driftd.errors import NotFoundError
from driftd.retention.janitor import Janitor
from driftd.store.store import Store
from driftd.watch.workspace import Layout, acquire_lock


def analyze(
    root: Path,
    *,
    full: bool,
    force: bool,
    paths: tuple[str, ...] = (),
    progress: Callable[[str, int, int], None] | None = None,
) -> dict[str, Any]:
    """Make the analysis of the workspace current and return the report of the run.

    Raises BusyError while a daemon holds the workspace, RefusedError for a place that is none.
    """
    memory.after_imports()
    settings = load(root)
    layout = Layout(root)
    layout.ensure(force=force)
    with acquire_lock(layout):
        return anyio.run(
            partial(
                analyse_into,
                root,
                layout.database,
                settings,
                SystemClock(),
                full=full,
                paths=paths or None,
                progress=progress or no_progress,
                keep=True,
            )
        )


def gc(
    root: Path,
    days: Mapping[str, int],
    *,
    dry_run: bool,
    progress: Callable[[str, int, int], None] | None = None,
) -> dict[str, Any]:
    """Clean up the workspace's database and return the report; `days` are other days for this once.

    Raises BusyError while a daemon holds the workspace, NotFoundError where there is no database yet.
    """
    memory.after_imports()
    settings = load(root)
    layout = Layout(root)
    if not layout.database.exists():
        raise NotFoundError(f"{root} has no database", hint="analyse it first: driftd analyze")
    with acquire_lock(layout):
        return anyio.run(partial(_gc, layout, settings, days, dry_run, progress or no_progress))


async def _gc(
    layout: Layout,
    settings: Settings,
    days: Mapping[str, int],
    dry_run: bool,
    progress: Callable[[str, int, int], None],
) -> dict[str, Any]:
    queue, clock = settings.store.queue_size, SystemClock()
    # What a sweep folds is what people typed, which is kept safe beside the database.
    async with Store.open(layout.database, clock, queue_size=queue, workspace=layout.root) as store:
        janitor = Janitor(store, settings, clock)
        policy = janitor.policy.overridden(**days)
        return (await janitor.gc(policy, dry_run=dry_run, progress=progress)).as_dict()


async def analyse_into(
    root: Path,
    database: Path,
    settings: Settings,
    clock: Clock,
    *,
    full: bool = False,
    paths: tuple[str, ...] | None = None,
    progress: Callable[[str, int, int], None] = no_progress,
    keep: bool = False,
    learning: Learning | None = None,
) -> dict[str, Any]:
    """Analyse `root` into the database at `database`; `keep` it safe if it is the workspace's own.

    `learning` is what people said, where the database does not hold it.
    """
    workspace = root if keep else None
    async with Store.open(database, clock, queue_size=settings.store.queue_size, workspace=workspace) as store:
        engine = Engine(root, store, settings, clock, learning, once=True)
        try:
            await engine.restore()
            report = await engine.run(trigger="request", paths=paths, full=full, progress=progress)
        finally:
            with anyio.CancelScope(shield=True):
                await engine.close()
        return {**report.as_dict(), "unexamined": engine.unexamined}
