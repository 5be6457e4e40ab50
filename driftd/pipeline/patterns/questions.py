"""Questions that code answers again and again: how is an error handled, which client talks HTTP, how is a name written?

A question says in which situation it arises (its alternatives' places together), what the alternatives are, and whether
a place that goes another way than the code around it is worth telling anybody.  Alternatives that rules can find are
data (`packs/questions/*.toml`); those about the shape of declarations are worked out in `shapes`.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Final, Literal

import msgspec

from driftd.pipeline.detect.rules import Match, Rule
from driftd.pipeline.parsed import toml
from driftd.rows.patterns import PatternCategory

_FOLDER: Final = files("driftd.pipeline").joinpath("packs", "questions")


class Alternative(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One answer: what people call it, and how its places are found; `shapes` knows those without a match."""

    id: str
    label: str
    match: tuple[Match, ...] = ()


class Question(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A question.

    - id: `errors/handling`; patterns are called `LANGUAGE/ID/ALTERNATIVE`
    - title: the question in words
    - category: one of the 16
    - languages: where it arises; TypeScript and JavaScript answer together
    - where: whether it arises in production code, in tests, or in both
    - report: whether places that depart from what is done around them are violations
    - message: what is said of one; `{label}` is what it does, `{usual}` what is usual, `{share}` how usual that is
    - usual: alternatives from which departing is worth telling; all where there are none
    - never: alternatives that nobody is told of: departing that way is no fault
    """

    id: str
    title: str
    category: PatternCategory
    languages: tuple[str, ...]
    alternative: tuple[Alternative, ...]
    where: Literal["production", "tests", "both"] = "production"
    report: bool = False
    message: str = "{label} here, where {share} of the code has {usual}"
    remediation: str = ""
    usual: tuple[str, ...] = ()
    never: tuple[str, ...] = ()

    def label(self, alternative: str) -> str:
        """Return what an alternative is called."""
        return next((one.label for one in self.alternative if one.id == alternative), alternative)


class QuestionFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file of questions."""

    question: tuple[Question, ...]


@cache
def questions() -> dict[str, Question]:
    """Return all questions by id."""
    found: dict[str, Question] = {}
    for one in sorted(_FOLDER.iterdir(), key=lambda one: one.name):
        if one.name.endswith(".toml"):
            for question in msgspec.convert(toml(one.read_text(encoding="utf-8")), QuestionFile).question:
                found[question.id] = question
    return found


@cache
def groups_of(question: str) -> frozenset[str]:
    """Return the languages that answer a question, those that answer together as one."""
    return frozenset([family(language) for language in questions()[question].languages])


@cache
def rules_of_choices() -> tuple[Rule, ...]:
    """Return the alternatives that are found by matches, as rules that record nothing but the choice."""
    return tuple(
        Rule(
            id=f"choice/{question.id}/{alternative.id}",
            category=question.category,
            message=alternative.label,
            match=alternative.match,
            languages=question.languages,
            choice=f"{question.id}/{alternative.id}",
            most=0,
        )
        for question in questions().values()
        for alternative in question.alternative
        if alternative.match
    )


FAMILIES: Final = {"tsx": "javascript", "typescript": "javascript"}


def family(language: str) -> str:
    """Return the languages that answer questions together."""
    return FAMILIES.get(language, language)
