"""Runs the project stages: in the order of their needs, timed by the given clock, each failure kept to itself.

A stage that raises keeps its tables' last good rows; what it missed is remembered and given to it again with the
next change, so that one failure never leaves a hole.
"""

from __future__ import annotations

import traceback
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from queue import SimpleQueue
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from driftd.pipeline.project import Change
from driftd.pipeline.stage import Cancelled, Findings, ProjectStage, Remembering, in_order

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from driftd.pipeline.project import Project


class StageReport(msgspec.Struct, frozen=True):
    """How one stage went.  `findings` is None when it failed; then `error` holds the traceback.

    One that `goes_on` is a part of what the stage finds; more of it follows.
    """

    name: str
    duration_ms: float
    findings: Findings | None
    error: str | None = None
    goes_on: bool = False


_News: TypeAlias = "SimpleQueue[StageReport | tuple[ProjectStage, Future[StageReport | None]]]"


class Runner:
    """Holds the ordered project stages and what each of them still has to be told."""

    def __init__(self, stages: Iterable[ProjectStage], monotonic: Callable[[], float]) -> None:
        """Order the stages; raises ValueError for declarations that contradict each other."""
        self.stages = in_order(stages)
        self._monotonic = monotonic
        self._missed: dict[str, Change] = {}

    @property
    def is_behind(self) -> bool:
        """Whether a stage was cancelled or failed and still has to be given what it missed."""
        return bool(self._missed)

    def run(
        self,
        project: Project,
        change: Change,
        cancelled: Callable[[], bool] = lambda: False,
        *,
        threads: int = 1,
        in_parts: bool = False,
    ) -> Iterator[StageReport]:
        """Run every stage over the change and yield its report as it ends; `in_parts`, where it can, some of it before.

        With several threads, stages that do not need each other overlap: one that waits for other processes leaves
        the time to the next.  A cancelled run stops between stages, and within those that raise `Cancelled`; those
        that did not end get the change with the next run.
        """
        waiting = list(self.stages)
        ended: set[str] = set()
        failed: set[str] = set()
        running = 0
        news: _News = SimpleQueue()

        def ends(stage: ProjectStage, future: Future[StageReport | None]) -> None:
            news.put((stage, future))

        with ThreadPoolExecutor(threads, thread_name_prefix="stage") as pool:
            while waiting or running:
                for stage in [stage for stage in waiting if ended.issuperset(stage.needs)]:
                    waiting.remove(stage)
                    blocked = failed.intersection(stage.needs)
                    if blocked:
                        self._missed[stage.name] = self._due(stage, change)
                        ended.add(stage.name)
                        failed.add(stage.name)
                        reason = f"not run: it needs {', '.join(sorted(blocked))}, which failed"
                        yield StageReport(stage.name, 0.0, None, reason)
                    else:
                        running += 1
                        tell = news.put if in_parts else None
                        future = pool.submit(self._run, stage, project, self._due(stage, change), cancelled, tell)
                        future.add_done_callback(partial(ends, stage))
                if not running:
                    continue
                one = news.get()
                if isinstance(one, StageReport):
                    yield one
                    continue
                running -= 1
                stage, future = one
                ended.add(stage.name)
                report = future.result()
                if report is None:
                    continue
                if report.findings is None:
                    failed.add(stage.name)
                yield report

    def _run(
        self,
        stage: ProjectStage,
        project: Project,
        due: Change,
        cancelled: Callable[[], bool],
        tell: Callable[[StageReport], None] | None,
    ) -> StageReport | None:
        """Run one stage; None if the run was cancelled before it ended.  Parts but for the last go to `tell`."""
        if cancelled():
            self._missed[stage.name] = due
            return None
        started = self._monotonic()
        try:
            if tell is not None and isinstance(stage, Remembering):
                findings = None
                for part in stage.stream(project, due):
                    if findings is not None:
                        tell(StageReport(stage.name, self._since(started), findings, goes_on=True))
                    findings = part
            else:
                findings = stage.run(project, due)
        except Cancelled:
            self._missed[stage.name] = due
            return None
        except Exception:  # noqa: BLE001 - reported with its traceback; the other stages go on
            self._missed[stage.name] = due
            return StageReport(stage.name, self._since(started), None, traceback.format_exc(limit=-8))
        return StageReport(stage.name, self._since(started), findings)

    def rest(self) -> None:
        """Have every stage keep what it remembers in the least space."""
        for stage in self.stages:
            if isinstance(stage, Remembering):
                stage.rest()

    def missed(self, stage: str, change: Change) -> None:
        """Remember that the rows which `stage` found for `change` were not stored: it gets the change again."""
        self._missed[stage] = merged(change, self._missed[stage]) if stage in self._missed else change

    def _due(self, stage: ProjectStage, change: Change) -> Change:
        missed = self._missed.pop(stage.name, None)
        return change if missed is None else merged(missed, change)

    def _since(self, started: float) -> float:
        return (self._monotonic() - started) * 1000


def merged(earlier: Change, later: Change) -> Change:
    """Return the one change that two changes, one after the other, amount to."""
    return Change(
        changed=(earlier.changed - later.removed) | later.changed,
        removed=(earlier.removed - later.changed) | later.removed,
        interface_changed=earlier.interface_changed | later.interface_changed,
        names_changed=earlier.names_changed | later.names_changed,
        lookups_changed=earlier.lookups_changed | later.lookups_changed,
    )
