"""Compare the models of a SQLAlchemy application, as driftd reads them, with the application's own mappers and metadata.

    python -m benchmarks.accuracy_sqlalchemy WORKSPACE --python VENV/bin/python --module app.models [--root src]

The interpreter must have the application's dependencies; each `--module` is imported from `--root` (below the
workspace).  Judged are the mapped classes that stand in a file of the workspace, and `Table` objects that modules name;
a class's columns are those of its own table, by the attribute that holds them.
"""

from __future__ import annotations

from typing import Any

from benchmarks.accuracy import analyse, ask, compare, parser_of, rows_of

MAPPERS = r"""
import importlib, inspect, json, os, sys
for name in json.loads(os.environ["MODULES"]):
    importlib.import_module(name)
import sqlalchemy
from sqlalchemy.orm.mapper import _all_registries

def where(cls):
    try:
        return os.path.realpath(inspect.getsourcefile(cls))
    except (TypeError, OSError):
        return ""

found, mapped = [], set()
for registry in list(_all_registries()):
    for mapper in registry.mappers:
        table = mapper.local_table
        mapped.add(table)
        if mapper.inherits is not None and mapper.inherits.local_table is table:  # single table: what it adds
            above = {c.name for m in mapper.inherits.iterate_to_root() for c in m.columns if c.table is table}
        names = []
        for prop in mapper.column_attrs:
            columns = [c for c in prop.columns if getattr(c, "table", None) is table]
            if columns:
                names.append(prop.key)
        found.append([where(mapper.class_), mapper.class_.__qualname__, str(table.name), sorted(names)])
for module in list(sys.modules.values()):
    for name, value in list(vars(module).items()) if getattr(module, "__file__", None) else ():
        if isinstance(value, sqlalchemy.Table) and value not in mapped:
            found.append([os.path.realpath(module.__file__), name, str(value.name), sorted(value.columns.keys())])
imported = [os.path.realpath(m.__file__) for m in list(sys.modules.values()) if getattr(m, "__file__", None)]
print("@@" + json.dumps({"models": found, "imported": imported}))
"""


def main() -> None:
    """Run the script."""
    import json

    parser = parser_of(__doc__)
    parser.add_argument("--python", required=True)
    parser.add_argument("--module", action="append", required=True)
    parser.add_argument("--root", default="", help="folder with the packages, below the workspace")
    arguments = parser.parse_args()
    workspace = arguments.workspace.resolve()
    root = workspace / arguments.root
    environment = {"PYTHONPATH": str(root), "MODULES": json.dumps(arguments.module)}
    registry: dict[str, Any] = ask([arguments.python, "-W", "ignore", "-c"], MAPPERS, root, environment)
    if not arguments.keep:
        analyse(workspace)
    prefix = f"{workspace}/"
    imported = {file.removeprefix(prefix) for file in registry["imported"] if file.startswith(prefix)}
    query = (
        "SELECT file, model_name, table_name, field_name FROM boundaries WHERE framework IN ('sqlalchemy', 'sqlmodel')"
    )
    rows = [row for row in rows_of(workspace, query) if row[0] in imported]
    truth = [
        (file.removeprefix(prefix), *rest)
        for file, *rest in registry["models"]
        if file.startswith(prefix) and "<locals>" not in rest[0]
    ]
    models = {(file, name) for file, name, _, _ in truth}
    # A class without a table of its own is a base: whether it is one, no mapper tells.
    read = {(file, name) for file, name, table, field in rows if field is None and table is not None}
    compare("models", models, read, verbose=arguments.verbose)
    compare(
        "tables",
        {(file, name, table) for file, name, table, _ in truth},
        {(file, name, table) for file, name, table, field in rows if field is None and table is not None},
        verbose=arguments.verbose,
    )
    compare(
        "fields",
        {(file, name, field) for file, name, _, fields in truth for field in fields},
        {(file, name, field) for file, name, _, field in rows if field is not None and (file, name) in models},
        verbose=arguments.verbose,
    )


if __name__ == "__main__":
    main()
