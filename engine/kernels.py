"""Whole-panel primitives: one vector operation over all tokens at a time, dates as the outer axis.

Every function takes and gives float64 (dates, tokens), NaN where nothing was observed. Row t depends on rows up to t
only. Window functions touch exactly the `window` calendar days that end with t and nothing before them (no running
sums, whose rounding remembers a price six orders of magnitude higher); they need `least` observed days of those, by
default four in five. Smoothers forget by the calendar: a missing day counts as a day, so 400 days settle everything.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from engine.panel import Flags, Matrix, Vector

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
        quotient = a / b
    return np.where(np.isfinite(quotient), quotient, np.nan)


def count(x: Matrix, window: int) -> Matrix:
    """Observed days among the last `window`."""
    return _window_sum(np.isfinite(x).astype(np.float64), window)


def rolling_sum(x: Matrix, window: int, least: int | None = None) -> Matrix:
    """Sum of the observed days, scaled up to a full window where some are missing."""
    return rolling_mean(x, window, least) * window


def rolling_mean(x: Matrix, window: int, least: int | None = None) -> Matrix:
    """Mean of the observed days."""
    seen = count(x, window)
    return ratio(_window_sum(_zeroed(x), window), _enough(seen, window, least))


def rolling_std(x: Matrix, window: int, least: int | None = None, ddof: int = 1) -> Matrix:
    """Standard deviation in two passes: the window's own mean first."""
    squares, _ = _central_moments(x, window)
    return np.sqrt(ratio(squares, _enough(count(x, window), window, least) - ddof))


def rolling_skew(x: Matrix, window: int, least: int | None = None) -> Matrix:
    """Skewness m3 / m2^1.5 in two passes, NaN for a window without movement."""
    seen = _enough(count(x, window), window, least)
    squares, cubes = _central_moments(x, window, third=True)
    return ratio(ratio(cubes, seen), ratio(squares, seen) ** 1.5)


def rolling_mad(x: Matrix, window: int, least: int | None = None) -> Matrix:
    """Mean absolute deviation from the window's mean."""
    mean = rolling_mean(x, window, least)
    total = np.zeros_like(mean)
    for off in _offsets(x, mean, window):
        total += np.abs(off, out=off)
    return ratio(total, _enough(count(x, window), window, least))


def rolling_max(x: Matrix, window: int, least: int | None = None) -> Matrix:
    """Highest observed value."""
    return _window_extreme(x, window, least, np.fmax)


def rolling_min(x: Matrix, window: int, least: int | None = None) -> Matrix:
    """Lowest observed value."""
    return _window_extreme(x, window, least, np.fmin)


def rolling_argmax(x: Matrix, window: int, least: int | None = None) -> Matrix:
    """Place of the highest value in the window, 0 the oldest day; of equals the oldest."""
    best, place = np.full_like(x, -np.inf), np.full_like(x, np.nan)
    for position, lag in enumerate(_lags(x, window)):
        higher = lag > best
        np.copyto(best, lag, where=higher)
        place[higher] = position
    return place + 0.0 * _enough(count(x, window), window, least)


def rolling_argmin(x: Matrix, window: int, least: int | None = None) -> Matrix:
    """Place of the lowest value in the window, 0 the oldest day; of equals the oldest."""
    return rolling_argmax(-x, window, least)


def rolling_rank(x: Matrix, window: int, least: int | None = None) -> Matrix:
    """Where today's value stands in its window: share of the other days below it, equals half; 0 to 1."""
    below = np.zeros_like(x)
    for lag in _lags(x, window):
        below += (lag < x) + 0.5 * (lag == x)
    others = _enough(count(x, window), window, least) - 1
    return ratio(below - 0.5, others) + 0.0 * x


def rolling_regression(y: Matrix, x: Matrix, window: int, least: int | None = None) -> tuple[Matrix, Matrix]:
    """Slope of y on x and their correlation, in two passes over the days on which both are known."""
    known = np.isfinite(y) & np.isfinite(x)
    y, x = np.where(known, y, np.nan), np.where(known, x, np.nan)
    mean_y, mean_x = rolling_mean(y, window, least), rolling_mean(x, window, least)
    xx, yy, xy = (np.zeros_like(mean_y) for _ in range(3))
    for off_y, off_x in zip(_offsets(y, mean_y, window), _offsets(x, mean_x, window), strict=True):
        xy += off_x * off_y
        xx += np.square(off_x, out=off_x)
        yy += np.square(off_y, out=off_y)
    gap = 0.0 * mean_y
    return ratio(xy, xx) + gap, np.clip(ratio(xy, np.sqrt(xx * yy)), -1, 1) + gap


def rolling_trend(x: Matrix, window: int, least: int | None = None) -> tuple[Matrix, Matrix]:
    """Slope a day of a straight line through the window, and its correlation with time."""
    days = np.broadcast_to(np.arange(len(x), dtype=np.float64)[:, None], x.shape)
    return rolling_regression(x, days, window, least)


