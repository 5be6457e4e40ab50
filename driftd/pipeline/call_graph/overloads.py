"""Which of several functions of one name a call means: by the number of arguments, then by their types as far as known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from driftd.pipeline.call_graph.entities import Is
from driftd.pipeline.call_graph.place import Place
from driftd.pipeline.call_graph.qualifiers import Qualifiers
from driftd.pipeline.facts.model import Kind
from driftd.pipeline.interface import EXTENDS
from driftd.pipeline.type_names import canonical, parts_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from driftd.pipeline.call_graph.declared_resolve import DeclaredResolver
    from driftd.pipeline.call_graph.entities import Entity
    from driftd.pipeline.faces import FunctionFace
    from driftd.pipeline.facts.model import Call, Value


class Chooser:
    """Chooses for the calls of one file."""

    def __init__(self, resolver: DeclaredResolver) -> None:
        self.resolver = resolver
        self.qualifiers = Qualifiers(resolver)

    def choose(self, call: Call, functions: Sequence[Entity]) -> list[Entity]:
        """Return the functions that the arguments fit; all of them if none does, but for labels, which are names."""
        if self.resolver.dialect.labels:
            functions = [f for f in functions if (face := self.face(f)) is None or _is_named_so(face, call)]
        if len(functions) < 2 or any(arg.value.kind == Kind.SPREAD for arg in call.args):
            return list(functions)
        faces = [(function, face) for function in functions if (face := self.face(function)) is not None]
        offset = self.resolver.declared.offset
        fitting = [(f, face) for f, face in faces if face.labels or _takes(face, call, offset(f))]
        exact = len(fitting)
        if self.resolver.dialect.family == "c":
            fitting += [(f, face) for f, face in faces if self.may_take(f, face, call)]
        fitting = fitting or faces
        if len(fitting) > 1:
            known = {id(face) for _, face in fitting[:exact]}
            fitting = self.by_types(call, fitting)
            fitting = [pair for pair in fitting if id(pair[1]) in known] or fitting
        if len(fitting) > 1 and self.resolver.dialect.family == "c":
            fitting = list(self.qualifiers.fitting(call, fitting))
        if len(fitting) > 1:
            concrete = [pair for pair in fitting if not pair[1].is_abstract]
            fitting = concrete or fitting
        return [function for function, _ in fitting]

    def taking(self, call: Call, functions: Sequence[Entity]) -> list[Entity]:
        """Return the functions that can be called with as many arguments."""
        offset = self.resolver.declared.offset
        return [f for f in functions if (face := self.face(f)) is not None and _takes(face, call, offset(f))]

    def may_take(self, function: Entity, face: FunctionFace, call: Call) -> bool:
        """Whether a function of C++ takes fewer arguments than it defines, if its declaration elsewhere has defaults."""
        if _takes(face, call, 0) or len(call.args) > len(face.params):
            return False
        return self.resolver.declared.class_beside(self.resolver.dialect, function.file, function.number) is not None

    def is_open(self, function: Entity, face: FunctionFace, declared: str) -> bool:
        """Whether nothing is known of a type in C++: a parameter of a template, an alias that it makes."""
        if _is_variable(declared) or _is_alias(declared):
            return True
        names = simple_names(declared)
        if not declared or not names.isdisjoint(_PLAIN) or "Array" in names:
            return False
        place = Place(function.file, face.scope)
        found = [e for path, _ in parts_of(declared) for e in self.resolver.declared.path(path, place)]
        return not any(e.what is Is.CLASS or (e.what is Is.EXTERNAL and e.extra) for e in found)

    def face(self, function: Entity) -> FunctionFace | None:
        """Return what is known of a function."""
        symbols = self.resolver.declared
        interface = symbols.interface(function.file)
        if interface is None:
            return None
        face = interface.functions[function.number]
        symbols.look_at(function.file, face.qualified_name)
        return face

    def by_types(
        self, call: Call, functions: Sequence[tuple[Entity, FunctionFace]]
    ) -> list[tuple[Entity, FunctionFace]]:
        """Leave the functions whose parameters agree best with what is known of the arguments."""
        kinds = [None if arg.name else self.kinds(arg.value, call) for arg in call.args]
        scored = []
        counts = self.resolver.dialect.family != "c"  # what a template of C++ takes, its head or an alias may say
        for function, face in functions:
            score = -any(p[:1] == "*" for p in face.params)  # one that takes any number is the last resort
            variables: dict[str, frozenset[str]] = {}
            for position, known in enumerate(kinds):
                if not face.types:
                    continue
                at = min(position + self.resolver.declared.offset(function), len(face.types) - 1)
                declared = face.types[at].lstrip("?").removeprefix(EXTENDS)
                if known is None:
                    score += _is_variable(declared) and counts  # it takes anything as what it is
                    continue
                if not counts and self.is_open(function, face, declared):
                    continue
                found = agreement(declared, known, is_rest=face.params[at][:1] == "*")
                if not counts and found < -1 and simple_names(declared).isdisjoint(_PLAIN):
                    found = -1  # a class may be made of anything
                score += found
                if variables.setdefault(declared, known).isdisjoint(known) and _is_variable(declared):
                    score -= 3  # one type variable, two types
            scored.append((score, function, face))
        best = max(score for score, _, _ in scored)
        return [(function, face) for score, function, face in scored if score == best]

    def kinds(self, value: Value, call: Call) -> frozenset[str] | None:
        """Return the simple names of the types that an argument is of; None if they are not known."""
        kind = value.kind
        if kind in _TEXTS:
            literals = self.resolver.facts.texts.literals
            fact = literals[value.ref] if 0 <= value.ref < len(literals) else None
            return _STRINGS | _CHARACTERS if fact is not None and len(fact.value) == 1 else _STRINGS
        if kind == Kind.NUMBER:
            return self.number(value)
        if kind == Kind.CONSTANT:
            return _BOOLEANS if value.text in {"true", "false"} else None
        if kind == Kind.FUNCTION:
            return _FUNCTION
        if kind == Kind.OPERATION:
            return self.operation(value, call)
        if kind == Kind.CAST:
            named = simple_names(canonical(self.resolver.language, value.text))
            if not named.isdisjoint(_PLAIN) or "Array" in named:
                return named
        if kind == Kind.PATH and value.text.endswith(".class"):
            return _CLASS_LITERAL
        if kind not in {Kind.PATH, Kind.CALL, Kind.MEMBER, Kind.CAST, Kind.INDEX}:
            return None
        place = self.resolver.site(call.scope, call.line, call.region)
        names: set[str] = set()
        for entity in self.resolver.value(value, place):
            found = self.resolver.declared.type_names(entity)
            if not found or (entity.what is Is.EXTERNAL and entity.file[:1].islower() and "." not in entity.file):
                return None
            names |= found
        return frozenset(names) or None

    def number(self, value: Value) -> frozenset[str]:
        """Return the type of a number by how it is written."""
        literals = self.resolver.facts.texts.literals
        raw = literals[value.ref].raw if 0 <= value.ref < len(literals) else ""
        if raw[:2] not in {"0x", "0X"} and raw[-1:] in _SUFFIXES:
            return _SUFFIXES[raw[-1]]
        return _DOUBLE if "." in raw or ("e" in raw.lower() and raw[:2].lower() != "0x") else _INT

    def operation(self, value: Value, call: Call) -> frozenset[str] | None:
        """Return the type of an operation, as far as its operator and operands say."""
        if value.text in _TESTS:
            return _BOOLEANS
        kinds = [self.kinds(item, call) for item in value.items]
        if value.text == "+" and any(k is not None and not k.isdisjoint(_STRINGS) for k in kinds):
            return _STRINGS
        if value.text in _ARITHMETIC and kinds and all(k == kinds[0] for k in kinds):
            return kinds[0]
        return None


def simple_names(declared: str) -> frozenset[str]:
    """Return the simple names of a type in the one form; an array's with and without what it holds."""
    names = set()
    for path, arguments in parts_of(declared):
        name = path.rpartition(".")[2]
        names.add(name)
        if name == "Array" and arguments:
            names.add(f"Array[{arguments[0]}]")
    return frozenset(names)


