"""What only all files together tell: which class a full name or a label means, and which relations lead to a model.

Filled file by file; a change says which keys mean something else now.  `Linker.registered` notes the keys that were asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from driftd.pipeline.data.model import Model


class Entry(NamedTuple):
    """A class: its file, its name there, and how it leads back if it stands for a relation; or a "value"."""

    file: str
    model: str
    kind: str = ""
    between: str = ""


NOTHING: Final[Mapping[str, Entry]] = {}


class Registry:
    """Models by label, and relations by the label they lead to and the attribute that leads back."""

    def __init__(self) -> None:
        self._by_key: dict[str, dict[str, Entry]] = {}
        self._by_holder: dict[str, dict[str, Entry]] = {}

    def declare(
        self,
        file: str,
        packages: Iterable[str],
        classes: Collection[str],
        values: Collection[str],
        told: Mapping[str, Entry] = NOTHING,
    ) -> set[str]:
        """Put in what a file declares by its full names, and what it tells of others.

        Return the keys that mean something else now.
        """
        entries = {
            class_key(f"{package}.{name}" if package else name): Entry(file, name, kind)
            for package in packages
            for names, kind in ((values, "value"), (classes, ""))
            for name in names
        }
        return self._put(f"{file}\0classes", {**entries, **told})

    def replace(self, file: str, models: Iterable[Model], settings: Mapping[str, str]) -> set[str]:
        """Put in the models of a file and the labels its settings name; return the keys that mean something else now."""
        new = dict(_entries(file, models))
        new.update((label_key(name), Entry(file, label)) for name, label in settings.items())
        return self._put(file, new)

    def _put(self, holder: str, new: dict[str, Entry]) -> set[str]:
        old = self._by_holder.pop(holder, {})
        if new:
            self._by_holder[holder] = new
        changed = {key for key in old.keys() | new.keys() if old.get(key) != new.get(key)}
        for key in changed:
            holders = self._by_key.setdefault(key, {})
            if key in new:
                holders[holder] = new[key]
            else:
                del holders[holder]
            if not holders:
                del self._by_key[key]
        return changed

    def all(self, key: str) -> list[Entry]:
        """Return everything that files say of a key, in the order of their names."""
        holders = self._by_key.get(key, {})
        return [holders[holder] for holder in sorted(holders)]

    def get(self, key: str) -> Entry | None:
        """Return what a key means: where several files say it, the first by name."""
        holders = self._by_key.get(key)
        return None if holders is None else holders[min(holders)]


def class_key(full_name: str) -> str:
    """Return the key of a class or value by its full name, in languages that find names by packages."""
    return f"class\0{full_name}"


def label_key(label: str) -> str:
    """Return the key of a model by its label."""
    return f"label\0{label}"


def table_key(table: str) -> str:
    """Return the key of the columns that a schema or a migration gives a table."""
    return f"table\0{table}"


def mapped_key(language: str, name: str) -> str:
    """Return the key of what makes a class a model from outside: a set of a context, a namespace with a prefix."""
    return f"mapped\0{language}\0{name}"


def usings_key(folder: str) -> str:
    """Return the key of what the files of a folder take in for the whole project (C#'s `global using`)."""
    return f"usings\0{folder}"


def back_key(target: str, accessor: str) -> str:
    """Return the key of a relation that leads to `target` and back by `accessor`."""
    return f"back\0{target}\0{accessor}"


def _entries(file: str, models: Iterable[Model]) -> Iterator[tuple[str, Entry]]:
    for model in models:
        if model.label:
            yield label_key(model.label), Entry(file, model.name)
        for relation in model.relations:
            if relation.accessor:
                entry = Entry(file, model.name, relation.kind, relation.between)
                yield back_key(relation.target, relation.accessor), entry
