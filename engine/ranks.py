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


def within_week_ranks(values: Floats, member: NDArray[np.bool_]) -> Floats:
    """Rank each column among the members of one week to [-0.5, 0.5], ties shared, missing at 0 (the middle).

    `values` (tokens, features), `member` (tokens,); who is no member, and a column fewer than LEAST know, is at 0.
    """
    out = np.zeros(values.shape)
    for j in range(values.shape[1]):
        column = values[:, j]
        known = np.flatnonzero(member & np.isfinite(column))
        if len(known) >= LEAST:
            out[known, j] = centred_ranks(column[known])
    return out
