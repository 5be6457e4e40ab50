"""Nothing a person typed is lost: whatever became of the database between two openings, it comes back."""
# ruff: noqa: ASYNC240 - nothing else runs in a test's loop

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import anyio
import pytest

from driftd.clock import FakeClock
from driftd.errors import StoreError
from driftd.rows.enforcement import FeedbackRow, ViolationRow
from driftd.rows.patterns import ConventionRow
from driftd.store import backup
from driftd.store.commands import Append, Call, Delete, Track, Update
from driftd.store.failures import is_corrupt
from driftd.store.safekeeping import KEPT_ASIDE, set_aside
from driftd.store.store import Store
from tests.store.kept import (
    analyse,
    database,
    integrity,
    kept,
    said,
    say,
    spoil,
    type_everything,
    typed_rows,
)
from tests.store.rows import a_feedback, a_violation


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A workspace of one file."""
    (tmp_path / "w").mkdir()
    (tmp_path / "w" / "a.py").touch()
    return tmp_path / "w"


def deleted(path: Path) -> None:
    path.unlink()


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def no_database(path: Path) -> None:
    path.write_bytes(b"not a database" * 1000)


def header(path: Path) -> None:
    spoil(path, 0, 1)


def pages(path: Path) -> None:
    spoil(path, 1)


def cut_in_half(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)


DAMAGES: list[Callable[[Path], None]] = [deleted, emptied, no_database, header, pages, cut_in_half]


@pytest.mark.parametrize("damage", DAMAGES)
async def test_all_that_was_typed_survives_the_file(root: Path, damage: Callable[[Path], None]) -> None:
    """Feedback, approvals, constraints, migration notes, dismissals and folded feedback: every value of every row."""
    async with kept(root) as store:
        await analyse(store, root)
        await type_everything(store)
        before = await typed_rows(store)
    damage(database(root))
    async with kept(root) as store:
        after = await typed_rows(store)
        assert await store.reader.integrity() == []
        recovery = store.recovery
        await say(store, "later")

    assert after == before
    assert all(before.values())
    assert recovery.restored == dict.fromkeys(before, 1)
    assert recovery.why
    assert integrity(database(root)) == ["ok"]
    async with kept(root) as store:
        assert await said(store) == ["v", "later"]
        assert not store.recovery.as_dict()


@pytest.mark.parametrize("seed", range(12))
async def test_any_page_may_be_overwritten(root: Path, seed: int) -> None:
    """Random bytes over a random page: the database is sound afterwards, made anew or not, with all that was typed."""
    chance = random.Random(seed)
    async with kept(root) as store:
        await analyse(store, root)
        await type_everything(store)
        await store.writer.submit(Append(ViolationRow, [a_violation(f"x{number}" * 9) for number in range(300)]))
        before = {**await typed_rows(store), "violations": []}
    page = chance.randrange(database(root).stat().st_size // 4096)
    with database(root).open("r+b") as file:
        file.seek(4096 * page)
        file.write(chance.randbytes(4096))
    async with kept(root) as store:
        after = {**await typed_rows(store), "violations": []}
        assert await store.reader.integrity() == []
        assert await store.reader.fetch("SELECT id FROM violations WHERE suppression_source = 'user'") == [("v",)]
    assert after == before


async def test_the_newest_backup_brings_the_history_back(root: Path) -> None:
    """With a backup there is more than what was typed: the journal brings it up to date, later deletions included."""
    async with kept(root) as store:
        await analyse(store, root)
        await say(store, "one", "two")
        made = await store.back_up("scheduled")
        await say(store, "three")
        await store.writer.submit(Delete(FeedbackRow, [1]))
        await store.begin_journal_anew()
        await say(store, "four")
    spoil(database(root))
    async with kept(root) as store:
        assert store.recovery.base == made.path.name
        assert await said(store) == ["two", "three", "four"]
        assert (await store.reader.counts())["scan_history"] == 1
        assert (await store.reader.counts())["file_metadata"] == 0  # an analysis makes it again


async def test_a_damaged_backup_is_passed_over(root: Path) -> None:
    """The next older one is taken; what was typed since is in the journal all the same."""
    async with kept(root) as store:
        await analyse(store, root)
        await say(store, "one")
        older = await store.back_up("scheduled")
        await say(store, "two")
        newer = await store.back_up("scheduled")
        await say(store, "three")
    spoil(newer.path)
    database(root).unlink()
    async with kept(root) as store:
        assert store.recovery.base == older.path.name
        assert await said(store) == ["one", "two", "three"]


async def test_without_a_journal_the_damaged_file_is_read(root: Path) -> None:
    """Where the journal is gone as well, rows on pages that are whole are taken from the file that was put aside."""
    async with kept(root) as store:
        await say(store, *(f"v{number}" for number in range(3)))
        await store.writer.submit(Append(ViolationRow, [a_violation(f"x{n}" * 40) for n in range(500)]))
        (rows,) = await store.reader.fetch("SELECT rootpage FROM sqlite_schema WHERE name = 'violations'")
    spoil(database(root), rows[0] - 1, 1)
    (root / ".drift" / "journal").unlink()
    async with kept(root) as store:
        assert store.recovery.aside
        assert await said(store) == ["v0", "v1", "v2"]


@pytest.mark.parametrize("lost", ["all of it", "the newest part"])
async def test_a_log_that_the_power_took_is_made_up_for(root: Path, lost: str) -> None:
    """The log is cut at any place, as a power failure may: the database is older, the journal brings it up to date."""
    async with kept(root) as store:
        await analyse(store, root)
        for number in range(20):
            await say(store, f"v{number}")
        shutil.copytree(root, root.with_name("after"))
    after = root.with_name("after")
    (after / ".drift" / "drift.db-shm").unlink()
    wal = after / ".drift" / "drift.db-wal"
    with wal.open("r+b") as file:
        file.truncate(0 if lost == "all of it" else wal.stat().st_size - 8 * 4096 - 7)
    with closing(sqlite3.connect(f"file:{after / '.drift/drift.db'}", uri=True)) as connection:
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        left = 0
        if connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'feedback'").fetchone():
            (left,) = connection.execute("SELECT count(*) FROM feedback").fetchone()
    async with kept(after) as store:
        found = await said(store)
        restored = store.recovery.restored

    assert found == [f"v{number}" for number in range(20)]
    assert restored == {"feedback": 20 - left}
    assert left < 20


async def test_nothing_is_put_back_that_was_taken_away_in_order(root: Path) -> None:
    """Deleted, withdrawn and undone: the last word counts, also when the database is lost after it."""
    async with kept(root) as store:
        await type_everything(store)
        await say(store, "gone")
        await store.writer.submit(Delete(FeedbackRow, [2]))
        await store.writer.submit(Update(ViolationRow, ["v"], {"suppressed": False, "suppression_source": None}))
        await store.writer.submit(Update(ConventionRow, [1], {"promotion_status": "discovered"}))
    database(root).unlink()
    async with kept(root) as store:
        assert await said(store) == ["v"]
        assert await store.reader.fetch("SELECT id, suppressed FROM violations") == [("v", 0)]
        assert await store.reader.fetch("SELECT promotion_status FROM conventions") == [("discovered",)]


async def test_no_command_can_miss_the_journal(root: Path) -> None:
    """Whichever way a row changes, SQL of a call and INSERT OR REPLACE included, the journal has it."""

    def by_hand(connection: sqlite3.Connection, _now: int) -> None:
        connection.execute("UPDATE feedback SET reason = 'said so' WHERE violation_id = 'one'")
        connection.execute(
            "INSERT OR REPLACE INTO feedback (id, violation_id, pattern_id, detector_id, action) "
            "VALUES (2, 'replaced', 'p', 'r', 'fix')"
        )
        connection.execute("DELETE FROM feedback WHERE violation_id = 'three'")

    async with kept(root) as store:
        await say(store, "one", "two", "three")
        await store.writer.submit(Call(by_hand))
        before = await typed_rows(store)
    database(root).unlink()
    async with kept(root) as store:
        assert await typed_rows(store) == before
        assert await said(store) == ["one", "replaced"]


async def test_feedback_follows_a_renamed_finding_into_the_journal(root: Path) -> None:
    """A dismissed finding that gets another id (its function was renamed) keeps its dismissal and its feedback."""
    async with kept(root) as store:
        old = a_violation("old", message="m", suppressed=True, suppression_source="user")
        await store.writer.submit(Track(ViolationRow, ["a.py"], [old]))
        await say(store, "old")
        new = a_violation("new", message="m", suppressed=True, suppression_source="user")
        await store.writer.submit(Track(ViolationRow, ["a.py"], [new]))
    database(root).unlink()
    async with kept(root) as store:
        assert await said(store) == ["new"]
        assert await store.reader.fetch("SELECT id, suppression_source FROM violations") == [("new", "user")]


async def test_what_analyses_write_is_not_journaled(root: Path) -> None:
    """Findings, conventions and scores that nobody spoke about leave the journal as it is."""
    async with kept(root) as store:
        assert store.journal is not None
        before = store.journal.size
        found = a_violation("v")
        await store.writer.submit(Track(ViolationRow, ["a.py"], [found]))
        await store.writer.submit(
            Append(ConventionRow, [ConventionRow(pattern_id="p", category="universal", dominance_ratio=0.9)])
        )
        await store.writer.submit(Track(ViolationRow, ["a.py"], []))
        assert store.journal.size == before


async def test_a_refused_submission_leaves_no_trace(root: Path) -> None:
    """What failed was not acknowledged: it is not in the journal, and its neighbour in the same batch is."""
    async with kept(root) as store:
        good = Append(FeedbackRow, [a_feedback("good")])
        bad = Append(FeedbackRow, [(7, None, "p", "r", "dismiss", None, None, None, 1, None)])
        with pytest.raises(StoreError):
            await store.writer.submit(good, bad)
        await say(store, "neighbour")
    database(root).unlink()
    async with kept(root) as store:
        assert await said(store) == ["neighbour"]


async def test_what_cannot_be_journaled_is_refused(root: Path) -> None:
    """It is not acknowledged and not stored; when the journal can be written again it goes on."""
    async with kept(root) as store:
        await say(store, "one")
        assert store.journal is not None
        path = store.journal.path
        away = path.rename(path.with_name("away"))
        with pytest.raises(StoreError, match="deleted or replaced"):
            await say(store, "two")
        assert await said(store) == ["one"]
        away.rename(path)
        await say(store, "three")
    database(root).unlink()
    async with kept(root) as store:
        assert await said(store) == ["one", "three"]


async def test_a_database_of_another_workspace_is_put_aside(root: Path, tmp_path: Path) -> None:
    """One that describes files the workspace does not have is told by them; the workspace's own notes come back."""
    other = tmp_path / "other"
    async with kept(other) as store:
        await analyse(store, other, [f"lib/{number}.c" for number in range(10)])
        await say(store, "theirs")
    async with kept(root) as store:
        await analyse(store, root)
        await say(store, "ours")
    shutil.copyfile(database(other), database(root))
    async with kept(root) as store:
        assert await said(store) == ["ours"]
        assert store.recovery.came_from == str(other)
        assert store.recovery.aside is not None
        assert store.recovery.aside.startswith("drift.db.foreign-")


