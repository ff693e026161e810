"""The sentiment family: Fear & Greed, tone and number of headlines, mentions, posts kept apart, encyclopedia views.

Which way each of these points is for the heads to find out: loud praise is known to fade.
"""

from __future__ import annotations

import numpy as np

from engine import kernels as k
from engine.features.feature import LEADER, Feature, Inputs, flat, growth_of_means, z_score
from engine.features.news import Coverage
from engine.panel import Matrix

USUAL = 60  # days that make the usual week
HALF_LIFE = 7.0  # days after which a text counts half in what decays
FADED = 60  # days after which it counts nothing: by then 1/400 of the first day's weight is left


def tone(c: Coverage, days: int) -> Matrix:
    """Mean score of the texts of the last days, (dates, 1)."""
    return k.ratio(summed(c.score, days), summed(c.count, days))


def summed(x: Matrix, days: int) -> Matrix:
    """Sum over days all of which lie in the time covered by texts."""
    return k.rolling_mean(x, days, days) * days


def decayed(x: Matrix) -> Matrix:
    """Sum in which a day counts half for every HALF_LIFE days of age, over exactly FADED days, so that history's start
    does not matter."""
    total = np.zeros_like(x)
    for age in range(FADED):
        total += 0.5 ** (age / HALF_LIFE) * k.shift(x, age)
    return total


def spread(count: Matrix, score: Matrix, square: Matrix, days: int) -> Matrix:
    """Standard deviation of the scores of the last days; NaN with fewer than two of them."""
    number = summed(count, days)
    mean = k.ratio(summed(score, days), number)
    variance = np.maximum(k.ratio(summed(square, days), number) - mean**2, 0.0)
    return np.where(number >= 2, np.sqrt(variance), np.nan)


def count_surprise(c: Coverage) -> Matrix:
    return k.log(k.ratio(summed(c.count, 7) / 7, summed(c.count, USUAL) / USUAL))


def of_the_spoken_of(m: Inputs, c: Coverage, values: Matrix) -> Matrix:
    """NaN for a token without a candle, and for one nobody has mentioned for as long as the usual week is made of."""
    return np.where((summed(c.mentions, USUAL) > 0) & m.panel.observed, values, np.nan)


def mention_surprise(m: Inputs, c: Coverage) -> Matrix:
    """Log of this week's mentions against the usual week's, one added to both."""
    week, usual = summed(c.mentions, 7), summed(c.mentions, USUAL) * (7 / USUAL)
    return of_the_spoken_of(m, c, np.log((1 + week) / (1 + usual)))


def mention_share(m: Inputs, c: Coverage) -> Matrix:
    """Share of all mentions of 28 days."""
    own = summed(c.mentions, 28)
    return of_the_spoken_of(m, c, k.ratio(own, own.sum(axis=1, keepdims=True)))


def mention_volume(m: Inputs, c: Coverage) -> Matrix:
    """Log of one plus the decayed number of mentions."""
    return of_the_spoken_of(m, c, np.log1p(decayed(c.mentions)))


def mention_tone(m: Inputs, c: Coverage, days: int = 28) -> Matrix:
    mean = k.ratio(summed(c.mention_score, days), summed(c.mentions, days))
    return np.where(m.panel.observed, mean, np.nan)


def mention_tone_decayed(m: Inputs, c: Coverage) -> Matrix:
    return of_the_spoken_of(m, c, k.ratio(decayed(c.mention_score), decayed(c.mentions)))


def mention_tone_surprise(m: Inputs, c: Coverage) -> Matrix:
    return mention_tone(m, c, 7) - mention_tone(m, c, USUAL)


