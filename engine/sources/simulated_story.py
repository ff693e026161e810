"""The demo's story: what is done to prices and flows in the last weeks so that three weekly decisions have a plot.

The script pushes returns and flows only; every decision about it is made by the ordinary engine, which knows nothing
of it. With M the last Monday of the history (or the day after its end):

    week A, decided on M - 14   DeFi and the market rise calmly; a few DeFi tokens trend up        -> they enter
    week B, decided on M - 7    one of them falls hard on rising volume and falling activity while
                                another, weak until then, climbs                                   -> it is replaced
    week C, decided on M        the theme and the market fall, everything turns wilder             -> stablecoins

Tokens, sizes and the exact days come from the seed; the strengths below are the knobs.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.sources.simulated_fates import Fates, Stream, draw_from
from engine.sources.simulated_names import Part

Array = NDArray[np.float64]

THEME = "defi"
RISERS = 4  # tokens that trend up in week A; the first of them turns in week B
BULL_DAYS = 35  # before week C the market is in its bull regime for this long

# log return a day, before the seed's own size (0.85 to 1.2)
RISE = 0.014  # risers in week A's fortnight, half of it in week B
CLIMB = 0.020  # the climber, from shortly before week B on
WEAK = -0.006  # the climber before that
TURN = -0.065  # the turner in week B, a third of it in week C
MARKET_RISE, MARKET_FALL = 0.001, -0.021  # the market until and in week C
THEME_RISE, THEME_FALL = 0.002, -0.016  # the theme in weeks A and B, and in week C

# factors
CALM, STORM = 0.6, 1.4  # own noise of everything before and in week C
TURN_ACTIVITY = -0.05  # the turner's activity, log a day
TURN_VOLUME = 0.9  # the turner's volume, log


@dataclass(frozen=True, eq=False, slots=True)
class Script:
    """What the story adds. D rows (days), T tokens; all zeros (`noise`: ones) where nothing is scripted.

    `market` (D,) and `theme` (D,) add to the factors' returns; `fundamental` (D, T) to the slow drift that activity
    shows days ahead; `push`, `activity` and `volume` (D, T) to returns, growth of activity and log volume at once.
    `noise` (D,) scales all random moves. `bull` to `bear` are the rows of a forced bull market, `bear` to the end of
    a forced bear market. The casting (columns) is kept for whoever wants to look.
    """

    market: Array
    theme: Array
    noise: Array
    fundamental: Array
    push: Array
    activity: Array
    volume: Array
    bull: int
    bear: int
    risers: tuple[int, ...] = ()
    turner: int | None = None
    climber: int | None = None


def no_story(days: int, size: int) -> Script:
    """A script that leaves the market to itself."""
    line = np.zeros(days)
    sheet = np.zeros((days, size))
    return Script(line, line, np.ones(days), sheet, sheet, sheet, sheet, days, days)


def last_monday(end: dt.date) -> dt.date:
    """The last Monday on or before `end`, the day after the history's last."""
    return end - dt.timedelta(days=end.weekday())


def write_story(seed: int, cast: Sequence[Part], fates: Fates, end: dt.date) -> Script:
    """Cast the story and set its pushes for a history whose last day is the one before `end`."""
    rng = draw_from(seed, Stream.STORY)
    days = len(fates.hole)
    c = days - (end - last_monday(end)).days  # the row of the last Monday: the first one that decision C does not see
    a_start, b_start, c_start = c - 28, c - 14, c - 7
    *risers, climber = _choose(rng, cast, fates)
    turner = risers[0]
    sizes: Array = rng.uniform(0.85, 1.2, len(cast))
    strength = float(rng.uniform(0.9, 1.15))

    market, theme, noise = np.zeros(days), np.zeros(days), np.ones(days)
    market[a_start:c_start], market[c_start:] = MARKET_RISE, MARKET_FALL * strength
    theme[a_start:c_start], theme[c_start:] = THEME_RISE, THEME_FALL * strength
    noise[a_start:c_start], noise[c_start:] = CALM, STORM

    fundamental, push, activity, volume = (np.zeros(fates.hole.shape) for _ in range(4))
    for column in risers:
        fundamental[a_start + int(rng.integers(-4, 3)) : b_start, column] = RISE * sizes[column]
        fundamental[b_start:c_start, column] = RISE / 2 * sizes[column]
    climbs = b_start - int(rng.integers(1, 4))
    fundamental[a_start - 14 : climbs, climber] = WEAK
    fundamental[climbs:c_start, climber] = CLIMB * sizes[climber]
    turns = b_start + int(rng.integers(0, 2))
    fundamental[b_start:c_start, turner] = 0.0
    push[turns:c_start, turner] = TURN * sizes[turner]
    push[c_start:, turner] = TURN / 3 * sizes[turner]
    activity[turns:, turner] = TURN_ACTIVITY
    volume[turns:c_start, turner] = TURN_VOLUME
    return Script(
        market, theme, noise, fundamental, push, activity, volume, max(c_start - BULL_DAYS, 0), c_start,
        tuple(risers), turner, climber,
    )  # fmt: skip


def _choose(rng: np.random.Generator, cast: Sequence[Part], fates: Fates) -> list[int]:
    """The risers, the turner first, and the climber last: larger tokens of the theme that live all along."""
    days = len(fates.hole)
    alive = [c for c, part in enumerate(cast) if part.theme == THEME and fates.born[c] == 0 and fates.ends[c] == days]
    return [int(column) for column in rng.permutation(alive[: RISERS + 4])[: RISERS + 1]]
