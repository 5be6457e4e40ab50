"""The loop through RPC: what people say about findings changes what is found, exactly, and nothing of it is lost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.daemon.harness import Client, Daemon, RpcError, daemon, write_tree

# Rule python/weak-hash has a measured confidence of 0.8, so its prior is Beta(6.4, 1.6).
CODE = "import hashlib\n\n\ndef sign(data):\n    return hashlib.md5(data).hexdigest()\n"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A small workspace with one weak hash."""
    return write_tree(tmp_path / "w", {"app/a.py": CODE})


def weak_hashes(client: Client, **filters: Any) -> list[dict[str, Any]]:
    client.call("sync", timeout_s=60)
    return client.items("violations", rule="security/python/weak-hash", **filters)


def only(client: Client, **filters: Any) -> dict[str, Any]:
    (found,) = weak_hashes(client, **filters)
    return {name: value for name, value in found.items() if name != "last_seen_at"}


def pattern_row(running: Daemon) -> dict[str, Any]:
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(running.root / ".drift" / "drift.db")) as connection:
        connection.row_factory = sqlite3.Row
        return dict(
            connection.execute("SELECT * FROM pattern_confidence WHERE pattern_id = 'python/weak-hash'").fetchone()
        )


def test_a_finding_is_a_violation_with_everything_that_is_known_of_it(tree: Path) -> None:
    """Place, rule, weakness, confidence; its pattern is never empty."""
    with daemon(tree) as running, running.client() as client:
        found = only(client)
    assert {name: found[name] for name in ("file", "line", "column_num", "severity", "pattern_id", "detector_id")} == {
        "file": "app/a.py",
        "line": 5,
        "column_num": 12,
        "severity": "warning",
        "pattern_id": "python/weak-hash",
        "detector_id": "python/weak-hash",
    }
    assert (found["cwe_id"], found["confidence"], found["suppressed"], found["is_new"]) == (328, 0.8, False, False)


def test_five_of_each_move_the_posterior_as_the_formula_says(tree: Path) -> None:
    """Each dismissal adds 0.5 to beta, each fix 1 to alpha, each escalation 1.5; suppressions and neutral ones nothing."""
    with daemon(tree) as running, running.client() as client:
        violation = only(client)["id"]
        alpha, beta = 6.4, 1.6
        for action, reason, da, db in (
            ("dismiss", None, 0.0, 0.5),
            ("fix", None, 1.0, 0.0),
            ("suppress", None, 0.0, 0.0),
            ("escalate", None, 1.5, 0.0),
            ("dismiss", "false_positive", 0.0, 0.5),
            ("dismiss", "not_applicable", 0.0, 0.5),
            ("dismiss", "wont_fix", 0.0, 0.0),
            ("dismiss", "duplicate", 0.0, 0.0),
        ):
            for _ in range(5):
                more = {} if reason is None else {"dismissal_reason": reason}
                said = client.call("feedback", violation_id=violation, action=action, **more)
                assert said["pattern_id"] == "python/weak-hash"
                assert said["confidence_before"] == pytest.approx(alpha / (alpha + beta), abs=1e-12)
                alpha, beta = alpha + da, beta + db
                assert said["confidence_after"] == pytest.approx(alpha / (alpha + beta), abs=1e-12)
        stored = pattern_row(running)
    assert (stored["alpha"], stored["beta"]) == (pytest.approx(18.9), pytest.approx(9.1))
    assert stored["posterior_mean"] == said["confidence_after"]


