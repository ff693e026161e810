"""Folding windows: what a strip, a shortcut or an order of magnitude must not change."""

from __future__ import annotations

import numpy as np
import pytest

from engine import kernels as k
from engine.windows import STRIP, fold, known_days, window_memory, window_products

KERNELS = {
    "mean": lambda x: k.rolling_mean(x, 13),
    "std": lambda x: k.rolling_std(x, 13),
    "skew": lambda x: k.rolling_skew(x, 13),
    "mad": lambda x: k.rolling_mad(x, 13),
    "max": lambda x: k.rolling_max(x, 13),
    "place": lambda x: k.rolling_argmax(x, 13),
    "slope": lambda x: k.rolling_trend(x, 13)[0],
    "regression": lambda x: k.rolling_regression(x, k.shift(x, 1), 13)[0],
    "weighted": lambda x: k.weighted_mean(x, 13),
    "ema": lambda x: k.ema(x, 13),
    "adaptive": lambda x: k.adaptive_mean(x, np.full_like(x, 0.2), 13),
}


def _matrix(columns: int, gaps: bool) -> np.ndarray:
    rng = np.random.default_rng(9)
    x = rng.normal(100, 3, (90, columns))
    if gaps:
        x[rng.uniform(size=x.shape) < 0.08] = np.nan
    return x


@pytest.mark.parametrize("gaps", [False, True])
@pytest.mark.parametrize("name", KERNELS)
def test_a_token_has_the_same_value_alone_and_among_many(name: str, gaps: bool) -> None:
    """Neither the strips nor what all tokens have in common may show."""
    x = _matrix(2 * STRIP + 1, gaps)
    whole = KERNELS[name](x)
    assert whole.shape == x.shape and np.isfinite(whole).mean() > 0.5
    for column in (0, STRIP - 1, STRIP, 2 * STRIP):
        alone = KERNELS[name](x[:, [column]])[:, 0]
        np.testing.assert_array_equal(np.isnan(whole[:, column]), np.isnan(alone))
        np.testing.assert_allclose(whole[:, column], alone, rtol=1e-12)


@pytest.mark.parametrize("name", KERNELS)
def test_one_token_with_a_hole_changes_no_other(name: str) -> None:
    """The shortcut for days that all tokens miss gives what the long way gives."""
    x = _matrix(5, gaps=False)
    short = KERNELS[name](x)
    x[40, 4] = np.nan
    np.testing.assert_allclose(KERNELS[name](x)[:, :4], short[:, :4], rtol=1e-12)


@pytest.mark.parametrize("window", range(1, 20))
def test_every_row_of_a_window_is_joined_once_and_in_order(window: int) -> None:
    """Text shows the order that sums hide."""
    letters = np.array([[chr(65 + i)] for i in range(26)], dtype=object)
    (words,) = fold((letters,), ("",), window, lambda older, newer: (older[0] + newer[0],))
    for t in range(26):
        assert words[t, 0] == "".join(letters[max(0, t - window + 1) : t + 1, 0])


def test_days_that_all_tokens_miss_are_told_by_one_column() -> None:
    x = np.ones((4, 3))
    x[0] = np.nan
    assert known_days(x).tolist() == [[False], [True], [True], [True]]
    x[2, 1] = np.nan
    assert known_days(x).shape == x.shape
    assert known_days(np.ones((4, 3)), x).shape == x.shape


def test_a_window_that_does_not_move_has_exactly_no_deviation() -> None:
    x = np.full((50, 2), 0.1)
    x[[7, 30], 0] = np.nan
    _, mean, squares = window_products([x], [(0, 0)], 12)
    assert (squares == 0).all()
    assert (mean[12:] == 0.1).all()


def test_products_survive_a_common_level_a_billion_times_their_size() -> None:
    rng = np.random.default_rng(4)
    x, y = rng.normal(size=(2, 80, 1))
    slope, correlation = k.rolling_regression(1e9 + y, 1e9 + x, 30)
    a, b = (1e9 + x)[-30:, 0] - 1e9, (1e9 + y)[-30:, 0] - 1e9
    assert slope[-1, 0] == pytest.approx(np.polyfit(a, b, 1)[0], rel=1e-6)
    assert correlation[-1, 0] == pytest.approx(np.corrcoef(a, b)[0, 1], rel=1e-6)


def test_a_memory_is_the_recursion_begun_at_the_window() -> None:
    rng = np.random.default_rng(2)
    x, gain = rng.normal(size=(60, 1)), rng.uniform(0, 1, (60, 1))
    total, weights = window_memory(x, gain, 25)
    mean = left = 0.0
    for value, share in zip(x[-25:, 0], gain[-25:, 0], strict=True):
        mean, left = mean + share * (value - mean), left + share * (1 - left)
    assert total[-1, 0] == pytest.approx(mean)
    assert weights[-1, 0] == pytest.approx(left)
