"""Trains through time: the refit calendar, the purge, and who is asked at which instant.

A refit on a calendar date learns only from labels complete before it, and a week between two refits uses the heads of
the last one; so a live week, which rebuilds those heads, says what a backtest would have said.
"""

from __future__ import annotations

import datetime as dt
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from engine.fitting import WINDOW_WEEKS, Fitted, Material, Recipe, fit_refit, gather, learnable
from engine.models.calibration import Calibration, PastWeek, base_rates, calibrate
from engine.models.relative import RelativeHead
from engine.record import Record, excess_and_outcome
from engine.scale import SERIAL, Progress, Workers
from engine.study import EMBARGO, HORIZONS, WEEK, Need, Study

Floats = NDArray[np.float64]

EPOCH = dt.date(2018, 1, 1)  # a Monday
REFIT_WEEKS = 4
COMPARED_WEEKS = 60  # before an instant, of which it is asked what was known then: a year and some
BASE_WINDOW_WEEKS = 260
MOST_KEPT = 8  # refits, about 1 MB each: a walk goes forward, and asks for the newest alone
SOCIAL = "social_"  # data points made of posts, which anybody can write, begin so


def refit_date(as_of: dt.date) -> dt.date:
    """The last refit on the calendar at or before `as_of`: every fourth Monday from the epoch."""
    weeks = (as_of - EPOCH).days // 7
    return EPOCH + dt.timedelta(weeks=weeks - weeks % REFIT_WEEKS)


def needed_from(asked: dt.date) -> Need:
    """What the heads in force from the instant `asked` on were fitted on, and the weeks that it is compared with."""

    def need(dates: Sequence[dt.date], universe: NDArray[np.bool_], forwards: Mapping[int, Floats]) -> int:
        first = max(sum(date < asked for date in dates) - COMPARED_WEEKS, 0)
        for horizon in HORIZONS:
            rows = learnable(dates, universe, forwards[horizon], refit_date(asked), horizon)
            first = min([first, *rows[-WINDOW_WEEKS:][:1]])
        return first

    return need


@dataclass(frozen=True, eq=False)
class Heads:
    """Everything in force at an instant: the heads of the last refit, and how their scores become odds, by horizon."""

    fitted: Fitted
    calibration: dict[int, Calibration]

    @property
    def refit(self) -> dt.date:
        return self.fitted.refit

    @property
    def speaks(self) -> bool:
        """Whether there is a relative head for the week at all."""
        return self.fitted.relative[WEEK] is not None


@dataclass(frozen=True, eq=False)
class Scores:
    """One week's scores at one horizon by panel column, NaN outside the universe: `members` (tokens, members) in
    deviations of the week, `spread` (members,) what one deviation is in log odds, `movement` (tokens,), `market`."""

    members: Floats
    spread: Floats
    movement: Floats
    market: float
    market_base: float


