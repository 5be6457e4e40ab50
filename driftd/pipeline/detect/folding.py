"""What values can be where they are read, as far as constants of the same file decide it.

`algorithm = "md5"`, later `hashlib.new(algorithm)`: the name is looked up backwards through the assignments that reach
the place.  A branch whose test is constant is taken or not; one whose test is not leaves both possible.  Lists,
dictionaries and configurations that are made here are followed through the plain operations on them, as long as they
are handed to nobody.  The result is what the value can be: a few constants, `SAME` for one that is always the same
without being worked out, or None where it can be anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from driftd.pipeline.bindings import Means
from driftd.pipeline.detect.operators import SAME, apply_method, apply_operator, number_of, substituted, truth
from driftd.pipeline.facts.model import Assign, Kind, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from driftd.pipeline.detect.names import Names
    from driftd.pipeline.detect.operators import Constant
    from driftd.pipeline.facts.model import Call
    from driftd.pipeline.scopes import Scopes

Possible = tuple["Constant", ...] | None
"""What a value can be; None: anything."""


class Folding:
    """Folds the values of one file; what it needs to know of the file is collected when first asked for."""

    def __init__(self, names: Names, scopes: Callable[[], Scopes]) -> None:
        """`names` are those of the same file, `scopes` gives the name tables."""
        self._facts = names.facts
        self._scopes = scopes
        self._named = names.callee
        self._is_routed = names.is_routed
        self._assigns: dict[tuple[int, str], list[Assign]] | None = None
        self._stored: dict[tuple[int, str], list[Assign]] = {}  # `name[key] = value`, by scope and name
        self._regions: dict[int, list[int]] = {}
        self._used: _Uses | None = None
        self._under_way: set[tuple[int, str, int]] = set()
        self._memo: dict[tuple[int, str, int], Possible] = {}

    def values(self, value: Value, scope: int, line: int, depth: int = 12) -> Possible:
        """Return what a value can be where it is read."""
        kind = value.kind
        literals = self._facts.texts.literals
        if kind in {Kind.STRING, Kind.REGEX}:
            return (literals[value.ref].value,) if value.ref >= 0 else (SAME,)
        if kind == Kind.NUMBER:
            return (number_of(literals[value.ref].raw or literals[value.ref].value),) if value.ref >= 0 else (SAME,)
        if kind == Kind.CONSTANT:
            return (_WORDS.get(value.text, SAME),)
        if depth <= 0:
            return None
        if kind == Kind.PATH:
            return self._path(value.text, scope, line, depth)
        if kind == Kind.TEMPLATE:
            parts = [self.values(item, scope, line, depth - 1) for item in value.items]
            return _combined(
                parts, lambda *given: substituted(literals[value.ref].value if value.ref >= 0 else "", given)
            )
        if kind == Kind.OPERATION:
            return self._operation(value, scope, line, depth)
        if kind == Kind.CONDITIONAL and len(value.items) == _TERNARY:
            return self._choice(value, scope, line, depth)
        if kind == Kind.INDEX:
            return self._index(value, scope, line, depth)
        if kind == Kind.CALL:
            return self._call(self._facts.bodies.calls[value.ref], depth)
        if kind in _CONTAINERS:
            parts = [self.values(item, scope, line, depth - 1) for item in value.items]
            return None if any(part is None for part in parts) else (SAME,)
        if kind in _WRAPPERS and value.items:
            return self.values(value.items[-1], scope, line, depth - 1)
        return None

    # -- expressions --------------------------------------------------------------------------------------------------

    def _operation(self, value: Value, scope: int, line: int, depth: int) -> Possible:
        items = [self.values(item, scope, line, depth - 1) for item in value.items]
        if value.text in {"and", "or"} and items[0] is not None:
            decided = {truth(one) for one in items[0]}
            if len(decided) == 1 and None not in decided:
                return items[0] if decided == {value.text == "or"} else items[-1] if len(items) == _BOTH else None
        return _combined(items, lambda *given: apply_operator(value.text, given))

    def _choice(self, value: Value, scope: int, line: int, depth: int) -> Possible:
        test, yes, no = value.items
        decided = self._decided(test, scope, line, depth - 1)
        if decided is not None:
            return self.values(yes if decided else no, scope, line, depth - 1)
        return _united([self.values(one, scope, line, depth - 1) for one in (yes, no)])

    def _index(self, value: Value, scope: int, line: int, depth: int) -> Possible:
        container = value.items[0]
        keys = [self.values(item, scope, line, depth - 1) for item in value.items[1:]]
        if container.kind == Kind.PATH and len(keys) == 1 and keys[0] is not None and len(keys[0]) == 1:
            content = self._content(container.text, scope, line, depth)
            if content is not None:
                return self._read(content, keys[0][0], depth)
        whole = self.values(container, scope, line, depth - 1)
        if container.kind == Kind.PATH and whole is not None and SAME in whole:
            return None  # others may have changed what it holds
        return _combined([whole, *keys], _at)

    def _call(self, call: Call, depth: int) -> Possible:
        callee, scope, line = call.callee, call.scope, call.line
        owner: Value | None = None
        if callee.kind == Kind.MEMBER and callee.items:
            owner, method = callee.items[0], callee.text
        else:
            head, _, method = callee.text.rpartition(".")
            if head:
                owner = Value(Kind.PATH, head)
        args = [self.values(arg.value, scope, line, depth - 1) for arg in call.args]
        if owner is not None:
            if (
                owner.kind == Kind.PATH
                and method in _READING
                and args
                and all(a is not None and len(a) == 1 for a in args)
            ):
                content = self._content(owner.text, scope, line, depth)
                if content is not None:
                    keys = [a[0] for a in args if a is not None]
                    return self._read(content, tuple(keys) if content.is_sections else keys[0], depth)
            base = self.values(owner, scope, line, depth - 1)
            if base is not None:
                return _combined([base, *args], lambda *given: apply_method(method, given))
        if args and all(arg is not None for arg in args) and any(_is_pure(name) for name in self._named(call)):
            return (SAME,)
        return None

    # -- names --------------------------------------------------------------------------------------------------------

    def _path(self, text: str, scope: int, line: int, depth: int) -> Possible:
        if "." in text:
            found = self._attribute(text, scope, depth)
            return (SAME,) if found is None and self._is_routed(text, scope, line) else found
        key = (scope, text, line)
        if key in self._memo:
            return self._memo[key]
        if key in self._under_way:
            return None
        self._under_way.add(key)
        found = self._name(text, scope, line, depth)
        self._under_way.discard(key)
        self._memo[key] = found
        return found

    def _name(self, name: str, scope: int, line: int, depth: int) -> Possible:
        at = self._home(name, scope)
        if at is None:
            return None
        assigns = self._of_scope().get((at, name), [])
        if at != scope:  # code that runs at another time: what is given to the name anywhere
            if len(assigns) > _MOST:
                return None
            return _united([self._given(assign, name, depth) for assign in assigns]) if assigns else None
        return self._reaching(name, assigns, scope, line, depth)

    def _home(self, name: str, scope: int) -> int | None:
        """Return the scope whose assignments are all that binds a name; None where something else does."""
        scopes, outline = self._scopes(), self._facts.outline
        at, first = scope, True
        while True:
            if at < 0:
                table = scopes.classes[~at] if first else {}
                parent = outline.classes[~at].scope
            else:
                table = scopes.functions[at]
                parent = outline.functions[at].scope if at else -1
            sites = table.get(name)
            if sites:
                if any(site.binding.means in _DECLARED for site in sites) or self._is_global(name, at):
                    return None
                return at
            if at == 0:
                return None
            first = False
            at = parent

    def _is_global(self, name: str, at: int) -> bool:
        """Return whether other functions may assign to a name of this scope."""
        return any(name in names and (number != at) for number, names in self._scopes().outer.items())

    def _reaching(self, name: str, assigns: Sequence[Assign], scope: int, line: int, depth: int) -> Possible:
        region = self._region_at(scope, line)
        around = self._around(region)
        loops = [r for r in around if self._facts.bodies.regions[r].kind == "loop"]
        spans = [(r.line, r.end_line) for r in map(self._facts.bodies.regions.__getitem__, loops)]
        found = [  # from the round before
            self._given(assign, name, depth)
            for assign in assigns
            if assign.line >= line and any(start <= assign.line <= end for start, end in spans)
        ]
        for assign in reversed(assigns):
            if assign.line >= line or assign.kind == "declare":
                continue
            runs = self._runs(assign.region, around, depth)
            if runs is False:
                continue
            found.append(self._given(assign, name, depth))
            if found[-1] is None:
                return None
            if runs:
                return _united(found)
        sites = (self._scopes().functions[scope] if scope >= 0 else self._scopes().classes[~scope]).get(name, ())
        if any(site.binding.means not in _ASSIGNED for site in sites if site.line == 0) or not found:
            return None  # a parameter, or nothing that comes before
        return _united(found)

    def _given(self, assign: Assign, name: str, depth: int) -> Possible:
        """Return what an assignment gives to a name."""
        if assign.value is None or assign.kind not in _STORING or assign.target.kind != Kind.PATH:
            return None
        if assign.value.kind in _CONTAINERS and self._is_changed(name, assign.scope):
            return None
        given = self.values(assign.value, assign.scope, assign.line, depth - 2)
        if assign.kind == "augmented":
            before = self._path(name, assign.scope, assign.line, depth - 2)
            return _combined([before, given], lambda *both: apply_operator("+=", both))
        return given

    def _is_changed(self, name: str, scope: int) -> bool:
        """Return whether something is put into or taken out of a container."""
        return (scope, name) in self._stored or any(
            call is not None and call.callee.text.rpartition(".")[2] not in _LOOKING_METHODS
            for _, _, call in self._uses().get((scope, name), ())
        )

    def _attribute(self, text: str, scope: int, depth: int) -> Possible:
        """Return what an attribute of the class around, or of a class of the file, is given once and for all."""
        head, _, name = text.partition(".")
        outline = self._facts.outline
        number = -1
        if head in {"self", "cls"}:
            at = scope
            while at > 0:
                at = outline.functions[at].scope
            number = ~at if at < 0 else -1
        else:
            number = next((i for i, c in enumerate(outline.classes) if c.name == head and c.scope == 0), -1)
        if number < 0 or "." in name or self._scopes().fields[number].get(name):
            return None
        assigns = self._of_scope().get((~number, name), [])
        return self._given(assigns[0], name, depth - 1) if len(assigns) == 1 else None

    # -- which code runs ----------------------------------------------------------------------------------------------

    def _decided(self, test: Value, scope: int, line: int, depth: int) -> bool | None:
        """Return whether a test holds, where constants decide it."""
        found = self.values(test, scope, line, depth)
        if found is None:
            return None
        answers = {truth(one) for one in found}
        return answers.pop() if len(answers) == 1 else None

    def _around(self, region: int) -> list[int]:
        found = []
        while region >= 0:
            found.append(region)
            region = self._facts.bodies.regions[region].parent
        return found

    def _runs(self, region: int, around: Sequence[int], depth: int) -> bool | None:
        """Return whether code of a region has run when code with these regions around it runs; None: perhaps."""
        result: bool | None = True
        while region >= 0 and region not in around:
            one = self._runs_itself(region, around, depth - 1)
            if one is False:
                return False
            if one is None:
                result = None
            region = self._facts.bodies.regions[region].parent
        return result

    def _runs_itself(self, number: int, around: Sequence[int], depth: int) -> bool | None:
        region = self._facts.bodies.regions[number]
        if region.kind in {"with", "finally"}:
            return True
        if region.kind == "branch" and region.value is not None:
            decided = self._decided(region.value, region.scope, region.line, depth)
            if decided is not False and any(self._follows(other, number) for other in around):
                return False  # the other branch is the one that runs
            return None if decided and self._previous(number, {"branch"}) >= 0 else decided
        if region.kind == "else":
            before = self._previous(number, {"branch", "loop", "handler", "try"})
            if before < 0 or self._facts.bodies.regions[before].kind != "branch":
                return None
            test = self._facts.bodies.regions[before]
            decided = self._decided(test.value, test.scope, test.line, depth) if test.value is not None else None
            if decided:
                return False
            return None if decided is None or self._previous(before, {"branch"}) >= 0 else True
        if region.kind == "case":
            return self._is_case(number, depth)
        return None

    def _follows(self, number: int, branch: int) -> bool:
        """Return whether a region is the `else` right after a branch."""
        region = self._facts.bodies.regions[number]
        return region.kind == "else" and self._previous(number, {"branch", "loop", "handler", "try"}) == branch

    def _previous(self, number: int, kinds: set[str]) -> int:
        """Return the region right before one, with the same parent and nothing in between; -1 if there is none."""
        regions = self._facts.bodies.regions
        region = regions[number]
        for before in range(number - 1, -1, -1):
            one = regions[before]
            if one.scope == region.scope and one.parent == region.parent:
                adjacent = one.kind in kinds and region.line - one.end_line <= _GAP
                return before if adjacent else -1
        return -1

    def _is_case(self, number: int, depth: int) -> bool | None:
        region = self._facts.bodies.regions[number]
        wanted = [item for item in _choices(region.value) if item.kind == Kind.STRING and item.ref >= 0]
        if region.value is None or not wanted:
            answers = []
            before = self._previous(number, {"case"})
            while before >= 0:
                answers.append(self._is_case(before, depth))
                before = self._previous(before, {"case"})
            if True in answers:
                return False
            is_rest = region.value is None or (region.value.kind == Kind.UNKNOWN and region.value.text == "_")
            return True if is_rest and answers and None not in answers else None
        subject = self._facts.texts.literals[wanted[0].ref].name
        found = self._path(subject, region.scope, region.line, depth) if subject else None
        if found is None or len(found) != 1 or found[0] is SAME or len(wanted) != len(list(_choices(region.value))):
            return None
        return found[0] in [self._facts.texts.literals[item.ref].value for item in wanted]

    def _region_at(self, scope: int, line: int) -> int:
        """Return the innermost region of a scope at a line."""
        if not self._regions:
            for number, one in enumerate(self._facts.bodies.regions):
                self._regions.setdefault(one.scope, []).append(number)
        found = -1
        for number in self._regions.get(scope, ()):
            region = self._facts.bodies.regions[number]
            if region.line <= line <= region.end_line and (line > region.line or region.kind in {"with", "loop"}):
                found = number
        return found

    # -- containers ---------------------------------------------------------------------------------------------------

    def _content(self, name: str, scope: int, line: int, depth: int) -> _Content | None:
        """Return what a container of this scope holds at a line, if all that is done with it is known."""
        if "." in name or scope < 0 or self._home(name, scope) != scope:
            return None
        around = self._around(self._region_at(scope, line))
        made: Assign | None = None
        for assign in reversed(self._of_scope().get((scope, name), [])):
            if assign.line < line:
                runs = self._runs(assign.region, around, depth)
                if runs:
                    made = assign
                    break
                if runs is None:
                    return None
        if made is None or made.value is None or made.kind != "assign":
            return None
        content = self._made(made)
        if content is None:
            return None
        steps: list[tuple[int, int, Assign | Call | None]] = [
            (one.line, one.region, one) for one in self._stored.get((scope, name), ())
        ]
        steps += self._uses().get((scope, name), ())
        for at, region, step in sorted(steps, key=lambda one: one[0]):
            if not made.line < at < line:
                continue
            runs = self._runs(region, around, depth)
            if runs is False:
                continue
            if runs is None or step is None or not content.apply(self, step, depth):
                return None
        return content

    def _made(self, assign: Assign) -> _Content | None:
        value = assign.value
        if value is None:
            return None
        if value.kind == Kind.DICT:
            content = _Content(mapping=True)
            for key, entry in zip(value.items[::2], value.items[1::2], strict=False):
                known = self.values(key, assign.scope, assign.line)
                if known is None or len(known) != 1:
                    return None
                content.entries[known[0]] = (entry, assign.scope, assign.line)
            return content
        if value.kind in {Kind.LIST, Kind.TUPLE}:
            content = _Content(mapping=False)
            content.elements = [(item, assign.scope, assign.line) for item in value.items]
            return None if any(item.kind == Kind.SPREAD for item in value.items) else content
        if value.kind == Kind.CALL:
            call = self._facts.bodies.calls[value.ref]
            if call.callee.text.rpartition(".")[2] in _SPLITTING:
                return None if self._call(call, _PARTS_DEPTH) is None else _Content(mapping=False, is_same=True)
            if call.args:
                return None
            names = set(self._named(call))
            if names & {"dict", "builtins.dict"}:
                return _Content(mapping=True)
            if names & {"list", "builtins.list"}:
                return _Content(mapping=False)
            if names & {"configparser.ConfigParser", "configparser.RawConfigParser"}:
                return _Content(mapping=True, is_sections=True)
        return None

    def _read(self, content: _Content, key: Constant, depth: int) -> Possible:
        if content.is_same:
            return (SAME,)
        found = content.at(key)
        return None if found is None else self.values(found[0], found[1], found[2], depth - 2)

    def _uses(self) -> _Uses:
        """Return where local names are used: calls of their methods, or None for what hands them on."""
        if self._used is None:
            used: _Uses = {}
            for call in self._facts.bodies.calls:
                head, dot, _ = call.callee.text.partition(".") if call.callee.kind == Kind.PATH else ("", "", "")
                if dot:
                    used.setdefault((call.scope, head), []).append((call.line, call.region, call))
                if call.callee.text not in _LOOKING:
                    for arg in call.args:
                        _note(used, arg.value, call.scope, call.line, call.region)
            for assign in self._facts.bodies.assigns:
                if assign.value is not None:
                    _note(used, assign.value, assign.scope, assign.line, assign.region)
            self._used = used
        return self._used

    def _of_scope(self) -> dict[tuple[int, str], list[Assign]]:
        if self._assigns is None:
            self._assigns = {}
            for assign in self._facts.bodies.assigns:
                target = assign.target
                if target.kind == Kind.PATH:
                    self._assigns.setdefault((assign.scope, target.text), []).append(assign)
                elif target.kind == Kind.INDEX and target.items and target.items[0].kind == Kind.PATH:
                    self._stored.setdefault((assign.scope, target.items[0].text), []).append(assign)
                elif target.kind in _CONTAINERS:
                    stack = list(target.items)
                    while stack:
                        one = stack.pop()
                        if one.kind == Kind.PATH:
                            self._assigns.setdefault((assign.scope, one.text), []).append(assign)
                        stack.extend(one.items)
        return self._assigns


def _note(used: _Uses, value: Value, scope: int, line: int, region: int) -> None:
    """Note the plain names in a value: whoever gets them can change what they hold."""
    if value.kind == Kind.PATH:
        if "." not in value.text:
            used.setdefault((scope, value.text), []).append((line, region, None))
    elif value.kind in _HANDING:
        for item in value.items:
            _note(used, item, scope, line, region)


_Uses = dict[tuple[int, str], list[tuple[int, int, "Call | None"]]]


class _Content:
    """What a container holds: values with the scope and line where they are read."""

    def __init__(self, *, mapping: bool, is_sections: bool = False, is_same: bool = False) -> None:
        self.is_sections = is_sections
        self.is_same = is_same  # parts of a constant text, which are not worked out
        self._is_mapping = mapping
        self.entries: dict[Constant, tuple[Value, int, int]] = {}
        self.elements: list[tuple[Value, int, int]] = []

    def at(self, key: Constant) -> tuple[Value, int, int] | None:
        """Return what is under a key or at a position."""
        if self._is_mapping:
            return None if key is SAME else self.entries.get(key)
        if isinstance(key, int) and -len(self.elements) <= key < len(self.elements):
            return self.elements[key]
        return None

    def apply(self, folding: Folding, step: Assign | Call, depth: int) -> bool:
        """Do what a statement does to it; False where that is not known."""
        if self.is_same:
            return not isinstance(step, Assign) and step.callee.text.rpartition(".")[2] in _LOOKING_METHODS
        if isinstance(step, Assign):
            key = folding.values(step.target.items[1], step.scope, step.line, depth - 2)
            if key is None or len(key) != 1 or key[0] is SAME or step.value is None or step.kind != "assign":
                return False
            if self._is_mapping and not self.is_sections:
                self.entries[key[0]] = (step.value, step.scope, step.line)
                return True
            return False
        method = step.callee.text.rpartition(".")[2]
        given = [(arg.value, step.scope, step.line) for arg in step.args if not arg.name]
        if method in _LOOKING_METHODS:
            return True
        if self.is_sections:
            known = [folding.values(value, step.scope, step.line, depth - 2) for value, _, _ in given[:2]]
            if method == "set" and len(given) == _TERNARY and all(k is not None and len(k) == 1 for k in known):
                self.entries[tuple(k[0] for k in known if k is not None)] = given[2]
                return True
            return method == "add_section"
        if self._is_mapping:
            if method == "clear":
                self.entries.clear()
            return method == "clear"
        return self._change(method, given, folding, depth)

    def _change(self, method: str, given: list[tuple[Value, int, int]], folding: Folding, depth: int) -> bool:
        if method == "append" and len(given) == 1:
            self.elements.append(given[0])
            return True
        if method == "clear":
            self.elements.clear()
            return True
        position = folding.values(given[0][0], given[0][1], given[0][2], depth - 2) if given else (-1,)
        if position is None or len(position) != 1 or not isinstance(position[0], int):
            return False
        if method == "pop" and -len(self.elements) <= position[0] < len(self.elements):
            self.elements.pop(position[0])
            return True
        if method == "insert" and len(given) == _BOTH:
            self.elements.insert(position[0], given[1])
            return True
        return False


def _combined(parts: Sequence[Possible], apply: Callable[..., Constant]) -> Possible:
    """Return what comes out of all combinations of what the parts can be."""
    combinations: list[tuple[Constant, ...]] = [()]
    for part in parts:
        if part is None:
            return None
        combinations = [(*before, one) for before in combinations for one in part]
        if len(combinations) > _MOST:
            return (SAME,)
    return tuple(dict.fromkeys([SAME if SAME in given else apply(*given) for given in combinations]))


def _united(many: Sequence[Possible]) -> Possible:
    found: dict[Constant, None] = {}
    for one in many:
        if one is None:
            return None
        found.update(dict.fromkeys(one))
    return tuple(found) if len(found) <= _MOST else (SAME,)


def _at(container: Constant, *keys: Constant) -> Constant:
    if isinstance(container, str) and len(keys) == 1 and isinstance(keys[0], int):
        return container[keys[0]] if -len(container) <= keys[0] < len(container) else SAME
    return SAME


def _choices(value: Value | None) -> Iterable[Value]:
    if value is None:
        return ()
    return value.items if value.kind == Kind.OPERATION and value.text == "|" else (value,)


def _is_pure(name: str) -> bool:
    """Return whether a function's result only depends on its arguments."""
    return name in _PURE or name.rpartition(".")[0] in _PURE_MODULES


