"""From the facts of one file to the places that rules find in it.

What could be meant is looked up by its last name first, so a file that mentions nothing a rule knows costs one look at
each of its calls; only then are names resolved and conditions judged.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from driftd.pipeline.detect.judging import Judge, Place, built_text
from driftd.pipeline.detect.names import Names
from driftd.pipeline.detect.patterns import ANYTHING, NamePattern, patterns
from driftd.pipeline.detect.rules import RuleFile, texts
from driftd.pipeline.facts.model import Kind, Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from driftd.pipeline.detect.names import Given
    from driftd.pipeline.detect.rules import Match, Rule
    from driftd.pipeline.facts.model import Call, Class, FileFacts, Function
    from driftd.pipeline.scopes import Scopes


class Candidate(NamedTuple):
    """A pattern of a match, with the rule that it belongs to."""

    pattern: NamePattern
    rule: Rule
    match: Match


class Found(NamedTuple):
    """A place that a rule found."""

    rule: Rule
    place: Place


class _Named:
    """Candidates by the last part of their patterns; those without one by the first."""

    def __init__(self) -> None:
        self.by_last: dict[str, list[Candidate]] = {}
        self.open: dict[str, list[Candidate]] = {}  # by first part, "" for those without

    def add(self, candidate: Candidate) -> None:
        pattern = candidate.pattern
        if pattern.last:
            self.by_last.setdefault(pattern.last, []).append(candidate)
        else:
            self.open.setdefault(pattern.first, []).append(candidate)

    def __bool__(self) -> bool:
        return bool(self.by_last or self.open)


class RuleIndex:
    """The rules of one language, by what they are about."""

    def __init__(self, files: Iterable[RuleFile], language: str) -> None:
        """Take those that look at the language and are enabled."""
        self.rules: dict[str, Rule] = {}
        self.named: dict[str, _Named] = {kind: _Named() for kind in _NAMED}
        self.plain: dict[str, list[tuple[Rule, Match]]] = {kind: [] for kind in _PLAIN}
        self.operations: dict[str, list[tuple[Rule, Match]]] = {}
        self.given: Given = {}
        for file in files:
            for handed in file.gives:
                if language in file.languages:
                    for method in handed.methods:
                        self.given.setdefault(method, []).append((frozenset(handed.symbols), handed.gives))
            for rule in file.rule:
                if language in rule.languages and rule.enabled:
                    self._add(rule)

    def _add(self, rule: Rule) -> None:
        self.rules[rule.id] = rule
        for match in rule.match:
            for kind, table in self.named.items():
                for pattern in patterns(texts(getattr(match, kind))):
                    table.add(Candidate(pattern, rule, match))
            for operator in texts(match.operation):
                self.operations.setdefault(operator, []).append((rule, match))
            for kind, rows in self.plain.items():
                if getattr(match, kind):
                    rows.append((rule, match))


_NAMED: Final = ("call", "assign", "read", "import_", "class_", "decorator", "entry", "markup", "raise_", "return_")
_PLAIN: Final = ("function", "handler", "literal", "built", "comment", "parameter")


def find(
    path: str,
    facts: FileFacts,
    index: RuleIndex,
    scopes: Scopes | None = None,
    *,
    is_test: bool = False,
    encoded: bytes = b"",
) -> list[Found]:
    """Return what the rules find in a file, in order of lines; each rule once a place, and not more often than it may.

    `encoded` are the same facts in msgpack: a word that they do not hold need not be looked for.
    """
    finder = _Finder(path, facts, index, scopes, encoded, is_test=is_test)
    best: dict[tuple[str, int, int], Found] = {}
    for found in finder.run():
        best.setdefault((found.rule.id, found.place.line, found.place.column), found)
    counts: dict[str, int] = {}
    kept = []
    for found in sorted(best.values(), key=lambda one: (one.place.line, one.place.column, one.rule.id)):
        count = counts[found.rule.id] = counts.get(found.rule.id, 0) + 1
        if count <= found.rule.most:
            kept.append(found)
    return kept


class _Finder:
    def __init__(
        self, path: str, facts: FileFacts, index: RuleIndex, scopes: Scopes | None, encoded: bytes, *, is_test: bool
    ) -> None:
        self.facts = facts
        self.encoded = encoded
        self.bodies = facts.bodies
        self.outline = facts.outline
        self.index = index
        self.names = Names(facts, scopes, index.given)
        self.judge = Judge(facts, self.names, path, is_test=is_test)

    def run(self) -> Iterator[Found]:
        named, plain = self.index.named, self.index.plain
        yield from self._calls(named["call"])
        yield from self._assigns(named["assign"])
        if named["import_"]:
            yield from self._imports(named["import_"])
        yield from self._declarations(named["class_"], named["decorator"], plain["function"])
        if plain["handler"]:
            yield from self._handlers(plain["handler"])
        if named["raise_"]:
            yield from self._raises(named["raise_"])
        if plain["literal"]:
            yield from self._literals(plain["literal"])
        if plain["comment"]:
            yield from self._comments(plain["comment"])
        if named["return_"]:
            yield from self._returns(named["return_"])
        if plain["parameter"]:
            yield from self._parameters(plain["parameter"])
        yield from self._values(named["read"], named["entry"], named["markup"], plain["built"])

    # -- calls and assignments ----------------------------------------------------------------------------------------

    def _calls(self, table: _Named) -> Iterator[Found]:
        by_last = table.by_last
        aliases = self._aliases(by_last)
        opened = self._opened(table)
        for number, call in enumerate(self.bodies.calls):
            text = call.callee.text
            last = text[text.rfind(".") + 1 :] if "." in text else text
            if ":" in last or "\\" in last or ">" in last:
                last = _LAST.split(last)[-1]
            candidates = by_last.get(last)
            if last in aliases:
                candidates = [*(candidates or ()), *aliases[last]]
            if opened:
                candidates = [*(candidates or ()), *opened]
            if not candidates or not last:
                continue
            names = self.names.callee(call) or self._unknown(call, last)
            if not names:
                continue
            for pattern, rule, match in candidates:
                for name in names:
                    if pattern.matches(name):
                        place = Place(
                            call.line, call.column, call.end_line, call.scope, call.region, name, call,
                            Value(Kind.CALL, "", number), number,
                        )  # fmt: skip
                        if self.judge.accepts(match, place):
                            yield Found(rule, place)
                        break

    def _unknown(self, call: Call, last: str) -> tuple[str, ...]:
        """Return what a method of something that nothing is known of is called: patterns without an owner mean it."""
        if call.callee.kind == Kind.MEMBER:
            return (f"?.{last}",)
        head, dot, rest = call.callee.text.partition(".")
        if not dot or ("." not in rest and self.names.is_own(head, call.scope, call.line)):
            return ()
        return (f"?.{last}",)

    def _aliases(self, by_last: dict[str, list[Candidate]]) -> dict[str, list[Candidate]]:
        """Return the candidates by what the file itself calls them: imported or assigned under another name."""
        found: dict[str, list[Candidate]] = {}
        for i in self.outline.imports:
            if i.alias:
                original = (
                    i.name if i.name not in {"", "*", "default"} else i.module.rpartition(".")[2].rpartition("/")[2]
                )
                if original in by_last:
                    if original != i.alias:
                        found.setdefault(i.alias, []).extend(by_last[original])
                elif i.module.removeprefix("node:") in by_last:
                    found.setdefault(i.alias, []).extend(by_last[i.module.removeprefix("node:")])
        for assign in self.bodies.assigns:
            value, target = assign.value, assign.target
            if value is not None and value.kind in _NAMING and target.kind == Kind.PATH:
                last = value.text.rpartition(".")[2]
                name = target.text.rpartition(".")[2]
                if name != last and (last in by_last or last in found):
                    found.setdefault(name, []).extend(by_last.get(last) or found[last])
            elif value is not None and target.kind == Kind.DICT:
                for key, local in zip(target.items[::2], target.items[1::2], strict=False):
                    if local.kind == Kind.PATH and key.text in by_last and local.text != key.text:
                        found.setdefault(local.text, []).extend(by_last[key.text])
        return found

    def _opened(self, table: _Named) -> list[Candidate]:
        """Return the candidates without a last name whose module the file imports."""
        if not table.open:
            return []
        heads = {i.module.removeprefix("node:").partition(".")[0] for i in self.outline.imports}
        heads |= {i.module.removeprefix("node:") for i in self.outline.imports}
        return [c for first, candidates in table.open.items() if not first or first in heads for c in candidates]

    def _assigns(self, table: _Named) -> Iterator[Found]:
        if not table:
            return
        by_last, opened = table.by_last, table.open.get("", [])
        for assign in self.bodies.assigns:
            if assign.value is None:
                continue
            target = assign.target
            last = self._target_name(target)
            candidates = by_last.get(last)
            if opened:
                candidates = [*(candidates or ()), *opened]
            if not candidates or not last:
                continue
            names = self._target_names(target, assign.scope, assign.line)
            for pattern, rule, match in candidates:
                name = next((name for name in names if pattern.matches(name)), None)
                if name is not None:
                    place = Place(
                        assign.line, assign.column, assign.line, assign.scope, assign.region, name, None, assign.value
                    )
                    if self.judge.accepts(match, place):
                        yield Found(rule, place)
        for cls_number, cls in enumerate(self.outline.classes):
            for member in cls.members:
                if member.value is not None and member.name in by_last:
                    for pattern, rule, match in by_last[member.name]:
                        if pattern.matches(member.name):
                            place = Place(member.line, 0, member.line, ~cls_number, -1, member.name, None, member.value)
                            if self.judge.accepts(match, place):
                                yield Found(rule, place)

    def _target_name(self, target: Value) -> str:
        if target.kind == Kind.INDEX and len(target.items) == 2:
            return self.judge.key_text(target.items[1]) or ""
        return target.text.rpartition(".")[2]

    def _target_names(self, target: Value, scope: int, line: int) -> tuple[str, ...]:
        """Return what is assigned to: `ssl.context.verify_mode`; a name of the file's own is itself."""
        if target.kind == Kind.PATH:
            owner, dot, last = target.text.rpartition(".")
            if not dot:
                return (target.text,)
            owners = self.names.path(owner, scope, line) or (owner,)
        elif target.kind == Kind.MEMBER and target.items:
            last = target.text
            owners = self.names.of(target.items[0], scope, line) or ("?",)
        elif target.kind == Kind.INDEX and len(target.items) == 2:
            last = self.judge.key_text(target.items[1]) or ""
            owners = self.names.of(target.items[0], scope, line) or ("?",)
        else:
            return ()
        return tuple([f"{owner}.{last}" for owner in owners])

    # -- declarations -------------------------------------------------------------------------------------------------

    def _imports(self, table: _Named) -> Iterator[Found]:
        for i in self.outline.imports:
            module = i.module.removeprefix("node:").replace("::", ".").replace("\\", ".")
            names = (module, f"{module}.{i.name}") if i.name and i.name != "*" else (module,)
            seen: set[int] = set()
            for name in names:
                for pattern, rule, match in (
                    *table.by_last.get(name.rpartition(".")[2], ()),
                    *table.open.get(name.partition(".")[0], ()),
                ):
                    if id(match) not in seen and pattern.matches(name):
                        seen.add(id(match))
                        place = Place(i.line, 1, i.line, i.scope, -1, name)
                        if self.judge.accepts(match, place):
                            yield Found(rule, place)

    def _declarations(
        self, classes: _Named, decorators: _Named, functions: list[tuple[Rule, Match]]
    ) -> Iterator[Found]:
        if classes:
            for number, cls in enumerate(self.outline.classes):
                yield from self._class(number, cls, classes)
        if decorators:
            for number, function in enumerate(self.outline.functions):
                if function.decorators:
                    yield from self._decorated(function, number, function.scope, decorators)
            for number, cls in enumerate(self.outline.classes):
                if cls.decorators:
                    yield from self._decorated(cls, ~number, cls.scope, decorators)
        for rule, match in functions:
            wanted = re.compile(match.function)
            for number, function in enumerate(self.outline.functions):
                if number and wanted.search(function.name):
                    place = Place(function.line, function.column, function.line, number, -1, function.name)
                    if self.judge.accepts(match, place):
                        yield Found(rule, place)

    def _class(self, number: int, cls: Class, table: _Named) -> Iterator[Found]:
        for base in cls.bases:
            last = base.value.text.rpartition(".")[2]
            candidates = [*table.by_last.get(last, ()), *(c for many in table.open.values() for c in many)]
            if not candidates:
                continue
            names = self.names.of(base.value, cls.scope, cls.line)
            for pattern, rule, match in candidates:
                name = next((name for name in names if pattern.matches(name)), None)
                if name is not None:
                    place = Place(cls.line, cls.column, cls.line, ~number, -1, name)
                    if self.judge.accepts(match, place):
                        yield Found(rule, place)

    def _decorated(self, declared: Function | Class, number: int, scope: int, table: _Named) -> Iterator[Found]:
        for decorator in declared.decorators:
            last = decorator.name.rpartition(".")[2]
            candidates = [*table.by_last.get(last, ()), *(c for many in table.open.values() for c in many)]
            if not candidates:
                continue
            names = self.names.path(decorator.name, scope, decorator.line)
            call = self.bodies.calls[decorator.call] if decorator.call >= 0 else None
            for pattern, rule, match in candidates:
                name = next((name for name in names if pattern.matches(name)), None)
                if name is not None:
                    place = Place(decorator.line, 1, decorator.line, number, -1, name, call, None, decorator.call)
                    if self.judge.accepts(match, place):
                        yield Found(rule, place)

    # -- errors, texts ------------------------------------------------------------------------------------------------

    def _handlers(self, rows: list[tuple[Rule, Match]]) -> Iterator[Found]:
        for handler in self.bodies.handlers:
            caught: tuple[str, ...] | None = None
            for rule, match in rows:
                wanted = texts(match.handler)
                if match.body and not set(match.body) <= set(handler.body):
                    continue
                if caught is None:
                    caught = tuple(
                        [n for t in handler.caught for n in self.names.path(t, handler.scope, handler.line) or (t,)]
                    )
                if (
                    wanted == (ANYTHING,)
                    or ("bare" in wanted and not handler.caught)
                    or self.judge.is_named(caught, wanted)
                ):
                    region = self.bodies.regions[handler.region].parent if handler.region >= 0 else -1
                    name = ", ".join(handler.caught)
                    place = Place(handler.line, 0, handler.end_line, handler.scope, region, name, handler=handler)
                    if self.judge.accepts(match, place):
                        yield Found(rule, place)

    def _raises(self, table: _Named) -> Iterator[Found]:
        for raised in self.bodies.raises:
            value = raised.value
            if value is None:
                continue
            names = self.names.of(value, raised.scope, raised.line)
            for name in names or ("",):
                for pattern, rule, match in (
                    *table.by_last.get(name.rpartition(".")[2], ()),
                    *(c for many in table.open.values() for c in many),
                ):
                    if pattern.text == ANYTHING or (name and pattern.matches(name)):
                        call = self.bodies.calls[value.ref] if value.kind == Kind.CALL else None
                        place = Place(raised.line, 0, raised.line, raised.scope, raised.region, name, call, value)
                        if self.judge.accepts(match, place):
                            yield Found(rule, place)

    def _returns(self, table: _Named) -> Iterator[Found]:
        opened = [c for many in table.open.values() for c in many]
        for returned in self.bodies.returns:
            value = returned.value
            if returned.kind != "return":
                continue
            candidates = opened
            if value is not None and table.by_last:
                candidates = [*table.by_last.get(value.text.rpartition(".")[2], ()), *opened]
            for pattern, rule, match in candidates:
                names = ("",) if value is None else self.names.of(value, returned.scope, returned.line) or ("",)
                name = next((n for n in names if pattern.text == ANYTHING or pattern.matches(n)), None)
                if name is not None:
                    place = Place(returned.line, 0, returned.line, returned.scope, returned.region, name, None, value)
                    if self.judge.accepts(match, place):
                        yield Found(rule, place)

    def _parameters(self, rows: list[tuple[Rule, Match]]) -> Iterator[Found]:
        wanted = [(re.compile(m.parameter), r, m) for r, m in rows]
        for number, function in enumerate(self.outline.functions):
            for param in function.params:
                if param.default is None:
                    continue
                for regex, rule, match in wanted:
                    if regex.search(param.name):
                        at = _first_literal(param.default)
                        line = function.line if at < 0 else self.facts.texts.literals[at].line
                        place = Place(line, 0, line, number, -1, param.name, None, param.default)
                        if self.judge.accepts(match, place):
                            yield Found(rule, place)

    def _literals(self, rows: list[tuple[Rule, Match]]) -> Iterator[Found]:
        wanted = [(re.compile(m.literal), re.compile(m.called) if m.called else None, r, m) for r, m in rows]
        for number, literal in enumerate(self.facts.texts.literals):
            if literal.kind not in {"string", "bytes", "template"} or literal.context in _NOT_CODE:
                continue
            for regex, called, rule, match in wanted:
                if called is not None and called.search(literal.name) is None:
                    continue
                if regex.search(literal.value) is not None:
                    value = Value(Kind.STRING if literal.kind != "template" else Kind.TEMPLATE, "", number)
                    place = Place(
                        literal.line, literal.column, literal.end_line, literal.scope, -1, literal.name, None, value
                    )
                    if self.judge.accepts(match, place):
                        yield Found(rule, place)

    def _comments(self, rows: list[tuple[Rule, Match]]) -> Iterator[Found]:
        wanted = [(re.compile(m.comment), r, m) for r, m in rows]
        for comment in self.facts.texts.comments:
            for regex, rule, match in wanted:
                found = regex.search(comment.text)
                if found is not None:
                    place = Place(comment.line, comment.column, comment.end_line, 0, -1, found[0])
                    if self.judge.accepts(match, place):
                        yield Found(rule, place)

    # -- values, wherever they stand ----------------------------------------------------------------------------------

    def _values(
        self, reads: _Named, entries: _Named, markup: _Named, built: list[tuple[Rule, Match]]
    ) -> Iterator[Found]:
        literals = self.facts.texts.literals
        patterns_of_built = [(re.compile(m.built), r, m) for r, m in built]
        watched = {
            i
            for i, literal in enumerate(literals)
            for regex, _, _ in patterns_of_built
            if literal.kind in {"string", "template"} and literal.context != "docstring" and regex.search(literal.value)
        }
        identifiers = self.facts.names
        read_words = reads.by_last.keys() & identifiers if reads else frozenset()
        operations = self.index.operations
        keys = self._present(entries.by_last)
        if not (watched or read_words or keys or markup or operations):
            return
        for root, line, column, scope, region in _roots(self.facts):
            stack = [root]
            while stack:
                value = stack.pop()
                kind = value.kind
                if read_words and kind in _NAMING:
                    last = value.text.rpartition(".")[2]
                    if last in read_words:
                        yield from self._read(value, reads.by_last[last], line, column, scope, region)
                elif kind == Kind.OPERATION and value.text in operations:
                    place = Place(line, column, line, scope, region, value.text, None, value)
                    for rule, match in operations[value.text]:
                        if self.judge.accepts(match, place):
                            yield Found(rule, place)
                elif kind == Kind.DICT and keys:
                    yield from self._entries(value, entries, line, column, scope, region)
                elif kind == Kind.MARKUP and markup:
                    for pattern, rule, match in markup.by_last.get(value.text, markup.open.get("", ())):
                        at, start = self._of_markup(value, line, column)
                        place = Place(at, start, at, scope, region, value.text, None, value)
                        if pattern.matches(value.text) and self.judge.accepts(match, place):
                            yield Found(rule, place)
                if watched and kind in _BUILDING:
                    found = list(self._built(value, patterns_of_built, line, column, scope, region))
                    if found:
                        yield from found
                        continue  # its parts are parts of the same string
                stack.extend(value.items)

    def _of_markup(self, value: Value, line: int, column: int) -> tuple[int, int]:
        """Return where an element stands: by the first literal in it, as it has no place of its own."""
        first = _first_literal(value)
        if first < 0:
            return line, column
        literal = self.facts.texts.literals[first]
        return literal.line, literal.column

    def _present(self, words: Iterable[str]) -> list[str]:
        """Return those of the words that stand anywhere in the file."""
        encoded = self.encoded
        return [word for word in words if not encoded or word.encode() in encoded]

    def _read(
        self, value: Value, candidates: list[Candidate], line: int, column: int, scope: int, region: int
    ) -> Iterator[Found]:
        names = self.names.of(value, scope, line)
        for pattern, rule, match in candidates:
            name = next((name for name in names if pattern.matches(name)), None)
            if name is not None:
                place = Place(line, column, line, scope, region, name, None, value)
                if self.judge.accepts(match, place):
                    yield Found(rule, place)

    def _entries(self, value: Value, table: _Named, line: int, column: int, scope: int, region: int) -> Iterator[Found]:
        for key, entry in zip(value.items[::2], value.items[1::2], strict=False):
            name = self.judge.key_text(key)
            if name is None:
                continue
            for _, rule, match in table.by_last.get(name, ()):
                at, start = (line, column)
                if entry.ref >= 0 and entry.kind in _LITERALS:
                    literal = self.facts.texts.literals[entry.ref]
                    at, start = literal.line, literal.column
                place = Place(at, start, at, scope, region, name, None, entry)
                if self.judge.accepts(match, place):
                    yield Found(rule, place)

    def _built(
        self,
        value: Value,
        rows: list[tuple[re.Pattern[str], Rule, Match]],
        line: int,
        column: int,
        scope: int,
        region: int,
    ) -> Iterator[Found]:
        text = built_text(self.judge, value, scope, line)
        if text is None:
            return
        for regex, rule, match in rows:
            if regex.search(text):
                at, start = line, column
                literal = _first_literal(value)
                if literal >= 0:
                    at, start = self.facts.texts.literals[literal].line, self.facts.texts.literals[literal].column
                place = Place(at, start, at, scope, region, text, None, value)
                if self.judge.accepts(match, place):
                    yield Found(rule, place)


