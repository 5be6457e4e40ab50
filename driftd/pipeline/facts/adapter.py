"""What a language adapter offers: the only place that knows a grammar."""

from __future__ import annotations

from typing import Protocol

from driftd.pipeline.facts.model import FileFacts


class Adapter(Protocol):
    """Turns the bytes of one file into facts.

    `languages` are the language names it produces (`python`; `typescript`, `tsx`); `suffixes` maps a file suffix to
    one of them.  `version` changes whenever the same bytes would give other facts (it is part of the cache key,
    together with the grammar's own version, which it includes).
    """

    @property
    def languages(self) -> tuple[str, ...]: ...

    @property
    def suffixes(self) -> dict[str, str]: ...

    @property
    def version(self) -> str: ...

    def extract(self, data: bytes, language: str) -> FileFacts:
        """Return the facts of `data`; never raises for bad input: what cannot be read is in `errors`."""
        ...
