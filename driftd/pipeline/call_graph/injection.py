"""Which classes frameworks make instances of, by annotation, and which calls register them: data from the packs."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Final


def _names(what: str) -> frozenset[str]:
    text = (files("driftd.pipeline.packs") / "injection" / "containers.toml").read_text("utf-8")
    return frozenset(name for framework in tomllib.loads(text).values() for name in framework.get(what, ()))


BEANS: Final = _names("made")  # annotations of classes, by their full names
REGISTERING: Final = _names("register")  # methods that are given the classes to make
