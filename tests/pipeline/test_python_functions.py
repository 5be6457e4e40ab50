"""Functions of Python source: names, kinds, lines, parameters, decorators, docstrings, visibility, hashes."""

from __future__ import annotations

import pytest

from driftd.pipeline.facts.model import Function
from tests.pipeline.python_facts import facts_of, shown


def by_name(source: str) -> dict[str, Function]:
    return {function.qualified_name: function for function in facts_of(source).outline.functions}


def test_module_is_function_zero_and_spans_the_file() -> None:
    """The top-level code is the function `<module>` at index 0, from line 1 to the last line, with its docstring."""
    module = facts_of('"""What it is."""\nx = 1\n').outline.functions[0]
    assert (module.name, module.kind, module.line, module.end_line, module.doc) == (
        "<module>",
        "module",
        1,
        2,
        "What it is.",
    )
    assert facts_of("").outline.functions[0].end_line == 1


def test_qualified_names_join_enclosing_names_without_locals() -> None:
    """Names of enclosing classes and functions are joined with dots; scope points to the innermost of them."""
    facts = facts_of("""
        class Outer:
            class Inner:
                def method(self):
                    def local(): pass
                    return lambda: local
        def free(): pass
        """)
    assert [(f.qualified_name, f.kind, f.scope) for f in facts.outline.functions[1:]] == [
        ("Outer.Inner.method", "method", ~1),
        ("Outer.Inner.method.local", "function", 1),
        ("Outer.Inner.method.<lambda>", "lambda", 1),
        ("free", "function", 0),
    ]


def test_line_is_of_the_def_and_end_is_of_the_last_token() -> None:
    """Decorators stand before the function, trailing comments behind it; both are outside of its lines."""
    functions = by_name("""\
        @one
        @two(
            3)
        async def f():
            if x:
                y = (1,
                     2);  # why
                # done
            # really

        def g(): pass
        """)
    assert (functions["f"].line, functions["f"].column, functions["f"].end_line) == (4, 1, 7)
    assert (functions["g"].line, functions["g"].end_line) == (11, 11)


def test_parameters_have_kinds_annotations_and_defaults() -> None:
    """Each parameter has its kind by its place among `/`, `*` and `**`, its annotation as written and its default."""
    facts = facts_of(
        "def f(a, b: int, /, c: dict[str, int] = {}, *args: P.args, d, e=1, **kw: 'K') -> list[int]: pass\n"
    )
    function = facts.outline.functions[1]
    assert [(p.name, p.kind, p.annotation, shown(facts, p.default)) for p in function.params] == [
        ("a", "positional_only", None, "-"),
        ("b", "positional_only", "int", "-"),
        ("c", "positional", "dict[str, int]", "dict"),
        ("args", "rest", "P.args", "-"),
        ("d", "keyword_only", None, "-"),
        ("e", "keyword_only", None, "1"),
        ("kw", "keyword_rest", "'K'", "-"),
    ]
    assert function.return_type == "list[int]"


def test_bare_star_makes_the_rest_keyword_only() -> None:
    """A lone `*` is no parameter, but what follows it can be given by name only."""
    assert [(p.name, p.kind) for p in by_name("def f(a, *, b): pass\n")["f"].params] == [
        ("a", "positional"),
        ("b", "keyword_only"),
    ]


@pytest.mark.parametrize(
    ("decorator", "name", "kind"),
    [
        ("", "__init__", "constructor"),
        ("", "__new__", "class_method"),
        ("@property", "p", "getter"),
        ("@functools.cached_property", "p", "getter"),
        ("@p.setter", "p", "setter"),
        ("@staticmethod", "s", "static_method"),
        ("@classmethod", "c", "class_method"),
        ("@other", "m", "method"),
    ],
)
def test_method_kind_follows_name_and_decorators(decorator: str, name: str, kind: str) -> None:
    """What a function in a class is, its decorators say first and its name second."""
    assert by_name(f"class A:\n  {decorator}\n  def {name}(self): pass\n")[f"A.{name}"].kind == kind


