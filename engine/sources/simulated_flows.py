"""The simulated market's outside series: on-chain, mood and macro, each one entry with the law it follows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.model import TokenKind
from engine.sources.simulated_fates import Fates, Stream, draw_from
from engine.sources.simulated_names import LEADER, SECOND, Part
from engine.sources.simulated_paths import CHOP, DEVIATION, FUNDAMENTAL, Paths, gather_noise

Array = NDArray[np.float64]
Rows = NDArray[np.intp]

WATCHED_SHARE = 1 / 3  # of the tokens have on-chain data
LARGEST = 12  # have open interest and readers
CHAINS = 6  # layer ones with a locked value of their own
REALISED_DAYS = 180  # holders' mean age, days
TURNOVER_HELD = 0.45  # of whole volume, moved on chain


class Series(NamedTuple):
    """One outside series: the rows (days from the start) it has values on, and those values."""

    metric: str
    subject: str
    rows: Rows
    values: Array


@dataclass(frozen=True, eq=False, slots=True)
class World:
    """What the laws may look at: `noise` (D, T), fresh for each law; `edge` (D, T), the drift to come in deviations."""

    cast: Sequence[Part]
    fates: Fates
    paths: Paths
    noise: Array
    edge: Array

    @property
    def cap(self) -> Array:
        return self.paths.price * self.paths.supply

    @property
    def reach(self) -> Array:
        """Size of a token's public on a scale where the leader starts at 1, (T,)."""
        cap: Array = self.fates.price * self.fates.supply
        reach: Array = (cap / cap.max()) ** 0.6
        return reach

    def total(self, kind: TokenKind) -> Array:
        """Capitalisation of all living tokens of that kind, (D,)."""
        return self._total([part.token.kind is kind for part in self.cast])

    def theme_cap(self, theme: str) -> Array:
        """Capitalisation of a theme's living tokens, (D,)."""
        return self._total([part.theme == theme for part in self.cast])

    def _total(self, chosen: Sequence[bool]) -> Array:
        living = np.where(self.fates.alive, self.cap, 0.0)
        total: Array = living[:, np.array(chosen)].sum(axis=1)
        return total


Law = Callable[[World], Array]


def _moved_on_chain(world: World) -> Array:
    moved: Array = TURNOVER_HELD * world.paths.volume * np.exp(0.4 * world.paths.activity + world.noise)
    return moved


def _realised(world: World) -> Array:
    """What holders paid on average, as the exponential mean of the log price."""
    logs = np.log(world.paths.price)
    mean, out = logs[0].copy(), np.empty_like(logs)
    for row, log in enumerate(logs):
        mean += (log - mean) / REALISED_DAYS
        out[row] = mean
    return np.exp(out)


# Who is covered, then the law. Tokens: active addresses and transactions grow with the drift to come; deposits to
# exchanges rise before a fall. All are (D, T).
TOKEN_LAWS: dict[str, tuple[str, Law]] = {
    "active_addresses": ("watched", lambda w: 9e5 * w.reach * np.exp(w.paths.activity + 0.5 * w.noise)),
    "transactions": ("watched", lambda w: 3e5 * w.reach * np.exp(0.8 * w.paths.activity + 0.6 * w.noise)),
    "transfer_value": ("watched", _moved_on_chain),
    "mvrv": ("watched", lambda w: w.paths.price / _realised(w)),
    "exchange_inflow": ("watched", lambda w: 0.2 * w.paths.volume * np.exp(-0.08 * w.edge + w.noise)),
    "exchange_outflow": ("watched", lambda w: 0.2 * w.paths.volume * np.exp(0.08 * w.edge + w.noise)),
    "nvt": ("giants", lambda w: w.cap / _moved_on_chain(w)),
    "fees": ("giants", lambda w: 1e-4 * _moved_on_chain(w)),
    "open_interest": ("largest", lambda w: 0.025 * w.cap * np.exp(0.3 * w.paths.activity + w.noise)),
    "wiki_views": ("largest", lambda w: 1e4 * w.reach * w.paths.volume / (w.fates.turnover * w.cap)),
    "hash_rate": ("leader", lambda w: 5e8 * np.exp(0.3 * w.paths.activity + 0.1 * w.noise)),
    "miner_revenue_per_hash": ("leader", lambda w: 2e-6 * w.paths.price * np.exp(0.1 * w.noise)),
}
# Chains: value locked on a layer one follows its own size, its activity and the whole of DeFi; fees in wei a unit.
CHAIN_LAWS: dict[str, tuple[str, Law]] = {
    "chain_tvl": (
        "chains",
        lambda w: 0.12 * w.cap**0.5 * w.theme_cap("defi")[:, None] ** 0.5 * np.exp(0.3 * w.paths.activity),
    ),
    "gas_price": ("second", lambda w: 2e10 * np.exp(0.8 * np.log(w.paths.volume / (w.fates.turnover * w.cap)))),
}


