"""The page about rules is made from what rules are."""

from __future__ import annotations

from pathlib import Path

from driftd.pipeline.detect.document import document


def test_page_is_current() -> None:
    """docs/rules.md is what `python -m driftd.pipeline.detect.document` writes."""
    page = Path(__file__).parents[2] / "docs" / "rules.md"
    assert page.read_text(encoding="utf-8") == document()
