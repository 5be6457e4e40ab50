"""What calls resolve to when values flow: through arguments, results, containers, decorators, fields, iteration.

Each test is a small workspace and all of its edges, as (caller, callee, line); files other than `m.py` are named.
"""

from __future__ import annotations

import pytest

from driftd.pipeline.call_graph import distribution
from driftd.pipeline.stages.call_edges import CallEdges
from driftd.rows.call_graph import CallEdgeRow
from driftd.rows.declare import row_values
from tests.pipeline.in_memory import Elsewhere, name_of, project_of

Edge = tuple[str, str, int]


def rows_of(files: dict[str, str] | str) -> list[tuple[str, str, int, str, float]]:
    project = project_of({"m.py": files} if isinstance(files, str) else files)
    rows = [r for r in CallEdges().run(project, project.everything()).rows if isinstance(r, CallEdgeRow)]
    found = [
        (name_of(project, r.caller_id), name_of(project, r.callee_id), r.call_site_line, r.resolution, r.confidence)
        for r in rows
    ]
    return sorted((a.removeprefix("m.py:"), b.removeprefix("m.py:"), *rest) for a, b, *rest in found)  # type: ignore[misc]  # the rest is as above


def edges(files: dict[str, str] | str) -> list[Edge]:
    return [row[:3] for row in rows_of(files)]


class TestArguments:
    """What is passed flows into parameters."""

    def test_by_position_by_name_and_by_default(self) -> None:
        """A parameter is what any call passes to it, or its default."""
        found = edges("""
            def f(): pass
            def g(): pass
            def h(): pass
            def take(a, b=h, *, c=None):
                a()
                b()
                c()
            take(f, c=g)
        """)
        assert found == [("<module>", "take", 8), ("take", "f", 5), ("take", "g", 7), ("take", "h", 6)]

    def test_through_several_functions_and_files(self) -> None:
        """A function that is handed on is called where it ends."""
        found = edges({
            "lib.py": "def last(c): c()\n",
            "mid.py": "from lib import last\ndef middle(b): last(b)\n",
            "m.py": "from mid import middle\ndef f(): pass\nmiddle(f)\n",
        })  # fmt: skip
        assert found == [
            ("<module>", "mid.py:middle", 3),
            ("lib.py:last", "f", 1),
            ("mid.py:middle", "lib.py:last", 2),
        ]

    def test_a_rest_parameter_keeps_positions_and_names(self) -> None:
        """`*args` and `**kwargs` hand on what they were given, each to its place."""
        found = edges("""
            def f(): pass
            def g(): pass
            def inner(a, b, c=None):
                a()
                b()
                c()
            def outer(*args, **kwargs): inner(*args, **kwargs)
            outer(f, g, c=f)
        """)
        assert found == [
            ("<module>", "outer", 8),
            ("inner", "f", 4),
            ("inner", "f", 6),
            ("inner", "g", 5),
            ("outer", "inner", 7),
        ]

    def test_methods_are_handed_on_with_their_object(self) -> None:
        """A bound method leaves out its first parameter, a class passes its arguments to the constructor."""
        found = edges("""
            class A:
                def __init__(self, go): self.go = go
                def run(self, x): x()
                def start(self): self.go(self.go)
            def f(g): g()
            a = A(f)
            a.start()
            r = a.run
            r(f)
        """)
        assert found == [
            ("<module>", "A.__init__", 6),
            ("<module>", "A.run", 9),
            ("<module>", "A.start", 7),
            ("A.run", "f", 3),
            ("A.start", "f", 4),
            ("f", "f", 5),
        ]

    def test_of_what_too_many_flow_into_nothing_is_said(self) -> None:
        """Past the limit a parameter could be anything; a guess at all of them would be worse than none."""
        names = [f"f{i}" for i in range(12)]
        text = "".join(f"def {name}(): pass\n" for name in names) + "def take(g): g()\n"
        text += "".join(f"take({name})\n" for name in names)
        assert [edge for edge in edges(text) if edge[0] == "take"] == []


