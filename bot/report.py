"""Makes a backtest one self-contained page: what was found in plain words, then every figure beside how sure it is."""

from __future__ import annotations

import calendar
from collections.abc import Iterator, Mapping, Sequence
from math import prod
from typing import Any

from bot.findings import findings
from bot.plots import (
    Estimate,
    colours_of,
    cost_figure,
    forest_figure,
    level_figure,
    reliability_figure,
    spark_figure,
    weight_figure,
)
from bot.plots.svg import signed
from bot.summary import active
from engine.backtest import Backtest
from engine.comparators import COMPARATORS, DILUTED, diluted
from engine.evaluation import mean_stablecoin_share, monthly
from engine.model import BASE_LEVEL, PASSIVE, LevelPoint
from engine.modes import DEFAULT_MODE
from engine.themes import theme
from engine.track import Track

STAKE = 1000.0
THIN_WEEKS = 20  # under so many weeks an estimate does not set a drawing's scale
DEEP = 0.25  # of a month's return: from there on a cell is as dark as it gets


def render_report(backtest: Backtest, summary: dict[str, Any]) -> str:
    """The page as one HTML string with its plots inside; nothing is fetched, nothing is run."""
    from jinja2 import Environment, PackageLoader

    environment = Environment(loader=PackageLoader("bot"), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.globals["signed"] = signed
    shown = shown_mode(backtest)
    return environment.get_template("report.html").render(
        summary=summary,
        mode=shown,
        findings=findings(summary, shown, _titles(backtest)),
        indices=list(_sections(backtest, summary, shown)),
        reliability=[_reliability(head) for head in summary["heads"].values()],
        order=list(_order(summary["signals"]["order"])),
    )


def shown_mode(backtest: Backtest) -> str:
    """The default mode where it was walked, else the first that was."""
    walked = [track.mode for track in active(backtest)]
    return DEFAULT_MODE if DEFAULT_MODE in walked else walked[0]


def _titles(backtest: Backtest) -> dict[str, str]:
    return {index: theme(index).title for index, _ in backtest.tracks}


def _sections(backtest: Backtest, summary: dict[str, Any], shown: str) -> Iterator[dict[str, object]]:
    for index, title in _titles(backtest).items():
        twin = backtest.tracks[index, PASSIVE].levels
        tracks = [track for track in active(backtest) if track.index == index]
        tracks.sort(key=lambda track: track.mode != shown)
        rows = [row for row in summary["indices"] if row["index"] == index]
        colours = colours_of(tracks)
        yield {
            "id": index,
            "title": title,
            "description": theme(index).description,
            "rows": rows,
            "figures": figure_rows(rows),
            "shown": next(row for row in rows if row["mode"] == shown),
            "volatility_rises": summary["volatility_rises_with_mode"].get(index),
            "overfitting": summary["overfitting"][index],
            "became": _became(tracks[0].levels),
            "holding_became": _became([point for point in twin if point.date >= tracks[0].levels[0].date]),
            "spark": spark_figure(f"{title} beside just holding", tracks[0], twin),
            "modes": [_drawn(title, track, twin, colours) for track in tracks],
            "colours": colours,
            "calendar": calendar_of(tracks[0].levels, twin),
        }


def _became(levels: Sequence[LevelPoint]) -> float:
    """What a thousand dollars became."""
    return STAKE * levels[-1].net / BASE_LEVEL


def _drawn(title: str, track: Track, twin: Sequence[LevelPoint], colours: Mapping[str, str]) -> dict[str, str]:
    """The drawings of one mode."""
    name = f"{title}, {track.mode}"
    return {
        "mode": track.mode,
        "levels": level_figure(name, track, twin, diluted(twin, mean_stablecoin_share(track.levels))),
        "weights": weight_figure(name, track, colours),
        "costs": cost_figure(name, track),
    }


def figure_rows(rows: Sequence[dict[str, Any]]) -> list[tuple[str, bool, dict[str, Any], dict[str, Any]]]:
    """(title, whether it is the index itself, figures, intervals): each mode, what all are held against, each mix."""
    ours = [(row["mode"], True, row["net"], row["sureness"]["net"]) for row in rows]
    first = rows[0]
    others = [
        (entry.title, False, first[name], first["sureness"][name]) for name, entry in COMPARATORS.items() if first[name]
    ]
    mixes = [(f"mix, as {row['mode']}", False, row[DILUTED], row["sureness"][DILUTED]) for row in rows]
    return [*ours, *others, *mixes]


def calendar_of(levels: Sequence[LevelPoint], twin: Sequence[LevelPoint]) -> dict[int, dict[str, Any]]:
    """{year: its months with the index's return, just holding's and how dark the cell is, and both over the year}."""
    ours, theirs = monthly(levels), monthly([point for point in twin if point.date >= levels[0].date])
    return {
        year: {
            "months": [_month(month, ours.get((year, month)), theirs.get((year, month))) for month in range(1, 13)],
            "ours": _linked(ours, year),
            "theirs": _linked(theirs, year),
        }
        for year in sorted({year for year, _ in ours})
    }


def _month(month: int, ours: float | None, theirs: float | None) -> dict[str, Any] | None:
    if ours is None:
        return None
    shade = round(min(abs(ours) / DEEP, 1.0), 2)
    return {"name": calendar.month_abbr[month], "ours": ours, "theirs": theirs, "shade": shade}


def _linked(months: Mapping[tuple[int, int], float], year: int) -> float:
    return prod(1 + change for (y, _), change in months.items() if y == year) - 1


def _reliability(head: dict[str, Any]) -> dict[str, object]:
    calibration = head["whole"]["calibration"]
    return {**head, "plot": reliability_figure(head["title"], calibration["bins"]), "calibration": calibration}


def _order(order: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """(heading, drawing) of the rank IC by half-year, by theme, and of each family's part of the strength."""
    for heading, key in (("by half-year", "by_half_year"), ("by theme", "by_theme"), ("by family", "by_family")):
        parts = order[key]
        rows = [_estimate(name, ic) for name, ic in parts.items() if ic is not None]
        if rows:
            yield heading, forest_figure(f"Rank IC {heading}", rows)


def _estimate(name: str, ic: dict[str, Any]) -> Estimate:
    thin = ic["weeks"] < THIN_WEEKS or ic["low"] is None
    low, high = (ic["low"], ic["high"]) if ic["low"] is not None else (ic["value"], ic["value"])
    note = f"{ic['weeks']} weeks" if thin else _with_t(ic["value"], ic["t"])
    return Estimate(name, ic["value"], low, high, note, thin)


def _with_t(ic: float, t: float) -> str:
    return f"{signed(ic, 3)} (t {signed(t, 1)})"