_LAST: Final = re.compile(r"::|\\|->|>")
_NAMING: Final = frozenset({Kind.PATH, Kind.MEMBER})
_LITERALS: Final = frozenset({Kind.STRING, Kind.NUMBER, Kind.TEMPLATE, Kind.REGEX})
_BUILDING: Final = frozenset({Kind.OPERATION, Kind.TEMPLATE, Kind.CALL})
_NOT_CODE: Final = frozenset({"docstring", "annotation"})


def _first_literal(value: Value) -> int:
    stack = [value]
    while stack:
        one = stack.pop()
        if one.kind in _LITERALS and one.ref >= 0:
            return one.ref
        stack.extend(reversed(one.items))
    return -1


def _roots(facts: FileFacts) -> Iterator[tuple[Value, int, int, int, int]]:
    """Yield each expression of a file once, with line, column (0 where it is not known), scope and region."""
    bodies, outline = facts.bodies, facts.outline
    for call in bodies.calls:
        yield call.callee, call.line, call.column, call.scope, call.region
        for arg in call.args:
            yield arg.value, call.line, call.column, call.scope, call.region
    for assign in bodies.assigns:
        if assign.value is not None:
            yield assign.value, assign.line, assign.column, assign.scope, assign.region
    for returned in bodies.returns:
        if returned.value is not None:
            yield returned.value, returned.line, 0, returned.scope, returned.region
    for raised in bodies.raises:
        if raised.value is not None:
            yield raised.value, raised.line, 0, raised.scope, raised.region
    for region in bodies.regions:
        if region.value is not None:
            yield region.value, region.line, 0, region.scope, region.parent
    for number, function in enumerate(outline.functions):
        for param in function.params:
            if param.default is not None:
                yield param.default, function.line, 0, function.scope if number else 0, -1
    for number, cls in enumerate(outline.classes):
        for member in cls.members:
            if member.value is not None:
                yield member.value, member.line, 0, ~number, -1
    for export in outline.exports:
        if export.value is not None:
            yield export.value, export.line, 0, 0, -1
