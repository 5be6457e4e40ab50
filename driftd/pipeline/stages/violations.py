"""violations: what rules find and where files depart from the project's patterns, after what people said about it.

A finding is raised with the severity of its rule (see `detect.severity`), one step less where too many findings of its
pattern or detector were false, and not at all where those are disabled or ignored.  Its confidence is how often such
findings are right: what the rule was measured to have, or how usual the pattern is at least, is worth eight judged
findings (see `patterns.confidence`), and feedback on the pattern adds to them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import msgspec

from driftd.pipeline.detect.marks import UNUSED_CONFIDENCE, UNUSED_SUPPRESSION, Fault, Marks, Silence
from driftd.pipeline.detect.severity import milder
from driftd.pipeline.detect.suppressions import covers
from driftd.pipeline.digest import MARKS
from driftd.pipeline.learned import NOTHING_LEARNED, Learned
from driftd.pipeline.patterns.confidence import posterior, rule_prior
from driftd.pipeline.stage import Findings, Remembering
from driftd.rows.declare import row_values
from driftd.rows.enforcement import ViolationRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from driftd.pipeline.project import Change, Project
    from driftd.rows.declare import Row


class Violations(Remembering):
    """Keeps which files have something to do with which pattern, and what it knew of people's decisions."""

    name: ClassVar[str] = "violations"
    version: ClassVar[int] = 1
    needs: ClassVar[tuple[str, ...]] = ("detections", "patterns")
    tables: ClassVar[tuple[type[Row], ...]] = (ViolationRow,)

    def __init__(self) -> None:
        """Know nothing yet."""
        self.forget()

    def forget(self) -> None:
        """Be as new."""
        self._learned: Learned = NOTHING_LEARNED
        self._departures: dict[str, tuple[Fault, ...]] = {}
        self._names: dict[str, set[str]] = {}  # by file: patterns, detectors, categories and ids of its findings
        self._files: dict[str, set[str]] = {}  # by name: the files that have it

    def update(self, project: Project, change: Change) -> Findings:
        """Return the violations of files that changed, depart otherwise, or are judged otherwise than before."""
        learned, departures = project.learned, project.departures
        files = set(change.changed)
        files.update(path for path, faults in departures.items() if self._departures.get(path) != faults)
        files.update(path for path in self._departures if path not in departures)
        files.update(self._judged_otherwise(learned))
        rows: list[tuple[object, ...]] = []
        for path in change.removed:
            self._note(path, ())
        for path in sorted(files):
            file = project.file(path)
            if file is None:
                self._note(path, ())
                continue
            faults = list(_raised(file.part(MARKS), departures.get(path, ())))
            self._note(path, faults)
            rows += [row_values(row) for fault in faults if (row := violation_of(path, fault, learned)) is not None]
        self._learned, self._departures = learned, dict(departures)
        return Findings(files=frozenset(files | change.removed), values={ViolationRow: rows})

    def _note(self, path: str, faults: Iterable[Fault]) -> None:
        for name in self._names.pop(path, ()):
            self._files[name].discard(path)
        names = {name for fault in faults for name in (fault.id, fault.rule, fault.pattern, fault.category) if name}
        if names:
            self._names[path] = names
            for name in names:
                self._files.setdefault(name, set()).add(path)

    def _judged_otherwise(self, learned: Learned) -> Iterator[str]:
        """Return the files of findings about which people, or the baseline, say something else than before."""
        before = self._learned
        if learned is before:
            return
        names: set[str] = set()
        for one, other in (
            (before.dismissed, learned.dismissed),
            (before.ignored, learned.ignored),
            (before.downgraded, learned.downgraded),
            (before.disabled, learned.disabled),
            (before.disabled_rules, learned.disabled_rules),
        ):
            names |= one ^ other
        names |= {
            pattern
            for pattern in before.feedback.keys() | learned.feedback.keys()
            if before.effect(pattern) != learned.effect(pattern)
        }
        if (before.baseline is None) != (learned.baseline is None):
            yield from self._names
        elif before.baseline is not None and learned.baseline is not None:
            names |= before.baseline ^ learned.baseline
        for name in names:
            yield from self._files.get(name, ())


