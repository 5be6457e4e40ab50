"""Rules of the workspace's own: taken in the form of the packs, with errors that say what is wrong where."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from driftd.daemon.custom_rules import load_rules
from driftd.daemon.embedded import analyze
from driftd.errors import ConfigError
from driftd.pipeline.detect.registry import use_custom
from tests.daemon.harness import Client, daemon, write_tree

RULE = """
languages = ["python"]
category = "api"

[[rule]]
id = "shop/no-print"
message = "{name} writes to the console"
severity = "warning"
remediation = "Use the logger."
match = [{ call = "print" }]
examples = [{ code = "print(1)", lines = [1] }]
"""
CODE = "import hashlib\nprint(hashlib.md5(b''))\n"


@pytest.fixture(autouse=True)
def _no_rules_stay() -> Iterator[None]:
    """Rules are those of a process."""
    yield
    use_custom(())


def rules_found(client: Client) -> set[str]:
    client.call("sync", timeout_s=60)
    return {violation["rule_id"] for violation in client.items("violations")}


def test_a_running_daemon_takes_rules_as_they_are(tmp_path: Path) -> None:
    """A new rule finds things in files nobody touched; a changed one, a removed one and a broken one do what they say."""
    tree = write_tree(tmp_path / "w", {"a.py": CODE})
    with daemon(tree) as running, running.client() as client:
        assert rules_found(client) == {"security/python/weak-hash"}
        write_tree(tree, {".drift/rules/shop.toml": RULE})
        client.call("analyze")
        assert rules_found(client) == {"security/python/weak-hash", "api/shop/no-print"}
        assert running.verify().startswith("equal")

        write_tree(tree, {".drift/rules/shop.toml": RULE.replace('severity = "warning"', 'severity = "loud"')})
        report = client.call("analyze")
        assert "rule shop/no-print: Invalid enum value 'loud'" in report["problems"][0]["message"]
        assert rules_found(client) == {"security/python/weak-hash", "api/shop/no-print"}

        (tree / ".drift/rules/shop.toml").unlink()
        running.process.send_signal(signal.SIGHUP)
        client.call("analyze")
        assert rules_found(client) == {"security/python/weak-hash"}


def test_rules_in_drift_toml_replace_and_switch_off_those_of_packs(tmp_path: Path) -> None:
    """One of a pack's id takes its place; the settings beside it mean what they mean."""
    tree = write_tree(
        tmp_path / "w",
        {
            "a.py": CODE,
            "drift.toml": '[detection]\ndisabled = ["types"]\n'
            '[[rule]]\nid = "python/weak-hash"\ncategory = "security"\nmessage = "no MD5"\nlanguages = ["python"]\n'
            'severity = "info"\nmatch = [{ call = "hashlib.md5" }]\n',
        },
    )
    with daemon(tree) as running, running.client() as client:
        client.call("sync", timeout_s=60)
        (found,) = client.items("violations")
    assert (found["message"], found["severity"], found["rule_id"]) == ("no MD5", "info", "security/python/weak-hash")


def test_disabled_rules_and_categories_raise_nothing(tmp_path: Path) -> None:
    """Neither a rule nor all of an area; what was detected is still listed."""
    tree = write_tree(tmp_path / "w", {"a.py": CODE, "drift.toml": '[detection]\ndisabled = ["python/weak-hash"]\n'})
    with daemon(tree) as running, running.client() as client:
        assert rules_found(client) == set()
        assert [d["pattern_id"] for d in client.items("detections", category="security")] == ["python/weak-hash"]
        (tree / "drift.toml").write_text('[detection]\ndisabled = ["errors"]\n')
        running.process.send_signal(signal.SIGHUP)
        client.call("analyze")
        assert rules_found(client) == {"security/python/weak-hash"}


@pytest.mark.parametrize(
    ("files", "error"),
    [
        ({".drift/rules/a.toml": "x = "}, r"\.drift/rules/a\.toml: Invalid value"),
        (
            {".drift/rules/a.toml": RULE.replace("match = ", "matches = ")},
            r"a\.toml: rule shop/no-print: .*unknown field `matches`",
        ),
        (
            {".drift/rules/a.toml": RULE.replace('"print"', '"print", calls = 1')},
            r"rule shop/no-print: .*unknown field `calls`",
        ),
        ({".drift/rules/a.toml": RULE.replace('"python"', '"pyhton"')}, r"rule shop/no-print: languages: 'pyhton'"),
        ({".drift/rules/a.toml": RULE, ".drift/rules/b.toml": RULE}, r"b\.toml: rule shop/no-print: .*a\.toml has one"),
        ({"drift.toml": "[[rule]]\nid = 'X'\n"}, r"drift\.toml: rule X: .*`category`"),
    ],
)
def test_what_is_wrong_in_a_rule_is_said(tmp_path: Path, files: dict[str, str], error: str) -> None:
    """The file, the rule, the key."""
    write_tree(tmp_path, files)
    with pytest.raises(ConfigError, match=error):
        load_rules(tmp_path)


def test_an_analysis_without_a_daemon_refuses_wrong_rules(tmp_path: Path) -> None:
    """As it does a wrong configuration: not one finding less without a word."""
    tree = write_tree(tmp_path / "w", {"a.py": CODE, ".drift/rules/a.toml": "nonsense"})
    with pytest.raises(ConfigError, match=r"a\.toml"):
        analyze(tree, full=False, force=False)
