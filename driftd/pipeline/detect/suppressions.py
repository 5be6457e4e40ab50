"""Comments that silence findings, read from comment tokens only.

| comment | silences |
|---|---|
| `driftd: ignore` or `driftd: ignore[rule, rule] reason` | these rules, or all; security rules only where they are named |
| `drift-ignore`, `drift-ignore rule, rule -- reason` | the same |
| `noqa`, `noqa: rule` | those rules on its own line; security rules only where they are named |
| `eslint-disable-next-line rule`, `eslint-disable-line rule` | the same, on the next or on the same line |

One that stands behind code is about its own line, one that stands alone about the next line that is no comment.  A rule
is named by its id, by the last part of it, or by its category.  `@SuppressWarnings("rule")` is read where facts of
annotations are.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from driftd.pipeline.facts.model import Kind

if TYPE_CHECKING:
    from driftd.pipeline.detect.rules import Rule
    from driftd.pipeline.facts.model import Class, FileFacts, Function


class Directive(NamedTuple):
    """One comment: where it stands, the line that it is about, and the rules it names (none: all)."""

    line: int
    about: int
    rules: tuple[str, ...]
    reason: str
    is_own: bool
    text: str
    column: int


class Suppressions:
    """The directives of one file, and which of them were of use."""

    def __init__(self, facts: FileFacts) -> None:
        """Read the comments and annotations of a file."""
        self.directives = _directives(facts)
        self._by_line: dict[int, list[Directive]] = {}
        for directive in self.directives:
            self._by_line.setdefault(directive.about, []).append(directive)
        self._spans = _annotated(facts)
        self.used: set[int] = set()  # lines of directives that silenced something

    def silences(self, rule: Rule, line: int) -> bool:
        """Return whether a comment silences a rule on a line."""
        found = False
        for directive in self._by_line.get(line, ()):
            if covers(directive.rules, rule.id, rule.category, is_own=directive.is_own):
                self.used.add(directive.line)
                found = True
        return found or any(
            start <= line <= end and covers(rules, rule.id, rule.category, is_own=False)
            for start, end, rules in self._spans
        )


def covers(named: tuple[str, ...], rule: str, category: str, *, is_own: bool) -> bool:
    """Tell whether a comment that names these rules is about a rule; security rules are to be named."""
    if not named:
        return is_own and category != "security"
    return any(name in {rule, rule.rpartition("/")[2], category} for name in named)


def _directives(facts: FileFacts) -> list[Directive]:
    comments = facts.texts.comments
    found = []
    alone = {line for c in comments if not c.is_trailing for line in range(c.line, c.end_line + 1)}
    for comment in comments:
        text = comment.text.strip()
        if "ignore" not in text and "noqa" not in text and "eslint" not in text:
            continue
        own = _OWN.search(text) or _PLAIN.search(text)
        if own is not None:
            rules = tuple([name for name in _SPLIT.split(own["rules"] or "") if name])
            about = comment.line if comment.is_trailing else _next_code(comment.end_line, alone)
            reason = (own["reason"] or "").strip(" -*/")
            found.append(Directive(comment.line, about, rules, reason, True, text, comment.column))
            continue
        other = _NOQA.search(text)
        if other is not None:
            rules = tuple([name for name in _SPLIT.split(other["rules"] or "") if name])
            found.append(Directive(comment.line, comment.line, rules, "", False, text, comment.column))
            continue
        eslint = _ESLINT.search(text)
        if eslint is not None:
            rules = tuple([name for name in _SPLIT.split(eslint["rules"] or "") if name])
            about = comment.line if eslint["where"] == "line" else comment.end_line + 1
            found.append(Directive(comment.line, about, rules, "", False, text, comment.column))
    return found


def _next_code(line: int, alone: set[int]) -> int:
    line += 1
    while line in alone:
        line += 1
    return line


def _annotated(facts: FileFacts) -> list[tuple[int, int, tuple[str, ...]]]:
    """Return the spans that `@SuppressWarnings("rule")` is about."""
    found = []
    literals, calls = facts.texts.literals, facts.bodies.calls
    declarations: tuple[Function | Class, ...] = (*facts.outline.functions, *facts.outline.classes)
    for declared in declarations:
        for decorator in declared.decorators:
            if decorator.name.rpartition(".")[2] == "SuppressWarnings" and decorator.call >= 0:
                rules: list[str] = []
                stack = [arg.value for arg in calls[decorator.call].args]
                while stack:
                    value = stack.pop()
                    if value.kind == Kind.STRING and value.ref >= 0:
                        rules.append(literals[value.ref].value.removeprefix("driftd:"))
                    stack.extend(value.items)
                found.append((decorator.line, declared.end_line, tuple(rules)))
    return [span for span in found if span[2]]


_SPLIT: Final = re.compile(r"[,\s]+")
_OWN: Final = re.compile(r"^\W*driftd:\s*ignore(?:\[(?P<rules>[^\]]*)\])?(?P<reason>.*)", re.DOTALL)
_PLAIN: Final = re.compile(r"^\W*drift-ignore\b(?P<rules>(?:[\s,]+(?!--)[\w/.-]+)*)(?:\s*--(?P<reason>.*))?")
_NOQA: Final = re.compile(r"#?\s*noqa(?::\s*(?P<rules>[\w/.,\s-]+))?")
_ESLINT: Final = re.compile(r"eslint-disable-(?P<where>next-line|line)\b(?P<rules>[^-]*(?:-(?!-)[^-]*)*)")
