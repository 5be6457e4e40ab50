"""What the code of an ECMAScript file does: calls, assignments, returns, throws, error handlers and regions."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from typing import TypeVar

from tree_sitter import Node

from driftd.pipeline.facts.languages.ecmascript_context import CallParts, Context
from driftd.pipeline.facts.languages.ecmascript_modules import ModulesPass
from driftd.pipeline.facts.languages.ecmascript_values import UNKNOWN, markup_attributes, target_name
from driftd.pipeline.facts.model import (
    Arg,
    Assign,
    Bodies,
    Call,
    FunctionKind,
    Handler,
    Kind,
    LiteralContext,
    Raise,
    Region,
    Return,
    Value,
)

_LOG = re.compile(
    r"(?:^|\.)(?:console|log|logs|logger|logging|winston|pino|bunyan|sentry|rollbar|bugsnag|newrelic|debug)\.\w+$"
    r"|(?:^|\.)(?:log|debug|warn|capture(?:Exception|Message)|(?:log|report|track)_?(?:Error|Exception)\w*)$",
    re.IGNORECASE,
)
_IGNORE = frozenset({"noop", "_.noop", "lodash.noop", "$.noop", "Function.prototype"})
_MAX_SCANNED = 4000  # calls of one handler that are looked at for logging
_WORD = re.compile(r"[A-Za-z_$][\w$]*")
_CONTINUES = re.compile(rb"[\w$\x80-\xff]").match


class BodiesPass:
    """Builds everything in `Bodies`, and tells the modules pass of the assignments and calls it cares about."""

    __slots__ = ("_assigns", "_calls", "_raises", "_regions", "_returns", "context", "low", "modules")

    def __init__(self, context: Context, modules: ModulesPass) -> None:
        self.context = context
        self.low = context.low
        self.modules = modules
        self._assigns: list[tuple[int, Assign]] = []
        self._returns: list[tuple[int, Return]] = []
        self._raises: list[tuple[int, Raise]] = []
        self._calls: list[Call] = []
        self._regions: list[Region] = []

    def run(self) -> Bodies:
        """Return the bodies of the file."""
        self._declarations()
        self._assignments()
        self._mutations()
        self._loops_and_catches()
        self._find_calls()
        self._find_returns()
        self._find_raises()
        self._find_expressions()
        self._find_regions()
        for found in (self._assigns, self._returns, self._raises):
            found.sort(key=_start)
        handlers = self._handlers()
        return Bodies(
            tuple(self._calls),
            tuple([found for _, found in self._assigns]),
            tuple([found for _, found in self._returns]),
            tuple([found for _, found in self._raises]),
            handlers,
            tuple(self._regions),
        )

    # Assignments

    def _assign(self, start: int, target: Value, value: Value | None, kind: str = "assign", annotation: str | None = None, declares: str = "") -> None:  # fmt: skip
        context = self.context
        line = bisect_right(context.line_starts, start)
        column = context.source.column(context.line_starts[line - 1], start)
        scope, region = context.states[bisect_right(context.state_starts, start) - 1]
        fact = Assign(target, value, line, column, scope, region, kind, annotation, declares)  # type: ignore[arg-type]
        self._assigns.append((start, fact))

    def _declarations(self) -> None:
        context, low, data = self.context, self.low, self.context.data
        kinds, field = context.kinds, context.field
        value_of = low.value
        declarators, type_annotations = kinds.declarators, kinds.type_annotations
        exported = self.modules.marks.exported
        for start, _, ident, node in context.ordered("declaration"):
            children = node.children
            word = data[children[0].start_byte : children[0].end_byte].decode("utf-8", "replace")
            anchor = start
            for child in children:
                if child.kind_id not in declarators:
                    continue
                parts = child.children
                if not parts:
                    continue
                name_node, value_node, annotation = parts[0], None, None
                count = len(parts)
                if count == 3 and parts[1].kind_id not in type_annotations:  # name = value
                    value_node = parts[2]
                elif count > 1:
                    annotation = context.annotation(field(child, "type"))
                    value_node = field(child, "value")
                at = child.start_byte
                target = value_of(name_node)
                if value_node is None:
                    self._assign(at, target, None, "declare", annotation, word)
                    continue
                name = target.text
                if name and value_node.kind_id in kinds.bindable:
                    low.bind(value_node, name, "", "function", at, anchor)
                    if ident in exported:
                        exported.add(low.unwrapped(value_node).id)
                self.modules.declared(name_node, value_node)
                self._assign(at, target, value_of(value_node, "assignment", name), "assign", annotation, word)
                anchor = at

    def _assignments(self) -> None:
        context, low = self.context, self.low
        common = b"exports" in context.data
        for start, _, _, node in context.ordered("assignment"):
            parts = low.operands(node)
            if len(parts) != 2:
                continue
            left, right = parts
            target = low.value(left)
            if target.kind is Kind.PATH:
                if right.kind_id in context.kinds.bindable:
                    self._bind_assigned(target.text, right, start)
                if common and "exports" in target.text:
                    self.modules.assigned(start, target.text, right)
            self._assign(start, target, low.value(right, "assignment", target_name(target)))

    def _bind_assigned(self, path: str, right: Node, start: int) -> None:
        """Name a function after the place it is assigned to."""
        owner, _, name = path.rpartition(".")
        kind: FunctionKind = "function"
        if path == "module.exports":  # an object's members are not a part of anything; a function stays anonymous
            return
        if owner in {"exports", "module.exports"}:
            owner = ""
        elif owner == "this" or owner.endswith(".prototype"):
            kind = "method"
            owner = owner.removesuffix(".prototype")
        elif owner:
            kind = "method"
        self.low.bind(right, name, owner, kind, start, start)

    def _mutations(self) -> None:
        context, low, kinds = self.context, self.low, self.context.kinds
        for start, _, _, node in context.ordered("mutation"):
            parts = low.operands(node)
            if not parts:
                continue
            target = low.value(parts[0])
            if node.kind_id in kinds.updates:
                self._assign(start, target, None, "augmented")
            else:
                value = low.value(parts[1], "assignment", target_name(target)) if len(parts) > 1 else None
                if len(parts) > 1 and target.kind is Kind.PATH and parts[1].kind_id in kinds.bindable:
                    self._bind_assigned(target.text, parts[1], start)
                self._assign(start, target, value, "augmented")
        for start, _, _, word in context.ordered("delete"):
            node_or_none = word.parent
            parts = low.operands(node_or_none) if node_or_none is not None else []
            if parts and parts[0].start_byte > start:
                self._assign(start, low.value(parts[0]), None, "delete")

    def _loops_and_catches(self) -> None:
        context, low, field = self.context, self.low, self.context.field
        for start, _, _, node in context.ordered("loop"):
            if node.kind_id not in context.kinds.for_in:
                continue
            left, right, word = field(node, "left"), field(node, "right"), field(node, "kind")
            if left is not None and right is not None:
                declares = context.text(word) if word is not None else ""
                self._assign(start, low.value(left), low.value(right), "for", None, declares)
        for _, _, _, node in context.ordered("try"):
            handler = field(node, "handler")
            parameter = field(handler, "parameter") if handler is not None else None
            if parameter is not None:
                annotation = context.annotation(field(handler, "type")) if handler is not None else None
                self._assign(parameter.start_byte, low.value(parameter), None, "catch", annotation)
        for start, _, _, node in context.ordered("import_alias"):
            names = [child for child in node.children if child.is_named and child.kind_id not in context.kinds.comments]
            if len(names) == 2:
                value = low.path(context.data[names[1].start_byte : names[1].end_byte])
                self._assign(start, low.value(names[0]), value, "assign", None, "const")

    # Calls

    def _find_calls(self) -> None:
        context, low, data = self.context, self.low, self.context.data
        awaited = {node.id for node in context.captured.get("awaited", ())}
        decorating = {node.id for node in context.captured.get("decorating", ())}
        compiled = b"exports" in data
        kinds = context.kinds
        identifiers, lowerers = kinds.identifiers, kinds.lowerers
        line_starts, column_of = context.line_starts, context.source.column
        paths = low.paths
        plain: dict[bytes, Arg] = {}  # arguments that are a name
        add = self._calls.append
        states, state_starts = context.states, context.state_starts
        templates = kinds.templates
        new_value = low.value
        is_ascii = context.source.is_ascii
        for index, parts in enumerate(context.calls):
            callee_node, args_node, start, place, ident = (
                parts.callee,
                parts.args,
                parts.start,
                parts.place,
                parts.ident,
            )
            callee = UNKNOWN
            callee_end = start
            if callee_node is not None:
                callee_end = callee_node.end_byte
                callee = (paths.get(data[start:callee_end]) if callee_end - start < 100 else None) or new_value(
                    callee_node
                )
            args: list[Arg] = []
            if parts.is_markup:
                args = [Arg(value, name) for name, value in markup_attributes(low, parts.node)]
            elif args_node is not None and parts.end - place != 2:  # not ()
                if args_node.kind_id in templates:
                    tagged = new_value(args_node, "argument")
                    args = [Arg(tagged), *map(Arg, tagged.items)]
                else:
                    context_name: LiteralContext = "decorator" if ident in decorating else "argument"
                    for child in args_node.children:
                        number = child.kind_id
                        lower = lowerers.get(number)
                        if lower is None:
                            continue
                        if number in identifiers:
                            text = data[child.start_byte : child.end_byte]
                            arg = plain.get(text)
                            if arg is None:
                                plain[text] = arg = Arg(lower(low, child, "argument", "", 0))
                            args.append(arg)
                        else:
                            args.append(Arg(lower(low, child, context_name, "", 0)))
            line = bisect_right(line_starts, start)
            scope, region = states[bisect_right(state_starts, place) - 1]
            is_new = place == start and not parts.is_markup
            line_start = line_starts[line - 1]
            add(
                Call(
                    callee,
                    tuple(args),
                    line,
                    start - line_start + 1 if is_ascii else column_of(line_start, start),
                    bisect_right(line_starts, parts.end - 1),
                    scope,
                    region,
                    is_new,
                    ident in awaited,
                    place - callee_end >= 2 and not is_new and data[callee_end:place].lstrip()[:2] == b"?.",
                )
            )
            if compiled and callee.text in _COMPILED:
                self.modules.called(index, callee.text)

    # Returns and throws

    def _find_returns(self) -> None:
        context, low, kinds = self.context, self.low, self.context.kinds
        data = context.data
        for start, _, _, node in context.ordered("return"):
            operands = low.operands(node)
            value = low.value(operands[0], "return") if operands else None
            scope, region = context.state(start)
            line = context.line(start)
            if node.kind_id in kinds.yields:
                delegated = data[start + 5 : operands[0].start_byte if operands else start + 5].lstrip()[:1] == b"*"
                self._returns.append(
                    (start, Return(value, line, scope, region, "yield_from" if delegated else "yield"))
                )
            else:
                self._returns.append((start, Return(value, line, scope, region)))
        for index, (_, _, _, node) in enumerate(context.functions, 1):
            if node.kind_id not in kinds.arrows:
                continue
            body = node.child_by_field_id(context.fields["body"])
            if body is not None and body.kind_id not in kinds.blocks:
                start = body.start_byte
                value = low.value(body, "return")
                region = context.region_of.get(node.id, -1)
                self._returns.append((start, Return(value, context.line(start), index, region)))

    def _find_raises(self) -> None:
        context, low = self.context, self.low
        for start, _, _, node in context.ordered("throw"):
            operands = low.operands(node)
            value = low.value(operands[0]) if operands else None
            cause = self._cause(self._calls[value.ref]) if value is not None and value.kind is Kind.CALL else None
            scope, region = context.state(start)
            self._raises.append((start, Raise(value, cause, context.line(start), scope, region)))

    @staticmethod
    def _cause(call: Call) -> Value | None:
        """Return the cause in `new Error(message, {cause})`."""
        options = call.args[-1].value if call.args else UNKNOWN
        if options.kind is Kind.DICT:
            for key, value in zip(options.items[::2], options.items[1::2], strict=True):
                if key.kind is Kind.MEMBER and key.text == "cause":
                    return value
        return None

    def _find_expressions(self) -> None:
        """Lower the expressions that stand alone and make no fact, for the sake of the literals in them."""
        plain = self.context.kinds.plain_statements
        for node in self.context.captured.get("expression", ()):
            if node.kind_id not in plain:
                self.low.value(node)

    # Regions and handlers

    def _find_regions(self) -> None:
        context, low = self.context, self.low
        for seed, scope, parent in context.regions:
            value: Value | None = None
            if seed.value is not None and seed.value.is_named:
                if seed.kind == "case":
                    value = low.value(seed.value, "comparison")
                elif seed.value.kind_id in context.kinds.lowerers:
                    value = low.value(seed.value)
            self._regions.append(
                Region(
                    seed.kind,
                    context.line(seed.owner),
                    context.line(max(seed.end - 1, 0)),
                    scope,
                    parent,
                    value,
                    seed.is_async,
                )
            )

    def _handlers(self) -> tuple[Handler, ...]:
        context, field = self.context, self.context.field
        found: list[tuple[int, Handler]] = []
        tries = context.ordered("try")
        if not tries and not context.promise_handlers:
            return ()
        judge = _HandlerJudge(context, self)
        for start, _, _, node in tries:
            handler = field(node, "handler")
            body = field(handler, "body") if handler is not None else None
            if handler is None or body is None:
                continue
            parameter = field(handler, "parameter")
            name = context.text(parameter) if parameter is not None else ""
            at = handler.start_byte
            scope = context.state(start)[0]
            region = context.region_of.get(handler.id, -1)
            found.append(
                (
                    at,
                    Handler(
                        "try_catch",
                        judge.caught(name, body),
                        name,
                        judge.body(name, body, scope, region),
                        context.line(at),
                        context.line(handler.end_byte - 1),
                        scope,
                        region,
                        context.line(start),
                    ),
                )
            )
        for index, (handler, inline) in context.promise_handlers.items():
            found.append(self._promise_handler(judge, context.calls[index], handler, inline=inline))
        found.sort(key=_start)
        return tuple([handler for _, handler in found])

    def _promise_handler(
        self, judge: _HandlerJudge, parts: CallParts, handler: Node, *, inline: bool
    ) -> tuple[int, Handler]:
        context = self.context
        name, region = "", -1
        caught: tuple[str, ...] = ()
        body: tuple[str, ...]
        if inline:
            parameters = context.field(handler, "parameters")
            first = context.field(handler, "parameter")
            if first is None and parameters is not None:
                first = next(
                    (c for c in parameters.children if c.is_named and c.kind_id not in context.kinds.comments), None
                )
            if first is not None:
                first = context.field(first, "pattern") or first
            name = context.text(first) if first is not None else ""
            inside = context.field(handler, "body")
            region = context.region_of.get(handler.id, -1)
            scope = self.low.functions.get(handler.id, 0)
            caught = judge.caught(name, inside) if inside is not None else ()
            body = judge.body(name, inside, scope, region) if inside is not None else ("empty",)
        else:
            path = self.low.value(handler)
            body = judge.reference(path)
        at = handler.start_byte
        callee = parts.callee
        line = context.line(callee.end_byte - 1) if callee is not None else context.line(at)
        scope = context.state(parts.place)[0]
        end_line = context.line(parts.end - 1)
        return at, Handler(
            "promise_catch", caught, name, body, line, end_line, scope, region, context.line(parts.start)
        )


class _HandlerJudge:
    """Says what the body of an error handler does, from the facts that lie in it."""

    __slots__ = ("_bodies", "_call_places", "_context", "_instances", "_jumps", "_reads")

    def __init__(self, context: Context, bodies: BodiesPass) -> None:
        self._context = context
        self._bodies = bodies
        self._call_places = [parts.start for parts in context.calls]
        self._instances = context.ordered("instanceof")
        self._jumps = context.ordered("jump")
        self._reads: list[int] | None = None  # where names are read, in order

    def caught(self, name: str, body: Node) -> tuple[str, ...]:
        """Return the types that the caught variable is tested for with instanceof, in order."""
        context = self._context
        low, high = _range(self._instances, body)
        found: dict[str, None] = {}
        for _, _, _, word in self._instances[low:high]:
            node = word.parent
            parts = context.low.operands(node) if node is not None else []
            if len(parts) == 2 and context.text(parts[0]) == name:
                found[context.text(parts[1])] = None
        return tuple(found)

    def body(self, name: str, body: Node, scope: int, region: int) -> tuple[str, ...]:
        """Classify the body of a handler that stands in `scope`."""
        context, bodies = self._context, self._bodies
        start, end = body.start_byte, body.end_byte
        is_block = body.kind_id in context.kinds.blocks
        if is_block and not any(
            child.is_named and child.kind_id not in context.kinds.comments and child.type != "empty_statement"
            for child in body.children
        ):
            return ("empty",)
        low = bisect_left(self._call_places, start)
        high = bisect_left(self._call_places, end)
        calls = bodies._calls[low : min(high, low + _MAX_SCANNED)]  # noqa: SLF001 - one pass in two classes
        names = [_full_name(call.callee) for call in calls]
        raises = _within(bodies._raises, start, end)  # noqa: SLF001
        returns = _within(bodies._returns, start, end)  # noqa: SLF001
        assigns = _within(bodies._assigns, start, end)  # noqa: SLF001
        returned = any(fact.scope == scope and fact.kind == "return" for fact in returns)
        rejected = any(call_name == "Promise.reject" for call_name in names)
        facts = {
            "log": any(_LOG.search(call_name) for call_name in names),
            "raise": rejected or any(fact.scope == scope for fact in raises),
            "return": returned or not is_block,
            "continue": self._jumps_out(body, scope, region, "continue_statement"),
            "break": self._jumps_out(body, scope, region, "break_statement"),
            "call": bool(calls),
            "assign": bool(assigns),
            "uses_error": self._uses(name, start, end),
        }
        return tuple(fact for fact, holds in facts.items() if holds)

    def reference(self, handler: Value) -> tuple[str, ...]:
        """Classify a handler that is given by name: it is called with the error."""
        name = _full_name(handler)
        if name in _IGNORE:
            return ("empty",)
        return ("log", "call", "uses_error") if _LOG.search(name) else ("call", "uses_error")

    def _jumps_out(self, body: Node, scope: int, region: int, kind: str) -> bool:
        """Tell whether a `continue` or `break` in the body leaves the handler."""
        context = self._context
        low, high = _range(self._jumps, body)
        for start, _, _, node in self._jumps[low:high]:
            own_scope, at = context.state(start)
            if node.type != kind or own_scope != scope:
                continue
            while at not in {region, -1}:
                seed, _, parent = context.regions[at]
                if seed.kind == "loop" or (seed.kind == "case" and kind == "break_statement"):
                    break
                at = parent
            if at == region:
                return True
        return False

    def _uses(self, name: str, start: int, end: int) -> bool:
        """Tell whether the caught variable (or one that its pattern binds) is read in the byte range."""
        if self._reads is None:
            self._reads = sorted(node.start_byte for node in self._context.captured.get("name", ()))
        words = tuple(word.encode() for word in _WORD.findall(name))
        data, reads = self._context.data, self._reads
        low = bisect_left(reads, start)
        for at in reads[low : min(bisect_left(reads, end), low + _MAX_SCANNED)]:
            for word in words:
                if data.startswith(word, at) and not _CONTINUES(data, at + len(word)):
                    return True
        return False


_Fact = TypeVar("_Fact")
_COMPILED = frozenset({"Object.defineProperty", "__exportStar", "__export", "tslib_1.__exportStar"})


def _start(entry: tuple[int, object]) -> int:
    return entry[0]


def _full_name(callee: Value) -> str:
    """Return the callee's names, as far as they are known: a member of a call is `.name`."""
    if callee.kind is Kind.MEMBER:
        return f".{callee.text}"
    return callee.text if callee.kind is Kind.PATH else ""


def _range(entries: list[tuple[int, int, int, Node]], body: Node) -> tuple[int, int]:
    return bisect_left(entries, body.start_byte, key=_entry_start), bisect_left(
        entries, body.end_byte, key=_entry_start
    )


def _entry_start(entry: tuple[int, int, int, Node]) -> int:
    return entry[0]


def _within(entries: list[tuple[int, _Fact]], start: int, end: int) -> list[_Fact]:
    low, high = bisect_left(entries, start, key=_start), bisect_left(entries, end, key=_start)
    return [fact for _, fact in entries[low:high]]
