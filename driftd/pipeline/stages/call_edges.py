"""call_edges: who calls whom, kept current by resolving again exactly the files that a change can affect.

Resolution goes in rounds.  In the first nothing is known of what flows from calls into parameters and other places; in
each further one it is what flowed in the round before.  A file takes part in a round only if something that it read
flows otherwise than in the round before, so the rounds get smaller, and there are at most `ROUNDS`.  What a round gives
is a function of the files and of the flows of the round before; so after any history it is what a fresh build gives.
"""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple, TypeAlias

import msgspec

from driftd.pipeline.call_graph.declared import Declared
from driftd.pipeline.call_graph.declared_resolve import resolve_file
from driftd.pipeline.call_graph.flows import Contributions, Flows, merged
from driftd.pipeline.call_graph.outcomes import BUILTIN_CALL, EXTERNAL, IMPLICIT, RESOLVED
from driftd.pipeline.dialects import DIALECTS
from driftd.pipeline.project import Project
from driftd.pipeline.stage import Cancelled, Findings, Remembering
from driftd.rows.call_graph import CallEdgeRow, ExternalCallRow

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from driftd.pipeline.call_graph.flows import Named
    from driftd.pipeline.project import Change
    from driftd.pipeline.stage import Mapper
    from driftd.rows.declare import Row

# From here on other processes are worth the snapshot they need; a chunk is worth its trip and leaves none idle long.
MANY_FILES = 200
CHUNK = 48
ROUNDS: Final = 3


class _Part(NamedTuple):
    """What resolving a stretch of a file gave: its edges encoded, how its call sites fared, what it read and handed on."""

    edges: bytes
    outcomes: bytes
    reads: tuple[str, ...]
    flows: Contributions
    external: bytes


class _Result:
    """What resolving one file gave, by stretch; `_REST` is everything that reads no flow.  `seen` leaves flows out."""

    __slots__ = ("flows", "parts", "seen")

    def __init__(self, parts: dict[int, _Part], seen: tuple[str, ...]) -> None:
        self.parts = parts
        self.seen = seen
        flows: dict[str, tuple[Named, ...]] = {}
        for part in parts.values():
            for key, named in part.flows.items():
                flows[key] = flows[key] + named if key in flows else named
        self.flows = flows

    def rows(self) -> list[tuple[bytes, bytes]]:
        """Return the encoded edges and calls of other packages, by stretch."""
        return [(part.edges, part.external) for _, part in sorted(self.parts.items())]

    def stale(self, changed: set[str]) -> list[int]:
        """Return the stretches that read a place which holds something else now."""
        if not changed:
            return []
        return [group for group, part in self.parts.items() if not changed.isdisjoint(part.reads)]


_REST: Final = -1


class _Round:
    """The results of one round, and what flows after it."""

    __slots__ = ("content", "results", "sources")

    def __init__(self) -> None:
        self.results: dict[str, _Result] = {}
        self.sources: dict[str, set[str]] = {}  # place -> files that contribute to it
        self.content: dict[str, tuple[Named, ...]] = {}

    def put(self, path: str, result: _Result | None) -> Iterable[str]:
        """Replace the result of a file; return the places that may hold something else now."""
        old = self.results.pop(path, None)
        if result is not None:
            self.results[path] = result
        before: Contributions = {} if old is None else old.flows
        after: Contributions = {} if result is None else result.flows
        if before == after:
            return ()
        for key in before.keys() - after.keys():
            self.sources[key].discard(path)
        for key in after.keys() - before.keys():
            self.sources.setdefault(key, set()).add(path)
        return before.keys() | after.keys()

    def settle(self, touched: Iterable[str]) -> set[str]:
        """Work out again what these places hold; return those that hold something else."""
        changed = set()
        for key in touched:
            paths = self.sources.get(key)
            old = self.content.get(key, ())
            if not paths:
                self.sources.pop(key, None)
                self.content.pop(key, None)
                new: tuple[Named, ...] = ()
            else:
                new = self.content[key] = merged(key, [self.results[path].flows[key] for path in paths])
            if new != old:
                changed.add(key)
        return changed


