"""Draws weights over time: the names held most stacked, everything else above them, stablecoins hatched on top."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from bot.plots.svg import Box, Point, Scale, date_axis, days, drawing, linear, path, tag, value_axis
from engine.model import Decision
from engine.track import Track

BOX = Box(50, 10, 452, 190)
HEIGHT = 214
NAMES = 12
OTHERS, STABLE = "others", "stablecoins"
THINNEST = 0.002  # of the index: a thinner layer cannot be seen


def colours_of(tracks: Iterable[Track]) -> dict[str, str]:
    """{name: class} of what is held most over all of an index's modes: one colour means one token in each of them."""
    total: dict[str, float] = {}
    for track in tracks:
        for decision in track.decisions:
            for line in decision.holdings:
                if not line.stable:
                    total[line.symbol] = total.get(line.symbol, 0.0) + line.weight
    names = sorted((name for name in total if total[name] > 0), key=lambda name: (-total[name], name))
    styles = {name: f"n{k}" for k, name in enumerate(names[:NAMES])}
    return styles | ({OTHERS: "others"} if len(names) > NAMES else {}) | {STABLE: "stable"}


def weight_figure(title: str, track: Track, colours: Mapping[str, str]) -> str:
    """Target weights after each decision, held until the next, in the order of `colours` from below."""
    first, last = track.decisions[0].date, track.levels[-1].date
    x, y = days(first, last, BOX.left, BOX.right), linear(0, 1, BOX.bottom, BOX.top)
    layers = _layers(track.decisions, list(colours))
    starts = [x(decision.date) for decision in track.decisions]
    ends = [*starts[1:], x(last)]
    parts = [
        tag("path", f"layer {style}", hint=name, d=path(_ring(layers[k], layers[k + 1], starts, ends, y)))
        for k, (name, style) in enumerate(colours.items())
        if any(top - bottom > THINNEST for bottom, top in zip(layers[k], layers[k + 1], strict=True))
    ]
    axis = value_axis(BOX, y, (0, 0.25, 0.5, 0.75, 1.0), lambda share: f"{100 * share:.0f} %")
    return drawing(HEIGHT, [axis, date_axis(BOX, first, last), *parts], f"{title}: weights over time")


def _layers(decisions: Sequence[Decision], names: Sequence[str]) -> list[list[float]]:
    """Heights under each layer and over the last one; one list of the decisions' heights a border."""
    borders = [[0.0] * len(decisions)]
    weeks = [_shares(decision, names) for decision in decisions]
    for name in names:
        borders.append([below + week.get(name, 0.0) for below, week in zip(borders[-1], weeks, strict=True)])
    return borders


def _shares(decision: Decision, names: Sequence[str]) -> dict[str, float]:
    shares: dict[str, float] = {}
    for line in decision.holdings:
        name = STABLE if line.stable else line.symbol if line.symbol in names else OTHERS
        shares[name] = shares.get(name, 0.0) + line.weight
    return shares


def _ring(
    bottom: Sequence[float], top: Sequence[float], starts: Sequence[float], ends: Sequence[float], y: Scale
) -> list[Point]:
    """Along the upper border in steps, and back along the lower one."""
    return [*_stairs(top, starts, ends, y), *reversed(_stairs(bottom, starts, ends, y))]


def _stairs(heights: Sequence[float], starts: Sequence[float], ends: Sequence[float], y: Scale) -> list[Point]:
    return [(x, y(height)) for start, end, height in zip(starts, ends, heights, strict=True) for x in (start, end)]
