"""The examples that each entry point pack carries: files, and exactly what is called from outside in them."""

from __future__ import annotations

import pytest

from driftd.pipeline.entry_points.finding import entry_points, main_reasons
from driftd.pipeline.entry_points.packs import Example, Globs, packs
from tests.pipeline.in_memory import name_of, project_of

EXAMPLES = [
    pytest.param(example, id=f"{pack.name}-{number}")
    for pack in packs().values()
    for number, example in enumerate(pack.examples)
]


def found_in(files: dict[str, str]) -> list[str]:
    """Return entry points as `file:qualified name reason`, each once."""
    project = project_of(files)
    return sorted({f"{name_of(project, point.function)} {point.reason}" for point in entry_points(project)})


@pytest.mark.parametrize("example", EXAMPLES)
def test_examples(example: Example) -> None:
    """What a pack says of its example is found, and nothing else: helpers and look-alikes are none."""
    assert found_in(example.files) == sorted(set(example.found))
