"""Turns the two heads' scores into three calibrated probabilities, learned from the record's own past predictions.

log p(class) = log base(class) + relative x a(class) + market x c(class), normalised; neutral is the reference. With
a = c = 0 it says the base rates. The slopes are fitted by penalised likelihood on out-of-sample predictions whose
outcome was known, weeks weighing the same; the penalty counts in weeks, because one week is nearly one observation
of the market.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MIN_WEEKS = 26
RELATIVE_PENALTY = 0.5  # in weeks of log loss per squared slope; slopes of a useful head are near 1
MARKET_PENALTY = 20.0  # the market head must earn its say over many weeks


@dataclass(frozen=True, eq=False)
class Calibration:
    """Slopes of (bearish, bullish) on the relative and market log odds, and base rates (bearish, neutral, bullish)."""

    base: Floats
    slopes: Floats  # (2 heads, 2 classes)

    def probabilities(self, relative: Floats, market: Floats) -> Floats:
        """Calibrated (n, 3) from log odds (n,) of either head."""
        return _softmax(self.base, np.column_stack([relative, market]), self.slopes)


def _softmax(base: Floats, scores: Floats, slopes: Floats) -> Floats:
    moved = scores @ slopes
    logits = np.log(base) + np.column_stack([moved[:, 0], np.zeros(len(moved)), moved[:, 1]])
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares: Floats = p / p.sum(axis=1, keepdims=True)
    return shares


def base_rates(outcomes: list[NDArray[np.int8]]) -> Floats:
    """Frequencies of (bearish, neutral, bullish) over weeks of outcomes, weeks weighing the same, two weeks' worth of
    thirds added."""
    rates = np.full(3, 2 / 3)
    for week in outcomes:
        known = week[week >= 0]
        if len(known):
            rates += np.bincount(known, minlength=3) / len(known)
    shares: Floats = rates / rates.sum()
    return shares


def calibrate(base: Floats, weeks: list[tuple[Floats, Floats, NDArray[np.int8]]]) -> Calibration:
    """Fit the slopes on weeks of (relative (n,), market (n,), outcome (n,)); no slopes with under MIN_WEEKS weeks."""
    from scipy.optimize import minimize

    if len(weeks) < MIN_WEEKS:
        return Calibration(base, np.zeros((2, 2)))
    scores = np.vstack([np.column_stack([relative, market]) for relative, market, _ in weeks])
    outcome = np.concatenate([o for _, _, o in weeks]).astype(int)
    weight = np.concatenate([np.full(len(o), 1.0 / len(o)) for _, _, o in weeks])
    penalty = np.array([[RELATIVE_PENALTY], [MARKET_PENALTY]])
    hit = np.zeros((len(outcome), 3))
    hit[np.arange(len(outcome)), outcome] = 1

    def loss(flat: Floats) -> tuple[float, Floats]:
        slopes = flat.reshape(2, 2)
        p = _softmax(base, scores, slopes)
        value = -(weight * np.log(p[np.arange(len(outcome)), outcome])).sum() + (penalty * slopes**2).sum()
        gradient = scores.T @ (weight[:, None] * (p - hit)[:, [0, 2]]) + 2 * penalty * slopes
        return float(value), gradient.ravel()

    found = minimize(loss, np.zeros(4), jac=True, method="L-BFGS-B", options={"ftol": 1e-13, "gtol": 1e-9})
    return Calibration(base, found.x.reshape(2, 2))
