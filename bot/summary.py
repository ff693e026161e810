"""The figures of a backtest as plain JSON: signals against base rates, every index against all it is held against."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from bot.heads import head_figures, order_figures
from bot.plain import Figures, fields_of, maybe, plain
from engine.backtest import Backtest
from engine.comparators import COMPARATORS, DILUTED, diluted
from engine.evaluation import (
    TRIALS,
    Overfitting,
    daily,
    drawdown_difference,
    measure_luck,
    measure_overfitting,
    measure_returns,
    measure_skill,
    measure_sureness,
    sharpe,
    sharpe_difference,
    weekly,
    weeks_to_tell_from,
)
from engine.ladder_record import LadderRecord, ladder_moves, ladder_record
from engine.method import stamp
from engine.model import PASSIVE, Decision, LevelPoint, Settlement
from engine.modes import modes
from engine.track import Track


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
        "trials": TRIALS,
        "signals": {
            "abstained": round(silent / said, 4) if said else None,
            **(fields_of(skill) if skill else {}),
            "order": order_figures(backtest),
        },
        "heads": head_figures(backtest),
        "volatility_rises_with_mode": _volatility_rises(backtest),
        "overfitting": _overfitting(backtest),
        "indices": [
            _index(track, held)
            for index in _indices(backtest)
            for held in [_held_against(backtest, index)]
            for track in active(backtest)
            if track.index == index
        ],
    }


def _indices(backtest: Backtest) -> list[str]:
    return list(dict.fromkeys(index for index, _ in backtest.tracks))


def _volatility_rises(backtest: Backtest) -> dict[str, bool]:
    """For each index walked in several modes, whether a bolder mode never swung less than a more careful one."""
    rises = {}
    for index in _indices(backtest):
        walked = [backtest.tracks[index, mode] for mode in modes() if (index, mode) in backtest.tracks]
        swings = [measure_returns(track.levels).volatility for track in walked]
        if len(swings) > 1:
            rises[index] = swings == sorted(swings)
    return rises


def _overfitting(backtest: Backtest) -> dict[str, Figures | None]:
    """How often the best of an index's modes and comparators in one half of history is none in the other; and of all.

    None where history is too short, or a track does not reach over all of it.
    """
    every = list(backtest.tracks.values())
    choices = {index: [track for track in every if track.index == index] for index in _indices(backtest)}
    return {name: maybe(_chosen_from(tracks)) for name, tracks in (choices | {"all": every}).items()}


def _chosen_from(tracks: Sequence[Track]) -> Overfitting | None:
    returns = [weekly(track.levels) for track in tracks]
    if len({len(series) for series in returns}) != 1:
        return None
    return measure_overfitting(np.column_stack(returns))


@dataclass(frozen=True)
class Held:
    """What every mode of an index is held against: the twin's levels, and each comparator's figures and sureness."""

    twin: Sequence[LevelPoint]
    figures: dict[str, Figures | None]
    sureness: dict[str, Figures]


def _held_against(backtest: Backtest, index: str) -> Held:
    walked = {name: backtest.tracks.get((index, name)) for name in COMPARATORS}
    return Held(
        twin=backtest.tracks[index, PASSIVE].levels,
        figures={name: fields_of(measure_returns(t.levels)) if t else None for name, t in walked.items()},
        sureness={name: fields_of(measure_sureness(t.levels)) for name, t in walked.items() if t},
    )


def _index(track: Track, held: Held) -> Figures:
    twin, net = held.twin, measure_returns(track.levels)
    mix = diluted(twin, net.stablecoin_share)
    twin_fall = measure_returns(twin).drawdown
    luck = measure_luck(weekly(track.levels))
    could_not = sum(f.status == "could not trade" for s in track.settlements for f in s.fills)
    stuck = sum(line.rule == "stopped_price" for d in track.decisions for line in d.holdings)
    return {
        "index": track.index,
        "mode": track.mode,
        "net": fields_of(net),
        "gross": fields_of(measure_returns(track.levels, gross=True)),
        "invested_share": round(net.invested_share, 6),
        **held.figures,
        DILUTED: fields_of(measure_returns(mix)),
        "sureness": {
            "net": fields_of(measure_sureness(track.levels)),
            **held.sureness,
            DILUTED: fields_of(measure_sureness(mix)),
        },
        "luck": maybe(luck),
        "weeks_to_tell_from_holding": plain(weeks_to_tell_from(luck, sharpe(weekly(twin)))) if luck else None,
        "sharpe_difference": fields_of(sharpe_difference(weekly(track.levels), weekly(twin))),
        "drawdown_ratio": round(net.drawdown / twin_fall, 6) if twin_fall < 0 else None,
        "beyond_cash": {
            "sharpe": fields_of(sharpe_difference(weekly(track.levels), weekly(mix))),
            "drawdown": fields_of(drawdown_difference(daily(track.levels), daily(mix))),
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
        "episodes": [fields_of(episode) for episode in record.risk_offs],
        "falls": [fields_of(fall) for fall in record.falls],
    }
