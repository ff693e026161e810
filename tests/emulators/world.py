"""The market that the emulators tell of: every value is a formula of its day, and a twist makes them tell it wrong."""

from __future__ import annotations

import datetime as dt
import math
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

Point = tuple[str, object]  # ISO day and value as it is told: a number, or what a twist made of it
Twist = Callable[[list[Point]], list[Point]]

TODAY = dt.date(2026, 3, 18)
FIRST = dt.date(2026, 1, 10)


@dataclass
class World:
    """What is true, and how it is told: `twist` is applied to whatever line `liar` (everybody where empty) is to send,
    `text_twist` to the texts of every outlet.

    `today` moves on as a test lets time pass; `first` is the first day of every line, `charts_since` of what a service
    tells only for a while.
    """

    today: dt.date = TODAY
    first: dt.date = FIRST
    twist: Twist = list
    liar: str = ""
    charts_since: str = ""
    text_twist: Callable[[list[Any]], list[Any]] = list

    def value(self, line: str, day: str, base: float = 1000.0, sway: float = 0.05) -> float:
        """The truth: a calm wave around `base` of a phase that is the line's own, never twice the same."""
        age = (dt.date.fromisoformat(day) - dt.date(2025, 1, 1)).days
        phase = zlib.crc32(line.encode()) % 628 / 100
        return base * (1 + sway * (math.sin(age / 7 + phase) + 0.008 * age))

    def days(self, newest: int = 1) -> list[str]:
        """Every day that is told, oldest first, up to `newest` days before today."""
        count = (self.today - self.first).days + 1 - newest
        return [(self.first + dt.timedelta(days=i)).isoformat() for i in range(count)]

    def told(
        self, line: str, days: Iterable[str], base: float = 1000.0, sway: float = 0.05, spoken_by: str = ""
    ) -> list[Point]:
        """A line as it is told."""
        points: list[Point] = [(day, self.value(line, day, base, sway)) for day in days]
        return self.twist(points) if self.liar in ("", spoken_by) else points


def _last(change: Callable[[float], object]) -> Twist:
    """Change the newest value."""

    def twist(points: list[Point]) -> list[Point]:
        if not points:
            return points
        day, value = points[-1]
        return [*points[:-1], (day, change(float(str(value))))]

    return twist


def _repeated(points: list[Point]) -> list[Point]:
    """The newest day twice, with two values."""
    return points + [(day, float(str(value)) * 1.02) for day, value in points[-1:]]


TWISTS: dict[str, Twist] = {  # data that is wrong in ways that look like data
    "is not a number": _last(lambda value: float("nan")),
    "is infinite": _last(lambda value: float("inf")),
    "is no number at all": _last(lambda value: "n/a"),
    "is an object": _last(lambda value: {"value": value}),
    "is negative": _last(lambda value: -value),
    "is zero": _last(lambda value: 0.0),
    "is a thousandfold": _last(lambda value: value * 1500),
    "is a thousandth": _last(lambda value: value / 1500),
    "contradicts itself": _repeated,
    "repeats itself": lambda points: points + points[-2:],
    "comes in no order": lambda points: points[::-2] + points[-2::-2],
    "lacks a day": lambda points: points[:-3] + points[-2:],
    "lacks the last days": lambda points: points[:-4],
    "is of another year": lambda points: [(f"{int(day[:4]) + 20}{day[4:]}", value) for day, value in points],
}


def frozen(points: list[Point]) -> list[Point]:
    """The same value for ever, from ten days ago on."""
    return points[:-10] + [(day, points[-10][1]) for day, _ in points[-10:]] if len(points) > 10 else points
