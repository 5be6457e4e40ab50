"""What driftd reads in Scala."""

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

read = reader("scala")

ABSENT = {"exports": "what is visible is said by modifiers"}

SAMPLE = """\
package com.example
package shop

import scala.collection.mutable
import java.io.{File, IOException => IOE, _}

/** Sells. */
@Service("shop")
abstract class Shop[T <: Item] @Inject() (private val repo: Repo, val limit: Int = 3)(implicit ec: Context)
    extends Base[T](repo) with Runnable {
  private val cache = new mutable.HashMap[String, T]()
  var total: Int = 0x10
  def this(name: String) = { this(new Repo(name), 1) }

  @Get("/items") protected def find(id: Long, tags: String*): List[T] = {
    for (item <- repo.all() if item.ok) { println(s"$item is ${item.id}") }
    val twice = for { x <- xs; y = x * 2 } yield y
    try { open("f") } catch {
      case e: IOE => throw new ShopException("bad", e)
      case NonFatal(e) => log.error("x", e)
    } finally { close() }
    while (total > 0) { total -= 1 }
    if (a) one() else other(x = 1)
    val kind = id match {
      case 1 | 2 => "one"
      case s: Some[_] => s.name
      case _ => null
    }
    list.map(_.x).filter(x => x > 1).foreach { case (a, b) => a shouldBe b }
  }
  def go(): Unit
}

object Shop extends App { val Max = 1; def make() = new Shop("größe") { override def go(): Unit = {} } }
case class Point(x: Int, y: Int = 2)
sealed trait State { type Id = Int }
enum Color(val rgb: Int):
  case Red extends Color(1)
  case Green, Blue
extension (s: String) def shout(n: Int): String = s * n
given order: Ordering[Point] with
  def compare(a: Point, b: Point): Int = a.x - b.x
"""


@shows("scala", "functions")
def test_functions_are_named_after_what_is_around_them() -> None:
    """`this` is a constructor; a method of an extension is qualified by the type it extends."""
    found = read("""
        class A(x: Int) {
          @Get
          def name(): String = {
            def local = 1
            run(y => y)
          }
          def this() = this(1)
          val f = (x: Int) => x
          def +(o: A): A = o
        }
        object B { def make = new C { def go(): Unit = {} } }
        def top() = 1
        extension (s: List[Int]) def second(n: Int): Int = s(n)
    """)
    assert functions(found) == [
        ("A.A", "constructor", 1, 1),
        ("A.name", "method", 3, 6),
        ("A.name.local", "function", 4, 4),
        ("A.name.<lambda>", "lambda", 5, 5),
        ("A.A", "constructor", 7, 7),
        ("A.<lambda>", "lambda", 8, 8),
        ("A.+", "method", 9, 9),
        ("B.make", "method", 11, 11),
        ("B.make.<anonymous>.go", "method", 11, 11),
        ("top", "function", 12, 12),
        ("List.second", "method", 13, 13),
    ]
    assert function(found, "A.<lambda>").bound_to == "f"
    assert function(found, "List.second").receiver == "List"


@shows("scala", "parameters", "types")
def test_parameters_of_all_lists_keep_types_and_defaults() -> None:
    """`T*` is a rest parameter."""
    found = read("""
        class A @Inject() (@Named("q") val a: Int = 1)(implicit b: B)
        object O { def f[T](c: List[T], d: T => Unit, e: String*)(using g: G): Map[K, V] = h }
    """)
    assert signature(found, "A.A") == "A(@Named a: Int = 1, b: B)"
    assert signature(found, "O.f") == "f(c: List[T], d: T => Unit, *e: String, g: G) -> Map[K, V]"


@shows("scala", "decorators", "docs")
def test_annotations_and_docs_stand_before_what_they_are_about() -> None:
    """With arguments an annotation is a call as well."""
    found = read("""
        /** A class. */
        @Service("x") class A {
          /** Does it. */
          @Get("/p") @deprecated def f() = 1
        }
    """)
    assert class_(found, "A").doc == "A class."
    assert decorators(found, class_(found, "A")) == ["2 Service('x')"]
    assert function(found, "A.f").doc == "Does it."
    assert decorators(found, function(found, "A.f")) == ["4 Get('/p')", "4 deprecated"]


