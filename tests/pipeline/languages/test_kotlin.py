"""What driftd reads in Kotlin."""

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

read = reader("kotlin")

ABSENT = {"exports": "what is visible is said by modifiers"}

SAMPLE = """\
@file:JvmName("Shop")
package com.example.shop

import java.io.*
import com.example.base.Item as Thing

/** Sells. */
@Service("shop")
abstract class Shop<T : Thing> @Inject constructor(
    @Named("main") private val repo: Repo,
    val limit: Int = 3,
    vararg names: String,
) : Base<T>(repo), Runnable, Log by log {
    private val cache by lazy { HashMap<String, T>() }
    val size: Int get() = repo.count() + 1
    var total: Int = 0x10
        private set(value) { field = value }

    constructor(name: String) : this(Repo(name)) { check(true) }

    init { register(this) }

    companion object {
        const val MAX = 1_000
        fun make() = Shop(1)
    }

    @Get("/items/{id}")
    suspend fun find(@Path id: Long, vararg tags: String, then: (T) -> Unit = {}): List<T>? {
        for ((key, item) in repo.all()) { if (item.id == id) return listOf(item) else log.info("no $key ${item.id}") }
        try { File("f").use { it.read() } } catch (e: IOException) { throw ShopException("bad", e) } finally { close() }
        while (x > 0) { x--; if (x == 3) continue else break }
        when (val y = limit) {
            1, 2 -> one()
            is Int -> other(y)
            else -> return null
        }
        val text = if (a) "yes" else "no"
        val worker = object : Worker(2), Runnable { override fun run() { done = true } }
        fun local(z: Int) = z shouldBe 3
        return cache[tags[0]]!!.map { (a, b) -> a to b }.filter(::ok) as? List<T> ?: emptyList<T>()
    }
}

fun String?.shout(times: Int = 1): String = "größe".repeat(times)
data class Point(val x: Int, var y: Int)
enum class Color(val rgb: Int) : Paint {
    RED(1) {
        override fun mix() {}
    },
    GREEN(2);
    abstract fun mix()
}
sealed interface State { fun next(): State }
object Empty : State { override fun next() = this }
typealias Names = List<String>
"""


@shows("kotlin", "functions")
def test_functions_are_named_after_what_is_around_them() -> None:
    """A companion without a name is `Companion`; an extension is qualified by its receiver."""
    found = read("""
        class A(val x: Int) {
            @Get
            fun name(): String {
                fun local() = 1
                return run { it }
            }
            constructor() : this(1)
            companion object { fun make() = A() }
            object B { fun deep() = object : Job { override fun go() {} } }
            fun String.inside() {}
        }
        class NoParameters()
        fun top() {}
        fun <T> List<T>?.second(): T = this[1]
        fun `with spaces`() {}
    """)
    assert functions(found) == [
        ("A.A", "constructor", 1, 1),
        ("A.name", "method", 3, 6),
        ("A.name.local", "function", 4, 4),
        ("A.name.<lambda>", "lambda", 5, 5),
        ("A.A", "constructor", 7, 7),
        ("A.Companion.make", "method", 8, 8),
        ("A.B.deep", "method", 9, 9),
        ("A.B.deep.<anonymous>.go", "method", 9, 9),
        ("A.String.inside", "method", 10, 10),
        ("top", "function", 13, 13),
        ("List.second", "method", 14, 14),
        ("with spaces", "function", 15, 15),
    ]
    assert [each.receiver for each in found.outline.functions if each.receiver] == ["String", "List"]
    assert function(found, "A.name").column == 9


@shows("kotlin", "functions")
def test_accessors_with_a_body_are_functions() -> None:
    """They are named after the property, and after the receiver of an extension property."""
    found = read("""
        class A {
            val auto: Int = 1
            val size: Int get() = x
            var full = 3
                get() { return field }
                private set(value) { field = value }
        }
        val String.last: Char
            get() = this[0]
    """)
    assert functions(found) == [
        ("A.size", "getter", 3, 3),
        ("A.full", "getter", 5, 5),
        ("A.full", "setter", 6, 6),
        ("String.last", "getter", 9, 9),
    ]
    assert signature(found, "A.size") == "size() -> Int"
    assert [words(each) for each in found.outline.functions[2:4]] == ["public exported", "private"]


