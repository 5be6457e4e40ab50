"""The numbers behind patterns: quantiles, posteriors, outliers, conventions.  Expected values are from tables or by hand."""

from __future__ import annotations

import math
from collections import Counter

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from driftd.pipeline.learned import Learned, Seen
from driftd.pipeline.patterns.beta import beta_cdf, beta_quantile, t_quantile
from driftd.pipeline.patterns.confidence import Posterior, posterior, rule_prior
from driftd.pipeline.patterns.conventions import conventions, momentum_of, row_of
from driftd.pipeline.patterns.outliers import (
    grubbs_critical,
    is_near_normal,
    outliers,
    rosner_critical,
    significance,
    upper_limit,
)
from driftd.pipeline.patterns.tallies import Tallies, Tally, Usual
from driftd.rows.feedback_effect import effect_of

KEY = ("python", "function-naming")


class TestQuantiles:
    """Against published tables."""

    @pytest.mark.parametrize(
        ("p", "degrees", "t"),
        [
            (0.975, 1, 12.706),
            (0.975, 10, 2.228),
            (0.95, 5, 2.015),
            (0.995, 30, 2.750),
            (0.025, 10, -2.228),
            (0.5, 3, 0),
        ],
    )
    def test_students_t(self, p: float, degrees: int, t: float) -> None:
        assert t_quantile(p, degrees) == pytest.approx(t, abs=5e-4)

    def test_beta_of_one_half_is_the_arcsine_distribution(self) -> None:
        """Beta(½, ½): F(x) = 2/π · asin √x, so F(0.5) = 0.5 and F(0.25) = 1/3."""
        assert beta_cdf(0.5, 0.5, 0.5) == pytest.approx(0.5)
        assert beta_cdf(0.25, 0.5, 0.5) == pytest.approx(1 / 3)

    def test_beta_with_one_parameter_of_one_is_a_power(self) -> None:
        """Beta(a, 1): F(x) = x^a."""
        assert beta_quantile(0.25, 2, 1) == pytest.approx(0.5)

    @settings(deadline=None)
    @given(st.floats(0.01, 0.99), st.floats(0.1, 500), st.floats(0.5, 500))
    def test_quantile_inverts(self, p: float, a: float, b: float) -> None:
        assert beta_cdf(beta_quantile(p, a, b), a, b) == pytest.approx(p, abs=1e-6)

    @settings(deadline=None)
    @given(st.floats(0.01, 0.99), st.floats(0.1, 500), st.floats(0.1, 500))
    @example(0.9375, 1.0, 0.125)
    @example(0.99, 1.0, 0.1)
    def test_quantile_is_where_the_distribution_passes_p(self, p: float, a: float, b: float) -> None:
        """Beta(1, 0.1) has its 0.99 at 1 - 1e-20, which no float is: then the one before has less and the next more."""
        x = beta_quantile(p, a, b)
        assert beta_cdf(math.nextafter(x, 0), a, b) - 1e-6 <= p <= beta_cdf(x, a, b) + 1e-6

    def test_impossible_parameters(self) -> None:
        with pytest.raises(ValueError, match="is not a distribution"):
            beta_cdf(0.5, 0, 1)


