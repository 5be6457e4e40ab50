"""What driftd reads in Java."""

from __future__ import annotations

import pytest

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

read = reader("java")

ABSENT = {"exports": "what is visible is said by modifiers"}

SAMPLE = """\
package com.example.shop;

import java.io.*;
import static java.util.Objects.requireNonNull;

/** Sells. */
@Service("shop")
public class Shop<T extends Item> extends Base<T> implements Runnable, AutoCloseable {
    @Inject private final Repo repo = new Repo("main", 0x10);
    private final Supplier<String> name = () -> "größe";

    /** Makes one. */
    public Shop(Repo repo) { super(repo); this.repo = requireNonNull(repo); }

    @Get(path = "/items", produces = {"a", "b"})
    public List<T> find(@Path("id") long id, String... names) throws IOException {
        for (T item : repo.all()) { if (item.id == id) return List.of(item); else log.info("no"); }
        try (var in = open("f"); out) { in.read(); }
        catch (IOException | RuntimeException e) { throw new ShopException("bad", e); }
        finally { close(); }
        for (int i = 0; i < 10; i++) count += i;
        do { x--; } while (x > 0);
        switch (x) { case 1: a(); break; default: b(); }
        int y = switch (id) { case 1, 2 -> 3; default -> { yield 4; } };
        if (o instanceof Item it && it.ok()) it.bar().baz("q")[0].z();
        return names == null ? null : new ArrayList<>() { @Override public int size() { return 0; } };
    }
    enum Color { RED("r") { int v() { return 1; } }, GREEN; Color(String s) {} }
    record Point(int x, int y) { Point { check(x); } }
    interface I { int K = 3; void go(); default int d() { return 1; } }
    @interface A { String value() default "x"; }
}
"""


@shows("java", "functions")
def test_functions_are_named_after_what_is_around_them() -> None:
    """A method has the lines of its name and its end; a lambda and a method of an anonymous class stand in a method."""
    found = read("""
        class A {
            @Override
            public String name() {
                return "x";
            }
            static int one() { return 1; }
            A(int x) { this(x, () -> one()); }
            class B {
                void deep() { run(new Job() { public void go() {} }); }
            }
        }
        record P(int x) { P { check(x); } }
    """)
    assert functions(found) == [
        ("A.name", "method", 3, 5),
        ("A.one", "static_method", 6, 6),
        ("A.A", "constructor", 7, 7),
        ("A.A.<lambda>", "lambda", 7, 7),
        ("A.B.deep", "method", 9, 9),
        ("A.B.deep.<anonymous>.go", "method", 9, 9),
        ("P.P", "constructor", 12, 12),
    ]
    assert function(found, "A.name").column == 19


@shows("java", "functions")
def test_a_lambda_knows_what_it_is_bound_to() -> None:
    """That is the variable or field it is the value of."""
    found = read("class A { Runnable r = () -> {}; void f() { var g = x -> x; this.h = y -> y; go(z -> z); } }")
    assert [each.bound_to for each in found.outline.functions if each.kind == "lambda"] == ["r", "g", "this.h", ""]


@shows("java", "parameters")
def test_parameters_have_types_and_annotations() -> None:
    """`...` makes a rest parameter; a lambda's may be bare names; a compact constructor has those of its record."""
    found = read("""
        class A { <T> List<T> f(@Path("id") final long id, Map<String, int[]> m, String... rest) { g(a -> a, (b, c) -> b, (D d) -> d); } }
        record P(int x, @Nullable String y) { P { } }
    """)
    assert signature(found, "A.f") == "f(@Path id: long, m: Map<String, int[]>, *rest: String) -> List<T>"
    assert signature(found, "P.P") == "P(x: int, @Nullable y: String)"
    assert [[p.name for p in f.params] for f in found.outline.functions if f.kind == "lambda"] == [
        ["a"],
        ["b", "c"],
        ["d"],
    ]


@shows("java", "types")
def test_types_are_kept_as_written() -> None:
    """Of return values, parameters, fields and variables; `var` is none."""
    found = read(
        "class A { Map<K, V> m; int[] f(List<? extends B> b) { final C<D> c = null; var d = 1; return null; } }"
    )
    assert function(found, "A.f").return_type == "int[]"
    assert members(found, "A") == ["internal m: Map<K, V>"]
    assert assigns(found) == ["assign const c: C<D> = null", "assign let d = 1"]


