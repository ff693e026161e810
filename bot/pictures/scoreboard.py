"""The scoreboard: what $1,000 became in every index and in just holding, and how often bullish calls came true."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from bot.phrases import dollars
from bot.pictures.look import MARGIN, RIGHT, STAKE, TEXT_SIZE, Theme, drawable, heading, narrowed
from bot.reply import Bar, ChartSpec

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_ROWS, MOST_RATES = 6, 2
NAMES, VALUES = 0.25, 0.83  # of the canvas: where names end, and where numbers begin
TOP, LOWEST = 0.80, 0.05
RATE_ROOM = 0.115  # of the canvas, for one hit rate


def draw(figure: Figure, chart: ChartSpec, look: Theme) -> None:
    """Draw both halves; a bar with an interval is a hit rate."""
    rates = [bar for bar in chart.bars if bar.low is not None][:MOST_RATES]
    rows = [bar for bar in chart.bars if bar.low is None][:MOST_ROWS]
    heading(figure, look, chart.title, [("Index", look.series[0]), ("Just holding", look.waiting)])
    bottom = LOWEST + RATE_ROOM * len(rates) + (0.055 if rates else 0.03)
    _dollars(figure, rows, bottom, look)
    for position, bar in enumerate(rates):
        _rate(figure, bar, LOWEST + RATE_ROOM * (len(rates) - 1 - position), look)


def _dollars(figure: Figure, rows: list[Bar], bottom: float, look: Theme) -> None:
    """Two bars an index, from the line of $1,000 to what it became; losses to the left, in the same size."""
    if not rows:
        return
    ends = [value for bar in rows for value in (bar.value, bar.other) if value is not None]
    low, high = min([STAKE, *ends]), max([STAKE, *ends])
    span = (high - low) or 1.0
    place = _scale(low, span)
    step = (TOP - bottom) / len(rows)
    height = min(step * 0.30, 0.04)
    for position, bar in enumerate(rows):
        middle = TOP - (position + 0.5) * step
        figure.text(MARGIN, middle, drawable(bar.name, 13), color=look.ink, fontsize=TEXT_SIZE, va="center")
        for value, colour, base in ((bar.value, look.series[0], middle + 0.003), (bar.other, look.waiting, middle)):
            if value is None:
                continue
            bottom_ = base if colour != look.waiting else base - height - 0.003
            _box(figure, place(STAKE), bottom_, place(value) - place(STAKE), height, colour)
            figure.text(
                RIGHT, bottom_ + height / 2, dollars(value), color=colour, fontsize=TEXT_SIZE - 1, ha="right",
                va="center",
            )  # fmt: skip
    _rule(figure, place(STAKE), bottom, TOP, look.tones["plain"])
    figure.text(
        place(STAKE), bottom - 0.01, "$1,000", color=look.tones["plain"], fontsize=TEXT_SIZE - 3, ha="center", va="top"
    )


def _rate(figure: Figure, bar: Bar, bottom: float, look: Theme) -> None:
    """`Backtest hit rate 39 %`: a bar of its interval, a dot, and a line where plain guessing stands."""
    low, high = bar.low or 0.0, bar.high if bar.high is not None else 1.0
    place = _scale(0.0, 1.0)
    name = figure.text(MARGIN, bottom + 0.062, drawable(bar.name, 72), color=look.ink, fontsize=TEXT_SIZE)
    narrowed(name, 1 - 2 * MARGIN)
    figure.text(RIGHT, bottom + 0.022, drawable(bar.said, 12), color=look.series[0], fontsize=TEXT_SIZE, ha="right")
    _box(figure, place(0), bottom + 0.022, place(1) - place(0), 0.02, look.faint)
    _box(figure, place(low), bottom + 0.022, place(high) - place(low), 0.02, look.series[0])
    _box(figure, place(bar.value) - 0.003, bottom + 0.016, 0.006, 0.032, look.ink)
    if bar.other is not None:
        _rule(figure, place(bar.other), bottom + 0.008, bottom + 0.052, look.tones["strong"])


def _scale(low: float, span: float) -> Callable[[float], float]:
    """Where a value stands across the canvas, between the names and the numbers."""
    return lambda value: NAMES + 0.01 + (VALUES - NAMES - 0.03) * min(max((value - low) / span, 0.0), 1.0)


def _box(figure: Figure, left: float, bottom: float, width: float, height: float, colour: str) -> None:
    from matplotlib.patches import Rectangle

    transform = figure.transFigure
    figure.add_artist(Rectangle((left, bottom), width, height, color=colour, linewidth=0, transform=transform))


def _rule(figure: Figure, at: float, bottom: float, top: float, colour: str) -> None:
    from matplotlib.lines import Line2D

    figure.add_artist(Line2D([at, at], [bottom, top], color=colour, linewidth=2, transform=figure.transFigure))
