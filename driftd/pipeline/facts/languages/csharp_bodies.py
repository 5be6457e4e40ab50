"""What the bodies of C# functions say: the forms of expressions, and the readers of calls, assignments and regions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from tree_sitter import Node

from driftd.pipeline.facts.languages.declared import values as form
from driftd.pipeline.facts.languages.declared.file import File
from driftd.pipeline.facts.languages.declared.language import (
    IF,
    WHILE,
    ArgumentReader,
    Binding,
    BindingReader,
    CallParts,
    CallReader,
    HandlerParts,
    HandlerReader,
    Modifiers,
    RegionForm,
    RegionReader,
    RegionSeed,
    assignment,
)
from driftd.pipeline.facts.languages.declared.values import UNKNOWN, Lowering
from driftd.pipeline.facts.model import Arg, Kind, LiteralContext, Value

_NONE = Modifiers()


def word(file: File, node: Node) -> str:
    """Return the name that an identifier is."""
    return file.text(node).lstrip("@")


def modifiers(file: File, node: Node) -> Modifiers:
    """Return the modifiers and attributes before a declaration."""
    words: list[str] = []
    marks: list[Node] = []
    for child in node.children:
        kind = child.type
        if kind == "modifier":
            words.append(file.text(child))
        elif kind == "attribute_list":
            marks += [each for each in child.children if each.type == "attribute"]
        elif kind != "comment" and not kind.startswith("preproc"):
            break
    return Modifiers(frozenset(words), tuple(marks)) if words or marks else _NONE


def declarations(node: Node) -> Iterable[Node]:
    """Return the variable declarations of a statement or field."""
    return (child for child in node.children if child.type == "variable_declaration")


def declarators(file: File, declaration: Node) -> Iterable[tuple[Node, Node | None]]:
    """Return the targets of a declaration and their values."""
    for declarator in declaration.children:
        if declarator.type == "variable_declarator":
            operands = file.low.operands(declarator)
            has_value = any(child.type == "=" for child in declarator.children)
            if operands:
                yield operands[0], operands[-1] if has_value else None


# Values


def _access(owner: str, name: str) -> form.Form:
    """Return the form of `owner.name`, where either may have type arguments."""

    def read(low: Lowering, node: Node, _context: LiteralContext, _name: str, depth: int) -> Value:
        whole = low.path(node.start_byte, node.end_byte)
        if whole is not None:
            return whole
        first, last = low.field(node, owner), low.field(node, name)
        if last is None:
            return UNKNOWN
        word = low.value(last, depth=depth + 1).text
        return low.access(low.value(first, "other", "", depth + 1), word)

    return read


def _arguments(low: Lowering, node: Node) -> list[Node]:
    return [child.children[-1] for child in low.operands(node) if child.child_count]


def _tuple(low: Lowering, node: Node, _context: LiteralContext, name: str, depth: int) -> Value:
    return Value(Kind.TUPLE, "", -1, low.values(_arguments(low, node), "element", name, depth + 1))


def _conditional(low: Lowering, node: Node, _context: LiteralContext, _name: str, depth: int) -> Value:
    """Lower `a?.b` and `a?[b]`, which are `a.b` and `a[b]`."""
    whole = low.path(node.start_byte, node.end_byte)
    if whole is not None:
        return whole
    operands = low.operands(node)
    if len(operands) != 2:
        return UNKNOWN
    owner, bound = low.value(operands[0], "other", "", depth + 1), operands[1]
    if bound.type == "member_binding_expression":
        return low.access(owner, low.value(low.field(bound, "name"), depth=depth + 1).text)
    return Value(Kind.INDEX, "", -1, (owner, *low.values(_arguments(low, bound), "index", "", depth + 1)))


def _element(low: Lowering, node: Node, _context: LiteralContext, _name: str, depth: int) -> Value:
    owner, keys = low.field(node, "expression"), low.field(node, "subscript")
    lowered = low.values(_arguments(low, keys), "index", "", depth + 1) if keys is not None else ()
    return Value(Kind.INDEX, "", -1, (low.value(owner, depth=depth + 1), *lowered))


def _postfix(low: Lowering, node: Node, context: LiteralContext, name: str, depth: int) -> Value:
    """Lower `x++`; `x!` is looked through."""
    if low.data[node.end_byte - 1 : node.end_byte] == b"!":
        return low.value(node.child(0), context, name, depth + 1)
    return form.operation(low, node, context, name, depth)


def _boolean(low: Lowering, node: Node, _context: LiteralContext, _name: str, _depth: int) -> Value:
    return Value(Kind.CONSTANT, "true" if low.data.startswith(b"true", node.start_byte) else "false")


def _anonymous(low: Lowering, node: Node, _context: LiteralContext, _name: str, depth: int) -> Value:
    """Lower `new { A = 1, b.C }`; what has no name is named after its last part."""
    items: list[Value] = []
    key: Value | None = None
    children = node.children
    for child, after in zip(children, [*children[1:], None], strict=True):
        if child.kind_id in low.tables.silent:
            continue
        if key is None and after is not None and after.type == "=":
            key = low.value(child, depth=depth + 1)
            continue
        value = low.value(child, "property", key.text if key is not None else "", depth + 1)
        items += (key if key is not None else Value(Kind.PATH, form.target_name(value)), value)
        key = None
    return Value(Kind.DICT, "", -1, tuple(items))


FORMS: Mapping[str, form.Form] = {
    "identifier predefined_type discard": form.path,
    "member_access_expression": _access("expression", "name"),
    "qualified_name": _access("qualifier", "name"),
    "alias_qualified_name": _access("alias", "name"),
    "conditional_access_expression": _conditional,
    "element_access_expression": _element,
    "generic_name": form.first,
    "invocation_expression object_creation_expression implicit_object_creation_expression attribute": form.call,
    "lambda_expression anonymous_method_expression": form.function,
    "string_literal verbatim_string_literal raw_string_literal character_literal": form.literal(Kind.STRING),
    "interpolated_string_expression": form.template("interpolation"),
    "integer_literal real_literal": form.literal(Kind.NUMBER),
    "boolean_literal": _boolean,
    "null_literal": form.constant("null"),
    "binary_expression prefix_unary_expression is_expression is_pattern_expression range_expression"
    " and_pattern or_pattern negated_pattern relational_pattern": form.operation,
    "postfix_unary_expression": _postfix,
    "conditional_expression": form.conditional("condition", "consequence", "alternative"),
    "await_expression": form.one(Kind.AWAIT),
    "spread_element": form.one(Kind.SPREAD, ".."),
    "cast_expression": form.cast("type", "value"),
    "as_expression": form.cast("right", "left"),
    "assignment_expression": form.assignment(),
    "anonymous_object_creation_expression": _anonymous,
    "array_creation_expression implicit_array_creation_expression stackalloc_expression"
    " implicit_stackalloc_expression": form.last,
    "initializer_expression collection_expression": form.items(Kind.LIST),
    "tuple_expression": _tuple,
    "tuple_pattern parenthesized_variable_designation": form.items(Kind.TUPLE),
    "parenthesized_expression parenthesized_pattern collection_element expression_element checked_expression"
    " constant_pattern type_pattern": form.unwrap,
    "ref_expression": form.last,
    "declaration_expression": form.field("name"),
    "declaration_pattern recursive_pattern typeof_expression nullable_type ref_type": form.field("type"),
    "switch_expression switch_expression_arm throw_expression query_expression with_expression default_expression"
    " sizeof_expression var_pattern list_pattern element_binding_expression": form.unknown,
}  # fmt: skip


# Calls


def _argument(low: Lowering, node: Node, context: Literal["argument", "decorator"]) -> Arg:
    value = node.child(node.child_count - 1)
    key = low.field(node, "name")
    name = low.text(key) if key is not None else ""
    return Arg(low.value(value, context, name), name)


def _invocation(file: File, node: Node) -> CallParts | None:
    low = file.low
    args = file.field(node, "arguments")
    if args is None:
        return None
    start, place = node.start_byte, args.start_byte
    function = None
    types: tuple[Value, ...] = ()
    if low.data[place - 1 : place] == b">":
        function = file.field(node, "function")
        types = _type_arguments(file, function)
    callee = low.path(start, place)
    if callee is not None:
        if types:
            callee = Value(callee.kind, callee.text, callee.ref, types)
        return CallParts(callee, args, place, False, b"?." in low.data[start:place])
    function = function or file.field(node, "function")
    is_optional = function is not None and function.type == "conditional_access_expression"
    callee = low.value(function)
    if types and callee.kind in (Kind.PATH, Kind.MEMBER):
        callee = Value(callee.kind, callee.text, callee.ref, (*callee.items, *types))
    return CallParts(callee, args, place, False, is_optional)


def _type_arguments(file: File, function: Node | None) -> tuple[Value, ...]:
    """Return the type arguments of a call, `Add<IService, Service>()`, which follow what its callee consists of."""
    while function is not None and function.type != "generic_name":
        last = function.child(function.child_count - 1) if function.child_count else None
        function = last
    found = function.child(function.child_count - 1) if function is not None else None
    return tuple([file.low.value(child) for child in file.low.operands(found)]) if found is not None else ()


def _created(file: File, node: Node, type_: Node | None, args: Node | None, braces: Node | None) -> CallParts:
    """Read a construction; what is assigned in its braces are named arguments."""
    low = file.low
    found = [_argument(low, child, "argument") for child in low.operands(args)] if args is not None else []
    for entry in low.operands(braces) if braces is not None else ():
        key = file.field(entry, "left") if entry.type == "assignment_expression" else None
        if key is not None and key.type == "identifier":
            name = word(file, key)
            found.append(Arg(low.value(file.field(entry, "right"), "argument", name), name))
        else:
            low.value(entry, "element")
    callee = low.value(type_) if type_ is not None else UNKNOWN
    return CallParts(callee, found, node.start_byte, is_new=True)


def _creation(file: File, node: Node) -> CallParts | None:
    field = file.field
    return _created(file, node, field(node, "type"), field(node, "arguments"), field(node, "initializer"))


def _implicit(file: File, node: Node) -> CallParts | None:
    """Read `new(…)`: what is made is the declared type of the variable it is for."""
    args = braces = type_ = None
    for child in node.children:
        if child.type == "argument_list":
            args = child
        elif child.type == "initializer_expression":
            braces = child
    parent = node.parent
    if parent is not None and parent.type == "variable_declarator":
        parent = parent.parent
    if parent is not None and parent.type in {"variable_declaration", "property_declaration"}:
        type_ = file.field(parent, "type")
    return _created(file, node, type_, args, braces)


def _delegation(file: File, node: Node) -> CallParts | None:
    """Read `: this(…)` and `: base(…)`."""
    operands = [child for child in node.children if child.type in {"this", "base", "argument_list"}]
    if len(operands) != 2:
        return None
    return CallParts(file.low.value(operands[0]), operands[1], node.start_byte, is_new=True)


def _base(file: File, node: Node) -> CallParts | None:
    """Read `: Base(…)` of a class with a primary constructor."""
    operands = file.low.operands(node)
    if len(operands) < 2 or operands[1].type != "argument_list":
        return None
    return CallParts(file.low.value(operands[0]), operands[1], node.start_byte, is_new=True)


def _attribute(file: File, node: Node) -> CallParts | None:
    name = file.field(node, "name")
    args = next((child for child in node.children if child.type == "attribute_argument_list"), None)
    return CallParts(file.low.value(name), args, node.start_byte) if name is not None else None


ARGUMENTS: Mapping[str, ArgumentReader] = {"argument attribute_argument": _argument}
CALLS: Mapping[str, CallReader] = {
    "": _invocation,
    "new": _creation,
    "implicit": _implicit,
    "constructor": _delegation,
    "base": _base,
    "decorator": _attribute,
}


# Assignments


def _type(file: File, node: Node) -> str | None:
    """Return the written type; `var` is none."""
    type_ = file.field(node, "type")
    return None if type_ is None or type_.type == "implicit_type" else file.text(type_)


def _variables(file: File, node: Node) -> Iterable[Binding]:
    """Read the declarations of a `for` or `fixed`, or of a statement."""
    words = modifiers(file, node).words
    is_using = any(child.type == "using" for child in node.children[:2])
    declares = "const" if is_using or "const" in words else "let"
    for declaration in declarations(node):
        type_ = _type(file, declaration)
        for target, value in declarators(file, declaration):
            kind: Literal["declare", "with", "assign"] = (
                "declare" if value is None else "with" if is_using else "assign"
            )
            yield Binding(target, target, value, kind, type_, declares)


def _foreach(file: File, node: Node) -> Iterable[Binding]:
    target = file.field(node, "left")
    if target is not None:
        yield Binding(target, target, file.field(node, "right"), "for", _type(file, node), "const")


def _catch(file: File, node: Node) -> Iterable[Binding]:
    name = file.field(node, "name")
    if name is not None:
        yield Binding(node, name, None, "catch", _type(file, node), "let")


def _declared(file: File, node: Node) -> Iterable[Binding]:
    """Read `out var x`, and what a deconstruction declares."""
    name = file.field(node, "name")
    if name is not None:
        yield Binding(name, name, None, "declare", _type(file, node), "let")


def _tested(file: File, node: Node) -> Iterable[Binding]:
    """Note what is matched against the pattern of `value is Type name`."""
    pattern, value = file.field(node, "pattern"), file.field(node, "expression")
    while pattern is not None and pattern.type in {"negated_pattern", "parenthesized_pattern"}:
        pattern = next(iter(file.low.operands(pattern)), None)
    if pattern is not None and value is not None:
        file.notes[pattern.id] = value
    return ()


def _pattern(file: File, node: Node) -> Iterable[Binding]:
    name = file.field(node, "name")
    if name is not None and name.type == "identifier":
        value = file.notes.get(node.id)
        kind: Literal["declare", "assign"] = "declare" if value is None else "assign"
        yield Binding(name, name, value, kind, _type(file, node), "let")


def _from(file: File, node: Node) -> Iterable[Binding]:
    """Read `from x in xs` and `join x in xs on …`."""
    name = file.field(node, "name")
    names = [child for child in file.low.operands(node) if child.id != getattr(file.field(node, "type"), "id", 0)]
    if name is None and names:
        name = names[0]
    if name is not None and len(names) > 1:
        yield Binding(name, name, names[1], "for", _type(file, node), "const")


def _let(file: File, node: Node) -> Iterable[Binding]:
    operands = file.low.operands(node)
    if len(operands) == 2:
        yield Binding(operands[0], operands[0], operands[1], "assign", None, "const")


def _update(file: File, node: Node) -> Iterable[Binding]:
    data = file.data
    signs = (b"++", b"--")
    if data.startswith(signs, node.start_byte) or data[node.end_byte - 2 : node.end_byte] in signs:
        operands = file.low.operands(node)
        if operands:
            yield Binding(node, operands[0], None, "augmented")


ASSIGNS: Mapping[str, BindingReader] = {
    "": assignment(),
    "local": _variables,
    "using": _variables,
    "variable": _variables,
    "foreach": _foreach,
    "catch": _catch,
    "declaration": _declared,
    "is": _tested,
    "pattern": _pattern,
    "from": _from,
    "let": _let,
    "update": _update,
}


# Regions and handlers


def _each(file: File, node: Node) -> Iterable[RegionSeed]:
    body = file.field(node, "body")
    if body is not None:
        is_async = any(child.type == "await" for child in node.children[:2])
        yield RegionSeed(
            "loop", body.start_byte, body.end_byte, node.start_byte, file.field(node, "right"), is_async
        )  # fmt: skip


def _query(file: File, node: Node) -> Iterable[RegionSeed]:
    """Read a query: everything behind its first `from` runs for each."""
    first = node.child(0)
    if first is not None and first.type == "from_clause":
        operands = file.low.operands(first)
        yield RegionSeed("comprehension", first.end_byte, node.end_byte, node.start_byte, operands[-1])


def _case(_file: File, node: Node) -> Iterable[RegionSeed]:
    label, value = node.child(0), node.child(1)
    is_case = label is not None and label.type == "case"
    yield RegionSeed("case", node.start_byte, node.end_byte, node.start_byte, value if is_case else None)


def _arm(_file: File, node: Node) -> Iterable[RegionSeed]:
    pattern = node.child(0)
    value = None if pattern is None or pattern.type == "discard" else pattern
    yield RegionSeed("case", node.start_byte, node.end_byte, node.start_byte, value)


def _held(file: File, node: Node) -> Node | None:
    """Return what a `using` or `lock` holds."""
    for declaration in declarations(node):
        return next((value for _, value in declarators(file, declaration)), None)
    return next((child for child in node.children if child.kind_id not in file.tables.silent), None)


def _with(file: File, node: Node) -> Iterable[RegionSeed]:
    value = _held(file, node)
    if value is not None:
        is_async = any(child.type == "await" for child in node.children[:1])
        yield RegionSeed("with", value.start_byte, node.end_byte, node.start_byte, value, is_async)


def _rest(file: File, node: Node) -> Iterable[RegionSeed]:
    """Read a `using` declaration, which lasts until the end of its block."""
    block, value = node.parent, _held(file, node)
    if block is not None and value is not None and block.type in {"block", "switch_section"}:
        is_async = any(child.type == "await" for child in node.children[:1])
        yield RegionSeed("with", value.start_byte, block.end_byte, node.start_byte, value, is_async)


def _catches(file: File, node: Node) -> Iterable[HandlerParts]:
    for clause in node.children:
        body = file.field(clause, "body") if clause.type == "catch_clause" else None
        if body is None:
            continue
        declared = next((child for child in clause.children if child.type == "catch_declaration"), None)
        caught = (file.field_text(declared, "type"),) if declared is not None else ()
        name = file.field_text(declared, "name") if declared is not None else ""
        yield HandlerParts("try_catch", clause, body, node, caught, name)


REGIONS: Mapping[str, RegionReader] = {
    "if": IF,
    "while": WHILE,
    "for": (RegionForm("loop", "", "condition", after="initializer"),),
    "foreach": _each,
    "query": _query,
    "case": _case,
    "arm": _arm,
    "try": (RegionForm("try", "body"),),
    "handler": (RegionForm("handler"),),
    "finally": (RegionForm("finally"),),
    "with": _with,
    "using": _rest,
}
HANDLERS: Mapping[str, HandlerReader] = {"try": _catches}
