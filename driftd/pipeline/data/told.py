"""What a file tells of models that it does not declare: columns of tables, sets of a context, prefixes of namespaces."""

from __future__ import annotations

from typing import TYPE_CHECKING

from driftd.pipeline.data.expressions import Form
from driftd.pipeline.data.registry import Entry, mapped_key, table_key

if TYPE_CHECKING:
    from driftd.pipeline.data.facts import Declarations


def told_by(path: str, facts: Declarations, language: str) -> dict[str, Entry]:
    """Return entries for the registry, by key."""
    found = {
        table_key(table): Entry(path, table, "columns", "\n".join(f"{name}\t{kind}" for name, kind in columns))
        for table, columns in facts.columns.items()
    }
    for shape in facts.shapes:
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
