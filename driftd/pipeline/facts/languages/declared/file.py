"""One parsed file of a declared language: its captured nodes in order, their indexes, and where each byte stands.

It decides the order (and so the index) of functions, classes, calls, literals and regions before anything is lowered,
because values refer to them by index.
"""

from __future__ import annotations

from bisect import bisect_right
from operator import itemgetter
from typing import TypeAlias

from tree_sitter import Node

from driftd.pipeline.facts.languages.declared.language import Language, RegionForm, RegionSeed
from driftd.pipeline.facts.languages.declared.tables import Tables, by_fact
from driftd.pipeline.facts.languages.declared.values import Lowering
from driftd.pipeline.facts.languages.ecmascript_text import EcmaSource

Captured: TypeAlias = tuple[int, int, int, Node, str]
"""Start byte, negated end byte, node id, node, variant: sorts in document order, outer nodes first."""

PLACE = itemgetter(0, 1)
START = itemgetter(0)


class File:
    """The captured nodes of one file and the lookups that every pass and every hook needs."""

    __slots__ = (
        "_by_fact",
        "_ordered",
        "bound",
        "calls",
        "captured",
        "class_scopes",
        "classes",
        "contents",
        "data",
        "fields",
        "function_scopes",
        "functions",
        "import_ends",
        "imports",
        "language",
        "line_starts",
        "literals",
        "low",
        "notes",
        "opened",
        "regions",
        "source",
        "state_starts",
        "states",
        "tables",
    )

    def __init__(self, language: Language, tables: Tables, source: EcmaSource, captured: dict[str, list[Node]]) -> None:
        self.language = language
        self.tables = tables
        self.source = source
        self.data = source.data
        self.line_starts = source.line_starts
        self.captured = captured
        self.notes: dict[int, Node] = {}  # for the adapter's own use, by node id
        self.bound: dict[int, str] = {}  # function expression by node id -> what it is assigned to
        self.contents: dict[int, Node] = {}  # literal by node id -> the node of its text, if another (a heredoc's body)
        self.fields = tables.fields
        self._ordered: dict[str, list[Captured]] = {}
        language.prepare(self)
        self._by_fact = by_fact(captured)
        self.functions = self.ordered("function")
        self.classes = self.ordered("class")
        self.calls = self.ordered("call")
        self.imports = self.ordered("import")
        self.literals = self._outside_of_imports(self.ordered("literal"))
        self.low = Lowering(
            tables,
            self.data,
            functions={entry[2]: index for index, entry in enumerate(self.functions, 1)},
            classes={entry[2]: index for index, entry in enumerate(self.classes)},
            calls={entry[2]: index for index, entry in enumerate(self.calls)},
            literals={entry[2]: index for index, entry in enumerate(self.literals)},
            contents=self.contents,
        )
        self._nest()

    # What hooks ask

    def field(self, node: Node, name: str) -> Node | None:
        """Return the child in the named field, if there is one."""
        return node.child_by_field_id(self.fields[name])

    def text(self, node: Node) -> str:
        """Return the source text of `node`."""
        return self.data[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def optional_text(self, node: Node | None) -> str | None:
        """Return the source text of `node`, or None for none."""
        return None if node is None else self.data[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def field_text(self, node: Node, name: str) -> str:
        """Return the source text of the child in the named field, or ""."""
        child = node.child_by_field_id(self.fields[name])
        return "" if child is None else self.text(child)

    def line(self, offset: int) -> int:
        """Return the line of the byte at `offset`."""
        return bisect_right(self.line_starts, offset)

    def state(self, offset: int) -> tuple[int, int]:
        """Return scope and region of the byte at `offset`."""
        return self.states[bisect_right(self.state_starts, offset) - 1]

    def class_variant(self, scope: int) -> str:
        """Return the variant (usually the kind) of the class that code in `scope` stands directly in, or ""."""
        return self.classes[~scope][4] if scope < 0 else ""

    def class_node(self, scope: int) -> Node | None:
        """Return the node of the class that code in `scope` stands directly in."""
        return self.classes[~scope][3] if scope < 0 else None

    def ordered(self, fact: str) -> list[Captured]:
        """Return the nodes captured as `@fact` or `@fact.variant` in document order."""
        found = self._ordered.get(fact)
        if found is None:
            found = [
                (node.start_byte, -node.end_byte, node.id, node, variant)
                for variant, nodes in self._by_fact.get(fact, ())
                for node in nodes
            ]
            found.sort(key=PLACE)
            self._ordered[fact] = found
        return found

    # Nesting

    def _outside_of_imports(self, literals: list[Captured]) -> list[Captured]:
        """Leave out the strings that name modules: they are facts of imports."""
        imports = self.imports
        if not imports:
            return literals
        starts, last = [entry[0] for entry in imports], -imports[-1][1]
        return [
            entry
            for entry in literals
            if entry[0] >= last
            or (at := bisect_right(starts, entry[0]) - 1) < 0
            or entry[0] >= -imports[at][1]
        ]  # fmt: skip

    def _region_seeds(self) -> list[RegionSeed]:
        seeds: list[RegionSeed] = []
        readers = self.language.regions
        for variant, nodes in self._by_fact.get("region", ()):
            reader = readers[variant]
            if isinstance(reader, tuple):
                for form in reader:
                    seeds += self._formed(form, nodes)
            else:
                for node in nodes:
                    seeds += reader(self, node)
        return seeds

    def _formed(self, form: RegionForm, nodes: list[Node]) -> list[RegionSeed]:
        kind, inside, value, after, line = form
        field, found = self.field, []
        for node in nodes:
            covered = field(node, inside) if inside else node
            if covered is None:
                continue
            start = covered.start_byte
            if after and (before := field(node, after)) is not None:
                start = before.end_byte
            owner = field(node, line) if line else node
            decides = field(node, value) if value else None
            at = owner.start_byte if owner is not None else start
            found.append(RegionSeed(kind, start, covered.end_byte, at, decides))
        return found

    def _nest(self) -> None:
        """Find scope and parent region of everything that opens one, and the state of every byte, in one sweep."""
        begin = self.language.begin
        entries: list[tuple[int, int, int, int, int]] = []  # start, negated end, owner, what, index
        for index, (start, end, _, node, _) in enumerate(self.functions, 1):
            entries.append((begin(self, node), end, start, 0, index))
        for index, (start, end, _, node, _) in enumerate(self.classes):
            entries.append((begin(self, node), end, start, 1, index))
        seeds = self._region_seeds()
        entries += [(seed.start, -seed.end, seed.owner, 2, index) for index, seed in enumerate(seeds)]
        entries.sort()

        self.function_scopes = [-1] * (len(self.functions) + 1)
        self.class_scopes = [0] * len(self.classes)
        self.regions: list[tuple[RegionSeed, int, int]] = []  # seed, scope, parent
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
                state = (scope, len(self.regions))
                self.regions.append((seeds[index], scope, region))
            stack.append((-negative_end, state))
            starts.append(start)
            states.append(state)
        while len(stack) > 1:
            starts.append(stack.pop()[0])
            states.append(stack[-1][1])
        self.state_starts, self.states = starts, states
