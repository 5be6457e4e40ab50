"""Whether the conditions of a rule hold at a place."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from driftd.pipeline.detect import callbacks
from driftd.pipeline.detect.built import assigned, built_name, built_text, dynamic_parts, path_value
from driftd.pipeline.detect.origins import comes_from, given_to
from driftd.pipeline.detect.patterns import patterns
from driftd.pipeline.detect.places import Place
from driftd.pipeline.detect.purposes import Purposes
from driftd.pipeline.detect.regexes import compiled, is_exponential
from driftd.pipeline.detect.rules import Condition, texts
from driftd.pipeline.facts.model import Function, Kind, Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from driftd.pipeline.detect.names import Names
    from driftd.pipeline.detect.rules import Match
    from driftd.pipeline.facts.model import Arg, Call, FileFacts


class Judge:
    """Judges the places of one file."""

    def __init__(self, facts: FileFacts, names: Names, path: str, *, is_test: bool) -> None:
        """`path` is relative to the workspace."""
        self.facts = facts
        self.names = names
        self.path = path
        self.is_test = is_test
        self._used: set[int] | None = None
        self._called: frozenset[str] | None = None
        self._words: set[str] | None = None  # that the file reads or imports
        self._iterated: frozenset[int] | None = None  # the loops that a name is given the elements in
        self._purposes = Purposes(facts)

    def accepts(self, match: Match, place: Place) -> bool:
        """Return whether all of `where` holds and none of `unless` does."""
        return all(self.holds(c, place) for c in match.where) and not any(self.holds(c, place) for c in match.unless)

    def holds(self, condition: Condition, place: Place) -> bool:
        """Return whether a condition holds at a place."""
        if not self._around(condition, place):
            return False
        found = self._selected(condition, place)
        if found is None:
            return self._shape(condition, place)
        if condition.missing is not None:
            return condition.missing is not bool(found)
        return any(self.fits(condition, value, place.scope, place.line) for value in found)

    # -- what a condition looks at ------------------------------------------------------------------------------------

    def _selected(self, condition: Condition, place: Place) -> list[Value] | None:
        """Return the values that a condition is about; None if it is about the place itself."""
        if condition.arg is not None:
            return [] if place.call is None else self.arguments(place.call, condition.arg)
        if condition.attribute:
            return [] if place.value is None else _attributes(place.value, condition.attribute)
        if condition.receiver:
            return [] if place.call is None else _receiver(place.call)
        if condition.value or (place.call is None and _says_something(condition)):
            return [] if place.value is None else [place.value]
        return None

    def arguments(self, call: Call, which: int | str | tuple[int | str, ...]) -> list[Value]:
        """Return the argument that is meant, if it is there; all for `*`."""
        if which == "*":
            return [arg.value for arg in call.args]
        for one in which if isinstance(which, tuple) else (which,):
            found = _argument(call.args, one)
            if found is not None:
                return [found]
        return []

    # -- values -------------------------------------------------------------------------------------------------------

    def fits(self, c: Condition, value: Value, scope: int, line: int) -> bool:
        """Return whether a value is as a condition says."""
        if c.is_ and self.names.word(value, scope, line) not in texts(c.is_):
            return False
        if c.text:
            found = self.names.texts(value, scope, line)
            if not found and c.built:
                built = built_text(self, value, scope, line)
                found = () if built is None else (built,)
            if not any(map(compiled(c.text).search, found)):
                return False
        if c.at_least is not None or c.at_most is not None or c.below is not None:
            number = self.names.number(value, scope, line)
            if number is None or not (
                (c.at_least is None or number >= c.at_least)
                and (c.at_most is None or number <= c.at_most)
                and (c.below is None or number < c.below)
            ):
                return False
        if c.permits:
            bits = self.names.number(value, scope, line)
            if bits is None or not int(bits) & c.permits:
                return False
        if c.name and not self.is_named(self.names.of(value, scope, line), texts(c.name)):
            return False
        if c.built is not None and c.built is not self.is_built(value, scope, line):
            return False
        if c.constant is not None and c.constant is not self.names.is_constant(value, scope, line):
            return False
        if c.empty is not None and c.empty is not self._is_empty(value, scope, line):
            return False
        if c.async_ is not None and not (
            value.kind == Kind.FUNCTION and self.facts.outline.functions[value.ref].is_async is c.async_
        ):
            return False
        if c.kind and _KINDS[value.kind] not in texts(c.kind):
            return False
        if c.calls and not self._is_call(c, value, scope, line):
            return False
        if c.has or c.lacks:
            value, scope, line = self._container(value, scope, line, is_whole=bool(c.lacks))
        for key, inner in c.has.items():
            entries = list(self.entries(value, key, scope, line))
            if inner.missing:
                if entries:
                    return False
            elif not any(self.fits(inner, entry, scope, line) for entry in entries):
                return False
        if c.lacks and (
            not self._is_known(value) or any(True for key in c.lacks for _ in self.entries(value, key, scope, line))
        ):
            return False
        if c.items is not None and not any(self.fits(c.items, item, scope, line) for item in self._items(value)):
            return False
        if c.comparison and not (value.kind == Kind.OPERATION and value.text in texts(c.comparison)):
            return False
        if c.entry is not None and not any(self.fits(c.entry, entry, scope, line) for _, entry in self.pairs(value)):
            return False
        if c.part is not None and not self._has_part(c.part, value, scope, line):
            return False
        if c.written and not any(map(compiled(c.written).search, self._written(value, scope, line))):
            return False
        if c.text_built:
            text = built_text(self, value, scope, line)
            if text is None or compiled(c.text_built).search(text) is None:
                return False
        if c.regex and not self._is_regex(value, scope, line, c.regex):
            return False
        if c.gives and not callbacks.always_gives(self.facts, value, c.gives):
            return False
        if c.exponential is not None and c.exponential is not self._is_exponential(value, scope, line):
            return False
        if c.comes_from and not comes_from(self.names, value, scope, line, texts(c.comes_from)):
            return False
        if c.mentions and not any(map(compiled(c.mentions).search, self._mentioned(value, scope, line))):
            return False
        if c.any and not any(self.fits(one, value, scope, line) for one in c.any):
            return False
        return c.not_ is None or not self.fits(c.not_, value, scope, line)

    def _has_part(self, c: Condition, value: Value, scope: int, line: int, depth: int = 3) -> bool:
        """Return whether a part that is not constant is so; of one that has a name, both the name and what it is."""
        for part in dynamic_parts(self, value, scope, line):
            if self.fits(c, part, scope, line):
                # Up to the line before, for `text = f"{text}…"` goes on with what it was.
                given = built_name(self, part, scope, line - 1) if depth else None
                if given is None or self._has_part(c, given, scope, line, depth - 1):
                    return True
        return False

    def _is_regex(self, value: Value, scope: int, line: int, wanted: str) -> bool:
        if value.kind == Kind.PATH:
            given = assigned(self.facts, value.text, scope, line) or assigned(self.facts, value.text, 0, line)
            value = given if given is not None else value
        if value.kind != Kind.REGEX or value.ref < 0:
            return False
        return compiled(wanted).search(self.facts.texts.literals[value.ref].value) is not None

    def _is_exponential(self, value: Value, scope: int, line: int) -> bool:
        if value.kind == Kind.PATH:
            given = given_to(self.names, value.text, scope, line)
            value = value if given is None else given[0]
        if value.kind not in {Kind.REGEX, Kind.STRING} or value.ref < 0:
            return False
        return is_exponential(self.facts.texts.literals[value.ref].value)

    def is_named(self, names: Iterable[str], wanted: tuple[str, ...]) -> bool:
        """Return whether one of the names is one of those that are wanted."""
        return any(pattern.matches(name) for name in names for pattern in patterns(wanted))

    def is_built(self, value: Value, scope: int, line: int) -> bool:
        """Return whether a string is put together from something that is not the same every time."""
        return built_text(self, value, scope, line) is not None

    def entries(self, value: Value, key: str, scope: int, line: int) -> Iterator[Value]:
        """Yield the values of a dotted key in an object, a dictionary, or the keyword arguments of a call."""
        head, _, rest = key.partition(".")
        for name, entry in self.pairs(value):
            if name == head:
                if rest:
                    yield from self.entries(entry, rest, scope, line)
                else:
                    yield entry

    def pairs(self, value: Value) -> Iterator[tuple[str, Value]]:
        """Yield the named entries of an object, a dictionary, or a call's keyword arguments."""
        if value.kind == Kind.DICT:
            for key, entry in zip(value.items[::2], value.items[1::2], strict=False):
                name = self.key_text(key)
                if name is not None:
                    yield name, entry
        elif value.kind == Kind.CALL:
            for arg in self.names.calls[value.ref].args:
                if arg.name:
                    yield arg.name, arg.value
                elif arg.value.kind == Kind.DICT:
                    yield from self.pairs(arg.value)
        elif value.kind == Kind.MARKUP:
            for item in value.items:
                if item.kind == Kind.NAMED and item.items:
                    yield item.text, item.items[0]
        elif value.kind in {Kind.CAST, Kind.AWAIT, Kind.NAMED} and value.items:
            yield from self.pairs(value.items[-1] if value.kind == Kind.NAMED else value.items[0])

    def key_text(self, key: Value) -> str | None:
        """Return the name of an entry."""
        if key.kind == Kind.MEMBER and not key.items:
            return key.text
        if key.kind == Kind.STRING and key.ref >= 0:
            return self.facts.texts.literals[key.ref].value
        return None

    def _container(self, value: Value, scope: int, line: int, *, is_whole: bool) -> tuple[Value, int, int]:
        """Return the object or dictionary that a local name was given; not if entries may have been added since."""
        if value.kind != Kind.PATH or "." in value.text:
            return value, scope, line
        given = given_to(self.names, value.text, scope, line)
        if given is None or given[0].kind != Kind.DICT or (is_whole and self._is_extended(value.text)):
            return value, scope, line
        return given

    def _is_extended(self, name: str) -> bool:
        for assign in self.facts.bodies.assigns:
            target = assign.target
            if target.kind == Kind.PATH and target.text.startswith(name + "."):
                return True
            if target.kind == Kind.INDEX and target.items and target.items[0].text.partition(".")[0] == name:
                return True
        return False

    def _is_known(self, value: Value) -> bool:
        """Return whether all entries of a container are seen: without a spread."""
        if value.kind == Kind.DICT:
            return not any(key.kind == Kind.SPREAD for key in value.items[::2])
        if value.kind == Kind.CALL:
            return not any(arg.value.kind == Kind.SPREAD for arg in self.names.calls[value.ref].args)
        if value.kind == Kind.MARKUP:
            return not any(item.kind == Kind.SPREAD for item in value.items)
        return False

    def _is_call(self, c: Condition, value: Value, scope: int, line: int) -> bool:
        if value.kind == Kind.PATH and "." not in value.text:
            given = given_to(self.names, value.text, scope, line)
            value = value if given is None else given[0]
        while value.kind in {Kind.AWAIT, Kind.CAST} and value.items:
            value = value.items[0]
        if value.kind != Kind.CALL:
            return False
        call = self.names.calls[value.ref]
        if not self.is_named(self.names.callee(call), texts(c.calls)):
            return False
        inner = Place(call.line, call.column, call.end_line, call.scope, call.region, call=call)
        return all(self.holds(one, inner) for one in c.call_where)

    def _is_empty(self, value: Value, scope: int, line: int) -> bool:
        if value.kind in {Kind.LIST, Kind.TUPLE, Kind.SET, Kind.DICT}:
            return not value.items
        return self.names.text(value, scope, line) == ""

    def _written(self, value: Value, scope: int, line: int, depth: int = 2) -> Iterator[str]:
        """Yield the name of a value as it is written; of a call, what it calls; of a local name, also what it is."""
        while value.kind in {Kind.AWAIT, Kind.CAST, Kind.INDEX} and value.items:
            value = value.items[0]
        if value.kind == Kind.CALL:
            value = self.names.calls[value.ref].callee
        if value.kind in {Kind.PATH, Kind.MEMBER}:
            yield value.text
            if depth and value.kind == Kind.PATH and "." not in value.text:
                given = assigned(self.facts, value.text, scope, line)
                if given is not None:
                    yield from self._written(given, scope, line, depth - 1)

    def _mentioned(self, value: Value, scope: int, line: int) -> Iterator[str]:
        """Yield the names that are read in a value: in the calls in it, and in what its local names were given."""
        stack, left, seen = [value], _MENTIONED, set[str]()
        while stack and left:
            left -= 1
            one = stack.pop()
            if one.kind in {Kind.PATH, Kind.MEMBER}:
                yield one.text if one.kind == Kind.PATH else "." + one.text
                if one.kind == Kind.PATH and "." not in one.text and one.text not in seen:
                    seen.add(one.text)
                    given = assigned(self.facts, one.text, scope, line)
                    if given is not None:
                        stack.append(given)
            elif one.kind == Kind.CALL:
                call = self.names.calls[one.ref]
                stack.extend(_receiver(call))
                stack.extend(arg.value for arg in call.args)
            stack.extend(one.items[1:] if one.kind == Kind.CONDITIONAL else one.items)

    @staticmethod
    def _items(value: Value) -> tuple[Value, ...]:
        return value.items if value.kind in {Kind.LIST, Kind.TUPLE, Kind.SET, Kind.OPERATION} else (value,)

    # -- the place ----------------------------------------------------------------------------------------------------

    def _shape(self, c: Condition, place: Place) -> bool:
        """Return whether the call itself is as said; True where nothing is said of it."""
        call = place.call
        if c.count_at_least is not None and (call is None or len(call.args) < c.count_at_least):
            return False
        if c.count_at_most is not None and (call is None or len(call.args) > c.count_at_most):
            return False
        if c.awaited is not None and (call is None or call.is_await is not c.awaited):
            return False
        if c.is_new is not None and (call is None or call.is_new is not c.is_new):
            return False
        if c.used is not None and c.used is not (place.number in self._used_calls()):
            return False
        if c.purpose and not any(map(compiled(c.purpose).search, self._purposes.of(place.number))):
            return False
        if call is not None and (c.has or c.lacks):
            given = _call_value(place.number)
            return self.fits(_entries_only(c), given, place.scope, place.line) if place.number >= 0 else False
        if c.any:
            return any(self.holds(one, place) for one in c.any)
        return c.not_ is None or not self.holds(c.not_, place)

    def _around(self, c: Condition, place: Place) -> bool:
        if c.in_test is not None and c.in_test is not self.is_test:
            return False
        if c.file and not any(
            fnmatchcase(self.path, glob) or fnmatchcase("/" + self.path, glob) for glob in texts(c.file)
        ):
            return False
        if c.imports and not self._imports(texts(c.imports)):
            return False
        if c.file_mentions and not any(map(compiled(c.file_mentions).search, self.facts.names)):
            return False
        if c.has_call and not self._has_call(texts(c.has_call)):
            return False
        if c.in_function and not any(compiled(c.in_function).search(f.name) for f in self._functions(place.scope)):
            return False
        if c.in_async is not None and c.in_async is not next((f.is_async for f in self._functions(place.scope)), False):
            return False
        if c.decorated and not self._decorated(place, texts(c.decorated)):
            return False
        if c.in_class and not self._in_class(place, texts(c.in_class)):
            return False
        if c.in_loop is not None and c.in_loop is not self._within(place.region, {"loop", "comprehension"}):
            return False
        if c.for_each is not None and c.for_each is not self._is_repeated(place.region):
            return False
        if c.beside and not self._is_beside(c, place):
            return False
        if c.in_branch is not None and c.in_branch is not self._within(place.region, _BRANCHES):
            return False
        if c.handed_to and not self._is_handed(place.scope, texts(c.handed_to)):
            return False
        if c.commented is not None and c.commented is not self._is_commented(place):
            return False
        if (c.does or c.does_only) and not _does(c, place):
            return False
        if c.caught_as and (place.handler is None or not compiled(c.caught_as).search(place.handler.name)):
            return False
        if c.above and not self._is_above(place, texts(c.above)):
            return False
        if c.is_method is not None and c.is_method is not (
            place.scope > 0 and self.facts.outline.functions[place.scope].kind == "method"
        ):
            return False
        if c.changed is not None and c.changed is not self._changes(place.scope, place.name):
            return False
        if c.does_nothing is not None and c.does_nothing is not callbacks.does_nothing(self.facts, place.scope):
            return False
        if c.visibility and not (
            place.scope > 0 and self.facts.outline.functions[place.scope].visibility in texts(c.visibility)
        ):
            return False
        if c.in_finally is not None and c.in_finally is not self._within(place.region, {"finally"}):
            return False
        return c.in_handler is None or c.in_handler is self._within(place.region, {"handler"})

    def _functions(self, scope: int) -> Iterator[Function]:
        outline = self.facts.outline
        while True:
            if scope < 0:
                scope = outline.classes[~scope].scope
                continue
            if scope == 0:
                return
            yield outline.functions[scope]
            scope = outline.functions[scope].scope

    def _decorated(self, place: Place, wanted: tuple[str, ...]) -> bool:
        for function in self._functions(place.scope):
            for decorator in function.decorators:
                if self.is_named(self.names.path(decorator.name, function.scope, decorator.line), wanted):
                    return True
        return False

    def _is_above(self, place: Place, wanted: tuple[str, ...]) -> bool:
        """Return whether a decorator stands above one of these."""
        if place.scope <= 0:
            return False
        function = self.facts.outline.functions[place.scope]
        return any(
            decorator.line > place.line
            and self.is_named(self.names.path(decorator.name, function.scope, decorator.line), wanted)
            for decorator in function.decorators
        )

    def _in_class(self, place: Place, wanted: tuple[str, ...]) -> bool:
        outline, scope = self.facts.outline, place.scope
        while scope != 0:
            if scope < 0:
                cls = outline.classes[~scope]
                for base in cls.bases:
                    if self.is_named(self.names.of(base.value, cls.scope, cls.line), wanted):
                        return True
                scope = cls.scope
            else:
                scope = outline.functions[scope].scope
        return False

    def _changes(self, function: int, name: str) -> bool:
        """Return whether a function changes what a parameter holds, or lets others do so."""
        bodies = self.facts.bodies
        if any(
            call.scope == function
            and call.callee.text.startswith(name + ".")
            and call.callee.text.rpartition(".")[2] in _CHANGING
            for call in bodies.calls
        ):
            return True
        for assign in bodies.assigns:
            if assign.scope != function:
                continue
            target, value = assign.target, assign.value
            if target.kind == Kind.PATH and target.text == name and assign.kind == "augmented":
                return True
            if target.kind == Kind.INDEX and target.items[0].kind == Kind.PATH and target.items[0].text == name:
                return True
            is_kept = target.kind == Kind.MEMBER or (target.kind == Kind.PATH and "." in target.text)
            if is_kept and value is not None and value.kind == Kind.PATH and value.text == name:
                return True
        return any(
            r.scope == function and r.value is not None and r.value.kind == Kind.PATH and r.value.text == name
            for r in bodies.returns
        )

    def _within(self, region: int, kinds: set[str]) -> bool:
        regions = self.facts.bodies.regions
        while region >= 0:
            if regions[region].kind in kinds:
                return True
            region = regions[region].parent
        return False

    def _is_repeated(self, region: int) -> bool:
        """Return whether a loop around, or a comprehension, goes through the elements of something."""
        if self._iterated is None:
            self._iterated = frozenset([a.region for a in self.facts.bodies.assigns if a.kind == "for"])
        regions = self.facts.bodies.regions
        while region >= 0:
            kind = regions[region].kind
            if kind == "comprehension" or (kind == "loop" and region in self._iterated):
                return True
            region = regions[region].parent
        return False

    def _is_beside(self, c: Condition, place: Place) -> bool:
        """Return whether the function that a place is in makes such a call."""
        for number, call in enumerate(self.facts.bodies.calls):
            if call.scope != place.scope or number == place.number:
                continue
            if self.is_named(self._called_by(call), texts(c.beside)):
                other = Place(call.line, call.column, call.end_line, call.scope, call.region, call=call)
                if all(self.holds(one, other) for one in c.call_where):
                    return True
        return False

    def _is_handed(self, function: int, wanted: tuple[str, ...]) -> bool:
        number = self.names.handed(function)
        if number < 0:
            return False
        return self.is_named(self._called_by(self.names.calls[number]), wanted)

    def _called_by(self, call: Call) -> tuple[str, ...]:
        """Return what a call calls; of something that nothing is known of, its last name."""
        return self.names.callee(call) or (f"?.{call.callee.text.rpartition('.')[2]}",)

    def _is_commented(self, place: Place) -> bool:
        return any(place.line <= comment.line <= place.end_line for comment in self.facts.texts.comments)

    def _imports(self, wanted: tuple[str, ...]) -> bool:
        found = patterns(wanted)
        for i in self.facts.outline.imports:
            module = i.module.removeprefix("node:")
            for pattern in found:
                if (
                    pattern.matches(module)
                    or module.startswith((pattern.text + ".", pattern.text + "/"))
                    or (i.name and pattern.matches(f"{module}.{i.name}"))
                ):
                    return True
        return False

    def _has_call(self, wanted: tuple[str, ...]) -> bool:
        """Return whether the file makes such a call; its calls are looked up only if it knows the name at all."""
        if self._words is None:
            self._words = {*self.facts.names, *(i.name for i in self.facts.outline.imports)}
            self._words.update(re.split(r"[./:\\]", i.module)[-1] for i in self.facts.outline.imports)
        if not any(not pattern.last or pattern.last in self._words for pattern in patterns(wanted)):
            return False
        return self.is_named(self._calls_made(), wanted)

    def _calls_made(self) -> frozenset[str]:
        if self._called is None:
            self._called = frozenset([n for call in self.facts.bodies.calls for n in self.names.callee(call)])
        return self._called

    def _used_calls(self) -> set[int]:
        """Return the calls whose result something is done with."""
        if self._used is None:
            self._used = _used(self.facts)
        return self._used


