"""Walks the same form_signals, decide and settle through history, so that live and tested cannot drift apart."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from engine.comparators import COMPARATORS
from engine.errors import NotEnoughData
from engine.fitting import Recipe
from engine.learning import fill_record, learn
from engine.model import Prediction, Token, WeekSignals
from engine.panel import Panel
from engine.record import Record, market_move
from engine.scale import SERIAL, Progress, Workers
from engine.study import HORIZONS, MONTH, WEEK, Study, build_study
from engine.track import Track
from engine.walkforward import Trainer, instants

Witness = Callable[[dt.date, Record, Mapping[tuple[str, str], Track]], None]


@dataclass(frozen=True, slots=True)
class MarketWeek:
    """What the market head said of one week at one horizon, and whether the median peer rose; None while unknown."""

    date: dt.date
    horizon: int
    p_up: float
    base_up: float
    rose: bool | None


@dataclass(frozen=True)
class Backtest:
    """Everything a walk produced: the weeks' signals, the record behind them, and a track per index and mode.

    `market` is the market head's record, `tokens` everybody the panel knows.
    """

    start: dt.date
    end: dt.date
    weeks: tuple[WeekSignals, ...]
    predictions: tuple[Prediction, ...]  # of the week ahead
    tracks: dict[tuple[str, str], Track]
    simulated: bool
    market: tuple[MarketWeek, ...] = ()
    tokens: tuple[Token, ...] = ()
    month: tuple[Prediction, ...] = ()  # of the four weeks ahead


def run_backtest(
    panel: Panel,
    indices: Sequence[str],
    modes: Sequence[str],
    start: dt.date,
    end: dt.date,
    progress: Progress | None = None,
    workers: Workers = SERIAL,
    recipe: Recipe | None = None,
    witness: Witness | None = None,
) -> Backtest:
    """Decide every Monday from `start` to `end` and settle each at its close; NotEnoughData where there is none.

    `workers` fit the refits; a `recipe` leaves classifiers or families out, for an ablation. A `witness` is shown the
    record and the tracks at the beginning of every day, before anything is done on it.
    """
    panel = panel.until(panel.newest + dt.timedelta(days=1))
    study = build_study(panel)
    dates = list(instants(study, start, end))
    if not dates:
        raise NotEnoughData(
            f"there is no Monday to decide between {start} and {end}: "
            f"this history runs from {panel.dates[0]} to {panel.dates[-1]}."
        )
    trainer = Trainer(study, recipe)
    trainer.prepare(instants(study, study.dates[0], dates[-1]), workers, progress)
    record = fill_record(trainer, Record(), dates[0], progress)
    tracks = {(i, m): Track(i, m) for i in indices for m in (*modes, *COMPARATORS)}
    weeks = []
    for done, date in enumerate(dates, 1):
        week = learn(trainer, record, date)
        weeks.append(week)
        for day in range(WEEK):
            if witness:
                witness(date + dt.timedelta(days=day), record, tracks)
            _step(tracks, panel, week, date + dt.timedelta(days=day))
        if progress:
            progress("weeks", done, len(dates))
    last = min(dates[-1] + dt.timedelta(days=WEEK), panel.newest + dt.timedelta(days=1))
    for track in tracks.values():
        track.reach(panel, last)
        track.mark(panel, last)
    lines = [line for line in record.predictions(study) if line.date >= dates[0]]
    return Backtest(
        start=start,
        end=end,
        weeks=tuple(weeks),
        predictions=tuple(line for line in lines if line.horizon == WEEK),
        tracks=tracks,
        simulated=panel.simulated,
        market=tuple(_market_weeks(record, study, dates[0])),
        tokens=panel.tokens,
        month=tuple(line for line in lines if line.horizon == MONTH),
    )


def _market_weeks(record: Record, study: Study, start: dt.date) -> Iterator[MarketWeek]:
    for week in record:
        if week.date < start:
            continue
        for horizon in HORIZONS:
            view, moved = week.views[horizon], market_move(study, study.week(week.date), horizon)
            p_up = 1 / (1 + np.exp(-(np.log(view.market_base / (1 - view.market_base)) + view.market)))
            rose = bool(moved > 0) if np.isfinite(moved) else None
            yield MarketWeek(week.date, horizon, float(p_up), view.market_base, rose)


def _step(tracks: dict[tuple[str, str], Track], panel: Panel, week: WeekSignals, date: dt.date) -> None:
    """Bring every track to `date` 00:00 UTC and decide what is due there, as long as its eve is known."""
    if date - dt.timedelta(days=1) > panel.newest:
        return
    seen = panel.until(date)
    for track in tracks.values():
        track.reach(seen, date)
        track.decide(seen, week)
