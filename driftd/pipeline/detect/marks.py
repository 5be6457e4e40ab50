"""What a file's detections contribute to the project: rows, problems to raise, and choices made.

Worked out where the file is parsed (see `digest`), from its facts alone; only ids and the marks of tests depend on the
path.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from driftd.pipeline.detect.finding import find
from driftd.pipeline.detect.owasp import owasp_of
from driftd.pipeline.detect.registry import index_of
from driftd.pipeline.detect.severity import severity_of
from driftd.pipeline.detect.suppressions import Suppressions
from driftd.pipeline.facts.model import Kind, owner_function
from driftd.pipeline.patterns.shapes import shapes_of
from driftd.pipeline.production import is_illustration, is_test
from driftd.pipeline.rendering import source_text
from driftd.rows.declare import row_values
from driftd.rows.ids import fingerprint
from driftd.rows.patterns import DetectionRow

if TYPE_CHECKING:
    from collections.abc import Iterator

    from driftd.pipeline.detect.places import Found
    from driftd.pipeline.detect.rules import Rule
    from driftd.pipeline.facts.model import FileFacts
    from driftd.pipeline.scopes import Scopes


class Fault(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A detection that is a violation, unless feedback says otherwise.

    id: that of the detection, or of the outlier; suppressed: whether a comment silences it
    severity: before feedback; see `severity`
    pattern: the pattern that it breaks, where that is not the rule
    code: hash of rule and code, wherever that stands
    """

    id: str
    rule: str
    line: int
    column: int
    end_line: int
    severity: str
    category: str
    message: str
    confidence: float
    cwe: int | None = None
    owasp: str | None = None
    strategy: str | None = None
    fix: str | None = None
    suppressed: bool = False
    pattern: str = ""
    code: str = ""


