"""Results per file that are worked out again exactly when something that they looked at is different."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Generic, TypeVar

from driftd.pipeline.data.facts import DataFacts
from driftd.pipeline.data.linking import SCHEMA_SUFFIX, SCHEMAS, Linker
from driftd.pipeline.digest import DataPart

if TYPE_CHECKING:
    from collections.abc import Callable

    from driftd.pipeline.project import Change, Project

T = TypeVar("T")


class Tracking(Generic[T]):
    """Keeps the facts of the files that say anything about data, and what the result of each depends on."""

    def __init__(self, make: Callable[[Linker, str], T]) -> None:
        self._make = make
        self._facts: dict[str, DataFacts] = {}
        self._users: dict[str, set[str]] = {}
        self._seen: dict[str, frozenset[str]] = {}

    def update(self, project: Project, change: Change) -> dict[str, T | None]:
        """Return the results of all files that may have another one now; None for those that are gone."""
        again = set(change.changed | change.removed | change.interface_changed)
        for path in change.changed | change.removed:
            old = self._facts.pop(path, _NONE)
            file = project.file(path)
            new = _NONE if file is None else file.part(DataPart).data
            if new is not None and new != _NONE:
                self._facts[path] = new
            if new.declarations() != old.declarations():
                again |= self._users.get(path, _NOBODY)
        if any(path.endswith(SCHEMA_SUFFIX) for path in change.changed | change.removed):
            again |= self._users.get(SCHEMAS, _NOBODY)
        for key in change.lookups_changed | change.interface_changed:
            again |= self._users.get(key, _NOBODY)
        linker = Linker(project, self._facts)
        results: dict[str, T | None] = {}
        for path in again:
            results[path] = self._result(linker, path) if path in self._facts else None
            self._note(path, frozenset(linker.seen if path in self._facts else ()))
        return results

    def _result(self, linker: Linker, path: str) -> T:
        linker.start()
        result = self._make(linker, path)
        if linker.is_circular:
            linker.start()  # now from here, so that it does not matter which file came first
            result = self._make(linker, path)
        return result

    def _note(self, path: str, now: frozenset[str]) -> None:
        old = self._seen.pop(path, _NOBODY)
        for key in old - now:
            users = self._users[key]
            users.discard(path)
            if not users:
                del self._users[key]
        for key in now - old:
            self._users.setdefault(key, set()).add(path)
        if now:
            self._seen[path] = now


_NOBODY: Final[frozenset[str]] = frozenset()
_NONE: Final = DataFacts()
