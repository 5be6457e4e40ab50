"""What the names in one file stand for, as far as the file itself says: dotted names as their modules have them.

`import subprocess as sp; run = sp.run; run(x)` calls `subprocess.run`.  Calls and subscripts on the way are left out:
what `hashlib.md5(x).hexdigest()` calls is `hashlib.md5.hexdigest`, and the method of an instance is one of its class
(`paramiko.SSHClient.connect`).  A name that nothing in the file binds is a global of the language and stands for
itself; a name that is bound to something of the file's own stands for nothing.  JavaScript's default import is the
module itself, and `node:` is left out.

A name can stand for several things (two assignments, a type that is one of several imported packages'): all of them
are given, and a rule that knows one of them tells which.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

from driftd.pipeline.bindings import Binding, Means
from driftd.pipeline.detect.built import path_value
from driftd.pipeline.detect.folding import Folding
from driftd.pipeline.detect.given_values import OWN, GivenValues
from driftd.pipeline.detect.routed_values import is_routed
from driftd.pipeline.dialects import DIALECTS
from driftd.pipeline.facts.model import Kind
from driftd.pipeline.interface import bind
from driftd.pipeline.modules import ECMASCRIPT
from driftd.pipeline.scopes import annotation_paths, reaching

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from driftd.pipeline.bindings import Site
    from driftd.pipeline.detect.given_values import Given
    from driftd.pipeline.detect.rules import RoutedValue
    from driftd.pipeline.facts.model import Call, FileFacts, Function, Value
    from driftd.pipeline.scopes import Scopes

NamesFound = tuple[str, ...]
NONE: Final[NamesFound] = ()

_DEPTH: Final = 8
_MOST: Final = 8  # alternatives of one name; more say nothing


class Names:
    """Resolves the values of one file.  The name tables are made when they are first needed."""

    def __init__(
        self,
        facts: FileFacts,
        scopes: Scopes | None = None,
        given: Handed | None = None,
        routed: Sequence[RoutedValue] = (),
    ) -> None:
        """`given` says what frameworks hand to the functions that are given to them, `routed` what a route decides."""
        self.facts = facts
        self.calls: Sequence[Call] = facts.bodies.calls
        self.functions = facts.outline.functions
        self.classes = facts.outline.classes
        self.ecmascript = facts.language in ECMASCRIPT
        self._scopes = scopes
        self._given = given or {}
        self._routed = {value.rpartition(".")[2]: one for one in routed for value in one.values}
        self._memo: dict[tuple[int, str, int], NamesFound] = {}
        self._imports: dict[str, NamesFound] | None = None
        self._wildcards: tuple[str, ...] = ()
        self._handed: dict[int, tuple[int, int]] | None = None  # function -> the call it is given to, and as what
        self._under_way: set[tuple[int, str]] = set()
        self.folding = Folding(self, lambda: self.scopes) if facts.language in _FOLDED else None
        self._dialect = DIALECTS.get(facts.language)
        self._values: GivenValues | None = None

    def close(self) -> None:
        """Let go of what refers back to this, so that all of it is freed at once and no collector has to find it."""
        self.folding = None

    @property
    def scopes(self) -> Scopes:
        """The name tables of the file."""
        if self._scopes is None:
            self._scopes = bind(self.facts)
        return self._scopes

    def is_routed(self, text: str, scope: int, line: int) -> bool:
        """Return whether an access path is a part of the request that the routes of the function around decide."""
        routed = self._routed.get(text.rpartition(".")[2])
        return (
            routed is not None
            and any(name in routed.values for name in self.path(text, scope, line))
            and is_routed(self.facts, scope, routed)
        )

    # -- values -------------------------------------------------------------------------------------------------------

    def of(self, value: Value, scope: int, line: int) -> NamesFound:
        """Return what a value stands for, where it is read."""
        return self._of(value, scope, line, _DEPTH)

    def callee(self, call: Call) -> NamesFound:
        """Return what a call calls."""
        return self._of(call.callee, call.scope, call.line, _DEPTH)

    def text(self, value: Value, scope: int, line: int) -> str | None:
        """Return the string that a value is: written here, or bound to the name that stands here; else None."""
        kind = value.kind
        if kind == Kind.STRING:
            return self.facts.texts.literals[value.ref].value if value.ref >= 0 else None
        if self.folding is not None and kind in _FOLDING:
            values = self.folding.values(value, scope, line)
            if values is not None and len(values) == 1:
                return values[0] if isinstance(values[0], str) else None
        elif kind == Kind.PATH:
            found = self._literal(value.text, scope, line)
            if found is None and self._dialect is not None:
                return self._single_text(value, scope, line)
            return found[1:] if found is not None and found[:1] == "'" else None
        if kind in _WRAPPERS and kind != Kind.INDEX and value.items:
            return self.text(value.items[-1], scope, line)
        if kind == Kind.OPERATION and value.text in _EITHER and len(value.items) == 2:
            return self.text(value.items[1], scope, line)  # what it is unless something else is given
        if self._dialect is not None and kind in _COMPUTED:
            return self._single_text(value, scope, line)
        return None

    def given(self, value: Value, scope: int, line: int) -> list[Given]:
        """Return what a name may have been given, in languages with declared scopes; nothing if that is not known."""
        if self._values is None:
            self._values = GivenValues(self.facts)
        return self._values.of(value.text, scope, line)

    def _single_text(self, value: Value, scope: int, line: int) -> str | None:
        found = self._texts(value, scope, line, _DEPTH)
        return found[0] if len(found) == 1 else None

    def _texts(self, value: Value, scope: int, line: int, depth: int) -> tuple[str, ...]:
        """Return the strings that a value can be, all of them; () if one is not known.  Bytes of a text are the text."""
        kind = value.kind
        if depth == 0:
            return ()
        if kind == Kind.PATH:
            return _all(self._texts(v, at, before, depth - 1) for v, at, before in self.given(value, scope, line))
        if kind == Kind.CALL:
            inner = self._converted(value)
            return () if inner is None else self._texts(inner, scope, line, depth - 1)
        if kind == Kind.CONDITIONAL and len(value.items) == 3:
            return _all(self._texts(item, scope, line, depth - 1) for item in value.items[1:])
        if kind == Kind.OPERATION and value.text in _CONCATENATING and len(value.items) == 2:
            left = self._texts(value.items[0], scope, line, depth - 1)
            right = self._texts(value.items[1], scope, line, depth - 1) if left else ()
            return tuple([a + b for a in left for b in right]) if len(left) * len(right) <= _MOST else ()
        text = self.text(value, scope, line) if kind not in _COMPUTED else None
        return () if text is None else (text,)

    def _converted(self, value: Value) -> Value | None:
        """Return what a call only gives another form: `"abc".getBytes()`, `Encoding.UTF8.GetBytes(x)`, `[]byte(x)`."""
        call = self.calls[value.ref]
        callee = call.callee
        if callee.kind == Kind.UNKNOWN or callee.text.rpartition(".")[2] in _CONVERTING_ARGUMENT:
            return call.args[0].value if call.args else None
        if callee.kind == Kind.MEMBER and callee.text in _CONVERTING:
            return callee.items[0] if callee.items else None
        owner, dot, last = callee.text.rpartition(".")
        return path_value(owner) if dot and callee.kind == Kind.PATH and last in _CONVERTING else None

    def word(self, value: Value, scope: int, line: int) -> str:
        """Return which of the language's constants a value is: `true`, `false`, `null` …; "" for others."""
        if value.kind == Kind.CONSTANT:
            return value.text
        if self.folding is not None and value.kind == Kind.PATH:
            values = self.folding.values(value, scope, line)
            if values is not None and len(values) == 1 and (values[0] is None or isinstance(values[0], bool)):
                return {None: "null", True: "true", False: "false"}[values[0]]
        elif self.ecmascript and value.kind == Kind.PATH and "." not in value.text:
            sites = self._sites(value.text, scope, line)
            if sites is not None and len(sites) == 1 and sites[0][1].means == Means.LITERAL and not sites[0][1].text:
                given = [a.value for a in self.facts.bodies.assigns if a.target.text == value.text and a.value]
                if len(given) == 1 and given[0].kind == Kind.CONSTANT:
                    return given[0].text
        return ""

    def texts(self, value: Value, scope: int, line: int) -> tuple[str, ...]:
        """Return the strings that a value can be, as far as they are known."""
        if self.folding is not None and value.kind in _FOLDING:
            values = self.folding.values(value, scope, line) or ()
            if len(values) > 1:
                return tuple([one for one in values if isinstance(one, str)])
        if self._dialect is not None and (value.kind in _COMPUTED or value.kind == Kind.PATH):
            found = self._texts(value, scope, line, _DEPTH)
            if found:
                return found
        text = self.text(value, scope, line)
        return () if text is None else (text,)

    def number(self, value: Value, scope: int, line: int, depth: int = _DEPTH) -> float | None:
        """Return the number that a value is, or None."""
        if self.folding is not None:
            values = self.folding.values(value, scope, line)
            one = values[0] if values is not None and len(values) == 1 else None
            return one if isinstance(one, int | float) and not isinstance(one, bool) else None
        if value.kind == Kind.NUMBER and value.ref >= 0:
            return _number(self.facts.texts.literals[value.ref].raw or self.facts.texts.literals[value.ref].value)
        if value.kind == Kind.PATH:
            found = self._literal(value.text, scope, line)
            if found is None and self._dialect is not None and depth:
                numbers = {self.number(v, at, before, depth - 1) for v, at, before in self.given(value, scope, line)}
                return numbers.pop() if len(numbers) == 1 else None
            return None if found is None or found[:1] == "'" else _number(found)
        if value.kind == Kind.OPERATION and value.text == "-" and len(value.items) == 1:
            inner = self.number(value.items[0], scope, line)
            return None if inner is None else -inner
        return None

    def is_constant(self, value: Value, scope: int, line: int, depth: int = _DEPTH) -> bool:
        """Return whether a value is the same every time: literals, and names that the file binds to them."""
        kind = value.kind
        if kind in _CONSTANTS:
            return True
        if self.folding is not None:
            return self.folding.values(value, scope, line) is not None
        if depth == 0:
            return False
        if kind == Kind.PATH:
            if self._dialect is not None:
                given = self.given(value, scope, line)
                return bool(given) and all(self.is_constant(v, at, before, depth - 1) for v, at, before in given)
            sites = self._sites(value.text, scope, line)
            return sites is not None and all(binding.means == Means.LITERAL for _, binding in sites)
        if kind == Kind.CALL and self._dialect is not None:
            inner = self._converted(value)
            return inner is not None and self.is_constant(inner, scope, line, depth - 1)
        if kind in _COMPOSED:
            return all(self.is_constant(item, scope, line, depth - 1) for item in value.items)
        return False

    def is_own(self, name: str, scope: int, line: int) -> bool:
        """Return whether a name is the instance or class whose code this is, or a class or function of the file."""
        sites = self._sites(name, scope, line)
        return sites is not None and any(binding.means in _DECLARED for _, binding in sites)

    def _of(self, value: Value, scope: int, line: int, depth: int) -> NamesFound:
        kind = value.kind
        if kind == Kind.PATH:
            return self.path(value.text, scope, line, depth)
        if depth == 0:
            return NONE
        if kind == Kind.MEMBER and value.items:
            return _member(self._of(value.items[0], scope, line, depth - 1), value.text)
        if kind == Kind.CALL:
            call = self.calls[value.ref]
            loaded = self._loaded(call)
            return (loaded,) if loaded else self._of(call.callee, call.scope, call.line, depth - 1)
        if kind == Kind.CLASS:
            return self._class(value.ref, depth - 1)
        if kind in _WRAPPERS and value.items:
            return self._of(value.items[-1] if kind == Kind.NAMED else value.items[0], scope, line, depth - 1)
        if kind == Kind.CONDITIONAL and len(value.items) == 3:
            return _union(self._of(item, scope, line, depth - 1) for item in value.items[1:])
        if kind == Kind.OPERATION and value.text in _EITHER:
            return _union(self._of(item, scope, line, depth - 1) for item in value.items)
        return NONE

    def _loaded(self, call: Call) -> str:
        """Return the module that `require("x")` or `import("x")` gives."""
        if self.ecmascript and call.callee.kind == Kind.PATH and call.callee.text in _LOADING and call.args:
            first = call.args[0].value
            if first.kind == Kind.STRING and first.ref >= 0:
                return _module(self.facts.texts.literals[first.ref].value)
        return ""

    # -- names --------------------------------------------------------------------------------------------------------

    def path(self, text: str, scope: int, line: int, depth: int = _DEPTH) -> NamesFound:
        """Return what an access path stands for."""
        key = (scope, text, line)
        found = self._memo.get(key)
        if found is None:
            guard = (scope, text)
            if guard in self._under_way or depth <= 0:
                return NONE
            self._under_way.add(guard)
            found = self._path(text, scope, line, depth)
            self._under_way.discard(guard)
            self._memo[key] = found
        return found

    def _path(self, text: str, scope: int, line: int, depth: int) -> NamesFound:
        text = text.replace("?.", ".").replace("::", ".").replace("->", ".").lstrip("\\$@").replace("\\", ".")
        head, dot, rest = text.partition(".")
        sites = self._sites(head, scope, line)
        if sites is None and dot and self._dialect is not None and head in OWN:
            return self._receiver(self._class_around(scope), rest, depth - 1) or (text,)
        if sites is not None and self.facts.language == "go" and sites[0][1].means == Means.IMPORT:
            sites = None  # the tables have folders of the project, rules have packages as they are imported
        if sites is None:
            names = self._unbound(head)
        else:
            found: list[NamesFound] = []
            for at, binding in sites:
                found.append(self._binding(binding, at, rest, depth - 1))
            return _union(found)
        return tuple([f"{name}.{rest}" for name in names]) if dot else names

    def _binding(self, binding: Binding, scope: int, rest: str, depth: int) -> NamesFound:
        """Return what `rest` of a binding that stands in `scope` is."""
        if depth <= 0:
            return NONE
        means = binding.means
        if means in _OWN:
            return self._receiver(binding.ref, rest, depth)
        names = self._bound(binding, scope, depth)
        return tuple([f"{name}.{rest}" for name in names]) if rest else names

    def _bound(self, binding: Binding, scope: int, depth: int) -> NamesFound:
        if depth <= 0:
            return NONE
        means = binding.means
        if means == Means.IMPORT:
            return (_imported(binding.text, binding.name, ecmascript=self.ecmascript),)
        if means == Means.PATH:
            return self.path(binding.text, scope, _LATEST, depth)
        if means == Means.RESULT:
            if binding.text in _LOADING and self.ecmascript and len(binding.items) > 1:
                loaded = binding.items[1]
                if loaded.means == Means.LITERAL and loaded.text[:1] == "'":
                    return (_module(loaded.text[1:]),)
            if binding.text:
                return self.path(binding.text, scope, _LATEST, depth)
            return self._bound(binding.items[0], scope, depth - 1) if binding.items else NONE
        if means == Means.MEMBER and binding.items:
            return _member(self._binding(binding.items[0], scope, "", depth - 1), binding.text)
        if means == Means.TYPED:
            return self._typed(binding.text, scope, depth) or self._of_items(binding, scope, depth)
        if means == Means.PARAM:
            return self._parameter(binding, scope, depth)
        if means == Means.CLASS:
            return self._class(binding.ref, depth - 1)
        if means in _OWN:
            return self._receiver(binding.ref, "", depth)
        if means == Means.IN and binding.items:
            return self._binding(binding.items[0], binding.ref, "", depth - 1)
        if means in _TRANSPARENT and binding.items:
            return self._bound(binding.items[0], scope, depth - 1)
        if means == Means.ANY:
            return _union(self._bound(item, scope, depth - 1) for item in binding.items)
        return NONE

    def _of_items(self, binding: Binding, scope: int, depth: int) -> NamesFound:
        return self._bound(binding.items[0], scope, depth - 1) if binding.items else NONE

    def _typed(self, annotation: str, scope: int, depth: int) -> NamesFound:
        return _union(self.path(path, scope, _LATEST, depth - 1) for path in annotation_paths(annotation))

    def _class(self, number: int, depth: int) -> NamesFound:
        """Return what a class of the file is to those who know its bases: each of them."""
        if not 0 <= number < len(self.classes) or depth <= 0:
            return NONE
        cls = self.classes[number]
        return _union(self._of(base.value, cls.scope, _LATEST, depth - 1) for base in cls.bases)

    def _receiver(self, number: int, rest: str, depth: int) -> NamesFound:
        """Return what an attribute of the own instance is: what is stored there, or an inherited one."""
        if not 0 <= number < len(self.classes):
            return NONE
        head, _, more = rest.partition(".")
        for table in (self.scopes.fields[number], self.scopes.classes[number]) if head else ():
            sites = table.get(head)
            if sites:
                return _union(self._binding(binding, ~number, more, depth - 1) for binding in reaching(sites))
        bases = self._class(number, depth)
        return tuple([f"{base}.{rest}" for base in bases]) if rest else bases

    def _parameter(self, binding: Binding, scope: int, depth: int) -> NamesFound:
        if binding.name:
            return self._typed(binding.name, scope, depth)
        given = self._given_to(binding.ref, binding.text, depth) or self._by_signature(binding.ref, binding.text)
        return given or (self._of_items(binding, scope, depth) if binding.items else NONE)

    def _by_signature(self, function: int, name: str) -> NamesFound:
        """Return what a parameter of an HTTP handler is: Node's frameworks all call them with request and response.

        That is a convention of names, so both must be there, in this order.
        """
        if not self.ecmascript or name not in _HANDLER or not 0 <= function < len(self.functions):
            return NONE
        if name in _EVENTS:
            return self._event(self.functions[function], name)
        params = [p.name for p in self.functions[function].params]
        for first, second in pairwise(params):
            if first in _REQUESTS and second in _RESPONSES:
                return ("express.Request",) if name == first else ("express.Response",) if name == second else NONE
        return NONE

    @staticmethod
    def _event(function: Function, name: str) -> NamesFound:
        """Return what an exported `handler` of a cloud function gets: what the sender says."""
        called = function.bound_to or function.name
        is_one = called in _CLOUD_HANDLERS or (called == "handler" and function.is_exported)
        return ("aws-lambda.Event",) if is_one and function.params and function.params[0].name == name else NONE

    def handed(self, function: int) -> int:
        """Return the call that a function is written for as an argument, or -1."""
        if self._handed is None:
            self._handed = handed_functions(self.facts)
        return self._handed.get(function, (-1, 0))[0]

    def _given_to(self, function: int, name: str, depth: int) -> NamesFound:
        """Return what a framework gives to a parameter of a function that is handed to it."""
        if not self._given or not 0 <= function < len(self.functions):
            return NONE
        if self._handed is None:
            self._handed = handed_functions(self.facts)
        handed = self._handed.get(function)
        if handed is None:
            return NONE
        call = self.calls[handed[0]]
        position = next((i for i, p in enumerate(self.functions[function].params) if p.name == name), -1)
        if position < 0:
            return NONE
        last = call.callee.text.rpartition(".")[2]
        for symbols, types in self._given.get(last, ()):
            if position < len(types) and any(
                n in symbols or n.partition(".")[0] in symbols
                for n in self._of(call.callee, call.scope, call.line, depth - 1)
            ):
                return (types[position],) if types[position] else NONE
        return NONE

    def _class_around(self, scope: int) -> int:
        while scope > 0:
            scope = self.functions[scope].scope
        return ~scope if scope < 0 else -1

    # -- tables -------------------------------------------------------------------------------------------------------

    def _sites(self, name: str, scope: int, line: int) -> list[tuple[int, Binding]] | None:
        """Return what a name is bound to where it is read, with where that stands; None if nothing binds it."""
        at = scope
        scopes = self.scopes
        first = True
        while True:
            if at < 0:
                table = scopes.classes[~at] if first and ~at < len(scopes.classes) else {}
                if self._dialect is not None and self._dialect.implicit_receiver and ~at < len(scopes.fields):
                    sites = scopes.fields[~at].get(name)
                    if sites:
                        return [(at, binding) for binding in reaching(sites)]
                parent = self.classes[~at].scope if ~at < len(self.classes) else 0
            else:
                table = scopes.functions[at]
                parent = self.functions[at].scope if at else -1
            sites = table.get(name)
            if sites:
                return [(at, binding) for binding in (_before(sites, line) if first else reaching(sites))]
            if at == 0:
                return None
            if at >= 0 or first:
                first = False
            at = parent if at != 0 else 0

    def _literal(self, name: str, scope: int, line: int) -> str | None:
        sites = self._sites(name, scope, line)
        if sites is None or len(sites) != 1 or sites[0][1].means != Means.LITERAL:
            return None
        return sites[0][1].text or None

    def _unbound(self, name: str) -> NamesFound:
        imports = self._import_names()
        found = imports.get(name)
        if found is not None:
            return found
        if self._wildcards and name.isidentifier():
            language = self.facts.language
            if name[:1].isupper() or language in _OPEN:
                return (name, *[f"{module}.{name}" for module in self._wildcards])
            if language == "java":  # members of a class: `import static org.junit.Assert.*`
                members = [m for m in self._wildcards if m.rpartition(".")[2][:1].isupper()]
                return (name, *[f"{module}.{name}" for module in members])
        if self.ecmascript and name in _FREE:
            return _FREE[name]
        return (name,)

    def _import_names(self) -> Mapping[str, NamesFound]:
        """Return what imports bind in languages whose name tables do not hold them; notes those that take everything."""
        if self._imports is None:
            self._imports = {}
            wildcards = list(_IMPLIED.get(self.facts.language, ()))
            for i in self.facts.outline.imports:
                if i.alias:
                    self._imports.setdefault(i.alias, (_imported(i.module, i.name, ecmascript=self.ecmascript),))
                elif i.name == "*" or (not i.name and self.facts.language in _USING):
                    wildcards.append(_module(i.module))
            self._wildcards = tuple(dict.fromkeys(wildcards))[:_MOST_WILDCARDS]
        return self._imports