class TestResults:
    """What a function returns."""

    def test_without_annotations(self) -> None:
        """A function, a class, an instance, a closure, what another function returns, through another file."""
        found = edges({
            "lib.py": """
                class A:
                    def m(self): return self
                def make():
                    a = A()
                    return a
                def again(): return make()
                def closure():
                    def inner(): pass
                    return inner
            """,
            "m.py": "import lib\nlib.again().m().m()\nf = lib.closure()\nf()\n",
        })  # fmt: skip
        assert found == [
            ("<module>", "lib.py:A.m", 2),
            ("<module>", "lib.py:again", 2),
            ("<module>", "lib.py:closure", 3),
            ("<module>", "lib.py:closure.inner", 4),
            ("lib.py:again", "lib.py:make", 6),
        ]

    def test_a_parameter_comes_back_from_the_call_that_passed_it(self) -> None:
        """`same(f)` is f, not whatever another call passes."""
        found = edges("""
            def f(): pass
            def g(): pass
            def same(x): return x
            same(f)()
            h = same(g)
            h()
        """)
        assert found == [
            ("<module>", "f", 4),
            ("<module>", "g", 6),
            ("<module>", "same", 4),
            ("<module>", "same", 5),
        ]

    def test_self_is_what_the_method_was_called_on(self) -> None:
        """A fluent interface of a base class gives the subclass."""
        found = edges("""
            class Base:
                def chain(self): return self
            class A(Base):
                def only(self): pass
            A().chain().only()
        """)
        assert found == [("<module>", "A.only", 5), ("<module>", "Base.chain", 5)]

    def test_a_recursive_function_ends(self) -> None:
        """What returns itself or something else returns something else."""
        found = edges("""
            def f(): pass
            def walk(n):
                if n: return walk(n - 1)
                return f
            walk(3)()
        """)
        assert found == [("<module>", "f", 5), ("<module>", "walk", 5), ("walk", "walk", 3)]


class TestDecorators:
    """A decorated name means what the decorator returns."""

    def test_a_wrapper_is_called_and_calls_the_function(self) -> None:
        """With `functools.wraps` or without, from another file, with arguments."""
        found = edges({
            "deco.py": """
                import functools
                def simple(fn):
                    @functools.wraps(fn)
                    def wrapper(*args, **kwargs):
                        return fn(*args, **kwargs)
                    return wrapper
                def made(option):
                    def outer(fn):
                        def inner(): return fn()
                        return inner
                    return outer
            """,
            "m.py": """
                from deco import simple, made
                @simple
                def f(): pass
                @made(1)
                def g(): pass
                f()
                g()
            """,
        })  # fmt: skip
        assert found == [
            ("<module>", "deco.py:made", 4),
            ("<module>", "deco.py:made.outer", 4),
            ("<module>", "deco.py:made.outer.inner", 7),
            ("<module>", "deco.py:simple", 2),
            ("<module>", "deco.py:simple.wrapper", 6),
            ("deco.py:made.outer.inner", "g", 9),
            ("deco.py:simple.wrapper", "f", 5),
        ]

    def test_a_decorator_that_gives_the_function_back_changes_nothing(self) -> None:
        """Nor does one of a library."""
        found = edges("""
            import lib
            def register(fn):
                fn.registered = True
                return fn
            @register
            def f(): pass
            @lib.task
            def g(): pass
            f()
            g()
        """)
        assert found == [("<module>", "f", 9), ("<module>", "g", 10), ("<module>", "register", 5)]


class TestContainers:
    """Lists, tuples and dictionaries that are written out."""

    def test_a_literal_key_or_position_is_precise(self) -> None:
        """A key that is not known means any of the values."""
        found = edges("""
            def f(): pass
            def g(): pass
            table = {"a": f, 1: g}
            rows = [f, g]
            def run(key):
                table["a"]()
                table[1]()
                rows[1]()
                table[unknown()]()
        """)
        assert found == [("run", "f", 6), ("run", "f", 9), ("run", "g", 7), ("run", "g", 8), ("run", "g", 9)]

    def test_what_is_put_in_later_is_there(self) -> None:
        """By key, by `append`, by a function that gets the container."""
        found = edges("""
            def f(): pass
            def g(): pass
            def h(): pass
            handlers = {}
            queue = []
            def register(name, handler): handlers[name] = handler
            def fill(target): target.append(h)
            register("x", f)
            queue.append(g)
            fill(queue)
            def run():
                handlers["x"]()
                for item in queue: item()
        """)
        assert found == [
            ("<module>", "fill", 10),
            ("<module>", "register", 8),
            ("run", "f", 12),
            ("run", "g", 13),
            ("run", "h", 13),
        ]

    def test_unpacking(self) -> None:
        """Nested patterns, stars, a returned tuple, items of a dictionary, a comprehension."""
        found = edges("""
            def f(): pass
            def g(): pass
            def pair(): return f, g
            a, (b, *c) = f, (g, f)
            a()
            b()
            c[0]()
            d, e = pair()
            e()
            for key, value in {"x": g}.items(): value()
            [x() for x in (f,)]
            for i, one in enumerate([g]): one()
        """)
        assert found == [
            ("<module>", "f", 5),
            ("<module>", "f", 7),
            ("<module>", "f", 11),
            ("<module>", "g", 6),
            ("<module>", "g", 9),
            ("<module>", "g", 10),
            ("<module>", "g", 12),
            ("<module>", "pair", 8),
        ]

    def test_an_annotated_collection_holds_its_type(self) -> None:
        """`list[A]` gives an A to a loop."""
        found = edges("""
            class A:
                def m(self): pass
            def run(xs: list[A], ys: "Iterable[A]"):
                for x in xs: x.m()
                xs[0].m()
            from typing import Iterable
        """)
        assert found == [("run", "A.m", 4), ("run", "A.m", 5)]


