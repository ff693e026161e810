"""Trains through time: the refit calendar, the purge, and the walk that fills the record.

A refit on a calendar date learns only from labels complete before it, and a week between two refits uses the heads of
the last one; so a live week, which rebuilds those heads, says what a backtest would have said.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from engine.features import CATALOGUE
from engine.models.calibration import Calibration, base_rates, calibrate
from engine.models.market import MarketHead, fit_market
from engine.models.relative import RelativeHead, fit_relative, within_week_ranks
from engine.record import Record, excess_and_outcome
from engine.study import Study

EPOCH = dt.date(2018, 1, 1)  # a Monday
REFIT_WEEKS = 4
WINDOW_WEEKS = 156  # up to three years; crypto before that was another market
BASE_WINDOW_WEEKS = 260
MIN_TOKENS = 10  # fewer peers make no week
MARKET_INPUTS = (
    "market_return_28d",
    "btc_trend_100d",
    "market_breadth",
    "fear_greed_level",
    "stablecoin_growth_28d",
    "vix_z",
)


def refit_date(as_of: dt.date) -> dt.date:
    """The last refit on the calendar at or before `as_of`: every fourth Monday from the epoch."""
    weeks = (as_of - EPOCH).days // 7
    return EPOCH + dt.timedelta(weeks=weeks - weeks % REFIT_WEEKS)


@dataclass(frozen=True, eq=False)
class Heads:
    """Everything fitted at one refit; a head is None while its history is too short."""

    refit: dt.date
    relative: RelativeHead | None
    market: MarketHead | None
    calibration: Calibration


class Trainer:
    """Fits heads at refit dates from one Study, each date once, and remembers the ranks they are fitted on."""

    def __init__(self, study: Study) -> None:
        self.study = study
        self.columns = [
            j for j, name in enumerate(study.features.token_names) if CATALOGUE[name].scope in ("token", "chain")
        ]
        self.names = tuple(study.features.token_names[j] for j in self.columns)
        self.inputs = self._market_inputs()
        self.outcomes = study.outcomes()
        self._ranks: dict[int, NDArray[np.float64]] = {}
        self._heads: dict[dt.date, Heads] = {}

    def ranks(self, i: int) -> NDArray[np.float64]:
        """Within-week ranks (tokens, features) of study row i, non-members 0."""
        if i not in self._ranks:
            values = self.study.features.token_values[i][:, self.columns]
            self._ranks[i] = within_week_ranks(values, self.study.universe[i])
        return self._ranks[i]

    def heads(self, as_of: dt.date, record: Record) -> Heads:
        """The heads in force at `as_of`: fitted at the last refit date on what was known and recorded before it."""
        refit = refit_date(as_of)
        if refit not in self._heads:
            with threadpool_limits(limits=1):  # the same bytes whatever the machine's cores do
                self._heads[refit] = self._fit(refit, record)
        return self._heads[refit]

    def _fit(self, refit: dt.date, record: Record) -> Heads:
        complete = self.study.complete_before(refit)
        return Heads(
            refit=refit,
            relative=fit_relative(self.names, [self._relative_week(i) for i in self._learnable(complete)]),
            market=fit_market(MARKET_INPUTS, *self._market_weeks(complete)),
            calibration=self._calibration(complete, record.before(refit)),
        )

    def _learnable(self, complete: NDArray[np.intp]) -> list[int]:
        return [int(i) for i in complete[-WINDOW_WEEKS:] if self._labelled(int(i)).sum() >= MIN_TOKENS]

    def _labelled(self, i: int) -> NDArray[np.bool_]:
        labelled: NDArray[np.bool_] = self.study.universe[i] & np.isfinite(self.study.forward[i])
        return labelled

    def _relative_week(self, i: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        labelled = self._labelled(i)
        return self.ranks(i)[labelled], self.study.forward[i, labelled]

    def _market_weeks(self, complete: NDArray[np.intp]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        rows = [int(i) for i in complete if self._labelled(int(i)).sum() >= MIN_TOKENS]
        rose = [bool(np.median(self.study.forward[i, self._labelled(i)]) > 0) for i in rows]
        return self.inputs[rows], np.array(rose, dtype=bool)

    def _market_inputs(self) -> NDArray[np.float64]:
        names = list(self.study.features.market_names)
        inputs: NDArray[np.float64] = self.study.features.market_values[:, [names.index(n) for n in MARKET_INPUTS]]
        return inputs

    def _calibration(self, complete: NDArray[np.intp], record: Record) -> Calibration:
        base = base_rates([self.outcomes[i, self.study.universe[i]] for i in complete[-BASE_WINDOW_WEEKS:]])
        known = {self.study.dates[i] for i in complete}
        weeks = []
        for week in record:
            if week.date not in known:
                continue
            _, outcome = excess_and_outcome(week, self.study, self.outcomes)
            seen = outcome >= 0
            if seen.any():
                weeks.append((week.relative[seen], np.full(int(seen.sum()), week.market), outcome[seen]))
        return calibrate(base, weeks)


def instants(study: Study, start: dt.date, end: dt.date) -> Iterator[dt.date]:
    """The study's Mondays from `start` to `end`, both inclusive."""
    return (date for date in study.dates if start <= date <= end and date.weekday() == 0)