def _fear_greed(world: World) -> Array:
    """Mood of the morning: what the leader did until the evening before, with some noise, 5 to 95."""
    logs = np.concatenate([[0.0], np.cumsum(world.paths.market)])[:-1]
    past = np.concatenate([np.zeros(30), logs])
    month, week = logs - past[: len(logs)], logs - past[23 : 23 + len(logs)]
    calm = np.concatenate([[0.0], DEVIATION[world.paths.regime] / DEVIATION[CHOP] - 1.0])[:-1]
    mood = 50 + 24 * np.tanh(month / 0.18) + 14 * np.tanh(week / 0.09) - 8 * np.tanh(calm) + 12 * world.noise[:, 0]
    rounded: Array = np.round(np.clip(mood, 5, 95))
    return rounded


# The market as a whole, (D,).
MARKET_LAWS: dict[str, Law] = {
    "fear_greed": _fear_greed,
    "defi_tvl": lambda w: 0.9 * w.theme_cap("defi") * np.exp(0.5 * w.noise[:, 0]),
    "stablecoin_supply": lambda w: w.total(TokenKind.STABLE),
}


@dataclass(frozen=True, slots=True)
class Macro:
    """A series of the wider economy: a level that wanders, is drawn back by `pull` a day, and feels crypto's tide.

    `deviation` is daily, of the log where `in_logs`. `tide` is its correlation with the market's day. `held` days a
    value stands before it may change, then in steps of `grid`.
    """

    rhythm: str
    start: float
    deviation: float
    tide: float = 0.0
    pull: float = 0.004
    growth: float = 0.0
    in_logs: bool = True
    held: int = 1
    grid: float = 0.0


MACRO = {
    "vix": Macro("weekday", 19.0, 0.055, -0.35, pull=0.03),
    "sp500": Macro("weekday", 4_300.0, 0.0095, 0.35, growth=0.0003),
    "nasdaq100": Macro("weekday", 14_500.0, 0.0125, 0.38, growth=0.0004),
    "dollar_index": Macro("weekday", 118.0, 0.0032, -0.15),
    "treasury_10yr": Macro("weekday", 3.8, 0.05, in_logs=False),
    "spread_2s10s": Macro("weekday", 0.2, 0.035, in_logs=False),
    "breakeven_10yr": Macro("weekday", 2.3, 0.025, 0.1, in_logs=False),
    "high_yield_spread": Macro("weekday", 4.0, 0.02, -0.3, pull=0.01),
    "gold": Macro("weekday", 1_950.0, 0.008, 0.05, growth=0.0002),
    "wti_crude": Macro("weekday", 78.0, 0.018, 0.1),
    "fed_funds": Macro("day", 3.5, 0.045, pull=0.002, in_logs=False, held=42, grid=0.25),
    "financial_stress": Macro("friday", -0.3, 0.06, -0.3, pull=0.02, in_logs=False),
    "m2": Macro("month", 20_800.0, 0.0006, growth=0.0001),
    "cpi_yoy": Macro("month", 3.2, 0.04, in_logs=False),
    "unemployment": Macro("month", 4.0, 0.02, in_logs=False),
}


