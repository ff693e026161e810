"""Measures what was said and made: skill against base rates with errors clustered by week, returns against risk."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.model import Call, LevelPoint, Prediction
from engine.ranks import average_ranks

Floats = NDArray[np.float64]

WEEKS_A_YEAR = 52.0
RESAMPLES = 500
BANDS = 10
BLOCK_WEEKS = 8


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with the 90 % interval that resampling whole weeks gives it."""

    value: float
    low: float
    high: float


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
class Bin:
    """One band of stated p(bullish): how many calls, what was stated on average, what came true."""

    low: float
    high: float
    calls: int
    stated: float
    came_true: float


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
    rank_ic: float
    rank_ic_t: float
    calibration_error: float
    spread: float  # 90th minus 10th percentile of p(bullish)
    bins: tuple[Bin, ...]


def weekly(levels: Sequence[LevelPoint], gross: bool = False) -> Floats:
    """Simple returns between the levels of Mondays, the days on which indices trade; shape (weeks,)."""
    closes = np.array([p.gross if gross else p.net for p in levels if p.date.weekday() == 0], dtype=float)
    changes: Floats = closes[1:] / closes[:-1] - 1 if len(closes) > 1 else np.zeros(0)
    return changes


def daily(levels: Sequence[LevelPoint]) -> Floats:
    """Simple returns between the net levels of all days; shape (days - 1,)."""
    closes = np.array([p.net for p in levels], dtype=float)
    changes: Floats = closes[1:] / closes[:-1] - 1 if len(closes) > 1 else np.zeros(0)
    return changes


def drawdown(levels: Floats) -> float:
    """Worst fall from an earlier high, as a negative share; 0 for an empty series."""
    return float((levels / np.maximum.accumulate(levels) - 1).min()) if len(levels) else 0.0


def sharpe(returns: Floats) -> float:
    """Yearly Sharpe ratio of weekly returns, cash at zero."""
    deviation = returns.std(ddof=1) if len(returns) > 1 else 0.0
    return float(returns.mean() / deviation * np.sqrt(WEEKS_A_YEAR)) if deviation > 0 else 0.0


def measure_returns(levels: Sequence[LevelPoint]) -> Returns:
    """Figures of one net level series with what it cost to make."""
    returns = weekly(levels)
    downside = np.sqrt(np.mean(np.minimum(returns, 0) ** 2)) if len(returns) else 0.0
    traded = [p.turnover for p in levels if p.turnover > 0]
    whole = float(np.prod(1 + returns)) if len(returns) else 1.0
    return Returns(
        weeks=len(returns),
        growth=whole ** (WEEKS_A_YEAR / len(returns)) - 1 if len(returns) else 0.0,
        volatility=float(returns.std(ddof=1) * np.sqrt(WEEKS_A_YEAR)) if len(returns) > 1 else 0.0,
        sharpe=sharpe(returns),
        sortino=float(returns.mean() / downside * np.sqrt(WEEKS_A_YEAR)) if downside > 0 else 0.0,
        drawdown=drawdown(np.array([p.net for p in levels])),
        turnover=float(np.mean(traded)) if traded else 0.0,
        cost=float(sum(p.cost for p in levels)),
        stablecoin_share=mean_stablecoin_share(levels),
        turnover_a_week=float(sum(traded) / len(levels) * 7) if levels else 0.0,
    )


def mean_stablecoin_share(levels: Sequence[LevelPoint]) -> float:
    """Mean over days of the share that waits in stablecoins; 0 for an empty series."""
    return float(np.mean([p.stablecoin_share for p in levels])) if levels else 0.0


def worst_fall(returns: Floats) -> float:
    """Worst fall of a path of returns from an earlier high or its beginning, as a negative share."""
    return drawdown(np.cumprod(np.concatenate([[1.0], 1 + returns])))


def sharpe_difference(ours: Floats, theirs: Floats, seed: int = 7) -> Interval:
    """Difference of two Sharpe ratios of weekly returns over the same weeks."""
    return _difference(sharpe, ours, theirs, BLOCK_WEEKS, seed)


def drawdown_difference(ours: Floats, theirs: Floats, seed: int = 7) -> Interval:
    """Difference of two worst falls of daily returns over the same days; above 0 ours fell less deep."""
    return _difference(worst_fall, ours, theirs, 7 * BLOCK_WEEKS, seed)


