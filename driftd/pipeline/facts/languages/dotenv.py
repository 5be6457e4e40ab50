"""Env files (`.env`, `.env.local`, `prod.env`): each definition is an assignment of a string.

Understood: `export `, single, double and back quotes with values over several lines, comments, `NAME` without a value
(not a definition).  Variables inside of values are not expanded.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from driftd.pipeline.facts.languages.top_level import module_of
from driftd.pipeline.facts.model import (
    Assign,
    Bodies,
    FileFacts,
    Kind,
    LiteralFact,
    Outline,
    Texts,
    Value,
)

_DEFINITION: Final = re.compile(
    r"""^[ \t]*(?:export[ \t]+)?(?P<name>[A-Za-z_][\w.-]*)[ \t]*=[ \t]*
    (?: "(?P<double>(?:\\.|[^"\\])*)" | '(?P<single>[^']*)' | `(?P<back>[^`]*)` | (?P<plain>[^\n]*) )""",
    re.MULTILINE | re.VERBOSE | re.DOTALL,
)
_COMMENT: Final = re.compile(r"\s#.*|^#.*")
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r"}


class Definition(NamedTuple):
    """One `NAME=value`; lines and columns from 1."""

    name: str
    value: str
    line: int
    column: int
    end_line: int


def parse_env(text: bytes) -> list[Definition]:
    """Return the definitions of an env file in source order."""
    source = text.decode("utf-8", "replace").removeprefix("\ufeff").replace("\r\n", "\n")
    found, at, line, counted = [], 0, 1, 0
    while match := _DEFINITION.search(source, at):
        start = match.start("name")
        line += source.count("\n", counted, start)
        counted = start
        end_line = line + source.count("\n", start, match.end())
        column = start - source.rfind("\n", 0, start)
        found.append(Definition(match["name"], _value(match), line, column, end_line))
        newline = source.find("\n", match.end())  # what follows a closing quote is no definition
        at = len(source) if newline < 0 else newline
    return found


def _value(match: re.Match[str]) -> str:
    if match["double"] is not None:
        return re.sub(r"\\(.)", lambda m: _ESCAPES.get(m[1], m[1]), match["double"], flags=re.DOTALL)
    for quoted in ("single", "back"):
        if match[quoted] is not None:
            return match[quoted]
    return _COMMENT.sub("", match["plain"]).strip()


class _Dotenv:
    languages: Final = ("dotenv",)
    version: Final = "dotenv-1"

    @property
    def suffixes(self) -> dict[str, str]:
        return {".env": "dotenv"}

    def extract(self, data: bytes, language: str) -> FileFacts:
        definitions = parse_env(data)
        module = module_of(data)
        assigns = tuple(
            Assign(Value(Kind.PATH, d.name), Value(Kind.STRING, ref=i), d.line, d.column, 0, -1)
            for i, d in enumerate(definitions)
        )
        literals = tuple(
            LiteralFact("string", d.value, d.line, d.column, d.end_line, 0, "assignment", d.name) for d in definitions
        )
        return FileFacts(
            language=language,
            line_count=module.end_line,
            outline=Outline((module,), (), (), ()),
            bodies=Bodies((), assigns, (), (), (), ()),
            texts=Texts(literals, ()),
            names=(),
            errors=(),
        )


ADAPTER: Final = _Dotenv()
