"""Export and import: what people typed as lines of JSON, merged by what the rows say, as often as one likes."""
# ruff: noqa: ASYNC240 - nothing else runs in a test's loop

from __future__ import annotations

import json
from pathlib import Path

import pytest

from driftd.clock import FakeClock
from driftd.errors import UsageError
from driftd.rows.advanced import MigrationModuleRow, MigrationProjectRow
from driftd.rows.enforcement import FeedbackRow, ViolationRow
from driftd.rows.patterns import PatternStatusRow
from driftd.store import exchange
from driftd.store.commands import Append, Upsert
from tests.store.kept import TYPED_TABLES, kept, said, say, type_everything, typed_rows
from tests.store.rows import a_violation


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "typed.jsonl"


async def test_everything_comes_along(tmp_path: Path, file: Path) -> None:
    """Exported and imported into an empty database, every row says the same; once more changes nothing."""
    async with kept(tmp_path / "one") as one:
        await type_everything(one)
        there = await typed_rows(one)
        assert await one.export(file) == len(TYPED_TABLES)
    async with kept(tmp_path / "two") as two:
        first = await two.merge(exchange.read_file(file))
        here = await typed_rows(two)
        second = await two.merge(exchange.read_file(file))
    assert here == there
    assert first == dict.fromkeys(TYPED_TABLES, 1)
    assert second == {}


async def test_imported_rows_are_as_safe_as_typed_ones(tmp_path: Path, file: Path) -> None:
    """They are journaled: with the database destroyed they are still there."""
    async with kept(tmp_path / "one") as one:
        await say(one, "theirs")
        await one.export(file)
    async with kept(tmp_path / "two") as two:
        await two.merge(exchange.read_file(file))
    (tmp_path / "two" / ".drift" / "drift.db").unlink()
    async with kept(tmp_path / "two") as two:
        assert await said(two) == ["theirs"]


async def test_ids_of_another_database_mean_nothing_here(tmp_path: Path, file: Path) -> None:
    """Feedback that takes back another, and modules of a project, refer to the right rows under their new ids."""
    async with kept(tmp_path / "one") as one:
        await say(one, "a")
        undoing = FeedbackRow(violation_id="a", pattern_id="p", detector_id="r", action="fix", undoes=1)
        await one.writer.submit(Append(FeedbackRow, [undoing]))
        project = MigrationProjectRow(name="p", source_language="python", target_language="go")
        (result,) = await one.writer.submit(Append(MigrationProjectRow, [project]))
        module = MigrationModuleRow(project_id=result.ids[0], module_name="m")
        await one.writer.submit(Append(MigrationModuleRow, [module]))
        await one.export(file)
    async with kept(tmp_path / "two") as two:
        await say(two, "x", "y", "z")
        for number in range(3):
            other = MigrationProjectRow(name=f"q{number}", source_language="python", target_language="go")
            await two.writer.submit(Append(MigrationProjectRow, [other]))
        await two.merge(exchange.read_file(file))
        undone = await two.reader.fetch(
            "SELECT later.violation_id, earlier.violation_id FROM feedback AS later "
            "JOIN feedback AS earlier ON earlier.id = later.undoes"
        )
        modules = await two.reader.fetch(
            "SELECT p.name, module_name FROM migration_modules JOIN migration_projects AS p ON p.id = project_id"
        )
        assert await said(two) == ["x", "y", "z", "a", "a"]
    assert undone == [("a", "a")]
    assert modules == [("p", "m")]


async def test_of_two_versions_the_newer_one_stays(tmp_path: Path, file: Path) -> None:
    """What says when it was changed is compared by that, in both directions; a person's word is above an audit's."""

    def decided(pattern: str, status: str, by: str, at: int) -> PatternStatusRow:
        return PatternStatusRow(pattern_id=pattern, status=status, approved_by=by, updated_at=at)  # type: ignore[arg-type]

    async with kept(tmp_path / "one") as one:
        rows = [
            decided("older", "ignored", "user", 10),
            decided("newer", "ignored", "user", 30),
            decided("audit", "ignored", "user", 10),
        ]
        await one.writer.submit(Upsert(PatternStatusRow, rows))
        await one.export(file)
    async with kept(tmp_path / "two") as two:
        rows = [
            decided("older", "approved", "user", 20),
            decided("newer", "approved", "user", 20),
            decided("audit", "approved", "auto", 20),
        ]
        await two.writer.submit(Upsert(PatternStatusRow, rows))
        merged = await two.merge(exchange.read_file(file))
        found = await two.reader.fetch("SELECT pattern_id, status FROM pattern_status ORDER BY 1")
    assert merged == {"pattern_status": 2}
    assert found == [("audit", "ignored"), ("newer", "ignored"), ("older", "approved")]


async def test_a_dismissal_reaches_the_same_finding(tmp_path: Path, file: Path) -> None:
    """A violation that both have is dismissed here too; what the analysis says of it here stays."""
    async with kept(tmp_path / "one") as one:
        dismissed = a_violation("v", line=1, suppressed=True, suppression_source="user")
        await one.writer.submit(Upsert(ViolationRow, [dismissed]))
        await one.export(file)
    async with kept(tmp_path / "two") as two:
        await two.writer.submit(Upsert(ViolationRow, [a_violation("v", line=99)]))
        await two.merge(exchange.read_file(file))
        found = await two.reader.fetch("SELECT line, suppressed, suppression_source FROM violations")
    assert found == [(99, 1, "user")]


HEAD = json.dumps({"format": exchange.FORMAT})


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("not json", "line 1"),
        ('{"format": "another"}', "format 'another'"),
        (HEAD + "\n{}", "line 2"),
        (HEAD + "\n[]", "line 2"),
        (HEAD + '\n{"table": "functions", "row": {}}', "line 2"),
        (HEAD + '\n{"table": "feedback", "row": {"nonsense": 1}}', "no column nonsense"),
        (HEAD + '\n{"table": "feedback", "row": {"violation_id": "v"}}', "lacks pattern_id"),
        (HEAD + '\n{"table": "feedback", "row": {"violation_id": null}}', "cannot be None"),
        (HEAD + '\n{"table": "feedback", "row": {"violation_id": ["v"]}}', "cannot be"),
    ],
)
def test_a_file_that_is_no_export_is_refused_by_line(file: Path, text: str, says: str) -> None:
    """The error names the file, the line and what is wrong with it; nothing is merged."""
    file.write_text(text)
    with pytest.raises(UsageError) as refused:
        exchange.read_file(file)
    assert says in str(refused.value)
    assert str(file) in str(refused.value)


async def test_a_value_that_the_schema_refuses_merges_nothing(tmp_path: Path, file: Path) -> None:
    """All rows of a file or none."""
    row = {"violation_id": "v", "pattern_id": "p", "detector_id": "r"}
    lines = [HEAD] + [
        json.dumps({"table": "feedback", "row": {**row, "action": action}}) for action in ("fix", "applaud")
    ]
    file.write_text("\n".join(lines))
    async with kept(tmp_path / "w", FakeClock()) as store:
        with pytest.raises(Exception, match="CHECK constraint"):
            await store.merge(exchange.read_file(file))
        assert await said(store) == []
