"""What driftd reads in C#."""

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

read = reader("csharp")

ABSENT = {"exports": "what is visible is said by modifiers"}

SAMPLE = """\
using System;
using static System.Math;
using Json = Shop.Text.Json;

namespace Shop.Items;

/// <summary>Sells.</summary>
[Service("shop"), Obsolete]
public abstract partial class Store<T>(IRepo repo, int limit = 3) : Base<T>(repo), IDisposable where T : Item
{
    [Inject] private readonly Log _log = new Log("main", 0x10);
    public event EventHandler Changed;
    public string Name { get; private set; } = "größe";
    public int Total => Count() + 1;
    public int Size { get { return _size; } set => _size = value; }
    public T this[int i] => _items[i]!;
    public Store() : this(null) { }

    [HttpGet("items/{id}")]
    public async Task<T?> Find([FromRoute] int id, params string[] names)
    {
        await foreach (var item in repo.All()) { if (item.Id == id) return item; else _log.Warn($"no {item.Id:x}"); }
        try { using var file = Open("f"); file?.Read(); }
        catch (IOException e) when (e.Code == 3) { throw new ShopException("bad", e); }
        finally { Close(); }
        for (int i = 0; i < 10; i++) count += i;
        switch (o) { case 1: A(); break; case Item { Id: > 3 } it when it.Ok: break; default: B(out var c); break; }
        var kind = o switch { 1 => "one", Item x => x.Kind, _ => throw new Bad() };
        lock (this) { items ??= new List<T> { first, new() { Id = 2 } }; }
        var all = from i in items where i.Id > 3 select new { i.Id, Name = i.Get<string>() };
        Func<int, int> twice = x => x * 2;
        (int a, var b) = Pair(limit: 1);
        return all[^1] as T ?? await Load(id).ConfigureAwait(false);
        static int Local(int z) => z;
    }
    public static Store<T> operator +(Store<T> a, Store<T> b) => a;
    void IDisposable.Dispose() { }
    ~Store() { }
    enum Color : byte { Red = 1, Green }
}
public record Point(int X, [property: Key("y")] int Y);
interface IRepo { int Count { get; } void Go(); }
struct Pair { public IEnumerable<int> All() { yield return 1; yield break; } }
"""


@shows("csharp", "functions")
def test_functions_are_named_after_what_is_around_them() -> None:
    """Constructors, operators and local functions as well; the package is no part of the name."""
    found = read("""
        namespace N;
        class A {
            [Get]
            public string Name() {
                int Local() => 1;
                return Run(x => x);
            }
            static int One() => 1;
            A() { Act(delegate (int q) { }); }
            static A() { }
            ~A() { }
            public static A operator +(A a, A b) => a;
            public static implicit operator int(A a) => 1;
            class B { void @event() { } }
        }
    """)
    assert functions(found) == [
        ("A.Name", "method", 4, 7),
        ("A.Name.Local", "function", 5, 5),
        ("A.Name.<lambda>", "lambda", 6, 6),
        ("A.One", "static_method", 8, 8),
        ("A.A", "constructor", 9, 9),
        ("A.A.<lambda>", "lambda", 9, 9),
        ("A.A", "constructor", 10, 10),
        ("A.~A", "method", 11, 11),
        ("A.operator +", "static_method", 12, 12),
        ("A.operator int", "static_method", 13, 13),
        ("A.B.event", "method", 14, 14),
    ]
    assert function(found, "A.Name").column == 19


@shows("csharp", "functions")
def test_accessors_with_a_body_are_functions() -> None:
    """They are named after the property; what only says `get;` has no code to run."""
    found = read("""
        class A {
            int Auto { get; set; }
            int Arrow => x;
            int Full {
                get { return x; }
                set => x = value;
            }
            int this[string key] => y;
            event E Changed { add { f(); } remove => g(); }
        }
    """)
    assert functions(found) == [
        ("A.Arrow", "getter", 3, 3),
        ("A.Full", "getter", 5, 5),
        ("A.Full", "setter", 6, 6),
        ("A.this[]", "getter", 8, 8),
        ("A.add_Changed", "method", 9, 9),
        ("A.remove_Changed", "method", 9, 9),
    ]
    assert signature(found, "A.this[]") == "this[](key: string) -> int"
    assert signature(found, "A.add_Changed") == "add_Changed(value: E)"
    assert [each.bound_to for each in found.outline.functions] == [""] * 7


