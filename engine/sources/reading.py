"""Reads the fields of an answer: numbers, days and texts, or the reason why one of them is not believed."""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

from engine.errors import SourceGarbled
from engine.measures import KINDS
from engine.model import Measure
from engine.sources.answer import Answer
from engine.sources.port import Batch, Reject, Row, Series

EXCERPT = 160  # characters of a rejected value that are kept
NOTED = 8  # unknown fields that are named
SECONDS_FROM = 100_000_000  # a smaller number is no time since 1970, but a year or a count


class Unreadable(Exception):
    """A value that cannot be read; the message is a code of `distrust.REASONS`."""


def number(value: object) -> float:
    """Read a number, written as one or as a string; anything else (a boolean, None, `nan`, `1_000`) is unreadable."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)) or "_" in str(value):
        raise Unreadable("unreadable")
    try:
        read = float(value)
    except (ValueError, OverflowError):
        raise Unreadable("unreadable") from None
    if not math.isfinite(read):
        raise Unreadable("not finite")
    return read


def day(value: object) -> str:
    """Read a UTC day from ISO text (a date, or an instant) or from seconds since 1970, a number or its text."""
    text = str(value)
    try:
        if text.isascii() and text.isdigit() and int(text) > SECONDS_FROM:
            return dt.datetime.fromtimestamp(int(text), dt.UTC).date().isoformat()
        if not isinstance(value, str) or len(text) < 10:
            raise ValueError(text)
        return dt.date.fromisoformat(text[:10]).isoformat()
    except (ValueError, OverflowError, OSError):
        raise Unreadable("unreadable") from None


def entry(raw: object, *names: str) -> object:
    """One documented field of an answer, found by its path; SourceGarbled where the shape has changed."""
    for name in names:
        if not isinstance(raw, Mapping) or name not in raw:
            raise SourceGarbled(f"an answer has no field {'.'.join(names)}: the service may have changed its format.")
        raw = raw[name]
    return raw


def entries(raw: object, *names: str) -> list[object]:
    """A documented list of an answer, found by its path; SourceGarbled where there is none."""
    found = entry(raw, *names)
    if not isinstance(found, list):
        raise SourceGarbled(f"{'.'.join(names) or 'an answer'} is no list: the service may have changed its format.")
    return found


def measure(kind: str, subject: str, date: str, value: float, source: str) -> Measure:
    """A value under its canonical name, to be known `lag` days after its day: the usual delay of such a series."""
    return Measure(kind, subject, date, value, source, later(date, KINDS[kind].lag))


def later(date: str, days: int) -> str:
    """ISO day `days` after an ISO day; Unreadable at the end of the calendar."""
    try:
        return (dt.date.fromisoformat(date) + dt.timedelta(days=days)).isoformat()
    except OverflowError:
        raise Unreadable("future") from None


@dataclass(slots=True)
class Reader:
    """Collects what could be read of an answer, what could not, and which fields nobody knew."""

    rows: list[Row] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    unknown: set[str] = field(default_factory=set)

    def take(self, series: Series, when: object, raw: object, build: Callable[[str], Row | None]) -> None:
        """Keep the row that `build` makes of the day read from `when`, if any, or reject `raw` with the reason."""
        date = ""
        try:
            date = day(when)
            row = build(date)
        except Unreadable as reason:
            self.rejects.append(Reject(series, date, str(reason), excerpt(raw)))
        except (KeyError, IndexError, TypeError):
            self.rejects.append(Reject(series, date, "missing field", excerpt(raw)))
        else:
            if row is not None:
                self.rows.append(row)

    def expect(self, raw: object, known: Collection[str]) -> None:
        """Remember fields that the documentation does not name: a sign that a format is changing."""
        if isinstance(raw, Mapping):
            self.unknown.update(excerpt(str(name))[1:-1][:40] for name in raw if name not in known)

    def batch(self, answered: Iterable[Series] = (), answer: Answer | None = None) -> Batch:
        """All that was collected; `answer` where the batch holds everything that answer led to."""
        validators = (answer.validator,) if answer and answer.validator else ()
        rows, rejects = tuple(self.rows), tuple(self.rejects)
        return Batch(rows, frozenset(answered), rejects, validators=validators, notes=self.notes)

    @property
    def notes(self) -> tuple[str, ...]:
        """What people should hear of the answer's shape."""
        names = sorted(self.unknown)[:NOTED]
        return (f"new fields in the answer: {', '.join(names)}",) if names else ()


def excerpt(raw: object) -> str:
    """The beginning of a value as text, on one line."""
    try:
        text = json.dumps(raw, default=str, ensure_ascii=True)
    except (TypeError, ValueError, RecursionError):
        text = type(raw).__name__
    return text[:EXCERPT]