_TERNARY: Final = 3
_BOTH: Final = 2
_MOST: Final = 8
_GAP: Final = 3  # lines of comments between a branch and its `else`
_WORDS: Final[dict[str, Constant]] = {"true": True, "false": False, "null": None}
_WRAPPERS: Final = frozenset({Kind.AWAIT, Kind.CAST, Kind.NAMED})
_CONTAINERS: Final = frozenset({Kind.LIST, Kind.TUPLE, Kind.SET, Kind.DICT})
_HANDING: Final = _CONTAINERS | {Kind.SPREAD, Kind.CONDITIONAL, Kind.NAMED, Kind.AWAIT}
_STORING: Final = frozenset({"assign", "augmented", "named"})
_DECLARED: Final = frozenset({Means.IMPORT, Means.FUNCTION, Means.CLASS, Means.RECEIVER, Means.OWN_CLASS})
_ASSIGNED: Final = frozenset({Means.NOTHING, Means.OPAQUE, Means.LITERAL, Means.PATH, Means.RESULT, Means.DISPLAY})
_SPLITTING: Final = frozenset({"split", "rsplit", "splitlines", "partition", "rpartition"})
_PARTS_DEPTH: Final = 6
_READING: Final = frozenset({"get", "pop"})
_LOOKING: Final = frozenset({"len", "print", "str", "repr", "sorted", "sum", "min", "max", "any", "all", "isinstance"})
_LOOKING_METHODS: Final = frozenset({"get", "keys", "values", "items", "index", "count", "has_section", "has_option"})
_PURE: Final = frozenset(
    {
        "str", "int", "float", "bool", "bytes", "len", "repr", "chr", "ord", "tuple", "list", "set", "frozenset", "sorted", "re.escape",
        "re.compile", "shlex.quote", "shlex.join", "json.dumps", "textwrap.dedent", "io.StringIO", "io.BytesIO",
    }
)  # fmt: skip
_PURE_MODULES: Final = frozenset({"base64", "html", "urllib.parse", "os.path", "posixpath", "ntpath", "binascii"})
