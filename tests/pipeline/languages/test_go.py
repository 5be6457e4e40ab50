"""What driftd reads in Go."""

from __future__ import annotations

import pytest

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

read = reader("go")

ABSENT = {
    "exports": "an upper-case name is exported",
    "decorators": "there are none; a struct's tags are the values of its members",
    "modifiers": "there are none",
}

SAMPLE = """\
// Package shop sells.
package shop

import (
	"fmt"
	log "log/slog"
)

// Shop sells items.
type Shop[T any] struct {
	*Base
	Name string `json:"größe"`
	items map[string][]T
}

type Store interface {
	fmt.Stringer
	Find(id int) (item *Item, err error)
}

const (
	First = iota
	Second
)

var limit, factor = 0x10, 1.5

// Find finds.
func (s *Shop[T]) Find(ctx Context, ids ...int) (found []T, err error) {
	defer func() {
		if r := recover(); r != nil {
			log.Error("bad", r)
		}
	}()
	for i, id := range ids {
		item, err := s.store.Find(id)
		if err != nil {
			return nil, fmt.Errorf("item %d: %w", i, err)
		} else if errors.Is(err, ErrGone) {
			continue
		}
		found = append(found, T{Name: "x", Id: id}, *item)
	}
	switch v := ctx.(type) {
	case *Timed:
		v.stop()
	default:
		panic("no")
	}
	select {
	case m := <-s.done:
		go s.handle(m, []int{1, 2}, map[string]int{"a": 1})
	}
	for i := 0; i < 3; i++ {
		limit += i
	}
	return
}
"""


@shows("go", "functions")
def test_methods_are_named_after_their_receivers() -> None:
    """The receiver is its type without pointer and type arguments; a method's scope is the file."""
    found = read("""
        func main() {
            go func() { f := func() {}; f() }()
        }
        func (s *Server[K, V]) Run() {
        }
        func (Plain) Value() {}
        type I interface { Do(x int) error }
    """)
    assert functions(found) == [
        ("main", "function", 1, 3),
        ("main.<lambda>", "lambda", 2, 2),
        ("main.<lambda>.<lambda>", "lambda", 2, 2),
        ("Server.Run", "method", 4, 5),
        ("Plain.Value", "method", 6, 6),
        ("I.Do", "method", 7, 7),
    ]
    assert [(each.receiver, each.scope) for each in found.outline.functions[4:6]] == [("Server", 0), ("Plain", 0)]
    assert [each.bound_to for each in found.outline.functions[2:4]] == ["", "f"]


@shows("go", "parameters", "types")
def test_parameters_may_share_a_type_or_have_no_name() -> None:
    """`...` makes a rest parameter; a nameless one is `_`; results are kept as written."""
    found = read("""
        func f(a, b int, c map[string][]T, rest ...*pkg.Type) (n int, err error) {}
        type I interface { Do(int, string) chan<- error }
    """)
    assert signature(found, "f") == "f(a: int, b: int, c: map[string][]T, *rest: *pkg.Type) -> (n int, err error)"
    assert signature(found, "I.Do") == "Do(_: int, _: string) -> chan<- error"


@shows("go", "assignments", "types")
def test_receivers_and_named_results_are_declared_in_their_function() -> None:
    """Parameters are in the function itself."""
    found = read("func (s *Server) f(a int) (n int, err error) {}\nfunc (Plain) g() error {}\n")
    assert assigns(found) == ["declare let s: *Server", "declare let n: int", "declare let err: error"]
    assert {each.scope for each in found.bodies.assigns} == {1}


@shows("go", "docs")
def test_comments_right_before_a_declaration_document_it() -> None:
    """A blank line parts them; directives are for tools; the comment before the package clause is the file's."""
    found = read("""
        // Copyright.

        // Package p does.
        package p

        // F does.
        // It does more.
        //
        //go:noinline
        func F() {}

        // not this

        func G() {}

        // T is.
        type T struct{}

        type (
            // U is.
            U struct{}
            V struct{} // not V
        )

        type I interface {
            /* Do does. */
            Do()
        }
    """)
    assert [(each.name, each.doc) for each in found.outline.functions] == [
        ("<module>", "Package p does."),
        ("F", "F does.\nIt does more."),
        ("G", None),
        ("Do", "Do does."),
    ]
    assert [(each.name, each.doc) for each in found.outline.classes] == [
        ("T", "T is."),
        ("U", "U is."),
        ("V", None),
        ("I", None),
    ]


