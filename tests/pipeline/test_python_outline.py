"""Classes, imports and exports of Python source."""

from __future__ import annotations

import pytest

from tests.pipeline.python_facts import facts_of, shown


def test_class_has_lines_bases_and_decorators() -> None:
    """Positional bases are extended, `metaclass=` is named as such, other keywords are no bases."""
    facts = facts_of("""\
        @final
        class A(Base, mod.Other[int], *more, metaclass=Meta, table=True):
            '''Doc.'''
            x = 1
            # end
        """)
    (cls,) = facts.outline.classes
    assert (cls.qualified_name, cls.kind, cls.line, cls.column, cls.end_line, cls.doc) == (
        "A",
        "class",
        2,
        1,
        4,
        "Doc.",
    )
    assert [(shown(facts, b.value), b.relation) for b in cls.bases] == [
        ("Base", "extends"),
        ("index[mod.Other, int]", "extends"),
        ("*more", "extends"),
        ("Meta", "metaclass"),
    ]
    assert [d.name for d in cls.decorators] == ["final"]


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("class A(enum.IntEnum): pass", "enum"),
        ("class A(models.TextChoices): pass", "enum"),
        ("class A(Protocol[T]): pass", "interface"),
        ("class A(TypedDict, total=False): pass", "record"),
        ("@dataclass(frozen=True)\nclass A: pass", "record"),
        ("class A(Base): pass", "class"),
        ("type A[T] = list[T]", "type_alias"),
    ],
)
def test_class_kind_follows_bases_and_decorators(source: str, kind: str) -> None:
    """A class is what its bases and decorators, by their last name, make of it."""
    assert [(c.name, c.kind) for c in facts_of(source).outline.classes] == [("A", kind)]


def test_members_are_class_level_bindings_only() -> None:
    """Members are assigned or annotated in the class body; what a method puts on `self` is an assignment there."""
    facts = facts_of("""
        class A:
            x: int
            y: ClassVar[str] = "s"
            _z = w = f()
            a, b = 1, 2
            def m(self): self.n = 1
        """)
    assert [
        (m.name, m.annotation, shown(facts, m.value), m.visibility, m.is_static)
        for m in facts.outline.classes[0].members
    ] == [
        ("x", "int", "-", "public", False),
        ("y", "ClassVar[str]", "'s'", "public", True),
        ("_z", None, "f()", "protected", True),
        ("w", None, "f()", "public", True),
        ("a", None, "1", "public", True),
        ("b", None, "2", "public", True),
    ]
    assert "self.n" in [shown(facts, a.target) for a in facts.bodies.assigns]


def test_enum_members_are_read_only_and_their_literals_say_enum() -> None:
    """The values of an enum are literals in the context `enum`, named after their member."""
    facts = facts_of("class Color(Enum):\n  RED = 'r'\n")
    assert [(m.name, m.is_readonly) for m in facts.outline.classes[0].members] == [("RED", True)]
    assert [(lit.value, lit.context, lit.name) for lit in facts.texts.literals] == [("r", "enum", "RED")]


def test_class_is_abstract_by_base_or_method() -> None:
    """ABC, ABCMeta or one abstract method make a class abstract."""
    facts = facts_of("""
        class A(ABC): pass
        class B(metaclass=abc.ABCMeta): pass
        class C:
            @abstractmethod
            def f(self): ...
        class D: pass
        """)
    assert [c.is_abstract for c in facts.outline.classes] == [True, True, True, False]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import a", [("a", "", "a")]),
        ("import a.b.c", [("a.b.c", "", "a")]),
        ("import a.b as c, d", [("a.b", "", "c"), ("d", "", "d")]),
        ("from a.b import c", [("a.b", "c", "c")]),
        ("from . import x as y, z", [(".", "x", "y"), (".", "z", "z")]),
        ("from ...p.q import (\n  x,  # why\n  y as w,\n)", [("...p.q", "x", "x"), ("...p.q", "y", "w")]),
        ("from a import *", [("a", "*", "")]),
        ("from __future__ import annotations", [("__future__", "annotations", "annotations")]),
    ],
)
def test_imports_name_module_thing_and_local_name(source: str, expected: list[tuple[str, str, str]]) -> None:
    """Each binding is one import: the module as written, what is taken from it, and the local name."""
    assert [(i.module, i.name, i.alias) for i in facts_of(source).outline.imports] == expected


def test_imports_know_their_scope_and_whether_they_are_for_types_only() -> None:
    """An import in a function is in its scope; one under `if TYPE_CHECKING:` is never executed."""
    facts = facts_of("""
        if typing.TYPE_CHECKING:
            from a import T
        else:
            import b
        def f():
            import c
        """)
    assert [(i.alias, i.scope, i.is_type_only) for i in facts.outline.imports] == [
        ("T", 0, True),
        ("b", 0, False),
        ("c", 1, False),
    ]


def test_dynamic_imports_with_a_literal_name_are_imports() -> None:
    """`importlib.import_module` and `__import__` import, when what they import is written there."""
    facts = facts_of("""
        m = importlib.import_module("a.b")
        __import__("c")
        importlib.import_module(name)
        """)
    assert [(i.module, i.name, i.alias, i.line, i.is_dynamic) for i in facts.outline.imports] == [
        ("a.b", "", "m", 2, True),
        ("c", "", "", 3, True),
    ]


def test_exports_are_what_all_lists() -> None:
    """`__all__` may be built by `=`, `+=`, `+`, append and extend; another module's `__all__` is a star export."""
    facts = facts_of("""\
        __all__ = ("a",) + ("b",)
        __all__ += ["c"]
        __all__.append("d")
        __all__.extend(["e"])
        __all__ += sub.__all__
        def f():
            __all__ = ["not this"]
        """)
    assert [(e.name, e.local, e.source, e.line) for e in facts.outline.exports] == [
        ("a", "a", "", 1),
        ("b", "b", "", 1),
        ("c", "c", "", 2),
        ("d", "d", "", 3),
        ("e", "e", "", 4),
        ("*", "", "sub", 5),
    ]