def mention_spread(m: Inputs, c: Coverage) -> Matrix:
    return np.where(m.panel.observed, spread(c.mentions, c.mention_score, c.mention_square, USUAL), np.nan)


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
        "headline_tone_7d", "sentiment", "market", "mean score of 7 days' headlines", 7, "-1 to 1", "headlines",
        "friendly headlines", "hostile headlines", lambda m: flat(tone(m.news, 7)),
    ),
    Feature(
        "headline_tone_surprise", "sentiment", "market", "mean score of headlines, 7 days minus 60 days", 60,
        "-2 to 2", "headlines", "headlines friendlier than usual", "headlines harsher than usual",
        lambda m: flat(tone(m.news, 7) - tone(m.news, USUAL)),
    ),
    Feature(
        "headline_tone_decayed", "sentiment", "market", "mean score of headlines, half-life 7 days, over 60 days", 60,
        "-1 to 1", "headlines", "headlines have turned friendly", "headlines have turned hostile",
        lambda m: flat(k.ratio(decayed(m.news.score), decayed(m.news.count))),
    ),
    Feature(
        "headline_disagreement_28d", "sentiment", "market", "deviation of the scores of 28 days' headlines", 28,
        "0 to 1", "headlines", "headlines contradict each other", "headlines of one mind",
        lambda m: flat(spread(m.news.count, m.news.score, m.news.square, 28)),
    ),
    Feature(
        "headline_count_surprise", "sentiment", "market", "log(headlines a day, 7 days / 60 days)", 60, "log",
        "headlines", "more news than usual", "less news than usual", lambda m: flat(count_surprise(m.news)),
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
        "mention_share_28d", "sentiment", "token", "mentions in 28 days' headlines / those of all tokens", 60, "share",
        "headlines", "much of the news is about it", "little of the news is about it",
        lambda m: mention_share(m, m.news),
    ),
    Feature(
        "mention_volume_decayed", "sentiment", "token", "log(1 + headlines about it, half-life 7 days, over 60 days)",
        60, "log", "headlines", "often in the news of late", "seldom in the news of late",
        lambda m: mention_volume(m, m.news), scale=3,
    ),
    Feature(
        "mention_surprise", "sentiment", "token", "log((1 + mentions in 7 days) / (1 + those of a usual week of 60))",
        60, "log", "headlines", "more in the news than usual", "less in the news than usual",
        lambda m: mention_surprise(m, m.news),
    ),
    Feature(
        "mention_tone_28d", "sentiment", "token", "mean score of 28 days' headlines that mention it", 28,
        "-1 to 1", "headlines", "friendly headlines about it", "hostile headlines about it",
        lambda m: mention_tone(m, m.news),
    ),
    Feature(
        "mention_tone_decayed", "sentiment", "token", "mean score of headlines that mention it, half-life 7 days", 60,
        "-1 to 1", "headlines", "the latest headlines praise it", "the latest headlines blame it",
        lambda m: mention_tone_decayed(m, m.news),
    ),
    Feature(
        "mention_tone_surprise", "sentiment", "token", "mean score of headlines that mention it, 7 minus 60 days", 60,
        "-2 to 2", "headlines", "news about it better than usual", "news about it worse than usual",
        lambda m: mention_tone_surprise(m, m.news),
    ),
    Feature(
        "mention_disagreement_60d", "sentiment", "token", "deviation of the scores of 60 days' headlines about it", 60,
        "0 to 1", "headlines", "headlines about it contradict each other", "headlines about it of one mind",
        lambda m: mention_spread(m, m.news),
    ),
    Feature(
        "social_tone_7d", "sentiment", "market", "mean score of 7 days' posts", 7, "-1 to 1", "posts",
        "cheerful posts", "gloomy posts", lambda m: flat(tone(m.social, 7)),
    ),
    Feature(
        "social_tone_surprise", "sentiment", "market", "mean score of posts, 7 days minus 60 days", 60, "-2 to 2",
        "posts", "posts more cheerful than usual", "posts gloomier than usual",
        lambda m: flat(tone(m.social, 7) - tone(m.social, USUAL)),
    ),
    Feature(
        "social_count_surprise", "sentiment", "market", "log(posts a day, 7 days / 60 days)", 60, "log", "posts",
        "more posts than usual", "fewer posts than usual", lambda m: flat(count_surprise(m.social)),
    ),
    Feature(
        "social_mention_share_28d", "sentiment", "token", "mentions in 28 days' posts / those of all tokens", 60,
        "share", "posts", "much talked of in posts", "little talked of in posts",
        lambda m: mention_share(m, m.social),
    ),
    Feature(
        "social_mention_volume_decayed", "sentiment", "token",
        "log(1 + posts about it, half-life 7 days, over 60 days)", 60, "log", "posts",
        "much posted about of late", "little posted about of late", lambda m: mention_volume(m, m.social), scale=3,
    ),
    Feature(
        "social_mention_surprise", "sentiment", "token",
        "log((1 + posts about it in 7 days) / (1 + those of a usual week of 60))", 60, "log", "posts",
        "more posts about it than usual", "fewer posts about it than usual", lambda m: mention_surprise(m, m.social),
    ),
    Feature(
        "social_mention_tone_28d", "sentiment", "token", "mean score of 28 days' posts that mention it", 28,
        "-1 to 1", "posts", "cheerful posts about it", "gloomy posts about it", lambda m: mention_tone(m, m.social),
    ),
    Feature(
        "social_mention_tone_decayed", "sentiment", "token", "mean score of posts that mention it, half-life 7 days",
        60, "-1 to 1", "posts", "the latest posts praise it", "the latest posts blame it",
        lambda m: mention_tone_decayed(m, m.social),
    ),
    Feature(
        "social_mention_tone_surprise", "sentiment", "token", "mean score of posts that mention it, 7 minus 60 days",
        60, "-2 to 2", "posts", "posts about it kinder than usual", "posts about it harsher than usual",
        lambda m: mention_tone_surprise(m, m.social),
    ),
    Feature(
        "social_mention_disagreement_60d", "sentiment", "token", "deviation of the scores of 60 days' posts about it",
        60, "0 to 1", "posts", "posts about it contradict each other", "posts about it of one mind",
        lambda m: mention_spread(m, m.social),
    ),
)  # fmt: skip

# What only people on social platforms say: these alone never turn a signal bullish.
SOCIAL = tuple(feature.name for feature in SENTIMENT if feature.name.startswith("social_"))
