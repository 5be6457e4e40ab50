"""call_edges: who calls whom, kept current by resolving again exactly the files that a change can affect.

Resolution goes in rounds.  In the first nothing is known of what flows from calls into parameters and other places; in
each further one it is what flowed in the round before.  A file takes part in a round only if something that it read
flows otherwise than in the round before, so the rounds get smaller, and there are at most `ROUNDS`.  What a round gives
is a function of the files and of the flows of the round before; so after any history it is what a fresh build gives.
"""

from __future__ import annotations

from array import array
from collections import Counter
from typing import TYPE_CHECKING, Any, ClassVar, Final

import msgspec

from driftd.pipeline.call_graph import distribution
from driftd.pipeline.call_graph.distribution import Work
from driftd.pipeline.call_graph.outcomes import BUILTIN_CALL, EXTERNAL, IMPLICIT, RESOLVED
from driftd.pipeline.call_graph.results import PIECES, Result, Round, Users, differ, rows_of
from driftd.pipeline.call_graph.stretches import decode_outcomes, decode_rows, key_hash, numbers
from driftd.pipeline.call_graph.telling import FINISHED, Telling
from driftd.pipeline.dialects import DIALECTS
from driftd.pipeline.slab import lay, tidy
from driftd.pipeline.stage import Findings, Remembering
from driftd.rows.call_graph import CallEdgeRow, ExternalCallRow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from driftd.pipeline.call_graph.distribution import Wanted
    from driftd.pipeline.call_graph.flows import Named
    from driftd.pipeline.call_graph.telling import Told
    from driftd.pipeline.project import Change, Project
    from driftd.pipeline.stage import Mapper
    from driftd.rows.declare import Row

ROUNDS: Final = 3


