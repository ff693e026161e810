"""The record summed up: backtest and live apart, with intervals that know that a week moves as one."""

from __future__ import annotations

import datetime as dt

import pytest

from bot.skill import hit_interval, skills_of
from engine.model import Call, Odds, Prediction

START = dt.date(2022, 1, 3)
BASE = Odds(0.30, 0.34, 0.36)
SAID = Odds(0.25, 0.29, 0.46)


def week(number: int, hits: int, calls: int = 10) -> list[Prediction]:
    """One week of bullish calls of which the first `hits` ended bullish."""
    came = [Call.BULLISH if i < hits else Call.BEARISH for i in range(calls)]
    date = START + dt.timedelta(days=7 * number)
    return [
        Prediction(date, f"T{i}", 7, (0.1,), 0.1, 0.0, 0.0, 0.5, SAID, BASE, 0.15, outcome, 0.01 * (calls - i))
        for i, outcome in enumerate(came)
    ]


def record(*hits: int) -> list[Prediction]:
    return [line for number, count in enumerate(hits) for line in week(number, count)]


def test_a_record_is_backtest_as_long_as_nothing_is_live() -> None:
    (skill,) = skills_of(record(4, 6), ())
    assert (skill.ledger, skill.weeks, skill.calls, skill.bullish_hits) == ("backtest", 2, 20, 10)


def test_only_what_was_said_live_counts_as_live() -> None:
    """The fourth week was slept through, and computed when the fifth was said."""
    past, live = skills_of(record(4, 6, 9, 10, 3), {START + dt.timedelta(days=14), START + dt.timedelta(days=28)})
    assert (past.ledger, past.bullish_calls, past.bullish_hits) == ("backtest", 30, 20)
    assert (live.ledger, live.bullish_calls, live.bullish_hits) == ("live", 20, 12)


def test_a_live_week_whose_outcome_is_not_known_makes_no_live_record() -> None:
    waiting = [
        Prediction(p.date, p.symbol, 7, (0.1,), 0.1, 0.0, 0.0, 0.5, SAID, BASE, 0.15, None, None) for p in week(1, 0)
    ]
    assert [skill.ledger for skill in skills_of([*week(0, 5), *waiting], {waiting[0].date})] == ["backtest"]
    assert skills_of(waiting, ()) == ()
    assert skills_of([], ()) == ()


def test_weeks_that_move_as_one_leave_a_wider_interval_than_as_many_mixed_ones() -> None:
    together, mixed = hit_interval(record(*[0, 10] * 20)), hit_interval(record(*[5] * 40))
    assert mixed == (0.5, 0.5)
    # 40 weeks of all or nothing: as sure as 40 throws of a coin, 0.5 +- 1.96 x 0.079, not as 400.
    assert together == (pytest.approx(0.345, abs=0.03), pytest.approx(0.655, abs=0.03))


def test_the_interval_is_the_same_each_time_and_in_any_order() -> None:
    lines = record(1, 7, 3, 9, 2, 6)
    low, high = hit_interval(lines)
    assert (low, high) == hit_interval(lines[::-1])
    assert 0 <= low < 28 / 60 < high <= 1
    (skill,) = skills_of(lines, ())
    assert (skill.low, skill.high) == (low, high)


def test_nothing_said_is_nothing_known() -> None:
    assert hit_interval([]) == (0.0, 1.0)
