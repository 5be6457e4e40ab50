"""What the names of a file were given, in languages with declared scopes: constants of functions, fields and files.

`static final String KEY = "abc"` makes `KEY`, `this.KEY` and `Keys.KEY` that string in the file.  A name that is given
several values stands for what may hold where it is read: in a function, what was given last without a condition and
what may have replaced it; a field, and a name of the file, for all that the file gives it; a parameter for what the
calls in the file hand to it.  What is changed in place (`+=`, `nextBytes(x)`) stands for nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from driftd.pipeline.facts.model import Kind

if TYPE_CHECKING:
    from driftd.pipeline.facts.model import Call, FileFacts, Value


class Given(NamedTuple):
    """A value with where it stands."""

    value: Value
    scope: int
    line: int


class GivenValues:
    """The values of one file's names."""

    def __init__(self, facts: FileFacts) -> None:
        self._facts = facts
        self._local: dict[tuple[int, str], list[tuple[int, int, Value | None]]] = {}
        self._fields: dict[tuple[int, str], list[tuple[int, int, Value | None]]] = {}
        self._classes = {c.name: i for i, c in enumerate(facts.outline.classes)}
        for number, cls in enumerate(facts.outline.classes):
            for member in cls.members:
                rows = self._fields.setdefault((number, member.name), [])
                if member.value is not None:
                    rows.append((member.line, ~number, member.value))
        bodies = facts.bodies
        self._filled = _filled(facts)
        self._passed: dict[str, list[Call]] | None = None
        for assign in bodies.assigns:
            target = assign.target
            if target.kind != Kind.PATH or (assign.kind == "declare" and assign.value is None):
                continue
            value = None if assign.kind in _OPAQUE else assign.value
            head, dot, rest = target.text.partition(".")
            if not dot:
                if assign.scope < 0:
                    rows = self._fields.setdefault((~assign.scope, head), [])
                    if all(line != assign.line for line, _, _ in rows):
                        rows.append((assign.line, assign.scope, value))
                    continue
                if assign.declares or assign.annotation is not None or self._is_local(head, assign.scope):
                    self._local.setdefault((assign.scope, head), []).append((assign.line, assign.region, value))
                    continue
                rest = head
            elif head not in OWN:
                continue
            owner = self._class_of(assign.scope)
            if owner >= 0 and "." not in rest and (dot or (owner, rest) in self._fields):
                self._fields.setdefault((owner, rest), []).append((assign.line, assign.scope, value))
            elif not dot:
                self._local.setdefault((assign.scope, head), []).append((assign.line, assign.region, value))

    def of(self, text: str, scope: int, line: int) -> list[Given]:
        """Return what a name may be where it is read; nothing if that is not known."""
        head, dot, rest = text.partition(".")
        if dot:
            owner = self._class_of(scope) if head in OWN else self._classes.get(head, -1)
            return [] if owner < 0 or "." in rest else self._field(owner, rest)
        at, before = scope, line
        while True:
            if at < 0:
                if (~at, head) in self._fields:
                    return self._field(~at, head)
                at = self._facts.outline.classes[~at].scope
                continue
            if (at, head) in self._filled:
                return []
            if at:
                position = self._position(at, head)
                if position >= 0:
                    return [] if (at, head) in self._local else self._given_by_callers(at, position)
            rows = self._local.get((at, head))
            if rows:
                return self._reaching(rows, at, before)
            if at == 0:
                return []
            at, before = self._facts.outline.functions[at].scope, _LATEST

    def _position(self, function: int, name: str) -> int:
        params = self._facts.outline.functions[function].params
        return next((i for i, p in enumerate(params) if p.name == name), -1)

    def _given_by_callers(self, function: int, position: int) -> list[Given]:
        """Return what the calls in the file hand to a parameter; nothing if there are none."""
        declared = self._facts.outline.functions[function]
        if not declared.name or declared.kind == "lambda":
            return []
        if self._passed is None:
            self._passed = {}
            for call in self._facts.bodies.calls:
                if self._is_of_file(call):
                    self._passed.setdefault(call.callee.text.rpartition(".")[2], []).append(call)
        name = declared.name
        if declared.kind == "constructor" and declared.scope < 0:
            name = self._facts.outline.classes[~declared.scope].name
        return [
            Given(call.args[position].value, call.scope, call.line)
            for call in self._passed.get(name, ())
            if len(call.args) == len(declared.params) and not any(arg.name for arg in call.args)
        ]

    def _is_of_file(self, call: Call) -> bool:
        """Return whether a call is of something that the file declares, as far as its receiver tells."""
        callee = call.callee
        if callee.kind == Kind.MEMBER and callee.items:
            return self._is_instance(callee.items[0])
        head, dot, rest = callee.text.partition(".")
        if callee.kind != Kind.PATH or "." in rest:
            return False
        if not dot or head in OWN or head in self._classes:
            return True
        rows = self._local.get((call.scope, head), ())
        return any(value is not None and self._is_instance(value) for _, _, value in rows)

    def _is_instance(self, value: Value) -> bool:
        return value.kind == Kind.CALL and self._facts.bodies.calls[value.ref].callee.text in self._classes

    def _is_local(self, name: str, scope: int) -> bool:
        """Return whether an assignment is to a name of the function itself: no field of a class around has the name."""
        owner = self._class_of(scope)
        return owner < 0 or (owner, name) not in self._fields

    def _class_of(self, scope: int) -> int:
        functions = self._facts.outline.functions
        while scope > 0:
            scope = functions[scope].scope
        return ~scope if scope < 0 else -1

    def _field(self, owner: int, name: str) -> list[Given]:
        rows = self._fields.get((owner, name), [])
        found = [Given(value, at, _LATEST) for _, at, value in rows if value is not None]
        return found if len(found) == len(rows) else []

    @staticmethod
    def _reaching(rows: list[tuple[int, int, Value | None]], scope: int, line: int) -> list[Given]:
        earlier = [row for row in rows if row[0] < line] or rows
        start = next((i for i in range(len(earlier) - 1, -1, -1) if earlier[i][1] == -1), 0)
        found = [Given(value, scope, at) for at, _, value in earlier[start:] if value is not None]
        return found if len(found) == len(earlier[start:]) else []


def _filled(facts: FileFacts) -> set[tuple[int, str]]:
    """Return the names whose content something else puts in: `random.nextBytes(salt)`, `System.arraycopy(a, 0, b, …)`."""
    found = set()
    for call in facts.bodies.calls:
        last = call.callee.text.rpartition(".")[2]
        if last in _FILLING and call.args:
            value = call.args[2 if last == "arraycopy" and len(call.args) > 2 else 0].value
            if value.kind == Kind.PATH:
                found.add((call.scope, value.text))
    return found


_FILLING: Final = frozenset(
    {
        "nextBytes",
        "NextBytes",
        "GetNonZeroBytes",
        "Fill",
        "Read",
        "ReadFull",
        "arraycopy",
        "fill_bytes",
        "try_fill_bytes",
    }
)
OWN: Final = frozenset({"this", "self", "Self", "static"})
_OPAQUE: Final = frozenset({"augmented", "for", "catch", "with"})
_LATEST: Final = 1 << 30
