"""Compare the models of a Django application, as driftd reads them, with the application's own registry.

    python -m benchmarks.accuracy_django WORKSPACE --python VENV/bin/python --settings project.settings [--root src]

The interpreter must have the application's dependencies; `--root` is the folder (below the workspace) that goes on its
path.  Judged are all classes that descend from `Model` and stand in a file of the workspace that Django imports: abstract
ones by name and fields, concrete ones by table as well; a field counts for the class that declares it.
"""

from __future__ import annotations

from typing import Any

from benchmarks.accuracy import analyse, ask, compare, parser_of, rows_of

REGISTRY = r"""
import inspect, json, os, sys
import django
django.setup()
from django.db import models
from django.db.migrations.state import StateApps

def where(cls):
    try:
        return os.path.realpath(inspect.getsourcefile(cls))
    except (TypeError, OSError):
        return ""

def fields(meta):
    own = [*meta.local_fields, *meta.local_many_to_many]
    return {(field.name, field.creation_counter) for field in own if not field.auto_created}

def below(cls):
    for sub in type.__subclasses__(cls):
        yield sub
        yield from below(sub)

found = []
for model in set(below(models.Model)):
    meta = model._meta
    if meta.auto_created or isinstance(meta.apps, StateApps):
        continue
    inherited = set()  # a copied field keeps its counter, one that is declared again has another
    for base in model.__mro__[1:]:
        above = getattr(base, "_meta", None)
        if above is not None and getattr(above, "abstract", False):
            inherited |= fields(above)
    own = sorted(name for name, _ in fields(meta) - inherited)
    table = None if meta.abstract or meta.proxy else meta.db_table
    found.append([where(model), model.__qualname__, table, own])
imported = [os.path.realpath(m.__file__) for m in list(sys.modules.values()) if getattr(m, "__file__", None)]
print("@@" + json.dumps({"models": found, "imported": imported}))
"""


def main() -> None:
    """Run the script."""
    parser = parser_of(__doc__)
    parser.add_argument("--python", required=True)
    parser.add_argument("--settings", required=True)
    parser.add_argument("--root", default="", help="folder with the packages, below the workspace")
    parser.add_argument("--env", action="append", default=[], metavar="NAME=VALUE")
    arguments = parser.parse_args()
    workspace = arguments.workspace.resolve()
    root = workspace / arguments.root
    environment = {
        "DJANGO_SETTINGS_MODULE": arguments.settings,
        "PYTHONPATH": str(root),
        **dict(pair.split("=", 1) for pair in arguments.env),
    }
    registry: dict[str, Any] = ask([arguments.python, "-W", "ignore", "-c"], REGISTRY, root, environment)
    if not arguments.keep:
        analyse(workspace)
    models, tables, fields = set(), set(), set()
    prefix = f"{workspace}/"
    for file, name, table, own in registry["models"]:
        if not file.startswith(prefix) or "<locals>" in name:
            continue
        key = (file.removeprefix(prefix), name)
        models.add(key)
        if table is not None:
            tables.add((*key, table))
        fields |= {(*key, field) for field in own}
    imported = {file.removeprefix(prefix) for file in registry["imported"] if file.startswith(prefix)}
    query = "SELECT file, model_name, table_name, field_name FROM boundaries WHERE framework = 'django'"
    rows = [row for row in rows_of(workspace, query) if row[0] in imported]
    known = {key[:2] for key in models}
    read = {(file, name) for file, name, _, field in rows if field is None}
    concrete = {key[:2] for key in tables}
    compare("models", models, read, verbose=arguments.verbose)
    compare(
        "tables",
        tables,
        {(file, name, table or "-") for file, name, table, field in rows if field is None and (file, name) in concrete},
        verbose=arguments.verbose,
    )
    compare(
        "fields",
        fields,
        {(file, name, field) for file, name, _, field in rows if field is not None and (file, name) in known},
        verbose=arguments.verbose,
    )


if __name__ == "__main__":
    main()
