"""Draws estimates one under the other, each a dot with its interval beside zero."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from bot.plots.svg import LETTER, WIDTH, Box, Scale, drawing, linear, signed, tag, text, ticks

ROW = 27
LEFT, RIGHT = 138, 340
TOP = 8


class Estimate(NamedTuple):
    """One line: its name, the value with its interval, a word on the right; `thin` ones do not set the scale."""

    name: str
    value: float
    low: float
    high: float
    note: str
    thin: bool = False


def forest_figure(title: str, rows: Sequence[Estimate]) -> str:
    """Dots and whiskers on one scale that holds zero; what reaches beyond it is cut off at the edge."""
    ranged = [row for row in rows if not row.thin] or rows
    low, high = min(0.0, *(row.low for row in ranged)), max(0.0, *(row.high for row in ranged))
    room = 0.06 * (high - low or 1.0)
    low, high = low - room, high + room
    box = Box(LEFT, TOP, RIGHT, TOP + ROW * len(rows))
    x = linear(low, high, box.left, box.right)
    marks = ticks(low, high, 4)
    grid = "".join(
        tag("line", "base" if mark == 0 else "grid", x1=x(mark), x2=x(mark), y1=box.top, y2=box.bottom)
        + text(x(mark), box.bottom + LETTER, signed(mark), anchor="middle")
        for mark in marks
    )
    lines = [_row(row, box.top + ROW * (k + 0.5), x, box) for k, row in enumerate(rows)]
    return drawing(box.bottom + LETTER + 6, [grid, *lines], title)


def _row(row: Estimate, y: float, x: Scale, box: Box) -> str:
    def inside(value: float) -> float:
        return min(max(x(value), box.left), box.right)

    soft = " faded" if row.thin else ""
    dot = tag("circle", f"dot{soft}", cx=x(row.value), cy=y, r=4.5) if box.left <= x(row.value) <= box.right else ""
    return (
        text(box.left - 10, y + 4, row.name, anchor="end")
        + tag("line", f"whisker{soft}", x1=inside(row.low), x2=inside(row.high), y1=y, y2=y)
        + dot
        + text(WIDTH - 6, y + 4, row.note, "strong" if not row.thin else "", anchor="end")
    )
