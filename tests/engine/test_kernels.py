from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from engine import kernels as k

NAN = float("nan")


def _matrix(rows: int = 60, columns: int = 5, seed: int = 3) -> np.ndarray:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, columns))
    x[rng.uniform(size=x.shape) < 0.15] = np.nan
    x[:20, 1] = np.nan
    return x


def _brute(x: np.ndarray, window: int, least: int, of: Callable[[np.ndarray], float]) -> np.ndarray:
    out = np.full(x.shape, np.nan)
    for t in range(len(x)):
        for j in range(x.shape[1]):
            part = x[max(0, t - window + 1) : t + 1, j]
            part = part[np.isfinite(part)]
            if len(part) >= least:
                out[t, j] = of(part)
    return out


def _skew(v: np.ndarray) -> float:
    return float(((v - v.mean()) ** 3).mean() / ((v - v.mean()) ** 2).mean() ** 1.5)


WINDOWED = {
    "mean": (k.rolling_mean, np.mean),
    "std": (k.rolling_std, lambda v: np.std(v, ddof=1)),
    "min": (k.rolling_min, np.min),
    "max": (k.rolling_max, np.max),
    "mad": (k.rolling_mad, lambda v: np.abs(v - v.mean()).mean()),
    "skew": (k.rolling_skew, _skew),
    "top two": (lambda x, *a: k.rolling_top_mean(x, a[0], 2, *a[1:]), lambda v: np.sort(v)[-2:].mean()),
}


@pytest.mark.parametrize("window", [3, 7, 14, 25])
@pytest.mark.parametrize("name", WINDOWED)
def test_a_window_function_is_what_a_loop_over_the_window_gives(name: str, window: int) -> None:
    kernel, loop = WINDOWED[name]
    x, least = _matrix(), k.least_of(window)
    np.testing.assert_allclose(kernel(x, window, least), _brute(x, window, least, loop), rtol=1e-10, atol=1e-12)


def test_the_place_of_an_extreme_is_counted_from_the_oldest_day_and_the_oldest_of_equals_wins() -> None:
    x = np.array([[1.0], [5.0], [5.0], [2.0], [0.0]])
    assert k.rolling_argmax(x, 3)[2:, 0].tolist() == [1.0, 0.0, 0.0]
    assert k.rolling_argmin(x, 3)[2:, 0].tolist() == [0.0, 2.0, 2.0]


def test_a_rank_is_the_share_of_the_other_days_below() -> None:
    x = np.array([[3.0], [1.0], [2.0], [2.0], [9.0]])
    ranks = k.rolling_rank(x, 4)[:, 0]
    assert ranks[3] == pytest.approx((1 + 0.5) / 3)
    assert ranks[4] == 1.0


def test_a_regression_is_that_of_numpy_on_the_days_both_are_known() -> None:
    y, x = _matrix(seed=1), _matrix(seed=2)
    slope, correlation = k.rolling_regression(y, x, 40, 10)
    both = np.isfinite(y[-40:, 0]) & np.isfinite(x[-40:, 0])
    a, b = y[-40:, 0][both], x[-40:, 0][both]
    assert slope[-1, 0] == pytest.approx(np.polyfit(b, a, 1)[0])
    assert correlation[-1, 0] == pytest.approx(np.corrcoef(a, b)[0, 1])


def test_a_trend_is_the_line_that_numpy_fits() -> None:
    x = np.random.default_rng(0).normal(size=(90, 2)).cumsum(axis=0)
    slope, correlation = k.rolling_trend(x, 60)
    assert slope[-1, 1] == pytest.approx(np.polyfit(np.arange(60), x[-60:, 1], 1)[0])
    assert correlation[-1, 1] == pytest.approx(np.corrcoef(np.arange(60), x[-60:, 1])[0, 1])


def test_weights_grow_linearly_to_the_newest_day() -> None:
    x = np.array([[1.0], [10.0], [100.0]])
    assert k.weighted_mean(x, 3)[-1, 0] == pytest.approx((1 + 2 * 10 + 3 * 100) / 6)


