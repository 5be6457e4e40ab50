"""Functions of TypeScript and JavaScript: what is one, what it is called, where it starts, what it takes."""

from __future__ import annotations

from driftd.pipeline.facts.model import Decorator, Member
from tests.pipeline.ecmascript_facts import facts, function, functions, show


def test_the_module_is_the_first_function_and_spans_the_file() -> None:
    """Index 0 is `<module>`, for code outside of every function."""
    module = facts("a();\nb();\n").outline.functions[0]
    assert (module.name, module.kind, module.line, module.end_line, module.scope) == ("<module>", "module", 1, 2, -1)


def test_every_form_of_function_is_found_with_its_name_kind_and_lines() -> None:
    """Declarations and lambdas start at their own line, methods at their name, bound functions at the bound name."""
    found = facts(
        """
        function plain() {}
        async function* both() {}
        export default function () {}
        const arrow =
          () => 1;
        const old = function own() {};
        class Box {
          constructor() {}
          @Deco()
          run() {}
          static make() {}
          get size() { return 1 }
          set size(v) {}
          field = () => {
          };
          static shared = () => 2;
          #secret() {}
          [Symbol.iterator]() {}
          "quoted name"() {}
        }
        list.map(x => x);
        target.handler = function () {};
        (function () {})();
        """
    )
    assert functions(found) == [
        ("plain", "function", 1, 1),
        ("both", "function", 2, 2),
        ("default", "function", 3, 3),
        ("arrow", "function", 4, 5),
        ("old", "function", 6, 6),
        ("Box.constructor", "constructor", 8, 8),
        ("Box.run", "method", 10, 10),
        ("Box.make", "static_method", 11, 11),
        ("Box.size", "getter", 12, 12),
        ("Box.size", "setter", 13, 13),
        ("Box.field", "method", 14, 15),
        ("Box.shared", "static_method", 16, 16),
        ("Box.#secret", "method", 17, 17),
        ("Box.[Symbol.iterator]", "method", 18, 18),
        ("Box.quoted name", "method", 19, 19),
        ("<lambda>", "lambda", 21, 21),
        ("target.handler", "method", 22, 22),
        ("<lambda>", "lambda", 23, 23),
    ]


def test_members_of_object_literals_are_qualified_by_the_object() -> None:
    """A function in an object literal belongs to the path the literal is bound to, through nested literals and casts."""
    found = facts(
        """
        const api = {
          get() {},
          post: async () => {},
          nested: { deep: function () { return () => 1; } },
        } as const;
        create({ on() {}, more: { off() {} } });
        """
    )
    assert functions(found) == [
        ("api.get", "method", 2, 2),
        ("api.post", "method", 3, 3),
        ("api.nested.deep", "method", 4, 4),
        ("api.nested.deep.<lambda>", "lambda", 4, 4),
        ("on", "method", 6, 6),
        ("more.off", "method", 6, 6),
    ]


def test_functions_assigned_to_this_or_a_prototype_are_members_of_the_class() -> None:
    """`this.x = function` in a constructor and `C.prototype.x = function` both make `C.x`."""
    found = facts(
        """
        class C { constructor() { this.run = () => {}; } }
        C.prototype.stop = function () {};
        """,
        "javascript",
    )
    assert [name for name, *_ in functions(found)] == ["C.constructor", "C.run", "C.stop"]
    assert function(found, "C.stop").bound_to == "C.stop"


def test_a_name_is_taken_through_parentheses_casts_and_defaults() -> None:
    """Only what stands between a name and its function without computing anything is looked through."""
    found = facts("const a = (() => 1) as F;\nfunction f(cb = () => 2) {}\nconst c = x ? () => 3 : () => 4;\n")
    assert [name for name, *_ in functions(found)] == ["a", "f", "f.cb", "<lambda>", "<lambda>"]


def test_signatures_without_a_body_are_not_functions_but_abstract_methods_are() -> None:
    """Overloads and ambient functions have nothing to run; an abstract method is what callers call."""
    found = facts(
        """
        function over(a: string): void;
        function over(a: any) {}
        declare function ambient(): void;
        abstract class A {
          m(a: string): void;
          m(a: any) {}
          protected abstract go(): Promise<void>;
        }
        """
    )
    assert [name for name, *_ in functions(found)] == ["over", "A.m", "A.go"]
    go = function(found, "A.go")
    assert (go.is_abstract, go.visibility, go.return_type, go.body_hash) == (True, "protected", "Promise<void>", b"")


def test_flags_tell_async_generator_and_visibility() -> None:
    """Modifiers are read from the words before the name; `#private` is private, an underscore is not."""
    found = facts(
        """
        async function a() {}
        function* g() {}
        const l = async () => {};
        class C { private async *p() {} protected q() {} #r() {} _s() {} async() {} }
        """
    )
    flags = {each.name: (each.is_async, each.is_generator, each.visibility) for each in found.outline.functions[1:]}
    assert flags == {
        "a": (True, False, "public"),
        "g": (False, True, "public"),
        "l": (True, False, "public"),
        "p": (True, True, "private"),
        "q": (False, False, "protected"),
        "#r": (False, False, "private"),
        "_s": (False, False, "public"),
        "async": (False, False, "public"),
    }


def test_parameters_keep_types_defaults_patterns_and_rest() -> None:
    """An optional parameter has the default `undefined`; the type of `this` is no parameter."""
    found = facts("function f(this: W, a: A, b?: B, c = 1, { d, e = 'x' }: P = {}, ...r: R[]): asserts a is T {}")
    f = function(found, "f")
    assert [(p.name, p.annotation, show(p.default, found), p.kind) for p in f.params] == [
        ("a", "A", "-", "positional"),
        ("b", "B", "undefined", "positional"),
        ("c", None, "1", "positional"),
        ("{ d, e = 'x' }", "P", "{}", "positional"),
        ("r", "R[]", "-", "rest"),
    ]
    assert f.return_type == "asserts a is T"
    assert [(each.value, each.context, each.name) for each in found.texts.literals] == [
        ("1", "default", "c"),
        ("x", "default", "e"),
    ]


