"""Calls, values, assignments, returns, raises, handlers and regions of Python source."""

from __future__ import annotations

import pytest

from driftd.pipeline.facts.model import FileFacts
from tests.pipeline.python_facts import facts_of, shown


def assigns_of(source: str) -> list[tuple[str, str, str]]:
    facts = facts_of(source)
    return [(shown(facts, a.target), shown(facts, a.value), a.kind) for a in facts.bodies.assigns]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a.b.c", "a.b.c"),
        ("(a).b \\\n .c", "a.b.c"),
        ("f(a.b, 'x', k=1, *args, **kw)", "f(a.b, 'x', k=1, *args, **kw)"),
        ("f(a)(b).c()", "member:c[f(a)(b)]()"),
        ("'{}'.format(x)", "member:format['{}'](x)"),
        ("f(x for x in y)", "f(comprehension:generator[x, y])"),
        ("[a, *b]", "list[a, *b]"),
        ("(a, 1)", "tuple[a, 1]"),
        ("{a, b}", "set[a, b]"),
        ("{'k': v, **w}", "dict['k', v, **, w]"),
        ("a + b + c - d", "operation:-[operation:+[a, b, c], d]"),
        ("a + (b + c)", "operation:+[a, operation:+[b, c]]"),
        ("a and b or not c", "operation:or[operation:and[a, b], operation:not[c]]"),
        ("a < b not in c", "operation:< not in[a, b, c]"),
        ("-a", "operation:-[a]"),
        ("a if b else c", "conditional[b, a, c]"),
        ("a['k']", "index[a, 'k']"),
        ("a[1:]", "index[a, 1, constant:null]"),
        ("a[b, c]", "index[a, tuple[b, c]]"),
        ("await f(x)", "await[f(x)]"),
        ("None", "constant:null"),
        ("...", "constant:ellipsis"),
        ("f'{a}b{c!r:>{w}}'", "template:'{}b{}'[a, c]"),
        ("{k: v for k, v in w if x}", "comprehension:dict[k, v, w]"),
        ("lambda: a", "<<lambda>>"),
        ("yield a", "yield[a]"),
    ],
)
def test_values_keep_the_structure_analyses_read(source: str, expected: str) -> None:
    """An access path is one value; calls, containers, operators and subscripts keep their parts."""
    facts = facts_of(f"x = {source}\n")
    assert shown(facts, next(a for a in facts.bodies.assigns if a.target.text == "x").value) == expected


def test_calls_have_place_scope_region_and_await() -> None:
    """A call knows where it stands, who runs it and under which region; an outer call comes before those in it."""
    facts = facts_of("""\
        class A:
            x = make()
            async def f(self):
                for i in rows():
                    await save(
                        clean(i),
                    )
        """)
    assert [(shown(facts, c.callee), c.line, c.column, c.end_line, c.scope, c.region, c.is_await) for c in facts.bodies.calls] == [
        ("make", 2, 9, 2, ~0, -1, False),
        ("rows", 4, 18, 4, 1, -1, False),
        ("save", 5, 19, 7, 1, 0, True),
        ("clean", 6, 17, 6, 1, 0, False),
    ]  # fmt: skip


def test_columns_count_code_points() -> None:
    """A column is a number of characters, not of bytes."""
    facts = facts_of("é = 'ü'; f()\n")
    assert facts.bodies.calls[0].column == 10
    assert facts.texts.literals[0].column == 5


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a = b = c", [("a", "c", "assign"), ("b", "c", "assign")]),
        ("a, (b, *c) = d", [("tuple[a, tuple[b, *c]]", "d", "assign")]),
        ("[a, b] = c", [("list[a, b]", "c", "assign")]),
        ("self.x['k'] = 1", [("index[self.x, 'k']", "1", "assign")]),
        ("f().x = 1", [("member:x[f()]", "1", "assign")]),
        ("a: int", [("a", "-", "declare")]),
        ("a: int = 1", [("a", "1", "assign")]),
        ("a.b += 1", [("a.b", "1", "augmented")]),
        ("f(a := 1)", [("a", "1", "named")]),
        ("for a, b in c: pass", [("tuple[a, b]", "c", "for")]),
        ("[a for a in b for c in a]", [("a", "b", "for"), ("c", "a", "for")]),
        ("with f() as a, b as (c, d): pass", [("a", "f()", "with"), ("tuple[c, d]", "b", "with")]),
        ("with (f() as a, b): pass", [("a", "f()", "with")]),
        ("try: pass\nexcept (A, b.C) as e: pass", [("e", "tuple[A, b.C]", "catch")]),
        ("global a, b", [("a", "-", "global"), ("b", "-", "global")]),
        ("def f():\n  nonlocal a", [("a", "-", "nonlocal")]),
        ("del a, b[0]", [("a", "-", "delete"), ("index[b, 0]", "-", "delete")]),
        (
            "match c:\n  case [a, *r] | {'k': v}: pass\n  case A(x=w) as q: pass\n  case m.n | _: pass",
            [(name, "c", "assign") for name in ("a", "r", "v", "w", "q")],
        ),
        ("type A = int", [("A", "int", "assign")]),
    ],
)
def test_every_binding_is_an_assign(source: str, expected: list[tuple[str, str, str]]) -> None:
    """Whatever gives a name or place a value, or takes it away, is an assign of its kind, one per target."""
    assert assigns_of(source) == expected