@shows("kotlin", "functions", "parameters")
def test_lambdas_have_parameters_and_know_what_they_are_bound_to() -> None:
    """The one that a lambda does not name is `it`, if the lambda itself reads it."""
    found = read("""
        val f = { x: Int, y -> x }
        val g = fun(x: Int): Int { return x }
        val h = a.map { it.b { it } }.c { (k, v) -> d { 1 } }
    """)
    assert [(each.bound_to, [param.name for param in each.params]) for each in found.outline.functions[1:]] == [
        ("f", ["x", "y"]),
        ("g", ["x"]),
        ("", ["it"]),
        ("", ["it"]),
        ("", ["(k, v)"]),
        ("", []),
    ]


@shows("kotlin", "parameters", "types")
def test_parameters_keep_types_defaults_and_annotations() -> None:
    """`vararg` is a rest parameter; types of functions are as written."""
    found = read("""
        class A @Inject constructor(@Named("q") private val repo: Repo, n: Int = 3)
        fun <T> f(@Q a: Int?, b: String = g("x"), vararg c: Map<K, V>, then: suspend (T) -> Unit = {}): List<T> = d
    """)
    assert signature(found, "A.A") == "A(@Named repo: Repo, n: Int = 3)"
    assert signature(found, "f") == (
        "f(@Q a: Int?, b: String = g('x'), *c: Map<K, V>, then: suspend (T) -> Unit = <f.<lambda>>) -> List<T>"
    )


@shows("kotlin", "decorators")
def test_annotations_are_decorators() -> None:
    """With arguments they are calls as well, which stand outside of what they are on."""
    found = read("""
        @file:JvmName("N")
        @Service @Scope(value = "x")
        class A @Inject constructor(val a: Int) {
            @field:Id @Column("c") val x: Int = 1
            @Get("/p") fun f() {}
        }
    """)
    assert decorators(found, class_(found, "A")) == ["2 Service", "2 Scope(value='x')"]
    assert decorators(found, class_(found, "A").members[1]) == ["4 Id", "4 Column('c')"]
    assert decorators(found, function(found, "A.f")) == ["5 Get('/p')"]
    assert decorators(found, function(found, "A.A")) == ["3 Inject"]
    assert [(each.callee.text, each.scope) for each in found.bodies.calls] == [
        ("JvmName", 0), ("Scope", 0), ("Column", -1), ("Get", -1),
    ]  # fmt: skip


@shows("kotlin", "docs")
def test_a_doc_comment_stands_before_what_it_documents() -> None:
    """Before its annotations; another comment is none."""
    found = read("""
        /**
         * A class.
         *  It does.
         */
        @B class A {
            /** Does it. */
            fun f() {}
            // no
            fun g() {}
        }
    """)
    assert class_(found, "A").doc == "A class.\n It does."
    assert [each.doc for each in found.outline.functions[1:]] == ["Does it.", None]


@shows("kotlin", "visibility", "exported", "modifiers")
def test_visibility_is_public_unless_modifiers_say_otherwise() -> None:
    """`suspend` is async; what an interface does not define is abstract, as is what is sealed."""
    found = read("""
        abstract class A {
            private fun a() {}
            protected abstract fun b()
            internal fun c() {}
            suspend fun d() {}
        }
        interface I {
            fun e()
            fun f() {}
        }
        sealed class S
        private class P internal constructor(x: Int)
        fun g() { fun h() {} }
    """)
    assert {each.name: words(each) for each in found.outline.functions[1:]} == {
        "a": "private",
        "b": "protected abstract",
        "c": "internal",
        "d": "public exported async",
        "e": "public exported abstract",
        "f": "public exported",
        "P": "internal",
        "g": "public exported",
        "h": "private",
    }
    assert {each.name: words(each) for each in found.outline.classes} == {
        "A": "public exported abstract",
        "I": "public exported",
        "S": "public exported abstract",
        "P": "private",
    }


