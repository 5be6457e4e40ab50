"""env_variables: every read of an environment variable, and whether an env file of the project defines it.

Env files come as files of the language `dotenv`.  Those meant as a pattern to copy (`.env.example`, `.env.sample`)
document a name but do not define it.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, ClassVar, Final

from driftd.pipeline.digest import ENVIRONMENT
from driftd.pipeline.stage import Findings
from driftd.rows.structural import EnvVariableRow

if TYPE_CHECKING:
    from driftd.pipeline.env_access import Access
    from driftd.pipeline.project import Change, Project, SourceFile
    from driftd.rows.declare import Row


class EnvVariables:
    """Keeps the reads of every file and counts the files that define each name."""

    name: ClassVar[str] = "env_variables"
    version: ClassVar[int] = 1
    needs: ClassVar[tuple[str, ...]] = ()
    tables: ClassVar[tuple[type[Row], ...]] = (EnvVariableRow,)

    def __init__(self) -> None:
        self._reads: dict[str, tuple[Access, ...]] = {}
        self._readers: dict[str, set[str]] = {}  # name -> files that read it
        self._definitions: dict[str, frozenset[str]] = {}  # env file -> names
        self._defined: Counter[str] = Counter()

    def run(self, project: Project, change: Change) -> Findings:
        """Return the rows of the changed files and of those that read a name whose definition came or went."""
        again = set(change.changed | change.removed)
        moved: Counter[str] = Counter()
        for path in again:
            self._forget(path, moved)
            file = project.file(path)
            if file is not None:
                self._take(file, moved)
        for name, by in moved.items():
            before = self._defined[name]
            self._defined[name] += by
            if (before > 0) != (self._defined[name] > 0):
                again |= self._readers.get(name, set())
            if not self._defined[name]:
                del self._defined[name]
        rows = [self._row(path, access) for path in sorted(again) for access in self._reads.get(path, ())]
        return Findings(rows=rows, files=frozenset(again))

    def _forget(self, path: str, moved: Counter[str]) -> None:
        moved.subtract(self._definitions.pop(path, frozenset()))
        for access in self._reads.pop(path, ()):
            readers = self._readers.get(access.name)
            if readers is not None:
                readers.discard(path)
                if not readers:
                    del self._readers[access.name]

    def _take(self, file: SourceFile, moved: Counter[str]) -> None:
        part = file.part(ENVIRONMENT)
        if part.defines:
            self._definitions[file.path] = frozenset(part.defines)
            moved.update(self._definitions[file.path])
        if part.reads:
            self._reads[file.path] = part.reads
            for access in part.reads:
                self._readers.setdefault(access.name, set()).add(file.path)

    def _row(self, path: str, access: Access) -> EnvVariableRow:
        return EnvVariableRow(
            name=access.name,
            file=path,
            line=access.line,
            access_method=access.method,
            has_default=access.has_default,
            defined_in_env=self._defined[access.name] > 0,
            framework_prefix=framework_of(access.name),
        )


def framework_of(name: str) -> str | None:
    """Return the framework whose prefix the name has, or None."""
    return next((label for prefix, label in _PREFIXES if name.startswith(prefix)), None)


_PREFIXES: Final = (
    ("NEXT_PUBLIC_", "Next.js"),
    ("VITE_", "Vite"),
    ("REACT_APP_", "Create React App"),
    ("VUE_APP_", "Vue CLI"),
    ("NUXT_", "Nuxt"),
    ("GATSBY_", "Gatsby"),
    ("EXPO_PUBLIC_", "Expo"),
    ("DJANGO_", "Django"),
    ("FLASK_", "Flask"),
    ("SPRING_", "Spring"),
    ("RAILS_", "Rails"),
    ("LARAVEL_", "Laravel"),
    ("PUBLIC_", "SvelteKit, Astro"),
    ("STORYBOOK_", "Storybook"),
    ("NG_APP_", "Angular"),
)
