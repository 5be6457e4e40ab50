"""One parsed file of the ECMAScript family: its captured nodes in order, their indexes, and where each byte stands.

`Context` is what the passes over a file share.  It decides the order (and so the index) of functions, classes, calls,
literals and regions before anything is lowered, because values refer to them by index.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Literal, NamedTuple, TypeAlias

from tree_sitter import Node

from driftd.pipeline.facts.languages.ecmascript_text import EcmaSource
from driftd.pipeline.facts.languages.ecmascript_values import Kinds, Lowering
from driftd.pipeline.facts.model import LiteralContext, Value

Captured: TypeAlias = tuple[int, int, int, Node]
"""Start byte, negated end byte, node id, node: sorts in document order, outer nodes first."""

RegionKind: TypeAlias = Literal["loop", "branch", "else", "case", "try", "handler", "finally"]


class RegionSeed(NamedTuple):
    """A region before its index, scope and parent are known."""

    kind: RegionKind
    owner: int  # the byte offset where its statement starts: its line
    end: int
    value: Node | None
    is_async: bool = False
    origin: int = -1  # the node id of the catch clause or handler function it is the body of


class CallParts:
    """A call before it is lowered: `callee` is None where the source is too broken to tell.

    `place` is a byte that belongs to the call itself, not to a function inside of it.
    """

    __slots__ = ("args", "callee", "end", "ident", "is_markup", "node", "place", "start")

    def __init__(
        self,
        callee: Node | None,
        args: Node | None,
        start: int,
        end: int,
        place: int,
        ident: int,
        node: Node,
        is_markup: bool = False,
    ) -> None:
        self.callee = callee
        self.args = args
        self.start = start
        self.end = end
        self.place = place
        self.ident = ident
        self.node = node
        self.is_markup = is_markup


class Context:
    """The captured nodes of one file and the lookups that every pass needs."""

    __slots__ = (
        "calls",
        "captured",
        "class_scopes",
        "classes",
        "data",
        "fields",
        "function_scopes",
        "functions",
        "kinds",
        "line_starts",
        "literals",
        "low",
        "opened",
        "promise_handlers",
        "region_of",
        "region_places",
        "regions",
        "source",
        "state_starts",
        "states",
    )

    def __init__(self, kinds: Kinds, source: EcmaSource, captured: dict[str, list[Node]]) -> None:
        self.kinds = kinds
        self.fields = kinds.fields
        self.source = source
        self.data = source.data
        self.line_starts = source.line_starts
        self.captured = captured
        self.functions = self.ordered("function")
        self.classes = self.ordered("class")
        self.calls = self._call_parts()
        excluded = self._module_sources()
        blank = kinds.markup_text
        self.literals = [
            entry
            for entry in self.ordered("literal")
            if entry[2] not in excluded
            and not (entry[3].kind_id in blank and self.data[entry[0] : -entry[1]].isspace())
        ]
        self.low = Lowering(
            kinds,
            self.data,
            functions={entry[2]: index for index, entry in enumerate(self.functions, 1)},
            classes={entry[2]: index for index, entry in enumerate(self.classes)},
            calls={parts.ident: index for index, parts in enumerate(self.calls)},
            literals={entry[2]: index for index, entry in enumerate(self.literals)},
        )
        self.promise_handlers = self._find_promise_handlers()
        self._nest()

    def ordered(self, *names: str) -> list[Captured]:
        """Return the nodes captured under any of `names` in document order."""
        captured = self.captured
        entries = [
            (node.start_byte, -node.end_byte, node.id, node) for name in names for node in captured.get(name, ())
        ]
        entries.sort()
        return entries

    def state(self, offset: int) -> tuple[int, int]:
        """Return scope and region of the byte at `offset`."""
        return self.states[bisect_right(self.state_starts, offset) - 1]

    def field(self, node: Node, name: str) -> Node | None:
        """Return the child in the named field, if there is one."""
        return node.child_by_field_id(self.fields[name])

    def text(self, node: Node) -> str:
        """Return the source text of `node`."""
        return self.data[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def line(self, offset: int) -> int:
        """Return the line of the byte at `offset`."""
        return bisect_right(self.line_starts, offset)

    def annotation(self, node: Node | None) -> str | None:
        """Return the text of a type annotation without its colon."""
        if node is None:
            return None
        return self.text(node).removeprefix(":").strip()

    def value(self, node: Node | None, context: LiteralContext = "other", name: str = "") -> Value | None:
        """Return `node` lowered, or None for none."""
        return None if node is None else self.low.value(node, context, name)

    def _module_sources(self) -> set[int]:
        """Return the node ids of the strings that name modules: they are facts of imports and exports, not literals."""
        found: set[int] = set()
        for name in ("import", "export"):
            for node in self.captured.get(name, ()):
                source = self.field(node, "source")
                if source is None and name == "import":  # import x = require("source")
                    clause = next((c for c in node.children if c.kind_id in self.kinds.import_requires), None)
                    source = self.field(clause, "source") if clause is not None else None
                if source is not None:
                    found.add(source.id)
        return found

    def _call_parts(self) -> list[CallParts]:
        found = [self._plain_call(entry) for entry in self.ordered("call")]
        if "markup" in self.captured:
            for start, end, ident, node in self.ordered("markup"):
                tag = self.field(node, "name")
                if tag is not None and self._is_component(tag):
                    found.append(CallParts(tag, None, start, -end, start, ident, node, is_markup=True))
            found.sort(key=lambda parts: (parts.start, -parts.end))
        return found

    def _is_component(self, tag: Node) -> bool:
        """Tell a component (`Button`, `ui.button`) from an element of the platform (`button`), by React's rule."""
        name = self.data[tag.start_byte : tag.end_byte]
        return not name[:1].islower() or b"." in name

    def _plain_call(self, entry: Captured) -> CallParts:
        start, end, ident, node = entry
        children = node.children
        if node.kind_id in self.kinds.constructions:
            callee, args = self.field(node, "constructor"), self.field(node, "arguments")
            return CallParts(callee, args, start, -end, start, ident, node)
        last = children[-1]
        return CallParts(children[0], last, start, -end, last.start_byte, ident, node)

    def _find_promise_handlers(self) -> dict[int, tuple[Node, bool]]:
        """Return, by call index, the error handler given to `.catch(handler)` or `.then(done, handler)`, and if inline."""
        data, kinds = self.data, self.kinds
        if b"catch" not in data and b"then" not in data:
            return {}
        found: dict[int, tuple[Node, bool]] = {}
        for index, parts in enumerate(self.calls):
            callee, args = parts.callee, parts.args
            if callee is None or args is None or callee.kind_id not in kinds.members:
                continue
            end = callee.end_byte
            name = data[max(end - 6, 0) : end]
            at = 0 if name.endswith((b".catch", b"\ncatch", b" catch")) else 1 if name.endswith(b".then") else -1
            if at < 0:
                continue
            operands = self.low.operands(args)
            if len(operands) <= at:
                continue
            handler = self.low.unwrapped(operands[at])
            inline = handler.kind_id in kinds.function_values
            if inline or handler.kind_id in kinds.references:
                found[index] = (handler, inline)
        return found

    def _region_seeds(self) -> list[tuple[int, int, int, RegionSeed]]:
        """Return (start, negated end, owner, seed) of every region."""
        seeds: list[tuple[int, int, int, RegionSeed]] = []

        def add(
            kind: RegionKind, owner: int, inside: Node, value: Node | None, *, start: int = -1, **more: bool | int
        ) -> None:
            end = inside.end_byte
            seed = RegionSeed(kind, owner, end, value, bool(more.get("is_async")), int(more.get("origin", -1)))
            seeds.append((inside.start_byte if start < 0 else start, -end, owner, seed))

        field, data = self.field, self.data
        for start, _, _, node in self.ordered("loop"):
            body = field(node, "body")
            if body is None:
                continue
            right = field(node, "right")
            if right is not None:
                add("loop", start, body, right, is_async=b"await" in data[start : start + 16].split(b"(")[0])
            else:
                condition = field(node, "condition")
                initializer = field(node, "initializer")
                # The condition runs once per iteration, the initialiser of a `for` only once.
                add("loop", start, node, condition, start=initializer.end_byte if initializer is not None else start)
        for start, _, _, node in self.ordered("if"):
            consequence, alternative = field(node, "consequence"), field(node, "alternative")
            if consequence is not None:
                add("branch", start, consequence, field(node, "condition"))
            if alternative is not None:
                add("else", alternative.start_byte, alternative, None)
        for start, _, _, node in self.ordered("case"):
            add("case", start, node, field(node, "value"))
        for start, _, _, node in self.ordered("try"):
            body, handler, last = field(node, "body"), field(node, "handler"), field(node, "finalizer")
            if body is not None:
                add("try", start, body, None)
            if handler is not None:
                add("handler", handler.start_byte, handler, None, origin=handler.id)
            if last is not None:
                add("finally", last.start_byte, last, None)
        for handler, inline in self.promise_handlers.values():
            body = field(handler, "body") if inline else None
            if body is not None:
                add("handler", body.start_byte, body, None, origin=handler.id)
        return seeds

    def _nest(self) -> None:
        """Find scope and parent region of everything that opens one, and the state of every byte, in one sweep."""
        entries: list[tuple[int, int, int, int, int]] = []  # start, negated end, owner, what, index
        methods, data = self.kinds.methods, self.data
        for index, (start, end, _, node) in enumerate(self.functions, 1):
            begin = start
            if node.kind_id in methods and data[start] == 0x40:  # JavaScript keeps a method's decorators inside of it
                name = self.field(node, "name")
                begin = name.start_byte if name is not None else start
            entries.append((begin, end, begin, 0, index))
        for index, (start, end, _, node) in enumerate(self.classes):
            body = self.field(node, "body")
            entries.append(
                (start, end, start, 1, index) if body is None else (body.start_byte, -body.end_byte, start, 1, index)
            )
        seeds = self._region_seeds()
        entries += ((start, end, owner, 2, index) for index, (start, end, owner, _) in enumerate(seeds))
        entries.sort()

        self.function_scopes = [-1] * (len(self.functions) + 1)
        self.class_scopes = [0] * len(self.classes)
        self.regions: list[tuple[RegionSeed, int, int]] = []  # seed, scope, parent
        self.region_of: dict[int, int] = {}  # catch clause or handler function by node id -> region index
        self.region_places: list[int] = []
        self.opened: list[tuple[int, int]] = []
        starts, states = [0], [(0, -1)]
        stack: list[tuple[int, tuple[int, int]]] = [(1 << 62, (0, -1))]
        for start, negative_end, _, what, index in entries:
            while stack[-1][0] <= start:
                starts.append(stack.pop()[0])
                states.append(stack[-1][1])
            scope, region = stack[-1][1]
            if what == 0:
                self.function_scopes[index] = scope
                self.opened.append((0, index))
                state = (index, -1)
            elif what == 1:
                self.class_scopes[index] = scope
                self.opened.append((1, index))
                state = (~index, region)
            else:
                seed = seeds[index][3]
                state = (scope, len(self.regions))
                if seed.origin >= 0:
                    self.region_of[seed.origin] = len(self.regions)
                self.regions.append((seed, scope, region))
                self.region_places.append(start)
            stack.append((-negative_end, state))
            starts.append(start)
            states.append(state)
        while len(stack) > 1:
            starts.append(stack.pop()[0])
            states.append(stack[-1][1])
        self.state_starts, self.states = starts, states
