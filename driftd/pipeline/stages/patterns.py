"""pattern_confidence, outliers, conventions: how sure each pattern is, and which places depart from what is usual.

The stage keeps what each file says, counted by directory.  A saved file changes the counts of its directories; the
places of other files are looked at again only where what is usual around them has become something else.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, ClassVar, Final, NamedTuple

from driftd.pipeline.detect.marks import LONG, Fault, Marks
from driftd.pipeline.digest import MARKS, NAMES
from driftd.pipeline.learned import Seen
from driftd.pipeline.patterns.about import nature_of
from driftd.pipeline.patterns.confidence import counted, factors, posterior, rule_prior
from driftd.pipeline.patterns.conventions import conventions, expired, given_up, momentum_of, row_of
from driftd.pipeline.patterns.outliers import significance, upper_limit
from driftd.pipeline.patterns.questions import family, groups_of, questions
from driftd.pipeline.patterns.tallies import Key, Tallies, Usual, is_enough, usual_in
from driftd.pipeline.production import is_illustration
from driftd.pipeline.stage import Findings, Remembering
from driftd.rows.ids import fingerprint, json_text
from driftd.rows.patterns import ConventionRow, OutlierRow, PatternConfidenceRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from driftd.pipeline.learned import Learned
    from driftd.pipeline.project import Change, Project
    from driftd.rows.declare import Row
    from driftd.rows.patterns import Momentum, PatternCategory


class _Rule(NamedTuple):
    confidence: float
    category: PatternCategory


class _File(NamedTuple):
    """What is kept of a file: answers by question, detections by rule, and its long functions."""

    answers: Mapping[Key, Mapping[str, int]]
    rules: Mapping[str, int]
    family: str
    lengths: Mapping[int, int]
    longest: int


class Patterns(Remembering):
    """Counts choices and detections, and tells what they amount to."""

    name: ClassVar[str] = "patterns"
    version: ClassVar[int] = 1
    needs: ClassVar[tuple[str, ...]] = ("detections",)
    tables: ClassVar[tuple[type[Row], ...]] = (PatternConfidenceRow, OutlierRow, ConventionRow)

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Be as new."""
        self._files: dict[str, _File] = {}
        self._tallies = Tallies()
        self._usual: dict[Key, dict[str, Usual | None]] = {}
        self._answering: dict[Key, set[str]] = {}  # question -> files that answer it in more than the usual way
        self._rules: Counter[str] = Counter()
        self._known_rules: dict[str, _Rule] = {}
        self._lengths: dict[str, Counter[int]] = {}
        self._limits: dict[str, int] = {}
        self._history: dict[str, tuple[Seen, ...]] = {}
        self._held: dict[Key, dict[tuple[str, str], ConventionRow]] = {}  # conventions, by pattern and scope
        self._is_new = True

    def update(self, project: Project, change: Change) -> Findings:
        """Return the rows of the patterns whose counts changed, and of the files whose outliers may have."""
        learned = project.learned
        touched: set[Key] = set()
        rules: set[str] = set()
        families: set[str] = set()
        for path in change.changed | change.removed:
            old = self._files.pop(path, None)
            if old is not None:
                self._count(path, old, -1, touched, rules, families)
            file = project.file(path)
            if file is not None:
                new = self._read(file.language, file.part(MARKS))
                self._files[path] = new
                self._count(path, new, 1, touched, rules, families)
        again = set(change.changed | change.removed)
        for key in touched:
            again |= self._shifted(key)
        for name in families:
            again |= self._stretched(name)
        outlier_rows, moved = self._depart(project, again)
        project.departures_changed = moved
        confidence, about = self._confidences(touched, rules, learned)
        confidence += [self._length(name, learned) for name in sorted(families)]
        held = {known for rows_held in self._held.values() for known in rows_held}
        if self._is_new:
            confidence += self._vanished({row.pattern_id for row in confidence}, learned)
            about += [given_up(row) for known, row in learned.conventions.items() if known not in held]
            self._is_new = False
        return Findings(
            rows=[*confidence, *outlier_rows, *about, *expired(learned, held)],
            files=frozenset(again),
        )

    # -- counting -----------------------------------------------------------------------------------------------------

    def _read(self, language: str, marks: Marks) -> _File:
        group = family(language)
        known = questions()
        answers: dict[Key, dict[str, int]] = {}
        for choice in marks.choices:
            question = known.get(choice.question)
            if (
                question is not None
                and group in groups_of(choice.question)
                and _arises(question.where, is_test=marks.is_test)
            ):
                answers.setdefault((group, choice.question), {})[choice.alternative] = len(choice.sites) // 2
        rules: Counter[str] = Counter()
        for row in marks.rows:
            rule = str(row[4])
            rules[rule] += 1
            if rule not in self._known_rules:
                self._known_rules[rule] = _Rule(float(str(row[6])), row[5])  # type: ignore[arg-type]  # as it was made
        lengths = {} if marks.is_test else dict(zip(marks.lengths[::2], marks.lengths[1::2], strict=True))
        return _File(answers, rules, group, lengths, max(marks.long[2::3], default=0) if lengths else 0)

    def _count(self, path: str, file: _File, by: int, touched: set[Key], rules: set[str], families: set[str]) -> None:
        for key, counts in file.answers.items():
            self._tallies.add(path, key, counts, by)
            touched.add(key)
            if by > 0:
                self._answering.setdefault(key, set()).add(path)
            else:
                self._answering.get(key, set()).discard(path)
        for rule, count in file.rules.items():
            self._rules[rule] += by * count
            rules.add(rule)
        if file.lengths:
            counter = self._lengths.setdefault(file.family, Counter())
            for length, count in file.lengths.items():
                counter[length] += by * count
                if not counter[length]:
                    del counter[length]
            families.add(file.family)

    def _shifted(self, key: Key) -> set[str]:
        """Return the files around which something else is usual now than before; notes what is."""
        if not questions()[key[1]].report:
            return set()
        before = self._usual.get(key, {})
        now = {scope: usual_in(scope, tally) for scope, tally in self._tallies.scopes(key).items() if is_enough(tally)}
        self._usual[key] = now
        differing = {scope for scope in before.keys() | now.keys() if before.get(scope, _NONE) != now.get(scope, _NONE)}
        if not differing:
            return set()
        return {
            path
            for path in self._answering.get(key, ())
            if any(not scope or path.startswith(f"{scope}/") for scope in differing)
        }

    def _stretched(self, group: str) -> set[str]:
        """Return the files whose long functions are to be looked at again, because the limit moved."""
        before, limit = self._limits.get(group, 0), length_limit(self._lengths.get(group, Counter()))
        self._limits[group] = limit
        if limit == before:
            return set()
        least = min(one for one in (before, limit) if one) if before or limit else 0
        return {path for path, file in self._files.items() if file.family == group and file.longest >= least > 0}

    # -- departures ---------------------------------------------------------------------------------------------------

    def _depart(self, project: Project, paths: Iterable[str]) -> tuple[list[OutlierRow], set[str]]:
        """Return the outliers of some files; puts what is worth telling where the violations look for it."""
        rows: list[OutlierRow] = []
        moved: set[str] = set()
        for path in sorted(paths):
            faults: list[Fault] = []
            if path in self._files:
                for row, fault in self._of_file(project, path):
                    rows.append(row)
                    if fault is not None:
                        faults.append(fault)
            told = tuple(faults)
            if told != project.departures.get(path, ()):
                moved.add(path)
            if told:
                project.departures[path] = told
            else:
                project.departures.pop(path, None)
        return rows, moved

    def _of_file(self, project: Project, path: str) -> Iterator[tuple[OutlierRow, Fault | None]]:
        kept = self._files[path]
        wanted: dict[Key, Usual] = {}
        for key, counts in kept.answers.items():
            question = questions()[key[1]]
            usual = self._around(path, key) if question.report else None
            if usual is not None and question.usual and usual.alternative not in question.usual:
                continue
            if usual is not None and counts.keys() - {usual.alternative} and not _is_own_way(counts, usual):
                wanted[key] = usual
        limit = self._limits.get(kept.family, 0)
        if is_illustration(path):
            return
        if not wanted and not (limit and kept.longest > limit):
            return
        file = project[path]
        marks = file.part(MARKS)
        names = file.part(NAMES).functions
        for choice in marks.choices:
            key = (kept.family, choice.question)
            usual = wanted.get(key)
            if usual is None or choice.alternative == usual.alternative:
                continue
            question = questions()[choice.question]
            if choice.alternative in question.never:
                continue
            pattern = f"{kept.family}/{choice.question}/{usual.alternative}"
            seen: Counter[str] = Counter()
            for line, function in zip(choice.sites[::2], choice.sites[1::2], strict=True):
                name = names[function].qualified_name if function < len(names) else ""
                ordinal = seen[name] = seen[name] + 1
                number = fingerprint(pattern, path, name, choice.alternative, ordinal)
                label, expected = question.label(choice.alternative), question.label(usual.alternative)
                score = round((usual.bound - _LEAST_BOUND) / (1 - _LEAST_BOUND), 2)
                row = OutlierRow(
                    id=number,
                    pattern_id=pattern,
                    file=path,
                    line=line,
                    deviation_score=score,
                    significance=significance(score),
                    method="rule_based",
                    expected=expected,
                    actual=label,
                    scope=f"directory:{usual.scope}" if usual.scope else "project",
                )
                message = (
                    question.message.replace("{label}", _capital(label, question.message))
                    .replace("{usual}", expected)
                    .replace("{share}", f"{usual.share} %")
                    .replace("{name}", name.rpartition(".")[2])
                )
                yield (
                    row,
                    Fault(
                        id=number,
                        rule=f"{kept.family}/{choice.question}",
                        line=line,
                        column=1,
                        end_line=line,
                        severity="info",
                        category=question.category,
                        message=message,
                        confidence=usual.bound,
                        fix=question.remediation or None,
                        pattern=pattern,
                    ),
                )
        if limit:
            yield from ((row, None) for row in _long(path, kept.family, marks.long, limit, names))

    def _around(self, path: str, key: Key) -> Usual | None:
        known = self._usual.get(key, {})
        parts = path.split("/")[:-1]
        for end in range(len(parts), -1, -1):
            scope = "/".join(parts[:end])
            if scope in known:
                return known[scope]
        return None

    # -- confidence ---------------------------------------------------------------------------------------------------

    def _confidences(
        self, touched: set[Key], rules: set[str], learned: Learned
    ) -> tuple[list[PatternConfidenceRow], list[ConventionRow]]:
        rows: list[PatternConfidenceRow] = []
        about: list[ConventionRow] = []
        for key in sorted(touched):
            group, question = key
            scopes = self._tallies.scopes(key)
            tally = self._tallies.project(key)
            total = tally.total
            momenta: dict[str, Momentum] = {}
            for alternative in questions()[question].alternative:
                pattern = f"{group}/{question}/{alternative.id}"
                followed = tally.sites[alternative.id]
                if followed or pattern in learned.history or pattern in self._history:
                    row, momenta[alternative.id] = self._choice(
                        pattern, questions()[question].category, total, followed, learned
                    )
                    rows.append(row)
            held = {}
            for convention in conventions(scopes):
                pattern = f"{group}/{question}/{convention.alternative}"
                momentum = momenta.get(convention.alternative, "stable")
                row_held = row_of(pattern, convention, scopes[convention.scope], momentum, learned)
                held[row_held.pattern_id, row_held.scope] = row_held
            before = self._held.pop(key, {})
            if held:
                self._held[key] = held
            about += held.values()
            about += [given_up(row) for known, row in before.items() if known not in held]
        for rule in sorted(rules):
            known, count = self._known_rules[rule], self._rules[rule]
            rows.append(self._rule(rule, known, count, learned))
        return rows, about

    def _choice(
        self, pattern: str, category: PatternCategory, sites: int, followed: int, learned: Learned
    ) -> tuple[PatternConfidenceRow, Momentum]:
        history = self._looked(pattern, sites, followed, learned)
        momentum = momentum_of(history)
        prior = (1.0, 1.0)
        return _row(pattern, "choice", category, prior, sites, followed, learned, momentum, history), momentum

    def _rule(self, rule: str, known: _Rule, count: int, learned: Learned) -> PatternConfidenceRow:
        history = self._looked(rule, count, count, learned)
        return _row(
            rule, "rule", known.category, rule_prior(known.confidence), count, count, learned, "stable", history
        )

    def _length(self, group: str, learned: Learned) -> PatternConfidenceRow:
        lengths, limit = self._lengths[group], self._limits.get(group, 0)
        total = lengths.total()
        within = sum(count for length, count in lengths.items() if not limit or length < limit)
        return self._choice(f"{group}/function-length", "structural", total, within, learned)[0]

    def _looked(self, pattern: str, sites: int, followed: int, learned: Learned) -> tuple[Seen, ...]:
        """Return the looks at a pattern with this one: one a day, the last one of the day counts."""
        history = self._history.get(pattern) or learned.history.get(pattern, ())
        look = Seen(learned.now, sites, followed)
        if history and learned.now - history[-1].at < _DAY_S and len(history) > 1:
            history = (*history[:-1], Seen(history[-1].at, sites, followed))
        else:
            history = (*history, look)[-_MOST_LOOKS:]
        self._history[pattern] = history
        return history

    def _vanished(self, present: set[str], learned: Learned) -> list[PatternConfidenceRow]:
        """Return the rows of patterns that an earlier process, or somebody's feedback, knew and that are nowhere."""
        rows = []
        for pattern in sorted((learned.history.keys() | learned.feedback.keys()) - present):
            kind, category, prior = nature_of(pattern)
            looks = self._looked(pattern, 0, 0, learned)
            rows.append(_row(pattern, kind, category, prior, 0, 0, learned, "stable", looks))
        return rows


