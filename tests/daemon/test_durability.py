"""What a person typed into a running daemon is there afterwards, whatever happens to daemon, files, disk or clock."""

from __future__ import annotations

import json
import os
import select
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from driftd.clock import FakeClock
from driftd.daemon.engine import Engine
from tests.daemon.embedded_engine import SETTINGS, bench
from tests.daemon.harness import Client, RpcError, daemon, write_tree
from tests.daemon.test_recovery import aside, database, names, resource_limit
from tests.store.kept import kept

TREE = {f"m{number}.py": f"def f{number}():\n    return 1\n" for number in range(5)}
FUNCTIONS = {f"f{number}" for number in range(5)}
YEAR = 365 * 24 * 3600


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A workspace of five functions."""
    return write_tree(tmp_path / "w", TREE)


def tell(client: Client, tree: Path, *violations: str) -> None:
    """Give feedback through the daemon: it is acknowledged when this returns."""
    file = tree.parent / f"{violations[0]}.jsonl"
    lines = [{"format": "driftd-export-1"}] + [
        {
            "table": "feedback",
            "row": {
                "violation_id": name,
                "pattern_id": "p",
                "detector_id": "r",
                "action": "dismiss",
                "created_at": int(time.time()),
            },
        }
        for name in violations
    ]
    file.write_text("\n".join(map(json.dumps, lines)))
    client.call("import", file=str(file))


def told(tree: Path) -> list[str]:
    """Return what the database holds of it."""
    with closing(sqlite3.connect(database(tree))) as connection:
        return [name for (name,) in connection.execute("SELECT violation_id FROM feedback ORDER BY id")]


def events(tree: Path, kind: str) -> list[dict[str, object]]:
    with closing(sqlite3.connect(database(tree))) as connection:
        found = connection.execute("SELECT details FROM workspace_events WHERE event_type = ?", (kind,)).fetchall()
    return [json.loads(details) for (details,) in found]


def delete_database(tree: Path) -> None:
    for name in ("drift.db", "drift.db-wal", "drift.db-shm"):
        (tree / ".drift" / name).unlink(missing_ok=True)


def delete_only_the_file(tree: Path) -> None:
    (tree / ".drift" / "drift.db").unlink()


def delete_log(tree: Path) -> None:
    (tree / ".drift" / "drift.db-wal").unlink()


def replace_database(tree: Path) -> None:
    other = tree.parent / "other.db"
    with closing(sqlite3.connect(other)) as connection, connection:
        connection.execute("CREATE TABLE strange (x)")
    other.replace(tree / ".drift" / "drift.db")


def spoil_database(tree: Path) -> None:
    path = tree / ".drift" / "drift.db"
    with path.open("r+b") as file:
        file.write(b"\xa5" * path.stat().st_size)


def cut_log(tree: Path) -> None:
    path = tree / ".drift" / "drift.db-wal"
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 3)


def delete_all_but_the_journal(tree: Path) -> None:
    for path in (tree / ".drift").iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != "journal":
            path.unlink()


def nothing(tree: Path) -> None:
    """Only the kill."""


AFTER_A_KILL = [nothing, delete_database, spoil_database, cut_log, delete_all_but_the_journal]


@pytest.mark.parametrize("damage", AFTER_A_KILL)
def test_feedback_survives_a_kill_and_the_loss_of_the_database(tree: Path, damage: Callable[[Path], None]) -> None:
    """SIGKILL right after the answer, then the files are damaged: the next start has the feedback and the model."""
    with daemon(tree) as running, running.client() as client:
        client.call("sync", timeout_s=60)
        for number in range(5):
            tell(client, tree, f"v{number}")
        running.kill()
    damage(tree)
    with daemon(tree) as running, running.client() as client:
        client.call("sync", timeout_s=60)
        found = names(client)
        equal = running.verify()
        running.stop()

    assert told(tree) == [f"v{number}" for number in range(5)]
    assert found == FUNCTIONS
    assert equal.startswith("equal")
    assert bool(events(tree, "recovery")) is (damage is not nothing)


@pytest.mark.parametrize("how", [delete_database, delete_only_the_file, delete_log, replace_database])
def test_files_taken_from_under_the_daemon_are_noticed(tree: Path, how: Callable[[Path], None]) -> None:
    """The daemon sees within seconds that its database or log is another one, begins again, and nothing is missing."""
    with daemon(tree) as running:
        with running.client() as client:
            client.call("sync", timeout_s=60)
            tell(client, tree, "before")
        how(tree)
        running.wait_for("READY=1")
        with running.client() as client:
            tell(client, tree, "after")
            client.call("sync", timeout_s=60)
            found = names(client)
        assert running.stop() == 0

    assert told(tree) == ["before", "after"]
    assert found == FUNCTIONS
    assert "taken away" in running.log_path.read_text()


def test_a_deleted_folder_costs_no_feedback(tree: Path) -> None:
    """`rm -rf .drift`, journal and backups included: the daemon still knows what was typed and writes it down again."""
    with daemon(tree) as running:
        with running.client() as client:
            client.call("sync", timeout_s=60)
            tell(client, tree, "before")
        shutil.rmtree(tree / ".drift")
        running.wait_for("READY=1")
        with running.client() as client:
            client.call("sync", timeout_s=60)
        running.kill()
    assert told(tree) == ["before"]


def test_a_full_disk_refuses_and_forgets_nothing(tree: Path) -> None:
    """What cannot be written is refused with a hint, reads go on, and with space again the same call succeeds."""
    with daemon(tree) as running, running.client() as client:
        client.call("sync", timeout_s=60)
        tell(client, tree, "before")
        _, hard = resource_limit(running.process.pid, 4096)
        with pytest.raises(RpcError) as refused:
            tell(client, tree, "refused")
        old = names(client)
        resource_limit(running.process.pid, hard)
        tell(client, tree, "after")
        running.kill()
    delete_database(tree)
    with daemon(tree) as running:
        assert running.stop() == 0

    assert refused.value.code == -32013
    assert "full" in refused.value.data["hint"]
    assert old == FUNCTIONS
    assert told(tree) == ["before", "after"]


@contextmanager
def small_disk(where: Path, options: str = "size=24m") -> Iterator[None]:
    """Mount a file system of its own; skips the test where this user may not."""
    where.mkdir(exist_ok=True)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", where], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("needs the right to mount")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", where], check=True)


def test_no_space_left_on_the_device(tmp_path: Path) -> None:
    """A real file system that is full while files are analysed and feedback is given: no corruption, nothing lost."""
    with small_disk(tmp_path / "w"):
        root = write_tree(tmp_path / "w", TREE)
        with daemon(root) as running, running.client() as client:
            client.call("sync", timeout_s=60)
            filler = root / "filler"
            fill(filler)
            refusals = [tell_or_refuse(client, root, f"v{number}") for number in range(20)]
            filler.unlink()
            tell(client, root, "after")
            client.call("sync", timeout_s=60)
            (root / "m9.py").write_text("def f9():\n    return 1\n")
            client.call("sync", timeout_s=60)
            found = names(client)
            running.kill()
        with closing(sqlite3.connect(database(root))) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert told(root) == [*(f"v{n}" for n, refusal in enumerate(refusals) if refusal is None), "after"]
        assert found == FUNCTIONS | {"f9"}
        assert refusals[-1] is not None
        assert all("full" in refusal for refusal in refusals if refusal is not None)


def fill(path: Path) -> None:
    """Write until the file system has no room."""
    with path.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"x" * 4096)


def tell_or_refuse(client: Client, tree: Path, violation: str) -> str | None:
    """Give feedback; return the hint if it is refused."""
    try:
        tell(client, tree, violation)
    except RpcError as error:
        return str(error.data["hint"])
    return None


def test_a_read_only_file_system_is_refused_and_left_alone(tmp_path: Path) -> None:
    """The start says so in one line and ends with 3; what can be read without writing still can."""
    with small_disk(tmp_path / "w"):
        root = write_tree(tmp_path / "w", TREE)
        with daemon(root) as running, running.client() as client:
            client.call("sync", timeout_s=60)
            tell(client, root, "kept")
            assert running.stop() == 0
        subprocess.run(["mount", "-o", "remount,ro", root], check=True)
        command = [sys.executable, "-m", "driftd"]
        refused = subprocess.run([*command, "serve", root], capture_output=True, text=True, check=False)
        exported = subprocess.run([*command, "export", root], capture_output=True, text=True, check=False)

    assert refused.returncode == 3
    assert "Read-only file system" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert exported.returncode == 0, exported.stderr
    assert '"kept"' in exported.stdout


def test_of_daemons_that_race_one_serves(tree: Path) -> None:
    """Four at once on a workspace that none has seen: one serves, the others say which process does, and end with 3."""
    command = [sys.executable, "-m", "driftd", "serve", str(tree)]
    logs = [tree.parent / f"racer{number}.log" for number in range(4)]
    racing = []
    for log in logs:
        with log.open("w") as file:
            racing.append(subprocess.Popen(command, stderr=file))
    try:
        left = {os.pidfd_open(process.pid): process for process in racing}
        while len(left) > 1:
            for gone in select.select(list(left), [], [], 60)[0]:
                left.pop(gone).wait()
                os.close(gone)
        ((descriptor, serving),) = left.items()
        os.close(descriptor)
        said = [log.read_text() for log, process in zip(logs, racing, strict=True) if process is not serving]
        assert [process.returncode for process in racing if process is not serving] == [3, 3, 3]
        assert all("is already served by the driftd with process id" in text for text in said)
        assert serving.poll() is None
    finally:
        for process in racing:
            process.kill()
            process.wait()
    with closing(sqlite3.connect(database(tree))) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_a_clock_that_jumps_breaks_no_analysis(tmp_path: Path) -> None:
    """A year back, then ten forward, with edits between: every run completes and the model is that of a fresh one."""
    root = write_tree(tmp_path / "w", TREE)
    clock = FakeClock(int(time.time()))
    with bench() as shared:
        manager = shared.portal.wrap_async_context_manager(kept(root, clock))
        with manager as store:
            engine = Engine(root, store, SETTINGS, clock)
            engine.pool = shared.pool
            shared.portal.call(engine.restore)
            statuses = []
            for number, jump in enumerate((0, -YEAR, 11 * YEAR, -10 * YEAR)):
                clock.jump(jump)
                (root / f"m{number}.py").write_text(f"def jumped{number}():\n    return {number}\n")
                (root / f"new{number}.py").write_text("def new():\n    return m0.f()\n")
                statuses.append(shared.run(engine).status)
            differences = shared.differences(root, store, tmp_path / "scratch.db")
    assert statuses == ["completed"] * 4
    assert differences == []


def test_backup_and_restore_through_the_daemon(tree: Path) -> None:
    """A backup is taken while it serves; restored, it is what the daemon starts over with, and what was is kept."""
    with daemon(tree) as running:
        with running.client() as client:
            client.call("sync", timeout_s=60)
            tell(client, tree, "early")
            made = client.call("backup")
            client.call("backup", file=str(tree.parent / "copy.db"))
            tell(client, tree, "late")
            with pytest.raises(RpcError, match="absolute"):
                client.call("restore", file="copy.db", confirm="DELETE")
            with pytest.raises(RpcError):
                client.call("restore", file=made["file"])
            restored = client.call("restore", file=made["file"], confirm="DELETE")
        running.wait_for("READY=1")
        with running.client() as client:
            client.call("sync", timeout_s=60)
            found = names(client)
            status = client.call("status")["safekeeping"]
        running.kill()
    assert told(tree) == ["early"]
    assert found == FUNCTIONS
    with closing(sqlite3.connect(restored["kept"])) as connection:
        assert connection.execute("SELECT count(*) FROM feedback").fetchone() == (2,)
    assert status["put_aside"][0].startswith("drift.db.replaced-")
    delete_database(tree)  # the journal is that of the restored database
    with daemon(tree) as running:
        running.stop()
    assert told(tree) == ["early"]
    assert aside(tree) == []


def test_a_damaged_backup_is_not_restored(tree: Path) -> None:
    """It is refused, the hint says what to do, and the daemon goes on with what it has."""
    with daemon(tree) as running, running.client() as client:
        client.call("sync", timeout_s=60)
        tell(client, tree, "kept")
        made = Path(client.call("backup")["file"])
        made.write_bytes(made.read_bytes()[: made.stat().st_size // 2])
        with pytest.raises(RpcError) as refused:
            client.call("restore", file=str(made), confirm="DELETE")
        names(client)
        running.stop()
    assert refused.value.code == -32013
    assert told(tree) == ["kept"]


CODE = "import hashlib\n\n\ndef sign(data):\n    return hashlib.md5(data).hexdigest()\n"


@pytest.mark.parametrize("damage", [delete_database, spoil_database])
def test_a_verdict_means_the_same_in_a_database_made_anew(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    """A dismissed finding is dismissed, taken back feedback taken back, and the pattern as sure as it was."""
    tree = write_tree(tmp_path / "w", {"app/a.py": CODE})
    with daemon(tree) as running, running.client() as client:
        client.call("sync", timeout_s=60)
        (found,) = client.items("violations", rule="security/python/weak-hash")
        client.call("feedback", violation_id=found["id"], action="fix", reason="so it was")
        undone = client.call("feedback", violation_id=found["id"], action="dismiss")
        client.call("feedback", undo=undone["feedback_id"])
        client.call(
            "feedback", violation_id=found["id"], action="dismiss", dismissal_reason="false_positive", author="eve"
        )
        before = verdicts(tree)
        running.kill()
    damage(tree)
    with daemon(tree) as running, running.client() as client:
        client.call("sync", timeout_s=60)
        after = verdicts(tree)
        equal = running.verify()
    assert after == before
    assert before["violations"] == [(1, "user")]
    assert len(before["feedback"]) == 4
    assert equal.startswith("equal")


def verdicts(tree: Path) -> dict[str, list[tuple[object, ...]]]:
    """Return what was said, what is silenced and how sure the pattern is."""
    questions = {
        "feedback": "SELECT * FROM feedback ORDER BY id",
        "violations": "SELECT suppressed, suppression_source FROM violations "
        "WHERE rule_id = 'security/python/weak-hash' ORDER BY suppressed DESC",
        "confidence": "SELECT alpha, beta, posterior_mean, tier FROM pattern_confidence "
        "WHERE pattern_id = 'python/weak-hash'",
    }
    with closing(sqlite3.connect(database(tree))) as connection:
        return {name: connection.execute(question).fetchall() for name, question in questions.items()}
