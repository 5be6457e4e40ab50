"""What driftd reads of the code in PHP, and of its texts."""

from __future__ import annotations

import pytest

from driftd.pipeline.facts.model import FileFacts
from tests.pipeline.languages.reading import (
    assigns,
    calls,
    comments,
    handlers,
    literals,
    raises,
    reader,
    regions,
    returns,
    shows,
)

whole = reader("php")


def read(code: str) -> FileFacts:
    """Read PHP whose opening tag, on a line before the first, is left out of the snippet."""
    return whole("<?php" + code if code.startswith("\n") else f"<?php {code}")


@shows("php", "calls")
def test_calls_have_receivers_and_arguments() -> None:
    """An access path has dots; arguments may be named or spread; what a variable names is an index."""
    found = read(r"""
$this->repo->save($x, name: 1, ...$y);
Foo::bar()->baz?->qux($a?->b, A::$b->c, D::class);
\A\B\f(); parent::g(); static::$h->i(); $j(1); ($this->k)();
$o->$name(); Foo::{$m}(); $o->{'a' . $b}();
""")
    assert calls(found) == [
        "this.repo.save(x, name=1, ...y)",
        "Foo.bar().baz.qux(a.b, A.b.c, D.class)",
        "Foo.bar()",
        "A.B.f()",
        "parent.g()",
        "static.h.i()",
        "j(1)",
        "this.k()",
        "o[name]()",
        "Foo[m]()",
        "o[(operation . 'a' b)]()",
    ]
    assert [each.is_optional for each in found.bodies.calls][:3] == [False, True, False]


@shows("php", "calls")
def test_a_first_class_callable_is_a_reference() -> None:
    """It calls nothing."""
    found = read("$a = strlen(...); map($this->b->c(...), D::e(...));")
    assert calls(found) == ["map(this.b.c, D.e)"]
    assert assigns(found) == ["assign a = strlen"]


@shows("php", "constructions")
def test_constructions_are_new() -> None:
    """Of a class, of what a variable names, of what an expression gives."""
    found = read(r"new A; new \B\C(1); new $d(2); new static(); new self; new (f())(3);")
    assert calls(found) == ["new A()", "new B.C(1)", "new d(2)", "new static()", "new self()", "new f()(3)", "f()"]


@shows("php", "assignments")
def test_assignments_change_and_bind() -> None:
    """There are no declarations but those of constants; loops and handlers bind names as well."""
    found = read(r"""
const K = 1;
function f() {
    global $g, $h;
    static $n = 0, $m;
    $a = 1; $a .= 'x'; $b['k'][] = $c ??= 2; $i++; --$j; $r = &$q;
    [$a, [, $b]] = g(); ['k' => $c] = h(); list($d, , $e) = k();
    foreach ($items as $k => &$v) {}
    foreach (m() as [$x, $y]) {}
    try {} catch (A | \B\C $e) {}
    unset($a, $b['x']);
}
""")
    assert assigns(found) == [
        "assign const K = 1",
        "global g",
        "global h",
        "assign n = 0",
        "declare m",
        "assign a = 1",
        "augmented a = 'x'",
        "assign b['k'][?] = (named c 2)",
        "augmented c = 2",
        "augmented i",
        "augmented j",
        "assign r = q",
        "assign [a, [?, b]] = g()",
        "assign {'k': c} = h()",
        "assign [d, ?, e] = k()",
        "for (tuple k v) = items",
        "for [x, y] = m()",
        "catch e: A | B.C",
        "delete a",
        "delete b['x']",
    ]


@shows("php", "returns")
def test_returns_and_yields_have_their_values() -> None:
    """An arrow function returns its expression; a yielded pair is a tuple."""
    found = read("""
function f() { if ($x) return; g(fn($a) => $a->b); return $c ?: (int) $d; }
function g() { yield 1; yield $k => $v; yield from h(); return $x ? [1, 'k' => -$y] : null; }
""")
    assert returns(found) == [
        "f return -",
        "f.<lambda> return a.b",
        "f return (operation ?: c (cast int d))",
        "g yield 1",
        "g yield (tuple k v)",
        "g yield_from h()",
        "g return (conditional x {?: 1, 'k': (operation - y)} null)",
    ]


@shows("php", "raises")
def test_raises_name_their_cause() -> None:
    """That is the caught error among the arguments of the new one; a throw may be an expression."""
    found = read("""
try { f(); } catch (A $e) { throw new B('x', previous: $e); } catch (C $c) { throw $c; }
$x = $y ?? throw new D();
""")
    assert raises(found) == ["new B('x', previous=e) from e", "c", "new D()"]


@shows("php", "handlers")
@pytest.mark.parametrize(
    ("body", "does"),
    [
        ("", ("empty",)),
        ("// nothing", ("empty",)),
        ("Log::error($e->getMessage());", ("log", "call", "uses_error")),
        ("$this->logger->warning('x', ['e' => $e]);", ("log", "call", "uses_error")),
        ("error_log('x');", ("log", "call")),
        ("throw new B($e);", ("raise", "call", "uses_error")),
        ("return null;", ("return",)),
        ("continue;", ("continue",)),
        ("foreach ($b as $c) { break; }", ("assign",)),
        ("$failed = true;", ("assign",)),
        ('echo "failed: {$e}";', ("uses_error",)),
    ],
)
def test_handlers_say_what_they_catch_and_do(body: str, does: tuple[str, ...]) -> None:
    """A jump counts if it leaves the handler."""
    found = read(f"while (true) {{ try {{ f(); }} catch (IoError | \\B\\C $e) {{ {body}\n }} finally {{ }} }}")
    assert handlers(found) == [("try_catch", ("IoError", "B.C"), "e", does)]
    (handler,) = found.bodies.handlers
    assert found.bodies.regions[handler.region].kind == "handler"


