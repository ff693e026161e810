"""What all pictures share: two looks, a canvas of 1000 x 700, a heading, dates, and letters that the font has."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from bot.phrases import clipped
from bot.reply import ChartSpec, Line, Tone
from engine.model import RiskStep

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INCHES, DPI = (10.0, 7.0), 100  # 1000 x 700 pixels, of which a phone shows about two and a half in one
TITLE_SIZE, HEAD_SIZE, TEXT_SIZE = 24, 21, 18
LEFT, RIGHT, TOP, BOTTOM = 0.115, 0.97, 0.80, 0.135  # of the canvas: where the axes stand
MARGIN = 0.04
TITLE_LENGTH, LABEL_LENGTH = 52, 22
STAKE = 1000.0

Segment = tuple[str, str]  # words and their colour


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
        faint="#2c3240",
        series=("#4fc3f7", "#ffb74d", "#81c784", "#ba68c8", "#e57373", "#fff176", "#4db6ac", "#bc8f6f"),
        waiting="#8a93a8",
        tones={"plain": "#aeb6c8", "good": "#81c784", "bad": "#ef7d7d", "quiet": "#8a93a8", "strong": "#ffd54f"},
        danger="#ef5350",
    ),
    "light": Theme(
        paper="#ffffff",
        ink="#1b1f2a",
        faint="#e1e5ec",
        series=("#0277bd", "#ef6c00", "#2e7d32", "#7b1fa2", "#c62828", "#a1887f", "#00796b", "#5d4037"),
        waiting="#7d869a",
        tones={"plain": "#5b6477", "good": "#2e7d32", "bad": "#c62828", "quiet": "#7d869a", "strong": "#a67c00"},
        danger="#e53935",
    ),
}
SHADE_STRENGTH = {RiskStep.RAISED.value: 0.09, RiskStep.HIGH.value: 0.18, RiskStep.EXTREME.value: 0.29}


def heading(figure: Figure, look: Theme, title: str, segments: Sequence[Segment] = ()) -> None:
    """The title, and below it what the lines are and where they stand, each in its colour."""
    figure.text(MARGIN, 0.925, drawable(title, TITLE_LENGTH), color=look.ink, fontsize=TITLE_SIZE, weight="bold")
    in_a_row(figure, segments, MARGIN, 0.855, HEAD_SIZE)


def in_a_row(figure: Figure, segments: Sequence[Segment], left: float, bottom: float, size: int) -> None:
    """Words one after the other, each in its colour."""
    for words, colour in segments:
        text = figure.text(left, bottom, words, color=colour, fontsize=size)
        left += text.get_window_extent().width / figure.bbox.width + 0.025


def axes_on(figure: Figure, look: Theme, bottom: float = BOTTOM, top: float = TOP, right: float = RIGHT) -> Axes:
    """Axes without a frame, with faint lines across."""
    axes = figure.add_axes((LEFT, bottom, right - LEFT, top - bottom))
    axes.set_facecolor(look.paper)
    axes.tick_params(colors=look.tones["plain"], length=0, pad=8, labelsize=TEXT_SIZE)
    axes.grid(axis="y", color=look.faint, linewidth=1.0)
    axes.set_axisbelow(True)
    for spine in axes.spines.values():
        spine.set_visible(False)
    return axes


def dates_along(axes: Axes, days: Sequence[dt.date]) -> None:
    """A few dates below, in full where they change the year."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locator = AutoDateLocator(minticks=3, maxticks=6)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator, show_offset=False))  # type: ignore[no-untyped-call]
    span = x(days[-1]) - x(days[0]) or 1.0
    axes.set_xlim(x(days[0]) - 0.01 * span, x(days[-1]) + 0.02 * span)


def dollars_up(axes: Axes, known: Sequence[float]) -> None:
    """Dollars on the left, logarithmic once the range is wide, with as many digits as tell ticks apart."""
    positive = [value for value in known if value > 0]
    if positive and max(positive) > 4 * min(positive):
        axes.set_yscale("log")
        axes.yaxis.set_minor_formatter(lambda value, position: "")
        axes.tick_params(which="minor", length=0)
    axes.yaxis.set_major_formatter(_dollar_ticks(max(positive) - min(positive) if positive else 1.0))


def _dollar_ticks(span: float) -> Callable[[float, float], str]:
    digits = min(max(0, 1 - math.floor(math.log10(span))), 14) if 0 < span < 20 else 0
    return lambda value, position: f"${value:,.{digits}f}"


def values_of(line: Line) -> list[float]:
    """A line's values with gaps where there are none."""
    return [float("nan") if value is None else value for value in line.values]


def known_values(chart: ChartSpec) -> list[float]:
    return [value for line in chart.lines for value in line.values if value is not None]


def last_of(line: Line) -> float | None:
    return next((value for value in reversed(line.values) if value is not None), None)


def x(date: dt.date) -> float:
    from matplotlib.dates import date2num

    return float(date2num(date))  # type: ignore[no-untyped-call]


def drawable(text: str, most: int = LABEL_LENGTH) -> str:
    """Text in which every character that the font lacks is a question mark; a leading underscore would hide a label."""
    known = _characters()
    drawn = "".join(c if ord(c) in known else "?" for c in clipped(text, most))
    return f" {drawn}" if drawn.startswith("_") else drawn


@cache
def _characters() -> frozenset[int]:
    from matplotlib.font_manager import FontProperties, findfont, get_font

    return frozenset(get_font(findfont(FontProperties(family="DejaVu Sans"))).get_charmap())
