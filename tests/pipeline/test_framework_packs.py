"""The examples that each framework pack carries: files, and exactly what is found in them."""

from __future__ import annotations

from typing import get_args

import pytest

from driftd.pipeline.data.packs import PACKS, packs
from driftd.pipeline.stages.data import Data
from driftd.rows.call_graph import DataAccessRow, DataOperation
from driftd.rows.patterns import BoundaryRow
from tests.pipeline.in_memory import name_of, project_of, rows_of

EXAMPLES = [
    pytest.param(example, id=f"{pack.name}-{number}")
    for pack in packs().values()
    for number, example in enumerate(pack.examples)
]


def models_of(files: dict[str, str]) -> tuple[list[str], list[str]]:
    """Return models as `file: Model table` and fields as `Model.field`, with the kind of sensitive data if any."""
    rows = [row for row in rows_of(Data(), files) if isinstance(row, BoundaryRow)]
    models = [f"{r.file}: {r.model_name} {r.table_name or '-'}" for r in rows if r.field_name is None]
    fields = [
        f"{r.model_name}.{r.field_name}" + (f" {r.sensitivity}" if r.sensitivity else "")
        for r in rows
        if r.field_name is not None
    ]
    return models, fields


def accesses_of(files: dict[str, str]) -> list[str]:
    """Return accesses as `line function operation table`."""
    project = project_of(files)
    rows = [r for r in Data().run(project, project.everything()).rows if isinstance(r, DataAccessRow)]
    rows.sort(key=lambda r: (r.file, r.line, r.operation, r.table_name))
    return [f"{r.line} {name_of(project, r.function_id).partition(':')[2]} {r.operation} {r.table_name}" for r in rows]


@pytest.mark.parametrize("example", EXAMPLES)
def test_examples(example: object) -> None:
    """What a pack says of its example is found, and nothing else."""
    from driftd.pipeline.data.packs import Example

    assert isinstance(example, Example)
    models, fields = models_of(example.files)
    assert sorted(models) == sorted(example.models)
    assert sorted(fields) == sorted(example.fields)
    assert accesses_of(example.files) == list(example.accesses)


def test_every_pack_has_an_example() -> None:
    """A framework without an example is one that nobody has seen to work."""
    assert [name for name in PACKS if not packs()[name].examples] == []


def test_operations_are_those_of_the_table() -> None:
    """What a pack calls an operation is one that `data_access` can hold."""
    allowed = set(get_args(DataOperation))
    for pack in packs().values():
        named = {operation for by_operation in pack.operations.values() for operation in by_operation}
        assert named | set(pack.query_calls.values()) <= allowed, pack.name
