"""What each signal does to a daemon, whatever it is doing."""

from __future__ import annotations

import shutil
import signal
import sqlite3
import sysconfig
from contextlib import closing
from pathlib import Path

import pytest

from tests.daemon.harness import Client, Daemon, daemon, write_tree

# The bar for SIGTERM, whatever is under way.
STOP_S = 5


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """Two hundred files of real code: packages of the standard library."""
    library = Path(sysconfig.get_path("stdlib"))
    for name in ("asyncio", "concurrent", "email", "http", "importlib", "json", "multiprocessing", "unittest", "xml"):
        shutil.copytree(library / name, tmp_path / "w" / name, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path / "w"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Two small folders."""
    return write_tree(tmp_path / "w", {"app/a.py": "def a():\n    pass\n", "generated/b.py": "def b():\n    pass\n"})


def wait_for_progress(client: Client, stage: str) -> None:
    """Return when the run that is under way has done a part of this stage."""
    client.call("subscribe", topics=["analysis.progress"])
    while True:
        event = client.event("analysis.progress")
        if event["stage"] == stage and event["done"] > 0:
            return


def files(client: Client) -> set[str]:
    return {item["file"] for item in client.items("functions")}


@pytest.mark.parametrize("stage", ["files", "stages"])
def test_sigterm_ends_a_cold_analysis_within_5_s(packages: Path, stage: str) -> None:
    """In the midst of reading files or of the project stages: exit code 0, a whole database, the run is cancelled.

    The next start does what was left.
    """
    with daemon(packages) as running:
        with running.client() as client:
            wait_for_progress(client, stage)
            running.process.send_signal(signal.SIGTERM)
            code = running.process.wait(STOP_S)
        left = running.socket_path.exists()
    with closing(sqlite3.connect(packages / ".drift" / "drift.db")) as connection:
        (verdict,) = connection.execute("PRAGMA integrity_check").fetchone()
        ended = connection.execute("SELECT status FROM scan_history").fetchall()
    with daemon(packages) as running, running.client() as client:
        client.call("sync", timeout_s=60)
        found = files(client)

    assert code == 0
    assert not left
    assert verdict == "ok"
    assert ended == [("cancelled",)]
    assert found == {str(path.relative_to(packages)) for path in packages.rglob("*.py")}


def test_a_second_sigint_ends_at_once(packages: Path) -> None:
    """The first Ctrl-C begins an orderly end; the second one does not wait for it: exit code 130."""
    with daemon(packages) as running, running.client() as client:
        wait_for_progress(client, "files")
        running.process.send_signal(signal.SIGINT)
        running.wait_for("STOPPING=1")
        running.process.send_signal(signal.SIGINT)
        code = running.process.wait(STOP_S)

    assert code == 130


def test_a_client_that_waits_hears_of_the_end(packages: Path) -> None:
    """A request that waits for a run is answered with an error when the daemon stops, not cut off."""
    with daemon(packages) as running, running.client() as client:
        wait_for_progress(client, "files")
        request = client.send("analyze")
        running.process.send_signal(signal.SIGTERM)
        with pytest.raises(Exception, match="shutting down"):
            client.answer(request)
        assert running.process.wait(STOP_S) == 0


def reload(running: Daemon, client: Client) -> None:
    """Send SIGHUP and wait for the run that it causes."""
    client.call("subscribe", topics=["analysis.finished"])
    running.process.send_signal(signal.SIGHUP)
    while "configuration" not in client.event("analysis.finished")["trigger"]:
        pass


def test_sighup_takes_another_configuration(tree: Path) -> None:
    """What is excluded now leaves the model, and comes back when it is not any more; the process stays the same."""
    with daemon(tree) as running, running.client() as client:
        client.call("sync", timeout_s=60)
        (tree / "drift.toml").write_text('[scan]\nexclude = ["generated/"]\n')
        reload(running, client)
        without = files(client)
        (tree / "drift.toml").unlink()
        reload(running, client)
        again = files(client)
        (tree / "app" / "a.py").write_text("def changed():\n    pass\n")
        client.call("sync", timeout_s=60)
        changed = [item["name"] for item in client.items("functions", file="app/a.py")]

    assert without == {"app/a.py"}
    assert again == {"app/a.py", "generated/b.py"}
    assert sorted(changed) == ["<module>", "changed"]


def test_a_wrong_configuration_is_reported_and_ignored(tree: Path) -> None:
    """SIGHUP with an unknown key: the log names it, the daemon goes on with what it had, and stops as usual."""
    with daemon(tree) as running, running.client() as client:
        client.call("sync", timeout_s=60)
        (tree / "drift.toml").write_text('[scan]\nexclud = ["generated/"]\n')
        running.process.send_signal(signal.SIGHUP)
        (tree / "app" / "new.py").write_text("def new():\n    pass\n")
        client.call("sync", timeout_s=60)
        found = files(client)
        assert running.stop() == 0
        log = running.log_path.read_text()

    assert found == {"app/a.py", "app/new.py", "generated/b.py"}
    assert "configuration not reloaded" in log
    assert "exclud" in log


def test_the_watchdog_is_fed(tree: Path) -> None:
    """Under a service manager with a watchdog the daemon reports itself alive, again and again, until it stops."""
    with daemon(tree, {"WATCHDOG_USEC": "200000"}) as running:
        for _ in range(3):
            running.wait_for("WATCHDOG=1")
        running.process.send_signal(signal.SIGTERM)
        running.wait_for("STOPPING=1")
        assert running.process.wait(STOP_S) == 0
