"""An index beside just holding, in dollars: who is ahead at a glance, every step of risk above normal shaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.phrases import dollars
from bot.pictures.look import (
    BOTTOM,
    LEFT,
    SHADE_STRENGTH,
    TEXT_SIZE,
    Segment,
    Theme,
    axes_on,
    dates_along,
    dollars_up,
    drawable,
    heading,
    known_values,
    last_of,
    values_of,
    x,
)
from bot.reply import ChartSpec

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

AHEAD = 0.16  # how strongly the room between the two lines is filled


def draw(figure: Figure, chart: ChartSpec, look: Theme) -> None:
    """Draw the lines, their heading and the shades."""
    axes = axes_on(figure, look)
    days = [x(date) for date in chart.days]
    colours = [look.series[0], look.waiting, *look.series[1:]]
    segments: list[Segment] = []
    for position, line in enumerate(chart.lines):
        colour, last = colours[position % len(colours)], last_of(line)
        axes.plot(
            days, values_of(line), color=colour, linewidth=2.6 if position else 4.0, zorder=4 - min(position, 2),
            solid_capstyle="round",
        )  # fmt: skip
        if last is not None:
            axes.plot([days[-1]], [last], "o", color=colour, markersize=6 if position else 10, zorder=5)
        segments.append((f"{drawable(line.name)} {dollars(last)}" if last is not None else drawable(line.name), colour))
    _fill(axes, chart, days, look)
    dollars_up(axes, known_values(chart))
    dates_along(axes, chart.days)
    heading(figure, look, chart.title, segments)
    _shade(axes, chart, look)
    _mark(axes, chart, look)
    _key(figure, chart, look)


def _fill(axes: Axes, chart: ChartSpec, days: list[float], look: Theme) -> None:
    """Green between the lines where the index is ahead, red where it is behind: the same strength for both."""
    if len(chart.lines) < 2:
        return
    ours, theirs = (values_of(line) for line in chart.lines[:2])
    for ahead, tone in ((True, "good"), (False, "bad")):
        where = [(a >= b) if ahead else (a <= b) for a, b in zip(ours, theirs, strict=True)]
        axes.fill_between(
            days, ours, theirs, where=where, interpolate=True, color=look.tones[tone], alpha=AHEAD,  # type: ignore[index]
            linewidth=0, zorder=1,
        )  # fmt: skip


def _shade(axes: Axes, chart: ChartSpec, look: Theme) -> None:
    for shade in chart.shades:
        strength = SHADE_STRENGTH.get(shade.label, 0.09)
        axes.axvspan(x(shade.start), x(shade.end), color=look.danger, alpha=strength, linewidth=0, zorder=0)


def _mark(axes: Axes, chart: ChartSpec, look: Theme) -> None:
    """A day with a word beside it, on the side where there is room; words stand below each other."""
    said = 0
    for mark in chart.marks:
        colour, at = look.tones[mark.tone], x(mark.date)
        axes.axvline(at, color=colour, linestyle=(0, (3, 2)), linewidth=2, zorder=2)
        left, right = axes.get_xlim()
        is_late = at > (left + right) / 2
        axes.annotate(
            drawable(mark.label), (at, 1), xycoords=("data", "axes fraction"), textcoords="offset points",
            xytext=(-8 if is_late else 8, -4 - 24 * said), ha="right" if is_late else "left", va="top", color=colour,
            fontsize=TEXT_SIZE,
        )  # fmt: skip
        said += bool(mark.label)


def _key(figure: Figure, chart: ChartSpec, look: Theme) -> None:
    """What the shades mean, below: only the steps that are there."""
    from matplotlib.patches import Rectangle

    order = list(SHADE_STRENGTH)
    steps = sorted({shade.label for shade in chart.shades}, key=lambda s: order.index(s) if s in order else -1)
    left, bottom = LEFT, BOTTOM - 0.11
    for position, step in enumerate(steps[:4]):
        box = Rectangle(
            (left, bottom), 0.028, 0.032, color=look.danger, alpha=SHADE_STRENGTH.get(step, 0.09), linewidth=0,
            transform=figure.transFigure,
        )  # fmt: skip
        figure.add_artist(box)
        words = f"risk {drawable(step, 12)}" if position == 0 else drawable(step, 12)
        text = figure.text(left + 0.038, bottom + 0.003, words, color=look.tones["plain"], fontsize=TEXT_SIZE)
        left += 0.038 + text.get_window_extent().width / figure.bbox.width + 0.03