def _row(
    pattern: str,
    kind: str,
    category: PatternCategory | None,
    prior: tuple[float, float],
    sites: int,
    followed: int,
    learned: Learned,
    momentum: Momentum,
    history: tuple[Seen, ...],
) -> PatternConfidenceRow:
    effect = learned.effect(pattern)
    evidence = counted(kind, sites, followed)
    found = posterior(prior, *evidence, effect)
    low, high = found.interval
    return PatternConfidenceRow(
        pattern_id=pattern,
        alpha=found.alpha,
        beta=found.beta,
        posterior_mean=found.mean,
        credible_interval_low=low,
        credible_interval_high=high,
        tier=found.tier,
        momentum=momentum,
        last_updated=learned.now,
        kind="choice" if kind == "choice" else "rule",
        category=category,
        sites=sites,
        followed=followed,
        prior_alpha=prior[0],
        prior_beta=prior[1],
        factors=json_text(factors(prior, *evidence, effect)),
        history=json_text([[seen.at, seen.sites, seen.followed] for seen in history]),
        seen_at=learned.now if sites else None,
    )


def length_limit(lengths: Mapping[int, int]) -> int:
    """Return from how many lines on a function is an outlier among those of its language; 0: none is.

    Lengths are distributed about log-normally, so their logarithms are looked at; fewer than 30 functions say nothing.
    """
    limit = upper_limit({math.log(length): count for length, count in lengths.items()})
    return max(LONG, math.ceil(math.exp(limit.value))) if limit is not None else 0


