"""The sentiment family: Fear & Greed, the tone and number of headlines, mentions, encyclopedia views."""

from __future__ import annotations

import numpy as np

from engine import kernels as k
from engine.features.feature import LEADER, Feature, Inputs, flat, growth_of_means, z_score
from engine.panel import Matrix


def tone(m: Inputs, days: int) -> Matrix:
    """Mean score of the headlines of the last days, (dates, 1)."""
    return k.ratio(summed(m.news.score, days), summed(m.news.count, days))


def summed(x: Matrix, days: int) -> Matrix:
    """Sum over days all of which lie in the time covered by headlines."""
    return k.rolling_mean(x, days, days) * days


def count_surprise(m: Inputs) -> Matrix:
    return k.log(k.ratio(summed(m.news.count, 7) / 7, summed(m.news.count, 60) / 60))


def mention_surprise(m: Inputs) -> Matrix:
    """Log of this week's mentions against the usual week's, one added to both; NaN for a token nobody mentions."""
    week, usual = summed(m.news.mentions, 7), summed(m.news.mentions, 60) * (7 / 60)
    return np.where((usual > 0) & m.panel.observed, np.log((1 + week) / (1 + usual)), np.nan)


def mention_tone(m: Inputs) -> Matrix:
    mean = k.ratio(summed(m.news.mention_score, 28), summed(m.news.mentions, 28))
    return np.where(m.panel.observed, mean, np.nan)


SENTIMENT = (
    Feature(
        "fear_greed_level", "sentiment", "market", "Fear & Greed index, 0 fear to 100 greed", 1, "0 to 100",
        "fear_greed", "greed in the market", "fear in the market", lambda m: flat(m.market("fear_greed")), scale=100,
    ),
    Feature(
        "fear_greed_change_7d", "sentiment", "market", "7-day change of Fear & Greed", 7, "points", "fear_greed",
        "mood brightened this week", "mood darkened this week",
        lambda m: flat(k.change(m.market("fear_greed"), 7)), scale=10,
    ),
    Feature(
        "fear_greed_z_90d", "sentiment", "market", "Fear & Greed against 90 days, in deviations", 90, "deviations",
        "fear_greed", "mood better than usual", "mood worse than usual",
        lambda m: flat(z_score(m.market("fear_greed"), 90)),
    ),
    Feature(
        "headline_tone_7d", "sentiment", "market", "mean VADER score of 7 days' headlines", 7, "-1 to 1", "headlines",
        "friendly headlines", "hostile headlines", lambda m: flat(tone(m, 7)),
    ),
    Feature(
        "headline_tone_surprise", "sentiment", "market", "mean VADER score, 7 days minus 60 days", 60, "-2 to 2",
        "headlines", "headlines friendlier than usual", "headlines harsher than usual",
        lambda m: flat(tone(m, 7) - tone(m, 60)),
    ),
    Feature(
        "headline_count_surprise", "sentiment", "market", "log(headlines a day, 7 days / 60 days)", 60, "log",
        "headlines", "more news than usual", "less news than usual", lambda m: flat(count_surprise(m)),
    ),
    Feature(
        "btc_wiki_growth_7_28", "sentiment", "market", "log(7-day / 28-day mean of BTC's encyclopedia views)", 28,
        "log", "wiki_views", "the public looks up BTC", "the public looks away from BTC",
        lambda m: flat(growth_of_means(m.of(LEADER, m.token("wiki_views"))[:, None], 7, 28)), lag=1,
    ),
    Feature(
        "wiki_growth_7_28", "sentiment", "token", "log(7-day / 28-day mean of encyclopedia views)", 28, "log",
        "wiki_views", "looked up more often", "looked up less often",
        lambda m: growth_of_means(m.token("wiki_views"), 7, 28), lag=1,
    ),
    Feature(
        "mention_surprise", "sentiment", "token", "log((1 + mentions in 7 days) / (1 + those of a usual week of 60))",
        60, "log", "headlines", "more in the news than usual", "less in the news than usual", mention_surprise,
    ),
    Feature(
        "mention_tone_28d", "sentiment", "token", "mean VADER score of 28 days' headlines that mention it", 28,
        "-1 to 1", "headlines", "friendly headlines about it", "hostile headlines about it",
        mention_tone,
    ),
)  # fmt: skip
