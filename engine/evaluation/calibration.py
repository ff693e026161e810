"""Asks whether stated probabilities came true as often as stated: reliability table, calibration error, its noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine.evaluation.resampling import inside, week_draws
from engine.evaluation.weeks import Days, Floats, Rows, by_week, weekly_sums

BANDS = 10


@dataclass(frozen=True, slots=True)
class Bin:
    """One band of a stated probability: how many lines, what was stated on average, what came true.

    `came_low` and `came_high` are the 90 % interval that drawing the weeks again gives it, None where not asked for.
    """

    low: float
    high: float
    calls: int
    stated: float
    came_true: float
    came_low: float | None = None
    came_high: float | None = None


@dataclass(frozen=True, slots=True)
class Calibration:
    """Mean distance between stated and true over the bands, with what chance alone would make of it.

    `low` and `high` hold nine in ten of the histories drawn from these weeks; drawing adds noise of its own, so they
    lie high. `noise` is the median that a forecaster who is right in every band would show in the same draws, and
    `noise_high` what he would pass in one draw of twenty: only an error above that is one.
    """

    error: float
    low: float
    high: float
    noise: float
    noise_high: float
    spread: float  # 90th minus 10th percentile of what was stated: how far the forecasts dare to part
    bins: tuple[Bin, ...]


def reliability(stated: Floats, came_true: NDArray[np.bool_], bands: int = BANDS) -> tuple[Bin, ...]:
    """Stated probabilities in bands of equal count beside how often they came true."""
    edges, place = _bands(stated, bands)
    return tuple(
        Bin(edges[k], edges[k + 1], len(rows), float(stated[rows].mean()), float(came_true[rows].mean()))
        for k, rows in enumerate(np.flatnonzero(place == k) for k in range(len(edges) - 1))
    )


def measure_calibration(
    stated: Floats, came_true: NDArray[np.bool_], days: Days, overlap: int = 1, bands: int = BANDS
) -> Calibration:
    """The reliability table with the error over all bands, every figure with whole weeks drawn again."""
    bins = reliability(stated, came_true, bands)
    weeks, place = by_week(days), _bands(stated, bands)[1]
    drawn = week_draws(len(weeks), overlap)
    lines, said, true = (
        drawn @ _sums(values, place, weeks, len(bins)) for values in (np.ones(len(stated)), stated, came_true)
    )
    off = np.array([b.came_true - b.stated for b in bins])
    errors = np.abs(said - true).sum(axis=1) / lines.sum(axis=1)
    chance = np.abs(said + lines * off - true).sum(axis=1) / lines.sum(axis=1)
    low, high = inside(errors)
    return Calibration(
        error=sum(b.calls * abs(b.stated - b.came_true) for b in bins) / len(stated),
        low=low,
        high=high,
        noise=float(np.median(chance)),
        noise_high=float(np.quantile(chance, 0.95)),
        spread=float(np.quantile(stated, 0.9) - np.quantile(stated, 0.1)),
        bins=tuple(_sure(b, true[:, k], lines[:, k]) for k, b in enumerate(bins)),
    )


def _bands(stated: Floats, bands: int) -> tuple[list[float], Rows]:
    """Edges between bands of equal count and the band of each line; equal values never part, empty bands vanish."""
    edges = np.unique(np.quantile(stated, np.linspace(0, 1, bands + 1)))
    if len(edges) < 2:
        return [float(edges[0])] * 2, np.zeros(len(stated), dtype=np.intp)
    place = np.clip(np.searchsorted(edges, stated, side="left") - 1, 0, len(edges) - 2)
    used, place = np.unique(place, return_inverse=True)
    return [*map(float, edges[used]), float(edges[-1])], place


def _sums(values: Floats | NDArray[np.bool_], place: Rows, weeks: Sequence[Rows], bands: int) -> Floats:
    """Sums of the lines by week and band; shape (weeks, bands)."""
    return weekly_sums(values[:, None] * np.eye(bands)[place], weeks)


def _sure(band: Bin, true: Floats, lines: Floats) -> Bin:
    """The band with the interval of its share that came true."""
    low, high = inside(true[lines > 0] / lines[lines > 0])
    return replace(band, came_low=low, came_high=high)