def test_decorators_have_dotted_names_and_their_calls() -> None:
    """A decorator's name leaves its arguments out; one with arguments refers to its call, in the outer scope."""
    facts = facts_of("@app.route('/x', methods=['GET'])\n@cache\ndef f(): pass\n")
    first, second = facts.outline.functions[1].decorators
    assert (first.name, first.line, second.name, second.line, second.call) == ("app.route", 1, "cache", 2, -1)
    call = facts.bodies.calls[first.call]
    assert (shown(facts, call.callee), call.scope, call.line, call.column) == ("app.route", 0, 1, 2)


def test_docstring_is_cleaned() -> None:
    """A docstring loses its indentation and outer blank lines; an f-string or bytes is none."""
    functions = by_name('''
        def f():
            """One.

            Two,
              three.
            """
        def g(): f"not {this}"
        def h():
            # comments do not matter
            "implicitly " 'joined'
        ''')
    assert [functions[name].doc for name in "fgh"] == ["One.\n\nTwo,\n  three.", None, "implicitly joined"]


def test_flags_tell_async_generator_and_abstract() -> None:
    """A function with a yield of its own is a generator; one with an abstract decorator is abstract."""
    functions = by_name("""
        async def a(): await x
        def b(): yield from y
        def c():
            def inner(): yield
        class D:
            @abc.abstractmethod
            def e(self): ...
        """)
    flags = {name: (f.is_async, f.is_generator, f.is_abstract) for name, f in functions.items() if f.kind != "module"}
    assert flags == {
        "a": (True, False, False),
        "b": (False, True, False),
        "c": (False, False, False),
        "c.inner": (False, True, False),
        "D.e": (False, False, True),
    }


def test_visibility_follows_underscores() -> None:
    """One leading underscore is protected, two are private, a dunder name is public."""
    functions = by_name("def a(): 0\ndef _b(): 0\ndef __c(): 0\ndef __d__(): 0\n")
    assert {n: f.visibility for n, f in functions.items() if f.kind != "module"} == {
        "a": "public",
        "_b": "protected",
        "__c": "private",
        "__d__": "public",
    }


def test_exported_without_all_means_no_underscore_at_module_level() -> None:
    """Without `__all__`, module-level names without underscore are exported, and methods with their class."""
    functions = by_name("""
        def a():
            def inner(): pass
        def _b(): pass
        class C:
            def m(self): pass
        class _D:
            def m(self): pass
        """)
    assert [n for n, f in functions.items() if f.is_exported] == ["a", "C.m"]


def test_exported_with_all_means_listed() -> None:
    """With `__all__`, exactly the listed names are exported."""
    functions = by_name("__all__ = ['_a', 'C']\ndef _a(): 0\ndef b(): 0\nclass C:\n  def m(self): 0\n")
    assert [n for n, f in functions.items() if f.is_exported] == ["_a", "C.m"]


def test_lambda_knows_what_it_is_bound_to() -> None:
    """A lambda is a function with one return; assigned to a name or path, it is bound to that."""
    facts = facts_of("key = lambda a, *b: a.c\nself.f = lambda: 1\ng(lambda: 2)\n")
    lambdas = facts.outline.functions[1:]
    assert [(f.bound_to, f.line, f.column) for f in lambdas] == [("key", 1, 7), ("self.f", 2, 10), ("", 3, 3)]
    assert [(p.name, p.kind) for p in lambdas[0].params] == [("a", "positional"), ("b", "rest")]
    assert [(shown(facts, r.value), r.scope, r.kind) for r in facts.bodies.returns] == [
        ("a.c", 1, "return"),
        ("1", 2, "return"),
        ("2", 3, "return"),
    ]


def test_hashes_tell_body_from_signature() -> None:
    """A change of the body leaves the signature's hash, a change of the signature the body's; neither hash has the name
    of the place."""
    one = by_name("def f(a): return a\n")["f"]
    two = by_name("\n\ndef f(a): return a  # same\n")["f"]
    body = by_name("def f(a): return b\n")["f"]
    signature = by_name("def f(a, b=1): return a\n")["f"]
    assert (one.body_hash, one.signature_hash) == (two.body_hash, two.signature_hash)
    assert one.body_hash != body.body_hash
    assert one.signature_hash == body.signature_hash
    assert one.body_hash == signature.body_hash
    assert one.signature_hash != signature.signature_hash
    assert len(one.body_hash) == len(one.signature_hash) == 8
