"""What driftd reads in Rust."""

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

read = reader("rust")

ABSENT = {"package": "a file does not say which crate it is of"}

SAMPLE = """\
//! Sells.
use std::{fmt, io::{self, Read as R}};
pub use crate::model::*;
mod store;

/// A shop.
#[derive(Debug, Clone)]
#[serde(rename_all = "camelCase")]
pub struct Shop<T: Item> {
    pub name: String,
    items: Vec<T>,
}

pub trait Store: Send + 'static {
    type Key;
    const MAX: usize = 0x10;
    fn find(&self, id: u64) -> Option<Self::Key>;
}

pub enum Kind { Plain, Sized(u8), Named { x: i32 }, Last = 4 }

impl<T: Item> Store for Shop<T> {
    type Key = u64;
    fn find(&self, id: u64) -> Option<u64> {
        let mut found = self.items.iter().filter(|i| i.id() == id).count();
        match self.load(id) {
            Ok(item) if item.ok() => found += 1,
            Err(Error::Gone | Error::Io(_)) => return None,
            Err(e) => { log::error!("größe {}: {}", id, e.kind()); }
            _ => {}
        }
        if let Some(x) = self.next() { go(x); } else { stop(&mut found)?; }
        while found > 0 { found -= 1; }
        for (i, item) in self.items.iter().enumerate() { if i > 3 { continue; } item.sell(); }
        let Ok(y) = parse("x\\n", r#"raw"#, b"by", 'c', 1_000u64) else { panic!("no") };
        let shop = Shop { name: y, ..Default::default() };
        loop { break; }
        if found > 1 { Some(found as u64) } else { shop.get::<u64>(1).await.unwrap() }
    }
}

cfg_unix! {
    pub async fn run(args: &[&str]) -> io::Result<()> {
        assert_eq!(load(args[0])?.len(), vec![1, 2].len());
        Ok(())
    }
}

mod tests {
    use super::*;
    #[test]
    fn works() { static N: u8 = 1; assert!(run(&["a"]).is_ok(), "no {N}"); }
}
"""


@shows("rust", "functions")
def test_methods_are_named_after_the_type_of_their_impl() -> None:
    """What takes `self` is a method; a module within the file is part of the name; an outer function as well."""
    found = read("""
        fn main() { fn inner() {} let f = |x| move || x; }
        impl<T> Foo<T> {
            #[inline]
            pub fn new() -> Self {
                Self {}
            }
            fn go(self: Box<Self>) {}
        }
        impl fmt::Display for a::Bar<'_> { fn fmt(&self) {} }
        impl Run for &mut Foo<u8> { fn run(&self) {} }
        trait T { fn a(&self); fn b() {} }
        mod m { fn in_module() {} mod n { impl Foo { fn deep(&self) {} } } }
        extern "C" { fn external(x: c_int, ...) -> c_int; }
    """)
    assert functions(found) == [
        ("main", "function", 1, 1),
        ("main.inner", "function", 1, 1),
        ("main.<lambda>", "lambda", 1, 1),
        ("main.<lambda>.<lambda>", "lambda", 1, 1),
        ("Foo.new", "static_method", 4, 6),
        ("Foo.go", "method", 7, 7),
        ("a.Bar.fmt", "method", 9, 9),
        ("Foo.run", "method", 10, 10),
        ("T.a", "method", 11, 11),
        ("T.b", "static_method", 11, 11),
        ("m.in_module", "function", 12, 12),
        ("m.n.Foo.deep", "method", 12, 12),
        ("external", "function", 13, 13),
    ]
    assert [each.bound_to for each in found.outline.functions if each.kind == "lambda"] == ["f", ""]


