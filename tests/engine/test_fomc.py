"""The Fed's calendar: eight planned meetings a year, and what could be known of the next one on a day."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from engine.fomc import calendar, days_since, days_to


def on(*days: str) -> np.ndarray:
    return np.array(days, dtype="M8[D]")


@pytest.mark.parametrize("year", range(2019, 2028))
def test_a_year_has_eight_planned_meetings_in_the_middle_of_a_week(year: int) -> None:
    days = [day for day in calendar().scheduled if day.year == year]
    assert Counter(day.year for day in days) == {year: 8}
    assert days == sorted(days)
    assert {day.weekday() for day in days} <= {2, 3}, "Wednesdays, and Thursdays after an election"
    assert all(34 <= (b - a).days <= 57 for a, b in pairwise(days))


def test_days_are_counted_from_the_end_of_a_day() -> None:
    assert days_to(on("2026-03-17", "2026-03-18", "2026-03-19")).tolist() == [1.0, 42.0, 41.0]
    assert days_since(on("2026-03-17", "2026-03-18", "2026-03-19")).tolist() == [48.0, 0.0, 1.0]


def test_a_meeting_that_was_called_off_was_expected_until_then_and_one_without_notice_never() -> None:
    days = on("2020-03-02", "2020-03-03", "2020-03-14", "2020-03-15", "2020-03-18")
    assert days_to(days).tolist() == [16.0, 15.0, 4.0, 45.0, 42.0]
    assert days_since(days).tolist() == [33.0, 0.0, 11.0, 0.0, 3.0]


def test_beyond_the_calendar_nothing_is_known() -> None:
    last = calendar().last
    after = on((last + dt.timedelta(days=1)).isoformat(), "2018-06-01", last.isoformat())
    assert np.isnan(days_to(after)).all()
    assert np.isnan(days_since(after)[:2]).all() and days_since(after)[2] == 0.0