class CallEdges(Remembering):
    """Resolves calls to edges.  Remembers per file what its resolution looked at, and how its call sites fared."""

    name: ClassVar[str] = "call_edges"
    version: ClassVar[int] = 6
    needs: ClassVar[tuple[str, ...]] = ()
    tables: ClassVar[tuple[type[Row], ...]] = (CallEdgeRow, ExternalCallRow)

    def __init__(
        self,
        mapper: Mapper | None = None,
        cancelled: Callable[[], bool] | None = None,
        *,
        remembers: bool = True,
    ) -> None:
        """Without `remembers` nobody takes note of what is looked at, which only another run would ask for."""
        self._mapper = mapper
        self.cancelled = cancelled
        self.remembers = remembers
        self.forget()

    def forget(self) -> None:
        """Be as new."""
        self._rounds: list[Round] = []
        # By round, the places that hold something else after it than after the one before, with their hashes.
        self._moved: list[dict[str, int]] = [{} for _ in range(ROUNDS)]
        self._users = Users()  # what resolutions looked at -> files, over all rounds
        self._languages: dict[str, str] = {}
        self._totals: dict[str, Counter[str]] | None = None  # how call sites fared, by language; None: to be counted

    def parts(self, project: Project, change: Change) -> Iterator[Findings]:
        """Yield the edges of the changed files and of those that looked at something that is different now.

        Of a large change, rows are handed on while other files are still resolved (see `telling`).
        """
        again = set(change.changed | change.removed | change.interface_changed)
        for key in (*change.interface_changed, *change.names_changed, *change.lookups_changed):
            again.update(self._users.of(key))
        telling = Telling(again) if len(again) >= distribution.MANY_FILES else None
        while len(self._rounds) < ROUNDS:
            self._rounds.append(Round())
        last = self._rounds[-1].results
        # Of many files they are counted when somebody asks; what a run that breaks off left does not fit together.
        totals, self._totals = None if telling is not None else self._totals, None
        for path in again:
            if totals is not None and path in last:
                _count(totals, self._languages[path], last[path], -1)
            file = project.file(path)
            if file is not None and file.language in _LANGUAGES:
                self._languages[path] = file.language
            else:
                self._languages.pop(path, None)
        work = Work(project, self._mapper, self.cancelled, takes_notes=self.remembers)
        before: dict[str, Result | None] = {}
        used: dict[str, set[int]] = {}  # of files that other rounds may ask for, what they looked at before the change
        for path in again if self.remembers else ():  # they are resolved in any case, whatever they looked at
            self._forget_users(path)
        changed: set[str] = set()  # places that hold something else than before the change, after the round before
        noted: set[str] = set()
        for number, round_ in enumerate(self._rounds):
            if number and not round_.results:  # of a first run
                round_.begin_as(self._rounds[number - 1])
                self._moved[number].clear()
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
            rest = again.difference([path for path, _ in jobs]) if telling is not None else set[str]()
            is_last = number == ROUNDS - 1
            if telling is not None:
                telling.begin(number, len(jobs), rest, round_.results, is_last=is_last)
            to_note = sorted(rest, reverse=True) if is_last and self.remembers else []
            for paths in resolved:  # with every chunk that the workers return, while they go on
                if to_note:
                    self._note([*paths, *to_note[-FINISHED:]], used)
                    noted.update(paths, to_note[-FINISHED:])
                    del to_note[-FINISHED:]
                if telling is not None:
                    yield from self._parts(telling.after(paths, touched), round_.results)
            changed = round_.settle(touched)
            self._compare(number, changed)
        if self.remembers:
            self._note(before.keys() - noted, used)
        if totals is not None:
            for path, old in before.items():
                now = last.get(path)
                if now is not old:
                    _count(totals, self._languages.get(path, ""), old, -1)
                    _count(totals, self._languages.get(path, ""), now, 1)
        self._totals = totals
        if telling is not None:
            yield from self._parts(telling.rest(), last)
        own = again if telling is None else set[str]()
        files = [p for p in sorted(before) if p in own or (p not in again and differ(last.get(p), before[p]))]
        findings = self._findings(files, last)
        if not self._languages:
            self._rounds.clear()
        yield findings

    def _parts(self, told: Told, results: Mapping[str, Result]) -> Iterator[Findings]:
        """Yield the rows of files that are handed on, some of them once more."""
        if told.new:
            yield self._findings(told.new, results, are_many=True)
        if told.corrected:
            yield msgspec.structs.replace(self._findings(told.corrected, results, are_many=True), corrects=True)

    def _findings(self, files: Sequence[str], results: Mapping[str, Result], *, are_many: bool = False) -> Findings:
        """Return the rows of files with these results; of many, as values."""
        edges: list[tuple[Any, ...]] = []
        external: list[tuple[Any, ...]] = []
        for path in files:
            for encoded_edges, encoded_external in rows_of(results.get(path)):
                edges += decode_rows(encoded_edges)
                external += decode_rows(encoded_external)
        if are_many or len(files) >= distribution.MANY_FILES:
            return Findings(values={CallEdgeRow: edges, ExternalCallRow: external}, files=frozenset(files))
        rows = [*[_row(CallEdgeRow, row) for row in edges], *[_row(ExternalCallRow, row) for row in external]]
        return Findings(rows=rows, files=frozenset(files))

    def _jobs(
        self, number: int, todo: Iterable[str], touched: set[str]
    ) -> tuple[list[Wanted], Mapping[str, tuple[Named, ...]]]:
        """Return what a round has to resolve, and what flows for it; other files take over the round before's result.

        Adds the places to `touched` that may hold something else after that.
        """
        round_ = self._rounds[number]
        earlier = self._rounds[number - 1] if number else None
        content = earlier.content if earlier is not None else {}
        moved = set(self._moved[number - 1].values()) if number else set[int]()
        jobs: list[Wanted] = []
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

    def _compare(self, number: int, changed: Iterable[str]) -> None:
        """Take note of where rounds differ, once places hold something else after one of them."""
        for upper in range(number, min(number + 2, ROUNDS)):
            base = self._rounds[upper - 1].content if upper else {}
            content, moved = self._rounds[upper].content, self._moved[upper]
            for key in changed:
                if base.get(key, ()) != content.get(key, ()):
                    moved[key] = key_hash(key)
                else:
                    moved.pop(key, None)

    def _resolved(
        self,
        number: int,
        jobs: Sequence[Wanted],
        content: Mapping[str, tuple[Named, ...]],
        work: Work,
        touched: set[str],
    ) -> Iterator[list[str]]:
        """Resolve a round's files and put the results in; pauses after some to tell which."""
        round_ = self._rounds[number]
        earlier = self._rounds[number - 1] if number else None
        loose: list[Result] = []
        paths: list[str] = []
        for one in work.resolve(jobs, content):
            path, own, seen = one.path, one.stretches or {}, one.seen
            if earlier is not None:
                base = earlier.results[path]  # what was not stale stays
                known = set(numbers(base.seen))
                more = array("I", [key for key in numbers(seen) if key not in known])
                if own or more:
                    parts = base.parts()
                    own = {group: part.after(parts[group]) for group, part in own.items()}
                    result = Result(own, base.seen + more.tobytes() if more else base.seen, one.reads, base)
                else:
                    result = base
            else:
                result = Result(own, seen, one.reads)
            touched.update(round_.put(path, result))
            if earlier is None or result is not base:
                loose.append(result)
            if self.remembers and len(jobs) >= distribution.MANY_FILES and len(loose) >= distribution.MANY_FILES:
                lay(loose)
                loose = []
            paths.append(path)
            if len(paths) == distribution.CHUNK:
                yield paths
                paths = []

    def statistics(self) -> dict[str, dict[str, int]]:
        """Return per language how many call sites had which outcome (`resolve` names them); "" counts all."""
        if self._totals is None:
            self._totals = {}
            for path, result in self._rounds[-1].results.items() if self._rounds else ():
                _count(self._totals, self._languages[path], result, 1)
        found = {
            language: {name: n for name, n in sorted(each.items()) if n} for language, each in self._totals.items()
        }
        return {"": {}, **{language: counts for language, counts in found.items() if counts}}

    def rest(self) -> None:
        """Encode what large changes left, and count what they changed."""
        self.statistics()
        kept: dict[int, Result] = {}
        for round_ in self._rounds:
            for result in round_.results.values():
                one: Result | None = result
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
        return set[int]().union(*[numbers(r.seen) for r in distinct], *[numbers(r.reads) for r in distinct])

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


def _count(totals: dict[str, Counter[str]], language: str, result: Result | None, sign: int) -> None:
    """Add how the call sites of a file fared, or take it off, for its language and for all."""
    for part in result.parts().values() if result is not None else ():
        for name, count in decode_outcomes(part.outcomes).items():
            for key in ("", language):
                totals.setdefault(key, Counter())[name] += sign * count


def _row(kind: type[Row], values: Sequence[object]) -> Row:
    return kind(**dict(zip(kind.__struct_fields__, values, strict=True)))


def resolution_rate(outcomes: dict[str, int]) -> float:
    """Return the share of call sites with an edge among those that go to code of the workspace; 1 if there are none."""
    elsewhere = sum(outcomes.get(name, 0) for name in (IMPLICIT, EXTERNAL, BUILTIN_CALL))
    sites = sum(outcomes.values()) - elsewhere
    return outcomes.get(RESOLVED, 0) / sites if sites else 1.0


_LANGUAGES: Final = frozenset({"python", "javascript", "typescript", "tsx", *DIALECTS})
