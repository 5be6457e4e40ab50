"""What driftd reads in PHP."""

from __future__ import annotations

import pytest

from driftd.pipeline.facts.model import FileFacts
from tests.pipeline.languages.reading import (
    calls,
    class_,
    classes,
    decorators,
    function,
    functions,
    imports,
    members,
    reader,
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
