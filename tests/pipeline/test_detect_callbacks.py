"""Functions that do nothing, or always give the same: what a rule may ask of them."""

from __future__ import annotations

from driftd.pipeline.detect.callbacks import always_gives, does_nothing
from driftd.pipeline.detect.patterns import expanded
from driftd.pipeline.facts.languages import registry


def test_a_body_without_calls_assignments_and_errors_does_nothing() -> None:
    """A trust manager that is empty, or returns a constant, checks nothing; an abstract one is not there yet."""
    code = """
class A {
    void empty(String a) {}
    Object none() { return null; }
    boolean asks(String a) { return check(a); }
    void raises() { throw new X(); }
    void loops() { while (true) {} }
}
interface B { void later(String a); }
"""
    facts = registry.adapter_of("java").extract(code.encode(), "java")
    idle = {f.name for i, f in enumerate(facts.outline.functions) if does_nothing(facts, i)}
    assert idle == {"empty", "none"}


def test_a_callback_gives_a_constant_if_every_return_does() -> None:
    """`(a, b) -> true` accepts everything; one that may say no does not."""
    code = "class A { void f() { g((a) -> true); g((a) -> a.ok()); g((a) -> { if (a) return false; return true; }); } }"
    facts = registry.adapter_of("java").extract(code.encode(), "java")
    given = [c.args[0].value for c in facts.bodies.calls if c.callee.text == "g"]
    assert [always_gives(facts, value, "true") for value in given] == [True, False, False]


def test_braces_may_stand_in_braces() -> None:
    """`{a.{b,c},d}.e` is three names."""
    assert expanded("{a.{b,c},d}.e") == ("a.b.e", "a.c.e", "d.e")
