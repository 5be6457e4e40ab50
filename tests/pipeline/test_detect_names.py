"""What the names of one file stand for, in languages with declared scopes: what calls call, and what they are given."""

from __future__ import annotations

import pytest

from driftd.pipeline.detect.names import Names
from driftd.pipeline.facts.languages import registry


def names_of(language: str, code: str) -> Names:
    """Return the names of a file."""
    return Names(registry.adapter_of(language).extract(code.encode(), language))


def called(language: str, code: str) -> set[str]:
    """Return everything that the calls of a file may call."""
    names = names_of(language, code)
    return {name for call in names.calls for name in names.callee(call)}


CALLED = [
    # the parts of an import, and a wildcard's as candidates
    (
        "java",
        "import javax.crypto.*;\nclass A { Object a = Cipher.getInstance(x); }",
        "javax.crypto.Cipher.getInstance",
    ),
    ("java", "import static org.junit.Assert.*;\nclass A { void f() { fail(); } }", "org.junit.Assert.fail"),
    ("kotlin", "import io.ktor.server.routing.*\nfun f() { get(x) }", "io.ktor.server.routing.get"),
    (
        "csharp",
        "using System.Security.Cryptography;\nclass A { void F() { MD5.Create(); } }",
        "System.Security.Cryptography.MD5.Create",
    ),
    ("php", "<?php\nuse Illuminate\\Support\\Facades\\DB;\nDB::raw($x);", "Illuminate.Support.Facades.DB.raw"),
    ("php", "<?php\nnamespace App;\nfunction f() { \\md5($x); }", "md5"),
    ("ruby", "OpenSSL::Digest.hexdigest(x)", "OpenSSL.Digest.hexdigest"),
    ("go", 'package a\nimport r "math/rand"\nfunc f() { r.Intn(3) }', "math/rand.Intn"),
    ("go", 'package a\nimport "gorm.io/gorm"\nfunc f(d *gorm.DB) { d.Create(x) }', "gorm.io/gorm.DB.Create"),
    ("rust", "use std::process::Command;\nfn f() { Command::new(x).arg(y); }", "std.process.Command.new.arg"),
    # what the project's SDK imports without saying so
    ("csharp", "class A { void F() { Thread.Sleep(1); } }", "System.Threading.Thread.Sleep"),
    # the fields of the class, with and without the word for the instance
    (
        "java",
        "import java.util.Random;\nclass A { private final Random r = new Random(); int f() { return r.nextInt(); } }",
        "java.util.Random.nextInt",
    ),
    (
        "php",
        "<?php\nuse Redis;\nclass A { private Redis $r; function f() { $this->r->get('a'); } }",
        "Redis.get",
    ),
    # a variable that is not typed is what the factory gives
    (
        "java",
        "import java.security.*;\nclass A { void f() { var g = KeyPairGenerator.getInstance(x); g.initialize(1); } }",
        "java.security.KeyPairGenerator.getInstance.initialize",
    ),
]


@pytest.mark.parametrize(("language", "code", "name"), CALLED)
def test_a_call_has_the_name_of_its_module(language: str, code: str, name: str) -> None:
    """Rules name what a library offers with the library; a file may write it in many ways."""
    assert name in called(language, code)


def test_a_class_of_the_file_is_not_that_of_a_wildcard_import() -> None:
    """What the file declares itself hides what an import may bring."""
    code = "import javax.crypto.*;\nclass A { void f() { Cipher.go(); } }\nclass Cipher { static void go() {} }"
    assert "javax.crypto.Cipher.go" not in called("java", code)


GIVEN = [
    # constants of the class, locals, and what is put together from both
    ("java", 'class A { static final String K = "a"; void f() { g(K); } }', ("a",)),
    ("java", 'class A { void f() { String k = "a" + "b"; g(k.getBytes()); } }', ("ab",)),
    ("ruby", 'class A\n  K = "a"\n  def f\n    g(K)\n  end\nend', ("a",)),
    ("php", "<?php\nclass A { const K = 'a'; function f() { g(self::K); } }", ("a",)),
    ("go", 'package a\nconst k = "a"\nfunc f() { g([]byte(k)) }', ("a",)),
    ("csharp", 'class A { void F() { G(Encoding.UTF8.GetBytes("a")); } }', ("a",)),
    # everything that may be there, or nothing
    ("java", 'class A { void f(boolean x) { String k = "a"; if (x) { k = "b"; } g(k); } }', ("a", "b")),
    ("java", 'class A { void f() { String k = "a"; k = "b"; g(k); } }', ("b",)),
    ("java", 'class A { void f(String p) { String k = "a"; if (p) { k = p; } g(k); } }', ()),
    ("java", 'class A { String k = "a"; void f(String p) { g(k); } void h(String p) { k = p; } }', ()),
    # what the calls in the file hand over
    ("java", 'class A { void f(String p) { g(p); } void h() { f("a"); } }', ("a",)),
    ("java", 'class A { void f(String p) { g(p); } void h(Map m) { m.f("a"); } }', ()),
    # what is read by a key is not the key
    ("php", "<?php\ng($_GET['a']);", ()),
]


@pytest.mark.parametrize(("language", "code", "texts"), GIVEN)
def test_a_name_stands_for_what_it_was_given(language: str, code: str, texts: tuple[str, ...]) -> None:
    """A rule that asks for a text gets all that the argument can be, as far as all of it is known."""
    names = names_of(language, code)
    call = next(call for call in names.calls if call.callee.text in {"g", "G"})
    assert names.texts(call.args[0].value, call.scope, call.line) == texts


def test_what_random_bytes_are_put_into_is_not_constant() -> None:
    """A buffer that is filled by something else is no constant, whatever it began with."""
    names = names_of("java", "class A { void f() { byte[] b = {1}; random.nextBytes(b); g(b); } }")
    call = next(call for call in names.calls if call.callee.text == "g")
    assert not names.is_constant(call.args[0].value, call.scope, call.line)


def test_a_number_with_a_leading_zero_is_octal() -> None:
    """File permissions are written so."""
    names = names_of("php", "<?php\ng(0777);")
    call = names.calls[0]
    assert names.number(call.args[0].value, call.scope, call.line) == 0o777
