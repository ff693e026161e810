"""One week from end to end, without a clock or a database: settle what was decided, form signals, decide everything."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from engine.backtest import Progress, fill_record, learn
from engine.crosscheck import CrossCheck, cross_check
from engine.decide import decide
from engine.errors import BadRequest, NotEnoughData
from engine.level import daily_levels
from engine.model import PASSIVE, Decision, LevelPoint, Portfolio, Prediction, Settlement, WeekSignals
from engine.panel import Panel
from engine.passive import decide_passive, passive_is_due
from engine.record import Record
from engine.settle import settle, settlement_point
from engine.study import build_study
from engine.walkforward import Trainer


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one index and mode stands: the portfolio of its last settlement, and a decision not yet settled."""

    index: str
    mode: str
    portfolio: Portfolio | None
    open_decision: Decision | None


@dataclass(frozen=True, slots=True)
class WeekResult:
    """Everything one week adds; the caller stores it all or nothing."""

    signals: WeekSignals
    settlements: tuple[Settlement, ...]
    decisions: tuple[Decision, ...]
    levels: dict[tuple[str, str], tuple[LevelPoint, ...]]
    predictions: tuple[Prediction, ...]
    check: CrossCheck


def check_monday(as_of: dt.date) -> None:
    """Refuse an instant that is no Monday."""
    if as_of.weekday() != 0:
        monday = as_of - dt.timedelta(days=as_of.weekday())
        raise BadRequest(f"weeks are decided on Mondays and {as_of} is none: use {monday}.")


def check_instant(panel: Panel, as_of: dt.date) -> None:
    """Refuse an instant that is no Monday, or whose eve the panel does not hold."""
    check_monday(as_of)
    eve = as_of - dt.timedelta(days=1)
    if panel.newest < eve:
        raise NotEnoughData(
            f"the newest candle is of {panel.newest}, and deciding {as_of} needs {eve}: "
            "bring in newer data, or replay a past Monday with --as-of."
        )


def compute_week(
    panel: Panel, record: Record, standings: Sequence[Standing], as_of: dt.date, progress: Progress | None = None
) -> WeekResult:
    """Compute the week of `as_of` for every standing; `panel` must be frozen at `as_of`, `record` may be empty.

    The record is walked forward to this week first. CrossCheckFailed where three indicators disagree with their
    reference; fewer are dropped for this week and named in the signals.
    """
    check_instant(panel, as_of)
    check = cross_check(panel)
    dropped = tuple(sorted({mismatch.feature for mismatch in check.failed}))
    trainer = Trainer(build_study(panel, dropped, extra=[as_of]))
    fill_record(trainer, record, as_of, progress)
    signals = learn(trainer, record, as_of)
    settlements, decisions, levels = [], [], {}
    for standing in standings:
        portfolio, points = standing.portfolio, []
        if standing.open_decision is not None:
            settlement = settle(standing.open_decision, portfolio, panel)
            settlements.append(settlement)
            points.append(settlement_point(settlement, standing.open_decision))
            portfolio = settlement.portfolio
        if portfolio is not None:
            points += daily_levels(portfolio, panel, as_of - dt.timedelta(days=1))
        levels[standing.index, standing.mode] = tuple(points)
        decision = _decide(standing, panel, signals, portfolio)
        if decision is not None:
            decisions.append(decision)
    return WeekResult(
        signals, tuple(settlements), tuple(decisions), levels, tuple(record.predictions(trainer.study)), check
    )


def _decide(standing: Standing, panel: Panel, signals: WeekSignals, portfolio: Portfolio | None) -> Decision | None:
    if standing.mode != PASSIVE:
        return decide(standing.index, standing.mode, panel, signals, portfolio)
    if not passive_is_due(panel.as_of, portfolio):
        return None
    return decide_passive(standing.index, panel, portfolio)
