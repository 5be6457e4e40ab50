"""How languages with declared types and packages look names up, as data: one entry per language.

Python and ECMAScript are not here: their lookup is the call graph's own.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Dialect(NamedTuple):
    """One language.

    family: languages whose packages are one space
    package: what a package is: "declared" in the file, its "folder", "file" (a module), a "target" (the
        folder below the one of sources, as package managers lay it out), or "global" (all files)
    receivers: words for the object whose method runs, and own: words for its class
    supers: words for the next class up
    implicit_receiver: a bare name in a method may be a member of the class
    declares_by_assigning: an assignment makes a local variable
    outward: code of a package sees the names of the packages around it
    global_fallback: functions that are not found in the package are looked up without one
    overloads: several functions of one name are told apart by their parameters
    pieces: a type is put together from declarations in several places
    new: the method of a class that makes an instance
    labels: what is written before the arguments of a call is part of the function's name
    """

    family: str
    package: str
    receivers: frozenset[str] = frozenset({"this"})
    own: frozenset[str] = frozenset()
    supers: frozenset[str] = frozenset({"super"})
    implicit_receiver: bool = True
    declares_by_assigning: bool = False
    outward: bool = False
    global_fallback: bool = False
    overloads: bool = True
    pieces: bool = False
    new: str = ""
    labels: bool = False


_THIS: Final = frozenset({"this"})
_SELF: Final = frozenset({"self"})
_NO_WORDS: Final[frozenset[str]] = frozenset()

DIALECTS: Final[dict[str, Dialect]] = {
    "java": Dialect("jvm", "declared"),
    "kotlin": Dialect("jvm", "declared"),
    "scala": Dialect("jvm", "declared", pieces=True),
    "csharp": Dialect("csharp", "declared", supers=frozenset({"base"}), outward=True, pieces=True),
    "php": Dialect(
        "php", "declared", _THIS, frozenset({"self", "static"}), frozenset({"parent"}), implicit_receiver=False,
        declares_by_assigning=True, global_fallback=True, overloads=False,
    ),
    "go": Dialect("go", "folder", _NO_WORDS, supers=_NO_WORDS, implicit_receiver=False, overloads=False),
    "rust": Dialect(
        "rust", "file", _SELF, frozenset({"Self"}), _NO_WORDS, implicit_receiver=False, overloads=False, pieces=True,
    ),
    "ruby": Dialect(
        "ruby", "global", _SELF, declares_by_assigning=True, outward=True, overloads=False, pieces=True, new="new",
    ),
    "c": Dialect("c", "declared", supers=_NO_WORDS, outward=True, pieces=True),  # a header may be one of C++
    "cpp": Dialect("c", "declared", supers=_NO_WORDS, outward=True, pieces=True),
    "swift": Dialect("swift", "target", _SELF, frozenset({"Self"}), global_fallback=True, pieces=True, labels=True),
}  # fmt: skip
