"""The record: what the heads said out of sample, week by week, kept so that later weeks can be calibrated on it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from engine.model import Call, Odds, Prediction
from engine.study import WEEK, Study

Floats = NDArray[np.float64]
OUTCOMES = (Call.BEARISH, Call.NEUTRAL, Call.BULLISH)


@dataclass(frozen=True, eq=False)
class View:
    """What was said at one horizon of the tokens of one week (n,): the heads' own scores, and the odds made of them.

    `members` (n, members) in deviations of the week, `relative` (n,) calibrated log odds of beating the median peer,
    `movement` (n,) and `market` log odds above the base rates of their heads, `market_base` a chance. `odds` (n, 3) and
    `base` (3,) are what was said.
    """

    members: Floats
    relative: Floats
    movement: Floats
    market: float
    market_base: float
    odds: Floats
    base: Floats

    @property
    def score(self) -> Floats:
        """The ensemble's score (n,): its members weigh the same."""
        mean: Floats = self.members.mean(axis=1)
        return mean

    @property
    def conviction(self) -> Floats:
        return conviction(self.odds, self.base)


@dataclass(frozen=True, eq=False)
class RecordedWeek:
    """One week's out-of-sample views by horizon in days, each of the same tokens."""

    date: dt.date
    symbols: tuple[str, ...]
    views: Mapping[int, View]

    @property
    def week(self) -> View:
        return self.views[WEEK]

    @property
    def conviction(self) -> Floats:
        """Strengths of the week ahead, by which indices go."""
        return self.week.conviction


def conviction(odds: Floats, base: Floats) -> Floats:
    """-1 to 1: how far p(bullish) stands above its base rate, less how far p(bearish) does."""
    lift: Floats = np.clip((odds[..., 2] - base[2]) - (odds[..., 0] - base[0]), -1, 1)
    return lift


class Record:
    """Recorded weeks in order of time; grows by appending, never rewrites."""

    def __init__(self, weeks: Iterable[RecordedWeek] = ()) -> None:
        self._weeks = sorted(weeks, key=lambda week: week.date)

    def __iter__(self) -> Iterator[RecordedWeek]:
        return iter(self._weeks)

    def __len__(self) -> int:
        return len(self._weeks)

    @property
    def last(self) -> dt.date | None:
        return self._weeks[-1].date if self._weeks else None

    def append(self, week: RecordedWeek) -> None:
        if self._weeks and week.date <= self._weeks[-1].date:
            raise ValueError(f"the record already reaches {self._weeks[-1].date}")
        self._weeks.append(week)

    def before(self, as_of: dt.date) -> Record:
        """The weeks decided strictly before `as_of`."""
        return Record(week for week in self._weeks if week.date < as_of)

    @classmethod
    def from_predictions(cls, predictions: Iterable[Prediction]) -> Record:
        """Rebuild the record from stored lines, which come week by week, so that they are never all there at once."""
        return cls(_week(date, list(lines)) for date, lines in groupby(predictions, key=lambda line: line.date))

    def predictions(self, study: Study) -> Iterator[Prediction]:
        """Every line, with its outcome where the study's panel knows it."""
        outcomes: dict[int, NDArray[np.int8]] = {}
        for week in self._weeks:
            for horizon in week.views:
                known = outcomes.setdefault(horizon, study.outcomes(horizon))
                yield from _lines(week, horizon, *excess_and_outcome(week, study, known, horizon))


def _week(date: dt.date, lines: list[Prediction]) -> RecordedWeek:
    horizons: dict[int, list[Prediction]] = {}
    for line in lines:
        horizons.setdefault(line.horizon, []).append(line)
    symbols = tuple(line.symbol for line in next(iter(horizons.values())))
    return RecordedWeek(date, symbols, {horizon: _view(of) for horizon, of in horizons.items()})


def _lines(week: RecordedWeek, horizon: int, excess: Floats, outcome: NDArray[np.int8]) -> Iterator[Prediction]:
    view = week.views[horizon]
    base, strength = Odds(*map(float, view.base)), view.conviction
    for k, symbol in enumerate(week.symbols):
        yield Prediction(
            date=week.date,
            symbol=symbol,
            horizon=horizon,
            members=tuple(map(float, view.members[k])),
            relative=float(view.relative[k]),
            movement=float(view.movement[k]),
            market=view.market,
            market_base=view.market_base,
            odds=Odds(*map(float, view.odds[k])),
            base=base,
            conviction=float(strength[k]),
            outcome=OUTCOMES[outcome[k]] if outcome[k] >= 0 else None,
            excess=float(excess[k]) if np.isfinite(excess[k]) else None,
        )


def _view(lines: list[Prediction]) -> View:
    return View(
        members=np.array([line.members for line in lines]),
        relative=np.array([line.relative for line in lines]),
        movement=np.array([line.movement for line in lines]),
        market=lines[0].market,
        market_base=lines[0].market_base,
        odds=np.array([[line.odds.bearish, line.odds.neutral, line.odds.bullish] for line in lines]),
        base=np.array([lines[0].base.bearish, lines[0].base.neutral, lines[0].base.bullish]),
    )


def excess_and_outcome(
    week: RecordedWeek, study: Study, outcomes: NDArray[np.int8], horizon: int = WEEK
) -> tuple[Floats, NDArray[np.int8]]:
    """Return above the median peer's (log, NaN unknown) and class (-1 unknown) of each recorded line."""
    i = study.week(week.date)
    columns = np.array([study.panel.column(symbol) for symbol in week.symbols], dtype=np.intp)
    forward = study.forwards[horizon][i, columns]
    return forward - market_move(study, i, horizon), outcomes[i, columns]


def market_move(study: Study, i: int, horizon: int = WEEK) -> float:
    """The median peer's log return over the horizon from row i, NaN where it is not known."""
    peers = study.forwards[horizon][i, study.universe[i]]
    known = peers[np.isfinite(peers)]
    return float(np.median(known)) if len(known) else float("nan")
