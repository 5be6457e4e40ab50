"""A workspace whose database is kept safe, and short ways to type into it and to look at it."""

from __future__ import annotations

import resource
import sqlite3
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path

from driftd.clock import Clock, FakeClock
from driftd.rows.advanced import MigrationCorrectionRow, MigrationModuleRow, MigrationProjectRow
from driftd.rows.facts import ScanHistoryRow
from driftd.rows.patterns import ConventionRow, PatternConfidenceRow, PatternStatusRow
from driftd.rows.structural import ConstraintRow
from driftd.store.commands import Append, Upsert
from driftd.store.safekeeping import Carried
from driftd.store.store import Store
from tests.store.rows import a_feedback, a_file, a_violation


@asynccontextmanager
async def kept(root: Path, clock: Clock | None = None, carried: Carried | None = None) -> AsyncIterator[Store]:
    """Open the database of a workspace as the daemon does."""
    (root / ".drift").mkdir(parents=True, exist_ok=True)
    async with Store.open(database(root), clock or FakeClock(1000), workspace=root, carried=carried) as store:
        yield store


def database(root: Path) -> Path:
    return root / ".drift" / "drift.db"


async def say(store: Store, *violations: str) -> None:
    """Give feedback on violations, one submission each."""
    for violation in violations:
        await store.writer.submit(Append(type(a_feedback(violation)), [a_feedback(violation)]), durable=True)


async def said(store: Store) -> list[str]:
    """Return the violations that there is feedback on, in the order of its ids."""
    return [violation for (violation,) in await store.reader.fetch("SELECT violation_id FROM feedback ORDER BY id")]


async def analyse(store: Store, root: Path, files: Iterable[str] = ("a.py",)) -> None:
    """Store what a run would, as far as these tests look at it."""
    rows = [a_file(path) for path in files]
    run = ScanHistoryRow(started_at=1, root_path=str(root), trigger="test", status="completed")
    await store.writer.submit(Upsert(type(rows[0]), rows), Append(ScanHistoryRow, [run]))


async def type_everything(store: Store) -> None:
    """Put one row into every table that people type into, each with something only a person says."""
    project = MigrationProjectRow(name="to go", source_language="python", target_language="go")
    (result,) = await store.writer.submit(Append(MigrationProjectRow, [project]))
    module = MigrationModuleRow(project_id=result.ids[0], module_name="billing", spec_content="as it was")
    (result,) = await store.writer.submit(Append(MigrationModuleRow, [module]))
    correction = MigrationCorrectionRow(
        module_id=result.ids[0], section="rounding", original_text="half up", corrected_text="half even"
    )
    constraint = ConstraintRow(
        id="no-sql", description="no SQL here", invariant_type="must_not_exist", target="sql", source="manual"
    )
    status = PatternStatusRow(pattern_id="p", status="ignored", approved_by="user", confidence_at_approval=1 / 3)
    convention = ConventionRow(
        pattern_id="p", category="universal", dominance_ratio=0.1 + 0.2, promotion_status="approved"
    )
    confidence = PatternConfidenceRow(
        pattern_id="p",
        alpha=1.0,
        beta=2.0,
        posterior_mean=1 / 3,
        credible_interval_low=0.1,
        credible_interval_high=0.9,
        tier="tentative",
        feedback_beta=0.5,
    )
    await store.writer.submit(
        Append(MigrationCorrectionRow, [correction]),
        Upsert(ConstraintRow, [constraint]),
        Upsert(PatternStatusRow, [status]),
        Upsert(ConventionRow, [convention]),
        Upsert(PatternConfidenceRow, [confidence]),
        Upsert(type(a_violation("v")), [a_violation("v", suppressed=True, suppression_source="user")]),
    )
    await say(store, "v")


TYPED_TABLES = (
    "migration_projects",
    "migration_modules",
    "migration_corrections",
    "constraints",
    "pattern_status",
    "conventions",
    "pattern_confidence",
    "violations",
    "feedback",
)


async def typed_rows(store: Store) -> dict[str, list[tuple[object, ...]]]:
    """Return every row of the tables that people type into."""
    return {table: await store.reader.fetch(f"SELECT * FROM {table} ORDER BY 1") for table in TYPED_TABLES}


def spoil(path: Path, first_page: int = 1, pages: int | None = None) -> None:
    """Overwrite pages of a file with what no database has there."""
    size = path.stat().st_size
    end = size if pages is None else min(size, 4096 * (first_page + pages))
    with path.open("r+b") as file:
        file.seek(4096 * first_page)
        file.write(b"\xa5" * (end - 4096 * first_page))


@contextmanager
def file_size_limited(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond `size`: what a full disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def integrity(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return [text for (text,) in connection.execute("PRAGMA integrity_check")]
