"""Regions and error handlers."""

from __future__ import annotations

import pytest

from driftd.pipeline.facts.model import FileFacts, Handler
from tests.pipeline.ecmascript_facts import facts, show


def regions(found: FileFacts) -> list[tuple[str, int, int, int, str]]:
    return [
        (each.kind, each.line, each.end_line, each.parent, show(each.value, found)) for each in found.bodies.regions
    ]


def handler(body: str) -> Handler:
    (found,) = facts(f"async function f() {{ for (;;) {{ try {{ g() }} catch (err) {{ {body} }} }} }}").bodies.handlers
    return found


def test_every_statement_that_decides_about_code_opens_a_region() -> None:
    """A branch has its test, a loop its iterable or condition, a case its value."""
    found = facts(
        """
        for (const x of xs) {
          if (x) a(); else if (y) { b() } else c();
        }
        while (more) d();
        do { e() } while (again);
        switch (s) { case 1: f(); break; default: g() }
        try { h() } catch { i() } finally { j() }
        for await (const z of zs) {}
        """
    )
    assert regions(found) == [
        ("loop", 1, 3, -1, "xs"),
        ("branch", 2, 2, 0, "x"),
        ("else", 2, 2, 0, "-"),
        ("branch", 2, 2, 2, "y"),
        ("else", 2, 2, 2, "-"),
        ("loop", 4, 4, -1, "more"),
        ("loop", 5, 5, -1, "again"),
        ("case", 6, 6, -1, "1"),
        ("case", 6, 6, -1, "-"),
        ("try", 7, 7, -1, "-"),
        ("handler", 7, 7, -1, "-"),
        ("finally", 7, 7, -1, "-"),
        ("loop", 8, 8, -1, "zs"),
    ]
    assert [call.region for call in found.bodies.calls] == [1, 3, 4, 5, 6, 7, 8, 9, 10, 11]
    assert [index for index, each in enumerate(found.bodies.regions) if each.is_async] == [12]


def test_what_runs_once_is_outside_of_the_loop() -> None:
    """The iterable and the initialiser run once, condition and increment every time."""
    found = facts("for (const x of once()) {}\nfor (let i = once(); often(); often()) {}\nwhile (often()) {}\n")
    assert [(call.callee.text, call.region) for call in found.bodies.calls] == [
        ("once", -1),
        ("once", -1),
        ("often", 1),
        ("often", 1),
        ("often", 2),
    ]


def test_a_region_ends_at_the_functions_in_it() -> None:
    """A function in a loop runs whenever it is called; its own regions have no parent outside of it."""
    found = facts("for (;;) { run(() => { if (a) b(); }); }")
    assert [(each.kind, each.scope, each.parent) for each in found.bodies.regions] == [
        ("loop", 0, -1),
        ("branch", 1, -1),
    ]
    assert [(call.scope, call.region) for call in found.bodies.calls] == [(0, 0), (1, 1)]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("", ("empty",)),
        ("/* later */ ;", ("empty",)),
        ("console.error('x')", ("log", "call")),
        ("this.logger.warn(err)", ("log", "call", "uses_error")),
        ("logError(err.message)", ("log", "call", "uses_error")),
        ("throw err", ("raise", "uses_error")),
        ("throw new E({ cause: err })", ("raise", "call", "uses_error")),
        ("return null", ("return",)),
        ("continue", ("continue",)),
        ("for (;;) { break } ", ()),
        ("break", ("break",)),
        ("failed = true", ("assign",)),
        ("report({ err })", ("call", "uses_error")),
        ("run(() => { return 1 })", ("call",)),
        ("'err'", ()),
        ("return Promise.reject(err)", ("raise", "return", "call", "uses_error")),
    ],
)
def test_the_body_of_a_handler_is_classified(body: str, expected: tuple[str, ...]) -> None:
    """Jumps, returns and throws count in the handler's own function only; calls and reads also in functions in it."""
    assert handler(body).body == expected


def test_a_catch_clause_knows_its_try_its_region_and_the_types_it_tests() -> None:
    """The caught types are those of `instanceof` tests of the caught variable."""
    found = facts(
        """
        try {
          a();
        } catch (e) {
          if (e instanceof NotFound || e instanceof http.Error || x instanceof Other) return;
        }
        try {} catch {}
        """
    )
    first, second = found.bodies.handlers
    assert (first.kind, first.caught, first.name, first.line, first.end_line, first.try_line) == (
        "try_catch",
        ("NotFound", "http.Error"),
        "e",
        3,
        5,
        1,
    )
    assert found.bodies.regions[first.region].kind == "handler"
    assert (second.caught, second.name, second.body) == ((), "", ("empty",))


def test_a_destructured_catch_parameter_is_used_when_one_of_its_names_is() -> None:
    """The name is the pattern's text."""
    (found,) = facts("try {} catch ({ message, code }) { use(code) }").bodies.handlers
    assert (found.name, found.body) == ("{ message, code }", ("call", "uses_error"))


def test_promise_handlers_are_handlers() -> None:
    """`.catch(fn)` and the second argument of `.then`; an inline function's body is a handler region."""
    found = facts(
        """
        load()
          .catch((e: Error) => { console.log(e); });
        a.catch(() => {});
        b.catch(report);
        c.catch(console.error);
        d.catch(noop);
        e.then(ok, err => null);
        z.string().catch('default');
        """
    )
    assert [(each.kind, each.name, each.body, each.line, each.try_line) for each in found.bodies.handlers] == [
        ("promise_catch", "e", ("log", "call", "uses_error"), 2, 1),
        ("promise_catch", "", ("empty",), 3, 3),
        ("promise_catch", "", ("call", "uses_error"), 4, 4),
        ("promise_catch", "", ("log", "call", "uses_error"), 5, 5),
        ("promise_catch", "", ("empty",), 6, 6),
        ("promise_catch", "err", ("return",), 7, 7),
    ]
    first = found.bodies.handlers[0]
    assert (found.bodies.regions[first.region].kind, found.bodies.regions[first.region].scope) == ("handler", 1)
    assert [each.region for each in found.bodies.handlers[2:5]] == [-1, -1, -1]
