"""Resolves the files of one state of the project, here or in other processes."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from itertools import zip_longest
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from driftd.pipeline.call_graph.declared import Declared
from driftd.pipeline.call_graph.declared_resolve import resolve_file, resolver_of
from driftd.pipeline.call_graph.flows import Contributions, Flows, add_flows
from driftd.pipeline.call_graph.stretches import (
    REST,
    Job,
    KeyHashes,
    Resolved,
    Stretch,
    as_before,
    as_hashes,
    decode_jobs,
    decode_resolved,
    decode_shared,
    encode,
    hashes,
    key_hash,
)
from driftd.pipeline.facts.codec import encoded_size
from driftd.pipeline.kept import drop_all, keeper_of, kept_size, new_ticket
from driftd.pipeline.project import Project
from driftd.pipeline.stage import Cancelled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from driftd.pipeline.call_graph.flows import Named
    from driftd.pipeline.call_graph.outcomes import Part
    from driftd.pipeline.call_graph.resolve import Resolver
    from driftd.pipeline.stage import Mapper

# From here on other processes are worth the snapshot they need; a chunk is worth its trip and leaves none idle long.
MANY_FILES = 200
CHUNK = 48
MOST_HELD: Final = 18_000_000  # bytes of facts that a process keeps decoded for the next round, as nine times that

Wanted: TypeAlias = tuple[str, "list[int] | None"]
"""A file, and which stretches of it; None for all."""


class _Chunk(NamedTuple):
    """Files for one trip: where the work for them goes, and which process has them decoded before the first one."""

    wanted: Sequence[Wanted]
    home: int
    keeper: int


class Work:
    """Resolves files of one state of the project, here or in other processes."""

    def __init__(
        self, project: Project, mapper: Mapper | None, cancelled: Callable[[], bool] | None, *, takes_notes: bool = True
    ) -> None:
        """`takes_notes`: what is looked at is told, flows in any case."""
        self.project = project
        self.mapper = mapper
        self.cancelled = cancelled
        self.takes_notes = takes_notes
        self.symbols = Declared(project)
        self.symbols.takes_notes = takes_notes
        self.held: Mapping[str, tuple[Named, ...]] = {}  # what flows by the answers of `symbols`
        self.snapshot = b""
        self.keys: dict[str, str] = {}  # equal ones of many files become one string
        self.homes: dict[str, int] = {}  # file -> the chunk that it was in when all of it was resolved
        self.home_count = 0
        self.number = new_ticket()  # other processes know this state by it; one more is another, however alike they are
        self.tickets: dict[str, int] = {}  # file -> under what the process of that chunk has it open

    def resolve(self, wanted: Sequence[Wanted], content: Mapping[str, tuple[Named, ...]]) -> Iterator[Resolved]:
        """Resolve files or stretches of them, given what flows; raises Cancelled."""
        # Where the files were resolved before, a few of them are best resolved again as well.
        if self.mapper is not None and wanted and (len(wanted) >= MANY_FILES or self.snapshot):
            for by_ticket in (True, False):  # where another process got a file than has it open, its facts are sent
                chunks = self.chunked(wanted)
                wanted = [one for chunk in chunks for one in chunk.wanted]
                missing: list[Wanted] = []
                done = 0
                for one in self.elsewhere(chunks, content, self.mapper, by_ticket=by_ticket):
                    if one.stretches is None:
                        missing.append(wanted[done])
                    else:
                        yield self.kept(one)
                    done += 1
                ended_early = done < len(wanted)
                wanted = [*missing, *wanted[done:]]
                for path, _ in wanted:  # whatever a process has open of them is not what is true of them from now on
                    self.tickets.pop(path, None)
                if ended_early or not missing:
                    break
        if wanted:
            self.symbols.advance(Flows(content, self.symbols.names), differing(self.held, content))
            self.held = content
        for path, groups in wanted:
            self.go_on()
            found, seen = resolve_file(self.project, self.project[path], self.symbols, groups)
            yield self.kept(packed(path, found, seen, groups))

    def go_on(self) -> None:
        """Raise Cancelled if nobody waits for the rest."""
        if self.cancelled is not None and self.cancelled():
            raise Cancelled

    def elsewhere(
        self, chunks: Sequence[_Chunk], content: Mapping[str, tuple[Named, ...]], mapper: Mapper, *, by_ticket: bool
    ) -> Iterator[Resolved]:
        """Resolve in other processes, as far as that is possible.

        `by_ticket`: what they have is not sent, neither the snapshot after the first time nor facts; what one has not
        after all comes back without a result.
        """
        is_known = bool(self.snapshot) and by_ticket
        if not self.snapshot:
            self.snapshot = self.project.snapshot()
        encoded = (encode([self.job(path, groups, by_ticket=by_ticket) for path, groups in c.wanted]) for c in chunks)
        homes, keepers = [c.home for c in chunks], [c.keeper for c in chunks]
        shared = encode((self.number, b"" if is_known else self.snapshot, content, self.takes_notes))
        for results in mapper(resolve_chunk, shared, encoded, homes, keepers):
            self.go_on()
            yield from decode_resolved(results)

    def job(self, path: str, groups: list[int] | None, *, by_ticket: bool) -> Job:
        """Return what another process is told to do."""
        file = self.project[path]
        ticket = 0
        if by_ticket:
            ticket = file.ticket if groups is None else self.tickets.get(path, 0)
        return Job(path, b"" if ticket else file.facts, ticket, groups)

    def chunked(self, wanted: Sequence[Wanted]) -> list[_Chunk]:
        """Return the files in chunks of one home or, where they have none yet, one keeper, which take turns."""
        groups: dict[tuple[int, int], list[Wanted]] = {}
        for one in wanted:
            home = self.homes.get(one[0], -1)
            keeper = keeper_of(self.project[one[0]].ticket) if home < 0 else 0
            groups.setdefault((home, keeper), []).append(one)
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

    def kept(self, one: Resolved) -> Resolved:
        """Return what is kept of what resolving a file gave, with strings that others have as well."""
        same = self.keys.setdefault
        stretches = one.stretches or {}
        for group, part in stretches.items():
            if part.flows:
                stretches[group] = part._replace(flows={same(key, key): named for key, named in part.flows.items()})
        self.project.modules.ask(one.lookups)
        if one.ticket:
            self.tickets[one.path] = one.ticket
        return one._replace(path=self.project[one.path].path)


def resolve_chunk(shared: bytes, chunk: bytes) -> bytes:
    """Resolve a chunk of files against a snapshot of the project and what flows; in a worker process."""
    state = _looked_up(shared)
    jobs = decode_jobs(chunk)
    return encode([Resolved(job.path, None) if state is None else state.answer(job) for job in jobs])


class _Open(NamedTuple):
    """A file that is likely to be asked for again: what it was resolved with, and what it looked at."""

    facts_hash: int  # 0 where this process had the facts itself
    ticket: int
    resolver: Resolver
    seen: set[str]


class _State:
    """A snapshot of the project in a worker process, with the files that are likely to be asked for again."""

    def __init__(self, snapshot: bytes, *, takes_notes: bool) -> None:
        self.project = Project.from_snapshot(snapshot)
        self.symbols = Declared(self.project)
        self.symbols.takes_notes = takes_notes
        self.symbols.asks_again = True
        self.held: Mapping[str, tuple[Named, ...]] = {}
        self.moved: set[int] = set()  # what flows otherwise than in the round before
        self.open: dict[str, _Open] = {}
        self.size = 0  # of their facts
        self.asked = 0  # of how many module lookups was told
        self.hash_of = KeyHashes().__getitem__

    def advance(self, content: Mapping[str, tuple[Named, ...]]) -> None:
        """Let other things flow: what did not read them stays true."""
        moved = differing(self.held, content)
        self.symbols.advance(Flows(content, self.symbols.names), moved)
        self.held = content
        self.moved = set(map(key_hash, moved))

    def answer(self, job: Job) -> Resolved:
        """Resolve a file, and tell which modules were looked up for the first time, if anybody takes note."""
        resolved = self.resolve(job)
        if not self.symbols.takes_notes:
            return resolved
        lookups = self.project.modules.asked_since(self.asked)
        self.asked += len(lookups)
        return resolved._replace(lookups=lookups) if lookups else resolved

    def resolve(self, job: Job) -> Resolved:
        """Resolve a file; one that reads what flows is kept open for the next round.

        What stretches of it looked at is told as far as it is not among what the whole file did.
        """
        path, facts, ticket, groups = job
        if groups is not None:
            drop_all()  # every file was resolved as a whole, and what is still kept, elsewhere
            known = self.open.get(path)
            if known is not None and (known.ticket == ticket if ticket else known.facts_hash == hash(facts)):
                # By a ticket, what was found last was found here.
                found, seen = known.resolver.resolve(groups, self.moved if ticket else None)
                return packed(path, found, seen - known.seen, groups, hash_of=self.hash_of)
        size = kept_size(path, ticket) if ticket else encoded_size(facts) if facts else 0
        if not size:
            return Resolved(path, None)
        file = self.project[path]
        file.facts, file.ticket = facts, ticket
        resolver = resolver_of(self.project, file, self.symbols)
        file.facts, file.ticket = b"", 0
        found, seen = resolver.resolve(groups)
        if groups is None and self.size < MOST_HELD and any(part.reads for part in found.values()):
            ticket = new_ticket()
            self.open[path] = _Open(hash(facts) if facts else 0, ticket, resolver, seen)
            self.size += size
        else:
            ticket = 0
            resolver.close()
        return packed(path, found, seen, groups, ticket, hash_of=self.hash_of)

    def close(self) -> None:
        """Let go of the files, so that nothing waits for the garbage collector."""
        for one in self.open.values():
            one.resolver.close()
        self.open.clear()
        self.symbols.close()


@lru_cache(maxsize=1)
def _looked_up(shared: bytes) -> _State | None:
    """Return the state of the project that is meant; None if it is to be known here and is not."""
    number, snapshot, content, takes_notes = decode_shared(shared)
    state = _STATES.get(number)
    if state is None and snapshot:
        for other in _STATES.values():
            other.close()
        _STATES.clear()
        state = _STATES[number] = _State(snapshot, takes_notes=takes_notes)
    if state is not None:
        state.advance(content)
    return state


_STATES: Final[dict[int, _State]] = {}  # the last one only


def differing(one: Mapping[str, tuple[Named, ...]], other: Mapping[str, tuple[Named, ...]]) -> set[str]:
    """Return the places that hold something else in one than in the other."""
    if one is other:
        return set()
    return {key for key in one.keys() | other.keys() if one.get(key, ()) != other.get(key, ())}


def packed(
    path: str,
    found: Mapping[int, Part],
    seen: set[str],
    groups: list[int] | None,
    ticket: int = 0,
    *,
    hash_of: Callable[[str], int] = key_hash,
) -> Resolved:
    """Return what was found in a file; of a whole one, the stretches that read no flow are put together."""
    stretches: dict[int, Stretch] = {}
    edges: list[Sequence[object]] = []
    external: list[Sequence[object]] = []
    outcomes: Counter[str] = Counter()
    flows: Contributions = {}
    reads: set[int] = set()
    for group, part in found.items():
        if part.is_same:
            if part.reads:
                reads |= part.reads
                stretches[group] = as_before(as_hashes(part.reads))
        elif part.reads or groups is not None:
            reads |= part.reads
            stretches[group] = Stretch(
                encode(part.edges) if part.edges else _NO_ROWS,
                encode(part.outcomes),
                as_hashes(part.reads),
                part.flows,
                encode(part.external) if part.external else _NO_ROWS,
            )
        else:
            edges += part.edges
            external += part.external
            for name, count in part.outcomes.items():
                outcomes[name] += count
            add_flows(flows, part.flows)
    if groups is None:
        stretches[REST] = Stretch(encode(edges), encode(outcomes), b"", flows, encode(external))
    return Resolved(path, stretches, hashes(seen, hash_of), as_hashes(reads), ticket)


_NO_ROWS: Final = encode([])