class TestPosterior:
    """Prior, code and feedback add up."""

    def test_the_check_value_of_the_specification(self) -> None:
        found = Posterior(133.11, 79.66)
        low, high = found.interval
        assert (round(found.mean, 4), round(low, 3), round(high, 3), found.tier) == (0.6256, 0.560, 0.689, "tentative")

    def test_a_choice(self) -> None:
        """18 of 20 places: Beta(1 + 18, 1 + 2)."""
        assert posterior((1, 1), 20, 18, (0, 0)) == (19, 3)

    def test_five_dismissals_and_five_fixes(self) -> None:
        """Five dismissals add 2.5 to beta, five fixes 5 to alpha, five suppressions nothing."""
        prior = rule_prior(0.75)
        assert prior == (6.0, 2.0)
        dismissed = [effect_of("dismiss", "false_positive")] * 5
        fixed = [effect_of("fix", None)] * 5
        assert posterior(prior, 0, 0, (sum(e.alpha for e in dismissed), sum(e.beta for e in dismissed))) == (6.0, 4.5)
        assert posterior(prior, 0, 0, (sum(e.alpha for e in fixed), sum(e.beta for e in fixed))) == (11.0, 2.0)
        assert effect_of("suppress", None) == (0.0, 0.0)
        assert effect_of("escalate", None) == (1.5, 0.0)

    @pytest.mark.parametrize("reason", ["wont_fix", "duplicate"])
    def test_neutral_dismissals(self, reason: str) -> None:
        assert effect_of("dismiss", reason) == (0.0, 0.0)

    def test_nothing_falls_below_the_floor(self) -> None:
        assert posterior((1, 1), 0, 0, (-5, -5)) == (0.01, 0.01)

    @pytest.mark.parametrize(
        ("alpha", "beta", "tier"),
        [
            (85, 15, "established"),
            (84, 16, "emerging"),
            (70, 30, "emerging"),
            (69, 31, "tentative"),
            (49, 51, "uncertain"),
        ],
    )
    def test_tiers(self, alpha: float, beta: float, tier: str) -> None:
        assert Posterior(alpha, beta).tier == tier


class TestOutliers:
    """A method for each size of sample; places are those of the values that were given."""

    def test_critical_values(self) -> None:
        """Grubbs one-sided 5 %: 2.176 for 10, 2.557 for 20 values; Rosner's λ for 25 values begins at 2.82 (one-sided 2.66)."""
        assert grubbs_critical(10) == pytest.approx(2.176, abs=2e-3)
        assert grubbs_critical(20) == pytest.approx(2.557, abs=2e-3)
        assert rosner_critical(25, 0, 0.025) == pytest.approx(2.82, abs=5e-3)

    def test_too_few_values_say_nothing(self) -> None:
        assert outliers([1, 1, 1, 1, 1, 1, 1, 1, 99]) == []

    def test_grubbs(self) -> None:
        """Ten values around 5 and one of 6.6: G = 2.34 above the critical 2.23; its position, not that in a sorted list."""
        values = [5.0, 6.6, 4.0, 5.5, 4.5, 5.2, 4.8, 5.1, 4.9, 5.3, 4.7]
        (found,) = outliers(values)
        assert (found.position, found.method) == (1, "grubbs")

    def test_esd_finds_two_that_mask_each_other(self) -> None:
        """Two equal values hide each other from a single test."""
        values = [float(v % 5) for v in range(24)] + [7.4, 7.4]
        assert [(one.position, one.method) for one in outliers(values)] == [
            (24, "generalized_esd"),
            (25, "generalized_esd"),
        ]

    def test_mad_where_the_sample_is_skewed(self) -> None:
        """Skewness 3.0 with one value of 90 among eleven below 3; median 1.75, MAD 0.5."""
        values = [1.0, 1.25, 1.5, 1.5, 1.75, 1.75, 2.0, 2.0, 2.25, 2.5, 90.0]
        assert not is_near_normal(Counter(values))
        (found,) = outliers(values)
        assert (found.position, found.method, found.score) == (10, "mad", 1.0)

    def test_an_ordinary_large_sample_has_none(self) -> None:
        """0 … 99: uniform, so the largest is no outlier, where 1.5 interquartile ranges of a normal sample cry wolf."""
        assert outliers([float(v) for v in range(100)]) == []
        assert upper_limit(Counter(float(v) for v in range(100))) is None

    def test_z_score_of_a_large_sample(self) -> None:
        values = [float(v % 10) for v in range(100)] + [17.5]
        (found,) = outliers(values)
        assert (found.position, found.method) == (100, "z_score")

    def test_fence_of_a_skewed_large_sample(self) -> None:
        """Quartiles 2 and 7, so the outer fence stands at 22."""
        values = [float(v % 10) for v in range(100)] + [22.0, 60.0]
        (found,) = outliers(values)
        assert (found.position, found.method) == (101, "iqr")

    def test_equal_values(self) -> None:
        assert outliers([3.0] * 40) == []

    @pytest.mark.parametrize(("score", "band"), [(0.95, "critical"), (0.7, "high"), (0.4, "moderate"), (0.39, "low")])
    def test_significance(self, score: float, band: str) -> None:
        assert significance(score) == band


