"""Draws what an index turned over each month, and below what that has cost so far."""

from __future__ import annotations

import datetime as dt

from bot.plots.svg import Box, date_axis, days, drawing, linear, path, tag, text, thinned, ticks, value_axis
from engine.track import Track

UPPER, LOWER = Box(50, 22, 452, 118), Box(50, 150, 452, 222)
HEIGHT = 246


def cost_figure(title: str, track: Track) -> str:
    """Bars of monthly turnover, and the line of all costs paid, both as shares of the index."""
    first, last = track.levels[0].date, track.levels[-1].date
    parts = [*_bars(_months(track), first, last), date_axis(LOWER, first, last), *_line(track)]
    return drawing(HEIGHT, parts, f"{title}: turnover and cost")


def _months(track: Track) -> list[tuple[dt.date, float]]:
    """(first day, turnover) of each month."""
    months: dict[tuple[int, int], tuple[dt.date, float]] = {}
    for point in track.levels:
        begin, total = months.get((point.date.year, point.date.month), (point.date, 0.0))
        months[point.date.year, point.date.month] = begin, total + point.turnover
    return list(months.values())


def _bars(months: list[tuple[dt.date, float]], first: dt.date, last: dt.date) -> list[str]:
    most = max(max(total for _, total in months), 0.01)
    x, y = days(first, last, UPPER.left, UPPER.right), linear(0, most, UPPER.bottom, UPPER.top)
    axis = value_axis(UPPER, y, ticks(0, most, 3), lambda share: f"{100 * share:.0f} %")
    ends = [x(date) for date, _ in months[1:]] + [UPPER.right]
    bars = [
        tag(
            "rect",
            "bar",
            hint=f"{date:%B %Y}: {100 * total:.1f} % turned over",
            x=x(date) + 0.6,
            width=max(end - x(date) - 1.2, 0.8),
            y=y(total),
            height=UPPER.bottom - y(total),
        )
        for (date, total), end in zip(months, ends, strict=True)
    ]
    return [text(UPPER.left, UPPER.top - 9, "turnover a month"), axis, *bars]


def _line(track: Track) -> list[str]:
    paid, so_far = [], 0.0
    for point in track.levels:
        so_far += point.cost
        paid.append((point.date, so_far))
    most = max(so_far, 0.001)
    x = days(paid[0][0], paid[-1][0], LOWER.left, LOWER.right)
    y = linear(0, most, LOWER.bottom, LOWER.top)
    axis = value_axis(LOWER, y, ticks(0, most, 3), lambda share: f"{100 * share:.3g} %")
    line = tag("path", "line cost", d=path((x(date), y(share)) for date, share in thinned(paid)))
    return [text(LOWER.left, LOWER.top - 9, "cost paid so far"), axis, line]
