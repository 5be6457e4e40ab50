"""What driftd reads in C."""

from __future__ import annotations

from tests.pipeline.languages.reading import (
    assigns,
    calls,
    class_,
    classes,
    comments,
    function,
    functions,
    imports,
    literals,
    members,
    reader,
    regions,
    returns,
    shows,
    signature,
    words,
)

read = reader("c")

ABSENT = {
    "package": "there are none",
    "exports": "what is not static is exported",
    "decorators": "there are none",
    "handlers": "errors are plain values",
    "raises": "errors are plain values",
    "modifiers": "only static says something about a function",
}

SAMPLE = """\
/* Sells. */
#include <stdio.h>
#include "shop/item.h"
#define MAX(a, b) ((a) > (b) ? (a) : (b))
#define LIMIT 10

typedef struct item { int id, *next; char name[32]; unsigned flags : 3; struct { int x; } pos; } item_t;
typedef int (*compare)(const void *, const void *);
enum color { RED = 1, GREEN };
union value { int i; double d; };

static const char *names[] = { "a", [2] = "b" };
struct point origin = { .x = 1, .y = 0x10 };

/* Finds one. */
static inline item_t *find(const char *key, int ids[], void (*visit)(item_t *), ...) {
    item_t *found = malloc(sizeof(item_t));
    for (int i = 0; i < LIMIT; i++) { if (ids[i] == 3) continue; visit(&found[i]); }
    while (*key++) { found->id += 1; }
    do { found->flags--; } while (found->flags > 0);
    switch (found->id) { case 1: case 2: stop(); break; default: printf("größe %d\\n" "x", 1.5); }
    if (!found) goto out; else if ((err = load(found)) < 0) { return NULL; }
    found->ops->close(MAX(1, 2), (int)err ? 'a' : 'b');
    draw((struct point){ .x = 1 });
out:
    return found;
}

static void stop(void) { }

int main(int argc, char **argv)
{
    return find(argv[0], 0, 0) != 0;
}
"""


@shows("c", "functions")
def test_a_function_is_what_has_a_body() -> None:
    """Prototypes are none, whatever their declarators look like; the line is that of the name."""
    found = read("""
        int declared(void);
        static inline int *
        f(void) {
            return 0;
        }
        #ifdef X
        struct s *(g)(int a) { return 0; }
        #endif
        extern "C" { int also(int); }
        void (*h(int a))(int) { return 0; }
        int old(a, b) int a; char b; { return a; }
    """)
    assert functions(found) == [
        ("f", "function", 3, 5),
        ("g", "function", 7, 7),
        ("h", "function", 10, 10),
        ("old", "function", 11, 11),
    ]


@shows("c", "functions")
def test_macros_do_not_hide_the_sound_parts() -> None:
    """Words in capitals that make an error are read past; what only C++ sees is left out."""
    found = read("""
        #ifdef __cplusplus
        extern "C" {
        #endif
        API_EXPORT int one(int a) ATTR_UNUSED;
        STATIC_INLINE const char *two(void) { return 0; }
        BEGIN_DECLS
        int three(void) NOTHROW { return 1; }
        #ifdef __cplusplus
        }
        #endif
    """)
    assert [each.name for each in found.outline.functions[1:]] == ["two", "three"]
    assert found.errors == ()


@shows("c", "parameters", "types")
def test_types_are_what_is_written_without_the_name() -> None:
    """`void` alone is no parameter."""
    found = read("""
        unsigned long f(const char *s, int n[3], void (*cb)(int), struct t **u, int, ...) {}
        void g(void) { const struct node *p, q; char buf[10]; }
    """)
    assert signature(found, "f") == (
        "f(s: const char *, n: int [3], cb: void (*)(int), u: struct t **, _: int, *...) -> unsigned long"
    )
    assert signature(found, "g") == "g() -> void"
    assert assigns(found) == [
        "declare let p: const struct node *",
        "declare const q: const struct node",
        "declare let buf: char [10]",
    ]


