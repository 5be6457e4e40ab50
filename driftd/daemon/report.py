"""What a run tells: while it goes on, and what it did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, Final, Literal

import msgspec

Status = Literal["running", "completed", "partial", "cancelled", "failed"]
Progress = Callable[[str, int, int], None]  # (stage, done, total)

# A run's problems go into an answer that people read; a tree with thousands of them has one cause.
MAX_PROBLEMS: Final = 100


def no_progress(stage: str, done: int, total: int) -> None:
    """Ignore progress."""


class RunReport(msgspec.Struct):
    """What one run did; becomes the result of `analyze` and the `scan_history` row."""

    run_id: int
    trigger: str
    started_at: int
    finished_at: int | None = None
    status: Status = "running"
    files: dict[str, int] = {}
    rows: Counter[str] = msgspec.field(default_factory=Counter)
    stages: list[dict[str, Any]] = []
    problems: list[dict[str, Any]] = []
    duration_ms: int = 0
    error: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the report as the RPC interface shows it."""
        return {
            "run_id": self.run_id,
            "trigger": self.trigger,
            "status": self.status,
            "started_at": self.started_at,
            "finished_at": self.finished_at,
            "files": self.files,
            "rows": dict(self.rows),
            "stages": self.stages,
            "problems": self.problems,
            "duration_ms": self.duration_ms,
            "error": self.error,
        }

    def note(self, problem: dict[str, Any]) -> None:
        """Add a problem, unless there are many already."""
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(problem)
