"""Bindings of names and places, returns and throws."""

from __future__ import annotations

from tests.pipeline.ecmascript_facts import assigns, facts, show


def test_declarations_tell_how_a_name_came_to_be() -> None:
    """A declaration without a value is a `declare`; an annotation is kept."""
    found = facts("const a: T = 1, b = 2;\nlet c;\nvar d: U;\ndeclare const e: V;\n")
    assert assigns(found) == [
        "assign const a = 1",
        "assign const b = 2",
        "declare let c = -",
        "declare var d = -",
        "declare const e = -",
    ]
    assert [fact.annotation for fact in found.bodies.assigns] == ["T", None, None, "U", "V"]
    assert [(fact.line, fact.column) for fact in found.bodies.assigns][:3] == [(1, 7), (1, 17), (2, 5)]


def test_patterns_keep_keys_names_defaults_and_rests() -> None:
    """A default is an operation `=` of target and value; a hole keeps its position."""
    found = facts("const { a, b: c, d = 1, 'e': f = 2, ...rest } = x;\n[g, , h = 3, ...i] = y;\n({ j: k.l } = z);\n")
    assert assigns(found) == [
        "assign const {.a: a, .b: c, .d: (operation = d 1), 'e': (operation = f 2), ...: rest} = x",
        "assign [g, ?, (operation = h 3), ...i] = y",
        "assign {.j: k.l} = z",
    ]


def test_assignments_to_places_and_chains() -> None:
    """Every assignment of a chain is one, outer first."""
    found = facts("a.b = 1;\na[k] = 2;\nx = y = 3;\nf().p = 4;\n")
    assert assigns(found) == [
        "assign a.b = 1",
        "assign a[k] = 2",
        "assign x = (named y 3)",
        "assign y = 3",
        "assign f().p = 4",
    ]


def test_augmented_assignments_updates_and_deletes() -> None:
    """An update has no value of its own."""
    found = facts("a += 1;\nb ||= c;\nd ??= e;\ni++;\n--o.j;\ndelete o.k;\n")
    assert assigns(found) == [
        "augmented a = 1",
        "augmented b = c",
        "augmented d = e",
        "augmented i = -",
        "augmented o.j = -",
        "delete o.k = -",
    ]


def test_loops_and_catch_clauses_bind() -> None:
    """The value of a loop variable is what is iterated over."""
    found = facts("for (const [k, v] of m) {}\nfor (x in o) {}\nfor (let i = 0; ; ) {}\ntry {} catch (e) {}\n")
    assert assigns(found) == [
        "for const [k, v] = m",
        "for x = o",
        "assign let i = 0",
        "catch e = -",
    ]


def test_returns_yields_and_arrow_bodies() -> None:
    """An expression-bodied arrow returns its expression, in its own scope."""
    found = facts("function* f() { yield a; yield* b; yield; return; }\nconst g = x => y => x + y;\n")
    assert [(fact.kind, show(fact.value, found), fact.scope) for fact in found.bodies.returns] == [
        ("yield", "a", 1),
        ("yield_from", "b", 1),
        ("yield", "-", 1),
        ("return", "-", 1),
        ("return", "<g.<lambda>>", 2),
        ("return", "(operation + x y)", 3),
    ]


def test_throws_keep_what_is_thrown_and_its_cause() -> None:
    """The cause is the option of that name of the error's constructor."""
    found = facts("function f() { throw new E('x', { cause: e }); }\nthrow err;\n")
    assert [(show(fact.value, found), show(fact.cause, found), fact.scope) for fact in found.bodies.raises] == [
        ("new E('x', {.cause: e})", "e", 1),
        ("err", "-", 0),
    ]
