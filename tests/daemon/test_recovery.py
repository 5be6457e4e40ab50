"""What a start, or a running daemon, finds broken, and how it comes back without help."""

from __future__ import annotations

import shutil
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from driftd.store.migrate import schema_version
from tests.daemon.harness import Client, RpcError, daemon, write_tree

TREE = {f"m{number}.py": f"def f{number}():\n    return 1\n" for number in range(20)}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A workspace of twenty functions."""
    return write_tree(tmp_path / "w", TREE)


@pytest.fixture
def analysed(tree: Path) -> Path:
    """The workspace after a daemon analysed it and stopped."""
    with daemon(tree) as running, running.client() as client:
        client.call("sync", timeout_s=60)
        assert running.stop() == 0
    return tree


def names(client: Client) -> set[str]:
    return {item["name"] for item in client.items("functions")} - {"<module>"}


def start(tree: Path) -> subprocess.CompletedProcess[str]:
    """Start a daemon that is expected to refuse, and return how it ended."""
    return subprocess.run(
        [sys.executable, "-m", "driftd", "serve", str(tree)], capture_output=True, text=True, timeout=60, check=False
    )


def database(tree: Path) -> Path:
    return tree / ".drift" / "drift.db"


def aside(tree: Path) -> list[Path]:
    """Return the databases that were put aside."""
    return [path for path in (tree / ".drift").glob("drift.db.damaged-*") if not path.name.endswith(("-wal", "-shm"))]


def test_leftovers_of_a_killed_daemon_do_no_harm(analysed: Path) -> None:
    """A stale socket, a lock file and runs that still say `running` are what a kill leaves: the start clears them up."""
    with closing(sqlite3.connect(database(analysed))) as connection, connection:
        connection.execute(
            "INSERT INTO scan_history (started_at, root_path, trigger, status) VALUES (1, '/', 'files', 'running')"
        )
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(analysed / ".drift" / "driftd.sock"))
    with daemon(analysed) as running, running.client() as client:
        client.call("sync", timeout_s=60)
        runs = client.items("scan_history", status="running")
        dead = [run["error"] for run in client.items("scan_history", status="failed")]

    assert runs == []
    assert dead == ["the process ended during the run"]


@pytest.mark.parametrize("damage", ["text", "pages"])
def test_a_damaged_database_is_put_aside_and_made_anew(analysed: Path, damage: str) -> None:
    """Whether the file is no database or has broken pages: it is kept under another name and the model is complete."""
    content = database(analysed).read_bytes()
    broken = b"not a database" * 100 if damage == "text" else content[:4096] + b"\xa5" * (len(content) - 4096)
    database(analysed).write_bytes(broken)
    with daemon(analysed) as running, running.client() as client:
        client.call("sync", timeout_s=60)
        found = names(client)
        code = running.stop()

    assert found == {f"f{number}" for number in range(20)}
    assert [path.read_bytes()[4096:] for path in aside(analysed)] == [broken[4096:]]
    assert code == 0


def test_damage_found_while_running_is_repaired(tree: Path) -> None:
    """When pages break under a running daemon it notices at the next query, puts the file aside and analyses anew."""
    with daemon(tree) as running:
        with running.client() as client:
            client.call("sync", timeout_s=60)
            with closing(sqlite3.connect(database(tree))) as other:
                other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            size = database(tree).stat().st_size
            with database(tree).open("r+b") as file:
                file.seek(4096)
                file.write(b"\xa5" * (size - 4096))
            with pytest.raises((RpcError, ConnectionError)):
                edit_until_it_fails(tree, client)
        running.wait_for("READY=1")
        with running.client() as client:
            client.call("sync", timeout_s=60)
            found = names(client)

    assert found == {f"f{number}" for number in range(20)}
    assert len(aside(tree)) == 1


def edit_until_it_fails(tree: Path, client: Client) -> None:
    """Save files and ask for them; what is cached in memory may answer for a while."""
    for number in range(100):
        (tree / f"m{number % 20}.py").write_text(f"def f{number % 20}():\n    return {number}\n")
        client.call("sync", timeout_s=60)
        names(client)


def test_a_newer_database_is_refused_and_left_alone(analysed: Path) -> None:
    """The start ends with 3, says so in one line, and the file keeps every byte."""
    with closing(sqlite3.connect(database(analysed))) as connection:
        connection.execute(f"PRAGMA user_version = {schema_version() + 1}")
    before = database(analysed).read_bytes()
    ended = start(analysed)

    assert ended.returncode == 3
    assert str(schema_version() + 1) in ended.stderr
    assert "Traceback" not in ended.stderr
    assert database(analysed).read_bytes() == before


def test_a_deleted_folder_comes_back_current(tree: Path) -> None:
    """`rm -rf .drift` under a running daemon: it begins anew, ready again, and knows what was saved meanwhile."""
    with daemon(tree) as running:
        with running.client() as client:
            client.call("sync", timeout_s=60)
        shutil.rmtree(tree / ".drift")
        (tree / "meanwhile.py").write_text("def meanwhile():\n    pass\n")
        running.wait_for("READY=1")
        with running.client() as client:
            client.call("sync", timeout_s=60)
            found = names(client)
        code = running.stop()

    assert found == {"meanwhile", *(f"f{number}" for number in range(20))}
    assert code == 0


def test_a_full_disk_stops_nothing_but_writing(tree: Path) -> None:
    """While the database cannot grow the daemon answers and says why it is behind; with space again it catches up."""
    with daemon(tree) as running, running.client() as client:
        client.call("sync", timeout_s=60)
        _, hard = resource_limit(running.process.pid, database(tree).stat().st_size)
        for number in range(300):
            (tree / f"more{number}.py").write_text(
                "".join(f"def g{number}_{inner}():\n    return {inner}\n" for inner in range(20))
            )
        with pytest.raises(RpcError):
            client.call("analyze")
        degraded = client.call("status")["as_of"]["degraded"]
        old = names(client) >= {"f0", "f19"}
        resource_limit(running.process.pid, hard)
        client.call("sync", timeout_s=60)
        found = names(client)
        healthy = client.call("status")["as_of"]["degraded"]

    assert "the last run failed" in degraded
    assert old
    assert len(found) == 20 + 300 * 20
    assert healthy is None


def resource_limit(pid: int, file_size: int) -> tuple[int, int]:
    """Set the largest size that a process may give a file; returns the limits before."""
    import resource

    soft, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (file_size, hard))
    return soft, hard
