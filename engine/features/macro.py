"""The macro family: the world outside crypto, and the crypto market as a whole."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from engine import kernels as k
from engine.features.feature import LEADER, Feature, Inputs, flat, z_score
from engine.measures import KINDS
from engine.panel import Matrix, Vector


def _macro(name: str, metric: str, how: str, days: int, up: str, down: str, scale: float) -> Feature:
    """One outside series: its level, its change, its log growth or its distance from normal over `days`."""
    formulas: dict[str, tuple[str, Callable[[Matrix], Matrix], str]] = {
        "level": ("{0}", lambda x: x, KINDS[metric].unit),
        "change": ("{1}-day change of {0}", lambda x: k.change(x, days), KINDS[metric].unit),
        "growth": ("{1}-day log change of {0}", lambda x: k.growth(x, days), "log"),
        "z": ("{0} against {1} days, in deviations", lambda x: z_score(x, days), "deviations"),
    }
    text, work, unit = formulas[how]
    return Feature(
        name, "macro", "market", text.format(metric.replace("_", " "), days), days, unit, metric, up, down,
        lambda m: flat(work(m.market(metric))), lag=KINDS[metric].lag, scale=scale,
    )  # fmt: skip


def dominance_change(m: Inputs) -> Vector:
    """Log change of the leader's share of capitalisation over 28 days, today's supplies and members at both ends."""
    before = k.shift(m.panel.close, 28) * m.panel.supply
    both = m.members & np.isfinite(m.cap) & np.isfinite(before)
    now, then = (np.where(both, x, 0.0).sum(axis=1) for x in (m.cap, before))
    share_now, share_then = k.ratio(m.of(LEADER, m.cap), now), k.ratio(m.of(LEADER, before), then)
    return k.log(k.ratio(share_now, share_then))


def breadth(m: Inputs) -> Vector:
    gap = m.panel.close - k.rolling_mean(m.panel.close, 50)
    return k.across_mean(np.where(np.isfinite(gap), gap > 0, np.nan), m.members)


def leader_trend(m: Inputs) -> Vector:
    price = m.of(LEADER, m.panel.close)[:, None]
    return flat(k.log(k.ratio(price, k.rolling_mean(price, 100))))


def dispersion(m: Inputs) -> Vector:
    """Mean distance of the members' 28-day returns from their median."""
    moves = k.change(m.logs, 28)
    middle = k.across_median(moves, m.members)[:, None]
    return k.across_mean(np.abs(moves - middle), m.members)


def correlation(m: Inputs) -> Vector:
    others = np.array([token.symbol != LEADER for token in m.panel.tokens])
    return k.across_mean(m.leader_fit[1], m.members & others)


MACRO = (
    _macro("vix_level", "vix", "level", 1, "nervous stock market", "calm stock market", 10),
    _macro("vix_z", "vix", "z", 180, "stocks more nervous than usual", "stocks calmer than usual", 1),
    _macro("dollar_change_28d", "dollar_index", "growth", 28, "dollar rising", "dollar falling", 0.01),
    _macro("treasury_10yr_change_28d", "treasury_10yr", "change", 28, "long rates rising", "long rates falling", 0.1),
    _macro("yield_curve", "spread_2s10s", "level", 1, "steep yield curve", "flat or inverted yield curve", 0.1),
    _macro("breakeven_change_28d", "breakeven_10yr", "change", 28, "inflation feared", "inflation fading", 0.1),
    _macro("fed_funds_change_90d", "fed_funds", "change", 90, "the Fed tightens", "the Fed eases", 0.1),
    _macro("sp500_return_28d", "sp500", "growth", 28, "stocks rose this month", "stocks fell this month", 0.1),
    _macro("nasdaq_return_90d", "nasdaq100", "growth", 90, "tech stocks rose", "tech stocks fell", 0.1),
    _macro("gold_return_28d", "gold", "growth", 28, "gold rising", "gold falling", 0.1),
    _macro("oil_return_28d", "wti_crude", "growth", 28, "oil rising", "oil falling", 0.1),
    _macro("high_yield_spread", "high_yield_spread", "level", 1, "credit strained", "credit easy", 1),
    _macro("financial_stress", "financial_stress", "level", 1, "financial stress", "no financial stress", 1),
    _macro("m2_growth_180d", "m2", "growth", 180, "money supply growing", "money supply shrinking", 0.01),
    _macro("cpi_yoy", "cpi_yoy", "level", 1, "high inflation", "low inflation", 1),
    _macro("unemployment_change_180d", "unemployment", "change", 180, "jobs being lost", "jobs being found", 0.1),
    Feature(
        "btc_dominance_change_28d", "macro", "market", "28-day log change of BTC's share of the first 100 coins", 28,
        "log", "candles, rankings", "money moves to BTC", "money moves to smaller coins", dominance_change, scale=0.1,
    ),
    Feature(
        "market_breadth", "macro", "market", "share of the first 100 coins above their own 50-day mean", 50, "share",
        "candles, rankings", "most coins in an uptrend", "few coins in an uptrend", breadth,
    ),
    Feature(
        "market_return_7d", "macro", "market", "median 7-day log return of the first 100 coins", 7, "log",
        "candles, rankings", "the market rose this week", "the market fell this week",
        lambda m: k.across_median(k.change(m.logs, 7), m.members), scale=0.1,
    ),
    Feature(
        "market_return_28d", "macro", "market", "median 28-day log return of the first 100 coins", 28, "log",
        "candles, rankings", "the market rose this month", "the market fell this month",
        lambda m: k.across_median(k.change(m.logs, 28), m.members), scale=0.1,
    ),
    Feature(
        "market_return_90d", "macro", "market", "median 90-day log return of the first 100 coins", 90, "log",
        "candles, rankings", "the market rose this quarter", "the market fell this quarter",
        lambda m: k.across_median(k.change(m.logs, 90), m.members), scale=0.1,
    ),
    Feature(
        "market_volatility_30d", "macro", "market", "deviation of 30 days' median log return of the first 100 coins",
        30, "log/day", "candles, rankings", "a stormy market", "a calm market",
        lambda m: flat(k.rolling_std(m.median_return, 30)), scale=0.1,
    ),
    Feature(
        "market_dispersion_28d", "macro", "market", "mean distance of 28-day log returns from their median", 28,
        "log", "candles, rankings", "coins go different ways", "coins move as one", dispersion, scale=0.1,
    ),
    Feature(
        "market_correlation_60d", "macro", "market", "mean 60-day correlation of the first 100 coins with BTC", 60,
        "correlation", "candles, rankings", "everything follows BTC", "coins go their own ways", correlation,
    ),
    Feature(
        "btc_trend_100d", "macro", "market", "log(BTC close / its 100-day mean)", 100, "log", "candles",
        "BTC in an uptrend", "BTC in a downtrend", leader_trend, scale=0.1,
    ),
    Feature(
        "btc_volatility_30d", "macro", "market", "deviation of BTC's 30 daily log returns", 30, "log/day", "candles",
        "BTC is wild", "BTC is calm", lambda m: m.of(LEADER, m.volatility_30), scale=0.1,
    ),
    Feature(
        "eth_btc_return_28d", "macro", "market", "28-day log return of ETH minus BTC's", 28, "log", "candles",
        "ETH beats BTC", "BTC beats ETH",
        lambda m: m.of("ETH", k.change(m.logs, 28)) - m.of(LEADER, k.change(m.logs, 28)), scale=0.1,
    ),
)  # fmt: skip
