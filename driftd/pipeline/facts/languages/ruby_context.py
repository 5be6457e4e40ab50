"""What a Ruby file says only by its words and its order, found out before anything is read.

A bare name is a variable if something binds it in the method around it, and a call otherwise; `private` on a line of
its own holds for the methods below it; `require`, `raise` and `attr_reader` are calls like any other.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable

from tree_sitter import Node

from driftd.pipeline.facts.languages.declared.file import File

VISIBILITIES = frozenset({b"public", b"protected", b"private"})
_SECTIONS = VISIBILITIES | {b"module_function"}
_BY_NAME = _SECTIONS | {b"private_class_method", b"public_class_method", b"private_constant"}
_WORD = re.compile(rb"(?:require(?:_relative)?|load|autoload|raise|fail|attr_\w+|define_method|super)(?![\w?!.])")
_NAME = re.compile(rb"(?<!\w)[a-z_\x80-\xff][\w\x80-\xff]*")
_CAPTURES = re.compile(rb"\(\?<([a-z_]\w*)>")
_MADE = re.compile(rb"[A-Z]\w*\s*=\s*(?:::)?(Struct\.new|Data\.define|Class\.new|Module\.new)\b")
REQUIRED = re.compile(
    rb"(?P<how>require|require_relative|load|autoload)[\s(]+(?::(?P<name>\w+)\s*,\s*)?"
    rb"(?P<quote>['\"])(?P<path>[^'\"#\\\n]+)(?P=quote)\s*\)?"
)
ITERATORS = frozenset(
    b"each each_with_index each_with_object each_pair each_key each_value each_slice each_cons each_entry each_char"
    b" each_line reverse_each each_index map map! flat_map collect collect_concat filter_map select select! filter"
    b" filter! reject reject! delete_if keep_if each_entry group_by partition sum inject reduce times upto downto step"
    b" loop cycle sort_by min_by max_by uniq all? any? none? find detect find_index to_h zip transform_values"
    b" transform_keys".split()
)


class Context:
    """One look over the captured nodes of a file; it changes what is captured."""

    __slots__ = ("_bound", "_everywhere", "_owners", "_starts", "captured", "data", "file")

    def __init__(self, file: File) -> None:
        self.file = file
        self.data = file.data
        self.captured = file.captured
        self._bound: dict[int, set[bytes]] = {}  # method by index, -1 for the rest of the file -> the names it binds
        self._everywhere: set[bytes] = set()
        self._starts: list[int] = [0]
        self._owners: list[int] = [-1]

    def run(self) -> None:
        self._strings()
        self._heredocs()
        made = self._assignments()
        self._calls()
        self._blocks(made)
        self._singletons()
        self._visibility(made)
        self._bare_names()
        self._cases()

    # Literals

    def _strings(self) -> None:
        """Tell the strings that nothing is put into from templates."""
        find, plain, filled = self.data.find, self.captured.setdefault("literal.string", []), list[Node]()
        for node in self.captured.get("literal.template", ()):
            if node.type == "heredoc_beginning" or find(b"#", node.start_byte, node.end_byte) >= 0:
                filled.append(node)
            else:
                plain.append(node)
        self.captured["literal.template"] = filled

    def _heredocs(self) -> None:
        """Pair the beginnings of heredocs with their bodies, which lie behind the line."""
        bodies = self.captured.pop("expression.heredoc", [])
        if not bodies:
            return
        events = [(node.start_byte, node) for node in bodies]
        events += [(n.start_byte, n) for n in self.captured["literal.template"] if n.type == "heredoc_beginning"]
        events.sort(key=lambda event: event[0])
        waiting: list[Node] = []
        for _, node in events:
            if node.type == "heredoc_beginning":
                waiting.append(node)
            elif waiting:
                self.file.contents[waiting.pop(0).id] = node

    # Names and calls

    def _assignments(self) -> list[Node]:
        """Note what is bound, find constants and classes that are made, and take out the calls that are targets."""
        file, data, captured = self.file, self.data, self.captured
        fields, targets, made = list[Node](), set[int](), list[Node]()
        self._methods()
        for node in captured.get("assign", ()):
            left = file.field(node, "left")
            if left is None:
                continue
            kind, start = left.type, left.start_byte
            if kind == "identifier":
                self._bind(start, data[start : left.end_byte])
            elif kind == "left_assignment_list":
                self._bind_all(left)
                targets.update(child.id for child in left.children)
            elif kind == "call":
                targets.add(left.id)
            elif kind == "class_variable":
                fields.append(node)
            elif kind == "constant":
                fields.append(node)
                right = file.field(node, "right") if _MADE.match(data, start) else None
                if right is not None and right.type == "call":
                    made.append(right)
                    file.notes[right.id] = left
        for node in captured.pop("expression.parameters", []):
            self._bind_all(node)
            if data.find(b";", node.start_byte, node.end_byte) >= 0:
                file.notes.update({child.id: child for child in node.children_by_field_name("locals")})
        for variant in ("assign.rescue", "assign.for", "assign.pattern"):
            for node in captured.get(variant, ()):
                part = file.field(node, "variable" if variant == "assign.rescue" else "pattern")
                if part is not None:
                    self._bind_all(part)
        if b"(?<" in data:
            self._everywhere.update(_CAPTURES.findall(data))
        captured["field"], captured["class.made"] = fields, made
        captured["field.made"] = [
            child
            for node in made
            if (args := file.field(node, "arguments")) is not None
            for child in args.children
            if child.type == "simple_symbol"
        ]
        if targets:
            captured["call"] = [node for node in captured.get("call", ()) if node.id not in targets]
        return made

    def _methods(self) -> None:
        """Find which method every byte lies in."""
        nodes = [*self.captured.get("function.method", ()), *self.captured.get("function.static_method", ())]
        spans = sorted((node.start_byte, node.end_byte) for node in nodes)
        stack: list[tuple[int, int]] = [(1 << 62, -1)]
        for index, (start, end) in enumerate(spans):
            while stack[-1][0] <= start:
                self._starts.append(stack.pop()[0])
                self._owners.append(stack[-1][1])
            stack.append((end, index))
            self._starts.append(start)
            self._owners.append(index)
        while len(stack) > 1:
            self._starts.append(stack.pop()[0])
            self._owners.append(stack[-1][1])

    def _owner(self, offset: int) -> int:
        return self._owners[bisect_right(self._starts, offset) - 1]

    def _bind(self, offset: int, name: bytes) -> None:
        self._bound.setdefault(self._owner(offset), set()).add(name)

    def _bind_all(self, node: Node) -> None:
        names = _NAME.findall(self.data, node.start_byte, node.end_byte)
        self._bound.setdefault(self._owner(node.start_byte), set()).update(names)

    def _calls(self) -> None:
        """Find the calls that the language itself gives a meaning to."""
        data, captured = self.data, self.captured
        calls, imports, raises, attributes, parents = list[Node](), list[Node](), list[Node](), list[Node](), set[int]()
        for node in captured.get("call", ()):
            found = _WORD.match(data, node.start_byte)
            word = found[0] if found is not None else b""
            if not word:
                pass
            elif word in {b"raise", b"fail"}:
                raises.append(node)
            elif word.startswith(b"attr_"):
                attributes.append(node)
            elif word == b"super":
                parents.add(node.start_byte)
            elif word == b"define_method":
                self._defined(node)
            elif REQUIRED.fullmatch(data, node.start_byte, node.end_byte):
                imports.append(node)
                continue
            calls.append(node)
        captured["call"], captured["import"], captured["raise.call"] = calls, imports, raises
        captured["field.attribute"] = attributes
        supers = captured.get("call.super", ())
        captured["call.super"] = [node for node in supers if node.start_byte not in parents]

    def _defined(self, call: Node) -> None:
        """Note the name of a method that is made of a block."""
        block, args = self.file.field(call, "block"), self.file.field(call, "arguments")
        names = [child for child in args.children if child.is_named] if args is not None else []
        if block is None or len(names) != 1 or names[0].type not in {"simple_symbol", "string"}:
            return
        if self.data.find(b"#", names[0].start_byte, names[0].end_byte) < 0:  # else the name is computed
            self.file.notes[block.id] = names[0]

    def _blocks(self, made: Iterable[Node]) -> None:
        """Leave out the blocks that are no functions, and find those that are run for each of something."""
        file, data, captured = self.file, self.data, self.captured
        others = {body.id for node in captured.get("function.lambda", ()) if (body := file.field(node, "body"))}
        others.update(body.id for node in made if (body := file.field(node, "block")))
        blocks = [node for node in captured.get("function.block", ()) if node.id not in others]
        captured["function.block"] = blocks
        if not blocks:
            return
        by_end = {node.end_byte: node for node in captured["call"]}
        loops = captured.setdefault("region.each", [])
        for block in blocks:
            call = by_end.get(block.end_byte)
            method = file.field(call, "method") if call is not None else None
            if method is not None and data[method.start_byte : method.end_byte] in ITERATORS:
                loops.append(block)
                file.notes[block.id] = call  # type: ignore[assignment]  # there is a method

    def _bare_names(self) -> None:
        """Tell calls from variables."""
        data, captured, everywhere = self.data, self.captured, self._everywhere
        calls, raises = list[Node](), list[Node]()
        for node in captured.get("call.bare", ()):
            name = data[node.start_byte : node.end_byte]
            if name in {b"raise", b"fail"}:
                raises.append(node)
            elif not (
                name in _SECTIONS
                or name == b"it"
                or name.startswith(b"_")
                or name in everywhere
                or name in self._bound.get(self._owner(node.start_byte), ())
            ):
                calls.append(node)
        captured["call.bare"] = calls
        captured["raise"] = raises

    def _cases(self) -> None:
        """Leave out what is an `else` of a `case`, and bodies in which nothing is rescued."""
        captured = self.captured
        cases = captured.get("region.case", ())
        if cases:
            ends = {child.id for node in cases for child in node.children if child.type == "else"}
            captured["region.else"] = [node for node in captured.get("region.else", ()) if node.id not in ends]
        clauses = sorted(
            node.start_byte for variant in ("region.handler", "region.finally") for node in captured.get(variant, ())
        )
        bodies: list[Node] = []
        for node in captured.get("region.try", ()) if clauses else ():
            index = bisect_right(clauses, node.start_byte)
            if index < len(clauses) and clauses[index] < node.end_byte:
                bodies.append(node)
        captured["region.try"] = bodies

    # Visibility

    def _singletons(self) -> None:
        """Note the methods of `class << self`, by the negated id of their nodes."""
        for node in self.captured.get("expression.singleton", ()):
            body = self.file.field(node, "body")
            for child in _declared(body):
                self.file.notes[-child.id] = node

    def _visibility(self, made: Iterable[Node]) -> None:
        """Note the word that decides who sees a method or member, by the id of its node."""
        data, file, captured = self.data, self.file, self.captured
        singletons = captured.pop("expression.singleton", [])
        if not (b"private" in data or b"protected" in data or b"module_function" in data):
            return
        nodes = [*captured.get("class.class", ()), *captured.get("class.mixin_module", ()), *singletons]
        bodies = [file.field(node, "body") for node in nodes]
        for call in made:
            block = file.field(call, "block")
            bodies.append(file.field(block, "body") if block is not None else None)
        for body in bodies:
            if body is not None:
                self._section(body)

    def _section(self, body: Node) -> None:
        data, file = self.data, self.file
        section: Node | None = None
        named: dict[bytes, Node] = {}
        for child in body.children:
            kind = child.type
            if kind == "identifier":
                section = child if data[child.start_byte : child.end_byte] in _SECTIONS else section
            elif kind == "method":
                named[_name_of(file, child)] = child
                self._note(child, section)
            elif kind == "singleton_method":
                named[b"." + _name_of(file, child)] = child
            elif kind == "assignment":
                left = file.field(child, "left")
                if left is not None and left.type == "constant":
                    named[data[left.start_byte : left.end_byte]] = child
            elif kind == "call":
                method, args = file.field(child, "method"), file.field(child, "arguments")
                word = data[method.start_byte : method.end_byte] if method is not None else b""
                if word.startswith(b"attr_"):
                    self._note(child, section)
                if word not in _BY_NAME or args is None or method is None:
                    continue
                prefix = b"." if word.endswith(b"_class_method") else b""
                for operand in _flat(args):
                    if operand.type in {"method", "singleton_method", "call"}:
                        self._note(operand, method)
                        named[_name_of(file, operand)] = operand
                    else:
                        text = data[operand.start_byte : operand.end_byte].strip(b":'\"")
                        target = named.get(prefix + text)
                        if target is not None:
                            self._note(target, method)

    def _note(self, node: Node, word: Node | None) -> None:
        if word is None:
            return
        if self.data.startswith(b"module_function", word.start_byte):
            self.file.notes[-node.id] = word
        else:
            self.file.notes[node.id] = word


def _declared(body: Node | None) -> Iterable[Node]:
    """Return the methods and calls that stand directly in a body, or behind a word such as `private`."""
    for child in body.children if body is not None else ():
        kind = child.type
        if kind == "method":
            yield child
        elif kind == "call":
            yield child
            for part in child.children:
                if part.type == "argument_list":
                    yield from (each for each in part.children if each.type in {"method", "call"})


def _flat(args: Node) -> Iterable[Node]:
    """Return the arguments, those in a list too."""
    for child in args.children:
        if child.type == "array":
            yield from (each for each in child.children if each.is_named)
        elif child.is_named:
            yield child


def _name_of(file: File, node: Node) -> bytes:
    name = file.field(node, "name") if node.type != "call" else None
    return file.data[name.start_byte : name.end_byte] if name is not None else b""
