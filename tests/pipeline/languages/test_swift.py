"""What driftd reads in Swift."""

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

read = reader("swift")

ABSENT = {
    "package": "a file does not say which module it is of",
    "exports": "what is visible is said by modifiers",
}

SAMPLE = """\
import Foundation
@testable import struct Shop.Item

/// Sells.
@MainActor @objc(shop) public final class Store<T: Item>: Base<T>, Selling where T: Equatable {
    @Published private(set) var count: Int = 1, name = "größe"
    static let limits: [String: Int]? = nil
    var total: Int { get throws { return 1 } set { stored = newValue } }
    var half: Int { total / 2 }
    var size: Int = 0x10 { willSet { check() } didSet(old) { log(old) } }

    init(_ count: Int, named name: String = "x", rest: Int...) throws { self.count = count; super.init() }
    deinit { close() }
    subscript(index: Int) -> T { get { items[index] } }
    static func make() async throws -> Int { 1 }
    func find<U>(with other: U, _ v: Int) async throws -> [U] where U: Sized {
        return try await load(other, n: 1) { $0.x }
    }
}

enum Kind: String, CaseIterable {
    case plain, sized = "s"
    case named(Int, label: String)
}

protocol Selling: AnyObject { associatedtype A; var x: Int { get set }; func sell(_ a: Int) -> Self }
extension Store.Inner: Selling { func more() {} }
actor Counter { nonisolated func count() {} }

fileprivate func top() {
    let (p, q) = pair; var y = 2, z: Int?
    guard let v = o, v > 1 else { throw Kind.plain }
    if let w = y { use(w) } else if p == 1 { y += 1 } else { a.b[0]?.c!.d = 3 }
    for case let i? in xs where i > 0 { continue }
    while let n = it.next() { break }
    repeat { step() } while going
    switch v { case .a, .b: foo() case let .c(n) where n > 1: return default: break }
    do { try risky() } catch let e as MyError { print(e) } catch { log(error) }
    let c = { [weak self] (a: Int, b) -> Int in return a }
    xs.map { $0 + 1 }.filter { $0 > 2.5 }
    try? g(); try! h()
    let s = q ? "a\\(y)c\\(d.e(1))" : #"raw"#
    fatalError("bad \\(s)")
}
"""


@shows("swift", "functions")
def test_functions_are_named_after_types_and_extensions() -> None:
    """Initializers, accessors, subscripts, operators and closures are functions; observers are setters."""
    found = read("""
        class A {
            @objc
            func f() {
            }
            static func s() {}
            class func c() {}
            init(x: Int) {}
            deinit { g() }
            var both: Int { get { 1 } set { h(newValue) } }
            var only: Int { 2 }
            var seen: Int = 3 { didSet { i() } }
            subscript(index: Int) -> Int { items[index] }
            class B { func deep() { run { j() } } }
        }
        extension A.B: P { func more() {} }
        protocol P { func required() }
        func + (a: A, b: A) -> A { a }
        func top() {}
    """)
    assert functions(found) == [
        ("A.f", "method", 3, 4),
        ("A.s", "static_method", 5, 5),
        ("A.c", "static_method", 6, 6),
        ("A.init", "constructor", 7, 7),
        ("A.deinit", "method", 8, 8),
        ("A.both", "getter", 9, 9),
        ("A.both", "setter", 9, 9),
        ("A.only", "getter", 10, 10),
        ("A.seen", "setter", 11, 11),
        ("A.subscript", "getter", 12, 12),
        ("A.B.deep", "method", 13, 13),
        ("A.B.deep.<lambda>", "lambda", 13, 13),
        ("A.B.more", "method", 15, 15),
        ("P.required", "method", 16, 16),
        ("+", "function", 17, 17),
        ("top", "function", 18, 18),
    ]


