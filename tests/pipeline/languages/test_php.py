"""What driftd reads in PHP."""

from __future__ import annotations

import pytest

from driftd.pipeline.facts.model import FileFacts
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

whole = reader("php")

ABSENT = {"exports": "every function and class can be used elsewhere"}

SAMPLE = r"""<!DOCTYPE html>
<?php
declare(strict_types=1);

namespace App\Shop;

use App\Models\{Item, User as Customer};
use function App\Support\money;

require_once __DIR__ . '/helpers.php';

const LIMIT = 0x10;

/** Sells. */
#[Service('shop'), Lazy]
abstract class Shop extends Base implements \Countable, Sells
{
    use Events, Logs { Events::fire as protected; }

    public const int MAX = 1_000;
    protected static ?array $cache = ['größe' => 1, ...self::MORE];
    public string $title { get => $this->title; set(string $v) { $this->title = trim($v); } }

    /** Makes one. */
    public function __construct(private readonly Repo $repo, protected int|string $id = 5) { parent::__construct($id); }

    #[Route('/items', methods: ['GET'])]
    public static function find(?int $id, array &$found = [], string ...$names): ?static
    {
        global $config;
        static $count = 0;
        foreach ($this->repo->all() as $key => $item) {
            if ($item?->id === $id) { return new static($item); } elseif ($id) { continue; } else { Log::info("no {$item->id} $key"); }
        }
        foreach (f() as [$a, 'b' => $b]): $count++; endforeach;
        try {
            $x = match (true) { $a > 1, $b => g(), default => throw new Bad('no') };
        } catch (IoError | \RuntimeException $e) {
            throw new ShopError("bad", 0, $e);
        } finally {
            self::close(...);
        }
        for ($i = 0; $i < 10; $i++) { $sum .= $i; }
        do { $x--; } while ($x > 0);
        switch ($x) { case 1: a(); break; default: b(); }
        $f = fn (int $n): int => $n + 1;
        $g = static function () use (&$f, $id) { yield 1; yield from $f($id); };
        $html = <<<HTML
            <p>{$this->title}</p>
            HTML;
        return $a ?: ($b ? new class($f) extends Base { function go() {} } : null);
    }

    abstract protected function close(): void;
}

enum Suit: string implements HasLabel { case Hearts = 'H'; const Wild = self::Hearts; }
interface Sells extends Countable { function sell(); }
trait Events { private $events = array(); }
?>
<p><?= money($total) ?></p>
"""


def read(code: str) -> FileFacts:
    """Read PHP whose opening tag, on a line before the first, is left out of the snippet."""
    return whole("<?php" + code if code.startswith("\n") else f"<?php {code}")


@shows("php", "functions")
def test_functions_are_named_after_what_is_around_them() -> None:
    """A closure, an arrow function and a method of an anonymous class stand in a function; hooks are called as their property."""
    found = read("""
class A {
    #[X]
    public function name() {
        return 1;
    }
    static function one() {}
    function __construct() { f(fn ($x) => $x, function () {}); }
    function deep() { return new class { function go() {} }; }
    public int $size { get => 1; set { $this->size = $value; } }
}
function plain() { function inner() {} }
""")
    assert functions(found) == [
        ("A.name", "method", 4, 6),
        ("A.one", "static_method", 7, 7),
        ("A.__construct", "constructor", 8, 8),
        ("A.__construct.<lambda>", "lambda", 8, 8),
        ("A.__construct.<lambda>", "lambda", 8, 8),
        ("A.deep", "method", 9, 9),
        ("A.deep.<anonymous>.go", "method", 9, 9),
        ("A.size", "getter", 10, 10),
        ("A.size", "setter", 10, 10),
        ("plain", "function", 12, 12),
        ("plain.inner", "function", 12, 12),
    ]
    assert function(found, "A.name").column == 21


@shows("php", "functions")
def test_an_anonymous_function_knows_what_it_is_bound_to() -> None:
    """That is the variable or property it is assigned to."""
    found = read("$f = fn() => 1; $this->g = function () {}; h(fn() => 2);")
    assert [each.bound_to for each in found.outline.functions if each.kind == "lambda"] == ["f", "this.g", ""]


