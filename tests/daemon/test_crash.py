"""SIGKILL at chosen moments: the database is whole, what was confirmed is in it, and the next start is current."""

from __future__ import annotations

import shutil
import sqlite3
import sysconfig
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.daemon.harness import Client, Daemon, daemon

NEW = "def saved_before_the_kill():\n    return 1\n"


@pytest.fixture(scope="module")
def analysed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tree of real packages with the database of a daemon that was killed when it had analysed them."""
    library = Path(sysconfig.get_path("stdlib"))
    root = tmp_path_factory.mktemp("analysed") / "w"
    for name in ("asyncio", "json"):
        shutil.copytree(library / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    with daemon(root) as running, running.client() as client:
        client.call("sync", timeout_s=100)
        running.kill()
    return root


def during_start(running: Daemon, _client: Client) -> None:
    """Kill while the model is restored."""


def amid_files(running: Daemon, client: Client) -> None:
    """Kill when a part of the files is stored."""
    wait_for_progress(running, client, "files")


def amid_stages(running: Daemon, client: Client) -> None:
    """Kill when the files are stored and the tables that depend on all of them are not."""
    wait_for_progress(running, client, "stages")


def amid_requests(running: Daemon, client: Client) -> None:
    """Kill when clients wait for answers."""
    client.call("sync", timeout_s=100)
    for _ in range(10):
        client.send("functions")
        client.send("analyze")


def after_confirmation(running: Daemon, client: Client) -> None:
    """Kill right after `sync` confirmed a save."""
    (running.root / "json" / "saved.py").write_text(NEW)
    client.call("sync", timeout_s=100)


def wait_for_progress(running: Daemon, client: Client, stage: str) -> None:
    client.call("sync", timeout_s=100)
    client.call("subscribe", topics=["analysis.progress"])
    for path in running.root.rglob("*.py"):
        path.write_text(path.read_text(encoding="utf-8", errors="replace") + "\ndef appended():\n    pass\n")
    while True:
        event = client.event("analysis.progress")
        if event["stage"] == stage and event["done"] > 0:
            return


@pytest.mark.parametrize("moment", [during_start, amid_files, amid_stages, amid_requests, after_confirmation])
def test_a_kill_costs_nothing(analysed: Path, tmp_path: Path, moment: Callable[[Daemon, Client], None]) -> None:
    """After the kill the file passes the integrity check; the next start serves what is on the disk, with no run of
    the dead process left `running`, and equals an analysis from nothing.
    """
    root = tmp_path / "w"
    shutil.copytree(analysed, root, ignore=shutil.ignore_patterns("*.sock", "*.lock"))
    with daemon(root) as running, running.client() as client:
        moment(running, client)
        running.kill()
    with closing(sqlite3.connect(root / ".drift" / "drift.db")) as connection:
        verdict = connection.execute("PRAGMA integrity_check").fetchall()
        confirmed = connection.execute("SELECT name FROM functions WHERE file = 'json/saved.py' ORDER BY 1").fetchall()
    with daemon(root) as running, running.client() as client:
        client.call("sync", timeout_s=100)
        left = client.items("scan_history", status="running")
        equal = running.verify()

    assert verdict == [("ok",)]
    assert confirmed == ([("<module>",), ("saved_before_the_kill",)] if moment is after_confirmation else [])
    assert left == []
    assert equal == "equal: the live analysis is what one made from nothing gives\n"
