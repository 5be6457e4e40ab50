"""From Python statements to facts: one pass over them in source order, expressions by descent.

The statements come flat, in source order.  A stack of byte ranges tells which function, class and region
each one stands in; the expressions of a statement are then lowered from the outside in.  Parse errors and
decoding are the adapter's.
"""

# ruff: noqa: SLF001, ARG002 - the tables at the end name this file's own methods, and these share one signature

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal, cast

import tree_sitter_python
from tree_sitter import Language, Node

from driftd.pipeline.facts.languages import python_text
from driftd.pipeline.facts.model import (
    Arg,
    Assign,
    Base,
    Call,
    Class,
    Decorator,
    Export,
    Function,
    FunctionKind,
    Handler,
    Import,
    Kind,
    LiteralContext,
    LiteralFact,
    Member,
    Param,
    Raise,
    Region,
    Return,
    Value,
    Visibility,
)
from driftd.pipeline.facts.source import Source, short_hash

LANGUAGE = Language(tree_sitter_python.language())

# Deeper expressions are cut to UNKNOWN in their parent's value and lowered as roots of their own, so that no nesting
# meets the interpreter's recursion limit (three frames a level here, two in msgspec's decoder).
MAX_DEPTH = 60

_FAR = 1 << 62
_ERROR = 0xFFFF  # the kind of an ERROR node, in every grammar
_QUOTES = frozenset({b'"', b"'"})
_LONGEST_NAME = 2000
_LONGEST_PATH = 500  # bytes; a longer attribute chain is lowered link by link
_TRAILING = frozenset(b" \t\f\n;\\")  # what may follow the last token of a block
_PLAIN_PATH = re.compile(rb"[A-Za-z_\x80-\xff][\w\x80-\xff]*(?:\.[A-Za-z_\x80-\xff][\w\x80-\xff]*)*")
_YIELD_FROM = re.compile(rb"yield\s+from\b")
_EXCEPT_STAR = re.compile(rb"except\s*\*")
_LOG_METHODS = frozenset({
    "debug", "info", "warning", "warn", "error", "exception", "critical", "fatal", "log", "print_exc", "print_exception",
})  # fmt: skip
_LOG_RECEIVER = re.compile(r"log(?:s|ger|ging|uru)?$|^traceback$|^warnings$|(?:^|_)log(?:ger)?$", re.IGNORECASE)
_ENUM_BASES = frozenset({
    "Enum", "IntEnum", "StrEnum", "Flag", "IntFlag", "ReprEnum", "Choices", "TextChoices", "IntegerChoices",
})  # fmt: skip
_RECORD_BASES = frozenset({"NamedTuple", "TypedDict", "Struct"})
_CLASS_METHODS = frozenset({"__new__", "__init_subclass__", "__class_getitem__"})

# Local names: an attribute of an enum class costs a lookup through its metaclass.
_UNKNOWN, _PATH, _STRING, _NUMBER, _CALL = Kind.UNKNOWN, Kind.PATH, Kind.STRING, Kind.NUMBER, Kind.CALL
_MEMBER, _TUPLE, _LIST, _OPERATION, _SPREAD = Kind.MEMBER, Kind.TUPLE, Kind.LIST, Kind.OPERATION, Kind.SPREAD

NOTHING = Value(_UNKNOWN)
_TRUE, _FALSE, _NULL, _ELLIPSIS = (Value(Kind.CONSTANT, word) for word in ("true", "false", "null", "ellipsis"))


def _kind(name: str) -> int:
    kind = LANGUAGE.id_for_node_kind(name, True)
    if kind is None:
        raise LookupError(f"the grammar has no node kind {name!r}")
    return kind


def _field(name: str) -> int:
    number = LANGUAGE.field_id_for_name(name)
    if number is None:
        raise LookupError(f"the grammar has no field {name!r}")
    return number


_COMMENT, _LINE_CONTINUATION, _IDENTIFIER = _kind("comment"), _kind("line_continuation"), _kind("identifier")
_EXTRAS = frozenset({_COMMENT, _LINE_CONTINUATION})
_ATTRIBUTE, _SUBSCRIPT, _SLICE = _kind("attribute"), _kind("subscript"), _kind("slice")
_STRING_NODE, _CONCATENATED = _kind("string"), _kind("concatenated_string")
_STRINGS = frozenset({_STRING_NODE, _CONCATENATED})
_STRING_CONTENT, _INTERPOLATION = _kind("string_content"), _kind("interpolation")
_FORMAT_SPECIFIER = _kind("format_specifier")
_CALL_NODE, _KEYWORD_ARGUMENT, _GENERATOR = _kind("call"), _kind("keyword_argument"), _kind("generator_expression")
_LIST_SPLAT, _DICT_SPLAT, _PAIR = _kind("list_splat"), _kind("dictionary_splat"), _kind("pair")
_PARENTHESIZED, _TUPLE_NODE, _LIST_NODE = _kind("parenthesized_expression"), _kind("tuple"), _kind("list")
_EXPRESSION_LIST, _ASSIGNMENT, _AUGMENTED = _kind("expression_list"), _kind("assignment"), _kind("augmented_assignment")
_BINARY, _BOOLEAN, _FOR_IN, _IF_CLAUSE = (
    _kind("binary_operator"), _kind("boolean_operator"), _kind("for_in_clause"), _kind("if_clause"),
)  # fmt: skip
_AS_PATTERN, _AS_PATTERN_TARGET = _kind("as_pattern"), _kind("as_pattern_target")
_BLOCK, _WITH_CLAUSE, _ASYNC = _kind("block"), _kind("with_clause"), b"async"
_PASS, _EXPRESSION_STATEMENT, _ELLIPSIS_NODE = _kind("pass_statement"), _kind("expression_statement"), _kind("ellipsis")
_TYPED_PARAMETER, _CONSTRAINED = _kind("typed_parameter"), _kind("constrained_type")
_DEFAULT_PARAMETER, _TYPED_DEFAULT = _kind("default_parameter"), _kind("typed_default_parameter")
_LIST_SPLAT_PATTERN, _DICT_SPLAT_PATTERN = _kind("list_splat_pattern"), _kind("dictionary_splat_pattern")
_POSITIONAL_SEPARATOR, _KEYWORD_SEPARATOR = _kind("positional_separator"), _kind("keyword_separator")
_ALIASED_IMPORT, _WILDCARD, _DOTTED_NAME = _kind("aliased_import"), _kind("wildcard_import"), _kind("dotted_name")
_CASE_PATTERN, _CLASS_PATTERN, _DICT_PATTERN = _kind("case_pattern"), _kind("class_pattern"), _kind("dict_pattern")
_KEYWORD_PATTERN, _UNION_PATTERN, _SPLAT_PATTERN = (
    _kind("keyword_pattern"), _kind("union_pattern"), _kind("splat_pattern"),
)  # fmt: skip
_LIST_TARGETS = frozenset({_LIST_NODE, _kind("list_pattern")})
_TUPLE_TARGETS = frozenset({_TUPLE_NODE, _EXPRESSION_LIST, _kind("tuple_pattern"), _kind("pattern_list")})
_SPLAT_TARGETS = frozenset({_LIST_SPLAT, _LIST_SPLAT_PATTERN, _DICT_SPLAT_PATTERN})

_F_ALIAS, _F_BODY, _F_CAUSE, _F_CONDITION = _field("alias"), _field("body"), _field("cause"), _field("condition")
_F_CONSEQUENCE, _F_GUARD, _F_LEFT, _F_MODULE = _field("consequence"), _field("guard"), _field("left"), _field("module_name")  # fmt: skip
_F_NAME, _F_OPERATOR, _F_PARAMETERS, _F_RETURN = _field("name"), _field("operator"), _field("parameters"), _field("return_type")  # fmt: skip
_F_RIGHT, _F_SUBJECT, _F_SUPERCLASSES, _F_TYPE = _field("right"), _field("subject"), _field("superclasses"), _field("type")  # fmt: skip
_F_TYPE_PARAMETERS, _F_VALUE = _field("type_parameters"), _field("value")


ClassKind = Literal["class", "interface", "struct", "enum", "trait", "record", "union", "type_alias", "namespace"]

TextKind = Literal["string", "bytes"]
AssignKind = Literal["assign", "augmented", "declare", "for", "with", "catch", "named", "delete", "global", "nonlocal"]
RegionKind = Literal["loop", "branch", "else", "case", "try", "handler", "finally", "with", "comprehension"]

# What a parser of the whole language says of the functions in a file: qualified names and end lines by (name, line).
KnownFunctions = dict[tuple[str, int], list[tuple[str, int]]]


@dataclass(slots=True)
class _Definition:
    """A function while the statements in it are still to come."""

    name: str
    qualified_name: str
    kind: FunctionKind
    start: int
    end: int
    scope: int
    body_start: int = 0
    signature: bytes = b""
    params: tuple[Param, ...] = ()
    return_type: str | None = None
    decorators: tuple[Decorator, ...] = ()
    doc: str | None = None
    is_async: bool = False
    is_abstract: bool = False
    bound_to: str = ""
    end_line: int = 0  # 0: the line of the last token before `end`


@dataclass(slots=True)
class _ClassDefinition:
    """A class while the statements in it are still to come."""

    name: str
    qualified_name: str
    kind: ClassKind
    start: int
    end: int
    scope: int
    bases: tuple[Base, ...] = ()
    decorators: tuple[Decorator, ...] = ()
    doc: str | None = None
    members: list[Member] = field(default_factory=list)
    is_abstract: bool = False


@dataclass(slots=True)
class _OpenHandler:
    """An except clause while the statements in it are still to come: where each list of facts stood before it."""

    index: int
    kind: Literal["try_except", "try_except_star"]
    caught: tuple[str, ...]
    name: str
    start: int
    end: int
    scope: int
    region: int
    try_line: int
    is_empty: bool
    marks: tuple[int, int, int, int, int]
    outer_reads: dict[bytes, Value]
    outer_targets: dict[bytes, Value]