@shows("php", "functions")
def test_hashes_tell_body_and_signature_apart() -> None:
    """A changed body changes one, a changed parameter the other."""
    first, body, signature_ = (
        function(read(code), "f")
        for code in ("function f(int $a) { a(); }", "function f(int $a) { b(); }", "function f($a) { a(); }")
    )
    assert first.body_hash == signature_.body_hash != body.body_hash
    assert first.signature_hash == body.signature_hash != signature_.signature_hash


@shows("php", "parameters")
def test_parameters_have_types_defaults_and_attributes() -> None:
    """A variable loses its `$`, a reference its `&`; `...` makes a rest parameter."""
    found = read(r"""
class A {
    function __construct(private readonly ?Repo $repo = null, public int|string $x = self::X) {}
    function f(#[Secret] array &$a, \A\B $b = [], &...$rest): static {}
}
$f = fn(int $n): int => $n;
""")
    assert signature(found, "A.__construct") == "__construct(repo: ?Repo = null, x: int|string = self.X)"
    assert signature(found, "A.f") == r"f(@Secret a: array, b: \A\B = [], *rest) -> static"
    assert signature(found, "<lambda>") == "<lambda>(n: int) -> int"


@shows("php", "types")
def test_types_are_kept_as_written() -> None:
    """Of results, parameters, properties and constants; a promoted parameter's is its member's."""
    found = read(r"class A { private ?int $a; const string B = 'b'; function __construct(public A&B $c) {} function f(): null|\D {} }")  # fmt: skip
    assert members(found, "A") == [
        "private a: ?int",
        "public static readonly B: string = 'b'",
        "public c: A&B",
    ]
    assert function(found, "A.f").return_type == r"null|\D"


@shows("php", "decorators")
def test_attributes_are_decorators_and_calls_if_they_have_arguments() -> None:
    """Several may stand in one group; the line of the declaration is not theirs."""
    found = read(r"""
#[Entity, Table(name: 'users')]
#[\App\Index('a')]
class User {
    #[Id] private $id;

    #[Route('/x', methods: ['GET'])]
    function show() {}
}
""")
    assert decorators(found, class_(found, "User")) == ["2 Entity", "2 Table(name='users')", "3 App.Index('a')"]
    assert class_(found, "User").line == 4
    assert decorators(found, class_(found, "User").members[0]) == ["5 Id"]
    assert decorators(found, function(found, "User.show")) == ["7 Route('/x', methods=['GET'])"]
    assert [each.scope for each in found.bodies.calls] == [0, 0, ~0]


@shows("php", "docs")
def test_a_docblock_documents_what_follows_it() -> None:
    """Attributes may stand between; any other comment is no documentation."""
    found = read("""
/**
 * A class.
 *  It does.
 */
#[X]
final class A {
    /** Does it. */
    #[Y] public function f() {}
    /** A property. */ public $x;
    function g() {}
    // no
    function h() {}
}
""")
    assert class_(found, "A").doc == "A class.\n It does."
    assert [each.doc for each in found.outline.functions[1:]] == ["Does it.", None, None]


@shows("php", "visibility", "exported", "modifiers")
def test_visibility_is_what_modifiers_say() -> None:
    """Without one a member is public; an abstract method has no body; what yields is a generator, what is around it not."""
    found = read("""
abstract class A { private function a() {} protected abstract function b(); public final static function c() {} function d() {} }
interface I { function e(); }
trait T { abstract private function f(); }
function g() { yield 1; }
function h() { return function () { yield 2; }; }
""")
    assert {each.qualified_name: words(each) for each in found.outline.functions[1:]} == {
        "A.a": "private",
        "A.b": "protected abstract",
        "A.c": "public exported",
        "A.d": "public exported",
        "I.e": "public exported abstract",
        "T.f": "private abstract",
        "g": "public exported generator",
        "h": "public exported",
        "h.<lambda>": "public generator",
    }
    assert words(class_(found, "A")) == "public exported abstract"


