"""Measures order alone: rank correlation within a week of what was said with what came, a control taken out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from engine.evaluation.probabilities import mean_interval
from engine.evaluation.weeks import Days, Floats, Rows, by_week, t_statistic
from engine.ranks import average_ranks

LEAST_LINES = 5  # known lines that a week needs


@dataclass(frozen=True, slots=True)
class RankIC:
    """Mean weekly rank correlation, its t with weeks as observations, its 90 % interval from drawing weeks again."""

    value: float
    t: float
    low: float
    high: float
    weeks: int


def rank_ic(
    said: ArrayLike, came: ArrayLike, days: Days, control: ArrayLike | None = None, overlap: int = 1
) -> RankIC | None:
    """Rank correlation within weeks, with `control` taken out where there is one; None without a week to score."""
    weeks = by_week(days)
    ics = rank_ics(said, came, weeks) if control is None else partial_rank_ics(said, came, control, weeks)
    if not len(ics):
        return None
    sure = mean_interval(ics, overlap)
    return RankIC(sure.value, t_statistic(ics, overlap), sure.low, sure.high, len(ics))


def rank_ics(said: ArrayLike, came: ArrayLike, weeks: Sequence[Rows]) -> Floats:
    """Spearman correlation of what was said with what came, one a week with at least 5 known lines."""
    x, y = np.asarray(said, dtype=float), np.asarray(came, dtype=float)
    out = []
    for rows in weeks:
        rows = rows[np.isfinite(x[rows]) & np.isfinite(y[rows])]
        if len(rows) >= LEAST_LINES and np.ptp(x[rows]) > 0 and np.ptp(y[rows]) > 0:
            out.append(float(np.corrcoef(average_ranks(x[rows]), average_ranks(y[rows]))[0, 1]))
    return np.array(out)


def partial_rank_ics(said: ArrayLike, came: ArrayLike, control: ArrayLike, weeks: Sequence[Rows]) -> Floats:
    """The same with the control's ranks taken out of both sides by regression within the week.

    `control` is (n,) or (n, controls): what is left is what the order says beyond, for instance, calm beats wild.
    """
    x, y = np.asarray(said, dtype=float), np.asarray(came, dtype=float)
    z = np.asarray(control, dtype=float)
    z = z[:, None] if z.ndim == 1 else z
    known = np.isfinite(x) & np.isfinite(y) & np.isfinite(z).all(axis=1)
    ics = (_partial(x[rows], y[rows], z[rows]) for rows in (rows[known[rows]] for rows in weeks))
    return np.array([ic for ic in ics if ic is not None])


def _partial(x: Floats, y: Floats, z: Floats) -> float | None:
    if len(x) < LEAST_LINES + z.shape[1]:
        return None
    against = np.column_stack([np.ones(len(x)), *(average_ranks(column) for column in z.T)])
    ranks = np.column_stack([average_ranks(x), average_ranks(y)])
    left = ranks - against @ np.linalg.lstsq(against, ranks, rcond=None)[0]
    size = np.sqrt((left**2).sum(axis=0))
    if size.min() <= 1e-9 * len(x):  # the control says all there is to say
        return None
    return float(left[:, 0] @ left[:, 1] / (size[0] * size[1]))