@shows("kotlin", "classes", "bases")
def test_classes_have_kinds_and_bases() -> None:
    """What is called is extended; a delegate is implemented; an enum entry with a body extends the enum."""
    found = read("""
        class A : B<C>(), D, e.F by f
        interface I : J, K
        data class P(val x: Int)

        enum class E : L {
            X { override fun f() {} },
            Y
        }
        annotation class N
        object O : M()
        class Q { companion object : R }
        typealias T = U<Int>
        val v = object : W(1), Z {}
    """)
    assert classes(found) == [
        "class A extends B implements D implements e.F",
        "interface I extends J extends K",
        "record P",
        "enum E implements L",
        "class E.X extends E",
        "annotation N",
        "object O extends M",
        "class Q",
        "object Q.Companion implements R",
        "type_alias T extends U",
        "class <anonymous> extends W implements Z",
    ]


@shows("kotlin", "members")
def test_members_are_properties_entries_and_parameters() -> None:
    """A parameter of the primary constructor is one with `val` or `var`; local variables are none."""
    found = read("""
        class A(@Id private val a: Int, var b: String = "b", c: Int) {
            @Tag protected lateinit var d: D
            val e by lazy { 1 }
            init { val local = 2 }
            fun f() { val g = 3 }
            companion object { const val H = 4 }
        }
        enum class E(val x: Int) { RED(1), @Old GREEN(2) }
    """)
    assert members(found, "A") == [
        "private readonly @Id a: Int",
        "public b: String",
        "protected @Tag d: D",
        "public readonly e = lazy(<A.<lambda>>)",
    ]
    assert members(found, "A.Companion") == ["public static readonly H = 4"]
    assert members(found, "E") == [
        "public readonly x: Int",
        "public static readonly RED = new E(1)",
        "public static readonly @Old GREEN = new E(2)",
    ]


@shows("kotlin", "package", "imports")
def test_imports_bind_the_last_name() -> None:
    """Or the one behind `as`; a star takes everything."""
    found = read("""
        package com.example.`in`.app
        import java.util.List
        import java.io.*
        import a.b.C as D
    """)
    assert found.outline.package == "com.example.in.app"
    assert imports(found) == [("java.util", "List", "List"), ("java.io", "*", ""), ("a.b", "C", "D")]


@shows("kotlin", "calls")
def test_calls_have_receivers_and_arguments() -> None:
    """A lambda behind the parentheses is the last argument; `?.` and `!!` are no part of an access path."""
    found = read("""
        fun f() {
            this.repo.save(x, 1, "a", key = y, *z)
            g(h()).i<Int>().j { 2 }
            run(3) { k -> k }
            super<A>.l(); a?.b?.m(); c!!.n(); d[0].o(); p.q::r.invoke()
        }
    """)
    assert calls(found) == [
        "this.repo.save(x, 1, 'a', key=y, ...z)",
        "g(h()).i().j(<f.<lambda>>)",
        "g(h()).i()",
        "g(h())",
        "h()",
        "run(3, <f.<lambda>>)",
        "super.l()",
        "a.b.m()",
        "c.n()",
        "d[0].o()",
        "p.q.r.invoke()",
    ]
    assert [each.callee.text for each in found.bodies.calls if each.is_optional] == ["a.b.m"]
    assert {each.scope for each in found.bodies.calls} == {1}


@shows("kotlin", "calls")
def test_a_call_may_stand_between_its_operands_or_look_like_comparisons() -> None:
    """`a shouldBe b` is a call, `a to b` an operation; `f<T>(x)` is a call although the grammar compares."""
    found = read("""
        fun f() {
            a.b shouldBe c(1)
            val m = mapOf("k" to 2)
            val n = listOf<Int>(3)
            inject<Repo> { o }
            p < q && r > (s)
        }
    """)
    assert calls(found) == [
        "a.b.shouldBe(c(1))",
        "c(1)",
        "mapOf((operation to 'k' 2))",
        "listOf(3)",
        "inject(<f.<lambda>>)",
    ]


@shows("kotlin", "constructions")
def test_constructions_are_new_where_the_syntax_says_so() -> None:
    """That is of a base, to another constructor, of an object expression and of an enum's entries; not of a plain call."""
    found = read("""
        class A : B(1) {
            constructor(x: Int) : super(x)
            constructor() : this(2) { C(3) }
            val d = object : E(4) {}
        }
        enum class F(x: Int) { G(5) }
    """)
    assert calls(found) == ["new B(1)", "new super(x)", "new this(2)", "C(3)", "new E(4)", "new F(5)"]


