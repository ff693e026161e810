"""The laws of motion of the simulated market: regimes, clustered fat-tailed shocks, factors, prices and volumes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.model import TokenKind
from engine.sources.simulated_fates import PEG_NOISE, Disasters, Fates, Stream, draw_from
from engine.sources.simulated_names import COINS, LEADER, WRAPPED, Part
from engine.sources.simulated_story import THEME as STORY_THEME, Script

Array = NDArray[np.float64]

BULL, CHOP, BEAR, CRASH = range(4)
# Per regime: the market's daily log drift and deviation, and how many days it lasts on average.
DRIFT = np.array([0.0026, 0.0, -0.0022, -0.020])
DEVIATION = np.array([0.023, 0.017, 0.026, 0.055])
LENGTH = np.array([70, 45, 50, 4])
NEXT = np.array([[0, 0.65, 0.30, 0.05], [0.55, 0, 0.42, 0.03], [0.2, 0.68, 0, 0.12], [0.15, 0.35, 0.5, 0]])

TAIL = 4  # degrees of freedom of every shock: fat tails with a finite variance
SHOCK_LIMIT = 8.0  # deviations
ARCH, GARCH = 0.09, 0.87  # volatility clustering, half-life some 17 days
VARIANCE_LIMIT = 4.0
PULL = 1 / 450  # a day: how fast the market and each token come back to their own long-run level
MARKET_GROWTH = 0.08 / 365  # of that long-run level

THEMES = tuple(theme for theme in COINS if theme)
MARKET, COMMON, FIRST_THEME, OWN = 0, 1, 2, 2 + len(THEMES)  # columns of the shocks; each token's from OWN on
THEME_DEVIATION = np.array([0.009, 0.015, 0.018, 0.023, 0.013])  # l1, defi, ai, meme, rwa
THEME_CORRELATION = 0.25
THEME_DRIFT, THEME_HALF_LIFE = 0.0009, 45.0

# What a model can find: a slow drift of each token, which activity shows LEAD days before the price follows it, and a
# premium for calm. Set so that honest walk-forward ranks reach an information coefficient of about 0.1 to 0.2 a week.
FUNDAMENTAL = 0.12  # deviation of the drift, as a share of the token's own daily deviation
HALF_LIVES = (25.0, 90.0)  # days
LEAD = 3
CALM_PREMIUM = 0.12  # drift lost per unit of own deviation above the cast's mean, and above the token's own

CRASH_DAYS, CRASH_SIZE = 7, 0.63  # log points of the market factor: Bitcoin falls by some 45 %
COLLAPSE = np.array([-0.4, -1.3, -2.7, -2.1, -0.8])  # log points a day: 0.07 % is left
COLLAPSE_AFTERMATH = 0.15  # daily deviation until it stops
DEPEG = 0.87
VOLUME_FOLLOWS = 0.30  # log volume per deviation of the day's move
VOLUME_TREND = 6.0  # log volume per unit of drift gathered over some three weeks
ACTIVITY_TREND = 4.0  # log activity per unit of drift gathered over half a year


@dataclass(frozen=True, eq=False, slots=True)
class Paths:
    """The market as it happened, before anyone printed it: (D, T) unless said otherwise.

    `price` USD, `supply` tokens, `volume` USD a day over all venues, `deviation` what a day's log return may be,
    `activity` a log level that follows each token's drift LEAD days ahead, `drift` that drift itself (of the day
    LEAD days later), `market` (D,) the market factor's log return, `regime` (D,).
    """

    price: Array
    supply: Array
    volume: Array
    deviation: Array
    activity: Array
    drift: Array
    market: Array
    regime: NDArray[np.int8]


def walk_market(seed: int, cast: Sequence[Part], fates: Fates, script: Script) -> Paths:
    """Let the whole history happen."""
    days, size = fates.hole.shape
    shocks = draw_from(seed, Stream.SHOCKS)
    regime = _regimes(draw_from(seed, Stream.REGIMES), days, fates.disasters, script)
    unit, state = _clustered(shocks, days, OWN + size)
    unit = np.clip(unit * script.noise[:, None], -SHOCK_LIMIT, SHOCK_LIMIT)
    _keep_to(script, unit)
    wild = (DEVIATION[regime] / DEVIATION[CHOP])[:, None]

    drift = _fundamentals(draw_from(seed, Stream.FUNDAMENTALS), days + LEAD, fates.noise)
    drift[:days] += script.fundamental

    tide = DRIFT[regime] + DEVIATION[regime] * unit[:, MARKET] + script.market
    market = MARKET_GROWTH + _pulled(tide, fates.disasters)
    themes = _themes(shocks, unit, wild, script)
    followed = themes[:, [(*THEMES, "").index(part.theme) for part in cast]]
    own_state = state[:, OWN:] * np.sqrt(wild) * script.noise[:, None]
    own_deviation = fates.noise * own_state
    calm = -CALM_PREMIUM * (own_deviation - fates.noise.mean())
    own = drift[:days] + calm + fates.noise * np.sqrt(wild) * unit[:, OWN:] + script.push
    market_deviation = DEVIATION[regime] * state[:, MARKET] * script.noise
    deviation = np.hypot(market_deviation[:, None] * fates.beta, own_deviation)
    returns = market[:, None] * fates.beta + _pulled(followed + own)

    returns = _special(shocks, cast, fates.disasters, returns)
    price = fates.price * np.exp(np.cumsum(returns, axis=0))
    supply = _supplies(shocks, cast, fates, market)
    activity = _gather(ACTIVITY_TREND * drift[LEAD:] + script.activity, 1 / 180)
    volume = _volumes(draw_from(seed, Stream.VOLUMES), fates, script, price * supply, returns / deviation, drift[LEAD:])
    return Paths(price, supply, volume, deviation, activity, drift[LEAD:], market, regime)


def gather_noise(rng: np.random.Generator, shape: tuple[int, int], deviation: float, half_life: float) -> Array:
    """Stationary noise (D, N) of that deviation which forgets half of itself in `half_life` days."""
    days, size = shape
    return _wander(rng, days, np.full(size, deviation), np.full(size, half_life))


def _regimes(rng: np.random.Generator, days: int, disasters: Disasters, script: Script) -> NDArray[np.int8]:
    """The market's regime of each day; disasters and the story impose theirs."""
    regime = np.empty(days, dtype=np.int8)
    row, now = 0, int(rng.integers(0, 3))
    while row < days:
        stay = 1 + int(rng.exponential(LENGTH[now]))
        regime[row : row + stay] = now
        row, now = row + stay, int(rng.choice(4, p=NEXT[now]))
    regime[disasters.crash : disasters.crash + CRASH_DAYS] = CRASH
    regime[script.bull : script.bear] = BULL
    regime[script.bear :] = BEAR
    return regime


