"""From the facts of one file to the places that rules find in it.

What could be meant is looked up by its last name first, so a file that mentions nothing a rule knows costs one look at
each of its calls; only then are names resolved and conditions judged.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from driftd.pipeline.detect.built import built_text
from driftd.pipeline.detect.judging import Judge
from driftd.pipeline.detect.names import Names
from driftd.pipeline.detect.patterns import ANYTHING, patterns
from driftd.pipeline.detect.places import Candidate, Found, Place
from driftd.pipeline.detect.regexes import compiled, shortest_match
from driftd.pipeline.detect.roots import LITERALS, first_literal, roots
from driftd.pipeline.detect.rules import RuleFile, texts
from driftd.pipeline.facts.model import Kind, Value

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from driftd.pipeline.detect.names import Handed
    from driftd.pipeline.detect.rules import Match, RoutedValue, Rule
    from driftd.pipeline.facts.model import Call, Class, FileFacts, Function
    from driftd.pipeline.scopes import Scopes


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
        self.given: Handed = {}
        self.routed: list[RoutedValue] = []
        # Memos: what is asked of strings of a purpose, with the length of the shortest that can match, and of imports.
        self.by_purpose: dict[str, list[tuple[int, re.Pattern[str], Rule, Match]]] = {}
        self.of_imports: dict[tuple[str, str], list[tuple[str, Rule, Match]]] = {}
        self.given_heads: set[str] = set()  # first names of what frameworks give
        for file in files:
            for handed in file.gives:
                if language in file.languages:
                    self.given_heads |= {name.partition(".")[0] for name in handed.gives}
                    for method in handed.methods:
                        self.given.setdefault(method, []).append((frozenset(handed.symbols), handed.gives))
            if language in file.languages:
                self.routed += file.routed
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


def _import_candidates(table: _Named, imported: str, member: str) -> list[tuple[str, Rule, Match]]:
    """Return the rules about what is imported, each once, with the name that they know it by."""
    module = imported.removeprefix("node:").replace("::", ".").replace("\\", ".")
    names = (module, f"{module}.{member}") if member and member != "*" else (module,)
    found: dict[int, tuple[str, Rule, Match]] = {}
    for name in names:
        for pattern, rule, match in (
            *table.by_last.get(name.rpartition(".")[2], ()),
            *table.open.get(name.partition(".")[0], ()),
        ):
            if id(match) not in found and pattern.matches(name):
                found[id(match)] = (name, rule, match)
    return list(found.values())


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
    finder.names.close()
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
        self.names = Names(facts, scopes, index.given, index.routed)
        self.judge = Judge(facts, self.names, path, is_test=is_test)
        self._heads: set[str] | None = None

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
        meant: dict[str, tuple[Candidate, ...]] = {}
        for number, call in enumerate(self.bodies.calls):
            text = call.callee.text
            last = text[text.rfind(".") + 1 :] if "." in text else text
            candidates = meant.get(last)
            if candidates is None:
                plain = _LAST.split(last)[-1] if ":" in last or "\\" in last or ">" in last else last
                known = (*by_last.get(plain, ()), *aliases.get(plain, ()))
                candidates = meant[last] = (*self._possible(known), *opened) if plain else ()
            if candidates:
                yield from self._call(number, call, last, candidates)

    def _call(self, number: int, call: Call, last: str, candidates: tuple[Candidate, ...]) -> Iterator[Found]:
        """Judge a call; what it calls is looked up when something that any owner may have is as a rule says."""
        names: tuple[str, ...] | None = None
        value = Value(Kind.CALL, "", number)
        place = Place(call.line, call.column, call.end_line, call.scope, call.region, last, call, value, number)
        for pattern, rule, match in candidates:
            judged = False
            if names is None:
                if pattern.is_any:
                    if not self.judge.accepts(match, place):
                        continue
                    judged = True
                names = self.names.callee(call) or self._unknown(call, last)
            for name in names:
                if name == pattern.text if pattern.is_plain else pattern.matches(name):
                    if judged or self.judge.accepts(match, place):
                        yield Found(rule, replace(place, name=name))
                    break

    def _possible(self, candidates: Iterable[Candidate]) -> list[Candidate]:
        """Return the candidates whose first name the file has: imported or read."""
        if self._heads is None:
            heads = {*self.facts.names, *self.index.given_heads}
            if self.names.ecmascript:
                heads.add("express")  # parameters can be its request and response by their names alone
            for i in self.outline.imports:
                module = i.module.removeprefix("node:")
                heads.update((module, _HEAD.split(module, maxsplit=1)[0]))
            self._heads = heads
        return [c for c in candidates if not c.pattern.first or c.pattern.first in self._heads]

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
        known = {(a.line, a.target.text) for a in self.bodies.assigns if a.scope < 0}
        for cls_number, cls in enumerate(self.outline.classes):
            for member in cls.members:
                if member.value is not None and member.name in by_last and (member.line, member.name) not in known:
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
        known = self.index.of_imports
        if len(known) > _MOST_REMEMBERED:
            known.clear()
        for i in self.outline.imports:
            meant = known.get((i.module, i.name))
            if meant is None:
                meant = known[i.module, i.name] = _import_candidates(table, i.module, i.name)
            for name, rule, match in meant:
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
            wanted = compiled(match.function)
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
                        [n for t in handler.caught for n in self._class_names(t, handler.scope, handler.line)]
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

    def _class_names(self, text: str, scope: int, line: int) -> tuple[str, ...]:
        """Return which class is meant; one of the file's own is itself, not what it is derived from."""
        if "." not in text and self.names.is_own(text, scope, line):
            return (f"?.{text}",)
        return self.names.path(text, scope, line) or (text,)

    def _raises(self, table: _Named) -> Iterator[Found]:
        opened = [c for many in table.open.values() for c in many]
        for raised in self.bodies.raises:
            value = raised.value
            if value is None:
                continue
            call = self.bodies.calls[value.ref] if value.kind == Kind.CALL else None
            text = (call.callee if call is not None else value).text
            names: tuple[str, ...] | None = None
            for pattern, rule, match in (*table.by_last.get(text.rpartition(".")[2], ()), *opened):
                if names is None and pattern.text not in _ALL:
                    names = self._class_names(text, raised.scope, raised.line) if text else ()
                name = text if pattern.text in _ALL else next((n for n in names or () if pattern.matches(n)), None)
                if name is not None:
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
                text = (self.bodies.calls[value.ref].callee if value.kind == Kind.CALL else value).text
                candidates = [*table.by_last.get(text.rpartition(".")[2], ()), *opened]
            if not candidates:
                continue
            anywhere = Place(returned.line, 0, returned.line, returned.scope, returned.region, "", None, value)
            for pattern, rule, match in candidates:
                place = anywhere
                if pattern.text not in _ALL:
                    names = () if value is None else self.names.of(value, returned.scope, returned.line)
                    name = next((n for n in names if pattern.matches(n)), None)
                    if name is None:
                        continue
                    place = replace(anywhere, name=name)
                if self.judge.accepts(match, place):
                    yield Found(rule, place)

    def _parameters(self, rows: list[tuple[Rule, Match]]) -> Iterator[Found]:
        wanted = [(compiled(m.parameter), r, m) for r, m in rows]
        for number, function in enumerate(self.outline.functions):
            for param in function.params:
                if param.default is None:
                    continue
                for regex, rule, match in wanted:
                    if regex.search(param.name):
                        at = first_literal(param.default)
                        line = function.line if at < 0 else self.facts.texts.literals[at].line
                        place = Place(line, 0, line, number, -1, param.name, None, param.default)
                        if self.judge.accepts(match, place):
                            yield Found(rule, place)

    def _literals(self, rows: list[tuple[Rule, Match]]) -> Iterator[Found]:
        by_purpose = self.index.by_purpose
        if len(by_purpose) > _MOST_REMEMBERED:
            by_purpose.clear()
        for number, literal in enumerate(self.facts.texts.literals):
            if literal.kind not in _TEXTS or literal.context in _NOT_CODE:
                continue
            wanted = by_purpose.get(literal.name)
            if wanted is None:
                wanted = by_purpose[literal.name] = [
                    (shortest_match(m.literal), compiled(m.literal), r, m)
                    for r, m in rows
                    if not m.called or compiled(m.called).search(literal.name)
                ]
            if not wanted:
                continue
            length = len(literal.value)
            for shortest, regex, rule, match in wanted:
                if length >= shortest and regex.search(literal.value) is not None:
                    value = Value(Kind.STRING if literal.kind != "template" else Kind.TEMPLATE, "", number)
                    place = Place(
                        literal.line, literal.column, literal.end_line, literal.scope, -1, literal.name, None, value
                    )
                    if self.judge.accepts(match, place):
                        yield Found(rule, place)

    def _comments(self, rows: list[tuple[Rule, Match]]) -> Iterator[Found]:
        wanted = [(compiled(m.comment), r, m) for r, m in rows]
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
        patterns_of_built = [(compiled(m.built), r, m) for r, m in built]
        watched = {
            i
            for i, literal in enumerate(literals)
            for regex, _, _ in patterns_of_built
            if literal.kind in {"string", "template"} and literal.context != "docstring" and regex.search(literal.value)
        }
        identifiers = self.facts.names
        read_words = reads.by_last.keys() & identifiers if reads else frozenset()
        operations = self.index.operations
        # Where every expression is looked at anyway, it need not be found out which words are there.
        keys: Collection[str] = entries.by_last if markup or operations else self._present(entries.by_last)
        if not (watched or read_words or keys or markup or operations):
            return
        for root, line, column, scope, region in roots(self.facts):
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
        first = first_literal(value)
        if first < 0:
            return line, column
        literal = self.facts.texts.literals[first]
        return literal.line, literal.column

    def _present(self, words: Iterable[str]) -> list[str]:
        """Return those of the words that stand anywhere in the file."""
        encoded = self.encoded
        return [word for word in words if not encoded or encoded.find(word.encode()) >= 0]

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
                if entry.ref >= 0 and entry.kind in LITERALS:
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
                literal = first_literal(value)
                if literal >= 0:
                    at, start = self.facts.texts.literals[literal].line, self.facts.texts.literals[literal].column
                place = Place(at, start, at, scope, region, text, None, value)
                if self.judge.accepts(match, place):
                    yield Found(rule, place)


_MOST_REMEMBERED: Final = 20_000
_HEAD: Final = re.compile(r"[.:\\]")
_LAST: Final = re.compile(r"::|\\|->|>")
_ALL: Final = frozenset({ANYTHING, "**"})
_NAMING: Final = frozenset({Kind.PATH, Kind.MEMBER})
_BUILDING: Final = frozenset({Kind.OPERATION, Kind.TEMPLATE, Kind.CALL})
_TEXTS: Final = frozenset({"string", "bytes", "template"})
_NOT_CODE: Final = frozenset({"docstring", "annotation"})
