"""The relative head: which token beats its peers over the next seven days; L2 logistic regression on weekly ranks."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.ranks import average_ranks

Floats = NDArray[np.float64]

INVERSE_PENALTY = 0.02  # C: some 150 effective rows against 60 coefficients; chosen before looking
MIN_WEEKS = 26


def within_week_ranks(values: Floats, member: NDArray[np.bool_]) -> Floats:
    """Rank each column among the members of one week to [-0.5, 0.5], ties shared, missing at 0 (the middle).

    `values` (tokens, features), `member` (tokens,); non-members come out as ranked among the members would be: 0.
    """
    out = np.zeros(values.shape)
    for j in range(values.shape[1]):
        column = values[:, j]
        known = np.flatnonzero(member & np.isfinite(column))
        if len(known) >= 5:
            out[known, j] = _centred_ranks(column[known])
    return out


def _centred_ranks(x: Floats) -> Floats:
    """Average ranks scaled to [-0.5, 0.5]."""
    ranks: Floats = (average_ranks(x) - 0.5) / len(x) - 0.5
    return ranks


@dataclass(frozen=True, eq=False)
class RelativeHead:
    """Coefficients (features,) on within-week ranks; the score is log odds of beating the median peer."""

    names: tuple[str, ...]
    coefficients: Floats

    def contributions(self, ranks: Floats) -> Floats:
        """Each feature's part of the log odds; shape as `ranks`."""
        parts: Floats = ranks * self.coefficients
        return parts

    def log_odds(self, ranks: Floats) -> Floats:
        total: Floats = ranks @ self.coefficients
        return total


def fit_relative(names: tuple[str, ...], weeks: list[tuple[Floats, Floats]]) -> RelativeHead | None:
    """Fit on weeks of (ranks (n, features), forward returns (n,)), all weeks weighing the same.

    The target is soft: a token that beat 80 % of its peers counts as 0.8 of a win and 0.2 of a loss, which uses the
    whole order of the week and not just its halves. None with fewer than MIN_WEEKS weeks.
    """
    from sklearn.linear_model import LogisticRegression

    if len(weeks) < MIN_WEEKS:
        return None
    x = np.vstack([ranks for ranks, _ in weeks])
    beaten = np.concatenate([_centred_ranks(forward) + 0.5 for _, forward in weeks])
    weight = np.concatenate([np.full(len(forward), 1.0 / len(forward)) for _, forward in weeks])
    weight *= len(weight) / weight.sum()
    model = LogisticRegression(C=INVERSE_PENALTY, fit_intercept=False, solver="newton-cholesky", tol=1e-8)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a fit that does not converge is a failure, not a footnote
        model.fit(
            np.vstack([x, x]), np.repeat([1, 0], len(x)), np.concatenate([weight * beaten, weight * (1 - beaten)])
        )
    return RelativeHead(names, model.coef_[0].copy())
