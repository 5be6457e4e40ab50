"""What the result of a call is for, as far as the names around it say.

`token = "".join(random.choice(letters) for _ in range(20))` is for `token`; after `value = str(random.random())` and
`session[key] = value`, so is it for `value`, `session` and `key`.  What is handed on is followed through expressions,
plain calls and local names; the names that it meets are given in snake case: what it is assigned to, the keyword or
key it is given for, the function that is called with it and the one that returns it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from driftd.pipeline.facts.model import Kind, owner_function

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from driftd.pipeline.facts.model import Call, FileFacts, Value


class _Use(NamedTuple):
    """One place that something is handed to: the names there, and what then holds it (a call, a local name)."""

    names: tuple[str, ...]
    call: int = -1
    local: tuple[int, str] | None = None


class Purposes:
    """The purposes in one file; the tables are made when first asked for."""

    def __init__(self, facts: FileFacts) -> None:
        """Keep the facts."""
        self._facts = facts
        self._is_collected = False
        self._of_calls: dict[int, list[_Use]] = {}
        self._of_names: dict[tuple[int, str], list[_Use]] = {}

    def of(self, number: int) -> frozenset[str]:
        """Return the names that tell what the result of a call is for."""
        if not self._is_collected:
            self._is_collected = True
            self._collect()
        found: set[str] = set()
        calls, locals_ = [number], list[tuple[int, str]]()
        seen: set[object] = {number}
        while calls or locals_:
            uses = self._of_calls.get(calls.pop(), ()) if calls else self._of_names.get(locals_.pop(), ())
            for use in uses:
                found.update(use.names)
                if use.call >= 0 and use.call not in seen and len(seen) < _MOST:
                    seen.add(use.call)
                    calls.append(use.call)
                if use.local is not None and use.local not in seen and len(seen) < _MOST:
                    seen.add(use.local)
                    locals_.append(use.local)
        return frozenset([snake(name) for name in found if name])

    def _collect(self) -> None:
        bodies, outline = self._facts.bodies, self._facts.outline
        for assign in bodies.assigns:
            if assign.value is None or assign.kind not in _STORING:
                continue
            target = assign.target
            names = tuple(_target_names(target, self._facts))
            local = (assign.scope, target.text) if target.kind == Kind.PATH and "." not in target.text else None
            self._add(assign.value, assign.scope, _Use(names, -1, local))
        for returned in bodies.returns:
            owner = owner_function(outline, returned.scope)
            if returned.value is not None and owner:
                function = outline.functions[owner]
                self._add(returned.value, returned.scope, _Use((function.bound_to or function.name,)))
        for number, call in enumerate(bodies.calls):
            self._of_call(number, call)
        for number, cls in enumerate(outline.classes):
            for member in cls.members:
                if member.value is not None:
                    self._add(member.value, ~number, _Use((member.name,)))

    def _of_call(self, number: int, call: Call) -> None:
        last = call.callee.text.rpartition(".")[2]
        is_plain = not call.is_new and not last[:1].isupper()
        names = [last]
        if last.lower().startswith("set") or last in _PUTTING:
            names += [text for arg in call.args[:1] for text in _key_names(arg.value, self._facts)]
        for arg in call.args:
            handed = (arg.name,) if arg.name else tuple(names)
            self._add(arg.value, call.scope, _Use(handed, number if is_plain and not arg.name else -1))
        if call.callee.kind == Kind.PATH:
            head, dot, _ = call.callee.text.partition(".")
            if dot:
                self._of_names.setdefault((call.scope, head), []).append(_Use((), number))
        else:
            self._add(call.callee, call.scope, _Use((), number))

    def _add(self, value: Value, scope: int, use: _Use) -> None:
        """Note that the parts of a value go where the value goes; an entry also to its key."""
        stack = [(value, use)]
        while stack:
            one, where = stack.pop()
            kind = one.kind
            if kind == Kind.CALL:
                self._of_calls.setdefault(one.ref, []).append(where)
            elif kind == Kind.PATH:
                if "." not in one.text:
                    self._of_names.setdefault((scope, one.text), []).append(where)
            elif kind == Kind.DICT:
                for key, entry in zip(one.items[::2], one.items[1::2], strict=False):
                    stack.append((entry, where._replace(names=(*where.names, *_key_names(key, self._facts)))))
            elif kind == Kind.CONDITIONAL and len(one.items) == _CONDITIONAL_ITEMS:
                stack += [(item, where) for item in one.items[1:]]
            elif kind == Kind.OPERATION and one.text in _COMPARING:
                continue
            elif kind != Kind.FUNCTION:
                stack += [(item, where) for item in one.items]


def snake(name: str) -> str:
    """Return a name in snake case."""
    return _HUMP.sub("_", name).lower()


def _target_names(target: Value, facts: FileFacts) -> Iterator[str]:
    if target.kind == Kind.INDEX and len(target.items) > 1:
        yield from _target_names(target.items[0], facts)
        yield from _key_names(target.items[1], facts)
    elif target.kind in {Kind.PATH, Kind.MEMBER}:
        yield target.text.rpartition(".")[2]
    elif target.kind in {Kind.TUPLE, Kind.LIST}:
        for item in target.items:
            yield from _target_names(item, facts)


def _key_names(key: Value, facts: FileFacts) -> Iterable[str]:
    if key.kind == Kind.STRING and key.ref >= 0:
        return (facts.texts.literals[key.ref].value[:_LONGEST],)
    if key.kind in {Kind.PATH, Kind.MEMBER}:
        return (key.text.rpartition(".")[2],)
    return ()


_MOST: Final = 40
_LONGEST: Final = 60
_CONDITIONAL_ITEMS: Final = 3
_STORING: Final = frozenset({"assign", "augmented", "named"})
_PUTTING: Final = frozenset({"put", "add", "setdefault", "update"})
_COMPARING: Final = frozenset({"==", "!=", "<", ">", "<=", ">=", "in", "not in", "is", "is not", "not", "===", "!=="})
_HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[-\s]+")