def test_what_was_said_survives_restart_and_full_analysis(tree: Path) -> None:
    """The same numbers, the same verdicts, before and after, and a fresh analysis agrees."""
    with daemon(tree) as running, running.client() as client:
        violation = only(client)["id"]
        for _ in range(5):
            said = client.call("feedback", violation_id=violation, action="dismiss", reason="a checksum", author="ana")
        dismissed = only(client, status="suppressed")
        before = pattern_row(running)
        assert running.stop() == 0
    with daemon(tree) as running, running.client() as client:
        assert only(client, status="suppressed") == dismissed
        assert weak_hashes(client) == []
        client.call("analyze", full=True)
        assert only(client, status="suppressed") == dismissed
        assert client.call("feedback", violation_id=violation, action="suppress")["confidence_before"] == pytest.approx(
            said["confidence_after"], abs=1e-12
        )
        after = pattern_row(running)
        history = client.items("feedback_history", violation=violation)
        verified = running.verify()
    assert dismissed["suppression_source"] == "user"
    assert dismissed["confidence"] == pytest.approx(6.4 / 10.5, abs=1e-12)
    assert [before[name] for name in ("alpha", "beta")] == [after[name] for name in ("alpha", "beta")]
    assert [row["reason"] for row in history[:5]] == ["a checksum"] * 5
    assert [row["author"] for row in history] == ["ana"] * 5 + [None]
    assert verified.startswith("equal")


def test_a_dismissal_follows_its_code(tree: Path) -> None:
    """Lines above, another name of the file, another layout of the code: still dismissed; other code: open."""
    path = tree / "app" / "a.py"
    with daemon(tree) as running, running.client() as client:
        client.call("feedback", violation_id=only(client)["id"], action="dismiss")
        path.write_text("# a comment\n" * 20 + CODE)
        assert only(client, status="all")["line"] == 25
        assert only(client, status="all")["suppressed"]

        path.rename(tree / "app" / "b.py")
        moved = only(client, status="all")
        assert (moved["file"], moved["suppressed"]) == ("app/b.py", True)
        assert client.call("explain", violation_id=moved["id"])["feedback"][0]["violation_id"] == moved["id"]

        path = tree / "app" / "b.py"
        path.write_text(
            "import hashlib\n\n\ndef sign(\n    data,\n):\n    return hashlib.md5(\n        data,\n    ).hexdigest()\n"
        )
        assert only(client, status="all")["suppressed"]

        path.write_text(CODE.replace("(data).", "(data + b'x')."))
        (again,) = [v for v in weak_hashes(client, status="all") if v["resolved_at"] is None]
        assert not again["suppressed"]
        path.write_text(CODE)
        (back,) = [v for v in weak_hashes(client, status="all") if v["resolved_at"] is None]
        assert back["suppressed"]
        verified = running.verify()
    assert verified.startswith("equal")


def test_a_dismissal_follows_a_file_that_was_edited_and_renamed_at_once(tree: Path) -> None:
    """As one sees it who looks only now and then: one file went, another came; a copy of the code elsewhere is new."""
    moved = "# more\n" * 20 + CODE.replace("(data)", "(\n        data,\n    )")
    with daemon(tree) as running, running.client() as client:
        client.call("feedback", violation_id=only(client)["id"], action="dismiss")
        running.stop()
    (tree / "app" / "a.py").unlink()
    write_tree(tree, {"app/b.py": moved})
    with daemon(tree) as running, running.client() as client:
        client.call("sync", timeout_s=60)
        (found,) = [v for v in weak_hashes(client, status="all") if v["resolved_at"] is None]
        assert (found["file"], found["line"], found["suppressed"]) == ("app/b.py", 27, True)
        assert len(client.call("explain", violation_id=found["id"])["feedback"]) == 1
        write_tree(tree, {"app/c.py": CODE})
        assert [v["file"] for v in weak_hashes(client)] == ["app/c.py"]
        assert running.verify().startswith("equal")


