"""The journal: what a person typed is in it before it is acknowledged, and comes out of it whatever became of the file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from driftd.errors import StoreError
from driftd.store.journal import Journal, read
from driftd.store.typed import Change, fold
from tests.store.kept import file_size_limited

LINEAGE = 0x44000001


def change(*ids: int, gone: tuple[int, ...] = ()) -> Change:
    """Return a change of the notes of some violations."""
    rows = [(number, f"v{number}") for number in ids]
    return Change("feedback", ("id", "violation_id"), rows, [(number,) for number in gone])


def known(path: Path) -> dict[int, str | None]:
    """Return what the journal says of each row of feedback."""
    contents = read(path)
    assert contents is not None
    found = contents.state.get("feedback", {})
    return {key[0]: None if row is None else row["violation_id"] for key, row in found.items()}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal"


@pytest.fixture
def journal(path: Path) -> Journal:
    """A journal that began with row 1; then row 2 came and row 1 went."""
    begun = Journal.begin(path, LINEAGE, 1000, [change(1)])
    begun.append([change(2)], 1001)
    begun.append([change(gone=(1,))], 1002)
    return begun


def test_the_last_word_on_each_row_counts(journal: Journal, path: Path) -> None:
    """Rows it began with, later ones and those that are gone make one state; the header says whose it is."""
    journal.close()
    contents = read(path)
    assert contents is not None
    assert contents.header is not None
    assert contents.header.lineage == LINEAGE
    assert contents.is_whole
    assert known(path) == {1: None, 2: "v2"}
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_torn_record_is_cut_off(journal: Journal, path: Path) -> None:
    """At whatever byte the last record ends, those before it count, and the next one is written behind them."""
    journal.close()
    data = path.read_bytes()
    before = Journal.go_on(path, read(path) or pytest.fail("it is there")).size
    journal = Journal.go_on(path, read(path) or pytest.fail("it is there"))
    journal.append([change(3)], 1003)
    journal.close()
    full = path.read_bytes()
    assert full.startswith(data)
    for end in range(before, len(full)):
        path.write_bytes(full[:end])
        contents = read(path)
        assert contents is not None
        assert contents.is_whole
        assert contents.end == before
        assert known(path) == {1: None, 2: "v2"}
        journal = Journal.go_on(path, contents)
        journal.append([change(4)], 1004)
        journal.close()
        assert known(path) == {1: None, 2: "v2", 4: "v4"}


def test_a_damaged_record_costs_itself_only(journal: Journal, path: Path) -> None:
    """Whatever byte of the second record flips, the others are read, and the reader knows that one is missing."""
    journal.append([change(3)], 1003)
    journal.close()
    data = path.read_bytes()
    starts = [index for index in range(len(data)) if data.startswith(b"drJ\x01", index)]
    for place in range(starts[2], starts[3]):
        path.write_bytes(data[:place] + bytes([data[place] ^ 0xFF]) + data[place + 1 :])
        contents = read(path)
        assert contents is not None
        assert not contents.is_whole
        assert known(path) == {1: None, 3: "v3"}


@pytest.mark.parametrize("content", [b"", b"\0" * 5000, b"drJ\x01", os.urandom(5000)])
def test_what_is_no_journal_says_nothing(path: Path, content: bytes) -> None:
    """An empty or foreign file has no header and no rows, and is not taken for a whole journal."""
    path.write_bytes(content)
    contents = read(path)
    assert contents is not None
    assert not contents.is_whole
    assert contents.state == {}


def test_there_may_be_none(path: Path) -> None:
    """A missing journal is none, not an error."""
    assert read(path) is None


def test_what_was_not_committed_is_taken_back(journal: Journal, path: Path) -> None:
    """After `retract` the journal is as it was, and the next record stands where the other one stood."""
    before = journal.append([change(3)], 1003)
    journal.retract(before)
    journal.append([change(4)], 1004)
    journal.close()
    assert known(path) == {1: None, 2: "v2", 4: "v4"}


def test_a_deleted_journal_takes_nothing(journal: Journal, path: Path) -> None:
    """What could not be found again is refused: the file is gone from the disk, or another one has its name."""
    path.rename(path.with_name("elsewhere"))
    with pytest.raises(StoreError, match="deleted or replaced"):
        journal.append([change(3)], 1003)
    path.write_bytes(b"")
    with pytest.raises(StoreError, match="deleted or replaced"):
        journal.append([change(3)], 1003)
    journal.close()


def test_a_full_disk_leaves_it_as_it_was(path: Path) -> None:
    """A record that does not fit is refused with a hint, and is not in the file afterwards."""
    journal = Journal.begin(path, LINEAGE, 1000, [change(1)])
    large = Change("feedback", ("id", "violation_id"), [(2, "x" * 200_000)], [])
    with file_size_limited(100 * 1024), pytest.raises(StoreError, match="disk is full"):
        journal.append([large], 1001)
    journal.append([change(3)], 1002)
    journal.close()
    assert known(path) == {1: "v1", 3: "v3"}


def test_it_asks_to_be_begun_anew_when_it_has_grown(path: Path) -> None:
    """A journal of changes many times as long as what they come to has grown."""
    journal = Journal.begin(path, LINEAGE, 1000, [change(1)])
    large = Change("feedback", ("id", "violation_id"), [(2, "x" * 200_000)], [])
    grown = []
    for number in range(7):
        journal.append([large], 1001 + number)
        grown.append(journal.has_grown)
    journal.close()
    assert grown == [False, False, False, False, False, True, True]


def test_rows_of_another_version_are_passed_over() -> None:
    """Tables that this version does not know, or rows that cannot be found again, are no error."""
    assert fold([Change("tomorrow", ("id",), [(1,)], []), Change("feedback", ("reason",), [("x",)], [])]) == {}
