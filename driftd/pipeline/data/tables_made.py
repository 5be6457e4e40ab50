"""Tables that a file makes by calls with a block: a schema of Rails, a migration of Laravel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from driftd.pipeline.data.expressions import Expr, Form
from driftd.pipeline.facts.model import Kind

if TYPE_CHECKING:
    from driftd.pipeline.facts.model import Call, FileFacts


def tables_made(facts: FileFacts) -> dict[str, tuple[tuple[str, str], ...]]:
    """Return the columns by table as (name, type): `create_table "users" do |t| t.string "email" end`."""
    makers = _MAKERS.get(facts.language)
    if makers is None or not _IS_SCHEMA[facts.language](facts):
        return {}
    literals = facts.texts.literals
    tables: dict[int, str] = {}
    found: dict[str, dict[str, str]] = {}
    for call in facts.bodies.calls:
        first = call.args[0].value if call.args else None
        if first is None or first.kind != Kind.STRING:
            continue
        text = literals[first.ref].value
        if call.callee.text in makers:
            found.setdefault(text, {})
            tables.update((arg.value.ref, text) for arg in call.args if arg.value.kind == Kind.FUNCTION)
        elif call.scope in tables and (type_name := _column_type(facts, call)):
            found[tables[call.scope]].setdefault(text, type_name)
    return {table: tuple(columns.items()) for table, columns in found.items()}


def tables_of_macros(facts: FileFacts) -> dict[str, Expr]:
    """Return the tables that Rust's `diesel::table! { users (id) { id -> Integer, } }` declares, as calls."""
    found: dict[str, Expr] = {}
    for call in facts.bodies.calls if facts.language == "rust" else ():
        body = call.args[0].value.items if call.callee.text in _TABLE_MACROS and call.args else ()
        if len(body) < len(("name", "columns")) or body[0].kind != Kind.CALL:
            continue
        name = facts.bodies.calls[body[0].ref].callee.text.rpartition(".")[2]
        columns = tuple([row.items[0].text for row in body[1].items if row.items and row.items[0].kind == Kind.PATH])
        types = [row.items[-1].text for row in body[1].items if row.items and row.items[0].kind == Kind.PATH]
        typed = Expr(Form.DICT, "", tuple([Expr(Form.CALL, "", (Expr(Form.NAME, kind),)) for kind in types]), columns)
        callee = Expr(Form.NAME, "diesel.table")
        found[name] = Expr(Form.CALL, "", (callee, Expr(Form.TEXT, name), typed), ("", ""))
    return found


def _column_type(facts: FileFacts, call: Call) -> str:
    """Return the type that a call on the block's parameter gives a column."""
    head, _, method = call.callee.text.partition(".")
    params = facts.outline.functions[call.scope].params
    is_column = call.callee.kind == Kind.PATH and params and params[0].name == head and method not in _NO_COLUMNS
    return method if is_column and "." not in method and not method.startswith(("drop", "rename")) else ""


def _is_rails_schema(facts: FileFacts) -> bool:
    return "ActiveRecord" in facts.names and any(call.callee.text == "create_table" for call in facts.bodies.calls)


def _is_laravel_migration(facts: FileFacts) -> bool:
    return any(i.module == "Illuminate.Support.Facades" and i.name == "Schema" for i in facts.outline.imports)


_MAKERS: Final = {"ruby": frozenset({"create_table"}), "php": frozenset({"Schema.create", "Schema.table"})}
_TABLE_MACROS: Final = frozenset({"diesel.table", "table"})
_IS_SCHEMA: Final = {"ruby": _is_rails_schema, "php": _is_laravel_migration}
_NO_COLUMNS: Final = frozenset(
    {
        "index", "foreign", "primary", "unique", "fullText", "spatialIndex", "references", "remove", "change",
        "check_constraint", "engine", "charset", "collation", "comment", "unique_constraint", "belongs_to", "foreign_key",
        "exclusion_constraint", "column", "foreignIdFor", "morphs", "nullableMorphs", "uuidMorphs", "timestamps",
    }
)  # fmt: skip
