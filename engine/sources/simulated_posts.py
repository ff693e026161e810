"""The simulated market's posts: a crowd of invented authors, some of them loud, who talk of what has just moved."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from engine.model import Headline
from engine.sources.simulated_fates import Fates, Stream, draw_from
from engine.sources.simulated_names import LABEL, Part
from engine.sources.simulated_news import BAD, GOOD, PLAIN, draw_by, fame_of, spoken
from engine.sources.simulated_paths import Paths

Array = NDArray[np.float64]

A_DAY = 4.0  # posts, Poisson
AUTHORS, LOUDNESS = 80, 1.1  # how many write, and how steeply the share of each falls with its place
CHASED_DAYS = 3  # the crowd talks of the last days' move, not of the next
HYPE = 0.25  # deviations by which the crowd is kinder than the market
MOOD_NOISE, MOOD_BAR = 0.8, 0.6  # deviations: how loosely mood follows the move, and beyond which it is not neutral
PLACE = f"{LABEL} Square"

POSTS = {
    GOOD: (
        "${symbol} to the moon, holders are happy",
        "loading up on ${symbol}, this looks bullish",
        "{name} is the strongest chart right now",
        "diamond hands on ${symbol}, great week",
    ),
    PLAIN: (
        "anyone here staking ${symbol}?",
        "what is {name} building these days",
        "where do you trade ${symbol}",
    ),
    BAD: (
        "got rekt on ${symbol} today",
        "{name} devs are dumping, stay away",
        "${symbol} looks terrible, I am out",
        "down bad with ${symbol} again",
    ),
}


def write_posts(seed: int, cast: Sequence[Part], fates: Fates, paths: Paths, start: dt.date) -> Iterator[Headline]:
    """Every post of the history, day by day."""
    rng = draw_from(seed, Stream.POSTS)
    loudness: Array = np.arange(1, AUTHORS + 1, dtype=np.float64) ** -LOUDNESS
    returns = np.diff(np.log(paths.price), axis=0, prepend=np.log(paths.price[:1]))
    moves = np.clip(returns / paths.deviation, -5, 5)
    fame = fame_of(cast, fates, paths)
    for row, count in enumerate(rng.poisson(A_DAY, len(moves))):
        date = start + dt.timedelta(days=row)
        lately = moves[max(0, row - CHASED_DAYS + 1) : row + 1].mean(axis=0)
        for number in range(int(count)):
            part = cast[draw_by(rng, fame[row] * (1 + 4 * np.abs(lately)))]
            bank = POSTS[_mood(rng, float(lately[part.token.id - 1]))]
            text = bank[int(rng.integers(len(bank)))].format(symbol=part.symbol, name=spoken(part))
            author = f"holder_{draw_by(rng, loudness)}"
            minute = int(rng.integers(1, 1440))
            stamp = f"{date.isoformat()} {minute // 60:02d}:{minute % 60:02d}:{number % 60:02d}"
            yield Headline(stamp, PLACE, part.symbol, f"{LABEL}: {text}", date.isoformat(), author, True)


def _mood(rng: np.random.Generator, move: float) -> int:
    felt = move + HYPE + MOOD_NOISE * rng.standard_normal()
    return GOOD if felt > MOOD_BAR else BAD if felt < -MOOD_BAR else PLAIN
