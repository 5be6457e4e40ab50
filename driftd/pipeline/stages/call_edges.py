"""call_edges: who calls whom, kept current by resolving again exactly the files that a change can affect.

Resolution goes in rounds.  In the first nothing is known of what flows from calls into parameters and other places; in
each further one it is what flowed in the round before.  A file takes part in a round only if something that it read
flows otherwise than in the round before, so the rounds get smaller, and there are at most `ROUNDS`.  What a round gives
is a function of the files and of the flows of the round before; so after any history it is what a fresh build gives.
"""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeAlias

import msgspec

from driftd.pipeline.call_graph.declared import Declared
from driftd.pipeline.call_graph.declared_resolve import resolve_file, resolver_of
from driftd.pipeline.call_graph.flows import Flows
from driftd.pipeline.call_graph.outcomes import BUILTIN_CALL, EXTERNAL, IMPLICIT, RESOLVED
from driftd.pipeline.call_graph.rounds import REST, FileResult, Round, Stretch, Users, one_of_each, received
from driftd.pipeline.dialects import DIALECTS
from driftd.pipeline.project import Project
from driftd.pipeline.stage import Cancelled, Findings, Remembering
from driftd.rows.call_graph import CallEdgeRow, ExternalCallRow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from driftd.pipeline.call_graph.flows import Named
    from driftd.pipeline.call_graph.outcomes import Part
    from driftd.pipeline.call_graph.resolve import Resolver
    from driftd.pipeline.project import Change
    from driftd.pipeline.stage import Mapper
    from driftd.rows.declare import Row

# From here on other processes are worth the snapshot they need; a chunk is worth its trip and leaves none idle long.
MANY_FILES = 200
CHUNK = 48
MOST_HELD: Final = 14_000_000  # bytes of facts that a process keeps decoded for the next round, as nine times that
ROUNDS: Final = 3


class CallEdges(Remembering):
    """Resolves calls to edges.  Remembers per file what its resolution looked at, and how its call sites fared."""

    name: ClassVar[str] = "call_edges"
    version: ClassVar[int] = 5
    needs: ClassVar[tuple[str, ...]] = ()
    tables: ClassVar[tuple[type[Row], ...]] = (CallEdgeRow, ExternalCallRow)

    def __init__(self, mapper: Mapper | None = None, cancelled: Callable[[], bool] | None = None) -> None:
        self._mapper = mapper
        self.cancelled = cancelled
        self.forget()

    def forget(self) -> None:
        """Be as new."""
        self._rounds: list[Round] = []
        self._users = Users()  # what resolutions looked at -> files, over all rounds
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
            self._rounds.append(Round())
        work = _Work(project, self._mapper, self.cancelled)
        before: dict[str, FileResult | None] = {}
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
                result = FileResult({**base_result.parts, **parts}, base_result.seen + more)
            else:
                result = FileResult(parts, seen)
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
        results = [r for round_ in self._rounds if (r := round_.results.get(path)) is not None]
        now = self._users.note(path, self._seen.pop(path, ()), results)
        if now:
            self._seen[path] = now


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
        self.homes: dict[str, int] = {}  # file -> the chunk that it was in when all of it was resolved

    def resolve(
        self, jobs: Sequence[_Job], content: Mapping[str, tuple[Named, ...]]
    ) -> Iterator[tuple[str, dict[int, Stretch], tuple[str, ...]]]:
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
    ) -> Iterator[tuple[str, dict[int, Stretch], tuple[str, ...]]]:
        """Resolve in other processes, as far as that is possible."""
        if not self.snapshot:
            self.snapshot = self.project.snapshot()
        chunks, homes = self.chunked(jobs)
        encoded = (_encode([(path, self.project[path].facts, groups) for path, groups in chunk]) for chunk in chunks)
        for chunk in mapper(resolve_chunk, _encode((self.snapshot, content)), encoded, homes):
            self.go_on()
            for path, parts, seen in _decode_results(chunk):
                yield path, received(parts, self.keys), one_of_each(seen, self.keys)

    def chunked(self, jobs: Sequence[_Job]) -> tuple[list[Sequence[_Job]], list[int]]:
        """Return the jobs in chunks, each with the number of the chunk in which its files were resolved before."""
        chunks: list[Sequence[_Job]] = []
        homes: list[int] = []
        at = 0
        while at < len(jobs):
            home = self.homes.get(jobs[at][0])
            end = at + 1
            while end < len(jobs) and end - at < CHUNK and self.homes.get(jobs[end][0]) == home:
                end += 1
            chunks.append(jobs[at:end])
            homes.append(len(homes) if home is None else home)
            at = end
        for chunk, home in zip(chunks, homes, strict=True):
            self.homes.update((path, home) for path, _ in chunk)
        return chunks, homes


def resolve_chunk(shared: bytes, chunk: bytes) -> bytes:
    """Resolve a chunk of files against a snapshot of the project and what flows; in a worker process."""
    state = _looked_up(shared)
    results = [
        (path, *_parts(state.resolve(path, facts, groups), groups)) for path, facts, groups in _decode_chunk(chunk)
    ]
    return _encode(
        [
            (path, [(n, p.edges, p.outcomes, p.reads, p.flows, p.external) for n, p in parts.items()], seen)
            for path, parts, seen in results
        ]
    )


