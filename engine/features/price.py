"""Features of the price alone: returns, distance from extremes, volatility, and the tie to the leader."""

from __future__ import annotations

import numpy as np

from engine import kernels as k
from engine.features.feature import LEADER, Feature, Inputs
from engine.panel import Matrix


def downside(m: Inputs) -> Matrix:
    return np.sqrt(k.rolling_mean(np.minimum(m.returns, 0) ** 2, 30))


def idiosyncratic(m: Inputs) -> Matrix:
    _, correlation = m.leader_fit
    own = k.rolling_std(m.returns, 60) * np.sqrt(1 - correlation**2)
    return without_leader(m, own)


def residual_return(m: Inputs) -> Matrix:
    beta, _ = m.leader_fit
    return without_leader(m, k.rolling_sum(m.returns, 28) - beta * k.rolling_sum(m.leader_returns, 28))


def without_leader(m: Inputs, values: Matrix) -> Matrix:
    """The leader has no remainder against itself: rounding noise would rank it."""
    column = m.panel.column(LEADER)
    return values if column is None else np.where(np.arange(values.shape[1]) == column, np.nan, values)


def _return(days: int, words: str) -> Feature:
    before = "the day before" if days == 1 else f"{days} days ago"
    return Feature(
        f"return_{days}d", "price", "token", f"log(close / close {before})", days, "log", "candles",
        f"rose {words}", f"fell {words}", lambda m: k.change(m.logs, days), scale=0.1,
    )  # fmt: skip


PRICE = (
    _return(1, "yesterday"),
    _return(3, "in three days"),
    _return(7, "this week"),
    _return(14, "in two weeks"),
    _return(28, "this month"),
    _return(56, "in two months"),
    _return(90, "this quarter"),
    _return(180, "in half a year"),
    Feature(
        "return_90d_skip_14d", "price", "token", "log(close 14 days ago / close 90 days ago)", 90, "log", "candles",
        "rose before the last two weeks", "fell before the last two weeks",
        lambda m: k.shift(k.change(m.logs, 76), 14) + 0 * m.logs, scale=0.1,
    ),
    Feature(
        "high_distance_90d", "price", "token", "log(close / highest close of 90 days)", 90, "log", "candles",
        "close to its quarter's high", "far below its quarter's high",
        lambda m: m.logs - k.rolling_max(m.logs, 90), scale=0.1,
    ),
    Feature(
        "drawdown_180d", "price", "token", "log(close / highest close of 180 days)", 180, "log", "candles",
        "close to its half-year high", "far below its half-year high",
        lambda m: m.logs - k.rolling_max(m.logs, 180), scale=0.1,
    ),
    Feature(
        "low_distance_90d", "price", "token", "log(close / lowest close of 90 days)", 90, "log", "candles",
        "far above its quarter's low", "close to its quarter's low",
        lambda m: m.logs - k.rolling_min(m.logs, 90), scale=0.1,
    ),
    Feature(
        "best_day_28d", "price", "token", "highest daily log return of 28 days", 28, "log", "candles",
        "had a day of wild gains", "had no wild gains", lambda m: k.rolling_max(m.returns, 28), scale=0.1,
    ),
    Feature(
        "worst_day_28d", "price", "token", "lowest daily log return of 28 days", 28, "log", "candles",
        "had no heavy falls", "had a day of heavy loss", lambda m: k.rolling_min(m.returns, 28), scale=0.1,
    ),
    Feature(
        "skew_60d", "price", "token", "skewness of 60 daily log returns", 60, "ratio", "candles",
        "jumps up more than down", "jumps down more than up", lambda m: k.rolling_skew(m.returns, 60),
    ),
    Feature(
        "rising_days_28d", "price", "token", "share of days that closed higher, 28 days", 28, "share", "candles",
        "rose on most days", "fell on most days",
        lambda m: k.rolling_mean(np.where(np.isfinite(m.returns), m.returns > 0, np.nan), 28),
    ),
    Feature(
        "volatility_7d", "price", "token", "deviation of 7 daily log returns", 7, "log/day", "candles",
        "wilder this week than its peers", "calmer this week than its peers",
        lambda m: m.volatility_7, scale=0.1,
    ),
    Feature(
        "volatility_30d", "price", "token", "deviation of 30 daily log returns", 30, "log/day", "candles",
        "wilder than its peers", "calmer than its peers", lambda m: m.volatility_30, scale=0.1,
    ),
    Feature(
        "volatility_90d", "price", "token", "deviation of 90 daily log returns", 90, "log/day", "candles",
        "wild for a quarter", "calm for a quarter", lambda m: m.volatility_90, scale=0.1,
    ),
    Feature(
        "volatility_change", "price", "token", "log(7-day volatility / 30-day volatility)", 30, "log", "candles",
        "volatility rising", "volatility falling",
        lambda m: k.log(k.ratio(m.volatility_7, m.volatility_30)),
    ),
    Feature(
        "downside_volatility_30d", "price", "token", "root mean square of the falling days' log returns, 30 days", 30,
        "log/day", "candles", "falls hard when it falls", "falls little when it falls", downside, scale=0.1,
    ),
    Feature(
        "volatility_of_volatility", "price", "token", "deviation of 7-day volatility over 60 days / its mean", 67,
        "ratio", "candles", "calm and storm alternate", "steady volatility",
        lambda m: k.ratio(k.rolling_std(m.volatility_7, 60), k.rolling_mean(m.volatility_7, 60)),
    ),
    Feature(
        "autocorrelation_60d", "price", "token", "correlation of a day's log return with the day before's, 60 days",
        61, "correlation", "candles", "moves tend to go on", "moves tend to turn back",
        lambda m: k.rolling_regression(m.returns, k.shift(m.returns, 1), 60)[1],
    ),
    Feature(
        "beta_60d", "price", "token", "slope of daily log returns on BTC's, 60 days", 60, "ratio", "candles",
        "swings harder than BTC", "swings less than BTC", lambda m: m.leader_fit[0],
    ),
    Feature(
        "correlation_60d", "price", "token", "correlation of daily log returns with BTC's, 60 days", 60,
        "correlation", "candles", "follows BTC", "goes its own way", lambda m: m.leader_fit[1],
    ),
    Feature(
        "own_volatility_60d", "price", "token", "deviation of the part of returns that BTC does not explain, 60 days",
        60, "log/day", "candles", "wild on its own account", "calm apart from BTC's moves",
        idiosyncratic, scale=0.1,
    ),
    Feature(
        "residual_return_28d", "price", "token", "28-day log return minus beta x BTC's", 60, "log", "candles",
        "beat BTC this month, risk considered", "lagged BTC this month, risk considered", residual_return, scale=0.1,
    ),
    Feature(
        "history_days", "price", "token", "candles in the last 365 days", 365, "days", "candles",
        "long established", "young or patchy history", lambda m: k.count(m.logs, 365) + 0 * m.logs, scale=365,
    ),
)  # fmt: skip
