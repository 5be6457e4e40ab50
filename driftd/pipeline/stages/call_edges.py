"""call_edges: who calls whom, kept current by resolving again exactly the files that a change can affect.

Resolution goes in rounds.  In the first nothing is known of what flows from calls into parameters and other places; in
each further one it is what flowed in the round before.  A file takes part in a round only if something that it read
flows otherwise than in the round before, so the rounds get smaller, and there are at most `ROUNDS`.  What a round gives
is a function of the files and of the flows of the round before; so after any history it is what a fresh build gives.
"""

from __future__ import annotations

from array import array
from collections import Counter
from dataclasses import replace
from functools import lru_cache
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple, TypeAlias

import msgspec

from driftd.pipeline.call_graph.declared import Declared
from driftd.pipeline.call_graph.declared_resolve import resolve_file, resolver_of
from driftd.pipeline.call_graph.flows import Contributions, Flows, merged
from driftd.pipeline.call_graph.outcomes import BUILTIN_CALL, EXTERNAL, IMPLICIT, RESOLVED
from driftd.pipeline.dialects import DIALECTS
from driftd.pipeline.kept import drop_all
from driftd.pipeline.project import Project
from driftd.pipeline.slab import Slab, lay, tidy
from driftd.pipeline.stage import Cancelled, Findings, Remembering
from driftd.rows.call_graph import CallEdgeRow, ExternalCallRow

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

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
FLOWS_HELD: Final = 4096  # files whose flows are held decoded while those of all are put together


_NO_SLAB: Final = Slab(())
PIECES: Final = 3  # of a result in a slab
FINISHED: Final = 300  # files whose rows are handed on together while others are still resolved


class _Part(NamedTuple):
    """What resolving a stretch of a file gave: its edges encoded, how its call sites fared, what it read and handed on.

    `reads` are the hashes of the places; see `_Users`.
    """

    edges: bytes
    outcomes: bytes
    reads: tuple[int, ...]
    flows: Contributions
    external: bytes


class _Result:
    """What resolving one file gave, by stretch; `_REST` is everything that reads no flow.

    A later round's result keeps only the stretches that it resolved again, and the result `base` that has the others.
    `seen` are the hashes of what was looked at, flows left out; `reads` those of the flows that its own stretches read.
    Between large changes all is encoded: a project has hundreds of thousands of such small things, few of which the
    next change asks for.
    """

    __slots__ = ("_base", "_flows", "_number", "_own", "_reads", "_seen", "_slab")

    def __init__(self, parts: dict[int, _Part], seen: array[int], base: _Result | None = None) -> None:
        self._seen: array[int] | None = seen
        self._reads: array[int] | None = array("q", set[int]().union(*[part.reads for part in parts.values()]))
        self._base = base
        self._own: dict[int, _Part] | None = parts
        self._flows: Contributions | None = _put_together(self.parts().values())
        self._slab = _NO_SLAB
        self._number = 0

    @property
    def slab(self) -> Slab | None:
        """Where everything lies encoded; None if it is not encoded yet."""
        return None if self._slab is _NO_SLAB else self._slab

    @property
    def base(self) -> _Result | None:
        """The result that has the stretches which were not resolved again."""
        return self._base

    @property
    def seen(self) -> array[int]:
        """Hashes of what was looked at."""
        return array("q", self._slab[self._number + 1]) if self._seen is None else self._seen

    @property
    def reads(self) -> array[int]:
        """Hashes of the flows that its own stretches read."""
        return array("q", self._slab[self._number + 2]) if self._reads is None else self._reads

    def parts(self) -> dict[int, _Part]:
        """Return what each stretch gave."""
        own = self._own
        if own is None:
            own = _decode_result(self._slab[self._number]).parts
        return own if self._base is None else {**self._base.parts(), **own}

    def flows(self) -> Contributions:
        """Return what the file hands on, all stretches together."""
        flows = self._flows
        return _decode_flows(self._slab[self._number]).flows if flows is None else flows

    def pieces(self) -> tuple[bytes, bytes, bytes]:
        """Return what lies in a slab."""
        if self._own is None:
            return self._slab[self._number], self._slab[self._number + 1], self._slab[self._number + 2]
        return _encode((self.flows(), self._own)), self.seen.tobytes(), self.reads.tobytes()

    def lay(self, slab: Slab, number: int) -> None:
        """Have everything lie in a slab."""
        self._slab, self._number = slab, number
        self._own = self._flows = self._seen = self._reads = None

    def rows(self) -> list[tuple[bytes, bytes]]:
        """Return the encoded edges and calls of other packages, by stretch."""
        return [(part.edges, part.external) for _, part in sorted(self.parts().items())]

    def stale(self, changed: set[int]) -> list[int]:
        """Return the stretches that read a place which holds something else now; places are given by their hashes."""
        if not changed or not self._may_read(changed):
            return []
        return [group for group, part in self.parts().items() if not changed.isdisjoint(part.reads)]

    def _may_read(self, places: set[int]) -> bool:
        """Whether any stretch reads one of these places; without decoding them, and it may be one resolved again."""
        one: _Result | None = self
        while one is not None:
            if not places.isdisjoint(one.reads):
                return True
            one = one.base
        return False


