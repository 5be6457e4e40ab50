"""The language adapter for TypeScript, TSX and JavaScript (with JSX).

One query per grammar finds every node that matters; what stands where follows from byte ranges.  There is no walk over
the whole tree and no recursion that follows the nesting of the source, so minified and deeply nested files cost no more
than others.  It resolves no name and reads no other file.
"""

from __future__ import annotations

from bisect import bisect_right

from tree_sitter import Node, Parser, QueryCursor

from driftd.pipeline.facts.languages.ecmascript_bodies import BodiesPass
from driftd.pipeline.facts.languages.ecmascript_context import Context
from driftd.pipeline.facts.languages.ecmascript_grammar import GRAMMAR_VERSIONS, LANGUAGES, SUFFIXES, Grammar
from driftd.pipeline.facts.languages.ecmascript_modules import ModulesPass
from driftd.pipeline.facts.languages.ecmascript_outline import OutlinePass
from driftd.pipeline.facts.languages.ecmascript_repair import prepared, repaired
from driftd.pipeline.facts.languages.ecmascript_text import EcmaSource, comment_text, number_value, readable, unescaped
from driftd.pipeline.facts.languages.ecmascript_values import kinds_of
from driftd.pipeline.facts.model import Comment, FileFacts, LiteralContext, LiteralFact, Outline, ParseError, Texts

_REVISION = 2  # raise when the same bytes give other facts
_MAX_ERRORS = 1000  # of a file that is not really in the language, the first ones say enough


class EcmaScriptAdapter:
    """Produces the facts of one file in a language of the ECMAScript family."""

    languages = LANGUAGES
    suffixes = SUFFIXES
    version = f"{_REVISION}-{GRAMMAR_VERSIONS}"

    def extract(self, data: bytes, language: str) -> FileFacts:
        """Return the facts of `data`; never raises for bad input: what cannot be read is in `errors`."""
        kinds = kinds_of(language)
        grammar = kinds.grammar
        source = EcmaSource(readable(data))
        captured, hidden = _captures(grammar, source.data, language)
        context = Context(kinds, source, captured)
        modules = ModulesPass(context)
        modules.run()
        bodies = BodiesPass(context, modules).run()
        functions, classes = OutlinePass(context, modules.marks).run()
        return FileFacts(
            language=language,
            line_count=source.line_count,
            outline=Outline(functions, classes, modules.imports(), modules.exports()),
            bodies=bodies,
            texts=Texts(_literals(context), _comments(context)),
            names=_names(context, hidden),
            errors=_errors(context),
        )


ADAPTER = EcmaScriptAdapter()


def _captures(grammar: Grammar, data: bytes, language: str) -> tuple[dict[str, list[Node]], frozenset[bytes]]:
    """Parse and query; also return the names that stand where the parser was not shown the source."""
    hidden: frozenset[bytes] = frozenset()
    if language != "javascript":
        data, hidden = prepared(data, markup=language == "tsx")
    parser = Parser(grammar.language)
    root = parser.parse(data).root_node
    if language == "typescript" and root.has_error:  # in TSX a line may start with an element
        other = repaired(data)
        if other != data:
            again = parser.parse(other).root_node
            if not again.has_error:
                return QueryCursor(grammar.query).captures(again), hidden
            first, second = QueryCursor(grammar.query).captures(root), QueryCursor(grammar.query).captures(again)
            return (second if _error_count(second) < _error_count(first) else first), hidden
    return QueryCursor(grammar.query).captures(root), hidden


def _error_count(captured: dict[str, list[Node]]) -> int:
    return len(captured.get("error", ())) + len(captured.get("missing", ()))


