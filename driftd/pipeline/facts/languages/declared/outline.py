"""The outline of a file: functions, classes and their members, as other files see them."""

from __future__ import annotations

from collections.abc import Sequence

from tree_sitter import Node

from driftd.pipeline.facts.languages.declared.file import File
from driftd.pipeline.facts.languages.declared.language import FunctionParts
from driftd.pipeline.facts.languages.declared.texts import Docs
from driftd.pipeline.facts.model import Class, Decorator, Function, Member, Param
from driftd.rows.ids import short_hash

_MAX_NAMED = 40  # functions nested deeper share the prefix and the body hash of the one at this depth


def function_parts(file: File) -> list[FunctionParts]:
    """Return what the adapter reads of every function, in their order."""
    read = file.language.function
    return [
        read(file, node, variant, file.function_scopes[index])
        for index, (_, _, _, node, variant) in enumerate(file.functions, 1)
    ]


class OutlinePass:
    """Builds functions and classes; runs after the bodies, which find out what functions are bound to."""

    __slots__ = ("_depths", "_docs", "_hashes", "_parts", "_prefixes", "file", "language", "low")

    def __init__(self, file: File, parts: Sequence[FunctionParts], docs: Docs) -> None:
        self.file = file
        self.low = file.low
        self.language = file.language
        self._parts = parts
        self._docs = docs
        self._prefixes: dict[int, str] = {0: ""}  # scope -> what the names in it are prefixed with
        self._depths: dict[int, int] = {0: 0}
        self._hashes: dict[int, bytes] = {0: b""}

    def run(self) -> tuple[tuple[Function, ...], tuple[Class, ...]]:
        """Return all functions (the module first) and all classes."""
        file = self.file
        members = self._members()
        packages = file.ordered("package")
        module = Function(
            name="<module>",
            qualified_name="<module>",
            kind="module",
            line=1,
            column=1,
            end_line=max(file.source.line_count, 1),
            scope=-1,
            doc=self._docs.before(packages[0][0]) if packages else self._docs.opening(),
            body_hash=short_hash(file.data),
        )
        functions = [module] * (len(file.functions) + 1)
        classes: dict[int, Class] = {}
        for what, index in file.opened:  # outer ones first, so that every prefix is known when it is needed
            if what == 0:
                functions[index] = self._function(index)
            else:
                classes[index] = self._class(index, tuple(members[index]))
        return tuple(functions), tuple(classes[index] for index in range(len(file.classes)))

    def _enter(self, own: int, scope: int, name: str) -> str:
        """Note the prefix of names inside `own` and return its qualified name."""
        prefix = self._prefixes[scope]
        qualified = prefix + name
        depth = self._depths[scope] + 1
        self._depths[own] = depth
        self._prefixes[own] = f"{qualified}." if depth < _MAX_NAMED else prefix
        return qualified

    def _function(self, index: int) -> Function:
        file, data = self.file, self.file.data
        start, negative_end, ident, _, _ = file.functions[index - 1]
        parts = self._parts[index - 1]
        scope = file.function_scopes[index]
        line, column = file.source.position(parts.at.start_byte)
        qualified = self._enter(index, scope, f"{parts.receiver}.{parts.name}" if parts.receiver else parts.name)
        body = parts.body
        if self._depths[index] > _MAX_NAMED:
            body_hash = self._hashes[scope] if scope >= 0 else b""
        else:
            body_hash = short_hash(data[body.start_byte : parts.end or body.end_byte]) if body is not None else b""
        self._hashes[index] = body_hash
        written = parts.parameters
        signature = data[written.start_byte : written.end_byte] if written is not None else parts.signature
        params = self._params(written) if parts.params is None else parts.params
        return Function(
            parts.name,
            qualified,
            parts.kind,
            line,
            column,
            file.line((parts.end or -negative_end) - 1),
            scope,
            params,
            parts.return_type,
            self._decorators(parts.modifiers.decorators),
            self._docs.before(parts.anchor if parts.anchor >= 0 else start),
            parts.visibility,
            parts.is_exported,
            parts.is_async,
            parts.is_generator,
            parts.is_abstract,
            body_hash,
            short_hash(b"\0".join((parts.name.encode(), signature, (parts.return_type or "").encode()))),
            file.bound.get(ident, ""),
            parts.receiver,
            qualifiers=parts.qualifiers,
        )

    def _params(self, written: Node | None) -> tuple[Param, ...]:
        if written is None:
            return ()
        read, file = self.language.params, self.file
        return tuple([param for child in self.low.operands(written) for param in read(file, child)])

    def _class(self, index: int, members: tuple[Member, ...]) -> Class:
        file = self.file
        start, negative_end, _, node, variant = file.classes[index]
        scope = file.class_scopes[index]
        parts = self.language.class_(file, node, variant, scope)
        line, column = file.source.position(parts.at.start_byte)
        return Class(
            parts.name,
            self._enter(~index, scope, parts.name),
            parts.kind,
            line,
            column,
            file.line(-negative_end - 1),
            scope,
            parts.bases,
            members,
            self._decorators(parts.modifiers.decorators),
            self._docs.before(parts.anchor if parts.anchor >= 0 else start),
            parts.visibility,
            parts.is_exported,
            parts.is_abstract,
        )

    def _members(self) -> list[list[Member]]:
        """Return the members of every class: each `@field` belongs to the innermost class around it."""
        file = self.file
        found: list[list[Member]] = [[] for _ in file.classes]
        for start, _, _, node, variant in file.ordered("field"):
            scope = file.state(start)[0]
            while scope > 0:
                scope = file.function_scopes[scope]
            if scope < 0:
                found[~scope] += self.language.members(file, node, variant, scope)
        return found

    def decorators(self, nodes: Sequence[Node]) -> tuple[Decorator, ...]:
        """Return annotations as facts."""
        return self._decorators(nodes)

    def _decorators(self, nodes: Sequence[Node]) -> tuple[Decorator, ...]:
        return decorators(self.file, nodes) if nodes else ()


def decorators(file: File, nodes: Sequence[Node]) -> tuple[Decorator, ...]:
    """Return annotations as facts."""
    found: list[Decorator] = []
    for node in nodes:
        name, call = file.language.decorator(file, node)
        found.append(Decorator(name, file.line(node.start_byte), call))
    return tuple(found)