def _is_variable(name: str) -> bool:
    return len(name) <= 2 and name.isupper()


def _is_alias(name: str) -> bool:
    """Whether a name is one that classes of C++ give to a type by custom: nothing is known of it."""
    simple = name.rpartition(".")[2]
    return simple.endswith("_type") or simple.removeprefix("const_") in {"reference", "pointer"}


def _is_named_so(face: FunctionFace, call: Call) -> bool:
    """Whether the labels of the arguments are those of the function, if the call names it at all."""
    if face.kind != "constructor" and call.callee.text.rpartition(".")[2] != face.name:
        return True  # a variable that holds it has no labels
    return _have_labels(face, call, 0, 0)


def _have_labels(face: FunctionFace, call: Call, at: int, param: int) -> bool:
    """Whether the arguments from one position on can be meant for the parameters from another on."""
    if param == len(face.labels):
        return at == len(call.args)
    is_rest = face.params[param][:1] == "*"
    if at < len(call.args):
        arg = call.args[at]
        # A closure after the parentheses has no label.
        trails = not arg.name and arg.value.kind == Kind.FUNCTION and face.types[param].lstrip("?") not in _PLAIN
        if trails or (arg.name or "_") == face.labels[param]:
            taken = at + 1
            while is_rest and taken < len(call.args) and not call.args[taken].name:
                taken += 1
            if _have_labels(face, call, taken, param + 1):
                return True
    return (is_rest or face.types[param][:1] == "?") and _have_labels(face, call, at, param + 1)


