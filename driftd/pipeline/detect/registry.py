"""Which rules there are: those of the packs, and those of the workspace.

Packs lie in `driftd/pipeline/packs/rules/FAMILY/*.toml`; a language reads those of its family and of `any`, when it is
first asked for.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

import msgspec

from driftd.pipeline.detect.finding import RuleIndex
from driftd.pipeline.detect.rules import Rule, RuleFile, parse
from driftd.pipeline.modules import ECMASCRIPT
from driftd.pipeline.patterns.questions import rules_of_choices

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from driftd.pipeline.detect.rules import Rule

_FOLDER: Final = files("driftd.pipeline").joinpath("packs", "rules")
_FAMILIES: Final[Mapping[str, str]] = {
    **dict.fromkeys(ECMASCRIPT, "javascript"),
    **dict.fromkeys(("kotlin", "scala"), "java"),  # one library, and one folder
    "cpp": "c",
}
_custom: list[RuleFile] = []


def family(language: str) -> str:
    """Return the folder of a language's rules."""
    return _FAMILIES.get(language, language)


@cache
def pack_files(folder: str) -> tuple[RuleFile, ...]:
    """Return the rule files of a folder, in order of their names; () where there is none."""
    place = _FOLDER.joinpath(folder)
    if not place.is_dir():
        return ()
    found = sorted((one for one in place.iterdir() if one.name.endswith(".toml")), key=lambda one: one.name)
    return tuple(
        [parse(one.read_text(encoding="utf-8"), f"rules/{folder}/{one.name}", is_trusted=True) for one in found]
    )


@cache
def index_of(language: str) -> RuleIndex:
    """Return the rules of a language."""
    choices = RuleFile(rule=rules_of_choices())
    own = {rule.id for file in _custom for rule in file.rule}
    packs = [
        msgspec.structs.replace(file, rule=tuple([rule for rule in file.rule if rule.id not in own])) if own else file
        for file in (*pack_files(family(language)), *pack_files("any"))
    ]
    return RuleIndex((*packs, choices, *_custom), language)


@cache
def rules_by_id() -> Mapping[str, Rule]:
    """Return every rule that there is; one of the workspace replaces that of a pack."""
    files = (*(file for folder in families() for file in pack_files(folder)), *_custom)
    return {rule.id: rule for file in files for rule in file.rule}


def use_encoded(rules: bytes) -> None:
    """Take the rules of the workspace, encoded; in a worker process."""
    use_custom(msgspec.msgpack.decode(rules, type=tuple[RuleFile, ...]))


def families() -> list[str]:
    """Return the folders that there are."""
    return sorted(one.name for one in _FOLDER.iterdir() if one.is_dir())


def use_custom(found: Iterable[RuleFile]) -> None:
    """Take the rules of the workspace instead of those taken before; one of a pack's id replaces that."""
    found = list(found)
    if found == _custom:
        return
    _custom[:] = found
    index_of.cache_clear()
    rules_by_id.cache_clear()
