"""Whether a default build has a Go file: `//go:build` lines, and the systems and processors that file names end in.

Files that exclude each other declare the same names; the ones of a default build (linux, amd64, no tags) are meant.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from driftd.pipeline.facts.model import Comment

_TOKEN: Final = re.compile(r"\s*(&&|\|\||!|\(|\)|[\w.]+)")
_SYSTEMS: Final = frozenset(
    ["aix", "android", "darwin", "dragonfly", "freebsd", "hurd", "illumos", "ios", "js", "nacl", "netbsd", "openbsd", "plan9",
     "solaris", "wasip1", "windows", "zos"]
)  # fmt: skip
_PROCESSORS: Final = frozenset(
    ["386", "arm", "arm64", "loong64", "mips", "mips64", "mips64le", "mipsle", "ppc64", "ppc64le", "riscv64", "s390x", "wasm"]
)  # fmt: skip
_VERSION: Final = re.compile(r"go1\.\d+")
_HOLDING: Final = frozenset(["linux", "amd64", "unix", "gc", "cgo"])


def is_default(path: str, comments: Iterable[Comment]) -> bool:
    """Return whether a build without tags has the file."""
    parts = path.rpartition("/")[2].removesuffix(".go").removesuffix("_test").split("_")
    if not _SYSTEMS.isdisjoint(parts[1:][-2:]) or not _PROCESSORS.isdisjoint(parts[1:][-1:]):
        return False
    for comment in comments:
        text = comment.text.strip().removeprefix("//")
        if text.startswith("go:build "):
            return _holds(_TOKEN.findall(text.removeprefix("go:build ")))
    return True


def _holds(tokens: list[str]) -> bool:
    tokens.reverse()

    def any_of() -> bool:
        found = all_of()
        while tokens and tokens[-1] == "||":
            tokens.pop()
            found = all_of() or found
        return found

    def all_of() -> bool:
        found = one()
        while tokens and tokens[-1] == "&&":
            tokens.pop()
            found = one() and found
        return found

    def one() -> bool:
        if not tokens:
            return True
        word = tokens.pop()
        if word == "!":
            return not one()
        if word == "(":
            found = any_of()
            if tokens:
                tokens.pop()
            return found
        return word in _HOLDING or bool(_VERSION.fullmatch(word))

    return any_of()
