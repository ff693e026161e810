"""Reads the ladder and the drought rule as if the day closed at this moment's prices; decides nothing.

The day's job takes from its panel what the next reading needs beside closes (the `Eve`, a few kilobytes). A watch adds
the last closes to it once a day (`basis`), and one row of spot prices whenever it looks (`closing`): a small panel that
the engine's own rules read. Members, supplies and outside series stay those of the eve until the day closes.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.draft import begin
from engine.eligibility import eligible
from engine.level import CASH
from engine.model import MarketView, Portfolio, RiskStep, Token
from engine.modes import Mode
from engine.orders import NO_ORDERS
from engine.panel import Matrix, Panel, Vector
from engine.risk import HYSTERESIS, LEADER, STEPS, climb, climb_between, read_components, score_of
from engine.themes import themes
from engine.triggers import TRIGGERS, Scene, read_causes

ROWS = 366  # of closes: what the longest component looks back on, less the row that is added
BACK = 28  # days back to which dominance and the stablecoins' growth compare
SERIES = ("fear_greed", "stablecoin_supply", "vix")  # outside series that components read
ENOUGH = 2 / 3  # of an index's members must have a price, or nothing is said of its ladder
REST = dt.timedelta(days=next(trigger.rest for trigger in TRIGGERS if trigger.name == "step_up"))


class Capital(NamedTuple):
    """A token's close (USD) and supply BACK days before the next reading, and the last ones; None where unknown."""

    close_then: float | None
    supply_then: float | None
    close: float | None
    supply: float | None


@dataclass(frozen=True, slots=True)
class Eve:
    """What a panel frozen at `as_of` leaves for the reading of that day's close: each index's members in the ladder's
    order, capitalisations, the last BACK values of outside series, and what the market head said. `rows` is how many
    days of closes it is read with."""

    as_of: dt.date
    rows: int
    members: Mapping[str, tuple[str, ...]]
    capital: Mapping[str, Capital]
    series: Mapping[str, tuple[float | None, ...]]
    p_up: float
    base_up: float

    @property
    def symbols(self) -> frozenset[str]:
        """Whose closes and prices the ladder asks for."""
        return frozenset({LEADER}.union(*self.members.values()))


class Day(NamedTuple):
    """One stored candle as far as it is read here: ISO date, close, volume (USD) and the venue it is of."""

    date: str
    close: float
    volume: float | None
    venue: str


def eve_of(panel: Panel, market: MarketView) -> Eve:
    """Take from a day's panel what its next close is read with."""
    members = {
        index: tuple(panel.symbols[column] for column in eligible(entry, panel).columns)
        for index, entry in themes().items()
    }
    then = -BACK if len(panel.dates) >= BACK else 0
    ranked = np.flatnonzero(np.isfinite(panel.supply[then]) | np.isfinite(panel.supply[-1]))
    capital = {
        panel.symbols[j]: Capital(
            *(_known(sheet[row, j]) for row in (then, -1) for sheet in (panel.close, panel.supply))
        )
        for j in ranked.tolist()
    }
    series = {name: panel.market_measures[name][-BACK:] for name in SERIES if name in panel.market_measures}
    said = {name: tuple(_known(value) for value in values) for name, values in series.items()}
    return Eve(panel.as_of, min(len(panel.dates), ROWS), members, capital, said, market.p_up, market.base_up)


def basis(eve: Eve, tokens: Sequence[Token], candles: Mapping[str, Iterable[Day]]) -> Panel:
    """The last days before `eve.as_of` of some tokens, as a panel of closes and volumes alone."""
    dates = np.datetime64(eve.as_of, "D") - np.arange(eve.rows, 0, -1)
    shape, first = (eve.rows, len(tokens)), eve.as_of.toordinal() - eve.rows
    close, volume, supply = (np.full(shape, np.nan) for _ in range(3))
    venue = np.full(shape, -1, dtype=np.int16)
    codes: dict[str, int] = {}
    for j, token in enumerate(tokens):
        for day in candles.get(token.symbol, ()):
            row = dt.date.fromisoformat(day.date).toordinal() - first
            if 0 <= row < eve.rows:
                close[row, j] = day.close
                volume[row, j] = np.nan if day.volume is None else day.volume
                venue[row, j] = codes.setdefault(day.venue, len(codes)) if day.venue else -1
        known = eve.capital.get(token.symbol)
        if known is not None and eve.rows >= BACK:
            close[-BACK, j], supply[-BACK, j], close[-1, j], supply[-1, j] = (
                np.nan if value is None else value for value in known
            )
    series = {name: _series(values[-eve.rows :], eve.rows) for name, values in eve.series.items()}
    return _panel(dates, tuple(tokens), close, volume, supply, venue, series)


