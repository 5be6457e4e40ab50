"""What is called from outside: the examples that each pack carries, and the rules that hold for all of them."""

from __future__ import annotations

from textwrap import dedent
from typing import get_args

import pytest

from driftd.pipeline.entry_points.finding import entry_points, main_reasons
from driftd.pipeline.entry_points.packs import REASONS, Example, Globs, Reason, packs
from driftd.pipeline.facts.languages.registry import SUFFIXES
from tests.pipeline.in_memory import name_of, project_of

EXAMPLES = [
    pytest.param(example, id=f"{pack.name}-{number}")
    for pack in packs().values()
    for number, example in enumerate(pack.examples)
]
APP = """
    from fastapi import FastAPI
    app = FastAPI()
"""


def found_in(files: dict[str, str]) -> list[str]:
    """Return entry points as `file:qualified name reason`, each once."""
    project = project_of({path: dedent(text) for path, text in files.items()})
    return sorted({f"{name_of(project, point.function)} {point.reason}" for point in entry_points(project)})


@pytest.mark.parametrize("example", EXAMPLES)
def test_examples(example: Example) -> None:
    """What a pack says of its example is found, and nothing else: helpers and look-alikes are none."""
    assert found_in(example.files) == sorted(set(example.found))


def test_every_pack_of_a_language_that_is_read_has_an_example() -> None:
    """A framework without an example is one that nobody has seen to work."""
    read = set(SUFFIXES.values())
    assert [p.name for p in packs().values() if read.intersection(p.languages) and not p.examples] == []


def test_the_order_of_reasons_is_complete() -> None:
    """Every reason has its place in the order that decides between several."""
    assert set(REASONS) == set(get_args(Reason))


def test_a_name_is_followed_to_where_it_comes_from() -> None:
    """An object is known through aliases, other modules, subclasses and what functions return, never by its spelling."""
    files = {
        "core.py": """
            from fastapi import APIRouter as Base, FastAPI
            class Router(Base):
                pass
            def make():
                return FastAPI()
            """,
        "wiring.py": """
            from core import Router, make
            server = make()
            api = Router()
            """,
        "views.py": """
            import wiring as w
            from wiring import api as things
            @w.server.get("/a")
            def one(): ...
            @things.post("/b")
            def two(): ...
            class Fake:
                def get(self, path): return lambda f: f
            app = Fake()
            @app.get("/c")
            def three(): ...
            """,
    }
    assert found_in(files) == ["views.py:one route", "views.py:two route"]


def test_what_is_local_to_a_function_is_followed_there() -> None:
    """A registration in a function is known by what the function's own names and parameters are bound to."""
    files = {
        "app.py": """
            from fastapi import FastAPI
            def ping(): ...
            def pong(): ...
            def other(): ...
            def build():
                app = FastAPI()
                add = other
                app.add_api_route("/", ping)
                def local(): ...
                app.add_api_route("/l", local)
                extend(app)
                return app
            def extend(app: FastAPI):
                app.add_api_route("/p", pong)
            def not_one(app):
                app = object()
                app.add_api_route("/o", other)
            """,
    }
    assert found_in(files) == ["app.py:build.local route", "app.py:ping route", "app.py:pong route"]


def test_what_wraps_a_handler_is_looked_into() -> None:
    """A handler is found in a call that wraps it, in a list and in an object; only the arguments that count are looked at."""
    files = {
        "views.py": """
            def a(request): ...
            def b(request): ...
            def c(request): ...
            """,
        "urls.py": """
            from django.urls import path
            from decorators import once, twice
            from views import a, b, c
            urlpatterns = [path("a", once(twice(a))), path("b", view=b), path("c", None, name=c)]
            """,
    }
    assert found_in(files) == ["views.py:a route", "views.py:b route"]


def test_the_framework_itself_may_be_in_the_workspace() -> None:
    """Where a framework's sources are analysed, its names are what they would be imported as."""
    files = {
        "src/click/__init__.py": "from .decorators import command",
        "src/click/decorators.py": "def command(name=None):\n    return lambda f: f\n",
        "app.py": """
            import click
            @click.command()
            def run(): ...
            """,
    }
    assert "app.py:run command" in found_in(files)


def test_a_mixin_is_reached_through_the_class_that_uses_it() -> None:
    """Methods count that a class inherits from classes of the workspace below the framework's base, no further."""
    files = {
        "views.py": """
            from django.views import View
            class Logged:
                def post(self, request): ...
                def helper(self): ...
            class Form(Logged, View):
                def get(self, request): ...
            class Unused:
                def get(self, request): ...
            """,
    }
    assert found_in(files) == ["views.py:Form.get route", "views.py:Logged.post route"]


def test_several_reasons_are_kept_and_the_first_one_names_it() -> None:
    """A function that is a route and exported by a package is both; what it mainly is follows from the order."""
    files = {
        "shop/__init__.py": "from .app import index",
        "shop/app.py": "from fastapi import FastAPI\napp = FastAPI()\n@app.get('/')\ndef index(): ...\n",
    }
    project = project_of(files)
    points = entry_points(project)
    assert [(point.name, point.reason, point.framework) for point in points] == [
        ("index", "route", "fastapi"),
        ("index", "export", "python"),
    ]
    assert set(main_reasons(points).values()) == {"route"}


def test_the_place_that_says_so_is_named() -> None:
    """For a registration elsewhere that is its file and line; where the function itself says so there is no line."""
    files = {
        "views.py": "def index(request): ...\n",
        "urls.py": "from django.urls import path\nimport views\n\nurlpatterns = [\n    path('', views.index),\n]\n",
    }
    (point,) = entry_points(project_of(files))
    assert (point.file, point.name, point.said_in, point.line) == ("views.py", "index", "urls.py", 5)


@pytest.mark.parametrize(
    ("glob", "separator", "fits", "fits_not"),
    [
        (
            "flask.**.route",
            ".",
            ["flask.route", "flask.app.Flask.route"],
            ["flask.xroute", "flaskroute", "a.flask.route"],
        ),
        ("Test*.test*", ".", ["TestA.test_b", "Test.test"], ["TestA.B.test_c", "Test", "test"]),
        ("*", ".", ["run"], ["_run", "__init__", "A.run"]),
        ("**/test_*.py", "/", ["test_a.py", "a/b/test_c.py"], ["a/test_b/c.py", "atest_a.py", "test_a.pyi"]),
        ("app/**/page.*", "/", ["app/page.tsx", "app/[id]/page.tsx"], ["src/app/page.tsx", "app/page/x.tsx"]),
    ],
)
def test_globs(glob: str, separator: str, fits: list[str], fits_not: list[str]) -> None:
    """`*` stays within a part, `**` with the separator stands for any parts, and names with an underscore are private."""
    globs = Globs((glob,), separator)
    assert [text for text in (*fits, *fits_not) if text in globs] == fits
