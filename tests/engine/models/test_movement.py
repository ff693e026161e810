"""The movement head: calm after a storm, a storm after calm; the base rate where it knows nothing."""

import numpy as np
import pytest

from engine.models.movement import MIN_WEEKS, NAMES, fit_movement, movement_inputs


def history(weeks, slope, tokens=40, seed=0):
    rng = np.random.default_rng(seed)
    out = []
    for _ in range(weeks):
        x = rng.normal(size=(tokens, len(NAMES)))
        out.append((x, rng.random(tokens) < 1 / (1 + np.exp(-0.8 + slope * x[:, 1]))))
    return out


@pytest.mark.rule("3.1")
def test_what_the_past_shows_is_found_in_sign_and_size():
    head = fit_movement(history(150, 0.5))
    assert head.coefficients[1] == pytest.approx(-0.5, abs=0.1)
    assert np.abs(np.delete(head.coefficients, 1)).max() < 0.1
    assert head.base == pytest.approx(1 / (1 + np.exp(-0.8)), abs=0.03)


def test_too_short_a_past_and_one_without_both_outcomes_make_no_head():
    assert fit_movement(history(MIN_WEEKS - 1, 0.5)) is None
    assert fit_movement([(x, np.ones(len(x), dtype=bool)) for x, _ in history(MIN_WEEKS, 0.5)]) is None


def test_inputs_are_logs_of_volatilities_and_the_markets_are_the_median_members():
    week, month, quarter = np.array([[0.04, 0.06, 0.02], [0.02, 0.06, np.nan], [0.02, 0.03, 0.05]])
    x = movement_inputs(np.array([week, month, quarter]), np.array([True, True, True]))
    assert x.shape == (3, len(NAMES))
    assert x[0] == pytest.approx([np.log(2), 0, np.log(2) / 2, np.log(2) / 2, np.log(0.02) - np.log(0.0012) / 2])
    assert np.isnan(x[2, [0, 1, 4]]).all() and np.isfinite(x[2, [2, 3]]).all()


def test_no_infinity_gets_through():
    x = movement_inputs(np.array([[0.0, 0.1], [0.0, 0.1], [0.1, 0.0]]), np.array([True, True]))
    assert not np.isinf(x).any()