class Lowering:
    """Collects the facts of one file; read them from the attributes after `run`."""

    __slots__ = (
        "_bytes",
        "_closing",
        "_comment_starts",
        "_deferred",
        "_depth",
        "_doc_scope",
        "_end",
        "_frames",
        "_generators",
        "_is_ascii",
        "_jumps",
        "_known",
        "_line",
        "_line_end",
        "_line_start",
        "_out_of_order",
        "_pending_decorators",
        "_reads",
        "_region",
        "_region_ends",
        "_scope",
        "_source",
        "_subjects",
        "_targets",
        "_type_only",
        "assigns",
        "calls",
        "classes",
        "functions",
        "handlers",
        "imports",
        "literals",
        "member_names",
        "raises",
        "regions",
        "returns",
        "string_spans",
    )

    def __init__(self, source: Source, known: KnownFunctions | None = None) -> None:
        """Take the source and, where another parser vouches for them, the functions there are."""
        self._known = known
        self._source = source
        self._bytes = source.data
        self._comment_starts: dict[int, int] = {}
        self._region_ends: list[int] = []
        self._is_ascii = source.data.isascii()
        self._line = self._line_start = self._line_end = 0  # the line last asked for, if the file is ASCII
        self._frames: list[tuple[int, int, int, _OpenHandler | None]] = []
        self._end = _FAR
        self._scope = 0
        self._region = -1
        self._closing: _OpenHandler | None = None
        self._depth = 0
        self._deferred: list[tuple[Node, int, int]] = []
        self._doc_scope: int | None = 0
        self._pending_decorators: list[Decorator] = []
        self._generators: set[int] = set()
        self._jumps: list[tuple[str, int, int]] = []
        self._type_only: set[int] = set()
        self._subjects: list[tuple[int, Value]] = []
        self._reads: dict[bytes, Value] = {}
        self._targets: dict[bytes, Value] = {}
        self._out_of_order = False
        self.member_names: set[str] = set()
        self.string_spans: list[tuple[int, int]] = []
        self.functions: list[_Definition] = [_Definition("<module>", "<module>", "module", 0, len(source.data), -1)]
        self.classes: list[_ClassDefinition] = []
        self.imports: list[Import] = []
        self.calls: list[Call] = []
        self.assigns: list[Assign] = []
        self.returns: list[Return] = []
        self.raises: list[Raise] = []
        self.handlers: list[Handler] = []
        self.regions: list[Region] = []
        self.literals: list[LiteralFact] = []

    # -- the pass ------------------------------------------------------------------------------------------------

    def run(self, statements: Iterable[Node]) -> None:
        """Lower statements, which come in source order, an outer one before those in it."""
        handlers = _STATEMENTS
        for node in statements:
            while node.start_byte >= self._end:
                self._leave()
            handlers[node.kind_id](self, node)
            while self._deferred:
                self._lower_deferred()
        while self._frames:
            self._leave()
        if self._known:
            self._add_unseen(self._known)
        if self._out_of_order:
            self.assigns.sort(key=lambda a: (a.line, a.column))
            self.returns.sort(key=lambda r: r.line)

    def _add_unseen(self, known: KnownFunctions) -> None:
        """Add the functions that the grammar lost in an error, by name and place alone."""
        line_starts = [0, *(match.end() for match in re.finditer(b"\n", self._bytes))]
        unseen = sorted((line, name, *f) for (name, line), found in known.items() for f in found)
        by_name = {definition.qualified_name: ~index for index, definition in enumerate(self.classes)}
        by_name |= {definition.qualified_name: index for index, definition in enumerate(self.functions)}
        for line, name, qualified_name, end_line in unseen:
            start = max(self._bytes.find(b"def", line_starts[line - 1]), 0)
            scope = by_name.get(qualified_name.rpartition(".")[0], 0)
            definition = _Definition(name, qualified_name, "function", start, start, scope, end_line=end_line)
            definition.kind = _method_kind(name, ()) if scope < 0 else "function"
            by_name[qualified_name] = len(self.functions)
            self.functions.append(definition)

    def _enter(self, end: int, scope: int, region: int, closing: _OpenHandler | None = None) -> None:
        self._frames.append((self._end, self._scope, self._region, self._closing))
        self._end, self._scope, self._region, self._closing = end, scope, region, closing

    def _leave(self) -> None:
        if self._closing is not None:
            self._close_handler(self._closing)
        self._end, self._scope, self._region, self._closing = self._frames.pop()

    def _lower_deferred(self) -> None:
        pending, self._deferred = self._deferred, []
        scope, region = self._scope, self._region
        for node, self._scope, self._region in pending:
            self._value(node)
        self._scope, self._region = scope, region

    # -- positions -----------------------------------------------------------------------------------------------

    def _text(self, node: Node) -> str:
        return self._bytes[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def _name(self, node: Node | None) -> str:
        """Return an identifier in the form the interpreter compares (NFKC)."""
        if node is None:
            return ""
        raw = self._bytes[node.start_byte : node.end_byte]
        text = raw.decode("utf-8", "replace")
        return text if raw.isascii() else unicodedata.normalize("NFKC", text)

    def _last_token_end(self, end: int) -> int:
        """Return where the last token before `end` ends: a block's range may include comments and a semicolon."""
        data, comments = self._bytes, self._comment_starts
        while end > 0:
            if (start := comments.get(end)) is not None:  # first: a comment may itself end in such a character
                end = start
            elif data[end - 1] in _TRAILING:
                end -= 1
            else:
                break
        return end

    def _position(self, start: int) -> tuple[int, int]:
        """Return line and column of the byte at `start`; most of them stand on the line of the one before."""
        if self._line_start <= start < self._line_end:
            return self._line, start - self._line_start + 1
        line, column = self._source.position(start)
        if self._is_ascii:
            self._line, self._line_start = line, start - column + 1
            newline = self._bytes.find(b"\n", start)
            self._line_end = newline + 1 if newline >= 0 else len(self._bytes)
        return line, column

    def _end_line(self, end: int) -> int:
        return self._source.line(max(self._last_token_end(end) - 1, 0))

    # -- definitions ---------------------------------------------------------------------------------------------

    def _qualify(self, name: str) -> str:
        scope = self._scope
        if scope == 0:
            return name
        outer = self.functions[scope].qualified_name if scope > 0 else self.classes[~scope].qualified_name
        if len(outer) > _LONGEST_NAME:  # nesting made to hurt: keep the names' total length linear
            outer = outer.rpartition(".")[0]
        return f"{outer}.{name}"

    def _take_decorators(self) -> tuple[Decorator, ...]:
        if not self._pending_decorators:
            return ()
        taken = tuple(self._pending_decorators)
        self._pending_decorators = []
        return taken

    def _decorator(self, node: Node) -> None:
        parts = [child for child in node.named_children if child.kind_id not in _EXTRAS]
        if not parts:
            return
        value = self._value(parts[0], "decorator")
        call = value.ref if value.kind is _CALL else -1
        callee = self.calls[call].callee if call >= 0 else value
        name = callee.text if callee.kind in (_PATH, _MEMBER) else self._text(parts[0])
        self._pending_decorators.append(Decorator(name, self._source.line(node.start_byte), call))

    def _function(self, node: Node) -> None:
        self._doc_scope = None
        name = self._name(node.child_by_field_id(_F_NAME))
        body = node.child_by_field_id(_F_BODY)
        decorators = self._take_decorators()
        if not name or body is None:
            return
        data, start = self._bytes, node.start_byte
        definition = _Definition(name, self._qualify(name), "function", start, node.end_byte, self._scope)
        if self._known is not None:
            found = self._known.get((name, self._source.line(start)))
            if not found:
                return
            definition.qualified_name, definition.end_line = found.pop(0)
        index = len(self.functions)
        self.functions.append(definition)
        definition.decorators = decorators
        definition.is_async = data.startswith(_ASYNC, start)
        definition.body_start = body.start_byte
        if self._scope < 0:
            definition.kind = _method_kind(name, decorators)
        for decorator in decorators:
            if decorator.name.rpartition(".")[2] in _ABSTRACT:
                definition.is_abstract = True
        if type_parameters := node.child_by_field_id(_F_TYPE_PARAMETERS):
            self._type_parameters(type_parameters)
        parameters = node.child_by_field_id(_F_PARAMETERS)
        written = b""
        if parameters is not None:
            written = data[parameters.start_byte : parameters.end_byte]
            if len(written) > 2:
                definition.params = self._params(parameters)
        returns = node.child_by_field_id(_F_RETURN)
        if returns is not None:
            definition.return_type = self._annotation(returns)
            written += b"->" + definition.return_type.encode()
        definition.signature = name.encode() + written
        self._enter(body.end_byte, index, -1)
        self._doc_scope = index

    def _class(self, node: Node) -> None:
        self._doc_scope = None
        name = self._name(node.child_by_field_id(_F_NAME))
        body = node.child_by_field_id(_F_BODY)
        decorators = self._take_decorators()
        if not name or body is None:
            return
        definition = _ClassDefinition(
            name, self._qualify(name), "class", node.start_byte, node.end_byte, self._scope, decorators=decorators
        )
        index = len(self.classes)
        self.classes.append(definition)
        if type_parameters := node.child_by_field_id(_F_TYPE_PARAMETERS):
            self._type_parameters(type_parameters)
        if superclasses := node.child_by_field_id(_F_SUPERCLASSES):
            definition.bases = self._bases(superclasses)
        _classify(definition)
        self._enter(body.end_byte, ~index, -1)
        self._doc_scope = ~index

    def _bases(self, node: Node) -> tuple[Base, ...]:
        bases = []
        for child in node.named_children:
            kind = child.kind_id
            if kind in _EXTRAS:
                continue
            if kind != _KEYWORD_ARGUMENT:
                bases.append(Base(self._value(child), "extends"))
                continue
            keyword, value = self._keyword(child, "argument")
            if keyword == "metaclass":
                bases.append(Base(value, "metaclass"))
        return tuple(bases)

    def _type_parameters(self, node: Node) -> None:
        """Lower bounds and defaults of type parameters, not the names they declare."""
        for child in node.named_children:
            inner = child.named_children
            if inner and inner[0].kind_id == _CONSTRAINED:
                parts = inner[0].named_children
                self._value(parts[-1], "annotation")

    def _type_alias(self, node: Node) -> None:
        self._doc_scope = None
        left, right = node.child_by_field_id(_F_LEFT), node.child_by_field_id(_F_RIGHT)
        if left is None or right is None:
            return
        target = left.named_children[0] if left.named_child_count else left
        if target.kind_id in (_ATTRIBUTE, _SUBSCRIPT):  # `type(x).y = 1` is read as an alias by the grammar
            self._bind([(left, self._target(left))], self._value(right), "assign")
            return
        raw = self._bytes[target.start_byte : target.end_byte].partition(b"[")[0].strip()
        name = raw.decode("utf-8", "replace")
        self.classes.append(
            _ClassDefinition(
                name,
                self._qualify(name),
                "type_alias",
                node.start_byte,
                node.end_byte,
                self._scope,
            )
        )
        value = self._value(right, "annotation", name)
        line, column = self._position(left.start_byte)
        target_value = Value(_PATH, name)
        self.assigns.append(Assign(target_value, value, line, column, self._scope, self._region, "assign"))

    def _params(self, node: Node) -> tuple[Param, ...]:
        params: list[Param] = []
        keyword_only = False
        for child in node.named_children:
            kind = child.kind_id
            if kind == _IDENTIFIER:
                params.append(Param(self._name(child), None, None, "keyword_only" if keyword_only else "positional"))
                continue
            if kind in _EXTRAS:
                continue
            if kind == _KEYWORD_SEPARATOR:
                keyword_only = True
                continue
            if kind == _POSITIONAL_SEPARATOR:
                params = [
                    Param(p.name, p.annotation, p.default, "positional_only") if p.kind == "positional" else p
                    for p in params
                ]
                continue
            annotation = default = None
            target: Node | None = child
            if kind in (_TYPED_PARAMETER, _DEFAULT_PARAMETER, _TYPED_DEFAULT):
                target = child.named_children[0] if kind == _TYPED_PARAMETER else child.child_by_field_id(_F_NAME)
                if kind != _DEFAULT_PARAMETER and (type_node := child.child_by_field_id(_F_TYPE)):
                    annotation = self._annotation(type_node)
                if kind != _TYPED_PARAMETER and (value := child.child_by_field_id(_F_VALUE)):
                    default = self._value(value, "default", self._name(target))
            if target is None:
                continue
            if target.kind_id == _LIST_SPLAT_PATTERN:
                keyword_only = True
                params.append(Param(self._text(target).lstrip("* "), annotation, default, "rest"))
            elif target.kind_id == _DICT_SPLAT_PATTERN:
                params.append(Param(self._text(target).lstrip("* "), annotation, default, "keyword_rest"))
            else:
                name = self._name(target)
                params.append(Param(name, annotation, default, "keyword_only" if keyword_only else "positional"))
        return tuple(params)

    def _annotation(self, node: Node) -> str:
        """Lower an annotation and return its text, white space collapsed."""
        for child in node.named_children:
            self._value(child, "annotation")
        text = self._text(node)
        return " ".join(text.split()) if "\n" in text else text

    # -- statements ----------------------------------------------------------------------------------------------

    def _expression_statement(self, node: Node) -> None:
        children = node.named_children
        if not children:
            return
        first = children[0]
        kind = first.kind_id
        if kind == _ASSIGNMENT:
            self._doc_scope = None
            self._assignment(first)
            return
        if self._doc_scope is not None:
            scope, self._doc_scope = self._doc_scope, None
            if kind in _STRINGS and len(children) == 1 and scope == self._scope:
                self._docstring(first, scope)
                return
        for child in children:
            if child.kind_id not in _EXTRAS:
                self._value(child)

    def _docstring(self, node: Node, scope: int) -> None:
        value = self._value(node, "docstring")
        if value.kind is not _STRING:
            return
        literal = self.literals[value.ref]
        if literal.kind == "string":
            doc = python_text.clean_doc(literal.value)
            if scope < 0:
                self.classes[~scope].doc = doc
            else:
                self.functions[scope].doc = doc

    def _assignment(self, node: Node, context: LiteralContext = "other", name: str = "") -> Value:
        """Lower `a = b = value`, `a: T`, `a: T = value`: one Assign per target."""
        targets: list[tuple[Node, Value]] = []
        annotation: str | None = None
        while True:
            left = node.child_by_field_id(_F_LEFT)
            right = node.child_by_field_id(_F_RIGHT)
            if left is None:
                return NOTHING
            targets.append((left, self._target(left)))
            if right is None or right.kind_id != _ASSIGNMENT:
                break
            node = right
        if len(targets) == 1 or right is None:
            type_node = node.child_by_field_id(_F_TYPE)
            if type_node is not None:
                annotation = self._annotation(type_node)
        value: Value | None = None
        if right is not None:
            scope = self._scope
            context = "assignment"
            if scope < 0 and self.classes[~scope].kind == "enum":
                context = "enum"
            value = self._assigned_value(right, context, targets[0][0])
        self._bind(targets, value, "assign" if value is not None else "declare", annotation)
        return NOTHING if value is None else value

    def _assigned_value(self, right: Node, context: LiteralContext, target: Node) -> Value:
        kind = target.kind_id
        if kind == _IDENTIFIER:
            return self._value(right, context, self._name(target))
        if kind == _ATTRIBUTE:
            return self._value(right, context, self._text(target))
        if kind == _SUBSCRIPT:
            keys = target.named_children
            key = keys[-1]
            name = python_text.split_string(self._text(key))[1] if key.kind_id == _STRING_NODE else ""
            return self._value(right, context, name)
        if kind in _TUPLE_TARGETS and right.kind_id in (_TUPLE_NODE, _EXPRESSION_LIST):
            names = [child for child in target.named_children if child.kind_id not in _EXTRAS]
            values = [child for child in right.named_children if child.kind_id not in _EXTRAS]
            if len(names) == len(values):
                pairs = zip(values, names, strict=True)
                return Value(_TUPLE, items=tuple(self._value(v, context, self._text(n)) for v, n in pairs))
        return self._value(right, context)

    def _bind(
        self, targets: list[tuple[Node, Value]], value: Value | None, kind: AssignKind, annotation: str | None = None
    ) -> None:
        position, scope, region, append = self._position, self._scope, self._region, self.assigns.append
        for node, target in targets:
            line, column = position(node.start_byte)
            append(Assign(target, value, line, column, scope, region, kind, annotation))
            if scope < 0:
                self._members(self.classes[~scope], target, value, line, annotation)

    def _members(
        self, owner: _ClassDefinition, target: Value, value: Value | None, line: int, annotation: str | None
    ) -> None:
        if target.kind is _PATH:
            name = target.text
            if "." in name:
                return
            is_enum = owner.kind == "enum"
            head = annotation.partition("[")[0].rpartition(".")[2] if annotation else ""
            owner.members.append(
                Member(
                    name,
                    line,
                    annotation,
                    value,
                    visibility_of(name),
                    is_enum or head == "ClassVar" or annotation is None,
                    is_enum or head == "Final",
                )
            )
        elif target.kind in (_TUPLE, _LIST):
            values = value.items if value and value.kind in (_TUPLE, _LIST) else ()
            matched = len(values) == len(target.items)
            for i, item in enumerate(target.items):
                self._members(owner, item, values[i] if matched else None, line, None)

    def _augmented(self, node: Node, context: LiteralContext = "other", name: str = "") -> Value:
        left, right = node.child_by_field_id(_F_LEFT), node.child_by_field_id(_F_RIGHT)
        if left is None or right is None:
            return NOTHING
        target = self._value(left)  # read as well as written
        value = self._assigned_value(right, "assignment", left)
        line, column = self._position(left.start_byte)
        self.assigns.append(Assign(target, value, line, column, self._scope, self._region, "augmented"))
        return value

    def _return(self, node: Node) -> None:
        self._doc_scope = None
        value = self._operand(node, "return")
        self.returns.append(Return(value, self._source.line(node.start_byte), self._scope, self._region))

    def _operand(self, node: Node, context: LiteralContext = "other") -> Value | None:
        """Lower the first expression below `node`."""
        for child in node.named_children:
            if child.kind_id not in _EXTRAS:
                return self._value(child, context)
        return None

    def _raise(self, node: Node) -> None:
        self._doc_scope = None
        cause_node = node.child_by_field_id(_F_CAUSE)
        value = cause = None
        for child in node.named_children:
            if child.kind_id in _EXTRAS:
                continue
            if cause_node is not None and child.start_byte == cause_node.start_byte:
                cause = self._value(child)
            else:
                value = self._value(child)
        self.raises.append(Raise(value, cause, self._source.line(node.start_byte), self._scope, self._region))

    def _operands_statement(self, node: Node) -> None:
        self._doc_scope = None
        for child in node.named_children:
            if child.kind_id not in _EXTRAS:
                self._value(child)

    def _print(self, node: Node) -> None:
        """Lower Python 2's print and exec statements as the calls they are."""
        self._doc_scope = None
        start = node.start_byte
        index = self._reserve_call()
        args = tuple(Arg(self._value(c, "argument")) for c in node.named_children if c.kind_id not in _EXTRAS)
        callee = Value(_PATH, self._bytes[start : start + 5].decode("utf-8", "replace").strip(" \t\\\n>\"'"))
        self._fill_call(index, callee, args, start, node.end_byte, is_await=False)

    def _delete(self, node: Node) -> None:
        self._doc_scope = None
        for child in node.named_children:
            kind = child.kind_id
            if kind in _TUPLE_TARGETS or kind in _LIST_TARGETS:
                self._bind(
                    [(c, self._target(c)) for c in child.named_children if c.kind_id not in _EXTRAS], None, "delete"
                )
            elif kind not in _EXTRAS:
                self._bind([(child, self._target(child))], None, "delete")

    def _global(self, node: Node) -> None:
        self._doc_scope = None
        kind: AssignKind = "global" if self._bytes.startswith(b"g", node.start_byte) else "nonlocal"
        self._bind([(c, self._target(c)) for c in node.named_children if c.kind_id == _IDENTIFIER], None, kind)

    def _pass(self, node: Node) -> None:
        self._doc_scope = None

    def _jump(self, node: Node) -> None:
        self._doc_scope = None
        word = "break" if self._bytes.startswith(b"b", node.start_byte) else "continue"
        self._jumps.append((word, self._scope, self._region))

    # -- imports -------------------------------------------------------------------------------------------------

    def _import(self, node: Node) -> None:
        self._doc_scope = None
        line = self._source.line(node.start_byte)
        for child in node.named_children:
            module, alias = self._imported(child)
            if module:
                self._add_import(module, "", alias or module.partition(".")[0], line)

    def _import_from(self, node: Node) -> None:
        self._doc_scope = None
        line = self._source.line(node.start_byte)
        module_node = node.child_by_field_id(_F_MODULE)
        module = self._dotted(module_node) if module_node else "__future__"
        after = module_node.end_byte if module_node else 0
        for child in node.named_children:
            if child.start_byte < after:
                continue
            if child.kind_id == _WILDCARD:
                self._add_import(module, "*", "", line)
                continue
            name, alias = self._imported(child)
            if name:
                self._add_import(module, name, alias or name, line)

    def _imported(self, node: Node) -> tuple[str, str]:
        """Return the dotted name and the alias of one imported thing, empty where there is none."""
        kind = node.kind_id
        if kind == _DOTTED_NAME:
            return self._dotted(node), ""
        if kind == _ALIASED_IMPORT and (target := node.child_by_field_id(_F_NAME)):
            return self._dotted(target), self._name(node.child_by_field_id(_F_ALIAS))
        return "", ""

    def _dotted(self, node: Node) -> str:
        text = self._name(node)
        return text if text.isidentifier() else re.sub(r"\\?\s|\\", "", text)

    def _add_import(self, module: str, name: str, alias: str, line: int) -> None:
        self.imports.append(Import(module, name, alias, line, self._scope, self._region in self._type_only))

    # -- control flow --------------------------------------------------------------------------------------------

    def _add_region(
        self, kind: RegionKind, start: int, end: int, value: Value | None = None, *, is_async: bool = False
    ) -> int:
        index = len(self.regions)
        parent = self._region
        self.regions.append(Region(kind, self._source.line(start), 0, self._scope, parent, value, is_async))
        self._region_ends.append(end)
        if parent in self._type_only:
            self._type_only.add(index)
        return index

    def _if(self, node: Node) -> None:
        self._doc_scope = None
        condition, body = node.child_by_field_id(_F_CONDITION), node.child_by_field_id(_F_CONSEQUENCE)
        test = self._value(condition) if condition is not None else None
        if body is None:
            return
        region = self._add_region("branch", node.start_byte, body.end_byte, test)
        if test is not None and test.text.rpartition(".")[2] == "TYPE_CHECKING" and test.kind is _PATH:
            self._type_only.add(region)
        self._enter(body.end_byte, self._scope, region)

    def _else(self, node: Node) -> None:
        self._enter(node.end_byte, self._scope, self._add_region("else", node.start_byte, node.end_byte))

    def _finally(self, node: Node) -> None:
        self._enter(node.end_byte, self._scope, self._add_region("finally", node.start_byte, node.end_byte))

    def _while(self, node: Node) -> None:
        self._doc_scope = None
        condition, body = node.child_by_field_id(_F_CONDITION), node.child_by_field_id(_F_BODY)
        end = body.end_byte if body is not None else node.end_byte
        region = self._add_region("loop", node.start_byte, end)
        self._enter(end, self._scope, region)
        if condition is not None:  # asked again in every turn
            test = self._value(condition)
            old = self.regions[region]
            self.regions[region] = Region(old.kind, old.line, old.end_line, old.scope, old.parent, test)

    def _for(self, node: Node) -> None:
        self._doc_scope = None
        left, right = node.child_by_field_id(_F_LEFT), node.child_by_field_id(_F_RIGHT)
        body = node.child_by_field_id(_F_BODY)
        target = self._target(left) if left is not None else NOTHING
        iterable = self._value(right) if right is not None else None
        end = body.end_byte if body is not None else node.end_byte
        start = node.start_byte
        region = self._add_region("loop", start, end, iterable, is_async=self._bytes.startswith(_ASYNC, start))
        self._enter(end, self._scope, region)
        if left is not None:
            self._bind([(left, target)], iterable, "for")

    def _with(self, node: Node) -> None:
        self._doc_scope = None
        body = node.child_by_field_id(_F_BODY)
        start = node.start_byte
        end = body.end_byte if body is not None else node.end_byte
        is_async = self._bytes.startswith(_ASYNC, start)
        self._enter(end, self._scope, self._region)
        for child in node.named_children:
            if child.kind_id != _WITH_CLAUSE:
                continue
            for item in _context_managers(child):
                target: Node | None = None
                manager = item
                if item.kind_id == _AS_PATTERN:
                    parts = [part for part in item.named_children if part.kind_id not in _EXTRAS]
                    manager = parts[0]
                    target = parts[-1] if parts[-1].kind_id == _AS_PATTERN_TARGET else None
                value = self._value(manager)
                # Each further manager is entered under the protection of those before it.
                self._region = self._add_region("with", start, end, value, is_async=is_async)
                if target is not None:
                    self._bind([(target, self._target(target))], value, "with")

    def _try(self, node: Node) -> None:
        self._doc_scope = None
        body = node.child_by_field_id(_F_BODY)
        if body is not None:
            self._enter(body.end_byte, self._scope, self._add_region("try", node.start_byte, body.end_byte))

    def _except(self, node: Node) -> None:
        start, end = node.start_byte, node.end_byte
        expressions = [child for child in node.named_children if child.kind_id not in _EXTRAS]
        block = expressions.pop() if expressions and expressions[-1].kind_id == _BLOCK else None
        caught: tuple[str, ...] = ()
        type_value: Value | None = None
        target: Node | None = None
        if expressions:
            type_node = expressions[0]
            if type_node.kind_id == _AS_PATTERN:
                parts = [part for part in type_node.named_children if part.kind_id not in _EXTRAS]
                type_node, target = parts[0], parts[-1]
            elif len(expressions) == 2 and expressions[1].kind_id == _IDENTIFIER:  # except A, error: (Python 2)
                target = expressions[1]
            type_value = self._value(type_node)
            caught = tuple(self._text(t) for t in _alternatives(type_node))
        parent = node.parent
        region = self._add_region("handler", start, end)
        handler = _OpenHandler(
            index=len(self.handlers),
            kind="try_except_star" if _EXCEPT_STAR.match(self._bytes, start) else "try_except",
            caught=caught,
            name=self._text(target).strip() if target is not None else "",
            start=start,
            end=end,
            scope=self._scope,
            region=region,
            try_line=self._source.line(parent.start_byte if parent is not None else start),
            is_empty=block is None or all(_does_nothing(child) for child in block.named_children),
            marks=(0, 0, 0, 0, 0),
            outer_reads=self._reads,
            outer_targets=self._targets,
        )
        self.handlers.append(cast("Handler", None))  # filled in when it closes
        self._enter(end, self._scope, region, handler)
        if target is not None:
            self._bind([(target, self._target(target))], type_value, "catch")
        handler.marks = self._marks()
        self._reads, self._targets = {}, {}

    def _marks(self) -> tuple[int, int, int, int, int]:
        return len(self.calls), len(self.assigns), len(self.returns), len(self.raises), len(self._jumps)

    def _close_handler(self, handler: _OpenHandler) -> None:
        calls, assigns, returns, raises, jumps = handler.marks
        scope = handler.scope
        done: list[str] = ["empty"] if handler.is_empty else []
        callees = [call.callee for call in self.calls[calls:] if call.scope == scope]
        logs = [is_log_call(callee) for callee in callees]
        if any(logs):
            done.append("log")
        if any(fact.scope == scope for fact in self.raises[raises:]):
            done.append("raise")
        if any(fact.scope == scope and fact.kind == "return" for fact in self.returns[returns:]):
            done.append("return")
        words = {
            word for word, at, region in self._jumps[jumps:] if at == scope and self._leaves(region, handler.region)
        }
        done.extend(word for word in ("continue", "break") if word in words)
        if not all(logs):
            done.append("call")
        if any(fact.scope == scope for fact in self.assigns[assigns:]):
            done.append("assign")
        reads, self._reads = self._reads, handler.outer_reads
        targets, self._targets = self._targets, handler.outer_targets
        if handler.name:
            name = handler.name.encode()
            if name in reads or any(path.startswith(name + b".") for path in reads):
                done.append("uses_error")
        self._reads.update(reads)
        self._targets.update(targets)
        self.handlers[handler.index] = Handler(
            handler.kind,
            handler.caught,
            handler.name,
            tuple(done),
            self._source.line(handler.start),
            0,
            scope,
            handler.region,
            handler.try_line,
        )

    def _leaves(self, region: int, handler: int) -> bool:
        """Tell whether a break or continue standing in `region` acts on a loop outside of the handler."""
        while region > handler:
            if self.regions[region].kind == "loop":
                return False
            region = self.regions[region].parent
        return True

    # -- match ---------------------------------------------------------------------------------------------------

    def _match(self, node: Node) -> None:
        self._doc_scope = None
        subjects = [self._value(child) for child in node.children_by_field_id(_F_SUBJECT)]
        subject = subjects[0] if len(subjects) == 1 else Value(_TUPLE, items=tuple(subjects))
        self._subjects.append((node.end_byte, subject))

    def _case(self, node: Node) -> None:
        start, end = node.start_byte, node.end_byte
        while self._subjects and self._subjects[-1][0] <= start:
            self._subjects.pop()
        subject = self._subjects[-1][1] if self._subjects else NOTHING
        body = node.child_by_field_id(_F_CONSEQUENCE)
        region = self._add_region("case", start, end)
        self._enter(end, self._scope, region)
        patterns = [self._pattern(c, subject) for c in node.named_children if c.kind_id == _CASE_PATTERN]
        if guard := node.child_by_field_id(_F_GUARD):
            self._operand(guard)
        pattern = patterns[0] if len(patterns) == 1 else Value(_TUPLE, items=tuple(patterns))
        if body is not None:
            old = self.regions[region]
            self.regions[region] = Region(old.kind, old.line, old.end_line, old.scope, old.parent, pattern)

    def _pattern(self, node: Node, subject: Value) -> Value:
        """Lower a match pattern: its captures are assignments of the subject, its constants comparisons with it."""
        if self._depth > MAX_DEPTH:
            return NOTHING
        self._depth += 1
        value = self._pattern_of(node, subject)
        self._depth -= 1
        return value

    def _pattern_of(self, node: Node, subject: Value) -> Value:
        kind = node.kind_id
        children = [child for child in node.named_children if child.kind_id not in _EXTRAS]
        if kind == _CASE_PATTERN:
            return self._pattern(children[0], subject) if children else Value(_UNKNOWN, self._text(node))
        if kind == _DOTTED_NAME:
            return self._path(node, "other", "") if len(children) > 1 else self._capture(node, subject)
        if kind == _IDENTIFIER:
            return self._capture(node, subject)
        if kind == _SPLAT_PATTERN:
            items = tuple(self._capture(child, subject) for child in children)
            return Value(_SPREAD, "**" if self._bytes.startswith(b"**", node.start_byte) else "*", items=items)
        if kind == _AS_PATTERN and len(children) == 2:
            inner = self._pattern(children[0], subject)
            self._capture(children[1], subject)
            return inner
        if kind == _UNION_PATTERN:
            return Value(_OPERATION, "|", items=tuple(self._pattern(child, subject) for child in children))
        if kind == _CLASS_PATTERN:
            head = self._path(children[0], "other", "")
            return Value(_UNKNOWN, head.text, items=tuple(self._pattern(child, subject) for child in children[1:]))
        if kind == _KEYWORD_PATTERN:
            return self._pattern(children[-1], subject)
        if kind == _DICT_PATTERN:
            return Value(Kind.DICT, items=tuple(self._pattern(child, subject) for child in children))
        if kind in _LIST_TARGETS or kind in _TUPLE_TARGETS:
            return Value(_LIST, items=tuple(self._pattern(child, subject) for child in children))
        return self._value(node, "comparison", subject.text if subject.kind is _PATH else "")

    def _capture(self, node: Node, subject: Value) -> Value:
        name = self._name(node)
        target = Value(_PATH, name)
        if name != "_":
            line, column = self._position(node.start_byte)
            self.assigns.append(Assign(target, subject, line, column, self._scope, self._region))
        return target

    # -- expressions ---------------------------------------------------------------------------------------------

    def _value(self, node: Node, context: LiteralContext = "other", name: str = "") -> Value:
        """Lower an expression; `context` and `name` say what a literal in its place is for."""
        kind = node.kind_id
        if kind == _IDENTIFIER:
            raw = self._bytes[node.start_byte : node.end_byte]
            return self._reads.get(raw) or self._read(raw)
        if kind == _ATTRIBUTE:
            start, end = node.start_byte, node.end_byte
            if end - start <= _LONGEST_PATH:
                raw = self._bytes[start:end]
                value = self._reads.get(raw)
                if value is not None:
                    return value
                if _PLAIN_PATH.fullmatch(raw):
                    return self._read(raw)
        leaf = _LEAVES.get(kind)
        if leaf is not None:
            return leaf(self, node, context, name)
        depth = self._depth
        if depth > MAX_DEPTH:
            self._deferred.append((node, self._scope, self._region))
            return NOTHING
        self._depth = depth + 1
        value = (_EXPRESSIONS.get(kind) or _OTHER)(self, node, context, name)
        self._depth = depth
        return value

    def _read(self, raw: bytes) -> Value:
        """Return the PATH of a plain name or dotted path and remember that it is read."""
        if not raw:
            return NOTHING  # a missing identifier
        value = Value(_PATH, _identifier_text(raw))
        self._reads[raw] = value
        return value

    def _path(self, node: Node, context: LiteralContext, name: str) -> Value:
        raw = self._bytes[node.start_byte : node.end_byte]
        return self._reads.get(raw) or self._read(raw)

    def _member(self, node: Node, context: LiteralContext, name: str) -> Value:
        """Lower an attribute that is no plain path."""
        parts = node.named_children
        attribute = self._name(parts[-1])
        if len(parts) < 2:
            return NOTHING
        self.member_names.add(attribute)
        owner = self._value(parts[0])
        if owner.kind is _PATH:  # (a).b, or a path with white space in it
            return Value(_PATH, f"{owner.text}.{attribute}")
        return Value(_MEMBER, attribute, -1, (owner,))

    def _target(self, node: Node) -> Value:
        """Lower a place that is assigned to: what it hangs on is read, the place itself is not."""
        kind = node.kind_id
        if kind == _IDENTIFIER:
            raw = self._bytes[node.start_byte : node.end_byte]
            value = self._targets.get(raw)
            if value is None:
                value = Value(_PATH, _identifier_text(raw))
                self._targets[raw] = value
            return value
        if kind == _ATTRIBUTE:
            raw = self._bytes[node.start_byte : node.end_byte]
            value = self._targets.get(raw)
            if value is not None:
                return value
            if _PLAIN_PATH.fullmatch(raw):
                owner = raw.rpartition(b".")[0]
                if owner not in self._reads:
                    self._read(owner)
                value = Value(_PATH, _identifier_text(raw))
                self._targets[raw] = value
                return value
            parts = node.named_children
            if len(parts) < 2:
                return NOTHING
            place, attribute = self._value(parts[0]), self._name(parts[-1])
            if place.kind is _PATH:
                return Value(_PATH, f"{place.text}.{attribute}")
            return Value(_MEMBER, attribute, -1, (place,))
        return self._nested_target(node, kind)

    def _nested_target(self, node: Node, kind: int) -> Value:
        if self._depth > MAX_DEPTH:
            return NOTHING
        self._depth += 1
        parts = [child for child in node.named_children if child.kind_id not in _EXTRAS]
        if kind in _TUPLE_TARGETS:
            value = Value(_TUPLE, items=tuple(map(self._target, parts)))
        elif kind in _LIST_TARGETS:
            value = Value(_LIST, items=tuple(map(self._target, parts)))
        elif kind in _SPLAT_TARGETS:
            value = Value(_SPREAD, "*", items=tuple(map(self._target, parts)))
        elif parts and kind in _TARGET_WRAPPERS:
            value = self._target(parts[0])
        else:
            value = self._value(node)
        self._depth -= 1
        return value

    def _call(self, node: Node, context: LiteralContext, name: str, *, is_await: bool = False) -> Value:
        calls = self.calls
        index = len(calls)
        calls.append(_RESERVED)
        parts = node.named_children
        if not parts:
            calls.pop()
            return NOTHING
        arguments = parts[-1]
        value_of = self._value
        callee = value_of(parts[0])
        start, end = node.start_byte, node.end_byte
        inner = arguments.start_byte
        if end - inner == 2:
            args: tuple[Arg, ...] = ()
        elif arguments.kind_id == _GENERATOR:
            args = (Arg(value_of(arguments)),)
        else:
            within: LiteralContext = "decorator" if context == "decorator" else "argument"
            collected = []
            for child in arguments.named_children:
                kind = child.kind_id
                if kind == _STRING_NODE:
                    collected.append(Arg(self._string(child, within, "")))
                elif kind == _IDENTIFIER:
                    raw = self._bytes[child.start_byte : child.end_byte]
                    collected.append(Arg(self._reads.get(raw) or self._read(raw)))
                elif kind == _KEYWORD_ARGUMENT:
                    keyword, value = self._keyword(child, within)
                    collected.append(Arg(value, keyword))
                elif kind not in _EXTRAS:
                    collected.append(Arg(value_of(child, within)))
            args = tuple(collected)
        line_start = self._line_start
        if line_start <= start < self._line_end:
            line, column = self._line, start - line_start + 1
        else:
            line, column = self._position(start)
        end_line = line if end <= self._line_end else self._source.line(end - 1)
        calls[index] = Call(callee, args, line, column, end_line, self._scope, self._region, False, is_await)
        return Value(_CALL, "", index)

    def _reserve_call(self) -> int:
        self.calls.append(_RESERVED)
        return len(self.calls) - 1

    def _fill_call(
        self, index: int, callee: Value, args: tuple[Arg, ...], start: int, end: int, *, is_await: bool
    ) -> None:
        line, column = self._position(start)
        end_line = self._source.line(max(end - 1, start))
        self.calls[index] = Call(
            callee, args, line, column, end_line, self._scope, self._region, is_new=False, is_await=is_await
        )

    def _keyword(self, node: Node, context: LiteralContext) -> tuple[str, Value]:
        parts = node.named_children
        keyword = self._name(parts[0])
        return keyword, self._value(parts[-1], context, keyword) if len(parts) > 1 else NOTHING

    def _keyword_value(self, node: Node, context: LiteralContext, name: str) -> Value:
        return self._keyword(node, context)[1]

    def _await(self, node: Node, context: LiteralContext, name: str) -> Value:
        for child in node.named_children:
            kind = child.kind_id
            if kind == _CALL_NODE:
                return Value(Kind.AWAIT, items=(self._call(child, context, name, is_await=True),))
            if kind not in _EXTRAS:
                return Value(Kind.AWAIT, items=(self._value(child),))
        return NOTHING

    def _constant(self, node: Node, context: LiteralContext, name: str) -> Value:
        return _CONSTANTS[node.kind_id]

    def _number(self, node: Node, context: LiteralContext, name: str) -> Value:
        start, end = node.start_byte, node.end_byte
        raw = self._bytes[start:end].decode("utf-8", "replace")
        line, column = self._position(start)
        literals = self.literals
        index = len(literals)
        value = python_text.number_value(raw)
        literals.append(LiteralFact("number", value, line, column, line, self._scope, context, name, raw))
        return Value(_NUMBER, "", index)

    def _string(self, node: Node, context: LiteralContext, name: str) -> Value:
        data, start, end = self._bytes, node.start_byte, node.end_byte
        raw = data[start + 1 : max(end - 1, start + 1)]  # mypyc does not take a slice that ends before it starts
        quote = data[start : start + 1]
        kind: TextKind
        if quote in _QUOTES and b"\\" not in raw and raw[:1] != quote and data[end - 1 : end] == quote:
            kind, text, is_long = "string", raw.decode("utf-8", "replace"), False  # the common form
        else:
            token = data[start:end].decode("utf-8", "replace")
            prefix, text = python_text.split_string(token)
            if "f" in prefix or "t" in prefix:
                return self._template((node,), start, end, context, name)
            kind = "bytes" if "b" in prefix else "string"
            if "r" not in prefix:
                text = python_text.unescape(text, is_bytes=kind == "bytes")
            is_long = "\n" in token
        line_start = self._line_start
        if line_start <= start < self._line_end:
            line, column = self._line, start - line_start + 1
        else:
            line, column = self._position(start)
        literals = self.literals
        index = len(literals)
        end_line = self._source.line(end - 1) if is_long else line
        literals.append(LiteralFact(kind, text, line, column, end_line, self._scope, context, name))
        self.string_spans.append((start, end))
        return Value(_STRING, "", index)

    def _concatenated(self, node: Node, context: LiteralContext, name: str) -> Value:
        parts = [child for child in node.named_children if child.kind_id == _STRING_NODE]
        start, end = node.start_byte, node.end_byte
        spans = [(part.start_byte, part.end_byte) for part in parts]  # comments may stand between them
        texts = []
        kind: TextKind = "string"
        for part in parts:
            prefix, text = python_text.split_string(self._text(part))
            if "f" in prefix or "t" in prefix:
                value = self._template(parts, start, end, context, name)
                self.string_spans[-1:] = spans
                return value
            if "b" in prefix:
                kind = "bytes"
            texts.append(text if "r" in prefix else python_text.unescape(text, is_bytes="b" in prefix))
        self.string_spans += spans
        line, column = self._position(start)
        index = len(self.literals)
        self.literals.append(
            LiteralFact(
                kind,
                "".join(texts),
                line,
                column,
                self._source.line(end - 1),
                self._scope,
                context,
                name,
            )
        )
        return Value(_STRING, "", index)

    def _template(self, strings: Iterable[Node], start: int, end: int, context: LiteralContext, name: str) -> Value:
        """Lower an f-string, or a concatenation with one: `{}` stands for each substitution."""
        index = len(self.literals)
        self.literals.append(cast("LiteralFact", None))  # before the literals in its substitutions
        spans = self.string_spans
        spans_before = len(spans)
        texts: list[str] = []
        items: list[Value] = []
        for string in strings:
            prefix, plain = python_text.split_string(self._text(string))
            is_raw = "r" in prefix
            if "f" not in prefix and "t" not in prefix:
                texts.append(plain if is_raw else python_text.unescape(plain))
                continue
            for child in string.named_children:
                kind = child.kind_id
                if kind == _STRING_CONTENT:
                    text = self._text(child)
                    texts.append((text if is_raw else python_text.unescape(text)).replace("{{", "{").replace("}}", "}"))
                elif kind == _INTERPOLATION:
                    texts.append("{}")
                    items.append(self._interpolation(child))
        line, column = self._position(start)
        self.literals[index] = LiteralFact(
            "template", "".join(texts), line, column, self._source.line(end - 1), self._scope, context, name
        )
        del spans[spans_before:]  # those of its substitutions
        spans.append((start, end))
        return Value(Kind.TEMPLATE, "", index, tuple(items))

    def _interpolation(self, node: Node) -> Value:
        value = NOTHING
        for child in node.named_children:
            kind = child.kind_id
            if kind == _FORMAT_SPECIFIER:
                self._value(child)
            elif kind not in _EXTRAS and kind in _EXPRESSIONS:
                value = self._value(child)
        return value

    def _sequence(self, node: Node, context: LiteralContext, name: str) -> Value:
        items = tuple([self._value(c, "element", name) for c in node.named_children if c.kind_id not in _EXTRAS])
        return Value(_SEQUENCES[node.kind_id], "", -1, items)

    def _dictionary(self, node: Node, context: LiteralContext, name: str) -> Value:
        items: list[Value] = []
        for child in node.named_children:
            kind = child.kind_id
            if kind == _PAIR:
                items += self._pair(child)
            elif kind == _DICT_SPLAT:
                operand = self._operand(child) or NOTHING
                items += (_DOUBLE_STAR, operand)
            elif kind not in _EXTRAS:
                self._value(child)
        return Value(Kind.DICT, "", -1, tuple(items))

    def _pair(self, node: Node) -> tuple[Value, Value]:
        parts = node.named_children
        key = self._value(parts[0], "key")
        if len(parts) < 2:
            return key, NOTHING
        name = self.literals[key.ref].value if key.kind is _STRING else key.text
        return key, self._value(parts[-1], "property", name)

    def _parenthesized(self, node: Node, context: LiteralContext, name: str) -> Value:
        for child in node.named_children:
            if child.kind_id not in _EXTRAS:
                return self._value(child, context, name)
        return NOTHING

    def _spread(self, node: Node, context: LiteralContext, name: str) -> Value:
        text = "**" if self._bytes.startswith(b"**", node.start_byte) else "*"
        return Value(_SPREAD, text, items=(self._operand(node) or NOTHING,))

    def _subscript(self, node: Node, context: LiteralContext, name: str) -> Value:
        parts = [child for child in node.named_children if child.kind_id not in _EXTRAS]
        owner = self._value(parts[0])
        if len(parts) == 2:
            key = parts[1]
            if key.kind_id == _SLICE:
                return Value(Kind.INDEX, items=(owner, *self._slice_bounds(key)))
            return Value(Kind.INDEX, "", -1, (owner, self._value(key, "index")))
        keys = tuple(self._value(key, "index") for key in parts[1:])
        return Value(Kind.INDEX, items=(owner, Value(_TUPLE, items=keys)))

    def _slice_bounds(self, node: Node) -> tuple[Value, ...]:
        """Return lower bound, upper bound and, if written, step; a bound left out is the null constant."""
        bounds: list[Value] = []
        current = _NULL
        for child in node.children:
            if child.is_named:
                if child.kind_id not in _EXTRAS:
                    current = self._value(child, "index")
            else:
                bounds.append(current)
                current = _NULL
        bounds.append(current)
        return tuple(bounds)

    def _slice(self, node: Node, context: LiteralContext, name: str) -> Value:
        return Value(_UNKNOWN, ":", items=self._slice_bounds(node))

    def _operator(self, node: Node, context: LiteralContext, name: str) -> Value:
        """Lower a binary or boolean operation; a chain of the same operator is one value, whatever its length."""
        chain: list[tuple[str, Node]] = []  # operator and right operand, outermost first
        kind = node.kind_id
        current = node
        while current.kind_id == kind:
            parts = [child for child in current.named_children if child.kind_id not in _EXTRAS]
            operator = current.child_by_field_id(_F_OPERATOR)
            if len(parts) < 2 or operator is None:
                break
            chain.append((self._text(operator), parts[-1]))
            current = parts[0]
        if not chain:
            return self._other(node, context, name)
        operator_text = chain[-1][0]
        items = [self._value(current, "operation", name)] if current is not node else []
        for text, operand in reversed(chain):
            if text != operator_text:
                items = [Value(_OPERATION, operator_text, -1, tuple(items))]
                operator_text = text
            items.append(self._value(operand, "operation", name))
        return Value(_OPERATION, operator_text, -1, tuple(items))

    def _comparison(self, node: Node, context: LiteralContext, name: str) -> Value:
        items: list[Value] = []
        operators: list[str] = []
        about = ""
        for child in node.children:
            if not child.is_named:
                operators.append(" ".join(self._text(child).split()))
            elif child.kind_id not in _EXTRAS:
                item = self._value(child, "comparison", about)
                about = item.text if item.kind is _PATH else ""
                items.append(item)
        return Value(_OPERATION, " ".join(operators), -1, tuple(items))

    def _not(self, node: Node, context: LiteralContext, name: str) -> Value:
        return Value(_OPERATION, "not", -1, (self._operand(node) or NOTHING,))

    def _unary(self, node: Node, context: LiteralContext, name: str) -> Value:
        start = node.start_byte
        sign = self._bytes[start : start + 1].decode("utf-8", "replace")
        return Value(_OPERATION, sign, -1, (self._parenthesized(node, context, name),))

    def _conditional(self, node: Node, context: LiteralContext, name: str) -> Value:
        parts = [child for child in node.named_children if child.kind_id not in _EXTRAS]
        if len(parts) != 3:
            return self._other(node, context, name)
        if_true = self._value(parts[0], context, name)
        test = self._value(parts[1])
        return Value(Kind.CONDITIONAL, "", -1, (test, if_true, self._value(parts[2], context, name)))

    def _named(self, node: Node, context: LiteralContext, name: str) -> Value:
        target, right = node.child_by_field_id(_F_NAME), node.child_by_field_id(_F_VALUE)
        if target is None or right is None:
            return NOTHING
        text = self._name(target)
        value = self._value(right, "assignment", text)
        line, column = self._position(target.start_byte)
        self.assigns.append(Assign(self._target(target), value, line, column, self._scope, self._region, "named"))
        self._out_of_order = True
        return Value(Kind.NAMED, text, -1, (value,))

    def _yield(self, node: Node, context: LiteralContext, name: str) -> Value:
        self._out_of_order = True
        start = node.start_byte
        is_from = _YIELD_FROM.match(self._bytes, start) is not None
        operand = self._operand(node, "return")
        if self._scope > 0:
            self._generators.add(self._scope)
        self.returns.append(
            Return(operand, self._source.line(start), self._scope, self._region, "yield_from" if is_from else "yield")
        )
        return Value(Kind.YIELD, items=() if operand is None else (operand,))

    def _lambda(self, node: Node, context: LiteralContext, name: str) -> Value:
        start, end = node.start_byte, node.end_byte
        index = len(self.functions)
        definition = _Definition("<lambda>", self._qualify("<lambda>"), "lambda", start, end, self._scope)
        self.functions.append(definition)
        if context in ("assignment", "enum"):
            definition.bound_to = name
        parameters, body = node.child_by_field_id(_F_PARAMETERS), node.child_by_field_id(_F_BODY)
        written = b""
        if parameters is not None:
            definition.params = self._params(parameters)
            written = self._bytes[parameters.start_byte : parameters.end_byte]
        definition.signature = b"<lambda>" + written
        if body is not None:
            definition.body_start = body.start_byte
            scope, region = self._scope, self._region
            self._scope, self._region = index, -1
            value = self._value(body, "return")
            self.returns.append(Return(value, self._source.line(body.start_byte), index, -1))
            self._out_of_order = True
            self._scope, self._region = scope, region
        return Value(Kind.FUNCTION, "", index)

    def _comprehension(self, node: Node, context: LiteralContext, name: str) -> Value:
        """Lower a comprehension: each of its `for` clauses is a region, the element stands in the innermost."""
        children = [child for child in node.named_children if child.kind_id not in _EXTRAS]
        outer, start, end = self._region, node.start_byte, node.end_byte
        loops: list[int] = []
        for child in children:
            if child.kind_id == _FOR_IN:
                is_async = self._bytes.startswith(_ASYNC, child.start_byte)
                self._region = self._add_region("comprehension", start, end, is_async=is_async)
                loops.append(self._region)
        elements: tuple[Value, ...] = ()
        iterables: list[Value] = []
        region = outer
        remaining = iter(loops)
        for child in children:
            kind = child.kind_id
            if kind == _FOR_IN:
                self._region = region  # the iterable is evaluated around the loop
                iterable = self._comprehension_clause(child, region := next(remaining))
                iterables.append(iterable)
            elif kind == _IF_CLAUSE:
                self._region = region
                self._operand(child)
            elif kind == _PAIR:
                elements = self._pair(child)
            else:
                elements = (self._value(child, "element", name),)
        self._region = outer
        return Value(Kind.COMPREHENSION, _COMPREHENSIONS[node.kind_id], -1, (*elements, *iterables))

    def _comprehension_clause(self, node: Node, region: int) -> Value:
        rights = [self._value(right) for right in node.children_by_field_id(_F_RIGHT)]
        iterable = rights[0] if len(rights) == 1 else Value(_TUPLE, items=tuple(rights))
        old = self.regions[region]
        self.regions[region] = Region(
            old.kind, old.line, old.end_line, old.scope, old.parent, iterable, is_async=old.is_async
        )
        self._region = region
        if left := node.child_by_field_id(_F_LEFT):
            self._bind_comprehension(left, iterable)
        return iterable

    def _bind_comprehension(self, left: Node, iterable: Value) -> None:
        line, column = self._position(left.start_byte)
        self.assigns.append(Assign(self._target(left), iterable, line, column, self._scope, self._region, "for"))
        self._out_of_order = True

    def _other(self, node: Node, context: LiteralContext, name: str) -> Value:
        """Lower what stands below a node without a meaning of its own; statements are captured anyway."""
        if node.is_error or node.kind_id in _NOT_EXPRESSIONS:
            return NOTHING
        parts = [child for child in node.named_children if child.kind_id not in _EXTRAS]
        if len(parts) == 1:
            return self._value(parts[0], context, name)
        items = tuple([self._value(part, context, name) for part in parts])
        return Value(_UNKNOWN, items=items) if items else NOTHING

    def _error(self, node: Node) -> None:
        """Lower the expressions directly below an ERROR node; the statements in it come like all others."""
        for child in node.named_children:
            if child.kind_id not in _EXTRAS and not child.is_error:
                self._value(child)

    def find_comments(self) -> list[tuple[int, int]]:
        """Return the (start, end) offsets of the comments: each `#` outside of the strings, to the end of its line.

        True of a file without syntax errors, whose strings have all been lowered.
        """
        data = self._bytes
        spans = sorted(self.string_spans)
        starts = [span[0] for span in spans]
        found = []
        at = data.find(b"#")
        while at >= 0:
            before = bisect_right(starts, at) - 1
            if before >= 0 and at < spans[before][1]:
                end = spans[before][1]
            else:
                end = data.find(b"\n", at)
                if end < 0:
                    end = len(data)
                found.append((at, at + len(data[at : max(at, end)].rstrip(b" \t\f"))))
            at = data.find(b"#", end)
        return found

    # -- results -------------------------------------------------------------------------------------------------

    def use_comments(self, comments: Iterable[tuple[int, int]]) -> None:
        """Take the (start, end) offsets of the comments: a block's range may end in some, its last line does not."""
        self._comment_starts = {end: start for start, end in comments}

    def finished_regions(self) -> tuple[Region, ...]:
        """Return the regions."""
        ends = map(self._end_line, self._region_ends)
        return tuple(
            [
                Region(r.kind, r.line, end, r.scope, r.parent, r.value, r.is_async)
                for r, end in zip(self.regions, ends, strict=True)
            ]
        )

    def finished_handlers(self) -> tuple[Handler, ...]:
        """Return the error handlers."""
        return tuple([
            Handler(
                h.kind, h.caught, h.name, h.body, h.line, self._end_line(self._region_ends[h.region]), h.scope,
                h.region, h.try_line,
            )
            for h in self.handlers
        ])  # fmt: skip

    def finished_functions(self, exported: frozenset[str] | None) -> tuple[Function, ...]:
        """Return the functions; `exported` are the names of `__all__`, None if the file has none."""
        data, position = self._bytes, self._position
        finished = [
            Function(
                "<module>",
                "<module>",
                "module",
                1,
                1,
                max(self._source.line_count, 1),
                -1,
                doc=self.functions[0].doc,
                body_hash=short_hash(data),
                signature_hash=short_hash(b"<module>"),
            )
        ]
        for index, d in enumerate(self.functions[1:], 1):
            line, column = position(d.start)
            end = self._last_token_end(d.end)
            end_line = d.end_line or self._source.line(max(end - 1, 0))
            finished.append(
                Function(
                    d.name,
                    d.qualified_name,
                    d.kind,
                    line,
                    column,
                    end_line,
                    d.scope,
                    d.params,
                    d.return_type,
                    d.decorators,
                    d.doc,
                    "public" if d.kind == "lambda" else visibility_of(d.name),
                    d.kind != "lambda" and self._is_exported(d.name, d.scope, exported),
                    d.is_async,
                    index in self._generators,
                    d.is_abstract,
                    short_hash(data[d.body_start : max(d.body_start, end)]),
                    short_hash(d.signature),
                    d.bound_to,
                )
            )
        return tuple(finished)

    def finished_classes(self, exported: frozenset[str] | None) -> tuple[Class, ...]:
        """Return the classes; `exported` as for `finished_functions`."""
        position = self._position
        finished = []
        abstract = {d.scope for d in self.functions if d.is_abstract}
        for index, d in enumerate(self.classes):
            line, column = position(d.start)
            finished.append(
                Class(
                    d.name,
                    d.qualified_name,
                    d.kind,
                    line,
                    column,
                    self._end_line(d.end),
                    d.scope,
                    d.bases,
                    tuple(d.members),
                    d.decorators,
                    d.doc,
                    visibility_of(d.name),
                    self._is_exported(d.name, d.scope, exported),
                    d.is_abstract or ~index in abstract,
                )
            )
        return tuple(finished)

    def _is_exported(self, name: str, scope: int, exported: frozenset[str] | None) -> bool:
        while scope < 0:
            owner = self.classes[~scope]
            name, scope = owner.name, owner.scope
        if scope != 0:
            return False
        return not name.startswith("_") if exported is None else name in exported

    def names(self) -> tuple[str, ...]:
        """Return every identifier that is read."""
        names = self.member_names
        for value in self._reads.values():
            text = value.text
            if "." in text:
                names.update(text.split("."))
            else:
                names.add(text)
        names.discard("")
        return tuple(sorted(names))

    def dynamic_imports(self) -> list[Import]:
        """Return the imports made by calls with a literal name."""
        bound = {a.value.ref: a.target.text for a in self.assigns if a.value and a.value.kind is _CALL}
        found = []
        for index, call in enumerate(self.calls):
            if call.callee.kind is _PATH and call.callee.text in _IMPORTERS and call.args:
                first = call.args[0].value
                if first.kind is _STRING:
                    module = self.literals[first.ref].value
                    alias = bound.get(index, "")
                    found.append(Import(module, "", alias, call.line, call.scope, is_dynamic=True))
        return found

    def exports(self) -> tuple[Export, ...] | None:
        """Return what `__all__` lists, or None if the file has none."""
        found: list[Export] = []
        seen = False
        for assign in self.assigns:
            if assign.target.text == "__all__" and assign.scope == 0 and assign.kind in ("assign", "augmented"):
                seen = True
                self._listed(assign.value, found, assign.line)
        if not seen:
            return None
        for call in self.calls:
            if call.scope == 0 and call.args and call.callee.text in ("__all__.extend", "__all__.append"):
                self._listed(call.args[0].value, found, call.line)
        return tuple(sorted(found, key=lambda export: export.line))

    def _listed(self, value: Value | None, found: list[Export], line: int) -> None:
        if value is None:
            return
        if value.kind is _STRING:
            literal = self.literals[value.ref]
            found.append(Export(literal.value, literal.value, "", literal.line))
        elif value.kind is _PATH and value.text.endswith(".__all__"):
            found.append(Export("*", "", value.text.removesuffix(".__all__"), line))
        else:
            for item in value.items:
                self._listed(item, found, line)


def visibility_of(name: str) -> Visibility:
    """Return what the underscores of a name say; a dunder name is public."""
    if not name.startswith("_") or (name.startswith("__") and name.endswith("__")):
        return "public"
    return "private" if name.startswith("__") else "protected"


def is_log_call(callee: Value) -> bool:
    """Tell whether a call to `callee` reports something to a log."""
    if callee.kind is not _PATH:
        return callee.kind is _MEMBER and callee.text in _LOG_METHODS and bool(callee.items)
    owner, _, method = callee.text.rpartition(".")
    return method in _LOG_METHODS and _LOG_RECEIVER.search(owner.rpartition(".")[2]) is not None


def _identifier_text(raw: bytes) -> str:
    text = raw.decode("utf-8", "replace")
    return text if raw.isascii() else unicodedata.normalize("NFKC", text)


def _method_kind(name: str, decorators: tuple[Decorator, ...]) -> FunctionKind:
    for decorator in decorators:
        kind = _DECORATED_KINDS.get(decorator.name.rpartition(".")[2])
        if kind is not None:
            return kind
    if name == "__init__":
        return "constructor"
    return "class_method" if name in _CLASS_METHODS else "method"


def _classify(definition: _ClassDefinition) -> None:
    """Set kind and abstractness from the bases and decorators as written."""
    for base in definition.bases:
        value = base.value
        if value.kind is Kind.INDEX:
            value = value.items[0]
        name = value.text.rpartition(".")[2]
        if name in _ENUM_BASES or (base.relation == "metaclass" and name in ("EnumMeta", "EnumType")):
            definition.kind = "enum"
        elif name == "Protocol":
            definition.kind = "interface"
        elif name in _RECORD_BASES:
            definition.kind = "record"
        if name in ("ABC", "ABCMeta"):
            definition.is_abstract = True
    if definition.kind == "class" and any(d.name.rpartition(".")[2] == "dataclass" for d in definition.decorators):
        definition.kind = "record"


def _context_managers(clause: Node) -> list[Node]:
    """Return the expressions of a with clause; `with (a, b):` has two, though the grammar reads a tuple."""
    found = []
    for item in clause.named_children:
        expressions = [child for child in item.named_children if child.kind_id not in _EXTRAS]
        if len(expressions) == 1 and expressions[0].kind_id == _TUPLE_NODE and clause.named_child_count == 1:
            expressions = [child for child in expressions[0].named_children if child.kind_id not in _EXTRAS]
        found += expressions
    return found


def _alternatives(node: Node) -> list[Node]:
    """Return the types an except clause lists."""
    while node.kind_id == _PARENTHESIZED and node.named_child_count == 1:
        node = node.named_children[0]
    if node.kind_id == _TUPLE_NODE:
        return [child for child in node.named_children if child.kind_id not in _EXTRAS]
    return [node]


def _does_nothing(statement: Node) -> bool:
    """Tell whether a statement is `pass`, a comment, `...` or a bare string."""
    kind = statement.kind_id
    if kind == _PASS or kind in _EXTRAS:
        return True
    if kind != _EXPRESSION_STATEMENT:
        return False
    return all(child.kind_id in _STRINGS or child.kind_id == _ELLIPSIS_NODE for child in statement.named_children)


_RESERVED = cast("Call", None)  # holds a call's place in the list while its callee and arguments are lowered
_DOUBLE_STAR = Value(_SPREAD, "**")
_IMPORTERS = frozenset({"importlib.import_module", "import_module", "__import__"})
_ABSTRACT = frozenset({"abstractmethod", "abstractproperty", "abstractclassmethod", "abstractstaticmethod"})
_DECORATED_KINDS: dict[str, FunctionKind] = {
    "property": "getter", "cached_property": "getter", "abstractproperty": "getter", "getter": "getter",
    "setter": "setter", "deleter": "setter", "staticmethod": "static_method", "abstractstaticmethod": "static_method",
    "classmethod": "class_method", "abstractclassmethod": "class_method", "classproperty": "getter",
}  # fmt: skip
_TARGET_WRAPPERS = frozenset({_PARENTHESIZED, _AS_PATTERN_TARGET, _kind("type")})
_CONSTANTS = {_kind("true"): _TRUE, _kind("false"): _FALSE, _kind("none"): _NULL, _ELLIPSIS_NODE: _ELLIPSIS}
_SEQUENCES = {_LIST_NODE: _LIST, _TUPLE_NODE: _TUPLE, _EXPRESSION_LIST: _TUPLE, _kind("set"): Kind.SET}
_COMPREHENSIONS = {
    _kind("list_comprehension"): "list", _kind("set_comprehension"): "set",
    _kind("dictionary_comprehension"): "dict", _GENERATOR: "generator",
}  # fmt: skip

_StatementLowering = Callable[[Lowering, Node], None]
_ExpressionLowering = Callable[[Lowering, Node, LiteralContext, str], Value]

_STATEMENT_METHODS: dict[str, _StatementLowering] = {
    "decorator": Lowering._decorator,
    "function_definition": Lowering._function,
    "class_definition": Lowering._class,
    "type_alias_statement": Lowering._type_alias,
    "expression_statement": Lowering._expression_statement,
    "return_statement": Lowering._return,
    "raise_statement": Lowering._raise,
    "assert_statement": Lowering._operands_statement,
    "print_statement": Lowering._print,
    "exec_statement": Lowering._print,
    "delete_statement": Lowering._delete,
    "global_statement": Lowering._global,
    "nonlocal_statement": Lowering._global,
    "pass_statement": Lowering._pass,
    "break_statement": Lowering._jump,
    "continue_statement": Lowering._jump,
    "import_statement": Lowering._import,
    "import_from_statement": Lowering._import_from,
    "future_import_statement": Lowering._import_from,
    "if_statement": Lowering._if,
    "elif_clause": Lowering._if,
    "else_clause": Lowering._else,
    "while_statement": Lowering._while,
    "for_statement": Lowering._for,
    "with_statement": Lowering._with,
    "try_statement": Lowering._try,
    "except_clause": Lowering._except,
    "finally_clause": Lowering._finally,
    "match_statement": Lowering._match,
    "case_clause": Lowering._case,
}
_EXPRESSION_METHODS: dict[str, _ExpressionLowering] = {
    "identifier": Lowering._path,
    "dotted_name": Lowering._path,
    "attribute": Lowering._member,
    "call": Lowering._call,
    "keyword_argument": Lowering._keyword_value,
    "await": Lowering._await,
    "string": Lowering._string,
    "concatenated_string": Lowering._concatenated,
    "integer": Lowering._number,
    "float": Lowering._number,
    "true": Lowering._constant,
    "false": Lowering._constant,
    "none": Lowering._constant,
    "ellipsis": Lowering._constant,
    "list": Lowering._sequence,
    "tuple": Lowering._sequence,
    "set": Lowering._sequence,
    "expression_list": Lowering._sequence,
    "dictionary": Lowering._dictionary,
    "list_comprehension": Lowering._comprehension,
    "set_comprehension": Lowering._comprehension,
    "dictionary_comprehension": Lowering._comprehension,
    "generator_expression": Lowering._comprehension,
    "parenthesized_expression": Lowering._parenthesized,
    "list_splat": Lowering._spread,
    "dictionary_splat": Lowering._spread,
    "subscript": Lowering._subscript,
    "slice": Lowering._slice,
    "binary_operator": Lowering._operator,
    "boolean_operator": Lowering._operator,
    "comparison_operator": Lowering._comparison,
    "not_operator": Lowering._not,
    "unary_operator": Lowering._unary,
    "conditional_expression": Lowering._conditional,
    "named_expression": Lowering._named,
    "yield": Lowering._yield,
    "lambda": Lowering._lambda,
    "assignment": Lowering._assignment,
    "augmented_assignment": Lowering._augmented,
}
_STATEMENTS = {_kind(name): method for name, method in _STATEMENT_METHODS.items()}
_STATEMENTS[_ERROR] = Lowering._error
_EXPRESSIONS = {_kind(name): method for name, method in _EXPRESSION_METHODS.items()}
_LEAVES = {
    _kind(name): _EXPRESSION_METHODS[name]
    for name in ("string", "integer", "float", "true", "false", "none", "ellipsis", "dotted_name")
}
_OTHER: _ExpressionLowering = Lowering._other
_NOT_EXPRESSIONS = frozenset(_STATEMENTS) | {_kind(name) for name in ("block", "module", "decorated_definition")}

STATEMENT_KINDS = tuple(_STATEMENT_METHODS)
_COMPOUND = frozenset({
    _kind(name) for name in (
        "module", "block", "decorated_definition", "function_definition", "class_definition", "if_statement",
        "elif_clause", "else_clause", "while_statement", "for_statement", "with_statement", "try_statement",
        "except_clause", "finally_clause", "match_statement", "case_clause",
    )
})  # fmt: skip
_WALKED = _COMPOUND | frozenset(_STATEMENTS)


def statements(root: Node) -> Iterator[Node]:
    """Yield the statements and clauses of a tree without errors, in source order, an outer one before those in it."""
    stack = [root]
    while stack:
        node = stack.pop()
        kind = node.kind_id
        if kind in _STATEMENTS:
            yield node
        if kind in _COMPOUND:
            stack += [child for child in reversed(node.named_children) if child.kind_id in _WALKED]
