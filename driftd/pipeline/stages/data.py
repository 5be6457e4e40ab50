"""boundaries and data_access: data models with their fields, and which function reads or writes which table.

One stage for both tables, because they ask the same questions of the same files: what a class is, what a name means.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from driftd.pipeline.data.accesses import Accesses
from driftd.pipeline.data.sensitivity import sensitivity_of
from driftd.pipeline.data.tracking import Tracking
from driftd.pipeline.digest import TOUCHES
from driftd.pipeline.stage import Cancelled, Findings, Remembering
from driftd.rows.call_graph import DataAccessRow
from driftd.rows.patterns import BoundaryRow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from driftd.pipeline.data.model import Model
    from driftd.pipeline.data.models import Models
    from driftd.pipeline.project import Change, Project
    from driftd.rows.declare import Row


class Data(Remembering):
    """Remembers what the rows of each file depend on, and works out again only those that can be different."""

    name: ClassVar[str] = "data"
    version: ClassVar[int] = 2
    needs: ClassVar[tuple[str, ...]] = ()
    tables: ClassVar[tuple[type[Row], ...]] = (BoundaryRow, DataAccessRow)

    def __init__(self, cancelled: Callable[[], bool] | None = None, *, remembers: bool = True) -> None:
        self.cancelled = cancelled
        self.remembers = remembers
        self.forget()

    def forget(self) -> None:
        """Be as new."""
        self._tracking: Tracking[list[Row]] = Tracking(_rows, remembers=self.remembers)

    def update(self, project: Project, change: Change) -> Findings:
        """Return the rows of the changed files and of those whose names mean something else now."""
        done = self._tracking.update(project, change, self._go_on)
        return Findings(rows=[row for path in sorted(done) for row in done[path] or ()], files=frozenset(done))

    def _go_on(self) -> None:
        if self.cancelled is not None and self.cancelled():
            raise Cancelled


def _rows(models: Models, path: str, own: list[Model]) -> list[Row]:
    return [*(row for model in own for row in _of_model(path, model)), *_of_calls(models, path)]


def _of_model(path: str, model: Model) -> Iterator[BoundaryRow]:
    yield BoundaryRow(
        file=path, framework=model.framework, model_name=model.name, table_name=model.table, confidence=model.confidence
    )
    for field in model.fields:
        found = sensitivity_of(field.name, field.type, model.name)
        yield BoundaryRow(
            file=path,
            framework=model.framework,
            model_name=model.name,
            table_name=model.table,
            field_name=field.name,
            sensitivity=None if found is None else found.kind,
            confidence=model.confidence * field.confidence if found is None else found.confidence,
        )


def _of_calls(models: Models, path: str) -> Iterator[DataAccessRow]:
    """Yield one row for what a line does to a table, however often it does."""
    file = models.linker.project[path]
    accesses = Accesses(models, path)
    surest: dict[tuple[int, str, str, int], tuple[float, str | None]] = {}
    for touch in file.part(TOUCHES):
        for access in accesses.of(touch):
            key = (file.function_ids[touch.function], access.table or "unknown", access.operation, touch.line)
            if key not in surest or surest[key][0] < access.confidence:
                surest[key] = (access.confidence, access.framework)
    for function, line, access in accesses.mapped():
        key = (file.function_ids[function], access.table, access.operation, line)
        surest.setdefault(key, (access.confidence, access.framework))
    for (function, table, operation, line), (confidence, framework) in surest.items():
        yield DataAccessRow(
            function_id=function,
            table_name=table,
            operation=operation,  # type: ignore[arg-type]  # packs are checked by a test
            line=line,
            framework=framework,
            confidence=confidence,
            file=path,
        )
