"""The Beta distribution and Student's t: quantiles, without a numerical library.

The regularised incomplete beta function is evaluated by its continued fraction with Lentz's method (Press et al.,
Numerical Recipes, 6.4), the quantile by Newton's method within a bracket that bisection narrows.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final

_TINY: Final = 1e-300
_EPSILON: Final = 3e-15
_MOST_STEPS: Final = 400
_MOST_NEWTON: Final = 30
_LAST_DIGITS: Final = 1e-15  # relative; what `beta_cdf` knows is not more
_LARGE: Final = 1e6  # parameters from which the normal distribution is as good


def beta_cdf(x: float, a: float, b: float) -> float:
    """Return the probability that a Beta(a, b) variable is at most x; ValueError unless a and b are above 0."""
    if a <= 0 or b <= 0:
        raise ValueError(f"Beta({a}, {b}) is not a distribution")
    if x <= 0:
        return 0.0
    if x >= 1:
        return 1.0
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x))
    if x < (a + 1) / (a + b + 2):
        return front * _fraction(x, a, b) / a
    return 1 - front * _fraction(1 - x, b, a) / b


@lru_cache(maxsize=8192)
def beta_quantile(p: float, a: float, b: float) -> float:
    """Return the x below which a Beta(a, b) variable lies with probability p."""
    if not 0 <= p <= 1:
        raise ValueError(f"{p} is not a probability")
    if a > _LARGE or b > _LARGE:
        mean, deviation = a / (a + b), math.sqrt(a * b / (a + b + 1)) / (a + b)
        return min(1.0, max(0.0, mean + deviation * normal_quantile(p)))
    low, high, x = 0.0, 1.0, a / (a + b)
    scale = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    for _ in range(_MOST_NEWTON):
        excess = beta_cdf(x, a, b) - p
        if excess < 0:
            low = x
        else:
            high = x
        density = math.exp(scale + (a - 1) * math.log(x) + (b - 1) * math.log1p(-x))
        before, x = x, x - excess / density if density > 0 else low
        if not low < x < high:
            x = (low + high) / 2
        if not low < x < high:
            return high
        if abs(x - before) <= _LAST_DIGITS * min(x, 1 - x):
            return x
    while low < (middle := (low + high) / 2) < high:  # to the last digit: with b < 1, most of F may lie next to 1
        if beta_cdf(middle, a, b) < p:
            low = middle
        else:
            high = middle
    return high


@lru_cache(maxsize=8192)
def t_quantile(p: float, degrees: float) -> float:
    """Return the t below which Student's distribution with so many degrees of freedom lies with probability p."""
    if p == 0.5:
        return 0.0
    tail = 2 * min(p, 1 - p)
    x = beta_quantile(tail, degrees / 2, 0.5)
    t = math.sqrt(degrees * (1 - x) / x) if x > 0 else math.inf
    return t if p > 0.5 else -t


def normal_quantile(p: float) -> float:
    """Return the z below which a standard normal variable lies with probability p."""
    from statistics import NormalDist  # noqa: PLC0415 - rarely needed

    return NormalDist().inv_cdf(min(1 - 1e-16, max(1e-16, p)))


def _fraction(x: float, a: float, b: float) -> float:
    c, d = 1.0, 1 - (a + b) * x / (a + 1)
    d = 1 / (d if abs(d) > _TINY else _TINY)
    found = d
    for m in range(1, _MOST_STEPS):
        for numerator in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 + numerator * d
            d = 1 / (d if abs(d) > _TINY else _TINY)
            c = 1 + numerator / c
            c = c if abs(c) > _TINY else _TINY
            found *= d * c
        if abs(d * c - 1) < _EPSILON:
            break
    return found
