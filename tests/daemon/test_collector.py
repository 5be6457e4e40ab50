"""When the garbage collector may look at the model: after small runs, and never while much of it is replaced."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from driftd.daemon.engine import LARGE_RUN
from driftd.daemon.report import Progress
from tests.daemon.embedded_engine import Bench, bench
from tests.daemon.harness import write_tree


@pytest.fixture(scope="module")
def shared() -> Iterator[Bench]:
    with bench() as started:
        yield started


def observed(seen: dict[str, set[bool]]) -> Progress:
    """Return a progress that notes whether the collector may run in each part of a run."""

    def progress(part: str, done: int, total: int) -> None:
        if part != "scan":
            seen.setdefault(part, set()).add(gc.isenabled())

    return progress


@pytest.mark.parametrize(
    ("changed", "full", "may_collect"),
    [
        pytest.param(0, True, {"files": {False}}, id="all again"),  # and no stage has anything to do
        pytest.param(LARGE_RUN, False, {"files": {False}, "stages": {False}}, id="all changed"),
        pytest.param(1, False, {"files": {True}, "stages": {True}}, id="one saved"),
    ],
)
def test_collector_stands_still_in_large_runs(
    tmp_path: Path, shared: Bench, changed: int, full: bool, may_collect: dict[str, set[bool]]
) -> None:
    """A run that replaces much is not interrupted by walks over it, also where no file changed; a save may be."""
    root = write_tree(tmp_path / "w", {f"m{n}.py": f"def f():\n    return {n}\n" for n in range(LARGE_RUN)})
    with shared.store(tmp_path / "drift.db") as store:
        engine = shared.engine(root, store)
        first: dict[str, set[bool]] = {}
        assert shared.run(engine, progress=observed(first)).files["added"] == LARGE_RUN
        for n in range(changed):
            (root / f"m{n}.py").write_text(f"def f():\n    return -{n}\n\n")
        again: dict[str, set[bool]] = {}
        report = shared.run(engine, full=full, progress=observed(again))

    assert (report.status, report.files["modified"]) == ("completed", changed)
    assert first == {"files": {False}, "stages": {False}}
    assert again == may_collect
    assert gc.isenabled()
