"""What resolving all files gave in one round, what flows after it, and which files looked at what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from driftd.pipeline.call_graph.flows import add_flows, merged
from driftd.pipeline.call_graph.stretches import (
    decode_flows,
    decode_result,
    encode,
    key_hash,
    numbers,
)
from driftd.pipeline.slab import Slab

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from driftd.pipeline.call_graph.flows import Contributions, Named
    from driftd.pipeline.call_graph.stretches import Hashes, Stretch

PIECES: Final = 3  # of a result in a slab
FLOWS_HELD: Final = 4096  # files whose flows are held decoded while those of all are put together
_NO_SLAB: Final = Slab(())


class Result:
    """What resolving one file gave, by stretch; `REST` is everything that reads no flow.

    A later round's result keeps only the stretches that it resolved again, and the result `base` that has the others.
    `seen` are the hashes of what was looked at, flows left out; `reads` those of the flows that its own stretches read.
    Between large changes all is encoded: a project has hundreds of thousands of such small things, few of which the
    next change asks for.
    """

    __slots__ = ("_base", "_flows", "_number", "_own", "_reads", "_seen", "_slab")

    def __init__(self, own: dict[int, Stretch], seen: Hashes, reads: Hashes, base: Result | None = None) -> None:
        self._seen = seen
        self._reads = reads
        self._base = base
        self._own: dict[int, Stretch] | None = own
        self._flows: Contributions | None = _put_together(self.parts().values())
        self._slab = _NO_SLAB
        self._number = 0

    @property
    def slab(self) -> Slab | None:
        """Where everything lies encoded; None if it is not encoded yet."""
        return None if self._own is not None else self._slab

    @property
    def base(self) -> Result | None:
        """The result that has the stretches which were not resolved again."""
        return self._base

    @property
    def seen(self) -> Hashes:
        """Hashes of what was looked at."""
        return self._seen if self._own is not None else self._slab[self._number + 1]

    @property
    def reads(self) -> Hashes:
        """Hashes of the flows that its own stretches read."""
        return self._reads if self._own is not None else self._slab[self._number + 2]

    def parts(self) -> dict[int, Stretch]:
        """Return what each stretch gave."""
        own = self._own
        if own is None:
            own = decode_result(self._slab[self._number]).stretches
        base = self._base
        return own if base is None else {**base.parts(), **own}

    def flows(self) -> Contributions:
        """Return what the file hands on, all stretches together."""
        flows = self._flows
        return decode_flows(self._slab[self._number]).flows if flows is None else flows

    def pieces(self) -> tuple[bytes, bytes, bytes]:
        """Return what lies in a slab."""
        if self._own is None:
            return self._slab[self._number], self._slab[self._number + 1], self._slab[self._number + 2]
        return encode((self.flows(), self._own)), self._seen, self._reads

    def lay(self, slab: Slab, number: int) -> None:
        """Have everything lie in a slab."""
        self._slab, self._number = slab, number
        self._own = self._flows = None
        self._seen = self._reads = b""

    def rows(self) -> list[tuple[bytes, bytes]]:
        """Return the encoded edges and calls of other packages, by stretch."""
        return [(part.edges, part.external) for _, part in sorted(self.parts().items())]

    def stale(self, changed: set[int]) -> list[int]:
        """Return the stretches that read a place which holds something else now; places are given by their hashes."""
        if not changed or not self._may_read(changed):
            return []
        return [group for group, part in self.parts().items() if not changed.isdisjoint(numbers(part.reads))]

    def _may_read(self, places: set[int]) -> bool:
        """Whether any stretch reads one of these places; without decoding them, and it may be one resolved again."""
        one: Result | None = self
        while one is not None:
            if not places.isdisjoint(numbers(one.reads)):
                return True
            one = one.base
        return False


def _put_together(parts: Iterable[Stretch]) -> Contributions:
    flows: Contributions = {}
    for part in parts:
        add_flows(flows, part.flows)
    return flows


def rows_of(result: Result | None) -> list[tuple[bytes, bytes]]:
    """Return the encoded rows of a result; none where there is none."""
    return [] if result is None else result.rows()


def differ(one: Result | None, other: Result | None) -> bool:
    """Whether the rows of two results differ; most often it is one result."""
    return one is not other and rows_of(one) != rows_of(other)


class Round:
    """The results of one round, and what flows after it."""

    __slots__ = ("content", "results", "sources")

    def __init__(self) -> None:
        self.results: dict[str, Result] = {}
        self.sources: dict[str, set[str]] = {}  # place -> files that contribute to it
        self.content: dict[str, tuple[Named, ...]] = {}

    def begin_as(self, earlier: Round) -> None:
        """Take over all that another round holds, so that only what differs has to be put and worked out."""
        self.results.update(earlier.results)
        self.sources.update((key, set(paths)) for key, paths in earlier.sources.items())
        self.content.update(earlier.content)

    def put(self, path: str, result: Result | None) -> Collection[str]:
        """Replace the result of a file; return the places that may hold something else now."""
        old = self.results.pop(path, None)
        if result is not None:
            self.results[path] = result
        if result is old:
            return ()
        after: Contributions = {} if result is None else result.flows()
        if old is None:
            for key in after:
                self.sources.setdefault(key, set()).add(path)
            return after.keys()
        before = old.flows()
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
        handed_on: dict[str, Contributions] = {}  # of popular places, often asked
        for key in touched:
            paths = self.sources.get(key)
            old = self.content.get(key, ())
            if not paths:
                self.sources.pop(key, None)
                self.content.pop(key, None)
                new: tuple[Named, ...] = ()
            else:
                groups = []
                for path in paths:
                    flows = handed_on.get(path)
                    if flows is None:
                        if len(handed_on) >= FLOWS_HELD:
                            handed_on.clear()
                        flows = handed_on[path] = self.results[path].flows()
                    groups.append(flows[key])
                new = self.content[key] = merged(key, groups)
            if new != old:
                changed.add(key)
        return changed


class Users:
    """Which files looked at what.

    What was looked at is known by its hash.  Most things are looked at by one file or a few, for which a set is too
    much.
    """

    __slots__ = ("_files",)

    def __init__(self) -> None:
        self._files: dict[int, str | tuple[str, ...] | set[str]] = {}

    def __len__(self) -> int:
        """Return how many things were looked at."""
        return len(self._files)

    def of(self, key: str) -> Collection[str]:
        """Return the files that looked at something."""
        files = self._files.get(key_hash(key), ())
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