class _Users:
    """Which files looked at what.  Most things are looked at by one file: a set of its own for each is too much."""

    __slots__ = ("_files",)

    def __init__(self) -> None:
        self._files: dict[str, str | set[str]] = {}

    def __len__(self) -> int:
        """Return how many things were looked at."""
        return len(self._files)

    def of(self, key: str) -> Collection[str]:
        """Return the files that looked at something."""
        files = self._files.get(key, ())
        return (files,) if isinstance(files, str) else files

    def add(self, key: str, path: str) -> None:
        """Take note that a file looked at something."""
        files = self._files.setdefault(key, path)
        if isinstance(files, set):
            files.add(path)
        elif files != path:
            self._files[key] = {files, path}

    def discard(self, key: str, path: str) -> None:
        """Take note that a file does not look at it any more."""
        files = self._files[key]
        if isinstance(files, set):
            files.discard(path)
        if not files or files == path:
            del self._files[key]


class CallEdges(Remembering):
    """Resolves calls to edges.  Remembers per file what its resolution looked at, and how its call sites fared."""

    name: ClassVar[str] = "call_edges"
    version: ClassVar[int] = 6
    needs: ClassVar[tuple[str, ...]] = ()
    tables: ClassVar[tuple[type[Row], ...]] = (CallEdgeRow, ExternalCallRow)

    def __init__(self, mapper: Mapper | None = None, cancelled: Callable[[], bool] | None = None) -> None:
        self._mapper = mapper
        self.cancelled = cancelled
        self.forget()

    def forget(self) -> None:
        """Be as new."""
        self._rounds: list[_Round] = []
        self._users = _Users()  # what resolutions looked at -> files, over all rounds
        self._seen: dict[str, tuple[str, ...]] = {}  # file -> the same
        self._languages: dict[str, str] = {}

    def update(self, project: Project, change: Change) -> Findings:
        """Return the edges of the changed files and of those that looked at something that is different now."""
        again = set(change.changed | change.removed | change.interface_changed)
        for key in (*change.interface_changed, *change.names_changed, *change.lookups_changed):
            again.update(self._users.of(key))
        for path in again:
            file = project.file(path)
            if file is not None and file.language in _LANGUAGES:
                self._languages[path] = file.language
            else:
                self._languages.pop(path, None)
        while len(self._rounds) < ROUNDS:
            self._rounds.append(_Round())
        work = _Work(project, self._mapper, self.cancelled)
        before: dict[str, _Result | None] = {}
        last = self._rounds[-1].results
        changed: set[str] = set()  # places that hold something else than before the change, after the round before
        for number, round_ in enumerate(self._rounds):
            todo = again.union(*[self._users.of(key) for key in changed])
            before.update((path, last.get(path)) for path in todo if path not in before)
            changed = round_.settle(self._do(number, todo, work))
        for path in before:
            self._note(path)
        if not self._languages:
            self._rounds.clear()
        files = [p for p in sorted(before) if p in again or _rows(last.get(p)) != _rows(before[p])]
        encoded = [rows for path in files for rows in _rows(last.get(path))]
        edges = [row for part, _ in encoded for row in _decode_rows(part)]
        external = [row for _, part in encoded for row in _decode_rows(part)]
        if len(files) >= MANY_FILES:
            return Findings(values={CallEdgeRow: edges, ExternalCallRow: external}, files=frozenset(files))
        rows = [*[_row(CallEdgeRow, row) for row in edges], *[_row(ExternalCallRow, row) for row in external]]
        return Findings(rows=rows, files=frozenset(files))

    def _do(self, number: int, todo: Iterable[str], work: _Work) -> set[str]:
        """Bring the results of a round up to date; return the places that may hold something else after it."""
        round_ = self._rounds[number]
        earlier = self._rounds[number - 1] if number else None
        content = earlier.content if earlier is not None else {}
        base = self._rounds[number - 2].content if number > 1 else {}
        moved = _differing(base, content)
        touched: set[str] = set()
        jobs: list[_Job] = []
        for path in sorted(todo):
            if path not in self._languages:
                touched.update(round_.put(path, None))
                continue
            if earlier is None:
                jobs.append((path, None))
                continue
            stale = earlier.results[path].stale(moved)
            if stale:
                jobs.append((path, stale))
            else:
                touched.update(round_.put(path, earlier.results[path]))
        for path, parts, seen in work.resolve(jobs, content):
            if earlier is not None:
                base_result = earlier.results[path]  # what was not stale stays
                known = set(base_result.seen)
                more = tuple([key for key in seen if key not in known])
                result = _Result({**base_result.parts, **parts}, base_result.seen + more)
            else:
                result = _Result(parts, seen)
            touched.update(round_.put(path, result))
        return touched

    def statistics(self) -> dict[str, dict[str, int]]:
        """Return per language how many call sites had which outcome (`resolve` names them); "" counts all."""
        total: dict[str, Counter[str]] = {"": Counter()}
        for path, result in self._rounds[-1].results.items() if self._rounds else ():
            for part in result.parts.values():
                outcomes = _decode_outcomes(part.outcomes)
                total[""].update(outcomes)
                total.setdefault(self._languages[path], Counter()).update(outcomes)
        return {language: dict(sorted(counts.items())) for language, counts in total.items()}

    def depends_on(self, path: str) -> frozenset[str]:
        """Return what the file's edges depend on: files, and keys of names, of module lookups and of flows."""
        return frozenset(self._seen.get(path, ()))

    def _note(self, path: str) -> None:
        """Remember what the results of a file depend on."""
        users = self._users
        results = [r for round_ in self._rounds if (r := round_.results.get(path)) is not None]
        reads = {id(part): part.reads for r in results for part in r.parts.values() if part.reads}
        now = set[str]().union(*{id(r): r.seen for r in results}.values(), *reads.values())
        old = set(self._seen.pop(path, ()))
        for key in old - now:
            users.discard(key, path)
        for key in now - old:
            users.add(key, path)
        if now:
            self._seen[path] = tuple(now)