@shows("go", "visibility", "exported")
def test_an_upper_case_name_is_public() -> None:
    """Everything else is visible in its package; a method of an interface is abstract."""
    found = read("func F() {}\nfunc g() {}\ntype T struct{}\ntype i interface { M() }\n")
    assert [words(each) for each in found.outline.functions[1:]] == [
        "public exported",
        "internal",
        "public exported abstract",
    ]
    assert [words(each) for each in found.outline.classes] == ["public exported", "internal"]


@shows("go", "classes", "bases")
def test_types_have_kinds_and_embed_others() -> None:
    """A struct mixes in what it embeds, an interface extends it; a union is no base; an alias extends its type."""
    found = read("""
        type A struct { *B; pkg.C; D[int]; e F }
        type I interface { io.Reader; M() }
        type N interface { ~int | ~string }
        type G func(int) error
        type H = pkg.J
        func f() { type local struct{} }
    """)
    assert classes(found) == [
        "struct A mixin B mixin pkg.C mixin D",
        "interface I extends io.Reader",
        "interface N",
        "type_alias G",
        "type_alias H extends pkg.J",
        "struct f.local",
    ]


@shows("go", "members")
def test_members_have_types_and_tags() -> None:
    """An embedded field is named after its type; fields of a nested struct are not the outer one's."""
    found = read("""
        type A struct {
            X, y int `json:"x" gorm:"primaryKey"`
            *pkg.B
            c struct { inner int }
        }
    """)
    assert members(found, "A") == [
        """public X: int = 'json:"x" gorm:"primaryKey"'""",
        """internal y: int = 'json:"x" gorm:"primaryKey"'""",
        "public B: *pkg.B",
        "internal c: struct { inner int }",
    ]
    assert [each.line for each in class_(found, "A").members] == [2, 2, 3, 4]


@shows("go", "package", "imports")
def test_imports_bind_the_name_of_the_package() -> None:
    """As far as the path tells: its last part without version; `.` takes everything, `_` binds nothing."""
    found = read("""
        package app
        import "fmt"
        import (
            m "a/b"
            . "c/d"
            _ "e/f"
            "github.com/x/go-y/v2"
            "gopkg.in/yaml.v3"
        )
    """)
    assert found.outline.package == "app"
    assert imports(found) == [
        ("fmt", "", "fmt"),
        ("a/b", "", "m"),
        ("c/d", "*", ""),
        ("e/f", "", ""),
        ("github.com/x/go-y/v2", "", "y"),
        ("gopkg.in/yaml.v3", "", "yaml"),
    ]
    assert found.texts.literals == ()


@shows("go", "calls")
def test_calls_have_receivers_and_arguments() -> None:
    """Type arguments are no part of a callee; `&` and `*` are looked through."""
    found = read("""
        func f() { s.repo.Save(ctx, 1, "a", xs...); g(h()).i(); go func(x int) {}(2); defer k.Close(); Map[int](a); Map[int, string](b); (*p).m(&q, []int{1}, map[string]int{"k": 2}) }
    """)
    assert calls(found) == [
        "s.repo.Save(ctx, 1, 'a', ...xs)",
        "g(h()).i()",
        "g(h())",
        "h()",
        "<f.<lambda>>(2)",
        "k.Close()",
        "Map(a)",
        "Map(b)",
        "p.m(q, [1], {'k': 2})",
    ]


@shows("go", "constructions")
def test_literals_of_named_types_are_constructions() -> None:
    """Their fields are named arguments; a nested literal without a type is a container."""
    found = read("""
        func f() { return &A{X: 1, Y: b.C{2}}, []D{{Z: 3}}, E[int]{} }
    """)
    assert calls(found) == ["new A(X=1, Y=new b.C(2))", "new b.C(2)", "new E()"]
    assert returns(found) == ["f return (tuple new A(X=1, Y=new b.C(2)) [{Z: 3}] new E())"]


