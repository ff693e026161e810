"""One instant from end to end, without a clock or a database: settle what waited, form signals on Mondays, decide."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from engine.crosscheck import Compare, CrossCheck, cross_check, find_mismatches
from engine.errors import BadRequest, NotEnoughData
from engine.learning import fill_record, learn
from engine.model import Decision, LevelPoint, Portfolio, Prediction, Settlement, WeekSignals
from engine.orders import NO_ORDERS, Orders
from engine.panel import Panel
from engine.record import Record
from engine.scale import Progress
from engine.study import build_study, everything
from engine.track import Track
from engine.walkforward import Trainer, needed_from


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one index and mode stands: the portfolio of its last settlement, a decision not yet settled, and the date
    and sequence of the newest decision."""

    index: str
    mode: str
    portfolio: Portfolio | None
    open_decision: Decision | None
    last: tuple[dt.date, int] | None = None


@dataclass(frozen=True, slots=True)
class DayResult:
    """What one instant adds to every index and mode; the caller stores it all or nothing."""

    date: dt.date
    settlements: tuple[Settlement, ...]
    decisions: tuple[Decision, ...]
    levels: dict[tuple[str, str], tuple[LevelPoint, ...]]


@dataclass(frozen=True, slots=True)
class WeekResult:
    """A Monday's instant with the signals it formed, the record behind them, and the check of the indicators."""

    day: DayResult
    signals: WeekSignals
    predictions: tuple[Prediction, ...]
    check: CrossCheck


def check_monday(as_of: dt.date) -> None:
    """Refuse an instant that is no Monday."""
    if as_of.weekday() != 0:
        monday = as_of - dt.timedelta(days=as_of.weekday())
        raise BadRequest(f"weeks are decided on Mondays and {as_of} is none: use {monday}.")


def check_eve(panel: Panel, as_of: dt.date) -> None:
    """Refuse an instant whose eve the panel does not hold."""
    eve = as_of - dt.timedelta(days=1)
    if panel.newest < eve:
        raise NotEnoughData(
            f"the newest candle is of {panel.newest}, and deciding {as_of} needs {eve}: "
            "bring in newer data, or replay a past Monday with --as-of."
        )


def compute_week(
    panel: Panel,
    record: Record,
    standings: Sequence[Standing],
    as_of: dt.date,
    progress: Progress | None = None,
    orders: Orders = NO_ORDERS,
    compare: Compare = find_mismatches,
) -> WeekResult:
    """Compute the week of `as_of` for every standing; `panel` must be frozen at `as_of`, `record` may be empty.

    `compare` is where the indicators are held to their reference.
    The record is walked forward to this week first. CrossCheckFailed where three indicators disagree with their
    reference; fewer are dropped for this week and named in the signals.
    """
    check_monday(as_of)
    check_eve(panel, as_of)
    check = cross_check(panel, compare=compare)
    dropped = tuple(sorted({mismatch.feature for mismatch in check.failed}))
    need = needed_from(record.last + dt.timedelta(days=1)) if record.last else everything
    trainer = Trainer(build_study(panel, dropped, extra=[as_of], need=need))
    fill_record(trainer, record, as_of, progress)
    signals = learn(trainer, record, as_of)
    day = compute_day(panel, signals, standings, orders)
    return WeekResult(day, signals, tuple(record.predictions(trainer.study)), check)


def compute_day(
    panel: Panel, signals: WeekSignals, standings: Sequence[Standing], orders: Orders = NO_ORDERS
) -> DayResult:
    """Settle and decide at `panel.as_of` with the newest signals: the weekly line on Mondays, else what is needed."""
    date = panel.as_of
    tracks = [Track(s.index, s.mode, s.portfolio, s.open_decision, s.last) for s in standings]
    for track in tracks:
        track.reach(panel, date)
        track.mark(panel, date)
        track.decide(panel, signals, orders)
    return DayResult(
        date,
        tuple(settlement for track in tracks for settlement in track.settlements),
        tuple(decision for track in tracks for decision in track.decisions),
        {(track.index, track.mode): tuple(track.levels) for track in tracks},
    )
