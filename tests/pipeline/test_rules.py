"""Every rule's examples are its tests: what it finds in them stands on exactly the lines that it says."""

from __future__ import annotations

from importlib.resources import files

import pytest

from driftd.pipeline.detect.finding import RuleIndex, find
from driftd.pipeline.detect.registry import families, pack_files
from driftd.pipeline.detect.rules import Example, Rule, RuleFile, parse
from driftd.pipeline.facts.languages import registry
from driftd.pipeline.production import is_test

RULES = [(file, rule) for folder in families() for file in pack_files(folder) for rule in file.rule]
CASES = [
    pytest.param(file, rule, example, id=f"{rule.id}:{number}")
    for file, rule in RULES
    for number, example in enumerate((*rule.examples, *rule.counterexamples))
]


@pytest.mark.parametrize("folder", families())
def test_a_pack_stands_up_to_the_checks_that_a_workspace_s_own_rules_meet(folder: str) -> None:
    """They are made here, once, and not by each process that reads a pack; both read the same rules."""
    place = files("driftd.pipeline").joinpath("packs", "rules", folder)
    texts = sorted((one for one in place.iterdir() if one.name.endswith(".toml")), key=lambda one: one.name)
    checked = tuple(parse(one.read_text(encoding="utf-8"), f"rules/{folder}/{one.name}") for one in texts)
    assert checked == pack_files(folder)


def lines_found(file: RuleFile, rule: Rule, example: Example) -> list[int]:
    """Return the lines on which a rule alone finds something in an example; line 1 is the first one with code."""
    language = example.language or rule.languages[0]
    code = example.code.removeprefix("\n").encode()
    facts = registry.adapter_of(language).extract(code, language)
    alone = RuleFile(languages=file.languages, gives=file.gives, rule=(rule,))
    path = example.path or f"src/example.{language}"
    found = find(path, facts, RuleIndex((alone,), language), is_test=is_test(path))
    return sorted({one.place.line for one in found})


@pytest.mark.parametrize(("file", "rule", "example"), CASES)
def test_example(file: RuleFile, rule: Rule, example: Example) -> None:
    """A rule finds its examples, all of them, and nothing in its counterexamples."""
    assert lines_found(file, rule, example) == sorted(example.lines)


def test_ids_are_unique() -> None:
    """Two rules of one id would share feedback, suppressions and confidence."""
    ids = [rule.id for _, rule in RULES]
    assert sorted(ids) == sorted(set(ids))


@pytest.mark.parametrize("rule", [rule for _, rule in RULES], ids=lambda rule: rule.id)
def test_rule_explains_itself(rule: Rule) -> None:
    """A rule that raises violations says what to do, and has an example and a counterexample, or code it lets pass."""
    assert rule.examples
    if rule.severity is not None:
        assert rule.remediation or rule.fix
