"""Features of price and volume after published findings on what tells returns apart; each formula names its paper.

They were chosen for their papers before any of them was measured here.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engine import kernels as k
from engine.features.feature import Feature, Inputs
from engine.features.liquidity import market_volume, one_venue
from engine.features.price import without_leader
from engine.panel import Matrix

PEERS = 5  # known members that make a group


def coskewness(m: Inputs) -> Matrix:
    """Of the residual with the squared move of the market, over 90 days, by products of daily returns."""
    own, market = m.residuals, m.median_return + 0 * m.residuals
    usual, level = k.rolling_mean(own, 90), k.rolling_mean(market, 90)
    joint = k.rolling_mean(own * market**2, 90) - usual * k.rolling_mean(market**2, 90)
    together = joint - 2 * level * (k.rolling_mean(own * market, 90) - usual * level)
    return k.ratio(together, k.rolling_std(own, 90) * k.rolling_std(market, 90) ** 2)


def downside_beta(m: Inputs) -> Matrix:
    """Slope on the days when the market fell; at least 50 of them in 180."""
    falling = np.where(m.median_return < 0, m.median_return, np.nan)
    return k.rolling_regression(m.returns, falling, 180, least=50)[0]


def residual_momentum(m: Inputs) -> Matrix:
    past = k.shift(m.residuals, 7)
    return k.ratio(k.rolling_mean(past, 84), k.rolling_std(past, 84))


def range_volatility(m: Inputs) -> Matrix:
    """Deviation a day by Rogers and Satchell, whom a drift does not mislead, 30 days."""
    high, low, close = (k.log(k.ratio(x, m.bars.open)) for x in (m.bars.high, m.bars.low, m.bars.close))
    return np.sqrt(k.rolling_mean(high * (high - close) + low * (low - close), 30))


def spread_by_close(m: Inputs) -> Matrix:
    """A close lies half a spread off the middle of its day and of the next; pairs of days below 0 count as 0."""
    middle = (k.log(m.bars.high) + k.log(m.bars.low)) / 2
    close, before = k.shift(m.logs, 1), k.shift(middle, 1)
    return k.rolling_mean(np.sqrt(np.maximum(4 * (close - before) * (close - middle), 0)), 30)


def capital_gains(m: Inputs) -> Matrix:
    """Log distance from what holders paid: each day the coins that changed hands take its price."""
    turnover: Matrix = np.minimum(k.ratio(market_volume(m), m.cap), 1.0)
    return m.logs - k.adaptive_mean(m.logs, turnover, 180) + 0 * turnover


def information_discreteness(m: Inputs) -> Matrix:
    """Below 0 where many small steps made the move, above where a few large ones did."""
    sides = k.rolling_mean(np.sign(m.returns), 90)
    return -np.sign(k.change(m.logs, 90)) * sides


def volume_conditioned(m: Inputs) -> Matrix:
    """Correlation of a day's return with the day before's times its unusual volume."""
    volume = k.log(m.bars.volume)
    unusual = volume - k.rolling_mean(volume, 30)
    return one_venue(m, k.rolling_regression(m.returns, k.shift(m.returns * unusual, 1), 60)[1], 91)


def variance_ratio(m: Inputs) -> Matrix:
    return 2 * k.log(k.ratio(k.rolling_std(k.change(m.logs, 7), 84), np.sqrt(7) * m.volatility_90))


def group_return(m: Inputs, days: int) -> Matrix:
    """Median log return of a token's group, the mean over its groups; NaN for what is no coin."""
    moves = k.change(m.logs, days)
    total, groups = np.zeros_like(moves), np.zeros(moves.shape[1])
    for group in m.groups:
        median = k.across_median(moves, np.broadcast_to(group, moves.shape), PEERS)
        total[:, group] += median[:, None]
        groups += group
    return k.ratio(total, groups[None, :]) + 0 * m.logs


