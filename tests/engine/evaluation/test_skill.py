"""The record of predictions as a whole: odds that tell the truth and odds that tell nothing."""

import datetime as dt

import numpy as np
import pytest

from engine.evaluation import measure_skill, resampled
from engine.model import Call, Odds, Prediction

MONDAY = dt.date(2022, 1, 3)
BASE = Odds(0.4, 0.3, 0.3)


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


def test_odds_that_tell_the_truth_beat_base_rates_and_are_calibrated():
    skill = measure_skill(predictions(80, 40, skill=True))
    assert skill.log_loss < skill.base_log_loss
    assert skill.gain_t > 2 and skill.brier_t > 2
    assert skill.calibration_error < 0.04
    assert skill.calibration_error < skill.calibration_noise_high
    assert skill.rank_ic > 0.2
    assert skill.rank_ic_low > 0.1


def test_odds_without_skill_are_shown_to_have_none():
    skill = measure_skill(predictions(80, 40, skill=False))
    assert skill.log_loss > skill.base_log_loss
    assert skill.gain_t < 0
    assert abs(skill.rank_ic_t) < 3
    assert skill.calibration_error > skill.calibration_noise_high
    assert skill.calibration_low < skill.calibration_error < skill.calibration_high


def test_without_known_outcomes_there_is_no_skill_to_show():
    assert measure_skill([]) is None


def test_a_week_too_thin_for_order_leaves_it_unknown():
    skill = measure_skill(predictions(3, 4, skill=True))
    assert (skill.rank_ic, skill.rank_ic_low, skill.rank_ic_high) == (0, float("-inf"), float("inf"))


def test_resampling_whole_weeks_brackets_the_figure():
    lines = predictions(30, 10, skill=True)
    interval = resampled(lines, lambda ps: float(np.mean([p.outcome is Call.BULLISH for p in ps])), draws=60)
    assert interval.low < interval.value < interval.high


def test_the_order_of_the_lines_changes_no_figure():
    lines = predictions(20, 10, skill=True)
    one, other = measure_skill(lines), measure_skill(lines[::-1])
    assert one.log_loss == pytest.approx(other.log_loss)
    assert one.calibration_high == pytest.approx(other.calibration_high)
    assert one.rank_ic_low == pytest.approx(other.rank_ic_low)