def weighted_mean(x: Matrix, window: int, least: int | None = None) -> Matrix:
    """Linearly weighted mean, the newest day `window` times the oldest."""
    total, weights = np.zeros_like(x), np.zeros_like(x)
    lags = zip(_lags(_zeroed(x), window, 0.0), _lags(np.isfinite(x).astype(np.float64), window, 0.0), strict=True)
    for position, (lag, seen) in enumerate(lags, start=1):
        total += position * lag
        weights += position * seen
    return ratio(total, weights) + 0.0 * _enough(count(x, window), window, least)


def ema(x: Matrix, span: int) -> Matrix:
    """Exponential mean of the given span; as `ta` and charts have it once warm."""
    return _smooth(x, 2.0 / (span + 1.0), span)


def wilder(x: Matrix, window: int) -> Matrix:
    """Wilder's smoothing: exponential with weight 1 / window."""
    return _smooth(x, 1.0 / window, window)


def adaptive_mean(x: Matrix, gain: Matrix, window: int) -> Matrix:
    """Mean whose weight `gain` (0 to 1) varies by day, over `window` days so that it forgets its start."""
    total, weights, left = np.zeros_like(x), np.zeros_like(x), np.ones_like(x)
    gain = np.where(np.isfinite(x), _zeroed(gain), 0.0)
    lags = zip(_lags(_zeroed(x), window, 0.0, True), _lags(gain, window, 0.0, True), strict=True)
    for lag, share in lags:
        weight = left * share
        left -= weight
        weights += weight
        total += np.multiply(weight, lag, out=weight)
    return np.where(np.isfinite(x), ratio(total, weights), np.nan)


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
    known = np.isfinite(x)
    filled, keep = np.where(known, x, 0.0), 1.0 - weight
    sums, weights = np.empty_like(filled), np.empty_like(filled)
    total, mass = np.zeros(x.shape[1]), np.zeros(x.shape[1])
    for t in range(len(x)):
        total = keep * total + weight * filled[t]
        mass = keep * mass + weight * known[t]
        sums[t], weights[t] = total, mass
    warmed = known & (count(x, math.ceil(warm / COVERAGE)) >= warm)
    return np.where(warmed, ratio(sums, weights), np.nan)


def _lags(x: Matrix, window: int, fill: float = np.nan, newest_first: bool = False) -> Iterator[Matrix]:
    """Views of x shifted by window - 1 ... 0 days, the oldest first."""
    padded = np.vstack([np.full((window - 1, x.shape[1]), fill), x])
    places = range(window)
    return (padded[place : place + len(x)] for place in (reversed(places) if newest_first else places))


def _window_sum(x: Matrix, window: int) -> Matrix:
    """Sum of exactly `window` rows by doubling: sums of 1, 2, 4 ... days put side by side."""
    total, reach, block, size = np.zeros_like(x), 0, x, 1
    while True:
        if window & size:
            total = total + _delayed(block, reach)
            reach += size
        if reach == window:
            return total
        block = block + _delayed(block, size)
        size *= 2


def _window_extreme(x: Matrix, window: int, least: int | None, pick: Callable[[Matrix, Matrix], Matrix]) -> Matrix:
    """Extreme by doubling; two overlapping blocks cover any window."""
    block, size = x, 1
    while 2 * size <= window:
        block = pick(block, shift(block, size))
        size *= 2
    return pick(block, shift(block, window - size)) + 0.0 * _enough(count(x, window), window, least)


def _central_moments(x: Matrix, window: int, third: bool = False) -> tuple[Matrix, Matrix]:
    mean = ratio(_window_sum(_zeroed(x), window), count(x, window))
    squares, cubes = np.zeros_like(mean), np.zeros_like(mean)
    for off in _offsets(x, mean, window):
        square = off * off
        squares += square
        if third:
            cubes += np.multiply(square, off, out=square)
    return squares, cubes


def _offsets(x: Matrix, mean: Matrix, window: int) -> Iterator[Matrix]:
    """Distance of each day of the window from the window's mean, the oldest first; 0 for a day not observed.

    The matrix handed out is used again for the next day.
    """
    off = np.empty_like(mean)
    days = zip(_lags(_zeroed(x), window, 0.0), _lags(np.isfinite(x).astype(np.float64), window, 0.0), strict=True)
    for lag, seen in days:
        np.subtract(lag, mean, out=off)
        yield np.multiply(off, seen, out=off)


def _delayed(x: Matrix, days: int) -> Matrix:
    """Shift that fills with 0."""
    if days == 0:
        return x
    return np.vstack([np.zeros((min(days, len(x)), x.shape[1])), x[: max(len(x) - days, 0)]])


def _zeroed(x: Matrix) -> Matrix:
    return np.where(np.isfinite(x), x, 0.0)


def _enough(seen: Matrix, window: int, least: int | None) -> Matrix:
    """The count where it suffices, NaN elsewhere."""
    return np.where(seen >= (least_of(window) if least is None else least), seen, np.nan)
