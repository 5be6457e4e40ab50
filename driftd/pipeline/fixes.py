"""Quick fixes: from a rule's `fix` and the text of a file to edits of that text.

An edit is offered only where it is proven on this very text: exactly one node is meant, and after it the finding is
gone, nothing new is found, and the file parses as well as before.  Everything else is told in words.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Final

import msgspec

from driftd.pipeline.detect.marks import identified, marks_of
from driftd.pipeline.detect.patterns import patterns
from driftd.pipeline.detect.rules import texts
from driftd.pipeline.facts.languages import syntax
from driftd.pipeline.facts.languages.registry import adapter_of
from driftd.pipeline.facts.source import Source

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tree_sitter import Node

    from driftd.pipeline.detect.places import Found
    from driftd.pipeline.detect.rules import Fix
    from driftd.pipeline.facts.model import FileFacts


class TextEdit(msgspec.Struct, frozen=True):
    """Put `new_text` in the place of what stands there; lines and columns from 1, the end is exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int
    new_text: str


class QuickFix(msgspec.Struct, frozen=True):
    """Edits that remove a violation, applied together; without any, `reason` says why."""

    edits: tuple[TextEdit, ...] = ()
    reason: str = ""


class _Edit(msgspec.Struct, frozen=True, order=True):
    start: int
    end: int
    text: str


class _NoEdit(Exception):  # noqa: N818 - no error: a way out, with the reason
    pass


def quick_fix(path: str, language: str, data: bytes, violation: str) -> QuickFix:
    """Return the edits that remove a violation from the text of its file."""
    try:
        edits = _proven(path, language, data, violation)
    except _NoEdit as reason:
        return QuickFix(reason=str(reason))
    source = Source(data)
    return QuickFix(
        tuple([TextEdit(*source.position(edit.start), *source.position(edit.end), edit.text) for edit in edits])
    )


class Question(msgspec.Struct, frozen=True, array_like=True):
    """What `quick_fix` is asked, for another process."""

    path: str
    language: str
    data: bytes
    violation: str


def answer(question: bytes) -> bytes:
    """Answer an encoded question; in a worker process, because it parses."""
    asked = msgspec.msgpack.decode(question, type=Question)
    return msgspec.msgpack.encode(quick_fix(asked.path, asked.language, asked.data, asked.violation))


