"""What an analysis is: a pure function from facts to rows, with a declaration of what it needs and fills."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from driftd.pipeline.facts.model import FileFacts
    from driftd.pipeline.project import Change, Project
    from driftd.rows.declare import Row


class Problem(msgspec.Struct, frozen=True):
    """Something an analysis could not do, in words for the run's report; it never raises for bad input."""

    message: str
    file: str = ""
    line: int = 0


class Findings(msgspec.Struct, frozen=True):
    """What a stage returns.

    `files` are the files whose rows these are: all their earlier rows in the stage's tables are replaced.  None means
    that the rows are the whole content of the stage's tables.  `values` are further rows, in column order: what came
    out of other processes is not made into objects only to be taken apart again.  `corrects`: the files' rows of this
    very run are replaced, so that they do not count twice.
    """

    rows: Sequence[Row] = ()
    problems: Sequence[Problem] = ()
    files: frozenset[str] | None = None
    values: Mapping[type[Row], Sequence[Sequence[object]]] = {}
    corrects: bool = False


@dataclass(frozen=True, slots=True)
class FileContext:
    """The file that a per-file stage looks at.  `path` is relative to the workspace, with forward slashes."""

    path: str
    language: str
    text: bytes = field(repr=False)


class Cancelled(Exception):  # noqa: N818  (it is no error)
    """A stage stopped half-way, because nobody waits for what it finds.  It gets what it missed with the next change."""


class Remembering:
    """What a project stage is that remembers between runs, and whose runs can break off half-way.

    What such a run leaves does not fit together, so the next one does all files again.
    """

    remembers = True  # else nothing is kept for another run: if there is one, it does all files again
    _broken_off = False

    def run(self, project: Project, change: Change) -> Findings:
        """Return the findings for the files that the change affects; all of them if the last run broke off."""
        return joined([*self.stream(project, change)])

    def stream(self, project: Project, change: Change) -> Iterator[Findings]:
        """Yield the same in parts, each as soon as it is known and about other files than those before it.

        Only one that `corrects` is about some of theirs.
        """
        if self._broken_off or not self.remembers:
            self.forget()
            everything = project.everything().changed
            change = replace(change, changed=everything, removed=change.removed - everything)
        self._broken_off = True
        yield from self.parts(project, change)
        self._broken_off = False

    def forget(self) -> None:
        """Be as new."""
        raise NotImplementedError

    def rest(self) -> None:
        """Keep what is remembered in the least space; asked for after a large change, when nobody waits."""

    def parts(self, project: Project, change: Change) -> Iterator[Findings]:
        """Yield the findings for the files that the change affects; a stage that knows them at once has `update`."""
        yield self.update(project, change)

    def update(self, project: Project, change: Change) -> Findings:
        """Return the findings for the files that the change affects."""
        raise NotImplementedError


def joined(parts: Sequence[Findings]) -> Findings:
    """Return what findings are together: about different files, but for those that correct earlier ones."""
    if len(parts) == 1:
        return parts[0]
    values: dict[type[Row], list[Sequence[object]]] = {}
    for part in parts:
        for table, rows in part.values.items():
            known = values.setdefault(table, [])
            if part.corrects and part.files:
                at = table.__struct_fields__.index("file")
                known[:] = [row for row in known if row[at] not in part.files]
            known.extend(rows)
    return Findings(
        [row for part in parts for row in part.rows],
        [problem for part in parts for problem in part.problems],
        frozenset[str]().union(*[part.files or () for part in parts]),
        values,
    )


class Mapper(Protocol):
    """Calls a function in other processes: what a project stage uses when it has much to do.

    `function` is one of a module; it gets the shared bytes (the same for every item, sent once a process) and an item.
    Items are taken as they are needed.  Yields the results in order, each as soon as it is there.  It ends early where
    the other processes cannot go on: whoever asked does the rest itself.

    `homes` are numbers, one for each item: items of one home go to the same process as far as that keeps none idle,
    in later calls as well, so that it can use again what it made for the earlier ones.  `keepers` are ids of the
    processes that have made something already that an item of a new home is about; 0 for none.
    """

    def __call__(
        self,
        function: Callable[[bytes, bytes], bytes],
        shared: bytes,
        items: Iterable[bytes],
        homes: Sequence[int] = (),
        keepers: Sequence[int] = (),
    ) -> Iterator[bytes]: ...


class FileStage(Protocol):
    """An analysis of one file; runs in a worker process, again only when the file changes."""

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> int:
        """Raise it when the same facts would give other rows: every file is then analysed again."""
        ...

    @property
    def tables(self) -> tuple[type[Row], ...]: ...

    def run(self, file: FileContext, facts: FileFacts) -> Findings: ...


class ProjectStage(Protocol):
    """An analysis over the in-memory project; gets what changed and answers for what that affects."""

    @property
    def name(self) -> str: ...

    @property
    def needs(self) -> tuple[str, ...]:
        """Names of the stages that must have run before."""
        ...

    @property
    def tables(self) -> tuple[type[Row], ...]: ...

    def run(self, project: Project, change: Change) -> Findings: ...


def in_order(stages: Iterable[ProjectStage]) -> list[ProjectStage]:
    """Return the stages so that each follows what it needs, in declared order otherwise.

    Raises ValueError for a need that no stage meets, a cycle, two stages of one name, or a table with two writers.
    """
    waiting = list(stages)
    names = [stage.name for stage in waiting]
    if len(set(names)) != len(names):
        raise ValueError(f"two stages share a name: {sorted(names)}")
    writers: dict[type[Row], str] = {}
    for stage in waiting:
        for table in stage.tables:
            if table in writers:
                raise ValueError(f"{table.__name__} is written by {writers[table]} and by {stage.name}")
            writers[table] = stage.name
        for need in stage.needs:
            if need not in names:
                raise ValueError(f"stage {stage.name} needs {need}, which does not exist")
    ordered: list[ProjectStage] = []
    done: set[str] = set()
    while waiting:
        ready = next((stage for stage in waiting if done.issuperset(stage.needs)), None)
        if ready is None:
            raise ValueError(f"the needs of these stages form a cycle: {[stage.name for stage in waiting]}")
        waiting.remove(ready)
        ordered.append(ready)
        done.add(ready.name)
    return ordered
