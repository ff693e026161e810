"""The market head: near its base rate unless the past insists."""

import numpy as np
import pytest

from engine.models.market import MIN_WEEKS, fit_market

NAMES = ("a", "b")


def history(weeks, slope, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(weeks, 2)) * [1.0, 50.0]
    return x, rng.random(weeks) < 1 / (1 + np.exp(-slope * x[:, 0]))


def test_noise_hardly_moves_the_odds():
    x, rose = history(200, 0.0)
    head = fit_market(NAMES, x, rose)
    assert max(abs(head.probability(head.lift(row)) - head.base) for row in x) < 0.15


@pytest.mark.rule("3.1")
def test_a_strong_past_is_heard():
    x, rose = history(200, 2.0)
    head = fit_market(NAMES, x, rose)
    assert head.probability(head.lift(np.array([2.0, 0.0]))) > head.base + 0.1


def test_a_missing_input_adds_nothing():
    head = fit_market(NAMES, *history(120, 1.0))
    assert head.lift(np.array([np.nan, np.nan])) == 0
    assert head.probability(0.0) == pytest.approx(head.base)


def test_too_short_a_past_makes_no_head():
    assert fit_market(NAMES, *history(MIN_WEEKS - 1, 1.0)) is None


def test_a_wild_input_is_clipped():
    head = fit_market(NAMES, *history(120, 1.0))
    assert head.lift(np.array([1e12, 0.0])) == head.lift(np.array([1e6, 0.0]))


def test_weeks_that_share_an_outcome_count_as_fewer():
    x, rose = history(200, 2.0)
    alone, shared = fit_market(NAMES, x, rose), fit_market(NAMES, x, rose, overlap=4)
    assert abs(shared.coefficients[0]) < abs(alone.coefficients[0])
    assert abs(shared.base - 0.5) <= abs(alone.base - 0.5)
