"""Prisma schemas: models, views and composite types are classes, their fields members, attributes decorators.

Understood: blocks over several lines, `//` and `///` comments, strings with escapes, `@` and `@@` attributes with
arguments.  An enum has its values as members.  Data sources and generators are left out: they are configuration.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from driftd.pipeline.facts.languages.top_level import module_of
from driftd.pipeline.facts.model import (
    Arg,
    Bodies,
    Call,
    Class,
    Decorator,
    FileFacts,
    Kind,
    LiteralFact,
    Member,
    Outline,
    Texts,
    Value,
)

if TYPE_CHECKING:
    from driftd.pipeline.facts.model import ClassKind

_BLOCK: Final = re.compile(r"^[ \t]*(model|view|type|enum)[ \t]+(\w+)[ \t]*\{[ \t]*$")
_FIELD: Final = re.compile(r"^[ \t]*(\w+)(?:[ \t]+((?:Unsupported\([^)]*\)|\w+)(?:\[\]|\?)?))?")
_ATTRIBUTE: Final = re.compile(r"@@?([\w.]+)")
_TEXT: Final = re.compile(r'"((?:\\.|[^"\\])*)"')
_ARGUMENTS: Final = re.compile(r'(?:(\w+)[ \t]*:[ \t]*)?"((?:\\.|[^"\\])*)"')
_KINDS: Final[dict[str, ClassKind]] = {"model": "class", "view": "class", "type": "struct", "enum": "enum"}


class _Reader:
    """Reads a schema line by line; `calls` and `literals` are those of the attributes."""

    def __init__(self, source: str) -> None:
        self.lines = source.split("\n")
        self.classes: list[Class] = []
        self.calls: list[Call] = []
        self.literals: list[LiteralFact] = []

    def read(self) -> None:
        """Find the blocks."""
        number = 0
        while number < len(self.lines):
            opened = _BLOCK.match(_code(self.lines[number]))
            number += 1
            if opened:
                number = self._block(opened, number)

    def _block(self, opened: re.Match[str], start: int) -> int:
        members: list[Member] = []
        marks: list[Decorator] = []
        number = start
        while number < len(self.lines):
            code = _code(self.lines[number])
            number += 1
            stripped = code.strip()
            if stripped == "}":
                break
            if stripped.startswith("@@"):
                marks.extend(self._attributes(code, number, 0, ~len(self.classes)))
            elif field := _FIELD.match(code):
                decorators = tuple(self._attributes(code, number, field.end(), ~len(self.classes)))
                members.append(Member(field[1], number, field[2], None, decorators=decorators))
        line = self.lines[start - 1]
        self.classes.append(
            Class(
                name=opened[2],
                qualified_name=opened[2],
                kind=_KINDS[opened[1]],
                line=start,
                column=line.index(opened[2], line.index(opened[1]) + len(opened[1])) + 1,
                end_line=number,
                scope=0,
                members=tuple(members),
                decorators=tuple(marks),
                is_exported=True,
            )
        )
        return number

    def _attributes(self, code: str, line: int, start: int, scope: int) -> list[Decorator]:
        blanked = _TEXT.sub(lambda match: '"' + " " * (len(match[0]) - 2) + '"', code)
        found = []
        for match in _ATTRIBUTE.finditer(blanked, start):
            end = match.end()
            if blanked[end : end + 1] != "(":
                found.append(Decorator(match[1], line, -1))
                continue
            depth, at = 0, end
            while at < len(blanked):
                depth += (blanked[at] == "(") - (blanked[at] == ")")
                at += 1
                if not depth:
                    break
            found.append(Decorator(match[1], line, len(self.calls)))
            args = tuple(self._argument(a, line, scope) for a in _ARGUMENTS.finditer(code, end, at))
            self.calls.append(Call(Value(Kind.PATH, match[1]), args, line, match.start() + 1, line, scope, -1))
        return found

    def _argument(self, match: re.Match[str], line: int, scope: int) -> Arg:
        value = re.sub(r"\\(.)", r"\1", match[2])
        name = match[1] or ""
        column = match.start(2)
        self.literals.append(LiteralFact("string", value, line, column, line, scope, "argument", name))
        return Arg(Value(Kind.STRING, ref=len(self.literals) - 1), name)


def _code(line: str) -> str:
    at = line.find("//")
    if at < 0:
        return line
    for text in _TEXT.finditer(line):
        if text.start() < at < text.end():
            at = line.find("//", text.end())
            if at < 0:
                return line
    return line[:at]


class _Prisma:
    languages: Final = ("prisma",)
    version: Final = "prisma-1"

    @property
    def suffixes(self) -> dict[str, str]:
        return {".prisma": "prisma"}

    def extract(self, data: bytes, language: str) -> FileFacts:
        source = data.decode("utf-8", "replace").removeprefix("\ufeff").replace("\r\n", "\n")
        reader = _Reader(source)
        reader.read()
        module = module_of(data)
        return FileFacts(
            language=language,
            line_count=module.end_line,
            outline=Outline((module,), tuple(reader.classes), (), ()),
            bodies=Bodies(tuple(reader.calls), (), (), (), (), ()),
            texts=Texts(tuple(reader.literals), ()),
            names=(),
            errors=(),
        )


ADAPTER: Final = _Prisma()