def _long(path: str, group: str, long: tuple[int, ...], limit: int, names: tuple[object, ...]) -> Iterator[OutlierRow]:
    seen: Counter[str] = Counter()
    for function, line, length in zip(long[::3], long[1::3], long[2::3], strict=True):
        if length >= limit:
            name = str(getattr(names[function], "qualified_name", ""))
            seen[name] += 1
            score = round(min(1.0, math.log(length / limit) + 0.4), 2)
            yield OutlierRow(
                id=fingerprint(f"{group}/function-length", path, name, seen[name]),
                pattern_id=f"{group}/function-length",
                file=path,
                line=line,
                deviation_score=score,
                significance=significance(score),
                method="z_score",
                expected=f"fewer than {limit} lines",
                actual=f"{length} lines",
                scope="project",
            )


def _arises(where: str, *, is_test: bool) -> bool:
    return where == "both" or (where == "tests") is is_test


def _is_own_way(counts: Mapping[str, int], usual: Usual) -> bool:
    """Return whether a file goes its own way throughout: that is a decision, or somebody else's code, not a slip."""
    other = sum(count for name, count in counts.items() if name != usual.alternative)
    return other >= _OWN_WAY and other > counts.get(usual.alternative, 0)


def _capital(label: str, message: str) -> str:
    return label[:1].upper() + label[1:] if message.startswith("{label}") else label


_NONE: Final = Usual("", "", -1.0, -1)
_LEAST_BOUND: Final = 0.8
_OWN_WAY: Final = 5
_DAY_S: Final = 86400
_MOST_LOOKS: Final = 40
