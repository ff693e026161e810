"""Regularised logistic regression on within-week ranks: the member whose every coefficient can be read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.errors import TrainingFailed
from engine.models.member import Examples, Floats

INVERSE_PENALTY = 0.02  # C: some 150 effective weeks against 110 coefficients; chosen before looking
CHUNK = 4096  # rows whose part of the curvature is added up at once
MOST_STEPS, NEAR = 50, 1e-8  # of Newton's method; the largest slope left, of a row's mean loss


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
    """Fit on soft targets, by Newton's method; TrainingFailed where it does not converge.

    scikit-learn's LogisticRegression wants whole targets, so each row would stand there twice, and twice again while
    the curvature is worked out: 90 MB on three years, a third of what the weekly job may hold. A test holds the two
    together.
    """
    coefficients = np.zeros(examples.ranks.shape[1])
    total = float(examples.weight.sum())
    for _ in range(MOST_STEPS):
        slope, curvature = _slopes(examples, coefficients)
        if np.abs(slope).max() <= NEAR * total:
            return Logistic(coefficients)
        coefficients = coefficients - np.linalg.solve(curvature, slope)
    raise TrainingFailed("the logistic regression did not converge: the last good signals stay.")


def _slopes(examples: Examples, coefficients: Floats) -> tuple[Floats, Floats]:
    """First (features,) and second (features, features) derivatives of the penalised loss."""
    slope = coefficients / INVERSE_PENALTY
    curvature = np.eye(len(coefficients)) / INVERSE_PENALTY
    for first in range(0, len(examples.ranks), CHUNK):
        rows = slice(first, first + CHUNK)
        ranks, weight = examples.ranks[rows].astype(np.float64), examples.weight[rows]
        chance = 1.0 / (1.0 + np.exp(-(ranks @ coefficients)))
        slope = slope + ranks.T @ (weight * (chance - examples.beaten[rows]))
        curvature += ranks.T @ (ranks * (weight * chance * (1.0 - chance))[:, None])
    return slope, curvature