@shows("go", "assignments")
def test_assignments_pair_or_share_their_values() -> None:
    """Several targets of one value are a tuple; a type switch declares its name in every case of one type."""
    found = read("""
        const A, B = 1, "b"
        var c, d int
        var e *T = g()
        func f() {
            x, y := 1, h()
            z, err := i()
            x, y = y, x
            x += 1; y++
            a.b, c[0] = j()
            for k, v := range m {}
            for x = range ch {}
            switch t := v.(type) { case *T: case int, string: }
            select { case w := <-ch: }
        }
    """)
    assert assigns(found) == [
        "assign const A = 1",
        "assign const B = 'b'",
        "declare let c: int",
        "declare let d: int",
        "assign let e: *T = g()",
        "assign let x = 1",
        "assign let y = h()",
        "assign let (tuple z err) = i()",
        "assign x = y",
        "assign y = x",
        "augmented x = 1",
        "augmented y",
        "assign (tuple a.b c[0]) = j()",
        "for let (tuple k v) = m",
        "for x = ch",
        "assign let t = v",
        "assign let t: *T = v",
        "assign let w = (operation <- ch)",
    ]


@shows("go", "returns")
def test_several_results_are_a_tuple() -> None:
    """A bare return has no value."""
    found = read("func f() (int, error) { if a { return 0, nil }; if b { return g() }; return }\n")
    assert returns(found) == ["f return (tuple 0 null)", "f return g()", "f return -"]


@shows("go", "raises")
def test_a_panic_is_a_raise() -> None:
    """Its argument is the value."""
    found = read('func f() { panic(fmt.Errorf("x: %w", err)); panics() }\n')
    assert raises(found) == ["fmt.Errorf('x: %w', err)"]


@shows("go", "handlers")
@pytest.mark.parametrize(
    ("code", "handler"),
    [
        ("if err != nil { return err }", ("err", (), ("raise", "return", "uses_error"))),
        ('if err := g(); err != nil { return 0, fmt.Errorf("x: %w", err) }', ("err", (), ("raise", "return", "call", "uses_error"))),
        ("if err != nil { return nil, ErrGone }", ("err", (), ("raise", "return"))),
        ("if err != nil { return false }", ("err", (), ("return",))),
        ("if err != nil { log.Print(err) }", ("err", (), ("log", "call", "uses_error"))),
        ("if parseErr != nil && x { panic(parseErr) }", ("parseErr", (), ("raise", "call", "uses_error"))),
        ("if err != nil { }", ("err", (), ("empty",))),
        ("if r.err != nil { continue }", ("r.err", (), ("continue",))),
        ("if errors.Is(err, io.EOF) { break }", ("err", ("io.EOF",), ("break",))),
        ("if errors.As(err, &target) { h() }", ("err", ("target",), ("call",))),
        ("if err != nil && !os.IsNotExist(err) { h() }", ("err", (), ("call",))),
        ("if os.IsNotExist(err) { h() }", ("err", ("os.IsNotExist",), ("call",))),
        ("if err == nil { g() } else { log.Print(err) }", ("err", (), ("log", "call", "uses_error"))),
    ],
)  # fmt: skip
def test_error_values_are_checked(code: str, handler: tuple[object, ...]) -> None:
    """A check raises if it hands the error, or another one, to the caller."""
    found = read(f"func f() (int, error) {{ for {{ {code} }} }}\n")
    assert [("error_check", handler[1], handler[0], handler[2])] == handlers(found)
    assert found.bodies.regions[found.bodies.handlers[0].region].kind in {"branch", "else"}


@shows("go", "handlers")
def test_what_is_no_error_is_not_checked() -> None:
    """Only what is named like an error counts, and only where it is there."""
    found = read("func f() { if x != nil {}; if err == nil {}; if user.Is(x) {}; if interr != nilly {} }\n")
    assert handlers(found) == []


@shows("go", "handlers")
def test_a_function_that_recovers_is_a_rescue() -> None:
    """Its body says what is done."""
    found = read("func f() { defer func() { if r := recover(); r != nil { log.Print(r) } }() }\n")
    assert handlers(found) == [("rescue", (), "r", ("log", "call", "uses_error"))]
    assert found.bodies.handlers[0].scope == 2


