"""Draws stated probabilities beside how often they came true, each band with its interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.plots.svg import LETTER, Box, drawing, linear, tag, text, ticks, value_axis

BOX = Box(50, 12, 446, 248)
HEIGHT = 290
ROOM = 0.02


def reliability_figure(title: str, bins: Sequence[Mapping[str, float]]) -> str:
    """A dot a band: right where it lies on the diagonal; the bar holds nine in ten of the histories drawn again."""
    every = [b[key] for b in bins for key in ("stated", "came_low", "came_high")]
    low, high = max(min(every) - ROOM, 0.0), min(max(every) + ROOM, 1.0)
    x, y = linear(low, high, BOX.left, BOX.right), linear(low, high, BOX.bottom, BOX.top)
    marks = ticks(low, high, 5)
    axis = value_axis(BOX, y, marks, _percent) + "".join(
        tag("line", "grid", x1=x(mark), x2=x(mark), y1=BOX.top, y2=BOX.bottom)
        + text(x(mark), BOX.bottom + LETTER, _percent(mark), anchor="middle")
        for mark in marks
    )
    diagonal = tag("line", "diagonal", x1=x(low), y1=y(low), x2=x(high), y2=y(high))
    dots = "".join(
        tag("line", "whisker", x1=x(b["stated"]), x2=x(b["stated"]), y1=y(b["came_low"]), y2=y(b["came_high"]))
        + tag("circle", "dot", hint=_hint(b), cx=x(b["stated"]), cy=y(b["came_true"]), r=4)
        for b in bins
    )
    under = text((BOX.left + BOX.right) / 2, BOX.bottom + 2 * LETTER + 5, "stated", anchor="middle")
    beside = text(BOX.left + 6, BOX.top + 12, "came true")
    return drawing(HEIGHT, [axis, diagonal, dots, under, beside], f"{title}: stated and came true")


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"


def _hint(band: Mapping[str, float]) -> str:
    return (
        f"{band['calls']:,} lines: stated {100 * band['stated']:.1f} %, came true {100 * band['came_true']:.1f} % "
        f"({100 * band['came_low']:.1f} to {100 * band['came_high']:.1f} %)"
    )
