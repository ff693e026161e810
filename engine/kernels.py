"""Whole-panel primitives: one vector operation over all tokens at a time, dates as the outer axis.

Every function takes and gives float64 (dates, tokens), NaN where nothing was observed. Row t depends on rows up to t
only. Window functions touch exactly the `window` calendar days that end with t and nothing before them (see
`engine/windows.py`); they need `least` observed days of those, by default four in five. Smoothers forget by the
calendar: a missing day counts as a day, so 400 days settle everything.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.panel import Flags, Matrix, Vector
from engine.windows import (
    known_days,
    window_count,
    window_cubes,
    window_extreme,
    window_highest,
    window_memory,
    window_place,
    window_products,
    window_sum,
)

BLOCK = 32  # days of one step of a recursion, about the root of a history
COVERAGE = 0.8  # share of a window that must have been observed


def least_of(window: int) -> int:
    """Days of `window` that must be observed: four in five, rounded up."""
    return math.ceil(COVERAGE * window)


def shift(x: Matrix, days: int) -> Matrix:
    """Value of `days` calendar days ago, days >= 0; NaN where the panel had not begun."""
    out = np.full_like(x, np.nan, dtype=np.float64)
    out[days:] = x[: len(x) - days] if days < len(x) else np.nan
    return out


def change(x: Matrix, days: int) -> Matrix:
    """x minus its value `days` calendar days ago."""
    return x - shift(x, days)


def growth(x: Matrix, days: int) -> Matrix:
    """Log growth over `days` calendar days; NaN unless both ends are positive."""
    return change(log(x), days)


def log(x: Matrix) -> Matrix:
    """Natural logarithm, NaN where x is not positive."""
    return np.log(np.where(x > 0, x, np.nan))


def ratio(a: Matrix, b: Matrix) -> Matrix:
    """a / b, NaN where b is 0 or the quotient is not a number."""
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        quotient: Matrix = a / b
    quotient[~np.isfinite(quotient)] = np.nan
    return quotient


def count(x: Matrix, window: int) -> Matrix:
    """Observed days among the last `window`."""
    return window_count(np.isfinite(x), window).astype(np.float64)


def rolling_sum(x: Matrix, window: int, least: int | None = None) -> Matrix:
    """Sum of the observed days, scaled up to a full window where some are missing."""
    return rolling_mean(x, window, least) * window


def rolling_mean(x: Matrix, window: int, least: int | None = None) -> Matrix:
    """Mean of the observed days."""
    known = known_days(x)
    return np.asarray(window_sum(_filled(x, known), window) / _enough(window_count(known, window), window, least))


def rolling_std(x: Matrix, window: int, least: int | None = None, ddof: int = 1) -> Matrix:
    """Standard deviation about the window's own mean."""
    seen, _, squares = window_products([x], [(0, 0)], window)
    return np.sqrt(ratio(squares, _enough(seen, window, least) - ddof))


def rolling_skew(x: Matrix, window: int, least: int | None = None) -> Matrix:
    """Skewness m3 / m2^1.5 about the window's own mean, NaN for a window without movement."""
    seen, _, squares, cubes = window_cubes(x, window)
    seen = _enough(seen, window, least)
    return ratio(ratio(cubes, seen), ratio(squares, seen) ** 1.5)


def rolling_mad(x: Matrix, window: int, least: int | None = None) -> Matrix:
    """Mean absolute deviation from the window's mean."""
    known = known_days(x)
    mean, seen = rolling_mean(x, window, least), window_count(known, window).astype(np.float64)
    total, off = (seen - window) * np.abs(mean), np.empty_like(mean)  # what a missing day, read as 0, adds below
    for lag in _lags(_filled(x, known), window, 0.0):
        total += np.abs(np.subtract(lag, mean, out=off), out=off)
    return ratio(total, seen)


def rolling_max(x: Matrix, window: int, least: int | None = None) -> Matrix:
    """Highest observed value."""
    return _gated(window_extreme(x, window, np.fmax), x, window, least)


def rolling_min(x: Matrix, window: int, least: int | None = None) -> Matrix:
    """Lowest observed value."""
    return _gated(window_extreme(x, window, np.fmin), x, window, least)


def rolling_top_mean(x: Matrix, window: int, many: int, least: int | None = None) -> Matrix:
    """Mean of the `many` highest observed values."""
    tops = window_highest(np.where(np.isfinite(x), x, -np.inf), window, many)
    return _gated(sum(tops[1:], tops[0]) / many, x, window, least)


def rolling_argmax(x: Matrix, window: int, least: int | None = None) -> Matrix:
    """Place of the highest value in the window, 0 the oldest day; of equals the oldest."""
    return _gated(window_place(np.where(np.isfinite(x), x, -np.inf), window), x, window, least)


def rolling_argmin(x: Matrix, window: int, least: int | None = None) -> Matrix:
    """Place of the lowest value in the window, 0 the oldest day; of equals the oldest."""
    return rolling_argmax(-x, window, least)


def rolling_rank(x: Matrix, window: int, least: int | None = None) -> Matrix:
    """Where today's value stands in its window: share of the other days below it, equals half; 0 to 1."""
    halves = np.zeros(x.shape, dtype=np.int16)
    for lag in _lags(x, window):
        halves += lag < x
        halves += lag <= x
    others = _enough(count(x, window), window, least) - 1
    return ratio(halves / 2 - 0.5, others) + 0.0 * x


