"""Reads the bindings of an ECMAScript file: objects, prototypes, patterns, callbacks and what CommonJS exports.

An object that is written out, or made by a constructor of the language, is a display of its own and is known by the
value that makes it.  What is assigned to a function's own properties, to its prototype and to `this` in it belongs to
the function, so that it is there before anything flows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from driftd.pipeline.binder import Binder, add_site, within
from driftd.pipeline.bindings import LITERAL, OPAQUE, Binding, Display, Means, Site, key_of_text
from driftd.pipeline.call_graph.library import CALLBACK_METHODS, TAKING_ARGUMENTS
from driftd.pipeline.expressions import FOLLOWED, MOST_ARGUMENTS, MOST_ENTRIES, PLAIN
from driftd.pipeline.facts.model import Kind, Value
from driftd.pipeline.scopes import annotation_paths

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from driftd.pipeline.facts.model import Assign, Call, Class, FileFacts, Function, Param
    from driftd.pipeline.scopes import Scopes

_DEEPEST: Final = 16  # a chain of calls counts two for each
_FEW: Final = 8  # literals in an array that may still be filled with something else
_COLLECTIONS: Final = {
    "Map": "map", "WeakMap": "map", "Set": "set", "WeakSet": "set", "Array": "array", "Promise": "promise",
    "Object": "object",
}  # fmt: skip
_SAME_OBJECT: Final = frozenset(
    ["Object.freeze", "Object.seal", "Object.preventExtensions", "Object.defineProperty", "Object.defineProperties",
     "Object.setPrototypeOf", "Object"]
)  # fmt: skip
_DESCRIPTOR: Final = frozenset(["configurable", "enumerable", "get", "set", "value", "writable"])
PROTO: Final = "'__proto__"


class EcmaScriptBinder(Binder):
    """Fills the tables of one ECMAScript file."""

    def __init__(self, facts: FileFacts) -> None:
        super().__init__(facts)
        self._deepest = _DEEPEST
        self.scopes.uses_arguments = "arguments" in facts.names
        self._objects: dict[int, Binding] = {}  # by the identity of the value
        self._made: dict[int, Binding] = {}  # by call
        self._prototypes: dict[int, int] = {}  # display -> function or ~class whose prototype it is
        self._handed_over: dict[int, tuple[int, int]] = {}  # function -> call and position of the argument that it is
        self._called: dict[int, int] = {}  # function -> the call that calls it where it stands

    # -- tables --

    def run(self) -> Scopes:
        """Return the tables."""
        scopes = super().run()
        exported: dict[str, list[Binding]] = {}
        for export in self.outline.exports:
            if export.name != "*":
                exported.setdefault(export.name, []).append(self._exported(export.local, export.source, export.value))
        scopes.exported = {name: tuple(dict.fromkeys(bindings)) for name, bindings in exported.items()}
        return scopes

    def _exported(self, local: str, source: str, value: Value | None) -> Binding:
        if source:
            return Binding(Means.IMPORT, -1, source, local or "*")
        if value is None or value.kind == Kind.PATH:
            return Binding(Means.PATH, -1, local or (value.text if value is not None else ""))
        if value.kind == Kind.DICT and value.items:
            described = dict(self._described(value))
            if described and all(key.text in _DESCRIPTOR for key in value.items[::2]):
                getter = described.get("<")
                return described.get("'") or Binding(Means.RESULT, -1, "", "", (getter or OPAQUE,))
        return self.at(0, value)

    def _bind(self) -> None:
        for index, call in enumerate(self.calls):
            for position, arg in enumerate(call.args):
                if arg.value.kind == Kind.FUNCTION:
                    self._handed_over[arg.value.ref] = (index, position)
            callee = call.callee
            if callee.kind == Kind.FUNCTION:
                self._called[callee.ref] = index
        super()._bind()
        for imported in self.outline.imports:
            if imported.alias and imported.is_dynamic:
                binding = Binding(Means.IMPORT, -1, imported.module, imported.name)
                self._table(imported.scope)[imported.alias] = [Site(imported.line, -1, binding)]
        for call in self.calls:
            for arg in call.args:
                if arg.value.kind in _MAKING:
                    self.at(call.scope, arg.value)

    def _define(self, what: Function | Class, binding: Binding) -> None:
        if binding.means is Means.FUNCTION:
            function = self.outline.functions[binding.ref]
            # What is assigned or a part of an object is bound there.
            if function.scope >= 0 and (function.kind != "function" or function.bound_to or function.is_arrow):
                return
            if function.scope < 0 and function.bound_to:
                return
            if function.kind == "static_method":
                add_site(self._table(what.scope), f"static {what.name}", Site(0, -1, binding))
                return
        super()._define(what, binding)

    def _members(self, index: int, cls: Class) -> None:
        self.scope = ~index
        for member in cls.members:
            name = f"static {member.name}" if member.is_static else member.name
            for binding in self._values(member.value, member.annotation):
                add_site(self.scopes.fields[index], name, Site(member.line, -1, binding))

    def _params(self, index: int, function: Function) -> None:
        table = self.scopes.functions[index]
        for param in function.params:
            self.scope = function.scope
            binding = self._param(index, param)
            if param.pattern is None:
                table[param.name] = [Site(0, -1, binding)]
                continue
            table[param.name] = [Site(0, -1, binding)]
            self.scope = index
            for name, part in self.unpacked(param.pattern, binding):
                table[name] = [Site(0, -1, part)]

    def _param(self, index: int, param: Param) -> Binding:
        found = super()._param(index, param)
        given = self._given(index, param)
        if given is None or given.means in PLAIN:
            return found
        return Binding(Means.PARAM, index, found.text, found.name, (*found.items, given))

    def _given(self, index: int, param: Param) -> Binding | None:
        """Return what the call around a function expression passes to a parameter, where the file alone says so."""
        position = self.outline.functions[index].params.index(param)
        if index in self._called:
            args = self.calls[self._called[index]].args
            spread = any(arg.value.kind == Kind.SPREAD for arg in args[: position + 1])
            if param.kind == "rest" or spread or position >= len(args):
                return None
            return self.expression(args[position].value)
        if index not in self._handed_over or param.kind == "rest":
            return None
        number, argument = self._handed_over[index]
        call = self.calls[number]
        made = self.expression(Value(Kind.CALL, "", number))
        if made.means is Means.OBJECT:
            if call.callee.text != "Promise" or argument or position > 1:
                return None
            return Binding(Means.SETTLER, made.ref, ("value", "reason")[position])
        if call.callee.text.rpartition(".")[2] not in CALLBACK_METHODS or made.means is not Means.RESULT:
            return None
        return Binding(Means.GIVEN, position, str(argument), "", (made,))

    # -- what is assigned --

    def _bind_attribute(self, assign: Assign, text: str, head: str, rest: str, binding: Binding) -> None:  # noqa: ARG002  # of the base class
        owner, _, name = text.rpartition(".")
        kept = within(assign.scope, binding)
        site = Site(assign.line, -2, kept)
        if head == "this" and owner == "this":
            number, prefix = self._instances(assign.scope)
            if prefix:
                self._member_of(number, prefix, name, site)
                if number > 0 and number not in self._prototypes.values() and binding.means not in PLAIN:
                    self._remember(assign, self.path(owner), name, None, binding)  # called with another `this`
                return
        if binding.means is Means.FUNCTION and not self.outline.functions[binding.ref].is_arrow:
            self.scopes.homes.setdefault(binding.ref, within(assign.scope, self.path(owner)))
        add_site(self._table(assign.scope), text, Site(assign.line, assign.region, binding))
        if owner in {"exports", "module.exports"} or text in {"exports", "module.exports"}:
            return
        number, on = self._lexical(assign.scope, owner.removesuffix(".prototype"))
        if on:
            if name == "prototype" and owner != "prototype":
                if binding.means is Means.OBJECT:
                    self._prototypes[binding.ref] = number
                self._member_of(number, "", name, site)
                return
            if not owner.endswith(".prototype"):
                self._member_of(number, "static ", name, site)
                return
            self._member_of(number, "prototype.", name, site)
            return
        if binding.means not in PLAIN:
            self._remember(assign, self.path(owner), name, None, binding)

    def _member_of(self, number: int, prefix: str, name: str, site: Site) -> None:
        """Bind a property of a function or class, of its prototype or of its instances."""
        if number >= 0:
            own = "" if prefix == "static " else prefix
            add_site(self.scopes.members.setdefault(number, {}), own + name, site)
        else:
            key = f"static {name}" if prefix in {"static ", ""} else name
            add_site(self.scopes.fields[~number], key, site)

    def _lexical(self, scope: int, name: str) -> tuple[int, bool]:
        """Return the function or ~class that a plain name means in a scope, and whether there is one."""
        if "." in name:
            return 0, False
        at = scope
        while True:
            sites = (self.scopes.functions[at] if at >= 0 else {}).get(name)
            if sites:
                binding = sites[0].binding
                if binding.means is Means.FUNCTION:
                    return binding.ref, True
                return (~binding.ref, True) if binding.means is Means.CLASS else (0, False)
            if at == 0:
                return 0, False
            at = self.outline.functions[at].scope if at > 0 else self.outline.classes[~at].scope

    def _instances(self, scope: int) -> tuple[int, str]:
        """Return whose instances `this` means in a scope: a function or ~class, and the prefix of their properties."""
        functions = self.outline.functions
        while scope > 0 and functions[scope].is_arrow:
            scope = functions[scope].scope
        if scope < 0:
            return scope, "static " if self.outline.classes[~scope].kind == "class" else ""
        if scope == 0:
            return 0, ""
        outer = functions[scope].scope
        if outer < 0 and self.outline.classes[~outer].kind == "class":
            return outer, "static " if functions[scope].kind == "static_method" else "this."
        home = self.scopes.homes.get(scope)
        if home is None:
            return scope, "this."
        at = scope
        if home.means is Means.IN:
            at, home = home.ref, home.items[0]
        if home.means is Means.OBJECT and home.ref in self._prototypes:
            return self._prototypes[home.ref], "this."
        if home.means is Means.PATH and home.text.endswith(".prototype"):
            number, found = self._lexical(at, home.text.removesuffix(".prototype"))
            return number, "this." if found else ""
        return 0, ""

    def _pattern(self, assign: Assign) -> Iterable[tuple[str, Binding]]:
        return [(name, binding) for name, binding in super()._pattern(assign) if name]

    # -- expressions --

    def _dict(self, value: Value) -> Binding:
        known = self._objects.get(id(value))
        if known is None:
            known = self._objects[id(value)] = self._new("object", ())
            entries: list[tuple[str, Binding]] = []
            items = value.items[: 2 * MOST_ENTRIES]
            for key, item in zip(items[::2], items[1::2], strict=False):
                if key.kind == Kind.SPREAD:
                    entries.append(("...", self.expression(item)))
                    continue
                name, found = self.key(key), self.expression(item)
                if item.kind == Kind.FUNCTION:
                    function = self.outline.functions[item.ref]
                    name = _ACCESSORS.get(function.kind, "") + name
                    if not function.is_arrow:
                        self.scopes.homes.setdefault(item.ref, known)
                if found.means not in PLAIN:
                    entries.append((name, found))
            self._fill(known, entries)
        return known

    def key(self, value: Value) -> str:
        """Return an expression as a key; "" if it is none that is known."""
        if value.kind == Kind.MEMBER and not value.items:
            return key_of_text(value.text)
        if value.kind == Kind.PATH and value.text.startswith("Symbol."):
            return key_of_text("@@" + value.text[7:])
        return super().key(value)

    def path(self, text: str) -> Binding:
        """Return an access path; the language's own symbols are keys."""
        if text.startswith("Symbol."):
            return Binding(Means.LITERAL, -1, key_of_text("@@" + text[7:]))
        return super().path(text)

    def _list(self, value: Value) -> Binding:
        known = self._objects.get(id(value))
        if known is None:
            if len(value.items) > _FEW and not any(item.kind in FOLLOWED for item in value.items[:MOST_ENTRIES]):
                return LITERAL
            known = self._objects[id(value)] = self._new("array", ())
            self._fill(known, self._positions(value.items[:MOST_ENTRIES]))
        return known

    def _positions(self, values: Sequence[Value]) -> list[tuple[str, Binding]]:
        entries = []
        exact = True
        for position, value in enumerate(values):
            item = self.expression(value)
            exact = exact and value.kind != Kind.SPREAD
            if item.means not in PLAIN:
                entries.append((str(position) if exact else "", item))
        return entries

    def display(self, values: Sequence[Binding]) -> Binding:
        """Return a sequence of values as an array."""
        entries = [(str(i), item) for i, item in enumerate(values) if item.means not in PLAIN]
        return self._new("array", tuple(entries))

    def _new(self, kind: str, entries: tuple[tuple[str, Binding], ...]) -> Binding:
        self.scopes.displays.append(Display(self.scope, kind == "object", entries, kind))
        return Binding(Means.OBJECT, len(self.scopes.displays) - 1)

    def _fill(self, made: Binding, entries: Iterable[tuple[str, Binding]]) -> Binding:
        old = self.scopes.displays[made.ref]
        self.scopes.displays[made.ref] = Display(old.scope, old.is_mapping, (*old.entries, *entries), old.kind)
        return made

    def _call(self, value: Value) -> Binding:
        known = self._made.get(value.ref)
        if known is None:
            known = self._made[value.ref] = self._called_value(self.calls[value.ref])
        return known

    def _called_value(self, call: Call) -> Binding:
        callee, args = call.callee, call.args
        text = callee.text if callee.kind == Kind.PATH else ""
        head = text.partition(".")[0]
        if head in _OWN and head not in self.scopes.functions[0]:
            found = self._of_language(call, text)
            if found is not None:
                return found
        last = callee.text.rpartition(".")[2]
        dotted = callee.kind == Kind.MEMBER or "." in text
        items: tuple[Binding, ...] = (OPAQUE,) if text else (self.expression(callee),)
        if last in TAKING_ARGUMENTS or (not dotted and any(arg.value.kind in FOLLOWED for arg in args)):
            items += tuple([self.expression(arg.value) for arg in args[:MOST_ARGUMENTS]])
        elif args:
            items += (OPAQUE,)
        if text and len(items) == 1:
            items = ()
        return Binding(Means.RESULT, -1, text, "new" if call.is_new else "", items)

    def _of_language(self, call: Call, text: str) -> Binding | None:
        """Return the object that a constructor or a function of the language makes or gives back."""
        args = call.args
        first = args[0].value if args else None
        if call.is_new or text == "Array":
            kind = _COLLECTIONS.get(text)
            return None if kind is None else self._collection(kind, call)
        if text == "Object.create" and first is not None:
            made = self._new("object", ((PROTO, self.expression(first)),))
            described = self._descriptors(args[1].value) if len(args) > 1 else ()
            return self._fill(made, described)
        if first is None:
            return None
        if text == "Object.assign" and first.kind == Kind.DICT:
            sources = [("...", self.expression(arg.value)) for arg in args[1:] if arg.value.kind != Kind.SPREAD]
            return self._fill(self.expression(first), [(k, v) for k, v in sources if v.means not in PLAIN])
        return self.expression(first) if text in _SAME_OBJECT else None

    def _collection(self, kind: str, call: Call) -> Binding:
        made = self._new(kind, ())
        values = [arg.value for arg in call.args]
        if kind == "promise":
            executor = values[0].ref if values and values[0].kind == Kind.FUNCTION else -1
            for raised in self.facts.bodies.raises if executor >= 0 else ():
                if raised.scope == executor and raised.value is not None:
                    outer, self.scope = self.scope, executor
                    thrown = within(executor, self.expression(raised.value))
                    self.scope = outer
                    self._fill(made, [("reason", thrown)])
        elif kind == "array":
            self._fill(made, self._positions(values) if len(values) > 1 else ())
        elif values and kind != "object":
            key = "pairs" if kind == "map" else "each"
            self._fill(made, [(key, self.expression(values[0]))])
        return made

    def _descriptors(self, value: Value) -> list[tuple[str, Binding]]:
        """Return the entries that property descriptors describe."""
        found: list[tuple[str, Binding]] = []
        if value.kind == Kind.DICT:
            for key, item in zip(value.items[::2], value.items[1::2], strict=False):
                if item.kind == Kind.DICT:
                    found += [(mark.strip("'") + self.key(key), b) for mark, b in self._described(item)]
        return found

    def _described(self, value: Value) -> list[tuple[str, Binding]]:
        """Return the parts of a property descriptor, by the mark of their key."""
        found: list[tuple[str, Binding]] = []
        for key, item in zip(value.items[::2], value.items[1::2], strict=False):
            mark = {"value": "'", "get": "<", "set": ">"}.get(key.text, "")
            binding = self.expression(item) if mark else OPAQUE
            if binding.means not in PLAIN:
                found.append((mark, binding))
        return found

    def _alternatives(self, value: Value) -> Binding:
        if value.kind == Kind.OPERATION and value.text in {"&&", "="}:
            return self.expression(value.items[-1])
        if value.kind == Kind.OPERATION and value.text == "+":
            return LITERAL
        return super()._alternatives(value)

    def _operand(self, value: Value) -> Binding:
        if value.kind == Kind.AWAIT and value.items:
            found = self.expression(value.items[0])
            return found if found.means in PLAIN else Binding(Means.AWAITED, -1, "", "", (found,))
        return super()._operand(value)

    def _sequence(self, value: Value) -> Binding:
        return self.expression(value.items[-1]) if value.items else OPAQUE

    def _cast(self, value: Value) -> Binding:
        if not annotation_paths(value.text) and value.items:
            return self.expression(value.items[0])
        return super()._cast(value)

    def unpacked(self, target: Value, whole: Binding) -> Iterable[tuple[str, Binding]]:
        """Yield the names of a pattern with what each gets of a value."""
        kind = target.kind
        if kind == Kind.PATH:
            yield target.text, whole
        elif kind == Kind.OPERATION and target.text == "=":
            default = self.expression(target.items[1])
            plain = default.means in PLAIN
            yield from self.unpacked(
                target.items[0], whole if plain else Binding(Means.ANY, -1, "", "", (whole, default))
            )
        elif kind == Kind.DICT:
            for key, item in zip(target.items[::2], target.items[1::2], strict=False):
                if key.kind == Kind.SPREAD:
                    yield from self.unpacked(item, whole)
                    continue
                name = self.key(key)
                if name[:1] == "'":
                    part = Binding(Means.MEMBER, -1, name[1:], "", (whole,))
                else:
                    part = Binding(Means.ITEM, -1, "", "", (whole, self.expression(key)))
                yield from self.unpacked(item, part)
        elif kind == Kind.LIST:
            for position, item in enumerate(target.items):
                if item.kind == Kind.SPREAD and item.items:
                    yield from self.unpacked(item.items[0], Binding(Means.REST, position, "", "", (whole,)))
                elif item.kind != Kind.UNKNOWN:
                    index = Binding(Means.LITERAL, -1, str(position))
                    yield from self.unpacked(item, Binding(Means.ITEM, -1, "", "", (whole, index)))


_ACCESSORS: Final = {"getter": "<", "setter": ">"}
_OWN: Final = frozenset(_COLLECTIONS) | {"Object"}
_MAKING: Final = frozenset({Kind.DICT, Kind.LIST, Kind.CALL})
