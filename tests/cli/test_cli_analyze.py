"""`driftd analyze`: by the daemon or in this process, its progress, its summary and its exit code."""

from __future__ import annotations

import json
import logging
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from driftd.cli import main
from driftd.errors import BusyError, RefusedError
from tests.cli.fake_daemon import FakeDaemon, driftd

REPORT: dict[str, Any] = {
    "run_id": 7,
    "status": "completed",
    "files": {"total": 3, "added": 2, "modified": 1, "removed": 0, "unchanged": 0, "failed": 1},
    "rows": {"functions": 12, "call_edges": 5, "constants": 0},
    "stages": [
        {"name": "scan", "duration_ms": 4, "rows": 0, "error": None},
        {"name": "call_graph", "duration_ms": 1500, "rows": 5, "error": None},
    ],
    "problems": [{"file": "bad.py", "line": 3, "message": "syntax error"}],
    "duration_ms": 2345,
}


@pytest.fixture
def embedded(monkeypatch: pytest.MonkeyPatch) -> Iterator[types.SimpleNamespace]:
    """Put a double in the place of the analysis in this process; `results` are what its calls give, in order."""
    double = types.SimpleNamespace(results=[REPORT], calls=[])

    def analyze(root: Path, **options: Any) -> Any:
        double.calls.append((root, options))
        result = double.results.pop(0)
        if isinstance(result, Exception):
            raise result
        options["progress"]("scan", 1, 2)
        return result

    module = types.ModuleType("driftd.daemon.embedded")
    module.analyze = analyze  # type: ignore[attr-defined]  # a module made on the spot
    monkeypatch.setitem(sys.modules, "driftd.daemon.embedded", module)
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield double
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


def test_the_running_daemon_does_it(workspace: Path, daemon: FakeDaemon) -> None:
    """Progress arrives as plain lines on stderr, the summary on stdout; a file that failed is no failure of ours."""
    daemon.answers["analyze"] = lambda _params: REPORT
    daemon.before["analyze"] = [
        {"jsonrpc": "2.0", "method": "$/progress", "params": {"token": "t", "stage": stage, "done": done, "total": 3}}
        for stage, done in (("scan", 0), ("parse", 1), ("parse", 3))
    ]
    done = driftd("analyze", workspace, "--full", "--path", "src")
    assert done.returncode == 0
    assert done.stderr == "driftd: scan, 3 to do\ndriftd: parse, 3 to do\n"
    assert done.stdout == (
        f"{workspace}: analysed in 2.35 s (run 7)\n"
        "\n"
        "3 files: 2 added, 1 modified, 0 removed, 0 unchanged\n"
        "1 file could not be examined\n"
        "\n"
        "17 rows written:\n"
        "  call_edges         5\n"
        "  functions         12\n"
        "\n"
        "name        duration_ms  rows  error\n"
        "scan               4 ms     0      -\n"
        "call_graph        1.5 s     5      -\n"
        "\n"
        "1 problem\n"
        "  bad.py:3: syntax error\n"
    )
    assert daemon.asked("analyze") == [{"full": True, "paths": ["src"], "progress_token": "driftd-analyze"}]


def test_json_is_the_report(workspace: Path, daemon: FakeDaemon) -> None:
    """--json prints what the daemon answered."""
    daemon.answers["analyze"] = lambda _params: REPORT
    assert json.loads(driftd("analyze", workspace, "--json").stdout) == REPORT


def test_without_a_daemon_this_process_does_it(
    workspace: Path, embedded: types.SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    """No daemon is no error for analyze."""
    assert main(["analyze", str(workspace), "--full", "--force"]) == 0
    ((root, options),) = embedded.calls
    options.pop("progress")
    assert (root, options) == (workspace, {"full": True, "force": True, "paths": ()})
    assert "17 rows written" in capsys.readouterr().out


def test_a_lock_that_is_held_for_a_moment_is_waited_for(workspace: Path, embedded: types.SimpleNamespace) -> None:
    """A daemon that starts or stops holds the lock without answering: it is tried again."""
    embedded.results = [BusyError("held"), BusyError("held"), REPORT]
    assert main(["analyze", str(workspace)]) == 0
    assert len(embedded.calls) == 3


def test_a_lock_that_stays_held_is_exit_code_3(
    workspace: Path,
    embedded: types.SimpleNamespace,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """After the time for a handover the error travels."""
    monkeypatch.setattr("driftd.cli.analyze.HANDOVER_S", 0.0)
    embedded.results = [BusyError("held by process 12", hint="driftd stop")]
    assert main(["analyze", str(workspace)]) == 3
    assert capsys.readouterr().err == "driftd: held by process 12 (driftd stop)\n"


def test_a_refused_workspace_is_exit_code_3(workspace: Path, embedded: types.SimpleNamespace) -> None:
    """What the analysis refuses is not tried again."""
    embedded.results = [RefusedError("this is your home folder", hint="--force")]
    assert main(["analyze", str(workspace)]) == 3


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"stages": [{"name": "call_graph", "duration_ms": 1, "rows": 0, "error": "KeyError: 'x'"}]},
            "driftd: incomplete: call_graph failed and kept the rows of the last good run",
        ),
        ({"status": "failed", "error": "no space left"}, "driftd: incomplete: the run was failed: no space left"),
        ({"status": "cancelled"}, "driftd: incomplete: the run was cancelled: no reason given"),
    ],
)
def test_a_part_of_the_analysis_that_failed_is_exit_code_3(
    change: dict[str, Any], said: str, workspace: Path, daemon: FakeDaemon
) -> None:
    """What the analysis finds is 0; that a part of it did not run is never a silent pass."""
    daemon.answers["analyze"] = lambda _params: REPORT | change
    done = driftd("analyze", workspace)
    assert done.returncode == 3
    assert done.stderr.splitlines()[-1] == said


def test_an_analysis_that_changed_nothing_says_so(workspace: Path, daemon: FakeDaemon) -> None:
    """No rows written is not an empty table."""
    daemon.answers["analyze"] = lambda _params: REPORT | {"rows": {}, "stages": [], "problems": []}
    assert "0 rows written: nothing has changed\n" in driftd("analyze", workspace).stdout


def test_many_problems_are_cut(workspace: Path, daemon: FakeDaemon) -> None:
    """Twenty are shown, and how to see all of them."""
    problems = [{"file": f"f{i}.py", "message": "broken"} for i in range(25)]
    daemon.answers["analyze"] = lambda _params: REPORT | {"problems": problems}
    lines = driftd("analyze", workspace).stdout.splitlines()
    assert lines[-1] == "  and 5 more (all of them: --json)"
    assert lines[-2] == "  f19.py: broken"
