"""Measures what each data point foretold: the rank correlation of its value with the return of the seven days ahead."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.appraisal.overlap import PEERS
from engine.panel import Matrix, Vector
from engine.ranks import column_ranks
from engine.study import Study

LEAST_WEEKS = 26  # fewer make no figure
LAGS = 4  # weeks over which Newey and West let the errors of a market entry hang together


@dataclass(frozen=True, slots=True)
class Power:
    """Rank IC of one entry, its t-statistic, and the weeks it was measured in; NaN with fewer than 26 of them.

    A token or chain entry: mean over weeks of the Spearman correlation among the universe's tokens, t over the weeks. A
    market entry: Spearman correlation over the weeks with the universe's median return, t after Newey and West.
    """

    ic: float
    t: float
    weeks: int


def feature_ics(study: Study) -> dict[str, Power]:
    """Measure every entry of the catalogue over the study's weeks whose return is known."""
    table = study.features
    forward = np.where(study.universe, study.forward, np.nan)
    by_week = weekly_ics(table.token_values.astype(np.float64), forward)
    own = {name: _over_weeks(line) for name, line in zip(table.token_names, by_week.T, strict=True)}
    median = _median(forward)
    common = {name: _over_time(table.market_values[:, j], median) for j, name in enumerate(table.market_names)}
    return own | common


def weekly_ics(values: NDArray[np.float64], forward: Matrix) -> Matrix:
    """Spearman correlation within each week, (weeks, features), over the tokens that know both; NaN under five of them.

    `values` (weeks, tokens, features), `forward` (weeks, tokens).
    """
    out = np.full((values.shape[0], values.shape[2]), np.nan)
    for i, (week, came) in enumerate(zip(values, forward, strict=True)):
        known = np.isfinite(week) & np.isfinite(came)[:, None]
        x = column_ranks(np.where(known, week, np.nan), PEERS)
        y = column_ranks(np.where(known, came[:, None], np.nan), PEERS)
        with np.errstate(invalid="ignore", divide="ignore"):
            x, y = np.where(known, x, 0.0), np.where(known, y, 0.0)
            out[i] = (x * y).sum(axis=0) / np.sqrt((x * x).sum(axis=0) * (y * y).sum(axis=0))
    return out


def _over_weeks(line: Vector) -> Power:
    line = line[np.isfinite(line)]
    if len(line) < LEAST_WEEKS:
        return Power(np.nan, np.nan, len(line))
    return Power(float(line.mean()), _over(line.mean(), line.std(ddof=1) / np.sqrt(len(line))), len(line))


def _over_time(value: Vector, came: Vector) -> Power:
    """Slope of ranks on ranks, which is Spearman's correlation, over its error."""
    known = np.isfinite(value) & np.isfinite(came)
    ranks = column_ranks(np.column_stack([value[known], came[known]]))
    weeks = int(known.sum())
    if weeks < LEAST_WEEKS or not (ranks.std(axis=0) > 0).all():
        return Power(np.nan, np.nan, weeks)
    x, y = (ranks / ranks.std(axis=0)).T
    ic = float((x * y).mean())
    return Power(ic, _over(ic, newey_west(x * (y - ic * x))), weeks)


def _over(mean: float, error: float) -> float:
    """t-statistic, NaN where nothing varies."""
    return float(mean / error) if error > 0 else np.nan


def newey_west(scores: Vector, lags: int = LAGS) -> float:
    """Standard error of the mean of a series whose neighbours hang together (Newey and West 1987)."""
    n = len(scores)
    products = [float(scores[lag:] @ scores[: n - lag]) for lag in range(lags + 1)]
    variance = products[0] + sum(2 * (1 - lag / (lags + 1)) * products[lag] for lag in range(1, lags + 1))
    return float(np.sqrt(max(variance, 0.0))) / n


def _median(forward: Matrix) -> Vector:
    """Median of each week with at least five known returns, NaN elsewhere."""
    enough = np.isfinite(forward).sum(axis=1) >= PEERS
    out = np.full(len(forward), np.nan)
    out[enough] = np.nanmedian(forward[enough], axis=1)
    return out
