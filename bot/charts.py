"""Draws a ChartSpec as a PNG that can be read on a phone; matplotlib is imported only when something is drawn."""

from __future__ import annotations

import datetime as dt
import io
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from bot.phrases import clipped, dollars
from bot.reply import ChartKind, ChartSpec, Tone
from engine.model import RiskStep

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INCHES, DPI = (10.0, 7.0), 100  # 1000 x 700 pixels
TITLE_LENGTH, LABEL_LENGTH = 54, 22
WATERMARK = "SIMULATED"


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours of one look; `series` in order of the lines, `waiting` for stablecoins and just holding."""

    paper: str
    ink: str
    faint: str
    series: tuple[str, ...]
    waiting: str
    tones: Mapping[Tone, str]
    danger: str


THEMES: Mapping[str, Theme] = {
    "dark": Theme(
        paper="#14171f",
        ink="#e8eaf0",
        faint="#3a4050",
        series=("#4fc3f7", "#ffb74d", "#81c784", "#ba68c8", "#e57373", "#fff176", "#4db6ac", "#bc8f6f"),
        waiting="#8a93a8",
        tones={"plain": "#e8eaf0", "good": "#81c784", "bad": "#e57373", "quiet": "#8a93a8", "strong": "#ffd54f"},
        danger="#ef5350",
    ),
    "light": Theme(
        paper="#ffffff",
        ink="#1b1f2a",
        faint="#d5d9e2",
        series=("#0277bd", "#ef6c00", "#2e7d32", "#7b1fa2", "#c62828", "#a1887f", "#00796b", "#5d4037"),
        waiting="#8a93a8",
        tones={"plain": "#1b1f2a", "good": "#2e7d32", "bad": "#c62828", "quiet": "#6b7385", "strong": "#b8860b"},
        danger="#e53935",
    ),
}
SHADE_STRENGTH = {RiskStep.RAISED.value: 0.10, RiskStep.HIGH.value: 0.22, RiskStep.EXTREME.value: 0.36}


def render(chart: ChartSpec, theme: str = "dark") -> bytes:
    """The chart as PNG bytes, 1000 x 700 pixels; `theme` is dark or light."""
    import matplotlib
    from matplotlib.figure import Figure

    look = THEMES[theme]
    # Names come from outside: a dollar sign in one must not start a formula.
    with matplotlib.rc_context({"text.parse_math": False, "font.family": "DejaVu Sans", "font.size": 17}):
        figure = Figure(figsize=INCHES, dpi=DPI, facecolor=look.paper, layout="constrained")
        axes = figure.add_subplot()
        _dress(axes, look)
        figure.get_layout_engine().set(w_pad=0.2, h_pad=0.15)  # type: ignore[union-attr,call-arg]
        DRAWERS[chart.kind](axes, chart, look)
        axes.set_title(_drawable(chart.title, TITLE_LENGTH), color=look.ink, fontsize=20, loc="left", pad=14)
        if chart.simulated:
            _watermark(figure, look)
        out = io.BytesIO()
        figure.savefig(out, format="png", facecolor=look.paper)
    return out.getvalue()


def _dress(axes: Axes, look: Theme) -> None:
    axes.set_facecolor(look.paper)
    axes.tick_params(colors=look.ink, length=0, pad=8)
    axes.grid(axis="y", color=look.faint, linewidth=0.8)
    axes.set_axisbelow(True)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _watermark(figure: Figure, look: Theme) -> None:
    figure.text(0.5, 0.5, WATERMARK, color=look.ink, alpha=0.10, fontsize=92, rotation=25, ha="center", va="center")


def _levels(axes: Axes, chart: ChartSpec, look: Theme) -> None:
    """Lines in dollars, logarithmic once the range is wide; risk shaded; each line named with its last value."""
    _lines(axes, chart, look)
    _shade(axes, chart, look)
    _mark_lines(axes, chart, look)
    _legend(axes, look)


def _price(axes: Axes, chart: ChartSpec, look: Theme) -> None:
    """The price with a dot on each day something was said; the words stand below, where they hide nothing."""
    _lines(axes, chart, look)
    for mark in chart.marks:
        seen = zip(chart.days, chart.lines[0].values, strict=True)
        before = [value for date, value in seen if date <= mark.date and value is not None]
        if before:
            dot: dict[str, Any] = {
                "markersize": 15,
                "markeredgecolor": look.paper,
                "markeredgewidth": 2,
                "linestyle": "none",
            }
            label, colour = _drawable(mark.label), look.tones[mark.tone]
            axes.plot([_x(mark.date)], [before[-1]], "o", color=colour, label=label, zorder=5, **dot)
    _legend(axes, look)


def _weights(axes: Axes, chart: ChartSpec, look: Theme) -> None:
    """Shares stacked to 100, names in the order they stand."""
    days = [_x(date) for date in chart.days]
    stacks = [[value or 0.0 for value in line.values] for line in chart.lines]
    colours = [*look.series[: len(chart.lines) - 1], look.waiting]
    axes.stackplot(days, stacks, labels=[_drawable(line.name) for line in chart.lines], colors=colours, step="post")
    axes.set_ylim(0, 100)
    axes.set_xlim(days[0], days[-1])
    axes.yaxis.set_major_formatter(lambda value, position: f"{value:.0f} %")
    _dates(axes, look)
    handles, labels = axes.get_legend_handles_labels()
    axes.legend(
        handles[::-1], labels[::-1], loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False, labelcolor=look.ink
    )


DRAWERS: Mapping[ChartKind, Callable[[Any, ChartSpec, Theme], None]] = {
    "levels": _levels,
    "weights": _weights,
    "price": _price,
}


def _lines(axes: Axes, chart: ChartSpec, look: Theme) -> None:
    days = [_x(date) for date in chart.days]
    for position, line in enumerate(chart.lines):
        values = [float("nan") if value is None else value for value in line.values]
        last = next((value for value in reversed(line.values) if value is not None), None)
        label = _drawable(line.name) + (f"  {dollars(last)}" if last is not None else "")
        colour = look.waiting if position else look.series[0]
        axes.plot(days, values, color=colour, linewidth=2.4 if position else 3.4, label=label, zorder=3 - position)
    known = [value for line in chart.lines for value in line.values if value is not None and value > 0]
    if known and max(known) > 4 * min(known):
        axes.set_yscale("log")
        axes.yaxis.set_minor_formatter(lambda value, position: "")
        axes.tick_params(which="minor", length=0)
    axes.yaxis.set_major_formatter(_dollar_ticks(max(known) - min(known) if known else 1.0))
    axes.margins(x=0.01)
    _dates(axes, look)


def _dollar_ticks(span: float) -> Callable[[float, float], str]:
    """Dollars with as many digits as tell neighbouring ticks apart."""
    digits = min(max(0, 1 - math.floor(math.log10(span))), 14) if 0 < span < 20 else 0
    return lambda value, position: f"${value:,.{digits}f}"


def _dates(axes: Axes, look: Theme) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locator = AutoDateLocator(minticks=3, maxticks=6)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
    axes.xaxis.get_offset_text().set_color(look.ink)


def _shade(axes: Axes, chart: ChartSpec, look: Theme) -> None:
    named: set[str] = set()
    order = list(SHADE_STRENGTH)
    for shade in sorted(chart.shades, key=lambda s: order.index(s.label) if s.label in order else -1):
        label = None if shade.label in named else f"risk {_drawable(shade.label)}"
        named.add(shade.label)
        strength = SHADE_STRENGTH.get(shade.label, 0.10)
        axes.axvspan(
            _x(shade.start), _x(shade.end), color=look.danger, alpha=strength, linewidth=0, label=label, zorder=0
        )


def _mark_lines(axes: Axes, chart: ChartSpec, look: Theme) -> None:
    for mark in chart.marks:
        colour = look.tones[mark.tone]
        axes.axvline(_x(mark.date), color=colour, linestyle="--", linewidth=2, label=_drawable(mark.label), zorder=2)


def _legend(axes: Axes, look: Theme) -> None:
    axes.legend(
        loc="upper center", bbox_to_anchor=(0.5, -0.08), ncols=2, frameon=False, labelcolor=look.ink, handlelength=1.4
    )


def _x(date: dt.date) -> float:
    from matplotlib.dates import date2num

    return float(date2num(date))  # type: ignore[no-untyped-call]


def _drawable(text: str, most: int = LABEL_LENGTH) -> str:
    """Text in which every character that the font lacks is a question mark; a leading underscore would hide a label."""
    known = _characters()
    drawn = "".join(c if ord(c) in known else "?" for c in clipped(text, most))
    return f" {drawn}" if drawn.startswith("_") else drawn


@cache
def _characters() -> frozenset[int]:
    from matplotlib.font_manager import FontProperties, findfont, get_font

    return frozenset(get_font(findfont(FontProperties(family="DejaVu Sans"))).get_charmap())
