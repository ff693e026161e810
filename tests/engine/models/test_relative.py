"""The relative head: finds the order that is there, says nothing where there is none, and forgets scale."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from engine.models.relative import MIN_WEEKS, fit_relative, within_week_ranks

NAMES = ("signal", "noise")


def weeks(count, slope, tokens=40, seed=0):
    rng = np.random.default_rng(seed)
    out = []
    for _ in range(count):
        x = rng.normal(size=(tokens, 2))
        ranks = within_week_ranks(x, np.ones(tokens, dtype=bool))
        out.append((ranks, slope * ranks[:, 0] + rng.normal(size=tokens)))
    return out


@pytest.mark.rule("3.1")
def test_a_true_order_is_found_and_noise_is_not():
    head = fit_relative(NAMES, weeks(80, 1.0))
    assert head.coefficients[0] > 0.3
    assert abs(head.coefficients[1]) < 0.3 * head.coefficients[0]


@pytest.mark.rule("3.1")
def test_every_week_weighs_the_same_however_many_tokens_it_has():
    """Twice the same tokens in every second week: which second week does not matter."""
    once = weeks(40, 1.0)
    twice = [(np.vstack([ranks, ranks]), np.concatenate([moves, moves])) for ranks, moves in once]
    odd, even = ([twice[i] if i % 2 == k else once[i] for i in range(40)] for k in (1, 0))
    assert fit_relative(NAMES, odd).coefficients == pytest.approx(fit_relative(NAMES, even).coefficients, rel=1e-6)


def test_contributions_add_up_to_the_score():
    head = fit_relative(NAMES, weeks(40, 1.0))
    ranks = weeks(1, 1.0, seed=9)[0][0]
    assert head.contributions(ranks).sum(axis=1) == pytest.approx(head.log_odds(ranks))


def test_too_few_weeks_make_no_head():
    assert fit_relative(NAMES, weeks(MIN_WEEKS - 1, 1.0)) is None


def test_the_same_weeks_give_the_same_bytes():
    a, b = (fit_relative(NAMES, weeks(40, 0.5)) for _ in range(2))
    assert a.coefficients.tobytes() == b.coefficients.tobytes()


columns = arrays(float, (12, 3), elements=st.floats(-1e6, 1e6) | st.just(np.nan))


@given(columns, arrays(bool, 12))
def test_ranks_lie_in_the_band_and_missing_ones_in_the_middle(values, member):
    ranks = within_week_ranks(values, member)
    assert (np.abs(ranks) <= 0.5).all()
    assert (ranks[~member] == 0).all()
    assert (ranks[np.isnan(values)] == 0).all()
    assert np.allclose(ranks.sum(axis=0), 0, atol=1e-9)


@given(columns)
def test_ranks_do_not_change_under_a_rising_map(values):
    everyone = np.ones(12, dtype=bool)
    squeezed = np.round(values, 3)
    assert (within_week_ranks(squeezed, everyone) == within_week_ranks(2 * squeezed + 1, everyone)).all()
