"""Rules of the workspace's own: `.drift/rules/*.toml`, and `[[rule]]` in `drift.toml`, in the form of the packs.

A rule of a pack's id takes its place; with `enabled = false` it is switched off.  What is wrong in a rule is an error
that names the file, the rule and the key: a rule that silently finds nothing would be worse than none.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from driftd.config import WORKSPACE_FILE, read_table
from driftd.errors import ConfigError
from driftd.pipeline.detect.rules import RuleError, RuleFile, parse_data
from driftd.pipeline.facts.languages.registry import MODULES
from driftd.watch.workspace import DRIFT_DIRECTORY

FOLDER = f"{DRIFT_DIRECTORY}/rules"


def load_rules(root: Path) -> tuple[RuleFile, ...]:
    """Return the rules of a workspace; raises ConfigError for what cannot be used."""
    found: list[RuleFile] = []
    seen: dict[str, str] = {}
    for where, file in _files(root):
        for rule in file.rule:
            if rule.id in seen:
                raise ConfigError(
                    f"{where}: rule {rule.id}: {seen[rule.id]} has one of this id", hint="rename one of them"
                )
            seen[rule.id] = where
            if unknown := sorted(set(rule.languages) - MODULES.keys()):
                raise ConfigError(
                    f"{where}: rule {rule.id}: languages: {unknown[0]!r} is not one that driftd reads",
                    hint=f"one of {', '.join(sorted(MODULES))}",
                )
        found.append(file)
    return tuple(found)


def encoded(files: tuple[RuleFile, ...]) -> bytes:
    """Return rules as other processes get them; b"" for none."""
    return msgspec.msgpack.encode(files) if files else b""


def _files(root: Path) -> Iterator[tuple[str, RuleFile]]:
    try:
        inline = read_table(root / WORKSPACE_FILE).get("rule")
        if inline is not None:
            yield WORKSPACE_FILE, parse_data({"rule": inline}, WORKSPACE_FILE)
        folder = root / FOLDER
        for path in sorted(folder.glob("*.toml")):
            where = f"{FOLDER}/{path.name}"
            yield where, parse_data(read_table(path), where)
    except RuleError as error:
        raise ConfigError(str(error), hint="docs/rules.md says what a rule can be") from None
