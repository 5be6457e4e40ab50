"""Values that do not belong to the others: a method fit for how many there are and how they are distributed.

| values | near normal | not near normal |
|---|---|---|
| fewer than 10 | none: too few to say anything | none |
| 10 to 24 | Grubbs' test, 5 % | modified z-score by MAD, 3.5 |
| 25 to 29 | generalised ESD (Rosner 1983), 5 %, at most √n of them | MAD |
| 30 and more | z-score, Bonferroni-corrected 5 %, 3 rounds against masking | Tukey's fence, 3 interquartile ranges |

Corrected against the predecessor's table: z 2.5 and 1.5 interquartile ranges call one value in a hundred of a perfectly
ordinary sample an outlier, which is noise by the hundreds in a code base; so the level is corrected for how many
values are looked at, and the fence is Tukey's outer one.  Values keep their places: nothing is looked up in another
order than it was measured in.  Only values above the others are looked for.
"""

from __future__ import annotations

import math
from collections import Counter
from statistics import fmean, median
from typing import TYPE_CHECKING, Final, NamedTuple

from driftd.pipeline.patterns.beta import normal_quantile, t_quantile

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from driftd.rows.patterns import OutlierMethod, Significance

ALPHA: Final = 0.05
LEAST: Final = 10
MANY: Final = 30
MAD_SCALE: Final = 0.6745
MAD_THRESHOLD: Final = 3.5
FENCE: Final = 3.0
BANDS: Final[tuple[tuple[float, Significance], ...]] = ((0.9, "critical"), (0.7, "high"), (0.4, "moderate"))


class Outlier(NamedTuple):
    """A value that is too high: its position among those that were given, how far it is off (0 to 1), and by what."""

    position: int
    score: float
    method: OutlierMethod


def significance(score: float) -> Significance:
    """Return the band that a deviation falls into."""
    return next((name for least, name in BANDS if score >= least), "low")


def moments(counts: Mapping[float, int]) -> tuple[float, float]:
    """Return skewness and excess kurtosis of a population, given as how often each value occurs; zeros for equal ones."""
    count = sum(counts.values())
    mean = sum(v * n for v, n in counts.items()) / count
    second, third, fourth = (sum(n * (v - mean) ** k for v, n in counts.items()) / count for k in (2, 3, 4))
    if second <= 0:
        return 0.0, 0.0
    return third / second**1.5, fourth / second**2 - 3


def is_near_normal(counts: Mapping[float, int]) -> bool:
    """Return whether tests that assume a normal distribution may be used: |skewness| ≤ 2, |excess kurtosis| ≤ 7."""
    skewness, kurtosis = moments(counts)
    return abs(skewness) <= 2 and abs(kurtosis) <= 7


def outliers(values: Sequence[float]) -> list[Outlier]:
    """Return the values that are too high, in the order in which they were given."""
    count = len(values)
    if count < LEAST or min(values) == max(values):
        return []
    if count >= MANY:
        limit = upper_limit(Counter(values))
        if limit is None:
            return []
        return [Outlier(i, limit.score(v), limit.method) for i, v in enumerate(values) if v > limit.value]
    if not is_near_normal(Counter(values)):
        return sorted(_mad(values))
    return sorted(_grubbs(values) if count < 25 else _esd(values))


class Limit(NamedTuple):
    """The value above which the others are outliers; `unit` is a standard deviation or an interquartile range."""

    value: float
    unit: float
    method: OutlierMethod

    def score(self, value: float) -> float:
        """Return how far a value is off: 0 at the limit, towards 1 with every further unit."""
        distance = (value - self.value) / self.unit
        return round(min(1.0, max(0.0, distance / (distance + FENCE))), 4)


def upper_limit(counts: Mapping[float, int]) -> Limit | None:
    """Return the limit for a sample of at least 30 values, given as how often each of them occurs; None: no outliers.

    It takes time in proportion to the different values, whatever their number.
    """
    count = sum(counts.values())
    if count < MANY or len(counts) == 1:
        return None
    return _z_limit(counts, count) if is_near_normal(counts) else _fence(counts, count)


