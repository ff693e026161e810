"""The market head: will the broad market rise over the next seven days; few parameters, strong shrinkage."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

INVERSE_PENALTY = 0.02  # C over a few hundred weeks: the coefficients hardly leave zero unless the past insists
MIN_WEEKS = 52
LIMIT = 3.0  # standard deviations beyond which an input says nothing more


@dataclass(frozen=True, eq=False)
class MarketHead:
    """Log odds of a rising week: the base rate's, moved by standardised inputs (n,)."""

    names: tuple[str, ...]
    mean: Floats
    scale: Floats
    coefficients: Floats
    base: float

    def contributions(self, inputs: Floats) -> Floats:
        """Each input's part of the log odds against the base rate; a missing input adds nothing."""
        return _standardise(inputs, self.mean, self.scale) * self.coefficients

    def lift(self, inputs: Floats) -> float:
        """Log odds above those of the base rate."""
        return float(self.contributions(inputs).sum())

    def p_up(self, inputs: Floats) -> float:
        return float(1 / (1 + np.exp(-(np.log(self.base / (1 - self.base)) + self.lift(inputs)))))


def _standardise(inputs: Floats, mean: Floats, scale: Floats) -> Floats:
    z: Floats = np.clip((inputs - mean) / scale, -LIMIT, LIMIT)
    return np.where(np.isfinite(z), z, 0.0)


def fit_market(names: tuple[str, ...], inputs: Floats, rose: NDArray[np.bool_]) -> MarketHead | None:
    """Fit on (weeks, inputs) and whether the market rose (weeks,); None with fewer than MIN_WEEKS weeks.

    The base rate is shrunk towards one half by ten weeks' worth, so that a short history does not shout.
    """
    from sklearn.linear_model import LogisticRegression

    if len(rose) < MIN_WEEKS or rose.all() or not rose.any():
        return None
    known = np.isfinite(inputs).sum(axis=0) >= MIN_WEEKS // 2
    mean, scale = np.zeros(inputs.shape[1]), np.ones(inputs.shape[1])
    mean[known] = np.nanmean(inputs[:, known], axis=0)
    scale[known] = np.maximum(np.nanstd(inputs[:, known], axis=0), 1e-12)
    z = np.where(known, _standardise(inputs, mean, scale), 0.0)
    model = LogisticRegression(C=INVERSE_PENALTY, max_iter=500, tol=1e-8)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.fit(z, rose.astype(int))
    base = (rose.sum() + 5) / (len(rose) + 10)
    return MarketHead(names, mean, scale, np.where(known, model.coef_[0], 0.0), float(base))