@shows("php", "classes", "bases")
def test_classes_have_kinds_and_bases() -> None:
    """A trait that is used is mixed in; the arguments of an anonymous class stand outside of it."""
    found = read(r"""
class A extends \B\C implements D, E\F { use G, H { G::x insteadof H; } function f() { return new class(fn() => 1) extends K {}; } }
interface I extends J, K {}
enum S: string implements L { use M; }
trait T { use U; }
""")
    assert classes(found) == [
        "class A extends B.C implements D implements E.F mixin G mixin H",
        "class A.f.<anonymous> extends K",
        "interface I extends J extends K",
        "enum S implements L mixin M",
        "trait T mixin U",
    ]
    assert calls(found) == ["new <class A.f.<anonymous>>(<A.f.<lambda>>)"]


@shows("php", "members")
def test_members_are_properties_constants_cases_and_promoted_parameters() -> None:
    """A readonly class has readonly properties only."""
    found = read("""
class A { #[Id] public static ?int $x = 1, $y; var $z; private const K = 'k', L = 2; protected readonly B $b; }
final readonly class P { public function __construct(private Repo $repo, int $plain) {} public int $n; }
enum S: string { case Hearts = 'H'; case Spades = 'S'; const Wild = self::Spades; }
""")
    assert members(found, "A") == [
        "public static @Id x: ?int = 1",
        "public static @Id y: ?int",
        "public z",
        "private static readonly K = 'k'",
        "private static readonly L = 2",
        "protected readonly b: B",
    ]
    assert members(found, "P") == ["private readonly repo: Repo", "public readonly n: int"]
    assert members(found, "S") == [
        "public static readonly Hearts = 'H'",
        "public static readonly Spades = 'S'",
        "public static readonly Wild = self.Spades",
    ]


@shows("php", "package", "imports")
def test_imports_bind_names_of_namespaces() -> None:
    """Grouped, of functions and of constants as well."""
    found = read(r"""
namespace App\Http;
use A\B as C, D\E;
use A\{B, C\D as F, function g};
use function A\h;
use const A\K;
use \Exception;
""")
    assert found.outline.package == "App.Http"
    assert imports(found) == [
        ("A", "B", "C"),
        ("D", "E", "E"),
        ("A", "B", "B"),
        ("A.C", "D", "F"),
        ("A", "g", "g"),
        ("A", "h", "h"),
        ("A", "K", "K"),
        ("", "Exception", "Exception"),
    ]


@shows("php", "imports")
def test_files_are_imported_by_path() -> None:
    """The directory of the file is `.`; what is computed is no import, what is used as a value a dynamic one."""
    found = read("""
require 'a.php'; include_once("b.php"); require __DIR__ . '/c/d.php'; require dirname(__DIR__) . '/e.php'; require $f;
function g() { return include 'h.php'; }
""")
    assert imports(found) == [
        ("a.php", "", ""),
        ("b.php", "", ""),
        ("./c/d.php", "", ""),
        ("../e.php", "", ""),
        ("h.php", "", ""),
    ]
    assert [(each.scope, each.is_dynamic) for each in found.outline.imports][3:] == [(0, False), (1, True)]


@shows("php", "package")
@pytest.mark.parametrize(
    ("code", "package", "names"),
    [
        (r"namespace A\B; class C {}", "A.B", ["C"]),
        (r"namespace A\B { class C {} }", "A.B", ["C"]),
        (r"namespace A\B { class C {} } namespace { class D {} }", "", ["A.B", "A.B.C", "", ".D"]),
    ],
)
def test_the_namespace_that_holds_the_file_is_its_package(code: str, package: str, names: list[str]) -> None:
    """One of several is like a class."""
    found = read(code)
    assert found.outline.package == package
    assert [each.qualified_name for each in found.outline.classes] == names


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
class A { private $unread; function f($p, $q) { $v = $p; $s = "str {$in->side}"; /* com */ return $this->g(B::C); } }
?>
<b>more</b> <?= $shown ?>
""")
    assert found.names == ("B", "C", "g", "in", "p", "shown", "side")


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
