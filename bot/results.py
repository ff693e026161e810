"""Writes what a backtest produced as files: weights, levels, signals, actions, a summary and a report."""

from __future__ import annotations

import csv
import json
import tempfile
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from bot.report import render_report
from engine.backtest import Backtest, Track
from engine.errors import CannotWrite
from engine.evaluation import measure_returns, measure_skill, sharpe_difference, weekly
from engine.method import stamp
from engine.model import PASSIVE, LevelPoint, Prediction
from engine.modes import DEFAULT_MODE, mode
from engine.signals import call

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Row = tuple[object, ...]


def prepare(folder: Path) -> None:
    """Make the folder and try it, before hours of work are spent; CannotWrite where it refuses."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise CannotWrite(f"cannot write to {folder}: {error.strerror}; choose another folder with --out.") from error


def write_results(backtest: Backtest, folder: Path) -> dict[str, object]:
    """Write every file of a backtest into `folder` and return the summary; CannotWrite where the disk refuses."""
    prepare(folder)
    try:
        _csv(folder / "weights.csv", ("date", "index", "mode", "symbol", "weight"), weight_rows(backtest))
        _csv(folder / "levels.csv", LEVEL_COLUMNS, level_rows(backtest))
        _csv(folder / "signals.csv", SIGNAL_COLUMNS, signal_rows(backtest))
        _csv(folder / "actions.csv", ACTION_COLUMNS, action_rows(backtest))
        summary = summarise(backtest)
        (folder / "summary.json").write_text(json.dumps(summary, indent=1, allow_nan=False) + "\n", "utf-8")
        (folder / "report.html").write_text(render_report(backtest, summary), "utf-8")
    except OSError as error:
        raise CannotWrite(f"cannot write to {folder}: {error.strerror}; choose another folder with --out.") from error
    return summary


LEVEL_COLUMNS = (
    "date", "index", "mode", "level_net", "level_gross", "benchmark", "turnover", "cost", "stablecoin_share",
)  # fmt: skip
SIGNAL_COLUMNS = (
    "date", "symbol", "p_bearish", "p_neutral", "p_bullish", "signal", "conviction", "grade", "abstained",
)  # fmt: skip
ACTION_COLUMNS = ("date", "index", "mode", "symbol", "action", "from_weight", "to_weight", "rule")


def _csv(path: Path, header: Row, rows: Iterable[Row]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def _number(value: float) -> str:
    return f"{value:.10g}"


def _active(backtest: Backtest) -> Iterable[Track]:
    return (track for track in backtest.tracks.values() if track.mode != PASSIVE)


def weight_rows(backtest: Backtest) -> Iterable[Row]:
    """Target weights of each decision, one row a stablecoin, twins under the mode `passive`."""
    for track in backtest.tracks.values():
        for decision in track.decisions:
            for line in decision.holdings:
                if line.weight > 0:
                    yield decision.date, track.index, track.mode, line.symbol, _number(line.weight)


def level_rows(backtest: Backtest) -> Iterable[Row]:
    """One row a day and track: the value at that day's close after fills and cost, beside the twin's."""
    for track in _active(backtest):
        twin = {p.date: p.net for p in backtest.tracks[track.index, PASSIVE].levels}
        for p in track.levels:
            numbers = (p.net, p.gross, twin[p.date], p.turnover, p.cost, p.stablecoin_share)
            yield p.date, track.index, track.mode, *map(_number, numbers)


def signal_rows(backtest: Backtest) -> Iterable[Row]:
    """Every spoken token of every week; the call is the default mode's."""
    margin = mode(DEFAULT_MODE).margin
    for week in backtest.weeks:
        for s in week.signals:
            odds = map(_number, (s.odds.bearish, s.odds.neutral, s.odds.bullish))
            said = call(s, margin).value
            yield week.date, s.symbol, *odds, said, _number(s.conviction), s.grade.score, int(s.abstained is not None)


def action_rows(backtest: Backtest) -> Iterable[Row]:
    """Every line of every decision, with the rule behind it."""
    for track in backtest.tracks.values():
        for decision in track.decisions:
            for line in decision.holdings:
                weights = _number(line.from_weight), _number(line.weight)
                yield decision.date, track.index, track.mode, line.symbol, line.action.value, *weights, line.rule


def summarise(backtest: Backtest) -> dict[str, object]:
    """All figures as plain JSON: signals against base rates, every index against its twin with an interval."""
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
        "indices": [_index_summary(backtest, track) for track in _active(backtest)],
    }


def _half_years(backtest: Backtest) -> dict[str, float]:
    halves: dict[str, list[Prediction]] = {}
    for line in backtest.predictions:
        halves.setdefault(f"{line.date.year}H{1 if line.date.month <= 6 else 2}", []).append(line)
    scored = {half: measure_skill(lines) for half, lines in sorted(halves.items())}
    return {half: round(skill.rank_ic, 4) for half, skill in scored.items() if skill is not None}


def _index_summary(backtest: Backtest, track: Track) -> dict[str, object]:
    twin = backtest.tracks[track.index, PASSIVE]
    difference = sharpe_difference(weekly(track.levels), weekly(twin.levels))
    gross = _gross(track.levels)
    could_not = sum(f.status == "could not trade" for s in track.settlements for f in s.fills)
    stuck = sum(line.rule == "stopped_price" for d in track.decisions for line in d.holdings)
    return {
        "index": track.index,
        "mode": track.mode,
        "net": _fields(measure_returns(track.levels)),
        "gross_growth": round(gross, 6),
        "passive": _fields(measure_returns(twin.levels)),
        "sharpe_difference": _fields(difference),
        "trades_that_could_not_be_made": could_not,
        "weeks_holding_a_stopped_price": stuck,
    }


def _fields(figures: DataclassInstance) -> dict[str, object]:
    return {key: _rounded(value) for key, value in asdict(figures).items()}


def _gross(levels: list[LevelPoint]) -> float:
    return levels[-1].gross / levels[0].gross - 1 if levels else 0.0


def _rounded(value: object) -> object:
    """Floats to six digits, infinities to None, through dicts and lists."""
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(item) for item in value]
    if isinstance(value, float):
        return round(value, 6) if abs(value) != float("inf") else None
    return value