@shows("scala", "visibility", "exported", "modifiers")
def test_visibility_is_public_unless_modifiers_say_otherwise() -> None:
    """What has no body is abstract; `private[p]` is visible in a package."""
    found = read("""
        abstract class A {
          private def a() = 1
          protected def b(): Int
          private[p] def c() = { def d() = 2; d() }
          def e() = 3
        }
        sealed trait T
    """)
    assert {each.name: words(each) for each in found.outline.functions[1:]} == {
        "a": "private",
        "b": "protected abstract",
        "c": "internal",
        "d": "private",
        "e": "public exported",
    }
    assert [words(each) for each in found.outline.classes] == ["public exported abstract"] * 2


@shows("scala", "classes", "bases", "members")
def test_classes_have_kinds_bases_and_members() -> None:
    """The first base is extended, the others are mixed in; a case class keeps its parameters."""
    found = read("""
        class A(a: Int, private val b: B, var c: C) extends D[E](a) with F {
          val g, h = 1
          protected lazy val i: Int = 2
          var j: J = _
        }
        trait T extends U
        object O extends V { val K = "k" }
        case class P(x: Int)
        type S = List[Int]
        enum Q:
          case Red, Green
    """)
    assert classes(found) == [
        "class A extends D mixin F",
        "trait T extends U",
        "object O extends V",
        "record P",
        "type_alias S extends List",
        "enum Q",
    ]
    assert members(found, "A") == [
        "private readonly b: B",
        "public c: C",
        "public readonly g",
        "public readonly h",
        "protected readonly i: Int = 2",
        "public j: J",
    ]
    assert members(found, "O") == ["public static readonly K = 'k'"]
    assert members(found, "P") == ["public readonly x: Int"]
    assert members(found, "Q") == ["public static readonly Red", "public static readonly Green"]


@shows("scala", "package", "imports")
def test_imports_bind_names_aliases_and_everything() -> None:
    """Package clauses add up."""
    found = read("""
        package a.b
        package c
        import d.E
        import f.{G, H => I, J => _, _}
        import k.*
        import l.M as N
    """)
    assert found.outline.package == "a.b.c"
    assert imports(found) == [
        ("d", "E", "E"),
        ("f", "G", "G"),
        ("f", "H", "I"),
        ("f", "*", ""),
        ("k", "*", ""),
        ("l", "M", "N"),
    ]


@shows("scala", "calls", "constructions")
def test_calls_have_receivers_and_arguments() -> None:
    """Type arguments are dropped; a word between operands is a call; bases and other constructors are constructions."""
    found = read("""
        class A extends B(1) {
          def this(x: Int) = this()
          def f() = {
            this.repo.save(x, 1, "a", key = y, z: _*)
            g(h()).i[Int]().j(_.k)
            a map b
            new C[D](2)
            new E
            c + d
          }
        }
    """)
    assert calls(found) == [
        "new B(1)",
        "new this()",
        "this.repo.save(x, 1, 'a', key=y, ...z)",
        "g(h()).i().j(_.k)",
        "g(h()).i()",
        "g(h())",
        "h()",
        "a.map(b)",
        "new C(2)",
        "new E()",
    ]


@shows("scala", "assignments", "returns")
def test_assignments_and_returns() -> None:
    """`val` cannot be bound again; generators and typed patterns bind; the last expression is returned, but for Unit."""
    found = read("""
        object O {
          def f(): Int = {
            val a: Int = 1
            var b = 2
            val (c, d) = g()
            b += 3; this.x = 4
            for (s <- names) {}
            h match { case i: I => j }
            if (k) return 5
            b
          }
          def u(): Unit = { f() }
        }
    """)
    assert assigns(found) == [
        "assign const a: Int = 1",
        "assign let b = 2",
        "assign const (tuple c d) = g()",
        "augmented b = 3",
        "assign this.x = 4",
        "for const s = names",
        "declare const i: I",
    ]
    assert returns(found) == ["O.f return 5", "O.f return b"]