@shows("java", "decorators")
def test_annotations_are_decorators_and_calls_if_they_have_arguments() -> None:
    """Of classes, methods and fields; the line of the declaration is not theirs."""
    found = read("""
        @Entity
        @Table(name = "users", indexes = {@Index("a")})
        class User {
            @Id @Column("id") long id;

            @javax.inject.Inject
            User(Repo r) {}
        }
    """)
    assert decorators(found, class_(found, "User")) == ["1 Entity", "2 Table(name='users', indexes=[Index('a')])"]
    assert class_(found, "User").line == 3
    assert decorators(found, class_(found, "User").members[0]) == ["4 Id", "4 Column('id')"]
    assert decorators(found, function(found, "User.User")) == ["6 javax.inject.Inject"]
    assert function(found, "User.User").line == 7
    assert [each.scope for each in found.bodies.calls] == [0, 0, ~0]


@shows("java", "docs")
def test_a_javadoc_comment_documents_what_follows_it() -> None:
    """Annotations may stand between; a plain comment is no documentation, nor is one that belongs to something else."""
    found = read("""
        /** A class.
         *  It does. */
        @X
        class A {
            /** Does it. */
            @Y public void f() {}
            /** A field. */ int x;
            void g() {}
            // no
            void h() {}
        }
    """)
    assert class_(found, "A").doc == "A class.\n It does."
    assert [each.doc for each in found.outline.functions[1:]] == ["Does it.", None, None]


@shows("java", "visibility", "exported", "modifiers")
def test_visibility_is_what_modifiers_and_places_say() -> None:
    """Without a modifier a member is visible in its package, in an interface everywhere; public is exported."""
    found = read("""
        public abstract class A { private void a() {} protected abstract void b(); public void c() {} void d() {} }
        interface I { void e(); default void f() {} private void g() {} }
        enum E { X; E() {} }
    """)
    assert {each.name: words(each) for each in found.outline.functions[1:]} == {
        "a": "private",
        "b": "protected abstract",
        "c": "public exported",
        "d": "internal",
        "e": "public exported abstract",
        "f": "public exported",
        "g": "private",
        "E": "private",
    }
    assert words(class_(found, "A")) == "public exported abstract"


@shows("java", "functions")
def test_hashes_tell_body_and_signature_apart() -> None:
    """A changed body changes one, a changed parameter or result the other."""
    first, body, signature_ = (
        function(read(f"class A {{ {code} }}"), "A.f")
        for code in ("int f(int a) { return 1; }", "int f(int a) { return 2; }", "int f(long a) { return 1; }")
    )
    assert first.body_hash == signature_.body_hash != body.body_hash
    assert first.signature_hash == body.signature_hash != signature_.signature_hash


@shows("java", "classes", "bases")
def test_classes_have_kinds_and_bases() -> None:
    """An interface extends interfaces; an anonymous class extends what it is made of, a constant's body the enum."""
    found = read("""
        class A extends B<C> implements D, e.F { Object o = new G<>() {}; }
        interface I extends J, K {}
        enum E implements L { X { void f() {} }, Y }
        record R(int x) implements M {}
        @interface N {}
    """)
    assert classes(found) == [
        "class A extends B implements D implements e.F",
        "class A.<anonymous> extends G",
        "interface I extends J extends K",
        "enum E implements L",
        "class E.X extends E",
        "record R implements M",
        "annotation N",
    ]


@shows("java", "members")
def test_members_are_fields_constants_and_components() -> None:
    """Several may share a type; what an interface declares is static; the value of a constant is its construction."""
    found = read("""
        class A { @Id private static final int X = 1, Y = 2; protected List<B> b; }
        interface I { String K = "k"; }
        enum E { RED("r"), GREEN }
        record R(int x, String y) {}
    """)
    assert members(found, "A") == [
        "private static readonly @Id X: int = 1",
        "private static readonly @Id Y: int = 2",
        "protected b: List<B>",
    ]
    assert members(found, "I") == ["public static readonly K: String = 'k'"]
    assert members(found, "E") == ["public static readonly RED = new E('r')", "public static readonly GREEN"]
    assert members(found, "R") == ["private readonly x: int", "private readonly y: String"]


