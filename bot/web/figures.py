"""Draws what the pages show beside their words, as inline SVG whose colours come from the style sheet."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

from markupsafe import Markup

from bot.book import Band, IndexInfo
from bot.figures import Growth
from bot.phrases import dollars, percent
from bot.plots import colours_of, level_figure, reliability_figure, spark_figure, weight_figure
from bot.plots.svg import (
    WIDE,
    Box,
    date_axis,
    days,
    drawing,
    linear,
    log_ticks,
    logarithmic,
    path,
    tag,
    text,
    value_axis,
)
from bot.web.door import Shelf
from engine.comparators import mixed
from engine.evaluation import Calibration, mean_stablecoin_share
from engine.model import BASE_LEVEL, LevelPoint, Odds, RiskStep
from engine.modes import Mode
from engine.track import Track

HISTORY = 1000
PRICE = Box(50, 8, 452, 150)
LADDER = Box(8, 22, 452, 40)
ROW = 26.0  # height of one bar with its name
WEEK = dt.timedelta(days=7)


def track_of(shelf: Shelf, info: IndexInfo, mode: str, since: Growth) -> Track:
    """An index from where its growth begins, in levels from 1000, with the decisions since."""
    stored = reversed(shelf.book.history(info.id, mode, HISTORY))
    shares = {point.date: point.stablecoin_share for point in shelf.book.levels(info.id, mode)}
    return Track(
        info.id,
        mode,
        decisions=[s.decision for s in stored if s.decision.date >= since.start],
        levels=[replace(p, stablecoin_share=shares.get(p.date, 0.0)) for p in points(since)],
    )


def points(growth: Growth) -> list[LevelPoint]:
    """What one dollar became, as levels from 1000."""
    return [
        LevelPoint(date, value * BASE_LEVEL, value * BASE_LEVEL)
        for date, value in zip(growth.days, growth.values, strict=True)
    ]


def levels(title: str, track: Track, twin: Growth) -> Markup:
    """The index, just holding and the mix of it with as many stablecoins; below, falls from the high."""
    mix = mixed(twin.days, twin.values, mean_stablecoin_share(track.levels))
    blend = [LevelPoint(day, m.value * BASE_LEVEL, 0.0) for day, m in zip(twin.days, mix, strict=True)]
    return Markup(level_figure(title, track, points(twin), blend))


def spark(title: str, track: Track, twin: Growth) -> Markup:
    """The same in the size of a card."""
    return Markup(spark_figure(f"{title}: the index beside just holding", track, points(twin)))


def weights(title: str, track: Track) -> tuple[Markup, dict[str, str]]:
    """Weights over time, and the class of each name's colour."""
    colours = colours_of([track])
    until = max(track.levels[-1].date, track.decisions[-1].date + WEEK)  # the newest is held for a week
    drawn = Track(track.index, track.mode, decisions=track.decisions, levels=[LevelPoint(until, 0.0, 0.0)])
    return Markup(weight_figure(title, drawn, colours)), colours


def calibration(found: Calibration) -> Markup:
    """Stated chances beside how often they came true."""
    fields = ("calls", "stated", "came_true", "came_low", "came_high")
    bins = [{name: getattr(band, name) for name in fields} for band in found.bins]
    return Markup(reliability_figure("Chance of a bullish week", bins))


def meter(share: float, style: str = "ours") -> Markup:
    """A thin bar as long as a share of its place."""
    widths = {"rest": 100.0, style: 100 * min(max(share, 0.0), 1.0)}
    bars = "".join(tag("rect", name, x=0, y=0, width=width, height=4) for name, width in widths.items())
    return Markup(f'<svg class="meter" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">{bars}</svg>')


def ladder(score: float, step: RiskStep, rules: Mode) -> Markup:
    """The four steps on a line from 0 to 100, with where the score stands."""
    x = linear(0, 100, LADDER.left, LADDER.right)
    steps = list(RiskStep)
    bounds = [*(rules.threshold(s) for s in steps), 100.0]
    parts = []
    for k, name in enumerate(steps):
        left, right = x(bounds[k]), x(bounds[k + 1])
        style = f"step s{k}" + (" now" if name is step else "")
        parts.append(
            tag("rect", style, x=left, width=right - left - 2, y=LADDER.top, height=LADDER.bottom - LADDER.top)
        )
        parts.append(
            text((left + right) / 2, LADDER.bottom + 16, name.value, "strong" if name is step else "", "middle")
        )
    at = x(min(max(score, 0.0), 100.0))
    pin = tag("path", "pin", d=path([(at, LADDER.top + 2), (at - 6, LADDER.top - 8), (at + 6, LADDER.top - 8)]))
    told = text(min(max(at, 12), 448), LADDER.top - 11, f"{score:.0f}", "strong", "middle")
    return Markup(drawing(60, [*parts, pin, told], f"Risk {score:.0f} of 100, step {step.value}"))


