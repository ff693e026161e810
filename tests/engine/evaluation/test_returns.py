"""Figures of a level series that a reader can check by hand: growth, Sharpe, Sortino, worst fall, months, intervals."""

import datetime as dt
from dataclasses import fields

import numpy as np
import pytest

from engine.evaluation import (
    daily,
    drawdown,
    drawdown_difference,
    falls,
    mean_stablecoin_share,
    measure_returns,
    measure_sureness,
    monthly,
    sharpe_difference,
    weekly,
    worst_fall,
)  # fmt: skip
from engine.model import LevelPoint

MONDAY = dt.date(2022, 1, 3)


def levels(values, gross=1.0):
    return [LevelPoint(MONDAY + dt.timedelta(days=i), v, v * gross**i) for i, v in enumerate(values)]


def path(days, seed=0):
    return levels(1000 * np.cumprod(1 + np.random.default_rng(seed).normal(0.001, 0.03, days)))


def test_drawdown_is_the_worst_fall_from_an_earlier_high():
    assert drawdown(np.array([100, 120, 60, 130, 117])) == pytest.approx(-0.5)
    assert drawdown(np.array([])) == 0


def test_each_day_lies_so_far_under_the_highest_day_before_it():
    under = falls(levels([100, 120, 60, 130, 117]))
    assert [share for _, share in under] == pytest.approx([0, 0, -0.5, 0, -0.1])
    assert under[2][0] == MONDAY + dt.timedelta(days=2)
    assert falls([]) == []


def test_weekly_returns_run_from_monday_to_monday():
    assert weekly(levels([100] * 7 + [110] * 7 + [99])) == pytest.approx([0.10, -0.10])


def test_daily_returns_run_from_close_to_close():
    assert daily(levels([100, 110, 99])) == pytest.approx([0.10, -0.10])
    assert len(daily(levels([100]))) == 0


def test_months_link_up_to_the_whole():
    points = path(100)
    months = monthly(points)
    assert list(months) == [(2022, 1), (2022, 2), (2022, 3), (2022, 4)]
    january = points[28].net / points[0].net - 1
    assert months[2022, 1] == pytest.approx(january)
    whole = np.prod([1 + change for change in months.values()])
    assert whole == pytest.approx(points[-1].net / points[0].net)
    assert monthly([]) == {}


def test_a_level_that_doubles_in_a_year_grows_by_one_hundred_percent():
    figures = measure_returns(levels([2 ** (d / 364) for d in range(365)]))
    assert figures.growth == pytest.approx(1.0, rel=1e-9)
    assert figures.drawdown == 0
    assert measure_returns([]).weeks == 0


def test_sharpe_and_sortino_of_four_weeks_by_hand():
    """Returns +10, -5, +10, -5 %: mean 2.5 %, deviation sqrt(4 x 0.075^2 / 3), downside sqrt(2 x 0.05^2 / 4)."""
    ends = np.cumprod([1, 1.10, 0.95, 1.10, 0.95])
    figures = measure_returns([LevelPoint(MONDAY + dt.timedelta(weeks=i), v, v) for i, v in enumerate(ends)])
    assert figures.sharpe == pytest.approx(0.025 / np.sqrt(4 * 0.075**2 / 3) * np.sqrt(52))
    assert figures.sortino == pytest.approx(0.025 / np.sqrt(2 * 0.05**2 / 4) * np.sqrt(52))
    assert figures.volatility == pytest.approx(np.sqrt(4 * 0.075**2 / 3) * np.sqrt(52))


def test_gross_figures_are_those_of_the_level_before_costs():
    points = levels([100.0] * 29, gross=1.001)
    net, gross = measure_returns(points), measure_returns(points, gross=True)
    assert net.growth == pytest.approx(0)
    assert gross.growth == pytest.approx(1.001 ** (7 * 52) - 1)
    assert (net.cost, net.turnover) == (gross.cost, gross.turnover)


def test_the_interval_of_a_sharpe_difference_holds_zero_for_twins_and_not_for_a_clear_winner():
    rng = np.random.default_rng(0)
    a, luck = rng.normal(0, 0.05, 150), rng.normal(0, 0.05, 150)
    twins, winner = sharpe_difference(a, luck), sharpe_difference(a + 0.03, luck)
    assert twins.low < 0 < twins.high
    assert winner.low > 0
    assert sharpe_difference(a[:5], luck[:5]).low == float("-inf")


def test_a_worst_fall_counts_from_the_beginning_of_the_returns():
    assert worst_fall(np.array([-0.5, 1.0, -0.25])) == pytest.approx(-0.5)
    assert worst_fall(np.array([])) == 0


def test_turnover_compares_over_weeks_whatever_the_days_that_trade():
    often = [LevelPoint(MONDAY + dt.timedelta(days=i), 100, 100, 0.1 if i % 7 == 0 else 0.0) for i in range(28)]
    once = [LevelPoint(MONDAY + dt.timedelta(days=i), 100, 100, 0.4 if i == 0 else 0.0) for i in range(28)]
    assert measure_returns(often).turnover_a_week == pytest.approx(0.1)
    assert measure_returns(once).turnover_a_week == pytest.approx(0.1)
    assert measure_returns([]).turnover_a_week == 0


def test_what_is_not_in_stablecoins_is_invested():
    points = [LevelPoint(MONDAY + dt.timedelta(days=i), 100, 100, stablecoin_share=i / 4) for i in range(3)]
    assert mean_stablecoin_share(points) == pytest.approx(0.25)
    assert measure_returns(points).invested_share == pytest.approx(0.75)
    assert mean_stablecoin_share([]) == 0


def test_the_interval_of_a_drawdown_difference_tells_a_halved_risk_from_none():
    rng = np.random.default_rng(3)
    a = rng.normal(0, 0.04, 900)
    halved, same = drawdown_difference(a / 2, a), drawdown_difference(a, a)
    assert halved.value == pytest.approx(worst_fall(a / 2) - worst_fall(a))
    assert 0 < halved.low < halved.value
    assert (same.low, same.value, same.high) == (0, 0, 0)
    assert drawdown_difference(a[:111], a[:111]).high == float("inf")


def test_every_figure_that_could_have_come_out_otherwise_has_its_interval():
    points = path(800)
    figures, sure = measure_returns(points), measure_sureness(points)
    for field in fields(sure):
        interval = getattr(sure, field.name)
        assert interval.value == pytest.approx(getattr(figures, field.name)), field.name
        assert interval.low < interval.value < interval.high, field.name


def test_a_short_history_has_an_interval_without_end():
    sure = measure_sureness(path(60))
    assert (sure.sharpe.low, sure.sharpe.high) == (float("-inf"), float("inf"))


def test_nine_in_ten_intervals_of_a_sharpe_ratio_hold_the_true_one():
    """120 histories of 150 weeks with a known yearly Sharpe ratio of 1; the block bootstrap may miss a few more."""
    rng, true = np.random.default_rng(2), 1.0
    held = 0
    for _ in range(120):
        returns = rng.normal(true / np.sqrt(52) * 0.05, 0.05, 150)
        cash = np.zeros(150)
        interval = sharpe_difference(returns, cash)
        held += interval.low <= true <= interval.high
    assert 0.80 <= held / 120 <= 0.96