@shows("csharp", "functions")
def test_a_lambda_knows_what_it_is_bound_to() -> None:
    """That is the variable, field or property it is the value of."""
    found = read(
        "class A { F<int> f = () => 1; F P { get; } = x => 2; void g() { F h = delegate { }; e.K += () => { }; } }"
    )
    assert [(each.kind, each.bound_to) for each in found.outline.functions[1:]] == [
        ("lambda", "f"),
        ("lambda", "P"),
        ("method", ""),
        ("lambda", "h"),
        ("lambda", "e.K"),
    ]


@shows("csharp", "functions", "parameters", "members")
def test_a_primary_constructor_is_a_constructor_and_members() -> None:
    """A record's are public properties, which a record class cannot change; a class keeps its own to itself."""
    found = read("""
        class A(IRepo repo, int n = 3) : B(repo) { }
        record R(int X, [property: Key("y")] string Y);
        record struct S(int Z);
        class None() { }
    """)
    assert functions(found) == [
        ("A.A", "constructor", 1, 1),
        ("R.R", "constructor", 2, 2),
        ("S.S", "constructor", 3, 3),
    ]
    assert signature(found, "A.A") == "A(repo: IRepo, n: int = 3)"
    assert members(found, "A") == ["private repo: IRepo", "private n: int"]
    assert members(found, "R") == ["public readonly X: int", "public readonly @Key Y: string"]
    assert members(found, "S") == ["public Z: int"]
    assert calls(found) == ["new B(repo)", "Key('y')"]


@shows("csharp", "parameters", "types")
def test_parameters_keep_types_defaults_and_attributes() -> None:
    """`params` is a rest parameter, `ref` and `out` are no part of the type; `this` marks an extension method."""
    found = read("""
        static class A {
            static Task<List<T>> F<T>(this string s, ref int a, out int b, [From("q")] int? c = null, params int[] d) => null;
            static void G([Tag] params object[] @params) { }
            int H() { P(x => 1); Q((int a, b) => 2); }
        }
    """)
    assert signature(found, "A.F") == (
        "F(s: this string, a: int, b: int, @From c: int? = null, *d: int[]) -> Task<List<T>>"
    )
    assert signature(found, "A.G") == "G(@Tag *params: object[]) -> void"
    lambdas = [each for each in found.outline.functions if each.kind == "lambda"]
    assert [[(param.name, param.annotation) for param in each.params] for each in lambdas] == [
        [("x", None)],
        [("a", "int"), ("b", None)],
    ]


@shows("csharp", "decorators")
def test_attributes_are_decorators() -> None:
    """With arguments they are calls as well, on the assembly too; a target such as `property:` is dropped."""
    found = read("""
        [assembly: Title("t")]
        [Serializable, Route("api", Name = "n")]
        class A {
            [field: Key] int x;
            [HttpGet, Auth(Roles = Admin)] void f() { }
        }
    """)
    assert decorators(found, class_(found, "A")) == ["2 Serializable", "2 Route('api', Name='n')"]
    assert decorators(found, class_(found, "A").members[0]) == ["4 Key"]
    assert decorators(found, function(found, "A.f")) == ["5 HttpGet", "5 Auth(Roles=Admin)"]
    assert [(each.callee.text, each.scope) for each in found.bodies.calls] == [("Title", 0), ("Route", 0), ("Auth", -1)]


@shows("csharp", "docs")
def test_a_doc_comment_stands_before_what_it_documents() -> None:
    """Before its attributes; the lines of `///` are one text."""
    found = read("""
        /// <summary>A class.</summary>
        /// <remarks>It does.</remarks>
        [B] class A {
            /** Does it. */
            void f() { }
            // no
            void g() { }
            /// The size.
            int Size { get { return 1; } }
        }
    """)
    assert class_(found, "A").doc == "<summary>A class.</summary>\n<remarks>It does.</remarks>"
    assert [each.doc for each in found.outline.functions[1:]] == ["Does it.", None, "The size."]


