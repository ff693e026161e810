"""Figures that a reader can check by hand: drawdown, Sharpe, log loss, calibration, rank IC."""

import datetime as dt

import numpy as np
import pytest

from engine.evaluation import (
    daily,
    drawdown,
    drawdown_difference,
    mean_stablecoin_share,
    measure_returns,
    measure_skill,
    rank_ics,
    reliability,
    resampled,
    sharpe_difference,
    weekly,
    worst_fall,
)  # fmt: skip
from engine.model import Call, LevelPoint, Odds, Prediction

MONDAY = dt.date(2022, 1, 3)
BASE = Odds(0.4, 0.3, 0.3)


def levels(values):
    return [LevelPoint(MONDAY + dt.timedelta(days=i), v, v) for i, v in enumerate(values)]


def predictions(weeks, tokens, skill, seed=0):
    """Outcomes drawn from the very odds that are said, or from the base rates."""
    rng = np.random.default_rng(seed)
    lines = []
    for w in range(weeks):
        for t in range(tokens):
            lift = rng.uniform(-0.15, 0.15)
            odds = Odds(BASE.bearish - lift, BASE.neutral, BASE.bullish + lift)
            true = odds if skill else BASE
            outcome = rng.choice(
                [Call.BEARISH, Call.NEUTRAL, Call.BULLISH], p=[true.bearish, true.neutral, true.bullish]
            )
            came = lift * skill + rng.normal(0, 0.2)
            lines.append(
                Prediction(
                    MONDAY + dt.timedelta(weeks=w),
                    f"T{t}",
                    7,
                    (lift,),
                    lift,
                    0.0,
                    0.0,
                    0.5,
                    odds,
                    BASE,
                    2 * lift,
                    Call(outcome),
                    came,
                )
            )
    return lines


def test_drawdown_is_the_worst_fall_from_an_earlier_high():
    assert drawdown(np.array([100, 120, 60, 130, 117])) == pytest.approx(-0.5)
    assert drawdown(np.array([])) == 0


def test_weekly_returns_run_from_monday_to_monday():
    assert weekly(levels([100] * 7 + [110] * 7 + [99])) == pytest.approx([0.10, -0.10])


def test_a_level_that_doubles_in_a_year_grows_by_one_hundred_percent():
    path = [2 ** (d / 364) for d in range(365)]
    figures = measure_returns(levels(path))
    assert figures.growth == pytest.approx(1.0, rel=1e-9)
    assert figures.drawdown == 0
    assert measure_returns([]).weeks == 0


def test_odds_that_tell_the_truth_beat_base_rates_and_are_calibrated():
    skill = measure_skill(predictions(80, 40, skill=True))
    assert skill.log_loss < skill.base_log_loss
    assert skill.gain_t > 2
    assert skill.calibration_error < 0.04
    assert skill.rank_ic > 0.2


def test_odds_without_skill_are_shown_to_have_none():
    skill = measure_skill(predictions(80, 40, skill=False))
    assert skill.log_loss > skill.base_log_loss
    assert skill.gain_t < 0
    assert abs(skill.rank_ic_t) < 3
    assert skill.calibration_error > 0.04


def test_without_known_outcomes_there_is_no_skill_to_show():
    assert measure_skill([]) is None


def test_bands_hold_equal_counts_and_every_call():
    stated = np.linspace(0.2, 0.6, 100)
    bins = reliability(stated, stated > 0.4)
    assert [b.calls for b in bins] == [10] * 10
    assert bins[0].came_true == 0
    assert bins[-1].came_true == 1
    assert reliability(np.full(7, 0.3), np.ones(7, dtype=bool))[0].calls == 7


def test_rank_ic_of_a_perfect_order_is_one_and_thin_weeks_are_left_out():
    x = [1.0, 2, 3, 4, 5, 1, 2]
    weeks = [np.arange(5), np.arange(5, 7)]
    assert rank_ics(x, x, weeks) == pytest.approx([1.0])


def test_the_interval_of_a_sharpe_difference_holds_zero_for_twins_and_not_for_a_clear_winner():
    rng = np.random.default_rng(0)
    a, luck = rng.normal(0, 0.05, 150), rng.normal(0, 0.05, 150)
    twins, winner = sharpe_difference(a, luck), sharpe_difference(a + 0.03, luck)
    assert twins.low < 0 < twins.high
    assert winner.low > 0
    assert sharpe_difference(a[:5], luck[:5]).low == float("-inf")


def test_resampling_whole_weeks_brackets_the_figure():
    lines = predictions(30, 10, skill=True)
    interval = resampled(lines, lambda ps: float(np.mean([p.outcome is Call.BULLISH for p in ps])), draws=60)
    assert interval.low < interval.value < interval.high


def test_daily_returns_run_from_close_to_close():
    assert daily(levels([100, 110, 99])) == pytest.approx([0.10, -0.10])
    assert len(daily(levels([100]))) == 0


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
