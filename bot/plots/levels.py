"""Draws an index beside just holding: what a thousand dollars became, how far under water, risk-off shaded."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

from bot.plots.svg import (
    LETTER,
    MINUS,
    Box,
    DateScale,
    Scale,
    apart,
    date_axis,
    days,
    drawing,
    linear,
    log_ticks,
    logarithmic,
    path,
    tag,
    text,
    thinned,
    value_axis,
)
from engine.evaluation import falls
from engine.model import BASE_LEVEL, LevelPoint, RiskStep
from engine.track import Track

STAKE = 1000.0
UPPER, LOWER = Box(50, 12, 388, 200), Box(50, 214, 388, 278)
HEIGHT = 300
SPARK = Box(2, 6, 218, 74)
OFF = (RiskStep.HIGH, RiskStep.EXTREME)
SIDE_GAP = LETTER + 1

Span = tuple[dt.date, dt.date]


class Line(NamedTuple):
    """One path of levels with the class that colours it and the name that stands at its end."""

    style: str
    name: str
    points: Sequence[LevelPoint]


def risk_off_spans(track: Track) -> list[Span]:
    """From which decision to which the ladder stood on high or extreme."""
    off = [(d.date, d.risk is not None and d.risk.step in OFF) for d in track.decisions]
    spans = []
    for is_off, run in groupby(off, key=lambda pair: pair[1]):
        dates = [date for date, _ in run]
        if is_off:
            after = [date for date, _ in off if date > dates[-1]]
            spans.append((dates[0], after[0] if after else dates[-1]))
    return spans


def level_figure(title: str, track: Track, twin: Sequence[LevelPoint], mix: Sequence[LevelPoint]) -> str:
    """A thousand dollars in the index, in just holding and in the mix, on a log scale; below, falls from the high."""
    first, last = track.levels[0].date, track.levels[-1].date
    lines = [
        Line("mix", "mix", _since(mix, first)),
        Line("theirs", "holding", _since(twin, first)),
        Line("ours", "index", track.levels),
    ]
    shades = _shades(risk_off_spans(track), first, last, (UPPER, LOWER))
    parts = [shades, date_axis(LOWER, first, last), *_upper(lines), *_lower(lines[1:])]
    return drawing(HEIGHT, parts, f"{title}: index, just holding and the mix, in dollars, and their falls")


def spark_figure(title: str, track: Track, twin: Sequence[LevelPoint]) -> str:
    """The same in the size of a card: two lines and the shade."""
    first, last = track.levels[0].date, track.levels[-1].date
    lines = [Line("theirs", "holding", _since(twin, first)), Line("ours", "index", track.levels)]
    x, y = days(first, last, SPARK.left, SPARK.right), logarithmic(*_range(lines), SPARK.bottom, SPARK.top)
    base = tag("line", "base", x1=SPARK.left, x2=SPARK.right, y1=y(BASE_LEVEL), y2=y(BASE_LEVEL))
    drawn = [_draw(line, x, y, most=200) for line in lines]
    return drawing(80, [_shades(risk_off_spans(track), first, last, (SPARK,)), base, *drawn], title, width=220)


def _since(points: Sequence[LevelPoint], first: dt.date) -> list[LevelPoint]:
    return [point for point in points if point.date >= first]


def _range(lines: Sequence[Line]) -> tuple[float, float]:
    """Lowest and highest level with a little room; a lost index is drawn at a dollar."""
    every = [max(point.net, 1.0) for line in lines for point in line.points]
    return min(*every, BASE_LEVEL) * 0.94, max(*every, BASE_LEVEL) * 1.06


def _upper(lines: Sequence[Line]) -> list[str]:
    low, high = _range(lines)
    first, last = lines[-1].points[0].date, lines[-1].points[-1].date
    x, y = days(first, last, UPPER.left, UPPER.right), logarithmic(low, high, UPPER.bottom, UPPER.top)
    axis = value_axis(UPPER, y, log_ticks(low, high), lambda value: f"${value * STAKE / BASE_LEVEL:,.0f}")
    ends = [y(max(line.points[-1].net, 1.0)) for line in lines]
    spread = apart(ends, 2 * SIDE_GAP, UPPER.top, UPPER.bottom - SIDE_GAP)
    labels = [_end(line, place) for line, place in zip(lines, spread, strict=True)]
    return [axis, *(_draw(line, x, y) for line in lines), *labels]


def _end(line: Line, place: float) -> str:
    dollars = f"${line.points[-1].net * STAKE / BASE_LEVEL:,.0f}"
    return text(UPPER.right + 6, place, line.name, f"label {line.style}") + text(
        UPPER.right + 6, place + SIDE_GAP - 1, dollars, f"label {line.style}"
    )


def _draw(line: Line, x: DateScale, y: Scale, most: int = 400) -> str:
    points = thinned([(point.date, max(point.net, 1.0)) for point in line.points], most)
    return tag("path", f"line {line.style}", d=path((x(date), y(value)) for date, value in points))


def _lower(lines: Sequence[Line]) -> list[str]:
    under = {line.style: falls(line.points) for line in lines}
    deepest = min(0.0, *(share for points in under.values() for _, share in points))
    first, last = lines[-1].points[0].date, lines[-1].points[-1].date
    x, y = days(first, last, LOWER.left, LOWER.right), linear(min(deepest, -0.05), 0.0, LOWER.bottom, LOWER.top)
    axis = value_axis(LOWER, y, (0.0, deepest), lambda share: f"{100 * share:.0f} %".replace("-", MINUS))
    areas = []
    for style, points in under.items():
        few = thinned(points)
        ring = [(x(few[0][0]), y(0)), *((x(date), y(share)) for date, share in few), (x(few[-1][0]), y(0))]
        areas.append(tag("path", f"area {style}", d=path(ring)))
    name = text(LOWER.right + 6, LOWER.top + 5, "fall from") + text(
        LOWER.right + 6, LOWER.top + 5 + SIDE_GAP, "the high"
    )
    return [axis, *areas, name]


def _shades(spans: Sequence[Span], first: dt.date, last: dt.date, boxes: Sequence[Box]) -> str:
    seen = [(max(begin, first), min(end, last)) for begin, end in spans if end > first and begin < last]
    return "".join(_shade(box, days(first, last, box.left, box.right), *span) for span in seen for box in boxes)


def _shade(box: Box, x: DateScale, begin: dt.date, end: dt.date) -> str:
    at = {"x": x(begin), "width": max(x(end) - x(begin), 1.0), "y": box.top, "height": box.bottom - box.top}
    return tag("rect", "off", hint=f"risk-off {begin} to {end}", **at)
