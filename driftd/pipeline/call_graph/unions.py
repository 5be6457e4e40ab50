"""Sets of entities: put together, ordered, and reduced."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from driftd.pipeline.call_graph.entities import NONE, UNKNOWN, Is

if TYPE_CHECKING:
    from collections.abc import Iterable

    from driftd.pipeline.call_graph.entities import Entities, Entity


def package_of(external: Entity, language: str) -> str:
    """Return the package that something external belongs to, as it is imported."""
    if isinstance(external.extra, str):
        return external.extra
    parts = external.file.split(".")
    if language not in _DOTTED_PACKAGES or len(parts) == 1:
        return parts[0].removesuffix("()")
    # Packages are written in lower case; what they declare is not.
    end = next((i for i, part in enumerate(parts) if part[:1].isupper()), len(parts) - 1)
    return ".".join(parts[:end]) or parts[0]


_DOTTED_PACKAGES: Final = frozenset({"java", "kotlin", "scala"})


def union(groups: Iterable[Entities]) -> Entities:
    """Return the entities of all groups, each once, in the order of first appearance."""
    found: Entities = NONE
    for group in groups:
        if not found:
            found = group
        elif group and group != found:
            found = tuple(dict.fromkeys(found + group))
    return found


def known(entities: Entities) -> Entities:
    """Return the entities without the unknown ones."""
    return tuple([e for e in entities if e.what is not Is.UNKNOWN]) if UNKNOWN in entities else entities


def merge(lines: list[list[Entity]]) -> list[Entity]:
    """Return the C3 linearisation; where the order is inconsistent, the first head goes on."""
    result: list[Entity] = []
    while lines:
        head = next(
            (line[0] for line in lines if not any(line[0] in other[1:] for other in lines)),
            lines[0][0],
        )
        result.append(head)
        lines = [rest for line in lines if (rest := [e for e in line if e != head])]
    return result
