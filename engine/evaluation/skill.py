"""Measures the record of predictions as a whole: the three-way odds, their order, their calibration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.evaluation.calibration import Bin, measure_calibration
from engine.evaluation.order import rank_ic
from engine.evaluation.probabilities import score
from engine.evaluation.weeks import Floats, day_numbers
from engine.model import Call, Odds, Prediction

CLASSES = {Call.BEARISH: 0, Call.NEUTRAL: 1, Call.BULLISH: 2}


@dataclass(frozen=True, slots=True)
class Skill:
    """How the probabilities fared: lower log loss than the base rates known then is skill; rank IC is order alone."""

    weeks: int
    calls: int
    log_loss: float
    base_log_loss: float
    gain_t: float  # week-clustered t of base minus said: above 2 is skill
    brier: float
    base_brier: float
    brier_t: float
    rank_ic: float
    rank_ic_t: float
    rank_ic_low: float  # 90 % interval, weeks drawn again
    rank_ic_high: float
    calibration_error: float
    calibration_low: float  # 90 % interval, weeks drawn again
    calibration_high: float
    calibration_noise: float  # what a perfect forecaster would show in the same draws: median and 95 %
    calibration_noise_high: float
    spread: float  # 90th minus 10th percentile of p(bullish)
    bins: tuple[Bin, ...]


def table_of(odds: Sequence[Odds]) -> Floats:
    """Odds as an array (n, 3) in the order of `CLASSES`."""
    return np.array([(o.bearish, o.neutral, o.bullish) for o in odds], dtype=float)


def classes_of(outcomes: Sequence[Call | None]) -> NDArray[np.intp]:
    """Outcomes as numbers in the order of `CLASSES`; shape (n,)."""
    return np.array([CLASSES[outcome] for outcome in outcomes if outcome is not None], dtype=np.intp)


def measure_skill(predictions: Sequence[Prediction]) -> Skill | None:
    """Score every prediction whose outcome is known, weeks weighing the same; None where there are none."""
    known = [p for p in predictions if p.outcome is not None]
    if not known:
        return None
    said, base = table_of([p.odds for p in known]), table_of([p.base for p in known])
    came, days = classes_of([p.outcome for p in known]), day_numbers(p.date for p in known)
    losses = score(said, base, came, days)
    stated = measure_calibration(said[:, 2], came == CLASSES[Call.BULLISH], days)
    order = rank_ic([p.conviction for p in known], excesses(known), days)
    return Skill(
        weeks=losses.weeks,
        calls=losses.calls,
        log_loss=losses.log_loss,
        base_log_loss=losses.base_log_loss,
        gain_t=losses.log_t,
        brier=losses.brier,
        base_brier=losses.base_brier,
        brier_t=losses.brier_t,
        rank_ic=order.value if order else 0.0,
        rank_ic_t=order.t if order else 0.0,
        rank_ic_low=order.low if order else float("-inf"),
        rank_ic_high=order.high if order else float("inf"),
        calibration_error=stated.error,
        calibration_low=stated.low,
        calibration_high=stated.high,
        calibration_noise=stated.noise,
        calibration_noise_high=stated.noise_high,
        spread=stated.spread,
        bins=stated.bins,
    )


def excesses(predictions: Sequence[Prediction]) -> Floats:
    """Returns above the median peer (n,), NaN where unknown."""
    return np.array([np.nan if p.excess is None else p.excess for p in predictions], dtype=float)
