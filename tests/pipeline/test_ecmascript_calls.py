"""Calls, constructions and the values in them."""

from __future__ import annotations

import pytest

from tests.pipeline.ecmascript_facts import assigns, calls, facts, show


def test_every_form_of_call_is_a_call_in_source_order() -> None:
    """Plain, member, optional, constructed, tagged, super and import(); outer ones before those in them."""
    found = facts(
        """
        plain(inner(1));
        a.b.c(x);
        a?.b!.c?.(x);
        new Foo;
        new ns.Foo(1);
        tag`t${x}`;
        f<T>(x);
        import('m');
        chain().then(g).done;
        """
    )
    assert calls(found) == [
        "plain(inner(1))",
        "inner(1)",
        "a.b.c(x)",
        "a.b.c(x)",
        "new Foo()",
        "new ns.Foo(1)",
        "tag(`t{}`%(x), x)",
        "f(x)",
        "import('m')",
        "chain().then(g)",
        "chain()",
    ]
    assert [call.line for call in found.bodies.calls] == [1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9]
    assert [index for index, call in enumerate(found.bodies.calls) if call.is_optional] == [3]


def test_a_call_knows_its_place_and_whether_it_is_awaited() -> None:
    """Columns count code points; a chain starts where its first link does."""
    found = facts("async function f() {\n  'é'; await a\n    .b(1,\n 2);\n}\n")
    (call,) = found.bodies.calls
    assert (call.line, call.column, call.end_line, call.scope, call.is_await) == (2, 14, 4, 1, True)


def test_a_function_that_is_called_at_once_does_not_run_its_own_call() -> None:
    """The scope of a call is where its arguments stand, although its text starts with the function."""
    found = facts("!function () { inner(); }();")
    assert [(call.scope, call.line) for call in found.bodies.calls] == [(0, 1), (1, 1)]


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("this.a.#b", "this.a.#b"),
        ("a\n  // note\n  .b", "a.b"),
        ("(a as any)?.b!.c", "a.b.c"),
        ("f().x.y", "f().x.y"),
        ("a[0].b['k']", "a[0].b['k']"),
        ("import.meta.env", "import.meta.env"),
        ("[1, , ...r]", "[1, ?, ...r]"),
        ("({ a, 'b': 1, [c]: 2, 3: x, ...d, m() {} })", "{.a: a, 'b': 1, c: 2, 3: x, ...: d, .m: <v.m>}"),
        ("a + b + 'c' - d", "(operation - (operation + a b 'c') d)"),
        ("!a", "(operation ! a)"),
        ("typeof a === 'b'", "(operation === (operation typeof a) 'b')"),
        ("a ? b : c", "(conditional a b c)"),
        ("a ?? b", "(operation ?? a b)"),
        ("((a))", "a"),
        ("a as T", "(cast T a)"),
        ("a satisfies T", "(cast T a)"),
        ("<T>a", "(cast T a)"),
        ("a!", "(cast a)"),
        ("b = c", "(named b c)"),
        ("b.c += 1", "(operation += b.c 1)"),
        ("(1, a)", "(unknown 1 a)"),
        ("null", "null"),
        ("undefined", "undefined"),
        ("true", "true"),
        ("`a${b + 1}c`", "`a{}c`%((operation + b 1))"),
        ("/x/g", "/x/g"),
        ("class K {}", "<class K>"),
        ("() => 1", "<v>"),
    ],
)
def test_expressions_are_lowered_to_values(code: str, shown: str) -> None:
    """Access paths are one value; structure is kept for calls, containers, operators and functions."""
    found = facts(f"v = {code}")
    assert assigns(found)[0] == f"assign v = {shown}"


def test_await_and_yield_are_values() -> None:
    """What is awaited or yielded stays inside."""
    found = facts("async function* f() { const a = await g(); const b = yield a; }")
    assert assigns(found) == ["assign const a = (await g())", "assign const b = (yield a)"]


def test_spread_arguments_are_values_of_their_own() -> None:
    """Positions before a spread are known, after it they are not."""
    assert calls(facts("f(a, ...b, c)")) == ["f(a, ...b, c)"]


def test_values_nest_to_a_limit() -> None:
    """What lies deeper than an encoder can follow is unknown; calls inside are still found."""
    found = facts("x = " + "[" * 500 + "f(1)" + "]" * 500)
    shown = show(found.bodies.assigns[0].value, found)
    assert shown == "[" * 65 + "?" + "]" * 65
    assert calls(found) == ["f(1)"]
