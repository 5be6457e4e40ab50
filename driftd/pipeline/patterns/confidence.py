"""How sure a pattern is: a Beta posterior over the places where its question arises, and over what people said of it.

    alpha = prior_alpha + followed + feedback_alpha
    beta  = prior_beta + (sites - followed) + feedback_beta        each at least 0.01

For a choice the prior is Beta(1, 1) and the sites are the places where the question arises (see `docs/confidence.md`).
For a rule the prior is Beta(8 c, 8 (1 - c)) with the rule's measured confidence c, and only feedback adds to it: that a
rule finds many places says nothing about whether it is right.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from driftd.pipeline.patterns.beta import beta_quantile

if TYPE_CHECKING:
    from driftd.rows.patterns import ConfidenceTier

FLOOR: Final = 0.01
RULE_WEIGHT: Final = 8.0  # how many judged findings a rule's stated confidence is worth
TIERS: Final[tuple[tuple[float, ConfidenceTier], ...]] = (
    (0.85, "established"),
    (0.70, "emerging"),
    (0.50, "tentative"),
)


class Posterior(NamedTuple):
    """A Beta distribution, with what is shown of it."""

    alpha: float
    beta: float

    @property
    def mean(self) -> float:
        """The expected value."""
        return self.alpha / (self.alpha + self.beta)

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % credible interval with equal tails."""
        return beta_quantile(0.025, self.alpha, self.beta), beta_quantile(0.975, self.alpha, self.beta)

    @property
    def tier(self) -> ConfidenceTier:
        """The band that the mean falls into."""
        return next((name for least, name in TIERS if self.mean >= least), "uncertain")


def posterior(prior: tuple[float, float], sites: int, followed: int, effect: tuple[float, float]) -> Posterior:
    """Return the posterior of a pattern; the formula is in the module's docstring."""
    return Posterior(
        max(FLOOR, prior[0] + followed + effect[0]),
        max(FLOOR, prior[1] + (sites - followed) + effect[1]),
    )


def counted(kind: str, sites: int, followed: int) -> tuple[int, int]:
    """Return the places that count as evidence, and those of them that the pattern holds for: none of a rule's."""
    return (sites, followed) if kind == "choice" else (0, 0)


def factors(prior: tuple[float, float], sites: int, followed: int, effect: tuple[float, float]) -> dict[str, float]:
    """Return the share that each source has in a posterior, and what its mean would be without feedback."""
    found = posterior(prior, sites, followed, effect)
    total = found.alpha + found.beta
    return {
        "prior": round((prior[0] + prior[1]) / total, 4),
        "code": round(sites / total, 4),
        "feedback": round((effect[0] + effect[1]) / total, 4),
        "mean_without_feedback": round(posterior(prior, sites, followed, (0.0, 0.0)).mean, 6),
    }


def rule_prior(confidence: float) -> tuple[float, float]:
    """Return the prior of a rule whose findings are right in this share of cases."""
    return RULE_WEIGHT * confidence, RULE_WEIGHT * (1 - confidence)
