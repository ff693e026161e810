"""The figures of what was said: each head against the base rates known then, by year; order by period and theme."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from bot.plain import Figures, fields_of, maybe
from engine.backtest import Backtest, MarketWeek
from engine.evaluation import (
    classes_of,
    day_numbers,
    excesses,
    grouped,
    half_year,
    hit_rate,
    measure_calibration,
    rank_ic,
    score,
    table_of,
    year,
)
from engine.features import FAMILIES
from engine.model import Prediction
from engine.models.relative import MEMBERS
from engine.modes import DEFAULT_MODE, mode
from engine.study import MONTH, WEEK
from engine.themes import themes

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

NEUTRAL, BULLISH = 1, 2  # their columns in odds
EVERYBODY = "*"  # the label of a theme that takes every coin
MARKET_BANDS = 5  # one line a week makes no ten bands


@dataclass(frozen=True, eq=False)
class Stated:
    """What a head said of n lines, what the base rates said, and what came, as `engine.evaluation` takes them.

    `chance` is the probability whose calibration is asked, `came_true` whether that came; `called` are the lines on
    which the head took a stand. Its order is that of `strength` against `outcome`, None where it orders nothing.
    """

    dates: tuple[dt.date, ...]
    said: Floats
    base: Floats
    came: NDArray[np.generic]
    chance: Floats
    came_true: Flags
    called: Flags
    strength: Floats | None = None
    outcome: Floats | None = None
    overlap: int = 1
    bands: int = 10

    def only(self, rows: NDArray[np.intp]) -> Stated:
        """The same head on some of its lines."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        cut = {name: value[rows] for name, value in values.items() if isinstance(value, np.ndarray)}
        return Stated(**(values | cut | {"dates": tuple(self.dates[row] for row in rows)}))


@dataclass(frozen=True, slots=True)
class Head:
    """One entry of the table: what it says of what, and how its lines are read; None where it said nothing."""

    title: str
    asks: str
    read: Callable[[Backtest], Stated | None]


def odds_stated(lines: Sequence[Prediction]) -> Stated | None:
    """The three-way odds; a bullish call is one that the default mode's margin makes."""
    known = [line for line in lines if line.outcome is not None]
    if not known:
        return None
    said, came = table_of([line.odds for line in known]), classes_of([line.outcome for line in known])
    strength = np.array([line.conviction for line in known])
    return Stated(
        dates=tuple(line.date for line in known),
        said=said,
        base=table_of([line.base for line in known]),
        came=came,
        chance=said[:, BULLISH],
        came_true=came == BULLISH,
        called=strength >= mode(DEFAULT_MODE).margin,
        strength=strength,
        outcome=excesses(known),
        overlap=_overlap(known),
    )