@shows("rust", "functions", "imports")
def test_macros_that_only_wrap_items_are_read_through() -> None:
    """As if the items stood there, in modules and impls too; a macro with another content stays a call."""
    found = read("""
        cfg_unix! {
            /// Does.
            pub fn one() {}
            cfg_rt! { mod m { feature! { #![x] fn deep() {} } } }
        }
        impl A { cfg_rt! { fn two(&self) {} } }
        cfg_rt! { use a::b; }
        lazy_static! { static ref X: T = f(); }
        html! { fn of <x> }
    """)
    assert functions(found) == [
        ("one", "function", 3, 3),
        ("m.deep", "function", 4, 4),
        ("A.two", "method", 6, 6),
    ]
    assert function(found, "one").doc == "Does."
    assert imports(found) == [("a", "b", "b")]
    assert found.errors == ()
    assert calls(found)[0].startswith("lazy_static(")
    assert "f()" in calls(found)


@shows("rust", "parameters", "types")
def test_parameters_have_patterns_and_types() -> None:
    """`self` is one; a pattern is kept as written; closures may leave types out."""
    found = read("""
        impl A { async fn f<'a, T>(&mut self, mut x: &'a str, (b, c): (u8, T), _: u8) -> Result<T, E> where T: X { g(|a, _, d: u8| -> u8 { a }) } }
        unsafe extern "C" fn v(n: c_int, args: ...) {}
    """)
    assert signature(found, "A.f") == "f(self: &mut self, x: &'a str, (b, c): (u8, T), _: u8) -> Result<T, E>"
    assert signature(found, "A.f.<lambda>") == "<lambda>(a, _, d: u8) -> u8"
    assert signature(found, "v") == "v(n: c_int, *args)"


@shows("rust", "decorators")
def test_attributes_are_decorators_and_calls_if_they_have_arguments() -> None:
    """Of functions, types, fields and variants; docs may stand between them."""
    found = read("""
        #[derive(Debug, Clone)]
        /// An A.
        #[serde(rename = "b")]
        struct A { #[serde(skip)] x: u8, #[id] y: u8 }
        #[tokio::main(flavor = "multi")]
        // why
        #[test]
        async fn main() {}
        enum E { #[default] X }
    """)
    assert decorators(found, class_(found, "A")) == ["1 derive(Debug, Clone)", "3 serde(rename='b')"]
    assert class_(found, "A").doc == "An A."
    assert class_(found, "A").line == 4
    assert members(found, "A") == ["private @serde x: u8", "private @id y: u8"]
    assert decorators(found, function(found, "main")) == ["5 tokio.main(flavor='multi')", "7 test"]
    assert decorators(found, class_(found, "E").members[0]) == ["9 default"]


@shows("rust", "docs")
def test_doc_comments_document_what_follows_them() -> None:
    """`//!` at the top is the file's; a plain comment is none."""
    found = read("""
        // Copyright.

        //! Does.
        //! More.

        use a;

        /// F does.
        ///
        /// More.
        fn f() {}

        // no
        fn g() {}

        /** T is. */
        pub struct T;
        //////////
        fn h() {}
    """)
    assert [(each.name, each.doc) for each in found.outline.functions] == [
        ("<module>", "Does.\nMore."),
        ("f", "F does.\n\nMore."),
        ("g", None),
        ("h", None),
    ]
    assert class_(found, "T").doc == "T is."


@shows("rust", "visibility", "exported", "modifiers")
def test_visibility_is_what_pub_says() -> None:
    """Without it a thing is private to its module; a trait's items are as visible as it, those of its impl public."""
    found = read("""
        pub async fn a() {}
        pub(crate) fn b() {}
        fn c() {}
        pub trait T { fn d(&self); fn e(&self) {} }
        trait U { fn f(&self) {} }
        impl T for X { fn g(&self) {} }
        impl X { pub const unsafe fn h(&self) {} fn i(&self) {} pub(self) fn j() {} }
    """)
    assert {each.name: words(each) for each in found.outline.functions[1:]} == {
        "a": "public exported async",
        "b": "internal",
        "c": "private",
        "d": "public exported abstract",
        "e": "public exported",
        "f": "private",
        "g": "public exported",
        "h": "public exported",
        "i": "private",
        "j": "private",
    }
    assert words(class_(found, "T")) == "public exported abstract"


