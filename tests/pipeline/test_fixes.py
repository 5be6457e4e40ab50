"""Quick fixes: applied, the finding is gone and the file parses; where that is not certain, none is offered."""

from __future__ import annotations

import pytest

from driftd.pipeline.detect.marks import marks_of
from driftd.pipeline.detect.registry import families, pack_files
from driftd.pipeline.detect.rules import Example, Rule
from driftd.pipeline.facts.languages import registry
from driftd.pipeline.fixes import applied, quick_fix

RULES = [
    rule for folder in families() for file in pack_files(folder) for rule in file.rule if rule.severity is not None
]
EXAMPLES = [
    pytest.param(rule, example, id=f"{rule.id}:{number}")
    for rule in RULES
    if rule.fix is not None and rule.fix.action is not None
    for number, example in enumerate(rule.examples)
]


def fixed(code: str, rule: str, language: str = "python", path: str = "") -> list[str]:
    """Return the code after each fix alone of what a rule finds, or the reason why there is none."""
    path = path or f"src/example.{language}"
    data = code.encode()
    faults = marks_of(path, registry.adapter_of(language).extract(data, language)).faults
    results = []
    for fault in faults:
        if fault.rule == rule:
            found = quick_fix(path, language, data, fault.id)
            results.append(applied(data, found.edits).decode() if found.edits else found.reason)
    return results


@pytest.mark.parametrize(("rule", "example"), EXAMPLES)
def test_every_example_of_a_rule_with_an_edit(rule: Rule, example: Example) -> None:
    """What is offered is proven: the finding is gone, the file parses as before.  Most examples have an edit."""
    language = example.language or rule.languages[0]
    path = example.path or f"src/example.{language}"
    adapter = registry.adapter_of(language)
    data = example.code.removeprefix("\n").encode()
    facts = adapter.extract(data, language)
    for fault in marks_of(path, facts).faults:
        if fault.rule == rule.id:
            found = quick_fix(path, language, data, fault.id)
            if found.edits:
                after = adapter.extract(applied(data, found.edits), language)
                assert len(after.errors) <= len(facts.errors)
                left = [f for f in marks_of(path, after).faults if f.rule == rule.id]
                assert len(left) == sum(f.rule == rule.id for f in marks_of(path, facts).faults) - 1


@pytest.mark.parametrize("rule", [r for r in RULES if r.fix is not None and r.fix.action], ids=lambda rule: rule.id)
def test_a_rule_with_an_edit_has_an_example_of_it(rule: Rule) -> None:
    """An edit that fits none of the rule's own examples is a wrong edit."""
    assert rule.fix is not None
    offered = [
        found
        for example in rule.examples
        for found in fixed(
            example.code.removeprefix("\n"), rule.id, example.language or rule.languages[0], example.path
        )
        if "\n" in found
    ]
    assert offered


def test_another_callee_keeps_the_name_of_its_module() -> None:
    """Imported as something else it is called by that; imported from it, the module is imported; other rules' names stay."""
    assert fixed("import hashlib as h\nx = h.md5(d)\n", "python/weak-hash") == [
        "import hashlib as h\nx = h.sha256(d)\n"
    ]
    assert fixed("from hashlib import md5\nx = md5(d)\n", "python/weak-hash") == [
        "import hashlib\nfrom hashlib import md5\nx = hashlib.sha256(d)\n"
    ]
    assert fixed("import hashlib\nx = hashlib.new('md5', d)\n", "python/weak-hash") == [
        "the arguments would mean something else"
    ]
    assert fixed("from hashlib import md5\nhashlib = 1\nx = md5(d)\n", "python/weak-hash") == [
        "hashlib is not imported here"
    ]


def test_one_of_several_calls_that_begin_in_one_place_is_meant() -> None:
    """In `md5(x).hexdigest()` the inner one; columns count characters, not bytes."""
    assert fixed("import hashlib\ns = 'é', hashlib.md5(d).hexdigest()\n", "python/weak-hash") == [
        "import hashlib\ns = 'é', hashlib.sha256(d).hexdigest()\n"
    ]


def test_an_option_is_set_where_it_stands_or_put_behind_the_last_one() -> None:
    """In an object of options, in its own layout; where something is spread in nothing is certain."""
    rule = "javascript/cookie-not-http-only"
    code = (
        "const express = require('express');\nconst app = express();\n"
        "app.get('/x', (q, r) => {{ r.cookie('a', 'b', {{ {} }}); }});\n"
    )
    assert fixed(code.format("path: '/', httpOnly: false"), rule, "javascript") == [
        code.format("path: '/', httpOnly: true")
    ]


def test_a_useless_comment_is_taken_out() -> None:
    """With its line where it stands alone."""
    code = "x = 1  # driftd: ignore[errors] nothing\n# driftd: ignore[types] nothing\ny = 2\n"
    silences = marks_of("a.py", registry.adapter_of("python").extract(code.encode(), "python")).silences
    results = [
        applied(code.encode(), quick_fix("a.py", "python", code.encode(), s.id).edits).decode() for s in silences
    ]
    assert results == [
        "x = 1\n# driftd: ignore[types] nothing\ny = 2\n",
        "x = 1  # driftd: ignore[errors] nothing\ny = 2\n",
    ]


def test_what_changed_since_has_no_edit() -> None:
    """The id says which code was meant; with other code there is none."""
    found = quick_fix("a.py", "python", b"import hashlib\nhashlib.sha256(d)\n", "0123456789abcdef")
    assert (found.edits, found.reason) == ((), "the code is not what it was when it was analysed")
