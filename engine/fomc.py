"""The calendar of the Federal Reserve's policy meetings, and how far a day is from the last and the next of them."""

from __future__ import annotations

import datetime as dt
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter


@dataclass(frozen=True, slots=True)
class _Unexpected:
    """A meeting off the plan; a cancelled one was given up `on` a day."""

    day: dt.date
    on: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Calendar:
    """Days on which meetings end: `scheduled` ones were known a year ahead, `unscheduled` ones to nobody."""

    scheduled: tuple[dt.date, ...]
    cancelled: tuple[_Unexpected, ...]
    unscheduled: tuple[_Unexpected, ...]

    @property
    def last(self) -> dt.date:
        """The last day that the calendar knows of."""
        return self.scheduled[-1]

    def held(self) -> NDArray[np.datetime64]:
        """Every meeting that took place, or will, oldest first."""
        off = {meeting.day for meeting in self.cancelled}
        days = {*self.scheduled, *(meeting.day for meeting in self.unscheduled)} - off
        return np.array(sorted(days), dtype="M8[D]")


@cache
def calendar() -> Calendar:
    """The calendar in fomc.toml."""
    raw = tomllib.loads(resources.files("engine").joinpath("fomc.toml").read_text("utf-8"))
    return TypeAdapter(Calendar).validate_python(raw)


def days_to(dates: NDArray[np.datetime64]) -> NDArray[np.float64]:
    """Days from the end of each date to the next meeting that was planned then; NaN beyond the calendar."""
    plan = calendar()
    planned = np.array(plan.scheduled, dtype="M8[D]")
    out = _ahead(dates, planned)
    for meeting in plan.cancelled:
        assert meeting.on is not None
        known = dates >= np.datetime64(meeting.on, "D")
        out[known] = _ahead(dates[known], planned[planned != np.datetime64(meeting.day, "D")])
    out[dates < planned[0]] = np.nan
    return out


def days_since(dates: NDArray[np.datetime64]) -> NDArray[np.float64]:
    """Days from the last meeting to the end of each date, 0 on its own day; NaN beyond the calendar."""
    held = calendar().held()
    at = np.searchsorted(held, dates, side="right") - 1
    days = (dates - held[np.maximum(at, 0)]).astype(np.float64)
    return np.where((at >= 0) & (dates <= np.datetime64(calendar().last, "D")), days, np.nan)


def _ahead(dates: NDArray[np.datetime64], planned: NDArray[np.datetime64]) -> NDArray[np.float64]:
    at = np.searchsorted(planned, dates, side="right")
    days = (planned[np.minimum(at, len(planned) - 1)] - dates).astype(np.float64)
    return np.where(at < len(planned), days, np.nan)
