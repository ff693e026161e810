"""Measures what an index made: growth, volatility, Sharpe, Sortino, worst fall, what it cost, and how sure that is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.evaluation.resampling import Interval, resampled_difference, resampled_figure
from engine.evaluation.weeks import Floats
from engine.model import LevelPoint

WEEKS_A_YEAR = 52.0
BLOCK_WEEKS = 8


@dataclass(frozen=True, slots=True)
class Returns:
    """Figures of one level series from weekly returns: yearly growth, volatility, Sharpe, Sortino; worst fall."""

    weeks: int
    growth: float
    volatility: float
    sharpe: float
    sortino: float
    drawdown: float
    turnover: float  # mean of the days that traded
    cost: float  # total paid, as a share of the index
    stablecoin_share: float  # mean over days
    turnover_a_week: float  # all of it over the weeks, so that tracks that trade at other times compare

    @property
    def invested_share(self) -> float:
        """Mean over days of what is not in stablecoins."""
        return 1 - self.stablecoin_share


@dataclass(frozen=True, slots=True)
class Sureness:
    """The figures of `Returns` that could have come out otherwise, each with its 90 % interval."""

    growth: Interval
    volatility: Interval
    sharpe: Interval
    sortino: Interval
    drawdown: Interval


def weekly(levels: Sequence[LevelPoint], gross: bool = False) -> Floats:
    """Simple returns between the levels of Mondays, the days on which indices trade; shape (weeks,)."""
    return _changes([p.gross if gross else p.net for p in levels if p.date.weekday() == 0])


def daily(levels: Sequence[LevelPoint]) -> Floats:
    """Simple returns between the net levels of all days; shape (days - 1,)."""
    return _changes([p.net for p in levels])


def monthly(levels: Sequence[LevelPoint]) -> dict[tuple[int, int], float]:
    """{(year, month): return} between net levels at the ends of months; the first runs from the first level."""
    ends: dict[tuple[int, int], float] = {}
    for point in levels:
        ends[point.date.year, point.date.month] = point.net
    before = [levels[0].net, *ends.values()] if levels else []
    return {month: end / start - 1 for (month, end), start in zip(ends.items(), before, strict=False)}


def _changes(closes: Sequence[float]) -> Floats:
    values = np.asarray(closes, dtype=float)
    changes: Floats = values[1:] / values[:-1] - 1 if len(values) > 1 else np.zeros(0)
    return changes


def drawdown(levels: Floats) -> float:
    """Worst fall from an earlier high, as a negative share; 0 for an empty series."""
    return float((levels / np.maximum.accumulate(levels) - 1).min()) if len(levels) else 0.0


def worst_fall(returns: Floats) -> float:
    """Worst fall of a path of returns from an earlier high or its beginning, as a negative share."""
    return drawdown(np.cumprod(np.concatenate([[1.0], 1 + returns])))


def growth(returns: Floats) -> float:
    """Yearly growth of weekly returns; 0 for none."""
    return float(np.prod(1 + returns) ** (WEEKS_A_YEAR / len(returns)) - 1) if len(returns) else 0.0


def volatility(returns: Floats) -> float:
    """Yearly standard deviation of weekly returns; 0 for fewer than two."""
    return float(returns.std(ddof=1) * np.sqrt(WEEKS_A_YEAR)) if len(returns) > 1 else 0.0


def sharpe(returns: Floats) -> float:
    """Yearly Sharpe ratio of weekly returns, cash at zero."""
    deviation = returns.std(ddof=1) if len(returns) > 1 else 0.0
    return float(returns.mean() / deviation * np.sqrt(WEEKS_A_YEAR)) if deviation > 0 else 0.0


def sortino(returns: Floats) -> float:
    """Yearly Sortino ratio of weekly returns: only falling weeks count as risk, and all weeks in their mean square."""
    downside = np.sqrt(np.mean(np.minimum(returns, 0) ** 2)) if len(returns) else 0.0
    return float(returns.mean() / downside * np.sqrt(WEEKS_A_YEAR)) if downside > 0 else 0.0


def measure_returns(levels: Sequence[LevelPoint], gross: bool = False) -> Returns:
    """Figures of one level series, after costs or `gross`, with what it cost to make."""
    returns = weekly(levels, gross)
    traded = [p.turnover for p in levels if p.turnover > 0]
    return Returns(
        weeks=len(returns),
        growth=growth(returns),
        volatility=volatility(returns),
        sharpe=sharpe(returns),
        sortino=sortino(returns),
        drawdown=drawdown(np.array([p.gross if gross else p.net for p in levels])),
        turnover=float(np.mean(traded)) if traded else 0.0,
        cost=float(sum(p.cost for p in levels)),
        stablecoin_share=mean_stablecoin_share(levels),
        turnover_a_week=float(sum(traded) / len(levels) * 7) if levels else 0.0,
    )


def measure_sureness(levels: Sequence[LevelPoint]) -> Sureness:
    """How far the figures after costs could have come out otherwise: returns drawn again in blocks of 8 weeks."""
    weeks = weekly(levels)
    return Sureness(
        growth=resampled_figure(growth, weeks, BLOCK_WEEKS),
        volatility=resampled_figure(volatility, weeks, BLOCK_WEEKS),
        sharpe=resampled_figure(sharpe, weeks, BLOCK_WEEKS),
        sortino=resampled_figure(sortino, weeks, BLOCK_WEEKS),
        drawdown=resampled_figure(worst_fall, daily(levels), 7 * BLOCK_WEEKS),
    )


def mean_stablecoin_share(levels: Sequence[LevelPoint]) -> float:
    """Mean over days of the share that waits in stablecoins; 0 for an empty series."""
    return float(np.mean([p.stablecoin_share for p in levels])) if levels else 0.0


def sharpe_difference(ours: Floats, theirs: Floats, seed: int = 7) -> Interval:
    """Difference of two Sharpe ratios of weekly returns over the same weeks, resampled in blocks of 8 weeks."""
    return resampled_difference(sharpe, ours, theirs, BLOCK_WEEKS, seed)


def drawdown_difference(ours: Floats, theirs: Floats, seed: int = 7) -> Interval:
    """Difference of two worst falls of daily returns over the same days; above 0 ours fell less deep."""
    return resampled_difference(worst_fall, ours, theirs, 7 * BLOCK_WEEKS, seed)


def falls(levels: Sequence[LevelPoint]) -> list[tuple[dt.date, float]]:
    """How far each day's net level lies under the highest before it, as negative shares."""
    net = np.array([p.net for p in levels])
    under = net / np.maximum.accumulate(net) - 1 if len(net) else net
    return [(p.date, float(share)) for p, share in zip(levels, under, strict=True)]
