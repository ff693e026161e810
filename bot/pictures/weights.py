"""What an index held, week by week: shares stacked to 100, stablecoins on top, names as they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.pictures.look import TEXT_SIZE, Theme, axes_on, dates_along, drawable, heading, narrowed, x
from bot.reply import ChartSpec

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NAMES_AT = 0.74  # of the canvas: where the stack ends and the names begin
WEEK = 7.0
NAME_ROOM = 0.15  # of the canvas: beside it stands the share


def draw(figure: Figure, chart: ChartSpec, look: Theme) -> None:
    """Draw the stack and its names."""
    axes = axes_on(figure, look, top=0.85, right=NAMES_AT)
    # A step is drawn up to the next: the newest needs a day to reach to, or it would have no width at all.
    days = [*(x(date) for date in chart.days), x(chart.days[-1]) + WEEK]
    stacks = [[value or 0.0 for value in (*line.values, line.values[-1])] for line in chart.lines]
    colours = _colours(chart, look)
    axes.stackplot(days, stacks, colors=colours, step="post", edgecolor=look.paper, linewidth=0.8)
    axes.set_ylim(0, 100)
    axes.yaxis.set_major_formatter(lambda value, position: f"{value:.0f} %")
    dates_along(axes, chart.days)
    axes.set_xlim(days[0], days[-1])
    heading(figure, look, chart.title)
    _names(axes, chart, colours, look)


def _colours(chart: ChartSpec, look: Theme) -> list[str]:
    """One a line; the last, where it is what waits, is grey."""
    rest = len(chart.lines) - 1
    return [look.series[i % len(look.series)] for i in range(rest)] + [look.waiting]


def _names(axes: Axes, chart: ChartSpec, colours: list[str], look: Theme) -> None:
    """Names from the top down as the stack stands, with what each holds now."""
    rows = list(zip(chart.lines, colours, strict=True))[::-1]
    step = min(0.105, 1.0 / max(len(rows), 1))
    for position, (line, colour) in enumerate(rows):
        height = 1.0 - (position + 0.5) * step
        now = line.values[-1] or 0.0
        name = axes.annotate(
            drawable(line.name, 12), (1.035, height), xycoords="axes fraction", color=colour, fontsize=TEXT_SIZE,
            va="center", annotation_clip=False,
        )  # fmt: skip
        narrowed(name, NAME_ROOM)
        axes.annotate(
            f"{now:.0f} %" if now else "none", (1.385, height), xycoords="axes fraction", va="center", ha="right",
            color=look.ink if now else look.tones["quiet"], fontsize=TEXT_SIZE, annotation_clip=False,
        )  # fmt: skip
