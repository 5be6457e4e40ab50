"""boundaries: data models with their tables and fields, and which fields hold sensitive data."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from driftd.pipeline.data.models import Models
from driftd.pipeline.data.sensitivity import sensitivity_of
from driftd.pipeline.data.tracking import Tracking
from driftd.pipeline.stage import Findings
from driftd.rows.patterns import BoundaryRow

if TYPE_CHECKING:
    from collections.abc import Iterator

    from driftd.pipeline.data.linking import Linker
    from driftd.pipeline.data.model import Model
    from driftd.pipeline.project import Change, Project
    from driftd.rows.declare import Row


class Boundaries:
    """Remembers what the models of each file depend on, and works out again only those that can be different."""

    name: ClassVar[str] = "boundaries"
    version: ClassVar[int] = 1
    needs: ClassVar[tuple[str, ...]] = ()
    tables: ClassVar[tuple[type[Row], ...]] = (BoundaryRow,)

    def __init__(self) -> None:
        self._tracking: Tracking[tuple[BoundaryRow, ...]] = Tracking(_rows)

    def run(self, project: Project, change: Change) -> Findings:
        """Return the rows of the changed files and of those whose models depend on them."""
        done = self._tracking.update(project, change)
        rows = [row for path in sorted(done) for row in done[path] or ()]
        return Findings(rows=rows, files=frozenset(done))


def _rows(linker: Linker, path: str) -> tuple[BoundaryRow, ...]:
    return tuple([row for model in Models(linker).of_file(path) for row in _of_model(path, model)])


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