@shows("c", "docs")
def test_a_comment_right_before_a_declaration_documents_it() -> None:
    """A blank line parts them."""
    found = read("""
        /* Does. */
        int f(void) {}

        /* not this */

        int g(void) {}
        // T is.
        // It is.
        typedef struct { int a; } t;
    """)
    assert [each.doc for each in found.outline.functions[1:]] == ["Does.", None]
    assert class_(found, "t").doc == "T is.\nIt is."


@shows("c", "visibility", "exported")
def test_what_is_static_is_private() -> None:
    """Everything else can be seen from outside."""
    found = read("static int f(void) {}\nint g(void) {}\n")
    assert [words(each) for each in found.outline.functions[1:]] == ["private", "public exported"]


@shows("c", "classes", "bases", "members")
def test_types_have_kinds_and_members() -> None:
    """A struct that only a typedef names has its name; another typedef is an alias of the type it extends."""
    found = read("""
        struct a { int x, *y; char z[2]; unsigned f : 3; struct { int in; } inner; int (*call)(int); };
        typedef struct { int b; } b_t;
        typedef struct c { int d; } c_t;
        typedef struct e { int g; } e;
        typedef struct a *a_ptr;
        typedef int (*fn)(char);
        enum color { RED = 1, GREEN };
        union u { int i; };
        struct only_declared;
    """)
    assert classes(found) == [
        "struct a",
        "struct a.<anonymous>",
        "struct b_t",
        "type_alias c_t extends c",
        "struct c",
        "struct e",
        "type_alias a_ptr extends a",
        "type_alias fn",
        "enum color",
        "union u",
    ]
    assert members(found, "a") == [
        "public x: int",
        "public y: int *",
        "public z: char [2]",
        "public f: unsigned",
        "public inner: struct",
        "public call: int (*)(int)",
    ]
    assert members(found, "color") == ["public static readonly RED = 1", "public static readonly GREEN"]


@shows("c", "imports")
def test_an_include_imports_everything() -> None:
    """A quoted path is relative; one that a macro names is unknown."""
    found = read('#include <sys/stat.h>\n#include "a/b.h"\n#include "../c.h"\n#include CONFIG\n')
    assert imports(found) == [("sys/stat.h", "*", ""), ("./a/b.h", "*", ""), ("../c.h", "*", "")]
    assert found.texts.literals == ()


@shows("c", "calls")
def test_calls_have_paths_and_arguments() -> None:
    """`->` is a dot; addresses and pointers are looked through; a macro looks like a function."""
    found = read("""
        void f() { s->repo.save(&ctx, 1, "a"); (*cb)(*p); g(h())->i(MAX(1, 2)); a[0].run(sizeof x); }
    """)
    assert calls(found) == [
        "s.repo.save(ctx, 1, 'a')",
        "cb(p)",
        "g(h()).i(MAX(1, 2))",
        "g(h())",
        "h()",
        "MAX(1, 2)",
        "a[0].run((unknown x))",
    ]


@shows("c", "constructions")
def test_compound_literals_are_constructions() -> None:
    """Their members are named arguments."""
    found = read("void f() { draw((struct point){ .x = 1, .y = 2 }); }\n")
    assert calls(found) == ["draw(new point(x=1, y=2))", "new point(x=1, y=2)"]


@shows("c", "assignments")
def test_declarations_and_assignments_bind() -> None:
    """Each of several declarators by itself; prototypes bind nothing."""
    found = read("""
        extern int count, list[3];
        static const int limit = 10;
        struct point origin = { .x = 1 };
        int prototype(int a);
        void f() { int i = 0, *j = &i; i += 1; ++i; j->k[0].l = g(); x = y = 2; }
    """)
    assert assigns(found) == [
        "declare let count: int",
        "declare let list: int [3]",
        "assign const limit: const int = 10",
        "assign let origin: struct point = {x: 1}",
        "assign let i: int = 0",
        "assign let j: int * = i",
        "augmented i = 1",
        "augmented i",
        "assign j.k[0].l = g()",
        "assign x = (named y 2)",
        "assign y = 2",
    ]