def _literals(context: Context) -> tuple[LiteralFact, ...]:
    data, kinds, line_starts = context.data, context.kinds, context.line_starts
    contexts = context.low.contexts
    types = {node.id for node in context.captured.get("type_literal", ())}
    attributes = {node.id for node in context.captured.get("attribute", ())}
    states, state_starts = context.states, context.state_starts
    column, line_of = context.source.column, context.line
    found: list[LiteralFact] = []
    for (start, negative_end, ident, node), (use, name) in zip(context.literals, contexts, strict=True):
        end = -negative_end
        text = data[start:end].decode("utf-8", "replace")
        line = bisect_right(line_starts, start)
        at = column(line_starts[line - 1], start)
        number = node.kind_id
        end_line = line if "\n" not in text else line_of(end - 1)
        scope = states[bisect_right(state_starts, start) - 1][0]
        if number in kinds.strings:
            value = text[1:-1]
            if "\\" in value and ident not in attributes:
                value = unescaped(value)
            place: LiteralContext = "annotation" if use == "other" and ident in types else use
            found.append(LiteralFact("string", value, line, at, end_line, scope, place, name))
        elif number in kinds.numbers:
            place = "annotation" if use == "other" and ident in types else use
            found.append(LiteralFact("number", number_value(text), line, at, end_line, scope, place, name, text))
        elif number in kinds.templates:
            value = unescaped(_template_text(context, node)) if "${" in text else unescaped(text[1:-1])
            found.append(LiteralFact("template", value, line, at, end_line, scope, use, name))
        elif number in kinds.regexes:
            pattern = text[1 : text.rfind("/")]
            found.append(LiteralFact("regex", pattern, line, at, end_line, scope, use, name, text))
        else:
            found.append(LiteralFact("string", text.strip(), line, at, end_line, scope, "markup", name))
    return tuple(found)


def _template_text(context: Context, node: Node) -> str:
    """Return the text between the backticks with `{}` for every substitution."""
    data = context.data
    parts: list[bytes] = []
    at = node.start_byte + 1
    for child in node.children:
        if child.kind_id in context.kinds.substitutions:
            parts += (data[at : child.start_byte], b"{}")
            at = child.end_byte
    parts.append(data[at : node.end_byte - 1])
    return b"".join(parts).decode("utf-8", "replace")


def _comments(context: Context) -> tuple[Comment, ...]:
    data = context.data
    found: list[Comment] = []
    for start, negative_end, _, _ in context.ordered("comment"):
        text = data[start:-negative_end].decode("utf-8", "replace")
        line, column = context.source.position(start)
        end_line = context.line(-negative_end - 1)
        is_doc = text.startswith("/**") and len(text) > 4
        trailing = _has_code_before(data, context.line_starts[line - 1], start)
        found.append(Comment(comment_text(text), line, column, end_line, trailing, is_doc))
    return tuple(found)


def _has_code_before(data: bytes, line_start: int, offset: int) -> bool:
    while offset > line_start:  # in steps: the line may be a whole minified bundle
        step = max(line_start, offset - 64)
        if data[step:offset].strip():
            return True
        offset = step
    return False


def _names(context: Context, hidden: frozenset[bytes]) -> tuple[str, ...]:
    data, captured = context.data, context.captured
    declared = {node.start_byte for node in captured.get("declared", ())}
    for start, _, _, node in context.classes:
        if data[start] == 0x40:  # the query finds the name of a class only where no decorator comes first
            name = context.field(node, "name")
            declared.add(name.start_byte if name is not None else start)
    names = {data[at : node.end_byte] for node in captured.get("name", ()) if (at := node.start_byte) not in declared}
    # Of property names, those after a dot are read; keys and members are declared.
    names |= {
        data[at : node.end_byte]
        for node in captured.get("property", ())
        if data[(at := node.start_byte) - 1] == 0x2E or (data[at - 1] <= 0x20 and _after_dot(data, at))
    }
    names |= hidden
    names.discard(b"")
    return tuple(sorted({name.decode("utf-8", "replace") for name in names}))


def _after_dot(data: bytes, offset: int) -> bool:
    return data[max(offset - 64, 0) : offset].rstrip().endswith(b".")


def _errors(context: Context) -> tuple[ParseError, ...]:
    position = context.source.position
    found: list[ParseError] = []
    missing = {entry[2] for entry in context.ordered("missing")}
    for start, negative_end, ident, _ in context.ordered("error", "missing")[:_MAX_ERRORS]:
        kind = "missing" if ident in missing else "error"
        found.append(ParseError(*position(start), *position(-negative_end), kind))  # type: ignore[arg-type]
    return tuple(found)
