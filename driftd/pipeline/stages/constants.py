"""constants: named constants with whether anything refers to them, and numbers that should have a name."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, ClassVar, Final

import msgspec

from driftd.pipeline.constant_facts import Constant
from driftd.pipeline.digest import CODE, CONSTANTS
from driftd.pipeline.facts.codec import decode, encode
from driftd.pipeline.stage import Findings
from driftd.rows.structural import ConstantRow

if TYPE_CHECKING:
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
        self._said: dict[str, bytes] = {}  # by file, encoded: few are asked for
        self._declaring: dict[str, set[str]] = {}  # name -> files that declare a constant of this name
        self._counts: Counter[str] = Counter()  # name -> files that refer to it

    def run(self, project: Project, change: Change) -> Findings:
        """Return the rows of the changed files and of those with a constant whose use began or ended."""
        again = set(change.changed | change.removed)
        moved: Counter[str] = Counter()
        for path in again:
            before = self._said.pop(path, None)
            if before is not None:
                old = decode(before, _Said)
                moved.subtract(old.references)
                self._forget(path, old.constants)
            file = project.file(path)
            if file is None or file.language not in CODE:
                continue
            part = file.part(CONSTANTS)
            moved.update(part.references)
            if part.constants or part.references:
                self._said[path] = encode(_Said(file.language, part.references, part.constants))
                self._declare(path, part.constants)
        for name, by in moved.items():
            if by:
                earlier = self._counts[name]
                now = earlier + by
                if now:
                    self._counts[name] = now
                else:
                    del self._counts[name]
                if (earlier > 0) != (now > 0):
                    again |= self._declaring.get(name, _NOBODY)
        rows = [
            self._row(path, said.language, constant)
            for path in sorted(again)
            if path in self._said
            for said in (decode(self._said[path], _Said),)
            for constant in said.constants
        ]
        return Findings(rows=rows, files=frozenset(again))

    def _row(self, path: str, language: str, constant: Constant) -> ConstantRow:
        return ConstantRow(
            name=constant.name,
            value=constant.value,
            file=path,
            line=constant.line,
            column_num=constant.column,
            is_used=constant.always_used or self._counts[constant.name] > 0,
            language=language,
            is_named=constant.is_named,
        )

    def _declare(self, path: str, constants: tuple[Constant, ...]) -> None:
        for constant in constants:
            if not constant.always_used:
                self._declaring.setdefault(constant.name, set()).add(path)

    def _forget(self, path: str, constants: tuple[Constant, ...]) -> None:
        for constant in constants:
            declaring = self._declaring.get(constant.name)
            if declaring is not None:
                declaring.discard(path)
                if not declaring:
                    del self._declaring[constant.name]


class _Said(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a file says of constants."""

    language: str
    references: tuple[str, ...]
    constants: tuple[Constant, ...]


_NOBODY: Final[frozenset[str]] = frozenset()
