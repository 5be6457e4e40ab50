"""The stage `patterns` on real snippets: confidence, outliers, conventions, and that edits amount to a fresh build."""

from __future__ import annotations

from typing import Any

from driftd.pipeline.facts.codec import compress, encode
from driftd.pipeline.facts.languages import registry
from driftd.pipeline.learned import Learned
from driftd.pipeline.project import Change, FileEntry, Project
from driftd.pipeline.stages.patterns import Patterns
from driftd.rows.declare import row_values
from driftd.rows.feedback_effect import Effect
from driftd.rows.patterns import ConventionRow, OutlierRow, PatternConfidenceRow


def entry(path: str, text: str) -> FileEntry:
    facts = registry.adapter_of("python").extract(text.encode(), "python")
    return FileEntry(path, "python", compress(encode(facts)))


class Workspace:
    """A project with the stage; keeps the rows as the database would."""

    def __init__(self, learned: Learned = Learned(now=1000)) -> None:  # noqa: B008 - frozen
        self.project = Project()
        self.project.learned = learned
        self.stage = Patterns()
        self.confidence: dict[str, PatternConfidenceRow] = {}
        self.outliers: dict[str, list[OutlierRow]] = {}
        self.conventions: dict[tuple[str, str], ConventionRow] = {}

    def save(self, **files: str | None) -> Change:
        """Save or remove (None) files; `__` in a name is a slash."""
        names = {name.replace("__", "/") + ".py": text for name, text in files.items()}
        change = self.project.apply({p: None if t is None else entry(p, t) for p, t in names.items()})
        found = self.stage.run(self.project, change)
        for path in found.files or ():
            self.outliers.pop(path, None)
        for row in found.rows:
            if isinstance(row, PatternConfidenceRow):
                self.confidence[row.pattern_id] = row
            elif isinstance(row, OutlierRow):
                self.outliers.setdefault(row.file, []).append(row)
            elif isinstance(row, ConventionRow):
                self.conventions[row.pattern_id, row.scope] = row
        return change

    def rows(self) -> dict[str, Any]:
        """Return everything that is true, without what depends on when it was seen."""
        return {
            "confidence": {n: (r.alpha, r.beta, r.sites, r.followed) for n, r in self.confidence.items() if r.sites},
            "outliers": {p: sorted(map(row_values, rows)) for p, rows in self.outliers.items() if rows},
            "departures": dict(self.project.departures),
        }


SNAKE = "".join(f"def do_thing_{n}(x):\n    return x\n" for n in range(12))
CAMEL = "def doThing(x):\n    return x\n"
PATTERN = "python/function-naming/snake_case"


def test_one_place_against_many() -> None:
    """36 of 37 functions are in snake_case: Beta(37, 2), and the other one is an outlier that says what is usual."""
    workspace = Workspace()
    workspace.save(a=SNAKE, b=SNAKE, c=SNAKE, d=CAMEL)
    row = workspace.confidence[PATTERN]
    assert (row.kind, row.category, row.sites, row.followed, row.alpha, row.beta) == (
        "choice",
        "structural",
        37,
        36,
        37,
        2,
    )
    assert row.tier == "established"
    (outlier,) = workspace.outliers["d.py"]
    assert (outlier.line, outlier.actual, outlier.expected, outlier.scope, outlier.method) == (
        1, "camelCase", "snake_case", "project", "rule_based",
    )  # fmt: skip
    (fault,) = workspace.project.departures["d.py"]
    assert fault.message == "`doThing` is written in camelCase, where 97 % of the functions are in snake_case"
    assert (fault.rule, fault.pattern, fault.severity) == ("python/function-naming", PATTERN, "info")
    assert workspace.project.departures_changed == {"d.py"}


def test_too_few_places_say_nothing() -> None:
    """Thirteen places: nobody is told of the odd one."""
    workspace = Workspace()
    workspace.save(a=SNAKE, d=CAMEL)
    assert workspace.outliers == {}


def test_a_file_that_goes_its_own_way_is_left_alone() -> None:
    """Six functions in camelCase in one file are a decision, or somebody else's code."""
    workspace = Workspace()
    own = "".join(f"def doThing{n}(x):\n    return x\n" for n in range(6))
    workspace.save(a=SNAKE, b=SNAKE, c=SNAKE, e=SNAKE, f=SNAKE, g=SNAKE, h=SNAKE, d=own)
    assert workspace.outliers == {}


