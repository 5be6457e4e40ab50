"""Expressions and patterns of the ECMAScript family, lowered to `Value`s.

`Lowering` knows the indexes that calls, functions, classes and literals have in the file's facts, turns one
expression at a time into a `Value` that refers to them, and notes on the way what each literal is for and which name
a function or class expression is bound to.  It makes no fact itself.

Conventions beyond those of the model
- A property key that is written as a name (`{a: 1}`) is a MEMBER without items; a computed key is its expression.
- A default inside a pattern (`[a = 1]`) is an OPERATION "=" of target and default; a hole in an array is UNKNOWN.
- The attributes of a MARKUP value are NAMED items.
- An access path looks through `?.`, `!`, parentheses and casts: `(a as any)?.b!.c` is the PATH `a.b.c`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import NamedTuple, TypeAlias

from tree_sitter import Node

from driftd.pipeline.facts.languages.ecmascript_grammar import Grammar, grammar_of
from driftd.pipeline.facts.model import FunctionKind, Kind, LiteralContext, Value

MAX_DEPTH = 64  # values nest no deeper: what lies below is UNKNOWN (encoders recurse)
_MAX_WRAPPERS = 256  # parentheses, casts and members that are looked through one by one

PATH = re.compile(
    rb"[A-Za-z_$\x80-\xff][\w$\x80-\xff]*(?:\s*!?\s*\??\.\s*#?[A-Za-z_$\x80-\xff][\w$\x80-\xff]*)*"
).fullmatch
_PATH_NOISE = re.compile(rb"[\s?!]+")

UNKNOWN = Value(Kind.UNKNOWN)
NULL = Value(Kind.CONSTANT, "null")
UNDEFINED = Value(Kind.CONSTANT, "undefined")
TRUE = Value(Kind.CONSTANT, "true")
FALSE = Value(Kind.CONSTANT, "false")
_SPREAD_KEY = Value(Kind.SPREAD, "...")
_COMPARISONS = frozenset({"==", "===", "!=", "!==", "<", "<=", ">", ">=", "in", "instanceof"})
_CHOICES = frozenset({"||", "??", "&&"})


class Bound(NamedTuple):
    """What a function or class expression takes from the place it is bound to."""

    name: str
    path: str  # the object literal or access path it is a part of: "" or "obj.nested"
    kind: FunctionKind
    start: int  # the byte offset of the bound name
    anchor: int  # the byte offset where the statement or property starts (where a doc comment may end)
    bound_to: str


Lower: TypeAlias = Callable[["Lowering", Node, LiteralContext, str, int], Value]


class Lowering:
    """Lowers the expressions of one file."""

    __slots__ = (
        "bound",
        "calls",
        "classes",
        "contexts",
        "data",
        "fields",
        "functions",
        "kinds",
        "literals",
        "lowerers",
        "paths",
        "prefixes",
    )

    def __init__(
        self,
        kinds: Kinds,
        data: bytes,
        *,
        functions: dict[int, int],
        classes: dict[int, int],
        calls: dict[int, int],
        literals: dict[int, int],
    ) -> None:
        """Take the kind tables, the source, and the index of every function, class, call and literal by node id."""
        self.kinds = kinds
        self.lowerers = kinds.lowerers
        self.fields = kinds.fields
        self.data = data
        self.functions = functions
        self.classes = classes
        self.calls = calls
        self.literals = literals
        self.contexts: list[tuple[LiteralContext, str]] = [("other", "")] * len(literals)
        self.bound: dict[int, Bound] = {}
        self.prefixes: dict[int, str] = {}  # object literal by node id -> the path its members belong to
        self.paths: dict[bytes, Value] = {}

    def value(self, node: Node, context: LiteralContext = "other", name: str = "", depth: int = 0) -> Value:
        """Return `node` as a value; literals in it are noted to be for `context` and `name`."""
        lower = self.lowerers.get(node.kind_id)
        if lower is None or depth > MAX_DEPTH:
            return UNKNOWN
        return lower(self, node, context, name, depth)

    def text(self, node: Node) -> str:
        """Return the source text of `node`."""
        return self.data[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def path(self, text: bytes) -> Value:
        """Return the PATH value for a plain access path in source form."""
        value = self.paths.get(text)
        if value is None:
            plain = _PATH_NOISE.sub(b"", text).decode("utf-8", "replace")
            self.paths[text] = value = Value(Kind.PATH, plain)
        return value

    def operands(self, node: Node) -> list[Node]:
        """Return the children of `node` that are expressions or patterns, in order."""
        lowerers = self.lowerers
        return [child for child in node.children if child.kind_id in lowerers]

    def unwrapped(self, node: Node) -> Node:
        """Return what stands inside parentheses, casts and non-null marks around it."""
        wrappers = self.kinds.wrappers
        for _ in range(_MAX_WRAPPERS):
            if node.kind_id not in wrappers:
                break
            inner = self.inner(node)
            if inner is None:
                break
            node = inner
        return node

    def inner(self, wrapper: Node) -> Node | None:
        """Return the expression that a parenthesis, cast or non-null mark is put around."""
        inside = self.operands(wrapper)
        return inside[-1] if inside else None

    def bind(self, node: Node, name: str, path: str, kind: FunctionKind, start: int, anchor: int) -> None:
        """Give `name` to the function or class expression `node`, or the path to the members of an object literal."""
        kinds = self.kinds
        node = self.unwrapped(node) if node.kind_id in kinds.wrappers else node
        number = node.kind_id
        if number in kinds.function_values or number in kinds.class_values:
            self.bound[node.id] = Bound(name, path, kind, start, anchor, f"{path}.{name}" if path else name)
        elif number in kinds.objects:
            self.prefixes[node.id] = f"{path}.{name}" if path else name

    def property_name(self, node: Node) -> str:
        """Return the name that a property key declares: quotes removed, a computed key with its brackets."""
        text = self.text(node)
        if text[:1] in {'"', "'"}:
            return text[1:-1]
        return text


class Kinds:
    """The node kinds of one grammar that lowering asks about, as sets of ids."""

    def __init__(self, grammar: Grammar) -> None:
        kinds = grammar.kinds
        self.grammar = grammar
        self.fields = grammar.fields
        # Expressions
        self.calls = kinds("call_expression", "new_expression")
        self.constructions = kinds("new_expression")
        self.members = kinds("member_expression")
        self.references = kinds("identifier", "member_expression", "call_expression")
        self.parentheses = kinds("parenthesized_expression")
        self.wrappers = kinds(
            "parenthesized_expression",
            "as_expression",
            "satisfies_expression",
            "type_assertion",
            "non_null_expression",
            "instantiation_expression",
        )
        self.awaits = kinds("await_expression")
        self.assignments = kinds("assignment_expression")
        self.objects = kinds("object")
        self.pairs = kinds("pair", "pair_pattern")
        self.spreads = kinds("spread_element")
        self.shorthands = kinds("shorthand_property_identifier")
        self.strings = kinds("string")
        self.templates = kinds("template_string")
        self.substitutions = kinds("template_substitution")
        self.regexes = kinds("regex")
        self.numbers = kinds("number")
        self.markup_attributes = kinds("jsx_attribute")
        self.markup_expressions = kinds("jsx_expression")
        self.markup_text = kinds("jsx_text")
        # Patterns
        self.patterns = kinds("object_pattern", "array_pattern")
        self.assignment_patterns = kinds("assignment_pattern")
        self.rest_patterns = kinds("rest_pattern")
        self.typed_parameters = kinds("required_parameter", "optional_parameter")
        self.plain_parameters = kinds("required_parameter")
        self.punctuation = frozenset(
            number
            for number in range(grammar.language.node_kind_count)
            if not grammar.language.node_kind_is_named(number)
        )
        self.optional_parameters = kinds("optional_parameter")
        # Functions
        self.function_values = kinds("arrow_function", "function_expression", "generator_function")
        self.arrows = kinds("arrow_function")
        self.generators = kinds("generator_function", "generator_function_declaration")
        self.declared_functions = kinds("function_declaration", "generator_function_declaration")
        self.methods = kinds("method_definition")
        self.abstract_methods = kinds("abstract_method_signature")
        self.named_members = self.methods | self.abstract_methods
        # Classes and types
        self.class_values = kinds("class")
        self.bindable = self.function_values | self.class_values | self.objects | self.wrappers
        self.heritage = kinds("class_heritage", "extends_type_clause")
        self.extends_clauses = kinds("extends_clause")
        self.implements_clauses = kinds("implements_clause")
        self.generic_types = kinds("generic_type")
        self.type_names = kinds("type_identifier", "nested_type_identifier", "identifier", "member_expression")
        self.interfaces = kinds("interface_declaration")
        self.interface_bodies = kinds("interface_body", "object_type")
        self.enums = kinds("enum_declaration")
        self.enum_assignments = kinds("enum_assignment")
        self.type_aliases = kinds("type_alias_declaration")
        self.namespaces = kinds("internal_module", "module")
        self.class_fields = kinds("public_field_definition", "field_definition")
        self.property_signatures = kinds("property_signature")
        self.method_signatures = kinds("method_signature")
        self.index_signatures = kinds("index_signature")
        self.call_signatures = kinds("call_signature", "construct_signature")
        self.decorators = kinds("decorator")
        # Statements
        self.declarators = kinds("variable_declarator")
        self.type_annotations = kinds("type_annotation")
        self.variable_statements = kinds("lexical_declaration", "variable_declaration")
        self.plain_statements = kinds(
            "call_expression",
            "new_expression",
            "assignment_expression",
            "augmented_assignment_expression",
            "update_expression",
            "yield_expression",
            "identifier",
            "member_expression",
        )
        self.ambient = kinds("ambient_declaration")
        self.type_declarations = kinds("interface_declaration", "type_alias_declaration")
        self.import_aliases = kinds("import_alias")
        self.import_requires = kinds("import_require_clause")
        self.import_clauses = kinds("import_clause")
        self.named_imports = kinds("named_imports")
        self.namespace_imports = kinds("namespace_import")
        self.specifiers = kinds("import_specifier", "export_specifier")
        self.export_clauses = kinds("export_clause")
        self.namespace_exports = kinds("namespace_export")
        self.identifiers = kinds("identifier")
        self.for_in = kinds("for_in_statement")
        self.yields = kinds("yield_expression")
        self.updates = kinds("update_expression")
        self.unary = kinds("unary_expression")
        self.blocks = kinds("statement_block")
        self.comments = kinds("comment", "hash_bang_line", "html_comment")
        self.lowerers: dict[int, Lower] = {}
        for names, lower in _LOWERERS.items():
            self.lowerers.update(dict.fromkeys(kinds(*names.split()), lower))


@cache
def kinds_of(language: str) -> Kinds:
    """Return the kind tables of one language of the family."""
    return Kinds(grammar_of(language))


# The lowerings, by node kind.


def _identifier(low: Lowering, node: Node, _context: LiteralContext, _name: str, _depth: int) -> Value:
    text = low.data[node.start_byte : node.end_byte]
    value = low.paths.get(text)
    if value is None:
        low.paths[text] = value = Value(Kind.PATH, text.decode("utf-8", "replace"))
    return value


def _member(low: Lowering, node: Node, _context: LiteralContext, _name: str, depth: int) -> Value:
    data = low.data
    start, end = node.start_byte, node.end_byte
    if PATH(data, start, end):
        return low.path(data[start:end])
    members, wrappers = low.kinds.members, low.kinds.wrappers
    object_field, property_field = low.fields["object"], low.fields["property"]
    names: list[str] = []
    current = target = node
    for _ in range(MAX_DEPTH):
        inner, name = current.child_by_field_id(object_field), current.child_by_field_id(property_field)
        if inner is None or name is None:
            return UNKNOWN
        names.append(low.text(name))
        target = inner
        current = low.unwrapped(target) if target.kind_id in wrappers else target
        start, end = current.start_byte, current.end_byte
        if current.kind_id not in members or PATH(data, start, end):
            break
    else:
        return UNKNOWN
    base = low.path(data[start:end]) if current.kind_id in members else low.value(current, depth=depth + 1)
    names.reverse()
    if base.kind is Kind.PATH:
        return low.path(".".join((base.text, *names)).encode("utf-8", "replace"))
    if depth + len(names) > MAX_DEPTH:
        return UNKNOWN
    if current.start_byte != target.start_byte:  # a cast that holds more than a path keeps its type
        base = low.value(target, depth=depth + 1)
    for text in names:
        base = Value(Kind.MEMBER, text, -1, (base,))
    return base


def _subscript(low: Lowering, node: Node, _context: LiteralContext, _name: str, depth: int) -> Value:
    parts = low.operands(node)
    if len(parts) != 2:
        return UNKNOWN
    owner = low.value(parts[0], "other", "", depth + 1)
    return Value(Kind.INDEX, "", -1, (owner, low.value(parts[1], "index", "", depth + 1)))


def _constant(value: Value) -> Lower:
    def lower(_low: Lowering, _node: Node, _context: LiteralContext, _name: str, _depth: int) -> Value:
        return value

    return lower


def _literal(kind: int) -> Lower:
    def lower(low: Lowering, node: Node, context: LiteralContext, name: str, _depth: int) -> Value:
        index = low.literals.get(node.id, -1)
        if index < 0:
            return UNKNOWN
        low.contexts[index] = (context, name)
        return Value(kind, "", index)

    return lower


def _template(low: Lowering, node: Node, context: LiteralContext, name: str, depth: int) -> Value:
    index = low.literals.get(node.id, -1)
    if index < 0:
        return UNKNOWN
    low.contexts[index] = (context, name)
    if b"${" not in low.data[node.start_byte : node.end_byte]:
        return Value(Kind.TEMPLATE, "", index)
    parts = (operand for child in node.children for operand in low.operands(child))
    return Value(Kind.TEMPLATE, "", index, tuple(low.value(part, "operation", "", depth + 1) for part in parts))


def _call(low: Lowering, node: Node, _context: LiteralContext, _name: str, _depth: int) -> Value:
    index = low.calls.get(node.id, -1)
    return Value(Kind.CALL, "", index) if index >= 0 else UNKNOWN


def _function(low: Lowering, node: Node, _context: LiteralContext, _name: str, _depth: int) -> Value:
    index = low.functions.get(node.id, -1)
    return Value(Kind.FUNCTION, "", index) if index >= 0 else UNKNOWN


def _class(low: Lowering, node: Node, _context: LiteralContext, _name: str, _depth: int) -> Value:
    index = low.classes.get(node.id, -1)
    return Value(Kind.CLASS, "", index) if index >= 0 else UNKNOWN


def _elements(low: Lowering, node: Node, name: str, depth: int) -> tuple[Value, ...]:
    """Return the elements of an array or array pattern; a hole is UNKNOWN."""
    items: list[Value] = []
    lowerers = low.lowerers
    comma = True  # the last thing seen was the opening bracket or a comma
    for child in node.children:
        lower = lowerers.get(child.kind_id)
        if lower is not None:
            items.append(lower(low, child, "element", name, depth + 1) if depth < MAX_DEPTH else UNKNOWN)
            comma = False
        elif not child.is_named and child.end_byte - child.start_byte == 1 and low.data[child.start_byte] == 0x2C:
            if comma:
                items.append(UNKNOWN)
            comma = True
    return tuple(items)


def _array(low: Lowering, node: Node, _context: LiteralContext, name: str, depth: int) -> Value:
    return Value(Kind.LIST, "", -1, _elements(low, node, name, depth))


def _object(low: Lowering, node: Node, _context: LiteralContext, _name: str, depth: int) -> Value:
    kinds = low.kinds
    lowerers = low.lowerers
    prefix = low.prefixes.get(node.id, "")
    items: list[Value] = []
    for child in node.children:
        lower = lowerers.get(child.kind_id)
        if lower is not None:  # a shorthand, a spread, a method
            if lower is _spread:
                items += (_SPREAD_KEY, lower(low, child, "property", "", depth).items[0])
            elif lower is _identifier or lower is _assignment_pattern:
                value = lower(low, child, "default", "", depth)
                target = value if value.kind is Kind.PATH else value.items[0] if value.items else UNKNOWN
                items += (Value(Kind.MEMBER, target.text), value)
            else:
                items += _method_entry(low, child, prefix, depth)
            continue
        if child.kind_id not in kinds.pairs:
            continue
        key, value_node = child.child_by_field_id(low.fields["key"]), child.child_by_field_id(low.fields["value"])
        if key is None or value_node is None:
            continue
        name, key_value = _key(low, key, depth)
        number = value_node.kind_id
        if number in kinds.bindable:
            low.bind(value_node, name, prefix, "method", key.start_byte, child.start_byte)
        items += (key_value, low.value(value_node, "property", name, depth + 1))
    return Value(Kind.DICT, "", -1, tuple(items))


def _method_entry(low: Lowering, node: Node, prefix: str, depth: int) -> tuple[Value, Value]:
    """Return key and value of a method in an object literal, and note where it belongs."""
    key = node.child_by_field_id(low.fields["name"])
    if key is None:
        return UNKNOWN, UNKNOWN
    name, key_value = _key(low, key, depth)
    low.bound[node.id] = Bound(name, prefix, "method", key.start_byte, node.start_byte, "")
    return key_value, _function(low, node, "other", "", depth)


def _key(low: Lowering, key: Node, depth: int) -> tuple[str, Value]:
    """Return a property key as the name it declares and as a value."""
    lower = low.lowerers.get(key.kind_id)
    name = low.property_name(key)
    if lower is not None:  # a string or a number
        return name, lower(low, key, "key", "", depth + 1)
    if name[:1] == "[":
        inside = low.operands(key)
        return name, low.value(inside[0], "key", "", depth + 1) if inside else UNKNOWN
    return name, Value(Kind.MEMBER, name)


def _binary(low: Lowering, node: Node, context: LiteralContext, name: str, depth: int) -> Value:
    """Lower an operation; a chain of one operator (`a + b + c`) is one value with all operands."""
    kind_id = node.kind_id
    operator_field = low.fields["operator"]
    operator_node = node.child_by_field_id(operator_field)
    operator = low.text(operator_node) if operator_node is not None else ""
    operands: list[Node] = []
    current = node
    while True:
        parts = low.operands(current)
        if len(parts) != 2:
            operands += reversed(parts)
            break
        operands.append(parts[1])
        current = parts[0]
        inner = current.child_by_field_id(operator_field) if current.kind_id == kind_id else None
        if inner is None or low.text(inner) != operator:
            operands.append(current)
            break
    operands.reverse()
    if operator in _COMPARISONS and len(operands) == 2:
        return Value(Kind.OPERATION, operator, -1, _compared(low, operands[0], operands[1], depth))
    if operator not in _CHOICES:
        context, name = "operation", ""
    value = low.value
    return Value(Kind.OPERATION, operator, -1, tuple(value(part, context, name, depth + 1) for part in operands))


def _compared(low: Lowering, left: Node, right: Node, depth: int) -> tuple[Value, Value]:
    """Lower both sides of a comparison; a literal on one side is named after the path on the other."""
    first = low.value(left, "comparison", "", depth + 1)
    second = low.value(right, "comparison", first.text if first.kind is Kind.PATH else "", depth + 1)
    if second.kind is Kind.PATH and first.kind in _LITERALS:
        low.contexts[first.ref] = ("comparison", second.text)
    return first, second


def _operation(low: Lowering, node: Node, _context: LiteralContext, _name: str, depth: int) -> Value:
    operator = node.child_by_field_id(low.fields["operator"])
    items = tuple(low.value(part, "operation", "", depth + 1) for part in low.operands(node))
    return Value(Kind.OPERATION, low.text(operator) if operator is not None else "", -1, items)


def _assignment(low: Lowering, node: Node, _context: LiteralContext, _name: str, depth: int) -> Value:
    parts = low.operands(node)
    if len(parts) != 2:
        return UNKNOWN
    target = low.value(parts[0], "other", "", depth + 1)
    value = low.value(parts[1], "assignment", target_name(target), depth + 1)
    if target.kind is Kind.PATH:
        return Value(Kind.NAMED, target.text, -1, (value,))
    return Value(Kind.OPERATION, "=", -1, (target, value))


def target_name(target: Value) -> str:
    """Return what a literal assigned to `target` is for: the last name of its path."""
    if target.kind is Kind.PATH or target.kind is Kind.MEMBER:
        return target.text.rpartition(".")[2]
    return ""


def _conditional(low: Lowering, node: Node, context: LiteralContext, name: str, depth: int) -> Value:
    parts = low.operands(node)
    if len(parts) != 3:
        return UNKNOWN
    test = low.value(parts[0], "other", "", depth + 1)
    if_true = low.value(parts[1], context, name, depth + 1)
    return Value(Kind.CONDITIONAL, "", -1, (test, if_true, low.value(parts[2], context, name, depth + 1)))


def _around(kind: int, text: str = "") -> Lower:
    """Return the lowering of a node that wraps one optional operand."""

    def lower(low: Lowering, node: Node, context: LiteralContext, name: str, depth: int) -> Value:
        items = tuple(low.value(part, context, name, depth + 1) for part in low.operands(node)[:1])
        return Value(kind, text, -1, items)

    return lower


_await = _around(Kind.AWAIT)
_yield = _around(Kind.YIELD)


def _spread(low: Lowering, node: Node, context: LiteralContext, name: str, depth: int) -> Value:
    inside = low.operands(node)
    return Value(Kind.SPREAD, "...", -1, (low.value(inside[0], context, name, depth + 1) if inside else UNKNOWN,))


def _parenthesized(low: Lowering, node: Node, context: LiteralContext, name: str, depth: int) -> Value:
    parentheses = low.kinds.parentheses
    while node.kind_id in parentheses:
        inner = low.inner(node)
        if inner is None:
            return UNKNOWN
        node = inner
    return low.value(node, context, name, depth + 1)


def _sequence(low: Lowering, node: Node, _context: LiteralContext, _name: str, depth: int) -> Value:
    return Value(Kind.UNKNOWN, "", -1, tuple(low.value(part, depth=depth + 1) for part in low.operands(node)))


def _cast(low: Lowering, node: Node, context: LiteralContext, name: str, depth: int) -> Value:
    inner = low.inner(node)
    if inner is None:
        return UNKNOWN
    data = low.data
    if inner.end_byte + 1 >= node.end_byte:  # <T>x and x!
        written = data[node.start_byte : inner.start_byte].strip().removeprefix(b"<").removesuffix(b">")
    else:  # x as T, x satisfies T, f<T>
        written = data[inner.end_byte : node.end_byte].strip()
        written = written.removeprefix(b"as").removeprefix(b"satisfies")
    text = written.decode("utf-8", "replace").strip()
    return Value(Kind.CAST, text, -1, (low.value(inner, context, name, depth + 1),))


def _assignment_pattern(low: Lowering, node: Node, _context: LiteralContext, _name: str, depth: int) -> Value:
    parts = low.operands(node)
    if len(parts) != 2:
        return UNKNOWN
    target = low.value(parts[0], "other", "", depth + 1)
    if target.kind is Kind.PATH:
        low.bind(parts[1], target.text, "", "function", parts[0].start_byte, node.start_byte)
    default = low.value(parts[1], "default", target_name(target), depth + 1)
    return Value(Kind.OPERATION, "=", -1, (target, default))


def _markup(low: Lowering, node: Node, _context: LiteralContext, _name: str, depth: int) -> Value:
    """Lower a JSX element: its attributes as NAMED items, then its children."""
    opening = node.child_by_field_id(low.fields["open_tag"]) or node
    tag = opening.child_by_field_id(low.fields["name"])
    attributes = tuple(
        value if value.kind is Kind.SPREAD else Value(Kind.NAMED, name, -1, (value,))
        for name, value in markup_attributes(low, opening, depth)
    )
    children: list[Value] = []
    if opening.id != node.id:
        for child in node.children:
            if child.kind_id in low.kinds.markup_expressions:
                children += (low.value(part, "markup", "", depth + 1) for part in low.operands(child))
            elif child.kind_id in low.kinds.markup_text:
                if child.id in low.literals:
                    children.append(low.value(child, "markup", "", depth + 1))
            elif child.kind_id in low.lowerers:
                children.append(low.value(child, "markup", "", depth + 1))
    text = _PATH_NOISE.sub(b"", low.data[tag.start_byte : tag.end_byte]).decode("utf-8", "replace") if tag else ""
    return Value(Kind.MARKUP, text, -1, (*attributes, *children))


def markup_attributes(low: Lowering, opening: Node, depth: int = 0) -> list[tuple[str, Value]]:
    """Return the attributes of a JSX opening tag as names and values; a spread one has no name."""
    found: list[tuple[str, Value]] = []
    for child in opening.children:
        if child.kind_id in low.kinds.markup_attributes:
            parts = child.children
            name = low.text(parts[0]) if parts else ""
            value = TRUE
            if len(parts) > 1:
                holder = parts[-1]
                inside = low.operands(holder) if holder.kind_id in low.kinds.markup_expressions else [holder]
                if inside:
                    low.bind(inside[0], name, "", "function", parts[0].start_byte, child.start_byte)
                value = low.value(inside[0], "markup", name, depth + 1) if inside else UNKNOWN
            found.append((name, value))
        elif child.kind_id in low.kinds.markup_expressions:
            found += (("", low.value(part, "markup", "", depth + 1)) for part in low.operands(child))
    return found


_LITERALS = frozenset({Kind.STRING, Kind.NUMBER, Kind.REGEX, Kind.TEMPLATE})

_LOWERERS: dict[str, Lower] = {
    "identifier this super import meta_property shorthand_property_identifier": _identifier,
    "shorthand_property_identifier_pattern jsx_namespace_name": _identifier,
    "undefined": _constant(UNDEFINED),
    "null": _constant(NULL),
    "true": _constant(TRUE),
    "false": _constant(FALSE),
    "member_expression": _member,
    "subscript_expression": _subscript,
    "string": _literal(Kind.STRING),
    "jsx_text": _literal(Kind.STRING),
    "number": _literal(Kind.NUMBER),
    "regex": _literal(Kind.REGEX),
    "template_string": _template,
    "call_expression new_expression": _call,
    "arrow_function function_expression generator_function method_definition": _function,
    "class": _class,
    "array array_pattern": _array,
    "object object_pattern": _object,
    "binary_expression": _binary,
    "unary_expression update_expression augmented_assignment_expression": _operation,
    "assignment_expression": _assignment,
    "ternary_expression": _conditional,
    "await_expression": _await,
    "yield_expression": _yield,
    "spread_element rest_pattern": _spread,
    "parenthesized_expression": _parenthesized,
    "sequence_expression": _sequence,
    "as_expression satisfies_expression non_null_expression type_assertion instantiation_expression": _cast,
    "assignment_pattern object_assignment_pattern": _assignment_pattern,
    "jsx_element jsx_self_closing_element": _markup,
}