@shows("rust", "classes", "bases")
def test_types_have_kinds_and_bases() -> None:
    """An impl is an extension whose base is its trait; a trait extends its bounds, an alias its type."""
    found = read("""
        struct S<T>(T);
        enum E { A }
        union U { a: u8 }
        trait T: A + b::C<u8> + 'static + ?Sized { type Item: X; }
        type F = std::collections::HashMap<K, V>;
        impl<K> Iterator for S<K> { type Item = K; }
        impl S<u8> {}
        impl !Send for S<u8> {}
        mod m { struct Inner; }
    """)
    assert classes(found) == [
        "struct S",
        "enum E",
        "union U",
        "trait T extends A extends b.C",
        "type_alias T.Item",
        "type_alias F extends std.collections.HashMap",
        "extension S implements Iterator",
        "type_alias S.Item extends K",
        "extension S",
        "extension S",
        "namespace m",
        "struct m.Inner",
    ]


@shows("rust", "members")
def test_members_are_fields_variants_and_constants() -> None:
    """Fields of a tuple are numbered; a variant's fields are its type, its number its value."""
    found = read("""
        struct S { pub a: Vec<T>, pub(crate) b: u8 }
        struct P(pub u8, #[x] T);
        enum E { A, B(u8), C { x: i32 }, D = 4 }
        union U { i: u8 }
        trait T { const N: usize; }
        impl S { pub const M: &str = "m"; fn f() { const LOCAL: u8 = 1; } }
    """)
    assert members(found, "P") == ["public 0: u8", "private @x 1: T"]
    assert members(found, "E") == [
        "public static readonly A",
        "public static readonly B: (u8)",
        "public static readonly C: { x: i32 }",
        "public static readonly D = 4",
    ]
    assert members(found, "U") == ["private i: u8"]
    assert members(found, "T") == ["private static readonly N: usize"]
    structs = [each for each in found.outline.classes if each.name == "S"]
    assert [[(m.name, m.visibility, m.annotation) for m in each.members] for each in structs] == [
        [("a", "public", "Vec<T>"), ("b", "internal", "u8")],
        [("M", "public", "&str")],
    ]


@shows("rust", "imports", "exports")
def test_a_use_tree_is_one_import_for_each_binding() -> None:
    """A module of another file is an import, too; what `pub use` binds is exported as well."""
    found = read("""
        use a::b::{c, d as e, self, f::*, g::{h, i as _}};
        use ::std::io;
        use serde;
        use {x, y::z as w};
        pub use crate::q::R;
        pub(crate) use super::s::*;
        extern crate libc as l;
        mod one;
        #[path = "other/two.rs"]
        mod two;
        fn f() { use t::u; }
    """)
    assert imports(found) == [
        ("a.b", "c", "c"),
        ("a.b", "d", "e"),
        ("a.b", "", "b"),
        ("a.b.f", "*", ""),
        ("a.b.g", "h", "h"),
        ("a.b.g", "i", ""),
        ("std", "io", "io"),
        ("serde", "", "serde"),
        ("x", "", "x"),
        ("y", "z", "w"),
        ("crate.q", "R", "R"),
        ("super.s", "*", ""),
        ("libc", "", "l"),
        ("self.one", "", "one"),
        ("./other/two.rs", "", "two"),
        ("t", "u", "u"),
    ]
    assert [each.scope for each in found.outline.imports][-2:] == [0, 1]
    assert [(each.name, each.local, each.source) for each in found.outline.exports] == [
        ("R", "R", "crate.q"),
        ("*", "", "super.s"),
    ]


