"""Scores stated probabilities against what came: log loss and Brier beside the base rates known then, hit rates.

Everything takes plain arrays, so that any head is measured alike: `said` and `base` are p(yes) (n,) or one column a
class (n, classes), `came` is what came true (n,), bool or the class's number, `days` the day each line was said (n,).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.evaluation.resampling import Interval, inside, week_draws
from engine.evaluation.weeks import Days, Floats, by_week, t_statistic, weekly_means, weekly_sums

LEAST = 1e-15  # of a probability whose log is taken: a miss that was called impossible costs 34.5, not infinity


@dataclass(frozen=True, slots=True)
class Losses:
    """Log loss (nats) and Brier score of what was said and of the base rates; lower is better, weeks weigh the same.

    A `t` counts weeks as observations: above 2 what was said beats the base rates, below -2 it is worse.
    """

    weeks: int
    calls: int
    log_loss: float
    base_log_loss: float
    log_t: float
    brier: float
    base_brier: float
    brier_t: float


@dataclass(frozen=True, slots=True)
class HitRate:
    """How many of the calls came true, with its interval, beside how often that came true over all lines."""

    calls: int
    hits: int
    rate: float
    low: float
    high: float
    base: float


def score(said: Floats, base: Floats, came: NDArray[np.generic], days: Days, overlap: int = 1) -> Losses:
    """Hold probabilities against base rates; `overlap` is how many weeks an outcome takes to come."""
    weeks = by_week(days)
    loss, base_loss = log_losses(said, came), log_losses(base, came)
    brier, base_brier = brier_scores(said, came), brier_scores(base, came)
    return Losses(
        weeks=len(weeks),
        calls=len(days),
        log_loss=float(weekly_means(loss, weeks).mean()),
        base_log_loss=float(weekly_means(base_loss, weeks).mean()),
        log_t=t_statistic(weekly_means(base_loss - loss, weeks), overlap),
        brier=float(weekly_means(brier, weeks).mean()),
        base_brier=float(weekly_means(base_brier, weeks).mean()),
        brier_t=t_statistic(weekly_means(base_brier - brier, weeks), overlap),
    )


def log_losses(said: Floats, came: NDArray[np.generic]) -> Floats:
    """Minus the log of the probability given to what came; shape (n,)."""
    chances = _classes(said)
    losses: Floats = -np.log(np.clip(chances[np.arange(len(came)), came.astype(np.intp)], LEAST, 1.0))
    return losses


def brier_scores(said: Floats, came: NDArray[np.generic]) -> Floats:
    """Squared distance of what was said from what came; shape (n,).

    Yes or no: (p - came) squared, from 0 to 1. Several classes: summed over them, from 0 to 2, as in Brier (1950).
    """
    chances = _classes(said)
    apart = ((chances - np.eye(chances.shape[1])[came.astype(np.intp)]) ** 2).sum(axis=1)
    scores: Floats = apart / 2 if said.ndim == 1 else apart
    return scores


def _classes(said: Floats) -> Floats:
    return np.column_stack([1 - said, said]) if said.ndim == 1 else said


def hit_rate(called: NDArray[np.bool_], came_true: NDArray[np.bool_], days: Days, overlap: int = 1) -> HitRate | None:
    """How often what was called came true; `came_true` is asked of all lines. None where nothing was called."""
    if not called.any():
        return None
    weeks = by_week(days)
    made, right = weekly_sums(called, weeks), weekly_sums(called & came_true, weeks)
    drawn = week_draws(len(weeks), overlap)
    calls = drawn @ made
    low, high = inside((drawn @ right)[calls > 0] / calls[calls > 0])
    hits = int(right.sum())
    return HitRate(int(made.sum()), hits, hits / float(made.sum()), low, high, float(came_true.mean()))


def mean_interval(values: Floats, overlap: int = 1) -> Interval:
    """Mean of a weekly series with its interval from drawing the weeks again."""
    if len(values) < 2:
        mean = float(values.mean()) if len(values) else 0.0
        return Interval(mean, float("-inf"), float("inf"))
    drawn = week_draws(len(values), overlap) @ values / len(values)
    return Interval(float(values.mean()), *inside(drawn))
