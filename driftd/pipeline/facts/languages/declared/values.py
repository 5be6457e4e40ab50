"""Expressions as `Value`s, by a table from node type to form.

A form is a function from a node to its value; the factories below make those that most grammars need, and an adapter
writes the odd ones itself.  Lowering stops at calls, functions and classes, which are facts of their own, and at a
fixed depth, so that it neither recurses without bound nor looks at anything twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from tree_sitter import Node

from driftd.pipeline.facts.model import Kind, LiteralContext, Value

if TYPE_CHECKING:
    from driftd.pipeline.facts.languages.declared.tables import Tables

MAX_DEPTH = 64  # values nest no deeper: what lies below is UNKNOWN (encoders recurse)
UNKNOWN = Value(Kind.UNKNOWN)
NULL = Value(Kind.CONSTANT, "null")
_MAX_PATHS = 20_000  # that a process remembers
_MAX_PATH = 200  # bytes; a longer chain of accesses is taken apart instead of read at once
COMPARISONS = frozenset({"==", "!=", "<", ">", "<=", ">=", "===", "!==", "<>", "<=>", "=~", "!~", "in", "is",
                         "instanceof", "eql?", "equal?"})  # fmt: skip

Form: TypeAlias = "Callable[[Lowering, Node, LiteralContext, str, int], Value]"
"""What lowers a node: (lowering, node, what a literal in it is for, the name it is for, depth)."""


class Lowering:
    """Lowers the expressions of one file; `contexts` collects what each literal is for.

    `functions`, `classes`, `calls` and `literals` give the index of a fact by the id of its node, `contents` the node
    that holds the text and the substitutions of a literal, where that is another one.
    """

    __slots__ = (
        "calls",
        "classes",
        "contents",
        "contexts",
        "data",
        "fields",
        "forms",
        "functions",
        "literals",
        "paths",
        "tables",
    )

    def __init__(
        self,
        tables: Tables,
        data: bytes,
        *,
        functions: dict[int, int],
        classes: dict[int, int],
        calls: dict[int, int],
        literals: dict[int, int],
        contents: dict[int, Node],
    ) -> None:
        self.tables = tables
        self.forms: Mapping[int, Form] = tables.forms
        self.fields = tables.fields
        self.data = data
        self.functions = functions
        self.classes = classes
        self.calls = calls
        self.literals = literals
        self.contents = contents
        self.contexts: list[tuple[LiteralContext, str]] = [("other", "")] * len(literals)
        self.paths = tables.paths
        if len(self.paths) > _MAX_PATHS:
            self.paths.clear()

    def value(self, node: Node | None, context: LiteralContext = "other", name: str = "", depth: int = 0) -> Value:
        """Return the value of an expression; `context` and `name` say what a literal in it is for."""
        if node is None or depth > MAX_DEPTH:
            return UNKNOWN
        form = self.forms.get(node.kind_id)
        return UNKNOWN if form is None else form(self, node, context, name, depth)

    def values(
        self, nodes: Sequence[Node], context: LiteralContext = "other", name: str = "", depth: int = 0
    ) -> tuple[Value, ...]:
        """Return the values of several expressions."""
        return tuple([self.value(node, context, name, depth) for node in nodes])

    def field(self, node: Node, name: str) -> Node | None:
        """Return the child of `node` in the named field."""
        return node.child_by_field_id(self.fields[name])

    def text(self, node: Node) -> str:
        """Return the source text of `node`."""
        return self.data[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def operands(self, node: Node) -> list[Node]:
        """Return the named children of `node` without comments."""
        silent = self.tables.silent
        return [child for child in node.children if child.kind_id not in silent]

    def path(self, start: int, end: int) -> Value | None:
        """Return the access path that the byte range is, or None if it is something else (a call, say)."""
        if end - start > _MAX_PATH:
            return None
        text = self.data[start:end]
        value = self.paths.get(text)
        if value is None and self.tables.is_path(text):
            self.paths[text] = value = Value(Kind.PATH, self.tables.path_text(text))
        return value

    def access(self, owner: Value, name: str) -> Value:
        """Return what `owner.name` is: a longer path, or a member of something that is no path."""
        if owner.kind is Kind.PATH:
            return Value(Kind.PATH, f"{owner.text}.{name}")
        return Value(Kind.MEMBER, name, -1, (owner,))


def path(low: Lowering, node: Node, _context: LiteralContext, _name: str, _depth: int) -> Value:
    """Lower a name, plain or qualified (`x`, `a.b`, `A::B`), to an access path."""
    start, end = node.start_byte, node.end_byte
    value = low.paths.get(low.data[start:end]) or low.path(start, end)
    return value if value is not None else Value(Kind.PATH, low.tables.path_text(low.data[start:end]))


def fixed(kind: int, text: str) -> Form:
    """Return the form of what always is the same value, such as `super`."""
    lowered = Value(kind, text)
    return lambda _low, _node, _context, _name, _depth: lowered


def constant(word: str) -> Form:
    """Return the form of a constant: "true", "false", "null"."""
    return fixed(Kind.CONSTANT, word)


def literal(kind: int) -> Form:
    """Return the form of a literal without substitutions."""

    def form(low: Lowering, node: Node, context: LiteralContext, name: str, _depth: int) -> Value:
        index = low.literals.get(node.id)
        if index is None:
            return UNKNOWN
        low.contexts[index] = (context, name)
        return Value(kind, "", index)

    return form


def template(*substitutions: str) -> Form:
    """Return the form of a string that may hold substitutions, which are children of the given node types."""

    def form(low: Lowering, node: Node, context: LiteralContext, name: str, depth: int) -> Value:
        index = low.literals.get(node.id)
        if index is None:
            return UNKNOWN
        low.contexts[index] = (context, name)
        parts = [child for child in low.contents.get(node.id, node).children if child.type in substitutions]
        items = [low.value((low.operands(part) or [part])[-1], "other", "", depth + 1) for part in parts]
        return Value(Kind.TEMPLATE if items else Kind.STRING, "", index, tuple(items))

    return form


def call(low: Lowering, node: Node, _context: LiteralContext, _name: str, _depth: int) -> Value:
    """Lower a call to a reference."""
    index = low.calls.get(node.id)
    return UNKNOWN if index is None else Value(Kind.CALL, "", index)


def function(low: Lowering, node: Node, _context: LiteralContext, _name: str, _depth: int) -> Value:
    """Lower a function expression to a reference."""
    index = low.functions.get(node.id)
    return UNKNOWN if index is None else Value(Kind.FUNCTION, "", index)


def class_(low: Lowering, node: Node, _context: LiteralContext, _name: str, _depth: int) -> Value:
    """Lower a class expression to a reference."""
    index = low.classes.get(node.id)
    return UNKNOWN if index is None else Value(Kind.CLASS, "", index)


def member(owner: str, name: str) -> Form:
    """Return the form of `owner.name`, by the names of the two fields; a chain of names is read at once."""

    def form(low: Lowering, node: Node, _context: LiteralContext, _name: str, depth: int) -> Value:
        whole = low.path(node.start_byte, node.end_byte)
        if whole is not None:
            return whole
        first, last = low.field(node, owner), low.field(node, name)
        if last is None:
            return UNKNOWN
        word = low.tables.path_text(low.data[last.start_byte : last.end_byte])
        if first is None:
            return Value(Kind.MEMBER, word, -1, (UNKNOWN,))
        return low.access(low.value(first, "other", "", depth + 1), word)

    return form


def index(low: Lowering, node: Node, _context: LiteralContext, _name: str, depth: int) -> Value:
    """Lower `a[k]`: the first operand is the object, the rest are keys."""
    operands = low.operands(node)
    if not operands:
        return UNKNOWN
    owner = low.value(operands[0], "other", "", depth + 1)
    return Value(Kind.INDEX, "", -1, (owner, *low.values(operands[1:], "index", "", depth + 1)))


def items(kind: int, context: LiteralContext = "element", text: str = "") -> Form:
    """Return the form of a container whose elements are its named children."""

    def form(low: Lowering, node: Node, _context: LiteralContext, name: str, depth: int) -> Value:
        return Value(kind, text, -1, low.values(low.operands(node), context, name, depth + 1))

    return form


def unwrap(low: Lowering, node: Node, context: LiteralContext, name: str, depth: int) -> Value:
    """Lower what only wraps its one operand, such as parentheses."""
    operands = low.operands(node)
    return low.value(operands[0], context, name, depth + 1) if len(operands) == 1 else UNKNOWN


def first(low: Lowering, node: Node, context: LiteralContext, name: str, depth: int) -> Value:
    """Lower to the first operand (a generic type to the type)."""
    operands = low.operands(node)
    return low.value(operands[0], context, name, depth + 1) if operands else UNKNOWN


def last(low: Lowering, node: Node, context: LiteralContext, name: str, depth: int) -> Value:
    """Lower to the last operand (a labelled or marked expression)."""
    operands = low.operands(node)
    return low.value(operands[-1], context, name, depth + 1) if operands else UNKNOWN


def only(low: Lowering, node: Node, context: LiteralContext, name: str, depth: int) -> Value:
    """Lower what has one child and nothing else; faster than `unwrap`."""
    return low.value(node.child(0), context, name, depth + 1)


def field(name: str) -> Form:
    """Return the form of what stands for the child in one field."""

    def form(low: Lowering, node: Node, context: LiteralContext, use: str, depth: int) -> Value:
        return low.value(low.field(node, name), context, use, depth + 1)

    return form


def unknown(low: Lowering, node: Node, _context: LiteralContext, _name: str, depth: int) -> Value:
    """Lower what no analysis needs to look into; its operands are kept."""
    return Value(Kind.UNKNOWN, "", -1, low.values(low.operands(node), "other", "", depth + 1))


def operation(low: Lowering, node: Node, _context: LiteralContext, _name: str, depth: int) -> Value:
    """Lower an operator and its operands; the operator is the first child that is no operand."""
    silent = low.tables.silent
    text = ""
    operands: list[Node] = []
    for child in node.children:
        if child.kind_id not in silent:
            operands.append(child)
        elif not text and not child.is_named:
            text = child.type
    use: LiteralContext = "comparison" if text in COMPARISONS else "operation"
    return Value(Kind.OPERATION, text, -1, low.values(operands, use, "", depth + 1))


def conditional(*fields: str) -> Form:
    """Return the form of test, value if true and value if false, by field names (or as the three operands)."""

    def form(low: Lowering, node: Node, context: LiteralContext, name: str, depth: int) -> Value:
        parts = [low.field(node, each) for each in fields] or list(low.operands(node))
        if len(parts) != 3:
            return UNKNOWN
        test, yes, no = parts
        depth += 1
        values = (
            low.value(test, depth=depth),
            low.value(yes, context, name, depth),
            low.value(no, context, name, depth),
        )
        return Value(Kind.CONDITIONAL, "", -1, values)

    return form


def one(kind: int, text: str = "") -> Form:
    """Return the form of something with one operand (await, spread, yield)."""

    def form(low: Lowering, node: Node, context: LiteralContext, name: str, depth: int) -> Value:
        return Value(kind, text, -1, low.values(low.operands(node)[:1], context, name, depth + 1))

    return form


def cast(type_field: str, value_field: str) -> Form:
    """Return the form of a conversion, by field names."""

    def form(low: Lowering, node: Node, context: LiteralContext, name: str, depth: int) -> Value:
        kind = low.field(node, type_field)
        value = low.value(low.field(node, value_field), context, name, depth + 1)
        return Value(Kind.CAST, low.text(kind) if kind is not None else "", -1, (value,))

    return form


def assignment(target: str = "left", value: str = "right") -> Form:
    """Return the form of an assignment that is used as a value."""

    def form(low: Lowering, node: Node, context: LiteralContext, name: str, depth: int) -> Value:
        left = low.value(low.field(node, target), depth=depth + 1)
        right = low.value(low.field(node, value), context, name, depth + 1)
        return Value(Kind.NAMED, left.text, -1, (right,))

    return form


def target_name(target: Value) -> str:
    """Return the name that an assignment's target ends in."""
    return target.text.rpartition(".")[2] if target.kind in {Kind.PATH, Kind.MEMBER} else ""