def _clustered(rng: np.random.Generator, days: int, size: int) -> tuple[Array, Array]:
    """Fat-tailed shocks with clustered volatility, and that volatility: (days, size), long-run deviation 1."""
    plain = rng.standard_t(TAIL, (days, size)) * np.sqrt((TAIL - 2) / TAIL)
    variance = np.empty((days, size))
    h = np.ones(size)
    for row in range(days):
        variance[row] = h
        h = np.minimum(1 - ARCH - GARCH + h * (ARCH * plain[row] ** 2 + GARCH), VARIANCE_LIMIT)
    state = np.sqrt(variance)
    return plain * state, state


def _keep_to(script: Script, unit: Array) -> None:
    """In the story's last week chance may shake the market and the theme, not carry them elsewhere than scripted."""
    for column in (MARKET, COMMON, FIRST_THEME + THEMES.index(STORY_THEME)):
        week = unit[script.bear :, column]
        week -= week.mean() if len(week) else 0.0


def _themes(rng: np.random.Generator, unit: Array, wild: Array, script: Script) -> Array:
    """Returns of each theme's own tide, and a last column of zeros for tokens without a theme."""
    drift = gather_noise(rng, (len(unit), len(THEMES)), THEME_DRIFT, THEME_HALF_LIFE)
    shared = np.sqrt(THEME_CORRELATION) * unit[:, [COMMON]]
    shock = shared + np.sqrt(1 - THEME_CORRELATION) * unit[:, FIRST_THEME:OWN]
    tides = drift + THEME_DEVIATION * np.sqrt(wild) * shock
    tides[:, THEMES.index(STORY_THEME)] += script.theme
    return np.hstack([tides, np.zeros((len(unit), 1))])


