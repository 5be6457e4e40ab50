"""Remembers answers together with what they depend on.

An answer is a function of the project alone, not of what was asked before: what is cut short by a cycle (or runs into
the depth limit) is never remembered.  What is remembered carries its height and the questions that its cycles lead
through, so that it is used exactly where working it out again would succeed: within one of these questions it would be
cut short.

Every answer adds what it looked at to a record: paths of files whose interface was read, keys of names, of module
lookups and of flows.  Whoever keeps the answer asks again when one of them changes.  Where nobody will, only flows are
recorded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias, TypeVar

from driftd.pipeline.call_graph.entities import NONE, UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from driftd.pipeline.call_graph.entities import Entities

HEIGHT_LIMIT: Final = 32  # steps from one name to the next; each takes several frames of Python's stack


T = TypeVar("T")
_UNCUT: Final = 1 << 30
_NOTHING: Final[frozenset[str]] = frozenset()
_Key: TypeAlias = "tuple[object, ...]"
_NO_RING: Final[frozenset[_Key]] = frozenset()


class _Frame:
    __slots__ = ("cut", "depth", "first", "height", "is_open", "reads", "ring", "seen")

    def __init__(self, depth: int, first: int = 0) -> None:
        self.seen: set[str] = set()
        self.reads: set[str] = set()  # keys of flows
        self.height = 0
        self.depth = depth
        self.first = first  # how many answers had been cut short before
        self.ring: frozenset[_Key] = _NO_RING  # questions that cycles below lead through
        self.cut = _UNCUT  # depth of the outermost frame that a cycle led back to; 0 where that is not known
        self.is_open = True


class Memory:
    """Answers by key, for one state of the project."""

    def __init__(self) -> None:
        self.takes_notes = True  # of what is looked at; flows are recorded in any case
        self._done: dict[_Key, tuple[Entities, frozenset[str], frozenset[str], int, frozenset[_Key]]] = {}
        self._readers: dict[str, list[_Key]] = {}  # flow -> answers that read it
        self._partial: dict[_Key, tuple[Entities, _Frame | None]] = {}  # cut short, within one question
        self._cut: list[_Key] = []  # what `_partial` holds, in the order in which it came
        self._open: dict[_Key, _Frame] = {}
        self._frames: list[_Frame] = [_Frame(0)]

    def watch(self) -> tuple[set[str], set[str]]:
        """Start a new record of what is looked at and of the flows that are read, and return both."""
        frame = _Frame(0)
        self._frames = [frame]
        return frame.seen, frame.reads

    def watch_flows(self) -> set[str]:
        """Start a new record of the flows that are read only, and return it."""
        reads = self._frames[0].reads = set()
        return reads

    def noted(self, work: Callable[[], T]) -> tuple[T, frozenset[str]]:
        """Return what `work` returns, with the flows that were read for it; only outside of any question."""
        frame = self._frames[0]
        outer = frame.reads
        reads = frame.reads = set()
        try:
            answer = work()
        finally:
            frame.reads = outer
        if not reads:
            return answer, _NOTHING
        outer |= reads
        return answer, frozenset(reads)

    def note(self, reads: frozenset[str]) -> None:
        """Take the flows of an answer as read again."""
        self._frames[-1].reads |= reads

    def forget_readers(self, flows: Iterable[str]) -> None:
        """Forget the answers that read any of these flows."""
        for flow in flows:
            for key in self._readers.pop(flow, ()):
                self._done.pop(key, None)

    def look(self, key: str) -> None:
        if self.takes_notes:
            self._frames[-1].seen.add(key)

    def note_flow(self, flow: str) -> None:
        self._frames[-1].reads.add(flow)

    def remember(self, key: _Key, work: Callable[[], Entities]) -> Entities:
        known = self._recall(key)
        return known if known is not None else self._work_out(key, work)

    def _recall(self, key: _Key) -> Entities | None:
        done = self._done.get(key)
        frames = self._frames
        if done is None or len(frames) + done[3] >= HEIGHT_LIMIT or (done[4] and not done[4].isdisjoint(self._open)):
            # Not known, too high to be used here, or a cycle would lead back to what is being worked out.
            partial = self._partial.get(key) if len(frames) > 1 else None
            if partial is None:
                return None
            # It holds only while the frame that it was cut at goes on.
            answer, head = partial
            outer = frames[-1]
            outer.cut = min(outer.cut, head.depth if head is not None and head.is_open else 0)
            return answer
        answer, seen, reads, height, ring = done
        outer = frames[-1]
        if self.takes_notes:
            outer.seen |= seen
        if reads:
            outer.reads |= reads
        if height >= outer.height:
            outer.height = height + 1
        if ring and ring is not outer.ring:
            outer.ring |= ring
        return answer

    def _work_out(self, key: _Key, work: Callable[[], Entities]) -> Entities:
        frames = self._frames
        outer = frames[-1]
        depth = len(frames)
        head = self._open.get(key)
        if head is not None or depth >= HEIGHT_LIMIT:
            outer.cut = min(outer.cut, 0 if head is None else head.depth)
            return (UNKNOWN,) if head is None else NONE
        if depth == 1:
            self._partial.clear()  # a new question
            self._cut.clear()
        frame = _Frame(depth, len(self._cut))
        frames.append(frame)
        self._open[key] = frame
        try:
            answer = work()
        finally:
            frames.pop()
            del self._open[key]
            frame.is_open = False
        if self.takes_notes:
            outer.seen |= frame.seen
        reads = frame.reads
        if reads:
            outer.reads |= reads
        if frame.height >= outer.height:
            outer.height = frame.height + 1
        if frame.cut < depth:
            outer.cut = min(outer.cut, frame.cut)
            self._partial[key] = (answer, frames[frame.cut] if frame.cut else None)
            self._cut.append(key)
            ring = frame.ring
        else:
            ring = self._close(key, frame)
            seen = frozenset(frame.seen) if self.takes_notes else _NOTHING
            self._done[key] = (answer, seen, frozenset(reads) if reads else _NOTHING, frame.height, ring)
            for flow in reads:
                self._readers.setdefault(flow, []).append(key)
        if ring and ring is not outer.ring:
            outer.ring |= ring
        return answer

    def _close(self, key: _Key, frame: _Frame) -> frozenset[_Key]:
        """Forget what was cut short by cycles that led back to a question; return what its cycles lead through."""
        cut = self._cut
        if len(cut) == frame.first:
            return frame.ring
        inner = cut[frame.first :]
        del cut[frame.first :]
        for each in inner:
            self._partial.pop(each, None)
        return frame.ring.union((key,), inner)
