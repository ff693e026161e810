"""Finds tokens that move so much like a larger one that holding both would be one bet held twice."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.panel import Flags, Matrix
from engine.threads import one_thread

ALIKE = 0.95  # correlation of daily log returns over half a year from which the smaller goes (a published rule)
ALIKE_DAYS = 180
COMMON_DAYS = 150  # so many of them must be common to both
FLAT = 1e-9  # a deviation below this a day is no movement to compare


def alike(close: Matrix, among: Flags) -> NDArray[np.bool_]:
    """Which pairs of the tokens in `among` (tokens,) correlate at ALIKE or more; shape (tokens, tokens), never itself.

    `close` are the last ALIKE_DAYS + 1 closes (fewer are taken as they are). Each pair is compared on the days that
    both have a return, by four matrix products for all pairs at once.
    """
    pairs = np.zeros((len(among), len(among)), dtype=np.bool_)
    columns = np.flatnonzero(among)
    if len(close) <= COMMON_DAYS or len(columns) < 2:
        return pairs
    returns = _log_returns(close[-ALIKE_DAYS - 1 :, columns])
    with one_thread():
        pairs[np.ix_(columns, columns)] = _correlations(returns) >= ALIKE
    np.fill_diagonal(pairs, False)
    return pairs


def larger_twins(pairs: NDArray[np.bool_], order: Sequence[int] | NDArray[np.intp]) -> dict[int, int]:
    """{column that goes: the larger one it moves like}, walking `order` (largest first): only who is kept drops others.

    A token alike to one that was itself dropped stays: the chain is cut where it begins.
    """
    columns = np.asarray(order, dtype=np.intp)
    close = pairs[np.ix_(columns, columns)]
    gone: dict[int, int] = {}
    for k in np.flatnonzero(close.any(axis=1)):
        larger = [int(columns[m]) for m in np.flatnonzero(close[k, :k]) if int(columns[m]) not in gone]
        if larger:
            gone[int(columns[k])] = larger[0]
    return gone


def _log_returns(close: Matrix) -> Matrix:
    """Daily log returns, NaN where one of the two closes is missing or no price."""
    logs = np.log(np.where(np.isfinite(close) & (close > 0), close, np.nan))
    returns: Matrix = np.diff(logs, axis=0)
    return returns


def _correlations(returns: Matrix) -> Matrix:
    """Correlation of every two columns over their common days; -1 where these are too few or one does not move."""
    seen = np.isfinite(returns)
    there = seen.astype(np.float64)
    count = np.maximum(there.sum(axis=0), 1.0)
    x = np.where(seen, returns, 0.0)
    x = np.where(seen, x - x.sum(axis=0) / count, 0.0)  # centred first, so that sums of squares keep their digits
    common = there.T @ there
    days = np.maximum(common, 1.0)
    sums = x.T @ there  # [i, j]: sum of i over the days common with j
    squares = (x * x).T @ there
    covariance = x.T @ x / days - sums * sums.T / days**2
    variance = np.maximum(squares / days - (sums / days) ** 2, 0.0)
    scale = np.sqrt(variance * variance.T)
    enough = (common >= COMMON_DAYS) & (variance > FLAT**2) & (variance.T > FLAT**2)
    return np.where(enough, covariance / np.where(enough, scale, 1.0), -1.0)
