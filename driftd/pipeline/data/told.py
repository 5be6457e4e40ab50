"""What a file tells of models that it does not declare: columns of tables, sets of a context, prefixes of namespaces."""

from __future__ import annotations

from typing import TYPE_CHECKING

from driftd.pipeline.data.expressions import Form
from driftd.pipeline.data.generated import told_schemas
from driftd.pipeline.data.mappers import told_statements
from driftd.pipeline.data.packs import entity_names, packs_of
from driftd.pipeline.data.registry import Entry, mapped_key, table_key, usings_key
from driftd.pipeline.data.rust import modules_of

if TYPE_CHECKING:
    from driftd.pipeline.data.shapes import Declarations


def told_by(path: str, facts: Declarations, language: str) -> dict[str, Entry]:
    """Return entries for the registry, by key."""
    found = {
        table_key(table): Entry(path, table, "columns", "\n".join(f"{name}\t{kind}" for name, kind in columns))
        for table, columns in facts.columns.items()
    }
    found.update(told_statements(path, facts, language))
    found.update(told_schemas(path, facts, language))
    known = packs_of(language)
    for name, value in facts.names.items() if language == "rust" else ():
        if value.form is Form.CALL and any(pack.has("tables", value.callee.text) for pack in known):
            found[mapped_key("rust", f"table {name}")] = Entry(path, name, "value")
    if language == "csharp" and facts.stars and not (facts.shapes or facts.names or facts.package):
        found[usings_key(path.rpartition("/")[0])] = Entry(path, "", "usings", "\n".join(facts.stars))
    options = [option for pack in known for option in pack.repository_options]
    for name, table in facts.mapped.items():
        found[mapped_key(language, f"table {name.rpartition('.')[2]}")] = Entry(path, name, table)
    for bound in facts.imports if language == "rust" else ():
        if bound.alias != bound.name and bound.name in entity_names(language):
            for module in modules_of(path):
                entry = Entry(path, bound.module.rpartition(".")[2], "alias")
                found[mapped_key("rust", f"alias {module}.{bound.alias}")] = entry
    sets = {symbol.rpartition(".")[2] for pack in known for symbol in pack.sets}
    for shape in facts.shapes:
        if language == "rust" and any(pack.has("model_marks", mark.name) for pack in known for mark in shape.marks):
            module = modules_of(path)[0]
            found.setdefault(mapped_key("rust", f"entity {module}"), Entry(path, shape.qualified_name))
        for mark in shape.marks if options else ():
            named = [mark.call.named(option) for option in options if mark.call is not None]
            for stated in [each for each in named if each is not None][:1]:
                name = stated.text.removesuffix(".class")
                key = mapped_key(language, f"repository {name.rpartition('.')[2]}")
                found[key] = Entry(path, shape.qualified_name, "repository", name)
        for call in shape.body:
            is_prefix = any(pack.body_calls.get(call.callee.text) == "prefix" for pack in known)
            if is_prefix and call.positional and call.positional[0].form is Form.NAME:
                name = call.positional[0].text
                found[mapped_key(language, name)] = Entry(path, name, "prefix")
        for attribute in shape.attributes if language == "csharp" else ():
            kind, _, of = attribute.annotation.rstrip("?").removesuffix(">").partition("<")
            if kind.rpartition(".")[2] in sets and of:
                key = mapped_key(language, of.rpartition(".")[2])
                found.setdefault(key, Entry(path, shape.qualified_name, attribute.name, of))
    return found
