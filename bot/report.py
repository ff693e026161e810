"""Draws a backtest as one self-contained page: levels against just holding, weights, reliability, figures in tables."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from typing import TYPE_CHECKING, Any

from bot.summary import active
from engine.backtest import Backtest
from engine.comparators import COMPARATORS, DILUTED, diluted
from engine.evaluation import mean_stablecoin_share
from engine.model import PASSIVE, LevelPoint, RiskStep
from engine.modes import DEFAULT_MODE
from engine.themes import theme
from engine.track import Track

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, OURS, THEIRS, SHADE = "#8a94a6", "#3d7eff", "#b0793a", "#d9534f"
PALETTE = ("#3d7eff", "#16a085", "#e0a030", "#9b59b6", "#e67e62", "#5dade2", "#7f8c8d", "#c0ca33", "#ec407a", "#8d6e63")
SHOWN_NAMES = 9


def render_report(backtest: Backtest, summary: dict[str, object]) -> str:
    """The page as one HTML string with its plots inside; nothing is fetched, nothing is run."""
    from jinja2 import Environment, PackageLoader

    environment = Environment(loader=PackageLoader("bot"), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return environment.get_template("report.html").render(
        summary=summary,
        indices=list(_sections(backtest, summary)),
        reliability=_reliability_plot(summary["signals"]),
        mode=_shown_mode(backtest),
    )


def _shown_mode(backtest: Backtest) -> str:
    walked = [track.mode for track in active(backtest)]
    return DEFAULT_MODE if DEFAULT_MODE in walked else walked[0]


def _sections(backtest: Backtest, summary: dict[str, Any]) -> Iterator[dict[str, object]]:
    shown = _shown_mode(backtest)
    for index in dict.fromkeys(index for index, _ in backtest.tracks):
        track, twin = backtest.tracks[index, shown], backtest.tracks[index, PASSIVE]
        rows = [row for row in summary["indices"] if row["index"] == index]
        yield {
            "title": theme(index).title,
            "description": theme(index).description,
            "rows": rows,
            "figures": figure_rows(rows),
            "shown": next(row for row in rows if row["mode"] == shown),
            "volatility_rises": summary["volatility_rises_with_mode"].get(index),
            "levels": _level_plot(track, twin.levels),
            "weights": _weight_plot(track),
        }


def figure_rows(rows: Sequence[dict[str, Any]]) -> list[tuple[str, bool, dict[str, Any]]]:
    """(title, whether it is the index itself, figures): each mode, what all are held against, then each mode's mix."""
    ours = [(row["mode"], True, row["net"]) for row in rows]
    others = [(entry.title, False, rows[0][name]) for name, entry in COMPARATORS.items() if rows[0][name]]
    mixes = [(f"mix, as {row['mode']}", False, row[DILUTED]) for row in rows]
    return [*ours, *others, *mixes]


@contextmanager
def _figure(height: float) -> Iterator[tuple[Figure, Axes]]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.4, height), layout="constrained")  # small, so that letters are large on a phone
    axes = figure.subplots()
    figure.patch.set_alpha(0)
    axes.set_facecolor("none")
    axes.tick_params(colors=INK, labelsize=10, which="both")
    for side in axes.spines.values():
        side.set_color(INK)
        side.set_alpha(0.4)
    axes.grid(alpha=0.25, color=INK)
    yield figure, axes


def _svg(figure: Figure) -> str:
    from matplotlib import rc_context

    page = io.StringIO()
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "crier", "path.simplify_threshold": 1.0}):
        figure.savefig(page, format="svg", metadata={"Date": None})
    return page.getvalue()[page.getvalue().index("<svg") :]


def _level_plot(track: Track, twin: Sequence[LevelPoint]) -> str:
    """The index, just holding, and just holding mixed with as many stablecoins; red where the ladder stood high."""
    from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

    with _figure(3.2) as (figure, axes):
        dates: list[Any] = [p.date for p in track.levels]
        axes.plot(dates, [p.net for p in track.levels], color=OURS, lw=1.8, label="index, after costs")
        mix = diluted(twin, mean_stablecoin_share(track.levels))
        axes.plot(dates, [p.net for p in twin][-len(dates) :], color=THEIRS, lw=1.2, label="just holding")
        axes.plot(
            dates, [p.net for p in mix][-len(dates) :], color=THEIRS, lw=1.2, ls=":", label="mixed with stablecoins"
        )
        for begin, end in risk_off_spans(track):
            axes.axvspan(begin, end, color=SHADE, alpha=0.12, lw=0)
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
        axes.yaxis.set_minor_formatter(NullFormatter())
        axes.legend(frameon=False, labelcolor=INK, fontsize=10)
        _few_dates(axes)
        return _svg(figure)


def _few_dates(axes: Axes) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locator = AutoDateLocator(minticks=3, maxticks=8)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]


def risk_off_spans(track: Track) -> list[tuple[Any, Any]]:
    """From which decision to which the ladder stood on high or extreme."""
    off = [(d.date, d.risk is not None and d.risk.step in (RiskStep.HIGH, RiskStep.EXTREME)) for d in track.decisions]
    spans = []
    for is_off, run in groupby(off, key=lambda pair: pair[1]):
        dates = [date for date, _ in run]
        if is_off:
            after = [date for date, _ in off if date > dates[-1]]
            spans.append((dates[0], after[0] if after else dates[-1]))
    return spans


def _weight_plot(track: Track) -> str:
    """Stacked target weights: the names held most, everything else, stablecoins on top."""
    total: dict[str, float] = {}
    for decision in track.decisions:
        for line in decision.holdings:
            if not line.stable:
                total[line.symbol] = total.get(line.symbol, 0.0) + line.weight
    names = sorted(total, key=lambda s: (-total[s], s))[:SHOWN_NAMES]
    stacks: dict[str, list[float]] = {name: [] for name in (*names, "others", "stablecoins")}
    for decision in track.decisions:
        week = dict.fromkeys(stacks, 0.0)
        for line in decision.holdings:
            key = "stablecoins" if line.stable else line.symbol if line.symbol in names else "others"
            week[key] += line.weight
        for name, value in week.items():
            stacks[name].append(100 * value)
    with _figure(3.6) as (figure, axes):
        dates: list[Any] = [d.date for d in track.decisions]
        colours = [*PALETTE[: len(names)], "#566573", "#cfd6e0"]
        axes.stackplot(dates, list(stacks.values()), labels=list(stacks), colors=colours, step="post", lw=0)
        axes.set_ylim(0, 100)
        axes.set_ylabel("% of index", color=INK)
        axes.margins(x=0)
        _few_dates(axes)
        figure.legend(loc="outside lower center", ncols=4, frameon=False, labelcolor=INK, fontsize=10)
        return _svg(figure)


def _reliability_plot(signals: Any) -> str:
    bins: Sequence[dict[str, float]] = signals.get("bins", ())
    if not bins:
        return ""
    with _figure(3.4) as (figure, axes):
        stated, true = [b["stated"] for b in bins], [b["came_true"] for b in bins]
        low, high = min(*stated, *true) - 0.02, max(*stated, *true) + 0.02
        axes.plot([low, high], [low, high], color=INK, lw=1, ls="--", label="as stated")
        axes.plot(stated, true, color=OURS, marker="o", lw=1.5, label="what came")
        axes.set_xlabel("stated p(bullish)", color=INK)
        axes.set_ylabel("share that came true", color=INK)
        axes.legend(frameon=False, labelcolor=INK)
        return _svg(figure)
