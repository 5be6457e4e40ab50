"""One row per function: what a file's outline says, with ids that survive editing."""

from __future__ import annotations

import json
from textwrap import dedent

from driftd.pipeline.stage import FileContext
from driftd.pipeline.stages.functions import Functions
from driftd.rows.facts import FunctionRow
from driftd.rows.ids import function_id
from tests.pipeline.in_memory import facts_of


def rows(path: str, text: str) -> list[FunctionRow]:
    facts = facts_of(path, text)
    found = Functions().run(FileContext(path, facts.language, dedent(text).encode()), facts)
    assert found.files == frozenset({path})
    return [row for row in found.rows if isinstance(row, FunctionRow)]


def test_a_function_with_everything() -> None:
    """Parameters and decorators are JSON with sorted keys; of the documentation the first paragraph is kept."""
    module, row = rows("m.py", '''
        @app.route("/")
        async def f(a, /, b: int = 3, *rest, key: str = "x", **more) -> bool:
            """Do it.
            Twice.

            And so on.
            """
    ''')  # fmt: skip
    assert (module.name, module.kind, module.line) == ("<module>", "module", 1)
    assert row.id == function_id("m.py", "f", 0)
    assert (row.name, row.qualified_name, row.kind, row.line, row.end_line) == ("f", "f", "function", 2, 7)
    assert json.loads(row.parameters) == [
        {"annotation": None, "default": None, "kind": "positional_only", "name": "a"},
        {"annotation": "int", "default": "3", "kind": "positional", "name": "b"},
        {"annotation": None, "default": None, "kind": "rest", "name": "rest"},
        {"annotation": "str", "default": "'x'", "kind": "keyword_only", "name": "key"},
        {"annotation": None, "default": None, "kind": "keyword_rest", "name": "more"},
    ]
    assert (row.parameter_count, row.return_type, row.decorators) == (5, "bool", '["app.route"]')
    assert row.doc == "Do it.\nTwice."
    assert (row.is_async, row.is_generator, row.visibility) == (True, False, "public")
    assert (len(row.body_hash), len(row.signature_hash)) == (8, 8)


def test_equal_names_have_ids_by_their_order() -> None:
    """The second `f` has ordinal 1."""
    assert [row.id for row in rows("m.py", "def f(): pass\ndef f(): pass\n")[1:]] == [
        function_id("m.py", "f", 0),
        function_id("m.py", "f", 1),
    ]


def test_lines_above_do_not_change_an_id() -> None:
    """Identity does not depend on the place."""
    before = rows("m.py", "class A:\n    def m(self): pass\n")[1]
    after = rows("m.py", "import os\n\n\nclass A:\n    x = 1\n    def m(self): pass\n")[1]
    assert (before.id, before.line, after.line) == (after.id, 2, 6)


def test_an_env_file_has_no_functions() -> None:
    """What is no code has no `<module>` row."""
    assert rows(".env", "A=1\n") == []
