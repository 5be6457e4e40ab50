"""From a language's declaration to an adapter."""

from __future__ import annotations

import gc

import tree_sitter
from tree_sitter import Parser, QueryCursor

from driftd.pipeline.facts.languages.declared import texts
from driftd.pipeline.facts.languages.declared.bodies import BodiesPass
from driftd.pipeline.facts.languages.declared.file import File
from driftd.pipeline.facts.languages.declared.language import Language
from driftd.pipeline.facts.languages.declared.outline import OutlinePass, function_parts
from driftd.pipeline.facts.languages.declared.tables import grammar_version, tables_of
from driftd.pipeline.facts.languages.ecmascript_text import EcmaSource, readable
from driftd.pipeline.facts.model import FileFacts, Outline, Texts

_REVISION = 1  # of the engine: raise when the same bytes give other facts


class DeclaredAdapter:
    """Reads files in a declared language."""

    def __init__(self, language: Language) -> None:
        self._language = language
        self.languages = language.languages
        self.suffixes = dict(language.suffixes)
        self.version = f"{_REVISION}.{language.revision}-{grammar_version(language.grammar)}"

    def grammar(self) -> tree_sitter.Language:
        """Return the grammar, for whoever wants to parse only."""
        return tables_of(self._language).grammar

    def extract(self, data: bytes, language: str) -> FileFacts:
        """Return the facts of `data`; never raises for bad input: what cannot be read is in `errors`."""
        collects = gc.isenabled()
        gc.disable()  # nothing made here is cyclic
        try:
            return self._extract(readable(data), language)
        finally:
            if collects:
                gc.enable()

    def _extract(self, data: bytes, language: str) -> FileFacts:
        tables = tables_of(self._language)
        # A NUL ends the text for a grammar's scanner; compilers take one within a string or a comment.
        shown = data.replace(b"\0", b" ") if b"\0" in data else data
        root = self._language.parse(Parser(tables.grammar), shown).root_node
        file = File(self._language, tables, EcmaSource(data), QueryCursor(tables.query).captures(root))
        parts = function_parts(file)
        bodies = BodiesPass(file, parts).run()
        docs = texts.Docs(file)
        functions, classes = OutlinePass(file, parts, docs).run()
        imports = [found for *_, node, variant in file.imports for found in self._language.imports(file, node, variant)]
        exports = [
            found
            for *_, node, variant in file.ordered("export")
            for found in self._language.exports(file, node, variant)
        ]
        packages = file.ordered("package")
        package = self._language.package(file, packages[0][3]) if packages else ""
        return FileFacts(
            language=language,
            line_count=file.source.line_count,
            outline=Outline(functions, classes, tuple(imports), tuple(exports), package),
            bodies=bodies,
            texts=Texts(texts.literals(file), docs.comments()),
            names=texts.names_read(file, functions, classes, bodies.assigns),
            errors=texts.errors(file),
        )
