"""A token's card: its price with the calls made on it, and below what speaks for and against it this week."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.phrases import dollars, signed, signed_percent
from bot.pictures.look import (
    BOTTOM,
    MARGIN,
    TEXT_SIZE,
    Segment,
    Theme,
    axes_on,
    dates_along,
    dollars_up,
    drawable,
    heading,
    in_a_row,
    known_values,
    last_of,
    values_of,
    x,
)
from bot.reply import Bar, ChartSpec, Tone

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_BARS = 6
ROW = 0.052  # of the canvas: the height of one bar's row
BARS_AT = 0.66  # where the bars begin, right of their words
LONGEST_BAR_LABEL = 38
DOT, SMALL_DOT = 17, 9


def draw(figure: Figure, chart: ChartSpec, look: Theme) -> None:
    """Draw the price, the calls, and the bars where there are some."""
    bars = chart.bars[:MOST_BARS]
    bottom = BOTTOM + (0.075 + ROW * len(bars) if bars else 0.0)
    axes = axes_on(figure, look, bottom=bottom)
    line = chart.lines[0]
    axes.plot([x(d) for d in chart.days], values_of(line), color=look.series[0], linewidth=3.4, zorder=3)
    for other, colour in zip(chart.lines[1:], (look.waiting, *look.series[1:]), strict=False):
        axes.plot([x(d) for d in chart.days], values_of(other), color=colour, linewidth=2.2, zorder=2)
    dollars_up(axes, known_values(chart), most=4 if bars else 6)
    dates_along(axes, chart.days)
    _calls(axes, chart, look)
    heading(figure, look, chart.title, _head(chart, look))
    if bars:
        _bars(figure, bars, look)


def _head(chart: ChartSpec, look: Theme) -> list[Segment]:
    """The price now with its change, and the newest call."""
    last, first = last_of(chart.lines[0]), next((v for v in chart.lines[0].values if v), None)
    segments: list[Segment] = []
    if last is not None:
        change = f" ({signed_percent(last / first - 1, 0)})" if first else ""
        segments.append((f"{dollars(last)}{change}", look.series[0]))
    named = [mark for mark in chart.marks if mark.label]
    segments += [(f"● {drawable(mark.label, 30)}", look.tones[mark.tone]) for mark in named[-1:]]
    return segments


def _calls(axes: Axes, chart: ChartSpec, look: Theme) -> None:
    """A dot on each day something was said, large where the heading tells what."""
    values = list(zip(chart.days, chart.lines[0].values, strict=True))
    named = [mark for mark in chart.marks if mark.label][-1:]
    for mark in chart.marks:
        before = [value for date, value in values if date <= mark.date and value is not None]
        if before:
            axes.plot(
                [x(mark.date)], [before[-1]], "o", color=look.tones[mark.tone], zorder=5, linestyle="none",
                markersize=DOT if mark in named else SMALL_DOT, markeredgecolor=look.paper, markeredgewidth=2,
            )  # fmt: skip


def _bars(figure: Figure, bars: tuple[Bar, ...], look: Theme) -> None:
    """A row a reason: its words, and a bar to the right for it or to the left against it."""
    from matplotlib.patches import Rectangle

    top = BOTTOM - 0.055 + ROW * len(bars)
    plain, good, bad = look.tones["plain"], look.tones["good"], look.tones["bad"]
    parts = [("Beside other tokens,", plain), ("for", good), ("and", plain), ("against", bad)]
    in_a_row(figure, parts, MARGIN, top + 0.012, TEXT_SIZE)
    longest = max(abs(bar.value) for bar in bars) or 1.0
    middle, reach = BARS_AT + 0.12, 0.095
    for position, bar in enumerate(bars):
        bottom = top - ROW * (position + 1)
        tone: Tone = "good" if bar.value >= 0 else "bad"
        width = reach * bar.value / longest
        figure.text(MARGIN, bottom + 0.012, drawable(bar.name, LONGEST_BAR_LABEL), color=look.ink, fontsize=TEXT_SIZE)
        figure.add_artist(
            Rectangle(
                (middle, bottom + 0.008), width, ROW - 0.018, color=look.tones[tone], linewidth=0,
                transform=figure.transFigure,
            )
        )  # fmt: skip
        said = drawable(bar.said, 10) or signed(bar.value)
        figure.text(0.965, bottom + 0.012, said, color=look.tones[tone], fontsize=TEXT_SIZE, ha="right")
