"""call_edges: who calls whom, kept current by resolving again exactly the files that a change can affect."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, ClassVar, Final

from driftd.pipeline.call_graph.resolve import BUILTIN_CALL, EXTERNAL, IMPLICIT, RESOLVED, resolve_file
from driftd.pipeline.call_graph.symbols import Symbols
from driftd.pipeline.stage import Findings
from driftd.rows.call_graph import CallEdgeRow

if TYPE_CHECKING:
    from driftd.pipeline.project import Change, Project
    from driftd.rows.declare import Row


class CallEdges:
    """Resolves calls to edges.  Remembers per file what its resolution looked at, and how its call sites fared."""

    name: ClassVar[str] = "call_edges"
    version: ClassVar[int] = 1
    needs: ClassVar[tuple[str, ...]] = ()
    tables: ClassVar[tuple[type[Row], ...]] = (CallEdgeRow,)

    def __init__(self) -> None:
        self._seen: dict[str, tuple[str, ...]] = {}  # file -> what its resolution looked at
        self._users: dict[str, set[str]] = {}  # the reverse
        self._outcomes: dict[str, dict[str, int]] = {}
        self._languages: dict[str, str] = {}

    def run(self, project: Project, change: Change) -> Findings:
        """Return the edges of the changed files and of those that looked at something that is different now."""
        again = set(change.changed | change.removed | change.interface_changed)
        for key in (*change.interface_changed, *change.names_changed, *change.lookups_changed):
            again |= self._users.get(key, _NOBODY)
        symbols = Symbols(project)
        rows: list[CallEdgeRow] = []
        for path in sorted(again):
            self._forget(path)
            file = project.file(path)
            if file is not None and file.language in _LANGUAGES:
                resolved = resolve_file(project, file, symbols)
                rows += resolved.edges
                self._outcomes[path] = resolved.outcomes
                self._languages[path] = file.language
                self._remember(path, resolved.seen)
        return Findings(rows=rows, files=frozenset(again))

    def statistics(self) -> dict[str, dict[str, int]]:
        """Return per language how many call sites had which outcome (`resolve` names them); "" counts all."""
        total: dict[str, Counter[str]] = {"": Counter()}
        for path, outcomes in self._outcomes.items():
            total[""].update(outcomes)
            total.setdefault(self._languages[path], Counter()).update(outcomes)
        return {language: dict(sorted(counts.items())) for language, counts in total.items()}

    def depends_on(self, path: str) -> frozenset[str]:
        """Return what the file's edges depend on: files, and keys of module lookups."""
        return frozenset(self._seen.get(path, ()))

    def _remember(self, path: str, seen: set[str]) -> None:
        users = self._users
        kept = []
        for key in seen:
            using = users.get(key)
            if using is None:
                users[key] = {path}
            else:
                using.add(path)
            kept.append(key)
        self._seen[path] = tuple(kept)

    def _forget(self, path: str) -> None:
        self._outcomes.pop(path, None)
        self._languages.pop(path, None)
        for key in self._seen.pop(path, ()):
            using = self._users[key]
            using.discard(path)
            if not using:
                del self._users[key]


def resolution_rate(outcomes: dict[str, int]) -> float:
    """Return the share of call sites with an edge among those that go to code of the workspace; 1 if there are none."""
    elsewhere = sum(outcomes.get(name, 0) for name in (IMPLICIT, EXTERNAL, BUILTIN_CALL))
    sites = sum(outcomes.values()) - elsewhere
    return outcomes.get(RESOLVED, 0) / sites if sites else 1.0


_NOBODY: Final[frozenset[str]] = frozenset()
_LANGUAGES: Final = frozenset({"python", "javascript", "typescript", "tsx"})