class Trainer:
    """Fits heads at refit dates from one Study, each date once, and asks them for their scores."""

    def __init__(self, study: Study, recipe: Recipe | None = None) -> None:
        self.study = study
        self.recipe = recipe or Recipe()
        self.material: Material = gather(study, self.recipe)
        self.names = self.material.names
        self.columns = list(self.material.columns)
        self._social = np.array([name.startswith(SOCIAL) for name in self.names], dtype=np.bool_)
        self._coming: Iterator[Fitted] = iter(())
        self._announced: set[dt.date] = set()
        self._pending: set[dt.date] = set()
        self._heads: OrderedDict[dt.date, Heads] = OrderedDict()

    def ranks(self, i: int) -> Floats:
        """Within-week ranks (tokens, features) of study row i, non-members 0."""
        ranks: Floats = self.material.ranks(i).astype(np.float64)
        return ranks

    def prepare(self, dates: Iterable[dt.date], workers: Workers = SERIAL, progress: Progress | None = None) -> None:
        """Announce what dates will be asked for, forward in time: their refits are fitted side by side where there are
        workers, while those before them are in use. The bytes are the same."""
        wanted = sorted({refit_date(date) for date in dates} - self._announced)
        self._announced.update(wanted)
        self._pending.update(wanted)
        if wanted:
            self._coming = chain(self._coming, self._fits(wanted, workers, progress))

    def _fits(self, wanted: Sequence[dt.date], workers: Workers, progress: Progress | None) -> Iterator[Fitted]:
        for done, fitted in enumerate(workers.run(fit_refit, self.material, wanted, self.recipe), 1):
            if progress:
                progress("fits", done, len(wanted))
            yield fitted

    def _fitted(self, refit: dt.date) -> Fitted:
        """One refit: of those announced, where it is not past yet, or fitted now."""
        while refit in self._pending:
            fitted = next(self._coming)
            self._pending.discard(fitted.refit)
            if fitted.refit == refit:
                return fitted
        return fit_refit(self.material, refit, self.recipe)

    def heads(self, as_of: dt.date, record: Record) -> Heads:
        """The heads in force at `as_of`: fitted at the last refit date on what was known and recorded before it."""
        refit = refit_date(as_of)
        if refit not in self._heads:
            fitted, past = self._fitted(refit), record.before(refit)
            self._heads[refit] = Heads(fitted, {h: self._calibration(refit, past, h) for h in HORIZONS})
            while len(self._heads) > MOST_KEPT:
                self._heads.popitem(last=False)
        return self._heads[refit]

    def scores(self, i: int, heads: Heads, horizon: int) -> Scores:
        """What the heads say of study row i."""
        tokens = self.material.universe[i]
        fitted = heads.fitted
        head, movement, market = fitted.relative[horizon], fitted.movement[horizon], fitted.market[horizon]
        asked = max(len(self.recipe.members), 1)
        members, spread = np.full((len(tokens), asked), np.nan), np.ones(asked)
        if head is not None and tokens.any():
            said = self.without_hype(head, self.ranks(i)[tokens])
            spread = np.maximum(said.std(axis=0), 1e-12)
            members[tokens] = said / spread
        return Scores(
            members=members,
            spread=spread,
            movement=movement.lift(self.material.movement[i]) if movement else np.zeros(len(tokens)),
            market=float(market.lift(self.material.market[i])) if market else 0.0,
            market_base=market.base if market else 0.5,
        )

    def without_hype(self, head: RelativeHead, ranks: Floats) -> Floats:
        """The members' scores (n, members); what social posts alone would lift above the median peer is not lifted."""
        said = head.scores(ranks)
        if not ranks[:, self._social].any():
            return said
        sober = head.scores(np.where(self._social, 0.0, ranks))
        hyped = (said.mean(axis=1) > 0) & (sober.mean(axis=1) <= 0)
        return np.where(hyped[:, None], sober, said)

    def _calibration(self, refit: dt.date, record: Record, horizon: int) -> Calibration:
        outcomes, study = self.material.outcomes[horizon], self.study
        complete = study.complete_before(refit, horizon, EMBARGO)
        base = base_rates([outcomes[i, study.universe[i]] for i in complete[-BASE_WINDOW_WEEKS:]])
        return calibrate(base, list(past_weeks(study, record, outcomes, complete, horizon)), horizon / WEEK)


def past_weeks(
    study: Study, record: Record, outcomes: NDArray[np.int8], complete: NDArray[np.intp], horizon: int
) -> Iterator[PastWeek]:
    """The recorded weeks among the `complete` rows, each with what came of it."""
    known = {study.dates[i] for i in complete}
    for week in record:
        view = week.views.get(horizon)
        if view is None or week.date not in known:
            continue
        excess, outcome = excess_and_outcome(week, study, outcomes, horizon)
        seen = outcome >= 0
        if seen.any():
            yield PastWeek(view.score[seen], view.movement[seen], view.market, outcome[seen], excess[seen] > 0)


def instants(study: Study, start: dt.date, end: dt.date) -> Iterator[dt.date]:
    """The study's Mondays from `start` to `end`, both inclusive."""
    return (date for date in study.dates if start <= date <= end and date.weekday() == 0)