def _difference(figure: Callable[[Floats], float], ours: Floats, theirs: Floats, block: int, seed: int) -> Interval:
    """A figure of our returns less the same of theirs, resampled in blocks of 8 weeks kept together, the same for both.

    With under two blocks the interval is infinite.
    """
    n = min(len(ours), len(theirs))
    a, b = ours[len(ours) - n :], theirs[len(theirs) - n :]
    if n < 2 * block:
        return Interval(figure(a) - figure(b), float("-inf"), float("inf"))
    rng = np.random.default_rng(seed)
    starts = rng.integers(0, n, size=(RESAMPLES, -(-n // block)))
    rows = ((starts[:, :, None] + np.arange(block)) % n).reshape(RESAMPLES, -1)[:, :n]
    draws = [figure(a[r]) - figure(b[r]) for r in rows]
    return Interval(figure(a) - figure(b), float(np.quantile(draws, 0.05)), float(np.quantile(draws, 0.95)))


def _arrays(predictions: Sequence[Prediction]) -> tuple[Floats, Floats, NDArray[np.intp]]:
    order = {Call.BEARISH: 0, Call.NEUTRAL: 1, Call.BULLISH: 2}
    said = np.array([(p.odds.bearish, p.odds.neutral, p.odds.bullish) for p in predictions])
    base = np.array([(p.base.bearish, p.base.neutral, p.base.bullish) for p in predictions])
    came = np.array([order[p.outcome] for p in predictions if p.outcome is not None], dtype=np.intp)
    return said, base, came


def measure_skill(predictions: Sequence[Prediction]) -> Skill | None:
    """Score every prediction whose outcome is known, weeks weighing the same; None where there are none."""
    known = [p for p in predictions if p.outcome is not None]
    if not known:
        return None
    said, base, came = _arrays(known)
    week = _groups([p.date for p in known])
    at = np.arange(len(known))
    hit = np.eye(3)[came]
    loss, base_loss = -np.log(said[at, came]), -np.log(base[at, came])
    brier, base_brier = ((said - hit) ** 2).sum(axis=1), ((base - hit) ** 2).sum(axis=1)
    gains = _weekly_means(base_loss - loss, week)
    ics = rank_ics([p.conviction for p in known], [p.excess if p.excess is not None else np.nan for p in known], week)
    bins = reliability(said[:, 2], came == 2)
    return Skill(
        weeks=len(week),
        calls=len(known),
        log_loss=float(_weekly_means(loss, week).mean()),
        base_log_loss=float(_weekly_means(base_loss, week).mean()),
        gain_t=t_statistic(gains),
        brier=float(_weekly_means(brier, week).mean()),
        base_brier=float(_weekly_means(base_brier, week).mean()),
        rank_ic=float(ics.mean()) if len(ics) else 0.0,
        rank_ic_t=t_statistic(ics),
        calibration_error=sum(b.calls * abs(b.stated - b.came_true) for b in bins) / len(known),
        spread=float(np.quantile(said[:, 2], 0.9) - np.quantile(said[:, 2], 0.1)),
        bins=bins,
    )


def _groups(dates: Sequence[dt.date]) -> list[NDArray[np.intp]]:
    """Positions of each week's lines, weeks in order of time."""
    days = np.array([d.toordinal() for d in dates])
    return [np.flatnonzero(days == day) for day in np.unique(days)]


def _weekly_means(values: Floats, weeks: Sequence[NDArray[np.intp]]) -> Floats:
    return np.array([values[rows].mean() for rows in weeks])


def t_statistic(values: Floats) -> float:
    """Mean over its standard error; 0 where that is undefined."""
    deviation = values.std(ddof=1) if len(values) > 1 else 0.0
    return float(values.mean() / deviation * np.sqrt(len(values))) if deviation > 0 else 0.0


def rank_ics(said: Sequence[float], came: Sequence[float], weeks: Sequence[NDArray[np.intp]]) -> Floats:
    """Spearman correlation of what was said with what came, one a week with at least 5 known lines."""
    x, y = np.asarray(said, dtype=float), np.asarray(came, dtype=float)
    out = []
    for rows in weeks:
        rows = rows[np.isfinite(x[rows]) & np.isfinite(y[rows])]
        if len(rows) >= 5 and np.ptp(x[rows]) > 0 and np.ptp(y[rows]) > 0:
            out.append(float(np.corrcoef(average_ranks(x[rows]), average_ranks(y[rows]))[0, 1]))
    return np.array(out)


def reliability(stated: Floats, came_true: NDArray[np.bool_], bands: int = BANDS) -> tuple[Bin, ...]:
    """Stated p(bullish) in bands of equal count beside how often it came true."""
    edges = np.unique(np.quantile(stated, np.linspace(0, 1, bands + 1)))
    if len(edges) < 2:
        return (Bin(float(edges[0]), float(edges[0]), len(stated), float(stated.mean()), float(came_true.mean())),)
    place = np.clip(np.searchsorted(edges, stated, side="left") - 1, 0, len(edges) - 2)
    rows = [np.flatnonzero(place == k) for k in range(len(edges) - 1)]
    return tuple(
        Bin(float(edges[k]), float(edges[k + 1]), len(r), float(stated[r].mean()), float(came_true[r].mean()))
        for k, r in enumerate(rows)
        if len(r)
    )


def resampled(
    predictions: Sequence[Prediction], figure: Callable[[Sequence[Prediction]], float], seed: int = 7, draws: int = 200
) -> Interval:
    """A figure of the predictions with its interval from drawing whole weeks with replacement."""
    weeks = _groups([p.date for p in predictions])
    rng = np.random.default_rng(seed)
    values = [
        figure([predictions[i] for k in rng.integers(0, len(weeks), len(weeks)) for i in weeks[k]])
        for _ in range(draws)
    ]
    return Interval(figure(predictions), float(np.quantile(values, 0.05)), float(np.quantile(values, 0.95)))
