"""The Python adapter: `.py`, `.pyi` and `.pyw` source to facts.

A sound tree is walked from statement to statement.  In a tree with errors statements may hang anywhere, so a query
finds them.  (Not in every file: the query visits each node of the tree, which takes 0.3 to 0.4 of the parse where the
walk takes 0.1, and its captures come in no order.)  Either way `python_lowering` turns them into facts.  Where the
grammar stumbles over a file that the interpreter's own parser accepts, that parser tells what functions there are.
Does not read files, follow imports or resolve names.
"""

from __future__ import annotations

import ast
import gc
import warnings
from functools import cache
from importlib.metadata import version

from tree_sitter import Node, Parser, Query, QueryCursor

from driftd.pipeline.facts.languages import python_text
from driftd.pipeline.facts.languages.python_grammar import LANGUAGE, STATEMENT_KINDS
from driftd.pipeline.facts.languages.python_lowering import KnownFunctions, Lowering
from driftd.pipeline.facts.model import (
    Bodies,
    Comment,
    FileFacts,
    Outline,
    ParseError,
    Texts,
)
from driftd.pipeline.facts.source import Source

_REVISION = 1  # raise it when the same bytes give other facts


class PythonAdapter:
    """Python by tree-sitter."""

    languages = ("python",)
    suffixes = {".py": "python", ".pyi": "python", ".pyw": "python"}  # noqa: RUF012

    @property
    def version(self) -> str:
        return f"{_REVISION}/{_grammar_version()}"

    def extract(self, data: bytes, language: str) -> FileFacts:
        """Return the facts of `data`; never raises for bad input: what cannot be read is in `errors`."""
        collects = gc.isenabled()
        gc.disable()  # nothing made here is cyclic, and 4 % of the time goes into finding that out
        try:
            return _extract(Source(python_text.to_utf8(data)), language)
        finally:
            if collects:
                gc.enable()


ADAPTER = PythonAdapter()


def _extract(source: Source, language: str) -> FileFacts:
    root = _parser().parse(source.data).root_node
    if root.has_error:
        lowering = Lowering(source, _known_functions(source.data))
        broken, comments = _lower_broken(root, lowering)
    else:
        lowering = Lowering(source)
        lowering.walk(root)
        broken, comments = [], lowering.find_comments()
    lowering.use_comments(comments)
    return _assemble(source, language, lowering, comments, broken)


@cache
def _parser() -> Parser:
    return Parser(LANGUAGE)


@cache
def _query() -> Query:
    kinds = " ".join(f"({kind})" for kind in STATEMENT_KINDS)
    return Query(LANGUAGE, f"[{kinds}] @statement (comment) @comment (ERROR) @error (MISSING) @missing")


def _lower_broken(root: Node, lowering: Lowering) -> tuple[list[Node], list[tuple[int, int]]]:
    """Lower what a query finds in a tree with errors, wherever it hangs; return the errors and the comments."""
    captures = QueryCursor(_query()).captures(root)
    errors = captures.get("error", [])
    lowering.run(sorted([*captures.get("statement", []), *errors], key=_source_order))
    comments = sorted((node.start_byte, node.end_byte) for node in captures.get("comment", []))
    return sorted([*errors, *captures.get("missing", [])], key=_source_order), comments


def _known_functions(data: bytes) -> KnownFunctions | None:
    """Return the functions by the interpreter's own parser, or None if it refuses the file."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(data.decode())
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    known: KnownFunctions = {}
    stack: list[tuple[ast.AST, str]] = [(tree, "")]
    while stack:
        node, prefix = stack.pop()
        for child in reversed(list(ast.iter_child_nodes(node))):
            inner = prefix
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                inner = f"{prefix}{child.name}."
                if not isinstance(child, ast.ClassDef):
                    found = known.setdefault((child.name, child.lineno), [])
                    found.append((inner[:-1], child.end_lineno or child.lineno))
            stack.append((child, inner))
    return known


def _source_order(node: Node) -> tuple[int, int]:
    return node.start_byte, -node.end_byte


@cache
def _grammar_version() -> str:
    return version("tree-sitter-python")


def _assemble(
    source: Source, language: str, lowering: Lowering, comments: list[tuple[int, int]], broken: list[Node]
) -> FileFacts:
    data = source.data
    exports = lowering.exports() if b"__all__" in data else None
    exported = None if exports is None else frozenset(export.name for export in exports)
    imports = lowering.imports
    if b"import_module" in data or b"__import__" in data:
        imports = sorted([*imports, *lowering.dynamic_imports()], key=lambda i: i.line)
    outline = Outline(
        lowering.finished_functions(exported), lowering.finished_classes(exported), tuple(imports), exports or ()
    )
    bodies = Bodies(
        tuple(lowering.calls),
        tuple(lowering.assigns),
        tuple(lowering.returns),
        tuple(lowering.raises),
        lowering.finished_handlers(),
        lowering.finished_regions(),
    )
    texts = Texts(tuple(lowering.literals), tuple([_comment(source, start, end) for start, end in comments]))
    errors = tuple([_parse_error(source, node) for node in broken])
    return FileFacts(language, source.line_count, outline, bodies, texts, lowering.names(), errors)


def _comment(source: Source, start: int, end: int) -> Comment:
    data = source.data
    line, column = source.position(start)
    text = data[start:end].decode("utf-8", "replace").lstrip("#").strip()
    before = data[data.rfind(b"\n", 0, start) + 1 : start]
    return Comment(text, line, column, line, not before.isspace() and before != b"")


def _parse_error(source: Source, node: Node) -> ParseError:
    line, column = source.position(node.start_byte)
    end_line, end_column = source.position(node.end_byte)
    return ParseError(line, column, end_line, end_column, "missing" if node.is_missing else "error")
