"""What names mean in Rust, as far as data goes: tables of Diesel, entities of SeaORM, and functions of packages.

A module is named by its file, so a path's last names tell a table or an entity; only those that declare one are found.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from driftd.pipeline.data.expressions import Form
from driftd.pipeline.data.model import Field, Model
from driftd.pipeline.data.packs import entity_names, table_names
from driftd.pipeline.data.registry import mapped_key

if TYPE_CHECKING:
    from driftd.pipeline.data.linking import ClassAt
    from driftd.pipeline.data.models import Models
    from driftd.pipeline.data.packs import Pack


def full_path(imports: dict[str, tuple[str, str]], dotted: str) -> list[str]:
    """Return a path with what its first names are imported as."""
    parts = dotted.split(".")
    for _ in range(_RENAMES):
        bound = imports.get(parts[0])
        if bound is None:
            break
        module, name = bound
        before, parts = parts, [*module.split("."), *([name] if name not in ("", "*") else []), *parts[1:]]
        if parts[0] == before[0]:
            break
    return parts


def modules_of(path: str) -> list[str]:
    """Return the names of the module that a file is, and of the one that may pass on what it has."""
    *folders, stem = path.removesuffix(".rs").split("/")
    return folders[-1:] if stem == "mod" and folders else [stem, *folders[-1:]]


def table_keys(parts: list[str], stars: tuple[str, ...]) -> list[tuple[str, int]]:
    """Return the keys of tables and entities that a path may mean, and how many of its names each takes."""
    found = []
    entities, tables = entity_names("rust"), table_names("rust")
    for at, part in enumerate(parts):
        if part in entities and at:
            found.append((mapped_key("rust", f"entity {parts[at - 1]}"), at + 1))
        elif part in tables and at:
            found.append((mapped_key("rust", f"table {parts[at - 1]}"), at + 1))
        elif at:
            found.append((mapped_key("rust", f"alias {parts[at - 1]}.{part}"), at + 1))
    last = parts[0] if len(parts) == 1 else ""
    if last:
        found += [(mapped_key("rust", f"alias {star.rpartition('.')[2]}.{last}"), 1) for star in stars]
    if any(star.endswith(f"{last}.dsl") for star in stars) and last:
        found.append((mapped_key("rust", f"table {last}"), 1))
    return found


def seaorm(models: Models, at: ClassAt, pack: Pack) -> Model | None:
    """Read an entity of SeaORM, `#[sea_orm(table_name = "cakes")]`: its fields are its columns."""
    shape = models.linker.shape(at)
    calls = [mark.call for mark in shape.marks if mark.name in pack.model_marks and mark.call is not None]
    stated = [call.named(option) for call in calls for option in pack.table_options]
    table = next((named for named in stated if named is not None), None)
    if table is None or table.form is not Form.TEXT:
        return None
    fields = tuple([Field(a.name, a.annotation) for a in shape.attributes if a.annotation])
    return Model(pack.name, shape.qualified_name, table.text, fields, pack.confidence, shape.line)


_RENAMES: Final = 3
