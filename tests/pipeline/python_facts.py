"""Reads Python source into facts and shows values as short text, so that a test states a whole fact in one line."""

from __future__ import annotations

import ast
import warnings
from collections import Counter
from textwrap import dedent

import msgspec

from driftd.pipeline.facts.languages.python import ADAPTER
from driftd.pipeline.facts.model import FileFacts, Kind, Value, kind_name


def facts_of(source: str | bytes) -> FileFacts:
    """Return the facts of dedented source, after a round trip through their stored form."""
    data = source if isinstance(source, bytes) else dedent(source).encode()
    facts = ADAPTER.extract(data, "python")
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(facts), type=FileFacts) == facts
    return facts


def shown(facts: FileFacts, value: Value | None) -> str:
    """Return a value as text: paths bare, literals quoted, a call as `callee(args)`, the rest as `kind:text[items]`."""
    if value is None:
        return "-"
    if value.kind is Kind.PATH:
        return value.text
    if value.kind is Kind.STRING:
        return repr(facts.texts.literals[value.ref].value)
    if value.kind is Kind.NUMBER:
        return facts.texts.literals[value.ref].raw
    if value.kind is Kind.FUNCTION:
        return f"<{facts.outline.functions[value.ref].qualified_name}>"
    if value.kind is Kind.CALL:
        call = facts.bodies.calls[value.ref]
        args = [f"{a.name}={shown(facts, a.value)}" if a.name else shown(facts, a.value) for a in call.args]
        return f"{shown(facts, call.callee)}({', '.join(args)})"
    items = ", ".join(shown(facts, item) for item in value.items)
    if value.kind is Kind.SPREAD:
        return f"{value.text}{items}"
    if value.kind is Kind.TEMPLATE:
        return f"template:{facts.texts.literals[value.ref].value!r}[{items}]"
    return f"{kind_name(value.kind)}:{value.text}[{items}]".replace(":[", "[").replace("[]", "")


def functions_by_ast(data: bytes) -> Counter[tuple[str, int, int]] | None:
    """Return (qualified name, line, end line) of every function by the interpreter's parser; None if it refuses."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(data)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    found: Counter[tuple[str, int, int]] = Counter()
    stack: list[tuple[ast.AST, str]] = [(tree, "")]
    while stack:
        node, prefix = stack.pop()
        for child in ast.iter_child_nodes(node):
            inner = prefix
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                inner = f"{prefix}{child.name}."
                if not isinstance(child, ast.ClassDef):
                    found[inner[:-1], child.lineno, child.end_lineno or 0] += 1
            stack.append((child, inner))
    return found


def functions_by_facts(facts: FileFacts) -> Counter[tuple[str, int, int]]:
    """Return (qualified name, line, end line) of every function but the module and the lambdas."""
    return Counter(
        (f.qualified_name, f.line, f.end_line) for f in facts.outline.functions if f.kind not in {"module", "lambda"}
    )