class _State:
    """A snapshot of the project in a worker process, with the files that are likely to be asked for again."""

    def __init__(self, snapshot: bytes) -> None:
        self.project = Project.from_snapshot(snapshot)
        self.symbols = Declared(self.project)
        self.held: Mapping[str, tuple[Named, ...]] = {}
        self.resolvers: dict[str, tuple[int, Resolver, set[str]]] = {}  # by file: hash of its facts, what it looked at
        self.size = 0  # of their facts

    def advance(self, content: Mapping[str, tuple[Named, ...]]) -> None:
        """Let other things flow: what did not read them stays true."""
        self.symbols.advance(Flows(content, self.symbols.names), _differing(self.held, content))
        self.held = content

    def resolve(self, path: str, facts: bytes, groups: list[int] | None) -> tuple[dict[int, Part], set[str]]:
        """Resolve a file; one that reads what flows is kept open for the next round.

        What stretches of it looked at is told as far as it is not among what the whole file did.
        """
        known = self.resolvers.get(path)
        if known is not None and known[0] == hash(facts):
            parts, seen = known[1].resolve(groups)
            return parts, seen if groups is None else seen - known[2]
        file = self.project[path]
        file.facts = facts
        resolver = resolver_of(self.project, file, self.symbols)
        file.facts = b""
        result = resolver.resolve(groups)
        if groups is None and self.size < MOST_HELD and any(part.reads for part in result[0].values()):
            self.resolvers[path] = hash(facts), resolver, result[1]
            self.size += len(facts)
        else:
            resolver.close()
        return result

    def close(self) -> None:
        """Let go of the files, so that nothing waits for the garbage collector."""
        for _, resolver, _ in self.resolvers.values():
            resolver.close()
        self.resolvers.clear()


@lru_cache(maxsize=1)
def _looked_up(shared: bytes) -> _State:
    snapshot, content = _decode_shared(shared)
    state = _STATES.get(snapshot)
    if state is None:
        for other in _STATES.values():
            other.close()
        _STATES.clear()
        state = _STATES[snapshot] = _State(snapshot)
    state.advance(content)
    return state


_STATES: Final[dict[bytes, _State]] = {}  # the last one only


def _differing(one: Mapping[str, tuple[Named, ...]], other: Mapping[str, tuple[Named, ...]]) -> set[str]:
    if one is other:
        return set()
    return {key for key in one.keys() | other.keys() if one.get(key, ()) != other.get(key, ())}


def _resolved(
    project: Project, path: str, groups: list[int] | None, symbols: Declared
) -> tuple[str, dict[int, Stretch], tuple[str, ...]]:
    """Resolve a file in this process."""
    return path, *_parts(resolve_file(project, project[path], symbols, groups), groups)


def _parts(
    found_and_seen: tuple[dict[int, Part], set[str]], groups: list[int] | None
) -> tuple[dict[int, Stretch], tuple[str, ...]]:
    """Return what was found in a file; of a whole one, the stretches that read no flow are put together."""
    found, seen = found_and_seen
    parts: dict[int, Stretch] = {}
    edges: list[Sequence[object]] = []
    external: list[Sequence[object]] = []
    outcomes: Counter[str] = Counter()
    flows: dict[str, tuple[Named, ...]] = {}
    for group, part in found.items():
        if part.reads or groups is not None:
            parts[group] = Stretch(
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
        parts[REST] = Stretch(_encode(edges), _encode(outcomes), (), flows, _encode(external))
    return parts, tuple(seen)


def _rows(result: FileResult | None) -> list[tuple[bytes, bytes]]:
    return [] if result is None else result.rows()


def _row(kind: type[Row], values: Sequence[object]) -> Row:
    return kind(**dict(zip(kind.__struct_fields__, values, strict=True)))


def resolution_rate(outcomes: dict[str, int]) -> float:
    """Return the share of call sites with an edge among those that go to code of the workspace; 1 if there are none."""
    elsewhere = sum(outcomes.get(name, 0) for name in (IMPLICIT, EXTERNAL, BUILTIN_CALL))
    sites = sum(outcomes.values()) - elsewhere
    return outcomes.get(RESOLVED, 0) / sites if sites else 1.0


_Job: TypeAlias = tuple[str, "list[int] | None"]  # a file, and which stretches of it; None for all
_SentStretch: TypeAlias = tuple[int, bytes, bytes, list[str], dict[str, tuple[bytes, ...]], bytes]
_encode: Final = msgspec.msgpack.Encoder().encode
_decode_chunk: Final = msgspec.msgpack.Decoder(list[tuple[str, bytes, list[int] | None]]).decode
_decode_results: Final = msgspec.msgpack.Decoder(list[tuple[str, list[_SentStretch], list[str]]]).decode
_decode_shared: Final = msgspec.msgpack.Decoder(tuple[bytes, dict[str, tuple[bytes, ...]]]).decode
_decode_outcomes: Final = msgspec.msgpack.Decoder(dict[str, int]).decode
_decode_rows: Final = msgspec.msgpack.Decoder(list[tuple[Any, ...]]).decode

_LANGUAGES: Final = frozenset({"python", "javascript", "typescript", "tsx", *DIALECTS})