class TestClasses:
    """Fields, `super()`, subclasses, properties."""

    def test_self_may_be_a_subclass_that_is_in_use(self) -> None:
        """A method of a base reaches what a subclass overrides, if instances of the subclass are made."""
        text = """
            class Base:
                def run(self): self.step()
                def step(self): raise NotImplementedError
            class Used(Base):
                def step(self): pass
            class Unused(Base):
                def step(self): pass
            Used().run()
        """
        assert edges(text) == [("<module>", "Base.run", 8), ("Base.run", "Used.step", 2)]

    def test_a_field_is_what_any_class_of_the_lineage_stores(self) -> None:
        """In a base, in a subclass, from outside."""
        found = edges("""
            def f(): pass
            def g(): pass
            class Base:
                def __init__(self): self.one = f
                def go(self): self.one(); self.two(); self.three()
            class A(Base):
                def set(self): self.two = g
            a = A()
            a.three = g
        """)
        assert found == [
            ("<module>", "Base.__init__", 8),
            ("Base.go", "f", 5),
            ("Base.go", "g", 5),
        ]

    def test_super_goes_on_in_the_order_of_the_instance(self) -> None:
        """In a diamond `super()` of the left is the right, for an instance of the bottom."""
        found = edges("""
            class Top:
                def m(self): pass
            class Left(Top):
                def m(self): super().m()
            class Right(Top):
                def m(self): super().m()
            class Bottom(Left, Right): pass
            Bottom().m()
        """)
        assert found == [
            ("<module>", "Left.m", 8),
            ("Left.m", "Right.m", 4),
            ("Left.m", "Top.m", 4),
            ("Right.m", "Top.m", 6),
        ]

    def test_what_a_property_returns(self) -> None:
        """Without an annotation, from what the getter returns."""
        found = edges("""
            class A:
                def m(self): pass
            class B:
                @property
                def a(self): return A()
            B().a.m()
        """)
        assert found == [("<module>", "A.m", 6)]


class TestImplicit:
    """What the language runs without a call."""

    def test_loops_generators_and_with(self) -> None:
        """`__iter__`, `__next__`, `__enter__`, `__exit__`; what a generator yields, what a manager enters as."""
        found = edges("""
            from contextlib import contextmanager
            class It:
                def __iter__(self): return self
                def __next__(self): return f
            class Manager:
                def __enter__(self): return It()
                def __exit__(self, *a): pass
            def f(): pass
            def gen(): yield f
            @contextmanager
            def managed(): yield f
            for x in It(): x()
            for y in gen(): y()
            with Manager() as it:
                next(it)
            with managed() as z: z()
        """)
        assert found == [
            ("<module>", "It.__iter__", 12),
            ("<module>", "It.__next__", 12),
            ("<module>", "It.__next__", 15),
            ("<module>", "Manager.__enter__", 14),
            ("<module>", "Manager.__exit__", 14),
            ("<module>", "f", 12),
            ("<module>", "f", 13),
            ("<module>", "f", 16),
            ("<module>", "gen", 13),
            ("<module>", "managed", 16),
        ]

    def test_raising_a_class_makes_an_instance(self) -> None:
        """`raise E` runs the constructor as `raise E()` does."""
        found = edges("""
            class E(Exception):
                def __init__(self): pass
            def f(): raise E
        """)
        assert found == [("f", "E.__init__", 3)]

    def test_library_functions_call_back(self) -> None:
        """`sorted(key=…)`, `map`, `partial`, a thread's target."""
        found = rows_of("""
            import threading
            from functools import partial
            def f(x): return x
            sorted([], key=f)
            list(map(f, []))
            partial(f, 1)()
            threading.Thread(target=f).start()
        """)
        assert [row[2:4] for row in found] == [(4, "callback"), (5, "callback"), (6, "same_file"), (7, "callback")]

    def test_a_framework_calls_the_dependencies_of_an_endpoint(self) -> None:
        """FastAPI's `Depends(f)` as a default: the endpoint runs f and gets what it returns."""
        found = rows_of("""
            from fastapi import Depends
            class Session:
                def get(self): pass
            def session():
                yield Session()
            def endpoint(db=Depends(session)):
                db.get()
        """)
        assert [(row[0], row[1], row[3]) for row in found] == [
            ("endpoint", "Session.get", "type_inferred"),
            ("endpoint", "session", "di_injection"),
        ]


