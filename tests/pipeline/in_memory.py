"""A project from a mapping of paths to texts, and its rows in a readable form."""

from __future__ import annotations

from functools import lru_cache
from textwrap import dedent
from typing import TYPE_CHECKING, NamedTuple

from driftd.pipeline.call_graph.distribution import resolve_chunk
from driftd.pipeline.call_graph.stretches import Job, decode_jobs
from driftd.pipeline.facts.codec import compress, encode
from driftd.pipeline.facts.languages.registry import adapter_of, language_of
from driftd.pipeline.project import FileEntry, Project
from driftd.rows.call_graph import CallEdgeRow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from driftd.pipeline.facts.model import FileFacts
    from driftd.pipeline.project import Change
    from driftd.pipeline.stage import ProjectStage
    from driftd.rows.declare import Row


@lru_cache(maxsize=4096)
def facts_of(path: str, text: str) -> FileFacts:
    language = language_of(path)
    assert language is not None
    return adapter_of(language).extract(dedent(text).lstrip("\n").encode(), language)


@lru_cache(maxsize=4096)
def entry(path: str, text: str) -> FileEntry:
    facts = facts_of(path, text)
    return FileEntry(path, facts.language, compress(encode(facts)))


def entries(files: Mapping[str, str]) -> dict[str, FileEntry | None]:
    return {path: entry(path, text) for path, text in files.items()}


def project_of(files: Mapping[str, str]) -> Project:
    project = Project()
    project.apply(entries(files))
    return project


def rows_of(stage: ProjectStage, files: Mapping[str, str]) -> list[Row]:
    project = project_of(files)
    return list(stage.run(project, project.everything()).rows)


class Table:
    """The rows of one stage as a store would hold them: replaced per file."""

    def __init__(self, stage: ProjectStage) -> None:
        self.stage = stage
        self.by_file: dict[str, list[Row]] = {}

    def take(self, project: Project, change: Change) -> None:
        findings = self.stage.run(project, change)
        assert findings.files is not None
        for path in findings.files:
            self.by_file.pop(path, None)
        for row in findings.rows:
            file: str = row.file  # type: ignore[attr-defined]  # the tables of these tests all have it
            assert file in findings.files
            self.by_file.setdefault(file, []).append(row)

    def rows(self) -> dict[str, list[str]]:
        return {path: sorted(map(repr, rows)) for path, rows in self.by_file.items()}


def name_of(project: Project, function: int) -> str:
    at = project.function(function)
    assert at is not None, "an edge must join"
    file = project.file(at.file)
    assert file is not None
    return f"{at.file}:{file.interface.functions[at.number].qualified_name}"


def shown(project: Project, rows: Iterable[Row]) -> list[str]:
    """Return edges as `caller -> callee line strategy confidence`, in order of callers' files and lines."""
    edges = [row for row in rows if isinstance(row, CallEdgeRow)]
    edges.sort(key=lambda e: (e.file, e.call_site_line, name_of(project, e.callee_id)))
    return [
        f"{name_of(project, e.caller_id)} -> {name_of(project, e.callee_id)} "
        f"{e.call_site_line} {e.resolution} {e.confidence:g}"
        for e in edges
    ]


class Trip(NamedTuple):
    """What one call of a mapper was given."""

    homes: list[int]
    keepers: list[int]
    chunks: list[list[Job]]


class Elsewhere:
    """A mapper whose other processes are this one; notes its calls, and does something before each chunk."""

    def __init__(self, before: Callable[[], None] = lambda: None) -> None:
        self.trips: list[Trip] = []
        self._before = before

    def __call__(
        self,
        function: Callable[[bytes, bytes], bytes],
        shared: bytes,
        items: Iterable[bytes],
        homes: Sequence[int] = (),
        keepers: Sequence[int] = (),
    ) -> Iterator[bytes]:
        assert function is resolve_chunk
        chunks = list(items)
        assert len(homes) == len(keepers) == len(chunks)
        self.trips.append(Trip([*homes], [*keepers], [decode_jobs(chunk) for chunk in chunks]))
        for chunk in chunks:
            self._before()
            yield function(shared, chunk)