def tallies(**files: dict[str, int]) -> Tallies:
    """Return the counts of files; `__` in a name is a slash."""
    found = Tallies()
    for name, counts in files.items():
        found.add(name.replace("__", "/") + ".py", KEY, counts, 1)
    return found


class TestTallies:
    """What is usual around a file is what the nearest directory with enough places does."""

    def test_the_nearest_scope_with_enough_places_decides(self) -> None:
        """`web` has 30 places in camelCase of its own; `core` has too few, so the project decides, and it is torn."""
        found = tallies(
            web__a={"camelCase": 10}, web__b={"camelCase": 10}, web__c={"camelCase": 10},
            core__a={"snake_case": 5}, lib__a={"snake_case": 12}, lib__b={"snake_case": 12}, lib__c={"snake_case": 12},
        )  # fmt: skip
        assert found.usual("web/new.py", KEY) == Usual("web", "camelCase", 0.91, 100)
        assert found.usual("lib/new.py", KEY) == Usual("lib", "snake_case", 0.92, 100)
        assert found.usual("core/new.py", KEY) is None

    def test_taking_away_leaves_nothing(self) -> None:
        found = tallies(a={"snake_case": 3, "camelCase": 1})
        found.add("a.py", KEY, {"snake_case": 3, "camelCase": 1}, -1)
        assert list(found.keys()) == []
        assert found.project(KEY).total == 0

    @settings(deadline=None)
    @given(st.lists(st.tuples(st.sampled_from(["a.py", "p/b.py", "p/q/c.py"]), st.integers(1, 9)), max_size=12))
    def test_order_of_files_does_not_matter(self, files: list[tuple[str, int]]) -> None:
        forth, back = Tallies(), Tallies()
        for path, count in files:
            forth.add(path, KEY, {"snake_case": count}, 1)
        for path, count in reversed(files):
            back.add(path, KEY, {"snake_case": count}, 1)
        assert forth.scopes(KEY) == back.scopes(KEY)


class TestConventions:
    """Dominance, contest, momentum, promotion."""

    def test_universal(self) -> None:
        tally = Tally(Counter(snake_case=58, camelCase=2), Counter(snake_case=10, camelCase=1))
        (found,) = conventions({"": tally})
        row = row_of("python/function-naming/snake_case", found, tally, "stable", Learned(now=1000))
        assert (row.category, row.scope, row.dominance_ratio, row.promotion_status) == (
            "universal", "project", 0.9667, "approved",
        )  # fmt: skip

    def test_contested(self) -> None:
        """11 against 9: posterior means 12/22 and 10/22 are 9 points apart."""
        tally = Tally(Counter(requests=11, httpx=9), Counter(requests=4, httpx=3))
        assert [(c.alternative, c.is_contested) for c in conventions({"": tally})] == [
            ("requests", True),
            ("httpx", True),
        ]

    def test_no_majority_is_no_convention(self) -> None:
        """50 % against 25 and 25: ahead by more than 15 points, but not dominant."""
        tally = Tally(Counter(a=10, b=5, c=5), Counter(a=3, b=3, c=3))
        assert list(conventions({"": tally})) == []

    def test_a_directory_of_its_own_mind(self) -> None:
        scopes = {
            "": Tally(Counter(snake_case=90, camelCase=10), Counter(snake_case=9, camelCase=2)),
            "web": Tally(Counter(camelCase=10), Counter(camelCase=2)),
            "core": Tally(Counter(snake_case=50), Counter(snake_case=5)),
        }
        assert [(c.scope, c.alternative) for c in conventions(scopes)] == [("", "snake_case"), ("web", "camelCase")]

    @pytest.mark.parametrize(
        ("followed", "momentum"),
        [
            ([50, 60, 70], "rising"),
            ([70, 60, 50], "falling"),
            ([50, 51, 50], "stable"),
            ([90], "stable"),
            ([], "stable"),
        ],
    )
    def test_momentum(self, followed: list[int], momentum: str) -> None:
        """Shares of a hundred places; a tenth of the mean over the window is a change."""
        assert momentum_of([Seen(day, 100, count) for day, count in enumerate(followed)]) == momentum
