"""detections: what rules find, file by file; worked out where the files are parsed (see `detect`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from driftd.pipeline.digest import MARKS
from driftd.pipeline.stage import Findings
from driftd.rows.patterns import DetectionRow

if TYPE_CHECKING:
    from driftd.pipeline.project import Change, Project
    from driftd.rows.declare import Row


class Detections:
    """Hands on what the digests of the changed files say; keeps nothing."""

    name: ClassVar[str] = "detections"
    version: ClassVar[int] = 1
    needs: ClassVar[tuple[str, ...]] = ()
    tables: ClassVar[tuple[type[Row], ...]] = (DetectionRow,)

    def run(self, project: Project, change: Change) -> Findings:
        """Return the detections in the files that changed."""
        values: list[tuple[object, ...]] = []
        for path in sorted(change.changed):
            file = project.file(path)
            if file is not None:
                values += file.part(MARKS).rows
        return Findings(files=change.changed | change.removed, values={DetectionRow: values})
