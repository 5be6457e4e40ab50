"""The matrix of languages and facts is what the tests show."""

from __future__ import annotations

import pytest

from driftd.pipeline.facts.languages import registry
from driftd.pipeline.facts.languages.capabilities import capabilities
from tests.pipeline.languages.capabilities import CAPABILITIES, DATA, OTHERS, PAGE, Matrix


def test_the_page_and_the_data_are_current() -> None:
    """Both are what `python -m tests.pipeline.languages.capabilities` writes."""
    matrix = Matrix()
    assert PAGE.read_text(encoding="utf-8") == matrix.page()
    assert DATA.read_text(encoding="utf-8") == matrix.data()


@pytest.mark.parametrize("language", sorted({*registry.MODULES} - {*OTHERS}))
def test_every_language_of_code_is_in_it(language: str) -> None:
    """Each is tested for functions, classes, imports and calls at least."""
    assert {"functions", "classes", "imports", "calls"} <= {*capabilities()[language]}
    assert {*capabilities()[language]} <= {*CAPABILITIES}
