"""The few pieces a drawing is made of: scales, ticks, paths, text; colours and fonts come from the page's style."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape

Scale = Callable[[float], float]
DateScale = Callable[[dt.date], float]
Point = tuple[float, float]

MINUS = "\N{MINUS SIGN}"
WIDTH = 460  # of every drawing, in its own units: two stand side by side on a desk, one fills a phone
LETTER = 15  # units between two lines of text
WIDE = 7.8  # units of a character, in the size that a phone shows
MANY_DAYS = 700  # from there on years are named instead of months
LEAST_YEAR = 34  # units that a year's name needs


@dataclass(frozen=True, slots=True)
class Box:
    """Where a drawing's data lies, in its own units; y grows downwards."""

    left: float
    top: float
    right: float
    bottom: float


def drawing(height: float, parts: Iterable[str], title: str, width: float = WIDTH) -> str:
    """One SVG as wide as its place; `title` is what a screen reader says."""
    return (
        f'<svg viewBox="0 0 {_number(width)} {_number(height)}" role="img" aria-label="{escape(title)}">'
        f"{''.join(parts)}</svg>"
    )


def tag(name: str, style: str, hint: str = "", **at: float | str) -> str:
    """One element of a class (`style`); `hint` shows under the pointer."""
    places = "".join(f' {key.replace("_", "-")}="{_value(value)}"' for key, value in at.items())
    inside = f"<title>{escape(hint)}</title></{name}>" if hint else ""
    return f'<{name} class="{style}"{places}>{inside}' if inside else f'<{name} class="{style}"{places}/>'


def signed(value: float, digits: int = 2) -> str:
    """A number with its sign, a real minus; zero has none."""
    told = f"{value:+.{digits}f}".replace("-", MINUS)
    return told[1:] if not told.strip(f"+{MINUS}0.") else told


def text(x: float, y: float, said: str, style: str = "", anchor: str = "start") -> str:
    """A line of text whose baseline begins, ends or centres at (x, y)."""
    place = "" if anchor == "start" else f' text-anchor="{anchor}"'
    kind = f' class="{style}"' if style else ""
    return f'<text{kind} x="{_number(x)}" y="{_number(y)}"{place}>{escape(said)}</text>'


def _value(value: float | str) -> str:
    return escape(value) if isinstance(value, str) else _number(value)


def _number(value: float) -> str:
    """A tenth of a unit is finer than any screen."""
    return f"{value:.1f}".removesuffix(".0").replace("-0.0", "0")


def linear(low: float, high: float, start: float, end: float) -> Scale:
    """A scale from values to places; all values at the middle where they do not differ."""
    if high <= low:
        return lambda value: (start + end) / 2
    return lambda value: start + (value - low) / (high - low) * (end - start)


def logarithmic(low: float, high: float, start: float, end: float) -> Scale:
    """The same for logs of positive values."""
    line = linear(math.log(low), math.log(high), start, end)
    return lambda value: line(math.log(value))


def days(first: dt.date, last: dt.date, start: float, end: float) -> DateScale:
    """A scale from dates to places."""
    line = linear(first.toordinal(), last.toordinal(), start, end)
    return lambda date: line(date.toordinal())


def path(points: Iterable[Point]) -> str:
    """A line through points, each told by its distance from the one before, which is what keeps it short."""
    parts: list[str] = []
    at = (0, 0)
    for x, y in points:
        spot = round(10 * x), round(10 * y)
        if parts and spot == at:
            continue
        parts.append(f"{'l' if parts else 'M'}{_tenths(spot[0] - at[0])},{_tenths(spot[1] - at[1])}")
        at = spot
    return "".join(parts)