@shows("kotlin", "assignments", "types")
def test_assignments_declare_change_and_bind() -> None:
    """`val` cannot be bound again; loops, handlers and subjects bind names as well; members are no assignments."""
    found = read("""
        val top = 0
        class A { val member = 1 }
        fun f() {
            val a: Int = 1; var b: String
            val (c, d) = g()
            a += 2; this.x = 3; z[0] = 4; i++
            for (s: String in names) {}
            for ((k, v) in pairs) {}
            try {} catch (e: B.C) {}
            when (val w = h()) { else -> {} }
            val l by lazy { 5 }
            x?.y = if (p) q else r
        }
    """)
    assert assigns(found) == [
        "assign const top = 0",
        "assign const a: Int = 1",
        "declare let b: String",
        "assign const (tuple c d) = g()",
        "augmented a = 2",
        "assign this.x = 3",
        "assign z[0] = 4",
        "augmented i",
        "for const s: String = names",
        "for const (tuple k v) = pairs",
        "catch const e: B.C",
        "assign const w = h()",
        "assign const l = lazy(<f.<lambda>>)",
        "assign x.y = (conditional p q r)",
    ]


@shows("kotlin", "returns")
def test_returns_have_their_values() -> None:
    """An expression body and the last expression of a lambda are returned; a label is no value."""
    found = read("""
        fun f(): Int { if (x) return 1; return a ?: return }
        fun g() = a.b
        val p get() = when (c) { 1 -> "one"; else -> null }
        fun h() { i { d; e.f }; j { k = 2 }; l { return@l 3 }; m { return@m } }
    """)
    assert returns(found) == [
        "f return 1",
        "f return (operation ?: a ?)",
        "f return -",
        "g return a.b",
        "p return (unknown 'one' null)",
        "h.<lambda> return e.f",
        "h.<lambda> return 3",
        "h.<lambda> return -",
    ]


@shows("kotlin", "raises")
def test_raises_name_their_cause() -> None:
    """That is the caught error among the arguments; a throw may be an operand."""
    found = read("""
        fun f() {
            try { g() } catch (e: B) { throw C("x", e) } catch (d: D) { throw d }
            val h = i ?: throw E()
        }
    """)
    assert raises(found) == ["C('x', e) from e", "d", "E()"]


@shows("kotlin", "handlers")
@pytest.mark.parametrize(
    ("body", "does"),
    [
        ("", ("empty",)),
        ("// nothing", ("empty",)),
        ('logger.warn("x", e)', ("log", "call", "uses_error")),
        ("e.printStackTrace()", ("log", "call", "uses_error")),
        ("throw B(e)", ("raise", "call", "uses_error")),
        ("return null", ("return",)),
        ("continue", ("continue",)),
        ("while (true) { break }", ()),
        ("failed = true", ("assign",)),
    ],
)
def test_handlers_say_what_they_catch_and_do(body: str, does: tuple[str, ...]) -> None:
    """A jump counts if it leaves the handler."""
    found = read(f"fun f() {{ for (x in y) {{ try {{ g() }} catch (e: A.B) {{ {body}\n }} }} }}")
    assert handlers(found) == [("try_catch", ("A.B",), "e", does)]
    (handler,) = found.bodies.handlers
    assert found.bodies.regions[handler.region].kind == "handler"


@shows("kotlin", "regions")
def test_regions_nest() -> None:
    """Every statement that decides about code opens one."""
    found = read("""
        fun f() {
          for (b in first()) {
            if (b.ok()) c() else if (d) { e() } else g()
          }
          while (h) i()
          do { j() } while (k())
          when (m) { 1 -> n(); is O -> p(); else -> q() }
          when { r -> s() }
          try { t() } catch (u: V) { w() } finally { x() }
        }
    """)
    assert regions(found) == [
        ("loop", 2, 4, -1, "first()"),
        ("branch", 3, 3, 0, "b.ok()"),
        ("else", 3, 3, 0, "-"),
        ("branch", 3, 3, 2, "d"),
        ("else", 3, 3, 2, "-"),
        ("loop", 5, 5, -1, "h"),
        ("loop", 6, 6, -1, "k()"),
        ("case", 7, 7, -1, "1"),
        ("case", 7, 7, -1, "(operation is O)"),
        ("case", 7, 7, -1, "-"),
        ("case", 8, 8, -1, "r"),
        ("try", 9, 9, -1, "-"),
        ("handler", 9, 9, -1, "-"),
        ("finally", 9, 9, -1, "-"),
    ]
    where = {each.callee.text: each.region for each in found.bodies.calls}
    assert where == {
        "first": -1, "b.ok": 0, "c": 1, "e": 3, "g": 4, "i": 5, "j": 6, "k": 6, "n": 7, "p": 8, "q": 9, "s": 10,
        "t": 11, "w": 12, "x": 13,
    }  # fmt: skip


