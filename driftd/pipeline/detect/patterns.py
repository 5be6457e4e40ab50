"""Patterns of dotted names: `hashlib.md5`, `flask.**.route`, `*.innerHTML`, `{Crypto,Cryptodome}.Cipher.DES.new`.

`*` stands for anything within a part, `**` for any number of parts, none included; at the start, `*.` is `**.`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple

ANYTHING: Final = "*"


class NamePattern(NamedTuple):
    """A pattern: `last` is its last part and `first` its first one, each "" where it is not plain."""

    text: str
    last: str
    first: str
    is_plain: bool = False  # whether it is the one name that is meant
    is_any: bool = False  # whether any owner will do, or none: `*.execute`

    def matches(self, name: str) -> bool:
        """Return whether a dotted name is one of those that are meant."""
        if self.is_plain:
            return name == self.text
        if self.is_any:
            return name == self.last or (name.endswith(f".{self.last}") and len(name) > len(self.last) + 1)
        return _regex(self.text).fullmatch(name) is not None


@lru_cache(maxsize=65536)
def expanded(text: str) -> tuple[str, ...]:
    """Return what braces stand for, one in another too: `a.{b,c}.d` is `a.b.d` and `a.c.d`."""
    start = text.find("{")
    if start < 0:
        return (text,)
    depth, choices, begin = 0, [], start + 1
    for end in range(start, len(text)):
        char = text[end]
        depth += (char == "{") - (char == "}")
        if depth == 0 or (depth == 1 and char == ","):
            choices.append(text[begin:end])
            begin = end + 1
        if depth == 0:
            break
    return tuple([one for choice in choices for one in expanded(text[:start] + choice + text[end + 1 :])])


@lru_cache(maxsize=65536)
def pattern(text: str) -> NamePattern:
    """Return one pattern without braces."""
    if text.startswith("*."):
        text = "*" + text
    parts = text.split(".")
    last = parts[-1] if "*" not in parts[-1] else ""
    first = parts[0] if "*" not in parts[0] else ""
    is_any = len(parts) == 2 and parts[0] == "**" and bool(last)
    return NamePattern(text, last, first, "*" not in text, is_any)


@lru_cache(maxsize=4096)  # made when first asked for: of most patterns, no file has the last part
def _regex(text: str) -> re.Pattern[str]:
    parts = text.split(".")
    regex = ""
    for position, part in enumerate(parts):
        is_last = position == len(parts) - 1
        if part == "**":
            regex += "(?:.+)" if is_last else r"(?:.+\.)?"
        else:
            regex += re.escape(part).replace(r"\*", r"[^.]*") + ("" if is_last else r"\.")
    return re.compile(regex)


def patterns(texts: tuple[str, ...]) -> tuple[NamePattern, ...]:
    """Return all that some texts stand for."""
    return tuple([pattern(one) for text in texts for one in expanded(text)])
