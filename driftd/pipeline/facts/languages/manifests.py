"""Manifests that say what module names mean: `package.json`, `tsconfig.json`, `composer.json`, `go.mod` and others.

Each top-level entry is an assignment of a written-out value: objects are dictionaries, strings have literals.  Only
files with these names are read (see `registry.language_of`), not every JSON or TOML file.  JSON may have comments and
trailing commas, as compilers accept them.
"""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING, Any, Final

from driftd.pipeline.facts.languages.top_level import module_of
from driftd.pipeline.facts.model import (
    Assign,
    Bodies,
    FileFacts,
    Kind,
    LiteralFact,
    Outline,
    ParseError,
    Texts,
    Value,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_TOKEN: Final = re.compile(
    r"""(?P<blank>\s+|//[^\n]*|/\*.*?\*/)|(?P<string>"(?:[^"\\]|\\.)*")|(?P<mark>[{}\[\]:,])|(?P<word>[^\s{}\[\]:,"/]+)""",
    re.DOTALL,
)
_ESCAPE: Final = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
_WORDS: Final = {"true": "true", "false": "false", "null": "null"}
_DEEPEST: Final = 60


class _BadJsonError(Exception):
    """The text is not JSON from `line` on."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


class _Builder:
    """Collects literals and assignments."""

    def __init__(self) -> None:
        self.literals: list[LiteralFact] = []
        self.assigns: list[Assign] = []
        self.errors: list[ParseError] = []

    def string(self, text: str, line: int) -> Value:
        """Return a string value with its literal."""
        self.literals.append(LiteralFact("string", text, line, 1, line, 0, "assignment"))
        return Value(Kind.STRING, "", len(self.literals) - 1)

    def assign(self, name: str, value: Value, line: int) -> None:
        """Add a top-level entry."""
        self.assigns.append(Assign(Value(Kind.PATH, name), value, line, 1, 0, -1))

    def plain(self, data: object) -> Value:
        """Return plain data as a value."""
        if isinstance(data, dict):
            pairs = [v for key, item in data.items() for v in (self.string(str(key), 1), self.plain(item))]
            return Value(Kind.DICT, "", -1, tuple(pairs))
        if isinstance(data, list):
            return Value(Kind.LIST, "", -1, tuple([self.plain(item) for item in data]))
        if isinstance(data, bool):
            return Value(Kind.CONSTANT, "true" if data else "false")
        return self.string(str(data), 1)


class _Json:
    """Reads JSON with comments token by token."""

    def __init__(self, source: str, builder: _Builder) -> None:
        self.builder = builder
        self.tokens: list[tuple[str, str, int]] = []
        line = 1
        at = 0
        while at < len(source):
            match = _TOKEN.match(source, at)
            if match is None:
                raise _BadJsonError(line)
            kind = str(match.lastgroup)
            if kind != "blank":
                self.tokens.append((kind, match[0], line))
            line += match[0].count("\n")
            at = match.end()
        self.at = 0
        self.last_line = line

    def entries(self) -> None:
        """Assign each entry of the object that the text is."""
        if self.take("{"):
            self._pairs(self.builder.assign, 0)

    def take(self, mark: str) -> bool:
        """Go past a mark if it is next."""
        if self.at < len(self.tokens) and self.tokens[self.at][1] == mark:
            self.at += 1
            return True
        return False

    def _next(self) -> tuple[str, str, int]:
        if self.at >= len(self.tokens):
            raise _BadJsonError(self.last_line)
        self.at += 1
        return self.tokens[self.at - 1]

    def _pairs(self, put: Callable[[str, Value, int], None], depth: int) -> None:
        while not self.take("}"):
            kind, text, line = self._next()
            if kind != "string" or not self.take(":"):
                raise _BadJsonError(line)
            put(_unescaped(text), self._value(depth + 1), line)
            if not self.take(",") and not (self.at < len(self.tokens) and self.tokens[self.at][1] == "}"):
                raise _BadJsonError(line)

    def _value(self, depth: int) -> Value:
        kind, text, line = self._next()
        if depth > _DEEPEST:
            raise _BadJsonError(line)
        if kind == "string":
            return self.builder.string(_unescaped(text), line)
        if kind == "word":
            return Value(Kind.CONSTANT, _WORDS[text]) if text in _WORDS else self.builder.string(text, line)
        items: list[Value] = []
        if text == "{":
            self._pairs(lambda name, value, at: items.extend((self.builder.string(name, at), value)), depth)
            return Value(Kind.DICT, "", -1, tuple(items))
        if text != "[":
            raise _BadJsonError(line)
        while not self.take("]"):
            items.append(self._value(depth + 1))
            if not self.take(",") and not (self.at < len(self.tokens) and self.tokens[self.at][1] == "]"):
                raise _BadJsonError(line)
        return Value(Kind.LIST, "", -1, tuple(items))


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda m: chr(int(m[1][1:], 16)) if len(m[1]) > 1 else _ESCAPES.get(m[1], m[1]), text[1:-1])


def _read_json(source: str, builder: _Builder) -> None:
    try:
        _Json(source, builder).entries()
    except _BadJsonError as error:
        builder.errors.append(ParseError(error.line, 1, error.line, 1, "error"))


def _read_toml(source: str, builder: _Builder) -> None:
    try:
        data: Mapping[str, Any] = tomllib.loads(source)
    except tomllib.TOMLDecodeError:
        builder.errors.append(ParseError(1, 1, 1, 1, "error"))
        return
    for name, value in data.items():
        builder.assign(name, builder.plain(value), 1)


def _read_gomod(source: str, builder: _Builder) -> None:
    block = ""
    replaced: list[Value] = []
    for number, raw in enumerate(source.split("\n"), 1):
        line = raw.partition("//")[0].strip() if "://" not in raw else raw.strip()
        if line == ")":
            block = ""
            continue
        word, _, rest = line.partition(" ") if not block else (block, "", line)
        if rest.strip() == "(":
            block = word
        elif word == "module":
            builder.assign("module", builder.string(rest.strip().strip('"`'), number), number)
        elif word == "replace" and "=>" in rest:
            old, _, new = (part.strip() for part in rest.partition("=>"))
            pair = (builder.string(old.split()[0], number), builder.string(new.split()[0], number))
            replaced.extend(pair)
    if replaced:
        builder.assign("replace", Value(Kind.DICT, "", -1, tuple(replaced)), 1)


def _read_yaml(source: str, builder: _Builder) -> None:
    """Read the top-level lists of a simple YAML file: `packages:` of a pnpm workspace."""
    name, items, start = "", list[Value](), 1

    def finish() -> None:
        if name and items:
            builder.assign(name, Value(Kind.LIST, "", -1, tuple(items)), start)

    for number, line in enumerate(source.split("\n"), 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        if text.startswith("- ") and name:
            items.append(builder.string(text[2:].partition(" #")[0].strip().strip("'\""), number))
        elif not line[0].isspace():
            finish()
            key, colon, rest = text.partition(":")
            name, items, start = (key if colon and not rest.strip() else ""), [], number
    finish()


_READERS: Final = {"json": _read_json, "toml": _read_toml, "gomod": _read_gomod, "yaml": _read_yaml}


class _Manifests:
    languages: Final = tuple(_READERS)
    version: Final = "manifests-1"

    @property
    def suffixes(self) -> dict[str, str]:
        return {}

    def extract(self, data: bytes, language: str) -> FileFacts:
        builder = _Builder()
        source = data.decode("utf-8", "replace").removeprefix("\ufeff").replace("\r\n", "\n")
        _READERS[language](source, builder)
        module = module_of(data)
        return FileFacts(
            language=language,
            line_count=module.end_line,
            outline=Outline((module,), (), (), ()),
            bodies=Bodies((), tuple(builder.assigns), (), (), (), ()),
            texts=Texts(tuple(builder.literals), ()),
            names=(),
            errors=tuple(builder.errors),
        )


ADAPTER: Final = _Manifests()
