"""What is written in a file besides code: literals, comments, docs, and which names are read."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable

from tree_sitter import Node

from driftd.pipeline.facts.languages.declared.file import Captured, File
from driftd.pipeline.facts.model import Assign, Class, Comment, Function, Kind, LiteralFact, ParseError, Value

_MAX_ERRORS = 1000  # of a file that is not really in the language, the first ones say enough
_DECLARING = frozenset({"for", "catch", "with", "declare"})
_LITERAL_KINDS = frozenset({"string", "bytes", "template", "regex", "number"})


def literals(file: File) -> tuple[LiteralFact, ...]:
    """Return the literals; runs last, when every expression has said what its literals are for."""
    data, language, line_starts = file.data, file.language, file.line_starts
    column, states, state_starts = file.source.column, file.states, file.state_starts
    substitutions, contents = file.tables.substitutions, file.contents
    found: list[LiteralFact] = []
    for (start, negative_end, ident, node, variant), (use, name) in zip(file.literals, file.low.contexts, strict=True):
        end = -negative_end
        text = data[start:end].decode("utf-8", "replace")
        holder = contents.get(ident, node) if contents else node
        if holder.start_byte >= end:  # a heredoc's text lies behind the line that it is a value in
            end = holder.end_byte
            text += data[holder.start_byte : end].decode("utf-8", "replace")
        line = bisect_right(line_starts, start)
        at = column(line_starts[line - 1], start)
        scope = states[bisect_right(state_starts, start) - 1][0]
        end_line = line if "\n" not in text else file.line(end - 1)
        if variant == "number":
            value = text if text.isdigit() and text[0] != "0" else language.number(text)
            found.append(LiteralFact("number", value, line, at, end_line, scope, use, name, text))
            continue
        kind = variant if variant in _LITERAL_KINDS else "string"
        if kind == "template":
            text, filled = _with_holes(file, node, holder, text) if substitutions else (text, False)
            kind = "template" if filled else "string"
        value = language.string(text)
        raw = text if kind == "regex" else ""
        found.append(LiteralFact(kind, value, line, at, end_line, scope, use, name, raw))  # type: ignore[arg-type]
    return tuple(found)


def _with_holes(file: File, node: Node, holder: Node, text: str) -> tuple[str, bool]:
    """Return the text with `{}` for every substitution, and whether there is one."""
    data = file.data
    at, end = node.start_byte, node.end_byte
    parts: list[bytes] = []
    if holder.start_byte >= end:
        parts.append(data[at:end])
        at, end = holder.start_byte, holder.end_byte
    filled = False
    for start, after in file.language.holes(file, holder):
        parts += (data[at:start], b"{}")
        at, filled = after, True
    if not filled:
        return text, False
    parts.append(data[at:end])
    return b"".join(parts).decode("utf-8", "replace"), True


class Docs:
    """The comments of a file, and which of them document what follows."""

    def __init__(self, file: File) -> None:
        self._file = file
        self._comments = file.ordered("comment")
        self._used: set[int] = set()
        self._texts: dict[int, str] = {}  # of comments, by where they start
        self._blocks: dict[int, list[Captured]] = {}  # where code starts -> the comments that end right before it
        data, markers, lines = file.data, file.language.doc_markers, file.language.line_markers
        doc_bytes = tuple(marker.encode() for marker in markers)
        line_bytes = tuple(marker.encode() for marker in lines)
        following: dict[int, int] = {}  # where a comment starts -> the code after it and the comments behind it
        for entry in reversed(self._comments):
            start, end = entry[0], -entry[1]
            after = _skip_space(data, end)
            nearest = after
            after = following.get(after, after)
            following[start] = after
            if not data.startswith(doc_bytes, start):
                continue
            block = self._blocks.get(after)
            if block is None:
                if nearest == after or not data.startswith(line_bytes, start):
                    self._blocks[after] = [entry]
            elif (
                block[-1][0] == nearest
                and data.startswith(line_bytes, start)
                and data.startswith(line_bytes, nearest)
                and data.count(b"\n", end, nearest) + (data[end - 1 : end] == b"\n") == 1
            ):
                block.append(entry)

    def before(self, offset: int) -> str | None:
        """Return the text of the doc comment that ends right before the code at `offset`."""
        block = self._blocks.get(offset)
        if block is None:
            return None
        if self._file.language.docs_touch and _apart(self._file.data, -block[0][1], offset):
            return None
        if self._trails(block[-1]):
            return None
        self._used.update(entry[0] for entry in block)
        text, data = self._file.language.comment, self._file.data
        directives = self._file.language.directives
        lines: list[str] = []
        for start, negative_end, *_ in reversed(block):
            written = data[start:-negative_end].decode("utf-8", "replace")
            if directives is None or not directives.match(written):
                self._texts[start] = line = text(written)
                lines.append(line)
        return "\n".join(lines).strip() or None

    def opening(self) -> str | None:
        """Return the text of the doc comments at the top of the file that say that they are about it."""
        language, data = self._file.language, self._file.data
        markers = tuple(marker.encode() for marker in language.opening_doc_markers)
        found: list[Captured] = []
        for entry in self._comments if markers else ():
            if data.startswith(markers, entry[0]):
                found.append(entry)
            elif found:
                break
        self._used.update(entry[0] for entry in found)
        written = [data[entry[0] : -entry[1]].decode("utf-8", "replace") for entry in found]
        return "\n".join(map(language.comment, written)).strip() or None

    def _trails(self, entry: Captured) -> bool:
        """Tell whether code stands before the comment on its line: then it is about that code."""
        line_start = self._file.line_starts[self._file.line(entry[0]) - 1]
        return _has_code_before(self._file.data, line_start, entry[0])

    def comments(self) -> tuple[Comment, ...]:
        """Return all comments; runs after the outline, which finds out what is a doc comment."""
        file, language = self._file, self._file.language
        data, explicit = file.data, language.explicit_doc_markers
        found: list[Comment] = []
        for start, negative_end, _, _, _ in self._comments:
            text = data[start:-negative_end].decode("utf-8", "replace")
            line, column = file.source.position(start)
            trailing = _has_code_before(data, file.line_starts[line - 1], start)
            is_doc = start in self._used or (bool(explicit) and text.startswith(explicit) and len(text) > 4)
            end_line = file.line(max(start, -negative_end - 1))
            said = self._texts.get(start)
            found.append(
                Comment(language.comment(text) if said is None else said, line, column, end_line, trailing, is_doc)
            )
        return tuple(found)


def _skip_space(data: bytes, offset: int) -> int:
    rest = data[offset : offset + 256]
    while rest and not rest.strip():
        offset += len(rest)
        rest = data[offset : offset + 256]
    return offset + len(rest) - len(rest.lstrip())


def _apart(data: bytes, end: int, offset: int) -> bool:
    return data.count(b"\n", end, offset) + (data[end - 1 : end] == b"\n") > 1


def _has_code_before(data: bytes, line_start: int, offset: int) -> bool:
    while offset > line_start:  # in steps: the line may be a whole minified bundle
        step = max(line_start, offset - 64)
        if data[step:offset].strip():
            return True
        offset = step
    return False


def names_read(
    file: File, functions: Iterable[Function], classes: Iterable[Class], assigns: Iterable[Assign]
) -> tuple[str, ...]:
    """Return every name that is read: it stands in the code more often than it is declared.

    Imports, the package line, strings and comments are no code; the substitutions of a template are.
    """
    tables = file.tables
    words = tables.words(_code(file))
    declared: Counter[str] = Counter(file.language.declared(file))
    for function in functions:
        declared[function.name] += 1
        for param in function.params:
            declared[param.name] += 1
    for class_ in classes:
        declared[class_.name] += 1
        for member in class_.members:
            declared[member.name] += 1
    for assign in assigns:
        if assign.declares or assign.kind in _DECLARING:
            for name in _targets(assign.target):
                declared[name] += 1
    counts, sigils = Counter(words), file.language.sigils.encode()
    keywords = tables.keywords
    if sigils:  # a variable and a member are one name
        bare: Counter[bytes] = Counter()
        for word in counts.keys() - keywords:
            bare[word.translate(None, sigils)] += counts[word]
        counts, keywords = bare, frozenset()
    read = {*file.language.mentioned(file)}
    for word in counts.keys() - keywords:
        name = word.decode("utf-8", "replace")
        if name not in declared or counts[word] > declared[name]:
            read.add(name)
    return tuple(sorted(read))


def _targets(target: Value) -> list[str]:
    if target.kind is Kind.PATH:
        return [target.text]
    return [item.text for item in target.items if item.kind is Kind.PATH]


def _code(file: File) -> bytes:
    """Return the source without imports, literals and comments."""
    data = file.data
    holes = [
        (entry[0], -entry[1]) for fact in ("comment", "import", "package", "silent") for entry in file.ordered(fact)
    ]
    for start, negative_end, ident, node, variant in file.ordered("literal"):
        holder = file.contents.get(ident)
        if variant != "template" and holder is None:
            holes.append((start, -negative_end))
        else:
            holes += _texts_of(file, node, node if holder is None else holder)
    holes.sort()
    parts: list[bytes] = []
    at = 0
    for start, end in holes:
        if start >= at:
            parts.append(data[at:start])
        at = max(at, end)
    parts.append(data[at:])
    return b" ".join(parts)


def _texts_of(file: File, node: Node, holder: Node) -> Iterable[tuple[int, int]]:
    """Return the byte ranges of a template that are text, which its substitutions are not."""
    at, end = node.start_byte, node.end_byte
    if holder.start_byte >= end:
        yield at, end
        at, end = holder.start_byte, holder.end_byte
    for start, after in file.language.holes(file, holder):
        yield at, start
        at = after
    yield at, end


def errors(file: File) -> tuple[ParseError, ...]:
    """Return what the grammar could not read."""
    position = file.source.position
    found = [(*entry[:2], "error") for entry in file.ordered("error")]
    found += [(*entry[:2], "missing") for entry in file.ordered("missing")]
    found.sort()
    return tuple(
        [
            ParseError(*position(start), *position(-negative_end), kind)  # type: ignore[arg-type]  # one of two words
            for start, negative_end, kind in found[:_MAX_ERRORS]
        ]
    )