class TestPytest:
    """Parameters of tests are what fixtures of their names give."""

    def test_fixtures_of_the_class_the_module_and_conftest(self) -> None:
        """The nearest wins: class, module, `conftest.py` of the folder or above it."""
        found = edges({
            "app.py": """
                class A:
                    def m(self): pass
                class B(A):
                    def m(self): pass
            """,
            "tests/conftest.py": """
                import pytest
                from app import A
                @pytest.fixture
                def thing():
                    yield A()
                @pytest.fixture
                def other(thing): return thing
            """,
            "tests/sub/test_one.py": "def test_it(other): other.m()\n",
            "tests/test_two.py": """
                import pytest
                from app import B
                class TestIt:
                    @pytest.fixture(params=[B])
                    def thing(self, request): return request.param()
                    def test_it(self, thing): thing.m()
                @pytest.mark.parametrize("cls, n", [(B, 1)])
                def test_rows(cls, n): cls().m()
            """,
        })  # fmt: skip
        assert found == [
            ("tests/conftest.py:other", "tests/conftest.py:thing", 7),
            ("tests/sub/test_one.py:test_it", "app.py:A.m", 1),
            ("tests/sub/test_one.py:test_it", "tests/conftest.py:other", 1),
            ("tests/test_two.py:TestIt.test_it", "app.py:B.m", 6),
            ("tests/test_two.py:TestIt.test_it", "tests/test_two.py:TestIt.thing", 6),
            ("tests/test_two.py:test_rows", "app.py:B.m", 8),
        ]


class TestModules:
    """Names that are assigned from outside, imported by a literal, re-exported."""

    @pytest.mark.parametrize(
        "text",
        [
            "import lib\ndef f(): pass\nlib.hook = f\n",
            "import lib\ndef f(): pass\nsetattr(lib, 'hook', f)\n",
        ],
    )
    def test_a_module_attribute_may_be_set_from_outside(self, text: str) -> None:
        """What another file assigns to a module's name is called by it."""
        found = edges({"lib.py": "hook = None\n", "user.py": "import lib\ndef go(): lib.hook()\n", "m.py": text})
        assert found == [("user.py:go", "f", 2)]

    def test_getattr_with_a_literal_name(self) -> None:
        """`getattr(x, 'm')` is `x.m`, also where the name is passed."""
        found = edges("""
            class A:
                def m(self): pass
            def run(x, name): getattr(x, name)()
            getattr(A(), "m")()
            run(A(), "m")
        """)
        assert found == [("<module>", "A.m", 4), ("<module>", "run", 5), ("run", "A.m", 3)]

    def test_an_import_by_a_literal_name(self) -> None:
        """`importlib.import_module("pkg.mod")` is the module."""
        found = edges({
            "pkg/__init__.py": "",
            "pkg/mod.py": "def f(): pass\n",
            "m.py": "import importlib\nmod = importlib.import_module('pkg.mod')\nmod.f()\n",
        })  # fmt: skip
        assert found == [("<module>", "pkg/mod.py:f", 3)]


def test_rounds_in_other_processes_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each round goes out with what flowed in the round before, and only for what read something of it."""
    project = project_of({
        "lib.py": "def last(c): c()\ndef deco(fn):\n    def inner(*a): return fn(*a)\n    return inner\n",
        "mid.py": "from lib import last, deco\n@deco\ndef middle(b): last(b)\nclass A:\n    def go(self): self.step()\n",
        "m.py": "from mid import middle, A\ndef f(): pass\nclass B(A):\n    def step(self): f()\nmiddle(f)\nB().go()\n",
    })  # fmt: skip
    here = CallEdges()
    rows = here.run(project, project.everything()).rows
    monkeypatch.setattr(distribution, "MANY_FILES", 1)
    elsewhere = Elsewhere()
    there = CallEdges(elsewhere)
    values = there.run(project, project.everything()).values[CallEdgeRow]

    assert [len(trip.chunks) for trip in elsewhere.trips] == [1, 1, 1]
    assert sorted(map(tuple, values)) == sorted(map(row_values, rows))
    assert len(values) == 8
    assert there.statistics() == here.statistics()
    assert all(there.depends_on(path) == here.depends_on(path) for path in project)
