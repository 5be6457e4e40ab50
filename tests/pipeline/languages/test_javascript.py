"""What driftd reads in JavaScript without types: the adapter is TypeScript's, the grammar another one."""

from __future__ import annotations

from tests.pipeline.languages.reading import (
    assigns,
    calls,
    class_,
    classes,
    comments,
    decorators,
    function,
    functions,
    handlers,
    imports,
    literals,
    members,
    raises,
    reader,
    regions,
    returns,
    shows,
    signature,
    words,
)

read = reader("javascript")

ABSENT = {"types": "there are none", "package": "a file does not say it"}


@shows("javascript", "functions", "parameters", "classes", "bases", "members", "constructions")
def test_classes_and_functions() -> None:
    """Fields and methods are told apart; a function takes the name it is bound to."""
    found = read("""
        class A extends B { x = new C(1); #y; constructor(a, b = 2, ...rest) { super(a); } get z() { return 1 } }
        const f = ({ a }, b) => b;
        function g() {}
    """)
    assert functions(found) == [
        ("A.constructor", "constructor", 1, 1),
        ("A.z", "getter", 1, 1),
        ("f", "function", 2, 2),
        ("g", "function", 3, 3),
    ]
    assert signature(found, "A.constructor") == "constructor(a, b = 2, *rest)"
    assert classes(found) == ["class A extends B"]
    assert members(found, "A") == ["public x = new C(1)", "private #y"]


@shows("javascript", "decorators", "docs", "visibility", "modifiers", "exported")
def test_declarations_are_described() -> None:
    """A private name starts with a hash."""
    found = read("""
        /** Does. */
        export async function f() {}
        function* g() {}
        @D(1)
        class A { #p() {} }
    """)
    assert (function(found, "f").doc, words(function(found, "f"))) == ("Does.", "public exported async")
    assert words(function(found, "g")) == "public generator"
    assert words(function(found, "A.#p")) == "private"
    assert decorators(found, class_(found, "A")) == ["4 D(1)"]


@shows("javascript", "imports", "exports")
def test_modules() -> None:
    """Both systems are read."""
    found = read("""
        import d, { a as b } from "m";
        const c = require("n");
        export { c as e };
        module.exports.f = b;
    """)
    assert imports(found) == [("m", "default", "d"), ("m", "a", "b"), ("n", "", "c")]
    assert [(each.name, each.local) for each in found.outline.exports] == [("e", "c"), ("f", "b")]


@shows("javascript", "calls", "assignments", "returns", "raises", "handlers", "regions")
def test_bodies() -> None:
    """What the code does is read as in TypeScript."""
    found = read("""
        function f(xs) {
          for (const x of xs) { this.a.b(x, 1)?.c(); }
          let y = 2; y += 1;
          try { g(); } catch (e) { throw new Error("bad", { cause: e }); }
          return y;
        }
    """)
    assert calls(found) == ["this.a.b(x, 1).c()", "this.a.b(x, 1)", "g()", "new Error('bad', {.cause: e})"]
    assert assigns(found) == ["for const x = xs", "assign let y = 2", "augmented y = 1", "catch e"]
    assert returns(found) == ["f return y"]
    assert raises(found) == ["new Error('bad', {.cause: e}) from e"]
    assert handlers(found) == [("try_catch", (), "e", ("raise", "call", "uses_error"))]
    assert [each[0] for each in regions(found)] == ["loop", "try", "handler"]


@shows("javascript", "literals", "comments", "names", "errors")
def test_texts() -> None:
    """Literals, comments and names; a broken line leaves the others."""
    found = read("""
        const MAX = 0x10; // why
        let unread = "a\\n";
        go(MAX, `t${x}`, /r/g);
        ] = ;
        function after() {}
    """)
    assert literals(found)[:5] == [
        ("number", "16", "assignment", "MAX"),
        ("string", "a\n", "assignment", "unread"),
        ("template", "t{}", "argument", ""),
        ("regex", "r", "argument", ""),
    ]
    assert comments(found) == [(1, "why", "trailing")]
    assert {"MAX", "go", "x"} <= set(found.names)
    assert "unread" not in found.names
    assert found.errors
    assert function(found, "after").line == 5