@shows("csharp", "visibility", "exported")
def test_visibility_is_what_modifiers_and_places_say() -> None:
    """Without a modifier members are private, in an interface public; types are internal, nested ones private."""
    found = read("""
        public class A {
            void a() { void local() { } }
            private protected void b() { }
            protected internal void c() { }
            internal void d() { }
            public void e() { }
            void I.f() { }
            class Inner { }
            public int G { private get { return 1; } set { } }
        }
        interface I { void h(); class Nested { } }
        file class F { }
    """)
    assert {each.name: words(each) for each in found.outline.functions[1:-3]} == {
        "a": "private",
        "local": "private",
        "b": "protected",
        "c": "protected",
        "d": "internal",
        "e": "public exported",
        "f": "public exported",
    }
    assert [words(each) for each in found.outline.functions[-3:]] == [
        "private",
        "public exported",
        "public exported abstract",
    ]
    assert {each.name: words(each) for each in found.outline.classes} == {
        "A": "public exported",
        "Inner": "private",
        "I": "internal",
        "Nested": "public exported",
        "F": "private",
    }


@shows("csharp", "modifiers")
def test_modifiers_tell_async_generator_and_abstract() -> None:
    """A generator yields itself, not in a function within it."""
    found = read("""
        abstract class A {
            async Task a() { }
            IEnumerable<int> b() { yield return 1; }
            IEnumerable<int> c() { IEnumerable<int> d() { yield break; yield return 2; } return d(); }
            protected abstract void e();
            int f() { Run(async () => await x); }
        }
    """)
    assert words(class_(found, "A")) == "internal abstract"
    assert [(each.name, words(each)) for each in found.outline.functions[1:]] == [
        ("a", "private async"),
        ("b", "private generator"),
        ("c", "private"),
        ("d", "private generator"),
        ("e", "protected abstract"),
        ("f", "private"),
        ("<lambda>", "public async"),
    ]


@shows("csharp", "classes", "bases")
def test_classes_have_kinds_and_bases() -> None:
    """A name tells interfaces from classes; what an enum is made of is no base."""
    found = read("""
        class A : B<C>, ID, e.F { }
        class G : IDisposable { }
        interface I : J { }
        struct S : K { }
        record R(int X) : A(X), L;
        record struct T : M;
        enum E : byte { X }
        delegate int D(int x);
    """)
    assert classes(found) == [
        "class A extends B implements ID implements e.F",
        "class G implements IDisposable",
        "interface I extends J",
        "struct S implements K",
        "record R extends A implements L",
        "record T implements M",
        "enum E",
        "type_alias D",
    ]


@shows("csharp", "members")
def test_members_are_fields_properties_events_and_constants() -> None:
    """Several may share a type; what has no `set` is readonly."""
    found = read("""
        class A {
            [Key] private static readonly int X = 1, Y = 2;
            public const string K = "k";
            event E Changed;
            public string Name { get; private set; } = "n";
            required protected int Id { get; init; }
            int Total => 1;
        }
        enum E { [Old] Red = 1, Green }
    """)
    assert members(found, "A") == [
        "private static readonly @Key X: int = 1",
        "private static readonly @Key Y: int = 2",
        "public static readonly K: string = 'k'",
        "private Changed: E",
        "public Name: string = 'n'",
        "protected readonly Id: int",
        "private readonly Total: int",
    ]
    assert members(found, "E") == ["public static readonly @Old Red = 1", "public static readonly Green"]


@shows("csharp", "package")
@pytest.mark.parametrize(
    ("code", "package", "names"),
    [
        ("namespace A.B;\nclass C { }", "A.B", ["C"]),
        ("using X;\nnamespace A.B { class C { } }", "A.B", ["C"]),
        ("namespace A { namespace B { class C { } } }", "A", ["B", "B.C"]),
        ("namespace A { class C { } }\nnamespace B { class D { } }", "", ["A", "A.C", "B", "B.D"]),
        ("class C { }", "", ["C"]),
    ],
)
def test_the_package_is_the_namespace_around_everything(code: str, package: str, names: list[str]) -> None:
    """Any other namespace is like a class, to whose name it belongs."""
    found = read(code)
    assert found.outline.package == package
    assert [each.qualified_name for each in found.outline.classes] == names
    assert all(each.kind in {"class", "namespace"} for each in found.outline.classes)


