"""Fixtures that every test shares, and a guard against compiled modules that hide a newer source."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

_ROOT = Path(__file__).parent.parent
_RECORD = _ROOT / "driftd" / "compiled.json"  # see hatch_build.py


def pytest_configure() -> None:
    """Refuse to test extensions that were made from other sources than the ones that lie here."""
    built = {path.name.partition(".")[0] for path in (_ROOT / "driftd").rglob("*.so")}
    record: dict[str, str] = json.loads(_RECORD.read_text(encoding="utf-8")) if _RECORD.is_file() else {}
    stale = [path for path, digest in record.items() if _digest(_ROOT / path) != digest]
    if stale or (built and not record):
        raise pytest.UsageError(
            f"compiled from other sources: {stale[:3] or sorted(built)[:3]}; `make venv` or `make pure`"
        )


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


@pytest.fixture
def anyio_backend() -> str:
    """Run async tests on asyncio: aiosqlite and the daemon need it."""
    return "asyncio"
