"""Regularised logistic regression on within-week ranks: the member whose every coefficient can be read."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from engine.models.member import Examples, Floats

INVERSE_PENALTY = 0.02  # C: some 150 effective weeks against 110 coefficients; chosen before looking


@dataclass(frozen=True, eq=False)
class Logistic:
    """Coefficients (features,) on within-week ranks; no intercept, because the middle of every rank is an even bet."""

    coefficients: Floats

    def log_odds(self, ranks: Floats) -> Floats:
        total: Floats = ranks @ self.coefficients
        return total

    def contributions(self, ranks: Floats) -> Floats:
        """Each feature's part of the log odds; shape as `ranks`."""
        parts: Floats = ranks * self.coefficients
        return parts


def fit_logistic(examples: Examples) -> Logistic:
    """Fit on soft targets: each row counts as `beaten` of a win and the rest of a loss."""
    from sklearn.linear_model import LogisticRegression

    rows = len(examples.ranks)
    model = LogisticRegression(C=INVERSE_PENALTY, fit_intercept=False, solver="newton-cholesky", tol=1e-8)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a fit that does not converge is a failure, not a footnote
        model.fit(
            np.vstack([examples.ranks, examples.ranks]),
            np.repeat([1, 0], rows),
            np.concatenate([examples.weight * examples.beaten, examples.weight * (1 - examples.beaten)]),
        )
    return Logistic(model.coef_[0].copy())
