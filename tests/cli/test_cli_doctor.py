"""`driftd doctor`: what it finds on real files, locks and sockets."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import sqlite3
from contextlib import closing
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest

from driftd.cli.doctor import CHECKS, examine
from driftd.cli.finding import Finding
from driftd.cli.output import size
from driftd.store import migrate
from driftd.store.connect import connect_writer
from tests.cli.fake_daemon import FakeDaemon, driftd, socket_of


def findings(root: Path, check: str) -> list[tuple[str, str]]:
    """Return level and detail of what the check of this name finds."""
    return [(finding.level, finding.detail) for finding in examine(root) if finding.check == check]


def test_a_healthy_workspace_passes(workspace: Path, daemon: FakeDaemon) -> None:
    """Every line says ok or what to do; nothing failed, so the exit code is 0."""
    (workspace / ".drift" / "driftd.lock").touch()
    done = driftd("doctor", workspace, "--json")
    report = [Finding(**finding) for finding in json.loads(done.stdout)]
    assert {finding.check for finding in report} >= set(CHECKS)
    assert not [finding for finding in report if finding.level == "fail"]
    assert all(finding.hint for finding in report if finding.level != "ok")
    assert done.returncode == 0
    assert daemon.asked("ping") == [{}]


def test_space_is_told_by_file_and_table(workspace: Path) -> None:
    """What takes how much, and with the samples of sweeps how it grows and when a bound will be met."""
    path = workspace / ".drift" / "drift.db"
    with closing(connect_writer(path)) as database:
        migrate.upgrade(database, path)
        database.executemany(
            "INSERT INTO workspace_events (event_type, details, created_at) VALUES ('sweep', ?, ?)",
            [(json.dumps({"bytes_after": 1024**2 * at, "refused": None}), 86_400 * at) for at in range(1, 9)],
        )
    ((level, detail),) = findings(workspace, "space")
    assert level == "ok"
    assert "KiB a file; violations" in detail
    assert detail.endswith("; +1 MiB a day")
    (workspace / "drift.toml").write_text("[retention]\nmax_db_mb = 9\n")
    ((level, detail),) = findings(workspace, "space")
    assert (level, detail.rpartition("; ")[2]) == (
        "warn",
        "the database will reach retention.max_db_mb = 9 in 8 days at this rate",
    )


def test_a_failed_check_is_exit_code_1_with_the_others_done(workspace: Path) -> None:
    """A wrong configuration is named with its key, and the checks after it still run."""
    (workspace / "drift.toml").write_text("[scan]\nmax_file_sise = 5\n")
    done = driftd("doctor", workspace)
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert any(line.startswith("fail  configuration") and "max_file_sise" in line for line in lines)
    assert lines[-1].startswith("ok    versions")


def test_the_size_of_the_database_counts_its_log(workspace: Path) -> None:
    """What a daemon wrote and has not moved into the file, or was killed before it did, is shown beside it."""
    path = workspace / ".drift" / "drift.db"
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("CREATE TABLE functions (id INTEGER PRIMARY KEY, name TEXT)")
        database.commit()
        log = path.with_name("drift.db-wal").stat().st_size
        assert log > 0
        ((level, detail),) = findings(workspace, "database")
        assert (level, detail) == (
            "ok",
            f"sound, {size(path.stat().st_size)} and {size(log)} of log, schema version 0",
        )
    ((_, detail),) = findings(workspace, "database")
    assert detail == f"sound, {size(path.stat().st_size)}, schema version 0"  # the last to close it moved all of it


def test_a_damaged_database_is_found(workspace: Path) -> None:
    """A page that was overwritten, and a file that is no database, both fail the check."""
    path = workspace / ".drift" / "drift.db"
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE functions (id INTEGER PRIMARY KEY, name TEXT)")
        database.execute("CREATE INDEX by_name ON functions (name)")
        database.executemany("INSERT INTO functions (name) VALUES (?)", [("f" * 200,)] * 500)
        database.commit()
    assert [level for level, _ in findings(workspace, "database")] == ["ok"]
    with path.open("r+b") as file:
        file.seek(3 * 4096)
        file.write(b"\xff" * 4096)
    assert [level for level, _ in findings(workspace, "database")] == ["fail"]
    path.write_bytes(b"not a database, but long enough to have had a header of one" * 100)
    assert [level for level, _ in findings(workspace, "database")] == ["fail"]


def test_a_database_of_a_newer_driftd_is_found(workspace: Path) -> None:
    """What this version would refuse to open fails the check."""
    with closing(sqlite3.connect(workspace / ".drift" / "drift.db")) as database:
        database.execute("PRAGMA user_version = 9999")
        database.execute("CREATE TABLE t (a)")
    ((level, detail),) = findings(workspace, "database")
    assert level == "fail"
    assert "9999" in detail


def test_a_lock_without_an_answer_is_a_daemon_that_hangs(workspace: Path) -> None:
    """Whoever holds the lock must answer; the finding names the process."""
    with (workspace / ".drift" / "driftd.lock").open("w+") as lock:
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert findings(workspace, "daemon") == [("fail", f"process {os.getpid()} holds the lock, but nothing answers")]
    assert findings(workspace, "daemon") == [("ok", "not running")]


def test_a_socket_of_a_dead_daemon_is_found(workspace: Path) -> None:
    """It is in nobody's way, so it is a warning."""
    path = socket_of(workspace)
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    assert findings(workspace, "socket") == [("warn", f"{path} is left from a daemon that died")]


def test_a_folder_open_to_others_is_a_warning(workspace: Path) -> None:
    """The database holds the source's facts: nobody else should read it."""
    (workspace / ".drift").chmod(0o755)
    ((level, detail),) = findings(workspace, "workspace")
    assert (level, detail) == ("warn", f"{workspace}/.drift is open to others (0755)")


@pytest.mark.parametrize(
    ("suffix", "level", "said"),
    [(EXTENSION_SUFFIXES[0], "ok", "compiled"), (".py", "warn", "interpreted")],
)
def test_interpreted_modules_are_a_warning(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, suffix: str, level: str, said: str
) -> None:
    """They give the same rows, only later; what to install is the hint."""
    (workspace / f"hot{suffix}").touch()
    monkeypatch.syspath_prepend(workspace)
    monkeypatch.setattr("driftd.cli.doctor.COMPILED", "hot")
    (finding,) = [finding for finding in examine(workspace) if finding.check == "compiled"]
    assert finding.level == level
    assert said in finding.detail
    assert ("C compiler" in finding.hint) == (level == "warn")


def test_a_check_that_breaks_is_a_finding(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error inside a check fails that check, and the others go on."""

    def broken(_root: Path) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setitem(CHECKS, "disk", broken)
    assert findings(workspace, "disk") == [("fail", "ZeroDivisionError: division by zero")]
    assert findings(workspace, "versions")[0][0] == "ok"