_FOUND = (
    Feature(
        "max5_28d", "price", "token", "mean of the 5 highest daily log returns of 28 (Bali et al. 2011)", 28, "log",
        "candles", "had days of wild gains, like a lottery", "had no days of wild gains",
        lambda m: k.rolling_top_mean(m.returns, 28, 5), scale=0.1,
    ),
    Feature(
        "left_tail_90d", "price", "token", "mean of the 5 lowest daily log returns of 90 (Atilgan et al. 2020)", 90,
        "log", "candles", "its worst days were mild", "its worst days were terrible",
        lambda m: -k.rolling_top_mean(-m.returns, 90, 5), scale=0.1,
    ),
    Feature(
        "downside_beta_180d", "price", "token",
        "slope on the typical coin's daily log returns below 0, 180 days (Ang, Chen and Xing 2006)", 180, "ratio",
        "candles, rankings", "falls harder than a falling market", "falls less than a falling market", downside_beta,
    ),
    Feature(
        "residual_volatility_90d", "price", "token",
        "deviation of daily returns that the typical coin does not explain, 90 days (Ang et al. 2006)", 180,
        "log/day", "candles, rankings", "wild apart from the market", "calm apart from the market",
        lambda m: k.rolling_std(m.residuals, 90), scale=0.1,
    ),
    Feature(
        "residual_skew_90d", "price", "token",
        "skewness of daily returns that the typical coin does not explain, 90 days (Boyer et al. 2010)", 180,
        "ratio", "candles, rankings", "jumps up on its own account", "jumps down on its own account",
        lambda m: k.rolling_skew(m.residuals, 90),
    ),
    Feature(
        "coskewness_90d", "price", "token",
        "mean residual x squared market move, both in deviations, 90 days (Harvey and Siddique 2000)", 180, "ratio",
        "candles, rankings", "holds up when the market swings", "suffers when the market swings", coskewness,
    ),
    Feature(
        "residual_momentum_84d", "price", "token",
        "mean / deviation of 84 daily residuals, the last 7 days left out (Blitz et al. 2011)", 181, "ratio",
        "candles, rankings", "beat the market steadily for months", "lagged the market steadily for months",
        residual_momentum, scale=0.1,
    ),
    Feature(
        "high_distance_365d", "price", "token", "log(close / highest close of 365 days) (George and Hwang 2004)", 365,
        "log", "candles", "close to its year's high", "far below its year's high",
        lambda m: m.logs - k.rolling_max(m.logs, 365),
    ),
    Feature(
        "high_age_365d", "price", "token", "days since the highest close of 365 days (Bhootra and Hur 2013)", 365,
        "days", "candles", "its year's high lies long back", "its year's high is fresh",
        lambda m: 364 - k.rolling_argmax(m.logs, 365) + 0 * m.logs, scale=365,
    ),
    Feature(
        "return_364d_skip_182d", "price", "token",
        "log(close 182 days ago / close 364 days ago) (Novy-Marx 2012)", 364, "log", "candles",
        "rose in the half year before last", "fell in the half year before last",
        lambda m: k.shift(k.change(m.logs, 182), 182) + 0 * m.logs,
    ),
    Feature(
        "range_volatility_ratio_30d", "price", "token",
        "log(deviation by open, high, low, close / deviation of closes), 30 days (Rogers and Satchell 1991)", 30,
        "log", "candles", "swings within the day that come to nothing", "moves that last beyond the day",
        lambda m: k.log(k.ratio(range_volatility(m), m.volatility_30)),
    ),
    Feature(
        "variance_ratio_7d", "price", "token",
        "log(variance of 7-day log returns / 7 x that of daily ones), 90 days (Lo and MacKinlay 1988)", 91, "log",
        "candles", "moves add up over the week", "moves cancel out over the week", variance_ratio,
    ),
    Feature(
        "information_discreteness_90d", "price", "token",
        "share of days against less share with the 90-day return (Da, Gurun and Warachka 2014)", 90, "-1 to 1",
        "candles", "its move came in a few jumps", "its move came in many small steps", information_discreteness,
    ),
    Feature(
        "leader_delay_60d", "price", "token",
        "slope of daily log returns on BTC's of the day before, 60 days (Hou and Moskowitz 2005)", 61, "ratio",
        "candles", "follows BTC a day late", "turns against BTC's last day",
        lambda m: without_leader(m, k.rolling_regression(m.returns, k.shift(m.leader_returns, 1), 60)[0]),
    ),
    Feature(
        "log_price", "price", "token", "log close: what one coin costs (Birru and Wang 2016)", 1, "log USD",
        "candles", "one coin costs much", "one coin costs little", lambda m: m.logs, scale=10,
    ),
    Feature(
        "group_return_7d", "price", "token",
        "median 7-day log return of the coins of its theme (Moskowitz and Grinblatt 1999)", 7, "log", "candles",
        "its theme rose this week", "its theme fell this week", lambda m: group_return(m, 7), scale=0.1,
    ),
    Feature(
        "group_return_28d", "price", "token",
        "median 28-day log return of the coins of its theme (Moskowitz and Grinblatt 1999)", 28, "log", "candles",
        "its theme rose this month", "its theme fell this month", lambda m: group_return(m, 28), scale=0.1,
    ),
    Feature(
        "group_relative_return_7d", "price", "token",
        "7-day log return less the median of its theme (Da, Liu and Schaumburg 2014)", 7, "log", "candles",
        "beat its theme this week", "lagged its theme this week",
        lambda m: k.change(m.logs, 7) - group_return(m, 7), scale=0.1,
    ),
    Feature(
        "group_relative_return_28d", "price", "token",
        "28-day log return less the median of its theme (Da, Liu and Schaumburg 2014)", 28, "log", "candles",
        "beat its theme this month", "lagged its theme this month",
        lambda m: k.change(m.logs, 28) - group_return(m, 28), scale=0.1,
    ),
    Feature(
        "capital_gains_180d", "volume & liquidity", "token",
        "log(close / turnover-weighted price of 180 days) (Grinblatt and Han 2005)", 180, "log",
        "candles, rankings", "holders sit on gains", "holders sit on losses", capital_gains, scale=0.1,
    ),
    Feature(
        "spread_by_close_30d", "volume & liquidity", "token",
        "mean bid-ask spread estimated from closes and ranges, 30 days (Abdi and Ranaldo 2017)", 31, "share",
        "candles", "wide between bid and ask", "narrow between bid and ask", spread_by_close, scale=0.01,
    ),
    Feature(
        "volume_reversal_60d", "volume & liquidity", "token",
        "correlation of a day's return with the day before's x its unusual volume, 60 days (Llorente et al. 2002)",
        91, "correlation", "candles", "moves on volume go on", "moves on volume turn back", volume_conditioned,
    ),
    Feature(
        "market_volume_growth_90d", "volume & liquidity", "token",
        "90-day log change of whole-market daily volume, rankings (Gervais et al. 2001)", 90, "log", "rankings",
        "trading spread over a quarter", "trading dried up over a quarter",
        lambda m: k.growth(market_volume(m), 90),
    ),
)  # fmt: skip

# Read by the classifiers, all of these together made them no better on 2021 to 2023 (docs/results.md): the older
# entries tell much the same, and every further input costs a little. They are shown and measured.
ANOMALIES = tuple(replace(feature, learned=False) for feature in _FOUND)