Handed = dict[str, list[tuple[frozenset[str], tuple[str, ...]]]]
"""Last name of a call -> (first names of what is called, what it gives to the parameters of a function it is handed)."""

_LOADING: Final = frozenset({"require", "import"})
_LATEST: Final = 1 << 30
_MOST_WILDCARDS: Final = 40
_OPEN: Final = frozenset({"kotlin", "scala", "rust", "csharp"})  # a wildcard import may bring functions
# What a file sees without saying so: the SDK's implicit usings.
_IMPLIED: Final = {
    "csharp": ("System", "System.IO", "System.Linq", "System.Net.Http", "System.Threading", "System.Threading.Tasks",
               "System.Collections.Generic", "Microsoft.AspNetCore.Builder", "Microsoft.AspNetCore.Http"),
}  # fmt: skip
_COMPUTED: Final = frozenset({Kind.CALL, Kind.CONDITIONAL, Kind.OPERATION})
_CONCATENATING: Final = frozenset({"+", ".", "&"})
_CONVERTING: Final = frozenset(
    {"getBytes", "toCharArray", "toByteArray", "encodeToByteArray", "ToCharArray", "to_string", "to_owned", "into", "as_bytes",
     "as_str", "to_vec", "into_bytes", "encode", "freeze", "b", "bytes", "clone", "data", "trim", "toUpperCase", "toLowerCase",
     "toString"}
)  # fmt: skip
_CONVERTING_ARGUMENT: Final = frozenset(
    {"GetBytes", "from_slice", "from_str", "valueOf", "copyValueOf", "copyOf", "copyOfRange", "FromBase64String"}
)
_USING: Final = frozenset({"csharp"})
_EITHER: Final = frozenset({"or", "||", "??", "?:"})
_WRAPPERS: Final = frozenset({Kind.AWAIT, Kind.CAST, Kind.NAMED, Kind.SPREAD, Kind.INDEX})
_CONSTANTS: Final = frozenset({Kind.STRING, Kind.NUMBER, Kind.CONSTANT, Kind.REGEX})
_COMPOSED: Final = frozenset(
    {
        Kind.LIST,
        Kind.TUPLE,
        Kind.SET,
        Kind.DICT,
        Kind.OPERATION,
        Kind.TEMPLATE,
        Kind.CONDITIONAL,
        Kind.CAST,
        Kind.MEMBER,
    }
)
_FOLDED: Final = frozenset({"python"})  # languages whose operators and scopes `folding` knows
_FOLDING: Final = frozenset({Kind.PATH, Kind.OPERATION, Kind.TEMPLATE, Kind.CONDITIONAL, Kind.INDEX, Kind.CALL})
_REQUESTS: Final = frozenset({"req", "request", "_req"})
_RESPONSES: Final = frozenset({"res", "response", "_res"})
_EVENTS: Final = frozenset({"event", "_event"})
_CLOUD_HANDLERS: Final = frozenset({"exports.handler", "module.exports.handler"})
_HANDLER: Final = _REQUESTS | _RESPONSES | _EVENTS
# What a name that nothing binds can only be, in parts of files that are put into others.
_FREE: Final = {"req": ("express.Request",), "res": ("express.Response",)}
_OWN: Final = frozenset({Means.RECEIVER, Means.OWN_CLASS})
_DECLARED: Final = _OWN | {Means.CLASS, Means.FUNCTION}
_TRANSPARENT: Final = frozenset({Means.ENTERED, Means.ITEM, Means.ELEMENT, Means.AWAITED, Means.REST, Means.KEYWORD})


