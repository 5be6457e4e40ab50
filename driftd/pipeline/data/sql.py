"""SQL statements: which tables they read and write, by parsing them."""

from __future__ import annotations

import logging
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator


def may_be_sql(text: str) -> bool:
    """Whether a text starts with a verb of SQL and goes on."""
    words = text.split(None, 1)
    return len(words) > 1 and words[0].lstrip("(").upper() in _VERBS


@lru_cache(maxsize=4096)
def statements(text: str) -> tuple[tuple[str, str], ...]:
    """Return (operation, table) of each table that SQL touches, in order; empty for what is no SQL.

    Placeholders of drivers and templates count as values, names in a `with` clause are no tables.
    """
    if not may_be_sql(text) and text.strip(" ;\n").upper() not in _BARE:
        return ()
    import sqlglot  # noqa: PLC0415 - 0.3 s

    logging.getLogger("sqlglot").setLevel(logging.CRITICAL)
    prepared = text.replace("%%", "%").replace("%s", ":p").replace("{}", "_p")
    for dialect in ("postgres", "mysql", "sqlite", "tsql", None):
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

    written = None
    operation = "select"
    for kind, name in (
        (exp.Insert, "insert"), (exp.Update, "update"), (exp.Delete, "delete"), (exp.Merge, "upsert"),
        (exp.Create, "migration"), (exp.Drop, "migration"), (exp.Alter, "migration"), (exp.TruncateTable, "delete"),
    ):  # fmt: skip
        if isinstance(tree, kind):
            operation = name
            written = next(iter(tree.find_all(exp.Table)), None) if tree.this is None else tree.this.find(exp.Table)
            if written is None:
                written = tree.find(exp.Table)
            break
    if isinstance(tree, (exp.Commit, exp.Rollback, exp.Transaction)):
        yield "transaction", ""
        return
    if isinstance(tree, exp.Command):
        return
    if isinstance(tree, exp.Insert) and (tree.args.get("conflict") is not None or tree.args.get("overwrite")):
        operation = "upsert"
    if written is not None and _name(written):
        yield operation, _name(written)
    named = {cte.alias for cte in tree.find_all(exp.CTE)}
    for table in tree.find_all(exp.Table):
        name = _name(table)
        if table is written or not name or name in named or operation == "migration":
            continue
        yield "select", name


def _name(table: Any) -> str:
    name: str = table.name
    if not name or name == "_p":
        return "unknown" if name else ""
    return f"{table.db}.{name}" if table.db and table.db not in _DEFAULT_SCHEMAS else name


_VERBS: Final = frozenset(
    {
        "SELECT", "INSERT", "UPDATE", "DELETE", "REPLACE", "MERGE", "WITH", "CREATE", "DROP", "ALTER", "TRUNCATE",
    }
)  # fmt: skip
_BARE: Final = frozenset({"BEGIN", "COMMIT", "ROLLBACK"})
_DEFAULT_SCHEMAS: Final = frozenset({"public", "main", "dbo"})