def _takes(face: FunctionFace, call: Call, offset: int) -> bool:
    names = {p.lstrip("*=") for p in face.params}
    # What an object initialiser sets is written as named arguments.
    count = offset + sum(not arg.name or not call.is_new or arg.name in names for arg in call.args)
    has_rest = any(p[:1] == "*" for p in face.params)
    required = sum(t[:1] != "?" for t in face.types) - has_rest
    if count < required or (count > len(face.params) and not has_rest):
        return False
    return call.is_new or all(not arg.name or arg.name in names for arg in call.args)


def agreement(declared: str, known: frozenset[str], *, is_rest: bool) -> int:
    """Return how well a parameter's type and an argument's agree: 2 surely, 0 not known, -4 hardly."""
    if not declared:
        return 0
    for path, arguments in parts_of(declared):
        name = path.rpartition(".")[2]
        if "Array" in known and (is_rest or name == "Array"):
            held = name if is_rest and name != "Array" else "".join(arguments[:1])
            if f"Array[{held}]" in known:
                return 8
            return 2 if len(known) == 1 else -2
        if is_rest and name == "Array" and arguments:
            name = arguments[0].partition("[")[0].rpartition(".")[2]
        if name in known:
            return 8
        if len(name) > 3 and any(each.endswith(name) for each in known):
            return 5  # libraries name a subclass so: `MemoryStream`
        if name in _TOP or _is_variable(name):
            return int(name != "object")
        if name[-1:] == "?" and name[:-1] in known:
            return 6
        if known is _FUNCTION:
            return -4 if name in _PLAIN or name in _CONTAINERS else 0
        if name == "int" and known > _CHARACTERS:  # a text of one character, or a character
            return 8
        if name in _WIDTHS and not known.isdisjoint(_WIDTHS):
            given = max(_WIDTHS[n] for n in known if n in _WIDTHS)
            if _WIDTHS[name] < given or (name in _UNSIGNED and known.isdisjoint(_UNSIGNED)):
                return -2
            return 7 - (_WIDTHS[name] - given)
        if name in _ALIKE and not known.isdisjoint(_ALIKE[name]):
            return 2
        if name in _PLAIN or not known.isdisjoint(_PLAIN):
            return -4
    return -1