def draw_flows(
    seed: int, cast: Sequence[Part], fates: Fates, paths: Paths, dates: NDArray[np.datetime64]
) -> Iterator[Series]:
    """Every outside series of the history, on-chain first, then mood, then macro."""
    rng = draw_from(seed, Stream.FLOWS)
    covered = _coverage(rng, cast, fates)
    edge = np.clip(paths.drift / (FUNDAMENTAL * fates.noise), -5, 5)
    whole = np.arange(len(dates))

    def fresh() -> World:
        return World(cast, fates, paths, gather_noise(rng, paths.price.shape, 0.16, 4.0), edge)

    for metric, (who, law) in (*TOKEN_LAWS.items(), *CHAIN_LAWS.items()):
        sheet = law(fresh())
        for column in covered[who]:
            rows = np.flatnonzero(fates.alive[:, column])
            yield Series(metric, cast[column].symbol, rows, sheet[rows, column])
    for metric, market_law in MARKET_LAWS.items():
        yield Series(metric, "", whole, market_law(fresh()))
    yield from _macro(draw_from(seed, Stream.MACRO), paths, dates)


def _coverage(rng: np.random.Generator, cast: Sequence[Part], fates: Fates) -> dict[str, list[int]]:
    """Which columns each group of series covers."""
    column = {part.symbol: c for c, part in enumerate(cast)}
    giants = [column[LEADER], column[SECOND]]
    coins = np.array([c for c, part in enumerate(cast) if part.is_coin and c not in giants])
    caps = (fates.price * fates.supply)[coins]
    watched = rng.choice(coins, round(WATCHED_SHARE * len(cast)) - len(giants), replace=False)
    return {
        "watched": [*giants, *(int(c) for c in np.sort(watched))],
        "largest": [*giants, *(int(c) for c in coins[np.argsort(-caps)][: LARGEST - len(giants)])],
        "giants": giants,
        "leader": giants[:1],
        "second": giants[1:],
        "chains": [c for c, part in enumerate(cast) if part.theme == "l1" and part.symbol != LEADER][:CHAINS],
    }


def _macro(rng: np.random.Generator, paths: Paths, dates: NDArray[np.datetime64]) -> Iterator[Series]:
    printed = _rhythms(dates)
    tide = np.clip(paths.market / DEVIATION[paths.regime], -4, 4)
    for metric, law in MACRO.items():
        own = rng.standard_normal(len(dates))
        steps = law.deviation * (law.tide * tide + np.sqrt(1 - law.tide**2) * own)
        level, total = np.empty(len(dates)), 0.0
        for row, step in enumerate(steps):
            total = total * (1 - law.pull) + step
            level[row] = total
        level += law.growth * np.arange(len(dates))
        level = level[np.arange(len(dates)) // law.held * law.held]
        values = law.start * np.exp(level) if law.in_logs else law.start + level
        if law.grid:
            values = np.maximum(np.round(values / law.grid), 0) * law.grid
        yield Series(metric, "", printed[law.rhythm], values[printed[law.rhythm]])


def _rhythms(dates: NDArray[np.datetime64]) -> dict[str, Rows]:
    weekday = (dates.astype("datetime64[D]").astype(int) + 3) % 7  # 1970-01-01 was a Thursday; 0 is Monday
    first = dates == dates.astype("datetime64[M]").astype("datetime64[D]")
    return {
        "day": np.arange(len(dates)),
        "weekday": np.flatnonzero(weekday < 5),
        "friday": np.flatnonzero(weekday == 4),
        "month": np.flatnonzero(first),
    }
