"""Reliability and calibration error by hand, and on forecasters who are right or wrong by a known amount."""

import numpy as np
import pytest

from engine.evaluation import measure_calibration, reliability


def forecaster(weeks, lines, off, seed, tide=0.0):
    """(stated, came true, days) of one who states the true chance plus `off`; `tide` moves whole weeks."""
    rng = np.random.default_rng(seed)
    true = rng.uniform(0.3, 0.5, weeks * lines) + np.repeat(rng.normal(0, tide, weeks), lines)
    stated = np.clip(true + off, 0.01, 0.99) if not tide else rng.uniform(0.3, 0.5, weeks * lines) + off
    return stated, rng.uniform(size=weeks * lines) < true, np.repeat(7 * np.arange(weeks), lines)


def test_bands_hold_equal_counts_and_every_line():
    stated = np.linspace(0.2, 0.6, 100)
    bins = reliability(stated, stated > 0.4)
    assert [b.calls for b in bins] == [10] * 10
    assert (bins[0].came_true, bins[-1].came_true) == (0, 1)
    assert bins[0].low == pytest.approx(0.2) and bins[-1].high == pytest.approx(0.6)
    assert reliability(np.full(7, 0.3), np.ones(7, dtype=bool))[0].calls == 7


def test_equal_forecasts_share_a_band():
    stated = np.array([0.3] * 80 + [0.4] * 20)
    bins = reliability(stated, np.arange(100) % 4 == 0)
    assert [(b.calls, b.stated) for b in bins] == [(80, pytest.approx(0.3)), (20, pytest.approx(0.4))]


def test_a_calibration_error_by_hand():
    """Half says 0.3 and is right in 4 of 10, half says 0.6 and is right in 6 of 10: 0.1 on half of the lines."""
    stated = np.repeat([0.3, 0.6], 10)
    came = np.concatenate([np.arange(10) < 4, np.arange(10) < 6])
    found = measure_calibration(stated, came, np.arange(20) % 5)
    assert found.error == pytest.approx(0.05)
    assert [b.came_true for b in found.bins] == [0.4, 0.6]
    assert all(b.came_low <= b.came_true <= b.came_high for b in found.bins)


def test_one_who_is_right_stays_within_noise_and_one_who_is_off_does_not():
    right, wrong = measure_calibration(*forecaster(150, 60, 0.0, 4)), measure_calibration(*forecaster(150, 60, 0.06, 2))
    assert right.error < right.noise_high
    assert wrong.error == pytest.approx(0.06, abs=0.01)
    assert wrong.error > wrong.noise_high
    assert wrong.low < wrong.error < wrong.high


def test_noise_grows_with_the_tide_and_with_fewer_weeks():
    calm, tidal = (
        measure_calibration(*forecaster(150, 60, 0.0, 3)),
        measure_calibration(*forecaster(150, 60, 0.0, 3, tide=0.1)),
    )
    short = measure_calibration(*forecaster(30, 60, 0.0, 3, tide=0.1))
    assert calm.noise < tidal.noise < short.noise


def test_one_who_is_right_passes_the_noise_about_once_in_twenty():
    passed = [
        found.error > found.noise_high
        for seed in range(120)
        for found in [measure_calibration(*forecaster(60, 20, 0.0, seed))]
    ]
    assert np.mean(passed) < 0.10


def test_the_spread_says_how_far_forecasts_part():
    stated = np.linspace(0, 1, 101)
    assert measure_calibration(stated, stated > 0.5, np.arange(101) % 10).spread == pytest.approx(0.8)