class Silence(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A comment that silences findings, for those that only the project as a whole has.

    id: fingerprint; about: the line that it is about; rules: those it names, none for all
    is_own: whether it is driftd's own form; used: whether it silences something that a rule finds here
    """

    id: str
    line: int
    column: int
    about: int
    rules: tuple[str, ...]
    is_own: bool
    used: bool
    text: str


class Choices(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Where the file answers one question one way: `sites` are pairs of line and function, one after the other."""

    question: str
    alternative: str
    sites: tuple[int, ...]


class Marks(msgspec.Struct, frozen=True, array_like=True, gc=False, omit_defaults=True):
    """All of it.

    rows: those of `detections`, in column order
    faults: detections that are violations
    choices: how questions are answered
    lengths: of functions in lines, and how many have that length, one after the other
    long: function, line and length of those that are long
    is_test: whether the file is a test or a fixture
    """

    rows: tuple[tuple[object, ...], ...] = ()
    faults: tuple[Fault, ...] = ()
    choices: tuple[Choices, ...] = ()
    lengths: tuple[int, ...] = ()
    long: tuple[int, ...] = ()
    is_test: bool = False
    silences: tuple[Silence, ...] = ()


NO_MARKS: Final = Marks()
LONG: Final = 40  # lines of a function that can be an outlier


def marks_of(path: str, facts: FileFacts, scopes: Scopes | None = None, encoded: bytes = b"") -> Marks:
    """Return what the rules find in a file."""
    testing = is_test(path)
    found = find(path, facts, index_of(facts.language), scopes, is_test=testing, encoded=encoded)
    suppressions = Suppressions(facts)
    identify = _Identities(path, facts)
    rows, faults = [], []
    choices: dict[tuple[str, str], list[int]] = {}
    for one in found:
        rule, place = one.rule, one.place
        if rule.choice:
            question, _, alternative = rule.choice.rpartition("/")
            owner = owner_function(facts.outline, place.scope)
            choices.setdefault((question, alternative), []).extend((place.line, owner))
        if not rule.most:
            continue
        number, text, shown = identify(one)
        owasp = owasp_of(rule.cwe)
        column = max(1, place.column)
        rows.append(
            row_values(
                DetectionRow(
                    id=number,
                    file=path,
                    line=place.line,
                    column_num=column,
                    pattern_id=rule.id,
                    category=rule.category,
                    confidence=rule.confidence,
                    detection_method="semantic",
                    cwe_ids=",".join(map(str, rule.cwe)) or None,
                    owasp=owasp,
                    matched_text=shown,
                )
            )
        )
        if rule.severity is not None and (rule.in_tests or not (testing or is_illustration(path))):
            faults.append(
                Fault(
                    id=number,
                    rule=rule.id,
                    line=place.line,
                    column=column,
                    end_line=max(place.line, place.end_line),
                    severity=severity_of(rule.category, rule.cwe, rule.severity),
                    category=rule.category,
                    message=_message(rule, place.name, shown),
                    confidence=rule.confidence,
                    cwe=rule.cwe[0] if rule.cwe else None,
                    owasp=owasp,
                    strategy=rule.fix.strategy if rule.fix else None,
                    fix=rule.fix.description if rule.fix else (rule.remediation or None),
                    suppressed=suppressions.silences(rule, place.line),
                    code=fingerprint(rule.id, text),
                )
            )
    for answer, sites in shapes_of(path, facts, is_test=testing).items():
        choices.setdefault(answer, []).extend(sites)
    lengths, long = _lengths(facts)
    return Marks(
        tuple(rows),
        tuple(faults),
        tuple([Choices(q, a, tuple(sites)) for (q, a), sites in choices.items()]),
        lengths,
        long,
        testing,
        _silences(path, suppressions),
    )


def identified(path: str, facts: FileFacts) -> Iterator[tuple[str, Found]]:
    """Yield what the rules find in a file, with the ids of its detections."""
    identify = _Identities(path, facts)
    for one in find(path, facts, index_of(facts.language), is_test=is_test(path)):
        if one.rule.most:
            yield identify(one)[0], one


class _Identities:
    """Gives findings their ids, in order: of equal ones in a function, which it is."""

    def __init__(self, path: str, facts: FileFacts) -> None:
        self._path, self._facts = path, facts
        self._ordinals: dict[tuple[str, str, str], int] = {}

    def __call__(self, one: Found) -> tuple[str, str, str]:
        """Return id, code and what is shown of the code."""
        text, shown = _texts(one, self._facts)
        around = _around(self._facts, one.place.scope)
        key = (one.rule.id, around, text)
        ordinal = self._ordinals[key] = self._ordinals.get(key, -1) + 1
        return fingerprint(one.rule.id, self._path, around, text, ordinal), text, shown


def _lengths(facts: FileFacts) -> tuple[tuple[int, ...], tuple[int, ...]]:
    counts: dict[int, int] = {}
    long = []
    for number, function in enumerate(facts.outline.functions):
        if number and function.kind != "lambda":
            length = function.end_line - function.line + 1
            counts[length] = counts.get(length, 0) + 1
            if length >= LONG:
                long += [number, function.line, length]
    return tuple([n for pair in counts.items() for n in pair]), tuple(long)


def _silences(path: str, suppressions: Suppressions) -> tuple[Silence, ...]:
    counts: dict[str, int] = {}
    found = []
    for one in suppressions.directives:
        ordinal = counts[one.text] = counts.get(one.text, -1) + 1
        number = fingerprint(UNUSED_SUPPRESSION, path, one.text, ordinal)
        used = one.line in suppressions.used
        found.append(Silence(number, one.line, one.column, one.about, one.rules, one.is_own, used, one.text))
    return tuple(found)


def _message(rule: Rule, name: str, shown: str) -> str:
    return rule.message.replace("{name}", name[:_LONGEST].removeprefix("?.")).replace("{text}", shown)


def _texts(one: Found, facts: FileFacts) -> tuple[str, str]:
    """Return the flagged code as its identity has it, and as it is shown."""
    place, literals = one.place, facts.texts.literals
    if place.value is not None:
        text = source_text(place.value, literals, facts.language, _LONGEST_IDENTITY, facts.bodies.calls)
        if place.value.kind != Kind.CALL and place.name and place.call is None:
            text = f"{place.name}: {text}"
    else:
        text = place.name
    if one.rule.mask:
        return text, f"{place.name}: ****" if place.name else "****"
    return text, text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _around(facts: FileFacts, scope: int) -> str:
    return facts.outline.classes[~scope].qualified_name if scope < 0 else facts.outline.functions[scope].qualified_name


UNUSED_SUPPRESSION: Final = "driftd/unused-suppression"
UNUSED_CONFIDENCE: Final = 0.95
_LONGEST: Final = 200
_LONGEST_IDENTITY: Final = 4000