@shows("swift", "parameters", "types")
def test_parameters_have_the_names_they_have_inside() -> None:
    """With types, defaults and attributes; `...` makes a rest parameter."""
    found = read("""
        func f<T>(_ a: Int, with b: String = "s", @Build c: @escaping (Int) -> Void, d: T...) async throws -> [T] where T: P { let l = { (x: Int, y) -> Bool in true } }
    """)
    assert signature(found, "f") == ("f(a: Int, b: String = 's', @Build c: @escaping (Int) -> Void, *d: T) -> [T]")
    assert signature(found, "f.<lambda>") == "<lambda>(x: Int, y) -> Bool"
    assert function(found, "f.<lambda>").bound_to == "l"


@shows("swift", "decorators")
def test_attributes_are_decorators_and_calls_if_they_have_arguments() -> None:
    """Of types, functions and properties."""
    found = read("""
        @MainActor
        @objc(name)
        class A {
            @Published var x = 1
            @available(macOS, deprecated)
            func f() {}
        }
    """)
    assert decorators(found, class_(found, "A")) == ["1 MainActor", "2 objc(name)"]
    assert class_(found, "A").line == 3
    assert members(found, "A") == ["internal @Published x = 1"]
    assert [each.name for each in function(found, "A.f").decorators] == ["available"]
    assert function(found, "A.f").line == 6


@shows("swift", "docs")
def test_doc_comments_document_what_follows_them() -> None:
    """A plain comment is none."""
    found = read("""
        /// A is.
        /// It does.
        public struct A {
            /** F does. */
            @inlinable func f() {}
            // no
            func g() {}
        }
    """)
    assert class_(found, "A").doc == "A is.\nIt does."
    assert [each.doc for each in found.outline.functions[1:]] == ["F does.", None]


@shows("swift", "visibility", "exported", "modifiers")
def test_visibility_is_what_modifiers_say() -> None:
    """Without one a thing is internal; who may set a property does not matter; open is public."""
    found = read("""
        public protocol P { func a() }
        open class A { public func b() {}; private func c() {}; fileprivate func d() {}; func e() async {} }
        struct S { private(set) var x: Int; public let y: Int }
    """)
    assert {each.name: words(each) for each in found.outline.functions[1:]} == {
        "a": "public exported abstract",
        "b": "public exported",
        "c": "private",
        "d": "private",
        "e": "internal async",
    }
    assert words(class_(found, "A")) == "public exported"
    assert members(found, "S") == ["internal x: Int", "public readonly y: Int"]


@shows("swift", "classes", "bases")
def test_types_have_kinds_and_bases() -> None:
    """The first that a class inherits from is its superclass; an extension implements protocols."""
    found = read("""
        class A<T>: B<T>, C where T: X {}
        struct S: C { typealias In = D<Int> }
        enum E: String, C { case a }
        protocol P: C { associatedtype Item }
        extension A.In: P {}
        actor F: C {}
    """)
    assert classes(found) == [
        "class A extends B implements C",
        "struct S implements C",
        "type_alias S.In extends D",
        "enum E implements String implements C",
        "interface P extends C",
        "type_alias P.Item",
        "extension A.In implements P",
        "class F implements C",
    ]


@shows("swift", "members")
def test_members_are_properties_and_cases() -> None:
    """A case's associated values are its type; local variables are none."""
    found = read("""
        class A {
            static let a: Int = 1
            var b = "x", c: [Int]?
            lazy var d: Int = make()
            var e: Int { 1 }
            func f() { let local = 2 }
        }
        enum E: String { case a, b = "x"; case c(Int, label: String) }
        protocol P { var x: Int { get } }
    """)
    assert members(found, "A") == [
        "internal static readonly a: Int = 1",
        "internal b = 'x'",
        "internal c: [Int]?",
        "internal d: Int = make()",
        "internal e: Int",
    ]
    assert members(found, "E") == [
        "public static readonly a",
        "public static readonly b = 'x'",
        "public static readonly c: (Int, label: String)",
    ]
    assert members(found, "P") == ["internal x: Int"]


