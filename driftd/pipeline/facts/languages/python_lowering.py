"""From Python statements to facts: one pass over them in source order, expressions by descent.

The statements come flat, in source order.  A stack of byte ranges tells which function, class and region
each one stands in; the expressions of a statement are then lowered from the outside in.  Parse errors and
decoding are the adapter's.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable
from typing import Final, Literal, cast

from tree_sitter import Node

from driftd.pipeline.facts.languages import python_grammar as grammar
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
from driftd.pipeline.facts.source import Source
from driftd.rows.ids import short_hash

# Deeper expressions are cut to UNKNOWN in their parent's value and lowered as roots of their own, so that no nesting
# meets the interpreter's recursion limit (three frames a level here, two in msgspec's decoder).
MAX_DEPTH: Final = 60

_FAR: Final = 1 << 62
_ASYNC: Final = b"async"
_QUOTE: Final = 34
_APOSTROPHE: Final = 39
_LONGEST_NAME: Final = 2000
_LONGEST_PATH: Final = 500  # bytes; a longer attribute chain is lowered link by link
_TRAILING: Final = frozenset(b" \t\f\n;\\")  # what may follow the last token of a block
_PLAIN_PATH: Final = re.compile(rb"[A-Za-z_\x80-\xff][\w\x80-\xff]*(?:\.[A-Za-z_\x80-\xff][\w\x80-\xff]*)*")
_YIELD_FROM: Final = re.compile(rb"yield\s+from\b")
_EXCEPT_STAR: Final = re.compile(rb"except\s*\*")
_LOG_METHODS: Final = frozenset({
    "debug", "info", "warning", "warn", "error", "exception", "critical", "fatal", "log", "print_exc", "print_exception",
})  # fmt: skip
_LOG_RECEIVER: Final = re.compile(r"log(?:s|ger|ging|uru)?$|^traceback$|^warnings$|(?:^|_)log(?:ger)?$", re.IGNORECASE)
_ENUM_BASES: Final = frozenset({
    "Enum", "IntEnum", "StrEnum", "Flag", "IntFlag", "ReprEnum", "Choices", "TextChoices", "IntegerChoices",
})  # fmt: skip
_RECORD_BASES: Final = frozenset({"NamedTuple", "TypedDict", "Struct"})
_CLASS_METHODS: Final = frozenset({"__new__", "__init_subclass__", "__class_getitem__"})

NOTHING: Final = Value(Kind.UNKNOWN)
_TRUE: Final = Value(Kind.CONSTANT, "true")
_FALSE: Final = Value(Kind.CONSTANT, "false")
_NULL: Final = Value(Kind.CONSTANT, "null")
_ELLIPSIS: Final = Value(Kind.CONSTANT, "ellipsis")


ClassKind = Literal["class", "interface", "struct", "enum", "trait", "record", "union", "type_alias", "namespace"]

TextKind = Literal["string", "bytes"]
AssignKind = Literal["assign", "augmented", "declare", "for", "with", "catch", "named", "delete", "global", "nonlocal"]
RegionKind = Literal["loop", "branch", "else", "case", "try", "handler", "finally", "with", "comprehension"]

# What a parser of the whole language says of the functions in a file: qualified names and end lines by (name, line).
KnownFunctions = dict[tuple[str, int], list[tuple[str, int]]]


class _Definition:
    """A function while the statements in it are still to come."""

    __slots__ = (
        "body_start",
        "bound_to",
        "decorators",
        "doc",
        "end",
        "end_line",
        "is_abstract",
        "is_async",
        "kind",
        "name",
        "params",
        "qualified_name",
        "return_type",
        "scope",
        "signature",
        "start",
    )

    def __init__(
        self, name: str, qualified_name: str, kind: FunctionKind, start: int, end: int, scope: int, end_line: int = 0
    ) -> None:
        self.name = name
        self.qualified_name = qualified_name
        self.kind = kind
        self.start = start
        self.end = end
        self.scope = scope
        self.body_start = 0
        self.signature = b""
        self.params: tuple[Param, ...] = ()
        self.return_type: str | None = None
        self.decorators: tuple[Decorator, ...] = ()
        self.doc: str | None = None
        self.is_async = False
        self.is_abstract = False
        self.bound_to = ""
        self.end_line = end_line  # 0: the line of the last token before `end`


class _ClassDefinition:
    """A class while the statements in it are still to come."""

    __slots__ = (
        "bases",
        "decorators",
        "doc",
        "end",
        "is_abstract",
        "kind",
        "members",
        "name",
        "qualified_name",
        "scope",
        "start",
    )

    def __init__(
        self,
        name: str,
        qualified_name: str,
        kind: ClassKind,
        start: int,
        end: int,
        scope: int,
        decorators: tuple[Decorator, ...] = (),
    ) -> None:
        self.name = name
        self.qualified_name = qualified_name
        self.kind = kind
        self.start = start
        self.end = end
        self.scope = scope
        self.decorators = decorators
        self.bases: tuple[Base, ...] = ()
        self.doc: str | None = None
        self.members: list[Member] = []
        self.is_abstract = False


class _OpenHandler:
    """An except clause while the statements in it are still to come."""

    __slots__ = (
        "caught",
        "index",
        "is_empty",
        "kind",
        "marks",
        "name",
        "outer_reads",
        "outer_targets",
        "region",
        "scope",
        "start",
        "try_line",
    )

    def __init__(
        self,
        index: int,
        kind: Literal["try_except", "try_except_star"],
        caught: tuple[str, ...],
        name: str,
        start: int,
        scope: int,
        region: int,
        try_line: int,
        *,
        is_empty: bool,
        outer_reads: dict[bytes, Value],
        outer_targets: dict[bytes, Value],
    ) -> None:
        self.index = index
        self.kind = kind
        self.caught = caught
        self.name = name
        self.start = start
        self.scope = scope
        self.region = region
        self.try_line = try_line
        self.is_empty = is_empty
        self.outer_reads = outer_reads
        self.outer_targets = outer_targets
        self.marks: tuple[int, int, int, int, int] = (0, 0, 0, 0, 0)  # where each list of facts stood before it


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

    def walk(self, root: Node) -> None:
        """Lower the statements of a tree without errors."""
        stack = [root]
        while stack:
            node = stack.pop()
            kind = node.kind_id
            if kind in grammar.STATEMENTS:
                self._statement(node, kind)
            if kind in grammar.COMPOUND:
                children = node.named_children
                children.reverse()
                stack += children
        self._finish()

    def run(self, statements: Iterable[Node]) -> None:
        """Lower statements, which come in source order, an outer one before those in it."""
        for node in statements:
            self._statement(node, node.kind_id)
        self._finish()

    def _finish(self) -> None:
        while self._frames:
            self._leave()
        if self._known:
            self._add_unseen(self._known)
        if self._out_of_order:
            self.assigns.sort(key=lambda a: (a.line, a.column))
            self.returns.sort(key=lambda r: r.line)

    def _statement(self, node: Node, kind: int) -> None:
        while node.start_byte >= self._end:
            self._leave()
        if kind == grammar.EXPRESSION_STATEMENT:
            self._expression_statement(node)
        elif kind == grammar.RETURN:
            self._return(node)
        elif kind in (grammar.IF, grammar.ELIF):
            self._if(node)
        elif kind == grammar.FUNCTION:
            self._function(node)
        else:
            self._rarer_statement(node, kind)
        while self._deferred:
            self._lower_deferred()

    def _rarer_statement(self, node: Node, kind: int) -> None:
        if kind == grammar.DECORATOR:
            self._decorator(node)
        elif kind == grammar.CLASS:
            self._class(node)
        elif kind in (grammar.IMPORT_FROM, grammar.FUTURE_IMPORT):
            self._import_from(node)
        elif kind == grammar.IMPORT:
            self._import(node)
        elif kind == grammar.WITH:
            self._with(node)
        elif kind == grammar.FOR:
            self._for(node)
        elif kind == grammar.ELSE:
            self._else(node)
        elif kind == grammar.RAISE:
            self._raise(node)
        elif kind == grammar.TRY:
            self._try(node)
        elif kind == grammar.EXCEPT:
            self._except(node)
        elif kind == grammar.FINALLY:
            self._finally(node)
        elif kind == grammar.WHILE:
            self._while(node)
        elif kind == grammar.PASS:
            self._doc_scope = None
        elif kind in (grammar.BREAK, grammar.CONTINUE):
            self._jump(node)
        elif kind == grammar.ASSERT:
            self._operands_statement(node)
        elif kind == grammar.DELETE:
            self._delete(node)
        elif kind in (grammar.GLOBAL, grammar.NONLOCAL):
            self._global(node)
        elif kind == grammar.MATCH:
            self._match(node)
        elif kind == grammar.CASE:
            self._case(node)
        elif kind == grammar.TYPE_ALIAS:
            self._type_alias(node)
        elif kind in (grammar.PRINT, grammar.EXEC):
            self._print(node)
        elif kind == grammar.ERROR:
            self._error(node)

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
        return self._decoded(self._bytes[node.start_byte : node.end_byte])

    def _decoded(self, raw: bytes) -> str:
        return raw.decode("ascii") if self._is_ascii else raw.decode("utf-8", "replace")

    def _name(self, node: Node | None) -> str:
        """Return an identifier in the form the interpreter compares (NFKC)."""
        return "" if node is None else self._identifier(self._bytes[node.start_byte : node.end_byte])

    def _identifier(self, raw: bytes) -> str:
        if self._is_ascii:
            return raw.decode("ascii")
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
        return self._source.position(start)

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
        parts = _parts(node)
        if not parts:
            return
        value = self._value(parts[0], "decorator")
        call = value.ref if value.kind == Kind.CALL else -1
        callee = self.calls[call].callee if call >= 0 else value
        name = callee.text if callee.kind in (Kind.PATH, Kind.MEMBER) else self._text(parts[0])
        self._pending_decorators.append(Decorator(name, self._source.line(node.start_byte), call))

    def _function(self, node: Node) -> None:
        self._doc_scope = None
        name = self._name(node.child_by_field_id(grammar.F_NAME))
        body = node.child_by_field_id(grammar.F_BODY)
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
        if type_parameters := node.child_by_field_id(grammar.F_TYPE_PARAMETERS):
            self._type_parameters(type_parameters)
        parameters = node.child_by_field_id(grammar.F_PARAMETERS)
        written = b""
        if parameters is not None:
            written = data[parameters.start_byte : parameters.end_byte]
            if len(written) > 2:
                definition.params = self._params(parameters)
        returns = node.child_by_field_id(grammar.F_RETURN)
        if returns is not None:
            definition.return_type = self._annotation(returns)
            written += b"->" + definition.return_type.encode()
        definition.signature = name.encode() + written
        self._enter(body.end_byte, index, -1)
        self._doc_scope = index

    def _class(self, node: Node) -> None:
        self._doc_scope = None
        name = self._name(node.child_by_field_id(grammar.F_NAME))
        body = node.child_by_field_id(grammar.F_BODY)
        decorators = self._take_decorators()
        if not name or body is None:
            return
        definition = _ClassDefinition(
            name, self._qualify(name), "class", node.start_byte, node.end_byte, self._scope, decorators=decorators
        )
        index = len(self.classes)
        self.classes.append(definition)
        if type_parameters := node.child_by_field_id(grammar.F_TYPE_PARAMETERS):
            self._type_parameters(type_parameters)
        if superclasses := node.child_by_field_id(grammar.F_SUPERCLASSES):
            definition.bases = self._bases(superclasses)
        _classify(definition)
        self._enter(body.end_byte, ~index, -1)
        self._doc_scope = ~index

    def _bases(self, node: Node) -> tuple[Base, ...]:
        bases = []
        for child in node.named_children:
            kind = child.kind_id
            if _is_extra(kind):
                continue
            if kind != grammar.KEYWORD_ARGUMENT:
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
            if inner and inner[0].kind_id == grammar.CONSTRAINED:
                parts = inner[0].named_children
                self._value(parts[-1], "annotation")

    def _type_alias(self, node: Node) -> None:
        self._doc_scope = None
        left, right = node.child_by_field_id(grammar.F_LEFT), node.child_by_field_id(grammar.F_RIGHT)
        if left is None or right is None:
            return
        target = left.named_children[0] if left.named_child_count else left
        if target.kind_id in (
            grammar.ATTRIBUTE,
            grammar.SUBSCRIPT,
        ):  # `type(x).y = 1` is read as an alias by the grammar
            self._bind([(left, self._target_of(left))], self._value(right), "assign")
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
        target_value = Value(Kind.PATH, name)
        self.assigns.append(Assign(target_value, value, line, column, self._scope, self._region, "assign"))

    def _params(self, node: Node) -> tuple[Param, ...]:
        params: list[Param] = []
        keyword_only = False
        for child in node.named_children:
            kind = child.kind_id
            if kind == grammar.IDENTIFIER:
                params.append(Param(self._name(child), None, None, "keyword_only" if keyword_only else "positional"))
                continue
            if _is_extra(kind):
                continue
            if kind == grammar.KEYWORD_SEPARATOR:
                keyword_only = True
                continue
            if kind == grammar.POSITIONAL_SEPARATOR:
                params = [
                    Param(p.name, p.annotation, p.default, "positional_only") if p.kind == "positional" else p
                    for p in params
                ]
                continue
            annotation = default = None
            target: Node | None = child
            if kind in (grammar.TYPED_PARAMETER, grammar.DEFAULT_PARAMETER, grammar.TYPED_DEFAULT):
                target = (
                    child.named_children[0]
                    if kind == grammar.TYPED_PARAMETER
                    else child.child_by_field_id(grammar.F_NAME)
                )
                if kind != grammar.DEFAULT_PARAMETER and (type_node := child.child_by_field_id(grammar.F_TYPE)):
                    annotation = self._annotation(type_node)
                if kind != grammar.TYPED_PARAMETER and (value := child.child_by_field_id(grammar.F_VALUE)):
                    default = self._value(value, "default", self._name(target))
            if target is None:
                continue
            if target.kind_id == grammar.LIST_SPLAT_PATTERN:
                keyword_only = True
                params.append(Param(self._text(target).lstrip("* "), annotation, default, "rest"))
            elif target.kind_id == grammar.DICT_SPLAT_PATTERN:
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
        if kind == grammar.ASSIGNMENT:
            self._doc_scope = None
            self._assignment(first)
            return
        if self._doc_scope is not None:
            scope, self._doc_scope = self._doc_scope, None
            if kind in grammar.STRINGS and len(children) == 1 and scope == self._scope:
                self._docstring(first, scope)
                return
        for child in children:
            kind = child.kind_id
            if not _is_extra(kind):
                self._lower(child, kind)

    def _docstring(self, node: Node, scope: int) -> None:
        value = self._value(node, "docstring")
        if value.kind != Kind.STRING:
            return
        literal = self.literals[value.ref]
        if literal.kind == "string":
            doc = python_text.clean_doc(literal.value)
            if scope < 0:
                self.classes[~scope].doc = doc
            else:
                self.functions[scope].doc = doc

    def _assignment(self, node: Node) -> Value:
        """Lower `a = b = value`, `a: T`, `a: T = value`: one Assign per target."""
        parts = node.children
        if len(parts) == 3 and parts[1].kind_id == grammar.EQUALS:  # the common form
            left, right = parts[0], parts[2]
            left_kind, right_kind = left.kind_id, right.kind_id
            if right_kind not in grammar.UNUSUAL and left_kind != grammar.ERROR:
                target = self._target(left, left_kind)
                value = self._assigned(right, right_kind, left, left_kind, target)
                self._bind_one(left, target, value, "assign", None)
                return value
        return self._any_assignment(node)

    def _any_assignment(self, node: Node) -> Value:
        targets: list[tuple[Node, Value]] = []
        annotation: str | None = None
        while True:
            left = node.child_by_field_id(grammar.F_LEFT)
            right = node.child_by_field_id(grammar.F_RIGHT)
            if left is None:
                return NOTHING
            targets.append((left, self._target(left, left.kind_id)))
            if right is None or right.kind_id != grammar.ASSIGNMENT:
                break
            node = right
        if len(targets) == 1 or right is None:
            type_node = node.child_by_field_id(grammar.F_TYPE)
            if type_node is not None:
                annotation = self._annotation(type_node)
        value: Value | None = None
        if right is not None:
            target, place = targets[0]
            value = self._assigned(right, right.kind_id, target, target.kind_id, place)
        self._bind(targets, value, "assign" if value is not None else "declare", annotation)
        return NOTHING if value is None else value

    def _assigned(self, right: Node, right_kind: int, target: Node, target_kind: int, place: Value) -> Value:
        scope = self._scope
        context: LiteralContext = "assignment"
        if scope < 0 and self.classes[~scope].kind == "enum":
            context = "enum"
        return self._assigned_value(right, right_kind, context, target, target_kind, place)

    def _assigned_value(
        self, right: Node, right_kind: int, context: LiteralContext, target: Node, target_kind: int, place: Value
    ) -> Value:
        if target_kind == grammar.IDENTIFIER:
            return self._lower(right, right_kind, context, place.text)
        if target_kind == grammar.ATTRIBUTE:
            return self._lower(right, right_kind, context, self._text(target))
        if target_kind == grammar.SUBSCRIPT:
            keys = target.named_children
            key = keys[-1]
            name = python_text.split_string(self._text(key))[1] if key.kind_id == grammar.STRING else ""
            return self._lower(right, right_kind, context, name)
        if target_kind in grammar.TUPLE_TARGETS and right_kind in (grammar.TUPLE_NODE, grammar.EXPRESSION_LIST):
            names, values = _parts(target), _parts(right)
            if len(names) == len(values):
                pairs = zip(values, names, strict=True)
                return Value(Kind.TUPLE, items=tuple([self._value(v, context, self._text(n)) for v, n in pairs]))
        return self._lower(right, right_kind, context)

    def _bind(
        self, targets: list[tuple[Node, Value]], value: Value | None, kind: AssignKind, annotation: str | None = None
    ) -> None:
        for node, target in targets:
            self._bind_one(node, target, value, kind, annotation)

    def _bind_one(
        self, node: Node, target: Value, value: Value | None, kind: AssignKind, annotation: str | None
    ) -> None:
        line, column = self._source.position(node.start_byte)
        scope = self._scope
        self.assigns.append(Assign(target, value, line, column, scope, self._region, kind, annotation))
        if scope < 0:
            self._members(self.classes[~scope], target, value, line, annotation)

    def _members(
        self, owner: _ClassDefinition, target: Value, value: Value | None, line: int, annotation: str | None
    ) -> None:
        if target.kind == Kind.PATH:
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
        elif target.kind in (Kind.TUPLE, Kind.LIST):
            values = value.items if value and value.kind in (Kind.TUPLE, Kind.LIST) else ()
            matched = len(values) == len(target.items)
            for i, item in enumerate(target.items):
                self._members(owner, item, values[i] if matched else None, line, None)

    def _augmented(self, node: Node) -> Value:
        left, right = node.child_by_field_id(grammar.F_LEFT), node.child_by_field_id(grammar.F_RIGHT)
        if left is None or right is None:
            return NOTHING
        target = self._value(left)  # read as well as written
        value = self._augmented_by(right, left, target)
        line, column = self._position(left.start_byte)
        self.assigns.append(Assign(target, value, line, column, self._scope, self._region, "augmented"))
        return value

    def _augmented_by(self, right: Node, left: Node, target: Value) -> Value:
        return self._assigned_value(right, right.kind_id, "assignment", left, left.kind_id, target)

    def _return(self, node: Node) -> None:
        self._doc_scope = None
        value = self._operand(node, "return")
        self.returns.append(Return(value, self._source.line(node.start_byte), self._scope, self._region))

    def _operand(self, node: Node, context: LiteralContext = "other") -> Value | None:
        """Lower the first expression below `node`."""
        for child in node.named_children:
            kind = child.kind_id
            if not _is_extra(kind):
                return self._lower(child, kind, context)
        return None

    def _raise(self, node: Node) -> None:
        self._doc_scope = None
        cause_node = node.child_by_field_id(grammar.F_CAUSE)
        value = cause = None
        for child in node.named_children:
            if _is_extra(child.kind_id):
                continue
            if cause_node is not None and child.start_byte == cause_node.start_byte:
                cause = self._value(child)
            else:
                value = self._value(child)
        self.raises.append(Raise(value, cause, self._source.line(node.start_byte), self._scope, self._region))

    def _operands_statement(self, node: Node) -> None:
        self._doc_scope = None
        for child in node.named_children:
            if not _is_extra(child.kind_id):
                self._value(child)

    def _print(self, node: Node) -> None:
        """Lower Python 2's print and exec statements as the calls they are."""
        self._doc_scope = None
        start = node.start_byte
        index = self._reserve_call()
        args = tuple([Arg(self._value(c, "argument")) for c in _parts(node)])
        callee = Value(Kind.PATH, self._bytes[start : start + 5].decode("utf-8", "replace").strip(" \t\\\n>\"'"))
        self._fill_call(index, callee, args, start, node.end_byte, is_await=False)

    def _delete(self, node: Node) -> None:
        self._doc_scope = None
        for child in node.named_children:
            kind = child.kind_id
            if kind in grammar.TUPLE_TARGETS or kind in grammar.LIST_TARGETS:
                self._bind([(c, self._target_of(c)) for c in _parts(child)], None, "delete")
            elif not _is_extra(kind):
                self._bind([(child, self._target_of(child))], None, "delete")

    def _global(self, node: Node) -> None:
        self._doc_scope = None
        kind: AssignKind = "global" if self._bytes.startswith(b"g", node.start_byte) else "nonlocal"
        self._bind(
            [(c, self._target_of(c)) for c in node.named_children if c.kind_id == grammar.IDENTIFIER], None, kind
        )

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
        module_node = node.child_by_field_id(grammar.F_MODULE)
        module = self._dotted(module_node) if module_node else "__future__"
        after = module_node.end_byte if module_node else 0
        for child in node.named_children:
            if child.start_byte < after:
                continue
            if child.kind_id == grammar.WILDCARD:
                self._add_import(module, "*", "", line)
                continue
            name, alias = self._imported(child)
            if name:
                self._add_import(module, name, alias or name, line)

    def _imported(self, node: Node) -> tuple[str, str]:
        """Return the dotted name and the alias of one imported thing, empty where there is none."""
        kind = node.kind_id
        if kind == grammar.DOTTED_NAME:
            return self._dotted(node), ""
        if kind == grammar.ALIASED_IMPORT and (target := node.child_by_field_id(grammar.F_NAME)):
            return self._dotted(target), self._name(node.child_by_field_id(grammar.F_ALIAS))
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
        condition, body = node.child_by_field_id(grammar.F_CONDITION), node.child_by_field_id(grammar.F_CONSEQUENCE)
        test = self._value(condition) if condition is not None else None
        if body is None:
            return
        region = self._add_region("branch", node.start_byte, body.end_byte, test)
        if test is not None and test.text.rpartition(".")[2] == "TYPE_CHECKING" and test.kind == Kind.PATH:
            self._type_only.add(region)
        self._enter(body.end_byte, self._scope, region)

    def _else(self, node: Node) -> None:
        self._enter(node.end_byte, self._scope, self._add_region("else", node.start_byte, node.end_byte))

    def _finally(self, node: Node) -> None:
        self._enter(node.end_byte, self._scope, self._add_region("finally", node.start_byte, node.end_byte))

    def _while(self, node: Node) -> None:
        self._doc_scope = None
        condition, body = node.child_by_field_id(grammar.F_CONDITION), node.child_by_field_id(grammar.F_BODY)
        end = body.end_byte if body is not None else node.end_byte
        region = self._add_region("loop", node.start_byte, end)
        self._enter(end, self._scope, region)
        if condition is not None:  # asked again in every turn
            test = self._value(condition)
            old = self.regions[region]
            self.regions[region] = Region(old.kind, old.line, old.end_line, old.scope, old.parent, test)

    def _for(self, node: Node) -> None:
        self._doc_scope = None
        left, right = node.child_by_field_id(grammar.F_LEFT), node.child_by_field_id(grammar.F_RIGHT)
        body = node.child_by_field_id(grammar.F_BODY)
        target = self._target_of(left) if left is not None else NOTHING
        iterable = self._value(right) if right is not None else None
        end = body.end_byte if body is not None else node.end_byte
        start = node.start_byte
        region = self._add_region("loop", start, end, iterable, is_async=self._bytes.startswith(_ASYNC, start))
        self._enter(end, self._scope, region)
        if left is not None:
            self._bind([(left, target)], iterable, "for")

    def _with(self, node: Node) -> None:
        self._doc_scope = None
        body = node.child_by_field_id(grammar.F_BODY)
        start = node.start_byte
        end = body.end_byte if body is not None else node.end_byte
        is_async = self._bytes.startswith(_ASYNC, start)
        self._enter(end, self._scope, self._region)
        for child in node.named_children:
            if child.kind_id != grammar.WITH_CLAUSE:
                continue
            for item in _context_managers(child):
                target: Node | None = None
                manager = item
                if item.kind_id == grammar.AS_PATTERN:
                    parts = _parts(item)
                    manager = parts[0]
                    target = parts[-1] if parts[-1].kind_id == grammar.AS_PATTERN_TARGET else None
                value = self._value(manager)
                # Each further manager is entered under the protection of those before it.
                self._region = self._add_region("with", start, end, value, is_async=is_async)
                if target is not None:
                    self._bind([(target, self._target_of(target))], value, "with")

    def _try(self, node: Node) -> None:
        self._doc_scope = None
        body = node.child_by_field_id(grammar.F_BODY)
        if body is not None:
            self._enter(body.end_byte, self._scope, self._add_region("try", node.start_byte, body.end_byte))

    def _except(self, node: Node) -> None:
        start, end = node.start_byte, node.end_byte
        expressions = _parts(node)
        block = expressions.pop() if expressions and expressions[-1].kind_id == grammar.BLOCK else None
        caught: tuple[str, ...] = ()
        type_value: Value | None = None
        target: Node | None = None
        if expressions:
            type_node = expressions[0]
            if type_node.kind_id == grammar.AS_PATTERN:
                parts = _parts(type_node)
                type_node, target = parts[0], parts[-1]
            elif len(expressions) == 2 and expressions[1].kind_id == grammar.IDENTIFIER:  # except A, error: (Python 2)
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
            scope=self._scope,
            region=region,
            try_line=self._source.line(parent.start_byte if parent is not None else start),
            is_empty=block is None or all(_does_nothing(child) for child in block.named_children),
            outer_reads=self._reads,
            outer_targets=self._targets,
        )
        self.handlers.append(cast("Handler", None))  # filled in when it closes
        self._enter(end, self._scope, region, handler)
        if target is not None:
            self._bind([(target, self._target_of(target))], type_value, "catch")
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
        subjects = [self._value(child) for child in node.children_by_field_id(grammar.F_SUBJECT)]
        subject = subjects[0] if len(subjects) == 1 else Value(Kind.TUPLE, items=tuple(subjects))
        self._subjects.append((node.end_byte, subject))

    def _case(self, node: Node) -> None:
        start, end = node.start_byte, node.end_byte
        while self._subjects and self._subjects[-1][0] <= start:
            self._subjects.pop()
        subject = self._subjects[-1][1] if self._subjects else NOTHING
        body = node.child_by_field_id(grammar.F_CONSEQUENCE)
        region = self._add_region("case", start, end)
        self._enter(end, self._scope, region)
        patterns = [self._pattern(c, subject) for c in node.named_children if c.kind_id == grammar.CASE_PATTERN]
        if guard := node.child_by_field_id(grammar.F_GUARD):
            self._operand(guard)
        pattern = patterns[0] if len(patterns) == 1 else Value(Kind.TUPLE, items=tuple(patterns))
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
        children = _parts(node)
        if kind == grammar.CASE_PATTERN:
            return self._pattern(children[0], subject) if children else Value(Kind.UNKNOWN, self._text(node))
        if kind == grammar.DOTTED_NAME:
            return self._path(node) if len(children) > 1 else self._capture(node, subject)
        if kind == grammar.IDENTIFIER:
            return self._capture(node, subject)
        if kind == grammar.SPLAT_PATTERN:
            items = tuple(self._capture(child, subject) for child in children)
            return Value(Kind.SPREAD, "**" if self._bytes.startswith(b"**", node.start_byte) else "*", items=items)
        if kind == grammar.AS_PATTERN and len(children) == 2:
            inner = self._pattern(children[0], subject)
            self._capture(children[1], subject)
            return inner
        if kind == grammar.UNION_PATTERN:
            return Value(Kind.OPERATION, "|", items=tuple(self._pattern(child, subject) for child in children))
        if kind == grammar.CLASS_PATTERN:
            head = self._path(children[0])
            return Value(Kind.UNKNOWN, head.text, items=tuple(self._pattern(child, subject) for child in children[1:]))
        if kind == grammar.KEYWORD_PATTERN:
            return self._pattern(children[-1], subject)
        if kind == grammar.DICT_PATTERN:
            return Value(Kind.DICT, items=tuple(self._pattern(child, subject) for child in children))
        if kind in grammar.LIST_TARGETS or kind in grammar.TUPLE_TARGETS:
            return Value(Kind.LIST, items=tuple(self._pattern(child, subject) for child in children))
        return self._value(node, "comparison", subject.text if subject.kind == Kind.PATH else "")

    def _capture(self, node: Node, subject: Value) -> Value:
        name = self._name(node)
        target = Value(Kind.PATH, name)
        if name != "_":
            line, column = self._position(node.start_byte)
            self.assigns.append(Assign(target, subject, line, column, self._scope, self._region))
        return target

    # -- expressions ---------------------------------------------------------------------------------------------

    def _value(self, node: Node, context: LiteralContext = "other", name: str = "") -> Value:
        """Lower an expression; `context` and `name` say what a literal in its place is for."""
        return self._lower(node, node.kind_id, context, name)

    def _lower(self, node: Node, kind: int, context: LiteralContext = "other", name: str = "") -> Value:
        """Lower an expression whose kind is known."""
        if kind == grammar.IDENTIFIER:
            raw = self._bytes[node.start_byte : node.end_byte]
            return self._reads.get(raw) or self._read(raw)
        if kind == grammar.ATTRIBUTE:
            start, end = node.start_byte, node.end_byte
            if end - start <= _LONGEST_PATH:
                raw = self._bytes[start:end]
                value = self._reads.get(raw)
                if value is not None:
                    return value
                if _PLAIN_PATH.fullmatch(raw):
                    return self._read(raw)
        elif kind == grammar.STRING:
            return self._string(node, context, name)
        elif kind in (grammar.INTEGER, grammar.FLOAT):
            return self._number(node, context, name)
        elif kind == grammar.NONE:
            return _NULL
        elif kind == grammar.TRUE:
            return _TRUE
        elif kind == grammar.FALSE:
            return _FALSE
        elif kind == grammar.ELLIPSIS_NODE:
            return _ELLIPSIS
        elif kind == grammar.DOTTED_NAME:
            return self._path(node)
        depth = self._depth
        if depth > MAX_DEPTH:
            self._deferred.append((node, self._scope, self._region))
            return NOTHING
        self._depth = depth + 1
        value = self._compound(node, kind, context, name)
        self._depth = depth
        return value

    def _compound(self, node: Node, kind: int, context: LiteralContext, name: str) -> Value:
        """Lower an expression that has parts."""
        if kind == grammar.CALL:
            return self._call(node, context)
        if kind == grammar.ATTRIBUTE:
            return self._member(node)
        if kind == grammar.LIST_NODE:
            return self._sequence(node, Kind.LIST, name)
        if kind in (grammar.TUPLE_NODE, grammar.EXPRESSION_LIST):
            return self._sequence(node, Kind.TUPLE, name)
        if kind == grammar.DICTIONARY:
            return self._dictionary(node)
        if kind in (grammar.BINARY, grammar.BOOLEAN):
            return self._operator(node, kind, context, name)
        if kind == grammar.COMPARISON:
            return self._comparison(node)
        if kind == grammar.SUBSCRIPT:
            return self._subscript(node)
        if kind == grammar.CONCATENATED:
            return self._concatenated(node, context, name)
        if kind == grammar.NOT:
            return Value(Kind.OPERATION, "not", -1, (self._operand(node) or NOTHING,))
        if kind == grammar.PARENTHESIZED:
            return self._parenthesized(node, context, name)
        if kind == grammar.ASSIGNMENT:
            return self._assignment(node)
        if kind == grammar.AUGMENTED:
            return self._augmented(node)
        return self._rarer_compound(node, kind, context, name)

    def _rarer_compound(self, node: Node, kind: int, context: LiteralContext, name: str) -> Value:
        if kind == grammar.AWAIT:
            return self._await(node, context)
        if kind == grammar.LIST_COMPREHENSION:
            return self._comprehension(node, "list", name)
        if kind == grammar.GENERATOR:
            return self._comprehension(node, "generator", name)
        if kind == grammar.SET_COMPREHENSION:
            return self._comprehension(node, "set", name)
        if kind == grammar.DICT_COMPREHENSION:
            return self._comprehension(node, "dict", name)
        if kind == grammar.SET:
            return self._sequence(node, Kind.SET, name)
        if kind in (grammar.LIST_SPLAT, grammar.DICT_SPLAT):
            return self._spread(node)
        if kind == grammar.LAMBDA:
            return self._lambda(node, context, name)
        if kind == grammar.CONDITIONAL:
            return self._conditional(node, context, name)
        if kind == grammar.UNARY:
            return self._unary(node, context, name)
        if kind == grammar.KEYWORD_ARGUMENT:
            return self._keyword(node, context)[1]
        if kind == grammar.NAMED:
            return self._named(node)
        if kind == grammar.YIELD:
            return self._yield(node)
        if kind == grammar.SLICE:
            return Value(Kind.UNKNOWN, ":", items=self._slice_bounds(node))
        return self._other(node, context, name)

    def _read(self, raw: bytes) -> Value:
        """Return the PATH of a plain name or dotted path and remember that it is read."""
        if not raw:
            return NOTHING  # a missing identifier
        value = Value(Kind.PATH, self._identifier(raw))
        self._reads[raw] = value
        return value

    def _path(self, node: Node) -> Value:
        raw = self._bytes[node.start_byte : node.end_byte]
        return self._reads.get(raw) or self._read(raw)

    def _member(self, node: Node) -> Value:
        """Lower an attribute that is no plain path."""
        parts = node.named_children
        attribute = self._name(parts[-1])
        if len(parts) < 2:
            return NOTHING
        self.member_names.add(attribute)
        owner = self._value(parts[0])
        if owner.kind == Kind.PATH:  # (a).b, or a path with white space in it
            return Value(Kind.PATH, f"{owner.text}.{attribute}")
        return Value(Kind.MEMBER, attribute, -1, (owner,))

    def _target_of(self, node: Node) -> Value:
        return self._target(node, node.kind_id)

    def _target(self, node: Node, kind: int) -> Value:
        """Lower a place that is assigned to: what it hangs on is read, the place itself is not."""
        if kind == grammar.IDENTIFIER:
            raw = self._bytes[node.start_byte : node.end_byte]
            value = self._targets.get(raw)
            if value is None:
                value = Value(Kind.PATH, self._identifier(raw))
                self._targets[raw] = value
            return value
        if kind == grammar.ATTRIBUTE:
            raw = self._bytes[node.start_byte : node.end_byte]
            value = self._targets.get(raw)
            if value is not None:
                return value
            if _PLAIN_PATH.fullmatch(raw):
                owner = raw.rpartition(b".")[0]
                if owner not in self._reads:
                    self._read(owner)
                value = Value(Kind.PATH, self._identifier(raw))
                self._targets[raw] = value
                return value
            parts = node.named_children
            if len(parts) < 2:
                return NOTHING
            place, attribute = self._value(parts[0]), self._name(parts[-1])
            if place.kind == Kind.PATH:
                return Value(Kind.PATH, f"{place.text}.{attribute}")
            return Value(Kind.MEMBER, attribute, -1, (place,))
        return self._nested_target(node, kind)

    def _nested_target(self, node: Node, kind: int) -> Value:
        if self._depth > MAX_DEPTH:
            return NOTHING
        self._depth += 1
        parts = _parts(node)
        if kind in grammar.TUPLE_TARGETS:
            value = Value(Kind.TUPLE, items=tuple([self._target_of(part) for part in parts]))
        elif kind in grammar.LIST_TARGETS:
            value = Value(Kind.LIST, items=tuple([self._target_of(part) for part in parts]))
        elif kind in grammar.SPLAT_TARGETS:
            value = Value(Kind.SPREAD, "*", items=tuple([self._target_of(part) for part in parts]))
        elif parts and kind in grammar.TARGET_WRAPPERS:
            value = self._target_of(parts[0])
        else:
            value = self._value(node)
        self._depth -= 1
        return value

    def _call(self, node: Node, context: LiteralContext, *, is_await: bool = False) -> Value:
        parts = node.named_children
        if not parts:
            return NOTHING
        calls = self.calls
        index = len(calls)
        calls.append(_RESERVED)
        callee = self._value(parts[0])
        args = self._arguments(parts[-1], node.end_byte, "decorator" if context == "decorator" else "argument")
        line, column = self._source.position(node.start_byte)
        end_line = self._source.line(node.end_byte - 1)
        calls[index] = Call(callee, args, line, column, end_line, self._scope, self._region, False, is_await)
        return Value(Kind.CALL, "", index)

    def _arguments(self, node: Node, end: int, within: LiteralContext) -> tuple[Arg, ...]:
        if end - node.start_byte == 2:
            return ()
        kind = node.kind_id
        if kind == grammar.GENERATOR:
            return (Arg(self._lower(node, kind)),)
        collected: list[Arg] = []
        for child in node.named_children:
            kind = child.kind_id
            if kind == grammar.KEYWORD_ARGUMENT:
                keyword, value = self._keyword(child, within)
                collected.append(Arg(value, keyword))
            elif not _is_extra(kind):
                collected.append(Arg(self._lower(child, kind, within)))
        return tuple(collected)

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

    def _await(self, node: Node, context: LiteralContext) -> Value:
        for child in node.named_children:
            kind = child.kind_id
            if kind == grammar.CALL:
                return Value(Kind.AWAIT, items=(self._call(child, context, is_await=True),))
            if not _is_extra(kind):
                return Value(Kind.AWAIT, items=(self._lower(child, kind),))
        return NOTHING

    def _number(self, node: Node, context: LiteralContext, name: str) -> Value:
        start = node.start_byte
        raw = self._decoded(self._bytes[start : node.end_byte])
        line, column = self._source.position(start)
        literals = self.literals
        index = len(literals)
        value = python_text.number_value(raw)
        literals.append(LiteralFact("number", value, line, column, line, self._scope, context, name, raw))
        return Value(Kind.NUMBER, "", index)

    def _string(self, node: Node, context: LiteralContext, name: str) -> Value:
        start, end = node.start_byte, node.end_byte
        kind: TextKind = "string"
        is_long = False
        text = self._plain_string(start, end)
        if text is None:
            token = self._bytes[start:end].decode("utf-8", "replace")
            prefix, text = python_text.split_string(token)
            if "f" in prefix or "t" in prefix:
                return self._template((node,), start, end, context, name)
            if "b" in prefix:
                kind = "bytes"
            if "r" not in prefix:
                text = python_text.unescape(text, is_bytes=kind == "bytes")
            is_long = "\n" in token
        line, column = self._source.position(start)
        end_line = self._source.line(end - 1) if is_long else line
        literals = self.literals
        index = len(literals)
        literals.append(LiteralFact(kind, text, line, column, end_line, self._scope, context, name))
        self.string_spans.append((start, end))
        return Value(Kind.STRING, "", index)

    def _plain_string(self, start: int, end: int) -> str | None:
        """Return what a string token says, if it has the common form: one quote on each side, and no escapes."""
        if end - start < 2:
            return None
        data = self._bytes
        quote = data[start]
        if (quote not in (_QUOTE, _APOSTROPHE)) or data[end - 1] != quote:
            return None
        raw = data[start + 1 : end - 1]
        if raw and (raw[0] == quote or raw.find(b"\\") >= 0):  # `in` takes the bytes for a number first, and fails
            return None
        return self._decoded(raw)

    def _concatenated(self, node: Node, context: LiteralContext, name: str) -> Value:
        parts = [child for child in node.named_children if child.kind_id == grammar.STRING]
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
        return Value(Kind.STRING, "", index)

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
                if kind == grammar.STRING_CONTENT:
                    text = self._text(child)
                    texts.append((text if is_raw else python_text.unescape(text)).replace("{{", "{").replace("}}", "}"))
                elif kind == grammar.INTERPOLATION:
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
            if kind == grammar.FORMAT_SPECIFIER:
                self._value(child)
            elif kind in grammar.EXPRESSIONS:
                value = self._value(child)
        return value

    def _sequence(self, node: Node, kind: int, name: str) -> Value:
        items: list[Value] = []
        for child in node.named_children:
            inner = child.kind_id
            if not _is_extra(inner):
                items.append(self._lower(child, inner, "element", name))
        return Value(kind, "", -1, tuple(items))

    def _dictionary(self, node: Node) -> Value:
        items: list[Value] = []
        for child in node.named_children:
            kind = child.kind_id
            if kind == grammar.PAIR:
                key, value = self._pair(child)
                items.append(key)
                items.append(value)
            elif kind == grammar.DICT_SPLAT:
                operand = self._operand(child) or NOTHING
                items.append(_DOUBLE_STAR)
                items.append(operand)
            elif not _is_extra(kind):
                self._lower(child, kind)
        return Value(Kind.DICT, "", -1, tuple(items))

    def _pair(self, node: Node) -> tuple[Value, Value]:
        parts = node.named_children
        key = self._value(parts[0], "key")
        if len(parts) < 2:
            return key, NOTHING
        name = self.literals[key.ref].value if key.kind == Kind.STRING else key.text
        return key, self._value(parts[-1], "property", name)

    def _parenthesized(self, node: Node, context: LiteralContext, name: str) -> Value:
        for child in node.named_children:
            kind = child.kind_id
            if not _is_extra(kind):
                return self._lower(child, kind, context, name)
        return NOTHING

    def _spread(self, node: Node) -> Value:
        text = "**" if self._bytes.startswith(b"**", node.start_byte) else "*"
        return Value(Kind.SPREAD, text, items=(self._operand(node) or NOTHING,))

    def _subscript(self, node: Node) -> Value:
        parts = _parts(node)
        owner = self._value(parts[0])
        if len(parts) == 2:
            key = parts[1]
            if key.kind_id == grammar.SLICE:
                return Value(Kind.INDEX, items=(owner, *self._slice_bounds(key)))
            return Value(Kind.INDEX, "", -1, (owner, self._value(key, "index")))
        keys = tuple([self._value(key, "index") for key in parts[1:]])
        return Value(Kind.INDEX, items=(owner, Value(Kind.TUPLE, items=keys)))

    def _slice_bounds(self, node: Node) -> tuple[Value, ...]:
        """Return lower bound, upper bound and, if written, step; a bound left out is the null constant."""
        bounds: list[Value] = []
        current = _NULL
        for child in node.children:
            if child.is_named:
                kind = child.kind_id
                if not _is_extra(kind):
                    current = self._lower(child, kind, "index")
            else:
                bounds.append(current)
                current = _NULL
        bounds.append(current)
        return tuple(bounds)

    def _operator(self, node: Node, kind: int, context: LiteralContext, name: str) -> Value:
        """Lower a binary or boolean operation; a chain of the same operator is one value, whatever its length."""
        chain: list[tuple[str, Node]] = []  # operator and right operand, outermost first
        current = node
        while current.kind_id == kind:
            parts = _parts(current)
            operator = current.child_by_field_id(grammar.F_OPERATOR)
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
                items = [Value(Kind.OPERATION, operator_text, -1, tuple(items))]
                operator_text = text
            items.append(self._value(operand, "operation", name))
        return Value(Kind.OPERATION, operator_text, -1, tuple(items))

    def _comparison(self, node: Node) -> Value:
        items: list[Value] = []
        operators: list[str] = []
        about = ""
        for child in node.children:
            if not child.is_named:
                operators.append(" ".join(self._text(child).split()))
                continue
            kind = child.kind_id
            if not _is_extra(kind):
                item = self._lower(child, kind, "comparison", about)
                about = item.text if item.kind == Kind.PATH else ""
                items.append(item)
        return Value(Kind.OPERATION, " ".join(operators), -1, tuple(items))

    def _unary(self, node: Node, context: LiteralContext, name: str) -> Value:
        start = node.start_byte
        sign = self._bytes[start : start + 1].decode("utf-8", "replace")
        return Value(Kind.OPERATION, sign, -1, (self._parenthesized(node, context, name),))

    def _conditional(self, node: Node, context: LiteralContext, name: str) -> Value:
        parts = _parts(node)
        if len(parts) != 3:
            return self._other(node, context, name)
        if_true = self._value(parts[0], context, name)
        test = self._value(parts[1])
        return Value(Kind.CONDITIONAL, "", -1, (test, if_true, self._value(parts[2], context, name)))

    def _named(self, node: Node) -> Value:
        target, right = node.child_by_field_id(grammar.F_NAME), node.child_by_field_id(grammar.F_VALUE)
        if target is None or right is None:
            return NOTHING
        text = self._name(target)
        value = self._value(right, "assignment", text)
        line, column = self._position(target.start_byte)
        self.assigns.append(Assign(self._target_of(target), value, line, column, self._scope, self._region, "named"))
        self._out_of_order = True
        return Value(Kind.NAMED, text, -1, (value,))

    def _yield(self, node: Node) -> Value:
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
        parameters, body = node.child_by_field_id(grammar.F_PARAMETERS), node.child_by_field_id(grammar.F_BODY)
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

    def _comprehension(self, node: Node, text: str, name: str) -> Value:
        """Lower a comprehension: each of its `for` clauses is a region, the element stands in the innermost."""
        children = _parts(node)
        outer, start, end = self._region, node.start_byte, node.end_byte
        loops: list[int] = []
        for child in children:
            if child.kind_id == grammar.FOR_IN:
                is_async = self._bytes.startswith(_ASYNC, child.start_byte)
                self._region = self._add_region("comprehension", start, end, is_async=is_async)
                loops.append(self._region)
        elements: tuple[Value, ...] = ()
        iterables: list[Value] = []
        region = outer
        remaining = iter(loops)
        for child in children:
            kind = child.kind_id
            if kind == grammar.FOR_IN:
                self._region = region  # the iterable is evaluated around the loop
                iterable = self._comprehension_clause(child, region := next(remaining))
                iterables.append(iterable)
            elif kind == grammar.IF_CLAUSE:
                self._region = region
                self._operand(child)
            elif kind == grammar.PAIR:
                elements = self._pair(child)
            else:
                elements = (self._value(child, "element", name),)
        self._region = outer
        return Value(Kind.COMPREHENSION, text, -1, (*elements, *iterables))

    def _comprehension_clause(self, node: Node, region: int) -> Value:
        rights = [self._value(right) for right in node.children_by_field_id(grammar.F_RIGHT)]
        iterable = rights[0] if len(rights) == 1 else Value(Kind.TUPLE, items=tuple(rights))
        old = self.regions[region]
        self.regions[region] = Region(
            old.kind, old.line, old.end_line, old.scope, old.parent, iterable, is_async=old.is_async
        )
        self._region = region
        if left := node.child_by_field_id(grammar.F_LEFT):
            self._bind_comprehension(left, iterable)
        return iterable

    def _bind_comprehension(self, left: Node, iterable: Value) -> None:
        line, column = self._position(left.start_byte)
        self.assigns.append(Assign(self._target_of(left), iterable, line, column, self._scope, self._region, "for"))
        self._out_of_order = True

    def _other(self, node: Node, context: LiteralContext, name: str) -> Value:
        """Lower what stands below a node without a meaning of its own; statements are captured anyway."""
        if node.is_error or node.kind_id in grammar.NOT_EXPRESSIONS:
            return NOTHING
        parts = _parts(node)
        if len(parts) == 1:
            return self._value(parts[0], context, name)
        items = tuple([self._value(part, context, name) for part in parts])
        return Value(Kind.UNKNOWN, items=items) if items else NOTHING

    def _error(self, node: Node) -> None:
        """Lower the expressions directly below an ERROR node; the statements in it come like all others."""
        for child in node.named_children:
            if not _is_extra(child.kind_id) and not child.is_error:
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
        bound = {a.value.ref: a.target.text for a in self.assigns if a.value and a.value.kind == Kind.CALL}
        found = []
        for index, call in enumerate(self.calls):
            if call.callee.kind == Kind.PATH and call.callee.text in _IMPORTERS and call.args:
                first = call.args[0].value
                if first.kind == Kind.STRING:
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
        if value.kind == Kind.STRING:
            literal = self.literals[value.ref]
            found.append(Export(literal.value, literal.value, "", literal.line))
        elif value.kind == Kind.PATH and value.text.endswith(".__all__"):
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
    if callee.kind != Kind.PATH:
        return callee.kind == Kind.MEMBER and callee.text in _LOG_METHODS and bool(callee.items)
    owner, _, method = callee.text.rpartition(".")
    return method in _LOG_METHODS and _LOG_RECEIVER.search(owner.rpartition(".")[2]) is not None


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
        if value.kind == Kind.INDEX:
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


