"""Tables that a file makes by calls with a block: a schema of Rails, a migration of Laravel."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from driftd.pipeline.data.expressions import Expr, Form
from driftd.pipeline.data.inflection import underscored
from driftd.pipeline.data.packs import packs_of
from driftd.pipeline.data.sql import DEFAULT_SCHEMAS
from driftd.pipeline.facts.model import Kind

if TYPE_CHECKING:
    from driftd.pipeline.data.packs import Pack
    from driftd.pipeline.facts.model import Call, FileFacts


def tables_made(facts: FileFacts) -> dict[str, tuple[tuple[str, str], ...]]:
    """Return the columns by table as (name, type): `create_table "users" do |t| t.string "email" end`."""
    pack = next((pack for pack in packs_of(facts.language) if pack.table_makers), None)
    if pack is None or not _is_schema(facts, pack):
        return {}
    makers = pack.table_makers
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
        elif call.scope in tables and (type_name := _column_type(facts, call, pack)):
            found[tables[call.scope]].setdefault(text, type_name)
    return {table: tuple(columns.items()) for table, columns in found.items()}


def tables_mapped(facts: FileFacts) -> dict[str, str]:
    """Return the tables that classes are mapped to by calls on a builder: `builder.ToTable("orders", "shop")`."""
    mapping = [pack for pack in packs_of(facts.language) if pack.table_calls]
    found: dict[str, str] = {}
    for call in facts.bodies.calls if mapping else ():
        if call.callee.text.rpartition(".")[2] not in mapping[0].table_calls or not call.args:
            continue
        texts = [facts.texts.literals[a.value.ref].value for a in call.args if a.value.kind == Kind.STRING]
        entity = _entity_of(facts, call, mapping[0])
        if entity and texts and call.args[0].value.kind == Kind.STRING:
            schema = texts[1] if len(texts) > 1 and texts[1] not in DEFAULT_SCHEMAS else ""
            found.setdefault(entity, f"{schema}.{texts[0]}" if schema else texts[0])
    return found


def _entity_of(facts: FileFacts, call: Call, pack: Pack) -> str:
    """Return the class that the builder is for whose method is called: by its type, or by the call that made it."""
    below = call.callee
    while below.kind == Kind.MEMBER and below.items:
        below = below.items[0]
        if below.kind == Kind.CALL:
            made = facts.bodies.calls[below.ref]
            entity = _made_for(made, pack)
            if entity:
                return entity
            below = made.callee
    function = facts.outline.functions[call.scope] if call.scope > 0 else None
    head = below.text.partition(".")[0]
    for param in function.params if function is not None else ():
        if param.name == head:
            kind, _, of = (param.annotation or "").removesuffix(">").partition("<")
            if kind.rpartition(".")[2] in pack.builders:
                return of.rpartition(",")[2].strip()
            for made in facts.bodies.calls:
                if any(a.value.kind == Kind.FUNCTION and a.value.ref == call.scope for a in made.args):
                    return _made_for(made, pack)
    return ""


def _made_for(call: Call, pack: Pack) -> str:
    callee = call.callee
    types = callee.items if callee.kind == Kind.PATH else callee.items[1:]
    return types[0].text if types and callee.text.rpartition(".")[2] in pack.entity_calls else ""


def tables_of_macros(facts: FileFacts) -> dict[str, Expr]:
    """Return the tables that Rust's `diesel::table! { users (id) { id -> Integer, } }` declares, as calls."""
    found: dict[str, Expr] = {}
    macros = frozenset(name for pack in packs_of(facts.language) for name in pack.macros)
    for call in facts.bodies.calls if macros else ():
        parts = [arg.value.items for arg in call.args] if call.callee.text in macros else []
        body = next((items for items in parts if items and items[0].kind == Kind.CALL), ())  # after `use …;`
        if len(body) < len(("name", "columns")) or body[0].kind != Kind.CALL:
            continue
        name = facts.bodies.calls[body[0].ref].callee.text.rpartition(".")[2]
        cells = [[cell for cell in row.items if cell.kind != Kind.LIST] for row in body[1].items]  # without attributes
        rows = [row for row in cells if row and row[0].kind == Kind.PATH]
        columns = tuple([row[0].text for row in rows])
        types = [row[-1].text for row in rows]
        typed = Expr(Form.DICT, "", tuple([Expr(Form.CALL, "", (Expr(Form.NAME, kind),)) for kind in types]), columns)
        callee = Expr(Form.NAME, _declared_by(call.callee.text))
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


def _column_type(facts: FileFacts, call: Call, pack: Pack) -> str:
    """Return the type that a call on the block's parameter gives a column."""
    method = _method(call)
    is_column = _is_on_block(facts, call) and method not in pack.no_columns
    return method if is_column and not method.startswith(("drop", "rename")) else ""


def _is_schema(facts: FileFacts, pack: Pack) -> bool:
    """Whether a file imports or names what makes tables, and makes one."""
    imported = {f"{each.module}.{each.name}" for each in facts.outline.imports}
    if pack.schemas.isdisjoint(imported) and pack.schemas.isdisjoint(facts.names):
        return False
    return any(call.callee.text in pack.table_makers for call in facts.bodies.calls)


@cache
def _declared_by(macro: str) -> str:
    """Return the symbol of which a macro is a name: `diesel.table` of `table`."""
    symbols = [symbol for pack in packs_of("rust") for symbol in pack.tables]
    return next((symbol for symbol in symbols if symbol.rpartition(".")[2] == macro.rpartition(".")[2]), macro)