def test_undo_takes_everything_back_and_stays_in_the_history(tree: Path) -> None:
    """A compensating row; the confidence and the finding are what they were; nothing can be taken back twice."""
    with daemon(tree) as running, running.client() as client:
        violation = only(client)["id"]
        first = client.call("feedback", violation_id=violation[:6], action="dismiss")
        assert first["violation_id"] == violation
        assert (first["suppressed"], first["suppression_source"], first["changed"]) == (
            True,
            "user",
            ["confidence", "suppressed"],
        )
        undone = client.call("feedback", undo=first["feedback_id"], author="bo")
        assert (undone["undoes"], undone["suppressed"], undone["confidence_after"]) == (
            first["feedback_id"],
            False,
            first["confidence_before"],
        )
        assert [v["id"] for v in weak_hashes(client)] == [violation]
        with pytest.raises(RpcError, match="already"):
            client.call("feedback", undo=first["feedback_id"])
        with pytest.raises(RpcError, match="cannot be taken back itself"):
            client.call("feedback", undo=undone["feedback_id"])
        history = client.items("feedback_history")
    assert [(row["action"], row["undoes"], row["author"]) for row in history] == [
        ("dismiss", None, None),
        ("dismiss", first["feedback_id"], "bo"),
    ]


def test_the_last_word_counts_for_the_finding(tree: Path) -> None:
    """Dismissed and then escalated it is open again; with the escalation taken back it is dismissed."""
    with daemon(tree) as running, running.client() as client:
        violation = only(client)["id"]
        client.call("feedback", violation_id=violation, action="dismiss")
        escalated = client.call("feedback", violation_id=violation, action="escalate")
        assert not escalated["suppressed"]
        assert client.call("feedback", undo=escalated["feedback_id"])["suppressed"]
        assert only(client, status="all")["suppressed"]


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"violation_id": "0123456789abcdef", "action": "dismiss"}, -32010),
        ({"violation_id": "", "action": "dismiss"}, -32602),
        ({"action": "dismiss"}, -32602),
        ({"violation_id": "0123456789abcdef", "action": "like"}, -32602),
        ({"violation_id": "0123456789abcdef", "action": "fix", "dismissal_reason": "duplicate"}, -32602),
        ({"undo": 99}, -32010),
        ({"undo": 1, "action": "fix"}, -32602),
    ],
)
def test_what_makes_no_sense_is_refused_and_leaves_nothing(tree: Path, params: dict[str, Any], code: int) -> None:
    """Unknown violations are not found; contradictions are usage errors; no row is written."""
    with daemon(tree) as running, running.client() as client:
        client.call("sync", timeout_s=60)
        with pytest.raises(RpcError) as refused:
            client.call("feedback", **params)
        assert client.items("feedback_history") == []
    assert refused.value.code == code


def test_too_many_false_findings_are_an_alert_and_one_step_less_severe(tree: Path) -> None:
    """From 10 actions on, 10 % are an alert and over 20 % a step down, for all findings; approval ends both."""
    write_tree(tree, {"app/more.py": CODE})
    with daemon(tree) as running, running.client() as client:
        client.call("subscribe", topics=["degraded"])
        first, second = weak_hashes(client)
        for _ in range(9):
            client.call("feedback", violation_id=first["id"], action="fix")
        client.call("feedback", violation_id=first["id"], action="dismiss")
        assert [v["severity"] for v in weak_hashes(client, status="all")] == ["warning", "warning"]
        (alert, other) = client.items("alerts")
        assert client.event("degraded")["reason"] == alert["message"]
        assert alert["message"] == "pattern python/weak-hash: 1 of 10 findings that people acted upon were false (10%)"
        assert (alert["severity"], alert["current_value"], other["message"][:8]) == ("warning", 0.1, "detector")

        for _ in range(2):
            client.call("feedback", violation_id=first["id"], action="dismiss")  # 3 of 12: over 20 %
        assert {v["severity"] for v in weak_hashes(client, status="all")} == {"info"}
        assert {row["severity"] for row in client.items("alerts")} == {"critical"}
        (stats, _) = client.call("feedback_stats")["items"]
        assert (stats["actions"], stats["false_positives"], stats["rate"], stats["state"]) == (
            12,
            3,
            0.25,
            "downgraded",
        )

        decided = client.call(
            "set_pattern_status", pattern_id="python/weak-hash", status="approved", reason="we mean it"
        )
        assert (decided["previous_status"], decided["status"]) == ("discovered", "approved")
        assert {v["severity"] for v in weak_hashes(client, status="all")} == {"warning"}
        assert all(row["resolved_at"] is not None for row in client.items("alerts"))
        assert second["id"] in {v["id"] for v in weak_hashes(client)}