def rolling_regression(y: Matrix, x: Matrix, window: int, least: int | None = None) -> tuple[Matrix, Matrix]:
    """Slope of y on x and their correlation, over the days on which both are known."""
    seen, _, _, xx, yy, xy = window_products([x, y], [(0, 0), (1, 1), (0, 1)], window)
    gap = 0.0 * _enough(seen, window, least)
    return ratio(xy, xx) + gap, np.clip(ratio(xy, np.sqrt(xx * yy)), -1, 1) + gap


def rolling_trend(x: Matrix, window: int, least: int | None = None) -> tuple[Matrix, Matrix]:
    """Slope a day of a straight line through the window, and its correlation with time."""
    return rolling_regression(x, np.arange(len(x), dtype=np.float64)[:, None], window, least)


def weighted_mean(x: Matrix, window: int, least: int | None = None) -> Matrix:
    """Linearly weighted mean, the newest day `window` times the oldest."""
    known = known_days(x)
    total, weights = (
        sum((place * lag for place, lag in enumerate(_lags(values, window, 0.0), start=1)), np.zeros(values.shape))
        for values in (_filled(x, known), known.astype(np.float64))
    )
    return _gated(ratio(total, weights), x, window, least)


def ema(x: Matrix, span: int) -> Matrix:
    """Exponential mean of the given span; as `ta` and charts have it once warm."""
    return _smooth(x, 2.0 / (span + 1.0), span)


def wilder(x: Matrix, window: int) -> Matrix:
    """Wilder's smoothing: exponential with weight 1 / window."""
    return _smooth(x, 1.0 / window, window)


def adaptive_mean(x: Matrix, gain: Matrix, window: int) -> Matrix:
    """Mean whose weight `gain` (0 to 1) varies by day, over `window` days so that it forgets its start."""
    known = np.isfinite(x)
    total, weights = window_memory(_filled(x, known), _filled(gain, known & np.isfinite(gain)), window)
    return np.where(known, ratio(total, weights), np.nan)


def run_length(codes: NDArray[np.int16]) -> Matrix:
    """Days since another code than the present one was last seen; codes below 0 are unknown; inf where none was.

    A window of that many days holds one code only.
    """
    rows = np.arange(len(codes))[:, None]
    last = np.maximum.accumulate(np.where(codes >= 0, rows, -1), axis=0)
    before = np.vstack([np.full((1, codes.shape[1]), -1), last[:-1]])  # the last day with a code, today left out
    previous = np.where(before >= 0, np.take_along_axis(codes, np.maximum(before, 0), axis=0), -1)
    changed = (codes >= 0) & (previous >= 0) & (codes != previous)
    other = np.maximum.accumulate(np.where(changed, before, -1), axis=0)
    return np.where(other >= 0, rows - other, np.inf)


def across_median(x: Matrix, members: Flags, least: int = 5) -> Vector:
    """Median over the members of each date; NaN with fewer than `least` of them known."""
    ordered = np.sort(np.where(members, x, np.nan), axis=1)  # NaN sorts last
    seen = np.isfinite(ordered).sum(axis=1)
    low, high = np.maximum(seen - 1, 0) // 2, np.minimum(seen // 2, x.shape[1] - 1)
    rows = np.arange(len(x))
    return np.where(seen >= least, (ordered[rows, low] + ordered[rows, high]) / 2, np.nan)


def across_mean(x: Matrix, members: Flags, least: int = 5) -> Vector:
    """Mean over the members of each date; NaN with fewer than `least` of them known."""
    known = members & np.isfinite(x)
    seen = known.sum(axis=1)
    total = np.where(known, x, 0.0).sum(axis=1)
    return np.where(seen >= least, total / np.maximum(seen, 1), np.nan)


def _smooth(x: Matrix, weight: float, warm: int) -> Matrix:
    """Exponential recursion, weights by calendar age, known once four in five of the last warm / 0.8 days were seen."""
    known, keep = known_days(x), 1.0 - weight
    warmed = known & (window_count(known, math.ceil(warm / COVERAGE)) >= warm)
    sums, weights = _decaying_sum(_filled(x, known), keep), _decaying_sum(known, keep)
    return np.asarray(sums / np.where(warmed, weights, np.nan))


def _decaying_sum(x: NDArray[Any], keep: float) -> Matrix:
    """Sum over all days up to each, a day's part shrinking by `keep` a day: first inside blocks of days, all of them at
    once, then from block to block."""
    days, columns = x.shape
    blocks = np.zeros((math.ceil(days / BLOCK), BLOCK, columns))
    total = blocks.reshape(-1, columns)[:days]
    total[:] = x
    for day in range(1, BLOCK):
        blocks[:, day] += keep * blocks[:, day - 1]
    fading = (keep ** np.arange(1, BLOCK + 1))[:, None]
    for before, now in pairwise(blocks):
        now += fading * before[-1]
    return total


def _lags(x: Matrix, window: int, fill: float = np.nan) -> Iterator[Matrix]:
    """Views of x shifted by window - 1 ... 0 days, the oldest first."""
    padded = np.vstack([np.full((window - 1, x.shape[1]), fill), x])
    return (padded[place : place + len(x)] for place in range(window))


def _filled(x: Matrix, known: Flags) -> Matrix:
    """x with 0 where it is not known."""
    return x if known.all() else np.where(known, x, 0.0)


def _enough(seen: NDArray[Any], window: int, least: int | None) -> Matrix:
    """The count where it suffices, NaN elsewhere."""
    return np.where(seen >= (least_of(window) if least is None else least), seen, np.nan)


def _gated(values: NDArray[Any], x: Matrix, window: int, least: int | None) -> Matrix:
    """Values where enough days of x were observed, NaN elsewhere."""
    return np.asarray(values + 0.0 * _enough(window_count(known_days(x), window), window, least))