@shows("swift", "imports")
def test_an_import_takes_everything_or_one_thing() -> None:
    """The latter if it says what kind of thing that is."""
    found = read("import Foundation\n@testable import A.B\nimport struct C.D\n")
    assert imports(found) == [("Foundation", "*", ""), ("A.B", "*", ""), ("C", "D", "D")]


@shows("swift", "calls", "constructions")
def test_calls_have_labels_and_trailing_closures() -> None:
    """Optional chaining is a path; a call with type arguments is a construction; a subscript is no call."""
    found = read("""
        func f() {
            s.repo?.save(&ctx, to: 1)
            g(h()).i { $0.j } onError: { e in }
            let i: I = .init(x: 1)
            Foo<Int>(a: 1)
            Foo.Bar(b: xs[0])
            await k()
        }
    """)
    assert calls(found) == [
        "s.repo.save(ctx, to=1)",
        "g(h()).i(<f.<lambda>>, onError=<f.<lambda>>)",
        "g(h())",
        "h()",
        "?.init(x=1)",
        "new Foo(a=1)",
        "Foo.Bar(b=xs[0])",
        "k()",
    ]
    assert [each.callee.text for each in found.bodies.calls if each.is_await] == ["k"]


@shows("swift", "assignments")
def test_bindings_of_all_kinds() -> None:
    """Optional binding without a value binds the name to what has that name outside."""
    found = read("""
        let top = 1
        func f() {
            let x: Int = 1; var y = 2, z: Int?
            let (p, q) = t
            x += 1; a.b[0]?.c!.d = 3
            guard let v = o else { return }
            if let w, var u = r.s { }
            for i in xs { }
            while let n = it.next() { }
            do { try g() } catch let e as MyError { }
        }
    """)
    assert assigns(found) == [
        "assign const top = 1",
        "assign const x: Int = 1",
        "assign let y = 2",
        "declare let z: Int?",
        "assign const (tuple p q) = t",
        "augmented x = 1",
        "assign a.b[0].c.d = 3",
        "assign const v = o",
        "assign const w = w",
        "assign let u = r.s",
        "for const i = xs",
        "assign const n = it.next()",
        "catch const e: MyError",
    ]


@shows("swift", "returns")
def test_a_single_expression_is_returned() -> None:
    """If the function returns something; of closures and getters as well."""
    found = read("""
        func a() -> Int { 1 }
        func b() -> Int { let x = 2; return x }
        func c() { d() }
        var e: Int { g() }
        func h() { xs.map { $0 + 1 } }
    """)
    assert sorted(returns(found)) == [
        "a return 1",
        "b return x",
        "e return g()",
        "h.<lambda> return (operation + $0 1)",
    ]


@shows("swift", "raises")
def test_throws_and_fatal_errors_are_raises() -> None:
    """An error that wraps the caught one has that as its cause."""
    found = read("""
        func f() throws { do { try g() } catch { throw Wrapped(error) }; if a { throw E.bad }; fatalError("no") }
    """)
    assert raises(found) == ["Wrapped(error) from error", "E.bad", "'no'"]


@shows("swift", "handlers")
@pytest.mark.parametrize(
    ("code", "handler"),
    [
        ("do { try g() } catch { }", ("try_catch", (), "error", ("empty",))),
        ("do { try g() } catch let e as MyError { print(e); throw e }",
         ("try_catch", ("MyError",), "e", ("log", "raise", "call", "uses_error"))),
        ("do { try g() } catch MyError.bad { return }", ("try_catch", ("MyError.bad",), "", ("return",))),
        ("try g()", ("propagate", (), "", ("raise",))),
        ("do { try g() }", ("propagate", (), "", ("raise",))),
        ("try! g()", ("error_check", (), "", ("raise",))),
    ],
)  # fmt: skip
def test_errors_are_caught_or_handed_on(code: str, handler: tuple[object, ...]) -> None:
    """A bare catch calls the error `error`."""
    assert handlers(read(f"func f() throws {{ {code} }}\n")) == [handler]