def test_a_person_can_ignore_a_pattern_and_take_that_back(tree: Path) -> None:
    """Ignored it raises nothing, also after a restart; discovered again it does; the detection is there all the time."""
    with daemon(tree) as running, running.client() as client:
        client.call("sync", timeout_s=60)
        client.call("set_pattern_status", pattern_id="python/weak-hash", status="ignored")
        assert weak_hashes(client) == []
        running.stop()
    with daemon(tree) as running, running.client() as client:
        assert weak_hashes(client) == []
        assert [d["pattern_id"] for d in client.items("detections", category="security")] == ["python/weak-hash"]
        client.call("set_pattern_status", pattern_id="python/weak-hash", status="discovered")
        assert len(weak_hashes(client)) == 1
        with pytest.raises(RpcError, match="there is no pattern"):
            client.call("set_pattern_status", pattern_id="no/such", status="ignored")


def test_a_burst_of_dismissals_is_flagged_once(tmp_path: Path) -> None:
    """Ten within ten minutes, by one author, of three patterns; they count all the same."""
    tree = write_tree(
        tmp_path / "w",
        {
            "a.py": CODE + "x = 1  # driftd: ignore[errors] nothing\n",
            "a.js": "const express = require('express');\nconst app = express();\n"
            "app.get('/x', (q, r) => { r.cookie('a', 'b', { httpOnly: false }); });\n",
        },
    )
    with daemon(tree) as running, running.client() as client:
        client.call("sync", timeout_s=60)
        found = client.items("violations")
        ids = {v["pattern_id"]: v["id"] for v in found}
        assert set(ids) >= {"python/weak-hash", "driftd/unused-suppression", "javascript/cookie-not-http-only"}
        client.call("subscribe", topics=["degraded"])
        chosen = [ids["python/weak-hash"], ids["driftd/unused-suppression"], ids["javascript/cookie-not-http-only"]]
        for number in range(12):
            client.call("feedback", violation_id=chosen[number % 3], action="dismiss", author="ana")
        event = client.event("degraded")
        assert event["reason"] == "10 dismissals by ana"
        running.stop()
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(tree / ".drift" / "drift.db")) as connection:
        (details,) = connection.execute("SELECT details FROM workspace_events WHERE event_type = 'feedback_burst'")
    assert json.loads(details[0])["dismissals"] == 10


def test_a_baseline_makes_later_findings_new(tree: Path) -> None:
    """What is there when it is written is not new, also after a restart; what comes later is; without the file nothing is."""
    with daemon(tree) as running, running.client() as client:
        old = only(client)["id"]
        assert client.call("baseline") | {"as_of": None} == {
            "path": ".drift/baseline.json",
            "violations": 1,
            "as_of": None,
        }
        write_tree(tree, {"app/new.py": CODE})
        assert {v["file"]: v["is_new"] for v in weak_hashes(client)} == {"app/a.py": False, "app/new.py": True}
        running.stop()
    with daemon(tree) as running, running.client() as client:
        assert [v["id"] for v in weak_hashes(client, is_new=False)] == [old]
        (tree / ".drift" / "baseline.json").unlink()
        client.call("analyze")
        assert weak_hashes(client, is_new=True) == []


