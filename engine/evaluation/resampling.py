"""Says how sure a figure is by drawing history again: whole weeks of what was said, blocks of weeks of returns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.evaluation.weeks import Floats, by_week, day_numbers
from engine.model import Prediction

RESAMPLES = 500
SEED = 7
INSIDE = (0.05, 0.95)  # nine in ten of the drawn histories lie between these quantiles


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with the 90 % interval that drawing history again gives it; infinite where there is too little of it."""

    value: float
    low: float
    high: float


UNKNOWN = (float("-inf"), float("inf"))


def inside(draws: Floats) -> tuple[float, float]:
    """The quantiles between which nine in ten draws lie."""
    low, high = np.quantile(draws, INSIDE)
    return float(low), float(high)


def block_rows(n: int, block: int, draws: int = RESAMPLES, seed: int = SEED) -> NDArray[np.intp]:
    """Rows of `draws` histories of n periods, each put together from circular blocks; shape (draws, n).

    Blocks keep what follows upon what: the circular block bootstrap of Politis and Romano (1992).
    """
    rng = np.random.default_rng(seed)
    starts = rng.integers(0, n, size=(draws, -(-n // block)))
    rows: NDArray[np.intp] = ((starts[:, :, None] + np.arange(block)) % n).reshape(draws, -1)[:, :n]
    return rows


def week_draws(weeks: int, overlap: int = 1, draws: int = RESAMPLES, seed: int = SEED) -> Floats:
    """How often each week is in each drawn history; shape (draws, weeks).

    Weeks are drawn one by one, or in blocks of `overlap` where outcomes take so many weeks to come.
    """
    rows = block_rows(weeks, overlap, draws, seed)
    counts = np.zeros((draws, weeks))
    np.add.at(counts, (np.arange(draws)[:, None], rows), 1.0)
    return counts


def resampled_figure(figure: Callable[[Floats], float], returns: Floats, block: int, seed: int = SEED) -> Interval:
    """A figure of one series of returns, resampled in blocks; with under two blocks the interval is infinite."""
    if len(returns) < 2 * block:
        return Interval(figure(returns), *UNKNOWN)
    draws = [figure(returns[rows]) for rows in block_rows(len(returns), block, seed=seed)]
    return Interval(figure(returns), *inside(np.array(draws)))


def resampled_difference(
    figure: Callable[[Floats], float], ours: Floats, theirs: Floats, block: int, seed: int = SEED
) -> Interval:
    """A figure of our returns less the same of theirs over the last periods both have, in the same blocks."""
    n = min(len(ours), len(theirs))
    a, b = ours[len(ours) - n :], theirs[len(theirs) - n :]
    value = figure(a) - figure(b)
    if n < 2 * block:
        return Interval(value, *UNKNOWN)
    draws = [figure(a[rows]) - figure(b[rows]) for rows in block_rows(n, block, seed=seed)]
    return Interval(value, *inside(np.array(draws)))


def resampled(
    predictions: Sequence[Prediction],
    figure: Callable[[Sequence[Prediction]], float],
    seed: int = SEED,
    draws: int = 200,
) -> Interval:
    """A figure of the predictions with its interval from drawing whole weeks with replacement."""
    weeks = by_week(day_numbers(p.date for p in predictions))
    rows = block_rows(len(weeks), 1, draws, seed)
    values = [figure([predictions[i] for week in drawn for i in weeks[week]]) for drawn in rows]
    return Interval(figure(predictions), *inside(np.array(values)))
