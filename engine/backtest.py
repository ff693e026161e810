"""Walks the same form_signals, decide and settle through history, so that live and tested cannot drift apart."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from engine.comparators import COMPARATORS
from engine.errors import NotEnoughData
from engine.learning import Progress, fill_record, learn
from engine.model import Prediction, Token, WeekSignals
from engine.panel import Panel
from engine.record import Record
from engine.study import HORIZON, Study, build_study
from engine.track import Track
from engine.walkforward import MIN_TOKENS, Trainer, instants

WEEK = 7

Witness = Callable[[dt.date, Record, Mapping[tuple[str, str], Track]], None]


@dataclass(frozen=True, slots=True)
class MarketWeek:
    """What the market head said at one instant of the next `horizon` days, and once known, whether the market rose."""

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
    predictions: tuple[Prediction, ...]
    tracks: dict[tuple[str, str], Track]
    simulated: bool
    market: tuple[MarketWeek, ...] = ()
    tokens: tuple[Token, ...] = ()


def run_backtest(
    panel: Panel,
    indices: Sequence[str],
    modes: Sequence[str],
    start: dt.date,
    end: dt.date,
    progress: Progress | None = None,
    witness: Witness | None = None,
) -> Backtest:
    """Decide every Monday from `start` to `end` and settle each at its close; NotEnoughData where there is none.

    A `witness` is shown the record and the tracks at the beginning of every day, before anything is done on it.
    """
    panel = panel.until(panel.newest + dt.timedelta(days=1))
    study = build_study(panel)
    dates = list(instants(study, start, end))
    if not dates:
        raise NotEnoughData(
            f"there is no Monday to decide between {start} and {end}: "
            f"this history runs from {panel.dates[0]} to {panel.dates[-1]}."
        )
    trainer = Trainer(study)
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
    return Backtest(
        start=start,
        end=end,
        weeks=tuple(weeks),
        predictions=_predictions(record, study, dates[0]),
        tracks=tracks,
        simulated=panel.simulated,
        market=tuple(_market_week(week, study) for week in weeks),
        tokens=panel.tokens,
    )


def _predictions(record: Record, study: Study, start: dt.date) -> tuple[Prediction, ...]:
    return tuple(line for line in record.predictions(study) if line.date >= start)


def _market_week(week: WeekSignals, study: Study) -> MarketWeek:
    """The market rose if its median token did, as the market head learns it; None where too few are known."""
    i = study.week(week.date)
    forward = study.forward[i, study.universe[i] & np.isfinite(study.forward[i])]
    rose = bool(np.median(forward) > 0) if len(forward) >= MIN_TOKENS else None
    return MarketWeek(week.date, HORIZON, week.market.p_up, week.market.base_up, rose)


def _step(tracks: dict[tuple[str, str], Track], panel: Panel, week: WeekSignals, date: dt.date) -> None:
    """Bring every track to `date` 00:00 UTC and decide what is due there, as long as its eve is known."""
    if date - dt.timedelta(days=1) > panel.newest:
        return
    seen = panel.until(date)
    for track in tracks.values():
        track.reach(seen, date)
        track.decide(seen, week)