def _before(sites: Sequence[Site], line: int) -> list[Binding]:
    """Return the bindings that can hold at a line of the same scope; what comes later counts if nothing came before."""
    earlier = [site for site in sites if site.line < line or site.line == 0]
    return reaching(earlier or sites)


def _member(names: NamesFound, attribute: str) -> NamesFound:
    return tuple([f"{name}.{attribute}" for name in names])


def _union(many: Iterable[NamesFound]) -> NamesFound:
    """Return all alternatives; those that one wildcard import each gives count as one."""
    found: dict[str, None] = {}
    lists = [names for names in many if names]
    if len(lists) == 1:
        return lists[0]
    for names in lists:
        for name in names:
            found[name] = None
    return tuple(found) if len(found) <= _MOST * max(1, max(map(len, lists), default=1)) else NONE


def _all(many: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """Return all texts, or none if one of them is not known."""
    found: dict[str, None] = {}
    for texts in many:
        if not texts:
            return ()
        for text in texts:
            found[text] = None
    return tuple(found)


def _module(text: str) -> str:
    """Return a module as rules name it."""
    return text.removeprefix("node:").replace("::", ".").replace("\\", ".").lstrip(".") if text[:1] != "." else text


def _imported(module: str, name: str, *, ecmascript: bool) -> str:
    if not name or name == "*" or (ecmascript and name == "default"):
        return _module(module)
    return f"{_module(module)}.{name}" if module else name


def _number(text: str) -> float | None:
    try:
        plain = text.replace("_", "").rstrip("nLl")
        return float(int(plain, 8 if plain[:1] == "0" and plain.isdigit() and plain != "0" else 0))
    except ValueError:
        try:
            return float(text.replace("_", ""))
        except ValueError:
            return None


def handed_functions(facts: FileFacts) -> dict[int, tuple[int, int]]:
    """Return for each function that is written as an argument, or named as one, the call and the position."""
    found: dict[int, tuple[int, int]] = {}
    named = {f.name: i for i, f in enumerate(facts.outline.functions) if i and f.name and f.name != "<lambda>"}
    for number, call in enumerate(facts.bodies.calls):
        for position, arg in enumerate(call.args):
            kind = arg.value.kind
            if kind == Kind.FUNCTION:
                found.setdefault(arg.value.ref, (number, position))
            elif kind == Kind.PATH and arg.value.text in named:
                found.setdefault(named[arg.value.text], (number, position))
    return found