@shows("scala", "raises", "handlers")
@pytest.mark.parametrize(
    ("body", "does"),
    [
        ('log.warn("x", e)', ("log", "call", "uses_error")),
        ('throw new B("x", e)', ("raise", "call", "uses_error")),
        ("()", ("empty",)),
        ("null", ("return",)),
    ],
)
def test_handlers_say_what_they_catch_and_do(body: str, does: tuple[str, ...]) -> None:
    """Each case of a catch is one; an extractor counts as what is caught."""
    found = read(f"object O {{ def f() = try {{ g() }} catch {{ case e: A => {body}\n case NonFatal(x) => h(x) }} }}")
    assert handlers(found) == [
        ("try_catch", ("A",), "e", does),
        ("try_catch", ("NonFatal",), "x", ("call", "uses_error")),
    ]
    assert raises(found) == (["new B('x', e) from e"] if "throw" in body else [])
    assert [found.bodies.regions[each.region].kind for each in found.bodies.handlers] == ["handler", "handler"]


@shows("scala", "regions")
def test_regions_nest() -> None:
    """A `for` that yields is a comprehension."""
    found = read("""
        object O { def f() = {
          for (b <- first()) {
            if (c) d() else e()
          }
          val g = for (h <- i) yield j()
          while (k) l()
          m match { case 1 => n(); case _ => o() }
          try { p() } finally { q() }
        } }
    """)
    assert regions(found) == [
        ("loop", 2, 4, -1, "first()"),
        ("branch", 3, 3, 0, "c"),
        ("else", 3, 3, 0, "-"),
        ("comprehension", 5, 5, -1, "i"),
        ("loop", 6, 6, -1, "k"),
        ("case", 7, 7, -1, "1"),
        ("case", 7, 7, -1, "-"),
        ("try", 8, 8, -1, "-"),
        ("finally", 8, 8, -1, "-"),
    ]
    where = {each.callee.text: each.region for each in found.bodies.calls}
    assert where == {"first": -1, "d": 1, "e": 2, "j": 3, "l": 4, "n": 5, "o": 6, "p": 7, "q": 8}


@shows("scala", "literals", "comments", "names")
def test_literals_comments_and_names() -> None:
    """A substitution is `{}`, with braces or without."""
    found = read('''
        import z.Unused
        object O {
          val max = 1000 // why
          def f(p: Int) = g("a\\n", 'c', 0xFFL, key = 1.5f, s"$p is ${b.c}", """d\\n""")
        }
    ''')
    assert literals(found) == [
        ("number", "1000", "assignment", "max"),
        ("string", "a\n", "argument", ""),
        ("string", "c", "argument", ""),
        ("number", "255", "argument", ""),
        ("number", "1.5", "argument", "key"),
        ("template", "{} is {}", "argument", ""),
        ("string", "d\\n", "argument", ""),
    ]
    assert comments(found) == [(3, "why", "trailing")]
    assert {"Int", "b", "c", "g", "p"} <= {*found.names}
    assert not {"Unused", "f", "max", "why"} & {*found.names}


@shows("scala", "errors")
def test_a_broken_file_keeps_the_facts_of_its_sound_parts() -> None:
    """The stretch that could not be read is an error."""
    found = read("""
        object A {
          def f() = { g(1) }
          def broken() = { h(2)) }
          def i() = { j(3) }
        }
    """)
    assert found.errors
    assert "g(1)" in calls(found)
    assert "f" in {each.name for each in found.outline.functions}


def test_a_block_that_ends_by_its_indentation_ends_with_its_last_line() -> None:
    """What follows, comments included, is not the function's: neither its lines nor its hash."""
    found = read("""\
        trait A {
          def f(x: Int): Int =
            x + 1

          /** Of g. */
          def g(x: Int): Int =
            x match {
              case 1 => 2
            }

          // of h
          def h = xs.map(x =>
            x)
        }
    """)
    assert functions(found) == [
        ("A.f", "method", 2, 3),
        ("A.g", "method", 6, 9),
        ("A.h", "method", 12, 13),
        ("A.h.<lambda>", "lambda", 12, 13),
    ]
    other = read("trait A {\n  def f(x: Int): Int =\n    x + 1\n\n  /** Else. */\n  def g = 1\n}\n")
    assert function(other, "A.f").body_hash == function(found, "A.f").body_hash
    assert function(found, "A.g").doc == "Of g."
