"""Writes what a backtest produced as files: weights, levels, signals, actions, a summary and a report."""

from __future__ import annotations

import csv
import json
import tempfile
from collections.abc import Iterable
from pathlib import Path

from bot.report import Families, render_report
from bot.summary import active, summarise
from engine.backtest import Backtest
from engine.errors import CannotWrite
from engine.model import PASSIVE
from engine.modes import DEFAULT_MODE, mode
from engine.signals import call

Row = tuple[object, ...]


def prepare(folder: Path) -> None:
    """Make the folder and try it, before hours of work are spent; CannotWrite where it refuses."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise CannotWrite(f"cannot write to {folder}: {error.strerror}; choose another folder with --out.") from error


def write_results(backtest: Backtest, folder: Path, families: Families | None = None) -> dict[str, object]:
    """Write every file of a backtest into `folder` and return the summary; CannotWrite where the disk refuses.

    `families`: the rank IC of each family of data points alone with its t, for the report.
    """
    prepare(folder)
    try:
        _csv(folder / "weights.csv", ("date", "index", "mode", "symbol", "weight"), weight_rows(backtest))
        _csv(folder / "levels.csv", LEVEL_COLUMNS, level_rows(backtest))
        _csv(folder / "signals.csv", SIGNAL_COLUMNS, signal_rows(backtest))
        _csv(folder / "actions.csv", ACTION_COLUMNS, action_rows(backtest))
        summary = summarise(backtest)
        (folder / "summary.json").write_text(json.dumps(summary, indent=1, allow_nan=False) + "\n", "utf-8")
        (folder / "report.html").write_text(render_report(backtest, summary, families), "utf-8")
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


def weight_rows(backtest: Backtest) -> Iterable[Row]:
    """Target weights of each decision, one row a stablecoin; comparators stand under modes of their own."""
    for track in backtest.tracks.values():
        for decision in track.decisions:
            for line in decision.holdings:
                if line.weight > 0:
                    yield decision.date, track.index, track.mode, line.symbol, _number(line.weight)


def level_rows(backtest: Backtest) -> Iterable[Row]:
    """One row a day and track: the value at that day's close after fills and cost, beside the twin's."""
    for track in active(backtest):
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