@shows("rust", "calls")
def test_calls_have_receivers_and_arguments() -> None:
    """Type arguments are no part of a callee; references are looked through."""
    found = read("""
        fn f() { s.repo.save(&mut ctx, 1, "a"); g(h()).i(); Vec::<u8>::new(); x.collect::<Vec<_>>(); <T as Tr>::m(*p); Self::n(); crate::q::r(); a.0.b(); y.await; z().await; v[0].w()?; (|x| x)(2) }
    """)
    assert calls(found) == [
        "s.repo.save(ctx, 1, 'a')",
        "g(h()).i()",
        "g(h())",
        "h()",
        "Vec.new()",
        "x.collect()",
        "T.m(p)",
        "Self.n()",
        "crate.q.r()",
        "a.0.b()",
        "z()",
        "v[0].w()",
        "<f.<lambda>>(2)",
    ]
    assert [each.callee.text for each in found.bodies.calls if each.is_await] == ["z"]


@shows("rust", "calls")
def test_macros_are_calls_and_so_are_calls_in_their_arguments() -> None:
    """As far as tokens tell: what is no plain expression is unknown, with what is named in it."""
    found = read("""
        fn f() {
            println!("a {}", b.c, d(1));
            assert_eq!(self.a().b()?.c, load::<T>(x)?.len(), "m");
            std::vec![A::new(1), h.await.i()];
            x!(a + b, k = 3, [1, g()], |y| y.z(), &mut q, true, fn p(r) {}, s.t::<Vec<u8>>());
            format!("{}", format!("in {}", n));
        }
    """)
    assert calls(found) == [
        "println('a {}', b.c, d(1))",
        "d(1)",
        "assert_eq(self.a().b().c, load(x).len(), 'm')",
        "self.a()",
        "self.a().b()",
        "load(x)",
        "load(x).len()",
        "std.vec(A.new(1), (await h).i())",
        "A.new(1)",
        "(await h).i()",
        "x((unknown a b), k=3, [1, g()], (unknown y y.z()), q, true, (unknown p r ?), s.t())",
        "g()",
        "y.z()",
        "s.t()",
        "format('{}', format('in {}', n))",
        "format('in {}', n)",
    ]
    assert [each.line for each in found.bodies.calls] == [2, 2, 3, 3, 3, 3, 3, 4, 4, 4, 5, 5, 5, 5, 6, 6]


@shows("rust", "constructions")
def test_struct_expressions_are_constructions() -> None:
    """Their fields are named arguments; a call of a tuple struct looks like any other."""
    found = read("fn f() -> A { let a = b::A::<T> { x: 1, y, ..Default::default() }; Some(A { x: 2 }) }\n")
    assert calls(found) == [
        "new b.A(x=1, y=y, ...Default.default())",
        "Default.default()",
        "Some(new A(x=2))",
        "new A(x=2)",
    ]


@shows("rust", "assignments", "types")
def test_patterns_bind_names() -> None:
    """To what is matched, whatever constructor is around them; an error that is matched is caught."""
    found = read("""
        const A: &str = "a";
        static mut B: u8 = 1;
        fn f() {
            let x = 1;
            let mut y: Vec<u8> = g();
            let z;
            let (a, _, Some(b)) = h();
            let P { c, d: e, .. } = p;
            let Some(v) = o else { return };
            y.n = 2; y[0] += 3;
            for (i, w) in ws {}
            if let Some(q) = r.s() {}
            match t { Ok(u) => {}, Err(err) => {}, K::Pair(k, l) => {}, None | MAX => {}, n @ 1..=2 => {} }
        }
    """)
    assert assigns(found) == [
        "assign const A: &str = 'a'",
        "assign let B: u8 = 1",
        "assign const x = 1",
        "assign let y: Vec<u8> = g()",
        "declare let z",
        "assign const (tuple a _ b) = h()",
        "assign const {c: c, d: e} = p",
        "assign const v = o",
        "assign y.n = 2",
        "augmented y[0] = 3",
        "for const (tuple i w) = ws",
        "assign const q = r.s()",
        "assign const u = t",
        "catch const err = t",
        "assign const (tuple k l) = t",
        "assign const n = t",
    ]


