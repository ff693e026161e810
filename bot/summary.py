"""The figures of a backtest as plain JSON: signals against base rates, every index against all it is held against."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from statistics import median
from typing import TYPE_CHECKING

from engine.backtest import Backtest
from engine.comparators import COMPARATORS, DILUTED, diluted
from engine.evaluation import daily, drawdown_difference, measure_returns, measure_skill, sharpe_difference, weekly
from engine.ladder_record import LadderRecord, ladder_moves, ladder_record
from engine.method import stamp
from engine.model import PASSIVE, Decision, LevelPoint, Prediction, Settlement
from engine.modes import modes
from engine.track import Track

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Figures = dict[str, object]


def active(backtest: Backtest) -> list[Track]:
    """The tracks of the indices themselves, without what they are held against."""
    return [track for track in backtest.tracks.values() if track.mode in modes()]


def summarise(backtest: Backtest) -> Figures:
    """All figures of a backtest; intervals hold 90 %, and what there is too little history for is None."""
    skill = measure_skill(backtest.predictions)
    said = sum(len(week.signals) for week in backtest.weeks)
    silent = sum(s.abstained is not None for week in backtest.weeks for s in week.signals)
    return {
        "from": backtest.start.isoformat(),
        "to": backtest.end.isoformat(),
        "method": stamp(),
        "simulated": backtest.simulated,
        "weeks": len(backtest.weeks),
        "signals": {
            "abstained": round(silent / said, 4) if said else None,
            **(_fields(skill) if skill else {}),
            "rank_ic_by_half_year": _half_years(backtest),
        },
        "volatility_rises_with_mode": _volatility_rises(backtest),
        "indices": [_index(backtest, track) for track in active(backtest)],
    }


def _half_years(backtest: Backtest) -> dict[str, float]:
    halves: dict[str, list[Prediction]] = {}
    for line in backtest.predictions:
        halves.setdefault(f"{line.date.year}H{1 if line.date.month <= 6 else 2}", []).append(line)
    scored = {half: measure_skill(lines) for half, lines in sorted(halves.items())}
    return {half: round(skill.rank_ic, 4) for half, skill in scored.items() if skill is not None}


def _volatility_rises(backtest: Backtest) -> dict[str, bool]:
    """For each index walked in several modes, whether a bolder mode never swung less than a more careful one."""
    rises = {}
    for index in dict.fromkeys(index for index, _ in backtest.tracks):
        walked = [backtest.tracks[index, mode] for mode in modes() if (index, mode) in backtest.tracks]
        swings = [measure_returns(track.levels).volatility for track in walked]
        if len(swings) > 1:
            rises[index] = swings == sorted(swings)
    return rises


def _index(backtest: Backtest, track: Track) -> Figures:
    twin = backtest.tracks[track.index, PASSIVE].levels
    net = measure_returns(track.levels)
    mix = diluted(twin, net.stablecoin_share)
    twin_fall = measure_returns(twin).drawdown
    could_not = sum(f.status == "could not trade" for s in track.settlements for f in s.fills)
    stuck = sum(line.rule == "stopped_price" for d in track.decisions for line in d.holdings)
    return {
        "index": track.index,
        "mode": track.mode,
        "net": _fields(net),
        "gross_growth": round(_gross(track.levels), 6),
        "invested_share": round(net.invested_share, 6),
        **{name: _comparator(backtest, track.index, name) for name in COMPARATORS},
        DILUTED: _fields(measure_returns(mix)),
        "sharpe_difference": _fields(sharpe_difference(weekly(track.levels), weekly(twin))),
        "drawdown_ratio": round(net.drawdown / twin_fall, 6) if twin_fall < 0 else None,
        "beyond_cash": {
            "sharpe": _fields(sharpe_difference(weekly(track.levels), weekly(mix))),
            "drawdown": _fields(drawdown_difference(daily(track.levels), daily(mix))),
        },
        "as_needed": _as_needed(track),
        "effective_names": {
            "before": _median(d.names_before for d in track.decisions),
            "after": _median(d.names_after for d in track.decisions),
        },
        "ladder": ladder_figures(ladder_record(ladder_moves(settled(track)), twin)),
        "trades_that_could_not_be_made": could_not,
        "weeks_holding_a_stopped_price": stuck,
    }


def _comparator(backtest: Backtest, index: str, name: str) -> Figures | None:
    track = backtest.tracks.get((index, name))
    return _fields(measure_returns(track.levels)) if track else None


def settled(track: Track) -> list[tuple[Decision, Settlement | None]]:
    """Every decision of a track with what became of it."""
    done = {(s.date, s.sequence): s for s in track.settlements}
    return [(d, done.get((d.date, d.sequence))) for d in track.decisions]


def _as_needed(track: Track) -> Figures:
    """Decisions between weeks: how many, for which triggers, what they turned over and cost."""
    between = [(d, s) for d, s in settled(track) if d.sequence or d.causes]
    triggers = Counter(trigger for d, _ in between for trigger in sorted({cause.trigger for cause in d.causes}))
    return {
        "decisions": len(between),
        "by_trigger": dict(triggers.most_common()),
        "turnover": round(sum(s.turnover if s else d.turnover for d, s in between), 6),
        "cost": round(sum(s.cost if s else d.cost_estimate for d, s in between), 6),
    }


def _median(names: Iterable[float]) -> float | None:
    """Median effective number of names over the decisions that held any."""
    held = [number for number in names if number > 0]
    return round(median(held), 4) if held else None


def ladder_figures(record: LadderRecord) -> Figures:
    """The ladder's record as plain JSON, sums first, then every risk-off and every fall."""
    past = record.median_past
    return {
        "since": record.since.isoformat() if record.since else None,
        "risk_offs": len(record.risk_offs),
        "helped": record.count("helped"),
        "false_alarms": record.count("false alarm"),
        "moved_nothing": record.count("moved nothing"),
        "still_open": record.count("still open"),
        "saved": round(record.saved, 6),
        "median_past": round(past, 4) if past is not None else None,
        "measured_falls": sum(fall.past is not None for fall in record.falls),
        "episodes": [_fields(episode) for episode in record.risk_offs],
        "falls": [_fields(fall) for fall in record.falls],
    }


def _gross(levels: Sequence[LevelPoint]) -> float:
    return levels[-1].gross / levels[0].gross - 1 if levels else 0.0


def _fields(figures: DataclassInstance) -> Figures:
    return {key: _plain(value) for key, value in asdict(figures).items()}


def _plain(value: object) -> object:
    """Floats to six digits, infinities to None, dates to text, through dicts and lists."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return round(value, 6) + 0.0 if abs(value) != float("inf") else None
    return value.isoformat() if isinstance(value, dt.date) else value