def closing(before: Panel, eve: Eve, prices: Mapping[str, float], volumes: Mapping[str, float]) -> Panel:
    """The same with the running day as its last row: closes at `prices` (USD), `volumes` of 24 hours on the venue that
    each token's volume was of before. Of members and leader without a price nothing is known; others keep their close.
    """
    wanted, nan = eve.symbols, float("nan")
    held = [nan if token.symbol in wanted else float(before.close[-1, j]) for j, token in enumerate(before.tokens)]
    close = [prices.get(token.symbol, last) for token, last in zip(before.tokens, held, strict=True)]
    return _panel(
        np.append(before.dates, before.dates[-1:] + 1),
        before.tokens,
        np.vstack([before.close, close]),
        np.vstack([before.volume, [volumes.get(token.symbol, nan) for token in before.tokens]]),
        np.vstack([before.supply, before.supply[-1:]]),
        np.vstack([before.venue, before.venue[-1:]]),
        {name: np.append(values, values[-1]) for name, values in before.market_measures.items()},
    )


def scores(eve: Eve, panel: Panel) -> dict[str, float]:
    """{index: the ladder's score at the panel's last row}, of indices of which enough members have a price there."""
    market, found = MarketView(eve.p_up, eve.base_up, ()), {}
    leader = panel.column(LEADER)
    led = leader is not None and bool(np.isfinite(panel.close[-1, leader]))
    for index, symbols in eve.members.items():
        columns = np.array([j for symbol in symbols if (j := panel.column(symbol)) is not None], dtype=np.intp)
        seen = np.isfinite(panel.close[-1, columns]).sum()
        if led and len(symbols) and seen >= ENOUGH * len(symbols):
            found[index] = score_of(read_components(panel, columns, market))
    return found


def step_next(score: float, rules: Mode, held: RiskStep, decided: dt.date, as_of: dt.date) -> RiskStep:
    """The step that a decision at `as_of` would stand on at this score, where `held` stands since one of `decided`: on
    a Monday by the plain bounds, else by those between weeks and only once it has rested; never below `held`."""
    if as_of.weekday() == 0:
        return max(held, climb(score, rules, held), key=STEPS.index)
    return climb_between(score, rules, held) if as_of - decided >= REST else held


def step_sure(score: float, rules: Mode, held: RiskStep, decided: dt.date, as_of: dt.date) -> RiskStep:
    """The step that would be taken even HYSTERESIS points lower: prices of a moment are noisier than closes."""
    return step_next(max(score - HYSTERESIS, 0.0), rules, held, decided, as_of)


def step_near(score: float, rules: Mode, held: RiskStep, as_of: dt.date) -> RiskStep:
    """The step that the score still asks for, rested or not."""
    return step_next(score, rules, held, dt.date.min, as_of)


def dry(panel: Panel, symbols: Iterable[str]) -> frozenset[str]:
    """Which of these tokens the rule of drought would have sold at the panel's last row, whoever holds them."""
    priced = {s: float(panel.close[-1, j]) for s in symbols if (j := panel.column(s)) is not None}
    units = {s: 1 / price for s, price in priced.items() if np.isfinite(price) and price > 0 and s != CASH}
    if not units:
        return frozenset()
    marks, day = {s: priced[s] for s in units}, panel.as_of - dt.timedelta(days=1)
    held = Portfolio(day, units, marks, dict.fromkeys(units, day.isoformat()), float(len(units)), 1.0, 1.0)
    scene = Scene(begin(next(iter(themes())), "", panel, held, 1), np.array([], dtype=np.intp), None, NO_ORDERS)
    return frozenset(cause.about for cause in read_causes(scene, ("drought",)))


def _series(values: Sequence[float | None], days: int) -> Vector:
    """The last values of a series of so many days, those before them unknown."""
    line = np.full(days, np.nan)
    line[-len(values) :] = [np.nan if value is None else value for value in values]
    return line


def _panel(
    dates: NDArray[np.datetime64],
    tokens: tuple[Token, ...],
    close: Matrix,
    volume: Matrix,
    supply: Matrix,
    venue: NDArray[np.int16],
    series: Mapping[str, Vector],
) -> Panel:
    nothing = np.broadcast_to(np.array(np.nan), close.shape)
    return Panel(
        dates=dates, tokens=tokens, open=nothing, high=nothing, low=nothing, close=close, volume=volume, venue=venue,
        estimated=np.broadcast_to(np.array(False), close.shape), supply=supply, rank=nothing, market_volume=nothing,
        token_measures={}, market_measures=series, headlines=(), simulated=False,
    )  # fmt: skip


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
