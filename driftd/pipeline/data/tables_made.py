"""Tables that a file makes by calls with a block: a schema of Rails, a migration of Laravel."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

from driftd.pipeline.data.expressions import Expr, Form
from driftd.pipeline.data.inflection import underscored
from driftd.pipeline.data.packs import packs_of
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
        text = literals[first.ref].value if first is not None and first.kind == Kind.STRING else ""
        if call.scope in tables and (columns := _columns_of(facts, call, text)):
            for name in columns:
                found[tables[call.scope]].setdefault(name, _method(call))
            continue
        if first is None or first.kind != Kind.STRING:
            continue
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
        parts = [arg.value.items for arg in call.args] if call.callee.text in _TABLE_MACROS else []
        body = next((items for items in parts if items and items[0].kind == Kind.CALL), ())  # after `use …;`
        if len(body) < len(("name", "columns")) or body[0].kind != Kind.CALL:
            continue
        name = facts.bodies.calls[body[0].ref].callee.text.rpartition(".")[2]
        cells = [[cell for cell in row.items if cell.kind != Kind.LIST] for row in body[1].items]  # without attributes
        rows = [row for row in cells if row and row[0].kind == Kind.PATH]
        columns = tuple([row[0].text for row in rows])
        types = [row[-1].text for row in rows]
        typed = Expr(Form.DICT, "", tuple([Expr(Form.CALL, "", (Expr(Form.NAME, kind),)) for kind in types]), columns)
        callee = Expr(Form.NAME, "diesel.table")
        found[name] = Expr(Form.CALL, "", (callee, Expr(Form.TEXT, name), typed), ("", ""))
    return found


def _columns_of(facts: FileFacts, call: Call, text: str) -> tuple[str, ...]:
    """Return the columns that a call stands for without naming them: `$table->timestamps()`, `$table->morphs('a')`."""
    made = _columns_made(facts.language).get(_method(call)) if _is_on_block(facts, call) else None
    takes_name = made is not None and any("*" in name for name in made)
    if made is None or (text and not takes_name):
        return ()  # `$table->uuid('id')` says the name
    others = [arg.value.ref for arg in call.args[1:] if arg.value.kind == Kind.STRING]
    if others and not text:  # `foreignIdFor(User::class, 'author_id')`
        return (facts.texts.literals[others[0]].value,)
    if call.args and call.args[0].value.text.endswith(".class"):  # `foreignIdFor(User::class)`
        text = underscored(call.args[0].value.text.removesuffix(".class").rpartition(".")[2])
    return tuple([name.replace("*", text) for name in made if text or "*" not in name])


@cache
def _columns_made(language: str) -> dict[str, tuple[str, ...]]:
    return {method: names for pack in packs_of(language) for method, names in pack.columns_made.items()}


def _method(call: Call) -> str:
    return call.callee.text.rpartition(".")[2]


def _is_on_block(facts: FileFacts, call: Call) -> bool:
    head, _, method = call.callee.text.partition(".")
    params = facts.outline.functions[call.scope].params
    return call.callee.kind == Kind.PATH and bool(params) and params[0].name == head and "." not in method


def _column_type(facts: FileFacts, call: Call) -> str:
    """Return the type that a call on the block's parameter gives a column."""
    method = _method(call)
    is_column = _is_on_block(facts, call) and method not in _NO_COLUMNS
    return method if is_column and not method.startswith(("drop", "rename")) else ""


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
        "exclusion_constraint", "column",
    }
)  # fmt: skip
