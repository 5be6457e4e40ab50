"""SQL statements: which tables they read and write, by parsing them."""

from __future__ import annotations

import logging
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator


def may_be_sql(text: str) -> bool:
    """Whether a text begins as a statement that touches a table, or a transaction, begins."""
    return _BEGINNING.match(text) is not None


@lru_cache(maxsize=4096)
def statements(text: str) -> tuple[tuple[str, str], ...]:
    """Return (operation, table) of each table that SQL touches, in order; empty for what is no SQL.

    Placeholders of drivers and templates count as values, names in a `with` clause are no tables.
    """
    if not may_be_sql(text):
        return ()
    import sqlglot  # noqa: PLC0415 - 0.3 s

    logging.getLogger("sqlglot").setLevel(logging.CRITICAL)
    prepared = _PLACEHOLDER.sub(":_p", text.replace("%%", "%").replace("{}", "_p"))
    prepared = _REPLACING.sub("insert or replace into", prepared)  # what SQLite calls it as well; MySQL has both
    for dialect in ("postgres", "mysql", "sqlite", "tsql", "oracle", None):
        try:
            trees = sqlglot.parse(prepared, dialect=dialect)
        except sqlglot.errors.SqlglotError:
            continue
        except RecursionError:
            return ()
        return tuple(dict.fromkeys(pair for tree in trees if tree is not None for pair in _touched(tree)))
    return ()


def _touched(tree: Any) -> Iterator[tuple[str, str]]:
    from sqlglot import exp  # noqa: PLC0415 - imported late

    if isinstance(tree, (exp.Commit, exp.Rollback, exp.Transaction)):
        yield "transaction", "unknown"
        return
    if isinstance(tree, exp.Command):
        return
    operation = next((name for kind, name in _operations(exp) if isinstance(tree, kind)), "select")
    written = _written(tree, exp) if operation != "select" else None
    if isinstance(tree, exp.TruncateTable):
        yield from ((operation, _name(table)) for table in tree.find_all(exp.Table))
        return
    if isinstance(tree, exp.Insert) and (
        tree.args.get("conflict") is not None or str(tree.args.get("alternative")).upper() == "REPLACE"
    ):
        operation = "upsert"
    if operation == "migration" and written is None:
        yield operation, "unknown"
    if written is not None and _name(written):
        yield operation, _name(written)
    inner = [one for one in tree.find_all(exp.Insert, exp.Update, exp.Delete) if one is not tree]
    writes = {id(table) for one in inner if (table := _written(one, exp)) is not None}
    for one in inner:  # `with gone as (delete from a returning b) select …`
        table = _written(one, exp)
        if table is not None and _name(table):
            yield next(name for kind, name in _operations(exp) if isinstance(one, kind)), _name(table)
    named = {cte.alias for cte in tree.find_all(exp.CTE)}
    for table in tree.find_all(exp.Table) if operation != "migration" else ():
        name = _name(table)
        if table is not written and id(table) not in writes and name and name not in named:
            yield "select", name


def _operations(exp: Any) -> tuple[tuple[Any, str], ...]:
    return (
        (exp.Insert, "insert"), (exp.Update, "update"), (exp.Delete, "delete"), (exp.Merge, "upsert"),
        (exp.Create, "migration"), (exp.Drop, "migration"), (exp.Alter, "migration"), (exp.TruncateTable, "delete"),
    )  # fmt: skip


def _written(tree: Any, exp: Any) -> Any | None:
    """Return the table that a statement is about: that of an index, and none for what is no table."""
    if isinstance(tree, (exp.Create, exp.Drop)) and tree.args.get("kind") not in _TABLES:
        return tree.this.args.get("table") if isinstance(tree.this, exp.Index) else None
    inner = None if tree.this is None else tree.this.find(exp.Table)
    return inner or tree.find(exp.Table)


def _name(table: Any) -> str:
    name: str = table.name
    if not name or name == "_p":
        return "unknown" if name else ""
    return f"{table.db}.{name}" if table.db and table.db not in DEFAULT_SCHEMAS else name


_BEGINNING: Final = re.compile(
    r"(?:\s|\(|--[^\n]*\n|/\*[^*]*\*/)*(?:"
    r"select\b.*\bfrom\b|(?:insert|replace|merge)\b.*\binto\b|update\b.*\bset\b|delete\s+from\b|with\b.*\bas\b|truncate\s|"
    r"(?:create|drop|alter)\s.*\b(?:table|view|index|trigger|function|procedure|sequence|schema|database|type|extension)\b|"
    r"(?:begin|commit|rollback)[\s;]*$)",
    re.IGNORECASE | re.DOTALL,
)
_PLACEHOLDER: Final = re.compile(r"%s|%\(\w+\)s")
_REPLACING: Final = re.compile(r"^[\s(]*replace\s+into\b", re.IGNORECASE)
_TABLES: Final = frozenset({"TABLE", "VIEW", "MATERIALIZED VIEW"})
DEFAULT_SCHEMAS: Final = frozenset({"public", "main", "dbo"})
