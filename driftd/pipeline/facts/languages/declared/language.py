"""What an adapter declares of its language: tables, and hooks with defaults that suit most grammars.

A hook gets the `File` it may ask for text, fields and values, and the node; what it returns names nodes where the
engine is to lower them itself.  Every child may be missing in a broken file: a hook returns None or less, it never
raises.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple, TypeAlias

import msgspec
from tree_sitter import Node, Parser, Tree

from driftd.pipeline.facts.languages.declared.values import UNKNOWN, Form, Lowering
from driftd.pipeline.facts.languages.ecmascript_text import comment_text, number_value, unescaped
from driftd.pipeline.facts.model import (
    Arg,
    Base,
    Call,
    ClassKind,
    Export,
    FunctionKind,
    Import,
    Member,
    Param,
    Value,
    Visibility,
)

if TYPE_CHECKING:
    from driftd.pipeline.facts.languages.declared.file import File

RegionKind: TypeAlias = Literal["loop", "branch", "else", "case", "try", "handler", "finally", "with", "comprehension"]
HandlerKind: TypeAlias = Literal["try_catch", "rescue", "error_check", "propagate"]
AssignKind: TypeAlias = Literal["assign", "augmented", "declare", "for", "with", "catch", "named", "delete", "global"]

_HEX_SUFFIX = re.compile(r"[uUlL]+$")
_SUFFIX = re.compile(r"[uUlLfFdDmM]+$")


class Modifiers(NamedTuple):
    """What stands before a declaration."""

    words: frozenset[str] = frozenset()
    decorators: tuple[Node, ...] = ()


class FunctionParts(NamedTuple):
    """A function as its node says it is.  `parameters` is the list node whose named children `params` reads."""

    name: str
    kind: FunctionKind
    at: Node  # its line and column: the name, or the keyword of an anonymous one
    parameters: Node | None = None
    return_type: str | None = None
    body: Node | None = None
    result: Node | None = None  # what it returns without a return statement: an expression body, a last expression
    modifiers: Modifiers = Modifiers()
    visibility: Visibility = "public"
    receiver: str = ""
    is_exported: bool = False
    is_async: bool = False
    is_generator: bool = False
    is_abstract: bool = False
    anchor: int = -1  # the byte that a doc comment ends before, if not the first of the node
    params: tuple[Param, ...] | None = None  # if they are not children of one node
    signature: bytes = b""  # the parameters as written, likewise
    end: int = 0  # the byte after it, where the node goes on to what follows (indentation that ends)
    qualifiers: str = ""


class ClassParts(NamedTuple):
    """A class as its node says it is."""

    name: str
    kind: ClassKind
    at: Node
    bases: tuple[Base, ...] = ()
    modifiers: Modifiers = Modifiers()
    visibility: Visibility = "public"
    is_exported: bool = False
    is_abstract: bool = False
    anchor: int = -1


class CallParts(msgspec.Struct, frozen=True, gc=False):
    """A call.  `args` is the argument list's node, or the arguments themselves, as nodes or lowered.

    `place` is a byte of the call that lies in no function within it: where its argument list starts.
    """

    callee: Value
    args: Node | Sequence[Node] | Sequence[Arg] | None
    place: int
    is_new: bool = False
    is_optional: bool = False


class Binding(NamedTuple):
    """An assignment: the target and the value are lowered by the engine where they are nodes."""

    at: Node
    target: Node | Value
    value: Node | Value | None = None
    kind: AssignKind = "assign"
    annotation: str | None = None
    declares: str = ""


class RegionForm(NamedTuple):
    """One region that a statement opens.

    It covers the child in field `inside` ("" = the whole node), from the end of field `after` if there is one.
    `value` is the field whose value decides; `line` the field on whose line it starts ("" = the node's).
    """

    kind: RegionKind
    inside: str = ""
    value: str = ""
    after: str = ""
    line: str = ""


class RegionSeed(NamedTuple):
    """A region as a byte range: for the statements that no `RegionForm` describes."""

    kind: RegionKind
    start: int
    end: int
    owner: int  # the byte offset of its line
    value: Node | None = None
    is_async: bool = False


class HandlerParts(NamedTuple):
    """An error handler.  `body` is what it does: a block, an expression, or None for one that only hands on.

    A keyword stands for a block that is not there because nothing is in it.  `result` is the value of the body without
    a return statement, where that may report an error.
    """

    kind: HandlerKind
    node: Node
    body: Node | None
    start: Node  # the `try`, or the check itself
    caught: tuple[str, ...] = ()
    name: str = ""
    result: Node | None = None


ArgumentReader: TypeAlias = Callable[[Lowering, Node, Literal["argument", "decorator"]], Arg]
CallReader: TypeAlias = "Callable[[File, Node], CallParts | None]"
BindingReader: TypeAlias = "Callable[[File, Node], Iterable[Binding]]"
RegionReader: TypeAlias = "Callable[[File, Node], Iterable[RegionSeed]] | tuple[RegionForm, ...]"
HandlerReader: TypeAlias = "Callable[[File, Node], Iterable[HandlerParts]]"


class Language:
    """The declaration of one language.  Tables are keyed by node types (several in one string) or capture variants."""

    name: ClassVar[str]
    suffixes: ClassVar[Mapping[str, str]]
    revision: ClassVar[int] = 1  # raise when the same bytes give other facts
    grammar: ClassVar[str]  # the module of the grammar's package
    grammar_entry: ClassVar[str] = "language"
    query: ClassVar[str]  # the file beside the adapter

    # Words and paths
    identifier: ClassVar[str] = r"[A-Za-z_\x80-\xff][\w\x80-\xff]*"
    separators: ClassVar[tuple[str, ...]] = (".",)  # what stands between the names of an access path
    sigils: ClassVar[str] = ""  # what is dropped from names: PHP's "$"
    soft_keywords: ClassVar[str] = ""  # words of the grammar that may be names as well
    keywords: ClassVar[str] = ""  # words that are no names though the grammar reads them as such

    words: ClassVar[str] = ""  # words that are values though the grammar has no named node for them

    # Node types
    comments: ClassVar[str] = "comment"
    silent: ClassVar[str] = ""  # named nodes that are no operands: operators, labels, type arguments
    blocks: ClassVar[str] = "block"  # what holds statements; any other body is an expression
    substitutions: ClassVar[str] = ""  # what stands for a value within a string
    bindable: ClassVar[str] = ""  # function expressions: they take `bound_to` from what they are assigned to

    # Tables
    forms: ClassVar[Mapping[str, Form]]
    arguments: ClassVar[Mapping[str, ArgumentReader]] = {}  # node types in an argument list that are more than a value
    calls: ClassVar[Mapping[str, CallReader]]  # by variant of @call
    assigns: ClassVar[Mapping[str, BindingReader]] = {}  # by variant of @assign
    regions: ClassVar[Mapping[str, RegionReader]] = {}  # by variant of @region
    handlers: ClassVar[Mapping[str, HandlerReader]] = {}  # by variant of @handler

    doc_markers: ClassVar[tuple[str, ...]] = ("/**",)  # what a comment before a declaration starts with to be its doc
    explicit_doc_markers: ClassVar[tuple[str, ...]] = ("/**",)  # what says by itself that a comment is a doc
    opening_doc_markers: ClassVar[tuple[str, ...]] = ()  # what starts a doc of the file itself, at its top
    directives: ClassVar[re.Pattern[str] | None] = None  # comments for tools, which are no part of a doc comment
    docs_touch: ClassVar[bool] = False  # a blank line parts a doc comment from what follows it
    line_markers: ClassVar[tuple[str, ...]] = ("//",)  # line comments under each other are one text
    log: ClassVar[re.Pattern[str]] = re.compile(
        r"(?:^|\.)(?:log|logs|logger|logging|slog|zap|klog|logrus|sentry|rollbar|bugsnag|newrelic)\.\w+$"
        r"|(?:^|\.)(?:log|debug|warn|capture(?:Exception|Message|Error)|(?:log|report|track)_?(?:Error|Exception)\w*)$"
        r"|(?:^|\.)print(?:StackTrace|ln|f|_r)?$",
        re.IGNORECASE,
    )

    @property
    def languages(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys([*self.suffixes.values(), self.name]))

    # Hooks

    def parse(self, parser: Parser, data: bytes) -> Tree:
        """Parse a file; a language with macros may parse a text of equal length in which they are out of the way."""
        return parser.parse(data)

    def prepare(self, file: File) -> None:
        """Add to `file.captured` what a query cannot say, before anything is read."""

    def package(self, _file: File, node: Node) -> str:
        """Return the package that `@package` declares."""
        raise NotImplementedError

    def imports(self, _file: File, _node: Node, _variant: str) -> Iterable[Import]:
        """Return what `@import` binds."""
        return ()

    def exports(self, _file: File, _node: Node, _variant: str) -> Iterable[Export]:
        """Return what `@export` exports."""
        return ()

    def begin(self, file: File, node: Node) -> int:
        """Return the byte where the inside of a function or class begins: annotations stand before it."""
        name = file.field(node, "name")
        return node.start_byte if name is None else name.start_byte

    def holes(self, file: File, node: Node) -> Iterable[tuple[int, int]]:
        """Return the byte ranges of the substitutions within a template."""
        substitutions = file.tables.substitutions
        return [(child.start_byte, child.end_byte) for child in node.children if child.kind_id in substitutions]

    def returned(self, file: File, node: Node) -> list[Node]:
        """Return what a `@return` gives back; several nodes are a tuple."""
        return file.low.operands(node)

    def function(self, _file: File, _node: Node, _variant: str, _scope: int) -> FunctionParts:
        """Read a `@function`; `scope` is where it stands, the variant usually its kind."""
        raise NotImplementedError

    def params(self, _file: File, _node: Node) -> Iterable[Param]:
        """Read one child of a parameter list."""
        return ()

    def class_(self, _file: File, _node: Node, _variant: str, _scope: int) -> ClassParts:
        """Read a `@class`; the variant usually is its kind."""
        raise NotImplementedError

    def members(self, _file: File, _node: Node, _variant: str, _scope: int) -> Iterable[Member]:
        """Read a `@field`: what it adds to the innermost class around it."""
        return ()

    def decorator(self, file: File, node: Node) -> tuple[str, int]:
        """Return the name of an annotation and the index of its call, or -1."""
        name = file.field(node, "name")
        return file.low.value(name).text if name is not None else "", file.low.calls.get(node.id, -1)

    def cause(self, _file: File, _call: Call) -> Value | None:
        """Return the cause that a thrown construction names otherwise than by the caught variable."""
        return None

    def is_error(self, _value: Value, _calls: Sequence[Call]) -> bool:
        """Tell whether returning `value` reports an error, in a language whose errors are values."""
        return False

    def string(self, text: str) -> str:
        """Return what a string literal stands for; `{}` stands in place of its substitutions."""
        return unescaped(text[1:-1])

    def number(self, text: str) -> str:
        """Return a number's value in decimal."""
        if text.isdigit() and text[0] != "0":
            return text
        suffix = _HEX_SUFFIX if text[:2] in {"0x", "0X"} else _SUFFIX
        return number_value(suffix.sub("", text) or text)

    def comment(self, text: str) -> str:
        """Return a comment without its markers."""
        return comment_text(text)

    def declared(self, _file: File) -> Iterable[str]:
        """Return names that are declared by what is no function, class, parameter, member or declaring assignment."""
        return ()

    def mentioned(self, _file: File) -> Iterable[str]:
        """Return names that are read though they stand in literals: Ruby's symbols."""
        return ()


def damage(root: Node) -> int:
    """Count the errors below a node: of two ways to parse a file, the one with fewer is better."""
    count, queue = 0, [root]
    while queue:
        node = queue.pop()
        count += node.is_error or node.is_missing
        queue += [child for child in node.children if child.has_error or child.is_missing]
    return count


def patient_parse(parser: Parser, data: bytes) -> Tree | None:
    """Parse a file, or return None if the parser stands still: a grammar's own scanner may do so on broken files."""
    most = 1000 + len(data) // 8  # steps at one place: the end of a long file takes many
    last, steps = -1, 0

    def is_stuck(offset: int, _has_error: bool) -> bool:
        nonlocal last, steps
        steps = steps + 1 if offset == last else 0
        last = offset
        return steps > most

    try:
        return parser.parse(lambda offset, _point: data[offset : offset + 65536], progress_callback=is_stuck)
    except ValueError:  # what the parser raises when it is stopped
        parser.reset()
        return None


# Readers that most grammars can use as they are.


def call(callee: str = "function", arguments: str = "arguments", *, owner: str = "") -> CallReader:
    """Return the reader of a call whose callee and argument list are in these fields.

    With `owner`, the callee is the member of that name of what is in that field, if anything is.
    """

    def read(file: File, node: Node) -> CallParts | None:
        low, fields = file.low, file.fields
        args = node.child_by_field_id(fields[arguments])
        if args is None:
            return None
        start, place = node.start_byte, args.start_byte
        value = low.paths.get(low.data[start:place]) or low.path(start, place)
        if value is None:
            target = node.child_by_field_id(fields[callee])
            before = node.child_by_field_id(fields[owner]) if owner else None
            if target is None:
                return None
            value = low.value(target) if before is None else low.access(low.value(before), low.text(target))
        return CallParts(value, args, place)

    return read


def construction(type_: str = "type", arguments: str = "arguments") -> CallReader:
    """Return the reader of `new T(…)`, by the fields of the type and of the arguments."""

    def read(file: File, node: Node) -> CallParts | None:
        target = file.field(node, type_)
        if target is None:
            return None
        return CallParts(file.low.value(target), file.field(node, arguments), node.start_byte, is_new=True)

    return read


def named_argument(name: str, value: str) -> ArgumentReader:
    """Return the reader of a named argument, by the names of the two fields."""

    def read(low: Lowering, node: Node, context: Literal["argument", "decorator"]) -> Arg:
        key, operand = low.field(node, name), low.field(node, value)
        text = low.text(key) if key is not None else ""
        return Arg(low.value(operand, context, text) if operand is not None else UNKNOWN, text)

    return read


def assignment(left: str = "left", right: str = "right", operator: str = "operator") -> BindingReader:
    """Return the reader of `left op right`: augmented unless the operator is "=" or ":="."""

    def read(file: File, node: Node) -> Iterable[Binding]:
        target, value, sign = file.field(node, left), file.field(node, right), file.field(node, operator)
        if target is not None:
            kind: AssignKind = "assign" if sign is None or file.text(sign) in {"=", ":="} else "augmented"
            yield Binding(node, target, value, kind)

    return read


def update(file: File, node: Node) -> Iterable[Binding]:
    """Read `i++` and `--i`."""
    operands = file.low.operands(node)
    if operands:
        yield Binding(node, operands[0], None, "augmented")


def variable(kind: AssignKind, name: str = "name", value: str = "value", type_: str = "type", declares: str = "let") -> BindingReader:  # fmt: skip
    """Return the reader of one declared name with value and type in fields: a loop variable, a resource."""

    def read(file: File, node: Node) -> Iterable[Binding]:
        target = file.field(node, name)
        if target is not None:
            annotation = file.field(node, type_)
            yield Binding(
                node,
                target,
                file.field(node, value),
                kind,
                file.text(annotation) if annotation is not None else None,
                declares,
            )

    return read


IF: tuple[RegionForm, ...] = (
    RegionForm("branch", "consequence", "condition"),
    RegionForm("else", "alternative", line="alternative"),
)
WHILE: tuple[RegionForm, ...] = (RegionForm("loop", "", "condition"),)
