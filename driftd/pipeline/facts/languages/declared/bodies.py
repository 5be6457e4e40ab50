"""What the code of a file does: calls, assignments, returns, raises, regions and error handlers."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Literal, TypeVar

from tree_sitter import Node

from driftd.pipeline.facts.languages.declared.file import START, Captured, File
from driftd.pipeline.facts.languages.declared.language import Binding, CallParts, FunctionParts, HandlerParts
from driftd.pipeline.facts.languages.declared.values import UNKNOWN, path, target_name
from driftd.pipeline.facts.model import (
    Arg,
    Assign,
    Bodies,
    Call,
    Handler,
    Kind,
    Raise,
    Region,
    Return,
    Value,
)

_MAX_SCANNED = 4000  # facts of one handler that are looked at
_MAX_SEARCHED = 64  # parts of a value in which the caught variable is looked for
_BROKEN = CallParts(UNKNOWN, None, 0)
_UNKNOWN_ARG = Arg(UNKNOWN)
_Fact = TypeVar("_Fact")


class BodiesPass:
    """Builds everything in `Bodies`."""

    __slots__ = (
        "_assigns",
        "_calls",
        "_parts",
        "_plain",
        "_raises",
        "_regions",
        "_returns",
        "_silent",
        "file",
        "language",
        "low",
    )

    def __init__(self, file: File, parts: Sequence[FunctionParts]) -> None:
        """Take the file and the parts of its functions but the module, in their order."""
        self.file = file
        self.low = file.low
        self.language = file.language
        self._parts = parts
        self._calls: list[Call] = []
        self._assigns: list[tuple[int, Assign]] = []
        self._returns: list[tuple[int, Return]] = []
        self._raises: list[tuple[int, Raise]] = []
        self._regions: list[Region] = []
        self._plain: dict[bytes, Arg] = {}  # arguments that are a name
        self._silent: list[Captured] | None = None  # comments and literals

    def run(self) -> Bodies:
        """Return the bodies of the file."""
        self._find_assigns()
        self._find_calls()
        self._find_returns()
        self._find_regions()
        for _, _, _, node, _ in self.file.ordered("expression"):
            self.low.value(node)
        handlers = [parts for _, _, _, node, variant in self.file.ordered("handler")
                    for parts in self.language.handlers[variant](self.file, node)]  # fmt: skip
        self._find_raises({parts.name for parts in handlers if parts.name})
        self._assigns.sort(key=START)
        self._returns.sort(key=START)
        return Bodies(
            tuple(self._calls),
            tuple([fact for _, fact in self._assigns]),
            tuple([fact for _, fact in self._returns]),
            tuple([fact for _, fact in self._raises]),
            self._handlers(handlers),
            tuple(self._regions),
        )

    # Assignments

    def _find_assigns(self) -> None:
        file, readers = self.file, self.language.assigns
        for _, _, _, node, variant in file.ordered("assign"):
            for binding in readers[variant](file, node):
                self._assign(binding)

    def _assign(self, binding: Binding) -> None:
        file, low = self.file, self.low
        at, target, value, kind, annotation, declares = binding
        if isinstance(target, Node):
            target = low.value(target)
        if isinstance(value, Node):
            if value.kind_id in file.tables.bindable and target.text:
                file.bound[value.id] = target.text
            value = low.value(value, "assignment", target_name(target))
        start = at.start_byte
        line = bisect_right(file.line_starts, start)
        column = file.source.column(file.line_starts[line - 1], start)
        scope, region = file.states[bisect_right(file.state_starts, start) - 1]
        self._assigns.append((start, Assign(target, value, line, column, scope, region, kind, annotation, declares)))

    # Calls

    def _find_calls(self) -> None:
        file, readers = self.file, self.language.calls
        line_starts, column_of, is_ascii = file.line_starts, file.source.column, file.source.is_ascii
        states, state_starts = file.states, file.state_starts
        awaited = {node.id for node in file.captured.get("awaited", ())}
        add = self._calls.append
        last = len(line_starts)
        for start, negative_end, ident, node, variant in file.calls:
            parts = readers[variant](file, node)
            if parts is None:
                parts = _BROKEN
            place = parts.place or start
            line = bisect_right(line_starts, start)
            line_start = line_starts[line - 1]
            one_line = line == last or -negative_end <= line_starts[line]
            scope, region = states[bisect_right(state_starts, place) - 1]
            args = parts.args
            add(
                Call(
                    parts.callee,
                    self._args(args, variant) if args is not None else (),
                    line,
                    start - line_start + 1 if is_ascii else column_of(line_start, start),
                    line if one_line else bisect_right(line_starts, -negative_end - 1),
                    scope,
                    region,
                    parts.is_new,
                    ident in awaited,
                    parts.is_optional,
                )
            )

    def _args(self, args: Node | Sequence[Node] | Sequence[Arg], variant: str) -> tuple[Arg, ...]:
        use: Literal["argument", "decorator"] = "decorator" if variant == "decorator" else "argument"
        low = self.low
        form_of, data, plain = low.forms.get, low.data, self._plain
        found: list[Arg] = []
        for child in args.children if isinstance(args, Node) else args:
            if isinstance(child, Arg):
                found.append(child)
                continue
            number = child.kind_id
            form = form_of(number)
            if form is path:
                text = data[child.start_byte : child.end_byte]
                arg = plain.get(text)
                if arg is None:
                    plain[text] = arg = Arg(path(low, child, use, "", 0))
                found.append(arg)
            elif form is not None:
                found.append(Arg(form(low, child, use, "", 0)))
            elif number not in low.tables.silent:
                reader = low.tables.arguments.get(number)
                found.append(_UNKNOWN_ARG if reader is None else reader(low, child, use))
        return tuple(found)

    # Returns and raises

    def _find_returns(self) -> None:
        file, low = self.file, self.low
        for start, _, _, node, variant in file.ordered("return"):
            operands = self.language.returned(file, node)
            value = low.value(operands[0], "return") if operands else None
            if len(operands) > 1:
                value = Value(Kind.TUPLE, "", -1, low.values(operands, "return"))
            scope, region = file.state(start)
            kind: Literal["return", "yield", "yield_from"] = (
                "yield" if variant == "yield" else "yield_from" if variant == "yield_from" else "return"
            )
            self._returns.append((start, Return(value, file.line(start), scope, region, kind)))
        for index, parts in enumerate(self._parts, 1):
            if parts.result is not None:
                start = parts.result.start_byte
                value = low.value(parts.result, "return")
                self._returns.append((start, Return(value, file.line(start), index, file.state(start)[1])))

    def _find_raises(self, caught: set[str]) -> None:
        file, low = self.file, self.low
        for start, _, _, node, variant in file.ordered("raise"):
            named: Value | None = None
            if variant == "call":  # a function that raises: the value is its first argument
                index = low.calls.get(node.id, -1)
                args = self._calls[index].args if index >= 0 else ()
                value = args[0].value if args else None
                named = next((arg.value for arg in args if arg.name == "cause"), None)
            else:
                operands = low.operands(node)
                value = low.value(operands[0]) if operands else None
            cause = named
            if cause is None and value and value.kind is Kind.CALL:
                cause = self._cause(self._calls[value.ref], caught)
            scope, region = file.state(start)
            self._raises.append((start, Raise(value, cause, file.line(start), scope, region)))

    def _cause(self, call: Call, caught: set[str]) -> Value | None:
        """Return what the adapter calls the cause, or the caught variable among the arguments of the new error."""
        named = self.language.cause(self.file, call)
        if named is not None:
            return named
        for arg in call.args:
            if arg.value.kind is Kind.PATH and arg.value.text in caught:
                return arg.value
        return None

    # Regions and handlers

    def _find_regions(self) -> None:
        file, low = self.file, self.low
        for seed, scope, parent in file.regions:
            value: Value | None = None
            if seed.value is not None:
                lowered = low.value(seed.value, "comparison" if seed.kind == "case" else "other")
                value = None if lowered is UNKNOWN else lowered
            end_line = file.line(max(seed.end - 1, 0))
            self._regions.append(
                Region(seed.kind, file.line(seed.owner), end_line, scope, parent, value, seed.is_async)
            )

    def _handlers(self, found: list[HandlerParts]) -> tuple[Handler, ...]:
        file = self.file
        found.sort(key=lambda parts: parts.node.start_byte)
        call_places = [entry[0] for entry in file.calls] if found else []
        handlers: list[Handler] = []
        for kind, node, body, start, caught, name, result in found:
            at = node.start_byte
            scope = file.state(start.start_byte)[0]
            region = file.state(body.start_byte if body is not None else at)[1]
            if body is None:
                does: tuple[str, ...] = ("raise",)
            else:
                raises = result is not None and self.language.is_error(self.low.value(result), self._calls)
                does = self._does(kind, body, name, scope, region, call_places, raises=raises)
            handlers.append(
                Handler(
                    kind,
                    caught,
                    name,
                    does,
                    file.line(at),
                    file.line(node.end_byte - 1),
                    scope,
                    region,
                    file.line(start.start_byte),
                )
            )
        return tuple(handlers)

    def _does(
        self, kind: str, body: Node, name: str, scope: int, region: int, places: list[int], *, raises: bool
    ) -> tuple[str, ...]:
        """Classify the body of a handler that stands in `scope`, by the facts that lie in it."""
        file, language = self.file, self.language
        start, end = body.start_byte, body.end_byte
        is_block = body.kind_id in file.tables.blocks or not body.is_named
        if is_block and not self.low.operands(body):
            return ("empty",)
        low, high = bisect_left(places, start), bisect_left(places, end)
        calls = self._calls[low : min(high, low + _MAX_SCANNED)]
        names = [_full_name(call.callee) for call in calls]
        returns = [fact for fact in _within(self._returns, start, end) if fact.scope == scope and fact.kind == "return"]
        raised = raises or any(fact.scope == scope for fact in _within(self._raises, start, end))
        if kind == "error_check" and not raised:
            raised = any(self._reports(fact.value, name) for fact in returns)
        facts = {
            "log": any(language.log.search(each) for each in names),
            "raise": raised,
            "return": bool(returns) or not (is_block or kind == "error_check"),
            "continue": self._jumps_out("continue", start, end, scope, region),
            "break": self._jumps_out("break", start, end, scope, region),
            "call": bool(calls),
            "assign": any(kind != "rescue" or fact.target.text != name for fact in _within(self._assigns, start, end)),
            "uses_error": self._uses(name, start, end),
        }
        return tuple(fact for fact, holds in facts.items() if holds)

    def _reports(self, value: Value | None, name: str) -> bool:
        """Tell whether the returned value is or wraps the error `name`, or is another error."""
        if value is None:
            return False
        queue = [value]
        for _ in range(_MAX_SEARCHED):
            if not queue:
                break
            part = queue.pop()
            if name and part.kind is Kind.PATH and (part.text == name or part.text.startswith(f"{name}.")):
                return True
            if part.kind is Kind.CALL and part.ref >= 0:
                call = self._calls[part.ref]
                queue += [call.callee, *(arg.value for arg in call.args)]
            queue += part.items
        return self.language.is_error(value, self._calls)

    def _jumps_out(self, kind: str, start: int, end: int, scope: int, region: int) -> bool:
        """Tell whether a `continue` or `break` in the byte range leaves the handler."""
        file = self.file
        jumps = file.ordered("jump")
        low = bisect_left(jumps, start, key=START)
        for at, _, _, _, variant in jumps[low : bisect_left(jumps, end, key=START)]:
            own_scope, inner = file.state(at)
            if variant != kind or own_scope != scope:
                continue
            while inner not in {region, -1}:
                seed, _, parent = file.regions[inner]
                if seed.kind == "loop" or (seed.kind == "case" and kind == "break"):
                    break
                inner = parent
            if inner == region:
                return True
        return False

    def _uses(self, name: str, start: int, end: int) -> bool:
        """Tell whether the caught variable is named in the byte range, outside of strings and comments."""
        word, data = name.encode(), self.file.data
        if not word:
            return False
        silent = self._silent
        if silent is None:
            silent = sorted([*self.file.ordered("comment"), *self.file.ordered("literal")], key=START)
            self._silent = silent
        at = data.find(word, start, end)
        for _ in range(_MAX_SCANNED):
            if at < 0:
                return False
            after = at + len(word)
            if not (_continues(data[at - 1 : at]) or _continues(data[after : after + 1])):
                index = bisect_right(silent, at, key=START) - 1
                if index < 0 or -silent[index][1] <= at or silent[index][4] == "template":
                    return True
            at = data.find(word, after, end)
        return False


def _continues(byte: bytes) -> bool:
    return byte.isalnum() or byte == b"_" or byte > b"\x7f"


def _full_name(callee: Value) -> str:
    """Return the callee's names, as far as they are known: a member of a call is `.name`."""
    if callee.kind is Kind.MEMBER:
        return f".{callee.text}"
    return callee.text if callee.kind is Kind.PATH else ""


def _within(entries: list[tuple[int, _Fact]], start: int, end: int) -> list[_Fact]:
    low, high = bisect_left(entries, start, key=START), bisect_left(entries, end, key=START)
    return [fact for _, fact in entries[low:high]]