class _EncodedFlows(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A resting result of which only what it hands on is decoded."""

    flows: dict[str, tuple[bytes, ...]]


class _EncodedResult(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A resting result."""

    flows: msgspec.Raw
    parts: dict[int, _Part]


def _put_together(parts: Iterable[_Part]) -> Contributions:
    flows: Contributions = {}
    for part in parts:
        for key, named in part.flows.items():
            flows[key] = flows[key] + named if key in flows else named
    return flows


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
        if result is old:
            return ()
        before: Contributions = {} if old is None else old.flows()
        after: Contributions = {} if result is None else result.flows()
        if before == after:
            return ()
        for key in before.keys() - after.keys():
            self.sources[key].discard(path)
        for key in after.keys() - before.keys():
            self.sources.setdefault(key, set()).add(path)
        return [key for key in before.keys() | after.keys() if before.get(key) != after.get(key)]

    def settle(self, touched: Iterable[str]) -> set[str]:
        """Work out again what these places hold; return those that hold something else."""
        changed = set()
        handed_on = lru_cache(maxsize=FLOWS_HELD)(
            lambda path: self.results[path].flows()
        )  # of popular places, often asked
        for key in touched:
            paths = self.sources.get(key)
            old = self.content.get(key, ())
            if not paths:
                self.sources.pop(key, None)
                self.content.pop(key, None)
                new: tuple[Named, ...] = ()
            else:
                new = self.content[key] = merged(key, [handed_on(path)[key] for path in paths])
            if new != old:
                changed.add(key)
        return changed


class _Users:
    """Which files looked at what.

    What was looked at is known by its hash: whoever shares one by chance is resolved again for nothing.  Most things
    are looked at by one file or a few, for which a set is too much.
    """

    __slots__ = ("_files",)

    def __init__(self) -> None:
        self._files: dict[int, str | tuple[str, ...] | set[str]] = {}

    def __len__(self) -> int:
        """Return how many things were looked at."""
        return len(self._files)

    def of(self, key: str) -> Collection[str]:
        """Return the files that looked at something."""
        files = self._files.get(hash(key), ())
        return (files,) if isinstance(files, str) else files

    def rest(self) -> None:
        """Give up the space of what is not looked at any more."""
        self._files = dict(self._files)

    def add(self, keys: Iterable[int], path: str) -> None:
        """Take note that a file, which did not before, looks at these things."""
        known = self._files
        for key in keys:
            files = known.setdefault(key, path)
            if files is path:
                continue
            if isinstance(files, str):
                known[key] = (files, path)
            elif isinstance(files, set):
                files.add(path)
            else:
                known[key] = (*files, path) if len(files) < _FEW else {*files, path}

    def discard(self, key: int, path: str) -> None:
        """Take note that a file, which did before, does not look at it any more."""
        files = self._files[key]
        if isinstance(files, set):
            files.discard(path)
            if len(files) <= 1:
                self._files[key] = next(iter(files))
        elif isinstance(files, tuple):
            rest = tuple([file for file in files if file != path])
            self._files[key] = rest if len(rest) > 1 else rest[0]
        else:
            del self._files[key]


_FEW: Final = 16


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
        self._languages: dict[str, str] = {}

    def parts(self, project: Project, change: Change) -> Iterator[Findings]:
        """Yield the edges of the changed files and of those that looked at something that is different now.

        Of a large change, what a round does not resolve again is handed on while it is under way; the few files of
        which a later round finds something else are handed on once more.
        """
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
        used: dict[str, set[int]] = {}  # of files that other rounds may ask for, what they looked at before the change
        for path in again:  # they are resolved in any case, whatever they looked at
            self._forget_users(path)
        last = self._rounds[-1].results
        changed: set[str] = set()  # places that hold something else than before the change, after the round before
        told: dict[str, _Result | None] = {}  # what was handed on already
        noted: set[str] = set()
        for number, round_ in enumerate(self._rounds):
            todo = again.union(*[self._users.of(key) for key in changed])
            # Of what is answered for in any case, the old result is of no use.
            for path in todo:
                if path not in before:
                    before[path] = None if path in again else last.get(path)
                    if path not in again:
                        used[path] = self._looked_at(path)
            touched: set[str] = set()
            jobs, content = self._jobs(number, todo, touched)
            resolved = self._resolved(number, jobs, content, work, touched)
            rest = again.difference([path for path, _ in jobs]) if number and len(again) >= MANY_FILES else set[str]()
            to_tell = sorted(rest.difference(told), reverse=True)
            to_note = sorted(rest, reverse=True) if number == ROUNDS - 1 else []
            for paths in resolved:  # with every chunk that the workers return, while they go on
                if to_note:
                    self._note([*paths, *to_note[-FINISHED:]], used)
                    noted.update(paths, to_note[-FINISHED:])
                    del to_note[-FINISHED:]
                if to_tell:
                    some = to_tell[-FINISHED:]
                    del to_tell[-FINISHED:]
                    told.update((path, round_.results.get(path)) for path in some)
                    yield self._findings(some, round_.results, are_many=True)
            changed = round_.settle(touched)
        self._note(before.keys() - noted, used)
        corrected = [path for path, result in told.items() if _differ(last.get(path), result)]
        if corrected:
            yield replace(self._findings(sorted(corrected), last, are_many=True), corrects=True)
        files = [p for p in sorted(before) if p not in told and (p in again or _differ(last.get(p), before[p]))]
        findings = self._findings(files, last)
        if not self._languages:
            self._rounds.clear()
        yield findings

    def _findings(self, files: Sequence[str], results: Mapping[str, _Result], *, are_many: bool = False) -> Findings:
        """Return the rows of files with these results; of many, as values."""
        edges: list[tuple[Any, ...]] = []
        external: list[tuple[Any, ...]] = []
        for path in files:
            for encoded_edges, encoded_external in _rows(results.get(path)):
                edges += _decode_rows(encoded_edges)
                external += _decode_rows(encoded_external)
        if are_many or len(files) >= MANY_FILES:
            return Findings(values={CallEdgeRow: edges, ExternalCallRow: external}, files=frozenset(files))
        rows = [*[_row(CallEdgeRow, row) for row in edges], *[_row(ExternalCallRow, row) for row in external]]
        return Findings(rows=rows, files=frozenset(files))

    def _jobs(
        self, number: int, todo: Iterable[str], touched: set[str]
    ) -> tuple[list[_Job], Mapping[str, tuple[Named, ...]]]:
        """Return what a round has to resolve, and what flows for it; other files take over the round before's result.

        Adds the places to `touched` that may hold something else after that.
        """
        round_ = self._rounds[number]
        earlier = self._rounds[number - 1] if number else None
        content = earlier.content if earlier is not None else {}
        base = self._rounds[number - 2].content if number > 1 else {}
        moved = set(map(hash, _differing(base, content)))
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
        return jobs, content

    def _resolved(
        self,
        number: int,
        jobs: Sequence[_Job],
        content: Mapping[str, tuple[Named, ...]],
        work: _Work,
        touched: set[str],
    ) -> Iterator[list[str]]:
        """Resolve a round's files and put the results in; pauses after some to tell which."""
        round_ = self._rounds[number]
        earlier = self._rounds[number - 1] if number else None
        loose: list[_Result] = []
        paths: list[str] = []
        for path, parts, seen in work.resolve(jobs, content):
            if earlier is not None:
                base_result = earlier.results[path]  # what was not stale stays
                known = set(base_result.seen)
                more = array("q", [key for key in seen if key not in known])
                result = _Result(parts, base_result.seen + more if more else base_result.seen, base_result)
            else:
                result = _Result(parts, seen)
            touched.update(round_.put(path, result))
            loose.append(result)
            if len(jobs) >= MANY_FILES and len(loose) >= MANY_FILES:
                lay(loose)
                loose = []
            paths.append(path)
            if len(paths) == CHUNK:
                yield paths
                paths = []

    def statistics(self) -> dict[str, dict[str, int]]:
        """Return per language how many call sites had which outcome (`resolve` names them); "" counts all."""
        total: dict[str, Counter[str]] = {"": Counter()}
        for path, result in self._rounds[-1].results.items() if self._rounds else ():
            for part in result.parts().values():
                outcomes = _decode_outcomes(part.outcomes)
                total[""].update(outcomes)
                total.setdefault(self._languages[path], Counter()).update(outcomes)
        return {language: dict(sorted(counts.items())) for language, counts in total.items()}

    def rest(self) -> None:
        """Encode what large changes left."""
        kept: dict[int, _Result] = {}
        for round_ in self._rounds:
            for result in round_.results.values():
                one: _Result | None = result
                while one is not None:
                    kept[id(one)] = one
                    one = one.base
        tidy(kept.values(), PIECES)
        self._users.rest()

    def depends_on(self, path: str) -> frozenset[int]:
        """Return hashes of what the file's edges depend on: files, and keys of names, module lookups and flows."""
        return frozenset(self._looked_at(path))

    def _looked_at(self, path: str) -> set[int]:
        """Return hashes of all that the results of a file looked at, those of all rounds together."""
        results = [r for round_ in self._rounds if (r := round_.results.get(path)) is not None]
        distinct = {id(r): r for r in results}.values()
        return set[int]().union(*[r.seen for r in distinct], *[r.reads for r in distinct])

    def _forget_users(self, path: str) -> None:
        for key in self._looked_at(path):
            self._users.discard(key, path)

    def _note(self, paths: Iterable[str], used: Mapping[str, set[int]]) -> None:
        """Remember which files look at what now; `used` is what those looked at that are still remembered for it."""
        users = self._users
        for path in paths:
            now = self._looked_at(path)
            old = used.get(path)
            if old is None:
                users.add(now, path)
                continue
            for key in old - now:
                users.discard(key, path)
            users.add(now - old, path)


class _Work:
    """Resolves files of one state of the project, here or in other processes."""

    def __init__(self, project: Project, mapper: Mapper | None, cancelled: Callable[[], bool] | None) -> None:
        self.project = project
        self.mapper = mapper
        self.cancelled = cancelled
        self.symbols = Declared(project)
        self.held: Mapping[str, tuple[Named, ...]] = {}  # what flows by the answers of `symbols`
        self.snapshot = b""
        self.keys: dict[str, str] = {}  # equal ones of many files become one string
        self.homes: dict[str, int] = {}  # file -> the chunk that it was in when all of it was resolved
        self.home_count = 0

    def resolve(self, jobs: Sequence[_Job], content: Mapping[str, tuple[Named, ...]]) -> Iterator[_Kept]:
        """Resolve files or stretches of them, given what flows; raises Cancelled."""
        done = 0
        # Where the files were resolved before, a few of them are best resolved again as well.
        if self.mapper is not None and jobs and (len(jobs) >= MANY_FILES or self.snapshot):
            chunks = self.chunked(jobs)
            jobs = [job for chunk in chunks for job in chunk.jobs]
            for result in self.elsewhere(chunks, content, self.mapper):
                done += 1
                yield result
        if done < len(jobs):
            self.symbols.advance(Flows(content, self.symbols.names), _differing(self.held, content))
            self.held = content
            for path, groups in jobs[done:]:
                self.go_on()
                yield self.kept(_resolved(self.project, path, groups, self.symbols))

    def go_on(self) -> None:
        """Raise Cancelled if nobody waits for the rest."""
        if self.cancelled is not None and self.cancelled():
            raise Cancelled

    def elsewhere(
        self, chunks: Sequence[_Chunk], content: Mapping[str, tuple[Named, ...]], mapper: Mapper
    ) -> Iterator[_Kept]:
        """Resolve in other processes, as far as that is possible."""
        if not self.snapshot:
            self.snapshot = self.project.snapshot()
        encoded = (_encode([(path, self.project[path].facts, groups) for path, groups in c.jobs]) for c in chunks)
        homes, keepers = [c.home for c in chunks], [c.keeper for c in chunks]
        for results in mapper(resolve_chunk, _encode((self.snapshot, content)), encoded, homes, keepers):
            self.go_on()
            yield from map(self.kept, _decode_results(results))

    def chunked(self, jobs: Sequence[_Job]) -> list[_Chunk]:
        """Return the jobs in chunks of one home or, where they have none yet, one keeper, which take turns."""
        groups: dict[tuple[int, int], list[_Job]] = {}
        for job in jobs:
            home = self.homes.get(job[0], -1)
            keeper = self.project[job[0]].keeper if home < 0 else 0
            groups.setdefault((home, keeper), []).append(job)
        pieces = [
            [(home, keeper, group[at : at + CHUNK]) for at in range(0, len(group), CHUNK)]
            for (home, keeper), group in groups.items()
        ]
        chunks: list[_Chunk] = []
        for home, keeper, chunk in (piece for turn in zip_longest(*pieces) for piece in turn if piece is not None):
            number = home
            if home < 0:
                number = self.home_count = self.home_count + 1
                self.homes.update((path, number) for path, _ in chunk)
            chunks.append(_Chunk(chunk, number, keeper))
        return chunks

    def kept(self, sent: _Sent) -> _Kept:
        """Return what is kept of what resolving a file gave."""
        one = self.keys.setdefault
        path, parts, seen = sent
        own = {
            group: _Part(
                edges,
                outcomes,
                tuple(map(hash, reads)),
                {one(key, key): names for key, names in flows.items()},
                external,
            )
            for group, edges, outcomes, reads, flows, external in parts
        }
        return self.project[path].path, own, array("q", map(hash, seen))


def resolve_chunk(shared: bytes, chunk: bytes) -> bytes:
    """Resolve a chunk of files against a snapshot of the project and what flows; in a worker process."""
    state = _looked_up(shared)
    return _encode(
        [_sent(path, state.resolve(path, facts, groups), groups) for path, facts, groups in _decode_chunk(chunk)]
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
        if groups is not None:
            drop_all()  # every file was resolved as a whole, and what is still kept, elsewhere
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


def _resolved(project: Project, path: str, groups: list[int] | None, symbols: Declared) -> _Sent:
    """Resolve a file in this process."""
    return _sent(path, resolve_file(project, project[path], symbols, groups), groups)


def _sent(path: str, found_and_seen: tuple[dict[int, Part], set[str]], groups: list[int] | None) -> _Sent:
    """Return what was found in a file; of a whole one, the stretches that read no flow are put together."""
    found, seen = found_and_seen
    parts: list[_SentPart] = []
    edges: list[Sequence[object]] = []
    external: list[Sequence[object]] = []
    outcomes: Counter[str] = Counter()
    flows: Contributions = {}
    for group, part in found.items():
        if part.reads or groups is not None:
            parts.append(
                (
                    group,
                    _encode(part.edges),
                    _encode(part.outcomes),
                    list(part.reads),
                    part.flows,
                    _encode(part.external),
                )
            )
            continue
        edges += part.edges
        external += part.external
        for name, count in part.outcomes.items():
            outcomes[name] += count
        for key, named in part.flows.items():
            flows[key] = flows[key] + named if key in flows else named
    if groups is None:
        parts.append((_REST, _encode(edges), _encode(outcomes), [], flows, _encode(external)))
    return path, parts, list(seen)


def _differ(one: _Result | None, other: _Result | None) -> bool:
    """Whether the rows of two results differ; most often it is one result."""
    return one is not other and _rows(one) != _rows(other)


def _rows(result: _Result | None) -> list[tuple[bytes, bytes]]:
    return [] if result is None else result.rows()


def _row(kind: type[Row], values: Sequence[object]) -> Row:
    return kind(**dict(zip(kind.__struct_fields__, values, strict=True)))


def resolution_rate(outcomes: dict[str, int]) -> float:
    """Return the share of call sites with an edge among those that go to code of the workspace; 1 if there are none."""
    elsewhere = sum(outcomes.get(name, 0) for name in (IMPLICIT, EXTERNAL, BUILTIN_CALL))
    sites = sum(outcomes.values()) - elsewhere
    return outcomes.get(RESOLVED, 0) / sites if sites else 1.0


class _Chunk(NamedTuple):
    """Files for one trip: where the work for them goes, and which process has them decoded before the first one."""

    jobs: Sequence[_Job]
    home: int
    keeper: int


_Job: TypeAlias = tuple[str, "list[int] | None"]  # a file, and which stretches of it; None for all
_SentPart: TypeAlias = tuple[int, bytes, bytes, list[str], dict[str, tuple[bytes, ...]], bytes]
_Sent: TypeAlias = tuple[str, list[_SentPart], list[str]]  # what resolving a file gave, places and keys as they are
_Kept: TypeAlias = tuple[str, dict[int, _Part], "array[int]"]  # the same, places and keys by their hashes
_encode: Final = msgspec.msgpack.Encoder().encode
_decode_chunk: Final = msgspec.msgpack.Decoder(list[tuple[str, bytes, list[int] | None]]).decode
_decode_results: Final = msgspec.msgpack.Decoder(list[_Sent]).decode
_decode_flows: Final = msgspec.msgpack.Decoder(_EncodedFlows).decode
_decode_result: Final = msgspec.msgpack.Decoder(_EncodedResult).decode
_decode_shared: Final = msgspec.msgpack.Decoder(tuple[bytes, dict[str, tuple[bytes, ...]]]).decode
_decode_outcomes: Final = msgspec.msgpack.Decoder(dict[str, int]).decode
_decode_rows: Final = msgspec.msgpack.Decoder(list[tuple[Any, ...]]).decode

_LANGUAGES: Final = frozenset({"python", "javascript", "typescript", "tsx", *DIALECTS})
