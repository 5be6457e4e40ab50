"""A stage that remembers nothing finds the same, and does every file again if it is asked a second time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from driftd.pipeline.call_graph import distribution
from driftd.pipeline.call_graph.stretches import key_hash
from driftd.pipeline.project import Project
from driftd.pipeline.stages.call_edges import CallEdges
from driftd.pipeline.stages.data import Data
from driftd.rows.call_graph import CallEdgeRow
from tests.pipeline.in_memory import Elsewhere, Table, entries, entry, shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from driftd.pipeline.stage import ProjectStage

FILES = {
    "models.py": """
        from django.db import models
        class Author(models.Model):
            def greet(self): pass
        """,
    "views.py": """
        from models import Author
        def index(then):
            Author.objects.count()
            then()
        def done(): Author().greet()
        index(done)
        """,
}


@pytest.mark.parametrize(
    ("kind", "before", "after"),
    [
        # Edges to `index`, `done` and `greet`, two calls of Django; then `Author` is nothing.
        (CallEdges, {"views.py": 5}, {"views.py": 2}),
        (Data, {"models.py": 1, "views.py": 1}, {"models.py": 1}),  # a model, and what is counted
    ],
)
def test_a_second_change_costs_all_files_and_finds_the_same(
    kind: Callable[..., ProjectStage], before: dict[str, int], after: dict[str, int]
) -> None:
    """One file is edited: the rows of both are told again, and are those that a stage with a memory has."""
    project = Project()
    forgetful, remembering = Table(kind(remembers=False)), Table(kind())
    edited = {"models.py": FILES["models.py"].replace("Author", "Writer")}
    for files, expected in ((FILES, before), (edited, after)):
        change = project.apply(entries(files))
        found = forgetful.stage.run(project, change)
        forgetful.take(project, change)
        remembering.take(project, change)

        assert found.files == frozenset({"models.py", "views.py"})
        assert forgetful.rows() == remembering.rows()
        assert {path: len(rows) for path, rows in forgetful.rows().items()} == expected


def test_workers_are_told_not_to_take_notes(monkeypatch: pytest.MonkeyPatch) -> None:
    """What flows is read all the same: `then` runs `done`, which is known in the second round only."""
    monkeypatch.setattr(distribution, "MANY_FILES", 1)
    project = Project(in_slabs=False)
    change = project.apply({path: entry(path, text) for path, text in FILES.items()})
    elsewhere = Elsewhere()
    edges = CallEdges(elsewhere, remembers=False)

    values = edges.run(project, change).values[CallEdgeRow]
    rows = [msgspec.convert(dict(zip(CallEdgeRow.__struct_fields__, row, strict=True)), CallEdgeRow) for row in values]

    assert [len(trip.chunks) for trip in elsewhere.trips] == [1, 1]
    assert shown(project, rows) == [
        "views.py:index -> views.py:done 4 same_file 0.95",
        "views.py:done -> models.py:Author.greet 5 type_inferred 0.8",
        "views.py:<module> -> views.py:index 6 same_file 0.95",
    ]
    told = CallEdges(Elsewhere())
    told.run(project, change)
    assert key_hash("models.py") in told.depends_on("views.py")
    assert key_hash("models.py") not in edges.depends_on("views.py")
