"""call_edges: who calls whom, kept current by resolving again exactly the files that a change can affect."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeAlias

import msgspec

from driftd.pipeline.call_graph.resolve import BUILTIN_CALL, EXTERNAL, IMPLICIT, RESOLVED, resolve_file
from driftd.pipeline.call_graph.symbols import Symbols
from driftd.pipeline.project import Project
from driftd.pipeline.stage import Findings
from driftd.rows.call_graph import CallEdgeRow
from driftd.rows.declare import row_values

if TYPE_CHECKING:
    from driftd.pipeline.project import Change, SourceFile
    from driftd.pipeline.stage import Mapper
    from driftd.rows.declare import Row

# From here on other processes are worth the snapshot they need; a chunk is worth its trip and leaves none idle long.
MANY_FILES = 200
CHUNK = 48


class CallEdges:
    """Resolves calls to edges.  Remembers per file what its resolution looked at, and how its call sites fared."""

    name: ClassVar[str] = "call_edges"
    version: ClassVar[int] = 1
    needs: ClassVar[tuple[str, ...]] = ()
    tables: ClassVar[tuple[type[Row], ...]] = (CallEdgeRow,)

    def __init__(self, mapper: Mapper | None = None) -> None:
        self._mapper = mapper
        self._seen: dict[str, tuple[str, ...]] = {}  # file -> what its resolution looked at
        self._users: dict[str, set[str]] = {}  # the reverse
        self._outcomes: dict[str, dict[str, int]] = {}
        self._languages: dict[str, str] = {}

    def run(self, project: Project, change: Change) -> Findings:
        """Return the edges of the changed files and of those that looked at something that is different now."""
        again = set(change.changed | change.removed | change.interface_changed)
        for key in (*change.interface_changed, *change.names_changed, *change.lookups_changed):
            again |= self._users.get(key, _NOBODY)
        files = []
        for path in sorted(again):
            self._forget(path)
            file = project.file(path)
            if file is not None and file.language in _LANGUAGES:
                files.append(file)
        if self._mapper is not None and len(files) >= MANY_FILES:
            values = self._resolve_elsewhere(project, files, self._mapper)
            if values is not None:
                return Findings(values={CallEdgeRow: values}, files=frozenset(again))
        symbols = Symbols(project)
        rows: list[CallEdgeRow] = []
        for file in files:
            resolved = resolve_file(project, file, symbols)
            rows += resolved.edges
            self._take(file, resolved.outcomes, resolved.seen)
        return Findings(rows=rows, files=frozenset(again))

    def _resolve_elsewhere(
        self, project: Project, files: Sequence[SourceFile], mapper: Mapper
    ) -> list[Sequence[object]] | None:
        """Resolve the files in other processes and return the edges in column order; None if that was not possible."""
        chunks = [_encode([(f.path, f.facts) for f in files[at : at + CHUNK]]) for at in range(0, len(files), CHUNK)]
        done = mapper(resolve_chunk, project.snapshot(), chunks)
        if done is None:
            return None
        values: list[Sequence[object]] = []
        for path, edges, outcomes, seen in (result for chunk in done for result in _decode_results(chunk)):
            values += edges
            self._take(project[path], outcomes, seen)
        return values

    def _take(self, file: SourceFile, outcomes: dict[str, int], seen: set[str]) -> None:
        self._outcomes[file.path] = outcomes
        self._languages[file.path] = file.language
        self._remember(file.path, seen)

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


def resolve_chunk(snapshot: bytes, chunk: bytes) -> bytes:
    """Resolve a chunk of files against a snapshot of the project; in a worker process."""
    project, symbols = _looked_up(snapshot)
    results: list[_Result] = []
    for path, facts in _decode_chunk(chunk):
        file = project[path]
        file.facts = facts
        resolved = resolve_file(project, file, symbols)
        results.append((path, [row_values(edge) for edge in resolved.edges], resolved.outcomes, resolved.seen))
        file.facts = b""
    return _encode(results)


@lru_cache(maxsize=1)
def _looked_up(snapshot: bytes) -> tuple[Project, Symbols]:
    project = Project.from_snapshot(snapshot)
    return project, Symbols(project)


def resolution_rate(outcomes: dict[str, int]) -> float:
    """Return the share of call sites with an edge among those that go to code of the workspace; 1 if there are none."""
    elsewhere = sum(outcomes.get(name, 0) for name in (IMPLICIT, EXTERNAL, BUILTIN_CALL))
    sites = sum(outcomes.values()) - elsewhere
    return outcomes.get(RESOLVED, 0) / sites if sites else 1.0


_Result: TypeAlias = tuple[str, Sequence[Sequence[Any]], dict[str, int], set[str]]
_encode: Final = msgspec.msgpack.Encoder().encode
_decode_chunk: Final = msgspec.msgpack.Decoder(list[tuple[str, bytes]]).decode
_decode_results: Final = msgspec.msgpack.Decoder(list[_Result]).decode

_NOBODY: Final[frozenset[str]] = frozenset()
_LANGUAGES: Final = frozenset({"python", "javascript", "typescript", "tsx"})