@shows("rust", "returns")
def test_the_last_expression_of_a_function_is_returned() -> None:
    """Through `if`, `match` and blocks; not if a semicolon follows it or the function returns nothing."""
    found = read("""
        fn a() -> u8 { if x { return 1; } b() }
        fn c() -> u8 { if x { 2 } else { let y = 3; d } }
        fn e() -> R { match m { A => f(), B => unsafe { g() } } }
        fn h() { i() }
        fn j() -> ! { loop {} }
        fn k() -> F { l(|x| x.y()); |z| { z } }
    """)
    assert returns(found) == [
        "a return 1",
        "a return b()",
        "c return (conditional x 2 d)",
        "e return (conditional m f() g())",
        "k.<lambda> return x.y()",
        "k return <k.<lambda>>",
        "k.<lambda> return z",
    ]


@shows("rust", "raises")
def test_a_panic_is_a_raise() -> None:
    """Its first argument is the value."""
    found = read('fn f() { panic!("no {}", x); std::unreachable!(); todo!("later"); not_a_panic!() }\n')
    assert raises(found) == ["'no {}'", "-", "'later'"]


@shows("rust", "handlers")
@pytest.mark.parametrize(
    ("code", "caught", "name", "body"),
    [
        ("if let Err(e) = g() { return Err(e.into()); }", (), "e", ("raise", "return", "call", "uses_error")),
        ("if let Err(E::A | E::B(_)) = g() { continue; }", ("E.A", "E.B"), "", ("continue",)),
        ("if let Ok(x) = g() { h(x) } else { break }", (), "", ("break",)),
        ('if g().is_err() { tracing::warn!("no"); }', (), "", ("log", "call")),
        ("if a.is_ok() && b { c() } else { }", (), "", ()),
        ("match g() { Ok(x) => x, Err(_) => () }", (), "", ("empty",)),
        ('match g() { Ok(x) => x, Err(e) => { error!("{}", e); } }', (), "e", ("log", "call", "uses_error")),
        ("match g() { Err(io::Error { .. }) => y = 1, _ => z }", ("io.Error",), "", ("assign",)),
        ("match g() { Err(e) if e.bad() => Err(W(e)), _ => z }", (), "e", ("raise", "call", "uses_error")),
        ("match g() { Err(e) => { h(); Err(e) } _ => z }", (), "e", ("raise", "call", "uses_error")),
        ("let Ok(x) = g() else { return 1 };", (), "", ("return",)),
        ("x.unwrap();", (), "", ("raise",)),
        ('x.y().expect("no");', (), "", ("raise",)),
    ],
)  # fmt: skip
def test_error_values_are_checked(code: str, caught: tuple[str, ...], name: str, body: tuple[str, ...]) -> None:
    """A check raises if it returns an error, or panics."""
    found = read(f"fn f() -> R {{ loop {{ {code} }} }}\n")
    expected = [("error_check", caught, name, body)] if body else []
    assert handlers(found) == expected


@shows("rust", "handlers")
def test_a_question_mark_propagates() -> None:
    """Once for each; what asks for something else than an error checks nothing."""
    found = read("fn f() { g()?.h()?; if let Some(x) = y {} if x.is_empty() {} match z { Some(_) => {}, None => {} } }")
    assert handlers(found) == [("propagate", (), "", ("raise",))] * 2