def test_annotation_of_an_assign_is_kept_as_written() -> None:
    """The annotation is text."""
    assert facts_of("x: dict[str, 'A'] = {}\n").bodies.assigns[0].annotation == "dict[str, 'A']"


def test_returns_and_yields() -> None:
    """Return, yield and yield from are told apart, each with its value."""
    facts = facts_of("def f():\n  yield 1\n  x = yield\n  yield from g()\n  return a, b\n")
    assert [(shown(facts, r.value), r.kind, r.line, r.scope) for r in facts.bodies.returns] == [
        ("1", "yield", 2, 1),
        ("-", "yield", 3, 1),
        ("g()", "yield_from", 4, 1),
        ("tuple[a, b]", "return", 5, 1),
    ]


def test_raises_have_value_and_cause() -> None:
    """A bare raise has no value; `from` gives the cause."""
    facts = facts_of("raise\nraise A\nraise B(x) from e\n")
    assert [(shown(facts, r.value), shown(facts, r.cause)) for r in facts.bodies.raises] == [
        ("-", "-"),
        ("A", "-"),
        ("B(x)", "e"),
    ]


def test_regions_tell_loops_branches_and_protection() -> None:
    """Each region has its lines and its value; what stands in a branch of a loop has the loop as the region's parent."""
    facts = facts_of("""\
        for a in b:
            if c:
                x()
            elif d:
                y()
            else:
                z()
        else:
            e()
        async def f():
            while g():
                async with h() as i, j: k()
        """)
    assert [(r.kind, r.line, r.end_line, r.scope, r.parent, shown(facts, r.value), r.is_async) for r in facts.bodies.regions] == [
        ("loop", 1, 7, 0, -1, "b", False),
        ("branch", 2, 3, 0, 0, "c", False),
        ("branch", 4, 5, 0, 0, "d", False),
        ("else", 6, 7, 0, 0, "-", False),
        ("else", 8, 9, 0, -1, "-", False),
        ("loop", 11, 12, 1, -1, "g()", False),
        ("with", 12, 12, 1, 5, "h()", True),
        ("with", 12, 12, 1, 6, "j", True),
    ]  # fmt: skip
    assert {shown(facts, c.callee): c.region for c in facts.bodies.calls} == {
        "x": 1, "y": 2, "z": 3, "e": 4, "g": 5, "h": 5, "k": 7,
    }  # fmt: skip


def test_comprehension_clauses_are_nested_regions() -> None:
    """The element runs in the innermost loop, the first iterable outside of all."""
    facts = facts_of("[f(b) for a in g() for b in h(a) if i(b)]\n")
    assert [(r.kind, r.parent, shown(facts, r.value)) for r in facts.bodies.regions] == [
        ("comprehension", -1, "g()"),
        ("comprehension", 0, "h(a)"),
    ]
    assert {shown(facts, c.callee): c.region for c in facts.bodies.calls} == {"f": 1, "g": -1, "h": 0, "i": 1}


def handlers_of(source: str) -> FileFacts:
    return facts_of(source)


def test_handlers_say_what_they_catch_and_where() -> None:
    """Each except clause is a handler with the types as written, its name, its lines and the line of its try."""
    facts = facts_of("""\
        try:
            a()
        except (A, b.C) as e:
            pass
            # why
        except D: pass
        except: pass
        else:
            b()
        finally:
            c()
        try: pass
        except* E: pass
        """)
    assert [(h.kind, h.caught, h.name, h.line, h.end_line, h.try_line) for h in facts.bodies.handlers] == [
        ("try_except", ("A", "b.C"), "e", 3, 4, 1),
        ("try_except", ("D",), "", 6, 6, 1),
        ("try_except", (), "", 7, 7, 1),
        ("try_except_star", ("E",), "", 13, 13, 12),
    ]
    kinds = [facts.bodies.regions[c.region].kind for c in facts.bodies.calls]
    assert kinds == ["try", "else", "finally"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("pass", ("empty",)),
        ("'why'; ...  # so", ("empty",)),
        ("logger.exception('x')", ("log",)),
        ("self._log.error('x', e)", ("log", "uses_error")),
        ("raise", ("raise",)),
        ("raise X(e.args) from e", ("raise", "call", "uses_error")),
        ("return f'{e}'", ("return", "uses_error")),
        ("continue", ("continue",)),
        ("break", ("break",)),
        ("cleanup(); failed = True", ("call", "assign")),
        ("math.log(2)", ("call",)),
        ("f('e')", ("call",)),
        ("print(e)", ("call", "uses_error")),
    ],
)
def test_handler_body_says_what_it_does(body: str, expected: tuple[str, ...]) -> None:
    """A handler's body is told by its actions; strings that happen to hold the name do not use the error."""
    facts = facts_of(f"def f():\n  for x in y:\n    try: g()\n    except E as e: {body}\n")
    assert [h.body for h in facts.bodies.handlers] == [expected]


def test_handler_body_excludes_nested_functions_and_loops() -> None:
    """A return in a nested function, or a break of a loop inside, is not the handler's."""
    facts = facts_of("""
        try: pass
        except E:
            def g(): return 1
            for x in y: break
        """)
    assert facts.bodies.handlers[0].body == ("assign",)
