"""Which classes frameworks make instances of, by annotation, and which calls register them: data from the packs."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Final


def _beans() -> frozenset[str]:
    text = (files("driftd.pipeline.packs") / "injection" / "containers.toml").read_text("utf-8")
    data = tomllib.loads(text)
    return frozenset(name for framework in data.values() for name in framework.get("made", ()))


BEANS: Final = _beans()