async def test_a_folder_copied_from_another_workspace_brings_no_notes(root: Path, tmp_path: Path) -> None:
    """With the whole `.drift` of a workspace of other files its journal is put aside too."""
    other = tmp_path / "other"
    async with kept(other) as store:
        await analyse(store, other, [f"lib/{number}.c" for number in range(10)])
        await say(store, "theirs")
        await store.back_up("scheduled")
    shutil.copytree(other / ".drift", root / ".drift")
    async with kept(root) as store:
        assert await said(store) == []
        assert store.recovery.why is not None
        assert str(other) in store.recovery.why


async def test_a_moved_workspace_keeps_everything(root: Path) -> None:
    """Moved or copied with its files, it is the same project: nothing is put aside, and it is said where it was."""
    async with kept(root) as store:
        await analyse(store, root)
        await say(store, "ours")
    moved = root.rename(root.with_name("moved"))
    copied = Path(shutil.copytree(moved, root.with_name("copied")))
    for place in (moved, copied):
        async with kept(place) as store:
            assert await said(store) == ["ours"]
            assert store.recovery.aside is None
    assert store.recovery.came_from == str(root)


async def test_a_database_of_a_copy_is_merged_with_the_journal(root: Path, tmp_path: Path) -> None:
    """The database of another checkout of the project replaced ours: both people's notes are there afterwards."""
    other = tmp_path / "checkout"
    other.mkdir()
    (other / "a.py").touch()
    async with kept(other) as store:
        await analyse(store, other)
        await say(store, "theirs")
    async with kept(root) as store:
        await analyse(store, root)
        await say(store, "ours", "ours too")
    shutil.copyfile(database(other), database(root))
    for _ in range(2):
        async with kept(root) as store:
            assert sorted(await said(store)) == ["ours", "ours too", "theirs"]