@shows("c", "returns")
def test_returns_have_values() -> None:
    """Or none."""
    found = read("int f() { if (a) return; return b ? g() : -1; }\n")
    assert returns(found) == ["f return -", "f return (conditional b g() -1)"]


@shows("c", "regions")
def test_regions_nest() -> None:
    """The initialiser of a loop runs once, the rest every time."""
    found = read("""
        void f() {
          for (int i = once(); i < 3; i++) { if (a()) b(); else c(); }
          while (d()) e();
          do { g(); } while (h());
          switch (x) { case 1: i(); break; default: j(); }
        }
    """)
    assert regions(found) == [
        ("loop", 2, 2, -1, "(operation < i 3)"),
        ("branch", 2, 2, 0, "a()"),
        ("else", 2, 2, 0, "-"),
        ("loop", 3, 3, -1, "d()"),
        ("loop", 4, 4, -1, "h()"),
        ("case", 5, 5, -1, "1"),
        ("case", 5, 5, -1, "-"),
    ]
    assert {each.callee.text: each.region for each in found.bodies.calls} == {
        "once": -1, "a": 0, "b": 1, "c": 2, "d": 3, "e": 3, "g": 4, "h": 4, "i": 5, "j": 6,
    }  # fmt: skip


@shows("c", "literals")
def test_literals_know_what_they_are_for() -> None:
    """Numbers are decimal and lose their suffixes."""
    found = read(r"""
        int max = 1000UL;
        int f() { g(L"a\n", 'c', 0xFF, 017, 1.5f); x.y = "y"; if (a == 3) { return b[4]; } }
    """)
    assert literals(found) == [
        ("number", "1000", "assignment", "max"),
        ("string", "a\n", "argument", ""),
        ("string", "c", "argument", ""),
        ("number", "255", "argument", ""),
        ("number", "15", "argument", ""),
        ("number", "1.5", "argument", ""),
        ("string", "y", "assignment", "y"),
        ("number", "3", "comparison", ""),
        ("number", "4", "index", ""),
    ]


@shows("c", "comments")
def test_comments_lose_their_markers() -> None:
    """Those that document something are doc."""
    found = read("/* F does. */\nint f() {\n  x(); // why\n  /* how */\n}\n")
    assert comments(found) == [(1, "F does.", "doc"), (3, "why", "trailing"), (4, "how", "")]


@shows("c", "names")
def test_names_are_those_that_are_read() -> None:
    """Not what is only declared or included, and nothing in strings and comments."""
    found = read('#include "unused.h"\nvoid f(t p, t q) { t v = p; s = "str"; /* com */ a->b(c); }\n')
    assert found.names == ("a", "b", "c", "p", "s", "t", "void")


@shows("c", "errors")
def test_a_broken_file_keeps_the_facts_of_its_sound_parts() -> None:
    """The stretch that could not be read is an error."""
    found = read("int f() { g(1); }\nint broken() { h(2)) ]; }\nint i() { j(3); }\n")
    assert found.errors
    assert {"f", "i"} <= {each.qualified_name for each in found.outline.functions}
    assert {"g(1)", "j(3)"} <= set(calls(found))


@shows("c", "functions")
def test_a_header_that_only_cpp_can_read_is_read_as_that() -> None:
    """It declares a class, a namespace or a template; its language stays C."""
    found = read("namespace a {\nclass B {\n public:\n  int c() { return d->e<int>(); }\n};\n}\n")
    assert found.language == "c"
    assert functions(found) == [("a.B.c", "method", 4, 4)]
    assert functions(read("struct s { int class; };\nint f(void) { return class; }\n")) == [("f", "function", 2, 2)]


@shows("c", "functions")
def test_hashes_tell_body_and_signature_apart() -> None:
    """A changed body changes one, a changed parameter or result the other."""
    first, body, result = (
        function(read(code), "f")
        for code in ("int f(int a) { return 1; }", "int f(int a) { return 2; }", "long f(int a) { return 1; }")
    )
    assert first.body_hash == result.body_hash != body.body_hash
    assert first.signature_hash == body.signature_hash != result.signature_hash