@shows("rust", "regions")
def test_regions_nest() -> None:
    """The iterable runs once, a condition every time."""
    found = read("""
        fn f() {
          for b in bs() {
            if b.ok() { c() } else if let D(_) = d { e() } else { g() }
          }
          while more() { m() }
          loop { n() }
          match x { 1 | 2 => o(), K::P(y) if q() => r(), _ => s() }
          let Some(t) = u() else { v() };
        }
    """)
    assert regions(found) == [
        ("loop", 2, 4, -1, "bs()"),
        ("branch", 3, 3, 0, "b.ok()"),
        ("else", 3, 3, 0, "-"),
        ("branch", 3, 3, 2, "(operation let D d)"),
        ("else", 3, 3, 2, "-"),
        ("loop", 5, 5, -1, "more()"),
        ("loop", 6, 6, -1, "-"),
        ("case", 7, 7, -1, "(tuple 1 2)"),
        ("case", 7, 7, -1, "K.P"),
        ("case", 7, 7, -1, "-"),
        ("else", 8, 8, -1, "-"),
    ]
    assert {each.callee.text: each.region for each in found.bodies.calls} == {
        "bs": -1, "b.ok": 0, "c": 1, "e": 3, "g": 4, "more": 5, "m": 5, "n": 6, "o": 7, "q": 8, "r": 8, "s": 9,
        "u": -1, "v": 10,
    }  # fmt: skip


@shows("rust", "literals")
def test_literals_know_what_they_are_for() -> None:
    """Raw strings are taken as they are, a continued line has no margin, numbers lose their types."""
    found = read(r"""
        const MAX: u64 = 1_000u64;
        fn f() -> u8 { g("a\n\u{1F600}\
            b", r#"r"\n"#, b"by", 'c', b'd', 0xFFu8, 1.5e3f32); let x = A { y: "y" }; log!("l {}", k = 2); if a == 3 { return b[4] } 5 }
    """)
    assert literals(found) == [
        ("number", "1000", "assignment", "MAX"),
        ("string", "a\n😀b", "argument", ""),
        ("string", 'r"\\n', "argument", ""),
        ("bytes", "by", "argument", ""),
        ("string", "c", "argument", ""),
        ("bytes", "d", "argument", ""),
        ("number", "255", "argument", ""),
        ("number", "1500", "argument", ""),
        ("string", "y", "argument", "y"),
        ("string", "l {}", "argument", ""),
        ("number", "2", "argument", "k"),
        ("number", "3", "comparison", ""),
        ("number", "4", "index", ""),
        ("number", "5", "return", ""),
    ]


@shows("rust", "comments")
def test_comments_lose_their_markers() -> None:
    """Those that document something are doc."""
    found = read("//! file\n/// F does.\nfn f() {\n  x(); // why\n  /* how */\n}\n")
    assert comments(found) == [(1, "file", "doc"), (2, "F does.", "doc"), (4, "why", "trailing"), (5, "how", "")]


@shows("rust", "names")
def test_names_are_those_that_are_read() -> None:
    """Not what is only declared or imported, and nothing in strings and comments."""
    found = read("""
        use unused::thing;
        fn f(p: T, q: T) { let v = p; let _s = "str"; /* com */ a.b(c); m!(d); e.await; }
    """)
    assert found.names == ("T", "a", "b", "c", "d", "e", "m", "p")


@shows("rust", "errors")
def test_a_broken_file_keeps_the_facts_of_its_sound_parts() -> None:
    """The stretch that could not be read is an error."""
    found = read("fn f() { g(1) }\nfn broken() { h(2)) ]; }\nfn i() { j(3) }\n")
    assert found.errors
    assert {"f", "i"} <= {each.qualified_name for each in found.outline.functions}
    assert {"g(1)", "j(3)"} <= set(calls(found))


@shows("rust", "functions")
def test_hashes_tell_body_and_signature_apart() -> None:
    """A changed body changes one, a changed parameter or result the other."""
    first, body, result = (
        function(read(code), "f")
        for code in ("fn f(a: u8) -> u8 { 1 }", "fn f(a: u8) -> u8 { 2 }", "fn f(a: u8) -> T { 1 }")
    )
    assert first.body_hash == result.body_hash != body.body_hash
    assert first.signature_hash == body.signature_hash != result.signature_hash
