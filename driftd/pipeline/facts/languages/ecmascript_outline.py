"""The outline of an ECMAScript file: functions, classes and their members, as other files see them.

Runs after bodies and modules, which find out what functions are bound to and what is exported.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from tree_sitter import Node

from driftd.pipeline.facts.languages.ecmascript_context import Context
from driftd.pipeline.facts.languages.ecmascript_text import comment_text
from driftd.pipeline.facts.languages.ecmascript_values import UNDEFINED, Bound
from driftd.pipeline.facts.model import (
    Base,
    Class,
    Decorator,
    Function,
    FunctionKind,
    Kind,
    Member,
    Param,
    Value,
    Visibility,
)
from driftd.rows.ids import short_hash

_MAX_NAMED = 40  # functions nested deeper share the prefix and the body hash of the one at this depth
_MODIFIERS = re.compile(rb"/\*.*?\*/|//[^\n]*", re.DOTALL)
_SPACE = re.compile(rb"\s*")
# Each begins with a literal, which is looked for five times as fast as a boundary; what stands before is looked at then.
_RECEIVERS = (re.compile(rb"this\b"), re.compile(rb"super\b"))
_WORD_BYTES = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_")
_CLASS_KINDS = {
    "interface_declaration": "interface",
    "enum_declaration": "enum",
    "type_alias_declaration": "type_alias",
    "internal_module": "namespace",
    "module": "namespace",
}
_ANONYMOUS_CLASS = "<anonymous>"


class Marks(NamedTuple):
    """What the passes over modules found out about declarations, by node id or byte offset."""

    exported: set[int]  # node ids of declarations and expressions that are exported themselves
    exported_names: set[str]  # names of the module's scope that an export list names
    defaults: set[int]  # node ids of anonymous default exports
    anchors: dict[int, int]  # where a declaration starts -> where the export statement around it starts
    decorators: dict[int, list[Node]]  # declaration by node id -> decorators written before `export`


class _Placed(NamedTuple):
    """A method as its class body places it."""

    decorators: tuple[Decorator, ...]
    anchor: int


class OutlinePass:
    """Builds functions and classes."""

    __slots__ = ("_depths", "_docs", "_hashes", "_marks", "_placed", "_prefixes", "_receiving", "context", "low")

    def __init__(self, context: Context, marks: Marks) -> None:
        self.context = context
        self.low = context.low
        self._marks = marks
        self._placed: dict[int, _Placed] = {}
        self._docs = _doc_targets(context)
        self._prefixes: dict[int, str] = {0: ""}  # scope -> what the names in it are prefixed with
        self._depths: dict[int, int] = {0: 0}
        self._hashes: dict[int, bytes] = {0: b""}
        self._receiving = self._find_receiving()

    def run(self) -> tuple[tuple[Function, ...], tuple[Class, ...]]:
        """Return all functions (the module first) and all classes."""
        context = self.context
        drafts = [self._class_draft(node) for _, _, _, node in context.classes]
        functions: list[Function] = [self._module()]
        functions += [functions[0]] * len(context.functions)
        classes: dict[int, Class] = {}
        for what, index in context.opened:  # outer ones first, so that every prefix is known when it is needed
            if what == 0:
                functions[index] = self._function(index)
            else:
                classes[index] = self._class(index, *drafts[index])
        return tuple(functions), tuple(classes[index] for index in range(len(drafts)))

    def _find_receiving(self) -> set[int]:
        """Return the functions in whose text `this` or `super` stands, arrow functions passing it on outwards."""
        context, arrows = self.context, self.context.kinds.arrows
        scopes, functions = context.function_scopes, context.functions
        found: set[int] = set()
        data = context.data
        for receiver in _RECEIVERS:
            for match in receiver.finditer(data):
                start = match.start()
                if start and data[start - 1] in _WORD_BYTES:
                    continue
                scope = context.state(start)[0]
                while scope > 0 and functions[scope - 1][3].kind_id in arrows:
                    scope = scopes[scope]
                if scope > 0:
                    found.add(scope)
        return found

    def _module(self) -> Function:
        source = self.context.source
        return Function(
            name="<module>",
            qualified_name="<module>",
            kind="module",
            line=1,
            column=1,
            end_line=max(source.line_count, 1),
            scope=-1,
            body_hash=short_hash(source.data),
        )

    def _enter(self, own: int, scope: int, name: str) -> str:
        """Note the prefix of names inside `own` and return its qualified name."""
        prefix = self._prefixes[scope]
        qualified = prefix + name
        depth = self._depths[scope] + 1
        self._depths[own] = depth
        self._prefixes[own] = f"{qualified}." if depth < _MAX_NAMED else prefix
        return qualified

    # Functions

    def _function(self, index: int) -> Function:
        context = self.context
        kinds, data = context.kinds, context.data
        start, negative_end, ident, node = context.functions[index - 1]
        scope = context.function_scopes[index]
        field = node.child_by_field_id
        fields = context.fields
        number = node.kind_id
        parameters = field(fields["parameters"])
        single = None if parameters is not None else field(fields["parameter"])
        body = field(fields["body"])
        name_node = None if number in kinds.arrows else field(fields["name"])
        bound = self.low.bound.get(ident)
        placed = self._placed.get(ident)
        place = name_node if number in kinds.named_members else None
        signature_start = (name_node or parameters or single or body or node).start_byte
        head = data[start:signature_start]
        words = (_MODIFIERS.sub(b" ", head) if b"/" in head else head).split() if head else []
        name, path, kind = self._named(node, name_node, bound, placed, words, scope)
        at = place.start_byte if place is not None else bound.start if bound is not None else start
        line, column = context.source.position(at)
        anchor = placed.anchor if placed is not None else bound.anchor if bound is not None else start
        qualified = self._enter(index, *self._scope_of_path(scope, path, name))
        returns = field(fields["return_type"])
        if self._depths[index] > _MAX_NAMED:
            body_hash = self._hashes[scope] if scope >= 0 else b""
        else:
            body_hash = short_hash(data[body.start_byte : body.end_byte]) if body is not None else b""
        self._hashes[index] = body_hash
        written = parameters or single
        signature = b""
        if written is not None:
            signature = data[written.start_byte : (returns or written).end_byte]
        return Function(
            name,
            qualified,
            kind,
            line,
            column,
            context.line(-negative_end - 1),
            scope,
            self._params(parameters, single),
            context.annotation(returns),
            placed.decorators if placed is not None else (),
            self._doc(anchor, start),
            _visibility(words, name),
            ident in self._marks.exported or (scope == 0 and not path and self._is_exported(name, bound, number)),
            b"async" in words,
            number in kinds.generators or any(word.startswith(b"*") or word.endswith(b"*") for word in words),
            number in kinds.abstract_methods,
            body_hash,
            short_hash(name.encode("utf-8", "replace") + signature),
            bound.bound_to if bound is not None else "",
            "",
            number in kinds.arrows,
            index in self._receiving,
        )

    def _is_exported(self, name: str, bound: Bound | None, number: int) -> bool:
        declared = bound is not None or number in self.context.kinds.declared_functions
        return declared and name in self._marks.exported_names

    def _scope_of_path(self, scope: int, path: str, name: str) -> tuple[int, str]:
        """Return the scope and the dotted name that make the qualified name of something bound to `path`.`name`."""
        if path.partition(".")[0] == "this":
            path = path[5:]
            owner = self.context.function_scopes[scope] if scope > 0 else scope
            if owner < 0 and scope > 0:
                scope = owner  # this.x = … in a method or constructor makes a member of the class
        return scope, f"{path}.{name}" if path else name

    def _named(
        self,
        node: Node,
        name_node: Node | None,
        bound: Bound | None,
        placed: _Placed | None,
        words: list[bytes],
        scope: int,
    ) -> tuple[str, str, FunctionKind]:
        """Return name, path and kind of a function."""
        kinds, number = self.context.kinds, node.kind_id
        if number in kinds.named_members:
            name = self.low.property_name(name_node) if name_node is not None else "<lambda>"
            return (
                name,
                bound.path if bound is not None else "",
                _method_kind(name, words, placed is not None or scope < 0),
            )
        if bound is not None:
            return bound.name, bound.path, bound.kind
        if name_node is not None:
            return self.context.text(name_node), "", "function"
        if node.id in self._marks.defaults or number in kinds.declared_functions:
            return "default", "", "function"
        return "<lambda>", "", "lambda"

    def _params(self, parameters: Node | None, single: Node | None) -> tuple[Param, ...]:
        if parameters is None:
            return (Param(self.context.text(single), None, None, "positional"),) if single is not None else ()
        if parameters.named_child_count == 0:
            return ()
        data, kinds = self.context.data, self.context.kinds
        found: list[Param] = []
        for child in parameters.children:
            number = child.kind_id
            if number in kinds.punctuation:
                continue
            if number in kinds.plain_parameters:
                parts = child.children
                count = len(parts)
                if count <= 2 and parts[0].kind_id in kinds.identifiers:  # x or x: T
                    name = data[parts[0].start_byte : parts[0].end_byte].decode("utf-8", "replace")
                    annotation = self.context.annotation(parts[1]) if count == 2 else None
                    found.append(Param(name, annotation, None, "positional"))
                    continue
            param = self._param(child)
            if param is not None:
                found.append(param)
        return tuple(found)

    def _param(self, node: Node) -> Param | None:
        context, kinds, low = self.context, self.context.kinds, self.low
        number = node.kind_id
        if number in kinds.typed_parameters:
            target, default_node = context.field(node, "pattern"), context.field(node, "value")
            annotation = context.annotation(context.field(node, "type"))
            decorators = self._decorators(node)
            optional = number in kinds.optional_parameters
        elif number in kinds.assignment_patterns:
            parts = low.operands(node)
            if len(parts) != 2:
                return None
            target, default_node = parts
            annotation, decorators, optional = None, (), False
        elif number in low.lowerers:
            target, default_node, annotation, decorators, optional = node, None, None, (), False
        else:
            return None
        if target is None:
            return None
        name = context.text(target)
        if name == "this":  # declares the type of `this`; no argument is passed for it
            return None
        if target.kind_id in kinds.rest_patterns:
            inside = low.value(target).items
            rest = inside[0] if inside and inside[0].kind in {Kind.LIST, Kind.DICT} else None
            return Param(name.removeprefix("...").strip(), annotation, None, "rest", decorators, rest)
        default: Value | None = UNDEFINED if optional else None
        if default_node is not None:
            low.bind(default_node, name, "", "function", target.start_byte, node.start_byte)
            default = low.value(default_node, "default", name)
        pattern = low.value(target) if target.kind_id in kinds.patterns else None
        return Param(name, annotation, default, "positional", decorators, pattern)

    # Classes

    def _class_draft(self, node: Node) -> tuple[tuple[Base, ...], tuple[Member, ...]]:
        """Read heritage and body of a class; this notes what its methods are before the functions are built."""
        kinds, context = self.context.kinds, self.context
        number = node.kind_id
        body = context.field(node, "body")
        bases: list[Base] = []
        for child in node.children:
            if child.kind_id in kinds.heritage:
                bases += self._bases(child)
        members: list[Member] = []
        if number in kinds.enums:
            members = self._enum_members(body)
        elif number in kinds.type_aliases:
            value = context.field(node, "value")
            if value is not None and value.kind_id in kinds.interface_bodies:
                members = self._signatures(value)
        elif number in kinds.interfaces:
            members = self._signatures(body)
        elif number not in kinds.namespaces and body is not None:
            members = self._class_members(body)
        return tuple(bases), tuple(members)

    def _bases(self, clause: Node) -> list[Base]:
        kinds, low = self.context.kinds, self.low
        found: list[Base] = []
        for child in clause.children:
            number = child.kind_id
            if number in kinds.extends_clauses:
                value = self.context.field(child, "value")
                if value is not None:
                    found.append(Base(low.value(value), "extends"))
            elif number in kinds.implements_clauses:
                found += (
                    Base(base, "implements") for part in child.children if (base := self._type_name(part)) is not None
                )
            elif number in low.lowerers:  # JavaScript: the expression stands in the heritage node itself
                found.append(Base(low.value(child), "extends"))
            elif (base := self._type_name(child)) is not None:  # an interface's extends
                found.append(Base(base, "extends"))
        return found

    def _type_name(self, node: Node) -> Value | None:
        """Return the path of a named type without its type arguments."""
        kinds = self.context.kinds
        if not node.is_named or node.kind_id in kinds.comments:
            return None
        if node.kind_id in kinds.generic_types:
            node = self.context.field(node, "name") or node
        if node.kind_id in kinds.type_names:
            return self.low.path(self.context.data[node.start_byte : node.end_byte])
        return Value(Kind.UNKNOWN, self.context.text(node))

    def _class_members(self, body: Node) -> list[Member]:
        kinds = self.context.kinds
        members: list[Member] = []
        implemented: set[str] = set()
        signatures: list[tuple[int, Node]] = []
        pending: list[Node] = []  # TypeScript puts a method's decorators beside it
        for child in body.children:
            number = child.kind_id
            if number in kinds.decorators:
                pending.append(child)
            elif number in kinds.named_members:
                decorators = self._made(pending) + self._decorators(child)
                anchor = pending[0].start_byte if pending else child.start_byte
                self._placed[child.id] = _Placed(decorators, anchor)
                name = self.context.field(child, "name")
                if name is not None:
                    implemented.add(self.context.text(name))
                    if self.context.data[name.start_byte : name.end_byte] == b"constructor":
                        members += self._parameter_properties(child)
                pending = []
            elif number in kinds.class_fields:
                members.append(self._field(child, self._made(pending)))
                pending = []
            elif number in kinds.method_signatures:
                signatures.append((len(members), child))
                pending = []
            elif number in kinds.index_signatures:
                members.append(self._index_signature(child))
        for at, child in reversed(signatures):  # only what has no implementation: the others are overloads
            name = self.context.field(child, "name")
            if name is not None and self.context.text(name) not in implemented:
                members.insert(at, self._signature(child, name))
        return members

    def _parameter_properties(self, constructor: Node) -> list[Member]:
        kinds, context = self.context.kinds, self.context
        parameters = context.field(constructor, "parameters")
        found: list[Member] = []
        for child in parameters.children if parameters is not None else ():
            if child.kind_id not in kinds.typed_parameters:
                continue
            target = context.field(child, "pattern")
            if target is None:
                continue
            words = context.data[child.start_byte : target.start_byte].split()
            readonly = b"readonly" in words
            if not readonly and not any(word in _VISIBILITIES for word in words):
                continue
            found.append(
                Member(
                    name=context.text(target),
                    line=context.line(target.start_byte),
                    annotation=context.annotation(context.field(child, "type")),
                    value=context.value(context.field(child, "value"), "default", context.text(target)),
                    visibility=_visibility(words, ""),
                    is_readonly=readonly,
                    decorators=self._decorators(child),
                )
            )
        return found

    def _field(self, node: Node, decorators: tuple[Decorator, ...]) -> Member:
        context = self.context
        name_node = context.field(node, "name") or context.field(node, "property") or node
        name = self.low.property_name(name_node)
        words = _MODIFIERS.sub(b" ", context.data[node.start_byte : name_node.start_byte]).split()
        static = b"static" in words
        value_node = context.field(node, "value")
        value: Value | None = None
        if value_node is not None:
            anchor = node.start_byte
            self.low.bind(value_node, name, "", "static_method" if static else "method", name_node.start_byte, anchor)
            value = self.low.value(value_node, "assignment", name)
        annotation = context.field(node, "type")
        after = context.data[name_node.end_byte : name_node.end_byte + 1]
        return Member(
            name=name,
            line=context.line(name_node.start_byte),
            annotation=context.annotation(annotation),
            value=UNDEFINED if value is None and after == b"?" else value,
            visibility=_visibility(words, name),
            is_static=static,
            is_readonly=b"readonly" in words,
            decorators=decorators + self._decorators(node),
        )

    def _signatures(self, body: Node | None) -> list[Member]:
        """Return the members of an interface or object type."""
        kinds, context = self.context.kinds, self.context
        found: list[Member] = []
        for child in body.children if body is not None else ():
            number = child.kind_id
            if number in kinds.property_signatures or number in kinds.method_signatures:
                name = context.field(child, "name")
                if name is not None:
                    found.append(self._signature(child, name))
            elif number in kinds.index_signatures:
                found.append(self._index_signature(child))
            elif number in kinds.call_signatures:
                text = context.text(child)
                name_text = "new" if text.startswith("new") else "()"
                found.append(Member(name_text, context.line(child.start_byte), text.removeprefix("new").strip(), None))
        return found

    def _signature(self, node: Node, name: Node) -> Member:
        """Return a property or method signature; an optional one has the value `undefined`."""
        context = self.context
        rest = context.data[name.end_byte : node.end_byte].decode("utf-8", "replace").strip()
        optional = rest.startswith("?")
        annotation = rest.removeprefix("?").strip().removeprefix(":").strip()
        words = context.data[node.start_byte : name.start_byte].split()
        text = self.low.property_name(name)
        return Member(
            name=text,
            line=context.line(name.start_byte),
            annotation=annotation or None,
            value=UNDEFINED if optional else None,
            visibility=_visibility(words, text),
            is_static=b"static" in words,
            is_readonly=b"readonly" in words,
        )

    def _index_signature(self, node: Node) -> Member:
        context = self.context
        type_node = context.field(node, "type")
        end = type_node.start_byte if type_node is not None else node.end_byte
        name = context.data[node.start_byte : end].decode("utf-8", "replace").strip()
        readonly = name.startswith("readonly ")
        return Member(
            name=name.removeprefix("readonly ").removesuffix("?").strip(),
            line=context.line(node.start_byte),
            annotation=context.annotation(type_node),
            value=None,
            is_readonly=readonly,
        )

    def _enum_members(self, body: Node | None) -> list[Member]:
        kinds, context = self.context.kinds, self.context
        found: list[Member] = []
        for child in body.children if body is not None else ():
            name_node, value = child, None
            if child.kind_id in kinds.enum_assignments:
                name_node = context.field(child, "name") or child
                name = self.low.property_name(name_node)
                value = context.value(context.field(child, "value"), "enum", name)
            elif not child.is_named or child.kind_id in kinds.comments:
                continue
            name = self.low.property_name(name_node)
            found.append(Member(name, context.line(name_node.start_byte), None, value))
        return found

    def _class(self, index: int, bases: tuple[Base, ...], members: tuple[Member, ...]) -> Class:
        context = self.context
        start, negative_end, ident, node = context.classes[index]
        scope = context.class_scopes[index]
        bound = self.low.bound.get(ident)
        name_node = context.field(node, "name")
        path = ""
        if name_node is not None:
            name = self.low.property_name(name_node)
        elif bound is not None:
            name, path = bound.name, bound.path
        else:
            name = "default" if ident in self._marks.defaults else _ANONYMOUS_CLASS
        at = start
        for child in node.children:
            if child.kind_id not in context.kinds.decorators and child.kind_id not in context.kinds.comments:
                at = child.start_byte
                break
        line, column = context.source.position(at)
        outside = self._marks.decorators.get(ident, ())
        declared = bound is not None or node.kind_id not in context.kinds.class_values
        prefix_scope, dotted = self._scope_of_path(scope, path, name)
        qualified = self._enter(~index, prefix_scope, dotted)
        anchor = bound.anchor if bound is not None else outside[0].start_byte if outside else start
        kind = _CLASS_KINDS.get(node.type, "class")
        return Class(
            name,
            qualified,
            kind,  # type: ignore[arg-type]  # the table's values are of the literal type
            line,
            column,
            context.line(-negative_end - 1),
            scope,
            bases,
            members,
            self._made(outside) + self._decorators(node),
            self._doc(anchor, at),
            "public",
            ident in self._marks.exported or (scope == 0 and declared and name in self._marks.exported_names),
            b"abstract" in context.data[at : at + 9].split()[:1],
        )

    # What both have

    def _decorators(self, node: Node) -> tuple[Decorator, ...]:
        """Return the decorators among the children of `node`."""
        if b"@" not in self.context.data[node.start_byte : node.start_byte + 1]:
            return ()
        decorators = self.context.kinds.decorators
        return self._made([child for child in node.children if child.kind_id in decorators])

    def _made(self, nodes: list[Node] | tuple[Node, ...]) -> tuple[Decorator, ...]:
        found: list[Decorator] = []
        for node in nodes:
            inside = self.low.operands(node)
            if not inside:
                continue
            target, call = inside[0], self.low.calls.get(inside[0].id, -1)
            if call >= 0:
                target = self.context.calls[call].callee or target
            value = self.low.value(target)
            name = value.text if value.kind is Kind.PATH else self.context.text(target)
            found.append(Decorator(name, self.context.line(node.start_byte), call))
        return tuple(found)

    def _doc(self, anchor: int, start: int) -> str | None:
        """Return the JSDoc text that stands right before a declaration, its export statement or its statement."""
        docs, anchors, data = self._docs, self._marks.anchors, self.context.data
        if not docs:
            return None
        outer = anchors.get(anchor, anchor)
        if data[max(outer - 8, 0) : outer] == b"declare ":
            outer -= 8
        return docs.get(outer) or docs.get(anchor) or docs.get(start)


_VISIBILITIES: dict[bytes, Visibility] = {b"public": "public", b"private": "private", b"protected": "protected"}


def _visibility(words: list[bytes], name: str) -> Visibility:
    if name[:1] == "#":
        return "private"
    for word in words:
        if word in _VISIBILITIES:
            return _VISIBILITIES[word]
    return "public"


def _method_kind(name: str, words: list[bytes], in_class: bool) -> FunctionKind:
    if b"get" in words:
        return "getter"
    if b"set" in words:
        return "setter"
    if b"static" in words:
        return "static_method"
    return "constructor" if in_class and name == "constructor" else "method"


def _doc_targets(context: Context) -> dict[int, str]:
    """Return, by the byte offset of what follows it, the text of every JSDoc comment."""
    data = context.data
    targets: dict[int, str] = {}
    following: dict[int, int] = {}  # where a comment starts -> the code after it and after the comments behind it
    for start, negative_end, _, _ in reversed(context.ordered("comment")):
        space = _SPACE.match(data, -negative_end)
        after = space.end() if space is not None else -negative_end
        after = following.get(after, after)
        following[start] = after
        if data[start : start + 3] == b"/**" and after not in targets:
            targets[after] = comment_text(data[start:-negative_end].decode("utf-8", "replace"))
    return targets
