"""Classes, interfaces, enums, type aliases and namespaces of the ECMAScript family."""

from __future__ import annotations

from driftd.pipeline.facts.model import FileFacts
from tests.pipeline.ecmascript_facts import facts, show


def heritage(found: FileFacts, index: int = 0) -> list[tuple[str, str]]:
    return [(base.relation, show(base.value, found)) for base in found.outline.classes[index].bases]


def members(found: FileFacts, index: int = 0) -> list[tuple[str, str | None, str]]:
    return [(m.name, m.annotation, show(m.value, found)) for m in found.outline.classes[index].members]


def test_every_class_like_declaration_is_found_with_its_kind_and_place() -> None:
    """The line is that of the keyword, after decorators; a namespace keeps its dotted name."""
    found = facts(
        """
        class A {}
        export abstract class B {
        }
        @D()
        class C {}
        interface I {}
        enum E { X }
        type T = string;
        namespace N.M { class Inner {} }
        declare module "pkg" { interface Ambient {} }
        const Bound = class {};
        use(class {});
        use(class Named {});
        """
    )
    assert [(c.qualified_name, c.kind, c.line, c.end_line, c.is_abstract) for c in found.outline.classes] == [
        ("A", "class", 1, 1, False),
        ("B", "class", 2, 3, True),
        ("C", "class", 5, 5, False),
        ("I", "interface", 6, 6, False),
        ("E", "enum", 7, 7, False),
        ("T", "type_alias", 8, 8, False),
        ("N.M", "namespace", 9, 9, False),
        ("N.M.Inner", "class", 9, 9, False),
        ("pkg", "namespace", 10, 10, False),
        ("pkg.Ambient", "interface", 10, 10, False),
        ("Bound", "class", 11, 11, False),
        ("<anonymous>", "class", 12, 12, False),
        ("Named", "class", 13, 13, False),
    ]


def test_heritage_is_split_into_extends_and_implements_without_type_arguments() -> None:
    """The extended value may be a path or a call (a mixin)."""
    assert heritage(facts("class A extends B.C<T> implements I, J.K<T> {}")) == [
        ("extends", "B.C"),
        ("implements", "I"),
        ("implements", "J.K"),
    ]
    assert heritage(facts("class A extends mixin(Base) {}")) == [("extends", "mixin(Base)")]
    assert heritage(facts("interface A extends B, C.D<E> {}")) == [("extends", "B"), ("extends", "C.D")]
    assert heritage(facts("class A extends React.Component {}", "javascript")) == [("extends", "React.Component")]


def test_fields_keep_type_value_and_modifiers() -> None:
    """An optional field has the value `undefined`."""
    found = facts(
        """
        class A {
          private static readonly x: number = 1;
          protected y?: string;
          #z = [1];
          'quoted': T;
          abstract w: U;
          [key: string]: any;
        }
        """
    )
    (cls,) = found.outline.classes
    assert members(found) == [
        ("x", "number", "1"),
        ("y", "string", "undefined"),
        ("#z", None, "[1]"),
        ("quoted", "T", "-"),
        ("w", "U", "-"),
        ("[key: string]", "any", "-"),
    ]
    assert [(m.visibility, m.is_static, m.is_readonly, m.line) for m in cls.members[:3]] == [
        ("private", True, True, 2),
        ("protected", False, False, 3),
        ("private", False, False, 4),
    ]


def test_javascript_fields_are_read_alike() -> None:
    """The JavaScript grammar names its field nodes differently."""
    found = facts("class A { static x = 1; #y; }", "javascript")
    assert members(found) == [("x", None, "1"), ("#y", None, "-")]


def test_interface_members_are_properties_methods_and_signatures() -> None:
    """A method signature is a member with its signature as annotation; an optional one has the value `undefined`."""
    found = facts(
        """
        interface I {
          a?: string;
          readonly b: number;
          m(x: string): void;
          (x: number): string;
          new (x: number): I;
          [k: string]: any;
        }
        """
    )
    assert members(found) == [
        ("a", "string", "undefined"),
        ("b", "number", "-"),
        ("m", "(x: string): void", "-"),
        ("()", "(x: number): string", "-"),
        ("new", "(x: number): I", "-"),
        ("[k: string]", "any", "-"),
    ]
    assert [m.is_readonly for m in found.outline.classes[0].members] == [False, True, False, False, False, False]


def test_the_properties_of_an_object_type_alias_are_members() -> None:
    """Only a type that is an object type has members."""
    found = facts("type A = { x: string; y?: B };\ntype U = A | B;\n")
    assert members(found, 0) == [("x", "string", "-"), ("y", "B", "undefined")]
    assert members(found, 1) == []


def test_enum_members_keep_their_values() -> None:
    """A literal value has the context `enum` and is named after the member."""
    found = facts("enum E { A, B = 1, 'c' = 'see', D = A | B }")
    assert members(found) == [
        ("A", None, "-"),
        ("B", None, "1"),
        ("c", None, "'see'"),
        ("D", None, "(operation | A B)"),
    ]
    assert [(each.context, each.name) for each in found.texts.literals if each.value in {"1", "see"}] == [
        ("enum", "B"),
        ("enum", "c"),
    ]


def test_a_method_signature_without_implementation_is_a_member() -> None:
    """In an ambient class nothing has a body; an overload belongs to its implementation."""
    found = facts("declare class A { m(a: string): void; n: number }")
    assert members(found) == [("m", "(a: string): void", "-"), ("n", "number", "-")]
    assert members(facts("class A { m(a: string): void; m(a: any) {} }")) == []
