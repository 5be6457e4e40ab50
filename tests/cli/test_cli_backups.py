"""`driftd backup`, `restore`, `export`, `import` without a daemon, and what `doctor` says of it all."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import anyio
import pytest

from tests.cli.fake_daemon import driftd
from tests.cli.test_cli_doctor import findings
from tests.store.kept import analyse, database, kept, say, spoil


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A workspace in which somebody gave feedback."""
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "a.py").touch()
    return typed(folder, "first")


def typed(root: Path, violation: str) -> Path:
    async def give() -> None:
        async with kept(root) as store:
            await analyse(store, root)
            await say(store, violation)

    anyio.run(give)
    return root


def told(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return [name for (name,) in connection.execute("SELECT violation_id FROM feedback ORDER BY id")]


def test_backup_and_restore(root: Path) -> None:
    """The backup is in its folder or where one wants it; restored, it is the database; the old one is kept."""
    made = json.loads(driftd("backup", root, "--json").stdout)
    driftd("backup", root, "--to", root.parent / "copy.db")
    typed(root, "second")
    refused = driftd("restore", root.parent / "copy.db", root)
    done = driftd("restore", root.parent / "copy.db", root, "--yes", "--json")

    assert refused.returncode == 3
    assert "--yes" in refused.stderr
    assert done.returncode == 0
    assert told(Path(made["file"])) == told(root.parent / "copy.db") == told(database(root)) == ["first"]
    assert told(Path(json.loads(done.stdout)["kept"])) == ["first", "second"]


def test_a_damaged_database_is_replaced_by_a_backup(root: Path) -> None:
    """`restore` works where the database itself cannot be read any more."""
    driftd("backup", root, "--to", root.parent / "copy.db")
    spoil(database(root), 0)
    done = driftd("restore", root.parent / "copy.db", root, "--yes")

    assert done.returncode == 0
    assert told(database(root)) == ["first"]
    assert findings(root, "put aside")[0][0] == "warn"


@pytest.mark.parametrize("command", ["restore", "import"])
def test_a_file_that_is_none_is_refused(root: Path, command: str) -> None:
    """One line says which file and what to do; the database keeps every byte."""
    before = database(root).read_bytes()
    (root.parent / "text").write_text("this is no such file")
    for file in (root.parent / "text", root.parent / "missing"):
        done = driftd(command, file, root, *(["--yes"] if command == "restore" else []))
        assert done.returncode in (1, 2)
        assert str(file) in done.stderr
        assert "Traceback" not in done.stderr
    assert database(root).read_bytes() == before


def test_export_and_import(root: Path, tmp_path: Path) -> None:
    """What one checkout exports, to a file or to standard output, another takes in; a second time brings nothing."""
    printed = driftd("export", root)
    driftd("export", root, "--to", tmp_path / "typed.jsonl")
    other = typed(tmp_path / "other", "theirs")
    first = json.loads(driftd("import", tmp_path / "typed.jsonl", other, "--json").stdout)
    second = driftd("import", tmp_path / "typed.jsonl", other)

    assert printed.stdout.splitlines()[1:] == (tmp_path / "typed.jsonl").read_text().splitlines()[1:]
    assert first["merged"] == {"feedback": 1}
    assert "nothing new" in second.stdout
    assert told(database(other)) == ["theirs", "first"]


def test_doctor_on_a_workspace_in_order(root: Path) -> None:
    """Sound, journaled, backed up, and the clock agrees."""
    driftd("backup", root)
    assert findings(root, "database")[0][0] == "ok"
    assert findings(root, "journal")[0][0] == "ok"
    assert "1 row that people typed" in findings(root, "journal")[0][1]
    assert findings(root, "clock") == [("ok", "agrees with what was recorded")]
    assert findings(root, "put aside") == []


def test_doctor_on_what_is_broken(root: Path) -> None:
    """Each thing that is wrong has a line, and the line says what to do."""
    made = Path(json.loads(driftd("backup", root, "--json").stdout)["file"])
    spoil(made)
    spoil(database(root), 0)
    journal = root / ".drift" / "journal"
    journal.write_bytes(b"\0" * 64)
    (root / ".drift" / "drift.db.damaged-5").write_bytes(b"x")
    report = {line["check"]: line for line in json.loads(driftd("doctor", root, "--json").stdout)}
    assert report["database"]["level"] == "fail"
    assert report["journal"]["level"] == "fail"
    assert report["backup"]["level"] == "fail"
    assert report["put aside"]["level"] == "warn"
    assert all(report[check]["hint"] for check in ("database", "journal", "backup", "put aside"))


def test_doctor_on_a_database_that_is_gone(root: Path) -> None:
    """It says that what people typed is still there."""
    database(root).unlink()
    assert findings(root, "database") == [("warn", "gone; what people typed is in the journal and comes back")]


def test_doctor_on_a_clock_that_is_behind(root: Path) -> None:
    """A clock a year behind what was recorded is a warning, not a failure."""
    with closing(sqlite3.connect(database(root))) as connection, connection:
        connection.execute(
            "INSERT INTO workspace_events (event_type, created_at) VALUES ('start', unixepoch() + 366 * 86400)"
        )
    ((level, detail),) = findings(root, "clock")
    assert level == "warn"
    assert "366 days behind" in detail or "365 days behind" in detail