@shows("csharp", "imports")
def test_usings_take_everything_or_give_a_name() -> None:
    """An alias may be a type or a namespace: it is what its last name says."""
    found = read("""
        extern alias Old;
        global using System;
        using static System.Math;
        using J = Newtonsoft.Json;
        using P = global::Point;
        namespace N { using Inner; }
    """)
    assert imports(found) == [
        ("Old", "", "Old"),
        ("System", "*", ""),
        ("System.Math", "*", ""),
        ("Newtonsoft", "Json", "J"),
        ("global", "Point", "P"),
        ("Inner", "*", ""),
    ]


@shows("csharp", "calls")
def test_calls_have_receivers_and_arguments() -> None:
    """Type arguments, `?.` and `!` are no part of an access path; `nameof` is no call."""
    found = read("""
        class A { void f() {
            this._repo.Save(x, 1, "a", key: y, ref z, out var w);
            g(h()).I<int>().J(this);
            base.F(); a?.B?.C(); d!.E(); List<int>.Make(nameof(x)); int.Parse(s); k[0].L();
            global::System.M();
        } }
    """)
    assert calls(found) == [
        "this._repo.Save(x, 1, 'a', key=y, z, w)",
        "g(h()).I().J(this)",
        "g(h()).I()",
        "g(h())",
        "h()",
        "base.F()",
        "a.B.C()",
        "d.E()",
        "List.Make(?)",
        "int.Parse(s)",
        "k[0].L()",
        "global.System.M()",
    ]
    assert [each.callee.text for each in found.bodies.calls if each.is_optional] == ["a.B.C"]
    assert {each.scope for each in found.bodies.calls} == {1}


@shows("csharp", "calls")
def test_a_task_is_awaited_through_its_configuration() -> None:
    """`ConfigureAwait` says how, not what, is awaited."""
    found = read("class A { async Task f() { await g(); await h().ConfigureAwait(false); i(); } }")
    awaited = [each.is_await for each in found.bodies.calls]
    assert [*zip(calls(found), awaited, strict=True)] == [
        ("g()", True),
        ("h().ConfigureAwait(false)", True),
        ("h()", True),
        ("i()", False),
    ]


@shows("csharp", "constructions")
def test_constructions_are_new() -> None:
    """What braces assign are named arguments; `new()` makes what is declared; `this(…)` and `base(…)` are constructions."""
    found = read("""
        class A : B {
            C c = new(1);
            A() : base(2) { }
            A(int x) : this() {
                D d = new() { E = 3, F = { 4 } };
                var l = new List<G> { new H.I<int>(5), g };
                J(new());
            }
        }
    """)
    assert calls(found) == [
        "new C(1)",
        "new base(2)",
        "new this()",
        "new D(E=3, F=[4])",
        "new List()",
        "new H.I(5)",
        "J(new ?())",
        "new ?()",
    ]


@shows("csharp", "assignments", "types")
def test_assignments_declare_change_and_bind() -> None:
    """`const` cannot be bound again; loops, resources, handlers, patterns, `out` and queries bind names as well."""
    found = read("""
        class A { void f(object o) {
            int a = 1, b; const int K = 2; var c = g();
            a += 2; this.x = y = 3; z[0] = 4; a++; x ??= 5;
            foreach (string s in names) { }
            foreach (var (k, v) in pairs) { }
            using (var r = open()) { } using var q = open();
            try { } catch (B e) { } catch (C) { }
            if (o is D d && o is not E { N: 1 } ee) { }
            h(out var i, out int j);
            var (l, m) = pair; (int n, p) = pair;
            w = from t in ts join u in us on t.x equals u.x let vv = t.y select vv;
        } }
    """)
    assert assigns(found) == [
        "assign let a: int = 1",
        "declare let b: int",
        "assign const K: int = 2",
        "assign let c = g()",
        "augmented a = 2",
        "assign this.x = (named y 3)",
        "assign y = 3",
        "assign z[0] = 4",
        "augmented a",
        "augmented x = 5",
        "for const s: string = names",
        "for const (tuple k v) = pairs",
        "with const r = open()",
        "with const q = open()",
        "catch let e: B",
        "assign let d: D = o",
        "assign let ee: E = o",
        "declare let i",
        "declare let j: int",
        "assign let (tuple l m) = pair",
        "assign (tuple n p) = pair",
        "declare let n: int",
        "assign w = (unknown ? ? ? ?)",
        "for const t = ts",
        "for const u = us",
        "assign const vv = t.y",
    ]


