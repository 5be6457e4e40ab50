"""How often each question is answered which way, by directory; kept up to date file by file."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from driftd.pipeline.patterns.beta import beta_quantile

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Key = tuple[str, str]
"""Family of languages, question."""

LEAST_SITES: Final = 20  # of a scope whose code says anything about the rest of it
LEAST_FILES: Final = 3
DECISIVE: Final = 0.85  # what the share of the usual way is at least, with 95 % certainty
DEEPEST: Final = 4  # directories below that are part of the one there


class Usual(NamedTuple):
    """What is usual in a scope: how sure that is, rounded, so that an edit elsewhere hardly ever changes it."""

    scope: str
    alternative: str
    bound: float
    share: int  # per cent, rounded down


class Tally(msgspec.Struct):
    """Counts of one question in one scope: places and files by alternative."""

    sites: Counter[str] = msgspec.field(default_factory=Counter)
    files: Counter[str] = msgspec.field(default_factory=Counter)

    @property
    def total(self) -> int:
        """All places where the question arises."""
        return self.sites.total()

    def top(self) -> tuple[str, int]:
        """Return the most usual alternative and its places; the first by name among equals."""
        name = min(self.sites, key=lambda one: (-self.sites[one], one))
        return name, self.sites[name]


class Tallies:
    """All counts.  Empty scopes vanish."""

    def __init__(self) -> None:
        self._by_scope: dict[Key, dict[str, Tally]] = {}

    def add(self, path: str, key: Key, counts: Mapping[str, int], by: int) -> None:
        """Add (1) or take away (-1) what one file says."""
        scopes = self._by_scope.setdefault(key, {})
        for scope in scopes_of(path):
            tally = scopes.get(scope)
            if tally is None:
                tally = scopes[scope] = Tally()
            for alternative, count in counts.items():
                tally.sites[alternative] += by * count
                tally.files[alternative] += by
                if not tally.sites[alternative]:
                    del tally.sites[alternative]
                if not tally.files[alternative]:
                    del tally.files[alternative]
            if not tally.sites:
                del scopes[scope]
        if not scopes:
            del self._by_scope[key]

    def keys(self) -> Iterator[Key]:
        """Yield the questions that arise."""
        yield from self._by_scope

    def project(self, key: Key) -> Tally:
        """Return the counts of the whole project."""
        return self._by_scope.get(key, {}).get("", Tally())

    def scopes(self, key: Key) -> Mapping[str, Tally]:
        """Return the counts by directory; "" is the project."""
        return self._by_scope.get(key, {})

    def usual(self, path: str, key: Key) -> Usual | None:
        """Return what is usual around a file: in the nearest scope with enough places, if that is decisive."""
        scopes = self._by_scope.get(key, {})
        for scope in scopes_of(path):
            tally = scopes.get(scope)
            if tally is not None and is_enough(tally):
                return usual_in(scope, tally)
        return None


def is_enough(tally: Tally) -> bool:
    """Return whether a scope has enough places to say what is usual."""
    return tally.total >= LEAST_SITES and tally.files.total() >= LEAST_FILES


def usual_in(scope: str, tally: Tally) -> Usual | None:
    """Return what is usual in a scope, if that is decisive."""
    name, count = tally.top()
    total = tally.total
    bound = beta_quantile(0.05, 1 + count, 1 + total - count)
    if bound < DECISIVE:
        return None
    return Usual(scope, name, round(bound, 2), min(99, int(100 * count / total)) if count < total else 100)


def scopes_of(path: str) -> Iterator[str]:
    """Yield the directories around a file, the nearest first, the project ("") last."""
    parts = path.split("/")[:-1][:DEEPEST]
    for end in range(len(parts), -1, -1):
        yield "/".join(parts[:end])