def grubbs_critical(count: int, alpha: float = ALPHA) -> float:
    """Return the critical value of the one-sided Grubbs test."""
    t = t_quantile(1 - alpha / count, count - 2)
    return (count - 1) / math.sqrt(count) * math.sqrt(t * t / (count - 2 + t * t))


def rosner_critical(count: int, removed: int, alpha: float = ALPHA) -> float:
    """Return Rosner's λ for the value removed after `removed` others, of one side."""
    p = count - removed
    t = t_quantile(1 - alpha / p, p - 2)
    return (p - 1) * t / math.sqrt((p - 2 + t * t) * p)


def _spread(values: Sequence[float]) -> tuple[float, float]:
    mean = fmean(values)
    return mean, math.sqrt(sum((v - mean) ** 2 for v in values) / (len(values) - 1))


def _grubbs(values: Sequence[float]) -> list[Outlier]:
    mean, deviation = _spread(values)
    position = max(range(len(values)), key=lambda i: values[i])
    statistic, critical = (values[position] - mean) / deviation, grubbs_critical(len(values))
    return [Outlier(position, _score(statistic, critical), "grubbs")] if statistic > critical else []


def _esd(values: Sequence[float]) -> list[Outlier]:
    """Remove the highest value again and again; all up to the last one that is significant are outliers."""
    left = list(range(len(values)))
    most = min(10, math.ceil(math.sqrt(len(values))), len(values) // 2)
    removed: list[tuple[int, float, float]] = []
    significant = 0
    for step in range(most):
        mean, deviation = _spread([values[i] for i in left])
        if deviation == 0:
            break
        position = max(left, key=lambda i: values[i])
        statistic, critical = (values[position] - mean) / deviation, rosner_critical(len(values), step)
        removed.append((position, statistic, critical))
        left.remove(position)
        if statistic > critical:
            significant = step + 1
    return [Outlier(p, _score(max(s, c), c), "generalized_esd") for p, s, c in removed[:significant]]


def _z_limit(counts: Mapping[float, int], count: int) -> Limit | None:
    """Return the limit of the z-score; values beyond it are left out and it is taken again, three times at most."""
    z = normal_quantile(1 - ALPHA / count)
    limit = math.inf
    deviation = 0.0
    for _ in range(3):
        kept = {v: n for v, n in counts.items() if v <= limit}
        mean, deviation = _weighted_spread(kept)
        if deviation == 0 or mean + z * deviation >= limit:
            break
        limit = mean + z * deviation
    return Limit(limit, deviation, "z_score") if deviation and any(v > limit for v in counts) else None


def _fence(counts: Mapping[float, int], count: int) -> Limit | None:
    low, high = _weighted_quantile(counts, count, 0.25), _weighted_quantile(counts, count, 0.75)
    width = high - low
    fence = high + FENCE * width
    return Limit(fence, width, "iqr") if width and any(v > fence for v in counts) else None


def _weighted_spread(counts: Mapping[float, int]) -> tuple[float, float]:
    count = sum(counts.values())
    mean = sum(v * n for v, n in counts.items()) / count
    square = sum(n * (v - mean) ** 2 for v, n in counts.items())
    return mean, math.sqrt(square / (count - 1)) if count > 1 else 0.0


def _weighted_quantile(counts: Mapping[float, int], count: int, share: float) -> float:
    """Return a quantile, interpolated linearly."""
    place = share * (count - 1)
    below = math.floor(place)
    lower = upper = None
    seen = 0
    for value in sorted(counts):
        seen += counts[value]
        if lower is None and seen > below:
            lower = value
        if seen > min(below + 1, count - 1):
            upper = value
            break
    start = 0.0 if lower is None else lower
    return start + ((start if upper is None else upper) - start) * (place - below)


def _mad(values: Sequence[float]) -> list[Outlier]:
    middle = median(values)
    mad = median([abs(v - middle) for v in values])
    if mad == 0:
        return []  # more than half are equal: what differs is no outlier of a distribution
    found = [(i, MAD_SCALE * (v - middle) / mad) for i, v in enumerate(values)]
    return [Outlier(i, _score(m, MAD_THRESHOLD), "mad") for i, m in found if m > MAD_THRESHOLD]


def _score(statistic: float, critical: float) -> float:
    return round(min(1.0, max(0.0, (statistic - critical) / max(critical, 1e-9))), 4)
