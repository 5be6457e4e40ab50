"""Whatever the bytes are: facts come back, in bounds, and the sound parts of a broken file are there."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftd.pipeline.facts.languages.ecmascript import ADAPTER
from driftd.pipeline.facts.model import FileFacts
from tests.pipeline.ecmascript_facts import calls, facts, functions

LANGUAGES = ("typescript", "tsx", "javascript")
PIECES = (
    b"class A<in T> extends B { @D() m?(x = 1): T { return super.m(x) } static { f() } }\n",
    b"export const { a, b: [c] } = await import('x'), f = async (p) => { try { g() } catch (e) { throw e } };\n",
    b"for (const x of y) if (x) z?.[0]!.w(); else switch (q) { case 1: break }\n",
    b"module.exports = { a, ...require('b'), get c() { return `t${d}` } };\n",
    b"const el = <A.B x={y} {...z}>text{w}</A.B>;\n",
    b"enum E { A = 1 } interface I extends J { k?: string; (): void } type T = { u: 'v' };\n",
    b"p.then(a, b).catch(function (e) { log(e) }); new X; delete q.r; i++; a ||= b;\n",
    b"({ [k]: v, m() {}, 'n': 1n, ...s }); label: while (1) continue label;\n",
    b"/** doc */ function* g(...r) { yield* r } // trailing\n",
    b"@ ( ) { } [ ] < > ` ${ ' \" \\ / * = => ? . : ; , # ! \xff\xfe\x00 \xe2\x80\xa8 \r\n",
)


def check(found: FileFacts) -> None:
    """Check that every index of the facts is in bounds and that they survive the encoder."""
    again = msgspec.msgpack.decode(msgspec.msgpack.encode(found), type=FileFacts)
    assert again == found
    outline, bodies = found.outline, found.bodies
    scopes = range(-len(outline.classes), len(outline.functions))
    regions = range(-1, len(bodies.regions))
    places = [(fact.scope, fact.region) for fact in bodies.calls]
    places += [(fact.scope, fact.region) for fact in bodies.assigns]
    places += [(fact.scope, fact.region) for fact in bodies.returns]
    places += [(fact.scope, fact.region) for fact in bodies.raises]
    places += [(fact.scope, fact.region) for fact in bodies.handlers]
    assert all(scope in scopes and region in regions for scope, region in places)
    for each in outline.functions[1:]:
        assert each.scope in scopes
        assert 1 <= each.line <= each.end_line
    assert all(region.parent < index for index, region in enumerate(bodies.regions))
    assert all(literal.line >= 1 and literal.column >= 1 for literal in found.texts.literals)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200), st.sampled_from(LANGUAGES))
def test_any_bytes_give_facts(data: bytes, language: str) -> None:
    """No bytes make the adapter raise."""
    check(ADAPTER.extract(data, language))


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.sampled_from(PIECES), min_size=1, max_size=5),
    st.lists(
        st.tuples(st.integers(0, 400), st.integers(0, 12), st.sampled_from([b"", *PIECES[-1].split()])), max_size=4
    ),
    st.sampled_from(LANGUAGES),
)
def test_damaged_sources_give_facts(pieces: list[bytes], edits: list[tuple[int, int, bytes]], language: str) -> None:
    """Sources with stretches cut out and tokens put in are read as far as they go."""
    data = b"".join(pieces)
    for at, length, inserted in edits:
        data = data[:at] + inserted + data[at + length :]
    check(ADAPTER.extract(data, language))


@pytest.mark.parametrize(
    "code",
    [
        "x = " + "(" * 10_000 + "1" + ")" * 10_000,
        "x = " + "[" * 10_000 + "]" * 10_000,
        "x = " + "{a:" * 3_000 + "1" + "}" * 3_000,
        "x = " + " + ".join(["a"] * 10_000),
        "x = " + " + a - ".join(["b"] * 5_000),
        "p" + ".then(f)" * 10_000,
        "p" + "?.q" * 10_000,
        "p()" + ".q" * 10_000,
        "x = " + "!" * 10_000 + "y",
        "x = " + "a => " * 3_000 + "1",
        "x = " + "a = " * 1_000 + "1",
        "x = " + "a ? b : " * 3_000 + "c",
        "if (a) b(); " + "else if (c) d(); " * 3_000,
        "{" * 5_000 + "}" * 5_000,
        "f(" * 3_000 + ")" * 3_000,
        "x = " + "<a>" * 3_000 + "</a>" * 3_000,
        "try { a() } catch (e) { " * 1_000 + "}" * 1_000,
        "class A { m() { " * 1_000 + "}}" * 1_000,
    ],
    ids=lambda code: code[:12],
)
def test_deep_nesting_is_no_limit(code: str) -> None:
    """Neither Python's nor the encoder's recursion limit is met."""
    for language in ("typescript", "javascript"):
        found = ADAPTER.extract(code.encode(), language)
        assert msgspec.msgpack.encode(found)


def test_a_minified_megabyte_on_one_line_is_read() -> None:
    """Positions on one long line, non-ASCII at that, cost no more than on many lines."""
    code = "'é';" + "function f(a,b){return a?b(1,'x'):{k:a.c}};/**/" * 20_000
    found = ADAPTER.extract(code.encode(), "javascript")
    assert (len(found.outline.functions), len(found.bodies.calls), found.line_count) == (20_001, 20_000, 1)
    assert found.bodies.calls[-1].column == code.rindex("b(1") + 1


def test_the_sound_parts_of_a_broken_file_are_there() -> None:
    """Errors are reported where they are."""
    found = facts("function a() { b(); }\nconst = = ;\nfunction c() { d(); }\n")
    assert [name for name, *_ in functions(found)] == ["a", "c"]
    assert calls(found) == ["b()", "d()"]
    assert [error.line for error in found.errors] == [2]


def test_byte_order_marks_and_line_ends_do_not_matter() -> None:
    """UTF-8 and UTF-16 marks, CRLF and lone CR give the same facts."""
    code = "// c\nfunction f() {\n  g('x');\n}\n"
    plain = ADAPTER.extract(code.encode(), "typescript")
    for data in (
        b"\xef\xbb\xbf" + code.encode(),
        code.encode("utf-16"),
        b"\xfe\xff" + code.encode("utf-16-be"),
        code.replace("\n", "\r").encode(),
    ):
        assert ADAPTER.extract(data, "typescript") == plain
    crlf = ADAPTER.extract(code.replace("\n", "\r\n").encode(), "typescript")
    assert (crlf.bodies, crlf.texts) == (plain.bodies, plain.texts)


def test_a_line_separator_is_no_line_end() -> None:
    """U+2028 ends a statement but, as in editors, not a line."""
    found = facts("a();\u2028b();\nc();")
    assert [(call.line, call.column) for call in found.bodies.calls] == [(1, 1), (1, 6), (2, 1)]


def test_equal_bytes_give_equal_facts() -> None:
    """The order of facts does not depend on memory addresses."""
    data = b"".join(PIECES) * 3
    assert ADAPTER.extract(data, "tsx") == ADAPTER.extract(data, "tsx")


def test_the_adapter_declares_its_languages() -> None:
    """Suffixes lead to the languages; the version names the grammars."""
    assert ADAPTER.languages == LANGUAGES
    assert {ADAPTER.suffixes[suffix] for suffix in (".ts", ".mts", ".cts")} == {"typescript"}
    assert ADAPTER.suffixes[".tsx"] == "tsx"
    assert {ADAPTER.suffixes[suffix] for suffix in (".js", ".mjs", ".cjs", ".jsx")} == {"javascript"}
    assert "ts0.23.2" in ADAPTER.version
    assert "js0.25.0" in ADAPTER.version


@pytest.mark.parametrize(
    "code",
    [
        "interface A<in out T, /** c */ out U> {}",
        "type A = {\n  a: B\n  /** d */\n  <C>(c: C): D\n}",
        "type A = {\n  (a: A): B\n  <C>(c: C): D\n}",
        "type A = `\\`${B}\\``",
    ],
)
def test_syntax_the_grammar_does_not_know_is_read(code: str) -> None:
    """Variance, members without semicolons before generics, and escaped backticks in types are no errors."""
    assert facts(code).errors == ()


def test_type_arguments_of_a_tagged_template_are_no_comparison() -> None:
    """The tag is called, and the names in its type arguments are read."""
    found = facts("const f = () => sql<Row>`select ${x}`;")
    assert calls(found) == ["sql(`select {}`%(x), x)"]
    assert "Row" in found.names
