"""Remembers answers together with what they depend on.

An answer is a function of the project alone, not of what was asked before: what is cut short by a cycle (or runs into
the depth limit) is never remembered.  What is remembered carries its height and the questions that its cycles lead
through, so that it is used exactly where working it out again would succeed: within one of these questions it would be
cut short.

Every answer adds what it looked at to a record: paths of files whose interface was read, keys of names, of module
lookups, and hashes of flows (see `key_hash`).  Whoever keeps the answer asks again when one of them changes.  Where
nobody will, only flows are recorded.

Most of what reads a place is not changed by what flows there.  So where stretches of files will be asked for again
(`asks_again`), it is recorded which questions they asked: when other things flow, those are asked again that read one of the places, and if all answers are the
same as before, so is what the stretch gave (the early cutoff of incremental build systems, after Mokhov, Mitchell and
Peyton Jones, "Build Systems à la Carte", 2018).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

from driftd.pipeline.call_graph.entities import NONE, UNKNOWN
from driftd.pipeline.call_graph.stretches import key_hash

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from driftd.pipeline.call_graph.entities import Entities

HEIGHT_LIMIT: Final = 32  # steps from one name to the next; each takes several frames of Python's stack


T = TypeVar("T")
_UNCUT: Final = 1 << 30
_NOTHING: Final[frozenset[str]] = frozenset()
_NO_FLOWS: Final[frozenset[int]] = frozenset()
_Key: TypeAlias = "tuple[object, ...]"
_NO_RING: Final[frozenset[_Key]] = frozenset()


class Answer:
    """What a question was answered with, and what that depends on."""

    __slots__ = ("found", "height", "is_stale", "key", "reads", "ring", "seen", "work")

    def __init__(
        self,
        key: _Key,
        work: Callable[[], Entities] | None,
        found: Entities,
        seen: frozenset[str],
        reads: frozenset[int],
        height: int,
        ring: frozenset[_Key],
    ) -> None:
        self.key = key
        self.work = work  # to ask again, where that is wanted; only of what reads flows
        self.found = found
        self.seen = seen
        self.reads = reads
        self.height = height
        self.ring = ring
        self.is_stale = False  # whether something else flows since


class Notes:
    """What was looked at of flows outside of any question: for a stretch of a file, or a part of that.

    `reads` are all places, `direct` those that were not read for a question, `asked` the questions that read any.
    """

    __slots__ = ("asked", "direct", "is_whole", "reads")

    def __init__(self) -> None:
        self.reads: set[int] = set()
        self.direct: set[int] = set()
        self.asked: set[Answer] = set()
        self.is_whole = True  # whether each question can be asked again: not one that was cut short

    def take(self, other: Notes) -> None:
        """Add other notes."""
        self.reads |= other.reads
        self.direct |= other.direct
        self.asked |= other.asked
        self.is_whole = self.is_whole and other.is_whole


class Questions:
    """What a stretch asked: questions, and the places that it read itself."""

    __slots__ = ("asked", "direct")

    def __init__(self, asked: tuple[Answer, ...], direct: frozenset[int]) -> None:
        self.asked = asked
        self.direct = direct


class _Frame:
    __slots__ = ("cut", "depth", "first", "height", "is_open", "reads", "ring", "seen")

    def __init__(self, depth: int, first: int = 0) -> None:
        self.seen: set[str] = set()
        self.reads: set[int] = set()  # hashes of flows
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
        self.asks_again = False  # whether questions are kept, to be asked again: then `close` it
        self._done: dict[_Key, Answer] = {}
        self._readers: dict[int, list[Answer]] = {}  # flow -> answers that read it
        self._hashes: dict[str, Any] = {}  # of flows; Any, for mypyc to hand on the objects that are there
        self._partial: dict[_Key, tuple[Entities, _Frame | None]] = {}  # cut short, within one question
        self._cut: list[_Key] = []  # what `_partial` holds, in the order in which it came
        self._open: dict[_Key, _Frame] = {}
        self._frames: list[_Frame] = [_Frame(0)]
        self._notes = Notes()

    def watch(self) -> set[str]:
        """Start a new record of what is looked at, and return it."""
        frame = _Frame(0)
        self._frames = [frame]
        self.watch_flows()
        return frame.seen

    def watch_flows(self) -> Notes:
        """Start a new record of the flows that are read only, and return it."""
        notes = self._notes = Notes()
        self._frames[0].reads = notes.reads
        return notes

    def noted(self, work: Callable[[], T]) -> tuple[T, Notes | None]:
        """Return what `work` returns, with the notes of the flows that were read for it; only outside of any question."""
        frame = self._frames[0]
        outer = self._notes
        notes = self._notes = Notes()
        frame.reads = notes.reads
        try:
            answer = work()
        finally:
            self._notes = outer
            frame.reads = outer.reads
        if not notes.reads:
            return answer, None
        outer.take(notes)
        return answer, notes

    def note(self, notes: Notes) -> None:
        """Take what was noted for an answer as looked at again; only outside of any question."""
        self._notes.take(notes)

    def close(self) -> None:
        """Let go of the answers, which refer back here, so that nothing waits for the garbage collector."""
        self._done.clear()
        self._readers.clear()
        self._notes = Notes()

    def forget_readers(self, flows: Iterable[str]) -> None:
        """Forget the answers that read any of these flows."""
        for flow in flows:
            number = self._hashes.get(flow)
            if number is None:
                continue  # most flows of a large workspace: nobody read them here
            for answer in self._readers.pop(number, ()):
                answer.is_stale = True
                if self._done.get(answer.key) is answer:
                    del self._done[answer.key]

    def ask_again(self, questions: Questions, moved: set[int]) -> tuple[Questions, set[int] | None] | None:
        """Ask again what a stretch asked before something else flowed in the places `moved`.

        None if it has to be resolved again.  Otherwise all is as before: the questions with their answers now, and the
        places that it reads if they are others.
        """
        if not questions.direct.isdisjoint(moved):
            return None
        asked: list[Answer] = []
        is_same = True
        for before in questions.asked:
            answer = before
            if before.is_stale:
                work = before.work
                if work is None or self.remember(before.key, work) != before.found:
                    return None
                now = self._done.get(before.key)
                if now is None:  # it was cut short
                    return None
                is_same = is_same and now.reads == before.reads
                answer = now
            asked.append(answer)
        after = Questions(tuple(asked), questions.direct)
        if is_same:
            return after, None
        reads = set(questions.direct)
        for answer in asked:
            reads |= answer.reads
        return after, reads

    def look(self, key: str) -> None:
        if self.takes_notes:
            self._frames[-1].seen.add(key)

    def note_flow(self, flow: str) -> None:
        number = self._hashes.get(flow)
        if number is None:
            number = self._hashes[flow] = key_hash(flow)
        self._frames[-1].reads.add(number)
        if len(self._frames) == 1:
            self._notes.direct.add(number)

    def remember(self, key: _Key, work: Callable[[], Entities]) -> Entities:
        known = self._recall(key)
        return known if known is not None else self._work_out(key, work)

    def _recall(self, key: _Key) -> Entities | None:
        done = self._done.get(key)
        frames = self._frames
        if (
            done is None
            or len(frames) + done.height >= HEIGHT_LIMIT
            or (done.ring and not done.ring.isdisjoint(self._open))
        ):
            # Not known, too high to be used here, or a cycle would lead back to what is being worked out.
            partial = self._partial.get(key) if len(frames) > 1 else None
            if partial is None:
                return None
            # It holds only while the frame that it was cut at goes on.
            answer, head = partial
            outer = frames[-1]
            outer.cut = min(outer.cut, head.depth if head is not None and head.is_open else 0)
            return answer
        outer = frames[-1]
        if self.takes_notes:
            outer.seen |= done.seen
        reads = done.reads
        if reads:
            outer.reads |= reads
            if self.asks_again and len(frames) == 1:
                self._notes.asked.add(done)
        if done.height >= outer.height:
            outer.height = done.height + 1
        ring = done.ring
        if ring and ring is not outer.ring:
            outer.ring |= ring
        return done.found

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
            if depth == 1:
                self._notes.is_whole = False
        else:
            ring = self._close(key, frame)
            seen = frozenset(frame.seen) if self.takes_notes else _NOTHING
            done = self._done[key] = Answer(
                key,
                work if reads and self.asks_again else None,
                answer,
                seen,
                frozenset(reads) if reads else _NO_FLOWS,
                frame.height,
                ring,
            )
            if reads:
                if self.asks_again and depth == 1:
                    self._notes.asked.add(done)
                for flow in reads:
                    self._readers.setdefault(flow, []).append(done)
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