def _gather(increments: Array, leak: float | Array) -> Array:
    """Running sum (D, N) that loses the share `leak` of itself each day."""
    level = np.empty_like(increments)
    total = np.zeros(increments.shape[1])
    keep = 1.0 - leak
    for row, step in enumerate(increments):
        total = total * keep + step
        level[row] = total
    return level


def _wander(rng: np.random.Generator, days: int, deviation: Array, half_life: Array) -> Array:
    """Ornstein-Uhlenbeck paths (days, N) that start in their stationary law."""
    leak = 1.0 - 0.5 ** (1.0 / half_life)
    steps = rng.standard_normal((days, len(deviation))) * deviation * np.sqrt(1 - (1 - leak) ** 2)
    steps[0] = rng.standard_normal(len(deviation)) * deviation
    return _gather(steps, leak)


def _fundamentals(rng: np.random.Generator, days: int, noise: Array) -> Array:
    half_life = rng.uniform(*HALF_LIVES, len(noise))
    return _wander(rng, days, FUNDAMENTAL * noise, half_life)


def _pulled(returns: Array, disasters: Disasters | None = None) -> Array:
    """Returns of a level that is drawn back to zero; the crash, where there is one, replaces a week of them."""
    sheet = returns.reshape(len(returns), -1)
    if disasters is not None:
        week = slice(disasters.crash, disasters.crash + CRASH_DAYS)
        swing = sheet[week] - sheet[week].mean()
        sheet[week] = 0.5 * swing - CRASH_SIZE / len(swing)
    level = _gather(sheet, PULL)
    return np.diff(level, axis=0, prepend=0.0).reshape(returns.shape)


def _special(rng: np.random.Generator, cast: Sequence[Part], disasters: Disasters, returns: Array) -> Array:
    """Stablecoins keep their peg (one loses it for days), the wrapped copy follows its coin, one token collapses."""
    days = len(returns)
    stables = [column for column, part in enumerate(cast) if part.token.kind is TokenKind.STABLE]
    peg = gather_noise(rng, (days, len(stables)), PEG_NOISE, 1.0)
    shaken, row = disasters.depeg
    profile = np.concatenate([[0.95], np.full(disasters.depeg_days, DEPEG), [0.94, 0.985]])
    peg[row : row + len(profile), stables.index(shaken)] += np.log(profile[: days - row])
    returns[:, stables] = np.diff(peg, axis=0, prepend=0.0)

    symbols = [part.symbol for part in cast]
    copied = gather_noise(rng, (days, 1), 0.0008, 1.0)[:, 0]
    returns[:, symbols.index(WRAPPED)] = returns[:, symbols.index(LEADER)] + np.diff(copied, prepend=0.0)

    doomed, row = disasters.collapse
    fall = COLLAPSE[: days - row]
    returns[row : row + len(fall), doomed] = fall
    tail = returns[row + len(fall) :, doomed]
    tail[:] = rng.normal(-0.01, COLLAPSE_AFTERMATH, len(tail))
    return returns


def _supplies(rng: np.random.Generator, cast: Sequence[Part], fates: Fates, market: Array) -> Array:
    """Supplies grow slowly; stablecoins are minted when the market rises and redeemed when it falls."""
    days, size = fates.hole.shape
    steady = np.tile(fates.growth, (days, 1))
    stable = np.array([part.token.kind is TokenKind.STABLE for part in cast])
    tide = _gather(market[:, None], 1 / 30) / 30  # the market's mean return of about the last month
    minted = 0.25 * tide + rng.normal(0, 0.0015, (days, size))
    growth = np.where(stable, minted, steady)
    supply: Array = fates.supply * np.exp(_gather(growth, np.where(stable, 1 / 600, 0.0)))
    return supply


def _volumes(rng: np.random.Generator, fates: Fates, script: Script, cap: Array, moves: Array, drift: Array) -> Array:
    """Volume follows size, the day's move and the drift to come."""
    noise = gather_noise(rng, moves.shape, 0.30, 6.0) + rng.normal(0, 0.12, moves.shape)
    trend = VOLUME_TREND * _gather(drift, 1 / 20)
    follow = VOLUME_FOLLOWS * np.minimum(np.abs(moves), 6.0)
    volume: Array = fates.turnover * cap * np.exp(noise + trend + follow + script.volume)
    return volume
