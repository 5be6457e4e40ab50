"""The daemon as a whole: start, answer, follow the disk, stop; a real process on a real tree."""

from __future__ import annotations

import sqlite3
import stat
from pathlib import Path

import pytest

from tests.daemon.harness import daemon, write_tree

TREE = {
    "app/__init__.py": "",
    "app/store.py": "class Store:\n    def save(self, item):\n        return item\n",
    "app/main.py": "from app.store import Store\n\n\ndef run():\n    store = Store()\n    return store.save(1)\n",
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A small workspace."""
    return write_tree(tmp_path / "w", TREE)


def test_a_started_daemon_has_analysed_the_tree(tree: Path) -> None:
    """After `sync` the functions of every file are there, with the module rows."""
    with daemon(tree) as running, running.client() as client:
        client.call("sync", timeout_s=60)
        names = {(item["file"], item["qualified_name"]) for item in client.items("functions")}

    assert names == {
        ("app/__init__.py", "<module>"),
        ("app/main.py", "<module>"),
        ("app/main.py", "run"),
        ("app/store.py", "<module>"),
        ("app/store.py", "Store.save"),
    }


def test_a_saved_file_becomes_current_without_being_asked(tree: Path) -> None:
    """A save wakes the daemon; the event of the finished run comes after the new function is readable."""
    with daemon(tree) as running, running.client() as client:
        client.call("sync", timeout_s=60)
        client.call("subscribe", topics=["analysis.finished"])
        (tree / "app" / "store.py").write_text("def fresh():\n    return 2\n")
        event = client.event("analysis.finished")
        names = [item["qualified_name"] for item in client.items("functions", file="app/store.py")]

    assert event["status"] == "completed"
    assert event["files"]["modified"] == 1
    assert sorted(names) == ["<module>", "fresh"]


def test_sync_returns_after_everything_saved_before_it(tree: Path) -> None:
    """What was written before `sync` is in the model when it returns: new, changed and deleted files alike."""
    with daemon(tree) as running, running.client() as client:
        client.call("sync", timeout_s=60)
        for round_ in range(5):
            folder = tree / f"new{round_}" / "deep"
            folder.mkdir(parents=True)
            (folder / "a.py").write_text(f"def added_{round_}():\n    pass\n")
            as_of = client.call("sync", timeout_s=60)["as_of"]
            assert as_of["pending"] == 0
            assert len(client.items("functions", name=f"added_{round_}")) == 1
        (tree / "app" / "main.py").unlink()
        client.call("sync", timeout_s=60)
        assert client.items("functions", file="app/main.py") == []


def test_the_edges_of_other_files_follow_a_change(tree: Path) -> None:
    """When the called method goes, the edge to it goes, although the calling file did not change."""
    with daemon(tree) as running, running.client() as client:
        client.call("sync", timeout_s=60)
        before = [item["qualified_name"] for item in client.items("callees", function="run")]
        (tree / "app" / "store.py").write_text("class Store:\n    pass\n")
        client.call("sync", timeout_s=60)
        after = client.items("callees", function="run")

    assert before == ["Store.save"]
    assert after == []


def test_files_are_private_and_the_socket_goes_with_the_daemon(tree: Path) -> None:
    """`.drift` is 0700, database and socket are 0600, and a stopped daemon leaves no socket and exits with 0."""
    with daemon(tree) as running:
        drift = tree / ".drift"
        modes = {
            path.name: stat.S_IMODE(path.stat().st_mode) for path in (drift, drift / "drift.db", running.socket_path)
        }
        code = running.stop()
        left = running.socket_path.exists()

    assert modes == {".drift": 0o700, "drift.db": 0o600, "driftd.sock": 0o600}
    assert code == 0
    assert not left


def test_shutdown_over_the_socket_ends_the_daemon(tree: Path) -> None:
    """`shutdown` is answered, then the process ends with 0 and the database is whole."""
    with daemon(tree) as running:
        with running.client() as client:
            client.call("sync", timeout_s=60)
            client.call("shutdown")
        code = running.process.wait(30)
        with sqlite3.connect(tree / ".drift" / "drift.db") as connection:
            (verdict,) = connection.execute("PRAGMA integrity_check").fetchone()
        connection.close()

    assert code == 0
    assert verdict == "ok"


def test_a_second_start_serves_the_same_without_parsing(tree: Path) -> None:
    """A warm start finds every file unchanged and answers with the same functions and edges."""
    with daemon(tree) as running, running.client() as client:
        client.call("sync", timeout_s=60)
        functions, edges = client.items("functions"), client.items("call_edges")
        running.stop()
    with daemon(tree) as running, running.client() as client:
        client.call("sync", timeout_s=60)
        status = client.call("status")
        assert client.items("functions") == functions
        assert client.items("call_edges") == edges

    assert status["last_run"]["files"]["unchanged"] == len(TREE)
    assert status["languages"]["python"]["files"] == len(TREE)
    assert "calls" in status["languages"]["python"]["reads"]
    assert status["writer"]["rows"].get("functions", 0) == 0
    assert status["writer"]["rows"].get("call_edges", 0) == 0


def test_a_second_daemon_is_refused(tree: Path) -> None:
    """One daemon a workspace: the second one says who is there and exits with 3; the first goes on."""
    with daemon(tree) as running, running.client() as client:
        second = running.again()
        assert second.returncode == 3
        assert str(running.process.pid) in second.stderr
        assert client.call("ping") == "pong"