async def test_a_file_taken_away_while_open_is_carried_over(root: Path) -> None:
    """`rm -rf .drift` under an open store: what it still knows goes into the next one."""
    async with kept(root) as store:
        await type_everything(store)
        before = await typed_rows(store)
        shutil.rmtree(root / ".drift")
        assert store.disturbed() == "drift.db was deleted"
        carried = await store.carry()
        with pytest.raises(StoreError, match="deleted or replaced"):
            await say(store, "not acknowledged")
    async with kept(root, carried=carried) as store:
        assert await typed_rows(store) == before
        assert store.disturbed() is None
    database(root).unlink()
    async with kept(root) as store:
        assert await typed_rows(store) == before


@pytest.mark.parametrize("name", ["drift.db", "drift.db-wal", "journal"])
@pytest.mark.parametrize("how", ["deleted", "replaced"])
async def test_a_file_gone_from_under_it_is_noticed(root: Path, name: str, how: str) -> None:
    """Database, log and journal are looked for by what they are, not by name; afterwards all is there again."""
    async with kept(root) as store:
        await say(store, "one")
        assert store.disturbed() is None
        victim = root / ".drift" / name
        content = victim.read_bytes()
        victim.unlink()
        if how == "replaced":
            victim.write_bytes(content[: len(content) // 2])
        noticed = store.disturbed()
        carried = await store.carry()
    assert noticed is not None
    assert noticed.startswith(name)
    async with kept(root, carried=carried) as store:
        assert await said(store) == ["one"]
        assert await store.reader.integrity() == []


async def test_text_that_is_no_text_any_more_is_damage(root: Path) -> None:
    """A flipped bit that SQLite's own checks pass over: the query that meets it says that the file is damaged."""
    async with kept(root) as store:
        await store.writer.submit(Append(ViolationRow, [a_violation("v", message="m" * 50)]))
    content = database(root).read_bytes()
    database(root).write_bytes(content.replace(b"m" * 50, b"m" * 49 + b"\xff"))
    assert integrity(database(root)) == ["ok"]
    found = []
    async with Store.open(database(root), workspace=root, on_damage=lambda: found.append(1)) as store:
        with pytest.raises(StoreError) as caught:
            await store.reader.fetch("SELECT message FROM violations")
    assert is_corrupt(caught.value)
    assert found == [1]


async def test_few_damaged_files_are_kept(root: Path) -> None:
    """However often the database is damaged, the folder keeps the newest files that were put aside."""
    clock = FakeClock(1000)
    for _ in range(KEPT_ASIDE + 3):
        async with kept(root, clock) as store:
            await say(store, "again")
        spoil(database(root))
        clock.advance(10)
    async with kept(root, clock) as store:
        assert len(await said(store)) == KEPT_ASIDE + 3
    assert len(set_aside(database(root))) == KEPT_ASIDE


async def test_a_database_from_before_the_journal_gets_one(root: Path) -> None:
    """What is there at the first opening is what the journal begins with."""
    async with kept(root) as store:
        await type_everything(store)
        before = await typed_rows(store)
    (root / ".drift" / "journal").unlink()
    async with kept(root) as store:
        assert store.recovery.as_dict() == {}
    database(root).unlink()
    async with kept(root) as store:
        assert await typed_rows(store) == before


async def test_the_journal_is_begun_anew_while_people_type(root: Path) -> None:
    """Nothing that is journaled while the new one is made falls between the two."""
    async with kept(root) as store:
        assert store.journal is not None
        await say(store, *(f"v{number}" for number in range(50)))
        large = store.journal.size
        for number in range(50, 60):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(say, store, f"v{number}")
                tasks.start_soon(store.begin_journal_anew)
        await store.begin_journal_anew()
        small = store.journal.size
    database(root).unlink()
    async with kept(root) as store:
        assert await said(store) == [f"v{number}" for number in range(60)]
    assert small < large


async def test_a_clean_stop_is_trusted_and_anything_else_is_checked(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The check runs after a kill and after a change from outside, not after a stop in order."""
    from driftd.store import safekeeping

    checks = []
    real = safekeeping._quick_check

    def counted(connection: sqlite3.Connection, path: Path) -> None:
        checks.append(path)
        real(connection, path)

    monkeypatch.setattr(safekeeping, "_quick_check", counted)
    async with kept(root):
        pass
    async with kept(root):
        assert checks == []
        shutil.copytree(root, root.with_name("killed"))
    async with kept(root.with_name("killed")):
        assert len(checks) == 1
    with closing(sqlite3.connect(database(root))) as connection, connection:
        connection.execute("INSERT INTO workspace_events (event_type) VALUES ('by hand')")
    async with kept(root):
        assert len(checks) == 2


async def test_restored_rows_are_found_by_backups_of_this_database_only(root: Path) -> None:
    """A backup of another database does not take its place."""
    async with kept(root) as store:
        await analyse(store, root)
        await store.back_up("scheduled")
    (root / ".drift" / "journal").unlink()
    database(root).unlink()
    stranger = root.with_name("x")
    async with kept(stranger) as store:
        await analyse(store, stranger)
        await store.back_up("scheduled")
    (strange,) = backup.backups(database(stranger))
    shutil.copyfile(strange.path, root / ".drift" / "backups" / "000009-scheduled-20260101T000000Z.db")
    async with kept(root) as store:
        assert store.recovery.base is not None
        assert store.recovery.base.startswith("000001")
