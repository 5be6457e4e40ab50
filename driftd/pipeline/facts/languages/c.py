"""The language adapter for C, on the engine of `declared`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import ClassVar

from driftd.pipeline.facts.languages import c_family, cpp
from driftd.pipeline.facts.languages.declared.adapter import DeclaredAdapter
from driftd.pipeline.facts.model import FileFacts

_IS_CPP = re.compile(
    rb"^[ \t]*(?:class\s+(?:\w+\s+)?\w+\s*(?:final\s*)?(?:[{;]|:[^:])|(?:inline\s+)?namespace(?:\s+[\w:]+)?\s*\{"
    rb"|template\s*<|(?:public|private|protected)\s*:|using\s+(?:namespace\s+)?[\w:]+\s*[=;])",
    re.MULTILINE,
).search


class C(c_family.CFamily):
    """C89 to C23.

    - A function is what has a body: a prototype is none.  What is `static` is private to its file.
    - `#include "x"` imports everything of `./x`, `#include <x>` of `x`.
    - A struct, union or enum that only a typedef names has that name; any other typedef is an alias.
    - `&x` and `*x` are looked through; `a->b` is `a.b`; a macro's use is a call, if it looks like one.
    """

    name = "c"
    suffixes: ClassVar[Mapping[str, str]] = {".c": "c", ".h": "c"}
    grammar = "tree_sitter_c"
    query = "c.scm"

    forms = c_family.FORMS
    arguments = c_family.ARGUMENTS
    calls = c_family.CALLS
    assigns = c_family.ASSIGNS
    regions = c_family.REGIONS


class CAdapter(DeclaredAdapter):
    """Reads C; a header that declares what only C++ has (a class, a namespace, a template) as C++.

    A header's name does not tell which of the two it is, and facts do not depend on names; its language stays "c".
    """

    def __init__(self) -> None:
        super().__init__(C())
        self.version = f"{self.version}+{cpp.ADAPTER.version}"

    def extract(self, data: bytes, language: str) -> FileFacts:
        if _IS_CPP(data) is not None:
            return cpp.ADAPTER.extract(data, language)
        return super().extract(data, language)


ADAPTER = CAdapter()