def _overlap(lines: Sequence[Prediction]) -> int:
    """How many weeks share one outcome."""
    return -(-lines[0].horizon // WEEK)


def movement_stated(lines: Sequence[Prediction]) -> Stated | None:
    """Whether a token leaves its neutral band at all, as the odds have it; called where that is likelier than usual."""
    known = [line for line in lines if line.outcome is not None]
    if not known:
        return None
    said, base = (1 - table_of([getattr(line, name) for line in known])[:, NEUTRAL] for name in ("odds", "base"))
    came = classes_of([line.outcome for line in known]) != NEUTRAL
    return Stated(
        dates=tuple(line.date for line in known),
        said=said,
        base=base,
        came=came,
        chance=said,
        came_true=came,
        called=said > base,
        overlap=_overlap(known),
    )


def relative_stated(lines: Sequence[Prediction]) -> Stated | None:
    """The relative head: log odds of beating the median peer, which half of all do."""
    known = [line for line in lines if line.excess is not None]
    return beats_peers(known, np.array([line.relative for line in known])) if known else None


def member_stated(name: str) -> Callable[[Sequence[Prediction]], Stated | None]:
    """One classifier alone, at the slope that its ensemble was given that week."""
    place = list(MEMBERS).index(name)

    def stated(lines: Sequence[Prediction]) -> Stated | None:
        known = [line for line in lines if line.excess is not None and len(line.members) > place]
        return beats_peers(known, np.array([_alone(line, place) for line in known])) if known else None

    return stated


def _alone(line: Prediction, place: int) -> float:
    score = float(np.mean(line.members))
    return line.relative / score * line.members[place] if score else 0.0


def beats_peers(known: Sequence[Prediction], log_odds: Floats) -> Stated:
    """Any head that says log odds of beating the median peer, one for each line whose return is known."""
    chance = 1 / (1 + np.exp(-log_odds))
    came = excesses(known) > 0
    return Stated(
        dates=tuple(line.date for line in known),
        said=chance,
        base=np.full(len(known), 0.5),
        came=came,
        chance=chance,
        came_true=came,
        called=chance > 0.5,
        strength=log_odds,
        outcome=excesses(known),
        overlap=_overlap(known),
    )


def market_stated(horizon: int) -> Callable[[Backtest], Stated | None]:
    """The market head over one horizon."""
    return lambda backtest: market_rises([week for week in backtest.market if week.horizon == horizon])


def of_week(read: Callable[[Sequence[Prediction]], Stated | None]) -> Callable[[Backtest], Stated | None]:
    return lambda backtest: read(backtest.predictions)


def of_month(read: Callable[[Sequence[Prediction]], Stated | None]) -> Callable[[Backtest], Stated | None]:
    return lambda backtest: read(backtest.month)


def market_rises(weeks: Sequence[MarketWeek]) -> Stated | None:
    """A market head over one horizon: the chance that the market rises, called where it is above one half."""
    known = [week for week in weeks if week.rose is not None]
    if not known:
        return None
    said, came = np.array([week.p_up for week in known]), np.array([bool(week.rose) for week in known])
    return Stated(
        dates=tuple(week.date for week in known),
        said=said,
        base=np.array([week.base_up for week in known]),
        came=came,
        chance=said,
        came_true=came,
        called=said > 0.5,
        overlap=-(-known[0].horizon // WEEK),
        bands=MARKET_BANDS,
    )


HEADS: Mapping[str, Head] = {
    "odds": Head("The odds", "Will it end the week bearish, neutral or bullish?", of_week(odds_stated)),
    "relative": Head("Relative head", "Will it beat the median of its peers over the week?", of_week(relative_stated)),
    **{
        name: Head(name.capitalize(), "The same, by one classifier of the three", of_week(member_stated(name)))
        for name in MEMBERS
    },
    "movement": Head("Movement head", "Will it leave its neutral band, up or down?", of_week(movement_stated)),
    "market": Head("Market head", "Will the broad market rise over the week?", market_stated(WEEK)),
    "month_odds": Head("Odds, month", "Bearish, neutral or bullish after four weeks?", of_month(odds_stated)),
    "month_relative": Head(
        "Order, month", "Will it beat the median of its peers over four weeks?", of_month(relative_stated)
    ),
    "month_movement": Head("Moves, month", "Will it leave its band over four weeks?", of_month(movement_stated)),
    "month_market": Head("Market, month", "Will the broad market rise over four weeks?", market_stated(MONTH)),
}


def head_figures(backtest: Backtest) -> dict[str, Figures]:
    """Every head that said anything: the whole period with its reliability table, and each year."""
    found = {name: (head, head.read(backtest)) for name, head in HEADS.items()}
    return {
        name: {
            "title": head.title,
            "asks": head.asks,
            "whole": _measured(stated),
            "by_year": {
                key: _measured(stated.only(rows), with_bins=False)
                for key, rows in grouped([year(date) for date in stated.dates]).items()
            },
        }
        for name, (head, stated) in found.items()
        if stated is not None
    }


def _measured(stated: Stated, with_bins: bool = True) -> Figures:
    days = day_numbers(stated.dates)
    calibration = fields_of(measure_calibration(stated.chance, stated.came_true, days, stated.overlap, stated.bands))
    if not with_bins:
        del calibration["bins"]
    return {
        **fields_of(score(stated.said, stated.base, stated.came, days, stated.overlap)),
        "calibration": calibration,
        "hit_rate": maybe(hit_rate(stated.called, stated.came_true, days, stated.overlap)),
        "rank_ic": _rank_ic(stated, days),
    }


def _rank_ic(stated: Stated, days: NDArray[np.int64]) -> Figures | None:
    if stated.strength is None or stated.outcome is None:
        return None
    return maybe(rank_ic(stated.strength, stated.outcome, days, overlap=stated.overlap))


def order_figures(backtest: Backtest) -> Figures:
    """The rank IC of the final strength: each half-year, each theme, and what is left beyond calm beats wild."""
    known = [line for line in backtest.predictions if line.excess is not None]
    swings = {(week.date, s.symbol): s.volatility for week in backtest.weeks for s in week.signals}
    calm = [swings.get((line.date, line.symbol)) for line in known]
    return {
        "by_half_year": {
            key: _order([known[row] for row in rows])
            for key, rows in grouped([half_year(line.date) for line in known]).items()
        },
        "by_theme": {title: ic for title, lines in _by_theme(backtest, known) if (ic := _order(lines)) is not None},
        "beyond_calm": _order(known, np.array([np.nan if v is None else v for v in calm], dtype=float)),
        "by_family": _by_family(backtest, known),
    }


def _by_family(backtest: Backtest, known: Sequence[Prediction]) -> Figures:
    """The rank IC of each family's part of the strength."""
    parts = {
        (week.date, s.symbol): {view.family: view.contribution for view in s.families}
        for week in backtest.weeks
        for s in week.signals
    }
    days, came = day_numbers(line.date for line in known), excesses(known)
    out: Figures = {}
    for family in FAMILIES:
        part = np.array([parts.get((line.date, line.symbol), {}).get(family, 0.0) for line in known])
        if part.any():
            out[family] = maybe(rank_ic(part, came, days))
    return out


def _order(lines: Sequence[Prediction], control: Floats | None = None) -> Figures | None:
    days = day_numbers(line.date for line in lines)
    return maybe(rank_ic([line.conviction for line in lines], excesses(lines), days, control))


def _by_theme(backtest: Backtest, known: Sequence[Prediction]) -> list[tuple[str, list[Prediction]]]:
    """(title, its members' lines) of every theme that not everybody is in."""
    labels = {token.symbol: token.themes for token in backtest.tokens}
    return [
        (entry.title, [line for line in known if entry.members in labels.get(line.symbol, ())])
        for entry in themes().values()
        if entry.members != EVERYBODY
    ]