def test_javascript_parameters_are_read_alike() -> None:
    """The JavaScript grammar has no parameter nodes around the patterns."""
    found = facts("const f = (a, b = 1, [c], ...d) => a; const g = x => x;", "javascript")
    assert [(p.name, p.kind) for p in function(found, "f").params] == [
        ("a", "positional"),
        ("b", "positional"),
        ("[c]", "positional"),
        ("d", "rest"),
    ]
    assert [p.name for p in function(found, "g").params] == ["x"]


def test_parameter_properties_are_members_of_the_class() -> None:
    """A constructor parameter with an accessibility or `readonly` declares a field."""
    found = facts("class S { constructor(private readonly repo: Repo, readonly n = 1, plain: P) {} }")
    (cls,) = found.outline.classes
    assert [(m.name, m.annotation, m.visibility, m.is_readonly) for m in cls.members] == [
        ("repo", "Repo", "private", True),
        ("n", None, "public", True),
    ]
    assert isinstance(cls.members[0], Member)


def test_decorators_are_kept_with_their_calls_on_classes_methods_fields_and_parameters() -> None:
    """A called decorator refers to its call; a plain one has none."""
    found = facts(
        """
        @Controller('/users')
        export class Users {
          @Input() name: string;
          @Get(':id') @log
          find(@Param('id') id: string) {}
        }
        """
    )
    (cls,) = found.outline.classes
    find = function(found, "Users.find")
    assert cls.decorators == (Decorator("Controller", 1, 0),)
    assert cls.members[0].decorators == (Decorator("Input", 3, 1),)
    assert find.decorators == (Decorator("Get", 4, 2), Decorator("log", 4, -1))
    assert find.params[0].decorators == (Decorator("Param", 5, 3),)
    assert find.line == 5
    assert [(each.value, each.context) for each in found.texts.literals] == [
        ("/users", "decorator"),
        (":id", "decorator"),
        ("id", "decorator"),
    ]


def test_javascript_decorators_are_read_alike() -> None:
    """The JavaScript grammar keeps a method's decorators inside the method."""
    found = facts("@d class C {\n  @bound('x')\n  m() {}\n}", "javascript")
    assert function(found, "C.m").decorators == (Decorator("bound", 2, 0),)
    assert found.bodies.calls[0].scope == ~0
    assert function(found, "C.m").line == 3


def test_jsdoc_is_the_doc_of_what_it_stands_before() -> None:
    """It may stand before the export, the declaration, the decorators or the property; other comments are no doc."""
    found = facts(
        """
        /** one
         * two */
        export const a = () => 1;
        // not doc
        function b() {}
        /** of c */
        // eslint-disable-next-line
        @D()
        export class C {
          /** of m */
          @Get()
          m() {}
        }
        const o = {
          /** of p */
          p() {},
        };
        """
    )
    docs = {each.qualified_name: each.doc for each in found.outline.functions[1:]}
    assert docs == {"a": "one\ntwo", "b": None, "C.m": "of m", "o.p": "of p"}
    assert found.outline.classes[0].doc == "of c"


def test_the_body_hash_covers_the_body_and_the_signature_hash_the_signature() -> None:
    """Editing one leaves the other as it was."""
    one, two = facts("function f(a: A): B { x }"), facts("function f(a: A): B { y }")
    three = facts("function f(a: A2): B { x }")
    first, second, third = (each.outline.functions[1] for each in (one, two, three))
    assert len(first.body_hash) == len(first.signature_hash) == 8
    assert (first.body_hash != second.body_hash, first.signature_hash == second.signature_hash) == (True, True)
    assert (first.body_hash == third.body_hash, first.signature_hash != third.signature_hash) == (True, True)


def test_scopes_nest_through_functions_and_classes() -> None:
    """Code in a class body has the class as scope; a function's scope is where it stands."""
    found = facts("function f() { class K { x = g(); m() { return () => h(); } } }")
    assert [(each.qualified_name, each.scope) for each in found.outline.functions] == [
        ("<module>", -1),
        ("f", 0),
        ("f.K.m", ~0),
        ("f.K.m.<lambda>", 2),
    ]
    assert [each.scope for each in found.outline.classes] == [1]
    assert [each.scope for each in found.bodies.calls] == [~0, 3]


def test_arrow_functions_and_functions_that_read_this() -> None:
    """An arrow function passes the `this` that it reads on to the function around it; a word in a name is none."""
    outline = facts(
        """
        class A { m() { return () => this.x; } n() { return thisIsNone; } }
        function f() { function g() { super.toString(); } }
        """
    ).outline
    found = {f.qualified_name: (f.is_arrow, f.uses_this) for f in outline.functions[1:]}
    assert found == {
        "A.m": (False, True),
        "A.m.<lambda>": (True, False),
        "A.n": (False, False),
        "f": (False, False),
        "f.g": (False, True),
    }


def test_a_destructured_parameter_keeps_its_pattern() -> None:
    """The name is the source text, the pattern a value; a rest that is taken apart has one as well."""
    function = facts("function f({ a, b: [c] }, d, ...[e]) {}").outline.functions[1]
    assert [(p.name, p.kind, p.pattern is not None) for p in function.params] == [
        ("{ a, b: [c] }", "positional", True),
        ("d", "positional", False),
        ("[e]", "rest", True),
    ]
