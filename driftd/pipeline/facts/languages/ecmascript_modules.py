"""Imports and exports of an ECMAScript file, in ES module and in CommonJS form."""

from __future__ import annotations

from tree_sitter import Node

from driftd.pipeline.facts.languages.ecmascript_context import Context
from driftd.pipeline.facts.languages.ecmascript_outline import Marks
from driftd.pipeline.facts.languages.ecmascript_text import unescaped
from driftd.pipeline.facts.model import Export, Import, Kind, Value

_INTEROP = frozenset(
    {"__importStar", "__importDefault", "__toESM", "_interopRequireDefault", "_interopRequireWildcard", "_interop"}
)
_EXPORT_STAR = frozenset({"__exportStar", "__export"})
_MAX_LOOK_THROUGH = 16


class ModulesPass:
    """Collects imports, exports and what they say about declarations."""

    __slots__ = ("_exports", "_imports", "_required", "context", "low", "marks")

    def __init__(self, context: Context) -> None:
        self.context = context
        self.low = context.low
        self.marks = Marks(set(), set(), set(), {}, {})
        self._imports: list[tuple[int, Import]] = []
        self._exports: list[tuple[int, Export]] = []
        self._required: dict[int, tuple[int, str, bool]] = {}  # call by node id -> start, module, is import()

    def run(self) -> None:
        """Read the import and export statements and find the calls that import."""
        context = self.context
        for start, _, _, node in context.ordered("import"):
            self._import_statement(start, node)
        for start, _, _, node in context.ordered("import_alias"):
            self._import_alias(start, node)
        for start, _, _, node in context.ordered("export"):
            self._export_statement(start, node)
        if b"require" in context.data or b"import" in context.data:
            self._find_required()

    def imports(self) -> tuple[Import, ...]:
        """Return all imports in source order; an importing call that no declaration took is a dynamic one."""
        for ident, (start, module, is_import) in self._required.items():
            scope = self._call_scope(ident)
            statement = self._is_statement(ident)
            self._add_import(start, module, "*" if is_import else "", "", scope, dynamic=is_import or not statement)
        self._required = {}
        self._imports.sort(key=lambda entry: entry[0])
        return tuple(found for _, found in self._imports)

    def exports(self) -> tuple[Export, ...]:
        """Return all exports in source order."""
        self._exports.sort(key=lambda entry: entry[0])
        return tuple(found for _, found in self._exports)

    # Called by the pass over bodies

    def declared(self, target: Node, value: Node) -> None:
        """Take note of `const target = value`, where `value` may be a require() or an awaited import()."""
        if not self._required:
            return
        node, member = self._looked_through(value)
        found = self._required.get(node.id)
        if found is None:
            return
        start, module, is_import = found
        scope = self._call_scope(node.id)
        kinds = self.context.kinds
        if target.kind_id in kinds.identifiers:
            whole = "*" if is_import else ""
            self._add_import(start, module, member or whole, self.context.text(target), scope, dynamic=is_import)
        elif not member and (names := self._destructured(target)):
            for name, alias in names:
                self._add_import(start, module, name, alias, scope, dynamic=is_import)
        else:
            return
        del self._required[node.id]

    def assigned(self, start: int, path: str, value: Node) -> None:
        """Take note of an assignment to `module.exports`, `exports.name` or a part of them."""
        names = path.split(".")
        if names[0] == "module":
            names = names[1:]
        if names[:1] != ["exports"] or len(names) > 2 or (path == "exports" and len(names) == 1):
            return
        value = self._last_assigned(value)
        if len(names) == 2:
            self._export_value(start, names[1], value)
        elif value.kind_id in self.context.kinds.objects:
            self._export_members(value)
        else:
            self._export_value(start, "export=", value)

    # Imports

    def _add_import(
        self, start: int, module: str, name: str, alias: str, scope: int, *, types: bool = False, dynamic: bool = False
    ) -> None:
        line = self.context.line(start)
        self._imports.append((start, Import(module, name, alias, line, scope, types, dynamic)))

    def _import_statement(self, start: int, node: Node) -> None:
        context, kinds = self.context, self.context.kinds
        source = context.field(node, "source")
        clause = None
        types = False
        for child in node.children:
            if child.kind_id in kinds.import_clauses or child.kind_id in kinds.import_requires:
                clause = child
            elif not child.is_named and context.data[child.start_byte : child.end_byte] in {b"type", b"typeof"}:
                types = True
        scope = context.state(start)[0]
        if clause is not None and clause.kind_id in kinds.import_requires:
            source = context.field(clause, "source")
            bound = next((child for child in clause.children if child.kind_id in kinds.identifiers), None)
            if source is not None and bound is not None:
                self._add_import(start, self._module(source), "", context.text(bound), scope, types=types)
            return
        if source is None:
            return
        module = self._module(source)
        if clause is None:
            self._add_import(start, module, "", "", scope)
            return
        for child in clause.children:
            number = child.kind_id
            if number in kinds.identifiers:
                self._add_import(start, module, "default", context.text(child), scope, types=types)
            elif number in kinds.namespace_imports:
                alias = context.text(child).partition("as")[2].strip()
                self._add_import(start, module, "*", alias, scope, types=types)
            elif number in kinds.named_imports:
                for specifier in child.children:
                    if specifier.kind_id in kinds.specifiers:
                        name, alias, only = self._specifier(specifier)
                        self._add_import(start, module, name, alias, scope, types=types or only)

    def _import_alias(self, start: int, node: Node) -> None:
        """Read `import name = Space.Name`: an import from nowhere, so only its export (if any) is kept."""
        identifier = next((c for c in node.children if c.kind_id in self.context.kinds.identifiers), None)
        if identifier is not None and start in self.marks.anchors:
            self._add_export(start, self.context.text(identifier), self.context.text(identifier))

    def _specifier(self, node: Node) -> tuple[str, str, bool]:
        """Return name, alias (the name again without one) and whether only the type is meant."""
        context = self.context
        name_node, alias_node = context.field(node, "name"), context.field(node, "alias")
        name = self._plain(name_node) if name_node is not None else ""
        alias = self._plain(alias_node) if alias_node is not None else name
        head = context.data[node.start_byte : name_node.start_byte] if name_node is not None else b""
        return name, alias, head.startswith(b"type")

    def _plain(self, node: Node) -> str:
        return self._module(node) if node.kind_id in self.context.kinds.strings else self.context.text(node)

    def _module(self, node: Node) -> str:
        return unescaped(self.context.text(node)[1:-1])

    def _find_required(self) -> None:
        context, kinds, data = self.context, self.context.kinds, self.context.data
        for parts in context.calls:
            callee, args = parts.callee, parts.args
            if callee is None or args is None or callee.end_byte - callee.start_byte not in {6, 7}:
                continue
            name = data[callee.start_byte : callee.end_byte]
            if name not in {b"require", b"import"} or parts.node.kind_id in kinds.constructions:
                continue
            operands = self.low.operands(args)
            if not operands:
                continue
            first = operands[0]
            if first.kind_id in kinds.strings or (
                first.kind_id in kinds.templates and b"${" not in data[first.start_byte : first.end_byte]
            ):
                self._required[parts.ident] = (parts.start, self._module(first), name == b"import")

    def _call_scope(self, ident: int) -> int:
        return self.context.state(self.context.calls[self.low.calls[ident]].place)[0]

    def _is_statement(self, ident: int) -> bool:
        parent = self.context.calls[self.low.calls[ident]].node.parent
        return parent is not None and parent.type == "expression_statement"

    def _looked_through(self, node: Node) -> tuple[Node, str]:
        """Return the call inside awaits, casts, interop helpers and one member access, and that member's name."""
        context, kinds = self.context, self.context.kinds
        member = ""
        for _ in range(_MAX_LOOK_THROUGH):
            number = node.kind_id
            inner: Node | None
            if number in kinds.wrappers or number in kinds.awaits:
                inner = self.low.inner(node)
            elif number in kinds.members and not member:
                name = context.field(node, "property")
                member = context.text(name) if name is not None else ""
                inner = context.field(node, "object")
            elif number in kinds.calls and node.id not in self._required:
                parts = context.calls[self.low.calls[node.id]]
                if parts.callee is None or parts.args is None or context.text(parts.callee) not in _INTEROP:
                    break
                inner = next(iter(self.low.operands(parts.args)), None)
            else:
                break
            if inner is None:
                break
            node = inner
        return node, member

    def _destructured(self, pattern: Node) -> list[tuple[str, str]]:
        """Return name and alias of each property that an object pattern takes."""
        value = self.low.value(pattern)
        if value.kind is not Kind.DICT:
            return []
        found: list[tuple[str, str]] = []
        for key, target in zip(value.items[::2], value.items[1::2], strict=True):
            bound = target.items[0] if target.kind is Kind.OPERATION else target
            if bound.kind is Kind.PATH:
                found.append(("*" if key.kind is Kind.SPREAD else key.text, bound.text))
        return found

    # Exports

    def _add_export(
        self, start: int, name: str, local: str, source: str = "", *, types: bool = False, value: Value | None = None
    ) -> None:
        self._exports.append((start, Export(name, local, source, self.context.line(start), types, value)))

    def _export_statement(self, start: int, node: Node) -> None:
        context, kinds = self.context, self.context.kinds
        declaration = context.field(node, "declaration")
        in_module = context.state(start)[0] == 0
        if declaration is not None:
            self._export_declaration(start, node, declaration, in_module=in_module)
            return
        value = context.field(node, "value")
        if value is not None:
            self._export_default(start, node, value)
            return
        if not in_module:
            return
        source_node = context.field(node, "source")
        source = self._module(source_node) if source_node is not None else ""
        types, assigned, named = False, False, False
        for child in node.children:
            number = child.kind_id
            if number in kinds.export_clauses:
                self._export_list(child, source, types=types)
                named = True
            elif number in kinds.namespace_exports:
                alias = context.text(child).partition("as")[2].strip()
                self._add_export(start, alias.strip("'\""), "*", source, types=types)
                named = True
            elif child.is_named:
                if assigned and number in self.low.lowerers:
                    self._export_value(start, "export=", child)
            else:
                word = context.data[child.start_byte : child.end_byte]
                types = types or word == b"type"
                assigned = assigned or word == b"="
                if word == b"namespace":  # `export as namespace Name` makes a global, not an export
                    return
        if source_node is not None and not named:
            self._add_export(start, "*", "", source, types=types)

    def _export_list(self, clause: Node, source: str, *, types: bool) -> None:
        for specifier in clause.children:
            if specifier.kind_id in self.context.kinds.specifiers:
                name, alias, only = self._specifier(specifier)
                self._add_export(specifier.start_byte, alias, name, source, types=types or only)
                if not source:
                    self.marks.exported_names.add(name)

    def _export_declaration(self, start: int, node: Node, declaration: Node, *, in_module: bool) -> None:
        context, kinds, marks = self.context, self.context.kinds, self.marks
        marks.anchors[declaration.start_byte] = start
        default = any(context.data[c.start_byte : c.end_byte] == b"default" for c in node.children if not c.is_named)
        before = [child for child in node.children if child.kind_id in kinds.decorators]
        if declaration.kind_id in kinds.ambient:
            inner = next((c for c in declaration.children if c.is_named), None)
            if inner is None:
                return
            declaration = inner
            marks.anchors[declaration.start_byte] = start
        if before:
            marks.decorators[declaration.id] = before
        marks.exported.add(declaration.id)
        if not in_module or declaration.kind_id in kinds.import_aliases:
            return
        if declaration.kind_id in kinds.variable_statements:
            for child in declaration.children:
                target = context.field(child, "name") if child.kind_id in kinds.declarators else None
                for name in self._names(self.low.value(target)) if target is not None else ():
                    self._add_export(child.start_byte, name, name)
                    marks.exported_names.add(name)
            return
        name_node = context.field(declaration, "name")
        name = self.low.property_name(name_node) if name_node is not None else ""
        if default:
            if not name:
                marks.defaults.add(declaration.id)
            value = None if name else self.low.value(declaration)
            self._add_export(start, "default", name, value=value)
        elif name:
            self._add_export(start, name, name, types=declaration.kind_id in kinds.type_declarations)

    def _names(self, pattern: Value) -> list[str]:
        """Return the names that a declared pattern binds, in order."""
        found: list[str] = []
        waiting = [pattern]
        while waiting:
            value = waiting.pop()
            if value.kind is Kind.PATH:
                found.append(value.text)
            elif value.kind is Kind.DICT:
                waiting += reversed(value.items[1::2])
            elif value.kind is Kind.OPERATION:
                waiting.append(value.items[0])
            elif value.kind in {Kind.LIST, Kind.SPREAD}:
                waiting += reversed(value.items)
        return found

    def _export_default(self, start: int, node: Node, value: Node) -> None:
        self.marks.decorators[value.id] = [
            child for child in node.children if child.kind_id in self.context.kinds.decorators
        ]
        self.marks.anchors[value.start_byte] = start
        inner = self.low.unwrapped(value)
        if inner.kind_id in self.context.kinds.function_values or inner.kind_id in self.context.kinds.class_values:
            if self.context.field(inner, "name") is None:
                self.marks.defaults.add(inner.id)
            self.marks.anchors[inner.start_byte] = start
        self._export_value(start, "default", value)

    def _export_value(self, start: int, name: str, node: Node) -> None:
        """Add an export of an expression: its path as local name, or the value itself."""
        inner = self.low.unwrapped(node)
        found, member = self._looked_through(inner) if self._required else (inner, "")
        required = self._required.get(found.id)
        if required is not None:
            self._add_export(start, name, member, required[1])
            return
        value = self.low.value(node, "other", "" if name in {"export=", "default"} else name)
        if value.kind is Kind.PATH:
            self._add_export(start, name, value.text)
            self.marks.exported_names.add(value.text)
            return
        self.marks.exported.add(inner.id)
        named = self.context.field(inner, "name") if inner.kind_id in self.context.kinds.function_values else None
        if inner.kind_id in self.context.kinds.class_values:
            named = self.context.field(inner, "name")
        self._add_export(start, name, self.context.text(named) if named is not None else "", value=value)

    def _export_members(self, node: Node) -> None:
        """Add one export for each property of `module.exports = {…}`."""
        context, kinds = self.context, self.context.kinds
        for child in node.children:
            number, start = child.kind_id, child.start_byte
            if number in kinds.shorthands:
                name = context.text(child)
                self._add_export(start, name, name)
                self.marks.exported_names.add(name)
            elif number in kinds.pairs:
                key, value = context.field(child, "key"), context.field(child, "value")
                if key is not None and value is not None:
                    name = self.low.property_name(key)
                    self.low.bind(value, name, "", "function", key.start_byte, start)
                    self._export_value(start, name, value)
            elif number in kinds.methods:
                key = context.field(child, "name")
                if key is not None:
                    self.marks.exported.add(child.id)
                    self._add_export(start, self.low.property_name(key), "", value=self.low.value(child))
            elif number in kinds.spreads:
                inside = self.low.operands(child)
                if inside:
                    self._export_value(start, "*", inside[0])

    def _last_assigned(self, node: Node) -> Node:
        """Return the value at the end of `a = b = value`."""
        while node.kind_id in self.context.kinds.assignments:
            right = self.context.field(node, "right")
            if right is None:
                break
            node = right
        return node

    def called(self, index: int, callee: str) -> None:
        """Take note of the calls that compilers write to export: defineProperty(exports, …) and __exportStar(…)."""
        context, kinds = self.context, self.context.kinds
        parts = context.calls[index]
        operands = self.low.operands(parts.args) if parts.args is not None else []
        if callee in _EXPORT_STAR and operands:
            found, _ = self._looked_through(operands[0])
            required = self._required.pop(found.id, None)
            if required is not None:
                self._add_export(parts.start, "*", "", required[1])
        elif callee == "Object.defineProperty" and len(operands) == 3:
            target = context.text(operands[0])
            name = self.low.property_name(operands[1])
            if (
                target in {"exports", "module.exports"}
                and operands[1].kind_id in kinds.strings
                and name != "__esModule"
            ):
                self._add_export(parts.start, name, "", value=self.low.value(operands[2]))
