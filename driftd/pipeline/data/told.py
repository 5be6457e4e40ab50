"""What a file tells of models that it does not declare: columns of tables, sets of a context, prefixes of namespaces."""

from __future__ import annotations

from typing import TYPE_CHECKING

from driftd.pipeline.data.expressions import Form
from driftd.pipeline.data.registry import Entry, mapped_key, table_key

if TYPE_CHECKING:
    from driftd.pipeline.data.shapes import Declarations


def told_by(path: str, facts: Declarations, language: str) -> dict[str, Entry]:
    """Return entries for the registry, by key."""
    found = {
        table_key(table): Entry(path, table, "columns", "\n".join(f"{name}\t{kind}" for name, kind in columns))
        for table, columns in facts.columns.items()
    }
    for name, value in facts.names.items() if language == "rust" else ():
        if value.form is Form.CALL and value.callee.text == "diesel.table":
            found[mapped_key("rust", f"table {name}")] = Entry(path, name, "value")
    for shape in facts.shapes:
        if language == "rust" and any(mark.name == "sea_orm" for mark in shape.marks):
            *folders, stem = path.removesuffix(".rs").split("/")
            module = folders[-1] if stem == "mod" and folders else stem
            found.setdefault(mapped_key("rust", f"entity {module}"), Entry(path, shape.qualified_name))
        for call in shape.body:
            if call.callee.text == "isolate_namespace" and call.positional and call.positional[0].form is Form.NAME:
                name = call.positional[0].text
                found[mapped_key(language, name)] = Entry(path, name, "prefix")
        for attribute in shape.attributes if language == "csharp" else ():
            kind, _, of = attribute.annotation.rstrip("?").removesuffix(">").partition("<")
            if kind.rpartition(".")[2] == "DbSet" and of:
                key = mapped_key(language, of.rpartition(".")[2])
                found.setdefault(key, Entry(path, shape.qualified_name, attribute.name, of))
    return found