def test_a_deviation_survives_a_price_that_falls_by_six_orders_of_magnitude() -> None:
    rng = np.random.default_rng(5)
    x = np.concatenate([1e6 * rng.uniform(0.9, 1.1, 100), rng.uniform(0.9, 1.1, 100)])[:, None]
    assert k.rolling_std(x, 20, ddof=0)[-1, 0] == pytest.approx(np.std(x[-20:, 0]), rel=1e-12)
    assert k.rolling_mean(x, 20)[-1, 0] == pytest.approx(np.mean(x[-20:, 0]), rel=1e-12)


def test_a_window_remembers_nothing_from_before_it() -> None:
    x = _matrix(200)
    wild = x.copy()
    wild[:150] *= 1e12
    for kernel, _ in WINDOWED.values():
        np.testing.assert_array_equal(kernel(x, 30)[-20:], kernel(wild, 30)[-20:])


def test_a_window_with_less_than_four_in_five_days_says_nothing() -> None:
    x = np.ones((10, 1))
    x[7:9] = np.nan
    assert np.isfinite(k.rolling_mean(x, 10)[-1, 0])
    x[6] = np.nan
    assert np.isnan(k.rolling_mean(x, 10)[-1, 0])


def test_a_lag_is_counted_in_calendar_days_not_in_candles() -> None:
    x = np.array([[1.0], [NAN], [4.0], [8.0]])
    assert k.change(x, 2)[2, 0] == 3.0
    assert np.isnan(k.change(x, 1)[2, 0])
    assert np.isnan(k.shift(x, 9)).all()


def test_growth_of_what_is_not_positive_is_unknown() -> None:
    assert np.isnan(k.growth(np.array([[0.0], [2.0]]), 1)).all()
    assert np.isnan(k.growth(np.array([[-1.0], [2.0]]), 1)).all()


def test_smoothing_is_that_of_the_textbook_once_warm() -> None:
    x = np.random.default_rng(0).normal(10, 1, (300, 1))
    state = x[0, 0]
    for value in x[1:, 0]:
        state += 2 / 13 * (value - state)
    assert k.ema(x, 12)[-1, 0] == pytest.approx(state, rel=1e-12)
    state = x[0, 0]
    for value in x[1:, 0]:
        state += (value - state) / 14
    assert k.wilder(x, 14)[-1, 0] == pytest.approx(state, rel=1e-8)


def test_smoothing_is_silent_on_a_missing_day_and_until_warm_again_after_a_hole() -> None:
    x = np.ones((120, 1))
    x[50] = np.nan
    x[60:100] = np.nan
    smooth = k.ema(x, 10)[:, 0]
    assert np.isnan(smooth[:9]).all() and smooth[9] == 1.0
    assert np.isnan(smooth[50]) and smooth[51] == 1.0
    assert np.isnan(smooth[60:109]).all() and smooth[109] == 1.0


def test_an_adaptive_mean_with_a_constant_gain_is_an_exponential_one() -> None:
    x = np.random.default_rng(0).normal(10, 1, (200, 1))
    assert k.adaptive_mean(x, np.full_like(x, 0.3), 100)[-1, 0] == pytest.approx(x[-1, 0] * 0.3 + 0.7 * (
        k.adaptive_mean(x, np.full_like(x, 0.3), 100)[-2, 0]))  # fmt: skip


def test_a_run_is_counted_from_the_last_day_of_another_code() -> None:
    codes = np.array([[0], [0], [-1], [1], [1], [-1], [0]], dtype=np.int16)
    assert k.run_length(codes)[:, 0].tolist() == [np.inf, np.inf, np.inf, 2, 3, 4, 2]


def test_medians_and_means_across_tokens_need_five_members() -> None:
    x = np.array([[1.0, 2.0, 3.0, 4.0, 100.0, NAN], [1.0, 2.0, 3.0, NAN, NAN, NAN]])
    everyone = np.ones(x.shape, dtype=bool)
    assert k.across_median(x, everyone)[0] == 3.0
    assert k.across_mean(x, everyone)[0] == 22.0
    assert np.isnan(k.across_median(x, everyone)[1]) and np.isnan(k.across_mean(x, everyone)[1])
    assert k.across_median(x[:, :4], everyone[:, :4], least=2)[0] == 2.5