def test_what_overrides_is_not_asked() -> None:
    """`setUp` and `visit_Name` are named by somebody else; a name of one word is in every style."""
    workspace = Workspace()
    overriding = "class V(ast.NodeVisitor):\n    def visitName(self):\n        pass\ndef thing():\n    pass\n"
    workspace.save(a=SNAKE, b=SNAKE, c=SNAKE, d=overriding)
    assert workspace.outliers == {}
    assert workspace.confidence[PATTERN].sites == 36


def test_an_edit_elsewhere_that_settles_it_reaches_the_file() -> None:
    """What is usual becomes decisive only with the fourth file: the place in the first one is found then."""
    workspace = Workspace()
    workspace.save(a=CAMEL, b=SNAKE)
    assert workspace.outliers == {}
    workspace.save(c=SNAKE, d=SNAKE)
    assert [row.line for row in workspace.outliers["a.py"]] == [1]
    workspace.save(b=None, c=None)
    assert workspace.outliers.get("a.py", []) == []


def test_edits_amount_to_a_fresh_build() -> None:
    """After any history the rows are those of a new project with the same files."""
    final = {"a": CAMEL, "b": SNAKE, "c": SNAKE, "e": SNAKE + "import requests\n"}
    edited = Workspace()
    edited.save(a=SNAKE, b=CAMEL, d=CAMEL)
    edited.save(b=SNAKE, c=CAMEL)
    edited.save(d=None, a=CAMEL, e=SNAKE)
    edited.save(c=SNAKE, e=final["e"])
    fresh = Workspace()
    fresh.save(**final)
    assert edited.rows() == fresh.rows()


def test_feedback_moves_the_posterior() -> None:
    """Five dismissals add 2.5 to beta, whatever the code says."""
    workspace = Workspace(Learned(now=1000, feedback={PATTERN: Effect(0.0, 2.5)}))
    workspace.save(a=SNAKE, b=SNAKE, c=SNAKE, d=CAMEL)
    row = workspace.confidence[PATTERN]
    assert (row.alpha, row.beta) == (37, 4.5)
    assert row.posterior_mean == 37 / 41.5


def test_conventions() -> None:
    """Three files in snake_case: decisive but not yet in five files, so only discovered; it expires after 90 days."""
    workspace = Workspace()
    workspace.save(a=SNAKE, b=SNAKE, c=SNAKE)
    row = workspace.conventions[PATTERN, "project"]
    assert (row.category, row.dominance_ratio, row.promotion_status, row.sites) == ("universal", 1.0, "discovered", 36)
    assert row.expires_at == 1000 + 90 * 86400


def test_a_convention_that_no_longer_holds_is_remembered() -> None:
    """It keeps its status and loses its places; a process that only knows it from before says the same."""
    workspace = Workspace()
    workspace.save(a=SNAKE, b=SNAKE, c=SNAKE)
    known = workspace.conventions[PATTERN, "project"]
    workspace.save(a=None, b=None, c=None)
    row = workspace.conventions[PATTERN, "project"]
    assert (row.sites, row.dominance_ratio, row.category, row.promotion_status) == (0, 0.0, "legacy", "discovered")
    later = Workspace(Learned(now=2000, conventions={(PATTERN, "project"): known}))
    later.save(d="x = 1\n")
    assert later.conventions[PATTERN, "project"] == row


def test_a_convention_expires_after_ninety_days_unless_it_holds() -> None:
    """Discovered at 1000 and not there any more: expired by then."""
    workspace = Workspace()
    workspace.save(a=SNAKE, b=SNAKE, c=SNAKE)
    known = {(PATTERN, "project"): workspace.conventions[PATTERN, "project"]}
    later = Workspace(Learned(now=1000 + 90 * 86400, conventions=known))
    later.save(d="x = 1\n")
    assert later.conventions[PATTERN, "project"].promotion_status == "expired"
    held = Workspace(Learned(now=1000 + 90 * 86400, conventions=known))
    held.save(a=SNAKE, b=SNAKE, c=SNAKE)
    assert held.conventions[PATTERN, "project"].promotion_status == "discovered"


def test_rules_are_patterns_too() -> None:
    """What a rule finds has the rule's confidence as prior, worth eight judged findings."""
    workspace = Workspace()
    workspace.save(a="import hashlib\nhashlib.md5(b'')\n")
    row = workspace.confidence["python/weak-hash"]
    assert (row.kind, row.category, row.sites) == ("rule", "security", 1)
    assert row.alpha + row.beta == 8.0
