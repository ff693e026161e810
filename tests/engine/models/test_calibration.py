"""Calibration: base rates where nothing is known, true slopes where they are, probabilities always."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from engine.models.calibration import MIN_WEEKS, Calibration, PastWeek, base_rates, calibrate

BASE = np.array([0.36, 0.30, 0.34])


def record(weeks, truth, tokens=60, seed=0):
    """Weeks drawn from the odds that the slopes in `truth` say."""
    rng = np.random.default_rng(seed)
    true, out = Calibration(BASE, **truth), []
    for _ in range(weeks):
        relative, movement, market = rng.normal(size=tokens), rng.normal(0, 0.4, tokens), rng.normal(0, 0.3)
        p = true.probabilities(relative, market, movement)
        outcome = (rng.random(tokens)[:, None] > p.cumsum(axis=1)).sum(axis=1).clip(max=2).astype(np.int8)
        beat = rng.random(tokens) < 1 / (1 + np.exp(-true.beat * relative))
        out.append(PastWeek(relative, movement, market, outcome, beat))
    return out


TRUE = {"movement": 0.8, "spill": -0.1, "direction": 0.2, "beat": 0.25}


@pytest.mark.rule("3.2")
def test_a_short_record_says_the_base_rates():
    told = calibrate(BASE, record(MIN_WEEKS - 1, TRUE)).probabilities(np.array([2.0]), 1.0, np.array([1.0]))
    assert told[0] == pytest.approx(BASE)


@pytest.mark.rule("3.2")
def test_true_slopes_are_recovered():
    found = calibrate(BASE, record(200, TRUE))
    for name, slope in TRUE.items():
        assert getattr(found, name) == pytest.approx(slope, abs=0.1), name


@pytest.mark.rule("3.2")
def test_scores_without_meaning_get_no_say():
    told = calibrate(BASE, record(200, {})).probabilities(np.array([0.5]), 0.5, np.array([0.5]))
    assert told[0] == pytest.approx(BASE, abs=0.05)


@pytest.mark.rule("3.2")
def test_a_market_head_must_earn_its_say_over_many_weeks():
    truth = {"market": 1.0}
    few, many = (calibrate(BASE, record(weeks, truth)).market for weeks in (30, 600))
    assert 0 <= few < many < 1.2


@pytest.mark.rule("3.2")
def test_a_market_that_turned_since_does_not_bend_the_slopes():
    turned = np.array([0.2, 0.3, 0.5])
    one, other = (calibrate(base, record(100, TRUE)) for base in (BASE, turned))
    assert one.direction == pytest.approx(other.direction, abs=1e-9)
    assert other.probabilities(np.zeros(1), 0.0, np.zeros(1))[0] == pytest.approx(turned)


@pytest.mark.rule("3.2")
def test_weeks_that_share_an_outcome_count_as_fewer():
    alone, shared = (calibrate(BASE, record(60, TRUE), overlap).movement for overlap in (1.0, 4.0))
    assert 0 < shared < alone


@pytest.mark.rule("3.8")
def test_a_silenced_head_has_no_say_and_the_others_keep_theirs():
    whole = Calibration(BASE, 0.8, -0.1, 0.2, 0.5, 0.3)
    scores = (np.array([1.5]), 0.4, np.array([0.6]))
    quiet = whole.silenced(relative=True, market=True, movement=False)
    p = quiet.probabilities(*scores)[0]
    assert p[2] / p[0] == pytest.approx(BASE[2] / BASE[0])
    assert p[1] < BASE[1] and quiet.beat_log_odds(np.ones(1))[0] == 0
    assert whole.silenced(True, True, True).probabilities(*scores)[0] == pytest.approx(BASE)
    assert whole.silenced(False, False, False).probabilities(*scores) == pytest.approx(whole.probabilities(*scores))


FITTED = calibrate(BASE, record(30, TRUE, tokens=10))


@given(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3), st.floats(-1e3, 1e3))
def test_probabilities_sum_to_one_whatever_the_scores(relative, market, movement):
    told = FITTED.probabilities(np.array([relative]), market, np.array([movement]))
    assert np.isfinite(told).all()
    assert told.sum() == pytest.approx(1)
    assert (told >= 0).all()


def test_base_rates_weigh_weeks_and_not_tokens():
    many, few = np.zeros(90, dtype=np.int8), np.full(3, 2, dtype=np.int8)
    rates = base_rates([many, few])
    assert rates[0] == pytest.approx(rates[2])
    assert base_rates([]) == pytest.approx([1 / 3] * 3)
