"""A head of few parameters: log odds of a yes-or-no question from a handful of standardised inputs."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LIMIT = 3.0  # standard deviations beyond which an input says nothing more
LEAST_KNOWN = 0.25  # of the rows; an input that fewer know is left out


@dataclass(frozen=True, eq=False)
class InputsHead:
    """Log odds against the base rate's, moved by standardised inputs (..., inputs); a missing input adds nothing."""

    names: tuple[str, ...]
    mean: Floats
    scale: Floats
    coefficients: Floats
    base: float

    def contributions(self, inputs: Floats) -> Floats:
        """Each input's part of the log odds against the base rate; shape as `inputs`."""
        return standardise(inputs, self.mean, self.scale) * self.coefficients

    def lift(self, inputs: Floats) -> Floats:
        """Log odds above those of the base rate, one a row of inputs."""
        total: Floats = self.contributions(inputs).sum(axis=-1)
        return total

    def probability(self, lift: float) -> float:
        """The chance that a lift says."""
        return float(1 / (1 + np.exp(-(np.log(self.base / (1 - self.base)) + lift))))


def standardise(inputs: Floats, mean: Floats, scale: Floats) -> Floats:
    """Deviations from the mean, at most LIMIT of them; 0 where an input is missing."""
    z: Floats = np.clip((inputs - mean) / scale, -LIMIT, LIMIT)
    return np.where(np.isfinite(z), z, 0.0)


def fit_inputs(
    names: tuple[str, ...], inputs: Floats, hit: NDArray[np.bool_], weight: Floats, inverse_penalty: float, base: float
) -> InputsHead:
    """Fit on rows of inputs (n, inputs), the answers (n,) and their weights (n,); `base` is the rate it leans on.

    The penalty counts against the weights' sum, so that rows that are one observation can share one weight.
    """
    from sklearn.linear_model import LogisticRegression

    known = np.isfinite(inputs).mean(axis=0) >= LEAST_KNOWN
    mean, scale = np.zeros(inputs.shape[1]), np.ones(inputs.shape[1])
    mean[known] = np.nanmean(inputs[:, known], axis=0)
    scale[known] = np.maximum(np.nanstd(inputs[:, known], axis=0), 1e-12)
    z = np.where(known, standardise(inputs, mean, scale), 0.0)
    model = LogisticRegression(C=inverse_penalty, max_iter=500, tol=1e-8)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a fit that does not converge is a failure, not a footnote
        model.fit(z, hit.astype(int), sample_weight=weight)
    return InputsHead(names, mean, scale, np.where(known, model.coef_[0], 0.0), base)
