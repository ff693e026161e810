"""What all pictures share: two looks, a canvas of 1000 x 700, a heading, dates, and letters that the font has."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from bot.phrases import clipped, day
from bot.reply import ChartSpec, Line, Tone
from engine.model import RiskStep

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text

INCHES, DPI = (10.0, 7.0), 100  # 1000 x 700 pixels, of which a phone shows about two and a half in one
TITLE_SIZE, HEAD_SIZE, TEXT_SIZE = 24, 21, 18
LEFT, RIGHT, TOP, BOTTOM = 0.115, 0.97, 0.80, 0.135  # of the canvas: where the axes stand
MARGIN = 0.04
TITLE_LENGTH, LABEL_LENGTH = 72, 22
LETTER = 0.0162  # of the canvas: how wide a figure of TEXT_SIZE is
TICK_LETTERS = 6.5  # that stand left of the axes where they usually begin
FEW_DAYS = 10  # up to so many each date is told by its day: between two days there is no price to show an hour of
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
    said = drawable(title, TITLE_LENGTH)
    narrowed(figure.text(MARGIN, 0.925, said, color=look.ink, fontsize=TITLE_SIZE, weight="bold"), 1 - 2 * MARGIN)
    in_a_row(figure, segments, MARGIN, 0.855, HEAD_SIZE)


def narrowed(text: Text, room: float) -> None:
    """Smaller letters where words are wider than their room, a share of the canvas."""
    assert text.figure is not None
    width = text.get_window_extent().width / text.figure.bbox.width
    if width > room:
        text.set_fontsize(float(text.get_fontsize()) * room / width)


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

    if (days[-1] - days[0]).days <= FEW_DAYS:
        told = [*days[:: 1 + (len(days) - 1) // 4]]
        axes.set_xticks([x(date) for date in told], [day(date, near=date) for date in told])
    else:
        locator = AutoDateLocator(minticks=3, maxticks=6)  # type: ignore[no-untyped-call]
        axes.xaxis.set_major_locator(locator)
        axes.xaxis.set_major_formatter(ConciseDateFormatter(locator, show_offset=False))  # type: ignore[no-untyped-call]
    span = x(days[-1]) - x(days[0]) or 1.0
    axes.set_xlim(x(days[0]) - 0.01 * span, x(days[-1]) + 0.02 * span)


def dollars_up(axes: Axes, known: Sequence[float], most: int = 9) -> None:
    """Dollars on the left, `most` of them, logarithmic once the range is wide; the axes give way to long ones."""
    from matplotlib.ticker import LogLocator

    positive = [value for value in known if value > 0]
    if positive and max(positive) > 4 * min(positive):
        axes.set_yscale("log")
        between = (1.0, 2.0, 5.0) if max(positive) < 100 * min(positive) else (1.0,)
        axes.yaxis.set_major_locator(LogLocator(subs=between, numticks=most))
        axes.yaxis.set_minor_formatter(lambda value, position: "")
        axes.tick_params(which="minor", length=0)
    else:
        axes.locator_params(axis="y", nbins=most)
    low, high = axes.get_ylim()
    ticks = [float(tick) for tick in axes.get_yticks()]
    told = _teller(None if axes.get_yscale() == "log" or len(ticks) < 2 else ticks[1] - ticks[0])
    axes.yaxis.set_major_formatter(told)
    longest = max((len(told(tick, 0)) for tick in ticks if low <= tick <= high), default=0)
    if longest > TICK_LETTERS:
        box, wider = axes.get_position(), (longest - TICK_LETTERS) * LETTER
        axes.set_position((box.x0 + wider, box.y0, box.width - wider, box.height))


def _teller(step: float | None) -> Callable[[float, float], str]:
    """Says an amount with the digits of the step from tick to tick, or with its own where there is no one step."""
    return lambda value, position: f"${value:,.{_digits(abs(value if step is None else step))}f}"


def _digits(size: float) -> int:
    """After the point, until nothing is left: 0 of 20, 1 of 2.5, 5 of 0.00001."""
    return next((n for n in range(15) if abs(size * 10**n - round(size * 10**n)) <= 1e-6 * size * 10**n), 15)


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
