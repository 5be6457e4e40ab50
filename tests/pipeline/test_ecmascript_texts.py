"""Literals, comments and names."""

from __future__ import annotations

import pytest

from tests.pipeline.ecmascript_facts import facts


@pytest.mark.parametrize(
    ("code", "value"),
    [
        (r"'plain'", "plain"),
        (r"'a\n\t\'b\\'", "a\n\t'b\\"),
        (r"'\x41\u0042\u{1F600}\0'", "AB\U0001f600\0"),
        (r"'\uD83D\uDE00'", "\U0001f600"),
        (r"'\uD83D'", "\ufffd"),
        ("'a\\\nb'", "ab"),
        (r"`t${x}\n${f(`in`)}`", "t{}\n{}"),
        ("`\\``", "`"),
    ],
)
def test_strings_and_templates_are_unescaped(code: str, value: str) -> None:
    """A template keeps `{}` for a substitution; a lone surrogate becomes the replacement character."""
    assert facts(f"v = {code}").texts.literals[0].value == value


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("1_000", "1000"),
        ("0xFF", "255"),
        ("0b101n", "5"),
        ("017", "15"),
        ("10n", "10"),
        (".5", "0.5"),
        ("1.0", "1"),
        ("1e3", "1000"),
        ("1e400", "inf"),
        ("1e21", "1e+21"),
        ("9" * 5000, "9" * 5000),
    ],
)
def test_numbers_are_decimal_and_keep_their_source(raw: str, value: str) -> None:
    """Separators, prefixes and suffixes are gone from the value only."""
    (literal,) = facts(f"v = {raw}").texts.literals
    assert (literal.kind, literal.value, literal.raw) == ("number", value, raw)


def test_a_literal_knows_what_it_is_for() -> None:
    """Context and name come from the nearest construct that gives the value a purpose."""
    found = facts(
        """
        const a = 'assigned';
        o.b = c ? 'choice' : d || 'fallback';
        f('arg', { key: 'property', 'k': 1 });
        const list = ['element'];
        if (mode === 'compared') return 'returned';
        x['index'] = 'i' + j;
        switch (z) { case 'case': }
        type T = 'type' | 2;
        'directive';
        new Map([['nested', 3]]);
        """
    )
    assert [(each.value, each.context, each.name) for each in found.texts.literals] == [
        ("assigned", "assignment", "a"),
        ("choice", "assignment", "b"),
        ("fallback", "assignment", "b"),
        ("arg", "argument", ""),
        ("property", "property", "key"),
        ("k", "key", ""),
        ("1", "property", "k"),
        ("element", "element", "list"),
        ("compared", "comparison", "mode"),
        ("returned", "return", ""),
        ("index", "index", ""),
        ("i", "operation", ""),
        ("case", "comparison", ""),
        ("type", "annotation", ""),
        ("2", "annotation", ""),
        ("directive", "other", ""),
        ("nested", "element", ""),
        ("3", "element", ""),
    ]


def test_a_regular_expression_is_its_pattern_and_keeps_its_source() -> None:
    """Flags stay in `raw`."""
    (literal,) = facts(r"v = /a\/[/]b/gi").texts.literals
    assert (literal.kind, literal.value, literal.raw) == ("regex", r"a\/[/]b", r"/a\/[/]b/gi")


def test_a_literal_has_its_place_in_code_points() -> None:
    """A template may span lines."""
    found = facts("f('é', 'x');\ng(`a\nb`);\n")
    assert [(each.line, each.column, each.end_line) for each in found.texts.literals] == [
        (1, 3, 1),
        (1, 8, 1),
        (2, 3, 3),
    ]


def test_comments_lose_their_markers_and_know_their_place() -> None:
    """JSDoc loses its margin; a comment after code on its line is trailing; a hashbang is a comment."""
    found = facts(
        "#!/usr/bin/env node\n// line \n/* block */ a(); // after\n/**\n * Doc.\n *\n * @param x\n */\n/// <reference />\n"
    )
    assert [(each.text, each.line, each.end_line, each.is_trailing, each.is_doc) for each in found.texts.comments] == [
        ("!/usr/bin/env node", 1, 1, False, False),
        ("line", 2, 2, False, False),
        ("block", 3, 3, False, False),
        ("after", 3, 3, True, False),
        ("Doc.\n\n@param x", 4, 8, False, True),
        ("<reference />", 9, 9, False, False),
    ]


def test_names_are_what_is_read_not_what_is_only_declared() -> None:
    """Variables, parameters, imports, properties and types that are only declared are left out."""
    found = facts(
        """
        import { used, unused } from 'm';
        const declared = used.property, { taken: local } = source;
        function f(param: Type, other) { return other; }
        interface I { member: string }
        written = { key: 1, short };
        class C<T> { field = this.own; }
        export { f };
        """
    )
    assert found.names == ("Type", "f", "other", "own", "property", "short", "source", "taken", "used")
