"""A project from a mapping of paths to texts, and its rows in a readable form."""

from __future__ import annotations

from functools import lru_cache
from textwrap import dedent
from typing import TYPE_CHECKING

import msgspec

from driftd.pipeline.facts.languages.registry import adapter_of, language_of
from driftd.pipeline.project import FileEntry, Project
from driftd.rows.call_graph import CallEdgeRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

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
    return FileEntry(path, facts.language, msgspec.msgpack.encode(facts))


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