def test_comments_silence_and_useless_ones_are_told(tmp_path: Path) -> None:
    """A named rule is silenced inline; a comment that silences nothing, or a bare one on a security rule, is a hint."""
    tree = write_tree(
        tmp_path / "w",
        {
            "a.py": "import hashlib\nx = hashlib.md5(b'')  # driftd: ignore[python/weak-hash] a checksum\n"
            "# driftd: ignore\ny = hashlib.md5(b'y')\nz = 1  # drift-ignore weak-hash\n"
        },
    )
    with daemon(tree) as running, running.client() as client:
        assert [(v["line"], v["suppressed"], v["suppression_source"]) for v in weak_hashes(client, status="all")] == [
            (2, True, "inline"),
            (4, False, None),
        ]
        hints = client.items("violations", rule="driftd/unused-suppression")
    assert [(v["line"], v["severity"], v["message"]) for v in hints] == [
        (3, "hint", "This comment silences nothing; security rules have to be named"),
        (5, "hint", "This comment silences no finding of weak-hash"),
    ]


def test_an_explanation_says_what_why_how_sure_and_what_to_do(tree: Path) -> None:
    """All parts of it, with places that do it right."""
    write_tree(tree, {"app/right.py": "import hashlib\n\n\ndef strong(data):\n    return hashlib.sha256(data)\n"})
    with daemon(tree) as running, running.client() as client:
        violation = only(client)
        client.call("feedback", violation_id=violation["id"], action="fix", author="ana")
        client.call("sync", timeout_s=60)
        told = client.call("explain", violation_id=violation["id"][:8])
    assert told["what"] == violation["message"]
    assert (told["where"], told["function"], told["code"]) == ("app/a.py:5:12", "sign", "hashlib.md5(data)")
    assert told["why"].endswith("(CWE-328, A02:2021)")
    assert told["what_to_do"].startswith("Use hashlib.sha256")
    assert told["confidence"]["shares"] == {"prior": [6.4, 1.5999999999999996], "code": [0, 0], "feedback": [1.0, 0.0]}
    assert told["similar"] == [{"file": "app/right.py", "line": 5, "calls": "hashlib.sha256", "function": "strong"}]
    assert [row["author"] for row in told["feedback"]] == ["ana"]
    assert told["silence_with"] == "driftd: ignore[python/weak-hash] the reason"


def test_violations_come_worst_first_and_page_by_page(tmp_path: Path) -> None:
    """By severity, then by confidence, then by place; every one exactly once, whatever the pages."""
    tree = write_tree(
        tmp_path / "w",
        {f"m{n}.py": CODE + "# driftd: ignore[errors] nothing\n" for n in range(4)},
    )
    with daemon(tree) as running, running.client() as client:
        client.call("sync", timeout_s=60)
        everything = client.items("violations")
        pages, after = [], None
        while True:
            page = client.call("violations", limit=3, **({"after": after} if after else {}))
            pages += page["items"]
            after = page["next"]
            if after is None:
                break
    assert [(v["severity"], v["file"]) for v in everything] == [("warning", f"m{n}.py") for n in range(4)] + [
        ("hint", f"m{n}.py") for n in range(4)
    ]
    assert pages == everything
    assert page["total"] == 8


def test_an_edit_removes_its_finding(tree: Path) -> None:
    """Applied by the command, the violation is resolved; of code without one the reason is told."""
    import subprocess
    import sys

    with daemon(tree) as running, running.client() as client:
        violation = only(client)["id"]
        offered = client.call("quick_fix", violation_id=violation)
        told = client.call("explain", violation_id=violation)
        done = subprocess.run(
            [sys.executable, "-m", "driftd", "quickfix", violation[:8], str(tree), "--apply"],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert weak_hashes(client) == []
        resolved = client.call("quick_fix", violation_id=violation)
    assert offered["edits"] == [
        {"line": 5, "column": 12, "end_line": 5, "end_column": 23, "new_text": "hashlib.sha256"}
    ]
    assert told["quick_fix"] == {"edits": offered["edits"], "reason": None}
    assert done.returncode == 0
    assert done.stdout == "app/a.py:5:12: changed to: hashlib.sha256\n"
    assert (tree / "app" / "a.py").read_text() == CODE.replace("md5", "sha256")
    assert (resolved["edits"], resolved["reason"]) == ([], "it is resolved")