class _Work:
    """Resolves files of one state of the project, here or in other processes."""

    def __init__(self, project: Project, mapper: Mapper | None, cancelled: Callable[[], bool] | None) -> None:
        self.project = project
        self.mapper = mapper
        self.cancelled = cancelled
        self.symbols = Declared(project)
        self.held: Mapping[str, tuple[Named, ...]] = {}  # what flows by the answers of `symbols`
        self.snapshot = b""
        self.keys: dict[str, str] = {}

    def resolve(
        self, jobs: Sequence[_Job], content: Mapping[str, tuple[Named, ...]]
    ) -> Iterator[tuple[str, dict[int, _Part], tuple[str, ...]]]:
        """Resolve files or stretches of them, given what flows; raises Cancelled."""
        done = 0
        if self.mapper is not None and len(jobs) >= MANY_FILES:
            for result in self.elsewhere(jobs, content, self.mapper):
                done += 1
                yield result
        if done < len(jobs):
            self.symbols.advance(Flows(content, self.symbols.names), _differing(self.held, content))
            self.held = content
            for path, groups in jobs[done:]:
                self.go_on()
                yield _resolved(self.project, path, groups, self.symbols)

    def go_on(self) -> None:
        """Raise Cancelled if nobody waits for the rest."""
        if self.cancelled is not None and self.cancelled():
            raise Cancelled

    def elsewhere(
        self, jobs: Sequence[_Job], content: Mapping[str, tuple[Named, ...]], mapper: Mapper
    ) -> Iterator[tuple[str, dict[int, _Part], tuple[str, ...]]]:
        """Resolve in other processes, as far as that is possible."""
        if not self.snapshot:
            self.snapshot = self.project.snapshot()
        chunks = (
            _encode([(path, self.project[path].facts, groups) for path, groups in jobs[at : at + CHUNK]])
            for at in range(0, len(jobs), CHUNK)
        )
        one = self.keys.setdefault  # equal keys of many files become one string
        for chunk in mapper(resolve_chunk, _encode((self.snapshot, content)), chunks):
            self.go_on()
            for path, parts, seen in _decode_results(chunk):
                found = {
                    group: _Part(
                        edges,
                        outcomes,
                        tuple([one(key, key) for key in reads]),
                        {one(key, key): names for key, names in flows.items()},
                        external,
                    )
                    for group, edges, outcomes, reads, flows, external in parts
                }
                yield path, found, tuple([one(key, key) for key in seen])


