"""Which constants and magic numbers are found, and which constants are used."""

from __future__ import annotations

import pytest

from driftd.pipeline.constant_facts import masked, suggested_name
from driftd.pipeline.stages.constants import Constants
from driftd.rows.structural import ConstantRow
from tests.pipeline.in_memory import Table, entries, project_of, rows_of


def found(files: dict[str, str] | str, path: str = "m.py") -> list[ConstantRow]:
    files = {path: files} if isinstance(files, str) else files
    return [row for row in rows_of(Constants(), files) if isinstance(row, ConstantRow)]


def named(text: str, path: str = "m.py") -> list[tuple[str, str]]:
    return [(row.name, row.value) for row in found(text, path) if row.is_named]


def magic(text: str, path: str = "m.py") -> list[tuple[str, str, int]]:
    return [(row.name, row.value, row.line) for row in found(text, path) if not row.is_named]


def test_python_constants() -> None:
    """Upper-case or Final names of the module that are bound once; enum members."""
    text = """
        from enum import Enum
        from typing import Final, TypeVar
        LIMIT = 5
        NAMES = ("a", "b")
        PATTERN = re.compile("x")
        size: Final = -3
        TWICE = 1
        TWICE = 2
        lower = 4
        T_co = TypeVar("T_co")
        TYPE = TypeVar("TYPE")
        __VERSION__ = "1"
        def f():
            LOCAL = 5
        class Color(Enum):
            RED = "r"
    """
    assert named(text) == [
        ("LIMIT", "5"),
        ("NAMES", "('a', 'b')"),
        ("PATTERN", "re.compile(…)"),
        ("size", "-3"),
        ("RED", "'r'"),
    ]


def test_ecmascript_constants() -> None:
    """Top-level `const` with a literal or frozen value; enum members; no functions, no calls, no `let`."""
    text = """
        const limit = 5;
        export const NAME = "x";
        const list = [1];
        const LIST = [1];
        const frozen = Object.freeze({ a: 1 });
        const tuple = [1, 2] as const;
        let other = 6;
        const f = () => 1;
        const g = make();
        function h() { const inner = 5; }
        enum E { A = 1 }
    """
    assert [name for name, _ in named(text, "m.ts")] == ["limit", "NAME", "LIST", "frozen", "tuple", "A"]


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("API_KEY", "'abc'", "********"),
        ("DB_PASSWORD", "'abc'", "********"),
        ("SECRET", "''", "''"),
        ("TOKEN_COUNT", "3", "3"),
        ("LIMIT", "5", "5"),
    ],
)
def test_a_secret_is_masked_by_its_name(name: str, value: str, shown: str) -> None:
    """The value of a name that says secret is not stored; an empty one gives nothing away."""
    assert masked(name, value) == shown


def test_a_long_value_is_cut() -> None:
    """At most 200 characters."""
    (row,) = found(f"LONG = {'x' * 300!r}\n")
    assert (len(row.value), row.value[-1]) == (200, "…")


def test_magic_numbers() -> None:
    """Numbers in code of functions whose meaning is not plain, once per file, with a name where there is one."""
    text = """
        TIMEOUT = 60 * 15
        def f(x, n=25):
            if x.status == 404:
                return 86400
            time.sleep(37)
            y = x * 9.81
            if x > 404:
                pass
    """
    assert magic(text) == [
        ("HTTP_NOT_FOUND", "404", 3),
        ("SECONDS_PER_DAY", "86400", 4),
        ("37", "37", 5),
        ("9.81", "9.81", 6),
    ]


@pytest.mark.parametrize(
    "line",
    [
        "return x[37]",
        "return x == 3",
        "return x * 100",
        "return x & 4096",
        "return x * 0.5",
        "y = 37",
        "g(timeout=37)",
        "return date(2020, 12, 31)",
        "return {'port': 37}",
        "return (11, 12, 13)",
        "return '37'",
    ],
)
def test_numbers_that_need_no_name(line: str) -> None:
    """Positions, small counts, plain factors, masks, numbers that have a name already, dates, data."""
    assert magic(f"def f(x):\n    {line}\n") == []


@pytest.mark.parametrize("path", ["tests/m.py", "test_m.py", "app/migrations/0001.py", "m.spec.ts"])
def test_tests_and_migrations_have_no_magic_numbers(path: str) -> None:
    """A number in a test is an example."""
    text = "function f(x) { return x + 37; }" if path.endswith(".ts") else "def f(x): return x + 37\n"
    assert magic(text, path) == []


def used(files: dict[str, str]) -> dict[str, bool]:
    return {row.name: row.is_used for row in found(files) if row.is_named}


def test_a_constant_is_used_if_anything_else_refers_to_it() -> None:
    """A read in its file, an import that is read, an attribute, a name in a string or in `__all__`."""
    files = {
        "consts.py": '__all__ = ["LISTED"]\nOWN = 1\nREAD = 2\nATTRIBUTE = 3\nSTRING = 4\nLISTED = 5\nDEAD = 6\nprint(OWN)\n',
        "user.py": 'import consts\nfrom consts import READ\nprint(READ, consts.ATTRIBUTE)\ngetattr(consts, "STRING")\n',
    }
    assert used(files) == {"OWN": True, "READ": True, "ATTRIBUTE": True, "STRING": True, "LISTED": True, "DEAD": False}


def test_what_a_package_exports_counts_as_used() -> None:
    """The public names of an `__init__.py` or an index file are for others."""
    assert used({"p/__init__.py": "LIMIT = 1\n", "q/index.ts": "export const size = 2;\nconst hidden = 3;\n"}) == {
        "LIMIT": True,
        "size": True,
        "hidden": False,
    }


def test_use_follows_the_references() -> None:
    """The declaring file is answered for again when the first reference comes and when the last one goes."""
    project, table = project_of({}), Table(Constants())
    table.take(project, project.apply(entries({"c.py": "LIMIT = 7\n"})))

    def is_used() -> bool:
        (row,) = table.by_file["c.py"]
        assert isinstance(row, ConstantRow)
        return row.is_used

    assert not is_used()
    table.take(project, project.apply(entries({"a.py": "from c import LIMIT\nLIMIT\n", "b.py": "import c\nc.LIMIT\n"})))
    assert is_used()
    table.take(project, project.apply({"a.py": None}))
    assert is_used()
    table.take(project, project.apply(entries({"b.py": "import c\n"})))
    assert not is_used()


@pytest.mark.parametrize(
    ("number", "context", "name"),
    [
        ("404", "response.status_code", "HTTP_NOT_FOUND"),
        ("404", "length", None),
        ("8080", "port", "PORT"),
        ("8080", "", None),
        ("3600", "", "SECONDS_PER_HOUR"),
        ("1048576", "size", "BYTES_PER_MB"),
        ("37", "", None),
    ],
)
def test_well_known_numbers_have_names(number: str, context: str, name: str | None) -> None:
    """Units always; status codes and ports where the code around says that it is one."""
    assert suggested_name(number, context) == name
