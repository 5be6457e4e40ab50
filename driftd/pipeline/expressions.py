"""Reduces expressions of the facts to bindings, and keeps the containers that are written out.

What no analysis follows (arithmetic, comparisons) becomes `OPAQUE` or `LITERAL`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from driftd.pipeline.bindings import LITERAL, NOTHING, OPAQUE, Binding, Display, Means, key_of_text
from driftd.pipeline.call_graph.callbacks import PASSES
from driftd.pipeline.facts.model import Kind
from driftd.pipeline.modules import ECMASCRIPT
from driftd.pipeline.scopes import Scopes, annotation_paths

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from driftd.pipeline.facts.model import Call, FileFacts, Region, Value

_DEPTH: Final = 6  # how deep an expression is looked into
MOST_ARGUMENTS: Final = 8
_NOT_FOLLOWED: Final = (OPAQUE, OPAQUE)  # a callee with arguments that do not matter
# Library functions and decorators that are reached through a module and give back what they are given.
PASSING: Final = frozenset(name.rpartition(".")[2] for name in PASSES) | {"getattr", "import_module", "__import__"}
TELLING: Final = frozenset({"fixture", "parametrize"})  # decorators whose arguments say what is passed
_LONGEST_KEY: Final = 40
MOST_ENTRIES: Final = 256  # of a display; a longer one is data


class Expressions:
    """Reads the expressions of one file; `scope` is where the one that is being read stands."""

    def __init__(self, facts: FileFacts) -> None:
        self.facts = facts
        self.outline = facts.outline
        self.regions: Sequence[Region] = facts.bodies.regions
        self.calls: Sequence[Call] = facts.bodies.calls
        self.literals = facts.texts.literals
        self.ecmascript = facts.language in ECMASCRIPT
        self.scopes = Scopes(len(self.outline.functions), len(self.outline.classes))
        self.scope = 0
        self._paths: dict[str, Binding] = {}
        self._results: dict[str, Binding] = {}
        self._iterations: dict[tuple[int, Value], Value] | None = None
        self._renamed: dict[str, Binding] = {}  # comprehension variables around the expression that is being read
        self._depth = 0
        self._deepest = _DEPTH

    def at(self, scope: int, value: Value) -> Binding:
        """Return the expression `value` that stands in the scope."""
        self.scope = scope
        return self.expression(value)

    def expression(self, value: Value) -> Binding:
        """Return how the value of an expression is found; `scope` must be set."""
        kind = value.kind
        if kind == Kind.PATH:
            return self.path(value.text)
        if kind in _LITERALS:
            return self._literal(value)
        if kind == Kind.CONSTANT:
            return NOTHING if value.text in {"null", "undefined"} else LITERAL
        read = _READERS.get(kind)
        if read is None or self._depth >= self._deepest:
            return OPAQUE
        self._depth += 1
        try:
            found: Binding = getattr(self, read)(value)
            return found
        finally:
            self._depth -= 1

    def type_of(self, annotation: str | None) -> str:
        """Return an annotation as it is kept; "" if it says nothing usable."""
        return annotation if annotation and annotation_paths(annotation) else ""

    def path(self, text: str) -> Binding:
        """Return an access path."""
        if self._renamed:
            head, _, rest = text.partition(".")
            renamed = self._renamed.get(head)
            if renamed is not None:
                for name in rest.split(".") if rest else ():
                    renamed = Binding(Means.MEMBER, -1, name, "", (renamed,))
                return renamed
        path = self._paths.get(text)
        if path is None:
            path = self._paths[text] = Binding(Means.PATH, -1, text)
        return path

    def _literal(self, value: Value) -> Binding:
        if value.ref < 0 or value.kind in {Kind.REGEX, Kind.TEMPLATE}:
            return LITERAL
        fact = self.literals[value.ref]
        if value.kind == Kind.NUMBER:
            return Binding(Means.LITERAL, -1, fact.raw) if len(fact.raw) <= 4 else LITERAL  # an index
        if len(fact.value) > _LONGEST_KEY or fact.kind != "string":
            return LITERAL
        return Binding(Means.LITERAL, -1, key_of_text(fact.value))

    def _call(self, value: Value) -> Binding:
        call = self.calls[value.ref]
        callee, args = call.callee, call.args
        if callee.kind == Kind.PATH and (not self._renamed or callee.text.partition(".")[0] not in self._renamed):
            text = callee.text
            if not args:
                found = self._results.get(text)
                if found is None:
                    found = self._results[text] = Binding(Means.RESULT, -1, text)
                return found
            last = text.rpartition(".")[2]
            matters = last in PASSING or last in TELLING
            # What a method returns hardly ever is its argument.
            if "." in text and not matters:
                return Binding(Means.RESULT, -1, text, "", _NOT_FOLLOWED)
            items: tuple[Binding, ...] = (OPAQUE,)
        else:
            text, items, matters = "", (self.expression(callee),), False
        if matters or any(arg.value.kind in FOLLOWED for arg in args):
            items += tuple([self._argument(arg.name, arg.value) for arg in args[:MOST_ARGUMENTS]])
        elif args:
            items += (OPAQUE,)
        return Binding(Means.RESULT, -1, text, "", items)

    def _argument(self, name: str, value: Value) -> Binding:
        if name:
            return Binding(Means.KEYWORD, -1, name, "", (self.expression(value),))
        return self.expression(value)

    def _member(self, value: Value) -> Binding:
        return Binding(Means.MEMBER, -1, value.text, "", (self.expression(value.items[0]),))

    def keyed(self, scope: int, value: Value) -> None:
        """Take note that a name is used as a key."""
        if len(value.items) == 2 and value.items[1].kind == Kind.PATH:  # object and key
            self.scopes.keyed.add((scope, value.items[1].text))

    def _index(self, value: Value) -> Binding:
        self.keyed(self.scope, value)
        container = self.expression(value.items[0])
        if len(value.items) != 2:  # object and key
            start = self.expression(value.items[1]) if len(value.items) > 2 else OPAQUE
            return Binding(Means.REST, int(start.text) if start.text.isdecimal() else -1, "", "", (container,))
        return Binding(Means.ITEM, -1, "", "", (container, self.expression(value.items[1])))

    def _list(self, value: Value) -> Binding:
        if value.items and not any(item.kind in FOLLOWED for item in value.items[:MOST_ENTRIES]):
            return LITERAL
        return self.display([self.expression(item) for item in value.items[:MOST_ENTRIES]])

    def display(self, values: Sequence[Binding]) -> Binding:
        """Return a sequence of values as a display."""
        entries = []
        known = True
        for position, item in enumerate(values):
            known = known and item.means is not Means.ELEMENT
            if item.means not in PLAIN:
                entries.append((str(position) if known else "", item))
        return self._displayed(tuple(entries), is_mapping=False)

    def _displayed(self, entries: tuple[tuple[str, Binding], ...], *, is_mapping: bool) -> Binding:
        self.scopes.displays.append(Display(self.scope, is_mapping, entries))
        return Binding(Means.DISPLAY, len(self.scopes.displays) - 1)

    def _dict(self, value: Value) -> Binding:
        items = value.items[: 2 * MOST_ENTRIES]
        entries = []
        for key, item in zip(items[::2], items[1::2], strict=False):
            if key.kind == Kind.SPREAD:
                entries.append(("", Binding(Means.ELEMENT, -1, "values", "", (self.expression(item),))))
                continue
            found = self.expression(item)
            if found.means not in PLAIN:
                name = key_of_text(key.text) if self.ecmascript and key.kind == Kind.PATH else self.key(key)
                entries.append((name, found))
        # An empty dictionary or list may be filled later.
        return self._displayed(tuple(entries), is_mapping=True)

    def key(self, value: Value) -> str:
        """Return an expression as a key; "" if it is none that is known."""
        return self._literal(value).text if value.kind in {Kind.STRING, Kind.NUMBER} else ""

    def _comprehension(self, value: Value) -> Binding:
        iterables = [item for item in value.items if (self.scope, item) in self._for_targets()]
        if not iterables or not value.items:
            return LITERAL
        kept = dict(self._renamed)
        for iterable in iterables:
            element = Binding(Means.ELEMENT, -1, "", "", (self.expression(iterable),))
            target = self._for_targets()[self.scope, iterable]
            self._renamed.update((name, binding) for name, binding in self.unpacked(target, element))
        elements = [item for item in value.items if item not in iterables]
        found = self.expression(elements[-1]) if elements else OPAQUE
        self._renamed = kept
        if found.means in PLAIN:
            return LITERAL
        return self._displayed((("", found),), is_mapping=value.text == "dict")

    def _for_targets(self) -> dict[tuple[int, Value], Value]:
        if self._iterations is None:
            self._iterations = {
                (a.scope, a.value): a.target
                for a in self.facts.bodies.assigns
                if a.kind == "for" and a.value and a.region >= 0 and self.regions[a.region].kind == "comprehension"
            }
        return self._iterations

    def _alternatives(self, value: Value) -> Binding:
        if value.kind == Kind.OPERATION and value.text not in _CHOICES:
            if value.text == "+" and any(item.kind in {Kind.LIST, Kind.TUPLE} for item in value.items):
                parts = [Binding(Means.ELEMENT, -1, "", "", (self.expression(item),)) for item in value.items]
                return self.display(parts)
            return OPAQUE
        items = value.items[1:] if value.kind == Kind.CONDITIONAL else value.items
        found = tuple(dict.fromkeys(b for b in map(self.expression, items) if b is not NOTHING))
        return found[0] if len(found) == 1 else Binding(Means.ANY, -1, "", "", found)

    def _operand(self, value: Value) -> Binding:
        return self.expression(value.items[0]) if value.items else OPAQUE

    def _spread(self, value: Value) -> Binding:
        return Binding(Means.ELEMENT, -1, "", "", (self._operand(value),))

    def _sequence(self, value: Value) -> Binding:  # noqa: ARG002  # a language where it has a value reads it
        return OPAQUE

    def _cast(self, value: Value) -> Binding:
        inner = (self.expression(value.items[0]),) if value.items else ()
        declared = self.type_of(value.text)
        return Binding(Means.TYPED, -1, declared, "", inner) if declared else OPAQUE

    def _function(self, value: Value) -> Binding:
        return Binding(Means.FUNCTION, value.ref)

    def _class(self, value: Value) -> Binding:
        return Binding(Means.CLASS, value.ref)

    def unpacked(self, target: Value, whole: Binding) -> Iterable[tuple[str, Binding]]:
        """Yield the names of a pattern with what each gets of a value."""
        if target.kind == Kind.PATH:
            yield target.text, whole
            return
        if target.kind not in {Kind.TUPLE, Kind.LIST} or self.ecmascript:
            for name in target_names(target):
                yield name, OPAQUE
            return
        known = True
        for position, item in enumerate(target.items):
            if item.kind == Kind.SPREAD:
                known = False
                for name in target_names(item):
                    yield name, Binding(Means.REST, position, "", "", (whole,))
                continue
            key = Binding(Means.LITERAL, -1, str(position)) if known else LITERAL
            yield from self.unpacked(item, Binding(Means.ITEM, -1, "", "", (whole, key)))


def place_name(binding: Binding) -> str:
    """Return the name of `a.b['c']` where only names and literal keys lead to it; "" otherwise."""
    if binding.means is Means.PATH:
        return binding.text
    if binding.means is Means.ITEM:
        container, key = binding.items
        name = place_name(container)
        return f"{name}[{key.text}" if name and key.means is Means.LITERAL and key.text else ""
    return ""


def target_names(value: Value) -> Iterable[str]:
    """Yield the names that a pattern binds."""
    stack = [value]
    while stack:
        item = stack.pop()
        if item.kind == Kind.PATH:
            yield item.text
        elif item.kind in PATTERNS:
            stack.extend(item.items)
        elif item.kind == Kind.OPERATION and item.text == "=":
            stack.append(item.items[0])  # the rest is its default


_LITERALS: Final = frozenset({Kind.STRING, Kind.NUMBER, Kind.TEMPLATE, Kind.REGEX})
FOLLOWED: Final = frozenset(
    {
        Kind.PATH,
        Kind.CALL,
        Kind.FUNCTION,
        Kind.CLASS,
        Kind.MEMBER,
        Kind.INDEX,
        Kind.LIST,
        Kind.TUPLE,
        Kind.SET,
        Kind.DICT,
        Kind.SPREAD,
        Kind.COMPREHENSION,
        Kind.CONDITIONAL,
        Kind.AWAIT,
        Kind.NAMED,
        Kind.OPERATION,
    }
)
PATTERNS: Final = frozenset({Kind.TUPLE, Kind.LIST, Kind.DICT, Kind.SPREAD})
PLAIN: Final = frozenset({Means.NOTHING, Means.OPAQUE, Means.LITERAL})
_CHOICES: Final = frozenset({"or", "and", "||", "??", "&&"})
# Methods by name: bound ones would keep the reader alive until the garbage collector comes.
_READERS: Final[dict[int, str]] = {
    Kind.CALL: "_call",
    Kind.FUNCTION: "_function",
    Kind.CLASS: "_class",
    Kind.MEMBER: "_member",
    Kind.INDEX: "_index",
    Kind.LIST: "_list",
    Kind.TUPLE: "_list",
    Kind.SET: "_list",
    Kind.DICT: "_dict",
    Kind.COMPREHENSION: "_comprehension",
    Kind.CONDITIONAL: "_alternatives",
    Kind.OPERATION: "_alternatives",
    Kind.AWAIT: "_operand",
    Kind.NAMED: "_operand",
    Kind.SPREAD: "_spread",
    Kind.CAST: "_cast",
    Kind.UNKNOWN: "_sequence",
}