@shows("java", "package", "imports")
def test_imports_bind_the_last_name() -> None:
    """A star takes everything; a static import takes a member of a class."""
    found = read("""
        package com.example.app;
        import java.util.List;
        import java.io.*;
        import static java.lang.Math.max;
        import static java.util.Map.*;
    """)
    assert found.outline.package == "com.example.app"
    assert imports(found) == [
        ("java.util", "List", "List"),
        ("java.io", "*", ""),
        ("java.lang.Math", "max", "max"),
        ("java.util.Map", "*", ""),
    ]


@shows("java", "calls")
def test_calls_have_receivers_and_arguments() -> None:
    """A chain is a member of a call; an access path is one value."""
    found = read(
        """class A { void f() { this.repo.save(x, 1, "a"); g(h()).i().j(k::l, M::new); super.f(); a[0].b(); } }"""
    )
    assert calls(found) == [
        "this.repo.save(x, 1, 'a')",
        "g(h()).i().j(k.l, M.new)",
        "g(h()).i()",
        "g(h())",
        "h()",
        "super.f()",
        "a[0].b()",
    ]
    assert {each.scope for each in found.bodies.calls} == {1}


@shows("java", "constructions")
def test_constructions_are_new() -> None:
    """So are `this(…)` and `super(…)`; type arguments and the body of an anonymous class are no part of the callee."""
    found = read("""class A { A() { super(1); } A(int x) { this(); new B<>(new c.D(2)) { }; } }""")
    assert calls(found) == ["new super(1)", "new this()", "new B(new c.D(2))", "new c.D(2)"]


@shows("java", "assignments")
def test_assignments_declare_change_and_bind() -> None:
    """`const` is final; loops, resources, handlers and patterns bind names as well."""
    found = read("""
        class A {
            void f(Object o) {
                int a = 1, b;
                final var c = g();
                a += 2; this.x = y = 3; z[0] = 4; a++;
                for (String s : names) {}
                try (Reader r = open()) {} catch (B | C e) {}
                if (o instanceof D d) {}
                switch (o) { case E e -> {} default -> {} }
            }
        }
    """)
    assert assigns(found) == [
        "assign let a: int = 1",
        "declare let b: int",
        "assign const c = g()",
        "augmented a = 2",
        "assign this.x = (named y 3)",
        "assign y = 3",
        "assign z[0] = 4",
        "augmented a",
        "for let s: String = names",
        "with let r: Reader = open()",
        "catch let e: B | C",
        "assign let d: D = o",
        "declare let e: E",
    ]


@shows("java", "returns")
def test_returns_have_their_values() -> None:
    """The expression of a lambda is returned."""
    found = read("class A { int f() { if (x) return 1; g(a -> a.b); return c ? (d) : (T) e; } void g() { return; } }")
    assert returns(found) == [
        "A.f return 1",
        "A.f.<lambda> return a.b",
        "A.f return (conditional c d (cast T e))",
        "A.g return -",
    ]


@shows("java", "raises")
def test_raises_name_their_cause() -> None:
    """That is the caught error among the arguments of the new one."""
    found = read(
        """class A { void f() { try { g(); } catch (B e) { throw new C("x", e); } catch (D d) { throw d; } } }"""
    )
    assert raises(found) == ["new C('x', e) from e", "d"]


@shows("java", "handlers")
@pytest.mark.parametrize(
    ("body", "does"),
    [
        ("", ("empty",)),
        ("// nothing", ("empty",)),
        ('log.warn("x", e);', ("log", "call", "uses_error")),
        ("e.printStackTrace();", ("log", "call", "uses_error")),
        ("throw new B(e);", ("raise", "call", "uses_error")),
        ("return null;", ("return",)),
        ("continue;", ("continue",)),
        ("for (;;) { break; }", ()),
        ("failed = true;", ("assign",)),
    ],
)
def test_handlers_say_what_they_catch_and_do(body: str, does: tuple[str, ...]) -> None:
    """A jump counts if it leaves the handler."""
    found = read(f"class A {{ void f() {{ for (;;) {{ try {{ g(); }} catch (IOException | B e) {{ {body}\n }} }} }} }}")
    assert handlers(found) == [("try_catch", ("IOException", "B"), "e", does)]
    (handler,) = found.bodies.handlers
    assert found.bodies.regions[handler.region].kind == "handler"


