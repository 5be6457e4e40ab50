"""Results per file that are worked out again exactly when something that they looked at is different."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Generic, TypeVar

from driftd.pipeline.data.facts import GATED, PACKAGED
from driftd.pipeline.data.linking import SCHEMA_SUFFIX, SCHEMAS, Linker
from driftd.pipeline.data.models import Models
from driftd.pipeline.data.packs import settings_read
from driftd.pipeline.data.registry import Registry
from driftd.pipeline.data.told import told_by
from driftd.pipeline.digest import DECLARATIONS, MENTIONS_DATA, NO_DECLARATIONS, NO_TOUCHES, TOUCHES

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from driftd.pipeline.data.model import Model
    from driftd.pipeline.project import Change, Project

T = TypeVar("T")


class Tracking(Generic[T]):
    """Keeps what the result of each file depends on, and of what files declare only a hash.

    A file that says nothing of data has no hash, one that only has calls has 0.
    """

    def __init__(self, make: Callable[[Models, str, list[Model]], T], *, remembers: bool = True) -> None:
        """`make` makes the result of a file.  Without `remembers` only one change can be asked about."""
        self._make = make
        self._remembers = remembers
        self._registry = Registry()
        self._declared: dict[str, int] = {}
        self._users: dict[str, set[str]] = {}
        self._seen: dict[str, frozenset[str]] = {}
        self._mentioning: dict[str, set[str]] = {}  # files that import a framework, by family of languages

    def update(self, project: Project, change: Change, go_on: Callable[[], None] = lambda: None) -> dict[str, T | None]:
        """Return the results of all files that may have another one now; None for those that say nothing of data.

        `go_on` is asked before each file; if it raises, what is kept is worth nothing any more.
        """
        again = set(change.changed | change.removed | change.interface_changed)
        before = {family for family, paths in self._mentioning.items() if paths}
        for path in change.changed | change.removed:
            old = self._declared.pop(path, 0)
            for paths in self._mentioning.values():
                paths.discard(path)
            file = project.file(path)
            if file is not None:
                digest = file.digest
                declarations = bytes(DECLARATIONS.encoded(digest))
                if declarations != NO_DECLARATIONS:
                    self._declared[path] = hash(declarations)
                elif TOUCHES.encoded(digest) != NO_TOUCHES:
                    self._declared[path] = 0
                if MENTIONS_DATA.of(digest):
                    family = GATED.get(file.language, "ecmascript" if path.endswith(SCHEMA_SUFFIX) else "")
                    self._mentioning.setdefault(family, set()).add(path)
            if self._declared.get(path, 0) != old:
                again |= self._users.get(path, _NOBODY)
        if any(path.endswith(SCHEMA_SUFFIX) for path in change.changed | change.removed):
            again |= self._users.get(SCHEMAS, _NOBODY)
        for key in change.lookups_changed | change.interface_changed:
            again |= self._users.get(key, _NOBODY)
        idle = set(GATED.values()).difference(family for family, paths in self._mentioning.items() if paths)
        if flipped := {family for family in set(GATED.values()) if (family in idle) is (family in before)}:
            again |= {path for path in self._declared if GATED.get(project[path].language) in flipped}
        linker = Linker(project, self._registry)
        models = Models(linker)
        for key in {key for path in again for key in self._declare(linker, project, path)}:
            again |= self._users.get(key, _NOBODY)
        told: dict[str, tuple[list[Model], frozenset[str]]] = {}
        keys: set[str] = set()
        for path in again:
            go_on()
            linker.start()
            if self._is_idle(project, path, idle):
                keys |= self._registry.replace(path, (), {})
                continue
            own = models.of_file(path) if self._declared.get(path) else []
            if own or linker.seen:
                told[path] = own, frozenset(linker.seen)
            keys |= self._registry.replace(path, own, _settings(linker, path) if self._declared.get(path) else {})
        for key in keys:
            again |= self._users.get(key, _NOBODY)
        results: dict[str, T | None] = {}
        for path in again:
            go_on()
            linker.start()
            if self._is_idle(project, path, idle):
                results[path] = None
                self._note(path, _NOBODY)
                continue
            if path in told:
                own, seen = told[path]
                linker.seen |= seen
            else:
                own = models.of_file(path) if self._declared.get(path) else []
            results[path] = self._make(models, path, own) if path in self._declared else None
            self._note(path, linker.seen)
        return results

    def _is_idle(self, project: Project, path: str, idle: set[str]) -> bool:
        """Whether a file is of languages in which no file imports a framework."""
        file = project.file(path) if idle else None
        return file is not None and GATED.get(file.language) in idle

    def _declare(self, linker: Linker, project: Project, path: str) -> set[str]:
        file = project.file(path)
        if file is None or file.language not in PACKAGED or not self._declared.get(path):
            return self._registry.declare(path, (), (), ())
        facts = linker.facts[path]
        classes = [
            shape.qualified_name
            for shape in facts.shapes
            if file.language != "ruby" or shape.bases or shape.attributes  # a class may be opened again anywhere
        ]
        values = facts.names if file.language == "go" else ()
        return self._registry.declare(
            path, linker.packages_of(path), classes, values, told_by(path, facts, file.language)
        )

    def _note(self, path: str, now: Collection[str]) -> None:
        if not self._remembers:
            return
        now = frozenset(now)
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


def _settings(linker: Linker, path: str) -> dict[str, str]:
    """Return the settings of a file that choose a model."""
    names = linker.facts[path].names
    return {name: names[name].text for name in settings_read() if name in names}


_NOBODY: Final[frozenset[str]] = frozenset()
