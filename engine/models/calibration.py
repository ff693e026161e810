"""Turns the three heads' scores into calibrated probabilities, learned from the record's own past predictions.

Two questions, one after the other. Will the token leave its neutral band: the base rate's log odds, moved by the
movement head and a little by the relative score. If it does, up or down: the base rate's log odds, moved by the
relative score and the market head. All slopes at zero say the base rates. They are fitted by penalised likelihood on
out-of-sample predictions whose outcome was known, weeks weighing the same; the penalties count in weeks, because one
week is nearly one observation of the market. A fifth slope turns the relative score into the odds of beating the median
peer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MIN_WEEKS = 26
PENALTY = 0.5  # in weeks of log loss per squared slope: half a week's worth of evidence pays for a slope of one
MARKET_PENALTY = 20.0  # the market head must earn its say over many weeks


@dataclass(frozen=True, eq=False)
class PastWeek:
    """A recorded week whose outcome is known, (n,) each: the heads' scores, class 0 to 2, and who beat its peers."""

    relative: Floats
    movement: Floats
    market: float
    outcome: NDArray[np.int8]
    beat: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Calibration:
    """Base rates (bearish, neutral, bullish) and slopes: `movement` and `spill` (of the relative score) on leaving the
    band, `direction` (of the relative score) and `market` on up against down, `beat` on beating the median peer."""

    base: Floats
    movement: float = 0.0
    spill: float = 0.0
    direction: float = 0.0
    market: float = 0.0
    beat: float = 0.0

    def probabilities(self, relative: Floats, market: Floats | float, movement: Floats) -> Floats:
        """Calibrated (..., 3) from scores (...,): the ensemble's, and the log-odds lifts of the other two heads."""
        p_move = _logistic(_leaves(self.base) + self.movement * movement + self.spill * relative)
        p_up = _logistic(_leans(self.base) + self.direction * relative + self.market * market)
        return np.stack([p_move * (1 - p_up), 1 - p_move, p_move * p_up], axis=-1)

    def beat_log_odds(self, relative: Floats) -> Floats:
        """Log odds of beating the median peer from the ensemble's score."""
        odds: Floats = self.beat * relative
        return odds

    def silenced(self, relative: bool, market: bool, movement: bool) -> Calibration:
        """The same without the say of the heads named; what is left of them is the base rate."""
        return Calibration(
            self.base,
            movement=0.0 if movement else self.movement,
            spill=0.0 if relative else self.spill,
            direction=0.0 if relative else self.direction,
            market=0.0 if market else self.market,
            beat=0.0 if relative else self.beat,
        )


def _leaves(base: Floats) -> float:
    """Log odds of leaving the neutral band at all."""
    return float(np.log((base[0] + base[2]) / base[1]))


def _leans(base: Floats) -> float:
    """Log odds of up against down."""
    return float(np.log(base[2] / base[0]))


def _logistic(x: Floats) -> Floats:
    p: Floats = 1 / (1 + np.exp(-np.clip(x, -30, 30)))
    return p


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


def calibrate(base: Floats, weeks: Sequence[PastWeek], overlap: float = 1.0) -> Calibration:
    """Fit the slopes on recorded weeks; with under MIN_WEEKS of them the base rates are said.

    The slopes are fitted around the recorded weeks' own base rates, so that a market that turned since does not bend
    them. `overlap` is how many weeks share one outcome: with a four-week horizon each counts a quarter.
    """
    if len(weeks) < MIN_WEEKS:
        return Calibration(base)
    relative, movement, outcome, beat = (
        np.concatenate([getattr(week, name) for week in weeks]) for name in ("relative", "movement", "outcome", "beat")
    )
    market = np.concatenate([np.full(len(week.outcome), week.market) for week in weeks])
    weight = np.concatenate([np.full(len(week.outcome), 1.0 / len(week.outcome)) for week in weeks]) / overlap
    own = base_rates([week.outcome for week in weeks])
    moved, rose = outcome != 1, outcome == 2
    on_movement, on_spill = _slopes(
        np.column_stack([movement, relative]), _leaves(own), moved, weight, np.array([PENALTY, PENALTY])
    )
    on_direction, on_market = _slopes(
        np.column_stack([relative, market])[moved], _leans(own), rose[moved], weight[moved],
        np.array([PENALTY, MARKET_PENALTY]),
    )  # fmt: skip
    (to_beat,) = _slopes(relative[:, None], 0.0, beat, weight, np.array([PENALTY]))
    return Calibration(base, on_movement, on_spill, on_direction, on_market, to_beat)


def _slopes(scores: Floats, offset: float, hit: NDArray[np.bool_], weight: Floats, penalty: Floats) -> list[float]:
    """Slopes (k,) of a logistic regression on scores (n, k) around a fixed log odds, penalised by their squares."""
    from scipy.optimize import minimize

    sign = np.where(hit, -1.0, 1.0)

    def loss(slopes: Floats) -> tuple[float, Floats]:
        logits = offset + scores @ slopes
        value = (weight * np.logaddexp(0, sign * logits)).sum() + penalty @ slopes**2
        return float(value), scores.T @ (weight * (_logistic(logits) - hit)) + 2 * penalty * slopes

    start = np.zeros(scores.shape[1])
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"ftol": 1e-14, "gtol": 1e-9})
    return [float(slope) for slope in found.x]
