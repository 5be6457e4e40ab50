"""Reads the bindings of one file into name tables: definitions first, then what is assigned, in source order.

Nothing is evaluated and no other file is looked at.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from driftd.pipeline.bindings import NOTHING, OPAQUE, Binding, Display, Means, Site, Write
from driftd.pipeline.expressions import PATTERNS, PLAIN, TELLING, Expressions, place_name, target_names
from driftd.pipeline.facts.model import Kind, Value
from driftd.pipeline.scopes import Scopes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from driftd.pipeline.bindings import Table
    from driftd.pipeline.facts.model import Assign, Class, Function, Param

_NO_DISPLAY: Final = Display(0, False, ())  # a struct is made by position
_NOT_YET: Final = -3  # the region is worked out only where a name has several bindings


class Binder(Expressions):
    """Fills the tables of one file."""

    def run(self) -> Scopes:
        """Return the tables."""
        self._bind()
        self._bound = len(self.scopes.displays)
        for returned in self.facts.bodies.returns:
            if returned.value is not None and returned.scope > 0:
                self._return(returned.scope, returned.kind, returned.value)
        for raised in self.facts.bodies.raises:
            if raised.region < 0 and raised.value is not None and raised.scope > 0 and self._is_missing(raised.value):
                self.scopes.abstract.add(raised.scope)
        for i, function in enumerate(self.outline.functions):
            for decorator in function.decorators:
                if decorator.call >= 0 and decorator.name.rpartition(".")[2] in TELLING:
                    made = self.at(function.scope, Value(Kind.CALL, "", decorator.call))
                    self.scopes.decorations.setdefault(i, []).append(made)
        return self.scopes

    def _is_missing(self, value: Value) -> bool:
        """Whether raising the value says that a subclass must implement this."""
        if value.kind == Kind.CALL:
            value = self.calls[value.ref].callee
        return value.text == "NotImplementedError"

    def run_for_calls(self, displays: int) -> Scopes:
        """Return the tables without what functions return; further displays are numbered from `displays` on."""
        self._bind()
        self._bound = len(self.scopes.displays)
        self.go_on_for_calls(displays)
        return self.scopes

    def go_on_for_calls(self, displays: int) -> None:
        """Have the tables be those of `run_for_calls`, whichever was run, as far as these are read for calls."""
        found = self.scopes.displays
        del found[self._bound :]
        found.extend([_NO_DISPLAY] * (displays - len(found)))

    def _bind(self) -> None:
        outline, scopes = self.outline, self.scopes
        for i, function in enumerate(outline.functions):
            if function.params:
                self._params(i, function)
        for i, function in enumerate(outline.functions):
            if i and function.kind != "lambda" and function.name and not _is_second_face(function):
                self._define(function, Binding(Means.FUNCTION, i))
        for i, cls in enumerate(outline.classes):
            if cls.name:
                self._define(cls, Binding(Means.CLASS, i))
            self._members(i, cls)
        for imported in outline.imports:
            if imported.alias and not imported.is_dynamic and self.imports_bind():
                module, name = imported.module, imported.name
                if not name and not self.ecmascript and module.partition(".")[0] == imported.alias:
                    module = imported.alias  # `import a.b` binds a
                site = Site(imported.line, _NOT_YET, Binding(Means.IMPORT, -1, module, name))
                add_site(self._table(imported.scope), imported.alias, site)
        for assign in self.facts.bodies.assigns:
            self._assign(assign)
        for call in self.calls:
            if call.callee.kind == Kind.INDEX:
                self.keyed(call.scope, call.callee)
            elif call.callee.text == "getattr" and len(call.args) > 1 and call.args[1].value.kind == Kind.PATH:
                scopes.keyed.add((call.scope, call.args[1].value.text))
        for scope, table in enumerate(scopes.functions):
            self._order(scope, table)
        for index, table in enumerate(scopes.classes):
            self._order(~index, table)

    def imports_bind(self) -> bool:
        """Whether an import makes a name in the file."""
        return True

    # -- definitions --

    def _table(self, scope: int) -> Table:
        return self.scopes.functions[scope] if scope >= 0 else self.scopes.classes[~scope]

    def _order(self, scope: int, table: Table) -> None:
        for sites in table.values():
            if len(sites) > 1:
                sites[:] = [
                    s if s.region != _NOT_YET else s._replace(region=self._region_at(s.line, scope)) for s in sites
                ]
                sites.sort(key=_site_line)

    def _region_at(self, line: int, scope: int) -> int:
        found = -1
        for i, region in enumerate(self.regions):
            if region.line > line:
                break
            if line <= region.end_line and region.scope == scope and region.kind != "with":
                found = i
        return found

    def _define(self, what: Function | Class, binding: Binding) -> None:
        # ECMAScript hoists function declarations; a Python definition holds from its line on.
        hoisted = self.ecmascript and binding.means is Means.FUNCTION
        add_site(self._table(what.scope), what.name, Site(0 if hoisted else what.line, _NOT_YET, binding))

    def _members(self, index: int, cls: Class) -> None:
        self.scope = ~index
        for member in cls.members:
            for binding in self._values(member.value, member.annotation):
                fields = self.scopes.fields if self.ecmascript else self.scopes.classes
                add_site(fields[index], member.name, Site(member.line, -1, binding))

    def _params(self, index: int, function: Function) -> None:
        table = self.scopes.functions[index]
        self.scope = function.scope
        for position, param in enumerate(function.params):
            binding = self._param(index, param)
            if position == 0 and function.scope < 0 and not self.ecmascript:
                if function.kind == "class_method" or function.name in _IMPLICIT_CLASS_METHODS:
                    binding = Binding(Means.OWN_CLASS, ~function.scope)
                elif function.kind in _INSTANCE_KINDS:
                    binding = Binding(Means.RECEIVER, ~function.scope)
            if param.name.isidentifier():
                table[param.name] = [Site(0, -1, binding)]
            else:
                for name in _identifiers(param.name):
                    table[name] = [Site(0, -1, OPAQUE)]

    def _param(self, index: int, param: Param) -> Binding:
        default = () if param.default is None else (self.expression(param.default),)
        if default and default[0].means in PLAIN and not default[0].text:
            default = ()
        annotation = self.type_of(param.annotation)
        return Binding(Means.PARAM, index, param.name, annotation, default)

    def _return(self, scope: int, kind: str, value: Value) -> None:
        found = self.at(scope, value)
        if kind == "yield_from":
            found = Binding(Means.ELEMENT, -1, "", "", (found,))
        if found.means not in PLAIN:
            (self.scopes.results if kind == "return" else self.scopes.yields).setdefault(scope, []).append(found)

    # -- assignments --

    def _assign(self, assign: Assign) -> None:
        kind, target = assign.kind, assign.target
        if kind in {"global", "nonlocal"}:
            if target.kind == Kind.PATH and assign.scope > 0:
                self.scopes.outer.setdefault(assign.scope, {})[target.text] = kind == "global"
            return
        self.scope = assign.scope
        if target.kind == Kind.PATH:
            for binding in self._assigned(assign):
                self._bind_name(assign, target.text, binding)
            return
        if target.kind in PATTERNS:
            for name, binding in self._pattern(assign):
                self._bind_name(assign, name, binding)
        elif target.kind in {Kind.INDEX, Kind.MEMBER} and assign.value is not None:
            self._write(assign)

    def _assigned(self, assign: Assign) -> Sequence[Binding]:
        kind = assign.kind
        if kind in {"augmented", "delete"}:
            return (NOTHING,)
        if kind == "catch":
            return self._caught(assign)
        if kind == "for":
            return (self._iterated(assign.value),)
        if kind == "with":
            return (OPAQUE,) if assign.value is None else (self._entered(assign.value),)
        return self._values(assign.value, assign.annotation)

    def _iterated(self, value: Value | None) -> Binding:
        return OPAQUE if value is None else Binding(Means.ELEMENT, -1, "", "", (self.expression(value),))

    def _entered(self, value: Value) -> Binding:
        return Binding(Means.ENTERED, -1, "", "", (self.expression(value),))

    def _caught(self, assign: Assign) -> Sequence[Binding]:
        value = assign.value
        if value is None or self.ecmascript:
            return (OPAQUE,)
        classes = value.items if value.kind in {Kind.TUPLE, Kind.LIST} else (value,)
        return [Binding(Means.RESULT, -1, c.text) if c.kind == Kind.PATH else OPAQUE for c in classes] or (OPAQUE,)

    def _pattern(self, assign: Assign) -> Iterable[tuple[str, Binding]]:
        value, target = assign.value, assign.target
        if value is None or assign.kind in {"catch", "delete", "declare"}:
            return [(name, OPAQUE) for name in target_names(target)]
        if assign.kind == "for":
            return self.unpacked(target, self._iterated(value))
        if assign.kind == "with":
            return self.unpacked(target, self._entered(value))
        return self._paired(target, value)

    def _paired(self, target: Value, value: Value) -> Iterable[tuple[str, Binding]]:
        """Yield the names of a pattern with what each gets of a value that may be written out."""
        if target.kind == Kind.PATH:
            for binding in self._of_value(value):
                yield target.text, binding
            return
        spread = any(item.kind == Kind.SPREAD for item in value.items)
        if value.kind not in {Kind.TUPLE, Kind.LIST} or spread or target.kind not in {Kind.TUPLE, Kind.LIST}:
            yield from self.unpacked(target, self.expression(value))
            return
        star = next((i for i, item in enumerate(target.items) if item.kind == Kind.SPREAD), -1)
        if star < 0:
            for inner, item in zip(target.items, value.items, strict=False):
                yield from self._paired(inner, item)
            return
        tail = len(target.items) - star - 1
        for inner, item in zip(target.items[:star], value.items[:star], strict=False):
            yield from self._paired(inner, item)
        middle = value.items[star : len(value.items) - tail]
        for name in target_names(target.items[star]):
            yield name, self.display([self.expression(item) for item in middle])
        for inner, item in zip(target.items[star + 1 :], value.items[len(value.items) - tail :], strict=False):
            yield from self._paired(inner, item)

    def _bind_name(self, assign: Assign, text: str, binding: Binding) -> None:
        head, dot, rest = text.partition(".")
        if dot:
            self._bind_attribute(assign, text, head, rest, binding)
            return
        scope, region = assign.scope, assign.region
        if assign.kind == "for" and region >= 0 and self.regions[region].kind == "comprehension":
            self.scopes.comprehensions.setdefault(region, {})[text] = binding
            return
        line = assign.line
        if assign.kind not in {"for", "with", "catch", "named"} and assign.value is not None:
            # A call over several lines binds the name when it ends.
            if assign.value.kind == Kind.CALL:
                line = max(line, self.calls[assign.value.ref].end_line)
        else:
            line -= 1  # it already holds on its own line
        outer = self.scopes.outer.get(scope)
        if assign.declares and any(s.binding.means is Means.IMPORT for s in self._table(scope).get(text, ())):
            return  # `const x = require(…)`: the import says more
        if outer and text in outer:
            region = -2
            binding = within(scope, binding)
            scope = 0 if outer[text] else self._declaring(scope, text)
        elif self.ecmascript and not assign.declares and scope >= 0 and text not in self.scopes.functions[scope]:
            inner, scope, region = scope, self._declaring(scope, text), -2
            if scope != inner:
                binding = within(inner, binding)
        add_site(self._table(scope), text, Site(line, region, binding))

    def _declaring(self, scope: int, name: str) -> int:
        while scope:
            scope = self.outline.functions[scope].scope
            while scope < 0:
                scope = self.outline.classes[~scope].scope
            if name in self.scopes.functions[scope]:
                return scope
        return 0

    def _bind_attribute(self, assign: Assign, text: str, head: str, rest: str, binding: Binding) -> None:
        cls = self._receiver_class(assign.scope, head)
        if cls < 0:
            add_site(self._table(assign.scope), text, Site(assign.line, assign.region, binding))
            if binding.means not in PLAIN:
                owner, _, name = text.rpartition(".")
                self._remember(assign, self.path(owner), name, None, binding)
        elif "." not in rest:
            add_site(self.scopes.fields[cls], rest, Site(assign.line, -2, within(assign.scope, binding)))

    def _write(self, assign: Assign) -> None:
        """Take in `a.b[k] = v` and `f().x = v`."""
        target, value = assign.target, assign.value
        if value is None or assign.kind != "assign":
            return
        owner = self.expression(target.items[0])
        found = self.expression(value)
        self.keyed(assign.scope, target)
        if target.kind == Kind.MEMBER:
            self._remember(assign, owner, target.text, None, found)
        elif len(target.items) == 2:  # object and key
            name = place_name(Binding(Means.ITEM, -1, "", "", (owner, self.expression(target.items[1]))))
            if name:
                add_site(self._table(assign.scope), name, Site(assign.line, assign.region, found))
            self._remember(assign, owner, "", self.expression(target.items[1]), found)

    def _remember(self, assign: Assign, owner: Binding, name: str, key: Binding | None, value: Binding) -> None:
        if value.means not in PLAIN:
            self.scopes.writes.append(Write(assign.scope, assign.line, assign.region, owner, name, key, value))

    def _receiver_class(self, scope: int, head: str) -> int:
        if scope < 0:
            return -1
        if self.ecmascript:
            return self._this_class(scope) if head == "this" else -1
        functions = self.outline.functions
        while scope > 0:
            sites = self.scopes.functions[scope].get(head)
            if sites:
                binding = sites[0].binding
                return binding.ref if binding.means in {Means.RECEIVER, Means.OWN_CLASS} else -1
            scope = functions[scope].scope
        return -1

    def _this_class(self, scope: int) -> int:
        functions = self.outline.functions
        while scope > 0 and functions[scope].kind == "lambda":
            scope = functions[scope].scope
            if scope < 0:
                return -1
        return ~functions[scope].scope if scope > 0 and functions[scope].scope < 0 else -1

    def _values(self, value: Value | None, annotation: str | None) -> Sequence[Binding]:
        declared = self.type_of(annotation)
        if declared:
            inner = () if value is None else (self.expression(value),)
            return (Binding(Means.TYPED, -1, declared, "", () if inner and inner[0].means in PLAIN else inner),)
        if value is None:
            return (NOTHING,)
        return self._of_value(value)

    def _of_value(self, value: Value) -> Sequence[Binding]:
        found = self.expression(value)
        return found.items if found.means is Means.ANY and found.items else (found,)


def within(scope: int, binding: Binding) -> Binding:
    """Return the binding as one that is evaluated in the scope, if that makes a difference."""
    return binding if binding.means in _CLOSED else Binding(Means.IN, scope, "", "", (binding,))


_CLOSED: Final = frozenset(
    {Means.NOTHING, Means.OPAQUE, Means.FUNCTION, Means.CLASS, Means.LITERAL, Means.DISPLAY, Means.PARAM}
)
_INSTANCE_KINDS: Final = frozenset({"method", "constructor", "getter", "setter"})
_IMPLICIT_CLASS_METHODS: Final = frozenset({"__new__", "__init_subclass__", "__class_getitem__"})
_IDENTIFIER: Final = re.compile(r"[^\W\d][\w$]*|\$[\w$]*")
_identifiers: Final = _IDENTIFIER.findall


def _site_line(site: Site) -> int:
    return site.line


def add_site(table: Table, name: str, site: Site) -> None:
    """Take in a binding; one to nothing gives way to any other."""
    sites = table.get(name)
    if sites is None:
        table[name] = [site]
    elif site.binding is NOTHING:
        return
    elif sites[0].binding is NOTHING:
        sites[0] = site
    else:
        sites.append(site)


def _is_second_face(function: Function) -> bool:
    """Whether a function stands beside the one that its name means: an overload's signature, a setter."""
    return function.kind == "setter" or any(d.name.rpartition(".")[2] == "overload" for d in function.decorators)
