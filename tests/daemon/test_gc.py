"""Retention of a running daemon: on request, with progress and events, in `status`, and at its end."""

from __future__ import annotations

import signal
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from driftd.daemon import embedded
from driftd.errors import NotFoundError
from driftd.rows.declare import table_of
from driftd.rows.registry import TABLES
from tests.daemon.harness import Client, RpcError, daemon, write_tree

DAY = 86_400


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A small workspace."""
    return write_tree(tmp_path / "w", {"a.py": "def f():\n    return 1\n", "b.py": "X = 86400\n"})


def add(root: Path, ages: tuple[int, ...], size: int = 1) -> None:
    """Put in values of a metric that are so many days old."""
    now = int(time.time())
    with closing(sqlite3.connect(root / ".drift" / "drift.db")) as connection, connection:
        connection.executemany(
            "INSERT INTO health_trends (metric_name, metric_value, recorded_at) VALUES ('m', 1.0, ?)",
            [(now - age * DAY - at,) for age in ages for at in range(size)],
        )


def events(root: Path, kind: str) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(root / ".drift" / "drift.db")) as connection:
        found = connection.execute("SELECT details FROM workspace_events WHERE event_type = ? ORDER BY id", (kind,))
        return [msgspec.json.decode(details) for (details,) in found]


def deleted(report: dict[str, Any]) -> dict[tuple[str, str], int]:
    return {(item["table"], item["reason"]): item["deleted"] for item in report["tables"] if item["deleted"]}


def test_gc_answers_what_it_deleted(tree: Path) -> None:
    """A dry run counts, the next call deletes just that; every table is in the answer, and listeners hear of it."""
    with daemon(tree) as running, running.client() as client:
        client.call("sync", timeout_s=60)
        add(tree, (95, 94, 50, 1))
        client.call("subscribe", topics=["gc.finished"])
        dry = client.call("gc", dry_run=True)
        wet = client.call("gc", progress_token="gc")
        event = client.event("gc.finished")
        again = client.call("gc")
        stricter = client.call("gc", retention_days=10)
        with pytest.raises(RpcError, match="must be a day at least, and not get shorter"):
            client.call("gc", short_days=100)
        status = client.call("status")
        progress = [n["params"]["stage"] for n in client.notifications if n["method"] == "$/progress"]

    assert deleted(dry) == deleted(wet) == {("health_trends", "age"): 2}
    assert (dry["dry_run"], wet["dry_run"]) == (True, False)
    assert (dry["total_deleted"], wet["total_deleted"], again["total_deleted"]) == (2, 2, 0)
    assert {item["table"] for item in wet["tables"]} == {table_of(row).name for row in TABLES}
    assert {"find", "delete"} <= set(progress)
    assert event["total_deleted"] == 2
    assert deleted(stricter) == {("health_trends", "age"): 1}
    assert wet["bytes_after"] == status["db"]["bytes"]
    assert status["retention"]["last_sweep"]["total_deleted"] == 1
    assert sum(item["bytes"] for item in status["db"]["tables"]) <= status["db"]["bytes"]
    assert status["db"]["bytes_per_file"] == status["db"]["bytes"] // 2


def test_a_daemon_that_is_stopped_sweeps_lightly(tree: Path) -> None:
    """SIGTERM: what is old goes, it is recorded, and the process is gone within five seconds."""
    with daemon(tree) as running, running.client() as client:
        client.call("sync", timeout_s=60)
        add(tree, (95, 94, 1), size=20_000)
        started = time.monotonic()
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(30) == 0
        took = time.monotonic() - started
    (sweep,) = events(tree, "sweep")
    assert (sweep["trigger"], sweep["refused"]) == ("shutdown", None)
    assert took < 5
    assert events(tree, "stop") == [{"why": "asked"}]


def test_without_a_daemon_the_command_sweeps_itself(tree: Path) -> None:
    """The same report, from the calling process."""
    with pytest.raises(NotFoundError, match="has no database"):
        embedded.gc(tree, {}, dry_run=True)
    embedded.analyze(tree, full=False, force=False)
    add(tree, (95, 94, 1))
    dry = embedded.gc(tree, {}, dry_run=True)
    wet = embedded.gc(tree, {}, dry_run=False)
    assert deleted(dry) == deleted(wet) == {("health_trends", "age"): 2}


def test_saves_and_answers_go_on_during_a_sweep(tree: Path) -> None:
    """While many rows are deleted, a saved file becomes current and lists are answered."""
    with daemon(tree) as running, running.client() as client, Client(tree / ".drift" / "driftd.sock") as other:
        client.call("sync", timeout_s=60)
        add(tree, (95, 94, 93), size=20_000)
        request = client.send("gc", progress_token=1)
        (tree / "c.py").write_text("def g():\n    return 2\n")
        other.call("sync", timeout_s=60)
        assert {item["name"] for item in other.items("functions", file="c.py")} == {"<module>", "g"}
        report = client.answer(request)
    assert report["total_deleted"] == 3 * 20_000 - 1
    assert report["slices"] > 1
