"""The Reply: what the bot says, as plain data without markup; every platform renders and escapes it its own way."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import Literal

from pydantic import TypeAdapter

Tone = Literal["plain", "good", "bad", "quiet", "strong"]
Align = Literal["left", "right"]
BREAK = ""  # among the lines of `text`, `after` or `note`: an empty line, where there are lines on both sides
ChartKind = Literal["levels", "weights", "price", "scoreboard"]

# Addresses that only a platform can complete, since a Reply knows no bot by name; one without such links drops them.
ADD_TO_GROUP = "crier:add-to-group"
ADD_TO_CHANNEL = "crier:add-to-channel"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table; numbers stand right."""

    title: str
    align: Align = "left"


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text, each as long as `columns`; `tones` hints at one colour a row, or is empty."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    tones: tuple[Tone, ...] = ()

    def __post_init__(self) -> None:
        if any(len(row) != len(self.columns) for row in self.rows):
            raise ValueError("every row of a table needs as many cells as there are columns")
        if self.tones and len(self.tones) != len(self.rows):
            raise ValueError("a table's tones are one a row, or none")

    def tone(self, row: int) -> Tone:
        return self.tones[row] if self.tones else "plain"


@dataclass(frozen=True, slots=True)
class Line:
    """One series of a chart, a value a day of the chart; None where there is none."""

    name: str
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Shade:
    """Days from `start` to `end` that a chart shades, and the word for it: a step of the risk ladder."""

    start: dt.date
    end: dt.date
    label: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A day that a chart marks, with a word."""

    date: dt.date
    label: str
    tone: Tone = "plain"


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a chart: a reason with its signed part; dollars beside `other`, just holding's; or a rate from 0 to 1
    with its interval from `low` to `high` and the base in `other`. `said` is its value in words."""

    name: str
    value: float
    other: float | None = None
    low: float | None = None
    high: float | None = None
    said: str = ""


@dataclass(frozen=True, slots=True)
class ChartSpec:
    """What to draw, as data; `bot.charts` makes the picture when a platform asks for it."""

    kind: ChartKind
    title: str
    days: tuple[dt.date, ...]
    lines: tuple[Line, ...]
    shades: tuple[Shade, ...] = ()
    marks: tuple[Mark, ...] = ()
    simulated: bool = False
    bars: tuple[Bar, ...] = ()

    def __post_init__(self) -> None:
        if any(len(line.values) != len(self.days) for line in self.lines):
            raise ValueError("every line of a chart needs a value a day")
        if any(value is not None and not math.isfinite(value) for line in self.lines for value in line.values):
            raise ValueError("a chart's values are finite, or None where there is none")
        numbers = (number for bar in self.bars for number in (bar.value, bar.other, bar.low, bar.high))
        if any(number is not None and not math.isfinite(number) for number in numbers):
            raise ValueError("a bar's values are finite, or None where there is none")


@dataclass(frozen=True, slots=True)
class Button:
    """A label, and the command that pressing it sends, or instead the address that it opens."""

    label: str
    command: str = ""
    url: str = ""

    def __post_init__(self) -> None:
        if bool(self.command) == bool(self.url):
            raise ValueError("a button sends a command or opens an address, one of the two")


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer: title, lines, a table, lines below it, fine print, chart, buttons; a BREAK parts lines.

    `ok` is False where the request was not met, which the command line turns into its exit status. A `panel` takes the
    place of the message whose button asked for it, where the platform can edit. `private` is for the person who asked
    alone, where the platform can tell one person of a group something. `tone` is the colour of all of it, where a
    platform shows one: `strong` for what must be noticed.
    """

    title: str = ""
    text: tuple[str, ...] = ()
    table: Table | None = None
    after: tuple[str, ...] = ()
    note: tuple[str, ...] = ()
    chart: ChartSpec | None = None
    buttons: tuple[Button, ...] = ()
    ok: bool = True
    panel: bool = False
    private: bool = False
    tone: Tone = "plain"

    @property
    def is_silence(self) -> bool:
        """Whether there is nothing to send."""
        return not self.lines() and self.chart is None

    def to_json(self) -> str:
        """Compact JSON that `from_json` reads back without loss."""
        return _adapter().dump_json(self).decode()

    @classmethod
    def from_json(cls, text: str) -> Reply:
        return _adapter().validate_json(text)

    def lines(self) -> tuple[str, ...]:
        """Everything a person reads, in order, a table row a line: for plain renderers and searching."""
        rows = [" ".join(row) for row in self.table.rows] if self.table else []
        return tuple(line for line in (self.title, *self.text, *rows, *self.after, *self.note) if line)


def paragraphs(lines: Iterable[str]) -> list[list[str]]:
    """Lines as they stand together between breaks."""
    return [list(group) for is_break, group in groupby(lines, key=lambda line: line == BREAK) if not is_break]


@cache
def _adapter() -> TypeAdapter[Reply]:
    return TypeAdapter(Reply)
