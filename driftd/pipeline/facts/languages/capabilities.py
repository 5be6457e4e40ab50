"""Which kinds of facts driftd reads in which language, as far as its tests show it.

`capabilities.json` beside this file is generated from the tests, with docs/languages.md; nothing stands in it that no
test shows.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import msgspec


@cache
def capabilities() -> dict[str, tuple[str, ...]]:
    """Return the capabilities that are tested, by language."""
    data = (files("driftd.pipeline.facts.languages") / "capabilities.json").read_bytes()
    return msgspec.json.decode(data, type=dict[str, tuple[str, ...]])
