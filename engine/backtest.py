"""Walks the same form_signals, decide and settle through history, so that live and tested cannot drift apart."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from engine.decide import decide
from engine.errors import NotEnoughData
from engine.level import daily_levels
from engine.model import PASSIVE, Decision, LevelPoint, Portfolio, Prediction, Settlement, WeekSignals
from engine.panel import Panel
from engine.passive import decide_passive, passive_is_due
from engine.record import Record
from engine.settle import settle, settlement_point
from engine.signals import form_signals, recorded
from engine.study import Study, build_study
from engine.walkforward import Trainer, instants

Progress = Callable[[str, int, int], None]  # (what, done, of)


@dataclass
class Track:
    """One index in one mode (or its twin) through time."""

    index: str
    mode: str
    decisions: list[Decision] = field(default_factory=list)
    settlements: list[Settlement] = field(default_factory=list)
    levels: list[LevelPoint] = field(default_factory=list)

    @property
    def portfolio(self) -> Portfolio | None:
        return self.settlements[-1].portfolio if self.settlements else None


@dataclass(frozen=True)
class Backtest:
    """Everything a walk produced: the weeks' signals, the record behind them, and a track per index and mode."""

    start: dt.date
    end: dt.date
    weeks: tuple[WeekSignals, ...]
    predictions: tuple[Prediction, ...]
    tracks: dict[tuple[str, str], Track]
    simulated: bool


def fill_record(trainer: Trainer, record: Record, until: dt.date, progress: Progress | None = None) -> Record:
    """Walk forward from where the record ends to the last Monday before `until`, adding each week's predictions."""
    start = record.last + dt.timedelta(days=1) if record.last else trainer.study.dates[0]
    weeks = list(instants(trainer.study, start, until - dt.timedelta(days=1)))
    for done, date in enumerate(weeks, 1):
        learn(trainer, record, date)
        if progress:
            progress("record", done, len(weeks))
    return record


def learn(trainer: Trainer, record: Record, date: dt.date) -> WeekSignals:
    """Form one week's signals and add them to the record."""
    week = form_signals(trainer.study.panel, record, date, trainer)
    line = recorded(week, trainer, record)
    if line is not None:
        record.append(line)
    return week


def run_backtest(
    panel: Panel,
    indices: Sequence[str],
    modes: Sequence[str],
    start: dt.date,
    end: dt.date,
    progress: Progress | None = None,
) -> Backtest:
    """Decide every Monday from `start` to `end` and settle each at its close; NotEnoughData where there is none."""
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
    tracks = {(i, m): Track(i, m) for i in indices for m in (*modes, PASSIVE)}
    weeks = []
    for done, date in enumerate(dates, 1):
        week = learn(trainer, record, date)
        _step(tracks, panel, week, date)
        weeks.append(week)
        if progress:
            progress("weeks", done, len(dates))
    last = min(dates[-1] + dt.timedelta(days=6), panel.dates[-1].item())
    for track in tracks.values():
        _mark_until(track, panel, last)
    return Backtest(start, end, tuple(weeks), _predictions(record, study, dates[0]), tracks, panel.simulated)


def _predictions(record: Record, study: Study, start: dt.date) -> tuple[Prediction, ...]:
    return tuple(line for line in record.predictions(study) if line.date >= start)


def _step(tracks: dict[tuple[str, str], Track], panel: Panel, week: WeekSignals, date: dt.date) -> None:
    """Decide and settle one week for every track, marking the days since its last fill first."""
    seen, filled = panel.until(date), panel.until(date + dt.timedelta(days=1))
    for track in tracks.values():
        _mark_until(track, panel, date - dt.timedelta(days=1))
        if track.mode == PASSIVE:
            if not passive_is_due(date, track.portfolio):
                continue
            decision = decide_passive(track.index, seen, track.portfolio)
        else:
            decision = decide(track.index, track.mode, seen, week, track.portfolio)
        track.decisions.append(decision)
        if len(filled.dates) > len(seen.dates):
            settlement = settle(decision, track.portfolio, filled)
            track.settlements.append(settlement)
            track.levels.append(settlement_point(settlement, decision))


def _mark_until(track: Track, panel: Panel, until: dt.date) -> None:
    """Add a point for every day since the last one, at the units held."""
    if track.portfolio is None or not track.levels or track.levels[-1].date >= until:
        return
    points = daily_levels(track.portfolio, panel, until)
    track.levels += [point for point in points if point.date > track.levels[-1].date]