@shows("php", "handlers")
def test_a_handler_need_not_name_the_error() -> None:
    """Since PHP 8."""
    assert handlers(read("try { f(); } catch (A) { g(); }")) == [("try_catch", ("A",), "", ("call",))]


@shows("php", "regions")
def test_regions_nest() -> None:
    """Every statement that decides about code opens one, in braces or with a colon; so does every case of a match."""
    found = read("""
foreach ($bs as $b) {
  if ($b->ok()) c(); elseif ($d) { e(); } else g();
}
while ($h): i(); endwhile;
do j(); while (k());
for ($i = once(); $i < 3; $i++) l();
switch ($m) { case 1: n(); break; default: o(); }
$p = match ($q) { 'x', 'y' => r(), default => s() };
try { t(); } catch (E $e) { u(); } finally { v(); }
if ($w): x(); else: y(); endif;
""")
    assert regions(found) == [
        ("loop", 2, 4, -1, "bs"),
        ("branch", 3, 3, 0, "b.ok()"),
        ("branch", 3, 3, 0, "d"),
        ("else", 3, 3, 0, "-"),
        ("loop", 5, 5, -1, "h"),
        ("loop", 6, 6, -1, "k()"),
        ("loop", 7, 7, -1, "(operation < i 3)"),
        ("case", 8, 8, -1, "1"),
        ("case", 8, 8, -1, "-"),
        ("case", 9, 9, -1, "'x'"),
        ("case", 9, 9, -1, "-"),
        ("try", 10, 10, -1, "-"),
        ("handler", 10, 10, -1, "-"),
        ("finally", 10, 10, -1, "-"),
        ("branch", 11, 11, -1, "w"),
        ("else", 11, 11, -1, "-"),
    ]
    where = {each.callee.text: each.region for each in found.bodies.calls}
    assert where == {
        "b.ok": 0, "c": 1, "e": 2, "g": 3, "i": 4, "j": 5, "k": 5, "once": -1, "l": 6, "n": 7, "o": 8, "r": 9, "s": 10,
        "t": 11, "u": 12, "v": 13, "x": 14, "y": 15,
    }  # fmt: skip


@shows("php", "literals")
def test_literals_know_what_they_are_for() -> None:
    """Only double quotes have escapes, of which an unknown one stays; numbers are decimal."""
    found = read(r"""
#[B('d')]
class A { const MAX = 1_000; private $t = ['a' => 'b', 'c']; }
g("a\n\d\u{e9}\$", 'it\'s\n', name: 0x1F); $x = 'b' . 1.5e3; if ($y == 3) {} return $z['k'];
""")
    assert literals(found) == [
        ("string", "d", "decorator", ""),
        ("number", "1000", "assignment", "MAX"),
        ("string", "a", "key", ""),
        ("string", "b", "property", "a"),
        ("string", "c", "element", "t"),
        ("string", "a\n\\dé$", "argument", ""),
        ("string", "it's\\n", "argument", ""),
        ("number", "31", "argument", "name"),
        ("string", "b", "operation", ""),
        ("number", "1500", "operation", ""),
        ("number", "3", "comparison", ""),
        ("string", "k", "index", ""),
    ]


@shows("php", "literals")
def test_strings_with_variables_are_templates() -> None:
    """A heredoc has lost the indentation of its end, and `{}` stands for what is put in; a nowdoc is plain."""
    found = read(r"""
$a = "x $b {$c->d()} $e[0] ${f}\n";
$g = <<<EOT
    One $h
      "two" {$i->j}
    EOT;
$k = <<<'EOT'
raw $l\n
EOT;
$m = "plain";
""")
    assert assigns(found) == [
        "assign a = `x {} {} {} {}\n`%(b, c.d(), e[0], (unknown f))",
        'assign g = `One {}\n  "two" {}`%(h, i.j)',
        "assign k = 'raw $l\\\\n'",
        "assign m = 'plain'",
    ]
    assert [each.kind for each in found.texts.literals] == ["template", "number", "template", "string", "string"]


@shows("php", "comments")
def test_comments_lose_their_markers() -> None:
    """A trailing one has code before it; a docblock is doc; an attribute is no comment."""
    found = read("\n/** D. */\nclass A {\n  public $x; // why\n  # how\n  /* what */ #[B]\n  function f() {}\n}\n")
    assert comments(found) == [(2, "D.", "doc"), (4, "why", "trailing"), (5, "how", ""), (6, "what", "")]


@shows("php", "names")
def test_names_are_those_that_are_read() -> None:
    """Not what is only assigned, declared or imported; in text only what is put in; HTML is no code."""
    found = whole(r"""
<p>html $text</p>
<?php
use A\Unused;
class A { private $unread, $used; function __construct(private $one, private $two) { $this->used($this->two); } function f($p, $q) { $v = $p; $s = "str {$in->side}"; /* com */ return $this->g(B::C); } }
?>
<b>more</b> <?= $shown ?>
""")
    assert found.names == ("B", "C", "g", "in", "p", "shown", "side", "two", "used")


@shows("php", "errors")
def test_a_broken_file_keeps_the_facts_of_its_sound_parts() -> None:
    """The stretch that could not be read is an error."""
    found = read("""
class A {
    function f() { g(1); }
    function broken() { h(2)) ]; }
    function i() { j(3); }
}
""")
    assert found.errors
    assert {"A.f", "A.i"} <= {each.qualified_name for each in found.outline.functions}
    assert {"g(1)", "j(3)"} <= set(calls(found))