def _argument(args: tuple[Arg, ...], which: int | str) -> Value | None:
    if isinstance(which, str):
        for arg in args:
            if arg.name == which:
                return arg.value
        return None
    position = -1
    for arg in args:
        if arg.name:
            continue
        if arg.value.kind == Kind.SPREAD:
            return None  # what follows is not known by position
        position += 1
        if position == which:
            return arg.value
    return None


def _does(c: Condition, place: Place) -> bool:
    if place.handler is None:
        return False
    body = set(place.handler.body)
    return not body.isdisjoint(c.does) if c.does else body == set(c.does_only)


def _attributes(element: Value, name: str) -> list[Value]:
    return [item.items[0] for item in element.items if item.kind == Kind.NAMED and item.text == name and item.items]


def _receiver(call: Call) -> list[Value]:
    callee = call.callee
    if callee.kind == Kind.MEMBER:
        return list(callee.items[:1])
    if callee.kind == Kind.PATH and "." in callee.text:
        return [path_value(callee.text.rpartition(".")[0])]
    return []


@lru_cache(maxsize=4096)
def _call_value(number: int) -> Value:
    return Value(Kind.CALL, "", number)


def _says_something(c: Condition) -> bool:
    """Return whether a condition itself says anything of a value; `any` and `not` are of conditions of their own."""
    return bool(
        c.is_ or c.text or c.name or c.kind or c.has or c.lacks or c.calls or c.items
        or c.part or c.entry or c.comparison or c.written or c.mentions or c.permits or c.comes_from
        or c.text_built or c.regex or c.gives or c.async_ is not None or c.exponential is not None
        or c.built is not None or c.constant is not None or c.empty is not None or c.missing is not None
        or c.at_least is not None or c.at_most is not None or c.below is not None
    )  # fmt: skip


def _entries_only(c: Condition) -> Condition:
    return Condition(has=c.has, lacks=c.lacks)


def _used(facts: FileFacts) -> set[int]:
    used: set[int] = set()
    stack: list[Value] = []
    bodies = facts.bodies
    for call in bodies.calls:
        stack.append(call.callee)
        stack.extend(arg.value for arg in call.args)
    stack.extend(a.value for a in bodies.assigns if a.value is not None)
    stack.extend(r.value for r in bodies.returns if r.value is not None)
    stack.extend(r.value for r in bodies.raises if r.value is not None)
    stack.extend(r.value for r in bodies.regions if r.value is not None)
    while stack:
        value = stack.pop()
        if value.kind == Kind.CALL:
            used.add(value.ref)
        stack.extend(value.items)
    return used


_BRANCHES: Final = {"branch", "else", "case", "loop"}
_KINDS: Final = {number: name.lower() for name, number in vars(Kind).items() if name.isupper()}
_MENTIONED: Final = 60
_CHANGING: Final = frozenset(
    {
        "append",
        "extend",
        "insert",
        "add",
        "update",
        "setdefault",
        "pop",
        "popitem",
        "remove",
        "discard",
        "clear",
        "sort",
    }
)
