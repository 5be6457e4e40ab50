"""Literals, comments, names and parse errors of Python source."""

from __future__ import annotations

import pytest

from tests.pipeline.python_facts import facts_of


@pytest.mark.parametrize(
    ("token", "kind", "value"),
    [
        (r"'a\tb\x41\u00e9\101'", "string", "a\tbAéA"),
        (r"r'a\tb'", "string", r"a\tb"),
        (r"'\N{BULLET}\N{NO SUCH}\q'", "string", r"•\N{NO SUCH}\q"),
        (r"'\ud800'", "string", r"\ud800"),
        ("'''a\n'b'\\\nc'''", "string", "a\n'b'c"),
        ("''", "string", ""),
        ("'a' \"b\" r'\\c'", "string", r"ab\c"),
        (r"b'\x00\u0041'", "bytes", "\x00\\u0041"),
        ("f'a{b}{{c}}' 'd{'", "template", "a{}{c}d{"),
        ("f'{x:{w}}' rf'\\{y}'", "template", "{}\\{}"),
    ],
)
def test_strings_are_unescaped_and_joined(token: str, kind: str, value: str) -> None:
    """A string fact holds what the string says, implicit concatenation joined; a template has `{}` for substitutions."""
    literals = facts_of(f"x = ({token})\n").texts.literals
    assert [(lit.kind, lit.value, lit.context, lit.name) for lit in literals] == [(kind, value, "assignment", "x")]


@pytest.mark.parametrize(
    ("raw", "value"),
    [("1_000", "1000"), ("0x1F", "31"), ("0", "0"), ("1e3", "1000.0"), (".5", "0.5"), ("3j", "3j"), ("0777", "0777")],
)
def test_numbers_have_value_and_raw_text(raw: str, value: str) -> None:
    """A number's value is decimal; its source text is kept."""
    (literal,) = facts_of(f"x = {raw}\n").texts.literals
    assert (literal.kind, literal.value, literal.raw) == ("number", value, raw)


@pytest.mark.parametrize(
    ("source", "context", "name"),
    [
        ("x = 'v'", "assignment", "x"),
        ("self.x = a or 'v'", "operation", "self.x"),
        ("d['key'] = -1", "assignment", "key"),
        ("a, b = c, 'v'", "assignment", "b"),
        ("x = ['v']", "element", "x"),
        ("f('v')", "argument", ""),
        ("f(k='v')", "argument", "k"),
        ("x = {y: 'v'}", "property", "y"),
        ("@d(k='v')\ndef f(): pass", "decorator", "k"),
        ("def f(a='v'): pass", "default", "a"),
        ("def f(): return 'v'", "return", ""),
        ("if a.b == 'v': pass", "comparison", "a.b"),
        ("match a.b:\n  case 'v': pass", "comparison", "a.b"),
        ("x['v']", "index", ""),
        ("x: 'v'", "annotation", ""),
        ("def f():\n  'v'", "docstring", ""),
        ("pass; 'v'", "other", ""),
    ],
)
def test_literals_know_what_they_are_for(source: str, context: str, name: str) -> None:
    """The context tells the place of a literal, the name what it is for where the code says so."""
    literal = [lit for lit in facts_of(source).texts.literals if lit.value in {"v", "1"}][-1]
    assert (literal.context, literal.name) == (context, name)


def test_dictionary_keys_name_their_values() -> None:
    """A key is a literal of its own, and the name of the literal it belongs to."""
    literals = facts_of("{'password': 'x', **{'a': 1}}\n").texts.literals
    assert [(lit.value, lit.context, lit.name) for lit in literals] == [
        ("password", "key", ""),
        ("x", "property", "password"),
        ("a", "key", ""),
        ("1", "property", "a"),
    ]


def test_literals_come_in_source_order_with_lines_and_scope() -> None:
    """Line, column, end line and scope of each literal; a template comes before the literals inside it."""
    literals = facts_of("def f():\n  g(f\"{'a'}\", '''b\n''')\n").texts.literals
    assert [(lit.value, lit.line, lit.column, lit.end_line, lit.scope) for lit in literals] == [
        ("{}", 2, 5, 2, 1),
        ("a", 2, 8, 2, 1),
        ("b\n", 2, 15, 3, 1),
    ]


def test_comments_are_found_outside_of_strings_only() -> None:
    """A `#` in a string is none; a comment is trailing if code stands before it on its line."""
    facts = facts_of("""\
        #!/bin/python
        x = '# no'  # yes
        y = ("a"  # between
             f"#{b['#']}"  # after
        )
        ## 'double'
        """)
    assert [(c.text, c.line, c.column, c.is_trailing) for c in facts.texts.comments] == [
        ("!/bin/python", 1, 1, False),
        ("yes", 2, 13, True),
        ("between", 3, 11, True),
        ("after", 4, 20, True),
        ("'double'", 6, 1, False),
    ]


def test_names_are_those_read_not_those_declared() -> None:
    """Definitions, parameters, targets, aliases and keyword names are declared; the rest, attributes included, is read."""
    facts = facts_of("""
        import declared1 as declared2
        def declared3(declared4: read1 = read2) -> read3:
            declared5 = read4.read5
            read6.declared6 = f().read7
            declared7: read8
            read9 += g(declared8=read10)
            for declared9 in read11[read12]: del declared10
        class declared11(read13): pass
        """)
    assert facts.names == tuple(sorted([*(f"read{i}" for i in range(1, 14)), "f", "g"]))


def test_sound_parts_of_a_broken_file_are_read() -> None:
    """An error has its place; the functions and calls around it are facts all the same."""
    facts = facts_of("""\
        def before(): a()
        x = = 1
        def after(): b(c(1))
        """)
    assert facts.errors
    assert {e.line for e in facts.errors} == {2}
    assert [f.name for f in facts.outline.functions] == ["<module>", "before", "after"]
    assert [(c.callee.text, c.scope) for c in facts.bodies.calls] == [("a", 1), ("b", 2), ("c", 2)]


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbfdef f():\r\n    return 'x'\r\n",
        b"def f():\r    return 'x'\r",
        b"# -*- coding: latin-1 -*-\n\ndef f():\n    return '\xe9'\n",
        b"\n# vim: set fileencoding=cp1252 :\ndef f():\n    return '\x80'\n",
        b"def f():\n\f    return 'x' \\\n\n",
    ],
)
def test_bytes_are_read_as_the_interpreter_reads_them(data: bytes) -> None:
    """Byte order mark, declared encoding, all kinds of newline and form feeds are understood."""
    facts = facts_of(data)
    assert facts.errors == ()
    assert [(f.name, f.line) for f in facts.outline.functions[1:]] == [("f", facts.line_count - (b"\\" in data) - 1)]
    assert facts.texts.literals[0].value in {"x", "é", "€"}
