"""The simulated market's headlines: a few a day from templates, their tone led by what happens to the tokens."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from engine.model import Headline
from engine.sources.simulated_fates import Fates, Stream, draw_from
from engine.sources.simulated_names import LABEL, Part
from engine.sources.simulated_paths import FUNDAMENTAL, Paths

Array = NDArray[np.float64]

A_DAY = 2.6  # headlines, Poisson
MARKET_SHARE = 0.35  # of them speak of the market as a whole
UNDATED_SHARE = 0.1  # carry a date only, so that they count as read a day later
TONE_NOISE, TONE_BAR = 0.9, 0.7  # deviations: how loosely tone follows the news, and beyond which it is not neutral
EDGE_WEIGHT = 0.4  # of the drift to come, against the day's own move
DESKS = ("Ledger Courier", "Block Gazette", "Coin Herald")

GOOD, PLAIN, BAD = 1, 0, -1
ABOUT_TOKEN = {
    GOOD: (
        "{name} ({symbol}) surges as holders celebrate strong growth",
        "{name} ({symbol}) wins a major partnership and gains users",
        "Successful upgrade lifts {name} ({symbol}), activity at a record high",
        "Investors are bullish on {name} ({symbol}) after great quarterly numbers",
        "{name} ({symbol}) rallies, developers praise the improved network",
    ),
    PLAIN: (
        "{name} ({symbol}) publishes its monthly report",
        "{name} ({symbol}) schedules a vote on its treasury",
        "What to know about {name} ({symbol}) this week",
        "{name} ({symbol}) moves its documentation to a new site",
    ),
    BAD: (
        "{name} ({symbol}) plunges as worried holders sell",
        "Exploit feared at {name} ({symbol}), users warned",
        "{name} ({symbol}) slumps after weak numbers and angry votes",
        "Lawsuit threatens {name} ({symbol}), losses mount",
        "Outage hurts {name} ({symbol}), critics fear worse problems",
    ),
}
ABOUT_MARKET = {
    GOOD: (
        "Crypto market rallies as confidence improves",
        "Bitcoin (BTC) gains, analysts see strong demand",
        "Optimism returns: crypto funds enjoy healthy inflows",
    ),
    PLAIN: (
        "Crypto market waits for the next central bank meeting",
        "Bitcoin (BTC) trades in a narrow range",
        "A look at the week in crypto",
    ),
    BAD: (
        "Crypto market tumbles in panic selling",
        "Bitcoin (BTC) drops sharply, fear spreads",
        "Liquidations hurt traders as crypto losses deepen",
    ),
}


def write_headlines(seed: int, cast: Sequence[Part], fates: Fates, paths: Paths, start: dt.date) -> Iterator[Headline]:
    """Every headline of the history, day by day."""
    rng = draw_from(seed, Stream.NEWS)
    returns = np.diff(np.log(paths.price), axis=0, prepend=np.log(paths.price[:1]))
    edge = np.clip(paths.drift / (FUNDAMENTAL * fates.noise), -4, 4)
    news = np.clip(returns / paths.deviation, -5, 5) + EDGE_WEIGHT * edge
    mood = np.clip(paths.market / 0.02, -5, 5)
    fame = fame_of(cast, fates, paths)
    for row, count in enumerate(rng.poisson(A_DAY, len(news))):
        date = start + dt.timedelta(days=row)
        for number in range(int(count)):
            if rng.random() < MARKET_SHARE:
                subject, name = "market", ""
                bank: Sequence[str] = ABOUT_MARKET[_tone(rng, mood[row])]
            else:
                weight = fame[row] * (1 + 2 * np.abs(news[row]))
                part = cast[draw_by(rng, weight)]
                subject, name = part.symbol, spoken(part)
                bank = ABOUT_TOKEN[_tone(rng, news[row, part.token.id - 1])]
            title = f"{LABEL}: {bank[int(rng.integers(len(bank)))].format(symbol=subject, name=name)}"
            yield _print(rng, date, number, subject, title)


def _print(rng: np.random.Generator, date: dt.date, number: int, subject: str, title: str) -> Headline:
    """Put a headline on the wire; one that hides its hour counts as read a day later."""
    minute = int(rng.integers(1, 1440))
    undated = rng.random() < UNDATED_SHARE
    clock = "00:00:00" if undated else f"{minute // 60:02d}:{minute % 60:02d}:{number % 60:02d}"
    known = date + dt.timedelta(days=1) if undated else date
    desk = DESKS[int(rng.integers(len(DESKS)))]
    return Headline(f"{date.isoformat()} {clock}", f"{LABEL} {desk}", subject, title, known.isoformat())


def spoken(part: Part) -> str:
    return part.token.name.removesuffix(" (simulated)")


def fame_of(cast: Sequence[Part], fates: Fates, paths: Paths) -> Array:
    """How often a living coin is written about, (D, T): the large ones more, not in proportion."""
    coin = np.array([part.is_coin for part in cast])
    fame: Array = np.where(fates.alive & coin, (paths.price * paths.supply) ** 0.3, 0.0)
    return fame


def _tone(rng: np.random.Generator, news: float) -> int:
    felt = news + TONE_NOISE * rng.standard_normal()
    return GOOD if felt > TONE_BAR else BAD if felt < -TONE_BAR else PLAIN


def draw_by(rng: np.random.Generator, weight: Array) -> int:
    """A column drawn in proportion to its weight."""
    total = np.cumsum(weight)
    return int(np.searchsorted(total, rng.random() * total[-1], side="right"))