def chances(odds: Odds, base: Odds) -> Markup:
    """Three chances as bars, each with a line where its base rate stands."""
    rows = [("up", "good"), ("small move", "plain"), ("down", "bad")]
    values = [(odds.bullish, base.bullish), (odds.neutral, base.neutral), (odds.bearish, base.bearish)]
    x = linear(0, max(0.6, *(max(pair) for pair in values)), 96, 400)
    parts = []
    for k, ((name, style), (said, usual)) in enumerate(zip(rows, values, strict=True)):
        top = k * ROW + 4
        parts += [
            text(0, top + 13, name),
            tag("rect", f"bar {style}", x=96, width=x(said) - 96, y=top, height=17),
            tag("line", "usual", f"base rate {percent(usual)}", x1=x(usual), x2=x(usual), y1=top - 3, y2=top + 20),
            text(max(x(said), x(usual)) + 8, top + 13, percent(said), "strong"),
        ]
    names = ", ".join(f"{name} {percent(said)}" for (name, _), (said, _) in zip(rows, values, strict=True))
    return Markup(drawing(3 * ROW, parts, f"Chances of the next seven days: {names}"))


def parts(rows: Sequence[tuple[str, float, str]], title: str) -> Markup:
    """Signed parts as bars to the left and right of a middle line; (name, part, words) a row."""
    most = max([0.02, *(abs(value) for _, value, _ in rows)])
    x = linear(-most, most, 146, 372)
    drawn = [tag("line", "base", x1=x(0), x2=x(0), y1=0, y2=len(rows) * ROW)]
    for k, (name, value, words) in enumerate(rows):
        top, style = k * ROW + 4, "good" if value >= 0 else "bad"
        bar = tag("rect", f"bar {style}", x=min(x(0), x(value)), width=abs(x(value) - x(0)), y=top, height=17)
        drawn += [text(0, top + 13, name), bar, text(382, top + 13, words, "strong")]
    return Markup(drawing(max(1, len(rows)) * ROW, drawn, title))


def prices(title: str, closes: Sequence[tuple[dt.date, float]]) -> Markup:
    """Daily closes on a log scale."""
    low, high = min(price for _, price in closes), max(price for _, price in closes)
    first, last = closes[0][0], closes[-1][0]
    ticks = log_ticks(low * 0.97, high * 1.03)
    box = replace(PRICE, left=max(PRICE.left, WIDE * max(len(dollars(tick)) for tick in ticks)))
    x, y = days(first, last, box.left, box.right), logarithmic(low * 0.97, high * 1.03, box.bottom, box.top)
    axis = value_axis(box, y, ticks, dollars)
    line = tag("path", "line ours", d=path((x(date), y(price)) for date, price in closes))
    return Markup(drawing(174, [axis, date_axis(box, first, last), line], title))


def letters(bands: Sequence[tuple[str, Band]], base: float) -> Markup:
    """How often each letter's calls ended bullish, with intervals, beside the base rate."""
    high = max([base, *(band.most for _, band in bands if band.calls)])
    x = linear(0, min(1.0, high + 0.04), 34, 330)
    parts = [
        tag("line", "usual", f"base rate {percent(base)}", x1=x(base), x2=x(base), y1=0, y2=len(bands) * ROW),
    ]
    for k, (letter, band) in enumerate(bands):
        middle = k * ROW + ROW / 2
        rate = band.hits / band.calls if band.calls else 0.0
        parts += [
            text(0, middle + 4, letter, "strong"),
            tag("line", "whisker", x1=x(band.least), x2=x(band.most), y1=middle, y2=middle),
            tag("circle", "dot", f"{band.hits} of {band.calls}", cx=x(rate), cy=middle, r=5),
            text(344, middle + 4, f"{percent(rate)} of {band.calls:,}"),
        ]
    return Markup(drawing(len(bands) * ROW, parts, "How often calls of each letter ended bullish"))