def resolve_chunk(shared: bytes, chunk: bytes) -> bytes:
    """Resolve a chunk of files against a snapshot of the project and what flows; in a worker process."""
    project, symbols = _looked_up(shared)
    results = []
    for path, facts, groups in _decode_chunk(chunk):
        file = project[path]
        file.facts = facts
        results.append(_resolved(project, path, groups, symbols))
        file.facts = b""
    return _encode([(path, [(group, *part) for group, part in parts.items()], seen) for path, parts, seen in results])


@lru_cache(maxsize=1)
def _looked_up(shared: bytes) -> tuple[Project, Declared]:
    snapshot, content = _decode_shared(shared)
    project, symbols, held = _project(snapshot)
    # The same project with other flows: what did not read them stays true.
    symbols.advance(Flows(content, symbols.names), _differing(held, content))
    held.clear()
    held.update(content)
    return project, symbols


@lru_cache(maxsize=1)
def _project(snapshot: bytes) -> tuple[Project, Declared, dict[str, tuple[Named, ...]]]:
    project = Project.from_snapshot(snapshot)
    return project, Declared(project), {}


def _differing(one: Mapping[str, tuple[Named, ...]], other: Mapping[str, tuple[Named, ...]]) -> set[str]:
    if one is other:
        return set()
    return {key for key in one.keys() | other.keys() if one.get(key, ()) != other.get(key, ())}


def _resolved(
    project: Project, path: str, groups: list[int] | None, symbols: Declared
) -> tuple[str, dict[int, _Part], tuple[str, ...]]:
    """Resolve a file; of a whole one, the stretches that read no flow are put together."""
    found, seen = resolve_file(project, project[path], symbols, groups)
    parts: dict[int, _Part] = {}
    edges: list[Sequence[object]] = []
    external: list[Sequence[object]] = []
    outcomes: Counter[str] = Counter()
    flows: dict[str, tuple[Named, ...]] = {}
    for group, part in found.items():
        if part.reads or groups is not None:
            parts[group] = _Part(
                _encode(part.edges), _encode(part.outcomes), tuple(part.reads), part.flows, _encode(part.external)
            )
            continue
        edges += part.edges
        external += part.external
        for name, count in part.outcomes.items():
            outcomes[name] += count
        for key, named in part.flows.items():
            flows[key] = flows[key] + named if key in flows else named
    if groups is None:
        parts[_REST] = _Part(_encode(edges), _encode(outcomes), (), flows, _encode(external))
    return path, parts, tuple(seen)


def _rows(result: _Result | None) -> list[tuple[bytes, bytes]]:
    return [] if result is None else result.rows()


def _row(kind: type[Row], values: Sequence[object]) -> Row:
    return kind(**dict(zip(kind.__struct_fields__, values, strict=True)))


def resolution_rate(outcomes: dict[str, int]) -> float:
    """Return the share of call sites with an edge among those that go to code of the workspace; 1 if there are none."""
    elsewhere = sum(outcomes.get(name, 0) for name in (IMPLICIT, EXTERNAL, BUILTIN_CALL))
    sites = sum(outcomes.values()) - elsewhere
    return outcomes.get(RESOLVED, 0) / sites if sites else 1.0


_Job: TypeAlias = tuple[str, "list[int] | None"]  # a file, and which stretches of it; None for all
_SentPart: TypeAlias = tuple[int, bytes, bytes, list[str], dict[str, tuple[bytes, ...]], bytes]
_encode: Final = msgspec.msgpack.Encoder().encode
_decode_chunk: Final = msgspec.msgpack.Decoder(list[tuple[str, bytes, list[int] | None]]).decode
_decode_results: Final = msgspec.msgpack.Decoder(list[tuple[str, list[_SentPart], list[str]]]).decode
_decode_shared: Final = msgspec.msgpack.Decoder(tuple[bytes, dict[str, tuple[bytes, ...]]]).decode
_decode_outcomes: Final = msgspec.msgpack.Decoder(dict[str, int]).decode
_decode_rows: Final = msgspec.msgpack.Decoder(list[tuple[Any, ...]]).decode

_LANGUAGES: Final = frozenset({"python", "javascript", "typescript", "tsx", *DIALECTS})
