"""The page of docs/ says what the code does."""

from __future__ import annotations

from pathlib import Path

from driftd.retention.document import document

PAGE = Path(__file__).parents[2] / "docs/retention.md"


def test_the_page_is_current() -> None:
    """docs/retention.md is what `python -m driftd.retention.document` writes."""
    assert PAGE.read_text(encoding="utf-8") == document()
