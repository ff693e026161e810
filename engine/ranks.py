"""Ranks with ties shared, the one way ranks are made here."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LEAST = 5  # fewer known values make no order


def average_ranks(values: Floats) -> Floats:
    """1 for the smallest to n for the largest of finite values (n,), equal values sharing their mean rank."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    middle = np.cumsum(counts) - (counts - 1) / 2
    ranks: Floats = middle[inverse]
    return ranks


def centred_ranks(values: Floats) -> Floats:
    """Average ranks of finite values (n,) scaled to [-0.5, 0.5], the middle at 0."""
    ranks: Floats = (average_ranks(values) - 0.5) / len(values) - 0.5
    return ranks


def column_ranks(values: Floats, least: int = 2) -> Floats:
    """Rank the finite values of each column, -1 the lowest to 1 the highest, equal ones sharing their mean rank.

    `values` (rows, columns); NaN where not finite, and in a whole column of fewer than `least` finite values.
    """
    places, seen = _places(values)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(seen >= least, places / (seen - 1) - 1, np.nan)


def within_week_ranks(values: Floats, member: NDArray[np.bool_]) -> Floats:
    """Rank each column among the members of one week to [-0.5, 0.5], ties shared, missing at 0 (the middle).

    `values` (tokens, features), `member` (tokens,); who is no member, and a column fewer than LEAST know, is at 0.
    """
    places, seen = _places(np.where(member[:, None], values, np.nan))
    with np.errstate(invalid="ignore", divide="ignore"):
        ranks = (places + 1) / (2 * seen) - 0.5
    return np.where((seen >= LEAST) & np.isfinite(ranks), ranks, 0.0)


def _places(values: Floats) -> tuple[Floats, NDArray[np.intp]]:
    """(first + last place of each finite value's equals in its column, from 0, NaN where not finite; how many)."""
    rows = np.arange(len(values), dtype=np.float64)[:, None]
    order = np.argsort(np.where(np.isfinite(values), values, np.inf), axis=0)  # what is not finite comes last
    ordered = np.take_along_axis(values, order, axis=0)
    begins = np.vstack([np.ones((1, values.shape[1]), dtype=bool), ordered[1:] != ordered[:-1]])
    ends = np.vstack([begins[1:], np.ones((1, values.shape[1]), dtype=bool)])
    first = np.maximum.accumulate(np.where(begins, rows, 0.0), axis=0)
    last = np.minimum.accumulate(np.where(ends, rows, np.inf)[::-1], axis=0)[::-1]
    seen = np.isfinite(values).sum(axis=0)
    out = np.full(values.shape, np.nan)
    np.put_along_axis(out, order, np.where(rows < seen, first + last, np.nan), axis=0)
    return out, seen
