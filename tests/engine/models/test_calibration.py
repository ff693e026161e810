"""Calibration: base rates where nothing is known, true slopes where they are, probabilities always."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.models.calibration import MIN_WEEKS, base_rates, calibrate

BASE = np.array([0.36, 0.30, 0.34])


def record(weeks, slope, tokens=60, seed=0):
    rng = np.random.default_rng(seed)
    out = []
    for _ in range(weeks):
        relative = rng.normal(0, 0.3, tokens)
        logits = np.log(BASE) + np.column_stack([-slope * relative, 0 * relative, slope * relative])
        p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        outcome = np.array([rng.choice(3, p=row) for row in p], dtype=np.int8)
        out.append((relative, np.zeros(tokens), outcome))
    return out


@pytest.mark.rule("3.2")
def test_a_short_record_says_the_base_rates():
    told = calibrate(BASE, record(MIN_WEEKS - 1, 1.0)).probabilities(np.array([2.0]), np.array([1.0]))
    assert told[0] == pytest.approx(BASE)


@pytest.mark.rule("3.2")
def test_true_slopes_are_recovered():
    slopes = calibrate(BASE, record(150, 1.0)).slopes
    assert slopes[0] == pytest.approx([-1.0, 1.0], abs=0.25)


@pytest.mark.rule("3.2")
def test_scores_without_meaning_get_no_say():
    told = calibrate(BASE, record(150, 0.0)).probabilities(np.array([0.5]), np.array([0.0]))
    assert told[0] == pytest.approx(BASE, abs=0.05)


FITTED = calibrate(BASE, record(30, 1.0, tokens=10))


@given(st.floats(-50, 50), st.floats(-50, 50))
def test_probabilities_sum_to_one_whatever_the_scores(relative, market):
    told = FITTED.probabilities(np.array([relative]), np.array([market]))
    assert np.isfinite(told).all()
    assert told.sum() == pytest.approx(1)
    assert (told >= 0).all()


def test_base_rates_weigh_weeks_and_not_tokens():
    many, few = np.zeros(90, dtype=np.int8), np.full(3, 2, dtype=np.int8)
    rates = base_rates([many, few])
    assert rates[0] == pytest.approx(rates[2])
    assert base_rates([]) == pytest.approx([1 / 3] * 3)