def applied(data: bytes, edits: Sequence[TextEdit]) -> bytes:
    """Return the text after the edits, which do not overlap."""
    lines = data.split(b"\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)

    def offset(line: int, column: int) -> int:
        before = lines[line - 1].decode("utf-8", "surrogateescape")[: column - 1]
        return starts[line - 1] + len(before.encode("utf-8", "surrogateescape"))

    return _changed(
        data,
        [_Edit(offset(e.line, e.column), offset(e.end_line, e.end_column), e.new_text) for e in edits],
    )


def _changed(data: bytes, edits: Sequence[_Edit]) -> bytes:
    for edit in sorted(edits, reverse=True):
        data = data[: edit.start] + edit.text.encode() + data[edit.end :]
    return data


def _proven(path: str, language: str, data: bytes, violation: str) -> list[_Edit]:
    """Return edits of which it was seen that they do what they should."""
    try:
        data.decode()
    except UnicodeDecodeError:
        raise _NoEdit("the file is not UTF-8") from None
    facts = adapter_of(language).extract(data, language)
    edits = _edits(path, language, data, facts, violation)
    after = adapter_of(language).extract(_changed(data, edits), language)
    if len(after.errors) > len(facts.errors):
        raise _NoEdit("the edit would leave code that does not parse")
    before, left = marks_of(path, facts), marks_of(path, after)
    counts, now = Counter(f.rule for f in before.faults), Counter(f.rule for f in left.faults)
    gone = [fault.rule for fault in before.faults if fault.id == violation]
    if any(now[rule] > counts[rule] - (rule in gone) for rule in now | counts):
        raise _NoEdit("the edit would not remove the finding, or lead to another one")
    return edits


def _edits(path: str, language: str, data: bytes, facts: FileFacts, violation: str) -> list[_Edit]:
    useless = next((s for s in marks_of(path, facts).silences if s.id == violation), None)
    if useless is not None:
        return [_comment(data, useless.line, useless.column)]
    found = next((one for number, one in identified(path, facts) if number == violation), None)
    if found is None:
        raise _NoEdit("the code is not what it was when it was analysed")
    fix = found.rule.fix
    if fix is None or fix.action is None:
        raise _NoEdit("no edit is known for this rule")
    editor = _Editor(language, data, facts, found, fix)
    return sorted(editor.edits())


class _Editor:
    """Turns one fix into edits of one text."""

    def __init__(self, language: str, data: bytes, facts: FileFacts, found: Found, fix: Fix) -> None:
        self.language, self.data, self.facts = language, data, facts
        self.found, self.fix = found, fix
        self.place = found.place
        self.root = syntax.root_of(language, data)

    def edits(self) -> Iterator[_Edit]:
        fix = self.fix
        match fix.action:
            case "set_argument":
                yield self._set(self._call(), fix.argument, fix.text)
            case "remove_argument":
                yield self._without(self._call(), fix.argument)
            case "replace_callee":
                yield from self._called(self._call())
            case "replace_value":
                yield self._value()
            case "replace_text":
                yield self._replaced()
            case "remove":
                yield self._statement()
        for name in fix.drop:
            yield from self._dropped(self._call(), name)

    # -- nodes --------------------------------------------------------------------------------------------------------

    def _start(self) -> int:
        line, column = self.place.line, max(1, self.place.column)
        start = 0
        for _ in range(line - 1):
            start = self.data.index(b"\n", start) + 1
        end = self.data.find(b"\n", start)
        text = self.data[start : end if end >= 0 else len(self.data)].decode()
        if self.place.column:
            return start + len(text[: column - 1].encode())
        return start + len(text) - len(text.lstrip())

    def _starting(self, start: int) -> Iterator[Node]:
        """Yield the named nodes that begin at an offset, outermost first."""
        node: Node | None = self.root
        while node is not None:
            if node.start_byte == start and node.is_named:
                yield node
            node = next((c for c in node.children if c.start_byte <= start < c.end_byte), None)

    def _call(self) -> Node:
        """Return the one call that is meant; several begin in one place where one call is the receiver of the next."""
        call = self.place.call
        if call is None:
            raise _NoEdit("the finding is no call")
        last = re.split(r"[.:>\\]", call.callee.text)[-1]
        found = [
            node
            for node in self._starting(self._start())
            if (args := node.child_by_field_name("arguments")) is not None
            and len(_named(args)) == len(call.args)
            and re.split(r"[.:>\\\s]", self._text(node.start_byte, args.start_byte).strip().removesuffix("?."))[-1]
            == last
        ]
        if len(found) != 1:
            raise _NoEdit("it is not clear which call is meant")
        return found[0]

    def _text(self, start: int, end: int) -> str:
        return self.data[start:end].decode()

    def _argument(self, call: Node, name: str) -> Node | None:
        """Return the named argument, or the entry of an object that is an argument."""
        args = call.child_by_field_name("arguments")
        for arg in _named(args):
            for one in [arg, *(_named(arg) if arg.type in syntax.OBJECTS else ())]:
                key = one.child_by_field_name("name") or one.child_by_field_name("key")
                if key is not None and self._text(key.start_byte, key.end_byte).strip("'\":") == name:
                    found: Node = one
                    return found
        return None

    # -- actions ------------------------------------------------------------------------------------------------------

    def _set(self, call: Node, name: str, text: str) -> _Edit:
        there = self._argument(call, name)
        if there is not None:
            value = there.child_by_field_name("value")
            if value is None:
                raise _NoEdit("the argument has no value of its own")
            return _Edit(value.start_byte, value.end_byte, text)
        args = call.child_by_field_name("arguments")
        assert args is not None  # noqa: S101 - see _call
        given = _named(args)
        form = syntax.NAMED_ARGUMENT.get(self.language)
        if form is None:
            objects = [arg for arg in given if arg.type in syntax.OBJECTS]
            if not objects or objects[-1] != given[-1]:
                raise _NoEdit("there are no options to add it to")
            args, given, form = objects[-1], _named(objects[-1]), syntax.NAMED_ENTRY
        if any("splat" in arg.type or "spread" in arg.type or "generator" in arg.type for arg in given):
            raise _NoEdit("what is spread into the call may set it as well")
        entry = form.format(name=name, value=text)
        if not given:
            at = args.start_byte + 1
            return _Edit(at, at, entry)
        return _Edit(given[-1].end_byte, given[-1].end_byte, f", {entry}")

    def _without(self, call: Node, name: str) -> _Edit:
        there = self._argument(call, name)
        if there is None:
            raise _NoEdit("the argument is not written there")
        return self._cut(there)

    def _dropped(self, call: Node, name: str) -> Iterator[_Edit]:
        if name.isdecimal():
            given = _named(call.child_by_field_name("arguments"))
            if int(name) < len(given) and given[int(name)].child_by_field_name("name") is None:
                yield self._cut(given[int(name)])
        elif (there := self._argument(call, name)) is not None:
            yield self._cut(there)

    def _cut(self, node: Node) -> _Edit:
        """Take one of several things separated by commas out, with one comma."""
        before, after = node.prev_sibling, node.next_sibling
        if before is not None and before.type == "," and before.prev_sibling is not None:
            return _Edit(before.prev_sibling.end_byte, node.end_byte, "")
        if after is not None and after.type == "," and after.next_sibling is not None:
            end = after.next_sibling.start_byte if after.next_sibling.is_named else after.end_byte
            return _Edit(node.start_byte, end, "")
        return _Edit(node.start_byte, node.end_byte, "")

    def _called(self, call: Node) -> Iterator[_Edit]:
        """Call something else; what the arguments are is only known where the first match of the rule found it."""
        first, name, text = self.found.rule.match[0], self.place.name, self.fix.text
        if not any(pattern.matches(name) for pattern in patterns(texts(first.call))):
            raise _NoEdit("the arguments would mean something else")
        args = call.child_by_field_name("arguments")
        assert args is not None  # noqa: S101 - see _call
        start, end = call.start_byte, call.start_byte + len(self.data[call.start_byte : args.start_byte].rstrip())
        written = self._text(start, end)
        owner, dot, _ = written.rpartition(".")
        module, _, last = text.rpartition(".")
        if dot and module and name.rpartition(".")[0] == module and re.fullmatch(r"\w+(\.\w+)*", owner):
            yield _Edit(start, end, f"{owner}.{last}")
            return
        if not module:
            yield _Edit(start, end, text)
            return
        known = self._bound(text)
        if known is None:
            package, _, name = module.rpartition(".")
            yield self._import(package, name)
            known = f"{name}.{last}"
        yield _Edit(start, end, known)

    def _bound(self, text: str) -> str | None:
        """Return how this file calls something that it can reach by an import, None if it cannot."""
        for i in self.facts.outline.imports:
            whole = f"{i.module}.{i.name}" if i.name not in {"", "*"} else i.module
            if i.alias and i.scope == 0 and text.startswith(f"{whole}."):
                return i.alias + text[len(whole) :]
        return None

    def _import(self, package: str, name: str) -> _Edit:
        """Import a module of the standard library, or of a package of which the file imports something."""
        module = f"{package}.{name}" if package else name
        outline, head = self.facts.outline, module.partition(".")[0]
        taken = {i.alias for i in outline.imports} | {f.name for f in outline.functions}
        taken |= {c.name for c in outline.classes} | {assign.target.text for assign in self.facts.bodies.assigns}
        taken |= {param.name for function in outline.functions for param in function.params}
        is_there = syntax.is_standard(self.language, head) or any(
            i.module.partition(".")[0] == head for i in outline.imports
        )
        form = syntax.import_of(self.language, package, name)
        if form is None or name in taken or not is_there:
            raise _NoEdit(f"{module} is not imported here")
        start = self._top()
        if start is None:
            raise _NoEdit(f"{module} is not imported here, and it is not clear where that belongs")
        return _Edit(start, start, form)

    def _top(self) -> int | None:
        """Return where an import can stand: before the first one, else before the first statement."""
        lines = [i.line for i in self.facts.outline.imports if i.scope == 0 and i.module != "__future__"]
        if lines:
            start = 0
            for _ in range(min(lines) - 1):
                start = self.data.index(b"\n", start) + 1
            return None if self.data[start : start + 1].isspace() else start
        skipped = bool(self.facts.outline.functions[0].doc) + any(self.facts.outline.imports)
        statements = _named(self.root)[skipped:]
        if not statements or statements[0].start_point[1] or any(i.scope for i in self.facts.outline.imports):
            return None
        return statements[0].start_byte

    def _value(self) -> _Edit:
        for node in self._starting(self._start()):
            value = node.child_by_field_name("right") or node.child_by_field_name("value")
            if value is not None:
                return _Edit(value.start_byte, value.end_byte, self.fix.text)
        raise _NoEdit("it is not clear what is assigned")

    def _replaced(self) -> _Edit:
        start = self._start()
        if self.place.call is not None:
            args = self._call().child_by_field_name("arguments")
            assert args is not None  # noqa: S101 - see _call
            end = args.start_byte + 1
        else:
            end = self.data.find(b"\n", start)
            end = end if end >= 0 else len(self.data)
        text = self._text(start, end)
        found = list(re.finditer(self.fix.find, text))
        if len(found) != 1:
            raise _NoEdit("it is not clear what to replace")
        at = start + len(text[: found[0].start()].encode())
        return _Edit(at, at + len(found[0][0].encode()), found[0].expand(self.fix.text))

    def _statement(self) -> _Edit:
        """Take out the outermost thing that begins there and has its lines to itself."""
        for node in self._starting(self._start()):
            line = self.data.rfind(b"\n", 0, node.start_byte) + 1
            end = self.data.find(b"\n", node.end_byte)
            end = len(self.data) if end < 0 else end + 1
            alone = not self.data[line : node.start_byte].strip() and self.data[node.end_byte : end].strip() in {
                b"",
                b";",
            }
            if alone and node.parent is not None and node != self.root:
                return _Edit(line, end, "")
        raise _NoEdit("it does not stand alone")


def _named(node: Node | None) -> list[Node]:
    """Return the parts of a node but comments."""
    return [] if node is None else [c for c in node.named_children if "comment" not in c.type]


def _comment(data: bytes, line: int, column: int) -> _Edit:
    """Take a comment out, with its line if it is alone there."""
    lines = data.split(b"\n")
    text = lines[line - 1].decode()
    start = sum(len(one) + 1 for one in lines[: line - 1])
    before = text[: column - 1]
    if not re.match(_LINE_COMMENT, text[column - 1 :]):
        raise _NoEdit("the comment is no line comment")
    if before.strip():
        return _Edit(start + len(before.rstrip().encode()), start + len(lines[line - 1].rstrip(b"\r")), "")
    return _Edit(start, min(len(data), start + len(lines[line - 1]) + 1), "")


_LINE_COMMENT: Final = r"#|//|--"
