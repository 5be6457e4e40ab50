"""data_access: which function reads or writes which table of a database, through a framework or with SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from driftd.pipeline.data.accesses import Accesses
from driftd.pipeline.data.models import Models
from driftd.pipeline.data.tracking import Tracking
from driftd.pipeline.stage import Findings
from driftd.rows.call_graph import DataAccessRow

if TYPE_CHECKING:
    from driftd.pipeline.data.linking import Linker
    from driftd.pipeline.project import Change, Project
    from driftd.rows.declare import Row


class DataAccess:
    """Remembers what the accesses of each file depend on, and works out again only those that can be different."""

    name: ClassVar[str] = "data_access"
    version: ClassVar[int] = 1
    needs: ClassVar[tuple[str, ...]] = ()
    tables: ClassVar[tuple[type[Row], ...]] = (DataAccessRow,)

    def __init__(self) -> None:
        self._tracking: Tracking[tuple[DataAccessRow, ...]] = Tracking(_rows)

    def run(self, project: Project, change: Change) -> Findings:
        """Return the rows of the changed files and of those whose calls mean something else now."""
        done = self._tracking.update(project, change)
        rows = [row for path in sorted(done) for row in done[path] or ()]
        return Findings(rows=rows, files=frozenset(done))


def _rows(linker: Linker, path: str) -> tuple[DataAccessRow, ...]:
    touches = linker.facts[path].touches
    if not touches:
        return ()
    accesses = Accesses(Models(linker))
    ids = linker.project[path].function_ids
    found: dict[tuple[int, str, str, int], DataAccessRow] = {}
    for touch in touches:
        for access in accesses.of(path, touch.call):
            row = DataAccessRow(
                function_id=ids[touch.function],
                table_name=access.table or "unknown",
                operation=access.operation,  # type: ignore[arg-type]  # packs are checked by a test
                line=touch.line,
                framework=access.framework,
                confidence=access.confidence,
                file=path,
            )
            key = (row.function_id, row.table_name, row.operation, row.line)
            if key not in found or found[key].confidence < row.confidence:
                found[key] = row
    return tuple(found.values())