def _is_extra(kind: int) -> bool:
    """Tell whether a node is one that may stand anywhere."""
    return kind in (grammar.COMMENT, grammar.LINE_CONTINUATION)


def _parts(node: Node) -> list[Node]:
    """Return the named children, without those that may stand anywhere."""
    return [child for child in node.named_children if not _is_extra(child.kind_id)]


def _context_managers(clause: Node) -> list[Node]:
    """Return the expressions of a with clause; `with (a, b):` has two, though the grammar reads a tuple."""
    found = []
    for item in clause.named_children:
        expressions = _parts(item)
        if len(expressions) == 1 and expressions[0].kind_id == grammar.TUPLE_NODE and clause.named_child_count == 1:
            expressions = _parts(expressions[0])
        found += expressions
    return found


def _alternatives(node: Node) -> list[Node]:
    """Return the types an except clause lists."""
    while node.kind_id == grammar.PARENTHESIZED and node.named_child_count == 1:
        node = node.named_children[0]
    if node.kind_id == grammar.TUPLE_NODE:
        return _parts(node)
    return [node]


def _does_nothing(statement: Node) -> bool:
    """Tell whether a statement is `pass`, a comment, `...` or a bare string."""
    kind = statement.kind_id
    if kind == grammar.PASS or _is_extra(kind):
        return True
    if kind != grammar.EXPRESSION_STATEMENT:
        return False
    return all(
        child.kind_id in grammar.STRINGS or child.kind_id == grammar.ELLIPSIS_NODE for child in statement.named_children
    )


_RESERVED: Final = cast("Call", None)  # holds a call's place in the list while its callee and arguments are lowered
_DOUBLE_STAR: Final = Value(Kind.SPREAD, "**")
_IMPORTERS: Final = frozenset({"importlib.import_module", "import_module", "__import__"})
_ABSTRACT: Final = frozenset({"abstractmethod", "abstractproperty", "abstractclassmethod", "abstractstaticmethod"})
_DECORATED_KINDS: Final[dict[str, FunctionKind]] = {
    "property": "getter", "cached_property": "getter", "abstractproperty": "getter", "getter": "getter",
    "setter": "setter", "deleter": "setter", "staticmethod": "static_method", "abstractstaticmethod": "static_method",
    "classmethod": "class_method", "abstractclassmethod": "class_method", "classproperty": "getter",
}  # fmt: skip