@shows("swift", "regions")
def test_regions_nest() -> None:
    """What is ranged over is evaluated once, a condition every time."""
    found = read("""
        func f() {
          for x in xs() {
            if a() { b() } else if c() { d() } else { e() }
          }
          while g() { h() }
          repeat { i() } while j()
          guard k() else { l() }
          switch m() { case 1: n(); default: o() }
          do { try p() } catch { q() }
        }
    """)
    assert regions(found) == [
        ("loop", 2, 4, -1, "xs()"),
        ("branch", 3, 3, 0, "a()"),
        ("else", 3, 3, 0, "-"),
        ("branch", 3, 3, 2, "c()"),
        ("else", 3, 3, 2, "-"),
        ("loop", 5, 5, -1, "g()"),
        ("loop", 6, 6, -1, "j()"),
        ("else", 7, 7, -1, "-"),
        ("case", 8, 8, -1, "1"),
        ("case", 8, 8, -1, "-"),
        ("try", 9, 9, -1, "-"),
        ("handler", 9, 9, -1, "-"),
    ]
    assert {each.callee.text: each.region for each in found.bodies.calls} == {
        "xs": -1, "a": 0, "b": 1, "c": 2, "d": 3, "e": 4, "g": 5, "h": 5, "i": 6, "j": 6, "k": -1, "l": 7, "m": -1,
        "n": 8, "o": 9, "p": 10, "q": 11,
    }  # fmt: skip


@shows("swift", "literals")
def test_literals_know_what_they_are_for() -> None:
    """Of a string with interpolations `{}` stands for each; a text block loses its margin; raw ones stay."""
    found = read(r'''
        let max = 1_000
        func f() { g("a\n", #"r\n"#, 0xFF, 1.5, n: "l"); let t = "x\(y)z"; let m = ["k": 2]; if a == 3 { return b[4] } }
        let block = """
            one
              two
            """
    ''')
    assert literals(found) == [
        ("number", "1000", "assignment", "max"),
        ("string", "a\n", "argument", ""),
        ("string", "r\\n", "argument", ""),
        ("number", "255", "argument", ""),
        ("number", "1.5", "argument", ""),
        ("string", "l", "argument", "n"),
        ("template", "x{}z", "assignment", "t"),
        ("string", "k", "key", ""),
        ("number", "2", "property", "k"),
        ("number", "3", "comparison", ""),
        ("number", "4", "index", ""),
        ("string", "one\n  two", "assignment", "block"),
    ]


@shows("swift", "comments")
def test_comments_lose_their_markers() -> None:
    """Those that document something are doc."""
    found = read("/// F does.\nfunc f() {\n  x() // why\n  /* how */\n}\n")
    assert comments(found) == [(1, "F does.", "doc"), (3, "why", "trailing"), (4, "how", "")]


@shows("swift", "names")
def test_names_are_those_that_are_read() -> None:
    """Not what is only declared or imported, and nothing in strings and comments."""
    found = read('import Unused\nfunc f(p: T, q: T) { let v = p; s = "str"; /* com */ a.b(c) }\n')
    assert found.names == ("T", "a", "b", "c", "p", "s")


@shows("swift", "errors")
def test_a_broken_file_keeps_the_facts_of_its_sound_parts() -> None:
    """The stretch that could not be read is an error."""
    found = read("func f() { g(1) }\nfunc broken() { h(2)) ]; }\nfunc i() { j(3) }\n")
    assert found.errors
    assert {"f"} <= {each.qualified_name for each in found.outline.functions}
    assert {"g(1)"} <= set(calls(found))


@shows("swift", "functions")
def test_hashes_tell_body_and_signature_apart() -> None:
    """A changed body changes one, a changed parameter or result the other."""
    first, body, result = (
        function(read(code), "f")
        for code in ("func f(a: A) -> B { 1 }", "func f(a: A) -> B { 2 }", "func f(a: C) -> B { 1 }")
    )
    assert first.body_hash == result.body_hash != body.body_hash
    assert first.signature_hash == body.signature_hash != result.signature_hash