def violation_of(path: str, fault: Fault, learned: Learned) -> ViolationRow | None:
    """Return the violation that a fault is, None where it is not raised."""
    pattern, rule_id = fault.pattern or fault.rule, rule_id_of(fault)
    if not learned.disabled_rules.isdisjoint((fault.rule, rule_id, pattern, fault.category)):
        return None
    if pattern in learned.ignored or not learned.disabled.isdisjoint((pattern, fault.rule)):
        return None
    is_downgraded = not learned.downgraded.isdisjoint((pattern, fault.rule))
    source = "user" if fault.id in learned.dismissed else "inline" if fault.suppressed else None
    return ViolationRow(
        id=fault.id,
        file=path,
        line=fault.line,
        column_num=fault.column,
        end_line=fault.end_line,
        severity=milder(fault.severity) if is_downgraded else fault.severity,  # type: ignore[arg-type]  # see Fault
        pattern_id=pattern,
        rule_id=rule_id,
        message=fault.message,
        quick_fix_strategy=fault.strategy,  # type: ignore[arg-type]  # those of rules.Fix
        quick_fix_description=fault.fix,
        cwe_id=fault.cwe,
        owasp_category=fault.owasp,
        suppressed=source is not None,
        suppression_source=source,  # type: ignore[arg-type]  # mypy widens it to str
        is_new=learned.baseline is not None and fault.id not in learned.baseline,
        confidence=confidence_of(fault, learned),
        detector_id=fault.rule,
        code_hash=fault.code or None,
    )


def rule_id_of(fault: Fault) -> str:
    """Return what a violation says that it breaks: `category/rule`; driftd's own rules are no category's."""
    return fault.rule if fault.rule == UNUSED_SUPPRESSION else f"{fault.category}/{fault.pattern or fault.rule}"


def confidence_of(fault: Fault, learned: Learned) -> float:
    """Return how sure it is that somebody wants to know of a finding."""
    return posterior(rule_prior(fault.confidence), 0, 0, learned.effect(fault.pattern or fault.rule)).mean


def _raised(marks: Marks, departures: Iterable[Fault]) -> Iterator[Fault]:
    """Return what a file is to be told of: what rules find, where it departs from patterns, comments that silence nothing.

    One id is one violation: what comes first counts.
    """
    seen: set[str] = set()
    useless = {one.id: one for one in marks.silences if one.is_own and not one.used}
    for fault in marks.faults:
        if fault.id not in seen:
            seen.add(fault.id)
            yield fault
    for fault in departures:
        if fault.id in seen:
            continue
        seen.add(fault.id)
        silences = [one for one in marks.silences if one.about == fault.line and _covers(one, fault)]
        for one in silences:
            useless.pop(one.id, None)
        yield msgspec.structs.replace(fault, suppressed=True) if silences else fault
    for one in useless.values():
        yield _useless(one)


def _covers(silence: Silence, fault: Fault) -> bool:
    return any(
        covers(silence.rules, name, fault.category, is_own=silence.is_own)
        for name in (fault.rule, fault.pattern)
        if name
    )


def _useless(silence: Silence) -> Fault:
    named = f"no finding of {', '.join(silence.rules)}" if silence.rules else "nothing"
    hint = "" if silence.rules else "; security rules have to be named"
    return Fault(
        id=silence.id,
        rule=UNUSED_SUPPRESSION,
        line=silence.line,
        column=max(1, silence.column),
        end_line=silence.line,
        severity="hint",
        category="documentation",
        message=f"This comment silences {named}{hint}",
        confidence=UNUSED_CONFIDENCE,
        fix="Take the comment out",
    )
