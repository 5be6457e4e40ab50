"""Name tables of files in languages with declared types: members are fields, overloads all count, types in one form.

It differs from the binder of Python and ECMAScript where these languages do: a method names its receiver by a word, a
function may belong to a type that is declared elsewhere, and whether an assignment makes a name is the language's
choice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from driftd.pipeline.binder import Binder
from driftd.pipeline.bindings import NOTHING, OPAQUE, Binding, Means, Site
from driftd.pipeline.dialects import DIALECTS
from driftd.pipeline.expressions import target_names
from driftd.pipeline.facts.model import Kind
from driftd.pipeline.type_names import canonical

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from driftd.pipeline.bindings import Table
    from driftd.pipeline.facts.model import Assign, Class, FileFacts, Function, Param

CONSTRUCTOR = "<new>"  # what a class binds its constructors as, where they bear its own name
_CALLABLE_CONSTRUCTORS = frozenset({"__construct", "initialize", "init"})
_ANYWHERE = -2  # the region of a binding that no other hides


class DeclaredBinder(Binder):
    """Fills the tables of one file."""

    def __init__(self, facts: FileFacts) -> None:
        super().__init__(facts)
        self.language = facts.language
        self.dialect = DIALECTS[facts.language]

    def type_of(self, annotation: str | None) -> str:
        """Return a type in the one form; "" if it says nothing usable."""
        return canonical(self.language, annotation)

    def imports_bind(self) -> bool:
        """Whether an import makes a name in the file: where packages are global it only says when a file is loaded."""
        return self.dialect.package != "global"

    def _define(self, what: Function | Class, binding: Binding) -> None:
        name = what.name
        if getattr(what, "kind", "") == "extension":
            return  # it adds to what its name means
        if getattr(what, "qualifiers", "").startswith("friend"):
            return  # only the types of arguments lead to it
        receiver: str = getattr(what, "receiver", "")
        if receiver:
            name = member_name(self.type_of(receiver) or receiver, name)
        elif what.scope < 0 and getattr(what, "kind", "") == "constructor" and name not in _CALLABLE_CONSTRUCTORS:
            name = CONSTRUCTOR
            if self.language == "csharp" and self._is_static(what):
                return  # nothing calls it
        _put(self._table(what.scope), name, Site(0, _ANYWHERE, binding))

    def _is_static(self, constructor: Function | Class) -> bool:
        """Whether a C# constructor is static: it has no parameters and no modifier says who may call it."""
        return (
            getattr(constructor, "params", None) == ()
            and constructor.visibility == "private"
            and any(
                f.scope == constructor.scope and f.kind == "constructor" and f is not constructor and not f.params
                for f in self.outline.functions
            )
        )

    def _members(self, index: int, cls: Class) -> None:
        self.scope = ~index
        table = self.scopes.fields[index]
        for member in cls.members:
            found = self._values(member.value, member.annotation)
            if cls.kind == "enum" and not member.annotation:
                found = (Binding(Means.TYPED, -1, cls.name),)
            for binding in found:
                _put(table, member.name, Site(member.line, _ANYWHERE, binding))

    def _params(self, index: int, function: Function) -> None:
        table = self.scopes.functions[index]
        self.scope = function.scope
        for param in function.params:
            table[param.name] = [Site(0, -1, self._param(index, param))]

    def _param(self, index: int, param: Param) -> Binding:
        return Binding(Means.PARAM, index, param.name, self.type_of(param.annotation))

    def _caught(self, assign: Assign) -> Sequence[Binding]:
        declared = self.type_of(assign.annotation)
        return (Binding(Means.TYPED, -1, declared),) if declared else super()._caught(assign)

    def _assigned(self, assign: Assign) -> Sequence[Binding]:
        if assign.kind == "for" and self.language == "go":
            return (OPAQUE,)
        declared = self.type_of(assign.annotation) if assign.kind in {"for", "with"} else ""
        return (Binding(Means.TYPED, -1, declared),) if declared else super()._assigned(assign)

    def _pattern(self, assign: Assign) -> Iterable[tuple[str, Binding]]:
        if assign.kind == "for" and self.language == "go" and assign.value is not None:
            # The first is the index or the key.
            names = [name for item in assign.target.items for name in target_names(item)]
            element = self._iterated(assign.value)
            return [(name, element if at else OPAQUE) for at, name in enumerate(names)]
        return super()._pattern(assign)

    def _bind_name(self, assign: Assign, text: str, binding: Binding) -> None:
        head, dot, rest = text.partition(".")
        if dot:
            self._bind_attribute(assign, text, head, rest, binding)
            return
        scope = assign.scope
        makes = assign.declares or assign.kind != "assign"
        at = scope if makes else self._holder(scope, text)
        if at is None:
            cls = self._class_with(scope, text)
            if cls >= 0:
                _put(self.scopes.fields[cls], text, Site(assign.line, _ANYWHERE, _within(scope, binding)))
                return
            at = scope if self.dialect.declares_by_assigning or scope <= 0 else 0
        line = assign.line
        if assign.kind in {"for", "with", "catch", "named"} or assign.value is None:
            line -= 1  # it already holds on its own line
        elif assign.value.kind == Kind.CALL:
            line = max(line, self.calls[assign.value.ref].end_line)
        elsewhere = at != scope
        site = Site(line, _ANYWHERE if elsewhere else assign.region, _within(scope, binding) if elsewhere else binding)
        _put(self._table(at), text, site)

    def _holder(self, scope: int, name: str) -> int | None:
        """Return the function around the scope that has the name; None if there is none."""
        if scope < 0:
            return scope
        while scope > 0:
            if name in self.scopes.functions[scope]:
                return scope
            scope = self.outline.functions[scope].scope
            if scope < 0:
                return None
        return 0 if name in self.scopes.functions[0] else None

    def _class_with(self, scope: int, name: str) -> int:
        if not self.dialect.implicit_receiver:
            return -1
        while scope:
            if scope < 0:
                if name in self.scopes.fields[~scope]:
                    return ~scope
                scope = self.outline.classes[~scope].scope
            else:
                scope = self.outline.functions[scope].scope
        return -1

    def _receiver_class(self, scope: int, head: str) -> int:
        if head not in self.dialect.receivers and head not in self.dialect.own:
            return -1
        while scope > 0:
            scope = self.outline.functions[scope].scope
        return ~scope if scope < 0 else -1


def member_name(owner: str, name: str) -> str:
    """Return the name under which a file binds a function that belongs to a type which is declared elsewhere."""
    return f"{owner.partition('[')[0]}.{name}"


def _within(scope: int, binding: Binding) -> Binding:
    return binding if binding.means in {Means.NOTHING, Means.OPAQUE, Means.LITERAL} else Binding(Means.IN, scope, "", "", (binding,))  # fmt: skip


def _put(table: Table, name: str, site: Site) -> None:
    sites = table.get(name)
    if sites is None or sites[0].binding is NOTHING:
        table[name] = [site]
    elif site.binding is not NOTHING:
        sites.append(site)
