"""Features of volume and liquidity; levels across tokens come from the whole-market ranking, ratios from one venue."""

from __future__ import annotations

import numpy as np

from engine import kernels as k
from engine.features.feature import Feature, Inputs, growth_of_means
from engine.panel import Matrix


def one_venue(m: Inputs, values: Matrix, window: int) -> Matrix:
    """Blank values whose window of volumes spans a change of venue."""
    return np.where(m.bars.venue_days >= window, values, np.nan)


def market_volume(m: Inputs) -> Matrix:
    """Whole-market volume of the last ranking, USD a day, beside tokens that trade."""
    return np.where(m.panel.observed & (m.panel.market_volume > 0), m.panel.market_volume, np.nan)


def volume_ratio(m: Inputs, fast: int, slow: int) -> Matrix:
    return one_venue(m, growth_of_means(m.bars.volume, fast, slow), slow)


def volume_return_correlation(m: Inputs) -> Matrix:
    moves = k.growth(m.bars.volume, 1)
    return one_venue(m, k.rolling_regression(m.returns, moves, 30)[1], 31)


def spread_estimate(m: Inputs) -> Matrix:
    """Corwin and Schultz (2012): two days' ranges hold the spread twice but twice the variance; below 0 counts as 0."""
    high, low = m.bars.high, m.bars.low
    two_days = k.log(k.ratio(k.rolling_max(high, 2, 2), k.rolling_min(low, 2, 2))) ** 2
    daily = k.log(k.ratio(high, low)) ** 2
    beta, root = daily + k.shift(daily, 1), 3 - 2 * np.sqrt(2)
    alpha = (np.sqrt(2 * beta) - np.sqrt(beta)) / root - np.sqrt(two_days / root)
    spread = 2 * np.expm1(alpha) / (1 + np.exp(alpha))
    return k.rolling_mean(np.maximum(spread, 0), 30)


LIQUIDITY = (
    Feature(
        "volume_ratio_7_30", "volume & liquidity", "token", "log(7-day mean volume / 30-day mean), one venue", 30,
        "log", "candles", "traded more this week", "traded less this week", lambda m: volume_ratio(m, 7, 30),
    ),
    Feature(
        "volume_ratio_1_30", "volume & liquidity", "token", "log(yesterday's volume / 30-day mean), one venue", 30,
        "log", "candles", "volume jumped yesterday", "a quiet day yesterday", lambda m: volume_ratio(m, 1, 30),
    ),
    Feature(
        "volume_trend_30_90", "volume & liquidity", "token", "log(30-day mean volume / 90-day mean), one venue", 90,
        "log", "candles", "volume growing for months", "volume shrinking for months",
        lambda m: volume_ratio(m, 30, 90),
    ),
    Feature(
        "volume_rank_90d", "volume & liquidity", "token", "rank of the 7-day mean volume in its last 90, one venue",
        97, "rank 0 to 1", "candles", "busiest in months", "quietest in months",
        lambda m: one_venue(m, k.rolling_rank(k.rolling_mean(m.bars.volume, 7), 90), 97),
    ),
    Feature(
        "volume_volatility_30d", "volume & liquidity", "token", "deviation of log volume over 30 days, one venue", 30,
        "log", "candles", "fitful trading", "steady trading",
        lambda m: one_venue(m, k.rolling_std(k.log(m.bars.volume), 30), 30),
    ),
    Feature(
        "volume_peak_30d", "volume & liquidity", "token", "share of the busiest day in 30 days' volume, one venue",
        30, "share", "candles", "its volume came in a burst", "its volume is spread evenly",
        lambda m: one_venue(m, k.ratio(k.rolling_max(m.bars.volume, 30), k.rolling_sum(m.bars.volume, 30)), 30),
    ),
    Feature(
        "volume_return_correlation_30d", "volume & liquidity", "token",
        "correlation of daily log returns with log changes of volume, 30 days", 31, "correlation", "candles",
        "volume comes on rises", "volume comes on falls", volume_return_correlation,
    ),
    Feature(
        # over the volume itself this is the volume upside down (rank correlation -0.98)
        "illiquidity_turnover_30d", "volume & liquidity", "token",
        "log(30-day mean |daily log return| / turnover), Amihud's measure without size (Brennan et al. 2013)", 30,
        "log", "candles, rankings", "moves far on little turnover", "takes much turnover to move",
        lambda m: k.log(k.ratio(k.rolling_mean(np.abs(m.returns), 30), k.ratio(market_volume(m), m.cap))),
    ),
    Feature(
        "spread_estimate_30d", "volume & liquidity", "token",
        "mean bid-ask spread estimated from daily ranges (Corwin and Schultz), 30 days", 31, "share", "candles",
        "costly to trade", "cheap to trade", spread_estimate, scale=0.01,
    ),
    Feature(
        "log_market_cap", "volume & liquidity", "token", "log(close x supply of the last ranking)", 1, "log USD",
        "candles, rankings", "large among its peers", "small among its peers", lambda m: k.log(m.cap), scale=10,
    ),
    Feature(
        "log_market_volume", "volume & liquidity", "token", "log of whole-market daily volume, last ranking", 1,
        "log USD", "rankings", "heavily traded everywhere", "thinly traded everywhere",
        lambda m: k.log(market_volume(m)), scale=10,
    ),
    Feature(
        "turnover", "volume & liquidity", "token", "log(whole-market daily volume / market cap)", 1, "log",
        "candles, rankings", "changes hands often", "rarely changes hands",
        lambda m: k.log(k.ratio(market_volume(m), m.cap)),
    ),
    Feature(
        "supply_growth_90d", "volume & liquidity", "token", "log(supply / supply 90 days ago), rankings", 90, "log",
        "rankings", "many new coins issued", "few new coins issued",
        lambda m: k.growth(np.where(m.panel.observed, m.panel.supply, np.nan), 90), scale=0.1,
    ),
    Feature(
        "rank_gain_90d", "volume & liquidity", "token", "log(capitalisation rank 90 days ago / rank now)", 90, "log",
        "rankings", "climbed the ranking", "slid down the ranking",
        lambda m: -k.growth(np.where(m.panel.observed, m.panel.rank, np.nan), 90), scale=0.1,
    ),
)  # fmt: skip
