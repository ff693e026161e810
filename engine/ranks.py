"""Ranks with ties shared, the one way ranks are made here."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def average_ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """1 for the smallest to n for the largest of finite values (n,), equal values sharing their mean rank."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    middle = np.cumsum(counts) - (counts - 1) / 2
    ranks: NDArray[np.float64] = middle[inverse]
    return ranks


def column_ranks(values: NDArray[np.float64], least: int = 2) -> NDArray[np.float64]:
    """Rank the finite values of each column, -1 the lowest to 1 the highest, equal ones sharing their mean rank.

    `values` (rows, columns); NaN where not finite, and in a whole column of fewer than `least` finite values.
    """
    rows = np.arange(len(values), dtype=np.float64)[:, None]
    order = np.argsort(np.where(np.isfinite(values), values, np.inf), axis=0)  # what is not finite comes last
    ordered = np.take_along_axis(values, order, axis=0)
    begins = np.vstack([np.ones((1, values.shape[1]), dtype=bool), ordered[1:] != ordered[:-1]])
    ends = np.vstack([begins[1:], np.ones((1, values.shape[1]), dtype=bool)])
    first = np.maximum.accumulate(np.where(begins, rows, 0.0), axis=0)
    last = np.minimum.accumulate(np.where(ends, rows, np.inf)[::-1], axis=0)[::-1]
    seen = np.isfinite(values).sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        scaled = (first + last) / (seen - 1) - 1
    out = np.full(values.shape, np.nan)
    np.put_along_axis(out, order, np.where((rows < seen) & (seen >= least), scaled, np.nan), axis=0)
    return out
