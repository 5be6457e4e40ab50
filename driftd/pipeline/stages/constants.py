"""constants: named constants with whether anything refers to them, and numbers that should have a name."""

from __future__ import annotations

from collections import Counter
from sys import intern
from typing import TYPE_CHECKING, ClassVar, Final

from driftd.pipeline.digest import CODE, ConstantsPart
from driftd.pipeline.stage import Findings
from driftd.rows.structural import ConstantRow

if TYPE_CHECKING:
    from driftd.pipeline.constant_facts import Constant
    from driftd.pipeline.project import Change, Project
    from driftd.rows.declare import Row


class Constants:
    """Keeps what each file declares and counts the files that refer to each name.

    A file is answered for again when it changed, or when a name it declares gets its first or loses its last reference.
    """

    name: ClassVar[str] = "constants"
    version: ClassVar[int] = 1
    needs: ClassVar[tuple[str, ...]] = ()
    tables: ClassVar[tuple[type[Row], ...]] = (ConstantRow,)

    def __init__(self) -> None:
        self._constants: dict[str, tuple[Constant, ...]] = {}
        self._declaring: dict[str, set[str]] = {}  # name -> files that declare a constant of this name
        self._references: dict[str, tuple[str, ...]] = {}
        self._counts: Counter[str] = Counter()  # name -> files that refer to it
        self._languages: dict[str, str] = {}

    def run(self, project: Project, change: Change) -> Findings:
        """Return the rows of the changed files and of those with a constant whose use began or ended."""
        again = set(change.changed | change.removed)
        moved: Counter[str] = Counter()
        for path in again:
            self._forget(path)
            for name in self._references.pop(path, ()):
                moved[name] -= 1
            file = project.file(path)
            if file is None or file.language not in CODE:
                continue
            part = file.part(ConstantsPart)
            references = tuple(map(intern, part.references))
            self._references[path] = references
            for name in references:
                moved[name] += 1
            self._declare(path, file.language, part.constants)
        for name, by in moved.items():
            if by:
                before = self._counts[name]
                after = self._counts[name] = before + by
                if not after:
                    del self._counts[name]
                if (before > 0) != (after > 0):
                    again |= self._declaring.get(name, _NOBODY)
        rows = [self._row(path, constant) for path in sorted(again) for constant in self._constants.get(path, ())]
        return Findings(rows=rows, files=frozenset(again))

    def _row(self, path: str, constant: Constant) -> ConstantRow:
        return ConstantRow(
            name=constant.name,
            value=constant.value,
            file=path,
            line=constant.line,
            column_num=constant.column,
            is_used=constant.always_used or self._counts[constant.name] > 0,
            language=self._languages[path],
            is_named=constant.is_named,
        )

    def _declare(self, path: str, language: str, constants: tuple[Constant, ...]) -> None:
        if constants:
            self._constants[path] = constants
            self._languages[path] = language
            for constant in constants:
                if not constant.always_used:
                    self._declaring.setdefault(constant.name, set()).add(path)

    def _forget(self, path: str) -> None:
        self._languages.pop(path, None)
        for constant in self._constants.pop(path, ()):
            declaring = self._declaring.get(constant.name)
            if declaring is not None:
                declaring.discard(path)
                if not declaring:
                    del self._declaring[constant.name]


_NOBODY: Final[frozenset[str]] = frozenset()