@shows("csharp", "returns")
def test_returns_and_yields_have_their_values() -> None:
    """An expression body is returned unless there is nothing to return; `yield break` is a return."""
    found = read("""
        class A {
            int f() { if (x) return 1; return c ? (d) : (T) e; }
            int g() => a.b;
            void h() => i();
            int P => 2;
            IEnumerable<int> j() { yield return 3; yield break; }
            void k() { l(m => m.n); return; }
            object o() => new { A = 1, b.C };
            int[] q() => [1, ..r];
        }
    """)
    assert returns(found) == [
        "A.f return 1",
        "A.f return (conditional c d (cast T e))",
        "A.g return a.b",
        "A.P return 2",
        "A.j yield 3",
        "A.j return -",
        "A.k.<lambda> return m.n",
        "A.k return -",
        "A.o return {A: 1, C: b.C}",
        "A.q return [1, ...r]",
    ]


@shows("csharp", "raises")
def test_raises_name_their_cause() -> None:
    """That is the caught error among the arguments; a throw may be an expression or have no value."""
    found = read("""
        class A { void f() {
            try { g(); } catch (B e) { throw new C("x", e); } catch { throw; }
            h = i ?? throw new D();
        } }
    """)
    assert raises(found) == ["new C('x', e) from e", "-", "new D()"]


@shows("csharp", "handlers")
@pytest.mark.parametrize(
    ("body", "does"),
    [
        ("", ("empty",)),
        ("// nothing", ("empty",)),
        ('_logger.LogError(e, "x");', ("log", "call", "uses_error")),
        ("throw;", ("raise",)),
        ("return null;", ("return",)),
        ("continue;", ("continue",)),
        ("for (;;) { break; }", ()),
        ("failed = true;", ("assign",)),
    ],
)
def test_handlers_say_what_they_catch_and_do(body: str, does: tuple[str, ...]) -> None:
    """A jump counts if it leaves the handler; a filter is no part of the body."""
    found = read(
        f"class A {{ void f() {{ for (;;) {{ try {{ g(); }} catch (B.C e) when (e.x == 1) {{ {body}\n }} catch {{ }} }} }} }}"
    )
    assert handlers(found) == [("try_catch", ("B.C",), "e", does), ("try_catch", (), "", ("empty",))]
    assert [found.bodies.regions[each.region].kind for each in found.bodies.handlers] == ["handler", "handler"]