# Numbers become wider, never narrower; a boxed number is farther than any plain one.
_WIDTHS: Final[dict[str, int]] = {
    **dict.fromkeys(("byte", "Byte", "sbyte"), 0),
    **dict.fromkeys(("short", "Short", "ushort"), 1),
    "uint": 3,
    "ulong": 4,
    **dict.fromkeys(("int", "Integer", "Int", "i32"), 2),
    **dict.fromkeys(("long", "Long", "i64"), 3),
    **dict.fromkeys(("float", "Float", "f32"), 4),
    **dict.fromkeys(("double", "Double", "f64"), 5),
    "Number": 6,
}
_UNSIGNED: Final = frozenset(["ushort", "uint", "ulong"])
_INT: Final = frozenset(["int", "Int"])
_DOUBLE: Final = frozenset(["double", "Double"])
_LONG: Final = frozenset(["long", "Long"])
_FLOAT: Final = frozenset(["float", "Float"])
_SUFFIXES: Final = {
    "L": _LONG, "l": _LONG, "f": _FLOAT, "F": _FLOAT, "d": _DOUBLE, "D": _DOUBLE, "m": frozenset(["decimal"]), "M": frozenset(["decimal"]),
}  # fmt: skip
_CLASS_LITERAL: Final = frozenset(["Class"])
_TESTS: Final = frozenset(["==", "!=", "<", ">", "<=", ">=", "&&", "||", "!", "instanceof", "===", "!==", "in", "is"])
_ARITHMETIC: Final = frozenset(["+", "-", "*", "/", "%"])
_TEXTS: Final = frozenset({Kind.STRING, Kind.TEMPLATE})
_NUMBERS: Final = frozenset(
    ["int", "long", "short", "byte", "float", "double", "Integer", "Long", "Short", "Byte", "Float", "Double", "Number",
     "decimal", "uint", "ulong", "Int", "Int32", "Int64", "UInt", "usize", "i32", "i64", "u8", "u32", "u64", "size_t",
     "CGFloat", "BigDecimal_"]
)  # fmt: skip
_STRINGS: Final = frozenset(
    [
        "String",
        "string",
        "str",
        "CharSequence",
        "basic_string",
        "string_view",
        "basic_string_view",
        "StringProtocol",
        "NSString",
    ]
)
_BOOLEANS: Final = frozenset(["boolean", "bool", "Boolean", "Bool"])
_CHARACTERS: Final = frozenset(["char", "Character", "Char"])
_PLAIN: Final = _NUMBERS | _STRINGS | _BOOLEANS | _CHARACTERS
_FUNCTION: Final = frozenset(["<function>"])
_CONTAINERS: Final = frozenset(["List", "Map", "Set", "Array", "Collection"])
_TOP: Final = frozenset(["Object", "Any", "T", "object", "AnyObject"])
_ALIKE: Final[dict[str, frozenset[str]]] = {
    **dict.fromkeys(_STRINGS, _STRINGS),
    **dict.fromkeys(_BOOLEANS, _BOOLEANS),
    **dict.fromkeys(_NUMBERS, _NUMBERS),
    **dict.fromkeys(_CHARACTERS, _CHARACTERS),
    "Type": _CLASS_LITERAL,
    **dict.fromkeys(
        ("Collection", "Iterable", "List", "Set", "IEnumerable", "ICollection", "IList", "Sequence"),
        frozenset(["List", "Set", "ArrayList", "LinkedList", "HashSet", "Collection", "Queue", "Deque", "IList", "MutableList"]),
    ),
    **dict.fromkeys(("Map", "IDictionary"), frozenset(["Map", "HashMap", "TreeMap", "LinkedHashMap", "ConcurrentMap", "Dictionary"])),
}  # fmt: skip