def _tenths(value: int) -> str:
    return str(value // 10) if value % 10 == 0 else f"{value / 10:.1f}"


def ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Round values inside [low, high], at most so many."""
    if high <= low:
        return [low]
    rough = (high - low) / most
    size = 10 ** math.floor(math.log10(rough))
    step = next(size * factor for factor in (1, 2, 5, 10) if size * factor >= rough * (1 - 1e-9))
    first = math.ceil(low / step - 1e-9)
    return [round(step * k, 12) + 0.0 for k in range(first, math.floor(high / step + 1e-9) + 1)]


def log_ticks(low: float, high: float) -> list[float]:
    """1, 2, 5, 10, ... inside [low, high], thinned where there are many; round values where there are under two."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for factors in ((1, 2, 5), (1, 3), (1,)):
        found = [f * 10.0**d for d in decades for f in factors if low <= f * 10.0**d <= high]
        if len(found) <= 6:
            break
    return found if len(found) >= 2 else ticks(low, high, 4)


def date_ticks(first: dt.date, last: dt.date) -> list[tuple[dt.date, str]]:
    """Days to mark on an axis with their names: half-years, quarters or months, as many as can be read."""
    span = (last - first).days
    every = 6 if span > 540 else 3 if span > 240 else 1
    marks = [date for date in _months(first, last) if (date.month - 1) % every == 0]
    if len(marks) < 2:
        return [(first, f"{first.day} {first:%b}"), (last, f"{last.day} {last:%b}")]
    return [(date, f"{date:%b} {date:%y}") for date in marks]


def _months(first: dt.date, last: dt.date) -> Iterator[dt.date]:
    at = first.replace(day=1) if first.day == 1 else (first.replace(day=1) + dt.timedelta(days=32)).replace(day=1)
    while at <= last:
        yield at
        at = (at + dt.timedelta(days=32)).replace(day=1)


def date_axis(box: Box, first: dt.date, last: dt.date) -> str:
    """Names of dates under the box, fine lines through it; a long history is named by its years, in their middle."""
    x = days(first, last, box.left, box.right)
    if (last - first).days > MANY_DAYS:
        spans = [
            (max(first, dt.date(y, 1, 1)), min(last, dt.date(y, 12, 31))) for y in range(first.year, last.year + 1)
        ]
        return "".join(_year(box, x, *span) for span in spans)
    marks = [(x(date), name) for date, name in date_ticks(first, last)]
    lines = "".join(_upright(box, place) for place, _ in marks)
    return lines + "".join(
        text(place, box.bottom + LETTER, name, anchor=_anchor(box, place)) for place, name in _legible(box, marks)
    )


def _legible(box: Box, marks: Sequence[tuple[float, str]]) -> list[tuple[float, str]]:
    """The names that do not run into the one to their right, as a phone shows them."""
    kept: list[tuple[float, str]] = []
    free = float("inf")
    for place, name in reversed(marks):
        wide = len(name) * WIDE
        begins = place - {"start": 0.0, "middle": wide / 2, "end": wide}[_anchor(box, place)]
        if begins + wide <= free:
            kept.append((place, name))
            free = begins
    return kept[::-1]


def _year(box: Box, x: DateScale, begin: dt.date, end: dt.date) -> str:
    """A line where the year begins, its name in the middle of what is seen of it."""
    line = _upright(box, x(begin)) if (begin.month, begin.day) == (1, 1) else ""
    middle = (x(begin) + x(end)) / 2
    wide = x(end) - x(begin) > LEAST_YEAR
    return line + (text(middle, box.bottom + LETTER, str(begin.year), anchor="middle") if wide else "")


def _upright(box: Box, x: float) -> str:
    return tag("line", "grid", x1=x, x2=x, y1=box.top, y2=box.bottom)


def _anchor(box: Box, x: float) -> str:
    return "start" if x <= box.left + LETTER else "end" if x >= box.right - LETTER else "middle"


def value_axis(box: Box, y: Scale, values: Sequence[float], say: Callable[[float], str]) -> str:
    """Names of values left of the box, fine lines through it."""
    return "".join(
        tag("line", "grid", x1=box.left, x2=box.right, y1=y(value), y2=y(value))
        + text(box.left - 6, y(value) + 4, say(value), anchor="end")
        for value in values
    )


def apart(places: Sequence[float], least: float, low: float, high: float) -> list[float]:
    """Places of labels moved as little as keeps them `least` apart and inside [low, high], in the order given."""
    order = sorted(range(len(places)), key=lambda k: places[k])
    moved = [0.0] * len(places)
    for rank, k in enumerate(order):
        floor = low if rank == 0 else moved[order[rank - 1]] + least
        moved[k] = max(places[k], floor)
    ceiling = high
    for k in reversed(order):
        moved[k] = min(moved[k], ceiling)
        ceiling = moved[k] - least
    return moved


def thinned(items: Sequence[tuple[dt.date, float]], most: int = 400) -> list[tuple[dt.date, float]]:
    """Every n-th point with the last, so few that no more could be seen."""
    step = max(1, -(-len(items) // most))
    kept = list(items[::step])
    return kept if not items or kept[-1] == items[-1] else [*kept, items[-1]]
