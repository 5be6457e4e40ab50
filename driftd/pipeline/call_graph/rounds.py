"""What the rounds of resolution gave, by file and stretch, and which files looked at what (see `stages.call_edges`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from driftd.pipeline.call_graph.flows import merged

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from driftd.pipeline.call_graph.flows import Contributions, Named


class Stretch:
    """What resolving a stretch of a file gave: its edges encoded, how its call sites fared, what it read and handed on."""

    __slots__ = ("edges", "external", "flows", "outcomes", "reads")

    def __init__(
        self, edges: bytes, outcomes: bytes, reads: tuple[str, ...], flows: Contributions, external: bytes
    ) -> None:
        self.edges = edges
        self.outcomes = outcomes
        self.reads = reads
        self.flows = flows
        self.external = external


class FileResult:
    """What resolving one file gave, by stretch; `REST` is everything that reads no flow.  `seen` leaves flows out."""

    __slots__ = ("flows", "parts", "seen")

    def __init__(self, parts: dict[int, Stretch], seen: tuple[str, ...]) -> None:
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


REST: Final = -1


# A stretch as other processes send it: its number, edges, outcomes, reads, flows and external calls.
Sent: TypeAlias = "tuple[int, bytes, bytes, list[str], dict[str, tuple[Named, ...]], bytes]"


def received(parts: Iterable[Sent], keys: dict[str, str]) -> dict[int, Stretch]:
    """Return stretches from other processes; equal keys of many files become one string."""
    found: dict[int, Stretch] = {}
    for group, edges, outcomes, reads, flows, external in parts:
        flowing: Contributions = {}
        for key, names in flows.items():
            flowing[keys.setdefault(key, key)] = names
        found[group] = Stretch(edges, outcomes, one_of_each(reads, keys), flowing, external)
    return found


def one_of_each(texts: Sequence[str], keys: dict[str, str]) -> tuple[str, ...]:
    """Return equal texts, each the one that is in `keys`."""
    return tuple([keys.setdefault(text, text) for text in texts])


class Round:
    """The results of one round, and what flows after it."""

    __slots__ = ("content", "results", "sources")

    def __init__(self) -> None:
        self.results: dict[str, FileResult] = {}
        self.sources: dict[str, set[str]] = {}  # place -> files that contribute to it
        self.content: dict[str, tuple[Named, ...]] = {}

    def put(self, path: str, result: FileResult | None) -> Iterable[str]:
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


class Users:
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

    def note(self, path: str, old: Collection[str], results: Sequence[FileResult]) -> tuple[str, ...]:
        """Take note of what the results of a file looked at, instead of `old`, and return that."""
        now: set[str] = set()
        noted: list[object] = []
        for result in results:
            if any(result is other for other in noted):
                continue  # what was not stale is in several rounds
            noted.append(result)
            now.update(result.seen)
            for part in result.parts.values():
                now.update(part.reads)
        before = set(old)
        for key in before - now:
            self.discard(key, path)
        for key in now - before:
            self.add(key, path)
        return tuple(now)

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
