"""The record: what the heads said out of sample, week by week, kept so that later weeks can be calibrated on it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.model import Call, Odds, Prediction
from engine.study import Study

Floats = NDArray[np.float64]
OUTCOMES = (Call.BEARISH, Call.NEUTRAL, Call.BULLISH)


@dataclass(frozen=True, eq=False)
class RecordedWeek:
    """One week's out-of-sample scores: columns of the panel (n,), log odds of both heads, odds (n, 3), base (3,)."""

    date: dt.date
    symbols: tuple[str, ...]
    relative: Floats
    market: float
    odds: Floats
    base: Floats

    @property
    def conviction(self) -> Floats:
        return conviction(self.odds, self.base)


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
        """Rebuild the record from stored lines."""
        by_date: dict[dt.date, list[Prediction]] = {}
        for line in predictions:
            by_date.setdefault(line.date, []).append(line)
        return cls(
            RecordedWeek(
                date=date,
                symbols=tuple(line.symbol for line in lines),
                relative=np.array([line.relative for line in lines]),
                market=lines[0].market,
                odds=np.array([[line.odds.bearish, line.odds.neutral, line.odds.bullish] for line in lines]),
                base=np.array([lines[0].base.bearish, lines[0].base.neutral, lines[0].base.bullish]),
            )
            for date, lines in by_date.items()
        )

    def predictions(self, study: Study) -> Iterator[Prediction]:
        """Every line, with its outcome where the study's panel knows it."""
        outcomes = study.outcomes()
        for week in self._weeks:
            excess, outcome = excess_and_outcome(week, study, outcomes)
            for k, symbol in enumerate(week.symbols):
                yield Prediction(
                    date=week.date,
                    symbol=symbol,
                    relative=float(week.relative[k]),
                    market=week.market,
                    odds=Odds(*map(float, week.odds[k])),
                    base=Odds(*map(float, week.base)),
                    conviction=float(week.conviction[k]),
                    outcome=OUTCOMES[outcome[k]] if outcome[k] >= 0 else None,
                    excess=float(excess[k]) if np.isfinite(excess[k]) else None,
                )


def excess_and_outcome(week: RecordedWeek, study: Study, outcomes: NDArray[np.int8]) -> tuple[Floats, NDArray[np.int8]]:
    """Return above the week's median peer (log, NaN unknown) and class (-1 unknown) of each recorded line."""
    i = study.week(week.date)
    columns = np.array([study.panel.column(symbol) for symbol in week.symbols], dtype=np.intp)
    forward = study.forward[i, columns]
    peers = study.forward[i, study.universe[i]]
    known = peers[np.isfinite(peers)]
    middle = float(np.median(known)) if len(known) else np.nan
    return forward - middle, outcomes[i, columns]
