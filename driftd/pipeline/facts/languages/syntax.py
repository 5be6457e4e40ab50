"""What an edit needs to know of a language: its tree, how an argument gets a name, how a module is imported.

Analyses read facts; only what changes code looks at trees, and it asks for fields that grammars have in common
(`arguments`, `function`, `name`, `value`), not for their node types.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

from tree_sitter import Language, Parser

from driftd.pipeline.facts.languages.registry import adapter_of
from driftd.pipeline.modules import ECMASCRIPT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tree_sitter import Node

# How a named argument is written; in the others an option is an entry of an object, or there is no such thing.
NAMED_ARGUMENT: Final[Mapping[str, str]] = {
    "python": "{name}={value}",
    "ruby": "{name}: {value}",
    "csharp": "{name}: {value}",
    "php": "{name}: {value}",
    "kotlin": "{name} = {value}",
    "scala": "{name} = {value}",
}
NAMED_ENTRY: Final = "{name}: {value}"
OBJECTS: Final = frozenset({"object"})  # node types of object literals with entries `key: value`


def root_of(language: str, data: bytes) -> Node:
    """Return the root of the tree of a file."""
    return Parser(_grammar(language)).parse(data).root_node


def import_of(language: str, package: str, name: str) -> str | None:
    """Return the line that imports a module under its own name; None where such lines are not made here."""
    if language != "python":
        return None
    return f"from {package} import {name}\n" if package else f"import {name}\n"


def is_standard(language: str, module: str) -> bool:
    """Tell whether a module is there wherever the language is."""
    return language == "python" and module in sys.stdlib_module_names


def _grammar(language: str) -> Language:
    if language == "python":
        from driftd.pipeline.facts.languages.python_grammar import LANGUAGE  # noqa: PLC0415 - a grammar costs 17 ms

        return LANGUAGE
    if language in ECMASCRIPT:
        from driftd.pipeline.facts.languages.ecmascript_grammar import grammar_of  # noqa: PLC0415 - see above

        return grammar_of(language).language
    adapter = adapter_of(language)
    grammar: Language = adapter.grammar()  # type: ignore[attr-defined]  # all others are declared
    return grammar