@shows("csharp", "regions")
def test_regions_nest() -> None:
    """Every statement that decides about code opens one; a `using` declaration lasts until the end of its block."""
    found = read("""
        class A { async Task f() {
          await foreach (var b in bs) {
            if (b.Ok()) c(); else if (d) { e(); } else g();
          }
          while (h) i();
          do j(); while (k());
          for (int i = once(); i < 3; i++) l();
          switch (m) { case 1: n(); break; default: o(); break; }
          var x = y switch { "a" => p(), _ => q() };
          try { r(); } catch (E e) { s(); } finally { t(); }
          using (var u = open1()) v();
          lock (w) aa();
          var z = from bb in first() where cc(bb) select bb;
          { using var dd = open2(); ee(); }
        } }
    """)
    assert regions(found) == [
        ("loop", 2, 4, -1, "bs"),
        ("branch", 3, 3, 0, "b.Ok()"),
        ("else", 3, 3, 0, "-"),
        ("branch", 3, 3, 2, "d"),
        ("else", 3, 3, 2, "-"),
        ("loop", 5, 5, -1, "h"),
        ("loop", 6, 6, -1, "k()"),
        ("loop", 7, 7, -1, "(operation < i 3)"),
        ("case", 8, 8, -1, "1"),
        ("case", 8, 8, -1, "-"),
        ("case", 9, 9, -1, "'a'"),
        ("case", 9, 9, -1, "-"),
        ("try", 10, 10, -1, "-"),
        ("handler", 10, 10, -1, "-"),
        ("finally", 10, 10, -1, "-"),
        ("with", 11, 11, -1, "open1()"),
        ("with", 12, 12, -1, "w"),
        ("comprehension", 13, 13, -1, "first()"),
        ("with", 14, 14, -1, "open2()"),
    ]
    assert [each.is_async for each in found.bodies.regions[:2]] == [True, False]
    where = {each.callee.text: each.region for each in found.bodies.calls}
    assert where == {
        "b.Ok": 0, "c": 1, "e": 3, "g": 4, "i": 5, "j": 6, "k": 6, "once": -1, "l": 7, "n": 8, "o": 9, "p": 10, "q": 11,
        "r": 12, "s": 13, "t": 14, "open1": 15, "v": 15, "aa": 16, "first": -1, "cc": 17, "open2": 18, "ee": 18,
    }  # fmt: skip


@shows("csharp", "literals")
def test_literals_know_what_they_are_for() -> None:
    """A substitution is `{}`; a verbatim string keeps its backslashes, a raw one loses its margin."""
    found = read('''
        [B("d")]
        class A {
            const int Max = 1_000;
            string v = @"c:\\x ""y""", r = """
                one
                  "two"
                """;
            int f() {
                g("a\\n", 'c', 0xFFL, key: 1.5m);
                s = $"{a} is {{b:{c:x}}}";
                t = $$"""{"k": {{v}}}""";
                if (y == 3) { }
                new P { Q = "q" };
                return z["k"];
            }
        }
    ''')
    assert literals(found) == [
        ("string", "d", "decorator", ""),
        ("number", "1000", "assignment", "Max"),
        ("string", 'c:\\x "y"', "assignment", "v"),
        ("string", 'one\n  "two"', "assignment", "r"),
        ("string", "a\n", "argument", ""),
        ("string", "c", "argument", ""),
        ("number", "255", "argument", ""),
        ("number", "1.5", "argument", "key"),
        ("template", "{} is {b:{}}", "assignment", "s"),
        ("template", '{"k": {}}', "assignment", "t"),
        ("number", "3", "comparison", ""),
        ("string", "q", "argument", "Q"),
        ("string", "k", "index", ""),
    ]


@shows("csharp", "comments")
def test_comments_lose_their_markers() -> None:
    """A trailing one has code before it; `///` is doc."""
    found = read("/// D.\nclass A {\n  int x; // why\n  /* how */\n  //\n}\n")
    assert comments(found) == [(1, "D.", "doc"), (3, "why", "trailing"), (4, "how", ""), (5, "", "")]


@shows("csharp", "names")
def test_names_are_those_that_are_read() -> None:
    """Not what is only declared or imported, and nothing in strings and comments."""
    found = read("""
        using Unused;
        class A { int unread; int f(int p, int q) { var v = p; string s = "str"; /* com */ return this.g(B.@class); } }
    """)
    assert found.names == ("B", "class", "g", "p")


@shows("csharp", "errors")
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


@shows("csharp", "errors")
def test_conditional_compilation_tears_nothing_apart() -> None:
    """Whole declarations of all branches are read; of branches that are parts of a statement, the first of each."""
    whole = read("""
        class A {
        #if X
            void f() { }
        #else
            void g() { }
        #endif
        }
    """)
    torn = read("""
        class A
        #if X
            : B
        #else
            : C
        #endif
        {
            void f() {
                if (x) { a(); }
        #if Y
                else if (y) { b(); }
        #endif
                else { c(); }
            }
        }
    """)
    assert [each.name for each in whole.outline.functions[1:]] == ["f", "g"]
    assert torn.errors == ()
    assert classes(torn) == ["class A extends B"]
    assert functions(torn) == [("A.f", "method", 8, 14)]
    assert calls(torn) == ["a()", "b()", "c()"]
