"""Features of what is only known while somebody looks: order books, venues, searches; and of the Fed's calendar.

They are there from the first live fetch on, so that nothing could be learned or measured of them before. They are
shown, and not counted among the points that a token could have.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engine import fomc, kernels as k
from engine.features.feature import Feature, Inputs, flat, growth_of_means
from engine.panel import Matrix, Vector


def beside_candles(m: Inputs, metric: str) -> Matrix:
    """A series of tokens that trade: a book that nobody deals in says nothing."""
    return np.where(m.panel.observed, m.token(metric), np.nan)


def dex_volume_share(m: Inputs) -> Vector:
    """Volume of decentralised exchanges against that of all tokens, last rankings."""
    volume = m.panel.market_volume
    whole = np.where(np.isfinite(volume) & m.panel.observed, volume, 0.0).sum(axis=1, keepdims=True)
    return flat(k.log(k.ratio(m.market("market_dex_volume"), np.where(whole > 0, whole, np.nan))))


_FOUND = (
    Feature(
        "depth_1pct", "volume & liquidity", "token",
        "log(USD in order books within 1 % of the middle), median of venues", 1, "log USD", "depth_1pct",
        "deep order books", "thin order books",
        lambda m: k.log(beside_candles(m, "depth_1pct")), scale=10,
    ),
    Feature(
        "depth_2pct", "volume & liquidity", "token",
        "log(USD in order books within 2 % of the middle), median of venues", 1, "log USD", "depth_2pct",
        "deep order books, widely", "thin order books, widely",
        lambda m: k.log(beside_candles(m, "depth_2pct")), scale=10,
    ),
    Feature(
        "quoted_spread", "volume & liquidity", "token", "log((ask - bid) / middle), median of venues", 1, "log",
        "spread", "wide between bid and ask today", "narrow between bid and ask today",
        lambda m: k.log(beside_candles(m, "spread")),
    ),
    Feature(
        "depth_change_7d", "volume & liquidity", "token", "7-day log change of USD within 1 % of the middle", 7, "log",
        "depth_1pct", "books deeper than last week", "books thinner than last week",
        lambda m: k.growth(beside_candles(m, "depth_1pct"), 7),
    ),
    Feature(
        "venue_share", "volume & liquidity", "token", "share of the largest of the venues asked in their volume", 1,
        "share", "venue_share", "one exchange has most of its volume", "its volume is spread over exchanges",
        lambda m: beside_candles(m, "venue_share"),
    ),
    Feature(
        "venue_concentration", "volume & liquidity", "token",
        "sum of squared shares of the venues asked (Herfindahl)", 1, "0 to 1", "venue_concentration",
        "trading concentrated on few exchanges", "trading spread evenly",
        lambda m: beside_candles(m, "venue_concentration"),
    ),
    Feature(
        "dex_share", "volume & liquidity", "token", "share of decentralised exchanges in its volume", 1, "share",
        "dex_share", "much of it is traded on chain", "hardly any of it is traded on chain",
        lambda m: beside_candles(m, "dex_share"),
    ),
    Feature(
        "dex_volume_growth_7_28", "volume & liquidity", "token",
        "log(7-day mean / 28-day mean of what its chain or protocol trades)", 28, "log", "dex_volume",
        "more traded on it this week", "less traded on it this week",
        lambda m: growth_of_means(beside_candles(m, "dex_volume"), 7, 28),
        lag=1,
    ),
    Feature(
        "dex_volume_share", "on-chain", "market",
        "log(volume of all decentralised exchanges / whole-market volume of the rankings)", 1, "log",
        "market_dex_volume, rankings", "trading moves on chain", "trading moves to exchanges with custody",
        dex_volume_share, lag=1,
    ),
    Feature(
        "trending_7d", "sentiment", "token", "share of 7 days on which it was searched for most", 7, "share",
        "trending", "searched for by many", "searched for by few",
        lambda m: k.rolling_mean(m.token("trending"), 7),
    ),
    Feature(
        "btc_dominance", "macro", "market", "BTC's share of all capitalisation", 1, "%", "btc_dominance",
        "BTC dominates", "other coins have grown large", lambda m: flat(m.market("btc_dominance")), scale=10,
    ),
    Feature(
        "days_to_fomc", "macro", "market", "days to the next planned meeting of the Fed's committee", 1, "days",
        "FOMC calendar", "the Fed's meeting is far off", "the Fed's meeting is near",
        lambda m: fomc.days_to(m.panel.dates), scale=10,
    ),
    Feature(
        "days_since_fomc", "macro", "market", "days since the last meeting of the Fed's committee", 1, "days",
        "FOMC calendar", "the Fed spoke long ago", "the Fed has just spoken",
        lambda m: fomc.days_since(m.panel.dates), scale=10,
    ),
)  # fmt: skip

TRADING = tuple(replace(feature, learned=False, counted=False) for feature in _FOUND)
