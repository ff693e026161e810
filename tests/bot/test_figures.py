"""What became of a dollar, and how sure a hit rate is."""

from __future__ import annotations

import datetime as dt

import pytest

from bot.figures import growth, weeks_ahead
from engine.model import LevelPoint

FIRST = dt.date(2023, 1, 2)


def points(*levels: float) -> list[LevelPoint]:
    return [LevelPoint(FIRST + dt.timedelta(days=i), level, level) for i, level in enumerate(levels)]


def test_the_first_fills_cost_counts() -> None:
    grown = growth(points(990, 1010))
    assert grown is not None
    assert grown.values == pytest.approx((0.99, 1.01))


def test_growth_from_a_later_start_is_measured_from_the_close_before_it() -> None:
    grown = growth(points(1000, 2000, 2200), start=FIRST + dt.timedelta(days=2))
    assert grown is not None
    assert grown.now == pytest.approx(1.1)
    assert grown.start == FIRST + dt.timedelta(days=2)


def test_an_announcement_sees_nothing_from_its_own_day_on() -> None:
    grown = growth(points(1000, 1100, 1200), before=FIRST + dt.timedelta(days=1))
    assert grown is not None
    assert grown.days == (FIRST,)
    assert growth(points(1000), before=FIRST) is None


def test_the_week_is_the_last_seven_days_and_the_whole_life_of_a_younger_index() -> None:
    grown = growth(points(*(1000 + 10 * i for i in range(10))))
    assert grown is not None
    assert grown.week() == pytest.approx(1090 / 1020 - 1)
    young = growth(points(990, 1030))
    assert young is not None
    assert young.week() == pytest.approx(0.03)


def test_the_worst_fall_counts_from_the_highest_close_before_it() -> None:
    grown = growth(points(1000, 1500, 750, 1400))
    assert grown is not None
    assert grown.worst_fall() == pytest.approx(-0.5)
    rising = growth(points(1000, 1100))
    assert rising is not None
    assert rising.worst_fall() == 0


def test_weeks_ahead_counts_whole_weeks_only() -> None:
    index, holding = growth(points(*(1000 + i for i in range(18)))), growth(points(*([1000.0] * 18)))
    assert index is not None and holding is not None
    assert weeks_ahead(index, holding) == (2, 2)
    assert weeks_ahead(holding, index) == (0, 2)