@shows("kotlin", "literals")
def test_literals_know_what_they_are_for() -> None:
    """A substitution is `{}`, whether it has braces or not; a raw string keeps its backslashes."""
    found = read('''
        @B("d")
        class A {
            val max = 1_000
            fun f(): Int {
                g("a\\n", 'c', 0xFFL, key = 1.5f)
                s = "$a is ${b.c} for \\$5"
                r = """one\\n $d"""
                if (y == 3) {}
                return z["k"]
            }
        }
    ''')
    assert literals(found) == [
        ("string", "d", "decorator", ""),
        ("number", "1000", "assignment", "max"),
        ("string", "a\n", "argument", ""),
        ("string", "c", "argument", ""),
        ("number", "255", "argument", ""),
        ("number", "1.5", "argument", "key"),
        ("template", "{} is {} for $5", "assignment", "s"),
        ("template", "one\\n {}", "assignment", "r"),
        ("number", "3", "comparison", ""),
        ("string", "k", "index", ""),
    ]
    assert assigns(found)[:1] == ["assign s = `{} is {} for $5`%(a, b.c)"]


@shows("kotlin", "comments")
def test_comments_lose_their_markers() -> None:
    """A trailing one has code before it; a KDoc one is doc."""
    found = read("/** D. */\nclass A {\n  val x = 1 // why\n  /* how */\n  //\n}\n")
    assert comments(found) == [(1, "D.", "doc"), (3, "why", "trailing"), (4, "how", ""), (5, "", "")]


@shows("kotlin", "names")
def test_names_are_those_that_are_read() -> None:
    """Not what is only declared or imported, and nothing in comments."""
    found = read("""
        import a.Unused
        class A { val unread = 1; fun f(p: Int, q: Int): Any { val v = p; /* com */ return this.g(B.C, "str $d") } }
    """)
    assert {"Any", "B", "C", "Int", "d", "g", "p"} <= {*found.names}
    assert not {"A", "Unused", "com", "f", "q", "unread", "v"} & {*found.names}


@shows("kotlin", "errors")
def test_a_broken_file_keeps_the_facts_of_its_sound_parts() -> None:
    """The stretch that could not be read is an error."""
    found = read("""
        fun f() { g(1) }
        fun broken() { h(2)) }
        fun i() { j(3) }
    """)
    assert found.errors
    assert {"f", "i"} <= {each.qualified_name for each in found.outline.functions}
    assert {"g(1)", "j(3)"} <= set(calls(found))


@shows("kotlin", "errors")
def test_what_the_grammar_cannot_read_is_put_in_other_words() -> None:
    """It takes `in1` at the start of a line for an operator, `set =` for an accessor; a class may stand on one line."""
    found = read("""
        class A {
            fun f() {
                val in1 = open()
                in1.close()
                val set = 1
                set = 2
            }
        }
        object B { fun g() { val x = object : C { override fun h() { done = true } } } }
    """)
    assert found.errors == ()
    assert functions(found) == [
        ("A.f", "method", 2, 7),
        ("B.g", "method", 9, 9),
        ("B.g.<anonymous>.h", "method", 9, 9),
    ]
    assert calls(found) == ["open()", "in1.close()"]
    assert "assign set = 2" in assigns(found)


@shows("kotlin", "errors")
@pytest.mark.parametrize("stray", ["$", "`", "\x00"])
def test_a_stray_character_does_not_hold_the_parser_up(stray: str) -> None:
    """The grammar's scanner may never get over one that begins a statement: the file is read without it."""
    sound = read(SAMPLE)
    found = read(SAMPLE.replace("        val text", f"    {stray}   val text"))
    assert functions(found) == functions(sound)
    assert calls(found) == calls(sound)
