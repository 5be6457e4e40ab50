"""What driftd reads in C++, beyond what it shares with C (`test_c.py`)."""

from __future__ import annotations

from tests.pipeline.languages.reading import (
    assigns,
    calls,
    class_,
    classes,
    comments,
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

read = reader("cpp")

ABSENT = {
    "package": "namespaces are classes of kind namespace: a file may have several",
    "exports": "what is public is exported",
    "decorators": "attributes are not read",
}

SAMPLE = """\
#include <vector>
#include "shop/item.h"
using namespace std;
using shop::Item;

namespace shop::core {

/// Sells.
template <typename T, int N = 3>
class Shop final : public Base<T>, private virtual other::Store {
 public:
  explicit Shop(int a, std::string b = "x") : Base(a), name_{b} {}
  virtual ~Shop() = default;
  Shop(const Shop&) = delete;
  virtual void find(int id) const = 0;
  static int count() { return 0x10; }
  bool operator==(const Shop& o) const { return id == o.id; }
  operator bool() const { return true; }
  template <class U> auto get(U u) -> decltype(u) { return this->name_; }
  enum class Kind : int { A, B = 2 };
 protected:
  int size_ = 3, *next;
};

namespace { int hidden() { return 1; } }
}

template <typename T>
void shop::core::Shop<T>::run(const std::string& s, int n) {
  auto made = std::make_unique<Item>(1, "größe");
  Item plain(1); Item braced{2}; auto* heap = new shop::Item<int>(3);
  const auto& [key, value] = pair;
  try { load(); } catch (const std::exception& e) { log(e.what()); throw; } catch (...) { }
  for (auto& i : items) { i->go<int>(); }
  for (int i = 0; i < n; ++i) { if (i == 2) continue; }
  auto f = [&, x = 1](int a) -> int { return a; };
  std::cout << static_cast<int>(f(2)) << R"(raw)" << 1'000ull;
  delete heap;
  throw std::runtime_error("bad");
}
"""


@shows("cpp", "functions")
def test_functions_are_named_after_classes_and_namespaces() -> None:
    """Out of its class a method has that as its receiver; operators, destructors and conversions have their names."""
    found = read("""
        namespace a::b {
        class C {
          C(int x);
          explicit C() {}
          ~C() = default;
          C(const C&) = delete;
          int declared();
          virtual int pure() = 0;
          static int s() { return 1; }
          bool operator==(const C& o) { return true; }
          operator const char*() const { return 0; }
          template <class T> void t() { auto l = [](int y) { return y; }; }
        };
        namespace { void hidden() {} }
        }
        a::b::C::C(int x) {}
        template <class T> void D<T>::run() {}
        C::~C() {}
        auto tr() -> int { return 1; }
    """)
    assert functions(found) == [
        ("a.b.C.C", "constructor", 4, 4),
        ("a.b.C.~C", "method", 5, 5),
        ("a.b.C.pure", "method", 8, 8),
        ("a.b.C.s", "static_method", 9, 9),
        ("a.b.C.operator==", "method", 10, 10),
        ("a.b.C.operator const char*", "method", 11, 11),
        ("a.b.C.t", "method", 12, 12),
        ("a.b.C.t.<lambda>", "lambda", 12, 12),
        ("a.b.hidden", "function", 14, 14),
        ("a.b.C.C", "constructor", 16, 16),
        ("D.run", "method", 17, 17),
        ("C.~C", "method", 18, 18),
        ("tr", "function", 19, 19),
    ]
    assert [each.receiver for each in found.outline.functions if each.receiver] == ["a.b.C", "D", "C"]
    assert function(found, "a.b.C.t.<lambda>").bound_to == "l"


@shows("cpp", "functions")
def test_macros_do_not_hide_the_sound_parts() -> None:
    """Words in capitals that make an error are read past."""
    found = read("""
        NS_BEGIN
        class API_EXPORT A : public B {
          Q_OBJECT
          INLINE int f() NOTHROW { return 1; }
        };
        NS_END
    """)
    assert functions(found) == [("A.f", "method", 4, 4)]
    assert classes(found) == ["class A extends B"]
    assert found.errors == ()


@shows("cpp", "parameters", "types")
def test_parameters_have_types_and_defaults() -> None:
    """As written; a type that follows the parameters is the function's."""
    found = read("""
        std::vector<int> f(const std::string& s, T&& t, int n = 1, Args... rest) {}
        auto g(int* p) -> decltype(p) { auto l = [](int a, auto b) -> bool { return a; }; }
    """)
    assert signature(found, "f") == (
        "f(s: const std::string &, t: T &&, n: int = 1, *rest: Args ...) -> std::vector<int>"
    )
    assert signature(found, "g") == "g(p: int *) -> decltype(p)"
    assert signature(found, "g.<lambda>") == "<lambda>(a: int, b) -> bool"


@shows("cpp", "docs")
def test_qualifiers_are_those_behind_the_parameters() -> None:
    """`noexcept` and `override` tell no overloads apart; being a template does."""
    facts = read("""\
        struct Box {
            int a() const & noexcept { return 1; }
            template <class T> int b() && { return 1; }
            int c() override { return 1; }
        };
        """)
    found = [(f.name, f.qualifiers) for f in facts.outline.functions[1:]]
    assert found == [("a", "const &"), ("b", "template &&"), ("c", "")]


def test_docs_stand_before_templates() -> None:
    """And before members."""
    found = read("""
        /// C is.
        template <class T>
        class C {
          /** Does. */
          void f() {}
        };
    """)
    assert class_(found, "C").doc == "C is."
    assert function(found, "C.f").doc == "Does."


@shows("cpp", "visibility", "exported", "modifiers")
def test_visibility_is_what_access_specifiers_say() -> None:
    """Until the next one, also across `#if`; a class begins private, a struct public; file-local is private."""
    found = read("""
        class A {
          void a() {}
         public:
          void b() {}
        #if X
         protected:
          virtual void c() = 0;
        #endif
          template <class T> void d() {}
        };
        struct B { void e() {} private: void f() {} };
        static void g() {}
        namespace { void h() {} }
        void i() {}
    """)
    assert {each.name: words(each) for each in found.outline.functions[1:]} == {
        "a": "private",
        "b": "public exported",
        "c": "protected abstract",
        "d": "protected",
        "e": "public exported",
        "f": "private",
        "g": "private",
        "h": "private",
        "i": "public exported",
    }
    assert words(class_(found, "A")) == "public exported abstract"


@shows("cpp", "classes", "bases")
def test_classes_have_kinds_and_bases() -> None:
    """Template arguments are dropped; an alias extends its type."""
    found = read("""
        template <class T> class A : public B<T>, private virtual n::C { struct In {}; };
        enum class E : int { X };
        union U { int a; };
        using V = std::vector<int>;
        typedef struct { int a; } TD;
        class Declared;
        namespace n { inline namespace v1 { class D {}; } }
    """)
    assert classes(found) == [
        "class A extends B extends n.C",
        "struct A.In",
        "enum E",
        "union U",
        "type_alias V extends std.vector",
        "struct TD",
        "namespace n",
        "namespace n.v1",
        "class n.v1.D",
    ]


@shows("cpp", "members")
def test_members_have_access_types_and_values() -> None:
    """Methods are none."""
    found = read("""
        class A {
          static const int N = 3;
          int a = 1, *b;
         public:
          std::map<K, V> m{};
          int method(int x);
          std::function<void(int)> f;
        };
        enum class E { X, Y = 2 };
    """)
    assert members(found, "A") == [
        "private static readonly N: const int = 3",
        "private a: int = 1",
        "private b: int *",
        "public m: std::map<K, V>",
        "public f: std::function<void(int)>",
    ]
    assert members(found, "E") == ["public static readonly X", "public static readonly Y = 2"]


@shows("cpp", "imports")
def test_includes_and_usings_import() -> None:
    """A using declaration in a class takes over members, and imports nothing."""
    found = read("""
        #include <vector>
        #include "a/b.h"
        using namespace std;
        using a::b::C;
        namespace fs = std::filesystem;
        class D : E { using E::f; };
    """)
    assert imports(found) == [
        ("vector", "*", ""),
        ("./a/b.h", "*", ""),
        ("std", "*", ""),
        ("a.b", "C", "C"),
        ("std.filesystem", "", "fs"),
    ]


@shows("cpp", "calls")
def test_calls_have_receivers_and_arguments() -> None:
    """Template arguments are dropped; casts are no calls."""
    found = read("""
        void f() { s->repo.save(&ctx, 1, "a"); std::move<T>(x); ::glob(); g(h())->i<int>(); this->j(); [](int x) {}(2); k(static_cast<int>(y)); A::b(xs...); }
    """)
    assert calls(found) == [
        "s.repo.save(ctx, 1, 'a')",
        "std.move(x)",
        "glob()",
        "g(h()).i()",
        "g(h())",
        "h()",
        "this.j()",
        "<f.<lambda>>(2)",
        "k((cast int y))",
        "A.b(...xs)",
    ]


@shows("cpp", "constructions")
def test_objects_are_made_in_many_ways() -> None:
    """With `new`, with braces, by declaration, and by the initializer of a base."""
    found = read("""
        C::C(int a) : Base(a), n::Other<T>{1}, member_(a) { auto x = new a::D<int>(2); E y(3); F z{4}; return G{5}; int i(6); }
    """)
    assert calls(found) == [
        "new Base(a)",
        "new n.Other(1)",
        "new a.D(2)",
        "new E(3)",
        "new F(4)",
        "new G(5)",
    ]
    assert assigns(found) == [
        "assign this.member_ = a",
        "assign let x = new a.D(2)",
        "assign let y: E = new E(3)",
        "assign let z: F = new F(4)",
        "assign let i: int = 6",
    ]


@shows("cpp", "assignments")
def test_bindings_of_all_kinds() -> None:
    """`auto` is no type; a structured binding is a tuple."""
    found = read("""
        constexpr int N = 3;
        void f() {
          auto a = g();
          const auto& [k, v] = m;
          for (const auto& i : xs) {}
          try {} catch (const std::exception& e) {}
          if (auto it = m.find(1); it != m.end()) {}
          a->b = 1; c += 2;
        }
    """)
    assert assigns(found) == [
        "assign const N: int = 3",
        "assign let a = g()",
        "assign const (tuple k v) = m",
        "for const i = xs",
        "catch let e: const std::exception &",
        "assign let it = m.find(1)",
        "assign a.b = 1",
        "augmented c = 2",
    ]


@shows("cpp", "returns")
def test_returns_and_yields() -> None:
    """Coroutines have them, too."""
    found = read("G f() { co_yield 1; co_return g(); }\nint h() { return co_await i(); }\n")
    assert returns(found) == ["f yield 1", "f return g()", "h return (await i())"]
    assert [each.is_await for each in found.bodies.calls] == [False, True]


@shows("cpp", "raises", "handlers")
def test_exceptions_are_thrown_and_caught() -> None:
    """`...` catches everything, a bare throw throws the same again."""
    found = read("""
        void f() {
          try { g(); }
          catch (const std::exception& e) { log(e.what()); throw Error("x", e); }
          catch (Other*) { return; }
          catch (...) { throw; }
          try { h(); } catch (...) {}
        }
    """)
    assert raises(found) == ["Error('x', e) from e", "-"]
    assert handlers(found) == [
        ("try_catch", ("std.exception",), "e", ("log", "raise", "call", "uses_error")),
        ("try_catch", ("Other",), "", ("return",)),
        ("try_catch", (), "", ("raise",)),
        ("try_catch", (), "", ("empty",)),
    ]


@shows("cpp", "regions")
def test_regions_of_cpp() -> None:
    """What is ranged over is evaluated once."""
    found = read("""
        void f() {
          for (auto x : xs()) { a(); }
          try { b(); } catch (...) { c(); }
        }
    """)
    assert regions(found) == [
        ("loop", 2, 2, -1, "xs()"),
        ("try", 3, 3, -1, "-"),
        ("handler", 3, 3, -1, "-"),
    ]
    assert {each.callee.text: each.region for each in found.bodies.calls} == {"xs": -1, "a": 0, "b": 1, "c": 2}


@shows("cpp", "literals")
def test_literals_know_what_they_are_for() -> None:
    """Raw strings are taken as they are."""
    found = read(r"""
        void f() { g(u8"a\n", R"x(r\n)x", 'c', 1'000ull, 0b11); h(A{.y = "y"}); }
    """)
    assert literals(found) == [
        ("string", "a\n", "argument", ""),
        ("string", "r\\n", "argument", ""),
        ("string", "c", "argument", ""),
        ("number", "1000", "argument", ""),
        ("number", "3", "argument", ""),
        ("string", "y", "argument", "y"),
    ]


@shows("cpp", "comments")
def test_comments_lose_their_markers() -> None:
    """All styles of documentation are doc."""
    found = read("//! F does.\nvoid f() {\n  x(); // why\n}\nint y;  ///< y is\n")
    assert comments(found) == [(1, "F does.", "doc"), (3, "why", "trailing"), (5, "y is", "doc")]


@shows("cpp", "names")
def test_names_are_those_that_are_read() -> None:
    """Not what is only declared or imported, and nothing in strings and comments."""
    found = read('using unused::thing;\nvoid f(T p, T q) { auto v = p; s = "str"; /* com */ a->b(c); }\n')
    assert found.names == ("T", "a", "b", "c", "p", "s", "void")


@shows("cpp", "errors")
def test_a_broken_file_keeps_the_facts_of_its_sound_parts() -> None:
    """The stretch that could not be read is an error."""
    found = read("int f() { g(1); }\nint broken() { h(2)) ]; }\nint i() { j(3); }\n")
    assert found.errors
    assert {"f", "i"} <= {each.qualified_name for each in found.outline.functions}
    assert {"g(1)", "j(3)"} <= set(calls(found))


def test_a_function_with_macros_that_are_no_grammar_ends_with_its_brace() -> None:
    """What the grammar makes of a macro that is a statement does not move the last line."""
    found = read("""\
        void iterate(int iters) {
          for (int i = 0; i < iters; ++i) {
            SUSPEND {
              set = random<9>('}', 1'024);
            }

            int count = 0;
            while (count < 3) {
              ++count;  // }
            }
          }
        }

        int last() { return 1; }
    """)
    assert functions(found) == [("iterate", "function", 1, 12), ("last", "function", 14, 14)]