@shows("go", "regions")
def test_regions_nest() -> None:
    """The iterable and the initialiser run once, the rest of a loop every time."""
    found = read("""
        func f() {
          for _, b := range bs() {
            if b.ok() { c() } else if d { e() } else { g() }
          }
          for i := once(); i < 3; i++ { l() }
          for more() { m() }
          for { n() }
          switch x { case 1, 2: o(); default: p() }
          switch v.(type) { case int: q() }
          select { case y := <-z(): r() }
        }
    """)
    assert regions(found) == [
        ("loop", 2, 4, -1, "bs()"),
        ("branch", 3, 3, 0, "b.ok()"),
        ("else", 3, 3, 0, "-"),
        ("branch", 3, 3, 2, "d"),
        ("else", 3, 3, 2, "-"),
        ("loop", 5, 5, -1, "(operation < i 3)"),
        ("loop", 6, 6, -1, "more()"),
        ("loop", 7, 7, -1, "-"),
        ("case", 8, 8, -1, "(tuple 1 2)"),
        ("case", 8, 8, -1, "-"),
        ("case", 9, 9, -1, "int"),
        ("case", 10, 10, -1, "(unknown y (operation <- z()))"),
    ]
    assert {found.bodies.calls[index].callee.text: each.region for index, each in enumerate(found.bodies.calls)} == {
        "bs": -1, "b.ok": 0, "c": 1, "e": 3, "g": 4, "once": -1, "l": 5, "more": 6, "m": 6, "n": 7, "o": 8, "p": 9,
        "q": 10, "z": 11, "r": 11,
    }  # fmt: skip


@shows("go", "literals")
def test_literals_know_what_they_are_for() -> None:
    """Raw strings are taken as they are, runes are strings, numbers are decimal."""
    found = read(r"""
        const Max = 1_000
        func f() { g("a\n\U0001F600", `r\n`, 'c', 0xFF, 0b11, 1i); x := A{Y: "y"}; z := map[string]int{"k": 0o17}; if a == 3 { return b[4] } }
    """)
    assert literals(found) == [
        ("number", "1000", "assignment", "Max"),
        ("string", "a\n😀", "argument", ""),
        ("string", "r\\n", "argument", ""),
        ("string", "c", "argument", ""),
        ("number", "255", "argument", ""),
        ("number", "3", "argument", ""),
        ("number", "1", "argument", ""),
        ("string", "y", "argument", "Y"),
        ("string", "k", "key", ""),
        ("number", "15", "property", "k"),
        ("number", "3", "comparison", ""),
        ("number", "4", "index", ""),
    ]


@shows("go", "comments")
def test_comments_lose_their_markers() -> None:
    """Those that document something are doc."""
    found = read("// F does.\nfunc F() {\n  x() // why\n  /* how */\n}\n")
    assert comments(found) == [(1, "F does.", "doc"), (3, "why", "trailing"), (4, "how", "")]


@shows("go", "names")
def test_names_are_those_that_are_read() -> None:
    """Not what is only declared or imported, and nothing in strings and comments."""
    found = read("""
        import "unused"
        func f(p, q int) { v := p; _ = "str" /* com */; a.B(c) }
    """)
    assert found.names == ("B", "a", "c", "int", "p")


@shows("go", "errors")
def test_a_broken_file_keeps_the_facts_of_its_sound_parts() -> None:
    """The stretch that could not be read is an error."""
    found = read("func f() { g(1) }\nfunc broken() { h(2)) ]; }\nfunc i() { j(3) }\n")
    assert found.errors
    assert {"f", "i"} <= {each.qualified_name for each in found.outline.functions}
    assert {"g(1)", "j(3)"} <= set(calls(found))


@shows("go", "functions")
def test_hashes_tell_body_and_signature_apart() -> None:
    """A changed body changes one, a changed parameter or result the other."""
    first, body, result = (
        function(read(code), "f")
        for code in ("func f(a int) int { return 1 }", "func f(a int) int { return 2 }", "func f(a int) T { return 1 }")
    )
    assert first.body_hash == result.body_hash != body.body_hash
    assert first.signature_hash == body.signature_hash != result.signature_hash
