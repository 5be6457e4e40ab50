"""How bad a violation is: by what its weaknesses can lead to, by its area, or by what the rule itself says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from driftd.pipeline.detect.rules import Severity

# Weaknesses that hand over the machine, the data or an account: injections, deserialisation, broken cryptography, XML
# entities, hard-coded credentials, forged requests.
GRAVE: Final = frozenset({22, 78, 79, 89, 94, 327, 502, 611, 798, 918})
ORDER: Final[tuple[Severity, ...]] = ("error", "warning", "info", "hint")
RANK: Final[Mapping[str, int]] = {severity: rank for rank, severity in enumerate(ORDER, 1)}

_BY_CATEGORY: Final[Mapping[str, Severity]] = {"security": "error", "errors": "warning", "documentation": "info"}
FAR: Final = 3.0  # a deviation beyond it is a warning


def severity_of(
    category: str, cwes: Iterable[int] = (), stated: Severity | None = None, deviation: float = 0.0
) -> Severity:
    """Return the severity of a finding.

    What a rule states counts: it knows whether what it finds is the weakness or only the place where it could be.
    Without that it is what the worst of the weaknesses can lead to; else it follows from the category, and for the rest
    from how far the place is from what the others do.
    """
    if stated is not None:
        return stated
    numbers = set(cwes)
    if numbers:
        return "warning" if numbers.isdisjoint(GRAVE) else "error"
    return _BY_CATEGORY.get(category, "warning" if deviation > FAR else "info")


def milder(severity: Severity) -> Severity:
    """Return the next step down; there is none below a hint."""
    return ORDER[min(RANK[severity], len(ORDER) - 1)]
