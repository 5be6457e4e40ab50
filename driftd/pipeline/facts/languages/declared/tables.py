"""What is compiled of a declared language, once per process: its query, and its tables by the numbers of node types."""

from __future__ import annotations

import re
from functools import cache
from importlib import import_module
from importlib.metadata import version
from importlib.resources import files
from typing import TYPE_CHECKING

import tree_sitter
from tree_sitter import Query

from driftd.pipeline.facts.languages.declared.values import Form, path
from driftd.pipeline.facts.model import Value

if TYPE_CHECKING:
    from driftd.pipeline.facts.languages.declared.language import Language

_WORD = re.compile(r"[A-Za-z_]\w*").fullmatch
_ERRORS = "\n(ERROR) @error\n(MISSING) @missing\n"


class Tables:
    """A language's tables in the form that reading a file wants."""

    def __init__(self, language: Language) -> None:
        self.grammar = tree_sitter.Language(getattr(import_module(language.grammar), language.grammar_entry)())
        grammar = self.grammar
        text = (files("driftd.pipeline.facts.languages") / language.query).read_text(encoding="utf-8")
        self.query = Query(grammar, text + _ERRORS)
        _check_captures(self.query, language)
        self._ids: dict[str, set[int]] = {}
        unnamed: set[int] = set()
        for number in range(grammar.node_kind_count):
            if grammar.node_kind_is_named(number):
                self._ids.setdefault(grammar.node_kind_for_id(number) or "", set()).add(number)
            else:
                unnamed.add(number)
        self.fields: dict[str, int] = {
            grammar.field_name_for_id(number) or "": number for number in range(1, grammar.field_count + 1)
        }
        self.forms: dict[int, Form] = {}
        for names, form in language.forms.items():
            self.forms.update(dict.fromkeys(self.kinds(*names.split()), form))
        spoken_words = set(language.words.split())
        spoken = {number for number in unnamed if grammar.node_kind_for_id(number) in spoken_words}
        self.forms.update(dict.fromkeys(spoken, path))
        self.paths: dict[bytes, Value] = {}  # access paths met so far
        self.arguments = {
            number: reader for names, reader in language.arguments.items() for number in self.kinds(*names.split())
        }
        self.blocks = self.kinds(*language.blocks.split())
        self.bindable = self.kinds(*language.bindable.split())
        self.comments = self.kinds(*language.comments.split())
        self.silent = frozenset((unnamed - spoken) | self.comments | self.kinds(*language.silent.split()))
        self.substitutions = self.kinds(*language.substitutions.split())
        words = {grammar.node_kind_for_id(number) or "" for number in unnamed}
        self.keywords = frozenset(
            {word.encode() for word in words if _WORD(word)}
            - {word.encode() for word in language.soft_keywords.split()}
        ) | {word.encode() for word in language.keywords.split()}
        name = language.identifier
        steps = "|".join(re.escape(step) for step in sorted(language.separators, key=len, reverse=True))
        self.is_path = re.compile(rf"{name}(?:\s*(?:{steps})\s*{name})*".encode("latin-1")).fullmatch
        self._find_words = re.compile(name.encode("latin-1")).findall
        self._blank_others = _blank_others(name)
        self._steps = re.compile(rf"\s*(?:{steps})\s*".encode("latin-1"))
        odd = "|".join([re.escape(step) for step in language.separators if step != "."] + [r"\s"])
        self._needs_steps = re.compile(odd.encode("latin-1")).search
        self._sigils = language.sigils.encode()

    def kinds(self, *names: str) -> frozenset[int]:
        """Return the numbers of the named node types; raises KeyError for one that the grammar does not have."""
        return frozenset(number for name in names for number in self._ids[name])

    def words(self, code: bytes) -> list[bytes]:
        """Return all words of source code that holds no literals and no comments."""
        if self._blank_others is not None:
            return code.translate(self._blank_others).split()
        return self._find_words(code)

    def path_text(self, text: bytes) -> str:
        """Return an access path as the model writes it: dots between names, no white space, no sigils."""
        if not text.isalnum():
            if self._needs_steps(text):
                text = self._steps.sub(b".", text)
            if self._sigils:
                text = text.translate(None, self._sigils)
            if b"\n" in text or b" " in text:
                text = b"".join(text.split())
        return text.decode("utf-8", "replace").lstrip(".")


def _blank_others(identifier: str) -> bytes | None:
    """Return the translation that leaves of a text only its words, if single bytes tell what belongs to a word."""
    is_word = re.compile(identifier.encode("latin-1")).fullmatch
    table = bytearray(b" " * 256)
    for byte in map(int.to_bytes, range(256)):
        if not is_word(b"a" + byte):
            if is_word(byte + b"a"):
                return None  # a mark that may only begin a word, such as PHP's `$`
        else:
            if not is_word(b"a" + byte + b"a"):
                return None  # a mark that may only end a word, such as Ruby's `?`
            table[byte[0]] = byte[0]
    return bytes(table)


@cache
def tables_of(language: Language) -> Tables:
    """Return the tables of a language."""
    return Tables(language)


@cache
def grammar_version(package: str) -> str:
    """Return the version of the package that holds a grammar."""
    return version(package.replace("_", "-"))


_FACTS: dict[str, str | None] = {  # what may be captured -> the table that its variants are keys of
    **dict.fromkeys(("function", "class", "field", "package", "import", "export", "awaited", "return", "raise"), None),
    **dict.fromkeys(("comment", "expression", "silent", "error", "missing", "unevaluated"), None),
    "call": "calls",
    "assign": "assigns",
    "region": "regions",
    "handler": "handlers",
}
_FIXED = {"jump": {"break", "continue"}, "literal": {"string", "bytes", "number", "regex", "template"}}


def _check_captures(query: Query, language: Language) -> None:
    """Raise ValueError for a capture that nothing reads."""
    for number in range(query.capture_count):
        name = query.capture_name(number)
        fact, _, variant = name.partition(".")
        table = _FACTS.get(fact)
        known = getattr(language, table) if table is not None else _FIXED.get(fact)
        if not (fact in _FACTS or fact in _FIXED) or (known is not None and variant not in known):
            raise ValueError(f"{language.query}: nothing reads @{name}")


def by_fact(captured: dict[str, list[tree_sitter.Node]]) -> dict[str, list[tuple[str, list[tree_sitter.Node]]]]:
    """Return the captures `@fact` and `@fact.variant` of each fact, with their variants."""
    found: dict[str, list[tuple[str, list[tree_sitter.Node]]]] = {}
    for name, nodes in captured.items():
        fact, _, variant = name.partition(".")
        found.setdefault(fact, []).append((variant, nodes))
    return found