@shows("java", "regions")
def test_regions_nest() -> None:
    """Every statement that decides about code opens one; resources are open in a `with`, around the `try`."""
    found = read("""
        class A { void f() {
          for (B b : bs) {
            if (b.ok()) c(); else if (d) { e(); } else g();
          }
          while (h) i();
          do j(); while (k());
          for (int i = once(); i < 3; i++) l();
          switch (m) { case 1: n(); break; default: o(); }
          switch (p) { case "x" -> q(); }
          try (R r = s()) { t(); } catch (E e) { u(); } finally { v(); }
        } }
    """)
    assert regions(found) == [
        ("loop", 2, 4, -1, "bs"),
        ("branch", 3, 3, 0, "b.ok()"),
        ("else", 3, 3, 0, "-"),
        ("branch", 3, 3, 2, "d"),
        ("else", 3, 3, 2, "-"),
        ("loop", 5, 5, -1, "h"),
        ("loop", 6, 6, -1, "k()"),
        ("loop", 7, 7, -1, "(operation < i 3)"),
        ("case", 8, 8, -1, "1"),
        ("case", 8, 8, -1, "-"),
        ("case", 9, 9, -1, "'x'"),
        ("with", 10, 10, -1, "s()"),
        ("try", 10, 10, 11, "-"),
        ("handler", 10, 10, -1, "-"),
        ("finally", 10, 10, -1, "-"),
    ]
    where = {found.bodies.calls[index].callee.text: each.region for index, each in enumerate(found.bodies.calls)}
    assert where == {
        "b.ok": 0, "c": 1, "e": 3, "g": 4, "i": 5, "j": 6, "k": 6, "once": -1, "l": 7, "n": 8, "o": 9, "q": 10,
        "s": 11, "t": 12, "u": 13, "v": 14,
    }  # fmt: skip


@shows("java", "literals")
def test_literals_know_what_they_are_for() -> None:
    """Strings are unescaped, a text block has lost its margin, numbers are decimal."""
    found = read('''
        @B("d")
        class A {
            static final int MAX = 1_000;
            String t = """
                one
                  two\\n
                """;
            int f() { g("a\\n", 'c', 0xFFL); x = "b" + 1.5f; if (y == 3) { } return z[4]; }
        }
    ''')
    assert literals(found) == [
        ("string", "d", "decorator", ""),
        ("number", "1000", "assignment", "MAX"),
        ("string", "one\n  two\n\n", "assignment", "t"),
        ("string", "a\n", "argument", ""),
        ("string", "c", "argument", ""),
        ("number", "255", "argument", ""),
        ("string", "b", "operation", ""),
        ("number", "1.5", "operation", ""),
        ("number", "3", "comparison", ""),
        ("number", "4", "index", ""),
    ]


@shows("java", "comments")
def test_comments_lose_their_markers() -> None:
    """A trailing one has code before it; a Javadoc one is doc."""
    found = read("/** D. */\nclass A {\n  int x; // why\n  /* how */\n  //\n}\n")
    assert comments(found) == [(1, "D.", "doc"), (3, "why", "trailing"), (4, "how", ""), (5, "", "")]


@shows("java", "names")
def test_names_are_those_that_are_read() -> None:
    """Not what is only declared or imported, and nothing in strings and comments."""
    found = read("""
        import a.Unused;
        class A { int unread; int f(int p, int q) { int v = p; String s = "str"; /* com */ return this.g(B.C); } }
    """)
    assert found.names == ("B", "C", "String", "g", "p")


@shows("java", "errors")
def test_a_broken_file_keeps_the_facts_of_its_sound_parts() -> None:
    """The stretch that could not be read is an error."""
    found = read("""
        class A {
            void f() { g(1); }
            void broken() { h(2)) ]; }
            void i() { j(3); }
        }
    """)
    assert found.errors
    assert {"A.f", "A.i"} <= {each.qualified_name for each in found.outline.functions}
    assert {"g(1)", "j(3)"} <= set(calls(found))
