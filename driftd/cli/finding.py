"""What a check of `driftd doctor` says."""

from __future__ import annotations

from typing import Literal, NamedTuple

Level = Literal["ok", "warn", "fail"]


class Finding(NamedTuple):
    """What one check found; `hint` says what to do about it."""

    check: str
    level: Level
    detail: str
    hint: str = ""
