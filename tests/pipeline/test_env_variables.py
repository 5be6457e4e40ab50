"""Which reads of environment variables are found, by which name, with or without a fallback."""

from __future__ import annotations

import pytest

from driftd.pipeline.facts.languages.dotenv import ADAPTER, parse_env
from driftd.pipeline.stages.env_variables import EnvVariables, framework_of
from driftd.rows.structural import EnvVariableRow
from tests.pipeline.in_memory import Table, entries, project_of, rows_of


def reads(text: str, path: str = "m.py") -> list[tuple[str, int, str, bool]]:
    found = rows_of(EnvVariables(), {path: text})
    return [(r.name, r.line, r.access_method, r.has_default) for r in found if isinstance(r, EnvVariableRow)]


@pytest.mark.parametrize(
    ("text", "method", "has_default"),
    [
        ('import os\nx = os.environ["X"]', "os.environ[]", False),
        ('import os\nx = os.environ.get("X")', "os.environ.get", False),
        ('import os\nx = os.environ.get("X", None)', "os.environ.get", True),
        ('import os\nx = os.environ.get("X", default=1)', "os.environ.get", True),
        ('import os\nx = os.getenv("X") or "d"', "os.getenv", True),
        ('import os\nx = "d" or os.getenv("X")', "os.getenv", False),
        ('import os as o\nx = int(o.environ["X"])', "os.environ[]", False),
        ('from os import environ as e\nif e["X"] == "1": pass', "os.environ[]", False),
        ('from os import getenv as g\ng("X")', "os.getenv", False),
        ('import os\nenv = os.environ\ndef f(): return env["X"]', "os.environ[]", False),
        ('from decouple import config\nx = config("X", default=1)', "decouple.config", True),
        ('from environs import Env\nenv = Env()\nx = env.int("X")', "environs.Env", False),
    ],
)
def test_python(text: str, method: str, has_default: bool) -> None:
    """Every API, under any name it was imported or assigned as; a fallback stands behind, not before."""
    assert [(name, how, default) for name, _, how, default in reads(text)] == [("X", method, has_default)]


@pytest.mark.parametrize(
    "text",
    [
        'import os\nos.environ["X"] = "1"',
        'environ = {}\nenviron["X"]',
        "import os\nos.environ[name]",
        'def getenv(x): pass\ngetenv("X")',
        'import os\nos.environ["not a name"]',
    ],
)
def test_what_is_no_read(text: str) -> None:
    """Writes, other objects of the same name, computed names and impossible ones are left out."""
    assert reads(text) == []


def test_settings_classes_read_their_fields() -> None:
    """pydantic settings: upper-cased names with the prefix; a field without a default is required."""
    found = reads("""
        from pydantic_settings import BaseSettings, SettingsConfigDict
        class Settings(BaseSettings):
            model_config = SettingsConfigDict(env_prefix="app_")
            port: int = 8000
            secret: str
    """)
    assert found == [
        ("APP_PORT", 4, "pydantic.BaseSettings", True),
        ("APP_SECRET", 5, "pydantic.BaseSettings", False),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("const x = process.env.X;", [("X", "process.env", False)]),
        ('const x = process.env["X"];', [("X", "process.env", False)]),
        ("f(process.env.X!);", [("X", "process.env", False)]),
        ('const x = process.env.X || "d";', [("X", "process.env", True)]),
        ("const x = { y: process.env.X ?? 1 };", [("X", "process.env", True)]),
        ("const x = (process.env.X as string).split(',');", [("X", "process.env", False)]),
        ("if (process.env.X === '1') f();", [("X", "process.env", False)]),
        ('const { X, Y: y = "d" } = process.env;', [("X", "process.env", False), ("Y", "process.env", True)]),
        ('import { env } from "node:process";\nf(env.X);', [("X", "process.env", False)]),
        ("const env = process.env;\nf(env.X);", [("X", "process.env", False)]),
        ("f(import.meta.env.VITE_X, import.meta.env.MODE);", [("VITE_X", "import.meta.env", False)]),
        ('f(Deno.env.get("X") ?? "d");', [("X", "Deno.env.get", True)]),
        ("f(Bun.env.X);", [("X", "Bun.env", False)]),
        ("process.env.X = '1';", []),
    ],
)
def test_ecmascript(text: str, expected: list[tuple[str, str, bool]]) -> None:
    """Dot, bracket, destructuring, aliases, casts; Vite's own names are no environment variables."""
    assert [(name, how, default) for name, _, how, default in reads(text, "m.ts")] == expected


def test_a_name_is_defined_while_an_env_file_defines_it() -> None:
    """The readers of a name are answered for again exactly when its definition comes or goes."""
    files = {"m.py": 'import os\nos.getenv("A")\n', "n.py": 'import os\nos.getenv("B")\n'}
    project, table = project_of({}), Table(EnvVariables())

    def change(files: dict[str, str | None]) -> frozenset[str]:
        applied = project.apply({p: None if t is None else entries({p: t})[p] for p, t in files.items()})
        table.take(project, applied)
        return table.stage.run(project, type(applied)()).files or frozenset()

    def defined() -> dict[str, bool]:
        rows = [row for rows in table.by_file.values() for row in rows if isinstance(row, EnvVariableRow)]
        return {row.name: row.defined_in_env for row in rows}

    change(dict(files))
    assert defined() == {"A": False, "B": False}
    change({".env.example": "A=1\nB=1\n"})
    assert defined() == {"A": False, "B": False}
    change({"deploy/.env.production": "A=1\n"})
    assert defined() == {"A": True, "B": False}
    change({".env": "A=2\nB=\n", "deploy/.env.production": None})
    assert defined() == {"A": True, "B": True}
    change({".env": None})
    assert defined() == {"A": False, "B": False}


def test_env_files() -> None:
    """Export, quotes, several lines, comments; a name without `=` or in a value is no definition."""
    text = b"""\
# A comment with=sign
A=1
export B = "two # no comment"  # comment
C='first
D=inside
last'
E=plain # comment
F
  G=`x`
A=again
"""
    assert [(d.name, d.value, d.line) for d in parse_env(text)] == [
        ("A", "1", 2),
        ("B", "two # no comment", 3),
        ("C", "first\nD=inside\nlast", 4),
        ("E", "plain", 7),
        ("G", "x", 9),
        ("A", "again", 10),
    ]
    assert {definition.name for definition in parse_env(text)} == {"A", "B", "C", "E", "G"}
    facts = ADAPTER.extract(text, "dotenv")
    assert [(x.name, x.value, x.line, x.column) for x in facts.texts.literals][1] == ("B", "two # no comment", 3, 8)


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("NEXT_PUBLIC_X", "Next.js"),
        ("VITE_X", "Vite"),
        ("DJANGO_X", "Django"),
        ("PUBLIC_X", "SvelteKit, Astro"),
        ("X", None),
    ],
)
def test_prefixes_name_their_framework(name: str, label: str | None) -> None:
    """The longest fitting prefix decides."""
    assert framework_of(name) == label
